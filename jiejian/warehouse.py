"""The only reader of DuckDB and the only SQL of the application.

A :class:`Warehouse` answers a :class:`~jiejian.selection.Selection` with a *figures frame*: one row for each place,
metric and period, in which a missing figure is an explicit gap (NaN, status ``M``) and never zero. What may be added
is decided by the catalogue: flows add over time, stocks and persons do not; a proportion is the sum of its numerators
over the sum of its denominators; a published rate is shown as published.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from jiejian.boundaries import FIRST, LAST, Boundaries, Member
from jiejian.catalogue import Catalogue, Metric
from jiejian.context import Context
from jiejian.figures import Cube, assemble, bucket, lay_out
from jiejian.home import Home
from jiejian.lineage import Lineage, lineage
from jiejian.periods import Period
from jiejian.records import Records
from jiejian.registers import LIFE
from jiejian.selection import Selection, SelectionError
from jiejian.sight import EVERYTHING, VAULT, Curtain, Sight, draw

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
  AND f.period_start >= $first AND f.period_end <= $last
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
WHERE f.dataset = $dataset AND f.breakdown = ''
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


# The same rows with positions in place of names and days.
_NUMBERED = """
SELECT m.i AS measure, p.i AS place, b.i AS bucket, f.value
FROM (SELECT place_id, measure, bucket, value FROM ({flow}) UNION ALL SELECT place_id, measure, bucket, value FROM ({state})) f
JOIN (SELECT unnest($measures) AS measure, unnest(range(len($measures)))::INTEGER AS i) m USING (measure)
JOIN (SELECT unnest($places) AS place_id, unnest(range(len($places)))::INTEGER AS i) p USING (place_id)
JOIN (SELECT unnest($buckets::DATE[]) AS bucket, unnest(range(len($buckets)))::INTEGER AS i) b USING (bucket)
WHERE f.value IS NOT NULL
"""

# The kinds of places that are compared with one another.
COMPARED = ("社区", "村", "全国")

# Nothing outside the file can be reached, and a session cannot change that.
CONFIG = {"enable_external_access": "false", "lock_configuration": "true", "threads": "2"}



class NoWarehouse(Exception):
    """There is no warehouse to read; the message says in Chinese how to make one."""


@dataclass(frozen=True)
class DatasetInfo:
    """A data set as it stands in the warehouse."""

    id: str
    name: str
    mode: str
    fictional: bool
    first: date | None
    as_of: date | None


def _open(path: Path, catalogue: Catalogue, sight: Sight) -> tuple[duckdb.DuckDBPyConnection, Curtain | None]:
    """A locked connection, and the curtain of somebody who may not see everything (see sight.py)."""
    if not sight.limited:
        return duckdb.connect(str(path), read_only=True, config=CONFIG), None
    connection = duckdb.connect(":memory:", config={"threads": CONFIG["threads"]})
    quoted = str(path).replace("'", "''")
    connection.execute(f"ATTACH '{quoted}' AS {VAULT} (READ_ONLY)")
    curtain = draw(lambda sql, parameters: connection.execute(sql, list(parameters) or None).df(), catalogue, sight)
    for name in ("enable_external_access", "lock_configuration"):
        connection.execute(f"SET {name} = {CONFIG[name]}")
    return connection, curtain


def serving(home: Home) -> Path:
    """The warehouse file that serves now; NoWarehouse when none was built yet."""
    try:
        path = home.warehouse / home.pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise NoWarehouse("还没有可用的数据。请先运行 python -m etl 装载数据。") from error
    if not path.is_file():
        raise NoWarehouse(f"数据文件 {path.name} 不见了。请运行 python -m etl 重新生成，台账不会丢失。")
    if home.cut_short(path):
        raise NoWarehouse(f"数据文件 {path.name} 不完整，可能被截断。请运行 python -m etl 重新生成，台账不会丢失。")
    return path


class Warehouse(Records):
    """One version of the warehouse, read only. Safe to share between threads: each query has its own cursor."""

    def __init__(self, path: Path, catalogue: Catalogue, sight: Sight = EVERYTHING):
        self.path, self.catalogue, self.sight = path, catalogue, sight
        # What somebody keeps under a version is kept for those who see the same of it.
        self.version = path.stem + sight.mark
        self.path, self.catalogue, self.sight = path, catalogue, sight
        # What somebody keeps under a version is kept for those who see the same of it.
        self.version = path.stem + sight.mark
        self._connection, self._curtain = _open(path, catalogue, sight)
        self._lock = threading.Lock()
        # One version never changes: what is asked again and again is read once.
        for name in ("datasets", "places", "street", "boundaries", "_all_places", "_base_grains", "_titles"):
            setattr(self, name, cache(getattr(self, name)))

    def close(self) -> None:
        self._connection.close()

    def frame(self, sql: str, parameters: Mapping | Sequence = ()) -> pd.DataFrame:
        """Run one of this module's queries with bound parameters and return all its rows."""
        with self._lock:
            cursor = self._connection.cursor()
        try:
            found = cursor.execute(sql, parameters or None).df()
        finally:
            cursor.close()
        return self._curtain.scrub.frame(found) if self._curtain else found

    def batches(self, sql: str, parameters: Mapping | Sequence = (), size: int = 50_000) -> Iterator[pd.DataFrame]:
        """The rows of a query ``size`` at a time, so that millions need little memory; at least one frame, which may be empty."""
        with self._lock:
            cursor = self._connection.cursor()
        try:
            reader, empty = cursor.sql(sql, params=parameters or None).to_arrow_reader(size), True
            for batch in reader:
                if batch.num_rows:
                    empty = False
                    yield self._curtain.scrub.frame(batch.to_pandas()) if self._curtain else batch.to_pandas()
            if empty:
                yield reader.schema.empty_table().to_pandas()
        finally:
            cursor.close()

    # ---- what there is ----

    def seen(self, sight: Sight) -> Warehouse:
        """The same version as somebody else sees it; never more than this one shows."""
        if sight.limited and self._curtain:
            own = frozenset().union(*self._curtain.own.values())
            sight = Sight(tuple(p for p in sight.communities if p in own))
        return self if sight == self.sight or not sight.limited else Warehouse(self.path, self.catalogue, sight)

    def cleaned(self, text: str) -> str:
        """A text that somebody else wrote, with cover names in place of names that are not to be seen here."""
        return self._curtain.scrub.text(text) if self._curtain else text

    def named(self, dataset: str) -> frozenset[str] | None:
        """Ids of the places that go by their own name here; None where all do."""
        return self._curtain.own.get(dataset, frozenset()) if self._curtain else None

    def datasets(self) -> dict[str, DatasetInfo]:
        """Data sets that hold figures, in the catalogue's order."""
        rows = self.frame("""
            SELECT d.dataset, d.name, d.mode, d.fictional, any_value(d.as_of) AS as_of,
                   -- A year of which only the last months are there does not count as covered.
                   coalesce(min(f.period_start) FILTER (f.grain = 'month'), min(f.period_start)) AS first
            FROM dataset d LEFT JOIN figure f ON f.dataset = d.dataset GROUP BY ALL HAVING count(f.dataset) > 0""")
        found = {
            r.dataset: DatasetInfo(r.dataset, r.name, r.mode, bool(r.fictional), _day(r.first), _day(r.as_of))
            for r in rows.itertuples()
        }
        return {d: found[d] for d in self.catalogue.datasets if d in found}

    def places(self, dataset: str, period: Period | None = None) -> pd.DataFrame:
        """Places of comparison in the street's customary order: place_id, place, sort, kind, parent_id, peer_group, area_km2.

        Those in force in the period; without one, those in force when the data end.
        """
        last = period.end if period else self.datasets()[dataset].as_of if dataset in self.datasets() else None
        return self._places_between(dataset, period.start if period else last or LAST, last or LAST)

    def _places_between(self, dataset: str, first: date, last: date) -> pd.DataFrame:
        """Places of comparison that were in force at some time between two days, by the boundaries of the last one."""
        found, boundaries = self._all_places(dataset), self.boundaries(dataset)
        if not boundaries:
            return found
        gone = boundaries.known(last) - boundaries.in_force(first, last, last)
        return found[~found["place_id"].isin(gone)].reset_index(drop=True)

    def _all_places(self, dataset: str) -> pd.DataFrame:
        """All places of comparison. One whose name another street has, too, is called by both: 柳河街道春和社区."""
        return self.frame(
            """SELECT p.place_id, CASE WHEN count(*) OVER (PARTITION BY p.name) > 1 AND count(DISTINCT p.parent_id) OVER (PARTITION BY p.name) > 1
                        THEN coalesce(s.name, '') ELSE '' END || p.name AS place,
                      row_number() OVER (ORDER BY p.sort, p.name) - 1 AS sort, p.kind, p.parent_id, p.peer_group, p.area_km2
               FROM place p LEFT JOIN place s ON s.place_id = p.parent_id
               WHERE p.dataset = $dataset AND list_contains($kinds, p.kind) ORDER BY p.sort, p.name""",
            {"dataset": dataset, "kinds": list(COMPARED)},
        )

    def place_changes(self, dataset: str) -> pd.DataFrame:
        """What communities became: predecessor_id, predecessor, successor_id, successor, changed_on, kind; oldest first."""
        return self.frame(
            """SELECT predecessor_id, predecessor, successor_id, successor, changed_on, kind FROM place_change
               WHERE dataset = $d ORDER BY changed_on, successor, predecessor""",
            {"d": dataset},
        )

    def boundaries(self, dataset: str) -> Boundaries:
        """The same as boundaries that figures can be held against; false where nothing ever changed."""
        rows = self.frame(
            """SELECT place_id, valid_from, valid_to FROM place
               WHERE dataset = $d AND list_contains($kinds, kind) AND coalesce(valid_from, valid_to) IS NOT NULL""",
            {"d": dataset, "kinds": list(COMPARED)},
        )
        tenure = {r.place_id: (_day(r.valid_from) or FIRST, _day(r.valid_to) or LAST) for r in rows.itertuples()}
        return Boundaries(self.place_changes(dataset), tenure)

    def street(self, dataset: str) -> str:
        """The street's name, or the data set's name where the figures belong to no single street."""
        rows = self.frame("SELECT name FROM place WHERE dataset = $d AND kind IN ('街道', '乡镇')", {"d": dataset})
        return rows["name"].iloc[0] if len(rows) == 1 else self.catalogue.datasets[dataset].name

    def metrics(self, dataset: str) -> tuple[Metric, ...]:
        """Metrics of which the data set holds every measure, in the catalogue's order."""
        there = self._base_grains(dataset)
        return tuple(
            m
            for m in self.catalogue.metrics.values()
            if (not m.datasets or dataset in m.datasets) and all(measure in there for measure in m.measures)
        )

    def grains(self, dataset: str, metric_id: str) -> tuple[str, ...]:
        """Period grains in which the metric can be shown in this data set."""
        metric, there = self.catalogue.metrics[metric_id], self._base_grains(dataset)
        measures = [self.catalogue.measures[m] for m in metric.measures]
        longest = max(_MONTHS.get(there[m.id], 99) for m in measures)
        # Persons that somebody counted cannot be added up; those counted from events are counted for each grain.
        if any(m.kind == "as_reported" or (m.kind == "distinct" and not m.rollup) for m in measures):
            return tuple(g for g, months in _MONTHS.items() if months == longest)
        found = [g for g, months in _MONTHS.items() if months >= longest]
        return (*found, "ytd") if longest == 1 else tuple(found)

    def sources(self, dataset: str, metrics: Iterable[str]) -> tuple[str, ...]:
        """Titles of the sources behind the metrics, for the foot of a chart."""
        titles = self._titles(dataset)
        measures = {m for metric in metrics for m in self.catalogue.metrics[metric].measures}
        return tuple(sorted({title for measure in measures for title in titles.get(measure, ())}))

    def _titles(self, dataset: str) -> dict[str, tuple[str, ...]]:
        """Titles of the sources of each measure."""
        rows = self.frame(
            """SELECT f.measure, list(DISTINCT s.title) AS titles FROM figure f JOIN source s ON s.source_id = f.source_id
               WHERE f.dataset = $dataset GROUP BY f.measure""",
            {"dataset": dataset},
        )
        return {row.measure: tuple(row.titles) for row in rows.itertuples()}

    def events(self, dataset: str) -> pd.DataFrame:
        """The 大事记 of a data set, oldest first: happened_on, what, place_id (empty: the whole street), place, event_kind."""
        return self.frame(
            """SELECT e.happened_on, e.what, coalesce(e.place_id, '') AS place_id, coalesce(p.name, '') AS place, e.event_kind
               FROM event e LEFT JOIN place p ON p.place_id = e.place_id WHERE e.dataset = $d ORDER BY e.happened_on""",
            {"d": dataset},
        )

    def reporting(self, dataset: str, month_end: date) -> tuple[int, tuple[str, ...]]:
        """How many communities have a reported figure for the month that ends on this day, and the names of the others."""
        places = self._places_between(dataset, month_end, month_end)
        sent = self.frame(
            """SELECT DISTINCT place_id FROM observation
               WHERE dataset = $d AND period_end = $end AND grain = 'month' AND value IS NOT NULL""",
            {"d": dataset, "end": month_end},
        )
        there = places["place_id"].isin(sent["place_id"])
        return int(there.sum()), tuple(places.loc[~there, "place"])

    def life(self, dataset: str, what: str, place_id: str, since: date, until: date) -> pd.DataFrame:
        """``organisations`` (level, number), ``stations`` (name, kind, floor_area …) or ``activities`` (held_on, title, kind,
        attendances) of one community: those in force on ``until``, activities from ``since`` on; empty without the ledger."""
        table, sql = LIFE[what]
        there = self.frame("SELECT 1 FROM information_schema.tables WHERE table_name = $t", {"t": table})
        if there.empty:
            return pd.DataFrame()
        return self.frame(sql, {"dataset": dataset, "path": place_id, "since": since, "until": until})

    def lineage(self, dataset: str, places: tuple[str, ...], metric: str, period: Period) -> Lineage:
        """Where the figure of a metric comes from, for some places and a period: cells that were read, rows that were counted."""
        return lineage(self.frame, self.catalogue, dataset, places, metric, period)

    def default_dataset(self) -> str:
        """The street's own ledgers as soon as there are any, then the demo, then what is published.

        Raises NoWarehouse when there are no figures at all.
        """
        there = self.datasets()
        if not there:
            raise NoWarehouse("数据库里还没有任何数字。请把台账放入 inbox 文件夹，再运行 python -m etl。")
        return next(iter(there))

    def scope(self, dataset: str, chosen: Sequence[str] = (), period: Period | None = None) -> str:
        """Places in words: 全部23个社区, 春和社区, 春和社区、望湖社区、晴川社区等5个社区."""
        unit = self.catalogue.datasets[dataset].unit_of_comparison
        places = self.places(dataset, period)
        names = list(places.loc[places["place_id"].isin(chosen), "place"])
        if not names:
            return unit if len(places) == 1 else f"全部{len(places)}个{unit}"
        return "、".join(names[:3]) + (f"等{len(names)}个{unit}" if len(names) > 3 else "")

    def context(
        self,
        dataset: str,
        metrics: tuple[str, ...] = (),
        places: tuple[str, ...] = (),
        period: Period | None = None,
        since: Period | None = None,
        reporting: str = "",
    ) -> Context:
        """What is said around figures: street, scope, period, cut-off, sources, and whether they are made up."""
        info = self.datasets()[dataset]
        spell = "" if period is None else period.label if since is None or since == period else f"{since.label}至{period.label}"
        return Context(
            street=self.street(dataset),
            dataset=dataset,
            dataset_name=info.name,
            fictional=info.fictional,
            scope=self.scope(dataset, places, period) if info.mode == "periodic" else "",
            period=spell,
            as_of=str(info.as_of or ""),
            sources=self.sources(dataset, metrics),
            reporting=reporting,
        )

    def _base_grains(self, dataset: str) -> dict[str, str]:
        """The finest grain in which each measure of the data set stands."""
        rows = self.frame("SELECT DISTINCT measure, grain FROM figure WHERE dataset = $d AND breakdown = ''", {"d": dataset})
        finest: dict[str, str] = {}
        for row in rows.itertuples():
            current = finest.get(row.measure)
            if current is None or _MONTHS.get(row.grain, 99) < _MONTHS.get(current, 99):
                finest[row.measure] = row.grain
        return finest

    # ---- figures ----

    def query(self, selection: Selection) -> pd.DataFrame:
        """The figures frame of a selection.

        Columns: place_id, place, sort, metric, period, start, end, value, numerator, denominator, status, qualifier,
        note; one row for each place × metric × period, in customary order and oldest first. ``value`` is in the units
        of the metric (percent, per 1,000 …), ``numerator`` and ``denominator`` in base units.

        Places are those by the boundaries of the selection's period: the past of a place that others were merged into is
        their sum. Where the data set has such changes, rows of places out of force are left out, and a column ``era`` tells
        figures of one place that are not to be compared (see boundaries.py).

        Raises SelectionError where the question is not allowed, for example persons over a longer period than counted.
        """
        periods, until = selection.periods, selection.period.end
        places, metrics, names = self._asked(selection, min(p.start for p in periods))
        frame = assemble(places, metrics, periods, self._measures(selection, names))
        boundaries = self.boundaries(selection.dataset)
        return boundaries.settle(frame, until) if boundaries else frame

    def cube(self, selection: Selection) -> Cube:
        """The same figures as arrays, for what is computed over many metrics at once; only places in force in the last period.

        Raises SelectionError as :meth:`query` does.
        """
        places, metrics, names = self._asked(selection, selection.period.start)
        rows = self._measures(selection, names, tuple(places["place_id"]))
        eras = self.boundaries(selection.dataset).eras(places["place_id"], selection.periods, selection.period.end)
        return lay_out(places, metrics, selection.periods, names, rows, eras)

    def targets(self, dataset: str, day: date) -> pd.DataFrame:
        """Targets of the years that hold a day: place_id, metric, target_value; the newest load of a target holds."""
        return self.frame(
            """SELECT place_id, metric, target_value FROM target
               WHERE dataset = $d AND $day BETWEEN period_start AND period_end
               QUALIFY row_number() OVER (PARTITION BY place_id, metric ORDER BY load_id DESC) = 1""",
            {"d": dataset, "day": day},
        )

    def spells(self, dataset: str, metrics: tuple[str, ...], first: tuple[date, ...], last: tuple[date, ...]) -> pd.DataFrame:
        """Figures of stretches of days, from the daily totals: place_id, metric, spell (its position), numerator, denominator.

        Only metrics whose every measure is a flow with daily totals; others are left out. A place without an entry had
        none (zero); a stretch that begins before the data is a gap.
        """
        daily = set(self._daily(dataset))
        chosen = [m for m in (self.catalogue.metrics[name] for name in metrics) if set(m.measures) <= daily]
        names = sorted({m for metric in chosen for m in metric.measures})
        places = self._places_between(dataset, min(first), max(last))
        rows = self.frame(
            """SELECT d.place_id, d.measure, w.i AS spell, sum(d.value) AS value
               FROM rollup_day d JOIN (SELECT unnest($first::DATE[]) AS first, unnest($last::DATE[]) AS last,
                                              unnest(range(len($first)))::INTEGER AS i) w ON d.day BETWEEN w.first AND w.last
               WHERE d.dataset = $d AND list_contains($names, d.measure) GROUP BY ALL""",
            {"d": dataset, "first": list(first), "last": list(last), "names": names},
        )
        held = {(r.place_id, r.measure, r.spell): r.value for r in rows.itertuples()}
        start = self.datasets()[dataset].first
        found = []
        for metric in chosen:
            for place in places["place_id"]:
                for i, day in enumerate(first):
                    parts = [sum(held.get((place, m, i), 0.0) for m in part) if part and day >= start else np.nan for part in metric.parts]
                    found.append((place, metric.id, i, *parts))
        return pd.DataFrame(found, columns=["place_id", "metric", "spell", "numerator", "denominator"])

    def _daily(self, dataset: str) -> tuple[str, ...]:
        """Measures that have daily totals."""
        return tuple(self.frame("SELECT DISTINCT measure FROM rollup_day WHERE dataset = $d", {"d": dataset})["measure"])

    def _asked(self, selection: Selection, first: date) -> tuple[pd.DataFrame, list[Metric], list[str]]:
        """Places of a selection that were in force from ``first`` on, its metrics, and the measures that they need."""
        metrics = [self._metric(name, selection) for name in selection.metrics]
        places = self._places_between(selection.dataset, first, selection.period.end)
        if selection.places:
            places = places[places["place_id"].isin(selection.places)]
        return places, metrics, sorted({m for metric in metrics for m in metric.measures})

    def _metric(self, name: str, selection: Selection) -> Metric:
        metric = self.catalogue.metrics[name]
        there = self._base_grains(selection.dataset)
        missing = [m for m in metric.measures if m not in there]
        if missing:
            names = "、".join(self.catalogue.measures[m].name for m in missing)
            raise SelectionError(f"“{metric.name}”缺少台账数据：{names}。请补报相应台账后再看。")
        allowed = self.grains(selection.dataset, name)
        if selection.period.grain not in allowed:
            raise SelectionError(refusal(metric, self.catalogue, allowed))
        return metric

    def _measures(self, selection: Selection, names: Sequence[str], numbered: tuple[str, ...] = ()) -> pd.DataFrame:
        """Values by place, measure and period (bucket), with their remarks.

        With ``numbered`` places the columns are measure, place and bucket as positions in ``names``, ``numbered`` and
        the selection's periods, and value: numbers travel faster than names where there are many.
        """
        there = self._base_grains(selection.dataset)
        periods = selection.periods
        grain = selection.period.grain
        parameters = {
            "dataset": selection.dataset,
            "grain": grain,
            "need": _MONTHS.get(grain, 0),
            "first": min(p.start for p in periods),
            "last": max(p.end for p in periods),
            "measures": names,
            "adds": [self.catalogue.measures[m].adds_across_places for m in names],
            "kinds": [self.catalogue.measures[m].kind for m in names],
            "bases": [there[m] for m in names],
            "months": [_MONTHS.get(there[m], 0) for m in names],
            "starts": [p.start for p in periods],
            "ends": [p.end for p in periods],
            "buckets": [bucket(p) for p in periods],
            "places": list(numbered),
        }
        parameters |= _members(self.boundaries(selection.dataset).members(selection.period.end))
        flow = _FLOW_TO_DATE if grain == "ytd" else _FLOW.format(bucket=_BUCKET[grain])
        sql = f"""
            WITH wanted AS (SELECT unnest($measures) AS measure, unnest($adds) AS adds, unnest($kinds) AS kind, unnest($bases) AS base,
                                   unnest($months) AS months),
                 asked AS (SELECT unnest($starts::DATE[]) AS starts, unnest($ends::DATE[]) AS ends, unnest($buckets::DATE[]) AS bucket){"," + _MERGED if parameters["parts"] else ""}
            {_NUMBERED.format(flow=flow, state=_STATE) if numbered else f"SELECT * FROM ({flow}) UNION ALL SELECT * FROM ({_STATE})"}"""
        used = {k: v for k, v in parameters.items() if f"${k}" in sql}
        return self.frame(sql, used)


def _members(members: Sequence[Member]) -> dict[str, list]:
    """The places that make up others, as parameters of _MERGED."""
    return {
        "parts": [m.place_id for m in members],
        "nows": [m.now for m in members],
        "firsts": [m.first for m in members],
        "lasts": [m.last for m in members],
    }


def refusal(metric: Metric, catalogue: Catalogue, allowed: Sequence[str]) -> str:
    """Why a metric cannot be shown for a grain, and what can be chosen instead."""
    words = {"month": "月", "quarter": "季度", "half": "半年", "year": "年", "ytd": "累计"}
    kinds = {catalogue.measures[m].kind for m in metric.measures}
    reason = "是人数，各期不能相加" if "distinct" in kinds else "按原报送周期引用" if "as_reported" in kinds else "报送周期较长"
    return f"“{metric.name}”{reason}，可选的时间周期为：{'、'.join(words[g] for g in allowed)}。"


def _day(value) -> date | None:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()
