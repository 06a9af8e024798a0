"""A person's own network that picks an object by clicks, as a model: what `picker.toml` says of the graphs beside it.

One graph takes a picture and points; or two do, of which the first sees the picture once (SAM and its kin are passed
on so). The names of what goes in and out are those of the published exports; docs/own-models.md lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lacuna.contract.config_toml import FORMAT, checked_fields, given_by, toml_of
from lacuna.contract.graph_config import GRAPH
from lacuna.contract.model_files import FILE, require_hashes

PICKER_CONFIG = "picker.toml"
HEADING = f"# How Lacuna picks objects by {GRAPH}; docs/own-models.md explains every line."
RANGES = ("0..1", "-1..1", "0..255", "imagenet")  # the last: less the mean of ImageNet's colours, by their deviation


@dataclass(frozen=True)
class PickerConfig:
    """What has to be known to pick by a graph of others.

    `encoder` is the file of the graph that sees the picture; "" where `model.onnx` does all. `side` is the long side
    in pixels that the picture is brought to, `range` what its black and white are, and `sha256` has the hash of every
    file that it runs.
    """

    title: str
    encoder: str = ""
    side: int = 1024
    range: str = "0..1"
    licence: str = ""
    source: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def __post_init__(self) -> None:
        """Raises ValueError, naming the field, for what no reader could use."""
        if not self.title.strip():
            raise ValueError("title")
        if self.encoder and not FILE.fullmatch(self.encoder):
            raise ValueError(f"encoder: {self.encoder}")
        if not 64 <= self.side <= 4096:
            raise ValueError(f"side: {self.side}")
        if self.range not in RANGES:
            raise ValueError(f"range: {self.range}")
        require_hashes(self.sha256)
        missing = [file for file in self.files if file not in self.sha256]
        if missing or PICKER_CONFIG in self.sha256:
            raise ValueError(f"sha256: {', '.join(missing) or PICKER_CONFIG}")

    @property
    def files(self) -> tuple[str, ...]:
        """Its graphs."""
        return tuple(filter(None, (self.encoder, GRAPH)))

    def to_toml(self) -> str:
        """The text of `picker.toml`."""
        return toml_of(self, HEADING)

    @staticmethod
    def from_toml(text: str) -> PickerConfig:
        """The config that `to_toml` wrote, or a person. Raises ValueError, saying what is wrong, for any other text."""
        return PickerConfig(**checked_fields(PickerConfig, "", given_by(text)))
