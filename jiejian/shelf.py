"""Measures of one version of the warehouse as arrays, place × period, each read once.

A version never changes, and a page asks for the same measures again with every other period, community or metric: so a measure
is read for all periods and places of a data set, and a selection is a slice of it. What is too large to be kept is read for the
selection alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count

import numpy as np
import pandas as pd

from jiejian.boundaries import Member
from jiejian.catalogue import Measure
from jiejian.figures import OTHERWISE, Held, Remark, bucket
from jiejian.keeping import MEGABYTE, MISSING, Kept
from jiejian.periods import Period, periods_between
from jiejian.selection import Selection

# All versions and all sights together. A measure of 3,000 communities over eleven years by month takes 3 MB.
KEPT = Kept(512 * MEGABYTE)
# A data set that begins earlier than so many periods ago is read for a selection alone.
_LONGEST = 240
_NUMBERS = count()

# The first day of the period that contains a base row, by grain; allow-listed SQL, never text of a user.
_BUCKET = {
    "month": "date_trunc('month', f.period_start)",
    "quarter": "date_trunc('quarter', f.period_start)",
    "half": "make_date(year(f.period_start), CASE WHEN month(f.period_start) <= 6 THEN 1 ELSE 7 END, 1)",
    "year": "date_trunc('year', f.period_start)",
}
_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}

_FLOW = """
SELECT f.place_id, f.measure, CAST({bucket} AS DATE) AS bucket,
       CASE WHEN count(f.value) * w.months = $need THEN sum(f.value) END AS value,
       max(CASE WHEN f.status IN ('E', 'P') THEN f.status END) AS status,
       max(CASE WHEN f.qualifier <> 'exact' THEN f.qualifier END) AS qualifier,
       max(f.note) AS note
FROM figure f JOIN wanted w ON w.measure = f.measure AND w.base = f.grain
WHERE f.dataset = $dataset AND f.breakdown = '' AND w.kind = 'flow'
  AND f.period_start >= $first AND f.period_end <= $last {narrow}
GROUP BY f.place_id, f.measure, bucket, w.months
"""

# 1—n月累计: the running sum within a year, complete only if every month so far is there.
_FLOW_TO_DATE = """
SELECT place_id, measure, bucket, CASE WHEN there = month(bucket_end) THEN value END AS value, status, qualifier, note
FROM (
  SELECT f.place_id, f.measure, CAST(date_trunc('month', f.period_start) AS DATE) AS bucket, f.period_end AS bucket_end,
         sum(f.value) OVER so_far AS value, count(f.value) OVER so_far * w.months AS there,
         max(CASE WHEN f.status IN ('E', 'P') THEN f.status END) OVER so_far AS status,
         max(CASE WHEN f.qualifier <> 'exact' THEN f.qualifier END) OVER so_far AS qualifier,
         max(f.note) OVER so_far AS note
  FROM figure f JOIN wanted w ON w.measure = f.measure AND w.base = f.grain
  WHERE f.dataset = $dataset AND f.breakdown = '' AND w.kind = 'flow'
    AND f.period_start >= date_trunc('year', CAST($first AS DATE)) AND f.period_end <= $last
  WINDOW so_far AS (PARTITION BY f.place_id, f.measure, year(f.period_start) ORDER BY f.period_start)
)
"""

# A state is read at the period's last day; persons and published rates at exactly this grain.
_STATE = """
SELECT f.place_id, f.measure, p.bucket, f.value,
       CASE WHEN f.status IN ('E', 'P') THEN f.status END AS status,
       CASE WHEN f.qualifier <> 'exact' THEN f.qualifier END AS qualifier, f.note
FROM figure f JOIN wanted w ON w.measure = f.measure
JOIN asked p ON p.ends = f.period_end
WHERE f.dataset = $dataset AND f.breakdown = '' {narrow}
  AND ((w.kind IN ('stock', 'cumulative') AND f.grain = w.base)
    OR (w.kind IN ('distinct', 'as_reported') AND f.grain = $grain AND f.period_start = p.starts))
"""

# The figures of places that were merged, added up to the place that they are now. Stands in front of the table of the same name,
# so that every query reads it in its place. What may not be added, or is not there from all, is a gap.
_MERGED = """
member AS (SELECT unnest($parts) AS place_id, unnest($nows) AS now, unnest($firsts::DATE[]) AS first, unnest($lasts::DATE[]) AS last),
merged AS (
  SELECT f.dataset, m.now AS place_id, f.measure, f.grain, f.period_start, f.period_end, f.breakdown,
         CASE WHEN count(*) = 1 AND any_value(f.place_id) = m.now THEN any_value(f.value)
              WHEN any_value(w.adds) AND count(f.value) = any_value(n.expected) THEN sum(f.value) END AS value,
         coalesce(max(CASE WHEN f.status <> 'A' THEN f.status END), 'A') AS status,
         coalesce(max(CASE WHEN f.qualifier <> 'exact' THEN f.qualifier END), 'exact') AS qualifier,
         coalesce(max(f.note), CASE WHEN count(*) > 1 OR any_value(f.place_id) <> m.now
           THEN '按现区划，由' || string_agg(p.name, '、' ORDER BY p.sort, p.name) || '相加' END) AS note
  FROM main.figure f JOIN member m ON m.place_id = f.place_id AND f.period_end BETWEEN m.first AND m.last
  JOIN wanted w ON w.measure = f.measure JOIN place p ON p.place_id = f.place_id,
  LATERAL (SELECT count(*) AS expected FROM member o WHERE o.now = m.now AND f.period_end BETWEEN o.first AND o.last) n
  WHERE f.dataset = $dataset AND f.breakdown = ''
  GROUP BY f.dataset, m.now, f.measure, f.grain, f.period_start, f.period_end, f.breakdown),
figure AS (
  SELECT dataset, place_id, measure, grain, period_start, period_end, breakdown, value, status, qualifier, note FROM merged
  UNION ALL
  SELECT dataset, place_id, measure, grain, period_start, period_end, breakdown, value, status, qualifier, note FROM main.figure
  WHERE dataset = $dataset AND NOT list_contains($parts, place_id))
"""


# What is asked for: measures with their kind and grain, and the periods.
_ASKED = """
wanted AS (SELECT unnest($measures) AS measure, unnest($adds) AS adds, unnest($kinds) AS kind, unnest($bases) AS base, unnest($months) AS months),
asked AS (SELECT unnest($starts::DATE[]) AS starts, unnest($ends::DATE[]) AS ends, unnest($buckets::DATE[]) AS bucket)"""

# Few cells say anything of themselves; the others need not be read twice.
_SAID = "AND (f.status IN ('E', 'P') OR f.qualifier <> 'exact' OR f.note IS NOT NULL)"
_TOLD = "(f.status IS NOT NULL OR f.qualifier IS NOT NULL OR f.note IS NOT NULL)"

# The same rows with positions in place of names and days: numbers travel faster where there are many.
_NUMBERED = """
SELECT m.i AS measure, p.i AS place, b.i AS bucket, {columns}
FROM (SELECT * FROM ({flow}) UNION ALL SELECT * FROM ({state})) f
JOIN (SELECT unnest($measures) AS measure, unnest(range(len($measures)))::INTEGER AS i) m USING (measure)
JOIN (SELECT unnest($places) AS place_id, unnest(range(len($places)))::INTEGER AS i) p USING (place_id)
JOIN (SELECT unnest($buckets::DATE[]) AS bucket, unnest(range(len($buckets)))::INTEGER AS i) b USING (bucket)
WHERE {held}
"""


@dataclass(frozen=True)
class Wanted:
    """A measure, the finest grain in which it stands, and the months of that (0: no part of a calendar)."""

    measure: Measure
    base: str
    months: int


class Shelf:
    """The measures of one version as one sight sees them. ``frame`` runs a query with its parameters."""

    def __init__(self, frame: Callable[[str, Mapping], pd.DataFrame], version: str):
        # The same file read with another catalogue is another shelf.
        self._frame, self._name = frame, (version, next(_NUMBERS))
        self._reading = threading.Lock()

    def take(
        self,
        first: date | None,
        as_of: date | None,
        selection: Selection,
        wanted: Sequence[Wanted],
        members: tuple[Member, ...],
        known: tuple[str, ...],
        places: pd.Series,
        remarks: bool,
    ) -> Held:
        """Measures at ``places`` (of the data set's ``known`` ones) and the selection's periods; ``first`` to ``as_of`` is what there is.

        ``members`` are the places that were merged into others by the selection's last day; see boundaries.py.
        """
        periods = selection.periods
        axis = self._axis(first, as_of, selection, len(known) * len(wanted))
        at = {period: i for i, period in enumerate(axis)}
        columns = np.array([at[p] for p in periods], dtype=int)
        rows = (
            np.arange(len(known)) if len(places) == len(known) else pd.Index(known, dtype=object).get_indexer(places.to_numpy(dtype=object))
        )
        asked = selection.dataset, selection.period.grain, axis, members, known
        value = {name: _part(array, rows, columns) for name, array in self._read(*asked, wanted, _values).items()}
        said: dict[str, Remark] = {}
        if remarks:
            new_row, new_column = np.full(len(known), -1), np.full(len(axis), -1)
            new_row[rows], new_column[columns] = np.arange(len(rows)), np.arange(len(columns))
            noted = self._read(*asked, wanted, _remarks)
            said = {name: one.of(new_row, new_column) for name, one in noted.items() if one is not None}
        return Held((len(rows), len(columns)), value, said)

    def _axis(self, first: date | None, as_of: date | None, selection: Selection, cells: int) -> tuple[Period, ...]:
        """All periods of the data set and the year before them, where that is worth keeping; else the selection's own."""
        if first is None or as_of is None:
            return selection.periods
        axis = tuple(periods_between(date(max(first.year - 1, 1), 1, 1), as_of, selection.period.grain))
        fits = len(axis) <= _LONGEST and cells * len(axis) * 8 <= KEPT.most // 2
        return axis if fits and set(selection.periods) <= set(axis) else selection.periods

    def _read(
        self,
        dataset: str,
        grain: str,
        axis: tuple[Period, ...],
        members: tuple[Member, ...],
        known: tuple[str, ...],
        wanted: Sequence[Wanted],
        lay: Callable,
    ) -> dict[str, object]:
        """What ``lay`` makes of each wanted measure; those that are not kept are read together, by one at a time."""
        key = (*self._name, lay, dataset, grain, axis[0], axis[-1], members)
        found = {w.measure.id: KEPT.peek((*key, w.measure.id)) for w in wanted}
        if any(one is MISSING for one in found.values()):
            with self._reading:
                found = {w.measure.id: KEPT.peek((*key, w.measure.id)) for w in wanted}
                missing = [w for w in wanted if found[w.measure.id] is MISSING]
                if missing:
                    made = lay(self._frame, *_query(dataset, grain, axis, members, known, missing, lay is _remarks), missing, len(known), len(axis))
                    for name, one in made.items():
                        KEPT.put((*key, name), one)
                        found[name] = one
        return found


def _part(array: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Some rows and columns of a kept array, not to be written to; all places and months that follow each other are no copy."""
    following = len(columns) and (np.diff(columns) == 1).all()
    found = array[:, columns[0] : columns[-1] + 1] if following and len(rows) == len(array) else array[np.ix_(rows, columns)]
    found.flags.writeable = False
    return found


def _values(frame: Callable, sql: str, parameters: Mapping, wanted: Sequence[Wanted], places: int, periods: int) -> dict[str, np.ndarray]:
    rows = frame(sql, parameters)
    held = np.full((len(wanted), places, periods), np.nan)
    held[tuple(rows[part].to_numpy() for part in ("measure", "place", "bucket"))] = rows["value"].to_numpy(dtype=float)
    # Each an array of its own: one that is kept must not hold on to the others.
    return {w.measure.id: held[i].copy() if len(wanted) > 1 else held[i] for i, w in enumerate(wanted)}


def _remarks(frame: Callable, sql: str, parameters: Mapping, wanted: Sequence[Wanted], places: int, periods: int) -> dict[str, Remark | None]:
    rows = frame(sql, parameters)
    of = rows["measure"].to_numpy()
    found: dict[str, Remark | None] = {}
    for i, w in enumerate(wanted):
        own = rows[of == i]
        texts = {text: own[text].astype(object).where(own[text].notna(), None).to_numpy(dtype=object) for text in OTHERWISE}
        found[w.measure.id] = Remark(own["place"].to_numpy(), own["bucket"].to_numpy(), texts) if len(own) else None
    return found


def _query(
    dataset: str,
    grain: str,
    axis: Sequence[Period],
    members: Sequence[Member],
    known: Sequence[str],
    wanted: Sequence[Wanted],
    remarks: bool,
) -> tuple[str, dict[str, object]]:
    """The query for measures at all ``known`` places and periods of ``axis``, and its parameters.

    Its columns are measure, place and bucket as positions, and value; or, for ``remarks``, the three texts of the cells that
    have any.
    """
    parameters = {
        "dataset": dataset,
        "grain": grain,
        "need": _MONTHS.get(grain, 0),
        "first": min(p.start for p in axis),
        "last": max(p.end for p in axis),
        "measures": [w.measure.id for w in wanted],
        "adds": [w.measure.adds_across_places for w in wanted],
        "kinds": [w.measure.kind for w in wanted],
        "bases": [w.base for w in wanted],
        "months": [w.months for w in wanted],
        "starts": [p.start for p in axis],
        "ends": [p.end for p in axis],
        "buckets": [bucket(p) for p in axis],
        "places": list(known),
        "parts": [m.place_id for m in members],
        "nows": [m.now for m in members],
        "firsts": [m.first for m in members],
        "lasts": [m.last for m in members],
    }
    narrow = _SAID if remarks else ""
    flow = _FLOW_TO_DATE if grain == "ytd" else _FLOW.format(bucket=_BUCKET[grain], narrow=narrow)
    columns, held = ("f.status, f.qualifier, f.note", _TOLD) if remarks else ("f.value", "f.value IS NOT NULL")
    numbered = _NUMBERED.format(flow=flow, state=_STATE.format(narrow=narrow), columns=columns, held=held)
    sql = f"WITH {_ASKED}{',' + _MERGED if members else ''} {numbered}"
    return sql, {k: v for k, v in parameters.items() if f"${k}" in sql}
