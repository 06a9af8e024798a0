"""Forms made from described settings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QMainWindow, QSlider, QWidget

from lacuna.contract.params import Suggestion, choice, integer, number, seed, switch, text
from lacuna.ui.fields import ChoiceField, NumberField, SuggestedField, SwitchField, TextField
from lacuna.ui.forms import Flow, Form
from tests.ui.support import shown


class Search(Enum):
    RING = "ring"
    ALL = "all"


@dataclass(frozen=True)
class Params:
    patch: int = integer(9, 3, 31, step=2, unit="px", label="Patch size", help="Side of the square.")
    reach: float = number(1.5, 0.5, 4.0, step=0.5, label="Reach")
    size: float = number(20.0, 1.0, 2000.0, step=1.0, unit="px", label="Size")
    search: Search = choice(Search.RING, ((Search.RING, "Around"), (Search.ALL, "Everywhere")), label="Look in")  # noqa: RUF009
    mirror: bool = switch(False, label="Mirrored too")
    name: str = text("plain", label="Name")
    seed: int = seed()


class Heard(list[tuple[str, Any]]):
    def hear(self, name: str, value: Any) -> None:
        self.append((name, value))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture(params=Flow)
def form(request: pytest.FixtureRequest, heard: Heard) -> Form:
    made = shown(Form(Params, flow=request.param))
    made.changed.connect(heard.hear)
    return made


def number_field(form: Form, name: str) -> NumberField:
    found = form.fields[name]
    assert isinstance(found, NumberField)
    return found


def test_a_form_shows_every_setting_with_its_default(form: Form) -> None:
    assert form.values() == {
        "patch": 9, "reach": 1.5, "size": 20.0, "search": Search.RING, "mirror": False, "name": "plain", "seed": 0,
    }  # fmt: skip
    assert form.at_defaults


def test_showing_values_tells_nothing(form: Form, heard: Heard) -> None:
    form.show_values(Params(patch=11, reach=4.0, size=333.0, search=Search.ALL, mirror=True, name="other", seed=7))
    assert form.values()["search"] is Search.ALL
    assert form.values()["size"] == 333
    assert not form.at_defaults
    assert heard == []


def test_typing_a_number_tells_it_once_when_it_is_finished(form: Form, heard: Heard) -> None:
    box = number_field(form, "patch").box
    box.selectAll()
    box.setFocus()
    QTest.keyClicks(box, "1")
    QTest.keyClicks(box, "5")
    assert heard == []
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert heard == [("patch", 15)]


def test_a_typed_number_between_two_steps_becomes_one_that_is_allowed(form: Form, heard: Heard) -> None:
    box = number_field(form, "patch").box
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "12")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert heard in ([("patch", 13)], [("patch", 11)])
    assert form.values()["patch"] == heard[0][1]


def test_a_slider_tells_every_step_and_carries_the_box_along(form: Form, heard: Heard) -> None:
    made = number_field(form, "reach")
    assert made.slider is not None
    made.slider.setFocus()
    QTest.keyClick(made.slider, Qt.Key.Key_Right)
    assert heard == [("reach", 2.0)]
    assert made.box.value() == 2.0


def test_a_wide_range_is_slid_by_factors(form: Form) -> None:
    made = number_field(form, "size")
    assert made.slider is not None
    made.slider.setValue(made.slider.maximum() // 2)
    assert made.box.value() == pytest.approx(2000**0.5, rel=0.03)
    made.slider.setValue(0)
    assert made.box.value() == 1
    made.slider.setValue(made.slider.maximum())
    assert made.box.value() == 2000


def test_choices_switches_and_texts_tell_their_values(form: Form, heard: Heard) -> None:
    search, mirror, name = form.fields["search"], form.fields["mirror"], form.fields["name"]
    assert isinstance(search, ChoiceField)
    assert isinstance(mirror, SwitchField)
    assert isinstance(name, TextField)
    QTest.keyClick(search.box, Qt.Key.Key_Down)
    QTest.keyClick(mirror.box, Qt.Key.Key_Space)
    name.box.selectAll()
    QTest.keyClicks(name.box, "new")
    QTest.keyClick(name.box, Qt.Key.Key_Return)
    assert heard == [("search", Search.ALL), ("mirror", True), ("name", "new")]


def test_a_double_click_on_a_label_resets_that_setting_alone(form: Form, heard: Heard) -> None:
    form.show_values(Params(patch=21, reach=3.0))
    label = next(w for w in form.findChildren(QLabel) if w.text() == "Patch size")
    QTest.mouseDClick(label, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert heard == [("patch", 9)]
    assert form.values()["reach"] == 3.0


def test_reset_tells_each_setting_that_changed(form: Form, heard: Heard) -> None:
    form.show_values(Params(patch=21, mirror=True))
    form.reset()
    assert heard == [("patch", 9), ("mirror", False)]
    assert form.at_defaults


def test_every_control_has_a_name_for_screen_readers_and_every_label_a_buddy(form: Form) -> None:
    for made in form.fields.values():
        for widget in made.widgets:
            assert widget.accessibleName() == made.param.label
            if isinstance(widget, QComboBox):  # on Linux Qt gives its value here, and the name through its label
                continue
            interface = QAccessible.queryAccessibleInterface(widget)
            assert interface.text(QAccessible.Text.Name) == made.param.label
    labels = form.findChildren(QLabel)
    assert len(labels) == 6  # the switch names itself
    assert all(isinstance(label.buddy(), QWidget) for label in labels)


def test_controls_show_units_and_help(form: Form) -> None:
    made = number_field(form, "patch")
    assert made.box.text() == "9 px"
    assert made.box.toolTip() == "Side of the square."
    assert number_field(form, "reach").box.text() == "1.5"
    assert number_field(form, "size").box.text() == "20 px"  # no nought that says nothing


def test_enter_and_esc_in_a_field_end_it_and_run_no_shortcut(heard: Heard) -> None:
    window = QMainWindow()
    ran: list[str] = []
    for key in ("Return", "Esc", "B", "1", "["):
        action = window.addAction(key)
        action.setShortcut(key)
        action.triggered.connect(lambda _on=False, key=key: ran.append(key))
    form = Form(Params, parent=window)
    window.setCentralWidget(form)
    done: list[int] = []
    form.done.connect(lambda: done.append(1))
    form.changed.connect(heard.hear)
    shown(window)
    name = form.fields["name"]
    assert isinstance(name, TextField)
    for box in (number_field(form, "patch").box, name.box):
        box.setFocus()
        box.selectAll()
        QTest.keyClicks(box, "1B[")
        QTest.keyClick(box, Qt.Key.Key_Return)
        QTest.keyClick(box, Qt.Key.Key_Escape)
    assert ran == []
    assert len(done) == 4
    assert ("name", "1B[") in heard


def test_a_form_can_leave_settings_out() -> None:
    form = Form(Params, leave_out=("seed", "name"))
    assert set(form.fields) == {"patch", "reach", "size", "search", "mirror"}
    assert form.findChildren(QComboBox)
    assert form.findChildren(QCheckBox)
    assert len(form.findChildren(QSlider)) == 3


@pytest.fixture
def there() -> list[Suggestion]:
    """What there is to choose from now; a test changes it."""
    return [Suggestion("", "Best"), Suggestion("old", "Old  ·  20.0 dB"), Suggestion("new", "New  ·  30.0 dB")]


@pytest.fixture
def choosing(there: list[Suggestion], heard: Heard) -> Form:
    @dataclass(frozen=True)
    class Named:
        model: str = text("", label="Model", suggested=lambda: tuple(there), nothing="There is no model")

    made = shown(Form(Named))
    made.changed.connect(heard.hear)
    return made


def box_of(form: Form) -> QComboBox:
    found = form.fields["model"]
    assert isinstance(found, SuggestedField)
    return found.box


def listed(form: Form) -> list[str]:
    return [box_of(form).itemText(row) for row in range(box_of(form).count())]


def test_a_text_is_chosen_from_what_is_suggested_and_told_as_its_value(choosing: Form, heard: Heard) -> None:
    assert listed(choosing) == ["Best", "Old  ·  20.0 dB", "New  ·  30.0 dB"]
    assert box_of(choosing).currentText() == "Best"
    QTest.keyClick(box_of(choosing), Qt.Key.Key_End)
    assert heard == [("model", "new")]
    assert choosing.values() == {"model": "new"}


def test_suggestions_are_asked_for_anew_with_each_value_that_is_shown(choosing: Form, there: list[Suggestion]) -> None:
    there.append(Suggestion("third", "Third"))
    choosing.show_values(choosing.params(model="old"))
    assert listed(choosing)[-1] == "Third"
    assert box_of(choosing).currentText() == "Old  ·  20.0 dB"


def test_a_value_that_is_no_longer_there_is_kept_and_said_to_be_missing(
    choosing: Form, there: list[Suggestion], heard: Heard
) -> None:
    choosing.show_values(choosing.params(model="old"))
    del there[1]
    choosing.show_values(choosing.params(model="old"))
    assert listed(choosing) == ["Best", "New  ·  30.0 dB", "old (missing)"]
    assert choosing.values() == {"model": "old"}
    assert heard == []
    choosing.show_values(choosing.params())
    assert listed(choosing) == ["Best", "New  ·  30.0 dB"]


def test_with_nothing_to_choose_from_a_field_is_grey_and_says_why(choosing: Form, there: list[Suggestion]) -> None:
    there.clear()
    choosing.show_values(choosing.params(model="old"))
    assert not box_of(choosing).isEnabled()
    assert box_of(choosing).placeholderText() == box_of(choosing).toolTip() == "There is no model"
    assert choosing.values() == {"model": "old"}
    there.append(Suggestion("", "Best"))
    choosing.show_values(choosing.params())
    assert box_of(choosing).isEnabled()
    assert box_of(choosing).currentText() == "Best"
