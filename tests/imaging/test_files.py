"""Every format and depth: opened as it is, saved as it was."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from tests.imaging import made

from lacuna.errors import CannotSave, UnsupportedFormat
from lacuna.imaging import files
from lacuna.imaging.photo import Photo


def opened(data: bytes, folder: Path, name: str) -> Photo:
    path = folder / name
    path.write_bytes(data)
    return files.read(path)


def again(photo: Photo, folder: Path, suffix: str, **options: Any) -> Photo:
    """Saved and read back."""
    path = folder / f"again{suffix}"
    files.write(photo, path, **options)
    return files.read(path)


def same(one: Photo, other: Photo) -> bool:
    if (one.alpha is None) != (other.alpha is None) or one.grey != other.grey:
        return False
    if one.alpha is not None and not (
        one.alpha.dtype == other.alpha.dtype and np.array_equal(one.alpha, other.alpha)  # type: ignore[union-attr]
    ):
        return False
    return one.pixels.dtype == other.pixels.dtype and np.array_equal(one.pixels, other.pixels)


def keeps_the_promise(photo: Photo) -> bool:
    """What `Photo` says of itself."""
    pixels, alpha = photo.pixels, photo.alpha
    return (
        pixels.ndim == 3
        and pixels.shape[2] == 3
        and pixels.flags.c_contiguous
        and pixels.dtype in (np.uint8, np.uint16, np.float32)
        and (alpha is None or (alpha.shape == pixels.shape[:2] and alpha.dtype == pixels.dtype))
        and (not photo.grey or bool((pixels == pixels[..., :1]).all()))
    )


CHANNELS = {"grey": 1, "grey with alpha": 2, "rgb": 3, "rgb with alpha": 4}
PNG_KINDS = {1: 0, 2: 4, 3: 2, 4: 6}


def check_channels(photo: Photo, samples: np.ndarray) -> None:
    count = samples.shape[2]
    assert keeps_the_promise(photo)
    assert photo.grey == (count < 3)
    assert np.array_equal(photo.pixels, np.repeat(samples[..., :1], 3, axis=2) if count < 3 else samples[..., :3])
    if count in (2, 4):
        assert photo.alpha is not None
        assert np.array_equal(photo.alpha, samples[..., -1])
    else:
        assert photo.alpha is None


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("channels", CHANNELS.values(), ids=CHANNELS)
def test_a_png_of_any_kind_comes_back_bit_for_bit(tmp_path: Path, channels: int, depth: int) -> None:
    samples = made.scene(channels=channels, dtype=np.uint8 if depth == 8 else np.uint16)
    photo = opened(made.png(samples, PNG_KINDS[channels], depth), tmp_path, "a.png")
    check_channels(photo, samples)
    assert same(photo, again(photo, tmp_path, ".png"))
    header = made.png_chunks((tmp_path / "again.png").read_bytes())[0][1]
    assert (header[8], header[9]) == (depth, PNG_KINDS[channels])


@pytest.mark.parametrize("channels", CHANNELS.values(), ids=CHANNELS)
def test_what_is_saved_as_png_other_programs_read_the_same(tmp_path: Path, channels: int) -> None:
    samples = made.scene(317, 211, channels, np.uint8)
    path = tmp_path / "a.png"
    alpha = samples[..., -1] if channels in (2, 4) else None
    colour = np.repeat(samples[..., :1], 3, axis=2) if channels < 3 else samples[..., :3]
    files.write(Photo(colour, alpha, grey=channels < 3), path)
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), samples[..., 0] if channels == 1 else samples)


def test_a_large_png_is_one_stream_of_many_bands(tmp_path: Path) -> None:
    pixels = made.scene(900, 1100)
    files.write(Photo(pixels), tmp_path / "a.png")
    decoded = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_COLOR_RGB)
    assert np.array_equal(decoded, pixels)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_grey_of_few_bits_is_stretched_to_eight(tmp_path: Path, depth: int) -> None:
    levels = np.arange(1 << depth, dtype=np.uint8)
    row = np.packbits(np.unpackbits(levels[:, None], axis=1)[:, 8 - depth :].ravel())
    photo = opened(made.png(row[None], 0, depth, width=len(levels)), tmp_path, "a.png")
    assert photo.grey
    assert np.array_equal(photo.pixels[0, :, 0], levels * (255 // (len(levels) - 1)))


@pytest.mark.parametrize(("kind", "depth"), [(0, 8), (0, 16), (2, 8), (2, 16)])
def test_one_transparent_colour_becomes_alpha(tmp_path: Path, kind: int, depth: int) -> None:
    samples = made.scene(channels=3 if kind else 1, dtype=np.uint8 if depth == 8 else np.uint16)
    key = samples[7, 9]
    clear = made.chunk(b"tRNS", b"".join(struct.pack(">H", int(value)) for value in key))
    photo = opened(made.png(samples, kind, depth, clear), tmp_path, "a.png")
    expected = np.where((samples == key).all(axis=2), 0, np.iinfo(samples.dtype).max)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, expected)
    assert same(photo, again(photo, tmp_path, ".png"))


def test_a_palette_with_transparency_opens_as_colours_with_alpha(tmp_path: Path) -> None:
    indices = np.arange(48, dtype=np.uint8).reshape(6, 8) % 5
    colours = np.array([[10, 20, 30], [200, 0, 0], [0, 200, 0], [0, 0, 200], [9, 9, 9]], np.uint8)
    opacity = bytes([0, 128])
    data = made.png(indices, 3, 8, made.chunk(b"PLTE", colours.tobytes()), made.chunk(b"tRNS", opacity))
    photo = opened(data, tmp_path, "a.png")
    assert np.array_equal(photo.pixels, colours[indices])
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, np.array([0, 128, 255, 255, 255], np.uint8)[indices])
    assert photo.source is not None
    assert photo.source.palette
    assert same(photo, again(photo, tmp_path, ".png"))


def test_an_interlaced_png_opens_like_a_plain_one(tmp_path: Path) -> None:
    pixels = made.scene()
    # seven passes (PNG specification, 8.2), each a picture of its own
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    raw = b"".join(b"\0" + row.tobytes() for y, x, dy, dx in passes for row in pixels[y::dy, x::dx])
    import zlib

    header = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 1)
    body = made.chunk(b"IHDR", header) + made.chunk(b"IDAT", zlib.compress(raw)) + made.chunk(b"IEND", b"")
    photo = opened(b"\x89PNG\r\n\x1a\n" + body, tmp_path, "a.png")
    assert np.array_equal(photo.pixels, pixels)


# --- TIFF -----------------------------------------------------------------------------------------------------------
def tiff(samples: np.ndarray, **options: Any) -> bytes:
    out = BytesIO()
    count = samples.shape[2]
    options.setdefault("photometric", "rgb" if count > 2 else "minisblack")
    if count in (2, 4):
        options.setdefault("extrasamples", ["unassalpha"])
    data = samples[..., 0] if count == 1 else samples
    if options.get("planarconfig") == "separate" and count > 1:
        data = np.moveaxis(samples, -1, 0)
    elif count > 1:
        options["planarconfig"] = "contig"
    tifffile.imwrite(out, data, metadata=None, **options)
    return out.getvalue()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", CHANNELS.values(), ids=CHANNELS)
def test_a_tiff_of_any_depth_comes_back_bit_for_bit(tmp_path: Path, channels: int, dtype: Any) -> None:
    samples = made.scene(channels=channels, dtype=dtype)
    photo = opened(tiff(samples), tmp_path, "a.tif")
    check_channels(photo, samples)
    assert same(photo, again(photo, tmp_path, ".tif"))
    with tifffile.TiffFile(tmp_path / "again.tif") as file:  # another reader sees the same
        assert np.array_equal(file.pages.first.asarray(), samples[..., 0] if channels == 1 else samples)


STORED = {
    "big-endian": {"byteorder": ">"},
    "planes": {"planarconfig": "separate"},
    "planes in tiles": {"planarconfig": "separate", "tile": (32, 32)},
    "tiles": {"tile": (32, 32)},
    "strips": {"rowsperstrip": 7},
    "deflate": {"compression": "zlib", "predictor": True},
    "deflate, big-endian": {"compression": "zlib", "predictor": True, "byteorder": ">"},
    "lzma": {"compression": "lzma"},
    "big tiff": {"bigtiff": True},
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("options", STORED.values(), ids=STORED)
def test_however_a_tiff_is_stored_it_opens_the_same(tmp_path: Path, options: dict[str, Any], dtype: Any) -> None:
    samples = made.scene(50, 70, 4, dtype)
    photo = opened(tiff(samples, **options), tmp_path, "a.tif")
    check_channels(photo, samples)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "zstd", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16"])
def test_what_libtiff_packs_is_unpacked(tmp_path: Path, compression: str, mode: str) -> None:
    samples = made.scene(70, 90, {"RGB": 3, "RGBA": 4}.get(mode, 1), np.uint16 if mode == "I;16" else np.uint8)
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    image.save(tmp_path / "a.tif", compression=compression)
    photo = files.read(tmp_path / "a.tif")
    check_channels(photo, samples)
    assert photo.source is not None
    assert photo.source.compression in ("lzw", "packbits", "zstd", "deflate")


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_lzw_works_at_every_depth(tmp_path: Path, dtype: Any) -> None:
    samples = made.scene(70, 90, 3, dtype)
    ok, packed = cv2.imencode(".tif", samples[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    assert ok
    photo = opened(packed.tobytes(), tmp_path, "a.tif")
    check_channels(photo, samples)


def test_differences_of_floats_are_summed_up() -> None:
    # Adobe Photoshop TIFF Technical Note 3, done forward: bytes by rank, then differences along the row
    from lacuna.imaging.tiff import _unpredict

    samples = made.scene(5, 9, 3, np.float32)
    ranked = samples.astype(">f4").view(np.uint8).reshape(5, 27, 4).transpose(0, 2, 1).reshape(5, 108)
    stepped = ranked.copy()
    stepped[:, 3:] -= ranked[:, :-3]
    assert np.array_equal(_unpredict(stepped.tobytes(), 3, 5, 9, 3, np.dtype("<f4")), samples)


def test_white_is_zero_is_turned(tmp_path: Path) -> None:
    samples = made.scene(channels=1, dtype=np.uint16)
    photo = opened(tiff(samples, photometric="miniswhite"), tmp_path, "a.tif")
    assert np.array_equal(photo.pixels[..., 0], 65535 - samples[..., 0])
    assert same(photo, again(photo, tmp_path, ".tif"))


def test_a_fax_opens_as_grey(tmp_path: Path) -> None:
    marks = made.scene(channels=1)[..., 0] > 100
    Image.fromarray(marks).save(tmp_path / "a.tif", compression="group4")
    photo = files.read(tmp_path / "a.tif")
    assert photo.grey
    assert np.array_equal(photo.pixels[..., 1], np.where(marks, 255, 0))


def test_a_palette_tiff_opens_as_colours(tmp_path: Path) -> None:
    image = Image.fromarray(made.scene()).quantize(16)
    image.save(tmp_path / "a.tif")
    photo = files.read(tmp_path / "a.tif")
    assert np.array_equal(photo.pixels, np.asarray(image.convert("RGB")))


def test_a_jpeg_inside_a_tiff_opens(tmp_path: Path) -> None:
    pixels = made.scene()
    Image.fromarray(pixels).save(tmp_path / "a.tif", compression="jpeg", quality=95)
    photo = files.read(tmp_path / "a.tif")
    assert np.abs(photo.pixels.astype(int) - pixels).mean() < 4
    assert photo.source is not None
    assert not photo.source.lossless


def test_colours_multiplied_by_alpha_become_straight(tmp_path: Path) -> None:
    straight = made.scene(dtype=np.uint16)
    alpha = np.full(straight.shape[:2], 40000, np.uint16)
    alpha[:5] = 0
    multiplied = np.rint(straight * (alpha[..., None] / 65535)).astype(np.uint16)
    photo = opened(tiff(np.dstack([multiplied, alpha]), extrasamples=["assocalpha"]), tmp_path, "a.tif")
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, alpha)
    assert np.abs(photo.pixels[5:].astype(int) - straight[5:]).max() <= 1


def test_floats_keep_their_own_range(tmp_path: Path) -> None:
    samples = made.scene(dtype=np.float32) * 40 - 3
    photo = opened(tiff(samples), tmp_path, "a.tif")
    assert photo.white > 10
    assert np.array_equal(again(photo, tmp_path, ".tif").pixels, samples)


def test_doubles_are_opened_as_floats_and_told(tmp_path: Path) -> None:
    samples = made.scene().astype(np.float64) / 255
    photo = opened(tiff(samples), tmp_path, "a.tif")
    assert photo.pixels.dtype == np.float32
    assert "64" in " ".join(photo.notes)


def test_twelve_bits_are_opened_as_sixteen_and_told(tmp_path: Path) -> None:
    samples = (made.scene(channels=1, dtype=np.uint16) >> 4)[..., 0]
    high, low = samples[:, 0::2], samples[:, 1::2]
    packed = np.dstack([high >> 4, (high & 15) << 4 | low >> 8, low & 255]).astype(np.uint8)
    out = BytesIO()
    tags = [(256, 64), (257, 48), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 48), (279, packed.size)]
    out.write(struct.pack("<2sHI", b"II", 42, 8 + packed.size) + packed.tobytes() + struct.pack("<H", len(tags)))
    for tag, value in tags:
        out.write(struct.pack("<HHII", tag, 4, 1, value))
    out.write(bytes(4))
    photo = opened(out.getvalue(), tmp_path, "a.tif")
    assert np.array_equal(photo.pixels[..., 0], np.rint(samples * (65535 / 4095)))
    assert "12" in " ".join(photo.notes)


def test_of_several_pages_the_first_is_opened_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        for n in range(3):
            file.write(made.scene() // (n + 1), photometric="rgb")
    photo = files.read(path)
    assert np.array_equal(photo.pixels, made.scene())
    assert photo.source is not None
    assert photo.source.frames == 3
    assert "3" in " ".join(photo.notes)
    with pytest.raises(CannotSave, match="3 pictures"):
        files.write(photo, path)
    assert files.proposed_path(photo) != path


def test_a_reduced_copy_behind_the_page_is_no_further_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(made.scene(), photometric="rgb")
        file.write(made.scene()[::2, ::2], photometric="rgb", subfiletype=1)
    photo = files.read(path)
    assert photo.source is not None
    assert photo.source.frames == 1
    files.write(photo, path)  # and may be replaced


def test_beyond_four_gigabytes_a_tiff_becomes_a_big_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lacuna.imaging import tiff_writer

    monkeypatch.setattr(tiff_writer, "LARGEST", 1000)
    samples = made.scene(channels=4, dtype=np.uint16)
    blob = made.exif()
    photo = files.read_bytes(made.png(samples, 6, 16, made.chunk(b"eXIf", blob)))
    report = files.write(photo, tmp_path / "a.tif")
    assert (tmp_path / "a.tif").read_bytes()[2] == 43
    assert same(photo, files.read(tmp_path / "a.tif"))
    assert "EXIF" in " ".join(report.notes)


# --- JPEG -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_jpeg_keeps_its_tables_and_its_kind(tmp_path: Path, subsampling: str, progressive: bool) -> None:
    data = made.picture_bytes(made.scene(), "JPEG", quality=83, subsampling=subsampling, progressive=progressive)
    photo = opened(data, tmp_path, "a.jpg")
    with Image.open(BytesIO(data)) as image:
        assert np.array_equal(photo.pixels, np.asarray(image))
        wanted = image.quantization
    copy = again(photo, tmp_path, ".jpg")
    with Image.open(tmp_path / "again.jpg") as image:
        assert image.quantization == wanted
        assert bool(image.info.get("progressive")) == progressive
    assert photo.source is not None
    assert copy.source is not None
    assert copy.source.subsampling == photo.source.subsampling == subsampling
    assert copy.source.quantisation == photo.source.quantisation


def test_a_grey_jpeg_stays_grey(tmp_path: Path) -> None:
    data = made.picture_bytes(made.scene(channels=1)[..., 0], "JPEG", quality=90)
    photo = opened(data, tmp_path, "a.jpg")
    assert photo.grey
    assert keeps_the_promise(photo)
    copy = again(photo, tmp_path, ".jpg")
    assert copy.grey
    assert np.abs(copy.pixels.astype(int) - photo.pixels).max() <= 2


def test_another_quality_takes_other_tables(tmp_path: Path) -> None:
    photo = opened(made.picture_bytes(made.scene(), "JPEG", quality=83), tmp_path, "a.jpg")
    small = files.write(photo, tmp_path / "b.jpg", quality=30)
    large = files.write(photo, tmp_path / "c.jpg", quality=98)
    assert small.bytes < large.bytes
    assert small.bytes == (tmp_path / "b.jpg").stat().st_size


def test_what_was_no_jpeg_is_saved_at_high_quality_without_subsampling(tmp_path: Path) -> None:
    photo = files.read_bytes(made.picture_bytes(made.scene(), "PNG"))
    copy = again(photo, tmp_path, ".jpg")
    assert copy.source is not None
    assert copy.source.subsampling == "4:4:4"
    assert files.generation_loss(photo, tmp_path / "again.jpg")[1] < 1.5


@pytest.mark.parametrize("progressive", [False, True])
def test_noise_at_the_finest_tables_is_saved_too(tmp_path: Path, progressive: bool) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    data = made.picture_bytes(noise, "JPEG", quality=50, subsampling=0, progressive=progressive)
    photo = files.read_bytes(data)
    files.write(photo.with_pixels(noise, None), tmp_path / "a.jpg", quality=100)
    assert files.generation_loss(photo.with_pixels(noise, None), tmp_path / "a.jpg")[1] < 1.5


SAMPLES = sorted((Path(__file__).parents[2] / "resources" / "samples").glob("*.jpg"))


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_second_generation_loses_next_to_nothing(tmp_path: Path, subsampling: str) -> None:
    with Image.open(SAMPLES[0]) as image:
        crop = np.asarray(image.convert("RGB"))[200:712, 100:868]
    first = made.picture_bytes(crop, "JPEG", quality=90, subsampling=subsampling)
    photo = opened(first, tmp_path, "a.jpg")
    files.write(photo, tmp_path / "b.jpg")
    _worst, mean = files.generation_loss(photo, tmp_path / "b.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        image.load()
        Image.fromarray(np.asarray(image)).save(tmp_path / "plain.jpg", quality=90, subsampling=subsampling)
    assert mean < 0.25
    # the usual way, the same tables and all, loses as much at 4:4:4 and several times as much otherwise
    usual = files.generation_loss(photo, tmp_path / "plain.jpg")[1]
    assert mean <= usual * (1.02 if subsampling == "4:4:4" else 0.6)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_so_does_one_of_a_picture_that_lay_on_its_side(tmp_path: Path, subsampling: str, orientation: int) -> None:
    with Image.open(SAMPLES[0]) as image:
        crop = np.asarray(image.convert("RGB"))[:384, :512]
    first = made.with_segments(
        made.picture_bytes(crop, "JPEG", quality=85, subsampling=subsampling),
        made.segment(0xE1, b"Exif\0\0" + made.exif(orientation=orientation)),
    )
    photo = opened(first, tmp_path, "a.jpg")
    files.write(photo, tmp_path / "b.jpg")
    # Tables that are not turned cost about 2. Chroma that was halved down, not across, cannot be written as it was.
    assert files.generation_loss(photo, tmp_path / "b.jpg")[1] < (0.6 if subsampling == "4:2:2" else 0.2)


def test_the_loss_outside_a_mask_counts_only_there(tmp_path: Path) -> None:
    pixels = made.scene()
    files.write(Photo(pixels), tmp_path / "a.png")
    changed = pixels.copy()
    changed[10:20, 10:20] ^= 255
    mask = np.zeros(pixels.shape[:2], np.uint8)
    mask[10:20, 10:20] = 255
    assert files.generation_loss(Photo(changed), tmp_path / "a.png")[0] > 0
    assert files.generation_loss(Photo(changed), tmp_path / "a.png", outside=mask) == (0.0, 0.0)


def test_cmyk_is_converted_once_and_told(tmp_path: Path) -> None:
    inks = Image.fromarray(made.scene(channels=4), "CMYK")
    inks.save(tmp_path / "a.jpg", quality=95)
    inks.save(tmp_path / "a.tif")
    for name in ("a.jpg", "a.tif"):
        photo = files.read(tmp_path / name)
        assert "CMYK" in " ".join(photo.notes)
        assert photo.profile is None
        assert keeps_the_promise(photo)
        copy = again(photo, tmp_path, Path(name).suffix)
        assert not copy.notes
        with Image.open(tmp_path / f"again{Path(name).suffix}") as image:
            assert image.mode == "RGB"
    expected = np.asarray(inks.convert("RGB"))
    assert np.array_equal(files.read(tmp_path / "a.tif").pixels, expected)


def test_inks_of_sixteen_bits_become_eight_and_that_is_told(tmp_path: Path) -> None:
    inks = made.scene(channels=4)
    data = tiff(inks.astype(np.uint16) * 257, photometric="separated")
    photo = opened(data, tmp_path, "a.tif")
    assert photo.pixels.dtype == np.uint8
    assert np.array_equal(photo.pixels, np.asarray(Image.fromarray(inks, "CMYK").convert("RGB")))
    assert "16 bits" in " ".join(photo.notes)


def test_cmyk_goes_through_its_own_profile(tmp_path: Path) -> None:
    inks = Image.fromarray(made.scene(channels=4), "CMYK")
    inks.save(tmp_path / "a.jpg", quality=95, icc_profile=made.ink_profile())
    inks.save(tmp_path / "a.tif", icc_profile=made.ink_profile())
    for name in ("a.jpg", "a.tif"):
        photo = files.read(tmp_path / name)
        assert "profile" in " ".join(photo.notes)
        spread = photo.pixels.max(axis=2).astype(int) - photo.pixels.min(axis=2)
        assert spread.max() <= 3  # that press prints greys; without its profile the picture is colourful
        assert photo.pixels.std() > 10
        assert photo.profile is None
        copy = again(photo, tmp_path, Path(name).suffix)
        assert copy.profile is None


# --- the others -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("channels", [3, 4])
def test_a_lossless_webp_comes_back_bit_for_bit(tmp_path: Path, channels: int) -> None:
    samples = made.scene(channels=channels)
    if channels == 4:
        samples[:9, :, 3] = 0  # the colours below full transparency count too
    photo = opened(made.picture_bytes(samples, "WEBP", lossless=True, exact=True), tmp_path, "a.webp")
    check_channels(photo, samples)
    copy = again(photo, tmp_path, ".webp")
    assert same(photo, copy)
    assert copy.source is not None
    assert copy.source.lossless


@pytest.mark.parametrize("channels", [3, 4])
def test_a_lossy_webp_stays_lossy_and_close(tmp_path: Path, channels: int) -> None:
    data = made.picture_bytes(made.scene(channels=channels), "WEBP", quality=80)
    photo = opened(data, tmp_path, "a.webp")
    with Image.open(BytesIO(data)) as image:
        assert np.array_equal(np.dstack([photo.pixels] + ([photo.alpha] if channels == 4 else [])), np.asarray(image))
    copy = again(photo, tmp_path, ".webp")
    assert copy.source is not None
    assert not copy.source.lossless
    assert files.generation_loss(photo, tmp_path / "again.webp")[1] < 4


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_bmp_opens_and_is_saved(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(made.scene()).convert(mode)
    image.save(tmp_path / "a.bmp", dpi=(120, 120))
    photo = files.read(tmp_path / "a.bmp")
    assert np.array_equal(photo.pixels, np.asarray(image.convert("RGB")))
    assert keeps_the_promise(photo)
    assert same(photo, again(photo, tmp_path, ".bmp"))
    assert photo.metadata.dpi == pytest.approx((120, 120), abs=0.1)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_avif_opens_and_is_saved(tmp_path: Path, channels: int) -> None:
    samples = made.scene(channels=channels)
    data = made.picture_bytes(samples[..., 0] if channels == 1 else samples, "AVIF", quality=90)
    photo = opened(data, tmp_path, "a.avif")
    assert keeps_the_promise(photo)
    assert (photo.alpha is not None) == (channels == 4)
    copy = again(photo, tmp_path, ".avif")
    assert copy.pixels.shape == photo.pixels.shape
    assert files.generation_loss(photo, tmp_path / "again.avif")[1] < 4


def test_ten_bits_of_an_avif_open_as_sixteen(tmp_path: Path) -> None:
    samples = made.scene(dtype=np.uint16) >> 6
    ok, packed = cv2.imencode(".avif", samples[..., ::-1], [cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_QUALITY, 100])
    assert ok
    photo = opened(packed.tobytes(), tmp_path, "a.avif")
    assert photo.pixels.dtype == np.uint16
    assert np.abs(photo.pixels / 65535 - samples / 1023).mean() < 0.01
    assert files.proposed_path(photo).suffix == ".png"


def test_of_an_animation_the_first_frame_is_opened_and_told(tmp_path: Path) -> None:
    frames = [Image.fromarray(made.scene() // n) for n in (1, 2, 3)]
    for name, options in (("a.gif", {}), ("a.webp", {"lossless": True}), ("a.png", {})):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=100, **options)
        photo = files.read(tmp_path / name)
        assert photo.source is not None
        assert photo.source.frames == 3, name
        assert "3" in " ".join(photo.notes)
        assert keeps_the_promise(photo)
        assert not photo.grey
        if name != "a.gif":
            assert np.array_equal(photo.pixels, made.scene())
    assert files.proposed_path(files.read(tmp_path / "a.gif")).name == "a_lacuna.png"


def test_a_transparent_gif_keeps_its_hole(tmp_path: Path) -> None:
    image = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) % 4, "P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(tmp_path / "a.gif", transparency=2)
    photo = files.read(tmp_path / "a.gif")
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha == 0, np.asarray(image) == 2)
    with pytest.raises(UnsupportedFormat):
        files.write(photo, tmp_path / "b.gif")


def test_heic_opens_and_is_saved(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(Image.fromarray(made.scene())).save(tmp_path / "a.heic", quality=95, chroma=444)
    photo = files.read(tmp_path / "a.heic")
    assert np.abs(photo.pixels.astype(int) - made.scene()).mean() < 4
    again(photo, tmp_path, ".heic")
    assert files.generation_loss(photo, tmp_path / "again.heic")[1] < 4


def test_ten_bits_of_a_heic_open_as_sixteen(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    samples = made.scene(dtype=np.uint16)
    heif.from_bytes("RGB;16", (64, 48), samples.tobytes()).save(tmp_path / "a.heic", quality=100, chroma=444)
    photo = files.read(tmp_path / "a.heic")
    assert photo.pixels.dtype == np.uint16
    assert np.abs(photo.pixels.astype(int) - samples).mean() < 1000


def test_without_its_extra_heic_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lacuna.imaging import heif

    monkeypatch.setattr(heif, "installed", lambda: False)
    with pytest.raises(UnsupportedFormat, match=r"pip install .*lacuna-editor\[heif\]"):
        files.read_bytes(struct.pack(">I4s4sI4s", 20, b"ftyp", b"heic", 0, b"mif1") + bytes(100), Path("a.heic"))
    (tmp_path / "b.heic").touch()
    (tmp_path / "b.png").touch()
    assert [p.name for p in files.in_folder(tmp_path)] == ["b.png"]


# --- orientation ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_opens_upright_and_is_saved_so(tmp_path: Path, orientation: int) -> None:
    from PIL import ImageOps

    data = made.with_segments(
        made.picture_bytes(made.scene(), "JPEG", quality=95, subsampling=0),
        made.segment(0xE1, b"Exif\0\0" + made.exif(orientation=orientation)),
    )
    photo = opened(data, tmp_path, "a.jpg")
    with Image.open(BytesIO(data)) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(photo.pixels, upright)
    assert photo.pixels.flags.c_contiguous
    for suffix in (".jpg", ".png", ".tif", ".webp", ".avif"):
        copy = again(photo, tmp_path, suffix)
        assert copy.pixels.shape == photo.pixels.shape
        assert copy.metadata.exif is not None
        fields = made.exif_fields(copy.metadata.exif)
        assert fields["main", 274] == 1
        assert (fields["exif", 40962], fields["exif", 40963]) == (photo.width, photo.height)
        # 300 x 150 dots an inch lie along other axes in a picture on its side
        assert (fields["main", 282], fields["main", 283]) == ((150, 300) if orientation > 4 else (300, 150))
        if suffix in (".jpg", ".png", ".tif"):
            assert copy.metadata.dpi == pytest.approx((150, 300) if orientation > 4 else (300, 150), abs=0.02)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_turned_tiff_opens_upright(tmp_path: Path, orientation: int, dtype: Any) -> None:
    samples = made.scene(channels=4, dtype=dtype)
    photo = opened(tiff(samples, extratags=[(274, 3, 1, orientation, True)]), tmp_path, "a.tif")
    assert photo.alpha is not None
    assert np.array_equal(np.dstack([photo.pixels, photo.alpha]), files.upright(samples, orientation))


def test_the_eight_turns_are_those_of_exif() -> None:
    # rows of the letter F; each stored form below shows it upright when its orientation is applied (CIPA DC-008, 4.6.5)
    letter = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 0, 0]])
    stored = {
        1: letter,
        2: letter[:, ::-1],
        3: letter[::-1, ::-1],
        4: letter[::-1],
        5: letter.T,
        6: np.rot90(letter),
        7: letter[::-1, ::-1].T,
        8: np.rot90(letter, -1),
    }
    for orientation, form in stored.items():
        assert np.array_equal(files.upright(form, orientation), letter), orientation


# --- a first sight --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_first_sight_is_small_upright_and_knows_the_size(orientation: int) -> None:
    pixels = cv2.resize(made.scene(), (2400, 1800), interpolation=cv2.INTER_CUBIC)
    data = made.with_segments(
        made.picture_bytes(pixels, "JPEG", quality=90),
        made.segment(0xE1, b"Exif\0\0" + made.exif(orientation=orientation)),
    )
    found = files.coarse(data)
    assert found is not None
    shown, size = found
    whole = files.read_bytes(data)
    assert size == (whole.height, whole.width)
    assert max(shown.shape) <= 2048
    reduced = cv2.resize(whole.pixels, shown.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(shown.astype(int) - reduced).mean() < 3


def test_where_the_whole_is_as_fast_there_is_no_first_sight() -> None:
    assert files.coarse(made.picture_bytes(made.scene(), "PNG")) is None
    assert files.coarse(made.picture_bytes(made.scene(), "JPEG")) is None
    assert files.coarse(b"\xff\xd8\xff nonsense") is None
