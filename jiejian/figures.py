"""Measures, laid out as arrays (place × period) -> the figures frame: combined by metric, stacked as rows."""

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


def assemble(places: pd.DataFrame, metrics: Sequence[Metric], periods: Sequence[Period], held: Held) -> pd.DataFrame:
    """Compute every metric of measures that are laid out as arrays, and stack the results in one frame."""
    count, shape = len(metrics), (len(places), len(periods))
    parts = [held.parts(metric) for metric in metrics]
    value = np.array([metric_value(m, above, below) for m, (above, below) in zip(metrics, parts, strict=True)]).reshape(
        count, *shape
    )
    rows = np.arange(count)[:, None, None], np.arange(shape[0])[None, :, None], np.arange(shape[1])[None, None, :]
    metric, place, period = (np.broadcast_to(part, value.shape).ravel() for part in rows)
    start, end = (np.array([getattr(p, side) for p in periods], dtype="datetime64[s]") for side in ("start", "end"))
    status, qualifier, note = (held.said(text, metrics, otherwise) for text, otherwise in OTHERWISE.items())
    return pd.DataFrame({
        "place_id": _texts(places["place_id"], place),
        "place": _texts(places["place"], place),
        "sort": places["sort"].to_numpy(dtype=int)[place],
        "period": _texts([p.key for p in periods], period),
        "start": start[period],
        "end": end[period],
        "metric": _texts([m.id for m in metrics], metric),
        "value": value.ravel(),
        "numerator": np.array([above for above, _ in parts]).ravel(),
        "denominator": np.array([below for _, below in parts]).ravel(),
        "status": _texts([*status[0], "M"], np.where(np.isnan(value), len(status[0]), status[1])),
        "qualifier": _texts(*qualifier),
        "note": _texts(*note),
    })  # fmt: skip


def _texts(known, codes: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """A column of few different texts, by their positions in ``known``: a hundred times faster than a column of objects."""
    words = known.array if isinstance(known, pd.Series) and known.dtype == "str" else pd.array(list(known), dtype="str")
    return words.take(np.ascontiguousarray(codes).ravel())


def names_of(places: pd.DataFrame) -> dict[str, str]:
    """Id → name of places. (To walk through a column of texts costs a microsecond each, as a list a tenth of it.)"""
    return dict(zip(*(places[name].astype(str).tolist() for name in ("place_id", "place")), strict=True))


@dataclass(frozen=True)
class Cube:
    """Several metrics at several places over periods; a gap is NaN. ``value`` is an array of metric × place × period, ``numerator`` and
    ``denominator`` hold one of place × period, not to be written to, for each metric.

    ``eras`` (place × period) counts how often a place had been redrawn: its figures of two eras are not to be compared. ``early`` tells
    which figures are provisional or estimated, where that was asked for.
    """

    metrics: tuple[Metric, ...]
    places: pd.DataFrame
    periods: tuple[Period, ...]
    value: np.ndarray
    numerator: Sequence[np.ndarray]
    denominator: Sequence[np.ndarray]
    eras: np.ndarray
    early: np.ndarray | None = None


def lay_out(
    places: pd.DataFrame, metrics: Sequence[Metric], periods: Sequence[Period], held: Held, eras: np.ndarray, remarks: bool = False
) -> Cube:
    """The figures of :func:`assemble` as arrays, for what is computed over all of them at once; with ``remarks``, which are early."""
    parts = [held.parts(metric) for metric in metrics]
    value = np.empty((len(metrics), len(places), len(periods)))
    for row, (metric, (above, below)) in enumerate(zip(metrics, parts, strict=True)):
        value[row] = metric_value(metric, above, below)
    above, below = (tuple(part[i] for part in parts) for i in range(2))
    return Cube(tuple(metrics), places, tuple(periods), value, above, below, eras, held.early(metrics) if remarks else None)


# What a cell says of itself where nobody said anything.
OTHERWISE = {"status": "A", "qualifier": "exact", "note": ""}
# Estimated, provisional (SDMX).
EARLY = ("E", "P")


@dataclass(frozen=True)
class Remark:
    """What was said beside some cells of a measure: rows and columns of its array, and the three texts of each (None: nothing)."""

    row: np.ndarray
    column: np.ndarray
    texts: Mapping[str, np.ndarray]

    def of(self, rows: np.ndarray, columns: np.ndarray) -> Remark:
        """The remarks of some rows and columns; ``rows`` and ``columns`` give each old position its new one, or −1."""
        row, column = rows[self.row], columns[self.column]
        kept = (row >= 0) & (column >= 0)
        return Remark(row[kept], column[kept], {name: texts[kept] for name, texts in self.texts.items()})


@dataclass(frozen=True)
class Held:
    """Measures laid out as place × period, and the few remarks that were made beside them."""

    shape: tuple[int, int]
    value: Mapping[str, np.ndarray]
    remarks: Mapping[str, Remark]

    def parts(self, metric: Metric) -> tuple[np.ndarray, np.ndarray]:
        """Numerator and denominator, place × period. A sum with a missing part is missing: NaN + 5 is NaN on purpose."""
        above, below = ([self.value[m] for m in part] for part in metric.parts)
        return _sum(above), _sum(below) if below else np.broadcast_to(np.nan, self.shape)

    def said(self, text: str, metrics: Sequence[Metric], otherwise: str) -> tuple[list[str], np.ndarray]:
        """Different texts, and for metric × place × period which of them the first part of the metric that has one carries."""
        at = {otherwise: 0}
        codes = np.zeros((len(metrics), *self.shape), dtype=np.int32)
        for number, metric in enumerate(metrics):
            for measure in reversed(metric.measures):
                remark = self.remarks.get(measure)
                if remark is None:
                    continue
                which, words = pd.factorize(remark.texts[text])
                new = np.array([at.setdefault(one, len(at)) if one else 0 for one in words], dtype=np.int32)
                told = (which >= 0) & (new[which] > 0) if len(words) else np.zeros(len(which), dtype=bool)
                codes[number, remark.row[told], remark.column[told]] = new[which[told]]
        return list(at), codes

    def early(self, metrics: Sequence[Metric]) -> np.ndarray:
        """Which of metric × place × period are estimated or provisional."""
        words, codes = self.said("status", metrics, OTHERWISE["status"])
        return np.isin(codes, [i for i, word in enumerate(words) if word in EARLY])


def _sum(parts: Sequence[np.ndarray]) -> np.ndarray:
    found = parts[0]
    for part in parts[1:]:
        found = found + part
    return found


def metric_value(metric: Metric, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """The value of a metric from its parts, element by element, in the metric's units; 0/0 and x/0 are gaps."""
    numerator, denominator = (np.asarray(part, dtype=float) for part in (numerator, denominator))
    if not metric.denominator:
        return numerator
    with np.errstate(invalid="ignore", divide="ignore"):
        value = numerator / denominator
    value *= 100.0 if metric.kind == "proportion" else metric.per
    np.copyto(value, np.nan, where=~(denominator > 0))
    return value
