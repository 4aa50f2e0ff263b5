"""One picker for data set, grouping, metric, time and communities, the same on every page and kept in the URL.

Each widget is bound to a query parameter of its key's name, so that a link reproduces the view. The frame draws them on
every page, those that a page does not need out of sight: Streamlit forgets the value, and the URL, of a bound widget
that is not drawn by the main script. An address that names something unknown falls back to the first choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from jiejian.catalogue import Grouping, Metric
from jiejian.figures import names_of
from jiejian.periods import GRAINS, Period, parse_period, periods_between
from jiejian.selection import latest_periods
from jiejian.ui import anonymity, data, importing
from jiejian.ui.view import View, kept
from jiejian.warehouse import DatasetInfo, Warehouse

ALL = "全部"
SPANS = (12, 24, 36)
_BOUND = {"bind": "query-params"}
_GRAIN_WORDS = {"ytd": "1—n月累计"}


@dataclass(frozen=True)
class Needs:
    """What a page lets a person pick."""

    metrics: Literal["none", "one", "many"] = "none"
    time: Literal["none", "period", "series"] = "period"
    communities: bool = True
    published: Literal["", "place", "measure"] = "place"
    grouping: bool = True
    anything: bool = True
    # The key of a page's own picker of one community, which then is the one in focus.
    focus: str = ""
    anonymous: bool = True


def pick(source: Warehouse, needs: Needs) -> View:
    """Draw all pickers, show those that are needed, and return what is picked."""
    if not data.ask(source, "datasets"):
        return View(source, _awaited(source))
    with st.sidebar if needs.anything else st.container(key="unused_pickers"):
        view = View(source, _dataset(source))
        picked = _published(view, needs) if view.published else _periodic(view, needs)
        with _slot("pick_anonymous", needs.anonymous and len(picked.offered) > 1):
            hide = anonymity.switch()
    if not hide or not needs.anonymous or picked.published:
        return picked
    return anonymity.covered(picked, {focus(picked, needs.focus)} if needs.focus else picked.places)


def focus(view: View, key: str) -> str:
    """The one community that a page speaks of, as its picker of this key says: by session, by address, else the first picked."""
    by_name = {name: place for place, name in view.offered}
    ids = list(by_name.values())
    wanted = st.session_state.get(key) or st.query_params.get(key) or ""
    wanted = by_name.get(wanted, wanted)
    picked = [p for p in st.session_state.get("community") or () if p in ids]
    return wanted if wanted in ids else picked[0] if picked else ids[0] if ids else ""


def _periodic(view: View, needs: Needs) -> View:
    with _slot("pick_grouping", needs.grouping):
        offered, group = _grouping(view)
    one = _metric(view, offered, needs.metrics == "one")
    many = _metrics(view, offered, needs.metrics == "many")
    chosen = {"one": one, "many": many}.get(needs.metrics, tuple(offered))
    period, since = _time(view, chosen if needs.metrics == "one" else (), needs.time)
    view = replace(view, offered=_offered(view))
    places = _communities(view, needs.communities)
    if needs.time == "none":
        return replace(view, metrics=chosen, group=group)
    grains = view.grains
    usable = tuple(m for m in chosen if period and period.grain in grains[m.id])
    return replace(view, metrics=usable, period=period, since=since, places=places, group=group)


@contextmanager
def _slot(name: str, needed: bool) -> Iterator[None]:
    """A place for one widget; out of sight, and out of reach of the keyboard, where the page does not need it."""
    with st.container(key=name if needed else f"unused_{name}"):
        yield


# ---- whose figures, and which ----


def _awaited(source: Warehouse) -> DatasetInfo:
    """What a page speaks of while no data set holds a figure: the street's own, without a day."""
    declared = source.catalogue.datasets[importing.DATASET]
    return DatasetInfo(declared.id, declared.name, declared.mode, declared.fictional, None, None)


def _dataset(source: Warehouse) -> DatasetInfo:
    known, declared = data.ask(source, "datasets"), source.catalogue.datasets
    about = "\n\n".join(f"**{info.name}**：{declared[info.id].note}" for info in known.values())
    return known[st.selectbox("数据集", list(known), format_func=lambda d: known[d].name, key="dataset", help=about, **_BOUND)]


def _grouping(view: View) -> tuple[tuple[Metric, ...], str]:
    """The metrics of the chosen group that the data set can show."""
    shown = view.ask("metrics")
    ids = {m.id for m in shown}
    groupings = _groupings(view)
    if not groupings:
        return shown, ""
    chosen = groupings[st.selectbox("维度", list(groupings), format_func=lambda g: groupings[g].name, key="grouping", **_BOUND)]
    groups = {g.name: [m for m in g.metrics if m in ids] for g in chosen.groups}
    names = [name for name, members in groups.items() if members]
    name = st.selectbox("分类", [ALL, *names], key="group", help=chosen.note or None, **_BOUND)
    if name == ALL:
        return shown, ""
    return tuple(view.catalogue.metrics[m] for m in groups[name]), name


def _groupings(view: View) -> dict[str, Grouping]:
    """The groupings of which the data set has a metric."""
    return _groupings_of(View(view.source, view.dataset))


@kept
def _groupings_of(view: View) -> dict[str, Grouping]:
    ids = {m.id for m in view.ask("metrics")}
    return {g.id: g for g in view.catalogue.groupings.values() if any(ids & set(group.metrics) for group in g.groups)}


def headline(view: View) -> tuple[str, ...]:
    """Metrics of the first cards slide of the ready decks: declared once, shown on the overview and on the first slide."""
    front = view.catalogue.front_deck()
    return next((s.metrics for s in front.slides if s.kind == "cards"), ()) if front else ()


def _metric(view: View, offered: Sequence[Metric], needed: bool) -> tuple[Metric, ...]:
    by_id = {m.id: m for m in offered}
    first = next((list(by_id).index(m) for m in headline(view) if m in by_id), 0)
    with _slot("pick_metric", needed):
        chosen = st.selectbox("指标", list(by_id), index=first, format_func=lambda m: by_id[m].name, key="metric", **_BOUND)
    return (by_id[chosen],) if chosen else ()


def _metrics(view: View, offered: Sequence[Metric], needed: bool) -> tuple[Metric, ...]:
    by_id = {m.id: m for m in offered}
    names = [m for m in headline(view) if m in by_id] or list(by_id)[:6]
    words = f"默认 {len(names)} 项主要指标"
    with _slot("pick_metrics", needed):
        chosen = st.multiselect(
            "指标", list(by_id), format_func=lambda m: by_id[m].name, key="metrics", placeholder=words, **_BOUND
        )
    return tuple(by_id[m] for m in chosen or names)


# ---- when ----


def _time(view: View, metrics: Sequence[Metric], how: str) -> tuple[Period | None, Period | None]:
    periods = latest_periods(view.dataset.first, view.dataset.as_of)
    there = {grain for grains in view.grains.values() for grain in grains}
    offered = [g for g in GRAINS if periods[g] and g in there]
    if not offered:
        return None, None
    with _slot("pick_time", how != "none"):
        wanted = st.selectbox("周期", offered, format_func=lambda g: _GRAIN_WORDS.get(g, GRAINS[g]), key="grain", **_BOUND)
        grain = _suitable(view, wanted, metrics, periods)
        keys = [p.key for p in periods[grain]]
        key = st.selectbox("时间", keys, format_func=_period_label, key="period", **_BOUND)
        if grain != wanted:
            st.caption(f"“{metrics[0].name}”不能按{GRAINS[wanted]}显示，已改按{GRAINS[grain]}。")
    period = parse_period(key)
    since = _since(view.dataset, period, how == "series")
    return period, since if how == "series" else None


def _suitable(view: View, wanted: str, metrics: Sequence[Metric], periods: Mapping[str, list[Period]]) -> str:
    """The wanted grain, or the first that the one metric of a page can be shown in. The choices themselves stay the same
    for all metrics, so that a link does not change its meaning with the metric."""
    allowed = view.ask("grains", metrics[0].id) if len(metrics) == 1 else (wanted,)
    return wanted if wanted in allowed else next((g for g in allowed if periods[g]), wanted)


def _period_label(key: str) -> str:
    return parse_period(key).label


def _since(dataset: DatasetInfo, period: Period, needed: bool) -> Period:
    """The first period of the series: the last 12, 24 or 36 months, or all there is for longer grains."""
    past = [
        p for p in periods_between(dataset.first, period.end, period.grain) if dataset.first <= p.start and p.end <= period.end
    ]
    monthly = period.grain in ("month", "ytd")
    with _slot("pick_span", needed and monthly):
        span = st.selectbox("范围", SPANS, index=len(SPANS) - 1, format_func=lambda n: f"近{n}个月", key="span", **_BOUND)
    return past[-span:][0] if monthly else past[0]


# ---- where ----


def _communities(view: View, needed: bool) -> tuple[str, ...]:
    names = dict(view.offered)
    if len(view.known) < 2:
        return ()
    unit = view.catalogue.datasets[view.dataset.id].unit_of_comparison
    with _slot("pick_community", needed):
        chosen = st.multiselect(unit, list(names), format_func=names.get, key="community", placeholder=f"全部{unit}", **_BOUND)
    return tuple(chosen) if needed else ()


@kept
def _offered(view: View) -> tuple[tuple[str, str], ...]:
    """Id and name of the places that may be picked: those that the person may see by name."""
    return tuple(names_of(view.named).items())


# ---- published figures ----


def _published(view: View, needs: Needs) -> View:
    """A place of the articles, and a kind of figure that more than one place publishes."""
    frame = view.ask("published")
    paths = sorted({"/".join(p.split("/")[:n]) for p in frame["place_path"] for n in range(1, p.count("/") + 2)})
    counts = frame[frame["value"].notna() | frame["lower"].notna()].groupby("measure", sort=False)["place_id"].nunique()
    shared = list(counts[counts > 1].sort_values(ascending=False, kind="stable").index)
    names = {m: view.catalogue.measures[m].name for m in shared}
    with _slot("pick_place", needs.published == "place"):
        place = st.selectbox("地点", ["", *paths], format_func=lambda p: p or "全部地点", key="place", **_BOUND)
    with _slot("pick_measure", needs.published == "measure"):
        measure = st.selectbox("数字", shared, format_func=names.get, key="measure", **_BOUND)
    return replace(view, place=place, measure=measure or "")
