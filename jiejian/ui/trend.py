"""One metric over time: a run chart of the street or one community, and under it one of four closer looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.analysis.runs import first_points, run
from jiejian.analysis.takeaway import like_for_like, run_finding, steps
from jiejian.analysis.total import total
from jiejian.catalogue import Metric
from jiejian.figures import Cube
from jiejian.periods import Period
from jiejian.selection import Selection
from jiejian.ui import aspects, data, runs, show, tables
from jiejian.ui.view import View

NO_REBASE = "不重新起算"


@dataclass(frozen=True)
class Series:
    """One place's (or the street's) figures over the periods of a cube, ready to be drawn."""

    metric: Metric
    place_id: str
    place: str
    cube: Cube
    rows: pd.DataFrame
    eras: np.ndarray
    incomplete: np.ndarray
    target: float | None

    def part(self, name: str) -> np.ndarray:
        return self.rows[name].to_numpy(dtype=float)

    @property
    def periods(self) -> tuple[Period, ...]:
        return self.cube.periods


def trend(view: View) -> None:
    """Draw the series of the picked metric: with limits where one line speaks, else as lines beside one another."""
    frame = view.figures(places=())
    totals = total(frame, view.metric, view.catalogue.measures)
    one = series(view, frame, totals)
    if one is None:
        _lines(view, frame, totals)
    else:
        _run(view, frame, one)
        aspects.draw(view, one)


def series(view: View, frame: pd.DataFrame, totals: pd.DataFrame) -> Series | None:
    """The one line that speaks for the view; None for several communities, a metric that may not be added, 累计."""
    if len(view.places) > 1 or view.period.grain == "ytd":
        return None
    cube = data.cube(view.source, Selection(view.dataset.id, (view.metric.id,), view.period, since=view.since))
    places = list(cube.places["place_id"])
    only = places[0] if len(places) == 1 else None
    place = view.places[0] if view.places else only
    if place is not None:
        return _of_place(view, cube, frame, places.index(place)) if place in places else None
    if totals.empty or totals["value"].isna().all():
        return None
    rows = totals.set_index("period").reindex([p.key for p in cube.periods]).reset_index()
    # A total of fewer communities is lower for no other reason; a rate hardly is.
    late = (rows["reporting"] < rows["places"]).to_numpy() & (view.metric.kind == "count")
    return Series(view.metric, "", str(totals["place"].iloc[0]), cube, rows, np.zeros(len(rows), int), late, goal(view, ""))


def _of_place(view: View, cube: Cube, frame: pd.DataFrame, at: int) -> Series:
    place = str(cube.places["place_id"].iloc[at])
    own = frame[frame["place_id"] == place].set_index("period")
    rows = own.reindex([p.key for p in cube.periods]).reset_index()
    name = str(cube.places["place"].iloc[at])
    return Series(view.metric, place, name, cube, rows, cube.eras[at], np.zeros(len(rows), bool), goal(view, place))


def goal(view: View, place: str) -> float | None:
    """The target of a place's year; '' for the street's, which stands at a place above the communities."""
    found = view.ask("targets", view.period.end)
    found = found[found["metric"] == view.metric.id]
    own = found[found["place_id"] == place] if place else found[~found["place_id"].isin(view.known["place_id"])]
    return float(own["target_value"].iloc[0]) if len(own) else None


def yearly_total(view: View) -> bool:
    """Whether a target is a total of the year, which months add up to, and no level for each of them."""
    metric = view.metric
    return metric.kind == "count" and view.catalogue.measures[metric.measure].kind == "flow"


# ---- the run chart ----


def _run(view: View, frame: pd.DataFrame, one: Series) -> None:
    events = inside(view, runs.concerning(view, (one.place_id,) if one.place_id else view.places))
    drawn = st.container()
    made = run(
        one.cube, one.part("value"), view.catalogue.measures, eras=one.eras, rebase_at=_rebase(view, one, events),
        target=None if yearly_total(view) else one.target, as_of=view.dataset.as_of, incomplete=one.incomplete,
    )  # fmt: skip
    title, told = run_finding(made, one.metric, one.place)
    figure = charts.run_chart(
        made, one.metric, one.place, view.context(), (title, told + _compared(view, frame, one)), events=events,
        standard=view.standard, place_id=one.place_id,
    )  # fmt: skip
    with drawn:
        show.chart(view, figure, "trend_chart", lambda: tables.show_table(view, one.rows, [one.metric]), [one.metric])


def _compared(view: View, frame: pd.DataFrame, one: Series) -> str:
    """环比 and 同比 of the latest period."""
    compared = None if one.place_id else like_for_like(frame, one.metric, view.catalogue.measures)
    found = steps(one.rows.dropna(subset=["end"]), one.metric, compared)
    return "；".join(step.sentence for step in found) + "。" if found else ""


def inside(view: View, events: pd.DataFrame) -> pd.DataFrame:
    """Events within the series."""
    if events.empty:
        return events
    day = pd.to_datetime(events["happened_on"])
    return events[(day >= pd.Timestamp(view.since.start)) & (day <= pd.Timestamp(view.period.end))]


def event_days(events: pd.DataFrame) -> dict[str, date]:
    """Words for picking an event → its day; the newest first."""
    rows = events.sort_values("happened_on", ascending=False).itertuples() if len(events) else ()
    return {f"{pd.Timestamp(r.happened_on).date()} {r.what}": pd.Timestamp(r.happened_on).date() for r in rows}


def _rebase(view: View, one: Series, events: pd.DataFrame) -> list[int]:
    """Where mean and limits start anew: only at an event of the 大事记 that a person picks."""
    days = event_days(events)
    chosen = st.selectbox(
        "均值和界限从哪件大事起重新计算", [NO_REBASE, *days], key="rebase", bind="query-params", width=420,
        help="只有确知从那时起做法变了，才重新起算；不要为了让信号消失而重新起算。",
    )  # fmt: skip
    return first_points([days[chosen]], one.periods) if chosen in days else []


# ---- several lines ----


def _lines(view: View, frame: pd.DataFrame, totals: pd.DataFrame) -> None:
    figure = charts.trend(
        frame,
        view.metric,
        view.context(),
        focus=view.places,
        total=totals,
        events=inside(view, runs.concerning(view, view.places)),
        standard=view.standard,
        compared=like_for_like(frame, view.metric, view.catalogue.measures),
    )
    shown = frame[frame["place_id"].isin(view.places)] if view.places else totals
    show.chart(view, figure, "trend_chart", lambda: tables.show_table(view, shown, [view.metric]), [view.metric])
    if len(view.places) > 1:
        st.caption("选了多个社区，只并列走势。要看均值、控制界限和信号，请只选一个社区，或不选（看全街道）。")
    elif view.period.grain == "ytd":
        st.caption("累计数逐月增加，不画控制界限。要看信号，请把周期改为“月”。")
