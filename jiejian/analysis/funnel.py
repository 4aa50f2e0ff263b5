"""Funnel plots: is a community's rate really different, given its size?

After D. J. Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 24 (2005)
1185–1202, and "Handling over-dispersion of performance indicators", Quality and Safety in Health Care 14 (2005)
347–351, as the R package FunnelPlotR publishes them. Unadjusted limits flag nearly every unit once denominators are
large, because units differ in more than chance: the adjustment estimates that spread (phi, tau²) from the units
themselves, without their extremes, and widens the limits by it. Pages adjust by default and say so.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from jiejian.analysis.chisquare import chi2_quantile

Kind = Literal["proportion", "rate", "ratio"]
Overdispersion = Literal["winsorised", "shmi"] | None
COLUMNS = ("value", "lower_95", "upper_95", "lower_998", "upper_998", "z", "outside")

# The normal deviates of 95 % and 99.8 % limits, with the digits that FunnelPlotR uses.
_Z = {"95": 1.959964, "998": 3.090232}
_TAIL = {"95": 0.025, "998": 0.001}
_TRIM = 0.1


def funnel(
    numerator: ArrayLike, denominator: ArrayLike, *, kind: Kind = "proportion", overdispersion: Overdispersion = None
) -> tuple[pd.DataFrame, float, float, float]:
    """Units against their common rate, with 95 % and 99.8 % limits for each unit's size.

    ``numerator`` and ``denominator`` are of one length, a unit each. ``kind``: ``proportion`` (x of n, judged about the
    pooled proportion on the arcsine scale), ``rate`` (events per person-time or population, about the pooled rate, exact
    Poisson limits) or ``ratio`` (observed to expected, about 1, exact Poisson limits). ``overdispersion`` widens the
    limits: ``winsorised`` (z beyond the 10 % and 90 % quantiles drawn in) or ``shmi`` (log scale, the outer tenths left
    out; a proportion stays on its arcsine scale). Where phi is not above 1 there is nothing to adjust, and the limits
    are the unadjusted ones, as the R package draws them.

    Returns ``(frame, centre, phi, tau2)``. ``frame`` has a row a unit (the index of a Series is kept): ``value`` =
    numerator / denominator in natural units (0–1 for a proportion, 1 = as expected for a ratio), ``lower_95``,
    ``upper_95``, ``lower_998``, ``upper_998`` on that scale, ``z`` (unadjusted, on the scale of the method) and
    ``outside`` (``above``, ``below`` or ``""`` against the 99.8 % limits). A unit that cannot be judged (no or zero
    denominator, negative count, more than all) is a gap: NaN and ``""``; ``frame.attrs["note"]`` says in Chinese who
    was left out and what was not done, else it is ``""``. ``phi`` and ``tau2`` are 0 without adjustment.

    Two known peculiarities of FunnelPlotR are kept, so that figures agree: with ``shmi`` expected counts of a ratio are
    rounded to two decimals, and ``winsorised`` limits of a *ratio* are 1 ± z·√(s²+τ²) with s of the square-root scale,
    not squared back, hence about half as wide as they should be. Pages use ``shmi`` for ratios. Rates, for which the
    package has no such method, are squared back.

    Raises ValueError for arrays of different length and for an unknown ``kind`` or ``overdispersion``.
    """
    index = numerator.index if isinstance(numerator, pd.Series) else None
    above, below = (
        np.atleast_1d(pd.to_numeric(pd.Series(part), errors="coerce").to_numpy(dtype=float)) for part in (numerator, denominator)
    )
    columns, centre, phi, tau2, note = funnel_arrays(above, below, kind=kind, overdispersion=overdispersion)
    frame = pd.DataFrame(columns, index=index if index is not None else range(len(above)))
    frame.attrs["note"] = note
    return frame, centre, phi, tau2


def funnel_arrays(
    above: np.ndarray, below: np.ndarray, *, kind: Kind = "proportion", overdispersion: Overdispersion = None
) -> tuple[dict[str, np.ndarray], float, float, float, str]:
    """:func:`funnel` of plain arrays: its columns by name, centre, phi, tau² and the note. A board asks for hundreds at once."""
    if kind not in ("proportion", "rate", "ratio") or overdispersion not in (None, "winsorised", "shmi"):
        raise ValueError(f"漏斗图没有“{kind}”配“{overdispersion}”的算法。")
    if len(above) != len(below):
        raise ValueError(f"分子有{len(above)}个数，分母有{len(below)}个数，应一一对应。")
    sound, notes = _sound(above, below, kind)
    columns = {name: np.full(len(above), np.nan) for name in COLUMNS[:-1]}
    columns["outside"] = np.full(len(above), "", dtype=object)
    if not sound.any():
        return columns, np.nan, 0.0, 0.0, "".join([*notes, "没有可以判断的单位。"])
    x, n = above[sound], below[sound]
    expected = np.round(n, 2) if kind == "ratio" and overdispersion == "shmi" else n
    centre = 1.0 if kind == "ratio" else float(x.sum() / n.sum())
    z, error = _z_scores(x, expected, centre, kind, overdispersion)
    phi, tau2 = _dispersion(z, error, kind, overdispersion)
    limits = funnel_limits(expected, centre, kind=kind, overdispersion=overdispersion if phi > 1 else None, tau2=tau2)
    for name, found in {COLUMNS[0]: x / n, **limits, "z": z}.items():
        columns[name][sound] = found
    columns["outside"] = _outside(columns, centre)
    return columns, centre, phi, tau2, "".join([*notes, *_remarks(x, n, centre, phi, kind, overdispersion)])


def funnel_limits(
    denominator: ArrayLike, centre: float, *, kind: Kind, overdispersion: Overdispersion = None, tau2: float = 0.0
) -> dict[str, np.ndarray]:
    """Limits for any denominators (all above zero), as the curves of a plot need them: lower_95, upper_95, lower_998, upper_998."""
    n = np.asarray(denominator, dtype=float)
    sides = {name: _LIMITS[_scale(kind, overdispersion)](n, centre, name, tau2) for name in ("95", "998")}
    return {f"{side}_{name}": sides[name][i] for name in ("95", "998") for i, side in enumerate(("lower", "upper"))}


# ---- what can be judged ----


def _sound(above: np.ndarray, below: np.ndarray, kind: Kind) -> tuple[np.ndarray, list[str]]:
    """Which units can be judged, and a clause on each reason why others cannot."""
    missing = ~(np.isfinite(above) & np.isfinite(below))
    with np.errstate(invalid="ignore"):
        negative = ~missing & ((above < 0) | (below < 0))
        zero = ~missing & ~negative & (below == 0 if kind != "ratio" else below < 0.005)
        beyond = ~missing & ~negative & ~zero & (above > below) if kind == "proportion" else np.zeros(len(above), dtype=bool)
    reasons = ((missing, "缺数"), (negative, "出现负数"), (zero, "分母为0"), (beyond, "分子大于分母"))
    notes = [f"{int(mask.sum())}个单位{word}，未参加比较。" for mask, word in reasons if mask.any()]
    return ~(missing | negative | zero | beyond), notes


def _remarks(x: np.ndarray, n: np.ndarray, centre: float, phi: float, kind: Kind, overdispersion: Overdispersion) -> list[str]:
    found = []
    if len(x) == 1:
        found.append("只有1个单位，无从比较。")
    elif np.ptp(x / n) <= 1e-12:
        found.append("各单位数值相同，没有差异可判断。")
    elif overdispersion and phi <= 1:
        found.append("各单位的差异不超过随机波动，未作过度离散调整。")
    if kind != "ratio" and centre in (0.0, 1.0 if kind == "proportion" else -1.0):
        found.append(f"合计为{'0' if centre == 0 else '100%'}，控制限只作参考。")
    return found


# ---- how far apart the units are ----


def _scale(kind: Kind, overdispersion: Overdispersion) -> str:
    if kind == "proportion":
        return "arcsine"
    if overdispersion is None:
        return "poisson"
    return "log" if overdispersion == "shmi" else "root" if kind == "rate" else "root_as_published"


def _z_scores(
    x: np.ndarray, n: np.ndarray, centre: float, kind: Kind, overdispersion: Overdispersion
) -> tuple[np.ndarray, np.ndarray]:
    """How many standard errors each unit lies from the centre, and those errors, on the scale of the method."""
    if kind == "proportion":
        error = 1 / (2 * np.sqrt(n))
        return (np.arcsin(np.sqrt(x / n)) - np.arcsin(np.sqrt(centre))) / error, error
    expected = n * centre
    if centre == 0:
        return np.zeros_like(n), np.full_like(n, np.inf)
    if overdispersion == "shmi":
        # The logarithm of none observed is taken at half a case.
        return np.sqrt(expected) * np.log(np.maximum(x, 0.5) / expected), 1 / np.sqrt(expected)
    return 2 * (np.sqrt(x) - np.sqrt(expected)), 1 / (2 * np.sqrt(expected))


def _dispersion(z: np.ndarray, error: np.ndarray, kind: Kind, overdispersion: Overdispersion) -> tuple[float, float]:
    """phi, the mean of z² without the extremes, and tau², the variance between units (DerSimonian & Laird 1986)."""
    if overdispersion is None:
        return 0.0, 0.0
    if overdispersion == "shmi" and kind != "proportion":
        kept = _within(z)
        z, error = z[kept], error[kept]
    else:
        low, high = np.quantile(z, [_TRIM, 1 - _TRIM])
        z = np.clip(z, low, high)
    n = len(z)
    if n == 0:
        return 0.0, 0.0
    phi = float((z**2).sum() / n)
    weight = 1 / error**2
    spread = weight.sum() - (weight**2).sum() / weight.sum() if weight.sum() > 0 else 0.0
    if n * phi < n - 1 or spread <= 0:
        return phi, 0.0
    return phi, float(max(0.0, (n * phi - (n - 1)) / spread))


def _within(z: np.ndarray) -> np.ndarray:
    """Which z are kept by SHMI: without the lowest and the highest of ten groups of average ranks."""
    group = np.floor(pd.Series(z).rank(method="average").to_numpy() * 10 / (len(z) + 1))
    return (group > 0) & (group < 9)


def _outside(columns: dict[str, np.ndarray], centre: float) -> np.ndarray:
    # A value that equals a limit but for the last binary digit is not outside it.
    slack = 1e-9 * max(abs(centre), 1e-9)
    with np.errstate(invalid="ignore"):
        above, below = columns["value"] > columns["upper_998"] + slack, columns["value"] < columns["lower_998"] - slack
    return np.select([above, below], ["above", "below"], default="").astype(object)


# ---- limits: each takes denominators, centre, "95" or "998", tau²; gives lower and upper ----

Pair = tuple[np.ndarray, np.ndarray]


def _arcsine(n: np.ndarray, centre: float, name: str, tau2: float) -> Pair:
    """Back from the arcsine scale; an angle beyond 0 or 90° is a limit of 0 or 1."""
    middle, half = np.arcsin(np.sqrt(centre)), _Z[name] * np.sqrt(1 / (4 * n) + tau2)
    return np.sin(np.maximum(middle - half, 0)) ** 2, np.sin(np.minimum(middle + half, np.pi / 2)) ** 2


def _poisson(n: np.ndarray, centre: float, name: str, tau2: float) -> Pair:
    expected, tail = n * centre, _TAIL[name]
    return chi2_quantile(tail, 2 * expected) / 2 / n, chi2_quantile(1 - tail, 2 * (expected + 1)) / 2 / n


def _log(n: np.ndarray, centre: float, name: str, tau2: float) -> Pair:
    half = _Z[name] * np.sqrt(1 / (n * centre) + tau2)
    return centre * np.exp(-half), centre * np.exp(half)


def _root(n: np.ndarray, centre: float, name: str, tau2: float) -> Pair:
    half = _Z[name] * np.sqrt(1 / (4 * n * centre) + tau2)
    return centre * np.maximum(1 - half, 0) ** 2, centre * (1 + half) ** 2


def _root_as_published(n: np.ndarray, centre: float, name: str, tau2: float) -> Pair:
    half = _Z[name] * np.sqrt(1 / (4 * n * centre) + tau2)
    return centre * (1 - half), centre * (1 + half)


_LIMITS = {"arcsine": _arcsine, "poisson": _poisson, "log": _log, "root": _root, "root_as_published": _root_as_published}
