"""Outliers before scoring: one wild figure should not press all others together at one end of the scale.

The test and the remedy of the OECD/JRC handbook as COINr's ``Treat`` has them: a metric whose skewness is 2 or more and
whose kurtosis is 3.5 or more has its extreme values drawn in to the next one, at most five; if that does not do, the
logarithm is taken instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SKEWNESS, KURTOSIS, MOST = 2.0, 3.5, 5


@dataclass(frozen=True)
class Treated:
    """What was done to one metric: ``method`` is winsorised or log; ``units`` are the index labels that were drawn in."""

    metric: str
    method: str
    units: tuple[object, ...] = ()


def treat(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Treated]]:
    """The frame (units × metrics) with outliers treated, and what was done. Metrics with fewer than four values stay as they are."""
    found, done = {}, []
    for name in frame.columns:
        x = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float)
        found[name], what = _treated(x)
        if what:
            moved = () if what == "log" else tuple(frame.index[np.isfinite(x) & (found[name] != x)])
            done.append(Treated(str(name), what, moved))
    return pd.DataFrame(found, index=frame.index), done


def _treated(x: np.ndarray) -> tuple[np.ndarray, str]:
    if passes(x):
        return x, ""
    drawn = _winsorised(x)
    if passes(drawn):
        return drawn, "winsorised"
    low, high = np.nanmin(x), np.nanmax(x)
    return np.log(x - low + 0.01 * (high - low)), "log"


def _winsorised(x: np.ndarray) -> np.ndarray:
    """Draw in the extremes one by one until the metric passes or five values were drawn in."""
    x = x.copy()
    high, low = np.zeros(len(x), dtype=bool), np.zeros(len(x), dtype=bool)
    while not passes(x) and high.sum() + low.sum() < MOST:
        if skewness(x) >= 0:
            high = x == np.nanmax(x)
            x[high] = np.nanmax(x[~high])
        else:
            low = x == np.nanmin(x)
            x[low] = np.nanmin(x[~low])
    return x


def passes(x: np.ndarray) -> bool:
    """Whether no treatment is needed, or none is possible (fewer than four values, or all equal)."""
    known = x[np.isfinite(x)]
    if len(known) < 4 or np.ptp(known) == 0:
        return True
    return bool(abs(skewness(x)) < SKEWNESS or kurtosis(x) < KURTOSIS)


def skewness(x: np.ndarray) -> float:
    """Sample skewness, adjusted for its bias (G1; type 2 of Joanes & Gill 1998)."""
    x = x[np.isfinite(x)]
    n, d = len(x), x[np.isfinite(x)] - x.mean()
    return float(np.sqrt(n) * (d**3).sum() / (d**2).sum() ** 1.5 * np.sqrt(n * (n - 1)) / (n - 2))


def kurtosis(x: np.ndarray) -> float:
    """Sample excess kurtosis, adjusted for its bias (G2; type 2 of Joanes & Gill 1998)."""
    x = x[np.isfinite(x)]
    n, d = len(x), x - x.mean()
    ratio = n * (d**4).sum() / (d**2).sum() ** 2
    return float(((n + 1) * (ratio - 3) + 6) * (n - 1) / ((n - 2) * (n - 3)))
