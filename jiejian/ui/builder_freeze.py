"""Freezing the figures of a deck, and what would be different today."""

from __future__ import annotations

import streamlit as st

from jiejian.format import format_value
from jiejian.slides import frozen
from jiejian.ui import deck, deck_files, messages
from jiejian.ui.deckbook import Opened

_SHOWN = 200


def freeze(opened: Opened, name: str) -> None:
    """Freeze, refresh or let go, and the list of differences."""
    st.markdown("定格之后，不论再装载什么，这份演示的数字都停在定格那一刻，每页注明“数据截至……定格”。")
    if opened.frozen is None:
        st.button("定格现在的数字", key="deck_freeze", on_click=messages.answered(_take), args=(opened, name), disabled=opened.view is None)
        return
    st.markdown(f"**{opened.frozen.on} 定格。**")
    row = st.columns(3)
    row[0].button(
        "刷新定格", key="deck_refreeze", on_click=messages.answered(_take), args=(opened, name), disabled=opened.view is None, width="stretch"
    )
    row[1].button("取消定格", key="deck_thaw", on_click=messages.answered(_let_go), args=(opened, name), width="stretch")
    if opened.view is None:
        st.info("本机没有这份演示的数据集，只能放映定格的数字，不能比较。")
        return
    _differences(opened)


def _differences(opened: Opened) -> None:
    catalogue = opened.view.catalogue
    found = frozen.differences(opened.frozen, deck.fetcher(opened.view), catalogue)
    if found.empty:
        st.success("与现在的数字一致。")
        return
    st.warning(f"有{len(found)}个数字与现在不同。开会之前请确认：是继续用定格的数字，还是刷新。")
    by_name = {m.name: m for m in catalogue.metrics.values()}
    texts = {
        column: [format_value(v, by_name.get(m, ""), exact=True) for v, m in zip(found[column], found["metric"], strict=True)]
        for column in ("then", "now")
    }
    shown = found.assign(**texts)[["place", "metric", "period", "then", "now"]].head(_SHOWN)
    heads = {"place": "社区", "metric": "指标", "period": "时间", "then": "定格的数字", "now": "现在的数字"}
    st.dataframe(shown.rename(columns=heads), hide_index=True, width="stretch")


def _take(opened: Opened, name: str) -> None:
    taken = frozen.freeze(opened.deck, deck.fetcher(opened.view), opened.view.catalogue)
    deck_files.save(name, opened.deck, taken, action="定格")
    st.session_state["deck_said"] = "已定格。"


def _let_go(opened: Opened, name: str) -> None:
    deck_files.save(name, opened.deck, None, action="取消定格")
    st.session_state["deck_said"] = "已取消定格，演示随数据更新。"
