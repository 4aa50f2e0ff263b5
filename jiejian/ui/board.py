"""The status board of the overview: which cells really changed, which targets are reliably met, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.analysis.board import CONCERN, IMPROVEMENT, REASONS, STRONG, Board
from jiejian.analysis.cells import Cell, Order, cell, noteworthy, only, order, worded
from jiejian.analysis.control_chart import RULES
from jiejian.analysis.takeaway import Finding, cell_sentence, status_finding
from jiejian.export.tables import ExportColumn, ExportTable
from jiejian.periods import Period, period_of, periods_between
from jiejian.selection import Selection
from jiejian.ui import data, going, runs, show, tables
from jiejian.ui.downloads import Offer, downloads
from jiejian.ui.view import View, kept

POINTS = 36
_KEY, _TABLE, _CHOSEN = "board_chart", "board_table", "_board_cell"
_LEGEND = (
    '<div class="jj-legend"><span><i class="worse">▲▼</i> 变差信号</span><span><i class="better">▲▼</i> 改善信号</span>'
    "<span><i>▲▼</i> 变了，不分好坏</span><span><i>•</i> 通常波动</span><span><i>空白</i> 不作判断</span>"
    '<span><i>✓</i> 稳定达标</span><span><i>～</i> 时达时不达</span><span><i class="worse">✗</i> 稳定不达标</span></div>'
)


@dataclass(frozen=True)
class Judged:
    """The board of a view, and of which period it speaks."""

    made: Board
    selection: Selection
    left_out: int

    @property
    def label(self) -> str:
        return self.selection.period.label


def judge(view: View) -> Judged | None:
    """The board of the view's metrics: by month up to the end of the picked period, or at the picked grain where nothing is
    monthly. None where there is nothing to judge."""
    grains = view.grains
    monthly = tuple(m.id for m in view.metrics if "month" in grains[m.id])
    chosen, period = (
        (monthly, period_of(view.period.end, "month")) if monthly else (tuple(m.id for m in view.metrics), view.period)
    )
    past = _past(view, period)
    if not past or period.grain == "ytd":
        return None
    selection = Selection(view.dataset.id, chosen, period, since=past[0])
    return Judged(data.judged(view.source, selection), selection, len(view.metrics) - len(chosen))


def _past(view: View, period: Period) -> list[Period]:
    known = periods_between(view.dataset.first, period.end, period.grain)
    return [p for p in known if view.dataset.first <= p.start and p.end <= period.end][-POINTS:]


@dataclass(frozen=True)
class Pictured:
    """What the page shows of a board: the finding, the picture, its table in words with what each row (metric) and column (place) stands for,
    and how many cells are not judged. It is kept; the board itself, a hundred megabytes of a city, need not be."""

    finding: Finding
    figure: charts.Figure
    table: pd.DataFrame
    metrics: tuple[str, ...]
    places: dict[str, str]
    columns: int
    left_out: str


def draw(view: View) -> None:
    """The board, and under it the cell that was clicked; nothing where there is nothing to judge."""
    label, judged = speaks(view)
    if judged:
        _board(view)
    elif label:
        st.subheader("状态板", anchor=False)
        st.info(f"{label}还没有可以判断的格子：期数太少，或本期缺数。有{_LEAST}个月以上的数据后，这里会显示哪些指标真的变了。")


@kept
def speaks(view: View) -> tuple[str, bool]:
    """The period of the board in words ('' where there is none), and whether any cell is judged."""
    judged = judge(view)
    return (judged.label, not (judged.made.reason > 0).all()) if judged else ("", False)


_LEAST = 3


@st.fragment
def _board(view: View) -> None:
    head, weak, whole = st.columns([6, 2.4, 2.4], vertical_alignment="bottom")
    more = weak.toggle("也显示较弱的信号", key="weak", bind="query-params", help=_weak_help())
    every = whole.toggle("显示全部指标", key="all_metrics", bind="query-params")
    shown = pictured(view, st.session_state.get("grouping", ""), more, every)
    with head:
        st.subheader(shown.finding[0], anchor=False)
    st.markdown(shown.finding[1])
    st.html(_LEGEND)
    with st.container(key="board_scroll"):
        show.drawn(shown.figure, _KEY, lambda: _choose(show.mark(_KEY)))
    show.picture(view, shown.figure, _KEY)
    st.caption(shown.left_out)
    with st.expander("表格"):
        _table(view, shown, st.session_state.get("grouping", ""), more, every)
    with st.expander("怎么读这张图"):
        st.markdown(shown.figure["layout"]["meta"]["reading"])
    _explained(view, st.session_state.get(_CHOSEN))


def _rules(more: bool) -> Collection[str]:
    return RULES[1:] if more else STRONG


@kept
def pictured(view: View, grouping: str, more: bool, every: bool) -> Pictured:
    """The board of a view in the order of a grouping ('' for the first), with weaker signals and all metrics or without."""
    judged, rules = judge(view), _rules(more)
    made, finding = judged.made, _finding(judged, rules)
    arranged = _arranged(view, judged, grouping, more, every)
    figure = charts.status_board(made, arranged, view.context(), finding, judged.label, rules)
    # Of many communities the table, too, has those that the picture shows; all are a file away.
    columns = arranged.columns[: charts.MOST_PLACES] if len(arranged.columns) > charts.MANY else arranged.columns
    rows = [row for members in arranged.rows.values() for row in members]
    return Pictured(
        finding, figure, worded(made, replace(arranged, columns=columns), rules), tuple(made.cube.metrics[row].id for row in rows),
        {made.places[c][1]: made.places[c][0] for c in columns}, len(arranged.columns), _left_out(judged, len(arranged.columns)),
    )  # fmt: skip


def _arranged(view: View, judged: Judged, grouping: str, more: bool, every: bool) -> Order:
    rules = _rules(more)
    arranged = order(judged.made, _pillars(view, grouping), rules, view.places)
    return arranged if every else only(arranged, noteworthy(judged.made, rules))


def _choose(at: Sequence[str]) -> None:
    """A cell, by metric and place, of the picture or of the table: what was chosen last is explained."""
    st.session_state[_CHOSEN] = at


def _table(view: View, shown: Pictured, grouping: str, more: bool, every: bool) -> None:
    """The board in words; a cell is chosen with the keyboard, too."""

    def chosen() -> None:
        cells = st.session_state[_TABLE]["selection"]["cells"]
        row, head = cells[0] if cells else (0, "")
        _choose([shown.metrics[row], shown.places[head]] if head in shown.places else [])

    st.dataframe(
        tables.packed(shown.table), key=_TABLE, hide_index=True, width="stretch",
        column_config={"指标": st.column_config.TextColumn(pinned=True)}, on_select=chosen, selection_mode="single-cell",
    )  # fmt: skip
    if shown.columns > len(shown.places):
        offer = Offer("全部社区的状态板", shown.columns, lambda: _export(view, grouping, more, every))
        downloads(f"{_KEY}_all", "状态板", view.context(), offer)


def _export(view: View, grouping: str, more: bool, every: bool) -> ExportTable:
    """The whole board in words, a row a community."""
    judged = judge(view)
    whole = worded(judged.made, _arranged(view, judged, grouping, more, every), _rules(more))
    wide = whole.set_index("指标").T.rename_axis("社区").reset_index()
    columns = tuple(ExportColumn(str(head)) for head in wide.columns)
    return ExportTable(f"{view.context().street}{judged.label}状态板", wide, columns, view.context())


def _finding(judged: Judged, rules: Collection[str]) -> Finding:
    shown = judged.made.shown_signal(rules)
    counts = (int((shown == CONCERN).sum()), int((shown == IMPROVEMENT).sum()))
    return status_finding(counts, judged.made.by_chance(rules), judged.made.judged_cells, judged.label)


def _weak_help() -> str:
    return (
        "默认只显示最强的两种：超出控制界限、连续7期同向变化。较弱的两种（3期中2期接近界限、连续7期在均值同一侧）更容易出于偶然。"
    )


def _pillars(view: View, grouping: str) -> list[tuple[str, Sequence[str]]]:
    """The groups of a grouping, of the first where it is none."""
    groupings = view.catalogue.groupings
    chosen = groupings.get(grouping) or next(iter(groupings.values()), None)
    return [(group.name, group.metrics) for group in chosen.groups] if chosen else []


def _left_out(judged: Judged, places: int) -> str:
    """How many cells are not judged, and why."""
    made = judged.made
    words = {
        "missing": "缺数", "stock": "期末存量", "settling": "仍在办理", "festival": "春节所在月", "rare": "数量太少", "few": "期数太少",
    }  # fmt: skip
    counts = {word: int((made.reason == REASONS.index(code)).sum()) for code, word in words.items()}
    parts = [f"{word}{n}格" for word, n in counts.items() if n]
    told = f"不作判断的：{'、'.join(parts)}。" if parts else ""
    told += f"另有{judged.left_out}项指标不按月报送，不在板上。" if judged.left_out else ""
    drawn = charts.MOST_PLACES
    if places <= drawn:
        return told
    where = "在“表格”里下载全部" if places > charts.MANY else "打开“表格”"
    return f"{told}共{places:,}个社区，只画变差最多的{drawn}个；要看别的，请在左侧选社区，或{where}。"


# ---- one cell ----


def _explained(view: View, chosen: Sequence[str] | None) -> None:
    """The clicked cell: a sentence, its run chart, the way to the trend."""
    judged = judge(view) if chosen else None
    found = _cell(judged.made, chosen) if judged else None
    if found is None:
        st.caption("点一格，看它的说明和走势；不用鼠标的，在“表格”里用方向键选。")
        return
    with st.container(border=True):
        st.markdown(cell_sentence(found, judged.label))
        figure, frame = runs.cell_chart(view, judged.selection, judged.made, found)
        show.drawn(figure, "cell_chart")
        show.picture(view, figure, "cell_chart")
        with st.expander("走势的表格"):
            tables.run_table(frame, found.metric)
        st.button("在趋势分析中打开", key="open_trend", on_click=_open, args=(found, judged.selection.period), type="primary")
    if going.asked():
        # Never from within the fragment: another run of it that waits would end the new page half drawn.
        st.rerun()


def _cell(made: Board, chosen: Sequence[str] | None) -> Cell | None:
    if not chosen or len(chosen) != 2:
        return None
    rows = [i for i, m in enumerate(made.cube.metrics) if m.id == chosen[0]]
    columns = [i for i, p in enumerate(made.cube.places["place_id"]) if p == chosen[1]]
    return cell(made, rows[0], columns[0]) if rows and columns else None


def _open(found: Cell, period: Period) -> None:
    going.go("trends", metric=found.metric.id, community=[found.place_id], grain=period.grain, period=period.key)
