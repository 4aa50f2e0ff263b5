"""观摩展示: the offline deck itself, served inside the page and filling it. The step and the deck stand in the URL."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from jiejian.catalogue import Deck
from jiejian.export.html_deck import to_html
from jiejian.slides import Slide
from jiejian.ui import deckbook, messages, nothing
from jiejian.ui.view import View

DECK, SUBJECT = "deck", "subject"


def present(view: View) -> None:
    """Show the deck that the URL names, or the first one; keys and the way out are the deck's own."""
    source = view.whole
    front = source.catalogue.front_deck()
    wanted, subject = st.query_params.get(DECK, front.id if front else ""), st.query_params.get(SUBJECT, "")
    opened = deckbook.find(source, wanted, subject, view.anonymous)
    with st.container(key="leave"):
        st.page_link("pages/overview.py", label="退出展示")
    if opened is None or opened.fault:
        reason = opened.fault if opened else f"没有名为“{source.cleaned(wanted)}”的演示，可能已改名或删除。"
        messages.empty(reason, "请在“演示文稿”页另选一份。")
        return
    slides = deckbook.slides(opened)
    if not slides:
        messages.empty("还没有可以展示的幻灯片。", "幻灯片需要按月报送的台账。")
        nothing.nothing(view)
        return
    with st.container(key="deck"):
        st.iframe(_page(tuple(slides), opened.deck), height="stretch", tab_index=0, alt=f"幻灯片：{opened.deck.name}")


@lru_cache(maxsize=16)
def _page(slides: tuple[Slide, ...], deck: Deck) -> str:
    return to_html(slides, deck)
