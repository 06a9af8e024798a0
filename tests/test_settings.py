"""Settings survive being saved, hand-edited and damaged."""

from __future__ import annotations

import json
import os
from dataclasses import fields, replace
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna import paths
from lacuna.contract.params import describe
from lacuna.errors import CannotSave
from lacuna.settings import Preferences, Settings


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    settings = Settings.load(path)
    settings.preferences = replace(settings.preferences, theme="dark", language="zh_CN", grow=0.25, pen_pressure=False)
    settings.backend = "ns"
    settings.params = {"ns": {"radius": 5}}
    settings.tool_options = {"brush": {"size": 12.5}}
    settings.shortcuts = {"fill": ["Return", "Ctrl+Return"]}
    settings.recent = ["/bilder/schön.png", "/图片/一.jpg"]
    settings.paces = {"ns": 1.5}
    settings.save()
    again = Settings.load(path)
    assert again == settings
    assert again.problems == ()


def test_a_first_start_fills_by_the_automatic_choice_and_a_method_that_was_left_stays(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path / "settings.json")
    assert settings.backend == "auto"
    settings.backend = "patchmatch"
    settings.save()
    assert Settings.load(tmp_path / "settings.json").backend == "patchmatch"


def test_without_a_file_everything_is_as_new_and_nothing_is_told() -> None:
    settings = Settings.load()
    assert settings.preferences == Preferences()
    assert settings.problems == ()
    assert not paths.config_folder().exists()


def test_the_usual_file_lies_in_the_folder_for_settings() -> None:
    Settings.load().save()
    assert (paths.config_folder() / "settings.json").is_file()


@pytest.mark.parametrize(
    ("name", "value"),
    [("grow", 7), ("grow", "much"), ("theme", "pink"), ("pen_pressure", "perhaps"), ("history_megabytes", 65)],
)
def test_a_bad_preference_alone_falls_back_and_is_named(tmp_path: Path, name: str, value: object) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"preferences": {"megapixel_limit": 1000, name: value}}))
    settings = Settings.load(path)
    assert getattr(settings.preferences, name) == getattr(Preferences(), name)
    assert settings.preferences.megapixel_limit == 1000
    assert len(settings.problems) == 1
    assert name in settings.problems[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("backend", 3),
        ("params", {"telea": 3}),
        ("tool_options", []),
        ("shortcuts", {"fill": "Return"}),
        ("recent", ["a", 1]),
        ("paces", {"telea": "fast"}),
        ("paces", {"telea": True}),
        ("preferences", [1]),
    ],
)
def test_a_value_of_the_wrong_kind_falls_back_and_is_told(tmp_path: Path, name: str, value: object) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"last_folder": "/here", name: value}))
    settings = Settings.load(path)
    assert getattr(settings, name) == getattr(Settings(), name)
    assert settings.last_folder == "/here"
    assert len(settings.problems) == 1


def test_what_this_version_does_not_know_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"problems": ["x"], "path": "/x", "wings": 2, "preferences": {"wings": 2}}))
    settings = Settings.load(path)
    assert settings.problems == ()
    assert settings.path == path
    settings.save()
    assert "wings" not in path.read_text()


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b"\xff\xfe\x00", b'{"recent": NaN', b"null"])
def test_a_damaged_file_is_set_aside_and_never_lost(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "settings.json"
    for _ in range(2):
        path.write_bytes(damage)
        settings = Settings.load(path)
        assert settings.preferences == Preferences()
        assert len(settings.problems) == 1
        settings.save()
    kept = sorted(tmp_path.glob("settings-damaged*.json"))
    assert [k.read_bytes() for k in kept] == [damage, damage]


def test_a_folder_that_cannot_be_written_is_told_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    Settings(path=path).save()
    before = path.read_bytes()
    blocked = Settings(path=path / "settings.json")  # its folder is a file
    with pytest.raises(CannotSave):
        blocked.save()
    assert path.read_bytes() == before


def test_a_failed_save_leaves_no_scratch_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.json"
    Settings(path=path, backend="ns").save()

    def refuse(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(CannotSave):
        Settings(path=path).save()
    assert [p.name for p in tmp_path.iterdir() if p.name != "home"] == ["settings.json"]
    assert json.loads(path.read_text())["backend"] == "ns"


@hypothesis.settings(deadline=None)  # a busy machine is no mistake
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_no_value_of_any_setting_breaks_the_start(value: object) -> None:
    path = paths.config_folder() / "any.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [f.name for f in fields(Settings) if f.name != "preferences"]
    preferences = {p.name: value for p in describe(Preferences)}
    path.write_text(json.dumps({**dict.fromkeys(names, value), "preferences": preferences}))
    settings = Settings.load(path)
    settings.save()
    assert Settings.load(path).problems == ()
