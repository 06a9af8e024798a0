"""Holes in the proportions that people paint them, made in batches on the device.

Free-form strokes are those of Yu et al. 2019 (a brush that wanders), blobs have the outline of things, boxes are those
of the first paper; scratches and text are thin.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lacuna.training.chance import Chance

TOGETHER = 0.15  # share of the pictures with the marks of two
VERTICES = 12
PAGES, PAGE = 24, 512  # drawn pages of text, and their side
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:-/()%&"
FONTS = 8  # that OpenCV has


@dataclass(frozen=True, eq=False)
class Holes:
    """Makes holes of `size` x `size` pixels; `pages` (PAGES, PAGE, PAGE) are lines of letters to cut text from."""

    size: int
    pages: Tensor

    def drawn(self, chance: Chance, count: int) -> Tensor:
        """(count, 1, size, size), 1.0 in the hole; each has a pixel of it at least."""
        kinds = chance.kinds([share for share, _maker in KINDS], count)
        made = torch.zeros(count, self.size, self.size, dtype=torch.bool, device=chance.device)
        for kind, (_share, maker) in enumerate(KINDS):
            places = [place for place, drawn in enumerate(kinds) if drawn == kind]
            if places:
                made[torch.tensor(places, device=made.device)] = maker(self, chance, len(places))
        both = chance.often(TOGETHER, count)[:, None, None]
        made = made | (made.roll(1, 0) & both)
        middle = torch.zeros_like(made[0])
        part = slice(self.size * 7 // 16, self.size * 9 // 16)
        middle[part, part] = True
        return torch.where(made.any(2).any(1)[:, None, None], made, middle)[:, None].float()


def holes(size: int, device: torch.device) -> Holes:
    return Holes(size, torch.from_numpy(_pages()).to(device))


def strokes(holes: Holes, chance: Chance, count: int) -> Tensor:
    """Up to four paths of a brush that turns back and forth; 12 to 40 pixels wide at 256."""
    size, many = holes.size, 4
    turns = 2 * math.pi / 5 + chance.even(-2 * math.pi / 15, 2 * math.pi / 15, count, many, VERTICES)
    turns = torch.where(torch.arange(VERTICES, device=turns.device) % 2 == 0, 2 * math.pi - turns, turns)
    turns = turns + chance.even(0, 2 * math.pi, count, many, 1)  # as published all would wander to the right
    long = math.sqrt(2) * size / 8
    steps = (long + long / 2 * chance.normal(count, many, VERTICES)).clamp(0, 2 * long)
    y, x = _path(chance, turns, steps, size)
    fold = 2.0 * size  # a path that would leave the picture is thrown back
    y, x = ((at % fold - size).abs().neg() + size for at in (y, x))
    wide = chance.even(12, 40, count, many) * size / 256
    used = torch.arange(many, device=wide.device) <= chance.whole(many, count, 1)
    vertices = 4 + chance.whole(VERTICES - 4, count, many, 1)
    return _brushed(y, x, wide * used, vertices, size)


def scratches(holes: Holes, chance: Chance, count: int) -> Tensor:
    """Hairs and scratches: up to eight long bends, one to three pixels wide."""
    size, many = holes.size, 8
    turns = chance.even(0, 2 * math.pi, count, many, 1) + 0.25 * chance.normal(count, many, VERTICES).cumsum(2)
    steps = chance.even(size / 40, size / 6, count, many, 1).expand_as(turns)
    y, x = _path(chance, turns, steps, size)
    wide = chance.even(1.0, 3.4, count, many)
    used = torch.arange(many, device=wide.device) <= chance.whole(many, count, 1)
    return _brushed(y, x, wide * used, torch.full((count, many, 1), VERTICES, device=wide.device), size)


def blobs(holes: Holes, chance: Chance, count: int) -> Tensor:
    """One thing of up to three parts, 2 to 30 % of the picture: lobes of low frequencies, longer than wide."""
    size, many, waves = holes.size, 3, 6
    at = torch.arange(size, device=chance.device) + 0.5
    radius = size * torch.sqrt(chance.logarithmic(0.02, 0.3, count) / math.pi)
    centre_y, centre_x = (chance.even(0.15, 0.85, count) * size for _axis in range(2))
    made = torch.zeros(count, size, size, dtype=torch.bool, device=chance.device)
    parts = chance.whole(many, count)
    number = torch.arange(1, waves + 1, device=chance.device)
    for part in range(many):
        angle, away = chance.even(0, 2 * math.pi, count), (0.0 if part == 0 else 0.9) * radius
        mine = radius * (1.0 if part == 0 else chance.even(0.3, 0.8, count))
        longer = chance.logarithmic(1.0, 2.2, count).sqrt()[:, None, None]
        dy = at[None, :, None] - (centre_y + away * angle.sin())[:, None, None]
        dx = at[None, None, :] - (centre_x + away * angle.cos())[:, None, None]
        turned = chance.even(0, math.pi, count)[:, None, None]
        u = (dx * turned.cos() + dy * turned.sin()) / longer
        v = (dy * turned.cos() - dx * turned.sin()) * longer
        heights = 0.32 * chance.normal(count, waves) / number
        phases = chance.even(0, 2 * math.pi, count, waves)
        theta = torch.atan2(v, u)
        outline = torch.ones_like(theta)
        for wave in range(waves):
            outline = outline + heights[:, wave, None, None] * torch.cos(
                (wave + 1) * theta + phases[:, wave, None, None]
            )
        inside = torch.hypot(u, v) < mine[:, None, None] * outline.clamp(min=0.25)
        made |= inside & (part <= parts)[:, None, None]
    return made


def boxes(holes: Holes, chance: Chance, count: int) -> Tensor:
    """One or two boxes, an eighth to half of the picture long."""
    size = holes.size
    at = torch.arange(size, device=chance.device)
    made = torch.zeros(count, size, size, dtype=torch.bool, device=chance.device)
    two = chance.often(0.3, count)
    for second in (False, True):
        sides = []
        for _axis in range(2):
            long = chance.logarithmic(size / 8, size / 2, count)
            start = chance.even(0, 1, count) * (size - long)
            sides.append((at >= start[:, None]) & (at < (start + long)[:, None]))
        box = sides[0][:, :, None] & sides[1][:, None, :]
        made |= box & two[:, None, None] if second else box
    return made


def text(holes: Holes, chance: Chance, count: int) -> Tensor:
    """A few lines of letters."""
    size = holes.size
    page = chance.whole(PAGES, count)
    scale = torch.minimum(chance.logarithmic(0.6, 1.6, count), torch.tensor(PAGE / size, device=chance.device))
    at = torch.arange(size, device=chance.device)
    index, cut = [], []
    for low, high in ((0.12, 0.5), (0.4, 1.0)):  # down, along
        corner = chance.even(0, 1, count) * (PAGE - size * scale)
        index.append((corner[:, None] + (at + 0.5) * scale[:, None]).long().clamp(max=PAGE - 1))
        long = chance.even(low, high, count) * size
        start = chance.even(0, 1, count) * (size - long)
        cut.append((at >= start[:, None]) & (at < (start + long)[:, None]))
    letters = holes.pages[page[:, None, None], index[0][:, :, None], index[1][:, None, :]] > 0
    return letters & cut[0][:, :, None] & cut[1][:, None, :]


KINDS: tuple[tuple[float, Callable[[Holes, Chance, int], Tensor]], ...] = (
    (0.35, strokes),
    (0.32, blobs),
    (0.08, boxes),
    (0.15, scratches),
    (0.10, text),
)


def _path(chance: Chance, turns: Tensor, steps: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """From a start inside the picture, one step in each direction: (B, n, VERTICES) of rows and of columns."""
    starts = chance.even(0, size, 2, *turns.shape[:2], 1)
    return starts[0] + (steps * turns.sin()).cumsum(2), starts[1] + (steps * turns.cos()).cumsum(2)


def _brushed(y: Tensor, x: Tensor, wide: Tensor, vertices: Tensor, size: int) -> Tensor:
    """Whatever lies within half of `wide` (B, n) of a path's first `vertices` (B, n, 1)."""
    at = torch.arange(size, device=y.device) + 0.5
    last = vertices - 1
    order = torch.minimum(torch.arange(y.shape[2], device=y.device), last)  # behind its end a path stands still
    y, x = y.gather(2, order), x.gather(2, order)
    made = torch.zeros(len(y), size, size, dtype=torch.bool, device=y.device)
    for path in range(y.shape[1]):
        reach = (wide[:, path] / 2).square()[:, None, None]
        # All steps of a path at once, since a graphics card waits for each call.
        y0, x0 = y[:, path, :-1, None, None], x[:, path, :-1, None, None]
        dy, dx = y[:, path, 1:, None, None] - y0, x[:, path, 1:, None, None] - x0
        py, px = at[:, None] - y0, at - x0
        along = ((py * dy + px * dx) / (dy * dy + dx * dx).clamp(min=1e-6)).clamp(0, 1)
        made |= ((py - along * dy).square() + (px - along * dx).square()).amin(1) < reach
    return made


def _pages() -> np.ndarray:
    """(PAGES, PAGE, PAGE) uint8, 255 on letters in many fonts and sizes; the same at every call."""
    import cv2

    chance = np.random.default_rng(0)
    pages = np.zeros((PAGES, PAGE, PAGE), np.uint8)
    for page in pages:
        scale, thick = float(chance.uniform(0.4, 1.8)), int(chance.integers(1, 4))
        font = int(chance.integers(0, FONTS))
        y = 0
        while y < PAGE:
            y += int(30 * scale + chance.uniform(4, 20))
            words = "".join(chance.choice(list(LETTERS + "   "), 80))
            cv2.putText(page, words, (int(chance.uniform(-20, 20)), y), font, scale, 255, thick)
    return pages
