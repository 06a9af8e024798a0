"""How large a picture shall become, as a person said it last: by a factor, in pixels, or on paper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from lacuna.contract.enlargement import Enlargement, by_factor, to_height, to_long_side, to_width

INCH = 2.54  # cm
USUAL_DPI = 300.0  # of prints, where a picture says nothing


class Said(Enum):
    """What was said; all else follows from it."""

    FACTOR = "factor"
    WIDTH = "width"  # pixels
    HEIGHT = "height"
    LONG_SIDE = "long side"
    PRINT_WIDTH = "print width"  # cm, at the dots an inch that are wanted
    PRINT_HEIGHT = "print height"


@dataclass(frozen=True)
class EnlargedSize:
    """`value` is that of what was `said`. `dpi_said`: a person has named it, so that the picture shall say it too."""

    said: Said = Said.FACTOR
    value: float = 2.0
    dpi: float = USUAL_DPI
    dpi_said: bool = False

    def say(self, said: Said, value: float) -> EnlargedSize:
        """The same with another size. One on paper names the dots an inch with it."""
        on_paper = said in (Said.PRINT_WIDTH, Said.PRINT_HEIGHT)
        return replace(self, said=said, value=value, dpi_said=self.dpi_said or on_paper)

    def at(self, dpi: float) -> EnlargedSize:
        """A size on paper stays and asks for other pixels; pixels stay and come out smaller or larger on paper."""
        return replace(self, dpi=dpi, dpi_said=True)

    def enlargement(self, height: int, width: int) -> Enlargement:
        """Of a picture of this size. Raises InvalidParameter for a size that is none."""
        pixels = round(self.value * self.dpi / INCH) if self.said in (Said.PRINT_WIDTH, Said.PRINT_HEIGHT) else 0
        match self.said:
            case Said.WIDTH:
                return to_width(height, width, round(self.value))
            case Said.HEIGHT:
                return to_height(height, width, round(self.value))
            case Said.LONG_SIDE:
                return to_long_side(height, width, round(self.value))
            case Said.PRINT_WIDTH:
                return to_width(height, width, pixels)
            case Said.PRINT_HEIGHT:
                return to_height(height, width, pixels)
        return by_factor(height, width, self.value)

    def on_paper(self, pixels: int) -> float:
        """How many cm so many pixels are."""
        return pixels * INCH / self.dpi
