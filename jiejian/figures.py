"""Measures -> the figures frame: laid out as arrays (measure × place × period), combined by metric, stacked as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from jiejian.catalogue import Metric
from jiejian.periods import Period


def bucket(period: Period) -> date:
    """The day by which a period is known: its first; for 累计, whose periods all begin in January, the first of its last month."""
    return period.end.replace(day=1) if period.grain == "ytd" else period.start


def assemble(places: pd.DataFrame, metrics: Sequence[Metric], periods: Sequence[Period], measures: pd.DataFrame) -> pd.DataFrame:
    """Lay measures out as arrays (measure × place × period), compute every metric, and stack the results in one frame."""
    cube = _Cube.of(places, sorted({m for metric in metrics for m in metric.measures}), periods, measures)
    count, shape = len(metrics), (len(places), len(periods))
    parts = [cube.parts(metric) for metric in metrics]
    value = np.array([metric_value(m, above, below) for m, (above, below) in zip(metrics, parts, strict=True)]).reshape(
        count, *shape
    )
    status = np.array([cube.remark("status", m, "A") for m in metrics], dtype=object).reshape(value.shape)
    return pd.DataFrame({
        "place_id": _spread(places["place_id"], count, 1, len(periods)),
        "place": _spread(places["place"], count, 1, len(periods)),
        "sort": _spread(places["sort"], count, 1, len(periods)),
        "period": _spread([p.key for p in periods], count, len(places), 1),
        "start": _spread(np.array([p.start for p in periods], dtype="datetime64[s]"), count, len(places), 1),
        "end": _spread(np.array([p.end for p in periods], dtype="datetime64[s]"), count, len(places), 1),
        "metric": np.repeat(np.array([m.id for m in metrics], dtype=object), shape[0] * shape[1]),
        "value": value.ravel(),
        "numerator": np.array([above for above, _ in parts]).ravel(),
        "denominator": np.array([below for _, below in parts]).ravel(),
        "status": np.where(np.isnan(value), "M", status).ravel(),
        "qualifier": np.array([cube.remark("qualifier", m, "exact") for m in metrics], dtype=object).ravel(),
        "note": np.array([cube.remark("note", m, "") for m in metrics], dtype=object).ravel(),
    })  # fmt: skip


@dataclass(frozen=True)
class Cube:
    """Several metrics at several places over periods, arrays of metric × place × period; a gap is NaN.

    ``eras`` (place × period) counts how often a place had been redrawn: its figures of two eras are not to be compared.
    """

    metrics: tuple[Metric, ...]
    places: pd.DataFrame
    periods: tuple[Period, ...]
    value: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    eras: np.ndarray


def lay_out(
    places: pd.DataFrame,
    metrics: Sequence[Metric],
    periods: Sequence[Period],
    names: Sequence[str],
    rows: pd.DataFrame,
    eras: np.ndarray,
) -> Cube:
    """The figures of :func:`assemble` as arrays, for what is computed over all of them at once.

    ``rows`` has measure, place and bucket as positions in ``names``, ``places`` and ``periods``, and value.
    """
    held = np.full((len(names), len(places), len(periods)), np.nan)
    held[tuple(rows[part].to_numpy() for part in ("measure", "place", "bucket"))] = rows["value"].to_numpy(dtype=float)
    cube = _Cube({name: i for i, name in enumerate(names)}, held, {})
    parts = [cube.parts(metric) for metric in metrics]
    shape = (len(metrics), len(places), len(periods))
    value = [metric_value(m, above, below) for m, (above, below) in zip(metrics, parts, strict=True)]
    above, below = (np.array([part[i] for part in parts]).reshape(shape) for i in range(2))
    return Cube(tuple(metrics), places, tuple(periods), np.array(value).reshape(shape), above, below, eras)


def _spread(values, times: int, outer: int, inner: int) -> np.ndarray:
    """Each value ``inner`` times in a row, the whole ``outer`` times, and all of that once for each metric."""
    kept = np.asarray(values) if isinstance(values, np.ndarray) else np.array(list(values), dtype=object)
    kept = kept.astype(int) if kept.dtype == object and len(kept) and isinstance(kept[0], int | np.integer) else kept
    return np.tile(np.repeat(kept, inner), outer * times)


@dataclass(frozen=True)
class _Cube:
    """Measures laid out as measure × place × period; remarks are sparse, most measures have none."""

    at: Mapping[str, int]
    value: np.ndarray
    remarks: Mapping[str, Mapping[int, np.ndarray]]

    @classmethod
    def of(cls, places: pd.DataFrame, names: Sequence[str], periods: Sequence[Period], rows: pd.DataFrame) -> _Cube:
        at = {name: i for i, name in enumerate(names)}
        starts = pd.Index(np.array([bucket(p) for p in periods], dtype="datetime64[s]"))
        cells = np.array(
            [
                pd.Index(names, dtype=object).get_indexer(rows["measure"].to_numpy(dtype=object)),
                pd.Index(places["place_id"].to_numpy(dtype=object)).get_indexer(rows["place_id"].to_numpy(dtype=object)),
                starts.get_indexer(rows["bucket"].to_numpy().astype("datetime64[s]")),
            ],
            dtype=int,
        ).reshape(3, len(rows))
        inside = (cells >= 0).all(axis=0)
        shape = (len(names), len(places), len(periods))
        value = np.full(shape, np.nan)
        value[tuple(cells[:, inside])] = rows["value"].to_numpy(dtype=float, na_value=np.nan)[inside]
        texts = ("status", "qualifier", "note")
        return cls(at, value, {text: _sparse(cells, inside, rows[text].to_numpy(dtype=object), shape[1:]) for text in texts})

    def parts(self, metric: Metric) -> tuple[np.ndarray, np.ndarray]:
        """Numerator and denominator, place × period. A sum with a missing part is missing: NaN + 5 is NaN on purpose."""
        above, below = ([self.at[m] for m in part] for part in metric.parts)
        numerator = self.value[above].sum(axis=0)
        return numerator, self.value[below].sum(axis=0) if below else np.full_like(numerator, np.nan)

    def remark(self, text: str, metric: Metric, otherwise: str) -> np.ndarray:
        """The first remark that any part of the metric carries, cell by cell."""
        found = np.full(self.value.shape[1:], otherwise, dtype=object)
        for measure in reversed(metric.measures):
            said = self.remarks[text].get(self.at[measure])
            if said is not None:
                found = np.where(said == "", found, said)
        return found


def _sparse(cells: np.ndarray, inside: np.ndarray, texts: np.ndarray, shape: tuple[int, int]) -> dict[int, np.ndarray]:
    """Place × period arrays of remarks for those measures that have any."""
    said = inside & ~pd.isna(texts) & (texts != "")
    found: dict[int, np.ndarray] = {}
    for measure, row, column, text in zip(*cells[:, said], texts[said], strict=True):
        found.setdefault(int(measure), np.full(shape, "", dtype=object))[row, column] = text
    return found


def metric_value(metric: Metric, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """The value of a metric from its parts, element by element, in the metric's units; 0/0 and x/0 are gaps."""
    if not metric.denominator:
        return np.asarray(numerator, dtype=float)
    scale = 100.0 if metric.kind == "proportion" else metric.per
    denominator = np.asarray(denominator, dtype=float)
    safe = np.where(denominator > 0, denominator, np.nan)
    return np.asarray(numerator, dtype=float) / safe * scale
