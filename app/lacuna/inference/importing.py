"""Published checkpoints made into models of ours, in two steps, so that a person can be told in between what it is.

`found` looks at names and shapes, and knows what the licence allows; `install` reads the numbers and writes a folder.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lacuna.contract import models
from lacuna.contract.model_config import ModelConfig
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.errors import InvalidParameter, UnsuitableWeights, UnsupportedFormat
from lacuna.i18n import _
from lacuna.inference import graph_files, own_file
from lacuna.inference.checkpoint_files import checkpoint_files
from lacuna.inference.own_file import Own
from lacuna.inference.published import PUBLISHED, Reading, network, readings
from lacuna.inference.tensors import Array, Group, groups, unreadable
from lacuna.networks.layout import bare, unsuitable

NEEDED = ("torch",)  # to ask networks what fits, and to fold norms
EXPORTER = ("onnx", "onnxscript")  # to make the graphs of a network for which none ship with the program


@dataclass(frozen=True)
class Found:
    """What some files are: the model that they would make, and the `variants` among which one may choose.

    `readings` has one for each part of the network; none for what Lacuna itself exported or trained, which is `own`.
    """

    config: ModelConfig
    variants: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    own: Own | None = None

    @property
    def notice(self) -> str:
        """What the licence forbids, to be agreed to before `install`; "" if nothing."""
        if "-NC" not in self.config.licence:
            return ""
        return _("The published weights of {title} are for non-commercial use alone ({licence}).").format(
            title=self.config.title, licence=self.config.licence
        )


def found(paths: Sequence[Path], variant: str = "") -> Found:
    """What these files are, or the files of a folder: all of one network, in any order, or what a training made.

    `variant` names the conventions to run them with, where several fit. Raises UnreadableFile, UnsupportedFormat,
    UnsuitableWeights, which names what does not fit, and InvalidParameter for a variant that the files do not have.
    """
    _require(NEEDED)
    places = tuple(dict.fromkeys(own_file.folder_in(path) or path for path in paths))
    folders = [place for place in places if own_file.folder_in(place)]
    if folders:
        found = _own(own_file.of_folder(folders[0]), folders[0].name, len(places), variant)
    else:
        files = checkpoint_files(paths)
        contents = [groups(file) for file in files]
        own = [content[0] for content in contents if own_file.is_own(content[0])]
        if own:
            found = _own(own_file.of_file(own[0]), own[0].files[0].name, len(contents), variant)
        else:
            found = _published(contents, variant)
    if not graph_files.file_of(found.config).exists():
        _require(EXPORTER)
    return found


def install(found: Found, name: str, progress: Progress, *, licence_accepted: bool, replace: bool = False) -> Model:
    """Write the model into the person's folder under this name; it is there whole or not at all.

    Raises InvalidParameter for a name that cannot be, CannotSave for one that is taken or what the disk refuses,
    UnreadableFile for numbers that are not whole, UnsuitableWeights for numbers that are none, and Cancelled.
    """
    from lacuna.inference.saving import save

    if found.notice and not licence_accepted:
        raise ValueError("the licence was not accepted")
    models.refuse_name(name, replace=replace)
    progress.at(0.0, _("Reading"))
    if found.own is not None:
        config, tensors, card = found.config, found.own.tensors(), found.own.card
    else:
        config, tensors = converted(found, progress.part(0.4))
        card = ""
    progress.at(0.4, _("Writing"))
    save(models.own_folder() / name, config, tensors, card=card, replace=replace)
    return models.model(name)


def converted(found: Found, progress: Progress) -> tuple[ModelConfig, dict[str, Array]]:
    """The weights under our keys, norms folded in; and the config with what they were made of."""
    from lacuna.networks import building
    from lacuna.networks.loading import loaded
    from lacuna.networks.spectral import fold

    parts, sources = {}, []
    for n, reading in enumerate(found.readings):
        progress.at(n / len(found.readings), _("Reading"))
        layout = reading.published.layout
        empty = network(reading.published, reading.config)
        parts[reading.published.part] = fold(loaded(empty, layout, _numbers(reading, progress)))
        sources += [f"{file.name} (SHA-256 {_digest(file)})" for file in reading.group.files]
    return dataclasses.replace(found.config, source="; ".join(sources)), building.weights(parts)


def _require(names: Sequence[str]) -> None:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise UnsupportedFormat(
            _("Importing needs {names}, which this installation lacks.").format(names=", ".join(missing)),
            hint=_("Install them: pip install “lacuna-editor[torch]”."),
        )


def _published(contents: Sequence[Sequence[Group]], variant: str) -> Found:
    parts = [_readings(content) for content in contents]
    _require_whole([part[0] for part in parts])
    variants = tuple(dict.fromkeys(reading.config.conventions for reading in parts[0] if reading.config.conventions))
    if variant and variant not in variants:
        raise InvalidParameter(
            _("These weights do not come in the variant “{variant}”.").format(variant=variant),
            hint=_("There are: {names}.").format(names=", ".join(variants) or _("none")),
        )
    chosen = tuple(next(reading for reading in part if variant in ("", reading.config.conventions)) for part in parts)
    return Found(chosen[0].config, variants, chosen)


def _own(own: Own, name: str, named: int, variant: str) -> Found:
    if variant:
        raise InvalidParameter(_("{file} says itself which variant it is.").format(file=name))
    if named > 1:
        raise UnsuitableWeights(_("{file} is a whole model by itself.").format(file=name))
    return Found(own.config, own=own)


def _readings(content: Sequence[Group]) -> tuple[Reading, ...]:
    """What one file is: of several groups in it the one that is a generator, at best under the name it should have."""
    options: list[tuple[Reading, ...]] = []
    refused: list[UnsuitableWeights] = []
    for group in content:
        try:
            options.append(readings(group))
        except UnsuitableWeights as error:
            refused.append(error)
    if not options:
        nearest = max(refused, key=lambda error: bool(error.misfits))
        file = content[0].files[0].name
        sentence = _("{file} cannot be imported. {reason}").format(file=file, reason=nearest.sentence)
        raise UnsuitableWeights(sentence, nearest.hint, nearest.misfits) from nearest
    return max(options, key=lambda option: option[0].group.name == option[0].published.layout.under)


def _require_whole(chosen: Sequence[Reading]) -> None:
    """Raise UnsuitableWeights unless these are the parts of one network, each once and all of one width."""
    networks = {reading.config.network for reading in chosen}
    if len(networks) > 1:
        raise UnsuitableWeights(
            _("These files are of several networks: {names}.").format(names=", ".join(sorted(networks))),
            hint=_("Import them one after the other."),
        )
    files = {published.part: published.layout.file for published in PUBLISHED if published.network in networks}
    given = [reading.published.part for reading in chosen]
    missing = [file for part, file in files.items() if part not in given]
    if missing:
        raise UnsuitableWeights(
            _("{title} has two networks, and {file} is missing.").format(
                title=chosen[0].config.title, file=", ".join(missing)
            ),
            hint=_("Name all its files: {names}.").format(names=", ".join(files.values())),
        )
    if len(given) > len(files):
        raise UnsuitableWeights(
            _("These are {count} files, and the network has {wanted}.").format(count=len(given), wanted=len(files)),
            hint=_("Import them one after the other."),
        )
    if any(reading.config != chosen[0].config for reading in chosen):
        raise UnsuitableWeights(_("The files of {title} are of different sizes.").format(title=chosen[0].config.title))


def _numbers(reading: Reading, progress: Progress) -> dict[str, Array]:
    """The arrays that the layout names, all others left unread. Raises UnsuitableWeights for what is no number."""
    layout, group = reading.published.layout, reading.group
    wanted = {entry.published for entry in layout.entries}
    numbers, wrong = {}, []
    for key, stored in zip(bare(group.shapes), group.shapes, strict=True):
        if key not in wanted:
            continue
        progress.check()
        value = group.read(stored)
        with np.errstate(over="ignore"):
            numbers[key] = value.astype(np.float32, copy=False) if value.dtype.kind == "f" else value
        if value.dtype.kind != "f" or not np.isfinite(numbers[key]).all():
            wrong.append(_("{key} holds numbers that are none").format(key=key))
    if wrong:
        raise unsuitable(layout, wrong)
    return numbers


def _digest(file: Path) -> str:
    try:
        return models.digest(file)
    except OSError as error:
        raise unreadable(file, error.strerror or error, error) from error
