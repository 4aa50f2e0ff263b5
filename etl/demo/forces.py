"""Grids of the other levels, and who serves in each grid: 1 full-time, N sent by other bodies, X from society."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo.chance import stream
from etl.demo.profile import COMMERCIAL, KIND, NAMES, PLACES, RESETTLED, STREET
from etl.demo.works import NEVER

AREAS = 3  # grids of level two, each over a third of the communities
PILOTS = (1, 3, 8, 12, 18, 20)  # communities that have divided their grids into micro grids
SINCE = np.datetime64("2023-06-01")
FORCES = (  # kind, part of 1+N+X, net, mean, whether only where there is a property company
    ("网格警员", "下沉力量", "综治网", 0.9, False),
    ("综合执法队员", "下沉力量", "城管网", 0.6, False),
    ("社区工作者", "下沉力量", "公共服务网", 1.0, False),
    ("在职党员", "下沉力量", "党建网", 3.2, False),
    ("共建单位人员", "下沉力量", "公共服务网", 1.1, False),
    ("物业人员", "社会力量", "消防网", 1.4, True),
    ("志愿者", "社会力量", "志愿网", 5.5, False),
)


def register(seed: int, grids: pd.DataFrame) -> pd.DataFrame:
    """The register as the street keeps it: the grids of level two above, the micro grids of the pilots below.

    Households stand in the grids of level three only, so that nothing is counted twice.
    """
    rng = stream(seed, "micro_grids")
    area = [f"{STREET}第{1 + p * AREAS // PLACES}片区网格" for p in range(PLACES)]
    third = grids.assign(parent_grid=[area[p] for p in grids["place_index"]])
    second = pd.DataFrame(
        {
            "grid_code": [f"WGE{i + 1}" for i in range(AREAS)],
            "grid_name": list(dict.fromkeys(area)),
            "place": STREET,
            "place_index": -1,
            "grid_level": "二级网格",
            "started_on": np.datetime64("2021-03-01"),
        }
    )
    above = grids[grids["place_index"].isin(PILOTS) & grids["ended_on"].isna() & ~grids["special"]]
    above = above.loc[np.repeat(above.index, rng.integers(2, 5, len(above)))]
    number = above.groupby("grid_code").cumcount() + 1
    fourth = pd.DataFrame(
        {
            "grid_code": above["grid_code"] + "W" + number.astype(str),
            "grid_name": above["grid_name"] + number.astype(str) + "号微网格",
            "place": above["place"],
            "place_index": above["place_index"],
            "grid_level": "四级网格",
            "parent_grid": above["grid_name"],
            "started_on": np.maximum(above["started_on"].to_numpy("datetime64[D]"), np.datetime64("2024-04-01")),
        }
    )
    staff = dict.fromkeys(("staff_posts", "staff_count", "group_leaders", "stewards"), 0)
    frame = pd.concat([second.assign(**staff), third, fourth.assign(**staff)], ignore_index=True)
    frame["parent_grid"] = frame["parent_grid"].fillna("")
    return frame.sort_values("place_index", kind="stable", ignore_index=True)


def forces(seed: int, grids: pd.DataFrame) -> pd.DataFrame:
    """One row for each kind of staff in each grid that stands, as counts. ``grids``: the whole register."""
    rng = stream(seed, "forces")
    standing = grids[grids["ended_on"].isna() & (grids["place_index"] >= 0)]
    rows = []
    for g in standing.itertuples():
        began = max(np.datetime64(g.started_on, "D"), SINCE)
        if g.grid_level == "四级网格":
            rows.append((g, "网格信息员", "专职力量", "党建网", 1, 1, began))
            continue
        rows.append((g, "专职网格员", "专职力量", "综治网", g.staff_posts, g.staff_count, began))
        if g.group_leaders:
            rows.append((g, "网格员小组长", "专职力量", "党建网", 1, g.group_leaders, began))
        if g.stewards:
            rows.append((g, "楼栋红管家", "社会力量", "志愿网", int(np.ceil(g.grid_households / 30)), g.stewards, began))
        for kind, role, net, mean, property_only in FORCES:
            if property_only and KIND[g.place_index] not in (COMMERCIAL, RESETTLED):
                continue
            count = int(rng.poisson(mean))
            if count:
                rows.append((g, kind, role, net, count, count, began + int(rng.integers(0, 900))))
    return pd.DataFrame(
        [(g.grid_code, g.grid_name, NAMES[g.place_index], g.place_index, *rest) for g, *rest in rows],
        columns=[
            "grid_code",
            "grid_name",
            "place",
            "place_index",
            "force_kind",
            "force_role",
            "net",
            "force_posts",
            "force_count",
            "since",
        ],
    ).assign(until=NEVER)
