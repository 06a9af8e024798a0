"""Export the graphs of all published networks anew into resources/graphs. Needs the extra "torch"; takes minutes."""

from __future__ import annotations

import sys

from lacuna.inference.export import exported
from lacuna.inference.graph_files import PUBLISHED, file_of, packed
from lacuna.networks.building import built


def main(words: list[str]) -> None:
    """Those whose file names contain one of the words, or all."""
    for config in PUBLISHED:
        path = file_of(config)
        if not words or any(word in path.name for word in words):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(packed(exported(config, built(config))))
            print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
