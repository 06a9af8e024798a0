"""Published weights under our own names: tables of keys, with every key and shape held against the network.

What a file says is never trusted: no key passes that the table does not name, and no array of another shape. Files are
read elsewhere, and networks filled in `loading`; here are names and arrays alone, without torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.errors import UnsuitableWeights
from lacuna.i18n import _

Array = NDArray[Any]
Shape = tuple[int, ...]

NAMED = 4  # misfits that a sentence lists; the error holds them all
PARALLEL = "module."  # stands before every key of a model that was trained on several cards


@dataclass(frozen=True)
class Form:
    """How a published array stands, and how ours does. `published` gets an array of ours, `ours` a published one."""

    ours: Callable[[Array], Array]
    published: Callable[[Array], Array]

    def published_shape(self, shape: Shape) -> Shape:
        return self.published(np.broadcast_to(np.float32(0), shape)).shape


AS_IT_IS = Form(lambda a: a, lambda a: a)
HWIO = Form(lambda a: a.transpose(3, 2, 0, 1), lambda a: a.transpose(2, 3, 1, 0))  # of TensorFlow; ours are OIHW
ROW = Form(lambda a: a[0], lambda a: a[None])
COLUMN = Form(lambda a: a[:, 0], lambda a: a[:, None])


def dense(side: int) -> Form:
    """A dense layer (n, 1) over a map of `side` x `side`: flattened with the channels last, ours with them first."""

    def ours(a: Array) -> Array:
        return a[:, 0].reshape(side, side, -1).transpose(2, 0, 1).reshape(1, -1)

    def published(a: Array) -> Array:
        return a[0].reshape(-1, side, side).transpose(1, 2, 0).reshape(-1, 1)

    return Form(ours, published)


@dataclass(frozen=True)
class Entry:
    """One array: its key with us, its key as published, and how it has to be turned."""

    ours: str
    published: str
    form: Form = AS_IT_IS


# Our names for what `spectral` puts in the place of a weight.
NORMED_WEIGHT = "parametrizations.weight.original"
LEFT_VECTOR = "parametrizations.weight.0.u"
RIGHT_VECTOR = "parametrizations.weight.0.v"

# The tensors of a module of PyTorch, as they are published -> as they are here.
PLAIN = {"weight": "weight", "bias": "bias"}
SPECTRAL = {"weight_orig": NORMED_WEIGHT, "weight_u": LEFT_VECTOR, "weight_v": RIGHT_VECTOR}
BIASED_SPECTRAL = {**SPECTRAL, "bias": "bias"}


def module(ours: str, published: str, tensors: Mapping[str, str] = PLAIN) -> tuple[Entry, ...]:
    """All of one module that was published by PyTorch, too."""
    return tuple(Entry(f"{ours}.{mine}", f"{published}.{theirs}") for theirs, mine in tensors.items())


@dataclass(frozen=True)
class Layout:
    """One published form of the weights of one network.

    `name` is for people, and no two have the same; `file` is how the files of this form are called, and `under` the key
    of the dictionary inside, where there are several. `conventions` is a name in `CONVENTIONS`, of a network that knows
    several; `colours` the order of channels that the weights expect. `constants` are keys that such a file holds and no
    network needs; `repeated` modules that it holds twice, the second -> the first; `foreign` tells of any other key
    whether it is of another part.
    """

    name: str
    file: str
    entries: tuple[Entry, ...]
    under: str = ""
    conventions: str = ""
    colours: str = "rgb"
    constants: frozenset[str] = frozenset()
    repeated: Mapping[str, str] = field(default_factory=dict)
    foreign: Callable[[str], bool] = lambda _key: False


def taken_over(layout: Layout, published: Mapping[str, Array], shapes: Mapping[str, Shape]) -> dict[str, Array]:
    """The arrays under our keys, in our form, in the order of `shapes`: the keys and shapes of the network.

    Raises UnsuitableWeights, which names what is missing, too much, of another shape, or no copy where it should be.
    """
    entries = {entry.ours: entry for entry in layout.entries}
    given = dict(zip(bare(published), published.values(), strict=True))
    wrong = (*misfits(layout, {key: value.shape for key, value in given.items()}, shapes), *_changed(layout, given))
    if wrong:
        raise unsuitable(layout, wrong)
    return {key: np.ascontiguousarray(entries[key].form.ours(given[entries[key].published])) for key in shapes}


def misfits(layout: Layout, found: Mapping[str, Shape], shapes: Mapping[str, Shape]) -> tuple[str, ...]:
    """What of a file with these keys and shapes does not fit the network, in words; nothing if all does."""
    ours = {entry.ours for entry in layout.entries}
    if ours != shapes.keys():
        raise ValueError(f"{layout.name} is of another network: {sorted(ours ^ shapes.keys())}")
    given = dict(zip(bare(found), found.values(), strict=True))
    return (*_misplaced(layout, given), *_misshapen(layout, given, shapes))


def given_back(layout: Layout, ours: Mapping[str, Array]) -> dict[str, Array]:
    """The way back: arrays of ours as the layout has them, without its constants and copies."""
    return {entry.published: np.ascontiguousarray(entry.form.published(ours[entry.ours])) for entry in layout.entries}


def recognised(keys: Collection[str], layouts: Collection[Layout]) -> list[Layout]:
    """The layouts that these keys fit best, in the order given: those that share most keys, and at least half of them.

    Raises UnsuitableWeights if there is none.
    """
    found = set(bare(keys))
    shares = {layout.name: _share(layout, found) for layout in layouts}
    best = max(shares.values(), default=0.0)
    if best < 0.5:
        raise UnsuitableWeights(
            _("These are not weights of a network that Lacuna knows."),
            hint=_("Choose the file of a generator, as it was published."),
        )
    return [layout for layout in layouts if math.isclose(shares[layout.name], best)]


def bare(keys: Collection[str]) -> list[str]:
    """Keys without what stands before all of them where a model was trained on several cards."""
    together = all(key.startswith(PARALLEL) for key in keys)
    return [key.removeprefix(PARALLEL) if together else key for key in keys]


def unsuitable(layout: Layout, misfits: Sequence[str]) -> UnsuitableWeights:
    """The error for people, which names the first few misfits and holds them all."""
    listed = ", ".join(misfits[:NAMED])
    if len(misfits) > NAMED:
        listed += _(", and {count} more").format(count=len(misfits) - NAMED)
    return UnsuitableWeights(
        _("These are not the weights of “{name}”: {misfits}.").format(name=layout.name, misfits=listed),
        hint=_("Choose the file that was published as {file}.").format(file=layout.file),
        misfits=tuple(misfits),
    )


def _share(layout: Layout, keys: set[str]) -> float:
    expected = {entry.published for entry in layout.entries} | layout.constants
    return len(expected & keys) / len(expected)


def _misplaced(layout: Layout, given: Mapping[str, Shape]) -> Iterable[str]:
    """What is missing, and what is too much."""
    expected = {entry.published for entry in layout.entries}
    passed_over = layout.constants | _copies(layout).keys()
    for entry in layout.entries:
        if entry.published not in given:
            yield _("{key} is missing").format(key=entry.published)
    for key in given:
        if key not in expected and key not in passed_over and not layout.foreign(key):
            yield _("{key} is unknown").format(key=key)


def _changed(layout: Layout, given: Mapping[str, Array]) -> Iterable[str]:
    """What is twice there and not the same."""
    for copy, original in _copies(layout).items():
        if copy in given and original in given and not np.array_equal(given[copy], given[original]):
            yield _("{key} differs from {other}").format(key=copy, other=original)


def _copies(layout: Layout) -> dict[str, str]:
    """The keys that a file may hold a second time -> those that they repeat."""
    return {
        f"{second}{entry.published.removeprefix(first)}": entry.published
        for second, first in layout.repeated.items()
        for entry in layout.entries
        if entry.published.startswith(f"{first}.")
    }


def _misshapen(layout: Layout, given: Mapping[str, Shape], shapes: Mapping[str, Shape]) -> Iterable[str]:
    for entry in layout.entries:
        wanted = entry.form.published_shape(shapes[entry.ours])
        found = given.get(entry.published, wanted)
        if found != wanted:
            yield _("{key} has the shape {found}, not {wanted}").format(
                key=entry.published, found=_sides(found), wanted=_sides(wanted)
            )


def _sides(shape: Shape) -> str:
    return " x ".join(str(side) for side in shape) or "1"
