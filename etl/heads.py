"""Which rows of a sheet are its head: one row or two with merged cells, below title and unit rows, above the body."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from etl.units import parse, split_head
from etl.wording import NOTE_ROW, plain

Range = tuple[tuple[int, int], tuple[int, int]]
_COUNTING = frozenset("甲乙丙丁戊己庚辛")


@dataclass(frozen=True)
class Head:
    """Where the head stands (0-based rows), the heads themselves (two levels joined by ``/``) and the titles above."""

    row: int
    first: int
    heads: tuple[str, ...]
    title: tuple[str, ...]


@lru_cache(maxsize=8192)
def normal(head: str) -> str:
    """A head as it is compared: half-width, without blanks, line breaks and a unit in brackets."""
    return split_head(head)[0].lower().rstrip("：:*＊")


@lru_cache(maxsize=8192)
def spellings(head: str) -> tuple[str, ...]:
    """A head and, for two levels, its parts: the whole first, then run together, then the lower level, each normal."""
    parts = [part for part in head.split("/") if part]
    forms = [normal(head), normal("".join(parts)), normal(parts[-1])] if len(parts) > 1 else [normal(head)]
    return tuple(dict.fromkeys(form for form in forms if form))


def find_head(top: Sequence[Sequence[str]], merged: Sequence[Range], known: Collection[str]) -> Head | None:
    """The row or pair of rows in which most cells are ``known`` heads (normal forms).

    Where nothing is known, the first row with three filled cells (or two, in a narrow sheet) is taken, so that one can say
    what is missing. None for a sheet without such a row.
    """
    best, best_score = None, (0, 0)
    for row in range(len(top)):
        for heads, levels in ((_single(top, row), 1), (_double(top, row, merged), 2)):
            known_here = sum(1 for head in heads if head and any(form in known for form in spellings(head)))
            # A second level must earn its place: a title above or a body row below adds no known head.
            if known_here and (known_here, -levels) > best_score:
                best, best_score = (row, row + levels - 1, heads), (known_here, -levels)
    if best is None:
        wide = 3 if max((_filled(row) for row in top), default=0) > 2 else 2
        row = next((r for r, cells in enumerate(top) if _filled(cells) >= wide and not re.match(NOTE_ROW, _first(cells))), None)
        if row is None:
            return None
        best = (row, row, _single(top, row))
    row, last, heads = best
    heads, first = _units_below(top, last + 1, heads)
    return Head(last, first, tuple(heads), tuple(cell.strip() for cells in top[:row] for cell in cells if cell and cell.strip()))


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell and cell.strip())


def _first(cells: Sequence[str]) -> str:
    return next((plain(cell) for cell in cells if cell and cell.strip()), "")


def _single(top: Sequence[Sequence[str]], row: int) -> list[str]:
    return [_clean(cell) for cell in top[row]]


def _double(top: Sequence[Sequence[str]], row: int, merged: Sequence[Range]) -> list[str]:
    """The rows ``row`` and ``row + 1`` read as two levels; empty when they cannot be."""
    if row + 1 >= len(top):
        return []
    upper, lower = _spread(top, row, merged), [_clean(cell) for cell in top[row + 1]]
    upper += [""] * (len(lower) - len(upper))
    lower += [""] * (len(upper) - len(lower))
    return [
        f"{above}/{below}" if above and below and above != below else below or above
        for above, below in zip(upper, lower, strict=True)
    ]


def _spread(top: Sequence[Sequence[str]], row: int, merged: Sequence[Range]) -> list[str]:
    """The upper level with each group's name over all of its columns.

    Merged ranges say how far a group reaches; a text file has none, there a group reaches over the blanks to its right
    that have a lower head.
    """
    cells = [_clean(cell) for cell in top[row]]
    if merged:
        for (first_row, first), (last_row, last) in merged:
            if first_row <= row <= last_row and first < len(cells):
                cells[first : last + 1] = [_clean(top[first_row][first])] * len(cells[first : last + 1])
        return cells
    below = top[row + 1]
    for column in range(1, len(cells)):
        if not cells[column] and column < len(below) and below[column] and below[column - 1]:
            cells[column] = cells[column - 1]
    return cells


def _units_below(top: Sequence[Sequence[str]], row: int, heads: list[str]) -> tuple[list[str], int]:
    """Take a row of units (户, 人, 人 …) or of column numbers (甲, 1, 2 …) below the head into account."""
    if row >= len(top):
        return heads, row
    cells = [plain(cell) if cell else "" for cell in top[row]]
    words = [cell for cell in cells if cell]
    if len(words) > 1 and all(parse(cell.strip("()[]")) for cell in words):
        units = [cell.strip("()[]") for cell in cells] + [""] * (len(heads) - len(cells))
        return [f"{head}({unit})" if head and unit else head for head, unit in zip(heads, units, strict=False)], row + 1
    counting = [cell for cell in words if cell not in _COUNTING]
    if (
        len(counting) > 2
        and all(c.isdigit() for c in counting)
        and [int(c) for c in counting] == list(range(1, len(counting) + 1))
    ):
        return heads, row + 1
    return heads, row


def _clean(cell: str | None) -> str:
    return re.sub(r"\s+", "", cell) if cell else ""
