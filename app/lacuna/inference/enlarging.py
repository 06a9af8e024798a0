"""A network that enlarges, ready to run on either engine: features of a picture, and any points of it enlarged."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.model_config import ModelConfig
from lacuna.contract.progress import Progress
from lacuna.contract.upscale import ALL_ENDS, Ends
from lacuna.networks.positions import Pane

Picture = NDArray[np.float32]  # (h, w, 3)
WHITE = np.float32(255)  # of the network's own range


class Enlarger(Protocol):
    """A model on one engine; not for two threads at once. All methods raise Cancelled, MemoryError and BackendFailed.

    A large picture is enlarged in tiles: the features of a part, which is `reach` pixels larger all around than what
    the points of the pane lie in, or ends with the picture.
    """

    config: ModelConfig
    engine: str  # "onnxruntime" or "torch"
    held: int  # bytes of weights that are loaded
    reach: int  # how many pixels around it a point depends on

    def bytes_for(self, height: int, width: int) -> int:
        """The working memory that the features of such a part take, weights included."""

    def features(self, image: Picture, progress: Progress, ends: Ends = ALL_ENDS) -> Any:
        """Features of a picture or a part of one, in [0, 1], which ends with the picture at the `ends`: where they lie
        only the engine knows."""

    def points(self, features: Any, pane: Pane, progress: Progress) -> Picture:
        """The points of a pane, black at 0 and white at 1; nothing is cut off beyond.

        The pane says where the features begin in the picture and counts its points from the picture's beginning, so
        tiles of one enlargement fit together. Its `enlargement` has the rule that `config.conventions` names.
        """


def planes(image: Picture) -> NDArray[np.float32]:
    """The picture as the network sees it, (1, 3, h, w) in its own range."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None] * WHITE)
