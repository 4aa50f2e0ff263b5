"""Totals that were drawn from a database in place of its rows (catalogue/daily.py), beside those counted here.

Where a data set has rows of its own in a table, totals of the same table are not added: nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from etl.schema import quoted, text
from jiejian.catalogue import Catalogue, Measure
from jiejian.catalogue.daily import BREAKDOWN, CATEGORY, DAY, MARK, WHOLE, names

Drawn = Mapping[str, str]


def drawn_of(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, table: str) -> Drawn:
    """Date column → the totals by it that were drawn for an event table, as a relation; only those that have rows."""
    found = {}
    for ledger in catalogue.ledgers.values():
        parent = catalogue.ledgers.get(ledger.daily_of)
        if parent and parent.table == table and connection.execute(f"SELECT 1 FROM {quoted(ledger.table)} LIMIT 1").fetchone():
            at = ledger.table.removeprefix(f"drawn_{table}_")
            found[at] = (
                f"(SELECT * FROM {quoted(ledger.table)} WHERE dataset NOT IN (SELECT DISTINCT dataset FROM {quoted(table)}))"
            )
    return found


def _until_now(drawn: str, which: str) -> str:
    return f"FROM {drawn} e JOIN horizon h USING (dataset) WHERE e.place_id IS NOT NULL AND {DAY} <= h.as_of AND {which}"


def _columns(measure: Measure, part: str) -> tuple[str, str, str]:
    """Value, rows and blanks of a measure; what adds no amounts counts its rows and has no blanks."""
    value, rows, blanks = names(measure, part)
    return (value, rows, blanks) if measure.rollup.value else (value, value, "")


def days(drawn: str, day_table: str, measures: Sequence[Measure]) -> str:
    """The daily totals of some flows, into the table that holds those counted here."""
    columns = [c for m in measures for c in _columns(m, "flow") if c]
    sums = ", ".join(f"sum({quoted(c)}) AS {quoted(c)}" for c in dict.fromkeys(columns))
    return f"""INSERT INTO {day_table} BY NAME
               SELECT e.dataset, e.place_id, {DAY} AS day, {sums} {_until_now(drawn, f"{BREAKDOWN} = {text(WHOLE)}")} GROUP BY ALL"""


def months(drawn: str, measures: Sequence[Measure]) -> str:
    """Months by each breakdown, in the columns of rollup_flows."""
    return " UNION ALL ".join(_months(drawn, measures, by) for by in dict.fromkeys(by for m in measures for by in m.rollup.by))


def _months(drawn: str, measures: Sequence[Measure], by: str) -> str:
    here = [m for m in measures if by in m.rollup.by]
    ids, parts = ", ".join(text(m.id) for m in here), [_columns(m, "flow") for m in here]
    values = ", ".join(f"sum({quoted(v)})::DOUBLE" for v, _, _ in parts)
    rows = ", ".join(f"coalesce(sum({quoted(r)}), 0)::BIGINT" for _, r, _ in parts)
    blanks = ", ".join(f"coalesce(sum({quoted(b)}), 0)::BIGINT" if b else "0" for _, _, b in parts)
    return f"""SELECT e.dataset, e.place_id, date_trunc('month', {DAY})::DATE AS m, {text(by)} AS breakdown,
                      {CATEGORY}[{len(MARK) + 1}:] AS category, [{ids}] AS measures, [{values}] AS v, [{rows}] AS n, [{blanks}] AS b
               {_until_now(drawn, f"{BREAKDOWN} = {text(by)}")} GROUP BY ALL"""


def drawn_steps(drawn: Drawn, measures: Sequence[Measure]) -> Iterator[str]:
    """What began and what ended, by month, into the table ``step`` of rollup_states."""
    whole = f"{BREAKDOWN} = {text(WHOLE)}"
    for measure in measures:
        for at, part, sign in ((measure.rollup.start, "began", ""), (measure.rollup.end, "ended", "-")):
            if at in drawn and not measure.rollup.distinct:
                value, rows, blanks = _columns(measure, part)
                without = f"{sign}coalesce({quoted(blanks)}, 0)" if blanks else "0"
                yield f"""INSERT INTO step
                          SELECT e.dataset, e.place_id, date_trunc('month', {DAY})::DATE, {text(measure.id)},
                                 {sign}coalesce({quoted(value)}, 0)::DOUBLE, {without}, {sign}{quoted(rows)}
                          {_until_now(drawn[at], whole)}"""
