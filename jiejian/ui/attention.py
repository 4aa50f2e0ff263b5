"""What the overview says beside its cards: where it gets worse, where it gets better, and who has not reported."""

from __future__ import annotations

import streamlit as st

from jiejian.analysis.cells import concerns, progress
from jiejian.analysis.takeaway import cell_sentence
from jiejian.analysis.total import can_total
from jiejian.catalogue import Metric
from jiejian.ui import board, pickers
from jiejian.ui.view import View, kept

CARDS = 6


def headline(view: View) -> tuple[Metric, ...]:
    """The six metrics of the cards: the declared ones that the data set and group have, then the first others."""
    usable = [m for m in view.metrics if can_total(m, view.catalogue.measures)]
    declared = [m for name in pickers.headline(view) for m in usable if m.id == name]
    return tuple(dict.fromkeys([*declared, *usable]))[:CARDS]


def attention(view: View) -> None:
    """Draw the two lists and the late reporters."""
    worse, better, late = said(view)
    left, right = st.columns(2)
    with left:
        st.subheader("重点关注", anchor=False)
        for sentence in worse:
            st.markdown(sentence)
        if not worse:
            st.markdown("● 没有社区既差于其他社区、又在变差。")
        for sentence in late:
            st.markdown(f"○ {sentence}")
    with right:
        st.subheader("进步", anchor=False)
        for sentence in better:
            st.markdown(sentence)
        if not better:
            st.markdown("● 没有社区出现明显的改善信号。")


@kept
def said(view: View) -> tuple[list[str], list[str], list[str]]:
    """What got worse, what got better, and who is late, a sentence each."""
    judged = board.judge(view)
    worse = concerns(judged.made, places=view.places) if judged else []
    better = progress(judged.made, places=view.places) if judged else []
    coloured = (
        [f":{colour}[{'▲' if one.direction > 0 else '▼'}] {cell_sentence(one, '')}" for one in cells]
        for colour, cells in (("orange", worse), ("blue", better))
    )
    return *coloured, missing(view)


def missing(view: View) -> list[str]:
    """Communities without a reported figure for the last month of the picked period, in one sentence."""
    sent, names = view.ask("reporting", view.period.end)
    if not sent or not names:
        return []
    listed = "、".join(names[:5]) + (f"等{len(names)}个社区" if len(names) > 5 else "")
    return [f"**{listed}** 尚未报送{view.period.end.year}年{view.period.end.month}月的台账，合计数不含。"]
