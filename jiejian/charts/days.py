"""Days of a span as a calendar: a column a week, a row a weekday, darker where more happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from jiejian.charts.counted import SHADES
from jiejian.charts.parts import SCREEN, Figure, Finding, axis, meta, nothing, row_axis, template
from jiejian.context import Context
from jiejian.format import format_value

_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def calendar(counts: Mapping[date, float], first: date, last: date, unit: str, context: Context, finding: Finding) -> Figure:
    """How much on each day from ``first`` to ``last``; a day without is empty, not missing."""
    if last < first or not counts:
        return nothing("所选时间内没有活动登记。", finding, context, None, SCREEN)
    start = first - timedelta(days=first.weekday())
    weeks = (last - start).days // 7 + 1
    days = [[start + timedelta(weeks=w, days=d) for w in range(weeks)] for d in range(7)]
    z = [[float(counts.get(day, 0)) if first <= day <= last else None for day in row] for row in days]
    hover = [[f"{day.isoformat()}<br>{format_value(counts.get(day, 0), unit, unit=True)}" for day in row] for row in days]
    top = max(*counts.values(), 1)
    shade = [[i / (len(SHADES) - 1), colour] for i, colour in enumerate(SHADES)]
    months = [w for w in range(weeks) if any(first <= row[w] <= last and row[w].day <= 7 for row in days[:1])] or [0]
    every = max(1, -(-len(months) // 13))
    trace = {
        "type": "heatmap", "z": z, "x": list(range(weeks)), "y": list(range(7)), "zmin": 0, "zmax": float(top), "colorscale": shade,
        "showscale": False, "xgap": 2, "ygap": 2, "hovertext": hover, "hoverinfo": "text",
    }  # fmt: skip
    quiet = sum(
        1 for w in range(weeks) if not any(counts.get(row[w], 0) for row in days) and first <= days[0][w] and days[6][w] <= last
    )
    alt = f"日历图：{first.isoformat()}至{last.isoformat()}，共{format_value(sum(counts.values()), unit, unit=True)}，{quiet}个整周没有活动。"
    reading = "每一列是一周，每一行是星期几，颜色越深当天的场次越多，最浅的是没有。整列最浅，就是那一周没有活动。"
    return {
        "data": [trace],
        "layout": template(
            228, SCREEN, {"l": 44, "r": 14, "t": 42, "b": 4},
            xaxis=axis(SCREEN, tickmode="array", tickvals=months[::every], side="top", showgrid=False,
                       tickangle=0, ticktext=[_month(days[0][w], n) for n, w in enumerate(months[::every])]),
            yaxis=row_axis(_WEEKDAYS, SCREEN.small, SCREEN, showgrid=False), meta=meta(finding, context, unit, alt, reading),
        ),
    }  # fmt: skip


def _month(monday: date, n: int) -> str:
    """The head of a week in which a month begins; the year stands above the first one and each January."""
    return f"{monday.year}年<br>{monday.month}月" if n == 0 or monday.month == 1 else f"{monday.month}月"
