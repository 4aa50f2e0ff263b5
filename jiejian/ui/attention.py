"""What the overview says first: the answer in one sentence, who stands out, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from jiejian.analysis.change import change
from jiejian.analysis.outliers import Outlier, outliers
from jiejian.analysis.total import can_total, total
from jiejian.catalogue import Metric, catalogue
from jiejian.format import format_value
from jiejian.ui import data, pickers
from jiejian.ui.cards import series
from jiejian.ui.view import View

CARDS, WORST, BEST = 6, 5, 3


def headline(view: View) -> tuple[Metric, ...]:
    """The six metrics of the cards: the declared ones that the data set and group have, then the first others."""
    usable = [m for m in view.metrics if can_total(m, catalogue().measures)]
    declared = [m for name in pickers.headline() for m in usable if m.id == name]
    return tuple(dict.fromkeys([*declared, *usable]))[:CARDS]


def answer(view: View, metrics: Sequence[Metric]) -> str:
    """One sentence: the first two metrics with their change against the same period last year."""
    measures, parts = catalogue().measures, []
    for metric in metrics[:2]:
        frame = series(view, metric)
        now = total(frame, metric, measures)
        now = now[now["period"] == view.period.key]["value"].iloc[0]
        against = change(frame, metric, measures, view.period, "year_before")
        tail = f"（{against.text}）" if against is not None and against.known else ""
        parts.append(f"{metric.name} {format_value(now, metric)}{tail}")
    return f"{view.period.label}，{view.scope}：" + "；".join(parts) + "。"


def reporting(view: View) -> str:
    """22/23: communities that have reported the month in which the picked period ends."""
    if view.published or view.period is None:
        return ""
    sent, places = data.ask("reporting", view.dataset.id, view.period.end)
    return f"{sent}/{places}" if sent else ""


def attention(view: View) -> None:
    """Draw the two lists and the late reporters."""
    found, tested = _outliers(view)
    worse = [o for o in found if o.verdict == "worse"][:WORST]
    better = [o for o in found if o.verdict == "better"][:BEST]
    left, right = st.columns(2)
    with left:
        for outlier in worse:
            st.markdown(f"▼ {outlier.sentence}")
        if not worse:
            st.markdown("● 没有社区连续两期明显差于街道平均。")
    with right:
        for outlier in better:
            st.markdown(f"▲ {outlier.sentence}")
        for sentence in missing(view):
            st.markdown(f"○ {sentence}")
    if tested:
        st.caption(f"共比较 {tested} 组“社区 × 指标”；只列连续两期都超出 99.8% 随机波动范围的，单期的偶然波动不列。")


def _outliers(view: View) -> tuple[list[Outlier], int]:
    judged = [m for m in view.metrics if m.kind == "proportion" and m.better != "neutral"]
    before = view.period.previous
    if before is None or before.start < view.dataset.first or not judged:
        return [], 0
    frame = data.figures(view.asking(*judged, places=(), since=before))
    found = outliers(frame, judged, before, view.period)
    kept = [o for o in found if not view.places or o.place_id in view.places]
    return kept, int((frame["period"] == view.period.key).sum())


def missing(view: View) -> list[str]:
    """Communities without a reported figure for the picked period, in one sentence."""
    asked = [m for m in view.metrics if m.id == "residents" or not _rolled_up(m)]
    if not asked:
        return []
    frame = data.figures(view.asking(*asked[:1], places=()))
    names = _names(frame[frame["value"].isna()])
    return [f"**{'、'.join(names)}** 尚未报送{view.period.label}的“{asked[0].name}”，合计数不含。"] if names else []


def _rolled_up(metric: Metric) -> bool:
    return any(catalogue().measures[m].rollup for m in metric.measures)


def _names(frame: pd.DataFrame) -> list[str]:
    return list(frame.sort_values("sort")["place"].head(5))
