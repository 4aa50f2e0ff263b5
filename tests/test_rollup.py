"""Roll-ups that are done for all tables at once: worked out by hand, and the same when few are done at a time."""

import pytest
from street import Street


@pytest.fixture(autouse=True, params=["as it is", "narrow"])
def way(request, monkeypatch) -> str:
    """A table is counted as it is or, as long ones are, from a narrow copy: every figure must be the same."""
    monkeypatch.setattr("etl.rollup_rows.LONG", 0 if request.param == "narrow" else 500_000)
    return request.param


def loaded(root, monkeypatch) -> Street:
    street = Street(root, monkeypatch)
    street.register()
    street.cases(
        [
            ["A1", "2026-09-03 08:00", "春和社区", "2026-09-10 08:00", "2026-09-05 08:00", "热线", "诉求"],
            ["A2", "2026-09-20 08:00", "春和社区", "2026-09-27 08:00", "2026-10-02 08:00", "网络", "纠纷"],
            ["A3", "2026-10-01 08:00", "春和社区", "2026-10-08 08:00", "", "热线", "诉求"],
            ["A4", "2026-10-09 08:00", "望湖社区", "2026-10-16 08:00", "", "", "纠纷"],
        ],
        extra=("来源渠道", "事件类型"),
    )
    assert street.refresh().exit_code == 0
    return street


def test_breakdowns_of_one_date_in_one_scan(tmp_path, monkeypatch):
    rows = loaded(tmp_path / "home", monkeypatch).ask(
        """SELECT breakdown, split_part(place_id, '/', 3), strftime(period_start, '%m'), category, value FROM figure
           WHERE measure = 'cases_opened' AND breakdown IN ('channel', 'case_kind') ORDER BY ALL"""
    )
    assert rows == [
        ("case_kind", "春和社区", "09", "纠纷", 1),
        ("case_kind", "春和社区", "09", "诉求", 1),
        ("case_kind", "春和社区", "10", "诉求", 1),
        ("case_kind", "望湖社区", "10", "纠纷", 1),
        ("channel", "春和社区", "09", "热线", 1),
        ("channel", "春和社区", "09", "网络", 1),
        ("channel", "春和社区", "10", "热线", 1),
        ("channel", "望湖社区", "10", "未填", 1),
    ]


def test_what_was_not_told_is_one_category_with_the_word_for_it(tmp_path, monkeypatch):
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    day = ["2026-09-03 08:00", "春和社区", "2026-09-10 08:00", "2026-09-05 08:00"]
    street.cases([["A1", *day, "未填"], ["A2", *day, ""], ["A3", *day, "供暖"]], extra=("事项类别",))
    assert street.refresh().exit_code == 0
    rows = street.ask("SELECT category, value FROM figure WHERE measure = 'cases_opened' AND breakdown = 'category' ORDER BY ALL")
    assert rows == [("供暖", 1), ("未填", 2)]


def test_amounts_and_those_not_told(tmp_path, monkeypatch):
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    day = ["2026-09-03 08:00", "春和社区", "2026-09-10 08:00", "2026-09-05 23:59:59", "纠纷", "是"]
    later = ["A4", "2026-09-20 08:00", "望湖社区", "2026-09-27 08:00", "", "诉求", "", ""]
    street.cases([["A1", *day, "100.5"], ["A2", *day, ""], ["A3", *day, "20"], later], extra=("事件类型", "是否调解成功", "涉及金额(元)"))
    assert street.refresh().exit_code == 0
    rows = street.ask(
        "SELECT measure, day, value FROM rollup_day WHERE measure IN ('dispute_amount', 'disputes_mediated', 'cases_closed_on_time') ORDER BY ALL"
    )
    assert [(measure, day.isoformat(), value) for measure, day, value in rows] == [
        ("cases_closed_on_time", "2026-09-10", 3),
        ("dispute_amount", "2026-09-05", 120.5),
        ("disputes_mediated", "2026-09-05", 3),
    ]


def test_too_many_categories_for_a_copy(tmp_path, monkeypatch, way):
    query = "SELECT * EXCLUDE (source_id) FROM figure ORDER BY ALL"
    some = loaded(tmp_path / "home", monkeypatch).ask(query)
    monkeypatch.setattr("etl.rollup_rows._MANY", 1)
    assert loaded(tmp_path / "again", monkeypatch).ask(query) == some


def test_a_measure_is_broken_down_only_as_it_is_declared(tmp_path, monkeypatch):
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    days = ["2026-09-03 08:00", "春和社区", "2026-09-10 08:00", "2026-09-05 08:00"]
    # By columns that the sheet has; that it tells nothing in one of them is another matter.
    extra = ("来源渠道", "事件类型", "事项小类", "调解组织")
    street.cases([["A1", *days, "热线", "纠纷", "邻里", ""], ["A2", "2026-09-08 08:00", *days[1:3], "", "热线", "诉求", "", ""]], extra=extra)
    assert street.refresh().exit_code == 0
    rows = street.ask(
        "SELECT DISTINCT measure, breakdown FROM figure WHERE origin = 'rolled_up' AND measure LIKE 'disputes_%' AND breakdown <> '' ORDER BY ALL"
    )
    assert rows == [("disputes_closed", "mediator"), ("disputes_opened", "subcategory")]


def test_balances_and_that_they_are_the_same_one_at_a_time(tmp_path, monkeypatch):
    query = "SELECT measure, split_part(place_id, '/', 3), strftime(period_start, '%m'), value FROM figure WHERE origin = 'rolled_up' ORDER BY ALL"
    street = loaded(tmp_path / "home", monkeypatch)
    together = street.ask(query)
    # September: A2 is still open. October: A2 is closed, A3 and A4 are open. 麦香 has no case: the ledger speaks of all communities.
    assert [row[1:] for row in together if row[0] == "cases_open"] == [
        ("春和社区", "09", 1),
        ("春和社区", "10", 1),
        ("望湖社区", "09", 0),
        ("望湖社区", "10", 1),
        ("麦香社区", "09", 0),
        ("麦香社区", "10", 0),
    ]
    monkeypatch.setattr("etl.rollup._BALANCES", 1)
    assert loaded(tmp_path / "again", monkeypatch).ask(query) == together
