"""An ONNX file of others made into a model: what it is, which readings were tried, and its folder.

In two steps, so that in between a person can look at the trials and choose another one. Needs neither torch nor onnx.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lacuna.contract import models
from lacuna.contract.graph_config import GRAPH, GRAPH_CONFIG, GraphConfig
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.errors import OutOfMemory
from lacuna.i18n import _
from lacuna.inference import onnx_file
from lacuna.inference.graph_judging import PLAUSIBLE, Trial
from lacuna.inference.graph_trial import tried
from lacuna.inference.own_graph import OwnGraph
from lacuna.inference.tensors import unreadable
from lacuna.inference.whole_folder import written_whole

SIDE = 512  # pixels: at which most of such models were trained


@dataclass(frozen=True, eq=False)
class FoundGraph:
    """An ONNX file that can fill: its `trials`, the best first; `height` and others as in `GraphConfig`.

    `digest` is the SHA-256 that it had before it was tried.
    """

    path: Path
    digest: str
    trials: tuple[Trial, ...]
    height: int
    width: int
    multiple: int

    @property
    def notice(self) -> str:
        """What a person should know before trusting the best trial; "" if nothing."""
        if self.trials[0].score >= PLAUSIBLE:
            return ""
        return _("No reading gave a fill that meets its surroundings: look at a fill before you trust it.")

    def config(self, trial: Trial) -> GraphConfig:
        """What `model.toml` will say with the reading of this trial, but for the hashes of files beside the graph."""
        pixels = trial.picture.shape[0] * trial.picture.shape[1]
        return GraphConfig(
            title=_word(self.path.stem).strip() or GRAPH,
            reading=trial.reading,
            height=self.height,
            width=self.width,
            multiple=self.multiple,
            side=SIDE,
            megapixel_seconds=round(max(trial.seconds / pixels * 1e6, 1e-3), 3),
            source=f"{_word(self.path.name)} (SHA-256 {self.digest})",
            sha256={GRAPH: self.digest},
        )


def found(path: Path, said: Mapping[str, str], progress: Progress, threads: int = 1) -> FoundGraph:
    """Look at an ONNX file and try its readings; `said` are fields of a `GraphReading` that are settled.

    Raises UnreadableFile, UnsupportedFormat, UnsuitableWeights for a graph that is none for filling, which says what it
    takes and gives, InvalidParameter for what is `said`, OutOfMemory, and Cancelled.
    """
    progress.at(0.0, _("Reading"))
    digest = _digest(path)
    try:
        graph = OwnGraph(path, threads)
        result = tried(graph, path.name, said, progress)
    except MemoryError as error:
        raise OutOfMemory(
            _("There is not enough memory to run {file}.").format(file=path.name),
            hint=_("Close other programs, or look for a smaller form of the model."),
            cause=error,
        ) from error
    return FoundGraph(path, digest, result.trials, result.height, result.width, result.multiple)


def install(
    found: FoundGraph, name: str, progress: Progress, *, trial: Trial | None = None, replace: bool = False
) -> Model:
    """Write the folder of the model with the reading of `trial`, or of the best; it is there whole or not at all.

    Raises InvalidParameter for a name that cannot be, CannotSave for one that is taken or what the disk refuses,
    UnreadableFile for a graph that changed meanwhile, and Cancelled.
    """
    models.refuse_name(name, replace=replace)
    progress.at(0.0, _("Writing"))
    config = found.config(trial or found.trials[0])
    with written_whole(models.own_folder() / name, replace=replace) as folder:
        digests = {}
        for source in (found.path, *onnx_file.beside(found.path)):
            progress.check()
            target = folder / (GRAPH if source == found.path else source.name)
            shutil.copyfile(source, target)
            digests[target.name] = models.digest(target)
        if digests[GRAPH] != found.digest:
            raise unreadable(found.path, _("it changed meanwhile"))
        text = dataclasses.replace(config, sha256=digests).to_toml()
        (folder / GRAPH_CONFIG).write_text(text, encoding="utf-8")
    return models.model(name)


def _digest(path: Path) -> str:
    try:
        return models.digest(path)
    except OSError as error:
        raise unreadable(path, error.strerror or error, error) from error


def _word(name: str) -> str:
    """A file's name as text that can be written: bytes that are no text become question marks."""
    return name.encode("utf-8", "replace").decode()
