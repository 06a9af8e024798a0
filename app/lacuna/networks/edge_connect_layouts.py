"""The published layouts of EdgeConnect's weights: one file a network. Torch is not needed here."""

from __future__ import annotations

from collections.abc import Mapping

from lacuna.networks.layout import BIASED_SPECTRAL, PLAIN, SPECTRAL, Entry, Layout, module


def _generator(tensors: Mapping[str, str], of_residuals: Mapping[str, str]) -> tuple[Entry, ...]:
    return (
        *module("body.encoder.0.convolution", "encoder.1", tensors),
        *module("body.encoder.1.convolution", "encoder.4", tensors),
        *module("body.encoder.2.convolution", "encoder.7", tensors),
        *(
            entry
            for block in range(8)
            for mine, theirs in (("first.convolution", 1), ("second", 5))
            for entry in module(f"body.residuals.{block}.{mine}", f"middle.{block}.conv_block.{theirs}", of_residuals)
        ),
        *module("body.decoder.0.convolution", "decoder.0", tensors),
        *module("body.decoder.1.convolution", "decoder.3", tensors),
        *module("body.last", "decoder.7"),
    )


_DISCRIMINATOR = tuple(entry for i in range(5) for entry in module(f"convolutions.{i}", f"conv{i + 1}.0", SPECTRAL))
_TWICE = {"features.0": "conv1.0"}

EDGE_GENERATOR = Layout(
    "EdgeConnect (edges)", "EdgeModel_gen.pth", _generator(BIASED_SPECTRAL, SPECTRAL), under="generator"
)
IMAGE_GENERATOR = Layout("EdgeConnect (image)", "InpaintingModel_gen.pth", _generator(PLAIN, PLAIN), under="generator")
EDGE_DISCRIMINATOR = Layout(
    "EdgeConnect (critic of edges)", "EdgeModel_dis.pth", _DISCRIMINATOR, under="discriminator", repeated=_TWICE
)
IMAGE_DISCRIMINATOR = Layout(
    "EdgeConnect (critic of images)", "InpaintingModel_dis.pth", _DISCRIMINATOR, under="discriminator", repeated=_TWICE
)
