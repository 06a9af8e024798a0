"""Fit the weights of the lettering finder, or measure what it finds. Needs the font files of some type faces.

    lettering.py fit --data DATA --fonts /usr/share/fonts/truetype/dejavu      writes detection/letter_weights.py anew
    lettering.py measure PHOTO... --fonts ...                                  photos or folders without lettering

`fit` puts lettering over two of three photos of DATA/train (`lettered.py`), takes every row that `letter_rows.py` makes
of them, and weighs their measures by a logistic regression; `measure` puts one row over each photo.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lettered import Lettered, compressed, lettered
from numpy.typing import NDArray

from lacuna.detection import letter_weights, lettering
from lacuna.detection.letter_rows import Row
from lacuna.errors import LacunaError
from lacuna.imaging import files

PHOTOS = 900
CLEAN = 3  # one of so many photos stays without lettering
LEAST_SIDE = 340  # of a photo's long side: lettering of some size needs room
LEAST_CONTRAST = 30  # levels: fainter rows teach nothing
MOST, FEW = 0.75, 0.3  # share of a row's pixels that is lettering: so it is a row of letters, or none
COVERS = 0.3  # share of the lettering that a good row has
CHANCE = 0.04  # share of the photos held back that may have a row beyond 0 by chance
HELD_BACK = 5  # one of so many photos
RIGHTS = 0.1  # what all good rows weigh together, in the weight of all others
READABLE, SMALL = 60, 14  # levels; pixels of an em: what is told apart by `measure`
FOUND = 0.5  # share of its pixels from which a row counts as found
MODULE = '''"""How the measures of a row of letters (`letter_rows.py`, in their order) are weighed against each other.

A logistic regression over the measures and their squares, fitted to the rows of {photos} training photos, two of three
with lettering put over them in several type faces, 8 to 80 pixels high; 0 is what 1 of 25 of those photos has by
chance. Made anew by `packaging/lettering.py fit`.
"""

from __future__ import annotations

import numpy as np

# fmt: off
{tables}
# fmt: on
BIAS = {bias:.3f}
FARTHEST = {farthest}  # deviations: what is measured beyond tells no more
'''
ENDINGS = (".webp", ".jpg", ".jpeg", ".png")
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]


# --- photos -----------------------------------------------------------------------------------------------------------
def training_photos(data: Path, classes: Sequence[str]) -> Iterator[Bytes]:
    """Those of DATA/train that are large enough, of some classes of licence or of all."""
    with (data / "licences.csv").open(encoding="utf-8", newline="") as file:
        of_class = {row["file"]: row["class"] for row in csv.DictReader(file) if row["folder"] == "train"}
    for path in sorted((data / "train").glob("photos-*.tar")):
        with tarfile.open(path) as pack:
            for member in pack:
                content = pack.extractfile(member)
                if content and (not classes or of_class.get(Path(member.name).name) in classes):
                    pixels: Bytes = files.read_bytes(content.read()).pixels
                    if max(pixels.shape[:2]) >= LEAST_SIDE:
                        yield pixels


def named_photos(places: Sequence[Path]) -> Iterator[tuple[str, Bytes]]:
    """The photos of files and folders, without the masks that lie beside them (NAME-KIND.png for NAME.webp)."""
    for place in places:
        paths = sorted(place.iterdir()) if place.is_dir() else [place]
        names = {path.stem for path in paths}
        for path in paths:
            if path.suffix.lower() in ENDINGS and path.stem.rpartition("-")[0] not in names:
                yield path.stem, np.ascontiguousarray(files.read(path).pixels[..., :3])


# --- fitting ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of many photos: `measures` (n, m), whether each is one of letters, and the number of its photo."""

    measures: Floats
    good: NDArray[np.bool_]
    photo: NDArray[np.int64]


def gathered(photos: Iterator[Bytes], fonts: Sequence[Path], count: int, seed: int) -> Rows:
    chance = np.random.default_rng(seed)
    measures: list[Floats] = []
    good: list[bool] = []
    numbers: list[int] = []
    for number, photo in zip(range(count), photos, strict=False):
        for row, is_good in _judged(photo, number, chance, fonts):
            measures.append(row.measures)
            good.append(is_good)
            numbers.append(number)
    if not any(good):
        raise LacunaError("There are no photos to put lettering over.")
    return Rows(np.array(measures), np.array(good), np.array(numbers))


def _judged(
    photo: Bytes, number: int, chance: np.random.Generator, fonts: Sequence[Path]
) -> Iterator[tuple[Row, bool]]:
    import cv2

    jpeg = number % 2 == 1
    if number % CLEAN == 0:
        for row in lettering.rows(lettering.at_working_size(compressed(photo) if jpeg else photo)):
            yield row, False
        return
    made = lettered(photo, chance, fonts, jpeg=jpeg)
    if made.contrast < LEAST_CONTRAST:
        return
    seen = lettering.at_working_size(made.pixels)
    letters = cv2.resize(made.letters, (seen.shape[1], seen.shape[0])) > 0.3
    for row in lettering.rows(seen):
        own = row.marked & letters[row.box.slices]
        share = np.count_nonzero(own) / np.count_nonzero(row.marked)
        covered = np.count_nonzero(own) / max(1, np.count_nonzero(letters))
        if (share > MOST and covered > COVERS) or share < FEW:
            yield row, share > MOST


def terms(measures: Floats, means: Floats, deviations: Floats) -> Floats:
    """What is weighed: measures as the finder takes them, their squares, and one."""
    apart = np.clip((measures - means) / deviations, -letter_weights.FARTHEST, letter_weights.FARTHEST)
    return np.concatenate([apart, apart * apart, np.ones((len(apart), 1))], axis=1)


def regressed(given: Floats, good: NDArray[np.bool_]) -> Floats:
    """The weights of a logistic regression by Newton's steps, with a small penalty on their squares."""
    worth = np.where(good, len(good) / good.sum() * RIGHTS, 1.0)
    weights = np.zeros(given.shape[1])
    for _step in range(12):
        likely = 1 / (1 + np.exp(-np.clip(given @ weights, -30, 30)))
        slope = given.T @ (worth * (likely - good)) + weights
        curve = (given * (worth * likely * (1 - likely) + 1e-9)[:, None]).T @ given + np.eye(len(weights))
        weights -= np.linalg.solve(curve, slope)
    return weights


def fitted(rows: Rows) -> str:
    """The text of `letter_weights.py`. Told: what is found of the photos held back, and by chance."""
    means, deviations = rows.measures.mean(axis=0), rows.measures.std(axis=0) + 1e-9
    given = terms(rows.measures, means, deviations)
    back = rows.photo % HELD_BACK == 0
    scores = given @ regressed(given[~back], rows.good[~back])
    wrong = best(scores, rows.photo, back & ~rows.good)
    least = float(np.quantile(wrong, 1 - CHANCE))
    right = best(scores, rows.photo, back & rows.good)
    print(
        f"{len(rows.good)} rows, {rows.good.sum()} of letters; held back: {(right > least).mean():.1%} of {len(right)}"
    )
    weights = regressed(given, rows.good)
    weights[-1] -= least
    many = len(means)
    return module_text(means, deviations, weights[:many], weights[many:-1], weights[-1], rows.photo.max() + 1)


def best(scores: Floats, photo: NDArray[np.int64], chosen: NDArray[np.bool_]) -> Floats:
    """The highest score of each photo that has a chosen row."""
    return np.array([scores[chosen & (photo == number)].max() for number in np.unique(photo[chosen])])


def module_text(means: Floats, deviations: Floats, linear: Floats, squared: Floats, bias: float, photos: int) -> str:
    tables = {"MEANS": means, "DEVIATIONS": deviations, "LINEAR": linear, "SQUARED": squared}
    lines = "\n".join(line for name, values in tables.items() for line in _table(name, values))
    return MODULE.format(photos=photos, tables=lines, bias=bias, farthest=letter_weights.FARTHEST)


def _table(name: str, values: Floats) -> Iterator[str]:
    yield f"{name} = np.array(["
    for first in range(0, len(values), 10):
        yield "    " + ", ".join(f"{value:.3f}" for value in values[first : first + 10]) + ","
    yield "])"


# --- measuring --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Measured:
    """What was found of one lettered photo: shares of it that were marked, and of the marks that lie on it."""

    of: Lettered
    recall: float
    precision: float
    label: str


def measure(photos: Sequence[tuple[str, Bytes]], fonts: Sequence[Path], seed: int) -> None:
    chance = np.random.default_rng(seed)
    by_chance: list[str] = []
    found: list[Measured] = []
    begun = time.thread_time()
    for number, (name, photo) in enumerate(photos):
        jpeg = number % 2 == 1
        if lettering.find_lettering(compressed(photo) if jpeg else photo):
            by_chance.append(name)
        made = lettered(photo, chance, fonts, jpeg=jpeg)
        if made.contrast >= READABLE:
            found.append(_measured(made))
    seconds = (time.thread_time() - begun) / (len(photos) + len(found))
    print(f"by chance: {len(by_chance)} of {len(photos)} photos ({', '.join(by_chance)}); {seconds:.2f} s each")
    for said, some in (
        (f"{SMALL} pixels and more", [one for one in found if one.of.size >= SMALL]),
        (f"below {SMALL} pixels", [one for one in found if one.of.size < SMALL]),
    ):
        _tell(said, some)
    labels = Counter(("date" if one.of.dated else "words", one.label) for one in found if one.recall > FOUND)
    print("called: " + "; ".join(f"{what} “{label}” {count}" for (what, label), count in sorted(labels.items())))


def _measured(made: Lettered) -> Measured:
    import cv2

    near = np.asarray(cv2.dilate(made.taken.view(np.uint8), np.ones((5, 5), np.uint8))).view(np.bool_)
    marked = np.zeros(made.taken.shape, bool)
    label, largest = "", 0
    for each in lettering.find_lettering(made.pixels):
        marked[each.region.slices] |= each.mask
        on = np.count_nonzero(each.mask & near[each.region.slices])
        if on > largest:
            label, largest = each.kind.value, on
    recall = np.count_nonzero(marked & made.taken) / max(1, np.count_nonzero(made.taken))
    precision = np.count_nonzero(marked & near) / max(1, np.count_nonzero(marked))
    return Measured(made, recall, precision, label)


def _tell(said: str, some: Sequence[Measured]) -> None:
    hits = [one for one in some if one.recall > FOUND]
    if not hits:
        print(f"{said}: none of {len(some)} found")
        return
    recall, precision = (np.mean([getattr(one, name) for one in hits]) for name in ("recall", "precision"))
    print(
        f"{said}: {len(hits) / len(some):.1%} of {len(some)} found; {recall:.1%} of their pixels, {precision:.1%} right"
    )


# --- words ------------------------------------------------------------------------------------------------------------
def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    fit = verbs.add_parser("fit")
    fit.add_argument("--data", type=Path, required=True, help="the folder with train/ and licences.csv")
    fit.add_argument("--licences", default="", help="classes of the photos: open,stock; all without it")
    fit.add_argument("--photos", type=int, default=PHOTOS)
    measuring = verbs.add_parser("measure")
    measuring.add_argument("photos", type=Path, nargs="+")
    for verb in (fit, measuring):
        verb.add_argument("--fonts", type=Path, required=True, help="a folder of .ttf and .otf files")
        verb.add_argument("--seed", type=int, default=5)
    given = parser.parse_args(words)
    fonts = sorted(path for ending in ("ttf", "otf") for path in given.fonts.rglob(f"*.{ending}"))
    try:
        if not fonts:
            raise LacunaError(f"There are no font files in {given.fonts}.")
        if given.verb == "measure":
            measure(list(named_photos(given.photos)), fonts, given.seed)
        else:
            classes = [word for word in given.licences.split(",") if word]
            rows = gathered(training_photos(given.data, classes), fonts, given.photos, given.seed)
            Path(letter_weights.__file__).write_text(fitted(rows), encoding="utf-8")
    except LacunaError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
