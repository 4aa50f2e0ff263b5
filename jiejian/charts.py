"""Frame + Metric + Context -> figure, a plain dict that plotly.js draws; one template, one grammar.

Every figure carries ``layout.meta`` = {title, takeaway, subtitle, foot, alt, reading}: title and takeaway are the
finding, ``alt`` says in words what the picture shows, ``reading`` how to read it. No figure has a legend, a colour
scale, an English word or a number in k or M. Marks of one place carry ``customdata`` = [place_id], so that a click
leads to it. ``large=True`` is the variant for slides, to be read from three metres.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from jiejian.analysis.interval import ABOVE, BELOW, compare_to_mean
from jiejian.analysis.takeaway import Compared, fit_title, gap_word, ranking_finding, trend_finding
from jiejian.catalogue import Metric, Standard
from jiejian.chart_parts import (
    BETTER,
    CATEGORIES,
    FESTIVAL,
    INK,
    LINE,
    MARK,
    RED,
    SCREEN,
    SECOND,
    SLIDE,
    WORSE,
    Type,
    axis,
    lanes,
    nice_ticks,
    note,
    numbers,
    safe,
    spread,
    template,
    text_width,
    tick_texts,
    wrap,
)
from jiejian.context import Context
from jiejian.festivals import festival_months
from jiejian.format import format_figure, format_value
from jiejian.periods import parse_period

Figure = dict[str, Any]

MOST_HIGHLIGHTED = 6
_ROW = 27  # px a row of a ranking on screen
_SLIDE_HEIGHT = 780


def _ids(focus: Collection[str] | str | None) -> tuple[str, ...]:
    """Place ids in focus; sets come in no order, so they are sorted."""
    if not focus:
        return ()
    return (focus,) if isinstance(focus, str) else tuple(sorted(focus) if isinstance(focus, set | frozenset) else focus)


def _today(context: Context) -> date:
    """The day by which a standard's years of validity are judged: the data's cut-off, so that a picture stays the same."""
    try:
        return date.fromisoformat(context.as_of)
    except ValueError:
        return date.today()


def _meta(finding: tuple[str, str], context: Context, unit: str, alt: str, reading: str = "") -> dict[str, str]:
    subtitle = " · ".join(part for part in (context.subtitle, f"单位：{unit}" if unit else "") if part)
    return {
        "title": finding[0],
        "takeaway": finding[1],
        "subtitle": subtitle,
        "foot": context.foot,
        "alt": f"{finding[0]}。{alt}",
        "reading": reading,
    }


def _nothing(message: str, context: Context, finding: tuple[str, str], height: float | None, kind: Type) -> Figure:
    """A figure that says why there is nothing in it."""
    hidden = axis(kind, visible=False, range=[0, 1])
    layout = template(
        height or 160, kind, {}, xaxis=hidden, yaxis=dict(hidden),
        annotations=[note(message, 0.5, 0.5, kind, font={"size": kind.body, "color": SECOND}, align="center")],
        meta=_meta(finding, context, "", message),
    )  # fmt: skip
    return {"data": [], "layout": layout}


# ---- who stands where ----


@dataclass(frozen=True)
class _Rows:
    """The rows of a ranking from the top down, as lists of one length; a gap has value None."""

    place_id: list[str]
    place: list[str]
    value: list[float | None]
    lower: list[float | None]
    upper: list[float | None]
    hover: list[str]
    side: list[str]  # the text to the right of the row
    colour: list[str]  # of that text
    focus: list[bool]
    band: list[tuple[float, float] | None]  # a row that stands for several places: from, to

    def pick(self, wanted: Sequence[int]) -> _Rows:
        return _Rows(*([column[i] for i in wanted] for column in vars(self).values()))

    def where(self, focus: bool) -> list[int]:
        """Rows with a mark of their own, in focus or not."""
        return [i for i, v in enumerate(self.value) if v is not None and self.focus[i] == focus and self.band[i] is None]


def _hover(place: str, value: str, lower: str, upper: str, parts: str, group: str, remark: str, name: str) -> str:
    lines = [f"<b>{safe(place)}</b>", f"{safe(name)}：{value}"]
    if lower:
        lines.append(f"95%区间：{lower}—{upper}")
    lines += [line for line in (parts, group, safe(remark)) if line]
    return "<br>".join(lines)


def _parts_text(numerator: float, denominator: float) -> str:
    """What was divided by what; empty for counts and where the parts are withheld."""
    if np.isnan(numerator) or np.isnan(denominator):
        return ""
    return f"分子 {format_value(numerator, exact=True)} ÷ 分母 {format_value(denominator, exact=True)}"


def _remark(status: str, remark: str) -> str:
    """Words for a provisional or estimated figure and the note that came with it."""
    word = {"P": "初步数", "E": "估计数"}.get(status, "")
    return "；".join(part for part in (word, remark if isinstance(remark, str) else "") if part)


def _side(value: str, group: str, verdict: str) -> tuple[str, str]:
    """Text and colour to the right of a row: the figure and, where it differs, a sign and a word."""
    sign = {ABOVE: " ▲高于平均", BELOW: " ▼低于平均"}.get(group, "")
    return value + sign, {"better": BETTER, "worse": WORSE}.get(verdict, INK if sign else SECOND)


def _rows(frame: pd.DataFrame, metric: Metric, focus: Collection[str]) -> _Rows:
    """Lists for drawing from a frame of :func:`compare_to_mean`, in the frame's order."""
    values = frame["value"].tolist()
    texts = [format_value(v, metric) for v in values]
    limits = [[format_value(v, metric) if np.isfinite(v) else "" for v in frame[side]] for side in ("lower", "upper")]
    parts = [_parts_text(*pair) for pair in zip(frame["numerator"], frame["denominator"], strict=True)]
    remarks = [_remark(*pair) for pair in zip(frame["status"], frame["note"], strict=True)]
    described = zip(frame["place"], texts, *limits, parts, frame["group"], remarks, strict=True)
    sides = [_side(*row) for row in zip(texts, frame["group"], frame["verdict"], strict=True)]
    for i in np.flatnonzero(frame["value"].isna()):
        sides[i] = (gap_word(metric, frame["denominator"].iloc[i]), SECOND)
    place_ids = [str(p) for p in frame["place_id"]]
    return _Rows(
        place_ids, [str(p) for p in frame["place"]], numbers(values), numbers(frame["lower"]), numbers(frame["upper"]),
        [_hover(*row, metric.name) for row in described], [s for s, _ in sides], [c for _, c in sides],
        [p in focus for p in place_ids], [None] * len(frame),
    )  # fmt: skip


def _fold(rows: _Rows, room: int, metric: Metric) -> _Rows:
    """At most ``room`` rows: the middle of a sorted ranking becomes one band, so that a slide stays readable.

    Places in focus and both ends keep rows of their own; gaps share one row.
    """
    there = [i for i, v in enumerate(rows.value) if v is not None]
    gaps = [i for i, v in enumerate(rows.value) if v is None and not rows.focus[i]]
    if len(rows.value) <= room:
        return rows
    # One row for the band, and one for the gaps where there are any.
    budget = max(room - 1 - bool(gaps) - sum(rows.focus), 2)
    plain = [i for i in there if not rows.focus[i]]
    tops, bottoms = plain[: math.ceil(budget / 2)], plain[len(plain) - budget // 2 :]
    folded = [i for i in plain if i not in tops and i not in bottoms]
    kept = [i for i in range(len(rows.value)) if i not in folded and i not in gaps]
    picked = rows.pick(kept)
    if len(folded) > 1:
        low, high = (f(rows.value[i] for i in folded) for f in (min, max))
        middle = sum(rows.value[i] for i in folded) / len(folded)
        at = next((k for k, v in enumerate(picked.value) if v is None or v < middle), len(kept))
        text = format_value(high, metric, qualifier="range", lower=low, upper=high)
        picked = _with(picked, at, f"其余{len(folded)}个", (low + high) / 2, text, (low, high))
    elif folded:
        picked = rows.pick(sorted([*kept, *folded]))
    return _with(picked, len(picked.value), f"{len(gaps)}个缺数", None, "缺报", None) if gaps else picked


def _with(rows: _Rows, at: int, name: str, value: float | None, text: str, band: tuple[float, float] | None) -> _Rows:
    """The rows with one more at a position."""
    more = ("", name, value, None, None, name, text, SECOND, False, band)
    return _Rows(*([*column[:at], item, *column[at:]] for column, item in zip(vars(rows).values(), more, strict=True)))


def _names(rows: _Rows, size: float, pitch: float) -> tuple[list[str], float]:
    """Row labels (long names on two smaller lines, places in focus bold red) and the width that they need."""
    texts, widest = [], 0.0
    for name, focus in zip(rows.place, rows.focus, strict=True):
        lines = wrap(name)
        own = size if len(lines) == 1 else min(size * 0.85, pitch / 2.3)
        widest = max(widest, *(text_width(line, own) for line in lines))
        text = "<br>".join(safe(line) for line in lines)
        text = f'<span style="font-size:{own:.0f}px">{text}</span>' if len(lines) > 1 else text
        texts.append(f'<span style="color:{RED}"><b>{text}</b></span>' if focus else text)
    return texts, widest


def _dots(rows: _Rows, wanted: list[int], colour: str, interval: str, kind: Type) -> dict[str, Any]:
    """Dots with their intervals as one trace."""
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [rows.value[i] for i in wanted],
        "y": wanted,
        "marker": {"size": kind.mark, "color": colour, "line": {"width": 0}},
        "hovertext": [rows.hover[i] for i in wanted],
        "hoverinfo": "text",
        "customdata": [[rows.place_id[i]] for i in wanted],
        "cliponaxis": False,
    }
    if any(rows.lower[i] is not None for i in wanted):
        there = [(i, rows.lower[i] is not None) for i in wanted]
        trace["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": [rows.upper[i] - rows.value[i] if ok else 0 for i, ok in there],
            "arrayminus": [rows.value[i] - rows.lower[i] if ok else 0 for i, ok in there],
            "thickness": kind.line,
            "width": 0,
            "color": interval,
        }
    return trace


def _bars(rows: _Rows, wanted: list[int], colour: str) -> dict[str, Any]:
    """Bars from zero as one trace."""
    return {
        "type": "bar",
        "orientation": "h",
        "x": [rows.value[i] for i in wanted],
        "y": wanted,
        "width": 0.62,
        "marker": {"color": colour, "line": {"width": 0}},
        "hovertext": [rows.hover[i] for i in wanted],
        "hoverinfo": "text",
        "customdata": [[rows.place_id[i]] for i in wanted],
    }


def _band(rows: _Rows, kind: Type) -> list[dict[str, Any]]:
    """A thick grey line for a row that stands for several places."""
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [float(end) for end in ends],
            "y": [i, i],
            "line": {"color": MARK, "width": kind.mark * 0.8},
            "hoverinfo": "skip",
        }
        for i, ends in enumerate(rows.band)
        if ends
    ]


def _upright(x: float, low: float, high: float, text: str, kind: Type, lane: int, **line: Any) -> tuple[dict, dict]:
    """A vertical reference line with its label above the plot, turned inwards near the edges."""
    share = (x - low) / (high - low) if high > low else 0.5
    anchor = "left" if share < 0.3 else "right" if share > 0.7 else "center"
    shape = {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line, "layer": "below"}
    label = note(
        safe(text), x, 1, kind, xref="x", yanchor="bottom", xanchor=anchor, yshift=4 + lane * kind.small * 1.35,
        font={"size": kind.small, "color": INK},
    )  # fmt: skip
    return shape, label


def _reference(value: float, ticks: list[float], mean: float, standard: str, limit: float | None, metric: Metric, kind: Type):
    """Shapes and labels of the pooled mean and of the standard."""
    shapes, labels = [], []
    if not np.isnan(mean):
        text = f"总体平均 {format_value(mean, metric)}"
        made = _upright(mean, ticks[0], ticks[-1], text, kind, 0, color=INK, width=1.5 if kind is SCREEN else 4)
        shapes.append(made[0]), labels.append(made[1])
    if limit is not None:
        line = {"color": SECOND, "width": 1.5 if kind is SCREEN else 4, "dash": "dash"}
        made = _upright(limit, ticks[0], ticks[-1], standard, kind, len(shapes), **line)
        shapes.append(made[0]), labels.append(made[1])
    return shapes, labels


def _middle_half(values: list[float]) -> list[dict[str, Any]]:
    """The light band in which the middle half of the places lies; not worth drawing for a few."""
    if len(values) < 8:
        return []
    low, high = (float(q) for q in np.quantile(values, [0.25, 0.75]))
    rect = {"type": "rect", "xref": "x", "yref": "paper", "x0": low, "x1": high, "y0": 0, "y1": 1, "layer": "below"}
    return [{**rect, "fillcolor": "#F1F3F5", "line": {"width": 0}}]


def _order(frame: pd.DataFrame, ordered: bool) -> pd.DataFrame:
    """Largest first with gaps last, or in the street's customary order; ties in customary order."""
    by = ["value", "sort"] if ordered else ["sort"]
    return frame.sort_values(by, ascending=[False, True] if ordered else True, na_position="last", kind="stable")


def _ranked_alt(frame: pd.DataFrame, metric: Metric, context: Context, bars: bool) -> str:
    there = frame[frame["value"].notna()]
    kind = "横条图" if bars else "点图（横线为95%区间）" if there["lower"].notna().any() else "点图"
    text = f"{kind}：{context.period or '所选时间'}{len(frame)}个地方的{metric.name}"
    if there.empty:
        return text + "，均缺报。"
    top, bottom = there.loc[there["value"].idxmax()], there.loc[there["value"].idxmin()]
    ends = "，".join(
        f"{word}{row['place']}{format_value(row['value'], metric, unit=True)}" for word, row in (("最高", top), ("最低", bottom))
    )
    gaps = len(frame) - len(there)
    return f"{text}。{ends}" + (f"；{gaps}个缺报。" if gaps else "。")


_READ_DOTS = "每行一个地方，点为本期数值，右侧为数字。竖线为总体平均（分子合计÷分母合计），浅灰带为居中一半的地方。"
_READ_INTERVAL = "横线为95%区间：不与平均线相交，才说高于或低于平均。"
_READ_BARS = "每行一个地方，横条从零开始，长度即数量。总量受规模影响，多少不等于好坏。"


def _reading(frame: pd.DataFrame, bars: bool) -> str:
    if bars:
        return _READ_BARS
    return _READ_DOTS + (_READ_INTERVAL if frame["lower"].notna().any() else "")


def ranked(
    frame: pd.DataFrame,
    metric: Metric,
    context: Context,
    focus: Collection[str] | str | None = None,
    standard: Standard | None = None,
    ordered: bool = True,
    height: float | None = None,
    large: bool = False,
) -> Figure:
    """Who stands where: a figures frame of one metric and one period.

    Shares, rates and scores are dots (shares with 95 % intervals) with the pooled mean as a line and the middle half as
    a band; counts are bars from zero. ``focus`` are place ids drawn in red. ``ordered`` puts the largest on top, else
    the street's customary order holds. Gaps stay as rows and say so. On slides the middle of a long ranking folds into
    one row. Raises ValueError where the frame mixes periods or metrics.
    """
    kind, focus = SLIDE if large else SCREEN, _ids(focus)
    finding = ranking_finding(frame, metric)
    if frame.empty:
        return _nothing("没有可以显示的地方。请放宽所选的社区或时间。", context, finding, height, kind)
    compared = _order(compare_to_mean(frame, metric), ordered)
    bars = metric.kind == "count"
    limit = float(standard.value) if standard else None
    top = kind.small * 1.35 * (1 + (standard is not None)) + 10
    bottom = kind.tick * 1.5 + kind.small * 1.6 + 8
    rows = _rows(compared, metric, focus)
    if large:
        height = height or _SLIDE_HEIGHT
        room = int((height - top - bottom) / (kind.body * 1.22))
        rows = _fold(rows, room, metric) if ordered else rows
    count = len(rows.place)
    height = height or max(count, 3) * _ROW + top + bottom
    pitch = (height - top - bottom) / count
    size = min(kind.body, max(pitch * 0.78, 9))
    texts, left = _names(rows, size, pitch)
    right = max(text_width(s, size) for s in rows.side)
    ends = _extent(rows, limit, bars)
    layout = template(
        height, kind, {"l": left + size, "r": right + size, "t": top, "b": bottom},
        **_ranked_axes(ends, texts, size, metric, kind, bars), meta=_meta(finding, context, metric.unit, _ranked_alt(compared, metric, context, bars), _reading(compared, bars)),
    )  # fmt: skip
    label = standard.label(_today(context)) if standard else ""
    shapes, labels = ([], []) if ends is None else _reference(0, ends, float(compared["mean"].iloc[0]), label, limit, metric, kind)
    there = [v for v in compared["value"] if np.isfinite(v)]
    layout["shapes"] = ([] if bars else _middle_half(there)) + shapes
    layout["annotations"] = labels + _side_notes(rows, size)
    return {"data": _ranked_marks(rows, bars, kind), "layout": layout}


def _ranked_marks(rows: _Rows, bars: bool, kind: Type) -> list[dict[str, Any]]:
    plain, focused = rows.where(False), rows.where(True)
    if bars:
        marks = [_bars(rows, plain, MARK), _bars(rows, focused, RED)]
    else:
        marks = [_dots(rows, plain, SECOND, "#C3CAD2", kind), _dots(rows, focused, RED, "#D98B8B", kind)]
    return _band(rows, kind) + [mark for mark in marks if mark["x"]]


def _extent(rows: _Rows, limit: float | None, bars: bool) -> list[float] | None:
    """Axis values that hold every mark; None where every place is a gap."""
    held = [v for column in (rows.value, rows.lower, rows.upper) for v in column if v is not None]
    if not held:
        return None
    held += [limit] if limit is not None else []
    low, high = min(held), max(held)
    if bars:
        low, high = min(low, 0.0), max(high, 0.0) or 1.0
    return nice_ticks(low, high, 5)


def _ranked_axes(ticks: list[float] | None, names: list[str], size: float, metric: Metric, kind: Type, bars: bool) -> dict:
    count = len(names)
    rows = axis(
        kind, tickmode="array", tickvals=list(range(count)), ticktext=names, range=[count - 0.5, -0.5],
        showgrid=not bars, tickfont={"size": size, "color": INK},
    )  # fmt: skip
    if ticks is None:
        return {"xaxis": axis(kind, visible=False, range=[0, 1]), "yaxis": rows}
    unit = "" if metric.unit in metric.name else f"（{metric.unit}）"
    # A dot on the rim is not cut: the axis reaches a little beyond its outer ticks.
    pad = 0 if bars else (ticks[-1] - ticks[0]) * 0.02
    values = axis(
        kind, tickmode="array", tickvals=ticks, ticktext=tick_texts(ticks, metric.unit),
        range=[ticks[0] - (pad if ticks[0] >= 0 or not bars else 0), ticks[-1] + pad],
        title={"text": safe(f"{metric.name}{unit}"), "font": {"size": kind.small, "color": SECOND}, "standoff": 4},
    )  # fmt: skip
    return {"xaxis": values, "yaxis": rows}


def _side_notes(rows: _Rows, size: float) -> list[dict[str, Any]]:
    """The figure of each row in a column to the right of the plot."""
    return [
        {
            "text": safe(text),
            "x": 1,
            "y": i,
            "xref": "paper",
            "yref": "y",
            "xanchor": "left",
            "xshift": round(size * 0.5),
            "showarrow": False,
            "align": "left",
            "font": {"size": size, "color": RED if rows.focus[i] and colour == SECOND else colour},
        }
        for i, (text, colour) in enumerate(zip(rows.side, rows.colour, strict=True))
    ]
