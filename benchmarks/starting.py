"""The start as an official meets it: a fresh server until it is healthy, then a browser that was here before until its first chart.

The browser is open and keeps its files from the first visit; the warehouse is there; the second visit meets a server that was started
for it and has served nobody: at the very moment when that is healthy, some seconds later, and once more. What a browser that was itself
only just started takes for its second visit stands beside it: the machine's own cost of opening a browser, whatever the server does.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving import CHROMIUM_FLAGS, chromium, free_port, serve
from jiejian.home import home

HEALTH_S, CHART_S = 1.5, 3.0
TIMES, SETTLED_S = 3, 5.0
CHART = ".main-svg"  # what Plotly draws into


def measure() -> list[tuple[str, float, float | None]]:
    """Rows of (what, seconds, limit); medians of a few starts."""
    browser = chromium()
    health, at_once, settled, warm, opened = [], [], [], [], []
    # The same port each time: what a browser keeps, it keeps for one address.
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        if browser is None:
            for _ in range(TIMES):
                with _started(port, health):
                    pass
            return [_healthy(health)]
        with _tab(browser, Path(folder)) as tab, _started(port, health) as address:
            first = chart(tab, address)
        with _started(port, health) as address:
            for _ in range(TIMES):
                with _tab(browser, Path(folder)) as tab:
                    opened.append(chart(tab, address))
        with _tab(browser, Path(folder)) as tab:
            for turn in range(2 * TIMES + 1):
                with _started(port, health) as address:
                    if turn % 2:
                        time.sleep(SETTLED_S)
                    taken = chart(tab, address)
                    # The first one only brings the browser's own files into its memory.
                    if turn:
                        (settled if turn % 2 else at_once).append(taken)
                        warm.append(chart(tab, address))
    return [
        _healthy(health),
        ("first visit of a browser to a fresh server: first chart, s", first, None),
        ("second visit, server healthy this instant: first chart, s", statistics.median(at_once), None),
        (f"second visit, server healthy for {SETTLED_S:g} s, nobody served: first chart, s", statistics.median(settled), CHART_S),
        ("second visit, server has served somebody: first chart, s", statistics.median(warm), CHART_S),
        ("second visit, browser only just started: first chart, s", statistics.median(opened), None),
    ]


def _healthy(seconds: list[float]) -> tuple[str, float, float | None]:
    return "a fresh server is healthy, s", statistics.median(seconds), HEALTH_S


@contextmanager
def _started(port: int, health: list[float]) -> Iterator[str]:
    """A fresh server of the home that is in force; the seconds until it was healthy are noted."""
    began = time.perf_counter()
    with serve(home().root, port, patience=0.01) as address:
        health.append(time.perf_counter() - began)
        yield address


def chart(tab, address: str) -> float:
    """Seconds from the address to the first chart."""
    tab.goto("about:blank")
    began = time.perf_counter()
    tab.goto(address, wait_until="commit")
    tab.locator(CHART).first.wait_for(timeout=60_000)
    return time.perf_counter() - began


@contextmanager
def _tab(browser: str, folder: Path) -> Iterator:
    """A window of a browser that remembers what it was served before."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            str(folder), executable_path=browser, args=CHROMIUM_FLAGS, viewport={"width": 1366, "height": 768}, locale="zh-CN"
        )
        try:
            yield context.pages[0]
        finally:
            context.close()
