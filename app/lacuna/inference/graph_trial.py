"""Which reading of a graph is the right one: each is tried on a photo with a hole, and judged by what comes back."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lacuna.contract.graph_config import PICTURE_RANGES, GraphReading
from lacuna.contract.progress import Progress
from lacuna.errors import BackendFailed, UnsuitableWeights
from lacuna.i18n import _
from lacuna.inference.graph_judging import Sample, Trial, judged, sample
from lacuna.inference.graph_readings import likely, with_another_hole, with_other_colours
from lacuna.inference.own_graph import Array, OwnGraph, seen

SIDE = 192  # pixels: of the test picture where the graph takes any
MULTIPLES = (8, 16, 32, 64)
GOOD = 0.85  # a score that something else in the hole would not make much better
NEAR = 0.35  # in score: who is so near to the best may become it with another hole
FEW = 6


@dataclass(frozen=True, eq=False)
class Tried:
    """All readings that gave a picture, the best first, and the size of the picture; see `GraphConfig`."""

    trials: tuple[Trial, ...]
    height: int
    width: int
    multiple: int


def tried(graph: OwnGraph, name: str, said: Mapping[str, str], progress: Progress) -> Tried:
    """Try every likely reading of the graph in the file `name`. `said` are the fields that the person has settled.

    Takes ten to thirty passes. Raises UnsuitableWeights for a graph that no reading makes one for filling, and as
    `OwnGraph.run` does.
    """
    options = likely(graph.inputs, graph.outputs, said)
    if not options:
        raise _unsuitable(graph, name)
    reasons: list[str] = []
    for height, width, multiple in _sizes(graph, options[0]):
        search = _Search(graph, sample(height, width), said, reasons)
        trials = search.ranked([reading for reading in options if _takes(graph, reading, height, width)], progress)
        if trials:
            fixed = multiple == 0
            return Tried(tuple(trials), height if fixed else 0, width if fixed else 0, multiple or 1)
    raise UnsuitableWeights(
        _("No reading of {file} gives a picture: {reason}").format(file=name, reason=reasons[0] if reasons else ""),
        hint=_("It takes {inputs} and gives {outputs}.").format(
            inputs=", ".join(map(str, graph.inputs)), outputs=", ".join(map(str, graph.outputs))
        ),
    )


@dataclass(frozen=True, eq=False)
class _Search:
    """One graph on one test picture. `reasons` gathers why readings gave no picture."""

    graph: OwnGraph
    test: Sample
    said: Mapping[str, str]
    reasons: list[str]

    def ranked(self, options: Sequence[GraphReading], progress: Progress) -> list[Trial]:
        """Of each input the best trial, the best first; none if no reading gave a picture.

        First it is varied what the numbers mean, then what stands in the hole, then the order of colours: all at once
        would be hundreds.
        """
        trials = _heeding(self._all(options, progress.part(0.5)))
        if not trials:
            return []
        outputs = {trial.reading.output for trial in trials}
        if trials[0].score < GOOD:
            near = [trial for trial in _one_each(trials) if trial.worth > trials[0].worth - NEAR][:FEW]
            others = [reading for trial in near for reading in with_another_hole(trial.reading, self.said)]
            trials += self._all(others, progress.part(0.4))
        best = next(trial for trial in _sorted(trials) if trial.reading.output in outputs)
        colours = with_other_colours(best.reading, self.said)
        trials += self._all(colours, progress.part(0.1))
        return _one_each(trial for trial in _sorted(trials) if trial.reading.output in outputs)

    def _all(self, options: Sequence[GraphReading], progress: Progress) -> list[Trial]:
        found: list[Trial] = []
        for index, reading in enumerate(options):
            progress.at(index / len(options), _("Trying readings"))
            found += self._pass(reading, progress)
        return _sorted(found)

    def _pass(self, reading: GraphReading, progress: Progress) -> Iterator[Trial]:
        """One pass, and of each output the range in which it does best."""
        begun = time.perf_counter()
        try:
            given = self.graph.run(self.graph.shown(reading, self.test.image, self.test.hole), progress)
        except BackendFailed as error:
            self.reasons.append(error.sentence)
            return
        seconds = time.perf_counter() - begun
        for name, output in given.items():
            if name != self.said.get("output", name):
                continue
            read = (replace(reading, output=name, output_range=shown) for shown in _output_ranges(output, self.said))
            yield from _sorted(filter(None, (self._trial(one, output, seconds) for one in read)))[:1]

    def _trial(self, reading: GraphReading, output: Array, seconds: float) -> Trial | None:
        height, width = self.test.hole.shape
        picture = seen(reading, output, (height, width))
        if picture is None:
            lengths = " × ".join(map(str, output.shape))
            reason = _("“{output}” is {lengths}, no picture of the size.")
            self.reasons.append(reason.format(output=reading.output, lengths=lengths))
            return None
        if not np.isfinite(picture).all():
            self.reasons.append(_("“{output}” has numbers that are none.").format(output=reading.output))
            return None
        return judged(reading, picture, self.test, seconds)


def _heeding(trials: Sequence[Trial]) -> list[Trial]:
    """Without outputs that are the same for the opposite mask, as that of what went in. Raises UnsuitableWeights."""
    by_reading = {trial.reading: trial for trial in trials}
    found = [trial for trial in trials if not _same(trial, by_reading.get(_opposite(trial.reading)))]
    if trials and not found:
        reading = trials[0].reading
        raise UnsuitableWeights(
            _("The graph does not heed its mask “{mask}”.").format(mask=reading.mask or reading.image),
            hint=_("It may be made for another task than filling holes."),
        )
    return found


def _opposite(reading: GraphReading) -> GraphReading:
    return replace(reading, ones="known" if reading.ones == "hole" else "hole")


def _same(one: Trial, other: Trial | None) -> bool:
    return other is not None and one.kept == other.kept and np.array_equal(one.picture, other.picture)


def _sizes(graph: OwnGraph, reading: GraphReading) -> Iterator[tuple[int, int, int]]:
    """Height, width and multiple to try one after the other; the multiple is 0 for the one size of a fixed graph."""
    ports = {port.name: port for port in graph.inputs}
    layouts = [(ports[reading.image], reading.layout)]
    if reading.mask:
        layouts.append((ports[reading.mask], reading.mask_layout))
    lengths = [max(own) for own in zip(*(port.size(layout) for port, layout in layouts), strict=True)]
    if any(lengths):
        yield lengths[0] or lengths[1], lengths[1] or lengths[0], 0
        return
    for multiple in MULTIPLES:  # sides that are whole multiples of it and of no larger one
        yield SIDE + multiple, SIDE + 3 * multiple, multiple


def _takes(graph: OwnGraph, reading: GraphReading, height: int, width: int) -> bool:
    ports = {port.name: port for port in graph.inputs}
    return all(
        length in (0, wanted)
        for name, layout in ((reading.image, reading.layout), (reading.mask, reading.mask_layout))
        if name
        for length, wanted in zip(ports[name].size(layout), (height, width), strict=True)
    )


def _output_ranges(output: Array, said: Mapping[str, str]) -> tuple[str, ...]:
    if "output_range" in said:
        return (said["output_range"],)
    return ("0..255",) if output.dtype.kind in "iu" else PICTURE_RANGES


def _sorted(trials: Iterable[Trial]) -> list[Trial]:
    return sorted(trials, key=lambda trial: -trial.worth)


def _one_each(trials: Iterable[Trial]) -> list[Trial]:
    """Of trials that were shown the same the best alone."""
    best: dict[GraphReading, Trial] = {}
    for trial in trials:
        best.setdefault(replace(trial.reading, output="", output_range=PICTURE_RANGES[0]), trial)
    return list(best.values())


def _unsuitable(graph: OwnGraph, name: str) -> UnsuitableWeights:
    return UnsuitableWeights(
        _("{file} is no model for filling that Lacuna can run: it takes {inputs} and gives {outputs}.").format(
            file=name,
            inputs=", ".join(map(str, graph.inputs)) or _("nothing"),
            outputs=", ".join(map(str, graph.outputs)),
        ),
        hint=_("It needs a picture of three channels and a mask of one, or both as one of four, and gives a picture."),
    )
