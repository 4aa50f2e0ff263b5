"""Small counts of people: which figures are not shown, so that nobody can be told apart, not even by subtraction.

Arrays in, masks out; the places where figures are read (jiejian.privacy, jiejian.ledgers) apply them to their frames.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from jiejian.catalogue import Catalogue


def least_shown(catalogue: Catalogue) -> int:
    """The smallest count of people that may be shown; 0 where a street has switched this off."""
    setting = catalogue.settings.get("small_cells")
    return setting.least if setting and setting.enabled else 0


def small(counts: np.ndarray, least: int) -> np.ndarray:
    """Which of the counts of one metric (place × period) are not shown: 1 to ``least`` - 1, and in each period one more.

    The one more is the smallest count from ``least`` on, else a zero; of equal ones all, since a choice among them would
    tell. Whoever knows the sum of all can exchange it with any small one and has another solution that would look the same,
    so that no hidden count can be found by subtraction. Where all counts are small all are hidden.
    """
    hidden = (counts > 0) & (counts < least)
    for period in np.flatnonzero(hidden.any(axis=0)):
        column = counts[:, period]
        large = np.where(column >= least, column, np.inf)
        least_large = np.min(large)
        hidden[:, period] |= column == (least_large if np.isfinite(least_large) else 0)
    return hidden


def few(counts: pd.Series, least: int) -> pd.Series:
    """Counts of people of which the small ones, and one more, are gaps; the sum of all may be known."""
    values = counts.to_numpy(dtype=float)
    return counts.astype(float).mask(small(values[:, None], least)[:, 0])


def few_of_each(counts: pd.Series, groups: pd.Series, least: int) -> pd.Series:
    """:func:`few` within each group, the sum of each of which may be known; all groups at once, since a register has hundreds."""
    values = counts.to_numpy(dtype=float)
    codes, names = pd.factorize(groups)
    hidden = (values > 0) & (values < least)
    concerned, smallest_large = np.zeros(len(names), dtype=bool), np.full(len(names), np.inf)
    concerned[codes[hidden]] = True
    np.minimum.at(smallest_large, codes, np.where(values >= least, values, np.inf))
    one_more = np.where(np.isfinite(smallest_large), smallest_large, 0)
    return counts.astype(float).mask(hidden | (concerned[codes] & (values == one_more[codes])))


def small_parts(counts: np.ndarray, least: int) -> np.ndarray:
    """Which cells of a table (place × part of a whole) are not shown where the sums of all rows and columns are known.

    1 to ``least`` - 1, and as many more as it takes until no hidden cell follows from the sums: neither by the equations nor
    because all hidden ones of a row or column must be as small, or as large, as a small count can be. NaN is a gap.
    """
    known = ~np.isnan(counts)
    hidden = known & (counts > 0) & (counts < least)
    while hidden.any() and (_close(counts, known, hidden, least) or _bridge(counts, known, hidden, least)):
        pass
    return hidden


def _close(counts: np.ndarray, known: np.ndarray, hidden: np.ndarray, least: int) -> bool:
    """Hide one more cell in each row, then each column, whose sum alone tells its hidden cells; whether any was found."""
    found = False
    for axis in (1, 0):
        for line in np.flatnonzero(_telling(counts, hidden, axis, least)):
            cells = [(line, other) if axis else (other, line) for other in range(counts.shape[axis])]
            found |= _hide_one(counts, known, hidden, cells, least)
    return found


def _telling(counts: np.ndarray, hidden: np.ndarray, axis: int, least: int) -> np.ndarray:
    """Rows (axis 1) or columns (axis 0) with a single hidden cell, or whose hidden ones are all 1, or all ``least`` - 1."""
    many, together = hidden.sum(axis=axis), np.where(hidden, counts, 0).sum(axis=axis)
    largest = np.where(hidden, counts, 0).max(axis=axis)
    return (many == 1) | ((many > 0) & ((together == many) | ((largest < least) & (together == many * (least - 1)))))


def _bridge(counts: np.ndarray, known: np.ndarray, hidden: np.ndarray, least: int) -> bool:
    """Hide one more cell beside one that all sums together tell; whether there was any.

    A cell is told where no change of the hidden cells that keeps all sums changes it: its row of the null space is zero.
    """
    cells = np.argwhere(hidden)
    lines = np.zeros((sum(counts.shape), len(cells)))
    lines[cells[:, 0], np.arange(len(cells))] = 1
    lines[counts.shape[0] + cells[:, 1], np.arange(len(cells))] = 1
    _, sizes, directions = np.linalg.svd(lines)
    free = directions[(sizes > 1e-9).sum() :].T
    for row, column in cells[np.abs(free).max(axis=1, initial=0) < 1e-9]:
        beside = [(row, c) for c in range(counts.shape[1])] + [(r, column) for r in range(counts.shape[0])]
        if _hide_one(counts, known, hidden, beside, least):
            return True
    return False


def _hide_one(counts: np.ndarray, known: np.ndarray, hidden: np.ndarray, cells: list[tuple[int, int]], least: int) -> bool:
    """Hide one of some cells: a count from ``least`` on before a zero, beside other hidden ones before elsewhere, the smallest."""
    left = [cell for cell in cells if known[cell] and not hidden[cell]]
    if not left:
        return False
    rows, columns = hidden.any(axis=1), hidden.any(axis=0)
    cell = min(left, key=lambda c: (counts[c] < least, not (rows[c[0]] and columns[c[1]]), counts[c], c))
    hidden[cell] = True
    return True
