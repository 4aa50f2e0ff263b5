"""Reruns of pages after a filter change, against an empty page of the same frame and the bare queries.

Everything happens in this one process, through Streamlit's own script runner, so that the three figures of a row are
comparable. Each rerun picks a filter value that was not picked before: no frame comes out of a cache.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
from streamlit.testing.v1 import AppTest

from jiejian.home import PROJECT
from jiejian.warehouse import CONFIG, Warehouse

ALLOWANCE_MS = 60.0
RUNS = 9


@dataclass(frozen=True)
class Row:
    """Medians in milliseconds."""

    page: str
    rerun: float
    empty: float
    bare: float
    queries: int

    @property
    def limit(self) -> float:
        return self.empty + self.bare + ALLOWANCE_MS

    @property
    def holds(self) -> bool:
        return self.rerun <= self.limit


class Recorder:
    """Notes every query that the warehouse runs, so that the bare engine can run the same."""

    def __init__(self):
        self.queries: list[tuple[str, object]] = []
        self._frame = Warehouse.frame

    def __enter__(self) -> Recorder:
        recorder, frame = self, self._frame

        def noted(self, sql, parameters=()):
            recorder.queries.append((sql, parameters))
            recorder.path = self.path
            return frame(self, sql, parameters)

        Warehouse.frame = noted
        return self

    def __exit__(self, *_) -> None:
        Warehouse.frame = self._frame

    def bare(self) -> float:
        """Milliseconds of the noted queries on a connection of DuckDB alone, read to the end."""
        connection = duckdb.connect(str(self.path), read_only=True, config=CONFIG)
        started = time.perf_counter()
        for sql, parameters in self.queries:
            connection.execute(sql, parameters or None).fetchall()
        elapsed = (time.perf_counter() - started) * 1000
        connection.close()
        return elapsed


def on_page(name: str, script: str = "dashboard.py") -> AppTest:
    """A session on a page."""
    test = AppTest.from_file(str(PROJECT / script), default_timeout=60).run()
    return test.switch_page(f"pages/{name}.py").run() if name else test


def timed(test: AppTest) -> float:
    started = time.perf_counter()
    test.run(timeout=60)
    assert not test.exception, test.exception
    return (time.perf_counter() - started) * 1000


def empty_page() -> float:
    """Median of a rerun of the frame around nothing."""
    test = on_page("", "benchmarks/empty.py")
    return statistics.median(timed(test) for _ in range(RUNS))


def picker(key: str) -> Callable[[AppTest, int], None]:
    def pick(test: AppTest, turn: int) -> None:
        box = test.sidebar.selectbox(key=key)
        box.select_index((turn * 3 + 2) % len(box.options))

    return pick


def _metrics(test: AppTest, turn: int) -> None:
    box = test.sidebar.multiselect(key="metrics")
    count = len(box.options)
    box.set_value([box.options[(turn * 3 + k) % count] for k in range(3)])


FILTERS: dict[str, Callable[[AppTest, int], None]] = {
    "overview": picker("period"),
    "compare": picker("metric"),
    "trends": picker("metric"),
    "export": _metrics,
    "definitions": picker("group"),
}


def page_row(page: str, empty: float) -> Row:
    """Measure one page: the first runs are thrown away, then every run has a new filter value."""
    test = on_page(page)
    reruns, bares, counts = [], [], []
    for turn in range(RUNS):
        FILTERS[page](test, turn)
        with Recorder() as recorder:
            reruns.append(timed(test))
        bares.append(recorder.bare() if recorder.queries else 0.0)
        counts.append(len(recorder.queries))
    return Row(page, statistics.median(reruns), empty, statistics.median(bares), round(statistics.median(counts)))


def measure() -> list[Row]:
    empty = empty_page()
    return [page_row(page, empty) for page in FILTERS]
