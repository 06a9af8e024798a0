"""What was frozen stays as it was, whatever is painted while another thread reads it."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna.document.plane import Plane
from lacuna.imaging.region import Region
from tests.document.support import document, noise, paint, photo


@pytest.mark.parametrize("round_", range(4))
def test_a_snapshot_is_the_picture_of_its_moment_while_another_thread_reads_it(tmp_path: Path, round_: int) -> None:
    made = document(tmp_path, photo(2300, 1900, alpha=True))
    wanted = made.photo.pixels.copy(), made.alpha.pixels.copy() if made.alpha else None
    frozen = made.freeze()
    begun, read = threading.Event(), []

    def work() -> None:
        begun.set()
        read.append(frozen.read())

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    random = np.random.default_rng(round_)
    painted = 0
    while thread.is_alive() or painted < 3:
        y, x = (int(v) for v in random.integers(0, 1800, 2))
        paint(made, Region(y, x, y + 700, x + 700), int(random.integers(256)), "photo")
        paint(made, Region(y, x, y + 700, x + 700), int(random.integers(256)), "alpha")
        if painted % 5 == 4:
            made.history.undo()
        painted += 1
    thread.join()
    assert np.array_equal(read[0].pixels, wanted[0])
    assert np.array_equal(read[0].alpha, wanted[1])
    made.close()


@given(
    st.lists(st.tuples(*[st.integers(-50, 900)] * 4), max_size=8),
    st.tuples(*[st.integers(0, 800)] * 4),
    st.sampled_from([(800, 700), (513, 511, 3)]),
)
def test_every_way_of_reading_gives_the_frozen_pixels(
    writes: list[tuple[int, int, int, int]], part: tuple[int, int, int, int], shape: tuple[int, ...]
) -> None:
    plane = Plane("any", noise(shape))
    wanted = plane.pixels.copy()
    frozen = plane.freeze()
    for i, box in enumerate(writes):
        region = Region(*box).clip(shape)
        if not region.empty:
            plane.writable(region)[...] = i
    region = Region(*part).clip(shape)
    if not region.empty:
        assert np.array_equal(frozen.read(region), wanted[region.slices])
    for key in Region.whole(shape).tiles():
        assert np.array_equal(frozen.tile(*key), wanted[Region.of_tile(*key, shape).slices])
    assert np.array_equal(frozen.take(), wanted)


def test_only_the_wanted_tiles_are_put_aside() -> None:
    plane = Plane("mask", np.zeros((1000, 1000), np.uint8))
    frozen = plane.freeze(frozenset({(1, 1)}))
    plane.writable(Region(0, 0, 1000, 1000))[...] = 9
    assert not frozen.tile(1, 1).any()
    assert list(frozen._aside) == [(1, 1)]


def test_a_crop_and_painting_after_it_do_not_reach_what_was_frozen_before(tmp_path: Path) -> None:
    made = document(tmp_path, photo(900, 900))
    wanted = made.photo.pixels.copy()
    frozen = made.freeze()
    made.crop(Region(101, 203, 801, 790), "Crop")
    paint(made, Region(0, 0, 300, 300), 1, "photo")
    inner = made.freeze()
    now = made.photo.pixels.copy()
    made.history.go_to(0)
    paint(made, Region(50, 50, 700, 700), 2, "photo")
    assert np.array_equal(frozen.read().pixels, wanted)
    assert np.array_equal(inner.read().pixels, now)
    made.close()


def test_other_pixels_in_the_plane_do_not_reach_what_was_frozen_before() -> None:
    plane = Plane("photo", noise((300, 300, 3)))
    wanted = plane.pixels.copy()
    frozen = plane.freeze()
    plane.replace(np.zeros((500, 500, 3), np.uint8))
    plane.writable(Region(0, 0, 500, 500))[...] = 3
    assert np.array_equal(frozen.take(), wanted)


def test_what_is_let_go_of_costs_nothing_any_more() -> None:
    plane = Plane("mask", np.zeros((600, 600), np.uint8))
    kept, dropped, released = plane.freeze(), plane.freeze(), plane.freeze()
    del dropped
    gc.collect()
    released.release()
    plane.writable(Region(0, 0, 10, 10))[...] = 1
    assert list(kept._aside) == [(0, 0)]
    assert not released._aside
    plane.freeze()
    assert sum(ref() is not None for ref in plane._frozen) <= 3
    assert len(plane._frozen) <= 3


def test_rows_already_taken_are_no_longer_guarded() -> None:
    plane = Plane("mask", np.zeros((600, 300), np.uint8))
    frozen = plane.freeze()
    frozen._rows_taken = 1
    plane.writable(Region(0, 0, 600, 300))[...] = 1
    assert {row for row, _column in frozen._aside} == {1, 2}


def test_tiles_of_one_colour_are_put_aside_as_that_colour_and_read_whole() -> None:
    pixels = np.full((600, 2000), 7, np.uint8)
    pixels[300:, 900:] = noise((300, 1100))
    plane = Plane("mask", pixels)
    wanted = plane.pixels.copy()
    frozen = plane.freeze()
    plane.writable(Region(0, 0, 600, 2000))[...] = 9
    assert sum(tile.nbytes for tile in frozen._aside.values()) < wanted.nbytes / 2
    assert np.array_equal(frozen.tile(0, 3), wanted[:256, 768:1024])
    assert np.array_equal(frozen.tile(2, 7), wanted[512:, 1792:])
    assert np.array_equal(frozen.read(Region(100, 700, 590, 1990)), wanted[100:590, 700:1990])
    assert np.array_equal(frozen.take(), wanted)
