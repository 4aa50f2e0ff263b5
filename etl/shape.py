"""Accepted rows in the shape of the warehouse: observations, or the rows of an event table.

Queries over tidy.py's tables and two small ones: ``sheet`` (what a whole sheet says: its load, period, name) and ``cell`` (where
each measure of a wide sheet stands). Every query begins with ``_sheet``, the number of the sheet in the batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from etl.batch import Batch, line_of, sheet_of
from etl.dates import read_period
from etl.schema import OBSERVATION, column_types, quoted, text
from etl.textfile import numbers, texts
from jiejian.catalogue import Column

_ROW = "t._kind = 'row'"
_ACCEPTED = f"{_ROW} AND t._row NOT IN (SELECT _row FROM problem WHERE _severity = 'error')"
_JOINED = f"JOIN sheet s ON s._sheet = {sheet_of('t._row')}"


def accepted(connection: duckdb.DuckDBPyConnection, batch: Batch, dataset: str, place: str | None, rows: str = "", all_rows: bool = False) -> str:
    """The query for the accepted rows of the batch, in the columns of the table that its ledger fills.

    ``place`` is the place of rows that name none. Of a long ledger of events ``rows`` selects the accepted rows (onepass.py), and the
    columns that its sheet does not have are left out: of millions of rows a column of NULL costs as much as any other. With
    ``all_rows`` none is rejected. Registers ``sheet`` and ``cell``.
    """
    query = _query(connection, batch, dataset, place, rows)
    return query.replace(_ACCEPTED, _ROW) if all_rows else query


def _query(connection: duckdb.DuckDBPyConnection, batch: Batch, dataset: str, place: str | None, rows: str) -> str:
    connection.register("sheet", _sheets(batch))
    ledger = batch.ledger
    if ledger.table != "observation":
        return _rows(batch, dataset, place, rows)
    measure = next((c for c in ledger.columns if c.type == "measure"), None)
    if measure:
        return _long(batch, dataset, place, measure.id)
    connection.register("cell", _cells(batch))
    connection.register("sheet_note", _notes(batch))
    return _wide(batch, dataset, place)


def _sheets(batch: Batch) -> pa.Table:
    members, grain = batch.members, batch.ledger.grain or None
    columns = {
        "_sheet": numbers(np.arange(len(members))),
        "_load": texts([m.load_id for m in members]),
        "_prefix": texts([f"{m.match.sheet.sheet}!" if m.match.sheet.sheet else "" for m in members]),
        "_grain": texts([m.period.grain if m.period else grain for m in members]),
        "_start": texts([m.period.start.isoformat() if m.period else None for m in members]),
        "_end": texts([m.period.end.isoformat() if m.period else None for m in members]),
    }
    return pa.Table.from_arrays(list(columns.values()), list(columns))


def _notes(batch: Batch) -> pa.Table:
    """What is written below the tables about single years: the sheet's number, the year, the words."""
    rows = [(n, year, words) for n, m in enumerate(batch.members) for year, words in m.match.sheet.notes_by_year.items()]
    sheet, year, words = zip(*rows, strict=True) if rows else ((), (), ())
    arrays = [numbers(np.array(sheet)), numbers(np.array(year)), texts(list(words))]
    return pa.Table.from_arrays(arrays, ["_sheet", "_year", "_words"])


def _cells(batch: Batch) -> pa.Table:
    """Sheet by sheet, the measures that it has: number in the batch's list, contract column, measure, letters, unit written."""
    rows = [
        (sheet, n, c.id, c.measure, member.match.sheet.column(member.match.columns[c.id]), batch.units.get(c.id, ""), c.breakdown, c.category)
        for sheet, member in enumerate(batch.members)
        for n, c in enumerate(batch.measured, 1)
        if c.id in member.match.columns
    ]
    sheet, n, *words = zip(*rows, strict=True)
    arrays = [numbers(np.array(sheet)), numbers(np.array(n)), *(texts(list(w)) for w in words)]
    return pa.Table.from_arrays(arrays, ["_sheet", "_n", "_at", "_measure", "_letters", "_unit", "_breakdown", "_category"])


def _or_null(value: str | None) -> str:
    return f"CAST({text(value) if value else 'NULL'} AS VARCHAR)"


def _word(value: str) -> str:
    """A word that all rows share, as a code: a word would be looked up in a dictionary row by row."""
    return f"CAST({text(value)} AS ENUM ({text(value)}))"


def _rows(batch: Batch, dataset: str, place: str | None, rows: str) -> str:
    columns = [c for c in batch.ledger.columns if not rows or c.id in batch.columns]
    names = dict.fromkeys(n for c in columns for n in column_types(batch.ledger, c))
    there = f"coalesce(t.place_id, {_or_null(place)})" if place else "t.place_id"
    where = there if "place_id" in names else _or_null(place)
    names.pop("place_id", None)
    columns = [f"t.{quoted(n)}" for n in names]
    if "period_start" not in names and any(m.period for m in batch.members):
        columns += ["s._grain AS grain", "CAST(s._start AS DATE) AS period_start", "CAST(s._end AS DATE) AS period_end"]
    if len(batch.members) == 1 and not batch.members[0].period:
        # A long ledger is one sheet, and a join would carry each of its columns along.
        said = _word(dataset), _word(batch.members[0].load_id)
        selected = ["0 AS _sheet", f"{said[0]} AS dataset", f"{where} AS place_id", *columns, f"{said[1]} AS load_id"]
        source = f"({rows}) t" if rows else f"typed t WHERE {_ACCEPTED}"
        return f"SELECT {', '.join(selected)}, {line_of('t._row')} AS cell FROM {source}"
    selected = ["s._sheet", f"{text(dataset)} AS dataset", f"{where} AS place_id", *columns, "s._load AS load_id"]
    return f"SELECT {', '.join(selected)}, {line_of('t._row')} AS cell FROM typed t {_JOINED} WHERE {_ACCEPTED}"


def _given(batch: Batch, name: str, otherwise: str = "CAST(NULL AS VARCHAR)") -> str:
    """A remark of the row where the contract has such a column, else a default."""
    there = any(c.id == name for c in batch.ledger.columns)
    return f"coalesce(t.{quoted(name)}, {otherwise})" if there else otherwise


def _common(batch: Batch, dataset: str, place: str | None) -> dict[str, str]:
    """The columns of an observation that both shapes fill alike."""
    ledger = batch.ledger
    by_row = any(c.type == "period" for c in ledger.columns)

    def dated(name: str, title: str) -> str:
        return f"coalesce(t.{name}, {title})" if by_row else title

    return {
        "dataset": text(dataset),
        "place_id": "t.place_id" if ledger.place in batch.columns else _or_null(place),
        "grain": dated("grain", "s._grain") if not any(c.id == "grain" for c in ledger.columns) else "t.grain",
        "period_start": dated("period_start", "CAST(s._start AS DATE)"),
        "period_end": dated("period_end", "CAST(s._end AS DATE)"),
        "ledger": text(ledger.id),
        "load_id": "s._load",
        # A row that names its source keeps it; otherwise the ledger itself is the source.
        "source_id": f"{text(dataset + '/')} || {_given(batch, 'source', text(ledger.id))}",
        **{name: _given(batch, name, "''") for name in ("breakdown", "category")},
    }


def _select(columns: dict[str, str], source: str) -> str:
    return f"SELECT s._sheet, {', '.join(f'{columns[name]} AS {quoted(name)}' for name in OBSERVATION)} FROM {source} {_JOINED}"


def _wide(batch: Batch, dataset: str, street: str | None) -> str:
    """One observation a cell. A blank cell is kept as status M: that it was left blank is itself a report."""
    columns = batch.measured
    remarks = [f"t.{quoted(n)}" for c in batch.ledger.columns for n in column_types(batch.ledger, c) if not c.measure]
    values = ", ".join(f"CAST(t.{quoted(c.id)} AS DOUBLE)" for c in columns)
    written = ", ".join(f"raw.{quoted(c.id)}" for c in columns)
    # A turned sheet brings the cell of each figure along; where a group of rows lacks a measure there is no cell and no report.
    cells = f"unnest([{', '.join('raw.' + quoted('_o_' + c.id) for c in columns)}])" if batch.turned else "CAST(NULL AS VARCHAR)"
    source = f"""(SELECT {", ".join(["t._row", *remarks])}, unnest(range(1, {len(columns) + 1})) AS _n,
                         unnest([{values}]) AS _value, unnest([{written}]) AS _written, {cells} AS _cell
                  FROM typed t JOIN raw ON raw._row = t._row WHERE {_ACCEPTED}) t
                 JOIN cell c ON c._n = t._n AND c._sheet = {sheet_of("t._row")}
                 LEFT JOIN reading r ON r._column = c._at AND r._raw = t._written"""
    place = f"s._prefix || {'t._cell' if batch.turned else 'c._letters || ' + line_of('t._row')}"
    own = {
        "measure": _measure_of(columns),
        **{name: _given(batch, name, f"c._{name}") for name in ("breakdown", "category")},
        "value": "t._value",
        "lower": "CAST(r._lower AS DOUBLE)",
        "upper": "CAST(r._upper AS DOUBLE)",
        "qualifier": _given(batch, "qualifier", "coalesce(r._qualifier, 'exact')"),
        "status": f"""CASE WHEN t._value IS NULL AND r._lower IS NULL AND r._upper IS NULL THEN 'M'
                      ELSE {_given(batch, "status", "'A'")} END""",
        "cell": place,
        "written": "t._written || c._unit",
        "window_text": _given(batch, "window_text"),
        "note": _given(batch, "note", "sheet_note._words"),
    }
    common = _common(batch, dataset, street)
    own["measure"] = own["measure"].format(start=common["period_start"], end=common["period_end"])
    noted = f"LEFT JOIN sheet_note ON sheet_note._sheet = s._sheet AND sheet_note._year = year({common['period_start']})"
    query = f"{_select({**common, **own}, source)} {noted}"
    return f"{query} WHERE t._cell IS NOT NULL" if batch.turned else query


def _measure_of(columns: Sequence[Column]) -> str:
    """The measure of a figure; figures of a period that the contract calls of another scale have a measure of their own."""
    apart = [(c.id, read_period(period), measure) for c in columns for period, measure in c.other_scale.items()]
    if not apart:
        return "c._measure"
    cases = " ".join(
        f"WHEN c._at = {text(column)} AND {{start}} = DATE '{p.start}' AND {{end}} = DATE '{p.end}' THEN {text(measure)}"
        for column, p, measure in apart
    )
    return f"CASE {cases} ELSE c._measure END"


def _long(batch: Batch, dataset: str, place: str | None, measure: str) -> str:
    """One observation a row; its columns are named like those of ``observation``. The cell is the row's key and paragraph."""
    ledger = batch.ledger
    keys = [f"t.{quoted(k)}" for k in ledger.key]
    keys += ["t.paragraph"] if keys and any(c.id == "paragraph" for c in ledger.columns) else []
    turned = batch.turned and any(c.id == "value" for c in batch.measured)
    origin, where = "raw._o_value", "t._cell" if turned else line_of("t._row")
    bounds = {name: _given(batch, name, "CAST(NULL AS DOUBLE)") for name in ("lower", "upper")}
    missing = f"CASE WHEN t.value IS NULL AND {bounds['lower']} IS NULL AND {bounds['upper']} IS NULL THEN 'M' ELSE 'A' END"
    own = {
        "measure": f"t.{quoted(measure)}",
        "value": "t.value",
        **bounds,
        "qualifier": _given(batch, "qualifier", "'exact'"),
        "status": _given(batch, "status", missing),
        "cell": f"concat_ws('/', {', '.join(keys)})" if keys else f"s._prefix || {where}",
        **{name: _given(batch, name) for name in ("written", "window_text", "note")},
    }
    source = f"(SELECT t.*, {origin} AS _cell FROM typed t JOIN raw ON raw._row = t._row WHERE {_ACCEPTED}) t"
    return _select({**_common(batch, dataset, place), **own}, source if turned else f"(SELECT t.* FROM typed t WHERE {_ACCEPTED}) t")
