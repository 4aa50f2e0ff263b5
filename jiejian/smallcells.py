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


def small_parts(counts: np.ndarray, least: int) -> np.ndarray:
    """Which cells of a table (place × part of a whole) are not shown where the sums of all rows and columns are known.

    1 to ``least`` - 1, and as many more as it takes until no hidden cell follows from the sums: neither by the equations nor
    because all hidden ones of a row or column must be as small, or as large, as a small count can be. NaN is a gap.
    """
    known = ~np.isnan(counts)
    hidden = known & (counts > 0) & (counts < least)
    while (told := _told(counts, hidden, least)).any():
        more = [_complement(counts, known & ~hidden, row, column, least) for row, column in np.argwhere(told)]
        more = [cell for cell in more if cell is not None]
        if not more:
            return hidden
        hidden[tuple(np.array(more).T)] = True
    return hidden


def _told(counts: np.ndarray, hidden: np.ndarray, least: int) -> np.ndarray:
    """Which hidden cells can be computed from the sums of rows and columns and the cells that are shown."""
    told = np.zeros_like(hidden)
    cells = np.argwhere(hidden)
    if not len(cells):
        return told
    lines = np.zeros((sum(counts.shape), len(cells)))
    lines[cells[:, 0], np.arange(len(cells))] = 1
    lines[counts.shape[0] + cells[:, 1], np.arange(len(cells))] = 1
    # A cell is told where no change of the hidden cells that keeps all sums changes it: its row of the null space is zero.
    _, sizes, directions = np.linalg.svd(lines)
    free = directions[(sizes > 1e-9).sum() :].T
    told[tuple(cells[np.abs(free).max(axis=1, initial=0) < 1e-9].T)] = True
    for axis in (0, 1):
        together = np.where(hidden, counts, 0).sum(axis=axis, keepdims=True)
        many = hidden.sum(axis=axis, keepdims=True)
        largest = np.where(hidden, counts, 0).max(axis=axis, keepdims=True)
        told |= hidden & ((together == many) | ((largest < least) & (together == many * (least - 1))))
    return told


def _complement(counts: np.ndarray, shown: np.ndarray, row: int, column: int, least: int) -> tuple[int, int] | None:
    """The cell to be hidden with another one: the smallest of its row, else of its column, from ``least`` on, else a zero."""
    beside = [(row, c) for c in np.flatnonzero(shown[row])] + [(r, column) for r in np.flatnonzero(shown[:, column])]
    if not beside:
        return None
    return min(beside, key=lambda cell: (counts[cell] < least, cell[0] != row, counts[cell], cell))
