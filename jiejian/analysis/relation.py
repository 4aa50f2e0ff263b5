"""Whether two metrics go together over places: Spearman's rank correlation with its interval.

Interval by Fisher's transformation with the variance of D. G. Bonett and T. A. Wright, "Sample size requirements for
estimating Pearson, Kendall and Spearman correlations", Psychometrika 65 (2000) 23–28.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

LEAST = 6


@dataclass(frozen=True)
class Relation:
    """``rho`` from −1 to 1 with its 95 % interval, over ``places``; NaN where there are fewer than six or no variation."""

    rho: float
    lower: float
    upper: float
    places: int

    @property
    def direction(self) -> int:
        """1 where both rise together beyond chance, −1 where one falls as the other rises, 0 where nothing can be said.

        An interval that is shown as beginning or ending at 0.00 tells nothing either.
        """
        return int(round(self.lower, 2) > 0) - int(round(self.upper, 2) < 0)


def spearman(x: np.ndarray, y: np.ndarray) -> Relation:
    """Rank correlation of two arrays of one length, over the pairs that are complete; ties share their mean rank."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    there = np.isfinite(x) & np.isfinite(y)
    count = int(there.sum())
    if count < LEAST or np.ptp(x[there]) == 0 or np.ptp(y[there]) == 0:
        return Relation(np.nan, np.nan, np.nan, count)
    ranks = [pd.Series(part[there]).rank().to_numpy() for part in (x, y)]
    rho = float(np.clip(np.corrcoef(*ranks)[0, 1], -1, 1))
    # At ±1 the transformation has no end; a hair inside keeps the interval finite.
    middle = np.arctanh(np.clip(rho, -0.9999, 0.9999))
    half = NormalDist().inv_cdf(0.975) * np.sqrt((1 + rho**2 / 2) / (count - 3))
    return Relation(rho, float(np.tanh(middle - half)), float(np.tanh(middle + half)), count)
