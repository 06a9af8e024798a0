"""The part of the fill panel that is about edges: see them, have them predicted, and how finely they are sought."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lacuna.contract.guides import Guide
from lacuna.contract.params import describe
from lacuna.editor.editor import Editor
from lacuna.settings import Preferences
from lacuna.ui.action_set import ActionSet
from lacuna.ui.forms import Form

GROUND = "contour_ground"


class ContoursPart(QWidget):
    """In view where the method chosen follows lines; `done` and `preferred` as for the panel."""

    done = Signal()
    preferred = Signal(str, object)

    def __init__(self, editor: Editor, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._toggle = actions["view.contours"]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        grid = QGridLayout()
        grid.setSpacing(4)
        self.buttons: dict[str, QToolButton] = {}
        for index, name in enumerate(("view.contours", "guides.predict", "guides.outlines")):
            button = QToolButton(self)
            button.setDefaultAction(actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self.buttons[name] = button
            grid.addWidget(button, index // 2, index % 2, 1, 2 if index == 2 else 1)
        column.addLayout(grid)
        self.why = QLabel(self)
        self.why.setWordWrap(True)
        self.why.setProperty("quiet", True)
        column.addWidget(self.why)
        others = [param.name for param in describe(Preferences) if param.name != GROUND]
        self.ground = Form(Preferences, leave_out=others, parent=self)
        self.ground.changed.connect(self.preferred)
        self.ground.done.connect(self.done)
        column.addWidget(self.ground)

    def refresh(self) -> None:
        """Show what holds now."""
        editor = self._editor
        follows = Guide.LINE in editor.filling.method.needs.guides
        on = self._toggle.isChecked()
        self.setVisible(editor.document is not None and (follows or on))
        refusal = editor.contours.refusal
        self.why.setText(refusal)
        self.why.setVisible(on and bool(refusal))
        self.ground.setVisible(on)
        self.ground.show_values(editor.settings.preferences)
