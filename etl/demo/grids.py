"""The grid register, in keeping with the monthly figures: households add up, one grid worker a grid, few posts vacant."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo.chance import split, stream
from etl.demo.profile import HOUSEHOLDS, KIND, NAMES, OLD, PLACES, SHORT
from etl.demo.seasons import month_ends

# Grids for a business street, a market, a school, a park of workshops: they hold no households and have no branch.
SPECIAL = {1: "望湖商圈", 8: "晴川广场", 12: "临溪学校", 18: "银杏商务楼", 20: "星桥创业园"}
# Communities in which a grid was added within the 36 months, and two in which one was divided into two.
ADDED = {1: "2024-07-01", 6: "2024-03-01", 12: "2025-04-01", 18: "2024-10-01", 20: "2026-01-01"}
DIVIDED = {8: "2025-01-01", 3: "2024-09-01"}
HOUSEHOLDS_PER_STEWARD = 30


def _numbers() -> np.ndarray:
    low, high = HOUSEHOLDS.min(), HOUSEHOLDS.max()
    return np.rint(8 + 6 * (HOUSEHOLDS - low) / (high - low)).astype(int)


def _of_community(rng: np.random.Generator, place: int, number: int) -> pd.DataFrame:
    special = place in SPECIAL
    ordinary = number - special
    names = [f"{SHORT[place]}第{i}网格" for i in range(1, ordinary + 1)] + [f"{SPECIAL.get(place)}专属网格"] * special
    households = np.append(split(rng, HOUSEHOLDS[place], ordinary, 0.14), [0] * special).astype(int)
    started = np.full(number, np.datetime64("2021-03-01"))
    started[ordinary:] = np.datetime64("2023-05-01")
    if place in ADDED:
        started[ordinary - 1] = np.datetime64(ADDED[place])
    ended = np.full(number, np.datetime64("NaT"), dtype="datetime64[D]")
    if place in DIVIDED:
        started[ordinary - 2 : ordinary] = np.datetime64(DIVIDED[place])
        names.append(f"{SHORT[place]}原第{ordinary - 1}网格")
        households, started = np.append(households, 0), np.append(started, np.datetime64("2021-03-01"))
        ended = np.append(ended, np.datetime64(DIVIDED[place]))
    return pd.DataFrame(
        {
            "grid_code": [f"WG{place + 1:02d}{i:02d}" for i in range(1, len(names) + 1)],
            "grid_name": names,
            "place": NAMES[place],
            "place_index": place,
            "special": [n.endswith("专属网格") for n in names],
            "grid_households": households,
            "started_on": started,
            "ended_on": ended,
        }
    )


def grids(seed: int) -> pd.DataFrame:
    """One row a grid, with ``place_index`` and ``special`` beside the columns of the contract."""
    rng = stream(seed, "grids")
    frame = pd.concat([_of_community(rng, p, n) for p, n in enumerate(_numbers())], ignore_index=True)
    active = frame["ended_on"].isna().to_numpy()
    big = frame["grid_households"].to_numpy() > 370
    posts = np.where(active, 1 + big, 0)
    vacant = active & (rng.random(len(frame)) < 0.045)
    due = np.ceil(frame["grid_households"].to_numpy() / HOUSEHOLDS_PER_STEWARD)
    keen = rng.normal(np.where(KIND == OLD, 0.97, 0.90), 0.06, PLACES)[frame["place_index"]]
    return frame.assign(
        grid_level=np.where(frame["special"], "专属网格", "三级网格"),
        staff_posts=posts,
        staff_count=posts - vacant,
        group_leaders=np.where(active & ~frame["special"].to_numpy(), 1, 0),
        stewards=np.rint(due * keen).clip(0).astype(int),
    )


def active_by_month(frame: pd.DataFrame) -> np.ndarray:
    """Which grids exist at each month's end: grids × months, boolean."""
    ends = month_ends()[None, :]
    started, ended = frame["started_on"].to_numpy("datetime64[D]")[:, None], frame["ended_on"].to_numpy("datetime64[D]")[:, None]
    return (started <= ends) & (np.isnat(ended) | (ended > ends))


def totals(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Grids, grid workers and stewards of each community at each month's end (places × months)."""
    active = active_by_month(frame)
    add_up = lambda values: np.array([values[frame["place_index"] == p].sum(axis=0) for p in range(PLACES)])  # noqa: E731
    stewards = add_up(frame["stewards"].to_numpy())
    recruited = np.linspace(0.82, 1, active.shape[1])
    return {
        "grids": add_up(active.astype(int)),
        "grid_staff": add_up(active * frame["staff_count"].to_numpy()[:, None]),
        "building_stewards": np.rint(stewards[:, None] * recruited).astype(int),
    }
