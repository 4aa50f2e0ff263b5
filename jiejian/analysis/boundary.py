"""What is to be said about a series that runs over a change of boundaries, and where it is marked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pandas as pd

from jiejian.boundaries import sentences

_AFTER = {
    "更名": "数字前后连续",
    "whole": "此前为合并前各社区之和",
    "broken": "这些社区前后范围不同，不作比较",
}


def marks(changes: pd.DataFrame, first: date, last: date, places: Iterable[str] = ()) -> pd.DataFrame:
    """Changes within a series as events of a chart: happened_on and what. ``places`` narrows them to some places."""
    return sentences(changes, first, last, places)[["happened_on", "what"]]


def remark(changes: pd.DataFrame, first: date, last: date, places: Iterable[str] = ()) -> str:
    """The same as sentences that say what may be compared; '' where nothing changed."""
    told = sentences(changes, first, last, places)
    return "".join(
        f"{row.happened_on.year}年{row.happened_on.month}月{row.happened_on.day}日起{row.what}，"
        f"{_AFTER['更名' if row.kind == '更名' else 'whole' if row.whole else 'broken']}。"
        for row in told.itertuples()
    )
