"""Findings in Chinese, from frames alone, that claim no more than the figures carry.

Each function returns ``(title, takeaway)``: a title of 10–28 characters and one line that says how much, against what
and whether it may be chance. A change is stated as a change, never as a success; a gap is said to be a gap; a
proportion differs only where its 95 % interval says so; communities are named in groups, not in ranks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from jiejian.analysis.change import NAMES, Against, Change, base_period, change
from jiejian.analysis.interval import ABOVE, BELOW, SAME, compare_to_mean, differs
from jiejian.catalogue import Measure, Metric
from jiejian.format import describe_change, format_value
from jiejian.periods import Period, parse_period

Finding = tuple[str, str]
Compared = Mapping[Against, Change | None]

SHORTEST, LONGEST = 10, 28
LEVEL = "持平"
_NAMED = 3


def fit_title(*candidates: str, otherwise: str) -> str:
    """The first candidate of 10–28 characters; ``otherwise`` (which must fit) where none does."""
    return next((c for c in candidates if c and SHORTEST <= len(c) <= LONGEST), otherwise)


def _names(places: Sequence[str], noun: str) -> str:
    listed = "、".join(places[:_NAMED])
    return listed if len(places) <= _NAMED else f"{listed}等{len(places)}个{noun}"


def _text(value: float, metric: Metric) -> str:
    return format_value(value, metric, unit=True)


def _span(low: float, high: float, metric: Metric) -> str:
    return format_value(high, metric, unit=True, qualifier="range", lower=low, upper=high)


def gap_word(denominator: float | None = None) -> str:
    """Why a place's figure is missing: 缺报, or 分母为0 where nothing happened that could be measured."""
    return "分母为0" if denominator == 0 else "缺报"


def _gap(row: pd.Series, metric: Metric) -> str:
    """The same for a row of a series. A street's rate does not tell whether its communities were late or had no cases."""
    return "缺数" if "reporting" in row and metric.denominator else gap_word(row["denominator"])


# ---- who stands where ----


def _gaps(frame: pd.DataFrame, metric: Metric, noun: str) -> str:
    """One clause on the places without a figure; empty where there is none."""
    missing = frame[frame["value"].isna()]
    empty = missing["denominator"].eq(0)
    parts = []
    for mask, word in ((~empty, "缺报"), (empty, "分母为0，不计算")):
        if mask.any() and mask.sum() == len(frame):
            return f"{len(frame)}个{noun}均{word}。"
        if mask.any():
            parts.append(f"{int(mask.sum())}个{noun}{word}：{_names(list(missing.loc[mask, 'place']), noun)}。")
    return "".join(parts)


def _remarks(frame: pd.DataFrame) -> str:
    there = frame[frame["value"].notna()]
    early = int(there["status"].isin(["E", "P"]).sum())
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
    value, rest = _text(row["value"], metric), _gaps(frame, metric, noun) + _remarks(frame)
    title = fit_title(
        f"{row['place']}{metric.name}为{value}",
        f"{label}{row['place']}{metric.name}为{value}",
        f"{metric.name}为{value}，仅一个{noun}有数",
        otherwise=f"本指标只有一个{noun}有数，不作比较",
    )
    return title, f"{label}，{row['place']}{metric.name}为{value}，只此一处有数，不作比较。{rest}"


def _judged(there: pd.DataFrame, metric: Metric, noun: str) -> Finding:
    """Proportions: three groups against the pooled mean, by 95 % intervals."""
    above, same, below = (list(there.loc[there["group"] == g, "place"]) for g in (ABOVE, SAME, BELOW))
    mean = f"总体平均{_text(there['mean'].iloc[0], metric)}"
    direction = {"higher": "越高越好", "lower": "越低越好"}.get(metric.better, "")
    judged = len(above) + len(same) + len(below)
    unjudged = len(there) - judged
    left_out = f"{unjudged}个{noun}无法计算区间，未作判断。" if unjudged else ""
    if not above and not below:
        low, high = there["value"].min(), there["value"].max()
        span = _text(low, metric) if _text(low, metric) == _text(high, metric) else _span(low, high, metric)
        title = fit_title(
            f"各{noun}{metric.name}差异在随机波动范围内",
            f"{metric.name}差异在随机波动范围内",
            otherwise=f"各{noun}差异在随机波动范围内",
        )
        return title, f"{mean}，各{noun}为{span}，差异在随机波动范围内（95%区间均含总体平均）。{left_out}"
    clauses = [f"{_names(names, noun)}{group}" for names, group in ((above, ABOVE), (below, BELOW)) if names]
    if same:
        clauses.append(f"其余{len(same)}个{noun}{SAME}")
    by_chance = f"，逐个判断约有{round(judged * 0.05)}个可能出于偶然" if judged >= 10 else ""
    note = "（95%区间" + (f"；该指标{direction}" if direction else "") + f"{by_chance}）"
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
    level = _text(low, metric) == _text(high, metric)
    same = f"均为{_text(low, metric)}" if level else f"为{_span(low, high, metric)}"
    middle = f"总体平均{_text(mean, metric)}" if not np.isnan(mean) else f"中位数{_text(float(there['value'].median()), metric)}"
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


# ---- what changed ----


@dataclass(frozen=True)
class Step:
    """The latest figure against an earlier one, in words.

    ``text`` is 上升2.1个百分点, 下降8.1%, 持平 or '' where there is no comparison, and then ``reason`` says why.
    ``real`` tells whether the change goes beyond chance; None where that cannot be said (counts, rates). ``shared`` says
    which communities a like-for-like change rests on, where not all reported both times.
    """

    name: str
    base_label: str
    base_text: str = ""
    text: str = ""
    reason: str = ""
    real: bool | None = None
    shared: str = ""

    @property
    def direction(self) -> int:
        """1 up, −1 down, 0 level or unknown."""
        return {"上": 1, "下": -1}.get(self.text[:1], 0)

    @property
    def short(self) -> str:
        """For a title: 环比上升2.1个百分点; a change within chance is 环比无明显变化; '' without comparison."""
        if not self.text:
            return ""
        return self.name + ("无明显变化" if self.real is False and self.text != LEVEL else self.text)

    @property
    def sentence(self) -> str:
        if not self.text:
            return f"{self.name}不作比较：{self.reason}"
        chance = {True: "，超出随机波动", False: "，在随机波动范围内", None: ""}[None if self.text == LEVEL else self.real]
        return f"{self.name}（{self.shared or f'{self.base_label}为{self.base_text}'}）{self.text}{chance}"


def _comparisons(period: Period) -> list[tuple[str, Against, Period]]:
    """What a period is compared with. A year has one: the year before is both 环比 and 同比."""
    if period.grain == "year":
        return [("比上年", "year_before", period.year_before)]
    found = ((NAMES[against], against, base_period(period, against)) for against in NAMES)
    return [(name, against, base) for name, against, base in found if base is not None]


def _step(rows: pd.DataFrame, now: pd.Series, metric: Metric, name: str, base: Period, shared: Change | None) -> Step:
    """One comparison from the rows of one place, or from a like-for-like change ``shared`` where the caller has one."""
    if base.key not in rows.index:
        return Step(name, base.label, reason=f"没有{base.label}的数据")
    before = rows.loc[base.key]
    if pd.isna(before["value"]):
        return Step(name, base.label, reason=f"{base.label}{_gap(before, metric)}")
    reported = [row.get("reporting") for row in (now, before)]
    if shared is None and reported[0] != reported[1]:
        return Step(name, base.label, reason=f"两期报送数不同（{reported[0]}个、{reported[1]}个）")
    if shared is not None and not shared.places:
        return Step(name, base.label, reason="没有两期都报送的社区")
    value, earlier = (shared.value, shared.base) if shared else (now["value"], before["value"])
    text = describe_change(value, earlier, metric)
    if not text:
        return Step(name, base.label, reason=f"{base.label}为{_text(earlier, metric)}，算不出变化率")
    basis = ""
    if shared and shared.places < shared.expected:
        basis = f"按两期均报送的{shared.places}个计，由{_text(earlier, metric)}到{_text(value, metric)}"
    real = differs(now, before, metric) if reported[0] == reported[1] else None
    # With very large denominators 0.04 points may be beyond chance; to a reader it is still level.
    real = False if real and text == LEVEL else real
    return Step(name, base.label, _text(earlier, metric), text, real=real, shared=basis)


Steps = Mapping[str, list[Step]]


def _rows(frame: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    rows = frame[frame["metric"].to_numpy() == metric.id]
    if not rows["end"].is_monotonic_increasing:
        rows = rows.sort_values("end", kind="stable")
    rows = rows.set_index("period", drop=False)
    if not rows.index.is_unique:
        raise ValueError(f"“{metric.name}”的走势只能说一个地方的，现在有多个。")
    return rows


def steps(total_frame: pd.DataFrame, metric: Metric, compared: Compared | None = None) -> list[Step]:
    """环比 and 同比 of the latest period of one place's rows; for a year one step, for 累计 only 同比.

    ``compared`` holds like-for-like changes (analysis.change.change) that go before a difference of two totals; without
    it totals of different numbers of communities are not compared. Empty where the latest figure is a gap.
    """
    rows = _rows(total_frame, metric)
    if rows.empty or pd.isna(rows["value"].iloc[-1]):
        return []
    now = rows.iloc[-1]
    return [
        _step(rows, now, metric, name, base, (compared or {}).get(against))
        for name, against, base in _comparisons(parse_period(str(now["period"])))
    ]


def like_for_like(frame: pd.DataFrame, metric: Metric, measures: Mapping[str, Measure]) -> Compared:
    """The street's changes of the latest period of a frame of communities, each over those that reported both times."""
    rows = frame[frame["metric"] == metric.id]
    if rows.empty:
        return {}
    period = max((parse_period(str(key)) for key in rows["period"].unique()), key=lambda p: p.end)
    return {against: change(rows, metric, measures, period, against) for against in NAMES}


def _holes(rows: pd.DataFrame) -> str:
    """A clause on gaps between the first and the last figure of a series."""
    there = np.flatnonzero(rows["value"].notna())
    if not len(there):
        return ""
    inside = rows.iloc[there[0] : there[-1] + 1]
    labels = [parse_period(str(key)).label for key in inside.index[inside["value"].isna()]]
    return f"{'、'.join(labels[:3])}{f'等{len(labels)}期' if len(labels) > 3 else ''}缺数，线条断开。" if labels else ""


def _festival(period: Period, festivals: Collection[date]) -> str:
    """A warning where the month or the one before holds the Spring Festival."""
    touched = [p for p in (period, period.previous) if period.grain == "month" and p is not None and p.start in set(festivals)]
    return f"{touched[0].label}含春节，环比仅供参考。" if touched else ""


def trend_finding(
    total_frame: pd.DataFrame, metric: Metric, compared: Compared | None = None, festivals: Collection[date] = ()
) -> Finding:
    """What may be said of one place's (or the street's) series of one metric, oldest period first or not.

    ``compared`` as in :func:`steps`; ``festivals`` are first days of months that hold the Spring Festival.
    Raises ValueError where the frame holds several places.
    """
    rows = _rows(total_frame, metric)
    if rows.empty:
        title = fit_title(f"{metric.name}没有可画的走势数据", f"{metric.name}没有走势数据", otherwise="本指标没有可以画出的走势")
        return title, f"所选时间内没有{metric.name}的数据。"
    now, place = rows.iloc[-1], str(rows["place"].iloc[-1])
    period = parse_period(str(now["period"]))
    if pd.isna(now["value"]):
        return _missing(rows, metric, place, period)
    found = steps(total_frame, metric, compared)
    early = "（初步数或估计数）" if now["status"] in ("E", "P") else ""
    reporting = f"（{now['reporting']}/{now['places']}个报送）" if "places" in rows and now["reporting"] < now["places"] else ""
    clauses = "；".join(step.sentence for step in found)
    head = f"{period.label}，{place}{metric.name}{_text(now['value'], metric)}{early}{reporting}"
    takeaway = f"{head}；{clauses}。{_holes(rows)}{_festival(period, festivals)}"
    return _trend_title([s.short for s in found if s.short], metric, place, period, now), takeaway


def _trend_title(phrases: list[str], metric: Metric, place: str, period: Period, now: pd.Series) -> str:
    value = _text(now["value"], metric)
    whole, name = "、".join(phrases), metric.name
    sayings = (whole, phrases[-1], phrases[0]) if phrases else (f"为{value}，暂无可比",)
    told = [f"{prefix}{name}{saying}" for saying in sayings for prefix in ("", place, period.label)]
    short = [f"本指标{saying}" for saying in sayings]
    return fit_title(*told, f"{period.label}{name}为{value}", *short, otherwise="本指标与以往各期的比较见下图")


def _missing(rows: pd.DataFrame, metric: Metric, place: str, period: Period) -> Finding:
    now, there = rows.iloc[-1], rows[rows["value"].notna()]
    if "不能相加" in str(now.get("note", "")):
        title = fit_title(f"{metric.name}不能跨社区相加", otherwise="本指标不能在各社区之间相加")
        return title, f"{metric.name}在各社区之间不能相加，不给出{place}的数。请按社区查看。"
    word = _gap(now, metric)
    last = ""
    if len(there):
        last = f"最近一期有数的是{parse_period(str(there.index[-1])).label}，为{_text(there['value'].iloc[-1], metric)}。"
    title = fit_title(
        f"{period.label}{metric.name}{word}", f"{period.label}{metric.name}缺数", otherwise=f"{period.label}本指标缺数"
    )
    return title, f"{period.label}，{place}{metric.name}{word}，不作比较。{last}"


# ---- key figures ----


@dataclass(frozen=True)
class _Card:
    metric: Metric
    step: Step | None
    there: bool


def all_steps(frame: pd.DataFrame, metrics: Iterable[Metric], compared: Mapping[str, Compared] | None = None) -> Steps:
    """The steps of several metrics of one place, by metric id."""
    return {m.id: steps(frame, m, (compared or {}).get(m.id)) for m in metrics}


def _cards(metrics: Iterable[Metric], made: Steps) -> tuple[str, list[_Card]]:
    """The name of the one comparison that all cards share, and each card's step."""
    found = [_Card(m, made[m.id][0] if made[m.id] else None, bool(made[m.id])) for m in metrics]
    return next((c.step.name for c in found if c.step), "环比"), found


def cards_finding(
    total_frame: pd.DataFrame,
    metrics: Sequence[Metric],
    compared: Mapping[str, Compared] | None = None,
    made: Steps | None = None,
) -> Finding:
    """What may be said of several metrics of one place at once: how many rose, fell, stayed; which beyond chance.

    ``total_frame`` holds the rows of all metrics and periods; ``compared`` maps metric id to like-for-like changes;
    ``made`` are the steps where they are known already.
    """
    name, cards = _cards(metrics, made or all_steps(total_frame, metrics, compared))
    known = [c for c in cards if c.step and c.step.text]
    up, down = (sum(c.step.direction == d for c in known) for d in (1, -1))
    level, unknown = len(known) - up - down, len(cards) - len(known)
    when = _latest_label(total_frame)
    if not known:
        return f"{len(cards)}项关键指标暂无可比的上期数", f"{when}{_absent(cards)}没有可比的上期数，只列本期数值。"
    counts = "".join(f"{n}项{word}" for n, word in ((up, "上升"), (down, "下降"), (level, "持平")) if n)
    title = f"{len(cards)}项指标{name}{counts}" + (f"、{unknown}项不可比" if unknown else "")
    title = fit_title(title, otherwise=f"{len(cards)}项关键指标{name}变化不一")
    return title, f"{when}{_beyond_chance(known)}{_absent(cards)}"


def _latest_label(frame: pd.DataFrame) -> str:
    if frame.empty:
        return ""
    return parse_period(str(frame.sort_values("end", kind="stable")["period"].iloc[-1])).label + "，"


def _beyond_chance(known: Sequence[_Card]) -> str:
    real = [f"{c.metric.name}{c.step.text}" for c in known if c.step.real]
    tested = sum(c.step.real is not None for c in known)
    untested = len(known) - tested
    parts = []
    if real:
        parts.append(f"{known[0].step.name}超出随机波动的有{'、'.join(real)}")
    if tested > len(real):
        parts.append(f"{'其余' if real else ''}{tested - len(real)}项比率变化在随机波动范围内")
    if untested:
        parts.append(f"{untested}项未作随机波动检验，只说增减，不判断好坏")
    return "；".join(parts) + "。"


def _absent(cards: Sequence[_Card]) -> str:
    names = [c.metric.name for c in cards if not c.there]
    return f"{'、'.join(names)}本期缺数。" if names else ""
