"""Bytes → sheets: every file becomes tables with titles, heads and a body of text columns.

Nothing is typed or judged here. Which rows are heads is found by matching them against the heads that the contracts know; a sheet
may hold several tables. Hidden sheets are read like the others, and it is said that they are hidden.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.arrays import flags
from etl.blocks import TOP, Block, find_blocks
from etl.heads import find_head
from etl.kinds import Kind, kind_of
from etl.marks import is_ours
from etl.textfile import Text, Unreadable, body, open_text
from etl.workbook import Grid, column_letters, open_workbook, text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SUFFIXES", "Sheet", "Unreadable", "extract"]

BOOKS, TEXTS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), (".csv", ".txt", ".tsv")
SUFFIXES = BOOKS + TEXTS
# A text file up to this many bytes is looked at whole, for several tables; a larger one holds one table.
_SMALL_TEXT = 1 << 20


@dataclass
class Sheet:
    """One table as it was sent.

    ``heads`` are as written, without blanks and line breaks, levels joined by ``/``; column i of ``heads`` is column
    ``c<i>`` of ``table()``. ``head_row`` and ``first_row`` are spreadsheet rows, from 1. ``left`` is the spreadsheet column (from 0)
    in which it begins, ``part`` its number among the tables of its sheet. ``labels`` gives the raw cells of a column of the body,
    with their leading blanks. ``roles`` (place, period) and ``origins`` are of tables in another layout, see relayout.py.
    """

    file: str
    sheet: str
    title: tuple[str, ...]
    heads: tuple[str, ...]
    head_row: int
    first_row: int
    table: Callable[[], pa.Table]
    left: int = 0
    part: int = 1
    hidden: bool = False
    labels: Callable[[int], Sequence[object]] | None = None
    roles: dict[str, int] | None = None
    origins: bool = False
    notes: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it stands, for a sentence: 文件“…”工作表“…”."""
        where = f"文件“{self.file}”" + (f"工作表“{self.sheet}”" if self.sheet else "")
        return f"{where}第 {self.part} 张表" if self.part > 1 else where

    @property
    def notes_by_year(self) -> dict[int, str]:
        """What is written below the table about single years, by year."""
        found: dict[int, list[str]] = {}
        for note in self.notes:
            for year in dict.fromkeys(re.findall(r"(?<!\d)(?:19|20)\d{2}(?=年|、)", note)):
                found.setdefault(int(year), []).append(note.strip())
        return {year: "\n".join(notes) for year, notes in found.items()}

    @property
    def key(self) -> str:
        """Its name among the tables of its file."""
        return f"{self.sheet}（表{self.part}）" if self.part > 1 else self.sheet

    def column(self, index: int) -> str:
        """The letters of a column in the spreadsheet."""
        return column_letters(index + self.left)


def extract(path: Path, known: Collection[str]) -> list[Sheet]:
    """All tables of a file. ``known`` are the contracts' heads in normal form.

    The body is read only when ``table()`` is called: text columns c0, c1 … and ``row``, the spreadsheet row.
    Raises Unreadable, a Chinese clause with what to do, when the file cannot be read.
    """
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise Unreadable("是空文件，请检查后重新上报")
    if suffix in SUFFIXES:
        kind = kind_of(path.read_bytes())
        if kind.says:
            raise Unreadable(kind.says)
        # Many systems export text under the name of a workbook, and people rename: what it is decides, not what it is called.
        return _from_text(path, known) if kind is Kind.TEXT else _from_workbook(path, known)
    raise Unreadable(f"类型 {suffix or '（无扩展名）'} 不受支持，请另存为 xlsx 或 csv 再上报")


def _from_workbook(path: Path, known: Collection[str]) -> list[Sheet]:
    found = []
    for grid in open_workbook(path.read_bytes()):
        if is_ours(grid.name, grid.rows):
            continue
        blocks = find_blocks(grid.rows, grid.merged, known, text)
        found += _sheets(path.name, lambda grid=grid: grid, grid.name, blocks, grid.hidden)
    return found


def _sheets(file: str, grid: Callable[[], Grid], name: str, blocks: Sequence[Block], hidden: bool = False) -> list[Sheet]:
    """The tables of one sheet. Titles of the first one hold for those that follow, after their own."""
    shared = blocks[0].head.title if blocks else ()
    return [
        Sheet(
            file=file,
            sheet=name,
            title=tuple(dict.fromkeys((*block.head.title, *shared))),
            heads=block.head.heads,
            head_row=block.head.row + 1,
            first_row=block.head.first + 1,
            table=lambda block=block: _body(grid(), block),
            left=block.left,
            part=number,
            hidden=hidden,
            labels=lambda column, block=block: _raw(grid(), block, column),
        )
        for number, block in enumerate(blocks, 1)
    ]


def _body(grid: Grid, block: Block) -> pa.Table:
    """The body of one table: its own rows and columns, without repeated heads."""
    import numpy as np

    first, width = block.head.first, len(block.head.heads)
    if block.left == 0 and block.last >= len(grid.rows):
        table = grid.body(first, width)
    else:
        part = grid.table.slice(0, block.last).select(range(block.left, min(block.right, grid.table.num_columns)))
        merged = [((t, l - block.left), (b, r - block.left)) for (t, l), (b, r) in grid.merged if block.left <= l < block.right]
        merged = [((t, l), (min(b, block.last - 1), r)) for (t, l), (b, r) in merged if t < block.last]
        table = Grid(grid.name, part, merged).body(first, width)
    if block.skip:
        row = np.arange(first + 1, first + 1 + table.num_rows)
        table = table.filter(flags(~np.isin(row, [skipped + 1 for skipped in block.skip])))
    return table


def _raw(grid: Grid, block: Block, column: int) -> list[object]:
    """The raw cells of one column of the body, in the order of its rows."""
    at = block.left + column
    rows = range(block.head.first, min(block.last, len(grid.rows)))
    return [grid.rows[r][at] if at < len(grid.rows[r]) else None for r in rows if r not in block.skip]


def _from_text(path: Path, known: Collection[str]) -> list[Sheet]:
    opened = open_text(path, TOP)
    if opened.data.size <= _SMALL_TEXT:
        grid = _grid(opened)
        return _sheets(path.name, lambda: _grid(open_text(path, TOP)), "", find_blocks(grid.rows, (), known, text))
    head = find_head(opened.top, (), known)
    if head is None:
        return []
    # Only the first records are kept until the body is asked for: a folder may hold many large files.
    del opened
    return [
        Sheet(
            path.name,
            "",
            head.title,
            head.heads,
            head.row + 1,
            head.first + 1,
            lambda: body(open_text(path, TOP), head.first, len(head.heads)),
        )
    ]


def _grid(opened: Text) -> Grid:
    """A small text file as a grid of cells."""
    content = io.StringIO(bytes(opened.data).decode("utf-8", errors="replace"), newline="")
    try:
        rows = list(csv.reader(content, delimiter=opened.separator))
    except csv.Error as error:
        raise Unreadable("引号不成对，表格无法分列，请用 Excel 打开后另存为 xlsx 再上报") from error
    width = max(map(len, rows), default=0)
    return Grid("", [row + [""] * (width - len(row)) for row in rows], [])
