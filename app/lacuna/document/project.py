"""Projects: the picture as it was given, what was done to it with the pixels that each change has left, mask, guides.

So what is to be seen is made without running anything again, whatever has become of methods and models meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import guides
from lacuna.contract.edges import PackedEdges, PredictedEdges
from lacuna.contract.guides import GuideStroke
from lacuna.contract.progress import Progress
from lacuna.contract.step_json import (
    edges_from_json,
    edges_to_json,
    enlargement_from_json,
    enlargement_to_json,
    region_from_json,
    region_to_json,
    step_from_json,
    step_to_json,
)
from lacuna.contract.steps import CropStep, EnlargeStep, Excerpt, Size, require_sound, size_after
from lacuna.document.account import Account, Deed
from lacuna.document.facts import facts_from_json, facts_to_json, metadata_from_json, metadata_to_json
from lacuna.document.original import KEPT_PIXELS, Original
from lacuna.document.project_file import FORMAT, MANIFEST, VERSION, Members, damaged, load, parts
from lacuna.errors import UnreadableFile
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.atomic import write_atomically
from lacuna.imaging.codec import check_size
from lacuna.imaging.formats import SUFFIX, kind_of
from lacuna.imaging.lossless import decoded, digest, encoded, ending
from lacuna.imaging.photo import Mask, Photo
from lacuna.imaging.region import Region

PICTURE_STEM = "original"
MASK = "mask.png"
WRONG = (ValueError, KeyError, TypeError, ArithmeticError, AttributeError, RecursionError)
KINDS: dict[str, np.dtype[Any]] = {
    "uint8": np.dtype(np.uint8),
    "uint16": np.dtype(np.uint16),
    "float32": np.dtype(np.float32),
}


@dataclass(frozen=True, eq=False)
class Marked:
    """What is marked in a picture as it is now: its mask, guides, and edges that a model has completed."""

    mask: Mask
    guides: tuple[GuideStroke, ...] = ()
    predicted: tuple[PredictedEdges, ...] = ()


@dataclass(frozen=True, eq=False)
class Pasted:
    """A picture that came from no file: its facts, and its pixels as `imaging.lossless` has them."""

    facts: Photo
    kind: np.dtype[Any]
    pixels: bytes
    alpha: bytes | None


@dataclass(frozen=True, eq=False)
class Project:
    """A project as it was read from `path`. Its pixels are still packed.

    `picture` is the file that was opened, under its `name`, or what was pasted; `size` is (height, width) of it. `end`
    is the digest of the picture that all `deeds` lead to.
    """

    path: Path
    picture: bytes | Pasted
    name: str | None
    size: Size
    deeds: tuple[Deed, ...]
    mask: tuple[Region, bytes] | None
    guides: tuple[GuideStroke, ...]
    predicted: tuple[PackedEdges, ...]
    end: str


# --- writing ----------------------------------------------------------------------------------------------------------
def write_project(
    path: Path, original: Original, account: Account, marked: Marked, progress: Progress, *, overwrite: bool = True
) -> int:
    """Write a project whole or not at all; returns its bytes.

    Until the last moment an old file stands as it was. Raises CannotSave, UnreadableFile for an original that is gone,
    and Cancelled.
    """
    return write_atomically(path, parts(_members(original, account, marked, progress)), overwrite=overwrite)


def _members(original: Original, account: Account, marked: Marked, progress: Progress) -> Iterator[tuple[str, bytes]]:
    from lacuna.imaging.mask import bounds

    told, members = _picture_told(original)
    yield from members
    deeds = []
    for number, deed in enumerate(account.deeds, 1):
        progress.at(number / (len(account.deeds) + 1))
        names = [f"changes/{number:04}-{at}-{e.plane}{_ending(e.pixels)}" for at, e in enumerate(deed.excerpts, 1)]
        deeds.append(_deed_to_json(deed, names))
        yield from ((name, excerpt.pixels) for name, excerpt in zip(names, deed.excerpts, strict=True))
    box = bounds(marked.mask)
    if not box.empty:
        yield MASK, encoded(marked.mask[box.slices])
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "picture": told,
        "changes": deeds,
        "mask": None if box.empty else {"member": MASK, "region": region_to_json(box)},
        "guides": guides.to_json(marked.guides),
        "predicted": [edges_to_json(PackedEdges.of(edges)) for edges in marked.predicted],
        "end": {"size": [account.end.height, account.end.width], "sha256": _digest_of(account.end)},
    }
    progress.check()
    yield MANIFEST, json.dumps(manifest, indent=1).encode()


def _picture_told(original: Original) -> tuple[dict[str, Any], list[tuple[str, bytes]]]:
    """What the manifest says of the picture, and the members that hold it. Where it lay on the disk is told nobody."""
    if original.file.name != KEPT_PIXELS:
        data = files.load(original.file)
        kind = kind_of(data)
        member = PICTURE_STEM + SUFFIX.get(kind or "", f".{kind or 'bin'}".lower())
        name = None if original.path is None else original.path.name
        return {"member": member, "name": name}, [(member, data)]
    photo = original.load()
    source = photo.source
    name = None if source is None or source.path is None else source.path.name
    facts = replace(photo, source=None if source is None else replace(source, path=None))
    member = PICTURE_STEM + ending(photo.pixels.dtype)
    told: dict[str, Any] = {
        "member": member,
        "name": name,
        "facts": facts_to_json(facts),
        "kind": photo.pixels.dtype.name,
        "size": [photo.height, photo.width],
    }
    members = [(member, encoded(photo.pixels))]
    if photo.alpha is not None:
        told["alpha"] = f"{PICTURE_STEM}-alpha{ending(photo.alpha.dtype)}"
        members.append((told["alpha"], encoded(photo.alpha)))
    return told, members


def _ending(pixels: bytes) -> str:
    return ".png" if pixels.startswith(b"\x89PNG") else ".npy"


def _deed_to_json(deed: Deed, members: list[str]) -> dict[str, Any]:
    return {
        "label": deed.label,
        "size": list(deed.size),
        "step": None if deed.step is None else step_to_json(deed.step),
        "excerpts": [
            {"member": member, "plane": e.plane, "region": region_to_json(e.region), "below": e.below}
            for member, e in zip(members, deed.excerpts, strict=True)
        ],
        "enlargement": None if deed.enlargement is None else enlargement_to_json(deed.enlargement),
        "metadata": None if deed.metadata is None else metadata_to_json(deed.metadata),
    }


# --- reading ----------------------------------------------------------------------------------------------------------
def read_project(path: Path, data: bytes | None = None) -> Project:
    """The project in a file, or in its bytes `data`. Everything but pixels is looked at.

    Raises UnreadableFile for what is not whole or makes no sense, UnsupportedFormat for a newer one or another kind.
    """
    path = Path(path)
    members = Members(load(path) if data is None else data, path)
    value = members.manifest()
    try:
        return _project(value, members)
    except WRONG as error:
        raise members.damaged(_("its contents make no sense"), error) from error


def _project(value: dict[str, Any], members: Members) -> Project:
    told = value["picture"]
    deeds: list[Deed] = []
    size = _size(value["changes"][0]["size"] if value["changes"] else value["end"]["size"])
    first = size
    for given in value["changes"]:
        deed = _deed_from_json(given, members)
        if deed.size != size:
            raise ValueError(f"a change of a picture of {deed.size}, not of {size}")
        deeds.append(deed)
        size = deed.size_after
    if size != _size(value["end"]["size"]):
        raise ValueError(f"an end of {value['end']['size']}, not of {size}")
    strokes = guides.from_json(value["guides"])
    if not (guides.are_sound(strokes) and all(stroke.points for stroke in strokes)):
        raise ValueError("guides that no picture can have")
    predicted = tuple(edges_from_json(edges) for edges in value.get("predicted", ()))
    for edges in predicted:
        _inside(edges.region, size)
    mask = value["mask"]
    if mask is not None:
        mask = (_inside(region_from_json(mask["region"]), size), members.read(str(mask["member"])))
    return Project(
        path=members.path,
        picture=_picture(told, members),
        name=_name(told.get("name")),
        size=first,
        deeds=tuple(deeds),
        mask=mask,
        guides=strokes,
        predicted=predicted,
        end=str(value["end"]["sha256"]),
    )


def _picture(told: dict[str, Any], members: Members) -> bytes | Pasted:
    data = members.read(str(told["member"]))
    if "facts" not in told:
        return data
    alpha = told.get("alpha")
    return Pasted(
        facts_from_json(told["facts"]),
        KINDS[told["kind"]],
        data,
        None if alpha is None else members.read(str(alpha)),
    )


def _deed_from_json(value: dict[str, Any], members: Members) -> Deed:
    size = _size(value["size"])
    step = None if value["step"] is None else step_from_json(value["step"])
    if step is not None:
        require_sound(step, size)
    made = None if value["enlargement"] is None else enlargement_from_json(value["enlargement"])
    if made is not None and ((made.height, made.width) != size or min(made.rows, made.columns) < 1):
        raise ValueError(f"{made} of a picture of {size}")
    left = size if made is None else (made.rows, made.columns)
    excerpts = tuple(_excerpt(excerpt, left, members) for excerpt in value["excerpts"])
    if made is not None and not all(e.region == Region.whole(left) for e in excerpts):
        raise ValueError("an enlargement without its pixels")
    if isinstance(step, EnlargeStep) and size_after(step) != left:
        raise ValueError(f"an enlargement to {size_after(step)} that led to {left}")
    metadata = None if value["metadata"] is None else metadata_from_json(value["metadata"])
    return Deed(str(value["label"]), size, step, excerpts, made, metadata)


def _excerpt(value: dict[str, Any], size: Size, members: Members) -> Excerpt:
    if value["plane"] not in ("photo", "alpha"):
        raise ValueError(value["plane"])
    region = _inside(region_from_json(value["region"]), size)
    return Excerpt(value["plane"], region, members.read(str(value["member"])), str(value["below"]))


def _inside(region: Region, size: Size) -> Region:
    if region.empty or region.clip(size) != region:
        raise ValueError(f"{region} lies outside of {size}")
    return region


def _size(value: Any) -> Size:
    height, width = (int(side) for side in value)
    if min(height, width) < 1:
        raise ValueError(f"a picture of {height} x {width}")
    return height, width


def _name(value: Any) -> str | None:
    """The last part of a name, whatever system it comes from; None for what is none."""
    last = str(value or "").replace("\\", "/").rpartition("/")[2]
    return last if last.isprintable() and last not in ("", ".", "..") else None


# --- what it shows ----------------------------------------------------------------------------------------------------
def picture_of(project: Project, *, pixel_limit: int = files.PIXEL_LIMIT) -> Photo:
    """The picture as it was opened, as if its file lay beside the project. Errors as in `files.read`."""
    for height, width in (project.size, *(deed.size_after for deed in project.deeds)):
        check_size(project.path.name, width, height, pixel_limit)
    beside = None if project.name is None else project.path.parent / project.name
    if isinstance(project.picture, bytes):
        photo = files.read_bytes(project.picture, beside or project.path, pixel_limit=pixel_limit)
        if beside is None and photo.source is not None:
            photo = replace(photo, source=replace(photo.source, path=None))
    else:
        photo = _unpasted(project, project.picture, beside)
    if (photo.height, photo.width) != project.size:
        raise damaged(project.path, _("its picture has another size than it says"))
    return photo


def _unpasted(project: Project, pasted: Pasted, beside: Path | None) -> Photo:
    pixels = unpacked(project, pasted.pixels, (*project.size, 3), pasted.kind)
    alpha = None if pasted.alpha is None else unpacked(project, pasted.alpha, project.size, pasted.kind)
    facts = pasted.facts.with_pixels(pixels, alpha)
    return facts if facts.source is None else replace(facts, source=replace(facts.source, path=beside))


def rendered(project: Project, progress: Progress, *, pixel_limit: int = files.PIXEL_LIMIT) -> Photo:
    """The picture that all changes lead to, from the pixels that they have left. Errors as in `picture_of`."""
    photo = picture_of(project, pixel_limit=pixel_limit)
    white = photo.white
    photo = photo.copied()
    for number, deed in enumerate(project.deeds):
        progress.at(number / len(project.deeds))
        photo = after(project, deed, photo)
    return noting_another_end(project, photo.of_white(white))


def noting_another_end(project: Project, photo: Photo) -> Photo:
    """The photo, with a note if it is not the one that was saved: another library may decode a file otherwise."""
    if _digest_of(photo) == project.end:
        return photo
    note = _("The picture is not quite the one that was saved: its file is decoded otherwise here than it was then.")
    return replace(photo, notes=(*photo.notes, note))


def after(project: Project, deed: Deed, photo: Photo) -> Photo:
    """The photo with what the deed has left in it: written into its arrays, unless its size is another then."""
    if isinstance(deed.step, CropStep):
        cut = deed.step.region.slices
        return photo.with_pixels(photo.pixels[cut], None if photo.alpha is None else photo.alpha[cut])
    if deed.enlargement is not None:
        return enlarged(project, deed, photo)
    for excerpt in deed.excerpts:
        plane: NDArray[Any] | None = photo.pixels if excerpt.plane == "photo" else photo.alpha
        if plane is None:
            raise opaque(project)
        part = plane[excerpt.region.slices]
        part[...] = unpacked(project, excerpt.pixels, part.shape, part.dtype)
    return photo


def opaque(project: Project) -> UnreadableFile:
    """The error for pixels of a plane that the picture has not."""
    return damaged(project.path, _("its picture has no transparency"))


def enlarged(project: Project, deed: Deed, photo: Photo) -> Photo:
    """The photo that an enlargement has left: its pixels stand in the project whole."""
    kind, found = photo.pixels.dtype, {excerpt.plane: excerpt.pixels for excerpt in deed.excerpts}
    if found.keys() != ({"photo"} if photo.alpha is None else {"photo", "alpha"}):
        raise damaged(project.path, _("its contents make no sense"))
    pixels = unpacked(project, found["photo"], (*deed.size_after, 3), kind)
    alpha = unpacked(project, found["alpha"], deed.size_after, kind) if "alpha" in found else None
    photo = photo.with_pixels(pixels, alpha)
    return photo if deed.metadata is None else replace(photo, metadata=deed.metadata)


def unpacked(project: Project, data: bytes, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Pixels as the project has them. Raises UnreadableFile for what are none of this shape."""
    try:
        return decoded(data, shape, dtype)
    except ValueError as error:
        raise damaged(project.path, str(error), error) from error


def _digest_of(photo: Photo) -> str:
    return digest(photo.pixels, photo.alpha)
