"""Make the 8-bit graphs of a model: quantise.py NAME --data DATA. Needs the extra "torch".

NAME is a model that ships or one of the person's own, DATA the folder with `train/`, `eval/` and `licences.csv`. The
ranges are those of some crops of training photos with masks; what the graphs gain and cost is measured, the cost on
photos of `eval/`. They are kept if they are worth their place; `config.json` says what was measured either way, and
`cards.py` then tells it in the card.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lacuna.backends.learned import Learned
from lacuna.contract import models
from lacuna.contract.fill import FillOptions, FillWork, Runtime
from lacuna.contract.model_config import CONFIG, ModelConfig
from lacuna.contract.models import WEIGHTS, Model
from lacuna.contract.precision import INT8_WEIGHTS, Int8, Precision
from lacuna.contract.progress import Progress
from lacuna.engine import evaluation, registry
from lacuna.engine.photos import fill_photo, request_for
from lacuna.errors import LacunaError
from lacuna.imaging import files, mask_file
from lacuna.imaging.edges import canny, grey_values
from lacuna.imaging.photo import Mask, Photo, Pixels
from lacuna.inference.onnx_engine import Array, Graphs, OnnxRunner
from lacuna.inference.painters import painter
from lacuna.inference.quantising import quantised
from lacuna.inference.session import Painter
from lacuna.inference.stored import packed_int8, read_weights
from lacuna.inference.whole_folder import written_whole
from lacuna.metrics import fidelity
from lacuna.training import photos
from lacuna.training.chance import Dice
from lacuna.training.holes import holes

CROPS = 48  # that give the ranges
PHOTOS, KINDS = 20, ("brush", "blob")  # of `eval/`, on which the cost is measured
TIMED, PAIRS = 3, 9  # crops that are timed, and pairs of runs of each, the first not counted
WIDER = 512  # pixels: the side of crops that is timed as well, to be told
ONE_CORE = Runtime(threads=1)

Call = Callable[[], object]


class Recorded(Graphs):
    """Graphs that keep what they are given, by name."""

    def __init__(self, model: Model, config: ModelConfig) -> None:
        super().__init__(model, config, ONE_CORE.threads)
        self.given: dict[str, list[Mapping[str, Array]]] = defaultdict(list)

    def call(
        self, name: str, inputs: Mapping[str, Array], progress: Progress, outputs: Sequence[str] | None = None
    ) -> dict[str, Array]:
        self.given[name].append(dict(inputs))
        return super().call(name, inputs, progress, outputs)


class Quantised:
    """A model while its graphs in 8 bits are made and measured."""

    def __init__(self, name: str, data: Path) -> None:
        """Raises LacunaError for a model that does not fill, or photos that are not there."""
        found = models.model(name)
        models.verify(found)
        backend = registry.backend_for(found)
        if found.config is None or not backend:
            raise LacunaError(f"“{name}” is no model of a network that fills.")
        self.model, self.config, self.data = found, dataclasses.replace(found.config, int8=None), data
        loaded = registry.loaded(backend, ONE_CORE)
        assert isinstance(loaded, Learned)
        self.backend = loaded

    def made(self, works: Sequence[FillWork]) -> dict[str, tuple[bytes, dict[str, Array]]]:
        """The graphs in 8 bits with their own numbers, by the part of the network."""
        recorded = Recorded(self.model, self.config)
        shown = painter(self.config, OnnxRunner(self.config, recorded))
        for work in works:
            self.passed(shown, work)
        weights = read_weights(self.model)
        parts = {
            part: quantised(part, (self.model.folder / file).read_bytes(), weights, recorded.given[part])
            for part, file in self.config.graphs.items()
        }
        return {part: made for part, made in parts.items() if made is not None}

    def passed(self, shown: Painter, work: FillWork) -> object:
        """One pass of a painter over the work as the backend would have it, from its start and with its guide."""
        params = self.params(Precision.FLOAT32)
        outcome, _notes = self.backend.with_model(
            work, params, Progress(), lambda _own, image: self.backend.paint(shown, image, work, params, Progress())
        )
        return outcome

    def params(self, precision: Precision) -> Any:
        return self.backend.Params(model=self.model.name, detail="off", precision=precision)

    def write(self, int8: Int8 | None, made: Mapping[str, tuple[bytes, dict[str, Array]]]) -> None:
        """The folder with these graphs instead of those it had; its other files stay as they are."""
        folder, before = self.model.folder, models.model(self.model.name).config
        assert before is not None
        old = frozenset[str]() if before.int8 is None else before.int8.files
        digests = {file: digest for file, digest in before.sha256.items() if file not in old}
        with written_whole(folder, replace=True) as temporary:
            for file in folder.iterdir():
                if file.name not in old:
                    shutil.copyfile(file, temporary / file.name)
            new: dict[str, bytes] = {}
            if int8 is not None and made:
                new = {int8.graphs[part]: graph for part, (graph, _own) in made.items()}
                own = {key: values for _graph, numbers in made.values() for key, values in numbers.items()}
                new[INT8_WEIGHTS] = packed_int8(own, digests[WEIGHTS])
            for name, content in new.items():
                (temporary / name).write_bytes(content)
                digests[name] = models.digest(temporary / name)
            config = dataclasses.replace(before, int8=int8, sha256=dict(sorted(digests.items())))
            (temporary / CONFIG).write_text(config.to_json(), encoding="utf-8")
        registry.refresh()
        self.model = models.model(self.model.name)
        models.verify(self.model)

    def speed(self, works: Sequence[FillWork]) -> float:
        """How many times as fast a pass is in 8 bits, without the start: CPU seconds of one core, in turns."""
        config = self.model.config
        assert config is not None
        slow, fast = (
            painter(config, OnnxRunner(config, Graphs(self.model, config, ONE_CORE.threads, int8=int8)))
            for int8 in (False, True)
        )
        ratios = []
        for work in works:
            params = self.params(Precision.FLOAT32)
            image, _notes = self.backend.with_model(work, params, Progress(), lambda _own, image: image)
            ratios += _ratios(
                lambda work=work, image=image, params=params: self.backend.paint(slow, image, work, params, Progress()),
                lambda work=work, image=image, params=params: self.backend.paint(fast, image, work, params, Progress()),
            )
        return statistics.median(ratios)

    def loss(self) -> dict[str, float]:
        """dB that are lost in the holes, by the kind of mask: the mean over photos of `eval/`, without detail."""
        cases = evaluation.cases_in(self.data / "eval")
        pictures = sorted({case.picture for case in cases})[:PHOTOS]
        lost: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for case in cases:
            if case.picture in pictures and case.kind in KINDS:
                truth, mask = files.read(case.picture), mask_file.read_mask(case.mask)
                first, second = (
                    fidelity.psnr(truth.pixels, self.filled(truth, mask, precision), mask > 0, truth.white)
                    for precision in (Precision.FLOAT32, Precision.INT8)
                )
                lost[case.kind].append(first - second)
        return {kind: statistics.fmean(values) for kind, values in lost.items()}

    def filled(self, photo: Photo, mask: Mask, precision: Precision) -> Pixels:
        request = request_for(photo, mask, self.backend.id, self.params(precision), options=FillOptions())
        return fill_photo(photo, request, ONE_CORE, Progress())[0].pixels


def works(read: photos.Photos, side: int, count: int) -> Iterator[FillWork]:
    """Crops of training photos with holes, and the true edges for every other one."""
    cpu = torch.device("cpu")
    chance = Dice(0, cpu).at(0)
    crops = read.crops(chance, count, side).permute(0, 2, 3, 1).contiguous().numpy()
    masks = holes(side, cpu).drawn(chance, count)[:, 0].numpy() > 0
    for number, (crop, hole) in enumerate(zip(crops, masks, strict=True)):
        edges = canny(grey_values(crop), np.ones_like(hole)).astype(np.float32) if number % 2 else None
        yield FillWork(crop, hole, 1.0, edges=edges)


def _ratios(slow: Call, fast: Call) -> list[float]:
    seconds = [(_seconds(slow), _seconds(fast)) for _pair in range(PAIRS)]
    return [before / after for before, after in seconds[1:]]


def _seconds(call: Call) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def quantise(name: str, data: Path, classes: Sequence[str]) -> Int8:
    """Make, measure, and keep the graphs if they pay; what the config says of them now. Raises LacunaError."""
    work = Quantised(name, data)
    side = work.config.side
    read = photos.read([data / "train"], classes)
    crops = list(works(read, side, CROPS))
    whole = [crop for crop in crops if crop.edges is None]  # for these EdgeConnect runs both of its parts
    made = work.made(crops)
    if not made:
        raise LacunaError(f"“{name}” has no convolution that would gain by 8 bits.")
    tried = Int8(0.0, 0.0, {part: f"{part}.int8.onnx" for part in made})
    work.write(tried, made)
    try:
        speed, wider, loss = work.speed(whole[:TIMED]), work.speed(list(works(read, WIDER, 1))), work.loss()
    except BaseException:
        work.write(None, {})
        raise
    found = dataclasses.replace(tried, loss=round(max(loss.values()), 3), speed=round(speed, 2))
    costs = ", ".join(f"{kind} {lost:+.3f} dB" for kind, lost in loss.items())
    print(f"{name}: {speed:.2f} times as fast at {side} x {side}, {wider:.2f} at {WIDER} x {WIDER}; lost: {costs}")
    if not found.pays:
        found, made = dataclasses.replace(found, graphs={}), {}
    work.write(found, made)
    return found


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--licences", default="open", help="classes of the photos that give the ranges: open,stock")
    given = parser.parse_args(words)
    try:
        for name in given.name:
            found = quantise(name, given.data, given.licences.split(","))
            print(f"{name}: {'kept' if found.graphs else 'not worth their place, left out'}")
    except LacunaError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
