"""Figures by a breakdown: counted from events by a column (``channel``), or reported as parts of a whole (``年龄``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from jiejian.periods import Period
from jiejian.smallcells import few, least_shown, small_parts
from jiejian.warehouse import Warehouse

_MONTHLY = """
SELECT f.place_id, f.category, a.n, sum(f.value) AS value, max(f.note) AS note
FROM figure f JOIN (SELECT unnest($starts::DATE[]) AS starts, unnest($ends::DATE[]) AS ends, unnest(range($count)) AS n) a
  ON f.period_start >= a.starts AND f.period_end <= a.ends
WHERE f.dataset = $dataset AND f.measure = $measure AND f.breakdown = $by AND f.grain = 'month'
  AND ($all OR list_contains($places, f.place_id))
GROUP BY ALL
"""
# A part that is a state is read at the period's end; one that flows is added up where no base period is missing.
_PARTS = """
SELECT f.place_id, f.measure, a.n, f.value AS value, f.note,
       date_diff('month', f.period_start, f.period_end) + 1 AS months, f.period_end
FROM figure f JOIN (SELECT unnest($starts::DATE[]) AS starts, unnest($ends::DATE[]) AS ends, unnest(range($count)) AS n) a
  ON f.period_start >= a.starts AND f.period_end <= a.ends
WHERE f.dataset = $dataset AND list_contains($measures, f.measure) AND f.breakdown = '' AND ($all OR list_contains($places, f.place_id))
"""
COLUMNS = ["place_id", "place", "sort", "category", "period", "value", "note", "hidden", "whole"]


def breakdowns_of(source: Warehouse, dataset: str, measure: str) -> tuple[str, ...]:
    """The breakdowns by which a measure can be shown in a data set, in the order of their declaration."""
    catalogue = source.catalogue
    rolled = catalogue.measures[measure].rollup.by if catalogue.measures[measure].rollup else ()
    there = source.frame(
        "SELECT DISTINCT breakdown FROM figure WHERE dataset = $d AND measure = $m AND breakdown <> ''",
        {"d": dataset, "m": measure},
    )
    held = _held(source, dataset)
    parts = dict.fromkeys(m.part.by for m in catalogue.measures.values() if m.part and m.part.of == measure and m.id in held)
    return (*(b for b in rolled if b in set(there["breakdown"])), *parts)


def _held(source: Warehouse, dataset: str) -> set[str]:
    return set(source.frame("SELECT DISTINCT measure FROM figure WHERE dataset = $d", {"d": dataset})["measure"])


def breakdown(
    source: Warehouse, dataset: str, measure: str, by: str, periods: Sequence[Period], places: tuple[str, ...] = ()
) -> pd.DataFrame:
    """A measure by category: COLUMNS, one row a place, category and period.

    Of categories counted from events only those stand that occurred; a category without a row is zero where the measure's
    own figure is not missing. Parts of a whole stand in the order of their declaration; a part that is missing has no row.
    ``whole`` is the sum of a place's categories in the period. Of people, small counts and those from which they could be
    computed have no value and are ``hidden``, the same ones whichever places are asked for.
    """
    found, people = _figures(source, dataset, measure, by, periods, places)
    if people:
        found = _without_small(found, least_shown(source.catalogue))
    return (found[found["place_id"].isin(places)].reset_index(drop=True) if places else found)[COLUMNS]


def whole_by_category(
    source: Warehouse, dataset: str, measure: str, by: str, period: Period, places: tuple[str, ...] = ()
) -> pd.Series:
    """A measure by category over all asked places; a gap where it counts few people or would tell a hidden cell of a place."""
    found, people = _figures(source, dataset, measure, by, (period,), places)
    least = least_shown(source.catalogue) if people else 0
    asked = found[found["place_id"].isin(places)] if places else found
    total = asked.groupby("category", sort=False)["value"].sum()
    total = total.reindex(list(dict.fromkeys(found["category"])), fill_value=0.0)
    if not least:
        return total
    shown = _without_small(found, least)
    # The sum of some of the places would tell what is hidden of them, or of the others; that of all is what the street reports.
    gone = set(shown.loc[shown["hidden"] & shown["place_id"].isin(places), "category"])
    return few(total, least).mask([category in gone for category in total.index])


def _figures(
    source: Warehouse, dataset: str, measure: str, by: str, periods: Sequence[Period], places: tuple[str, ...]
) -> tuple[pd.DataFrame, bool]:
    """The rows of :func:`breakdown` as they were sent, and whether they count people (then of all places)."""
    parts = source.catalogue.parts_of(measure, by)
    people = bool(parts) and all(m.people for m in parts) and least_shown(source.catalogue) > 0
    parameters = {
        "dataset": dataset,
        "places": list(places),
        "all": not places or people,
        "starts": [p.start for p in periods],
        "ends": [p.end for p in periods],
        "count": len(periods),
    }
    if parts:
        found = _add_up(source.frame(_PARTS, {**parameters, "measures": [m.id for m in parts]}), source, periods)
        found["category"] = found["measure"].map({m.id: m.part.category for m in parts})
        order = [m.part.category for m in parts]
    else:
        found = source.frame(_MONTHLY, {**parameters, "measure": measure, "by": by})
        order = list(found.groupby("category")["value"].sum().sort_values(ascending=False).index)
    known = source.places(dataset)[["place_id", "place", "sort"]]
    found = found.merge(known, on="place_id")
    found["period"] = [periods[n].key for n in found["n"]]
    found["category"] = pd.Categorical(found["category"], order, ordered=True)
    found = found.sort_values(["n", "sort", "category"], ignore_index=True)
    whole = found.groupby(["place_id", "period"], sort=False)["value"].transform("sum")
    return found.assign(category=found["category"].astype(object), hidden=False, whole=whole), people


def _without_small(found: pd.DataFrame, least: int) -> pd.DataFrame:
    """The rows of all places with small counts, and what would tell them, as gaps."""
    hidden = pd.Series(False, index=found.index)
    for _, rows in found.groupby("period", sort=False):
        row, places = pd.factorize(rows["place_id"])
        column, categories = pd.factorize(rows["category"])
        counts = np.full((len(places), len(categories)), np.nan)
        counts[row, column] = rows["value"].to_numpy(dtype=float)
        hidden[rows.index] = small_parts(counts, least)[row, column]
    return found.assign(
        value=found["value"].mask(hidden), hidden=hidden, whole=found["whole"].mask(found["whole"].between(1, least - 1))
    )


def _add_up(rows: pd.DataFrame, source: Warehouse, periods: Sequence[Period]) -> pd.DataFrame:
    """Base figures of parts as one figure a period: the last for a state, the sum of all for a flow."""
    ends = pd.Series([pd.Timestamp(p.end) for p in periods])
    kinds = rows["measure"].map(lambda m: source.catalogue.measures[m].kind)
    finest = rows.groupby("measure")["months"].transform("min")
    rows = rows[(rows["months"] == finest) & rows["value"].notna()]
    kinds = kinds.loc[rows.index]
    states = rows[(kinds != "flow") & (pd.to_datetime(rows["period_end"]).to_numpy() == ends.reindex(rows["n"]).to_numpy())]
    flows = (
        rows[kinds == "flow"]
        .groupby(["place_id", "measure", "n"], as_index=False)
        .agg(value=("value", "sum"), note=("note", "first"), months=("months", "sum"))
    )
    whole = flows["months"] == [periods[n].months for n in flows["n"]]
    return pd.concat([states, flows[whole]], ignore_index=True)[["place_id", "measure", "n", "value", "note"]]
