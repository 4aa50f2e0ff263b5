"""Quantiles of the chi-square distribution, for exact Poisson limits.

One function is not worth a dependency: scipy would add 40 MB to an installation that must fit on an office computer
and half a second to a cold start. Up to 1,000 degrees of freedom the incomplete gamma function is inverted by a
bracketed Newton search (series and continued fraction as in Abramowitz & Stegun 6.5.29 and 6.5.31); above, the
Cornish–Fisher expansion of Goldberg & Levine (Annals of Mathematical Statistics 17, 1946, 216–225) is good to nine
digits and more.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

_LARGE = 1000.0
_log_gamma = np.vectorize(math.lgamma, otypes=[float])


def chi2_quantile(p: float, df: ArrayLike) -> np.ndarray:
    """The value below which a chi-square variable with ``df`` degrees of freedom lies with probability ``p`` (0 < p < 1).

    ``df`` of any shape, not necessarily whole; the result has its shape. 0 where ``df`` is 0, NaN where it is negative
    or missing.
    """
    df = np.asarray(df, dtype=float)
    found = np.where(df == 0, 0.0, np.nan)
    small, large = (df > 0) & (df <= _LARGE), df > _LARGE
    if small.any():
        found[small] = 2 * _gamma_quantile(p, df[small] / 2)
    if large.any():
        found[large] = _expansion(NormalDist().inv_cdf(p), df[large])
    return found


def _expansion(z: float, df: np.ndarray) -> np.ndarray:
    root = np.sqrt(df)
    return (
        df
        + math.sqrt(2) * z * root
        + 2 / 3 * (z**2 - 1)
        + (z**3 - 7 * z) / (9 * math.sqrt(2)) / root
        - (6 * z**4 + 14 * z**2 - 32) / 405 / df
        + (9 * z**5 + 256 * z**3 - 433 * z) / (4860 * math.sqrt(2)) / (df * root)
    )


def _gamma_quantile(p: float, a: np.ndarray) -> np.ndarray:
    """x with P(a, x) = p: Newton on the distribution, kept inside a bracket that halves where a step would leave it."""
    z = NormalDist().inv_cdf(p)
    cube = a * np.maximum(1 - 1 / (9 * a) + z / (3 * np.sqrt(a)), 0) ** 3
    # Far below the mean the distribution is x^a / Γ(a+1) but for a factor near one.
    tail = np.exp((math.log(p) + _log_gamma(a + 1)) / a)
    x = np.where((cube > 0.2 * a) & (a > 0.5), cube, np.minimum(tail, a + 10))
    low, high = np.zeros_like(a), a + 12 * np.sqrt(a) + 50
    for _ in range(60):
        gap = _lower(a, x) - p
        low, high = np.where(gap < 0, x, low), np.where(gap >= 0, x, high)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            step = gap / np.exp((a - 1) * np.log(x) - x - _log_gamma(a))
            moved = x - step
        inside = np.isfinite(moved) & (moved > low) & (moved < high)
        following = np.where(inside, moved, (low + high) / 2)
        settled = np.abs(following - x) <= 1e-11 * x
        x = following
        if settled.all():
            break
    return x


def _lower(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The regularised lower incomplete gamma function P(a, x), element by element."""
    with np.errstate(divide="ignore"):
        front = np.exp(a * np.log(x) - x - _log_gamma(a))
    series = x < a + 1
    found = np.empty_like(x)
    if series.any():
        found[series] = front[series] * _series(a[series], x[series])
    if not series.all():
        found[~series] = 1 - front[~series] * _fraction(a[~series], x[~series])
    return found


def _series(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    term = total = 1 / a
    k = a
    for _ in range(3000):
        k = k + 1
        term = term * x / k
        total = total + term
        if (term <= total * 1e-17).all():
            break
    return total


def _fraction(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Lentz's evaluation of the continued fraction of Γ(a, x) / (e^-x x^a)."""
    tiny = 1e-300
    b = x + 1 - a
    c, d = np.full_like(x, 1 / tiny), 1 / b
    found = d
    for i in range(1, 3000):
        an = -i * (i - a)
        b = b + 2
        d = an * d + b
        d = 1 / np.where(np.abs(d) < tiny, tiny, d)
        c = b + an / c
        c = np.where(np.abs(c) < tiny, tiny, c)
        change = d * c
        found = found * change
        if (np.abs(change - 1) < 1e-15).all():
            break
    return found
