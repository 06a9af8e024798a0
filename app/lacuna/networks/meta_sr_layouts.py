"""The published layouts of Meta-SR's weights, a plain dictionary for networks of any size. Torch is not needed here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lacuna.contract.enlargement import Rule
from lacuna.networks.layout import Array, Entry, Form, Layout, Shape, module
from lacuna.networks.meta_sr_sizes import EDSR, LARGEST, RDN, Sizes

FILE = "model_*.pt"  # of the authors' last epoch model_1000.pt
WIDE, CALMED = 256, 0.1  # EDSR: so many features come with this residual scale, which no file tells


def _ours(kernels: Array) -> Array:
    """Kernels by feature, row, column and colour, as they are published, by colour, row, column and feature."""
    return kernels.reshape(-1, 3, 3, 3, *kernels.shape[1:]).swapaxes(0, 3).reshape(kernels.shape)


def _published(kernels: Array) -> Array:
    return kernels.reshape(3, 3, 3, -1, *kernels.shape[1:]).swapaxes(0, 3).reshape(kernels.shape)


BY_FEATURE = Form(_ours, _published)


def rdn(sizes: Sizes = RDN) -> Layout:
    """Meta-RDN of this size."""
    return _layout("Meta-RDN", FILE, _rdn(int(sizes["blocks"]), int(sizes["layers"])))


def edsr(sizes: Sizes = EDSR) -> Layout:
    """Meta-EDSR of this size."""
    return _layout("Meta-EDSR", FILE, _edsr(int(sizes["blocks"])))


def rdn_sizes(shapes: Mapping[str, Shape]) -> dict[str, float]:
    """The size of a network with these keys and shapes; as published what they do not tell."""
    return _told(
        RDN,
        features=_first(shapes, "SFENet1.bias"),
        blocks=_count(shapes, r"RDBs\.(\d{1,4})\.LFF\.weight"),
        layers=_count(shapes, r"RDBs\.0\.convs\.(\d{1,4})\.conv\.0\.weight"),
        growth=_first(shapes, "RDBs.0.convs.0.conv.0.bias"),
        hidden=_first(shapes, "P2W.meta_block.0.bias"),
    )


def edsr_sizes(shapes: Mapping[str, Shape]) -> dict[str, float]:
    """The same of an EDSR."""
    told = _told(
        EDSR,
        features=_first(shapes, "head.0.bias"),
        blocks=_count(shapes, r"body\.(\d{1,4})\.body\.0\.weight"),
        hidden=_first(shapes, "P2W.meta_block.0.bias"),
    )
    return told | {"residual": CALMED if told["features"] >= WIDE else told["residual"]}


def _layout(name: str, file: str, extractor: Iterator[Entry]) -> Layout:
    entries = (
        *module("sub_mean", "sub_mean"),
        *extractor,
        *module("predictor.units", "P2W.meta_block.0"),
        *(
            Entry(f"predictor.kernels.{tensor}", f"P2W.meta_block.2.{tensor}", BY_FEATURE)
            for tensor in ("weight", "bias")
        ),
        *module("add_mean", "add_mean"),
    )
    return Layout(name, file, entries, conventions=Rule.PUBLISHED.value)


def _rdn(blocks: int, layers: int) -> Iterator[Entry]:
    yield from module("extractor.first", "SFENet1")
    yield from module("extractor.second", "SFENet2")
    for block in range(blocks):
        mine, theirs = f"extractor.blocks.{block}", f"RDBs.{block}"
        for layer in range(layers):
            yield from module(f"{mine}.layers.{layer}", f"{theirs}.convs.{layer}.conv.0")
        yield from module(f"{mine}.fusion", f"{theirs}.LFF")
    yield from module("extractor.gathering", "GFF.0")
    yield from module("extractor.last", "GFF.1")


def _edsr(blocks: int) -> Iterator[Entry]:
    yield from module("extractor.first", "head.0")
    for block in range(blocks):
        yield from module(f"extractor.blocks.{block}.first", f"body.{block}.body.0")
        yield from module(f"extractor.blocks.{block}.second", f"body.{block}.body.2")
    yield from module("extractor.last", f"body.{blocks}")


def _told(published: Sizes, **found: int | None) -> dict[str, float]:
    """What was found, if it is no more than a network may have: files can claim anything."""
    fitting = {name: size for name, size in found.items() if size is not None and 0 < size <= LARGEST[name]}
    return dict(published) | fitting


def _first(shapes: Mapping[str, Shape], key: str) -> int | None:
    """How many channels a bias has, or None if that is none."""
    shape = shapes.get(key, ())
    return shape[0] if len(shape) == 1 else None


def _count(shapes: Mapping[str, Shape], pattern: str) -> int | None:
    """One more than the highest number in keys of this form."""
    numbers = [int(match[1]) for match in map(re.compile(pattern).fullmatch, shapes) if match]
    return max(numbers) + 1 if numbers else None
