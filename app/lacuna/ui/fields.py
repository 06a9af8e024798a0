"""One control for one described setting: a number with slider and box, a choice, a switch, a text.

What keeps their keys from the picture while they are edited stands in `boxes.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSlider, QSpinBox, QWidget

from lacuna.contract.params import Param, Suggestion
from lacuna.i18n import _
from lacuna.ui.boxes import Chooser, DoubleSpinBox, LineEdit, SpinBox

SLIDER_STEPS = 1000
CONTENTS = 12  # letters that a list of suggestions has room for at least, however long they are
LOGARITHMIC_FROM = 50  # ratio of the ends of a range above which the slider runs by factors, not by differences


class Field(QObject):
    """The widgets of one setting. `changed(value)` follows what the person does, never what `show_value` does."""

    changed = Signal(object)
    done = Signal()  # Enter, Esc or a choice by the pointer: the person is through with this field

    def __init__(self, param: Param, parent: QWidget) -> None:
        super().__init__(parent)
        self.param = param
        self.widgets: list[QWidget] = []  # in reading order; the last one is the label's buddy
        self.names_itself = False  # a switch carries its label in itself

    def value(self) -> Any:
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Show `value` without saying that it changed."""
        raise NotImplementedError

    def _named(self, *widgets: QWidget) -> None:
        for widget in widgets:
            widget.setAccessibleName(_(self.param.label))
            if self.param.help:
                widget.setToolTip(_(self.param.help))
                widget.setAccessibleDescription(_(self.param.help))
        self.widgets = list(widgets)


def field(param: Param, parent: QWidget) -> Field:
    """The control that fits the kind of `param`."""
    if param.kind == "colour":
        from lacuna.ui.colour_field import ColourField

        return ColourField(param, parent)
    kinds: dict[str, Callable[[Param, QWidget], Field]] = {
        "number": NumberField,
        "integer": NumberField,
        "seed": NumberField,
        "choice": ChoiceField,
        "switch": SwitchField,
        "text": TextField if param.suggested is None else SuggestedField,
    }
    return kinds[param.kind](param, parent)


class NumberField(Field):
    """A box with its unit, and a slider where the range is worth one."""

    def __init__(self, param: Param, parent: QWidget) -> None:
        super().__init__(param, parent)
        assert param.low is not None
        assert param.high is not None
        self.low, self.high, self.step = param.low, param.high, param.step or 1
        self.whole = param.kind != "number"
        self.box: QSpinBox | QDoubleSpinBox
        if self.whole:
            spin = SpinBox(self.done.emit, parent)
            spin.setRange(int(self.low), int(self.high))
            spin.setSingleStep(int(self.step))
            self.box = spin
        else:
            double = DoubleSpinBox(self.done.emit, parent)
            double.setDecimals(decimals(self.step))
            double.setRange(self.low, self.high)
            double.setSingleStep(self.step)
            self.box = double
        self.box.setKeyboardTracking(False)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        if param.unit:
            self.box.setSuffix(f" {param.unit}")
        self.box.valueChanged.connect(self._box_changed)
        self.slider: QSlider | None = None
        if param.kind != "seed":
            self.slider = QSlider(Qt.Orientation.Horizontal, parent)
            self.logarithmic = self.low > 0 and self.high / self.low >= LOGARITHMIC_FROM
            steps = SLIDER_STEPS if self.logarithmic else min(SLIDER_STEPS, round((self.high - self.low) / self.step))
            self.slider.setRange(0, max(1, steps))
            self.slider.setSingleStep(max(1, steps // 100))
            self.slider.setPageStep(max(1, steps // 10))
            self.slider.valueChanged.connect(self._slider_changed)
            self._named(self.slider, self.box)
        else:
            self._named(self.box)
        self.show_value(param.default)

    def value(self) -> Any:
        return self.box.value()

    def show_value(self, value: Any) -> None:
        if self.box.value() != value or not self.box.hasFocus():
            self._put(value)
        self._place_slider(value)

    def _put(self, value: Any) -> None:
        with QSignalBlocker(self.box):
            self.box.setValue(value)

    def _place_slider(self, value: float) -> None:
        if self.slider is None or self.slider.isSliderDown():
            return
        if self.logarithmic:
            share = math.log(max(self.low, value) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low or 1)
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(share * self.slider.maximum()))

    def _slider_changed(self, position: int) -> None:
        assert self.slider is not None
        share = position / self.slider.maximum()
        if self.logarithmic:
            value = self.low * (self.high / self.low) ** share
            value = self._snapped(value) if value > 10 * self.step else max(self.low, round(value, 1))
        else:
            value = self._snapped(self.low + share * (self.high - self.low))
        self._put(round(value) if self.whole else value)
        self.changed.emit(self.value())

    def _box_changed(self, value: float) -> None:
        snapped = self._snapped(value) if self.whole else value
        if snapped != value:
            self._put(snapped)
        self._place_slider(snapped)
        self.changed.emit(self.value())

    def _snapped(self, value: float) -> Any:
        """The nearest value that is a whole number of steps above the low end."""
        steps = round((value - self.low) / self.step)
        snapped = min(self.high, max(self.low, self.low + steps * self.step))
        return int(snapped) if self.whole else round(snapped, 6)


class ChoiceField(Field):
    def __init__(self, param: Param, parent: QWidget) -> None:
        super().__init__(param, parent)
        self.box = Chooser(parent)
        for _value, label in param.choices:
            self.box.addItem(_(label))
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.activated.connect(lambda _index: self.changed.emit(self.value()))
        self.box.picked.connect(self.done)
        self._named(self.box)
        self.show_value(param.default)

    def value(self) -> Any:
        return self.param.choices[max(0, self.box.currentIndex())][0]

    def show_value(self, value: Any) -> None:
        values = [candidate for candidate, _label in self.param.choices]
        self.box.setCurrentIndex(values.index(value) if value in values else -1)


class SwitchField(Field):
    def __init__(self, param: Param, parent: QWidget) -> None:
        super().__init__(param, parent)
        self.names_itself = True
        self.box = QCheckBox(_(param.label), parent)
        self.box.clicked.connect(lambda on: self.changed.emit(on))
        self._named(self.box)
        self.show_value(param.default)

    def value(self) -> Any:
        return self.box.isChecked()

    def show_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))


class TextField(Field):
    def __init__(self, param: Param, parent: QWidget) -> None:
        super().__init__(param, parent)
        self.box = LineEdit(self.done.emit, parent)
        self.box.editingFinished.connect(self._finished)
        self._named(self.box)
        self.show_value(param.default)
        self._said = str(param.default)

    def value(self) -> Any:
        return self.box.text()

    def show_value(self, value: Any) -> None:
        self._said = str(value)
        if not self.box.hasFocus() or not self.box.isModified():
            self.box.setText(self._said)

    def _finished(self) -> None:
        if self.box.text() != self._said:
            self._said = self.box.text()
            self.changed.emit(self._said)


class SuggestedField(Field):
    """A text that is chosen from what there is, which is asked for each time a value is shown.

    A value that is no longer among them stays, and is said to be gone. With nothing to choose from it is grey, with
    the reason.
    """

    def __init__(self, param: Param, parent: QWidget) -> None:
        super().__init__(param, parent)
        self.box = Chooser(parent)
        self.box.setMinimumContentsLength(CONTENTS)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumWidth(self.box.minimumSizeHint().width())  # else the next line would widen the window
        self.box.setPlaceholderText(_(param.nothing))
        self.box.activated.connect(lambda _index: self.changed.emit(self.value()))
        self.box.picked.connect(self.done)
        self._named(self.box)
        self._help = self.box.toolTip()
        self._list(())
        self.show_value(param.default)

    def value(self) -> Any:
        index = self.box.currentIndex()
        return self._value if index < 0 else self._known[index].value

    def show_value(self, value: Any) -> None:
        assert self.param.suggested is not None
        self._value = str(value)
        known = self.param.suggested()
        if known and self._value not in (each.value for each in known):
            known = (*known, Suggestion(self._value, _("{name} (missing)").format(name=self._value)))
        if known != self._known:
            self._list(known)
        values = [each.value for each in known]
        self.box.setCurrentIndex(values.index(self._value) if known else -1)

    def _list(self, known: tuple[Suggestion, ...]) -> None:
        self._known = known
        self.box.clear()
        for index, each in enumerate(known):
            self.box.addItem(each.label)
            self.box.setItemData(index, each.about, Qt.ItemDataRole.ToolTipRole)
        self.box.setEnabled(bool(known))
        self.box.setToolTip(self._help if known else _(self.param.nothing))


def decimals(step: float) -> int:
    """Digits after the point that show every multiple of `step`.

    >>> decimals(0.05), decimals(0.5), decimals(2.0)
    (2, 1, 0)
    """
    text = f"{step:.4f}".rstrip("0")
    return len(text.split(".")[1])
