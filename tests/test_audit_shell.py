"""What is done at the machine's own shell stands in the record, with “本机命令行” as the person; what ships is nobody's act."""

from __future__ import annotations

import sqlite3

import pytest
from street import Street

from etl.__main__ import main
from jiejian import audit
from jiejian.home import home

HEADS = ["社区", "户数", "常住人口", "代办事项"]


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    return street


def done() -> list[tuple[str, str]]:
    """Actions and subjects, the oldest first; each by the machine's own shell."""
    rows = audit.records(home())
    assert rows["account"].str.startswith(audit.SHELL).all()
    return list(zip(rows["action"], rows["subject"], strict=True))[::-1]


def test_loads_answers_undone_loads_and_backups_are_on_record(street, tmp_path):
    street.monthly("2026年10月", [["春和社区", 1200, 3100, 10], ["望湖社区", 1350, 3400, 80]], HEADS)
    main([])
    action, subject = done()[-1]
    assert action == "导入" and "2026年10月" in subject and "退回0行" in subject and ".yml" not in subject
    before = len(done())
    main([])  # nothing new: nobody did anything
    assert len(done()) == before
    main(["place", "春和苑", "春和社区"])
    main(["rollback", "--last"])
    main(["rollback", "--last", "--undo"])
    main(["backup", str(tmp_path / "备份.zip")])
    kinds = [a for a, _ in done()][before:]
    assert kinds == ["记住对应", "撤销装载", "恢复装载", "备份"]
    assert ("记住对应", "春和苑 → 春和社区") in done()
    main(["place", "春和苑", "--forget"])
    main(["restore", str(tmp_path / "备份.zip"), "--replace"])
    # The record that came back is the backup's, written before its own row was; the restore stands behind it.
    assert [a for a, _ in done()][-2:] == ["恢复装载", "恢复备份"] and "备份.zip" in done()[-1][1]


def test_what_was_refused_is_not_on_record_as_done(street):
    assert main(["rollback", "999"]) == 2
    assert main(["restore", "nowhere.zip"]) == 2
    assert audit.records(home()).empty


def test_a_record_that_cannot_be_written_stops_no_load_and_is_told(street, capsys):
    with sqlite3.connect(street.root / "state.sqlite") as state:
        state.execute("CREATE TABLE audit (at, account)")
    street.monthly("2026年10月", [["春和社区", 1200, 3100, 10]], HEADS)
    assert main([]) == 0
    assert "没有记进操作记录" in capsys.readouterr().err
