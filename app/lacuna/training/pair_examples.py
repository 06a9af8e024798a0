"""What is looked at while a network learns to enlarge: the same crops at some factors, as a sheet and in numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lacuna.contract.enlargement import by_factor
from lacuna.errors import UnreadableFile
from lacuna.i18n import _
from lacuna.imaging.atomic import write_atomically
from lacuna.imaging.contact_sheet import ContactSheet
from lacuna.imaging.names import masks_among
from lacuna.metrics.shaved import border_of, luma_psnr
from lacuna.training.chance import Dice
from lacuna.training.pairs import Pair, PairFeeder, paired
from lacuna.training.photos import ENDINGS
from lacuna.training.stage import Stage

FACTORS = tuple(map(Fraction, ("1.3", "2", "3", "4")))
DRAWN_FACTOR = FACTORS[2]
COUNT = 12  # crops that are measured
SIDE = 192  # of the truth
DRAWN = 8  # rows of the sheet
SEED = 1 << 20  # of the crops of photos that are trained on, where no others are given
MEASURES = tuple(f"{kind}_x{float(factor):g}" for kind in ("psnr", "bicubic") for factor in FACTORS)


@dataclass(frozen=True, eq=False)
class PairExamples:
    """`windows` (n, 3, S, S), uint8 on the processor: crops of photos, which end there."""

    windows: Tensor

    def measure(self, stage: Stage, mean: nn.Module, device: torch.device) -> dict[str, float]:
        """PSNR of the luma in dB, without the border, of the network and of the cubic kernel at each factor."""
        found = {}
        for factor in FACTORS:
            ours, plain = [], []
            for truth, cubic, result in self._enlarged(stage, mean, factor, device, len(self.windows)):
                ours.append(luma_psnr(truth, result, border_of(factor)))
                plain.append(luma_psnr(truth, cubic, border_of(factor)))
            found[f"psnr_x{float(factor):g}"] = float(np.mean(ours))
            found[f"bicubic_x{float(factor):g}"] = float(np.mean(plain))
        return found

    def draw(self, path: Path, stage: Stage, mean: nn.Module, device: torch.device) -> None:
        """A PNG with a row for each of the first crops: by the cubic kernel, by the network, truth."""
        import cv2

        sheet = ContactSheet()
        for truth, cubic, result in self._enlarged(stage, mean, DRAWN_FACTOR, device, DRAWN):
            sheet.add([(cubic, "bicubic"), (result, "result"), (truth, "truth")])
        path.parent.mkdir(parents=True, exist_ok=True)
        _ok, data = cv2.imencode(".png", cv2.cvtColor(sheet.page(), cv2.COLOR_RGB2BGR))
        write_atomically(path, [data.tobytes()])

    def _enlarged(
        self, stage: Stage, mean: nn.Module, factor: Fraction, device: torch.device, count: int
    ) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]]:
        """Truth, cubic kernel and network of each of the first crops, 8 bits as they would be saved."""
        for window in self.windows[:count]:
            pair = _pair(window[None].to(device), factor)
            with torch.no_grad():
                cubic, result = stage.shown(stage.paint(mean, pair), pair)
            yield _pixels(pair.large / 255), _pixels(cubic), _pixels(result)


def _pair(window: Tensor, factor: Fraction) -> Pair:
    """A crop and what becomes of it, reduced as if it were a whole picture: beyond it stand its edges."""
    height, width = (math.floor(side / factor) for side in window.shape[-2:])
    enlargement = by_factor(height, width, factor)
    cut = window[..., : enlargement.rows, : enlargement.columns]
    rim = math.ceil(3 * factor) + 1
    around = nn.functional.pad(cut.double(), (rim, rim, rim, rim), mode="replicate")
    return paired(around, enlargement, rim)


def of_photos(feeder: PairFeeder, device: torch.device) -> PairExamples:
    """Crops of the photos that are trained on: to look at, but no measure of what was learned."""
    side = min(SIDE, int(torch.minimum(feeder.photos.heights, feeder.photos.widths).max()))
    return PairExamples(feeder.photos.windows(Dice(SEED, device).at(0), COUNT, side, 0).cpu())


def of_folder(folder: Path) -> PairExamples:
    """The middles of some pictures of a folder, taken evenly; no masks (NAME-KIND.png beside NAME.webp)."""
    import cv2

    crops = []
    pictures = _pictures(folder)
    for number in np.linspace(0, len(pictures) - 1, min(COUNT, len(pictures))).round().astype(int):
        pixels = cv2.imread(str(pictures[number]), cv2.IMREAD_COLOR)
        if pixels is None or min(pixels.shape[:2]) < SIDE:
            continue
        top, left = ((side - SIDE) // 2 for side in pixels.shape[:2])
        crop = pixels[top : top + SIDE, left : left + SIDE]
        crops.append(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB))
    if not crops:
        sentence = _("There are no pictures of {size} x {size} pixels in {path}.")
        raise UnreadableFile(sentence.format(size=SIDE, path=folder))
    return PairExamples(torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2))


def _pictures(folder: Path) -> Sequence[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    masks = masks_among(found)
    return [path for path in found if path not in masks]


def _pixels(picture: Tensor) -> NDArray[np.uint8]:
    """(rows, columns, 3) uint8 of the only one of a batch in [0, 1]."""
    found = (picture[0].float().clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
    return found.cpu().contiguous().numpy()
