"""One picker for data set, grouping, metric, time and communities, the same on every page and kept in the URL.

Each widget is bound to a query parameter of its key's name, so that a link reproduces the view and page switches keep
it. What a page does not need is not shown; an address that names something unknown falls back to the first choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import streamlit as st

from jiejian.catalogue import Metric
from jiejian.periods import GRAINS, Period, parse_period, periods_between
from jiejian.selection import latest_periods
from jiejian.ui import data
from jiejian.ui.view import View
from jiejian.warehouse import DatasetInfo, Warehouse

ALL = "全部"
SPANS = (12, 24, 36)
_BOUND = {"bind": "query-params"}
_GRAIN_WORDS = {"ytd": "1—n月累计"}


def pick(
    metrics: Literal["none", "one", "many"] = "one",
    time: Literal["none", "period", "series"] = "period",
    communities: bool = True,
) -> View:
    """Show the pickers that a page needs in the sidebar and return what is picked."""
    source = data.warehouse()
    with st.sidebar:
        view = View(source, _dataset(source))
        if view.published:
            return view
        offered, group = _grouping(view)
        chosen = _metrics(view, offered, metrics)
        if time == "none":
            return replace(view, metrics=chosen, group=group)
        period, since = _time(view, chosen if metrics == "one" else (), series=time == "series")
        places = _communities(view) if communities else ()
    usable = tuple(m for m in chosen if period and period.grain in view.ask("grains", m.id))
    return replace(view, metrics=usable, period=period, since=since, places=places, group=group)


def _dataset(source: Warehouse) -> DatasetInfo:
    known, declared = data.ask(source, "datasets"), source.catalogue.datasets
    about = "\n\n".join(f"**{info.name}**：{declared[info.id].note}" for info in known.values())
    return known[st.selectbox("数据集", list(known), format_func=lambda d: known[d].name, key="dataset", help=about, **_BOUND)]


def _grouping(view: View) -> tuple[tuple[Metric, ...], str]:
    """The metrics of the chosen group that the data set can show."""
    shown = view.ask("metrics")
    ids = {m.id for m in shown}
    groupings = {g.id: g for g in view.catalogue.groupings.values() if any(ids & set(group.metrics) for group in g.groups)}
    if not groupings:
        return shown, ""
    chosen = groupings[st.selectbox("维度", list(groupings), format_func=lambda g: groupings[g].name, key="grouping", **_BOUND)]
    groups = {g.name: [m for m in g.metrics if m in ids] for g in chosen.groups}
    names = [name for name, members in groups.items() if members]
    name = st.selectbox("分类", [ALL, *names], key="group", help=chosen.note or None, **_BOUND)
    if name == ALL:
        return shown, ""
    return tuple(view.catalogue.metrics[m] for m in groups[name]), name


def _metrics(view: View, offered: Sequence[Metric], how: str) -> tuple[Metric, ...]:
    if how == "none":
        return tuple(offered)
    by_id = {m.id: m for m in offered}
    if how == "one":
        first = next((list(by_id).index(m) for m in headline(view) if m in by_id), 0)
        chosen = st.selectbox("指标", list(by_id), index=first, format_func=lambda m: by_id[m].name, key="metric", **_BOUND)
        return (by_id[chosen],) if chosen else ()
    names = [m for m in headline(view) if m in by_id] or list(by_id)[:6]
    words = f"默认 {len(names)} 项主要指标"
    chosen = st.multiselect("指标", list(by_id), format_func=lambda m: by_id[m].name, key="metrics", placeholder=words, **_BOUND)
    return tuple(by_id[m] for m in chosen or names)


def headline(view: View) -> tuple[str, ...]:
    """Metrics of the first cards slide of the ready decks: declared once, shown on the overview and on the first slide."""
    return next((s.metrics for deck in view.catalogue.decks.values() for s in deck.slides if s.kind == "cards"), ())


def _time(view: View, metrics: Sequence[Metric], series: bool) -> tuple[Period | None, Period | None]:
    periods = latest_periods(view.dataset.first, view.dataset.as_of)
    offered = [view.ask("grains", m.id) for m in metrics or view.ask("metrics")]
    # One metric: only what it can be shown in. Several: whatever any of them can, the others stay out of the table.
    suits = all if len(metrics) == 1 else any
    allowed = [g for g in GRAINS if periods[g] and suits(g in grains for grains in offered)]
    if not allowed:
        return None, None
    grain = st.selectbox("周期", allowed, format_func=lambda g: _GRAIN_WORDS.get(g, GRAINS[g]), key="grain", **_BOUND)
    keys = [p.key for p in periods[grain]]
    key = st.selectbox("截至" if series else "时间", keys, format_func=_period_label, key="period", **_BOUND)
    period = parse_period(key)
    return period, _since(view.dataset, period) if series else None


def _period_label(key: str) -> str:
    return parse_period(key).label


def _since(dataset: DatasetInfo, period: Period) -> Period:
    """The first period of the series: the last 12, 24 or 36 months, or all there is for longer grains."""
    past = [p for p in periods_between(dataset.first, period.end, period.grain) if p.end <= period.end]
    if period.grain not in ("month", "ytd"):
        return past[0]
    span = st.selectbox("范围", SPANS, index=len(SPANS) - 1, format_func=lambda n: f"近{n}个月", key="span", **_BOUND)
    return past[-span:][0]


def _communities(view: View) -> tuple[str, ...]:
    known = view.known
    if len(known) < 2:
        return ()
    names = dict(zip(known["place_id"], known["place"], strict=True))
    unit = view.catalogue.datasets[view.dataset.id].unit_of_comparison
    return tuple(st.multiselect(unit, list(names), format_func=names.get, key="community", placeholder=f"全部{unit}", **_BOUND))
