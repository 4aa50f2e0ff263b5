"""The anonymous mode: the picked communities keep their names, the others are 社区A, 社区B … wherever the session looks.

The switch stands at the side of every page; behind it the page is given another warehouse (see jiejian/sight.py), so that
charts, tables, lists, exports, decks and texts cannot disagree about who is hidden.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import streamlit as st

from jiejian.sight import Sight
from jiejian.ui import data
from jiejian.ui.view import View

KEY = "anonymous"


def switch() -> bool:
    """Draw the switch."""
    return st.toggle(
        "隐去其他社区名称",
        key=KEY,
        bind="query-params",
        help="选中的社区写名称，其余写作社区A、社区B……，图、表、下载和演示都一样；其他社区的逐条记录不显示。户数等数字本身仍可能让熟悉情况的人认出来。",
    )


def covered(view: View, keep: Collection[str]) -> View:
    """The view in which only ``keep`` go by their own name."""
    source = data.behind(view.source, Sight(tuple(sorted(keep))))
    return replace(view, source=source, before=view.whole)
