"""Weights that tell the difference to what the cubic kernel gives: that is added here, whatever the engine."""

from __future__ import annotations

from typing import Any

from lacuna.contract.progress import Progress
from lacuna.imaging.resampling import BICUBIC, resampled
from lacuna.inference.enlarging import Enlarger, Picture
from lacuna.networks.positions import Window


class FromBicubic:
    """An enlarger around another, whose features are of the part together with the part itself."""

    def __init__(self, network: Enlarger) -> None:
        self._network = network
        self.config, self.engine, self.held, self.reach = network.config, network.engine, network.held, network.reach

    def bytes_for(self, height: int, width: int) -> int:
        return self._network.bytes_for(height, width)

    def features(self, image: Picture, progress: Progress) -> Any:
        return self._network.features(image, progress), image

    def points(self, features: Any, window: Window, progress: Progress) -> Picture:
        of_network, image = features
        found = self._network.points(of_network, window, progress)
        found += resampled(image, window, BICUBIC)
        return found
