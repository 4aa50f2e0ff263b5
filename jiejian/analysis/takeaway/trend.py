"""What changed: the latest period of one place's series against 环比 and 同比."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from jiejian.analysis.change import NAMES, Against, Change, Sheet, base_period
from jiejian.analysis.interval import differs
from jiejian.analysis.takeaway.words import LEVEL, Finding, figure_text, fit_title, row_gap
from jiejian.catalogue import Measure, Metric
from jiejian.figures import EARLY
from jiejian.format import describe_change
from jiejian.periods import Period, parse_period

Compared = Mapping[Against, Change | None]
Row = Mapping[str, Any]
_SEVERAL = "“{}”的走势只能说一个地方的，现在有多个。"


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


def _step(rows: Mapping[str, Row], now: Row, metric: Metric, name: str, base: Period, shared: Change | None) -> Step:
    """One comparison from the rows of one place, or from a like-for-like change ``shared`` where the caller has one."""
    if base.key not in rows:
        return Step(name, base.label, reason=f"没有{base.label}的数据")
    before = rows[base.key]
    if pd.isna(before["value"]):
        return Step(name, base.label, reason=f"{base.label}{row_gap(before, metric)}")
    if now.get("era", "") != before.get("era", ""):
        return Step(name, base.label, reason=f"{base.label}以后区划有调整，两期范围不同")
    reported = [row.get("reporting") for row in (now, before)]
    if shared is None and reported[0] != reported[1]:
        return Step(name, base.label, reason=f"两期报送数不同（{reported[0]}个、{reported[1]}个）")
    if shared is not None and not shared.places:
        return Step(name, base.label, reason="没有两期都报送的社区")
    value, earlier = (shared.value, shared.base) if shared else (now["value"], before["value"])
    text = describe_change(value, earlier, metric)
    if not text:
        return Step(name, base.label, reason=f"{base.label}为{figure_text(earlier, metric)}，算不出变化率")
    basis = ""
    if shared and shared.places < shared.expected:
        basis = f"按两期均报送的{shared.places}个计，由{figure_text(earlier, metric)}到{figure_text(value, metric)}"
    real = differs(now, before, metric) if reported[0] == reported[1] else None
    # With very large denominators 0.04 points may be beyond chance; to a reader it is still level.
    real = False if real and text == LEVEL else real
    return Step(name, base.label, figure_text(earlier, metric), text, real=real, shared=basis)


Steps = Mapping[str, list[Step]]


def _rows(frame: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    rows = frame[frame["metric"].to_numpy() == metric.id]
    if not rows["end"].is_monotonic_increasing:
        rows = rows.sort_values("end", kind="stable")
    rows = rows.set_index("period", drop=False)
    if not rows.index.is_unique:
        raise ValueError(_SEVERAL.format(metric.name))
    return rows


def steps(total_frame: pd.DataFrame, metric: Metric, compared: Compared | None = None) -> list[Step]:
    """环比 and 同比 of the latest period of one place's rows; for a year one step, for 累计 only 同比.

    ``compared`` holds like-for-like changes (analysis.change.change) that go before a difference of two totals; without
    it totals of different numbers of communities are not compared. Empty where the latest figure is a gap.
    """
    return _steps(total_frame[total_frame["metric"].to_numpy() == metric.id].to_dict("records"), metric, compared)


def _steps(records: list[Row], metric: Metric, compared: Compared | None) -> list[Step]:
    """:func:`steps` from the rows of one metric as plain mappings, which are read ten times faster than a frame's."""
    records = sorted(records, key=lambda row: row["end"])
    rows = {row["period"]: row for row in records}
    if len(rows) < len(records):
        raise ValueError(_SEVERAL.format(metric.name))
    if not records or pd.isna(records[-1]["value"]):
        return []
    now = records[-1]
    return [
        _step(rows, now, metric, name, base, (compared or {}).get(against))
        for name, against, base in _comparisons(parse_period(str(now["period"])))
    ]


def all_steps(frame: pd.DataFrame, metrics: Iterable[Metric], compared: Mapping[str, Compared] | None = None) -> Steps:
    """The steps of several metrics of one place, by metric id."""
    rows: dict[str, list[Row]] = {}
    for row in frame.to_dict("records"):
        rows.setdefault(row["metric"], []).append(row)
    return {m.id: _steps(rows.get(m.id, []), m, (compared or {}).get(m.id)) for m in metrics}


def like_for_like(frame: pd.DataFrame, metric: Metric, measures: Mapping[str, Measure]) -> Compared:
    """The street's changes of the latest period of a frame of communities, each over those that reported both times."""
    return all_like_for_like(frame, (metric,), measures)[metric.id]


def all_like_for_like(frame: pd.DataFrame, metrics: Iterable[Metric], measures: Mapping[str, Measure]) -> dict[str, Compared]:
    """:func:`like_for_like` of several metrics of one frame, by metric id; empty where the metric has no rows."""
    sheet, found = Sheet(frame), {}
    for metric in metrics:
        periods = [parse_period(str(key)) for key in sheet.periods(metric)]
        latest = max(periods, key=lambda p: p.end, default=None)
        found[metric.id] = {against: sheet.change(metric, measures, latest, against) for against in NAMES} if latest else {}
    return found


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
    early = "（初步数或估计数）" if now["status"] in EARLY else ""
    reporting = f"（{now['reporting']}/{now['places']}个报送）" if "places" in rows and now["reporting"] < now["places"] else ""
    clauses = "；".join(step.sentence for step in found)
    head = f"{period.label}，{place}{metric.name}{figure_text(now['value'], metric)}{early}{reporting}"
    takeaway = f"{head}；{clauses}。{_holes(rows)}{_festival(period, festivals)}"
    return _trend_title([s.short for s in found if s.short], metric, place, period, now), takeaway


def _trend_title(phrases: list[str], metric: Metric, place: str, period: Period, now: pd.Series) -> str:
    value = figure_text(now["value"], metric)
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
    word = row_gap(now, metric)
    last = ""
    if len(there):
        last = f"最近一期有数的是{parse_period(str(there.index[-1])).label}，为{figure_text(there['value'].iloc[-1], metric)}。"
    title = fit_title(
        f"{period.label}{metric.name}{word}", f"{period.label}{metric.name}缺数", otherwise=f"{period.label}本指标缺数"
    )
    return title, f"{period.label}，{place}{metric.name}{word}，不作比较。{last}"
