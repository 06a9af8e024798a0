"""Fits the weights of the finder of blurred patches (`detection/blurs.py`), and measures what it finds.

    PYTHONPATH=../app python blurring.py fit --data data
    PYTHONPATH=../app python blurring.py measure data/eval

`fit` looks at each training photo as it is and with one patch of it blurred, both also as JPEG, and prints the weights
of a logistic regression. `measure` says in how many photos something is found that nobody blurred, and how many
patches are found where the blur took something away.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from lettered import compressed
from lettering import best, named_photos, regressed
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection import blurs
from lacuna.detection.blur_outlines import Outlines
from lacuna.detection.sharpness import sharpness
from lacuna.imaging import files
from lacuna.imaging.region import Region

PACKS = {"sr-*.tar": 160, "photos-*.tar": 100}  # of each kind so many: sharp crops, and photos of all sorts
SIDES = (0.05, 0.25)  # of the longer side
SIGMA = (3.0, 12.0)  # pixels
AS_BOX, ALONE = 0.3, 0.5  # shares: a mean over a square; a blur that sees the patch alone, not what lies beside it
QUALITY = 90
CHANCE = 0.02  # of the photos may have something beyond 0 that nobody blurred
HELD_BACK = 5  # one of so many photos
TEXTURE = 4.0  # levels: the mean change by a blur, below which there was nothing to lose
SAME = 0.5  # of both together is in both: then the patch is found
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Hidden:
    """A photo with a blurred patch, its mask (H, W), and by how many levels it changed there in the mean."""

    pixels: Bytes
    mask: Mask
    change: float


def hidden(photo: Bytes, chance: np.random.Generator) -> Hidden:
    """With one patch of random size, shape, strength and place."""
    height, width = photo.shape[:2]
    down, across = (round(chance.uniform(*SIDES) * max(height, width)) for _ in range(2))
    y, x = int(chance.integers(height - down + 1)), int(chance.integers(width - across + 1))
    sides = np.array([[y, x, y + down, x + across]], float)
    mask = _whole(photo.shape, *Outlines(sides, oval=bool(chance.integers(2))).placed(photo.shape))
    sigma, as_box, alone = chance.uniform(*SIGMA), chance.random() < AS_BOX, chance.random() < ALONE
    seen = photo[y : y + down, x : x + across] if alone else photo
    blurred = photo.copy()
    blurred[y : y + down, x : x + across] = _blurred(seen.copy(), sigma, as_box)[
        () if alone else np.s_[y : y + down, x : x + across]
    ]
    pixels = np.where(mask[..., None], blurred, photo)
    return Hidden(pixels, mask, float(np.abs(pixels.astype(int) - photo)[mask].mean()))


def _whole(shape: tuple[int, ...], region: Region, mask: Mask) -> Mask:
    whole = np.zeros(shape[:2], bool)
    whole[region.slices] = mask
    return whole


def _blurred(part: Bytes, sigma: float, as_box: bool) -> Bytes:
    if as_box:
        side = int(sigma * np.sqrt(12)) | 1  # of the square with this deviation
        return np.asarray(cv2.blur(part, (side, side), borderType=cv2.BORDER_REFLECT), np.uint8)
    return np.asarray(cv2.GaussianBlur(part, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.uint8)


# --- fitting ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Rows:
    """Outlines of many photos: `measures` (n, m), whether each is of a patch, and the number of its photo."""

    measures: NDArray[np.float64]
    good: Mask
    photo: NDArray[np.int64]


def training_photos(data: Path) -> Iterator[Bytes]:
    for pattern, count in PACKS.items():
        yield from itertools.islice(_packed(sorted((data / "train").glob(pattern))), count)


def _packed(packs: list[Path]) -> Iterator[Bytes]:
    for path in packs:
        with tarfile.open(path) as pack:
            for member in pack:
                content = pack.extractfile(member)
                if content:
                    yield files.read_bytes(content.read()).pixels


def gathered(photos: Iterator[Bytes], seed: int) -> Rows:
    """Of each photo as it is and with a patch, both also as JPEG, and with a box of one colour, which is none. What
    lies half on a patch teaches nothing."""
    chance = np.random.default_rng(seed)
    rows: list[tuple[NDArray[np.float64], bool, int]] = []
    for number, photo in enumerate(photos):
        made = hidden(photo, chance)
        none = np.zeros_like(made.mask)
        sign = np.where(made.mask[..., None], photo[tuple(chance.integers(photo.shape[:2]))], photo)
        pictures = [(sign, none)]
        for pixels, mask in ((photo, none), (made.pixels, made.mask)):
            pictures += [(pixels, mask), (compressed(pixels, QUALITY), mask)]
        for pixels, mask in pictures:
            for shape, measures in _outlined(pixels):
                both = np.count_nonzero(shape & mask)
                if not both or both > SAME * np.count_nonzero(shape | mask):
                    rows.append((measures, both > 0, number))
    measures, good, of_photo = zip(*rows, strict=True)
    return Rows(np.array(measures), np.array(good), np.array(of_photo))


def _outlined(pixels: Bytes) -> Iterator[tuple[Mask, NDArray[np.float64]]]:
    for step in blurs.steps(pixels.shape):
        seen = sharpness(blurs.reduced(pixels, step), Progress())
        for drawn, measures, _worth in blurs.candidates(seen, Progress()):
            for sides, of_one in zip(drawn.sides, measures, strict=True):
                one = Outlines(sides[None], drawn.oval)
                yield _whole(pixels.shape, *one.placed(pixels.shape, seen.size * step)), of_one


def fitted(rows: Rows) -> NDArray[np.float64]:
    """The weights, and the bias by which CHANCE of the photos have something beyond 0 that nobody blurred. Told: what
    the same makes of photos held back."""
    given = np.concatenate([blurs.terms(rows.measures), np.ones((len(rows.good), 1))], axis=1)
    back = rows.photo % HELD_BACK == 0
    said = given @ _weighed(given[~back], rows.good[~back], rows.photo[~back])
    shares = [np.mean(best(said, rows.photo, back & good) > 0) for good in (rows.good, ~rows.good)]
    print(
        f"{len(said)} outlines, {rows.good.sum()} of patches; of photos held back {shares[0]:.1%} of those whose patch "
        f"was outlined, {shares[1]:.1%} by chance"
    )
    return _weighed(given, rows.good, rows.photo)


def _weighed(given: NDArray[np.float64], good: Mask, photo: NDArray[np.int64]) -> NDArray[np.float64]:
    weights = regressed(given, good)
    weights[-1] -= np.quantile(best(given @ weights, photo, ~good), 1 - CHANCE)
    return weights


# --- measuring --------------------------------------------------------------------------------------------------------
def measure(photos: list[tuple[str, Bytes]], seed: int) -> None:
    for quality in (None, QUALITY):
        chance = np.random.default_rng(seed)
        saved = (lambda pixels: pixels) if quality is None else (lambda pixels: compressed(pixels, QUALITY))
        begun = time.thread_time()
        wrong, found, with_texture = [], [], []
        for name, photo in photos:
            made = hidden(photo, chance)
            if blurs.find_blurs(saved(photo)):
                wrong.append(name)
            found.append(_found(saved(made.pixels), made.mask))
            with_texture.append(made.change >= TEXTURE)
        seconds = (time.thread_time() - begun) / (2 * len(photos))
        textured = np.array(found)[with_texture]
        print(
            f"{'as it is' if quality is None else f'JPEG {quality}'}: {np.mean(found):.1%} of {len(found)} patches, "
            f"{textured.mean():.1%} of {len(textured)} that took away {TEXTURE:g} levels and more; by chance in "
            f"{len(wrong)} photos ({', '.join(wrong)}); {seconds:.2f} s each"
        )


def _found(pixels: Bytes, mask: Mask) -> bool:
    for each in blurs.find_blurs(pixels):
        whole = _whole(mask.shape, each.region, each.mask)
        if np.count_nonzero(whole & mask) > SAME * np.count_nonzero(whole | mask):
            return True
    return False


# --- words ------------------------------------------------------------------------------------------------------------
def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    fit = verbs.add_parser("fit")
    fit.add_argument("--data", type=Path, required=True, help="the folder with train/")
    measuring = verbs.add_parser("measure")
    measuring.add_argument("photos", type=Path, nargs="+")
    for verb in (fit, measuring):
        verb.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(words)
    if asked.verb == "fit":
        *weights, bias = fitted(gathered(training_photos(asked.data), asked.seed))
        print(f"WEIGHTS = np.array([{', '.join(f'{weight:.3f}' for weight in weights)}])\nBIAS = {bias:.3f}")
    else:
        measure(list(named_photos(asked.photos)), asked.seed)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
