"""The published layouts of PEN-Net's weights, as its authors' PyTorch version saves them. Torch is not needed here."""

from __future__ import annotations

from collections.abc import Iterator

from lacuna.networks.layout import SPECTRAL, Entry, Layout, module


def _generator() -> Iterator[Entry]:
    for level in range(6):
        yield from module(f"encoder.{level}", f"dw_conv0{level + 1}.0")
    for level in range(4):  # the deepest transfer has no convolutions
        for i in range(4):
            yield from module(f"transfers.{level}.fuse.{i}", f"at_conv0{level + 1}.conv0{i}.0")
    for level in range(5):
        yield from module(f"decoder.{level}", f"up_conv0{level + 1}.0")
        yield from module(f"pictures.{level}", f"torgb{level + 1}.0")
    yield from module("painter.0", "decoder.0")
    yield from module("painter.2", "decoder.2")


def _discriminator() -> Iterator[Entry]:
    for i in range(4):
        yield from module(f"encoder.{i}", f"encoder.{2 * i}", SPECTRAL)
    yield from module("classifier", "classifier")


GENERATOR = Layout("PEN-Net", "gen_*.pth", tuple(_generator()), under="netG")
DISCRIMINATOR = Layout("PEN-Net (critic)", "dis_*.pth", tuple(_discriminator()), under="netD")
