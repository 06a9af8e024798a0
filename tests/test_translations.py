"""The catalogues are those of the code, complete and compiled; texts are found wherever the program lies."""

from __future__ import annotations

import ast
import importlib.util
import re
import string
from pathlib import Path
from types import ModuleType

import pytest

from lacuna import i18n

ROOT = Path(__file__).resolve().parent.parent
MEND = "run `make translations`, then translate what is empty"


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "packaging" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()
TEXTS = TOOL.collected()
LANGUAGES = sorted(TOOL.catalogues())


def _ids(message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def _strings(message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def _names(text: str) -> set[tuple[str, str | None]]:
    """The placeholders of a text, each with its format."""
    return {(name, spec) for _text, name, spec, _conversion in string.Formatter().parse(text) if name is not None}


@pytest.fixture(params=LANGUAGES)
def catalogue(request: pytest.FixtureRequest):
    return TOOL.read(TOOL.catalogues()[request.param], request.param)


@pytest.fixture(autouse=True)
def english_again():
    yield
    i18n.use_language("en")


def test_simplified_chinese_is_there():
    assert "zh_CN" in LANGUAGES


def test_the_template_holds_the_texts_of_the_code():
    TEXTS.header_comment = "# Lacuna: the texts, made by `make translations`."
    assert (TOOL.FOLDER / "lacuna.pot").read_bytes() == TOOL.written(TEXTS), MEND


def test_every_text_of_the_code_is_in_the_catalogue(catalogue):
    assert {_ids(m) for m in catalogue if m.id} == {_ids(m) for m in TEXTS if m.id}, MEND


def test_every_text_is_translated_and_none_is_a_guess(catalogue):
    assert [_ids(m)[0] for m in catalogue if m.id and (m.fuzzy or not all(_strings(m)))] == [], MEND


def test_placeholders_are_those_of_the_text(catalogue):
    wrong = [_ids(m)[0] for m in catalogue if m.id and any(_names(text) != _names(_ids(m)[-1]) for text in _strings(m))]
    assert wrong == []


def test_shortcut_letters_and_ellipses_are_kept(catalogue):
    for message in catalogue:
        if message.id:
            one = _ids(message)[0]
            for text in _strings(message):
                assert bool(re.search(r"&\w", one)) == bool(re.search(r"&\w", text)), (one, text)
                assert one.endswith("…") == text.endswith("…"), (one, text)
                assert one[:1].isspace() == text[:1].isspace(), (one, text)
                assert one[-1:].isspace() == text[-1:].isspace(), (one, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_its_source(language: str):
    path = TOOL.catalogues()[language]
    assert path.with_suffix(".mo").read_bytes() == TOOL.compiled(TOOL.read(path, language)), MEND


def test_texts_are_whole_before_they_are_translated():
    """A text put together inside `_()` can never be found in a catalogue."""
    wrong = []
    for path in sorted(TOOL.CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                count = {"_": 1, "N_": 1, "ngettext": 2}.get(node.func.id, 0)
                for argument in node.args[:count]:
                    formatted = (
                        isinstance(argument, ast.Call)
                        and isinstance(argument.func, ast.Attribute)
                        and argument.func.attr == "format"
                    )
                    if isinstance(argument, (ast.JoinedStr, ast.BinOp)) or formatted:
                        wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_a_language_is_spoken_and_left_again():
    assert i18n.use_language("zh_CN") == "zh_CN"
    chinese = i18n._("Language")
    assert chinese != "Language"
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    assert i18n.use_language("en") == "en"
    assert i18n._("Language") == "Language"


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh_SG", "zh_CN"),
        ("zh-Hans-CN", "zh_CN"),
        ("zh", "zh_CN"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("en_GB.UTF-8", "en"),
        ("tlh_XX", "en"),
        ("tlh:zh_CN", "zh_CN"),
        ("en_GB:zh_CN", "en"),
    ],
)
def test_the_language_of_the_system_is_found(asked: str, spoken: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("LANGUAGE", asked)
    assert i18n.use_language("") == spoken


def test_plurals_follow_the_language():
    assert i18n.ngettext("{count} day", "{count} days", 2) == "{count} days"
    assert i18n.ngettext("{count} day", "{count} days", 1) == "{count} day"


def test_the_empty_text_stays_empty():
    i18n.use_language("zh_CN")
    assert i18n._("") == ""
