"""All photos of a training, decoded once into one tensor; crops are cut out of it in batches, where it lies."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lacuna.errors import UnreadableFile
from lacuna.i18n import _
from lacuna.training.chance import Chance
from lacuna.training.licences import Choice

ENDINGS = (".webp", ".jpg", ".jpeg", ".png")
AHEAD = 256  # files read and waiting to be decoded
EXACT = 0.5  # share of the crops that are pixel for pixel of the photo: what is scaled is a little soft
ENLARGED, REDUCED = 0.75, 2.0  # pixels of a photo to one of the crop; two taps cannot reduce by more
SHARE_OF_MEMORY = 0.4  # of what a graphics card has free: the photos may take that much


@dataclass(frozen=True, eq=False)
class Photos:
    """`pixels` (n, 3) uint8, photo behind photo and row behind row; `first`, `heights` and `widths` (k,) int64."""

    pixels: Tensor
    first: Tensor
    heights: Tensor
    widths: Tensor

    def __len__(self) -> int:
        return len(self.first)

    def to(self, device: torch.device) -> Photos:
        """On a graphics card if there is room; else cut where they are."""
        if device.type == "cuda":
            free, _total = torch.cuda.mem_get_info(device)
            if self.pixels.nbytes > SHARE_OF_MEMORY * free:
                return self
        return replace(self, **{name: value.to(device) for name, value in vars(self).items()})

    def crops(self, chance: Chance, count: int, size: int) -> Tensor:
        """(count, 3, size, size) float32 in [0, 1] on the device of `chance`: places, scales, sides, colours by it."""
        which = chance.whole(len(self), count).to(self.first.device)
        heights, widths, first = (part[which].to(chance.device) for part in (self.heights, self.widths, self.first))
        shorter = torch.minimum(heights, widths).float()
        most = torch.clamp(shorter / size, max=REDUCED)
        scale = ENLARGED * (most.clamp(min=ENLARGED) / ENLARGED) ** chance.even(0, 1, count)
        exact = chance.often(EXACT, count) & (shorter >= size)
        window = torch.where(exact, float(size), torch.minimum(scale * size, shorter))
        top, left = (chance.even(0, 1, count) * (side - window) for side in (heights.float(), widths.float()))
        top, left = (torch.where(exact, corner.round(), corner) for corner in (top, left))
        rows = _along(top, window, heights, size)
        columns = _along(left, window, widths, size)
        mirrored = chance.often(0.5, count)[:, None]
        columns = torch.where(mirrored, columns.flip(1), columns)
        return recoloured(self._sampled(first, heights, widths, rows, columns), chance)

    def windows(self, chance: Chance, count: int, size: int, rim: int) -> Tensor:
        """(count, 3, size + 2 rim, size + 2 rim), uint8 on the device of `chance`: windows of `size`, exact, and
        what lies around them, edges continued; mirrored and turned. From photos of at least that size.
        """
        fitting = torch.nonzero(torch.minimum(self.heights, self.widths) >= size)[:, 0]
        which = fitting[chance.whole(len(fitting), count).to(fitting.device)]
        heights, widths, first = (part[which].to(chance.device) for part in (self.heights, self.widths, self.first))
        rows, columns = (self._whole(chance, side, size, rim) for side in (heights, widths))
        index = (first[:, None] + rows * widths[:, None])[:, :, None] + columns[:, None, :]
        found = self.pixels[index.to(self.pixels.device)].to(chance.device).permute(0, 3, 1, 2)
        turned = chance.often(0.5, count)[:, None, None, None]
        return torch.where(turned, found.transpose(2, 3), found)

    def _whole(self, chance: Chance, side: Tensor, size: int, rim: int) -> Tensor:
        """The pixels of a window along one axis, (B, size + 2 rim), in either direction."""
        first = (chance.even(0, 1, len(side)) * (side - size + 1)).long()
        at = first[:, None] + torch.arange(-rim, size + rim, device=side.device)
        at = torch.minimum(at.clamp(min=0), side[:, None] - 1)
        return torch.where(chance.often(0.5, len(side))[:, None], at.flip(1), at)

    def _sampled(self, first: Tensor, heights: Tensor, widths: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Bilinear, at `rows` (B, S) by `columns` (B, S), (B, 3, S, S) in [0, 1]."""
        (y0, y1, down), (x0, x1, right) = _taps(rows, heights), _taps(columns, widths)

        def row(y: Tensor) -> Tensor:
            start = (first[:, None] + y * widths[:, None])[:, :, None]
            left, other = (self._gathered(start + x[:, None, :]) for x in (x0, x1))
            return left + (other - left) * right[:, None, :, None]

        above, below = row(y0), row(y1)
        return ((above + (below - above) * down[:, :, None, None]) / 255).permute(0, 3, 1, 2).contiguous()

    def _gathered(self, index: Tensor) -> Tensor:
        return self.pixels[index.to(self.pixels.device)].to(index.device).float()


def _along(corner: Tensor, window: Tensor, side: Tensor, size: int) -> Tensor:
    """Where the middles of a crop's pixels lie along one axis of the photo, (B, S)."""
    steps = (torch.arange(size, device=corner.device) + 0.5) / size
    at = corner[:, None] + steps * window[:, None] - 0.5
    return torch.minimum(at.clamp(min=0), side[:, None] - 1.0)


def _taps(at: Tensor, side: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    before = at.floor()
    return before.long(), torch.minimum(before.long() + 1, side[:, None] - 1), at - before


def recoloured(pictures: Tensor, chance: Chance) -> Tensor:
    """Other light: saturation, contrast, brightness and the balance of colours change a little."""

    def drawn(low: float, high: float, channels: int = 1) -> Tensor:
        return chance.even(low, high, len(pictures), channels, 1, 1)

    grey = pictures.mean(1, keepdim=True)
    pictures = grey + (pictures - grey) * drawn(0.7, 1.3)
    pictures = (pictures - 0.5) * drawn(0.85, 1.15) + 0.5 + drawn(-0.06, 0.06)
    return (pictures * drawn(0.95, 1.05, 3)).clamp(0, 1)


# --- decoding ---------------------------------------------------------------------------------------------------------
def read(places: Sequence[Path], licences: Sequence[str] = ()) -> Photos:
    """The photos of packs (.tar), and of folders of packs or of pictures: all, or those of some classes of licence.

    Raises UnreadableFile if there are none, and what `Choice` does.
    """
    choice = Choice(licences)
    with ThreadPoolExecutor() as pool:
        decoded: list[NDArray[np.uint8]] = []
        waiting: list[Any] = []
        for name, data in _files(places, choice):
            waiting.append(pool.submit(_decoded, name, data))
            if len(waiting) >= AHEAD:
                decoded.append(waiting.pop(0).result())
        decoded += [one.result() for one in waiting]
    choice.require_all_known()
    if not decoded:
        sentence = _("There are no photos in {folders}.").format(folders=", ".join(map(str, places)))
        if licences:
            sentence = _("There are no photos of the licence classes {names} in {folders}.").format(
                names=", ".join(licences), folders=", ".join(map(str, places))
            )
        raise UnreadableFile(sentence, hint=_("Name folders of pictures, or of packs (.tar) of pictures."))
    return together(decoded)


def together(pictures: list[NDArray[np.uint8]]) -> Photos:
    """These pictures (h, w, 3) as one tensor; the list is emptied on the way, so that they are never held twice."""
    sizes = np.array([picture.shape[:2] for picture in pictures], np.int64)
    counts = sizes.prod(1)
    pixels = np.empty((int(counts.sum()), 3), np.uint8)
    first = np.cumsum(counts) - counts
    for start in first[::-1]:
        picture = pictures.pop()
        pixels[start : start + picture.shape[0] * picture.shape[1]] = picture.reshape(-1, 3)
    return Photos(*(torch.from_numpy(np.ascontiguousarray(part)) for part in (pixels, first, *sizes.T)))


def _files(places: Sequence[Path], choice: Choice) -> Iterator[tuple[str, bytes]]:
    for place in places:
        for path in sorted(place.iterdir()) if place.is_dir() else [place]:
            if path.suffix == ".tar":
                yield from _packed(path, choice)
            elif path.suffix.lower() in ENDINGS and choice.takes(path.parent, path.name):
                yield str(path), path.read_bytes()


def _packed(path: Path, choice: Choice) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path) as pack:
            for member in pack:
                name = PurePosixPath(member.name).name
                if member.isfile() and name.lower().endswith(ENDINGS) and choice.takes(path.parent, name):
                    file = pack.extractfile(member)
                    assert file is not None  # it is a file
                    yield f"{path}: {member.name}", file.read()
    except (OSError, tarfile.TarError) as error:
        sentence = _("{path} cannot be read: {reason}.").format(path=path, reason=error)
        raise UnreadableFile(sentence, cause=error) from error


def _decoded(name: str, data: bytes) -> NDArray[np.uint8]:
    import cv2

    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise UnreadableFile(_("{path} cannot be read: {reason}.").format(path=name, reason=_("it is no picture")))
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
