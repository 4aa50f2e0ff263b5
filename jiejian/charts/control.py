"""Is the change real: one series with its mean and limits, signals coloured and marked, events and festivals beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from jiejian.analysis.control_chart import RULE_NAMES
from jiejian.analysis.takeaway import Finding, clipped, run_finding
from jiejian.catalogue import Metric, Standard
from jiejian.charts.contrast import readable
from jiejian.charts.parts import (
    BETTER,
    INK,
    MARK,
    SCREEN,
    SECOND,
    SLIDE,
    WORSE,
    Figure,
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
from jiejian.charts.timeline import (
    Span,
    event_labels,
    event_lines,
    event_list,
    event_marks,
    festival_bands,
    period_axis,
    standard_line,
)
from jiejian.context import Context
from jiejian.format import format_value
from jiejian.periods import parse_period

MOST = 36
SIGNAL_COLOURS = {"improvement": BETTER, "concern": WORSE, "neutral_high": INK, "neutral_low": INK}
_LIMITS = "#7B8794"
_WORDS = {"improvement": "改善信号", "concern": "变差信号", "neutral_high": "偏高", "neutral_low": "偏低"}
_KNOWN = {"festival": "春节所在月，不作判断", "settling": "仍在办理，数字还会变，不作判断", "incomplete": "报送不全，不作判断"}
READING = (
    "灰色虚线之间是通常波动的范围，由各期之间的起伏算出（均值±2.66×平均移动极差）。"
    "点在范围内的高低多半是偶然，不必解释；▲▼为超出通常波动的信号，蓝色为改善、橙色为变差、深色为不分好坏。"
    "信号只说明“变了”，不说明为什么变；竖线为大事记，只表示时间先后，不等于因果。"
)


def run_chart(
    frame: pd.DataFrame,
    metric: Metric,
    place: str,
    context: Context,
    finding: Finding | None = None,
    events: pd.DataFrame | None = None,
    standard: Standard | None = None,
    place_id: str = "",
    height: float | None = None,
    width: float | None = None,
    large: bool = False,
) -> Figure:
    """A run chart from ``analysis.runs.run``: at most the last 36 periods, gaps open, limits clipped to what is possible.

    ``finding`` replaces what is said of the latest point; ``events`` has happened_on and what; ``width`` only guesses
    the figure's width for placing labels.
    """
    kind = SLIDE if large else SCREEN
    finding = finding or run_finding(frame, metric, place)
    shown = frame.iloc[-MOST:]
    shown.attrs = frame.attrs
    if shown["value"].isna().all():
        return nothing("所选时间内没有数据：均缺报。", finding, context, height, kind)
    span = Span([parse_period(str(key)) for key in shown["period"]])
    happened = event_list(events, span)
    size = (height or (760 if large else 420), width or (1500 if large else 1000))
    layout = _layout(shown, metric, context, span, happened, standard, size, kind)
    layout["meta"] = meta(finding, context, metric.unit, _alt(shown, metric, place, span), READING + shown.attrs["note"])
    traces = [*_limit_traces(shown, metric, span, kind), _line(shown, metric, place, place_id, span, kind)]
    marks = [event_marks(happened, layout["yaxis"]["range"][1], kind)] if happened else []
    return {"data": traces + marks, "layout": layout}


def _limit_traces(frame: pd.DataFrame, metric: Metric, span: Span, kind: Type) -> list[dict[str, Any]]:
    """Mean and limits, broken where a new stretch begins."""
    bounds = [clipped(low, high, metric) for low, high in zip(frame["lower"], frame["upper"], strict=True)]
    lines = (
        (list(frame["mean"]), "solid", 0.6),
        ([low for low, _ in bounds], "dash", 0.6),
        ([high for _, high in bounds], "dash", 0.6),
    )
    gone = frame["lower"].isna().to_numpy()
    seasonal = frame.attrs["seasonal"]
    found = []
    for values, dash, width in lines:
        held = numbers([np.nan if g else v for v, g in zip(values, gone, strict=True)])
        x, y = _stepped(held, span, seasonal)
        line = {"color": _LIMITS, "width": kind.line * width, "dash": dash}
        found.append({"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip", "connectgaps": False, "cliponaxis": False})  # fmt: skip
    return found


def _stepped(values: Sequence[float | None], span: Span, seasonal: bool) -> tuple[list[str], list[float | None]]:
    """A level line over the whole of each period, so that a new stretch begins with a step; a seasonal one point by point."""
    if seasonal:
        return span.days, list(values)
    x: list[str] = []
    y: list[float | None] = []
    before = None
    for i, value in enumerate(values):
        first, last = span.ends(i)
        if value != before and x:
            x.append(first.isoformat())
            y.append(None)
        x += [first.isoformat(), last.isoformat()]
        y += [value, value]
        before = value
    return x, y


def _line(frame: pd.DataFrame, metric: Metric, place: str, place_id: str, span: Span, kind: Type) -> dict[str, Any]:
    """The series; usual points grey, signals coloured triangles, known ones hollow."""
    rising = _direction(frame)
    signal = frame["signal"].isin(SIGNAL_COLOURS)
    colours = [SIGNAL_COLOURS.get(s, MARK) for s in frame["signal"]]
    symbols = [("triangle-up" if r > 0 else "triangle-down") if s else "circle" for s, r in zip(signal, rising, strict=True)]
    hollow = frame["known"] != ""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": span.days,
        "y": numbers(frame["value"]),
        "connectgaps": False,
        "line": {"color": MARK, "width": kind.line},
        "marker": {
            "color": ["#FFFFFF" if h else c for h, c in zip(hollow, colours, strict=True)],
            "symbol": symbols,
            "size": [kind.mark * (1.5 if s else 0.8) for s in signal],
            "line": {"width": [1.5 if h else 0 for h in hollow], "color": MARK},
            "opacity": 1,
        },
        "hovertext": _hovers(frame, metric, place, span),
        "hoverinfo": "text",
        "customdata": [[place_id]] * len(frame),
        "cliponaxis": False,
    }


def _direction(frame: pd.DataFrame) -> np.ndarray:
    """1 or −1: where a signal points. A trend by its slope, all else by the side of the mean."""
    value = frame["value"].to_numpy(dtype=float)
    ahead = np.append(np.diff(value), np.nan)
    back = np.insert(np.diff(value), 0, np.nan)
    trend = (frame["rule"] == "trend").to_numpy()
    onwards = trend & np.append(trend[1:], False)
    slope = np.where(onwards, ahead, back)
    return np.sign(np.nan_to_num(np.where(trend, slope, value - frame["mean"].to_numpy(dtype=float))))


def _hovers(frame: pd.DataFrame, metric: Metric, place: str, span: Span) -> list[str]:
    texts = []
    for period, row in zip(span.periods, frame.itertuples(), strict=True):
        told = f"<b>{safe(place)}</b><br>{period.label}<br>{safe(metric.name)}：{format_value(row.value, metric, exact=True, unit=True)}"
        if row.rule:
            told += f"<br>{RULE_NAMES[row.rule]}：{_WORDS[row.signal]}"
        elif row.known:
            told += f"<br>{_KNOWN[row.known]}"
        elif not np.isnan(row.lower):
            told += "<br>在通常波动范围内"
        texts.append(told)
    return texts


def _layout(
    frame: pd.DataFrame, metric: Metric, context: Context, span: Span, events: list, standard: Standard | None,
    size: tuple[float, float], kind: Type,
) -> dict[str, Any]:  # fmt: skip
    height, wide = size
    target = frame.attrs["target"]
    ticks = _ticks(frame, metric, target, standard)
    texts = tick_texts(ticks, metric.unit)
    left = max(text_width(t, kind.tick) for t in texts) + kind.tick * 0.8
    named = _edge_texts(frame, metric)
    right = max((text_width(text, kind.small) for text, _, _ in named), default=0) + kind.mark * 2
    width = max(wide - left - right, 150)
    unit = (
        [] if metric.unit == "%" else [note(safe(f"单位：{metric.unit}"), 0, 1, kind, xanchor="left", yanchor="bottom", yshift=4)]
    )
    happened, used = event_labels(events, span, width, len(unit), kind)
    top, bottom = kind.small * (1.4 + 1.4 * (used + len(unit))), kind.tick * 1.5 + 8
    bands, band_labels = festival_bands(span, None, kind)
    shapes, labels = standard_line(standard, context, span, ticks, kind)
    goal, goal_labels = _target_line(target, metric, span, ticks, kind) if target is not None else ([], [])
    top_end = ticks[-1] + (ticks[-1] - ticks[0]) * 0.005
    return template(
        height, kind, {"l": left, "r": right, "t": top, "b": bottom},
        xaxis=period_axis(span, width, kind),
        yaxis=axis(kind, tickmode="array", tickvals=ticks, ticktext=texts, range=[ticks[0], top_end], ticklabelstandoff=4),
        shapes=bands + event_lines(events, kind) + shapes + goal,
        annotations=unit + band_labels + happened + labels + goal_labels + _edge_labels(named, ticks, height - top - bottom, kind),
    )  # fmt: skip


def _ticks(frame: pd.DataFrame, metric: Metric, target: float | None, standard: Standard | None) -> list[float]:
    """Axis values around the series, the limits and the target; counts from zero."""
    bounds = [clipped(low, high, metric) for low, high in zip(frame["lower"], frame["upper"], strict=True)]
    held = [*frame["value"], *(b for pair in bounds for b in pair), target, float(standard.value) if standard else None]
    known = [float(v) for v in held if v is not None and np.isfinite(v)]
    low, high = min(known), max(known)
    if metric.kind == "count":
        low, high = min(low, 0.0), max(high, 0.0) or 1.0
    ticks = nice_ticks(low, high, 5, whole=metric.kind == "count" and metric.decimals == 0)
    return [t for t in ticks if metric.unit != "%" or high > 100 or t <= 100] if len(ticks) > 2 else ticks


def _edge_texts(frame: pd.DataFrame, metric: Metric) -> list[tuple[str, float, str]]:
    """Words and places of the labels at the right rim: the latest figure, the mean, the limits."""
    last = frame.iloc[-1]
    there = frame["value"].dropna()
    found = [(f"最近一期 {format_value(there.iloc[-1], metric)}", float(there.iloc[-1]), INK)]
    if pd.isna(last["lower"]):
        return found
    low, high = clipped(last["lower"], last["upper"], metric)
    mean = "同月水平" if frame.attrs["seasonal"] else "均值"
    found += [(f"{mean} {format_value(last['mean'], metric)}", float(last["mean"]), SECOND)]
    if high > low:
        found += [(f"{word} {format_value(v, metric)}", v, SECOND) for word, v in (("上限", high), ("下限", low))]
    return found


def _edge_labels(named: Sequence[tuple[str, float, str]], ticks: list[float], plot: float, kind: Type) -> list[dict[str, Any]]:
    unit = plot / (ticks[-1] - ticks[0])
    wanted = [(value - ticks[0]) * unit for _, value, _ in named]
    places = spread(wanted, kind.small * 1.3, kind.small * 0.7, plot)
    shifts = [at - want for at, want in zip(places, wanted, strict=True)]
    at = {"yref": "y", "xanchor": "left", "yanchor": "middle", "xshift": round(kind.mark)}
    return [
        note(safe(text), 1, value, kind, **at, yshift=round(shift), font={"size": kind.small, "color": readable(colour)})
        for (text, value, colour), shift in zip(named, shifts, strict=True)
    ]


def _target_line(target: float, metric: Metric, span: Span, ticks: list[float], kind: Type) -> tuple[list[dict], list[dict]]:
    ends = {"xref": "x", "yref": "y", "x0": span.first.isoformat(), "x1": span.end, "y0": target, "y1": target}
    side = "top" if target > (ticks[0] + ticks[-1]) / 2 else "bottom"
    label = note(f"目标 {format_value(target, metric)}", 0, target, kind, yref="y", xanchor="left", yanchor=side, xshift=4)
    return [{"type": "line", "line": {"color": SECOND, "width": kind.line * 0.75, "dash": "dot"}, "layer": "between", **ends}], [
        label
    ]


def _alt(frame: pd.DataFrame, metric: Metric, place: str, span: Span) -> str:
    counts = frame["signal"].value_counts()
    told = "、".join(f"{_WORDS[s]}{counts[s]}个" for s in _WORDS if s in counts) or "没有信号"
    gaps = int(frame["value"].isna().sum())
    text = f"运行图：{place}{metric.name}，{span.periods[0].label}至{span.periods[-1].label}，{told}"
    return text + (f"，{gaps}期缺数。" if gaps else "。")
