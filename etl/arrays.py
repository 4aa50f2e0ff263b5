"""Arrow arrays to and from numpy by their buffers.

pa.array(), pa.scalar() and to_numpy() would import pandas first, which costs a cold command line most of a second.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NOTHING = pa.nulls(1, pa.string())[0]


def texts(values: list[str | None]) -> pa.Array:
    """A text array."""
    builder = pa.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()


def numbers(values: np.ndarray) -> pa.Array:
    """A 64-bit integer array."""
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(np.ascontiguousarray(values, np.int64))])


def flags(values: np.ndarray) -> pa.Array:
    """A boolean array."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(np.packbits(values, bitorder="little"))])


def moments(seconds: np.ndarray) -> pa.Array:
    """Seconds since 1970 as points in time."""
    return pa.Array.from_buffers(pa.timestamp("s"), len(seconds), [None, pa.py_buffer(np.ascontiguousarray(seconds, np.int64))])


def word(text: str) -> pa.Scalar:
    """A text as an Arrow scalar."""
    return texts([text])[0]


def to_numpy(values: pa.Array, kind: type) -> np.ndarray:
    """Fixed-width numbers without NULL."""
    return np.frombuffer(values.buffers()[1], kind)[values.offset : values.offset + len(values)]


def to_mask(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Booleans without NULL."""
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if not len(values):
        return np.zeros(0, bool)
    bits = np.unpackbits(np.frombuffer(values.buffers()[1], np.uint8), bitorder="little")
    return bits[values.offset : values.offset + len(values)].astype(bool)


def lengths(cells: pa.Array) -> np.ndarray:
    """How many bytes each text has; 0 for NULL."""
    if not len(cells):
        return np.zeros(0, np.int64)
    offsets = np.frombuffer(cells.buffers()[1], np.int32)[cells.offset : cells.offset + len(cells) + 1]
    return np.diff(offsets.astype(np.int64))


def trimmed(cells: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Text without blanks around it."""
    return pc.utf8_trim_whitespace(cells)


# The first bytes of blanks in UTF-8, wide ones among them.
_BLANKS_BEGIN = np.isin(np.arange(256), [*range(33), 0xC2, 0xE1, 0xE2, 0xE3])


def blank_is_null(cells: pa.Array) -> pa.Array:
    """Text as it is, NULL where it is nothing but blanks."""
    size, content = lengths(cells), cells.buffers()[2]
    perhaps = size == 0
    if content is not None and content.size:
        offsets = np.frombuffer(cells.buffers()[1], np.int32)[cells.offset : cells.offset + len(cells)]
        perhaps |= _BLANKS_BEGIN[np.frombuffer(content, np.uint8)[np.minimum(offsets, content.size - 1)]]
    here = np.flatnonzero(perhaps)
    blank = here[lengths(trimmed(cells.take(numbers(here)))) == 0]
    if not len(blank):
        return cells
    found = np.zeros(len(cells), bool)
    found[blank] = True
    return pc.if_else(flags(found), NOTHING, cells)
