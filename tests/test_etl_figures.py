"""What events of real files are counted to in a real warehouse; every figure worked out by hand."""

import datetime as dt

import pytest
from street import HEADS, OCTOBER, Street, table, workbook

from jiejian.analysis.total import totals, totals_of
from jiejian.catalogue import catalogue
from jiejian.home import home
from jiejian.periods import parse_period
from jiejian.selection import Selection
from jiejian.warehouse import Warehouse, serving


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    return Street(tmp_path / "home", monkeypatch)


def test_zeros_where_a_system_speaks_for_all_and_gaps_where_a_community_is_silent(street):
    street.register()
    street.cases([["A1", "2026-08-03 08:00", "春和", "", ""], ["A2", "2026-10-02 09:00", "望湖", "", ""]])
    heads = ["活动编号", "活动名称", "社区", "活动日期", "活动类型", "参加人次"]
    held = [["H1", "义诊", "春和", "2026-08-05", "义诊", 30], ["H2", "市集", "春和", "2026.10.6", "集市", "约50"]]
    workbook(street.inbox / "活动台账.xlsx", [heads, *held, ["H3", "宣讲", "望湖", "2026年10月7日", "宣讲", ""]])
    street.refresh()
    assert street.figures("cases_opened") == {
        **{("春和", "2026-08"): 1, ("春和", "2026-09"): 0, ("春和", "2026-10"): 0},
        **{("望湖", "2026-08"): 0, ("望湖", "2026-09"): 0, ("望湖", "2026-10"): 1},
        **{("麦香", "2026-08"): 0, ("麦香", "2026-09"): 0, ("麦香", "2026-10"): 0},
    }
    # Activities are sent by each community: no row in a month is a gap, in all measures of the table.
    assert street.figures("activity_sessions") == {("春和", "2026-08"): 1, ("春和", "2026-10"): 1, ("望湖", "2026-10"): 1}
    assert street.figures("market_sessions") == {("春和", "2026-08"): 0, ("春和", "2026-10"): 1, ("望湖", "2026-10"): 0}
    # The one activity of 望湖 has no attendances written down: that is not zero persons.
    assert street.figures("activity_attendances") == {("春和", "2026-08"): 30, ("春和", "2026-10"): 50, ("望湖", "2026-10"): None}
    by_type = street.ask(
        """SELECT place_name, CAST(period_start AS VARCHAR), category, value FROM v_figure
           WHERE measure = 'activity_sessions' AND breakdown = 'activity_type' ORDER BY ALL"""
    )
    assert by_type == [
        ("春和社区", "2026-08-01", "健康养老", 1.0),
        ("春和社区", "2026-10-01", "便民集市", 1.0),
        ("望湖社区", "2026-10-01", "政策宣传", 1.0),
    ]
    assert street.ask(
        "SELECT measure, CAST(day AS VARCHAR), value FROM rollup_day WHERE measure = 'activity_attendances' ORDER BY day"
    ) == [
        ("activity_attendances", "2026-08-05", 30.0),
        ("activity_attendances", "2026-10-06", 50.0),
    ]


def test_balances_of_registers(street):
    """Stations: one from before, one that opens in September, one that closes in October."""
    street.register()
    street.monthly("2026年8月", [["", "春和社区", 1, 1, 1, 1]], HEADS)
    street.monthly("2026年10月", [["", "春和社区", 1, 1, 1, 1]], HEADS)
    heads = ["阵地编号", "阵地名称", "社区", "建筑面积(平方米)", "启用日期", "停用日期", "夜间开放"]
    rows = [
        ["Z1", "党群服务中心", "春和", 1300, "2020-05-01", "", "是"],
        ["Z2", "公园驿站", "春和", 150, "2026-09-15", "", "否"],
        ["Z3", "居住驿站", "春和", 200, "", "2026-10-31", ""],
        ["Z4", "驿站", "望湖", "", "2026-10-20", "", "是"],
    ]
    workbook(street.inbox / "阵地台账.xlsx", [heads, *rows])
    street.refresh()
    assert street.figures("stations_open") == {
        **{("春和", "2026-08"): 2, ("春和", "2026-09"): 3, ("春和", "2026-10"): 2},
        **{("望湖", "2026-08"): 0, ("望湖", "2026-09"): 0, ("望湖", "2026-10"): 1},
    }
    assert street.figures("stations_night") == {
        **{("春和", "2026-08"): 1, ("春和", "2026-09"): 1, ("春和", "2026-10"): 1},
        **{("望湖", "2026-08"): 0, ("望湖", "2026-09"): 0, ("望湖", "2026-10"): 1},
    }
    # Before it opened there was nothing; the station without an area then gives no area, not an area of zero.
    assert street.figures("station_floor_area") == {
        **{("春和", "2026-08"): 1500, ("春和", "2026-09"): 1650, ("春和", "2026-10"): 1450},
        **{("望湖", "2026-08"): 0, ("望湖", "2026-09"): 0, ("望湖", "2026-10"): None},
    }


def test_backlog_and_due_dates(street):
    street.register()
    street.cases(
        [
            ["A1", "2026-08-30 08:00", "春和", "2026-09-06 08:00", "2026-09-05 08:00"],
            ["A2", "2026-08-31 08:00", "春和", "2026-09-07 08:00", "2026-10-01 08:00"],
            ["A3", "2026-09-02 08:00", "春和", "2026-09-09 08:00", ""],
            ["A4", "2026-10-31 08:00", "春和", "2026-11-07 08:00", ""],
        ]
    )
    street.refresh()

    def spring(measure: str) -> list[float]:
        return [v for (place, _), v in sorted(street.figures(measure).items()) if place == "春和"]

    assert spring("cases_opened") == [2, 1, 1]
    assert spring("cases_open") == [2, 2, 2]
    assert spring("cases_closed") == [0, 1, 1]
    # Due in September: three; on time: one. What falls due after the last day of the data is not counted.
    assert (spring("cases_due"), spring("cases_closed_on_time")) == ([0, 3, 0], [0, 1, 0])
    assert street.ask("SELECT CAST(as_of AS VARCHAR) FROM dataset WHERE dataset = 'street'") == [("2026-10-31",)]


def test_a_month_that_is_not_over_is_provisional(street):
    street.register()
    street.cases([["A1", "2026-09-30 08:00", "春和", "", ""], ["A2", "2026-10-09 08:00", "春和", "", ""]])
    street.refresh()
    got = street.ask(
        """SELECT CAST(period_start AS VARCHAR), status FROM v_figure
           WHERE measure = 'cases_opened' AND place_name = '春和社区' AND breakdown = '' ORDER BY 1"""
    )
    assert got == [("2026-09-01", "A"), ("2026-10-01", "P")]
    # So is the street's figure of it, from arrays and from the frame.
    source = Warehouse(serving(home()), catalogue())
    asked = Selection("street", ("cases_opened",), parse_period("2026-10"), since=parse_period("2026-09"))
    made = totals_of(source.cube(asked, remarks=True), catalogue().measures), totals(source.query(asked), [catalogue().metrics["cases_opened"]], catalogue().measures)
    assert [list(zip(rows["period"], rows["value"], rows["status"], strict=True)) for rows in made] == [[("2026-09", 1.0, "A"), ("2026-10", 1.0, "P")]] * 2
    source.close()


def test_persons_are_counted_once_in_each_period(street):
    street.register()
    heads = ["流水号", "日期", "社区", "志愿者编号", "类型", "获得积分", "兑换积分"]
    rows = [
        ["L1", "2026-01-05", "春和", "V1", "获得", 10, ""],
        ["L2", "2026-01-09", "春和", "V1", "获得", 10, ""],
        ["L3", "2026-02-05", "春和", "V1", "获得", 10, ""],
        ["L4", "2026-02-06", "春和", "V2", "获得", 10, ""],
        ["L5", "2026-02-07", "望湖", "V2", "获得", 10, ""],
        ["L6", "2026-03-31", "望湖", "V3", "兑换", "", 5],
    ]
    table(street.inbox / "积分流水.csv", [heads, *rows])
    street.refresh()
    month = street.figures("active_volunteers")
    assert [month["春和", f"2026-0{m}"] for m in (1, 2, 3)] == [1, 2, 0]
    assert [month["望湖", f"2026-0{m}"] for m in (1, 2, 3)] == [0, 1, 0]
    assert [month["柳河街道", f"2026-0{m}"] for m in (1, 2, 3)] == [1, 2, 0], (
        "a volunteer in two communities is one person of the street"
    )
    assert street.figures("active_volunteers", grain="quarter") == {
        ("春和", "2026-01"): 2,
        ("望湖", "2026-01"): 1,
        ("柳河街道", "2026-01"): 2,
        ("麦香", "2026-01"): 0,
    }
    to_date = street.ask(
        """SELECT CAST(period_end AS VARCHAR), value FROM v_figure
           WHERE measure = 'active_volunteers' AND grain = 'ytd' AND place_name = '春和社区' ORDER BY 1"""
    )
    assert to_date == [("2026-01-31", 1.0), ("2026-02-28", 2.0), ("2026-03-31", 2.0)]
    assert street.figures("active_volunteers", grain="year") == {}, "the year is not over"


def test_reported_and_rolled_up_are_shown_once(street, tmp_path):
    """An overlay counts the grids from their register too; each measure's precedence decides, differences are listed."""
    overlay = street.root / "catalogue"
    overlay.mkdir()
    street.register()
    street.monthly("2026年10月", OCTOBER, HEADS)
    grids = [
        ["G1", "第一网格", "春和", "2020-01-01"],
        ["G2", "第二网格", "春和", "2020-01-01"],
        ["G3", "第一网格", "麦香", "2020-01-01"],
    ]
    workbook(street.inbox / "网格台账.xlsx", [["网格编码", "网格名称", "所属社区", "启用日期"], *grids])
    for precedence, expected in (("reported", (4, 3, 1)), ("rolled_up", (2, 3, 1))):
        block = f"grids: {{rollup: {{table: grid, start: started_on, end: ended_on}}, precedence: {precedence}}}\n"
        (overlay / "measures.yml").write_text(block, encoding="utf-8")
        street.refresh()
        got = street.figures("grids")
        assert [got[p, "2026-10"] for p in ("春和", "望湖", "麦香")] == [*expected], precedence
        assert street.ask("SELECT place_id, reported, rolled_up FROM difference") == [("street/柳河街道/春和社区", 4.0, 2.0)]


def test_targets_and_chronicle_may_speak_of_the_whole_street(street):
    street.register()
    heads = ["年度", "指标", "社区", "目标值"]
    rows = [
        [2026, "户数", "全街道", 4000],
        [2026, "常住人口", "全街道", 9000],
        [2026, "常住人口", "", 9100],
        ["2026年", "按期办结率", "春和", 95],
        ["2026年", "无此指标", "春和", 1],
    ]
    workbook(street.inbox / "目标任务分解表.xlsx", [heads, *rows])
    workbook(street.inbox / "大事记.xlsx", [["序号", "日期", "事项", "社区"], ["1", dt.date(2026, 5, 1), "启用新平台", ""]])
    street.refresh()
    got = street.ask(
        "SELECT place_id, metric, CAST(period_start AS VARCHAR), CAST(period_end AS VARCHAR), target_value FROM target ORDER BY metric"
    )
    assert got == [
        ("street/柳河街道", "households", "2026-01-01", "2026-12-31", 4000.0),
        ("street/柳河街道/春和社区", "on_time_rate", "2026-01-01", "2026-12-31", 95.0),
    ]
    assert [s[s.index("第 ") :] for s in street.sentences()] == [
        "第 3 行“年度、指标、社区”列的值“2026、常住人口、全街道”与第 4 行重复。请核对哪一行是对的，删去另一行后重新上报。",
        "第 4 行“年度、指标、社区”列的值“2026、常住人口”与第 3 行重复。请核对哪一行是对的，删去另一行后重新上报。",
        "第 6 行“指标”列的值“无此指标”不是目录中的指标。请写成指标目录中的名称。",
    ]
    assert street.ask("SELECT place_id, what FROM event") == [("street/柳河街道", "启用新平台")]
