"""Who stands where: dots with 95 % intervals for shares, dots for rates and scores, bars from zero for counts."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from jiejian.analysis.interval import ABOVE, BELOW, compare_to_mean
from jiejian.analysis.ranks import range_text, ranked_with_range
from jiejian.analysis.takeaway import gap_word, ranking_finding
from jiejian.catalogue import Metric, Standard
from jiejian.charts.contrast import readable
from jiejian.charts.many import EACH, MANY, ends, told
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
    fitting_size,
    ids,
    judged_on,
    meta,
    nice_ticks,
    note,
    nothing,
    numbers,
    row_axis,
    safe,
    shortened,
    side_notes,
    template,
    text_width,
    tick_texts,
)
from jiejian.context import Context
from jiejian.format import format_value

_PITCH = 27  # px a row on screen
_SLIDE_HEIGHT = 760
_BAND, _INTERVAL, _FOCUS_INTERVAL = "#F1F3F5", "#C3CAD2", "#D98B8B"


@dataclass(frozen=True)
class Rows:
    """The rows from the top down, as lists of one length; a gap has value None."""

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

    def __len__(self) -> int:
        return len(self.place)

    def pick(self, wanted: Sequence[int]) -> Rows:
        """Some of the rows, in the order wanted."""
        return Rows(*([column[i] for i in wanted] for column in vars(self).values()))

    def with_row(self, at: int, **row: Any) -> Rows:
        """The rows and one more, at a position."""
        more = {"place_id": "", "value": None, "lower": None, "upper": None, "hover": "", "colour": SECOND, "focus": False} | row
        return Rows(*([*column[:at], more[name], *column[at:]] for name, column in vars(self).items()))

    def marked(self, focus: bool) -> list[int]:
        """Rows with a mark of their own, in focus or not."""
        return [i for i, value in enumerate(self.value) if value is not None and self.focus[i] == focus and not self.band[i]]


@dataclass(frozen=True)
class Space:
    """Where things lie, in px."""

    height: float
    top: float
    bottom: float
    rows: int

    @property
    def pitch(self) -> float:
        return (self.height - self.top - self.bottom) / self.rows

    def size(self, kind: Type) -> float:
        """The size of type that fits a row, and no smaller than 9."""
        return max(min(kind.body, self.pitch * 0.78), 9)


# ---- from frame to rows ----


def _parts_text(numerator: float, denominator: float) -> str:
    """What was divided by what; empty for counts and where the parts are withheld."""
    if np.isnan(numerator) or np.isnan(denominator):
        return ""
    return f"分子 {format_value(numerator, exact=True)} ÷ 分母 {format_value(denominator, exact=True)}"


def _remark(status: str, remark: str) -> str:
    """Words for a provisional or estimated figure and the note that came with it."""
    word = {"P": "初步数", "E": "估计数"}.get(status, "")
    return "；".join(part for part in (word, remark if isinstance(remark, str) else "") if part)


def _hovers(frame: pd.DataFrame, metric: Metric) -> list[str]:
    columns = (frame[c] for c in ("place", "value", "lower", "upper", "numerator", "denominator", "group", "status", "note"))
    found = []
    for place, value, lower, upper, above, below, group, status, remark in zip(*columns, strict=True):
        interval = f"95%区间：{format_value(lower, metric)}—{format_value(upper, metric)}" if np.isfinite(lower) else ""
        lines = (interval, _parts_text(above, below), group, safe(_remark(status, remark)))
        figure = f"{safe(metric.name)}：{format_value(value, metric, exact=True, unit=True)}"
        found.append("<br>".join([f"<b>{safe(place)}</b>", figure, *filter(None, lines)]))
    return found


def _sides(frame: pd.DataFrame, metric: Metric, focus: list[bool]) -> tuple[list[str], list[str]]:
    """Text and colour to the right of each row: the figure and, where it differs, a sign and a word; or why it is missing."""
    texts, colours = [], []
    columns = (frame[c] for c in ("value", "group", "verdict", "denominator"))
    ranks = _rank_texts(frame)
    for value, group, verdict, below, rank, chosen in zip(*columns, ranks, focus, strict=True):
        sign = {ABOVE: " ▲高于平均", BELOW: " ▼低于平均"}.get(group, "")
        texts.append(gap_word(below) if np.isnan(value) else format_value(value, metric) + rank + sign)
        plain = INK if sign else RED if chosen else SECOND
        colours.append({"better": BETTER, "worse": WORSE}.get(verdict, plain))
    return texts, colours


def _rank_texts(frame: pd.DataFrame) -> list[str]:
    """第3—9名 for each row where ranks were asked for and can be told."""
    if "rank_best" not in frame:
        return [""] * len(frame)
    pairs = zip(frame["rank_best"], frame["rank_worst"], strict=True)
    return [f" {range_text(best, worst)}" if np.isfinite(best) else "" for best, worst in pairs]


def _rows(frame: pd.DataFrame, metric: Metric, focus: Collection[str]) -> Rows:
    """Rows from a frame of :func:`compare_to_mean`, in the frame's order."""
    place_ids = [str(p) for p in frame["place_id"]]
    chosen = [p in focus for p in place_ids]
    sides, colours = _sides(frame, metric, chosen)
    figures = (numbers(frame[c].tolist()) for c in ("value", "lower", "upper"))
    names = [str(p) for p in frame["place"]]
    return Rows(place_ids, names, *figures, _hovers(frame, metric), sides, colours, chosen, [None] * len(frame))


def _fold(rows: Rows, room: int, metric: Metric) -> Rows:
    """At most about ``room`` rows: the middle of a sorted ranking becomes one band, so that a slide stays readable.

    Places in focus and both ends keep rows of their own; gaps share one row.
    """
    if len(rows) <= room:
        return rows
    gaps = [i for i, value in enumerate(rows.value) if value is None and not rows.focus[i]]
    plain = [i for i, value in enumerate(rows.value) if value is not None and not rows.focus[i]]
    # One row for the band, and one for the gaps where there are any.
    budget = max(room - 1 - bool(gaps) - sum(rows.focus), 2)
    folded = plain[math.ceil(budget / 2) : len(plain) - budget // 2]
    found = rows.pick([i for i in range(len(rows)) if i not in gaps and (i not in folded or len(folded) < 2)])
    if len(folded) > 1:
        found = _with_band(found, [rows.value[i] for i in folded], metric)
    if gaps:
        found = found.with_row(len(found), place=f"另{len(gaps)}个", side="缺报", band=None)
    return found


def _shortlist(compared: pd.DataFrame, metric: Metric, focus: Collection[str]) -> Rows:
    """The ends of a long ranking and the places in focus, largest first; the others are a band, the gaps a row."""
    values = compared["value"].to_numpy(dtype=float)
    kept = ends(values, compared["place_id"].isin(focus).to_numpy())
    rows = _rows(_order(compared[kept], ordered=True), metric, focus)
    rest, gaps = values[~kept & np.isfinite(values)], int((~kept & np.isnan(values)).sum())
    if len(rest):
        rows = _with_band(rows, rest.tolist(), metric)
    return rows.with_row(len(rows), place=f"另{gaps}个", side="缺报", band=None) if gaps else rows


def _with_band(rows: Rows, values: list[float], metric: Metric) -> Rows:
    low, high, middle = min(values), max(values), sum(values) / len(values)
    at = next((k for k, value in enumerate(rows.value) if value is None or value < middle), len(rows))
    text = format_value(high, metric, qualifier="range", lower=low, upper=high)
    return rows.with_row(at, place=f"其余{len(values)}个", value=middle, side=text, band=(low, high))


def _order(frame: pd.DataFrame, ordered: bool) -> pd.DataFrame:
    """Largest first with gaps last, or in the street's customary order; ties in customary order."""
    by = ["value", "sort"] if ordered else ["sort"]
    return frame.sort_values(by, ascending=[False, True] if ordered else True, na_position="last", kind="stable")


# ---- from rows to marks ----


def _names(rows: Rows, size: float) -> tuple[list[str], float]:
    """Row labels (long names in smaller type, places in focus bold red) and the width that they need."""
    texts, widest = [], 0.0
    for name, focus in zip(map(shortened, rows.place), rows.focus, strict=True):
        own = fitting_size(name, size)
        widest = max(widest, text_width(name, own) * (1.05 if focus else 1))
        text = safe(name) if own == size else f'<span style="font-size:{own:.0f}px">{safe(name)}</span>'
        texts.append(f'<span style="color:{RED}"><b>{text}</b></span>' if focus else text)
    return texts, widest


def _marks(rows: Rows, wanted: list[int], **trace: Any) -> dict[str, Any]:
    return {
        "x": [rows.value[i] for i in wanted],
        "y": wanted,
        "hovertext": [rows.hover[i] for i in wanted],
        "hoverinfo": "text",
        "customdata": [[rows.place_id[i]] for i in wanted],
        **trace,
    }


def _dots(rows: Rows, wanted: list[int], colour: str, interval: str, kind: Type) -> dict[str, Any]:
    """Dots with their intervals as one trace."""
    marker = {"size": kind.mark, "color": colour, "line": {"width": 0}}
    trace = _marks(rows, wanted, type="scatter", mode="markers", marker=marker, cliponaxis=False)
    known = [(i, rows.lower[i] is not None) for i in wanted]
    if any(there for _, there in known):
        trace["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": [rows.upper[i] - rows.value[i] if there else 0.0 for i, there in known],
            "arrayminus": [rows.value[i] - rows.lower[i] if there else 0.0 for i, there in known],
            "thickness": kind.line,
            "width": 0,
            "color": interval,
        }
    return trace


def _bars(rows: Rows, wanted: list[int], colour: str) -> dict[str, Any]:
    """Bars from zero as one trace."""
    return _marks(rows, wanted, type="bar", orientation="h", width=0.62, marker={"color": colour, "line": {"width": 0}})


def _bands(rows: Rows, kind: Type) -> list[dict[str, Any]]:
    """A thick grey line for a row that stands for several places."""
    line = {"color": _INTERVAL, "width": kind.mark * 0.8}
    ends = [(i, band) for i, band in enumerate(rows.band) if band]
    return [{"type": "scatter", "mode": "lines", "x": list(b), "y": [i, i], "line": line, "hoverinfo": "skip"} for i, b in ends]


def _all_marks(rows: Rows, bars: bool, kind: Type) -> list[dict[str, Any]]:
    plain, focused = rows.marked(False), rows.marked(True)
    if bars:
        marks = [_bars(rows, plain, MARK), _bars(rows, focused, RED)]
    else:
        marks = [_dots(rows, plain, SECOND, _INTERVAL, kind), _dots(rows, focused, RED, _FOCUS_INTERVAL, kind)]
    return _bands(rows, kind) + [mark for mark in marks if mark["x"]]


# ---- axes and reference lines ----


def _ticks(rows: Rows, limit: float | None, bars: bool) -> list[float] | None:
    """Axis values that hold every mark; None where every place is a gap."""
    held = [v for column in (rows.value, rows.lower, rows.upper) for v in column if v is not None]
    if not held:
        return None
    held += [limit] if limit is not None else []
    low, high = min(held), max(held)
    if bars:
        low, high = min(low, 0.0), max(high, 0.0) or 1.0
    return nice_ticks(low, high, 5, whole=bars)


def _value_axis(ticks: list[float] | None, metric: Metric, kind: Type, bars: bool) -> dict[str, Any]:
    if ticks is None:
        return axis(kind, visible=False, range=[0, 1])
    # A dot on the rim is not cut: the axis reaches a little beyond its outer ticks.
    pad = (ticks[-1] - ticks[0]) * 0.02
    unit = "" if metric.unit in metric.name else f"（{metric.unit}）"
    return axis(
        kind,
        tickmode="array",
        tickvals=ticks,
        ticktext=tick_texts(ticks, metric.unit),
        range=[ticks[0] - (0 if bars and ticks[0] == 0 else pad), ticks[-1] + pad],
        title={"text": safe(f"{metric.name}{unit}"), "font": {"size": kind.small, "color": SECOND}, "standoff": 4},
        automargin=True,
    )


def _upright(
    x: float, ticks: list[float], rows: int, text: str, kind: Type, lane: int, dash: str, colour: str
) -> tuple[dict, dict]:
    """A vertical reference line with its label above the plot, turned inwards near the edges."""
    share = (x - ticks[0]) / (ticks[-1] - ticks[0])
    anchor = "left" if share < 0.3 else "right" if share > 0.7 else "center"
    line = {"color": colour, "width": kind.line * 0.75, "dash": dash}
    # In data coordinates: only then plotly draws it above the hairlines and below the marks.
    shape = {"type": "line", "xref": "x", "yref": "y", "x0": x, "x1": x, "y0": -0.5, "y1": rows - 0.5}
    above = round(4 + lane * kind.small * 1.35)
    font = {"size": kind.small, "color": readable(colour)}
    shape |= {"line": line, "layer": "between"}
    return shape, note(safe(text), x, 1, kind, xref="x", yanchor="bottom", xanchor=anchor, yshift=above, font=font)


def _references(
    ticks: list[float], rows: int, compared: pd.DataFrame, standard: Standard | None, context: Context, metric: Metric, kind: Type
) -> tuple[list[dict], list[dict]]:
    """Shapes and labels of the pooled mean (of several places) and of the standard."""
    made, mean, several = [], float(compared["mean"].iloc[0]), compared["value"].notna().sum() > 1
    if not np.isnan(mean) and several:
        made.append(_upright(mean, ticks, rows, f"总体平均 {format_value(mean, metric)}", kind, 0, "solid", INK))
    if standard:
        text = standard.label(judged_on(context))
        made.append(_upright(float(standard.value), ticks, rows, text, kind, len(made), "dash", SECOND))
    return [shape for shape, _ in made], [label for _, label in made]


def _middle_half(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The light band in which the middle half of the places lies; not worth drawing for a few."""
    values = frame["value"].dropna()
    if len(values) < 8:
        return []
    low, high = (float(q) for q in np.quantile(values, [0.25, 0.75]))
    rect = {"type": "rect", "xref": "x", "yref": "paper", "x0": low, "x1": high, "y0": 0, "y1": 1, "layer": "below"}
    return [{**rect, "fillcolor": _BAND, "line": {"width": 0}}]


# ---- words ----


def _alt(frame: pd.DataFrame, metric: Metric, context: Context, bars: bool) -> str:
    there = frame[frame["value"].notna()]
    kind = "横条图" if bars else "点图，横线为95%区间" if there["lower"].notna().any() else "点图"
    text = f"{kind}：{context.period or '所选时间'}{len(frame)}个地方的{metric.name}"
    if there.empty:
        return f"{text}，均无数据。"
    ends = (("最高", there.loc[there["value"].idxmax()]), ("最低", there.loc[there["value"].idxmin()]))
    told = "，".join(f"{word}{row['place']}{format_value(row['value'], metric, unit=True)}" for word, row in ends)
    gaps = len(frame) - len(there)
    return f"{text}。{told}" + (f"；{gaps}个无数据。" if gaps else "。")


def _reading(frame: pd.DataFrame, bars: bool) -> str:
    if bars:
        return "每行一个地方，横条从零开始，长度即数量。总量受规模影响，多少不等于好坏。"
    text = "每行一个地方，点为本期数值，右侧为数字。"
    if frame["mean"].notna().any():
        text += "竖线为总体平均（分子合计除以分母合计），浅灰带为居中一半的地方。"
    if frame["lower"].notna().any():
        text += "横线为95%区间，规模小的长。标▲▼的超出漏斗图99.8%控制限，才说高于或低于平均；其余的高低可能只是随机波动。"
    if "rank_best" in frame and frame["rank_best"].notna().any():
        text += "名次是一个范围：与它差别在随机波动以内的社区，先后不能当真。"
    return text


def _fitted(rows: Rows, metric: Metric, space: Space, fold: bool, height: float | None, kind: Type) -> tuple[Rows, Space]:
    """Rows and room that suit each other: on screen the height follows the rows, on a slide the rows the height."""
    if fold:
        room = int((space.height - space.top - space.bottom) / (kind.body * 1.22))
        rows = _fold(rows, room, metric)
    elif height is None and kind is SCREEN:
        space = replace(space, height=max(len(rows), 3) * _PITCH + space.top + space.bottom)
    return rows, replace(space, rows=len(rows))


def ranked(
    frame: pd.DataFrame,
    metric: Metric,
    context: Context,
    focus: Collection[str] | str | None = None,
    standard: Standard | None = None,
    ordered: bool = True,
    height: float | None = None,
    large: bool = False,
    ranks: bool = False,
) -> Figure:
    """Who stands where: a figures frame of one metric and one period.

    Shares, rates and scores are dots (shares with 95 % intervals) with the pooled mean as a line and the middle half as
    a band; counts are bars from zero. ``focus`` are place ids drawn in red. ``ordered`` puts the largest on top, else
    the street's customary order holds. Gaps stay as rows and say so. ``height`` is in px. On slides the middle of a
    long ordered ranking folds into one row. ``ranks`` adds the range of ranks
    within chance (analysis.ranks). Raises ValueError where the frame mixes periods or metrics.
    """
    kind = SLIDE if large else SCREEN
    finding = ranking_finding(frame, metric)
    if frame.empty:
        return nothing("没有可以显示的地方，请放宽所选的社区或时间。", finding, context, height, kind)
    compared, bars = _order(compare_to_mean(frame, metric), ordered), metric.kind == "count"
    compared = ranked_with_range(compared, metric) if ranks else compared
    many = len(compared) > MANY and kind is SCREEN
    above = kind.small * 1.35 * (1 + (standard is not None)) + 10
    space = Space(height or _SLIDE_HEIGHT, above, kind.tick * 1.5 + kind.small * 1.6 + 8, len(compared))
    drawn = _shortlist(compared, metric, ids(focus)) if many else _rows(compared, metric, ids(focus))
    rows, space = _fitted(drawn, metric, space, large and ordered, height, kind)
    if many:
        finding = finding[0], finding[1] + told(len(compared), len(rows), f"最高、最低的各{EACH}个和选中的，按数值排列")
    said = meta(finding, context, metric.unit, _alt(compared, metric, context, bars), _reading(compared, bars))
    return {
        "data": _all_marks(rows, bars, kind),
        "layout": _layout(rows, space, compared, standard, context, metric, kind, bars) | {"meta": said},
    }


def _layout(
    rows: Rows,
    space: Space,
    compared: pd.DataFrame,
    standard: Standard | None,
    context: Context,
    metric: Metric,
    kind: Type,
    bars: bool,
) -> dict[str, Any]:
    size = space.size(kind)
    texts, left = _names(rows, size)
    right = max(text_width(text, size) for text in rows.side)
    ticks = _ticks(rows, float(standard.value) if standard else None, bars)
    shapes, labels = ([], [])
    if ticks is not None:
        shapes, labels = _references(ticks, len(rows), compared, standard, context, metric, kind)
    return template(
        space.height,
        kind,
        {"l": left + size * 1.4, "r": right + size, "t": space.top, "b": space.bottom},
        xaxis=_value_axis(ticks, metric, kind, bars),
        yaxis=row_axis(texts, size, kind, showgrid=not bars),
        shapes=([] if bars else _middle_half(compared)) + shapes,
        annotations=labels + side_notes(rows.side, [readable(c) for c in rows.colour], size),
    )
