"""How long it takes: the share closed by each day, with open cases counted in, and the tiers as upright lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from jiejian.charts.contrast import readable
from jiejian.charts.parts import (
    CATEGORIES,
    MARK,
    RED,
    SCREEN,
    SECOND,
    Figure,
    Finding,
    axis,
    meta,
    note,
    nothing,
    safe,
    spread,
    template,
    text_width,
)
from jiejian.context import Context

READING = (
    "横轴是受理后的天数，纵轴是到那一天已办结的比重，曲线升得越早越快。"
    "还没办结的也计算在内（到目前为止的等待时间），所以不会因为漏掉久拖未办的而显得快。"
    "浅色带是95%区间，带子重叠的两条线不能说有差别。"
)
_TICKS = (1, 3, 7, 14, 30, 60, 90, 180, 365)


def closing_curves(
    curves: Mapping[str, pd.DataFrame],
    context: Context,
    finding: Finding,
    tiers: Sequence[tuple[str, float]] = (),
    focus: str = "",
    height: float = 340,
) -> Figure:
    """One curve a group (at most six), from analysis.survival.closed_by_day with days as unit; ``tiers`` are name and days."""
    shown = {name: curve for name, curve in list(curves.items())[:6] if not curve.empty}
    if not shown:
        return nothing("所选范围内没有可以计算用时的诉求。", finding, context, None, SCREEN)
    last = min(max(float(curve["day"].max()) for curve in shown.values()), 365.0)
    longest = max(last, max((days for _, days in tiers), default=0) * 1.05, 1)
    data, ends = [], []
    for n, (name, curve) in enumerate(shown.items()):
        colour = RED if name == focus or len(shown) == 1 else CATEGORIES[(n + 1) % len(CATEGORIES)]
        # The curve begins at nothing, and stays level to the axis's end as far as it is known.
        x = [0.0, *map(float, curve["day"])]
        y, low, high = ([0.0, *(100 * float(v) for v in curve[c])] for c in ("share", "lower", "upper"))
        x, y, low, high = ([_bent(v) for v in x], y, low, high)
        edge = {"type": "scatter", "mode": "lines", "x": x, "hoverinfo": "skip", "line": {"width": 0, "shape": "hv"}}
        data += [{**edge, "y": low}, {**edge, "y": high, "fill": "tonexty", "fillcolor": _faint(colour)}]
        data.append({
            "type": "scatter", "mode": "lines", "x": x, "y": y, "line": {"color": colour, "width": 2.5, "shape": "hv"}, "hoverinfo": "text",
            "hovertext": [f"<b>{safe(name)}</b><br>{day:.0f}天内办结{share:.1f}%" for day, share in zip([0.0, *map(float, curve["day"])], y, strict=True)],
        })  # fmt: skip
        ends.append((name, y[-1], colour))
    heights = spread([y for _, y, _ in ends], 100 * 18 / (height - 60), 0, 104)
    labels = [
        note(
            safe(f"{name} {share:.1f}%"),
            1,
            place,
            SCREEN,
            yref="y",
            xanchor="left",
            xshift=6,
            font={"size": SCREEN.small, "color": readable(colour)},
        )
        for (name, share, colour), place in zip(ends, heights, strict=True)
    ]
    lines = [(name, days) for name, days in tiers if days <= longest]
    shapes = [
        {
            "type": "line",
            "x0": _bent(d),
            "x1": _bent(d),
            "y0": 0,
            "y1": 100,
            "line": {"color": MARK, "width": 1, "dash": "dash"},
            "layer": "below",
        }
        for _, d in lines
    ]
    labels += [
        note(
            safe(name),
            _bent(d),
            1,
            SCREEN,
            xref="x",
            yanchor="bottom",
            xanchor="center",
            font={"size": SCREEN.small, "color": SECOND},
        )
        for name, d in lines
    ]
    ticks = [t for t in _TICKS if t <= longest]
    alt = "；".join(f"{name}最终办结{share:.1f}%" for name, share, _ in ends)
    right = max(text_width(f"{name} {share:.1f}%", SCREEN.small) for name, share, _ in ends) + 14
    return {
        "data": data,
        "layout": template(
            height, SCREEN, {"l": 52, "r": right, "t": 24, "b": 46},
            xaxis=axis(SCREEN, range=[0, _bent(longest)], tickmode="array", tickvals=[_bent(t) for t in ticks], ticktext=[f"{t}天" for t in ticks],
                       title={"text": "受理后天数（前几天放宽显示）", "font": {"size": SCREEN.small, "color": SECOND}, "standoff": 4}),
            yaxis=axis(SCREEN, range=[0, 104], tickmode="array", tickvals=[0, 25, 50, 75, 100], ticktext=["0%", "25%", "50%", "75%", "100%"]),
            shapes=shapes, annotations=labels, meta=meta(finding, context, "%", f"办结用时曲线：{alt}。", READING),
        ),
    }  # fmt: skip


def _bent(days: float) -> float:
    """Days on an axis that gives the first ones room: log of one more."""
    return math.log1p(days)


def _faint(colour: str) -> str:
    return f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},0.10)"
