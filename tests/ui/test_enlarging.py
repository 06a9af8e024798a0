"""Enlarging by hand: the panel, the preview with its divider, runs and files; and undoing a mosaic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QLocale, QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSpinBox

from lacuna.contract.enlargement import by_factor
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Progress
from lacuna.editor.enlarging import Extent
from lacuna.engine.upscaling import UpscaleRequest, upscale
from lacuna.imaging.files import read
from lacuna.imaging.region import Region
from lacuna.ui.dialogs.save_picture import SavePicture
from lacuna.ui.dialogs.undo_mosaic import UndoMosaic
from lacuna.ui.main_window import MainWindow
from tests.detection.mosaics import pixelated
from tests.editor.scripted_upscaler import UpscalerScript
from tests.engine.enlargers import install_light
from tests.pictures import lion, write
from tests.ui.support import drag, grabbed, move, settle, wait_until
from tests.ui.windows import back_to, copy_of_sample, key, open_photo


def use(window: MainWindow, method: str) -> None:
    """Choose a method in the list of the panel."""
    panel = window.enlarge_panel
    index = [way.method for way in window.editor.enlarging.ways].index(method)
    panel.ways.setCurrentIndex(index)
    panel.ways.activated.emit(index)
    settle()


def begin(window: MainWindow, folder: Path, method: str = "lanczos") -> None:
    open_photo(window, copy_of_sample(folder))
    key(window.canvas, "Ctrl+Alt+I")
    use(window, method)


def typed(box: QSpinBox, text: str) -> None:
    """Type a number into a field as a person does, and leave it by Enter."""
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)
    settle()


def made(window: MainWindow) -> None:
    """Wait until the preview of what is asked for now is there."""
    enlarged, enlarging = window.canvas.enlarged, window.editor.enlarging

    def there() -> bool:
        document, sight = window.editor.document, enlarged.expected
        assert document is not None
        return enlarged.finished and sight is not None and sight.enlargement == enlarging.enlargement(document)

    wait_until(there, 20)
    settle()


def text_of(window: MainWindow) -> str:
    """What the panel says of the run, once it has reckoned."""
    panel = window.enlarge_panel
    settled = panel.estimate.text()
    for _ in range(3):
        wait_until(lambda: not panel.reckoning, 5)
    settled = panel.estimate.text() if panel.estimate.isVisible() else panel.problem.text()
    return settled


def test_the_key_opens_the_panel_with_the_factor_ready_to_be_typed(window: MainWindow, tmp_path: Path) -> None:
    assert not window.docks["enlarge"].isVisible()
    begin(window, tmp_path)
    fields = window.enlarge_panel.size_fields
    assert window.docks["enlarge"].isVisible()
    wait_until(fields.factor.hasFocus)
    typed(fields.factor, "1.37")
    assert (fields.width_box.value(), fields.height_box.value()) == (701, 526)
    assert fields.scrubber.value() == 137
    assert "701 × 526 pixels" in text_of(window)


def test_every_field_follows_the_one_that_was_typed(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    fields = window.enlarge_panel.size_fields
    typed(fields.width_box, "1000")
    assert (fields.factor.value(), fields.height_box.value(), fields.long_side.value()) == (1.95, 750, 1000)
    typed(fields.height_box, "1536")
    assert (fields.factor.value(), fields.width_box.value()) == (4.0, 2048)
    typed(fields.long_side, "640")
    assert (fields.width_box.value(), fields.height_box.value(), fields.scrubber.value()) == (640, 480, 125)
    typed(fields.dpi, "254")
    assert fields.width_box.value() == 640
    metric = QLocale().measurementSystem() == QLocale.MeasurementSystem.MetricSystem
    unit = 1.0 if metric else 2.54
    typed(fields.print_width, f"{20 / unit:.4f}")
    assert fields.width_box.value() == pytest.approx(2000, abs=2)
    typed(fields.dpi, "127")
    assert fields.width_box.value() == pytest.approx(1000, abs=1)
    assert fields.print_width.value() == pytest.approx(20 / unit, abs=0.02)


def test_a_comma_begins_a_fraction_and_parts_no_thousands(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    fields = window.enlarge_panel.size_fields
    typed(fields.factor, "1,4")
    assert fields.factor.value() == 1.4
    typed(fields.factor, "1,234.5")
    assert fields.factor.value() == 1.4
    QApplication.clipboard().setText("1,234.5")
    fields.factor.selectAll()
    QTest.keyClick(fields.factor, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(fields.factor, Qt.Key.Key_Return)
    assert fields.factor.value() == 1.4
    typed(fields.dpi, "72,5")
    assert fields.dpi.value() == 72.5
    for text in ("1,4", "1.400"):
        typed(fields.width_box, text)
        assert fields.width_box.value() == 716
        assert "716" in fields.width_box.text()


def test_a_size_that_the_format_of_the_picture_cannot_hold_is_told_before_the_run(
    window: MainWindow, tmp_path: Path
) -> None:
    picture = tmp_path / "wide.jpg"
    Image.fromarray(lion()[:4, :700]).save(picture)
    open_photo(window, picture)
    key(window.canvas, "Ctrl+Alt+I")
    use(window, "lanczos")
    typed(window.enlarge_panel.size_fields.width_box, "65535")
    assert "JPEG holds" not in text_of(window)
    typed(window.enlarge_panel.size_fields.width_box, "65600")
    assert "JPEG holds at most 65535 pixels a side. Save as PNG or TIFF instead." in text_of(window)
    QTest.mouseClick(window.enlarge_panel.save, Qt.MouseButton.LeftButton)
    settle()
    [dialog] = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, SavePicture)]
    assert dialog.path.suffix == ".png"
    assert dialog.button.isEnabled()
    dialog.name.setText("wide.jpg")
    assert not dialog.button.isEnabled()
    assert "65535" in dialog.notes.text()
    dialog.reject()


def test_scrubbing_shows_each_size_as_it_will_be_beside_bicubic(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    made(window)
    canvas, before = window.canvas, window.editor.document.photo.pixels.copy()
    for scrubbed in (150, 237):
        window.enlarge_panel.size_fields.scrubber.setValue(scrubbed)
        made(window)
        assert canvas.viewport.zoom == scrubbed / 100  # a point of the result is a pixel of the screen
        seen = grabbed(canvas)
        how = by_factor(384, 512, scrubbed / 100)
        left, top = canvas.viewport.x, canvas.viewport.y
        middle = Region(seen.shape[0] // 2, 0, seen.shape[0] // 2 + 60, 0)
        for method, x0 in (("bicubic", canvas.divider.x - 90), ("lanczos", canvas.divider.x + 30)):
            whole = upscale(UpscaleRequest(before, how, 255.0, method=method), Progress()).pixels
            part = Region(middle.y0 + 40, x0, middle.y1 + 40, x0 + 60)
            assert np.array_equal(seen[part.slices], whole[part.shift(-top, -left).slices]), (scrubbed, method)
    assert window.editor.document.history.labels == []
    assert window.editor.jobs == []


def test_the_divider_is_moved_by_mouse_and_keys(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    made(window)
    canvas = window.canvas
    x, y = canvas.divider.x, canvas.height() / 2
    drag(canvas, (x, y), (x + 60, y), (x + 100, y + 4))
    assert canvas.divider.x == x + 100
    canvas.setFocus()
    key(canvas, "Shift+Left")
    assert canvas.divider.x < x + 100
    key(canvas, "Shift+Right")
    assert abs(canvas.divider.x - x - 100) <= 1
    assert window.editor.document.mask_bounds().empty


def test_a_drag_moves_the_picture_and_draws_nothing_while_the_preview_is_on(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    window.enlarge_panel.size_fields.scrubber.setValue(600)
    made(window)
    canvas, at = window.canvas, (window.canvas.viewport.x, window.canvas.viewport.y)
    drag(canvas, (100, 100), (60, 80), (50, 70))
    assert (canvas.viewport.x, canvas.viewport.y) == (at[0] - 50, at[1] - 30)
    assert window.editor.document.mask_bounds().empty
    made(window)


def test_esc_closes_the_preview_and_gives_the_view_back(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    window.editor.select_all()
    zoom, fitted = window.canvas.viewport.zoom, window.canvas.viewport.fitted
    key(window.canvas, "Ctrl+Alt+I")
    made(window)
    assert window.enlarge.previewing
    assert window.canvas.viewport.zoom == 2.0
    window.editor.toolbox.lines.show(window.editor.document, (GuideStroke(Guide.LINE, ((10, 10), (60, 60)), 3.0),))
    window.canvas.setFocus()
    key(window.canvas, "Esc")
    assert not window.editor.contours.proposed  # a line that is proposed goes first
    assert window.enlarge.previewing
    key(window.canvas, "Esc")
    assert not window.enlarge.previewing
    assert not window.enlarge_panel.preview.isChecked()
    assert window.docks["enlarge"].isVisible()
    assert (window.canvas.viewport.zoom, window.canvas.viewport.fitted) == (zoom, fitted)
    assert not window.editor.document.mask_bounds().empty  # that goes with the next one
    window.enlarge_panel.preview.click()
    made(window)
    window.docks["enlarge"].close()
    settle()
    assert not window.enlarge.previewing


def test_a_preview_is_dropped_by_the_next_change_and_never_holds_the_window(
    window: MainWindow, tmp_path: Path, upscaler: UpscalerScript
) -> None:
    begin(window, tmp_path, "scripted")
    upscaler.go.clear()
    window.enlarge_panel.size_fields.scrubber.setValue(300)
    wait_until(lambda: upscaler.calls > 0, 10)
    assert window.editor.jobs == []  # nothing that the bar speaks of
    window.enlarge_panel.size_fields.scrubber.setValue(250)
    use(window, "lanczos")
    made(window)
    sight = window.canvas.enlarged.expected
    assert sight is not None
    assert sight.way.method == "lanczos"


def test_enlarging_in_place_is_one_step_that_is_undone_and_redone(
    window: MainWindow, tmp_path: Path, upscaler: UpscalerScript
) -> None:
    begin(window, tmp_path, "scripted")
    before = window.editor.document.photo.pixels.copy()
    typed(window.enlarge_panel.size_fields.width_box, "1000")
    window.enlarge_panel.button.click()
    wait_until(lambda: window.editor.document.shape == (750, 1000), 20)
    assert not window.enlarge.previewing
    assert window.editor.document.history.labels == ["Enlarge to 1000 × 750"]
    assert abs(window.editor.document.photo.pixels[::50, ::50].astype(int).mean() + before.mean() - 255) < 12
    settle()
    assert window.canvas.viewport.image == (750, 1000)
    key(window.canvas, "Ctrl+Z")
    assert np.array_equal(window.editor.document.photo.pixels, before)
    assert window.canvas.viewport.image == (384, 512)
    key(window.canvas, "Ctrl+Shift+Z")
    assert window.editor.document.shape == (750, 1000)


def test_what_is_seen_stays_in_sight_when_the_picture_is_enlarged(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    window.enlarge.show_preview(False)
    canvas = window.canvas
    canvas.navigation.zoom_to(4.0)
    canvas.centre_on(300, 100)
    window.editor.enlarge()
    wait_until(lambda: window.editor.document.shape == (768, 1024), 20)
    settle()
    assert canvas.viewport.zoom == 2.0
    x, y = canvas.viewport.to_image(canvas.viewport.width / 2, canvas.viewport.height / 2)
    assert (x, y) == pytest.approx((600, 200), abs=1)


def test_esc_cancels_a_run_and_the_picture_stays(window: MainWindow, tmp_path: Path, upscaler: UpscalerScript) -> None:
    begin(window, tmp_path, "scripted")
    window.enlarge.show_preview(False)
    upscaler.go.clear()
    calls = upscaler.calls
    window.enlarge_panel.button.click()
    wait_until(lambda: upscaler.calls > calls, 10)
    window.canvas.setFocus()
    key(window.canvas, "Esc")
    wait_until(lambda: not window.editor.jobs, 10)
    assert window.editor.document.shape == (384, 512)
    assert window.editor.document.history.labels == []


def test_an_enlarged_picture_is_saved_to_a_file_and_this_one_stays(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    typed(window.enlarge_panel.size_fields.factor, "1.5")
    window.enlarge_panel.save.click()
    settle()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, SavePicture)
    dialog.name.setText("large.png")
    dialog.button.click()
    wait_until((tmp_path / "large.png").exists, 20)
    wait_until(lambda: not window.editor.jobs, 20)
    assert read(tmp_path / "large.png").pixels.shape == (576, 768, 3)
    assert window.editor.document.shape == (384, 512)
    assert window.editor.document.history.labels == []
    back_to(window)


def test_only_the_masked_part_is_opened_as_a_new_picture(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    assert not window.action_set["mask.enlarge"].isEnabled()
    document = window.editor.document
    with document.edit("Mask") as edit, edit.write(document.mask, Region(50, 60, 150, 260)) as mask:
        mask[...] = 255
    settle()
    window.action_set["mask.enlarge"].trigger()
    settle()
    use(window, "lanczos")
    fields = window.enlarge_panel.size_fields
    assert window.editor.enlarging.extent is Extent.MASKED
    assert (fields.width_box.value(), fields.height_box.value()) == (400, 200)
    made(window)
    window.enlarge_panel.button.click()
    wait_until(lambda: window.editor.document is not document and window.editor.document is not None, 20)
    assert window.editor.document.shape == (200, 400)
    assert window.editor.enlarging.extent is Extent.WHOLE


def test_what_a_run_takes_is_told_with_steps_and_areas(
    window: MainWindow, tmp_path: Path, upscaler: UpscalerScript
) -> None:
    begin(window, tmp_path, "scripted")
    panel = window.enlarge_panel
    panel.size_fields.scrubber.setValue(600)
    text = text_of(window)
    assert "3072 × 2304 pixels, 7.1 megapixels" in text
    assert "in 2 steps" in text
    assert "JPEG of about" in text
    typed(panel.size_fields.width_box, "200")
    assert "smaller by areas" in text_of(window)
    assert panel.button.text() == "Reduce"
    typed(panel.size_fields.width_box, "900000")
    assert "900000" in text_of(window)
    assert not panel.button.isEnabled()
    assert not panel.save.isEnabled()
    typed(panel.size_fields.factor, "0")
    assert panel.size_fields.factor.value() > 0
    typed(panel.size_fields.factor, "2")
    text_of(window)
    assert panel.button.isEnabled()


def test_a_network_without_its_model_stays_grey_with_the_reason(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    panel = window.enlarge_panel
    model = panel.ways.model()
    names = [panel.ways.itemText(row) for row in range(panel.ways.count())]
    network = names.index("Network (Meta-SR) (network)")
    assert not model.flags(model.index(network, 0)) & Qt.ItemFlag.ItemIsEnabled
    assert "model" in panel.ways.itemData(network, Qt.ItemDataRole.ToolTipRole)
    assert "Bicubic (plain resize)" in names
    assert panel.models.isVisible()


def test_an_installed_network_is_chosen_and_says_that_it_is_one(window: MainWindow, tmp_path: Path) -> None:
    install_light()
    open_photo(window, copy_of_sample(tmp_path))
    key(window.canvas, "Ctrl+Alt+I")
    assert window.enlarge_panel.ways.currentText() == "Light (network)"
    assert not window.enlarge_panel.models.isVisible()
    made(window)
    assert window.canvas.enlarged.problem == ""
    typed(window.enlarge_panel.size_fields.factor, "1.2")
    window.enlarge_panel.button.click()
    wait_until(lambda: window.editor.document.shape == (460, 614), 60)


def test_nothing_is_previewed_without_a_picture(window: MainWindow) -> None:
    assert not window.action_set["edit.enlarge"].isEnabled()
    window.docks["enlarge"].show()
    window.docks["enlarge"].raise_()
    settle()
    assert not window.enlarge.previewing
    assert text_of(window) == "Open a picture first."
    assert not window.enlarge_panel.button.isEnabled()


def test_comparing_with_the_original_takes_the_place_of_the_preview(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    made(window)
    window.action_set["view.compare"].trigger()
    settle()
    assert not window.enlarge.previewing
    assert window.canvas.compare
    window.enlarge_panel.preview.click()
    settle()
    assert window.enlarge.previewing
    assert not window.canvas.compare


# --- mosaics ----------------------------------------------------------------------------------------------------------
MOSAIC = Region(101, 107, 341, 401)


@pytest.fixture
def mosaic(window: MainWindow, tmp_path: Path) -> MainWindow:
    """A picture with blocks of 12 pixels, which are masked."""
    open_photo(window, write(tmp_path / "mosaic.png", pixelated(lion(), MOSAIC, 12)))
    document = window.editor.document
    with document.edit("Mask") as edit, edit.write(document.mask, MOSAIC) as mask:
        mask[...] = 255
    settle()
    return window


def asked(window: MainWindow) -> UndoMosaic:
    window.action_set["fill.mosaic"].trigger()
    settle()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, UndoMosaic)
    wait_until(dialog.button.isEnabled, 20)
    return dialog


def test_the_question_stands_beside_the_mosaic_where_there_is_room(mosaic: MainWindow) -> None:
    canvas = mosaic.canvas
    canvas.navigation.zoom_to(1.0)
    settle()
    dialog = asked(mosaic)
    part = canvas.viewport.on_screen(MOSAIC)
    seen = QRect(canvas.mapToGlobal(QPoint(part.x0, part.y0)), QSize(part.width, part.height))
    screen = dialog.screen().availableGeometry()
    hidden = dialog.frameGeometry().intersected(seen)
    middle = QRect(QPoint(0, 0), dialog.frameGeometry().size())
    middle.moveCenter(seen.center())
    assert screen.contains(dialog.frameGeometry())
    assert max(hidden.width(), 0) * max(hidden.height(), 0) < 0.5 * middle.width() * middle.height()
    dialog.reject()
    back_to(mosaic)


def test_without_a_mask_the_mosaic_is_asked_for(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    said: list[str] = []
    window.editor.said.add(lambda message: said.append(f"{message.sentence} {message.hint}"))
    key(window.canvas, "Ctrl+Alt+M")
    assert QApplication.activeModalWidget() is None
    assert said == ["Nothing is masked. Paint over the mosaic first."]


def test_enter_in_a_field_takes_its_number_and_nothing_more(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    with window.editor.document.edit("Mask") as edit, edit.write(window.editor.document.mask, MOSAIC) as mask:
        mask[...] = 255
    fields = window.enlarge_panel.size_fields
    for box, text in ((fields.factor, "1.5"), (fields.width_box, "700"), (fields.dpi, "200")):
        typed(box, text)
        assert box.hasFocus()
        QTest.keyClick(box, Qt.Key.Key_Return)
        settle()
        assert box.hasFocus()
    assert fields.width_box.value() == 700
    assert window.editor.document.history.labels == ["Mask"]
    assert window.editor.jobs == []
    QTest.keyClick(fields.dpi, Qt.Key.Key_Escape)
    assert not fields.dpi.hasFocus()


def test_a_mosaic_is_found_by_itself_and_undone_inside_the_mask(mosaic: MainWindow) -> None:
    before = mosaic.editor.document.photo.pixels.copy()
    dialog = asked(mosaic)
    assert (dialog.block_width.value(), dialog.block_height.value()) == (12, 12)
    assert "12 × 12 pixels" in dialog.found.text()
    assert "% sure" in dialog.found.text()
    dialog.button.click()
    wait_until(lambda: mosaic.editor.document.history.labels[-1] == "Undo a mosaic", 20)
    after = mosaic.editor.document.photo.pixels
    outside = np.ones(before.shape[:2], bool)
    outside[MOSAIC.slices] = False
    assert np.array_equal(after[outside], before[outside])
    assert not np.array_equal(after, before)
    back_to(mosaic)
    key(mosaic.canvas, "Ctrl+Z")
    assert np.array_equal(mosaic.editor.document.photo.pixels, before)


def test_a_size_that_is_corrected_is_looked_for_again(mosaic: MainWindow) -> None:
    dialog = asked(mosaic)
    typed(dialog.block_width, "24")
    typed(dialog.block_height, "24")
    wait_until(lambda: "24 × 24" in dialog.found.text(), 20)
    dialog.button.click()
    wait_until(lambda: mosaic.editor.document.history.labels[-1] == "Undo a mosaic", 20)
    back_to(mosaic)


def test_enter_takes_a_size_and_the_next_one_undoes_the_mosaic(mosaic: MainWindow) -> None:
    dialog = asked(mosaic)
    typed(dialog.block_width, "24")
    wait_until(lambda: "24 × 12" in dialog.found.text(), 20)
    assert mosaic.editor.document.history.labels[-1] != "Undo a mosaic"
    QTest.keyClick(dialog.block_width, Qt.Key.Key_Return)
    wait_until(lambda: mosaic.editor.document.history.labels[-1] == "Undo a mosaic", 20)
    back_to(mosaic)


def test_a_picture_without_a_mosaic_says_so_and_takes_a_size_all_the_same(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    document = window.editor.document
    with document.edit("Mask") as edit, edit.write(document.mask, Region(20, 20, 120, 140)) as mask:
        mask[...] = 255
    settle()
    dialog = asked(window)
    assert "No mosaic was found" in dialog.found.text() or "a guess" in dialog.found.text()
    dialog.reject()
    settle()
    assert document.history.labels == ["Mask"]
    back_to(window)


def test_the_pointer_over_the_divider_is_an_arrow_that_says_so(window: MainWindow, tmp_path: Path) -> None:
    begin(window, tmp_path)
    made(window)
    move(window.canvas, window.canvas.divider.x, 200)
    assert window.canvas.cursor().shape() == Qt.CursorShape.SplitHCursor
    move(window.canvas, 40, 200)
    assert window.canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
