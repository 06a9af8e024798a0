"""Options that several verbs have, and how their words are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from lacuna.contract.params import Param, checked
from lacuna.errors import InvalidParameter
from lacuna.i18n import _

GREATEST = 1 << 53  # up to here a float, as which numbers are read, holds every whole one
WIDEST = 100_000  # pixels
OURS = False  # for `readable`: what may not be read is said by our reader, in the person's language and with code 1


def number(option: str, low: float, high: int, *, kind: str = "integer") -> Callable[[Any], Any]:
    """Reads an option as a backend's settings are read: what it does not take is refused in the same words."""
    param = Param(option, kind, None, "", low=low, high=high)
    return lambda word: checked(param, word)


def named(option: str) -> Callable[[str], str]:
    """Reads a name: what begins with a stroke is the next option, and this one was left without its word."""

    def read(word: str) -> str:
        if word.startswith("-"):
            raise InvalidParameter(_("{option} lacks its name: “{word}” follows.").format(option=option, word=word))
        return word

    return read


def confidence_option(help: str) -> Any:
    """How sure a finding has to be; `help` says what it is where none is given."""
    return typer.Option(
        parser=number("--confidence", 0, 1, kind="number"), metavar="0..1", help=help, show_default=False
    )


Json = Annotated[bool, typer.Option("--json", help=_("Answer in JSON."))]
Output = Annotated[
    str | None,  # a path would forget the stroke at the end of a folder
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help=_("A file, or a folder. By default NAME_lacuna beside the picture."),
        show_default=False,
    ),
]
Images = Annotated[
    list[Path], typer.Argument(metavar="IMAGE...", help=_("The pictures."), show_default=False, readable=OURS)
]
Device = Annotated[str, typer.Option(help=_("auto, cpu or cuda."))]
Quality = Annotated[
    int | None,
    typer.Option(
        "--quality",
        "-q",
        parser=number("--quality", 1, 100),
        metavar="1..100",
        help=_("Of a lossy file; by default a JPEG keeps its own."),
        show_default=False,
    ),
]
SaveRecipe = Annotated[
    Path | None,
    typer.Option(
        "--save-recipe",
        metavar="FILE.json",
        help=_("Write what was done as a recipe too, to be done again on this picture or on others of its size."),
        show_default=False,
        readable=OURS,
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", "--force", help=_("Replace a file that exists."))]
AllowLarge = Annotated[bool, typer.Option("--allow-large", help=_("Open pictures of any size."))]
AllowReduce = Annotated[
    bool,
    typer.Option(
        "--allow-reduce", help=_("Let the output's format take fewer bits a channel, or white for transparency.")
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help=_("Say what would be done, and do not do it."))]
Seed = Annotated[
    int,
    typer.Option(
        parser=number("--seed", 0, GREATEST),
        metavar="NUMBER",
        help=_("Another seed, another result, where a backend uses chance."),
    ),
]

# How a fill is made, for the verbs that fill.
Backend = Annotated[str, typer.Option("--backend", "-b", help=_("How to fill; see “lacuna backends”."))]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        parser=named("--model"),
        metavar="NAME",
        help=_("Which weights of a learned backend; by default the best."),
        show_default=False,
    ),
]
Setting = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help=_("A setting of the backend, such as texture=8. Repeatable.")),
]
Grow = Annotated[
    float,
    typer.Option(
        parser=number("--grow", 0, WIDEST, kind="number"),
        metavar=f"0..{WIDEST}",
        help=_("Widen the mask by so many pixels."),
    ),
]
Feather = Annotated[
    float,
    typer.Option(
        parser=number("--feather", 0, WIDEST, kind="number"),
        metavar=f"0..{WIDEST}",
        help=_("Soften the seam inside the mask."),
    ),
]
Joining = Annotated[
    str,
    typer.Option(
        metavar="auto|plain|feather|poisson|screened",
        help=_("How the fill is joined to what lies around it; auto: as is best for the backend."),
    ),
]
Grain = Annotated[bool, typer.Option("--grain", help=_("Put the picture's noise into fills that are smoother."))]
InvertMask = Annotated[bool, typer.Option("--invert-mask", help=_("Black marks what to fill."))]
Soft = Annotated[bool, typer.Option("--soft", help=_("Keep the mask's grey values as weights; not cut at 128."))]
FillAlpha = Annotated[bool, typer.Option("--fill-alpha", help=_("Fill the alpha channel too."))]

# What is measured, and where that is written to, for the verbs that evaluate.
Data = Annotated[
    list[Path] | None,
    typer.Option("--data", metavar="DIR", help=_("The same, as an option. Repeatable."), readable=OURS),
]
Limit = Annotated[
    int | None,
    typer.Option(parser=number("--limit", 1, GREATEST), metavar="NUMBER", help=_("Only the first so many pictures.")),
]
Summary = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=_("Write the means with their intervals: as .csv, or as .md for a model's card."),
        readable=OURS,
    ),
]
