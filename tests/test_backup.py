"""The home in one file and back: nothing is lost, a broken archive changes nothing, an update keeps the loads."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import threading
import time
import zipfile
from pathlib import Path

import pytest
from conftest import run_etl
from filelock import FileLock
from street import Street

from etl import backup, build
from etl.warehouse import serving
from jiejian.home import home

HEADS = ["社区", "户数", "常住人口", "代办事项"]
ROWS = [["春和社区", 1200, 3100, 10], ["望湖社区", 1350, 3400, 80]]
FIGURES = {("春和", "2026-10"): 1200.0, ("望湖", "2026-10"): 1350.0}


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    """A street with two figures, an undone load, an application's state, a deck and a catalogue of its own."""
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    street.monthly("2026年10月", ROWS, HEADS)
    street.refresh()
    street.monthly("2026年9月", [["春和社区", 9, 9, 9]], HEADS)
    street.refresh()
    build.rollback(last=True)
    (street.root / "decks").mkdir()
    (street.root / "decks" / "mine.yml").write_text("name: 我的演示\n", encoding="utf-8")
    with sqlite3.connect(street.root / "state.sqlite") as state:
        state.execute("PRAGMA journal_mode=WAL")
        state.execute("CREATE TABLE IF NOT EXISTS audit_test (what VARCHAR)")
        state.execute("INSERT INTO audit_test VALUES ('导入')")
    (street.root / "uploads").mkdir(exist_ok=True)
    (street.root / "uploads" / "raw.xlsx").write_bytes(b"raw")
    return street


def printed(root: Path) -> dict[str, str]:
    """What a backup must bring back: each file with its hash, but what is derived, expires or is at work."""
    kept = [p for p in root.rglob("*") if p.is_file() and p.relative_to(root).parts[0] not in ("warehouse", "uploads")]
    return {
        p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in kept
        if not p.name.startswith((".", "state.sqlite")) and not p.relative_to(root).parts[0].startswith(backup.ASIDE)
    }


def test_everything_comes_back_in_another_home(street, tmp_path, monkeypatch):
    before = printed(street.root)
    assert len(before) > 8 and street.figures("households") == FIGURES
    out = tmp_path / "备份.zip"
    build.back_up(out)
    if os.name == "posix":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
    names = zipfile.ZipFile(out).namelist()
    assert not [n for n in names if n.startswith(("warehouse", "uploads"))] and "state.sqlite" in names
    other = Street(tmp_path / "other", monkeypatch)
    archive, _, _ = build.bring_back(out, replace=True)
    assert printed(other.root) == before and set(archive.files) >= set(before)
    assert other.figures("households") == FIGURES, "the undone load stays undone"
    with sqlite3.connect(other.root / "state.sqlite") as state:
        assert state.execute("SELECT what FROM audit_test").fetchall() == [("导入",)]


def test_a_restore_takes_back_what_was_done_since_and_keeps_it_aside(street, tmp_path):
    before, out = printed(street.root), tmp_path / "b.zip"
    build.back_up(out)
    street.monthly("2026年10月", [["春和社区", 5, 5, 5], ["望湖社区", 6, 6, 6]], HEADS)
    (street.root / "decks" / "new.yml").write_text("name: 新的\n", encoding="utf-8")
    (street.root / "roles.yml").write_text("x: 1\n", encoding="utf-8")
    street.refresh()
    assert street.figures("households")[("春和", "2026-10")] == 5.0
    with pytest.raises(backup.Broken, match="--replace"):
        build.bring_back(out)
    old = serving(home())
    _, aside, _ = build.bring_back(out, replace=True)
    assert street.figures("households") == FIGURES and printed(street.root) == before
    assert (aside / "decks" / "new.yml").is_file() and (aside / "roles.yml").is_file() and (aside / "loads").is_dir()
    assert serving(home()) != old, "sessions move to a new version; the one they read was not touched"


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-400])


def flipped(path: Path) -> None:
    """One byte in the middle of a stored member."""
    content = bytearray(path.read_bytes())
    content[content.index(b"PAR1") + 40] ^= 1
    path.write_bytes(bytes(content))


def no_zip(path: Path) -> None:
    path.write_text("备份", encoding="utf-8")


def other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")


def leads_out(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(backup.ABOUT, '{"format": 1, "made_at": "2026", "schema": 1, "files": {"../../out.txt": "00"}}')
        archive.writestr("../../out.txt", "out")


def newer(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(backup.ABOUT, '{"format": 99, "made_at": "2026", "schema": 1, "files": {}}')


@pytest.mark.parametrize("break_it", [truncated, flipped, no_zip, other_zip, leads_out, newer])
def test_a_broken_archive_is_refused_in_a_sentence_and_changes_nothing(street, tmp_path, break_it):
    out = tmp_path / "b.zip"
    build.back_up(out)
    break_it(out)
    before, current = printed(street.root), serving(home())
    result = run_etl(street.root, "restore", str(out), "--replace")
    assert result.returncode == 2 and "Traceback" not in result.stderr
    assert result.stderr.strip().endswith("。") and ("b.zip" in result.stderr)
    assert printed(street.root) == before and serving(home()) == current
    assert not list(street.root.glob(".restore*")) and not (tmp_path.parent / "out.txt").exists()


def test_a_load_under_way_is_waited_for(street, tmp_path):
    lock = FileLock(street.root / ".etl.lock")
    lock.acquire()
    done = []
    thread = threading.Thread(target=lambda: done.append(build.back_up(tmp_path / "b.zip")))
    thread.start()
    time.sleep(0.5)
    assert not done and not (tmp_path / "b.zip").exists()
    lock.release()
    thread.join(60)
    assert done and zipfile.ZipFile(tmp_path / "b.zip").testzip() is None


@pytest.mark.parametrize("after", ["plan", "aside", "half"])
def test_a_restore_that_was_killed_is_finished_by_the_next_run(street, tmp_path, after):
    before, out = printed(street.root), tmp_path / "b.zip"
    build.back_up(out)
    street.monthly("2026年10月", [["春和社区", 5, 5, 5]], HEADS)
    street.refresh()
    backup.unpack(home(), out)
    if after != "plan":  # what the killed run had done already
        import json

        plan = json.loads((street.root / backup.READY / ".plan.json").read_text(encoding="utf-8"))
        aside = street.root / plan["aside"]
        aside.mkdir()
        (street.root / "loads").replace(aside / "loads")
        if after == "half":
            (street.root / backup.READY / "loads").replace(street.root / "loads")
    street.refresh()
    assert printed(street.root) == before and street.figures("households") == FIGURES


def test_an_update_rebuilds_the_warehouse_of_an_older_version_from_the_loads(street, monkeypatch):
    """The same home under a program of another SCHEMA_VERSION: a new version of the warehouse, the loads byte for byte the same."""
    loads, old = printed(street.root), serving(home())
    monkeypatch.setattr("etl.warehouse.SCHEMA_VERSION", 10_000)
    new = build.ensure()
    assert new != old and street.figures("households") == FIGURES
    assert {k: v for k, v in printed(street.root).items() if k.startswith("loads/0")} == {
        k: v for k, v in loads.items() if k.startswith("loads/0")
    }


def test_the_commands(street, tmp_path):
    out = tmp_path / "备份.zip"
    made = run_etl(street.root, "backup", str(out))
    assert made.returncode == 0 and "已备份" in made.stdout, made.stderr
    again = run_etl(street.root, "restore", str(out))
    assert again.returncode == 2 and "--replace" in again.stderr
    back = run_etl(street.root, "restore", str(out), "--replace")
    assert back.returncode == 0 and "已恢复" in back.stdout and "before-restore-" in back.stdout, back.stderr
    assert street.figures("households") == FIGURES
