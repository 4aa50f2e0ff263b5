"""A file and its problems → the same file as a workbook, marked: what goes back to whoever sent it."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from etl import markcopy
from etl.extract import BOOKS
from etl.markbook import mark_workbook
from etl.marks import Problem, position
from etl.ooxml import Unmarkable
from etl.textfile import open_text
from etl.workbook import column_letters

_HEAD_ROWS = 40
_NO_NAME = re.compile(r"[\[\]:*?/\\']")
_MACROS = ".xlsm"


def marked_name(file: str) -> str:
    """The name under which the marked copy goes back; a workbook with macros keeps them."""
    path = Path(file)
    ending = _MACROS if path.suffix.lower() == _MACROS else ".xlsx"
    return f"{path.stem.removesuffix('（已标注）')}（已标注）{ending}"


def give_back(path: Path, problems: Sequence[Problem], out: Path, name: str = "") -> Path:
    """Write the marked workbook to ``out``; ``name`` is what the file is called where ``path`` does not say.

    An xlsx keeps everything but its marks; any other table becomes an xlsx with the same cells.
    """
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        try:
            return mark_workbook(path, problems, out)
        except (Unmarkable, zipfile.BadZipFile, ValueError):
            pass  # an unusual package: its cells can still be copied
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        copied = Path(folder) / "copy.xlsx"
        sheets, problems = _copied(path, problems, Path(name or path.name))
        return mark_workbook(markcopy.copy_workbook(sheets, copied), problems, out)


def _copied(path: Path, problems: Sequence[Problem], name: Path) -> tuple[list[markcopy.Copied], list[Problem]]:
    if path.suffix.lower() in BOOKS:
        try:
            return markcopy.of_workbook(path), list(problems)
        except Exception as error:  # calamine's own errors: text under the name of a workbook
            if path.read_bytes()[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
                raise Unmarkable(str(error)) from error
    text = open_text(path.read_bytes(), _HEAD_ROWS)
    wanted = {p.row for p in problems if p.row}
    sheet = markcopy.of_text(text.data.to_pybytes(), text.separator, _sheet_name(name.stem), wanted, _HEAD_ROWS)
    moved = {number: row for row, number in enumerate(sheet.numbers, 1)} if sheet.numbers else None
    return [sheet], [_moved(p, sheet.name, moved) for p in problems]


def _moved(problem: Problem, sheet: str, rows: dict[int, int] | None) -> Problem:
    """A problem of a text file as one of its sheet, at the row at which its record now stands."""
    if rows is None:
        return replace(problem, sheet=sheet)
    places = [position(cell) for cell in problem.cells]
    cells = tuple(f"{column_letters(column - 1)}{rows[row]}" for row, column in places if row in rows)
    return replace(problem, sheet=sheet, cells=cells)


def _sheet_name(stem: str) -> str:
    return _NO_NAME.sub(" ", stem).strip()[:31] or "Sheet1"
