"""Places that are told apart by what stands above them: the name of the sheet or file, columns, codes. Figures by hand."""

from __future__ import annotations

from functools import partial

import pytest
import xlsxwriter
from street import load_trial, table

TOP = "name: 乡镇户数\ntable: observation\nsent: year\ngrain: year\nstarts_places: all\n"
MEASURES = "measures: {homes: {name: 户数, unit: 户, kind: stock}}\n"
COLUMNS = "columns:\n  place: {name: 乡镇, type: place, required: true}\n  homes: {name: 户数, type: integer, measure: homes}\n"
SUMS = "SELECT place_id, sum(value) FROM observation WHERE dataset = 'trial' GROUP BY 1 ORDER BY 1"


@pytest.fixture
def run(tmp_path, monkeypatch):
    return partial(load_trial, monkeypatch, tmp_path)


def book(path, sheets):
    with xlsxwriter.Workbook(str(path)) as made:
        for name, rows in sheets.items():
            page = made.add_worksheet(name)
            for r, row in enumerate(rows):
                page.write_row(r, 0, row)
    return path


HEAD = ["乡镇", "户数"]
SHEETS = {
    "浦东新区": [["2024年户数"], HEAD, ["城关镇", 10], ["川沙镇", 20], ["合计", 30]],
    "松江区2024年": [["2024年户数"], HEAD, ["城关镇", 1], ["", ""], ["小昆山镇", 2], ["合计", 4], ["注：年末数。", ""]],
}


@pytest.mark.parametrize("starts", ["all", "true"])
def test_the_sheet_is_the_place_above(run, tmp_path, capsys, starts):
    layout = "layout: {path: [sheet, place], levels: [区县, 乡镇]}\n"
    contract = TOP.replace("all", starts) + layout + MEASURES + COLUMNS
    street = run(contract, book(tmp_path / "户数.xlsx", SHEETS))
    assert street.ask(SUMS) == [
        ("trial/松江区/城关镇", 1),
        ("trial/松江区/小昆山镇", 2),
        ("trial/浦东新区/城关镇", 10),
        ("trial/浦东新区/川沙镇", 20),
    ]
    assert street.ask("SELECT DISTINCT kind FROM place WHERE dataset = 'trial' AND parent_id IS NULL") == [("区县",)]
    assert "工作表“松江区2024年”第 6 行“户数”列的值“4”与各行相加的 3 不符" in capsys.readouterr().out


def test_the_file_is_the_place_above(run, tmp_path):
    layout = "layout: {path: [file, sheet, place], levels: [市, 区县, 乡镇]}\n"
    street = run(TOP + layout + MEASURES + COLUMNS, book(tmp_path / "甲市2024年乡镇户数.xlsx", {"东区": [HEAD, ["城关镇", 5]]}))
    assert street.ask(SUMS) == [("trial/甲市/东区/城关镇", 5)]


def test_years_across_below_a_sheet(run, tmp_path):
    layout = "layout: {path: [sheet, place], levels: [区县, 乡镇]}\n"
    rows = [["乡镇", "2023年", "2024年"], ["城关镇", 3, 4]]
    street = run(TOP + layout + MEASURES + COLUMNS, book(tmp_path / "户数.xlsx", {"东区": rows, "西区": rows}))
    assert street.ask(SUMS) == [("trial/东区/城关镇", 7), ("trial/西区/城关镇", 7)]


def test_a_path_must_end_in_a_column(run, tmp_path, capsys):
    path = book(tmp_path / "户数.xlsx", SHEETS)
    run(TOP + "layout: {path: [place, sheet], levels: [区县, 乡镇]}\n" + MEASURES + COLUMNS, path, code=2)
    assert "sheet 是上级地点，后面还要写地点列" in capsys.readouterr().err


def test_codes_of_other_lengths(run, tmp_path):
    """A shorter code stands above those that begin with it; noughts at its end stand for nothing."""
    rows = [
        ["2024年户数"],
        ["代码", "乡镇", "户数"],
        ["65000", "新市", "30"],
        ["6500100", "板区", "10"],
        ["6500200", "永区", "20"],
        ["10010", "嘉县", "3"],
        ["1001001", "太乡", "3"],
        ["10013", "屏县", "5"],
        ["1001301", "屏乡", "5"],
        ["", "总计", "38"],
    ]
    columns = COLUMNS.replace("columns:\n", "columns:\n  code: {name: 代码, type: text}\n")
    contract = TOP + "layout: {hierarchy: code, code: code, levels: [县市, 乡镇]}\n" + MEASURES + columns
    street = run(contract, table(tmp_path / "户数.csv", rows))
    by_kind = "SELECT p.kind, sum(o.value), count(*) FROM observation o JOIN place p USING (place_id) WHERE o.dataset = 'trial' GROUP BY 1 ORDER BY 1"
    assert street.ask(by_kind) == [("乡镇", 38, 4), ("县市", 38, 3)]
    assert street.ask("SELECT parent_id FROM place WHERE name IN ('太乡', '屏乡', '永区') ORDER BY name DESC") == [
        ("trial/新市",),
        ("trial/屏县",),
        ("trial/嘉县",),
    ]


def test_codes_of_twelve_digits(run, tmp_path):
    rows = [
        ["2024年户数"],
        ["代码", "乡镇", "户数"],
        ["110000000000", "甲市", "7"],
        ["110100000000", "市辖区", "7"],
        ["110101000000", "东区", "7"],
        ["110101001000", "一街道", "3"],
        ["110101002000", "二街道", "4"],
    ]
    columns = COLUMNS.replace("columns:\n", "columns:\n  code: {name: 代码, type: text}\n")
    contract = TOP + "layout: {hierarchy: code, code: code, levels: [省, 市, 区县, 街道]}\n" + MEASURES + columns
    street = run(contract, table(tmp_path / "户数.csv", rows))
    assert ("trial/甲市/东区/二街道", 4) in street.ask(SUMS)
    assert street.ask("SELECT kind FROM place WHERE place_id = 'trial/甲市/东区/二街道'") == [("街道",)]


def test_levels_of_places_that_only_stand_above_others(run, tmp_path):
    columns = COLUMNS.replace("columns:\n", "columns:\n  city: {name: 城市, type: text}\n")
    contract = TOP + "layout: {path: [city, place], levels: [市, 乡镇]}\n" + MEASURES + columns
    street = run(contract, table(tmp_path / "户数2024年.csv", [["城市", "乡镇", "户数"], ["甲市", "东镇", "1"], ["乙市", "东镇", "2"]]))
    assert street.ask("SELECT name, kind FROM place WHERE parent_id IS NULL AND dataset = 'trial' ORDER BY 1") == [("乙市", "市"), ("甲市", "市")]


def test_namesakes_in_files_that_come_one_after_the_other(run, tmp_path):
    """A register that names a place elsewhere moves it; a table of figures does not."""
    contract = TOP + "layout: {path: [file, place], levels: [区县, 乡镇]}\n" + MEASURES + COLUMNS.replace("户数, type", "户数, synonyms: [2024年户数], type")
    for name, number in (("东区2024年", "5"), ("西区2024年", "6")):
        street = run(contract, table(tmp_path / f"{name}.csv", [HEAD, ["城关镇", number]]))
    assert street.ask(SUMS) == [("trial/东区/城关镇", 5), ("trial/西区/城关镇", 6)]
