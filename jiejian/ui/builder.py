"""演示文稿: choose or make a deck, see all of its slides, change them, freeze the figures, take it away.

The file of the deck is the only state: every change is saved at once, and a second window sees it at its next run.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlencode

import streamlit as st

from jiejian.catalogue import Deck
from jiejian.export import pptx
from jiejian.export.html_deck import MIME as HTML
from jiejian.export.html_deck import to_html
from jiejian.export.tables import file_name
from jiejian.figures import names_of
from jiejian.home import home
from jiejian.slides import Slide, store
from jiejian.ui import anonymity, builder_edit, builder_freeze, deck_files, deckbook, messages, nothing
from jiejian.ui.deckbook import Opened
from jiejian.ui.downloads import taken
from jiejian.ui.view import View

_CHOSEN = "deck_name"
_THUMBS = 560  # px of the sheet of thumbnails before it scrolls


def build(view: View) -> None:
    """The whole page."""
    saved = store.stored(home())
    _messages()
    left, right = st.columns([3, 2])
    with left:
        name = _choose(view, list(saved))
    with right, st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("新建演示", icon=":material/add:", type="primary", key="deck_new"):
            _new(view)
        if st.button("导入演示文件", icon=":material/upload:", key="deck_bring"):
            _bring_in()
    if not name and deckbook.view_for(view.whole, Deck(id="x", name="x")) is None:
        messages.empty("还没有可以做成演示的数字。", "演示需要按月报送的台账。")
        nothing.nothing(view)
        return
    if not name:
        messages.empty("还没有保存的演示。", "点上面的“新建演示”，选一种现成的，就可以放映、修改和带走。")
        return
    opened = deckbook.find(view.whole, name, anonymous=view.anonymous)
    if opened is None or opened.fault:
        st.warning(opened.fault if opened else f"演示“{name}”已不在，可能在另一个窗口删除了。")
        if not view.anonymous:
            _delete(name)
        return
    slides = deckbook.slides(opened)
    _actions(opened, name, slides, view)
    _sheet(tuple(slides), opened.deck)
    if view.anonymous:
        st.info("隐去了其他社区名称：可以放映、下载。要修改或定格，请先在左侧关掉“隐去其他社区名称”。")
        return
    change, figures = st.tabs(["修改内容", "定格数字"])
    with change:
        builder_edit.edit(opened, name, slides)
    with figures:
        builder_freeze.freeze(opened, name)


def _messages() -> None:
    """What the last action has to say."""
    if said := st.session_state.pop("deck_said", ""):
        st.toast(said)
    if fault := st.session_state.pop("deck_fault", ""):
        st.warning(fault)


def _choose(view: View, names: list[str]) -> str:
    """The deck in hand; one that was just made or brought in comes first."""
    if fresh := st.session_state.pop("deck_fresh", ""):
        st.session_state[_CHOSEN] = fresh
    if st.session_state.get(_CHOSEN) not in names:
        st.session_state.pop(_CHOSEN, None)
    return st.selectbox("我的演示", names, key=_CHOSEN, placeholder="还没有演示") or "" if names else ""


# ---- making, bringing in, taking away ----


@st.dialog("新建演示")
def _new(view: View) -> None:
    plans = view.catalogue.decks
    order = sorted(plans, key=lambda d: bool(plans[d].subject))
    plan = plans[st.selectbox("现成的演示", order, format_func=lambda d: plans[d].name, key="deck_plan")]
    st.caption(plan.note)
    usable = deckbook.view_for(view.whole, Deck(id="x", name="x", dataset=view.dataset.id))
    if usable is None:
        st.info("当前数据集没有按月的数字，不能做演示。请在左侧换一个数据集。")
        return
    subject = _subject(usable, plan)
    if st.button("新建", key="deck_make", type="primary", disabled=bool(plan.subject) and not subject):
        made = deckbook.filled(usable, plan, subject).model_copy(update={"dataset": usable.dataset.id})
        _keep_fresh(deck_files.save(deck_files.free_name(made.name), made), "已新建，可以放映和修改。")
        st.rerun()


def _subject(view: View, plan: Deck) -> str:
    offered = deckbook.subjects(view, plan)
    names = names_of(view.known)
    if plan.subject == "route":
        return ",".join(
            st.multiselect(
                "点位（按选择的先后排列）",
                offered,
                format_func=names.get,
                key="deck_stops",
                placeholder="选择社区",
                max_selections=20,
            )
        )
    if not plan.subject:
        return ""
    label = {"community": "社区", "topic": "专题"}[plan.subject]
    return st.selectbox(label, offered, format_func=lambda s: names.get(s, s), key=f"deck_{plan.subject}") or ""


@st.dialog("导入演示文件")
def _bring_in() -> None:
    file = st.file_uploader(f"别的电脑上保存的演示（*{store.ENDING}）", type="json", key="deck_file")
    if file is not None and st.button("导入", key="deck_import", type="primary"):
        _take(file.name.removesuffix(".json").removesuffix(".街鉴演示"), file.getvalue())
        st.rerun()


def _take(name: str, content: bytes) -> None:
    try:
        found = store.read(content, name)
    except store.BadDeck as error:
        st.session_state["deck_fault"] = str(error)
        return
    _keep_fresh(deck_files.save(deck_files.free_name(name), found.deck, found.frozen), "已导入。")


def _keep_fresh(name: str, said: str) -> None:
    st.session_state["deck_fresh"], st.session_state["deck_said"] = name, said


def _actions(opened: Opened, name: str, slides: list[Slide], view: View) -> None:
    street = opened.view.ask("street") if opened.view else view.ask("street")
    as_of, made_up = str((opened.view or view).dataset.as_of or ""), any(s.fictional for s in slides)

    def named(ending: str) -> str:
        return file_name(street, opened.deck.name, as_of, ending, fictional=made_up)

    row = st.columns(6)
    row[0].link_button("开始放映", _address(view, name), icon=":material/play_arrow:", type="primary", width="stretch")
    row[1].download_button("PPTX", taken(named("pptx"), _pptx(opened.deck, slides, street)), named("pptx"), pptx.MIME, key="deck_pptx", on_click="ignore", width="stretch", disabled=not slides)  # fmt: skip
    row[2].download_button("离线网页", taken(named("html"), lambda: to_html(slides, opened.deck)), named("html"), HTML, key="deck_html", on_click="ignore", width="stretch", disabled=not slides)  # fmt: skip
    row[3].download_button("演示文件", taken(f"{name}{store.ENDING}", lambda: store.write(opened.deck, opened.frozen)), f"{name}{store.ENDING}", "application/json", key="deck_carry", on_click="ignore", width="stretch", disabled=view.anonymous)  # fmt: skip
    row[4].button("复制", key="deck_copy", on_click=messages.answered(_copy), args=(name,), width="stretch")
    with row[5]:
        _delete(name)
    if (own := deckbook.template()) and (remark := _template_remark(own, own.stat().st_mtime_ns)):
        st.warning(remark)
    minutes = f"，共约{opened.deck.minutes:g}分钟" if opened.deck.minutes else ""
    st.caption(
        f"{len(slides)}页{minutes}。PPTX 可在 PowerPoint、WPS 里继续编辑；离线网页拷进 U 盘，用浏览器打开即可放映，不需要网络。"
    )


def _address(view: View, name: str) -> str:
    """Where a deck is shown; the new window hides what this one hides."""
    return "present?" + urlencode({"deck": name, **({anonymity.KEY: "true"} if view.anonymous else {})})


def _pptx(deck: Deck, slides: list[Slide], street: str):
    return lambda: pptx.to_pptx(slides, deck, street, deckbook.template())[0]


@lru_cache(maxsize=4)
def _template_remark(path, stamp: int) -> str:
    """What is wrong with the street's template, read once for each version of the file."""
    return "".join(pptx.check(path))


def _copy(name: str) -> None:
    _keep_fresh(deck_files.copy(name), "已复制。")


def _delete(name: str) -> None:
    with st.popover("删除", width="stretch"):
        st.write(f"删除“{name}”？删除后不能恢复。")
        st.button("确认删除", key="deck_delete", type="primary", on_click=messages.answered(_gone), args=(name,))


def _gone(name: str) -> None:
    deck_files.delete(name)
    st.session_state["deck_said"] = f"已删除“{name}”。"


@lru_cache(maxsize=16)
def _thumbnails(slides: tuple[Slide, ...], deck: Deck) -> str:
    return to_html(slides, deck, sheet=True)


def _sheet(slides: tuple[Slide, ...], deck: Deck) -> None:
    if not slides:
        st.info("这份演示还没有可以显示的幻灯片：请在下面添加，或先装载台账。")
        return
    rows = -(-len(slides) // 4)
    st.iframe(_thumbnails(slides, deck), height=min(rows * 220 + 10, _THUMBS), alt=f"“{deck.name}”各页缩略图")
