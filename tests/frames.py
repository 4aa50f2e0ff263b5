"""Hand-made figures frames for the tests of findings, charts and slides."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jiejian.catalogue import load_catalogue
from jiejian.context import Context
from jiejian.home import BUNDLED_CATALOGUE
from jiejian.periods import parse_period

CATALOGUE = load_catalogue(BUNDLED_CATALOGUE)
METRICS = CATALOGUE.metrics
CONTEXT = Context("示范街道", "demo", "示范街道（演示数据）", True, "全部社区", "2026年10月", "2026-10-31", ("诉求工单",), "")
COLUMNS = [
    *("place_id", "place", "sort", "metric", "period", "start", "end"),
    *("value", "numerator", "denominator", "status", "qualifier", "note"),
]


def frame(metric: str, figures: dict[str, dict[str, object]]) -> pd.DataFrame:
    """``figures``: place -> period key -> (numerator, denominator), a plain number, or None for a gap."""
    rows = []
    for sort, (place, by_period) in enumerate(figures.items()):
        for key, figure in by_period.items():
            period = parse_period(key)
            above, below = figure if isinstance(figure, tuple) else (np.nan if figure is None else float(figure), np.nan)
            value = _value(metric, above, below)
            status = "M" if np.isnan(value) else "A"
            span = (pd.Timestamp(period.start), pd.Timestamp(period.end))
            rows.append((f"demo/{place}", place, sort, metric, key, *span, value, above, below, status, "exact", ""))
    return pd.DataFrame(rows, columns=COLUMNS)


def _value(metric: str, above: float, below: float) -> float:
    declared = METRICS[metric]
    if not declared.denominator:
        return above
    scale = 100 if declared.kind == "proportion" else declared.per
    return above / below * scale if below else np.nan


def at(metric: str, key: str = "2026-10", **figures) -> pd.DataFrame:
    """One period, one figure a place."""
    return frame(metric, {place: {key: figure} for place, figure in figures.items()})


def series(metric: str, place: str = "全街道", **figures) -> pd.DataFrame:
    """One place over periods; keys as m2026_10 for 2026-10."""
    return frame(metric, {place: {key[1:].replace("_", "-"): figure for key, figure in figures.items()}})
