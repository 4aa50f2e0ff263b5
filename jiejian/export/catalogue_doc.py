"""The metric catalogue as a Markdown document, generated from the declarations so that the two cannot disagree."""

from __future__ import annotations

from collections.abc import Iterator

from jiejian.catalogue import Catalogue, Metric

KINDS = {"count": "数量", "proportion": "占比", "rate": "比率", "ratio": "比值", "as_reported": "原样引用"}
BETTER = {"higher": "越高越好", "lower": "越低越好", "neutral": "不分好坏"}


def formula(metric: Metric, catalogue: Catalogue) -> str:
    """How the metric is worked out, in the names of its measures."""
    above, below = (_sum([catalogue.measures[m].name for m in part]) for part in metric.parts)
    scale = {"proportion": " × 100%", "rate": f" × {metric.per:g}"}.get(metric.kind, "")
    return f"{above} ÷ {below}{scale}" if below else above


def _sum(names: list[str]) -> str:
    return f"（{' + '.join(names)}）" if len(names) > 1 else "".join(names)


def markdown(catalogue: Catalogue) -> str:
    """The whole document: metrics by pillar, standards, practices with their metrics."""
    return "\n".join(_lines(catalogue)) + "\n"


def _lines(catalogue: Catalogue) -> Iterator[str]:
    yield "# 指标目录"
    yield ""
    yield f"由 `python -m jiejian catalogue` 从 `catalogue/` 生成，请勿手改。共 {len(catalogue.metrics)} 项指标。"
    grouped: set[str] = set()
    for group in catalogue.groupings["four_in_one"].groups:
        grouped |= set(group.metrics)
        yield from _table(group.name, [catalogue.metrics[m] for m in group.metrics], catalogue)
    rest = [m for m in catalogue.metrics.values() if m.id not in grouped]
    yield from _table("基本情况与评价", [m for m in rest if not m.datasets], catalogue)
    for number, dataset in catalogue.datasets.items():
        if own := [m for m in rest if number in m.datasets]:
            yield from _table(dataset.name, own, catalogue)
    yield from _standards(catalogue)
    yield from _practices(catalogue)


def _table(title: str, metrics: list[Metric], catalogue: Catalogue) -> Iterator[str]:
    yield from ("", f"## {title}", "", "| 指标 | 编号 | 单位 | 类型 | 方向 | 算法 | 口径 |", "|---|---|---|---|---|---|---|")
    for m in metrics:
        yield f"| {m.name} | `{m.id}` | {m.unit} | {KINDS[m.kind]} | {BETTER[m.better]} | {formula(m, catalogue)} | {m.definition} |"


def _standards(catalogue: Catalogue) -> Iterator[str]:
    yield from (
        "",
        "## 参考标准",
        "",
        "| 标准 | 指标 | 数值 | 文件 | 发布机关 | 有效期 | 说明 |",
        "|---|---|---|---|---|---|---|",
    )
    for s in catalogue.standards.values():
        sign = "≥" if s.bound == "at_least" else "≤"
        years = f"{s.valid_from}—{s.valid_to}" if s.valid_to else f"{s.valid_from} 起"
        yield f"| {s.name} | {catalogue.metrics[s.metric].name} | {sign}{s.value:g}{s.unit} | {s.document} | {s.issued_by} | {years} | {s.note} |"


def _practices(catalogue: Catalogue) -> Iterator[str]:
    yield from ("", "## 工作体系与指标", "", "| 编号 | 工作体系 | 做法 | 指标 |", "|---|---|---|---|")
    for p in catalogue.practices.values():
        yield f"| {p.id} | {p.name} | {p.what} | {'、'.join(m.name for m in catalogue.metrics_of(p.id)) or '—'} |"
