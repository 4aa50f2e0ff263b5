"""Years beside one another on the months of one year: single figures, or what has come together so far against a target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jiejian.catalogue import Metric
from jiejian.charts.contrast import readable
from jiejian.charts.parts import (
    MARK,
    RED,
    SCREEN,
    SECOND,
    Figure,
    Finding,
    Type,
    axis,
    meta,
    nice_ticks,
    note,
    nothing,
    numbers,
    safe,
    spread,
    template,
    text_width,
    tick_texts,
)
from jiejian.context import Context
from jiejian.format import format_value
from jiejian.periods import Period

_COLOURS = (RED, SECOND, "#B8C1CB")
YEARS_READING = (
    "横轴是一年的各期，一条线是一年：红线是今年，深灰是去年，浅灰是前年。"
    "同一竖直位置上下比较就是同比；断开处为缺数，不是零。"
    "一期的高低多半是偶然，整条线都在另一条之上才说明问题；春节每年所在月份不同，1—2月宜合起来看。"
)
CUMULATIVE_READING = (
    "红线是今年1月至各月的累计，灰线是上年同期的累计。"
    "点线是序时进度：把全年目标按月平均铺开，红线在它之上就是快于进度。"
    "累计数逐月增加，线往上走本身不说明变好；某月缺数，累计从那个月起断开。"
)


def years_chart(
    metric: Metric, periods: Sequence[Period], values: np.ndarray, context: Context, finding: Finding, height: float = 340
) -> Figure:
    """The last three years, a line a year, on one axis of periods."""
    years = sorted({p.start.year for p in periods})[-3:]
    slots = _slots(periods[-1])
    rows = {year: [np.nan] * len(slots) for year in years}
    for period, value in zip(periods, values, strict=True):
        if period.start.year in rows:
            rows[period.start.year][_slot(period)] = value
    lines = [(f"{year}年", rows[year], _COLOURS[k]) for k, year in enumerate(reversed(years))]
    return _figure(metric, slots, lines, [], context, finding, YEARS_READING, height)


def cumulative_chart(
    metric: Metric, now: np.ndarray, before: np.ndarray, year: int, target: float | None, adds: bool, context: Context,
    finding: Finding, height: float = 340,
) -> Figure:  # fmt: skip
    """This year's cumulative figures (twelve, gaps NaN) and the last's; for totals the target with its even pace."""
    slots = [f"{m}月" for m in range(1, 13)]
    lines = [(f"{year}年累计", list(now), RED), (f"{year - 1}年累计", list(before), SECOND)]
    marks = []
    if target is not None and np.isfinite(target):
        even = [target * m / 12 if adds else target for m in range(1, 13)]
        marks = [("序时进度" if adds else "目标", even)]
    return _figure(metric, slots, lines, marks, context, finding, CUMULATIVE_READING, height)


def _slots(period: Period) -> list[str]:
    if period.grain == "month":
        return [f"{m}月" for m in range(1, 13)]
    return {"quarter": ["一季度", "二季度", "三季度", "四季度"], "half": ["上半年", "下半年"]}[period.grain]


def _slot(period: Period) -> int:
    return (period.start.month - 1) // period.months


def _figure(
    metric: Metric, slots: list[str], lines: list[tuple[str, list[float], str]], marks: list[tuple[str, list[float]]],
    context: Context, finding: Finding, reading: str, height: float,
) -> Figure:  # fmt: skip
    kind = SCREEN
    held = [v for _, values, _ in lines for v in values if np.isfinite(v)]
    if not held:
        return nothing("所选时间内没有可以比较的数据。", finding, context, None, kind)
    low, high = min(held), max([*held, *(v for _, values in marks for v in values)])
    low = min([low, *(v for _, values in marks for v in values)])
    if metric.kind == "count":
        low, high = min(low, 0.0), max(high, 0.0) or 1.0
    ticks = nice_ticks(low, high, 5, whole=metric.kind == "count" and metric.decimals == 0)
    texts = tick_texts(ticks, metric.unit)
    labels = _labels(metric, lines, marks)
    left = max(text_width(t, kind.tick) for t in texts) + kind.tick * 0.8
    right = max(text_width(text, kind.small) for text, _, _ in labels) + kind.mark * 2
    unit = (
        [] if metric.unit == "%" else [note(safe(f"单位：{metric.unit}"), 0, 1, kind, xanchor="left", yanchor="bottom", yshift=4)]
    )
    top, bottom = kind.small * (1.2 + 1.4 * len(unit)), kind.tick * 1.5 + 8
    layout = template(
        height, kind, {"l": left, "r": right, "t": top, "b": bottom},
        xaxis=axis(
            kind, tickmode="array", tickvals=list(range(len(slots))), ticktext=slots, tickangle=0, ticklabelstandoff=4,
            range=[-0.4, len(slots) - 0.6], showgrid=False,
        ),
        yaxis=axis(kind, tickmode="array", tickvals=ticks, ticktext=texts, range=[ticks[0], ticks[-1] + (ticks[-1] - ticks[0]) * 0.005]),
        annotations=unit + _placed(labels, ticks, height - top - bottom, kind),
        meta=meta(finding, context, metric.unit, f"折线图：{'、'.join(name for name, _, _ in lines)}的{metric.name}。", reading),
    )  # fmt: skip
    traces = [_line(name, values, colour, slots, metric, kind) for name, values, colour in reversed(lines)]
    return {"data": [_mark(name, values, kind) for name, values in marks] + traces, "layout": layout}


def _line(name: str, values: list[float], colour: str, slots: list[str], metric: Metric, kind: Type) -> dict[str, Any]:
    texts = [
        f"<b>{name}</b><br>{slot}<br>{safe(metric.name)}：{format_value(v, metric, exact=True, unit=True)}"
        for slot, v in zip(slots, values, strict=True)
    ]
    return {
        "type": "scatter", "mode": "lines+markers", "x": list(range(len(values))), "y": numbers(values), "connectgaps": False,
        "line": {"color": colour, "width": kind.line * (1.4 if colour == RED else 1)}, "marker": {"color": colour, "size": 6, "line": {"width": 0}},
        "hovertext": texts, "hoverinfo": "text", "cliponaxis": False,
    }  # fmt: skip


def _mark(name: str, values: list[float], kind: Type) -> dict[str, Any]:
    line = {"color": MARK, "width": kind.line, "dash": "dot"}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(range(len(values))),
        "y": values,
        "line": line,
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _labels(metric: Metric, lines: list, marks: list) -> list[tuple[str, float, str]]:
    found = []
    for name, values, colour in lines:
        there = [v for v in values if np.isfinite(v)]
        if there:
            found.append((f"{name} {format_value(there[-1], metric)}", there[-1], colour if colour != _COLOURS[2] else MARK))
    return found + [(f"{name} {format_value(values[-1], metric)}", values[-1], SECOND) for name, values in marks]


def _placed(labels: list[tuple[str, float, str]], ticks: list[float], plot: float, kind: Type) -> list[dict[str, Any]]:
    unit = plot / (ticks[-1] - ticks[0])
    wanted = [(value - ticks[0]) * unit for _, value, _ in labels]
    shifts = [a - w for a, w in zip(spread(wanted, kind.small * 1.3, kind.small * 0.7, plot), wanted, strict=True)]
    at = {"yref": "y", "xanchor": "left", "yanchor": "middle", "xshift": round(kind.mark)}
    return [
        note(safe(text), 1, value, kind, **at, yshift=round(shift), font={"size": kind.small, "color": readable(colour)})
        for (text, value, colour), shift in zip(labels, shifts, strict=True)
    ]
