"""Changing a deck: its settings, its stops, one slide at a time. Every change is saved at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from jiejian.catalogue import Deck, DeckSlide, Stop
from jiejian.figures import names_of
from jiejian.slides import Slide
from jiejian.ui import deck_files, messages
from jiejian.ui.deckbook import Opened

KINDS = {"cards": "关键数字", "ranking": "社区之间（排序图）", "trend": "走势图", "table": "一览表"}
_AT = "deck_slide"


@dataclass(frozen=True)
class Spot:
    """Where a planned slide stands: which stop of the route, which slide of the stop."""

    stop: int
    slide: int


def edit(opened: Opened, name: str, slides: Sequence[Slide]) -> None:
    """Settings, stops, and the slide that is picked."""
    settings, page = st.columns([2, 3])
    with settings:
        _settings(opened, name)
        _stops(opened, name)
    with page:
        _slide(opened, name, slides)


def _save(opened: Opened, name: str, **parts) -> None:
    deck_files.save(name, opened.deck.model_copy(update=parts), opened.frozen)


# ---- the whole deck ----


def _settings(opened: Opened, name: str) -> None:
    with st.form(f"deck_settings_{name}", border=True):
        title = st.text_input("名称", opened.deck.name, max_chars=60)
        seconds = st.number_input("自动播放每页秒数", 3, 600, opened.deck.seconds)
        internal = st.toggle("每页标注“内部资料”", opened.deck.internal)
        if st.form_submit_button("保存设置"):
            kept = name
            if title.strip() and title.strip() != name:
                kept = deck_files.save(deck_files.free_name(title), opened.deck, opened.frozen)
                deck_files.delete(name)
            changed = opened.deck.model_copy(update={"seconds": int(seconds), "internal": internal})
            deck_files.save(kept, changed, opened.frozen)
            st.session_state["deck_fresh"], st.session_state["deck_said"] = kept, "已保存。"
            st.rerun()


def _stops(opened: Opened, name: str) -> None:
    """Order, name and minutes of the stops of a route."""
    stops = opened.deck.stops
    if not stops:
        return
    st.markdown("**点位**（顺序、名称、分钟；把顺序改小即往前移）")
    table = pd.DataFrame({"顺序": range(1, len(stops) + 1), "点位": [s.name for s in stops], "分钟": [s.minutes for s in stops]})
    config = {
        "顺序": st.column_config.NumberColumn(min_value=0, max_value=99, step=1, required=True),
        "分钟": st.column_config.NumberColumn(min_value=0, max_value=600, required=True),
    }
    changed = st.data_editor(
        table, hide_index=True, column_config=config, key=f"deck_stops_{name}_{hash(stops)}", width="stretch"
    )
    if not changed.equals(table) and st.button("保存点位", key="deck_stops_save"):
        order = changed.sort_values("顺序", kind="stable").index
        moved = tuple(
            stops[i].model_copy(update={"name": str(changed.at[i, "点位"])[:40], "minutes": float(changed.at[i, "分钟"])})
            for i in order
        )
        _save(opened, name, stops=moved)
        st.rerun()


# ---- one slide ----


def _spots(deck: Deck) -> list[Spot]:
    return [Spot(s, n) for s, stop in enumerate(deck.route) for n in range(len(stop.slides))]


def _slide(opened: Opened, name: str, slides: Sequence[Slide]) -> None:
    spots = _spots(opened.deck)
    if not spots:
        st.button("添加一页", on_click=messages.answered(_add), args=(opened, name, None), key="deck_add_first")
        return
    if st.session_state.get(_AT, 0) not in range(len(spots)):
        st.session_state[_AT] = 0
    at = st.selectbox("修改哪一页", range(len(spots)), format_func=lambda n: _label(opened.deck, spots[n], n), key=_AT)
    spot = spots[at]
    planned = opened.deck.route[spot.stop].slides[spot.slide]
    _form(opened, name, spot, planned, _shown(slides, planned, opened))
    row = st.columns(4)
    row[0].button("上移", key="deck_up", on_click=messages.answered(_move), args=(opened, name, spot, -1), disabled=spot.slide == 0, width="stretch")
    last = spot.slide == len(opened.deck.route[spot.stop].slides) - 1
    row[1].button("下移", key="deck_down", on_click=messages.answered(_move), args=(opened, name, spot, 1), disabled=last, width="stretch")
    row[2].button("在后面添加一页", key="deck_add", on_click=messages.answered(_add), args=(opened, name, spot), width="stretch")
    row[3].button("删去本页", key="deck_drop", on_click=messages.answered(_drop), args=(opened, name, spot), width="stretch")


def _label(deck: Deck, spot: Spot, n: int) -> str:
    stop = deck.route[spot.stop]
    planned = stop.slides[spot.slide]
    where = f"{stop.name}：" if stop.name else ""
    return f"{n + 1}　{where}{planned.title or KINDS[planned.kind]}"


def _shown(slides: Sequence[Slide], planned: DeckSlide, opened: Opened) -> Slide | None:
    """A slide that was made from this plan, for what is found when nothing is written."""
    return next((s for s in slides if s.kind == planned.kind and not planned.title), None)


def _form(opened: Opened, name: str, spot: Spot, planned: DeckSlide, shown: Slide | None) -> None:
    known = opened.view.catalogue.metrics if opened.view else {}
    offered = [m.id for m in opened.view.metrics] if opened.view else []
    places = names_of(opened.view.known) if opened.view else {}
    with st.form(f"deck_form_{name}_{spot.stop}_{spot.slide}_{hash(planned)}", border=True):
        kind = st.selectbox("内容", list(KINDS), list(KINDS).index(planned.kind), format_func=KINDS.get)
        metrics = st.multiselect(
            "指标（排序图和走势图每项一页）", list(dict.fromkeys([*planned.metrics, *offered])), planned.metrics,
            format_func=lambda m: known[m].name if m in known else f"{m}（已不存在）", max_selections=12, placeholder="选择指标",
        )  # fmt: skip
        focus = st.multiselect(
            "突出的社区", list(dict.fromkeys([*planned.places, *places])), planned.places,
            format_func=lambda p: str(places.get(p, p)).rsplit("/", 1)[-1], max_selections=6, placeholder="不突出",
        )  # fmt: skip
        title = st.text_input("标题（不写则用数据得出的结论）", planned.title, max_chars=60)
        takeaway = st.text_area("一句话说明（不写则自动生成）", planned.takeaway, max_chars=400, height=80)
        notes = st.text_area(
            "讲稿（只有讲者看得到；口径、来源和可能的提问会自动附在后面）", planned.notes, max_chars=4000, height=110
        )
        if st.form_submit_button("保存本页", type="primary"):
            changed = DeckSlide(
                kind=kind,
                metrics=tuple(metrics),
                places=tuple(focus),
                title=title.strip(),
                takeaway=takeaway.strip(),
                notes=notes,
            )
            _change(opened, name, spot, lambda own: [*own[: spot.slide], changed, *own[spot.slide + 1 :]])
            st.session_state["deck_said"] = "已保存。" + ("数字已定格，请刷新定格后再放映。" if opened.frozen else "")
            st.rerun()


def _change(opened: Opened, name: str, spot: Spot, act: Callable[[list[DeckSlide]], list[DeckSlide]]) -> None:
    """Change the slides of one stop; slides without a stop are the deck's own."""
    deck = opened.deck
    changed = tuple(act(list(deck.route[spot.stop].slides)))
    if deck.slides and spot.stop == 0:
        _save(opened, name, slides=changed)
        return
    at = spot.stop - bool(deck.slides)
    stops: list[Stop] = list(deck.stops)
    stops[at] = stops[at].model_copy(update={"slides": changed})
    _save(opened, name, stops=tuple(stop for stop in stops if stop.slides))


def _move(opened: Opened, name: str, spot: Spot, by: int) -> None:
    def act(own: list[DeckSlide]) -> list[DeckSlide]:
        own[spot.slide], own[spot.slide + by] = own[spot.slide + by], own[spot.slide]
        return own

    _change(opened, name, spot, act)
    st.session_state[_AT] = st.session_state.get(_AT, 0) + by


def _add(opened: Opened, name: str, spot: Spot | None) -> None:
    """A page of key figures after this one, to be changed at once."""
    first = tuple(m.id for m in opened.view.metrics[:3]) if opened.view else ()
    fresh = DeckSlide(kind="cards", metrics=first)
    if spot is None:
        _save(opened, name, slides=(*opened.deck.slides, fresh))
        return
    _change(opened, name, spot, lambda own: [*own[: spot.slide + 1], fresh, *own[spot.slide + 1 :]])
    st.session_state[_AT] = st.session_state.get(_AT, 0) + 1


def _drop(opened: Opened, name: str, spot: Spot) -> None:
    _change(opened, name, spot, lambda own: own[: spot.slide] + own[spot.slide + 1 :])
    st.session_state[_AT] = max(st.session_state.get(_AT, 0) - 1, 0)
