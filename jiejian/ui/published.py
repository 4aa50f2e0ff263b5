"""Published figures: each with its own window and source, side by side, ranked only where the date is the same."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.export.published import published_table
from jiejian.format import format_figure
from jiejian.ui import show
from jiejian.ui.downloads import Offer, downloads
from jiejian.ui.view import View

_HEADS = {
    "place_path": "地点",
    "name": "数字",
    "written": "原文写法",
    "figure": "数值",
    "window_text": "时间口径",
    "note": "备注",
    "source": "来源",
}


def _frame(view: View) -> pd.DataFrame:
    frame = view.ask("published")
    figure = [format_figure(r.value, r.lower, r.upper, r.qualifier, r.unit) for r in frame.itertuples()]
    return frame.assign(figure=figure)


def _inside(frame: pd.DataFrame, place: str) -> pd.DataFrame:
    """Figures of a place and of everything inside it."""
    return frame[(frame["place_path"] == place) | frame["place_path"].str.startswith(f"{place}/") | (place == "")]


def overview(view: View) -> None:
    """Every published figure of a place, as printed."""
    frame = _inside(_frame(view), view.place)
    show.heading(
        "公开报道中的数字",
        f"{frame['article'].nunique()} 篇报道，{frame['place_id'].nunique()} 个地点，{len(frame)} 个数字，逐条照原文。",
    )
    _show(frame, height=600)
    _downloads(view, frame, "published_overview")


def _show(frame: pd.DataFrame, height: int | str = "auto") -> None:
    table = frame[list(_HEADS)].rename(columns=_HEADS).fillna("")
    st.dataframe(table, hide_index=True, width="stretch", height=height)


def compare(view: View) -> None:
    """One kind of figure at every place that publishes it."""
    frame = _frame(view)
    chosen = frame[(frame["measure"] == view.measure) & (frame["value"].notna() | frame["lower"].notna())]
    name = view.catalogue.measures[view.measure].name
    show.heading("社区对比", f"{len(chosen)} 处公布了“{name}”，时间口径写在名称旁。")
    context = replace(view.context(), scope="", period="", sources=tuple(chosen["source"].dropna().unique()))
    show.chart(view, charts.published(chosen, name, context), "published_chart", lambda: _show(chosen))
    _downloads(view, chosen, "published_compare")


def no_trend(view: View) -> None:
    """Published snapshots make no series; say so and lead on."""
    show.heading("趋势分析")
    st.info("公开报道只给出某一时点的数字，不能连成走势。请在左侧选择“全国党内统计”或街道数据集查看趋势。")


def no_comparison(view: View, title: str) -> None:
    """Published snapshots of different places and dates make neither a portrait nor a score; say so and lead on."""
    show.heading(title)
    st.info("公开报道只给出各地某一时点的少数数字，口径和时间不同，不作画像和评分。请在左侧选择街道数据集。")


def export(view: View) -> None:
    """All published figures as a table to take away."""
    frame = _inside(_frame(view), view.place)
    show.heading("数据导出", f"公开报道数字 {len(frame)} 条，含原文写法、限定词、时间口径和来源。")
    _downloads(view, frame, "published_export")
    _show(frame, height=520)


def _downloads(view: View, frame: pd.DataFrame, key: str) -> None:
    everything = view.ask("published")
    context = view.context()
    downloads(
        key,
        "公开报道数字",
        context,
        Offer("当前视图", len(frame), lambda: published_table(frame, context)),
        Offer("全部数据", len(everything), lambda: published_table(everything, context)),
    )
