"""How cases are handled against their time limits: four states, age of the backlog, three rates, level of closure.

The four states (按期办结, 超期办结, 在办未到期, 在办已超期) and the cases without any limit (未定时限) add up to all cases that
were received by the moment at which one looks. A case closed after that moment was still open then. On time means closed
not later than the limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from jiejian.catalogue import TimeLimit
from jiejian.catalogue.workdays import WorkCalendar

ON_TIME, LATE, NOT_DUE, OVERDUE = "按期办结", "超期办结", "在办未到期", "在办已超期"
STATES = (ON_TIME, LATE, NOT_DUE, OVERDUE)
NO_LIMIT = "未定时限"
# Days since the case was received: the tiers' own limits, then a quarter.
AGES = ((1, "1天以内"), (7, "2—7天"), (30, "8—30天"), (90, "31—90天"), (np.inf, "90天以上"))
# From the base upwards; what stands at the first three is closed at the base (基层化解).
LEVELS = ("楼栋", "网格", "社区", "街道", "部门")


def states(opened: ArrayLike, closed: ArrayLike, due: ArrayLike, as_of: datetime) -> np.ndarray:
    """The state of each case at the moment ``as_of``: one of :data:`STATES`, 未定时限, or '' where it was not yet received.

    Arrays of one length with datetime64 (NaT: not closed, no limit). A case without a time of receipt is ''.
    """
    opened, closed, due = (np.asarray(a, dtype="datetime64[s]") for a in (opened, closed, due))
    moment = np.datetime64(as_of, "s")
    is_closed, limited = ~np.isnat(closed) & (closed <= moment), ~np.isnat(due)
    kinds = [
        np.isnat(opened) | (opened > moment),
        ~limited,
        is_closed & (closed <= due),
        is_closed,
        moment <= due,
    ]
    return np.select(kinds, ["", NO_LIMIT, ON_TIME, LATE, NOT_DUE], default=OVERDUE).astype(object)


def state_shares(counts: Mapping[str, float]) -> pd.DataFrame:
    """Counts by state as a frame: state, cases, share (of cases with a limit, 0–1; NaN without any) in the order of STATES."""
    cases = np.array([float(counts.get(state, 0)) for state in STATES])
    whole = cases.sum()
    return pd.DataFrame({"state": STATES, "cases": cases, "share": cases / whole if whole else np.full(len(cases), np.nan)})


def limit_of(tier: str, category: str, limits: Iterable[TimeLimit]) -> TimeLimit | None:
    """The limit that holds for a case: one that names its category goes before one that names its tier."""
    limits = list(limits)
    by_category = next((l for l in limits if category and category in l.categories), None)
    return by_category or next((l for l in limits if tier and tier in l.tiers and not l.categories), None)


def due_times(opened: ArrayLike, limit: TimeLimit, calendar: WorkCalendar) -> np.ndarray:
    """When cases received at these times fall due: so many times 24 hours, or the same time of the n-th working day after."""
    opened = np.asarray(opened, dtype="datetime64[s]")
    if limit.count == "natural":
        return opened + np.timedelta64(limit.days, "D")
    day = opened.astype("datetime64[D]")
    return calendar.after(day, limit.days) + (opened - day)


def backlog_by_age(opened: ArrayLike, as_of: datetime, counts: ArrayLike | None = None) -> pd.DataFrame:
    """Open cases by days since they were received: a frame age, cases in the order of :data:`AGES`, zeros among them.

    ``opened`` are times of receipt of open cases; with ``counts`` each stands for so many. Whole days are begun days:
    a case of this morning is 1天以内. Later than ``as_of`` or missing counts for nothing.
    """
    opened = np.asarray(opened, dtype="datetime64[s]")
    weights = np.ones(len(opened)) if counts is None else np.asarray(counts, dtype=float)
    days = (np.datetime64(as_of, "s") - opened) / np.timedelta64(1, "D")
    known = days >= 0  # NaT compares as false
    band = np.searchsorted([upper for upper, _ in AGES], days[known], side="left")
    cases = np.bincount(band, weights[known], len(AGES))
    return pd.DataFrame({"age": [name for _, name in AGES], "cases": cases.astype(int)})


def falling_due(due: ArrayLike, closed: ArrayLike, as_of: datetime, days: float = 3) -> np.ndarray:
    """督办: 已超期, 即将到期 (due within so many days) or '' for each case at the moment ``as_of``."""
    due, closed = (np.asarray(a, dtype="datetime64[s]") for a in (due, closed))
    moment = np.datetime64(as_of, "s")
    is_open = np.isnat(closed) | (closed > moment)
    soon = due <= moment + np.timedelta64(int(days * 86400), "s")
    return np.select([is_open & (due < moment), is_open & soon], ["已超期", "即将到期"], default="").astype(object)


@dataclass(frozen=True)
class ThreeRates:
    """三率 of one place and period and their composite, in percent; None where a rate is missing (nobody called back)."""

    rates: Mapping[str, float | None]
    weights: Mapping[str, float]

    @property
    def composite(self) -> float | None:
        """The weighted mean of all the rates; None as soon as one with weight is missing: a part is not the whole."""
        used = {metric: weight for metric, weight in self.weights.items() if weight}
        values = [self.rates.get(metric) for metric in used]
        if any(value is None or not np.isfinite(value) for value in values):
            return None
        return float(np.average(values, weights=list(used.values())))

    @property
    def equal(self) -> bool:
        """Whether all rates weigh the same, so that the page can say so."""
        return len(set(self.weights.values())) == 1


def composite_rate(frame: pd.DataFrame, weights: Mapping[str, float]) -> pd.DataFrame:
    """The composite for each place and period of a figures frame that holds the rates.

    Returns place_id, place, period, value (percent; NaN where a rate is missing), in the frame's order of first appearance.
    """
    keys = ["place_id", "place", "period"]
    wide = frame[frame["metric"].isin(list(weights))].pivot_table(
        index=keys, columns="metric", values="value", sort=False, dropna=False, observed=True
    )
    wide = wide.reindex(columns=list(weights))
    part = np.array(list(weights.values()), dtype=float)
    # A missing rate makes the composite missing, unless it weighs nothing.
    value = (wide.to_numpy(dtype=float)[:, part > 0] @ part[part > 0]) / part.sum()
    there = frame[keys].drop_duplicates()
    return there.merge(wide.assign(value=value)["value"].reset_index(), on=keys, how="left").reset_index(drop=True)


def level_shares(counts: Mapping[str, float], levels: Sequence[str] = LEVELS) -> pd.DataFrame:
    """Where cases were closed: a frame level, cases, share, cumulative (shares of closed cases with a known level, 0–1).

    ``cumulative`` at 社区 is what the base settled.
    """
    cases = np.array([float(counts.get(level, 0)) for level in levels])
    whole = cases.sum()
    share = cases / whole if whole else np.full(len(levels), np.nan)
    return pd.DataFrame({"level": levels, "cases": cases.astype(int), "share": share, "cumulative": np.cumsum(share)})
