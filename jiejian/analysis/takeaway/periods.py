"""Years beside one another, the year so far against its target, all communities at once, before and after an event."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jiejian.analysis.before_after import Comparison
from jiejian.analysis.change import NAMES, Change, Window, completion, time_progress
from jiejian.analysis.takeaway.words import Finding, figure_text, fit_title, listed
from jiejian.catalogue import Metric
from jiejian.festivals import festival_months
from jiejian.format import describe_change, rounded
from jiejian.periods import Period


def years_finding(metric: Metric, place: str, periods: Sequence[Period], values: np.ndarray) -> Finding:
    """The newest year against the one before, period by period. ``values`` stand beside ``periods``, oldest first."""
    held = {p.key: float(v) for p, v in zip(periods, values, strict=True) if np.isfinite(v)}
    now = periods[-1]
    year = [p for p in periods if p.start.year == now.start.year and p.key in held and p.year_before.key in held]
    head = f"{now.label}，{place}{metric.name}{figure_text(held[now.key], metric) if now.key in held else '缺数'}"
    base = now.year_before
    if now.key not in held or base.key not in held:
        why = "" if now.key not in held else f"；{base.label}没有数，同比不作比较"
        return fit_title(f"{metric.name}各年同期走势", otherwise="本指标各年同期的走势"), f"{head}{why}。"
    change = describe_change(held[now.key], held[base.key], metric)
    told = f"{head}，{base.label}为{figure_text(held[base.key], metric)}，同比{change or '算不出变化率'}"
    up, down = (sum((held[p.key] - held[p.year_before.key]) * s > 0 for p in year) for s in (1, -1))
    side, most = ("高于", up) if up >= down else ("低于", down)
    title = fit_title(f"今年{len(year)}期中{most}期{side}去年同期", otherwise=f"{metric.name}同比{change}")
    told += (
        f"；今年可比的{len(year)}期中，{up}期高于、{down}期低于去年同期。单期同比未作随机波动检验，是否真的变了看上面的运行图。"
    )
    return title, told + _festival_shift(now)


def _festival_shift(now: Period) -> str:
    """A warning where the festival stands in another month than the year before."""
    if now.grain != "month" or now.start.month > 3:
        return ""
    months = festival_months(p.start.replace(month=m) for p in (now.year_before, now) for m in (1, 2))
    found = {m.year: m.month for m in months}
    a, b = found.get(now.start.year - 1), found.get(now.start.year)
    return f"春节{now.start.year - 1}年在{a}月、{now.start.year}年在{b}月，1—2月的同比宜合起来看。" if a and b and a != b else ""


def cumulative_finding(
    metric: Metric, place: str, period: Period, value: float, before: float, target: float | None, adds: bool
) -> Finding:
    """The year so far against the same months of the year before and, for totals, against the target and 序时进度."""
    if not np.isfinite(value):
        title = fit_title(f"{metric.name}累计数不全", otherwise="今年累计数不全，不作比较")
        return title, f"{period.label}，{place}{metric.name}有月份缺数，累计不作比较。"
    change = describe_change(value, before, metric) if np.isfinite(before) else ""
    told = f"{period.label}，{place}{metric.name}{figure_text(value, metric)}"
    told += f"，上年同期{figure_text(before, metric)}，累计同比{change}" if change else "，上年同期没有可比的累计数"
    title = fit_title(
        f"{metric.name}累计同比{change}" if change else "",
        f"本指标累计同比{change}" if change else "",
        otherwise="今年累计与上年同期的比较",
    )
    if target is None or not np.isfinite(target) or target <= 0:
        return title, f"{told}；没有下达全年目标。"
    if not adds:
        gap = value - target
        word = (
            "持平"
            if rounded(gap, 1) == 0
            else f"{'高于' if gap > 0 else '低于'}目标{describe_change(value, target, metric).lstrip('上升下降')}"
        )
        return title, f"{told}；全年目标{figure_text(target, metric)}，累计{word}。"
    done, passed = completion(value, target) * 100, time_progress(period.end) * 100
    gap = float(rounded(done, 1) - rounded(passed, 1))
    pace = "与序时进度持平" if gap == 0 else f"{'快' if gap > 0 else '慢'}于序时进度{abs(gap):.1f}个百分点"
    title = fit_title(f"完成全年目标{done:.1f}%，{pace}", f"完成率{done:.1f}%，{pace}", otherwise=title)
    return title, f"{told}；全年目标{figure_text(target, metric)}，完成率{done:.1f}%，序时进度{passed:.1f}%，{pace}。"


def multiples_finding(metric: Metric, label: str, worse: Sequence[str], better: Sequence[str], other: int, judged: int, total: int, by_chance: float, noun: str = "社区") -> Finding:  # fmt: skip
    """All communities at once: who shows a signal in the latest period, and how many chance alone would give."""
    if not judged:
        return fit_title(
            f"各{noun}{metric.name}走势并列", otherwise=f"各{noun}本指标走势并列"
        ), f"{label}，{metric.name}不作波动判断，各{noun}走势并列，同一刻度。"
    parts = [f"{listed(names, noun)}出现{word}信号" for names, word in ((worse, "变差"), (better, "改善")) if names]
    parts += [f"{other}个{noun}超出通常波动" if metric.better == "neutral" else ""] if other else []
    calm = judged - len(worse) - len(better) - other
    told = f"{label}，{total}个{noun}中判断了{judged}个：{'，'.join([*parts, f'{calm}个在通常波动范围内'])}。"
    told += f"即使什么都没有变，单凭偶然也会有约{by_chance:.1f}个出现信号。"
    counts = [f"{len(names)}个{noun}{word}" for names, word in ((worse, "变差"), (better, "改善")) if names]
    title = "、".join(counts) + "信号" if counts else f"{other}个{noun}超出通常波动" if other else "都在通常波动范围内"
    return fit_title(f"{metric.name}：{title}", f"各{noun}{title}", title, otherwise=f"各{noun}本期{title}"[:28]), told


def event_finding(metric: Metric, place: str, what: str, found: Comparison | None) -> Finding:
    """Before and after an event; in time, not because of it."""
    if found is None:
        return "前后可用的期数太少，不作比较", f"“{what}”前后各要有3期以上的数才能比较。"
    change = describe_change(found.after, found.before, metric)
    day = f"{found.day.year}年{found.day.month}月{found.day.day}日"
    told = f"“{what}”（{day}）前{found.points[0]}期，{place}{metric.name}平均{figure_text(found.before, metric)}，后{found.points[1]}期平均{figure_text(found.after, metric)}"
    told += f"，{change}" if change else ""
    chance = {True: "前后之差超出随机波动", False: "前后之差在随机波动范围内", None: "不能判断是否出于偶然"}[found.real]
    told += f"；{chance}。" + ("" if found.same_months else "前后月份不同，季节影响没有扣除。") + "先后不等于因果。"
    title = {True: f"事后{change}，超出随机波动", False: "事前事后没有明显差别", None: "事前事后不能判断"}[found.real]
    return fit_title(title, f"{metric.name}{title}", otherwise="事前事后差别见下图，不等于因果"), told


def to_date_sentence(metric: Metric, place: str, window: Window, changes: Sequence[Change | None]) -> str:
    """A month that is not over against as many days of others: 2026年5月1—18日，…；环比（2026年4月1—18日为…）…"""
    known = [c for c in changes if c is not None and np.isfinite(c.value)]
    if not known:
        return f"{window.label}，{place}{metric.name}缺数。"
    parts = []
    for change in known:
        told = describe_change(change.value, change.base, metric)
        base = figure_text(change.base, metric) if np.isfinite(change.base) else "缺数"
        parts.append(f"{NAMES[change.against]}（{change.base_period}为{base}）{told or '不作比较'}")
    return f"{window.label}，{place}{metric.name}{figure_text(known[0].value, metric)}；{'；'.join(parts)}。截止日相同，单期增减未作随机波动检验。"
