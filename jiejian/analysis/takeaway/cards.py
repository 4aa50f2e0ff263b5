"""Several key figures of one place at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from jiejian.analysis.takeaway.trend import Compared, Step, Steps, all_steps
from jiejian.analysis.takeaway.words import Finding, fit_title
from jiejian.catalogue import Metric
from jiejian.periods import parse_period


@dataclass(frozen=True)
class _Card:
    metric: Metric
    step: Step | None
    there: bool


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
