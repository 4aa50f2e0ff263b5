"""系统自检 against machines that are made unfit on purpose, and what the browser says of itself."""

from __future__ import annotations

import os
import time

import pytest
from test_journeys import open_page

from jiejian import selfcheck
from jiejian.home import Home
from jiejian.selfcheck import FIT, LOOK, UNFIT


def states(home: Home) -> dict[str, selfcheck.Finding]:
    return {one.name: one for one in selfcheck.findings(home)}


@pytest.fixture
def fresh(tmp_path) -> Home:
    return Home(tmp_path)


def test_a_sound_machine_is_fit_and_nothing_is_left_behind(fresh):
    found = states(fresh)
    assert {"写入权限", "磁盘空间", "服务器时间", "程序版本"} <= found.keys()
    assert found["写入权限"].state == found["服务器时间"].state == found["程序版本"].state == FIT
    assert all(one.todo for one in found.values() if one.state != FIT)
    assert list(fresh.root.iterdir()) == []


def test_a_home_that_cannot_be_written(tmp_path):
    """A file stands where the folder should be: no account, not even the administrator's, can write into it."""
    blocked = tmp_path / "home"
    blocked.write_text("", encoding="utf-8")
    found = states(Home(blocked))["写入权限"]
    assert found.state == UNFIT and str(blocked) in found.todo


def test_a_clock_that_was_set_back(fresh):
    load = fresh.loads / "000001-x"
    load.mkdir(parents=True)
    manifest = load / "manifest.json"
    manifest.write_text("{}", encoding="utf-8")
    assert states(fresh)["服务器时间"].state == FIT
    tomorrow = time.time() + 86_400
    os.utime(manifest, (tomorrow, tomorrow))
    assert states(fresh)["服务器时间"].state == UNFIT


def test_too_little_disk_for_a_warehouse_of_this_size(fresh):
    """A sparse warehouse of which four would not fit onto any disk, and none at all."""
    before = states(fresh)["磁盘空间"].state
    fresh.warehouse.mkdir()
    free = os.statvfs(fresh.root).f_bavail * os.statvfs(fresh.root).f_frsize
    with (fresh.warehouse / "jiejian-20260101000000-00000000.duckdb").open("wb") as file:
        file.truncate(free // 3)
    assert before in (FIT, LOOK) or free < 1 << 30
    found = states(fresh)["磁盘空间"]
    assert found.state == UNFIT and "GB" in found.todo


def test_a_key_that_others_can_read(fresh):
    key = fresh.root / "pseudonym.key"
    key.write_text("00", encoding="utf-8")
    key.chmod(0o644)
    assert states(fresh)["数据保密"].state == UNFIT
    key.chmod(0o600)
    assert states(fresh)["数据保密"].state == FIT


@pytest.mark.browser
def test_the_browser_tells_of_itself(server, page):
    open_page(page, server, "selfcheck")
    page.wait_for_function("[...document.querySelectorAll('.jj-check [data-check]')].every(r => r.dataset.state)", timeout=20_000)
    rows = page.eval_on_selector_all(".jj-check tbody tr", "rows => rows.map(r => [r.cells[0].innerText, r.dataset.state, r.cells[1].innerText])")
    found = {name: (state, told) for name, state, told in rows}
    assert found["浏览器"][0] == "合适" and "Chrome" in found["浏览器"][1]
    assert "Noto Sans CJK SC" in found["字体"][1] and "Microsoft YaHei" not in found["字体"][1]
    assert found["本机时间"][0] == "合适" and "Asia/Shanghai" in found["本机时间"][1]
    assert found["窗口大小"] == ("合适", "1366×768")
