"""Files as offices send them → heads and bodies; which contract they obey."""

import csv
import io
import time
import zipfile

import pytest
from street import table, workbook

from etl.extract import Sheet, Unreadable, extract
from etl.heads import find_head, normal, spellings
from etl.recognise import NotRecognised, known_heads, ledgers_for, recognise
from etl.workbook import column_letters, column_number
from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE

CATALOGUE = load_catalogue(BUNDLED_CATALOGUE)
LEDGERS = ledgers_for(CATALOGUE, "street")
KNOWN = known_heads(LEDGERS)
HEAD = ["序号", "社区", "户数", "常住人口"]
BODY = [[1, "春和社区", 1200, 3100], [2, "望湖社区", "1,350", "约3400"]]
AS_TEXT = [["1", "春和社区", "1200", "3100"], ["2", "望湖社区", "1,350", "约3400"]]


def only(path) -> Sheet:
    (sheet,) = extract(path, KNOWN)
    return sheet


def body(sheet: Sheet) -> list[list]:
    return [list(row.values())[1:] for row in sheet.table().to_pylist()]


def rows(sheet: Sheet) -> list[int]:
    return sheet.table().column("row").to_pylist()


def test_a_plain_workbook(tmp_path):
    sheet = only(workbook(tmp_path / "a.xlsx", [HEAD, *BODY], sheet="基本情况"))
    assert (sheet.file, sheet.sheet, sheet.title, sheet.head_row, sheet.first_row) == ("a.xlsx", "基本情况", (), 1, 2)
    assert sheet.heads == tuple(HEAD)
    assert body(sheet) == AS_TEXT
    assert rows(sheet) == [2, 3]


def test_titles_notes_and_line_breaks(tmp_path):
    head = ["序号", "社区", "户数\n（户）", "常住 人口(人)"]
    lines = [["柳河街道2026年10月社区基本情况统计表"], ["填报单位：社区办", "", "", "单位：户、人"], head, *BODY, ["注：含暂住"]]
    sheet = only(workbook(tmp_path / "a.xlsx", lines))
    assert sheet.title == ("柳河街道2026年10月社区基本情况统计表", "填报单位：社区办", "单位：户、人")
    assert sheet.heads == ("序号", "社区", "户数（户）", "常住人口(人)")
    assert [normal(h) for h in sheet.heads] == ["序号", "社区", "户数", "常住人口"]
    assert (sheet.head_row, sheet.first_row, rows(sheet)) == (3, 4, [4, 5, 6])


def test_two_levels_with_merged_cells(tmp_path):
    lines = [
        ["统计表"],
        ["序号", "社区", "基本情况", "", "党员", ""],
        ["", "", "户数", "常住人口", "在册党员", "流动党员"],
        [1, "春和社区", 9, 8, 7, 6],
    ]
    merges = ((1, 0, 2, 0, "序号"), (1, 1, 2, 1, "社区"), (1, 2, 1, 3, "基本情况"), (1, 4, 1, 5, "党员"))
    sheet = only(workbook(tmp_path / "a.xlsx", lines, merges=merges))
    assert sheet.heads == ("序号", "社区", "基本情况/户数", "基本情况/常住人口", "党员/在册党员", "党员/流动党员")
    assert (sheet.head_row, sheet.first_row) == (3, 4)
    assert body(sheet) == [["1", "春和社区", "9", "8", "7", "6"]]
    assert spellings("党员/在册") == ("党员/在册", "党员在册", "在册")


def test_two_levels_in_a_text_file_have_no_merged_cells(tmp_path):
    lines = [["社区", "人口", "", ""], ["", "常住", "户籍", "流动"], ["春和社区", "3", "2", "1"]]
    sheet = only(table(tmp_path / "a.csv", lines))
    assert sheet.heads == ("社区", "人口/常住", "人口/户籍", "人口/流动")
    assert sheet.first_row == 3


def test_a_row_of_units_and_a_row_of_column_numbers(tmp_path):
    units = only(workbook(tmp_path / "u.xlsx", [HEAD, ["", "", "户", "人"], *BODY]))
    assert units.heads == ("序号", "社区", "户数(户)", "常住人口(人)")
    assert (units.head_row, units.first_row) == (1, 3)
    numbered = only(workbook(tmp_path / "n.xlsx", [HEAD, ["甲", 1, 2, 3], *BODY]))
    assert numbered.heads == tuple(HEAD)
    assert numbered.first_row == 3


def test_labels_merged_over_rows_hold_for_each_and_numbers_only_once(tmp_path):
    lines = [HEAD, ["1", "春和社区", "", 5], ["2", "", "", 6], ["3", "望湖社区", "", 7]]
    sheet = only(workbook(tmp_path / "a.xlsx", lines, merges=((1, 1, 2, 1, "春和社区"), (1, 2, 3, 2, 90))))
    assert [row[1] for row in body(sheet)] == ["春和社区", "春和社区", "望湖社区"]
    assert [row[2] for row in body(sheet)] == ["90", None, None]


def test_numbers_days_and_times_keep_their_meaning(tmp_path):
    import datetime as dt

    line = ["X1", 1200.0, 0.1 + 0.2, dt.date(2026, 10, 3), 37020219900101123.0, "  春和 社区 "]
    sheet = only(workbook(tmp_path / "a.xlsx", [["工单编号", "户数", "常住人口", "受理时间", "编号", "社区"], line]))
    assert body(sheet) == [["X1", "1200", "0.3", "2026-10-03", "3.70202199001011e+16", "春和 社区"]]


def test_a_formula_error_is_not_a_blank(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [HEAD, [1, "春和社区", 77, 3100]])
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b'<c r="C2"><v>77</v></c>', b'<c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c>')
    with zipfile.ZipFile(path, "w") as book:
        for part, content in parts.items():
            book.writestr(part, content)
    assert body(only(path))[0][2] == "#DIV/0!"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_every_encoding_and_separator(tmp_path, encoding, separator):
    sheet = only(table(tmp_path / "a.csv", [HEAD, *BODY], encoding, separator))
    assert sheet.heads == tuple(HEAD)
    assert body(sheet) == AS_TEXT
    assert rows(sheet) == [2, 3]


def test_rows_keep_their_numbers_past_blanks_short_rows_and_line_breaks(tmp_path):
    lines = '标题\n社区,户数,常住人口\n春和社区,1,2\n\n"望湖\n社区",3,4\n麦香社区,5\n柳岸社区,6,7,8\n注：说明\n松风社区,9,10\n'
    path = tmp_path / "a.csv"
    path.write_text(lines, encoding="utf-8")
    sheet = only(path)
    assert sheet.title == ("标题",)
    found = {row: cells for row, *cells in sorted(list(r.values()) for r in sheet.table().to_pylist()) if any(cells)}
    assert found == {
        3: ["春和社区", "1", "2"],
        5: ["望湖\n社区", "3", "4"],
        6: ["麦香社区", "5", None],
        7: ["柳岸社区", "6", "7"],
        8: ["注：说明", None, None],
        9: ["松风社区", "9", "10"],
    }


def test_separators_at_the_end_of_every_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("社区,户数,常住人口\n春和社区,1,2,\n望湖社区,3,4,\n", encoding="utf-8")
    assert body(only(path)) == [["春和社区", "1", "2"], ["望湖社区", "3", "4"]]


def test_a_large_file_does_not_go_through_python_rows(tmp_path):
    """300,000 rows: Python rows would cost several seconds."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["流水号", "日期", "社区", "类型", "获得积分"])
    writer.writerows([f"L{i}", "2026-10-01", "春和社区", "获得", i % 9] for i in range(300_000))
    (tmp_path / "a.csv").write_bytes(buffer.getvalue().encode("gb18030"))
    began = time.process_time()
    found = only(tmp_path / "a.csv").table()
    assert found.num_rows == 300_000
    assert found.slice(299_999).to_pylist()[0]["c0"] == "L299999"
    assert time.process_time() - began < 2


def test_files_that_cannot_be_used_say_why(tmp_path):
    def refusal(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Unreadable) as refused:
            extract(tmp_path / name, KNOWN)
        return str(refused.value)

    assert refusal("a.xlsx", b"") == "是空文件，请检查后重新上报"
    assert refusal("b.xlsx", b"PK\x03\x04broken") == "文件已损坏或不是 Excel 工作簿，请用 Excel 打开检查后另存为 xlsx 再上报"
    assert refusal("c.xls", b"<html><table></table></html>") == "是网页格式的文件改名而成，请用 Excel 或 WPS 打开后另存为 xlsx 再上报"
    assert refusal("d.pdf", b"%PDF") == "是 PDF 文件，不能读出表格，请向提供的人要原来的 Excel 文件再上报"
    assert (
        refusal("e.csv", b"\xff\xff\xff\x81") == "认不出文字编码，请用 Excel 打开后另存为 xlsx，或另存为 UTF-8 编码的 csv 再上报"
    )
    (tmp_path / "f.xls").write_bytes("社区,户数,常住人口\n春和社区,1,2\n".encode("gb18030"))
    assert body(only(tmp_path / "f.xls")) == [["春和社区", "1", "2"]]  # a text file that a system named xls


def test_letters_of_columns():
    assert [column_letters(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert all(column_number(column_letters(n)) == n for n in range(0, 2000, 7))


# ---- recognising ----


def recognised(tmp_path, heads: list[str], **where):
    sheet = only(workbook(tmp_path / where.get("name", "a.xlsx"), [heads, *[["x"] * len(heads)] * 2]))
    return recognise(sheet, LEDGERS, CATALOGUE)


def test_contracts_by_names_and_synonyms(tmp_path):
    match = recognised(tmp_path, ["序号", "村居名称", "总户数（户）", "常住", "党员总数", "备注"])
    assert match.ledger.id == "monthly"
    assert match.columns == {"place": 1, "households": 2, "residents": 3, "registered_members": 4}
    assert match.ignored == ()
    assert recognised(tmp_path, ["工单号", "登记时间", "所属社区", "来电人", "满意情况"]).ledger.id == "cases"


def test_units_of_heads(tmp_path):
    match = recognised(tmp_path, ["项目编号", "需求内容", "社区", "征集日期", "费用（万元）"])
    assert (match.ledger.id, match.units["cost_yuan"], match.times["cost_yuan"]) == ("projects", "万元", 10000)
    with pytest.raises(NotRecognised) as refused:
        recognised(tmp_path, ["项目编号", "需求内容", "社区", "征集日期", "费用（人次）"])
    assert str(refused.value) == (
        "文件“a.xlsx”工作表“Sheet1”第 1 行表头“费用（人次）”的单位“人次”与约定的单位“元”不一致。请换算成“元”后重新上报。"
    )


def test_a_unit_in_the_title_holds_for_money(tmp_path):
    heads = ["项目编号", "需求内容", "社区", "征集日期", "费用"]
    sheet = only(
        workbook(
            tmp_path / "a.xlsx", [["项目台账", "", "", "", "单位：万元"], heads, ["P1", "修路", "春和社区", "2026-01-01", 3]]
        )
    )
    assert recognise(sheet, LEDGERS, CATALOGUE).times["cost_yuan"] == 10000


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(NotRecognised) as refused:
        recognised(tmp_path, ["序号", "社区", "常住人口", "户籍人口", "流动人口"])
    assert str(refused.value) == (
        "文件“a.xlsx”工作表“Sheet1”像是“社区基本情况统计表”，但缺少列“户数”。请补上这些列，或在台账约定里给它们加同义词后重新上报。"
    )
    with pytest.raises(NotRecognised) as refused:
        recognised(tmp_path, ["甲", "乙", "丙", "丁"])
    assert str(refused.value) == (
        "文件“a.xlsx”工作表“Sheet1”认不出是哪种台账：表头“甲、乙、丙、丁”与各台账约定的列名对不上。请对照模板改表头，或在台账约定里加同义词后重新上报。"
    )


def test_every_contract_recognises_its_own_names():
    """A sheet with exactly the names of a contract obeys that contract and no other."""
    for ledger in LEDGERS:
        heads = tuple(column.name for column in ledger.columns)
        sheet = Sheet("x.xlsx", "Sheet1", (), heads, 1, 2, lambda: None)
        assert recognise(sheet, LEDGERS, CATALOGUE).ledger.id == ledger.id


def test_heads_far_down_and_titles_that_look_like_heads():
    top = [["社区基本情况统计表"], ["单位", "社区办"], *[[""]] * 3, HEAD, ["1", "春和社区", "9", "8"]]
    head = find_head(top, (), KNOWN)
    assert (head.row, head.first) == (5, 6)
    assert find_head([[""], ["说明"]], (), KNOWN) is None


def test_a_title_that_is_nothing_but_a_period_is_no_level_of_the_head(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["2026年9月"], ["社区", "户数"], ["春和社区", 3]])
    sheet = only(path)
    assert (sheet.title, sheet.heads, sheet.first_row) == (("2026年9月",), ("社区", "户数"), 3)
