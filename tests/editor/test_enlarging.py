"""Enlarging in the program without its window: sizes, the edit, files, previews, and what goes wrong."""

from __future__ import annotations

import shutil
import threading
from collections import namedtuple
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lacuna.contract.enlargement import Enlargement, by_factor
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Progress
from lacuna.document.sessions import restore, sessions
from lacuna.editor import enlarging
from lacuna.editor.enlarged_preview import EnlargedPiece, Sight, pieces
from lacuna.editor.enlarged_size import EnlargedSize, Said
from lacuna.editor.enlarging import Extent, enlarged_mask
from lacuna.editor.ways import Way
from lacuna.engine import device
from lacuna.engine.upscaling import UpscaleRequest, upscale
from lacuna.errors import InvalidParameter, LacunaError
from lacuna.imaging.files import read
from lacuna.imaging.region import Region
from tests.editor.scripted_upscaler import UpscalerScript
from tests.editor.support import Desk, desk, picture


def way(made: Desk, method: str) -> Way:
    return next(each for each in made.editor.enlarging.ways if each.method == method)


def use(made: Desk, method: str) -> None:
    made.editor.enlarging.use(way(made, method))


def sides(size: EnlargedSize, height: int = 300, width: int = 400) -> tuple[int, int]:
    made = size.enlargement(height, width)
    return made.rows, made.columns


# --- sizes ------------------------------------------------------------------------------------------------------------
def test_what_was_said_last_decides_and_the_rest_follows() -> None:
    size = EnlargedSize()
    assert sides(size) == (600, 800)
    assert sides(size.say(Said.FACTOR, 1.37)) == (411, 548)
    assert sides(size.say(Said.WIDTH, 1000)) == (750, 1000)
    assert sides(size.say(Said.HEIGHT, 1000)) == (1000, 1333)
    assert sides(size.say(Said.LONG_SIDE, 1234)) == (925, 1234)
    assert sides(size.say(Said.LONG_SIDE, 1234), 400, 300) == (1234, 925)


def test_a_print_size_is_kept_when_the_dots_an_inch_change_and_pixels_otherwise() -> None:
    a4 = EnlargedSize().at(300).say(Said.PRINT_WIDTH, 29.7)
    assert sides(a4)[1] == 3508
    assert sides(a4.at(150))[1] == 1754
    pixels = EnlargedSize().say(Said.WIDTH, 3508).at(150)
    assert sides(pixels)[1] == 3508
    assert pixels.on_paper(3508) == pytest.approx(59.4, abs=0.01)
    assert sides(EnlargedSize(dpi=254).say(Said.PRINT_HEIGHT, 10)) == (1000, 1333)


@pytest.mark.parametrize(("said", "value"), [(Said.FACTOR, 0), (Said.FACTOR, float("nan")), (Said.WIDTH, 0)])
def test_a_size_that_is_none_is_told(said: Said, value: float) -> None:
    with pytest.raises(InvalidParameter):
        EnlargedSize().say(said, value).enlargement(300, 400)


# --- in place ---------------------------------------------------------------------------------------------------------
def test_an_enlargement_is_one_edit_that_is_undone_and_done_again(opened: Desk) -> None:
    before = opened.photo.copy()
    opened.size_brush(20)
    opened.drag((100, 100), (150, 120))
    marked = opened.document.mask_count()
    use(opened, "lanczos")
    opened.editor.enlarging.say(Said.FACTOR, 1.37)

    opened.editor.enlarge()
    opened.settle()

    assert opened.document.shape == (411, 548)
    wanted = upscale(UpscaleRequest(before, by_factor(300, 400, 1.37), 255.0, method="lanczos"), Progress())
    assert np.array_equal(opened.photo, wanted.pixels)
    assert opened.document.mask_count() == pytest.approx(marked * 1.37**2, rel=0.03)
    assert opened.labels[-1] == "Enlarge to 548 × 411"
    assert opened.editor.enlarging.size.said is Said.FACTOR
    opened.editor.undo()
    assert np.array_equal(opened.photo, before)
    assert opened.document.mask_count() == marked
    opened.editor.redo()
    assert np.array_equal(opened.photo, wanted.pixels)


def test_the_original_lies_below_the_enlarged_picture(opened: Desk) -> None:
    use(opened, "lanczos")
    before = opened.photo.copy()
    opened.editor.enlarge()
    opened.settle()
    wanted = upscale(UpscaleRequest(before, by_factor(300, 400, 2), 255.0, method="lanczos"), Progress())
    assert np.abs(opened.document.original().astype(int) - wanted.pixels).max() <= 1


def test_an_enlarged_session_comes_back_after_a_crash(opened: Desk) -> None:
    with opened.document.edit("Mark") as edit:
        edit.put(opened.document.put_guides, (GuideStroke(Guide.LINE, ((10.0, 20.0), (90.0, 40.0)), 2.0),))
        with edit.write(opened.document.mask, Region(50, 60, 90, 160)) as mask:
            mask[...] = 255
    use(opened, "bicubic")
    opened.editor.enlarging.say(Said.PRINT_WIDTH, 10)
    opened.editor.enlarge()
    opened.settle()
    made, masked, original = opened.photo.copy(), opened.mask.copy(), opened.document.original().copy()
    guides = opened.document.guides
    assert made.shape[1] == 1181
    opened.editor.shutdown()  # unsaved: it is left to be restored
    (session,) = sessions()
    back = restore(session)
    assert np.array_equal(back.document.photo.pixels, made)
    assert back.document.header.metadata.dpi == (300.0, 300.0)
    assert masked.any()
    assert np.array_equal(back.document.mask.pixels, masked)
    assert np.array_equal(back.document.original(), original)
    assert back.document.guides == guides
    assert guides[0].points[1] == pytest.approx((90 * 1181 / 400, 40 * 1181 / 400))
    back.document.history.undo()
    assert back.document.shape == (300, 400)
    assert back.document.mask_bounds() == Region(50, 60, 90, 160)
    assert back.document.guides[0].points[1] == (90.0, 40.0)
    assert np.array_equal(back.document.original(), back.document.photo.pixels)
    back.journal.close()


def test_an_original_that_was_loaded_for_another_size_is_asked_for_again(
    opened: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(opened, "bicubic")
    opened.editor.enlarge()
    opened.settle()
    document, loaded, go = opened.document, [], threading.Event()
    load = document.load_original

    def slowly(*how: Any) -> np.ndarray:
        loaded.append(how[0])
        assert go.wait(60)
        return load(*how)

    monkeypatch.setattr(document, "load_original", slowly)
    opened.editor.files.load_original(document)
    opened.run_until(lambda: bool(loaded))
    opened.editor.undo()
    opened.editor.files.load_original(document)  # one is on its way, for what is no more
    go.set()
    opened.settle()
    assert [len(stretches) for stretches in loaded] == [1, 0]
    assert document.original_ready
    assert np.array_equal(document.original(), opened.photo)


def test_sixteen_bits_and_alpha_stay(empty: Desk, tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    pixels = np.random.default_rng(1).integers(0, 65535, (40, 50, 4), dtype=np.uint16)
    assert cv2.imwrite(str(path), pixels)
    empty.open(path)
    use(empty, "lanczos")
    empty.editor.enlarge()
    empty.settle()
    assert empty.photo.dtype == np.uint16
    assert empty.document.alpha.pixels.shape == (80, 100)
    assert empty.document.alpha.pixels.dtype == np.uint16


def test_a_picture_that_changed_meanwhile_is_left_as_it_is(opened: Desk, upscaler: UpscalerScript) -> None:
    use(opened, "scripted")
    upscaler.go.clear()
    opened.editor.enlarge()
    opened.run_until(lambda: upscaler.calls > 0)
    with opened.document.edit("Paint") as edit, edit.write(opened.document.photo, Region(0, 0, 5, 5)) as pixels:
        pixels[...] = 0
    upscaler.go.set()
    opened.settle()
    assert opened.document.shape == (300, 400)
    assert "was changed meanwhile" in opened.messages[-1].sentence


def test_what_is_masked_during_a_run_is_masked_afterwards(
    opened: Desk, upscaler: UpscalerScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(opened, "scripted")
    upscaler.go.clear()
    opened.editor.enlarge()
    opened.run_until(lambda: upscaler.calls > 0)
    opened.size_brush(20)
    opened.drag((100, 100), (150, 120))
    marked = opened.document.mask_count()
    threads: list[str] = []
    monkeypatch.setattr(
        enlarging,
        "enlarged_mask",
        lambda *how: threads.append(threading.current_thread().name) or enlarged_mask(*how),
    )
    upscaler.go.set()
    opened.settle()
    assert len(threads) == 2  # that of the beginning, and that which was painted on
    assert threading.current_thread().name not in threads
    assert opened.document.shape == (600, 800)
    assert opened.document.mask_count() == 4 * marked


def test_a_cancelled_run_changes_nothing_and_leaves_no_file(
    opened: Desk, upscaler: UpscalerScript, tmp_path: Path
) -> None:
    use(opened, "scripted")
    upscaler.go.clear()
    ended: list[bool] = []
    opened.editor.save_enlarged(tmp_path / "large.png", then=ended.append)
    opened.run_until(lambda: upscaler.calls > 0)
    opened.editor.escape()
    opened.settle()
    assert ended == [False]
    assert list(tmp_path.glob("large*")) == []
    opened.editor.enlarge()
    opened.editor.escape()
    opened.settle()
    assert opened.labels == []


def test_a_failure_is_said(opened: Desk, upscaler: UpscalerScript) -> None:
    use(opened, "scripted")
    upscaler.error = RuntimeError("the card is on fire")
    opened.editor.enlarge()
    opened.settle()
    assert opened.labels == []
    assert "the card is on fire" in opened.messages[-1].details + opened.messages[-1].sentence


def test_what_no_memory_holds_is_refused_before_the_run(opened: Desk, upscaler: UpscalerScript) -> None:
    use(opened, "scripted")
    opened.editor.enlarging.say(Said.WIDTH, 4_000_000)
    opened.editor.enlarge()
    assert opened.editor.jobs == []
    assert "4000000" in opened.messages[-1].sentence
    assert upscaler.calls == 0


def test_a_way_without_its_model_says_so_and_a_plain_one_is_chosen(opened: Desk) -> None:
    network = way(opened, "meta-sr")
    assert network.network
    assert "model" in network.missing
    opened.editor.enlarging.use(network)
    assert opened.editor.enlarging.way.method == "lanczos"
    assert not opened.editor.enlarging.way.network


def test_the_best_network_is_chosen_at_first(opened: Desk, upscaler: UpscalerScript) -> None:
    assert opened.editor.enlarging.way.name == "Scripted weights"


# --- to a file, and a part -----------------------------------------------------------------------------------------
def test_a_file_gets_the_enlarged_picture_and_its_dots_while_this_one_stays(opened: Desk, tmp_path: Path) -> None:
    use(opened, "bicubic")
    opened.editor.enlarging.set_dpi(254)
    opened.editor.enlarging.say(Said.PRINT_HEIGHT, 10)
    opened.editor.save_enlarged(tmp_path / "large.png")
    opened.settle()
    saved = read(tmp_path / "large.png")
    assert saved.pixels.shape == (1000, 1333, 3)
    assert saved.metadata.dpi == pytest.approx((254, 254), abs=0.1)
    assert opened.labels == []
    assert opened.document.header.metadata.dpi is None
    assert "Saved as “large.png”" in opened.messages[-1].sentence


def test_what_neither_format_nor_disk_holds_is_refused_before_the_run(
    opened: Desk, upscaler: UpscalerScript, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(opened, "scripted")
    opened.editor.enlarging.say(Said.WIDTH, 70_000)
    ended: list[bool] = []
    monkeypatch.setattr(device, "available_memory", lambda: 1 << 50)
    opened.editor.save_enlarged(tmp_path / "large.jpg", then=ended.append)
    assert "65535" in opened.messages[-1].sentence
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**12, 10**12 - 1000, 1000))
    opened.editor.save_enlarged(tmp_path / "large.png", then=ended.append)
    assert "large.png would have 70000 × 52500 pixels and take about" in opened.messages[-1].sentence
    opened.editor.save_enlarged(tmp_path / "nowhere" / "large.png", then=ended.append)
    assert ended == [False] * 3
    assert (opened.editor.jobs, upscaler.calls) == ([], 0)
    assert list(tmp_path.glob("large*")) == []


def test_only_the_masked_part_is_enlarged_where_that_is_asked_for(opened: Desk, tmp_path: Path) -> None:
    opened.editor.enlarging.set_extent(Extent.MASKED)
    opened.editor.save_enlarged(tmp_path / "nothing.png")
    assert opened.messages[-1].sentence == "Nothing is masked."
    with opened.document.edit("Mask") as edit, edit.write(opened.document.mask, Region(50, 60, 90, 160)) as mask:
        mask[...] = 255
    use(opened, "bicubic")
    opened.editor.save_enlarged(tmp_path / "part.png")
    opened.settle()
    part = opened.photo[50:90, 60:160].copy()
    wanted = upscale(UpscaleRequest(part, by_factor(40, 100, 2), 255.0, method="bicubic"), Progress()).pixels
    assert np.array_equal(read(tmp_path / "part.png").pixels, wanted)
    opened.editor.open_enlarged()
    opened.settle()
    assert np.array_equal(opened.photo, wanted)
    assert opened.document.header.path == picture(tmp_path / "photo.png")
    assert opened.editor.enlarging.extent is Extent.WHOLE


def test_an_estimate_grows_with_the_factor(opened: Desk, upscaler: UpscalerScript) -> None:
    enlarging, found = opened.editor.enlarging, []
    for factor in (1.5, 3, 8):
        enlarging.say(Said.FACTOR, factor)
        found.append(enlarging.estimate(opened.document))
    assert [(each.rows, each.columns) for each in found] == [(450, 600), (900, 1200), (2400, 3200)]
    assert found[0].seconds < found[2].seconds
    assert found[0].memory < found[2].memory
    assert [each.steps for each in found] == [1, 1, 2]


# --- the mask ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("factor", ["2", "1.37", "3.5", "0.4", "0.9"])
def test_a_mask_goes_along_hard_and_whole(factor: str) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[20:41, 30:31] = 255
    mask[50:55, 60:70] = 100
    made = by_factor(60, 80, factor)

    found = enlarged_mask(mask, Region(20, 30, 55, 70), made)

    assert found.shape == (made.rows, made.columns)
    assert set(np.unique(found)) == {0, 100, 255}
    ys, xs = np.nonzero(found == 255)
    scale = float(factor)
    assert abs(ys.min() - 20 * scale) <= 1
    assert abs(ys.max() + 1 - 41 * scale) <= 1
    assert abs((xs.min() + xs.max() + 1) / 2 - 30.5 * scale) <= 1
    assert np.array_equal(found, enlarged_mask(mask, Region(0, 0, 60, 80), made))


def test_the_mask_of_a_double_is_each_pixel_twice() -> None:
    mask = np.random.default_rng(0).integers(0, 255, (13, 17), dtype=np.uint8)
    found = enlarged_mask(mask, Region(0, 0, 13, 17), by_factor(13, 17, 2))
    assert np.array_equal(found, mask.repeat(2, axis=0).repeat(2, axis=1))


# --- previews ---------------------------------------------------------------------------------------------------------
def as_it_is(piece: EnlargedPiece) -> EnlargedPiece:
    return piece


def sight(made: Desk, method: str, window: Region, factor: float = 2) -> Sight:
    return Sight(Region(0, 0, 300, 400), by_factor(300, 400, factor), window, way(made, method))


@pytest.mark.parametrize("factor", [2, 1.37, 6.5, 0.6])
def test_a_preview_shows_what_the_run_will_make(opened: Desk, factor: float) -> None:
    made = by_factor(300, 400, factor)
    window = Region(made.rows // 3, made.columns // 4, made.rows // 3 + 150, made.columns // 4 + 120)
    came: list[EnlargedPiece] = []
    ended: list[LacunaError | None] = []
    opened.editor.enlarged_preview.make(
        opened.document, sight(opened, "lanczos", window, factor), as_it_is, came.append, ended.append
    )
    opened.run_until(lambda: bool(ended))
    assert ended == [None]
    plain = [piece for piece in came if piece.plain]
    assert [piece.region for piece in plain] == ([window] if factor > 1 else [])
    chosen = [piece for piece in came if not piece.plain]
    for method, found in (("bicubic", plain), ("lanczos", chosen)) if plain else (("lanczos", chosen),):
        whole = upscale(UpscaleRequest(opened.photo, made, 255.0, method=method), Progress()).pixels
        shown = np.zeros_like(whole)
        for piece in found:
            shown[piece.region.slices] = piece.pixels
        assert np.array_equal(shown[window.slices], whole[window.slices])
    assert opened.editor.jobs == []


def test_a_preview_of_what_is_transparent_shows_what_the_run_will_make(empty: Desk, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (220, 60, 4), dtype=np.uint8)
    pixels[..., 3] = 0
    pixels[150:, :, 3] = 255  # as far from the window as colours are spread
    assert cv2.imwrite(str(tmp_path / "hidden.png"), pixels)
    empty.open(tmp_path / "hidden.png")
    made, window = by_factor(220, 60, 2), Region(180, 20, 220, 80)
    came: list[EnlargedPiece] = []
    ended: list[LacunaError | None] = []
    look = Sight(Region(0, 0, 220, 60), made, window, way(empty, "lanczos"))
    empty.editor.enlarged_preview.make(empty.document, look, as_it_is, came.append, ended.append)
    empty.run_until(lambda: bool(ended))
    alpha = empty.document.alpha.pixels
    whole = upscale(UpscaleRequest(empty.photo, made, 255.0, alpha, method="lanczos"), Progress())
    (found,) = [piece for piece in came if not piece.plain]
    assert np.array_equal(found.pixels, whole.pixels[window.slices])
    assert whole.alpha is not None
    assert np.array_equal(found.alpha, whole.alpha[window.slices])


def test_a_preview_asks_a_card_that_failed_for_no_other_piece(
    opened: Desk, upscaler: UpscalerScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "cuda_missing", lambda: "")
    monkeypatch.setattr(device, "card_memory", lambda: 1 << 30)
    upscaler.on_a_card = RuntimeError("no kernel image")
    ended: list[LacunaError | None] = []
    came: list[EnlargedPiece] = []
    window = Region(0, 0, 500, 600)
    opened.editor.enlarged_preview.make(
        opened.document, sight(opened, "scripted", window), as_it_is, came.append, ended.append
    )
    opened.run_until(lambda: bool(ended))
    assert ended == [None]
    assert len(came) > 3
    assert upscaler.devices == ["cuda", *["cpu"] * (len(came) - 1)]


def test_the_next_preview_ends_the_one_before(opened: Desk, upscaler: UpscalerScript) -> None:
    upscaler.go.clear()
    first: list[EnlargedPiece] = []
    second: list[EnlargedPiece] = []
    ended: list[LacunaError | None] = []
    window = Region(0, 0, 100, 100)
    opened.editor.enlarged_preview.make(
        opened.document, sight(opened, "scripted", window), as_it_is, first.append, ended.append
    )
    opened.run_until(lambda: upscaler.calls > 0)
    opened.editor.enlarged_preview.make(
        opened.document, sight(opened, "lanczos", window), as_it_is, second.append, ended.append
    )
    opened.run_until(lambda: bool(ended))
    assert not any(not piece.plain for piece in first)
    assert [piece.plain for piece in second] == [True, False]


def test_a_preview_that_cannot_be_made_says_why(opened: Desk, upscaler: UpscalerScript) -> None:
    upscaler.error = MemoryError()
    ended: list[LacunaError | None] = []
    window = Region(0, 0, 100, 100)
    opened.editor.enlarged_preview.make(
        opened.document, sight(opened, "scripted", window), as_it_is, [].append, ended.append
    )
    opened.run_until(lambda: bool(ended))
    assert ended[0] is not None


def test_pieces_cover_the_window_once_and_begin_in_its_middle() -> None:
    window = Region(30, 50, 1030, 1250)
    made = Enlargement(900, 900, 1800, 1800, Fraction(2), Fraction(2))
    found = pieces(window, made)
    covered = np.zeros((1100, 1300), int)
    for piece in found:
        covered[piece.slices] += 1
    assert (covered[window.slices] == 1).all()
    assert covered.sum() == window.area
    assert found[0].y0 <= 530 < found[0].y1 or found[0].y0 <= 529 < found[0].y1


# --- mosaics ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def pixelated_desk(tmp_path: Path) -> Desk:
    from tests.detection.mosaics import pixelated
    from tests.pictures import lion, write

    with desk() as made:
        made.open(write(tmp_path / "mosaic.png", pixelated(lion(), Region(101, 107, 341, 401), 12)))
        yield made


def mask_the_mosaic(made: Desk) -> None:
    with made.document.edit("Mask") as edit, edit.write(made.document.mask, Region(101, 107, 341, 401)) as mask:
        mask[...] = 255


def test_a_mosaic_is_found_and_undone_inside_the_mask_alone(pixelated_desk: Desk) -> None:
    from tests.pictures import lion

    made = pixelated_desk
    mask_the_mosaic(made)
    before = made.photo.copy()
    found = []
    made.editor.find_mosaic(found.append)
    made.settle()
    (mosaic,) = found
    assert (mosaic.down.size, mosaic.across.size) == (12, 12)
    assert mosaic.likely

    made.editor.undo_mosaic(mosaic, way(made, "bicubic"))
    made.settle()

    outside = np.ones(before.shape[:2], bool)
    outside[101:341, 107:401] = False
    assert np.array_equal(made.photo[outside], before[outside])
    assert made.document.mask_bounds().empty

    def off(pixels: np.ndarray) -> float:
        return float(np.abs(pixels.astype(float) - lion())[~outside].mean())

    assert off(made.photo) < 0.96 * off(before)  # fine hair: blocks tell little of it
    made.editor.undo()
    assert np.array_equal(made.photo, before)
    assert made.document.mask_bounds() == Region(101, 107, 341, 401)


def test_beside_a_mosaic_that_is_smaller_than_the_mask_every_bit_stays(pixelated_desk: Desk) -> None:
    made = pixelated_desk
    wide, mosaic_itself = Region(81, 90, 370, 420), Region(101, 107, 341, 401)
    with made.document.edit("Mask") as edit, edit.write(made.document.mask, wide) as mask:
        mask[...] = 255
    before = made.photo.copy()
    found = []
    made.editor.find_mosaic(found.append)
    made.settle()
    made.editor.undo_mosaic(found[0], way(made, "bicubic"))
    made.settle()
    changed = (made.photo != before).any(axis=2)
    assert changed[mosaic_itself.slices].mean() > 0.9
    changed[mosaic_itself.slices] = False
    assert not changed.any()
    assert made.document.mask_bounds().empty
    made.editor.undo()
    assert made.document.mask_bounds() == wide


def test_a_small_mosaic_is_found_below_a_much_wider_mask(tmp_path: Path) -> None:
    from tests.detection.mosaics import pixelated
    from tests.pictures import lion, write

    blocks = pixelated(lion(), Region(203, 250, 248, 295), 9)
    _ok, compressed = cv2.imencode(".jpg", blocks, [cv2.IMWRITE_JPEG_QUALITY, 90])
    decoded = cv2.imdecode(compressed, cv2.IMREAD_COLOR)  # red and blue have changed places twice
    with desk() as made:
        made.open(write(tmp_path / "mosaic.png", decoded))
        with made.document.edit("Mask") as edit, edit.write(made.document.mask, Region(178, 225, 273, 320)) as mask:
            mask[...] = 255
        found = []
        made.editor.find_mosaic(found.append)
        made.settle()
        assert (found[0].down.size, found[0].across.size) == pytest.approx((9, 9), abs=0.05)
        assert (found[0].down.start, found[0].across.start) == pytest.approx((203 % 9, 250 % 9), abs=0.5)


def test_a_soft_mask_undoes_a_mosaic_by_its_strength(pixelated_desk: Desk) -> None:
    made = pixelated_desk
    with made.document.edit("Mask") as edit, edit.write(made.document.mask, Region(101, 107, 341, 401)) as mask:
        mask[...] = 128
        mask[:, :10] = 0
    before = made.photo.copy()
    found = []
    made.editor.find_mosaic(found.append, (12.0, 12.0))
    made.settle()
    made.editor.undo_mosaic(found[0], way(made, "lanczos"))
    made.settle()
    assert np.array_equal(made.photo[101:341, 107:117], before[101:341, 107:117])
    assert not np.array_equal(made.photo, before)


def test_a_mask_that_changed_meanwhile_drops_the_result(pixelated_desk: Desk, upscaler: UpscalerScript) -> None:
    made = pixelated_desk
    mask_the_mosaic(made)
    found = []
    made.editor.find_mosaic(found.append)
    made.settle()
    upscaler.go.clear()
    made.editor.undo_mosaic(found[0], way(made, "scripted"))
    made.run_until(lambda: upscaler.calls > 0)
    made.editor.clear_mask()
    upscaler.go.set()
    made.settle()
    assert made.labels == ["Mask", "Clear mask"]
    assert "was changed meanwhile" in made.messages[-1].sentence
