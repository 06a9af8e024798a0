"""The window around the canvas: bars, docks, status line, its title and its end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStatusBar

from lacuna.i18n import _
from lacuna.settings import Settings
from lacuna.ui import layout
from lacuna.ui.action_set import ActionSet
from lacuna.ui.bars import Bars
from lacuna.ui.dialog_opener import DialogOpener
from lacuna.ui.dock import Dock
from lacuna.ui.panels.start_panel import StartPanel
from lacuna.ui.stage import Stage

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor
    from lacuna.editor.values import Message
    from lacuna.imaging.photo import Pixels
    from lacuna.ui.canvas.canvas import Canvas
    from lacuna.ui.clipboard import Clipboard
    from lacuna.ui.drops import Drops
    from lacuna.ui.enlarging import Enlarge
    from lacuna.ui.files import Files
    from lacuna.ui.messages import Messages
    from lacuna.ui.offer_question import OfferQuestion
    from lacuna.ui.panels.contour_legend import ContourLegend
    from lacuna.ui.panels.enlarge_panel import EnlargePanel
    from lacuna.ui.panels.fill_panel import FillPanel
    from lacuna.ui.panels.history_panel import HistoryPanel
    from lacuna.ui.panels.navigator_panel import NavigatorPanel
    from lacuna.ui.panels.offer_strip import OfferStrip
    from lacuna.ui.panels.option_bar import OptionBar
    from lacuna.ui.panels.proposal_bar import ProposalBar
    from lacuna.ui.panels.side_by_side import SideBySide
    from lacuna.ui.panels.status_line import StatusLine
    from lacuna.ui.panels.zoom_panel import ZoomPanel
    from lacuna.ui.results import Results
    from lacuna.ui.unfinished import Unfinished

STATUS_HEIGHT = 34


class MainWindow(QMainWindow):
    """Shows the editor's state and forwards what the person wants.

    It is built in two steps, so that it is seen at once: first what needs no editor, and no numpy: bars, empty docks,
    the start panel; then, after its first paint, `furnish` gives it the editor and fills it.

    `painted` follows the first paint; `preference_changed(name)` each change of a preference; `ended` the close that
    nobody objected to: the window is hidden by then.
    """

    painted = Signal()
    preference_changed = Signal(str)
    ended = Signal()

    dialogs: DialogOpener
    editor: Editor
    canvas: Canvas
    files: Files
    clipboard: Clipboard
    messages: Messages
    unfinished: Unfinished
    offer_question: OfferQuestion
    drops: Drops
    offer_strip: OfferStrip
    proposal_bar: ProposalBar
    legend: ContourLegend
    side_by_side: SideBySide
    results: Results
    options: OptionBar
    status: StatusLine
    fill_panel: FillPanel
    enlarge_panel: EnlargePanel
    enlarge: Enlarge
    history_panel: HistoryPanel
    zoom_panel: ZoomPanel
    navigator: NavigatorPanel

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.furnished = False
        self._seen = False
        self._ending = False
        self.setObjectName("lacuna")
        self.setWindowTitle("Lacuna")
        self.setDockNestingEnabled(True)
        self.setTabPosition(
            Qt.DockWidgetArea.RightDockWidgetArea, self.tabPosition(Qt.DockWidgetArea.TopDockWidgetArea)
        )
        self.dialogs = DialogOpener(self)
        self.action_set = ActionSet(self)
        self.start = StartPanel(self.action_set["file.open"].trigger, self._open_chosen, self)
        self.stage = Stage(self.start, self)
        self.setCentralWidget(self.stage)
        self.bars = Bars(self)
        status = QStatusBar(self)
        status.setSizeGripEnabled(False)
        status.setFixedHeight(STATUS_HEIGHT)
        self.setStatusBar(status)
        self.docks = self._make_docks()
        self.bars.list_panels(list(self.docks.values()))
        self.action_set.refresh()
        self.recent_changed()
        layout.restore(self, self.docks, settings.layout)

    def furnish(self, editor: Editor) -> None:
        """The second step: the editor, the canvas, and what shows them."""
        from lacuna.ui.furnishing import furnish

        furnish(self, editor)
        self.furnished = True
        self._connect()
        self._apply_preferences()
        self._document_changed()

    # --- what the table of actions asks for --------------------------------------------------------------------------
    def prefer(self, name: str, value: Any) -> None:
        """Change one preference; it holds at once."""
        self.settings.preferences = replace(self.settings.preferences, **{name: value})
        self._apply_preferences()
        self.preference_changed.emit(name)
        self.editor.state_changed()

    def show_mask(self, on: bool) -> None:
        self.canvas.show_mask = on
        self._refresh()

    def show_guides(self, on: bool) -> None:
        self.canvas.show_guides = on
        self._refresh()

    def show_contours(self, on: bool) -> None:
        self.canvas.contours.on = on
        self._refresh()
        self.editor.state_changed()

    def predict_edges(self) -> None:
        """Predict the edges of the hole, and show them; where that takes another method, offer to choose it."""
        if self.editor.contours.instead:
            from lacuna.ui.edges_offer import offer_edges

            offer_edges(self)
            return
        self.show_contours(True)
        self.editor.contours.predict()

    def compare(self, on: bool) -> None:
        if on:
            self.enlarge.show_preview(False)
        self.canvas.compare = on
        self._refresh()

    def magnify(self, on: bool) -> None:
        self.canvas.magnifier = on

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def say(self, message: Message) -> None:
        """Show a message as a card, or what it calls for instead."""
        if message.error is not None and self.files.refused(message.error):
            return
        self.messages.say(message)

    def picture_name(self) -> str:
        """The name of the picture for people."""
        document = self.editor.document
        if document is None:
            return ""
        path = self.editor.projects.path or self.editor.save_path or document.header.path
        return path.name if path is not None else _("Untitled")

    def recent_changed(self) -> None:
        self.start.show_recent(self.settings.recent)

    def when_idle(self) -> None:
        """After the first paint: what takes a moment and nobody waits for."""
        self._list_methods()
        self.start.show_samples()
        self.clipboard.look()
        self._refresh()

    def _list_methods(self) -> None:
        from lacuna.engine.registry import backends

        self.fill_panel.populate(backends())

    # --- building ----------------------------------------------------------------------------------------------------
    def _make_docks(self) -> dict[str, QDockWidget]:
        titles = {
            "fill": _("Fill"),
            "enlarge": _("Enlarge"),
            "zoom": _("Zoom view"),
            "navigator": _("Navigator"),
            "history": _("History"),
        }
        docks: dict[str, QDockWidget] = {name: Dock(name, title, self) for name, title in titles.items()}
        for dock in docks.values():
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        for corner in (Qt.Corner.TopRightCorner, Qt.Corner.BottomRightCorner):
            self.setCorner(corner, Qt.DockWidgetArea.RightDockWidgetArea)
        return docks

    def _connect(self) -> None:
        editor = self.editor
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._refresh)
        editor.state_changed.add(self._soon.start)
        editor.job_changed.add(lambda _job: self._soon.start())
        editor.document_changed.add(self._document_changed)
        editor.coarse.add(self._coarse)
        editor.said.add(self.say)
        editor.session_left.add(self.unfinished.offer)
        editor.models.changed.add(self._list_methods)
        editor.ending.ready.add(lambda: QTimer.singleShot(0, self.close))
        for view in (self.canvas, self.side_by_side):
            view.zoom_changed.connect(self.status.show_zoom)
        self.canvas.cursor_moved.connect(self.status.show_cursor)
        self.fill_panel.preferred.connect(self.prefer)
        self.status.zoom_asked.connect(self._zoom_asked)
        for part in (self.options, self.fill_panel, self.enlarge_panel, self.status):
            part.done.connect(self._back_to_picture)
        QGuiApplication.clipboard().dataChanged.connect(self._clipboard_changed)

    # --- what happened -----------------------------------------------------------------------------------------------
    def _document_changed(self) -> None:
        document = self.editor.document
        if document is not None:
            document.history.changed.add(self._soon.start)
            document.mask.changed.add(lambda _plane, _change: self._soon.start())
        self.stage.show_canvas(document is not None)
        if document is not None:
            self.canvas.setFocus()
        self._refresh()

    def _coarse(self, _pixels: Pixels, _shape: tuple[int, int]) -> None:
        self.stage.show_canvas(True)

    def _refresh(self) -> None:
        gesture = self.editor.gesture
        if gesture is None or not gesture.writes:  # a shape that is begun can be dropped; a stroke has no time for this
            self.action_set.refresh()
        if gesture is None:
            self.messages.flush()
            self.messages.tidy()
        self._show_title()
        self.offer_question.refresh()
        if self.editor.document is None and not self.editor.jobs:
            self.stage.show_canvas(False)  # the picture of which a coarse sight was shown could not be opened

    def _show_title(self) -> None:
        name = self.picture_name()
        self.setWindowTitle(f"{name}[*] — Lacuna" if name else "Lacuna")
        unsaved = self.editor.unsaved
        if unsaved != self.isWindowModified():  # Qt tells every widget of the window, each time
            self.setWindowModified(unsaved)

    def _zoom_asked(self, zoom: float) -> None:
        if zoom == 0:
            self.results.navigation.fit()
        else:
            self.results.navigation.zoom_to(zoom)

    def _open_chosen(self, path: Path) -> None:
        if self.furnished:
            self.files.open([path])

    def _back_to_picture(self) -> None:
        if not self.stage.shows_start:
            self.results.view.setFocus()

    def _clipboard_changed(self) -> None:
        self.clipboard.look()
        self._soon.start()

    def _apply_preferences(self) -> None:
        preferences = self.settings.preferences
        self.canvas.scene.overlay_opacity = preferences.overlay_opacity
        self.canvas.scene.overlay_colour = preferences.overlay_colour

    # --- the end -----------------------------------------------------------------------------------------------------
    def end(self) -> None:
        """End without asking, as for a signal of the system: the journal keeps what is unsaved for the next start."""
        if self.furnished:
            self.editor.ending.agree()
        self.close()

    def _discard(self) -> None:
        self.editor.ending.give_up()
        self.close()

    def _say_ending(self) -> None:
        """A file is being written: the window stays until it is, and says so."""
        if not self._ending:
            self._ending = True
            from lacuna.editor.values import Message

            self.messages.say(Message(_("A file is still being written."), _("Lacuna ends as soon as that is done.")))

    # --- Qt ----------------------------------------------------------------------------------------------------------
    def sizeHint(self) -> QSize:
        return layout.FIRST_SIZE

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.furnished:  # there is nothing to lose yet
            event.accept()
            self.ended.emit()
            return
        from lacuna.editor.ending import Verdict

        verdict = self.editor.ending.verdict()
        if verdict is not Verdict.GO:
            event.ignore()
            if verdict is Verdict.ASK:
                self.files.leave(self.end, self._discard)
            else:
                self._say_ending()
            return
        self.settings.layout = layout.kept(self)
        event.accept()
        self.ended.emit()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self.action_set.key_released(event):
            super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.action_set.release_all()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._seen:
            self._seen = True
            QTimer.singleShot(0, self.painted.emit)
