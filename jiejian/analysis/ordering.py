"""Who stands where: ranks of many arrays at once, ties sharing a rank."""

from __future__ import annotations

import numpy as np

# More units than this are ranked by sorting: to hold each of 3,000 against each other takes gigabytes and half a minute.
_FEW = 64


def ranks(values: np.ndarray, tie: float = 0.0) -> np.ndarray:
    """Ranks along the last axis: 1 for the highest, those that differ by no more than ``tie`` share the smaller number; gaps stay NaN."""
    if values.shape[-1] > _FEW:
        return _by_sorting(values, tie)
    above = (values[..., None, :] > values[..., :, None] + tie).sum(axis=-1) + 1.0
    return np.where(np.isnan(values), np.nan, above)


def _by_sorting(values: np.ndarray, tie: float) -> np.ndarray:
    rows = values.reshape(-1, values.shape[-1])
    order = np.argsort(rows, axis=1)  # gaps come last
    ordered, there = np.take_along_axis(rows, order, axis=1), (~np.isnan(rows)).sum(axis=1)
    found = there[:, None] - np.arange(rows.shape[1], dtype=float)
    # Without ties the place in the order is the rank; to look for what is above each unit costs more than the sorting.
    for n in np.flatnonzero((np.diff(ordered, axis=1) <= tie).any(axis=1)):
        line = ordered[n, : there[n]]
        found[n, : there[n]] = there[n] + 1.0 - np.searchsorted(line, line + tie, side="right")
    found[np.isnan(ordered)] = np.nan
    ranked = np.empty_like(found)
    np.put_along_axis(ranked, order, found, axis=1)
    return ranked.reshape(values.shape)
