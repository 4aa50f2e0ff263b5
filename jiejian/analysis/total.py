"""The street's figure from its communities': sums over sums, and how many communities it rests on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from jiejian.catalogue import Measure, Metric
from jiejian.warehouse import metric_value

TOTAL = "全街道"


def can_total(metric: Metric, measures: Mapping[str, Measure]) -> bool:
    """Whether communities may be added up: persons counted once and published scores may not."""
    return metric.kind != "as_reported" and all(measures[m].adds_across_places for m in metric.measures)


def total(frame: pd.DataFrame, metric: Metric, measures: Mapping[str, Measure]) -> pd.DataFrame:
    """The street's row for each period of a figures frame of one metric.

    Returns the frame's columns for one place ``全街道`` plus ``reporting`` (communities with a figure) and ``places``
    (communities asked for). A proportion is the sum of numerators over the sum of denominators of the reporting
    communities. Where a metric may not be added, ``value`` is a gap with the reason in ``note``.
    """
    frame = frame[frame["metric"] == metric.id]
    there = frame["value"].notna()
    sums = (
        frame.assign(
            numerator=frame["numerator"].where(there),
            denominator=frame["denominator"].where(there),
            reporting=there,
            places=1,
            provisional=frame["status"].isin(["E", "P"]),
        )
        .groupby(["period", "start", "end"], sort=False)
        .agg(
            numerator=("numerator", lambda s: s.sum(min_count=1)),
            denominator=("denominator", lambda s: s.sum(min_count=1)),
            reporting=("reporting", "sum"),
            places=("places", "sum"),
            provisional=("provisional", "any"),
        )
        .reset_index()
        .sort_values("start", kind="stable")
    )
    allowed = can_total(metric, measures)
    value = metric_value(metric, sums["numerator"].to_numpy(dtype=float), sums["denominator"].to_numpy(dtype=float))
    value = value if allowed else np.full(len(sums), np.nan)
    return sums.assign(
        place_id="",
        place=TOTAL,
        sort=-1,
        metric=metric.id,
        value=value,
        status=np.where(np.isnan(value), "M", np.where(sums["provisional"], "P", "A")),
        qualifier="exact",
        note="" if allowed else "各社区之间不能相加",
    ).drop(columns="provisional")
