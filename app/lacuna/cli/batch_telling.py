"""What a batch says: a line for each file, a bar for all, rows of a table, a summary that names every failure."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import typer

from lacuna.cli import outputs
from lacuna.cli.main import say
from lacuna.engine.batch.marking import Finding
from lacuna.engine.batch.run import Outcome, State
from lacuna.engine.batch.treatment import Failure
from lacuna.i18n import N_, _, ngettext

COLUMNS = (
    "file", "state", "result", "width", "height", "findings", "confidences", "boxes", "seconds", "notes"
)  # fmt: skip

# How many files came to what, in the order of the summary; failures are named behind it.
SUMMARY = {
    State.DONE: N_("{count} done"),
    State.LOOKED: N_("{count} looked at"),
    State.SKIPPED: N_("{count} done before"),
    State.NOTHING: N_("{count} without anything to do"),
    State.FAILED: N_("{count} failed"),
}


def row_of(outcome: Outcome) -> dict[str, Any]:
    """An outcome as a row of the report. Boxes are x, y, width, height; of the findings those that are sure count."""
    result = "" if outcome.result is None else printable(str(outcome.result))
    row: dict[str, Any] = {"file": printable(str(outcome.input.path)), "state": outcome.state.value, "result": result}
    if outcome.failure is not None:
        row["notes"] = printable(_why(outcome.failure))
    made = outcome.made
    if made is not None:
        row |= {
            "width": made.size[0],
            "height": made.size[1],
            "findings": sum(found.sure for found in made.findings),
            "confidences": " ".join(_confidence(found) for found in made.findings),
            "boxes": " ".join(",".join(map(str, _box(found))) for found in made.findings),
            "seconds": round(made.seconds, 3),
            "notes": printable(" ".join(made.notes)),
        }
    return row


def row_of_problem(what: str, why: str) -> dict[str, Any]:
    """The same for what was named and is no picture."""
    return {"file": printable(what), "state": State.FAILED.value, "notes": printable(why)}


def printable(text: str) -> str:
    """A name, or a sentence with one, that any output takes: what is no text in it is replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def left_out(path: Path) -> str:
    """Why a file that was named is no picture of the batch."""
    return printable(_("{path} says what is to go, and is left out itself.").format(path=path))


class Teller:
    """Says what comes of each file while it comes, and keeps of it what the summary and a JSON answer need."""

    def __init__(self, *, as_json: bool) -> None:
        self.failures: list[str] = []
        self._as_json = as_json
        self._counts: Counter[State] = Counter()
        self._nothing: list[str] = []
        self._left_out: list[str] = []
        self._rows: list[dict[str, Any]] = []

    def tell(self, outcome: Outcome) -> None:
        """Results and findings on stdout, a line each; failures and what is worth knowing on stderr."""
        if outcome.failure is not None:
            self.fail(str(outcome.input.path), _why(outcome.failure))
            return
        self._counts[outcome.state] += 1
        if outcome.state is State.NOTHING:
            self._nothing.append(printable(str(outcome.input.path)))
        if self._as_json:
            self._rows.append(_plain(outcome))
            return
        if outcome.made is not None:
            if outcome.state is State.DONE and any(found.confidence is not None for found in outcome.made.findings):
                for line in _findings(outcome).splitlines():  # what was filled unseen, and how surely it was there
                    say(printable(line))
            for note in outcome.made.notes:
                say(printable(f"{outcome.input.path}: {note}"))
        if outcome.state is State.DONE:
            typer.echo(printable(str(outcome.result)))
        elif outcome.state is State.LOOKED:
            typer.echo(printable(_findings(outcome)))

    def fail(self, what: str, why: str) -> None:
        """Something that was named came to nothing."""
        what, why = printable(what), printable(why)
        self._counts[State.FAILED] += 1
        self.failures.append(what)
        if self._as_json:
            self._rows.append({"file": what, "state": State.FAILED.value, "notes": [why]})
        else:
            say(why if why.startswith(what) else f"{what}: {why}")

    def leave_out(self, path: Path) -> None:
        """A picture was named that the batch uses itself: it is no picture of it, and that is no failure."""
        name = printable(str(path))
        self._left_out.append(name)
        if not self._as_json:
            say(left_out(path))

    def sum_up(self) -> None:
        counts = {state: self._counts[state] for state in SUMMARY if self._counts[state]}
        if self._as_json:
            told: dict[str, Any] = {"files": self._rows, **{state.value: count for state, count in counts.items()}}
            outputs.print_json(told | ({"left_out": self._left_out} if self._left_out else {}))
            return
        words = [_(SUMMARY[state]).format(count=count) for state, count in counts.items()]
        if self._left_out:
            words.append(_("{count} left out").format(count=len(self._left_out)))
        say(", ".join(words) + ".")
        for sentence, names in ((_("Nothing to do in:"), self._nothing), (_("Failed:"), self.failures)):
            if names:
                say(f"{sentence} {', '.join(names)}")


def _why(failure: Failure) -> str:
    """Below the command line nobody knows what is called here what is missing."""
    return " ".join((str(failure), *([_("The option for that is --anchor.")] if failure.unplaced else [])))


def _findings(outcome: Outcome) -> str:
    """A line for each finding below the name of the file."""
    made = outcome.made
    assert made is not None
    count = sum(found.sure for found in made.findings)
    lines = [f"{outcome.input.path}: " + ngettext("{count} finding", "{count} findings", count).format(count=count)]
    for found in made.findings:
        x, y, width, height = _box(found)
        where = _("{width} × {height} pixels at {x}, {y}").format(width=width, height=height, x=x, y=y)
        sure = "" if found.confidence is None else f"{_confidence(found)}  "
        stays = "" if found.sure else _(" (not sure: it stays)")
        lines.append(f"  {sure}{where}{stays}")
    return "\n".join(lines)


def _plain(outcome: Outcome) -> dict[str, Any]:
    made = outcome.made
    row: dict[str, Any] = {"file": printable(str(outcome.input.path)), "state": outcome.state.value}
    if outcome.result is not None:
        row["result"] = printable(str(outcome.result))
    if made is not None:
        row |= {
            "size": list(made.size),
            "findings": [
                {"box": list(_box(found)), "confidence": found.confidence, "sure": found.sure}
                for found in made.findings
            ],
            "seconds": round(made.seconds, 3),
            "notes": [printable(note) for note in made.notes],
        }
    return row


def _box(found: Finding) -> tuple[int, int, int, int]:
    return found.region.x0, found.region.y0, found.region.width, found.region.height


def _confidence(found: Finding) -> str:
    return "" if found.confidence is None else f"{found.confidence:.3f}"
