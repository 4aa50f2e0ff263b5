"""From figures to an evaluation: which metrics can be scored, pillar by pillar, and everything that scoring needs.

Counts are left out (their size is no merit), and so are metrics that are neither better high nor better low. A community
that has fewer than half of the metrics gets no score: it would be judged by what it happens to send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from jiejian.analysis.composite import Aggregate, Groups, Normalise, contributions, score
from jiejian.analysis.interval import display_scale, judged_as
from jiejian.analysis.robustness import Counted, rank_ranges
from jiejian.analysis.treat import Treated, treat
from jiejian.catalogue import Metric

TOP = "综合得分"
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Evaluation:
    """What is scored: places (ids) × metrics (names), the tree of groups with its weights, and what each figure rests on."""

    frame: pd.DataFrame
    groups: Groups
    better: Mapping[str, str]
    counted: Counted
    treated: tuple[Treated, ...] = ()
    left_out: tuple[str, ...] = ()
    too_few: tuple[str, ...] = ()

    @property
    def pillars(self) -> tuple[str, ...]:
        return tuple(self.groups[TOP]["members"]) if self.groups else ()


@dataclass(frozen=True)
class Result:
    """Scores (places × groups), ranks with their ranges, and what each metric gives to the whole."""

    scores: pd.DataFrame
    ranges: pd.DataFrame
    parts: pd.DataFrame

    def by_pillar(self, evaluation: Evaluation) -> pd.DataFrame:
        """The contributions added up pillar by pillar, for places with a score."""
        there = self.scores[TOP].notna()
        members = {p: list(evaluation.groups[p]["members"]) for p in evaluation.pillars}
        return pd.DataFrame({p: self.parts[names].sum(axis=1) for p, names in members.items()})[there]


def scorable(metrics: Sequence[Metric]) -> list[Metric]:
    """Those of some metrics that can be scored."""
    return [m for m in metrics if m.kind != "count" and m.better != "neutral"]


def prepare(
    figures: pd.DataFrame,
    pillars: Mapping[str, Sequence[Metric]],
    weights: Mapping[str, float] | None = None,
    metric_weights: Mapping[str, float] | None = None,
    outliers: bool = True,
) -> Evaluation | None:
    """An evaluation of a figures frame of one period; None where nothing can be scored.

    ``weights``: pillar -> weight, ``metric_weights``: metric id -> weight (both 1 where they say nothing; a pillar whose
    metrics all weigh 0 is left out). With ``outliers`` extreme figures are drawn in first (analysis.treat).
    """
    value, above, below = _wide(figures, ("value", "numerator", "denominator"))
    kept, left_out = {}, []
    for name, members in pillars.items():
        useful = [m for m in scorable(members) if m.id in value and value[m.id].nunique() > 1]
        left_out += [m.name for m in scorable(members) if m not in useful]
        chosen = {m.name: (m, float((metric_weights or {}).get(m.id, 1.0))) for m in useful}
        if sum(w for _, w in chosen.values()) > 0 and (weights or {}).get(name, 1.0) > 0:
            kept[name] = chosen
    if not kept:
        return None
    metrics = {name: m for chosen in kept.values() for name, (m, _) in chosen.items()}
    frame = pd.DataFrame({name: value[m.id] for name, m in metrics.items()}, index=value.index)
    few = frame.notna().sum(axis=1) < LEAST_SHARE * len(metrics)
    frame[few] = np.nan
    frame, treated = treat(frame) if outliers else (frame, [])
    groups = {TOP: {"members": {name: float((weights or {}).get(name, 1.0)) for name in kept}}}
    groups |= {name: {"members": {m: w for m, (_, w) in chosen.items()}} for name, chosen in kept.items()}
    return Evaluation(
        frame,
        groups,
        {name: m.better for name, m in metrics.items()},
        _counted(metrics, above, below, {t.metric for t in treated}),
        tuple(treated),
        tuple(left_out),
        tuple(frame.index[few]),
    )


def _wide(figures: pd.DataFrame, parts: Sequence[str]) -> list[pd.DataFrame]:
    """Places × metrics for each part; what stands where is found once for all of them."""
    rows, places = pd.factorize(figures["place_id"], sort=True)
    columns, metrics = pd.factorize(figures["metric"], sort=True)
    found = []
    for part in parts:
        cells = np.full((len(places), len(metrics)), np.nan)
        cells[rows, columns] = figures[part].to_numpy(dtype=float, na_value=np.nan)
        found.append(pd.DataFrame(cells, index=pd.Index(places, name="place_id"), columns=metrics))
    return found


def _counted(metrics: Mapping[str, Metric], above: pd.DataFrame, below: pd.DataFrame, treated: set[str]) -> Counted:
    """What can be redrawn; a figure that was drawn in or put on a logarithm no longer is what was counted."""
    how = {name: judged_as(m) for name, m in metrics.items() if name not in treated}
    numerator, denominator = (pd.DataFrame({name: part[m.id] for name, m in metrics.items()}) for part in (above, below))
    return Counted(
        numerator,
        denominator,
        frozenset(n for n, kind in how.items() if kind == "proportion"),
        frozenset(n for n, kind in how.items() if kind == "rate"),
        {name: display_scale(m) for name, m in metrics.items()},
    )


def evaluate(evaluation: Evaluation, normalise: Normalise = "minmax", aggregate: Aggregate = "arithmetic") -> Result:
    """Scores, ranges of ranks and contributions."""
    how = {"groups": evaluation.groups, "better": evaluation.better, "normalise": normalise, "aggregate": aggregate}
    return Result(
        score(evaluation.frame, **how),
        rank_ranges(evaluation.frame, TOP, counted=evaluation.counted, **how),
        contributions(evaluation.frame, TOP, **how),
    )
