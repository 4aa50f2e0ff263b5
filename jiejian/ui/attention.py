"""What the overview says beside its cards: who stands out beyond chance, and who has not reported."""

from __future__ import annotations

import streamlit as st

from jiejian.analysis.outliers import Outlier, outliers
from jiejian.analysis.total import can_total
from jiejian.catalogue import Metric
from jiejian.ui import pickers
from jiejian.ui.view import View

CARDS, WORST, BEST = 6, 5, 3


def headline(view: View) -> tuple[Metric, ...]:
    """The six metrics of the cards: the declared ones that the data set and group have, then the first others."""
    usable = [m for m in view.metrics if can_total(m, view.catalogue.measures)]
    declared = [m for name in pickers.headline(view) for m in usable if m.id == name]
    return tuple(dict.fromkeys([*declared, *usable]))[:CARDS]


def attention(view: View) -> None:
    """Draw the two lists and the late reporters."""
    found, tested = _outliers(view)
    worse = [o for o in found if o.verdict == "worse"][:WORST]
    better = [o for o in found if o.verdict == "better"][:BEST]
    left, right = st.columns(2)
    with left:
        st.subheader("需要关注", anchor=False)
        for outlier in worse:
            st.markdown(f"▼ {outlier.sentence}")
        if not worse:
            st.markdown("● 没有社区连续两期明显差于街道平均。")
        for sentence in missing(view):
            st.markdown(f"○ {sentence}")
    with right:
        st.subheader("表现突出", anchor=False)
        for outlier in better:
            st.markdown(f"▲ {outlier.sentence}")
        if not better:
            st.markdown("● 没有社区连续两期明显好于街道平均。")
    if tested:
        st.caption(f"共比较 {tested} 组“社区 × 指标”；只列连续两期都超出 99.8% 随机波动范围的，单期的偶然波动不列。")


def _outliers(view: View) -> tuple[list[Outlier], int]:
    judged = [m for m in view.metrics if m.kind == "proportion" and m.better != "neutral"]
    before = view.period.previous
    if before is None or before.start < view.dataset.first or not judged:
        return [], 0
    frame = view.figures(*judged, places=(), since=before)
    found = outliers(frame, judged, before, view.period)
    kept = [o for o in found if not view.places or o.place_id in view.places]
    return kept, int((frame["period"] == view.period.key).sum())


def missing(view: View) -> list[str]:
    """Communities without a reported figure for the last month of the picked period, in one sentence."""
    sent, names = view.ask("reporting", view.period.end)
    if not sent or not names:
        return []
    listed = "、".join(names[:5]) + (f"等{len(names)}个社区" if len(names) > 5 else "")
    return [f"**{listed}** 尚未报送{view.period.end.year}年{view.period.end.month}月的台账，合计数不含。"]
