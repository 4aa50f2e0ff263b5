"""数字从哪来: from a figure on the page to the load, file, sheet and cell that it was read from, or to the rows that were counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from jiejian.catalogue import Metric
from jiejian.figures import names_of
from jiejian.ui.view import View

_ALL = ""
_HEADS = {
    "measure": "计量项",
    "place": "社区",
    "period": "时间",
    "value": "数值",
    "written": "原文",
    "file": "文件",
    "sheet": "工作表",
    "cell": "单元格",
    "key": "编号",
    "day": "日期",
    "rows": "行数",
    "loaded_at": "装载时间",
    "user": "经办",
    "correction": "更正",
}


def origin(view: View, metrics: Sequence[Metric], key: str) -> None:
    """The fold beside 口径; asked for only once it is opened."""
    if view.published or view.period is None or not metrics:
        return
    with st.expander("数字从哪来", key=f"{key}_origin", on_change="rerun") as fold:
        if not fold.open:
            return
        left, right = st.columns(2)
        names = names_of(view.named)
        offered = [*(p for p in view.places if p in names), *(p for p in names if p not in view.places)]
        unit = view.catalogue.datasets[view.dataset.id].unit_of_comparison
        place = left.selectbox(
            unit, [*offered, _ALL], format_func=lambda p: names.get(p, f"全部{unit}"), key=f"{key}_origin_place"
        )
        by_id = {m.id: m for m in metrics}
        metric = right.selectbox("指标", list(by_id), format_func=lambda m: by_id[m].name, key=f"{key}_origin_metric")
        _draw(view, tuple(names) if place == _ALL else (place,), metric)


def _draw(view: View, places: tuple[str, ...], metric: str) -> None:
    found = view.ask("lineage", places, metric, view.period)
    names = {m.id: m.name for m in view.catalogue.measures.values()}
    if not found.reported.empty:
        frame = found.reported.assign(
            measure=found.reported["measure"].map(names), cell=[_bare(cell) for cell in found.reported["cell"]]
        )
        st.markdown(f"{view.period.label}，读自下列单元格：")
        _table(frame)
    for counted in found.counted:
        st.markdown(f"**{counted.measure.name}**：由台账逐条汇总，共 {counted.rows:,} 条。")
        if counted.rows:
            _table(counted.files)
            st.caption(f"其中前 {len(counted.first)} 条：" if counted.rows > len(counted.first) else "各条：")
            _table(counted.first.assign(cell=[_bare(cell) for cell in counted.first["cell"]]))
    if found.reported.empty and not found.counted:
        st.markdown(f"{view.period.label}没有报送这一项。缺报就是空，不是零。")


def _bare(cell: str | None) -> str:
    """The cell without its sheet, which has a column of its own; a row of an event is 第 n 行."""
    bare = (cell or "").rsplit("!", 1)[-1]
    return f"第 {bare} 行" if bare.isdigit() else bare


def _table(frame: pd.DataFrame) -> None:
    here = datetime.now().astimezone().tzinfo
    shown = frame.copy()
    if "loaded_at" in shown:
        moments = pd.to_datetime(shown["loaded_at"]).dt.tz_localize("UTC").dt.tz_convert(here)
        shown["loaded_at"] = moments.dt.strftime("%Y-%m-%d %H:%M")
    empty = [c for c in shown if c not in ("value", "file") and (shown[c].isna() | (shown[c] == "")).all()]
    st.dataframe(shown.drop(columns=empty).rename(columns=_HEADS), hide_index=True, width="stretch", placeholder="")
