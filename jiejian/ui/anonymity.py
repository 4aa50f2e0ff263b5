"""The anonymous mode: the picked communities keep their names, the others are 社区A, 社区B … on the whole page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import streamlit as st

from jiejian.privacy import cover_names
from jiejian.ui.view import View


def maybe_covered(view: View, keep: Collection[str] = ()) -> View:
    """The view as the switch says; tables and downloads of a covered view have no real names either."""
    on = st.toggle(
        "隐去其他社区名称",
        key="anonymous",
        bind="query-params",
        help="选中的社区写名称，其余写作社区A、社区B……，图、表和下载都一样；户数等数字本身仍可能让熟悉情况的人认出来。",
    )
    if not on:
        return view
    unit = view.catalogue.datasets[view.dataset.id].unit_of_comparison
    covers = cover_names(view.known, keep=set(keep) or set(view.places), noun=unit)
    return replace(view, covers=tuple(covers.items()))
