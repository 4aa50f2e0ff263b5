"""Every kind of broken file: its own sentence, the others loaded, the warehouse unchanged, memory within its bound."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from broken import FILES, HEAD, ROW, changed, xls, xlsx
from hypothesis import given, settings
from hypothesis import strategies as st
from street import Street, workbook

from etl.extract import Unreadable, extract
from etl.recognise import known_heads, ledgers_for
from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE, PROJECT

KNOWN = known_heads(ledgers_for(load_catalogue(BUNDLED_CATALOGUE), "street"))
SHEET = "xl/worksheets/sheet1.xml"


def tables(tmp_path: Path, name: str, data: bytes, notes: list[str] | None = None):
    (tmp_path / name).write_bytes(data)
    return extract(tmp_path / name, KNOWN, notes)


def body(sheet) -> list[list]:
    return [list(row.values())[1:] for row in sheet.table().to_pylist()]


@pytest.mark.parametrize("kind", FILES)
def test_each_fault_has_its_own_clause(tmp_path, kind):
    name, made, clause = FILES[kind]
    with pytest.raises(Unreadable) as refused:
        tables(tmp_path, name, made())
    assert str(refused.value) == clause


def test_broken_files_in_the_inbox_change_nothing(tmp_path, monkeypatch):
    street = Street(tmp_path, monkeypatch)
    street.register()
    street.monthly("2026年9月", [["春和社区", 1200, 3100]], HEAD)
    before = street.refresh().path
    figures = street.ask("SELECT place_id, measure, value FROM observation ORDER BY ALL")
    for name, made, _ in FILES.values():
        (street.inbox / name).write_bytes(made())
    (street.inbox / "~$九月.xlsx").write_bytes(b"\x05lock")
    (street.inbox / "旧表.xlsx").mkdir()
    (tmp_path / "secret.csv").write_text("社区,户数\n春和社区,1\n", encoding="utf-8")
    (street.inbox / "链接.csv").symlink_to(tmp_path / "secret.csv")
    (street.inbox / "空表.xlsx").write_bytes(xlsx([]))
    workbook(street.inbox / "通讯录.xlsx", [["姓名", "职务", "手机"], ["甲", "乙", "丙"]])
    summary = street.refresh()
    expected = {f"文件“{name}”{clause}。" for name, _, clause in FILES.values()}
    assert set(summary.faults) == {
        *expected,
        "文件“空表.xlsx”里没有找到表格。请检查内容后重新上报。",
        "文件“通讯录.xlsx”工作表“Sheet1”认不出是哪种台账：表头“姓名、职务、手机”与各台账约定的列名对不上。请对照模板改表头，或在台账约定里加同义词后重新上报。",
    }
    assert set(summary.notes) == {
        "“旧表.xlsx”是文件夹，不是文件，没有当作台账读取。请把台账文件放进收件夹。",
        "“链接.csv”是指向收件夹以外的链接，没有读取。请把文件本身放进收件夹。",
        "文件“~$九月.xlsx”是“九月.xlsx”正在 Excel 或 WPS 中打开时的临时文件，已跳过。请保存并关闭它，以免漏掉刚改的内容。",
    }
    assert (summary.path, street.ask("SELECT place_id, measure, value FROM observation ORDER BY ALL")) == (before, figures)


def test_error_cells_stop_a_row_or_mark_a_gap(tmp_path, monkeypatch):
    """户数 must be there, 户籍人口 need not; an error is never a blank and never a zero."""
    street = Street(tmp_path, monkeypatch)
    street.register()
    rows = [["春和社区", 11, 3100, 5], ["望湖社区", 1200, 3200, 22], ["麦香社区", 1300, 3300, 7]]
    path = street.monthly("2026年9月", rows, [*HEAD, "户籍人口"])
    data = changed(path.read_bytes(), SHEET, b'<c r="B3"><v>11</v></c>', b'<c r="B3" t="e"><f>1/0</f><v>#DIV/0!</v></c>')
    path.write_bytes(changed(data, SHEET, b'<c r="D4"><v>22</v></c>', b'<c r="D4"><f>SUM(A1:A2)</f></c>'))
    where = f"文件“{path.name}”工作表“Sheet1”"
    assert street.refresh().sentences == [
        f"{where}第 3 行“户数”列的值“#DIV/0!”是公式的错误值。请改正公式，或直接填写数值后重新上报。",
        f"{where}第 4 行“户籍人口”列的值“#未计算 =SUM(A1:A2)”是没有算出结果的公式，这一格按没有填写处理。请用 Excel 或 WPS 打开文件、保存后重新上报。",
    ]
    found = street.ask(
        "SELECT measure, value, status, written FROM observation WHERE measure = 'registered_residents' ORDER BY cell"
    )
    assert found == [
        ("registered_residents", None, "M", "#未计算 =SUM(A1:A2)"),
        ("registered_residents", 7.0, "A", "7"),
    ]


def test_rows_of_another_width_are_told(tmp_path, monkeypatch):
    street = Street(tmp_path, monkeypatch)
    street.register()
    lines = ["柳河街道2026年9月社区基本情况统计表", ",".join(HEAD), "春和社区,1,200,3100", "望湖社区,1300,3200", "麦香社区,1400"]
    path = street.inbox / "2026年9月.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    told = street.refresh().sentences
    assert told[0] == (
        "文件“2026年9月.csv”第 3 行这一行有 4 格，比表头多，数字可能错位。请检查这一行是否多了分隔符（如金额中的逗号），给含逗号的格加上引号后重新上报。"
    )
    assert "文件“2026年9月.csv”第 5 行这一行只有 2 格，比表头少，缺的格按没有填写处理。请核对这一行是否完整。" in told
    assert list(street.figures("households").values()) == [1300.0]


def test_what_people_rename_is_read_by_what_it_is(tmp_path):
    for name, data in (
        ("a.xls", xlsx()),
        ("b.xlsx", xls()),
        ("c.et", xls()),
        ("d.csv", xlsx()),
        ("e.xls", "社区,户数,常住人口\n春和社区,1200,3100\n".encode("gb18030")),
    ):
        (sheet,) = tables(tmp_path, name, data)
        assert (sheet.heads, body(sheet)) == (tuple(HEAD), [["春和社区", "1200", "3100"]]), name


def test_a_zip_of_tables(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "台账.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("九月/台账.csv", "社区,户数,常住人口\n春和社区,1,2\n".encode("gb18030"))
        archive.writestr("十月.xlsx", xlsx())
        archive.writestr("__MACOSX/._x", b"x")
        archive.writestr("说明.docx", b"x")
        archive.writestr("坏.xlsx", b"PK\x03\x04broken")
    sheets = extract(tmp_path / "台账.zip", KNOWN, notes := [])
    assert [(s.file, s.sheet, body(s)) for s in sheets] == [
        ("台账.zip", "九月/台账.csv", [["春和社区", "1", "2"]]),
        ("台账.zip", "十月.xlsx/十月", [["春和社区", "1200", "3100"]]),
    ]
    assert notes == [
        "文件“台账.zip”里的“坏.xlsx”文件已损坏或不是 Excel 工作簿，请用 Excel 打开检查后另存为 xlsx 再上报。",
        "文件“台账.zip”里的“说明.docx”不是表格，没有读取。",
    ]


def test_percent_formats_and_dates_are_read_as_shown(tmp_path):
    import datetime as dt
    import io

    import xlsxwriter

    for system, moment in ((False, "2026-10-08 08:30:00"), (True, "2026-10-08 08:30:00")):
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"date_1904": system}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, [*HEAD, "户籍人口", "流动人口", "楼栋"])
            sheet.write(1, 0, "春和社区")
            sheet.write(1, 1, 0.96, book.add_format({"num_format": "0.0%"}))
            sheet.write_datetime(
                1, 2, dt.datetime(2026, 10, 8, 8, 30), book.add_format({"num_format": 'yyyy"年"m"月"d"日" hh:mm'})
            )
            sheet.write_datetime(1, 3, dt.datetime(2026, 10, 8), book.add_format({"num_format": 31}))
            sheet.write_boolean(1, 4, True)
            sheet.write_string(1, 5, "'0012")
        (found,) = tables(tmp_path, "a.xlsx", out.getvalue())
        assert body(found) == [["春和社区", "96%", moment, "2026-10-08", "是", "'0012"]]


def test_a_dimension_that_claims_everything_costs_nothing(tmp_path):
    """WPS writes A1:XFD1048576 over three cells; styled blanks far out hold nothing either."""
    data = changed(xlsx(), SHEET, b'<dimension ref="A1:C2"/>', b'<dimension ref="A1:XFD1048576"/>')
    data = changed(data, SHEET, b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>')
    (sheet,) = tables(tmp_path, "a.xlsx", data)
    assert body(sheet) == [[ROW[0], "1200", "3100"]]


MEASURED = """
import json, resource, sys
from pathlib import Path
from etl.extract import Unreadable, extract
import pyarrow, numpy, pyarrow.csv, pyarrow.compute
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    extract(Path(sys.argv[1]), frozenset(("社区", "户数")))
except Unreadable:
    pass
print(json.dumps((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows 上不能量出进程的最大内存（resource）。")
@pytest.mark.parametrize("kind", ["bomb", "lying bomb", "far cells"])
def test_a_bomb_takes_no_memory(tmp_path, kind):
    """300 MB of texts and 17 thousand million cells: refused within 100 MB."""
    name, made, _ = FILES[kind]
    (tmp_path / name).write_bytes(made())
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / name)], cwd=PROJECT, capture_output=True, text=True, timeout=120
    )
    assert json.loads(ran.stdout) < 100, ran.stderr


WORDS = st.text(
    st.characters(codec="gb18030", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cn", "Co", "Cf")), min_size=1, max_size=8
)
CELLS = st.one_of(WORDS, st.sampled_from(["1,234", "2;3", "a\tb", "x|y", '说"好"', "两\n行", "㐂𠮷"]))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=2, max_size=6),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_a_text_reads_back_in_any_encoding_separator_and_quoting(tmp_path_factory, rows, encoding, separator, end):
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["社区", "户数", "常住人口"], *([a, b, "3100"] for a, b in rows)])
    (sheet,) = tables(tmp_path_factory.mktemp("text"), "a.csv", text.getvalue().encode(encoding))
    assert body(sheet) == [[a.strip() or None, b.strip() or None, "3100"] for a, b in rows]


def test_stray_nul_bytes_and_a_character_cut_in_half(tmp_path):
    """Old systems pad with NUL, and cut a name in the middle of a character; the rest is read and the place is told."""
    (sheet,) = tables(tmp_path, "a.csv", "社区,户数,常住人口\n春和社区\0\0,1,2\n".encode("gb18030"))
    assert body(sheet) == [["春和社区", "1", "2"]]
    lines = "社区,户数,常住人口\n" + "春和社区,1,2\n" * 300
    (sheet,) = tables(tmp_path, "b.csv", lines.encode("gb18030") + "望湖".encode("gb18030")[:3] + b",3,4\n", notes := [])
    assert body(sheet)[-1][1:] == ["3", "4"]
    assert notes == ["文件“b.csv”有 1 处文字认不出（显示为“�”），请核对这些格。"]
