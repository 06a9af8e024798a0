"""Numbers as people say them: durations, memory, sizes, shares."""

from __future__ import annotations

from lacuna.i18n import _, ngettext


def seconds(value: float) -> str:
    """A duration, as coarse as a guess deserves.

    >>> seconds(0.04), seconds(0.44), seconds(2.3), seconds(75), seconds(7300)
    ('under 0.1 s', '0.4 s', '2 s', '1 min 15 s', '2 h 1 min')
    """
    if value < 0.1:
        return _("under 0.1 s")
    if value < 1:
        return _("{seconds:.1f} s").format(seconds=value)
    whole = round(value)
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    if whole < 3600:
        return _("{minutes} min {seconds} s").format(minutes=whole // 60, seconds=whole % 60)
    return _("{hours} h {minutes} min").format(hours=whole // 3600, minutes=whole % 3600 // 60)


def about(value: float) -> str:
    """A duration that is a guess.

    >>> about(0.04), about(12)
    ('Under 0.1 s', 'About 12 s')
    """
    return _("Under 0.1 s") if value < 0.1 else _("About {time}").format(time=seconds(value))


def memory(count: int) -> str:
    """Bytes, in MB or GB.

    >>> memory(300_000), memory(12_600_000), memory(3_200_000_000)
    ('1 MB', '13 MB', '3.2 GB')
    """
    if count < 1e9:
        return _("{count} MB").format(count=max(1, round(count / 1e6)))
    return _("{count:.1f} GB").format(count=count / 1e9)


def forecast(
    duration: float,
    count: int,
    regions: int,
    *,
    first: bool,
    crop: tuple[int, int] = (0, 0),
    size: tuple[int, int] = (0, 0),
) -> str:
    """What a fill will take: seconds, bytes and regions. `first`: it has to be loaded before, for a time that varies.

    Where the largest `crop`, (height, width), is worked on at another `size`, both are said.

    >>> forecast(12, 12_600_000, 1, first=False)
    'About 12 s  ·  13 MB  ·  1 region'
    """
    parts = ngettext("{count} region", "{count} regions", regions).format(count=regions)
    told = "  ·  ".join((about(duration), memory(count), parts))
    lines = [told]
    if crop != size:
        lines.append(
            _("{width} × {height} pixels are worked on at {small_width} × {small_height}.").format(
                width=crop[1], height=crop[0], small_width=size[1], small_height=size[0]
            )
        )
    if first:
        lines.append(_("The first use may take some seconds more."))
    return "\n".join(lines)


def three_digits(value: float) -> str:
    """A measured number to three digits, a whole one from 100 on: never with an exponent where it is large.

    >>> three_digits(3.0), three_digits(12.345), three_digits(99.96), three_digits(1834.5)
    ('3', '12.3', '100', '1834')
    """
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def share(part: float) -> str:
    """A share between 0 and 1 in per cent: enough digits that little is not shown as none.

    >>> share(0), share(0.00001), share(0.0123), share(0.4), share(1)
    ('0 %', '< 0.01 %', '1.23 %', '40 %', '100 %')
    """
    per_cent = part * 100
    if per_cent == 0:
        return _("{share} %").format(share=0)
    if per_cent < 0.01:
        return _("< 0.01 %")
    return _("{share} %").format(share=f"{per_cent:.2f}" if per_cent < 10 else round(per_cent))


def zoom(factor: float) -> str:
    """A zoom in per cent, as exactly as it is of use.

    >>> zoom(1.0), zoom(0.125), zoom(0.3333), zoom(64)
    ('100 %', '12.5 %', '33.3 %', '6400 %')
    """
    percent = factor * 100
    return _("{percent} %").format(percent=f"{percent:.1f}".removesuffix(".0") if percent < 100 else f"{percent:.0f}")


def depth(dtype: str) -> str:
    """What a dtype's name is to a photographer."""
    return {"uint8": _("8 bit"), "uint16": _("16 bit"), "float32": _("32 bit float")}[dtype]


def left(value: float) -> str:
    """How long a job still takes."""
    rest = max(1, round(value))
    if rest < 60:
        return ngettext("{count} second left", "{count} seconds left", rest).format(count=rest)
    minutes = round(rest / 60)
    return ngettext("{count} minute left", "{count} minutes left", minutes).format(count=minutes)
