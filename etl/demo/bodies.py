"""Rows below the heads of a sheet, written as text at once: xlsxwriter takes 20 µs for each cell, and a street has 300,000."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

Cell = str | int | float | date | None
_FIRST_DAY = date(1899, 12, 30)


class BodySheet(Worksheet):
    """A worksheet in which one rectangle from column A on comes as rows; all else is written as usual.

    What it takes of xlsxwriter beside its public functions: ``_write_rows``, the index of a format, and the table of shared strings.
    """

    _body: tuple[int, Sequence[Sequence[Cell]], Format, Format] | None = None

    def write_body(self, row: int, rows: Sequence[Sequence[Cell]], style: Format, day_style: Format) -> None:
        """Put ``rows`` into the sheet from ``row`` (0-based) on. Nothing else may be written into them."""
        if rows:
            self.write_blank(row, 0, None, style)
            self.write_blank(row + len(rows) - 1, len(rows[0]) - 1, None, style)
            self._body = (row, rows, style, day_style)
            index = self.str_table._get_shared_string_index
            self._shared = {value: index(value) for cells in rows for value in cells if isinstance(value, str)}

    def _write_rows(self) -> None:
        if self._body is None:
            super()._write_rows()
            return
        top, bottom = self.dim_rowmin, self.dim_rowmax
        first, rows = self._body[:2]
        self.dim_rowmax = first - 1
        super()._write_rows()
        self.fh.write("".join(self._body_rows()))
        self.dim_rowmin, self.dim_rowmax = first + len(rows), bottom
        super()._write_rows()
        self.dim_rowmin = top

    def _body_rows(self) -> Iterator[str]:
        first, rows, style, day_style = self._body
        plain = style._get_xf_index()
        letters = [xl_col_to_name(column) for column in range(len(rows[0]))]
        for number, row in enumerate(rows, first + 1):
            yield f'<row r="{number}" spans="1:{len(letters)}">'
            for letter, value in zip(letters, row, strict=True):
                if isinstance(value, str):
                    yield f'<c r="{letter}{number}" s="{plain}" t="s"><v>{self._shared[value]}</v></c>'
                elif value is None or value != value:
                    yield f'<c r="{letter}{number}" s="{plain}"/>'
                elif isinstance(value, date):
                    yield f'<c r="{letter}{number}" s="{day_style._get_xf_index()}"><v>{_serial(value):.16G}</v></c>'
                else:
                    yield f'<c r="{letter}{number}" s="{plain}"><v>{value:.16G}</v></c>'
            yield "</row>"


def _serial(value: date) -> float:
    """The number by which spreadsheets know a day, or a moment."""
    if isinstance(value, datetime):
        return (value - datetime(1899, 12, 30)).total_seconds() / 86400
    return (value - _FIRST_DAY).days
