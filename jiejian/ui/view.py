"""What a page shows: the selection of the pickers with everything that is said about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from jiejian.catalogue import Catalogue, Metric, Standard, catalogue
from jiejian.context import Context
from jiejian.periods import Period
from jiejian.selection import Selection
from jiejian.ui import data
from jiejian.warehouse import DatasetInfo


@dataclass(frozen=True)
class View:
    """The state of one page run: a data set and what was picked in it."""

    dataset: DatasetInfo
    metrics: tuple[Metric, ...] = ()
    period: Period | None = None
    since: Period | None = None
    places: tuple[str, ...] = ()
    group: str = ""

    @property
    def published(self) -> bool:
        """Whether the figures are published snapshots with windows of their own."""
        return self.dataset.mode == "published"

    @property
    def declared(self) -> Catalogue:
        return catalogue()

    @property
    def metric(self) -> Metric:
        """The one metric of a page that shows one."""
        return self.metrics[0]

    @property
    def standard(self) -> Standard | None:
        return self.declared.standard_of(self.metric.id)

    @cached_property
    def known(self) -> pd.DataFrame:
        """All places of comparison of the data set, in customary order."""
        return data.ask("places", self.dataset.id)

    @property
    def selection(self) -> Selection:
        """The picked places at the picked period, or over the series."""
        return Selection(self.dataset.id, tuple(m.id for m in self.metrics), self.period, self.places, self.since)

    def asking(self, *metrics: Metric, **changed) -> Selection:
        """The selection for other metrics, or with fields replaced (period, since, places)."""
        return replace(self.selection, metrics=tuple(m.id for m in metrics) or self.selection.metrics, **changed)

    @property
    def scope(self) -> str:
        """The places in words."""
        return data.ask("scope", self.dataset.id, self.places)

    def context(self, *metrics: Metric, reporting: str = "") -> Context:
        """The words around figures of these metrics (default: all of the page)."""
        used = tuple(m.id for m in metrics or self.metrics)
        return data.ask("context", self.dataset.id, used, self.places, self.period, self.since, reporting)
