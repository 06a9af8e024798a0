"""`lacuna bench`: runs the benchmarks and prints each figure beside its promise."""

from __future__ import annotations

import importlib
import json
import platform
import sys

from lacuna.bench.figure import Figure
from lacuna.engine import cores
from lacuna.i18n import N_, _

SUBJECTS = {
    "calibration": N_("how fast this machine is"),
    "start": N_("process start to a painted window"),
    "opening": N_("opening large JPEG files"),
    "batch": N_("many files at once: two processes against one, and memory"),
    "brush": N_("a brush move, event to painted pixels"),
    "guides": N_("500 guides in 100 megapixels: drawing, editing, a brush move over them"),
    "exemplar": N_("filling by copying from the picture"),
    "fills": N_("fills in large pictures against OpenCV on the full frame"),
    "networks": N_("learned networks against their published form, and their memory"),
    "upscale": N_("enlarging by any factor against its published form"),
    "lateness": N_("how late a timer of the window is while a job runs"),
    "cancel": N_("how soon a job is cancelled"),
    "memory": N_("memory with a 100-megapixel picture"),
}


def run(names: list[str], as_json: bool) -> int:
    """Run the subjects named, or all; 0 if every promise was kept, 1 if not, 2 for an unknown name."""
    unknown = [name for name in names if name not in SUBJECTS]
    if unknown:
        print(
            _("There is no benchmark “{name}”. There are: {names}.").format(name=unknown[0], names=", ".join(SUBJECTS)),
            file=sys.stderr,
        )
        return 2
    figures: list[Figure] = []
    if not as_json:
        print(machine())
    for name in names or SUBJECTS:
        found: list[Figure] = importlib.import_module(f"lacuna.bench.{name}").run()
        figures += found
        if not as_json:
            for figure in found:
                print(line(figure), flush=True)
    if as_json:
        print(json.dumps({"machine": machine(), "figures": [f.as_dict() for f in figures]}, indent=2))
    missed = sum(not f.kept for f in figures)
    measured = [figure for figure in figures if figure.value is not None]
    if not as_json:
        print(_("{kept} promises kept, {missed} missed").format(kept=len(measured) - missed, missed=missed))
    return 1 if missed else 0


def listing() -> str:
    """The subjects, a line each."""
    return "\n".join(f"{name:12} {_(text)}" for name, text in SUBJECTS.items())


def machine() -> str:
    return f"{platform.machine()}, {cores.count()} cores, {platform.system()}, Python {platform.python_version()}"


def line(figure: Figure) -> str:
    """A figure as text: value, promise, verdict."""
    verdict = "" if None in (figure.bound, figure.value) else _("kept") if figure.kept else _("MISSED")
    value = "-" if figure.value is None else f"{figure.value:.2f} {figure.unit}"
    return f"{figure.subject:12} {figure.what:74} {value:>12}  {figure.promise:12} {verdict:7} {figure.note}".rstrip()
