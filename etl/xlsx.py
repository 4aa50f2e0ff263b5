"""xlsx → text columns: cells (sheetxml.py) as they are shown: numbers, percentages, days, words, errors."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import normpath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl import sheetxml as xml
from etl.arrays import blank_is_null, flags, lengths, moments, numbers, texts, to_mask, to_numpy, word
from etl.package import DAMAGED, Package
from etl.sheetxml import Cells
from etl.styles import INDENT, Styles, attribute, read_styles, tags
from etl.textfile import Unreadable
from etl.wording import UNCALCULATED

_BOOK, _LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_TEXTS = 512 << 20  # what the texts that cells share may take
# A sheet with up to so many places for each cell is laid out at once.
_AT_MOST = 8
_DAY, _LATEST = 86_400, 2_958_466  # seconds; the first serial after 9999-12-31


@dataclass(frozen=True)
class Part:
    """A sheet of a workbook: its name, where its cells are, and whether it is shown."""

    name: str
    path: str
    hidden: bool


class Workbook:
    """An open xlsx. Raises Unreadable where it does not hold together."""

    def __init__(self, package: Package):
        if _BOOK not in package.parts or _LINKS not in package.parts:
            raise Unreadable(DAMAGED)
        self._package = package
        book = package.read(_BOOK).decode("utf-8", "replace")
        self.sheets = _sheets(package, book)
        if not self.sheets:
            raise Unreadable(DAMAGED)
        self._days = 1462 if any(attribute(tag, "date1904") in ("1", "true") for tag in tags(book, "workbookPr")) else 0
        self._styles = read_styles(package.read("xl/styles.xml")) if "xl/styles.xml" in package.parts else Styles()
        self._shared: pa.Array | None = None

    def cells(self, sheet: Part) -> tuple[Cells, pa.Array]:
        """The cells of a sheet and what each shows."""
        try:
            cells = xml.read_cells(self._package.pieces(sheet.path))
            return cells, self._shown(cells)
        except (pa.ArrowException, struct.error, IndexError, ValueError, OverflowError) as error:
            raise Unreadable(DAMAGED) from error

    def _strings(self) -> pa.Array:
        if self._shared is None:
            there = "xl/sharedstrings.xml" in self._package.parts
            if there:
                self._package.bound(["xl/sharedstrings.xml"], _TEXTS)
            self._shared = xml.shared_strings(self._package.pieces("xl/sharedstrings.xml")) if there else pa.nulls(0, pa.string())
        return self._shared

    def _shown(self, cells: Cells) -> pa.Array:
        """What each cell shows: its own text, or what is read from it, kind by kind. All is taken together once."""
        raw = cells.texts.combine_chunks() if cells.texts.num_chunks != 1 else cells.texts.chunk(0)
        taken, parts, size = np.arange(len(raw)), [raw], len(raw)
        for here, part, index in self._read(cells, raw):
            taken[here] = size + (np.arange(len(part)) if index is None else index)
            parts.append(part)
            size += len(part)
        shown = pa.concat_arrays(parts).take(numbers(taken)) if len(parts) > 1 else raw
        return self._moved_in(cells, blank_is_null(shown))

    def _read(self, cells: Cells, raw: pa.Array) -> Iterator[tuple[np.ndarray, pa.Array, np.ndarray | None]]:
        """Which cells do not show their own text, what they show instead, and where in that each of them stands (None: in turn)."""
        for kind, read in (
            (xml.BOOLEAN, lambda t: pc.if_else(pc.equal(t, word("1")), word("是"), word("否"))),
            (xml.ERROR, lambda t: pc.utf8_trim_whitespace(t)),
            (xml.ISO_DATE, lambda t: pc.replace_substring(pc.replace_substring(t, "T", " "), " 00:00:00", "")),
            (xml.WAITING, _waiting),
        ):
            here = np.flatnonzero(cells.types == kind)
            if len(here):
                yield here, _whole(read(raw.take(numbers(here)))), None
        here = np.flatnonzero(cells.types == xml.SHARED)
        if len(here):
            yield here, self._strings(), self._places(raw.take(numbers(here)))
        plain = np.flatnonzero(cells.types == xml.NUMBER)
        yield from self._numbers(plain, cells.styles[plain], raw)

    def _moved_in(self, cells: Cells, shown: pa.Array) -> pa.Array:
        """Words whose style moves them in, with as many wide blanks before them: that is how they look, and it may be a hierarchy."""
        words = np.isin(cells.types, (xml.SHARED, xml.TEXT, xml.INLINE)) if self._styles.indents else np.zeros(0, bool)
        for style, steps in self._styles.indents.items():
            here = words & (cells.styles == style)
            if here.any():
                moved = pc.binary_join_element_wise(INDENT * steps, shown.filter(flags(here)), "")
                shown = pc.replace_with_mask(shown, flags(here), moved)
        return shown

    def _places(self, written: pa.Array) -> np.ndarray:
        """Places in the table of shared texts."""
        index = to_numpy(pc.cast(written, pa.int64()), np.int64)
        if index.min() < 0 or index.max() >= len(self._strings()):
            raise Unreadable(DAMAGED)
        return index

    def _numbers(self, where: np.ndarray, styles: np.ndarray, raw: pa.Array) -> Iterator[tuple[np.ndarray, pa.Array, None]]:
        left = np.ones(len(where), bool)
        for named, read in (
            (self._styles.dates, self._moments),
            (self._styles.times, self._moments),
            (self._styles.elapsed, _elapsed),
            (self._styles.percents, _percentages),
        ):
            here = np.isin(styles, list(named)) if named else np.zeros(len(where), bool)
            if here.any():
                left &= ~here
                yield where[here], _whole(read(raw.take(numbers(where[here])))), None
        if left.any():
            written = raw.take(numbers(where[left]))
            shown = _whole(_plain(written))
            if shown is not written:
                yield where[left], shown, None

    def _moments(self, raw: pa.Array) -> pa.Array:
        """Serial days → ``2026-10-31``, ``2026-10-31 08:30:00`` or ``08:30:00``; what is no day stays a number."""
        serials = _floats(raw)
        seconds = np.rint((serials + self._days) * _DAY)
        # Excel counts a 29 February 1900 that never was.
        seconds += np.where((seconds < 60 * _DAY) & (self._days == 0), _DAY, 0)
        day = (serials >= 1) & (serials + self._days < _LATEST)
        points = np.where(day, seconds - 25_569 * _DAY, 0).astype(np.int64)
        shown = pc.cast(moments(points), pa.string())
        shown = pc.replace_substring(shown, " 00:00:00", "")
        clock = (serials >= 0) & (serials < 1)
        if clock.any():
            times = np.where(clock, np.rint(serials * _DAY), 0).astype(np.int64)
            shown = pc.if_else(flags(clock), pc.utf8_slice_codeunits(pc.cast(moments(times), pa.string()), 11), shown)
        return shown if (day | clock).all() else pc.if_else(flags(day | clock), shown, _plain(raw))


def _sheets(package: Package, book: str) -> list[Part]:
    links = tags(package.read(_LINKS).decode("utf-8", "replace"), "Relationship")
    target = {
        attribute(link, "Id"): attribute(link, "Target") for link in links if attribute(link, "Type").endswith("/worksheet")
    }
    found = []
    for sheet in tags(book, "sheet"):
        link = target.get(attribute(sheet, r"\w+:id"), "").replace("\\", "/")
        path = (link.lstrip("/") if link.startswith("/") else normpath(f"xl/{link}")).lower()
        if link and path in package.parts:
            found.append(Part(attribute(sheet, "name"), path, attribute(sheet, "state") in ("hidden", "veryHidden")))
    return found


def _whole(cells: pa.Array | pa.ChunkedArray) -> pa.Array:
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells


def _waiting(formulas: pa.Array) -> pa.Array:
    """A formula that was never calculated, marked as such."""
    return texts([f"{UNCALCULATED} ={f.strip()}" if f.strip() else UNCALCULATED for f in formulas.to_pylist()])


def _floats(raw: pa.Array) -> np.ndarray:
    values = to_numpy(pc.cast(pc.utf8_trim_whitespace(raw), pa.float64()), np.float64)
    if not np.isfinite(values).all():
        raise Unreadable(DAMAGED)
    return values


def _plain(raw: pa.Array) -> pa.Array:
    """At most 15 digits, as Excel itself shows: most numbers are written so already."""
    odd = to_mask(pc.match_substring_regex(raw, r"^-0*$|[eE+\s]|\.\d*0$|\.$|^-?\.|^-?0\d|[^-0-9.eE+]")) | (lengths(raw) > 15)
    if not odd.any():
        return raw
    return pc.replace_with_mask(
        raw, flags(odd), texts([f"{v:.15g}" if v else "0" for v in _floats(raw.filter(flags(odd))).tolist()])
    )


def _percentages(raw: pa.Array) -> pa.Array:
    """``0.96`` → ``96%``."""
    return texts([f"{value * 100:.15g}%" for value in _floats(raw).tolist()])


def _elapsed(raw: pa.Array) -> pa.Array:
    """``1.5`` → ``36:00:00``."""
    return texts([_clock(round(value * _DAY)) for value in _floats(raw).tolist()])


def _clock(seconds: int) -> str:
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def laid_out(cells: Cells, shown: pa.Array) -> pa.Table:
    """The cells in their rows and columns, from A1 on; text columns c0, c1 …"""
    height, width, count = extent(cells, shown)
    if not count:
        return pa.Table.from_arrays([], [])
    there = None if count == len(shown) else to_mask(pc.is_valid(shown))
    rows, columns = (cells.rows, cells.columns) if there is None else (cells.rows[there], cells.columns[there])
    index = np.arange(count) if there is None else np.flatnonzero(there)
    places = _in_full if height * width <= _AT_MOST * count else _in_turn
    found = [_taken(shown, place) for place in places(rows, columns, index, height, width)]
    return pa.Table.from_arrays(found, [f"c{i}" for i in range(width)])


def _in_full(rows: np.ndarray, columns: np.ndarray, index: np.ndarray, height: int, width: int) -> Iterator[np.ndarray]:
    """For each column which cell stands in each row, -1 for none; all at once."""
    places = np.full((width, height), -1, np.int32)
    places[columns, rows] = index
    yield from places


def _in_turn(rows: np.ndarray, columns: np.ndarray, index: np.ndarray, height: int, width: int) -> Iterator[np.ndarray]:
    """The same of a sheet that is nearly empty, column by column."""
    order = np.argsort(columns.astype(np.int16), kind="stable")
    edges = np.searchsorted(columns[order], np.arange(width + 1))
    for column in range(width):
        mine = order[edges[column] : edges[column + 1]]
        place = np.full(height, -1, np.int32)
        place[rows[mine]] = index[mine]
        yield place


def _taken(shown: pa.Array, place: np.ndarray) -> pa.Array:
    """The cells of a column; NULL where there is none."""
    there = place >= 0
    valid = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return shown.take(pa.Array.from_buffers(pa.int32(), len(place), [valid, pa.py_buffer(place)]))


def extent(cells: Cells, shown: pa.Array) -> tuple[int, int, int]:
    """How many rows and columns the cells reach over, and how many there are."""
    there = to_mask(pc.is_valid(shown))
    if not there.any():
        return 0, 0, 0
    return int(cells.rows[there].max()) + 1, int(cells.columns[there].max()) + 1, int(there.sum())
