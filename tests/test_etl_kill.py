"""kill -9 in the middle of a load: an old version serves on, whole, and the next run heals without a trace."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from conftest import run_etl
from street import COMMUNITIES, REGISTER, Street, table, workbook

from jiejian.home import PROJECT

# How long a run of this street works after its first file, in seconds; kills are spread over it.
WORK = 0.3
HEADS = ["社区", "户数", "常住人口", "代办事项"]
CASES = ["工单编号", "受理时间", "社区", "截止时间", "办结时间"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows 没有 SIGKILL，此处不测")


def send(inbox: Path, wave: int) -> None:
    """What arrives before run number ``wave``: a month of figures, a file of cases, a corrected register."""
    year, month = 1975 + wave // 12, wave % 12 + 1
    rows = [[name, 1000 + wave, 3000, wave] for _, name, *_ in COMMUNITIES]
    workbook(inbox / f"{year}年{month}月.xlsx", [[f"{year}年{month}月社区基本情况统计表"], HEADS, *rows])
    days = (f"{year}-{month:02d}-{1 + i % 28:02d} 08:{i % 60:02d}" for i in range(3000))
    table(
        inbox / f"诉求{wave}.csv", [CASES, *([f"A{wave}-{i}", day, COMMUNITIES[i % 3][1], "", ""] for i, day in enumerate(days))]
    )
    workbook(inbox / "名册.xlsx", [[f"第 {wave} 版"], REGISTER, *COMMUNITIES])


def start(root: Path) -> subprocess.Popen:
    environment = {**os.environ, "JIEJIAN_HOME": str(root)}
    quiet = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", "etl"], cwd=PROJECT, env=environment, stdout=quiet, stderr=quiet)


def wait_for_work(root: Path) -> None:
    """Until a run has put its first file into the home."""
    before = {*(root / "loads").iterdir(), *(root / "warehouse").iterdir()}
    limit = time.monotonic() + 300  # a machine that many share starts Python slowly
    while {*(root / "loads").iterdir(), *(root / "warehouse").iterdir()} == before:
        assert time.monotonic() < limit
        time.sleep(0.002)


def serving(root: Path) -> Path:
    return root / "warehouse" / (root / "warehouse" / "current").read_text(encoding="utf-8")


def figures(path: Path) -> list[tuple]:
    """All figures of the street in a version, in an order of their own; reads every column of every table on the way."""
    with duckdb.connect(str(path), read_only=True) as connection:
        for (name,) in connection.execute("SELECT table_name FROM information_schema.tables").fetchall():
            connection.execute(f'SELECT count(*), max(COLUMNS(*)) FROM "{name}"').fetchall()
        return connection.execute(
            """SELECT place_id, measure, grain, period_start, period_end, breakdown, category, value, status FROM figure
               WHERE dataset = 'street' ORDER BY ALL"""
        ).fetchall()


def leftovers(root: Path) -> list[str]:
    """Anything that a finished run does not leave."""
    found = [
        str(p.relative_to(root)) for p in root.rglob("*") if p.name.startswith(".") and p.name not in (".etl.lock", ".gitkeep")
    ]
    found += [p.name for p in (root / "loads").iterdir() if p.is_dir() and not (p / "manifest.json").is_file()]
    return found + [p.name for p in (root / "warehouse").iterdir() if p.suffix == ".wal"]


@pytest.mark.parametrize("manifest", ["", "{", "whole"])
def test_a_load_that_was_killed_while_its_record_was_written_is_no_load(tmp_path, monkeypatch, manifest):
    """One of 200 kills met this moment: the record was there and empty, and every later run took it for a damaged load."""
    street = Street(tmp_path / "home", monkeypatch)
    send(street.inbox, 0)
    assert run_etl(street.root).returncode == 0
    whole = next((street.root / "loads").glob("*/manifest.json"))
    half = street.root / "loads" / ".loading-1-000099-monthly-0badcafe"
    half.mkdir()
    (half / "manifest.json").write_text(whole.read_text(encoding="utf-8") if manifest == "whole" else manifest, encoding="utf-8")
    send(street.inbox, 1)
    healed = run_etl(street.root)
    assert healed.returncode == 0, healed.stdout + healed.stderr
    assert not half.exists() and leftovers(street.root) == []


# No run comes to its end, so each has more to do than the one before: the 500 of the nightly set are spread over ten homes.
@pytest.mark.parametrize(("kills", "home"), [(20, 0), *(pytest.param(50, n, marks=pytest.mark.nightly) for n in range(1, 11))])
def test_a_killed_load_leaves_the_old_version_whole_and_the_next_run_heals(tmp_path, monkeypatch, kills, home):
    root = Street(tmp_path / "home", monkeypatch).root
    send(root / "inbox", 0)
    assert run_etl(root).returncode == 0
    oldest = serving(root)
    before = figures(oldest)
    reader = duckdb.connect(str(oldest), read_only=True)
    chance = random.Random(20261122 + home)
    killed = half_done = 0
    largest = len(before)
    for wave in range(1, kills + 1):
        send(root / "inbox", wave)
        process = start(root)
        wait_for_work(root)
        time.sleep(chance.uniform(0, WORK))
        process.send_signal(signal.SIGKILL)
        killed += process.wait(60) == -signal.SIGKILL
        half_done += bool(leftovers(root))
        # Whatever was being done, the pointer names a version that opens and is whole.
        count = len(figures(serving(root)))
        assert count >= largest
        largest = count
        assert reader.execute("SELECT count(*) FROM figure WHERE dataset = 'street'").fetchone() == (len(before),)
    assert killed >= kills // 2, "the runs were over before they were killed: the test has lost its point"
    assert half_done, "no kill met a run in the middle of something"
    reader.close()

    healed = run_etl(root)
    assert healed.returncode == 0, healed.stdout + healed.stderr
    assert leftovers(root) == []
    assert run_etl(root).stdout.count("未变化") == 1

    # The same files in a fresh home give the same figures.
    fresh = Street(tmp_path / "fresh", monkeypatch).root
    (root / "inbox").rename(fresh / "inbox")
    assert run_etl(fresh).returncode == 0
    assert figures(serving(fresh)) == figures(serving(root))
    assert len(figures(serving(root))) > len(before)
