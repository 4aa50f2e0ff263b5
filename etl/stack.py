"""Slices of a table put below each other, and measures that stand down put side by side; each figure keeps its cell.

Both give text columns c0, c1 … for labels, period, place and measures, ``row`` and ``slice`` for the place in the spreadsheet,
and ``o<i>`` with the cell (``F12``) of each measure's column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from etl.arrays import flags, numbers, texts, word
from etl.workbook import column_letters

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Slice:
    """Columns of figures whose heads name the same period and place; ``measures``: head → column."""

    period: str
    place: str
    measures: dict[str, int] = field(default_factory=dict)


def stacked(
    body: pa.Table,
    keep: Sequence[bool] | None,
    labels: Sequence[int],
    slices: Sequence[Slice],
    measures: Sequence[str],
    left: int,
    roles: dict[str, int],
    years: dict[str, str] | None,
) -> pa.Table:
    """One row of the body for each slice: its labels, period and place, and a column a measure."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if keep is not None and not all(keep):
        body = body.filter(flags(np.array(keep, bool)))
    size = body.num_rows
    line = pc.cast(body.column("row"), pa.string())
    common = [body.column(f"c{i}") for i in labels]
    if years:
        at = roles["period"]
        common[at] = pa.chunked_array([texts([years.get(v, v) for v in common[at].to_pylist()])])
    nothing = pa.chunked_array([pa.nulls(size, pa.string())])
    parts = []
    for number, piece in enumerate(slices):
        columns = [body.column("row"), pa.chunked_array([numbers(np.full(size, number))]), *common]
        columns += [pa.chunked_array([texts([word] * size)]) for word in _constants(piece, slices)]
        where = [piece.measures.get(m) for m in measures]
        columns += [nothing if at is None else body.column(f"c{at}") for at in where]
        columns += [
            nothing if at is None else pc.binary_join_element_wise(word(column_letters(at + left)), line, word(""))
            for at in where
        ]
        parts.append(pa.Table.from_arrays(columns, _names(len(labels) + _made(slices), len(measures))))
    return pa.concat_tables(parts)


def pivoted(
    body: pa.Table,
    keep: Sequence[bool],
    labels: Sequence[Sequence[str]],
    names: Sequence[str],
    slices: Sequence[Slice],
    measures: Sequence[str],
    left: int,
) -> pa.Table:
    """Measures down → a row for each combination of labels and slice. A measure that comes twice for it begins a new row."""
    import pyarrow as pa

    lines = body.column("row").to_pylist()
    values = {at: body.column(f"c{at}").to_pylist() for s in slices for at in s.measures.values()}
    position = {m: n for n, m in enumerate(measures)}
    groups: dict[tuple, list[dict[int, int]]] = {}
    for row, name in enumerate(names):
        if not keep[row] or not name:
            continue
        here = groups.setdefault(tuple(column[row] for column in labels), [{}])
        if position[name] in here[-1]:
            here.append({})
        here[-1][position[name]] = row
    out: list[list] = [[] for _ in range(2 + len(labels) + _made(slices) + 2 * len(measures))]
    for key, several in groups.items():
        for group in several:
            for number, piece in enumerate(slices):
                at = next(iter(piece.measures.values()))
                cells = [values[at][group[m]] if m in group else None for m in range(len(measures))]
                where = [f"{column_letters(at + left)}{lines[group[m]]}" if m in group else None for m in range(len(measures))]
                row = [lines[min(group.values())], number, *(k or None for k in key), *_constants(piece, slices), *cells, *where]
                for column, cell in zip(out, row, strict=True):
                    column.append(cell)
    arrays = [numbers(np.array(out[0], np.int64)), numbers(np.array(out[1], np.int64)), *map(texts, out[2:])]
    return pa.Table.from_arrays(arrays, _names(len(labels) + _made(slices), len(measures)))


def _made(slices: Sequence[Slice]) -> int:
    return any(s.period for s in slices) + any(s.place for s in slices)


def _constants(piece: Slice, slices: Sequence[Slice]) -> list[str | None]:
    return [
        *([piece.period or None] if any(s.period for s in slices) else []),
        *([piece.place or None] if any(s.place for s in slices) else []),
    ]


def _names(labels: int, measures: int) -> list[str]:
    columns = [f"c{i}" for i in range(labels + measures)]
    return ["row", "slice", *columns, *(f"o{i}" for i in range(labels, labels + measures))]
