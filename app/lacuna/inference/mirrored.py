"""Weights of our own see the picture mirrored beyond its edges, where published ones see nothing.

Of zeros around it a network makes a frame: a plain red came out 16 of 255 off at its rim. Mirrored, with the pixel of
the edge twice, it stays what it was. Measured on 10 photos at twice and three times their size, in the outermost 8
points: as near to the truth as with zeros (30.36 and 27.41 dB, 30.37 and 27.40), where the edge repeated loses 0.2 dB
and mirrored with that pixel once loses 0.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lacuna.contract.progress import Progress
from lacuna.contract.upscale import ALL_ENDS, Ends
from lacuna.inference.enlarging import Enlarger, Picture
from lacuna.networks.positions import Pane


class Mirrored:
    """An enlarger around another. Its features begin before the part, where that begins with the picture."""

    def __init__(self, network: Enlarger) -> None:
        self._network = network
        self.config, self.engine, self.held, self.reach = network.config, network.engine, network.held, network.reach

    def bytes_for(self, height: int, width: int) -> int:
        return self._network.bytes_for(height + 2 * self.reach, width + 2 * self.reach)

    def features(self, image: Picture, progress: Progress, ends: Ends = ALL_ENDS) -> Any:
        before, behind = (ends.top * self.reach, ends.left * self.reach), (ends.bottom, ends.right)
        rims = [(first, last * self.reach) for first, last in zip(before, behind, strict=True)]
        return self._network.features(np.pad(image, [*rims, (0, 0)], mode="symmetric"), progress), before

    def points(self, features: Any, pane: Pane, progress: Progress) -> Picture:
        found, (above, left) = features
        moved = replace(pane, row=pane.row - above, column=pane.column - left)
        return self._network.points(found, moved, progress)
