"""Rows of a ledger -> the table that leaves: heads and units of its contract, 是 and 否, dates as dates."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from jiejian.catalogue import Column, Ledger
from jiejian.context import Context
from jiejian.export.model import ExportColumn, ExportTable

_KINDS = {"integer": "number", "number": "number", "quantity": "number", "percent": "number", "date": "date", "datetime": "date"}


def ledger_table(
    rows: pd.DataFrame,
    ledger: Ledger,
    columns: Sequence[Column],
    context: Context,
    filters: tuple[tuple[str, str], ...] = (),
    unit: str = "社区",
) -> ExportTable:
    """``rows`` has place, then ``columns`` in their order (see jiejian.ledgers.rows); ``unit`` is the head of the places."""
    note = ledger.note or f"{ledger.name}，一行一条。"
    return ExportTable(
        title=f"{context.street}{ledger.name}",
        frame=rows,
        columns=(ExportColumn(unit), *(_column(c) for c in columns)),
        context=context,
        definitions=((ledger.name, "", note, "台账"),),
        filters=filters,
    )


def _column(column: Column) -> ExportColumn:
    unit = "" if column.unit and f"({column.unit})" in column.name else column.unit
    kind = _KINDS.get(column.type, "text")
    return ExportColumn(column.name, unit, 0 if column.type == "integer" else None, kind, column.type == "datetime")
