"""What a speaker needs at hand: what the figures count, where they come from, and what may be asked."""

from __future__ import annotations

from collections.abc import Sequence

from jiejian.catalogue import Catalogue, Metric
from jiejian.context import Context

_DEFINED = 4  # definitions a speaker can find in time


def speaker_notes(metrics: Sequence[Metric], context: Context, catalogue: Catalogue) -> str:
    """口径, 来源 and 可能会问, one paragraph each."""
    defined = [f"【口径】{m.name}（{m.unit}）：{m.definition}" for m in metrics[:_DEFINED]]
    if len(metrics) > _DEFINED:
        defined.append(f"另有{len(metrics) - _DEFINED}项指标，口径见“指标目录与来源”。")
    asked = list(dict.fromkeys(question for m in metrics for question in _questions(m, catalogue)))
    source = f"【来源】{context.whole_foot.removeprefix('来源：')}" if context.foot else ""
    return "\n".join([*defined, *filter(None, (source,)), *(f"【可能会问】{question}" for question in asked[:_DEFINED])])


def _questions(metric: Metric, catalogue: Catalogue) -> list[str]:
    """What a leader asks about such a figure, each with where the answer stands."""
    found = []
    if metric.denominator:
        below = "、".join(catalogue.measures[m].name for m in metric.denominator)
        found.append(f"{metric.name}按什么作分母？——{below}。")
    if metric.kind == "proportion":
        found.append("相差一两个百分点算不算差距？——看误差线：与街道平均线不相交，才说高于或低于平均。")
    if metric.kind == "count":
        found.append(f"{metric.name}多是不是就好？——总量受社区规模影响，先看每户、每人平均再比较。")
    if standard := catalogue.standard_of(metric.id):
        found.append(f"有没有标准？——{standard.document}（{standard.issued_by}）。")
    return found
