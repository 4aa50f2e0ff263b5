"""Closer looks at one series: years beside one another, the year so far, all communities, before and after an event."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.analysis.before_after import compare
from jiejian.analysis.board import CONCERN, IMPROVEMENT
from jiejian.analysis.control_chart import RULES
from jiejian.analysis.runs import first_points, run
from jiejian.analysis.takeaway import cumulative_finding, event_finding, multiples_finding, years_finding
from jiejian.analysis.total import total
from jiejian.periods import Period, parse_period, period_of
from jiejian.selection import Selection
from jiejian.ui import data, series, show, tables
from jiejian.ui.series import Series
from jiejian.ui.view import View, kept

ASPECTS = ("同期对比", "累计与目标", "各社区", "大事前后")


def draw(view: View) -> None:
    """One of the four, picked by a person and kept in the address."""
    chosen = st.segmented_control("再看", ASPECTS, default=ASPECTS[0], required=True, key="aspect", bind="query-params")
    {"同期对比": _years, "累计与目标": _cumulative, "各社区": _communities, "大事前后": _event}[chosen](view, series.read(view).one)


def _rows(view: View, one: Series, period: Period, since: Period) -> pd.DataFrame:
    """The place's or the street's rows over other periods, oldest first."""
    places = (one.place_id,) if one.place_id else ()
    frame = data.figures(view.source, Selection(view.dataset.id, (one.metric.id,), period, places, since))
    return frame.sort_values("end", kind="stable") if places else total(frame, one.metric, view.catalogue.measures)


def _named(one: Series, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the line under its name, as a table shows them."""
    return rows.assign(sort=0, place=one.place)


def _table(view: View, one: Series, rows: pd.DataFrame) -> None:
    tables.show_table(view, rows, [one.metric])


# ---- years ----


def _years(view: View, one: Series) -> None:
    if view.period.grain == "year":
        st.info("按年查看时，每年只有一个数，上图就是各年的比较。")
        return
    figure, rows = _by_year(view)
    if figure is None:
        st.info("没有往年的数，不能比较同期。")
        return
    show.chart(view, figure, "years_chart", lambda: _table(view, one, rows))


@kept
def _by_year(view: View) -> tuple[charts.Figure | None, pd.DataFrame]:
    """The years beside one another and their rows; no figure where there is nothing to compare."""
    one = series.read(view).one
    first = period_of(max(date(view.period.start.year - 2, 1, 1), view.dataset.first), view.period.grain)
    first = first if first.start >= view.dataset.first else period_of(view.dataset.first, view.period.grain)
    # The series above mostly reaches back far enough; else the older periods are asked for.
    held = one.rows.dropna(subset=["end"])
    rows = (
        held[held["start"] >= pd.Timestamp(first.start)]
        if view.since.start <= first.start
        else _rows(view, one, view.period, first)
    )
    periods, values = [parse_period(str(k)) for k in rows["period"]], rows["value"].to_numpy(dtype=float)
    if not periods:
        return None, rows
    finding = years_finding(one.metric, one.place, periods, values)
    context = replace(view, since=first).context()
    return charts.years_chart(one.metric, periods, values, context, finding), _named(one, rows)


# ---- the year so far ----


def _cumulative(view: View, one: Series) -> None:
    """This year's and last year's cumulative figures, where the metric has them."""
    if "ytd" not in view.ask("grains", one.metric.id):
        st.info(f"“{one.metric.name}”没有按月的数，或是不能相加的人数，没有累计。")
        return
    figure, rows = _so_far(view)
    show.chart(view, figure, "cumulative_chart", lambda: _table(view, one, rows))


@kept
def _so_far(view: View) -> tuple[charts.Figure, pd.DataFrame]:
    one = series.read(view).one
    end = period_of(view.period.end, "ytd")
    wanted = Period(date(end.start.year - 1, 1, 1), date(end.start.year - 1, 1, 31), "ytd")
    rows = _rows(view, one, end, wanted)
    held = {str(k): float(v) for k, v in zip(rows["period"], rows["value"], strict=True)}
    now, before = (np.array([held.get(f"{end.start.year - back}-C{m:02d}", np.nan) for m in range(1, 13)]) for back in (0, 1))
    adds = one.metric.kind == "count" and view.catalogue.measures[one.metric.measure].kind == "flow"
    month = end.end.month - 1
    finding = cumulative_finding(one.metric, one.place, end, now[month], before[month], one.target, adds)
    context = replace(view, period=end, since=None).context()
    return charts.cumulative_chart(one.metric, now, before, end.start.year, one.target, adds, context, finding), _named(one, rows)


# ---- all communities ----


def _communities(view: View, one: Series) -> None:
    if len(one.cube.places) < 2:
        st.info("只有一个社区，没有可以并列的。")
        return
    frame = view.figures(places=())
    with st.container(key="multiples_scroll"):
        show.chart(view, _multiples(view), "multiples_chart", lambda: tables.show_table(view, frame, [one.metric]))


@kept
def _multiples(view: View) -> charts.Figure:
    one = series.read(view).one
    made = data.judged(view.source, Selection(view.dataset.id, (one.metric.id,), view.period, since=view.since))
    names = made.cube.places["place"].to_numpy()
    signal = made.signal[0]
    worse, better = (list(names[signal == code]) for code in (CONCERN, IMPROVEMENT))
    other = int((signal > 2).sum())
    finding = multiples_finding(
        one.metric, view.period.label, worse, better, other, made.judged_cells, len(names), made.by_chance(RULES[1:]),
        view.catalogue.datasets[view.dataset.id].unit_of_comparison,
    )  # fmt: skip
    return charts.small_multiples(made, replace(view, places=()).context(), finding, view.period.label)


# ---- before and after ----


def _event(view: View, one: Series) -> None:
    days = series.event_days(view, one.places or view.places)
    if not days:
        st.info("所选时间内大事记没有记事。请在“大事记”台账中登记后再看。")
        return
    chosen = st.selectbox("大事", list(days), index=len(days) // 2, key="event", bind="query-params", width=420)
    figure = _around(view, days[chosen], chosen.split(" ", 1)[1])
    show.chart(view, figure, "event_chart", lambda: _table(view, one, _known_rows(view)))


@kept
def _known_rows(view: View) -> pd.DataFrame:
    one = series.read(view).one
    return _named(one, one.rows.dropna(subset=["end"]))


@kept
def _around(view: View, day: date, what: str) -> charts.Figure:
    """The series with limits of their own before and after the day of an event."""
    one = series.read(view).one
    found = compare(one.metric, one.periods, one.part("value"), one.part("numerator"), one.part("denominator"), day)
    made = run(
        one.cube, one.part("value"), view.catalogue.measures, eras=one.eras, rebase_at=first_points([day], one.periods),
        target=None if series.yearly_total(view) else one.target, as_of=view.dataset.as_of, incomplete=one.incomplete,
    )  # fmt: skip
    events = series.events(view, one.places or view.places)
    only = events[pd.to_datetime(events["happened_on"]).dt.date == day]
    finding = event_finding(one.metric, one.place, what, found)
    return charts.run_chart(
        made, one.metric, one.place, view.context(), finding, events=only, place_id=one.place_id, height=340
    )
