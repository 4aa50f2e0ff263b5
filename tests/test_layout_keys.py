"""Each key of docs/写台账约定.md does what is written there; every expected figure is worked out by hand."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter
import xlwt
import yaml
from street import Street, table, workbook
from test_contract_guide import EXAMPLES, GUIDE

from etl.__main__ import main
from jiejian.catalogue.ledgers import Column, Layout, Ledger

BASE = {"name": "试验台账", "table": "observation", "sent": "year", "grain": "year", "starts_places": "all"}
PEOPLE = {"k_people": {"name": "人口（试验）", "unit": "人", "kind": "stock"}}
PLACE = {"name": "地区", "type": "place", "required": True}
CONTRACTS: list[dict] = []


def contract(columns: dict, layout: dict | None = None, measures: dict = PEOPLE, **keys) -> dict:
    """A contract; all of them are kept, so that the last test can see which keys were tried."""
    content = {**BASE, "measures": measures, "columns": columns, **keys, **({} if layout is None else {"layout": layout})}
    CONTRACTS.append(content)
    return content


def people(**changes) -> dict:
    return {"name": "人口", "type": "number", "measure": "k_people", **changes}


def indented(path: Path, rows: list[list], steps: list[int]) -> Path:
    """A workbook whose first column is moved in by the style of its cells, not by blanks."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("1-1")
        for r, (row, step) in enumerate(zip(rows, steps, strict=True)):
            sheet.write(r, 0, row[0], book.add_format({"indent": step}))
            for c, value in enumerate(row[1:], 1):
                sheet.write(r, c, value)
    return path


def indented_xls(path: Path, rows: list[list], steps: list[int]) -> Path:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("1-1")
    for r, (row, step) in enumerate(zip(rows, steps, strict=True)):
        style = xlwt.XFStyle()
        style.alignment.inde = step
        for c, value in enumerate(row):
            sheet.write(r, c, value, *([style] if not c else []))
    book.save(str(path))
    return path


CENSUS = [["地区", "人口"], ["全国", 300], ["甲省", 100], ["甲市", 60], ["东区", 25], ["西区", 35], ["乙省", 200], ["东区", 200]]
STEPS = [0, 0, 1, 2, 3, 3, 1, 2]
NOTES = [["注：不包括现役军人。", ""], ["资料来源：普查公报", ""]]
BY_INDENT = contract(
    {"place": PLACE, "n": people()}, {"hierarchy": "indent", "levels": ["全国", "省", "市", "区县"], "period": 2020}
)
TREE = {
    "全国": 300, "全国/甲省": 100, "全国/甲省/甲市": 60, "全国/甲省/甲市/东区": 25, "全国/甲省/甲市/西区": 35, "全国/乙省": 200, "全国/乙省/东区": 200,
}  # fmt: skip


def blanks(path: Path) -> Path:
    rows = [["　" * step + row[0], *row[1:]] for row, step in zip(CENSUS, STEPS, strict=True)]
    return table(path.with_suffix(".csv"), [*rows, *NOTES], "gb18030")


def month_sheets(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for month in (1, 2):
            sheet = book.add_worksheet(f"{month}月")
            for r, row in enumerate([["地区", "人口"], ["甲区", 10 + month], ["合计", 10 + month]]):
                sheet.write_row(r, 0, row)
    return path


def day_cells(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet, shown = book.add_worksheet("a"), book.add_format({"num_format": 'yyyy"年"m"月"'})
        sheet.write_row(0, 0, ["时间", "地区", "人口"])
        for r, day in enumerate((date(2025, 11, 1), date(2025, 12, 31)), 1):
            sheet.write_datetime(r, 0, datetime(day.year, day.month, day.day), shown)
            sheet.write_row(r, 1, ["甲区", 10 + r])
    return path


def community_sheets(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for times, name in ((1, "春和社区"), (2, "望湖社区")):
            sheet = book.add_worksheet(name)
            for r, row in enumerate([["社区情况（2026年）"], ["项目", "1月", "2月"], ["户数（户）", 7, 8], ["人口", 10 * times, 11 * times], ["其中：男", 5, 6]]):
                sheet.write_row(r, 0, row)
    return path


def two_years(path: Path) -> Path:
    rows = [["表一"], ["制表单位：统计站"], ["行政", "年末"], ["地区", "人口"], ["甲区", 11], ["其中：园区", 3], ["乙区", 12], ["Insgesamt", 23], ["测试行", 99]]
    return workbook(path, [[a, *b] for a, *b in rows])


YEARBOOK = [
    ["2-1 人口数及构成"],
    ["Population and Its Composition"],
    ["单位：万人", "(10 000 persons)"],
    ["年  份\nYear", "总人口\n（年末）\nTotal Population\n(year-end)", "按性别分  By Sex", ""],
    ["", "", "男  Male", "女  Female"],
    [1949, 54167, 28145, 26022],
    [1950, 55196, 28669, 26527],
    ["a) Data before 1982 are from household registrations."],
]
MEN = {**PEOPLE, "k_men": {"name": "男（试验）", "unit": "人", "kind": "stock"}, "k_women": {"name": "女（试验）", "unit": "人", "kind": "stock"}}
MONEY = {"k_money": {"name": "金额（试验）", "unit": "元", "kind": "flow"}}
PERIOD = {"name": "年份", "type": "period"}


def book(rows: list[list], merges: tuple = ()):
    return lambda path: workbook(path, rows, merges=merges)


def text(rows: list[list], suffix: str = ".csv", separator: str = ",", encoding: str = "utf-8"):
    return lambda path: table(path.with_suffix(suffix), rows, encoding, separator)


# What is written by which maker, the contract, and (place, first day, measure) → value.
P = "k_people"
CASES = {
    "indent by the style of the cells": (lambda p: indented(p, [*CENSUS, *NOTES], [*STEPS, 0, 0]), BY_INDENT, {(k, "2020", P): v for k, v in TREE.items()}),
    "indent by the style of the cells, xls": (lambda p: indented_xls(p.with_suffix(".xls"), CENSUS, STEPS), BY_INDENT, {(k, "2020", P): v for k, v in TREE.items()}),
    "indent by blanks": (blanks, BY_INDENT, {(k, "2020", P): v for k, v in TREE.items()}),
    "hierarchy by code": (
        book([["代码", "地区", "人口"], ["330000", "甲省", 9], ["330100", "甲市", 9], ["330101", "市辖区", 9], ["330106", "西区", 4], ["330108", "东区", 5]]),
        contract(
            {"code": {"name": "代码", "type": "text"}, "place": PLACE, "n": people()},
            {"hierarchy": "code", "code": "code", "levels": ["省", "市", "区县"], "skip_rows": ["市辖区"], "root": "全国", "period": 2020},
        ),
        {("全国/甲省", "2020", P): 9, ("全国/甲省/甲市", "2020", P): 9, ("全国/甲省/甲市/西区", "2020", P): 4, ("全国/甲省/甲市/东区", "2020", P): 5},
    ),
    "path of columns": (
        book([["省", "市", "区县", "人口"], ["甲省", "甲省", "甲省", 9], ["甲省", "甲市", "东区", 5], ["甲省", "乙市", "东区", 4]]),
        contract(
            {"province": {"name": "省", "type": "text"}, "city": {"name": "市", "type": "text"}, "place": {**PLACE, "name": "区县"}, "n": people()},
            {"path": ["province", "city", "place"], "levels": ["省", "市", "区县"], "period": "2020"},
        ),
        {("甲省", "2020", P): 9, ("甲省/甲市/东区", "2020", P): 5, ("甲省/乙市/东区", "2020", P): 4},
    ),
    "head_row, head_rows, skip_rows, total_rows, written_unit, breakdown": (
        two_years,
        contract(
            {"place": {**PLACE, "name": "行政/地区"}, "n": people(written_unit="万人", breakdown="时点", category="年末", name="年末/人口")},
            {"head_row": 3, "head_rows": 2, "skip_rows": ["测试行", "其中*"], "total_rows": ["Insgesamt"], "period": "2025年"},
        ),
        {("甲区", "2025", P): 110000, ("乙区", "2025", P): 120000},
    ),
    "unit and letters of a column": (
        book([["某表（2025年）"], ["地区", ""], ["甲区", 1.5], ["乙区", 2]]),
        contract({"place": PLACE, "n": people(at="B", measure="k_money")}, {"unit": "万元", "sheets": ["Sheet*"], "hidden": "skip"}, MONEY),
        {("甲区", "2025", "k_money"): 15000, ("乙区", "2025", "k_money"): 20000},
    ),
    "a table of one place, bilingual, with a unit row": (
        book(YEARBOOK, ((3, 0, 4, 0, YEARBOOK[3][0]), (3, 1, 4, 1, YEARBOOK[3][1]), (3, 2, 3, 3, YEARBOOK[3][2]))),
        contract({"y": PERIOD, "n": people(name="总人口"), "m": people(name="男", measure="k_men")}, {"root": "全国"}, MEN),
        {("全国", "1949", P): 541670000, ("全国", "1950", P): 551960000, ("全国", "1949", "k_men"): 281450000, ("全国", "1950", "k_men"): 286690000},
    ),
    "measures down, years across, no column of places": (
        text([["数据库：年度数据"], ["时间：最近2年"], ["指标", "2023年", "2022年"], ["年末人口(万人)", 140967, 141175], ["男性人口(万人)", 72032, 72206], ["数据来源：统计局"]], encoding="gb18030"),
        contract({"y": PERIOD, "n": people(name="年末人口"), "m": people(name="男性人口", measure="k_men")}, {"measures": "down", "periods": "across", "root": "全国"}, MEN),
        {("全国", "2023", P): 1409670000, ("全国", "2022", P): 1411750000, ("全国", "2023", "k_men"): 720320000, ("全国", "2022", "k_men"): 722060000},
    ),
    "a sheet a community": (
        community_sheets,
        contract({"place": PLACE, "t": PERIOD, "n": people(), "m": people(name="男", measure="k_men")}, {"places": "title", "measures": "down", "periods": "across"}, MEN, sent="month", grain="month"),
        {(p, f"2026-0{m}", k): v for p, m, k, v in (("春和社区", 1, P, 10), ("春和社区", 2, P, 11), ("望湖社区", 1, P, 20), ("望湖社区", 2, P, 22), ("春和社区", 1, "k_men", 5), ("春和社区", 2, "k_men", 6), ("望湖社区", 1, "k_men", 5), ("望湖社区", 2, "k_men", 6))},
    ),
    "a sheet a month": (
        lambda p: month_sheets(p.with_name("2026年各月.xlsx")),
        contract({"place": PLACE, "n": people()}, period="title", sent="month", grain="month"),
        {("甲区", "2026-01", P): 11, ("甲区", "2026-02", P): 12},
    ),
    "places across, measures down, a unit a row": (
        book([["2026年第三季度主要指标"], ["序号", "指标名称", "计量单位", "甲社区", "乙社区", "合计"], [1, "财政收入", "万元", 1.5, 2.5, 4], [2, "人口", "人", 10, 20, 30]]),
        contract({"place": PLACE, "r": people(name="财政收入", measure="k_money"), "n": people()}, {"places": "across", "measures": "down", "items": "指标名称"}, {**PEOPLE, **MONEY}, period="title", sent="quarter", grain="quarter"),
        {("甲社区", "2026-07", "k_money"): 15000, ("乙社区", "2026-07", "k_money"): 25000, ("甲社区", "2026-07", P): 10, ("乙社区", "2026-07", P): 20},
    ),
    "two tables of other measures side by side": (
        book([["2025年人口与收入"], ["地区", "人口（万人）", "", "地区", "收入（万元）"], ["甲县", 1.5, "", "甲县", 5], ["乙县", 2.5, "", "乙县", 8]]),
        contract({"place": PLACE, "n": people(), "r": people(name="收入", measure="k_money")}, None, {**PEOPLE, **MONEY}, period="title"),
        {("甲县", "2025", P): 15000, ("乙县", "2025", P): 25000, ("甲县", "2025", "k_money"): 50000, ("乙县", "2025", "k_money"): 80000},
    ),
    "quarters across in a text with tabs": (
        text([["2025年各区收入"], ["单位：亿元"], ["地  区", "一季度", "二季度"], ["㐂区", 1.1, 1.2], ["乙区", 2.1, "—"]], ".txt", "\t", "gb18030"),
        contract({"place": PLACE, "t": {"name": "季度", "type": "period"}, "r": people(name="各区收入", measure="k_money")}, {"periods": "across"}, MONEY, sent="quarter", grain="quarter"),
        {("㐂区", "2025-01", "k_money"): 110000000, ("㐂区", "2025-04", "k_money"): 120000000, ("乙区", "2025-01", "k_money"): 210000000},
    ),
    "from the beginning of the year, with a total": (
        book([["2026年产值"], ["单位：亿元"], ["地区", "1-2月", "1-3月"], ["甲区", 1.5, 2.5], ["乙区", 2, 4], ["全市", 3.5, 6.5]]),
        contract({"place": PLACE, "t": PERIOD, "r": people(name="产值", measure="k_total")}, {"periods": "across"}, {"k_total": {"name": "产值（试验）", "unit": "元", "kind": "cumulative"}}, sent="month", grain="ytd"),
        {("甲区", "2026-02", "k_total"): 150000000, ("甲区", "2026-03", "k_total"): 250000000, ("乙区", "2026-02", "k_total"): 200000000, ("乙区", "2026-03", "k_total"): 400000000},
    ),
    "decimal commas, blanks between thousands, signs for no figure": (
        text([["Bezirk", "Stichtag", "Einwohner", "Ausgaben"], ["Mitte", "31.12.2023", "397 134", "1.234.567,89"], ["Nord", "31.12.2023", ":", "987.654,10"], ["Insgesamt", "", "397 134", "2.222.221,99"]], ".csv", ";"),
        contract(
            {"place": {**PLACE, "name": "Bezirk"}, "t": {"name": "Stichtag", "type": "period"}, "n": people(name="Einwohner"), "r": people(name="Ausgaben", measure="k_money")},
            {"total_rows": ["Insgesamt"]}, {**PEOPLE, **MONEY}, decimal="comma", missing=[":"],
        ),
        {("Mitte", "2023", P): 397134, ("Mitte", "2023", "k_money"): 1234567.89, ("Nord", "2023", "k_money"): 987654.1},
    ),
    "signs behind numbers, a number for no figure, English months": (
        text([["geo", "2015 JAN", "2015M02"], ["AT", "8700471 b", "8772865*"], ["BE", "-9999", "11351727 p"]], ".tsv", "\t"),
        contract({"place": {**PLACE, "name": "geo"}, "t": PERIOD, "n": people()}, {"periods": "across"}, missing=[-9999], marks=["b", "p"], sent="month", grain="month"),
        {("AT", "2015-01", P): 8700471, ("AT", "2015-02", P): 8772865, ("BE", "2015-02", P): 11351727},
    ),
    "an indicator a row and years across, as international banks export": (
        text([["Data Source", "WDI"], ["Last Updated", "2024-06-28"], ["Country Name", "Country Code", "Indicator Name", "1960", "1961", "1962"], ["Korea, Rep.", "KOR", "Population, total", 25012374, 25765673, ""]]),
        contract({"place": {**PLACE, "name": "Country Name"}, "t": PERIOD, "n": people(name="Population, total")}, {"periods": "across", "measures": "down", "items": "Indicator Name"}),
        {("Korea,Rep.", "1960", P): 25012374, ("Korea,Rep.", "1961", P): 25765673},
    ),
    "a figure a row": (
        text([["Area", "MEASURE", "TIME", "VALUE"], ["France", "人口（试验）", 2019, 67257982], ["France", "k_money", 2019, 12]]),
        contract({"place": {**PLACE, "name": "Area"}, "t": {"name": "TIME", "type": "period"}, "item": {"name": "MEASURE", "type": "measure", "required": True}, "value": {"name": "VALUE", "type": "number"}}, {}, {**PEOPLE, **MONEY}, period="column"),
        {("France", "2019", P): 67257982, ("France", "2019", "k_money"): 12},
    ),
    "year and month in columns of their own": (
        text([["年份", "月份", "地区", "人口"], [2025, 12, "甲区", 11], [2026, "1月", "甲区", 12]]),
        contract({"place": PLACE, "y": {"name": "年份", "type": "text"}, "m": {"name": "月份", "type": "text"}, "t": {"name": "时间", "type": "period", "required": True}, "n": people()}, {"period_path": ["y", "m"]}, sent="month", grain="month"),
        {("甲区", "2025-12", P): 11, ("甲区", "2026-01", P): 12},
    ),
    "months kept as days": (
        day_cells,
        contract({"place": PLACE, "t": {"name": "时间", "type": "period", "required": True}, "n": people()}, sent="month", grain="month"),
        {("甲区", "2025-11", P): 11, ("甲区", "2025-12", P): 12},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_figures_of_each_layout(tmp_path, monkeypatch, name):
    make, content, expected = CASES[name]
    street = Street(tmp_path / "home", monkeypatch)
    path = tmp_path / "own.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    assert len(path.read_text("utf-8").splitlines()) < 40
    assert main(["load", str(make(tmp_path / "a.xlsx")), "--dataset", "prov", "--contract", str(path)]) == 0
    # Of a period from the beginning of the year the last month tells.
    day = "period_end" if content["grain"] == "ytd" else "period_start"
    size = 4 if content["grain"] == "year" else 7
    found = street.ask(f"SELECT place_id[6:], CAST({day} AS VARCHAR)[:{size}], measure, value FROM observation WHERE dataset = 'prov' AND value IS NOT NULL")
    assert {(p, d, m): v for p, d, m, v in found} == expected and len(found) == len(expected)
    # A total, a note or a skipped row is neither a figure nor a fault.
    faults = [s for (s,) in street.ask("SELECT sentence FROM v_reject") if "不在台账约定中" not in s]
    assert faults == []
    if "breakdown" in content["columns"].get("n", {}):
        assert street.ask("SELECT DISTINCT breakdown, category FROM observation") == [("时点", "年末")]


def test_one_indicator_a_file_and_a_correction_of_one(tmp_path, monkeypatch):
    """Files of other measures of the same years stand beside each other; a file of the same measure replaces."""
    street = Street(tmp_path / "home", monkeypatch)

    def load(name: str, indicator: str, value: float) -> None:
        rows = [[f"指标：{indicator}"], ["地区", "2019年", "2018年"], ["甲省", value, 1]]
        assert main(["load", str(table(tmp_path / name, rows)), "--dataset", "statistics"]) == 0

    load("人口.csv", "年末常住人口(万人)", 5)
    load("公路.csv", "公路里程(万公里)", 2)
    load("人口（更正）.csv", "年末常住人口(万人)", 6)
    asked = street.ask("SELECT measure, value FROM observation WHERE dataset = 'statistics' AND year(period_start) = 2019 ORDER BY ALL")
    assert asked == [("stat_population", 60000), ("stat_roads", 20000)]


# ---- the document holds to the model ----


def documented(title: str) -> set[str]:
    """The keys in the table below a headline of the guide."""
    section = GUIDE.split(f"## {title}", 1)[1].split("\n## ", 1)[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


def test_the_guide_names_every_key_and_no_other():
    # ``daily_of`` is written by the program alone.
    assert documented("一份约定的键") == set(Ledger.model_fields) - {"id", "daily_of"} | {"measures", "metrics"}
    assert documented("列的键") == set(Column.model_fields) - {"id"}
    assert documented("表的样子（layout）") == set(Layout.model_fields)


def test_every_key_of_columns_and_layout_is_tried_here_or_in_an_example_of_the_guide():
    tried = [*CONTRACTS, *(yaml.safe_load(text) for name, text in EXAMPLES.items() if name.endswith(".yml"))]
    columns = {key for content in tried for column in content["columns"].values() for key in column}
    # Tested with the ledgers that ship: test_etl.py (personal, high, unit), and where figures leave (people, adds_up_by).
    assert documented("列的键") - columns == {"unit", "high", "personal", "people", "adds_up_by"}
    assert documented("表的样子（layout）") - {key for content in tried for key in content.get("layout") or {}} == set()


def test_a_row_that_does_not_say_what_it_counts_is_told(tmp_path, monkeypatch, capsys):
    """And the load goes where the contract's only data set is, since none was named."""
    street = Street(tmp_path / "home", monkeypatch)
    content = contract({"place": PLACE, "t": {"name": "时间", "type": "period", "required": True}, "n": people()}, {"items": "项目"})
    content["datasets"] = {"elsewhere": {"name": "别处", "unit_of_comparison": "地区", "note": "试验。"}}
    path = tmp_path / "own.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    file = table(tmp_path / "a.csv", [["地区", "项目", "2019年", "2018年"], ["甲区", "人口", 12, 11], ["乙区", "", 22, 21], ["丙区", "人口", 32, 31]])
    assert main(["load", str(file), "--contract", str(path)]) == 0
    said = re.sub(r"\s", "", "".join(capsys.readouterr()))
    assert "文件“a.csv”第3行有数字，但没有写是哪项指标，没有载入。请补上指标名称" in said
    found = street.ask("SELECT dataset, place_id[11:], year(period_start), value FROM observation ORDER BY ALL")
    assert found == [("elsewhere", "丙区", 2018, 31), ("elsewhere", "丙区", 2019, 32), ("elsewhere", "甲区", 2018, 11), ("elsewhere", "甲区", 2019, 12)]
