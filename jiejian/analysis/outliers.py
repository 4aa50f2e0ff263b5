"""Communities whose proportion lies beyond chance on the same side of the street's, two periods running.

A 99.8 % Wilson interval must exclude the pooled proportion in both periods: with some hundreds of comparisons a single
95 % interval would flag a dozen by chance alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from jiejian.analysis.interval import wilson
from jiejian.catalogue import Metric
from jiejian.periods import Period

CONFIDENCE = 0.998


@dataclass(frozen=True)
class Outlier:
    """One community and metric that stand out; ``gap`` in percentage points from the street's figure."""

    place_id: str
    place: str
    metric: str
    name: str
    value: float
    mean: float
    verdict: str
    periods: str

    @property
    def gap(self) -> float:
        return self.value - self.mean

    @property
    def sentence(self) -> str:
        side = "高于" if self.gap > 0 else "低于"
        return (
            f"**{self.place}** {self.name} {self.value:.1f}%，{self.periods}{side}街道平均（{self.mean:.1f}%），"
            f"差 {abs(self.gap):.1f} 个百分点。"
        )


def sides(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Where each row's interval lies against the pooled proportion of its metric and period.

    Returns ``pooled`` (0–1, NaN where nobody reported) and ``side``: 1 wholly above, −1 wholly below, 0 otherwise or
    without a figure; both as long as the frame.
    """
    there = frame["value"].notna().to_numpy()
    above, below = (np.where(there, frame[part].to_numpy(dtype=float), 0.0) for part in ("numerator", "denominator"))
    code, names = pd.factorize(frame["metric"] + " " + frame["period"])
    sums = [np.bincount(code, part, len(names))[code] for part in (above, below)]
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = np.where(sums[1] > 0, sums[0] / sums[1], np.nan)
        lower, upper = wilson(above, below, CONFIDENCE)
        side = np.where(there & (lower > pooled), 1, np.where(there & (upper < pooled), -1, 0))
    return pooled, side


def outliers(frame: pd.DataFrame, metrics: Sequence[Metric], before: Period, now: Period) -> list[Outlier]:
    """Outliers of ``now`` that were outliers on the same side in ``before``; the widest gaps first.

    ``frame`` is a figures frame of proportions that holds both periods for all communities.
    """
    pooled, side = sides(frame)
    placed = frame[["place_id", "place", "metric", "period", "value"]].assign(pooled=pooled, side=side)
    placed = placed[side != 0]
    current, earlier = (placed[placed["period"] == p.key] for p in (now, before))
    known = set(zip(earlier["place_id"], earlier["metric"], earlier["side"], strict=True))
    joined = [r for r in current.itertuples() if (r.place_id, r.metric, r.side) in known]
    by_id = {m.id: m for m in metrics}
    spell = {"month": "连续两个月", "quarter": "连续两个季度", "half": "连续两个半年", "year": "连续两年"}.get(
        now.grain, "连续两期"
    )
    found = [
        Outlier(
            r.place_id,
            r.place,
            r.metric,
            by_id[r.metric].name,
            r.value,
            r.pooled * 100,
            "better" if (r.side > 0) == (by_id[r.metric].better == "higher") else "worse",
            spell,
        )
        for r in joined
    ]
    return sorted(found, key=lambda o: -abs(o.gap))
