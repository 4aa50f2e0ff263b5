"""How sure a proportion or a rate is, and whether a community really differs from the mean.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209–212
(score interval of one proportion); R. G. Newcombe, "Two-sided confidence intervals for the single proportion" and
"Interval estimation for the difference between independent proportions", Statistics in Medicine 17 (1998) 857–872
and 873–890 (worked figures; method 10 for differences); F. Garwood, "Fiducial limits for the Poisson distribution",
Biometrika 28 (1936) 437–442 (exact interval of a count). Groups against the mean come from the funnel
(:mod:`jiejian.analysis.funnel`).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from jiejian.analysis.chisquare import chi2_quantile
from jiejian.analysis.funnel import funnel_arrays
from jiejian.catalogue import Metric

ABOVE, SAME, BELOW = "明显高于平均", "与平均无明显差异", "明显低于平均"
# What can be told apart by counting; points, hours and money cannot, they do not come one by one.
_COUNTED = frozenset({"件", "人", "人次", "次", "场", "个", "户", "家", "期", "名"})
# The spread between units cannot be estimated from a handful of them.
ENOUGH_TO_ADJUST = 8


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


def poisson(count: ArrayLike, exposure: ArrayLike, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Exact interval of ``count`` events per ``exposure``, element by element; NaN where there is no rate."""
    x, n = np.broadcast_arrays(np.asarray(count, dtype=float), np.asarray(exposure, dtype=float))
    with np.errstate(invalid="ignore"):
        sound = (n > 0) & (x >= 0) & np.isfinite(x) & np.isfinite(n)
    x, n = np.where(sound, x, np.nan), np.where(sound, n, np.nan)
    tail = (1 - confidence) / 2
    return chi2_quantile(tail, 2 * x) / 2 / n, chi2_quantile(1 - tail, 2 * (x + 1)) / 2 / n


def judged_as(metric: Metric) -> str:
    """How chance is reckoned with a metric: ``proportion``, ``rate`` (of things counted one by one), or '' for not at all."""
    if metric.kind == "rate" and metric.unit.split("/")[0] in _COUNTED:
        return "rate"
    return "proportion" if metric.kind == "proportion" else ""


def interval(frame: pd.DataFrame, metric: Metric, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of each row of a figures frame in display units; NaN for gaps and where chance is not reckoned with."""
    return _interval(*_counts(frame), metric, confidence)


def _counts(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value, numerator and denominator of each row."""
    return tuple(frame[part].to_numpy(dtype=float) for part in ("value", "numerator", "denominator"))


def _interval(
    value: np.ndarray, above: np.ndarray, below: np.ndarray, metric: Metric, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    how = {"proportion": wilson, "rate": poisson}.get(judged_as(metric))
    if how is None:
        return np.full(len(value), np.nan), np.full(len(value), np.nan)
    there = ~np.isnan(value)
    low, high = (np.where(there, limit, np.nan) * display_scale(metric) for limit in how(above, below, confidence))
    return low, high


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
    return _pooled(*_counts(frame), metric)


def _pooled(value: np.ndarray, above: np.ndarray, below: np.ndarray, metric: Metric) -> float:
    if metric.kind in ("count", "as_reported"):
        return np.nan
    there = ~np.isnan(value) & ~np.isnan(above) & (below > 0)
    whole = below[there].sum()
    return float(above[there].sum() / whole * display_scale(metric)) if whole > 0 else np.nan


def _groups(value: np.ndarray, above: np.ndarray, below: np.ndarray, metric: Metric) -> tuple[np.ndarray, bool]:
    """Each row's group by the funnel's 99.8 % limits, and whether they were widened for over-dispersion."""
    there = ~np.isnan(value)
    if not judged_as(metric) or there.sum() < 2:
        return np.full(len(value), "", dtype=object), False
    kind, wide = judged_as(metric), "winsorised" if there.sum() >= ENOUGH_TO_ADJUST else None
    above, below = np.where(there, above, np.nan), np.where(there, below, np.nan)
    found, _, phi, _, _ = funnel_arrays(above, below, kind=kind, overdispersion=wide)
    outside = found["outside"]
    sides = np.select([np.isnan(found["value"]), outside == "above", outside == "below"], ["", ABOVE, BELOW], SAME)
    return sides.astype(object), phi > 1


def _verdicts(groups: np.ndarray, metric: Metric) -> np.ndarray:
    if metric.better == "neutral":
        return np.full(len(groups), "", dtype=object)
    good, bad = (ABOVE, BELOW) if metric.better == "higher" else (BELOW, ABOVE)
    return np.select([groups == good, groups == bad], ["better", "worse"], default="").astype(object)


def compare_to_mean(frame: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """A figures frame of one metric and one period, with what may be said of each place against the mean.

    Adds ``lower`` and ``upper`` (95 % interval in display units: Wilson's of proportions, exact Poisson of rates of
    counts, else NaN), ``mean`` (pooled, display units; NaN for counts and published rates), ``group`` (明显高于平均,
    与平均无明显差异 or 明显低于平均 by the funnel's 99.8 % limits, widened for over-dispersion where there are at least
    eight places; '' where nothing can be judged: no proportion or rate of counts, a gap, or one place alone),
    ``verdict`` (better, worse or '' by the metric's direction) and ``adjusted`` (whether the limits were widened).

    Raises ValueError where the frame holds several periods or another metric.
    """
    _at_one_period(frame)
    if not frame["metric"].eq(metric.id).all():
        raise ValueError(f"数据中混有“{metric.name}”以外的指标，不能一起比较。")
    return frame.assign(**_compared(*_counts(frame), metric))


def compare_all(frame: pd.DataFrame, metrics: Sequence[Metric]) -> pd.DataFrame:
    """:func:`compare_to_mean` of several metrics at one period, stacked in their order; a page asks for a hundred at once."""
    _at_one_period(frame)
    rows, counts = frame.groupby("metric", sort=False).indices, _counts(frame)
    there = [m for m in metrics if m.id in rows]
    if not there:
        return frame.iloc[:0].assign(**_compared(*(np.empty(0),) * 3, metrics[0])) if metrics else frame.assign(group="", verdict="")
    parts = [_compared(*(part[rows[m.id]] for part in counts), m) for m in there]
    stacked = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return frame.take(np.concatenate([rows[m.id] for m in there])).reset_index(drop=True).assign(**stacked)


def _at_one_period(frame: pd.DataFrame) -> None:
    if frame["period"].nunique() > 1:
        raise ValueError("不同时间的数字不能放在一起比较，请只选一个时间。")


def _compared(value: np.ndarray, above: np.ndarray, below: np.ndarray, metric: Metric) -> dict[str, np.ndarray]:
    """The columns of :func:`compare_to_mean` from the counts of its rows."""
    lower, upper = _interval(value, above, below, metric)
    groups, adjusted = _groups(value, above, below, metric)
    mean = np.full(len(value), _pooled(value, above, below, metric))
    verdicts, wide = _verdicts(groups, metric), np.full(len(value), adjusted)
    return {"lower": lower, "upper": upper, "mean": mean, "group": groups, "verdict": verdicts, "adjusted": wide}
