"""Who has sent which ledger for which period, and when: from every load that stands, also those that newer ones replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import duckdb

from etl.load import REPLACED, Loads, Manifest
from etl.loaded import Loaded, rows_of
from etl.longload import LongLoad
from etl.schema import quoted, text
from jiejian.catalogue import Catalogue, Ledger

_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def filings(
    loads: Loads, catalogue: Catalogue, active: Sequence[Manifest], kept: LongLoad | None = None
) -> list[Callable[[duckdb.DuckDBPyConnection], None]]:
    """What fills ``filing``, ledger by ledger: a row a ledger, place and period that was reported. The table ``load`` must be filled.

    Of data sets whose files are the truth only the ``active`` loads count. A ledger of events may come in several files without
    any being a correction, so that it is never said to have been sent again.
    """
    there_now = {m.load_id for m in active}
    counted = [m for m in loads.standing if m.dataset not in REPLACED or m.load_id in there_now]
    works = []
    for ledger in catalogue.ledgers.values():
        files = [loads.path(m, "rows.parquet").as_posix() for m in counted if m.ledger == ledger.id and m.rows_accepted]
        if ledger.sent in _MONTHS and files:
            works.append(partial(_file, ledger=ledger, files=files, kept=kept))
    return works


def _file(connection: duckdb.DuckDBPyConnection, ledger: Ledger, files: Sequence[str], kept: LongLoad | None) -> None:
    times = "count(DISTINCT l.sha256)" if ledger.table == "observation" else "1"
    with rows_of(connection, files, kept) as rows:
        if source := _rows(ledger, rows):
            connection.execute(
                f"""INSERT INTO filing
                    SELECT r.dataset, {text(ledger.id)}, r.place_id, r.starts, r.ends, min(l.loaded_at), max(l.loaded_at),
                           {times}, coalesce(bool_and(r.zero) FILTER (r.load_id = r.newest), false)
                    FROM (SELECT *, max(load_id) OVER (PARTITION BY dataset, place_id, starts) AS newest
                          FROM ({source})) r JOIN load l ON l.load_id = r.load_id
                    WHERE r.place_id IS NOT NULL AND r.starts IS NOT NULL GROUP BY r.dataset, r.place_id, r.starts, r.ends""",
                rows.parameters,
            )


def _rows(ledger: Ledger, rows: Loaded) -> str:
    """A row a place, period and load; whether everything reported is zero (NULL where nothing is said)."""
    if ledger.table == "observation":
        return f"""SELECT dataset, place_id, period_start AS starts, period_end AS ends, load_id, bool_and(value = 0) AS zero
                   FROM {rows.source} WHERE status <> 'M' GROUP BY ALL"""
    if not ledger.happens or ledger.happens not in rows.columns or "place_id" not in rows.columns:
        return ""
    months = _MONTHS[ledger.sent]
    starts = f"CAST(date_trunc('year', m) + INTERVAL 1 MONTH * ((month(m) - 1) // {months} * {months}) AS DATE)"
    # Of millions of events only the month is worked out one by one.
    return f"""SELECT dataset, place_id, {starts} AS starts, CAST({starts} + INTERVAL {months} MONTH - INTERVAL 1 DAY AS DATE) AS ends, load_id,
                      false AS zero
               FROM (SELECT dataset, place_id, load_id, date_trunc('month', {quoted(ledger.happens)}) AS m FROM {rows.source} GROUP BY ALL)
               GROUP BY ALL"""
