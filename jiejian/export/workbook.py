"""Export table -> an Excel workbook: sheet 数据 with the figures, sheet 口径与来源 with what they mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from jiejian.context import DEMO_MARK
from jiejian.export.contents_sheet import NAME as CONTENTS
from jiejian.export.contents_sheet import write_contents
from jiejian.export.data_sheet import HEAD_ROW, write_data
from jiejian.export.looks import FONT, Formats, title_of
from jiejian.export.model import ExportTable, typed
from jiejian.export.notes_sheet import NAME as NOTES
from jiejian.export.notes_sheet import write_all_notes, write_notes
from jiejian.export.package import fill
from jiejian.export.text import clean_one

MAX_ROWS = 1_048_576 - HEAD_ROW - 1  # what a sheet holds below the head
MAX_COLUMNS = 16_384
MAX_TEXT = 32_767  # UTF-16 units in a cell
_CUT = "…（超过Excel单元格上限，已截断）"
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_format_properties": {"font_name": FONT, "font_size": 10, "font_scheme": "none"},
}


class TooManyRows(ValueError):
    """More rows than an Excel sheet holds; the message is a Chinese sentence with the way out."""


def _check_size(rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        way_out = "请改为下载CSV或Parquet，或缩小时间、社区的范围后重试。"
        raise TooManyRows(f"共 {rows:,} 行，超过Excel一张表能装的 {MAX_ROWS:,} 行。{way_out}")
    if columns > MAX_COLUMNS:
        raise ValueError(f"共 {columns:,} 列，超过Excel一张表能装的 {MAX_COLUMNS:,} 列。请减少指标后重试。")


def _fit_text(values: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Texts that a cell can hold and how many had to be cut; a cut text says so itself."""
    if (pc.max(pc.utf8_length(values)).as_py() or 0) <= MAX_TEXT // 2:
        return values, 0
    texts, cut = values.to_pylist(), 0
    for place, text in enumerate(texts):
        units = text.encode("utf-16-le") if text and len(text) > MAX_TEXT // 2 else b""
        if len(units) > 2 * MAX_TEXT:
            texts[place] = units[: 2 * (MAX_TEXT - len(_CUT))].decode("utf-16-le", "ignore") + _CUT
            cut += 1
    return pa.chunked_array([pa.array(texts, pa.string())]), cut


def _fitting(table: ExportTable) -> tuple[pa.Table, int]:
    """The typed rows with texts that fit, and the number of texts that were cut."""
    data, cut = typed(table), 0
    for number, column in enumerate(table.columns):
        if column.kind == "text":
            values, more = _fit_text(data.column(number))
            data, cut = data.set_column(number, data.column_names[number], values), cut + more
    return data, cut


def _set_properties(book: xlsxwriter.Workbook, table: ExportTable, made_at: datetime) -> None:
    context = table.context
    texts = {
        "title": title_of(table),
        "subject": context.subtitle,
        "author": "街鉴",
        "company": context.street,
        "category": context.dataset_name,
        "keywords": "、".join(d.name for d in table.explained),
        "comments": context.foot,
        "status": DEMO_MARK if context.fictional else "",
    }
    book.set_properties({**{name: clean_one(text)[:255] for name, text in texts.items()}, "created": made_at})


def to_xlsx(table: ExportTable, made_at: datetime | None = None) -> bytes:
    """The workbook as bytes; ``made_at`` is the time it says it was made (now by default).

    Raises TooManyRows when a sheet cannot hold the rows, ValueError when a column does not hold what it declares.
    """
    _check_size(len(table.frame), len(table.columns))
    data, cut = _fitting(table)
    made_at = (made_at or datetime.now()).replace(microsecond=0, tzinfo=None)
    kept = BytesIO()
    with xlsxwriter.Workbook(kept, _OPTIONS) as book:
        formats = Formats(book)
        _set_properties(book, table, made_at)
        rows = write_data(book, formats, table, data)
        write_notes(book, formats, table, made_at, cut)
    return fill(kept.getvalue(), rows)


def sheet_names(tables: Sequence[ExportTable]) -> list[str]:
    """A name for each table's sheet: its title without what Excel forbids, at most 31 characters, no two alike."""
    found: list[str] = []
    taken = {CONTENTS.lower(), NOTES.lower()}
    for table in tables:
        plain = re.sub(r"[\[\]:*?/\\']", "", clean_one(table.title)).strip() or "数据"
        name, number = plain[:31], 1
        while name.lower() in taken:
            number += 1
            name = f"{plain[: 30 - len(str(number))]}_{number}"
        taken.add(name.lower())
        found.append(name)
    return found


def to_book(title: str, tables: Sequence[ExportTable], made_at: datetime | None = None) -> bytes:
    """Several tables as one workbook: 目录 with a link to each, a sheet each, then 口径与来源 of all.

    Raises TooManyRows when a sheet cannot hold the rows of one, ValueError where there is none.
    """
    if not tables:
        raise ValueError("请至少选一项指标或一种台账。")
    for table in tables:
        try:
            _check_size(len(table.frame), len(table.columns))
        except TooManyRows as error:
            raise TooManyRows(f"“{table.title}”{error}") from error
    made_at = (made_at or datetime.now()).replace(microsecond=0, tzinfo=None)
    names, kept = sheet_names(tables), BytesIO()
    with xlsxwriter.Workbook(kept, _OPTIONS) as book:
        formats = Formats(book)
        _set_properties(book, replace(tables[0], title=title, definitions=()), made_at)
        write_contents(book, formats, title, tables, names)
        cuts, rows = 0, []
        for table, name in zip(tables, names, strict=True):
            data, cut = _fitting(table)
            rows += write_data(book, formats, table, data, name)
            cuts += cut
        write_all_notes(book, formats, tables, made_at, cuts)
    return fill(kept.getvalue(), rows)
