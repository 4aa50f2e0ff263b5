"""The ledger of volunteer points: earned by service, redeemed at merchants; nobody ever redeems more than they have."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo import seasons
from etl.demo.chance import pick, stream
from etl.demo.profile import PLACES
from etl.demo.seasons import DAYS, MONTH_OF_DAY, MONTHS, WEEKDAY
from etl.demo.words import MERCHANTS, REWARDS, SERVICES

ENTRIES = 60_000
REDEEMED_SHARE = 0.212  # of the entries
ACTIVE_SHARE = 0.17  # of the registered volunteers ever earn points
POINTS_PER_HOUR = 10
POINTS_A_YUAN = 10
EXPIRY, KEPT_FROM = np.datetime64("2025-12-31"), np.datetime64("2024-01-01")  # then, what was earned before goes
HOURS = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0])
HOUR_SHARES = np.array([[0.06, 0.24, 0.22, 0.27, 0.10, 0.08, 0.03]])
DAY_OF_WEEK = np.array([0.85, 0.85, 0.9, 0.9, 1.0, 1.45, 1.05])


def _earned(rng: np.random.Generator, volunteers: np.ndarray) -> pd.DataFrame:
    level = seasons.holidays() * DAY_OF_WEEK[WEEKDAY] * seasons.yearly_wave("03-20", 0.15)
    expected = volunteers[:, MONTH_OF_DAY] * np.exp(rng.normal(0, 0.12, (PLACES, 1))) * level
    counts = rng.poisson(expected * (ENTRIES * (1 - REDEEMED_SHARE) / expected.sum()))
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    place, day = np.divmod(cell, len(DAYS))
    pool = (volunteers[:, -1] * ACTIVE_SHARE)[place]
    # few are there always, many now and then; the pool grows with the years
    number = (rng.random(len(cell)) ** 1.8 * pool * (0.55 + 0.45 * day / len(DAYS))).astype(int) + 1
    hours = HOURS[pick(rng, HOUR_SHARES, np.zeros(len(cell), dtype=int))]
    return pd.DataFrame(
        {
            "place_index": place,
            "day": day,
            "person": place * 1000 + number,
            "hours": hours,
            "points": (hours * POINTS_PER_HOUR).astype(int),
            "word": rng.integers(0, len(SERVICES), len(cell)),
        }
    )


def _redeemed(rng: np.random.Generator, earned: pd.DataFrame) -> pd.DataFrame:
    """Now and then a volunteer redeems part of what was earned since the last time, some days later."""
    ordered = earned.sort_values(["person", "day"], kind="stable", ignore_index=True)
    chosen = ordered[rng.random(len(ordered)) < REDEEMED_SHARE / (1 - REDEEMED_SHARE) * 1.06].index
    so_far = ordered.groupby("person")["points"].cumsum()
    found = ordered.loc[chosen].assign(so_far=so_far[chosen])
    since = found["so_far"] - found.groupby("person")["so_far"].shift(fill_value=0)
    used = (np.floor(since * rng.uniform(0.55, 0.92, len(found)) / 5) * 5).astype(int)
    day = found["day"] + rng.integers(1, 26, len(found))
    words, shops = rng.integers(0, len(REWARDS), len(found)), rng.integers(0, len(MERCHANTS), len(found))
    frame = found.assign(used=used, day=day, word=words, shop=shops)
    return frame[(used >= 5) & (day < len(DAYS))]


def _expired(both: pd.DataFrame) -> pd.DataFrame:
    """What each volunteer had earned before ``KEPT_FROM`` and not redeemed by ``EXPIRY``, as entries of that day.

    Never so much that a later redemption would find too little.
    """
    last, first = int((EXPIRY - DAYS[0]).astype(int)), int((KEPT_FROM - DAYS[0]).astype(int))
    change = both["points"].where(both["kind"] == 0, 0) - both["used"].where(both["kind"] == 1, 0)
    balance = change.groupby(both["person"]).cumsum()
    at_end = balance[both["day"] <= last].groupby(both["person"]).last()
    lowest = balance[both["day"] > last].groupby(both["person"]).min()
    early = both["points"].where((both["kind"] == 0) & (both["day"] < first), 0).groupby(both["person"]).sum()
    redeemed = both["used"].where((both["kind"] == 1) & (both["day"] <= last), 0).groupby(both["person"]).sum()
    spare = np.minimum(at_end, lowest.reindex(at_end.index).fillna(np.inf))
    left = np.minimum((early - redeemed).reindex(at_end.index).clip(lower=0), spare)
    left = left[left > 0]
    place = both.drop_duplicates("person").set_index("person")["place_index"]
    return pd.DataFrame(
        {
            "person": left.index,
            "place_index": place[left.index].to_numpy(),
            "day": last,
            "kind": 2,
            "used": left.to_numpy(),
            "word": 0,
        }
    )


def points(seed: int, volunteers: np.ndarray) -> pd.DataFrame:
    """One row an entry in order of time, words as categoricals; ``number`` counts within the day."""
    rng = stream(seed, "points")
    earned = _earned(rng, volunteers)
    redeemed = _redeemed(rng, earned)
    both = pd.concat([earned.assign(kind=0), redeemed.assign(kind=1)], ignore_index=True)
    both = both.sort_values(["day", "kind"], kind="stable", ignore_index=True)
    both = pd.concat([both, _expired(both)], ignore_index=True).sort_values(["day", "kind"], kind="stable", ignore_index=True)
    kind = both["kind"].to_numpy()
    shop = both["shop"].fillna(-1).to_numpy().astype(int)
    people, person = np.unique(both["person"].to_numpy(), return_inverse=True)
    word = np.where(kind == 2, -1, both["word"].to_numpy() + kind * len(SERVICES))
    return pd.DataFrame(
        {
            "number": both.groupby("day").cumcount(),
            "entry_on": DAYS[both["day"]],
            "place_index": both["place_index"],
            "volunteer": pd.Categorical.from_codes(person, [f"YG{p // 1000 + 1:02d}{p % 1000:04d}" for p in people]),
            "entry_kind": pd.Categorical.from_codes(kind, ("获得", "兑换", "过期")),
            "points_earned": both["points"].where(kind == 0),
            "points_redeemed": both["used"].where(kind == 1),
            "points_expired": both["used"].where(kind == 2),
            "value_yuan": (both["used"] / POINTS_A_YUAN).where(kind == 1),
            "item": pd.Categorical.from_codes(word, (*SERVICES, *REWARDS)),
            "merchant": pd.Categorical.from_codes(shop, MERCHANTS),
            "service_hours": both["hours"].where(kind == 0),
        }
    )


def hours_by_month(frame: pd.DataFrame) -> np.ndarray:
    """Hours of voluntary service, places × months, as the monthly table reports them."""
    earned = frame[frame["service_hours"].notna()]
    month = (earned["entry_on"].to_numpy("datetime64[M]") - MONTHS[0]).astype(int)
    cell = earned["place_index"].to_numpy() * len(MONTHS) + month
    return np.bincount(cell, earned["service_hours"], PLACES * len(MONTHS)).reshape(PLACES, -1)
