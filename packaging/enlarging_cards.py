"""The cards of models that enlarge; `cards.py` calls this for them. CSV is what `lacuna evaluate-sr` wrote.

Each table of the card is one CSV, and `tables` in packaging/cards/NAME.toml says what it was measured on. The first has
to have a factor of 2: its mean is what models of a kind are ordered by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import photo_credits
from card_parts import SHEET, Log, Row, Words, finish, keep_logs, listed, rows_of, trained_with

from lacuna.contract import models
from lacuna.contract.model_config import Network
from lacuna.contract.models import Model
from lacuna.inference.stored import read_weights
from lacuna.metrics import interval

BESIDE = ("bicubic", "lanczos")  # what every card compares with
ORDERED_BY = "x2"
SHOWN = ("002", "008", "021", "025", "027", "052")  # photos of the sheet
SHOWN_FACTOR = Fraction(3)
SIDE, MAGNIFIED, QUALITY = 96, 2, 85  # pixels of the truth on the sheet, and of the sheet to each of them

NETWORKS: Mapping[Network, str] = {
    Network.META_RDN: "Meta-SR (Hu et al., CVPR 2019) on an RDN of {features} features, {blocks} blocks and {layers} "
    "layers that add {growth} each",
    Network.META_EDSR: "Meta-SR (Hu et al., CVPR 2019) on an EDSR of {features} features and {blocks} blocks",
    Network.META_SPAN: "Meta-SR (Hu et al., CVPR 2019) on a SPAN of {features} features and {blocks} blocks",
}

TEMPLATE = """# {title}

{summary}

| | |
|---|---|
| network | {network} |
| hidden units of its predictor | {hidden} |
| numbers | {numbers} weights in half precision, {megabytes:.1f} MB |
| what it starts from | {start} |
| training | {training} |
| hardware | {hardware} |
| licence of the weights | {licence} |

The last of the training, as it tells of itself: {source}.

## What it was trained on

{statements}

{sources}

## How good it is

Each photo is reduced by the factor (antialiased bicubic, as MATLAB's `imresize`), enlarged again, rounded to 8 bits and
measured without its border, on luma: PSNR in dB / SSIM. The gain is over bicubic, photo by photo, ± half of the 95 %
interval. Seconds are of the processor for a photo of the size of the small one. `lacuna evaluate-sr` measures it again.

{tables}

## Samples

![Parts of photos, enlarged]({sheet})

From left to right, reduced by {factor} and enlarged again, each pixel shown as {magnified} x {magnified}: bicubic,
`{name}`, the truth. Photos, parts of them: {shown_credits}.

## Weaknesses

{weaknesses}
"""


def write(name: str, runs: Sequence[Path], tables: Sequence[Path], data: Path, words: Words) -> None:
    """The card, samples and log of models/NAME, with their hashes in its config; and models/CREDITS.md."""
    model = models.model(name)
    measured = [rows_of(table) for table in tables]
    if len(words.tables) != len(measured):
        raise SystemExit(f"There are {len(measured)} tables, and words for {len(words.tables)}.")
    shown = "\n\n".join(f"{said}\n\n{_table(rows, name)}" for said, rows in zip(words.tables, measured, strict=True))
    psnr = _mean(measured[0], ORDERED_BY, name, "psnr")
    card = _card(model, shown, keep_logs(runs, model.folder), data, words)
    _draw_samples(model, data)
    finish(model, card, round(psnr.value, 3), words, data)


def _card(model: Model, tables: str, logs: Sequence[Log], data: Path, words: Words) -> str:
    config = model.config
    assert config is not None
    statements, sources = trained_with(config, words, data)
    weights = read_weights(model)
    return TEMPLATE.format(
        title=config.title,
        summary=words.summary,
        network=NETWORKS[config.network].format(**config.sizes),
        hidden=config.sizes["hidden"],
        numbers=f"{sum(values.size for values in weights.values()):,}",
        megabytes=model.weights.stat().st_size / 1e6,
        start="the picture enlarged by the cubic kernel, to which it adds" if config.start == "bicubic" else "nothing",
        training="; ".join(map(str, logs)),
        hardware=words.hardware,
        licence=words.licence,
        source=config.source,
        statements=statements,
        sources=sources,
        tables=tables,
        sheet=SHEET,
        factor=SHOWN_FACTOR,
        magnified=MAGNIFIED,
        name=model.name,
        shown_credits="; ".join(dict.fromkeys(f"{photo.credit} ({photo.licence})" for photo in _shown(data))),
        weaknesses=listed(words.weaknesses),
    )


def _table(rows: Sequence[Row], name: str) -> str:
    """A line for each factor. Raises SystemExit where a method is not in the table."""
    lacking = [method for method in (*BESIDE, name) if method not in {row["method"] for row in rows}]
    if lacking:
        raise SystemExit(f"The table lacks {', '.join(lacking)}.")
    heads = ("factor", "photos", *(f"`{method}`" for method in BESIDE), f"**`{name}`**", "gain", "RGB", "seconds")
    lines = [heads, ("---", *("--:" for _head in heads[1:]))]
    for factor in sorted({row["factor"] for row in rows}, key=lambda factor: float(factor.removeprefix("x"))):
        both = (
            f"{_mean(rows, factor, method, 'psnr').value:.2f} / {_mean(rows, factor, method, 'ssim').value:.4f}"
            for method in (*BESIDE, name)
        )
        gain = _mean(rows, factor, name, "gain")
        margin = "" if gain.margin is None else f" ± {gain.margin:.2f}"
        others = (f"{_mean(rows, factor, name, measure).value:.2f}" for measure in ("psnr_rgb", "seconds"))
        lines.append((factor, str(gain.count), *both, f"**{gain.value:+.2f}**{margin}", *others))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _mean(rows: Sequence[Row], factor: str, method: str, measure: str) -> interval.Mean:
    values = [
        float(row[measure]) for row in rows if (row["factor"], row["method"]) == (factor, method) and row[measure]
    ]
    if not values:
        raise SystemExit(f"The table has no {measure} of {method} at {factor}.")
    return interval.mean(values)


def _draw_samples(model: Model, data: Path) -> None:
    """A sheet of parts of photos that may be copied, where these have most detail."""
    import numpy as np
    from PIL import Image

    from lacuna.cli.evaluate_sr import busiest, contenders, enlarged, magnified, reduced
    from lacuna.imaging.contact_sheet import ContactSheet

    sheet = ContactSheet()
    bicubic, _lanczos, own = contenders((model.name,), "cpu")
    for photo in _shown(data):
        truth = np.asarray(Image.open(data / "eval" / photo.file).convert("RGB"))
        window = busiest(truth[: -int(SHOWN_FACTOR) - 4, : -int(SHOWN_FACTOR) - 4], SIDE)
        small = reduced(truth, SHOWN_FACTOR)
        cells = [(enlarged(contender, small, SHOWN_FACTOR), contender.name) for contender in (bicubic, own)]
        sheet.add([(magnified(pixels[window], MAGNIFIED), name) for pixels, name in (*cells, (truth, "truth"))])
    Image.fromarray(sheet.page()).save(model.folder / SHEET, quality=QUALITY, method=6)


def _shown(data: Path) -> list[photo_credits.Photo]:
    """The photos of the sheet: none that may not be copied."""
    found = [photo for photo in photo_credits.photos(data) if photo.folder == "eval" and photo.file[:3] in SHOWN]
    assert [photo for photo in found if photo.kind != photo_credits.FREE] == []
    return found
