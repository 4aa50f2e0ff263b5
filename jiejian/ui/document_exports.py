"""数据导出, 公文: the monthly bulletin and a community's portrait as .docx, drafted from the same frames as the pages."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.analysis.cells import concerns, progress
from jiejian.analysis.peers import beside
from jiejian.analysis.takeaway import cell_sentence, signals
from jiejian.catalogue import Metric
from jiejian.export.docx import MIME, Bulletin, to_bulletin, to_portrait
from jiejian.export.tables import file_name
from jiejian.figures import names_of
from jiejian.format import format_value
from jiejian.ledgers.breakdowns import breakdown
from jiejian.periods import period_of
from jiejian.ui import attention, board, data, deck, portrait
from jiejian.ui.downloads import taken
from jiejian.ui.pillars import pillars
from jiejian.ui.view import View

HOT = 5
_ROWS = 8


def draw(view: View) -> None:
    """Draw the tab: two documents on the last of the picked periods, each made on a click."""
    view = replace(view, since=None)
    internal = st.toggle("标注“内部资料”", key="docx_internal")
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.subheader("月度通报", anchor=False)
        st.markdown(
            "按公文格式起草：总体情况、各社区情况、诉求热点、值得关注的变化、下一步工作，附各社区一览表。不排名次，下载后请修改审定。"
        )
        _offer(view, "月度通报", "bulletin", lambda: _bulletin(view, internal), internal)
    with right, st.container(border=True):
        st.subheader("社区画像", anchor=False)
        names = names_of(view.named)
        first = list(names).index(view.places[0]) if view.places and view.places[0] in names else 0
        place = st.selectbox("社区", list(names), index=first, format_func=names.get, key="docx_place", placeholder="先在左侧选社区")
        st.markdown("一个社区的基本情况、主要指标与街道平均的比较、值得关注的变化。")
        if place:
            _offer(view, f"{names[place]}画像", f"portrait_{place}", lambda: _portrait(view, place, names[place], internal), internal)
    st.caption(f"写的是{view.period.label}；换一个时间，请在左侧选。图表要放进文稿，可以用图下的“下载图片”。")


def _offer(view: View, subject: str, key: str, write, internal: bool) -> None:
    """Make it on a click, with a sign that work is going on, then offer it."""
    identity = (view.source.version, view.selection.period, view.dataset.id, key, internal, str(st.session_state.get("grouping")))
    if st.button("起草", key=f"make_{key}", type="primary", icon=":material/edit_document:"):
        try:
            with st.spinner("正在起草……"):
                st.session_state["_docx_ready"] = {**st.session_state.get("_docx_ready", {}), key: (identity, write())}
        except ValueError as error:
            st.warning(str(error))
    ready = st.session_state.get("_docx_ready", {}).get(key)
    if ready and ready[0] == identity:
        said = view.context()
        name = file_name(said.street, f"{subject}_{view.period.label}", said.as_of, "docx", fictional=said.fictional)
        st.download_button(
            "下载 Word 文稿", taken(name, ready[1]), name, MIME, key=f"take_{key}", on_click="ignore", icon=":material/download:"
        )


# ---- the bulletin ----


def _bulletin(view: View, internal: bool) -> bytes:
    whole = replace(view, places=(), metrics=view.ask("metrics"))
    plan = view.catalogue.decks["bulletin"]
    judged = board.judge(whole)
    told = {
        what: tuple(cell_sentence(cell, judged.label) for cell in found(judged.made)) if judged else ()
        for what, found in (("concerns", concerns), ("progress", progress))
    }
    late = tuple(sentence.replace("** ", "").replace("**", "") for sentence in attention.missing(whole))
    return to_bulletin(
        Bulletin(
            view.ask("street"),
            view.period.label,
            tuple(deck.slides(whole, plan)),
            hot(whole),
            late=late,
            internal=internal,
            **told,
        )
    )


def hot(view: View) -> tuple[str, ...]:
    """The most frequent kinds of cases: a sentence each with number and share."""
    if "cases_opened" not in {m.id for m in view.ask("metrics")}:
        return ()
    periods = (view.period,) if view.period.grain != "ytd" else (period_of(view.period.end, "month"),)
    found = data.read(breakdown, view.source, view.dataset.id, "cases_opened", "category", periods)
    counts = found.groupby("category")["value"].sum().sort_values(ascending=False, kind="stable")
    whole = counts.sum()
    if not whole:
        return ()
    return tuple(f"{name}{n:,.0f}件，占{periods[0].label}的{n / whole:.1%}。" for name, n in counts.head(HOT).items())


# ---- the portrait ----


def _portrait(view: View, place: str, name: str, internal: bool) -> bytes:
    view = replace(view, places=())
    offered = pillars(view)
    metrics = list(dict.fromkeys(m for members in offered.values() for m in members))
    if not metrics:
        raise ValueError(f"{view.period.label}没有可以写进画像的数字，请在左侧换一个时间。")
    frame = view.figures(*metrics)
    compared = charts.compared_board(frame, metrics)
    verdicts = compared[compared["place_id"] == place].set_index("metric")["group"]
    rows = {
        pillar: [_row(row, metric, verdicts) for row, metric in _beside(view, frame, portrait.short(members), place)]
        for pillar, members in offered.items()
    }
    said = [sentence for _, sentence in signals(compared, place, view.catalogue.metrics)]
    context = replace(view.context(*metrics), scope=name)
    return to_portrait(
        name, context, portrait.facts(view, place), rows, ("指标", "本社区", "街道平均", "判断"), said, internal=internal
    )


def _beside(view: View, frame: pd.DataFrame, metrics: list[Metric], place: str):
    found = beside(frame, metrics, place, (), view.catalogue.measures)
    return zip(found.itertuples(), metrics, strict=True)


def _row(row, metric: Metric, verdicts: pd.Series) -> tuple[str, ...]:
    own, street = (format_value(v, metric, unit=True) if math.isfinite(v) else "—" for v in (row.own, row.street))
    return metric.name, own, street, str(verdicts.get(metric.id, "")) or "—"
