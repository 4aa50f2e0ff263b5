"""Deliberations that end in works, needs that become joint projects, and the units that share the cost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo import seasons
from etl.demo.chance import stream
from etl.demo.profile import COMMUNITIES, HOUSEHOLDS, NAMES, PLACES, SHORT
from etl.demo.seasons import AS_OF, DAYS, WEEKDAY
from etl.demo.words import ESTATE_WORDS, MEETINGS, NEEDS, UNITS, WORKS

NEVER = np.datetime64("NaT", "D")
MEETING_SHARES = (0.52, 0.14, 0.17, 0.10, 0.07)
UNITS_IN_A_PROJECT = (0.24, 0.30, 0.22, 0.13, 0.07, 0.04)
MOST_UNITS = 9  # one project, the street lamps, was shared by nine units


def _draw(rng: np.random.Generator, shares: list[float] | tuple[float, ...], count: int) -> np.ndarray:
    return rng.choice(len(shares), count, p=np.array(shares) / sum(shares))


def _begun(rng: np.random.Generator, a_month: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place and day of each topic or need, on working days, in order of time."""
    level = seasons.holidays() * np.where(WEEKDAY < 5, 1.3, 0.25)
    counts = rng.poisson(a_month[:, None] / 30.4 * level[None, :])
    place, day = np.nonzero(counts)
    again = counts[place, day]
    place, day = np.repeat(place, again), np.repeat(day, again)
    order = np.argsort(day, kind="stable")
    return place[order], DAYS[day[order]]


def _next_step(rng: np.random.Generator, before: np.ndarray, share: float, low: int, middle: float, spread: float) -> np.ndarray:
    """The day of the next step: some never come to it, others not yet."""
    wait = low + np.exp(rng.normal(np.log(middle), spread, len(before))).astype(int)
    after = before + wait
    return np.where((rng.random(len(before)) < share) & ~np.isnat(before) & (after <= AS_OF), after, NEVER)


def estates() -> list[list[str]]:
    """The names of each community's housing estates, as many as the monthly table counts."""
    return [[f"{s}{w}" for w in ESTATE_WORDS[: c.estates]] for s, c in zip(SHORT, COMMUNITIES, strict=True)]


def deliberations(seed: int) -> pd.DataFrame:
    """One row a topic; dates of steps not yet reached are missing, and so are quantity and cost before the work is done."""
    rng = stream(seed, "deliberations")
    place, raised = _begun(rng, (0.50 + HOUSEHOLDS / 5200) * np.exp(rng.normal(0, 0.15, PLACES)))
    count = len(place)
    coordinated = _next_step(rng, raised, 0.95, 2, 8, 0.55)
    voted = _next_step(rng, coordinated, 0.95, 4, 13, 0.5)
    passed = rng.random(count) < 0.915
    done = _next_step(rng, np.where(passed, voted, NEVER), 0.96, 7, 42, 0.6)
    work = _draw(rng, [w.share for w in WORKS], count)
    quantity = np.array([w.quantity for w in WORKS])[work] * np.exp(rng.normal(0, 0.5, count))
    quantity = np.where(quantity > 60, np.rint(quantity / 10) * 10, np.rint(quantity).clip(1))
    cost = np.rint(quantity * np.array([w.yuan for w in WORKS])[work] * rng.normal(1, 0.12, count).clip(0.7) / 100) * 100
    homes = estates()
    built = ~np.isnat(done)
    estate = [homes[p][i % len(homes[p])] for p, i in zip(place, rng.integers(0, 1000, count), strict=True)]
    return pd.DataFrame(
        {
            "topic_no": [f"YS{i:04d}" for i in range(1, count + 1)],
            "topic": [f"{e}{WORKS[w].name}" for e, w in zip(estate, work, strict=True)],
            "place": np.array(NAMES, dtype=object)[place],
            "place_index": place,
            "estate": estate,
            "meeting_kind": np.array(MEETINGS, dtype=object)[_draw(rng, MEETING_SHARES, count)],
            "raised_on": raised,
            "coordinated_on": coordinated,
            "voted_on": voted,
            "vote_passed": np.where(np.isnat(voted), "", np.where(passed, "是", "否")),
            "done_on": done,
            "work_quantity": np.where(built, quantity, np.nan),
            "work_unit": np.where(built, np.array([w.unit for w in WORKS], dtype=object)[work], ""),
            "cost_yuan": np.where(built, cost, np.nan),
        }
    )


def projects(seed: int) -> pd.DataFrame:
    """One row a need: about 63 of 100 become agreed projects, as in 267 needs and 168 projects."""
    rng = stream(seed, "projects")
    place, collected = _begun(rng, (0.55 + HOUSEHOLDS / 8500) * np.exp(rng.normal(0, 0.14, PLACES)))
    count = len(place)
    claimed = _next_step(rng, collected, 0.84, 1, 11, 0.7)
    agreed = _next_step(rng, claimed, 0.79, 3, 12, 0.6)
    done = _next_step(rng, agreed, 0.93, 6, 38, 0.65)
    kind = _draw(rng, [n.share for n in NEEDS], count)
    cost = np.rint(np.array([n.yuan for n in NEEDS])[kind] * np.exp(rng.normal(0, 0.5, count)) / 100).clip(5) * 100
    need = [NEEDS[k].needs[i % len(NEEDS[k].needs)] for k, i in zip(kind, rng.integers(0, 60, count), strict=True)]
    return pd.DataFrame(
        {
            "project_no": [f"XM{i:04d}" for i in range(1, count + 1)],
            "need": [f"{SHORT[p]}{n}" for p, n in zip(place, need, strict=True)],
            "need_category": np.array([n.name for n in NEEDS], dtype=object)[kind],
            "place": np.array(NAMES, dtype=object)[place],
            "place_index": place,
            "collected_on": collected,
            "claimed_on": claimed,
            "claimed_by": np.where(np.isnat(claimed), "", np.array(UNITS, dtype=object)[rng.integers(0, len(UNITS), count)]),
            "agreed_on": agreed,
            "done_on": done,
            "cost_yuan": np.where(np.isnat(agreed), np.nan, cost),
        }
    )


def contributions(seed: int, needs: pd.DataFrame) -> pd.DataFrame:
    """Payments of units towards agreed projects; together never more than the project costs."""
    rng = stream(seed, "contributions")
    agreed = needs[needs["agreed_on"].notna() & (needs["agreed_on"] <= AS_OF - 45)]
    shared = agreed[rng.random(len(agreed)) < 0.55].reset_index(drop=True)
    units = 1 + _draw(rng, UNITS_IN_A_PROJECT, len(shared))
    lamps = np.flatnonzero(shared["need"].str.endswith("小区路灯修复"))
    units[lamps[len(lamps) // 2]] = MOST_UNITS
    owner = np.repeat(np.arange(len(shared)), units)
    names = np.concatenate([rng.choice(len(UNITS), n, replace=False) for n in units])
    weights = rng.normal(1, 0.35, len(owner)).clip(0.3)
    funded = rng.uniform(0.62, 0.98, len(shared)) * shared["cost_yuan"].to_numpy()
    amount = np.floor(funded[owner] * weights / np.bincount(owner, weights)[owner] / 100).clip(1) * 100
    paid = shared["agreed_on"].to_numpy("datetime64[D]")[owner] + rng.integers(2, 45, len(owner))
    frame = pd.DataFrame(
        {
            "project_no": shared["project_no"].to_numpy(object)[owner],
            "place": shared["place"].to_numpy(object)[owner],
            "place_index": shared["place_index"].to_numpy()[owner],
            "unit_name": np.array(UNITS, dtype=object)[names],
            "amount_yuan": amount.astype(int),
            "paid_on": paid,
        }
    ).sort_values("paid_on", kind="stable", ignore_index=True)
    frame.insert(0, "contribution_no", [f"ZC{i:04d}" for i in range(1, len(frame) + 1)])
    return frame
