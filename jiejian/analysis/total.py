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

    Returns the frame's columns for one place, ``全街道`` (or the only place there is), plus ``reporting`` (communities with a figure) and ``places``
    (communities asked for). A proportion is the sum of numerators over the sum of denominators of the reporting
    communities. Where a metric may not be added, ``value`` is a gap with the reason in ``note``.
    """
    frame = frame[frame["metric"].to_numpy() == metric.id]
    code, keys = pd.factorize(frame["period"])
    names = frame["place"]
    count = len(keys)
    there = frame["value"].notna().to_numpy()
    first = np.zeros(count, dtype=int)
    first[code[::-1]] = np.arange(len(code))[::-1]
    start, end = (frame[name].to_numpy()[first] for name in ("start", "end"))
    reporting = np.bincount(code, there, count).astype(int)
    provisional = np.bincount(code, there & frame["status"].isin(["E", "P"]).to_numpy(), count) > 0
    numerator, denominator = (
        _sums(frame[part].to_numpy(dtype=float), there, code, reporting) for part in ("numerator", "denominator")
    )
    allowed = can_total(metric, measures)
    value = metric_value(metric, numerator, denominator) if allowed else np.full(count, np.nan)
    result = pd.DataFrame(
        {
            "period": keys,
            "start": start,
            "end": end,
            "numerator": numerator,
            "denominator": denominator,
            "reporting": reporting,
            "places": np.bincount(code, minlength=count),
            "place_id": "",
            "place": names.iloc[0] if names.nunique() == 1 else TOTAL,
            "sort": -1,
            "metric": metric.id,
            "value": value,
            "status": np.where(np.isnan(value), "M", np.where(provisional, "P", "A")),
            "qualifier": "exact",
            "note": "" if allowed else "各社区之间不能相加",
        }
    )
    return result.iloc[np.argsort(result["end"].to_numpy(), kind="stable")].reset_index(drop=True)


def _sums(values: np.ndarray, there: np.ndarray, code: np.ndarray, reporting: np.ndarray) -> np.ndarray:
    """Sums by period over the reporting communities; a period in which nobody reported is a gap, not zero."""
    sums = np.bincount(code, np.where(there, values, 0.0), len(reporting))
    return np.where(reporting > 0, sums, np.nan)
