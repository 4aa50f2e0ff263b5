"""The frame around every page: navigation, pickers, the line that is always there, and the guard against deep links.

On a fresh server Streamlit runs ``pages/x.py`` alone when the first hit is a deep link, without dashboard.py and
whatever it guards. Each page therefore starts with :func:`page`, which sends such a session through the front door and
back, with its query string.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st

from jiejian.home import PROJECT
from jiejian.roles import NotAllowed
from jiejian.ui import data, going, messages, person, show, signing
from jiejian.ui.once import one_run
from jiejian.ui.pickers import Needs, pick
from jiejian.ui.turns import in_turn
from jiejian.ui.view import View


@dataclass(frozen=True)
class Page:
    """One page: its file and address, its name in the menu and under which head, and what can be picked on it."""

    name: str
    title: str
    needs: Needs
    section: str = "总体"
    # What a person must be allowed to do to have the page at all (see roles.LEAST).
    may: str = "see"


_WORK, _DATA, _SHOW = "专题", "数据", "展示"
PAGES: tuple[Page, ...] = (
    Page("overview", "总览", Needs()),
    Page("compare", "社区对比", Needs(metrics="one", published="measure")),
    Page("trends", "趋势分析", Needs(metrics="one", time="series", published="")),
    Page("portrait", "社区画像", Needs(communities=False, published="", focus="who")),
    Page("scoring", "综合考评", Needs(published="")),
    Page("organisation", "组织体系", Needs(grouping=False, published=""), _WORK),
    Page("members", "党员作用", Needs(grouping=False, published=""), _WORK),
    Page("grids", "网格治理", Needs(grouping=False, published=""), _WORK),
    Page("cases", "诉求办理", Needs(grouping=False, published=""), _WORK),
    Page("deliberation", "议事协商", Needs(grouping=False, published=""), _WORK),
    Page("projects", "共建项目", Needs(grouping=False, published=""), _WORK),
    Page("stations", "阵地服务", Needs(grouping=False, published=""), _WORK),
    Page("activities", "活动与志愿", Needs(grouping=False, published=""), _WORK),
    Page("groups", "服务对象", Needs(grouping=False, published=""), _WORK),
    Page("import", "数据导入", Needs(time="none", communities=False, published="", anonymous=False), _DATA, "import"),
    Page("reporting", "报送情况", Needs(time="none", communities=False, grouping=False, published=""), _DATA),
    Page("audit", "操作记录", Needs(time="none", communities=False, grouping=False, published="", anonymous=False), _DATA, "manage"),
    Page("people", "人员与角色", Needs(time="none", communities=False, grouping=False, published="", anonymous=False), _DATA, "manage"),
    Page("export", "数据导出", Needs(metrics="many", time="series"), _DATA),
    Page("definitions", "指标目录与来源", Needs(time="none", communities=False, published=""), _DATA),
    Page("selfcheck", "系统自检", Needs(time="none", communities=False, grouping=False, published=""), _DATA),
    Page("practices", "模式卡", Needs(grouping=False, published=""), _SHOW),
    Page("decks", "演示文稿", Needs(time="none", communities=False, grouping=False, published=""), _SHOW, "decks"),
    Page("present", "观摩展示", Needs(anything=False), _SHOW),
)
ICON = PROJECT / "jiejian" / "ui" / "assets" / "icon.png"
_ENTERED, _WANTED = "_entered", "_wanted"
_FRONT = "front"  # the name that Streamlit reserves for the page at the root
_view: ContextVar[View | None] = ContextVar("view", default=None)


def run(pages: Sequence[Page] = PAGES, folder: Path = PROJECT / "pages") -> None:
    """Run the page that the URL names, inside the frame; the first page is the front one."""
    with one_run(), in_turn():
        _run(pages, folder)


def _run(pages: Sequence[Page], folder: Path) -> None:
    st.set_page_config(page_title="街鉴", page_icon=str(ICON), layout="wide", initial_sidebar_state="auto")
    try:
        who = person.current()
    except person.Closed as closed:
        _shut(pages, closed)
        return
    st.session_state[_ENTERED] = True
    person.greeted(who)
    messages.said_earlier()
    pages = [p for p in pages if who.may(p.may)]
    # The front page stands at the root and answers to its own name, too: Streamlit would say “Page not found” in English.
    at = {p.name: _FRONT if p is pages[0] else p.name for p in pages}
    links = {p.name: st.Page(folder / f"{p.name}.py", title=p.title, url_path=at[p.name], default=p is pages[0]) for p in pages}
    named = st.Page(folder / f"{pages[0].name}.py", title=pages[0].title, url_path=pages[0].name, visibility="hidden")
    wanted, params = st.session_state.pop(_WANTED, ("", {}))
    address = _path()
    full_screen = any(p.name in (address, wanted) for p in pages if not p.needs.anything)
    sections = {head: [links[p.name] for p in pages if p.section == head] for head in dict.fromkeys(p.section for p in pages)}
    sections[pages[0].section].append(named)
    refused = [st.Page(_forbidden(p), title=p.title, url_path=p.name, visibility="hidden") for p in PAGES if not who.may(p.may)]
    sections[pages[0].section] += refused
    chosen = st.navigation(sections, position="hidden" if full_screen else "sidebar", expanded=True)
    if wanted in links:
        st.switch_page(links[wanted], query_params=params)
    going.turn(links, chosen)
    _style()
    if person.signs_in():
        signing.wanted([p.name for p in PAGES], signed_in=True)
    if messages.ready(data.prepare):
        if chosen in refused:
            chosen.run()
            return
        shown = next((p for p in pages if links[p.name] is chosen), pages[0])
        messages.guarded(lambda: _inside(chosen.run, shown))


def _forbidden(page: Page) -> Callable[[], None]:
    """What stands at the address of a page that this person has not."""

    def refuse() -> None:
        messages.guarded(lambda: person.require(page.may))

    refuse.__name__ = f"refuse_{page.name}"
    return refuse


def _shut(pages: Sequence[Page], closed: person.Closed) -> None:
    """One sentence at every address, and the way in or out; nothing else of the application is drawn."""

    def door() -> None:
        _style()
        signing.door(closed)
        if closed.sign_in:
            signing.wanted([p.name for p in PAGES], signed_in=False, come_from=st.session_state.get(_WANTED, ("", {}))[0])

    front = [st.Page(door, title="登录", url_path=_FRONT, default=True)]
    others = [st.Page(door, title="登录", url_path=p.name) for p in pages]
    st.navigation([*front, *others], position="hidden").run()


def _inside(body: Callable[[], None], shown: Page) -> None:
    token = _view.set(_drawn(shown))
    try:
        body()
    finally:
        _view.reset(token)


def _drawn(shown: Page) -> View:
    """The pickers and the line above the page, for somebody who may have it. A theme is read row by row: where others' rows are not there, it is about the own ones."""
    person.require(shown.may)
    view = pick(data.warehouse(), shown.needs)
    if shown.needs.anything:
        signing.card()
    if shown.needs.anything:
        show.frame_line(view)
    return view.of_own() if shown.section == _WORK else view


def page(file: str) -> View:
    """The first line of each page: the view that the frame made, or the way through the front door where none was made.

    A session that came through the door and is then given the bare page, as Streamlit's test runner does with each
    rerun, gets its pickers here: parameters that are bound to them cannot be carried through the door again.
    """
    view, name = _view.get(), Path(file).stem
    if view is None and st.session_state.get(_ENTERED):
        try:
            return _drawn(next((p for p in PAGES if p.name == name), Page(name, "", Needs())))
        except (person.Closed, NotAllowed) as error:
            st.warning(str(error))
            st.stop()
    if view is None:
        params = {key: st.query_params.get_all(key) for key in st.query_params}
        st.session_state[_WANTED] = (name, params)
        st.switch_page(str(PROJECT / "dashboard.py"), query_params=params)
    return view


def _path() -> str:
    """The page part of the browser's address."""
    return (st.context.url or "").split("?")[0].rstrip("/").rsplit("/", 1)[-1]


def _style() -> None:
    """The few rules that the theme cannot express: tabular figures, print, the brand line."""
    style, scripts = _assets()
    st.html(style)
    with st.container(key="script"):
        st.html(scripts, unsafe_allow_javascript=True)


@cache
def _assets() -> tuple[str, str]:
    """Style and scripts as they go into a page. Our own files, no word of a user in them: one makes pictures of charts, one says in Chinese
    what the shell does not."""
    style, *scripts = ((PROJECT / "jiejian/ui/assets" / name).read_text(encoding="utf-8") for name in ("style.css", "images.js", "accessible.js"))
    return f"<style>{style}</style>", "<script>{}</script>".format("\n".join(scripts))
