"""The frame around every page: title bar, navigation, the first warehouse, and the guard against deep links.

On a fresh server Streamlit runs ``pages/x.py`` alone when the first hit is a deep link, without dashboard.py and
whatever it guards. Each page therefore starts with :func:`page`, which sends such a session through the front door and
back, with its query string.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from jiejian.home import PROJECT
from jiejian.ui import data, messages

PAGES: tuple[tuple[str, str], ...] = (
    ("overview", "总览"),
    ("compare", "社区对比"),
    ("trends", "趋势分析"),
    ("export", "数据导出"),
    ("definitions", "指标目录与来源"),
    ("present", "观摩展示"),
)
FULL_SCREEN = "present"
ICON = PROJECT / "jiejian" / "ui" / "assets" / "icon.png"
_ENTERED, _WANTED = "_entered", "_wanted"


def run(pages: Sequence[tuple[str, str]] = PAGES, folder: Path = PROJECT / "pages") -> None:
    """Run the page that the URL names, inside the frame; the first page is the front one."""
    st.set_page_config(page_title="街鉴", page_icon=str(ICON), layout="wide", initial_sidebar_state="auto")
    st.session_state[_ENTERED] = True
    front = pages[0][0]
    known = {name: st.Page(folder / f"{name}.py", title=title, url_path=name, default=name == front) for name, title in pages}
    wanted, params = st.session_state.pop(_WANTED, ("", {}))
    presenting = FULL_SCREEN in (_path(), wanted)
    chosen = st.navigation(list(known.values()), position="hidden" if presenting else "sidebar")
    if wanted in known:
        st.switch_page(known[wanted], query_params=params)
    _style()
    if messages.ready(data.prepare):
        messages.guarded(chosen.run)


def page(file: str) -> None:
    """The first line of each page: go through the front door unless this session came that way."""
    if not st.session_state.get(_ENTERED):
        params = {key: st.query_params.get_all(key) for key in st.query_params}
        st.session_state[_WANTED] = (Path(file).stem, params)
        st.switch_page(str(PROJECT / "dashboard.py"), query_params=params)


def _path() -> str:
    """The page part of the browser's address."""
    return (st.context.url or "").split("?")[0].rstrip("/").rsplit("/", 1)[-1]


def _style() -> None:
    """The few rules that the theme cannot express: tabular figures, print, the brand line."""
    st.html(PROJECT / "jiejian" / "ui" / "assets" / "style.css")
