"""Composite scores: normalise, weight, aggregate; and what each metric contributes.

The steps are those of the OECD/JRC "Handbook on Constructing Composite Indicators" (2008), with the arithmetic of the R
package COINr (W. Becker et al., Journal of Open Source Software 7, 2022, 4567): Normalise (n_minmax, n_zscore, n_rank,
n_goalposts) and Aggregate (a_amean, a_gmean). Treating outliers stands in :mod:`treat`, how far the ranks hold in
:mod:`robustness`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from jiejian.analysis.ordering import ranks

Normalise = Literal["minmax", "zscore", "rank", "goalpost"]
Aggregate = Literal["arithmetic", "geometric"]
Groups = Mapping[str, Mapping[str, Mapping[str, float]]]
Goalposts = Mapping[str, tuple[float, float]]


def score(
    frame: pd.DataFrame,
    *,
    groups: Groups,
    better: Mapping[str, str],
    normalise: Normalise = "minmax",
    aggregate: Aggregate = "arithmetic",
    goalposts: Goalposts | None = None,
) -> pd.DataFrame:
    """Scores of each unit in each group: a row a unit of ``frame`` (metrics as columns), a column a group.

    ``groups`` = {"综合": {"members": {"党建": 1.0, "服务": 2.0}}, "党建": {"members": {"metric_a": 1.0}}, …}: a member is a
    group of the same mapping or a column of the frame, to any depth; weights are relative. ``better`` says for each
    metric ``higher`` or ``lower``. ``normalise``: ``minmax`` 0–100 (1–100 where ``aggregate`` is geometric), ``zscore``
    (mean 0, standard deviation 1 of a sample), ``rank`` (1 for the worst; ties share the lower number), ``goalpost``
    (0–100 between ``goalposts[metric]``, cut off outside).

    A missing value leaves its metric out of that unit's mean, the other weights share its part; without any value the
    score is a gap (NaN). A metric that is the same everywhere tells nothing and is left out, except between goal posts.
    ``attrs["note"]`` says in Chinese what was left out. Raises ValueError in Chinese for names that lead nowhere,
    groups that contain each other, weights below zero or all zero, and methods that do not go together.
    """
    names = metrics_of(groups, frame.columns)
    values, dull = directed(frame, names, better, normalise, aggregate, goalposts)
    found = evaluate(groups, values, aggregate)
    scores = pd.DataFrame({name: found[name] for name in groups}, index=frame.index, columns=list(groups), dtype=float)
    scores.attrs["note"] = f"{'、'.join(dull)}各单位相同或无数，未计入得分。" if dull else ""
    return scores


def contributions(
    frame: pd.DataFrame,
    top: str,
    *,
    groups: Groups,
    better: Mapping[str, str],
    normalise: Normalise = "minmax",
    aggregate: Aggregate = "arithmetic",
    goalposts: Goalposts | None = None,
) -> pd.DataFrame:
    """How much of each unit's score in the group ``top`` comes from each metric: units × metrics, rows add up to the score.

    A metric's part is its weight among those that the unit has, times its normalised value. With a geometric mean the
    parts are shared out by weight times logarithm. A missing value contributes nothing (0).
    """
    names = metrics_of(groups, frame.columns)
    values, _ = directed(frame, names, better, normalise, aggregate, goalposts)
    scores = evaluate(groups, values, aggregate)
    shares = {name: np.zeros(len(frame)) for name in names}
    _share(top, np.ones(len(frame)), groups, scores | values, shares)
    parts = pd.DataFrame(
        {n: s * np.where(np.isnan(values[n]), 0, _logged(values[n], aggregate)) for n, s in shares.items()}, index=frame.index
    )
    if aggregate == "arithmetic":
        return parts
    whole = parts.sum(axis=1)
    return parts.div(whole.where(whole.abs() > 1e-12), axis=0).mul(scores[top], axis=0).fillna(0.0)


def _share(name: str, share: np.ndarray, groups: Groups, known: Mapping[str, np.ndarray], found: dict[str, np.ndarray]) -> None:
    """Hand a group's share of the whole down to its members, unit by unit, among those that have a value."""
    if name not in groups:
        found[name] += share
        return
    members = groups[name]["members"]
    weights = np.array([np.where(np.isnan(known[m]), 0.0, w) for m, w in members.items()])
    whole = weights.sum(axis=0)
    for member, weight in zip(members, weights, strict=True):
        _share(member, share * weight / np.where(whole > 0, whole, 1), groups, known, found)


def metrics_of(groups: Groups, columns: Sequence[str]) -> list[str]:
    """The metrics at the leaves of ``groups``, each once, in the order met; ValueError (Chinese) for a faulty tree."""
    for name, group in groups.items():
        weights = group["members"]
        if not weights:
            raise ValueError(f"分组“{name}”没有成员。")
        if any(not np.isfinite(w) or w < 0 for w in weights.values()):
            raise ValueError(f"分组“{name}”的权重应是不小于0的数。")
        if not sum(weights.values()):
            raise ValueError(f"分组“{name}”的权重全为0，请至少给一个成员大于0的权重。")
        for member in weights:
            if member not in groups and member not in columns:
                raise ValueError(f"分组“{name}”的成员“{member}”既不是分组，也不是已有的指标。")
    in_order(groups)
    leaves = (member for group in groups.values() for member in group["members"] if member not in groups)
    return list(dict.fromkeys(leaves))


def in_order(groups: Groups) -> list[str]:
    """The groups such that each comes after those within it; ValueError where groups contain each other."""
    found: list[str] = []
    open_ones: list[str] = []

    def visit(name: str) -> None:
        if name in found:
            return
        if name in open_ones:
            raise ValueError(f"分组互相包含：{'、'.join([*open_ones[open_ones.index(name) :], name])}。")
        open_ones.append(name)
        for member in groups[name]["members"]:
            if member in groups:
                visit(member)
        open_ones.pop()
        found.append(name)

    for name in groups:
        visit(name)
    return found


# ---- normalising: arrays whose last axis are the units ----


def directed(
    frame: pd.DataFrame,
    names: Sequence[str],
    better: Mapping[str, str],
    normalise: str,
    aggregate: str,
    goalposts: Goalposts | None,
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Normalised values of each metric, more being better; and the metrics that tell nothing."""
    columns = {name: pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float) for name in names}
    values = normalised(columns, better, normalise, aggregate, goalposts)
    return values, [name for name, column in values.items() if np.isnan(column).all()]


def normalised(
    columns: Mapping[str, np.ndarray],
    better: Mapping[str, str],
    normalise: str,
    aggregate: str,
    goalposts: Goalposts | None = None,
) -> dict[str, np.ndarray]:
    """Every metric on the scale of the method; arrays of any shape with units along the last axis.

    Raises ValueError in Chinese where direction, goal posts or method are wanting.
    """
    if aggregate not in ("arithmetic", "geometric") or normalise not in ("minmax", "zscore", "rank", "goalpost"):
        raise ValueError(f"没有“{normalise}”配“{aggregate}”的算法。")
    if normalise == "zscore" and aggregate == "geometric":
        raise ValueError("标准分有负数，不能求几何平均；请改用极差法、排序法或目标值法。")
    found = {}
    for name, column in columns.items():
        direction = {"higher": 1, "lower": -1}.get(better.get(name, ""))
        if direction is None:
            raise ValueError(f"指标“{name}”没有写明越高越好还是越低越好，不能计分。")
        x = np.where(np.isfinite(column), column, np.nan) * direction
        if normalise == "goalpost":
            found[name] = _goalpost(x, name, direction, goalposts or {})
        else:
            found[name] = {"minmax": _minmax, "zscore": _zscore, "rank": _rank}[normalise](x, aggregate)
    return found


def _minmax(x: np.ndarray, aggregate: str) -> np.ndarray:
    low = 1.0 if aggregate == "geometric" else 0.0
    smallest, largest = (_ends(f, x, otherwise) for f, otherwise in ((np.fmin, np.inf), (np.fmax, -np.inf)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(largest > smallest, (x - smallest) / (largest - smallest) * (100 - low) + low, np.nan)


def _ends(f: np.ufunc, x: np.ndarray, otherwise: float) -> np.ndarray:
    return f.reduce(x, axis=-1, keepdims=True, initial=otherwise)


def _zscore(x: np.ndarray, aggregate: str) -> np.ndarray:
    there = np.isfinite(x)
    count = there.sum(axis=-1, keepdims=True)
    filled = np.where(there, x, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=-1, keepdims=True) / count
        deviation = np.sqrt((np.where(there, x - mean, 0.0) ** 2).sum(axis=-1, keepdims=True) / (count - 1))
        # What is the same everywhere differs in the last binary digit at most.
        return np.where(deviation > 1e-12 * np.maximum(np.abs(mean), 1e-300), (x - mean) / deviation, np.nan)


def _rank(x: np.ndarray, aggregate: str) -> np.ndarray:
    # How many are smaller, plus one; ties share the lower number. Gaps keep no rank.
    return ranks(-x)


def _goalpost(x: np.ndarray, name: str, direction: int, goalposts: Goalposts) -> np.ndarray:
    if name not in goalposts:
        raise ValueError(f"目标值法要给指标“{name}”写明下限和上限。")
    low, high = sorted(float(post) * direction for post in goalposts[name])
    if not high > low:
        raise ValueError(f"指标“{name}”的上限和下限相同，不能计分。")
    return np.clip((x - low) / (high - low), 0, 1) * 100


# ---- aggregating ----


def evaluate(
    groups: Groups,
    values: Mapping[str, np.ndarray],
    aggregate: str,
    weights: Mapping[tuple[str, str], Any] | None = None,
) -> dict[str, np.ndarray]:
    """Every group's mean of its members. ``weights`` (group, member) -> a number or a column of draws goes before the declared."""
    known = dict(values)
    for name in in_order(groups):
        above = below = 0.0
        for member, declared in groups[name]["members"].items():
            weight = declared if weights is None else weights[name, member]
            there = ~np.isnan(known[member])
            above = above + weight * np.where(there, _logged(known[member], aggregate), 0.0)
            below = below + weight * there
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(below > 0, above / np.where(below > 0, below, 1), np.nan)
        known[name] = np.exp(mean) if aggregate == "geometric" else mean
    return {name: known[name] for name in groups}


def _logged(x: np.ndarray, aggregate: str) -> np.ndarray:
    if aggregate == "arithmetic":
        return x
    # A zero makes a geometric mean zero: e^-745 is the smallest that a double holds, whatever its weight it stays near 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(np.log(x), -745.0)
