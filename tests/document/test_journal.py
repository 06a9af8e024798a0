"""A session comes back after any crash, up to its last whole record, with its undo history."""

from __future__ import annotations

import errno
import json
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lacuna.contract import guides
from lacuna.contract.enlargement import by_factor
from lacuna.contract.fill import FillOptions, FillStep
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.step_json import step_from_json, step_to_json
from lacuna.document import journal as journals
from lacuna.document.document import Document, prepare
from lacuna.document.facts import facts_from_json, facts_to_json
from lacuna.document.journal import Journal, SavedTo
from lacuna.document.kept_masks import KeptMask, drop_mask, keep_mask, kept_mask
from lacuna.document.log import LogReader, LogWriter
from lacuna.document.sessions import Session, restore, sessions
from lacuna.document.tile_code import decode, encode
from lacuna.document.writer import Writer
from lacuna.errors import JournalDamaged, LacunaError
from lacuna.imaging.lock import FileLock
from lacuna.imaging.photo import Metadata, Photo, Source
from lacuna.imaging.region import Region
from tests.document.support import assert_same, noise, paint, photo, state

STEP = FillStep(
    "telea",
    {"radius": 3, "mode": "fast"},
    7,
    FillOptions(grow=2.0, alpha=True),
    Region(1, 2, 30, 40),
    b"\x89PNG",
    (600, 700),
    (GuideStroke(Guide.HINT, ((1.5, 2.0),), 2.0, (0.1, 0.2, 0.3)),),
    "ab" * 32,
    sources=(Region(0, 1, 5, 6), b"\x89PNG2"),
    edges=(Region(2, 1, 5, 7), b"\x89PNG3"),
)


def begin(picture: Photo | None = None) -> tuple[Document, Journal]:
    place = journals.begin()
    made = Document.opened(prepare(picture or photo(), None, place.folder))
    return made, Journal(made, place)


def work(made: Document) -> list:
    """A session with one of each kind of edit; the states after each entry, the first included."""
    states = [state(made)]

    def note() -> None:
        states.append(state(made))

    paint(made, Region(10, 10, 300, 400), 255)
    note()
    with made.edit("Fill", STEP) as edit:
        with edit.write(made.photo, Region(10, 10, 300, 400)) as pixels:
            pixels[...] = noise(pixels.shape, 5, made.photo.dtype)
        with edit.write(made.mask, Region(10, 10, 300, 400)) as pixels:
            pixels[...] = 0
    note()
    with made.edit("Guide") as edit:
        edit.put(made.put_guides, STEP.guides)
    note()
    made.crop(Region(7, 9, 500, 600), "Crop")
    note()
    paint(made, Region(20, 30, 400, 460), 255)
    note()
    made.crop(Region(20, 30, 400, 460), "Crop to mask", unmasked=True)
    note()
    with made.edit("Enlarge") as edit:
        for plane in made.planes.values():
            edit.replace(plane, noise((640, 530, *plane.shape[2:]), 6, plane.dtype))
        edit.put(made.put_original_box, Region(0, 0, 1, 1))
    note()
    how = by_factor(640, 530, "1.37")
    made.enlarge(
        replace(made.header, metadata=Metadata(dpi=(300.0, 300.0), exif=b"MM")).with_pixels(
            noise((how.rows, how.columns, 3), 7, made.photo.dtype),
            None if made.alpha is None else noise((how.rows, how.columns), 8, made.alpha.dtype),
        ),
        noise((how.rows, how.columns), 9),
        how,
        "Enlarge",
    )
    note()
    paint(made, Region(600, 500, 700, 700), 77)
    note()
    return states


def crash(made: Document, journal: Journal) -> Session:
    """Leave the session as a crash would; what it was."""
    assert journal.flush()
    journal.leave()
    (session,) = sessions()
    return session


def test_what_a_slow_disk_has_not_taken_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writer.close, "__defaults__", (0.05,))  # seconds after which a closed document gives up
    made, journal = begin()
    gate = threading.Event()
    made.writer.submit(lambda: gate.wait() and None)
    paint(made, Region(0, 0, 50, 50), 9)
    assert not journal.written
    leaving = threading.Thread(target=journal.leave)
    leaving.start()
    leaving.join(0.3)
    assert leaving.is_alive()
    assert sessions() == []  # nobody else restores it meanwhile
    gate.set()
    leaving.join()
    assert journal.written
    (session,) = sessions()
    back = restore(session)
    assert back.document.mask_count() == 2500
    back.journal.close()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_everything_comes_back_and_can_be_undone_and_redone(dtype: type) -> None:
    made, journal = begin(photo(alpha=True, dtype=dtype))
    states = work(made)
    made.history.go_to(5)
    made.history.go_to(3)
    made.history.mark_clean()
    made.history.go_to(4)
    session = crash(made, journal)
    assert session.edits == 4
    back = restore(session)
    assert back.damage is None
    assert back.document.history.labels == made.history.labels
    assert back.document.history.position == 4
    assert not back.document.history.clean
    assert back.document.steps() == (STEP,)
    for position in (4, 6, 0, 3, 7, 5, 1, 2):
        back.document.history.go_to(position)
        assert_same(state(back.document), states[position])
    back.document.history.go_to(3)
    assert back.document.history.clean
    back.journal.close()
    assert sessions() == []


def test_a_restored_session_goes_on_and_can_be_restored_again(tmp_path: Path) -> None:
    made, journal = begin()
    paint(made, Region(0, 0, 50, 50), 9)
    journal.saved_to(SavedTo(tmp_path / "out.png", 40))
    first = restore(crash(made, journal))
    assert first.saved == SavedTo(tmp_path / "out.png", 40)
    first.document.history.undo()
    paint(first.document, Region(5, 5, 99, 99), 8)
    wanted = state(first.document)
    second = restore(crash(first.document, first.journal))
    assert_same(state(second.document), wanted)
    assert len(second.document.history.entries) == 1
    second.journal.close()


def test_a_restored_session_spills_though_the_last_run_spilled_too() -> None:
    made, journal = begin()
    made.history.budget = 0
    for value in (1, 2, 3):
        paint(made, Region(0, 0, 300, 300), value)
    made.history.settle()
    assert list(made.history.spill_folder.iterdir())
    back = restore(crash(made, journal))
    told: list[LacunaError] = []
    back.document.history.spill_failed.add(told.append)
    back.document.history.budget = 0
    states = [state(back.document)]
    for value in (4, 5, 6):
        paint(back.document, Region(0, 0, 300, 300), value)
        states.append(state(back.document))
    back.document.history.settle()
    assert told == []
    assert list(back.document.history.spill_folder.iterdir())
    while len(states) > 1:
        assert_same(state(back.document), states.pop())
        back.document.history.undo()
    assert_same(state(back.document), states[0])
    back.journal.close()


def test_what_is_painted_over_before_it_was_written_is_logged_as_it_was() -> None:
    made, journal = begin()
    gate = threading.Event()
    made.writer.submit(lambda: gate.wait() and None)
    states = [state(made)]
    for i in range(5):
        paint(made, Region(0, 0, 400, 400), i + 1)
        states.append(state(made))
    gate.set()
    back = restore(crash(made, journal))
    for position in range(6):
        back.document.history.go_to(position)
        assert_same(state(back.document), states[position])
    back.journal.close()


def test_a_session_in_use_is_not_offered_and_cannot_be_taken() -> None:
    made, journal = begin()
    paint(made, Region(0, 0, 5, 5), 1)
    journal.flush()
    assert sessions() == []
    with pytest.raises(LacunaError):
        restore(Session(made.folder, None, 0.0, 1))
    journal.close()


def test_a_session_closed_properly_or_without_a_change_leaves_nothing() -> None:
    made, journal = begin()
    paint(made, Region(0, 0, 5, 5), 1)
    journal.close()
    assert list(journals.sessions_folder().iterdir()) == []
    made, journal = begin()
    journal.flush()
    journal.leave()
    assert sessions() == []
    assert list(journals.sessions_folder().iterdir()) == []


def test_a_picture_that_could_not_be_opened_leaves_nothing() -> None:
    journals.begin().abandon()
    assert list(journals.sessions_folder().iterdir()) == []


def test_a_discarded_session_is_gone() -> None:
    made, journal = begin()
    paint(made, Region(0, 0, 5, 5), 1)
    crash(made, journal).discard()
    assert sessions() == []


def test_a_session_tells_name_time_and_number_of_changes(tmp_path: Path) -> None:
    assert "three.png" in Session(Path("x"), Path("/a/three.png"), 0.0, 3).describe()
    assert "3 changes" in Session(Path("x"), Path("/a/three.png"), 0.0, 3).describe()
    assert Session(Path("x"), None, 0.0, 1).describe().startswith("Pasted picture")
    assert "1 change" in Session(Path("x"), None, 0.0, 1).describe()


def test_a_log_cut_at_any_byte_restores_what_stands_before_the_cut(tmp_path: Path) -> None:
    made, journal = begin(photo(40, 50, alpha=True))
    states = [state(made)]
    for i in range(3):
        paint(made, Region(i, i, 20 + i, 30), noise((20, 30 - i), i), "alpha")
        states.append(state(made))
    made.crop(Region(1, 1, 30, 40), "Crop")
    states.append(state(made))
    session = crash(made, journal)
    log = session.folder / journals.LOG
    whole = log.read_bytes()
    ends = [(r.end, r.head["kind"]) for r in LogReader(log).records()]
    kept = tmp_path / "kept"
    shutil.copytree(session.folder, kept)
    last = 0
    for cut in range(len(whole) + 1):
        edits = sum(kind == "edit" for end, kind in ends if end <= cut)
        if cut % 97 and edits == last and cut not in {end + d for end, _kind in ends for d in (-1, 0, 1)}:
            assert sum(r.head["kind"] == "edit" for r in _records(tmp_path, whole[:cut])) == edits
            continue
        last = edits
        log.write_bytes(whole[:cut])
        if cut < ends[0][0]:
            with pytest.raises(JournalDamaged):
                restore(session)
            continue
        back = restore(session)
        assert_same(state(back.document), states[edits])
        assert (back.damage is None) == (cut in {end for end, kind in ends if kind != "tiles"})
        back.document.history.go_to(0)
        assert_same(state(back.document), states[0])
        back.document.history.go_to(edits)
        paint(back.document, Region(0, 0, 3, 3), 200)  # the log goes on behind the cut
        back.journal.flush()
        back.journal.leave()
        assert sum(r.head["kind"] == "edit" for r in LogReader(log).records()) == edits + 1
        shutil.rmtree(session.folder)
        shutil.copytree(kept, session.folder)


def _records(folder: Path, data: bytes) -> list:
    (folder / "cut.log").write_bytes(data)
    return list(LogReader(folder / "cut.log").records())


def test_a_flipped_byte_loses_what_follows_and_no_more() -> None:
    made, journal = begin(photo(40, 50))
    states = [state(made)]
    for i in range(4):
        paint(made, Region(0, 0, 20, 30), noise((20, 30), i))
        states.append(state(made))
    session = crash(made, journal)
    log = session.folder / journals.LOG
    data = bytearray(log.read_bytes())
    ends = [r.end for r in LogReader(log).records() if r.head["kind"] == "edit"]
    data[ends[1] + 20] ^= 4
    log.write_bytes(data)
    back = restore(session)
    assert back.damage is not None
    assert "2 changes" in back.damage.hint
    assert_same(state(back.document), states[2])
    back.journal.close()


def test_a_damaged_original_is_taken_from_the_file_if_that_is_still_the_same(tmp_path: Path) -> None:
    from PIL import Image

    from lacuna.imaging.files import read_bytes

    path = tmp_path / "pier.png"
    Image.fromarray(noise((60, 50, 3))).save(path)
    data = path.read_bytes()
    place = journals.begin()
    made = Document.opened(prepare(read_bytes(data, path, pixel_limit=1 << 30), data, place.folder))
    journal = Journal(made, place)
    paint(made, Region(0, 0, 9, 9), 3, "photo")
    wanted = state(made)
    session = crash(made, journal)
    made.kept.file.write_bytes(b"garbage")
    back = restore(session)
    assert_same(state(back.document), wanted)
    assert np.array_equal(back.document.original(), noise((60, 50, 3)))
    back.journal.leave()
    made.kept.file.write_bytes(b"garbage")
    path.write_bytes(b"another picture")
    with pytest.raises(JournalDamaged):
        restore(session)
    assert FileLock.take(session.folder / journals.LOCK) is not None  # nobody holds it after the failure


def test_a_full_disk_is_told_once_and_editing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    made, journal = begin()
    paint(made, Region(0, 0, 5, 5), 1)
    assert journal.flush()

    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    told: list[LacunaError] = []
    journal.failed.add(told.append)
    with monkeypatch.context() as patch:
        patch.setattr(LogWriter, "append", full)
        for i in range(3):
            paint(made, Region(0, 0, 5, 5), i + 2)
            journal.flush()
    assert len(told) == 1
    back = restore(crash(made, journal))
    assert len(back.document.history.entries) == 1
    back.journal.close()


def test_a_record_that_does_not_fit_leaves_the_log_whole(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "log")
    log.append({"n": 1}, b"pixels")
    written = log._file

    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(written, name)

        def write(self, data: memoryview) -> int:
            written.write(data[:3])
            raise OSError(errno.ENOSPC, "No space left on device")

    log._file = Full()  # type: ignore[assignment]
    with pytest.raises(OSError):
        log.append({"n": 2})
    log._file = written
    log.append({"n": 3})
    log.close()
    reader = LogReader(tmp_path / "log")
    assert [r.head["n"] for r in reader.records()] == [1, 3]
    assert not reader.cut


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_confuse_the_reader(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "log").write_bytes(b"LacunaJ1" + data)
    assert list(LogReader(tmp_path / "log").records()) == []
    list(LogReader(tmp_path / "log").heads())


KILLED = """
    import sys, time
    import numpy as np
    from lacuna.document import journal
    from lacuna.document.document import Document, prepare
    from lacuna.imaging.photo import Photo
    from lacuna.imaging.region import Region
    place = journal.begin()
    pixels = np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    document = Document.opened(prepare(Photo(pixels), None, place.folder))
    log = journal.Journal(document, place)
    for i in range(10_000):
        with document.edit(f"edit {i}") as edit, edit.write(document.photo, Region(0, 0, 300, 600)) as part:
            part[...] = i % 251 + 1
        if i == 20:
            log.flush()
            print("ready", flush=True)
"""


def test_a_killed_program_loses_nothing_that_was_written() -> None:
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(KILLED)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == "ready\n"
        assert sessions() == []  # it lives
        child.send_signal(signal.SIGKILL) if hasattr(signal, "SIGKILL") else child.kill()
        child.wait()
    (session,) = sessions()
    back = restore(session)
    count = back.document.history.position
    assert count >= 21
    original = np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    for position in (count, 20, 1):
        back.document.history.go_to(position)
        assert (back.document.photo.pixels[:300, :600] == (position - 1) % 251 + 1).all()
    back.document.history.go_to(0)
    assert np.array_equal(back.document.photo.pixels, original)
    back.journal.close()


def test_a_lock_is_held_once_and_free_again(tmp_path: Path) -> None:
    lock = FileLock.take(tmp_path / "lock")
    assert lock is not None
    assert FileLock.take(tmp_path / "lock") is None
    lock.release()
    again = FileLock.take(tmp_path / "lock")
    assert again is not None
    again.release()


@given(
    st.sampled_from([np.uint8, np.uint16, np.float32]),
    st.sampled_from([(256, 256, 3), (1, 1, 3), (7, 256), (256, 1), (30, 40, 3)]),
    st.sampled_from(["noise", "plain", "zero"]),
)
def test_a_tile_survives_its_code(dtype: type, shape: tuple[int, ...], kind: str) -> None:
    tile = noise(shape, 3, dtype)
    if kind != "noise":
        tile[...] = tile.reshape(-1)[0] if kind == "plain" else 0
    data = encode(tile)
    back = decode(data, shape, np.dtype(dtype))
    assert back.dtype == tile.dtype
    assert np.array_equal(back, tile)
    if kind != "noise" and tile.size > 100:
        assert len(data) < 20


def test_values_survive_their_json_forms() -> None:
    told = json.loads(json.dumps(step_to_json(STEP)))
    assert step_from_json(told) == STEP
    assert guides.from_json(json.loads(json.dumps(guides.to_json(STEP.guides)))) == STEP.guides
    facts = replace(
        photo(3, 4),
        grey=True,
        profile=b"icc",
        metadata=Metadata(exif=b"\x00e", xmp=b"x", iptc=b"i", dpi=(72.0, 96.0), text=(("Comment", "ä"),)),
        source=Source(Path("/a.jpg"), "JPEG", False, 8, quantisation=((1, 2), (3, 4)), subsampling="4:2:0"),
    )
    back = facts_from_json(json.loads(json.dumps(facts_to_json(facts))))
    assert (back.grey, back.profile, back.metadata, back.source) == (True, b"icc", facts.metadata, facts.source)


def test_a_mask_without_a_fill_comes_back_with_its_picture() -> None:
    assert kept_mask("ab") is None
    kept = KeptMask(Region(5, 6, 105, 206), noise((100, 200)), (600, 700))
    keep_mask("ab", kept)
    back = kept_mask("ab")
    assert back is not None
    assert (back.box, back.shape) == (kept.box, kept.shape)
    assert np.array_equal(back.pixels, kept.pixels)
    drop_mask("ab")
    drop_mask("ab")
    assert kept_mask("ab") is None


def test_only_the_latest_masks_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from lacuna import paths

    monkeypatch.setattr("lacuna.document.kept_masks.MOST", 3)
    for i in range(5):
        keep_mask(str(i), KeptMask(Region(0, 0, 2, 2), noise((2, 2)), (9, 9)))
        os.utime(paths.data_folder() / "masks" / f"{i}.mask", (i, i))
    keep_mask("5", KeptMask(Region(0, 0, 2, 2), noise((2, 2)), (9, 9)))
    assert [kept_mask(str(i)) is not None for i in range(6)] == [False, False, False, True, True, True]


def test_a_damaged_kept_mask_is_none() -> None:
    from lacuna import paths

    keep_mask("ab", KeptMask(Region(0, 0, 50, 50), noise((50, 50)), (99, 99)))
    file = paths.data_folder() / "masks" / "ab.mask"
    file.write_bytes(file.read_bytes()[:-1])
    assert kept_mask("ab") is None
