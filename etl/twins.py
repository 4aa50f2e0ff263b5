"""Rows with the same key in one sheet: the same row twice is loaded once and that is said; rows that differ all come back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import duckdb
import numpy as np
import pyarrow as pa

from etl.arrays import to_numpy
from etl.batch import Batch, line_of, sheet_of
from etl.schema import column_types, quoted, text
from etl.tidy import Tidied
from jiejian.catalogue import Column, Ledger

_A_DAY = r"^(\d{2,4}[年./-]\d{1,2}[月./-]\d{1,2}|\d{7,8}$)"
_BY_DAY = "请把台账约定改成登记，一天一行，用 rollup 汇总到月（见《写台账约定》“按天报的数字”）。"


def key_columns(ledger: Ledger) -> list[Column]:
    """What tells a row of this ledger from another: its key, or place (and period) for figures."""
    if ledger.key:
        return [ledger.column(k) for k in ledger.key]
    if ledger.table == "observation":
        return [c for c in ledger.columns if c.type in ("place", "period", "measure")]
    return []


def twins(connection: duckdb.DuckDBPyConnection, batch: Batch, needed: frozenset[str], tidied: Tidied) -> str | None:
    """Take rows out of ``typed`` that repeat another, and return the query for what is to be said; None where no key comes twice.

    ``needed`` are the columns without which a row is rejected: where one of the key is empty there is no key.
    """
    ledger, keys = batch.ledger, key_columns(batch.ledger)
    if not keys:
        return None
    names = [quoted(n) for c in keys for n in column_types(ledger, c) if n != "grain"]
    listed = ", ".join(names)
    given = " AND ".join(f"{quoted(next(iter(column_types(ledger, c))))} IS NOT NULL" for c in keys if c.id in needed) or "true"
    where, rows = f"_kind = 'row' AND {given}", "typed"
    if tidied.staged:
        # A row that was typed on the way is a row of the ledger, as only those are that were looked at closely.
        hashed, seen = f"hash({listed})", f"(_at >= 0 OR _kind = 'row') AND {given}"
        again = _again(connection, hashed, seen)
        if not len(again):
            return None
        words = pa.Array.from_buffers(pa.uint64(), len(again), [None, pa.py_buffer(again)])
        connection.register("again", pa.Table.from_arrays([words], ["h"]))
        # First which rows they are, so that not every row is carried along.
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE at_again AS SELECT _at FROM typed WHERE {seen} AND {hashed} IN (SELECT h FROM again)"
        )
        connection.execute("CREATE OR REPLACE TEMP TABLE maybe_twin AS SELECT * FROM typed WHERE _at IN (SELECT _at FROM at_again)")
        connection.unregister("again")
        rows = "maybe_twin"
    ((several,),) = connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE twin_key AS
            SELECT {sheet_of()} AS _sheet_no, {listed}, min(_row) AS _first FROM {rows} WHERE {where}
            GROUP BY ALL HAVING count(*) > 1"""
    ).fetchall()
    if not several:
        return None
    same = " AND ".join(f"t.{n} IS NOT DISTINCT FROM k.{n}" for n in names)
    content = ", ".join(f"t.{quoted(n)}" for c in ledger.columns for n in column_types(ledger, c))
    # Two days of one month are no month that was written down twice, whatever their figures.
    period = next((c.id for c in keys if c.type == "period" and c.id in batch.columns and not tidied.staged), "")
    day = f"CASE WHEN regexp_matches(raw.{quoted(period)}, {text(_A_DAY)}) THEN raw.{quoted(period)} END" if period else "CAST(NULL AS VARCHAR)"
    source = f"{rows} t JOIN raw ON raw._row = t._row" if period else f"{rows} t"
    # The second of the rows that are held against the first one; the first is held against the second.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE twin AS
            WITH found AS (
              SELECT t._row, k._first, {day} AS _day, hash({content}, {day}) AS _content
              FROM {source} JOIN twin_key k ON k._sheet_no = {sheet_of("t._row")} AND {same} WHERE t._kind = 'row')
            SELECT _row, count(DISTINCT _content) OVER (PARTITION BY _first) = 1 AS _alike,
                   CASE WHEN _row = _first THEN min(_row) FILTER (WHERE _row > _first) OVER (PARTITION BY _first) ELSE _first END AS _other,
                   _row > _first AS _later, count(DISTINCT _day) OVER (PARTITION BY _first) > 1 AS _by_day
            FROM found"""
    )
    connection.execute(f"UPDATE {tidied.careful} t SET _kind = 'twin' FROM twin WHERE twin._row = t._row AND _alike AND _later")
    if tidied.staged:
        where = f"rowid IN (SELECT {line_of()} - {tidied.first_row} FROM twin WHERE _alike AND _later)"
        connection.execute(f"UPDATE {tidied.staged} SET _twin = true WHERE {where}")
    columns = text(",".join(c.id for c in keys if c.id in batch.columns))
    line, here = line_of("_other"), line_of("_row")
    # Of a table that is turned two columns with one head are two rows made of one.
    beside = f"{line} = {here}"
    return f"""SELECT _row, {columns},
                 CASE WHEN {beside} THEN '与本行另一列的地点、时期相同，' ELSE '与第 ' || {line} || ' 行' END
                   || CASE WHEN _by_day THEN '是同一时期里的两天，这是按天报的数字' WHEN _alike THEN '完全相同，只载入一次' WHEN {beside} THEN '数字不同' ELSE '重复' END,
                 CASE WHEN _by_day THEN {text(_BY_DAY)} WHEN _alike THEN '确是两条的，请用不同的编号区分。'
                      WHEN {beside} THEN '请核对哪一列是对的，删去另一列后重新上报。' ELSE '请核对哪一行是对的，删去另一行后重新上报。' END,
                 CASE WHEN _alike THEN 'warning' ELSE 'error' END
               FROM twin WHERE _later OR NOT _alike"""


def _again(connection: duckdb.DuckDBPyConnection, hashed: str, rows: str) -> np.ndarray:
    """The hashes of keys that come more than once among some rows of ``typed``: eight bytes are sorted faster than words are grouped."""
    found = connection.sql(f"SELECT {hashed} AS h FROM typed WHERE {rows}").to_arrow_table()
    parts = [to_numpy(chunk, np.uint64) for chunk in found.column("h").chunks]
    with ThreadPoolExecutor(2, "hashes") as pool:
        halves = pool.map(lambda upper: _repeated(parts, upper), (False, True))
        return np.concatenate(list(halves))


def _repeated(parts: list[np.ndarray], upper: bool) -> np.ndarray:
    """What comes more than once in the lower or the upper half of all hashes."""
    ordered = np.concatenate([np.zeros(0, np.uint64), *(part[(part >> np.uint64(63)).astype(bool) == upper] for part in parts)])
    ordered.sort()
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
