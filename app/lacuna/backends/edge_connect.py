"""EdgeConnect: Nazeri et al., 2019. First the edges of the hole are completed, then colour is painted along them.

The two steps can be taken apart: `predict_edges` gives what may be changed by hand, and `fill` follows the edges that
the work brings. The networks are in `networks/edge_connect.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.learned import Learned, LearnedParams, Plane, model_text
from lacuna.contract.fill import FillWork, SizeRule
from lacuna.contract.guides import Guide
from lacuna.contract.models import ModelConfig, Network
from lacuna.contract.progress import Progress
from lacuna.i18n import N_

if TYPE_CHECKING:
    from lacuna.inference.session import Outcome, Painter

EDGES_SHARE = 0.5  # of the time: both networks are of one size


@dataclass(frozen=True)
class EdgeConnectParams(LearnedParams):
    model: str = model_text(Network.EDGE_CONNECT)


class EdgeConnect(Learned):
    """Lines that are drawn are edges, and none runs where one is erased."""

    id = "edgeconnect"
    name = N_("EdgeConnect (learned)")
    summary = N_("Wide holes with clear outlines: edges first, then colour along them; needs a model.")
    Params = EdgeConnectParams
    network = Network.EDGE_CONNECT
    size = SizeRule(minimum=12, multiple=4)
    crop_seconds = 36.0

    def guides(self, config: ModelConfig) -> frozenset[Guide]:
        return frozenset({Guide.LINE, Guide.ERASE_EDGE})

    def predict_edges(self, work: FillWork, params: LearnedParams, progress: Progress) -> Plane:
        """The edges (h, w) in [0, 1] that `fill` would follow: those of the picture, and in the hole what is likely."""
        edges, _notes = self.with_model(
            work, params, progress, lambda painter, image: self._edges(painter, image, work, progress)
        )
        return np.asarray(edges, np.float32)

    def paint(self, painter: Painter, image: NDArray[np.float32], work: FillWork, progress: Progress) -> Outcome:
        edges = work.edges
        if edges is None:
            edges = self._edges(painter, image, work, progress.part(EDGES_SHARE))
            progress = progress.part(1 - EDGES_SHARE)
        return painter.paint(image, work.hole, progress, edges=edges)

    def _edges(self, painter: Painter, image: NDArray[np.float32], work: FillWork, progress: Progress) -> Plane:
        edges = painter.edges(image, work.hole, self.drawn(work, Guide.LINE), progress)
        erased = self.drawn(work, Guide.ERASE_EDGE)
        return edges if erased is None else np.where(work.hole & (erased > 0), np.float32(0), edges)
