"""The axis of time that charts over periods share: ticks, Spring Festivals, events and reference lines beside the series."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from jiejian.catalogue import Standard
from jiejian.charts.parts import FESTIVAL, LINE, MARK, SECOND, Type, axis, judged_on, lanes, note, safe, shortened, text_width
from jiejian.context import Context
from jiejian.festivals import festival_months
from jiejian.periods import Period, parse_period

_LANES = 3


@dataclass(frozen=True)
class Span:
    """The periods of the axis. A point stands in the middle of its period, of its last month for 累计."""

    periods: list[Period]

    def ends(self, i: int) -> tuple[date, date]:
        period = self.periods[i]
        return (period.end.replace(day=1) if period.grain == "ytd" else period.start), period.end

    def day(self, i: int) -> date:
        first, last = self.ends(i)
        return first + timedelta(days=(last - first).days // 2)

    @property
    def days(self) -> list[str]:
        return [self.day(i).isoformat() for i in range(len(self.periods))]

    @property
    def first(self) -> date:
        return self.ends(0)[0]

    @property
    def last(self) -> date:
        return self.ends(len(self.periods) - 1)[1]

    @property
    def end(self) -> str:
        """Where the axis ends: the morning after the last day."""
        return (self.last + timedelta(days=1)).isoformat()

    def share(self, day: date) -> float:
        """Where a day lies between the axis's ends, 0 to 1."""
        return (day - self.first).days / max((self.last - self.first).days, 1)

    @property
    def breaks(self) -> list[int]:
        """Where a line must break though nothing is missing: 累计 starts anew in January."""
        pairs = enumerate(zip(self.periods, self.periods[1:], strict=False), start=1)
        return [i for i, (a, b) in pairs if b.grain == "ytd" and a.start.year != b.start.year]


def span_of(frames: Sequence[pd.DataFrame]) -> Span:
    keys = {str(key) for frame in frames for key in frame["period"].unique()}
    return Span(sorted((parse_period(key) for key in keys), key=lambda p: p.end))


def _period_ticks(span: Span, width: float, kind: Type) -> tuple[list[str], list[str]]:
    """As many labels as the width holds, counted back from the latest period, which always has one."""
    count = len(span.periods)
    widest = max(text_width(p.label, kind.tick) for p in span.periods) * 1.06
    step = next((s for s in (1, 2, 3, 4, 6, 12, 24, 60) if width * s / count >= widest), count)
    shown = sorted(range(count - 1, -1, -step))
    return [span.days[i] for i in shown], [span.periods[i].label for i in shown]


def festival_bands(span: Span, months: Collection[date] | None, kind: Type) -> tuple[list[dict], list[dict]]:
    """Light bands over the months of the Spring Festival; only where the axis shows months."""
    if any(p.grain != "month" for p in span.periods):
        return [], []
    starts = [p.start for p in span.periods]
    held = festival_months(starts) if months is None else [s for s in starts if s in set(months)]
    shapes, labels = [], []
    for first in held:
        after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        rect = {"type": "rect", "xref": "x", "yref": "paper", "x0": first.isoformat(), "x1": after.isoformat(), "y0": 0, "y1": 1}
        shapes.append({**rect, "fillcolor": FESTIVAL, "line": {"width": 0}, "layer": "below"})
        middle = (first + timedelta(days=14)).isoformat()
        labels.append(note("春节", middle, 0, kind, xref="x", xanchor="center", yanchor="bottom", align="center"))
    return shapes, labels


def event_list(events: pd.DataFrame | None, span: Span) -> list[tuple[date, str]]:
    """Day and words of the events on the axis, oldest first."""
    if events is None or not len(events):
        return []
    days = pd.to_datetime(events["happened_on"]).dt.date
    found = sorted(zip(days, events["what"].astype(str), strict=True))
    return [(day, what) for day, what in found if span.first <= day <= span.last]


def event_lines(events: list[tuple[date, str]], kind: Type) -> list[dict[str, Any]]:
    line = {"color": MARK, "width": kind.line * 0.5}
    shape = {"type": "line", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "line": line, "layer": "below"}
    return [{**shape, "x0": day.isoformat(), "x1": day.isoformat()} for day, _ in events]


def event_labels(events: list[tuple[date, str]], span: Span, width: float, base: int, kind: Type) -> tuple[list[dict], int]:
    """Labels in lanes above a plot of ``width``, from lane ``base`` on, and how many lanes they need.

    An event for which all lanes are full has no label; its line and its hover text stay.
    """
    texts, boxes, anchors = [shortened(what, 12) for _, what in events], [], []
    for (day, _), text in zip(events, texts, strict=True):
        x, size = span.share(day) * width, text_width(text, kind.small) + kind.small
        # Near the right rim the label stands to the left of its line.
        right = x + size > width
        boxes.append((x - size, x) if right else (x, x + size))
        anchors.append("right" if right else "left")
    found = lanes(boxes, _LANES)
    place = {"xref": "x", "yanchor": "bottom"}
    labels = [
        note(safe(text), day.isoformat(), 1, kind, **place, xanchor=anchor, yshift=round(4 + (base + lane) * kind.small * 1.4))
        for (day, _), text, lane, anchor in zip(events, texts, found, anchors, strict=True)
        if lane is not None
    ]
    return labels, max((lane + 1 for lane in found if lane is not None), default=0)


def event_marks(events: list[tuple[date, str]], top: float, kind: Type) -> dict[str, Any]:
    """Small signs at the heads of the lines, which tell the whole text when pointed at."""
    day_texts = [f"<b>{d.year}年{d.month}月{d.day}日</b>" for d, _ in events]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [day.isoformat() for day, _ in events],
        "y": [top] * len(events),
        "marker": {"symbol": "triangle-down", "size": kind.mark * 0.8, "color": SECOND},
        "hovertext": [f"{head}<br>{safe(what)}" for head, (_, what) in zip(day_texts, events, strict=True)],
        "hoverinfo": "text",
        "customdata": [[""]] * len(events),
        "cliponaxis": False,
    }


def standard_line(
    standard: Standard | None, context: Context, span: Span, ticks: list[float], kind: Type
) -> tuple[list[dict], list[dict]]:
    if standard is None:
        return [], []
    value = float(standard.value)
    # In data coordinates: only then plotly draws it above the hairlines and below the lines.
    ends = {"xref": "x", "yref": "y", "x0": span.first.isoformat(), "x1": span.end, "y0": value, "y1": value}
    line = {"color": SECOND, "width": kind.line * 0.75, "dash": "dash"}
    # Above a line at the top there is no room.
    side = "top" if value > (ticks[0] + ticks[-1]) / 2 else "bottom"
    label = note(safe(standard.label(judged_on(context))), 0, value, kind, yref="y", xanchor="left", yanchor=side, xshift=4)
    return [{"type": "line", "line": line, "layer": "between", **ends}], [label]


def period_axis(span: Span, width: float, kind: Type) -> dict[str, Any]:
    days, labels = _period_ticks(span, width, kind)
    ends = [span.first.isoformat(), span.end]
    line = {"showline": True, "linecolor": LINE, "showgrid": False}
    return axis(kind, type="date", tickmode="array", tickvals=days, ticktext=labels, tickangle=0, range=ends, **line)
