"""A sheet as a grid of text, held column by column, with its merged ranges; its rows as lists for those who look for heads."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.arrays import blank_is_null, flags, numbers, texts, to_mask, to_numpy, trimmed, word

Range = tuple[tuple[int, int], tuple[int, int]]
_NUMBER = re.compile(r"^[-+]?\d[\d,]*(\.\d+)?%?$")
# Rows are made lists a page at a time (of a long sheet little more than the head is asked for); all of them at once where there are so
# few cells.
_PAGE, _FEW = 512, 20_000


class Rows(Sequence):
    """The rows of a grid as lists of text ("": no content), made a page at a time."""

    def __init__(self, table: pa.Table):
        self._table, self._page, self._lists = table, -1, []

    def __len__(self) -> int:
        return self._table.num_rows

    def __getitem__(self, at):
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            if step == 1 and len(self) * self._table.num_columns <= _FEW:
                return self._turned_to(0)[start:stop]
            if step == 1:
                return _lists(self._table.slice(start, max(0, stop - start)))
            return [self[i] for i in range(start, stop, step)]
        at = at + len(self) if at < 0 else at
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._turned_to(at // _PAGE)[at % _PAGE]

    def _turned_to(self, page: int) -> list[list[str]]:
        if page != self._page:
            self._page, self._lists = page, _lists(self._table.slice(page * _PAGE, _PAGE))
        return self._lists

    def where(
        self, left: int, right: int, sorts: Callable[[pa.Array], np.ndarray], wanted: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """The rows of which ``wanted`` holds, asked with the sorts of their cells (rows × columns) from ``left`` to ``right``.

        ``sorts`` is asked once, with every different text.
        """
        columns = self._table.columns[left:right]
        if not columns or not len(self):
            return np.zeros(0, int)
        cells = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string()).combine_chunks()
        coded = pc.coalesce(cells, word("")).dictionary_encode()
        codes = to_numpy(coded.indices, np.int32)
        return np.flatnonzero(wanted(sorts(coded.dictionary)[codes].reshape(len(columns), -1).T))

    def used(self) -> list[bool]:
        """Which columns hold anything."""
        return [column.null_count < len(column) for column in self._table.columns]

    def stops(self, left: int, right: int, column: int, begins: str) -> np.ndarray:
        """The rows whose cell in ``column`` reads ``begins``, and those below a row that is blank from ``left`` to ``right``."""
        blank = np.ones(len(self), bool)
        for cells in self._table.columns[left:right]:
            blank &= ~to_mask(pc.is_valid(cells)) if blank.any() else False
        same = np.zeros(len(self), bool)
        if column < self._table.num_columns and begins:
            same = to_mask(pc.coalesce(pc.equal(trimmed(self._table.column(column)), word(begins)), flags(np.zeros(1, bool))[0]))
        same[1:] |= blank[:-1] & ~blank[1:]
        return np.flatnonzero(same)


def _lists(table: pa.Table) -> list[list[str]]:
    columns = [pc.coalesce(column, word("")).to_pylist() for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


class Grid:
    """One sheet: text columns c0, c1 … in which row r stands for spreadsheet row r + 1 (NULL: no content), and merged ranges.

    Blanks at the beginning of a cell are kept in ``rows``, where they may mean a hierarchy, and taken away in ``body``.
    """

    def __init__(
        self,
        name: str,
        cells: pa.Table | Sequence[Sequence],
        merged: Sequence[Range],
        hidden: bool = False,
        hidden_rows: Sequence[int] = (),
        hidden_columns: Sequence[range] = (),
    ):
        self.name, self.merged, self.hidden = name, list(merged), hidden
        self.hidden_rows, self.hidden_columns = hidden_rows, hidden_columns
        self.table = cells if isinstance(cells, pa.Table) else _table(cells)

    @cached_property
    def rows(self) -> Rows:
        """``rows[r][c]`` is the cell of spreadsheet row r + 1."""
        return Rows(self.table)

    def top(self, rows: int) -> list[list[str]]:
        """The first rows as text without blanks around it."""
        return [[cell.strip() for cell in row] for row in self.rows[:rows]]

    def body(self, first: int, width: int) -> pa.Table:
        """Rows from ``first`` (0-based) on as text columns c0, c1 … and ``row`` (1-based spreadsheet row)."""
        body = self.table.slice(first)
        rows = body.num_rows
        blank = pa.chunked_array([pa.nulls(rows, pa.string())])
        columns = [*map(trimmed, body.columns[:width]), *[blank] * (width - body.num_columns)]
        for column, ranges in self._merged_down(first, width).items():
            columns[column] = _filled_down(columns[column], ranges, self.table.column(column), first)
        row = np.arange(first + 1, first + 1 + rows, dtype=np.int64)
        return pa.Table.from_arrays([numbers(row), *columns], ["row", *(f"c{i}" for i in range(width))])

    def _merged_down(self, first: int, width: int) -> dict[int, list[tuple[int, int]]]:
        """By column, the rows (from, to) over which a cell is merged downwards into the body."""
        found: dict[int, list[tuple[int, int]]] = {}
        for (top, column), (bottom, _) in self.merged:
            if bottom >= first and bottom > top and column < min(width, self.table.num_columns):
                found.setdefault(column, []).append((top, bottom))
        return found


def _table(rows: Sequence[Sequence]) -> pa.Table:
    """Rows of cells as a table of text."""
    widths = set(map(len, rows))
    width = max(widths, default=0)
    even = rows if len(widths) == 1 else ([*row, *[None] * (width - len(row))] for row in rows)
    arrays = [texts([*column] if set(map(type, column)) == {str} else [v if type(v) is str else text(v) for v in column]) for column in zip(*even, strict=True)]
    return pa.Table.from_arrays([blank_is_null(a) for a in arrays], [f"c{i}" for i in range(len(arrays))])


def _filled_down(cells: pa.ChunkedArray, ranges: list[tuple[int, int]], whole: pa.ChunkedArray, first: int) -> pa.Array:
    """A label merged over rows holds for all of them; a number merged over rows is one number and stays where it is."""
    column = cells.to_pylist()
    for top, bottom in ranges:
        value = (whole[top].as_py() or "").strip() if top < len(whole) else ""
        if value and not _NUMBER.match(value):
            rows = slice(max(top, first) - first, bottom - first + 1)
            column[rows] = [value] * len(column[rows])
    return texts(column)


def text(value: object) -> str | None:
    """A cell as text without blanks around it, None when there is none: whole numbers without ``.0``, at most 15 digits as
    Excel itself shows, days and times as ISO."""
    if type(value) is str:
        return value.strip() or None
    if type(value) is float:
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if value is None:
        return None
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        if value.microsecond:
            value = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
        return value.isoformat(" ") if value.time() != dt.time() else value.date().isoformat()
    return str(value)
