"""What a page shows: one version of the warehouse, the selection of the pickers, and everything that is said about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps

import pandas as pd

from jiejian.catalogue import Catalogue, Metric, Standard
from jiejian.context import Context
from jiejian.periods import Period
from jiejian.selection import Selection
from jiejian.ui import data
from jiejian.warehouse import DatasetInfo, Warehouse


@dataclass(frozen=True)
class View:
    """The state of one page run: a data set of one warehouse version and what was picked in it.

    ``place`` (a path) and ``measure`` are picked among published figures, the rest among periodic ones. ``offered`` are the
    places that the person may pick (id and name); ``before`` is the
    person's own warehouse where the anonymous mode has put another, with a curtain before the others, in its place.
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
    offered: tuple[tuple[str, str], ...] = ()
    before: Warehouse | None = None

    @property
    def key(self) -> tuple:
        """All that a view's figures and words depend on, as the key of what is worked out of them (see :func:`kept`)."""
        metrics = tuple(m.id for m in self.metrics)
        return self.source, self.before, self.dataset.id, metrics, self.period, self.since, self.places, self.group, self.place, self.measure

    @property
    def anonymous(self) -> bool:
        return self.before is not None

    @property
    def whole(self) -> Warehouse:
        """The warehouse as the person sees it without the anonymous mode: for what is picked, not for what is shown."""
        return self.before or self.source

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
        return self.ask("places", self.period)

    @property
    def named(self) -> pd.DataFrame:
        """Those of :attr:`known` that go by their own name: all, but for a limited person and in the anonymous mode."""
        own = self.source.named(self.dataset.id)
        return self.known if own is None else self.known[self.known["place_id"].isin(own)].reset_index(drop=True)

    @property
    def limited(self) -> bool:
        """Whether there are places of which only figures may be seen."""
        return self.source.sight.limited and len(self.named) < len(self.known)

    def of_own(self) -> View:
        """The view for what is read row by row: where rows of others are not there, it says that it speaks of the own ones."""
        if not self.limited:
            return self
        own = tuple(self.named["place_id"].astype(str))
        return replace(self, places=tuple(p for p in self.places if p in own) or own)

    @property
    def selection(self) -> Selection:
        """The picked places at the picked period, or over the series."""
        return Selection(self.dataset.id, tuple(m.id for m in self.metrics), self.period, self.places, self.since)

    def ask(self, what: str, *arguments):
        """A cached answer of the warehouse about this data set."""
        return data.ask(self.source, what, self.dataset.id, *arguments)

    @property
    def grains(self) -> dict[str, tuple[str, ...]]:
        """The grains of each metric of the data set: one question where a page would ask hundreds."""
        return self.ask("grains_by_metric")

    def figures(self, *metrics: Metric, **changed) -> pd.DataFrame:
        """The figures frame for these metrics (default: the page's), with fields of the selection replaced."""
        chosen = tuple(m.id for m in metrics) or self.selection.metrics
        return data.figures(self.source, replace(self.selection, metrics=chosen, **changed))

    def totals(self, *metrics: Metric, **changed) -> pd.DataFrame:
        """The street's rows for these metrics (default: the page's), as :func:`jiejian.analysis.total.totals` gives them of :meth:`figures`."""
        chosen = tuple(m.id for m in metrics) or self.selection.metrics
        return data.totals(self.source, replace(self.selection, metrics=chosen, **changed))

    @property
    def scope(self) -> str:
        """The places in words."""
        return self.ask("scope", self.places, self.period)

    def context(self, *metrics: Metric, reporting: str = "") -> Context:
        """The words around figures of these metrics (default: all of the page)."""
        used = tuple(m.id for m in metrics or self.metrics)
        return self.ask("context", used, self.places, self.period, self.since, reporting)


def kept(make: Callable) -> Callable:
    """A decorator for what is worked out of a view and drawn again at every rerun: made once, then shared between sessions.

    ``make(view, *arguments)`` must depend on nothing else (no widget, no session, no person, no clock); its arguments are hashable, and
    what it gives must never be changed in place.
    """

    @wraps(make)
    def asked(view: View, *arguments):
        return data.worked((make, *view.key, *arguments), lambda: make(view, *arguments))

    return asked
