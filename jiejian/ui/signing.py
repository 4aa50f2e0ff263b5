"""The door before a person is known, and the line at the side that says who is here and lets them out."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from jiejian.ui import person

_WANTED = Path(__file__).parent / "assets" / "wanted.js"


def door(closed: person.Closed) -> None:
    """The whole page for somebody who may not come in (yet): why, and what they can do."""
    with st.container(width=560):
        st.title("街鉴", anchor=False)
        (st.warning if closed.signed_in or not closed.sign_in else st.info)(str(closed))
        for name in closed.sign_in:
            label = f"用 {name} 登录" if name else "登录"
            st.button(
                label,
                key=f"sign_in_{name}",
                type="primary",
                icon=":material/login:",
                on_click=st.login,
                args=(name,) if name else (),
            )
        if closed.signed_in:
            st.button("换一个账号（退出登录）", key="sign_out", icon=":material/logout:", on_click=person.leave)


def card() -> None:
    """Who is here, below the pickers; nothing where nobody signs in."""
    if not person.signs_in():
        return
    who = person.current()
    with st.sidebar, st.container(key="signed_in"):
        st.html(f'<div class="jj-foot">{html.escape(who.account)}　{who.role}</div>')
        st.button("退出登录", key="sign_out", icon=":material/logout:", on_click=person.leave)


def wanted(pages: Sequence[str], signed_in: bool, come_from: str = "") -> None:
    """Note in the browser which page was asked for (nobody is signed in yet), or go there (somebody is).

    The provider sends everybody back to the front page. The address never leaves the browser, and nothing but a page of ``pages``
    on this server is ever gone to. ``come_from``: the page whose bare script sent this session through the front door.
    """
    script = _WANTED.read_text(encoding="utf-8")
    for mark, value in (("/*pages*/ []", list(pages)), ("/*signed in*/ false", signed_in), ('/*from*/ ""', come_from)):
        script = script.replace(mark, json.dumps(value))
    with st.container(key="script_wanted"):
        st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)
