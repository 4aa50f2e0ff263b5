"""Tables as data banks and yearbooks export them, and registers from elsewhere, that were once misread; made up small, worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from street import load_trial, table, workbook

from etl.spans import months_in_full
from etl.units import of_title

TOP = "name: 试验表\ntable: observation\nsent: year\nstarts_places: all\n"
FIGURES = "SELECT measure, place_id[7:], CAST(period_start AS VARCHAR), value FROM observation WHERE dataset = 'trial' ORDER BY ALL"


@pytest.fixture
def load(tmp_path, monkeypatch):
    return partial(load_trial, monkeypatch, tmp_path)


def told(street) -> list[str]:
    return [" ".join(filter(None, row)) for row in street.ask("SELECT reason, advice FROM reject WHERE dataset = 'trial' ORDER BY \"row\"")]


# ---- units ----

OUTPUT = TOP + (
    "grain: year\nlayout: {period: '2020'}\n"
    "measures: {made: {name: 产值, unit: 万元, kind: flow}, workers: {name: 职工, unit: 人, kind: stock}}\n"
    "columns:\n  place: {name: 地区, type: place, required: true}\n"
    "  made: {name: 产值, type: number, measure: made}\n  workers: {name: 职工, type: number, measure: workers}\n"
)


@pytest.mark.parametrize(
    ("said", "made", "staff"),
    [("单位：亿元", 10000, 7), ("单位：万元、人", 1, 7), ("单位：元", 0.0001, 7), ("单位：千人、亿元", 10000, 7000), ("单位：户、千人", 1, 7000), ("单位：万", 1, 7)],
)
def test_a_unit_in_the_title_holds_whatever_multiple_the_contract_counts_in(load, tmp_path, said, made, staff):
    """Millions of households are no persons, and a bare multiple says nothing."""
    street = load(OUTPUT, table(tmp_path / "产值.csv", [["产值表"], [said], ["地区", "产值", "职工"], ["甲省", "1", "7"], ["乙省", "4", "8"]]))
    assert [value for measure, place, _, value in street.ask(FIGURES) if place == "甲省"] == pytest.approx([made, staff])


def test_what_a_title_s_unit_is_read_for():
    assert [of_title(unit, "人") for unit in ("千人", "万户", "万", "元", "人")] == [1000, None, None, None, 1]
    assert [of_title(unit, "万元") for unit in ("亿元", "万元", "元")] == [10000, 1, Decimal("0.0001")]
    assert of_title("平方公里", "公顷") == 100 and of_title("百吨标准煤", "吨标准煤") == 100


BANK = TOP + (
    "grain: month\nlayout: {root: 全国}\n"
    "measures: {oil: {name: 原油产量, unit: 吨, kind: flow}, gas: {name: 天然气产量, unit: 立方米, kind: flow}}\n"
    "columns:\n  period: {name: 指标, type: period, required: true}\n"
    "  oil: {name: 原油产量_当期, type: number, measure: oil}\n  gas: {name: 天然气产量_当期, type: number, measure: gas}\n"
)
SERIES = [["指标", "原油产量_当期", "天然气产量_当期"], ["地区", "全国", "全国"], ["频度", "月", "月"], ["单位", "万吨", "亿立方米"]]
MONTHS = [["2020-03", "1656.3", "2"], ["2020-04", "1587.47", "3"]]


@pytest.mark.parametrize("above", [SERIES, [SERIES[0], SERIES[3]], [*SERIES, ["来源", "统计局", "统计局"], ["更新时间", "2020-05-17", "2020-05-17"]]])
def test_rows_that_describe_each_series_are_its_unit_and_no_figures(load, tmp_path, above):
    street = load(BANK, workbook(tmp_path / "月度数据.xlsx", [*above, *MONTHS]))
    assert [(m, p, v) for m, _, p, v in street.ask(FIGURES)] == [
        ("gas", "2020-03-01", 2e8), ("gas", "2020-04-01", 3e8), ("oil", "2020-03-01", 16563000), ("oil", "2020-04-01", 15874700),
    ]  # fmt: skip
    assert told(street) == []


def test_a_row_that_says_where_there_is_no_unit(load, tmp_path):
    contract = TOP + (
        "grain: year\nmeasures: {debt: {name: 外债总额, unit: 万美元, kind: stock}}\n"
        "columns:\n  period: {name: 年度标识, type: period, required: true}\n  place: {name: 国家名称, type: place, required: true}\n"
        "  debt: {name: 外债总额, type: number, measure: debt}\n"
    )
    rows = [["SgnYear", "AreaName", "Ebp0301"], ["年度标识", "国家名称", "外债总额"], ["没有单位", "没有单位", "亿美元"], ["1980", "甲国", "271.57"], ["1980", "乙国", "191.3"]]
    street = load(contract, workbook(tmp_path / "外债.xlsx", rows))
    assert street.ask(FIGURES) == [("debt", "乙国", "1980-01-01", 1913000), ("debt", "甲国", "1980-01-01", pytest.approx(2715700))]


@pytest.mark.parametrize("gap", ["-", "—", "/", "无"])
def test_a_community_that_has_sent_nothing_is_no_row_of_units(load, tmp_path, gap):
    street = load(OUTPUT, table(tmp_path / "产值.csv", [["地区", "产值", "职工"], ["甲省", gap, gap], ["乙省", "4", "8"]]))
    assert [(place, value) for _, place, _, value in street.ask(FIGURES)] == [("乙省", 4), ("甲省", None), ("乙省", 8), ("甲省", None)]


ACROSS = TOP + (
    "grain: year\nlayout: {places: across, periods: down, measures: title}\nmeasures: {gdp: {name: 生产总值, unit: 亿元, kind: flow}}\n"
    "columns:\n  place: {name: 城市, type: place, required: true}\n  period: {name: 年, type: period, required: true}\n"
    "  gdp: {name: 生产总值, type: number, measure: gdp}\n"
)


def test_a_place_with_the_table_s_unit_behind_it_goes_by_its_name(load, tmp_path):
    street = load(ACROSS, table(tmp_path / "生产总值.csv", [["年", "甲市（亿元）", "乙市(十区)", "丙市"], ["2019", "10", "11", "12"], ["2020", "13", "14", "15"]]))
    assert [place for _, place, *_ in street.ask(FIGURES)] == ["丙市", "丙市", "乙市(十区)", "乙市(十区)", "甲市", "甲市"]


def test_a_place_in_another_unit_is_not_taken_for_the_table_s(load, tmp_path, capsys):
    load(ACROSS, table(tmp_path / "生产总值.csv", [["年", "甲市", "香港(亿港元)"], ["2019", "10", "100"], ["2020", "13", "101"]]), code=2)
    assert "表头“香港(亿港元)”的单位“亿港元”与这张表的单位不一致（应换算成“亿元”）" in "".join(capsys.readouterr().out.split())


# ---- periods, totals, columns that stand there twice ----

INDEX = TOP + (
    "grain: month\nlayout: {places: down, periods: across, measures: title}\nmeasures: {idx: {name: 指数, unit: '%', kind: as_reported}}\n"
    "columns:\n  place: {name: 地区, type: place, required: true}\n  period: {name: 时间, type: period, required: true}\n"
    "  idx: {name: 指数, type: number, measure: idx}\n"
)


@pytest.mark.parametrize(
    ("heads", "months"),
    [
        (["2016.08", "2016.09", "2016.1", "2016.11"], [8, 9, 10, 11]),
        (["2016.11", "2016.1", "2016.09"], [11, 10, 9]),
        (["2016.1", "2016.2", "2016.3"], [1, 2, 3]),
        (["2016.1", "2016.2", "2016.9", "2016.1", "2016.11"], [1, 2, 9, 10, 11]),
        (["2015.12", "2016.1", "2016.2"], [12, 1, 2]),
        (["2016.1", "2016.4", "2016.7"], [1, 4, 7]),
        (["2016.10", "2016.1"], [10, 1]),
        (["2016.03", "2016.1"], [3, 10]),
    ],
)
def test_october_that_lost_its_zero_over_a_column(load, tmp_path, heads, months):
    street = load(INDEX, table(tmp_path / "指数.csv", [["地区", *heads], ["甲省", *map(str, range(1, len(heads) + 1))], ["乙省", *["9"] * len(heads)]]))
    found = {int(start[5:7]): value for _, place, start, value in street.ask(FIGURES) if place == "甲省"}
    assert found == {month: n for n, month in enumerate(months, 1)}


def test_where_nothing_tells_october_from_january_the_column_comes_back(load, tmp_path):
    street = load(INDEX, table(tmp_path / "指数.csv", [["地区", "2016.1", "2017.1"], ["甲省", "1", "2"], ["乙省", "3", "4"]]), code=1)
    assert street.ask(FIGURES) == [] and all("分不清是1月还是10月" in one for one in told(street)) and len(told(street)) == 4
    assert months_in_full([["人口", "2016.1"], ["人口"]]) == [["人口", "2016.1"], ["人口"]]


def test_two_columns_of_one_month_are_held_against_each_other(load, tmp_path):
    rows = [["地区", "2016年1月", "2016年2月", "2016年1月"], ["甲省", "1", "2", "10"], ["乙省", "3", "4", "30"]]
    street = load(INDEX, table(tmp_path / "指数.csv", rows), code=1)
    assert street.ask(FIGURES) == [("idx", "乙省", "2016-02-01", 4), ("idx", "甲省", "2016-02-01", 2)]
    assert told(street) == ["与本行另一列的地点、时期相同，数字不同 请核对哪一列是对的，删去另一列后重新上报。"] * 4


def test_the_same_column_twice_is_loaded_once(load, tmp_path):
    street = load(ACROSS, table(tmp_path / "生产总值.csv", [["年", "甲市", "乙市", "甲市"], ["2019", "10", "20", "10"], ["2020", "11", "21", "11"]]))
    assert [(place, value) for _, place, _, value in street.ask(FIGURES)] == [("乙市", 20), ("乙市", 21), ("甲市", 10), ("甲市", 11)]


def test_a_head_that_is_merged_down_over_a_row_of_its_own(load, tmp_path):
    """As a yearbook prints it: rows 2 to 4 are the head, the last of them holds nothing."""
    rows = [["产值表", "", ""], ["地区", "产值", "职工"], ["", "", ""], ["", "", ""], ["甲省", 1, 7], ["乙省", 4, 8]]
    merges = tuple((1, column, 3, column, rows[1][column]) for column in range(3))
    street = load(OUTPUT, workbook(tmp_path / "产值.xlsx", rows, merges=merges))
    assert [value for *_, value in street.ask(FIGURES)] == [4, 1, 8, 7] and told(street) == []


@pytest.mark.parametrize("word", ["汇总", "全省汇总", "大湾区汇总"])
def test_a_row_that_sums_up_is_no_place(load, tmp_path, word):
    street = load(OUTPUT, table(tmp_path / "产值.csv", [["地区", "产值", "职工"], ["甲省", "1", "7"], ["乙省", "4", "8"], [word, "5", "15"]]))
    assert {place for _, place, *_ in street.ask(FIGURES)} == {"甲省", "乙省"} and told(street) == []


def test_a_figure_that_stands_alone_comes_back(load, tmp_path):
    """A line of words that stands alone is a note; a number under a column of figures is one."""
    contract = BANK.replace("grain: month", "grain: year").replace("原油产量_当期", "原油").replace("天然气产量_当期", "天然气")
    rows = [["指标", "原油", "天然气"], ["2000", "1", "5"], ["2001", "2", "6"], ["", "99", ""], ["", "以上为初步数", ""]]
    street = load(contract, table(tmp_path / "产量.csv", rows), code=1)
    assert [value for *_, value in street.ask(FIGURES)] == [5, 6, 1, 2]
    assert told(street) == ["没有填写 请补填后重新上报这一行。"]


def test_a_running_total_begins_anew_every_year(load, tmp_path):
    """From 12,000 in December to 900 in January is no slip; from 900 to 12,000 within a year may be one."""
    contract = INDEX.replace("kind: as_reported", "kind: cumulative")
    street = load(contract, table(tmp_path / "指数.csv", [["地区", "2019年12月", "2020年1月", "2020年2月"], ["甲省", "12000", "900", "95000"], ["乙省", "1", "2", "3"]]))
    assert len(told(street)) == 1 and "2020年2月为 95000，上期2020年1月为 900" in told(street)[0]


def test_a_year_before_all_years_is_told(load, tmp_path):
    street = load(BANK.replace("grain: month", "grain: year"), table(tmp_path / "产量.csv", [["指标", "原油产量_当期", "天然气产量_当期"], ["1872", "1", "2"], ["1950", "3", "4"]]), code=1)
    assert len(told(street)) == 1 and told(street)[0].startswith("早于1900年，这样早的时间不装载")
    assert [value for *_, value in street.ask(FIGURES)] == [4, 3]


# ---- marks, days and keys of registers ----


def test_of_two_marks_the_longer_is_taken_off_first(load, tmp_path):
    contract = TOP.replace("starts_places", "marks: [b, p, e, bp, ep]\nstarts_places") + (
        "grain: year\nmeasures: {folk: {name: 人口, unit: 人, kind: stock}}\n"
        "columns:\n  place: {name: 地区, type: place, required: true}\n  period: {name: 年份, type: period}\n  n: {name: 人口, type: number, measure: folk}\n"
    )
    street = load(contract, table(tmp_path / "人口.csv", [["地区", "2019年", "2020年"], ["甲省", "5 bp", "6 p"], ["乙省", "7 b", "8 ep"]]))
    assert [value for *_, value in street.ask(FIGURES)] == [7, 8, 5, 6]


REGISTER = (
    "name: 走访\ntable: visit\nsent: month\nkey: [who, {day}]\nhappens: {day}\nlayout: {{}}\nstarts_places: all\n"
    "measures: {{visits: {{name: 走访, unit: 次, kind: flow, rollup: {{table: visit, at: {day}}}}}}}\n"
    "columns:\n  who: {{name: 姓名, type: text, required: true}}\n  {day}: {{name: 日期, type: {kind}, date_order: dmy, required: true}}\n  place: {{name: 社区, type: place}}\n"
)
COUNTED = "SELECT place_id[7:], CAST(period_start AS VARCHAR), value FROM figure WHERE dataset = 'trial' AND grain = 'month' AND breakdown = '' AND value > 0 ORDER BY ALL"


@pytest.mark.parametrize("name", ["day", "first", "sheet", "alike", "later", "other", "content"])
def test_a_key_column_may_be_called_as_the_checks_call_theirs(load, tmp_path, name):
    rows = [["姓名", "日期", "社区"], ["甲", "2026-06-01", "甲里"], ["甲", "2026-06-01", "甲里"], ["乙", "2026-06-01", "甲里"]]
    street = load(REGISTER.format(day=name, kind="date"), table(tmp_path / "走访.csv", rows))
    assert street.ask(COUNTED) == [("甲里", "2026-06-01", 2)] and "与第 2 行完全相同，只载入一次" in told(street)[0]


@pytest.mark.parametrize("kind", ["date", "datetime"])
def test_days_with_points_in_a_declared_order(load, tmp_path, kind):
    rows = [["姓名", "日期", "社区"], ["甲", "31.05.2025", "甲里"], ["乙", "1.6.2025", "甲里"], ["丙", "2.6.25", "甲里"], ["丁", "01.06.2025", "甲里"]]
    street = load(REGISTER.format(day="held", kind=kind), table(tmp_path / "走访.csv", rows))
    assert street.ask(COUNTED) == [("甲里", "2025-05-01", 1), ("甲里", "2025-06-01", 3)] and told(street) == []


def test_a_row_of_days_between_words_is_no_second_head(load, tmp_path):
    """Received, closed, due: three periods by their looks, which do not follow each other as the heads of columns do."""
    contract = (
        "name: 工单\ntable: request\nsent: month\nkey: [case_no]\nhappens: opened\nlayout: {}\nstarts_places: all\n"
        "measures: {opened_here: {name: 受理, unit: 件, kind: flow, rollup: {table: request, at: opened}}}\n"
        "columns:\n  case_no: {name: 号, type: text, required: true}\n  opened: {name: 受理, type: date, required: true}\n"
        "  closed: {name: 办结, type: date}\n  due: {name: 截止, type: date}\n  place: {name: 社区, type: place}\n"
    )
    rows = [["号", "受理", "办结", "截止", "社区"], ["A1", "2024-06-01", "2024-06-20", "2024-08-01", "甲里社区"], ["A2", "2024-06-10", "2024-06-29", "2024-08-10", "甲里社区"]]
    street = load(contract, table(tmp_path / "工单.csv", rows))
    assert street.ask(COUNTED) == [("甲里社区", "2024-06-01", 2)] and told(street) == []


@pytest.mark.parametrize("days", [["2024-06-30", "2024-07-31", "2024-08-31"], ["2024-03-31", "2024-06-30"]])
def test_days_over_columns_are_periods(load, tmp_path, days):
    """As SDMX files stamp a month or a quarter by its last day."""
    street = load(INDEX, table(tmp_path / "指数.csv", [["地区", *days], ["甲省", *"123"[: len(days)]], ["乙省", *"456"[: len(days)]]]))
    assert [start[5:7] for _, place, start, _ in street.ask(FIGURES) if place == "甲省"] == [day[5:7] for day in days]


def test_rows_that_stand_in_no_community_s_figure_are_told(load, tmp_path):
    rows = [["姓名", "日期", "社区"], ["甲", "2026-06-01", "甲里"], ["乙", "2026-06-10", ""], ["丙", "2026-06-12", ""]]
    street = load(REGISTER.format(day="held", kind="date"), table(tmp_path / "走访.csv", rows))
    assert street.ask(COUNTED) == [("甲里", "2026-06-01", 1)]
    assert told(street) == ["没有填写，这样的共 2 行：已载入，但不计入各社区的数 能补的请补填后重新上报。"]
