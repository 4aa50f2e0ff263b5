"""The spine of a portrait: where one community stands on one metric, as a picture of one line that prints sharp.

Not drawn by plotly: forty of them stand on a page that is printed, and a picture without script is as wide as its cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from jiejian.charts.parts import INK, LINE, MARK, RED, SECOND

WIDTH, HEIGHT = 180, 20


@dataclass(frozen=True)
class Spine:
    """Values of one metric in its unit; NaN where there is none. ``lowest`` and ``highest`` are the ends of the scale."""

    own: float
    peers: float
    street: float
    low: float
    high: float
    lowest: float
    highest: float


def spine_svg(spine: Spine) -> str:
    """Grey band: the middle half of the street; black line: the street; diamond: the peers; red dot: this one. '' without a scale."""
    if not (math.isfinite(spine.lowest) and math.isfinite(spine.highest)) or spine.highest <= spine.lowest:
        return ""

    def at(value: float) -> float:
        share = (value - spine.lowest) / (spine.highest - spine.lowest)
        return 8 + (WIDTH - 16) * min(max(share, 0.0), 1.0)

    middle = HEIGHT / 2
    parts = [f'<line x1="8" x2="{WIDTH - 8}" y1="{middle}" y2="{middle}" stroke="{LINE}" stroke-width="2"/>']
    if math.isfinite(spine.low) and math.isfinite(spine.high):
        width = max(at(spine.high) - at(spine.low), 1)
        parts.append(f'<rect x="{at(spine.low):.1f}" y="{middle - 5}" width="{width:.1f}" height="10" fill="#D5DAE0"/>')
    if math.isfinite(spine.street):
        x = at(spine.street)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="2" y2="{HEIGHT - 2}" stroke="{INK}" stroke-width="2"/>')
    if math.isfinite(spine.peers):
        x = at(spine.peers)
        points = f"{x:.1f},{middle - 5} {x + 5:.1f},{middle} {x:.1f},{middle + 5} {x - 5:.1f},{middle}"
        parts.append(f'<polygon points="{points}" fill="#FFFFFF" stroke="{SECOND}" stroke-width="1.6"/>')
    if math.isfinite(spine.own):
        parts.append(f'<circle cx="{at(spine.own):.1f}" cy="{middle}" r="5" fill="{RED}"/>')
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'


LEGEND = (
    ("●", RED, "本社区"),
    ("◇", SECOND, "同类平均"),
    ("┃", INK, "街道平均"),
    ("▆", MARK, "居中一半的社区"),
)
