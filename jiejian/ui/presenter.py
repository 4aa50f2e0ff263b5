"""观摩展示: the slides of a ready deck, one at a time, full screen, turned with the arrow keys. The step stands in the URL."""

from __future__ import annotations

import html

import pandas as pd
import streamlit as st

from jiejian.charts import Ready
from jiejian.selection import latest_periods
from jiejian.slides import Slide
from jiejian.ui import cards, data, deck, messages, show
from jiejian.ui.view import View
from jiejian.warehouse import Warehouse

_STEP = "slide"


def present(source: Warehouse) -> None:
    """Show the slide that the URL names; → and ← turn, the last link leads back to the frame."""
    view = _view(source)
    decks = list(view.catalogue.decks.values()) if view else []
    slides = deck.slides(view, decks[0]) if decks else []
    if not slides:
        messages.empty("还没有可以展示的幻灯片。", "幻灯片需要按月报送的台账；请先装载台账。")
        st.page_link("pages/overview.py", label="返回总览")
        return
    step = _step(len(slides))
    with st.container(key="slide"):
        _draw(slides[step], view)
    _turn(step, len(slides))


def _view(source: Warehouse) -> View | None:
    """The default data set that has months, at its newest month."""
    for info in data.ask(source, "datasets").values():
        if info.mode == "periodic" and (months := latest_periods(info.first, info.as_of)["month"]):
            metrics = data.ask(source, "metrics", info.id)
            if any("month" in data.ask(source, "grains", info.id, m.id) for m in metrics):
                return View(source, info, metrics, months[0])
    return None


def _step(count: int) -> int:
    wanted = st.query_params.get(_STEP, "1")
    return min(max(int(wanted), 1), count) - 1 if wanted.isdecimal() and len(wanted) < 6 else 0


def _draw(slide: Slide, view: View) -> None:
    st.title(slide.title, anchor=False)
    st.markdown(slide.takeaway)
    if slide.figure is not None:
        st.plotly_chart(Ready(slide.figure), key="slide_figure", config=show.QUIET, theme=None)
    elif slide.cards:
        cards.draw(slide.cards, view.catalogue)
    elif slide.table:
        heads, *rows = slide.table
        st.dataframe(pd.DataFrame(rows, columns=heads), hide_index=True, width="stretch")
    mark = f' <span class="jj-demo">{show.DEMO_MARK}</span>' if slide.fictional else ""
    foot = slide.foot.removesuffix(f" · {show.DEMO_MARK}")
    st.html(f'<div class="jj-slide-foot">{html.escape(slide.scope)}　{html.escape(foot)}{mark}</div>')


def _turn(step: int, count: int) -> None:
    """The keys and the way out; small, at the lower edge."""
    with st.container(key="turn", horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.button("上一页", key="back", shortcut="Left", disabled=step == 0, on_click=_go, args=(-1, count))
        st.html(f'<div class="jj-step">{step + 1} / {count}</div>')
        st.button("下一页", key="next", shortcut="Right", disabled=step == count - 1, on_click=_go, args=(1, count))
        st.page_link("pages/overview.py", label="退出展示")


def _go(by: int, count: int) -> None:
    """Turn from where the URL stands now, so that quick presses add up."""
    st.query_params[_STEP] = str(min(max(_step(count) + by, 0), count - 1) + 1)
