"""Shared fixtures: a home with the real demo warehouse, a real server, a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from benchmarks.serving import CHROMIUM_FLAGS, chromium, serve
from jiejian.home import PROJECT

# Two tests at a time on two cores: how long one example takes says nothing.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# Servers of tests draw nothing ahead but the front page: half a processor each, for pages that nobody will open.
os.environ["JIEJIAN_AHEAD"] = "0"

CHROMIUM = chromium()
NO_BROWSER = "没有找到 Chromium 或 Chrome：浏览器测试未运行。安装 chromium 和 fonts-noto-cjk 后会自动运行（见 .ci/run）。"
REQUIRED = os.environ.get("JIEJIAN_REQUIRE_BROWSER") == "1"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite runs on all cores, one test more at a time since many wait for a browser or a server; some files or tests by name run
    in one process, which starts at once."""
    return (os.cpu_count() or 1) + 1 if config.args == config.getini("testpaths") else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes by the clock. Leave browser tests out, in words, where there is no browser; where one is required its
    absence is a failure."""
    items.sort(key=lambda item: not item.get_closest_marker("minutes"))
    if CHROMIUM:
        return
    if REQUIRED:
        pytest.exit("JIEJIAN_REQUIRE_BROWSER=1，但没有浏览器。", returncode=1)
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


def pytest_terminal_summary(terminalreporter) -> None:
    """Say in words what was left out, also in quiet runs."""
    if not CHROMIUM:
        terminalreporter.write_line(NO_BROWSER)


def run_etl(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m etl …`` in a home of its own, as a person would type it."""
    environment = {**os.environ, "JIEJIAN_HOME": str(home), "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "etl", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory, worker_id) -> Path:
    """A home in which ``python -m etl`` has loaded everything that ships and the demo street.

    It is made once a run; each further worker of a parallel run gets a copy, since tests save decks and settings there.
    """
    mine = tmp_path_factory.mktemp("demo") / "home"
    if worker_id == "master":
        return _loaded(mine)
    shared = tmp_path_factory.getbasetemp().parent / "demo_home"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            _loaded(shared.with_name("demo_home_unfinished")).rename(shared)
    return Path(shutil.copytree(shared, mine))


def _loaded(home: Path) -> Path:
    result = run_etl(home)
    # The demo's erring typist has rows that are given back: 1, not 0.
    assert result.returncode == 1, result.stdout + result.stderr
    return home


@pytest.fixture(scope="session")
def demo(demo_home):
    """The warehouse of :func:`demo_home`."""
    from jiejian.catalogue import load_catalogue
    from jiejian.home import BUNDLED_CATALOGUE, Home
    from jiejian.warehouse import Warehouse, serving

    return Warehouse(serving(Home(demo_home)), load_catalogue(BUNDLED_CATALOGUE))


@pytest.fixture(scope="session")
def server(demo_home) -> Iterator[str]:
    """One server for all journeys that do not need a fresh one."""
    with serve(demo_home) as address:
        yield address


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict:
    """pytest-playwright: the system's Chromium instead of a downloaded one."""
    return {"executable_path": CHROMIUM, "args": CHROMIUM_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args() -> dict:
    return {"viewport": {"width": 1366, "height": 768}, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
