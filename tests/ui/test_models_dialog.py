"""The models dialog: weights come by drop, are agreed to, used, verified and removed, and nothing else happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QMessageBox, QPushButton

from lacuna.contract import models
from lacuna.contract.model_config import Network
from lacuna.contract.models import WEIGHTS
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.inference import importing
from lacuna.networks import deepfill_layouts
from lacuna.ui.dialogs.models import Models
from lacuna.ui.dialogs.question import Question
from lacuna.ui.main_window import MainWindow
from tests.backends.models import config, installed
from tests.inference import pickers
from tests.inference.checkpoints import light, light_pen_net, write
from tests.inference.conftest import no_graphs  # noqa: F401 (a fixture)
from tests.inference.own_graphs import Form
from tests.inference.own_graphs import write as graph
from tests.ui.models_dialog import LOADED, asked, drop, opened, recognised, rested, texts
from tests.ui.support import settle, wait_until
from tests.ui.windows import back_to, open_photo, paint

pytestmark = pytest.mark.usefixtures("no_graphs")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Published weights whose licence forbids something, with an eighth of the channels."""
    return write(tmp_path / "states_tf_places2.pth", light(deepfill_layouts.V2_PTTF), "G")


def test_dropped_weights_are_named_and_agreed_to_before_they_are_installed(window: MainWindow, weights: Path) -> None:
    open_photo(window)
    window.editor.use_backend("deepfill")
    assert window.editor.filling.method.missing
    dialog = opened(window)
    page = recognised(dialog, weights)
    assert page.accessibleName() == "DeepFill v2 (pttf, fused)"
    assert not page.button.isEnabled()
    assert models.installed() == ()
    page.consent.click()
    page.name.setText("No Name")
    assert not page.button.isEnabled()
    page.name.setText("places")
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    wait_until(lambda: "places" in dialog.told.text(), LOADED)
    assert [row[:2] for row in texts(dialog)] == [["places", "deepfill-v2"]]
    assert "CC BY-NC 4.0" in dialog.about.toPlainText()
    models.verify(models.model("places"))
    assert not window.editor.filling.method.missing


def test_a_variant_and_a_model_to_replace_are_chosen_by_the_person(window: MainWindow, weights: Path) -> None:
    installed("mine", config(Network.PEN_NET))
    dialog = opened(window)
    page = recognised(dialog, weights)
    page.choice.setCurrentText("pttf")
    page.name.setText("mine")
    page.consent.click()
    assert page.button.text() == "Replace"
    page.button.click()
    wait_until(lambda: "mine" in dialog.told.text(), LOADED)
    assert texts(dialog)[0][1] == "deepfill-v2"
    made = models.model("mine").config
    assert made is not None
    assert made.conventions == "pttf"


def test_what_is_no_file_of_weights_is_said_in_the_dialog(window: MainWindow, tmp_path: Path) -> None:
    dialog = opened(window)
    (tmp_path / "words.pth").write_text("words")
    drop(dialog, tmp_path / "words.pth")
    wait_until(lambda: rested(dialog) and dialog.told.text(), LOADED)
    assert "words.pth" in dialog.told.text()
    assert window.messages.cards == []


def test_an_import_that_is_cancelled_leaves_nothing(
    window: MainWindow, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(_found: Any, _name: str, progress: Progress, **_rest: Any) -> None:
        while True:
            progress.at(0.5, "Reading")
            progress.check()

    monkeypatch.setattr(importing, "install", endless)
    dialog = opened(window)
    page = recognised(dialog, weights)
    page.consent.click()
    page.button.click()
    wait_until(lambda: dialog.progress.value() == dialog.progress.maximum() / 2)
    assert not dialog.remove.isEnabled()
    dialog.cancel.click()
    wait_until(lambda: rested(dialog))
    assert models.installed() == ()


def test_a_model_is_removed_only_by_its_own_button(window: MainWindow) -> None:
    folder = installed("mine", config(Network.PEN_NET, psnr=21.5))
    dialog = opened(window)
    assert texts(dialog) == [["mine", "pennet", "1 MB", "21.50 dB", "your own"]]
    for answer, stays in (("Keep it", True), ("Remove it", False)):
        dialog.remove.click()
        question = QApplication.activeModalWidget()
        assert isinstance(question, Question)
        question.buttons[answer].click()
        back_to(dialog)
        wait_until(lambda: rested(dialog))
        assert folder.exists() == stays
    assert texts(dialog) == []


def test_damage_is_found_and_what_a_folder_lacks_is_told(window: MainWindow) -> None:
    folder = installed("mine", config(Network.PEN_NET))
    odd = installed("odd", config(Network.PEN_NET))
    (odd / "config.json").write_text("{}")
    dialog = opened(window)
    dialog.check.click()
    wait_until(lambda: "is whole" in dialog.told.text())
    (folder / "weights.safetensors").write_bytes(b"something else")
    wait_until(lambda: rested(dialog))
    dialog.check.click()
    wait_until(lambda: "is not the file that it was" in dialog.told.text())
    dialog.select("odd")
    assert texts(dialog)[1][4] == "damaged"
    assert "config.json" in dialog.about.toPlainText()
    assert [button.isEnabled() for button in (dialog.use, dialog.export, dialog.remove)] == [False, False, True]


def test_a_graph_of_others_is_tried_and_the_person_chooses_how_it_is_read(window: MainWindow, tmp_path: Path) -> None:
    dialog = opened(window)
    page = recognised(dialog, graph(tmp_path / "a model.onnx", Form()))
    assert page.choice.count() > 1
    assert "white" in page.judged.text()
    best = page.picture.pixmap().toImage()
    page.choice.setCurrentIndex(page.choice.count() - 1)
    assert page.picture.pixmap().toImage() != best
    page.choice.setCurrentIndex(0)
    page.name.setText("mine")
    page.button.click()
    wait_until(lambda: "mine" in dialog.told.text(), LOADED)
    assert texts(dialog)[0][1] == "onnx"
    assert "ones=hole" in dialog.about.toPlainText()
    wait_until(lambda: rested(dialog))
    assert not dialog.export.isEnabled()
    dialog.use.click()
    assert window.editor.backend == "onnx:mine"
    settle()
    assert window.fill_panel.backends.currentText() == registry.info("onnx:mine").name


def test_a_model_is_used_with_the_method_of_its_network(window: MainWindow) -> None:
    installed("mine", config(Network.PEN_NET))
    dialog = opened(window)
    dialog.use.click()
    assert window.editor.backend == "pennet"
    assert window.editor.params.model == "mine"


def test_only_a_model_that_some_method_fills_with_can_be_used(window: MainWindow) -> None:
    installed("filling", config(Network.PEN_NET))
    installed("larger", config(Network.META_SPAN))
    dialog = opened(window)
    dialog.select("larger")
    assert not dialog.use.isEnabled()
    assert dialog.check.isEnabled()
    dialog.select("filling")
    assert dialog.use.isEnabled()


def test_a_method_without_a_model_can_be_chosen_and_shows_the_way_to_one(window: MainWindow) -> None:
    panel = window.fill_panel
    row = panel.backends.findText("PEN-Net (learned)")
    assert panel.backends.model().index(row, 0).flags() & Qt.ItemFlag.ItemIsEnabled
    open_photo(window)
    window.editor.use_backend("pennet")
    wait_until(panel.models.isVisible)
    panel.models.click()
    assert isinstance(QApplication.activeModalWidget(), Models)
    installed("mine", config(Network.PEN_NET))
    window.editor.models.changed()
    wait_until(lambda: not panel.models.isVisible())


def answered(name: Path) -> None:
    """Type a name into the file dialog that is open, and press Enter."""
    asked = QApplication.activeModalWidget()
    assert isinstance(asked, QFileDialog)
    field = asked.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(field, QLineEdit)
    field.setText(str(name))
    QTest.keyClick(field, Qt.Key.Key_Return)
    settle()


@pytest.fixture
def mine(tmp_path: Path) -> models.Model:
    """A light PEN-Net of the person's own."""
    return importing.install(importing.found([light_pen_net(tmp_path)]), "mine", Progress(), licence_accepted=False)


def test_a_model_is_exported_and_comes_back_through_the_file_dialogs(
    window: MainWindow, tmp_path: Path, mine: models.Model
) -> None:
    dialog = opened(window)
    dialog.export.click()
    answered(tmp_path / "to pass on")
    written = tmp_path / "to pass on.safetensors"
    wait_until(lambda: rested(dialog) and dialog.told.text(), LOADED)
    assert written.exists()
    assert str(written) in dialog.told.text()
    dialog.bring.click()
    answered(written)
    page = asked(dialog)
    page.name.setText("again")
    page.button.click()
    wait_until(lambda: "again" in dialog.told.text(), LOADED)
    assert [row[0] for row in texts(dialog)] == ["again", "mine"]
    again = models.model("again")
    assert (again.folder / WEIGHTS).read_bytes() == (mine.folder / WEIGHTS).read_bytes()


@pytest.mark.parametrize(("answer", "replaced"), [("No", False), ("Yes", True)])
def test_a_file_in_the_place_of_an_export_is_replaced_only_if_the_person_says_so(
    window: MainWindow, tmp_path: Path, mine: models.Model, answer: str, replaced: bool
) -> None:
    there = tmp_path / "mine.safetensors"
    there.write_bytes(b"something else")
    dialog = opened(window)
    dialog.export.click()

    def reply() -> None:
        question = QApplication.activeModalWidget()
        assert isinstance(question, QMessageBox)
        question.button(getattr(QMessageBox.StandardButton, answer)).click()

    QTimer.singleShot(200, reply)  # Qt waits for the answer in a loop of its own
    answered(tmp_path / "mine")
    wait_until(lambda: rested(dialog) and (there.stat().st_size > 100 or not replaced), LOADED)
    assert (there.read_bytes() != b"something else") == replaced


def test_a_model_that_was_damaged_meanwhile_is_not_exported(
    window: MainWindow, tmp_path: Path, mine: models.Model
) -> None:
    dialog = opened(window)
    (mine.folder / WEIGHTS).write_bytes(b"something else")
    dialog.export.click()
    answered(tmp_path / "mine")
    wait_until(lambda: rested(dialog) and dialog.told.text(), LOADED)
    assert "is not the file that it was" in dialog.told.text()
    assert not (tmp_path / "mine.safetensors").exists()


def test_every_button_of_the_dialog_is_reached_by_tab(window: MainWindow) -> None:
    installed("mine", config(Network.PEN_NET))
    dialog = opened(window)
    seen = set()
    for _step in range(20):
        focused = dialog.focusWidget()
        assert focused is not None
        seen.add(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert {b for b in dialog.findChildren(QPushButton) if b.isEnabled() and b.isVisible()} <= seen


def test_the_fill_panel_offers_the_models_of_the_method_as_they_come_and_go(window: MainWindow, weights: Path) -> None:
    open_photo(window)
    window.editor.use_backend("deepfill")
    settle()

    def choice() -> QComboBox:
        (box,) = (b for b in window.fill_panel.findChildren(QComboBox) if b.accessibleName() == "Model")
        return box

    def listed() -> list[str]:
        return [choice().itemText(row) for row in range(choice().count())]

    paint(window, (0.45, 0.5), (0.5, 0.55))
    wait_until(window.fill_panel.problem.isVisible)
    assert not choice().isEnabled()
    assert "No model" in choice().placeholderText()
    installed("fair", config(Network.DEEPFILL_V2, psnr=20.04))
    installed("other", config(Network.PEN_NET, psnr=40.0))
    dialog = opened(window)
    page = recognised(dialog, weights)
    page.name.setText("places")
    page.consent.click()
    page.button.click()
    wait_until(lambda: "places" in dialog.told.text(), LOADED)
    dialog.close()
    back_to(window)
    assert listed() == ["Best (automatic)", "fair  ·  20.0 dB", "places"]
    wait_until(lambda: not window.fill_panel.problem.isVisible())
    QTest.keyClick(choice(), Qt.Key.Key_End)
    assert window.editor.params.model == "places"
    assert window.editor.filling.method.needs.model == "places"
    window.editor.models.remove(models.model("places"), lambda: None, pytest.fail)
    wait_until(lambda: listed()[-1] == "places (missing)")
    assert "places" in window.editor.missing
    QTest.keyClick(choice(), Qt.Key.Key_Home)
    assert window.editor.params.model == ""
    assert not window.editor.missing
    assert listed() == ["Best (automatic)", "fair  ·  20.0 dB"]


def test_a_network_that_picks_objects_is_installed_and_fills_nothing(window: MainWindow, tmp_path: Path) -> None:
    made = pickers.write(tmp_path / "made", encoder=True)
    dialog = opened(window)
    page = recognised(dialog, made / "model.onnx", made / "encoder.onnx")
    page.name.setText("sam")
    page.button.click()
    wait_until(lambda: "sam" in dialog.told.text(), LOADED)
    wait_until(lambda: rested(dialog))
    assert "Picks objects" in dialog.about.toPlainText()
    assert not dialog.use.isEnabled()
    assert not dialog.export.isEnabled()
