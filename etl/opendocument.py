"""ods: a bound on how far its sheets reach. A cell or a row says how often it is repeated, so a small file may lay out to anything."""

from __future__ import annotations

import re

from etl.package import Package
from etl.textfile import Unreadable

_ROW = re.compile(rb"<table:table-row\b([^>]*)>(.*?)</table:table-row>", re.DOTALL)
_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]*?)(/?)>")
_ROWS, _COLUMNS = (re.compile(rb'table:number-%s-repeated="(\d{1,9})"' % what) for what in (b"rows", b"columns"))


def bound(package: Package, most: int) -> None:
    """Refuse a document whose filled cells, laid out, would be more than ``most``."""
    for sheet in package.read("content.xml", 256 << 20).split(b"<table:table ")[1:]:
        rows, last_row, last_column = 0, 0, 0
        for row in _ROW.finditer(sheet):
            width = _width(row[2])
            rows += _times(_ROWS, row[1])
            if width:
                last_row, last_column = rows, max(last_column, width)
        if last_row * last_column > most:
            raise Unreadable("有的格子重复了太多次，展开后太大，请删去表格以外的行和列，另存为 xlsx 再上报")


def _width(row: bytes) -> int:
    """The last column that holds something; cells that close themselves and have no value are blank."""
    column, last = 0, 0
    for cell in _CELL.finditer(row):
        column += _times(_COLUMNS, cell[1])
        if not cell[2] or b"office:value" in cell[1]:
            last = column
    return last


def _times(what: re.Pattern, attributes: bytes) -> int:
    match = what.search(attributes)
    return int(match[1]) if match else 1
