"""Service at the counter and in the centre: windows, errands, goods and home work, rooms and their use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo import seasons
from etl.demo.chance import stream
from etl.demo.profile import HOUSEHOLDS, LATE_MONTHS, LATE_PLACE, NAMES, PLACES, SHORT
from etl.demo.seasons import AS_OF, MONTHS, month_title
from etl.demo.works import NEVER, _begun, _draw

WINDOWS = (  # name, department, kind, items
    ("综合窗口", "街道便民服务中心", "综合窗口", 27),
    ("社会保障窗口", "人社部门", "专业窗口", 14),
    ("民政救助窗口", "民政部门", "专业窗口", 11),
    ("医疗卫生窗口", "医保部门", "专业窗口", 9),
    ("爱心代办窗口", "社区党委", "代办窗口", 18),
    ("证照税务窗口", "审批部门", "专业窗口", 12),
    ("住房就业窗口", "人社部门", "专业窗口", 10),
)
ERRANDS = (  # field, items, share
    ("社会保障", ("养老待遇资格认证", "居民养老参保", "社保卡补换"), 0.24),
    ("民政救助", ("高龄津贴申领", "临时救助申请", "低保年审"), 0.18),
    ("医疗卫生", ("居民医保参保", "门诊慢特病备案", "异地就医备案"), 0.25),
    ("住房保障", ("公租房申请", "房屋维修资金申领"), 0.06),
    ("就业创业", ("就业登记", "失业金申领"), 0.08),
    ("证照税务", ("居住证办理", "个体执照年报", "发票代开"), 0.09),
    ("生活服务", ("水电暖缴费", "快递代取", "家政预约"), 0.10),
)
WAYS, WAY_SHARES = ("窗口代办", "帮办", "上门办"), (0.58, 0.24, 0.18)
SERVED, SERVED_SHARES = ("老年人", "残疾人", "低保对象", "其他居民"), (0.46, 0.09, 0.08, 0.37)
GOODS = (  # item, market price, direct price
    ("洗衣粉500克", 1.3, 0.92),
    ("大豆油5升", 62.0, 52.9),
    ("东北大米10公斤", 55.0, 46.8),
    ("抽纸10包", 24.0, 18.6),
    ("鸡蛋30枚", 21.0, 17.5),
    ("洗洁精1公斤", 9.5, 6.8),
    ("挂面1公斤", 7.8, 6.1),
    ("食盐400克", 2.5, 2.0),
)
HOME_WORK = ("手工串珠", "服装锁边", "纸盒折叠", "电子元件插件")
GIFTS = ("助老米油礼包", "开学文具包", "防暑物品", "过冬棉被", "午餐奶")
SUPPLIERS = ("示范公益义工协会", "示范日化厂", "示范粮油公司", "示范服饰厂", "示范电子厂", "示范乳业公司")
ROOMS = (  # name, function, area
    ("服务大厅", "政务服务", 160),
    ("民主议事室", "议事协商", 45),
    ("党员活动室", "党员教育", 70),
    ("调解室", "调解法律", 28),
    ("志愿者服务室", "志愿服务", 32),
    ("文体活动室", "文体活动", 85),
    ("心理咨询室", "心理健康", 22),
    ("四点半课堂", "为老为小", 48),
    ("党建展示区", "展示宣传", 60),
)
USES = ("uses_deliberation", "uses_mediation", "uses_members", "uses_training", "uses_culture", "uses_volunteer")


def windows(seed: int, count: np.ndarray) -> pd.DataFrame:
    """One row a window, as many as the monthly table counts in each community."""
    rng = stream(seed, "windows")
    place = np.repeat(np.arange(PLACES), count)
    number = np.concatenate([np.arange(n) for n in count])
    kind = number % len(WINDOWS)
    return pd.DataFrame(
        {
            "window_no": [f"CK{p + 1:02d}{n + 1:02d}" for p, n in zip(place, number, strict=True)],
            "window_name": [
                f"{SHORT[p]}{WINDOWS[k][0]}{n // len(WINDOWS) or ''}" for p, k, n in zip(place, kind, number, strict=True)
            ],
            "place": np.array(NAMES, dtype=object)[place],
            "place_index": place,
            "department": [WINDOWS[k][1] for k in kind],
            "window_kind": [WINDOWS[k][2] for k in kind],
            "window_items": [WINDOWS[k][3] for k in kind] + rng.integers(-3, 6, len(place)),
            "one_stop": np.where((kind == 0) | (rng.random(len(place)) < 0.22), "是", "否"),
            "opened_on": np.datetime64("2019-05-01") + rng.integers(0, 1500, len(place)),
            "closed_on": NEVER,
        }
    )


def errands(seed: int, counts: np.ndarray, counters: pd.DataFrame) -> pd.DataFrame:
    """One row an errand, as many as the monthly table counts (places × months); most are done within days."""
    rng = stream(seed, "errands")
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    place, month = np.divmod(cell, len(MONTHS))
    first = MONTHS[month].astype("datetime64[D]")
    length = ((MONTHS[month] + 1).astype("datetime64[D]") - first).astype(int)
    accepted = first + (rng.random(len(cell)) * length).astype(int)
    order = np.argsort(accepted, kind="stable")
    place, accepted = place[order], accepted[order]
    count = len(place)
    field = _draw(rng, [e[2] for e in ERRANDS], count)
    item = [ERRANDS[f][1][i % len(ERRANDS[f][1])] for f, i in zip(field, rng.integers(0, 60, count), strict=True)]
    own = counters.groupby("place_index")["window_name"].agg(list).to_dict()
    at = (rng.random(count) ** 1.3 * 100).astype(int)
    done = accepted + np.floor(rng.exponential(2.4, count)).astype(int)
    open_still = (done > AS_OF) | (rng.random(count) < 0.012)
    return pd.DataFrame(
        {
            "errand_no": [f"DB{i:06d}" for i in range(1, count + 1)],
            "accepted_on": accepted,
            "place": np.array(NAMES, dtype=object)[place],
            "place_index": place,
            "item": item,
            "item_category": np.array([e[0] for e in ERRANDS], dtype=object)[field],
            "window": [own[p][i * len(own[p]) // 100] for p, i in zip(place, at, strict=True)],
            "way": np.array(WAYS, dtype=object)[_draw(rng, WAY_SHARES, count)],
            "serves": np.array(SERVED, dtype=object)[_draw(rng, SERVED_SHARES, count)],
            "done_on": np.where(open_still, NEVER, done),
            "applicant": [f"居民{i % 300:03d}" for i in range(count)],
            "phone": [f"000{i * 7919 % 10_000_019:08d}" for i in range(count)],
        }
    )


def benefits(seed: int) -> pd.DataFrame:
    """Goods at factory prices, home work and hand-outs, one row each."""
    rng = stream(seed, "benefits")
    place, day = _begun(rng, 2.6 + HOUSEHOLDS / 2400)
    count = len(place)
    kind = _draw(rng, (0.72, 0.16, 0.12), count)
    goods, word = rng.integers(0, len(GOODS), count), rng.integers(0, 60, count)
    sold = kind == 0
    quantity = np.select(
        [sold, kind == 1], [rng.integers(8, 160, count), rng.integers(80, 900, count)], rng.integers(20, 260, count)
    )
    market, direct = (np.where(sold, np.array([g[i] for g in GOODS])[goods], np.nan) for i in (1, 2))
    income = np.where(kind == 1, np.round(quantity * rng.uniform(0.35, 1.6, count), 1), np.nan)
    names = [
        GOODS[g][0] if k == 0 else (HOME_WORK, GIFTS)[k - 1][w % len((HOME_WORK, GIFTS)[k - 1])]
        for k, g, w in zip(kind, goods, word, strict=True)
    ]
    return pd.DataFrame(
        {
            "benefit_no": [f"HM{i:05d}" for i in range(1, count + 1)],
            "given_on": day,
            "place": np.array(NAMES, dtype=object)[place],
            "place_index": place,
            "benefit_kind": np.array(("直通车商品", "家庭代工", "惠民发放"), dtype=object)[kind],
            "item": names,
            "supplier": np.array(SUPPLIERS, dtype=object)[(word + kind) % len(SUPPLIERS)],
            "quantity": quantity,
            "market_price": market,
            "supply_price": direct,
            "market_yuan": np.round(market * quantity, 2),
            "paid_yuan": np.round(direct * quantity, 2),
            "income_yuan": income,
            "residents_reached": np.where(
                kind == 1, rng.integers(3, 22, count), np.ceil(quantity * rng.uniform(0.4, 0.95, count)).astype(int)
            ),
        }
    )


def rooms(seed: int, stations: pd.DataFrame) -> pd.DataFrame:
    """Rooms of the centres and of the larger stations."""
    rng = stream(seed, "rooms")
    rows = []
    for s in stations.itertuples():
        centre = s.station_type == "党群服务中心"
        chosen = range(len(ROOMS)) if centre else sorted(rng.choice(len(ROOMS) - 1, 3, replace=False) + 1)
        for k in chosen:
            if centre and k > 5 and rng.random() < 0.3:
                continue
            area = round(ROOMS[k][2] * (s.floor_area / 640 if centre else 0.55) * rng.uniform(0.85, 1.2))
            rows.append((s.place_index, s.station_name, *ROOMS[k][:2], max(area, 10), s.opened_on, s.closed_on))
    names = ["place_index", "station", "room_name", "room_function", "floor_area", "opened_on", "closed_on"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(
        room_no=[f"GN{i:03d}" for i in range(1, len(frame) + 1)],
        place=np.array(NAMES, dtype=object)[frame["place_index"]],
        seats=np.maximum(6, (frame["floor_area"] / 2.4).astype(int)),
    )


def venues(seed: int, held: pd.DataFrame) -> pd.DataFrame:
    """What happened in centres and stations each month; the late community's months are not there."""
    rng = stream(seed, "venues")
    cell = held["place_index"].to_numpy() * len(MONTHS) + held["month"].to_numpy()
    add = lambda rows, weights=None: np.bincount(cell[rows], weights, PLACES * len(MONTHS)).astype(int)  # noqa: E731
    kind = held["activity_type"].to_numpy(object)
    pace = np.tile(seasons.months_of(seasons.holidays()), PLACES)
    size = np.repeat(HOUSEHOLDS / HOUSEHOLDS.mean(), len(MONTHS))
    uses = {
        "uses_deliberation": rng.poisson(1.5 * size * pace),
        "uses_mediation": rng.poisson(2.4 * size * pace),
        "uses_members": add(np.isin(kind, ("党员教育", "廉政教育"))) + rng.poisson(1.0, len(size)),
        "uses_training": add(np.isin(kind, ("创业就业", "科普法治"))),
        "uses_culture": add(np.isin(kind, ("文体娱乐", "未成年人", "健康养老"))),
        "uses_volunteer": add(kind == "志愿服务") + rng.poisson(3.0 * size * pace),
    }
    everyone = np.ones(len(kind), bool)
    attendances = add(everyone, held["attendances"].to_numpy(float))
    place, month = np.divmod(np.arange(PLACES * len(MONTHS)), len(MONTHS))
    frame = pd.DataFrame(
        {
            "period": [month_title(m) for m in month],
            "place": np.array(NAMES, dtype=object)[place],
            "place_index": place,
            "month": month,
            "venue_uses": sum(uses.values()),
            **uses,
            "venue_visits": attendances + rng.poisson(430 * size * pace),
            "activity_participants": np.rint(attendances * rng.uniform(0.52, 0.72, len(size))).astype(int),
        }
    )
    late = (place == LATE_PLACE) & np.isin(MONTHS[month], LATE_MONTHS)
    return frame[~late].sort_values(["month", "place_index"], ignore_index=True)
