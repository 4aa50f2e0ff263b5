"""Everything about one community on one page, ready to print on two sheets of A4."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.analysis.peers import beside, nearest, same_group, traits_frame
from jiejian.analysis.takeaway import portrait_finding, signals
from jiejian.catalogue import Metric
from jiejian.charts.spine import LEGEND, Spine, spine_svg
from jiejian.figures import names_of
from jiejian.format import format_value
from jiejian.ui import tables
from jiejian.ui.pickers import focus
from jiejian.ui.pillars import pillars
from jiejian.ui.view import View, kept

# What stands in the head, and how many metrics a pillar shows on paper.
HEAD = (
    "households",
    "residents",
    "elderly_share",
    "floating_share",
    "grids",
    "registered_members",
    "party_organisations",
    "co_building_units",
)
ROWS, DAYS = 8, 90
_SIGNS = {"worse": ("▼", "worse"), "better": ("▲", "better")}


def portrait(view: View) -> None:
    """Draw the page."""
    names, first = dict(view.offered), focus(view, "who")
    if not names:
        st.info("没有可以看画像的社区：其他社区只看平均和分布，见“社区对比”。")
        return
    place = st.selectbox(
        "看哪个社区", list(names), index=list(names).index(first), format_func=names.get, key="who", bind="query-params"
    )
    offered = pillars(view)
    if not offered:
        st.info("这个周期没有可以展示的指标；请在左侧换一个周期。")
        return
    peers, words = _peers(view, place)
    ids = tuple((name, tuple(m.id for m in members)) for name, members in offered.items())
    st.html(_sheet(view, ids, place, names[place], peers, words))
    with st.expander("怎么读这一页"):
        st.markdown(_READING)
    tables.view_downloads("portrait", replace(view, places=(place,)), _all_of(offered))


def _all_of(offered: Mapping[str, Sequence[Metric]]) -> list[Metric]:
    return list(dict.fromkeys(m for members in offered.values() for m in members))


@kept
def _sheet(view: View, ids: Sequence[tuple[str, tuple[str, ...]]], place: str, name: str, peers: Sequence[str], words: str) -> str:
    """The sheet of a place as HTML: the pillars by name with the ids of their metrics, its peers and how they were chosen."""
    offered = {pillar: [view.catalogue.metrics[m] for m in members] for pillar, members in ids}
    metrics = _all_of(offered)
    frame, compared = view.figures(*metrics, places=()), _compared(view, tuple(m.id for m in metrics))
    said = portrait_finding(compared, place, name, view.period.label)
    names = names_of(view.known)
    ends = frame.groupby("metric")["value"].agg(["min", "max"])

    chosen = {pillar: short(members) for pillar, members in offered.items()}
    # The figures of a city are gone through once for all pillars.
    rows = beside(frame, _all_of(chosen), place, peers, view.catalogue.measures).set_index("metric", drop=False)

    return (
        '<div class="jj-portrait">'
        + _head(view, place, name, said)
        + _signals(signals(compared, place, view.catalogue.metrics))
        + _legend(words)
        + '<div class="pillars">'
        + "".join(_pillar(pillar, some, rows.loc[[m.id for m in some]], ends, names) for pillar, some in chosen.items())
        + "</div>"
        + _life(view, place)
        + f'<div class="jj-foot">{html.escape(view.context(*metrics).foot)}</div></div>'
    )


@kept
def _compared(view: View, ids: Sequence[str]) -> pd.DataFrame:
    """Every place against the mean of each metric that can be judged: the same for whichever place is looked at, and small enough to be kept."""
    metrics = [view.catalogue.metrics[m] for m in ids]
    found = charts.compared_board(view.figures(*metrics, places=()), metrics)
    few = ["place_id", "metric", "group", "verdict"]
    return found.loc[(found["group"] != "").to_numpy(), [*few, "value", "mean"]].astype(dict.fromkeys(few, "category"))


_READING = (
    "每行一项指标，灰线从全街道最低的社区到最高的社区，灰带是居中一半的社区，黑竖线是街道平均，菱形是同类社区平均，红点是本社区。"
    "平均都是分子合计除以分母合计；数量指标的平均是每个社区平均多少。只有超出漏斗图99.8%控制限的才写进“信号”（最多三条），其余高低可能只是随机波动。"
)


# ---- who is like it ----


def _peers(view: View, place: str) -> tuple[tuple[str, ...], str]:
    """The peers' ids and how they were chosen, in words."""
    places = view.known
    group, fixed = same_group(places, place)
    ways = ["最相近的社区", f"同类型（{group}）"] if fixed else ["最相近的社区"]
    with st.expander("同类社区怎么选"):
        way = st.radio("同类社区", ways, horizontal=True, key="peers", label_visibility="collapsed") or ways[0]
        fixed_group = way != ways[0]
        chosen = tuple(fixed) if fixed_group else _nearest(view, place, tuple(_weights(view).items()))
        names = names_of(places)
        listed = "、".join(str(names[p]) for p in chosen) or "没有可比的社区"
        st.caption(f"同类社区：{listed}")
    return chosen, f"{way}：{listed}"


@kept
def _nearest(view: View, place: str, weights: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    return tuple(nearest(_traits(view), place, view.catalogue.likeness, dict(weights)).index)


def _traits(view: View) -> pd.DataFrame:
    there = {m.id for m in view.ask("metrics") if view.period.grain in view.ask("grains", m.id)}
    metrics = [view.catalogue.metrics[m] for m in dict.fromkeys(t.metric for t in view.catalogue.likeness.values()) if m in there]
    if not metrics:
        return pd.DataFrame()
    return traits_frame(view.figures(*metrics, places=()), view.known, view.catalogue.likeness.values()).dropna(axis=1, how="all")


def _weights(view: View) -> dict[str, float]:
    st.caption("按下面各方面的接近程度选最近的五个；权重可以调，调到 0 就不看这一方面。")
    columns = st.columns(3)
    return {
        trait.id: columns[i % 3].slider(trait.name, 0.0, 3.0, float(trait.weight), 0.5, key=f"like_{trait.id}")
        for i, trait in enumerate(view.catalogue.likeness.values())
    }


# ---- the sheet ----


def facts(view: View, place: str) -> list[tuple[str, str]]:
    """Name and value of what stands in the head: kind, area, households …; only what is known."""
    known = view.known.set_index("place_id")
    there = {m.id: m for m in view.ask("metrics") if view.period.grain in view.ask("grains", m.id)}
    metrics = [there[m] for m in HEAD if m in there]
    values = view.figures(*metrics, places=(place,)).set_index("metric")["value"] if metrics else {}
    found = [("类型", str(known["peer_group"].get(place) or ""))]
    area = known["area_km2"].get(place)
    found += [("面积", f"{area:g}平方公里")] if area and not pd.isna(area) else []
    found += [(m.name, format_value(values[m.id], m, unit=True)) for m in metrics if not pd.isna(values[m.id])]
    return [(name, value) for name, value in found if value and value != "nan"]


def _head(view: View, place: str, name: str, said: tuple[str, str]) -> str:
    cells = "".join(f"<div><span>{html.escape(k)}</span><b>{html.escape(v)}</b></div>" for k, v in facts(view, place))
    title, sentence = said
    return (
        f"<h2>{html.escape(name)}<small>{html.escape(view.context().period)}</small></h2>"
        f'<div class="facts">{cells}</div><h3>{html.escape(title)}</h3><p>{html.escape(sentence)}</p>'
    )


def _signals(found: Sequence[tuple[str, str]]) -> str:
    if not found:
        return '<ul class="signals"><li>● 没有超出控制限的指标。</li></ul>'
    items = (
        f'<li><span class="{tone}">{sign}</span> {html.escape(sentence)}</li>'
        for sign, tone, sentence in ((*_SIGNS.get(verdict, ("●", "")), sentence) for verdict, sentence in found)
    )
    return f'<h4>信号</h4><ul class="signals">{"".join(items)}</ul>'


def _legend(words: str) -> str:
    keys = "　".join(f'<span style="color:{colour}">{sign}</span> {word}' for sign, colour, word in LEGEND)
    return f'<div class="key">{keys}<br>同类社区（{html.escape(words)}）</div>'


def short(members: Sequence[Metric]) -> list[Metric]:
    """The metrics of a pillar that go onto the sheet: rates with a direction first, then other rates, then counts."""

    def rank(metric: Metric) -> int:
        return (metric.kind == "count") * 2 + (metric.better == "neutral")

    kept = sorted(members, key=rank)[:ROWS]
    return [m for m in members if m in kept]


def _pillar(name: str, metrics: Sequence[Metric], rows: pd.DataFrame, ends: pd.DataFrame, names: Mapping[str, str]) -> str:
    """The metrics of a pillar: ``rows`` as :func:`beside` gives them, ``ends`` the lowest and highest figure of each, ``names`` of places."""
    by_id = {m.id: m for m in metrics}
    body = "".join(_line(row, by_id[row.metric], ends.loc[row.metric], names) for row in rows.itertuples())
    heads = "".join(f"<th>{h}</th>" for h in ("指标", "本社区", "位置", "同类", "街道", "最好"))
    return f"<section><h4>{html.escape(name)}</h4><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></section>"


def _line(row, metric: Metric, ends: pd.Series, names: Mapping[str, str]) -> str:
    spine = Spine(row.own, row.peers, row.street, row.low, row.high, float(ends["min"]), float(ends["max"]))
    best = f'<span title="{html.escape(str(names.get(row.best_place, "")))}">{_text(row.best, metric)}</span>'
    unit = "" if metric.unit == "%" else f"<small>{html.escape(metric.unit)}</small>"
    return (
        f"<tr><td>{html.escape(metric.name)}{unit}</td><td><b>{_text(row.own, metric)}</b></td>"
        f"<td>{_picture(spine_svg(spine))}</td><td>{_text(row.peers, metric)}</td><td>{_text(row.street, metric)}</td><td>{best}</td></tr>"
    )


def _text(value: float, metric: Metric) -> str:
    return html.escape(format_value(value, metric)) if math.isfinite(value) else "—"


def _picture(svg: str) -> str:
    return f'<img alt="" src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">' if svg else ""


# ---- what goes on there ----


def _life(view: View, place: str) -> str:
    until = min(view.period.end, view.dataset.as_of)
    asked = {
        what: view.ask("life", what, place, until - timedelta(days=DAYS - 1), until)
        for what in ("organisations", "stations", "activities")
    }
    parts = [
        made
        for made in (_organisations(asked["organisations"]), _stations(asked["stations"]), _activities(asked["activities"]))
        if made
    ]
    return f'<div class="life">{"".join(parts)}</div>' if parts else ""


def _organisations(rows: pd.DataFrame) -> str:
    if rows.empty:
        return ""
    told = "，".join(f"{html.escape(str(r.level))}{int(r.number)}个" for r in rows.itertuples())
    return f"<section><h4>党组织</h4><p>{told}。</p></section>"


def _stations(rows: pd.DataFrame) -> str:
    if rows.empty:
        return ""
    items = []
    for r in rows.head(5).itertuples():
        area = "" if pd.isna(r.floor_area) else f"，{r.floor_area:,.0f}平方米"
        night = "，夜间开放" if r.night_opening is True or r.night_opening == 1 else ""
        items.append(f"<li>{html.escape(str(r.name))}{area}{night}</li>")
    more = f"<li>另有{len(rows) - 5}处</li>" if len(rows) > 5 else ""
    return f"<section><h4>阵地（{len(rows)}处）</h4><ul>{''.join(items)}{more}</ul></section>"


def _activities(rows: pd.DataFrame) -> str:
    if rows.empty:
        return ""
    people = rows["attendances"].sum()
    items = "".join(
        f"<li>{pd.Timestamp(r.held_on):%m月%d日}　{html.escape(str(r.title))}</li>" for r in rows.head(6).itertuples()
    )
    more = f"<li>另有{len(rows) - 6}场</li>" if len(rows) > 6 else ""
    return f"<section><h4>近{DAYS}天活动（{len(rows)}场，{people:,.0f}人次）</h4><ul>{items}{more}</ul></section>"
