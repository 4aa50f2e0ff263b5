"""How a street stands on metrics: the newest figure, the change from a year before, and how many communities really changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from jiejian.analysis.board import CONCERN, IMPROVEMENT, Board
from jiejian.analysis.total import totals
from jiejian.catalogue import Measure, Metric
from jiejian.format import format_value
from jiejian.periods import Period


@dataclass(frozen=True)
class Standing:
    """One metric of a street. ``value`` is NaN where communities may not be added; then ``low`` and ``high`` are theirs.

    ``before`` is the value of the same period a year before; ``worse`` and ``improved`` count communities with a signal
    among the ``judged`` ones (0: the metric is not judged).
    """

    metric: Metric
    period: Period
    value: float
    before: float
    low: float
    high: float
    worse: int = 0
    improved: int = 0
    judged: int = 0

    @property
    def known(self) -> bool:
        return np.isfinite(self.value) or np.isfinite(self.low)

    @property
    def figure(self) -> str:
        """The value, or the span of the communities' values, in words."""
        if np.isfinite(self.value):
            return format_value(self.value, self.metric, unit=True)
        if np.isfinite(self.low):
            return f"各社区{format_value(self.low, self.metric)}至{format_value(self.high, self.metric, unit=True)}"
        return "没有数"

    @property
    def change(self) -> str:
        """Compared with the same period a year before; empty where one of the two is not known."""
        if not (np.isfinite(self.value) and np.isfinite(self.before)):
            return ""
        apart = self.value - self.before
        if self.metric.unit == "%":
            size, unit = abs(apart), "个百分点"
        elif self.before:
            size, unit = 100 * abs(apart / self.before), "%"
        else:
            return "去年同期为零" if apart else "与去年同期都为零"
        if round(size, 1) == 0:
            return "与去年同期持平"
        return f"比去年同期{'高' if apart > 0 else '低'}{size:.1f}{unit}"

    @property
    def signal(self) -> str:
        """What the board says of the communities, in words."""
        if not self.judged:
            return "不作判断"
        told = [
            f"{n}个社区{word}"
            for n, word in ((self.worse, "变差"), (self.improved, "改善"))
            if n and self.metric.better != "neutral"
        ]
        return "，".join(told) or "在通常波动内"


def standings(
    metrics: Sequence[Metric],
    frame: pd.DataFrame,
    now: Period,
    before: Period,
    measures: Mapping[str, Measure],
    board: Board | None = None,
    places: Collection[str] = (),
) -> dict[str, Standing]:
    """The standing of metrics by id, from a figures frame that holds ``now`` and, where there is one, ``before``.

    ``board`` judges communities (``places``: only these) of those metrics that it holds.
    """
    street = totals(frame, metrics, measures).set_index(["metric", "period"])["value"]
    newest = frame[frame["period"] == now.key].groupby("metric")["value"]
    low, high = newest.min(), newest.max()
    counted = _signals(board, places) if board is not None else {}
    return {
        m.id: Standing(
            m,
            now,
            float(street.get((m.id, now.key), np.nan)),
            float(street.get((m.id, before.key), np.nan)),
            float(low.get(m.id, np.nan)),
            float(high.get(m.id, np.nan)),
            *counted.get(m.id, (0, 0, 0)),
        )
        for m in metrics
    }


def _signals(board: Board, places: Collection[str]) -> dict[str, tuple[int, int, int]]:
    """By metric: communities that got worse, improved, were judged at all."""
    chosen = np.array([not places or identity in places for identity, _ in board.places], dtype=bool)
    signal, held = board.shown_signal(), board.reason == 0
    return {
        metric.id: (
            int((signal[row, chosen] == CONCERN).sum()),
            int((signal[row, chosen] == IMPROVEMENT).sum()),
            int(held[row, chosen].sum()),
        )
        for row, metric in enumerate(board.cube.metrics)
    }
