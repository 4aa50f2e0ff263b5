"""The tree of organisations as of a day, of any depth and with any names of levels; what does not hang together is told."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from jiejian.ledgers.registers import as_sent, standing, without_few
from jiejian.smallcells import few, least_shown
from jiejian.warehouse import Warehouse

ORPHAN, CYCLE = "上级不在台账中", "上下级成环"


def tree(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Organisations that stand on a day, parents before children.

    Columns: org_code, org_name, level, parent_code (empty at the top), place_id, place, grid, estate, building, covered_units,
    org_type, member_count, secretary_filled, elected_on, term_ends_on, depth (0 at the top), path (codes joined by /), children,
    fault (empty, 上级不在台账中 or 上下级成环). An organisation with a fault stands at the top of a tree of its own. A member_count
    of a few is a gap, and so is one more of the organisations under the same parent.
    """
    found = without_few(source, "organisations", _all(source, dataset, as_of))
    return _of(found, places)


def _of(rows: pd.DataFrame, places: tuple[str, ...]) -> pd.DataFrame:
    return rows[rows["place_id"].isin(places)].reset_index(drop=True) if places else rows


def _all(source: Warehouse, dataset: str, as_of: date) -> pd.DataFrame:
    """The tree of all places with every member_count, to be added up."""
    rows = as_sent(source, dataset, "organisations", as_of)
    parent = rows["parent_code"].fillna("").to_numpy(object)
    codes = rows["org_code"].to_numpy(object)
    at = {code: i for i, code in enumerate(codes)}
    up = np.array([at.get(p, -1) if p else -1 for p in parent], dtype=int)
    fault = np.where((parent != "") & (up < 0), ORPHAN, "").astype(object)
    loops = _in_cycles(up)
    fault[loops] = CYCLE
    up[loops] = -1
    depth, path = _paths(up, codes)
    found = rows.assign(
        parent_code=np.where(up >= 0, parent, ""),
        depth=depth,
        path=path,
        children=np.bincount(up[up >= 0], minlength=len(rows)),
        fault=fault,
    )
    order = np.argsort(found["path"].to_numpy(object), kind="stable")
    dropped = ["established_on", "dissolved_on"]
    return found.iloc[order].drop(columns=dropped).reset_index(drop=True)


def _in_cycles(up: np.ndarray) -> np.ndarray:
    """Which nodes lie on a circle of parents: those that a walk upwards from them reaches again."""
    state, on_cycle = np.zeros(len(up), dtype=int), np.zeros(len(up), dtype=bool)
    for start in range(len(up)):
        walk, node = [], start
        while node >= 0 and state[node] == 0:
            state[node] = 1
            walk.append(node)
            node = up[node]
        if node >= 0 and state[node] == 1:  # met within this walk
            on_cycle[walk[walk.index(node) :]] = True
        state[walk] = 2
    return on_cycle


def _paths(up: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How deep each node lies, and the codes from the top down to it; ``up`` has no circles."""
    depth, path = np.full(len(up), -1), np.empty(len(up), dtype=object)
    for start in range(len(up)):
        walk, node = [], start
        while node >= 0 and depth[node] < 0:
            walk.append(node)
            node = up[node]
        for node in reversed(walk):
            above = up[node]
            depth[node] = 0 if above < 0 else depth[above] + 1
            path[node] = codes[node] if above < 0 else f"{path[above]}/{codes[node]}"
    return depth, path


def levels(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """By level, from the top down: level, organisations, members (of its own level; levels must not be added up)."""
    rows = _of(_all(source, dataset, as_of), places)
    grouped = rows.groupby("level", sort=False)
    found = grouped.agg(
        organisations=("org_code", "size"), members=("member_count", "sum"), depth=("depth", "median")
    ).reset_index()
    found["members"] = few(found["members"], least_shown(source.catalogue))
    return found.sort_values("depth", kind="stable", ignore_index=True)[["level", "organisations", "members"]]


def grids_without_branch(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Grids of level three that no standing organisation names: place_id, place, grid_code, grid_name, grid_households."""
    grids = standing(source, dataset, "grids", as_of, places)
    covered = tree(source, dataset, as_of, places)
    named = set(zip(covered["place_id"], covered["grid"], strict=True))
    alone = [(p, g) not in named for p, g in zip(grids["place_id"], grids["grid_name"], strict=True)]
    chosen = grids[np.array(alone, dtype=bool) & (grids["grid_level"] == "三级网格").to_numpy()]
    return chosen[["place_id", "place", "grid_code", "grid_name", "grid_households"]].reset_index(drop=True)


def large_branches(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = (), limit: int = 50) -> pd.DataFrame:
    """Branches with more members than the regulations allow (党支部工作条例：一般不超过50人): org_code, org_name, place, member_count."""
    rows = _of(_all(source, dataset, as_of), places)
    branches = rows["level"].fillna("").str.endswith("支部")
    return rows.loc[branches & (rows["member_count"] > limit), ["org_code", "org_name", "place", "member_count"]].reset_index(
        drop=True
    )


def coverage(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """What organisations reach on a day: kind, covered, total, one row a kind of place.

    网格 counts grids of level three with an organisation of their own; 楼栋 counts the buildings that organisations name, without a
    total: the register of estates numbers its buildings otherwise than that of grids, and a share of the two would be made up. 小区 those whose property company has a branch; 商圈楼宇 those with at least one enterprise that has an
    organisation (单独组建 or 联合组建); 两新组织 enterprises with one.
    """
    rows = tree(source, dataset, as_of, places)
    grids, estates, firms = (standing(source, dataset, name, as_of, places) for name in ("grids", "estates", "enterprises"))
    third = grids[grids["grid_level"] == "三级网格"]
    alone = grids_without_branch(source, dataset, as_of, places)
    named = rows[rows["building"].notna()].drop_duplicates(["place_id", "grid", "building"])
    branch = estates["property_branch_on"].notna() & (pd.to_datetime(estates["property_branch_on"]) <= pd.Timestamp(as_of))
    own = firms["coverage"].isin(["单独组建", "联合组建"]) & (pd.to_datetime(firms["covered_on"]) <= pd.Timestamp(as_of))
    districts = firms[firms["district"].notna()]
    found = [
        ("网格", len(third) - len(alone), len(third)),
        ("楼栋", len(named), float("nan")),
        ("小区（物业党支部）", int(branch.sum()), len(estates)),
        ("商圈楼宇", districts.loc[own.reindex(districts.index), "district"].nunique(), districts["district"].nunique()),
        ("两新组织", int(own.sum()), len(firms)),
    ]
    return pd.DataFrame(found, columns=["kind", "covered", "total"])


def districts(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Business districts and towers: district, enterprises, covered (with an organisation), guided (党建指导员), members, model_shops."""
    firms = as_sent(source, dataset, "enterprises", as_of, places)
    firms = firms[firms["district"].notna()]
    since = pd.to_datetime(firms["covered_on"]) <= pd.Timestamp(as_of)
    firms = firms.assign(
        own=firms["coverage"].isin(["单独组建", "联合组建"]) & since,
        guided=(firms["coverage"] == "党建指导员") & since,
        shop=firms["model_shop"].astype("boolean").fillna(False).astype(bool),
    )
    found = firms.groupby("district", sort=False).agg(
        enterprises=("enterprise_no", "size"), covered=("own", "sum"), guided=("guided", "sum"),
        members=("member_count", "sum"), model_shops=("shop", "sum"),
    )  # fmt: skip
    found["members"] = few(found["members"], least_shown(source.catalogue))
    return found.reset_index().sort_values("enterprises", ascending=False, kind="stable", ignore_index=True)


def joined(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Units that joined the community's party committee by their kind: kind, units, organisations, members, committee; the most units first."""
    rows = as_sent(source, dataset, "co_units", as_of, places)
    grouped = rows.assign(
        kind=rows["unit_kind"].fillna("未填"), committee=rows["part_time"].astype("boolean").fillna(False).astype(int)
    )
    found = grouped.groupby("kind").agg(units=("unit_no", "size"), organisations=("organisation_count", "sum"), members=("member_count", "sum"), committee=("committee", "sum"))  # fmt: skip
    found["members"] = few(found["members"], least_shown(source.catalogue))
    return found.sort_values("units", ascending=False).reset_index()


def terms_run_out(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Organisations whose term has ended by a day, the longest ago first: place, org_code, org_name, level, term_ends_on, days."""
    rows = tree(source, dataset, as_of, places)
    ends = pd.to_datetime(rows["term_ends_on"])
    late = rows[ends < pd.Timestamp(as_of)].assign(days=(pd.Timestamp(as_of) - ends).dt.days)
    late = late.sort_values("days", ascending=False, kind="stable", ignore_index=True)
    return late[["place", "org_code", "org_name", "level", "term_ends_on", "days"]]
