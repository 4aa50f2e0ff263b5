"""Accepted rows in the shape of the warehouse: observations, or the rows of an event table. Queries over tidy.py's tables."""

from __future__ import annotations

from dataclasses import dataclass

from etl.dates import Period
from etl.recognise import Match
from etl.schema import OBSERVATION, column_types, quoted, text
from etl.tidy import stored
from jiejian.catalogue import Column

_ACCEPTED = "t._kind = 'row' AND t._row NOT IN (SELECT _row FROM problem WHERE _severity = 'error')"
# What a ledger of figures may say about a whole row, beside its numbers.
_REMARKS = ("breakdown", "category", "qualifier", "status", "window_text", "note", "source")


@dataclass(frozen=True)
class Stamp:
    """What every row of a load carries: whose it is, and the place and period that hold for the whole sheet (or None)."""

    load_id: str
    dataset: str
    place_id: str | None
    period: Period | None


def accepted(match: Match, stamp: Stamp) -> str:
    """The query for the accepted rows of the sheet in hand, in the columns of the table that its ledger fills."""
    ledger = match.ledger
    if ledger.table != "observation":
        return _rows(match, stamp)
    measure = next((c for c in ledger.columns if c.type == "measure"), None)
    return _long(match, stamp, measure.id) if measure else _wide(match, stamp)


def history(match: Match, stamp: Stamp, columns: list[str]) -> str:
    """The accepted values of some columns, for the rule that compares a period with the one before."""
    names = ", ".join(text(match.ledger.column(c).measure) for c in columns)
    cells = ", ".join(f"CAST({quoted(c)} AS DOUBLE)" for c in columns)
    return f"""SELECT place_id, measure, {_day(stamp, 'end')} AS period_end, value
               FROM (SELECT place_id, unnest([{names}]) AS measure, unnest([{cells}]) AS value FROM typed t WHERE {_ACCEPTED})
               WHERE value IS NOT NULL"""


def _cell(match: Match, letters: str | None = None) -> str:
    """Where a value stands: ``Sheet1!D7``; ``Sheet1!7`` for a whole row; no sheet for a text file."""
    prefix = text(f"{match.sheet.sheet}!") if match.sheet.sheet else "''"
    return f"{prefix} || {letters} || t._row" if letters else f"{prefix} || t._row"


def _day(stamp: Stamp, which: str) -> str:
    return f"DATE '{getattr(stamp.period, which)}'" if stamp.period else "CAST(NULL AS DATE)"


def _rows(match: Match, stamp: Stamp) -> str:
    ledger = match.ledger
    names = dict.fromkeys(n for c in ledger.columns for n in column_types(ledger, c))
    street = f"CAST({text(stamp.place_id) if stamp.place_id else 'NULL'} AS VARCHAR)"
    # Only ledgers that may speak of the whole street come with a place for the rows that name none.
    place = [f"coalesce(t.place_id, {street}) AS place_id" if names.pop("place_id", "") is None else f"{street} AS place_id"]
    columns = [f"t.{quoted(n)}" for n in names]
    period = []
    if stamp.period and "period_start" not in names:
        period = [f"{text(stamp.period.grain)} AS grain", f"{_day(stamp, 'start')} AS period_start", f"{_day(stamp, 'end')} AS period_end"]
    selected = [f"{text(stamp.dataset)} AS dataset", *place, *columns, *period, f"{text(stamp.load_id)} AS load_id", f"{_cell(match)} AS cell"]
    return f"SELECT {', '.join(selected)} FROM typed t WHERE {_ACCEPTED}"


def _given(match: Match, name: str, otherwise: str = "CAST(NULL AS VARCHAR)") -> str:
    """A remark of the row where the contract has such a column, else a default."""
    there = any(c.id == name for c in match.ledger.columns)
    return f"coalesce(t.{quoted(name)}, {otherwise})" if there else otherwise


def _common(match: Match, stamp: Stamp) -> dict[str, str]:
    """The columns of an observation that both shapes fill alike."""
    ledger = match.ledger
    by_row = any(c.type == "period" for c in ledger.columns)
    grain = text(stamp.period.grain if stamp.period else ledger.grain)
    found = {
        "dataset": text(stamp.dataset),
        "place_id": "t.place_id" if ledger.place in match.columns else text(stamp.place_id or ""),
        "grain": "t.grain" if by_row or any(c.id == "grain" for c in ledger.columns) else grain,
        "period_start": "t.period_start" if by_row else _day(stamp, "start"),
        "period_end": "t.period_end" if by_row else _day(stamp, "end"),
        "ledger": text(ledger.id),
        "load_id": text(stamp.load_id),
        # A row that names its source keeps it; otherwise the ledger itself is the source.
        "source_id": f"{text(stamp.dataset + '/')} || {_given(match, 'source', text(ledger.id))}",
    }
    return {**found, **{name: _given(match, name, "''") for name in ("breakdown", "category")}}


def _select(columns: dict[str, str], source: str) -> str:
    return f"SELECT {', '.join(f'{columns[name]} AS {quoted(name)}' for name in OBSERVATION)} FROM {source}"


def _wide(match: Match, stamp: Stamp) -> str:
    """One observation a cell. A blank cell is kept as status M: that it was left blank is itself a report."""
    columns = [c for c in stored(match) if c.measure]
    remarks = [f"t.{quoted(n)}" for c in match.ledger.columns for n in column_types(match.ledger, c) if not c.measure]
    listed = ", ".join(
        f"({n}, {text(c.id)}, {text(c.measure)}, {text(match.sheet.column(match.columns[c.id]))}, {text(_unit(match, c))})"
        for n, c in enumerate(columns, 1)
    )
    values = ", ".join(f"CAST(t.{quoted(c.id)} AS DOUBLE)" for c in columns)
    cells = ", ".join(f"raw.{quoted(c.id)}" for c in columns)
    source = f"""(SELECT {', '.join(['t._row', *remarks])}, unnest(range(1, {len(columns) + 1})) AS _n,
                         unnest([{values}]) AS _value, unnest([{cells}]) AS _written
                  FROM typed t JOIN raw ON raw._row = t._row WHERE {_ACCEPTED}) t
                 JOIN (VALUES {listed}) c (_n, _at, _measure, _letters, _unit) ON c._n = t._n
                 LEFT JOIN reading r ON r._column = c._at AND r._raw = t._written"""
    missing = "CASE WHEN t._value IS NULL AND r._lower IS NULL AND r._upper IS NULL THEN 'M' ELSE 'A' END"
    own = {
        "measure": "c._measure",
        "value": "t._value",
        "lower": "CAST(r._lower AS DOUBLE)",
        "upper": "CAST(r._upper AS DOUBLE)",
        "qualifier": _given(match, "qualifier", "coalesce(r._qualifier, 'exact')"),
        "status": f"CASE WHEN {missing} = 'M' THEN 'M' ELSE {_given(match, 'status', text('A'))} END",
        "cell": _cell(match, "c._letters"),
        "written": "t._written || c._unit",
        "window_text": _given(match, "window_text"),
        "note": _given(match, "note"),
    }
    return _select({**_common(match, stamp), **own}, source)


def _unit(match: Match, column: Column) -> str:
    """What to write behind a number whose unit stood in the head and is not the base unit."""
    return match.units.get(column.id, "") if match.times.get(column.id, 1) != 1 else ""


def _long(match: Match, stamp: Stamp, measure: str) -> str:
    """One observation a row; its columns are named like those of ``observation``. The cell is the row's key and paragraph."""
    ledger = match.ledger
    keys = [f"t.{quoted(k)}" for k in ledger.key]
    keys += ["t.paragraph"] if keys and any(c.id == "paragraph" for c in ledger.columns) else []
    missing = "CASE WHEN t.value IS NULL AND {lower} IS NULL AND {upper} IS NULL THEN 'M' ELSE 'A' END"
    bounds = {name: _given(match, name, "CAST(NULL AS DOUBLE)") for name in ("lower", "upper")}
    own = {
        "measure": f"t.{quoted(measure)}",
        "value": "t.value",
        **bounds,
        "qualifier": _given(match, "qualifier", "'exact'"),
        "status": _given(match, "status", missing.format(**bounds)),
        "cell": f"concat_ws('/', {', '.join(keys)})" if keys else _cell(match),
        **{name: _given(match, name) for name in ("written", "window_text", "note")},
    }
    return _select({**_common(match, stamp), **own}, f"(SELECT t.* FROM typed t WHERE {_ACCEPTED}) t")
