"""Photos are chosen by what may be done with them, and none slips in of which nobody knows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from lacuna.cli.main import main
from lacuna.contract.model_config import CONFIG, ModelConfig
from lacuna.contract.models import TRAINED
from lacuna.contract.progress import Progress
from lacuna.errors import InvalidParameter, UnreadableFile
from lacuna.training import examples, loop, photos
from lacuna.training.plan import Plan

CLASSES = {"sample-0.webp": "open", "sample-1.webp": "stock", "sample-2.webp": "open"}  # of the pack's photos


def table(path: Path, classes: dict[str, str], folder: str = "train", rest: str = "") -> None:
    rows = "".join(f"{folder},{name},{word},CC0,me\n" for name, word in classes.items()) + rest
    path.write_text(f"folder,file,class,licence,credit\n{rows}eval,sample-1.webp,open,CC0,me\n", encoding="utf-8")


@pytest.fixture
def data(pack: Path, tmp_path: Path) -> Path:
    """A folder with the pack; the table lies above, as for several folders."""
    folder = tmp_path / "data" / "train"
    folder.mkdir(parents=True)
    shutil.copy(pack, folder)
    table(tmp_path / "data" / "licences.csv", CLASSES)
    return folder


def test_only_photos_of_the_chosen_classes_are_read(data: Path) -> None:
    assert len(photos.read([data])) == 3
    assert len(photos.read([data], ["open"])) == 2
    assert len(photos.read([next(data.glob("*.tar"))], ["stock"])) == 1
    assert len(photos.read([data], ["open", "stock"])) == 3


def test_pictures_in_a_folder_are_chosen_by_the_table_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (80, 70)).save(folder / name)
    (folder / "licences.csv").write_text("file,class\na.png,open\nb.png,own\n", encoding="utf-8")
    assert len(photos.read([folder], ["own"])) == 1


def test_a_class_that_the_table_does_not_know_is_named_with_those_it_does(data: Path) -> None:
    with pytest.raises(InvalidParameter, match="no licence class free, libre") as refused:
        photos.read([data], ["open", "libre", "free"])
    assert "open, stock" in refused.value.hint


def test_a_class_may_be_of_another_folder_alone(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "mine"
    other.mkdir()
    Image.new("RGB", (80, 70)).save(other / "a.png")
    (other / "licences.csv").write_text("file,class\na.png,own\n", encoding="utf-8")
    assert len(photos.read([data, other], ["own", "open"])) == 3
    table(data.parent / "licences.csv", CLASSES, rest="eval,elsewhere.webp,research,none,me\n")
    assert len(photos.read([data], ["open", "research"])) == 2


def test_a_photo_without_a_class_counts_as_not_listed(data: Path) -> None:
    table(data.parent / "licences.csv", {**CLASSES, "sample-1.webp": ""}, rest="train,sample-9.webp\n")
    with pytest.raises(UnreadableFile, match=r"1 of the photos: sample-1\.webp"):
        photos.read([data], ["open"])


def test_a_folder_is_known_by_its_own_name_however_it_is_reached(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data / "inner").mkdir()
    monkeypatch.chdir(data / "inner")
    assert len(photos.read([Path("..")], ["open"])) == 2


def test_without_a_table_no_class_can_be_chosen(pack: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"no licences\.csv"):
        photos.read([pack], ["open"])


def test_photos_that_the_table_does_not_list_are_named(data: Path) -> None:
    table(data.parent / "licences.csv", {"sample-0.webp": "open"})
    with pytest.raises(UnreadableFile, match=r"2 of the photos: sample-1\.webp, sample-2\.webp"):
        photos.read([data], ["open"])


def test_a_table_without_classes_is_refused(data: Path) -> None:
    (data.parent / "licences.csv").write_text("file,licence\nsample-0.webp,CC0\n", encoding="utf-8")
    with pytest.raises(UnreadableFile, match="no column 'class'"):
        photos.read([data], ["open"])


def test_classes_without_a_photo_are_told(data: Path) -> None:
    table(data.parent / "licences.csv", {**CLASSES, "elsewhere.webp": "research"})
    with pytest.raises(UnreadableFile, match="no photos of the licence classes research"):
        photos.read([data], ["research"])


def test_what_was_chosen_is_told_by_the_model_and_kept_by_a_resumed_run(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "COUNT", 2)
    out = tmp_path / "out"
    words = ["--out", str(out), "--size", "64", "--width", "0.125", "--batch", "1", "--device", "cpu"]
    words = ["train", "pennet", "--data", str(data), *words]
    assert main([*words, "--steps", "1", "--licences", "stock, open"])[0] == 0
    config = ModelConfig.from_json((out / TRAINED / CONFIG).read_text(encoding="utf-8"))
    assert config.source.startswith("lacuna train pennet: 1 steps of 1 crops of 64 x 64 pixels in ")
    assert config.source.endswith("; 3 photos of the licence classes stock, open")
    plan = Plan("pennet", (data,), out, minutes=None, steps=2, resume=True, size=64, width=0.125, batch=1)
    with pytest.raises(InvalidParameter, match="licences open,stock, not all"):
        loop.train(plan, Progress(), lambda _line: None)
