"""What the cards of all models that ship are made of: their words, photos and logs."""

from __future__ import annotations

import csv
import dataclasses
import statistics
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import photo_credits

from lacuna import paths
from lacuna.contract import models
from lacuna.contract.model_config import CONFIG, ModelConfig
from lacuna.contract.models import CARD, Model
from lacuna.words import three_digits

SHEET = "samples.webp"
MOST_ROWS = 300  # of a log that is kept

Row = Mapping[str, str]


@dataclass(frozen=True)
class Log:
    """The kept table of a training, or of one of its stages, and how long that was."""

    file: str
    steps: int
    minutes: float
    rate: float  # pictures a second, the median

    def __str__(self) -> str:
        minutes, rate = three_digits(self.minutes), three_digits(self.rate)
        took = f"{self.steps:,} steps in {minutes} minutes, {rate} pictures a second"
        return f"{took} ([{self.file}]({self.file}))"


@dataclass(frozen=True)
class Words:
    """What `packaging/cards/NAME.toml` says. `classes` and `photos` only where the training itself does not tell;
    `tables` says of each table of a model that enlarges what it was measured on."""

    summary: str
    hardware: str
    licence: str
    weaknesses: tuple[str, ...]
    classes: tuple[str, ...] = ()
    photos: int = 0
    tables: tuple[str, ...] = ()

    @staticmethod
    def read(path: Path) -> Words:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        return Words(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})


def finish(model: Model, card: str, psnr: float, words: Words, data: Path) -> None:
    """The card, the credits of all models, and the config, with the hash of every file that lies there by now."""
    assert model.config is not None
    (model.folder / CARD).write_text(card, encoding="utf-8")
    (paths.models() / "CREDITS.md").write_text(photo_credits.credits(data), encoding="utf-8")
    files = sorted(file for file in model.folder.iterdir() if file.name != CONFIG)
    hashes = {file.name: models.digest(file) for file in files}
    config = dataclasses.replace(model.config, psnr=psnr, licence=words.licence, sha256=hashes)
    (model.folder / CONFIG).write_text(config.to_json(), encoding="utf-8")


def trained_with(config: ModelConfig, words: Words, data: Path) -> tuple[str, str]:
    """What a card says of the photos: their classes of licence, and their sources."""
    classes, count = _trained_on(config, words)
    chosen = photo_credits.trained_on(data, classes, count)
    statements = listed([photo_credits.STATEMENTS[kind] for kind in classes])
    return (
        f"{count} photos of these classes of licence:\n\n{statements}",
        f"By source:\n\n{listed(photo_credits.sources(data, chosen))}",
    )


def _trained_on(config: ModelConfig, words: Words) -> tuple[tuple[str, ...], int]:
    """The classes of licence and the number of photos: as the training tells in its source, else as the words do."""
    told = config.source.partition("; ")[2]
    count, _space, rest = told.partition(" photos")
    named = rest.removeprefix(" of the licence classes ")
    if told and named:
        return tuple(named.split(", ")), int(count)
    if not words.classes:
        raise SystemExit("Neither the training nor the words say which classes of licence were used.")
    return words.classes, int(count) if told else words.photos


def listed(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def keep_logs(runs: Sequence[Path], folder: Path) -> list[Log]:
    """The tables of the trainings, of long ones every so many rows and those with measures."""
    logs: list[Log] = []
    for run in runs:
        found = {path.stem: rows_of(path) for path in run.glob("*.csv")}
        tables = {stem: rows for stem, rows in found.items() if rows}  # a stage that has just begun has a head alone
        if not tables:
            raise SystemExit(f"There is no log in {run}.")
        steps, minutes = 0, 0.0  # at the end of the stage before
        for stem, rows in sorted(tables.items(), key=lambda item: int(item[1][-1]["step"])):
            last, taken = rows[-1], len([log for log in logs if log.file.startswith(stem)])
            file = f"{stem}-{taken + 1}.csv" if taken else f"{stem}.csv"
            _write_thinned(folder / file, rows)
            rate = statistics.median(float(row["pictures_per_second"]) for row in rows)
            logs.append(Log(file, int(last["step"]) - steps, float(last["minutes"]) - minutes, rate))
            steps, minutes = int(last["step"]), float(last["minutes"])
    return logs


def _has_measures(row: Row) -> bool:
    return any(value for name, value in row.items() if name.startswith("psnr"))


def _write_thinned(path: Path, rows: Sequence[Row]) -> None:
    every = -(-len(rows) // MOST_ROWS)
    kept = [row for n, row in enumerate(rows) if not n % every or _has_measures(row) or n == len(rows) - 1]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
