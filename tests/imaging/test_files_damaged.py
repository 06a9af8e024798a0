"""Whatever a file holds, it opens whole or is refused in a sentence that names it, says why, and what to do."""

from __future__ import annotations

import os
import struct
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.imaging import made

from lacuna.errors import LacunaError, PictureTooLarge, UnreadableFile, UnsupportedFormat
from lacuna.imaging import files


@lru_cache
def examples() -> dict[str, bytes]:
    """One small file of each kind, with metadata where it is cheap."""
    pixels = made.scene()
    exif = b"Exif\0\0" + made.exif(thumbnail=made.picture_bytes(made.scene(8, 8), "JPEG"))
    found = {
        "baseline.jpg": made.with_segments(
            made.picture_bytes(pixels, "JPEG", quality=85),
            made.segment(0xE1, exif),
            made.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + made.xmp()),
            made.segment(0xED, b"Photoshop 3.0\0" + made.resource(1028, made.iptc())),
        ),
        "progressive.jpg": made.picture_bytes(pixels, "JPEG", quality=85, progressive=True),
        "grey.jpg": made.picture_bytes(pixels[..., 0], "JPEG"),
        "8.png": made.png(pixels, 2, 8, made.chunk(b"eXIf", made.exif()), made.chunk(b"tEXt", b"Title\0Pier")),
        "16.png": made.png(made.scene(channels=4, dtype=np.uint16), 6, 16),
        "lossy.webp": made.picture_bytes(pixels, "WEBP", exif=made.exif()),
        "lossless.webp": made.picture_bytes(made.scene(channels=4), "WEBP", lossless=True),
        "a.bmp": made.picture_bytes(pixels, "BMP"),
        "a.gif": made.picture_bytes(pixels, "GIF"),
        "a.avif": made.picture_bytes(pixels, "AVIF"),
        "lzw.tif": made.picture_bytes(pixels, "TIFF", compression="tiff_lzw"),
        "plain.tif": made.picture_bytes(pixels, "TIFF"),
        "fax.tif": made.picture_bytes(pixels[..., 0] > 99, "TIFF", compression="group4"),
        "jpeg.tif": made.picture_bytes(pixels, "TIFF", compression="jpeg"),
    }
    ok, packed = cv2.imencode(".tif", made.scene(dtype=np.float32), [cv2.IMWRITE_TIFF_COMPRESSION, 1])
    assert ok
    found["float.tif"] = packed.tobytes()
    return found


NAMES = sorted(examples())


def refusal(data: bytes, name: str) -> LacunaError:
    with pytest.raises(LacunaError) as caught:
        files.read_bytes(data, Path("folder") / name)
    error = caught.value
    assert name in error.sentence
    assert error.hint
    return error


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_themselves_open(name: str) -> None:
    assert files.read_bytes(examples()[name], Path(name)).pixels.shape == (48, 64, 3)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("lzw.tif", "plain.tif", "fax.tif", "jpeg.tif")])
def test_a_cut_off_file_is_refused(name: str, share: float) -> None:
    data = examples()[name]
    assert isinstance(refusal(data[: int(len(data) * share)], name), UnreadableFile)


def test_a_tiff_whose_pixels_are_cut_off_is_refused() -> None:
    for name in ("plain.tif", "lzw.tif"):
        data = bytearray(examples()[name])
        with Image.open(BytesIO(data)) as image:
            offset, count = image.tag_v2[273][-1], image.tag_v2[279][-1]  # type: ignore[attr-defined]
        at = data.find(struct.pack("<I", offset), 4)
        assert at >= 0
        refusal(bytes(data.replace(struct.pack("<I", offset), struct.pack("<I", len(data) - count // 2))), name)


@pytest.mark.parametrize("ending", [b"", b"\xff\xd9", bytes(5000), bytes(5000) + b"\xff\xd9"])
@pytest.mark.parametrize("name", ["baseline.jpg", "grey.jpg"])
def test_half_a_jpeg_is_refused_even_if_something_ends_it(name: str, ending: bytes) -> None:
    # libjpeg paints the rest grey, OpenCV and Pillow hand it out as whole
    data = examples()[name]
    scan = data.rindex(b"\xff\xda")
    refusal(data[: (scan + len(data)) // 2] + ending, name)


def test_a_lost_restart_interval_is_noticed() -> None:
    pixels = made.scene(128, 128)
    ok, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_RST_INTERVAL, 2])
    data = packed.tobytes()
    assert ok
    assert files.read_bytes(data).pixels.shape == pixels.shape
    third, fifth = data.index(b"\xff\xd2"), data.index(b"\xff\xd4")
    refusal(data[:third] + data[fifth:], "a.jpg")


def test_a_damaged_checksum_of_pixels_is_refused_and_of_text_forgiven() -> None:
    data = examples()["8.png"]
    for kind, refused in ((b"IDAT", True), (b"tEXt", False)):
        at = data.index(kind) + 8
        broken = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        if refused:
            refusal(broken, "8.png")
        else:
            assert files.read_bytes(broken).metadata.text == ()


def test_pixels_that_end_early_inside_a_whole_png_are_refused() -> None:
    import zlib

    raw = b"".join(b"\0" + row.tobytes() for row in made.scene())
    refusal(made.png(made.scene(), 2, 8, packed=zlib.compress(raw[:2000])), "a.png")


HEADERS = {
    "a.png": made.png(np.zeros((1, 1, 3)), 2, 8)[:16] + struct.pack(">II", 60000, 60000),
    "a.jpg": b"\xff\xd8" + made.segment(0xC0, struct.pack(">BHHB", 8, 60000, 60000, 1) + b"\1\x11\0"),
    "a.webp": b"RIFF" + struct.pack("<I4s4sI", 22, b"WEBP", b"VP8X", 10) + bytes(4) + b"\xff\xff\x00" * 2,
    "a.bmp": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 10**6, 0, 0, 54, 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0),
    "a.gif": b"GIF89a" + struct.pack("<HHBBB", 60000, 60000, 0x80, 0, 0) + bytes(6)
    + b"," + struct.pack("<HHHHB", 0, 0, 60000, 60000, 0) + b"\2\2\x4c\1\0;",
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_an_enormous_header_is_refused_before_decoding(name: str) -> None:
    data = HEADERS[name] + bytes(200)
    if name == "a.png":
        body = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n" + made.chunk(b"IHDR", body) + bytes(200)
    error = refusal(data, name)
    assert isinstance(error, PictureTooLarge)
    assert "6" in error.sentence
    assert "--allow-large" in error.hint


def test_an_enormous_tiff_is_refused_before_decoding(tmp_path: Path) -> None:
    tags = [(256, 60000), (257, 60000), (258, 8), (259, 8), (262, 1), (273, 8), (277, 1), (278, 60000), (279, 8)]
    data = struct.pack("<2sHIQH", b"II", 42, 16, 0, len(tags))
    data += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags) + bytes(4)
    assert isinstance(refusal(data, "a.tif"), PictureTooLarge)


def test_the_limit_can_be_raised() -> None:
    data = made.picture_bytes(made.scene(), "PNG")
    with pytest.raises(PictureTooLarge):
        files.read_bytes(data, pixel_limit=3000)
    assert files.read_bytes(data, pixel_limit=64 * 48).width == 64


def test_a_photo_of_a_hundred_megapixels_is_below_the_limit_of_every_decoder(tmp_path: Path) -> None:
    # Pillow warns from 89 megapixels on; a plain picture of 100 compresses to little
    pixels = np.full((10_000, 10_000), 90, np.uint8)
    for kind, options in (("PNG", {"compress_level": 1}), ("JPEG", {})):
        out = BytesIO()
        Image.fromarray(pixels).save(out, kind, **options)
        assert files.read_bytes(out.getvalue()).pixels.shape == (10_000, 10_000, 3)


def test_the_limits_of_the_process_are_left_alone() -> None:
    before = Image.MAX_IMAGE_PIXELS
    for name in NAMES:
        files.read_bytes(examples()[name])
    assert before == Image.MAX_IMAGE_PIXELS


def test_other_things_named_like_pictures_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("Dear diary")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    wanted = {
        "text.png": (UnsupportedFormat, "kind"),
        "empty.jpg": (UnreadableFile, "empty"),
        "folder.png": (UnreadableFile, "folder"),
        "pipe.png": (UnreadableFile, "ordinary"),
        "missing.png": (UnreadableFile, "exist"),
    }
    for name, (kind, word) in wanted.items():
        with pytest.raises(kind) as caught:
            files.read(tmp_path / name)
        assert name in caught.value.sentence
        assert word in caught.value.sentence
        assert caught.value.hint


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(examples()["8.png"])
    path.chmod(0)
    if os.access(path, os.R_OK):  # an administrator may read everything

        def refuse(_self: Path) -> bytes:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UnreadableFile, match="may not be read"):
        files.read(path)


def test_the_content_counts_not_the_ending(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(examples()["baseline.jpg"])
    photo = files.read(path)
    assert photo.source is not None
    assert photo.source.format == "JPEG"
    assert files.proposed_path(photo).name == "a_lacuna.jpg"


UNREADABLE = {
    "twelve bits": (b"\xff\xd8" + made.segment(0xC1, struct.pack(">BHHB", 12, 8, 8, 1) + b"\1\x11\0") + bytes(8), "12"),
    "lossless": (
        b"\xff\xd8" + made.segment(0xC3, struct.pack(">BHHB", 8, 8, 8, 1) + b"\1\x11\0") + bytes(8),
        "lossless",
    ),
}


@pytest.mark.parametrize(("data", "word"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_said_plainly(data: bytes, word: str) -> None:
    error = refusal(data, "a.jpg")
    assert isinstance(error, UnsupportedFormat)
    assert word in error.sentence


def test_tiffs_that_cannot_be_read_are_said_plainly(tmp_path: Path) -> None:
    import tifffile

    path = tmp_path / "a.tif"
    for samples, word in ((made.scene().astype(np.int16), "signed"), (made.scene().astype(np.uint32), "32 bits")):
        tifffile.imwrite(path, samples, photometric="rgb")
        assert word in refusal(path.read_bytes(), "a.tif").sentence
    data = examples()["plain.tif"]
    at = data.index(struct.pack("<HHI", 262, 3, 1)) + 8
    assert "CIELAB" in refusal(data[:at] + b"\x08\0" + data[at + 2 :], "a.tif").sentence
    at = data.index(struct.pack("<HHI", 259, 3, 1)) + 8
    assert "jpeg2000" in refusal(data[:at] + struct.pack("<H", 34712) + data[at + 2 :], "a.tif").sentence


# --- fuzz -----------------------------------------------------------------------------------------------------------
def opens_or_is_refused(data: bytes, name: str) -> None:
    problem: LacunaError | None = None
    try:
        photo = files.read_bytes(data, Path(name), pixel_limit=4_000_000)
    except LacunaError as error:
        problem = error
    if problem is not None:
        assert name in problem.sentence
        assert problem.hint
        return
    assert photo.pixels.ndim == 3
    assert photo.pixels.flags.c_contiguous
    assert photo.pixels.size


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(NAMES), share=st.floats(0, 1), tail=st.binary(max_size=40))
def test_any_beginning_of_a_file_with_any_end_does_no_harm(name: str, share: float, tail: bytes) -> None:
    data = examples()[name]
    opens_or_is_refused(data[: int(len(data) * share)] + tail, name)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(NAMES),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6),
    head=st.booleans(),
)
def test_any_changed_bytes_do_no_harm(name: str, changes: list[tuple[float, int]], head: bool) -> None:
    data = bytearray(examples()[name])
    span = min(len(data), 400) if head else len(data)  # headers and tables are where it hurts
    for share, value in changes:
        data[4 + int(share * (span - 5))] = value
    opens_or_is_refused(bytes(data), name)


@settings(max_examples=100, deadline=None)
@given(
    order=st.sampled_from("<>"),
    at=st.integers(0, 10**6),
    words=st.binary(min_size=1, max_size=8),
    cut=st.integers(0, 2000),
)
def test_any_changed_exif_does_no_harm(order: str, at: int, words: bytes, cut: int) -> None:
    blob = bytearray(made.exif(order, thumbnail=made.picture_bytes(made.scene(8, 8), "JPEG")))
    at %= len(blob)
    blob[at : at + len(words)] = words
    data = made.with_segments(
        made.picture_bytes(made.scene(), "JPEG"), made.segment(0xE1, b"Exif\0\0" + bytes(blob[: len(blob) - cut]))
    )
    photo = files.read_bytes(data)
    assert photo.pixels.size == 48 * 64 * 3
    assert (photo.metadata.exif is None) == any("EXIF" in note for note in photo.notes)
    from lacuna.imaging.metadata import sized

    sized(photo.metadata, 7, 9)
