"""The tree of organisations as of a day, of any depth and with any names of levels; what does not hang together is told."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from jiejian.ledgers.registers import standing
from jiejian.warehouse import Warehouse

ORPHAN, CYCLE = "上级不在台账中", "上下级成环"


def tree(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Organisations that stand on a day, parents before children.

    Columns: org_code, org_name, level, parent_code (empty at the top), place_id, place, grid, estate, building, covered_units,
    org_type, member_count, secretary_filled, elected_on, term_ends_on, depth (0 at the top), path (codes joined by /), children,
    fault (empty, 上级不在台账中 or 上下级成环). An organisation with a fault stands at the top of a tree of its own.
    """
    rows = standing(source, dataset, "organisations", as_of)
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
    if places:
        found = found[found["place_id"].isin(places)]
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
    rows = tree(source, dataset, as_of, places)
    grouped = rows.groupby("level", sort=False)
    found = grouped.agg(
        organisations=("org_code", "size"), members=("member_count", "sum"), depth=("depth", "median")
    ).reset_index()
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
    rows = tree(source, dataset, as_of, places)
    branches = rows["level"].fillna("").str.endswith("支部")
    return rows.loc[branches & (rows["member_count"] > limit), ["org_code", "org_name", "place", "member_count"]].reset_index(
        drop=True
    )
