"""Rows → typed rows by contract, in SQL: a fast cast, and a mapping table for the distinct values that it cannot read.

Works on one sheet at a time, in four temporary tables of the connection: ``raw`` (text by contract column), ``reading`` (the
carefully read distinct values), ``typed`` (one column a warehouse column), all with ``_row``, the spreadsheet row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from etl import dates
from etl.recognise import NUMERIC, Match
from etl.schema import column_types, quoted, text
from etl.textfile import texts
from etl.values import STREET_WIDE, Context, Reading, is_metric, read_values
from etl.wording import LONE_NOTE, MEAN_ROW, NOTE_ROW, SUBTOTAL_ROW, SUM_ROW, TOTAL_ROW
from jiejian.catalogue import Column, Ledger

_BLANKS = text(" \t\r\n\u3000\u00a0\ufeff")
_FORMATS = "[" + ", ".join(map(text, dates.FORMATS)) + "]"


@dataclass(frozen=True)
class Tidied:
    """How many rows of a sheet are rows of the ledger, totals and subtotals, and which columns hold values with a fault."""

    rows: int
    totals: int
    subtotals: int
    faulty: frozenset[str]


def tidy(connection: duckdb.DuckDBPyConnection, match: Match, context: Context, rows_known: Callable[[], None]) -> Tidied:
    """Fill ``raw``, ``reading`` and ``typed`` from the body of a sheet. Nothing is rejected here, only read.

    ``rows_known`` is called when ``raw`` stands and before anything is looked up.
    """
    table = match.sheet.table()
    connection.register("sheet", table)
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {_raw(match, table.num_columns - 1)}")
    finally:
        connection.unregister("sheet")
    kinds = dict(connection.execute("SELECT _kind, count(*) FROM raw GROUP BY _kind").fetchall())
    if kinds.pop("note", 0):
        connection.execute("DELETE FROM raw WHERE _kind = 'note'")
    rows_known()
    read = _read(connection, match, context)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE typed AS {_typed(match, {r.column for r in read})}")
    return Tidied(kinds.get("row", 0), kinds.get("total", 0), kinds.get("subtotal", 0), frozenset(r.column for r in read if r.fault))


def stored(match: Match) -> list[Column]:
    """The contract's columns that the sheet has and that may be kept."""
    return [c for c in match.ledger.columns if c.id in match.columns and c.personal != "drop"]


# ---- raw ----


def _raw(match: Match, width: int) -> str:
    """Text by contract column, blank rows left out, and the kind of each row: row, total, subtotal, mean or note."""
    cells = [f"c{i}" for i in range(width)]
    columns = "".join(f", _sheet.c{match.columns[c.id]} AS {quoted(c.id)}" for c in stored(match))
    filled = f"list_count([{', '.join(cells)}])"
    return f"""
        SELECT _row, {_kind(match, width)} AS _kind{columns}
        FROM (SELECT row AS _row, * EXCLUDE (row), coalesce({", ".join(cells)}) AS _lead, {filled} AS _filled
              FROM sheet) AS _sheet
        WHERE _lead IS NOT NULL"""


def _kind(match: Match, width: int) -> str:
    ledger = match.ledger
    place = f"_sheet.c{match.columns[ledger.place]}" if ledger.place in match.columns else "NULL"
    # In the ledgers that may speak of the whole street, 全街道 is a place and not a total.
    total = SUM_ROW if ledger.table in STREET_WIDE else TOTAL_ROW

    def is_a(cell: str, pattern: str) -> str:
        return f"regexp_full_match(regexp_replace({cell}, '\\s', '', 'g'), {text(pattern)})"

    def sort(cell: str) -> str:
        # Only the few cells that hold one of these characters are looked at closely.
        hint = " OR ".join(f"contains({cell}, '{sign}')" for sign in "计全均总共镇")
        kinds = f"CASE WHEN {is_a(cell, total)} THEN 'total' WHEN {is_a(cell, SUBTOTAL_ROW)} THEN 'subtotal' WHEN {is_a(cell, MEAN_ROW)} THEN 'mean' END"
        return f"CASE WHEN {hint} THEN {kinds} END"

    lone_place = f"({place} IS NOT NULL AND length({place}) <= 12 AND NOT regexp_matches({place}, '[：:；;，,。！!]'))"
    note = f"""(_filled * 2 <= {max(width, 2)} AND regexp_matches(_lead, {text(NOTE_ROW)}))
               OR (_filled = 1 AND {width} > 2 AND (regexp_matches(_lead, {text(LONE_NOTE)}) OR NOT {lone_place}))"""
    sorts = ", ".join(sort(cell) for cell in dict.fromkeys(("_lead", place)) if cell != "NULL")
    return f"coalesce({sorts}, CASE WHEN {note} THEN 'note' ELSE 'row' END)"


# ---- reading ----


def fast(ledger: Ledger, column: Column, cell: str, scaled: bool) -> str | None:
    """The SQL that reads most values of a column, NULL where it cannot; None where every value is looked up."""
    if column.personal == "pseudonym" or is_metric(column, ledger):
        return None
    if column.type == "text":
        trimmed = f"nullif(trim({cell}, {_BLANKS}), '')"
        return f"{trimmed}[:1] || '**'" if column.personal == "mask" else trimmed
    if column.type == "integer" and not scaled:
        return f"CASE WHEN NOT contains({cell}, '.') THEN TRY_CAST({cell} AS BIGINT) END"
    if column.type in NUMERIC and not scaled:
        return f"CASE WHEN isfinite(TRY_CAST({cell} AS DOUBLE)) AND NOT contains({cell}, '_') THEN TRY_CAST({cell} AS DOUBLE) END"
    if column.type in ("date", "datetime"):
        kind = "DATE" if column.type == "date" else "TIMESTAMP"
        point = f"coalesce(TRY_CAST({cell} AS {kind}), CAST(TRY_STRPTIME({cell}, {_FORMATS}) AS {kind}))"
        return f"CASE WHEN year({point}) BETWEEN {dates.FIRST_YEAR} AND {dates.LAST_YEAR} THEN {point} END"
    return None


def _read(connection: duckdb.DuckDBPyConnection, match: Match, context: Context) -> list[Reading]:
    """Read the distinct hard values in Python and put them into ``reading``."""
    by_column: dict[str, list[str]] = {}
    if query := _hard(match):
        for column, value in connection.execute(query).fetchall():
            by_column.setdefault(column, []).append(value)
    read = [r for column, values in by_column.items() for r in read_values(match.ledger.column(column), values, context)]
    _store(connection, read)
    return read


def _store(connection: duckdb.DuckDBPyConnection, read: Iterable[Reading]) -> None:
    columns = list(zip(*read, strict=True)) or [()] * len(Reading._fields)
    connection.register("reading", pa.Table.from_arrays([texts(list(c)) for c in columns], [f"_{name}" for name in Reading._fields]))


def _hard(match: Match) -> str:
    """The distinct (column, value) pairs that need careful reading; columns that are read alike are scanned together."""
    families: dict[str | None, list[str]] = {}
    for column in stored(match):
        scaled = match.times.get(column.id, 1) != 1
        if column.type != "text" or column.personal == "pseudonym" or is_metric(column, match.ledger):
            families.setdefault(fast(match.ledger, column, "v", scaled), []).append(column.id)
    parts = []
    for reader, columns in families.items():
        names, cells = ", ".join(map(text, columns)), ", ".join(map(quoted, columns))
        unread = f" AND {reader} IS NULL" if reader else ""
        parts.append(
            f"SELECT DISTINCT c, v FROM (SELECT unnest([{names}]) AS c, unnest([{cells}]) AS v FROM raw) WHERE v IS NOT NULL{unread}"
        )
    return " UNION ALL ".join(parts)


# ---- typed ----


def _typed(match: Match, looked_up: set[str]) -> str:
    """One column a warehouse column; a contract column that the sheet lacks is NULL."""
    selected, joins = ["raw._row", "raw._kind"], []
    for number, column in enumerate(match.ledger.columns):
        names = column_types(match.ledger, column)
        if column.id not in match.columns or column.personal == "drop":
            selected += [f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in names.items()]
            continue
        cell, lookup = f"raw.{quoted(column.id)}", f"r{number}"
        if column.id in looked_up:
            joins.append(
                f"LEFT JOIN (SELECT * FROM reading WHERE _column = {text(column.id)}) AS {lookup} ON {lookup}._raw = {cell}"
            )
        if column.type == "period":
            parts = ("_qualifier", "_canon", "_upper") if column.id in looked_up else ("NULL",) * 3
            joined = [f"{lookup}.{part}" if column.id in looked_up else part for part in parts]
            selected += [f"CAST({part} AS {k}) AS {quoted(n)}" for part, (n, k) in zip(joined, names.items(), strict=True)]
            continue
        ((name, kind),) = names.items()
        value = fast(match.ledger, column, cell, match.times.get(column.id, 1) != 1)
        if column.id in looked_up:
            careful = f"CAST({lookup}._canon AS {kind})"
            value = f"coalesce({value}, {careful})" if value else careful
        elif column.type in NUMERIC:
            value = f"CAST({cell} AS {kind})"  # nothing had to be looked up, so a plain cast reads every value
        selected.append(f"{value or f'CAST(NULL AS {kind})'} AS {quoted(name)}")
    return f"SELECT {', '.join(selected)} FROM raw {' '.join(joins)}"

