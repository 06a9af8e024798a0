"""What is drawn over the picture beside the tool's outline: edges, guides, what is proposed, and around what is asked.

Whoever adds one more adds it here.
"""

from __future__ import annotations

from PySide6.QtGui import QPainter

from lacuna.editor.editor import Editor
from lacuna.editor.guiding import GuideTool
from lacuna.imaging.region import Region
from lacuna.ui.canvas import overlays
from lacuna.ui.canvas.guides_view import GuidesView, Shown
from lacuna.ui.canvas.proposals_view import ProposalsView
from lacuna.ui.canvas.scribbles_view import ScribblesView
from lacuna.ui.canvas.view import View


class OverPicture:
    """Keeps what is drawn as the editor has it, and has the parts of the `view` painted anew that look different."""

    def __init__(self, view: View, editor: Editor) -> None:
        self._view = view
        self._editor = editor
        self._frames: list[Region] = []  # of a result that asks, in the view
        self._edges = overlays.EdgesView()
        self._guides = GuidesView()
        self._proposed = GuidesView(dashed=True)
        self._proposals = ProposalsView()
        self._scribbles = ScribblesView()
        self.guides_shown = True

    def show_guides(self, on: bool) -> None:
        self.guides_shown = on
        self.follow_guides()

    def follow(self) -> None:
        """The editor's state has changed."""
        view, viewport, ratio = self._view, self._view.viewport, self._view.ratio
        frames = [viewport.on_screen(r) for r in view.scene.asked_regions]
        if frames != self._frames:
            for frame in (*self._frames, *frames):
                view.update_device(overlays.frame_bounds(frame, ratio))
            self._frames = frames
        view.update_device(*self._edges.become(self._editor.edges, viewport))
        view.update_device(*self._proposals.become(self._editor.proposals, viewport, ratio))
        lines = self._editor.proposals.scribbles
        view.update_device(*self._scribbles.become(lines.inside, lines.outside, viewport, ratio))
        self.follow_guides()

    def follow_guides(self) -> None:
        """Other guides may be there, or those there mean something else to another tool."""
        document = self._editor.document
        guides = document.guides if document is not None and self.guides_shown else ()
        ignored = self._editor.guides.ignored if guides else frozenset()
        tool = self._editor.tool
        how = Shown(frozenset(tool.kinds) if isinstance(tool, GuideTool) else frozenset(), ignored)
        self._view.update_device(*self._guides.become(guides, how, self._view.viewport, self._view.ratio))
        lines = self._editor.contours.proposed
        self._view.update_device(*self._proposed.become(lines, how, self._view.viewport, self._view.ratio))

    def moved(self) -> None:
        """Another part of the picture is in view, all of which is painted anew."""
        self._frames = [self._view.viewport.on_screen(r) for r in self._view.scene.asked_regions]

    def paint(self, painter: QPainter, *, edges: bool) -> None:
        """`edges`: with those that the result in view has followed."""
        viewport, ratio, dirty = self._view.viewport, self._view.ratio, self._view.dirty
        if edges:
            self._edges.paint(painter, viewport)
        for part in (self._guides, self._proposed, self._proposals, self._scribbles):
            part.paint(painter, viewport, ratio, dirty)
        for frame in self._frames:
            overlays.paint_frame(painter, frame, ratio)
