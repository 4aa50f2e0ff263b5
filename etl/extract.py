"""Bytes → sheets: every file becomes sheets with titles, heads and a body of text columns.

Nothing is typed or judged here. Which rows are heads is found by matching them against the heads that the contracts know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.heads import find_head
from etl.textfile import Unreadable, body, open_text
from etl.workbook import column_letters, open_workbook

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SUFFIXES", "Sheet", "Unreadable", "extract"]

BOOKS, TEXTS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), (".csv", ".txt", ".tsv")
SUFFIXES = BOOKS + TEXTS
_TOP = 40


@dataclass
class Sheet:
    """One table as it was sent.

    ``heads`` are as written, without blanks and line breaks, two levels joined by ``/``; column i of ``heads`` is column
    ``c<i>`` of ``table()``. ``head_row`` and ``first_row`` are spreadsheet rows, from 1.
    """

    file: str
    sheet: str
    title: tuple[str, ...]
    heads: tuple[str, ...]
    head_row: int
    first_row: int
    table: Callable[[], pa.Table]

    @property
    def place(self) -> str:
        """Where it stands, for a sentence: 文件“…”工作表“…”."""
        return f"文件“{self.file}”" + (f"工作表“{self.sheet}”" if self.sheet else "")

    def column(self, index: int) -> str:
        """The letters of a column in the spreadsheet."""
        return column_letters(index)


def extract(path: Path, known: Collection[str]) -> list[Sheet]:
    """All sheets of a file that hold a table. ``known`` are the contracts' heads in normal form.

    The body is read only when ``table()`` is called: text columns c0, c1 … and ``row``, the spreadsheet row.
    Raises Unreadable, a Chinese clause with what to do, when the file cannot be read.
    """
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise Unreadable("是空文件，请检查后重新上报")
    if suffix in BOOKS:
        try:
            return _from_workbook(path, known)
        except Unreadable:
            if path.read_bytes()[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") or path.read_bytes().lstrip()[:1] == b"<":
                raise
            return _from_text(path, known)  # many systems export text under the name of a workbook
    if suffix in TEXTS:
        return _from_text(path, known)
    raise Unreadable(f"类型 {suffix or '（无扩展名）'} 不受支持，请另存为 xlsx 或 csv 再上报")


def _from_workbook(path: Path, known: Collection[str]) -> list[Sheet]:
    found = []
    for grid in open_workbook(path):
        head = find_head(grid.top(_TOP), grid.merged, known)
        if head:
            table = _later(grid.body, head.first, len(head.heads))
            found.append(Sheet(path.name, grid.name, head.title, head.heads, head.row + 1, head.first + 1, table))
    return found


def _from_text(path: Path, known: Collection[str]) -> list[Sheet]:
    text = open_text(path, _TOP)
    head = find_head(text.top, (), known)
    if head is None:
        return []
    # Only the first records are kept until the body is asked for: a folder may hold many large files.
    del text
    return [
        Sheet(
            path.name,
            "",
            head.title,
            head.heads,
            head.row + 1,
            head.first + 1,
            lambda: body(open_text(path, _TOP), head.first, len(head.heads)),
        )
    ]


def _later(read: Callable, first: int, width: int) -> Callable[[], pa.Table]:
    return lambda: read(first, width)
