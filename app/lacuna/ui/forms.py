"""Params -> form: the same for backends, tools and preferences. Every change is told at once."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSlider, QWidget

from lacuna.contract.params import describe
from lacuna.i18n import _
from lacuna.ui.fields import Field, NumberField, field
from lacuna.ui.wheel import leave_wheel

SLIDER_WIDTH = 90  # in a row
GAP = 6


class Flow(Enum):
    COLUMN = "column"  # a panel: one setting a row
    ROW = "row"  # a bar: all settings side by side


class Form(QWidget):
    """A control for each setting of a params class.

    `changed(name, value)` follows each change by the person; `done` follows Enter, Esc or a choice by the pointer, so
    that the window can give the keyboard back to the picture. A double click on a label resets that setting. In a
    column the wheel turns no control that has not the keyboard: it scrolls past it.
    """

    changed = Signal(str, object)
    done = Signal()

    def __init__(
        self, params: type, *, flow: Flow = Flow.COLUMN, leave_out: Collection[str] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.params = params
        self.fields: dict[str, Field] = {}
        self._grid: QGridLayout | None = None
        for param in describe(params):
            if param.name in leave_out:
                continue
            made = field(param, self)
            made.changed.connect(lambda value, name=param.name: self.changed.emit(name, value))
            made.done.connect(self.done)
            self.fields[param.name] = made
        if flow is Flow.ROW:
            self._lay_row()
        else:
            self._lay_column()

    def show_values(self, values: Any) -> None:
        """Show the settings of a params object; nothing is told."""
        for name, made in self.fields.items():
            made.show_value(getattr(values, name))

    def values(self) -> dict[str, Any]:
        """What is shown, by name."""
        return {name: made.value() for name, made in self.fields.items()}

    @property
    def at_defaults(self) -> bool:
        """Is every setting as it comes?"""
        return all(made.value() == made.param.default for made in self.fields.values())

    def reset(self, name: str = "") -> None:
        """Set one setting, or all, to what it comes with, and tell those that changed."""
        for each, made in self.fields.items():
            if name in ("", each) and made.value() != made.param.default:
                made.show_value(made.param.default)
                self.changed.emit(each, made.param.default)

    @property
    def label_width(self) -> int:
        """What the labels of a column need."""
        return max((label.sizeHint().width() for label in self.findChildren(_Label)), default=0)

    def show_sliders(self, on: bool) -> None:
        """Show the sliders of a row, or leave them out: a narrow bar has room for the boxes alone."""
        for slider in self._sliders():
            slider.setVisible(on)

    @property
    def sliders_width(self) -> int:
        """What the sliders of a row need, with the gaps beside them."""
        return len(self._sliders()) * (SLIDER_WIDTH + GAP)

    @property
    def width_without_sliders(self) -> int:
        """What a row needs at least."""
        shown = sum(not slider.isHidden() for slider in self._sliders())
        return self.minimumSizeHint().width() - shown * (SLIDER_WIDTH + GAP)

    def _sliders(self) -> list[QSlider]:
        return [f.slider for f in self.fields.values() if isinstance(f, NumberField) and f.slider is not None]

    def align_labels(self, width: int) -> None:
        """Give the labels of a column this width, so that forms below each other look like one."""
        assert self._grid is not None
        self._grid.setColumnMinimumWidth(0, width)

    def _lay_column(self) -> None:
        for made in self.fields.values():
            for widget in made.widgets:
                leave_wheel(widget)
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, made in enumerate(self.fields.values()):
            if made.names_itself:
                grid.addWidget(made.widgets[0], row, 0, 1, 3)
                continue
            label = _Label(made, self.reset, self)
            grid.addWidget(label, row, 0)
            if len(made.widgets) == 2:
                made.widgets[0].setMinimumWidth(60)
                grid.addWidget(made.widgets[0], row, 1)
                grid.addWidget(made.widgets[1], row, 2)
            else:
                grid.addWidget(made.widgets[0], row, 1, 1, 2)

    def _lay_row(self) -> None:  # nothing scrolls round a bar: there the wheel turns what is below the pointer
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for index, made in enumerate(self.fields.values()):
            if index:
                row.addSpacing(10)
            if not made.names_itself:
                row.addWidget(_Label(made, self.reset, self))
            for widget in made.widgets:
                row.addWidget(widget)
        for slider in self._sliders():
            slider.setFixedWidth(SLIDER_WIDTH)
        row.addStretch(1)


class _Label(QLabel):
    """Names a field, carries its help, and resets it on a double click."""

    def __init__(self, made: Field, reset: Any, parent: QWidget) -> None:
        super().__init__(_(made.param.label), parent)
        self._name = made.param.name
        self._reset = reset
        self.setBuddy(made.widgets[-1])
        back = _("Double-click to reset.")
        self.setToolTip(f"{_(made.param.help)}\n{back}" if made.param.help else back)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._reset(self._name)
