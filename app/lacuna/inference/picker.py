"""A person's own network that picks objects by clicks, on ONNX Runtime: a picture and points in, a mask out.

What goes in and out has the names of SAM's published exports (Kirillov et al., ICCV 2023), which its kin share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.graph_config import GRAPH, LAYOUTS
from lacuna.contract.models import Model
from lacuna.contract.picker_config import PickerConfig
from lacuna.contract.progress import Progress
from lacuna.errors import BackendFailed, LacunaError, UnsupportedFormat
from lacuna.i18n import _
from lacuna.inference import onnx_file
from lacuna.inference.own_graph import OwnGraph, Port, laid
from lacuna.inference.stored import damaged

IMAGE, SEEN, POINTS, LABELS = "image", "image_embeddings", "point_coords", "point_labels"
EARLIER, HAS_EARLIER, SIZE = "mask_input", "has_mask_input", "orig_im_size"  # SAM's decoder alone has these
MASKS, SCORES = "masks", "iou_predictions"
MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # of ImageNet's colours, of 255
RANGES = {"0..1": (0.0, 255.0), "-1..1": (127.5, 127.5), "0..255": (0.0, 1.0), "imagenet": (MEAN, DEVIATION)}
PADDING = -1.0  # the label of a point that is none: the decoder wants one where no box is given

Picture = NDArray[np.uint8]  # (h, w, 3)
Points = NDArray[np.float32]  # (n, 2): x and y in pixels of the picture
Labels = NDArray[np.bool_]  # (n,): True inside the object


class Picker:
    """A loaded network. Asked about the same picture again it looks at the points alone, if it has an encoder."""

    def __init__(self, model: Model, config: PickerConfig, threads: int) -> None:
        """Raises DamagedModel for graphs that are none, or that do not take and give what a picker does."""
        self.side = config.side
        self._config = config
        self._name = model.name
        self._last: tuple[Picture, dict[str, NDArray[Any]]] | None = None
        try:
            for file in config.files:
                _require_hashed(model, file)
            self._graph = OwnGraph(model.folder / GRAPH, threads)
            self._encoder = OwnGraph(model.folder / config.encoder, threads) if config.encoder else None
            self._image = _fitting(self._graph, self._encoder)
        except LacunaError as error:
            raise damaged(model, error.sentence.rstrip("."), error) from error
        self.held = self._graph.held + (0 if self._encoder is None else self._encoder.held)

    def likely(self, image: Picture, points: Points, labels: Labels, progress: Progress) -> NDArray[np.float32]:
        """Above 0 on the object that the points marked True are in, without those marked False; in the network's size.

        The long side of `image` is `side`. Raises Cancelled, MemoryError and BackendFailed.
        """
        height, width = image.shape[:2]
        shown = self._shown(image)
        given = {**self._seen(image, shown, progress), **self._clicks(points, labels, (height, width))}
        wanted = [port.name for port in self._graph.outputs if port.name in (MASKS, SCORES)]
        told = self._graph.run(given, progress, wanted)
        logits = _best(told, self._name)
        if SIZE in given:
            return logits
        ends = zip(logits.shape, image.shape[:2], shown.shape[:2], strict=True)
        rows, columns = (max(1, round(length * part / whole)) for length, part, whole in ends)
        return logits[:rows, :columns]  # without what stood below the picture and beside it

    def _shown(self, image: Picture) -> NDArray[np.float32]:
        """(h, w, 3) in the network's range, below and beside it zeros where it takes one size."""
        less, by = (np.array(part, np.float32) for part in RANGES[self._config.range])
        shown = (image.astype(np.float32) - less) / by
        port, layout = self._image
        height, width = port.size(layout)
        missing = (max(0, height - shown.shape[0]), max(0, width - shown.shape[1]))
        return np.pad(shown, ((0, missing[0]), (0, missing[1]), (0, 0)))

    def _seen(self, image: Picture, shown: NDArray[np.float32], progress: Progress) -> dict[str, NDArray[Any]]:
        port, layout = self._image
        planes = laid(shown, layout, port.dtype)
        if self._encoder is None:
            return {IMAGE: planes}
        if self._last is None or not np.array_equal(self._last[0], image):
            first = self._encoder.outputs[0].name
            embedded = self._encoder.run({port.name: planes}, progress, [first])[first]
            self._last = image.copy(), {SEEN: embedded}
        return self._last[1]

    def _clicks(self, points: Points, labels: Labels, size: tuple[int, int]) -> dict[str, NDArray[Any]]:
        takes = {port.name: port for port in self._graph.inputs}
        marks = labels.astype(np.float32)
        if EARLIER in takes:
            points = np.concatenate([points, np.zeros((1, 2), np.float32)])
            marks = np.append(marks, np.float32(PADDING))
        given: dict[str, NDArray[Any]] = {POINTS: points[None].astype(np.float32), LABELS: marks[None]}
        if EARLIER in takes:
            given[EARLIER] = np.zeros([length or 1 for length in takes[EARLIER].shape], np.float32)
            given[HAS_EARLIER] = np.zeros(1, np.float32)
        if SIZE in takes:
            given[SIZE] = np.array(size, np.float32)
        return {name: value.astype(takes[name].dtype) for name, value in given.items() if name in takes}


def _fitting(graph: OwnGraph, encoder: OwnGraph | None) -> tuple[Port, str]:
    """The input for the picture and its layout. Raises UnsupportedFormat for graphs that are no picker's."""
    takes, gives = {port.name for port in graph.inputs}, {port.name for port in graph.outputs}
    needed = {POINTS, LABELS, IMAGE if encoder is None else SEEN}
    known = needed | {EARLIER, HAS_EARLIER, SIZE}
    if not needed <= takes or takes - known or MASKS not in gives or (encoder is not None and len(encoder.inputs) != 1):
        ports = ", ".join(map(str, graph.inputs))
        raise UnsupportedFormat(_("it takes {ports}, which is not what a network takes that picks").format(ports=ports))
    port = encoder.inputs[0] if encoder is not None else next(port for port in graph.inputs if port.name == IMAGE)
    layout = next((layout for layout in LAYOUTS if port.takes(layout, 3)), None)
    if layout is None:
        raise UnsupportedFormat(_("it takes {ports}, which is not what a network takes that picks").format(ports=port))
    return port, layout


def _require_hashed(model: Model, file: str) -> None:
    """Raise UnsupportedFormat for a graph that reads files beside it whose hashes nobody wrote down."""
    for beside in onnx_file.beside(model.folder / file):
        if beside.name not in model.sha256:
            raise UnsupportedFormat(_("the hash of {file} is missing").format(file=beside.name))


def _best(told: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    """(h, w): the mask that the network thinks most of. Raises BackendFailed for what is none."""
    masks = told[MASKS]
    if masks.ndim == 3:
        masks = masks[None]
    if masks.ndim != 4 or masks.shape[0] != 1 or not np.isfinite(masks).all():
        lengths = " × ".join(map(str, masks.shape))
        sentence = _("The model “{model}” gave {lengths} numbers, no mask.")
        raise BackendFailed(sentence.format(model=name, lengths=lengths))
    scores = told.get(SCORES)
    best = int(np.argmax(scores)) if scores is not None and scores.size == masks.shape[1] else 0
    return np.asarray(masks[0, best], np.float32)
