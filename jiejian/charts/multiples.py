"""All communities at once: small run charts on one scale, those with a signal first."""

from __future__ import annotations

from typing import Any

import numpy as np

from jiejian.analysis.board import CONCERN, IMPROVEMENT, Board
from jiejian.analysis.cells import Cell, cell
from jiejian.analysis.takeaway import Finding, cell_sentence
from jiejian.charts.contrast import readable
from jiejian.charts.many import told
from jiejian.charts.parts import (
    BETTER,
    INK,
    LINE,
    MARK,
    SCREEN,
    SECOND,
    WORSE,
    Figure,
    axis,
    meta,
    nice_ticks,
    note,
    nothing,
    numbers,
    safe,
    shortened,
    template,
    tick_texts,
    wrap,
)
from jiejian.context import Context
from jiejian.format import format_value

MOST, _COLUMNS = 30, 6
_HEIGHT, _GAP = 104, 34
_COLOURS = {"improvement": BETTER, "concern": WORSE}
READING = (
    "每个小图是一个社区，刻度都一样，可以上下左右比高低；虚线是它自己的均值。"
    "名字后的▲▼和颜色说最近一期有没有超出它自己的通常波动：蓝色改善、橙色变差。"
    "排在前面的是有信号的社区，其余按街道惯例顺序；社区一多，总有个别信号出于偶然。"
)


def small_multiples(made: Board, context: Context, finding: Finding, label: str) -> Figure:
    """The first metric of a board, a small chart a community; each carries its place id for a click."""
    metric, places = made.cube.metrics[0], made.cube.value.shape[1]
    # A metric without a direction has signals, too.
    worse_first = np.select([made.signal[0] == CONCERN, made.signal[0] == IMPROVEMENT, made.signal[0] > 0], [0, 1, 2], 3)
    cells = [cell(made, 0, int(c)) for c in np.argsort(worse_first, kind="stable")[:MOST]]
    finding = finding[0], finding[1] + told(places, len(cells), f"{len(cells)}个，有信号的在前")
    values = made.cube.value[0]
    if not np.isfinite(values).any():
        return nothing("所选时间内没有数据：均缺报。", finding, context, None, SCREEN)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    low = min(low, 0.0) if metric.kind == "count" else low
    pad = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    ends = [low if low == 0 else low - pad, high + pad]
    ticks = [t for t in nice_ticks(low, high, 3) if ends[0] <= t <= ends[1]]
    columns = min(_COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    height = rows * (_HEIGHT + _GAP) + 10
    layout = template(
        height,
        SCREEN,
        {"l": 44, "r": 4, "t": 26, "b": 4},
        annotations=[],
        meta=meta(finding, context, metric.unit, f"小图：{len(cells)}个社区的{metric.name}。", READING),
    )
    data = []
    for i, one in enumerate(cells):
        n, (row, column) = i + 1, divmod(i, columns)
        layout[f"xaxis{n if n > 1 else ''}"] = axis(
            SCREEN,
            visible=False,
            anchor=f"y{n if n > 1 else ''}",
            domain=[column / columns + 0.008, (column + 1) / columns - 0.008],
            range=[-1, values.shape[1]],
        )
        top = 1 - row / rows
        layout[f"yaxis{n if n > 1 else ''}"] = axis(
            SCREEN, anchor=f"x{n if n > 1 else ''}", domain=[top - _HEIGHT / (_HEIGHT + _GAP) / rows, top], range=ends, tickmode="array", tickvals=ticks,
            ticktext=tick_texts(ticks, metric.unit) if column == 0 else [""] * len(ticks), tickfont={"size": 11, "color": SECOND}, showline=False, gridcolor=LINE,
        )  # fmt: skip
        layout["annotations"].append(_head(one, n))
        data += _traces(made, one, n, label)
    return {"data": data, "layout": layout}


def _head(one: Cell, n: int) -> dict[str, Any]:
    sign = "" if one.signal == "common_cause" else " ▲" if one.direction > 0 else " ▼"
    value = "缺数" if np.isnan(one.value) else format_value(one.value, one.metric)
    text = f"{safe(shortened(one.place.removesuffix('社区'), 6))} {value}{sign}"
    number = n if n > 1 else ""
    at = {"xref": f"x{number} domain", "yref": f"y{number} domain", "xanchor": "left", "yanchor": "bottom"}
    return note(text, 0, 1, SCREEN, **at, font={"size": SCREEN.small, "color": readable(_COLOURS.get(one.signal, INK))})


def _traces(made: Board, one: Cell, n: int, label: str) -> list[dict[str, Any]]:
    at, points = one.column, made.cube.value.shape[2]
    x, ax = list(range(points)), {"xaxis": f"x{n if n > 1 else ''}", "yaxis": f"y{n if n > 1 else ''}"}
    value = made.cube.value[0, at]
    there = np.flatnonzero(np.isfinite(value))
    last = [0.0] * points
    if len(there):
        last[there[-1]] = 7.0
    hover = "<br>".join(wrap(safe(cell_sentence(one, label)), 24))
    line = {
        "type": "scatter", "mode": "lines+markers", "x": x, "y": numbers(value), "connectgaps": False, **ax,
        "line": {"color": _COLOURS.get(one.signal, MARK), "width": 1.5},
        "marker": {"color": _COLOURS.get(one.signal, SECOND), "size": last, "line": {"width": 0}, "opacity": 1},
        "hovertext": [hover] * points, "hoverinfo": "text", "customdata": [[one.place_id]] * points, "cliponaxis": False,
    }  # fmt: skip
    if one.reason in ("stock", "rare", "few"):
        return [line]
    mean = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": numbers(made.judged.mean[at]),
        "line": {"color": MARK, "width": 1, "dash": "dash"},
        "hoverinfo": "skip",
        **ax,
    }
    return [mean, line]
