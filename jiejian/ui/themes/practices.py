"""模式卡: the cards laid out in a grid, narrowed by pillar, place and word; each leads to its page and to a deck of its own."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from jiejian.analysis.standing import Standing
from jiejian.catalogue import Deck
from jiejian.context import Context
from jiejian.export.tables import ExportTable
from jiejian.ui import deck_files, deckbook, frame, person, show
from jiejian.ui.downloads import Offer, downloads
from jiejian.ui.theme import text
from jiejian.ui.themes.model_cards import NO_FIGURES, ModelCard, Published, cards
from jiejian.ui.view import View, kept

_SHOWN = 4
_TOPIC = "topic"
_COLUMNS = ("编号", "名称", "地点", "做法", "类别", "数字名称", "数值", "时间口径", "来源或变化", "信号")


def page(view: View) -> None:
    every, faces = _laid_out(view)
    there = sum(bool(c.standing) for c in every)
    show.heading(
        "模式卡",
        f"{len(every)}个做法一做法一卡：哪里的、怎么做、公开报道里的数字，以及{view.scope}对应的指标。其中{there}个做法本街道有数。",
    )
    found = _narrowed(every)
    if not found:
        st.info("没有符合条件的做法，换一个词或把条件放宽。")
        return
    topics = _topics(view)
    # Not everybody has every page, and a link to one that is not in the menu is an error.
    pages = {p.name: p.title for p in frame.PAGES if person.current().may(p.may)}
    # A grid of the style sheet: columns of Streamlit's own would be a block for each row and each card.
    with st.container(key="practice_cards"):
        for card in found:
            with st.container(border=True, height="stretch"):
                _draw(view, card, faces[card.practice.id], topics, pages)
    st.caption("公开报道的数字各有时间口径，只说明当地当时，不与本街道的数字排名。本街道的变化与去年同期比，信号按社区判断。")
    _take_away(view, every, found)


@kept
def _laid_out(view: View) -> tuple[list[ModelCard], dict[str, str]]:
    """The cards, and the face of each as HTML by the id of its practice."""
    every = cards(view)
    return every, {card.practice.id: _html(card) for card in every}


def _narrowed(every: Sequence[ModelCard]) -> list[ModelCard]:
    pillars = list(dict.fromkeys(p for card in every for p in card.pillars))
    places = list(dict.fromkeys(p for card in every for p in card.where))
    left, middle, right = st.columns([3, 2, 2], vertical_alignment="bottom")
    pillar = left.segmented_control("支柱", pillars, key="practice_pillar", bind="query-params")
    place = middle.selectbox("地点", places, index=None, placeholder="全部地点", key="practice_place", bind="query-params")
    word = right.text_input("查找", placeholder="编号、名称、做法、指标", key="practice_word", bind="query-params") or ""
    return [c for c in every if (not pillar or pillar in c.pillars) and (not place or place in c.where) and c.tells(word)]


# ---- one card ----


def _draw(view: View, card: ModelCard, face: str, topics: frozenset[str], pages: Mapping[str, str]) -> None:
    st.html(face)
    with st.container(horizontal=True, vertical_alignment="center"):
        if (name := card.practice.page) in pages:
            st.page_link(f"pages/{name}.py", label=f"看{pages[name]}", icon=":material/arrow_forward:")
        topic = f"{card.practice.id} {card.practice.name}"
        if topic in topics and st.button("做成演示", key=f"deck_of_{card.practice.id}", icon=":material/slideshow:", help="用这个做法的指标新建一份专题演示"):  # fmt: skip
            _make_deck(view, topic)


def _html(card: ModelCard) -> str:
    safe, practice = html.escape, card.practice
    tags = "".join(f"<span>{safe(t)}</span>" for t in (*card.where, *card.pillars))
    return (
        f'<div class="jj-practice"><h3><b>{safe(practice.id)}</b> {safe(practice.name)}</h3><div class="tags">{tags}</div>'
        f"<p>{safe(practice.what)}</p><h4>公开报道</h4>{_told(card.published)}<h4>本街道</h4>{_stands(card)}</div>"
    )


def _folded(items: Sequence[str], wrap: str, more: str) -> str:
    """The first few items, and the others one click away."""
    head = f"<{wrap}>{''.join(items[:_SHOWN])}</{wrap}>"
    rest = items[_SHOWN:]
    return head + f"<details><summary>另有{len(rest)}{more}</summary><{wrap}>{''.join(rest)}</{wrap}></details>" if rest else head


def _told(printed: Sequence[Published]) -> str:
    if not printed:
        return f"<p>{NO_FIGURES}。</p>"
    safe = html.escape
    return _folded(
        [
            f"<li>{safe(p.name)} <b>{safe(p.written)}</b><small>{safe('，'.join(t for t in (p.place, p.window) if t))}。{safe(p.source)}</small></li>"
            for p in printed
        ],
        "ul",
        "个数字",
    )


def _stands(card: ModelCard) -> str:
    if not card.standing:
        names = "、".join(m.name for m in card.metrics)
        return f"<p>还没有收到数据。收到后用这些指标看：{html.escape(names)}。</p>" if names else "<p>还没有对应的指标。</p>"
    return _folded([_row(s) for s in card.standing], "table", "项指标")


def _row(one: Standing) -> str:
    safe = html.escape
    tone = "worse" if one.worse else "better" if one.improved else ""
    # The colour is the signal's: a street's total may fall while two of its communities have changed for the better.
    signal = f'<span class="{tone}">{safe(one.signal)}</span>' if one.signal else ""
    said = "；".join(part for part in (safe(one.change), signal) if part)
    return (
        f'<tr title="{safe(one.metric.definition)}"><td><div><span>{safe(one.metric.name)}</span><b>{safe(one.figure)}</b></div>'
        f"<small><i>{safe(one.period.label)}</i>　{said}</small></td></tr>"
    )


# ---- a deck of it ----


def _plan(view: View) -> Deck | None:
    return next((d for d in view.catalogue.decks.values() if d.subject == _TOPIC), None)


def _usable(view: View) -> View | None:
    return deckbook.view_for(view.whole, Deck(id="x", name="x", dataset=view.dataset.id))


def _topics(view: View) -> frozenset[str]:
    """The topics of which a deck can be made from this data set."""
    made = _made_of(view)  # also where nobody may: a page is drawn ahead by somebody who may do nothing
    return made if person.current().may("decks") else frozenset()


@kept
def _made_of(view: View) -> frozenset[str]:
    plan, usable = _plan(view), _usable(view)
    return frozenset(deckbook.subjects(usable, plan)) if plan and usable else frozenset()


def _make_deck(view: View, topic: str) -> None:
    """Save a deck of the practice and open it."""
    usable = _usable(view)
    made = deckbook.filled(usable, _plan(view), topic).model_copy(update={"dataset": view.dataset.id})
    name = deck_files.save(deck_files.free_name(made.name), made)
    st.session_state["deck_fresh"], st.session_state["deck_said"] = name, "已新建，可以放映和修改。"
    st.switch_page("pages/decks.py", query_params={})


# ---- the cards as a table ----


def _take_away(view: View, every: Sequence[ModelCard], found: Sequence[ModelCard]) -> None:
    context = view.context()
    with st.popover("下载", icon=":material/download:"):
        downloads(
            "practices",
            "模式卡",
            context,
            Offer("当前视图", _count(found), lambda: _table(_rows(found), context)),
            Offer("全部做法", _count(every), lambda: _table(_rows(every), context)),
        )


def _count(chosen: Sequence[ModelCard]) -> int:
    """How many rows the table of some cards has."""
    return sum(max(1, len(card.published)) + len(card.standing) for card in chosen)


def _rows(chosen: Sequence[ModelCard]) -> pd.DataFrame:
    rows = []
    for card in chosen:
        head = (card.practice.id, card.practice.name, "、".join(card.where), card.practice.what)
        rows += [(*head, "公开报道", f"{p.place} {p.name}", p.written, p.window, p.source, "") for p in card.published]
        rows += [] if card.published else [(*head, "公开报道", NO_FIGURES, "", "", "", "")]
        rows += [(*head, "本街道", s.metric.name, s.figure, s.period.label, s.change, s.signal) for s in card.standing]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _table(rows: pd.DataFrame, context: Context) -> ExportTable:
    return ExportTable("模式卡", rows, tuple(text(head) for head in _COLUMNS), context)
