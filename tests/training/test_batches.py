"""What a training is fed with: crops of photos, holes, soft fills and edges, in batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from lacuna.errors import UnreadableFile
from lacuna.imaging.edges import canny as canny_of_one
from lacuna.kernels import poisson
from lacuna.networks.conventions import Start
from lacuna.training import edges, film, holes, photos
from lacuna.training.chance import Chance, Dice
from lacuna.training.feeding import Feeder, batch_of

CPU = torch.device("cpu")


def chance(step: int = 0) -> Chance:
    return Dice(7, CPU).at(step)


@pytest.fixture(scope="module")
def crops(pack: Path) -> Tensor:
    return photos.read([pack]).crops(chance(), 12, 128)


@pytest.fixture(scope="module")
def drawn() -> Tensor:
    return holes.holes(128, CPU).drawn(chance(3), 12)


def test_a_pack_and_its_folder_hold_the_same_photos(pack: Path) -> None:
    of_file, of_folder = photos.read([pack]), photos.read([pack.parent])
    assert len(of_file) == 3
    assert of_file.heights.tolist() == [140, 170, 60]
    assert torch.equal(of_file.pixels, of_folder.pixels)


def test_a_folder_without_photos_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no photos"):
        photos.read([tmp_path])


def test_a_pack_that_is_cut_off_is_told(tmp_path: Path, pack: Path) -> None:
    broken = tmp_path / "broken.tar"
    broken.write_bytes(pack.read_bytes()[:700])
    with pytest.raises(UnreadableFile, match=r"broken\.tar"):
        photos.read([broken])


def test_half_of_the_crops_are_pixel_for_pixel_of_a_photo(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "recoloured", lambda pictures, _chance: pictures)
    read = photos.read([pack])
    bytes_of = (read.crops(chance(), 24, 64) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    windows = set()
    for first, height, width in zip(read.first.tolist(), read.heights.tolist(), read.widths.tolist(), strict=True):
        photo = read.pixels[first : first + height * width].numpy().reshape(height, width, 3)
        for y in range(height - 63):
            for x in range(width - 63):
                window = photo[y : y + 64, x : x + 64]
                windows |= {window.tobytes(), window[:, ::-1].tobytes()}
    exact = [crop.tobytes() in windows for crop in bytes_of]
    assert 5 <= sum(exact) <= 19


def test_crops_are_pictures_whatever_the_photo_s_size(pack: Path) -> None:
    crops = photos.read([pack]).crops(chance(), 16, 256)
    assert crops.shape == (16, 3, 256, 256)
    assert 0 <= float(crops.min()) < float(crops.max()) <= 1


def test_a_step_has_the_same_crops_and_holes_whenever_it_is_taken(pack: Path) -> None:
    feeder = Feeder(photos.read([pack]), holes.holes(64, CPU), 4, 64, Start.MEMBRANE, edged=True)
    dice = Dice(1, CPU)
    once = feeder.batch(dice.at(5))
    feeder.batch(dice.at(6))
    again = feeder.batch(dice.at(5))
    other = feeder.batch(dice.at(4))
    assert all(torch.equal(getattr(once, name), getattr(again, name)) for name in ("image", "hole", "given", "edges"))
    assert not torch.equal(once.image, other.image)


def test_every_picture_has_a_hole_and_known_pixels() -> None:
    maker = holes.holes(64, CPU)
    shares = torch.cat([maker.drawn(chance(step), 32).mean((1, 2, 3)) for step in range(8)])
    assert float(shares.min()) > 0
    assert float(shares.max()) < 0.85
    assert 0.08 < float(shares.mean()) < 0.25


@pytest.mark.parametrize("kind", range(len(holes.KINDS)))
def test_each_kind_of_hole_has_its_own_size(kind: int) -> None:
    maker = holes.KINDS[kind][1]
    marked = maker(holes.holes(128, CPU), chance(), 24).float().mean((1, 2))
    low, high = {
        "strokes": (0.08, 0.35), "blobs": (0.05, 0.25), "boxes": (0.03, 0.2), "scratches": (0.01, 0.08),
        "text": (0.01, 0.15),
    }[maker.__name__]  # fmt: skip
    assert low < float(marked.mean()) < high


def test_the_soft_fill_of_a_batch_is_that_of_the_kernel(crops: Tensor, drawn: Tensor) -> None:
    filled = film.filled(crops, drawn)
    for picture, hole, soft in zip(crops, drawn, filled, strict=True):
        alone = np.ascontiguousarray(picture.permute(1, 2, 0).numpy())
        poisson.solve(alone, hole[0].numpy() > 0, tolerance=1e-5)
        assert np.abs(soft.permute(1, 2, 0).numpy() - alone).max() < 1e-3


def test_the_soft_fill_leaves_known_pixels_as_they_are_and_sees_nothing_of_the_hole(
    crops: Tensor, drawn: Tensor
) -> None:
    filled = film.filled(crops, drawn)
    assert torch.equal(torch.where(drawn > 0, 0.0, filled), torch.where(drawn > 0, 0.0, crops))
    assert torch.equal(film.filled(torch.where(drawn > 0, 9.0, crops), drawn), filled)


@pytest.mark.parametrize("size", [48, 208])
def test_the_soft_fill_takes_sides_whose_halves_end_early(size: int, pack: Path) -> None:
    pictures = photos.read([pack]).crops(chance(), 4, size)
    marked = holes.holes(size, CPU).drawn(chance(), 4)
    for picture, hole, soft in zip(pictures, marked, film.filled(pictures, marked), strict=True):
        alone = np.ascontiguousarray(picture.permute(1, 2, 0).numpy())
        poisson.solve(alone, hole[0].numpy() > 0, tolerance=1e-5)
        assert np.abs(soft.permute(1, 2, 0).numpy() - alone).max() < 1e-3


def test_the_soft_fill_refuses_sides_that_it_would_solve_roughly() -> None:
    with pytest.raises(ValueError, match="16"):
        film.filled(torch.zeros(1, 3, 40, 64), torch.ones(1, 1, 40, 64))


def test_the_edges_of_a_batch_are_those_of_one_picture(crops: Tensor) -> None:
    grey = edges.grey_values(crops)
    found = edges.canny(grey)[:, 0].numpy() > 0
    expected = np.stack([canny_of_one(picture[0].numpy()) for picture in grey])
    assert expected.any()
    assert (found != expected).sum() <= expected.sum() / 500


def test_a_network_with_the_published_start_is_given_the_picture_itself(crops: Tensor, drawn: Tensor) -> None:
    guided = torch.ones(len(crops), 1, 1, 1)
    batch = batch_of(crops, drawn, guided, chance(), Start.PUBLISHED, edged=False)
    assert torch.equal(batch.given, crops)


@pytest.mark.parametrize("start", list(Start))
def test_from_the_membrane_a_picture_counts_the_less_the_farther_that_is_from_it(start: Start) -> None:
    sky = torch.linspace(0.4, 0.6, 64).expand(3, 64, 64)
    image = torch.stack([sky, torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(1))])
    hole = torch.zeros(2, 1, 64, 64)
    hole[..., 20:40, 20:40] = 1
    worth = batch_of(image, hole, torch.ones(2, 1, 1, 1), chance(), start, edged=False).worth()[:, 0, 0, 0]
    assert worth.mean() == pytest.approx(1)
    assert worth[0] > 10 * worth[1] if start is Start.MEMBRANE else worth[0] == worth[1]
