"""xlsx and xls by calamine: a grid of text a sheet, merged ranges, and error cells that calamine would leave blank."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from etl.textfile import Unreadable, numbers, texts

Range = tuple[tuple[int, int], tuple[int, int]]
_NUMBER = re.compile(r"^[-+]?\d[\d,]*(\.\d+)?$")
_ERROR_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d+)"[^>]*? t="e"[^>]*>(?:<f[^>]*/>|<f[^>]*>.*?</f>)?<v>([^<]*)</v>', re.DOTALL)


@dataclass
class Grid:
    """One sheet as calamine gives it: ``rows[r][c]`` is the cell of spreadsheet row r + 1 (raw values), and merged ranges."""

    name: str
    rows: list[list]
    merged: list[Range]
    hidden: bool = False

    def top(self, rows: int) -> list[list[str]]:
        """The first rows as text."""
        return [[text(v) or "" for v in row] for row in self.rows[:rows]]

    def body(self, first: int, width: int) -> pa.Table:
        """Rows from ``first`` (0-based) on as text columns c0, c1 … and ``row`` (1-based spreadsheet row)."""
        rows = self.rows[first:]
        columns = [[text(v) for v in column] for column in zip(*rows, strict=True)] if rows else []
        columns = (columns + [[None] * len(rows)] * width)[:width]
        for (top, column), (bottom, _) in self.merged:
            if bottom >= first and bottom > top and column < width:
                _fill_down(columns[column], max(top, first) - first, bottom - first, text(self.rows[top][column]))
        row = np.arange(first + 1, first + 1 + len(rows), dtype=np.int64)
        return pa.Table.from_arrays([numbers(row), *map(texts, columns)], ["row", *(f"c{i}" for i in range(width))])


def _fill_down(column: list[str | None], top: int, bottom: int, value: str | None) -> None:
    """A label merged over rows holds for all of them; a number merged over rows is one number and stays where it is."""
    if value and not _NUMBER.match(value):
        column[top : bottom + 1] = [value] * len(column[top : bottom + 1])


def text(value: object) -> str | None:
    """A cell as text without blanks around it, None when there is none: whole numbers without ``.0``, at most 15 digits as Excel itself shows, days and times as ISO."""
    if type(value) is str:
        return value.strip() or None
    if type(value) is float:
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if value is None:
        return None
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds") if value.time() != dt.time() else value.date().isoformat()
    return str(value)


def open_workbook(path: Path) -> list[Grid]:
    """All sheets that hold anything, hidden ones too. Raises Unreadable with what to do."""
    import python_calamine as calamine  # only where a workbook is read

    data = path.read_bytes()
    try:
        book = calamine.load_workbook(io.BytesIO(data))
        errors = _error_cells(data) if data[:2] == b"PK" else {}
        return [grid for sheet in book.sheets_metadata if (grid := _grid(book, sheet, errors))]
    except calamine.PasswordError as error:
        raise Unreadable("文件加了密码，请去掉密码另存后再上报") from error
    except (calamine.CalamineError, zipfile.BadZipFile, zlib.error, RuntimeError, UnicodeDecodeError, OSError) as error:
        if data.lstrip()[:1] == b"<":
            raise Unreadable("是网页格式的文件改名而成，请用 Excel 打开后另存为 xlsx 再上报") from error
        raise Unreadable("文件已损坏或不是 Excel 工作簿，请用 Excel 打开检查后另存为 xlsx 再上报") from error


def _grid(book, sheet, errors: dict[str, list[tuple[int, int, str]]]) -> Grid | None:
    import python_calamine as calamine

    if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
        return None
    found = book.get_sheet_by_name(sheet.name)
    rows = found.to_python(skip_empty_area=False)
    for row, column, shown in errors.get(sheet.name, ()):
        if row < len(rows) and column < len(rows[row]) and rows[row][column] in ("", None):
            rows[row][column] = shown
    hidden = sheet.visible != calamine.SheetVisibleEnum.Visible
    return Grid(sheet.name, rows, list(found.merged_cell_ranges or ()), hidden) if rows else None


def _error_cells(data: bytes) -> dict[str, list[tuple[int, int, str]]]:
    """Cells that show #DIV/0! and the like, by sheet: calamine reads them as blank, and a blank is not an error."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        found = {}
        for name, part in _sheet_parts(parts).items():
            content = parts.read(part)
            if b't="e"' in content:
                cells = ((m[2], m[1], m[3]) for m in _ERROR_CELL.finditer(content))
                found[name] = [(int(row) - 1, column_number(letters.decode()), shown.decode()) for row, letters, shown in cells]
        return found


def _sheet_parts(parts: zipfile.ZipFile) -> dict[str, str]:
    """Which part of the package holds which sheet."""
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= set(parts.namelist()):
        return {}
    links = parts.read("xl/_rels/workbook.xml.rels").decode()
    target = {_attribute(link, "Id"): _attribute(link, "Target") for link in re.findall(r"<Relationship [^>]*>", links)}
    sheets = re.findall(r"<sheet [^>]*>", parts.read("xl/workbook.xml").decode())
    named = {_unescaped(_attribute(sheet, "name")): target.get(_attribute(sheet, "r:id"), "") for sheet in sheets}
    paths = {name: link.lstrip("/") if link.startswith("/") else f"xl/{link}" for name, link in named.items() if link}
    return {name: path for name, path in paths.items() if path in parts.namelist()}


def _attribute(tag: str, name: str) -> str:
    match = re.search(rf'\b{name}="([^"]*)"', tag)
    return match[1] if match else ""


def _unescaped(name: str) -> str:
    return name.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'").replace("&amp;", "&")


def column_number(letters: str) -> int:
    """``A`` → 0, ``AA`` → 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """0 → ``A``, 26 → ``AA``."""
    letters, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
