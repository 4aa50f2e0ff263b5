"""Frames of contract columns as cells of a sheet, and the typist's hand in them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo import typist
from etl.demo.profile import STREET
from etl.demo.workbooks import Cell, Sheet


def cells(column: pd.Series) -> list[Cell]:
    """A column as cells: dates as dates, whole numbers without a point, missing as blank."""
    if column.dtype.kind == "M":
        return column.to_numpy("datetime64[D]").tolist()
    values = column.tolist()
    if column.dtype.kind == "f":
        return [None if v != v else int(v) if v == int(v) else v for v in values]
    return [None if v == "" else v for v in values]


def columns_of(frame: pd.DataFrame, heads: dict[str, str]) -> dict[str, list[Cell]]:
    return {name: cells(frame[name]) for name in heads}


def sheet_of(title: str, heads: dict[str, str], columns: dict[str, list[Cell]], note: str = "", name: str = "Sheet1") -> Sheet:
    return Sheet(title=f"{STREET}{title}", heads=list(heads.values()), columns=[columns[c] for c in heads], note=note, name=name)


def type_dates(columns: dict[str, list[Cell]], rows: np.ndarray, dates: tuple[str, ...]) -> None:
    """The typist's rows: dates typed as text."""
    for name in dates:
        for row, cell in zip(rows, typist.typed_dates([columns[name][r] for r in rows]), strict=True):
            columns[name][row] = cell
