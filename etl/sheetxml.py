"""The cells of an xlsx sheet, straight from its XML, array by array and never cell by cell: type, style and text of every cell.

Faster than the readers that build a value a cell, and nothing is lost on the way: error cells, formulas that were never
calculated and the number format stay known, and two cells far apart cost no more than two cells.
"""

from __future__ import annotations

import html
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.arrays import numbers, texts, to_mask
from etl.package import DAMAGED
from etl.textfile import Unreadable

NUMBER, SHARED, TEXT, BOOLEAN, ERROR, INLINE, ISO_DATE, WAITING = range(8)
_TYPES = {ord("s"): SHARED, ord("b"): BOOLEAN, ord("e"): ERROR, ord("i"): INLINE, ord("d"): ISO_DATE}
_LONGEST_CELL, _FEW_BYTES = 16 << 20, 1 << 20
_MERGED = re.compile(rb"""<mergeCell\s[^>]*?ref=["']\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})["']""")
_R = re.compile(rb"""\sr=["']([A-Z]{1,7})(\d{1,10})["']""")
_HIDDEN = re.compile(rb"""<(row|col)\s(?=[^>]*?\bhidden=["'](?:1|true)["'])[^>]*>""")
_NUMBERED = re.compile(rb"""\s(r|min|max)=["'](\d{1,7})["']""")
_PADDING = b" " * 16
_AT_A_TIME = 2  # numpy and zlib work side by side
LAST_ROW, LAST_COLUMN = 1 << 20, 1 << 14

Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass
class Cells:
    """The cells of a sheet that hold something: row and column from 0, type, style, and the text between their tags."""

    rows: np.ndarray
    columns: np.ndarray
    types: np.ndarray
    styles: np.ndarray
    texts: pa.ChunkedArray
    merged: list[Range] = field(default_factory=list)
    # Rows and columns that are not shown, from 0.
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[range] = field(default_factory=list)


def read_cells(pieces: Iterable[bytes]) -> Cells:
    """All cells of one sheet. Raises Unreadable where the XML ends too early or is none."""
    found, values, frame, at = [], [], _Frame(), (-1, -1)  # the row before the first
    for parsed in _parsed(whole_elements(pieces, b"worksheet", (b"row", b"c"))):
        arrays, value, at, around = parsed(at)
        found.append(arrays)
        values.append(value)
        frame.take(around)
    if not frame.ended:
        raise Unreadable(DAMAGED)
    rows, columns, types, styles = (np.concatenate(part) for part in zip(*found, strict=True))
    held = pa.chunked_array(values, pa.string())
    return Cells(rows, columns, types, styles, held, frame.merged, frame.hidden_rows, frame.hidden_columns)


@dataclass
class _Frame:
    """What a piece says beside its cells: merged ranges, hidden rows and columns, and whether the sheet ends here."""

    ended: bool = False
    merged: list[Range] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[range] = field(default_factory=list)

    def take(self, more: _Frame) -> None:
        """Add what the next piece says."""
        self.ended |= more.ended
        self.merged += more.merged
        self.hidden_rows += more.hidden_rows
        self.hidden_columns += more.hidden_columns


# (rows, columns, types, styles), texts, the position of the last cell, and what stands around the cells
Parsed = tuple[tuple[np.ndarray, ...], pa.Array, tuple[int, int], _Frame]


class _Adrift(Exception):
    """A cell without a reference stands after the one before it, and that is not known yet."""


def _parsed(pieces: Iterator[bytes]) -> Iterator[Callable[[tuple[int, int]], Parsed]]:
    """How to get the cells of each piece once the position of the cell before it is known; of several pieces some are parsed ahead."""
    first, second = next(pieces), next(pieces, None)
    if second is None:
        yield lambda at: _piece(first, at)
        return
    ahead: deque[tuple[bytes, Future[Parsed]]] = deque()
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for piece in chain((first, second), pieces):
            ahead.append((piece, pool.submit(_piece, piece, None)))
            if len(ahead) > _AT_A_TIME:
                yield _awaited(*ahead.popleft())
        while ahead:
            yield _awaited(*ahead.popleft())


def _awaited(piece: bytes, coming: Future[Parsed]) -> Callable[[tuple[int, int]], Parsed]:
    def cells(at: tuple[int, int]) -> Parsed:
        try:
            arrays, value, last, around = coming.result()
        except _Adrift:
            return _piece(piece, at)
        return arrays, value, last or at, around

    return cells


def _around(piece: bytes, tags: _Tags) -> _Frame:
    """What stands around the cells. To look for words in all bytes costs as much as to read the cells: where no tag begins like one there
    is none."""
    frame = _Frame()
    if tags.any_begins(b"/s") or tags.any_begins(b"/w") or tags.any_begins(b"sh"):
        frame.ended = any(end in piece for end in (b"</sheetData>", b"<sheetData/>", b"</worksheet>"))
    if tags.any_begins(b"me"):
        ranges = _MERGED.findall(piece)
        frame.merged = [((int(t) - 1, column_number(l)), (int(b) - 1, column_number(r))) for l, t, r, b in ranges]
    if b"hidden=" in piece:
        for match in _HIDDEN.finditer(piece):
            given = {name: int(number) for name, number in _NUMBERED.findall(match[0])}
            if match[1] == b"row" and b"r" in given:
                frame.hidden_rows.append(given[b"r"] - 1)
            elif b"min" in given and b"max" in given:
                frame.hidden_columns.append(range(given[b"min"] - 1, given[b"max"]))
    return frame


# ---- pieces ----


def whole_elements(pieces: Iterable[bytes], root: bytes, elements: tuple[bytes, ...]) -> Iterator[bytes]:
    """The same XML in pieces that end before one of the elements begins; without comments and a namespace prefix."""
    rest, prefix = b"", None
    coming = iter(pieces)
    following = next(coming, None)
    while following is not None:
        rest += following
        following = next(coming, None)
        if prefix is None:
            if rest[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise Unreadable(DAMAGED)
            found = re.search(rb"<(\w+:)?%s[\s>/]" % root, rest)
            prefix = (found[1] or b"") if found else None
        if following is None and len(rest) <= _LONGEST_CELL:
            break  # most sheets come in one piece
        # At a row rather than within one: a row without a number follows the one before it.
        cut = next((cut for e in elements if (cut := _last(rest, b"<%s%s" % (prefix or b"", e))) > 0), 0)
        if cut > 0 and prefix is not None:
            yield _plain_xml(rest[:cut], prefix)
            rest = rest[cut:]
        elif len(rest) > _LONGEST_CELL:
            raise Unreadable(DAMAGED)
    yield _plain_xml(rest, prefix or b"")


def _last(piece: bytes, begins: bytes) -> int:
    """Where the last tag of a name begins; what is before the last one with attributes is not searched for one without."""
    at = piece.rfind(begins + b" ")
    return max(at, piece.rfind(begins + b">", max(at, 0)))


def _plain_xml(piece: bytes, prefix: bytes) -> bytes:
    return piece.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else piece


def _uncommented(piece: bytes) -> bytes:
    piece = re.sub(rb"<!--.*?-->", b"", piece, flags=re.DOTALL)
    return re.sub(rb"<!\[CDATA\[(.*?)\]\]>", lambda m: html.escape(m[1].decode(errors="replace")).encode(), piece, flags=re.DOTALL)


class _Tags:
    """The bytes of a piece, where each tag begins and ends, and the two bytes after that."""

    def __init__(self, piece: bytes):
        self.data = np.frombuffer(piece + _PADDING, np.uint8)
        opens, ends = np.flatnonzero(self.data == 60), np.flatnonzero(self.data == 62)
        if len(opens) and (len(opens) != len(ends) or (ends < opens).any() or (opens[1:] < ends[:-1]).any()):
            place = np.searchsorted(ends, opens)  # a bare > stands in some text
            whole = place < len(ends)
            opens, ends = opens[whole], ends[place[whole]]
        self.opens, self.ends = opens, ends
        self._first, second = self.data[opens + 1], self.data[opens + 2]
        self._second, self._short = second, (second <= 32) | (second == 47) | (second == 62)

    def named(self, name: bytes) -> np.ndarray:
        """Which tags are opening tags of this name of one letter."""
        return (self._first == name[0]) & self._short

    def any_begins(self, letters: bytes) -> bool:
        """Whether any tag begins with one or two letters."""
        there = self._first == letters[0]
        return bool((there & (self._second == letters[1])).any() if len(letters) > 1 else there.any())


def _tags(piece: bytes) -> tuple[bytes, _Tags]:
    """A piece without comments, and its tags."""
    tags = _Tags(piece)
    if tags.any_begins(b"!"):
        piece = _uncommented(piece)
        tags = _Tags(piece)
    return piece, tags


def _piece(piece: bytes, at: tuple[int, int] | None) -> Parsed:
    """The cells of one piece. ``at`` is the position of the last cell before it; _Adrift where that is wanted and None."""
    piece, tags = _tags(piece)
    data, opens, ends, around = tags.data, tags.opens, tags.ends, _around(piece, tags)
    is_cell = tags.named(b"c")
    count = int(is_cell.sum())
    if not count:
        return tuple(np.empty(0, np.int32) for _ in range(4)), pa.nulls(0, pa.string()), at, around
    starts, stops = opens[is_cell], ends[is_cell]
    types, styles = _attributes(data, starts, stops)
    rows, columns, at = _positions(piece, data, starts, stops, at)
    begins, lengths = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    owner = np.cumsum(is_cell) - 1
    closed = len(opens) - 1
    # <v> for values; <t> of inline text (one run: the usual case).
    for name, wanted in ((b"v", types != INLINE), (b"t", types == INLINE)):
        if not wanted.any():
            continue
        values = np.flatnonzero(tags.named(name) & (owner >= 0))
        values = values[(values < closed) & wanted[owner[values]] & (data[ends[values] - 1] != 47)]
        mine = owner[values]
        begins[mine] = ends[values] + 1
        lengths[mine] = opens[values + 1] - ends[values] - 1
        if name == b"t" and (np.diff(mine) == 0).any():
            types, begins, lengths, data = _joined_runs(piece, data, starts, types, begins, lengths)
    _take_waiting(data, tags, owner, types, begins, lengths)
    kept = np.flatnonzero(lengths > 0)
    value = _strings(data, begins[kept], lengths[kept])
    return tuple(a[kept].astype(np.int32) for a in (rows, columns, types, styles)), _unescaped(value), at, around


def _take_waiting(data, tags, owner, types, begins, lengths) -> None:
    """Formulas without a value: the formula stands for it, so that it is not taken for a blank."""
    opens, ends = tags.opens, tags.ends
    formulas = np.flatnonzero(tags.named(b"f") & (owner >= 0))
    if not len(formulas):
        return
    cell = owner[formulas]
    bare = (lengths[cell] <= 0) & np.isin(types[cell], (NUMBER,))
    formulas, cell = formulas[bare], cell[bare]
    there = (data[ends[formulas] - 1] != 47) & (formulas < len(opens) - 1)
    types[cell] = WAITING
    begins[cell] = ends[formulas] + 1
    # A shared formula is written once; the others have no text of their own, only that there is one.
    following = opens[np.minimum(formulas + 1, len(opens) - 1)]
    lengths[cell] = np.where(there, np.maximum(following - ends[formulas] - 1, 1), 1)
    begins[cell] = np.where(there & (following > ends[formulas] + 1), begins[cell], len(data) - 1)


def _joined_runs(piece, data, starts, types, begins, lengths):
    """Inline text in several runs: put together at the end of the bytes, one cell at a time (rare)."""
    extra, end = [], len(data)
    limits = [*starts[1:].tolist(), len(piece)]
    for cell in np.flatnonzero(types == INLINE).tolist():
        joined = run_text(piece[starts[cell] : limits[cell]])
        begins[cell], lengths[cell] = end, len(joined)
        extra.append(joined)
        end += len(joined)
    return types, begins, lengths, np.concatenate([data, np.frombuffer(b"".join(extra) + _PADDING, np.uint8)])


def run_text(element: bytes) -> bytes:
    """The text of an element with runs, without phonetic hints."""
    element = re.sub(rb"<rPh\b.*?</rPh>", b"", element, flags=re.DOTALL)
    return b"".join(re.findall(rb"<t(?:\s[^>]*)?>([^<]*)</t>", element))


# ---- attributes ----


def _attributes(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Types and styles of cells from their attributes t and s."""
    types, styles = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    blanks = np.flatnonzero(data[:-8] <= 32)
    blanks = blanks[data[blanks + 2] == 61]
    for letter in (116, 115):
        found = blanks[data[blanks + 1] == letter]
        cell = np.searchsorted(starts, found, "right") - 1
        inside = (cell >= 0) & (found < stops[cell])
        found, cell = found[inside], cell[inside]
        if letter == 116:
            first, second = data[found + 4], data[found + 5]
            kinds = np.zeros(256, np.int64)
            for sign, kind in _TYPES.items():
                kinds[sign] = kind
            types[cell] = np.where((first == 115) & (second == 116), TEXT, kinds[first])
        else:
            number, going = np.zeros(len(found), np.int64), np.ones(len(found), bool)
            for offset in range(4, 9):
                sign = data[found + offset]
                going &= (sign >= 48) & (sign <= 57)
                number = np.where(going, number * 10 + sign - 48, number)
            styles[cell] = number
    return types, styles


def _positions(piece, data, starts, stops, at) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Row and column of cells, from 0; a cell without a reference stands after the one before it."""
    usual = (data[starts + 2] == 32) & (data[starts + 3] == 114) & (data[starts + 4] == 61) & (data[starts + 5] == 34)
    rows, columns = _references(data, starts + 6)
    if not usual.all():
        if at is None:
            raise _Adrift
        _other_references(piece, starts, stops, usual, rows, columns, at)
    if rows.min() < 1 or columns.min() < 1 or rows.max() > LAST_ROW or columns.max() > LAST_COLUMN:
        raise Unreadable(DAMAGED)
    return rows - 1, columns - 1, (int(rows[-1]) - 1, int(columns[-1]) - 1)


def _references(data: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of references that begin at ``starts``, all at once: eight signs of each as one number."""
    words = np.ndarray(len(data) - 7, ">u8", data, strides=(1,))
    signs = words[starts].astype(np.uint64)
    rows, columns = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    going = np.ones(len(starts), bool)
    for offset in range(8):
        sign = ((signs >> np.uint64(56 - 8 * offset)) & np.uint64(255)).astype(np.int64)
        letter, digit = going & (sign >= 65) & (sign <= 90), going & (sign >= 48) & (sign <= 57)
        going = letter | digit
        if not going.any():
            return rows, columns
        columns = np.where(letter, columns * 26 + sign - 64, columns)
        rows = np.where(digit, rows * 10 + sign - 48, rows)
    for n in np.flatnonzero(going).tolist():  # longer than XFD99999: look at the rest of those few
        match = re.match(rb"([A-Z]{1,7})(\d{1,10})", data[starts[n] : starts[n] + 18].tobytes())
        columns[n], rows[n] = (column_number(match[1]) + 1, int(match[2])) if match else (LAST_COLUMN + 1, 1)
    return rows, columns


def _other_references(piece, starts, stops, usual, rows, columns, at) -> None:
    """References that do not follow ``<c`` at once, or that are left out. Cell by cell: few programs write so."""
    openings = [m.start() for m in re.finditer(rb"<row[\s>/]", piece)]
    row, column = at
    following = 0
    for n, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        while following < len(openings) and openings[following] < start:
            given = re.match(rb"""<row\s[^>]*?\br=["'](\d{1,7})["']""", piece[openings[following] : openings[following] + 200])
            row, column, following = int(given[1]) - 1 if given else row + 1, -1, following + 1
        if not usual[n]:
            match = _R.search(piece, start, stop + 1)
            columns[n], rows[n] = (column_number(match[1]) + 1, int(match[2])) if match else (column + 2, row + 1)
        row, column = int(rows[n]) - 1, int(columns[n]) - 1


# ---- text ----


def _strings(data: np.ndarray, begins: np.ndarray, lengths: np.ndarray) -> pa.Array:
    """The bytes from ``begins`` on as a text array."""
    if not len(begins):
        return pa.nulls(0, pa.string())
    read = _between if (begins[1:] >= (begins + lengths)[:-1]).all() else _gathered
    array = read(data, begins, lengths).view(pa.string())
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return texts([value.decode("utf-8", "replace") for value in array.view(pa.binary()).to_pylist()])
    return array


def _between(data: np.ndarray, begins: np.ndarray, lengths: np.ndarray) -> pa.Array:
    """Where texts follow each other: all bytes as texts and what is between them, in turn; of these the texts are taken."""
    edges = np.empty(2 * len(begins), np.int32)
    edges[::2], edges[1::2] = begins, begins + lengths
    every = pa.Array.from_buffers(pa.binary(), len(edges) - 1, [None, pa.py_buffer(edges), pa.py_buffer(data)])
    return every.take(numbers(np.arange(0, len(edges), 2)))


def _gathered(data: np.ndarray, begins: np.ndarray, lengths: np.ndarray) -> pa.Array:
    """Texts in any order, byte by byte."""
    offsets = np.zeros(len(begins) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    taken = data[np.repeat(begins - offsets[:-1], lengths) + np.arange(offsets[-1])]
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(taken))]
    return pa.Array.from_buffers(pa.binary(), len(begins), buffers)


def _unescaped(cells: pa.Array) -> pa.Array:
    """With entities and Excel's own escapes (``_x000D_``) read; only in the cells that have any."""
    for sign, read in (("&", html.unescape), ("_x", _excel_escape)):
        if not _hold(cells, sign.encode()):
            continue
        there = pc.match_substring(cells, sign)
        if to_mask(there).any():
            cells = pc.replace_with_mask(cells, there, texts([read(value) for value in cells.filter(there).to_pylist()]))
    return cells


def _hold(cells: pa.Array, sign: bytes) -> bool:
    """Whether some bytes stand anywhere in texts, perhaps over the end of one."""
    content = cells.buffers()[2]
    return content is not None and (content.size > _FEW_BYTES or sign in content.to_pybytes())


def _excel_escape(value: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)) if not 0xD800 <= int(m[1], 16) < 0xE000 else m[0], value)


def shared_strings(pieces: Iterable[bytes]) -> pa.Array:
    """The table of texts that cells share."""
    parts = [_shared(piece) for piece in whole_elements(pieces, b"sst", (b"si",))]
    return pa.concat_arrays(parts) if parts else pa.nulls(0, pa.string())


def _shared(piece: bytes) -> pa.Array:
    piece, tags = _tags(piece)
    data, opens, ends = tags.data, tags.opens, tags.ends
    after = data[opens + 3]
    is_item = (data[opens + 1] == 115) & (data[opens + 2] == 105) & ((after == 62) | (after == 47) | (after <= 32))
    if not is_item.any():
        return pa.nulls(0, pa.string())
    owner = np.cumsum(is_item) - 1
    runs = np.flatnonzero(tags.named(b"t") & (owner >= 0))
    runs = runs[(runs < len(opens) - 1) & (data[ends[runs] - 1] != 47)]
    count = int(is_item.sum())
    begins, lengths = np.zeros(count, np.int64), np.zeros(count, np.int64)
    begins[owner[runs]] = ends[runs] + 1
    lengths[owner[runs]] = opens[runs + 1] - ends[runs] - 1
    several = np.flatnonzero(np.bincount(owner[runs], minlength=count) > 1)
    if len(several):
        starts = opens[is_item].tolist()
        limits, extra, end = [*starts[1:], len(piece)], [], len(data)
        for item in several.tolist():
            joined = run_text(piece[starts[item] : limits[item]])
            begins[item], lengths[item] = end, len(joined)
            extra.append(joined)
            end += len(joined)
        data = np.concatenate([data, np.frombuffer(b"".join(extra), np.uint8)])
    return _unescaped(_strings(data, begins, lengths))


def column_number(letters: str | bytes) -> int:
    """``A`` → 0, ``AA`` → 26."""
    number = 0
    for letter in letters.encode() if isinstance(letters, str) else letters:
        number = number * 26 + letter - 64
    return number - 1


def column_letters(number: int) -> str:
    """0 → ``A``, 26 → ``AA``."""
    letters, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
