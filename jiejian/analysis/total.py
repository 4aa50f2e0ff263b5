"""The street's figure from its communities': sums over sums, and how many communities it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from jiejian.catalogue import Measure, Metric
from jiejian.figures import metric_value
from jiejian.privacy import HIDDEN

TOTAL = "全街道"


def can_total(metric: Metric, measures: Mapping[str, Measure]) -> bool:
    """Whether communities may be added up: persons counted once and published scores may not."""
    return metric.kind != "as_reported" and all(measures[m].adds_across_places for m in metric.measures)


def total(frame: pd.DataFrame, metric: Metric, measures: Mapping[str, Measure]) -> pd.DataFrame:
    """The street's row for each period of one metric of a figures frame; see :func:`totals`."""
    return totals(frame, (metric,), measures)


def totals(frame: pd.DataFrame, metrics: Sequence[Metric], measures: Mapping[str, Measure]) -> pd.DataFrame:
    """The street's row for each metric and period of a figures frame, metric by metric and oldest first.

    Returns the frame's columns for one place, ``全街道`` (or the only place there is), plus ``reporting`` (communities
    with a figure) and ``places`` (communities asked for). A proportion is the sum of numerators over the sum of
    denominators of the reporting communities. Where a metric may not be added, ``value`` is a gap with the reason in
    ``note``.
    """
    period_of, period = pd.factorize(frame["period"])
    start, end = _spells(frame, period_of, len(period))
    which, named = pd.factorize(frame["metric"])
    metric_of = pd.Index([m.id for m in metrics], dtype=object).get_indexer(np.asarray(named, dtype=object))[which]
    own = metric_of >= 0
    cell = (metric_of[own], period_of[own])
    shape = (len(metrics), len(period))
    frame, partly_hidden = _with_withheld(frame)
    there = frame["value"].notna().to_numpy()[own]
    count = _sum_by(cell, np.ones(len(there)), shape).astype(int)
    reporting = _sum_by(cell, there, shape).astype(int)
    early = _sum_by(cell, there & frame["status"].isin(["E", "P"]).to_numpy()[own], shape) > 0
    # A period in which nobody reported is a gap, not zero.
    numerator, denominator = (
        np.where(reporting > 0, _sum_by(cell, np.where(there, frame[part].to_numpy(dtype=float)[own], 0.0), shape), np.nan)
        for part in ("numerator", "denominator")
    )
    partly = _sum_by(cell, partly_hidden[own], shape) > 0
    allowed = np.array([can_total(m, measures) for m in metrics])
    value = np.array([metric_value(m, *parts) for m, *parts in zip(metrics, numerator, denominator, strict=True)]).reshape(shape)
    value = np.where(allowed[:, None] & ~partly, value, np.nan)
    order = np.argsort(end, kind="stable")
    asked = count[:, order].ravel() > 0
    names = frame["place"]
    return pd.DataFrame({
        "period": np.tile(np.asarray(period, dtype=object)[order], len(metrics)),
        "start": np.tile(start[order], len(metrics)),
        "end": np.tile(end[order], len(metrics)),
        "numerator": numerator[:, order].ravel(),
        "denominator": denominator[:, order].ravel(),
        "reporting": reporting[:, order].ravel(),
        "places": count[:, order].ravel(),
        "place_id": "",
        "place": names.iloc[0] if len(names) and names.nunique() == 1 else TOTAL,
        "sort": -1,
        "metric": np.repeat(np.array([m.id for m in metrics], dtype=object), len(period)),
        "value": value[:, order].ravel(),
        "status": np.where(np.isnan(value), "M", np.where(early, "P", "A"))[:, order].ravel(),
        "qualifier": "exact",
        "note": np.where(
            allowed[:, None], np.where(partly, "有的社区人数少不显示，不作合计", ""), "各社区之间不能相加"
        ).astype(object)[:, order].ravel(),
    })[asked].reset_index(drop=True)  # fmt: skip


def _with_withheld(frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """The frame with hidden small cells counted at what stands in for them in a sum, and where nothing may stand in.

    See jiejian.privacy: a frame in which cells are hidden has a column ``withheld``.
    """
    if "withheld" not in frame:
        return frame, np.zeros(len(frame), dtype=bool)
    hidden, instead = (frame["status"] == HIDDEN).to_numpy(), frame["withheld"].to_numpy(dtype=float)
    filled = {part: np.where(hidden, instead, frame[part].to_numpy(dtype=float)) for part in ("value", "numerator")}
    return frame.assign(**filled), hidden & np.isnan(instead)


def _spells(frame: pd.DataFrame, period_of: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of each period, in the order of its code."""
    first = np.zeros(count, dtype=int)
    first[period_of[::-1]] = np.arange(len(period_of))[::-1]
    return frame["start"].to_numpy()[first], frame["end"].to_numpy()[first]


def _sum_by(cell: tuple[np.ndarray, np.ndarray], values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Sums of values that fall into the same metric and period."""
    return np.bincount(cell[0] * shape[1] + cell[1], values, shape[0] * shape[1]).reshape(shape)
