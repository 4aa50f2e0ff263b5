"""The marked workbook: what was sent comes back as it was, with the bad cells marked; mended, it loads with the marks in it."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
import python_calamine
import xlwt
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from street import Street, table, workbook

from etl import build
from etl.__main__ import main
from etl.giveback import give_back, marked_name
from etl.marks import LIST_SHEET, Problem
from etl.markstyles import GROUNDS

HEADS = ["序号", "社区", "户数", "常住人口", "网格", "红心数"]
TITLE = "柳河街道2026年10月社区基本情况统计表"
SOFFICE = shutil.which("soffice")
NO_OFFICE = "没有安装 LibreOffice，此处不测"


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    street.refresh()
    return street


def sent(path: Path) -> Path:
    """A workbook as an office keeps it: merged title, widths, a formula, a hidden sheet, number formats, a colleague's comment."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "十月 R&D's"
    for row in (
        [TITLE],
        HEADS,
        [1, "春禾社区", 1200, 3100, 4, 9],
        [2, "望湖", "待定", 3400, 3, 9],
        [3, "麦香社区", None, 2900, 2, 9],
    ):
        sheet.append(row)
    sheet.append(["合计", None, "=SUM(C3:C5)", 9400, 9, None])
    sheet.merge_cells("A1:F1")
    sheet.column_dimensions["B"].width = 31
    sheet.row_dimensions[4].height = 40
    sheet["C4"].number_format = "#,##0"
    sheet["C4"].font = Font(bold=True, color="FF112233")
    sheet["D4"].fill = PatternFill("solid", fgColor="FFABCDEF")
    sheet["B3"].comment = Comment("名称待核", "王某")
    sheet.freeze_panes = "A3"
    hidden = book.create_sheet("底稿")
    hidden.sheet_state = "hidden"
    hidden["A1"] = "=1+1"
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def marked(path: Path, out: Path) -> tuple[Path, list[Problem]]:
    (checked,) = build.check([path])
    return give_back(path, checked.problems, out), checked.problems


def ground(cell) -> str:
    """The severity that a cell is marked with."""
    return next((s for s, colour in GROUNDS.items() if cell.fill.fgColor.rgb == colour and cell.fill.patternType == "solid"), "")


def tree(root: Path) -> dict[str, str]:
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(root.rglob("*")) if p.is_file()}


def test_the_bad_cells_are_coloured_and_commented_and_nothing_else_is_touched(street, tmp_path):
    path = sent(tmp_path / "十月.xlsx")
    out, problems = marked(path, tmp_path / "out.xlsx")
    book, before = openpyxl.load_workbook(out), openpyxl.load_workbook(path)
    sheet = book["十月 R&D's"]
    found = {c.coordinate: ground(c) for row in sheet.iter_rows() for c in row if ground(c)}
    assert found == {"B3": "error", "C4": "error", "C5": "error", "F2": "warning"}
    notes = {c.coordinate: c.comment.text for row in sheet.iter_rows() for c in row if c.comment}
    assert notes == {
        "F2": "【街鉴】\n提醒：不在台账约定中，这一列没有载入。\n如需载入，请在约定“社区基本情况统计表”中加一列或一个同义词。",
        "B3": "名称待核\n【街鉴】\n退回：不在名册中，最接近的是“春和社区”。\n请改成名册中的名称，或在“数据导入”中选定是哪一处；是新名称或旧名称的，先在社区名册的“简称/曾用名”中登记。",
        "C4": "【街鉴】\n退回：不是数字。\n请填数字（单位：户），约数可写“约80”“80余”，不能留空。",
        "C5": "【街鉴】\n退回：没有填写。\n请补填后重新上报这一行。",
    }
    # Layout and values are what was sent.
    old = before["十月 R&D's"]
    assert [[c.value for c in row] for row in sheet.iter_rows()] == [[c.value for c in row] for row in old.iter_rows()]
    assert (sheet.merged_cells.ranges, sheet.freeze_panes) == (old.merged_cells.ranges, "A3")
    assert (sheet.column_dimensions["B"].width, sheet.row_dimensions[4].height) == (31, 40)
    assert (sheet["C4"].number_format, sheet["C4"].font.b, sheet["C4"].font.color.rgb) == ("#,##0", True, "FF112233")
    assert sheet["D4"].fill.fgColor.rgb == "FFABCDEF"
    assert (book["底稿"].sheet_state, book["底稿"]["A1"].value, sheet["C6"].value) == ("hidden", "=1+1", "=SUM(C3:C5)")
    # The list is the last sheet, errors first, each with its cell.
    assert book.sheetnames == ["十月 R&D's", "底稿", LIST_SHEET]
    rows = list(book[LIST_SHEET].iter_rows(values_only=True))
    assert rows[1][0] == "共 4 处：退回 3 处（橙色，这些行没有入库），提醒 1 处（黄色，已入库，请核对）。"
    assert rows[2] == ("序号", "处理", "工作表", "单元格", "列", "原值", "问题", "怎么改")
    assert [row[:6] for row in rows[3:]] == [
        ("1", "退回", "十月 R&D's", "B3", "社区", "春禾社区"),
        ("2", "退回", "十月 R&D's", "C4", "户数", "待定"),
        ("3", "退回", "十月 R&D's", "C5", "户数", None),
        ("4", "提醒", "十月 R&D's", "F2", "红心数", None),
    ]
    assert book[LIST_SHEET]["D4"].hyperlink.location == "'十月 R&D''s'!B3"
    # A reader of another make sees the same cells.
    other = python_calamine.load_workbook(str(out))
    assert other.sheet_names == ["十月 R&D's", "底稿", LIST_SHEET]
    assert other.get_sheet_by_index(0).to_python()[3][:3] == [2.0, "望湖", "待定"]
    assert {p.cells for p in problems} == {("B3",), ("C4",), ("C5",), ("F2",)}


def test_parts_that_need_no_mark_come_back_byte_for_byte(street, tmp_path):
    path = sent(tmp_path / "十月.xlsx")
    with zipfile.ZipFile(path, "a") as package:  # as Excel keeps them beside the sheets
        package.writestr("xl/media/image1.png", b"\x89PNG picture")
        package.writestr("xl/charts/chart1.xml", "<c:chart xmlns:c='x'/>")
    out, _ = marked(path, tmp_path / "out.xlsx")
    with zipfile.ZipFile(path) as a, zipfile.ZipFile(out) as b:
        same = {name for name in a.namelist() if name in b.namelist() and a.read(name) == b.read(name)}
        assert set(a.namelist()) <= set(b.namelist())
    assert {"xl/media/image1.png", "xl/charts/chart1.xml", "xl/worksheets/sheet2.xml", "docProps/core.xml"} <= same


def test_the_comments_are_large_enough_for_their_words(street, tmp_path):
    out, _ = marked(sent(tmp_path / "十月.xlsx"), tmp_path / "out.xlsx")
    with zipfile.ZipFile(out) as package:
        drawings = [package.read(n).decode() for n in package.namelist() if n.endswith(".vml")]
        types = package.read("[Content_Types].xml").decode()
        for name in package.namelist():  # every part is well-formed, its prefixes declared
            ElementTree.fromstring(package.read(name))
    assert 'Extension="vml"' in types
    boxes = re.findall(r"width:(\d+)px;height:(\d+)px", "".join(drawings))
    assert len(boxes) == 4 and all(int(width) >= 300 and int(height) >= 70 for width, height in boxes)


def test_a_check_leaves_the_home_as_it_was(street, tmp_path):
    before = tree(street.root)
    table(tmp_path / "积分.csv", [["流水号", "日期", "社区", "志愿者编号", "类型"], ["1", "2026-10-01", "春和", "V1", "获得"]])
    checked = build.check([sent(tmp_path / "十月.xlsx"), tmp_path / "积分.csv"])
    assert [(c.name, c.rows_accepted, c.rows_rejected) for c in checked] == [("十月.xlsx", 0, 3), ("积分.csv", 1, 0)]
    assert tree(street.root) == before
    assert not list(street.root.glob(".check-*"))


def test_mended_it_loads_with_the_marks_and_the_list_still_in_it(street, tmp_path):
    out, _ = marked(sent(tmp_path / "十月.xlsx"), tmp_path / "十月（已标注）.xlsx")
    book = openpyxl.load_workbook(out)
    sheet = book.worksheets[0]
    sheet["B3"], sheet["C4"], sheet["C5"] = "春和社区", 1350, "1,230"
    book.save(out)
    summary = build.load([out])
    assert [(m.ledger, m.rows_accepted, m.rows_rejected) for m in summary.written] == [("monthly", 3, 0)]
    assert summary.notes == [] and summary.faults == []
    assert street.figures("households") == {("春和", "2026-10"): 1200, ("望湖", "2026-10"): 1350, ("麦香", "2026-10"): 1230}


def test_a_second_round_marks_only_what_is_still_wrong(street, tmp_path):
    out, _ = marked(sent(tmp_path / "十月.xlsx"), tmp_path / "一.xlsx")
    book = openpyxl.load_workbook(out)
    book.worksheets[0]["C4"] = 1350
    book.worksheets[0]["B3"] = "春和社区"
    book.save(out)
    again, _ = marked(out, tmp_path / "二.xlsx")
    book = openpyxl.load_workbook(again)
    sheet = book.worksheets[0]
    assert {c.coordinate: ground(c) for row in sheet.iter_rows() for c in row if ground(c)} == {"C5": "error", "F2": "warning"}
    assert sheet["B3"].comment.text == "名称待核" and sheet["C4"].comment is None
    assert (sheet["C4"].number_format, sheet["C4"].font.b) == ("#,##0", True)
    assert book.sheetnames.count(LIST_SHEET) == 1 and book[LIST_SHEET].max_row == 5


def test_a_text_file_comes_back_as_a_workbook_with_the_same_cells(street, tmp_path):
    rows = [
        ["工单编号", "受理时间", "社区", "截止时间", "办结时间", "反映人", "联系电话"],
        ["001", "2026-10-05 08:00", "春和", "", "", '=HYPERLINK("http://x")', "13800000000"],
        ["002", "2026-10-05 08:00", "春禾", "", "2026-10-04 08:00", "李某某", "13900000001"],
        ["003", "十月", "望湖", "", "", "<b>&", ""],
    ]
    path = table(tmp_path / "诉求工单[10月].csv", rows, encoding="gb18030")
    out, problems = marked(path, tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(out).worksheets[0]
    assert sheet.title == "诉求工单 10月"
    assert [[str(c.value or "") for c in row] for row in sheet.iter_rows()] == rows
    assert sheet["F2"].data_type == "s", "a text stays a text, whatever it begins with"
    assert {c.coordinate: ground(c) for row in sheet.iter_rows() for c in row if ground(c)} == {
        **{"C3": "error", "B3": "error", "E3": "error", "B4": "error"}
    }
    assert {p.sheet for p in problems} == {""}
    sheet.parent.close()
    mended = openpyxl.load_workbook(out)
    page = mended.worksheets[0]
    page["C3"], page["E3"], page["B4"] = "春和", None, "2026-10-06 10:00"
    mended.save(out)
    assert [(m.rows_accepted, m.rows_rejected) for m in build.load([out]).written] == [(3, 0)]
    assert street.ask("SELECT case_no FROM case_event ORDER BY 1") == [("001",), ("002",), ("003",)]


def test_personal_values_are_masked_in_what_is_kept_and_listed(street, tmp_path):
    contract = tmp_path / "visitors.yml"
    contract.write_text(
        "name: 走访登记\ntable: visit\nkey: [visit_no]\ncolumns:\n  visit_no: {name: 走访编号, type: text, required: true}\n"
        "  place: {name: 社区, type: place, required: true}\n  visitor: {name: 受访人, type: text, personal: mask, required: true}\n"
        "  phone_age: {name: 年龄, type: integer, personal: mask, high: 120}\n",
        encoding="utf-8",
    )
    path = table(tmp_path / "走访.csv", [["走访编号", "社区", "受访人", "年龄"], ["1", "不存在社区", "欧阳某某", "30"]])
    (checked,) = build.check([path], contract=contract)
    assert "欧阳某某" not in repr(checked.problems)
    assert not (street.root / "catalogue" / "ledgers" / "visitors.yml").exists(), "a check keeps no contract"
    build.load([path], contract=contract)
    kept = street.ask("SELECT * FROM reject WHERE ledger = 'visitors'")
    assert kept and "欧阳某某" not in repr(kept)


def as_other_programs_write(path: Path, change) -> Path:
    """A workbook with its first sheet's XML rewritten."""
    kept = BytesIO(path.read_bytes())
    with zipfile.ZipFile(kept) as package, zipfile.ZipFile(path, "w") as out:
        for name in package.namelist():
            content = package.read(name)
            out.writestr(name, change(name, content) if name.startswith("xl/") else content)
    return path


def prefixed(name: str, content: bytes) -> bytes:
    """Every element under a prefix, as some .NET exporters do."""
    if name not in ("xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"):
        return content
    content = re.sub(rb"<(/?)(?=[A-Za-z])(?!\?)", rb"<\1x:", content)
    return content.replace(
        b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"',
        b'xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"',
    )


def without_references(name: str, content: bytes) -> bytes:
    """Rows and cells that do not say where they stand: one follows the other."""
    if name != "xl/worksheets/sheet1.xml":
        return content
    return re.sub(rb'(<(?:row|c)) r="[A-Z]*\d+"', rb"\1", content)


@pytest.mark.parametrize("change", [prefixed, without_references])
def test_packages_of_other_programs(street, tmp_path, change):
    rows = [[TITLE, "", ""], ["社区", "户数", "常住人口"], ["春禾社区", 1200, 3100], ["望湖", "待定", 3400]]
    path = as_other_programs_write(workbook(tmp_path / "十月.xlsx", rows), change)
    out, problems = marked(path, tmp_path / "out.xlsx")
    assert {p.cells for p in problems} == {("A3",), ("B4",)}
    sheet = openpyxl.load_workbook(out).worksheets[0]
    assert {c.coordinate: ground(c) for row in sheet.iter_rows() for c in row if ground(c)} == {"A3": "error", "B4": "error"}
    assert sheet["A3"].comment and sheet["B4"].comment


def test_a_workbook_that_cannot_be_edited_is_copied(street, tmp_path):
    rows = [[TITLE, "", ""], ["社区", "户数", "常住人口"], ["春禾社区", 1200, 3100]]
    path = workbook(tmp_path / "十月.xlsx", rows)
    strict = lambda name, content: content.replace(b"</workbook>", b"<!-- purl.oclc.org --></workbook>")  # noqa: E731
    out, _ = marked(as_other_programs_write(path, strict), tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(out)
    assert ground(book.worksheets[0]["A3"]) == "error" and book.sheetnames == ["Sheet1", LIST_SHEET]


def test_ten_thousand_rows_with_fifty_bad_cells(street, tmp_path):
    heads = ["工单编号", "受理时间", "社区", "截止时间", "办结时间"]
    rows = [[f"A{i}", "2026-10-05 08:00", "春禾" if i % 200 == 7 else "春和", "", ""] for i in range(10_000)]
    for path in (workbook(tmp_path / "诉求.xlsx", [heads, *rows]), table(tmp_path / "诉求.csv", [heads, *rows])):
        out, problems = marked(path, tmp_path / f"{path.suffix[1:]}.xlsx")
        assert [p.cells for p in problems] == [(f"C{i + 2}",) for i in range(7, 10_000, 200)]
        got = python_calamine.load_workbook(str(out)).get_sheet_by_index(0).to_python()
        assert [row[:3] for row in got[1:]] == [row[:3] for row in rows]
        sheet = openpyxl.load_workbook(out).worksheets[0]
        assert [c.coordinate for (c,) in sheet.iter_rows(min_col=3, max_col=3) if ground(c)] == [
            f"C{i + 2}" for i in range(7, 10_000, 200)
        ]


@pytest.mark.skipif(not SOFFICE, reason=NO_OFFICE)
def test_libreoffice_opens_it_and_shows_the_comments(street, tmp_path):
    out, _ = marked(sent(tmp_path / "十月.xlsx"), tmp_path / "marked.xlsx")
    convert(out, "ods", tmp_path / "ods")
    with zipfile.ZipFile(tmp_path / "ods" / "marked.ods") as package:
        content = package.read("content.xml").decode()
    assert content.count("<office:annotation ") == 4
    assert "最接近的是“春和社区”" in content


@pytest.mark.skipif(not SOFFICE, reason=NO_OFFICE)
def test_an_old_xls_comes_back_as_an_xlsx_with_the_same_cells(street, tmp_path):
    convert(sent(tmp_path / "十月.xlsx"), "xls", tmp_path / "old")
    path = tmp_path / "old" / "十月.xls"
    out, _ = marked(path, tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(out)
    sheet = book.worksheets[0]
    assert {c.coordinate: ground(c) for row in sheet.iter_rows() for c in row if ground(c)} == {
        **{"B3": "error", "C4": "error", "C5": "error", "F2": "warning"}
    }
    assert [str(r) for r in sheet.merged_cells.ranges] == ["A1:F1"]
    assert sheet["B4"].value == "望湖" and sheet["D3"].value == 3100
    assert book["底稿"].sheet_state == "hidden"


def convert(path: Path, kind: str, out: Path) -> None:
    home = out.parent / "office"
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation=file://{home}", "--headless", "--convert-to", kind, "--outdir", str(out), str(path)],
        check=True,
        capture_output=True,
        timeout=120,
    )


LEVELS = [["社区", "基本情况", ""], ["", "户数", "常住人口"]]
TWO_MONTHS = [
    ["柳河街道2026年9月社区基本情况统计表"],
    *LEVELS,
    ["春和社区", 1200, "待定"],
    ["望湖社区", 1350, 3400],
    ["合计", 2550, ""],
    [],
    ["柳河街道2026年10月社区基本情况统计表"],
    *LEVELS,
    ["春和社区", 1201, 3101],
    ["望湖社区", "", 3401],
]
MERGED = ((1, 0, 2, 0), (1, 1, 1, 2), (8, 0, 9, 0), (8, 1, 8, 2))
LIST = [["可选社区"], ["春和社区"], ["望湖社区"]]


def two_tables_xlsx(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet, hidden = book.active, book.create_sheet("下拉")
    for row in TWO_MONTHS:
        sheet.append(row)
    for row in LIST:
        hidden.append(row)
    for top, left, bottom, right in MERGED:
        sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)
    hidden.sheet_state = "hidden"
    book.save(path)
    return path


def two_tables_xls(path: Path) -> Path:
    book = xlwt.Workbook(encoding="utf-8")
    sheet, hidden = book.add_sheet("Sheet"), book.add_sheet("下拉")
    covered = {(r, c) for top, left, bottom, right in MERGED for r in range(top, bottom + 1) for c in range(left, right + 1)}
    for r, row in enumerate(TWO_MONTHS):
        for c, value in enumerate(row):
            if (r, c) not in covered and value != "":
                sheet.write(r, c, value)
    for top, left, bottom, right in MERGED:
        sheet.write_merge(top, bottom, left, right, TWO_MONTHS[top][left])
    for r, row in enumerate(LIST):
        hidden.write(r, 0, row[0])
    hidden.visibility = 1
    book.save(str(path))
    return path


@pytest.mark.parametrize("suffix", ["xlsx", "xls", "csv"])
def test_several_tables_with_merged_heads_and_a_hidden_sheet_there_and_back(street, tmp_path, suffix):
    """Two months below each other in one sheet: the bad cell of each is marked where it stands; mended, both months load."""
    make = {"xlsx": two_tables_xlsx, "xls": two_tables_xls, "csv": lambda path: table(path, TWO_MONTHS, "gb18030")}[suffix]
    out, problems = marked(make(tmp_path / f"两月.{suffix}"), tmp_path / "out.xlsx")
    assert [p.cells for p in problems if p.severity == "error"] == [("C4",), ("B12",)]
    book = openpyxl.load_workbook(out)
    sheet = book.worksheets[0]
    assert {c.coordinate for row in sheet.iter_rows() for c in row if ground(c) == "error"} == {"C4", "B12"}
    assert [[str(sheet.cell(r + 1, c + 1).value or "") for c in range(3)] for r, row in enumerate(TWO_MONTHS)] == [
        [str(v) for v in (*row, "", "", "")[:3]] for row in TWO_MONTHS
    ]
    if suffix != "csv":
        assert {str(r) for r in sheet.merged_cells.ranges} == {"A2:A3", "B2:C2", "A9:A10", "B9:C9"}
        assert book["下拉"].sheet_state == "hidden" and book["下拉"]["A3"].value == "望湖社区"
    sheet["C4"], sheet["B12"] = 3100, 1351
    book.save(out)
    assert [(m.rows_accepted, m.rows_rejected) for m in build.load([out]).written] == [(2, 0), (2, 0)]
    assert street.figures("households") == {
        ("春和", "2026-09"): 1200, ("望湖", "2026-09"): 1350, ("春和", "2026-10"): 1201, ("望湖", "2026-10"): 1351,
    }  # fmt: skip
    assert street.figures("residents")["春和", "2026-09"] == 3100


def test_the_shell_says_what_a_load_would_do(street, tmp_path, capsys):
    path = sent(tmp_path / "十月.xlsx")
    assert main(["check", str(path), "--out", str(tmp_path / "marked")]) == 1
    said = capsys.readouterr().out
    assert "“社区基本情况统计表” 2026年10月：共 3 行，可入库 0 行（新增 0，改变 0，相同 0），退回 3 行，提醒 1 处。" in said
    assert "只是检查，没有装载。" in said
    assert (tmp_path / "marked" / "十月（已标注）.xlsx").is_file()
    assert street.ask("SELECT count(*) FROM observation WHERE dataset = 'street'") == [(0,)]
    (street.inbox / "乱.csv").write_text("甲,乙,丙\n1,2,3\n", encoding="utf-8")
    assert main(["check", str(street.inbox / "乱.csv")]) == 2
    assert "认不出是哪种台账" in capsys.readouterr().out


def test_what_a_load_would_change_is_counted_by_key(street, tmp_path):
    street.monthly("2026年10月", [["春和社区", 1200, 3100], ["望湖社区", 1350, 3400]], ["社区", "户数", "常住人口"])
    street.cases([["A1", "2026-10-05 08:00", "春和", "", ""], ["A2", "2026-10-06 08:00", "望湖", "", ""]])
    street.refresh()
    rows = [["春和", 1201, 3100], ["望湖", 1350, 3400], ["麦香", 1, 2]]
    month = workbook(tmp_path / "十月.xlsx", [[TITLE], ["社区", "户数", "常住人口"], *rows])
    cases = table(
        tmp_path / "诉求工单.csv",
        [["工单编号", "受理时间", "社区", "截止时间", "办结时间"], ["A1", "2026-10-05 08:00", "春和", "", "2026-10-07 09:30"],
         ["A2", "2026-10-06 08:00", "望湖", "", ""], ["A3", "2026-10-08 08:00", "麦香", "", ""]],
    )  # fmt: skip
    first, second = build.check([month, cases])
    p = first.found[0].preview
    assert (p.new, p.changed, p.same, p.values_changed) == (1, 1, 1, 1)
    assert [(v.key, v.what, v.old, v.new) for v in p.values] == [("春和社区 2026年10月", "户数", "1200", "1201")]
    p = second.found[0].preview
    assert (p.new, p.changed, p.same) == (1, 1, 1)
    assert [(v.key, v.what, v.old, v.new) for v in p.values] == [("A1", "办结时间", "空", "2026-10-07 09:30:00")]


def test_the_name_of_a_marked_copy():
    assert marked_name("十月.xls") == "十月（已标注）.xlsx"
    assert marked_name("十月（已标注）.xlsx") == "十月（已标注）.xlsx"
    assert marked_name("带宏.xlsm") == "带宏（已标注）.xlsm"
