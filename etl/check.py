"""Rules → rejects and warnings, in SQL. Works on the temporary tables of tidy.py and fills ``problem``.

``problem(_row, _columns, _reason, _advice, _severity)`` has one row a bad cell; ``_columns`` are ids of contract columns
joined by a comma. A row with an error is rejected whole; a warning only marks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from etl.batch import Batch, Member, line_of, sheet_of
from etl.jumps import jump_problems
from etl.recognise import NUMERIC
from etl.rules import broken_rules
from etl.schema import column_types, quoted, text
from etl.textfile import numbers
from etl.tidy import Tidied
from etl.twins import twins
from etl.values import STREET_WIDE, is_needed
from jiejian.catalogue import Catalogue, Column, Ledger

# More short rows than this are the habit of a system and not told one by one.
_FEW = 200
# Of more columns that no contract asked for only the first are named.
_MANY = 5
_NO_PROBLEM = (
    "SELECT NULL::BIGINT AS _row, NULL::VARCHAR AS _columns, NULL::VARCHAR AS _reason, NULL::VARCHAR AS _advice, "
    "NULL::VARCHAR AS _severity WHERE false"
)


def check(
    connection: duckdb.DuckDBPyConnection,
    batch: Batch,
    catalogue: Catalogue,
    tidied: Tidied,
    today: date,
    more: Iterable[str] = (),
) -> dict[int, tuple[int, int, int]]:
    """Fill ``problem`` for the batch in hand; ``more`` are queries for problems that others found.

    Returns rows rejected, warnings, and rows that repeat another by sheet, for the sheets that have any.
    """
    ledger = batch.ledger
    repeated = twins(connection, batch, frozenset(c.id for c in ledger.columns if is_needed(ledger, c)), tidied)
    parts = [_NO_PROBLEM, *_unreadable(tidied), *_missing(batch, tidied), *_bounds(batch, tidied), *filter(None, (repeated,)), *_ignored(batch)]
    parts += _uncounted(batch, catalogue, tidied)
    parts += [*broken_rules(connection, batch, today, tidied.careful), *_totals(batch, catalogue, tidied), *_units(batch, catalogue), *more]
    parts += _ragged(connection, batch)
    ((found,),) = connection.execute(f"CREATE OR REPLACE TEMP TABLE problem AS {' UNION ALL '.join(parts)}").fetchall()
    for jump in jump_problems(batch, catalogue):
        found += connection.execute(f"INSERT INTO problem {jump}").fetchall()[0][0]
    if not found:
        return {}
    counted = connection.execute(
        f"""SELECT {sheet_of()}, count(DISTINCT _row) FILTER (WHERE _severity = 'error'), count(*) FILTER (WHERE _severity = 'warning')
            FROM problem GROUP BY ALL"""
    ).fetchall()
    # A repeated row that is rejected as well is counted once, among the rejected.
    wrong = "SELECT _row FROM problem WHERE _severity = 'error'"
    said_once = f"SELECT {sheet_of()}, count(*) FROM twin WHERE _alike AND _later AND _row NOT IN ({wrong}) GROUP BY ALL"
    once = dict(connection.execute(said_once).fetchall()) if repeated else {}
    return {sheet: (rejected, warnings, once.get(sheet, 0)) for sheet, rejected, warnings in counted}


def named_columns(connection: duckdb.DuckDBPyConnection, batch: Batch) -> tuple[Column, ...]:
    """The columns that ``problem`` names: few of many, and each costs the query for the rejects."""
    rows = connection.execute("SELECT DISTINCT unnest(string_split(_columns, ',')) FROM problem").fetchall()
    named = {name for (name,) in rows}
    return tuple(c for c in batch.stored if c.id in named)


def rejects(batch: Batch, number: int, dataset: str, named: Sequence[Column]) -> str:
    """The query for the rows of ``reject`` of one sheet, with the values as written and personal ones masked; ``named`` are the columns
    that any problem of the batch names."""
    member = batch.members[number]
    sheet = member.match.sheet
    return f"""
        SELECT {text(member.load_id)} AS load_id, {text(dataset)} AS dataset, {text(batch.ledger.id)} AS ledger,
               {text(sheet.file)} AS file, {text(sheet.sheet)} AS sheet, {line_of("p._row")} AS "row",
               {_cells(batch, member, named)} AS cells, {_heads(member, named)} AS column_name, {_values(named)} AS value,
               p._reason AS reason, p._advice AS advice, p._severity AS severity, {_candidates(named)} AS candidates
        FROM problem p LEFT JOIN raw ON raw._row = p._row
        WHERE {sheet_of("p._row")} = {number}
        ORDER BY p._row, p._columns"""


def _heads(member: Member, named: Sequence[Column]) -> str:
    """The heads of the columns that a problem names, as the sheet writes them; ``#…`` is a head that no contract knows."""
    heads = "".join(f"CASE WHEN {_names(c)} THEN {text(member.match.head(c.id))} END, " for c in named)
    return f"concat_ws('、', {heads}CASE WHEN starts_with(p._columns, '#') THEN p._columns[2:] END)"


def _cells(batch: Batch, member: Member, named: Sequence[Column]) -> str:
    """The cells that a problem names, like C5、D5, so that they can be marked in the file.

    In a turned sheet a figure brings its cell along; what names a place or a period stands elsewhere, so that the row's figures are
    named for it.
    """
    sheet, line = member.match.sheet, line_of("p._row")
    if batch.turned:
        own = {c.id: f"raw.{quoted('_o_' + c.id)}" for c in batch.measured}
        told = ", ".join(f"CASE WHEN {_has(c)} THEN {cell} END" for c, cell in own.items())
        return f"nullif(coalesce(nullif(concat_ws('、', {told}), ''), concat_ws('、', {', '.join(own.values())})), '')"
    there = {c.id: member.match.columns[c.id] for c in named if c.id in member.match.columns}
    cells = [f"CASE WHEN {_has(c)} THEN {text(sheet.column(i))} || {line} END" for c, i in there.items()]
    cells += [
        f"CASE WHEN p._columns = {text('#' + sheet.heads[i])} THEN {text(sheet.column(i))} || {line} END"
        for i in member.match.ignored
    ]
    return f"nullif(concat_ws('、', {', '.join(cells)}), '')" if cells else "CAST(NULL AS VARCHAR)"


def _has(column_id: str) -> str:
    return f"list_contains(string_split(p._columns, ','), {text(column_id)})"


def _values(named: Sequence[Column]) -> str:
    shown = [f"CASE WHEN {_names(c)} THEN {_shown(c)} END" for c in named]
    return f"nullif(concat_ws('、', {', '.join(shown)}), '')" if shown else "CAST(NULL AS VARCHAR)"


def _candidates(named: Sequence[Column]) -> str:
    """The ids of the places that a doubtful name may mean, one a line."""
    cells = (
        f"WHEN p._columns = {text(c.id)} THEN (SELECT any_value(_candidates) FROM reading WHERE _column = {text(c.id)} AND _raw = raw.{quoted(c.id)})"
        for c in named
        if c.type == "place"
    )
    found = " ".join(cells)
    return f"CASE {found} END" if found else "CAST(NULL AS VARCHAR)"


def _shown(column: Column) -> str:
    cell = f"raw.{quoted(column.id)}"
    return f"left({cell}, 1) || '**'" if column.personal else cell


def _names(column: Column) -> str:
    return _has(column.id)


def name_of(ledger: Ledger, column: Column) -> str:
    """The name of a column in ``typed``."""
    return next(iter(column_types(ledger, column)))


# ---- cells ----


def _unreadable(tidied: Tidied) -> Iterator[str]:
    for column in sorted(tidied.faulty):
        yield f"""SELECT raw._row, {text(column)}, r._fault, r._advice, r._severity
                  FROM raw JOIN reading r ON r._column = {text(column)} AND r._raw = raw.{quoted(column)} AND r._fault <> ''
                  WHERE raw._kind = 'row'"""


def _missing(batch: Batch, tidied: Tidied) -> Iterator[str]:
    """Cells that must be filled and are blank or say that there is nothing."""
    needed = [c for c in batch.stored if c.id in tidied.gaps and is_needed(batch.ledger, c)]
    if needed:
        names, cells = ", ".join(text(c.id) for c in needed), ", ".join(quoted(c.id) for c in needed)
        keys = ", ".join(text(c.id) for c in needed if c.id in batch.ledger.key and not c.required)
        reason = f"CASE WHEN c IN ({keys}) THEN '没有填写（认定是不是同一行要用这一列）' ELSE '没有填写' END" if keys else "'没有填写'"
        yield f"""SELECT _row, c, {reason}, '请补填后重新上报这一行。', 'error'
                  FROM (SELECT _row, unnest([{names}]) AS c, unnest([{cells}]) AS v FROM raw WHERE _kind = 'row')
                  WHERE v IS NULL OR (c, v) IN (SELECT _column, _raw FROM reading
                                                WHERE _canon IS NULL AND _lower IS NULL AND _upper IS NULL AND _fault = '')"""


def _bounds(batch: Batch, tidied: Tidied) -> Iterator[str]:
    """Numbers outside what the contract allows; columns with the same limits are looked at together."""
    limits: dict[tuple[float | None, float | None], list[str]] = {}
    for column in batch.stored:
        limited = column.type in NUMERIC and not column.personal and (column.low, column.high) != (None, None)
        if limited and not (tidied.regular and tidied.regular.within(column.id, column.low, column.high)):
            limits.setdefault((column.low, column.high), []).append(column.id)
    for (low, high), ids in limits.items():
        names, cells = ", ".join(map(text, ids)), ", ".join(f"CAST({quoted(i)} AS DOUBLE)" for i in ids)
        for limit, sign, words in ((low, "<", "小于允许的最小值"), (high, ">", "大于允许的最大值")):
            if limit is not None:
                yield f"""SELECT _row, c, '{words} {limit:g}', '请核对是否多写、错写或填错了列，改正后重新上报这一行。', 'error'
                          FROM (SELECT _row, unnest([{names}]) AS c, unnest([{cells}]) AS v FROM {tidied.careful} WHERE _kind = 'row')
                          WHERE v {sign} {limit!r}"""


# ---- rows ----


def _ragged(connection: duckdb.DuckDBPyConnection, batch: Batch) -> Iterator[str]:
    """Rows of text files with more cells than the head (their figures may stand under the wrong head) or with fewer."""
    found = []
    for number, member in enumerate(batch.members):
        odd, width = member.match.sheet.odd_rows, max((i for i, h in enumerate(member.match.sheet.heads, 1) if h), default=0)
        # Some systems leave out the blank cells at the end of every line: a habit, not a fault.
        short = sum(cells < width for cells in odd.values())
        told = [(batch.row(number, line), n, width) for line, n in odd.items() if n > width or (n < width and short <= _FEW)]
        found += told
    if not found:
        return
    columns = [numbers(np.array(column)) for column in zip(*found, strict=True)]
    connection.register("odd_row", pa.Table.from_arrays(columns, ["_row", "cells", "width"]))
    yield """SELECT o._row, '', '这一行有 ' || o.cells || ' 格，比表头多，数字可能错位',
                    '请检查这一行是否多了分隔符（如金额中的逗号），给含逗号的格加上引号后重新上报。', 'error'
             FROM odd_row o JOIN raw ON raw._row = o._row WHERE raw._kind = 'row' AND o.cells > o.width
             UNION ALL SELECT o._row, '', '这一行只有 ' || o.cells || ' 格，比表头少，缺的格按没有填写处理',
                    '请核对这一行是否完整。', 'warning'
             FROM odd_row o JOIN raw ON raw._row = o._row WHERE raw._kind = 'row' AND o.cells < o.width"""


def _ignored(batch: Batch) -> Iterator[str]:
    """Columns that no contract asked for are not loaded, and that is said."""
    for number, member in enumerate(batch.members):
        sheet, ignored = member.match.sheet, member.match.ignored
        if len(ignored) > _MANY:
            some = "、".join(sheet.heads[i] for i in ignored[:_MANY])
            yield f"""SELECT {batch.row(number, sheet.head_row)}, {text("#" + some)}, '等共 {len(ignored)} 列不在台账约定中，没有载入',
                             '如需载入，请在约定“{batch.ledger.name}”中加上这些列或同义词。', 'warning'"""
            continue
        for index in ignored:
            yield f"""SELECT {batch.row(number, sheet.head_row)}, {text("#" + sheet.heads[index])}, '不在台账约定中，这一列没有载入',
                             '如需载入，请在约定“{batch.ledger.name}”中加一列或一个同义词。', 'warning'"""


def _uncounted(batch: Batch, catalogue: Catalogue, tidied: Tidied) -> Iterator[str]:
    """Rows of a register without the place or the day by which it is counted are kept, but stand in no figure: said once a sheet."""
    ledger = batch.ledger
    if ledger.table in STREET_WIDE or not any(m.rollup and m.rollup.table == ledger.table for m in catalogue.measures.values()):
        return
    for column in batch.stored:
        of_what = "各社区的数" if column.id == ledger.place else "任何一期的数" if column.id == ledger.happens else ""
        if of_what and column.id in tidied.gaps and not is_needed(ledger, column):
            yield f"""SELECT min(_row), {text(column.id)}, '没有填写，这样的共 ' || count(*) || ' 行：已载入，但不计入{of_what}',
                             '能补的请补填后重新上报。', 'warning'
                      FROM typed WHERE _kind = 'row' AND {quoted(name_of(ledger, column))} IS NULL GROUP BY {sheet_of()}"""


def _units(batch: Batch, catalogue: Catalogue) -> Iterator[str]:
    """A long ledger that writes each row's unit must write the base unit of its measure."""
    measure = next((c for c in batch.ledger.columns if c.type == "measure"), None)
    if measure is None or "unit" not in batch.columns:
        return
    ids = ", ".join(text(m.id) for m in catalogue.measures.values())
    units = ", ".join(text(m.unit) for m in catalogue.measures.values())
    yield f"""SELECT t._row, 'unit', '不是计量项的基本单位“' || m.unit || '”', '请换算成基本单位后重新上报。', 'error'
              FROM typed t JOIN (SELECT unnest([{ids}]) AS id, unnest([{units}]) AS unit) m ON m.id = t.{quoted(measure.id)}
              WHERE t.unit IS NOT NULL AND t.unit <> m.unit AND t._kind = 'row'"""


# ---- sheets ----


def _totals(batch: Batch, catalogue: Catalogue, tidied: Tidied) -> Iterator[str]:
    """The rows of totals and subtotals against the sum of the rows that they stand for.

    A total stands for all rows of its sheet and period, a subtotal for the rows since the subtotal before it. Decimals that were
    rounded row by row may miss their sum by half a last digit each.
    """
    added = [c for c in batch.stored if c.type in NUMERIC and not c.personal and _may_be_added(c, catalogue)]
    names, cells = ", ".join(text(c.id) for c in added), ", ".join(f"CAST({quoted(c.id)} AS DOUBLE)" for c in added)
    by_row = any(c.type == "period" for c in batch.ledger.columns)
    period = "concat_ws(' ', period_start, period_end)" if by_row else "CAST(NULL AS VARCHAR)"
    block = f"""count(*) FILTER (WHERE _kind = 'subtotal') OVER (
                  PARTITION BY {sheet_of()}, {period} ORDER BY _row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"""
    # Where places lie within each other, a total is the sum of the highest ones.
    rows, place = "typed", quoted(batch.ledger.place)
    if any(member.match.sheet.kinds for member in batch.members):
        depth = f"length({place}) - length(replace({place}, '/', ''))"
        rows = f"""(SELECT t.* FROM typed t JOIN (
                      SELECT _row, _kind = 'row' AND {depth} > min({depth}) FILTER (_kind = 'row') OVER (PARTITION BY {sheet_of()}) AS _below
                      FROM raw) USING (_row) WHERE NOT coalesce(_below, false))"""
    # A column with a value that cannot be read has no sum to compare with, in that sheet.
    faults = " UNION ALL ".join(_unreadable(tidied))
    summed = (
        f"AND (t._sheet, t.c) NOT IN (SELECT {sheet_of()}, c FROM ({faults}) f (_row, c, fault, advice, severity))"
        if faults
        else ""
    )
    scale = " ".join(f"WHEN {text(c)} THEN {float(times)!r}" for c, times in batch.times.items())
    scale = f"CASE c {scale} ELSE 1 END" if scale else "1"
    for kind, group in (("total", "0"), ("subtotal", block)):
        if added and tidied.has(kind):
            yield f"""
                SELECT * FROM (WITH cell AS MATERIALIZED (
                  SELECT _row, {sheet_of()} AS _sheet, _kind, _block, _period, unnest([{names}]) AS c, unnest([{cells}]) AS v
                  FROM (SELECT *, {group} AS _block, {period} AS _period FROM {rows})),
                added AS (
                  SELECT c, _sheet, _block, _period, sum(v) AS added, any_value({scale}) AS scale, count(v) + 1 AS cells,
                         bool_and(abs(v / {scale} - round(v / {scale})) < 1e-9) AS whole,
                         bool_and(abs(v * 10 / {scale} - round(v * 10 / {scale})) < 1e-6) AS tenths
                  FROM cell WHERE _kind = 'row' GROUP BY ALL)
                SELECT t._row, t.c, '与各行相加的 ' || printf('%.15g', round(s.added, 6)) || ' 不符', '请核对合计或各行，改正后重新上报。', 'warning'
                FROM cell t JOIN added s
                  ON s.c = t.c AND s._sheet = t._sheet AND s._block = t._block AND s._period IS NOT DISTINCT FROM t._period
                WHERE t._kind = '{kind}' {summed} AND abs(t.v - s.added) > greatest(1e-9 * greatest(1000, abs(s.added)),
                  CASE WHEN s.whole AND t.v / s.scale = round(t.v / s.scale) THEN 0
                       ELSE (CASE WHEN s.tenths THEN 0.05 ELSE 0.005 END) * s.scale * s.cells END))"""


def _may_be_added(column: Column, catalogue: Catalogue) -> bool:
    if not column.measure:
        return column.type in ("integer", "quantity", "number")
    return catalogue.measures[column.measure].kind in ("stock", "flow", "cumulative")
