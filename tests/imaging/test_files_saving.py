"""Saving: whole or not at all, under a name that loses nothing, in a format that holds the picture."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.imaging import made

from lacuna.errors import CannotSave, LacunaError, UnreadableFile, UnsupportedFormat, WouldReduce
from lacuna.imaging import files
from lacuna.imaging.atomic import write_atomically
from lacuna.imaging.photo import Photo, Source

PIXELS = made.scene()


def leftovers(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.startswith(".")]


# --- atomic ---------------------------------------------------------------------------------------------------------
def failing_after(data: bytes, error: BaseException) -> Iterator[bytes]:
    yield data
    raise error


@pytest.mark.parametrize("error", [ValueError("half way"), KeyboardInterrupt()])
def test_a_failure_half_way_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(type(error)):
        write_atomically(path, failing_after(b"new" * 1000, error))
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == []


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from lacuna.errors import CannotSave
from lacuna.imaging import files
from lacuna.imaging.photo import Photo
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
try:
    files.write(Photo(pixels), Path(sys.argv[1]))
except CannotSave as error:
    print(error.sentence)
    print(error.hint)
    sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".bmp"])
def test_a_file_that_grows_too_large_leaves_the_old_one(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    sentence, hint = done.stdout.splitlines()
    assert str(path) in sentence
    assert hint
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == []


def test_a_full_disk_is_told_and_the_old_file_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "small" / "a.png"
    path.parent.mkdir()
    mounted = _mount_small(path.parent)
    try:
        path.write_bytes(b"old")
        if not mounted:  # without the right to mount: the same answer from the system's own call

            def refuse(_descriptor: int) -> None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            monkeypatch.setattr(os, "fsync", refuse)
        grain = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
        with pytest.raises(CannotSave, match="disk is full") as caught:
            files.write(Photo(grain), path)
        assert str(path) in caught.value.sentence
        assert "another disk" in caught.value.hint
        assert path.read_bytes() == b"old"
        assert leftovers(path.parent) == []
    finally:
        if mounted:
            subprocess.run(["umount", str(path.parent)], check=True)


def _mount_small(folder: Path) -> bool:
    """A file system of 64 kB, if this user may have one."""
    try:
        command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def test_a_folder_that_is_missing_or_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "a.png").mkdir()
    for path in (tmp_path / "none" / "a.png", tmp_path / "file" / "a.png", tmp_path / "a.png"):
        with pytest.raises(CannotSave) as caught:
            files.write(Photo(PIXELS), path)
        assert str(path) in caught.value.sentence
        assert "folder" in caught.value.sentence
        assert caught.value.hint


def test_a_read_only_folder_or_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    path = folder / "a.png"
    path.write_bytes(b"old")
    path.chmod(0o444)
    folder.chmod(0o555)
    if os.access(path, os.W_OK):  # an administrator may write everywhere
        monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    try:
        with pytest.raises(CannotSave, match="may not be written"):
            files.write(Photo(PIXELS), path)
        assert path.read_bytes() == b"old"
    finally:
        folder.chmod(0o755)


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotSave, match="too long"):
        files.write(Photo(PIXELS), tmp_path / f"{'a' * 300}.png")
    files.write(Photo(PIXELS), tmp_path / f"{'a' * 251}.png")  # the longest that the system takes


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
def test_permissions_are_kept_and_a_new_file_has_the_usual_ones(tmp_path: Path) -> None:
    old, new, other = tmp_path / "old.png", tmp_path / "new.png", tmp_path / "other"
    old.touch()
    old.chmod(0o640)
    other.touch()
    for path in (old, new):
        files.write(Photo(PIXELS), path)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert new.stat().st_mode == other.stat().st_mode


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_is_written_through(tmp_path: Path) -> None:
    target, link = tmp_path / "real" / "a.png", tmp_path / "link.png"
    target.parent.mkdir()
    target.write_bytes(b"old")
    link.symlink_to(target)
    files.write(Photo(PIXELS), link)
    assert link.is_symlink()
    assert np.array_equal(files.read(target).pixels, PIXELS)


def test_without_overwriting_an_existing_file_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    files.write(Photo(PIXELS), path, overwrite=False)
    before = path.read_bytes()
    with pytest.raises(CannotSave, match="exists"):
        files.write(Photo(PIXELS // 2), path, overwrite=False)
    assert path.read_bytes() == before
    assert leftovers(tmp_path) == []


def test_a_name_taken_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"

    def slow() -> Iterator[bytes]:
        yield b"mine"
        path.write_bytes(b"theirs")

    with pytest.raises(CannotSave, match="exists"):
        write_atomically(path, slow(), overwrite=False)
    assert path.read_bytes() == b"theirs"
    assert leftovers(tmp_path) == []


def test_what_will_not_be_written_is_told_beforehand_in_the_same_words(tmp_path: Path) -> None:
    (tmp_path / "taken.png").write_bytes(b"old")
    (tmp_path / "folder.png").mkdir()
    glass = np.zeros(PIXELS.shape[:2], np.uint8)
    for photo, name in (
        (Photo(PIXELS), "none/a.png"),
        (Photo(PIXELS), "taken.png"),
        (Photo(PIXELS), "folder.png"),
        (Photo(PIXELS), "a.xyz"),
        (Photo(PIXELS, glass), "a.jpg"),
        (Photo(made.scene(dtype=np.uint16)), "a.webp"),
        (Photo(np.zeros((1, 65536, 3), np.uint8)), "a.jpg"),
    ):
        said = []
        for call in (files.check_writable, files.write):
            with pytest.raises(LacunaError) as caught:
                call(photo, tmp_path / name, overwrite=False)
            said.append((type(caught.value), str(caught.value)))
        assert said[0] == said[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.png", "taken.png"]


def test_asking_beforehand_leaves_the_folder_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "taken.png").write_bytes(b"old")
    assert files.check_writable(Photo(PIXELS), tmp_path / "a.jpg") == "JPEG"
    assert files.check_writable(Photo(PIXELS), tmp_path / "taken.png", overwrite=True) == "PNG"
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]
    assert (tmp_path / "taken.png").read_bytes() == b"old"


# --- what a format holds --------------------------------------------------------------------------------------------
def test_transparency_is_not_lost_without_a_word(tmp_path: Path) -> None:
    alpha = np.full(PIXELS.shape[:2], 255, np.uint8)
    for suffix in (".jpg", ".bmp"):
        path = tmp_path / f"a{suffix}"
        files.write(Photo(PIXELS, alpha), path)  # all opaque: nothing is lost
        assert files.read(path).alpha is None
        path.unlink()
        half = alpha.copy()
        half[3, 3] = 254
        with pytest.raises(WouldReduce, match="transparency") as caught:
            files.write(Photo(PIXELS, half), path)
        assert "PNG" in caught.value.hint
        assert not path.exists()


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_transparency_that_may_be_given_up_is_laid_over_white(
    tmp_path: Path, suffix: str, dtype: type, top: float
) -> None:
    pixels = np.zeros((32, 48, 3), dtype)
    alpha = np.full((32, 48), top, dtype)
    alpha[:, 16:32] = 0
    alpha[:, 32:] = top // 2 if top > 1 else 0.5
    report = files.write(Photo(pixels, alpha), tmp_path / f"a{suffix}", quality=95, allow_reduce=True)
    assert "white" in " ".join(report.notes)
    kept = files.read(tmp_path / f"a{suffix}")
    assert kept.alpha is None
    for columns, level in ((slice(2, 14), 0), (slice(18, 30), 255), (slice(34, 46), 128)):
        assert np.abs(kept.pixels[:, columns].astype(int) - level).max() <= 4
    assert not pixels.any()  # the picture itself stays as it is


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".bmp", ".avif"])
def test_depth_is_reduced_only_if_allowed(tmp_path: Path, suffix: str) -> None:
    photo = Photo(made.scene(dtype=np.uint16))
    path = tmp_path / f"a{suffix}"
    with pytest.raises(WouldReduce, match="16"):
        files.write(photo, path)
    assert not path.exists()
    report = files.write(photo, path, allow_reduce=True)
    assert "from 16 to 8" in " ".join(report.notes)
    assert np.abs(files.read(path).pixels - photo.pixels / 257).mean() < 5


def test_floats_are_reduced_to_sixteen_bits_in_a_png(tmp_path: Path) -> None:
    pixels = made.scene(dtype=np.float32)
    pixels[0, 0] = np.nan
    photo = Photo(pixels, np.ones(pixels.shape[:2], np.float32))
    with pytest.raises(WouldReduce, match="32"):
        files.write(photo, tmp_path / "a.png")
    files.write(photo, tmp_path / "a.png", allow_reduce=True)
    kept = files.read(tmp_path / "a.png")
    assert kept.pixels.dtype == np.uint16
    assert kept.alpha is not None
    assert kept.alpha.min() == 65535
    expected = np.clip(np.nan_to_num(pixels) / photo.white, 0, 1) * 65535
    assert np.abs(kept.pixels - expected).max() <= 1


def test_a_side_too_long_for_a_format_is_told(tmp_path: Path) -> None:
    for suffix, side in ((".jpg", 65536), (".webp", 16384)):
        with pytest.raises(CannotSave, match=str(side - 1)):
            files.write(Photo(np.zeros((1, side, 3), np.uint8)), tmp_path / f"a{suffix}")


def test_an_unknown_format_is_told(tmp_path: Path) -> None:
    for name in ("a.xyz", "a", "a.gif"):
        with pytest.raises(UnsupportedFormat, match="does not write"):
            files.write(Photo(PIXELS), tmp_path / name)
    with pytest.raises(UnsupportedFormat, match="PSD"):
        files.write(Photo(PIXELS), tmp_path / "a.png", format="PSD")
    assert list(tmp_path.iterdir()) == []


def test_the_format_may_be_given_apart_from_the_name(tmp_path: Path) -> None:
    report = files.write(Photo(PIXELS), tmp_path / "a.tmp", format="tiff")
    assert report.format == "TIFF"
    assert (tmp_path / "a.tmp").read_bytes().startswith(b"II*\0")


def test_a_tiff_stays_packed_or_plain_as_it_was(tmp_path: Path) -> None:
    source = Source(path=None, format="TIFF", lossless=True, bits=8, compression="none")
    flat = np.full((300, 300, 3), 7, np.uint8)
    plain = files.write(Photo(flat, source=source), tmp_path / "a.tif")
    packed = files.write(Photo(flat, source=replace(source, compression="lzw")), tmp_path / "b.tif")
    assert packed.bytes < plain.bytes // 50
    assert np.array_equal(files.read(tmp_path / "b.tif").pixels, flat)


# --- names ----------------------------------------------------------------------------------------------------------
def photo_from(name: str, kind: str, dtype: type = np.uint8, **more: object) -> Photo:
    source = Source(path=Path("/photos") / name, format=kind, lossless=True, bits=8)
    pixels = np.zeros((2, 2, 3), dtype)
    return Photo(pixels, source=replace(source, **more))  # type: ignore[arg-type]


def untitled() -> Photo:
    return Photo(np.zeros((2, 2, 3), np.uint8))


PROPOSED = {
    "pier.jpg": ("JPEG", "pier_lacuna.jpg"),
    "pier.JPG": ("JPEG", "pier_lacuna.JPG"),
    "pier.jpeg": ("JPEG", "pier_lacuna.jpeg"),
    "pier.mpo": ("JPEG", "pier_lacuna.jpg"),
    "pier.v2.tif": ("TIFF", "pier.v2_lacuna.tif"),
    "pier.gif": ("GIF", "pier_lacuna.png"),
    "pier.png": ("JPEG", "pier_lacuna.jpg"),
    "pier": ("WEBP", "pier_lacuna.webp"),
    "pier_lacuna.png": ("PNG", "pier_lacuna-2.png"),
    "pier_lacuna-4.png": ("PNG", "pier_lacuna.png"),
    "pier.avif": ("AVIF", "pier_lacuna.avif"),
}


@pytest.mark.parametrize("name", PROPOSED)
def test_a_first_save_proposes_a_name_beside_the_source(name: str) -> None:
    kind, wanted = PROPOSED[name]
    found = files.proposed_path(photo_from(name, kind), taken=lambda _path: False)
    assert found == Path("/photos") / wanted


def test_taken_names_are_counted_past() -> None:
    taken = {"pier_lacuna.png", "pier_lacuna-2.png"}
    found = files.proposed_path(photo_from("pier.png", "PNG"), taken=lambda path: path.name in taken)
    assert found.name == "pier_lacuna-3.png"


def test_names_are_counted_in_the_folder_that_is_saved_to(tmp_path: Path) -> None:
    (tmp_path / "pier_lacuna.png").touch()
    for photo, name in ((photo_from("pier.png", "PNG"), "pier_lacuna-2.png"), (untitled(), "untitled_lacuna.png")):
        assert files.proposed_path(photo, folder=tmp_path) == tmp_path / name


def test_the_proposed_format_holds_the_picture() -> None:
    def proposed(photo: Photo) -> str:
        return files.proposed_path(photo, taken=lambda _path: False).suffix

    deep = photo_from("a.avif", "AVIF", np.uint16)
    assert proposed(deep) == ".png"
    assert proposed(photo_from("a.png", "PNG", np.float32)) == ".tif"
    flat = photo_from("a.jpg", "JPEG")
    assert proposed(replace(flat, alpha=np.zeros((2, 2), np.uint8))) == ".png"
    assert proposed(untitled()) == ".png"


def test_heic_is_proposed_where_it_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    from lacuna.imaging import heif

    photo = photo_from("a.heic", "HEIF")
    for can, suffix in ((True, ".heic"), (False, ".png")):
        monkeypatch.setattr(heif, "can_write", lambda can=can: can)
        assert files.proposed_path(photo, taken=lambda _path: False).suffix == suffix


def test_a_folder_lists_its_pictures_in_the_order_people_expect(tmp_path: Path) -> None:
    for name in ("b10.png", "b9.PNG", "A1.jpg", "b09.tif", ".hidden.png", "notes.txt", "b9a.webp", "2.gif", "10.gif"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    wanted = ["2.gif", "10.gif", "A1.jpg", "b9.PNG", "b09.tif", "b9a.webp", "b10.png"]
    assert [path.name for path in files.in_folder(tmp_path)] == wanted
    with pytest.raises(UnreadableFile, match="none"):
        files.in_folder(tmp_path / "none")
