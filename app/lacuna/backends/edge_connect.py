"""EdgeConnect: Nazeri et al., 2019. First the edges of the hole are completed, then colour is painted along them.

The two steps can be taken apart: `predict_edges` gives what may be changed by hand, and `fill` follows the edges that
the work brings. The networks are in `networks/edge_connect.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.learned import Learned, LearnedParams, Plane, model_text
from lacuna.contract.fill import FillWork, SizeRule
from lacuna.contract.guides import Guide, marked
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.params import number
from lacuna.contract.progress import Progress
from lacuna.i18n import N_
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.edges import SIGMA

if TYPE_CHECKING:
    from lacuna.inference.session import Outcome, Painter

EDGES_SHARE = 0.5  # of the time: both networks are of one size
STROKES = {Guide.LINE: 1.0, Guide.ERASE_EDGE: 0.0}  # what an edge is where one lies


@dataclass(frozen=True)
class EdgeConnectParams(LearnedParams):
    model: str = model_text(Network.EDGE_CONNECT)
    sigma: float = number(
        SIGMA, 0.5, 8.0, unit="px", label=N_("Edge blur"), step=0.25,
        help=N_("How much is smoothed before the picture's edges are sought: less finds finer ones. Trained with 2."),
    )  # fmt: skip


class EdgeConnect(Learned):
    """Lines that are drawn are edges, and none runs where one is erased; of two that meet, the later one counts."""

    id = "edgeconnect"
    name = N_("EdgeConnect (learned)")
    summary = N_("Wide holes with clear outlines: edges first, then colour along them; needs a model.")
    Params = EdgeConnectParams
    network = Network.EDGE_CONNECT
    size = SizeRule(minimum=12, multiple=4)
    crop_seconds = 36.0
    edges_share = EDGES_SHARE
    shapes_edges = ("sigma", "precision")

    def guides(self, config: ModelConfig) -> frozenset[Guide]:
        return frozenset(STROKES)

    def predict_edges(self, work: FillWork, params: EdgeConnectParams, progress: Progress) -> Plane:
        """The edges (h, w) in [0, 1] that `fill` would follow: those of the picture, and in the hole what is likely."""
        edges, _notes = self.with_model(
            work,
            params,
            progress,
            lambda painter, image: painter.edges(image, work.hole, None, progress, sigma=params.sigma),
        )
        return _as_drawn(edges, work)

    def paint(
        self,
        painter: Painter,
        image: NDArray[np.float32],
        work: FillWork,
        params: EdgeConnectParams,
        progress: Progress,
    ) -> Outcome:
        edges = work.edges
        if edges is None:
            first, progress = progress.part(EDGES_SHARE), progress.part(1 - EDGES_SHARE)
            edges = painter.edges(image, work.hole, None, first, sigma=params.sigma)
            edges = to_bytes(edges, 1.0) * np.float32(1 / 255)  # as they are kept: the same fill in one go or in two
        return painter.paint(image, work.hole, progress, edges=_as_drawn(edges, work))


def _as_drawn(edges: Plane, work: FillWork) -> Plane:
    """The edges with what the person has drawn into the hole and rubbed out there, in that order."""
    strokes = [stroke for stroke in work.guides if stroke.kind in STROKES]
    for kind, same in groupby(strokes, key=lambda stroke: stroke.kind):
        there = marked(same, kind, work.hole.shape)
        assert there is not None
        edges = np.where(work.hole & (there > 0), np.float32(STROKES[kind]), edges)
    return np.asarray(edges, np.float32)
