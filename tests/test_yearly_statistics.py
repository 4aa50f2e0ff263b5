"""Yearly tables as national statistics sites export them, in the shipped contract; and figures that change their scale."""

from __future__ import annotations

import pytest
from street import Street, table, workbook

from etl.__main__ import main
from etl.extract import extract
from etl.recognise import NotRecognised, known_heads, ledgers_for, recognise
from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE

NOTE = "注：1.2005年、2015年为1%人口抽样调查样本数据，其他年份为1‰人口变动调查样本数据。"
SAMPLE = [
    ["数据库：分省年度数据"],
    ["指标：人口数(人口抽样调查)(人)"],
    ["时间：最近4年"],
    ["地区", "2017年", "2016年", "2015年", "2014年"],
    ["甲省", "", 18132, 335775, 17757],
    ["乙自治区", 12778, 13046, 239370, 12517],
    [NOTE],
    ["　　　2.由于采用加权汇总的方法，合计与分项相加略有误差。"],
    ["数据来源：统计局"],
]


@pytest.fixture
def street(tmp_path, monkeypatch):
    return Street(tmp_path / "home", monkeypatch)


def load(path, *more: str) -> int:
    return main(["load", str(path), "--dataset", "statistics", *more])


def warnings(street) -> list[tuple]:
    return street.ask("SELECT cells, sentence FROM v_reject WHERE dataset = 'statistics' ORDER BY row, cells")


def test_the_sample_of_another_size_is_another_measure_with_its_note(street, tmp_path):
    assert load(table(tmp_path / "分省年度数据 (1).csv", SAMPLE, "gb18030")) == 0
    figures = street.ask(
        "SELECT place_id, measure, year(period_start), value, cell, note FROM observation WHERE dataset = 'statistics' AND value IS NOT NULL ORDER BY ALL"
    )
    permille, percent = "stat_sample_permille", "stat_sample_percent"
    assert figures == [
        ("statistics/乙自治区", percent, 2015, 239370, "D6", NOTE),
        ("statistics/乙自治区", permille, 2014, 12517, "E6", None),
        ("statistics/乙自治区", permille, 2016, 13046, "C6", None),
        ("statistics/乙自治区", permille, 2017, 12778, "B6", None),
        ("statistics/甲省", percent, 2015, 335775, "D5", NOTE),
        ("statistics/甲省", permille, 2014, 17757, "E5", None),
        ("statistics/甲省", permille, 2016, 18132, "C5", None),
    ]
    # A blank is a gap, kept as one; nothing is rejected and, since the other scale is declared, nothing is a jump.
    assert street.ask("SELECT status FROM observation WHERE place_id = 'statistics/甲省' AND year(period_start) = 2017") == [
        ("M",)
    ]
    assert warnings(street) == []


@pytest.mark.parametrize(
    ("title", "measure", "written", "value"),
    [
        ("年末常住人口(万人)", "stat_population", 1187.5, 11875000),
        ("城镇单位就业人员(万人)", "stat_urban_jobs", 778.9, 7789000),
        ("地方财政一般预算收入(亿元)", "stat_budget_revenue", 5817.1, 5817.1),
        ("公路里程(万公里)", "stat_roads", 2.24, 22400),
        ("卫生机构床位数(万张)", "stat_beds", 12.5, 125000),
        ("人口出生率(‰)", "stat_birth_rate", 8.12, 8.12),
        ("居民人均可支配收入(元)", "stat_income", 67756, 67756),
    ],
)
def test_the_indicator_is_what_the_title_says_with_its_unit(street, tmp_path, title, measure, written, value):
    rows = [
        ["数据库：分省年度数据"],
        [f"指标：{title}"],
        ["时间：最近2年"],
        ["地区", "2019年", "2018年"],
        ["甲省", written, ""],
        ["乙市", "", ""],
    ]
    assert load(table(tmp_path / "分省年度数据.csv", [*rows, ["数据来源：统计局"]], "gb18030")) == 0
    assert street.ask(
        "SELECT measure, year(period_start), value FROM observation WHERE value IS NOT NULL AND dataset = 'statistics'"
    ) == [(measure, 2019, value)]


def test_several_indicators_of_one_year_are_columns(street, tmp_path):
    rows = [
        ["地区", "年份", "年末常住人口（万人）", "公路里程（公里）"],
        ["甲省", "2020年", 100, 5000],
        ["乙省", "2020年", 50, ""],
    ]
    assert load(workbook(tmp_path / "各地区.xlsx", rows)) == 0
    assert street.ask("SELECT measure, sum(value) FROM observation WHERE dataset = 'statistics' GROUP BY 1 ORDER BY 1") == [
        ("stat_population", 1500000),
        ("stat_roads", 5000),
    ]


def test_an_indicator_that_the_contract_does_not_list_is_named(tmp_path):
    catalogue = load_catalogue(BUNDLED_CATALOGUE)
    ledgers = ledgers_for(catalogue, "statistics")
    rows = [["指标：茶叶产量(万吨)"], ["地区", "2019年", "2018年"], ["甲省", 1, 2], ["乙省", 3, 4]]
    (sheet,) = extract(table(tmp_path / "a.csv", rows), known_heads(ledgers))
    with pytest.raises(NotRecognised, match="标题写的指标“茶叶产量\\(万吨\\)”不在台账约定里"):
        recognise(sheet, ledgers, catalogue)


def test_a_street_is_not_offered_the_contract():
    catalogue = load_catalogue(BUNDLED_CATALOGUE)
    assert "yearly_statistics" not in {ledger.id for ledger in ledgers_for(catalogue, "street")}


# ---- jumps ----

UNDECLARED = """
name: 抽样人数
table: observation
sent: year
grain: year
starts_places: all
datasets: [statistics]
layout: {}
measures: {sampled: {name: 抽样人数, unit: 人, kind: as_reported}}
columns:
  place: {name: 地区, type: place, required: true}
  period: {name: 年份, type: period, required: true}
  people: {name: 人口数(人口抽样调查), type: number, measure: sampled, low: 0}
"""
SAYS = "不合规则：与上期相差十倍以上，可能换了单位或口径"


def undeclared(tmp_path) -> tuple[str, str]:
    (tmp_path / "sampled.yml").write_text(UNDECLARED, encoding="utf-8")
    return ("--contract", str(tmp_path / "sampled.yml"))


def test_a_change_of_scale_that_nobody_declared_is_marked_with_both_figures(street, tmp_path):
    assert load(table(tmp_path / "a.csv", SAMPLE, "gb18030"), *undeclared(tmp_path)) == 0
    told = warnings(street)
    assert [cells for cells, _ in told] == ["C5", "D5", "C6", "D6"]
    assert f"的值“18132”{SAYS}（2016年为 18132，上期2015年为 335775）。" in told[0][1]
    assert f"的值“335775”{SAYS}（2015年为 335775，上期2014年为 17757）。" in told[1][1]
    # It is a warning: the figures are loaded all the same.
    assert street.ask("SELECT count(*) FROM observation WHERE measure = 'sampled' AND value IS NOT NULL") == [(7,)]


def test_the_same_figures_down_a_column_and_against_an_older_file(street, tmp_path):
    contract = undeclared(tmp_path)
    head = ["地区", "年份", "人口数(人口抽样调查)"]
    first = table(tmp_path / "旧.csv", [head, ["甲省", "2013年", 17454], ["甲省", "2014年", 17757]])
    later = table(tmp_path / "新.csv", [head, ["甲省", "2015年", 335775], ["乙省", "2015年", 239370]])
    assert load(first, *contract) == 0
    assert warnings(street) == []
    assert load(later, *contract) == 0
    ((cells, sentence),) = warnings(street)
    assert cells == "C2" and f"{SAYS}（2015年为 335775，上期2014年为 17757）" in sentence


def test_small_numbers_may_grow_tenfold(street, tmp_path):
    rows = [["指标：人口数(人口抽样调查)(人)"], ["地区", "2016年", "2015年"], ["甲省", 40, 3], ["乙省", 5, 0]]
    assert load(table(tmp_path / "a.csv", rows), *undeclared(tmp_path)) == 0
    assert warnings(street) == []


def test_a_contract_of_ones_own_goes_before_the_shipped_one(street, tmp_path):
    """Both read 年末常住人口 of a table with years across: the street wrote its own for that, and nothing is asked."""
    own = tmp_path / "own_stats.yml"
    own.write_text(
        """name: 本市年度数据
table: observation
sent: year
grain: year
starts_places: all
datasets: [statistics]
measures:
  own_people: {name: 常住人口（本市）, unit: 人, kind: stock}
columns:
  place: {name: 地区, type: place, required: true}
  period: {name: 年份, type: period, required: true}
  people: {name: 年末常住人口, type: number, measure: own_people}
""",
        encoding="utf-8",
    )
    rows = [["指标：年末常住人口(万人)"], ["地区", "2019年", "2018年"], ["甲省", 5, 4]]
    assert load(table(tmp_path / "a.csv", rows), "--contract", str(own)) == 0
    rows[2] = ["乙省", 3, 2]
    assert load(table(tmp_path / "b.csv", rows)) == 0
    asked = street.ask(
        "SELECT place_id, measure, value FROM observation WHERE dataset = 'statistics' AND year(period_start) = 2019 ORDER BY 1"
    )
    assert asked == [("statistics/乙省", "own_people", 30000), ("statistics/甲省", "own_people", 50000)]
