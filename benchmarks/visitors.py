"""Many officials at once: sessions that speak Streamlit's own websocket protocol with a server on this machine.

A visitor opens the dashboard, then goes from page to page, each time after a pause, and now and then picks another month. What
is measured is the time from the question to the end of the script's run, as the browser would see it, without the drawing.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.serving import serve
from jiejian.home import home

_PATIENCE = 60.0  # seconds for one answer
_BROKEN = ForwardMsg.ScriptFinishedStatus.Value("FINISHED_WITH_COMPILE_ERROR")
_RAN_AGAIN = ForwardMsg.ScriptFinishedStatus.Value("FINISHED_EARLY_FOR_RERUN")


@dataclass
class Visits:
    """What all visitors met: seconds of each run by page, and every fault in words."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    first: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    resident: list[tuple[float, float]] = field(default_factory=list)  # seconds since the start, MB of the server

    @property
    def runs(self) -> list[float]:
        return sorted(s for some in self.seconds.values() for s in some)

    def percentile(self, share: float) -> float:
        """Seconds within which so many of a hundred runs end."""
        runs = self.runs
        return runs[min(len(runs) - 1, int(len(runs) * share / 100))] if runs else float("nan")

    def slowest(self) -> list[tuple[str, float]]:
        """Page and median seconds, slowest first."""
        medians = {page: statistics.median(some) for page, some in self.seconds.items()}
        return sorted(medians.items(), key=lambda m: -m[1])

    def growth(self) -> float:
        """MB by which the server's memory differs between the second and the last fifth of the time (medians)."""
        sizes = [size for _, size in self.resident]
        fifth = max(1, len(sizes) // 5)
        return statistics.median(sizes[-fifth:]) - statistics.median(sizes[fifth : 2 * fifth]) if len(sizes) >= 5 else 0.0


def visit(
    address: str, sessions: int, minutes: float, pause: float = 10.0, queries: Sequence[str] = ("",), pid: int = 0
) -> Visits:
    """Let ``sessions`` visitors use the server at ``address`` (host:port) for some minutes.

    ``pause`` is their mean time to think, in seconds; ``queries`` are the query strings that they choose from; the memory of the
    process ``pid`` is noted meanwhile.
    """
    # In a thread of its own: whoever calls may have an event loop already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _all(address, sessions, minutes * 60, pause, queries, pid)).result()


def measure(sessions: int = 100, minutes: float = 3.0) -> list[tuple[str, float, float | None]]:
    """Rows of (what, value, limit) for a server of the home that is in force."""
    with serve(home().root) as server:
        queries = ("", "period=2025-06", "period=2025-09", "period=2026-03")
        visits = visit(server.removeprefix("http://"), sessions, minutes, queries=queries, pid=server.pid)
    for fault in dict.fromkeys(visits.faults):
        print("fault:", fault)
    slowest = [(f"the same, {page}, median ms", seconds * 1000, None) for page, seconds in visits.slowest()[:5]]
    return [
        (f"{sessions} sessions, {minutes:g} minutes: runs", len(visits.runs), None),
        ("faults", len(visits.faults), 0),
        ("a rerun, median ms", visits.percentile(50) * 1000, None),
        ("a rerun, 95 % within, ms", visits.percentile(95) * 1000, 250),
        *slowest,
        ("memory of the server, MB", visits.resident[-1][1] if visits.resident else 0.0, None),
    ]


async def _all(address: str, sessions: int, seconds: float, pause: float, queries: Sequence[str], pid: int) -> Visits:
    visits, end = Visits(), time.monotonic() + seconds
    watcher = asyncio.create_task(_watch(visits, pid, end))
    await asyncio.gather(*(_Visitor(number, address, visits, pause, queries).stay(end) for number in range(sessions)))
    await watcher
    return visits


async def _watch(visits: Visits, pid: int, end: float) -> None:
    began = time.monotonic()
    while pid and time.monotonic() < end:
        if size := resident(pid):
            visits.resident.append((time.monotonic() - began, size))
        await asyncio.sleep(1)


def resident(pid: int) -> float:
    """MB that a process holds in memory; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


class _Visitor:
    """One browser window."""

    def __init__(self, number: int, address: str, visits: Visits, pause: float, queries: Sequence[str]):
        self._chance = random.Random(number)
        self._address, self._visits, self._pause, self._queries = address, visits, pause, queries
        self._pages: dict[str, str] = {}

    async def stay(self, end: float) -> None:
        import websockets

        await asyncio.sleep(self._chance.uniform(0, self._pause))
        url = f"ws://{self._address}/_stcore/stream"
        try:
            async with websockets.connect(url, subprotocols=["streamlit"], max_size=None, ping_interval=None) as self._socket:
                self._visits.first.append(await self._run("", ""))
                await self._walk(end)
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            self._visits.faults.append(f"connection: {type(error).__name__} {error}")

    async def _walk(self, end: float) -> None:
        to_see: list[str] = []
        while True:
            thought = self._chance.expovariate(1 / self._pause)
            if time.monotonic() + thought > end:
                return
            await asyncio.sleep(thought)
            if not to_see:
                to_see = self._chance.sample(list(self._pages), len(self._pages))
            page = to_see.pop()
            taken = await self._run(self._pages[page], self._chance.choice(self._queries))
            self._visits.seconds.setdefault(page, []).append(taken)

    async def _run(self, page: str, query: str) -> float:
        """Ask for a page and read until its script has ended; returns seconds."""
        asked = BackMsg()
        asked.rerun_script.query_string = query
        asked.rerun_script.page_script_hash = page
        began = time.perf_counter()
        await self._socket.send(asked.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(await asyncio.wait_for(self._socket.recv(), _PATIENCE))
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self._pages = {p.url_pathname: p.page_script_hash for p in message.navigation.app_pages if not p.is_hidden}
            elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
                self._visits.faults.append(message.delta.new_element.exception.message)
            elif kind == "script_finished" and message.script_finished != _RAN_AGAIN:
                if message.script_finished == _BROKEN:
                    self._visits.faults.append(f"{page}: the script does not compile")
                return time.perf_counter() - began
