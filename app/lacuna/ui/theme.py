"""Two palettes of our own over Fusion, one small style sheet, and which of them holds now.

Qt's own `setColorScheme` does nothing on many Linux desktops, so the palette is set by us, whatever the platform says.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from lacuna import paths


@dataclass(frozen=True)
class Theme:
    """The colours of the window. `surround` lies around the picture: neutral, so that colours can be judged."""

    name: str
    window: str
    base: str  # lists and text fields
    raised: str  # buttons, cards
    hover: str
    border: str
    text: str
    quiet: str  # text of second rank: at least 4.5 : 1 against window and raised
    disabled: str
    accent: str
    accent_text: str
    focus: str
    surround: str
    good: str
    warning: str
    danger: str


LIGHT = Theme(
    name="light", window="#f4f4f5", base="#ffffff", raised="#ffffff", hover="#e6e6e8", border="#c9c9cd",
    text="#1d1d20", quiet="#5c5c63", disabled="#9b9ba1", accent="#1667c7", accent_text="#ffffff", focus="#0b57b0",
    surround="#a8a8a8", good="#1d7a3a", warning="#8f5b00", danger="#b3261e",
)  # fmt: skip
DARK = Theme(
    name="dark", window="#2a2a2c", base="#1f1f21", raised="#353538", hover="#414145", border="#4a4a4f",
    text="#ececee", quiet="#b0b0b6", disabled="#7a7a80", accent="#2f74c8", accent_text="#ffffff", focus="#7db8ff",
    surround="#464646", good="#6fcf8a", warning="#f2b84b", danger="#ff8a80",
)  # fmt: skip


def current() -> Theme:
    """The theme of the palette in force."""
    return DARK if QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


class ThemeKeeper(QObject):
    """Applies the theme that was chosen, or follows the system live; `changed` follows each change."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: str) -> None:
        super().__init__(app)
        self._app = app
        self._choice = choice
        self._shown = ""
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._apply()

    def choose(self, choice: str) -> None:
        """`choice` is "system", "light" or "dark"."""
        self._choice = choice
        self._apply()

    def _system_changed(self, _scheme: Qt.ColorScheme) -> None:
        self._apply()

    def _wanted(self) -> Theme:
        if self._choice in ("light", "dark"):
            return DARK if self._choice == "dark" else LIGHT
        return DARK if self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT

    def _apply(self) -> None:
        theme = self._wanted()
        if theme.name == self._shown:
            return
        self._shown = theme.name
        self._app.setPalette(palette(theme))
        self._app.setStyleSheet(style_sheet(theme))
        self.changed.emit()


def palette(theme: Theme) -> QPalette:
    """The palette of `theme`, for all three groups of widgets."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.base,
        role.AlternateBase: theme.window,
        role.Text: theme.text,
        role.PlaceholderText: theme.quiet,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.danger,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.accent_text,
        role.Accent: theme.accent,
        role.Link: theme.focus,
        role.LinkVisited: theme.focus,
        role.Light: theme.hover,
        role.Midlight: theme.hover,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: "#000000",
    }
    made = QPalette()
    for which, colour in colours.items():
        made.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(group.Disabled, which, QColor(theme.disabled))
    made.setColor(group.Disabled, role.Highlight, QColor(theme.border))
    return made


def style_sheet(theme: Theme) -> str:
    """What Fusion draws too loudly or not at all: flat tool buttons, cards, dock titles, a frame around the focus."""
    t = theme
    icons = (paths.resources() / "icons").as_posix()
    knob = t.raised if t.name == "light" else t.text
    strong = t.focus if t.name == "light" else t.accent
    return f"""
QToolTip {{ color: {t.text}; background: {t.raised}; border: 1px solid {t.border}; padding: 3px 5px; }}
QMainWindow::separator {{ background: {t.window}; width: 5px; height: 5px; }}
QMainWindow::separator:hover {{ background: {t.accent}; }}
QMenuBar {{ background: {t.window}; border-bottom: 1px solid {t.border}; padding: 1px 4px; }}
QMenuBar::item {{ padding: 4px 9px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {t.hover}; }}
QMenu {{ background: {t.raised}; border: 1px solid {t.border}; padding: 4px; }}
QMenu::item {{ padding: 5px 26px 5px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.accent}; color: {t.accent_text}; }}
QMenu::item:disabled {{ color: {t.disabled}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 8px; }}
QMenu::indicator {{ width: 14px; height: 14px; left: 5px; }}
QToolBar {{ background: {t.window}; border: none; spacing: 2px; padding: 4px; }}
QToolBar#options {{ border-bottom: 1px solid {t.border}; }}
QToolBar#tools {{ border-right: 1px solid {t.border}; }}
QToolBar::separator {{ background: {t.border}; width: 1px; height: 1px; margin: 5px; }}
QToolButton {{ border: 1px solid transparent; border-radius: 5px; padding: 4px; background: transparent; }}
QToolButton:hover {{ background: {t.hover}; }}
QToolButton:pressed {{ background: {t.border}; }}
QToolButton:checked {{ background: {t.accent}; color: {t.accent_text}; }}
QToolButton:checked:disabled {{ background: {t.hover}; }}
QToolButton:focus, QPushButton:focus {{ border: 2px solid {t.focus}; }}
QToolButton:focus {{ padding: 3px; }}
QToolButton#qt_toolbar_ext_button {{ padding: 0; qproperty-icon: url("{icons}/arrow-down.svg"); }}
QPushButton {{
  background: {t.raised}; border: 1px solid {t.border}; border-radius: 5px; padding: 5px 14px; min-height: 16px; }}
QPushButton:focus {{ padding: 4px 13px; }}
QPushButton:hover {{ background: {t.hover}; }}
QPushButton:pressed {{ background: {t.border}; }}
QPushButton:disabled {{ color: {t.disabled}; background: {t.window}; }}
QPushButton:default, QPushButton[primary="true"] {{
  background: {t.accent}; color: {t.accent_text}; border-color: {t.accent}; }}
QPushButton:default:hover, QPushButton[primary="true"]:hover {{ background: {strong}; }}
QPushButton[primary="true"]:focus, QPushButton:default:focus {{ border: 2px solid {t.text}; }}
QPushButton[primary="true"]:disabled, QPushButton:default:disabled {{
  background: {t.window}; color: {t.disabled}; border-color: {t.border}; }}
QDockWidget::title {{ background: {t.window}; padding: 7px 10px; border-top: 1px solid {t.border}; }}
QStatusBar {{ background: {t.window}; border-top: 1px solid {t.border}; }}
QStatusBar::item {{ border: none; }}
QTabBar::tab {{ padding: 6px 12px; border: none; background: transparent; color: {t.quiet}; }}
QTabBar::tab:selected {{ color: {t.text}; border-bottom: 2px solid {t.accent}; }}
QTabBar::tab:focus {{ color: {t.focus}; }}
QListView, QTreeView, QPlainTextEdit {{
  border: 1px solid {t.border}; border-radius: 5px; padding: 1px; background: {t.base}; }}
QListView:focus, QTreeView:focus, QPlainTextEdit:focus {{ border: 2px solid {t.focus}; padding: 0; }}
QTreeView {{ outline: none; }}  /* Fusion's own frame dims what it is around */
QTreeView::item:focus:!selected {{ border: 1px solid {t.focus}; }}
QListView::item {{ padding: 4px 6px; border-radius: 4px; }}
QListView::item:selected {{ background: {t.accent}; color: {t.accent_text}; }}
QTreeView::item {{ padding: 3px 2px; min-height: 18px; }}
QHeaderView::section {{ background: {t.window}; border: none; border-bottom: 1px solid {t.border}; padding: 5px; }}
QProgressBar {{ border: none; border-radius: 3px; background: {t.border}; max-height: 6px; min-height: 6px; }}
QProgressBar::chunk {{ border-radius: 3px; background: {t.accent}; }}
QComboBox, QAbstractSpinBox, QLineEdit, QKeySequenceEdit QLineEdit {{
  background: {t.base}; border: 1px solid {t.border}; border-radius: 5px; padding: 3px 6px; min-height: 18px;
  selection-background-color: {t.accent}; selection-color: {t.accent_text}; }}
QComboBox:hover, QAbstractSpinBox:hover, QLineEdit:hover {{ border-color: {t.quiet}; }}
QComboBox:focus, QAbstractSpinBox:focus, QLineEdit:focus {{ border: 2px solid {t.focus}; padding: 2px 5px; }}
QComboBox:disabled, QAbstractSpinBox:disabled, QLineEdit:disabled {{ color: {t.disabled}; background: {t.window}; }}
QComboBox QLineEdit, QAbstractSpinBox QLineEdit {{ border: none; padding: 0; background: transparent; min-height: 0; }}
QComboBox {{ combobox-popup: 0; }}  /* Fusion's own list hides its last line behind an arrow, for want of 2 px */
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow {{ image: url("{icons}/arrow-down.svg"); width: 11px; height: 11px; }}
QComboBox QAbstractItemView, QComboBox QAbstractItemView:focus {{
  border: 1px solid {t.border}; background: {t.raised}; padding: 3px; outline: none; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{
  subcontrol-origin: border; width: 17px; border: none; background: transparent; }}
QAbstractSpinBox::up-button {{ subcontrol-position: top right; margin-top: 2px; }}
QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; margin-bottom: 2px; }}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{ background: {t.hover}; }}
QAbstractSpinBox::up-arrow {{ image: url("{icons}/arrow-up.svg"); width: 9px; height: 9px; }}
QAbstractSpinBox::down-arrow {{ image: url("{icons}/arrow-down.svg"); width: 9px; height: 9px; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.border}; }}
QSlider::sub-page:horizontal {{ border-radius: 2px; background: {t.accent}; }}
QSlider::sub-page:horizontal:disabled {{ background: {t.border}; }}
QSlider::handle:horizontal {{
  width: 12px; margin: -5px 0; border: 1px solid {t.quiet}; border-radius: 7px; background: {knob}; }}
QSlider::handle:horizontal:hover {{ border-color: {t.focus}; }}
QSlider::handle:horizontal:focus {{ width: 10px; border: 2px solid {t.focus}; }}
QSlider::handle:horizontal:disabled {{ background: {t.window}; border-color: {t.disabled}; }}
QCheckBox, QRadioButton {{ spacing: 8px; }}
QCheckBox::indicator, QRadioButton::indicator, QTreeView::indicator {{
  width: 14px; height: 14px; border: 1px solid {t.quiet}; border-radius: 3px; background: {t.base}; }}
QRadioButton::indicator {{ border-radius: 8px; }}
QCheckBox::indicator:hover, QRadioButton::indicator:hover, QTreeView::indicator:hover {{ border-color: {t.focus}; }}
QCheckBox::indicator:checked, QTreeView::indicator:checked {{
  background: {t.accent}; border-color: {t.accent}; image: url("{icons}/check.svg"); }}
QTreeView::indicator:indeterminate {{
  background: {t.accent}; border-color: {t.accent}; image: url("{icons}/dash.svg"); }}
QRadioButton::indicator:checked {{
  width: 6px; height: 6px; border: 5px solid {t.accent}; background: {t.accent_text}; }}
QCheckBox::indicator:focus {{ width: 12px; height: 12px; border: 2px solid {t.focus}; }}
QRadioButton::indicator:focus {{ width: 12px; height: 12px; border: 2px solid {t.focus}; }}
QRadioButton::indicator:checked:focus {{ width: 6px; height: 6px; border: 5px solid {t.focus}; }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ border-color: {t.border}; }}
*[quiet="true"] {{ color: {t.quiet}; }}
*[heading="true"] {{ font-weight: 600; }}
*[card="true"] {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: 8px; }}
*[severity="error"] {{ color: {t.danger}; }}
*[severity="warning"] {{ color: {t.warning}; }}
"""
