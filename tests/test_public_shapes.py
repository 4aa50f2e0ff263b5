"""Shapes of tables that public collections hold and that were misread once; made up small, each figure worked out by hand."""

from __future__ import annotations

import re
from functools import partial

import pytest
import xlsxwriter
from street import Street, load_trial, table, workbook

from etl.__main__ import main
from etl.quantity import read
from etl.units import factor

TOP = "name: 试验表\ntable: observation\nsent: year\nstarts_places: all\n"


@pytest.fixture
def load(tmp_path, monkeypatch):
    return partial(load_trial, monkeypatch, tmp_path)


ENERGY = TOP + (
    "grain: year\nlayout: {root: 全国}\n"
    "measures: {used: {name: 能源消费总量, unit: 吨标准煤, kind: flow}, homes: {name: 居民消费量, unit: 吨标准煤, kind: flow}}\n"
    "columns:\n  period: {name: 年份, type: period, required: true}\n"
    "  used: {name: 能源消费总量, type: number, measure: used}\n  homes: {name: 居民消费量, type: number, measure: homes}\n"
)


def test_measures_down_with_a_unit_that_no_list_has(load, tmp_path):
    rows = [["指标", "2024年", "2023年"], ["能源消费总量(万吨标准煤)", 59.6, 57.2], ["居民消费量(万吨标准煤)", 7, 6]]
    street = load(ENERGY, workbook(tmp_path / "年度数据.xlsx", rows))
    asked = "SELECT measure, year(period_start), value FROM observation WHERE dataset = 'trial' ORDER BY 1, 2"
    assert street.ask(asked) == [("homes", 2023, 60000), ("homes", 2024, 70000), ("used", 2023, 572000), ("used", 2024, 596000)]


@pytest.mark.parametrize("merged", [False, True])
def test_the_first_row_below_names_of_places_is_no_head(load, tmp_path, merged):
    """Places across, items and years down, nothing above either of them: a row begins with what it counts."""
    contract = TOP.replace("starts_places: true", "starts_places: all") + (
        "grain: year\nlayout: {places: across, periods: down, measures: down, items: A}\n"
        "measures: {rd_staff: {name: 研发人员, unit: 人, kind: flow}, rd_money: {name: 研发经费, unit: 亿元, kind: flow}}\n"
        "columns:\n  place: {name: 地区, type: place, required: true}\n  period: {name: 年份, type: period, at: B}\n"
        "  rd_staff: {name: 研发人员, type: number, measure: rd_staff}\n  rd_money: {name: 研发经费, type: number, measure: rd_money}\n"
    )
    rows = [["", "", "甲省", "乙省", "丙省"]]
    rows += [[item if not merged else "", year, *(base + n for n in range(3))] for item, start in (("研发人员", 10), ("研发经费", 50)) for year, base in ((2022, start), (2023, start + 10))]
    merges = ((1, 0, 2, 0, "研发人员"), (3, 0, 4, 0, "研发经费")) if merged else ()
    street = load(contract, workbook(tmp_path / "原值.xlsx", rows, merges=merges))
    asked = "SELECT measure, year(period_start), list(value ORDER BY value) FROM observation WHERE dataset = 'trial' GROUP BY 1, 2 ORDER BY 1, 2"
    assert street.ask(asked) == [
        ("rd_money", 2022, [50, 51, 52]), ("rd_money", 2023, [60, 61, 62]), ("rd_staff", 2022, [10, 11, 12]), ("rd_staff", 2023, [20, 21, 22]),
    ]  # fmt: skip


def test_a_register_of_two_rows_that_hold_a_number_and_two_days(load, tmp_path):
    contract = (
        "name: 留言\ntable: message\nsent: year\nkey: [number]\nhappens: asked\nlayout: {root: 甲市}\nstarts_places: all\n"
        "measures: {messages: {name: 留言, unit: 件, kind: flow, rollup: {table: message, at: asked}}}\n"
        "columns:\n  number: {name: 编号, type: text, required: true}\n  asked: {name: 留言时间, type: date, required: true}\n  told: {name: 答复时间, type: date}\n"
    )
    rows = [["编号", "留言时间", "答复时间"], ["1", "2019-12-24", "2020-01-06"], ["2", "2019-12-01", "2019-12-05"]]
    street = load(contract, table(tmp_path / "留言.csv", rows))
    assert street.ask("SELECT number, day(asked), day(told) FROM message ORDER BY 1") == [("1", 24, 6), ("2", 1, 5)]


def test_figures_without_any_time_are_not_loaded(load, tmp_path, capsys):
    """The contract says neither that the title tells the month nor that a column does; a sheet that is sent monthly has one all the same."""
    contract = TOP.replace("sent: year", "sent: month") + (
        "grain: month\nmeasures: {lamps: {name: 路灯, unit: 盏, kind: stock}}\n"
        "columns:\n  place: {name: 社区, type: place, required: true}\n  lamps: {name: 路灯数, type: number, measure: lamps}\n"
    )
    rows = [["社区", "路灯数"], ["甲里社区", 200], ["乙里社区", 300]]
    street = load(contract, table(tmp_path / "路灯.csv", rows), code=2)
    assert "文件“路灯.csv”是“试验表”，但标题、工作表名和文件名里都没有月份。请在标题中写明“2026年10月”后重新上报" in capsys.readouterr().out
    assert street.ask("SELECT count(*) FROM observation WHERE dataset = 'trial'") == [(0,)]
    street = load(contract, table(tmp_path / "2026年9月路灯.csv", rows))
    assert street.ask("SELECT period_start::VARCHAR, sum(value) FROM observation WHERE dataset = 'trial' GROUP BY 1") == [("2026-09-01", 500)]


LAMPS = TOP.replace("sent: year", "sent: month") + (
    "grain: month\nlayout: {period: 2026-09, sheets: [SHEETS]}\nmeasures: {lamps: {name: 路灯, unit: 盏, kind: stock}}\n"
    "columns:\n  place: {name: 社区, type: place, required: true}\n  lamps: {name: 路灯数, type: number, measure: lamps}\n"
)


def test_sheets_that_a_contract_does_not_want_are_told_in_one_sentence(load, tmp_path, capsys):
    """They are not said to have the wrong heads; and where the file has none of the wanted ones, the same sentence says so."""
    path = tmp_path / "路灯.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name in ("甲", "乙", "丙"):
            sheet = book.add_worksheet(name)
            for r, row in enumerate([["社区", "路灯数"], ["甲里社区", 200], ["乙里社区", 300]]):
                sheet.write_row(r, 0, row)
    street = load(LAMPS.replace("SHEETS", "甲"), path)
    told = "文件“路灯.xlsx”工作表“乙”、“丙”不在台账约定“试验表”要读的工作表之内（layout 的 sheets、hidden），没有读取。"
    said = capsys.readouterr().out
    assert told in said and "认不出" not in said
    assert street.ask("SELECT sum(value) FROM observation WHERE dataset = 'trial'") == [(500,)]
    load(LAMPS.replace("SHEETS", "丁"), path, code=2)
    assert told.replace("“乙”、“丙”", "“甲”、“乙”、“丙”") in capsys.readouterr().out


def test_a_blank_cell_under_a_blank_head_is_told_by_the_column_of_the_contract(load, tmp_path, capsys):
    contract = LAMPS.replace("type: place, required: true", "type: place, required: true, at: A").replace(", sheets: [SHEETS]", "")
    load(contract, table(tmp_path / "路灯.csv", [["", "路灯数"], ["甲里社区", 200], ["", 300]]), code=1)
    assert "文件“路灯.csv”第 3 行“社区”列没有填写" in capsys.readouterr().out


def test_a_breakdown_without_its_category_is_refused(load, tmp_path, capsys):
    """Each row's 男 or 女 in a column of its own would be loaded as one and the same figure."""
    contract = LAMPS.replace("measure: lamps}", "measure: lamps, breakdown: 性别}").replace(", sheets: [SHEETS]", "")
    load(contract, table(tmp_path / "路灯.csv", [["社区", "路灯数"], ["甲里社区", 200]]), code=2)
    assert "键 columns.lamps.category：breakdown 和 category 要一起写" in capsys.readouterr().err


def test_multiples_of_a_unit_that_no_list_has():
    assert factor("万吨", "吨") == 10000
    assert factor("亿千瓦时", "千瓦时") == 10**8
    assert factor("吨标准煤", "吨") is None


def test_cells_that_write_the_unit_of_the_contract():
    assert read("239万", "万元").value == 239
    assert read("21036元/平米", "元/平米").value == 21036
    assert read("1.2万", "元").value == 12000


def test_a_group_that_is_centred_and_not_merged(load, tmp_path):
    contract = TOP + (
        "grain: month\nlayout: {period: 2021-04}\nmeasures: {flats: {name: 户数, unit: 户, kind: stock}, folk: {name: 人口, unit: 人, kind: stock}}\n"
        "columns:\n  place: {name: 地区, type: place, required: true}\n  flats: {name: 户数, type: integer, measure: flats}\n"
        "  all: {name: 人口数/计, type: integer, measure: folk}\n"
        "  men: {name: 人口数/男, type: integer, measure: folk, breakdown: 性别, category: 男}\n"
        "  women: {name: 人口数/女, type: integer, measure: folk, breakdown: 性别, category: 女}\n"
    )
    rows = [
        ["地区", "户  数", "人  口  数", None, None],
        [None, None, "计", "男", "女"],
        ["甲", 10, 30, 16, 14],
        ["乙", 20, 50, 24, 26],
    ]
    street = load(contract, workbook(tmp_path / "人口.xlsx", rows, merges=((0, 0, 1, 0, "地区"), (0, 1, 1, 1, "户  数"))))
    asked = "SELECT measure, category, sum(value) FROM observation WHERE dataset = 'trial' GROUP BY 1, 2 ORDER BY 1, 2"
    assert street.ask(asked) == [("flats", "", 30), ("folk", "", 80), ("folk", "女", 40), ("folk", "男", 40)]


LETTERS = (
    "name: 网上留言\ntable: letter\nsent: year\nkey: [letter_no]\nhappens: at\nstarts_places: all\nlayout: {root: 甲市}\n"
    "measures: {letters: {name: 留言, unit: 件, kind: flow, rollup: {table: letter, at: at, value: likes}}}\n"
    "columns:\n  letter_no: {name: 留言编号, type: text, required: true}\n  at: {name: 留言时间, type: date, required: true}\n"
    "  likes: {name: 点赞数, type: integer}\n"
)


def test_a_register_of_one_place_without_a_column_of_places(load, tmp_path):
    rows = [["留言编号", "留言时间", "点赞数"], ["1", "20260306", "2"], ["2", "20260306", "5"]]
    street = load(LETTERS, table(tmp_path / "留言.csv", rows))
    assert street.ask("SELECT place_id, count(*), sum(likes) FROM letter GROUP BY 1") == [("trial/甲市", 2, 7)]


def test_a_repeated_row_that_is_rejected_counts_once(load, tmp_path, capsys):
    rows = [["留言编号", "留言时间", "点赞数"], ["1", "20260306", "许多"], ["1", "20260306", "许多"], ["2", "20260306", "5"]]
    street = load(LETTERS, table(tmp_path / "留言.csv", rows), code=1)
    assert street.ask("SELECT rows_in, rows_accepted, rows_rejected FROM load WHERE dataset = 'trial'") == [(3, 1, 2)]
    assert not re.search(r"-\d", capsys.readouterr().out.split("已生成")[0])


def test_a_check_under_a_contract_that_was_never_loaded(tmp_path, monkeypatch, capsys):
    Street(tmp_path / "home", monkeypatch)
    (tmp_path / "trial.yml").write_text(LETTERS, encoding="utf-8")
    path = table(tmp_path / "留言.csv", [["留言编号", "留言时间", "点赞数"], ["1", "20260306", "2"], ["2", "20260306", "许多"]])
    assert main(["check", str(path), "--dataset", "trial", "--contract", str(tmp_path / "trial.yml")]) == 1
    said = capsys.readouterr().out
    assert "“网上留言”：共 2 行，可入库 1 行" in said
    assert "第 3 行“点赞数”列的值“许多”不是数字。" in said
    assert (tmp_path / "留言（已标注）.xlsx").is_file()


def test_a_full_stop_behind_a_name_is_a_slip_and_no_note(load, tmp_path):
    rows = [["社区", "路灯数"], ["甲里社区", 200], ["乙里社区。", 300], ["注：乙里社区含新村。", 7]]
    street = load(LAMPS.replace(", sheets: [SHEETS]", ""), table(tmp_path / "路灯.csv", rows))
    assert street.ask("SELECT count(*), sum(value) FROM observation WHERE dataset = 'trial'") == [(2, 500)]
