"""组织体系, 党员作用, 网格治理: figures counted with plain pandas from the demo's workbooks, not through the warehouse."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from jiejian.ledgers import grids, organisations
from jiejian.ledgers.breakdowns import breakdown
from jiejian.periods import parse_period
from jiejian.ui.themes.common import grid_label

DAY = date(2026, 10, 31)


def sheet(demo_home, path):
    """A workbook of the demo: its second line has the heads, its last may be a remark."""
    rows = pd.read_excel(demo_home / "demo" / path, header=1, engine="openpyxl")
    return rows[rows.iloc[:, 1].notna()]


def standing(rows, start, end):
    began, ended = (pd.to_datetime(rows[c]) for c in (start, end))
    return rows[(began.isna() | (began <= pd.Timestamp(DAY))) & (ended.isna() | (ended > pd.Timestamp(DAY)))]


def test_vacant_posts_and_missing_stewards_of_each_grid(demo, demo_home):
    rows = standing(sheet(demo_home, "网格/网格台账.xlsx"), "启用日期", "撤销日期")
    gap = rows["应配网格员"] - rows["实配网格员"]
    found = grids.vacancies(demo, "demo", DAY)
    assert dict(zip(found["grid_name"], found["vacant"], strict=True)) == dict(
        zip(rows["网格名称"][gap > 0], gap[gap > 0], strict=True)
    )
    homes = rows[rows["户数"].fillna(0) > 0].set_index("网格名称")
    due = -(-homes["户数"].astype(int) // 30)
    each = grids.staffing(demo, "demo", DAY).set_index("grid_name")
    assert each["stewards_due"].astype(int).to_dict() == due.to_dict()
    assert each["stewards_short"].sum() == (due - homes["楼栋红管家"]).clip(lower=0).sum() > 0


def test_grids_by_level_and_by_size(demo, demo_home):
    rows = standing(sheet(demo_home, "网格/网格台账.xlsx"), "启用日期", "撤销日期")
    assert grids.levels(demo, "demo", DAY).sum().to_dict() == rows["网格级别"].value_counts().to_dict()
    third = rows[rows["网格级别"] == "三级网格"]["户数"]
    edges = [0, 99, 199, 299, 399, np.inf]
    expected = [int(third.between(low + (low > 0), high).sum()) for low, high in pairwise(edges)]
    found = grids.sizes(demo, "demo", DAY)
    assert list(found["grids"]) == expected and found["households"].sum() == third.sum()


def test_who_serves_in_the_grids(demo, demo_home):
    rows = standing(sheet(demo_home, "网格/网格力量台账.xlsx"), "到岗日期", "撤离日期")
    for by, head in (("force_kind", "力量类别"), ("net", "所属网"), ("force_role", "队伍构成")):
        counted = rows.groupby(rows[head].map({"1": "专职力量", "N": "下沉力量", "X": "社会力量"}).fillna(rows[head]))[
            "实有人数"
        ].sum()
        assert grids.forces(demo, "demo", DAY, by).sum().to_dict() == counted.to_dict()
    with pytest.raises(ValueError, match="不能按 place 汇总"):
        grids.forces(demo, "demo", DAY, "place")


def test_estates_with_property_and_branch(demo, demo_home):
    rows = standing(sheet(demo_home, "小区/小区台账.xlsx"), "交付日期", "拆除日期")
    company, branch = rows["物业企业"].notna(), pd.to_datetime(rows["物业党支部成立日期"]) <= pd.Timestamp(DAY)
    found = grids.estates(demo, "demo", date(2026, 10, 1), DAY)
    assert len(found) == len(rows) and found["households"].sum() == rows["小区户数"].sum()
    assert found["managed"].value_counts().to_dict() == {
        "有物业有党支部": int((company & branch).sum()), "有物业无党支部": int((company & ~branch).sum()), "无物业": int((~company).sum()),
    }  # fmt: skip


def test_whom_the_organisation_reaches(demo, demo_home):
    org = standing(sheet(demo_home, "党组织/党组织台账.xlsx"), "成立日期", "撤销日期")
    grid = standing(sheet(demo_home, "网格/网格台账.xlsx"), "启用日期", "撤销日期")
    firms = standing(sheet(demo_home, "党组织/两新组织台账.xlsx"), "登记日期", "注销日期")
    third = set(grid.loc[grid["网格级别"] == "三级网格", "网格名称"])
    own = firms["党组织覆盖方式"].isin(["单独组建", "联合组建"]) & (pd.to_datetime(firms["覆盖日期"]) <= pd.Timestamp(DAY))
    found = organisations.coverage(demo, "demo", DAY).set_index("kind")
    assert tuple(found.loc["网格", ["covered", "total"]]) == (len(third & set(org["所属网格"].dropna())), len(third))
    assert tuple(found.loc["两新组织", ["covered", "total"]]) == (own.sum(), len(firms))
    ends = pd.to_datetime(org["任期届满日期"])
    assert set(organisations.terms_run_out(demo, "demo", DAY)["org_code"]) == set(org.loc[ends < pd.Timestamp(DAY), "组织编码"])
    districts = organisations.districts(demo, "demo", DAY).set_index("district")
    assert districts["enterprises"].to_dict() == firms["所属商圈或楼宇"].value_counts().to_dict()
    assert districts["covered"].to_dict() == own.groupby(firms["所属商圈或楼宇"]).sum().to_dict()


def test_members_by_age_are_the_quarters_own(demo, demo_home):
    rows = sheet(demo_home, "党员队伍/2026年党员队伍结构统计表.xlsx")
    third = rows[rows["季度"].astype(str).str.contains("3|三") & (rows["社区"].astype(str).str.len() > 2)]
    found = breakdown(demo, "demo", "members_profiled", "年龄", (parse_period("2026-Q3"),)).groupby("category")["value"].sum()
    for head in ("35岁及以下", "36—45岁", "46—55岁", "56—60岁", "61岁及以上"):
        assert found[head] == third[head].sum()


def test_a_grid_that_goes_by_its_community_does_not_name_it_twice():
    assert grid_label("松涛苑社区", "松涛苑第4网格") == "松涛苑第4网格"
    assert grid_label("松涛苑社区", "第4网格") == "松涛苑社区 第4网格"
