"""An editor, with a picture open in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editor.scripted import script  # noqa: F401  (a fixture)
from tests.editor.scripted_upscaler import upscaler  # noqa: F401  (a fixture)
from tests.editor.support import Desk, desk, picture


@pytest.fixture
def empty() -> Iterator[Desk]:
    """An editor with nothing open."""
    with desk() as made:
        yield made


@pytest.fixture
def opened(empty: Desk, tmp_path: Path) -> Desk:
    """An editor with a picture of 400 x 300 pixels."""
    empty.open(picture(tmp_path / "photo.png"))
    return empty
