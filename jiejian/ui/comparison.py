"""Communities side by side at one period; a click leads to one community."""

from __future__ import annotations

import streamlit as st

from jiejian import charts
from jiejian.ui import show, tables
from jiejian.ui.view import View

_KEY = "compare_chart"
_GO = "_open_community"


def compare(view: View) -> None:
    """Draw the comparison of the picked metric; the picked communities are in focus, the others stay as background."""
    frame = view.figures(places=())
    ordered = st.toggle("按数值排列（默认按街道惯例顺序）", key="ordered", bind="query-params")
    context = view.context(reporting=_reporting(frame))
    figure = charts.ranked(frame, view.metric, context, focus=view.places, standard=view.standard, ordered=ordered)
    show.chart(view, figure, _KEY, lambda: tables.show_table(view, frame, [view.metric]), [view.metric], on_click=_open)
    if st.session_state.pop(_GO, False):
        # An empty mapping, not None: parameters bound to pickers must not be cleared, the pickers write them again.
        st.switch_page("pages/trends.py", query_params={})


def _reporting(frame) -> str:
    there = int(frame["value"].notna().sum())
    return f"{there}/{len(frame)}" if there < len(frame) else ""


def _open() -> None:
    """A click on a mark: that community becomes the picked one and the next page its trend."""
    place = show.clicked(_KEY)
    if place:
        st.session_state["community"] = [place]
        st.session_state[_GO] = True
