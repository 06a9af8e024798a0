"""Models as folders of data: where they lie, what there is, and whether it is whole.

A folder holds `config.json` (see `model_config`), `weights.safetensors`, one graph for each part of the network, beside
these perhaps some in 8 bits with numbers of their own, and, where they ship with the program, `MODEL_CARD.md`. A graph
that a person brought has `model.toml` and `model.onnx` instead, see `graph_config`; one that picks objects by clicks
has `picker.toml`, see `picker_config`. Nothing in it is code, and nothing is used before its SHA-256 was compared.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lacuna import paths
from lacuna.contract.graph_config import GRAPH, GRAPH_CONFIG, GraphConfig
from lacuna.contract.model_config import CONFIG, ModelConfig, Network
from lacuna.contract.picker_config import PICKER_CONFIG, PickerConfig
from lacuna.errors import CannotRemove, CannotSave, DamagedModel, InvalidParameter, UnknownModel
from lacuna.i18n import _

WEIGHTS = "weights.safetensors"
CARD = "MODEL_CARD.md"
TRAINED = "model"  # the folder with these that a training makes below its own
LONGEST_CONFIG = 1 << 20  # bytes
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")  # of a model, and so of its folder


@dataclass(frozen=True)
class Model:
    """A model that was found; `shipped` with the program or the person's own.

    `damaged` says what is wrong with a folder that cannot be used, and is "" for a good one; else there is a `config`,
    or in its place a `graph` for one that a person brought to fill with, or a `picker` for one that picks objects.
    """

    name: str
    folder: Path
    config: ModelConfig | None
    shipped: bool = False
    damaged: str = ""
    graph: GraphConfig | None = None
    picker: PickerConfig | None = None

    @property
    def said(self) -> ModelConfig | GraphConfig | PickerConfig | None:
        """What its description says, whichever it has."""
        return self.config or self.graph or self.picker

    @property
    def title(self) -> str:
        """Its name for people."""
        return "" if self.said is None else self.said.title

    @property
    def licence(self) -> str:
        """Of its weights, as the description says it; "" where that is silent."""
        return "" if self.said is None else self.said.licence

    @property
    def sha256(self) -> Mapping[str, str]:
        """The hash of every file that matters."""
        return {} if self.said is None else self.said.sha256

    @property
    def weights(self) -> Path:
        """The file of weights of a model with a `config`; there is none beside a `graph` or a `picker`."""
        return self.folder / WEIGHTS

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.stat().st_size for file in self.folder.iterdir() if file.is_file())


def folders() -> tuple[Path, ...]:
    """Where models are looked for, in this order: the program's own, then the person's."""
    return paths.models(), own_folder()


def own_folder() -> Path:
    """Where the person's models lie; it may not exist yet."""
    return paths.data_folder() / "models"


def installed() -> tuple[Model, ...]:
    """All models, by name; of two with one name the program's own. Reads the configs alone, and hashes nothing."""
    found: dict[str, Model] = {}
    for place in folders():
        for folder in _folders_in(place):
            found.setdefault(folder.name, _model(folder, shipped=place == paths.models()))
    return tuple(found[name] for name in sorted(found))


def model(name: str) -> Model:
    """The model of this name, ready to be verified. Raises UnknownModel, naming those there are, or DamagedModel."""
    known = {found.name: found for found in installed()}
    if name not in known:
        raise UnknownModel(
            _("There is no model “{model}”.").format(model=name),
            hint=_("There are: {names}.").format(names=", ".join(known) or _("none")),
        )
    if known[name].damaged:
        raise _damaged(known[name], known[name].damaged)
    return known[name]


def weights_digest(name: str) -> str | None:
    """The SHA-256 of a model's weights as its config says it, or None for one that is not installed."""
    found = next((found for found in installed() if found.name == name), None)
    return None if found is None else found.sha256.get(WEIGHTS if found.config is not None else GRAPH)


def refuse_name(name: str, *, replace: bool = False) -> None:
    """Raise InvalidParameter or CannotSave for a name that no new model can have."""
    if not NAME.fullmatch(name):
        raise InvalidParameter(
            _("“{name}” cannot be the name of a model.").format(name=name),
            hint=_("Use up to 64 small letters, digits, points, hyphens and underscores, a letter or digit first."),
        )
    taken = {found.name: found for found in installed()}.get(name)
    if taken is None or (replace and not taken.shipped):
        return
    raise CannotSave(
        _("There is a model “{name}” already.").format(name=name),
        hint=_("Choose another name.") if taken.shipped else _("Choose another name, or allow it to be replaced."),
    )


def of(*networks: Network) -> tuple[Model, ...]:
    """The models of these networks that can be used, the best measured first, shipped before others."""
    fitting = [found for found in installed() if found.config is not None and found.config.network in networks]
    return tuple(sorted(fitting, key=lambda found: (-_psnr(found), not found.shipped, found.name)))


_listed: dict[tuple[Network, ...], tuple[object, tuple[Model, ...]]] = {}  # the folders' state, and what was found


def known(*networks: Network) -> tuple[Model, ...]:
    """The same, looked for again only when a folder of models has changed: for who asks at every turn."""
    state = tuple(_changed(str(folder)) for folder in folders())
    if networks not in _listed or _listed[networks][0] != state:
        _listed[networks] = state, of(*networks)
    return _listed[networks][1]


def _changed(folder: str) -> tuple[str, int]:
    try:
        return folder, os.stat(folder).st_mtime_ns
    except OSError:
        return folder, 0


def _psnr(found: Model) -> float:
    measured = None if found.config is None else found.config.psnr
    return float("-inf") if measured is None else measured


_verified: dict[Path, tuple[int, int]] = {}  # file -> size and time when its hash was right


def verify(found: Model) -> None:
    """Compare the hash of every file; a file that has not changed since is not read again. Raises DamagedModel."""
    if found.damaged:
        raise _damaged(found, found.damaged)
    for file, wanted in found.sha256.items():
        path = found.folder / file
        try:
            status = path.stat()
            if _verified.get(path) == (status.st_size, status.st_mtime_ns):
                continue
            right = digest(path) == wanted
        except OSError as error:
            raise _damaged(found, _("{file} cannot be read").format(file=file), error) from error
        if not right:
            raise _damaged(found, _("{file} is not the file that it was").format(file=file))
        _verified[path] = (status.st_size, status.st_mtime_ns)


def damage(model: Model) -> str:
    """What `verify` says against the model; "" for a whole one."""
    try:
        verify(model)
    except DamagedModel as error:
        return str(error)
    return ""


def remove(found: Model) -> None:
    """Delete a model of the person, damaged or not: it is gone whole, or all there. Raises CannotRemove."""
    if found.shipped:
        raise CannotRemove(_("The model “{model}” belongs to Lacuna and stays.").format(model=found.name))
    aside = found.folder.with_name(f".{found.name}.{secrets.token_hex(4)}")
    try:
        os.rename(found.folder, aside)
    except OSError as error:
        raise CannotRemove(
            _("The model “{model}” was not removed: {reason}.").format(
                model=found.name, reason=error.strerror or str(error)
            ),
            hint=_("End what else uses it, and see whether its folder may be changed."),
            cause=error,
        ) from error
    shutil.rmtree(aside, ignore_errors=True)


def _damaged(found: Model, reason: str, cause: OSError | None = None) -> DamagedModel:
    hint = _("Install Lacuna anew.") if found.shipped else _("Remove it and import it anew.")
    sentence = _("The model “{model}” cannot be used: {reason}.").format(model=found.name, reason=reason)
    return DamagedModel(sentence, hint=hint, cause=cause)


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folders_in(place: Path) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if NAME.fullmatch(entry.name) and entry.is_dir():
            folder = Path(entry.path)
            if (folder / CONFIG).exists() or has_graph(folder) or has_picker(folder):
                yield folder


def has_graph(folder: Path) -> bool:
    """Is it the folder of a graph that a person brought, whole or not?"""
    return (folder / GRAPH_CONFIG).exists() and not (folder / CONFIG).exists()


def has_picker(folder: Path) -> bool:
    """Is it the folder of a network that picks objects by clicks, whole or not?"""
    return (folder / PICKER_CONFIG).exists() and not (folder / CONFIG).exists() and not has_graph(folder)


def pickers() -> tuple[Model, ...]:
    """The networks that pick objects by clicks, damaged ones left out."""
    return tuple(found for found in installed() if found.picker is not None)


def picker_state(name: str) -> tuple[object, ...]:
    """Another one after the description of this network came, went or was changed."""
    return tuple(_changed(str(place / name / PICKER_CONFIG)) for place in folders())


def _model(folder: Path, *, shipped: bool) -> Model:
    if has_graph(folder):
        return _own_model(folder, GRAPH_CONFIG, shipped=shipped)
    if has_picker(folder):
        return _own_model(folder, PICKER_CONFIG, shipped=shipped)
    try:
        config = ModelConfig.from_json(_text(folder / CONFIG))
        int8 = frozenset[str]() if config.int8 is None else config.int8.files
        missing = [name for name in {WEIGHTS, *config.graphs.values(), *int8} if name not in config.sha256]
        if missing:
            raise ValueError(f"sha256: {', '.join(sorted(missing))}")
    except (OSError, ValueError, RecursionError) as error:
        return Model(folder.name, folder, None, shipped, f"{CONFIG}: {error}")
    return Model(folder.name, folder, config, shipped)


def _own_model(folder: Path, file: str, *, shipped: bool) -> Model:
    """One that a person brought: a graph, and the `file` that describes it."""
    try:
        text = _text(folder / file)
        graph = GraphConfig.from_toml(text) if file == GRAPH_CONFIG else None
        picker = PickerConfig.from_toml(text) if file == PICKER_CONFIG else None
        found = Model(folder.name, folder, None, shipped, graph=graph, picker=picker)
    except (OSError, ValueError, RecursionError) as error:
        return Model(folder.name, folder, None, shipped, f"{file}: {error}")
    missing = [name for name in found.sha256 if not (folder / name).is_file()]
    if missing:
        return Model(folder.name, folder, None, shipped, _("{file} is missing").format(file=", ".join(missing)))
    return found


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(LONGEST_CONFIG + 1)
    if len(data) > LONGEST_CONFIG:
        raise ValueError("too long")
    return data.decode()
