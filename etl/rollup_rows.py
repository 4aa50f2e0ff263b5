"""The events of a table as the roll-up counts them: the table itself, or of a long one a narrow copy in memory.

A scan of millions of rows costs by what it must hash and compare: names of places, words, moments. The copy holds codes in place of
names and days in place of moments, and says of each condition whether it holds; it is made in one scan and counted in many. What is the
same in all rows (a column that no sheet has, a condition that no row can meet) is not copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from etl.longload import LONG, LongLoad, drop
from etl.rollup_terms import UNTOLD, amount, asks_of, column_kinds, told, where, where_known
from etl.schema import quoted, text
from jiejian.catalogue import Ledger, Measure

# A table of many rows is worth a copy; one with more places, or categories of a breakdown, than this is counted as it is.
_MANY = 20_000
_NARROW, _COPY = "narrow", "narrow_copy"


@dataclass(frozen=True)
class Rows:
    """An event table: where its rows are, and what a measure asks of them in SQL. The rows are called ``e``."""

    table: str
    ledgers: Sequence[Ledger]

    @property
    def source(self) -> str:
        """What stands after FROM."""
        return f"{quoted(self.table)} e JOIN horizon h USING (dataset)"

    @property
    def as_of(self) -> str:
        """The last day of the row's data set."""
        return "h.as_of"

    def until_now(self, at: str) -> str:
        """The rows that have a place and a day, up to the last day of their data set; what stands from FROM on."""
        return (
            f"FROM {self.source} WHERE {quoted(at)} IS NOT NULL AND e.place_id IS NOT NULL AND {quoted(at)}::DATE <= {self.as_of}"
        )

    def month(self, at: str) -> str:
        """The first day of the month of a moment."""
        return f"date_trunc('month', {quoted(at)})::DATE"

    def where(self, measure: Measure) -> str:
        """Whether a measure counts a row."""
        return where(measure, self.ledgers)

    def amount(self, measure: Measure) -> str:
        """What a row adds to it."""
        return amount(measure)


@dataclass(frozen=True)
class NarrowRows(Rows):
    """The copy: its columns for the conditions and amounts of measures and for breakdowns; the last days of its data sets."""

    conditions: Mapping[str, str]
    amounts: Mapping[str, str]
    last: Mapping[str, str]
    empty: frozenset[str]

    @property
    def source(self) -> str:
        return f"{_NARROW} e"

    @property
    def as_of(self) -> str:
        days = {f"DATE {text(day)}" for day in self.last.values()}
        if len(days) == 1:
            return days.pop()
        return f"CASE CAST(e.dataset AS VARCHAR) {' '.join(f'WHEN {text(d)} THEN DATE {text(day)}' for d, day in self.last.items())} END"

    def month(self, at: str) -> str:
        return f"e.{_month(at)}"

    def by(self, breakdown: str) -> str:
        """The code of a row's category; NULL where none is told."""
        return f"e.{_by(breakdown)}"

    def untold(self, breakdown: str) -> bool:
        """Whether no row tells its category."""
        return breakdown in self.empty

    def where(self, measure: Measure) -> str:
        return self.conditions[super().where(measure)]

    def amount(self, measure: Measure) -> str:
        return self.amounts[super().amount(measure)]


@contextmanager
def counted(
    connection: duckdb.DuckDBPyConnection, table: str, measures: Iterable[Measure], ledgers: Sequence[Ledger], kept: LongLoad | None = None
) -> Iterator[Rows]:
    """How the rows of a table are counted; of a long one the copy is there as long as they are. Of a table whose rows are ``kept`` they
    are copied from memory, and given up there."""
    rows = Rows(table, ledgers)
    if connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0] < LONG:
        yield rows
        return
    counts = [m for m in measures if m.kind == "flow" or (m.kind == "stock" and not m.rollup.distinct and not m.takes_last)]
    try:
        if kept and kept.table == table:
            narrow = _copied(connection, rows, counts, kept.source, kept.types(connection))
            drop(connection, kept.tables)
        else:
            narrow = _copied(connection, rows, counts, quoted(table), {})
        yield narrow or rows
    finally:  # a statement that fails leaves no copy in memory behind
        connection.execute(f"DROP VIEW IF EXISTS memory.{_NARROW}")
        connection.execute(f"DROP TABLE IF EXISTS memory.{_COPY}")


def _copied(
    connection: duckdb.DuckDBPyConnection, plain: Rows, measures: Sequence[Measure], source: str, types: Mapping[str, str]
) -> NarrowRows | None:
    """Make ``narrow`` for some measures, on every cursor; None where a copy would not be narrow. The rows come from ``source``, whose columns have the
    ``types``; columns of the table that are not there are NULL."""
    table, ledgers = plain.table, plain.ledgers
    empty = _empty(connection, table, ledgers)
    breakdowns = dict.fromkeys(b for m in measures if m.kind == "flow" for b in m.rollup.by)
    named = {"dataset": ("dataset", "e.dataset"), "place_id": ("place_id", "e.place_id")}
    named |= {_by(b): (b, told(b, ledgers)) for b in breakdowns if b not in empty}
    codes = {
        name: f"e.{quoted(column)}" if _is_code(types.get(column, "")) else _code(connection, table, value)
        for name, (column, value) in named.items()
    }
    if not all(codes.values()):
        return None
    columns = dict(codes)
    same = {_by(b): "CAST(NULL AS VARCHAR)" for b in breakdowns if b in empty}
    for at in dict.fromkeys(at for m in measures for at in (m.rollup.at, m.rollup.start, m.rollup.end) if at):
        if at in empty:
            same |= dict.fromkeys((quoted(at), _month(at)), "CAST(NULL AS DATE)")
        else:
            # By its numbers: to cut a moment down to its month costs twice as much.
            month = f"make_date(year({quoted(at)}), month({quoted(at)}), 1)"
            columns |= {quoted(at): f"CAST({quoted(at)} AS DATE)", _month(at): month}
    asked = {plain.where(m): where_known(m, ledgers, empty, types) for m in measures}
    # To compare a code costs as little as to read a flag, and less than to write it: such a condition is asked of the code itself.
    coded = {b for b in breakdowns if b not in empty and _is_code(types.get(b, ""))}
    same |= {quoted(b): _by(b) for b in coded}
    at_once = {asked[plain.where(m)] for m in measures if asks_of(m, ledgers) <= coded}
    flags = {known: f"_w{n}" for n, known in enumerate(dict.fromkeys(asked.values())) if known not in {"true", "false", *at_once}}
    columns |= {flag: f"({known}) IS TRUE" for known, flag in flags.items()}
    conditions = {condition: f"e.{flags[known]}" if known in flags else known for condition, known in asked.items()}
    amounts = {a: f"_a{n}" for n, a in enumerate(dict.fromkeys(plain.amount(m) for m in measures if m.rollup.value))}
    told_by = {plain.amount(m): {m.rollup.value, *m.rollup.less} for m in measures if m.rollup.value}
    columns |= {column: added for added, column in amounts.items() if not told_by[added] <= empty}
    same |= {column: "CAST(NULL AS DOUBLE)" for added, column in amounts.items() if told_by[added] <= empty}
    there = f"(SELECT DISTINCT dataset FROM {quoted(table)})"
    last = dict(connection.execute(f"SELECT dataset, CAST(as_of AS VARCHAR) FROM horizon SEMI JOIN {there} USING (dataset)").fetchall())
    # A join would carry all columns along.
    known = f"CAST(e.dataset AS VARCHAR) IN ({', '.join(map(text, last))})" if last else "false"
    if len(last) == 1:
        del columns["dataset"]
        same["dataset"] = f"CAST({text(*last)} AS VARCHAR)"
    if types:
        blank = "".join(f", CAST(NULL AS {kind}) AS {quoted(n)}" for n, kind in column_kinds(ledgers).items() if n not in types)
        source = f"(SELECT *{blank} FROM {source})"
    connection.execute(
        f"""CREATE OR REPLACE TABLE memory.{_COPY} AS SELECT {", ".join(f"{value} AS {name}" for name, value in columns.items())}
            FROM {source} e WHERE e.place_id IS NOT NULL AND {known}"""
    )
    told_once = "".join(f", {value} AS {name}" for name, value in same.items())
    connection.execute(f"CREATE OR REPLACE VIEW memory.{_NARROW} AS SELECT *{told_once} FROM memory.{_COPY}")
    conditions["true"] = "true"
    return NarrowRows(table, ledgers, conditions, {a: f"e.{column}" for a, column in amounts.items()}, last, empty)


def _empty(connection: duckdb.DuckDBPyConnection, table: str, ledgers: Sequence[Ledger]) -> frozenset[str]:
    """The columns of a table in which no row says anything."""

    def says(column: str) -> bool:
        query = f"SELECT 1 FROM {quoted(table)} WHERE {quoted(column)} IS NOT NULL LIMIT 1"
        return bool(connection.execute(query).fetchall())

    return frozenset(column for column in column_kinds(ledgers) if not says(column))


def _is_code(kind: str) -> bool:
    """Whether a column holds codes already, none of them for the word of what was not told."""
    return kind.startswith("ENUM") and text(UNTOLD) not in kind


def _code(connection: duckdb.DuckDBPyConnection, table: str, value: str) -> str | None:
    """The SQL for the code of a text; None where there are too many. A word for what was not told is no word."""
    query = f"SELECT DISTINCT {value} AS v FROM {quoted(table)} e WHERE v IS NOT NULL ORDER BY v LIMIT {_MANY + 1}"
    names = [v for (v,) in connection.execute(query).fetchall()]
    if len(names) > _MANY:
        return None
    if UNTOLD in names:
        value = f"nullif({value}, {text(UNTOLD)})"
    return f"CAST({value} AS ENUM ({', '.join(map(text, names or [UNTOLD]))}))"


def _by(breakdown: str) -> str:
    return quoted(f"_by_{breakdown}")


def _month(at: str) -> str:
    return quoted(f"_month_{at}")
