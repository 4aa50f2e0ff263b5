"""What the cells of a sheet are, thousands at a time: numbers, periods, heads that some contract knows, labels.

Asked of every cell below a head, so that a second table or a repeated head is found. Most cells are settled by Arrow; only texts that
may be a period or a known head are looked at one by one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.arrays import flags, texts, to_mask, trimmed
from etl.heads import LABELS, is_known
from etl.spans import is_period
from etl.traditional import TRADITIONAL

BLANK, PERIOD, FIGURE, NAMED, LABEL = range(5)
_LONGEST_HEAD = 80
# So few are asked one by one sooner than together.
_FEW = 250
_NUMBER = r"^[-+]?[\d.,]+[%％]?$"
# Numbers of cases, telephones and moments: no head has so many digits.
_CODE = r"\d{5}|\d[-/.]\d+[-/. T]\d+[ T]?\d*:"
# A day counts as a period, a moment does not.
_DAY, _MOMENT = r"^(?:19|20)\d{2}-\d{2}-\d{2}$", r"^(?:19|20)\d{2}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"
# What no period is written without: a year, or one of these signs. To Arrow a digit is an ASCII one: all else is left to Python.
_MAY_BE_PERIOD = r"^[12] *[90] *\d *\d|[年月季qQ]|[^ -~一-鿿、。，；：（）]"
# Where a text begins with two Chinese letters, these tell whether it may be a known head; the parts of a head may begin otherwise.
_WORDS, _IN_PARTS = r"^[一-鿿]{2}", r"/|其中"
# Known heads are kept in simplified characters.
_OTHERWISE_WRITTEN = f"^.?[{TRADITIONAL}]"

is_number, _code = re.compile(_NUMBER).match, re.compile(_CODE).search


def sorts(cells: pa.Array, known: Collection[str]) -> np.ndarray:
    """The sort of each text, an int8 each."""
    few = len(cells) <= _FEW
    return np.array([sort(text, known) for text in cells.to_pylist()], np.int8) if few else together(cells, known)


def together(cells: pa.Array, known: Collection[str]) -> np.ndarray:
    """:func:`sort` of many texts."""
    written = trimmed(cells)
    found = np.full(len(written), -1, np.int8)
    open_ended = _has(written, _MAY_BE_PERIOD)
    found[_has(written, _DAY)] = PERIOD
    found[_has(written, _MOMENT)] = LABEL
    found[(found < 0) & ~open_ended & _has(written, _NUMBER)] = FIGURE
    found[(found < 0) & ~open_ended & _has(written, _CODE)] = LABEL
    unlike = ~to_mask(pc.is_in(pc.utf8_slice_codeunits(written, 0, 2), value_set=_beginnings(frozenset(known))))
    found[(found < 0) & ~open_ended & unlike & _has(written, _WORDS) & ~_has(written, f"{_IN_PARTS}|{_OTHERWISE_WRITTEN}")] = LABEL
    left = np.flatnonzero(found < 0)
    found[left] = [sort(text, known) for text in written.filter(flags(found < 0)).to_pylist()]
    return found


def may_be_heads(sorts: np.ndarray) -> np.ndarray:
    """Which rows of sorts of cells (rows × columns) may be heads; blocks.py looks at those closely."""
    words, named, periods = ((sorts != BLANK).sum(axis=1), (sorts == NAMED).sum(axis=1), (sorts == PERIOD).sum(axis=1))
    return ~(sorts == FIGURE).any(axis=1) & (named + periods >= 2) & (2 * (named + periods) >= words)


def may_be_head(row: Sequence[str], known: Collection[str]) -> bool:
    """The same of the cells of one row."""
    words = heads = 0
    for cell in row:
        kind = sort(cell, known)
        if kind == FIGURE:
            return False
        words += kind != BLANK
        heads += kind in (NAMED, PERIOD)
    return heads >= 2 and 2 * heads >= words


def _has(cells: pa.Array, pattern: str) -> np.ndarray:
    return to_mask(pc.match_substring_regex(cells, pattern))


@lru_cache(maxsize=8)
def _beginnings(known: frozenset[str]) -> pa.Array:
    """The first two letters of every known head."""
    return texts(sorted({form[:2] for form in (*known, *LABELS)}))


def sort(cell: str, known: Collection[str]) -> int:
    """What a cell is: nothing, a period, a figure, a head that some contract knows, or a label."""
    written = cell.strip()
    if not written:
        return BLANK
    if is_period(written):
        return PERIOD
    if is_number(written):
        return FIGURE
    if len(written) > _LONGEST_HEAD or _code(written):
        return LABEL
    return NAMED if is_known(written, known) else LABEL
