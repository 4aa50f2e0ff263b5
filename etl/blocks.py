"""The tables of one sheet: side by side, below each other, and the heads that a printer repeats inside a table.

Works on the grid of a sheet (``rows[r][c]``, raw cells, from 0). A large sheet is looked at closely only where a blank row or a
repeated head says that something begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from etl.grid import Rows
from etl.heads import Head, Range, find_head, is_known
from etl.sorts import may_be_head, may_be_heads, sorts
from etl.spans import are_periods, is_period, out_of_step
from etl.wording import NOTE_ROW, plain

TOP = 40
# Up to so many rows every row is asked whether it is a head.
_CLOSE = 5000
# Up to so many cells they are looked at one by one.
_FEW = 1000
_PAGE = re.compile(r"^(第?\d+页.*|共\d+页|续表.*|[（(]续.*[）)]|page\d+.*)$", re.IGNORECASE)
_NUMBER = re.compile(r"^[-+]?[\d.,]+[%％]?$")


@dataclass(frozen=True)
class Block:
    """One table: its head (rows counted in the whole sheet), its columns ``left`` to ``right``, its body up to row ``last``.

    ``skip`` are rows of the body that repeat head or title. Ends are exclusive.
    """

    head: Head
    left: int
    right: int
    last: int
    skip: frozenset[int] = frozenset()


Text = Callable[[object], str | None]
HeadFrom = Callable[[int, int, int], Head | None]


def find_blocks(rows: Sequence[Sequence], merged: Sequence[Range], known: Collection[str], text: Text) -> list[Block]:
    """All tables of a sheet in reading order. ``text`` turns a raw cell into text."""
    width = max((len(row) for row in rows[:TOP]), default=0)
    if getattr(known, "head", None):
        head = find_head(_top(rows, text, 0, 0, width), merged, known)
        return [Block(head, 0, width, len(rows))] if head else []
    found = []

    @cache
    def head_from(top: int, left: int, right: int) -> Head | None:
        """The head of what stands from row ``top`` on between two columns."""
        ranges = _lower(_crop(merged, left, right), top)
        return _moved(find_head(_top(rows, text, top, left, right), ranges, known), top)

    for left, right in _columns(rows, known, head_from, width):
        found += _below_each_other(rows, known, text, head_from, left, right)
    return sorted(found, key=lambda b: (b.head.start, b.left))


# ---- side by side ----


def _columns(rows: Sequence[Sequence], known: Collection[str], head_from: HeadFrom, width: int) -> list[tuple[int, int]]:
    """The spans of columns that hold a table of their own; the whole width where there is but one."""
    spans = _between_blanks(rows, width)
    if len(spans) > 1:
        heads = [head_from(0, *span) for span in spans]
        if all(heads) and (_begin_alike(heads, known) or (all(h.score >= 2 for h in heads) and _are_apart(heads))):
            return spans
    head = head_from(0, 0, width)
    return _repeated(head.heads, known) if head else [(0, width)]


def _between_blanks(rows: Sequence[Sequence], width: int) -> list[tuple[int, int]]:
    """The spans between columns that are blank all the way down."""
    used = rows.used()[:width] if isinstance(rows, Rows) else [any(not _is_blank(row[c]) for row in rows) for c in range(width)]
    spans, start = [], None
    for column, here in enumerate([*used, False]):
        if here and start is None:
            start = column
        elif not here and start is not None:
            spans.append((start, column))
            start = None
    # Nothing is cut off at the edges: letters of columns and notes stay what they are.
    if spans:
        spans[0], spans[-1] = (0, spans[0][1]), (spans[-1][0], width)
    if len(spans) == 1:
        spans = [(0, width)]
    return spans


def _begin_alike(heads: Sequence[Head], known: Collection[str]) -> bool:
    """Tables of their own: each begins with the same known head (区域), whatever stands beside it, and there are others beside it."""
    first = {next(filter(None, h.heads), "") for h in heads}
    return len(first) == 1 and is_known(*first, known) and all(len(list(filter(None, h.heads))) > 1 for h in heads)


def _are_apart(heads: Sequence[Head]) -> bool:
    """Tables of their own: each repeats a head of the first, has a title of its own, or begins in another row."""
    first = set(filter(None, heads[0].heads))
    return all(first & set(filter(None, h.heads)) or h.title or h.start != heads[0].start for h in heads[1:])


def _repeated(heads: Sequence[str], known: Collection[str]) -> list[tuple[int, int]]:
    """社区 户数 社区 户数: the same heads twice or more, without a blank column between."""
    count = len(heads)
    for times in (4, 3, 2):
        size, rest = divmod(count, times)
        parts = [tuple(heads[i * size : (i + 1) * size]) for i in range(times)]
        if not rest and size > 1 and len(set(parts)) == 1 and all(parts[0]) and any(is_known(h, known) for h in parts[0]):
            return [(i * size, (i + 1) * size) for i in range(times)]
    return [(0, count)]


# ---- below each other ----


def _below_each_other(
    rows: Sequence[Sequence], known: Collection[str], text: Text, head_from: HeadFrom, left: int, right: int
) -> list[Block]:
    found, top = [], 0
    while top < len(rows):
        head = head_from(top, left, right)
        if head is None or (found and head.score < 2):
            break
        last, skip, following = _body(rows, head, known, text, left, right)
        found.append(Block(head, left, right, last, skip))
        if following is None:
            break
        top = following
    return found


def _body(
    rows: Sequence[Sequence], head: Head, known: Collection[str], text: Text, left: int, right: int
) -> tuple[int, frozenset[int], int | None]:
    """Where the body ends, which of its rows repeat the head, and where the next table begins (None: nowhere)."""

    def cells(row: int) -> list[str]:
        return [text(v) or "" for v in rows[row][left:right]]

    heads = [cells(r) for r in range(head.start, head.first)]
    # The first cell of the first row of the head: a row that has it may be the head again.
    mark = next((c for c, cell in enumerate(heads[0]) if cell), 0) if heads else 0
    begins, close = heads[0][mark] if heads else "", len(rows) - head.first <= _CLOSE
    skip: set[int] = set()
    row, after_blank = head.first, False
    # Only rows that begin like the head, that stand below a blank row, or (in a small sheet) that are mostly heads are looked at.
    stops = _stops(rows, known, close, left, right, left + mark, begins)
    while row < len(rows):
        if stops is not None:
            following = int(np.searchsorted(stops, row))
            if following == len(stops):
                break
            row, after_blank = int(stops[following]), _is_blank_row(rows[int(stops[following]) - 1], left, right)
        here = rows[row]
        first = here[left + mark] if left + mark < len(here) else None
        again = type(first) is str and first.strip() == begins and _same(rows, row, heads, cells)
        other = not again and (close or after_blank) and _looks_like_head(here[left:right], known)
        if again or other:
            titles = _titles_above(rows, row, head.first, left, right, text)
            words = [cell for r in titles for cell in cells(r) if cell]
            if other or not _is_reprint(words, head.title):
                start = min(titles, default=row)
                return start, frozenset(skip), start
            skip |= {*titles, *range(row, row + len(heads))}
            row += len(heads)
            continue
        after_blank = _is_blank_row(here, left, right) if not close else False
        row += 1
    return len(rows), frozenset(skip), None


def _stops(
    rows: Sequence[Sequence], known: Collection[str], close: bool, left: int, right: int, column: int, begins: str
) -> np.ndarray | None:
    """The rows at which a table may end or a head may repeat; None where every row has to be looked at."""
    if not isinstance(rows, Rows):
        return None
    if close and len(rows) * (right - left) <= _FEW:
        return _few_stops(rows, known, left, right, column, begins)
    found = rows.stops(left, right, column, begins)
    return np.union1d(found, rows.where(left, right, lambda cells: sorts(cells, known), may_be_heads)) if close else found


def _few_stops(rows: Rows, known: Collection[str], left: int, right: int, column: int, begins: str) -> np.ndarray:
    """The same for few cells, which are looked at sooner one by one."""
    found, blank = [], False
    for number, row in enumerate(rows[:]):
        cells = row[left:right]
        empty = not any(cells)
        again = begins and column < len(row) and row[column].strip() == begins
        if again or (blank and not empty) or (not empty and may_be_head(cells, known)):
            found.append(number)
        blank = empty
    return np.array(found, int)


def _same(rows: Sequence[Sequence], row: int, heads: list[list[str]], cells: Callable[[int], list[str]]) -> bool:
    return row + len(heads) <= len(rows) and all(cells(row + i) == line for i, line in enumerate(heads))


def _looks_like_head(row: Sequence, known: Collection[str]) -> bool:
    """Whether at least half of the filled cells, and two, are heads that some contract knows, or periods; no other numbers."""
    words, labels, named, periods = 0, 0, 0, []
    for cell in row:
        if _is_blank(cell):
            continue
        words += 1
        written = cell.strip() if type(cell) is str else f"{cell:.15g}" if type(cell) is float else str(cell)
        if is_period(written):
            periods.append([written])
        elif _NUMBER.match(written):
            return False
        elif is_known(written, known):
            named += 1
        labels += 1
        if labels == 4 and not named and not periods:
            return False
    bare = [p for p in periods if p[0].isdigit()]
    if not all(are_periods(periods)) or 0 < len(bare) < len(periods):
        return False  # 1900 and 1900 beside each other, or beside 2025年, are figures
    if out_of_step(p[0] for p in periods):
        return False  # a row of a register: received, closed, due
    heads = named + len(periods)
    return heads >= 2 and 2 * heads >= words and (named > 0 or len(periods) > 2)


def _titles_above(rows: Sequence[Sequence], row: int, first: int, left: int, right: int, text: Text) -> list[int]:
    """The rows of titles directly above a head: one or two filled cells, no numbers, no notes; blanks between are skipped."""
    found, at = [], row - 1
    while at >= first and row - at <= 8:
        filled = [w for v in rows[at][left:right] if (w := text(v))]
        if filled:
            noted = re.match(NOTE_ROW, plain(filled[0]))
            if len(filled) > 2 or noted or any(_NUMBER.match(plain(w)) for w in filled):
                break
            found.append(at)
        at -= 1
    return found


def _is_reprint(words: Sequence[str], title: Sequence[str]) -> bool:
    """Whether the words above a repeated head are those above the first one, or a page number."""
    before = {plain(t) for t in title}
    return all(plain(w) in before or _PAGE.match(plain(w)) for w in words)


# ---- crops ----


def _top(rows: Sequence[Sequence], text: Text, top: int, left: int, right: int) -> list[list[str]]:
    return [[text(v) or "" for v in row[left:right]] for row in rows[top : top + TOP]]


def _crop(merged: Sequence[Range], left: int, right: int) -> list[Range]:
    """Merged ranges as seen from column ``left`` on."""
    if left == 0 and all(m[1][1] < right for m in merged):
        return list(merged)
    return [
        ((t, max(l, left) - left), (b, min(r, right - 1) - left))
        for (t, l), (b, r) in merged
        if r >= left and l < right and l >= left
    ]


def _lower(merged: Sequence[Range], top: int) -> list[Range]:
    return [((t - top, l), (b - top, r)) for (t, l), (b, r) in merged if t >= top] if top else list(merged)


def _moved(head: Head | None, top: int) -> Head | None:
    if head is None or not top:
        return head
    return Head(head.start + top, head.row + top, head.first + top, head.heads, head.title, head.score)


def _is_blank(cell: object) -> bool:
    return cell is None or (type(cell) is str and (cell == "" or not cell.strip()))


def _is_blank_row(row: Sequence, left: int, right: int) -> bool:
    return all(_is_blank(cell) for cell in row[left:right])
