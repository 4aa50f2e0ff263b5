"""Bytes → sheets: every file becomes tables with titles, heads and a body of text columns.

Nothing is typed or judged here. Which rows are heads is found by matching them against the heads that the contracts know; a sheet
may hold several tables. Hidden sheets are read like the others, and it is said that they are hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from etl import archive
from etl.arrays import flags
from etl.blocks import TOP, Block, find_blocks
from etl.heads import Head, find_head
from etl.kinds import Kind, kind_of
from etl.marks import is_ours
from etl.textfile import Text, Unreadable, body, filled, open_text
from etl.workbook import Grid, column_letters, open_workbook, text

if TYPE_CHECKING:
    import pyarrow as pa

    from etl.longtext import Scan

__all__ = ["SUFFIXES", "Page", "Sheet", "Unreadable", "extract", "may_be_pages", "pages_of", "tables_of"]

BOOKS, TEXTS = (".xlsx", ".xlsm", ".xls", ".et", ".xlsb", ".ods"), (".csv", ".txt", ".tsv")
SUFFIXES = (*BOOKS, *TEXTS, ".zip")
# A ledger has some dozens of columns, a table with periods across some hundreds.
MOST_COLUMNS = 2000
# A text file up to this many bytes is looked at whole, for several tables; a larger one holds one table.
_SMALL_TEXT = 1 << 20
# Larger ones are kept, once decoded, until their body is asked for, while all that are kept together are no larger than this.
_KEPT = 96 << 20
# Of more hidden stretches only the first ones are named.
_MOST_RUNS = 5


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
    # The rows and columns of the table that are not shown, in words.
    unseen: str = ""
    # Rows that have figures but no name of a measure, where the measures stand below each other: nothing can be made of them.
    unnamed: tuple[int, ...] = ()
    place_units: tuple[tuple[str, str], ...] = ()
    labels: Callable[[int], Sequence[object]] | None = None
    roles: dict[str, int] | None = None
    origins: bool = False
    notes: tuple[str, ...] = ()
    # Columns that stand in no spreadsheet but were made from what does: the path of a place, the place of the whole sheet.
    made: tuple[int, ...] = ()
    # The columns from which a path was made; a place is shown to stand in the last of them. ``spent``: those of a period.
    sources: tuple[int, ...] = ()
    spent: tuple[int, ...] = ()
    # Of a table whose places have paths (hierarchy.py): the kind of each path.
    kinds: dict[str, str] | None = None
    # Rows of a text file that have more or fewer cells than the head, with that number; known once the body is read.
    odd_rows: dict[int, int] = field(default_factory=dict)
    # How DuckDB reads the body of a large text file by itself.
    scan: Scan | None = None

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
        if index in self.made and self.sources:
            index = self.sources[-1]
        return column_letters(index + self.left)


class Known(frozenset):
    """The heads that contracts know, and where a contract says that the head stands: first row (from 0) and number of rows.

    ``reach`` is how many columns a contract names by their letters, so that blank heads at the end are kept.
    """

    head: tuple[int, int] | None = None
    reach: int = 0

    def __new__(cls, heads: Collection[str], head: tuple[int, int] | None = None, reach: int = 0) -> Known:
        made = super().__new__(cls, heads)
        made.head, made.reach = head, reach
        return made


@dataclass(frozen=True)
class Page:
    """A sheet of a workbook, or a small text, and the tables that stand in it. Loads know it by its ``name``, before which stands that of a
    member of a zip. ``odd_rows`` are those of the only table of a text."""

    name: str
    grid: Grid
    blocks: Sequence[Block]
    odd_rows: Mapping[int, int] = field(default_factory=dict)


def extract(path: Path, known: Collection[str], notes: list[str] | None = None) -> list[Sheet]:
    """All tables of a file, or of the files in a zip. ``known`` are the contracts' heads in normal form.

    The body is read only when ``table()`` is called: text columns c0, c1 … and ``row``, the spreadsheet row.
    Raises Unreadable, a Chinese clause with what to do, when the file cannot be read. ``notes`` takes sentences about what of it
    could not be read.
    """
    suffix = path.suffix.lower()
    if suffix in TEXTS and (sheet := _long_text(path, known)):
        return [sheet]
    return tables_of(path.name, _whole(path, suffix, known, [] if notes is None else notes))


def may_be_pages(path: Path, size: int) -> bool:
    """Whether a file is no large text, by its name and its bytes."""
    suffix = path.suffix.lower()
    return suffix in (*BOOKS, ".zip") or (suffix in TEXTS and size <= _SMALL_TEXT)


def pages_of(path: Path, known: Known, notes: list[str]) -> list[Page] | None:
    """The sheets of a file of which :func:`may_be_pages` holds, for :func:`tables_of`; None where a large text is among them. Raises Unreadable."""
    found = _whole(path, path.suffix.lower(), known, notes)
    return found if all(isinstance(one, Page) for one in found) else None


def tables_of(file: str, found: Sequence[Page | Sheet]) -> list[Sheet]:
    """The tables of a file, as they are read from its sheets."""
    return [sheet for one in found for sheet in ([one] if isinstance(one, Sheet) else _of_page(file, one))]


def _of_page(file: str, page: Page) -> list[Sheet]:
    sheets = _sheets(file, page)
    if page.odd_rows:
        sheets[0].odd_rows.update(page.odd_rows)
    return sheets


def _long_text(path: Path, known: Collection[str]) -> Sheet | None:
    """The table of a large text file, of which only the beginning is read here."""
    from etl.longtext import scan_of, top_of

    top = top_of(path, TOP)
    head = find_head(top[0], (), known) if top else None
    scan = scan_of(path, *top, head.first) if head else None
    if not scan:
        return None

    def otherwise() -> pa.Table:
        """The body where DuckDB does not take it."""
        ordinary = tables_of(path.name, _whole(path, path.suffix.lower(), known, []))[0]
        table = ordinary.table()
        sheet.odd_rows.update(ordinary.odd_rows)
        return table

    sheet = Sheet(path.name, "", head.title, head.heads, head.row + 1, head.first + 1, otherwise, scan=scan)
    return sheet


def _whole(path: Path, suffix: str, known: Collection[str], notes: list[str]) -> list[Page | Sheet]:
    """All sheets of a file that is read into memory; of texts their tables."""
    data = path.read_bytes()
    if not data:
        raise Unreadable("是空文件，请检查后重新上报")
    if suffix not in SUFFIXES:
        raise Unreadable(_kind_or_suffix(data, suffix))
    if (kind := kind_of(data)) is not Kind.ARCHIVE:
        return _tables(path.name, "", kind, data, path.read_bytes, known, notes)
    found = []
    for member in archive.members(data):
        try:
            found += _from_member(path, member, data, known, notes)
        except Unreadable as error:
            notes.append(f"文件“{path.name}”里的“{member.name}”{error}。")
    return found


def _kind_or_suffix(data: bytes, suffix: str) -> str:
    kind = kind_of(data)
    told = kind.says if kind is not Kind.DAMAGED else ""
    return told or f"类型 {suffix or '（无扩展名）'} 不受支持，请另存为 xlsx 或 csv 再上报"


def _from_member(path: Path, member: archive.Member, data: bytes, known: Collection[str], notes: list[str]) -> list[Page | Sheet]:
    if Path(member.name).suffix.lower() not in SUFFIXES or Path(member.name).suffix.lower() == ".zip":
        raise Unreadable("不是表格，没有读取")
    content = archive.read(data, member)
    if not content:
        raise Unreadable("是空文件，没有读取")
    return _tables(path.name, member.name, kind_of(content), content, lambda: archive.read(path.read_bytes(), member), known, notes)


def _tables(
    file: str, member: str, kind: Kind, data: bytes, again: Callable[[], bytes], known: Collection[str], notes: list[str]
) -> list[Page | Sheet]:
    """The tables in the bytes of a file; ``again`` reads the bytes once more. What it is decides, not what it is called."""
    if kind.says:
        raise Unreadable(kind.says)
    if kind is Kind.TEXT:
        return _from_text(file, member, data, again, known, notes)
    if kind is Kind.ARCHIVE:
        raise Unreadable("是压缩包里的压缩包，请解压后重新上报")
    found = []
    for grid in open_workbook(data, kind):
        if is_ours(grid.name, grid.rows):
            continue
        blocks = find_blocks(grid.rows, grid.merged, known, text)
        found.append(Page(f"{member}/{grid.name}" if member else grid.name, grid, blocks))
    for page in found:
        for block in page.blocks:
            if len(block.head.heads) > MOST_COLUMNS:
                raise Unreadable(_too_wide(f"工作表“{page.name}”", len(block.head.heads)))
    return found


def _too_wide(where: str, columns: int) -> str:
    return f"{where}有 {columns} 列，超过 {MOST_COLUMNS} 列，不像台账，请只保留台账的列，或把时间改成一行一期后重新上报"


def _sheets(file: str, page: Page) -> list[Sheet]:
    """The tables of one sheet. Titles of the first one hold for those that follow, after their own."""
    grid, blocks = page.grid, page.blocks
    shared = blocks[0].head.title if blocks else ()
    return [
        Sheet(
            file=file,
            sheet=page.name,
            title=tuple(dict.fromkeys((*block.head.title, *shared))),
            heads=block.head.heads,
            head_row=block.head.row + 1,
            first_row=block.head.first + 1,
            table=lambda block=block: _body(grid, block),
            left=block.left,
            part=number,
            hidden=grid.hidden,
            unseen=_unseen(grid, block),
            labels=lambda column, block=block: _raw(grid, block, column),
        )
        for number, block in enumerate(blocks, 1)
    ]


def _unseen(grid: Grid, block: Block) -> str:
    """The hidden rows and columns of a table: 第 5—7 行、C 列."""
    last = min(block.last, len(grid.rows))
    rows = [r + 1 for r in sorted(set(grid.hidden_rows)) if block.head.first <= r < last]
    width = range(block.left, block.left + len(block.head.heads))
    columns = sorted({c for hidden in grid.hidden_columns for c in hidden if c in width})
    parts = [f"第 {_runs(rows, str)} 行"] if rows else []
    return "、".join(parts + ([f"{_runs(columns, column_letters)} 列"] if columns else []))


def _runs(numbers: Sequence[int], shown: Callable[[int], str]) -> str:
    """1, 2, 3, 7 → 1—3、7; of many only the first few."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = [shown(a) if a == b else f"{shown(a)}—{shown(b)}" for a, b in runs[:_MOST_RUNS]]
    return "、".join(words) + (f" 等共 {len(numbers)}" if len(runs) > _MOST_RUNS else "")


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


def _from_text(
    file: str, member: str, data: bytes, again: Callable[[], bytes], known: Collection[str], notes: list[str]
) -> list[Page | Sheet]:
    opened = open_text(data, TOP)
    if opened.broken:
        notes.append(f"文件“{file}”{f'里的“{member}”' if member else ''}有 {opened.broken} 处文字认不出（显示为“�”），请核对这些格。")
    if opened.data.size <= _SMALL_TEXT:
        records = opened.records()
        grid = _grid(records)
        blocks = find_blocks(grid.rows, (), known, text)
        head = blocks[0].head if blocks else None
        found = [Page(member, grid, blocks, _odd_rows(records, head) if len(blocks) == 1 else {})]
    else:
        head = find_head(opened.top, (), known)
        found = [_large_text(file, member, head, opened, again)] if head else []
    del opened
    if head and len(head.heads) > MOST_COLUMNS:
        raise Unreadable(_too_wide("", len(head.heads)))
    return found


def _large_text(file: str, member: str, head: Head, opened: Text, again: Callable[[], bytes]) -> Sheet:
    """A folder may hold many large files: of most only the first records are kept until the body is asked for."""
    odd_rows: dict[int, int] = {}
    kept = _Kept(opened)

    def table() -> pa.Table:
        return body(kept.taken() or open_text(again(), TOP), head.first, len(head.heads), odd_rows)

    return Sheet(file, member, head.title, head.heads, head.row + 1, head.first + 1, table, odd_rows=odd_rows)


class _Kept:
    """A decoded text for whoever asks first, as long as there is room for it."""

    _bytes = 0
    _lock = RLock()  # the collector may come upon another one meanwhile

    def __init__(self, opened: Text):
        with _Kept._lock:
            fits = _Kept._bytes + opened.data.size <= _KEPT
            self._opened = opened if fits else None
            _Kept._bytes += opened.data.size if fits else 0

    def taken(self) -> Text | None:
        opened, self._opened = self._opened, None
        if opened:
            with _Kept._lock:
                _Kept._bytes -= opened.data.size
        return opened

    def __del__(self) -> None:
        self.taken()


def _odd_rows(records: Sequence[list[str]], head: Head) -> dict[int, int]:
    """The rows of a small text file that have more filled cells than the head, or were cut short, with their number of cells."""
    width = max((n for n, name in enumerate(head.heads, 1) if name), default=0)
    rows = enumerate(records[head.first :], head.first + 1)
    return {n: len(row) if len(row) < width else filled(row) for n, row in rows if row and (len(row) < width or filled(row) > width)}


def _grid(records: Sequence[list[str]]) -> Grid:
    """A small text file as a grid of cells."""
    return Grid("", records, [])
