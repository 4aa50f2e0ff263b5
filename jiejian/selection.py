"""What a person is looking at: data set, metrics, places, period. To and from a URL; says itself in Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jiejian.catalogue import Catalogue
from jiejian.periods import Period, parse_period, periods_between


class SelectionError(ValueError):
    """A selection that cannot be answered; the message is a Chinese sentence that says what to do."""


@dataclass(frozen=True)
class Selection:
    """A question to the warehouse.

    ``places`` are place ids; empty means all places of comparison. ``since`` opens a series from that period to
    ``period``; without it only ``period`` is asked for. Hashable, so that it can be the key of a cache.
    """

    dataset: str
    metrics: tuple[str, ...]
    period: Period
    places: tuple[str, ...] = ()
    since: Period | None = None

    @property
    def periods(self) -> tuple[Period, ...]:
        """Every period asked for, oldest first."""
        if self.since is None:
            return (self.period,)
        # 累计 periods all begin in January: what tells them apart is the month in which they end.
        first = self.since.end if self.period.grain == "ytd" else self.since.start
        return tuple(p for p in periods_between(first, self.period.end, self.period.grain) if p.end <= self.period.end)

    def to_params(self) -> dict[str, str | list[str]]:
        """The selection as URL or command-line parameters."""
        params: dict[str, str | list[str]] = {"dataset": self.dataset, "metric": list(self.metrics), "period": self.period.key}
        if self.places:
            params["community"] = list(self.places)
        if self.since:
            params["since"] = self.since.key
        return params

    def describe(self, catalogue: Catalogue, place_names: Mapping[str, str]) -> str:
        """One line in Chinese: data set · places · period · metrics."""
        unit = catalogue.datasets[self.dataset].unit_of_comparison
        names = [place_names.get(place, place) for place in self.places]
        places = f"全部{unit}" if not names else "、".join(names[:3]) + (f"等{len(names)}个" if len(names) > 3 else "")
        time = self.period.label if self.since is None else f"{self.since.label}至{self.period.label}"
        metrics = "、".join(catalogue.metrics[m].name for m in self.metrics[:3])
        return " · ".join(
            (catalogue.datasets[self.dataset].name, places, time, metrics + ("等" if len(self.metrics) > 3 else ""))
        )


def metric_named(name: str, catalogue: Catalogue) -> str:
    """The id of a metric given by id or Chinese name; SelectionError when there is none or several."""
    if name in catalogue.metrics:
        return name
    found = [m.id for m in catalogue.metrics.values() if m.name == name]
    if len(found) != 1:
        raise SelectionError(f"没有名为“{name}”的指标。请在“指标目录与来源”中查看可用的指标，或运行 python -m jiejian metrics。")
    return found[0]


def places_named(names: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """Place ids of places given by id or name; SelectionError for an unknown one.

    ``known`` maps place id -> name.
    """
    by_name = {name: place for place, name in known.items()}
    missing = [n for n in names if n not in known and n not in by_name]
    if missing:
        raise SelectionError(f"没有名为“{'、'.join(missing)}”的社区。可用的有：{'、'.join(known.values())}。")
    return tuple(n if n in known else by_name[n] for n in names)


def from_params(params: Mapping[str, Sequence[str]], catalogue: Catalogue, known: Mapping[str, str]) -> Selection:
    """Build a selection from parameters as :meth:`Selection.to_params` writes them; names do as well as ids.

    ``known`` maps place id -> name. Raises SelectionError.
    """
    try:
        period = parse_period(params["period"][0])
        since = parse_period(params["since"][0]) if params.get("since") else None
    except ValueError as error:
        raise SelectionError(str(error)) from error
    if since and (since.grain != period.grain or since.start > period.start):
        raise SelectionError(f"起始时间 {since.label} 应与 {period.label} 同为一种周期，并且不晚于它。")
    metrics = tuple(metric_named(name, catalogue) for name in params.get("metric", ()))
    places = places_named(params.get("community", ()), known)
    return Selection(params["dataset"][0], metrics, period, places, since)


def latest_periods(first: date, as_of: date) -> dict[str, list[Period]]:
    """The complete periods of each grain that lie between the first day of data and its cut-off, newest first."""
    found = {}
    for grain in ("month", "quarter", "half", "year", "ytd"):
        periods = periods_between(first, as_of, grain)
        found[grain] = [p for p in reversed(periods) if first <= p.start and p.end <= as_of]
    return found
