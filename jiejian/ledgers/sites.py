"""Centres and stations, and how far the estates lie from the next one."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from jiejian.ledgers.registers import standing
from jiejian.warehouse import Warehouse

EARTH_KM = 6371.0088
TEN_MINUTES_KM = 0.8  # on foot, at about 4.8 km an hour, as the crow flies


def stations(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Centres and stations in use on a day: place_id, place, the columns of the ledger, and functions_held (0 to 5, missing unless told)."""
    rows = standing(source, dataset, "stations", as_of, places)
    five = rows[["outpost", "publicity", "helping", "council_corner", "launching"]]
    return rows.assign(functions_held=five.astype("boolean").sum(axis=1).where(five.notna().any(axis=1)))


def estates_by_distance(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Estates and the nearest open station of the whole street: place_id, place, estate_name, estate_kind, households, station_name, km.

    Straight lines. ``km`` is missing where an estate has no coordinates, or no station has any in the same system (crs).
    """
    homes, sites = standing(source, dataset, "estates", as_of, places), standing(source, dataset, "stations", as_of)
    sites = sites[sites["lon"].notna() & sites["lat"].notna()].reset_index(drop=True)
    km = _kilometres(homes, sites)
    alike = homes["crs"].fillna("").to_numpy(object)[:, None] == sites["crs"].fillna("").to_numpy(object)[None, :]
    km = np.where(alike & ~np.isnan(km), km, np.inf)
    nearest = km.argmin(axis=1) if km.shape[1] else np.zeros(len(homes), dtype=int)
    best = km[np.arange(len(homes)), nearest] if km.shape[1] else np.full(len(homes), np.inf)
    known = np.isfinite(best)
    names = sites["station_name"].to_numpy(object)
    columns = ["place_id", "place", "estate_name", "estate_kind", "households"]
    return homes[columns].assign(
        station_name=[names[n] if k else None for n, k in zip(nearest, known, strict=True)], km=np.where(known, best, np.nan)
    )


def _kilometres(homes: pd.DataFrame, sites: pd.DataFrame) -> np.ndarray:
    """Great-circle distances, homes × sites."""
    lon, lat, to_lon, to_lat = (np.radians(f[c].to_numpy(float)) for f in (homes, sites) for c in ("lon", "lat"))
    half = np.sin((to_lat[None, :] - lat[:, None]) / 2) ** 2
    half = half + np.cos(lat[:, None]) * np.cos(to_lat[None, :]) * np.sin((to_lon[None, :] - lon[:, None]) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(half))


def within_reach(estates: pd.DataFrame, km: float = TEN_MINUTES_KM) -> pd.DataFrame:
    """By community: place_id, place, households (of estates whose distance is known), within, share in percent; the street as a whole last."""
    known = estates[estates["km"].notna() & estates["households"].notna()]
    near = known.assign(within=known["households"].where(known["km"] <= km, 0))
    found = near.groupby(["place_id", "place"], sort=False)[["households", "within"]].sum().reset_index()
    whole = pd.DataFrame(
        {"place_id": [""], "place": ["合计"], "households": [found["households"].sum()], "within": [found["within"].sum()]}
    )
    found = pd.concat([found, whole], ignore_index=True)
    return found.assign(share=100 * found["within"] / found["households"].where(found["households"] > 0))
