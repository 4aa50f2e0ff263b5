"""The case ledger: about 34,700 appeals, incidents and disputes in a half-year, day by day for three years."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo import seasons
from etl.demo.chance import logistic, logit, pick, quantile, stream
from etl.demo.chronicle import COLD, RAIN
from etl.demo.grids import active_by_month
from etl.demo.profile import (
    DRIFT_END,
    DRIFT_FROM,
    DRIFT_MONTHS,
    DRIFT_PLACE,
    DRIFT_START,
    KIND,
    PLACES,
    STATION_CUT,
    STATION_EXCESS,
    STATION_OPENED,
    STATION_PLACE,
)
from etl.demo.seasons import DAYS, HALVES, MONTH_OF_DAY, MONTHS, WEEKDAY
from etl.demo.words import CATEGORIES

A_HALF_YEAR = 34_700
END = np.datetime64(seasons.AS_OF + 1, "s")  # nothing is known beyond the last midnight
NOTHING = np.datetime64("NaT", "s")
HOUR = 3600


def _with_shock(curve: np.ndarray, days: tuple[np.datetime64, np.datetime64], factor: float) -> np.ndarray:
    """The curve with so many times the cases from the first to the last of ``days`` and half of the surplus for two more."""
    after = (DAYS - days[1]).astype(int)  # days since the last
    length = int((days[1] - days[0]).astype(int))
    inside, soon = (after >= -length) & (after <= 0), (after > 0) & (after <= 2)
    return curve * np.select([inside, soon], [factor, (1 + factor) / 2], 1)


SEASONS = {
    "flat": np.ones(len(DAYS)),
    "heating": _with_shock(seasons.heating(), COLD, 2.2),
    "noise": seasons.yearly_wave("07-15", 0.75),
    "summer": seasons.yearly_wave("07-25", 0.30),
    "rain": _with_shock(seasons.yearly_wave("07-28", 0.60), RAIN, 4.5),
    "green": seasons.yearly_wave("06-05", 0.55),
    "year_end": seasons.yearly_wave("12-30", 0.60),
}
DAY_OF_WEEK = np.array([1.16, 1.08, 1.05, 1.04, 1.06, 0.84, 0.77])
# Share of each hour from 0 to 23: patrols and works; calls; noise at night; counters.
HOURS = np.array(
    [
        [0, 0, 0, 0, 0, 1, 4, 18, 70, 105, 110, 75, 30, 45, 90, 100, 95, 70, 35, 20, 12, 6, 2, 1],
        [3, 2, 1, 1, 1, 3, 12, 34, 70, 88, 82, 58, 40, 46, 66, 70, 68, 66, 70, 72, 60, 38, 18, 8],
        [30, 18, 9, 5, 4, 12, 26, 30, 32, 34, 32, 24, 36, 34, 26, 26, 28, 36, 54, 84, 104, 116, 102, 66],
        [0, 0, 0, 0, 0, 0, 1, 6, 92, 130, 120, 70, 10, 24, 110, 122, 104, 48, 14, 10, 8, 4, 1, 0],
    ],
    dtype=float,
)

CHANNELS = ("巡查走访", "热线", "公众投诉", "网络")
KINDS = ("诉求", "事件", "纠纷")
METHODS = ("望", "闻", "问", "切")
MEDIATORS = ("邻里人民调解工作室", "律师会客厅", "老党员调解室", "姐妹心语室", "社区调解委员会")
TIERS = ("1天", "1周", "1月")
TIER_SECONDS = np.array([24, 7 * 24, 30 * 24]) * HOUR
TIER_SPREAD = np.array([0.95, 0.80, 0.72])  # of the logarithm of the duration
LEVELS = ("楼栋", "网格", "社区", "街道", "部门")
LEVEL_SHARES = np.array([[0.29, 0.53, 0.17, 0.008, 0.002], [0.07, 0.42, 0.465, 0.034, 0.011], [0.01, 0.12, 0.70, 0.12, 0.05]])
CALLED_BACK = np.array([0.76, 0.60, 0.85])  # by kind of case


def _effects(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """How the communities differ for good: modestly, with noise enough to make a ranking of neighbours idle."""
    return {
        "rate": np.exp(rng.normal(0, 0.11, PLACES)) * np.array([1.07, 0.95, 1.02, 0.98])[KIND],
        "on_time": rng.normal(0, 0.20, PLACES),
        "satisfied": rng.normal(0, 0.16, PLACES),
    }


def _station_effect() -> np.ndarray:
    """The community with the gap: too many cases until the station opens, then a fall over a month."""
    fallen = ((DAYS - STATION_OPENED).astype(int) / 30).clip(0, 1)
    return STATION_EXCESS * (1 - STATION_CUT * fallen)


def _expected(rng: np.random.Generator, households: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Expected cases: places × days × categories, scaled to the wanted number in a complete half-year."""
    monthly = households * rate[:, None] * np.exp(rng.normal(0, 0.05, households.shape))
    monthly[STATION_PLACE] /= rate[STATION_PLACE]
    daily = monthly[:, MONTH_OF_DAY] * (seasons.holidays() * DAY_OF_WEEK[WEEKDAY])
    daily[STATION_PLACE] *= _station_effect()
    curves = np.column_stack([SEASONS[c.season] for c in CATEGORIES])
    weights = np.array([c.weight for c in CATEGORIES]).T[KIND]
    expected = daily[:, :, None] * curves[None] * weights[:, None, :]
    complete = [h for h in HALVES if h.last - h.first == 5]
    days = np.any([h.holds(DAYS) for h in complete], axis=0)
    return expected * (A_HALF_YEAR * len(complete) / expected[:, days].sum())


def _on_time(effect: np.ndarray) -> np.ndarray:
    """The chance that a case closes on time: places × months × tiers."""
    months = np.arange(len(MONTHS))
    heating_rush = np.where(np.isin(MONTHS.astype(int) % 12, (10, 11)), -0.14, 0.0)
    level = logit(0.948) + effect[:, None] + heating_rush[None, :] + 0.004 * (months - 18)[None, :]
    first = int((DRIFT_FROM - MONTHS[0]).astype(int))
    level[DRIFT_PLACE] = logit(DRIFT_START) + heating_rush
    level[DRIFT_PLACE, first : first + DRIFT_MONTHS] = np.linspace(logit(DRIFT_START), logit(DRIFT_END), DRIFT_MONTHS)
    return logistic(level[:, :, None] + np.array([0.08, 0.0, -0.30]))


def _channels(rng: np.random.Generator, category: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Patrols find a growing share; the other channels keep theirs among what remains, with more by network."""
    way = np.linspace(0, 1, len(MONTHS))
    first = np.array([c.patrol for c in CATEGORIES])[:, None]
    patrol = first + 0.10 * way * (1 - first)
    rest = np.stack([0.52 - 0.10 * way, 0.22 - 0.02 * way, 0.26 + 0.12 * way])
    shares = np.concatenate([patrol[None], (1 - patrol)[None] * rest[:, None, :]]).transpose(1, 2, 0)
    return pick(rng, shares.reshape(-1, len(CHANNELS)), category * len(MONTHS) + month)


def _durations(rng: np.random.Generator, on_time: np.ndarray, tier: np.ndarray) -> np.ndarray:
    """Seconds from opening to closing: lognormal by tier. ``on_time``: the normal quantile of each case's chance."""
    spread = TIER_SPREAD[tier]
    return np.maximum(TIER_SECONDS[tier] * np.exp(spread * (rng.standard_normal(len(tier)) - on_time)), 300).astype(np.int64)


def _by_day(closed: np.ndarray, due: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Nobody closes a case at night: such closings wait for the morning, unless that would make them late."""
    seconds = closed.astype(np.int64) % 86_400
    night = seconds < 7 * HOUR + 1800
    morning = closed + np.where(night, 8 * HOUR + rng.integers(0, HOUR, len(closed)) - seconds, 0).astype("timedelta64[s]")
    return np.where((morning <= due) | (closed > due), morning, closed)


def _answers(rng: np.random.Generator, frame: dict, late: np.ndarray, effect: np.ndarray) -> dict[str, np.ndarray]:
    """Call-backs of closed cases and what residents then say: −1 not asked, 0 no, 1 yes; each answer implies the one before."""
    count = len(late)
    asked = frame["closed"] & (rng.random(count, dtype=np.float32) < CALLED_BACK[frame["kind"]])
    responded = rng.random(count, dtype=np.float32) < np.where(late, 0.962, 0.993)
    resolved = responded & (rng.random(count, dtype=np.float32) < np.where(late, 0.90, 0.955))
    content = logistic(logit(0.962) + effect[frame["place"]] - 0.9 * late - 0.2 * (frame["kind"] == 2))
    satisfied = resolved & (rng.random(count) < content)
    answers = {"responded": responded, "resolved": resolved, "satisfied": satisfied}
    found = {name: np.where(asked, answer, -1).astype(np.int8) for name, answer in answers.items()}
    return {"called_back": np.where(frame["closed"], asked, 0).astype(np.int8), **found}


def _disputes(rng: np.random.Generator, closed: np.ndarray, kind: np.ndarray) -> dict[str, np.ndarray]:
    """Mediation of closed disputes; something under half of them turn on money."""
    dispute = np.flatnonzero(kind == 2)
    mediated, amount = np.full(len(kind), -1, dtype=np.int8), np.full(len(kind), np.nan)
    settled = dispute[closed[dispute]]
    mediated[settled] = rng.random(len(settled)) < 0.885
    money = dispute[rng.random(len(dispute)) < 0.44]
    amount[money] = np.rint(np.exp(rng.normal(np.log(2600), 0.85, len(money))) / 100).clip(1) * 100
    return {"mediated": mediated, "amount_yuan": amount}


def _handling(
    rng: np.random.Generator, opened: np.ndarray, closed_at: np.ndarray, channel: np.ndarray, kind: np.ndarray, place: np.ndarray
) -> dict[str, object]:
    """How a case was found (望闻问切), when it was dispatched, whether it was sent back, and who mediates a dispute."""
    count = len(opened)
    wait = (rng.exponential(0.6 * HOUR, count) + 120).astype(np.int64)
    wait = np.where(np.isnat(closed_at), wait, np.minimum(wait, (closed_at - opened).astype(np.int64) // 2))
    asked = rng.random(count, dtype=np.float32) < 0.4
    method = np.select([kind == 2, channel == 0, channel == 2], [3, 0, np.where(asked, 2, 1)], 1)
    return {
        "work_method": pd.Categorical.from_codes(method, METHODS),
        "dispatched_at": opened + wait.astype("timedelta64[s]"),
        "sent_back": (rng.random(count, dtype=np.float32) < 0.021).astype(np.int8),
        "mediator": pd.Categorical.from_codes(
            np.where(kind == 2, (place * 3 + rng.integers(0, 2, count)) % len(MEDIATORS), -1), MEDIATORS
        ),
    }


def _grid_of(rng: np.random.Generator, grids: pd.DataFrame, place: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Position in the grid register of a grid that existed in the month, drawn evenly."""
    active = active_by_month(grids)
    # a grid that began within the month exists at its end only: use the month before for its first days
    existed = active & np.roll(active, 1, axis=1)
    existed[:, 0] = active[:, 0]
    owned = [(grids["place_index"] == p).to_numpy() for p in range(PLACES)]
    table = [np.flatnonzero(existed[:, m] & ours) for ours in owned for m in range(len(MONTHS))]
    sizes = np.array([len(t) for t in table])
    first = np.cumsum(sizes) - sizes
    cell = place.astype(int) * len(MONTHS) + month
    return np.concatenate(table)[first[cell] + (rng.random(len(cell)) * sizes[cell]).astype(int)]


def _subcategories(rng: np.random.Generator, category: np.ndarray) -> pd.Categorical:
    sizes = np.array([len(c.subcategories) for c in CATEGORIES])
    first = np.cumsum(sizes) - sizes
    skewed = rng.random(len(category)) ** 1.35  # the first named are the commonest
    names = [s for c in CATEGORIES for s in c.subcategories]
    return pd.Categorical.from_codes(first[category] + (skewed * sizes[category]).astype(int), names)


def _numbers(opened: np.ndarray) -> np.ndarray:
    """Running number of each case within its day, for cases in order of time."""
    day = opened.astype("datetime64[D]").astype(int)
    first = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    return np.arange(len(day)) - np.repeat(first, np.diff(first, append=len(day)))


def _arrivals(rng: np.random.Generator, households: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, ...]:
    """Place, category, channel, month and moment of each case, in order of time."""
    counts = rng.poisson(_expected(rng, households, rate))
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    place, rest = np.divmod(cell, len(DAYS) * len(CATEGORIES))
    day, category = np.divmod(rest, len(CATEGORIES))
    channel = _channels(rng, category, MONTH_OF_DAY[day])
    hours = np.where(channel == 0, 0, np.array([c.hours for c in CATEGORIES])[category])  # patrols walk by day
    second = pick(rng, HOURS, hours).astype(np.int64) * HOUR + rng.integers(0, HOUR, len(cell))
    order = np.argsort(day * 86_400 + second, kind="stable")
    opened = DAYS[day[order]].astype("datetime64[s]") + second[order].astype("timedelta64[s]")
    return place[order], category[order], channel[order], MONTH_OF_DAY[day[order]], opened


def _closings(rng: np.random.Generator, opened: np.ndarray, tier: np.ndarray, on_time: np.ndarray) -> tuple[np.ndarray, ...]:
    """When each case falls due and is closed (missing: still open), and whether it is late by now."""
    due = opened + TIER_SECONDS[tier].astype("timedelta64[s]")
    closed_at = _by_day(opened + _durations(rng, on_time, tier).astype("timedelta64[s]"), due, rng)
    stuck = (opened > END - np.timedelta64(150, "D")) & (rng.random(len(tier)) < 0.0012)
    closed = (closed_at < END) & ~stuck
    return due, np.where(closed, closed_at, NOTHING), np.where(closed, closed_at, END) > due


def cases(seed: int, households: np.ndarray, grids: pd.DataFrame) -> pd.DataFrame:
    """One row a case in order of time; the columns of the contract, words as categoricals, answers as −1, 0, 1.

    Beside them ``place_index``, ``number`` (within its day) and ``late``.
    """
    rng = stream(seed, "cases")
    effects = _effects(rng)
    place, category, channel, month, opened = _arrivals(rng, households, effects["rate"])
    count = len(place)
    tier = pick(rng, np.array([c.tiers for c in CATEGORIES]), category)
    dispute = rng.random(count) < np.array([c.dispute for c in CATEGORIES])[category]
    kind = np.where(dispute, 2, channel == 0).astype(np.int8)
    on_time = quantile(_on_time(effects["on_time"]))[place, month, tier]
    due, closed_at, late = _closings(rng, opened, tier, on_time)
    closed = ~np.isnat(closed_at)
    handled = _handling(stream(seed, "handling"), opened, closed_at, channel, kind, place)
    return pd.DataFrame(
        {
            "number": _numbers(opened),
            "opened_at": opened,
            "channel": pd.Categorical.from_codes(channel, CHANNELS),
            "category": pd.Categorical.from_codes(category, [c.name for c in CATEGORIES]),
            "subcategory": _subcategories(rng, category),
            "case_kind": pd.Categorical.from_codes(kind, KINDS),
            "place_index": place,
            "grid": pd.Categorical.from_codes(_grid_of(rng, grids, place, month), grids["grid_name"]),
            "tier": pd.Categorical.from_codes(tier, TIERS),
            **handled,
            "due_at": due,
            "closed_at": closed_at,
            "closed_level": pd.Categorical.from_codes(np.where(closed, pick(rng, LEVEL_SHARES, tier), -1), LEVELS),
            **_answers(rng, {"closed": closed, "kind": kind, "place": place}, late, effects["satisfied"]),
            **_disputes(rng, closed, kind),
            "repeat_case": (rng.random(count) < 0.038).astype(np.int8),
            "late": late,
        }
    )
