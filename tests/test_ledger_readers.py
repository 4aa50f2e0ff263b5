"""The readers of event tables and registers, on streets small enough to work out by hand."""

from datetime import date

import numpy as np
import pytest
from street import Street, table

from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE, home
from jiejian.ledgers import breakdowns, cases, organisations, people, registers, sites, works
from jiejian.periods import parse_period
from jiejian.warehouse import Warehouse, serving

ORGANISATIONS = [
    ["组织编码", "组织名称", "组织层级", "上级组织编码", "社区", "所属网格", "成立日期", "撤销日期", "党员人数"],
    ["A", "街道党工委", "街道党工委", "", "柳河街道", "", "2010-01-01", "", "100"],
    ["B", "春和党委", "社区党委", "A", "春和", "", "2015-01-01", "", "60"],
    ["C", "春和一支部", "网格党支部", "B", "春和", "春和1网格", "2020-01-01", "", "55"],
    ["D", "春和二支部", "网格党支部", "B", "春和", "春和2网格", "2026-09-01", "", "5"],
    ["E", "旧支部", "网格党支部", "B", "春和", "春和3网格", "2015-01-01", "2020-01-01", "9"],
    ["F", "无主支部", "网格党支部", "ZZ", "望湖", "", "2020-01-01", "", "7"],
    ["G", "环一", "党小组", "H", "望湖", "", "2020-01-01", "", "3"],
    ["H", "环二", "党小组", "G", "望湖", "", "2020-01-01", "", "3"],
    ["I", "环下", "党员中心户", "G", "望湖", "", "2020-01-01", "", "1"],
]
GRIDS = [
    ["网格编码", "网格名称", "所属社区", "网格级别", "户数", "启用日期"],
    ["W1", "春和1网格", "春和", "三级网格", "300", "2021-01-01"],
    ["W2", "春和2网格", "春和", "三级网格", "280", "2021-01-01"],
    ["W3", "春和商圈网格", "春和", "专属网格", "", "2021-01-01"],
]
LIFE = [
    ["组织生活编号", "召开日期", "组织编码", "社区", "组织生活类型", "应到人数", "实到人数"],
    ["L1", "2026-09-05", "C", "春和", "支委会", "5", "5"],
    ["L2", "2026-10-05", "C", "春和", "支委会", "5", "4"],
    ["L3", "2026-10-06", "D", "春和", "党课", "5", "5"],
]
CASES = [
    ["工单编号", "受理时间", "社区", "来源渠道", "事项类别", "办理时限", "派单时间", "截止时间", "办结时间", "是否退回", "是否回访"],
    ["c1", "2026-10-01 08:00:00", "春和", "热线", "停车", "1周", "2026-10-01 09:00:00", "2026-10-08 08:00:00", "2026-10-02 09:00:00", "否", "是"],
    ["c2", "2026-10-02 08:00:00", "春和", "巡查走访", "环境", "1天", "2026-10-02 11:00:00", "2026-10-03 08:00:00", "2026-10-05 08:00:00", "否", "否"],
    ["c3", "2026-10-20 08:00:00", "春和", "热线", "停车", "1周", "", "2026-10-27 08:00:00", "", "否", ""],
    ["c4", "2026-10-29 08:00:00", "望湖", "网络", "噪音", "1周", "", "2026-11-02 12:00:00", "", "否", ""],
    ["c5", "2026-10-30 08:00:00", "望湖", "网络", "噪音", "1月", "", "2026-11-29 08:00:00", "", "是", ""],
    ["c6", "2026-10-31 08:00:00", "望湖", "热线", "停车", "1月", "", "2026-11-30 08:00:00", "", "否", ""],
]
POINTS = [
    ["流水号", "日期", "社区", "志愿者编号", "类型", "获得积分", "兑换积分", "过期积分", "兑换商家", "兑换折算金额(元)"],
    ["p1", "2024-01-10", "春和", "V1", "获得", "30", "", "", "", ""],
    ["p2", "2026-10-01", "春和", "V1", "获得", "10", "", "", "", ""],
    ["p3", "2026-10-02", "春和", "V1", "兑换", "", "12", "", "粮油店", "1.2"],
    ["p4", "2026-10-03", "春和", "V1", "过期", "", "", "8", "", ""],
    ["p5", "2026-01-01", "望湖", "V2", "获得", "20", "", "", "", ""],
    ["p6", "2026-10-09", "望湖", "V2", "兑换", "", "20", "", "粮油店", "2"],
]
NEEDS = [
    ["项目编号", "需求内容", "需求类别", "社区", "征集日期", "认领日期", "认领单位", "达成日期", "完成日期"],
    ["X1", "路灯", "设施", "春和", "2026-09-01", "2026-09-03", "供电所", "2026-09-10", "2026-09-30"],
    ["X2", "扶手", "设施", "春和", "2026-09-02", "2026-09-08", "物业", "", ""],
    ["X3", "讲座", "教育", "望湖", "2026-10-01", "", "", "", ""],
]
PAID = [
    ["序号", "项目编号", "社区", "出资单位", "金额(元)", "出资日期"],
    ["1", "X1", "春和", "供电所", "500", "2026-09-12"],
    ["2", "X1", "春和", "银行", "300", "2026-09-13"],
    ["3", "X1", "春和", "供电所", "200", "2026-10-01"],
]
RESOURCES = [
    ["资源编号", "资源内容", "资源类别", "提供单位", "社区", "发布日期", "首次对接日期", "撤下日期"],
    ["R1", "电工", "设施", "供电所", "春和", "2026-01-01", "2026-09-10", ""],
    ["R2", "木工", "设施", "物业", "春和", "2026-01-01", "", ""],
    ["R3", "旧车", "出行", "公交", "望湖", "2026-01-01", "", "2026-06-01"],
]
TOPICS = [
    ["议题编号", "议题名称", "社区", "会议形式", "议事日期", "协调日期", "表决日期", "表决通过", "实施完成日期", "工程量", "计量单位", "费用(元)"],
    ["T1", "补路", "春和", "居民议事会", "2026-09-01", "2026-09-05", "2026-09-15", "是", "2026-10-15", "120", "平方米", "9000"],
    ["T2", "装灯", "春和", "联席会议", "2026-09-10", "2026-09-20", "", "", "", "", "", ""],
]
ACTIVITIES = [
    ["活动编号", "活动名称", "社区", "活动日期", "参加人次"],
    ["H1", "义诊", "春和", "2026-10-03", "40"],
    ["H2", "歌会", "春和", "2026-10-03", ""],
    ["H3", "讲座", "望湖", "2026-09-09", "12"],
]
STATIONS = [
    ["阵地编号", "阵地名称", "阵地类型", "社区", "启用日期", "停用日期", "社情前哨", "红色宣传", "经度", "纬度", "坐标系"],
    ["S1", "春和驿站", "居住型驿站", "春和", "2020-01-01", "", "是", "否", "0", "0", "甲"],
    ["S2", "旧驿站", "居住型驿站", "望湖", "2020-01-01", "2025-01-01", "", "", "0.02", "0", "甲"],
]
ESTATES = [
    ["小区编号", "小区名称", "社区", "小区类型", "小区户数", "交付日期", "经度", "纬度", "坐标系"],
    ["Q1", "近苑", "春和", "老旧小区", "100", "2000-01-01", "0.005", "0", "甲"],
    ["Q2", "远苑", "望湖", "商品房小区", "300", "2000-01-01", "0.02", "0", "甲"],
    ["Q3", "另苑", "望湖", "商品房小区", "50", "2000-01-01", "0.001", "0", "乙"],
]
PROFILE = [
    ["季度", "社区", "党员总数", "35岁及以下", "36—45岁", "46—55岁", "56—60岁", "61岁及以上"],
    ["2026年第三季度", "春和", "60", "10", "10", "10", "10", "20"],
]
FILES = {
    "党组织台账": ORGANISATIONS, "网格台账": GRIDS, "组织生活台账": LIFE, "诉求工单": CASES, "积分流水": POINTS, "需求与共建项目台账": NEEDS,
    "众筹出资台账": PAID, "资源清单": RESOURCES, "议事协商台账": TOPICS, "活动台账": ACTIVITIES, "阵地台账": STATIONS, "小区台账": ESTATES,
    "党员队伍结构统计表": PROFILE,
}  # fmt: skip
DAY, FIRST = date(2026, 10, 31), date(2026, 9, 1)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        street = Street(tmp_path_factory.mktemp("readers"), patch)
        street.register()
        for name, rows in FILES.items():
            table(street.inbox / f"{name}.csv", rows)
        summary = street.refresh()
        assert not summary.faults and not summary.rows_rejected, (summary.faults, street.sentences())
        # Every count is to be seen here; what is left out where few people are counted is tested in test_small_cells.py.
        declared = load_catalogue(BUNDLED_CATALOGUE)
        off = declared.settings["small_cells"].model_copy(update={"enabled": False})
        shown = declared.model_copy(update={"settings": {**declared.settings, "small_cells": off}})
        yield Warehouse(serving(home()), shown)


def rows(frame, *columns):
    return [tuple(None if v != v else v for v in row) for row in frame[list(columns)].itertuples(index=False)]


def test_the_tree_hangs_together_and_what_does_not_is_told(small):
    found = organisations.tree(small, "street", DAY)
    assert rows(found[found["fault"] == ""], "org_code", "depth", "path", "children") == [
        ("A", 0, "A", 1), ("B", 1, "A/B", 2), ("C", 2, "A/B/C", 0), ("D", 2, "A/B/D", 0), ("I", 1, "G/I", 0),
    ]  # fmt: skip
    assert dict(rows(found[found["fault"] != ""], "org_code", "fault")) == {
        "F": organisations.ORPHAN, "G": organisations.CYCLE, "H": organisations.CYCLE,
    }  # fmt: skip
    assert "D" not in set(organisations.tree(small, "street", date(2026, 8, 31))["org_code"]), "not yet founded"
    assert "E" in set(organisations.tree(small, "street", date(2019, 12, 31))["org_code"]), "not yet dissolved"


def test_what_does_not_hang_together_is_drawn_apart_with_what_is_under_it(small):
    from jiejian.ui.themes.organisation import apart

    found = organisations.tree(small, "street", DAY)
    assert set(found.loc[apart(found), "org_code"]) == {"F", "G", "H", "I"}
    assert set(found.loc[~apart(found), "org_code"]) == {"A", "B", "C", "D"}


def test_levels_gaps_and_large_branches(small):
    levels = organisations.levels(small, "street", DAY)
    assert ("网格党支部", 3, 67) in rows(levels, "level", "organisations", "members")
    assert rows(organisations.grids_without_branch(small, "street", DAY), "grid_name") == []
    assert rows(organisations.grids_without_branch(small, "street", date(2026, 8, 31)), "grid_name") == [("春和2网格",)]
    assert rows(organisations.large_branches(small, "street", DAY), "org_code", "member_count") == [("C", 55)]


def test_meetings_that_were_not_held(small):
    october = parse_period("2026-10")
    assert rows(people.meetings_not_held(small, "street", "支部委员会会议", october), "org_code") == [("D",), ("F",)]
    # D was founded within September; nothing is known of July.
    assert rows(people.meetings_not_held(small, "street", "支部委员会会议", parse_period("2026-09")), "org_code") == [("D",), ("F",)]
    assert rows(people.meetings_not_held(small, "street", "支部委员会会议", parse_period("2026-07")), "org_code") == []


def test_case_list_is_paged_and_filtered(small):
    page, total = cases.case_list(small, "street", date(2026, 10, 1), DAY, size=2)
    assert total == 6 and list(page["case_no"]) == ["c6", "c5"]
    page, total = cases.case_list(small, "street", date(2026, 10, 1), DAY, filters={"channel": "热线", "category": "停车"}, page=1, size=2)
    assert total == 3 and rows(page, "case_no", "state") == [("c1", "按期办结")]
    assert not {"reporter", "phone"} & set(page.columns)
    with pytest.raises(ValueError, match="不能按"):
        cases.case_list(small, "street", FIRST, DAY, filters={"case_no; DROP TABLE case_event": "x"})


def test_the_four_states_add_up(small):
    found = cases.states(small, "street", date(2026, 10, 1), DAY)
    assert rows(found, "place", "state", "cases") == [
        ("春和社区", "在办已超期", 1), ("春和社区", "按期办结", 1), ("春和社区", "超期办结", 1), ("望湖社区", "在办未到期", 3),
    ]  # fmt: skip
    earlier = cases.states(small, "street", date(2026, 10, 1), date(2026, 10, 4))
    assert dict(rows(earlier, "state", "cases")) == {"按期办结": 1, "在办已超期": 1}


def test_what_must_be_supervised(small):
    found = cases.to_supervise(small, "street", DAY, within=3)
    assert rows(found, "case_no", "matter", "days") == [("c3", "已超期", -5), ("c4", "将到期", 1), ("c5", "被退回", 28)]
    assert rows(cases.to_supervise(small, "street", DAY, within=3, most=2), "case_no") == [("c3",), ("c4",)]
    assert dict(rows(cases.supervised(small, "street", DAY, within=3), "matter", "cases")) == {"已超期": 1, "将到期": 1, "被退回": 1}
    backlog = cases.backlog_by_age(small, "street", DAY)
    assert rows(backlog, "age", "cases", "overdue") == [("1天内", 1, 0), ("1周内", 2, 0), ("1月内", 1, 1), ("3月内", 0, 0), ("3月以上", 0, 0)]
    steps = cases.steps(small, "street", date(2026, 10, 1), DAY)
    assert rows(steps, "step", "cases") == [("上报", 6), ("派单", 2), ("处置", 2), ("评价", 1)]
    assert steps["median_hours"].tolist()[1:3] == [2, (24 + 69) / 2]


def test_points_by_age_oldest_used_first(small):
    found = people.points_age(small, "street", DAY)
    # V1 earned 30 in 2024 and 10 in October; 12 redeemed and 8 expired leave 10 of the old and 10 new. V2 has none left.
    assert rows(found, "points", "volunteers") == [(10, 1), (0, 0), (0, 0), (0, 0), (10, 1)]
    assert rows(people.points_age(small, "street", date(2026, 9, 30)), "points") == [(0,), (0,), (20,), (0,), (30,)]
    assert rows(people.redeemed(small, "street", "merchant", FIRST, DAY), "category", "redemptions", "points", "yuan") == [
        ("粮油店", 2, 32, 3.2)
    ]
    with pytest.raises(ValueError, match="不能按"):
        people.redeemed(small, "street", "volunteer", FIRST, DAY)


def test_needs_topics_and_their_stages(small):
    assert rows(works.need_stages(small, "street", FIRST, DAY), "stage", "count", "median_days") == [
        ("征集", 3, None), ("认领", 2, 4), ("达成", 1, 7), ("完成", 1, 20),
    ]  # fmt: skip
    assert rows(works.topic_stages(small, "street", FIRST, DAY), "stage", "count", "median_days") == [
        ("议事", 2, None), ("协调", 2, 7), ("表决", 1, 10), ("实施", 1, 30),
    ]  # fmt: skip
    assert rows(works.works_done(small, "street", FIRST, DAY), "topic", "work_quantity", "work_unit", "cost_yuan") == [("补路", 120, "平方米", 9000)]
    assert rows(works.claims(small, "street", FIRST, DAY), "unit", "claimed", "done") == [("供电所", 1, 1), ("物业", 1, 0)]


def test_contributions_and_the_menu(small):
    assert rows(works.contributions(small, "street", FIRST, DAY), "unit", "category", "amount", "payments") == [
        ("供电所", "设施", 700, 2), ("银行", "设施", 300, 1),
    ]  # fmt: skip
    assert rows(works.contributions(small, "street", FIRST, DAY, most=1), "unit", "amount") == [("供电所", 700), ("其他单位", 300)]
    assert rows(works.menu(small, "street", DAY), "category", "needs", "unmet", "oldest_days", "resources", "unused") == [
        ("教育", 1, 1, 30, 0, 0), ("设施", 2, 1, 59, 2, 1),
    ]  # fmt: skip


def test_activities_by_day_and_months_without(small):
    # 望湖 on a day of September, 春和 twice on one of October.
    assert rows(people.calendar(small, "street", FIRST, DAY), "sessions", "attendances") == [(1, 12), (2, 40)]
    assert rows(people.by_month(small, "street", FIRST, DAY), "place", "period", "sessions") == [("望湖社区", "2026-09", 1), ("春和社区", "2026-10", 2)]
    months = (parse_period("2026-09"), parse_period("2026-10"))
    assert rows(people.without_activity(small, "street", months), "place", "period") == [
        ("春和社区", "2026-09"), ("麦香社区", "2026-09"), ("望湖社区", "2026-10"), ("麦香社区", "2026-10"),
    ]  # fmt: skip


def test_stations_and_how_far_estates_lie(small):
    assert rows(sites.stations(small, "street", DAY), "station_name", "functions_held") == [("春和驿站", 1)]
    found = sites.estates_by_distance(small, "street", DAY)
    assert rows(found, "estate_name", "station_name") == [("近苑", "春和驿站"), ("远苑", "春和驿站"), ("另苑", None)]
    # A degree of the equator is 111.195 km; the estate in another system of coordinates has no distance.
    assert found["km"].to_numpy()[:2] == pytest.approx([0.555975, 2.2239], rel=1e-4) and np.isnan(found["km"].iloc[2])
    reach = sites.within_reach(found)
    assert rows(reach, "place", "households", "within", "share") == [("春和社区", 100, 100, 100), ("望湖社区", 300, 0, 0), ("合计", 400, 100, 25)]


def test_registers_on_a_day(small):
    assert rows(registers.standing(small, "street", "resources", DAY), "resource_no") == [("R1",), ("R2",)]
    assert rows(registers.standing(small, "street", "resources", date(2026, 5, 31)), "resource_no") == [("R1",), ("R2",), ("R3",)]
    assert rows(registers.counted(small, "street", "grids", "grid_level", DAY, value="grid_households"), "category", "count", "total") == [
        ("三级网格", 2, 580), ("专属网格", 1, None),
    ]  # fmt: skip
    assert "书记到位" in registers.missing_columns(small, "street", "organisations")
    assert registers.standing(small, "street", "teams", DAY).empty
    with pytest.raises(ValueError, match="没有列"):
        registers.counted(small, "street", "grids", "1; DROP TABLE grid", DAY)


def test_breakdowns_counted_and_reported(small):
    found = breakdowns.breakdown(small, "street", "cases_opened", "channel", [parse_period("2026-10"), parse_period("2026-Q3")])
    # The commonest first; nothing happened in the third quarter.
    assert rows(found, "place", "category", "period", "value") == [
        ("春和社区", "热线", "2026-10", 2), ("春和社区", "巡查走访", "2026-10", 1), ("望湖社区", "热线", "2026-10", 1), ("望湖社区", "网络", "2026-10", 2),
    ]  # fmt: skip
    ages = breakdowns.breakdown(small, "street", "members_profiled", "年龄", [parse_period("2026-Q3")])
    assert rows(ages, "place", "category", "value") == [
        ("春和社区", "35岁及以下", 10), ("春和社区", "36—45岁", 10), ("春和社区", "46—55岁", 10), ("春和社区", "56—60岁", 10), ("春和社区", "61岁及以上", 20),
    ]  # fmt: skip
    assert breakdowns.breakdowns_of(small, "street", "members_profiled") == ("年龄",)
    assert {"channel", "category", "tier"} <= set(breakdowns.breakdowns_of(small, "street", "cases_opened"))
