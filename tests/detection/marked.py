"""Pictures with a mark of which all is known, as tests need them."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lacuna.detection.mark_templates import Template
from lacuna.detection.mark_warping import Matrix, matrix_of, warped
from tests.pictures import lion


@cache
def template() -> Template:
    """White letters beside a triangle, with soft edges."""
    plane = np.zeros((88, 300), np.uint8)
    cv2.putText(plane, "LACUNA", (100, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 255, 5, cv2.LINE_AA)
    cv2.fillPoly(plane, [np.array([[12, 76], [44, 12], [76, 76]])], 255, cv2.LINE_AA)
    alpha = cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return Template(np.full((*alpha.shape, 3), 255, np.uint8), alpha)


@cache
def logo() -> Template:
    """Without letters, of two colours: a dark ring around an orange dot."""
    alpha, colours = np.zeros((128, 128), np.uint8), np.zeros((128, 128, 3), np.uint8)
    colours[...] = (20, 20, 60)
    cv2.circle(alpha, (64, 64), 56, 255, 10, cv2.LINE_AA)
    cv2.circle(alpha, (64, 64), 30, 255, -1, cv2.LINE_AA)
    cv2.rectangle(alpha, (60, 0), (68, 40), 255, -1)
    cv2.circle(colours, (64, 64), 40, (250, 150, 40), -1)
    half = (64, 64)
    small = cv2.resize(alpha, half, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return Template(cv2.resize(colours, half, interpolation=cv2.INTER_AREA).astype(np.uint8), small)


def photo(height: int = 120, width: int = 190, y: int = 100, x: int = 110) -> NDArray[Any]:
    """A part of a real photograph, (height, width, 3) uint8."""
    return lion()[y : y + height, x : x + width].copy()


def placed(of: Template, x: float, y: float, scale: float = 1.0, turn: float = 0.0) -> Matrix:
    """With the template's middle at (x, y), turned by degrees."""
    return matrix_of(of.size, x, y, scale, scale, math.radians(turn))


def matte(of: Template, matrix: Matrix, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.clip(warped(of.alpha, matrix, (shape[0], shape[1])), 0, 1)


def marked(
    picture: NDArray[Any], of: Template, matrix: Matrix, opacity: float, *, dark: bool = False, white: float = 255.0
) -> NDArray[Any]:
    """The picture with the mark blended in; `dark`: in the opposite colours."""
    alpha = opacity * matte(of, matrix, picture.shape)[..., None]
    drawn = 255 - of.colours if dark else of.colours
    over = warped(drawn.astype(np.float32) * of.alpha[..., None], matrix, picture.shape[:2])
    colours = np.clip(over / np.maximum(warped(of.alpha, matrix, picture.shape[:2]), 1e-3)[..., None], 0, 255)
    blended = picture * (1 - alpha) + alpha * colours * (white / 255)
    return (np.rint(blended) if picture.dtype.kind != "f" else blended).astype(picture.dtype)


def apart(found: Matrix, made: Matrix, of: Template) -> float:
    """By how many pixels the corners of the mark are off, at most."""
    height, width = of.size
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float)
    return float(np.abs(corners @ (found - made).T).max())
