"""Who builds the community together: joined units, what they offer, the alliance, departments and enterprises."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo.chance import stream
from etl.demo.grids import SPECIAL
from etl.demo.profile import COMMERCIAL, KIND, NAMES, PLACES, SHORT
from etl.demo.seasons import AS_OF, MONTHS
from etl.demo.words import MERCHANTS, NEEDS, UNITS
from etl.demo.works import NEVER

UNIT_KINDS = ("机关", "事业单位", "国有企业", "非公企业", "社会组织", "金融机构")
UNIT_WORDS = ("分局", "服务中心", "有限公司", "商贸公司", "协会", "支行")
OFFERS = {
    "设施修缮": ("水电维修队", "小型工程施工", "路灯检修"),
    "为老服务": ("上门体检", "助餐补贴", "适老化改造咨询"),
    "儿童教育": ("课业辅导志愿者", "图书捐赠", "场馆开放日"),
    "环境整治": ("绿化养护", "保洁车辆", "垃圾清运"),
    "便民服务": ("法律咨询", "免费理发", "家电维修"),
    "安全防护": ("消防培训", "充电设施检测", "巡逻力量"),
}
ALLIANCE_KINDS, ALLIANCE_SHARES = ("商家", "社会组织", "金融机构"), (0.82, 0.12, 0.06)
TRADES = ("粮油副食", "餐饮", "理发", "药店", "家政维修", "图书文具", "洗衣", "培训")
BUILDING_PLACE, CENTRE = 18, "示范街道政务服务综合楼"
DEPARTMENTS = (  # name, kind
    ("人社服务部门", "公共服务部门"),
    ("医保服务部门", "公共服务部门"),
    ("民政服务部门", "公共服务部门"),
    ("住房保障部门", "公共服务部门"),
    ("公积金服务部门", "公共服务部门"),
    ("供水服务部门", "公共服务部门"),
    ("供热服务部门", "公共服务部门"),
    ("税务部门", "行政事业单位"),
    ("市场监管部门", "行政事业单位"),
    ("行政审批部门", "行政事业单位"),
    ("户籍管理部门", "行政事业单位"),
    ("不动产登记部门", "行政事业单位"),
)
FIRMS = ("商贸", "餐饮", "网络科技", "教育培训", "家政服务", "装饰工程", "广告", "健身", "物流")
COVERAGES = ("单独组建", "联合组建", "党建指导员", "未覆盖")


def co_units(seed: int, counts: np.ndarray) -> pd.DataFrame:
    """One row a joined unit, so many at each month's end as the monthly table counts (places × months, never falling)."""
    rng = stream(seed, "co_units")
    rows = []
    for place in range(PLACES):
        before = int(counts[place, 0])
        joined = [np.datetime64("2019-03-01") + int(d) for d in np.sort(rng.integers(0, 1600, before))]
        for month in np.flatnonzero(np.diff(counts[place])) + 1:
            for _ in range(int(counts[place, month] - counts[place, month - 1])):
                joined.append(MONTHS[month].astype("datetime64[D]") + int(rng.integers(0, 28)))
        rows += [(place, number, day) for number, day in enumerate(joined)]
    frame = pd.DataFrame(rows, columns=["place_index", "number", "joined_on"])
    count = len(frame)
    kind = rng.integers(0, len(UNIT_KINDS), count)
    place = frame["place_index"].to_numpy()
    known = [
        UNITS[(p * 7 + n) % len(UNITS)] if n < 8 else f"{SHORT[p]}{n}号{UNIT_WORDS[k]}"
        for p, n, k in zip(place, frame["number"], kind, strict=True)
    ]
    joined = frame["joined_on"].to_numpy("datetime64[D]")
    return frame.assign(
        unit_no=[f"GJ{i:03d}" for i in range(1, count + 1)],
        unit_name=known,
        unit_kind=np.array(UNIT_KINDS, dtype=object)[kind],
        place=np.array(NAMES, dtype=object)[place],
        left_on=NEVER,
        reported_on=np.where(rng.random(count) < 0.85, np.minimum(joined + rng.integers(0, 60, count), AS_OF), NEVER),
        organisation_count=1 + (rng.random(count) < 0.12),
        member_count=rng.poisson(9, count) + 2,
        part_time=np.where(frame["number"] < 5, "是", "否"),
        contact=[f"示例联络{i:03d}" for i in range(count)],
        phone=[f"000{i * 6151 % 10_000_019:08d}" for i in range(count)],
    )


def resources(seed: int, units: pd.DataFrame, needs: pd.DataFrame) -> pd.DataFrame:
    """What units offer; about six of ten offers have met a need of the same category in the community."""
    rng = stream(seed, "resources")
    offers = units.loc[np.repeat(units.index, 1 + (rng.random(len(units)) < 0.35))].reset_index(drop=True)
    count, place = len(offers), offers["place_index"].to_numpy()
    kind = rng.choice(len(NEEDS), count, p=np.array([0.16, 0.22, 0.17, 0.15, 0.22, 0.08]))
    category = np.array([n.name for n in NEEDS], dtype=object)[kind]
    word = rng.integers(0, 3, count)
    offered = np.maximum(offers["joined_on"].to_numpy("datetime64[D]") + rng.integers(0, 500, count), np.datetime64("2022-01-01"))
    offered = np.minimum(offered, AS_OF)
    agreed = needs[needs["agreed_on"].notna()].groupby(["place_index", "need_category"])[["project_no", "agreed_on"]].agg(list)
    matched, numbers = np.full(count, NEVER), np.full(count, "", dtype=object)
    lucky = rng.random(count) < 0.78
    for i in np.flatnonzero(lucky):
        if (place[i], category[i]) not in agreed.index:
            continue
        met = agreed.loc[(place[i], category[i])]
        later = [j for j, day in enumerate(met["agreed_on"]) if np.datetime64(day, "D") >= offered[i]]
        if later:
            matched[i], numbers[i] = np.datetime64(met["agreed_on"][later[0]], "D"), met["project_no"][later[0]]
    gone = rng.random(count) < 0.07
    withdrawn = np.maximum(np.where(np.isnat(matched), offered, matched), offered) + rng.integers(60, 400, count)
    return pd.DataFrame(
        {
            "resource_no": [f"ZY{i:03d}" for i in range(1, count + 1)],
            "resource": [OFFERS[c][w] for c, w in zip(category, word, strict=True)],
            "resource_category": category,
            "provider": offers["unit_name"],
            "place": offers["place"],
            "place_index": place,
            "offered_on": offered,
            "matched_on": matched,
            "project_no": numbers,
            "withdrawn_on": np.where(gone & (withdrawn <= AS_OF), withdrawn, NEVER),
        }
    )


def alliance(seed: int, count: int = 87) -> pd.DataFrame:
    """Members of the alliance that honour volunteer points; the merchants of the points ledger are among them."""
    rng = stream(seed, "alliance")
    first = len(MERCHANTS)
    place = np.concatenate([rng.integers(0, PLACES, first), np.arange(count - first) % PLACES])
    kind = np.where(np.arange(count) < first, 0, rng.choice(3, count, p=ALLIANCE_SHARES))
    names = list(MERCHANTS) + [
        f"{SHORT[p]}{('便民店', '公益协会', '便民金融服务点')[k]}{i}"
        for i, (p, k) in enumerate(zip(place[first:], kind[first:], strict=True), 1)
    ]
    joined = np.where(
        np.arange(count) < first,
        np.datetime64("2022-03-01") + rng.integers(0, 500, count),
        np.datetime64("2022-06-01") + rng.integers(0, 1580, count),
    )
    left = (np.arange(count) >= first) & (rng.random(count) < 0.08) & (joined < np.datetime64("2025-06-01"))
    return pd.DataFrame(
        {
            "member_no": [f"LM{i:03d}" for i in range(1, count + 1)],
            "member_name": names,
            "member_kind": np.array(ALLIANCE_KINDS, dtype=object)[kind],
            "trade": np.array(TRADES, dtype=object)[rng.integers(0, len(TRADES), count)],
            "place": np.array(NAMES, dtype=object)[place],
            "place_index": place,
            "joined_on": joined,
            "left_on": np.where(left, np.minimum(joined + rng.integers(200, 800, count), AS_OF), NEVER),
            "accepts_points": np.where((np.arange(count) < first) | (rng.random(count) < 0.55), "是", "否"),
            "offer": np.array(("积分抵现金", "九折优惠", "志愿者专享价", "免费体验一次"), dtype=object)[
                rng.integers(0, 4, count)
            ],
            "contact": [f"示例店主{i:03d}" for i in range(count)],
        }
    )


def departments(seed: int) -> pd.DataFrame:
    """Departments in the one service building of the street."""
    rng = stream(seed, "departments")
    count = len(DEPARTMENTS)
    staff = rng.integers(8, 42, count)
    return pd.DataFrame(
        {
            "department_no": [f"BM{i:02d}" for i in range(1, count + 1)],
            "department_name": [name for name, _ in DEPARTMENTS],
            "place": NAMES[BUILDING_PLACE],
            "place_index": BUILDING_PLACE,
            "centre": CENTRE,
            "department_kind": [kind for _, kind in DEPARTMENTS],
            "window_count": rng.integers(2, 9, count),
            "item_count": rng.integers(12, 64, count),
            "staff_count": staff,
            "organisation_count": (np.arange(count) % 4 != 3).astype(int),
            "member_count": rng.binomial(staff, 0.45),
            "moved_in_on": np.datetime64("2021-06-01")
            + np.where(np.arange(count) < 9, rng.integers(0, 400, count), rng.integers(1000, 1800, count)),
            "moved_out_on": NEVER,
        }
    )


def enterprises(seed: int) -> pd.DataFrame:
    """New economic and social organisations, by community and business district, and how party work reaches them."""
    rng = stream(seed, "enterprises")
    counts = rng.poisson(np.where(KIND == COMMERCIAL, 15, 7)) + 2
    place = np.repeat(np.arange(PLACES), counts)
    count = len(place)
    number = np.concatenate([np.arange(1, c + 1) for c in counts])
    kind = rng.choice(4, count, p=(0.48, 0.12, 0.34, 0.06))
    began = np.datetime64("2015-01-01") + rng.integers(0, 4200, count)
    members = np.where(rng.random(count) < 0.55, rng.poisson(1.6, count), 0)
    reach = np.where(
        members >= 3, rng.choice(4, count, p=(0.62, 0.28, 0.08, 0.02)), rng.choice(4, count, p=(0.02, 0.38, 0.36, 0.24))
    )
    covered = np.minimum(np.maximum(began + rng.integers(30, 1200, count), np.datetime64("2019-01-01")), AS_OF)
    closed = (rng.random(count) < 0.06) & (covered < np.datetime64("2025-01-01"))
    district = [
        SPECIAL[p] if p in SPECIAL and "学校" not in SPECIAL[p] and i % 2 else "" for p, i in zip(place, number, strict=True)
    ]
    return pd.DataFrame(
        {
            "enterprise_no": [f"LX{i:03d}" for i in range(1, count + 1)],
            "enterprise_name": [f"{SHORT[p]}{FIRMS[(p + n) % len(FIRMS)]}{n}号" for p, n in zip(place, number, strict=True)],
            "enterprise_kind": np.array(("非公企业", "社会组织", "个体工商户", "新就业群体"), dtype=object)[kind],
            "place": np.array(NAMES, dtype=object)[place],
            "place_index": place,
            "district": district,
            "staff_count": rng.poisson(14, count) + 1,
            "member_count": members,
            "coverage": np.array(COVERAGES, dtype=object)[reach],
            "covered_on": np.where(reach == 3, NEVER, covered),
            "model_shop": np.where((kind == 2) & (members > 0) & (rng.random(count) < 0.6), "是", "否"),
            "registered_on": began,
            "closed_on": np.where(closed, np.minimum(covered + rng.integers(200, 900, count), AS_OF), NEVER),
            "owner": [f"示例法人{i:03d}" for i in range(count)],
        }
    )
