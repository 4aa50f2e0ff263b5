"""All at once: the status board, metric × community, two signs a cell: did it really change, is the target reliably met?"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from jiejian.analysis.board import STRONG, Board
from jiejian.analysis.cells import Cell, Order, cell
from jiejian.analysis.takeaway import Finding, cell_sentence
from jiejian.analysis.takeaway.control import REASON_WORDS
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
    note,
    nothing,
    safe,
    shortened,
    template,
    wrap,
)
from jiejian.context import Context
from jiejian.format import format_value

MOST_PLACES = 30
_TWO_SIGNS = 24
_ROW, _HEAD = 27, 40
_LABEL = 196
_COLOURS = {"improvement": BETTER, "concern": WORSE, "neutral_high": SECOND, "neutral_low": SECOND}
_GROUNDS = {"improvement": "#DCE9F5", "concern": "#FBE6D4", "neutral_high": "#EDEFF2", "neutral_low": "#EDEFF2"}
_TARGETS = {"reliably_met": ("✓", SECOND), "hit_and_miss": ("～", SECOND), "reliably_missed": ("✗", WORSE)}
# Plotly fades what a click did not choose; the board stays as it is.
_STEADY = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
READING = (
    "每格左边的标记说本期有没有超出通常波动：▲▼为真的变了（蓝色改善、橙色变差、灰色不分好坏），灰点为通常波动，空白为不作判断。"
    "右边的标记说目标能不能稳定达到：✓稳定达标，～时达时不达，✗稳定不达标，没有目标的不画。"
    "格子很多时总有几格是偶然，先看排在左上角的和多格一起变的；点一格看它的走势。"
)


def status_board(
    made: Board, arranged: Order, context: Context, finding: Finding, label: str, rules: Collection[str] = STRONG
) -> Figure:
    """The board in the order of ``arranged``: rows by pillar, at most 30 communities. Marks carry [metric id, place id]."""
    columns = arranged.columns[:MOST_PLACES]
    if not arranged.rows or not columns:
        return nothing("没有可以判断的指标。", finding, context, None, SCREEN)
    rows = [(name, row) for name, members in arranged.rows.items() for row in (None, *members)]
    cells = [
        (y, x, cell(made, row, column)) for y, (_, row) in enumerate(rows) if row is not None for x, column in enumerate(columns)
    ]
    # Where columns are narrow each character has a line of its own.
    signs = 2 if len(columns) <= _TWO_SIGNS else 1
    head = _HEAD if signs == 2 else _HEAD + 2 * SCREEN.small * 1.3
    height = head + _ROW * len(rows) + 6
    names = [str(made.cube.places["place"].iloc[c]).removesuffix("社区") for c in columns]
    layout = template(
        height,
        SCREEN,
        {"l": _LABEL, "r": 4, "t": head, "b": 4},
        xaxis=axis(
            SCREEN, side="top", tickmode="array", tickvals=list(range(len(names))), ticktext=[_narrow(n, signs) for n in names],
            range=[-0.5, len(names) - 0.5], showgrid=False, tickfont={"size": SCREEN.small, "color": INK}, tickangle=0,
        ),
        yaxis=axis(SCREEN, visible=False, range=[len(rows) - 0.5, -0.5]),
        shapes=[_rule(y) for y, (_, row) in enumerate(rows) if row is None],
        annotations=[_row_label(y, name, row, made) for y, (name, row) in enumerate(rows)],
        clickmode="event+select",
        meta=meta(finding, context, "", _alt(made, cells), READING),
    )  # fmt: skip
    return {"data": [_grounds(cells, label, rules), _changes(cells, rules), *_targets(cells)], "layout": layout}


def _narrow(name: str, signs: int) -> str:
    """A name in lines of so many characters, four at most in all, for a narrow column."""
    return "<br>".join(safe(line) for line in wrap(shortened(name, 4), signs))


def _rule(y: int) -> dict[str, Any]:
    line = {"color": LINE, "width": 1}
    return {
        "type": "line",
        "xref": "paper",
        "yref": "y",
        "x0": 0,
        "x1": 1,
        "y0": y + 0.45,
        "y1": y + 0.45,
        "line": line,
        "layer": "below",
    }


def _row_label(y: int, pillar: str, row: int | None, made: Board) -> dict[str, Any]:
    text = f"<b>{safe(pillar)}</b>" if row is None else safe(shortened(made.cube.metrics[row].name, 13))
    return note(text, 0, y, SCREEN, yref="y", xanchor="left", yanchor="middle", xshift=-_LABEL, font={"size": SCREEN.tick, "color": INK if row is None else SECOND})  # fmt: skip


def _shown(one: Cell, rules: Collection[str]) -> str:
    return one.signal if one.rule in rules else "common_cause"


def _grounds(cells: list[tuple[int, int, Cell]], label: str, rules: Collection[str]) -> dict[str, Any]:
    """A square a cell: the colour of its signal, its sentence, what a click chooses."""
    colours = [_GROUNDS.get(_shown(one, rules), "#FFFFFF" if one.reason else "#F7F8FA") for _, _, one in cells]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for _, x, _ in cells],
        "y": [y for y, _, _ in cells],
        "marker": {"symbol": "square", "size": 24, "color": colours, "line": {"width": 0}, "opacity": 1},
        **_STEADY,
        "hovertext": [_hover(one, label, rules) for _, _, one in cells],
        "hoverinfo": "text",
        "customdata": [[one.metric.id, one.place_id] for _, _, one in cells],
        "cliponaxis": False,
    }


def _hover(one: Cell, label: str, rules: Collection[str]) -> str:
    """The whole sentence where there is something to say; a word where there is not: a board has a thousand cells."""
    if _shown(one, rules) != "common_cause":
        return "<br>".join(wrap(safe(cell_sentence(one, label)), 26))
    word = REASON_WORDS[one.reason] if one.reason else "在通常波动范围内"
    value = "" if math.isnan(one.value) else f"：{format_value(one.value, one.metric, unit=True)}"
    return f"<b>{safe(one.place)}</b><br>{safe(one.metric.name)}{value}<br>{word}"


def _changes(cells: list[tuple[int, int, Cell]], rules: Collection[str]) -> dict[str, Any]:
    """▲▼ by direction, a small dot where nothing is beyond the usual; nothing where nothing may be judged."""
    judged = [(y, x, one, _shown(one, rules)) for y, x, one in cells if not one.reason]
    there = [signal != "common_cause" for *_, signal in judged]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x - (0 if one.capability == "" else 0.2) for _, x, one, _ in judged],
        "y": [y for y, *_ in judged],
        "marker": {
            "symbol": [
                ("triangle-up" if one.direction > 0 else "triangle-down") if real else "circle"
                for (_, _, one, _), real in zip(judged, there, strict=True)
            ],
            "size": [11 if real else 4 for real in there],
            "color": [_COLOURS.get(signal, MARK) for *_, signal in judged],
            "line": {"width": 0},
            "opacity": 1,
        },
        **_STEADY,
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _targets(cells: list[tuple[int, int, Cell]]) -> list[dict[str, Any]]:
    """The target signs, a trace a sign: only a whole trace keeps its colour when something is clicked."""
    found = []
    for code, (sign, colour) in _TARGETS.items():
        held = [(y, x, one) for y, x, one in cells if one.capability == code]
        if held:
            trace = {
                "type": "scatter",
                "mode": "text",
                "x": [x + (0.23 if not one.reason else 0) for _, x, one in held],
                "y": [y for y, _, _ in held],
                "text": [sign] * len(held),
                "textfont": {"size": 11 if sign == "～" else 13, "color": colour},
                "selected": {"textfont": {"color": colour}},
                "unselected": {"textfont": {"color": colour}},
                "hoverinfo": "skip",
                "cliponaxis": False,
            }
            found.append(trace)
    return found


def _alt(made: Board, cells: list[tuple[int, int, Cell]]) -> str:
    strong = sum(one.rule in STRONG for _, _, one in cells)
    return f"状态板：{len({one.metric.id for _, _, one in cells})}项指标、{len({one.place_id for _, _, one in cells})}个社区，其中{strong}格超出通常波动。"
