"""Undoing a load: earlier figures come back, nothing is deleted, a kill in the middle is healed, an undo can be undone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import run_etl
from street import COMMUNITIES, REGISTER, Street, workbook

from etl import build
from etl.__main__ import main
from etl.undo import Refused
from jiejian.home import PROJECT

HEADS = ["社区", "户数", "常住人口", "代办事项"]
OCTOBER = [["春和社区", 1200, 3100, 10], ["望湖社区", 1350, 3400, 80], ["麦香社区", 1230, 2900, 7]]
WRONG = [["春和社区", 12, 31, 1], ["望湖社区", 13, 34, 8]]


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    street.monthly("2026年9月", [["春和社区", 1190, 3000, 9]], HEADS)
    street.monthly("2026年10月", OCTOBER, HEADS)
    street.refresh()
    return street


def households(street: Street) -> dict[str, float | None]:
    return {place: value for (place, month), value in street.figures("households").items() if month == "2026-10"}


def test_october_again_replaces_october_of_those_places_and_nothing_else(street):
    before = street.ask("SELECT count(*) FROM observation WHERE dataset = 'street' AND period_start = DATE '2026-09-01'")
    street.monthly("2026年10月", WRONG, HEADS, name="十月更正.xlsx")
    street.refresh()
    # 麦香 is not in the second file: its October stands. September stands.
    assert households(street) == {"春和": 12, "望湖": 13, "麦香": 1230}
    assert street.figures("households")["春和", "2026-09"] == 1190
    assert before == street.ask("SELECT count(*) FROM observation WHERE dataset = 'street' AND period_start = DATE '2026-09-01'")


def test_an_undone_load_gives_way_to_what_it_replaced_and_can_come_back(street):
    street.monthly("2026年10月", WRONG, HEADS, name="十月更正.xlsx")
    street.refresh()
    loads_before = sorted(p.name for p in (street.root / "loads").glob("*/manifest.json"))
    (going,), summary = build.rollback(last=True, by="李工")
    assert going.file == "十月更正.xlsx" and summary.rebuilt
    assert households(street) == {"春和": 1200, "望湖": 1350, "麦香": 1230}
    assert street.ask("SELECT undone_by, active FROM load WHERE file = '十月更正.xlsx'") == [("李工", False)]
    # The file still lies in the inbox: a mere refresh does not load it again.
    again = street.refresh()
    assert (again.written, again.rebuilt) == ([], False)
    (coming,), _ = build.restore([going.load_id])
    assert coming == going
    assert households(street) == {"春和": 12, "望湖": 13, "麦香": 1230}
    assert sorted(p.name for p in (street.root / "loads").glob("*/manifest.json")) == loads_before
    assert next((r.action, r.user) for r in build.history().records) == ("undo", "李工")


def test_the_same_file_name_with_other_content_goes_back_to_the_former_version(street):
    path = street.monthly("2026年10月", WRONG, HEADS)
    street.refresh()
    assert households(street)["春和"] == 12
    build.rollback(last=True)
    assert households(street) == {"春和": 1200, "望湖": 1350, "麦香": 1230}
    # Loading the same bytes again is a new load, made on purpose.
    summary = build.load([path])
    assert [m.file for m in summary.written] == [path.name]
    assert households(street)["春和"] == 12
    assert len(build.history().undone) == 1


def test_forgetting_what_was_read_does_not_bring_an_undone_load_back(street):
    street.monthly("2026年10月", WRONG, HEADS, name="十月更正.xlsx")
    street.refresh()
    build.rollback(last=True)
    (street.root / "loads" / "files.json").unlink()
    summary = street.refresh()
    assert summary.written == [] and households(street)["春和"] == 1200
    assert summary.notes == [
        "文件“十月更正.xlsx”工作表“Sheet1”装载过又撤销了，没有再装。确要再装的，运行 python -m etl load 并写明这个文件。"
    ]


def test_what_others_stand_on_stays(street):
    register = next(m for m in build.history().all if m.ledger == "communities")
    with pytest.raises(Refused, match=r"还有“2026年9月社区基本情况统计表\.xlsx”、“2026年10月社区基本情况统计表\.xlsx”在用"):
        build.rollback([str(register.seq)])
    everything = [m.load_id for m in build.history().all]
    build.rollback(everything)
    assert street.ask("SELECT count(*) FROM observation WHERE dataset = 'street'") == [(0,)]
    build.restore(everything)
    assert households(street)["春和"] == 1200


def test_the_shell_lists_undoes_and_brings_back(street, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    number = str(build.history().all[-1].seq)
    assert main(["rollback"]) == 2
    assert "请写明要撤销的装载编号" in capsys.readouterr().err
    assert main(["rollback", "999"]) == 2
    assert capsys.readouterr().err == "装载“999”不存在。运行 python -m etl loads 查看编号。\n"
    assert main(["rollback", number]) == 0
    assert f"已撤销：{number} 2026年10月社区基本情况统计表.xlsx Sheet1（3 行）" in capsys.readouterr().out
    assert main(["rollback", number]) == 2
    assert "已经撤销过了" in capsys.readouterr().err
    assert main(["loads"]) == 0
    assert "已撤销" in capsys.readouterr().out
    assert main(["rollback", "--undo", number]) == 0
    assert households(street)["春和"] == 1200


def test_a_damaged_record_is_named(street, capsys):
    build.rollback(last=True)
    (street.root / "loads" / "rollback-000001.json").write_text("{", encoding="utf-8")
    assert main(["loads"]) == 2
    assert "撤销记录 rollback-000001.json 已损坏" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows 没有 SIGKILL，此处不测")
def test_a_kill_in_the_middle_of_an_undo_leaves_a_whole_version_and_the_next_run_finishes(tmp_path, monkeypatch):
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    street.monthly("2026年10月", OCTOBER, HEADS)
    assert run_etl(street.root).returncode == 0
    street.monthly("2026年10月", WRONG, HEADS, name="十月更正.xlsx")
    assert run_etl(street.root).returncode == 0
    assert households(street) == {"春和": 12, "望湖": 13, "麦香": 1230}
    records, old = street.root / "loads", serving(street.root)
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", "etl", "rollback", "--last"],
        cwd=PROJECT,
        env={**os.environ, "JIEJIAN_HOME": str(street.root)},
        stdout=quiet,
        stderr=quiet,
    )
    limit = time.monotonic() + 60
    while not list(records.glob("rollback-*.json")):  # the record stands, the version is not derived yet
        assert time.monotonic() < limit and process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert serving(street.root) == old, "the kill came after the switch: the test has lost its point"
    assert households(street) == {"春和": 12, "望湖": 13, "麦香": 1230}
    healed = run_etl(street.root)
    assert healed.returncode == 0, healed.stdout + healed.stderr
    assert households(street) == {"春和": 1200, "望湖": 1350, "麦香": 1230}
    assert not [p for p in street.root.rglob("*") if p.name.startswith(".") and p.name != ".etl.lock"]


def serving(root: Path) -> Path:
    return root / "warehouse" / (root / "warehouse" / "current").read_text(encoding="utf-8")


def test_loads_of_one_run_are_undone_together(street):
    workbook(street.inbox / "甲.xlsx", [["2026年8月社区基本情况统计表"], HEADS, ["春和社区", 1, 1, 1]])
    workbook(street.inbox / "乙.xlsx", [["2026年7月社区基本情况统计表"], HEADS, ["春和社区", 2, 2, 2]])
    street.refresh()
    going, _ = build.rollback(last=True)
    assert {m.file for m in going} == {"甲.xlsx", "乙.xlsx"}
    assert {month for _, month in street.figures("households")} == {"2026-09", "2026-10"}


def test_the_history_is_read_anew_as_soon_as_something_came(tmp_path, monkeypatch):
    """Pages share what was read; neither a load nor an undo may be missed, even in the moment after another."""
    street = Street(tmp_path / "home", monkeypatch)
    workbook(street.root / "inbox" / "社区名册.xlsx", [["柳河街道社区名册"], REGISTER, *COMMUNITIES])
    assert run_etl(street.root).returncode == 0
    first = build.history()
    settled = time.time_ns() - 10_000_000_000
    os.utime(build.home().loads, ns=(settled, settled))
    kept = build.history()
    assert build.history() is kept and [m.load_id for m in kept.all] == [m.load_id for m in first.all]
    gone = [m.load_id for m in kept.standing if m.ledger == "communities"]
    build.rollback(gone)
    assert set(gone) <= set(build.history().undone)
