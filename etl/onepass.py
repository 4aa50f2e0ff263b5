"""A long table of an event ledger in one scan: rows that read well are typed on the way, the few others are looked at closely.

The table is a large text that DuckDB scans by itself, or one that was read into memory.

A table ``staged`` holds all rows in the order of the file. A row with anything unusual (a value that the fast cast does not read, a spelling
not met at the beginning, a blank that must be filled, a broken rule, a total) keeps its cells in ``_cells``, and goes the way of
tidy.py by way of ``raw`` and ``careful``. ``typed`` is the view of both. Reads nothing differently, only faster.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import duckdb
import numpy as np
import pyarrow.compute as pc

from etl import dates
from etl.arrays import texts, to_numpy
from etl.batch import Batch, line_of, row_of
from etl.check import is_needed
from etl.hiding import any_suspicious, hidden
from etl.longload import drop
from etl.longtext import BLANK_CELLS, Held, Scan, may_be_blank
from etl.recognise import NUMERIC
from etl.rules import broken_where
from etl.schema import FIXED, column_types, quoted, text
from etl.tidy import BLANKS, NOT_AS_WRITTEN, Tidied, fast, moment, no_view, raw_rows, says_none, tidy_raw
from etl.values import Context, is_metric, read_values
from etl.wording import MEAN_ROW, SUBTOTAL_ROW, SUM_SIGNS, TOTAL_ROW
from jiejian.catalogue import Column

# Spellings of choices, places, yes and no are learnt from so many records.
_LEARNT_FROM = 100_000
# A table in memory with fewer rows is read as fast in the ordinary way.
WORTH = 3_000
_HELD = "held"
# Up to so many spellings are compared one by one; up to so many words of a column of words are kept as codes.
_FEW, _WORDS = 12, 24
# Where more than one row in so many is an odd one, what was learnt from the beginning does not hold.
_SELDOM = 20
_LOOKED_UP = ("choice", "place", "yes_no")
# Forms of statements that keep the order; and what two of one form may differ by: how many words they name, and which.
_IN_ORDER: set[str] = set()
_LITERALS = re.compile(r"(?: WHEN )?'(?:[^']|'')*'(?: THEN CAST\('(?:[^']|'')*' AS )?(?:, )?")
_SUM_OF_ROWS = re.compile(f"{TOTAL_ROW}|{SUBTOTAL_ROW}|{MEAN_ROW}")


class OutOfOrder(Exception):
    """The scan would not keep the order of the file."""


def tidy_long(connection: duckdb.DuckDBPyConnection, batch: Batch, context: Context, today: date) -> Tidied | None:
    """Fill ``raw``, ``reading`` and ``typed`` like :func:`etl.tidy.tidy`; None where the batch is not such a table."""
    scan = _may(batch) and (batch.members[0].match.sheet.scan or _held(connection, batch))
    if not scan:
        return None
    try:
        count, unusual = _stage(connection, batch, scan, context, today)
        if not scan.numbered_alike(count):
            raise OutOfOrder
    except (duckdb.Error, OutOfOrder):
        drop(connection, [staged(batch)])
        return None  # the ordinary way reads it, or says in Chinese why not
    connection.execute(f"CREATE OR REPLACE TEMP VIEW sheets AS {_unusual(batch, scan)}")
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {raw_rows(batch, only_rows=not unusual)}")
    finally:
        connection.execute("DROP VIEW sheets")
    tidied = tidy_raw(connection, batch, context, lambda: None, "careful")
    no_view(connection)
    connection.execute(f"CREATE TEMP VIEW typed AS {_view(connection, batch, scan)}")
    kinds = {**tidied.kinds, (0, "row"): tidied.rows(0) + count - unusual}
    return Tidied(kinds, tidied.faulty, tidied.careful, staged(batch), scan.skip + 1, tidied.regular, tidied.gaps)


def staged(batch: Batch) -> str:
    """The table of all rows: one that every cursor sees, and the warehouse is made from."""
    return f'memory.main."staged {batch.members[0].seq}"'


def _accepted(batch: Batch) -> str:
    return f'memory.main."accepted {batch.members[0].seq}"'


def settled(connection: duckdb.DuckDBPyConnection, batch: Batch, tidied: Tidied) -> tuple[str, tuple[str, ...]]:
    """The query for the accepted rows after the checks, with ``_row`` and the columns that the sheet has, and the tables that it reads."""
    wrong = "SELECT DISTINCT _row FROM problem WHERE _severity = 'error'"
    if connection.execute(f"{wrong} LIMIT 1").fetchall():
        lines = f"SELECT {line_of()} - {tidied.first_row} FROM ({wrong})"
        connection.execute(f"UPDATE {tidied.staged} SET _twin = true WHERE rowid IN ({lines})")
    connection.execute(
        f"CREATE OR REPLACE TABLE {_accepted(batch)} AS SELECT * FROM careful WHERE _kind = 'row' AND _row NOT IN ({wrong})"
    )
    codes, easy, careful = _codes(connection, batch), [], []
    for column in batch.stored:
        for name, kind in column_types(batch.ledger, column).items():
            kind = codes.get(name, kind)
            if _is_text(column) and kind.startswith("ENUM"):  # a word that the beginning did not have has no code
                new = f"SELECT 1 FROM {_accepted(batch)} WHERE {quoted(name)} IS NOT NULL AND TRY_CAST({quoted(name)} AS {kind}) IS NULL"
                kind = "VARCHAR" if connection.execute(f"{new} LIMIT 1").fetchall() else kind
            easy.append(f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}")
            careful.append(f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}")
    query = f"""SELECT {_row(tidied.first_row)} AS _row, {", ".join(easy)} FROM {tidied.staged} WHERE _cells IS NULL AND _twin IS NULL
                UNION ALL SELECT _row, {", ".join(careful)} FROM {_accepted(batch)}"""
    return query, (tidied.staged, _accepted(batch))


def look_up(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Put the cells of rows that the checks found among the good ones into ``raw``, to be shown as they were written."""
    wanted = "SELECT DISTINCT _row FROM problem WHERE _row NOT IN (SELECT _row FROM raw)"
    if not connection.execute(f"{wanted} LIMIT 1").fetchall():
        return
    scan, ledger = batch.members[0].match.sheet.scan or _held(connection, batch), batch.ledger
    named = {
        c
        for (columns,) in connection.execute(f"SELECT DISTINCT _columns FROM problem WHERE _row IN ({wanted})").fetchall()
        for c in columns.split(",")
    }
    kept = {c.id: quoted(next(iter(column_types(ledger, c)))) for c in batch.stored if c.type == "text" and not c.personal}
    # A text is kept as it was written, but for blanks around it, which only the scan of a file leaves out where it is shown.
    if isinstance(scan, Scan) and named & {c.id for c in batch.stored} <= kept.keys():
        cells, lines = [kept.get(c.id, "NULL") for c in batch.stored], f"SELECT {line_of()} - {scan.skip + 1} FROM ({wanted})"
        connection.execute(f"INSERT INTO raw SELECT _row, _kind, {', '.join(cells)} FROM typed WHERE _at IN ({lines}) AND _row IN ({wanted})")
        return
    row = row_of("0", f"(row_number() OVER () + {scan.skip})")
    cells = [quoted(_cell(batch, c)) for c in batch.stored]
    connection.execute(
        f"INSERT INTO raw SELECT _row, 'row', {', '.join(cells)} FROM (SELECT *, {row} AS _row FROM {scan.sql()}) WHERE _row IN ({wanted})"
    )


def _may(batch: Batch) -> bool:
    """One sheet of events in which every value can be read by a cast or learnt from the spellings of others."""
    ledger = batch.ledger
    if any(re.fullmatch(r"c\d+", c.id) for c in ledger.columns):
        return False  # names of the scan's own columns
    plain = ledger.table not in FIXED and not (ledger.starts_places or ledger.brings_places or batch.turned or batch.times)
    if ledger.street in batch.columns or (ledger.layout and (ledger.layout.total_rows is not None or ledger.layout.skip_rows)):
        return False  # what a row is, or where, is told by more than its own cells
    return plain and len(batch.members) == 1 and all(_easy(batch, c) for c in batch.stored)


def _held(connection: duckdb.DuckDBPyConnection, batch: Batch) -> Held | None:
    """The body of the sheet in memory, where it is long, nothing was made up in it and its rows follow each other."""
    sheet = batch.members[0].match.sheet
    if sheet.made or sheet.kinds or sheet.scan:
        return None
    table = batch.body
    count = table.num_rows
    if (
        count < WORTH
        or sheet.odd_rows
        or not np.array_equal(to_numpy(table.column("row").combine_chunks(), np.int64), np.arange(count) + sheet.first_row)
    ):
        return None
    connection.register(_HELD, table)
    return Held(_HELD, sheet.first_row - 1, len(sheet.heads))


def _easy(batch: Batch, column: Column) -> bool:
    return column.type in _LOOKED_UP or (
        fast(batch.ledger, column, "v", False) is not None and not is_metric(column, batch.ledger)
    )


def _cell(batch: Batch, column: Column) -> str:
    return f"c{batch.members[0].match.columns[column.id]}"


# ---- the scan ----


@dataclass(frozen=True)
class _Learnt:
    """What the beginning of a table tells about its columns of words: those whose cells are ``plain``, to be stored as they are written,
    and those that have few ``words``. With ``usual`` only the usual blank cells are NULL. A row with anything else is an odd one."""

    plain: frozenset[str] = frozenset()
    words: Mapping[str, list[str]] = field(default_factory=dict)
    usual: bool = False


def _stage(
    connection: duckdb.DuckDBPyConnection, batch: Batch, scan: Scan | Held, context: Context, today: date, learn: bool = True
) -> tuple[int, int]:
    """Make the table of all rows; how many there are, and how many of them are odd.

    ``learn`` from the beginning how words are written. Where the rest is written otherwise, too many rows would be odd.
    """
    looked_up = [c for c in batch.stored if _is_looked_up(c)]
    learnt_from = [_cell(batch, c) for c in batch.stored if _is_looked_up(c) or _is_text(c)]
    if isinstance(scan, Held):
        scan = _with_meanings(connection, batch, scan, looked_up, context)
    elif learnt_from:
        some = f"SELECT {', '.join(dict.fromkeys(learnt_from))} FROM {scan.sql()} LIMIT {_LEARNT_FROM}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE beginning AS {some}")
    learnt = (_learnt_in_memory(batch) if isinstance(scan, Held) else _learnt(connection, batch, scan)) if learn else _Learnt()
    values = {c.id: _value(connection, batch, scan, c, context, learnt) for c in batch.stored}
    names = {c.id: quoted(next(iter(column_types(batch.ledger, c)))) for c in batch.stored}
    typed = ", ".join(f"{value} AS {names[c]}" for c, value in values.items())
    kept = ", ".join(names.values())
    statement = f"""
            CREATE OR REPLACE TABLE {staged(batch)} AS
            SELECT {kept}, CASE WHEN {_odd(batch, scan, names, today, learnt)} THEN [{", ".join(scan.cells())}] END AS _cells,
                   CAST(NULL AS BOOLEAN) AS _twin
            FROM (SELECT *, {typed} FROM {scan.sql(usual=learnt.usual)})"""
    # Row numbers are those of the table: only a batch-wise insert keeps the order of the file when several threads read it. What has the
    # same form but for the spellings that were learnt is planned alike.
    form = f"{type(scan).__name__} {_LITERALS.sub('', statement.replace(staged(batch), 'staged'))}"
    if form not in _IN_ORDER:
        if "Batch Create Table As" not in connection.execute(f"EXPLAIN {statement}").fetchall()[0][1]:
            raise OutOfOrder
        _IN_ORDER.add(form)
    connection.execute(statement)
    count, odd = connection.execute(f"SELECT count(*), count(_cells) FROM {staged(batch)}").fetchall()[0]
    if (learnt.plain or learnt.usual) and odd * _SELDOM > count:
        return _stage(connection, batch, scan, context, today, learn=False)
    return count, odd


def _is_text(column: Column) -> bool:
    return column.type == "text" and not column.personal


def _learnt(connection: duckdb.DuckDBPyConnection, batch: Batch, scan: Scan | Held) -> _Learnt:
    plain, words = set(), {}
    for column in (c for c in batch.stored if _is_text(c)):
        cell = _cell(batch, column)
        if connection.execute(f"SELECT 1 FROM beginning WHERE regexp_matches({cell}, {text(NOT_AS_WRITTEN)}) LIMIT 1").fetchall():
            continue
        plain.add(column.id)
        query = f"SELECT DISTINCT {cell} AS v FROM beginning WHERE v IS NOT NULL ORDER BY v LIMIT {_WORDS + 1}"
        seen = [v for (v,) in connection.execute(query).fetchall()]
        if 0 < len(seen) <= _WORDS and all(v and hidden(v) == v for v in seen):
            words[column.id] = seen
    # A blank cell that is not NULL makes its row an odd one where the cell is read; of the others there must be few.
    read = {_cell(batch, c) for c in batch.stored}
    usual = isinstance(scan, Scan) and len(read) >= _half(scan) and not any(c.personal for c in batch.stored)
    return _Learnt(frozenset(plain), words, usual)


def _half(scan: Scan | Held) -> int:
    """Among so many cells of a row there is a blank one, if half of its cells are blank."""
    return max(scan.width, 2) // 2 + 1


def _learnt_in_memory(batch: Batch) -> _Learnt:
    """The same of a table in memory, but for its words: a statement that names them is planned anew for each table."""
    columns = {c.id: batch.body.column(_cell(batch, c)).slice(0, _LEARNT_FROM).unique() for c in batch.stored if _is_text(c)}
    found = {c: pc.any(pc.match_substring_regex(cells, NOT_AS_WRITTEN)).as_py() for c, cells in columns.items()}
    return _Learnt(frozenset(c for c, here in found.items() if not here))


def _value(
    connection: duckdb.DuckDBPyConnection, batch: Batch, scan: Scan | Held, column: Column, context: Context, learnt: _Learnt
) -> str:
    """The SQL that reads a cell of the column; NULL where it takes a closer look."""
    cell = _cell(batch, column)
    if column.id in learnt.words:
        words = learnt.words[column.id]
        return _one_of(cell, dict(zip(words, words, strict=True)), f"ENUM ({', '.join(map(text, words))})")
    if column.id in learnt.plain:
        return cell
    if _is_moment(batch, column):
        return moment(column, cell)  # read once; a year out of bounds makes the row an odd one
    if not _is_looked_up(column):
        return fast(batch.ledger, column, cell, False)
    if isinstance(scan, Held):
        return f"CAST({_meaning(column)} AS BOOLEAN)" if column.type == "yes_no" else _meaning(column)
    seen = connection.execute(f"SELECT DISTINCT {cell} AS v FROM beginning WHERE v IS NOT NULL ORDER BY v").fetchall()
    known = _known(column, [v for (v,) in seen], context)
    if not known:
        return f"CAST(NULL AS {_kept_as(batch, column, context)})"
    return _among(cell, known, _kept_as(batch, column, context))


def _known(column: Column, spellings: Sequence[str], context: Context) -> dict[str, str]:
    """What the spellings of a column mean, of those that leave no doubt."""
    known = {
        r.raw: r.canon
        for r in read_values(column, spellings, context)
        if r.canon is not None and not r.fault and hidden(r.raw) == r.raw
    }
    if column.type == "place":
        limited = {p.place_id for p in context.gazetteer.places.values() if p.valid_from or p.valid_to}
        known = {raw: c for raw, c in known.items() if c not in limited and not _SUM_OF_ROWS.fullmatch(re.sub(r"\s", "", raw))}
    return known


def _with_meanings(
    connection: duckdb.DuckDBPyConnection, batch: Batch, scan: Held, columns: Sequence[Column], context: Context
) -> Held:
    """The table in memory with what its spellings mean beside them: hundreds of names in a statement cost more than its rows."""
    table = batch.body
    for column in columns:
        cells = table.column(_cell(batch, column)).combine_chunks()
        spellings = sorted(v for v in cells.slice(0, _LEARNT_FROM).unique().to_pylist() if v is not None)
        known, coded = _known(column, spellings, context), cells.dictionary_encode()
        meanings = texts([known.get(v) for v in coded.dictionary.to_pylist()])
        table = table.append_column(_meaning(column), meanings.take(coded.indices))
    connection.register(_HELD, table)
    return replace(scan, made=tuple(map(_meaning, columns)))


def _meaning(column: Column) -> str:
    return f"_means_{column.id}"


def _is_looked_up(column: Column) -> bool:
    return column.type in _LOOKED_UP and not column.personal


def _is_moment(batch: Batch, column: Column) -> bool:
    return column.type in ("date", "datetime") and not column.personal and not batch.ledger.missing


def _among(cell: str, known: dict[str, str], kind: str) -> str:
    if len(known) <= _FEW:
        return _one_of(cell, known, kind)
    spellings, meanings = ", ".join(map(text, known)), ", ".join(map(text, known.values()))
    code = f"enum_code(TRY_CAST({cell} AS ENUM ({spellings})))"
    return f"list_extract(CAST([{meanings}] AS {kind}[]), {code} + 1)"


def _one_of(cell: str, known: dict[str, str], kind: str) -> str:
    return f"CASE {cell} {' '.join(f'WHEN {text(raw)} THEN CAST({text(canon)} AS {kind})' for raw, canon in known.items())} END"


def _kept_as(batch: Batch, column: Column, context: Context) -> str:
    """The type of a column that is looked up: a code for each thing that it may name."""
    if column.type == "yes_no":
        return "BOOLEAN"
    things = column.choices if column.type == "choice" else context.gazetteer.places
    return f"ENUM ({', '.join(map(text, things))})"


def _odd(batch: Batch, scan: Scan | Held, names: dict[str, str], today: date, learnt: _Learnt) -> str:
    """What makes a row one to look at closely."""
    lead, cells = "c0", scan.cells()
    read = list(dict.fromkeys(_cell(batch, c) for c in batch.stored))
    blank_is_null = set(read if learnt.usual else cells)
    filled = " + ".join(
        f"CAST({cell} IS NOT NULL AS TINYINT)" if cell in blank_is_null else f"CAST((trim({cell}, {BLANKS}) <> '') IS TRUE AS TINYINT)"
        for cell in cells
    )
    signs = " OR ".join(f"contains({lead}, '{sign}')" for sign in f"{SUM_SIGNS}例")
    # To count the filled cells of a row costs more than to see that none of the first ones is blank, as in most rows.
    blank = " OR ".join(f"{cell} IS NULL" for cell in (read if learnt.usual else cells)[: _half(scan)])
    odd = [] if lead in blank_is_null else [may_be_blank(lead)]
    odd += [f"{lead} IS NULL", f"(({blank}) AND ({filled}) * 2 <= {max(scan.width, 2)})", f"(strlen({lead}) <> length({lead}) AND ({signs}))"]
    for column in batch.stored:
        cell, value = _cell(batch, column), names[column.id]
        odd.append(f"({value} IS NULL AND {cell} IS NOT NULL)")
        if _is_moment(batch, column):
            first, end = f"DATE '{dates.FIRST_YEAR}-01-01'", f"DATE '{dates.LAST_YEAR + 1}-01-01'"
            odd += [f"{value} < {first}", f"{value} >= {end}"]
        if is_needed(batch.ledger, column):
            odd += [f"{cell} IS NULL", *([says_none(cell)] if _is_text(column) else [])]
        if column.type in NUMERIC:
            odd += [f"{value} {sign} {limit!r}" for sign, limit in (("<", column.low), (">", column.high)) if limit is not None]
    # What reads as a moment holds no number of a person, and of spellings that were learnt none that does was kept.
    free = [c for c in batch.stored if not c.personal and c.type not in (*_LOOKED_UP, "date", "datetime") and c.id not in learnt.words]
    as_written = [_cell(batch, c) for c in free if c.id in learnt.plain]
    others = [_cell(batch, c) for c in free if c.id not in learnt.plain]
    odd += [any_suspicious(some, more) for some, more in ((as_written, NOT_AS_WRITTEN), (others, "")) if some]
    return " OR ".join([*odd, *broken_where(batch, today)])


# ---- both kinds of rows ----


def _row(first_row: int) -> str:
    return row_of("0", f"(rowid + {first_row})")


def _unusual(batch: Batch, scan: Scan | Held) -> str:
    """The unusual rows in the form of :meth:`etl.batch.Batch.table`."""
    at = batch.members[0].match.columns
    cells, there = {c.id: f"_cells[{at[c.id] + 1}]" for c in batch.stored}, staged(batch)
    if isinstance(scan, Scan):
        blank = ", ".join(map(text, BLANK_CELLS))
        there = f"(SELECT rowid, list_transform(_cells, lambda v: CASE WHEN v NOT IN ({blank}) THEN v END) AS _cells FROM {there} WHERE _cells IS NOT NULL)"
        # Blanks around a cell are left out where a file is read in the ordinary way
        cells = {c: f"nullif(trim({cell}, {BLANKS}), '')" for c, cell in cells.items()}
    columns = "".join(f", {cell} AS {quoted(c)}" for c, cell in cells.items())
    return f"""SELECT CAST(0 AS BIGINT) AS _sheet, rowid + {scan.skip + 1} AS row, CAST(0 AS BIGINT) AS slice, list_first(list_filter(_cells, lambda v: v IS NOT NULL)) AS _lead,
                      CAST(len(list_filter(_cells, lambda v: v IS NOT NULL)) AS INTEGER) AS _filled, {scan.width} AS _width{columns}
               FROM {there} WHERE _cells IS NOT NULL"""


def _codes(connection: duckdb.DuckDBPyConnection, batch: Batch) -> dict[str, str]:
    """The columns of all rows that hold codes in place of words, and their types."""
    found = connection.execute(f"DESCRIBE {staged(batch)}").fetchall()
    return {name: kind for name, kind, *_ in found if kind.startswith("ENUM")}


def _view(connection: duckdb.DuckDBPyConnection, batch: Batch, scan: Scan | Held) -> str:
    """All rows with the columns of ``typed``. A row is found fastest by ``_at``: where it stands in the table, below 0 in ``careful``."""
    codes = _codes(connection, batch)
    easy, careful = [], []
    for column in batch.ledger.columns:
        for name, kind in column_types(batch.ledger, column).items():
            kind = kind if _is_text(column) else codes.get(name, kind)
            there = quoted(name) if column.id in batch.columns else "NULL"
            easy.append(f"CAST({there} AS {kind}) AS {quoted(name)}")
            careful.append(f"CAST({quoted(name)} AS {kind})")
    return f"""SELECT {_row(scan.skip + 1)} AS _row, CASE WHEN _twin THEN 'twin' ELSE 'row' END AS _kind, {", ".join(easy)}, rowid AS _at
               FROM {staged(batch)} WHERE _cells IS NULL
               UNION ALL SELECT _row, _kind, {", ".join(careful)}, -1 - rowid FROM careful"""
