"""The edges of the hole, for a person to look at and to change before a fill follows them.

They are predicted by a job and kept with the picture; where that is quick, a fill follows each change of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lacuna.contract.edges import PredictedEdges
from lacuna.contract.fill import Context, FillOptions, Needs
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Cancelled, Progress
from lacuna.detection.completion import AROUND, LARGEST, completions
from lacuna.document.frozen import Frozen
from lacuna.editor.below import Below
from lacuna.editor.contour_sight import ContourSight
from lacuna.editor.method import named
from lacuna.editor.values import Message, Severity
from lacuna.engine import edges as stage
from lacuna.engine import plan
from lacuna.engine.device import runtime_for
from lacuna.engine.jobs import Job, JobQueue, State
from lacuna.i18n import _, ngettext
from lacuna.imaging.edges import SIGMA
from lacuna.imaging.mask import rim

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

QUICK = 2.0  # seconds: so long a fill may take to follow each change of an edge by itself
WIDTH = 3.0  # image pixels of a line that is proposed
SURE, FEW = 128, 0.1  # of 255; edge pixels so sure for each side of a pixel at the rim: photos had 0.7 to 4.2 there
GUIDE_TOOL = "guide"
EDGES = (Guide.LINE, Guide.ERASE_EDGE)  # the strokes that change edges


class Contours:
    """All methods are called on the owner's thread."""

    def __init__(self, editor: Editor, queue: JobQueue) -> None:
        self._editor = editor
        self.sight = ContourSight(editor, queue)
        self._lines = editor.toolbox.lines
        self._lines.changed.add(editor.state_changed)
        self._strokes: tuple[GuideStroke, ...] = ()
        self._changed = False  # by the gesture that is going on
        self._awaited: tuple[Job, ...] = ()  # fills along edges that have changed since
        self._lent_over = ""  # the tool that was in hand before lines were proposed
        editor.document_changed.add(self._follow)
        editor.work.ended.add(self._work_ended)
        editor.toolbox.freed.add(self._gesture_over)

    @property
    def predicted(self) -> tuple[PredictedEdges, ...]:
        """Those of the document, without what was drawn and rubbed out since."""
        return () if self._editor.document is None else self._editor.document.predicted

    @property
    def strokes(self) -> tuple[GuideStroke, ...]:
        """What was drawn and rubbed out of edges."""
        document = self._editor.document
        return () if document is None else tuple(stroke for stroke in document.guides if stroke.kind in EDGES)

    # --- predicting --------------------------------------------------------------------------------------------------
    @property
    def refusal(self) -> str:
        """Why no edges can be predicted now, and what helps; "" if they can."""
        document, method = self._editor.document, self._editor.filling.method
        if document is None:
            return _("Open a picture first.")
        if stage.predictor(method.backend) is None:
            sentence = _("“{method}” predicts no edges. Choose one of these methods: {others}.")
            return sentence.format(method=named(method.backend), others=", ".join(map(named, stage.predictors())))
        if method.missing:
            return method.missing
        return _("Paint over what should go first.") if document.mask_bounds().empty else ""

    @property
    def instead(self) -> str:
        """The method that would predict edges now in the place of the one chosen, which predicts none; "" if none."""
        document, editor = self._editor.document, self._editor
        if document is None or document.mask_bounds().empty or stage.predictor(editor.backend) is not None:
            return ""
        ready = (other for other in stage.predictors() if not editor.filling.method.how(other).missing)
        return next(ready, "")

    def predict_by(self, backend: str) -> None:
        """Choose another method, and predict by it."""
        self._editor.use_backend(backend)
        self.predict()

    def predict(self) -> None:
        """Complete the edges of what is masked, in a job; they take the place of those that were predicted before."""
        document, refusal = self._editor.document, self.refusal
        if document is None or refusal:
            still = self._editor.document
            self._editor.tell(
                Message(
                    refusal,
                    severity=Severity.WARNING,
                    over=lambda: self._editor.document is not still or self.refusal != refusal,
                )
            )
            return
        filling, label = self._editor.filling, _("Predict edges")
        how = filling.method.how()
        regions = plan.windows_for(document.mask.pixels, how.needs, how.options, document.mask_bounds())
        masks = tuple((region, document.mask.pixels[region.slices].copy()) for region in regions)
        asked = filling.asked(document, masks, how, 0)

        def work(progress: Progress) -> tuple[PredictedEdges, ...]:
            return asked.predict(runtime_for("auto", how.needs), progress)

        def done(found: tuple[PredictedEdges, ...]) -> None:
            with document.edit(label) as edit:
                edit.put(document.put_predicted, found)
            self._editor.state_changed()
            if not any(stroke.kind is Guide.LINE for stroke in asked.guides) and _few(found):
                said = _("Few edges were found; draw them yourself with the guide line (G).")
                self._editor.tell(Message(said, over=lambda: document.predicted is not found))

        begin = self._editor.in_frame(document, label, asked.begin)
        self._editor.work.run(label, work, self._editor.in_frame(document, label, done), begin=begin)

    # --- outlines that the hole interrupts ---------------------------------------------------------------------------
    @property
    def proposed(self) -> tuple[GuideStroke, ...]:
        """Lines through the hole that may be taken as guides."""
        return self._lines.strokes

    @property
    def proposed_last(self) -> bool:
        """They were proposed after the last edit that is in force."""
        return self._lines.done_last

    def complete(self) -> None:
        """Look in a job for outlines that the mask interrupts, and propose how they run on inside it."""
        document = self._editor.document
        if document is None or document.mask_bounds().empty:
            return
        label, wanted = _("Complete outlines"), Needs(context=Context(minimum=AROUND, share=AROUND / LARGEST))
        regions = plan.windows_for(document.mask.pixels, wanted, FillOptions(), document.mask_bounds())
        holes = [(region, document.mask.pixels[region.slices] > 0) for region in regions]
        white, revision = document.header.white, document.mask.revision
        seen: list[Frozen] = []

        def work(progress: Progress) -> tuple[GuideStroke, ...]:
            found: list[GuideStroke] = []
            if not seen:
                raise Cancelled  # the picture was cropped before its turn came
            frozen = seen[0]
            try:
                for number, (region, hole) in enumerate(holes):
                    progress.at(number / len(holes))
                    lines = completions(frozen.read(region), hole, white, check=progress.check)
                    found += [GuideStroke(Guide.LINE, line.points, WIDTH).shift(region.y0, region.x0) for line in lines]
            finally:
                frozen.release()
            return tuple(found)

        def done(found: tuple[GuideStroke, ...]) -> None:
            now = document.mask.revision
            if now != revision:
                lost = _("“{action}” was dropped: the mask was changed meanwhile.").format(action=label)
                over = lambda: bool(self.proposed) or document.mask.revision != now  # noqa: E731
                self._editor.tell(Message(lost, _("Choose it once more."), Severity.WARNING, over=over))
                return
            self._lines.show(document, found)
            if found:
                self._lend_tool()
                hint = _("Enter takes all, a click one. Points can be dragged; Alt+click drops a line, Esc all.")
                count = ngettext("{count} line is proposed.", "{count} lines are proposed.", len(found))
                said = Message(count.format(count=len(found)), hint, over=lambda: not self.proposed)
            else:
                none = _("No outline at the mask's border could be completed with enough certainty.")
                said = Message(none, over=lambda: document.mask.revision != revision)
                self._give_tool_back()
            self._editor.tell(said)

        begin = self._editor.in_frame(document, label, lambda: seen.append(document.photo.freeze()))
        self._editor.work.run(label, work, self._editor.in_frame(document, label, done), begin=begin)

    def take(self) -> None:
        """Make guides of all lines that are proposed."""
        self._lines.take()
        self._give_tool_back()
        self.edited()

    def drop(self) -> None:
        """Propose them no more."""
        self._lines.drop()
        self._give_tool_back()

    def _lend_tool(self) -> None:
        """Take the tool in hand by which lines are taken, moved and dropped."""
        if self._editor.tool.id != GUIDE_TOOL:
            self._lent_over = self._editor.tool.id
            self._editor.use(GUIDE_TOOL)

    def _give_tool_back(self) -> None:
        """The last line was taken or dropped: go on with what was in hand before, unless that was changed since."""
        before, self._lent_over = self._lent_over, ""
        if before and self._editor.tool.id == GUIDE_TOOL:
            self._editor.use(before)

    # --- the blur before edges are sought ----------------------------------------------------------------------------
    @property
    def backend(self) -> str:
        """The method that predicts edges: the one chosen, if it does, or the first that does; "" if none is there."""
        chosen = self._editor.backend
        return chosen if stage.predictor(chosen) is not None else next(iter(stage.predictors()), "")

    @property
    def sigma(self) -> float:
        """How much is smoothed before edges are sought, in pixels."""
        params = self._editor.filling.method.params_of(self.backend) if self.backend else None
        return float(getattr(params, "sigma", SIGMA))

    # --- following what is drawn -------------------------------------------------------------------------------------
    def edited(self) -> None:
        """An edge was drawn or rubbed out: fill along the edges again, if that is wanted and quick.

        Once more, after a fill that runs already: that does not know of the change.
        """
        document, filling = self._editor.document, self._editor.filling
        if document is None or not document.predicted or not self._editor.settings.preferences.fill_after_stroke:
            return
        how = filling.method.how()
        if how.missing or stage.predictor(how.backend) is None:
            return
        self._awaited = tuple(job for job in filling.jobs if job.matters)
        if self._awaited:
            return
        led = replace(how, needs=how.needs.led)
        if not document.mask_bounds().empty:
            if filling.method.forecast(document, document.mask.pixels, led, document.mask_bounds()).seconds < QUICK:
                self._editor.fill(follows=True)
            return
        base = filling.base(document)
        if base is None or base.fill is None or base.fill.backend != how.backend:
            return
        below = Below.of(base, document)
        if filling.method.forecast(document, below.whole_mask(), led, below.step.box).seconds < QUICK:
            filling.try_by(document, base, how, base.fill.seed, replaces=True)

    def _follow(self) -> None:
        self._strokes, self._changed, self._awaited, self._lent_over = self.strokes, False, (), ""
        if self._editor.document is not None:
            self._editor.document.history.changed.add(self._history_changed)

    def _history_changed(self) -> None:
        """What undo brings back was filled along already, or is to be filled along by a key: only gestures count."""
        strokes = self.strokes
        if strokes != self._strokes:
            self._strokes = strokes
            self._changed = self._editor.gesture is not None

    def _work_ended(self) -> None:
        if self._awaited and not set(self._awaited) & set(self._editor.filling.jobs):
            over, self._awaited = self._awaited, ()
            if all(job.state is State.DONE for job in over):
                self.edited()

    def _gesture_over(self) -> None:
        if self._lines.all_settled:
            self._give_tool_back()
        if self._changed:
            self._changed = False
            self.edited()


def _few(found: tuple[PredictedEdges, ...]) -> bool:
    """Did next to nothing come of it, for holes of this size?"""
    sure = sum(int(np.count_nonzero(edges.strength[edges.hole] >= SURE)) for edges in found)
    return sure < FEW * sum(rim(edges.hole) for edges in found)
