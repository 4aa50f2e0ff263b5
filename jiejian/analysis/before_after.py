"""Before and after an event of the 大事记: two stretches of at most twelve periods, and whether they differ beyond chance.

A difference in time is no proof of a cause; the findings say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from jiejian.analysis.control_chart import RUN, judge
from jiejian.analysis.interval import difference
from jiejian.catalogue import Metric
from jiejian.figures import metric_value
from jiejian.periods import Period

MOST, LEAST = 12, 3


@dataclass(frozen=True)
class Comparison:
    """A metric before and after a day. ``real`` is None where nothing can be said; ``same_months`` tells whether both
    stretches hold the same months of the year."""

    day: date
    before: float
    after: float
    points: tuple[int, int]
    real: bool | None
    same_months: bool


def compare(
    metric: Metric, periods: Sequence[Period], value: np.ndarray, numerator: np.ndarray, denominator: np.ndarray, day: date
) -> Comparison | None:
    """Compare the periods that end before a day with those that begin on or after it; the event's own period stands on
    neither side unless it begins that day. None where either side has fewer than three figures.

    Proportions by the interval of their difference (Newcombe); all else by the limits of the time before: beyond chance
    where a figure after lies outside them, or seven in a row lie on one side of the mean before.
    """
    there = np.isfinite(value)
    earlier = [i for i, p in enumerate(periods) if p.end < day and there[i]][-MOST:]
    later = [i for i, p in enumerate(periods) if p.start >= day and there[i]][:MOST]
    if min(len(earlier), len(later)) < LEAST:
        return None
    sides = [_level(metric, value[i], numerator[i], denominator[i]) for i in (earlier, later)]
    months = [{(periods[i].start.month, periods[i].grain) for i in side} for side in (earlier, later)]
    real = (
        _differs(metric, numerator, denominator, earlier, later) if metric.kind == "proportion" else _moved(value, earlier, later)
    )
    return Comparison(day, *sides, (len(earlier), len(later)), real, months[0] == months[1])


def _level(metric: Metric, value: np.ndarray, numerator: np.ndarray, denominator: np.ndarray) -> float:
    """Sum over sum for what has a denominator, else the mean per period."""
    if metric.denominator and np.isfinite(numerator).all() and np.isfinite(denominator).all():
        return float(metric_value(metric, np.array([numerator.sum()]), np.array([denominator.sum()]))[0])
    return float(value.mean())


def _differs(metric: Metric, numerator: np.ndarray, denominator: np.ndarray, earlier: list[int], later: list[int]) -> bool | None:
    after, before = ((numerator[i].sum(), denominator[i].sum()) for i in (later, earlier))
    low, high = difference(*after, *before)
    return None if np.isnan(low) or np.isnan(high) else bool(low > 0 or high < 0)


def _moved(value: np.ndarray, earlier: list[int], later: list[int]) -> bool | None:
    """Whether the later figures break the limits of the earlier ones."""
    limits = judge(value[earlier][None])
    mean, low, high = (float(line[0, -1]) for line in (limits.mean, limits.lower, limits.upper))
    if not np.isfinite(low):
        return None
    new = value[later]
    run = longest = 0
    side = 0.0
    for sign in np.sign(new - mean):
        run = run + 1 if sign == side and sign else int(sign != 0)
        side, longest = sign, max(longest, run)
    return bool(((new > high) | (new < low)).any() or longest >= RUN)
