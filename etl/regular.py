"""What the cells of few rows are, asked of Arrow for all columns at once.

A statement costs by what it looks for, whether that is there or not. A street's table of some hundred rows has next to nothing to look
for: its words have no blanks around them, its days are written as days. What is known to be so is left out of the statements.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.arrays import flags, numbers, to_mask, to_numpy, word
from etl.batch import sheet_numbers
from etl.recognise import NUMERIC
from etl.values import is_metric
from jiejian.catalogue import Column, Ledger

# Of more rows the statements are planned in no time beside what they do.
MOST = 20_000
_MONTH_DAY = "(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31"
_DAY = f"(19|20)[0-9]{{2}}-({_MONTH_DAY})"
_MOMENT = f"{_DAY}( ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?"
# What a cast reads, and reads as it is meant.
_FORMS = {"date": f"^({_DAY})$", "datetime": f"^({_MOMENT})$", "integer": "^-?[0-9]{1,15}$", "other": "^-?[0-9]{1,15}([.][0-9]{1,15})?$"}
# Words that begin with the sign of an error value, or hold a blank of any kind.
_SPECIAL = "^#|[ \t\r\n\u3000\u00a0\ufeff]"


def re_of(form: str) -> re.Pattern[str]:
    """What a cell of a form looks like."""
    return re.compile(_FORMS[form])


@dataclass(frozen=True)
class Regular:
    """The rows of ``raw``, with what is known of its columns: ``plain`` ones are read by a cast, or as they are."""

    rows: pa.Table
    plain: frozenset[str]

    @cached_property
    def empty(self) -> frozenset[str]:
        """The columns without any content."""
        return frozenset(n for n in self.rows.column_names if self.rows.column(n).null_count == self.rows.num_rows)

    @cached_property
    def gaps(self) -> frozenset[str]:
        """The columns in which some row has nothing."""
        return frozenset(n for n in self.rows.column_names if self.rows.column(n).null_count)

    def values(self, column: str) -> list[str]:
        """The different contents of a column."""
        return [v for v in self.rows.column(column).unique().to_pylist() if v is not None]

    def within(self, column: str, low: float | None, high: float | None) -> bool:
        """Whether all numbers of a plain column lie between two limits."""
        if column not in self.plain:
            return False
        bounds = pc.min_max(pc.cast(self.rows.column(column), pa.float64())).as_py()
        if bounds["min"] is None:
            return True
        return (low is None or bounds["min"] >= low) and (high is None or bounds["max"] <= high)


def kinds_of(rows: pa.Table) -> dict[tuple[int, str], int]:
    """Rows by sheet and kind, from ``_row`` and ``_kind``."""
    if not rows.num_rows:
        return {}
    sheets = sheet_numbers(to_numpy(rows.column("_row").combine_chunks(), np.int64))
    return dict(Counter(zip(sheets.tolist(), rows.column("_kind").to_pylist(), strict=True)))


def holding(rows: pa.Table, columns: Sequence[str], pattern: str) -> list[tuple[str, str]]:
    """Column and content of the different cells in which an expression (RE2) finds something."""
    where, cells = _matching(rows, columns, pattern)
    return list(dict.fromkeys((columns[n], cell) for n, cell in zip(where.tolist(), cells.to_pylist(), strict=True)))


def rows_of(connection: duckdb.DuckDBPyConnection) -> pa.Table | None:
    """``raw``, where it is short."""
    rows = connection.sql(f"SELECT * FROM raw LIMIT {MOST + 1}").to_arrow_table().combine_chunks()
    return rows if rows.num_rows <= MOST else None


def without(rows: pa.Table, kind: str) -> pa.Table:
    """The rows of other kinds."""
    return rows.filter(flags(~to_mask(pc.equal(rows.column("_kind"), word(kind))))).combine_chunks()


def regular(rows: pa.Table, ledger: Ledger, columns: Iterable[Column], scaled: Iterable[str]) -> Regular:
    """What is known of the columns of ``raw``; those whose numbers are scaled, and personal ones, are always looked at."""
    scaled, forms = frozenset(scaled), {}
    for column in columns:
        if not column.personal and column.id not in scaled and (form := _form(ledger, column)):
            forms.setdefault(form, []).append(column.id)
    plain = set()
    for form, names in forms.items():
        if form == _SPECIAL:
            where, _ = _matching(rows, names, form)
            plain |= set(names) - {names[n] for n in np.flatnonzero(np.bincount(where, minlength=len(names)))}
        else:
            where, _ = _matching(rows, names, form)
            matched = np.bincount(where, minlength=len(names))
            plain |= {n for n, count in zip(names, matched.tolist(), strict=True) if count == rows.num_rows - rows.column(n).null_count}
    return Regular(rows, frozenset(plain))


def _form(ledger: Ledger, column: Column) -> str:
    """The expression that tells whether a column is plain; empty where it is never."""
    if column.type == "text":
        return "" if is_metric(column, ledger) else _SPECIAL
    if ledger.missing or (column.type in NUMERIC and ledger.decimal == "comma"):
        return ""  # words of the contract's own may stand for a gap
    return _FORMS.get(column.type, _FORMS["other"] if column.type in NUMERIC else "")


def _matching(rows: pa.Table, columns: Sequence[str], pattern: str) -> tuple[np.ndarray, pa.Array]:
    """Of some columns the cells in which an expression finds something: the number of the column, and the cell."""
    if not columns or not rows.num_rows:
        return np.zeros(0, np.int64), pa.nulls(0, pa.string())
    cells = pa.concat_arrays([chunk for name in columns for chunk in rows.column(name).chunks])
    found = pc.fill_null(pc.match_substring_regex(cells, pattern), flags(np.zeros(1, bool))[0])
    where = np.flatnonzero(to_mask(found))
    return where // rows.num_rows, cells.take(numbers(where))
