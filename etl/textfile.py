"""csv and txt: separator, quotes, and a body that is read column by column, never row by row in Python."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv

from etl.arrays import lengths, numbers, texts
from etl.encodings import Unreadable, to_utf8

QUOTES = "的引号不成对，后面的内容连成了一格，请用记事本或 Excel 改正引号，另存为 xlsx 再上报"
# In bytes; Excel allows 32,767 characters.
_LONGEST_CELL = 32_767 * 4
_CHUNK = 4 << 20
_SAMPLE = 256 << 10
__all__ = ["Text", "Unreadable", "body", "filled", "numbers", "open_text", "texts"]
_SEPARATORS = ",\t;|"
# What a cell without content looks like; found by comparison while parsing, which costs nothing.
_BLANK = ["", *(sign * times for sign in (" ", "\u3000", "\u00a0", "\t") for times in (1, 2, 3, 4))]


@dataclass(frozen=True)
class Text:
    """A text file in UTF-8: its bytes, its separator, its first records and the byte where each of them begins.

    ``broken`` counts the signs that could not be read.
    """

    data: pa.Buffer
    separator: str
    top: list[list[str]]
    starts: list[int]
    quote: str = '"'
    broken: int = 0

    def records(self) -> list[list[str]]:
        """All records, for a small file."""
        content = io.StringIO(bytes(self.data).decode("utf-8"), newline="")
        try:
            return list(csv.reader(content, delimiter=self.separator, quotechar=self.quote))
        except csv.Error as error:
            raise Unreadable(QUOTES) from error


def open_text(data: bytes, rows: int) -> Text:
    """Decode a text file and take its first ``rows`` records. Raises Unreadable."""
    data, broken = to_utf8(data)
    sample = data[:_SAMPLE]
    if len(data) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    quote = _quote(sample)
    separator = _separator(sample, quote)
    _refuse_open_quote(data, separator, quote)
    records, starts = [], []
    for start, record in _records(sample, separator, quote):
        if len(records) == rows:
            break
        records.append(record)
        starts.append(start)
    starts.append(len(data) if len(records) < rows else _end(sample, separator, quote, rows, len(data)))
    return Text(pa.py_buffer(data), separator, records, starts, quote, broken)


def body(text: Text, first: int, width: int, odd_rows: dict[int, int] | None = None) -> pa.Table:
    """All records from record number ``first`` (0-based) on, as text columns c0, c1 … and ``row`` (1-based record number).

    Empty cells are null. Records with more or fewer cells than the others are padded or cut to ``width`` columns, and noted in
    ``odd_rows`` with the number of their cells: a note below the table has one.
    """
    start = text.starts[first] if first < len(text.starts) else text.data.size
    # What most records look like decides, so that a separator at the end of every line does not make each an exception.
    widths = Counter(len(record) for record in text.top[first:])
    shape = max(widths, key=lambda w: (widths[w], w), default=width)
    data = text.data.slice(start)
    if not data.size:
        return _table([[] for _ in range(width)], np.empty(0, np.int64))
    table, odd = _parse(data, text.separator, text.quote, shape)
    _refuse_long_cells(table, first)
    number = np.arange(table.num_rows + len(odd), dtype=np.int64)
    regular = np.delete(number, [n - 1 for n, _ in odd]) if odd else number
    parts = [_fit(table, regular + first + 1, width)]
    if odd:
        rows = [next(csv.reader([line], delimiter=text.separator, quotechar=text.quote), []) for _, line in odd]
        if odd_rows is not None:
            odd_rows.update((n + first, filled(row)) for (n, _), row in zip(odd, rows, strict=True))
        padded = [([cell.strip() or None for cell in row] + [None] * width)[:width] for row in rows]
        parts.append(_table(list(zip(*padded, strict=True)), np.array([n + first for n, _ in odd], np.int64)))
    return pa.concat_tables(parts)


def _table(columns: list, row: np.ndarray) -> pa.Table:
    names = ["row", *(f"c{i}" for i in range(len(columns)))]
    return pa.Table.from_arrays([numbers(row), *(texts(list(c)) for c in columns)], names)


def _fit(table: pa.Table, row: np.ndarray, width: int) -> pa.Table:
    columns = [table.column(i) for i in range(min(width, table.num_columns))]
    blank = [pa.chunked_array([pa.nulls(table.num_rows, pa.string())])] * (width - len(columns))
    return pa.Table.from_arrays([numbers(row), *columns, *blank], ["row", *(f"c{i}" for i in range(width))])


def filled(record: list[str]) -> int:
    """How many cells a record has, blank ones at its end left out."""
    for number in range(len(record), 0, -1):
        if record[number - 1].strip():
            return number
    return 0


def _refuse_long_cells(table: pa.Table, first: int) -> None:
    """A cell longer than any spreadsheet allows is a quote that was never closed."""
    for column in table.columns:
        at = 0
        for chunk in column.chunks:
            sizes = lengths(chunk)
            if len(sizes) and sizes.max() > _LONGEST_CELL:
                raise Unreadable(f"第 {first + at + int(sizes.argmax()) + 1} 行{QUOTES}")
            at += len(chunk)


def _refuse_open_quote(data: bytes, separator: str, quote: str) -> None:
    """A quote that is opened and never closed would swallow the rest of the file."""
    if data.count(quote.encode()) % 2 == 0:
        return
    number = 0
    for number, (start, record) in enumerate(_records(data, separator, quote), 1):  # noqa: B007
        pass
    if number and any("\n" in cell.strip() for cell in record) and data[start:].count(quote.encode()) % 2:
        raise Unreadable(f"第 {number} 行{QUOTES}")


def _parse(data: pa.Buffer, separator: str, quote: str, width: int) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The regular records as a table, the others as (1-based number, text). In parallel unless there are others."""
    names = [f"c{i}" for i in range(width)]
    quoted = _has_quote(data, quote.encode())
    odd: list[tuple[int, str]] = []

    def note(record: pa.csv.InvalidRow) -> str:
        odd.append((record.number, record.text))
        return "skip"

    def read(threads: bool) -> pa.Table:
        return pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(column_names=names, use_threads=threads, block_size=8 << 20),
            parse_options=pa.csv.ParseOptions(
                delimiter=separator,
                quote_char=quote,
                newlines_in_values=quoted,
                ignore_empty_lines=False,
                invalid_row_handler=None if threads else note,
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=_BLANK
            ),
        )

    try:
        return read(threads=True), odd
    except pa.ArrowInvalid:
        pass  # some record has another number of cells: only the slower way tells which
    try:
        return read(threads=False), odd
    except pa.ArrowInvalid as error:
        raise Unreadable(f"表格内容读不完整（{str(error)[:60]}），请用 Excel 打开后另存为 xlsx 再上报") from error


def _has_quote(data: pa.Buffer, quote: bytes) -> bool:
    view = memoryview(data)
    return any(quote in bytes(view[i : i + _CHUNK]) for i in range(0, len(view), _CHUNK))


def _records(sample: bytes, separator: str, quote: str = '"') -> Iterator[tuple[int, list[str]]]:
    """Each record with the byte at which it begins; a record may hold line breaks inside quotes."""
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for line in sample.splitlines(keepends=True):
            taken += len(line)
            yield line.decode("utf-8", errors="replace")

    start = 0
    try:
        for record in csv.reader(lines(), delimiter=separator, quotechar=quote):
            yield start, record
            start = taken
    except csv.Error as error:
        raise Unreadable(QUOTES) from error


def _end(sample: bytes, separator: str, quote: str, rows: int, size: int) -> int:
    return next((start for n, (start, _) in enumerate(_records(sample, separator, quote)) if n == rows), size)


def _separator(sample: bytes, quote: str) -> str:
    """The separator with which most records have the same number of cells, more than one."""

    def agreement(separator: str) -> tuple[int, int]:
        try:
            widths = Counter(len(record) for _, (_, record) in zip(range(60), _records(sample, separator, quote), strict=False))
        except Unreadable:
            return 0, 0
        widths.pop(1, None)
        widths.pop(0, None)
        width = max(widths, key=lambda w: (widths[w], w), default=0)
        return widths[width], width

    return max(_SEPARATORS, key=agreement)


def _quote(sample: bytes) -> str:
    """The sign around cells: ' where most cells stand in them, as some databases write."""
    cells = [cell.strip() for cell in re.split(rb"[,;\t|\r\n]", sample[:20_000]) if cell.strip()][:400]
    single = sum(cell.startswith(b"'") and cell.endswith(b"'") and len(cell) > 1 for cell in cells)
    return "'" if b'"' not in sample and cells and single * 2 > len(cells) else '"'
