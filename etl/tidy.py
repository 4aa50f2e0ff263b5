"""Rows → typed rows by contract, in SQL: a fast cast, and a mapping table for the distinct values that it cannot read.

Works on one batch of sheets at a time, in temporary tables of the connection: ``raw`` (text by contract column), ``reading``
(the carefully read distinct values) and ``typed`` (one column a warehouse column); ``_row`` is explained in batch.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl import dates
from etl.arrays import to_numpy
from etl.batch import Batch, row_of, sheet_of
from etl.hiding import hide_in
from etl.recognise import NUMERIC
from etl.regular import MOST, Regular, holding, kinds_of, regular, rows_of, without
from etl.schema import column_types, quoted, text
from etl.textfile import texts
from etl.values import STREET_WIDE, Context, Reading, is_metric, is_needed, read_values
from etl.wording import (
    BLANK_WORDS,
    ERRORS,
    EXAMPLE_ROW,
    LONE_NOTE,
    MEAN_ROW,
    NOTE_ROW,
    SUBTOTAL_ROW,
    SUM_ROW,
    SUM_SIGNS,
    TOTAL_ROW,
    UNCALCULATED,
    plain,
)
from jiejian.catalogue import Column, Ledger

_BLANK = " \t\r\n\u3000\u00a0\ufeff"
BLANKS = text(_BLANK)
# For SQL: a text that is not stored as it is written, for a blank at one of its ends, or perhaps an error of a formula. It may be one
# of several under each other.
NOT_AS_WRITTEN = f"(?m:^[{_BLANK}#]|[{_BLANK}]$)"
_ERRORS = ", ".join(map(text, ERRORS))


@dataclass(frozen=True)
class Tidied:
    """How many rows of each kind each sheet has, and which columns hold values with a fault.

    ``careful`` is the table with the rows that had to be looked at closely: all of ``typed``, or few of a long text. Such a text has
    all its rows in the table ``staged`` (onepass.py), and ``first_row`` is the spreadsheet row of the first of them.
    """

    kinds: dict[tuple[int, str], int]
    faulty: frozenset[str]
    careful: str = "typed"
    staged: str = ""
    first_row: int = 0
    # Of few rows what is known of their columns, and the columns in which some row has nothing or says so.
    regular: Regular | None = None
    gaps: frozenset[str] = frozenset()

    def rows(self, sheet: int) -> int:
        """The rows of the ledger in a sheet of the batch: without titles, notes, totals and means."""
        return self.kinds.get((sheet, "row"), 0)

    def has(self, kind: str) -> bool:
        return any(found == kind for _, found in self.kinds)


def tidy(connection: duckdb.DuckDBPyConnection, batch: Batch, context: Context, rows_known: Callable[[], None]) -> Tidied:
    """Fill ``raw``, ``reading`` and ``typed`` from the bodies of the sheets. Nothing is rejected here, only read.

    ``rows_known`` is called when ``raw`` stands and before anything is looked up.
    """
    no_view(connection)
    rows = batch.table()
    connection.register("sheets", rows)
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {raw_rows(batch, _only_rows(batch, rows))}")
    finally:
        connection.unregister("sheets")
    return tidy_raw(connection, batch, context, rows_known)


def no_view(connection: duckdb.DuckDBPyConnection) -> None:
    """``typed`` of a long text before is a view."""
    try:
        connection.execute("DROP TABLE IF EXISTS typed")
    except duckdb.CatalogException:
        connection.execute("DROP VIEW typed")


def tidy_raw(
    connection: duckdb.DuckDBPyConnection, batch: Batch, context: Context, rows_known: Callable[[], None], target: str = "typed"
) -> Tidied:
    """Fill ``reading`` and the table ``target`` from ``raw``."""
    rows = rows_of(connection)
    if rows is None:
        counted = connection.execute(f"SELECT {sheet_of()}, _kind, count(*) FROM raw GROUP BY ALL").fetchall()
        kinds = {(sheet, kind): count for sheet, kind, count in counted}
    else:
        kinds = kinds_of(rows)
    if any(kind == "note" for _, kind in kinds):
        connection.execute("DELETE FROM raw WHERE _kind = 'note'")
        rows = None if rows is None else without(rows, "note")
    # Before anything is looked up, checked or kept: no rejected value, no place, no load holds such a number.
    if hide_in(connection, "raw", batch.stored, batch.ledger.key, context.key, rows):
        rows = None if rows is None else rows_of(connection)
    rows_known()
    known = None if rows is None else regular(rows, batch.ledger, batch.stored, batch.times)
    read = _read(connection, batch, context, known)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS {_typed(batch, {r.column for r in read}, context, known)}")
    nothing = {r.column for r in read if r.canon is None and r.lower is None and r.upper is None and not r.fault}
    gaps = known.gaps | nothing if known else batch.columns
    return Tidied(kinds, frozenset(r.column for r in read if r.fault), target, regular=known, gaps=gaps)


# ---- raw ----


def raw_rows(batch: Batch, only_rows: bool = False) -> str:
    """Text by contract column, blank rows left out, and the kind of each row: row, total, subtotal, mean or note.

    With ``only_rows`` there is no other kind.
    """
    columns = "".join(f", {_cell(batch, c)}" for c in batch.stored)
    columns += "".join(f", {quoted('_o_' + c.id)}" for c in batch.measured) if batch.turned else ""
    kind = text("row") if only_rows else _kind(batch)
    return f"SELECT {row_of('_sheet', 'row', 'slice')} AS _row, {kind} AS _kind{columns} FROM sheets WHERE _lead IS NOT NULL"


def _cell(batch: Batch, column: Column) -> str:
    """A cell as it is read; a place with the street of its row before it, where the contract names that column. Where a text must be given
    the blank of a program (None, NaN) is none."""
    ledger, cell = batch.ledger, quoted(column.id)
    if column.type == "text" and is_needed(ledger, column):
        return f"CASE WHEN NOT ({says_none(cell)}) THEN {cell} END AS {cell}"
    if column.id != ledger.place or ledger.street not in batch.columns:
        return cell
    return f"CASE WHEN {cell} IS NOT NULL THEN concat_ws('/', {quoted(ledger.street)}, {cell}) END AS {cell}"


def says_none(cell: str) -> str:
    """SQL: whether a cell holds what programs write for a blank; FALSE of a NULL."""
    longest = max(map(len, BLANK_WORDS))
    # One by one, since a list for IN becomes a join, in which the order of the rows is lost.
    words = " OR ".join(f"lower({cell}) = {text(word)}" for word in BLANK_WORDS)
    # The words are looked at in short cells only: of an AND inside of an expression both sides are worked out for every row.
    return f"CASE WHEN strlen({cell}) <= {longest} THEN {words} ELSE false END"


# What stands alone in a row and is longer is no name of a place.
_LONGEST_PLACE = 12
_A_FIGURE = r"[-+]?[0-9][0-9,]*(\.[0-9]+)?%?"
# One of these stands in every note that could be taken for a place.
_NOTE_SIGNS = "：:．.、）)】\\]。"


def _only_rows(batch: Batch, rows: pa.Table) -> bool:
    """Whether no row of few can be anything but a row of the ledger: none is mostly blank, or holds one of the signs of a total
    (or of a note, where each name starts a place)."""
    layout = batch.ledger.layout
    if rows.num_rows > MOST or (layout and (layout.total_rows is not None or layout.skip_rows)):
        return False
    rows = rows.filter(pc.is_valid(rows.column("_lead"))).combine_chunks()
    filled, width = (to_numpy(pc.cast(rows.column(c), pa.int64()).combine_chunks(), np.int64) for c in ("_filled", "_width"))
    names = [c for c in ("_lead", batch.ledger.place) if c in rows.column_names]
    signs = SUM_SIGNS + (_NOTE_SIGNS if batch.ledger.starts_places else "")
    return bool((filled * 2 > np.maximum(width, 2)).all()) and not holding(rows, names, f"[{signs}]|示例|样例")


def _kind(batch: Batch) -> str:
    ledger = batch.ledger
    place = quoted(ledger.place) if ledger.place in batch.columns else "NULL"
    # In the ledgers that may speak of the whole street, 全街道 is a place and not a total.
    total = SUM_ROW if ledger.table in STREET_WIDE else TOTAL_ROW

    layout = ledger.layout
    if layout and layout.total_rows is not None:
        total = "|".join(re.escape(plain(name)) for name in layout.total_rows) or "^$"

    def is_a(cell: str, pattern: str) -> str:
        return f"regexp_full_match(regexp_replace({cell}, '[\\s\u3000\u00a0]', '', 'g'), {text(pattern)})"

    def sort(cell: str) -> str:
        # Only the few cells that hold one of these characters are looked at closely.
        hint = " OR ".join(f"contains({cell}, '{sign}')" for sign in SUM_SIGNS)
        hint = "true" if layout and layout.total_rows else hint
        kinds = {"total": total, "subtotal": SUBTOTAL_ROW, "mean": MEAN_ROW}
        return f"CASE WHEN {hint} THEN CASE {' '.join(f'WHEN {is_a(cell, p)} THEN {text(k)}' for k, p in kinds.items())} END END"

    # The path of a place is looked at by its last part; the place of a whole sheet says nothing about a row.
    sheet = batch.members[0].match.sheet
    made = batch.members[0].match.columns.get(ledger.place) in sheet.made
    name = "NULL" if made and sheet.kinds is None else f"split_part({place}, '/', -1)" if made else place
    lone_place = f"({name} IS NOT NULL AND length({name}) <= {_LONGEST_PLACE} AND NOT regexp_matches({name}, '[：:；;，,。！!]'))"
    # Where each name starts a place, a note that has something beside it would be one; elsewhere it comes back as unknown. 春和社区。 is a slip.
    told = f"regexp_matches({name}, {text(NOTE_ROW)}) OR (length({name}) > {_LONGEST_PLACE} AND {name} LIKE '%。')"
    # A figure that stands alone is no note: it comes back, since nobody knows of what it is.
    counted = [quoted(c.id) for c in ledger.columns if c.measure and c.id in batch.columns]
    figure = " OR ".join(f"coalesce(regexp_full_match({c}, {text(_A_FIGURE)}), false)" for c in counted) or "false"
    note = f"""regexp_full_match(_lead, {text(EXAMPLE_ROW)})
               OR (_filled * 2 <= greatest(_width, 2) AND regexp_matches(_lead, {text(NOTE_ROW)}))
               OR ({told if ledger.starts_places else "false"})
               OR (_filled = 1 AND _width > 2 AND NOT ({figure}) AND (regexp_matches(_lead, {text(LONE_NOTE)}) OR NOT {lone_place}))"""
    sorts = ", ".join(sort(cell) for cell in dict.fromkeys(("_lead", place)) if cell != "NULL")
    if layout and layout.skip_rows:
        names = "|".join(re.escape(plain(name)).replace(r"\*", ".*") for name in layout.skip_rows)
        left_out = " OR ".join(is_a(cell, names) for cell in dict.fromkeys(("_lead", place)) if cell != "NULL")
        sorts = f"CASE WHEN {left_out} THEN 'note' END, {sorts}"
    return f"coalesce({sorts}, CASE WHEN {note} THEN 'note' ELSE 'row' END)"


# ---- reading ----


def fast(ledger: Ledger, column: Column, cell: str, scaled: bool, order: str = "") -> str | None:
    """The SQL that reads most values of a column, NULL where it cannot; None where every value is looked up.

    ``order`` tells how ``03/04/2026`` is meant.
    """
    if column.type in NUMERIC and ledger.decimal == "comma":
        return None
    plainly = _fast(ledger, column, cell, scaled, order)
    if not ledger.missing or column.type not in ("date", "datetime", *NUMERIC) or plainly is None:
        return plainly
    said = " OR ".join(f"{cell} = {text(word)}" for word in ledger.missing)
    return f"CASE WHEN NOT ({said}) THEN {plainly} END"


def _fast(ledger: Ledger, column: Column, cell: str, scaled: bool, order: str) -> str | None:
    if column.personal == "pseudonym" or is_metric(column, ledger):
        return None
    if column.personal == "mask":
        return f"left({cell}, 1) || '**'"
    if column.type == "text":
        # Trimming by characters is slow, and few texts hold a blank.
        blank = " OR ".join(f"contains({cell}, {text(sign)})" for sign in _BLANK)
        # One by one: a list for IN becomes a join, which costs more and loses the order of the rows (onepass.py needs it).
        errors = " OR ".join(f"{cell} = {text(error)}" for error in ERRORS)
        error = f"starts_with({cell}, '#') AND ({errors} OR starts_with({cell}, {text(UNCALCULATED)}))"
        return f"CASE WHEN {error} THEN NULL WHEN {blank} THEN nullif(trim({cell}, {BLANKS}), '') ELSE {cell} END"
    if column.type == "integer" and not scaled:
        return f"CASE WHEN NOT contains({cell}, '.') THEN TRY_CAST({cell} AS BIGINT) END"
    if column.type in NUMERIC and not scaled:
        return f"CASE WHEN isfinite(TRY_CAST({cell} AS DOUBLE)) AND NOT contains({cell}, '_') THEN TRY_CAST({cell} AS DOUBLE) END"
    if column.type in ("date", "datetime"):
        point = moment(column, cell, order)
        return f"CASE WHEN year({point}) BETWEEN {dates.FIRST_YEAR} AND {dates.LAST_YEAR} THEN {point} END"
    return None


def moment(column: Column, cell: str, order: str = "") -> str:
    """The SQL that reads a day or a moment of any year."""
    kind = "DATE" if column.type == "date" else "TIMESTAMP"
    return f"coalesce(TRY_CAST({cell} AS {kind}), CAST(TRY_STRPTIME({cell}, {_formats(order)}) AS {kind}))"


def _formats(order: str) -> str:
    return "[" + ", ".join(map(text, dates.formats(order))) + "]"


def _orders(connection: duckdb.DuckDBPyConnection, batch: Batch, easy: Collection[str]) -> dict[str, str]:
    """Of columns of dates: the declared order of month and day, or the one that all values of the column agree on."""
    orders = {c.id: c.date_order for c in batch.stored if c.type in ("date", "datetime")}
    for name in [name for name, order in orders.items() if not order and name not in easy]:
        cell = quoted(name)
        some = f"(SELECT {cell} FROM raw WHERE {cell} IS NOT NULL LIMIT 1000)"
        if not connection.execute(f"SELECT bool_or({cell}[2] = '/' OR {cell}[3] = '/') FROM {some}").fetchone()[0]:
            continue  # values that are rare are read one by one
        first, second = (f"max(TRY_CAST(split_part({cell}, '/', {n}) AS INT))" for n in (1, 2))
        firsts, seconds = connection.execute(
            f"SELECT {first}, {second} FROM raw WHERE regexp_matches({cell}, '^\\d{{1,2}}/\\d{{1,2}}/\\d{{4}}')"
        ).fetchone()
        if firsts and seconds:
            orders[name] = "mdy" if seconds > 12 >= firsts else "dmy" if firsts > 12 >= seconds else ""
    return orders


def _read(connection: duckdb.DuckDBPyConnection, batch: Batch, context: Context, known: Regular | None) -> list[Reading]:
    """Read the distinct hard values in Python and put them into ``reading``."""
    by_column: dict[str, list[str]] = {}
    easy = known.plain | known.empty if known else frozenset()
    context.orders = _orders(connection, batch, easy)
    if known:
        by_column = _looked_up(batch, known, context.orders)
        easy |= by_column.keys()
    if query := _hard(batch, context.orders, easy):
        for column, value in connection.execute(query).fetchall():
            by_column.setdefault(column, []).append(value)
    read = [r for column, values in by_column.items() for r in read_values(batch.ledger.column(column), values, context)]
    _store(connection, read)
    return read


def _store(connection: duckdb.DuckDBPyConnection, read: Iterable[Reading]) -> None:
    columns = list(zip(*read, strict=True)) or [()] * len(Reading._fields)
    connection.register(
        "reading", pa.Table.from_arrays([texts(list(c)) for c in columns], [f"_{name}" for name in Reading._fields])
    )


def _looked_up(batch: Batch, known: Regular, orders: dict[str, str]) -> dict[str, list[str]]:
    """The different values of columns of which every value is read carefully, and the error values in columns of words."""
    found = {}
    for column in batch.stored:
        if column.id in known.plain or column.personal == "mask":
            continue
        if column.type == "text" and not column.personal and not is_metric(column, batch.ledger):
            found[column.id] = [v for v in known.values(column.id) if v in ERRORS or v.startswith(UNCALCULATED)]
        elif fast(batch.ledger, column, "v", column.id in batch.times, orders.get(column.id, "")) is None:
            found[column.id] = known.values(column.id)
    return found


def _hard(batch: Batch, orders: dict[str, str], easy: Collection[str]) -> str:
    """The distinct (column, value) pairs that need careful reading; columns that are read alike are scanned together."""
    families: dict[str | None, list[str]] = {}
    errors: list[str] = []  # columns of words: only the error values of formulas are looked up
    for column in (c for c in batch.stored if c.id not in easy):
        if column.type == "text" and not column.personal and not is_metric(column, batch.ledger):
            errors.append(column.id)
        elif column.personal != "mask":
            reader = fast(batch.ledger, column, "v", column.id in batch.times, orders.get(column.id, ""))
            families.setdefault(reader, []).append(column.id)
    parts = []
    for reader, columns in families.items():
        names, cells = ", ".join(map(text, columns)), ", ".join(map(quoted, columns))
        unread = f" AND {reader} IS NULL" if reader else ""
        parts.append(
            f"SELECT DISTINCT c, v FROM (SELECT unnest([{names}]) AS c, unnest([{cells}]) AS v FROM raw) WHERE v IS NOT NULL{unread}"
        )
    parts += [
        f"SELECT DISTINCT {text(c)}, {quoted(c)} FROM raw WHERE starts_with({quoted(c)}, '#') AND ({quoted(c)} IN ({_ERRORS}) OR starts_with({quoted(c)}, {text(UNCALCULATED)}))"
        for c in errors
    ]
    return " UNION ALL ".join(parts)


# ---- typed ----


def _typed(batch: Batch, looked_up: set[str], context: Context, known: Regular | None) -> str:
    """One column a warehouse column; a contract column that no sheet has is NULL.

    In a ledger that may speak of the whole street, a row that names no place does.
    """
    street = context.gazetteer.street() if batch.ledger.table in STREET_WIDE else None
    selected, joins = ["raw._row", "raw._kind"], []
    plain, empty = (known.plain, known.empty) if known else (frozenset(), frozenset())
    for number, column in enumerate(batch.ledger.columns):
        names = column_types(batch.ledger, column)
        if column.id not in batch.columns or (column.id in empty and not (street and "place_id" in names)):
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
        value = fast(batch.ledger, column, cell, column.id in batch.times, context.orders.get(column.id, ""))
        if name == "place_id" and street:
            value = text(street)
        if column.id in looked_up:
            careful = f"CAST({lookup}._canon AS {kind})"
            order = (careful, value) if name == "place_id" else (value, careful)
            value = f"coalesce({', '.join(filter(None, order))})"
        elif not column.personal and (column.type in NUMERIC or column.id in plain):
            value = cell if kind == "VARCHAR" else f"CAST({cell} AS {kind})"  # nothing had to be looked up, so a plain cast reads every value
        selected.append(f"{value or f'CAST(NULL AS {kind})'} AS {quoted(name)}")
    return f"SELECT {', '.join(selected)} FROM raw {' '.join(joins)}"
