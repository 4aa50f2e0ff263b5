"""Rules → rejects and warnings, in SQL. Works on the temporary tables of tidy.py and fills ``problem`` and ``rejects``.

``problem(_row, _columns, _reason, _advice, _severity)`` has one row a bad cell; ``_columns`` are ids of contract columns
joined by a comma. A row with an error is rejected whole; a warning only marks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb

from etl.recognise import NUMERIC, Match
from etl.rules import rule_problems
from etl.schema import column_types, quoted, text
from etl.tidy import Tidied, stored
from etl.wording import mask
from jiejian.catalogue import Catalogue, Column, Ledger

_NO_PROBLEM = (
    "SELECT NULL::BIGINT AS _row, '' AS _columns, '' AS _reason, '' AS _advice, '' AS _severity WHERE false"
)


def check(
    connection: duckdb.DuckDBPyConnection, match: Match, catalogue: Catalogue, tidied: Tidied, today: date, starts: date | None
) -> tuple[int, int]:
    """Fill ``problem`` for the sheet in hand. ``starts`` is the first day of the sheet's period, if it has one.

    Returns the number of rows rejected and the number of warnings.
    """
    parts = [*_unreadable(match, tidied), *_missing(match), *_bounds(match), *_twins(match), *_ignored(match)]
    parts += rule_problems(match, today, starts)
    parts += _totals(match, catalogue, tidied)
    parts += _units(match, catalogue)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE problem AS {' UNION ALL '.join([_NO_PROBLEM, *parts])}")
    return connection.execute(
        """SELECT count(DISTINCT _row) FILTER (WHERE _severity = 'error'), count(*) FILTER (WHERE _severity = 'warning')
           FROM problem"""
    ).fetchone()


def rejects(match: Match, load_id: str, dataset: str) -> str:
    """The query for the rows of ``reject``, with the values as written and personal ones masked."""
    return f"""
        SELECT {text(load_id)} AS load_id, {text(dataset)} AS dataset, {text(match.ledger.id)} AS ledger,
               {text(match.sheet.file)} AS file, {text(match.sheet.sheet)} AS sheet, p._row AS "row",
               {_by_columns(match, lambda c: text(match.head(c.id)))} AS column_name,
               {_by_columns(match, _shown)} AS value, p._reason AS reason, p._advice AS advice, p._severity AS severity
        FROM problem p LEFT JOIN raw ON raw._row = p._row
        ORDER BY p._row, p._columns"""


def _by_columns(match: Match, show) -> str:
    """Heads or values of the columns that a problem names, joined by 、."""
    shown = ", ".join(f"CASE WHEN list_contains(string_split(p._columns, ','), {text(c.id)}) THEN {show(c)} END" for c in stored(match))
    ignored = "CASE WHEN starts_with(p._columns, '#') THEN p._columns[2:] END"
    return f"nullif(concat_ws('、', {shown}, {ignored if show is not _shown else 'NULL'}), '')"


def _shown(column: Column) -> str:
    cell = f"raw.{quoted(column.id)}"
    return f"left({cell}, 1) || {text(mask('x')[1:])}" if column.personal else cell


def name_of(ledger: Ledger, column: Column) -> str:
    """The name of a column in ``typed``."""
    return next(iter(column_types(ledger, column)))


def is_needed(ledger: Ledger, column: Column) -> bool:
    """Whether a row without this column is rejected."""
    return column.required or (column.id in ledger.key and column.type != "place") or (column.type == "place" and ledger.table == "observation")


def _unreadable(match: Match, tidied: Tidied) -> Iterator[str]:
    for column in sorted(tidied.faulty):
        yield f"""SELECT raw._row, {text(column)}, r._fault, r._advice, r._severity
                  FROM raw JOIN reading r ON r._column = {text(column)} AND r._raw = raw.{quoted(column)} AND r._fault <> ''
                  WHERE raw._kind = 'row'"""


def _missing(match: Match) -> Iterator[str]:
    """Cells that must be filled and are blank or say that there is nothing."""
    needed = [c for c in stored(match) if is_needed(match.ledger, c)]
    if needed:
        names, cells = ", ".join(text(c.id) for c in needed), ", ".join(quoted(c.id) for c in needed)
        yield f"""SELECT _row, c, '没有填写', '请补填后重新上报这一行。', 'error'
                  FROM (SELECT _row, unnest([{names}]) AS c, unnest([{cells}]) AS v FROM raw WHERE _kind = 'row')
                  WHERE v IS NULL OR (c, v) IN (SELECT _column, _raw FROM reading
                                                WHERE _canon IS NULL AND _lower IS NULL AND _upper IS NULL AND _fault = '')"""


def _bounds(match: Match) -> Iterator[str]:
    """Numbers outside what the contract allows; columns with the same limits are looked at together."""
    limits: dict[tuple[float | None, float | None], list[str]] = {}
    for column in stored(match):
        if column.type in NUMERIC and (column.low, column.high) != (None, None):
            limits.setdefault((column.low, column.high), []).append(column.id)
    for (low, high), ids in limits.items():
        names, cells = ", ".join(map(text, ids)), ", ".join(f"CAST({quoted(i)} AS DOUBLE)" for i in ids)
        for limit, sign, words in ((low, "<", "小于允许的最小值"), (high, ">", "大于允许的最大值")):
            if limit is not None:
                yield f"""SELECT _row, c, '{words} {limit:g}', '请核对是否多写、错写或填错了列，改正后重新上报这一行。', 'error'
                          FROM (SELECT _row, unnest([{names}]) AS c, unnest([{cells}]) AS v FROM typed WHERE _kind = 'row')
                          WHERE v {sign} {limit!r}"""


def key_columns(match: Match) -> list[Column]:
    """What tells a row of this ledger from another: its key, or place (and period) for figures."""
    ledger = match.ledger
    if ledger.key:
        return [ledger.column(k) for k in ledger.key]
    if ledger.table == "observation":
        return [c for c in ledger.columns if c.type in ("place", "period", "measure")]
    return []


def _twins(match: Match) -> Iterator[str]:
    """A second row with the same key in the same sheet: nobody can tell which of the two is right."""
    keys = key_columns(match)
    if not keys:
        return
    names = [quoted(n) for c in keys for n in column_types(match.ledger, c) if n != "grain"]
    listed, same = ", ".join(names), " AND ".join(f"t.{n} IS NOT DISTINCT FROM k.{n}" for n in names)
    given = " AND ".join(f"{quoted(name_of(match.ledger, c))} IS NOT NULL" for c in keys if is_needed(match.ledger, c)) or "true"
    columns = ",".join(c.id for c in keys if c.id in match.columns)
    yield f"""SELECT t._row, {text(columns)}, '与第 ' || k.first || ' 行重复', '请核对哪一行是对的，删去另一行后重新上报。', 'error'
              FROM typed t JOIN (SELECT {listed}, min(_row) AS first FROM typed WHERE _kind = 'row' AND {given}
                                 GROUP BY {listed} HAVING count(*) > 1) k ON {same}
              WHERE t._kind = 'row' AND t._row > k.first"""


def _ignored(match: Match) -> Iterator[str]:
    """Columns that no contract asked for are not loaded, and that is said."""
    for index in match.ignored:
        yield f"""SELECT {match.sheet.head_row}, {text('#' + match.sheet.heads[index])}, '不在台账约定中，这一列没有载入',
                         '如需载入，请在约定“{match.ledger.name}”中加一列或一个同义词。', 'warning'"""


def _units(match: Match, catalogue: Catalogue) -> Iterator[str]:
    """A long ledger that writes each row's unit must write the base unit of its measure."""
    ledger = match.ledger
    measure = next((c for c in ledger.columns if c.type == "measure"), None)
    if measure is None or "unit" not in match.columns:
        return
    ids = ", ".join(text(m.id) for m in catalogue.measures.values())
    units = ", ".join(text(m.unit) for m in catalogue.measures.values())
    yield f"""SELECT t._row, 'unit', '不是计量项的基本单位“' || m.unit || '”', '请换算成基本单位后重新上报。', 'error'
              FROM typed t JOIN (SELECT unnest([{ids}]) AS id, unnest([{units}]) AS unit) m ON m.id = t.{quoted(measure.id)}
              WHERE t.unit IS NOT NULL AND t.unit <> m.unit AND t._kind = 'row'"""


def _totals(match: Match, catalogue: Catalogue, tidied: Tidied) -> Iterator[str]:
    """The rows of totals and subtotals against the sum of the rows that they stand for.

    A total stands for all rows, a subtotal for the rows since the subtotal before it.
    """
    # A column with a value that cannot be read has no sum to compare with.
    added = [c for c in stored(match) if c.type in NUMERIC and c.id not in tidied.faulty and _may_be_added(c, catalogue)]
    names, cells = ", ".join(text(c.id) for c in added), ", ".join(f"CAST({quoted(c.id)} AS DOUBLE)" for c in added)
    block = """count(*) FILTER (WHERE _kind = 'subtotal') OVER (ORDER BY _row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"""
    for kind, number, group in (("total", tidied.totals, "0"), ("subtotal", tidied.subtotals, block)):
        if added and number:
            cell = f"SELECT _row, _kind, _block, unnest([{names}]) AS c, unnest([{cells}]) AS v FROM (SELECT *, {group} AS _block FROM typed)"
            yield f"""
                SELECT * FROM (WITH cell AS MATERIALIZED ({cell})
                SELECT t._row, t.c, '与各行相加的 ' || printf('%.15g', s.added) || ' 不符', '请核对合计或各行，改正后重新上报。', 'warning'
                FROM cell t JOIN (SELECT c, _block, sum(v) AS added FROM cell WHERE _kind = 'row' GROUP BY c, _block) s
                  ON s.c = t.c AND s._block = t._block
                WHERE t._kind = '{kind}' AND abs(t.v - s.added) > 1e-6 * greatest(1, abs(s.added)))"""


def _may_be_added(column: Column, catalogue: Catalogue) -> bool:
    if not column.measure:
        return column.type in ("integer", "quantity", "number")
    measure = catalogue.measures[column.measure]
    return measure.kind in ("stock", "flow", "cumulative")
