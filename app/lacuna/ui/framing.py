"""Which part of a picture to show where a hole is looked at."""

from __future__ import annotations

from lacuna.imaging.region import Region

LEAST_AROUND = 12  # pixels of the picture to be seen around the hole
SHARE_AROUND = 0.2  # of the hole's long side


def framed(box: Region, aspect: float, shape: tuple[int, int]) -> Region:
    """A part of a picture of `shape` that shows `box` with something around it, as near to `aspect` as there is room.

    >>> framed(Region(100, 100, 120, 200), 2.0, (300, 400))
    Region(y0=75, x0=80, y1=145, x1=220)
    """
    around = max(LEAST_AROUND, round(SHARE_AROUND * max(box.height, box.width)))
    wide = box.pad(around)
    missing = round(wide.width / aspect) - wide.height
    if missing > 0:
        wide = Region(wide.y0 - missing // 2, wide.x0, wide.y1 + missing - missing // 2, wide.x1)
    else:
        missing = round(wide.height * aspect) - wide.width
        wide = Region(wide.y0, wide.x0 - missing // 2, wide.y1, wide.x1 + missing - missing // 2)
    # Moved inside where it reaches out, so that the hole of a corner is shown as large as any other.
    dy = max(0, -wide.y0) - max(0, wide.y1 - shape[0])
    dx = max(0, -wide.x0) - max(0, wide.x1 - shape[1])
    return wide.shift(dy, dx).clip(shape)
