"""Make a trained model one that ships: ship.py RUN NAME [--side PIXELS] [--fine PIXELS]. Needs the extra "torch".

RUN is the folder of a training. The model goes to models/NAME, with graphs and hashes; `cards.py` then gives it what it
was measured at, its licence and its card.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from lacuna import paths
from lacuna.contract import models
from lacuna.errors import LacunaError
from lacuna.inference import own_file
from lacuna.inference.saving import save


def ship(run: Path, name: str, side: int | None = None, fine: float = 1.0) -> Path:
    """The folder of the model, which takes the place of an older one. `side` other than in training is to be measured.

    `fine` is as in `ModelConfig`: above 1 for weights that leave a blur.

    Raises LacunaError for a run without weights, or with those of half a network.
    """
    if not models.NAME.fullmatch(name):
        raise LacunaError(f"“{name}” cannot be the name of a model.")
    folder = own_file.folder_in(run)
    if folder is None:
        raise LacunaError(f"There is no model in {run}.")
    own = own_file.of_folder(folder)
    config = dataclasses.replace(own.config, dtype="float16", psnr=None, side=side or own.config.side, fine=fine)
    target = paths.models() / name
    save(target, config, own.tensors(), replace=True)
    return target


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--side", type=int)
    parser.add_argument("--fine", type=float, default=1.0)
    given = parser.parse_args(words)
    try:
        folder = ship(given.run, given.name, given.side, given.fine)
    except LacunaError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{folder}: {sum(file.stat().st_size for file in folder.iterdir()) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
