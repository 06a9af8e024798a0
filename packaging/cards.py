"""Write the card of a model that ships, and what lies beside it: cards.py NAME --run RUN --table CSV --data DATA.

NAME is a folder of models/, made by `ship.py`; RUN the training whose log is kept, or several, each of which began from
the one before; CSV what `lacuna evaluate` wrote for this model and the methods beside it, or several, such as one with
`--guide truth`: what two of them measured counts once; DATA the pictures with their tables. What is a judgement, and
what a training does not tell of itself, stands in packaging/cards/NAME.toml. For models that enlarge see
`enlarging_cards.py`.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import enlarging_cards
import photo_credits
from card_parts import SHEET, Log, Row, Words, finish, keep_logs, listed, rows_of, trained_with

from lacuna.contract import models
from lacuna.contract.model_config import ENLARGING, Network
from lacuna.contract.models import Model
from lacuna.contract.precision import Int8
from lacuna.inference.stored import read_weights
from lacuna.metrics import interval

WORDS = Path(__file__).resolve().parent / "cards"
BESIDE = ("telea", "ns", "criminisi", "patchmatch", "membrane")  # what every card compares with
MEASURES = {"psnr": 2, "ssim": 3, "detail": 2, "swd": 2, "seam": 2, "seconds": 2}  # with decimals; those that CSV has
SHOWN = {"002": "blob", "008": "brush", "021": "blob", "025": "brush", "027": "blob", "052": "brush"}
SHOWN_BESIDE = ("membrane", "patchmatch")
SIDE, QUALITY = 224, 75  # of the sheet
NOTHING = "–"  # where there is no figure
KINDS = ("thin", "brush", "blob")  # of masks, in the order of a table
MARKED = (255, 0, 255)

NETWORKS = {
    Network.DEEPFILL_V1: (
        "deepfill-v1",
        "DeepFill v1 (Yu et al., CVPR 2018): coarse and refined, contextual attention",
    ),
    Network.DEEPFILL_V2: ("deepfill", "DeepFill v2 (Yu et al., ICCV 2019): gated convolutions, contextual attention"),
    Network.EDGE_CONNECT: ("edgeconnect", "EdgeConnect (Nazeri et al., 2019): edges first, then colour along them"),
    Network.PEN_NET: ("pennet", "PEN-Net (Zeng et al., CVPR 2019): attention on a pyramid"),
}

TEMPLATE = """# {title}

{summary}

| | |
|---|---|
| network | {network} |
| width | {width} of the published channels |
| numbers | {numbers} weights in half precision, {megabytes:.1f} MB |
| what it starts from | {start} |
| lines as a guide | {guided} |
| side of its crops | {side} pixels |
| int8 | {int8} |
| training | {training} |
| hardware | {hardware} |
| licence of the weights | {licence} |

The last of the training, as it tells of itself: {source}.

## What it was trained on

{statements}

{sources}

## How good it is

On {pictures} photos of 512 pixels that no training has seen, each with {kinds}. Means over the photos inside the hole
({kind_names}), ± half of the 95 % interval; `lacuna evaluate` says what the measures mean.

{table}

{compared}

## Samples

![Holes and what came of them]({sheet})

From left to right: the hole, {shown}, the truth. Photos, reduced and with holes: {shown_credits}.

## Weaknesses

{weaknesses}
"""


def write(name: str, runs: Sequence[Path], tables: Sequence[Path], data: Path, words: Words) -> None:
    """The card, samples and log of models/NAME, with their hashes in its config; and models/CREDITS.md."""
    model = models.model(name)
    assert model.config is not None
    if model.config.network in ENLARGING:
        enlarging_cards.write(name, runs, tables, data, words)
        return
    backend = NETWORKS[model.config.network][0]
    rows = _measured(tables)
    own = _own_names(rows, backend, name)
    psnr = _psnr(rows, own[0])
    logs = keep_logs(runs, model.folder)
    card = _card(model, rows, own, logs, data, words)
    _draw_samples(model, backend, data)
    finish(model, card, psnr, words, data)


# --- the card ---------------------------------------------------------------------------------------------------------
def _card(model: Model, rows: Sequence[Row], own: Sequence[str], logs: Sequence[Log], data: Path, words: Words) -> str:
    config = model.config
    assert config is not None
    statements, sources = trained_with(config, words, data)
    kinds = sorted(dict.fromkeys(row["mask"] for row in rows), key=lambda kind: (*KINDS, kind).index(kind))
    weights = read_weights(model)
    return TEMPLATE.format(
        title=config.title,
        summary=words.summary,
        network=NETWORKS[config.network][1],
        width=f"{config.width:g}",
        numbers=f"{sum(values.size for values in weights.values()):,}",
        megabytes=model.weights.stat().st_size / 1e6,
        start="the hole filled softly (`membrane`), to which it adds" if config.start == "membrane" else "a bare hole",
        guided="yes" if config.guided or config.network is Network.EDGE_CONNECT else "no",
        side=config.side,
        int8=_int8(config.int8),
        source=config.source,
        hardware=words.hardware,
        licence=words.licence,
        training="; ".join(map(str, logs)),
        statements=statements,
        sources=sources,
        pictures=len({row["picture"] for row in rows}),
        kinds=f"{len(kinds)} masks" if len(kinds) > 1 else "a mask",
        kind_names=" / ".join(kinds),
        table=_table(rows, kinds, own),
        compared=_compared(rows, kinds, own[0]),
        sheet=SHEET,
        shown=", ".join(f"`{name}`" for name in (*SHOWN_BESIDE, model.name)),
        shown_credits="; ".join(_shown_credits(data)),
        weaknesses=listed(words.weaknesses),
    )


def _int8(measured: Int8 | None) -> str:
    """What became of graphs in 8 bits, see `quantise.py`."""
    if measured is None:
        return "no graphs"
    # Of a fraction of a thousandth no more than the sign is known.
    told = f"a pass {measured.speed:.2f} times as fast, a fill {max(measured.loss, 0.001):.3f} dB worse at most"
    if not measured.graphs:
        return f"no graphs: {told}, which is not worth their place"
    return f"graphs for {', '.join(measured.graphs)}: {told}; taken by `auto` on processors with dot products of bytes"


def _table(rows: Sequence[Row], kinds: Sequence[str], own: Sequence[str]) -> str:
    measures = [name for name in MEASURES if all(name in row for row in rows)]
    lines = [("method", *measures), ("---", *("---" for _name in measures))]
    for method, guided in _methods(rows, own):
        name = f"`{method}`" + (" with the true edges" if guided else "")
        cells = [
            " / ".join(_figure(_values(rows, method, kind, measure, guided), measure) for kind in kinds)
            for measure in measures
        ]
        lines.append((f"**{name}**" if method in own else name, *cells))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _compared(rows: Sequence[Row], kinds: Sequence[str], own: str) -> str:
    """What the table says of the two that a user would take instead, in decibels."""

    def mean(method: str, kind: str, measure: str) -> float:
        values = _values(rows, method, kind, measure, False)
        if not values:
            raise SystemExit(f"The tables have no {measure} of {method} on masks of the kind {kind}.")
        return interval.mean(values).value

    def step(kind: str, other: str) -> str:
        gained = mean(own, kind, "psnr") - mean(other, kind, "psnr")
        return f"{gained:+.2f}" if math.isfinite(gained) else NOTHING

    sentences = []
    for other in SHOWN_BESIDE:
        steps = " / ".join(step(kind, other) for kind in kinds)
        details = [" / ".join(f"{mean(method, kind, 'detail'):.2f}" for kind in kinds) for method in (own, other)]
        sentences.append(f"Beside `{other}`: {steps} dB, at a detail of {details[0]} instead of {details[1]}.")
    return " ".join(sentences)


def _methods(rows: Sequence[Row], own: Sequence[str]) -> list[tuple[str, bool]]:
    found = list(dict.fromkeys((row["backend"], _guided(row)) for row in rows))
    missing = [name for name in BESIDE if (name, False) not in found]
    if missing:
        raise SystemExit(f"The table lacks {', '.join(missing)}.")
    return [pair for pair in found if pair[0] in (*own, *BESIDE)]


def _figure(values: Sequence[float], measure: str) -> str:
    """The mean, of PSNR with half of its interval, as `lacuna evaluate` has it."""
    if not values:
        return NOTHING
    found = interval.mean(values)
    text = f"{found.value:.{MEASURES[measure]}f}"
    if measure == "psnr" and found.margin is not None:
        text += f" ± {found.margin:.2f}"
    return text


def _psnr(rows: Sequence[Row], method: str) -> float:
    """What models of a kind are ordered by. A perfect fill is left out: nothing else would count beside infinity."""
    values = [float(row["psnr"]) for row in rows if row["backend"] == method and not _guided(row)]
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        raise SystemExit(f"The tables have no PSNR of {method} without the true edges.")
    return round(interval.mean(finite).value, 3)


def _values(rows: Sequence[Row], method: str, kind: str, measure: str, guided: bool) -> list[float]:
    return [
        float(row[measure])
        for row in rows
        if (row["backend"], row["mask"], _guided(row)) == (method, kind, guided) and row[measure]
    ]


def _guided(row: Row) -> bool:
    return row.get("guide") == "truth"


def _own_names(rows: Sequence[Row], backend: str, name: str) -> tuple[str, ...]:
    """How the tables call this model: first with the default settings, then with others, such as `detail=off`."""
    found: dict[str | None, dict[str, bool]] = {}  # by the model that is named: methods, and whether they set more
    for word in dict.fromkeys(row["backend"] for row in rows):
        method, settings = _settings(word)
        if method == backend:
            model = settings.pop("model", None)
            found.setdefault(model, {})[word] = bool(settings)
    own = found.get(name) or found.get(None, {})
    names = tuple(sorted(own, key=own.__getitem__))
    if not names or own[names[0]]:
        raise SystemExit(f"The table has no rows of {backend}:model={name}, nor of {backend}.")
    return names


def _settings(word: str) -> tuple[str, dict[str, str]]:
    """The backend of a method and what is set of it.

    >>> _settings("deepfill:model=mine,detail=off")
    ('deepfill', {'model': 'mine', 'detail': 'off'})
    """
    backend, colon, settings = word.rpartition(":")
    if not colon or "=" not in settings:
        return word, {}
    return backend, {name: value for name, _equals, value in (pair.partition("=") for pair in settings.split(","))}


def _measured(tables: Sequence[Path]) -> list[dict[str, str]]:
    """The rows of all tables; of what two of them measured, such as what follows no edges, those of the first."""
    found: dict[tuple[Any, ...], dict[str, str]] = {}
    for row in (row for table in tables for row in rows_of(table)):
        found.setdefault((row["picture"], row["mask"], row["backend"], _guided(row)), row)
    return list(found.values())


# --- what lies beside it ----------------------------------------------------------------------------------------------
def _draw_samples(model: Model, backend: str, data: Path) -> None:
    """A sheet of photos that may be copied: the hole, what others make of it, the model's fill, the truth."""
    import numpy as np
    from PIL import Image

    import lacuna
    from lacuna.imaging.contact_sheet import ContactSheet

    def reduced(pixels: Any) -> Any:
        picture = Image.fromarray(pixels)
        picture.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
        return np.asarray(picture)

    sheet = ContactSheet()
    for photo, kind in _shown(data):
        path = data / "eval" / photo.file
        truth = np.asarray(Image.open(path).convert("RGB"))
        mask = np.asarray(Image.open(path.with_name(f"{path.stem}-{kind}.png")))
        marked = truth.copy()
        marked[mask > 0] = MARKED
        fills = [(name, lacuna.fill(truth, mask, name)) for name in SHOWN_BESIDE]
        fills.append((model.name, lacuna.fill(truth, mask, backend, model=model.name)))
        cells = [(marked, kind), *((pixels, name) for name, pixels in fills), (truth, "truth")]
        sheet.add([(reduced(pixels), name) for pixels, name in cells])
    Image.fromarray(sheet.page()).save(model.folder / SHEET, quality=QUALITY, method=6)


def _shown(data: Path) -> list[tuple[photo_credits.Photo, str]]:
    """The photos of the sheet, and the kind of their masks: none that may not be copied."""
    found = [p for p in photo_credits.photos(data) if p.folder == "eval" and p.file[:3] in SHOWN]
    assert [p for p in found if p.kind != photo_credits.FREE] == []
    return [(photo, SHOWN[photo.file[:3]]) for photo in found]


def _shown_credits(data: Path) -> list[str]:
    return list(dict.fromkeys(f"{photo.credit} ({photo.licence})" for photo, _kind in _shown(data)))


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    for option in ("--run", "--table"):
        parser.add_argument(option, type=Path, required=True, action="append")
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args(words)
    write(given.name, given.run, given.table, given.data, Words.read(WORDS / f"{given.name}.toml"))


if __name__ == "__main__":
    main(sys.argv[1:])
