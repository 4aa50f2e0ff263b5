"""Communities × metrics as text, so many communities a slide, the street's row at the end of each."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from jiejian.analysis.takeaway import Finding, fit_title, gap_word
from jiejian.catalogue import Catalogue, Metric
from jiejian.format import format_value
from jiejian.privacy import HIDDEN
from jiejian.slides.model import Look, Slide, SlideData

ROWS_A_SLIDE = 12


def table_slides(data: SlideData, metrics: Sequence[Metric], catalogue: Catalogue, look: Look) -> list[Slide]:
    """As many slides as the communities need; empty where there is no figure at all."""
    if not data.frame["value"].notna().any():
        return []
    shown = [m for m in metrics if (data.frame["metric"] == m.id).any()]
    heads = ("社区", *(f"{m.name}（{m.unit}）" for m in shown))
    rows, street = _table_rows(data.frame, shown), _street_row(data, shown)
    title, takeaway = _table_finding(data.frame, shown, [m for m in metrics if m not in shown], len(rows))
    pages = [rows[i : i + ROWS_A_SLIDE] for i in range(0, len(rows), ROWS_A_SLIDE)]
    numbered = [f"（{n}/{len(pages)}）" if len(pages) > 1 else "" for n in range(1, len(pages) + 1)]
    return [Slide(title + n, "table", takeaway, table=(heads, *page, street)) for n, page in zip(numbered, pages, strict=True)]


def _texts(rows: pd.DataFrame, metric: Metric) -> list[str]:
    parts = zip(rows["value"], rows["denominator"], rows["status"], strict=True)
    return [
        format_value(value, metric) if not pd.isna(value) else "不显示" if status == HIDDEN else gap_word(below)
        for value, below, status in parts
    ]


def _table_rows(frame: pd.DataFrame, metrics: Sequence[Metric]) -> list[tuple[str, ...]]:
    """One row a community in customary order."""
    places = frame.drop_duplicates("place_id").sort_values("sort", kind="stable")
    columns = [list(places["place"].astype(str))]
    for metric in metrics:
        own = frame[frame["metric"] == metric.id].set_index("place_id").reindex(places["place_id"])
        columns.append(_texts(own, metric))
    return list(zip(*columns, strict=True))


def _street_row(data: SlideData, metrics: Sequence[Metric]) -> tuple[str, ...]:
    """The street's figures of the newest period; — where communities may not be added or nobody reported."""
    key = data.frame["period"].iloc[0]
    now = data.totals[data.totals["period"] == key].drop_duplicates("metric").set_index("metric")["value"]
    return ("全街道", *(format_value(now.get(m.id), m) for m in metrics))


def _table_finding(frame: pd.DataFrame, shown: Sequence[Metric], absent: Sequence[Metric], places: int) -> Finding:
    gaps = {m.name: int(frame.loc[frame["metric"] == m.id, "value"].isna().sum()) for m in shown}
    missing = "、".join(f"{name}{count}个" for name, count in gaps.items() if count)
    told = f"缺数的社区：{missing}，表中写明缺报或分母为0。" if missing else "各社区均有数。"
    told += f"暂无数据：{'、'.join(m.name for m in absent)}。" if absent else ""
    title = fit_title(f"{places}个社区{len(shown)}项指标一览", otherwise="各社区主要指标数值一览")
    return title, f"按街道惯例顺序排列，不是名次。{told}"
