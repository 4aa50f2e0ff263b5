"""The made-up street: its 23 communities and the stories planted in their figures. Nothing here exists anywhere."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

STREET = "示范街道"
KINDS = ("老旧小区型", "商品房型", "回迁安置型", "村改居型")
OLD, COMMERCIAL, RESETTLED, FORMER_VILLAGE = range(4)
CRS = "示意坐标"
DEGREES_PER_KM = 1 / 111.32  # coordinates stand around (0, 0) in the ocean, so that nobody takes them for real ones


class Community(NamedTuple):
    """One community; households are those of the newest month, east and north the place of its centre in km."""

    name: str
    kind: int
    households: int
    estates: int
    area_km2: float
    east_km: float
    north_km: float


# In the customary order of the street's own tables, which is not the order of the alphabet.
COMMUNITIES = (
    Community("春和社区", OLD, 3120, 9, 0.86, 2.6, 2.4),
    Community("望湖社区", COMMERCIAL, 4785, 10, 1.62, 3.7, 2.9),
    Community("槐香社区", OLD, 2684, 11, 0.71, 1.8, 2.1),
    Community("知远社区", COMMERCIAL, 3462, 7, 1.18, 3.4, 1.8),
    Community("启新社区", OLD, 1983, 6, 0.64, 1.5, 3.0),
    Community("云杉社区", COMMERCIAL, 2891, 6, 1.07, 4.6, 2.2),
    Community("石榴巷社区", OLD, 1242, 7, 0.38, 2.3, 3.2),
    Community("青禾社区", FORMER_VILLAGE, 1567, 4, 2.14, 0.6, 3.7),
    Community("晴川社区", COMMERCIAL, 3894, 8, 1.41, 4.4, 3.4),
    Community("柳荫社区", OLD, 2246, 9, 0.69, 2.9, 3.9),
    Community("松涛苑社区", RESETTLED, 2758, 5, 0.98, 1.1, 1.4),
    Community("麦香社区", FORMER_VILLAGE, 1134, 4, 1.87, 0.3, 2.4),
    Community("临溪社区", COMMERCIAL, 3317, 7, 1.26, 5.3, 1.4),
    Community("和顺里社区", RESETTLED, 2473, 5, 0.91, 2.0, 0.9),
    Community("竹影社区", OLD, 1871, 8, 0.57, 3.0, 1.1),
    Community("南窑社区", FORMER_VILLAGE, 908, 4, 1.73, 1.0, 0.3),
    Community("明德里社区", OLD, 2059, 8, 0.62, 1.9, 4.1),
    Community("百果园社区", RESETTLED, 2936, 6, 1.12, 4.1, 0.6),
    Community("银杏社区", COMMERCIAL, 4128, 9, 1.47, 5.4, 2.7),
    Community("东篱社区", FORMER_VILLAGE, 1386, 5, 2.36, 6.2, 3.6),
    Community("星桥社区", COMMERCIAL, 2612, 6, 0.95, 5.0, 4.3),
    Community("梧桐里社区", OLD, 1728, 8, 0.49, 3.7, 4.6),
    Community("新禾家园社区", RESETTLED, 2357, 5, 1.03, 6.1, 1.9),
)
NAMES = tuple(c.name for c in COMMUNITIES)
SHORT = tuple(name.removesuffix("社区") for name in NAMES)
PLACES = len(COMMUNITIES)
KIND = np.array([c.kind for c in COMMUNITIES])
HOUSEHOLDS = np.array([c.households for c in COMMUNITIES])


def index(name: str) -> int:
    """Position of a community in the customary order; ValueError when there is none of that name."""
    return NAMES.index(name)


# Story 1: old estates far from the centre; a station opened in their middle and complaints fell by two fifths.
STATION_PLACE = index("柳荫社区")
STATION_NAME = "柳荫邻里驿站"
STATION_OPENED = np.datetime64("2025-03-18")
STATION_EXCESS, STATION_CUT = 1.55, 0.40
# Story 2: the share closed on time sinks slowly over the last 14 months.
DRIFT_PLACE = index("晴川社区")
DRIFT_FROM, DRIFT_MONTHS = np.datetime64("2025-09"), 14
DRIFT_START, DRIFT_END = 0.95, 0.80
# Story 3: reports late, so a month's row is missing now and then, and the newest always.
LATE_PLACE = index("东篱社区")
LATE_MONTHS = tuple(np.datetime64(m) for m in ("2024-09", "2025-07", "2026-10"))
# Story 4: a typist who errs; all misread and unreadable cells of the workbooks are hers.
TYPIST_PLACE = index("麦香社区")
# Story 5: renamed; tables from before bear the former name.
RENAMED_PLACE, FORMER_NAME = index("启新社区"), "机修厂社区"
RENAMED_ON = np.datetime64("2024-06-01")


def names_on(day: np.datetime64) -> tuple[str, ...]:
    """The names in use on a day, in the customary order: one community was renamed."""
    former = (*NAMES[:RENAMED_PLACE], FORMER_NAME, *NAMES[RENAMED_PLACE + 1 :])
    return former if day < RENAMED_ON else NAMES
