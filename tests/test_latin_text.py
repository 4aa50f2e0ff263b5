"""Tables in Latin letters: texts in Western encodings are told and never read as Chinese; long names and names of several words.

Figures by hand.
"""

from __future__ import annotations

from functools import partial

import pytest
import xlsxwriter
from street import load_trial, table

from etl.encodings import Unreadable, to_utf8

UNKNOWN = "认不出文字编码，请用 Excel 打开后另存为 xlsx，或另存为 UTF-8 编码的 csv 再上报"


@pytest.fixture
def load(tmp_path, monkeypatch):
    return partial(load_trial, monkeypatch, tmp_path)


# ---- Western encodings ----

THEFTS = (
    "name: 失窃\ntable: theft\nsent: year\nkey: [number]\nhappens: day\nlayout: {root: 甲市}\nstarts_places: all\n"
    "measures: {thefts: {name: 失窃, unit: 件, kind: flow, rollup: {table: theft, at: day}}}\n"
    "columns:\n  number: {name: Nr, type: text, required: true}\n  day: {name: Tag, type: date, required: true}\n  kind: {name: Art, type: text}\n"
)
ROWS = [["Nr", "Tag", "Art"], *([f"N{n}", "2025-05-31", "diverse Fahrräder"] for n in range(300))]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8", "gb18030"])
def test_a_western_table_is_told_or_read_as_it_is_written(load, tmp_path, capsys, encoding):
    """Each ä and the d behind it are one character of GB18030."""
    is_western = encoding in ("latin-1", "cp1252")
    street = load(THEFTS, table(tmp_path / "Diebstahl.csv", ROWS, encoding=encoding), code=2 if is_western else 0)
    assert (UNKNOWN in capsys.readouterr().out) == is_western
    read = [] if is_western else [("diverse Fahrräder", 300)]
    assert street.ask("SELECT kind, count(*) FROM theft WHERE dataset = 'trial' GROUP BY 1") == read


@pytest.mark.parametrize(
    "text", ["Müller", "café|Rue", "Educação", "École", "Größe", "don’t", "Temp (°C)", "São", "MÜNCHEN", "Hélène", "KRAKÓW", "25°C,x"]
)
@pytest.mark.parametrize("lines", [1, 5000])
def test_one_western_word_is_enough(text, lines):
    with pytest.raises(Unreadable, match=UNKNOWN):
        to_utf8((text + "\n" + "1,2,abc\n" * lines).encode("cp1252"))


FEW = [
    "A区,1", "XL男ABC,1", "张三,male", "1,男\n2,女", "㐂,1", "1,𠮷", "𠮷a,㐂b", "张㐂,Smith", "朱镕基,1", "镕,male", "李喆A,1", "a,是\nb,否", "KTV间", "°,℃",
    "GDP(亿元)", "Ａ１,x",
]  # fmt: skip


@pytest.mark.parametrize("text", FEW)
def test_few_chinese_characters_among_much_latin_text(text):
    whole = "id,name\n" + "1,Smith and Sons\n" * 3000 + text + "\n"
    assert to_utf8(whole.encode("gb18030")) == (whole.encode(), 0)


@pytest.mark.parametrize("text", ["臺灣,1", "人口,1", "年,A人", "5人,3人", "VIP點,戶數", "一ab,二"])
def test_few_characters_of_big5_are_no_western_text(text):
    """Many of their second bytes are ASCII letters: 人口 is \\xa4H\\xa4f."""
    whole = "id,name\n" + "1,Smith and Sons\n" * 300 + text + "\n"
    assert to_utf8(whole.encode("big5"))[1] == 0


# ---- names of places ----

STRIKES = (
    "name: 鸟击\ntable: strike\nsent: year\nkey: [number]\nhappens: day\nplace: airport\nstarts_places: all\n"
    "layout: {path: [state, airport], levels: [州, 机场]}\n"
    "measures: {strikes: {name: 鸟击, unit: 件, kind: flow, rollup: {table: strike, at: day}}}\n"
    "columns:\n  number: {name: 号, type: text, required: true}\n  day: {name: 日期, type: date, required: true}\n"
    "  state: {name: 州, type: place}\n  airport: {name: 机场, type: place}\n"
)
HEAD = ["号", "日期", "州", "机场"]
PLACES = "SELECT place_id, name, kind FROM place WHERE dataset = 'trial' ORDER BY 1"
COUNTS = "SELECT place_id, count(*) FROM strike WHERE dataset = 'trial' GROUP BY 1 ORDER BY 1"


def strikes(tmp_path, *places: tuple[str, str]):
    return table(tmp_path / "鸟击.csv", [HEAD, *([f"A{n}", "2025-05-31", *place] for n, place in enumerate(places))])


def test_long_names_in_latin_letters_are_places(load, tmp_path):
    """34 letters without the blanks, and 80 of them; 30 Chinese characters are the most."""
    airport, longest, chinese = "CINCINNATI/NORTHERN KENTUCKY INTL ARPT", "ABCDEFGH " * 9 + "ABCDEFGH", "长" * 28 + "机场"
    street = load(STRIKES, strikes(tmp_path, ("Kentucky", airport), ("Kentucky", longest), ("Kentucky", chinese)))
    names = {name for _, name, kind in street.ask(PLACES) if kind == "机场"}
    assert names == {airport.replace("/", "／"), longest, chinese}
    assert [number for _, number in street.ask(COUNTS)] == [1, 1, 1]


@pytest.mark.parametrize("note", ["ABCDEFGH " * 10 + "A", "长" * 29 + "机场", "Note: as of the end of the year 2025"])
def test_longer_texts_are_notes(load, tmp_path, capsys, note):
    street = load(STRIKES, strikes(tmp_path, ("Kentucky", "Bowman Field"), ("Kentucky", note)), code=1)
    assert "不在名册中" in capsys.readouterr().out
    assert street.ask(COUNTS) == [("trial/Kentucky/BowmanField", 1)]


def test_names_of_several_words_keep_their_blanks(load, tmp_path):
    """However the blanks are written it is one place."""
    rows = [("South Carolina", "MYRTLE BEACH"), ("SouthCarolina", "MYRTLE  BEACH"), ("South Carolina", "MYRTLEBEACH"), ("北 京", "首都　机场")]
    street = load(STRIKES, strikes(tmp_path, *rows))
    assert street.ask(PLACES) == [
        ("trial/SouthCarolina", "South Carolina", "州"),
        ("trial/SouthCarolina/MYRTLEBEACH", "MYRTLE BEACH", "机场"),
        ("trial/北京", "北京", "州"),
        ("trial/北京/首都机场", "首都机场", "机场"),
    ]
    assert street.ask(COUNTS) == [("trial/SouthCarolina/MYRTLEBEACH", 3), ("trial/北京/首都机场", 1)]


HOMES = (
    "name: 户数\ntable: observation\nsent: year\ngrain: year\nstarts_places: all\nlayout: {LAYOUT, levels: [州, 县], period: 2024}\n"
    "measures: {homes: {name: 户数, unit: 户, kind: stock}}\n"
    "columns:\n  place: {name: 县, type: place, required: true}\n  homes: {name: 户数, type: integer, measure: homes}\n"
)


def test_the_name_of_a_sheet_keeps_its_blanks(load, tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "户数.xlsx")) as book:
        for name, number in (("South Carolina", 3), ("New York 2024年", 4)):
            page = book.add_worksheet(name)
            for r, row in enumerate([["县", "户数"], ["Lee County", number], ["Red Hook", 1]]):
                page.write_row(r, 0, row)
    street = load(HOMES.replace("LAYOUT", "path: [sheet, place]"), tmp_path / "户数.xlsx")
    assert [name for _, name, _ in street.ask(PLACES)] == ["New York", "Lee County", "Red Hook", "South Carolina", "Lee County", "Red Hook"]
    assert street.ask("SELECT place_id, value FROM observation WHERE dataset = 'trial' AND value > 1 ORDER BY 1") == [
        ("trial/NewYork/LeeCounty", 4),
        ("trial/SouthCarolina/LeeCounty", 3),
    ]


def test_names_below_each_other_by_leading_blanks_keep_the_others(load, tmp_path):
    rows = [["县", "户数"], ["South Carolina", 4], ["  Lee County", 3], ["  Red Hook", 1]]
    street = load(HOMES.replace("LAYOUT", "hierarchy: indent"), table(tmp_path / "户数.csv", rows))
    assert street.ask(PLACES) == [
        ("trial/SouthCarolina", "South Carolina", "州"),
        ("trial/SouthCarolina/LeeCounty", "Lee County", "县"),
        ("trial/SouthCarolina/RedHook", "Red Hook", "县"),
    ]
