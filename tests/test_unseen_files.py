"""What files that nobody here had seen stumbled over once: small made-up files of the same shape, figures by hand."""

from __future__ import annotations

from functools import partial

import duckdb
import pytest
import xlsxwriter
from street import load_trial, table, workbook

from etl import batchload, loaded, onepass, rollup_rows

TOP = "name: 试验表\ntable: observation\nsent: year\ngrain: year\nstarts_places: all\n"
HOMES = "measures: {homes: {name: 户数, unit: 户, kind: stock}}\n"
COLUMNS = "columns:\n  place: {name: 地区, type: place, required: true}\n  homes: {name: 户数, type: integer, measure: homes}\n"
SUMS = "SELECT place_id, sum(value) FROM observation WHERE dataset = 'trial' GROUP BY 1 ORDER BY 1"


@pytest.fixture
def run(tmp_path, monkeypatch):
    return partial(load_trial, monkeypatch, tmp_path)


# ---- what a contract says ----


def test_a_measure_without_a_unit(run, tmp_path, capsys):
    path = table(tmp_path / "户数2024年.csv", [["地区", "户数"], ["甲", "1"]])
    run(TOP + HOMES.replace("unit: 户", 'unit: ""') + COLUMNS, path, code=2)
    said = "目录文件 ledgers/trial.yml，条目 measures.homes，键 unit：不能留空；比值没有单位的，写成“倍”或“女=100”这样的话。"
    assert said in capsys.readouterr().err


# ---- what a cell says ----

CASES = (
    "name: 案件\ntable: trial_case\nsent: year\nkey: [number, day]\nhappens: day\n"
    "measures: {trial_cases: {name: 案件, unit: 件, kind: flow, rollup: {table: trial_case, at: day}}}\n"
    "columns:\n  number: {name: 编号, type: text, required: true}\n  day: {name: 日期, type: date, required: true}\n  what: {name: 事由, type: text}\n"
)


@pytest.mark.parametrize("blank", ["None", "NaN", "null", "<NA>"])
@pytest.mark.parametrize("rows", [3, 4_000])
def test_a_key_that_a_program_left_blank(run, tmp_path, monkeypatch, capsys, blank, rows):
    """The same in a table of few rows and in one that is read in one scan."""
    ways, ours = [], batchload.tidy_long
    monkeypatch.setattr(batchload, "tidy_long", lambda *given: ways.append(ours(*given)) or ways[-1])
    lines = [[f"A{n}", "2024-01-02", "噪音"] for n in range(rows)]
    lines[1][0] = blank
    lines[2][2] = blank  # a text that need not be given is kept as it stands
    street = run(CASES, table(tmp_path / "案件.csv", [["编号", "日期", "事由"], *lines]), code=1)
    assert street.ask("SELECT count(*), count(*) FILTER (WHERE what = '噪音') FROM trial_case") == [(rows - 1, rows - 2)]
    assert "第 3 行“编号”列没有填写" in capsys.readouterr().out
    assert [way is not None for way in ways] == [rows > onepass.WORTH]


# ---- what a failure leaves behind ----


def test_a_statement_that_fails_leaves_no_copy_of_loads(tmp_path, monkeypatch):
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS a) TO '{tmp_path / 'rows.parquet'}' (FORMAT parquet)")
        monkeypatch.setattr(loaded, "_MANY", 0)
        with pytest.raises(RuntimeError), loaded.rows_of(connection, [str(tmp_path / "rows.parquet")]) as rows:
            assert connection.execute(f"SELECT * FROM {rows.source}").fetchall() == [(1,)]
            raise RuntimeError
        assert connection.execute("SHOW TABLES").fetchall() == []


def test_a_statement_that_fails_leaves_no_narrow_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(rollup_rows, "LONG", 0)

    def copied(connection, *_):
        connection.execute("CREATE TABLE memory.narrow_copy AS SELECT 1 AS a")
        connection.execute("CREATE VIEW memory.narrow AS SELECT * FROM narrow_copy")

    monkeypatch.setattr(rollup_rows, "_copied", copied)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE event AS SELECT 1 AS a")
        with pytest.raises(RuntimeError), rollup_rows.counted(connection, "event", [], []):
            raise RuntimeError
        assert connection.execute("SHOW TABLES").fetchall() == [("event",)]


# ---- what a place is called ----


def test_one_place_with_and_without_the_word_for_its_level(run, tmp_path, capsys):
    run(TOP + HOMES + COLUMNS, table(tmp_path / "户数2023年.csv", [["地区", "户数"], ["松江", "1"], ["宁夏", "2"], ["嘉定区", "3"]]))
    street = run(
        TOP + HOMES + COLUMNS,
        table(tmp_path / "户数2024年.csv", [["地区", "户数"], ["松江区", "10"], ["宁夏回族自治区", "20"], ["嘉定", "30"], ["浦东新区", "4"]]),
    )
    assert street.ask(SUMS) == [("trial/嘉定区", 33), ("trial/宁夏", 22), ("trial/松江", 11), ("trial/浦东新区", 4)]
    run(TOP + HOMES + COLUMNS, table(tmp_path / "户数2022年.csv", [["地区", "户数"], ["浦东", "5"]]))
    assert ("trial/浦东新区", 9) in street.ask(SUMS)


def test_both_names_in_one_table_are_one_place_said_twice(run, tmp_path, capsys):
    street = run(TOP + HOMES + COLUMNS, table(tmp_path / "户数2024年.csv", [["地区", "户数"], ["松江", "1"], ["松江区", "2"], ["甲县", "3"]]), code=1)
    assert street.ask("SELECT name FROM place WHERE dataset = 'trial' ORDER BY 1") == [("松江区",), ("甲县",)]
    assert "第 2 行“地区”列的值“松江”与第 3 行重复" in capsys.readouterr().out


def test_a_name_that_may_be_of_two_levels_is_asked_about(run, tmp_path, capsys):
    rows = [["地区", "户数"], ["吉林省", "1"], ["吉林市", "2"]]
    street = run(TOP + HOMES + COLUMNS, table(tmp_path / "户数2023年.csv", rows))
    run(TOP + HOMES + COLUMNS, table(tmp_path / "户数2024年.csv", [["地区", "户数"], ["吉林", "3"]]), code=1)
    assert street.ask(SUMS) == [("trial/吉林市", 2), ("trial/吉林省", 1)]
    assert "的值“吉林”不在名册中，最接近的是“吉林省”“吉林市”" in capsys.readouterr().out


def test_sheets_that_write_the_place_above_now_so_now_so(run, tmp_path):
    layout = "layout: {path: [file, place], levels: [区县, 乡镇]}\n"
    for name, number in (("松江2023年", "5"), ("松江区2024年", "6")):
        street = run(TOP + layout + HOMES + COLUMNS, table(tmp_path / f"{name}.csv", [["地区", "户数"], ["城关镇", number]]))
    assert street.ask(SUMS) == [("trial/松江/城关镇", 11)]


# ---- heads of three rows, the year in the middle ----

GROUPS = ["地区", "常住人口", "", "", "", "户籍人口", "", "", ""]
YEARS = ["", "2023年", "", "2024年", "", "2023年", "", "2024年", ""]
SEXES = ["", *["男", "女"] * 4]
BODY = [["甲区", 1, 2, 3, 4, 5, 6, 7, 8], ["乙区", 10, 20, 30, 40, 50, 60, 70, 80], ["合计", 11, 22, 33, 44, 55, 66, 77, 88]]
MERGES = (
    (0, 0, 2, 0, "地区"), (0, 1, 0, 4, "常住人口"), (0, 5, 0, 8, "户籍人口"),
    (1, 1, 1, 2, "2023年"), (1, 3, 1, 4, "2024年"), (1, 5, 1, 6, "2023年"), (1, 7, 1, 8, "2024年"),
)  # fmt: skip
PEOPLE = (
    "measures: {lived: {name: 常住人口, unit: 人, kind: stock}, listed: {name: 户籍人口, unit: 人, kind: stock}}\n"
    "columns:\n  place: {name: 地区, type: place, required: true}\n"
    "  a: {name: 常住人口/男, type: integer, measure: lived, breakdown: 性别, category: 男}\n"
    "  b: {name: 常住人口/女, type: integer, measure: lived, breakdown: 性别, category: 女}\n"
    "  c: {name: 户籍人口/男, type: integer, measure: listed, breakdown: 性别, category: 男}\n"
    "  d: {name: 户籍人口/女, type: integer, measure: listed, breakdown: 性别, category: 女}\n"
)


def _numbers(cells):
    return [int(cell[:4]) if str(cell).endswith("年") else cell for cell in cells]


@pytest.mark.parametrize(
    ("heads", "merges"),
    [
        ([GROUPS, YEARS, SEXES], MERGES),
        ([GROUPS, YEARS, SEXES], ()),
        ([GROUPS, _numbers(YEARS), SEXES], tuple((*at, _numbers([words])[0]) for *at, words in MERGES)),
        ([["各区人口（人）"], ["", *GROUPS[1:]], YEARS, ["地区", *SEXES[1:]]], ()),
    ],
)
def test_a_year_between_a_group_and_its_parts(run, tmp_path, heads, merges):
    street = run(TOP + PEOPLE, workbook(tmp_path / "人口.xlsx", [*heads, *BODY], merges=merges))
    asked = "SELECT measure, category, year(period_start), sum(value) FROM observation WHERE dataset = 'trial' GROUP BY ALL"
    assert set(street.ask(asked)) == {
        ("lived", "男", 2023, 11), ("lived", "女", 2023, 22), ("lived", "男", 2024, 33), ("lived", "女", 2024, 44),
        ("listed", "男", 2023, 55), ("listed", "女", 2023, 66), ("listed", "男", 2024, 77), ("listed", "女", 2024, 88),
    }  # fmt: skip
    assert street.ask("SELECT count(*) FROM reject WHERE dataset = 'trial'") == [(0,)]


# ---- figures by day ----

MONTHLY = TOP.replace("year", "month") + HOMES + COLUMNS.replace("columns:\n", "columns:\n  period: {name: 日期, type: period, required: true}\n")


def test_days_where_months_are_asked_for(run, tmp_path, capsys):
    """The same figure on two days of a month is no repeated row; the days of different places are no days of one place."""
    days = [["日期", "地区", "户数"], ["2024-01-30", "甲", "1"], ["2024-01-31", "甲", "1"], ["2024-01-29", "乙", "3"], ["2024年2月29日", "甲", "4"]]
    street = run(MONTHLY, table(tmp_path / "日报.csv", days), code=1)
    assert street.ask(SUMS) == [("trial/乙", 3), ("trial/甲", 4)]
    said = capsys.readouterr().out
    assert "第 2 行“日期、地区”列的值“2024-01-30、甲”与第 3 行是同一时期里的两天，这是按天报的数字。请把台账约定改成登记" in said


def test_a_contract_that_asks_for_days(run, tmp_path, capsys):
    path = table(tmp_path / "日报.csv", [["日期", "地区", "户数"], ["2024-01-30", "甲", "1"]])
    run(MONTHLY.replace("grain: month", "grain: day"), path, code=2)
    assert "没有“day”这一档。按天报的数字写成登记" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["kind: flow", "by: [what], kind: stock", "kind: distinct"])
def test_what_takes_the_last_day(run, tmp_path, capsys, wrong):
    rollup = "rollup: {table: trial_case, at: day, value: what, take: last}".replace("take", "by: [what], take" if "by" in wrong else "take")
    contract = CASES.replace("kind: flow, rollup: {table: trial_case, at: day}", f"{wrong.split(', ')[-1]}, {rollup}")
    run(contract, table(tmp_path / "案件.csv", [["编号", "日期", "事由"], ["A", "2024-01-01", "1"]]), code=2)
    assert "take: last 要写 at（哪一天）和 value（哪一列），不写 by" in capsys.readouterr().err


def test_a_register_of_which_each_sheet_is_a_place(run, tmp_path):
    contract = CASES.replace("happens: day\n", "happens: day\nstarts_places: all\nlayout: {places: title}\n").replace("columns:\n", "columns:\n  place: {name: 社区, type: place}\n")
    path = tmp_path / "案件.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in {"东社区": [["A", "2024-01-02", "噪音"]], "西社区": [["B", "2024-01-03", "停车"], ["C", "2024-01-04", "停车"]]}.items():
            page = book.add_worksheet(name)
            for r, row in enumerate([["编号", "日期", "事由"], *rows]):
                page.write_row(r, 0, row)
    street = run(contract, path)
    assert street.ask("SELECT place_id, count(*) FROM trial_case GROUP BY 1 ORDER BY 1") == [("trial/东社区", 1), ("trial/西社区", 2)]
