"""Change against the period before (环比) and the same period a year earlier (同比).

A rate changes by percentage points (个百分点), a count by percent. There is no change across a gap: where either
figure is missing, the change is missing. A street's change is taken over the communities that reported both times,
so that a late community cannot look like a fall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from jiejian.analysis.total import can_total
from jiejian.catalogue import Measure, Metric
from jiejian.figures import metric_value
from jiejian.format import change_amount, format_change
from jiejian.periods import Period

Against = Literal["previous", "year_before"]
NAMES: dict[str, str] = {"previous": "环比", "year_before": "同比"}


@dataclass(frozen=True)
class Change:
    """A metric's change from ``base`` to ``value`` (display units), over ``places`` of ``expected`` communities."""

    against: Against
    metric: Metric
    value: float
    base: float
    base_period: str
    places: int = 1
    expected: int = 1

    @property
    def amount(self) -> float:
        """Percentage points for a share, percent for all else; NaN where there is no meaningful change."""
        return change_amount(self.value, self.base, self.metric)

    @property
    def known(self) -> bool:
        return bool(np.isfinite(self.amount))

    @property
    def text(self) -> str:
        """For example 同比 −8.1%, 环比 +1.2个百分点, 同比 持平, 环比 —."""
        return f"{NAMES[self.against]} {format_change(self.value, self.base, self.metric)}"


def base_period(period: Period, against: Against) -> Period | None:
    """The period that ``period`` is compared with; None for 环比 of 累计."""
    return period.previous if against == "previous" else period.year_before


def change(
    frame: pd.DataFrame, metric: Metric, measures: Mapping[str, Measure], period: Period, against: Against
) -> Change | None:
    """The street's change of one metric from a figures frame that holds both periods.

    Over the communities that have a figure in both periods; None where no such comparison exists (环比 of 累计, or
    the metric may not be added over communities).
    """
    base = base_period(period, against)
    if base is None or not can_total(metric, measures):
        return None
    # Arrays, not frames: a board asks this a hundred times a run.
    own = frame["metric"].to_numpy() == metric.id
    period_of, place = (frame[name].to_numpy()[own] for name in ("period", "place_id"))
    value, above, below = (frame[name].to_numpy(dtype=float)[own] for name in ("value", "numerator", "denominator"))
    now, then = ((period_of == p.key) & ~np.isnan(value) for p in (period, base))
    both = set(place[now]) & set(place[then])
    if "era" in frame:  # a place that was drawn anew between the two is not the same place
        era = frame["era"].to_numpy()[own]
        both = {p for p, _ in set(zip(place[now], era[now], strict=True)) & set(zip(place[then], era[then], strict=True))}
    common = np.fromiter((p in both for p in place), dtype=bool, count=len(place))
    figures = [_street(above[spell & common], below[spell & common], metric) for spell in (now, then)]
    return Change(against, metric, *figures, base.key, len(both), len(set(place)))


def _street(above: np.ndarray, below: np.ndarray, metric: Metric) -> float:
    """Sums over sums of some communities in one period; NaN where there are none."""
    return float(metric_value(metric, above.sum(keepdims=True), below.sum(keepdims=True))[0]) if len(above) else np.nan
