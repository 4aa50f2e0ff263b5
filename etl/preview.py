"""What a load would change: its rows against those that the warehouse serves, by key: new, changed, the same.

Works on the rows of a load that was only tried and on the version that serves, attached read only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from etl.dates import Period, in_words
from etl.schema import column_types, quoted, tables, text
from jiejian.catalogue import Catalogue, Ledger

# So many changed values are shown; all of them are counted.
SHOWN = 500
_OWN = ("load_id", "cell")


@dataclass(frozen=True)
class Changed:
    """One value that the load would replace: whose, of what, when, before and after."""

    key: str
    what: str
    old: str
    new: str


@dataclass
class Preview:
    """Rows that are new, that change something and that change nothing; and the first changed values."""

    new: int = 0
    changed: int = 0
    same: int = 0
    values: list[Changed] = field(default_factory=list)
    values_changed: int = 0

    def add(self, other: Preview) -> None:
        self.new += other.new
        self.changed += other.changed
        self.same += other.same
        self.values_changed += other.values_changed
        self.values = (self.values + other.values)[:SHOWN]


def preview(
    connection: duckdb.DuckDBPyConnection, ledger: Ledger, catalogue: Catalogue, dataset: str, rows: Path, serving: Path | None
) -> Preview:
    """Compare the accepted rows of a load (``rows.parquet``) with the version that serves; without one all are new."""
    source = f"read_parquet({text(rows.as_posix())})"
    count = connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0]
    if serving is None or not count:
        return Preview(new=count)
    connection.execute(f"ATTACH IF NOT EXISTS {text(serving.as_posix())} AS served (READ_ONLY)")
    there = {
        name
        for (name,) in connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE database_name = 'served' AND table_name = ?", [ledger.table]
        ).fetchall()
    }
    if not there:
        return Preview(new=count)
    if ledger.table == "observation":
        return _figures(connection, ledger, catalogue, dataset, source)
    return _rows(connection, ledger, catalogue, dataset, source, there, count)


# ---- figures: a row is what a place reports for a period ----


def _figures(connection: duckdb.DuckDBPyConnection, ledger: Ledger, catalogue: Catalogue, dataset: str, source: str) -> Preview:
    keys = ("place_id", "measure", "grain", "period_start", "period_end", "breakdown", "category")
    same = " AND ".join(f"o.{k} IS NOT DISTINCT FROM n.{k}" for k in keys)
    row = "place_id, grain, period_start, period_end"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE compared AS
            SELECT n.place_id, n.measure, n.grain, n.period_start, n.period_end, n.value AS new, o.value AS old,
                   n.written AS new_written, o.written AS old_written, o.place_id IS NOT NULL AS known,
                   n.value IS DISTINCT FROM o.value OR n.qualifier IS DISTINCT FROM o.qualifier AS differs,
                   h.place_id IS NOT NULL AS had
            FROM {source} n
            LEFT JOIN (SELECT * FROM served.observation WHERE dataset = {text(dataset)} AND ledger = {text(ledger.id)}) o ON {same}
            LEFT JOIN (SELECT DISTINCT {row} FROM served.observation WHERE dataset = {text(dataset)} AND ledger = {text(ledger.id)}) h
              ON {" AND ".join(f"h.{k.strip()} IS NOT DISTINCT FROM n.{k.strip()}" for k in row.split(","))}"""
    )
    counted = connection.execute(
        f"""SELECT count(*) FILTER (WHERE NOT had), count(*) FILTER (WHERE had AND differs), count(*) FILTER (WHERE had AND NOT differs)
            FROM (SELECT {row}, bool_or(had) AS had, bool_or(differs) AS differs FROM compared GROUP BY ALL)"""
    ).fetchone()
    found = connection.execute(
        f"""SELECT coalesce(p.name, c.place_id[length({text(dataset)}) + 2:]), c.measure, c.period_start, c.period_end, c.grain,
                   coalesce(c.old_written, printf('%.15g', c.old)), coalesce(c.new_written, printf('%.15g', c.new)), count(*) OVER ()
            FROM compared c LEFT JOIN served.place p ON p.place_id = c.place_id
            WHERE had AND differs ORDER BY c.period_start, p.sort, c.measure LIMIT {SHOWN}"""
    ).fetchall()
    values = [
        Changed(
            f"{place} {_when(start, end, grain)}".strip(),
            catalogue.measures[measure].name if measure in catalogue.measures else measure,
            old or "空",
            new or "空",
        )
        for place, measure, start, end, grain, old, new, _ in found
    ]
    return Preview(*counted, values, found[0][-1] if found else 0)


def _when(start: date | None, end: date | None, grain: str) -> str:
    return in_words(Period(grain, start, end)) if start and end else ""


# ---- events and registers: a row is its key ----


def _rows(
    connection: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    catalogue: Catalogue,
    dataset: str,
    source: str,
    there: set[str],
    count: int,
) -> Preview:
    types = tables(catalogue)[ledger.table]
    names = [n for c in ledger.columns for n in column_types(ledger, c) if n in there and n not in _OWN]
    if "place_id" in there and "place_id" not in names and ledger.table != "place":
        names.append("place_id")
    keys = [n for key in ledger.key for n in column_types(ledger, ledger.column(key)) if n in names]
    if not keys or ledger.table in ("place", "source"):
        return Preview(new=count)
    held = {n for n, *_ in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    blank = "".join(f", CAST(NULL AS {types[n]}) AS {quoted(n)}" for n in names if n not in held)  # what the sheet does not have
    source = f"(SELECT *{blank} FROM {source})"
    others = [n for n in names if n not in keys]
    joined = " AND ".join(f"o.{quoted(k)} IS NOT DISTINCT FROM n.{quoted(k)}" for k in keys)
    differs = " OR ".join(f"o.{quoted(n)} IS DISTINCT FROM TRY_CAST(n.{quoted(n)} AS {types[n]})" for n in others) or "false"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE compared AS
            SELECT n AS new, o AS old, o.load_id IS NOT NULL AS had, ({differs}) AS differs
            FROM {source} n LEFT JOIN (SELECT * FROM served.{quoted(ledger.table)} WHERE dataset = {text(dataset)}) o ON {joined}"""
    )
    counted = connection.execute(
        """SELECT count(*) FILTER (WHERE NOT had), count(*) FILTER (WHERE had AND differs), count(*) FILTER (WHERE had AND NOT differs)
           FROM compared"""
    ).fetchone()
    if not others or not counted[1]:
        return Preview(*counted)
    key = "concat_ws(' ', " + ", ".join(f"new.{quoted(k)}" for k in keys) + ")"
    heads = _heads(ledger)
    pairs = ", ".join(
        f"{{'k': {key}, 'n': {text(heads.get(n, n))}, 'o': CAST(old.{quoted(n)} AS VARCHAR), 'w': CAST(TRY_CAST(new.{quoted(n)} AS {types[n]}) AS VARCHAR)}}"
        for n in others
    )
    found = connection.execute(
        f"""SELECT v.k, v.n, v.o, v.w, count(*) OVER () FROM (SELECT unnest([{pairs}]) AS v FROM compared WHERE had AND differs)
            WHERE v.o IS DISTINCT FROM v.w ORDER BY v.k LIMIT {SHOWN}"""
    ).fetchall()
    values = [Changed(k, name, _short(old), _short(new)) for k, name, old, new, _ in found]
    return Preview(*counted, values, found[0][-1] if found else 0)


def _heads(ledger: Ledger) -> dict[str, str]:
    """Warehouse column → the contract's name of it."""
    heads = {n: c.name for c in ledger.columns for n in column_types(ledger, c)}
    return {**heads, "grain": "周期", "period_start": "起", "period_end": "止"}


def _short(value: str | None) -> str:
    """A value as a person reads it: yes and no, no midnight."""
    words: Sequence[tuple[str, str]] = (("true", "是"), ("false", "否"))
    return "空" if value is None else dict(words).get(value, value.removesuffix(" 00:00:00"))
