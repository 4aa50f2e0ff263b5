"""The housing estates, who manages them, and the organisations in which residents govern themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo.chance import split, stream
from etl.demo.profile import (
    COMMERCIAL,
    COMMUNITIES,
    CRS,
    DEGREES_PER_KM,
    FORMER_VILLAGE,
    KIND,
    NAMES,
    OLD,
    PLACES,
    RESETTLED,
    SHORT,
)
from etl.demo.seasons import AS_OF
from etl.demo.works import NEVER, estates

ESTATE_KINDS = {OLD: "老旧小区", COMMERCIAL: "商品房小区", RESETTLED: "回迁安置小区", FORMER_VILLAGE: "村改居小区"}
COMPANIES = ("示范安居物业", "示范和家物业", "示范青松物业", "示范万邻物业", "示范同心物业")
MANAGED = np.array([0.42, 0.98, 0.86, 0.30])  # by kind of community
COUNCIL_KINDS = ("红白理事会", "文体娱乐理事会", "和调理事会", "文明倡导理事会", "青少年理事会", "居民监督委员会")
HOUSEHOLDS_A_BUILDING = np.array([46, 88, 64, 31])


def _days(rng: np.random.Generator, first: str, last: str, count: int) -> np.ndarray:
    start, end = np.datetime64(first), np.datetime64(last)
    return start + rng.integers(0, (end - start).astype(int) + 1, count)


def estate_register(seed: int, households: np.ndarray) -> pd.DataFrame:
    """One row an estate or single-storey area. ``households``: of each community in the newest month, shared out."""
    rng = stream(seed, "estates")
    rows = []
    for place, names in enumerate(estates()):
        bungalows = KIND[place] == FORMER_VILLAGE
        names = [*names, f"{SHORT[place]}平房区"] if bungalows else names
        sizes = split(rng, int(households[place]), len(names), 0.35)
        c, reach = COMMUNITIES[place], np.sqrt(COMMUNITIES[place].area_km2) * 0.62
        for i, (name, size) in enumerate(zip(names, sizes, strict=True)):
            flat = bungalows and i == len(names) - 1
            east, north = np.array([c.east_km, c.north_km]) + rng.uniform(-0.5, 0.5, 2) * 2 * reach
            rows.append((place, name, "平房区" if flat else ESTATE_KINDS[KIND[place]], int(size), flat, east, north))
    frame = pd.DataFrame(rows, columns=["place_index", "estate_name", "estate_kind", "households", "flat", "east", "north"])
    count, place, flat = len(frame), frame["place_index"].to_numpy(), frame["flat"].to_numpy()
    managed = (rng.random(count) < MANAGED[KIND[place]]) & ~flat
    branch = managed & (rng.random(count) < 0.62)
    owners = managed & (rng.random(count) < 0.55)
    after = rng.random(count) < 0.45
    began = np.where(after, _days(rng, "2023-12-01", "2026-09-30", count), _days(rng, "2020-06-01", "2023-10-31", count))
    return frame.assign(
        estate_no=[f"XQ{i:03d}" for i in range(1, count + 1)],
        place=np.array(NAMES, dtype=object)[place],
        buildings=np.where(flat, np.nan, np.maximum(1, np.rint(frame["households"] / HOUSEHOLDS_A_BUILDING[KIND[place]]))),
        delivered_on=_days(rng, "1994-01-01", "2019-12-31", count),
        ended_on=NEVER,
        property_company=np.where(managed, np.array(COMPANIES, dtype=object)[rng.integers(0, len(COMPANIES), count)], ""),
        property_branch_on=np.where(branch, began, NEVER),
        owners_committee_on=np.where(owners, _days(rng, "2019-03-01", "2026-08-31", count), NEVER),
        lon=(frame["east"] * DEGREES_PER_KM).round(6),
        lat=(frame["north"] * DEGREES_PER_KM).round(6),
        crs=CRS,
    )


def councils(seed: int, homes: pd.DataFrame) -> pd.DataFrame:
    """Resident councils of estates, owners' committees, and the councils for one purpose of each community."""
    rng = stream(seed, "councils")
    estate = homes[~homes["flat"]]
    with_council = estate[rng.random(len(estate)) < 0.74]
    owners = homes[homes["owners_committee_on"].notna()]
    own = [(p, "", f"{SHORT[p]}{kind}", kind) for p in range(PLACES) for kind in COUNCIL_KINDS if rng.random() < 0.66]
    parts = [
        pd.DataFrame(
            {
                "place_index": with_council["place_index"],
                "estate": with_council["estate_name"],
                "council_name": with_council["estate_name"] + "居民议事会",
                "council_kind": "居民议事会",
                "established_on": _days(rng, "2019-05-01", "2026-08-31", len(with_council)),
            }
        ),
        pd.DataFrame(
            {
                "place_index": owners["place_index"],
                "estate": owners["estate_name"],
                "council_name": owners["estate_name"] + "业主委员会",
                "council_kind": "业主委员会",
                "established_on": owners["owners_committee_on"],
            }
        ),
        pd.DataFrame(own, columns=["place_index", "estate", "council_name", "council_kind"]).assign(
            established_on=_days(rng, "2018-09-01", "2025-12-31", len(own))
        ),
    ]
    frame = pd.concat(parts, ignore_index=True).sort_values("place_index", kind="stable", ignore_index=True)
    count = len(frame)
    size = rng.integers(5, 14, count)
    began = frame["established_on"].to_numpy("datetime64[D]")
    gone = (rng.random(count) < 0.05) & (frame["council_kind"] != "业主委员会").to_numpy() & (began < np.datetime64("2024-06-01"))
    return frame.assign(
        council_no=[f"ZZ{i:03d}" for i in range(1, count + 1)],
        place=np.array(NAMES, dtype=object)[frame["place_index"]],
        member_count=size,
        party_member_count=rng.binomial(size, 0.45),
        dissolved_on=np.where(gone, np.minimum(began + rng.integers(200, 1500, count), AS_OF - 20), NEVER),
        head=[f"示例会长{i:03d}" for i in range(count)],
    )
