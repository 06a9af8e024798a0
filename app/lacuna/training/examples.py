"""What is looked at while a training runs: the same crops each time, as a sheet of pictures and in numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lacuna.errors import UnreadableFile
from lacuna.i18n import _
from lacuna.imaging.atomic import write_atomically
from lacuna.imaging.contact_sheet import ContactSheet
from lacuna.imaging.photo import Hole
from lacuna.metrics.fidelity import detail, psnr
from lacuna.networks.conventions import Start
from lacuna.training import film
from lacuna.training.chance import Dice
from lacuna.training.feeding import Feeder, batch_of
from lacuna.training.photos import ENDINGS
from lacuna.training.stage import Batch, Painted, Stage

# Of the fill, of one guided by the true edges, of the soft fill; detail of the first.
MEASURES = ("psnr", "psnr_guided", "psnr_soft", "detail")
COUNT = 48  # crops that are measured
TOGETHER = 8  # painted at a time
VIEW = 256  # pixels of a picture that a crop shows along each side, at least
DRAWN = 8  # rows of the sheet
MARKED = np.array([255, 0, 255], np.uint8)  # how a hole is shown
SEED = 1 << 20  # of the crops of photos that are trained on, where no others are given


@dataclass(frozen=True, eq=False)
class Examples:
    """`image` (n, 3, S, S) in [0, 1] and `hole` (n, 1, S, S) on the processor; `soft` is `image` filled softly.

    `start` is what the network finds in the hole.
    """

    image: Tensor
    hole: Tensor
    soft: Tensor
    start: Start

    def measure(self, stage: Stage, mean: torch.nn.Module, device: torch.device) -> dict[str, float]:
        """Means in the holes."""
        values: dict[str, list[float]] = {name: [] for name in MEASURES}
        if not stage.paints:
            return dict.fromkeys(MEASURES, math.nan)
        for part in self._parts(len(self.image)):
            truth, soft = _pixels(self.image[part]), _pixels(self.soft[part])
            holes = self.hole[part, 0].numpy() > 0
            with torch.no_grad():
                plain, led = (
                    _pixels(stage.shown(painted, batch)[1])
                    for batch, painted in self._painted(part, stage, mean, device)
                )
            for number, hole in enumerate(holes):
                values["psnr"].append(psnr(truth[number], plain[number], hole))
                values["psnr_guided"].append(psnr(truth[number], led[number], hole) if stage.needs_edges else math.nan)
                values["psnr_soft"].append(psnr(truth[number], soft[number], hole))
                values["detail"].append(detail(truth[number], plain[number], hole))
        return {
            name: float(np.mean([v for v in some if math.isfinite(v)] or [math.nan])) for name, some in values.items()
        }

    def draw(self, path: Path, stage: Stage, mean: torch.nn.Module, device: torch.device) -> None:
        """A PNG with a row for each of the first crops: input, first picture, result, truth."""
        import cv2

        sheet = ContactSheet()
        for part in self._parts(DRAWN):
            with torch.no_grad():
                batch, painted = next(self._painted(part, stage, mean, device))
                columns = [self.image[part], *stage.shown(painted, batch), self.image[part]]
            drawn = [_pixels(column) for column in columns]
            drawn[0][self.hole[part, 0].numpy() > 0] = MARKED
            for row in zip(*drawn, strict=True):
                sheet.add(list(zip(row, ("input", "coarse", "result", "truth"), strict=True)))
        path.parent.mkdir(parents=True, exist_ok=True)
        _ok, data = cv2.imencode(".png", cv2.cvtColor(sheet.page(), cv2.COLOR_RGB2BGR))
        write_atomically(path, [data.tobytes()])

    def _parts(self, count: int) -> Iterator[slice]:
        count = min(count, len(self.image))
        return (slice(start, min(start + TOGETHER, count)) for start in range(0, count, TOGETHER))

    def _painted(
        self, part: slice, stage: Stage, mean: torch.nn.Module, device: torch.device
    ) -> Iterator[tuple[Batch, Painted]]:
        """Without lines in the holes, and then with the true ones."""
        image, hole = self.image[part].to(device), self.hole[part].to(device)
        for guided in (0.0, 1.0) if stage.needs_edges else (0.0, 0.0):
            shown = torch.full((len(image), 1, 1, 1), guided, device=device)
            batch = batch_of(image, hole, shown, Dice(0, device).at(0), self.start, edged=stage.needs_edges)
            yield batch, stage.paint(mean, batch)


def of_photos(feeder: Feeder, device: torch.device) -> Examples:
    """Crops of the photos that are trained on: to look at, but no measure of what was learned."""
    dice = Dice(SEED, device)
    batches = [feeder.batch(dice.at(number)) for number in range(-(-COUNT // feeder.count))]
    image, hole = (torch.cat([getattr(batch, name) for batch in batches])[:COUNT].cpu() for name in ("image", "hole"))
    return _examples(image, hole, feeder.start)


def of_folder(folder: Path, size: int, start: Start) -> Examples:
    """Crops around the holes of pictures with masks beside them (NAME-KIND.png for NAME.webp), taken evenly."""
    import cv2

    pairs = sorted(
        (mask, picture)
        for picture in folder.iterdir()
        if picture.suffix.lower() in ENDINGS
        for mask in folder.glob(f"{picture.stem}-*.png")
    )
    images, holes = [], []
    for number in np.linspace(0, len(pairs) - 1, min(COUNT, len(pairs))).round().astype(int):
        mask, picture = pairs[number]
        pixels, marks = cv2.imread(str(picture), cv2.IMREAD_COLOR), cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
        if pixels is None or marks is None or pixels.shape[:2] != marks.shape or min(marks.shape) < size:
            continue
        pixels, hole = _reduced(pixels, marks >= 128, size)
        corner = [
            _start(np.flatnonzero(hole.any(axis)), size, side) for axis, side in ((1, len(hole)), (0, hole.shape[1]))
        ]
        rows, columns = (slice(start, start + size) for start in corner)
        if hole[rows, columns].any():
            images.append(cv2.cvtColor(pixels[rows, columns], cv2.COLOR_BGR2RGB))
            holes.append(hole[rows, columns])
    if not images:
        sentence = _("There are no pictures of {size} x {size} pixels with masks beside them in {path}.")
        raise UnreadableFile(sentence.format(size=size, path=folder))
    image = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
    return _examples(image.contiguous(), torch.from_numpy(np.stack(holes))[:, None].float(), start)


def _reduced(pixels: NDArray[Any], hole: Hole, size: int) -> tuple[NDArray[Any], Hole]:
    """Smaller, where a crop of `size` would show less than VIEW pixels a side: large holes need something around."""
    import cv2

    height, width = hole.shape
    factor = max(size / min(height, width), min(1.0, size / VIEW))
    if factor == 1.0:
        return pixels, hole
    smaller = (max(size, round(width * factor)), max(size, round(height * factor)))
    reduced = cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA)
    return np.asarray(reduced), np.asarray(
        cv2.resize(hole.view(np.uint8), smaller, interpolation=cv2.INTER_NEAREST)
    ) > 0


def _start(marked: NDArray[np.intp], size: int, side: int) -> int:
    middle = int(marked[[0, -1]].mean()) if len(marked) else side // 2
    return min(max(0, middle - size // 2), side - size)


def _examples(image: Tensor, hole: Tensor, start: Start) -> Examples:
    return Examples(image, hole, film.filled(image, hole), start)


def _pixels(pictures: Tensor) -> NDArray[np.uint8]:
    """(n, S, S, 3) uint8."""
    return (pictures.float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().contiguous().numpy()
