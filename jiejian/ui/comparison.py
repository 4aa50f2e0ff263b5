"""Communities side by side at one period, from three angles; a click leads to one community."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.catalogue import Metric
from jiejian.ui import going, show, tables
from jiejian.ui.pillars import pillars
from jiejian.ui.view import View, kept

_KEY = "compare_chart"
_BOUND = {"bind": "query-params"}
ORDER, TOGETHER, ALL = "排序", "关系", "全景"
RANKING, FUNNEL, SPREAD = "排序图", "漏斗图", "分布图"


def compare(view: View) -> View:
    """Draw the comparison; the picked communities are in focus, the others stay as background. Returns the view as shown."""
    angle = _choice("角度", (ORDER, TOGETHER, ALL), "angle")
    {ORDER: _in_order, TOGETHER: _together, ALL: _all_at_once}[angle](view)
    return view


def _choice(label: str, options: tuple[str, ...], key: str) -> str:
    return st.segmented_control(
        label, options, default=options[0], required=True, key=key, label_visibility="collapsed", **_BOUND
    ) or options[0]  # fmt: skip


def ranks_allowed(view: View) -> bool:
    """Whether the street lets ranks be shown at all (settings.yml)."""
    setting = view.catalogue.settings.get("ranks")
    return setting is None or setting.enabled


# ---- one metric ----


def _in_order(view: View) -> None:
    frame = view.figures(places=())
    first, second, third = st.columns([3, 3, 2], vertical_alignment="center")
    with first:
        picture = _choice("图", (RANKING, FUNNEL, SPREAD), "picture")
    ordered = ranks = False
    if picture == RANKING:
        with second:
            ordered = st.toggle("按数值排列（默认按街道惯例顺序）", key="ordered", **_BOUND)
        if ranks_allowed(view):
            with third:
                ranks = st.toggle(
                    "显示名次范围", key="ranks", help="名次总带范围：差别在随机波动以内的社区，先后不能当真。", **_BOUND
                )
    _chart(view, _picture(view, picture, ordered, ranks), _KEY, frame, [view.metric])


@kept
def _picture(view: View, picture: str, ordered: bool, ranks: bool) -> charts.Figure:
    frame, focus, metric = view.figures(places=()), view.places, view.metric
    context = view.context(reporting=_reporting(frame))
    draw: dict[str, Callable[[], charts.Figure]] = {
        RANKING: lambda: charts.ranked(frame, metric, context, focus=focus, standard=view.standard, ordered=ordered, ranks=ranks),
        FUNNEL: lambda: charts.funnel_plot(frame, metric, context, focus=focus, size=_size(view)),
        SPREAD: lambda: charts.distribution(frame, metric, context, focus=focus),
    }
    return draw[picture]()


def _size(view: View) -> str:
    """What a rate of the page is out of, for the axis of a funnel: 规模：到期诉求（件）."""
    measures = [view.catalogue.measures[m] for m in view.metric.denominator]
    if not measures:
        return ""
    return f"规模：{'、'.join(m.name for m in measures)}（{measures[0].unit}）"


def _chart(view: View, figure: dict, key: str, frame: pd.DataFrame, metrics: list[Metric]) -> None:
    """A chart with its table; a click leads to the community, but not from behind a cover name."""
    on_click = None if view.limited else _open
    show.chart(view, figure, key, lambda: tables.show_table(view, frame, metrics), metrics, on_click=on_click)


def _reporting(frame: pd.DataFrame) -> str:
    there = int(frame["value"].notna().sum())
    return f"{there}/{len(frame)}" if there < len(frame) else ""


def _open() -> None:
    """A click on a mark: that community becomes the picked one and the next page its trend."""
    place = show.clicked(_KEY)
    if place:
        going.go("trends", community=[place])


# ---- two metrics ----


def _together(view: View) -> None:
    x = view.metric
    offered = {m.id: m for m in view.ask("metrics") if m.id != x.id and view.period.grain in view.ask("grains", m.id)}
    if not offered:
        st.info("这个周期只有一项指标，没有可以对照的另一项；请在左侧换一个周期。")
        return
    # A rate first: what everything goes together with is size.
    first = next((i for i, m in enumerate(offered.values()) if m.kind == "proportion" and m.better != "neutral"), 0)
    words = f"“{x.name}”与哪项指标对照"
    other = st.selectbox(words, list(offered), index=first, format_func=lambda m: offered[m].name, key="against", **_BOUND)
    y = offered[other]
    frame = view.figures(x, y, places=())
    show.chart(view, _relation(view, other), "relation_chart", lambda: tables.show_table(view, frame, [x, y]), [x, y])


@kept
def _relation(view: View, against: str) -> charts.Figure:
    x, y = view.metric, view.catalogue.metrics[against]
    return charts.relation(view.figures(x, y, places=()), x, y, view.context(x, y), focus=view.places)


# ---- all metrics ----


def _all_at_once(view: View) -> None:
    offered = pillars(view)
    if not offered:
        st.info("这个周期没有可以一起看的指标；请在左侧换一个周期或维度。")
        return
    name = view.group if view.group in offered else _choice("分类", tuple(offered), "pillar")
    name = name if name in offered else next(iter(offered))
    metrics = offered[name]
    frame = view.figures(*metrics, places=())
    heat, strips = _panorama(view, name, tuple(m.id for m in metrics))
    show.chart(view, heat, "heat_chart", lambda: tables.show_table(view, frame, metrics))
    show.chart(view, strips, "strips_chart", lambda: tables.show_table(view, frame, metrics), metrics)


@kept
def _panorama(view: View, name: str, ids: Sequence[str]) -> tuple[charts.Figure, charts.Figure]:
    """The heat map and the strips of some metrics, a pillar of this name."""
    metrics = [view.catalogue.metrics[m] for m in ids]
    frame, context = view.figures(*metrics, places=()), view.context(*metrics)
    heat = charts.heat_map(frame, {name: metrics}, context, focus=view.places)
    return heat, charts.strips(frame, metrics, context, focus=view.places)
