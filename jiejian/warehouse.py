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

from jiejian.boundaries import FIRST, LAST, Boundaries
from jiejian.catalogue import Catalogue, Metric
from jiejian.context import Context
from jiejian.figures import Cube, Held, assemble, lay_out
from jiejian.home import Home
from jiejian.lineage import Lineage, lineage
from jiejian.periods import Period
from jiejian.records import Records
from jiejian.registers import LIFE
from jiejian.selection import Selection, SelectionError
from jiejian.shelf import Shelf, Wanted
from jiejian.sight import EVERYTHING, VAULT, Curtain, Sight, draw

_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}

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
        self._connection, self._curtain = _open(path, catalogue, sight)
        self._lock = threading.Lock()
        self._shelf = Shelf(self.frame, self.version)
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

    def grains_by_metric(self, dataset: str) -> dict[str, tuple[str, ...]]:
        """:meth:`grains` of every metric that the data set can show."""
        return {m.id: self.grains(dataset, m.id) for m in self.metrics(dataset)}

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
        frame = assemble(places, metrics, periods, self._held(selection, names, places, remarks=True))
        boundaries = self.boundaries(selection.dataset)
        return boundaries.settle(frame, until) if boundaries else frame

    def cube(self, selection: Selection, remarks: bool = False) -> Cube:
        """The same figures as arrays, for what is computed over many metrics at once; only places in force in the last period.

        With ``remarks`` it is told, too, which of them are early.

        Raises SelectionError as :meth:`query` does.
        """
        places, metrics, names = self._asked(selection, selection.period.start)
        eras = self.boundaries(selection.dataset).eras(places["place_id"], selection.periods, selection.period.end)
        return lay_out(places, metrics, selection.periods, self._held(selection, names, places, remarks), eras, remarks)

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
        start = self.datasets()[dataset].first
        held = {m: np.zeros((len(places), len(first))) for m in names}
        at = pd.Index(places["place_id"].to_numpy(dtype=object)).get_indexer(rows["place_id"].to_numpy(dtype=object))
        for measure, place, spell, value in zip(rows["measure"], at, rows["spell"], rows["value"], strict=True):
            if place >= 0:
                held[measure][place, spell] = value
        early = np.array([day < start for day in first])
        nothing = np.full((len(places), len(first)), np.nan)
        sides = [[np.where(early, np.nan, sum(held[m] for m in part)) if part else nothing for part in metric.parts] for metric in chosen]
        return pd.DataFrame({
            "place_id": np.tile(np.repeat(places["place_id"].to_numpy(dtype=object), len(first)), len(chosen)),
            "metric": np.repeat([m.id for m in chosen], len(places) * len(first)),
            "spell": np.tile(np.arange(len(first)), len(chosen) * len(places)),
            "numerator": np.array([above for above, _ in sides]).ravel(),
            "denominator": np.array([below for _, below in sides]).ravel(),
        })  # fmt: skip

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

    def _held(self, selection: Selection, names: Sequence[str], places: pd.DataFrame, remarks: bool = False) -> Held:
        """The measures of a selection as arrays place × period, in the order of ``places``; with what was said beside them."""
        there, info = self._base_grains(selection.dataset), self.datasets()[selection.dataset]
        wanted = [Wanted(self.catalogue.measures[m], there[m], _MONTHS.get(there[m], 0)) for m in names]
        members = tuple(self.boundaries(selection.dataset).members(selection.period.end))
        known = tuple(self._all_places(selection.dataset)["place_id"].tolist())
        return self._shelf.take(info.first, info.as_of, selection, wanted, members, known, places["place_id"], remarks)


def refusal(metric: Metric, catalogue: Catalogue, allowed: Sequence[str]) -> str:
    """Why a metric cannot be shown for a grain, and what can be chosen instead."""
    words = {"month": "月", "quarter": "季度", "half": "半年", "year": "年", "ytd": "累计"}
    kinds = {catalogue.measures[m].kind for m in metric.measures}
    reason = "是人数，各期不能相加" if "distinct" in kinds else "按原报送周期引用" if "as_reported" in kinds else "报送周期较长"
    return f"“{metric.name}”{reason}，可选的时间周期为：{'、'.join(words[g] for g in allowed)}。"


def _day(value) -> date | None:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()
