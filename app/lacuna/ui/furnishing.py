"""What fills the window once it is seen: the canvas, panels and bars, each given what it shows.

Apart from the window, which is painted before any of this is imported.
"""

from __future__ import annotations

from lacuna.editor.editor import Editor
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.clipboard import Clipboard
from lacuna.ui.drops import Drops
from lacuna.ui.enlarging import Enlarge
from lacuna.ui.files import Files
from lacuna.ui.main_window import STATUS_HEIGHT, MainWindow
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
from lacuna.ui.tab_order import chain
from lacuna.ui.unfinished import Unfinished


def furnish(window: MainWindow, editor: Editor) -> None:
    """Make the parts of the `window` that show the `editor`, put them in their places, and order them for Tab."""
    window.editor = editor
    window.files = Files(window)
    window.clipboard = Clipboard(window)
    window.canvas = Canvas(editor, window)
    window.messages = Messages(window.stage, lambda: editor.gesture is not None)
    window.unfinished = Unfinished(editor, window.messages, window.files.leave)
    window.offer_question = OfferQuestion(editor, window.messages)
    window.drops = Drops(window)
    window.offer_strip = OfferStrip(editor, window.action_set, window.stage)
    window.proposal_bar = ProposalBar(window.canvas, window.messages, window.action_set, window.stage)
    window.side_by_side = SideBySide(editor, window.canvas, window.action_set, window.stage)
    for view in (window.canvas, window.side_by_side):
        window.action_set.give_to(view)
    window.legend = ContourLegend(editor, window.canvas.contours, window.proposal_bar, window.stage)
    floating = (window.messages, window.offer_strip, window.proposal_bar, window.legend)
    window.stage.furnish(window.canvas, window.side_by_side, *floating)
    window.options = OptionBar(editor, window.bars.before_options, window)
    window.bars.show_options(window.options)
    window.status = StatusLine(editor, window)
    window.status.setFixedHeight(STATUS_HEIGHT)
    window.setStatusBar(window.status)
    window.fill_panel = FillPanel(editor, window.action_set, window)
    window.enlarge_panel = EnlargePanel(editor, window.action_set, window)
    window.history_panel = HistoryPanel(editor, window)
    window.zoom_panel = ZoomPanel(window.canvas, window)
    window.navigator = NavigatorPanel(window.canvas, window)
    window.docks["fill"].setWidget(window.fill_panel)
    window.docks["enlarge"].setWidget(window.enlarge_panel)
    window.docks["zoom"].setWidget(window.zoom_panel)
    window.docks["navigator"].setWidget(window.navigator)
    window.docks["history"].setWidget(window.history_panel)
    chain(
        window.bars.last_tool,
        window.canvas,
        window.side_by_side,
        window.offer_strip,
        window.proposal_bar,
        window.fill_panel,
        window.enlarge_panel,
        window.zoom_panel,
        window.navigator,
        window.history_panel,
        window.status,
    )
    window.results = Results(window)
    window.enlarge = Enlarge(window)
