"""The panel that says how to fill: what of it is in view, and what the wheel does over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QScrollArea, QWidget

from lacuna.engine.registry import backends, ids
from lacuna.ui.dialogs.preferences import Preferences
from lacuna.ui.forms import Form
from lacuna.ui.layout import DOCK_WIDTH
from lacuna.ui.main_window import MainWindow
from lacuna.ui.panels.fill_panel import by_name
from lacuna.ui.scrolled import Scrolled
from lacuna.ui.theme import DARK, LIGHT, Theme, style_sheet
from tests.ui.support import settle, wait_until
from tests.ui.windows import open_photo

LAID_OUT = 50  # milliseconds: the layouts around a new form follow one after another, each a turn of the loop later


@pytest.fixture(params=[LIGHT, DARK], ids=lambda theme: theme.name)
def themed(app: QApplication, window: MainWindow, request: pytest.FixtureRequest) -> Iterator[MainWindow]:
    theme: Theme = request.param
    app.setStyleSheet(style_sheet(theme))
    settle()
    yield window
    app.setStyleSheet("")


def scrolled(window: MainWindow) -> QScrollArea:
    (area,) = window.fill_panel.findChildren(QScrollArea)
    return area


def turn(widget: QWidget, notches: int = -1) -> None:
    """Turn the wheel over the middle of `widget`: as from the device, what no widget takes goes on to its parent."""
    window = widget.window()
    at = widget.mapTo(window, widget.rect().center())
    assert window.childAt(at) in (widget, *widget.findChildren(QWidget)), "it is not in view"
    QTest.wheelEvent(window.windowHandle(), QPointF(at), QPoint(0, 120 * notches))
    settle()


def test_a_method_that_is_picked_by_the_pointer_gives_the_keyboard_back_to_the_picture(window: MainWindow) -> None:
    open_photo(window)
    box = window.fill_panel.backends
    QTest.mouseClick(box, Qt.MouseButton.LeftButton)
    wait_until(box.view().isVisible)
    QTest.qWait(2 * QApplication.doubleClickInterval())  # sooner, a release belongs to the press that opened it
    row = box.view().visualRect(box.model().index(ids().index("ns"), 0))
    QTest.mouseClick(box.view().viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    settle()
    assert window.editor.backend == "ns"
    assert window.canvas.hasFocus()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert window.editor.backend != "ns"
    assert box.hasFocus()


def rows_in_view(window: MainWindow) -> int:
    """Settings of the method that can be seen whole."""
    area, form = scrolled(window), window.fill_panel.findChildren(Form)[-1]
    shown = area.viewport().rect()
    controls = [made.widgets[-1] for made in form.fields.values()]
    return sum(
        shown.contains(control.rect().translated(control.mapTo(area.viewport(), QPoint()))) for control in controls
    )


def test_the_wheel_scrolls_past_settings_and_changes_none(themed: MainWindow) -> None:
    window = themed
    window.editor.use_backend("patchmatch")
    window.resize(1280, 700)
    settle()
    before = window.editor.params
    bar = scrolled(window).verticalScrollBar()
    form = window.fill_panel.findChildren(Form)[-1]
    for control in form.fields["start"].widgets:
        bar.setValue(0)
        turn(control)
        assert window.editor.params == before
        assert bar.value() > 0
    window.fill_panel.backends.clearFocus()
    turn(window.fill_panel.backends)
    assert window.editor.backend == "patchmatch"


def test_the_wheel_turns_a_setting_that_has_the_keyboard(themed: MainWindow) -> None:
    window = themed
    window.editor.use_backend("patchmatch")
    settle()
    before = window.editor.params.start
    box = window.fill_panel.findChildren(Form)[-1].fields["start"].widgets[-1]
    box.setFocus()
    turn(box)
    assert window.editor.params.start < before


def test_the_wheel_changes_no_preference(window: MainWindow) -> None:
    heard: list[str] = []
    dialog = Preferences(window.settings.preferences, lambda name, _value: heard.append(name), window)
    dialog.open()
    assert QTest.qWaitForWindowExposed(dialog, 5000)
    settle()
    (page,) = dialog.findChildren(Scrolled)
    for form in dialog.forms:
        for made in form.fields.values():
            for control in made.widgets:
                if not control.hasFocus():
                    page.ensureWidgetVisible(control)
                    turn(control)
    assert heard == []


def test_the_wheel_over_a_slider_of_the_tool_bar_turns_it(window: MainWindow) -> None:
    open_photo(window)
    assert window.options.form is not None
    before = window.editor.options.size
    turn(window.options.form.fields["size"].widgets[0])
    assert window.editor.options.size < before
    assert window.canvas.hasFocus()


@pytest.mark.parametrize(("width", "height", "rows"), [(1320, 850, 5), (1200, 775, 4)])
def test_most_settings_are_in_view_at_the_first_start(themed: MainWindow, width: int, height: int, rows: int) -> None:
    window = themed
    window.resize(width, height)
    open_photo(window)
    window.editor.use_backend("patchmatch")
    settle()
    wait_until(lambda: rows_in_view(window) >= rows)
    assert window.history_panel.list.viewport().height() >= 60
    assert window.zoom_panel.view.height() >= 90


def test_the_settings_of_every_method_stand_beside_the_scroll_bar(themed: MainWindow) -> None:
    window = themed
    window.resize(1280, 600)
    window.resizeDocks([window.docks["fill"]], [1], Qt.Orientation.Horizontal)
    settle()
    area = scrolled(window)
    for method in ids():
        window.editor.use_backend(method)
        QTest.qWait(LAID_OUT)
        wait_until(lambda: area.widget().width() <= area.viewport().width())
        bar = area.verticalScrollBar()
        if bar.isVisible():
            assert area.viewport().geometry().right() < bar.mapTo(area, QPoint()).x(), method


@pytest.mark.parametrize("dock", [1, DOCK_WIDTH])
def test_another_method_does_not_move_the_picture(themed: MainWindow, dock: int) -> None:
    window = themed
    window.resize(1320, 850)
    window.resizeDocks([window.docks["fill"]], [dock], Qt.Orientation.Horizontal)
    settle()
    area, widths = scrolled(window), set()
    for method in ids():
        window.editor.use_backend(method)
        QTest.qWait(LAID_OUT)
        wait_until(lambda: area.widget().width() <= area.viewport().width())
        widths.add(window.canvas.width())
    assert len(widths) == 1


def test_the_button_stays_where_it_is_whether_the_estimate_has_one_line_or_two(themed: MainWindow) -> None:
    panel = themed.fill_panel
    places = set()
    for text in ("One line.", "One line.\nAnd another.", ""):
        panel.estimate.setText(text)
        QTest.qWait(LAID_OUT)
        places.add(panel.button.y())
    panel.estimate.hide()
    panel.problem.setText("What is in the way.")
    panel.problem.show()
    QTest.qWait(LAID_OUT)
    assert places == {panel.button.y()}


def test_the_list_of_methods_drops_down_with_all_of_them_in_view(themed: MainWindow) -> None:
    box: QComboBox = themed.fill_panel.backends
    assert box.count() >= 6
    for method in ids():
        themed.editor.use_backend(method)
        settle()
        QTest.mouseClick(box, Qt.MouseButton.LeftButton)
        settle()
        view = box.view()
        view.doItemsLayout()  # as whatever makes Qt lay it out again does, now that it has the keyboard
        settle()
        for row in range(box.count()):
            line = view.visualRect(box.model().index(row, 0))
            assert 0 <= line.top() <= line.bottom() < view.viewport().height(), (method, row)
        box.hidePopup()


def test_an_id_that_begins_with_another_is_told_by_its_own_name() -> None:
    names = {info.id: info.name for info in backends()}
    told = by_name("deepfill-v1, deepfill. onnx:deepfill-v1 and my-telea stay; ns is named", names)
    v1, v2, ns = (names[key] for key in ("deepfill-v1", "deepfill", "ns"))
    assert told == f"{v1}, {v2}. onnx:deepfill-v1 and my-telea stay; {ns} is named"
