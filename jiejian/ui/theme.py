"""Pages of one working field: panels with a finding, a chart, its table and definitions; tabs keep at most four in view.

A panel names the ledger and the columns that it is drawn from. Where the ledger has sent nothing, the panel says what to send
and offers the template; where a column holds nothing, it says which one, and the page goes on without that chart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import streamlit as st

from jiejian import charts
from jiejian.catalogue import Metric
from jiejian.charts import Figure
from jiejian.context import Context
from jiejian.export.tables import ExportColumn, ExportTable
from jiejian.ledgers import registers
from jiejian.periods import Period
from jiejian.selection import latest_periods
from jiejian.ui import data, nothing, show
from jiejian.ui.downloads import Offer, downloads
from jiejian.ui.tables import as_arrow
from jiejian.ui.themes.common import months, reach, span
from jiejian.ui.view import View, kept

_MOST_ROWS = 10  # of a table that stands on the page in its whole length


@dataclass(frozen=True)
class Whole:
    """All rows of a list that is too long for the screen: how many there are, and how they are fetched once somebody takes them away."""

    count: int
    rows: Callable[[], pd.DataFrame]


@dataclass(frozen=True)
class Drawn:
    """A finished panel: the figure (None for a list alone) and its table, whose columns are described in ``columns``; ``whole`` where the
    table is but the head of a list."""

    table: pd.DataFrame
    columns: tuple[ExportColumn, ...]
    figure: Figure | None = None
    title: str = ""
    takeaway: str = ""
    # The period that the figures are of, where it is not the picked one (what is sent by quarter or year).
    period: Period | None = None
    whole: Whole | None = None


@dataclass(frozen=True)
class Panel:
    """One question of a page. ``columns`` are ids of the ledger's columns without which there is nothing to draw.

    ``spell`` says of which time the panel speaks where that is not the picked period, so that subtitle, foot and export say it
    too; a ``wide`` panel has a row of its own (a list of many columns).
    """

    key: str
    name: str
    ledger: str
    draw: Callable[[View], Drawn]
    columns: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    on_click: Callable[[], None] | None = field(default=None, compare=False)
    spell: Literal["", "as_of", "months", "reach", "quarters"] = ""
    wide: bool = False
    # What ``draw`` gives depends on more than the view: on pickers of its own, or a file beside the warehouse. It is drawn anew each time.
    live: bool = False


def page(view: View, title: str, answer: Callable[[View], str], tabs: Mapping[str, Sequence[Panel]]) -> None:
    """The whole page: question, answer in one sentence, and panels in tabs of at most four.

    ``answer`` gives the sentence; it is asked only where there are figures.
    """
    if view.limited and not view.places:
        show.heading(title)
        st.info("其他社区的逐条记录不显示。请先在左侧选本社区，再看这一页；各社区的比较见“社区对比”。")
        return
    there = sent(view)
    panels = [panel for some in tabs.values() for panel in some]
    if not any(panel.ledger in there for panel in panels):
        show.heading(title)
        nothing.ask(view, tabs)
        return
    show.heading(title, kept(answer)(view))
    # The tab stands in the address, so that a link reproduces what is seen.
    key = f"{panels[0].key.split('_')[0]}_tab"
    chosen = st.segmented_control(
        "内容", list(tabs), default=next(iter(tabs)), required=True, key=key, label_visibility="collapsed", bind="query-params"
    )
    shown = tabs[chosen or next(iter(tabs))]
    for row in rows_of(shown):
        for column, panel in zip(st.columns(len(row)) if len(row) > 1 else [st.container()], row, strict=True):
            with column:
                _panel(view, panel, there)


def rows_of(panels: Sequence[Panel]) -> list[list[Panel]]:
    """Panels in rows of two, wide ones alone."""
    rows: list[list[Panel]] = []
    for panel in panels:
        if rows and len(rows[-1]) == 1 and not panel.wide and not rows[-1][0].wide:
            rows[-1].append(panel)
        else:
            rows.append([panel])
    return rows


def told(view: View, panel: Panel, drawn: Drawn, metrics: Sequence[Metric] = ()) -> Context:
    """The words around a panel: its own time where it has one; its ledger and whatever else its metrics are from as sources."""
    if drawn.period is not None:
        view = replace(view, period=drawn.period, since=None)
    found = view.context(*metrics)
    more = found.sources if metrics else ()
    found = replace(found, sources=tuple(dict.fromkeys((view.catalogue.ledgers[panel.ledger].name, *more))))
    return replace(found, period=_SPELLS[panel.spell](view)) if panel.spell else found


_SPELLS: dict[str, Callable[[View], str]] = {
    "as_of": lambda view: f"截至{span(view)[1]}",
    "months": lambda view: _from_to(months(view)),
    "reach": lambda view: reach(view)[2].removesuffix(f"，{view.scope}"),
    "quarters": lambda view: _from_to(latest_periods(view.dataset.first, view.period.end)["quarter"][:8][::-1]),
}


def _from_to(spell: Sequence[Period]) -> str:
    return f"{spell[0].label}至{spell[-1].label}" if len(spell) > 1 else "".join(p.label for p in spell)


@kept
def sent(view: View) -> frozenset[str]:
    """The ledgers of which the data set holds rows."""
    rows = data.ask(view.source, "loads", view.dataset.id)
    return frozenset(rows.loc[rows["rows_accepted"] > 0, "ledger"])


def missing_columns(view: View, ledger: str, columns: Sequence[str]) -> list[str]:
    """Heads of those columns of a ledger that hold nothing in the data set."""
    empty = data.read(registers.missing_columns, view.source, view.dataset.id, ledger)
    declared = view.catalogue.ledgers[ledger]
    return [name for name in (declared.column(c).name for c in columns) if name in empty]


# ---- one panel ----


def _panel(view: View, panel: Panel, there: frozenset[str]) -> None:
    if panel.ledger not in there:
        st.subheader(panel.name, anchor=False)
        nothing.ask_for(view, [panel.ledger], panel.key)
        return
    if missing := missing_columns(view, panel.ledger, panel.columns):
        ledger = view.catalogue.ledgers[panel.ledger]
        st.subheader(panel.name, anchor=False)
        st.info(
            f"“{ledger.name}”里没有“{'”“'.join(missing)}”这{'一列' if len(missing) == 1 else '几列'}，画不出这张图。补上后重新上报即可，其余不受影响。"
        )
        return
    finished = (_finished if panel.live else _kept)(view, panel)
    drawn, metrics, context = finished.drawn, finished.metrics, finished.context
    if drawn.period is not None:
        view = replace(view, period=drawn.period, since=None)
    if drawn.figure is not None:
        show.chart(view, drawn.figure, panel.key, lambda: _table(finished), metrics, panel.on_click)
    else:
        st.subheader(drawn.title or panel.name, anchor=False)
        st.markdown(drawn.takeaway)
        _table(finished)
        show.foot(context)
    title = drawn.figure["layout"]["meta"]["title"] if drawn.figure is not None else drawn.title or panel.name
    _take_away(view, panel, drawn, title, metrics, context)


@dataclass(frozen=True)
class Finished:
    """A panel with the metrics and the words around it, and its table as the browser gets it."""

    drawn: Drawn
    metrics: tuple[Metric, ...]
    context: Context
    table: pa.Table | pd.DataFrame
    formats: dict[str, Any]


def _finished(view: View, panel: Panel) -> Finished:
    drawn = panel.draw(view)
    if drawn.period is not None:
        view = replace(view, period=drawn.period, since=None)
    metrics = tuple(m for m in view.ask("metrics") if m.id in panel.metrics)
    context = told(view, panel, drawn, metrics)
    if drawn.figure is not None and panel.spell:
        charts.retitle(drawn.figure, context)
    return Finished(drawn, metrics, context, *_on_screen(drawn))


_kept = kept(_finished)


def _on_screen(drawn: Drawn) -> tuple[pa.Table | pd.DataFrame, dict[str, Any]]:
    """The rows behind the picture under their heads, and how each column is written: numbers with their decimals."""
    shown = drawn.table.copy()
    shown.columns = [c.label for c in drawn.columns]
    formats = {
        c.label: st.column_config.NumberColumn(format=f"%.{c.decimals}f")
        for c in drawn.columns
        if c.kind == "number" and c.decimals is not None
    }
    # A day is a day; the time of day is shown, to the minute, only where it is not midnight throughout.
    for c in drawn.columns:
        if c.kind == "date" and pd.api.types.is_datetime64_any_dtype(shown[c.label]):
            days = _days_alone(shown[c.label])
            formats[c.label] = (
                st.column_config.DateColumn(format="YYYY-MM-DD", width=105)
                if days
                else st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=145)
            )
    return as_arrow(shown), formats


def _table(finished: Finished) -> None:
    """The table of a panel; without rows there is nothing to show (Streamlit would say "empty")."""
    rows = len(finished.drawn.table)
    if not rows:
        return
    st.dataframe(
        finished.table,
        hide_index=True,
        width="stretch",
        column_config=finished.formats,
        height="content" if rows <= _MOST_ROWS else 420,
        placeholder="—",
    )


def _days_alone(moments: pd.Series) -> bool:
    known = moments.dropna()
    return bool((known == known.dt.normalize()).all())


def _take_away(
    view: View, panel: Panel, drawn: Drawn, title: str, metrics: Sequence[Metric], context: Context
) -> None:
    definitions = [(m.name, m.unit, m.definition) for m in metrics]
    whole = drawn.whole or Whole(len(drawn.table), lambda: drawn.table)

    def table() -> ExportTable:
        filters = (("社区", view.scope),) if view.places else ()
        return ExportTable(title, whole.rows(), drawn.columns, context, definitions, filters)

    with st.popover("下载", icon=":material/download:"):
        downloads(panel.key, panel.name, context, Offer("本表", whole.count, table))


def text(head: str) -> ExportColumn:
    """A column of words."""
    return ExportColumn(head)


def number(head: str, unit: str = "", decimals: int = 0) -> ExportColumn:
    """A column of numbers."""
    return ExportColumn(head, unit, decimals, "number")


def day(head: str) -> ExportColumn:
    """A column of days or moments."""
    return ExportColumn(head, kind="date")
