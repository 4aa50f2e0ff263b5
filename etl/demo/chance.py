"""Chance that repeats: one stream of random numbers a ledger, and draws over many rows at once."""

from __future__ import annotations

import zlib
from statistics import NormalDist

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for each ledger, so that a change to one leaves the others as they were."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))


def pick(rng: np.random.Generator, shares: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Draw one option a row. ``shares``: kinds × options (need not add up to 1); ``rows``: the kind of each row."""
    edges = np.cumsum(shares, axis=1, dtype=float)
    edges /= edges[:, -1:]
    drawn = rng.random(len(rows), dtype=np.float32)
    found = np.zeros(len(rows), dtype=np.int8)
    for option in range(edges.shape[1] - 1):
        found += drawn >= edges[rows, option]
    return found


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def quantile(p: np.ndarray) -> np.ndarray:
    """The normal quantile of each probability, for small arrays."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(x) for x in p.ravel()]).reshape(p.shape)


def split(rng: np.random.Generator, total: int, parts: int, spread: float = 0.25) -> np.ndarray:
    """Split a whole number into so many whole parts of about equal size."""
    weights = rng.normal(1, spread, parts).clip(0.3)
    edges = np.round(np.cumsum(weights) / weights.sum() * total).astype(int)
    return np.diff(edges, prepend=0)
