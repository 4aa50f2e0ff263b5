"""Grids and who serves in them, estates and what is done in them, as of a day."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from jiejian.ledgers.registers import standing
from jiejian.warehouse import Warehouse

STEWARD_HOUSEHOLDS = 30  # article 002: one 红管家 for 30 households, and at least one 网格员 a grid
SIZES = ("不满100户", "100—199户", "200—299户", "300—399户", "400户及以上")
LEVELS = ("二级网格", "三级网格", "四级网格", "专属网格")


def levels(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Grids by community and level: a row a place (in customary order), a column a level (those of LEVELS first)."""
    rows = standing(source, dataset, "grids", as_of, places)
    rows = rows.assign(grid_level=rows["grid_level"].fillna("未填"))
    wide = rows.pivot_table(index="place", columns="grid_level", values="grid_code", aggfunc="size", fill_value=0, sort=False)
    order = [level for level in LEVELS if level in wide.columns]
    return wide[[*order, *(c for c in wide.columns if c not in order)]]


def staffing(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Grids that have households of their own, against the rule of one steward for 30 households and one worker a grid.

    Columns: place, grid_name, grid_households, staff_posts, staff_count, vacant, stewards, stewards_due, stewards_short, forces (all
    persons of the ledger of forces). What is not told is missing, never zero.
    """
    grids = standing(source, dataset, "grids", as_of, places)
    grids = grids[grids["grid_households"].fillna(0) > 0].reset_index(drop=True)
    forces = standing(source, dataset, "grid_forces", as_of, places)
    due = np.ceil(grids["grid_households"].astype(float) / STEWARD_HOUSEHOLDS)
    found = grids[["place", "grid_name", "grid_households", "staff_posts", "staff_count"]].assign(
        vacant=(grids["staff_posts"] - grids["staff_count"]).clip(lower=0),
        stewards=grids["stewards"],
        stewards_due=due,
        stewards_short=(due - grids["stewards"].astype(float)).clip(lower=0),
        forces=grids["grid_code"].map(forces.groupby("grid_code")["force_count"].sum(min_count=1)),
    )
    return found.sort_values(["vacant", "stewards_short"], ascending=False, kind="stable", ignore_index=True)


def vacancies(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Grids with posts that are not filled, of whatever level: place, grid_name, grid_level, staff_posts, staff_count, vacant."""
    grids = standing(source, dataset, "grids", as_of, places)
    grids = grids.assign(vacant=grids["staff_posts"] - grids["staff_count"])
    short = grids[grids["vacant"].fillna(0) > 0].sort_values("vacant", ascending=False, kind="stable", ignore_index=True)
    return short[["place", "grid_name", "grid_level", "staff_posts", "staff_count", "vacant"]]


def sizes(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Grids of level three by how many households they have: size (of SIZES), grids, households."""
    grids = standing(source, dataset, "grids", as_of, places)
    grids = grids[(grids["grid_level"] == "三级网格") & grids["grid_households"].notna()]
    band = np.minimum(grids["grid_households"].astype(int) // 100, len(SIZES) - 1)
    grouped = grids.groupby(band)["grid_households"].agg(["size", "sum"]).reindex(range(len(SIZES)), fill_value=0)
    return pd.DataFrame({"size": SIZES, "grids": grouped["size"].astype(int), "households": grouped["sum"].astype(int)})


def forces(source: Warehouse, dataset: str, as_of: date, by: str, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Persons who serve in grids by community and ``by`` (force_kind, force_role or net; ValueError otherwise), the largest column first."""
    if by not in ("force_kind", "force_role", "net"):
        raise ValueError(f"网格力量不能按 {by} 汇总")
    rows = standing(source, dataset, "grid_forces", as_of, places)
    rows = rows.assign(**{by: rows[by].fillna("未填"), "force_count": rows["force_count"].astype(float)})
    wide = rows.pivot_table(index="place", columns=by, values="force_count", aggfunc="sum", fill_value=0, sort=False)
    return wide[list(wide.sum().sort_values(ascending=False, kind="stable").index)]


def cases_per_households(
    source: Warehouse, dataset: str, opened: pd.DataFrame, as_of: date, places: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Cases by grid (from ``cases.by_grid``) with the households of the grid and cases per 100 of them; the most first."""
    grids = standing(source, dataset, "grids", as_of, places)[["place", "grid_name", "grid_households"]]
    found = opened.merge(grids.rename(columns={"grid_name": "grid"}), on=["place", "grid"], how="left")
    houses = found["grid_households"].astype(float)
    return found.assign(per_hundred=100 * found["cases"] / houses.where(houses > 0))


def estates(source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Estates that stand at the end of a span, and what was done in them within it.

    Columns: place, estate_name, estate_kind, households, property_company, branch (是/否), owners_committee (是/否), councils (standing),
    topics (raised in the span), works (微实项目 asked for in the span), managed (无物业, 有物业无党支部 or 有物业有党支部).
    """
    rows = standing(source, dataset, "estates", last, places)
    for name, column, table, when in (
        ("topics", "topic_no", "deliberation", "raised_on"),
        ("works", "work_no", "small_work", "requested_on"),
    ):
        counts = source.frame(
            f"""SELECT place_id, estate AS estate_name, count({column}) AS {name} FROM {table}
                WHERE dataset = $dataset AND {when} BETWEEN $first AND $last AND estate IS NOT NULL GROUP BY ALL""",
            {"dataset": dataset, "first": first, "last": last},
        )
        rows = rows.merge(counts, on=["place_id", "estate_name"], how="left")
    councils = standing(source, dataset, "councils", last, places)
    named = councils[councils["estate"].notna()].groupby(["place_id", "estate"]).size().rename("councils").reset_index()
    rows = rows.merge(named.rename(columns={"estate": "estate_name"}), on=["place_id", "estate_name"], how="left")
    branch, owners = (pd.to_datetime(rows[c]) <= pd.Timestamp(last) for c in ("property_branch_on", "owners_committee_on"))
    company = rows["property_company"].notna()
    return rows.assign(
        branch=np.where(branch, "是", "否"),
        owners_committee=np.where(owners, "是", "否"),
        managed=np.select([~company, branch], ["无物业", "有物业有党支部"], "有物业无党支部"),
        **{name: rows[name].fillna(0).astype(int) for name in ("councils", "topics", "works")},
    )[["place", "estate_name", "estate_kind", "households", "property_company", "branch", "owners_committee", "councils", "topics", "works", "managed"]]  # fmt: skip
