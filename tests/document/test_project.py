"""Projects: what was done is there again, whatever the picture is, and no damaged file is taken for one."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lacuna.contract.edges import PackedEdges, PredictedEdges
from lacuna.contract.enlargement import by_factor
from lacuna.contract.fill import FillOptions, FillStep
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Cancelled, Progress
from lacuna.contract.step_json import edges_to_json, step_to_json
from lacuna.contract.steps import EnlargeStep, PaintStep
from lacuna.document import journal as journals
from lacuna.document.account import FrozenHistory, steps_of
from lacuna.document.document import Document, prepare
from lacuna.document.journal import Journal
from lacuna.document.project import Marked, Project, read_project, rendered, write_project
from lacuna.document.project_document import document_of
from lacuna.document.project_file import MANIFEST, Members, parts
from lacuna.document.sessions import restore, sessions
from lacuna.errors import LacunaError, PictureTooLarge, UnreadableFile, UnsupportedFormat
from lacuna.imaging import files
from lacuna.imaging.lossless import digest, encoded
from lacuna.imaging.photo import Metadata, Photo
from lacuna.imaging.project_start import MIME, is_project
from lacuna.imaging.region import Region
from tests.document.support import assert_same, noise, paint, photo, state

LINE = GuideStroke(Guide.LINE, ((3.0, 4.0), (60.0, 40.5)), 2.5)
BOX = Region(270, 30, 290, 60)
EDGES = PredictedEdges(Region(4, 5, 24, 35), noise((20, 30)), noise((20, 30), 1) > 99, "digest")
STEP = FillStep("telea", {"radius": 3}, 0, FillOptions(), BOX, encoded(np.full((20, 30), 255, np.uint8)), (300, 280))


def of_file(folder: Path, picture: Photo, name: str = "photo.png") -> Document:
    """A document over a file."""
    folder.mkdir(parents=True, exist_ok=True)
    files.write(picture, folder / name)
    data = (folder / name).read_bytes()
    return Document.opened(prepare(files.read_bytes(data, folder / name), data, folder / "session"))


def fill(document: Document, step: FillStep = STEP) -> None:
    """What the editor does when a fill is done."""
    paint(document, step.box, 255)
    with document.edit("Fill", step) as edit:
        for plane in (document.photo, document.alpha):
            if plane is not None:
                with edit.write(plane, step.box) as pixels:
                    pixels[...] = noise(pixels.shape, 7, pixels.dtype)
        with edit.write(document.mask, step.box) as mask:
            mask[...] = 0


def work(document: Document) -> None:
    """All kinds of changes: a fill, strokes, a crop, an enlargement; mask and guides at the end."""
    fill(document)
    paint(document, Region(5, 6, 40, 50), 1, plane="photo", label="Clone")
    document.crop(Region(2, 4, 282, 264), "Crop")
    made = by_factor(280, 260, 1.1)
    pixels, alpha = noise((308, 286, 3), 3, document.photo.dtype), None
    if document.alpha is not None:
        alpha = noise((308, 286), 4, document.photo.dtype)
    header = replace(document.header, metadata=replace(document.header.metadata, dpi=(240.0, 240.0)))
    mask = np.zeros((308, 286), np.uint8)
    step = EnlargeStep(made, "lanczos", dpi=240.0)
    document.enlarge(header.with_pixels(pixels, alpha), mask, made, "Enlarge", step)
    paint(document, Region(250, 250, 270, 275), 2, plane="photo", label="Heal")
    paint(document, Region(9, 9, 30, 31), 77)
    with document.edit("Guides") as edit:
        edit.put(document.put_guides, (LINE,))
        edit.put(document.put_predicted, (EDGES,))


def save(document: Document, path: Path, progress: Progress | None = None) -> Path:
    progress = progress or Progress()
    account = FrozenHistory(document).read(progress)
    marked = Marked(document.mask.pixels, document.guides, document.predicted)
    write_project(path, document.kept, account, marked, progress)
    return path


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Document]]:
    """Opens projects, and closes them at the end."""
    there: list[Journal] = []

    def make(path: Path) -> Document:
        document, journal, _notes = document_of(read_project(path), journals.begin())
        there.append(journal)
        return document

    yield make
    for journal in there:
        journal.close()


def picture(kind: str = "uint8", *, alpha: bool = False, grey: bool = False) -> Photo:
    made = photo(300, 280, alpha=alpha, dtype=kind)
    pixels = np.repeat(made.pixels[..., :1], 3, axis=2) if grey else made.pixels
    exif = Image.Exif()
    exif[0x010E] = "what it shows"
    text = (("Comment", "old"),) if kind != "float32" else ()
    metadata = Metadata(exif=exif.tobytes().removeprefix(b"Exif\0\0"), dpi=(72.0, 72.0), text=text)
    return replace(made, pixels=pixels, grey=grey, metadata=metadata)


KINDS: dict[str, tuple[Photo, str]] = {
    "8 bits": (picture(), "photo.png"),
    "16 bits with alpha": (picture("uint16", alpha=True), "photo.png"),
    "grey": (picture(grey=True), "grey.png"),
    "float": (picture("float32"), "float.tif"),
    "jpeg": (picture(), "photo.jpg"),
}


@pytest.mark.parametrize("name", KINDS)
def test_all_that_was_done_is_there_again_and_can_be_undone(
    tmp_path: Path, opened: Callable[[Path], Document], name: str
) -> None:
    document = of_file(tmp_path, *KINDS[name])
    begun, original = state(document), document.original().copy()
    work(document)
    path = save(document, tmp_path / "work.lacuna")
    again = opened(path)
    assert_same(state(again), state(document))
    assert np.array_equal(again.original(), document.original(), equal_nan=True)
    assert [PackedEdges.of(edges) for edges in again.predicted] == [PackedEdges.of(EDGES)]
    assert again.header.metadata == document.header.metadata
    assert b"what it shows" in (again.header.metadata.exif or b"")
    assert (again.header.grey, again.header.profile) == (document.header.grey, document.header.profile)
    assert again.header.source == document.header.source  # by which a JPEG is saved as it was
    assert again.kept.sha256 == document.kept.sha256
    assert again.header.path == tmp_path / KINDS[name][1]
    assert again.history.labels == ["Fill", "Clone", "Crop", "Enlarge", "Heal", "Mask and guides of the project"]
    assert again.steps() == document.steps() == (STEP,)
    again.history.go_to(0)
    assert np.array_equal(again.mask.pixels[BOX.slices], np.full((20, 30), 255))  # as undoing a fill gives its mask
    with again.edit("") as edit, edit.write(again.mask, BOX) as mask:
        mask[...] = 0
    assert_same(state(again), begun)
    assert np.array_equal(again.original(), original, equal_nan=True)


def test_undoing_a_fill_of_a_project_gives_its_mask_back_and_what_it_followed(
    tmp_path: Path, opened: Callable[[Path], Document]
) -> None:
    document = of_file(tmp_path, picture())
    other = replace(LINE, width=4.0)
    for line in (LINE, other):
        paint(document, BOX, round(line.width), plane="photo", label="Clone")
        with document.edit("Guides") as edit:
            edit.put(document.put_guides, (line,))
            edit.put(document.put_predicted, (EDGES,))
        fill(document, replace(STEP, guides=(line,), predicted=(PackedEdges.of(EDGES),)))
    again = opened(save(document, tmp_path / "work.lacuna"))
    assert again.history.labels == ["Clone", "Guides of the project", "Fill"] * 2
    for line in (other, LINE):
        again.history.undo()
        assert again.guides == (line,)
        assert [PackedEdges.of(edges) for edges in again.predicted] == [PackedEdges.of(EDGES)]
        assert (again.mask.pixels[BOX.slices] == 255).all()
        again.history.undo()
        again.history.undo()
    assert again.guides == ()
    again.history.go_to(6)
    assert_same(state(again), state(document))


@pytest.mark.parametrize("name", KINDS)
def test_it_is_rendered_from_its_pixels_alone(tmp_path: Path, name: str) -> None:
    document = of_file(tmp_path, *KINDS[name])
    work(document)
    found = rendered(read_project(save(document, tmp_path / "work.lacuna")), Progress())
    wanted = document.snapshot()
    assert found.notes == ()
    assert found.pixels.dtype == wanted.pixels.dtype
    assert np.array_equal(found.pixels, wanted.pixels, equal_nan=True)
    assert (found.alpha is None) == (wanted.alpha is None)
    assert found.alpha is None or wanted.alpha is None or np.array_equal(found.alpha, wanted.alpha)
    assert found.metadata == wanted.metadata


def test_a_pasted_picture_is_kept_with_what_it_says(tmp_path: Path, opened: Callable[[Path], Document]) -> None:
    pasted = replace(picture("uint16", alpha=True), profile=b"colours")
    document = Document(pasted, tmp_path / "session")
    work(document)
    again = opened(save(document, tmp_path / "work.lacuna"))
    assert_same(state(again), state(document))
    assert again.header.profile == b"colours"
    assert again.header.path is None
    assert np.array_equal(again.original(), document.original())


def test_history_that_rests_on_disk_is_read_there_and_painting_goes_on(
    tmp_path: Path, opened: Callable[[Path], Document]
) -> None:
    document = Document(picture(), tmp_path / "session", budget=1000)
    work(document)
    document.history.settle()
    wanted = state(document)
    on_disk = set((tmp_path / "session" / "history").iterdir())
    assert len(on_disk) > 3
    frozen = FrozenHistory(document)
    marked = Marked(document.mask.pixels.copy(), document.guides, document.predicted)
    document.history.go_to(0)  # reads all of it back, so that its files are removed
    paint(document, Region(0, 0, 300, 280), 9, plane="photo")
    account = frozen.read(Progress())
    assert np.array_equal(account.end.pixels, wanted[0]["photo"])
    write_project(tmp_path / "work.lacuna", document.kept, account, marked, Progress())
    assert_same(state(opened(tmp_path / "work.lacuna")), wanted)
    assert not on_disk.intersection((tmp_path / "session" / "history").iterdir())
    document.close()


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX alone")
def test_a_name_that_is_no_text_does_not_stand_in_the_way(tmp_path: Path, opened: Callable[[Path], Document]) -> None:
    data = of_file(tmp_path, picture()).kept.file.read_bytes()
    strange = tmp_path / os.fsdecode(b"\xff\xfe.png")
    document = Document.opened(prepare(files.read_bytes(data, strange), data, tmp_path / "other"))
    fill(document)
    again = opened(save(document, tmp_path / "work.lacuna"))
    assert_same(state(again), state(document))
    assert again.header.path is None


def test_a_picture_in_which_nothing_was_done_and_undone_entries(
    tmp_path: Path, opened: Callable[[Path], Document]
) -> None:
    document = of_file(tmp_path, picture())
    wanted = state(document)
    work(document)
    document.history.go_to(0)
    again = opened(save(document, tmp_path / "work.lacuna"))
    assert_same(state(again), wanted)
    assert again.history.labels == []


def test_the_session_of_a_project_comes_back_after_a_crash(tmp_path: Path) -> None:
    document = of_file(tmp_path, picture())
    work(document)
    path = save(document, tmp_path / "work.lacuna")
    again, journal, _notes = document_of(read_project(path), journals.begin())
    paint(again, Region(1, 1, 9, 9), 5, plane="photo")
    journal.leave()
    (session,) = sessions()
    restored = restore(session)
    assert_same(state(restored.document), state(again))
    restored.journal.close()


def test_what_no_function_makes_again_becomes_pixels_of_a_recipe(tmp_path: Path) -> None:
    document = of_file(tmp_path, picture())
    work(document)
    account = FrozenHistory(document).read(Progress())
    steps = steps_of(account.deeds)
    assert [type(step).__name__ for step in steps] == ["FillStep", "PaintStep", "CropStep", "EnlargeStep", "PaintStep"]
    beside = replace(account.deeds[0], step=replace(STEP, repeatable=False))
    (step,) = steps_of((beside,))
    assert isinstance(step, PaintStep)
    assert [excerpt.region for excerpt in step.excerpts] == [BOX]


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    document = of_file(tmp_path, picture())
    work(document)
    path = save(document, tmp_path / "work.lacuna")
    before = path.read_bytes()
    paint(document, Region(1, 1, 9, 9), 5, plane="photo")
    stopped = Progress(lambda _fraction, _stage: stopped.cancel())
    with pytest.raises(Cancelled):
        save(document, path, stopped)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".tmp")] == []


def test_however_much_there_is_to_tell_of_it_a_project_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = of_file(tmp_path, picture())
    work(document)
    monkeypatch.setattr("lacuna.document.project_file.LONGEST_MANIFEST", 1 << 10)
    project = read_project(save(document, tmp_path / "long.lacuna"))
    assert [deed.label for deed in project.deeds] == ["Fill", "Clone", "Crop", "Enlarge", "Heal"]


def test_opening_can_be_stopped(tmp_path: Path) -> None:
    document = of_file(tmp_path, picture())
    work(document)
    project, progress, place = read_project(save(document, tmp_path / "work.lacuna")), Progress(), journals.begin()
    progress.cancel()
    with pytest.raises(Cancelled):
        document_of(project, place, progress=progress)
    assert not place.folder.exists()


def test_a_fill_that_took_the_place_of_another_gives_no_mask_back(
    tmp_path: Path, opened: Callable[[Path], Document]
) -> None:
    document = of_file(tmp_path, picture())
    fill(document)
    with document.edit("Try again", replace(STEP, instead=True)) as edit, edit.write(document.photo, BOX) as pixels:
        pixels[...] = noise(pixels.shape, 8, pixels.dtype)
    again = opened(save(document, tmp_path / "work.lacuna"))
    again.history.undo()
    assert not again.mask.pixels.any()
    again.history.undo()
    assert np.array_equal(np.argwhere(again.mask.pixels)[[0, -1]], [[BOX.y0, BOX.x0], [BOX.y1 - 1, BOX.x1 - 1]])


def test_the_same_work_gives_the_same_file(tmp_path: Path) -> None:
    document = of_file(tmp_path, picture())
    work(document)
    one, other = save(document, tmp_path / "one.lacuna"), save(document, tmp_path / "other.lacuna")
    assert one.read_bytes() == other.read_bytes()


def test_it_is_a_zip_that_others_open_and_tells_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "secret folder"
    document = of_file(folder, picture())
    work(document)
    data = save(document, tmp_path / "work.lacuna").read_bytes()
    assert is_project(data)
    with zipfile.ZipFile(tmp_path / "work.lacuna") as archive:
        assert archive.testzip() is None
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.read("mimetype") == MIME
        assert archive.read("original.png") == (folder / "photo.png").read_bytes()
    assert b"secret" not in b"".join(Members(data, Path("x")).read(name) for name in archive.namelist())


def test_a_project_of_the_first_version_is_opened_as_it_was_saved(opened: Callable[[Path], Document]) -> None:
    path = Path(__file__).with_name("version-1.lacuna")
    document = opened(path)
    assert document.history.labels == [
        "Fill: Telea (fast marching)",
        "Clone",
        "Crop to mask",
        "Enlarge to 70 × 50",
        "Mask and guides of the project",
    ]
    project = read_project(path)
    assert digest(document.photo.pixels) == project.end
    assert document.mask_bounds() == Region(10, 10, 14, 16)
    assert [guide.kind for guide in document.guides] == [Guide.LINE]
    assert digest(rendered(project, Progress()).pixels) == project.end
    (fill,) = document.steps()
    assert (fill.backend, fill.params, fill.box) == ("telea", {"radius": 3}, Region(20, 20, 28, 30))
    document.history.go_to(0)
    assert np.array_equal(document.photo.pixels, document.original())


# --- damage -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def small(tmp_path: Path) -> bytes:
    """The bytes of a small project."""
    document = of_file(tmp_path, Photo(noise((20, 24, 3))))
    paint(document, Region(2, 2, 9, 9), 5, plane="photo")
    paint(document, Region(3, 3, 5, 5), 255)
    return save(document, tmp_path / "small.lacuna").read_bytes()


def refusal(data: bytes) -> LacunaError:
    """The error that names the file; anything else fails the test."""
    with pytest.raises((UnreadableFile, UnsupportedFormat)) as error:
        rendered(read_project(Path("small.lacuna"), data), Progress())
    assert "small.lacuna" in error.value.sentence
    assert error.value.hint
    return error.value


def test_a_file_cut_at_any_byte_is_refused(small: bytes) -> None:
    for length in range(len(small)):
        refusal(small[:length])


def test_a_file_with_any_byte_changed_is_refused(small: bytes) -> None:
    for at in range(len(small)):
        refusal(small[:at] + bytes([small[at] ^ (1 << at % 8)]) + small[at + 1 :])


def changed(data: bytes, change: Callable[[dict[str, Any]], object], **members: bytes) -> bytes:
    """A project that is whole, with another manifest and other members."""
    there = Members(data, Path("x"))
    names = [told.filename for told in there._zip.infolist()[1:]]
    held = {name: there.read(name) for name in names}
    value = json.loads(held[MANIFEST])
    change(value)
    return b"".join(parts((held | {MANIFEST: json.dumps(value).encode()} | members).items()))


def test_what_a_newer_lacuna_adds_is_passed_over_and_a_newer_form_is_refused(small: bytes) -> None:
    wanted = rendered(read_project(Path("small.lacuna"), small), Progress())
    more = changed(small, lambda value: value.update(taste="sweet"), **{"../../etc/passwd": b"x", "more.bin": b"y"})
    found = rendered(read_project(Path("small.lacuna"), more), Progress())
    assert np.array_equal(found.pixels, wanted.pixels)
    assert "newer" in refusal(changed(small, lambda value: value.update(version=2))).sentence


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "format": lambda v: v.update(format="another"),
    "no version": lambda v: v.pop("version"),
    "no changes": lambda v: v.pop("changes"),
    "no picture": lambda v: v.pop("picture"),
    "a member that is not there": lambda v: v["picture"].update(member="/etc/passwd"),
    "another member": lambda v: v["picture"].update(member="mask.png"),
    "a region outside": lambda v: v["changes"][0]["excerpts"][0].update(region=[0, 0, 900, 4]),
    "an empty region": lambda v: v["changes"][0]["excerpts"][0].update(region=[4, 4, 4, 4]),
    "another region": lambda v: v["changes"][0]["excerpts"][0].update(region=[0, 0, 7, 8]),
    "another plane": lambda v: v["changes"][0]["excerpts"][0].update(plane="mask"),
    "a plane that is not there": lambda v: v["changes"][0]["excerpts"][0].update(plane="alpha"),
    "another size": lambda v: v["changes"][0].update(size=[21, 24]),
    "another end": lambda v: v["end"].update(size=[21, 24]),
    "no mask": lambda v: v["mask"].update(region=[0, 0, 1, 1]),
    "a strange step": lambda v: v["changes"][0].update(step={"kind": "dance"}),
    "an enlargement without pixels": lambda v: v["changes"][0].update(
        enlargement={"size": [20, 24, 40, 48], "factors": ["2", "2"], "rule": "exact"}
    ),
    "a factor of nothing": lambda v: v["changes"][0].update(
        enlargement={"size": [20, 24, 40, 48], "factors": ["2/0", "2"], "rule": "exact"}
    ),
    "a factor that no memory holds": lambda v: v["changes"][0].update(
        enlargement={"size": [20, 24, 40, 48], "factors": ["1e999999999", "2"], "rule": "exact"}
    ),
    "a step that leads elsewhere": lambda v: v["changes"][0].update(
        step=step_to_json(EnlargeStep(by_factor(20, 24, 2), "lanczos"))
    ),
    "a member for two excerpts": lambda v: v["changes"][0].update(excerpts=2 * v["changes"][0]["excerpts"]),
    "strange guides": lambda v: v.update(guides=[{"kind": "line"}]),
    "guides that are no numbers": lambda v: v.update(guides=[{"kind": "line", "points": [[0, 1e999]], "width": 1}]),
    "guides without points": lambda v: v.update(guides=[{"kind": "line", "points": [], "width": 1}]),
    "edges outside": lambda v: v.update(predicted=[edges_to_json(PackedEdges.of(EDGES))]),
    "edges of another size": lambda v: v.update(
        predicted=[edges_to_json(replace(PackedEdges.of(EDGES), region=Region(0, 0, 2, 2)))]
    ),
    "numbers for lists": lambda v: v.update(changes=[7]),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_manifest_that_makes_no_sense_is_refused(small: bytes, tmp_path: Path, what: str) -> None:
    data = changed(small, WRONG[what])
    with pytest.raises(UnreadableFile) as error:
        document_of(read_project(tmp_path / "small.lacuna", data), journals.begin())
    assert error.value.hint


def test_absurd_sizes_are_refused_before_anything_is_unpacked(
    small: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wide(value: dict[str, Any]) -> None:
        value["changes"][0]["size"] = value["end"]["size"] = [1 << 20, 1 << 20]

    with pytest.raises(PictureTooLarge):
        rendered(read_project(tmp_path / "small.lacuna", changed(small, wide)), Progress())
    bomb = changed(small, lambda value: value.update(more="x" * (3 << 20)))
    assert len(bomb) < 1 << 16
    monkeypatch.setattr("lacuna.document.project_file.LONGEST_MANIFEST", 2 << 20)
    assert "too large" in refusal(bomb).sentence


def test_a_picture_that_is_decoded_otherwise_is_told(small: bytes) -> None:
    data = changed(small, lambda value: value["end"].update(sha256="0" * 64))
    assert "decoded otherwise" in rendered(read_project(Path("small.lacuna"), data), Progress()).notes[0]


def test_names_of_other_systems_become_no_paths(small: bytes, tmp_path: Path) -> None:
    for name, wanted in {"..\\..\\evil.png": "evil.png", "/etc/passwd": "passwd", "..": None, "a\0b": None}.items():
        project: Project = read_project(
            tmp_path / "p.lacuna", changed(small, lambda v, n=name: v["picture"].update(name=n))
        )
        assert project.name == wanted
        assert rendered(project, Progress()).path == (None if wanted is None else tmp_path / wanted)


def test_an_empty_file_is_said_to_be_empty_and_promises_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "nothing.lacuna"
    path.touch()
    with pytest.raises(UnreadableFile, match="is empty") as refused:
        read_project(path)
    assert "zip" not in refused.value.hint


def test_who_looks_for_a_picture_is_told_of_a_project(tmp_path: Path) -> None:
    path = tmp_path / "work.lacuna"
    path.write_bytes(b"".join(parts(())))
    with pytest.raises(UnsupportedFormat, match=r"work\.lacuna is a project") as refused:
        files.read(path)
    assert "lacuna render" in refused.value.hint
