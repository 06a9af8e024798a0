"""What a file says survives to every format that can hold it, field by field; what would show the removed goes."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, IptcImagePlugin, PngImagePlugin
from tests.imaging import made

from lacuna.imaging import exif, files, xmp
from lacuna.imaging.metadata import printed
from lacuna.imaging.photo import Metadata, Photo
from lacuna.imaging.tiff_structure import Structure

# A picture that must not be found again in any saved file
SECRET = made.picture_bytes(made.scene(24, 32), "JPEG", quality=60)
HOLDERS = [".jpg", ".png", ".tif", ".webp", ".avif"]


def full_jpeg(order: str = "<") -> bytes:
    """A camera's JPEG with everything in it, previews included."""
    thumbnails = (
        b"<xmp:Thumbnails xmlns:xmp='http://ns.adobe.com/xap/1.0/'><rdf:Alt><rdf:li rdf:parseType='Resource'>"
        b"<xmpGImg:image xmlns:xmpGImg='http://ns.adobe.com/xap/1.0/g/img/'>U0VDUkVU</xmpGImg:image>"
        b"</rdf:li></rdf:Alt></xmp:Thumbnails>"
    )
    resources = (
        made.resource(1028, made.iptc())
        + made.resource(1033, b"\0" * 28 + SECRET)
        + made.resource(1034, b"\1")
        + made.resource(1035, b"https://example.org/pier")
        + made.resource(1036, b"\0" * 28 + SECRET)
    )
    return made.with_segments(
        made.picture_bytes(made.scene(), "JPEG", quality=92, subsampling=0),
        made.segment(0xE0, b"JFXX\0\x10" + SECRET),
        made.segment(0xE1, b"Exif\0\0" + made.exif(order, thumbnail=SECRET)),
        made.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + made.xmp(made.XMP_RATING + thumbnails)),
        made.segment(0xED, b"Photoshop 3.0\0" + resources),
        made.segment(0xE2, b"ICC_PROFILE\0\1\1" + made.profile()),
        made.segment(0xFE, "A comment by Zoë".encode()),
    )


@pytest.fixture(scope="module", params=["<", ">"], ids=["little-endian", "big-endian"])
def photo(request: pytest.FixtureRequest) -> Photo:
    opened = files.read_bytes(full_jpeg(request.param), Path("a.jpg"))
    assert not opened.notes
    return opened


def saved(photo: Photo, folder: Path, suffix: str) -> Path:
    path = folder / f"b{suffix}"
    files.write(photo, path)
    return path


def exif_in(path: Path) -> bytes:
    """EXIF of a file, by Pillow alone."""
    with Image.open(path) as image:
        if path.suffix == ".tif":
            return path.read_bytes()
        return bytes(image.info["exif"]).removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("suffix", HOLDERS)
def test_exif_survives_field_by_field(photo: Photo, tmp_path: Path, suffix: str) -> None:
    order = "<" if photo.metadata.exif is not None and photo.metadata.exif.startswith(b"II") else ">"
    wanted = made.exif_fields(made.exif(order))
    found = made.exif_fields(exif_in(saved(photo, tmp_path, suffix)))
    if suffix == ".tif":  # there the first directory describes the pixels too
        found = {key: value for key, value in found.items() if key[0] != "main" or key in wanted}
    assert found == wanted
    assert found["exif", 37500] == made.MAKER_NOTE
    assert found["gps", 2] == (48.0, 51.0, 29.99)


@pytest.mark.parametrize("suffix", HOLDERS)
def test_a_maker_note_keeps_its_place(photo: Photo, tmp_path: Path, suffix: str) -> None:
    # offsets inside a maker note count from the start of the TIFF structure, so it must not move
    assert photo.metadata.exif is not None
    order = "<" if photo.metadata.exif.startswith(b"II") else ">"
    before = made.exif(order, thumbnail=SECRET).index(made.MAKER_NOTE)
    assert exif_in(saved(photo, tmp_path, suffix)).index(made.MAKER_NOTE) == before


@pytest.mark.parametrize("suffix", [*HOLDERS, ".bmp"])
def test_nothing_that_is_saved_shows_what_was_removed(photo: Photo, tmp_path: Path, suffix: str) -> None:
    data = saved(photo, tmp_path, suffix).read_bytes()
    for piece in (SECRET, SECRET[20:200], SECRET[-200:], b"U0VDUkVU", b"JFXX"):
        assert piece not in data
    again = files.read_bytes(data).metadata
    for blob in (again.exif, again.xmp, again.iptc):
        assert blob is None or SECRET[-100:] not in blob


@pytest.mark.parametrize("suffix", HOLDERS)
def test_xmp_survives(photo: Photo, tmp_path: Path, suffix: str) -> None:
    with Image.open(saved(photo, tmp_path, suffix)) as image:
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if suffix == ".tif":
        with tifffile.TiffFile(tmp_path / "b.tif") as file:
            packet = file.pages.first.tags[700].value
    if isinstance(packet, str):
        packet = packet.encode()
    assert packet == made.xmp(made.XMP_RATING)


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png"])
def test_iptc_survives(photo: Photo, tmp_path: Path, suffix: str) -> None:
    path = saved(photo, tmp_path, suffix)
    assert files.read(path).metadata.iptc == made.iptc()
    assert files.read(path).metadata.photoshop == ((1034, b"\1"), (1035, b"https://example.org/pier"))
    if suffix != ".png":  # Pillow does not know ImageMagick's way to keep IPTC in a PNG
        with Image.open(path) as image:
            fields = IptcImagePlugin.getiptcinfo(image)
        assert fields is not None
        assert fields[2, 5] == b"A title"
        assert fields[2, 80] == "Zoë".encode()


@pytest.mark.parametrize("suffix", HOLDERS)
def test_the_profile_survives(photo: Photo, tmp_path: Path, suffix: str) -> None:
    with Image.open(saved(photo, tmp_path, suffix)) as image:
        assert image.info["icc_profile"] == made.profile()


def test_a_heic_keeps_exif_xmp_and_profile(photo: Photo, tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    kept = files.read(saved(photo, tmp_path, ".heic"))
    assert kept.metadata.exif == photo.metadata.exif
    assert kept.metadata.xmp == photo.metadata.xmp
    assert kept.profile == made.profile()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".bmp"])
def test_the_resolution_survives(photo: Photo, tmp_path: Path, suffix: str) -> None:
    with Image.open(saved(photo, tmp_path, suffix)) as image:
        assert [float(value) for value in image.info["dpi"]] == pytest.approx((300, 150), abs=0.02)


def test_what_a_format_cannot_hold_is_told(photo: Photo, tmp_path: Path) -> None:
    assert files.write(photo, tmp_path / "a.jpg").notes == ()
    report = files.write(photo, tmp_path / "a.bmp")
    for word in ("EXIF", "XMP", "IPTC", "profile"):
        assert word in " ".join(report.notes)
    assert "IPTC" in " ".join(files.write(photo, tmp_path / "a.webp").notes)


def test_a_comment_survives_in_jpeg_and_png(photo: Photo, tmp_path: Path) -> None:
    with Image.open(saved(photo, tmp_path, ".jpg")) as image:
        assert image.info["comment"] == "A comment by Zoë".encode()
    with Image.open(saved(photo, tmp_path, ".png")) as image:
        assert image.info["Comment"] == "A comment by Zoë"


def test_metadata_go_round_through_every_format(photo: Photo, tmp_path: Path) -> None:
    held = photo
    for suffix in (".tif", ".png", ".jpg", ".tif", ".jpg"):
        held = files.read(saved(held, tmp_path, suffix))
    assert held.metadata.exif is not None
    order = "<" if held.metadata.exif.startswith(b"II") else ">"
    assert made.exif_fields(held.metadata.exif) == made.exif_fields(made.exif(order))
    assert held.metadata.xmp == photo.metadata.xmp
    assert held.metadata.iptc == photo.metadata.iptc
    assert held.profile == photo.profile


def test_the_size_that_is_stated_is_the_size_that_is_saved(photo: Photo, tmp_path: Path) -> None:
    sides = b"<tiff:ImageWidth>64</tiff:ImageWidth><exif:PixelYDimension>48</exif:PixelYDimension>"
    metadata = Metadata(exif=photo.metadata.exif, xmp=made.xmp(sides, b' exif:PixelXDimension="64"'))
    large = np.zeros((10, 70000, 3), np.uint8)
    files.write(Photo(large, metadata=metadata), tmp_path / "a.png")
    kept = files.read(tmp_path / "a.png").metadata
    assert kept.exif is not None
    fields = made.exif_fields(kept.exif)
    assert (fields["exif", 40962], fields["exif", 40963]) == (70000, 10)
    assert kept.xmp is not None
    for words in (b"ImageWidth>70000<", b'PixelXDimension="70000"', b"PixelYDimension>10<"):
        assert words in kept.xmp


def test_a_short_height_too_small_for_the_size_becomes_a_long() -> None:
    fields = made.exif_fields(exif.resized(made.exif(), 70000, 3))
    assert (fields["exif", 40962], fields["exif", 40963]) == (3, 70000)


def test_the_profile_may_need_several_segments(tmp_path: Path) -> None:
    long = made.profile() + bytes(150_000)
    long = struct.pack(">I", len(long)) + long[4:]
    files.write(Photo(made.scene(), profile=long), tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.info["icc_profile"] == long
    assert files.read(tmp_path / "a.jpg").profile == long


# --- previews in odd places -----------------------------------------------------------------------------------------
def test_a_preview_in_a_maker_note_is_zeroed_and_nothing_moves() -> None:
    note = b"Vendor\0\1" + SECRET + b"the end"
    blob = made.exif()
    # the same length, so that the hand-made structure stays right
    longer = blob.replace(made.MAKER_NOTE, note) if len(note) == len(made.MAKER_NOTE) else _with_note(note)
    cleaned, _orientation = exif.clean(longer)
    assert len(cleaned) == len(longer)
    assert made.exif_fields(cleaned)["exif", 37500] == b"Vendor\0\1" + bytes(len(SECRET)) + b"the end"


def _with_note(note: bytes) -> bytes:
    before = made.MAKER_NOTE
    try:
        made.MAKER_NOTE = note
        return made.exif()
    finally:
        made.MAKER_NOTE = before


def test_the_thumbnail_is_cut_off_not_kept_as_zeros() -> None:
    blob = made.exif(thumbnail=SECRET)
    cleaned, _orientation = exif.clean(blob)
    assert len(cleaned) <= len(made.exif()) + 1


def test_a_value_shared_by_both_directories_stays() -> None:
    blob = bytearray(made.exif(thumbnail=SECRET))
    structure = Structure(blob)
    main = structure.directory(structure.first)
    second = structure.directory(main.next)
    shared = main.find(282)
    assert shared is not None
    blob[second.entries[0].at : second.entries[0].at + 12] = blob[shared.at : shared.at + 12]
    assert made.exif_fields(exif.clean(bytes(blob))[0])["main", 282] == 300


def test_previews_of_iptc_go() -> None:
    records = made.iptc((2, 5, b"A title"), (2, 200, b"\0\1"), (2, 202, SECRET), (2, 80, b"Zoe"))
    data = made.with_segments(
        made.picture_bytes(made.scene(), "JPEG"),
        made.segment(0xED, b"Photoshop 3.0\0" + made.resource(1028, records)),
    )
    assert files.read_bytes(data).metadata.iptc == made.iptc((2, 5, b"A title"), (2, 80, b"Zoe"))


def test_pictures_in_xmp_go_as_attributes_and_in_extensions_too() -> None:
    google = (
        b' xmlns:GImage="http://ns.google.com/photos/1.0/image/" GImage:Mime="image/jpeg" GImage:Data="U0VDUkVU"'
        b' xmlns:GFocus="http://ns.google.com/photos/1.0/focus/" GFocus:BlurAtInfinity="0.5"'
    )
    extension = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about=""' + google + b"/></rdf:RDF></x:xmpmeta>"
    )
    digest = b"0123456789ABCDEF0123456789ABCDEF"
    note = b' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="' + digest + b'"'
    head = b"http://ns.adobe.com/xmp/extension/\0" + digest + struct.pack(">I", len(extension))
    data = made.with_segments(
        made.picture_bytes(made.scene(), "JPEG"),
        made.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + made.xmp(attributes=note)),
        made.segment(0xE1, head + struct.pack(">I", 60) + extension[60:]),  # parts may come in any order
        made.segment(0xE1, head + struct.pack(">I", 0) + extension[:60]),
    )
    packet = files.read_bytes(data).metadata.xmp
    assert packet is not None
    assert b"U0VDUkVU" not in packet
    assert digest not in packet
    assert b'GFocus:BlurAtInfinity="0.5"' in packet
    assert made.XMP_RATING in packet


def test_long_xmp_goes_into_further_segments_and_comes_back(tmp_path: Path) -> None:
    words = b"<tiff:ImageDescription>" + b"word " * 40_000 + b"</tiff:ImageDescription>"
    files.write(Photo(made.scene(), metadata=Metadata(xmp=made.xmp(words))), tmp_path / "a.jpg")
    packet = files.read(tmp_path / "a.jpg").metadata.xmp
    assert packet is not None
    assert words in packet


def test_a_gain_map_behind_a_jpeg_is_left_out_and_told(tmp_path: Path) -> None:
    entries = struct.pack("<5I", 0x030000, 100, 0, 0, 0)[:16] + struct.pack("<3IHH", 0, 100, 200, 0, 0)
    index = struct.pack("<2sHIH", b"II", 42, 8, 1) + struct.pack("<HHII", 0xB002, 7, 32, 26) + bytes(4) + entries
    plain = made.picture_bytes(made.scene(), "JPEG", quality=92)
    data = made.with_segments(plain, made.segment(0xE2, b"MPF\0" + index)) + SECRET
    photo = files.read_bytes(data, Path("a.jpg"))
    assert np.array_equal(photo.pixels, files.read_bytes(plain).pixels)
    assert "gain map" in " ".join(photo.notes)
    files.write(photo, tmp_path / "b.jpg")
    assert SECRET[-100:] not in (tmp_path / "b.jpg").read_bytes()
    assert b"MPF\0" not in (tmp_path / "b.jpg").read_bytes()


def test_both_views_of_a_stereo_picture_are_told() -> None:
    entries = b"".join(struct.pack("<3IHH", kind, 100, 0, 0, 0) for kind in (0x020002, 0x020002))
    index = struct.pack("<2sHIH", b"II", 42, 8, 1) + struct.pack("<HHII", 0xB002, 7, 32, 26) + bytes(4) + entries
    data = made.with_segments(made.picture_bytes(made.scene(), "JPEG"), made.segment(0xE2, b"MPF\0" + index))
    photo = files.read_bytes(data, Path("a.jpg"))
    assert photo.source is not None
    assert photo.source.frames == 2


# --- PNG ------------------------------------------------------------------------------------------------------------
def test_png_text_survives_in_every_script(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    words = {"Title": "A pier", "Author": "Zoë", "parameters": "seed 7\nsteps 20"}
    for key, text in words.items():
        info.add_text(key, text, zip=key == "parameters")
    info.add_itxt("Description", "桥 and море", zip=True)
    Image.fromarray(made.scene()).save(tmp_path / "a.png", pnginfo=info)
    files.write(files.read(tmp_path / "a.png"), tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as image:
        assert isinstance(image, PngImagePlugin.PngImageFile)
        assert image.text == words | {"Description": "桥 and море"}


def test_png_colour_chunks_survive(tmp_path: Path) -> None:
    chunks = [(b"gAMA", struct.pack(">I", 100000)), (b"cHRM", struct.pack(">8I", *range(1, 9)))]
    data = made.png(made.scene(), 2, 8, *[made.chunk(kind, body) for kind, body in chunks])
    files.write(files.read_bytes(data), tmp_path / "a.png")
    kept = made.png_chunks((tmp_path / "a.png").read_bytes())
    assert [part for part in kept if part[0] in (b"gAMA", b"cHRM")] == chunks


@pytest.mark.parametrize("what", ["exif", "iptc", "xmp"])
def test_hexadecimal_profiles_of_png_become_metadata(what: str, tmp_path: Path) -> None:
    blobs = {
        "exif": b"Exif\0\0" + made.exif(thumbnail=SECRET),
        "iptc": made.resource(1028, made.iptc()) + made.resource(1036, SECRET),
        "xmp": made.xmp(),
    }
    digits = blobs[what].hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = f"\n{what}\n{len(blobs[what]):8d}\n{lines}\n".encode()
    packed = made.chunk(b"zTXt", f"Raw profile type {what}".encode() + b"\0\0" + zlib.compress(text))
    photo = files.read_bytes(made.png(made.scene(), 2, 8, packed))
    metadata = photo.metadata
    assert metadata.text == ()
    if what == "exif":
        assert metadata.exif is not None
        assert made.exif_fields(metadata.exif) == made.exif_fields(made.exif())
    else:
        assert getattr(metadata, what) == (made.iptc() if what == "iptc" else made.xmp())
    files.write(photo, tmp_path / "a.png")
    assert SECRET.hex()[-100:].encode() not in (tmp_path / "a.png").read_bytes()


# --- TIFF -----------------------------------------------------------------------------------------------------------
def test_tags_of_a_tiff_survive_to_tiff_and_jpeg(tmp_path: Path) -> None:
    extra: list[tuple[Any, ...]] = [
        (305, 2, 0, "Scanner 3", True),
        (33550, 12, 3, (0.5, 0.5, 0.0), True),  # a map's pixel scale
        (700, 1, len(made.xmp()), made.xmp(), True),
        (33723, 7, len(made.iptc()), made.iptc(), True),
        (37724, 7, len(SECRET), SECRET, True),  # Photoshop's layers
    ]
    tifffile.imwrite(
        tmp_path / "a.tif",
        made.scene(),
        photometric="rgb",
        description="A pier",
        software="Scanner 3",
        resolution=(600, 600),
        resolutionunit="INCH",
        metadata=None,
        extratags=extra,
        iccprofile=made.profile(),
    )
    photo = files.read(tmp_path / "a.tif")
    for suffix in (".tif", ".jpg"):
        path = tmp_path / f"b{suffix}"
        files.write(photo, path)
        fields = made.exif_fields(exif_in(path))
        assert fields["main", 270] == "A pier"
        assert fields["main", 305] == "Scanner 3"
        assert fields["main", 33550] == (0.5, 0.5, 0.0)
        assert SECRET not in path.read_bytes()
        kept = files.read(path)
        assert kept.metadata.xmp == made.xmp()
        assert kept.metadata.iptc == made.iptc()
        assert kept.metadata.dpi == pytest.approx((600, 600))
        assert kept.profile == made.profile()


# --- damage ---------------------------------------------------------------------------------------------------------
BROKEN_EXIF = {
    "no header": b"nonsense",
    "empty": b"",
    "a directory outside": b"II*\0\xff\xff\0\0" + bytes(40),
    "too many entries": b"II*\0\x08\0\0\0\xff\xff" + bytes(100),
    "a thumbnail over the directory": made.exif(thumbnail=SECRET).replace(
        struct.pack("<I", len(SECRET)), struct.pack("<I", 8)
    ),
}


@pytest.mark.parametrize("blob", BROKEN_EXIF.values(), ids=BROKEN_EXIF)
def test_a_picture_with_broken_exif_opens(blob: bytes, tmp_path: Path) -> None:
    if blob.startswith(b"II*\0\x08") and len(blob) > 200:  # point the thumbnail at the first directory
        at = blob.index(struct.pack("<HHI", 513, 4, 1)) + 8
        blob = blob[:at] + struct.pack("<I", 8) + blob[at + 4 :]
    data = made.with_segments(made.picture_bytes(made.scene(), "JPEG"), made.segment(0xE1, b"Exif\0\0" + blob))
    photo = files.read_bytes(data)
    assert photo.metadata.exif is None
    assert "EXIF" in " ".join(photo.notes)
    files.write(photo, tmp_path / "a.jpg")


@pytest.mark.parametrize("packet", [b"<x:xmpmeta", b"not xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_a_picture_with_broken_xmp_opens(packet: bytes) -> None:
    data = made.with_segments(
        made.picture_bytes(made.scene(), "JPEG"),
        made.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet),
    )
    photo = files.read_bytes(data)
    assert photo.metadata.xmp is None
    assert "XMP" in " ".join(photo.notes)


def test_orientation_in_xmp_becomes_upright_too() -> None:
    for packet in (made.xmp(b"<tiff:Orientation>6</tiff:Orientation>"), made.xmp(attributes=b" tiff:Orientation='6'")):
        cleaned, orientation = xmp.clean(packet)
        assert orientation == 6
        assert cleaned == packet.replace(b"6</tiff", b"1</tiff").replace(b"'6'", b"'1'")


def test_utf16_xmp_is_understood() -> None:
    packet = made.xmp(b"<tiff:Orientation>3</tiff:Orientation>").decode().encode("utf-16-le")
    assert xmp.clean(packet)[1] == 3


def test_a_profile_of_another_colour_space_is_left_out_and_told() -> None:
    strange = bytearray(made.profile())
    strange[16:20] = b"CMYK"
    out = BytesIO()
    Image.fromarray(made.scene()).save(out, "PNG", icc_profile=bytes(strange))
    photo = files.read_bytes(out.getvalue())
    assert photo.profile is None
    assert "profile" in " ".join(photo.notes)


@pytest.mark.parametrize("order", ["<", ">"])
def test_another_resolution_is_stated_wherever_one_was(order: str) -> None:
    def rational(value: int) -> bytes:
        return struct.pack(order + "II", value, 1)

    mark = b"II" if order == "<" else b"MM"
    rows = ((282, 5, 1, 50), (283, 5, 1, 58), (296, 3, 1, 3 if order == "<" else 3 << 16))
    table = b"".join(struct.pack(order + "HHII", *row) for row in rows)
    tiff = mark + struct.pack(order + "HIH", 42, 8, 3) + table + bytes(4) + rational(72) + rational(72)
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:XResolution="72/1" tiff:Make="Any"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    assert exif.resolution(tiff) == pytest.approx((72 * 2.54, 72 * 2.54))
    found = printed(Metadata(exif=tiff, xmp=packet), 299.5)
    assert found.dpi == (299.5, 299.5)
    assert found.exif is not None
    assert exif.resolution(found.exif) == (299.5, 299.5)
    assert found.xmp == packet.replace(b"72/1", b"299500/1000")
    assert printed(Metadata(), 300) == Metadata(dpi=(300, 300))
