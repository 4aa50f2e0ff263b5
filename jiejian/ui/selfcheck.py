"""系统自检: what the server found, and what the browser finds of itself, in one table."""

from __future__ import annotations

import html
import time

import streamlit as st

from jiejian.home import PROJECT, home
from jiejian.selfcheck import FIT, UNFIT, Finding, findings

_SIGNS = {FIT: "✓", UNFIT: "✗"}
# Filled in by assets/selfcheck.js: fonts, clock, zone, size and age of the browser that looks at the page.
_BROWSER = ("浏览器", "字体", "本机时间", "窗口大小")


def draw() -> None:
    """The table, and one sentence above it."""
    found = findings(home())
    bad = [one for one in found if one.state != FIT]
    st.markdown(
        f"服务器有{len(bad)}项要处理：{'、'.join(one.name for one in bad)}。"
        if bad
        else "服务器各项都合适。浏览器的情况见表中后几行。"
    )
    rows = "".join(map(_row, found)) + "".join(
        f'<tr data-check="{name}"><th scope="row">{name}</th><td>正在检查……</td><td></td><td></td></tr>' for name in _BROWSER
    )
    st.html(
        f'<table class="jj-check" data-now="{time.time():.3f}"><thead><tr><th>项目</th><th>情况</th><th>结论</th><th>怎么办</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    script = (PROJECT / "jiejian" / "ui" / "assets" / "selfcheck.js").read_text(encoding="utf-8")
    with st.container(key="script_selfcheck"):
        st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)
    st.caption("需要帮助时，把这一页截图发给管理员。表中没有任何台账内容。")


def _row(one: Finding) -> str:
    cells = "".join(
        f"<td>{html.escape(text)}</td>" for text in (one.found, f"{_SIGNS.get(one.state, '!')} {one.state}", one.todo)
    )
    return f'<tr data-state="{one.state}"><th scope="row">{html.escape(one.name)}</th>{cells}</tr>'
