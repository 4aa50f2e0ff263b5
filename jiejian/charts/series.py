"""What changed: lines over periods with gaps as gaps, direct labels at their ends, events and Spring Festivals beside them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from jiejian.analysis.takeaway import Compared, Finding, fit_title, trend_finding
from jiejian.catalogue import Metric, Standard
from jiejian.charts.contrast import readable
from jiejian.charts.parts import (
    CATEGORIES,
    INK,
    MARK,
    SCREEN,
    SECOND,
    SLIDE,
    Figure,
    Type,
    axis,
    fitting_size,
    ids,
    meta,
    nice_ticks,
    note,
    nothing,
    numbers,
    safe,
    shortened,
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
    span_of,
    standard_line,
)
from jiejian.context import Context
from jiejian.festivals import festival_months
from jiejian.format import format_value

MOST_HIGHLIGHTED = 6
_HEIGHT, _SLIDE_HEIGHT = 420, 760
# A figure is as wide as its place on the page; labels that must not overlap are laid out for this width (px).
_WIDTH, _SLIDE_WIDTH = 900, 1500
_OTHERS = "#D5DAE0"


@dataclass(frozen=True)
class Line:
    """One place's series; ``values`` has None for gaps. ``colour`` is empty for the places in the background."""

    place_id: str
    name: str
    values: list[float | None]
    colour: str = ""

    @property
    def last(self) -> int | None:
        """Where the latest figure stands."""
        return next((i for i in reversed(range(len(self.values))) if self.values[i] is not None), None)


# ---- from frame to lines ----


def _series(frame: pd.DataFrame, span: Span) -> dict[str, tuple[str, list[float | None]]]:
    """Place id -> name and values over the span, in customary order."""
    if frame.empty:
        return {}
    frame = frame.sort_values("sort", kind="stable")
    rows, places = pd.factorize(frame["place_id"].astype(str))
    at = {period.key: i for i, period in enumerate(span.periods)}
    grid = np.full((len(places), len(at)), np.nan)
    grid[rows, [at[key] for key in frame["period"].astype(str)]] = frame["value"].to_numpy(dtype=float)
    names = frame["place"].astype(str).iloc[np.unique(rows, return_index=True)[1]]
    return {place: (name, numbers(line)) for place, name, line in zip(places, names, grid.tolist(), strict=True)}


def _lines(frame: pd.DataFrame, total: pd.DataFrame | None, metric: Metric, focus: Sequence[str], span: Span) -> list[Line]:
    """Background places first, the street above them, places in focus on top.

    The street's count is many times a community's: on one axis it would press them flat, so with counts it is drawn
    alone, or left out where communities are in focus.
    """
    series = _series(frame, span)
    chosen = [p for p in focus if p in series][:MOST_HIGHLIGHTED]
    # The only place there is needs no one to stand out from.
    chosen = chosen or (list(series) if len(series) == 1 and total is None else [])
    background = [Line(p, name, values) for p, (name, values) in series.items() if p not in chosen]
    street = [Line("", name, values, INK) for name, values in _series(total, span).values()] if total is not None else []
    if metric.kind == "count" and street:
        background, street = (background, []) if chosen else ([], street)
    return background + street + [Line(p, *series[p], CATEGORIES[k]) for k, p in enumerate(chosen)]


def _sizes(line: Line, kind: Type) -> list[float]:
    """Marker sizes: a dot on the latest figure and on figures alone between gaps, which a line would not show."""
    there = [v is not None for v in line.values]
    alone = [
        t and not (i > 0 and there[i - 1]) and not (i + 1 < len(there) and there[i + 1]) for i, t in enumerate(there)
    ]  # fmt: skip
    small = kind.mark * (0.7 if line.colour else 0.45)
    sizes = [small if a else 0.0 for a in alone]
    if line.colour and line.last is not None:
        sizes[line.last] = kind.mark
    return sizes


def _hovers(line: Line, metric: Metric, span: Span) -> list[str]:
    name, label = safe(line.name), safe(metric.name)
    texts = (format_value(v, metric, exact=True, unit=True) for v in line.values)
    return [f"<b>{name}</b><br>{p.label}<br>{label}：{text}" for p, text in zip(span.periods, texts, strict=True)]


def _trace(line: Line, metric: Metric, span: Span, kind: Type) -> dict[str, Any]:
    columns = [span.days, line.values, _hovers(line, metric, span), _sizes(line, kind), [[line.place_id]] * len(line.values)]
    for at in reversed(span.breaks):
        empty = (columns[0][at], None, "", 0.0, [line.place_id])
        columns = [[*column[:at], gap, *column[at:]] for column, gap in zip(columns, empty, strict=True)]
    x, y, hover, sizes, custom = columns
    colour = line.colour or _OTHERS
    width = kind.line * (1.25 if line.colour else 0.6)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": y,
        "connectgaps": False,
        "line": {"color": colour, "width": width, "dash": "solid"},
        "marker": {"color": colour, "size": sizes, "line": {"width": 0}, "opacity": 1},
        "hovertext": hover,
        "hoverinfo": "text",
        "customdata": custom,
        "cliponaxis": False,
    }


# ---- axes ----


def _value_ticks(lines: Sequence[Line], standard: Standard | None, metric: Metric, count: int) -> list[float]:
    """Counts start at zero; shares and rates fill the space that they need."""
    held = [v for line in lines for v in line.values if v is not None] or [0.0, 1.0]
    held += [float(standard.value)] if standard else []
    low, high = min(held), max(held)
    if metric.kind == "count":
        low, high = min(low, 0.0), max(high, 0.0) or 1.0
    ticks = nice_ticks(low, high, count, whole=metric.kind == "count" and metric.decimals == 0)
    # No axis beyond 100 % where nothing is: the gridline 105% makes people ask.
    return [t for t in ticks if metric.unit != "%" or high > 100 or t <= 100] if len(ticks) > 2 else ticks


# ---- labels, bands and lines beside the series ----


def _end_labels(lines: Sequence[Line], metric: Metric, ticks: list[float], plot: float, kind: Type) -> tuple[list[dict], float]:
    """Names and latest figures at the right rim, moved apart where they would overlap; and the width that they need."""
    named = [line for line in lines if line.colour and line.last is not None]
    ends = [(_end_text(line, metric), line.values[line.last], line.colour) for line in named]
    grey = sum(not line.colour for line in lines)
    if grey and ends:
        others = f"其余{grey}个" if any(line.place_id for line in named) else f"{grey}个社区"
        ends.append((f"灰线：{others}", ticks[0], SECOND))
    sizes = [fitting_size(text, kind.body) for text, _, _ in ends]
    unit = plot / (ticks[-1] - ticks[0])
    wanted = [(value - ticks[0]) * unit for _, value, _ in ends]
    shifts = [at - want for at, want in zip(spread(wanted, kind.body * 1.3, kind.body * 0.9, plot), wanted, strict=True)]
    place = {"yref": "y", "xanchor": "left", "yanchor": "middle", "xshift": round(kind.mark)}
    labels = [
        note(safe(text), 1, value, kind, **place, yshift=round(shift), font={"size": size, "color": readable(colour)})
        for (text, value, colour), shift, size in zip(ends, shifts, sizes, strict=True)
    ]
    return labels, max((text_width(text, size) for (text, _, _), size in zip(ends, sizes, strict=True)), default=0)


def _end_text(line: Line, metric: Metric) -> str:
    late = line.last != len(line.values) - 1
    return f"{shortened(line.name)} " + ("本期缺数" if late else format_value(line.values[line.last], metric))


# ---- words ----


def _finding(
    frame: pd.DataFrame, total: pd.DataFrame | None, lines: Sequence[Line], metric: Metric, compared: Compared | None,
    festivals: Collection[date] | None, span: Span,
) -> Finding:  # fmt: skip
    """One place in focus speaks for itself; else the street; else the picture has no single message."""
    months = festival_months(p.start for p in span.periods) if festivals is None else festivals
    chosen = [line for line in lines if line.colour and line.place_id]
    if len(chosen) == 1:
        own = frame[frame["place_id"].astype(str) == chosen[0].place_id]
        return trend_finding(own, metric, festivals=months)
    street = trend_finding(total, metric, compared, months) if total is not None and len(total) else None
    if street and any(line.colour and not line.place_id for line in lines):
        return street
    title, sentence = _side_by_side(chosen, len(lines), metric, span)
    return title, sentence + (street[1] if street else "")


def _side_by_side(chosen: Sequence[Line], count: int, metric: Metric, span: Span) -> Finding:
    """Several lines without one that speaks for all: what they are, and where those in focus stand now."""
    count = len(chosen) or count
    title = fit_title(
        f"{count}个社区{metric.name}走势并列",
        f"{count}个社区{metric.name}的走势并列",
        f"各社区{metric.name}的走势",
        otherwise="各社区本指标的走势并列",
    )
    if not chosen:
        return title, f"{span.periods[0].label}至{span.periods[-1].label}，{count}个社区的走势并列，未作总体判断。"
    now = [line.values[-1] for line in chosen]
    told = [
        f"{line.name}{'缺数' if v is None else format_value(v, metric, unit=True)}" for line, v in zip(chosen, now, strict=True)
    ]
    return title, f"{span.periods[-1].label}，{'、'.join(told)}，走势并列，未作总体判断。"


def _told(line: Line, metric: Metric, span: Span) -> str:
    """From where to where a line runs, and how many gaps it has."""
    if line.last is None:
        return f"{line.name}均无数据"
    first = next(i for i, v in enumerate(line.values) if v is not None)
    ends = (f"{span.periods[i].label}{format_value(line.values[i], metric, unit=True)}" for i in (first, line.last))
    gaps = line.values[first : line.last].count(None)
    return f"{line.name}{'，'.join(ends)}" + (f"，其间{gaps}期缺数" if gaps else "")


def _alt(lines: Sequence[Line], metric: Metric, span: Span) -> str:
    text = f"折线图：{span.periods[0].label}至{span.periods[-1].label}的{metric.name}"
    told = [_told(line, metric, span) for line in lines if line.colour]
    grey = sum(not line.colour for line in lines)
    if grey:
        told.append(f"另有{grey}个社区为浅灰线")
    return f"{text}。{'；'.join(told)}。"


def _reading(lines: Sequence[Line], metric: Metric, focus: Sequence[str], hidden: int) -> str:
    text = "断开处为缺数，不是零。浅色竖带为春节所在月；竖线为大事记，只表示时间先后，不等于因果。"
    if metric.kind == "count":
        text += "全街道合计与单个社区相差悬殊，不画在同一张图里。"
    if len(focus) > MOST_HIGHLIGHTED:
        text += f"最多突出{MOST_HIGHLIGHTED}个社区，其余为浅灰线。"
    return text + (f"另有{hidden}条大事记未写出文字，可指向竖线顶端查看。" if hidden else "")


def trend(
    frame: pd.DataFrame,
    metric: Metric,
    context: Context,
    focus: Collection[str] | str | None = (),
    total: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    standard: Standard | None = None,
    festivals: Collection[date] | None = None,
    compared: Compared | None = None,
    height: float | None = None,
    width: float | None = None,
    large: bool = False,
) -> Figure:
    """What changed: a figures frame of one metric over periods, one light grey line a place.

    ``focus`` are at most six place ids to highlight with labels at their ends; ``total`` the street's rows
    (analysis.total), for counts drawn only by itself; ``events`` has happened_on and what; ``festivals`` are first days
    of months with a Spring Festival (default: from the calendar); ``compared`` are like-for-like changes of the street
    for the finding (takeaway.like_for_like). Gaps stay open. ``height`` is in px; ``width`` only guesses the figure's
    width for placing labels (half a page: 460).
    """
    kind, focus = SLIDE if large else SCREEN, ids(focus)
    frame = frame[frame["metric"] == metric.id]
    total = total[total["metric"] == metric.id] if total is not None else None
    if total is not None and (total["value"].isna().all() or total["places"].max() == 1):
        total = None  # there is none, as of persons, or it is that of the only place
    span = span_of([f for f in (frame, total) if f is not None])
    if not span.periods:
        return nothing("没有可以显示的时间，请放宽所选的时间。", trend_finding(frame, metric), context, height, kind)
    lines = _lines(frame, total, metric, focus, span)
    finding = _finding(frame, total, lines, metric, compared, festivals, span)
    if all(line.last is None for line in lines):
        return nothing("所选时间内没有数据：均缺报。", finding, context, height, kind)
    happened = event_list(events, span)
    layout, hidden = _layout(lines, metric, context, span, happened, standard, festivals, (height, width), kind)
    layout["meta"] = meta(finding, context, metric.unit, _alt(lines, metric, span), _reading(lines, metric, focus, hidden))
    marks = [event_marks(happened, layout["yaxis"]["range"][1], kind)] if happened else []
    return {"data": [_trace(line, metric, span, kind) for line in lines] + marks, "layout": layout}


def _layout(
    lines: Sequence[Line], metric: Metric, context: Context, span: Span, events: list[tuple[date, str]],
    standard: Standard | None, festivals: Collection[date] | None, size: tuple[float | None, float | None], kind: Type,
) -> tuple[dict[str, Any], int]:  # fmt: skip
    """The layout, and how many events have no label."""
    height = size[0] or (_SLIDE_HEIGHT if kind is SLIDE else _HEIGHT)
    ticks = _value_ticks(lines, standard, metric, 5)
    texts = tick_texts(ticks, metric.unit)
    left = max(text_width(t, kind.tick) for t in texts) + kind.tick * 0.8
    right = _end_labels(lines, metric, ticks, height, kind)[1] + kind.mark * 2
    width = max((size[1] or (_SLIDE_WIDTH if kind is SLIDE else _WIDTH)) - left - right, 150)
    unit = (
        [] if metric.unit == "%" else [note(safe(f"单位：{metric.unit}"), 0, 1, kind, xanchor="left", yanchor="bottom", yshift=4)]
    )
    happened, used = event_labels(events, span, width, len(unit), kind)
    top, bottom = kind.small * (1 + 1.4 * (used + len(unit))), kind.tick * 1.5 + 8
    ends, _ = _end_labels(lines, metric, ticks, height - top - bottom, kind)
    # plotly leaves out a hairline at the very end of an axis.
    top_end = ticks[-1] + (ticks[-1] - ticks[0]) * 0.005
    bands, band_labels = festival_bands(span, festivals, kind)
    limits, limit_labels = standard_line(standard, context, span, ticks, kind)
    layout = template(
        height,
        kind,
        {"l": left, "r": right, "t": top, "b": bottom},
        xaxis=period_axis(span, width, kind),
        yaxis=axis(kind, tickmode="array", tickvals=ticks, ticktext=texts, range=[ticks[0], top_end], ticklabelstandoff=4),
        shapes=bands + event_lines(events, kind) + limits,
        annotations=unit + band_labels + happened + limit_labels + ends,
    )
    return layout, len(events) - len(happened)


def sparkline(values: Sequence[float | None], height: float = 40) -> Figure:
    """A tiny line without axes, its latest figure as a dot; gaps stay open."""
    line = Line("", "", numbers(values), INK)
    known = [v for v in line.values if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    pad = (high - low) * 0.15 or abs(high) * 0.1 or 1.0
    tiny = Type(body=12, tick=12, small=12, mark=6, line=1.5)
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(range(len(line.values))),
        "y": line.values,
        "connectgaps": False,
        "line": {"color": MARK, "width": 1.5},
        "marker": {"color": SECOND, "size": _sizes(line, tiny), "line": {"width": 0}},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
    gaps = len(line.values) - len(known)
    alt = f"走势小图，{len(line.values)}期" + (f"，其中{gaps}期缺数" if gaps else "")
    layout = template(
        height, tiny, {"l": 4, "r": 6, "t": 4, "b": 4},
        xaxis=axis(tiny, visible=False, range=[-0.3, max(len(line.values) - 0.7, 0.3)]),
        yaxis=axis(tiny, visible=False, range=[low - pad, high + pad]),
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", hovermode=False,
        meta={"title": "", "takeaway": "", "subtitle": "", "foot": "", "alt": alt, "reading": ""},
    )  # fmt: skip
    return {"data": [trace] if line.values else [], "layout": layout}
