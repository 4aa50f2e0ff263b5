"""Writing workbooks in the look of real offices: merged title, two-level head, units, total row, note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

import xlsxwriter

from etl.demo.bodies import BodySheet, Cell

CREATED = datetime(2026, 11, 3, 9, 0, 0)  # fixed, so that the same seed writes the same file
FACE = {"font_name": "宋体", "font_size": 10}
BOX = {**FACE, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
TITLE_HEIGHT, HEAD_HEIGHT = 30, 27  # points; a head may take two lines
A3, A4 = 8, 9  # paper sizes as Excel numbers them
LONGEST = 40  # the widest column, in widths of a digit


@dataclass(frozen=True)
class Sheet:
    """One sheet. ``columns`` are the cells below the heads, one list a column, all of one length.

    ``groups`` names what stands above each head (empty: the head is merged upwards); ``units`` a row of units
    below the heads (empty: merged as well); ``total`` the last row; ``line`` stands below the title, ``note`` at the end.
    """

    title: str
    heads: Sequence[str]
    columns: Sequence[Sequence[Cell]]
    groups: Sequence[str] = ()
    units: Sequence[str] = ()
    line: tuple[str, str] = ("", "")
    total: Sequence[Cell] = ()
    note: str = ""
    name: str = "Sheet1"


def _band(sheet: xlsxwriter.worksheet.Worksheet, row: int, last: int, text: str, style: xlsxwriter.format.Format) -> None:
    if last:
        sheet.merge_range(row, 0, row, last, text, style)
    else:
        sheet.write_string(row, 0, text, style)


def _groups(sheet: xlsxwriter.worksheet.Worksheet, row: int, groups: Sequence[str], style: xlsxwriter.format.Format) -> None:
    """The upper level of the head: neighbours of one group share a merged cell."""
    for name, run in groupby(enumerate(groups), key=lambda pair: pair[1]):
        places = [place for place, _ in run]
        if name and len(places) > 1:
            sheet.merge_range(row, places[0], row, places[-1], name, style)
        elif name:
            sheet.write_string(row, places[0], name, style)


def _heads(sheet: xlsxwriter.worksheet.Worksheet, row: int, content: Sheet, style: xlsxwriter.format.Format) -> int:
    """The head, one to three rows high; returns the row below it."""
    head_row, last = row + bool(content.groups), row + bool(content.groups) + bool(content.units)
    if content.groups:
        _groups(sheet, row, content.groups, style)
    for column, head in enumerate(content.heads):
        first = head_row if content.groups and content.groups[column] else row
        bottom = head_row if content.units and content.units[column] else last
        if first < bottom:
            sheet.merge_range(first, column, bottom, column, head, style)
        else:
            sheet.write_string(first, column, head, style)
        if content.units and content.units[column]:
            sheet.write_string(last, column, content.units[column], style)
    return last + 1


def _width(head: str, cells: Sequence[Cell]) -> float:
    """Room for the longest text of the column, and for the head on two lines."""
    longest = max((sum(1 + (sign > "ÿ") for sign in c) for c in cells[:60] if isinstance(c, str)), default=0)
    day = 11 * any(isinstance(c, date) for c in cells[:60])
    return min(max(len(head) + 1, longest + 1, day, 6), LONGEST)


def _fill(book: xlsxwriter.Workbook, content: Sheet, styles: dict) -> None:
    sheet = book.add_worksheet(content.name, BodySheet)
    sheet.set_landscape()
    sheet.set_paper(A3 if len(content.heads) > 20 else A4)
    sheet.fit_to_pages(1, 0)
    last = len(content.heads) - 1
    _band(sheet, 0, last, content.title, styles["title"])
    row = 1
    if any(content.line):
        sheet.write_string(row, 0, content.line[0], styles["plain"])
        sheet.write_string(row, max(last - 2, 1), content.line[1], styles["plain"])
        row += 1
    first, row = row, _heads(sheet, row, content, styles["head"])
    for height, rows in ((TITLE_HEIGHT, (0,)), (HEAD_HEIGHT, range(first, row))):
        for each in rows:
            sheet.set_row(each, height)
    sheet.freeze_panes(row, 2)
    for column, (head, cells) in enumerate(zip(content.heads, content.columns, strict=True)):
        sheet.set_column(column, column, _width(head, cells))
    rows = [*zip(*content.columns, strict=True), *([content.total] if content.total else [])]
    sheet.write_body(row, rows, styles["cell"], styles["date"])
    bottom = row + len(rows)
    if content.note:
        _band(sheet, bottom, last, content.note, styles["note"])


def write_workbook(path: Path, *sheets: Sheet) -> Path:
    """Write the sheets as one xlsx file; its content depends on nothing but the sheets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}) as book:
        book.set_properties({"title": sheets[0].title, "comments": "演示数据，不对应任何真实街道", "created": CREATED})
        styles = {
            "title": book.add_format({**FACE, "font_size": 16, "bold": True, "align": "center", "valign": "vcenter"}),
            "head": book.add_format({**BOX, "bold": True, "bg_color": "#F2F2F2"}),
            "cell": book.add_format({**FACE, "border": 1}),
            "date": book.add_format({**FACE, "border": 1, "num_format": "yyyy-mm-dd"}),
            "plain": book.add_format(FACE),
            "note": book.add_format({**FACE, "text_wrap": False}),
        }
        for content in sheets:
            _fill(book, content, styles)
    return path
