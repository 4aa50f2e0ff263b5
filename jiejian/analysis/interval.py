"""How sure a proportion is, and whether a community really differs from the mean.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209–212
(score interval of one proportion); R. G. Newcombe, "Two-sided confidence intervals for the single proportion" and
"Interval estimation for the difference between independent proportions", Statistics in Medicine 17 (1998) 857–872
and 873–890 (worked figures; method 10 for differences).
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from jiejian.catalogue import Metric

ABOVE, SAME, BELOW = "明显高于平均", "与平均无明显差异", "明显低于平均"


def wilson(numerator: ArrayLike, denominator: ArrayLike, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval of ``numerator`` out of ``denominator``, element by element, as shares from 0 to 1.

    Arrays of one shape (or a scalar against an array) give lower and upper of that shape. Where there is no
    proportion (denominator zero, negative or missing, numerator missing or outside 0..denominator) both are NaN.
    """
    x, n = np.broadcast_arrays(np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float))
    with np.errstate(invalid="ignore"):
        sound = (n > 0) & (x >= 0) & (x <= n)
    x, n = np.where(sound, x, np.nan), np.where(sound, n, np.nan)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = 2 * x + z * z
    half = z * np.sqrt(z * z + 4 * x * (1 - x / n))
    width = 2 * (n + z * z)
    return np.clip((centre - half) / width, 0, 1), np.clip((centre + half) / width, 0, 1)


def difference(
    numerator: ArrayLike, denominator: ArrayLike, base_numerator: ArrayLike, base_denominator: ArrayLike, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a share less a base share (Newcombe 1998, method 10), from −1 to 1; NaN where either has none.

    The two are taken as independent; for the same people seen twice (双报到率) that is on the careful side.
    """
    share, base = (np.asarray(a, dtype=float) for a in (numerator, base_numerator))
    low, high = wilson(numerator, denominator, confidence)
    base_low, base_high = wilson(base_numerator, base_denominator, confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, base = share / np.asarray(denominator, dtype=float), base / np.asarray(base_denominator, dtype=float)
        gap = share - base
        lower = gap - np.hypot(share - low, base_high - base)
        upper = gap + np.hypot(high - share, base - base_low)
    return lower, upper


def differs(now: pd.Series, base: pd.Series, metric: Metric) -> bool | None:
    """Whether the share of row ``now`` differs from that of row ``base`` beyond chance; None where it cannot be said."""
    if metric.kind != "proportion":
        return None
    lower, upper = difference(now["numerator"], now["denominator"], base["numerator"], base["denominator"])
    return None if np.isnan(lower) or np.isnan(upper) else bool(lower > 0 or upper < 0)


def display_scale(metric: Metric) -> float:
    """What a numerator over a denominator is multiplied by for display: 100 for a proportion, ``per`` for a rate."""
    return 100.0 if metric.kind == "proportion" else metric.per


def pooled_mean(frame: pd.DataFrame, metric: Metric) -> float:
    """Sum of numerators over sum of denominators in display units; NaN for counts, published rates and empty frames."""
    if metric.kind in ("count", "as_reported"):
        return np.nan
    there = frame[frame["value"].notna() & frame["numerator"].notna() & (frame["denominator"] > 0)]
    below = there["denominator"].sum()
    return float(there["numerator"].sum() / below * display_scale(metric)) if below > 0 else np.nan


def _groups(lower: np.ndarray, upper: np.ndarray, mean: float) -> np.ndarray:
    judged = ~np.isnan(lower)
    # A mean that equals a limit but for the last binary digit is not outside it.
    outside = [~judged, lower > mean + 1e-9, upper < mean - 1e-9]
    return np.select(outside, ["", ABOVE, BELOW], default=SAME).astype(object)


def _verdicts(groups: np.ndarray, metric: Metric) -> np.ndarray:
    if metric.better == "neutral":
        return np.full(len(groups), "", dtype=object)
    good, bad = (ABOVE, BELOW) if metric.better == "higher" else (BELOW, ABOVE)
    return np.select([groups == good, groups == bad], ["better", "worse"], default="").astype(object)


def compare_to_mean(frame: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """A figures frame of one metric and one period, with what may be said of each place against the mean.

    Adds ``lower`` and ``upper`` (95 % interval in display units; proportions only, else NaN), ``mean`` (pooled, display
    units; NaN for counts and published rates), ``group`` (明显高于平均, 与平均无明显差异 or 明显低于平均 where the interval
    excludes the pooled mean or does not; '' where nothing can be judged: no proportion, a gap, or one place alone) and
    ``verdict`` (better, worse or '' by the metric's direction).

    Each place is judged by itself: of 20 places that are all alike about one falls outside by chance, and the mean
    contains the place itself. Raises ValueError where the frame holds several periods or another metric.
    """
    if frame["period"].nunique() > 1:
        raise ValueError("不同时间的数字不能放在一起比较，请只选一个时间。")
    if not frame["metric"].eq(metric.id).all():
        raise ValueError(f"数据中混有“{metric.name}”以外的指标，不能一起比较。")
    if metric.kind == "proportion":
        there = frame["value"].notna().to_numpy()
        low, high = wilson(frame["numerator"], frame["denominator"])
        lower, upper = (np.where(there, limit, np.nan) * display_scale(metric) for limit in (low, high))
    else:
        lower = upper = np.full(len(frame), np.nan)
    mean = pooled_mean(frame, metric)
    alone = frame["value"].notna().sum() < 2
    groups = np.full(len(frame), "", dtype=object) if alone else _groups(lower, upper, mean)
    return frame.assign(lower=lower, upper=upper, mean=mean, group=groups, verdict=_verdicts(groups, metric))
