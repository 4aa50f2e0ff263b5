"""A limit for cases whose ledger gives none: worked out from the declared time limits when the warehouse is built.

The loads stay as they were sent; ``derived_due`` in the warehouse says for how many cases that was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from etl.arrays import flags, numbers
from etl.schema import quoted, tables
from jiejian.catalogue import Catalogue, TimeLimit

if TYPE_CHECKING:
    from jiejian.catalogue.workdays import WorkCalendar

_NEEDED = {"opened_at", "due_at", "tier", "category"}


def derive_due(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> set[str]:
    """Fill ``due_at`` of event tables where it is blank and a limit is declared for the case's category or tier; tables that changed."""
    limits = sorted(catalogue.time_limits.values(), key=lambda l: not l.categories)
    if any(l.count == "working" for l in limits):
        from jiejian.catalogue.workdays import WorkCalendar  # its list of holidays takes a moment

        _register(connection, WorkCalendar(catalogue.holidays.values()))
    with_cases = (table for table, columns in tables(catalogue).items() if limits and columns.keys() >= _NEEDED)
    return {table for table in with_cases if _derive(connection, table, limits)}


def _register(connection: duckdb.DuckDBPyConnection, calendar: WorkCalendar) -> None:
    columns = [numbers(calendar.days.astype("datetime64[D]").astype(np.int64)), numbers(calendar.number), flags(calendar.worked)]
    connection.register("work_days", pa.Table.from_arrays(columns, ["day", "number", "worked"]))
    connection.execute("CREATE OR REPLACE TEMP TABLE work_day AS SELECT * REPLACE (DATE '1970-01-01' + day::INTEGER AS day) FROM work_days")
    connection.unregister("work_days")


def _derive(connection: duckdb.DuckDBPyConnection, table: str, limits: list[TimeLimit]) -> int:
    """The rows that were given a limit."""
    name, changed = quoted(table), 0
    for limit in limits:
        names, column = (limit.categories, "category") if limit.categories else (limit.tiers, "tier")
        blank = f"due_at IS NULL AND opened_at IS NOT NULL AND list_contains($names, {column})"
        counted = f"INSERT INTO derived_due SELECT dataset, $limit, count(*) FROM {name} WHERE {blank} GROUP BY dataset"
        connection.execute(counted, {"names": list(names), "limit": limit.name})
        changed += connection.execute(_update(name, blank, limit), {"names": list(names), "days": limit.days}).fetchall()[0][0]
    return changed


def _update(name: str, blank: str, limit: TimeLimit) -> str:
    if limit.count == "natural":
        return f"UPDATE {name} SET due_at = opened_at + to_days(CAST($days AS INTEGER)) WHERE {blank}"
    return f"""UPDATE {name} SET due_at = later.day + (opened_at - date_trunc('day', opened_at))
               FROM work_day today JOIN work_day later ON later.number = today.number + $days AND later.worked
               WHERE today.day = CAST(opened_at AS DATE) AND {blank}"""
