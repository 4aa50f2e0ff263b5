"""Export table -> bytes: CSV and Parquet here, Excel in :mod:`jiejian.export.workbook`; and what the files are called."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO, TextIOWrapper
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jiejian.context import DEMO_MARK
from jiejian.export.figures import figures_table, subject_of
from jiejian.export.model import Definition, ExportColumn, ExportTable, typed
from jiejian.export.text import neutralise
from jiejian.export.workbook import TooManyRows, to_book, to_xlsx

__all__ = [
    "MIME",
    "Definition",
    "ExportColumn",
    "ExportTable",
    "TooManyRows",
    "csv_into",
    "figures_table",
    "file_name",
    "parquet_into",
    "subject_of",
    "to_book",
    "to_csv",
    "to_parquet",
    "to_xlsx",
]

MIME = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
DEMO_COLUMN = "数据说明"
_BATCH = 20_000
_LONGEST_NAME = 240  # bytes: Linux allows 255, and a browser may add “ (1)”


def _marked(table: ExportTable) -> pa.Table:
    """The typed table; made-up data says so in every row, since a CSV has no other place for it."""
    data = typed(table)
    if table.context.fictional:
        data = data.append_column(DEMO_COLUMN, pa.array([DEMO_MARK] * data.num_rows, pa.string()))
    return data


def _number_text(values: Iterable[float | None]) -> list[str]:
    # 15 digits, as Excel keeps: 0.1 + 0.2 reads 0.3, and no figure of a street has more.
    return ["" if value is None else str(value) if isinstance(value, int) else f"{value:.15g}" for value in values]


def _cells(values: pa.ChunkedArray) -> list[str]:
    kind = values.type
    if pa.types.is_string(kind):
        return pc.fill_null(neutralise(values), "").to_pylist()
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        written = pc.strftime(values, "%Y-%m-%d" if pa.types.is_date(kind) else "%Y-%m-%d %H:%M:%S")
        return [re.sub(r"\.0+$", "", text or "") for text in written.to_pylist()]
    return _number_text(values.to_pylist())


def to_csv(table: ExportTable, bom: bool = True) -> bytes:
    """UTF-8, CRLF, one head line and then rows, for machines; with a byte order mark so that Excel sees the encoding.

    A text cell (or head) that a spreadsheet could take for a formula gets a leading single quote; numbers are left alone.
    """
    kept = BytesIO()
    csv_into([table], kept, bom)
    return kept.getvalue()


def csv_into(parts: Iterable[ExportTable], file: BinaryIO, bom: bool = True) -> int:
    """Write a table that comes in parts of the same columns as one CSV, see :func:`to_csv`; returns the number of rows."""
    written = TextIOWrapper(file, encoding="utf-8-sig" if bom else "utf-8", newline="")
    writer, rows = csv.writer(written, lineterminator="\r\n"), 0
    for number, part in enumerate(parts):
        data = _marked(part)
        if number == 0:
            writer.writerow(neutralise(pa.array(data.column_names)).to_pylist())
        for start in range(0, data.num_rows, _BATCH):
            batch = data.slice(start, _BATCH)
            writer.writerows(zip(*(_cells(values) for values in batch.columns), strict=True))
        rows += data.num_rows
    written.flush()
    written.detach()
    return rows


def _metadata(table: ExportTable) -> dict[str, str]:
    context = table.context
    facts = {
        "title": table.title,
        "street": context.street,
        "dataset": context.dataset_name,
        "scope": context.scope,
        "period": context.period,
        "as_of": context.as_of,
        "reporting": context.reporting,
        "sources": list(context.sources),
        "definitions": [definition._asdict() for definition in table.explained],
        "filters": [list(pair) for pair in table.filters],
        "fictional": context.fictional,
        "mark": DEMO_MARK if context.fictional else "",
        "made_at": datetime.now().isoformat(timespec="seconds"),
    }
    return {key: json.dumps(value, ensure_ascii=False) for key, value in facts.items()}


def to_parquet(table: ExportTable) -> bytes:
    """Typed columns; the schema's metadata hold title, scope, period, as_of, sources, definitions, fictional …, each as JSON.

    The field of a column carries its ``unit`` and ``decimals``.
    """
    written = BytesIO()
    parquet_into([table], written)
    return written.getvalue()


def parquet_into(parts: Iterable[ExportTable], file: BinaryIO) -> int:
    """Write a table that comes in parts as one Parquet file, a row group a part, see :func:`to_parquet`; returns the rows.

    The types are those of the first part. ValueError where a later part does not fit them, or where there is no part.
    """
    writer, rows = None, 0
    try:
        for part in parts:
            data = _marked(part)
            if writer is None:
                schema = _schema(part, data)
                writer = pq.ParquetWriter(file, schema, compression="zstd")
            writer.write_table(data.cast(schema))
            rows += data.num_rows
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise ValueError("没有可以导出的数据。")
    return rows


def _schema(table: ExportTable, data: pa.Table) -> pa.Schema:
    fields = list(data.schema)
    for number, column in enumerate(table.columns):
        facts = {"unit": column.unit, "decimals": "" if column.decimals is None else str(column.decimals)}
        fields[number] = fields[number].with_metadata(facts)
    return pa.schema(fields, metadata=_metadata(table))


def _safe(part: str) -> str:
    """A part of a file name without what Windows forbids, nor invisible characters that could disguise the ending."""
    visible = "".join(c for c in part if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    return re.sub(r'[<>:"/\\|?*]+', "", visible).strip(" ._")


def file_name(street: str, subject: str, as_of: str, ending: str, fictional: bool = False) -> str:
    """``示范街道_按期办结率_截至2026-10-31.xlsx``; made-up data: ``示范街道（演示数据）_…``. A long subject is cut.

    ``ending`` with or without its dot. Raises ValueError for an ending that is no plain word.
    """
    ending = ending.lstrip(".")
    if not re.fullmatch(r"[A-Za-z0-9]{1,10}", ending):
        raise ValueError(f"文件后缀“{ending}”不对，应为 xlsx、csv、parquet 之类。")
    street = _safe(street) + (f"（{DEMO_MARK}）" if fictional else "")
    as_of = f"截至{_safe(as_of)}" if _safe(as_of) else ""
    subject = _safe(subject) or "数据"
    while subject and len("_".join(filter(None, (street, subject, as_of))).encode()) > _LONGEST_NAME - len(ending):
        subject = subject[:-1]
    return f"{'_'.join(part for part in (street, subject, as_of) if part)}.{ending}"
