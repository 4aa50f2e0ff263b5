"""What comes every year is no news: months of the Spring Festival are known, and a strongly seasonal metric is judged
against the same month of other years.

Both are decided for a metric as a whole, from all its places together (each place's series in units of its own spread,
then their mean): a single small community's series is too noisy to tell a season from chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from jiejian.analysis.control_chart import Judged, added, counted, finite, judge_columns
from jiejian.festivals import holiday_months
from jiejian.periods import Period

# A festival month counts as known where the festival moves the metric by more than three standard errors.
_FESTIVAL = 3.0
# Strongly seasonal: the same month of other years foretells a month with a correlation of at least this, from two years on.
_SEASONAL, _LEAST = 0.6, 24


@dataclass(frozen=True)
class Season:
    """For each metric: which periods are known (metric × period), and whether it is strongly seasonal."""

    known: np.ndarray
    seasonal: np.ndarray
    month: np.ndarray  # 1–12, one a period; 0 where a period is not a month


def season(values: np.ndarray, periods: Sequence[Period]) -> Season:
    """The season of metrics from ``values`` (metric × place × period). Only months have one."""
    count = values.shape[0], values.shape[2]
    if any(p.grain != "month" for p in periods):
        return Season(np.zeros(count, bool), np.zeros(count[0], bool), np.zeros(count[1], int))
    month = np.array([p.start.month for p in periods], dtype=int)
    held = set(holiday_months(p.start for p in periods))
    festival = np.array([p.start in held for p in periods], dtype=bool)
    pooled = _pooled(values)
    known = festival[None, :] & _moved(pooled, festival)[:, None]
    return Season(known, _foretold(np.where(known, np.nan, pooled), month) >= _SEASONAL, month)


def _pooled(values: np.ndarray) -> np.ndarray:
    """Metric × period: the mean over places of each series in units of its spread; NaN where no place has a figure."""
    # A metric at a time: the arrays of all would not stay in the processor's cache.
    found = np.empty((values.shape[0], values.shape[2]))
    for row, own in enumerate(values):
        points = np.array(own.T, order="C")
        spread = _spread(points, 0)
        points -= nanmean(points, 0)
        points /= spread
        found[row] = nanmean(points, 1)
    return found


def nanmean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean of what is there; NaN, without a warning, where nothing is."""
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(there, values, 0.0).sum(axis=axis) / np.count_nonzero(there, axis=axis)


def _spread(values: np.ndarray, axis: int) -> np.ndarray:
    """Root mean square of the steps from point to point along an axis; NaN where nothing moves."""
    steps = np.diff(values, axis=axis)
    steps = nanmean(np.multiply(steps, steps, out=steps), axis)
    return np.sqrt(np.where(steps > 0, steps, np.nan))


def _moved(pooled: np.ndarray, festival: np.ndarray) -> np.ndarray:
    """Whether the festival months lie apart from the mean of the up to three ordinary months on either side."""
    ordinary = np.where(festival, np.nan, pooled)
    at = np.flatnonzero(festival)
    if not len(at):
        return np.zeros(len(pooled), bool)
    beside = np.stack([nanmean(ordinary[:, max(i - 3, 0) : i + 4], 1) for i in at], axis=1)
    apart = pooled[:, at] - beside
    there = (~np.isnan(apart)).sum(axis=1)
    # One step of ordinary months holds the noise of two, hence the root of two.
    noise = _spread(ordinary, 1) / np.sqrt(2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(nanmean(apart, 1)) > _FESTIVAL * noise * np.sqrt(1 / there + 1 / 6)


def _foretold(pooled: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Correlation of each month, less the straight trend, with the mean of the same month of other years; 0 where unknown."""
    if len(month) < _LEAST:
        return np.zeros(len(pooled))
    there = ~np.isnan(pooled)
    level = _detrended(pooled, there)
    others = level - same_month_offset(level.T, month, centred=False).T
    others = np.where(there, level - others, np.nan)
    both = there & ~np.isnan(others)
    a, b = (np.where(both, x - nanmean(np.where(both, x, np.nan), 1)[:, None], 0.0) for x in (level, others))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.where(both.sum(axis=1) >= _LEAST, np.nan_to_num(found), 0.0)


def _detrended(pooled: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The series less its straight line."""
    time = np.where(there, np.arange(pooled.shape[1], dtype=float), np.nan)
    time = time - nanmean(time, 1)[:, None]
    level = pooled - nanmean(pooled, 1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.nansum(time * level, axis=1) / np.nansum(time * time, axis=1)
    return level - np.nan_to_num(slope)[:, None] * np.nan_to_num(time)


def same_month_offset(values: np.ndarray, month: np.ndarray, centred: bool = True) -> np.ndarray:
    """Mean of the same month of other years, for point × series; less the series' mean if ``centred``; NaN without others."""
    found = np.empty(values.shape)
    for one in np.unique(month):
        at = np.flatnonzero(month == one)
        own = values[at]
        there = ~np.isnan(own)
        held = np.where(there, own, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[at] = (added(held) - held) / (counted(there) - there)
    if not centred:
        return found
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.subtract(found, added(np.where(there, values, 0.0)) / counted(there), out=found)


def judge_in_season(
    values: np.ndarray,
    known: np.ndarray,
    seasonal: np.ndarray,
    month: np.ndarray,
    stretch: np.ndarray | None = None,
    whole: bool = True,
) -> Judged:
    """:func:`jiejian.analysis.control_chart.judge` of series × point with known points left out, and seasonal series less their season.

    ``known`` is series × point, ``seasonal`` one a series. Known points keep their value and have no rule; mean and
    limits of a seasonal series go up and down with the season. Other series are judged as they are. ``whole`` as there.
    """
    points = np.array(finite(values).T, order="C")
    shown = (points if whole else points[-1:]).T.copy()  # known points and the season are shown, though not judged
    np.copyto(points, np.nan, where=known.T)
    number = None if stretch is None else np.broadcast_to(np.asarray(stretch, int), values.shape).T
    if not seasonal.any():
        return replace(judge_columns(points, number, whole=whole), value=shown)
    if seasonal.all():
        offset = same_month_offset(points, month)
    else:
        offset = np.zeros(points.shape)
        offset[:, seasonal] = same_month_offset(np.compress(seasonal, points, axis=1), month)
    judged = judge_columns(np.subtract(points, offset, out=points), number, whole=whole)
    # Where there is no other year the limits have nowhere to stand; elsewhere they move with the season.
    moved = (offset if whole else offset[-1:]).T
    lines = {name: getattr(judged, name) + moved for name in ("mean", "lower", "upper", "near_lower", "near_upper")}
    return replace(judged, value=shown, **lines)
