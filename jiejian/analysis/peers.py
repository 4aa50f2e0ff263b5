"""Like with like: the communities that resemble one most, and its figures beside theirs.

Traits (size, density, age, housing …) are declared in likeness.yml with their weights; each is standardised over all
communities, and the distance of two is the root of the weighted mean of squared differences. A trait that one of the
two lacks is left out for that pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from jiejian.analysis.interval import display_scale
from jiejian.analysis.total import can_total
from jiejian.catalogue import Likeness, Measure, Metric

NEAREST = 5
# A share of fewer cases says little about who is best.
LEAST = 10


def traits_frame(figures: pd.DataFrame, places: pd.DataFrame, traits: Iterable[Likeness]) -> pd.DataFrame:
    """Places × traits (ids) in natural units; NaN where a figure or an area is missing.

    ``figures``: a figures frame of one period with the metrics of the traits; ``places`` has place_id and area_km2.
    """
    value = figures.pivot(index="place_id", columns="metric", values="value").reindex(places["place_id"])
    area = pd.to_numeric(places.set_index("place_id")["area_km2"], errors="coerce").where(lambda a: a > 0)
    found = {}
    for trait in traits:
        column = value[trait.metric] if trait.metric in value else pd.Series(np.nan, index=value.index)
        found[trait.id] = column / area if trait.per_area else column
    return pd.DataFrame(found, index=value.index, dtype=float)


def standardised(values: pd.DataFrame, traits: Mapping[str, Likeness]) -> pd.DataFrame:
    """Each trait with mean 0 and standard deviation 1 over the places (after the logarithm where declared); what does not vary is 0."""
    logs = [t for t in values if t in traits and traits[t].scale == "log"]
    z = values.astype(float).copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        z[logs] = np.log(z[logs].where(z[logs] > 0))
    spread = z.std(ddof=1)
    flat = ~(spread > 1e-12 * z.abs().max().clip(lower=1e-300))
    return (z - z.mean()).div(spread.where(~flat, 1.0)).mul((~flat).astype(float))


def nearest(
    values: pd.DataFrame,
    place_id: str,
    traits: Mapping[str, Likeness],
    weights: Mapping[str, float] | None = None,
    count: int = NEAREST,
) -> pd.DataFrame:
    """The ``count`` places most like ``place_id``, nearest first: indexed by place, with ``distance`` in standard deviations.

    ``weights`` (trait -> number, relative) go before the declared ones. Places that share no trait with it are left out;
    empty where it has no traits at all.
    """
    z = standardised(values, traits)
    weight = np.array([(weights or {}).get(t, traits[t].weight) for t in z.columns], dtype=float)
    if place_id not in z.index or not len(weight):
        return pd.DataFrame({"distance": pd.Series(dtype=float)})
    gap = (z - z.loc[place_id]).drop(index=place_id)
    there = gap.notna().to_numpy()
    whole = (there * weight).sum(axis=1)
    squared = (np.where(there, gap, 0.0) ** 2 * weight).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.where(whole > 0, np.sqrt(squared / np.where(whole > 0, whole, 1)), np.nan)
    found = pd.DataFrame({"distance": distance}, index=gap.index).dropna()
    # Twins at the same distance come in the order of their ids, whatever order the frame has.
    return found.sort_index().sort_values("distance", kind="stable").head(count)


def same_group(places: pd.DataFrame, place_id: str) -> tuple[str, list[str]]:
    """The fixed group of a place (places.csv, 类型) and the others in it; ('', []) where none is declared."""
    groups = places.set_index("place_id")["peer_group"].fillna("")
    group = str(groups.get(place_id, ""))
    return group, [p for p in groups.index[groups == group] if p != place_id] if group else []


def average(rows: pd.DataFrame, metric: Metric, measures: Mapping[str, Measure]) -> float:
    """The mean of some places' rows of one metric: sums over sums for rates, the sum over the number of places for counts.

    NaN where nobody has a figure, and for published scores and persons, which are not averaged.
    """
    return _Part.of(rows, metric).average(np.ones(len(rows), bool)) if can_total(metric, measures) else np.nan


def beside(
    figures: pd.DataFrame, metrics: Sequence[Metric], place_id: str, peers: Sequence[str], measures: Mapping[str, Measure]
) -> pd.DataFrame:
    """本社区, 同类平均, 街道平均 and 最好 of each metric at one period: a row a metric, in the order given.

    Columns: metric, own, peers, street, best, best_place (ids), low, high (the middle half of the street's communities).
    ``best`` is by the metric's direction, among shares of at least ten cases; NaN and '' for neutral metrics and counts,
    whose size is no merit.
    """
    rows, none = figures.groupby("metric", sort=False).indices, np.empty(0, dtype=int)
    every, found = _Part.of(figures), []
    for metric in metrics:
        part = every.only(rows.get(metric.id, none), metric)
        own, alike = part.value[part.places == place_id], np.isin(part.places, list(peers))
        means = [part.average(chosen) if can_total(metric, measures) else np.nan for chosen in (alike, np.ones_like(alike))]
        found.append((metric.id, float(own[0]) if len(own) else np.nan, *means, *part.best(), *part.middle()))
    return pd.DataFrame(found, columns=_COLUMNS)


_COLUMNS = ["metric", "own", "peers", "street", "best", "best_place", "low", "high"]


@dataclass(frozen=True)
class _Part:
    """Rows of a figures frame as arrays: those of one metric, a place each."""

    places: np.ndarray
    value: np.ndarray
    above: np.ndarray
    below: np.ndarray
    metric: Metric | None = None

    @classmethod
    def of(cls, rows: pd.DataFrame, metric: Metric | None = None) -> _Part:
        counts = (rows[part].to_numpy(dtype=float) for part in ("value", "numerator", "denominator"))
        return cls(rows["place_id"].to_numpy(dtype=object), *counts, metric)

    def only(self, at: np.ndarray, metric: Metric) -> _Part:
        return _Part(self.places[at], self.value[at], self.above[at], self.below[at], metric)

    def average(self, chosen: np.ndarray) -> float:
        """Sums over sums for rates, the sum over the number of places for counts; NaN where nobody has a figure."""
        there = chosen & ~np.isnan(self.value)
        if not there.any():
            return np.nan
        if not self.metric.denominator:
            return float(self.value[there].mean())
        whole = np.nansum(self.below[there])
        return float(np.nansum(self.above[there]) / whole * display_scale(self.metric)) if whole > 0 else np.nan

    def best(self) -> tuple[float, str]:
        if self.metric.better == "neutral" or self.metric.kind == "count":
            return np.nan, ""
        known = ~np.isnan(self.value)
        if self.metric.kind == "proportion":
            known &= self.below >= LEAST
        if not known.any():
            return np.nan, ""
        values = self.value[known]
        at = values.argmax() if self.metric.better == "higher" else values.argmin()
        return float(values[at]), str(self.places[known][at])

    def middle(self) -> tuple[float, float]:
        """The middle half of the places; NaN of a handful."""
        there = self.value[~np.isnan(self.value)]
        return tuple(np.quantile(there, [0.25, 0.75]).tolist()) if len(there) > 3 else (np.nan, np.nan)
