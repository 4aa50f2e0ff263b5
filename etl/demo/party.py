"""Party life as counts: meetings of each branch, the make-up of the members, recruiting, dues, reviews, scores."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo.chance import stream
from etl.demo.profile import KIND, LATE_MONTHS, LATE_PLACE, NAMES, OLD, PLACES
from etl.demo.seasons import AS_OF, FIRST, MONTHS, QUARTERS, month_ends, month_title

ASSEMBLY, COMMITTEE, GROUP, LECTURE, THEME, SELF_REVIEW, REVIEW, ELECTION = (
    "支部党员大会",
    "支部委员会会议",
    "党小组会",
    "党课",
    "主题党日",
    "组织生活会",
    "民主评议党员",
    "换届选举",
)
LESSONS = (ASSEMBLY, COMMITTEE, GROUP, LECTURE)  # 三会一课
TOPICS = (
    "学习党的创新理论",
    "社区治理重点工作",
    "为民办实事",
    "党风廉政教育",
    "党员志愿服务",
    "发展党员工作",
    "安全生产和消防",
    "邻里互助",
)
HELD_SHARE = 0.975
REVIEW_YEARS = (2024, 2025)
AGES = ("members_age_35", "members_age_45", "members_age_55", "members_age_60", "members_age_61")
DEGREES = ("members_edu_graduate", "members_edu_bachelor", "members_edu_college", "members_edu_secondary", "members_edu_junior")
YEARS = ("members_years_10", "members_years_30", "members_years_50", "members_years_51")
BANDS = ("members_score_90", "members_score_80", "members_score_70", "members_score_60", "members_score_low")


def _of_branches(rng: np.random.Generator, branches: pd.DataFrame, kind: str, months: np.ndarray) -> pd.DataFrame:
    """One meeting of a kind in each of the months in which a branch stands; a few are not held."""
    began = branches["established_on"].to_numpy("datetime64[D]")
    stands = (began[:, None] <= month_ends()[None, :]) & months[None, :]
    which, month = np.nonzero(stands & (rng.random(stands.shape) < HELD_SHARE))
    first = np.maximum(MONTHS[month].astype("datetime64[D]"), began[which])
    last = month_ends()[month]
    day = first + (rng.random(len(which)) * ((last - first).astype(int) + 1)).astype(int)
    return pd.DataFrame({"which": which, "held_on": day, "life_kind": kind})


def party_life(seed: int, tree: pd.DataFrame) -> pd.DataFrame:
    """One row a meeting of a grid branch, in order of time: the four of 三会一课, theme days, yearly reviews, elections."""
    rng = stream(seed, "party_life")
    branches = tree[tree["level"] == "网格党支部"].reset_index(drop=True)
    number = MONTHS.astype(int) % 12
    monthly, quarterly, yearly = np.ones(len(MONTHS), bool), number % 3 == 2, number == 0
    parts = [_of_branches(rng, branches, kind, monthly) for kind in (COMMITTEE, GROUP, THEME)]
    parts += [_of_branches(rng, branches, kind, quarterly) for kind in (ASSEMBLY, LECTURE)]
    parts += [_of_branches(rng, branches, kind, yearly) for kind in (SELF_REVIEW, REVIEW)]
    elected = branches["elected_on"].to_numpy("datetime64[D]")
    ours = np.flatnonzero((elected >= FIRST) & (elected <= AS_OF))
    parts.append(pd.DataFrame({"which": ours, "held_on": elected[ours], "life_kind": ELECTION}))
    frame = pd.concat(parts, ignore_index=True).sort_values(["held_on", "which"], kind="stable", ignore_index=True)
    which, kind = frame["which"].to_numpy(), frame["life_kind"]
    members = branches["member_count"].to_numpy()[which]
    due = np.select([kind == COMMITTEE, kind == GROUP], [np.minimum(5, members), np.maximum(members // 3, 1)], members)
    return frame.assign(
        record_no=[f"ZZSH{i:06d}" for i in range(1, len(frame) + 1)],
        org_code=branches["org_code"].to_numpy(object)[which],
        org_name=branches["org_name"].to_numpy(object)[which],
        place=branches["place"].to_numpy(object)[which],
        place_index=branches["place_index"].to_numpy()[which],
        topic=np.array(TOPICS, dtype=object)[rng.integers(0, len(TOPICS), len(frame))],
        due_members=due,
        present_members=rng.binomial(due, np.where(kind == COMMITTEE, 0.95, 0.84)),
        recorder=[f"示例记录{i % 97:02d}" for i in range(len(frame))],
    )


def held_by_month(life: pd.DataFrame, kinds: tuple[str, ...]) -> np.ndarray:
    """How many meetings of some kinds each community held in each month (places × months)."""
    chosen = life[life["life_kind"].isin(kinds)]
    month = (chosen["held_on"].to_numpy("datetime64[M]") - MONTHS[0]).astype(int)
    return np.bincount(chosen["place_index"] * len(MONTHS) + month, minlength=PLACES * len(MONTHS)).reshape(PLACES, -1)


def _shared(rng: np.random.Generator, members: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Members of each community shared among bands (places × bands); each row adds up to its members."""
    edges = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    parts = np.diff(np.rint(edges * members[:, None]), axis=1, prepend=0)
    return parts.astype(int)


def _quarterly(columns: list[dict[str, np.ndarray]]) -> pd.DataFrame:
    """Counts of each complete quarter as one table: period, place, counts."""
    frames = [
        pd.DataFrame({"period": quarter.title, "place": NAMES, "place_index": np.arange(PLACES), **values})
        for quarter, values in zip(QUARTERS, columns, strict=True)
    ]
    return pd.concat(frames, ignore_index=True)


def member_profile(seed: int, registered: np.ndarray) -> pd.DataFrame:
    """Members at each quarter's end by age, education and years in the party, as counts."""
    rng = stream(seed, "member_profile")
    old = (KIND == OLD)[:, None]
    tilt = np.exp(rng.normal(0, 0.10, (PLACES, 5)))
    ages = np.where(old, [[0.09, 0.13, 0.16, 0.11, 0.51]], [[0.15, 0.20, 0.19, 0.11, 0.35]]) * tilt
    degrees = np.where(old, [[0.02, 0.18, 0.25, 0.30, 0.25]], [[0.05, 0.33, 0.27, 0.21, 0.14]]) * tilt[:, ::-1]
    years = np.where(old, [[0.17, 0.30, 0.34, 0.19]], [[0.28, 0.36, 0.26, 0.10]]) * tilt[:, :4]
    women, minority = 0.33 + rng.normal(0, 0.03, PLACES), 0.006 + 0.01 * rng.random(PLACES)
    found = []
    for number, quarter in enumerate(QUARTERS):
        members, way = registered[:, quarter.last], number / (len(QUARTERS) - 1)
        aging = ages * np.array([[1.0, 1.0, 1.0, 1.0 + 0.04 * way, 1.0 + 0.06 * way]])
        found.append(
            {
                "members_profiled": members,
                "members_women": np.rint(members * (women + 0.01 * way)).astype(int),
                "members_minority": np.rint(members * minority).astype(int),
                **dict(zip(AGES, _shared(rng, members, aging).T, strict=True)),
                **dict(zip(DEGREES, _shared(rng, members, degrees).T, strict=True)),
                **dict(zip(YEARS, _shared(rng, members, years).T, strict=True)),
            }
        )
    return _quarterly(found)


def recruits(seed: int, registered: np.ndarray) -> pd.DataFrame:
    """Persons in each stage of joining at each quarter's end, and who was recruited and confirmed in the quarter."""
    rng = stream(seed, "recruits")
    found = []
    for quarter in QUARTERS:
        members = registered[:, quarter.last]
        stages = {
            name: rng.poisson(members * share)
            for name, share in (
                ("recruit_applicants", 0.055),
                ("recruit_activists", 0.030),
                ("recruit_candidates", 0.012),
                ("recruit_probationary", 0.014),
            )
        }
        recruited = rng.binomial(stages["recruit_candidates"], 0.30)
        found.append(
            {
                **stages,
                "members_recruited": recruited,
                "members_recruited_35": rng.binomial(recruited, 0.72),
                "members_converted": rng.binomial(stages["recruit_probationary"], 0.24),
            }
        )
    return _quarterly(found)


def dues(seed: int, registered: np.ndarray) -> pd.DataFrame:
    """Dues of each month, by community; the late community's months are not there."""
    rng = stream(seed, "dues")
    each = 9.5 + rng.normal(0, 1.2, PLACES)
    frames = []
    for month in range(len(MONTHS)):
        due = registered[:, month]
        payers = rng.binomial(due, 0.985)
        due_yuan = np.round(due * each, 1)
        frames.append(
            pd.DataFrame(
                {
                    "period": month_title(month),
                    "place": NAMES,
                    "place_index": np.arange(PLACES),
                    "month": month,
                    "dues_payers_due": due,
                    "dues_payers": payers,
                    "dues_due": due_yuan,
                    "dues_paid": np.round(due_yuan * payers / due, 1),
                }
            )
        )
    frame = pd.concat(frames, ignore_index=True)
    late = (frame["place_index"] == LATE_PLACE) & np.isin(MONTHS[frame["month"]], LATE_MONTHS)
    return frame[~late].reset_index(drop=True)


def reviews(seed: int, registered: np.ndarray) -> pd.DataFrame:
    """The yearly review of members: how many took part and how they were judged."""
    rng = stream(seed, "reviews")
    frames = []
    for year in REVIEW_YEARS:
        end = int((np.datetime64(f"{year}-12") - MONTHS[0]).astype(int))
        due = registered[:, end]
        reviewed = rng.binomial(due, 0.94)
        shares = np.column_stack(
            [rng.normal(0.24, 0.03, PLACES), np.full(PLACES, 0.735), np.full(PLACES, 0.021), np.full(PLACES, 0.004)]
        )
        names = ("reviewed_excellent", "reviewed_qualified", "reviewed_basic", "reviewed_unqualified")
        judged = dict(zip(names, _shared(rng, reviewed, shares).T, strict=True))
        frames.append(
            pd.DataFrame(
                {
                    "period": f"{year}年",
                    "place": NAMES,
                    "place_index": np.arange(PLACES),
                    "members_to_review": due,
                    "members_reviewed": reviewed,
                    **judged,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def member_scores(seed: int, registered: np.ndarray, in_service: np.ndarray) -> pd.DataFrame:
    """How members' records of service were scored each quarter, as counts by band, and who declared what (三亮)."""
    rng = stream(seed, "member_scores")
    level = rng.normal(0, 0.10, (PLACES, 1))
    found = []
    for number, quarter in enumerate(QUARTERS):
        members = np.rint(registered[:, quarter.last] * 0.92 + in_service[:, quarter.last] * 0.55).astype(int)
        way = number / (len(QUARTERS) - 1)
        shares = np.array([[0.17 + 0.05 * way, 0.38 + 0.04 * way, 0.29, 0.12, 0.04]]) * np.exp(
            level * np.array([[1, 0.5, 0, -0.5, -1]])
        )
        declared = rng.binomial(members, np.clip(0.80 + 0.10 * way + level[:, 0] * 0.3, 0.5, 0.98))
        found.append(
            {
                "members_scored": members,
                **dict(zip(BANDS, _shared(rng, members, shares).T, strict=True)),
                "members_identity_shown": declared,
                "members_pledged": rng.binomial(declared, 0.93),
                "members_skills_shown": rng.binomial(declared, 0.58),
            }
        )
    return _quarterly(found)


def with_terms(seed: int, tree: pd.DataFrame) -> pd.DataFrame:
    """The register of organisations with the columns of terms, secretaries and what each organisation covers."""
    rng = stream(seed, "terms")
    began = tree["established_on"].to_numpy("datetime64[D]")
    level = tree["level"].to_numpy(object)
    elects = np.isin(level, ("社区党委", "党总支", "网格党支部", "两新党支部", "物业党支部", "商圈党支部", "机关事业党支部"))
    years = np.where(np.isin(tree["org_type"], ("两新组织", "物业", "商圈", "机关事业单位")), 3, 5)
    terms = ((AS_OF - began).astype(int) / 365.25 / years).astype(int)
    behind = (rng.random(len(tree)) < 0.02) & (terms > 0)  # the election that is due has not been held
    elected = began + np.rint((terms - behind) * years * 365.25).astype(int)
    ends = elected + np.rint(years * 365.25).astype(int)
    never = np.datetime64("NaT")
    led = elects | (level == "街道党工委")
    standing = tree["dissolved_on"].isna().to_numpy()
    filled = np.where(led & standing, np.where(rng.random(len(tree)) < 0.985, "是", "否"), "")
    firms = np.where((level == "两新党支部") & standing, rng.integers(1, 7, len(tree)), 0)
    return tree.assign(
        estate="",
        building=np.where(np.isin(level, ("楼栋党小组", "党员中心户")), [f"{1 + i % 18}号楼" for i in range(len(tree))], ""),
        covered_units=np.where(firms > 0, firms, np.nan),
        secretary_filled=filled,
        elected_on=np.where(elects, elected, never),
        term_ends_on=np.where(elects, ends, never),
    )
