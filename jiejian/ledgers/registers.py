"""Registers of things that last: the rows that stand on a day, and how many by a column."""

from __future__ import annotations

from datetime import date

import pandas as pd

from jiejian.catalogue import Ledger
from jiejian.smallcells import few, few_of_each, least_shown
from jiejian.warehouse import Warehouse

# Ledger → the columns in which its things begin and end. A thing without a beginning has always been there.
SPANS = {
    "organisations": ("established_on", "dissolved_on"),
    "grids": ("started_on", "ended_on"),
    "grid_forces": ("since", "until"),
    "stations": ("opened_on", "closed_on"),
    "rooms": ("opened_on", "closed_on"),
    "windows": ("opened_on", "closed_on"),
    "departments": ("moved_in_on", "moved_out_on"),
    "co_units": ("joined_on", "left_on"),
    "resources": ("offered_on", "withdrawn_on"),
    "merchants": ("joined_on", "left_on"),
    "enterprises": ("registered_on", "closed_on"),
    "estates": ("delivered_on", "ended_on"),
    "councils": ("established_on", "dissolved_on"),
    "teams": ("established_on", "dissolved_on"),
    "social_orgs": ("registered_on", "left_on"),
}


def _columns(ledger: Ledger) -> list[str]:
    """The stored columns of a ledger but its place, which stands as place_id and place."""
    return [c.id for c in ledger.columns if c.personal != "drop" and c.id != ledger.place]


def standing(source: Warehouse, dataset: str, ledger: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rows of a register that stand at the end of a day: place_id, place, then the ledger's own columns.

    ``ledger`` is one of SPANS (KeyError otherwise); the order is that of the street's places, then of the register's key.
    Small counts of people are gaps, as :func:`without_few` says, the same ones whichever places are asked for.
    """
    declared = source.catalogue.ledgers[ledger]
    if not any(c.people for c in declared.columns) or not least_shown(source.catalogue):
        return as_sent(source, dataset, ledger, as_of, places)
    found = without_few(source, ledger, as_sent(source, dataset, ledger, as_of))
    return found[found["place_id"].isin(places)].reset_index(drop=True) if places else found


def without_few(source: Warehouse, ledger: str, rows: pd.DataFrame) -> pd.DataFrame:
    """All rows of a register with small counts of people as gaps, and one more in each group whose sum may be known."""
    least = least_shown(source.catalogue)
    for column in source.catalogue.ledgers[ledger].columns:
        if column.people and least:
            group = rows[column.adds_up_by or "place_id"].fillna("")
            rows = rows.assign(**{column.id: few_of_each(rows[column.id], group, least)})
    return rows


def as_sent(source: Warehouse, dataset: str, ledger: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rows of :func:`standing` with every count, to be added up: no row of it is shown."""
    start, end = SPANS[ledger]
    declared = source.catalogue.ledgers[ledger]
    columns = ", ".join(f'e."{c}"' for c in _columns(declared))
    return source.frame(
        f"""SELECT e.place_id, p.name AS place, {columns}
            FROM "{declared.table}" e LEFT JOIN place p ON p.place_id = e.place_id
            WHERE e.dataset = $dataset AND (e."{start}" IS NULL OR e."{start}" <= $as_of) AND (e."{end}" IS NULL OR e."{end}" > $as_of)
              AND ($all OR list_contains($places, e.place_id))
            ORDER BY p.sort, p.name, e."{declared.key[0]}" """,
        {"dataset": dataset, "as_of": as_of, "places": list(places), "all": not places},
    )


def counted(
    source: Warehouse, dataset: str, ledger: str, by: str, as_of: date, places: tuple[str, ...] = (), value: str = ""
) -> pd.DataFrame:
    """How many stand by a column of the register: category, count and, with ``value``, its sum; the largest first.

    ``by`` and ``value`` are columns of the ledger (ValueError otherwise); what has none is 未填.
    """
    allowed = _columns(source.catalogue.ledgers[ledger])
    for name in (by, value):
        if name and name not in allowed:
            raise ValueError(f"台账“{source.catalogue.ledgers[ledger].name}”没有列 {name}")
    rows = as_sent(source, dataset, ledger, as_of, places)
    grouped = rows.assign(category=rows[by].fillna("未填").astype(str)).groupby("category", sort=False)
    found = grouped.size().rename("count").reset_index()
    if value:
        found["total"] = grouped[value].sum(min_count=1).to_numpy()
        if source.catalogue.ledgers[ledger].column(value).people:
            found["total"] = few(found["total"], least_shown(source.catalogue))
    return found.sort_values("count", ascending=False, kind="stable", ignore_index=True)


def people_total(source: Warehouse, dataset: str, ledger: str, column: str, as_of: date, places: tuple[str, ...] = ()) -> float:
    """The sum of a column that counts people, over the rows that stand on a day; NaN where it is a few."""
    total = as_sent(source, dataset, ledger, as_of, places)[column].sum()
    return float("nan") if 0 < total < least_shown(source.catalogue) else float(total)


def standing_of_kind(
    source: Warehouse, dataset: str, ledger: str, by: str, flag: str, as_of: date, places: tuple[str, ...] = ()
) -> pd.DataFrame:
    """How many stand by a column, and how many of them a yes-or-no column says 是 to: category, count, yes; the largest first."""
    rows = standing(source, dataset, ledger, as_of, places)
    grouped = rows.assign(category=rows[by].fillna("未填").astype(str), yes=rows[flag].fillna(False).astype(bool)).groupby("category", sort=False)  # fmt: skip
    found = grouped.agg(count=("yes", "size"), yes=("yes", "sum")).reset_index()
    return found.sort_values("count", ascending=False, kind="stable", ignore_index=True)


def missing_columns(source: Warehouse, dataset: str, ledger: str) -> tuple[str, ...]:
    """Heads of a ledger's columns that hold nothing in this data set: what a page cannot show, and what to send."""
    declared = source.catalogue.ledgers[ledger]
    if declared.table == "observation":
        there = source.frame(
            "SELECT DISTINCT measure FROM observation WHERE dataset = $d AND ledger = $l AND value IS NOT NULL",
            {"d": dataset, "l": ledger},
        )
        return tuple(c.name for c in declared.columns if c.measure and c.measure not in set(there["measure"]))
    names = _columns(declared)
    given = ", ".join(f'count("{c}")' for c in names)
    row = source.frame(f'SELECT {given} FROM "{declared.table}" WHERE dataset = $d', {"d": dataset})
    return tuple(declared.column(c).name for c, count in zip(names, row.iloc[0], strict=True) if count == 0)
