"""What an xls says and calamine does not hand on: error cells, percentages, and how far cells reach. BIFF8 in an OLE container.

A container that does not hold together is refused here, before a reader is asked to follow its chains.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from etl.package import DAMAGED, PASSWORD
from etl.styles import kind_of_format
from etl.textfile import Unreadable

_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_FORMULA, _NUMBER, _RK, _MULRK, _BOOLERR, _LABELSST, _LABEL = 0x0006, 0x0203, 0x027E, 0x00BD, 0x0205, 0x00FD, 0x0204
_WORDS = frozenset((_LABELSST, _LABEL))
_CELLS = frozenset((_FORMULA, _NUMBER, _RK, _MULRK, _BOOLERR, _LABELSST, _LABEL))
_BOUNDSHEET, _FILEPASS, _XF, _FORMAT, _BOF, _EOF = 0x0085, 0x002F, 0x00E0, 0x041E, 0x0809, 0x000A
_DIMENSIONS, _SST, _ROW, _COLUMNS = 0x0200, 0x00FC, 0x0208, 0x007D
_LARGEST = 65_536 * 256
_END_OF_CHAIN = 0xFFFFFFFA  # and above: free, end, FAT, DIFAT


@dataclass
class Marks:
    """How far the cells of a sheet reach (counts, from 1), and by (row, column), 0-based, what must be put right."""

    cells: int = 0
    last_row: int = 0
    last_column: int = 0
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    percents: list[tuple[int, int]] = field(default_factory=list)
    # By how many steps the text of a cell is moved in.
    indents: dict[tuple[int, int], int] = field(default_factory=dict)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[range] = field(default_factory=list)

    def reach(self, row: int, column: int) -> None:
        self.last_row, self.last_column = max(self.last_row, row), max(self.last_column, column)


def marks_by_sheet(data: bytes) -> dict[str, Marks]:
    """By sheet, what must be put right. Raises Unreadable where the container is broken or the workbook is locked."""
    try:
        return _marks(_stream(data))
    except (struct.error, LookupError, ValueError, OverflowError) as error:
        raise Unreadable(DAMAGED) from error


# ---- container ----


def _stream(data: bytes) -> bytes:
    """The stream Workbook (or Book) of an OLE container."""
    (shift, mini_shift) = struct.unpack_from("<HH", data, 30)
    if shift not in (9, 12) or mini_shift != 6:
        raise ValueError("sector size")
    size = 1 << shift
    # What a reader makes room for before it looks: as many sectors as there can be, no stream longer than the file.
    counts = (struct.unpack_from("<I", data, at)[0] for at in (40, 44, 64, 72))
    if any(count * size > len(data) + size for count in counts):
        raise ValueError("more sectors than the file has")
    directory_start, _, cutoff, mini_start, _, difat, difat_count = struct.unpack_from("<IIIIIII", data, 48)
    sectors = [s for s in struct.unpack_from("<109I", data, 76) if s < _END_OF_CHAIN]
    for _ in range(difat_count):
        more = struct.unpack_from(f"<{size // 4}I", data, (difat + 1) * size)
        sectors, difat = sectors + [s for s in more[:-1] if s < _END_OF_CHAIN], more[-1]
        if difat >= _END_OF_CHAIN:
            break
    table = b"".join(_sector(data, s, size) for s in sectors)
    fat = struct.unpack(f"<{len(table) // 4}I", table)
    entries = dict(_entries(_chained(data, directory_start, fat, size)))
    start, length = entries.get("Workbook") or entries["Book"]
    if any(size_of > len(data) for name, (_, size_of) in entries.items()):
        raise ValueError("a stream longer than the file")
    if length >= cutoff:
        return _chained(data, start, fat, size)[:length]
    minis = _chained(data, mini_start, fat, size)
    mini_fat = struct.unpack(f"<{len(minis) // 4}I", minis)
    return _chained(b"\0" * 64 + _chained(data, entries["Root Entry"][0], fat, size), start, mini_fat, 64)[:length]


def _sector(data: bytes, number: int, size: int) -> bytes:
    piece = data[(number + 1) * size : (number + 2) * size]
    if not piece:
        raise ValueError("beyond the end")
    return piece.ljust(size, b"\0")


def _chained(data: bytes, start: int, fat: tuple[int, ...], size: int) -> bytes:
    parts, sector = [], start
    while sector < _END_OF_CHAIN:
        if len(parts) > len(fat):
            raise ValueError("a chain that bites its tail")
        parts.append(_sector(data, sector, size))
        sector = fat[sector]
    return b"".join(parts)


def _entries(directory: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    for at in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        if 2 <= length <= 64 and directory[at + 66]:
            name = directory[at : at + length - 2].decode("utf-16-le", "replace")
            first, low, high = struct.unpack_from("<III", directory, at + 116)
            yield name, (first, low + (high << 32))


# ---- records ----


def _records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """(position, type, length) of each record; the data follows four bytes later."""
    at, unpack = 0, struct.Struct("<HH").unpack_from
    while at + 4 <= len(stream):
        kind, length = unpack(stream, at)
        if at + 4 + length > len(stream):
            raise ValueError("a record beyond the end")
        yield at, kind, length
        at += 4 + length


def _marks(stream: bytes) -> dict[str, Marks]:
    starts: dict[int, str] = {}
    formats, styles, steps = {9, 10}, [], []
    found: dict[str, Marks] = {}
    percents: frozenset[int] = frozenset()
    indents: dict[int, int] = {}
    marks, depth = Marks(), 0
    if len(stream) < 8 or struct.unpack_from("<H", stream, 0)[0] != _BOF:
        raise ValueError("no workbook")
    for at, kind, length in _records(stream):
        if kind in _CELLS:
            if depth == 1:
                _cell(stream, at + 4, kind, length, percents, marks)
                if kind in _WORDS and indents and (style := struct.unpack_from("<H", stream, at + 8)[0]) in indents:
                    marks.indents[struct.unpack_from("<HH", stream, at + 4)] = indents[style]
        elif kind == _BOF:
            depth += 1
            if at in starts:
                marks, depth = found.setdefault(starts[at], Marks()), 1
                percents = frozenset(n for n, number in enumerate(styles) if number in formats)
                indents = {n: moved for n, moved in enumerate(steps) if moved}
        elif kind == _EOF:
            depth = max(0, depth - 1)
        elif kind in (_ROW, _COLUMNS):
            if depth == 1:
                _hidden(stream, at + 4, kind, marks)
        elif kind == _DIMENSIONS:
            _refuse_dimensions(stream[at + 4 : at + 4 + length])
        elif kind == _SST and struct.unpack_from("<I", stream, at + 8)[0] > len(stream):
            raise ValueError("more texts than bytes")
        elif kind == _FILEPASS:
            raise Unreadable(PASSWORD)
        elif kind == _BOUNDSHEET:
            starts[struct.unpack_from("<I", stream, at + 4)[0]] = _short_text(stream, at + 10)
        elif kind == _XF:
            styles.append(struct.unpack_from("<H", stream, at + 6)[0])
            steps.append(stream[at + 12] & 0x0F if length > 8 else 0)
        elif kind == _FORMAT and _is_percent(stream[at + 9 : at + 4 + length]):
            formats.add(struct.unpack_from("<H", stream, at + 4)[0])
    return found


def _hidden(stream: bytes, at: int, kind: int, marks: Marks) -> None:
    """A row of height zero, and columns that are not shown."""
    if kind == _ROW:
        if struct.unpack_from("<H", stream, at + 12)[0] & 0x20:
            marks.hidden_rows.append(struct.unpack_from("<H", stream, at)[0])
        return
    first, last, _, _, options = struct.unpack_from("<5H", stream, at)
    if options & 1:
        marks.hidden_columns.append(range(first, last + 1))


def _refuse_dimensions(record: bytes) -> None:
    """The reader makes room for all that a sheet says it covers."""
    form = "<IIHH" if len(record) >= 12 else "<HHHH"
    top, bottom, left, right = struct.unpack_from(form, record)
    if bottom and right and (bottom <= top or right <= left or (bottom - top) * (right - left) > _LARGEST):
        raise ValueError("a sheet that ends before it begins")


def _is_percent(code: bytes) -> bool:
    return kind_of_format(-1, code.replace(b"\0", b"").decode("latin-1")) == "percent"


def _short_text(stream: bytes, at: int) -> str:
    """A text with one byte of length and one of flags (BIFF8)."""
    length, wide = stream[at], stream[at + 1] & 1
    raw = stream[at + 2 : at + 2 + length * (2 if wide else 1)]
    return raw.decode("utf-16-le" if wide else "latin-1", "replace")


def _cell(stream: bytes, at: int, kind: int, length: int, percents: frozenset[int], marks: Marks) -> None:
    row, column, style = struct.unpack_from("<HHH", stream, at)
    marks.cells += 1
    if kind == _MULRK:
        last = struct.unpack_from("<H", stream, at + length - 2)[0]
        marks.reach(row + 1, max(column, last) + 1)
        count = (length - 6) // 6
        styles = struct.unpack_from("<" + "H4x" * count, stream, at + 4) if percents else ()
        marks.percents += ((row, column + n) for n, s in enumerate(styles) if s in percents)
        return
    marks.reach(row + 1, column + 1)
    if kind == _BOOLERR:
        if stream[at + 7]:
            marks.shown[row, column] = _ERRORS.get(stream[at + 6], "#N/A")
    elif kind == _FORMULA and stream[at + 12 : at + 14] == b"\xff\xff":
        if stream[at + 6] == 2:
            marks.shown[row, column] = _ERRORS.get(stream[at + 8], "#N/A")
    elif style in percents and kind in (_FORMULA, _NUMBER, _RK):
        marks.percents.append((row, column))
