"""Service centres and stations, and the social organisations that work in them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo.chance import stream
from etl.demo.profile import (
    COMMUNITIES,
    CRS,
    DEGREES_PER_KM,
    HOUSEHOLDS,
    NAMES,
    PLACES,
    SHORT,
    STATION_NAME,
    STATION_OPENED,
    STATION_PLACE,
)

RESIDENTIAL, PARK = "居住型驿站", "公园型驿站"
# Stations beside the centres: place, name, type, floor area in m², opened, closed, night opening.
STATIONS = (
    (0, "春和巷口驿站", RESIDENTIAL, 260, "2022-05-20", "", True),
    (0, "春和公园驿站", PARK, 180, "2023-09-28", "", True),
    (1, "望湖栈道驿站", PARK, 320, "2022-07-01", "", True),
    (1, "望湖北区驿站", RESIDENTIAL, 480, "2024-05-16", "", True),
    (2, "槐香树下驿站", RESIDENTIAL, 210, "2023-04-12", "", False),
    (3, "知远书香驿站", RESIDENTIAL, 390, "2022-11-08", "", True),
    (4, "启新广场驿站", PARK, 150, "2023-06-30", "", False),
    (5, "云杉口袋公园驿站", PARK, 190, "2024-09-27", "", True),
    (6, "石榴巷驿站", RESIDENTIAL, 170, "2022-03-18", "2025-08-31", False),
    (6, "石榴巷新驿站", RESIDENTIAL, 240, "2025-09-01", "", True),
    (8, "晴川东门驿站", RESIDENTIAL, 350, "2022-09-15", "", True),
    (8, "晴川广场驿站", PARK, 220, "2023-05-04", "", True),
    (9, STATION_NAME, RESIDENTIAL, 520, str(STATION_OPENED), "", True),
    (10, "松涛苑驿站", RESIDENTIAL, 300, "2023-03-03", "", False),
    (12, "临溪滨水驿站", PARK, 200, "2024-06-18", "", True),
    (12, "临溪南苑驿站", RESIDENTIAL, 410, "2022-10-10", "", True),
    (13, "和顺里驿站", RESIDENTIAL, 280, "2023-08-01", "", False),
    (14, "竹影小院驿站", RESIDENTIAL, 230, "2025-06-26", "", True),
    (16, "明德里暖心驿站", RESIDENTIAL, 250, "2023-01-10", "", True),
    (17, "百果园驿站", RESIDENTIAL, 330, "2024-04-22", "", True),
    (18, "银杏大道驿站", RESIDENTIAL, 560, "2022-06-16", "", True),
    (18, "银杏公园驿站", PARK, 240, "2025-10-20", "", True),
    (20, "星桥骑手驿站", RESIDENTIAL, 290, "2024-11-11", "", True),
    (21, "梧桐里驿站", RESIDENTIAL, 190, "2023-07-19", "", False),
    (22, "新禾家园驿站", RESIDENTIAL, 310, "2026-04-15", "", True),
)
FIVE = ("outpost", "publicity", "helping", "council_corner", "launching")  # 五站合一
CENTRE_ROOMS = "服务大厅、居民议事室、党员活动室、志愿服务站、调解室、文体活动室"
RESIDENTIAL_ROOMS = "综合窗口、四点半课堂、居民议事角、便民维修"
PARK_ROOMS = "饮水休息、图书阅读、急救药品、手机充电"

ORG_WORDS = ("为老", "社工", "文艺", "环保", "心理咨询", "青少年", "法律援助", "邻里互助", "健康", "家政", "亲子阅读")
ORG_FORMS = ("服务中心", "促进会", "协会", "工作室", "志愿服务队")


def _centres(rng: np.random.Generator) -> pd.DataFrame:
    area = np.rint(HOUSEHOLDS * rng.normal(0.245, 0.05, PLACES).clip(0.15, 0.36) / 10) * 10
    area[STATION_PLACE] = 310  # the gap that the station closed
    return pd.DataFrame(
        {
            "station_name": [f"{name}党群服务中心" for name in NAMES],
            "station_type": "党群服务中心",
            "place_index": np.arange(PLACES),
            "floor_area": area.clip(240, 1480),
            "opened_on": np.datetime64("2019-05-01") + rng.integers(0, 1300, PLACES),
            "night": np.arange(PLACES) % 4 == 0,
            "functions": CENTRE_ROOMS,
        }
    )


def stations(seed: int) -> pd.DataFrame:
    """The register of centres and stations; coordinates in degrees around a made-up origin."""
    rng = stream(seed, "stations")
    names = ["place_index", "station_name", "station_type", "floor_area", "opened_on", "closed_on", "night"]
    more = pd.DataFrame(STATIONS, columns=names)
    more = more.assign(
        opened_on=more["opened_on"].to_numpy("datetime64[D]"),
        closed_on=pd.to_datetime(more["closed_on"].replace("", None)).to_numpy("datetime64[D]"),
        functions=np.where(more["station_type"] == PARK, PARK_ROOMS, RESIDENTIAL_ROOMS),
    )
    frame = pd.concat([_centres(rng), more], ignore_index=True)
    place = frame["place_index"].to_numpy()
    reach = np.sqrt([c.area_km2 for c in COMMUNITIES])[place] * 0.35
    centre = np.array([(c.east_km, c.north_km) for c in COMMUNITIES])[place]
    where = (centre + rng.uniform(-1, 1, (len(frame), 2)) * reach[:, None]) * DEGREES_PER_KM
    night, park = frame["night"].astype(bool), (frame["station_type"] == PARK).to_numpy()
    functions = stream(seed, "five functions").random((len(frame), 5))
    lacking = np.where(park, 0.22, 0.06)[:, None] * (frame["station_type"] != "党群服务中心").to_numpy()[:, None]
    five = dict(zip(FIVE, np.where(functions >= lacking, "是", "否").T, strict=True))
    return frame.assign(
        station_no=[f"ZD{i:03d}" for i in range(1, len(frame) + 1)],
        place=np.array(NAMES)[place],
        night_opening=np.where(night, "是", "否"),
        opening_hours=np.where(night, "8:30—21:00", "8:30—17:30"),
        lon=where[:, 0].round(6),
        lat=where[:, 1].round(6),
        crs=CRS,
        **five,
    )


def social_orgs(seed: int, count: int = 36) -> pd.DataFrame:
    """The register of social organisations by stage of growth; a few have left."""
    rng = stream(seed, "social_orgs")
    place = rng.permutation(np.resize(np.arange(PLACES), count))
    joined = np.datetime64("2021-03-01") + rng.integers(0, 2000, count)
    left = np.full(count, np.datetime64("NaT"), dtype="datetime64[D]")
    gone = rng.random(count) < 0.08
    left[gone] = np.minimum(joined[gone] + rng.integers(200, 700, int(gone.sum())), np.datetime64("2026-08-31"))
    months = ((np.where(gone, left, np.datetime64("2026-10-31")) - joined).astype(int) / 30.4).clip(1)
    stage = np.select([months < 14, months < 32], ["萌芽期", "初创期"], "发展期")
    held = rng.poisson(months * np.select([months < 14, months < 32], [0.5, 0.9], 1.3))
    return pd.DataFrame(
        {
            "org_no": [f"SZ{i:03d}" for i in range(1, count + 1)],
            "org_name": [
                f"{SHORT[p]}{ORG_WORDS[i % len(ORG_WORDS)]}{ORG_FORMS[i % len(ORG_FORMS)]}" for i, p in enumerate(place)
            ],
            "stage": stage,
            "place": np.array(NAMES)[place],
            "place_index": place,
            "registered_on": joined,
            "left_on": left,
            "incubating": np.where(~gone & (stage != "发展期") & (rng.random(count) < 0.6), "是", "否"),
            "services_held": held,
            "residents_served": np.rint(held * rng.normal(38, 9, count).clip(15, 80)).astype(int),
        }
    )
