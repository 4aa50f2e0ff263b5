"""What all findings share: titles of 10–28 characters, lists of names, figures with their unit, the word for a gap."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from jiejian.catalogue import Metric
from jiejian.format import format_value

Finding = tuple[str, str]

SHORTEST, LONGEST = 10, 28
LEVEL = "持平"
_NAMED = 3


def fit_title(*candidates: str, otherwise: str) -> str:
    """The first candidate of 10–28 characters; ``otherwise`` (which must fit) where none does."""
    return next((c for c in candidates if c and SHORTEST <= len(c) <= LONGEST), otherwise)


def listed(places: Sequence[str], noun: str) -> str:
    named = "、".join(places[:_NAMED])
    return named if len(places) <= _NAMED else f"{named}等{len(places)}个{noun}"


def figure_text(value: float, metric: Metric, decimals: int | None = None) -> str:
    return format_value(value, metric, decimals, unit=True)


def decimals_apart(metric: Metric, *values: float) -> int:
    """As many decimals as the metric has, or up to two more where that tells ``values`` apart: 均值9.6次、上限10.4次, not 10次、10次."""
    for more in range(3):
        if len({figure_text(v, metric, metric.decimals + more) for v in values}) == len(values):
            return metric.decimals + more
    return metric.decimals


def span_text(low: float, high: float, metric: Metric) -> str:
    return format_value(high, metric, unit=True, qualifier="range", lower=low, upper=high)


def gap_word(denominator: float | None = None) -> str:
    """Why a place's figure is missing: 缺报, or 分母为0 where nothing happened that could be measured."""
    return "分母为0" if denominator == 0 else "缺报"


def row_gap(row: pd.Series, metric: Metric) -> str:
    """The same for a row of a series. A street's rate does not tell whether its communities were late or had no cases."""
    return "缺数" if "reporting" in row and metric.denominator else gap_word(row["denominator"])
