"""The picked metric over the picked periods: all communities, their totals, and the one line that speaks for the view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from jiejian.analysis.change import NAMES, base_period
from jiejian.catalogue import Metric
from jiejian.figures import Cube
from jiejian.periods import Period
from jiejian.selection import Selection
from jiejian.ui import data, runs
from jiejian.ui.view import View, kept


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

    @property
    def places(self) -> tuple[str, ...]:
        """The one place, or none for the street's line."""
        return (self.place_id,) if self.place_id else ()


@dataclass(frozen=True)
class Read:
    """The totals of all communities, and the one line (see :func:`read`). Their own figures, of a city twenty megabytes, are not kept."""

    totals: pd.DataFrame
    one: Series | None


@kept
def read(view: View) -> Read:
    """The series of the picked metric; ``one`` is None for several communities, a metric that may not be added, 累计."""
    totals = view.totals(places=())
    return Read(totals, _series(view, totals))


def compared(view: View, metrics: Sequence[Metric], since: Period) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The figures frames of the picked period, and of it with those that it is compared with: all that is asked of the single communities
    beside the street's figure. Where communities were redrawn, of all periods from ``since`` on, by the boundaries of the picked one."""
    if view.source.boundaries(view.dataset.id):
        long = view.figures(*metrics, since=since)
        return long[long["period"] == view.period.key], long
    earlier = {base_period(view.period, against) for against in NAMES} - {None}
    wanted = [*sorted((p for p in earlier if p.end >= since.end), key=lambda p: p.end), view.period]
    frames = [view.figures(*metrics, period=p, since=None) for p in wanted]
    return frames[-1], pd.concat(frames, ignore_index=True)


def _series(view: View, totals: pd.DataFrame) -> Series | None:
    """The one line that speaks for the view; None for several communities, a metric that may not be added, 累计."""
    if len(view.places) > 1 or view.period.grain == "ytd":
        return None
    cube = data.cube(view.source, Selection(view.dataset.id, (view.metric.id,), view.period, since=view.since))
    places = cube.places["place_id"].tolist()
    only = places[0] if len(places) == 1 else None
    place = view.places[0] if view.places else only
    if place is not None:
        return _of_place(view, cube, places.index(place)) if place in places else None
    if totals.empty or totals["value"].isna().all():
        return None
    rows = totals.set_index("period").reindex([p.key for p in cube.periods]).reset_index()
    # A total of fewer communities is lower for no other reason; a rate hardly is.
    late = (rows["reporting"] < rows["places"]).to_numpy() & (view.metric.kind == "count")
    return Series(view.metric, "", str(totals["place"].iloc[0]), cube, rows, np.zeros(len(rows), int), late, _goal(view, ""))


def _of_place(view: View, cube: Cube, at: int) -> Series:
    place = str(cube.places["place_id"].iloc[at])
    own = view.figures(places=(place,)).set_index("period")
    rows = own.reindex([p.key for p in cube.periods]).reset_index()
    name = str(cube.places["place"].iloc[at])
    return Series(view.metric, place, name, cube, rows, cube.eras[at], np.zeros(len(rows), bool), _goal(view, place))


def _goal(view: View, place: str) -> float | None:
    """The target of a place's year; '' for the street's, which stands at a place above the communities."""
    found = view.ask("targets", view.period.end)
    found = found[found["metric"] == view.metric.id]
    own = found[found["place_id"] == place] if place else found[~found["place_id"].isin(view.known["place_id"])]
    return float(own["target_value"].iloc[0]) if len(own) else None


def yearly_total(view: View) -> bool:
    """Whether a target is a total of the year, which months add up to, and no level for each of them."""
    metric = view.metric
    return metric.kind == "count" and view.catalogue.measures[metric.measure].kind == "flow"


@kept
def events(view: View, places: tuple[str, ...]) -> pd.DataFrame:
    """Events of the street and of these places within the series."""
    found = runs.concerning(view, places)
    if found.empty:
        return found
    day = pd.to_datetime(found["happened_on"])
    return found[(day >= pd.Timestamp(view.since.start)) & (day <= pd.Timestamp(view.period.end))]


@kept
def event_days(view: View, places: tuple[str, ...]) -> dict[str, date]:
    """Words for picking an event → its day; the newest first."""
    found = events(view, places)
    rows = found.sort_values("happened_on", ascending=False).itertuples() if len(found) else ()
    return {f"{pd.Timestamp(r.happened_on).date()} {r.what}": pd.Timestamp(r.happened_on).date() for r in rows}
