"""The newest figures of metrics at the picked period's end: what is sent each quarter or year stands beside what is sent each month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from jiejian import charts, privacy
from jiejian.catalogue import Metric
from jiejian.charts import Figure
from jiejian.format import format_value
from jiejian.periods import Period, periods_between
from jiejian.ui.theme import Drawn, number, text
from jiejian.ui.themes.common import HIDDEN
from jiejian.ui.view import View

_BACK = 4


@dataclass(frozen=True)
class Newest:
    """Figures of some metrics in one period: ``wide`` has a row a community and a column a metric, ``whole`` the street's.

    ``gone`` are the cells that count too few people to be shown.
    """

    metrics: tuple[Metric, ...]
    period: Period
    wide: pd.DataFrame
    whole: pd.Series
    gone: pd.DataFrame

    def seen(self, view: View) -> View:
        """The view at the figures' own period, which need not be the picked one."""
        return replace(view, period=self.period, since=None)

    def told(self, *ids: str) -> str:
        """Names and the street's figures, as a part of a sentence."""
        chosen = [m for m in self.metrics if not ids or m.id in ids]
        return "，".join(f"{m.name}{self.said(m)}" for m in chosen)

    def said(self, metric: Metric) -> str:
        """The street's figure in words; 不显示 where it counts few people or would tell a community's."""
        value = self.whole.get(metric.id)
        return HIDDEN if pd.isna(value) and self.gone[metric.id].any() else format_value(value, metric, unit=True)


def known_periods(view: View, grain: str) -> list[Period]:
    """Complete periods of a grain up to the picked period's end, oldest first."""
    end = min(view.period.end, view.dataset.as_of)
    return [p for p in periods_between(view.dataset.first, view.period.end, grain) if p.end <= end]


def newest(view: View, *ids: str) -> Newest | None:
    """The newest period with a figure of the first metric, at the picked grain where it has one; None without any."""
    if not {m.id for m in view.ask("metrics")}.issuperset(ids):
        return None
    metrics = tuple(view.catalogue.metrics[m] for m in ids)
    grains = [set(view.ask("grains", m)) for m in ids]
    common = [g for g in view.ask("grains", ids[0]) if all(g in other for other in grains)]
    if not common:
        return None
    grain = view.period.grain if view.period.grain in common else common[0]
    for period in reversed(known_periods(view, grain)[-_BACK:]):
        frame = view.figures(*metrics, period=period, since=None)
        first = frame["metric"] == ids[0]
        if (frame.loc[first, "value"].notna() | (frame.loc[first, "status"] == privacy.HIDDEN)).any():
            order = frame["place"].drop_duplicates()
            wide = frame.pivot(index="place", columns="metric", values="value").reindex(order).reindex(columns=list(ids))
            whole = view.totals(*metrics, period=period, since=None).set_index("metric")["value"]
            gone = frame.assign(gone=frame["status"] == privacy.HIDDEN).pivot(index="place", columns="metric", values="gone")
            return Newest(metrics, period, wide, whole, gone.reindex(order).reindex(columns=list(ids)).eq(True))
    return None


def gaps(values: Sequence[float]) -> list[float | None]:
    """Plain numbers with None for what is missing."""
    return [None if v != v or v is None else float(v) for v in values]


def table(found: Newest) -> tuple[pd.DataFrame, tuple]:
    """A row a community, a column a metric, with their heads."""
    columns = (text("社区"), *(number(m.name, m.unit, m.decimals) for m in found.metrics))
    return found.wide.rename_axis("place").reset_index(), columns


def empty(view: View, name: str) -> Drawn:
    """Where no period has a figure yet: said, not drawn."""
    said = f"到{view.period.label}为止，还没有完整一期的数字。"
    return Drawn(pd.DataFrame({"name": []}), (text("社区"),), title=f"{name}：还没有完整一期的数字", takeaway=said)


def by_place(view: View, found: Newest, finding: tuple[str, str], notes: Sequence[str] = (), reading: str = "") -> Drawn:
    """The first metric as bars, the largest first; all of them in the table."""
    first = found.metrics[0]
    order = found.wide[first.id].sort_values(ascending=False, kind="stable", na_position="last").index
    told = dict(zip(found.wide.index, notes or [""] * len(found.wide), strict=True))
    hidden = [HIDDEN if found.gone.loc[p, first.id] else "" for p in order]
    figure = charts.bars(
        list(order), gaps(found.wide.loc[order, first.id].round(first.decimals)), first.unit, found.seen(view).context(*found.metrics), finding, [told[p] for p in order], reading=reading, gaps=hidden
    )  # fmt: skip
    rows, columns = table(found)
    return Drawn(rows, columns, figure, period=found.period)


def side_by_side(view: View, found: Newest, finding: tuple[str, str], reading: str = "") -> Drawn:
    """Several metrics of different units beside each other: shades compare within a column only."""
    rows, columns = table(found)
    context = found.seen(view).context(*found.metrics)
    return Drawn(rows, columns, relative_matrix(found.wide, found.metrics, context, finding, reading, found.gone), period=found.period)


def relative_matrix(
    wide: pd.DataFrame,
    metrics: Sequence[Metric],
    context,
    finding: tuple[str, str],
    reading: str = "",
    gone: pd.DataFrame | None = None,
) -> Figure:
    """A matrix whose shades are each column's own share of its largest value, with the figures written in."""
    tops = wide.max().replace(0, 1)
    shades = [gaps(row) for row in (100 * wide / tops).to_numpy(dtype=float)]
    words = [
        ["" if v != v else format_value(v, m) for v, m in zip(row, metrics, strict=True)] for row in wide.to_numpy(dtype=float)
    ]
    if gone is not None:
        words = [
            [HIDDEN if few else word for word, few in zip(*row, strict=True)] for row in zip(words, gone.to_numpy(), strict=True)
        ]
    heads = [head(m.name) for m in metrics]
    said = reading or "每行一个社区，每列一项，颜色只在同一列里比：越深，数字越大；空白是没有数字。颜色不表示好坏。"
    return charts.matrix(list(wide.index), heads, shades, "", context, finding, reading=said, words=words)


def head(name: str, most: int = 4) -> str:
    """A column's head on two lines of about equal length where it is long."""
    half = -(-len(name) // 2)
    return name if len(name) <= most else f"{name[:half]}\n{name[half:]}"
