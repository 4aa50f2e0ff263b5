"""Workbooks → grids: text columns a sheet, and its merged ranges. xlsx is read by xlsx.py, xls and ods by calamine.

What calamine leaves out of an xls is put back (biff.py). A large sheet is never held as Python objects.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl import biff, opendocument, xlsx
from etl.arrays import blank_is_null, numbers, texts
from etl.grid import Grid, Range, Rows, text
from etl.kinds import Kind, kind_of
from etl.package import DAMAGED, PASSWORD, Package
from etl.sheetxml import column_letters, column_number
from etl.styles import INDENT
from etl.textfile import Unreadable

if TYPE_CHECKING:
    import python_calamine as calamine

__all__ = ["Grid", "Range", "Rows", "column_letters", "column_number", "open_workbook", "text"]

# A sheet is laid out from A1 to its last cell: so many blanks take about 1 GB for a moment.
MOST_CELLS = 20_000_000
_AT_A_TIME = 20_000
_ONE_AT_A_TIME = threading.Lock()


def open_workbook(data: bytes, kind: Kind | None = None) -> list[Grid]:
    """All sheets that hold anything, hidden ones marked. Raises Unreadable with what to do."""
    kind = kind or kind_of(data)
    if kind.says:
        raise Unreadable(kind.says)
    if kind is Kind.XLS:
        marks = biff.marks_by_sheet(data)
        for name, sheet in marks.items():
            bound(name, sheet.last_row, sheet.last_column, sheet.cells)
        return _grids(data, marks)
    with Package(io.BytesIO(data), len(data)) as package:
        if kind is Kind.ODS:
            opendocument.bound(package, MOST_CELLS)
            return _grids(data, {})
        return _from_xlsx(package)


def _from_xlsx(package: Package) -> list[Grid]:
    book, found = xlsx.Workbook(package), []
    for sheet in book.sheets:
        cells, shown = book.cells(sheet)
        bound(sheet.name, *xlsx.extent(cells, shown))
        table = xlsx.laid_out(cells, shown)
        if table.num_rows:
            found.append(Grid(sheet.name, table, cells.merged, sheet.hidden, cells.hidden_rows, cells.hidden_columns))
    return found


def bound(name: str, rows: int, columns: int, cells: int) -> None:
    """Refuse a sheet that would take too much memory once it is laid out, in words."""
    if rows * columns <= MOST_CELLS:
        return
    if rows * columns > 20 * cells:
        corner = f"{column_letters(columns - 1)}{rows}"
        raise Unreadable(f"工作表“{name}”在离表格很远的地方（直到 {corner}）还有内容，请删去表格以外的行和列后重新上报")
    raise Unreadable(f"工作表“{name}”超过 {MOST_CELLS // 10_000} 万格，太大，请拆成几个文件，或另存为 csv 再上报")


# ---- xls and ods ----


@contextmanager
def _in_words() -> Iterator[None]:
    """Whatever a reader written in Rust raises on broken bytes, panics included, as Unreadable and without its own outcry."""
    import python_calamine as calamine  # only where such a workbook is read

    with _hushed():
        try:
            yield
        except (Unreadable, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
            raise
        except BaseException as error:  # a panic is no Exception
            raise Unreadable(PASSWORD if isinstance(error, calamine.PasswordError) else DAMAGED) from error


@contextmanager
def _hushed() -> Iterator[None]:
    """Standard error closed for a moment: a panic prints its stack there, past Python."""
    with _ONE_AT_A_TIME, Path(os.devnull).open("wb") as nowhere:
        sys.stderr.flush() if sys.stderr else None
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _grids(data: bytes, marks: dict[str, biff.Marks]) -> list[Grid]:
    import python_calamine as calamine

    found = []
    with _in_words():
        book = calamine.load_workbook(io.BytesIO(data))
        for sheet in book.sheets_metadata:
            if sheet.typ == calamine.SheetTypeEnum.WorkSheet:
                hidden = sheet.visible != calamine.SheetVisibleEnum.Visible
                read = book.get_sheet_by_name(sheet.name)
                if columns := _columns(read):
                    table = pa.Table.from_arrays(columns, [f"c{i}" for i in range(len(columns))])
                    mark = marks.get(sheet.name) or biff.Marks()
                    table = _mended(table, mark)
                    merged = read.merged_cell_ranges or ()
                    found.append(Grid(sheet.name, table, merged, hidden, mark.hidden_rows, mark.hidden_columns))
    return found


def _columns(sheet: calamine.CalamineSheet) -> list[pa.ChunkedArray]:
    """Every column of a sheet as text, from A and row 1 on."""
    if sheet.start is None or sheet.end is None:
        return []
    width, left = sheet.end[1] - sheet.start[1] + 1, sheet.start[1]
    columns: list[list[pa.Array]] = [[] for _ in range(width)]
    rows = sheet.iter_rows()
    while piece := list(islice(rows, _AT_A_TIME)):
        for column, cells in zip(columns, zip(*piece, strict=True), strict=True):
            column.append(_as_text(cells))
    count = sum(map(len, columns[0]))
    blank = pa.chunked_array([pa.nulls(count, pa.string())])
    return [blank] * left + [pa.chunked_array(column, pa.string()) for column in columns]


def _as_text(cells: tuple) -> pa.Array:
    """One column of a piece as text, NULL for no content; columns of one type go the fast way."""
    kinds = set(map(type, cells))
    if kinds == {str}:
        return blank_is_null(texts(list(cells)))
    if kinds == {float}:
        values = np.array(cells)
        if (np.abs(values) < 1e15).all() and (values == np.rint(values)).all():
            return pc.cast(numbers(values), "string")
    if kinds <= {str, dt.datetime, dt.date}:
        shown = [cell if len(cell := str(value)) < 20 else text(value) for value in cells]
        return pc.replace_substring(blank_is_null(texts(shown)), " 00:00:00", "")
    if kinds <= {str, float}:
        return blank_is_null(texts([value if type(value) is str else f"{value:.15g}" for value in cells]))
    return texts([text(value) for value in cells])


def _mended(table: pa.Table, marks: biff.Marks) -> pa.Table:
    """Put back what calamine leaves out: error cells and formulas without a value, the sign of percentages, and indents as blanks."""
    changes: dict[int, dict[int, str]] = {}
    for (row, column), shown in marks.shown.items():
        if row < table.num_rows and column < table.num_columns and not table.column(column)[row].is_valid:
            changes.setdefault(column, {})[row] = shown
    percents: dict[int, list[int]] = {}
    for row, column in marks.percents:
        if row < table.num_rows and column < table.num_columns:
            percents.setdefault(column, []).append(row)
    moved: dict[int, dict[int, int]] = {}
    for (row, column), steps in marks.indents.items():
        if row < table.num_rows and column < table.num_columns:
            moved.setdefault(column, {})[row] = steps
    for column in sorted({*changes, *percents, *moved}):
        cells = table.column(column).to_pylist()
        for row in percents.get(column, ()):
            cells[row] = _percentage(cells[row])
        for row, steps in moved.get(column, {}).items():
            cells[row] = INDENT * steps + cells[row] if cells[row] else cells[row]
        for row, shown in changes.get(column, {}).items():
            cells[row] = shown
        table = table.set_column(column, f"c{column}", pa.chunked_array([texts(cells)]))
    return table


def _percentage(cell: str | None) -> str | None:
    """``0.96`` → ``96%``, as the sheet shows it."""
    try:
        return f"{float(cell) * 100:.15g}%" if cell else cell
    except ValueError:
        return cell
