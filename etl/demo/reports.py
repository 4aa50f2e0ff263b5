"""The tables that add up: the monthly table, the quarterly scores and groups, the yearly targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo import seasons
from etl.demo.chance import stream
from etl.demo.profile import KIND, LATE_PLACE, NAMES, OLD, PLACES
from etl.demo.seasons import MONTHS, QUARTERS

YEARS = (2024, 2025, 2026)
WHOLE_STREET = "全街道"
# Targets by year; the number of sessions is worked out from the year before.
RATE_TARGETS = {
    "按期办结率": (95.0, 95.5, 96.0),
    "基层化解率": (95.0, 95.5, 96.0),
    "群众满意率": (90.0, 91.0, 92.0),
    "双报到率（党员）": (82.0, 86.0, 90.0),
    "每百户综合服务设施面积": (30.0, 30.0, 30.0),
}
SESSIONS = "活动场次"


def monthly_flows(seed: int, residents: np.ndarray, volunteer_hours: np.ndarray) -> dict[str, np.ndarray]:
    """What happened in the month and is counted from no other ledger of the demo (places × months)."""
    rng = stream(seed, "flows")
    shape = residents.shape
    pace = seasons.months_of(seasons.holidays())[None, :]
    visits = rng.poisson(residents * 0.052 * pace * np.exp(rng.normal(0, 0.13, (PLACES, 1)) + rng.normal(0, 0.05, shape)))
    done_for = (0.075 * np.linspace(0.8, 1.25, shape[1])[None, :] * np.exp(rng.normal(0, 0.16, (PLACES, 1)))).clip(0.02, 0.25)
    member_hours = np.rint(volunteer_hours * rng.uniform(0.33, 0.52, shape))
    return {
        "errands": rng.binomial(visits, done_for),
        "service_visits": visits,
        "member_service_times": np.rint(member_hours / rng.normal(1.85, 0.08, shape)).astype(int),
        "member_service_hours": member_hours.astype(int),
        "volunteer_hours": volunteer_hours,
    }


def _quarter_rates(cases: pd.DataFrame, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Share on time of the cases due, and satisfied of those called back, in a quarter, by community."""
    inside = lambda column: cases[column].between(pd.Timestamp(MONTHS[first]), pd.Timestamp(MONTHS[last] + 1), inclusive="left")  # noqa: E731
    due, closed = cases[inside("due_at")], cases[inside("closed_at")]
    asked = closed[closed["called_back"] == 1]
    share = lambda rows, column: rows.groupby("place_index")[column].mean().to_numpy()  # noqa: E731
    return 1 - share(due, "late"), share(asked.assign(yes=asked["satisfied"] == 1), "yes")


def scores(seed: int, cases: pd.DataFrame) -> list[dict[str, np.ndarray]]:
    """The three scores of each complete quarter, each nearer the truth than chance, none the same as another."""
    rng = stream(seed, "scores")
    standing = rng.normal(0, 1.8, PLACES)
    standing[LATE_PLACE] -= 3
    found = []
    for quarter in QUARTERS:
        on_time, satisfied = _quarter_rates(cases, quarter.first, quarter.last)
        platform = 92 + 110 * (on_time - 0.945) + rng.normal(0, 1.1, PLACES)
        residents = 89 + 140 * (satisfied - 0.907) + rng.normal(0, 1.4, PLACES)
        party = 88 + 0.35 * (platform - 92) + 0.25 * (residents - 89) + standing + rng.normal(0, 0.9, PLACES)
        rounded = {"score_party": party, "score_platform": platform, "score_residents": residents}
        found.append({name: values.clip(60, 99.8).round(1) for name, values in rounded.items()})
    return found


def groups(seed: int, residents: np.ndarray, elderly: np.ndarray) -> list[dict[str, np.ndarray]]:
    """People whom the community looks after, counted at each quarter's end, and the visits of the quarter."""
    rng = stream(seed, "groups")
    shares = {
        "minimum_living": np.where(KIND == OLD, 0.0088, 0.0046),
        "disabled": np.where(KIND == OLD, 0.024, 0.017),
        "left_behind_children": np.full(PLACES, 0.0013),
        "new_employment": np.full(PLACES, 0.0125),
    }
    own = {name: share * np.exp(rng.normal(0, 0.14, PLACES)) for name, share in shares.items()}
    alone = 0.082 * np.exp(rng.normal(0, 0.12, PLACES))
    more = stream(seed, "more groups")
    found = []
    for i, quarter in enumerate(QUARTERS):
        people = {"lone_elderly": np.rint(elderly[:, quarter.last] * alone)}
        people |= {name: np.rint(residents[:, quarter.last] * share) for name, share in own.items()}
        people["new_employment"] = np.rint(people["new_employment"] * (1 + 0.035 * i))
        asked_for = 2.1 * people["lone_elderly"] + 1.0 * people["minimum_living"] + 0.6 * people["disabled"]
        counts = {name: values.astype(int) for name, values in people.items()}
        services = rng.poisson(asked_for * rng.normal(1, 0.07, PLACES).clip(0.7))
        found.append(
            {**counts, **_more_people(more, residents[:, quarter.last], elderly[:, quarter.last]), **_services(more, services)}
        )
    return found


def _more_people(rng: np.random.Generator, residents: np.ndarray, elderly: np.ndarray) -> dict[str, np.ndarray]:
    """The oldest and the youngest."""
    return {
        "oldest_residents": np.rint(elderly * rng.normal(0.152, 0.004, PLACES)).astype(int),
        "infants": np.rint(residents * rng.normal(0.021, 0.001, PLACES)).astype(int),
    }


def _services(rng: np.random.Generator, services: np.ndarray) -> dict[str, np.ndarray]:
    """The visits of a quarter, whole and by whom they served."""
    names = ("services_elderly", "services_children", "services_poor", "services_disabled", "services_new_employment")
    parts = rng.multinomial(services, (0.60, 0.09, 0.12, 0.13, 0.06))
    return {"group_services": services, **dict(zip(names, parts.T, strict=True))}


def targets(activities: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """The targets of each year, for the street and for each community, one row a metric and place."""
    year = activities["held_on"].dt.year
    found = {}
    for i, target_year in enumerate(YEARS):
        base = np.bincount(activities["place_index"][year == max(target_year - 1, YEARS[0])], minlength=PLACES)
        sessions = (np.ceil(base * (1.04 if i else 0.97) / 2) * 2).astype(int)
        values = {metric: [goals[i]] * (PLACES + 1) for metric, goals in RATE_TARGETS.items()}
        values[SESSIONS] = [int(sessions.sum()), *sessions.tolist()]
        rows = [(target_year, m, p, v) for m, goals in values.items() for p, v in zip((WHOLE_STREET, *NAMES), goals, strict=True)]
        found[target_year] = pd.DataFrame(rows, columns=["period", "metric", "place", "target_value"])
    return found
