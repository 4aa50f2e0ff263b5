"""Change against the period before (环比) and the same period a year earlier (同比), with the same cut-off by default.

A rate changes by percentage points (个百分点), a count by percent. There is no change across a gap: where either
figure is missing, the change is missing. A street's change is taken over the communities that reported both times,
so that a late community cannot look like a fall; one that was redrawn in between is left out. A month that is not over
is compared with as many days of the month before and of the year before (1—18日 with 1—18日), and the windows are printed.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from jiejian.analysis.total import can_total
from jiejian.catalogue import Measure, Metric
from jiejian.figures import metric_value
from jiejian.format import change_amount, format_change
from jiejian.periods import Period

Against = Literal["previous", "year_before"]
NAMES: dict[str, str] = {"previous": "环比", "year_before": "同比"}


@dataclass(frozen=True)
class Change:
    """A metric's change from ``base`` to ``value`` (display units), over ``places`` of ``expected`` communities."""

    against: Against
    metric: Metric
    value: float
    base: float
    base_period: str
    places: int = 1
    expected: int = 1

    @property
    def amount(self) -> float:
        """Percentage points for a share, percent for all else; NaN where there is no meaningful change."""
        return change_amount(self.value, self.base, self.metric)

    @property
    def known(self) -> bool:
        return bool(np.isfinite(self.amount))

    @property
    def text(self) -> str:
        """For example 同比 −8.1%, 环比 +1.2个百分点, 同比 持平, 环比 —."""
        return f"{NAMES[self.against]} {format_change(self.value, self.base, self.metric)}"


def base_period(period: Period, against: Against) -> Period | None:
    """The period that ``period`` is compared with; None for 环比 of 累计."""
    return period.previous if against == "previous" else period.year_before


class Sheet:
    """A figures frame of communities taken apart once, for many changes: a city's has hundreds of thousands of rows."""

    def __init__(self, frame: pd.DataFrame):
        self._metric, metrics = pd.factorize(frame["metric"])
        self._period, periods = pd.factorize(frame["period"])
        self._place, places = pd.factorize(frame["place_id"])
        self._era = pd.factorize(frame["era"])[0] if "era" in frame else np.zeros(len(frame), dtype=int)
        self._metrics, self._periods = ({key: i for i, key in enumerate(keys)} for keys in (metrics, periods))
        self._places = len(places)
        value, self._above, self._below = (frame[name].to_numpy(dtype=float) for name in ("value", "numerator", "denominator"))
        self._there = ~np.isnan(value)

    def periods(self, metric: Metric) -> list[str]:
        """Keys of the periods in which the metric has rows."""
        used = set(np.unique(self._period[self._metric == self._metrics.get(metric.id, -1)]).tolist())
        return [key for key, code in self._periods.items() if code in used]

    def change(self, metric: Metric, measures: Mapping[str, Measure], period: Period, against: Against) -> Change | None:
        """See :func:`change`."""
        base = base_period(period, against)
        if base is None or not can_total(metric, measures):
            return None
        own = self._metric == self._metrics.get(metric.id, -1)
        asked, before = (np.flatnonzero(own & (self._period == self._periods.get(p.key, -1))) for p in (period, base))
        spells = [rows[self._there[rows]] for rows in (asked, before)]
        eras = np.full((2, self._places), -1)
        for side, rows in enumerate(spells):
            eras[side, self._place[rows]] = self._era[rows]
        # A place that was drawn anew between the two is not the same place.
        both = (eras[0] >= 0) & (eras[0] == eras[1])
        common = [rows[both[self._place[rows]]] for rows in spells]
        figures = [_street(self._above[rows], self._below[rows], metric) for rows in common]
        return Change(against, metric, *figures, base.key, int(both.sum()), len(np.unique(self._place[asked])))


def change(
    frame: pd.DataFrame, metric: Metric, measures: Mapping[str, Measure], period: Period, against: Against
) -> Change | None:
    """The street's change of one metric from a figures frame that holds both periods.

    Over the communities that have a figure in both periods; None where no such comparison exists (环比 of 累计, or
    the metric may not be added over communities).
    """
    return Sheet(frame).change(metric, measures, period, against)


def _street(above: np.ndarray, below: np.ndarray, metric: Metric) -> float:
    """Sums over sums of some communities in one period; NaN where there are none."""
    return float(metric_value(metric, above.sum(keepdims=True), below.sum(keepdims=True))[0]) if len(above) else np.nan


# ---- the same cut-off ----


@dataclass(frozen=True)
class Window:
    """Some days of one year, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def whole(self) -> bool:
        """Whether the window consists of whole months."""
        return self.first.day == 1 and self.last.day == _month_end(self.last)

    @property
    def label(self) -> str:
        """2026年5月1—18日, 2026年5月, 2026年1月1日—5月18日, 2026年1—5月."""
        first, last = self.first, self.last
        one = first.month == last.month
        if self.whole:
            return f"{first.year}年{first.month}月" if one else f"{first.year}年{first.month}—{last.month}月"
        if one:
            return (
                f"{first.year}年{first.month}月{first.day}—{last.day}日"
                if self.days > 1
                else f"{first.year}年{first.month}月{first.day}日"
            )
        return f"{first.year}年{first.month}月{first.day}日—{last.month}月{last.day}日"


def _month_end(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _same_day(cutoff: date, year: int, month: int) -> date:
    """The same day of another month; the end of the month stays the end, and a day that the month has not is its last."""
    last = calendar.monthrange(year, month)[1]
    return date(year, month, last if cutoff.day == _month_end(cutoff) else min(cutoff.day, last))


def month_to_date(cutoff: date) -> dict[str, Window]:
    """The month up to a day: now, previous (环比) and year_before (同比), all with the same cut-off."""
    year, month = divmod(cutoff.year * 12 + cutoff.month - 2, 12)
    before = date(year, month + 1, 1)
    ago = cutoff.replace(year=cutoff.year - 1, day=1)
    return {
        "now": Window(cutoff.replace(day=1), cutoff),
        "previous": Window(before, _same_day(cutoff, before.year, before.month)),
        "year_before": Window(ago, _same_day(cutoff, ago.year, ago.month)),
    }


def year_to_date(cutoff: date) -> dict[str, Window]:
    """The year up to a day: now and year_before (累计同比)."""
    ago = _same_day(cutoff, cutoff.year - 1, cutoff.month)
    return {"now": Window(date(cutoff.year, 1, 1), cutoff), "year_before": Window(date(ago.year, 1, 1), ago)}


def change_between(frame: pd.DataFrame, metric: Metric, windows: Mapping[str, Window], against: Against) -> Change | None:
    """The street's change between two windows, from a frame of place_id, metric, window (its label), numerator, denominator.

    Over the places that have a figure in both; None where there is no such window.
    """
    base = windows.get(against)
    if base is None:
        return None
    own = frame[frame["metric"] == metric.id]
    sides = [own[own["window"] == w.label].set_index("place_id") for w in (windows["now"], base)]
    held = [side.index[side["numerator"].notna() & (side["denominator"].notna() | (not metric.denominator))] for side in sides]
    both = held[0].intersection(held[1])
    figures = [
        _street(*(side.loc[both, part].to_numpy(dtype=float) for part in ("numerator", "denominator")), metric) for side in sides
    ]
    return Change(against, metric, *figures, base.label, len(both), own["place_id"].nunique())


# ---- targets ----


def time_progress(cutoff: date) -> float:
    """序时进度: the share of the year that has passed by the end of a day, month by month (end of May = 5/12)."""
    return (cutoff.month - 1 + cutoff.day / _month_end(cutoff)) / 12


def completion(value: float, target: float) -> float:
    """完成率: what has come together over the target; NaN where there is no target above zero."""
    return value / target if np.isfinite(value) and np.isfinite(target) and target > 0 else np.nan
