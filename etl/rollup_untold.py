"""What no sheet tells: where a column that a measure asks about is in none of the sheets, there is nothing to count, and nothing is no zero.

A platform that exports no 是否回访 has not called back nobody: its cases called back are a gap. A column that is there and blank is a zero.
Loads know the columns of their sheets (Manifest.columns); of a load that was made before they did, all columns count as told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import duckdb

from etl.load import Manifest
from etl.rollup_terms import column_kinds, happens
from etl.schema import column_types, quoted, text
from jiejian.catalogue import Ledger, Measure

EMPTY = (
    "CREATE OR REPLACE TABLE memory.untold (dataset VARCHAR, measure VARCHAR)",
    "CREATE OR REPLACE TABLE memory.untold_at (dataset VARCHAR, measure VARCHAR, place_id VARCHAR, m DATE)",
)
TABLES = ("untold", "untold_at")
# Running balances and different persons are counted with zeros wherever their table speaks.
TAKEN_BACK = """DELETE FROM rolled r USING untold u, counted w
                WHERE u.dataset = r.dataset AND u.measure = r.measure AND w.measure = r.measure AND w.kind <> 'flow'"""


def untold(
    connection: duckdb.DuckDBPyConnection, table: str, measures: Sequence[Measure], ledgers: Sequence[Ledger], active: Iterable[Manifest]
) -> Iterator[str]:
    """Statements that note the measures of an event table that some data set does not tell at all, and flows that it does not tell in
    some months. ``covered`` and ``counted`` are there."""
    loads: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for m in active:
        if m.table == table and m.rows_accepted:
            loads[m.dataset][m.load_id] = _columns(m, ledgers)
    kinds = column_kinds(ledgers)
    for dataset, told in loads.items():
        missing = frozenset(kinds) - frozenset.intersection(*told.values())
        derived = {c for c in missing if c not in frozenset.union(*told.values()) and _says(connection, table, c, dataset)}
        lacking: dict[frozenset[str], list[Measure]] = defaultdict(list)
        for measure in measures:
            asked = needed(measure, kinds) & missing - derived
            if without := frozenset(load for load, columns in told.items() if asked - columns):
                lacking[without].append(measure)
        for without, some in lacking.items():
            if len(without) == len(told):
                yield f"INSERT INTO untold VALUES {', '.join(f'({text(dataset)}, {text(m.id)})' for m in some)}"
            elif flows := [m for m in some if m.kind == "flow"]:
                yield _months(table, ledgers, dataset, without, flows)


def broken_down(
    connection: duckdb.DuckDBPyConnection, table: str, measures: Sequence[Measure], ledgers: Sequence[Ledger], active: Iterable[Manifest]
) -> list[Measure]:
    """The measures of an event table without the breakdowns by columns that no sheet of it has: all their rows would be 未填."""
    there = [_columns(m, ledgers) for m in active if m.table == table and m.rows_accepted]
    known = frozenset().union(*there) if there else frozenset(column_kinds(ledgers))
    absent = {by for m in measures for by in m.rollup.by if by not in known and not _says(connection, table, by)}
    return [_without(m, absent) for m in measures]


def _without(measure: Measure, absent: Collection[str]) -> Measure:
    roll, by = measure.rollup, tuple(b for b in measure.rollup.by if b not in absent)
    return measure if by == roll.by else measure.model_copy(update={"rollup": roll.model_copy(update={"by": by})})


def needed(measure: Measure, kinds: Mapping[str, str]) -> frozenset[str]:
    """The columns without which no row can be counted: those of the day, the amount and the persons, and of conditions that a blank cell
    does not fulfil."""
    roll = measure.rollup
    asked = {roll.at, roll.value, roll.distinct}
    for condition in roll.where:
        if condition.op != "is empty" and not condition.or_empty:
            asked |= {condition.column, condition.operand if condition.operand in kinds else ""}
    return frozenset(asked - {""})


def _columns(load: Manifest, ledgers: Sequence[Ledger]) -> frozenset[str]:
    """The columns of the table that the sheet of a load has."""
    ledger = next((l for l in ledgers if l.id == load.ledger), None)
    if load.columns is None or ledger is None:
        return frozenset(column_kinds(ledgers))
    return frozenset(name for c in ledger.columns if c.id in load.columns for name in (c.id, *column_types(ledger, c)))


def _says(connection: duckdb.DuckDBPyConnection, table: str, column: str, dataset: str | None = None) -> bool:
    """Whether a column that no sheet has is told all the same (in a data set, or in any): worked out (due_at), or corrected."""
    query = f"SELECT 1 FROM {quoted(table)} WHERE {quoted(column)} IS NOT NULL AND ($d IS NULL OR dataset = $d) LIMIT 1"
    return bool(connection.execute(query, {"d": dataset}).fetchall())


def _months(table: str, ledgers: Sequence[Ledger], dataset: str, without: Iterable[str], flows: Sequence[Measure]) -> str:
    """The places and months of which only loads ``without`` the column speak; all places at once where a sheet speaks of all."""
    day = happens(ledgers)
    every = any(l.coverage == "all_places" for l in ledgers)
    spoken = f"date_trunc('month', e.{quoted(day)})::DATE" if day else "c.m"
    place = "c.place_id" if every else "e.place_id"
    joined = "" if every else "AND c.place_id = e.place_id"
    loads = f"[{', '.join(map(text, sorted(without)))}]"
    return f"""INSERT INTO untold_at
               SELECT {text(dataset)}, unnest([{", ".join(text(m.id) for m in flows)}]), place_id, m
               FROM (SELECT DISTINCT {place} AS place_id, c.m, list_contains({loads}, e.load_id) AS lacks
                     FROM (SELECT DISTINCT {"" if every else "e.place_id, "}e.load_id{f", {spoken} AS m" if day else ""} FROM {quoted(table)} e
                           WHERE e.dataset = {text(dataset)}) e
                     JOIN covered c ON c.tab = {text(table)} AND c.dataset = {text(dataset)} {"AND c.m = e.m" if day else ""} {joined})
               GROUP BY place_id, m HAVING bool_and(lacks)"""
