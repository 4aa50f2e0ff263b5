"""A table on its way out: columns with units, and beside it whose, until when, from where and by which definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from jiejian.context import Context
from jiejian.export.text import clean, clean_one

ColumnKind = Literal["text", "number", "date"]


class Definition(NamedTuple):
    """What a figure counts; ``kind`` in Chinese (计数, 占比 …). A plain triple of name, unit, definition serves as well."""

    name: str
    unit: str
    definition: str
    kind: str = ""


@dataclass(frozen=True)
class ExportColumn:
    """One column: its head, unit, and for numbers the decimals that are shown (None: as many as there are).

    Dates are days, unless any has a time of day or ``moments`` says that they all are moments.
    """

    head: str
    unit: str = ""
    decimals: int | None = None
    kind: ColumnKind = "text"
    moments: bool = False

    @property
    def label(self) -> str:
        """The head with its unit, as it stands above the column."""
        return clean_one(f"{self.head}（{self.unit}）" if self.unit else self.head)


@dataclass(frozen=True)
class ExportTable:
    """A frame to be exported. ``frame`` has one column for each of ``columns``, in their order, whatever its names.

    Raises ValueError when the two do not have the same number of columns.
    """

    title: str
    frame: pd.DataFrame
    columns: tuple[ExportColumn, ...]
    context: Context
    definitions: Sequence[tuple[str, ...]] = ()
    filters: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.frame.shape[1] != len(self.columns) or not self.columns:
            sizes = f"{self.frame.shape[1]}列数据、{len(self.columns)}个列名"
            raise ValueError(f"导出表“{self.title}”有{sizes}，二者应相等且不为零。")

    @property
    def labels(self) -> list[str]:
        """The heads with units; a head that returns gets a number, since readers address columns by name."""
        found: list[str] = []
        for column in self.columns:
            label, number = column.label, 1
            while label in found:
                number += 1
                label = f"{column.label}_{number}"
            found.append(label)
        return found

    @property
    def explained(self) -> tuple[Definition, ...]:
        """The definitions in full form."""
        return tuple(Definition(*entry) for entry in self.definitions)


def _said(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "是" if value else "否"
    return str(value)


def _text(series: pd.Series, column: ExportColumn) -> pa.Array:
    pairs = zip(series.astype(object).tolist(), series.isna().tolist(), strict=True)
    return clean([None if gone else value if isinstance(value, str) else _said(value) for value, gone in pairs])


def _number(series: pd.Series, column: ExportColumn) -> pa.Array:
    if pd.api.types.is_integer_dtype(series.dtype):
        return pa.array(series, pa.int64(), from_pandas=True)
    values = pd.to_numeric(series).to_numpy(dtype="float64", na_value=np.nan)
    return pa.array(np.where(np.isfinite(values), values, np.nan), pa.float64(), from_pandas=True)


def _date(series: pd.Series, column: ExportColumn) -> pa.Array:
    moments = pd.to_datetime(series, format="ISO8601")
    if moments.dt.tz is not None:
        moments = moments.dt.tz_localize(None)
    only_days = not column.moments and bool((moments.dropna() == moments.dropna().dt.normalize()).all())
    return pa.array(moments.astype("datetime64[ms]"), pa.timestamp("ms"), from_pandas=True).cast(
        pa.date32() if only_days else pa.timestamp("ms")
    )


_READERS = {"text": _text, "number": _number, "date": _date}


def typed(table: ExportTable) -> pa.Table:
    """The frame as typed columns, from which every format is written, so that they cannot disagree.

    Text is cleaned; numbers are int64 or double; dates are days, or moments where any has a time of day. A missing,
    infinite or undefined value is null. Raises ValueError when a column does not hold what its kind says.
    """
    arrays = []
    for position, (column, label) in enumerate(zip(table.columns, table.labels, strict=True)):
        try:
            arrays.append(_READERS[column.kind](table.frame.iloc[:, position], column))
        except (ValueError, TypeError, AttributeError) as error:
            kind = {"number": "数字", "date": "日期", "text": "文字"}[column.kind]
            raise ValueError(f"导出表“{table.title}”的列“{label}”应为{kind}，其中有不能读作{kind}的内容：{error}") from error
    return pa.table(arrays, names=table.labels)
