"""Ranks with their range: places that chance may have put before or after another are not told apart.

M. Klein, T. Wright and J. Wieczorek, "A joint confidence region for an overall ranking of populations", Journal of the
Royal Statistical Society C 69 (2020) 589–606: with intervals that all hold together with 95 %, a place's rank lies
between one plus the number of places whose intervals lie wholly on the better side, and that plus all that overlap.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from jiejian.analysis.interval import interval, judged_as
from jiejian.catalogue import Metric

CONFIDENCE = 0.95


def spans(lower: np.ndarray, upper: np.ndarray, highest_first: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Best and worst rank of each interval; NaN where there is no interval."""
    there = np.isfinite(lower) & np.isfinite(upper)
    # By where each end would stand among the others' sorted ends: pair by pair a city would take ten million comparisons.
    low, high = np.sort(lower[~np.isnan(lower)]), np.sort(upper[~np.isnan(upper)])
    above = len(low) - np.searchsorted(low, upper, side="right")
    below = np.searchsorted(high, lower, side="left")
    surely_better, surely_worse = (above, below) if highest_first else (below, above)
    best, worst = 1.0 + surely_better, there.sum() - surely_worse.astype(float)
    return np.where(there, best, np.nan), np.where(there, worst, np.nan)


def ranked_with_range(frame: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """A figures frame of one metric and period with ``rank_best`` and ``rank_worst``; NaN where chance cannot be reckoned with.

    The best comes first: the highest, or the lowest where lower is better; a neutral metric from the highest down. The
    intervals hold for all places together with 95 % (Šidák).
    """
    if not judged_as(metric):
        return frame.assign(rank_best=np.nan, rank_worst=np.nan)
    count = max(int(frame["value"].notna().sum()), 1)
    lower, upper = interval(frame, metric, CONFIDENCE ** (1 / count))
    best, worst = spans(lower, upper, metric.better != "lower")
    return frame.assign(rank_best=best, rank_worst=worst)


def range_text(best: float, worst: float) -> str:
    """第3名, 第3—9名, or — where there is no rank."""
    if not (np.isfinite(best) and np.isfinite(worst)):
        return "—"
    return f"第{best:.0f}名" if best == worst else f"第{best:.0f}—{worst:.0f}名"
