"""Colours of text that can be read: at least 4.5:1 against what lies beneath (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jiejian.charts.parts import INK

LEAST = 4.5
_Rgb = tuple[int, int, int]


def _rgb(colour: str) -> _Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _light(colour: str) -> float:
    """Relative luminance, 0 to 1."""
    shares = (v / 255 for v in _rgb(colour))
    red, green, blue = (s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str = "#FFFFFF") -> float:
    """From 1 (the same) to 21 (black on white); colours as #RRGGBB."""
    dark, light = sorted((_light(one), _light(other)))
    return (light + 0.05) / (dark + 0.05)


@cache
def readable(colour: str, ground: str = "#FFFFFF") -> str:
    """The colour of a line or mark for its name in letters: itself, or as much darker as the ground asks."""
    share = 1.0
    while contrast(found := _scaled(colour, share), ground) < LEAST:
        share -= 0.02
    return found


def _scaled(colour: str, share: float) -> str:
    return "#{:02X}{:02X}{:02X}".format(*(round(v * share) for v in _rgb(colour)))


@cache
def ink_on(ground: str) -> str:
    """White, the house's ink or black, the first that can be read on the ground; black or white always can."""
    return next(ink for ink in ("#FFFFFF", INK, "#000000") if contrast(ink, ground) >= LEAST)


@cache
def shade_at(shades: Sequence[str], share: float) -> str:
    """The colour at a share (0 to 1) of a scale of evenly spaced shades."""
    place = min(max(share, 0.0), 1.0) * (len(shades) - 1)
    left = min(int(place), len(shades) - 2)
    ends = zip(_rgb(shades[left]), _rgb(shades[left + 1]), strict=True)
    return "#{:02X}{:02X}{:02X}".format(*(round(a + (b - a) * (place - left)) for a, b in ends))
