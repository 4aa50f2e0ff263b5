"""The status board: the computation by itself over made-up figures, and over the real warehouse beside its bare query."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd

from jiejian.analysis.board import board
from jiejian.analysis.cells import order
from jiejian.catalogue import catalogue
from jiejian.figures import Cube
from jiejian.home import home
from jiejian.periods import periods_between
from jiejian.selection import Selection
from jiejian.warehouse import CONFIG, Warehouse, serving

RUNS = 5
METRICS, POINTS = 60, 36
# Places and the most milliseconds, warm.
LIMITS = ((23, 150.0), (300, 1500.0))


def median_ms(run: Callable[[], object]) -> float:
    """Median of several runs after one that is thrown away."""
    run()
    found = []
    for _ in range(RUNS):
        started = time.perf_counter()
        run()
        found.append((time.perf_counter() - started) * 1000)
    return statistics.median(found)


def made_up(places: int, as_of) -> Cube:
    """Figures of real metrics with a twentieth of gaps."""
    draw = np.random.default_rng(0)
    judged = [m for m in catalogue().metrics.values() if m.kind != "as_reported"]
    metrics = tuple((judged * METRICS)[:METRICS])
    periods = tuple(p for p in periods_between(as_of.replace(year=as_of.year - 4), as_of, "month"))[-POINTS:]
    value = draw.normal(80, 4, (METRICS, places, POINTS)).clip(0, 100)
    value[draw.random(value.shape) < 0.05] = np.nan
    names = pd.DataFrame({"place_id": [f"p{i}" for i in range(places)], "place": [f"社区{i}" for i in range(places)]})
    return Cube(metrics, names, periods, value, np.round(value * 5), np.full(value.shape, 500.0), np.zeros(value.shape[1:], int))


def _whole(cube: Cube, targets: pd.DataFrame | None = None) -> None:
    """All that the page computes: signals, targets, the others, the order."""
    made = board(cube, catalogue().measures, targets)
    order(made)


def measure() -> list[tuple[str, float, float | None]]:
    """Rows of (what, milliseconds, limit)."""
    source = Warehouse(serving(home()), catalogue())
    info = next(i for i in source.datasets().values() if i.mode == "periodic" and i.as_of)
    rows: list[tuple[str, float, float | None]] = []
    for places, limit in LIMITS:
        cube = made_up(places, info.as_of)
        rows.append((f"board {places} places × {METRICS} metrics × {POINTS} months", median_ms(lambda c=cube: _whole(c)), limit))
    return rows + _real(source, info)


def _real(source: Warehouse, info) -> list[tuple[str, float, float | None]]:
    """The demo's own board: the bare query of its figures, the figures as arrays, the board."""
    names = tuple(m.id for m in source.metrics(info.id) if "month" in source.grains(info.id, m.id))
    periods = periods_between(info.first, info.as_of, "month")
    selection = Selection(info.id, names, periods[-1], since=periods[-min(POINTS, len(periods))])
    noted: list[tuple[str, object]] = []
    asked = source.frame

    def note(sql, parameters=()):
        noted.append((sql, parameters))
        return asked(sql, parameters)

    source.frame = note
    cube, targets = source.cube(selection), source.targets(info.id, info.as_of)
    source.frame = asked
    with duckdb.connect(str(source.path), read_only=True, config=CONFIG) as bare:
        queries = median_ms(lambda: [bare.execute(sql, given or None).fetchall() for sql, given in noted])
    return [
        (f"bare queries, {len(names)} metrics × {len(cube.places)} places × {len(cube.periods)} months", queries, None),
        ("the same as arrays", median_ms(lambda: source.cube(selection)), None),
        ("board of these", median_ms(lambda: _whole(cube, targets)), LIMITS[0][1]),
    ]
