"""Who stands where: places side by side at one period, in groups, not in ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jiejian.analysis.interval import ABOVE, BELOW, SAME, compare_to_mean
from jiejian.analysis.takeaway.words import Finding, figure_text, fit_title, listed, span_text
from jiejian.catalogue import Metric
from jiejian.figures import EARLY
from jiejian.periods import parse_period
from jiejian.privacy import HIDDEN


def _gaps(frame: pd.DataFrame, metric: Metric, noun: str) -> str:
    """One clause on the places without a figure; empty where there is none."""
    missing = frame[frame["value"].isna()]
    empty, hidden = missing["denominator"].eq(0), missing["status"].eq(HIDDEN)
    parts = []
    for mask, word in ((~empty & ~hidden, "缺报"), (empty & ~hidden, "分母为0，不计算"), (hidden, "因人数少不显示")):
        if mask.any() and mask.sum() == len(frame):
            return f"{len(frame)}个{noun}均{word}。"
        if mask.any():
            parts.append(f"{int(mask.sum())}个{noun}{word}：{listed(list(missing.loc[mask, 'place']), noun)}。")
    return "".join(parts)


def _remarks(frame: pd.DataFrame) -> str:
    there = frame[frame["value"].notna()]
    early = int(there["status"].isin(EARLY).sum())
    return f"其中{early}个为初步数或估计数。" if early else ""


def ranking_finding(frame: pd.DataFrame, metric: Metric, noun: str = "社区") -> Finding:
    """What may be said of places side by side: a figures frame of one metric and one period.

    Raises ValueError (from :func:`compare_to_mean`) where the frame mixes periods or metrics.
    """
    compared = compare_to_mean(frame, metric)
    there = compared[compared["value"].notna()]
    label = parse_period(str(frame["period"].iloc[0])).label if len(frame) else "所选时间"
    if there.empty:
        title = fit_title(f"{label}{metric.name}没有数据", f"{metric.name}没有可比较的数据", otherwise="本指标没有可以比较的数据")
        return title, f"{label}没有可比较的{metric.name}。{_gaps(compared, metric, noun)}".strip()
    if len(there) == 1:
        return _alone(compared, there.iloc[0], metric, noun, label)
    title, sentence = (_judged if there["group"].ne("").any() else _described)(there, metric, noun)
    return title, f"{label}，{sentence}{_gaps(compared, metric, noun)}{_remarks(compared)}"


def _alone(frame: pd.DataFrame, row: pd.Series, metric: Metric, noun: str, label: str) -> Finding:
    value, rest = figure_text(row["value"], metric), _gaps(frame, metric, noun) + _remarks(frame)
    title = fit_title(
        f"{row['place']}{metric.name}为{value}",
        f"{label}{row['place']}{metric.name}为{value}",
        f"{metric.name}为{value}，仅一个{noun}有数",
        otherwise=f"本指标只有一个{noun}有数，不作比较",
    )
    return title, f"{label}，{row['place']}{metric.name}为{value}，只此一处有数，不作比较。{rest}"


def limits_words(adjusted: bool) -> str:
    """By what a place was judged, for the brackets of a sentence."""
    return "漏斗图99.8%控制限" + ("，已按社区间常有的差异放宽" if adjusted else "")


def _judged(there: pd.DataFrame, metric: Metric, noun: str) -> Finding:
    """Proportions and rates of counts: three groups against the pooled mean, by the limits of the funnel."""
    above, same, below = (list(there.loc[there["group"] == g, "place"]) for g in (ABOVE, SAME, BELOW))
    mean = f"总体平均{figure_text(there['mean'].iloc[0], metric)}"
    direction = {"higher": "越高越好", "lower": "越低越好"}.get(metric.better, "")
    unjudged = len(there) - len(above) - len(same) - len(below)
    left_out = f"{unjudged}个{noun}无法计算区间，未作判断。" if unjudged else ""
    limits = limits_words(bool(there["adjusted"].iloc[0]))
    if not above and not below:
        low, high = there["value"].min(), there["value"].max()
        span = figure_text(low, metric) if figure_text(low, metric) == figure_text(high, metric) else span_text(low, high, metric)
        title = fit_title(f"各{noun}{metric.name}{SAME}", f"{metric.name}各{noun}无明显差异", otherwise=f"各{noun}本项指标{SAME}")
        return title, f"{mean}，各{noun}为{span}，高低可能只是随机波动（{limits}）。{left_out}"
    clauses = [f"{listed(names, noun)}{group}" for names, group in ((above, ABOVE), (below, BELOW)) if names]
    if same:
        clauses.append(f"其余{len(same)}个{noun}{SAME}")
    note = f"（{limits}" + (f"；该指标{direction}" if direction else "") + "）"
    return _judged_title(above, below, metric, noun), f"{mean}；{'，'.join(clauses)}{note}。{left_out}"


def _judged_title(above: list[str], below: list[str], metric: Metric, noun: str) -> str:
    if above and below:
        counted = f"{len(above)}个{noun}{{}}明显高于平均、{len(below)}个明显低于"
        return fit_title(
            counted.format(metric.name),
            f"{metric.name}：{len(above)}个{noun}偏高、{len(below)}个偏低",
            otherwise=f"{len(above)}个{noun}高于平均、{len(below)}个低于",
        )
    names, group = (above, ABOVE) if above else (below, BELOW)
    named = f"{'、'.join(names)}{metric.name}{group}" if len(names) <= 2 else ""
    return fit_title(named, f"{len(names)}个{noun}{metric.name}{group}", otherwise=f"本指标有{len(names)}个{noun}{group}")


def _described(there: pd.DataFrame, metric: Metric, noun: str) -> Finding:
    """Counts, rates and published scores: where they lie, without a verdict on anyone."""
    low, high, mean = there["value"].min(), there["value"].max(), there["mean"].iloc[0]
    level = figure_text(low, metric) == figure_text(high, metric)
    same = f"均为{figure_text(low, metric)}" if level else f"为{span_text(low, high, metric)}"
    middle = (
        f"总体平均{figure_text(mean, metric)}"
        if not np.isnan(mean)
        else f"中位数{figure_text(float(there['value'].median()), metric)}"
    )
    caution = {
        "count": f"总量受{noun}规模影响，多少不等于好坏",
        "as_reported": "原样引用，不另求平均",
        "proportion": "无法计算区间，不判断差异是否出于偶然",
    }.get(metric.kind, f"未作随机波动检验，规模小的{noun}起伏较大")
    title = fit_title(
        f"各{noun}{metric.name}{same}",
        f"{metric.name}{same}",
        f"{len(there)}个{noun}的{metric.name}{same}",
        f"各{noun}{metric.name}的高低分布",
        otherwise=f"各{noun}本期数值的分布情况",
    )
    return title, f"{len(there)}个{noun}{metric.name}{same}，{middle}；{caution}。"
