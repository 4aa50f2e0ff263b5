"""What no sheet tells is a gap, not a zero: a platform that exports no call-backs has not called back nobody. Figures by hand."""

from __future__ import annotations

import json

import pytest
from street import Street, table

from etl import build

# The last case of each export is not closed yet; it tells how far the export reaches.
OCTOBER = [
    ["G1", "2026-10-02 09:00", "春和社区", "2026-10-09", "2026-10-03"],
    ["G2", "2026-10-05 09:00", "望湖社区", "2026-10-06", "2026-10-20"],
    ["G3", "2026-10-31 09:00", "望湖社区", "2026-11-10", ""],
]
NOVEMBER = [["G4", "2026-11-02 09:00", "春和社区", "2026-11-09", "2026-11-03"], ["G5", "2026-11-20 09:00", "望湖社区", "2026-12-10", ""]]


@pytest.fixture
def street(tmp_path, monkeypatch):
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    return street


def test_a_column_that_no_sheet_has_is_a_gap(street):
    street.cases(OCTOBER)
    street.refresh()
    # What the sheet does tell has its zeros, in the community without a case, too.
    assert street.figures("cases_opened") == {("春和", "2026-10"): 1, ("望湖", "2026-10"): 2, ("麦香", "2026-10"): 0}
    assert street.figures("cases_closed_late") == {("春和", "2026-10"): 0, ("望湖", "2026-10"): 1, ("麦香", "2026-10"): 0}
    assert street.figures("cases_called_back") == street.figures("cases_satisfied") == street.figures("cases_one_day") == {}


def test_a_column_that_is_there_and_blank_is_a_zero(street):
    street.cases([[*row, ""] for row in OCTOBER], extra=("是否回访",))
    street.refresh()
    assert street.figures("cases_called_back") == {("春和", "2026-10"): 0, ("望湖", "2026-10"): 0, ("麦香", "2026-10"): 0}
    assert street.figures("cases_satisfied") == {}


def test_months_before_a_column_came_stay_gaps(street):
    street.cases(OCTOBER, "十月.csv")
    street.cases([[*row, "是" if row[-1] else ""] for row in NOVEMBER], "十一月.csv", extra=("是否回访",))
    street.refresh()
    assert street.figures("cases_called_back") == {("春和", "2026-11"): 1, ("望湖", "2026-11"): 0, ("麦香", "2026-11"): 0}
    assert street.figures("cases_opened")["麦香", "2026-10"] == 0


def test_a_deadline_that_is_worked_out_is_told(street):
    rows = [["G1", "2026-10-02 09:00", "春和社区", "1天", "2026-10-04 10:00"], ["G2", "2026-10-31 09:00", "春和社区", "1周", ""]]
    table(street.inbox / "诉求工单.csv", [["工单编号", "受理时间", "社区", "办理时限", "办结时间"], *rows])
    street.refresh()
    assert street.figures("cases_closed_late")["春和", "2026-10"] == 1
    assert street.figures("cases_one_day")["望湖", "2026-10"] == 0


def test_a_load_of_a_time_when_columns_were_not_noted_tells_all(street):
    street.cases(OCTOBER)
    street.refresh()
    for path in street.root.glob("loads/*/manifest.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        del content["columns"]
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    for version in (street.root / "warehouse").glob("*"):
        version.unlink()
    build.ensure()
    assert street.figures("cases_called_back")["春和", "2026-10"] == 0


def test_a_breakdown_by_a_column_that_no_sheet_has_is_none(street):
    street.cases([[*row, "噪音扰民"] for row in OCTOBER[:2]] + [[*OCTOBER[2], ""]], extra=("事项类别",))
    street.refresh()
    found = street.ask("SELECT DISTINCT breakdown, category FROM figure WHERE measure = 'cases_opened' ORDER BY ALL")
    assert found == [("", ""), ("category", "噪音扰民"), ("category", "未填")]
