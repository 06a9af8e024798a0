"""A document out of a project: each change becomes an entry of the history again, so that it can be undone."""

from __future__ import annotations

from lacuna.contract.edges import PackedEdges, PredictedEdges
from lacuna.contract.fill import FillStep
from lacuna.contract.guides import GuideStroke
from lacuna.contract.progress import Progress
from lacuna.contract.steps import CropStep, EnlargeStep
from lacuna.document.account import Deed
from lacuna.document.document import BUDGET, Document, prepare
from lacuna.document.edit import Edit
from lacuna.document.journal import Journal, Place
from lacuna.document.project import Project, enlarged, noting_another_end, opaque, picture_of, unpacked
from lacuna.document.project_file import damaged
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.blank import blank
from lacuna.imaging.photo import Mask
from lacuna.imaging.region import Region


def document_of(
    project: Project,
    place: Place,
    budget: int = BUDGET,
    *,
    pixel_limit: int = files.PIXEL_LIMIT,
    progress: Progress | None = None,
) -> tuple[Document, Journal, tuple[str, ...]]:
    """The document with its journal, for a job to make, and sentences to tell once.

    Strokes of the mask and what had been undone are not in a project: mask, guides and predicted edges are the last
    entry of the history. Guides and edges that a fill has followed are one below it where they were others before, so
    that undoing the fill leaves them to be followed again. Raises what `picture_of` does, CannotSave where the
    session finds no room, and Cancelled.
    """
    photo = picture_of(project, pixel_limit=pixel_limit)
    data = project.picture if isinstance(project.picture, bytes) else None
    document = Document.opened(prepare(photo, data, place.folder), budget)
    journal = Journal(document, place)
    try:
        for number, deed in enumerate(project.deeds):
            if progress is not None:
                progress.at(number / len(project.deeds))
            if isinstance(deed.step, FillStep):
                _put_followed(project, deed.step, document)
            _do(project, deed, document)
        _put_mask_and_guides(project, document)
    except BaseException:
        journal.close()
        raise
    after = noting_another_end(project, document.snapshot())
    return document, journal, (*photo.notes, *after.notes[len(photo.notes) :])


def _do(project: Project, deed: Deed, document: Document) -> None:
    if isinstance(deed.step, CropStep):
        document.crop(deed.step.region, deed.label)
        return
    if deed.enlargement is not None:
        alpha = None if document.alpha is None else document.alpha.pixels
        photo = enlarged(project, deed, document.header.with_pixels(document.photo.pixels, alpha))
        step = deed.step if isinstance(deed.step, EnlargeStep) else None
        document.enlarge(photo, blank(deed.size_after), deed.enlargement, deed.label, step)
        return
    fill = deed.step if isinstance(deed.step, FillStep) and not deed.step.instead else None  # that cleared a mask
    hole = None if fill is None else _mask_again(project, fill, document)
    with document.edit(deed.label, deed.step) as edit:
        for excerpt in deed.excerpts:
            plane = document.planes.get(excerpt.plane)
            if plane is None:
                raise opaque(project)
            with edit.write(plane, excerpt.region) as pixels:
                pixels[...] = unpacked(project, excerpt.pixels, pixels.shape, pixels.dtype)
        if hole is not None:
            region, mask = hole
            with edit.write(document.mask, region) as below:
                below[mask > 0] = 0


def _mask_again(project: Project, step: FillStep, document: Document) -> tuple[Region, Mask]:
    """Put what a fill has filled into the mask, outside of the history: undoing the fill gives it back then."""
    box = step.box
    mask = unpacked(project, step.mask, (box.height, box.width), document.mask.dtype)
    with Edit("", lambda _edit: None) as unseen, unseen.write(document.mask, box) as pixels:
        pixels[mask > 0] = mask[mask > 0]
    return box, mask


def _put_followed(project: Project, step: FillStep, document: Document) -> None:
    """What the fill has followed. One by a method that predicts no edges says nothing of those that were there."""
    _put(project, _("Guides of the project"), document, step.guides, step.predicted or _packed(document))


def _put_mask_and_guides(project: Project, document: Document) -> None:
    label = _("Mask and guides of the project")
    _put(project, label, document, project.guides, project.predicted, project.mask)


def _put(
    project: Project,
    label: str,
    document: Document,
    guides: tuple[GuideStroke, ...],
    predicted: tuple[PackedEdges, ...],
    mask: tuple[Region, bytes] | None = None,
) -> None:
    """As one entry, in which no more stands than differs."""
    with document.edit(label) as edit:
        if mask is not None:
            region, data = mask
            with edit.write(document.mask, region) as pixels:
                pixels[...] = unpacked(project, data, pixels.shape, pixels.dtype)
        if guides != document.guides:
            edit.put(document.put_guides, guides)
        if predicted != _packed(document):
            edit.put(document.put_predicted, _edges(project, predicted))


def _packed(document: Document) -> tuple[PackedEdges, ...]:
    return tuple(map(PackedEdges.of, document.predicted))


def _edges(project: Project, packed: tuple[PackedEdges, ...]) -> tuple[PredictedEdges, ...]:
    try:
        return tuple(edges.unpacked() for edges in packed)
    except ValueError as error:
        raise damaged(project.path, str(error), error) from error
