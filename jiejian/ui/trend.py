"""One metric over time: a run chart of the street or one community, and under it one of four closer looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.analysis.runs import first_points, run
from jiejian.analysis.takeaway import like_for_like, run_finding, steps
from jiejian.ui import aspects, series, show, tables
from jiejian.ui.view import View, kept

NO_REBASE = "不重新起算"


def trend(view: View) -> None:
    """Draw the series of the picked metric: with limits where one line speaks, else as lines beside one another."""
    if series.read(view).one is None:
        _lines(view)
    else:
        _run(view)
        aspects.draw(view)


# ---- the run chart ----


def _run(view: View) -> None:
    one, drawn = series.read(view).one, st.container()
    figure = _run_chart(view, _rebase(view))
    with drawn:
        show.chart(view, figure, "trend_chart", lambda: tables.show_table(view, one.rows, [one.metric]), [one.metric])


@kept
def _run_chart(view: View, since: date | None) -> charts.Figure:
    """The run chart; mean and limits start anew at the day ``since``."""
    one = series.read(view).one
    made = run(
        one.cube, one.part("value"), view.catalogue.measures, eras=one.eras, rebase_at=first_points([since], one.periods) if since else [],
        target=None if series.yearly_total(view) else one.target, as_of=view.dataset.as_of, incomplete=one.incomplete,
    )  # fmt: skip
    title, told = run_finding(made, one.metric, one.place)
    return charts.run_chart(
        made, one.metric, one.place, view.context(), (title, told + _compared(view)), events=series.events(view, one.places or view.places),
        standard=view.standard, place_id=one.place_id,
    )  # fmt: skip


def _compared(view: View) -> str:
    """环比 and 同比 of the latest period."""
    one = series.read(view).one
    frame = None if one.place_id else series.compared(replace(view, places=()), [one.metric], view.since)[1]
    compared = None if frame is None else like_for_like(frame, one.metric, view.catalogue.measures)
    found = steps(one.rows.dropna(subset=["end"]), one.metric, compared)
    return "；".join(step.sentence for step in found) + "。" if found else ""


def _rebase(view: View) -> date | None:
    """Where mean and limits start anew: only at an event of the 大事记 that a person picks."""
    days = series.event_days(view, series.read(view).one.places or view.places)
    chosen = st.selectbox(
        "均值和界限从哪件大事起重新计算", [NO_REBASE, *days], key="rebase", bind="query-params", width=420,
        help="只有确知从那时起做法变了，才重新起算；不要为了让信号消失而重新起算。",
    )  # fmt: skip
    return days.get(chosen)


# ---- several lines ----


@kept
def _line_chart(view: View) -> charts.Figure:
    frame = view.figures(places=())
    return charts.trend(
        frame,
        view.metric,
        view.context(),
        focus=view.places,
        total=series.read(view).totals,
        events=series.events(view, view.places),
        standard=view.standard,
        compared=like_for_like(frame, view.metric, view.catalogue.measures),
    )


@kept
def _rows(view: View) -> pd.DataFrame:
    return view.figures() if view.places else series.read(view).totals


def _lines(view: View) -> None:
    show.chart(view, _line_chart(view), "trend_chart", lambda: tables.show_table(view, _rows(view), [view.metric]), [view.metric])
    if len(view.places) > 1:
        st.caption("选了多个社区，只并列走势。要看均值、控制界限和信号，请只选一个社区，或不选（看全街道）。")
    elif view.period.grain == "ytd":
        st.caption("累计数逐月增加，不画控制界限。要看信号，请把周期改为“月”。")
