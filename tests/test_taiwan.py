"""Tables as Taiwan and Hong Kong write them: traditional characters, Big5, years of the Republic. Made up small, figures by hand."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from street import load_trial, table, workbook

from etl.calendars import common_era
from etl.dates import read_time
from etl.encodings import to_utf8
from etl.heads import normal
from etl.quantity import read
from etl.traditional import either, simplified
from etl.units import factor
from etl.wording import TOTAL_ROW, is_missing


@pytest.fixture
def load(tmp_path, monkeypatch):
    return partial(load_trial, monkeypatch, tmp_path)


HOMES = (
    "name: 户数表\ntable: observation\nsent: year\nperiod: title\ngrain: year\nstarts_places: all\n"
    "measures: {homes: {name: 户数, unit: 户, kind: stock}, folk: {name: 人口数, unit: 人, kind: stock}}\n"
    "columns:\n  place: {name: 区域别, type: place, required: true}\n  homes: {name: 户数, type: integer, measure: homes}\n"
    "  folk: {name: 人口数, type: integer, measure: folk}\n"
)
ROWS = [
    ["甲縣各鄉鎮戶數及人口數（民國113年）", "", ""],
    ["單位：戶、千人", "", ""],
    ["區域別", "戶　數", "人口數"],
    ["總　計", "300", "9"],
    ["東鄉", "100", "4"],
    ["西鎮", "200", "5"],
    ["備註：戶籍登記數。", "", ""],
    ["資料來源：民政處", "", ""],
]
FIGURES = "SELECT measure, place_id, year(period_start), value FROM observation WHERE dataset = 'trial' ORDER BY 1, 2"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "big5", "gb18030", "utf-16"])
def test_a_simplified_contract_reads_a_traditional_table(load, tmp_path, encoding):
    street = load(HOMES, table(tmp_path / "戶數.csv", ROWS, encoding=encoding))
    assert street.ask(FIGURES) == [
        ("folk", "trial/東鄉", 2024, 4000),
        ("folk", "trial/西鎮", 2024, 5000),
        ("homes", "trial/東鄉", 2024, 100),
        ("homes", "trial/西鎮", 2024, 200),
    ]
    assert street.ask("SELECT count(*) FROM reject WHERE dataset = 'trial'") == [(0,)]  # the total was found, and is the sum


def test_a_place_is_the_same_in_either_writing(load, tmp_path):
    rows = [["2025年户数表"], ["区域别", "户数"], ["东乡", 110], ["西镇", 210]]
    load(HOMES, table(tmp_path / "戶數.csv", ROWS))
    street = load(HOMES, workbook(tmp_path / "户数.xlsx", rows))
    assert street.ask("SELECT count(*) FROM place WHERE dataset = 'trial'") == [(2,)]
    assert street.ask("SELECT place_id, sum(value) FROM observation WHERE measure = 'homes' GROUP BY 1 ORDER BY 1") == [
        ("trial/東鄉", 210),
        ("trial/西鎮", 410),
    ]


VILLAGES = (
    "name: 村里户数\ntable: observation\nsent: month\ngrain: month\nperiod: column\ncalendar: minguo\nstarts_places: all\n"
    "measures: {homes: {name: 户数, unit: 户, kind: stock}}\n"
    "columns:\n  period: {name: 统计年月, type: period, required: true}\n  place: {name: 村里, type: place, required: true}\n"
    "  homes: {name: 户数, type: integer, measure: homes}\n"
)


@pytest.mark.parametrize("written", ["10401", "104年1月", "104/01", "104.01", "民國104年1月", "2015-01"])
def test_months_under_a_declared_calendar(load, tmp_path, written):
    street = load(VILLAGES, table(tmp_path / "村里.csv", [["統計年月", "村里", "戶數"], [written, "東里", "10"], [written, "西里", "20"]]))
    assert street.ask("SELECT DISTINCT period_start, grain FROM observation WHERE dataset = 'trial'") == [(dt.date(2015, 1, 1), "month")]


def test_without_the_declaration_such_a_month_comes_back(load, tmp_path):
    contract = VILLAGES.replace("calendar: minguo\n", "")
    street = load(contract, table(tmp_path / "村里.csv", [["統計年月", "村里", "戶數"], ["10401", "東里", "10"]]), code=1)
    assert street.ask("SELECT count(*) FROM observation WHERE dataset = 'trial'") == [(0,)]


def test_years_of_the_republic_across(load, tmp_path):
    contract = HOMES.replace("period: title\n", "calendar: minguo\n").replace("人口数, type", "人口总数, type")
    rows = [["戶數"], ["區域別", "111年", "112年", "113年底"], ["東鄉", 1, 2, 3], ["西鎮", 4, 5, 6], ["合計", 5, 7, 9]]
    street = load(contract, workbook(tmp_path / "戶數.xlsx", rows))
    asked = "SELECT year(period_start), sum(value) FROM observation WHERE dataset = 'trial' GROUP BY 1 ORDER BY 1"
    assert street.ask(asked) == [(2022, 5), (2023, 7), (2024, 9)]


def test_a_title_in_the_middle_of_the_sheet_is_no_head(load, tmp_path):
    contract = HOMES.replace("sent: year", "sent: month").replace("grain: year", "grain: month").replace("name: 人口数", "name: 人口数/計") + (
        "  men: {name: 人口数/男, type: integer, measure: folk, breakdown: 性别, category: 男}\n"
        "  women: {name: 人口数/女, type: integer, measure: folk, breakdown: 性别, category: 女}\n"
    )
    rows = [
        [None, None, "中華民國110年04月底", None, None],
        ["區域別", "戶數", "人口數", None, None],
        [None, None, "計", "男", "女"],
        ["東鄉", 10, 30, 14, 16],
        ["西鎮", 20, 50, 26, 24],
    ]
    street = load(contract, workbook(tmp_path / "戶數.xlsx", rows))
    asked = "SELECT measure, category, period_start::VARCHAR, sum(value) FROM observation WHERE dataset = 'trial' GROUP BY ALL ORDER BY 1, 2"
    when = "2021-04-01"
    assert street.ask(asked) == [("folk", "", when, 80), ("folk", "女", when, 40), ("folk", "男", when, 40), ("homes", "", when, 30)]


def test_two_tables_side_by_side_that_begin_with_the_same_head(load, tmp_path):
    """Places differ from row to row, and notes stand below with an editor's name beside them."""
    contract = HOMES.replace("period: title\n", "calendar: minguo\n").replace("人口数, type", "人口总数, type")
    rows = [
        ["各鄉戶數（111年起）", None, None, None, "歷年各鄉戶數（110年以前）"],
        ["區域別", "111年", "112年", None, "區域別", "109年", "110年"],
        ["新鎮", 11, 12, None, "老鎮", 1, 2],
        ["東鄉", 21, 22, None, "西鄉", 3, 4],
        ["西鄉", 31, 32, None, "東鄉", 5, 6],
        ["說明：1.新鎮於111年由老鎮改制。", None, "民政處編製", None, "說明：老鎮為舊制。", None, "民政處編製"],
        ["　　2.東鄉未變。"],
    ]
    street = load(contract, workbook(tmp_path / "戶數.xlsx", rows))
    asked = "SELECT p.name, year(period_start), value FROM observation JOIN place p USING (place_id) WHERE observation.dataset = 'trial' ORDER BY 2, 3"
    assert street.ask(asked) == [
        ("老鎮", 2020, 1), ("西鄉", 2020, 3), ("東鄉", 2020, 5), ("老鎮", 2021, 2), ("西鄉", 2021, 4), ("東鄉", 2021, 6),
        ("新鎮", 2022, 11), ("東鄉", 2022, 21), ("西鄉", 2022, 31), ("新鎮", 2023, 12), ("東鄉", 2023, 22), ("西鄉", 2023, 32),
    ]  # fmt: skip


ACCIDENTS = (
    "name: 交通事故\ntable: accident\nsent: year\nkey: [at, address]\nhappens: at\ncalendar: minguo\nstarts_places: true\nlayout: {root: 甲縣}\n"
    "measures: {accidents: {name: 事故, unit: 件, kind: flow, rollup: {table: accident, at: at}}}\n"
    "columns:\n  at: {name: 發生時間, type: datetime, required: true}\n  address: {name: 發生地點, type: text, required: true}\n"
    "  settled: {name: 是否結案, type: yes_no}\n"
)


def test_moments_of_the_republic(load, tmp_path):
    rows = [
        ["發生時間", "發生地點", "是否結案"],
        ["102年01月01日 03時15分", "東鄉一路", "是"],
        ["102/12/31 19:47", "西鎮二路", "無"],
        ["1021231", "西鎮三路", "已解決"],
    ]
    street = load(ACCIDENTS, table(tmp_path / "102年度事故.csv", rows, encoding="big5"))
    assert street.ask('SELECT "at", address, settled FROM accident ORDER BY 2 DESC') == [
        (dt.datetime(2013, 12, 31, 19, 47), "西鎮二路", False),
        (dt.datetime(2013, 12, 31), "西鎮三路", True),
        (dt.datetime(2013, 1, 1, 3, 15), "東鄉一路", True),
    ]


@pytest.mark.parametrize(
    ("text", "minguo", "read"),
    [
        ("民國113年", False, "2024年"),
        ("中華民國一百一十三年十月", False, "2024年十月"),
        ("民國元年", False, "1912年"),
        ("民国十字路口", False, "民国十字路口"),
        ("民國一九百年", False, "民國一九百年"),
        ("113年", False, "113年"),
        ("113年", True, "2024年"),
        ("98.12.31", True, "2009.12.31"),
        ("1131008", True, "20241008"),
        ("9812", True, "200912"),
        ("113", True, "2024"),
        ("2024年10月", True, "2024年10月"),
        ("2024/10/08", True, "2024/10/08"),
        ("202410", True, "202410"),
        ("近20年", True, "近20年"),
        ("10/08", True, "10/08"),
        ("市民13人", True, "市民13人"),
    ],
)
def test_years(text, minguo, read):
    assert common_era(text, minguo) == read


def test_words_and_numbers():
    assert normal("戶　數（戶）") == normal("户数") == "户数"
    assert is_missing("無") and is_missing("None")
    assert read("1.2萬人", "人").value == 12000 and read("三萬二千", "").value == 32000
    assert factor("萬戶", "户") == 10000
    assert read_time("民國113年10月8日 下午3時20分").at == dt.datetime(2024, 10, 8, 15, 20)
    assert simplified("乾隆") == simplified("干隆")
    assert either("[计全]合") == "[计計全]合"
    assert "總計" not in TOTAL_ROW and "總" in TOTAL_ROW


@pytest.mark.parametrize("text", ["社区,户数\n春和社区,120\n", "社區,戶數\n春和里,120\n", "姓名,电话\n镕喆,1\n", "編號,說明\n1,這裡沒有問題\n"])
def test_each_encoding_is_known_by_what_it_says(text):
    for encoding in ("gb18030", "utf-8"):
        assert to_utf8(text.encode(encoding))[0].decode() == text
    if "區" in text or "編" in text:
        assert to_utf8(text.encode("big5"))[0].decode() == text
