"""Published weights under our own names: tables of keys, with every key and shape held against the network.

What a file says is never trusted: no key passes that the table does not name, and no array of another shape. Files are
read elsewhere; here are names and arrays alone, without torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.errors import UnsuitableWeights
from lacuna.i18n import _

Array = NDArray[Any]
Shape = tuple[int, ...]

NAMED = 5  # misfits that a sentence lists; the error holds them all


@dataclass(frozen=True)
class Form:
    """How a published array stands, and how ours does. `published` gets an array of ours, `ours` a published one."""

    ours: Callable[[Array], Array]
    published: Callable[[Array], Array]
    axes: int  # of the published array

    def published_shape(self, shape: Shape) -> Shape:
        return self.published(np.broadcast_to(np.float32(0), shape)).shape


def _turned(*axes: int) -> Form:
    back = tuple(int(axis) for axis in np.argsort(axes))
    return Form(lambda a: a.transpose(axes), lambda a: a.transpose(back), len(axes))


def plain(axes: int) -> Form:
    """As it is."""
    return _turned(*range(axes))


HWIO = _turned(3, 2, 0, 1)  # a kernel of TensorFlow; ours are OIHW
ROW = Form(lambda a: a[0], lambda a: a[None], 2)
COLUMN = Form(lambda a: a[:, 0], lambda a: a[:, None], 2)


def dense(side: int) -> Form:
    """A dense layer (n, 1) over a map of `side` x `side`: flattened with the channels last, ours with them first."""

    def ours(a: Array) -> Array:
        return a[:, 0].reshape(side, side, -1).transpose(2, 0, 1).reshape(1, -1)

    def published(a: Array) -> Array:
        return a[0].reshape(-1, side, side).transpose(1, 2, 0).reshape(-1, 1)

    return Form(ours, published, 2)


@dataclass(frozen=True)
class Entry:
    """One array: its key with us, its key as published, and how it has to be turned."""

    ours: str
    published: str
    form: Form


@dataclass(frozen=True)
class Layout:
    """One published form of the weights of one network.

    `conventions` is a name in `CONVENTIONS`, `colours` the order of channels that the weights expect. `constants` are
    keys that such a file holds and no network needs; `foreign` tells of any other key whether it is of another part.
    """

    name: str
    conventions: str
    colours: str
    entries: tuple[Entry, ...]
    constants: frozenset[str] = frozenset()
    foreign: Callable[[str], bool] = lambda _key: False


def taken_over(layout: Layout, published: Mapping[str, Array], shapes: Mapping[str, Shape]) -> dict[str, Array]:
    """The arrays under our keys, in our form, in the order of `shapes`: the keys and shapes of the network.

    Raises UnsuitableWeights, which names what is missing, too much, or of another shape.
    """
    entries = {entry.ours: entry for entry in layout.entries}
    if entries.keys() != shapes.keys():
        raise ValueError(f"{layout.name} is of another network: {sorted(entries.keys() ^ shapes.keys())}")
    expected = {entries[key].published for key in shapes}
    misfits = [_("{key} is missing").format(key=key) for key in expected - published.keys()]
    misfits += [
        _("{key} is unknown").format(key=key)
        for key in published.keys() - expected - layout.constants
        if not layout.foreign(key)
    ]
    for key, shape in shapes.items():
        entry = entries[key]
        wanted = entry.form.published_shape(shape)
        found = published[entry.published].shape if entry.published in published else wanted
        if found != wanted:
            misfits.append(
                _("{key} has the shape {found}, not {wanted}").format(
                    key=entry.published, found=_sides(found), wanted=_sides(wanted)
                )
            )
    if misfits:
        raise _unsuitable(layout, sorted(misfits))
    return {key: np.ascontiguousarray(entries[key].form.ours(published[entries[key].published])) for key in shapes}


def given_back(layout: Layout, ours: Mapping[str, Array]) -> dict[str, Array]:
    """The way back: arrays of ours as the layout has them, without its constants."""
    return {entry.published: np.ascontiguousarray(entry.form.published(ours[entry.ours])) for entry in layout.entries}


def recognised(keys: Collection[str], layouts: Collection[Layout]) -> list[Layout]:
    """The layouts that these keys fit best, in the order given: those that share most keys, and at least half of them.

    Raises UnsuitableWeights if there is none.
    """
    shares = {layout.name: _share(layout, keys) for layout in layouts}
    best = max(shares.values(), default=0.0)
    if best < 0.5:
        raise UnsuitableWeights(
            _("These are not weights of a network that Lacuna knows."),
            hint=_("Choose the file of a generator, as it was published."),
        )
    return [layout for layout in layouts if math.isclose(shares[layout.name], best)]


def _share(layout: Layout, keys: Collection[str]) -> float:
    expected = {entry.published for entry in layout.entries} | layout.constants
    return len(expected.intersection(keys)) / len(expected)


def _unsuitable(layout: Layout, misfits: list[str]) -> UnsuitableWeights:
    listed = ", ".join(misfits[:NAMED])
    if len(misfits) > NAMED:
        listed += _(", and {count} more").format(count=len(misfits) - NAMED)
    return UnsuitableWeights(
        _("These are not the weights of “{name}”: {misfits}.").format(name=layout.name, misfits=listed),
        hint=_("Choose the file of a generator, as it was published."),
        misfits=tuple(misfits),
    )


def _sides(shape: Shape) -> str:
    return " x ".join(str(side) for side in shape) or "1"
