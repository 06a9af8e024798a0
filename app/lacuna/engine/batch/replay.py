"""A recipe as what is done to each picture of a batch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from lacuna.contract.fill import FillStep
from lacuna.contract.progress import Progress
from lacuna.engine.batch.marking import Finding, outlined
from lacuna.engine.recipe_placing import placed
from lacuna.engine.recipes import Recipe, decoded_plane, replayed, require_fitting, to_json
from lacuna.imaging.mask_fit import MaskFit
from lacuna.imaging.photo import Photo


@dataclass(frozen=True)
class Replay:
    """All steps of `recipe`, in pictures of other sizes at the places that `fit` says."""

    recipe: Recipe
    fit: MaskFit = MaskFit.REFUSE

    def done(self, photo: Photo, accepted: frozenset[int] | None, device: str, progress: Progress) -> Photo:
        """The photo after it; of the fills only those `accepted`, by their numbers, if given. Raises as `replayed`."""
        recipe = self._placed(photo)
        if accepted is not None:
            number = count()
            kept = (step for step in recipe.steps if not isinstance(step, FillStep) or next(number) in accepted)
            recipe = replace(recipe, steps=tuple(kept))
        return replayed(recipe, photo, progress=progress, device=device)

    def found(self, photo: Photo) -> tuple[Finding, ...]:
        """What it fills; of a picture that is cropped or enlarged before, as it is then. Raises as `done` does."""
        recipe = self._placed(photo)
        require_fitting(recipe, photo)
        fills = [step for step in recipe.steps if isinstance(step, FillStep)]
        return tuple(outlined(decoded_plane(step.box, step.mask), None, at=step.box) for step in fills)

    @property
    def besides(self) -> bool:
        """Whether it does more than to fill: it crops or enlarges, say."""
        return any(not isinstance(step, FillStep) for step in self.recipe.steps)

    def described(self) -> Mapping[str, Any]:
        """All that its results depend on, for JSON: steps name their models by the hashes of these."""
        return {"recipe": hashlib.sha256(to_json(self.recipe).encode()).hexdigest(), "fit": self.fit.value}

    def _placed(self, photo: Photo) -> Recipe:
        return placed(self.recipe, (photo.height, photo.width), self.fit)
