"""Where a backend that copies may copy from: a plane of what is allowed, and areas that were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lacuna.contract.fill import Needs
from lacuna.contract.guides import Guide, GuideStroke, covered, marked
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.engine.fill import Window


def copies(needs: Needs) -> bool:
    """A backend with these needs heeds a sampling area."""
    return Guide.SOURCE in needs.guides


def sources_box(
    sources: Hole | None, guides: Sequence[GuideStroke], needs: Needs, shape: tuple[int, ...]
) -> Region | None:
    """How far a crop has to reach for what may be copied, as `plan.windows_for` wants to know it; None: no farther.

    Of what must not be copied it need not know: that makes no crop larger.
    """
    if not copies(needs):
        return None
    drawn = covered(guides, Guide.SOURCE).clip(shape)
    given = Region(0, 0, 0, 0) if sources is None else bounds(sources)
    box = Region.around((drawn, given))
    return None if box.empty else box


def sampled(window: Window, guides: Sequence[GuideStroke]) -> Window:
    """The window with what the guides say of its sources: areas to copy from are added to its plane, those never to
    copy from taken away. Without a plane and areas to copy from, all is allowed but those.
    """
    region = window.region
    here = [stroke.shift(-region.y0, -region.x0) for stroke in guides]
    shape = (region.height, region.width)
    allowed, never = marked(here, Guide.SOURCE, shape), marked(here, Guide.NEVER, shape)
    if allowed is None and never is None:
        return window
    sources = window.sources
    if allowed is not None:
        sources = allowed > 0 if sources is None else sources | (allowed > 0)
    if never is not None:
        sources = never == 0 if sources is None else sources & (never == 0)
    return replace(window, sources=np.asarray(sources, bool))
