"""Photos to train on, and one core for it: the machine has other tests to run."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from lacuna import paths
from tests.networks.conftest import one_core  # noqa: F401 (a fixture)

SAMPLES = ("lion.jpg", "bridge.jpg")


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of reduced samples: one wide, one upright, one smaller than most crops."""
    path = tmp_path_factory.mktemp("packs") / "photos-000.tar"
    with tarfile.open(path, "w") as file:
        for number, (sample, size) in enumerate(
            zip((*SAMPLES, SAMPLES[0]), ((200, 140), (130, 170), (70, 60)), strict=True)
        ):
            data = io.BytesIO()
            with Image.open(paths.resources() / "samples" / sample) as picture:
                picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(data, "WEBP", lossless=True)
            member = tarfile.TarInfo(f"sample-{number}.webp")
            member.size = data.tell()
            data.seek(0)
            file.addfile(member, data)
    return path
