"""Pages drawn before anybody asks: who comes next finds everything worked out, and whoever rehearses leaves no trace."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from signed import AUTH, home_with_roles
from streamlit.testing.v1 import AppTest

from benchmarks.serving import free_port
from jiejian import audit
from jiejian.home import PROJECT, Home
from jiejian.ui import ahead, person
from jiejian.ui.frame import PAGES

PERIODS = 2
HEAVY = ("numpy", "pandas", "pyarrow", "duckdb", "scipy", "xlsxwriter", "openpyxl", "pydantic", "etl")
# A server in a process of its own: it rehearses, then somebody comes by the network and opens the same pages.
PROGRAM = """
import asyncio, json, sys, threading, time

import uvicorn, websockets
import dashboard
from benchmarks.visitors import Visits, _Visitor
from jiejian.ui import ahead, data, person

ahead.PERIODS, ahead.PATIENCE_S, ahead.REST, port = {periods}, 0.0, 0.0, {port}
server = uvicorn.Server(uvicorn.Config(dashboard.app, host="127.0.0.1", port=port, log_level="error"))
serving = threading.Thread(target=server.run, daemon=True)
ended, rehearse = threading.Event(), ahead._rehearse
seen = []
# A rehearsal that is over says so; who sits there meanwhile is noted.
def whole(loop):
    rehearse(loop)
    ended.set()
ahead._rehearse = whole
current = person.current
def noted():
    seen.append(current().account)
    return current()
person.current = noted


async def come():
    visits = Visits()
    who = _Visitor(1, f"127.0.0.1:{{port}}", visits, 0)
    async with websockets.connect(f"ws://127.0.0.1:{{port}}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as who._socket:
        await who.run("")
        for n in range({periods}):
            for page in {pages}:
                who.pick(n)
                await who.run(who._pages.get(page, ""))  # the front page has no name in its address
    return visits.faults


serving.start()
there = ended.wait(240)
before, rehearsed, modules = set(data._WORKED._answers), sorted(set(seen)), set(sys.modules)
faults = asyncio.run(come()) if there else ["never rehearsed"]
late = sorted(key[0].__name__ for key in set(data._WORKED._answers) - before)
imported = sorted(m for m in set(sys.modules) - modules if m.split(".")[0] in {heavy})
print(json.dumps({{
    "before": len(before), "late": late, "faults": faults, "left": len(person.rehearsing), "rehearsed": rehearsed, "imported": imported,
}}))
server.should_exit = True
serving.join(20)
"""


def test_who_comes_after_the_rehearsal_finds_everything_worked_out(demo_home, tmp_path):
    pages = [p.name for p in PAGES if p.may == "see" and p.needs.time != "none" and p.needs.anything]
    program = PROGRAM.format(periods=PERIODS, port=free_port(), pages=pages, heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT, env={**os.environ, "JIEJIAN_HOME": str(demo_home)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    assert found["faults"] == [] and found["late"] == []
    assert found["before"] > 60 * PERIODS, "pages keep what they work out"
    assert found["imported"] == []
    assert found["left"] == 0 and found["rehearsed"] == [""], "nobody sits there, and afterwards no session is let in by that way"


def test_where_people_sign_in_the_rehearsal_goes_past_the_door_and_is_on_no_record(demo_home, tmp_path, monkeypatch):
    home = home_with_roles(demo_home, tmp_path / "home")
    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    monkeypatch.setattr(person, "rehearsing", {"test session id"})  # the one session of Streamlit's test runner
    test = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=60)
    test.secrets["auth"], test.user = AUTH, {}
    test.run()
    assert not test.exception and not test.error and test.title[0].value == "总览"
    assert audit.records(Home(home)).empty
    person.rehearsing.clear()
    assert not test.run().metric and "请先登录" in test.info[0].value


def test_the_newest_period_comes_first_and_what_has_no_period_once(monkeypatch):
    monkeypatch.setattr(ahead, "PERIODS", 2)
    planned = list(ahead.plan(["2026年10月", "2026年9月"], {}))
    assert planned[0] == ("overview", {"period": "2026年10月"})
    months = {page: [picked["period"] for name, picked in planned if name == page] for page, _ in planned}
    assert months["members"] == ["2026年10月", "2026年9月"] and months["definitions"] == ["2026年10月"]
    assert {p.name for p in PAGES} - set(months) == {"import", "audit", "people", "selfcheck", "decks"}


def test_pages_that_take_long_are_drawn_of_every_period_unless_an_office_says_how_many(monkeypatch):
    """What a page took is known only while the newest periods are drawn."""
    monkeypatch.setattr(ahead, "PERIODS", 2)
    monkeypatch.setattr(ahead, "FARTHER", True)
    periods, took = ["2026年10月", "2026年9月", "2026年8月", "2026年7月"], {}

    def drawn() -> list[tuple[str, str]]:
        found = []
        for page, picked in ahead.plan(periods, took):
            # A page's first look may wait for what is imported: the middle one tells.
            took.setdefault(page, []).append({"overview": 0.3, "scoring": 0.2}.get(page, 2.0 if page == "members" and page not in took else 0.05))
            found.append((page, picked["period"]))
        return found

    monkeypatch.setattr(ahead, "_newest", lambda some: ((p, {"period": one}) for one in (*some, some[-1]) for p in ("overview", "members", "scoring")))
    assert drawn()[9:] == [("overview", "2026年8月"), ("scoring", "2026年8月"), ("overview", "2026年7月"), ("scoring", "2026年7月")]
    monkeypatch.setattr(ahead, "FARTHER", False)
    assert len(drawn()) == 9


@pytest.mark.parametrize(("wanted", "periods"), [("", 24), (" ", 24), ("6", 6), ("0", 0), ("-3", 0), ("两年", 24)])
def test_an_office_says_how_many_periods(wanted, periods):
    assert ahead.periods_of(wanted) == periods
