"""Corrections of figures, as declared in corrections.yml, applied to the warehouse that is in use; loads stay as they were sent.

A correction says what it expects to find. Where the source says something else by now it fails: the source's figure stands, and
the table ``correction`` and a Chinese sentence say so, until somebody looks at it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from etl import dates, quantity
from etl.gazetteer import Gazetteer
from etl.hiding import hidden
from etl.schema import column_types, quoted
from jiejian.catalogue import Catalogue, Correction, Ledger

FILE = "catalogue/corrections.yml"
_YES_NO = {"是": "true", "否": "false", "True": "true", "False": "false"}


class _Failed(Exception):
    """Why a correction cannot be applied; a Chinese clause."""


@dataclass(frozen=True)
class _Spot:
    """Where a correction strikes: a table, the row, its column, how people call it, and the value found there."""

    table: str
    row: int
    column: str
    called: str
    found: object


def correct(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, gazetteers: Mapping[str, Gazetteer]) -> None:
    """Apply every correction that is not applied yet and put each into ``correction``, with state applied or failed.

    Corrections of the same figure are applied in the order in which they are written. Running this twice is the same as once.
    """
    done = {name for (name,) in connection.execute("SELECT correction FROM correction WHERE state = 'applied'").fetchall()}
    connection.execute("DELETE FROM correction WHERE state = 'failed'")
    for correction in catalogue.corrections.values():
        if correction.id not in done:
            spoken = {"why": hidden(correction.why), "who": hidden(correction.who)}  # both are shown beside the figure
            _one(connection, correction.model_copy(update=spoken), catalogue, gazetteers[correction.dataset])


def corrected(catalogue: Catalogue) -> set[tuple[str, str]]:
    """The tables of events and their columns of which corrections speak."""
    found = ((catalogue.ledgers[c.ledger], c.column) for c in catalogue.corrections.values() if not c.measure)
    return {(ledger.table, _column(ledger, column)) for ledger, column in found}


def failed(path: str) -> list[str]:
    """The sentences about corrections that did not apply in a version of the warehouse; none where it cannot be opened."""
    try:
        with duckdb.connect(path, read_only=True) as connection:
            return [
                s for (s,) in connection.execute("SELECT sentence FROM correction WHERE state = 'failed' ORDER BY ALL").fetchall()
            ]
    except duckdb.Error:
        return []


def _one(connection: duckdb.DuckDBPyConnection, correction: Correction, catalogue: Catalogue, gazetteer: Gazetteer) -> None:
    called, found = _subject(correction, catalogue), None
    try:
        spot = (_figure if correction.measure else _event)(connection, correction, catalogue, gazetteer)
        called, found = spot.called, _written(spot.found)
        expected = _same_kind(correction.expected, spot.found, correction, gazetteer)
        if not _alike(spot.found, expected):
            raise _Failed(f"{called}现为 {found}，不再是更正时的 {_written(correction.expected)}")
        _write(connection, correction, spot, gazetteer)
        state, sentence = "applied", f"{called}由 {found} 更正为 {_written(correction.becomes)}：{correction.why}"
    except _Failed as error:
        state = "failed"
        sentence = f"更正“{correction.id}”没有生效：{error}。原数照用；请核对后修改或删去这条更正（{FILE}）。"
    connection.execute(
        "INSERT INTO correction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(correction.id, correction.dataset, called, _written(correction.expected), found, _written(correction.becomes)),
            *(correction.why, correction.who, correction.date, state, hidden(sentence)),
        ],
    )


# ---- finding ----


def _subject(correction: Correction, catalogue: Catalogue) -> str:
    """What a correction is about, as it is written there."""
    if correction.measure:
        return f"{correction.place}{correction.period}{correction.measure}"
    return f"{catalogue.ledgers[correction.ledger].name}{'、'.join(map(str, correction.key.values()))}"


def _figure(connection: duckdb.DuckDBPyConnection, correction: Correction, catalogue: Catalogue, gazetteer: Gazetteer) -> _Spot:
    """The newest report of a figure."""
    measure = next(m for m in catalogue.measures.values() if correction.measure in (m.id, m.name))
    try:
        place = gazetteer.find(correction.place)
    except ValueError as error:
        raise _Failed(f"“{correction.place}”{error}") from None
    try:
        period = dates.read_period(correction.period)
    except ValueError:
        period = None
    if period is None:
        raise _Failed(f"看不懂时间“{correction.period}”，应写成 2026-10 或 2026年10月")
    called = f"{gazetteer.places[place].name}{_words(period)}的{measure.name}"
    rows = connection.execute(
        """SELECT o.rowid, o.value FROM observation o JOIN load l USING (load_id)
           WHERE o.dataset = ? AND o.place_id = ? AND o.measure = ? AND o.breakdown = '' AND o.period_start = ? AND o.period_end = ?
           ORDER BY l.seq DESC, o.cell DESC LIMIT 1""",
        [correction.dataset, place, measure.id, period.start, period.end],
    ).fetchall()
    if not rows:
        counted = "；这个数由台账逐条汇总，请更正台账中的那一条" if measure.rollup else ""
        raise _Failed(f"没有人报送{called}{counted}")
    return _Spot("observation", rows[0][0], "value", called, rows[0][1])


def _words(period: dates.Period) -> str:
    month = f"{period.start.year}年{period.start.month}月"
    return month if period.grain == "month" else f"{period.start.year}年" if period.grain == "year" else f"{month}起"


def _event(connection: duckdb.DuckDBPyConnection, correction: Correction, catalogue: Catalogue, gazetteer: Gazetteer) -> _Spot:
    """The row of a ledger with the key, and its column."""
    ledger = catalogue.ledgers[correction.ledger]
    column, keys = _column(ledger, correction.column), {_column(ledger, k): str(v) for k, v in correction.key.items()}
    where = " AND ".join(f"CAST({quoted(name)} AS VARCHAR) = ?" for name in keys)
    rows = connection.execute(
        f"SELECT rowid, {quoted(column)} FROM {quoted(ledger.table)} WHERE dataset = ? AND {where}",
        [correction.dataset, *keys.values()],
    ).fetchall()
    called = f"{ledger.name}{'、'.join(keys.values())}的{ledger.column(correction.column).name}"
    if len(rows) != 1:
        raise _Failed(f"{ledger.name}中有 {len(rows)} 条{'、'.join(keys.values())}，应当只有一条")
    return _Spot(ledger.table, rows[0][0], column, called, rows[0][1])


def _column(ledger: Ledger, name: str) -> str:
    return next(iter(column_types(ledger, ledger.column(name))))


# ---- comparing and writing ----


def _same_kind(written: object, like: object, correction: Correction, gazetteer: Gazetteer) -> object:
    """What a correction says, in the kind of what stands in the warehouse."""
    if written is None:
        return None
    if correction.measure or (isinstance(like, int | float) and not isinstance(like, bool)):
        try:
            read = quantity.read(str(written))
        except ValueError:
            read = None
        if read is None or read.value is None:
            raise _Failed(f"“{written}”不是数字")
        return read.value
    text = str(written)
    if correction.column and _is_place(correction):
        try:
            return gazetteer.find(text)
        except ValueError as error:
            raise _Failed(f"“{text}”{error}") from None
    if isinstance(like, date):  # a datetime is a date, too
        point = dates.read_time(text)
        return None if point is None else point.at
    return text if like is None or isinstance(like, str) else _YES_NO.get(text, text) == "true"


def _is_place(correction: Correction) -> bool:
    return correction.column == "place"


def _alike(found: object, expected: object) -> bool:
    if found is None or expected is None:
        return found is expected
    if isinstance(found, int | float) and isinstance(expected, int | float) and not isinstance(found, bool):
        return abs(found - expected) <= 1e-9 * max(1, abs(expected))
    if isinstance(found, date) and hasattr(expected, "date"):
        return found == (expected if hasattr(found, "hour") else expected.date())
    return found == expected


def _write(connection: duckdb.DuckDBPyConnection, correction: Correction, spot: _Spot, gazetteer: Gazetteer) -> None:
    becomes = correction.becomes
    if spot.table == "observation":
        becomes = _same_kind(becomes, spot.found, correction, gazetteer)
        note = f"已更正：原报 {_written(spot.found)}，{correction.why}（{correction.who}，{correction.date}）"
        connection.execute(
            """UPDATE observation SET value = ?, lower = NULL, upper = NULL, note = concat_ws('；', ?, note),
                      qualifier = 'corrected', status = CASE WHEN ? IS NULL THEN 'M' WHEN status = 'M' THEN 'A' ELSE status END
               WHERE rowid = ?""",
            [becomes, note, becomes, spot.row],
        )
        return
    if becomes is not None and _is_place(correction):
        becomes = _same_kind(becomes, spot.found, correction, gazetteer)
    elif becomes is not None:
        becomes = _YES_NO.get(str(becomes), str(becomes)) if isinstance(spot.found, bool) else str(becomes)
    try:
        connection.execute(f"UPDATE {quoted(spot.table)} SET {quoted(spot.column)} = ? WHERE rowid = ?", [becomes, spot.row])
    except duckdb.ConversionException:
        raise _Failed(f"“{correction.becomes}”不能填入{spot.called}") from None


def _written(value: object) -> str:
    """A value as a person writes it; 空 where there is none."""
    if value is None:
        return "空"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)
