"""The chronicle: what happened in the street that its figures show. Stations, renaming and grids come from their registers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo.grids import DIVIDED
from etl.demo.profile import FORMER_NAME, NAMES, RENAMED_ON, RENAMED_PLACE
from etl.demo.seasons import FIRST, SPRING_FESTIVALS

RAIN = (np.datetime64("2025-07-28"), np.datetime64("2025-07-30"))
COLD = (np.datetime64("2026-01-19"), np.datetime64("2026-01-23"))
PLATFORM = np.datetime64("2025-01-01")
OF_THE_STREET = (
    ("2024-03-01", "推行诉求分级办结：小事1天、琐事1周、大事1月", "机制"),
    ("2024-06-01", "启动“暖夜”行动，部分驿站夜间开放", "机制"),
    (str(PLATFORM), "诉求平台升级，导出表的表头和编码更换", "数据"),
    (str(RAIN[0]), "连续三日强降雨，积水、内涝诉求集中", "天气"),
    ("2025-09-01", "“红色物业”联建启动", "机制"),
    (str(COLD[0]), "寒潮五日，供热诉求集中", "天气"),
)


def events(stations: pd.DataFrame) -> pd.DataFrame:
    """One row an event in order of time; place is empty where the whole street is meant."""
    rows = [(np.datetime64(day), what, "", kind) for day, what, kind in OF_THE_STREET]
    rows += [(day, "春节", "", "节假日") for day in SPRING_FESTIVALS]
    rows.append((RENAMED_ON, f"{FORMER_NAME}更名为{NAMES[RENAMED_PLACE]}", NAMES[RENAMED_PLACE], "更名"))
    rows += [(np.datetime64(day), "一个网格划分为两个网格", NAMES[place], "网格调整") for place, day in DIVIDED.items()]
    for column, word, kind in (("opened_on", "启用", "阵地启用"), ("closed_on", "停用", "阵地停用")):
        found = stations[stations[column] >= FIRST]
        days = found[column].to_numpy("datetime64[D]")
        rows += [(d, f"{n}{word}", p, kind) for d, n, p in zip(days, found["station_name"], found["place"], strict=True)]
    frame = pd.DataFrame(rows, columns=["happened_on", "what", "place", "event_kind"])
    frame = frame.sort_values("happened_on", kind="stable", ignore_index=True)
    frame.insert(0, "event_no", range(1, len(frame) + 1))
    return frame
