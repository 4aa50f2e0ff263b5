"""综合考评: weights that can be moved, ranks with their ranges, and what the scores are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.analysis.evaluation import TOP, Evaluation, Result, evaluate, prepare, scorable
from jiejian.analysis.ranks import range_text
from jiejian.analysis.takeaway import position, scores_finding
from jiejian.catalogue import Metric
from jiejian.export.model import ExportColumn, ExportTable
from jiejian.ui import show
from jiejian.ui.comparison import ranks_allowed
from jiejian.ui.downloads import Offer, downloads
from jiejian.ui.pillars import grouping, pillars
from jiejian.ui.tables import packed
from jiejian.ui.view import View, kept

_NORMALISE = {"minmax": "极差法（0—100分）", "zscore": "标准分", "rank": "排序法"}
_AGGREGATE = {"arithmetic": "算术平均（可以互补）", "geometric": "几何平均（短板拉低）"}


def scoring(view: View) -> None:
    """Draw the page."""
    offered = {name: scorable(members) for name, members in pillars(view).items()}
    offered = {name: members for name, members in offered.items() if members}
    chosen = grouping(view)
    if not offered or len(view.known) < 2:
        st.info(_why_not(view, bool(offered)))
        return
    left, right = st.columns([2, 5], gap="large")
    with left:
        st.subheader(f"{chosen.name}的权重", anchor=False)
        weights, of_metrics, how, outliers = _controls(offered)
        ranks = ranks_allowed(view) and st.toggle("显示名次范围", key="ranks", bind="query-params")
    metrics = [m for members in offered.values() for m in members]
    ids = tuple((name, tuple(m.id for m in members)) for name, members in offered.items())
    scored = _scored(view, ids, tuple(weights.items()), tuple(of_metrics.items()), *how, outliers, ranks)
    with right:
        if scored is None:
            st.info("所选权重下没有可以计分的指标：请至少给一个部分大于 0 的权重，或换一个时间。")
            return
        show.chart(view, scored.ranked, "rank_chart", lambda: _show_table(scored.table))
        show.chart(view, scored.made_of, "parts_chart", lambda: _show_parts(scored.parts))
    _below(view, metrics, scored)


@dataclass(frozen=True)
class Scored:
    """An evaluation with its scores, and what the page shows of it: two charts and their tables."""

    evaluation: Evaluation
    result: Result
    table: pd.DataFrame
    parts: pd.DataFrame
    ranked: charts.Figure
    made_of: charts.Figure


@kept
def _scored(
    view: View, ids: Sequence[tuple[str, tuple[str, ...]]], weights: Sequence[tuple[str, float]], of_metrics: Sequence[tuple[str, float]],
    normalise: str, aggregate: str, outliers: bool, ranks: bool,
) -> Scored | None:  # fmt: skip
    """The evaluation of the pillars (name, ids of metrics) under these weights; None where nothing can be scored."""
    offered = {name: [view.catalogue.metrics[m] for m in members] for name, members in ids}
    metrics = [m for members in offered.values() for m in members]
    evaluation = prepare(view.figures(*metrics, places=()), offered, dict(weights), dict(of_metrics), outliers)
    if evaluation is None:
        return None
    result = evaluate(evaluation, normalise, aggregate)
    table = _table(view, evaluation, result, ranks)
    parts = result.parts.round(2)
    parts.insert(0, "社区", view.known.set_index("place_id")["place"].reindex(parts.index).to_numpy())
    return Scored(evaluation, result, table, parts, *_pictures(view, metrics, evaluation, result, ranks))


def _why_not(view: View, any_metrics: bool) -> str:
    if any_metrics:
        return "只有一个社区，不作综合考评。"
    return "这个维度在所选周期没有可以计分的比率或得分；三方评价按季报送，请在左侧把周期改为季度，或换一个维度。"


# ---- choices ----


def _controls(offered: Mapping[str, Sequence[Metric]]) -> tuple[dict[str, float], dict[str, float], tuple[str, str], bool]:
    weights = {name: float(st.slider(name, 0, 10, 5, key=f"weight_{name}")) for name in offered}
    whole = sum(weights.values())
    if whole:
        st.caption("折合：" + "、".join(f"{name}{w / whole:.0%}" for name, w in weights.items()))
    with st.expander("每项指标的权重"):
        st.caption("同一部分内的相对权重，0 为不计入。")
        of_metrics = _metric_weights(offered)
    with st.expander("算法"):
        normalise = st.selectbox("标准化", list(_NORMALISE), format_func=_NORMALISE.get, key="normalise")
        means = ["arithmetic"] if normalise == "zscore" else list(_AGGREGATE)
        aggregate = st.selectbox("合成", means, format_func=_AGGREGATE.get, key=f"aggregate_{len(means)}")
        outliers = st.toggle(
            "先处理离群值", value=True, key="outliers", help="个别极端数值会把其他社区挤在一起，先收到次大（次小）值。"
        )
    return weights, of_metrics, (normalise, aggregate), outliers


def _metric_weights(offered: Mapping[str, Sequence[Metric]]) -> dict[str, float]:
    rows = pd.DataFrame(
        [(name, m.name, 1.0) for name, members in offered.items() for m in members], columns=["部分", "指标", "权重"]
    )
    number = st.column_config.NumberColumn(min_value=0.0, max_value=10.0, step=0.5, required=True)
    edited = st.data_editor(
        rows, hide_index=True, width="stretch", disabled=["部分", "指标"], column_config={"权重": number}, key=f"metric_weights_{len(rows)}_{rows['指标'].iloc[0]}"
    )  # fmt: skip
    ids = [m.id for members in offered.values() for m in members]
    return {metric: float(w) if w is not None and np.isfinite(w) else 0.0 for metric, w in zip(ids, edited["权重"], strict=True)}


# ---- what is shown ----


def _pictures(
    view: View, metrics: Sequence[Metric], evaluation: Evaluation, result: Result, ranks: bool
) -> tuple[charts.Figure, charts.Figure]:
    """Places by their ranks, and what their scores are made of."""
    places, context = view.known, view.context(*metrics)
    names = places.set_index("place_id")["place"].reindex(result.ranges.index)
    finding = scores_finding(result.ranges, names, TOP)
    ranked = charts.rank_chart(result.ranges, places, context, finding, focus=view.places, ranks=ranks)
    parts = result.by_pillar(evaluation)
    order = _order(view, result, ranks)
    return ranked, charts.contribution_chart(parts, places, context, ("得分由哪几部分构成", _parts_words(parts)), order, view.places)


def _parts_words(parts: pd.DataFrame) -> str:
    if parts.empty:
        return "没有可以分解的得分。"
    spread = (parts.max() - parts.min()).sort_values(ascending=False, kind="stable")
    return f"各社区拉开差距最大的是“{spread.index[0]}”，最高与最低相差{spread.iloc[0]:.1f}分。"


def _order(view: View, result: Result, ranks: bool) -> list[str]:
    """Places by rank where ranks are shown, else in the street's customary order."""
    if ranks:
        return list(result.ranges["rank"].sort_values(kind="stable", na_position="last").index.to_numpy(dtype=object))
    there = set(result.ranges.index.to_numpy(dtype=object))
    return [p for p in view.known["place_id"].to_numpy(dtype=object) if p in there]


def _table(view: View, evaluation: Evaluation, result: Result, ranks: bool) -> pd.DataFrame:
    names = view.known.set_index("place_id")["place"]
    order = _order(view, result, ranks)
    r = result.ranges.loc[order]
    unit = view.catalogue.datasets[view.dataset.id].unit_of_comparison
    table = pd.DataFrame({unit: names.reindex(order).to_numpy(), TOP: r["score"].round(1).to_numpy()})
    if ranks:
        pairs = {
            "名次范围": ("best", "worst"),
            "权重浮动时": ("weights_best", "weights_worst"),
            "换算法时": ("methods_best", "methods_worst"),
            "随机波动下": ("chance_best", "chance_worst"),
        }
        for head, (a, b) in pairs.items():
            table[head] = [range_text(x, y) for x, y in zip(r[a], r[b], strict=True)]
    table["分组"], table["稳定程度"] = position(result.ranges).loc[order].to_numpy(), r["verdict"].to_numpy()
    for pillar in evaluation.pillars:
        table[pillar] = result.scores.loc[order, pillar].round(1).to_numpy()
    return table


def _show_table(table: pd.DataFrame) -> None:
    numbers = {c: st.column_config.NumberColumn(format="%.1f") for c in table if pd.api.types.is_numeric_dtype(table[c])}
    st.dataframe(packed(table), hide_index=True, width="stretch", column_config=numbers)


def _show_parts(parts: pd.DataFrame) -> None:
    st.dataframe(packed(parts), hide_index=True, width="stretch")
    st.caption("每项指标给综合得分贡献的分数，横向相加等于综合得分；缺数的指标为 0，权重由其余指标分担。")


def _below(view: View, metrics: Sequence[Metric], scored: Scored) -> None:
    evaluation, result = scored.evaluation, scored.result
    names = view.known.set_index("place_id")["place"]
    notes = [f"{'、'.join(names.reindex(list(evaluation.too_few)))}报送的指标不到一半，未评分。"] if evaluation.too_few else []
    notes += [f"各社区相同或无数、未计入：{'、'.join(evaluation.left_out)}。"] if evaluation.left_out else []
    drawn = "、".join(t.metric for t in evaluation.treated)
    notes += [f"处理过离群值：{drawn}。"] if drawn else []
    notes.append("数量指标受规模影响、不分好坏的指标不计分。得分只在这些社区之间相对比较。")
    st.caption("".join(notes))
    table, context = scored.table, view.context(*metrics)
    columns = tuple(
        ExportColumn(str(c), kind="number" if pd.api.types.is_numeric_dtype(table[c]) else "text", decimals=1) for c in table
    )
    definitions = [(m.name, m.unit, m.definition) for m in metrics]
    export = ExportTable("综合考评", table, columns, context, definitions, (("权重", _weights_text(evaluation)),))
    downloads(
        "scoring",
        "综合考评",
        context,
        Offer("当前视图", len(table), lambda: export),
        Offer("每项指标的贡献", len(result.parts), lambda: _parts_export(view, result, context)),
    )
    with st.expander("口径"):
        show.definitions(view, metrics)


def _weights_text(evaluation: Evaluation) -> str:
    return "、".join(f"{name}{weight:g}" for name, weight in evaluation.groups[TOP]["members"].items())


def _parts_export(view: View, result: Result, context) -> ExportTable:
    names = view.known.set_index("place_id")["place"]
    table = result.parts.round(3)
    table.insert(0, "社区", names.reindex(table.index).to_numpy())
    columns = (ExportColumn("社区"), *(ExportColumn(str(c), "分", 2, "number") for c in table.columns[1:]))
    return ExportTable("每项指标对综合得分的贡献", table, columns, context)
