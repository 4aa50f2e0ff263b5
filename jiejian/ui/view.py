"""What a page shows: one version of the warehouse, the selection of the pickers, and everything that is said about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from jiejian.catalogue import Catalogue, Metric, Standard
from jiejian.context import Context
from jiejian.periods import Period
from jiejian.privacy import anonymous
from jiejian.selection import Selection
from jiejian.ui import data
from jiejian.warehouse import DatasetInfo, Warehouse


@dataclass(frozen=True)
class View:
    """The state of one page run: a data set of one warehouse version and what was picked in it.

    ``place`` (a path) and ``measure`` are picked among published figures, the rest among periodic ones. ``covers`` are
    the cover names of the anonymous mode, by place id: with them every figure and list comes without real names.
    """

    source: Warehouse
    dataset: DatasetInfo
    metrics: tuple[Metric, ...] = ()
    period: Period | None = None
    since: Period | None = None
    places: tuple[str, ...] = ()
    group: str = ""
    place: str = ""
    measure: str = ""
    covers: tuple[tuple[str, str], ...] = ()

    @property
    def published(self) -> bool:
        """Whether the figures are published snapshots with windows of their own."""
        return self.dataset.mode == "published"

    @property
    def catalogue(self) -> Catalogue:
        return self.source.catalogue

    @property
    def metric(self) -> Metric:
        """The one metric of a page that shows one."""
        return self.metrics[0]

    @property
    def standard(self) -> Standard | None:
        return self.catalogue.standard_of(self.metric.id)

    @property
    def known(self) -> pd.DataFrame:
        """The places of comparison that were in force in the picked period, in customary order."""
        places = self.ask("places", self.period)
        return anonymous(places, dict(self.covers)) if self.covers else places

    @property
    def selection(self) -> Selection:
        """The picked places at the picked period, or over the series."""
        return Selection(self.dataset.id, tuple(m.id for m in self.metrics), self.period, self.places, self.since)

    def ask(self, what: str, *arguments):
        """A cached answer of the warehouse about this data set."""
        return data.ask(self.source, what, self.dataset.id, *arguments)

    def figures(self, *metrics: Metric, **changed) -> pd.DataFrame:
        """The figures frame for these metrics (default: the page's), with fields of the selection replaced."""
        chosen = tuple(m.id for m in metrics) or self.selection.metrics
        frame = data.figures(self.source, replace(self.selection, metrics=chosen, **changed))
        return anonymous(frame, dict(self.covers)) if self.covers else frame

    @property
    def scope(self) -> str:
        """The places in words."""
        return self.ask("scope", self.places, self.period)

    def context(self, *metrics: Metric, reporting: str = "") -> Context:
        """The words around figures of these metrics (default: all of the page)."""
        used = tuple(m.id for m in metrics or self.metrics)
        return self.ask("context", used, self.places, self.period, self.since, reporting)
