"""Where things lie: the user's folders, and the program's own, installed, frozen or in a checkout.

`LACUNA_HOME` moves all user folders below one folder; tests and portable installs use it.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

APP = "lacuna"


def _user(kind: str) -> Path:
    home = os.environ.get("LACUNA_HOME")
    if home:
        return Path(home) / kind
    import platformdirs  # a first window needs it only after its first paint

    call = {
        "config": platformdirs.user_config_path,
        "data": platformdirs.user_data_path,
        "cache": platformdirs.user_cache_path,
    }[kind]
    return call(APP, appauthor=False)


def config_folder() -> Path:
    """Settings and window layout."""
    return _user("config")


def data_folder() -> Path:
    """Session journals and the user's own models."""
    return _user("data")


def cache_folder() -> Path:
    """What can be made again: compiled kernels, spilled history, scratch files."""
    return _user("cache")


@cache  # asked for at every turn of the window, and resolving asks the disk for each part of the path
def _own(name: str) -> Path:
    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent.parent / name


def resources() -> Path:
    """Icons, samples, translations."""
    return _own("resources")


def models() -> Path:
    """The models that ship with the program."""
    return _own("models")
