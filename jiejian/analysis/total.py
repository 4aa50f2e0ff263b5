"""The street's figure from its communities': sums over sums, and how many communities it rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from jiejian.catalogue import Measure, Metric
from jiejian.figures import EARLY, Cube, metric_value
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
    early = there & frame["status"].isin(EARLY).to_numpy()[own]
    above, below = (np.where(there, frame[part].to_numpy(dtype=float)[own], 0.0) for part in ("numerator", "denominator"))
    sums = Sums(*(_sum_by(cell, part, shape) for part in (np.ones(len(there)), there, above, below, early, partly_hidden[own])))
    order = np.argsort(end, kind="stable")
    spell = (np.asarray(period, dtype=object)[order], start[order], end[order])
    return _rows(metrics, measures, spell, sums.at(order), frame["place"].unique())


def totals_of(cube: Cube, measures: Mapping[str, Measure]) -> pd.DataFrame:
    """:func:`totals` from the figures as arrays (with remarks), in which nothing is hidden: a city's frame has hundreds of thousands of rows."""
    there = ~np.isnan(cube.value)
    above, below = (
        np.array([np.where(own, part, 0.0).sum(axis=0) for own, part in zip(there, parts, strict=True)]).reshape(there.shape[::2])
        for parts in (cube.numerator, cube.denominator)
    )
    early = np.zeros_like(there) if cube.early is None else there & cube.early
    count = np.full(above.shape, len(cube.places))
    sums = Sums(count, there.sum(axis=1), above, below, early.sum(axis=1), np.zeros(above.shape))
    start, end = (np.array([getattr(p, side) for p in cube.periods], dtype="datetime64[s]") for side in ("start", "end"))
    spell = (np.array([p.key for p in cube.periods], dtype=object), start, end)
    return _rows(cube.metrics, measures, spell, sums, cube.places["place"].unique())


@dataclass(frozen=True)
class Sums:
    """Over the communities, metric × period: how many were asked, how many have a figure, their sums, how many figures are early and how
    many are hidden and stand in no sum."""

    count: np.ndarray
    reporting: np.ndarray
    above: np.ndarray
    below: np.ndarray
    early: np.ndarray
    hidden: np.ndarray

    def at(self, periods: np.ndarray) -> Sums:
        """In another order of periods."""
        return Sums(*(getattr(self, field.name)[:, periods] for field in fields(self)))


def _rows(
    metrics: Sequence[Metric], measures: Mapping[str, Measure], spell: tuple[np.ndarray, np.ndarray, np.ndarray], sums: Sums, names: Collection[str]
) -> pd.DataFrame:
    """A row a metric and period that anybody was asked for; ``spell`` holds keys, first and last days of the periods, oldest first."""
    period, start, end = spell
    # A period in which nobody reported is a gap, not zero.
    numerator, denominator = (np.where(sums.reporting > 0, part, np.nan) for part in (sums.above, sums.below))
    partly = sums.hidden > 0
    allowed = np.array([can_total(m, measures) for m in metrics])
    value = np.array([metric_value(m, *parts) for m, *parts in zip(metrics, numerator, denominator, strict=True)]).reshape(numerator.shape)
    value = np.where(allowed[:, None] & ~partly, value, np.nan)
    return pd.DataFrame({
        "period": np.tile(period, len(metrics)),
        "start": np.tile(start, len(metrics)),
        "end": np.tile(end, len(metrics)),
        "numerator": numerator.ravel(),
        "denominator": denominator.ravel(),
        "reporting": sums.reporting.astype(int).ravel(),
        "places": sums.count.astype(int).ravel(),
        "place_id": "",
        "place": next(iter(names)) if len(names) == 1 else TOTAL,
        "sort": -1,
        "metric": np.repeat(np.array([m.id for m in metrics], dtype=object), len(period)),
        "value": value.ravel(),
        "status": np.where(np.isnan(value), "M", np.where(sums.early > 0, "P", "A")).ravel(),
        "qualifier": "exact",
        "note": np.where(
            allowed[:, None], np.where(partly, "有的社区人数少不显示，不作合计", ""), "各社区之间不能相加"
        ).astype(object).ravel(),
    })[sums.count.ravel() > 0].reset_index(drop=True)  # fmt: skip


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
