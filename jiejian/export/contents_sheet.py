"""The first sheet of a workbook of several tables: what there is, with a link to each sheet."""

from __future__ import annotations

from collections.abc import Sequence

import xlsxwriter

from jiejian.export.looks import DEMO_NOTE, ROW_HEIGHT, Formats, set_up_print, write_band, write_text
from jiejian.export.model import ExportTable
from jiejian.export.text import clean_one

NAME = "目录"
_HEADS = ("序号", "表", "范围", "时间", "行数", "数据截至")
_WIDTHS = (8, 44, 30, 26, 12, 14)


def write_contents(
    book: xlsxwriter.Workbook, formats: Formats, title: str, tables: Sequence[ExportTable], names: Sequence[str]
) -> None:
    """Add the sheet 目录; ``names`` are the sheets of the tables."""
    sheet = book.add_worksheet(NAME)
    for number, size in enumerate(_WIDTHS):
        sheet.set_column(number, number, size)
    sheet.set_default_row(ROW_HEIGHT)
    sheet.set_row(0, 28)
    write_text(sheet, 0, 0, title, formats.title)
    if any(table.context.fictional for table in tables):
        write_band(sheet, 1, DEMO_NOTE, formats.mark, len(_WIDTHS))
    for column, head in enumerate(_HEADS):
        write_text(sheet, 3, column, head, formats.head)
    link, count = (
        formats.get(font_color="#1F6FB2", underline=1, border=1, border_color="#C9CED6", indent=1),
        formats.get(num_format="#,##0", border=1, border_color="#C9CED6", align="right"),
    )
    for row, (table, name) in enumerate(zip(tables, names, strict=True), 4):
        context = table.context
        write_text(sheet, row, 0, str(row - 3), formats.note)
        # Excel wants quotes around a sheet's name in a link; names hold none, see sheet_names.
        sheet.write_url(row, 1, f"internal:'{name}'!A1", link, string=clean_one(table.title)[:200])
        write_text(sheet, row, 1, table.title, link)  # over the link's own text, which would not be escaped
        write_text(sheet, row, 2, context.scope, formats.note)
        write_text(sheet, row, 3, context.period, formats.note)
        sheet.write_number(row, 4, len(table.frame), count)
        write_text(sheet, row, 5, context.as_of, formats.note)
    sheet.freeze_panes(4, 0)
    set_up_print(sheet, tables[0])
