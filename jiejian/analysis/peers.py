"""Like with like: the communities that resemble one most, and its figures beside theirs.

Traits (size, density, age, housing …) are declared in likeness.yml with their weights; each is standardised over all
communities, and the distance of two is the root of the weighted mean of squared differences. A trait that one of the
two lacks is left out for that pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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
    there = rows[rows["value"].notna()]
    if there.empty or not can_total(metric, measures):
        return np.nan
    if not metric.denominator:
        return float(there["value"].mean())
    below = there["denominator"].sum()
    return float(there["numerator"].sum() / below * display_scale(metric)) if below > 0 else np.nan


def beside(
    figures: pd.DataFrame, metrics: Sequence[Metric], place_id: str, peers: Sequence[str], measures: Mapping[str, Measure]
) -> pd.DataFrame:
    """本社区, 同类平均, 街道平均 and 最好 of each metric at one period: a row a metric, in the order given.

    Columns: metric, own, peers, street, best, best_place (ids), low, high (the middle half of the street's communities).
    ``best`` is by the metric's direction, among shares of at least ten cases; NaN and '' for neutral metrics and counts,
    whose size is no merit.
    """
    return pd.DataFrame(
        [_row(figures[figures["metric"] == m.id], m, place_id, peers, measures) for m in metrics], columns=_COLUMNS
    )


_COLUMNS = ["metric", "own", "peers", "street", "best", "best_place", "low", "high"]


def _row(rows: pd.DataFrame, metric: Metric, place_id: str, peers: Sequence[str], measures: Mapping[str, Measure]) -> tuple:
    own = rows.loc[rows["place_id"] == place_id, "value"]
    there = rows["value"].dropna()
    best, where = _best(rows, metric)
    return (
        metric.id,
        float(own.iloc[0]) if len(own) else np.nan,
        average(rows[rows["place_id"].isin(peers)], metric, measures),
        average(rows, metric, measures),
        best,
        where,
        *((float(q) for q in there.quantile([0.25, 0.75])) if len(there) > 3 else (np.nan, np.nan)),
    )


def _best(rows: pd.DataFrame, metric: Metric) -> tuple[float, str]:
    if metric.better == "neutral" or metric.kind == "count":
        return np.nan, ""
    known = rows[rows["value"].notna()]
    if metric.kind == "proportion":
        known = known[known["denominator"] >= LEAST]
    if known.empty:
        return np.nan, ""
    values = known["value"]
    at = values.idxmax() if metric.better == "higher" else values.idxmin()
    return float(values[at]), str(known.loc[at, "place_id"])
