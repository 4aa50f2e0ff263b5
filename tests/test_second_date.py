"""Registers that count by a second date, and days that are none: how far the data then reach, and what is refused. Figures by hand."""

from __future__ import annotations

from functools import partial

import pytest
from street import Street, load_trial, table

HEADS = ["号", "受理", "办结", "截止", "社区", "件数"]
# The last is received on the last day of June; two are closed in July, and all are due in August.
ROWS = [
    ["A1", "2024-06-01", "2024-06-20", "2024-08-01", "甲里社区", 1],
    ["A2", "2024-06-10", "2024-07-05", "2024-08-10", "甲里社区", 1],
    ["A3", "2024-06-12", "2024-06-30", "2024-08-12", "甲里社区", 1],
    ["A4", "2024-06-30", "2024-07-02", "2024-08-30", "乙里社区", 1],
]
REQUESTS = (
    "name: 工单\ntable: request\nsent: month\nkey: [case_no]\nhappens: opened\nstarts_places: all\nlayout: {}\n"
    "measures:\n  r_open: {name: 受理, unit: 件, kind: flow, rollup: {table: request, at: opened}}\n"
    "  r_done: {name: 办结, unit: 件, kind: flow, rollup: {table: request, at: closed}}\n"
    "columns:\n  case_no: {name: 号, type: text, required: true}\n  opened: {name: 受理, type: date}\n"
    "  closed: {name: 办结, type: date}\n  day3: {name: 截止, type: date}\n  place: {name: 社区, type: place}\n  n: {name: 件数, type: integer}\n"
)
BY_DAY3 = "  r_due: {name: 到期, unit: 件, kind: flow, rollup: {table: request, at: day3}}\ncolumns:\n"
IN_TIME = "  r_timely: {name: 按期, unit: 件, kind: flow, rollup: {table: request, at: closed, where: [closed <= day3]}}\n"
VISITS = (
    "name: 活动\ntable: visit\nsent: month\nkey: [period, place]\nhappens: period\nstarts_places: all\nlayout: {}\n"
    "measures:\n  r_n: {name: 人数, unit: 人, kind: flow, rollup: {table: visit, at: period, value: n}}\n"
    "columns:\n  period: {name: 时间, type: period}\n  day: {name: 日子, type: date}\n"
    "  place: {name: 社区, type: place}\n  n: {name: 人数, type: integer}\n"
)


@pytest.fixture
def load(tmp_path, monkeypatch):
    return partial(load_trial, monkeypatch, tmp_path)


@pytest.fixture
def requests(load, tmp_path):
    """Load the four requests by a contract; with other rows, if given."""
    return lambda contract, rows=ROWS: load(contract, table(tmp_path / "工单.csv", [HEADS, *rows]))


def figures(street: Street, measure: str) -> dict[tuple[str, int], float]:
    rows = street.ask("SELECT place_id, month(period_start), value FROM figure WHERE dataset = 'trial' AND measure = ? AND grain = 'month'", measure)
    return {(place.removeprefix("trial/")[:1], month): value for place, month, value in rows}


def reach(street: Street, dataset: str = "trial") -> str:
    ((day,),) = street.ask("SELECT CAST(as_of AS VARCHAR) FROM dataset WHERE dataset = ?", dataset)
    return day


def test_what_is_closed_after_the_last_was_received_counts(requests):
    street = requests(REQUESTS)
    assert figures(street, "r_done") == {("甲", 6): 2, ("乙", 6): 0, ("甲", 7): 1, ("乙", 7): 1}
    # Of July nobody knows how many were received: no zero.
    assert figures(street, "r_open") == {("甲", 6): 3, ("乙", 6): 1}
    assert reach(street) == "2024-07-05"
    # July is not over on the fifth.
    assert street.ask("SELECT DISTINCT month(period_start), status FROM figure WHERE measure = 'r_done' ORDER BY 1") == [(6, "A"), (7, "P")]


@pytest.mark.parametrize(
    "contract",
    [
        REQUESTS.replace("columns:\n", BY_DAY3),
        REQUESTS.replace("columns:\n", BY_DAY3).replace("name: 截止", "name: 計劃完成, synonyms: [截止]"),
        REQUESTS.replace("columns:\n", BY_DAY3).replace("day3", "due_on").replace("name: 截止", "name: 第三日, at: D"),
        REQUESTS.replace("columns:\n", IN_TIME + BY_DAY3).replace("name: 截止", "name: 第三日, at: D"),
    ],
    ids=["head", "traditional", "id", "held against"],
)
def test_a_deadline_does_not_say_how_far_the_data_reach(requests, contract):
    street = requests(contract)
    assert reach(street) == "2024-07-05"
    assert figures(street, "r_due").get(("甲", 8)) is None
    assert figures(street, "r_done")["甲", 7] == 1


def test_a_rule_says_that_a_day_has_come(requests):
    rule = "rules:\n  - {kind: not_future, columns: [day3], severity: warning, say: 不应晚于今天。}\n"
    street = requests(REQUESTS.replace("columns:\n", BY_DAY3) + rule)
    assert reach(street) == "2024-08-30"
    assert figures(street, "r_due")["甲", 8] == 3


def test_a_day_that_lies_ahead_moves_nothing(requests):
    street = requests(REQUESTS, [*ROWS, ["A5", "2024-06-30", "2098-01-01", "", "甲里社区", 1]])
    assert reach(street) == "2024-07-05"
    assert figures(street, "r_done") == {("甲", 6): 2, ("乙", 6): 0, ("甲", 7): 1, ("乙", 7): 1}


def test_a_register_without_happens_counts_by_its_days(requests):
    """There was no last day at all, and not one figure. No zeros: since when the data speak is not told."""
    street = requests(REQUESTS.replace("happens: opened\n", ""))
    assert reach(street) == "2024-07-05"
    assert figures(street, "r_open") == {("甲", 6): 3, ("乙", 6): 1}
    assert figures(street, "r_done") == {("甲", 6): 2, ("甲", 7): 1, ("乙", 7): 1}


def test_contracts_of_the_system_keep_to_the_day_of_receipt(tmp_path, monkeypatch):
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    street.cases([["A1", "2026-09-30 08:00", "春和", "2026-10-07 08:00", "2026-10-03 08:00"]])
    street.refresh()
    assert reach(street, "street") == "2026-09-30"


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        (VISITS, "键 happens：列 period 是 type: period，说不出是哪一天。登记按天计，请改写 type: date"),
        (VISITS.replace("layout: {}", "layout: {period_path: [y, m, d]}").replace("  day:", "  y: {name: 年, type: integer}\n  m: {name: 月, type: integer}\n  d: {name: 日, type: integer}\n  day:"), "年、月、日分在几列里的，请先在表里合成一列日期，如 2026-06-08"),
        (VISITS.replace("happens: period", "happens: day"), "条目 r_n，键 rollup.at：表 visit 的列 period 是 type: period"),
        (VISITS.replace("happens: period", "happens: n"), "键 happens：列 n 是 type: integer"),
        (VISITS.replace("happens: period\n", "").replace("flow, rollup: {table: visit, at: period", "stock, rollup: {table: visit, start: day, end: period"), "键 rollup.end：表 visit 的列 period"),
        (VISITS.replace("happens: period", "happens: day").replace("at: period", "at: day, by: [period]"), "不能用来计数、分组或作条件"),
        (VISITS.replace("table: visit\n", "table: observation\ngrain: month\n", 1).replace("flow, rollup: {table: visit, at: period, value: n}", "flow").replace("人数, type: integer", "人数, type: integer, measure: r_n"), "写入 observation 的约定不写 happens"),
    ],
)  # fmt: skip
def test_a_period_is_no_day(load, tmp_path, capsys, contract, said):
    load(contract, table(tmp_path / "活动.csv", [["时间", "社区", "人数"], ["2024年6月", "甲里社区", 3]]), code=2)
    told = "".join(capsys.readouterr().err.split())
    assert "".join(said.split()) in told and "Traceback" not in told


def test_months_as_days_count(load, tmp_path):
    """What the sentence advises."""
    rows = [["时间", "社区", "人数"], ["2024年5月", "甲里社区", 3], ["2024年6月", "甲里社区", 4]]
    street = load(VISITS.replace("type: period", "type: date"), table(tmp_path / "活动.csv", rows))
    assert figures(street, "r_n") == {("甲", 5): 3, ("甲", 6): 4}
