"""csv and txt: encoding, separator, and a body that is read column by column, never row by row in Python."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from etl.arrays import numbers, texts

_CHUNK = 4 << 20
_SAMPLE = 256 << 10
_SEPARATORS = ",\t;|"
# What a cell without content looks like; found by comparison while parsing, which costs nothing.
_BLANK = ["", *(sign * times for sign in (" ", "\u3000", "\u00a0", "\t") for times in (1, 2, 3, 4))]


class Unreadable(Exception):
    """A file that cannot be read; the message is a Chinese clause with what to do."""


@dataclass(frozen=True)
class Text:
    """A text file in UTF-8: its bytes, its separator, its first records and the byte where each of them begins."""

    data: pa.Buffer
    separator: str
    top: list[list[str]]
    starts: list[int]


def open_text(path: Path, rows: int) -> Text:
    """Decode a text file and take its first ``rows`` records. Raises Unreadable."""
    data = _utf8(path.read_bytes())
    sample = data[:_SAMPLE]
    if len(data) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    separator = _separator(sample)
    records, starts = [], []
    for start, record in _records(sample, separator):
        if len(records) == rows:
            break
        records.append(record)
        starts.append(start)
    starts.append(len(data) if len(records) < rows else _end(sample, separator, rows, len(data)))
    return Text(pa.py_buffer(data), separator, records, starts)


def body(text: Text, first: int, width: int) -> pa.Table:
    """All records from record number ``first`` (0-based) on, as text columns c0, c1 … and ``row`` (1-based record number).

    Empty cells are null. Records with more or fewer cells than the others are padded or cut to ``width`` columns: a note below the table has one.
    """
    start = text.starts[first] if first < len(text.starts) else text.data.size
    # What most records look like decides, so that a separator at the end of every line does not make each an exception.
    widths = Counter(len(record) for record in text.top[first:])
    shape = max(widths, key=lambda w: (widths[w], w), default=width)
    data = text.data.slice(start)
    if not data.size:
        return _table([[] for _ in range(width)], np.empty(0, np.int64))
    table, odd = _parse(data, text.separator, shape)
    number = np.arange(table.num_rows + len(odd), dtype=np.int64)
    regular = np.delete(number, [n - 1 for n, _ in odd]) if odd else number
    parts = [_fit(table, regular + first + 1, width)]
    if odd:
        rows = [next(csv.reader([line], delimiter=text.separator), []) for _, line in odd]
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


def _parse(data: pa.Buffer, separator: str, width: int) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The regular records as a table, the others as (1-based number, text). In parallel unless there are others."""
    names = [f"c{i}" for i in range(width)]
    quoted = _has_quote(data)
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


def _has_quote(data: pa.Buffer) -> bool:
    view = memoryview(data)
    return any(b'"' in bytes(view[i : i + _CHUNK]) for i in range(0, len(view), _CHUNK))


def _utf8(data: bytes) -> bytes:
    """The file's text as UTF-8, whatever Chinese encoding it came in."""
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = b"".join(_transcoded(data, "utf-16"))
    elif data[:400].count(0) * 4 > len(data[:400]):
        data = b"".join(_transcoded(data, "utf-16-le" if data[1:400:2].count(0) > data[0:400:2].count(0) else "utf-16-be"))
    elif not _decodes(data, "utf-8"):
        data = b"".join(_transcoded(data, "gb18030"))
    if 0 in data[:_CHUNK]:
        raise Unreadable("不是文本文件，请另存为 xlsx 或 csv 再上报")
    return data if b"\n" in data[:_SAMPLE] else data.replace(b"\r", b"\n")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        for _ in _decoded(data, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _transcoded(data: bytes, encoding: str) -> Iterator[bytes]:
    try:
        for part in _decoded(data, encoding):
            yield part.encode("utf-8")
    except UnicodeError as error:
        raise Unreadable("认不出文字编码，请用 Excel 打开后另存为 xlsx，或另存为 UTF-8 编码的 csv 再上报") from error


def _decoded(data: bytes, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), _CHUNK):
        yield decoder.decode(data[start : start + _CHUNK], final=start + _CHUNK >= len(data))


def _records(sample: bytes, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the byte at which it begins; a record may hold line breaks inside quotes."""
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for line in sample.splitlines(keepends=True):
            taken += len(line)
            yield line.decode("utf-8", errors="replace")

    start = 0
    try:
        for record in csv.reader(lines(), delimiter=separator):
            yield start, record
            start = taken
    except csv.Error as error:
        raise Unreadable("引号不成对，表格无法分列，请用 Excel 打开后另存为 xlsx 再上报") from error


def _end(sample: bytes, separator: str, rows: int, size: int) -> int:
    return next((start for n, (start, _) in enumerate(_records(sample, separator)) if n == rows), size)


def _separator(sample: bytes) -> str:
    """The separator with which most records have the same number of cells, more than one."""

    def agreement(separator: str) -> tuple[int, int]:
        widths = Counter(len(record) for _, (_, record) in zip(range(60), _records(sample, separator), strict=False))
        widths.pop(1, None)
        widths.pop(0, None)
        width = max(widths, key=lambda w: (widths[w], w), default=0)
        return widths[width], width

    return max(_SEPARATORS, key=agreement)
