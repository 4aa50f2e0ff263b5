"""A case without a limit in its ledger gets the declared one when the warehouse is built; a stated one stays."""

import pytest

from tests.street import Street, workbook

HEADS = ["工单编号", "受理时间", "来源渠道", "社区", "事项类别", "办理时限", "截止时间", "办结时间"]
CASES = [
    ["A1", "2026-09-30 16:30:00", "热线", "春和社区", "物业管理", "1天", "", ""],
    ["A2", "2026-09-30 16:30:00", "热线", "春和社区", "噪声扰民", "1天", "", ""],
    ["A3", "2026-09-30 16:30:00", "热线", "春和社区", "物业管理", "1周", "2026-10-03 09:00:00", ""],
    ["A4", "2026-09-30 16:30:00", "热线", "春和社区", "物业管理", "", "", ""],
]
OWN = "noise: {name: 噪声3个工作日, days: 3, count: working, categories: [噪声扰民]}\n"


@pytest.fixture
def street(tmp_path, monkeypatch):
    return Street(tmp_path / "home", monkeypatch)


def loaded(street) -> dict:
    street.register()
    workbook(street.inbox / "工单.xlsx", [HEADS, *CASES])
    street.refresh()
    rows = street.ask("SELECT case_no, strftime(due_at, '%m-%d %H:%M') FROM case_event ORDER BY case_no")
    counted = street.ask("SELECT time_limit, sum(cases)::INT FROM derived_due GROUP BY 1")
    return dict(rows) | {"counted": dict(counted)}


def test_limits_by_tier(street):
    found = loaded(street)
    assert (found["A1"], found["A3"], found["A4"]) == ("10-01 16:30", "10-03 09:00", None)
    assert found["counted"] == {"1天内办结": 2}


def test_a_streets_own_limit_in_working_days_goes_first(street):
    (street.root / "catalogue").mkdir(parents=True)
    (street.root / "catalogue" / "time_limits.yml").write_text(OWN, encoding="utf-8")
    found = loaded(street)
    # 1 to 7 October are off; 8, 9 and the Saturday 10 are worked.
    assert (found["A1"], found["A2"]) == ("10-01 16:30", "10-10 16:30")
    assert found["counted"] == {"1天内办结": 1, "噪声3个工作日": 1}
