"""The menus and tool bars, laid out from the table of actions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QMenu, QSizePolicy, QToolBar, QToolButton, QVBoxLayout, QWidget

from lacuna.i18n import _
from lacuna.ui.action_set import plain_text
from lacuna.ui.actions import BY_ID, ROWS, Menu
from lacuna.ui.icons import SIDE

if TYPE_CHECKING:
    from lacuna.ui.main_window import MainWindow


HEIGHT = 44  # of the bar above the picture: whatever the tool's options are, nothing below it moves


class Bars:
    """Built once; the menu of recent files is filled again whenever it opens."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._actions = window.action_set
        self._buttons: dict[str, QToolButton] = {}
        self.menus: dict[Menu, QMenu] = {}
        self.recent = QMenu(_("Open &recent"), window)
        self.panels = QMenu(_("&Panels"), window)
        self._fill_menus()
        self._fill_tools()
        self._fill_options()

    @property
    def before_options(self) -> QWidget:
        """The button to the left of the tool's options."""
        return self._buttons["edit.redo"]

    @property
    def last_tool(self) -> QWidget:
        """The last button of the bar of tools."""
        return self._buttons["tool.swap"]

    def show_options(self, options: QWidget) -> None:
        """Put the tool's options into their place."""
        place = self._place.layout()
        assert place is not None
        place.addWidget(options)

    def list_panels(self, docks: list[QDockWidget]) -> None:
        """The switches of the docks."""
        for dock in docks:
            self.panels.addAction(dock.toggleViewAction())

    def _fill_menus(self) -> None:
        bar = self._window.menuBar()
        for menu in Menu:
            if menu is not Menu.NONE:
                self.menus[menu] = bar.addMenu(_(menu.value))
                self.menus[menu].setToolTipsVisible(menu is Menu.GUIDES)  # they say why an action is grey
        submenus: dict[str, QMenu] = {}
        for row in ROWS:
            if row.menu is Menu.NONE:
                continue
            target = self.menus[row.menu]
            if row.submenu:
                if row.submenu not in submenus:
                    submenus[row.submenu] = target.addMenu(_(row.submenu))
                target = submenus[row.submenu]
            if row.starts_group:
                target.addSeparator()
            target.addAction(self._actions[row.id])
            if row.id == "file.open":
                target.addMenu(self.recent)
            if row.id == "view.magnifier":
                target.addSeparator()
                target.addMenu(self.panels)
        self.recent.aboutToShow.connect(self._list_recent)

    def _list_recent(self) -> None:
        self.recent.clear()
        files = self._window.settings.recent
        for number, name in enumerate(files, 1):
            path = Path(name)
            action = self.recent.addAction(f"&{number}  {path.name.replace('&', '&&')}" if number < 10 else path.name)
            action.setToolTip(name)
            action.triggered.connect(lambda _on=False, path=path: self._window.files.open([path]))
        if files:
            self.recent.addSeparator()
            self.recent.addAction(_("&Forget these")).triggered.connect(lambda: self._window.files.forget_recent())
        else:
            self.recent.addAction(_("None yet")).setEnabled(False)

    def _fill_tools(self) -> None:
        bar = self._bar("tools", _("Tools"))
        bar.setOrientation(Qt.Orientation.Vertical)
        for row in ROWS:
            if row.id.startswith("tool.") and row.icon:
                if row.starts_group:
                    bar.addSeparator()
                self._add(bar, row.id)
                if row.id in ("tool.heal", "tool.wand"):
                    bar.addSeparator()
        self._window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, bar)

    def _fill_options(self) -> None:
        bar = self._bar("options", _("Tool options"))
        for action_id in ("file.open", "file.save"):
            self._add(bar, action_id)
        bar.addSeparator()
        for action_id in ("edit.undo", "edit.redo"):
            self._add(bar, action_id)
        bar.addSeparator()
        self._place = QWidget(bar)
        self._place.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self._place)
        column.setContentsMargins(0, 0, 0, 0)
        bar.addWidget(self._place)
        self._add(bar, "fill.after_stroke")
        bar.addSeparator()
        for action_id in ("view.mask", "view.compare", "view.fit", "view.actual_size"):
            self._add(bar, action_id)
        bar.setFixedHeight(HEIGHT)
        self._window.addToolBar(Qt.ToolBarArea.TopToolBarArea, bar)

    def _bar(self, name: str, title: str) -> QToolBar:
        bar = QToolBar(title, self._window)
        bar.setObjectName(name)
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.setIconSize(QSize(SIDE, SIDE))
        bar.toggleViewAction().setEnabled(False)
        return bar

    def _add(self, bar: QToolBar, action_id: str) -> None:
        bar.addAction(self._actions[action_id])
        button = bar.widgetForAction(self._actions[action_id])
        assert isinstance(button, QToolButton)
        self._buttons[action_id] = button
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # Qt's bars leave their buttons out of the Tab order
        button.setAccessibleName(plain_text(BY_ID[action_id]))
