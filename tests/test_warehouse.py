"""What the warehouse answers, on a street small enough to work out by hand: real files, real ETL, real DuckDB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import run_etl

from jiejian.analysis.change import change
from jiejian.analysis.total import total, totals, totals_of
from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE, PROJECT, Home
from jiejian.periods import parse_period
from jiejian.selection import Selection, SelectionError
from jiejian.warehouse import Warehouse, serving

REGISTER = """社区名称,所属街道,序号
甲里社区,青禾街道,2
乙里社区,青禾街道,1
"""
MONTHLY = "社区,户数,常住人口,辖区在职党员,已报到在职党员,代办事项\n"
MONTHS = {
    7: "甲里社区,1000,2500,100,80,10\n乙里社区,500,1200,20,10,5\n",
    8: "甲里社区,1010,2520,100,82,20\n乙里社区,500,1200,20,10,\n合计,1510,3720,120,92,20\n",
    9: "甲里社区,1020,2550,100,84,30\n乙里社区,500,1200,20,10,7\n",
    10: "甲里社区,1030,2600,100,90,40\n",
}
CASES = """工单编号,受理时间,来源渠道,事件类型,所属社区,截止时间,办结时间,办结层级
c1,2026-07-03 09:00:00,热线,诉求,甲里社区,2026-07-10 09:00:00,2026-07-05 10:00:00,社区
c2,2026-07-20 09:00:00,热线,诉求,甲里社区,2026-07-27 09:00:00,2026-07-30 10:00:00,街道
c3,2026-08-30 09:00:00,巡查走访,事件,甲里社区,2026-09-06 09:00:00,2026-09-02 10:00:00,网格
c4,2026-09-15 09:00:00,网络,诉求,甲里社区,2026-09-22 09:00:00,,
c5,2026-10-01 09:00:00,热线,诉求,甲里社区,2026-10-08 09:00:00,2026-10-02 10:00:00,社区
c6,2026-07-10 09:00:00,热线,诉求,乙里社区,2026-07-11 18:00:00,2026-07-11 08:00:00,社区
c7,2026-09-01 09:00:00,热线,诉求,乙里社区,2026-09-30 09:00:00,2026-09-10 10:00:00,部门
"""
POINTS = """流水号,日期,社区,志愿者编号,类型,获得积分,兑换积分
p1,2026-07-02,甲里社区,V1,获得,10,
p2,2026-08-02,甲里社区,V1,获得,5,
p3,2026-08-03,甲里社区,V2,获得,5,
p4,2026-07-05,乙里社区,V3,获得,3,
p5,2026-09-05,甲里社区,V1,兑换,,8
p6,2026-10-05,甲里社区,V2,获得,1,
"""
SCORES = "青禾街道2026年第三季度社区考评得分表\n社区,党组织评价,平台评分,群众满意度测评\n甲里社区,90,91,92\n乙里社区,88,87,86\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("small")
    inbox = home / "inbox"
    inbox.mkdir()
    (inbox / "社区名册.csv").write_text(REGISTER, encoding="utf-8")
    for month, rows in MONTHS.items():
        text = f"青禾街道2026年{month}月社区基本情况统计表\n{MONTHLY}{rows}"
        (inbox / f"基本情况{month}月.csv").write_text(text, encoding="gb18030")
    (inbox / "工单.csv").write_text(CASES, encoding="utf-8-sig")
    (inbox / "积分.csv").write_text(POINTS, encoding="utf-8")
    (inbox / "得分.csv").write_text(SCORES, encoding="utf-8")
    result = run_etl(home)
    assert result.returncode == 0, result.stdout + result.stderr
    return home


@pytest.fixture(scope="module")
def small(home):
    return Warehouse(serving(Home(home)), load_catalogue(BUNDLED_CATALOGUE))


def ask(small, metric: str, period: str):
    return small.query(Selection("street", (metric,), parse_period(period)))


def values(small, metric: str, period: str) -> list[float | None]:
    """Values in customary order: 乙里 (序号 1), then 甲里 (序号 2)."""
    frame = ask(small, metric, period)
    assert list(frame["place"]) == ["乙里社区", "甲里社区"]
    return [None if np.isnan(v) else v for v in frame["value"]]


def street(small, metric: str, period: str):
    frame = ask(small, metric, period)
    return total(frame, small.catalogue.metrics[metric], small.catalogue.measures).iloc[0]


WORKED = [
    ("households", "2026-09", [500, 1020], "a stock at the month's end"),
    ("households", "2026-Q3", [500, 1020], "a stock is not added over time"),
    ("households", "2026-10", [None, 1030], "a late community is a gap, not zero"),
    ("households", "2026-C10", [None, 1030], "a stock at the end of 1—10月"),
    ("errands", "2026-Q3", [None, 60], "a blank month makes the quarter a gap"),
    ("errands", "2026-08", [None, 20], "the 合计 row is not a community"),
    ("errands", "2026-C10", [None, None], "1—10月累计 without January to June is a gap"),
    ("cases_opened", "2026-07", [1, 2], "cases by the day they were opened"),
    ("cases_opened", "2026-08", [0, 1], "a system's export covers all: no case is zero"),
    ("cases_opened", "2026-Q3", [2, 4], "a flow adds over months"),
    ("cases_open", "2026-07", [0, 0], "opened less closed"),
    ("cases_open", "2026-08", [0, 1], "c3 is open at the end of August"),
    ("cases_open", "2026-Q3", [0, 1], "a backlog is read at the quarter's end"),
    ("on_time_rate", "2026-07", [100, 50], "c1 in time, c2 not"),
    ("on_time_rate", "2026-08", [None, None], "nothing fell due: a gap, not zero"),
    ("on_time_rate", "2026-09", [100, 50], "c3 in time, c4 overdue and still open"),
    ("on_time_rate", "2026-Q3", [100, 50], "sums over sums: 2 of 2, 2 of 4"),
    ("local_resolution_rate", "2026-07", [100, 50], "c2 went to the street"),
    ("complaints", "2026-Q3", [2, 3], "not found on patrol, and an appeal"),
    ("active_volunteers", "2026-08", [0, 2], "V1 and V2"),
    ("active_volunteers", "2026-Q3", [1, 2], "V1 counts once: persons are not added over months"),
    ("active_volunteers", "2026-H2", [None, None], "the half-year is not over"),
    ("active_volunteers", "2026-C10", [None, None], "January to June are not known"),
    ("points_redeemed", "2026-Q3", [0, 8], "redeemed points"),
    ("score_party", "2026-Q3", [88, 90], "as reported"),
    ("member_registration_rate", "2026-09", [50, 84], "registered of all in service"),
    ("residents_per_household", "2026-09", [2.4, 2.5], "a ratio at the month's end"),
]


@pytest.mark.parametrize(("metric", "period", "expected", "why"), WORKED, ids=[f"{m}-{p}" for m, p, _, _ in WORKED])
def test_worked_by_hand(small, metric, period, expected, why):
    found = values(small, metric, period)
    assert found == pytest.approx(expected) if None not in expected else found == expected, why


def test_a_rate_per_thousand_of_a_quarter_stands_on_the_closing_stock(small):
    assert values(small, "cases_per_thousand_households", "2026-Q3") == pytest.approx([2 / 500 * 1000, 4 / 1020 * 1000])


def test_the_streets_rate_is_no_mean_of_rates(small):
    row = street(small, "on_time_rate", "2026-07")
    assert row["value"] == pytest.approx(200 / 3)  # 2 of 3; the mean of 100 and 50 would be 75
    assert street(small, "on_time_rate", "2026-Q3")["value"] == pytest.approx(400 / 6)
    assert street(small, "member_registration_rate", "2026-09")["value"] == pytest.approx(94 / 120 * 100)


def test_the_streets_figure_says_on_how_many_communities_it_rests(small):
    row = street(small, "households", "2026-10")
    assert (row["value"], row["reporting"], row["places"]) == (1030, 1, 2)


@pytest.mark.parametrize("metric", ["active_volunteers", "service_items", "score_party"])
def test_what_may_not_be_added_over_communities_is_a_gap(small, demo, metric):
    frame = demo.query(Selection("demo", (metric,), parse_period("2026-Q3")))
    row = total(frame, demo.catalogue.metrics[metric], demo.catalogue.measures).iloc[0]
    assert np.isnan(row["value"]) and row["note"] == "各社区之间不能相加"


def test_change_compares_the_same_communities_and_never_crosses_a_gap(small):
    metric, measures = small.catalogue.metrics["errands"], small.catalogue.measures
    series = small.query(Selection("street", ("errands",), parse_period("2026-10"), since=parse_period("2026-07")))
    # August to September: only 甲里 reported both, 20 to 30; 乙里's 7 must not count as growth.
    found = change(series, metric, measures, parse_period("2026-09"), "previous")
    assert (found.value, found.base, found.places, found.expected) == (30, 20, 1, 2)
    assert found.text == "环比 +50.0%"
    assert change(series, metric, measures, parse_period("2026-C09"), "previous") is None
    assert not change(series, metric, measures, parse_period("2026-09"), "year_before").known


def test_a_share_changes_by_percentage_points(small):
    metric = small.catalogue.metrics["member_registration_rate"]
    series = small.query(Selection("street", (metric.id,), parse_period("2026-09"), since=parse_period("2026-08")))
    found = change(series, metric, small.catalogue.measures, parse_period("2026-09"), "previous")
    assert found.text == "环比 +1.7个百分点"  # 92 of 120 to 94 of 120
    assert found.amount == pytest.approx(100 * 2 / 120)


REFUSED = [
    ("score_party", "2026-10", "按原报送周期引用，可选的时间周期为：季度"),
    ("score_party", "2026", "按原报送周期引用"),
    ("works_done", "2026-10", "缺少台账数据：办成实事数"),
]


@pytest.mark.parametrize(("metric", "period", "sentence"), REFUSED)
def test_a_question_that_must_not_be_answered_is_refused_in_chinese(small, metric, period, sentence):
    with pytest.raises(SelectionError, match=sentence):
        ask(small, metric, period)


def test_the_street_is_the_default_and_the_demo_stays_away(small):
    assert small.default_dataset() == "street"
    assert "demo" not in small.datasets()
    assert small.street("street") == "青禾街道"


def test_the_database_cannot_be_made_to_read_or_write_files(small):
    for statement in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "ATTACH '/tmp/x.duckdb'",
        "SET enable_external_access = true",
        "CREATE TABLE t (a INT)",
    ):
        with pytest.raises(Exception, match=r"(?i)permission|disabled|locked|read-only|cannot"):
            small.frame(statement)


def shell(home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jiejian", *arguments],
        cwd=PROJECT,
        env={**os.environ, "JIEJIAN_HOME": str(home), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_the_shell_prints_what_the_page_shows(home, small):
    asked = ("query", "--metric", "on_time_rate", "--by", "community", "--period", "2026-07")
    rows = json.loads(shell(home, *asked, "--format", "json").stdout)
    assert [(r["place"], r["value"], r["numerator"], r["denominator"]) for r in rows] == [
        ("乙里社区", 100, 1, 1),
        ("甲里社区", 50, 1, 2),
    ]
    plain = shell(home, *asked, "--format", "csv", "--no-bom").stdout
    assert plain.splitlines()[0].split(",")[:3] == ["社区", "时间", "按期办结率（%）"]
    assert plain.splitlines()[1].split(",")[:3] == ["乙里社区", "2026年7月", "100"]
    assert shell(home, *asked, "--format", "csv").stdout.startswith("\ufeff")
    table = shell(home, *asked, "--format", "table").stdout
    assert "甲里社区" in table and "50.0%" in table
    whole = json.loads(
        shell(home, "query", "--metric", "按期办结率", "--by", "street", "--period", "2026-07", "--format", "json").stdout
    )
    assert whole[0]["value"] == pytest.approx(200 / 3)


def test_the_shell_answers_a_wrong_question_with_a_sentence(home):
    for arguments, sentence in (
        (("--metric", "no_such"), "没有名为“no_such”的指标"),
        (("--metric", "on_time_rate", "--period", "202610"), "看不懂的时间"),
        (("--metric", "on_time_rate", "--community", "丙里社区"), "没有名为“丙里社区”的社区"),
        (("--metric", "on_time_rate", "--dataset", "demo"), "没有数据集“demo”"),
        (("--metric", "score_party", "--period", "2026-10"), "按原报送周期引用"),
    ):
        result = shell(home, "query", *arguments)
        assert result.returncode == 2 and sentence in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(("last", "first"), [("2026-10", "2023-11"), ("2026-Q3", "2024-Q1"), ("2026-C10", "2026-C01")])
def test_arrays_hold_the_same_figures_as_the_frame(demo, last, first):
    """Metrics of every kind; the places of a cube are those in force at its end."""
    period, since = parse_period(last), parse_period(first)
    ids = [m.id for m in demo.metrics("demo") if period.grain in demo.grains("demo", m.id)]
    selection = Selection("demo", tuple(ids[::4]), period, since=since)
    cube, frame = demo.cube(selection), demo.query(selection)
    frame = frame[frame["place_id"].isin(cube.places["place_id"])]
    assert len(cube.places) > 20 and cube.eras.shape == cube.value.shape[1:]
    for metric, value, above, below in zip(cube.metrics, cube.value, cube.numerator, cube.denominator, strict=True):
        own = frame[frame["metric"] == metric.id]
        for name, held in (("value", value), ("numerator", above), ("denominator", below)):
            wide = own.pivot(index="place_id", columns="end", values=name).reindex(cube.places["place_id"]).sort_index(axis=1)
            np.testing.assert_array_equal(held, wide.to_numpy(dtype=float), err_msg=f"{metric.id} {name}")


@pytest.mark.parametrize(("last", "first"), [("2026-10", "2023-11"), ("2026-Q3", "2024-Q1"), ("2026-C10", "2026-C01")])
def test_the_street_s_rows_of_arrays_are_those_of_the_frame(demo, last, first):
    """Every metric, those that may not be added too; late communities, gaps, provisional figures."""
    period, since = parse_period(last), parse_period(first)
    ids = tuple(m.id for m in demo.metrics("demo") if period.grain in demo.grains("demo", m.id))
    selection = Selection("demo", ids, period, since=since)
    cube, frame = demo.cube(selection, remarks=True), demo.query(selection)
    frame = frame[frame["place_id"].isin(cube.places["place_id"])]
    measures = demo.catalogue.measures
    pd.testing.assert_frame_equal(totals_of(cube, measures), totals(frame, cube.metrics, measures), check_dtype=False, rtol=1e-12)
    one = replace(selection, places=(str(cube.places["place_id"].iloc[3]),))
    own = totals_of(demo.cube(one, remarks=True), measures)
    assert own["place"].unique().tolist() == [cube.places["place"].iloc[3]] and (own["places"] == 1).all()


def test_targets_of_the_year_and_only_these(demo):
    found = demo.targets("demo", parse_period("2026-10").end)
    assert not found.duplicated(["place_id", "metric"]).any()
    assert found.loc[found["metric"] == "on_time_rate", "target_value"].unique().tolist() == [96.0]
    assert demo.targets("demo", parse_period("2019-10").end).empty
