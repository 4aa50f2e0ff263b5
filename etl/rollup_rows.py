"""The events of a table as the roll-up counts them: the table itself, or of a long one a narrow copy in memory.

A scan of millions of rows costs by what it must hash and compare: names of places, words, moments. The copy holds codes in place of
names and days in place of moments, and says of each condition whether it holds; it is made in one scan and counted in many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from etl.rollup_terms import UNTOLD, amount, told, where
from etl.schema import quoted, text
from jiejian.catalogue import Ledger, Measure

# A table of so many rows is worth a copy; one with more places, or categories of a breakdown, than this is counted as it is.
LONG, _MANY = 500_000, 20_000
_NARROW = "narrow"


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

    @property
    def source(self) -> str:
        return f"{_NARROW} e"

    @property
    def as_of(self) -> str:
        days = {f"DATE {text(day)}" for day in self.last.values()}
        if len(days) == 1:
            return days.pop()
        return f"CASE e.dataset {' '.join(f'WHEN {text(d)} THEN DATE {text(day)}' for d, day in self.last.items())} END"

    def month(self, at: str) -> str:
        return f"e.{_month(at)}"

    def by(self, breakdown: str) -> str:
        """The code of a row's category; NULL where none is told."""
        return f"e.{_by(breakdown)}"

    def where(self, measure: Measure) -> str:
        return self.conditions[super().where(measure)]

    def amount(self, measure: Measure) -> str:
        return self.amounts[super().amount(measure)]


@contextmanager
def counted(
    connection: duckdb.DuckDBPyConnection, table: str, measures: Iterable[Measure], ledgers: Sequence[Ledger]
) -> Iterator[Rows]:
    """How the rows of a table are counted; of a long one the copy is there as long as they are."""
    rows = Rows(table, ledgers)
    if connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0] < LONG:
        yield rows
        return
    yield (
        _copied(connection, rows, [m for m in measures if m.kind == "flow" or (m.kind == "stock" and not m.rollup.distinct)])
        or rows
    )
    connection.execute(f"DROP TABLE IF EXISTS {_NARROW}")


def _copied(connection: duckdb.DuckDBPyConnection, plain: Rows, measures: Sequence[Measure]) -> NarrowRows | None:
    """Make the temporary table ``narrow`` for some measures; None where a copy would not be narrow."""
    table, ledgers = plain.table, plain.ledgers
    breakdowns = dict.fromkeys(b for m in measures if m.kind == "flow" for b in m.rollup.by)
    named = {"dataset": "e.dataset", "place_id": "e.place_id"} | {_by(b): told(b, ledgers) for b in breakdowns}
    codes = {name: _code(connection, table, value) for name, value in named.items()}
    if not all(codes.values()):
        return None
    conditions = {c: f"e._w{n}" for n, c in enumerate(dict.fromkeys(plain.where(m) for m in measures)) if c != "true"}
    amounts = {a: f"e._a{n}" for n, a in enumerate(dict.fromkeys(plain.amount(m) for m in measures if m.rollup.value))}
    moments = dict.fromkeys(at for m in measures for at in (m.rollup.at, m.rollup.start, m.rollup.end) if at)
    months = dict.fromkeys(m.rollup.at for m in measures if m.kind == "flow")
    columns = [f"{code} AS {name}" for name, code in codes.items()]
    columns += [f"CAST({quoted(at)} AS DATE) AS {quoted(at)}" for at in moments]
    columns += [f"{plain.month(at)} AS {_month(at)}" for at in months]
    columns += [f"({condition}) IS TRUE AS {flag[2:]}" for condition, flag in conditions.items()]
    columns += [f"{added} AS {column[2:]}" for added, column in amounts.items()]
    last = dict(connection.execute("SELECT dataset, CAST(as_of AS VARCHAR) FROM horizon").fetchall())
    known = f"e.dataset IN ({', '.join(map(text, last))})" if last else "false"  # a join would carry all columns along
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_NARROW} AS SELECT {', '.join(columns)} FROM {quoted(table)} e WHERE e.place_id IS NOT NULL AND {known}"
    )
    return NarrowRows(table, ledgers, {"true": "true"} | conditions, amounts, last)


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
