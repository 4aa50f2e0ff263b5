"""The activity ledger: what the communities held, when, where and for whom."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.demo import seasons
from etl.demo.chance import stream
from etl.demo.profile import HOUSEHOLDS, LATE_MONTHS, LATE_PLACE, NAMES, PLACES
from etl.demo.seasons import DAYS, MONTH_OF_DAY, MONTHS, SPRING_FESTIVALS, WEEKDAY
from etl.demo.words import ACTIVITIES, SEASON_THEMES, UNITS

LEARNING = ("党员教育", "廉政教育")  # counted as 教育培训 in the monthly table
WEEKEND = np.array([0.85, 0.9, 1.0, 1.0, 1.05, 1.35, 0.75])
WORKDAY = np.array([1.1, 1.1, 1.1, 1.1, 1.3, 0.25, 0.05])


def _expected(rng: np.random.Generator) -> np.ndarray:
    """Expected sessions: places × days × types."""
    a_month = (2.7 + HOUSEHOLDS / 950) * np.exp(rng.normal(0, 0.16, PLACES))
    level = seasons.holidays().copy()
    for festival in SPRING_FESTIVALS:  # the gatherings before the holiday
        away = (DAYS - festival).astype(int)
        level[(away >= -18) & (away <= -8)] *= 1.45
    growth = np.linspace(0.90, 1.18, len(DAYS))
    by_type = np.array([a.share for a in ACTIVITIES]) / sum(a.share for a in ACTIVITIES)
    weekday = np.column_stack([WORKDAY if a.name in (*LEARNING, "政策宣传", "创业就业") else WEEKEND for a in ACTIVITIES])
    daily = a_month[:, None] / 30.4 * (level * growth)[None, :]
    return daily[:, :, None] * weekday[WEEKDAY][None] * by_type


def _where(rng: np.random.Generator, place: np.ndarray, day: np.ndarray, stations: pd.DataFrame) -> np.ndarray:
    """The station of each session: one that was open on the day, else the centre; some were held in the open."""
    ordered = stations.sort_values(["place_index", "station_no"])  # the centre comes first
    sizes = np.bincount(ordered["place_index"], minlength=PLACES)
    first = np.cumsum(sizes) - sizes
    chosen = first[place] + (rng.random(len(place)) * sizes[place]).astype(int)
    opened, closed = (ordered[c].to_numpy("datetime64[D]") for c in ("opened_on", "closed_on"))
    open_then = (opened[chosen] <= day) & (np.isnat(closed[chosen]) | (closed[chosen] >= day))
    names = ordered["station_name"].to_numpy(object)[np.where(open_then, chosen, first[place])]
    return np.where(rng.random(len(place)) < 0.17, "小区广场", names)


def _organisers(rng: np.random.Generator, place: np.ndarray, learning: np.ndarray, orgs: pd.DataFrame) -> np.ndarray:
    """Who held each session; study and training are always held by the party committee."""
    names = np.array(NAMES, dtype=object)[place]
    units = np.array(UNITS, dtype=object)[rng.integers(0, len(UNITS), len(place))]
    first = orgs.drop_duplicates("place_index").set_index("place_index")["org_name"].reindex(range(PLACES))
    local = np.where(first.isna().to_numpy()[place], names + "居委会", first.to_numpy(object)[place])
    drawn = np.where(learning, 0, rng.random(len(place)))
    return np.select([drawn < 0.56, drawn < 0.74, drawn < 0.88], [names + "党委", names + "居委会", local], units)


def _attendances(rng: np.random.Generator, kind: np.ndarray, place: np.ndarray) -> np.ndarray:
    middle = np.array([a.attendances for a in ACTIVITIES])[kind] * (HOUSEHOLDS[place] / HOUSEHOLDS.mean()) ** 0.15
    return np.rint(np.exp(rng.normal(np.log(middle), 0.38))).clip(6).astype(int)


def activities(seed: int, stations: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """One row a session, by community and day, with ``place_index``; the late community's newest month is not there."""
    rng = stream(seed, "activities")
    counts = rng.poisson(_expected(rng))
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    place, rest = np.divmod(cell, len(DAYS) * len(ACTIVITIES))
    day, kind = np.divmod(rest, len(ACTIVITIES))
    sent = ~((place == LATE_PLACE) & (MONTHS[MONTH_OF_DAY[day]] == LATE_MONTHS[-1]))
    place, day, kind = place[sent], day[sent], kind[sent]
    month_number = MONTHS.astype(int)[MONTH_OF_DAY[day]] % 12 + 1
    theme_of = {m: name for name, months in SEASON_THEMES.items() for m in months}
    themes = np.array([""] + [theme_of[m] for m in range(1, 13)], dtype=object)
    titles = np.array([np.resize(a.titles, 5) for a in ACTIVITIES], dtype=object)
    learning = np.isin(np.array([a.name for a in ACTIVITIES])[kind], LEARNING)
    frame = pd.DataFrame(
        {
            "title": titles[kind, rng.integers(0, 5, len(kind))],
            "activity_type": np.array([a.name for a in ACTIVITIES], dtype=object)[kind],
            "dimension": np.array([a.dimension for a in ACTIVITIES], dtype=object)[kind],
            "place_index": place,
            "held_on": DAYS[day],
            "month": MONTH_OF_DAY[day],
        }
    )
    frame["number"] = frame.groupby(["place_index", "month"]).cumcount() + 1
    codes = np.datetime_as_string(MONTHS[frame["month"]], "M")
    station, organiser = _where(rng, place, DAYS[day], stations), _organisers(rng, place, learning, orgs)
    joint = np.isin(organiser, UNITS) | (stream(seed, "joint activities").random(len(kind)) < 0.14)
    return frame.assign(
        activity_no=[f"HD{c[:4]}{c[5:]}{p + 1:02d}{n:02d}" for c, p, n in zip(codes, place, frame["number"], strict=True)],
        place=np.array(NAMES, dtype=object)[place],
        season=np.where(learning, "", themes[month_number]),
        station=station,
        organiser=organiser,
        joint=np.where(joint, "是", "否"),
        attendances=_attendances(rng, kind, place),
    )


def learning_by_month(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Sessions and attendances of training and study, places × months, as the monthly table reports them."""
    chosen = frame[frame["activity_type"].isin(LEARNING)]
    cell = chosen["place_index"].to_numpy() * len(MONTHS) + chosen["month"].to_numpy()
    add_up = lambda weights: np.bincount(cell, weights, PLACES * len(MONTHS)).reshape(PLACES, -1).astype(int)  # noqa: E731
    return {"training_sessions": add_up(None), "training_attendances": add_up(chosen["attendances"].to_numpy())}
