"""The tree of party organisations: work committee → community committees → (general branches) → grid branches →
groups of a building → households of members; beside them branches of firms, property managers, business streets, schools."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo.chance import split, stream
from etl.demo.grids import SPECIAL
from etl.demo.profile import COMMERCIAL, KIND, NAMES, PLACES, RESETTLED, SHORT, STREET

ROOT = "DZZ00"
WITH_GENERAL_BRANCHES = (0, 1, 8, 18)
NO_BRANCH_SHARE = 0.035  # ordinary grids that still share the branch of a neighbour
LEVELS = (
    "街道党工委",
    "社区党委",
    "党总支",
    "网格党支部",
    "楼栋党小组",
    "党员中心户",
    "两新党支部",
    "物业党支部",
    "商圈党支部",
    "机关事业党支部",
)
SURNAMES = "甲乙丙丁戊己庚辛壬癸"


def _dates(rng: np.random.Generator, first: str, last: str, count: int) -> np.ndarray:
    start, end = np.datetime64(first), np.datetime64(last)
    return start + rng.integers(0, (end - start).astype(int) + 1, count)


def _frame(level: str, org_type: str, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"level": level, "org_type": org_type, **columns})


def _general_branches() -> pd.DataFrame:
    places = np.repeat(WITH_GENERAL_BRANCHES, 2)
    number = np.tile([1, 2], len(WITH_GENERAL_BRANCHES))
    return _frame(
        "党总支",
        "社区",
        org_code=[f"DZZ{p + 1:02d}Z{n}" for p, n in zip(places, number, strict=True)],
        org_name=[f"{SHORT[p]}第{n}党总支" for p, n in zip(places, number, strict=True)],
        parent_code=[f"DZZ{p + 1:02d}" for p in places],
        place_index=places,
        grid="",
        established_on=np.datetime64("2019-07-01"),
    )


def _grid_branches(rng: np.random.Generator, grids: pd.DataFrame) -> pd.DataFrame:
    served = grids[grids["ended_on"].isna() & ~grids["special"]]
    served = served[rng.random(len(served)) >= NO_BRANCH_SHARE].reset_index(drop=True)
    place = served["place_index"].to_numpy()
    within = served.groupby("place_index").cumcount().to_numpy()
    size = served.groupby("place_index")["grid_code"].transform("size").to_numpy()
    general = np.isin(place, WITH_GENERAL_BRANCHES)
    parent = [
        f"DZZ{p + 1:02d}" + (f"Z{1 + (2 * w >= s)}" if g else "") for p, w, s, g in zip(place, within, size, general, strict=True)
    ]
    began = _dates(rng, "2021-04-01", "2023-09-30", len(served))
    late = rng.random(len(served)) < 0.12
    began[late] = _dates(rng, "2023-12-01", "2026-06-30", int(late.sum()))
    began = np.maximum(began, served["started_on"].to_numpy("datetime64[D]") + 14)
    return _frame(
        "网格党支部",
        "网格",
        org_code="DZZ" + served["grid_code"].str[2:],
        org_name=served["grid_name"] + "党支部",
        parent_code=parent,
        place_index=place,
        grid=served["grid_name"],
        established_on=began,
    )


def _beside(rng: np.random.Generator) -> pd.DataFrame:
    """Branches that belong to no grid: of firms and associations, property managers, business streets, a school."""
    commerce = np.isin(KIND, (COMMERCIAL,))
    kinds = (
        ("两新党支部", "两新组织", "L", rng.integers(0, 2, PLACES) + commerce, "综合企业联合"),
        ("物业党支部", "物业", "W", rng.integers(0, 2, PLACES) + np.isin(KIND, (COMMERCIAL, RESETTLED)), "红色物业"),
        (
            "商圈党支部",
            "商圈",
            "S",
            np.isin(np.arange(PLACES), [p for p, n in SPECIAL.items() if "学校" not in n]).astype(int),
            "商圈",
        ),
        ("机关事业党支部", "机关事业单位", "J", (np.arange(PLACES) % 6 == 0).astype(int), "学校"),
    )
    found = []
    for level, org_type, letter, counts, word in kinds:
        place = np.repeat(np.arange(PLACES), counts)
        number = np.concatenate([np.arange(1, c + 1) for c in counts])
        began = _dates(rng, "2020-03-01", "2023-06-30", len(place))
        new = rng.random(len(place)) < (0.45 if letter in "LW" else 0.1)
        began[new] = _dates(rng, "2023-12-01", "2026-08-31", int(new.sum()))
        found.append(
            _frame(
                level,
                org_type,
                org_code=[f"DZZ{p + 1:02d}{letter}{n}" for p, n in zip(place, number, strict=True)],
                org_name=[f"{SHORT[p]}{word}第{n}党支部" for p, n in zip(place, number, strict=True)],
                parent_code=[f"DZZ{p + 1:02d}" for p in place],
                place_index=place,
                grid="",
                established_on=began,
            )
        )
    return pd.concat(found, ignore_index=True)


def _count_members(rng: np.random.Generator, branches: pd.DataFrame, members: np.ndarray) -> pd.DataFrame:
    """Branches of a community share its registered members; those of firms and property managers are small."""
    counts = np.zeros(len(branches), dtype=int)
    small = (branches["level"] != "网格党支部").to_numpy()
    counts[small] = rng.integers(3, 8, small.sum())
    for place in range(PLACES):
        ours = (branches["place_index"] == place).to_numpy()
        left = int(members[place]) - counts[ours & small].sum()
        counts[ours & ~small] = split(rng, left, int((ours & ~small).sum()), 0.3)
    return branches.assign(member_count=counts)


def _groups(rng: np.random.Generator, branches: pd.DataFrame) -> pd.DataFrame:
    grid_branches = branches[branches["level"] == "网格党支部"]
    counts = np.clip(grid_branches["member_count"].to_numpy() // 4, 1, 5)
    owner = np.repeat(np.arange(len(grid_branches)), counts)
    number = np.concatenate([np.arange(1, c + 1) for c in counts])
    parents = grid_branches.iloc[owner].reset_index(drop=True)
    shares = [split(rng, int(m), int(c), 0.3) for m, c in zip(grid_branches["member_count"], counts, strict=True)]
    began = parents["established_on"].to_numpy("datetime64[D]") + rng.integers(20, 200, len(owner))
    return _frame(
        "楼栋党小组",
        "楼栋",
        org_code=[f"{c}G{n}" for c, n in zip(parents["org_code"], number, strict=True)],
        org_name=[f"{g}第{n}楼栋党小组" for g, n in zip(parents["grid"], number, strict=True)],
        parent_code=parents["org_code"],
        place_index=parents["place_index"],
        grid=parents["grid"],
        established_on=np.minimum(began, np.datetime64("2026-09-30")),
        member_count=np.concatenate(shares),
    )


def _households(rng: np.random.Generator, groups: pd.DataFrame) -> pd.DataFrame:
    homes = groups[(rng.random(len(groups)) < 0.55) & (groups["member_count"] >= 2)].reset_index(drop=True)
    began = homes["established_on"].to_numpy("datetime64[D]") + rng.integers(10, 300, len(homes))
    return _frame(
        "党员中心户",
        "楼栋",
        org_code=homes["org_code"] + "H1",
        org_name=homes["org_name"].str.replace("楼栋党小组", "党员中心户"),
        parent_code=homes["org_code"],
        place_index=homes["place_index"],
        grid=homes["grid"],
        established_on=np.minimum(began, np.datetime64("2026-10-15")),
        member_count=1 + (rng.random(len(homes)) < 0.35),
    )


def _committees(members: np.ndarray) -> pd.DataFrame:
    order = np.arange(PLACES)
    frame = _frame(
        "社区党委",
        "社区",
        org_code=[f"DZZ{p + 1:02d}" for p in order],
        org_name=[f"{name}党委" for name in NAMES],
        parent_code=ROOT,
        place_index=order,
        grid="",
        established_on=np.datetime64("2018-06-01") + order * 9,
        member_count=members,
    )
    top = _frame(
        "街道党工委",
        "社区",
        org_code=[ROOT],
        org_name=f"{STREET}党工委",
        parent_code="",
        place_index=-1,
        grid="",
        established_on=np.datetime64("2010-07-01"),
        member_count=int(members.sum()),
    )
    return pd.concat([top, frame], ignore_index=True)


def _dissolved(rng: np.random.Generator, branches: pd.DataFrame) -> np.ndarray:
    """A few branches of firms were dissolved when the firm moved away; their members had been transferred before."""
    gone = np.full(len(branches), np.datetime64("NaT"), dtype="datetime64[D]")
    old = np.flatnonzero((branches["level"] == "两新党支部") & (branches["established_on"] < np.datetime64("2023-06-30")))
    chosen = rng.choice(old, min(3, len(old)), replace=False)
    gone[chosen] = _dates(rng, "2024-05-01", "2026-06-30", len(chosen))
    return gone


def organisations(seed: int, grids: pd.DataFrame, members: np.ndarray) -> pd.DataFrame:
    """One row an organisation. ``members``: registered members of each community in the newest month.

    Committees and general branches count the members of all branches below them.
    """
    rng = stream(seed, "organisations")
    branches = pd.concat([_grid_branches(rng, grids), _beside(rng)], ignore_index=True)
    gone = _dissolved(rng, branches)
    standing = _count_members(rng, branches[np.isnat(gone)].reset_index(drop=True), members)
    dissolved = branches[~np.isnat(gone)].assign(dissolved_on=gone[~np.isnat(gone)], member_count=0)
    general = _general_branches()
    general["member_count"] = general["org_code"].map(standing.groupby("parent_code")["member_count"].sum())
    groups = _groups(rng, standing)
    parts = [_committees(members), general, standing, dissolved, groups, _households(rng, groups)]
    frame = pd.concat(parts, ignore_index=True)
    frame["place"] = np.append(NAMES, STREET)[frame["place_index"]]
    frame["secretary"] = [f"示例{SURNAMES[i % 10]}{i:04d}" for i in range(len(frame))]
    frame["level_order"] = frame["level"].map({level: i for i, level in enumerate(LEVELS)})
    return frame.sort_values(["place_index", "level_order", "org_code"], kind="stable", ignore_index=True)
