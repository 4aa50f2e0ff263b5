"""Many officials at once: sessions that speak Streamlit's own websocket protocol with a server on this machine.

A visitor opens the dashboard, then goes from page to page, each time after a pause, and picks another month now and then, as the browser
does it: by the value of the picker, which goes along with every later question. Like a browser it keeps large messages for as many runs
as the server says and names those that it has. What is measured is the time from the question to the end of the script's run, as the
browser would see it, without the drawing.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.serving import serve
from jiejian.home import home
from jiejian.ui.ahead import PATIENCE_S

_PATIENCE = 60.0  # seconds for one answer
# The picker of the month; which of its choices visitors pick, the newest first, and how often they pick another.
_PICKER, _CHOICES, _PICKS = "时间", (0, 1, 7, 13), 0.25
_BROKEN = ForwardMsg.ScriptFinishedStatus.Value("FINISHED_WITH_COMPILE_ERROR")
_RAN_AGAIN = ForwardMsg.ScriptFinishedStatus.Value("FINISHED_EARLY_FOR_RERUN")


@dataclass
class Visits:
    """What all visitors met: seconds of each run by page, and every fault in words."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    first: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    resident: list[tuple[float, float]] = field(default_factory=list)  # seconds since the start, MB of the servers

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


def visit(addresses: str | Sequence[str], sessions: int, minutes: float, pause: float = 10.0, pids: Sequence[int] = ()) -> Visits:
    """Let ``sessions`` visitors use the server at ``addresses`` (host:port), or several in turn, for some minutes.

    ``pause`` is their mean time to think, in seconds; the memory of the processes ``pids`` is noted meanwhile.
    """
    asked = [addresses] if isinstance(addresses, str) else list(addresses)
    # In a thread of its own: whoever calls may have an event loop already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _all(asked, sessions, minutes * 60, pause, pids)).result()


def measure(sessions: int = 100, minutes: float = 3.0, servers: Sequence[int] = (1, 2)) -> list[tuple[str, float, float | None]]:
    """Rows of (what, value, limit) for a server of the home that is in force, and for two side by side, as a proxy would spread people."""
    rows: list[tuple[str, float, float | None]] = []
    for count in servers:
        with ExitStack() as stack:
            served = [stack.enter_context(serve(home().root)) for _ in range(count)]
            waited = max(settled(server.pid) for server in served)
            used = sum(cpu(server.pid) for server in served)
            addresses = [server.removeprefix("http://") for server in served]
            visits = visit(addresses, sessions, minutes, pids=[server.pid for server in served])
            used = sum(cpu(server.pid) for server in served) - used
        for fault in dict.fromkeys(visits.faults):
            print("fault:", fault)
        head = f"{count} server{'s' if count > 1 else ''}, {sessions} sessions, {minutes:g} minutes"
        rows += [
            (f"{head}: pages made ready before anybody comes, s", waited, None),
            ("runs", len(visits.runs), None),
            ("faults", len(visits.faults), 0),
            ("a rerun, median ms", visits.percentile(50) * 1000, None),
            ("a rerun, 95 % within, ms", visits.percentile(95) * 1000, 250),
            ("processor a rerun, ms", 1000 * used / max(1, len(visits.runs)), None),
            *((f"{page or 'overview'}, median ms", seconds * 1000, None) for page, seconds in visits.slowest()[:5]),
            ("memory of the servers, MB", visits.resident[-1][1] if visits.resident else 0.0, None),
        ]
    return rows


def settled(pid: int, idle: float = 0.03, most: float = 900.0) -> float:
    """Wait until a server has nothing more to make ready: until it uses the processor no more; seconds."""
    began = time.monotonic()
    time.sleep(PATIENCE_S + 5)
    while time.monotonic() - began < most:
        before = cpu(pid)
        time.sleep(10)
        if cpu(pid) - before < 10 * idle:
            break
    return time.monotonic() - began


def cpu(pid: int) -> float:
    """Seconds of the processor that a process has used; 0 where the system does not say."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


async def _all(addresses: Sequence[str], sessions: int, seconds: float, pause: float, pids: Sequence[int]) -> Visits:
    visits, end = Visits(), time.monotonic() + seconds
    watcher = asyncio.create_task(_watch(visits, pids, end))
    come = (_Visitor(number, addresses[number % len(addresses)], visits, pause) for number in range(sessions))
    await asyncio.gather(*(visitor.stay(end) for visitor in come))
    await watcher
    return visits


async def _watch(visits: Visits, pids: Sequence[int], end: float) -> None:
    began = time.monotonic()
    while pids and time.monotonic() < end:
        if size := sum(resident(pid) for pid in pids):
            visits.resident.append((time.monotonic() - began, size))
        await asyncio.sleep(1)


def resident(pid: int) -> float:
    """MB that a process holds in memory; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


class _Visitor:
    """One browser window."""

    def __init__(self, number: int, address: str, visits: Visits, pause: float):
        self._chance = random.Random(number)
        self._address, self._visits, self._pause = address, visits, pause
        self._pages: dict[str, str] = {}
        # The id of the picker of the month with its choices, and what is picked.
        self._picker, self._offered, self._picked = "", [], ""
        # Large messages by their hash: the run in which each was met last, and for how many runs they are kept.
        self._kept: dict[str, int] = {}
        self._run, self._longest = 0, 0

    async def stay(self, end: float) -> None:
        import websockets

        await asyncio.sleep(self._chance.uniform(0, self._pause))
        url = f"ws://{self._address}/_stcore/stream"
        try:
            async with websockets.connect(url, subprotocols=["streamlit"], max_size=None, ping_interval=None) as self._socket:
                self._visits.first.append(await self.run(""))
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
            if self._chance.random() < _PICKS:
                self.pick(self._chance.choice(_CHOICES))
            taken = await self.run(self._pages[page])
            self._visits.seconds.setdefault(page, []).append(taken)

    def pick(self, choice: int) -> None:
        """Pick a month by its number in the picker, from 0."""
        self._picked = self._offered[choice] if choice < len(self._offered) else ""

    async def run(self, page: str) -> float:
        """Ask for a page (by its hash) and read until its script has ended; returns seconds."""
        asked = BackMsg()
        asked.rerun_script.page_script_hash = page
        asked.rerun_script.cached_message_hashes.extend(self._kept)
        if self._picked:
            state = asked.rerun_script.widget_states.widgets.add()
            state.id, state.string_value = self._picker, self._picked
        began = time.perf_counter()
        await self._socket.send(asked.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(await asyncio.wait_for(self._socket.recv(), _PATIENCE))
            kind = message.WhichOneof("type")
            self._keep(message, kind)
            if kind == "navigation":
                self._pages = {p.url_pathname: p.page_script_hash for p in message.navigation.app_pages if not p.is_hidden}
            elif kind == "delta":
                self._take(message.delta.new_element)
            elif kind == "script_finished" and message.script_finished != _RAN_AGAIN:
                if message.script_finished == _BROKEN:
                    self._visits.faults.append(f"{page}: the script does not compile")
                return time.perf_counter() - began

    def _keep(self, message: ForwardMsg, kind: str) -> None:
        """Keep what is worth keeping, and let go of what was not met for some runs (as Streamlit's ForwardMessageCache does)."""
        if kind == "new_session":
            self._longest = message.new_session.config.max_cached_message_age
        elif kind == "ref_hash" and message.ref_hash not in self._kept:
            self._visits.faults.append("a message that the visitor has not was not sent")
        elif kind == "script_finished":
            self._run += 1
            self._kept = {key: met for key, met in self._kept.items() if self._run - met <= self._longest}
        if kind == "ref_hash" or message.metadata.cacheable:
            self._kept[message.ref_hash if kind == "ref_hash" else message.hash] = self._run

    def _take(self, element) -> None:
        """Look at an element for faults, and for the picker of the month."""
        kind = element.WhichOneof("type")
        if kind == "exception":
            self._visits.faults.append(element.exception.message)
        elif kind == "selectbox" and element.selectbox.label == _PICKER:
            self._picker, self._offered = element.selectbox.id, list(element.selectbox.options)
