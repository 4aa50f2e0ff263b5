"""What a community is at each month's end: households, residents, members, units, volunteers (places × months)."""

from __future__ import annotations

import numpy as np

from etl.demo.chance import logistic, logit, stream
from etl.demo.profile import COMMUNITIES, HOUSEHOLDS, KIND, PLACES
from etl.demo.seasons import MONTHS, SPRING_FESTIVALS

# By kind of community: old estates, commercial housing, resettlement, former village.
GROWTH = np.array([0.0002, 0.0021, 0.0012, 0.0004])  # households a month
PERSONS = np.array([2.46, 2.83, 2.95, 3.02])  # residents of a household
FLOATING = np.array([0.13, 0.21, 0.11, 0.29])
ELDERLY = np.array([0.268, 0.127, 0.203, 0.189])
MEMBERS = np.array([0.031, 0.020, 0.022, 0.025])
IN_SERVICE = np.array([0.026, 0.047, 0.024, 0.012])


def _whole(values: np.ndarray) -> np.ndarray:
    return np.rint(values).astype(int)


def _path(newest: np.ndarray, growth: np.ndarray | float) -> np.ndarray:
    """A stock that reaches ``newest`` in the last month, growing by ``growth`` a month."""
    back = np.arange(len(MONTHS)) - (len(MONTHS) - 1)
    return np.asarray(newest)[:, None] * (1 + np.broadcast_to(growth, (PLACES,))[:, None]) ** back


def _share(rng: np.random.Generator, first: float, last: float, spread: float) -> np.ndarray:
    """A share that moves from ``first`` to ``last`` over the months, each community a little apart."""
    way = np.linspace(logit(first), logit(last), len(MONTHS))
    return logistic(way + rng.normal(0, spread, (PLACES, 1)) + rng.normal(0, 0.02, (PLACES, len(MONTHS))))


def _people(rng: np.random.Generator, households: np.ndarray) -> dict[str, np.ndarray]:
    apart = lambda spread: rng.normal(1, spread, (PLACES, 1))  # noqa: E731 - one word for one idea
    persons = households * PERSONS[KIND][:, None] * apart(0.03)
    floating_share = FLOATING[KIND][:, None] * apart(0.12)
    home_for_new_year = np.ones(len(MONTHS))
    home_for_new_year[[int((d.astype("datetime64[M]") - MONTHS[0]).astype(int)) for d in SPRING_FESTIVALS]] = 0.96
    registered = _whole(persons * (1 - floating_share))
    floating = _whole(persons * floating_share * home_for_new_year * rng.normal(1, 0.006, persons.shape))
    residents = registered + floating
    elderly = _whole(residents * ELDERLY[KIND][:, None] * apart(0.07) * np.linspace(0.94, 1, len(MONTHS)))
    return {
        "residents": residents,
        "registered_residents": registered,
        "floating_residents": floating,
        "elderly_residents": elderly,
    }


def _party(rng: np.random.Generator, residents: np.ndarray) -> dict[str, np.ndarray]:
    newest = residents[:, -1]
    members = _whole(_path(newest * MEMBERS[KIND] * rng.normal(1, 0.14, PLACES).clip(0.7, 1.35), 0.0013))
    in_service = _whole(_path(newest * IN_SERVICE[KIND] * rng.normal(1, 0.15, PLACES).clip(0.7, 1.35), 0.0017))
    registered = np.minimum(_whole(in_service * _share(rng, 0.74, 0.92, 0.30)), in_service)
    floating = rng.poisson(2 + newest[:, None] / 2500, (PLACES, len(MONTHS)))
    return {
        "registered_members": members,
        "in_service_members": in_service,
        "in_service_members_registered": np.maximum.accumulate(registered, axis=1).clip(max=in_service),
        # members come and go by ones: a running mean keeps the count from leaping
        "floating_members": _whole(np.cumsum(floating, axis=1) / np.arange(1, len(MONTHS) + 1)),
    }


def _units(rng: np.random.Generator, residents: np.ndarray) -> dict[str, np.ndarray]:
    units = _whole(_path(5 + residents[:, -1] / 520 * rng.normal(1, 0.22, PLACES).clip(0.6, 1.5), 0.003))
    registered = np.minimum(_whole(units * _share(rng, 0.77, 0.94, 0.35)), units)
    co_building = np.minimum(_whole(units * _share(rng, 0.48, 0.70, 0.25)), units)
    return {
        "resident_units": units,
        "resident_units_registered": np.maximum.accumulate(registered, axis=1).clip(max=units),
        "co_building_units": np.maximum.accumulate(co_building, axis=1).clip(max=units),
        "part_time_members": np.repeat(rng.integers(4, 10, (PLACES, 1)), len(MONTHS), axis=1),
    }


def _facilities(rng: np.random.Generator, households: np.ndarray, residents: np.ndarray) -> dict[str, np.ndarray]:
    per_building = np.array([46, 88, 64, 31])[KIND][:, None]
    windows = _whole(2.5 + residents[:, -1:] / 2400 + rng.uniform(-0.5, 0.5, (PLACES, 1)))
    added = np.cumsum(rng.random((PLACES, len(MONTHS))) < 0.12, axis=1)
    return {
        "estates": np.repeat([[c.estates] for c in COMMUNITIES], len(MONTHS), axis=1),
        "buildings": np.maximum.accumulate(_whole(households / per_building), axis=1),
        "community_workers": _whole(residents * 18 / 10_000 + rng.uniform(-1, 2, (PLACES, 1))),
        "volunteers": _whole(residents * _share(rng, 0.066, 0.118, 0.16)),
        "service_windows": np.repeat(windows, len(MONTHS), axis=1),
        "service_items": np.repeat(rng.integers(27, 66, (PLACES, 1)), len(MONTHS), axis=1) + 2 * added,
    }


def stocks(seed: int) -> dict[str, np.ndarray]:
    """Every stock of the monthly table but those of grids, as whole numbers, places × months."""
    rng = stream(seed, "population")
    households = np.maximum.accumulate(_whole(_path(HOUSEHOLDS, GROWTH[KIND])), axis=1)
    people = _people(rng, households)
    residents = people["residents"]
    return {
        "households": households,
        **people,
        **_party(rng, residents),
        **_units(rng, residents),
        **_facilities(rng, households, residents),
    }
