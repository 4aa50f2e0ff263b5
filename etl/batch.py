"""Sheets of one ledger that go through SQL together: a street sends many small tables, and a statement costs the same for each.

A row is told from the others by ``_row``: the sheet's number in the batch, then the spreadsheet row, then the slice: a table that
has periods or places across gives several rows for one of the spreadsheet (see relayout.py), all others have slice 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from etl.dates import Period
from etl.hashes import FileHash
from etl.load import Loads
from etl.recognise import Match
from etl.textfile import Unreadable, numbers
from jiejian.catalogue import Column, Ledger

if TYPE_CHECKING:
    import pyarrow as pa

# 15 bits for the slice, 35 for the row, the rest for the sheet.
_LINE, _SHEET = 15, 50
_LINE_MASK = (1 << (_SHEET - _LINE)) - 1


def sheet_of(row: str = "_row") -> str:
    """SQL: the number of the sheet in the batch."""
    return f"({row} >> {_SHEET})"


def row_of(sheet: str, line: str, part: str = "0") -> str:
    """SQL: ``_row`` of a spreadsheet row of a sheet, and of its slice."""
    return f"(({sheet} << {_SHEET}) | ({line} << {_LINE}) | {part})"


def line_of(row: str = "_row") -> str:
    """SQL: the row in the spreadsheet."""
    return f"(({row} >> {_LINE}) & {_LINE_MASK})"


def sheet_numbers(rows: np.ndarray) -> np.ndarray:
    """The number of the sheet of each ``_row``."""
    return rows >> _SHEET


class UnreadableBody(Unreadable):
    """A sheet of a batch whose body cannot be read: its number in the batch, and a Chinese clause."""

    def __init__(self, number: int, clause: str):
        super().__init__(clause)
        self.number = number


@dataclass(frozen=True)
class Member:
    """One sheet of a batch, the period that its title speaks of, and the load that it becomes."""

    match: Match
    period: Period | None
    seq: int
    file: FileHash

    @cached_property
    def load_id(self) -> str:
        """Known when the hash of the file is."""
        return Loads.id_of(self.seq, self.match.ledger.id, self.file.sha256)


@dataclass(frozen=True)
class Batch:
    """Sheets under the same contract whose numbers are scaled alike."""

    members: tuple[Member, ...]

    @property
    def ledger(self) -> Ledger:
        return self.members[0].match.ledger

    @cached_property
    def times(self) -> dict[str, Decimal]:
        """By what the numbers of a column are multiplied, where that is not one."""
        return scaled(self.members[0].match)

    @cached_property
    def units(self) -> dict[str, str]:
        """The units that the heads of those columns state."""
        return {column: self.members[0].match.units[column] for column in self.times}

    @cached_property
    def stored(self) -> tuple[Column, ...]:
        """The contract's columns that some sheet has and that may be kept."""
        there = {column for member in self.members for column in member.match.columns}
        return tuple(c for c in self.ledger.columns if c.id in there and c.personal != "drop")

    @property
    def turned(self) -> bool:
        """Whether the sheets came in another layout, so that each figure brings its cell along."""
        return self.members[0].match.sheet.origins

    @cached_property
    def measured(self) -> tuple[Column, ...]:
        """The stored columns that hold figures."""
        long = any(c.type == "measure" for c in self.ledger.columns)
        return tuple(c for c in self.stored if c.measure or (long and c.id == "value"))

    @cached_property
    def columns(self) -> frozenset[str]:
        """Their ids."""
        return frozenset(c.id for c in self.stored)

    def row(self, sheet: int, line: int) -> int:
        """``_row`` of a spreadsheet row of a sheet."""
        return (sheet << _SHEET) | (line << _LINE)

    def table(self) -> pa.Table:
        """All rows of all sheets as text, by contract column; NULL where a sheet lacks the column.

        ``_sheet``, ``row`` and ``slice`` say where a row stands, ``_lead`` is its first filled cell, ``_filled`` counts the filled ones
        among ``_width``; ``_o_<column>`` is the cell of a figure of a turned sheet.
        """
        import pyarrow as pa

        return pa.concat_tables([self._rows(number, member.match) for number, member in enumerate(self.members)])

    @cached_property
    def body(self) -> pa.Table:
        """The rows of the one sheet of a batch, read once."""
        return self._body(0)

    def _body(self, number: int) -> pa.Table:
        try:
            return self.members[number].match.sheet.table()
        except Unreadable as error:
            raise UnreadableBody(number, str(error)) from error

    def _rows(self, number: int, match: Match) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        table = self.body if len(self.members) == 1 else self._body(number)
        cells = [table.column(f"c{i}") for i in range(len(match.sheet.heads))]
        written = [cell for i, cell in enumerate(cells) if i not in match.sheet.made]
        filled = pc.cast(pc.is_valid(written[0]), "int32")
        for cell in written[1:]:
            filled = pc.add(filled, pc.cast(pc.is_valid(cell), "int32"))
        nothing = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
        found = {
            "_sheet": numbers(np.full(table.num_rows, number)),
            "row": table.column("row"),
            "slice": table.column("slice") if self.turned else numbers(np.zeros(table.num_rows)),
            "_lead": pc.coalesce(*written),
            "_filled": filled,
            "_width": numbers(np.full(table.num_rows, len(written))),
        }
        found |= {c.id: cells[match.columns[c.id]] if c.id in match.columns else nothing for c in self.stored}
        if self.turned:
            there = set(table.column_names)
            where = {c.id: f"o{match.columns.get(c.id)}" for c in self.measured}
            found |= {f"_o_{c}": table.column(o) if o in there else nothing for c, o in where.items()}
        return pa.Table.from_arrays(list(found.values()), list(found))


def scaled(match: Match) -> dict[str, Decimal]:
    """The columns of a sheet whose head states a multiple of the base unit."""
    return {column: times for column, times in match.times.items() if times != 1}


def alike(match: Match) -> tuple:
    """What sheets of one batch have in common."""
    scales = tuple(sorted((c, t, match.units[c]) for c, t in scaled(match).items()))
    return match.ledger.id, len(match.ledger.columns), match.sheet.origins, scales
