"""The README and the pages under docs/: links lead somewhere, verbs, options and keys are those of the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from lacuna.__main__ import VERBS
from lacuna.cli.verbs import app
from lacuna.ui.actions import ROWS

ROOT = Path(__file__).resolve().parent.parent
README, COMMAND_LINE = ROOT / "README.md", ROOT / "docs" / "command-line.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "packaging" / "README.md", ROOT / "models" / "README.md"]
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
GESTURES = {"wheel", "Alt+wheel", "Space+drag"}  # in the tables of keys, beside the keys of actions


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"(?ms)^```.*?^```$", "", text_of(page))


def anchors(page: Path) -> set[str]:
    """The names by which the headings of a page are linked to, as GitHub makes them."""
    headings = re.findall(r"(?m)^#+ (.+)$", prose_of(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table_after(page: Path, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    below = text_of(page).split(f"# {heading}\n", 1)[1]
    rows = re.search(r"(?m)(^\|.*\n)+", below)
    assert rows is not None, heading
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in rows.group().splitlines()[2:]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_in_the_documents_lead_somewhere(page: Path) -> None:
    broken = []
    for target, place in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", text_of(page)):
        if "://" in target:
            continue
        there = page.parent / target if target else page
        if not there.exists() or (place and place not in anchors(there)):
            broken.append(f"{target}#{place}")
    assert broken == []


def test_the_readme_leads_to_every_page_and_every_picture_is_shown() -> None:
    assert [page.name for page in PAGES[1:-2] if f"(docs/{page.name})" not in text_of(README)] == []
    shown = " ".join(map(text_of, PAGES))
    assert [path.name for path in (ROOT / "docs" / "images").iterdir() if f"images/{path.name})" not in shown] == []


# --- the command line -------------------------------------------------------------------------------------------------
def commands() -> Iterator[tuple[str, list[list[str]]]]:
    """Each verb, and each of its own verbs, with the spellings of each of its options."""
    for name, verb in get_command(app).commands.items():
        own = {f"{name} {word}": command for word, command in getattr(verb, "commands", {}).items()}
        for words, command in {name: verb, **own}.items():
            options = [
                [*each.opts, *each.secondary_opts] for each in command.params if each.param_type_name == "option"
            ]
            yield words, [spelt for spelt in options if "--help" not in spelt]


def section(words: str) -> str:
    """What the page on the command line says of a verb, to the next heading."""
    found = re.search(rf"(?ms)^##+ `lacuna {words}[ `][^\n]*(.*?)(?=^##|\Z)", text_of(COMMAND_LINE))
    assert found is not None, f"docs/command-line.md has no section on “lacuna {words}”"
    return found.group(1)


def described(text: str) -> set[str]:
    """The options in the first cells of its tables."""
    cells = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `-")]
    return {option for cell in cells for option in OPTION.findall(cell)}


@pytest.mark.parametrize(("words", "options"), [pytest.param(*each, id=each[0]) for each in commands()])
def test_the_page_on_the_command_line_has_the_options_of_every_verb(words: str, options: list[list[str]]) -> None:
    text = section(words)
    shared = described(text_of(COMMAND_LINE).split("\n## `lacuna ", 1)[0])
    own = described(text if words != "train" else text_of(ROOT / "docs" / "training.md"))
    named = set(OPTION.findall(text.partition("Shared: ")[2]))
    assert named <= shared
    assert not own & named
    told = own | {option for spelt in options if named & set(spelt) for option in shared & set(spelt)}
    assert told == {option for spelt in options for option in spelt}


def test_the_page_on_the_command_line_lists_the_verbs() -> None:
    listed = [re.findall(r"`([a-z-]+)`", cells[0])[0] for cells in table_after(COMMAND_LINE, "The command line")]
    assert sorted(listed) == sorted(VERBS)
    assert sorted(listed) == sorted(get_command(app).commands)


def test_the_help_of_training_names_every_network() -> None:
    from lacuna.training.models import MODELS  # torch stands below it

    network = next(p for p in get_command(app).commands["train"].params if p.name == "model")
    assert network.metavar is not None
    assert network.metavar.split("|") == list(MODELS)


# --- the window -------------------------------------------------------------------------------------------------------
def test_the_page_on_the_window_has_every_tool_with_its_key() -> None:
    tools = [(row.text.replace("&", ""), row.keys[0]) for row in ROWS if row.id == f"tool.{row.icon}" and row.checked]
    told = [(name.strip(), key.strip()) for name, key, _what in table_after(ROOT / "docs" / "window.md", "Tools")]
    assert told == tools


def test_the_keys_of_the_readme_are_those_of_the_window() -> None:
    known = {key for row in ROWS for key in row.keys} | GESTURES
    told = [cells[0].replace("`", "").replace("hold ", "") for cells in table_after(README, "Keys")]
    assert {key for cell in told for key in re.split(r", | (?=\])", cell.strip())} - known == set()
