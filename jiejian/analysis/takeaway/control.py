"""What a run chart with limits, and a cell of the status board, allow to be said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jiejian.analysis.cells import Cell
from jiejian.analysis.control_chart import CAPABILITY_NAMES
from jiejian.analysis.takeaway.words import Finding, decimals_apart, figure_text, fit_title, span_text
from jiejian.catalogue import Metric
from jiejian.periods import parse_period

SIGNAL_WORDS = {"improvement": "属改善信号", "concern": "属变差信号", "neutral_high": "偏高", "neutral_low": "偏低"}
REASON_WORDS = {
    "missing": "本期缺数",
    "stock": "期末存量，逐期相承，不判断单期变化，只看目标和同比",
    "settling": "本期的事项尚在办理，数字还会变，不作判断",
    "festival": "春节所在月，每年都低于或高于平时，不作判断",
    "incomplete": "本期报送不全，不作判断",
    "rare": "多数期为零或平均不足1，太少，不作判断",
    "few": "可用的期数太少，算不出通常波动的范围，不作判断",
    "cumulative": "累计数逐月增加，不判断单期变化，请改按月查看",
}


@dataclass(frozen=True)
class Point:
    """A figure against the usual ups and downs of its series."""

    metric: Metric
    place: str
    label: str
    value: float
    mean: float
    lower: float
    upper: float
    rule: str
    signal: str
    direction: int
    reason: str
    seasonal: bool = False
    trial: bool = False

    @property
    def head(self) -> str:
        return f"{self.place}{self.metric.name}{figure_text(self.value, self.metric)}"

    @property
    def usual(self) -> str:
        """通常在85.0%—95.0%之间: the limits as far as the metric can reach."""
        low, high = clipped(self.lower, self.upper, self.metric)
        return span_text(low, high, self.metric)

    @property
    def saying(self) -> str:
        """What the rule says, for the middle of a sentence and for a title."""
        up = self.direction > 0
        return {
            "outside": f"{'高于控制上限' if up else '低于控制下限'}",
            "trend": f"连续7期以上逐期{'上升' if up else '下降'}",
            "two_of_three": f"3期中2期接近控制{'上限' if up else '下限'}",
            "shift": f"连续7期以上{'高于' if up else '低于'}均值",
        }.get(self.rule, "")

    @property
    def against(self) -> str:
        """Against what, in figures."""
        mean = "其他年份同月水平" if self.seasonal else "均值"
        if self.rule == "outside":
            edge = self.upper if self.direction > 0 else self.lower
            places = decimals_apart(self.metric, self.mean, edge)
            told = f"{'上限' if self.direction > 0 else '下限'}{figure_text(edge, self.metric, places)}"
            return f"{mean}{figure_text(self.mean, self.metric, places)}、{told}"
        return f"{mean}{figure_text(self.mean, self.metric)}"

    @property
    def sentence(self) -> str:
        if np.isnan(self.value):
            return f"{self.place}{self.metric.name}{REASON_WORDS['missing']}。"
        if self.reason:
            return f"{self.head}；{REASON_WORDS[self.reason]}。"
        trial = "（点数不足12个，界限为试用）" if self.trial else ""
        if not self.rule:
            return f"{self.head}，在通常波动范围（{self.usual}）内，与{self.against}的差别可能只是偶然{trial}。"
        return f"{self.head}，{self.saying}（{self.against}），超出通常波动，{SIGNAL_WORDS[self.signal]}{trial}。"


def clipped(low: float, high: float, metric: Metric) -> tuple[float, float]:
    """Limits as they are shown: a share stays within 0 and 100 %, nothing that is counted falls below zero."""
    top = 100.0 if metric.kind == "proportion" else np.inf
    return (max(low, 0.0), min(high, top)) if metric.kind != "as_reported" else (low, high)


def run_point(frame: pd.DataFrame, metric: Metric, place: str) -> Point:
    """The latest point of a run chart (analysis.runs.run)."""
    last = frame.iloc[-1]
    reason = "missing" if pd.isna(last["value"]) else frame.attrs["reason"] or str(last["known"])
    reason = reason or ("few" if pd.isna(last["lower"]) else "")
    step = frame["value"].diff().iloc[-1] if len(frame) > 1 else np.nan
    side = step if last["rule"] == "trend" else last["value"] - last["mean"]
    return Point(
        metric, place, parse_period(str(last["period"])).label, *(float(last[n]) for n in ("value", "mean", "lower", "upper")),
        str(last["rule"]), str(last["signal"]), int(np.sign(side)) if pd.notna(side) else 0, reason,
        frame.attrs["seasonal"], frame.attrs["trial"],
    )  # fmt: skip


def run_finding(frame: pd.DataFrame, metric: Metric, place: str) -> Finding:
    """What may be said of the latest point of a run chart: who, how much, against what, and whether it may be chance."""
    point = run_point(frame, metric, place)
    return (
        _title(point),
        f"{point.label}，{point.sentence}{target_sentence(frame.attrs['capability'], frame.attrs['target'], metric, changed=bool(point.rule))}",
    )


def _title(point: Point) -> str:
    name, place = point.metric.name, point.place
    if np.isnan(point.value):
        return fit_title(f"{place}{name}本期缺数", f"{point.label}{name}缺数", otherwise=f"{point.label}本指标缺数")
    if point.reason:
        value = figure_text(point.value, point.metric)
        return fit_title(
            f"{place}{name}为{value}",
            f"{point.label}{name}为{value}",
            f"{point.label}{place}{name}为{value}",
            otherwise="本指标不作波动判断，见下图",
        )
    saying = point.saying or "在通常波动范围内"
    return fit_title(
        f"{place}{name}{saying}",
        f"{name}{saying}",
        f"{point.label}{name}{saying}",
        otherwise=f"本指标本期{saying}",
    )


def target_sentence(
    code: str, target: float | None, metric: Metric, pace: float = np.nan, stock: bool = False, changed: bool = False
) -> str:
    """Whether the target is reliably met; '' where there is none or it cannot be said.

    Where the latest figure shows that the series has ``changed``, its old limits tell little of what is to come.
    """
    if target is None or not np.isfinite(target) or not code:
        return ""
    goal = figure_text(target, metric)
    if np.isfinite(pace):
        word = {"reliably_met": "不慢于", "hit_and_miss": "略慢于", "reliably_missed": "明显慢于"}[code]
        word = word if metric.better == "higher" else {"不慢于": "未超过", "略慢于": "略超过", "明显慢于": "明显超过"}[word]
        return f"全年目标{goal}，累计完成{pace * 100:.1f}%，{word}序时进度。"
    if stock:
        return f"目标{goal}，{'已达到' if code == 'reliably_met' else '未达到'}。"
    why = {
        "reliably_met": "整个波动范围都达标",
        "reliably_missed": "整个波动范围都不达标",
        "hit_and_miss": "目标在波动范围之内，达不达标多看偶然",
    }[code]
    if changed:
        return f"目标{goal}，按整段看为{CAPABILITY_NAMES[code]}，但走势已变，以最近几期为准。"
    return f"目标{goal}，{CAPABILITY_NAMES[code]}：{why}。"


# ---- the status board ----


def cell_point(cell: Cell, label: str) -> Point:
    return Point(
        cell.metric, cell.place, label, cell.value, cell.mean, cell.lower, cell.upper, cell.rule, cell.signal,
        cell.direction, cell.reason, cell.seasonal, not cell.reason and cell.points < 12,
    )  # fmt: skip


def cell_sentence(cell: Cell, label: str) -> str:
    """A cell of the board in one or two sentences: the change, the others, the target. ``label`` may be '' where the period is said already."""
    told = f"{label}，" * bool(label) + cell_point(cell, label).sentence
    if cell.worse:
        told = told[:-1] + "，同期也差于其他社区（95%控制限外）。"
    return told + target_sentence(cell.capability, cell.target, cell.metric, cell.pace, cell.reason == "stock", bool(cell.rule))


def status_finding(made_counts: tuple[int, int], by_chance: float, judged: int, label: str) -> Finding:
    """How many cells of a board changed for the worse and for the better, and how many of these chance alone would give."""
    worse, better = made_counts
    title = f"{worse}格变差信号、{better}格改善信号" if worse or better else "没有一格超出通常波动"
    told = f"{label}，共判断{judged}格“指标 × 社区”，{worse}格出现变差信号，{better}格出现改善信号"
    if judged:
        told += f"；即使什么都没有变，单凭偶然也会有约{max(round(by_chance), 1)}格出现信号（含不分好坏的指标）"
    return fit_title(title, f"状态板：{title}", otherwise=f"本期状态板：{title}"[:28]), told + "。"
