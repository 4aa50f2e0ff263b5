"""Communities side by side at one period; a click leads to one community."""

from __future__ import annotations

import streamlit as st

from jiejian import charts
from jiejian.ui import data, show, tables
from jiejian.ui.view import View

_KEY = "compare_chart"
_READING = (
    "每一行是一个社区，点是本期数值。横线是 95% 误差范围：件数少的社区横线长，数值更容易受偶然影响。"
    "横线不碰平均线的社区，才算与街道平均有差异。"
)
_READING_COUNT = "每一条是一个社区的数量，从零画起，可以直接比长短。数量受社区大小影响，比快慢好坏请看比率类指标。没有条的社区是缺报，不是零。"


def compare(view: View) -> None:
    """Draw the comparison of the picked metric; the picked communities are in focus, the others stay as background."""
    frame = data.figures(view.asking(places=()))
    ordered = st.toggle("按数值排列（默认按街道惯例顺序）", key="ordered", bind="query-params")
    context = view.context(reporting=_reporting(frame))
    figure = charts.ranked(frame, view.metric, context, focus=set(view.places), standard=view.standard, ordered=ordered)
    show.chart(
        figure, _KEY, tables.screen_table(frame, [view.metric]), [view.metric],
        reading=_READING if view.metric.kind == "proportion" else _READING_COUNT, on_click=_open,
    )
    if st.session_state.pop("_open_community", False):
        st.switch_page("pages/trends.py", query_params={k: st.query_params.get_all(k) for k in st.query_params})


def _reporting(frame) -> str:
    there = int(frame["value"].notna().sum())
    return f"{there}/{len(frame)}" if there < len(frame) else ""


def _open() -> None:
    """A click on a mark: that community becomes the picked one and the next page its trend."""
    place = show.clicked(_KEY)
    if place:
        st.session_state["community"] = [place]
        st.session_state["_open_community"] = True
