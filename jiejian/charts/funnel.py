"""Is the difference real: rate against size, with the limits that chance and the usual spread allow."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from jiejian.analysis.funnel import funnel, funnel_limits
from jiejian.analysis.interval import ABOVE, BELOW, ENOUGH_TO_ADJUST, compare_to_mean, display_scale, judged_as
from jiejian.analysis.takeaway import ranking_finding
from jiejian.catalogue import Metric
from jiejian.charts.contrast import readable
from jiejian.charts.many import MANY, sample, told
from jiejian.charts.parts import (
    BETTER,
    INK,
    MARK,
    RED,
    SCREEN,
    SECOND,
    SLIDE,
    WORSE,
    Figure,
    Type,
    axis,
    ids,
    meta,
    nice_ticks,
    note,
    nothing,
    safe,
    template,
    text_width,
    tick_texts,
)
from jiejian.context import Context
from jiejian.format import format_value

_HEIGHT, _SLIDE_HEIGHT = 440, 760
_POINTS = 80
READING = (
    "每个点是一个社区，越靠右规模越大；中间横线是总体平均。虚线、实线是95%和99.8%控制限：规模小，偶然起伏大，所以左边宽、右边窄。"
    "实线之外才说明显高于或低于平均，只有这些点写出名称（写得下的；其余指向圆点可见）；线内的高低可能只是随机波动。"
)


def funnel_plot(
    frame: pd.DataFrame,
    metric: Metric,
    context: Context,
    focus: Collection[str] | str | None = None,
    height: float | None = None,
    large: bool = False,
    size: str = "",
) -> Figure:
    """A figures frame of one metric and one period as a funnel; says why where the metric has none (counts, scores).

    ``size`` names what lies along the axis: the metric's denominator.
    """
    kind = SLIDE if large else SCREEN
    height = height or (_SLIDE_HEIGHT if large else _HEIGHT)
    finding = ranking_finding(frame, metric)
    compared = compare_to_mean(frame, metric)
    there = compared[compared["group"] != ""]
    if not judged_as(metric):
        return nothing("这项指标不是比率，没有漏斗图；请看排序图。", finding, context, None, kind)
    if len(there) < 2:
        return nothing("有数的社区不足两个，无从比较。", finding, context, None, kind)
    limits = _curves(there, metric)
    y = _y_ticks(there, limits)
    x = nice_ticks(0, float(there["denominator"].max()), 6, whole=True)
    # Of all of them the limits and the words, of the quiet middle of a city only so many dots as show its shape.
    quiet = ~_telling(there, ids(focus))
    drawn = there[sample(~quiet, there["denominator"].to_numpy(dtype=float))] if len(there) > MANY else there
    finding = finding[0], finding[1] + told(len(there), len(drawn), "控制限外的、选中的和线内的一部分")
    reading = READING + (
        "控制限已按社区间常有的差异放宽（过度离散调整）。" if there["adjusted"].iloc[0] else "社区少于8个，控制限未作放宽。"
    )
    said = meta(finding, context, metric.unit, _alt(there, metric), reading)
    return {
        "data": [*_lines(limits, kind), *_dots(drawn, metric, ids(focus), kind, (x[-1] - x[0], y[-1] - y[0], height))],
        "layout": template(
            height,
            kind,
            {"l": kind.tick * 4.2, "r": text_width("99.8%", kind.small) + kind.body, "t": kind.small * 1.6, "b": kind.tick * 3.6},
            xaxis=_axis(x, "", size or f"规模（{_size_word(metric)}）", kind) | {"ticklabelstandoff": 4},
            yaxis=_axis(y, metric.unit, "", kind) | {"ticklabelstandoff": 4},
            annotations=[_mean_label(there, metric, kind), *_limit_labels(limits, y, kind)],
            shapes=[_mean_line(float(there["mean"].iloc[0]), kind)],
            meta=said,
        ),
    }


def _size_word(metric: Metric) -> str:
    return "分母的数量，即参加计算的件数、人数或户数" if metric.kind == "proportion" else "分母的数量"


def _curves(there: pd.DataFrame, metric: Metric) -> dict[str, list[float]]:
    """The limits as curves over size, in display units."""
    wide = "winsorised" if len(there) >= ENOUGH_TO_ADJUST else None
    how: Any = judged_as(metric)
    _, centre, phi, tau2 = funnel(there["numerator"], there["denominator"], kind=how, overdispersion=wide)
    largest = float(there["denominator"].max())
    # Closer together on the left, where the curves bend.
    sizes = largest * 1.04 * np.linspace(0.05, 1, _POINTS) ** 2
    sizes = np.unique(np.maximum(sizes, float(there["denominator"].min()) * 0.6))
    curves = funnel_limits(sizes, centre, kind=how, overdispersion=wide if phi > 1 else None, tau2=tau2)
    scale = display_scale(metric)
    return {"size": [float(s) for s in sizes], **{name: [float(v * scale) for v in values] for name, values in curves.items()}}


def _y_ticks(there: pd.DataFrame, limits: dict[str, list[float]]) -> list[float]:
    """An axis for the places and for the limits of all but the smallest of them."""
    lows, highs = (np.quantile(limits[f"{side}_998"], q) for side, q in (("lower", 0.25), ("upper", 0.75)))
    return nice_ticks(float(min(there["value"].min(), lows)), float(max(there["value"].max(), highs)), 6)


def _lines(limits: dict[str, list[float]], kind: Type) -> list[dict[str, Any]]:
    styles = {"95": {"color": MARK, "width": kind.line * 0.6, "dash": "dot"}, "998": {"color": SECOND, "width": kind.line * 0.75}}
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": limits["size"],
            "y": limits[f"{side}_{name}"],
            "line": style,
            "hoverinfo": "skip",
        }
        for name, style in styles.items()
        for side in ("lower", "upper")
    ]


def _telling(there: pd.DataFrame, focus: tuple[str, ...]) -> np.ndarray:
    """Places in focus, and of those beyond the limits the farthest: of a city only so many as have room for a name."""
    outside = there["group"].isin([ABOVE, BELOW]).to_numpy()
    if outside.sum() > MANY:
        apart = np.abs(there["value"] - there["mean"]).to_numpy() * np.sqrt(there["denominator"].to_numpy(dtype=float)) * outside
        outside = apart >= np.sort(apart)[-MANY]
    return outside | there["place_id"].isin(focus).to_numpy()


def _with_room(
    there: pd.DataFrame, named: np.ndarray, first: np.ndarray, far: np.ndarray, kind: Type, spans: tuple[float, float, float]
) -> np.ndarray:
    """Which of the named places have room for their name: those in focus and the farthest first, none over another.

    ``spans``: what the axes cover in their units, and the height in px. The width is not known; the narrowest usual one is taken.
    """
    wide, high = (_SLIDE_HEIGHT if kind is SLIDE else _HEIGHT) * 1.7 / spans[0], spans[2] * 0.8 / spans[1]
    apart = np.abs(there["value"] - there["mean"]).to_numpy() * np.sqrt(there["denominator"].to_numpy(dtype=float))
    shown, taken = np.zeros(len(there), bool), []
    for i in np.lexsort((-apart, ~first)):
        if not named[i]:
            continue
        x, y = float(there["denominator"].iloc[i]) * wide, float(there["value"].iloc[i]) * high
        length = text_width(str(there["place"].iloc[i]), kind.small) + kind.mark
        left = x - length if far[i] else x
        if all(abs(y - b) >= kind.small * 1.2 or left >= a + w or left + length <= a for a, b, w in taken):
            shown[i] = True
            taken.append((left, y, length))
    return shown


def _dots(
    there: pd.DataFrame, metric: Metric, focus: tuple[str, ...], kind: Type, spans: tuple[float, float, float]
) -> list[dict[str, Any]]:
    chosen = there["place_id"].isin(focus).to_numpy()
    outside = there["group"].isin([ABOVE, BELOW]).to_numpy()
    tone = there["verdict"].map({"better": BETTER, "worse": WORSE}).fillna(INK).to_numpy()
    colour = np.where(chosen, RED, np.where(outside, tone, MARK))
    # The emptier side: names stand to the right, those at the right edge to the left.
    far = (there["denominator"] > there["denominator"].max() * 0.75).to_numpy()
    named = _with_room(there, _telling(there, focus), chosen, far, kind, spans)
    return [
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": [float(v) for v in there["denominator"]],
            "y": [float(v) for v in there["value"]],
            "text": [safe(place) if show else "" for place, show in zip(there["place"], named, strict=True)],
            "textposition": ["middle left" if edge else "middle right" for edge in far],
            "textfont": {"size": kind.small, "color": [readable(str(c)) for c in colour]},
            "marker": {"size": kind.mark, "color": [str(c) for c in colour], "line": {"width": 1, "color": "#FFFFFF"}},
            "hovertext": [_hover(row, metric) for row in there.to_dict("records")],
            "hoverinfo": "text",
            "customdata": [[str(p)] for p in there["place_id"]],
            "cliponaxis": False,
        }
    ]


def _hover(row: dict[str, Any], metric: Metric) -> str:
    parts = f"分子 {format_value(row['numerator'], exact=True)} ÷ 分母 {format_value(row['denominator'], exact=True)}"
    return f"<b>{safe(row['place'])}</b><br>{safe(metric.name)}：{format_value(row['value'], metric, unit=True)}<br>{parts}<br>{row['group']}"


def _axis(ticks: list[float], unit: str, title: str, kind: Type) -> dict[str, Any]:
    words = {"text": safe(title), "font": {"size": kind.small, "color": SECOND}, "standoff": 4}
    return axis(
        kind,
        tickmode="array",
        tickvals=ticks,
        ticktext=tick_texts(ticks, unit),
        range=[ticks[0], ticks[-1]],
        title=words,
        automargin=True,
    )


def _mean_line(mean: float, kind: Type) -> dict[str, Any]:
    line = {"color": INK, "width": kind.line * 0.75}
    return {
        "type": "line",
        "xref": "paper",
        "yref": "y",
        "x0": 0,
        "x1": 1,
        "y0": mean,
        "y1": mean,
        "line": line,
        "layer": "below",
    }


def _mean_label(there: pd.DataFrame, metric: Metric, kind: Type) -> dict[str, Any]:
    mean = float(there["mean"].iloc[0])
    text = f"总体平均 {format_value(mean, metric)}"
    return note(text, 1, mean, kind, yref="y", xanchor="right", yanchor="bottom", font={"size": kind.small, "color": INK})


def _limit_labels(limits: dict[str, list[float]], ticks: list[float], kind: Type) -> list[dict[str, Any]]:
    """What the two lines are, at their right end, on the side where there is more room between them."""
    ends = {side: [limits[f"{side}_{name}"][-1] for name in ("95", "998")] for side in ("lower", "upper")}
    inner, outer = max(ends.values(), key=lambda pair: abs(pair[1] - pair[0]))
    # Lines closer than this share of the height would have their names in one another.
    if abs(outer - inner) < 0.05 * (ticks[-1] - ticks[0]) or not ticks[0] <= outer <= ticks[-1]:
        return []
    font = {"size": kind.small, "color": SECOND}
    return [
        note(word, limits["size"][-1], at, kind, xref="x", yref="y", xanchor="left", xshift=4, font=font)
        for word, at in (("95%", inner), ("99.8%", outer))
    ]


def _alt(there: pd.DataFrame, metric: Metric) -> str:
    counted = there["group"].value_counts()
    told = "、".join(f"{int(n)}个{group}" for group, n in counted.items())
    return f"漏斗图：{len(there)}个地方的{metric.name}与规模，{told}。"
