"""观摩展示: the offline deck itself, served inside the page and filling it. The step and the deck stand in the URL."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import streamlit as st

from jiejian.catalogue import Deck
from jiejian.export.html_deck import to_html
from jiejian.periods import parse_period
from jiejian.selection import latest_periods
from jiejian.ui import data, deck, messages
from jiejian.ui.view import View
from jiejian.warehouse import Warehouse

DECK = "deck"


def present(source: Warehouse) -> None:
    """Show the deck that the URL names, or the first one; keys and the way out are the deck's own."""
    wanted = st.query_params.get(DECK, "")
    decks = source.catalogue.decks
    chosen = decks.get(wanted) or next(iter(decks.values()), None)
    view = view_for(source, chosen) if chosen else None
    page = _page(source, chosen, view) if view else ""
    with st.container(key="leave"):
        st.page_link("pages/overview.py", label="退出展示")
    if not page:
        messages.empty("还没有可以展示的幻灯片。", "幻灯片需要按月报送的台账；请先装载台账。")
        return
    with st.container(key="deck"):
        st.iframe(page, height="stretch", tab_index=0, alt=f"幻灯片：{chosen.name}")


@lru_cache(maxsize=16)
def _page(source: Warehouse, chosen: Deck, view: View) -> str:
    slides = deck.slides(view, chosen)
    return to_html(slides, chosen) if slides else ""


def view_for(source: Warehouse, chosen: Deck) -> View | None:
    """The data set and month that a deck asks for, or the default data set that has months, at its newest month."""
    for info in data.ask(source, "datasets").values():
        if info.mode != "periodic" or (chosen.dataset and info.id != chosen.dataset):
            continue
        metrics = data.ask(source, "metrics", info.id)
        if not any("month" in data.ask(source, "grains", info.id, m.id) for m in metrics):
            continue
        if months := latest_periods(info.first, info.as_of)["month"]:
            view = View(source, info, metrics, months[0])
            return replace(view, period=parse_period(chosen.period)) if chosen.period else view
    return None
