"""How far a ranking by a composite score holds: when weights move, when the method changes, when figures are a little luck.

A composite score is a choice of weights and of method. OECD/JRC handbook, step 7, and COINr's ``get_sensitivity``: move
the choices within reason, rank anew each time, and show the range. The same draws are made every time, so that the page
says the same on Monday as on Friday.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from jiejian.analysis.composite import Aggregate, Goalposts, Groups, Normalise, directed, evaluate, metrics_of, normalised
from jiejian.analysis.ordering import ranks

SPREAD, DRAWS, SEED = 0.25, 600, 20261031
# Of very many units fewer draws are made, at least LEAST_DRAWS: a range of ranks is told in places of thousands then.
_CELLS, LEAST_DRAWS = 300_000, 100
_TIE = 1e-9  # scores that differ by less are the same
METHODS: tuple[tuple[Normalise, Aggregate], ...] = (
    ("minmax", "arithmetic"),
    ("zscore", "arithmetic"),
    ("rank", "arithmetic"),
    ("minmax", "geometric"),
    ("rank", "geometric"),
)
STABLE, UNSTABLE = "排名稳定", "排名不稳定"


@dataclass(frozen=True)
class Counted:
    """What a metric was counted from, so that its luck can be redrawn: units × metrics of numerators and denominators.

    ``proportions`` and ``rates`` name the metrics with binomial and with Poisson numerators; ``scale`` what their ratio
    is multiplied by. Metrics in neither (published scores) stay as they are.
    """

    numerator: pd.DataFrame
    denominator: pd.DataFrame
    proportions: frozenset[str] = frozenset()
    rates: frozenset[str] = frozenset()
    scale: Mapping[str, float] | None = None


def rank_of(scores: np.ndarray) -> np.ndarray:
    """Ranks along the last axis: 1 for the highest, ties share the smaller number, gaps have none (NaN)."""
    return ranks(scores, _TIE)


def rank_ranges(
    frame: pd.DataFrame,
    top: str,
    *,
    groups: Groups,
    better: Mapping[str, str],
    normalise: Normalise = "minmax",
    aggregate: Aggregate = "arithmetic",
    goalposts: Goalposts | None = None,
    counted: Counted | None = None,
    spread: float = SPREAD,
) -> pd.DataFrame:
    """Each unit's rank in the group ``top`` and how far it moves; index and order as in ``frame``.

    Columns: ``score``, ``rank``; ``weights_best``, ``weights_worst`` (every weight moved by itself by up to ±``spread``),
    ``methods_best``, ``methods_worst`` (other ways to normalise and aggregate), ``chance_best``, ``chance_worst`` (the
    middle 95 % when every figure is redrawn; as the rank itself without ``counted``), ``best``, ``worst`` (all of these
    together) and ``verdict`` (排名稳定, 排名不稳定; '' without score). Raises ValueError as
    :func:`~jiejian.analysis.composite.score` does.
    """
    names = metrics_of(groups, frame.columns)
    values, _ = directed(frame, names, better, normalise, aggregate, goalposts)
    nominal = evaluate(groups, values, aggregate)[top]
    rank = rank_of(nominal)
    found = pd.DataFrame({"score": nominal, "rank": rank}, index=frame.index)
    draws = max(min(DRAWS, _CELLS // max(len(frame), 1)), LEAST_DRAWS)

    def by_chance() -> tuple[np.ndarray, np.ndarray]:
        if counted is None:
            return rank, rank
        drawn = normalised(_redrawn(frame[names], counted, draws), better, normalise, aggregate, goalposts)
        return _span(rank_of(evaluate(groups, drawn, aggregate)[top]), rank, 0.95)

    # Half of the work is to draw numbers, and numpy draws beside whatever else is going on.
    with ThreadPoolExecutor(1) as beside:
        chance = beside.submit(by_chance)
        moved = evaluate(groups, values, aggregate, _moved_weights(groups, spread, draws))[top]
        ranges = {"weights": _span(rank_of(moved), rank), "methods": _span(_by_method(frame, top, groups, better, goalposts), rank)}
        ranges["chance"] = chance.result()
    for name, (best, worst) in ranges.items():
        found[f"{name}_best"], found[f"{name}_worst"] = best, worst
    found["best"] = np.fmin.reduce([best for best, _ in ranges.values()])
    found["worst"] = np.fmax.reduce([worst for _, worst in ranges.values()])
    found["verdict"] = _verdict(found)
    return found


def _verdict(found: pd.DataFrame) -> np.ndarray:
    """A rank holds where it never moves over more than a tenth of all units (two places where there are few)."""
    width = found["worst"] - found["best"]
    most = max(2.0, found["rank"].notna().sum() / 10)
    return np.select([found["rank"].isna(), width <= most], ["", STABLE], default=UNSTABLE).astype(object)


def _span(ranks: np.ndarray, nominal: np.ndarray, share: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Best and worst of many ranks of each unit (the middle ``share`` of them), never without the nominal one."""
    there = ~np.isnan(nominal)
    best, worst = nominal.copy(), nominal.copy()
    if there.any() and len(ranks):
        tail = (1 - share) / 2
        known = ranks[:, there]
        if np.isnan(known).any():
            low, high = (np.nanquantile(known, q, axis=0, method=m) for q, m in ((tail, "lower"), (1 - tail, "higher")))
        else:  # sorted once, both ends are read off
            known, last = np.sort(known, axis=0), len(known) - 1
            low, high = known[math.floor(tail * last)], known[math.ceil((1 - tail) * last)]
        best[there], worst[there] = np.fmin(low, nominal[there]), np.fmax(high, nominal[there])
    return best, worst


def _moved_weights(groups: Groups, spread: float, draws: int) -> dict[tuple[str, str], np.ndarray]:
    """A column of draws for every weight: Latin hypercube between −spread and +spread, the same for the same names."""
    keys = sorted((name, member) for name, group in groups.items() for member in group["members"])
    random = np.random.default_rng(SEED)
    found = {}
    for name, member in keys:
        strata = (random.permutation(draws) + random.random(draws)) / draws
        found[name, member] = (groups[name]["members"][member] * (1 + spread * (2 * strata - 1)))[:, None]
    return found


def _by_method(
    frame: pd.DataFrame, top: str, groups: Groups, better: Mapping[str, str], goalposts: Goalposts | None
) -> np.ndarray:
    """Ranks under every other method that the figures allow: methods × units."""
    methods = METHODS if goalposts is None else (*METHODS, ("goalpost", "arithmetic"))
    names = metrics_of(groups, frame.columns)
    return np.array([
        rank_of(evaluate(groups, directed(frame, names, better, how, mean, goalposts)[0], mean)[top]) for how, mean in methods
    ])  # fmt: skip


def _redrawn(frame: pd.DataFrame, counted: Counted, draws: int) -> dict[str, np.ndarray]:
    """Each metric drawn anew from what was counted (Jeffreys' prior): draws × units."""
    random = np.random.default_rng(SEED + 1)
    found = {}
    for name in sorted(frame.columns):
        value = frame[name].to_numpy(dtype=float)
        column = np.broadcast_to(value, (draws, len(value)))
        if name in counted.proportions or name in counted.rates:
            x, n = (part[name].to_numpy(dtype=float) for part in (counted.numerator, counted.denominator))
            sound = np.isfinite(x) & (n > 0) & (x >= 0) & ((x <= n) | (name in counted.rates)) & np.isfinite(value)
            x, n, scale = np.where(sound, x, 1.0), np.where(sound, n, 2.0), (counted.scale or {}).get(name, 1.0)
            if name in counted.proportions:
                drawn = random.beta(x + 0.5, n - x + 0.5, (draws, len(x)))
            else:
                drawn = random.gamma(x + 0.5, 1.0, (draws, len(x))) / n
            column = np.where(sound, drawn * scale, value)
        found[name] = column
    return found
