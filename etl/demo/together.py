"""What people do together: meetings and opinion days, volunteer teams, social organisations, small works, ethnic unity."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo.chance import stream
from etl.demo.profile import HOUSEHOLDS, NAMES, PLACES, SHORT
from etl.demo.seasons import AS_OF, QUARTERS
from etl.demo.works import NEVER, _begun, _draw, _next_step, estates

MEETINGS = (  # kind, meetings a month of a community, opinions
    ("联席会议", 0.34, 0.0),
    ("居民议事会", 0.62, 2.0),
    ("书记下午茶", 0.45, 4.2),
    ("社情民意联系日", 0.28, 5.0),
    ("社区开放日", 0.16, 3.4),
    ("党代表工作日", 0.16, 2.8),
)
SUBJECTS = ("小区停车", "环境整治", "加装电梯", "养老服务", "物业服务", "儿童活动场地", "电动车充电", "绿化提升")
SPECIALITIES = (  # name, what a team is called, share
    ("教育助学", "园丁", 0.10),
    ("法律服务", "法治", 0.07),
    ("文体活动", "百姓文艺", 0.15),
    ("医疗健康", "白衣", 0.09),
    ("技能维修", "巧匠", 0.11),
    ("环境卫生", "绿色家园", 0.16),
    ("助老助残", "暖阳", 0.17),
    ("平安巡逻", "红袖章", 0.10),
    ("政策宣讲", "邻里宣讲", 0.05),
)
SERVICE_KINDS = ("健康服务", "为老服务", "助残服务", "儿童服务", "邻里调解", "文化活动", "环保公益", "其他公益")
SMALL_WORKS = (  # kind, what, share, cost
    ("助老帮困", ("陪同就医", "代购药品", "独居探访"), 0.22, 60),
    ("免费维修", ("更换灯泡", "疏通下水", "修理门锁"), 0.27, 90),
    ("教育培训", ("手机使用教学", "课业辅导"), 0.09, 120),
    ("医疗服务", ("上门测血压", "用药指导"), 0.10, 40),
    ("环境保护", ("清理楼道堆物", "认养绿地"), 0.14, 150),
    ("应急救援", ("雨后排水", "断电应急"), 0.05, 320),
    ("设施改善", ("加装扶手", "楼道照明", "增设座椅"), 0.13, 1400),
)
SOURCES, SOURCE_SHARES = ("天大的小事", "百事帮", "微实项目"), (0.45, 0.35, 0.20)


def meetings(seed: int) -> pd.DataFrame:
    """One row a meeting or opinion day, in order of time; opinions of the last weeks are still being handled."""
    rng = stream(seed, "meetings")
    parts = []
    for kind, a_month, opinions in MEETINGS:
        place, day = _begun(rng, np.full(PLACES, a_month) * (0.75 + HOUSEHOLDS / HOUSEHOLDS.mean() / 4))
        parts.append(pd.DataFrame({"place_index": place, "held_on": day, "meeting_kind": kind, "mean": opinions}))
    frame = pd.concat(parts, ignore_index=True).sort_values(["held_on", "place_index"], kind="stable", ignore_index=True)
    count, joint = len(frame), (frame["meeting_kind"] == "联席会议").to_numpy()
    raised = np.where(joint, 0, rng.poisson(frame["mean"]))
    age = (AS_OF - frame["held_on"].to_numpy("datetime64[D]")).astype(int)
    resolved = rng.binomial(raised, np.clip(0.25 + age / 60, 0.25, 0.965))
    return frame.assign(
        meeting_no=[f"HY{i:05d}" for i in range(1, count + 1)],
        place=np.array(NAMES, dtype=object)[frame["place_index"]],
        venue=np.where(rng.random(count) < 0.7, "党群服务中心", "小区议事亭"),
        subject=np.array(SUBJECTS, dtype=object)[rng.integers(0, len(SUBJECTS), count)],
        units_present=np.where(joint, rng.integers(4, 16, count), rng.integers(0, 4, count)),
        attendances=np.where(joint, rng.integers(10, 28, count), rng.integers(8, 46, count)),
        matters_agreed=np.where(joint, rng.poisson(2.1, count), rng.poisson(0.5, count)),
        opinions_raised=raised,
        opinions_resolved=resolved,
    )


def teams(seed: int) -> pd.DataFrame:
    """Volunteer teams by speciality, three to six in a community."""
    rng = stream(seed, "teams")
    counts = 3 + (HOUSEHOLDS - HOUSEHOLDS.min()) * 3 // (HOUSEHOLDS.max() - HOUSEHOLDS.min() + 1)
    place = np.repeat(np.arange(PLACES), counts)
    shares = np.array([s[2] for s in SPECIALITIES])
    kind = np.concatenate([rng.choice(len(SPECIALITIES), c, replace=False, p=shares / shares.sum()) for c in counts])
    count, size = len(place), rng.poisson(26, len(place)) + 6
    began = np.datetime64("2019-06-01") + rng.integers(0, 2500, count)
    gone = (rng.random(count) < 0.04) & (began < np.datetime64("2023-01-01"))
    return pd.DataFrame(
        {
            "team_no": [f"ZYD{i:03d}" for i in range(1, count + 1)],
            "team_name": [f"{SHORT[p]}{SPECIALITIES[k][1]}志愿服务队" for p, k in zip(place, kind, strict=True)],
            "speciality": np.array([s[0] for s in SPECIALITIES], dtype=object)[kind],
            "place": np.array(NAMES, dtype=object)[place],
            "place_index": place,
            "volunteer_count": size,
            "party_member_count": rng.binomial(size, 0.38),
            "established_on": began,
            "dissolved_on": np.where(gone, np.datetime64("2025-03-01") + rng.integers(0, 400, count), NEVER),
            "leader": [f"示例队长{i:03d}" for i in range(count)],
        }
    )


def _within(rng: np.random.Generator, began: np.ndarray, ended: np.ndarray, a_month: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whose and on which day each service was: services of things that stand on the day, in order of time."""
    which, day = _begun(rng, np.broadcast_to(a_month, began.shape))
    stands = (began[which] <= day) & (np.isnat(ended[which]) | (ended[which] >= day))
    return which[stands], day[stands]


def team_services(seed: int, register: pd.DataFrame) -> pd.DataFrame:
    """One row a service of a team, while the team stands."""
    rng = stream(seed, "team_services")
    began, ended = (register[c].to_numpy("datetime64[D]") for c in ("established_on", "dissolved_on"))
    which, day = _within(rng, began, ended, np.full(len(register), 1.15))
    team, count = register.iloc[which], len(which)
    people = np.minimum(team["volunteer_count"].to_numpy(), rng.poisson(8, count) + 2)
    return pd.DataFrame(
        {
            "service_no": [f"FW{i:05d}" for i in range(1, count + 1)],
            "held_on": day,
            "place": team["place"].to_numpy(object),
            "place_index": team["place_index"].to_numpy(),
            "team": team["team_name"].to_numpy(object),
            "speciality": team["speciality"].to_numpy(object),
            "title": team["speciality"].to_numpy(object)
            + np.array(("进小区", "进楼院", "入户", "进广场"), dtype=object)[rng.integers(0, 4, count)],
            "attendances": people,
            "service_hours": np.round(people * rng.choice((1.0, 1.5, 2.0, 2.5), count), 1),
            "residents_served": rng.poisson(people * 3.4) + 1,
        }
    )


def social_services(seed: int, register: pd.DataFrame) -> pd.DataFrame:
    """One row a service of a social organisation, while it works in the street."""
    rng = stream(seed, "social_services")
    began, ended = (register[c].to_numpy("datetime64[D]") for c in ("registered_on", "left_on"))
    pace = register["stage"].map({"萌芽期": 0.6, "初创期": 0.95, "发展期": 1.4}).to_numpy(float)
    which, day = _within(rng, began, ended, pace)
    org, count = register.iloc[which], len(which)
    kind = np.array(SERVICE_KINDS, dtype=object)[rng.integers(0, len(SERVICE_KINDS), count)]
    return pd.DataFrame(
        {
            "service_no": [f"GY{i:05d}" for i in range(1, count + 1)],
            "held_on": day,
            "org_no": org["org_no"].to_numpy(object),
            "org_name": org["org_name"].to_numpy(object),
            "place": org["place"].to_numpy(object),
            "place_index": org["place_index"].to_numpy(),
            "service_kind": kind,
            "title": kind + "进社区",
            "residents_served": rng.poisson(36, count) + 4,
        }
    )


def small_works(seed: int) -> pd.DataFrame:
    """Small works for residents: most are done within days, a few wait."""
    rng = stream(seed, "small_works")
    place, asked = _begun(rng, 1.2 + HOUSEHOLDS / 2600)
    count = len(place)
    kind = _draw(rng, [w[2] for w in SMALL_WORKS], count)
    done = _next_step(rng, asked, 0.965, 0, 4, 0.9)
    homes, word = estates(), rng.integers(0, 600, count)
    cost = np.rint(np.array([w[3] for w in SMALL_WORKS])[kind] * np.exp(rng.normal(0, 0.6, count)) / 10) * 10
    return pd.DataFrame(
        {
            "work_no": [f"XS{i:05d}" for i in range(1, count + 1)],
            "requested_on": asked,
            "place": np.array(NAMES, dtype=object)[place],
            "place_index": place,
            "estate": [homes[p][w % len(homes[p])] for p, w in zip(place, word, strict=True)],
            "content": [SMALL_WORKS[k][1][w % len(SMALL_WORKS[k][1])] for k, w in zip(kind, word, strict=True)],
            "work_kind": np.array([w[0] for w in SMALL_WORKS], dtype=object)[kind],
            "source": np.array(SOURCES, dtype=object)[_draw(rng, SOURCE_SHARES, count)],
            "done_on": done,
            "cost_yuan": np.where(np.isnat(done), np.nan, cost),
            "residents_served": np.where(
                np.isnat(done), np.nan, np.where(kind == 6, rng.integers(20, 160, count), rng.integers(1, 9, count))
            ),
        }
    )


def unity(seed: int, residents: np.ndarray) -> pd.DataFrame:
    """Residents of minorities, model households and services, by quarter."""
    rng = stream(seed, "unity")
    share = np.exp(rng.normal(np.log(0.0058), 0.45, PLACES))
    model = rng.integers(1, 6, PLACES)
    frames = []
    for number, quarter in enumerate(QUARTERS):
        people = np.rint(residents[:, quarter.last] * share).astype(int)
        frames.append(
            pd.DataFrame(
                {
                    "period": quarter.title,
                    "place": NAMES,
                    "place_index": np.arange(PLACES),
                    "minority_residents": people,
                    "unity_model_households": model + (rng.random(PLACES) < number / 20).astype(int),
                    "unity_services": rng.poisson(people * 0.9),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
