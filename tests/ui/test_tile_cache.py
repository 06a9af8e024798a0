"""Tiles: parts equal the whole, at every zoom, and what changed is made anew in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.imaging import mask as masks
from lacuna.imaging.pyramid import Pyramid
from lacuna.imaging.region import TILE, Region
from lacuna.ui.canvas.mask_layer import MaskLayer, MaskStyle
from lacuna.ui.canvas.photo_layer import PhotoLayer
from lacuna.ui.canvas.scale import Scale
from lacuna.ui.canvas.sources import LaidLevels, MaskSource, PictureSource
from lacuna.ui.canvas.tile_cache import EVERYWHERE, Layer, TileCache
from lacuna.ui.canvas.viewport import scaled
from tests.ui.canvases import ZOOMS, photograph

PIXELS = photograph(500, 700)
SCALES = [Scale(zoom, smooth) for zoom in ZOOMS for smooth in (True, False)]


def blots(height: int = 500, width: int = 700) -> NDArray[np.uint8]:
    rng = np.random.default_rng(5)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(12):
        y, x, r = rng.integers(0, height), rng.integers(0, width), rng.integers(1, 40)
        yy, xx = np.ogrid[:height, :width]
        mask[(yy - y) ** 2 + (xx - x) ** 2 <= r * r] = rng.integers(1, 256)
    return mask


def photo_layer(pixels: NDArray[np.uint8] = PIXELS, alpha: NDArray[np.uint8] | None = None) -> PhotoLayer:
    return PhotoLayer(PictureSource(Pyramid(pixels), alpha, 255.0))


def mask_layer(mask: NDArray[np.uint8], growth: float = 5.0, line: int = 1) -> MaskLayer:
    return MaskLayer(MaskSource(Pyramid(mask, peak=True)), MaskStyle(growth=growth, line=line))


def whole(layer: Layer, scale: Scale, shape: tuple[int, int], most: int = 900) -> tuple[Region, NDArray[np.uint32]]:
    """As much of the zoomed picture as a test has patience for, from its middle."""
    height, width = scaled(shape, scale.zoom)
    y0, x0 = max(0, (height - most) // 2), max(0, (width - most) // 2)
    region = Region(y0, x0, min(height, y0 + most), min(width, x0 + most))
    pixels = layer.render(scale, region)
    return region, np.zeros((region.height, region.width), np.uint32) if pixels is None else pixels


def channels(pixels: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """(h, w, 3) RGB of packed pixels."""
    return np.ascontiguousarray(pixels).view(np.uint8).reshape(*pixels.shape, 4)[..., 2::-1]


def fresh_tile(layer: Layer, scale: Scale, key: tuple[int, int]) -> NDArray[np.uint32] | None:
    cache = TileCache()
    return cache.tile(cache.group(layer, scale), key).pixels


LAYERS: dict[str, Callable[[], Layer]] = {
    "photo": photo_layer,
    "photo with alpha": lambda: photo_layer(alpha=blots()),
    "mask": lambda: mask_layer(blots(), growth=0.0),
    "mask that grows": lambda: mask_layer(blots(), growth=5.0),
    "mask that grows much": lambda: mask_layer(blots(), growth=60.0, line=2),
}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("scale", SCALES, ids=lambda s: f"{s.zoom:g}{'~' if s.smooth else ''}")
def test_any_part_equals_the_same_part_of_the_whole(kind: str, scale: Scale) -> None:
    layer = LAYERS[kind]()
    region, pixels = whole(layer, scale, (500, 700))
    rng = np.random.default_rng(1)
    for _ in range(4):
        y0, x0 = rng.integers(0, region.height), rng.integers(0, region.width)
        y1, x1 = rng.integers(y0, region.height) + 1, rng.integers(x0, region.width) + 1
        part = layer.render(scale, Region(y0, x0, y1, x1).shift(region.y0, region.x0))
        expected = pixels[y0:y1, x0:x1]
        assert np.array_equal(expected, part if part is not None else np.zeros_like(expected))


@pytest.mark.parametrize("scale", SCALES, ids=lambda s: f"{s.zoom:g}{'~' if s.smooth else ''}")
def test_a_change_makes_no_more_stale_than_it_says_and_no_less_than_it_must(scale: Scale) -> None:
    """Patching what `stale` marks must give what painting everything anew gives: so `reach` is far enough."""
    rng = np.random.default_rng(2)
    mask = blots()
    pyramid = Pyramid(mask, peak=True)
    layer = MaskLayer(MaskSource(pyramid), MaskStyle(growth=7.3))
    cache = TileCache()
    size = scaled(layer.shape, scale.zoom)
    tiles = list(Region.whole(size).tiles())
    tiles = [tiles[i] for i in rng.permutation(len(tiles))[:6]]
    for key in tiles:
        cache.tile(cache.group(layer, scale), key)
    for _ in range(4):
        row, column = tiles[rng.integers(len(tiles))]
        y, x = int((row + 0.5) * TILE / scale.zoom), int((column + 0.5) * TILE / scale.zoom)
        region = Region(y, x, y + rng.integers(1, 60), x + rng.integers(1, 60)).clip(mask.shape)
        mask[region.slices] = rng.choice([0, 90, 255])
        pyramid.stale(region)
        cache.stale(layer, region)
    cache.mend(cache.group(layer, scale), tiles)
    for key in tiles:
        patched = cache.tile(cache.group(layer, scale), key).pixels
        fresh = fresh_tile(layer, scale, key)
        expected = np.zeros((TILE, TILE), np.uint32) if fresh is None else fresh
        assert np.array_equal(expected, np.zeros_like(expected) if patched is None else patched)


@pytest.mark.parametrize("zoom", [0.2, 0.5, 0.73, 1.0, 1.5, 4.0])
def test_a_dab_is_seen_at_once_and_its_ring_when_it_settles(zoom: float) -> None:
    mask = np.zeros((500, 700), np.uint8)
    pyramid = Pyramid(mask, peak=True)
    layer = MaskLayer(MaskSource(pyramid), MaskStyle(growth=7.0))
    cache, scale = TileCache(), Scale(zoom)
    group, other = cache.group(layer, scale), cache.group(layer, Scale(2.0))
    keys = list(Region.whole(scaled(layer.shape, zoom)).tiles())[:30]
    for key in keys:
        cache.tile(group, key)
    cache.tile(other, (0, 0))
    region = Region(30, 40, 90, 130)
    mask[region.slices] = 255
    pyramid.stale(region)
    changed = np.ones((60, 90), np.bool_)
    cache.stale(layer, region, scale=scale, seen=EVERYWHERE)
    cache.dab(layer, scale, region, changed, mask[region.slices], layer.style.tints)
    shown = [pixels for key in keys if (pixels := cache.tile(group, key).pixels) is not None]
    tinted = sum(int((pixels == layer.style.table[253]).sum()) for pixels in shown)
    assert tinted == pytest.approx(region.area * zoom * zoom, rel=0.2)
    assert tinted == sum(int((pixels != 0).sum()) for pixels in shown)  # no ring and no outline yet
    cache.settle(layer, scale)
    for key in keys:
        fresh, settled = fresh_tile(layer, scale, key), cache.tile(group, key).pixels
        assert np.array_equal(fresh, settled) if fresh is not None else settled is None or not settled.any()
    elsewhere = cache.tile(cache.group(layer, Scale(2.0)), (0, 0)).pixels
    assert np.array_equal(elsewhere, fresh_tile(layer, Scale(2.0), (0, 0)))


def test_a_patched_tile_keeps_its_image() -> None:
    mask = blots()
    pyramid = Pyramid(mask, peak=True)
    layer = MaskLayer(MaskSource(pyramid), MaskStyle())
    cache = TileCache()
    before = cache.tile(cache.group(layer, Scale(1.0)), (0, 0))
    image, copy = before.image, before.image.copy()
    mask[20:60, 20:60] ^= 255
    pyramid.stale(Region(20, 20, 60, 60))
    cache.stale(layer, Region(20, 20, 60, 60))
    after = cache.tile(cache.group(layer, Scale(1.0)), (0, 0))
    assert after.image is image
    assert after.image != copy


def test_tiles_of_an_empty_mask_hold_no_pixels_until_something_is_painted() -> None:
    mask = np.zeros((500, 700), np.uint8)
    pyramid = Pyramid(mask, peak=True, empty=True)
    layer = MaskLayer(MaskSource(pyramid), MaskStyle())
    cache = TileCache()
    assert cache.tile(cache.group(layer, Scale(1.0)), (0, 0)).pixels is None
    assert cache.nbytes < 1000
    mask[100, 100] = 255
    pyramid.stale(Region(100, 100, 101, 101))
    cache.stale(layer, Region(100, 100, 101, 101))
    tile = cache.tile(cache.group(layer, Scale(1.0)), (0, 0))
    assert tile.pixels is not None
    assert tile.pixels[100, 100]
    assert cache.nbytes == TILE * TILE * 4


def test_the_least_used_tiles_go_first_and_memory_stays_bounded() -> None:
    layer, scale, side = photo_layer(), Scale(8.0), TILE * TILE * 4
    cache = TileCache(budget=6 * side)
    for column in range(6):
        cache.tile(cache.group(layer, scale), (0, column))
    cache.tile(cache.group(layer, scale), (0, 0))  # used again
    cache.tile(cache.group(layer, scale), (1, 0))
    assert (0, 0) in cache.group(layer, scale).tiles
    assert (0, 1) not in cache.group(layer, scale).tiles
    for row in range(12):
        for column in range(12):
            cache.tile(cache.group(layer, scale), (row, column))
            assert cache.nbytes <= cache.budget
    cache.forget(layer)
    assert (len(cache), cache.nbytes) == (0, 0)


def test_at_full_size_each_device_pixel_is_an_image_pixel() -> None:
    _region, pixels = whole(photo_layer(), Scale(1.0), (500, 700))
    assert np.array_equal(channels(pixels), PIXELS)


@pytest.mark.parametrize("level", [1, 2])
def test_at_whole_levels_each_device_pixel_is_one_of_the_level(level: int) -> None:
    _region, pixels = whole(photo_layer(), Scale(0.5**level), (500, 700))
    assert np.array_equal(channels(pixels), Pyramid(PIXELS).level(level))


@pytest.mark.parametrize("zoom", [3.0, 4.0, 6.5])
def test_large_pixels_are_squares_of_their_own_colour(zoom: float) -> None:
    region, pixels = whole(photo_layer(), Scale(zoom), (500, 700))
    rows = ((np.arange(region.y0, region.y1) + 0.5) / zoom).astype(int)
    columns = ((np.arange(region.x0, region.x1) + 0.5) / zoom).astype(int)
    assert np.array_equal(channels(pixels), PIXELS[rows][:, columns])


def test_in_between_the_picture_stays_in_its_place() -> None:
    y, x = np.mgrid[:500, :700]
    ramp = np.stack([x % 256 * 0 + np.minimum(255, x // 3), np.minimum(255, y // 2), x * 0], axis=-1).astype(np.uint8)
    for zoom in (0.73, 1.4, 2.6):
        _region, pixels = whole(photo_layer(ramp), Scale(zoom), (500, 700), most=400)
        region = _region
        column = (np.arange(region.x0, region.x1) + 0.5) / zoom - 0.5
        shown = channels(pixels)[200, :, 0].astype(float)
        assert np.abs(shown - np.minimum(255, column / 3)).max() < 1.0


def test_pixels_above_800_percent_have_a_border_that_shows_on_any_colour() -> None:
    for value in (0, 127, 128, 255):
        flat = np.full((40, 40, 3), value, np.uint8)
        _region, pixels = whole(photo_layer(flat), Scale(8.0), (40, 40))
        rgb = channels(pixels).astype(int)
        assert (rgb[4::8, 4::8] == value).all()
        assert (abs(rgb[::8] - value) >= 16).all()
        assert (abs(rgb[:, 8::8] - value) >= 16).all()
        _region, below = whole(photo_layer(flat), Scale(7.9), (40, 40))
        assert (channels(below) == value).all()


def test_transparency_shows_a_board_and_opaque_pixels_stay_as_they_are() -> None:
    alpha = np.zeros((500, 700), np.uint8)
    alpha[:, 350:] = 255
    _region, pixels = whole(photo_layer(alpha=alpha), Scale(1.0), (500, 700))
    rgb = channels(pixels)
    assert np.array_equal(rgb[:, 350:], PIXELS[:, 350:])
    assert set(np.unique(rgb[:, :350])) == {0xCC, 0xFF}
    assert (rgb[0, 0] != rgb[0, 8]).all()
    assert (rgb[0, 0] == rgb[8, 8]).all()


@pytest.mark.parametrize(
    ("deep", "white"),
    [(PIXELS.astype(np.uint16) << 8 | 77, 65535.0), (PIXELS.astype(np.float32) / 255 * 4, 4.0)],
    ids=["uint16", "float32"],
)
def test_deeper_pictures_are_shown_by_their_upper_bits_or_their_white(deep: NDArray[Any], white: float) -> None:
    layer = PhotoLayer(PictureSource(Pyramid(deep, white=white), None, white))
    _region, pixels = whole(layer, Scale(1.0), (500, 700))
    assert np.array_equal(channels(pixels), PIXELS)


@pytest.mark.parametrize("growth", [0.0, 1.0, 3.0, 6.7, 12.0, 30.0])
def test_what_is_tinted_is_exactly_what_will_be_filled(growth: float) -> None:
    mask = blots()
    style = MaskStyle(growth=growth)
    shown = mask_layer(mask, growth).render(Scale(2.0, smooth=False), Region(0, 0, 1000, 1400))
    assert shown is not None
    filled = masks.grow(mask, growth) > 0
    outer = style.table[255]
    tinted = (shown != 0) & (shown != outer)
    assert np.array_equal(tinted[::2, ::2], filled)


def test_the_ring_is_fainter_than_what_was_painted_and_the_edge_is_drawn_in_two_tones() -> None:
    mask = np.zeros((100, 100), np.uint8)
    mask[40:60, 40:60] = 255
    layer = mask_layer(mask, growth=6.0)
    shown = layer.render(Scale(1.0), Region(0, 0, 100, 100))
    assert shown is not None
    alpha = shown >> 24
    assert alpha[50, 50] > alpha[50, 36] > 0
    assert shown[50, 34] == layer.style.table[254]
    assert shown[50, 33] == layer.style.table[255]
    assert shown[50, 32] == 0


def test_a_piece_looks_as_it_will_when_it_is_part_of_the_picture() -> None:
    piece = 255 - PIXELS[101:333, 203:451]
    region = Region(101, 203, 333, 451)
    after = PIXELS.copy()
    after[region.slices] = piece
    for zoom in (0.04, 0.2, 0.25, 0.37, 0.5, 1.0, 1.5, 4.0):
        before = photo_layer()
        before.source.pieces = ((region, piece),)
        _r, with_piece = whole(before, Scale(zoom), (500, 700))
        _r, as_part = whole(photo_layer(after), Scale(zoom), (500, 700))
        assert np.array_equal(with_piece, as_part), zoom


def test_a_mask_is_not_shown_over_a_piece_that_is_looked_at() -> None:
    layer = mask_layer(np.full((500, 700), 255, np.uint8), growth=0.0)
    layer.source.hidden = (Region(100, 100, 200, 200),)
    shown = layer.render(Scale(1.0), Region(0, 0, 500, 700))
    assert shown is not None
    assert not shown[101:199, 101:199].any()
    assert shown[:98].all()


def test_parts_of_a_mask_look_as_the_whole_of_it_on_every_level() -> None:
    mask = np.zeros((500, 700), np.uint8)
    places = Region(33, 101, 214, 340), Region(411, 500, 499, 700)
    for place in places:
        mask[place.slices] = blots()[place.slices]
    whole = Pyramid(mask, peak=True)
    laid = LaidLevels(mask.shape, [(place, mask[place.slices]) for place in places])
    for level in range(whole.levels):
        assert laid.shape(level) == whole.shape(level)
        height, width = whole.shape(level)
        for region in (Region.whole((height, width)), Region(height // 3, width // 5, height - 3, width)):
            assert np.array_equal(laid.read(level, region), whole.read(level, region))


def test_another_layer_of_the_same_picture_has_its_own_pieces_and_shares_its_levels() -> None:
    levels = Pyramid(PIXELS)
    source = PictureSource(levels, None, 255.0)
    region = Region(40, 60, 90, 140)
    other = source.under(((region, np.zeros((50, 80, 3), np.uint8)),))
    assert source.pieces == ()
    changed = PIXELS.copy()
    changed[region.slices] = 0
    for level in (0, 1):
        for each, pixels in ((source, PIXELS), (other, changed)):
            height, width = levels.shape(level)
            expected = Pyramid(pixels).level(level)
            assert np.array_equal(each.read(level, Region(0, 0, height, width)), expected)
