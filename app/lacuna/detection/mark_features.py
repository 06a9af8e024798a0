"""Where a mark may be, by its features: of any scale and turn, as long as it has corners enough and is clear.

SIFT (Lowe, IJCV 2004), compared by FLANN's trees, gathered into placements by RANSAC; once for the mark as it is and
once inverted, since SIFT tells bright from dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection.mark_search import LARGEST, SMALLEST, Guess
from lacuna.detection.mark_templates import Template

LONGEST = 1600  # pixels of the long side of the picture, and of the template, in which features are looked for
TEMPLATE = 400  # pixels of the template's long side, at least: of small letters there are no features
FAINT = 0.02  # contrast of a feature, half of the usual: marks are
RATIO = 0.8  # of the distance to the next best (Lowe, section 7.1)
FEWEST = 6  # features that agree
MOST = 8  # placements
MARGIN = 8  # pixels around the template: features at its edge need them


def guesses_by_features(grey: NDArray[np.uint8], template: Template, progress: Progress) -> Iterator[Guess]:
    """Placements on which features of the picture and of the template agree; none for a mark without features."""
    import cv2

    cv2.setRNGSeed(0)  # the same picture, the same findings
    sift = cv2.SIFT.create(contrastThreshold=FAINT)
    factor = min(1.0, LONGEST / max(grey.shape))
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    small = grey if factor == 1.0 else cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    there, described = sift.detectAndCompute(small, None)
    progress.at(0.5)
    if described is None or len(there) < FEWEST:
        return
    for sign in (1, -1):
        progress.check()
        enlarged = min(max(1.0, TEMPLATE / max(template.size)), LONGEST / max(template.size))
        mark, marked = sift.detectAndCompute(_drawn(template, sign, enlarged), None)
        if marked is None or len(mark) < FEWEST:
            continue
        points = np.array([point.pt for point in mark]) / enlarged - MARGIN
        places = np.array([point.pt for point in there]) / factor
        for matrix, count in _placements(points, places, marked, described):
            guess = _guess(matrix, template, count * sign)
            inside = 0 <= guess.x <= grey.shape[1] and 0 <= guess.y <= grey.shape[0]
            if inside and SMALLEST <= guess.scale <= LARGEST:
                yield guess
    progress.at(1.0)


def _drawn(template: Template, sign: int, enlarged: float) -> NDArray[np.uint8]:
    import cv2

    relief = template.relief / max(float(np.abs(template.relief).max()), 1e-6) * sign
    plane = np.pad(np.clip(128 + 100 * relief, 0, 255).astype(np.uint8), MARGIN, constant_values=128)
    size = (max(1, round(plane.shape[1] * enlarged)), max(1, round(plane.shape[0] * enlarged)))
    kernel = cv2.INTER_CUBIC if enlarged >= 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(plane, size, interpolation=kernel), np.uint8)


def _placements(
    points: NDArray[np.float64], places: NDArray[np.float64], marked: Any, described: Any
) -> Iterator[tuple[NDArray[np.float64], int]]:
    """One after another, those on which most matches agree; matches that agreed count no more."""
    import cv2

    # Each feature of the picture is compared with the template's: a repeated mark matches as often as it is there.
    flann = cv2.FlannBasedMatcher({"algorithm": 1, "trees": 4}, {"checks": 64})
    near = flann.knnMatch(described, marked, k=2)
    kept = [pair[0] for pair in near if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance]
    source = np.array([points[match.trainIdx] for match in kept]).reshape(-1, 2)
    target = np.array([places[match.queryIdx] for match in kept]).reshape(-1, 2)
    for _turn in range(MOST):
        if len(source) < FEWEST:
            return
        matrix, inliers = cv2.estimateAffinePartial2D(
            source, target, method=cv2.RANSAC, ransacReprojThreshold=4.0, maxIters=4000, confidence=0.999
        )
        agreed = inliers is not None and inliers.ravel() > 0
        if matrix is None or np.count_nonzero(agreed) < FEWEST:
            return
        yield np.asarray(matrix, np.float64), int(np.count_nonzero(agreed))
        source, target = source[~agreed], target[~agreed]


def _guess(matrix: NDArray[np.float64], template: Template, signed: int) -> Guess:
    height, width = template.size
    x, y = matrix[:, :2] @ np.array([width / 2, height / 2]) + matrix[:, 2]
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    turn = math.degrees(math.atan2(matrix[1, 0], matrix[0, 0]))
    return Guess(float(x), float(y), scale, turn, math.copysign(1.0, signed), float(abs(signed)))
