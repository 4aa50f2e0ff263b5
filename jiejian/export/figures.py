"""Figures frame -> the table that leaves: one row a place and period, one column a metric."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from jiejian.catalogue import Catalogue, Metric
from jiejian.context import Context
from jiejian.export.model import Definition, ExportColumn, ExportTable
from jiejian.periods import parse_period

KINDS = {"count": "计数", "proportion": "占比", "rate": "比率", "ratio": "比值", "as_reported": "照原文"}
_QUALIFIERS = {
    "about": "约数",
    "at_least": "不少于此数",
    "nearly": "接近此数",
    "planned": "计划数",
    "derived": "推算数",
    "below": "低于此数",
    "range": "区间值",
}
_STATUSES = {"E": "估计数", "P": "初步数"}
_KEYS = ["place_id", "place", "period"]


def subject_of(metrics: Sequence[Metric]) -> str:
    """``按期办结率``, or ``按期办结率等3项`` where there are several."""
    if not metrics:
        return "指标"
    return metrics[0].name if len(metrics) == 1 else f"{metrics[0].name}等{len(metrics)}项"


def _period_label(key: str) -> str:
    try:
        return parse_period(key).label
    except ValueError:  # published figures carry the words of their source instead of a period's key
        return key


def _remarks(found: pd.DataFrame, prefix: str) -> pd.Series:
    """What must be said beside each value of one metric: approximate, provisional, and its note; '' where nothing."""
    there = found["value"].notna()
    words = found["qualifier"].map(_QUALIFIERS).where(there).fillna("").astype("str")
    for more in (found["status"].map(_STATUSES).where(there), found["note"]):
        more = more.fillna("").astype("str")
        words = words + ("，" + more).where((words != "") & (more != ""), more)
    return (prefix + words).where(words != "", "")


def _part(catalogue: Catalogue, metric: Metric, word: str, values: pd.Series) -> tuple[ExportColumn, pd.Series]:
    measures = [catalogue.measures[m] for m in (metric.numerator if word == "分子" else metric.denominator)]
    head = f"{metric.name}{word}：{'＋'.join(m.name for m in measures)}"
    whole = bool((values.dropna() % 1 == 0).all())
    return ExportColumn(head, measures[0].unit, 0 if whole else 2, "number"), values


def _definition(catalogue: Catalogue, metric: Metric, parts: bool) -> Definition:
    text = metric.definition
    if parts and metric.denominator:
        above, below = ("＋".join(catalogue.measures[m].name for m in side) for side in metric.parts)
        text += f"分子：{above}；分母：{below}。"
    return Definition(metric.name, metric.unit, text, KINDS[metric.kind])


def figures_table(
    frame: pd.DataFrame,
    metrics: Sequence[Metric],
    context: Context,
    catalogue: Catalogue,
    *,
    parts: bool = False,
    filters: tuple[tuple[str, str], ...] = (),
    title: str = "",
) -> ExportTable:
    """The figures frame of ``metrics`` as a wide table: 社区, 时间, then a column a metric, in the order of the frame's rows.

    ``parts`` adds numerator and denominator after every proportion, rate and ratio. A gap stays empty. A column 备注
    follows where any value is approximate, provisional or noted, so that no flag is lost on the way out.
    Raises ValueError when a place has two values of one metric for one period.
    """
    frame = frame[frame["metric"].isin([m.id for m in metrics])]
    rows = pd.MultiIndex.from_frame(frame[_KEYS].drop_duplicates())
    place_head = catalogue.datasets[context.dataset].unit_of_comparison if context.dataset in catalogue.datasets else "社区"
    periods = rows.get_level_values("period")
    labels = {key: _period_label(str(key)) for key in periods.unique()}
    columns = [
        (ExportColumn(place_head), pd.Series(rows.get_level_values("place"), index=rows)),
        (ExportColumn("时间"), pd.Series(periods.map(labels), index=rows)),
    ]
    remarks = pd.Series("", index=rows, dtype="str")
    for metric in metrics:
        found = frame[frame["metric"] == metric.id].set_index(_KEYS)
        if found.index.has_duplicates:
            place, period = found.index[found.index.duplicated()][0][1:]
            what = f"{place} {_period_label(str(period))}的“{metric.name}”"
            raise ValueError(f"{what}有两个值，不能导出。请先到“数据导入”核对重复的报送。")
        found = found.reindex(rows)
        columns.append((ExportColumn(metric.name, metric.unit, metric.decimals, "number"), found["value"]))
        if parts and metric.denominator:
            columns.append(_part(catalogue, metric, "分子", found["numerator"]))
            columns.append(_part(catalogue, metric, "分母", found["denominator"]))
        said = _remarks(found, f"{metric.name}：" if len(metrics) > 1 else "")
        remarks = remarks + ("；" + said).where((remarks != "") & (said != ""), said)
    if (remarks != "").any():
        columns.append((ExportColumn("备注"), remarks))
    wide = pd.concat([values.reset_index(drop=True).rename(number) for number, (_, values) in enumerate(columns)], axis=1)
    return ExportTable(
        title=title or f"{context.street}{subject_of(metrics)}{'指标' if len(metrics) > 1 else ''}",
        frame=wide,
        columns=tuple(column for column, _ in columns),
        context=context,
        definitions=tuple(_definition(catalogue, m, parts) for m in metrics),
        filters=filters,
    )
