"""The sheet 数据 of a workbook: four lines on top, then the head and the rows."""

from __future__ import annotations

from math import ceil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from jiejian.export.looks import DEMO_NOTE, LINE, ROW_HEIGHT, Formats, height_of, set_up_print, title_of, write_band, write_text
from jiejian.export.model import ExportColumn, ExportTable
from jiejian.export.package import Rows
from jiejian.export.text import lines, shorten, width, widths

NAME = "数据"
HEAD_ROW = 4  # title, period, source, mark of made-up data, head: always in these rows, so that readers can rely on them

_NARROWEST, _WIDEST, _TABLE_AT_LEAST, _PAGE = 9, 48, 64, 220  # in digits; a page of more cannot be read on A4
_UNBROKEN = 24
_BUTTON, _INDENT = 4, 3  # room for the arrow of the filter, and for the air beside a value


def _content_width(column: ExportColumn, values: pa.ChunkedArray) -> int:
    """Columns of a digit that the widest value needs."""
    if values.null_count == len(values):
        return 0
    if column.kind == "date":
        return 11 if pa.types.is_date(values.type) else 17
    if column.kind == "text":
        return ceil(pc.max(widths(values)).as_py())
    if column.decimals is None:
        return min(17, pc.max(pc.utf8_length(pc.cast(values, pa.string()))).as_py())
    return max(len(f"{end:,.{column.decimals}f}") for end in pc.min_max(values).as_py().values())


def _head_lines(label: str) -> int:
    head = width(label)
    return 1 if head <= 18 else 2 if head <= 36 else 3


def _column_widths(table: ExportTable, data: pa.Table) -> list[int]:
    """A width for each column: content and head fit (a long head in up to three lines), and the title fits the whole."""
    found = []
    for column, label, values in zip(table.columns, data.column_names, data.columns, strict=True):
        head = ceil(width(label) / _head_lines(label)) + _BUTTON
        if column.unit and _head_lines(label) > 1:  # so that a line ends before the unit, not within it
            head = max(head, min(width(column.head), _UNBROKEN) + _BUTTON)
        found.append(min(_WIDEST, max(_NARROWEST, head, _content_width(column, values) + _INDENT)))
    lack = max(_TABLE_AT_LEAST, ceil(width(title_of(table)) * 1.5)) - sum(found)
    return [min(_WIDEST, each + ceil(lack / len(found))) for each in found] if lack > 0 else found


def _wraps(column: ExportColumn, size: int) -> bool:
    return column.kind == "text" and size == _WIDEST


def _key_columns(table: ExportTable) -> int:
    """How many columns on the left stay in view: none in a table that fits a screen, else the first one or two texts."""
    if len(table.columns) <= 8:
        return 0
    texts = next((number for number, column in enumerate(table.columns) if column.kind != "text"), 2)
    return min(max(texts, 1), 2)


def _period_line(table: ExportTable) -> str:
    context = table.context
    parts = [context.scope, context.period]
    parts += [f"截至 {context.as_of}"] if context.as_of else []
    parts += [f"报送 {context.reporting}"] if context.reporting else []
    parts += [] if len(table.frame) else ["所选范围内没有数据"]
    return " · ".join(part for part in parts if part)


def _source_line(table: ExportTable, room: int) -> str:
    units = {column.unit for column in table.columns if column.kind == "number"}
    unit = f"单位：{next(iter(units)) if len(units) == 1 else '见表头'} · " if any(units) else ""
    sources = table.context.sources
    return unit + "来源：" + (shorten(sources, max(20, room - width(unit) - 6)) if sources else "未注明")


def _write_top(sheet: Worksheet, formats: Formats, table: ExportTable, room: int) -> None:
    """The lines above the head: title, scope and period, unit and source, and the mark of made-up data."""
    sheet.set_row(0, 28)
    if _key_columns(table):  # wider than a screen: the middle would be out of sight
        write_text(sheet, 0, 0, title_of(table), formats.title)
    else:
        write_band(sheet, 0, title_of(table), formats.centred_title, len(table.columns))
    write_text(sheet, 1, 0, _period_line(table), formats.line)
    write_text(sheet, 2, 0, _source_line(table, room), formats.line)
    if table.context.fictional:
        write_band(sheet, 3, DEMO_NOTE, formats.mark, len(table.columns))
    else:
        sheet.set_row(3, 6)
        sheet.write_blank(3, 0, None, formats.line)  # a row without a cell would not be written, nor its height


def _row_heights(columns: list[pa.ChunkedArray]) -> dict[int, float]:
    """Heights of the rows in which a wrapped text needs more than one line."""
    if not columns:
        return {}
    most = np.max([lines(values, _WIDEST - _INDENT).to_numpy() for values in columns], axis=0)
    return {place: height_of(int(most[place])) for place in np.flatnonzero(most > 1).tolist()}


def _write_models(sheet: Worksheet, plain: list[Format], quoted: list[Format]) -> None:
    """Two rows of blank cells that carry the looks of the columns, for the rows that take their place (see sheet_rows)."""
    for row, looks in enumerate((plain, quoted), HEAD_ROW + 1):
        for number, look in enumerate(looks):
            sheet.write_blank(row, number, None, look)


def _draw_lines(book: xlsxwriter.Workbook, sheet: Worksheet, bottom: int, last: int) -> None:
    # One rule over the whole range: a border on every cell would double the time of a large export.
    line = book.add_format({"border": 1, "border_color": LINE})
    sheet.conditional_format(HEAD_ROW + 1, 0, bottom, last, {"type": "formula", "criteria": "=TRUE", "format": line})
    sheet.ignore_errors({"number_stored_as_text": f"A{HEAD_ROW + 2}:{xl_rowcol_to_cell(bottom, last)}"})


def _set_view(sheet: Worksheet, table: ExportTable, bottom: int, total_width: int) -> None:
    """Filter, frozen head and print; a wide table also keeps its first columns in view and on every page."""
    last, keys = len(table.columns) - 1, _key_columns(table)
    pages_wide = ceil(total_width / _PAGE) if keys else 1
    sheet.autofilter(HEAD_ROW, 0, bottom, last)
    sheet.freeze_panes(HEAD_ROW + 1, keys)
    sheet.repeat_rows(0, HEAD_ROW)
    if pages_wide > 1:
        sheet.repeat_columns(0, keys - 1)
    set_up_print(sheet, table, pages_wide)


def write_data(book: xlsxwriter.Workbook, formats: Formats, table: ExportTable, data: pa.Table, name: str = NAME) -> list[Rows]:
    """Add the sheet 数据 for ``data``, the typed rows of ``table``; what is returned has to be put in by :func:`package.fill`."""
    sheet = book.add_worksheet(name)
    sheet.set_default_row(ROW_HEIGHT)
    sizes, plain, quoted = _column_widths(table, data), [], []
    for number, (column, size, values) in enumerate(zip(table.columns, sizes, data.columns, strict=True)):
        wraps = _wraps(column, size)
        plain.append(formats.column(column, values.type, wraps))
        quoted.append(formats.column(column, values.type, wraps, quote_prefix=True))
        sheet.set_column(number, number, size, plain[-1])
    _write_top(sheet, formats, table, sum(sizes))
    sheet.set_row(HEAD_ROW, height_of(max(map(_head_lines, data.column_names))))
    for number, label in enumerate(data.column_names):
        write_text(sheet, HEAD_ROW, number, label, formats.head)
    bottom = HEAD_ROW + data.num_rows
    if data.num_rows:
        _write_models(sheet, plain, quoted)
        _draw_lines(book, sheet, bottom, len(sizes) - 1)
    _set_view(sheet, table, bottom, sum(sizes))
    if not data.num_rows:
        return []
    wrapping = [values for values, column, size in zip(data.columns, table.columns, sizes, strict=True) if _wraps(column, size)]
    return [Rows(sheet.index + 1, HEAD_ROW + 2, data, _row_heights(wrapping))]
