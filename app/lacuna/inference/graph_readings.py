"""As what a graph's inputs can be read: every likely reading, before one of them is tried.

What the shapes and dtypes leave open is varied; words that the person gives are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from lacuna.contract.graph_config import CHOICES, LAYOUTS, READING_FIELDS, GraphReading
from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.inference.own_graph import DTYPES, Port

MASK_RANGES = {"0..1": ("0..1",), "-1..1": ("0..1", "-1..1"), "0..255": ("0..1", "0..255")}
IN_ONE_MASK_RANGES = {name: (*ranges, "-0.5..0.5") for name, ranges in MASK_RANGES.items() if name != "0..255"}


def likely(inputs: Sequence[Port], outputs: Sequence[Port], said: Mapping[str, str]) -> tuple[GraphReading, ...]:
    """The readings that differ in what goes in, the usual ones first; none for a graph that cannot be one for filling.

    `said` are fields that the person has settled. Raises InvalidParameter for a word that means nothing there.
    """
    pictures = [port.name for port in outputs if len(port.shape) in (0, 3, 4)]
    if not pictures or any(port.dtype not in DTYPES.values() for port in inputs):
        return ()
    require_known(said, inputs, outputs)
    found = (replace(reading, **said) for reading in (*_apart(inputs, pictures[0]), *_in_one(inputs, pictures[0])))
    return tuple(dict.fromkeys(found))


def with_another_hole(reading: GraphReading, said: Mapping[str, str]) -> tuple[GraphReading, ...]:
    """The reading with the other things that may stand in the hole."""
    if "hole" in said:
        return ()
    words = [word for word in CHOICES["hole"] if word != reading.hole]
    if not reading.range.startswith("-"):  # there zero is black
        words.remove("black")
    return tuple(replace(reading, hole=word) for word in words)


def with_other_colours(reading: GraphReading, said: Mapping[str, str]) -> tuple[GraphReading, ...]:
    """The reading with the other order of channels."""
    return () if "colours" in said else (replace(reading, colours="rgb" if reading.colours == "bgr" else "bgr"),)


def require_known(said: Mapping[str, str], inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
    """Raise InvalidParameter, naming what there is, unless each is a field of a reading with a word that it knows."""
    words = {
        **CHOICES,
        "image": tuple(port.name for port in inputs),
        "mask": ("", *(port.name for port in inputs)),
        "output": tuple(port.name for port in outputs),
    }
    for name, word in said.items():
        if name not in words:
            raise InvalidParameter(
                _("A reading has no “{name}”.").format(name=name),
                hint=_("There are: {names}.").format(names=", ".join(READING_FIELDS)),
            )
        if word not in words[name]:
            raise InvalidParameter(
                _("“{value}” does not fit the setting “{name}”.").format(value=word, name=name),
                hint=_("Choose one of: {words}.").format(words=", ".join(filter(None, words[name]))),
            )


def _apart(inputs: Sequence[Port], output: str) -> Iterator[GraphReading]:
    """A picture and a mask as two inputs."""
    if len(inputs) != 2:
        return
    orders = [(image, mask) for image, mask in (inputs, inputs[::-1]) if _layouts(image, 3) and _layouts(mask, 1)]
    orders.sort(key=lambda order: "mask" not in order[1].name.lower())
    for image, mask in orders:
        for layout in _layouts(image, 3):
            masks = _layouts(mask, 1)
            mask_layout = layout if layout in masks else masks[0]
            if not _agree(image.size(layout), mask.size(mask_layout)):
                continue
            for shown, ones in product(_ranges(image, mask), CHOICES["ones"]):
                yield GraphReading(
                    image.name,
                    mask.name,
                    output,
                    layout=layout,
                    mask_layout=mask_layout,
                    range=shown[0],
                    mask_range=shown[1],
                    ones=ones,
                    output_range=shown[0],
                )


def _in_one(inputs: Sequence[Port], output: str) -> Iterator[GraphReading]:
    """A picture with the mask as its fourth channel."""
    if len(inputs) != 1:
        return
    (both,) = inputs
    for layout in _layouts(both, 4):
        for shown, channels, ones in product(_ranges(both, None), CHOICES["channels"], CHOICES["ones"]):
            yield GraphReading(
                both.name,
                "",
                output,
                layout=layout,
                mask_layout=layout,
                channels=channels,
                range=shown[0],
                mask_range=shown[1],
                ones=ones,
                output_range=shown[0],
            )


def _layouts(port: Port, channels: int) -> tuple[str, ...]:
    """The layouts that it could have; if some of them find their channels told in its shape, these alone."""
    found = tuple(layout for layout in (*LAYOUTS, "hw") if port.takes(layout, channels))
    told = tuple(layout for layout in found if "c" in layout and port.shape[layout.index("c")] == channels)
    return told or found


def _agree(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return all(0 in pair or pair[0] == pair[1] for pair in zip(one, other, strict=True))


def _ranges(image: Port, mask: Port | None) -> list[tuple[str, str]]:
    """Pairs of what the picture's and the mask's numbers may be, by their dtypes."""
    if image.dtype == "bool":
        return []
    pictures = ("0..255",) if _whole(image) else tuple(MASK_RANGES)
    if mask is None:
        return [(own, other) for own in pictures for other in IN_ONE_MASK_RANGES.get(own, MASK_RANGES[own])]
    if mask.dtype == "bool":
        return [(own, "0..1") for own in pictures]
    if _whole(mask):
        return [(own, other) for own in pictures for other in ("0..255", "0..1")]
    return [(own, other) for own in pictures for other in MASK_RANGES[own]]


def _whole(port: Port) -> bool:
    return port.dtype.startswith(("int", "uint"))
