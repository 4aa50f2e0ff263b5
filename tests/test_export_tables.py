"""Exported tables, read back with other libraries than the ones that wrote them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import unicodedata
import zipfile
from datetime import date, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from jiejian.catalogue import Catalogue, Dataset, Measure, Metric
from jiejian.context import Context
from jiejian.export import workbook
from jiejian.export.tables import (
    MIME,
    Definition,
    ExportColumn,
    ExportTable,
    TooManyRows,
    figures_table,
    file_name,
    subject_of,
    to_csv,
    to_parquet,
    to_xlsx,
)

HEAD = 5  # the head's row as a person counts
MADE_AT = datetime(2026, 11, 22, 9, 30)
DANGEROUS = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    " =1",
    "\u3000=1",
    "\ufeff=1",
    "\u200b@x",
    "\x00=1",
    '=HYPERLINK("http://example.invalid","点我")',
    "=cmd|' /C calc'!A0",
    "{=1+1}",
    "http://example.invalid",
    "<r><t>x</t></r>",
    "<r></c></row>&</r>",
    "00123",
    "1e5",
    "_x0041_",
]
HARMLESS = ["示范社区", "a=b", "1-2", "—", "'=1", "0", "", "甲\n乙", 'A & <B> "引号", 逗号']


def make_context(fictional: bool = False, **changes: object) -> Context:
    facts = {
        "street": "示范街道",
        "dataset": "street",
        "dataset_name": "本街道数据",
        "fictional": fictional,
        "scope": "全部3个社区",
        "period": "2026年10月",
        "as_of": "2026-10-31",
        "sources": ("诉求工单", "社区基本情况统计表"),
        "reporting": "2/3",
    }
    return Context(**{**facts, **changes})


def make_table(fictional: bool = False, **changes: object) -> ExportTable:
    frame = pd.DataFrame(
        {
            "place": ["和平里社区", "锦绣社区", "阳光社区"],
            "day": pd.to_datetime(["2026-10-01", None, "2026-10-31"]),
            "moment": pd.to_datetime(["2026-10-01 08:30:15", "2026-10-02 00:00:00", None]),
            "rate": [96.04395604395604, np.nan, 0.0],
            "change": [-1.25, 0.1 + 0.2, 1234567.5],
            "count": pd.array([12345, None, -7], dtype="Int64"),
            "flag": [True, None, False],
        }
    )
    facts = {
        "title": "示范街道办理情况",
        "frame": frame,
        "columns": (
            ExportColumn("社区"),
            ExportColumn("日期", kind="date"),
            ExportColumn("时间", kind="date"),
            ExportColumn("按期办结率", "%", 1, "number"),
            ExportColumn("较上期", "个百分点", 2, "number"),
            ExportColumn("诉求受理量", "件", 0, "number"),
            ExportColumn("是否达标"),
        ),
        "context": make_context(fictional),
        "definitions": (
            ("按期办结率", "%", "本期到期的件中，按时办结的占比。"),
            Definition("诉求受理量", "件", "本期受理的件数。", "计数"),
        ),
        "filters": (("类型", "老旧小区型"),),
    }
    return ExportTable(**{**facts, **changes})


def text_table(texts: list[str | None]) -> ExportTable:
    frame = pd.DataFrame({"a": pd.Series(texts, dtype=object), "b": [-1.5] * len(texts)})
    return ExportTable("文字", frame, (ExportColumn("内容"), ExportColumn("数", kind="number")), make_context())


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def all_xml(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


# --- Excel -----------------------------------------------------------------------------------------------------------


def test_workbook_holds_typed_values():
    sheet = opened(to_xlsx(make_table()))["数据"]
    labels = ["社区", "日期", "时间", "按期办结率（%）", "较上期（个百分点）", "诉求受理量（件）", "是否达标"]
    assert [cell.value for cell in sheet[HEAD]] == labels
    first, second, third = ([cell.value for cell in row] for row in sheet.iter_rows(min_row=HEAD + 1, max_row=HEAD + 3))
    assert first == ["和平里社区", datetime(2026, 10, 1), datetime(2026, 10, 1, 8, 30, 15), 96.04395604395604, -1.25, 12345, "是"]
    assert second == ["锦绣社区", None, datetime(2026, 10, 2), None, pytest.approx(0.3), None, None]
    assert third == ["阳光社区", datetime(2026, 10, 31), None, 0, 1234567.5, -7, "否"]
    assert sheet.max_row == HEAD + 3
    assert [sheet.cell(HEAD + 1, number).data_type for number in range(1, 8)] == ["s", "d", "d", "n", "n", "n", "s"]
    formats = [sheet.cell(HEAD + 1, number).number_format.rstrip("_ ") for number in range(2, 7)]
    assert formats == ["yyyy-mm-dd", "yyyy-mm-dd hh:mm", "#,##0.0", "#,##0.00", "#,##0"]


def test_calamine_reads_the_same_workbook():
    book = CalamineWorkbook.from_filelike(io.BytesIO(to_xlsx(make_table())))
    assert book.sheet_names == ["数据", "口径与来源"]
    rows = book.get_sheet_by_name("数据").to_python()
    moment = datetime(2026, 10, 1, 8, 30, 15)
    assert rows[HEAD] == ["和平里社区", date(2026, 10, 1), moment, 96.04395604395604, -1.25, 12345.0, "是"]
    assert rows[HEAD + 1][3] == "" and rows[HEAD + 1][5] == ""


def test_sheet_says_whose_until_when_and_from_where():
    sheet = opened(to_xlsx(make_table()))["数据"]
    assert sheet["A1"].value == "示范街道办理情况" and sheet["A1"].font.bold
    assert sheet["A2"].value == "全部3个社区 · 2026年10月 · 截至 2026-10-31 · 报送 2/3"
    assert sheet["A3"].value == "单位：见表头 · 来源：诉求工单、社区基本情况统计表"
    assert sheet.freeze_panes == f"A{HEAD + 1}"
    assert sheet.auto_filter.ref == f"A{HEAD}:G{HEAD + 3}"
    assert not sheet.merged_cells.ranges
    assert {sheet.cell(row, 1).font.name for row in (1, 2, HEAD, HEAD + 1)} == {"微软雅黑"}


def test_one_unit_is_named_above_the_table():
    columns = (ExportColumn("社区"), ExportColumn("率", "%", 1, "number"))
    table = make_table(frame=make_table().frame[["place", "rate"]], columns=columns)
    assert opened(to_xlsx(table))["数据"]["A3"].value.startswith("单位：% · 来源：")


def test_columns_are_wide_enough_for_chinese():
    sheet = opened(to_xlsx(text_table(["一二三四五六七八九十一二三四五"])))["数据"]
    assert sheet.column_dimensions["A"].width >= 2 * 15
    numbers = make_table(frame=pd.DataFrame({"n": [-123456789012.5]}), columns=(ExportColumn("数", "元", 2, "number"),))
    assert opened(to_xlsx(numbers))["数据"].column_dimensions["A"].width >= len("-123,456,789,012.50")


def test_long_texts_wrap_in_rows_high_enough():
    sheet = opened(to_xlsx(text_table(["居民反映噪声扰民。" * 20, "短"])))["数据"]
    assert sheet.cell(HEAD + 1, 1).alignment.wrap_text
    assert sheet.row_dimensions[HEAD + 1].height >= 8 * 13 > sheet.row_dimensions[HEAD + 2].height


def test_print_setup_and_properties():
    table = make_table(fictional=True, context=make_context(True, sources=("A&B 台账",)))
    book = opened(to_xlsx(table, MADE_AT))
    sheet = book["数据"]
    assert sheet.page_setup.orientation == "landscape" and str(sheet.page_setup.paperSize) == "9"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0
    assert sheet.print_title_rows == f"$1:${HEAD}"
    assert "来源：A&&B 台账 · 截至 2026-10-31 · 演示数据" in sheet.oddFooter.left.text
    assert "&P" in sheet.oddFooter.right.text and "&N" in sheet.oddFooter.right.text
    assert book.properties.title == "示范街道办理情况（演示数据）"
    assert book.properties.creator == "街鉴" and book.properties.created == MADE_AT


def test_wide_table_keeps_its_first_columns_on_every_page():
    names = [f"这是一个比较长的指标名称{number}" for number in range(30)]
    frame = pd.DataFrame([["和平里社区", "2026年10月", *range(30)]])
    columns = (ExportColumn("社区"), ExportColumn("时间"), *(ExportColumn(name, "件", 0, "number") for name in names))
    sheet = opened(to_xlsx(make_table(frame=frame, columns=columns)))["数据"]
    assert sheet.freeze_panes == f"C{HEAD + 1}"
    assert sheet.page_setup.fitToWidth > 1 and sheet.print_title_cols == "$A:$B"


def test_second_sheet_explains_the_figures():
    sheet = opened(to_xlsx(make_table(), MADE_AT))["口径与来源"]
    rows = [tuple(value for value in row if value is not None) for row in sheet.iter_rows(values_only=True)]
    for expected in (
        ("按期办结率", "本期到期的件中，按时办结的占比。", "%"),
        ("诉求受理量", "本期受理的件数。", "件", "计数"),
        ("来源1", "诉求工单"),
        ("来源2", "社区基本情况统计表"),
        ("类型", "老旧小区型"),
        ("数据集", "本街道数据"),
        ("数据截至", "2026-10-31"),
        ("生成时间", "2026-11-22 09:30:00"),
        ("数据行数", "3"),
    ):
        assert expected in rows
    assert any("不等于 0" in "".join(row) for row in rows)


def test_same_table_and_time_give_the_same_bytes():
    assert to_xlsx(make_table(), MADE_AT) == to_xlsx(make_table(), MADE_AT)


def test_empty_table_says_so():
    table = make_table(frame=make_table().frame.iloc[:0])
    sheet = opened(to_xlsx(table))["数据"]
    assert sheet["A2"].value.endswith("所选范围内没有数据") and sheet.max_row == HEAD
    assert csv_rows(to_csv(table)) == [table.labels]
    assert pq.read_table(io.BytesIO(to_parquet(table))).num_rows == 0


def test_days_that_excel_cannot_count_stay_texts():
    frame = pd.DataFrame({"d": pd.Series([datetime(1899, 5, 4), datetime(1900, 3, 1), datetime(2026, 1, 1)])})
    table = make_table(frame=frame, columns=(ExportColumn("日期", kind="date"),))
    sheet = opened(to_xlsx(table))["数据"]
    values = [sheet.cell(HEAD + row, 1).value for row in (1, 2, 3)]
    assert values == ["1899-05-04", datetime(1900, 3, 1), datetime(2026, 1, 1)]
    assert csv_rows(to_csv(table))[1:] == [["1899-05-04"], ["1900-03-01"], ["2026-01-01"]]


def test_too_many_rows_point_to_other_formats():
    rows = workbook.MAX_ROWS + 1
    table = make_table(frame=pd.DataFrame({"n": np.zeros(rows)}), columns=(ExportColumn("数", kind="number"),))
    with pytest.raises(TooManyRows, match=r"1,048,572 行.*CSV或Parquet"):
        to_xlsx(table)
    assert issubclass(TooManyRows, ValueError)
    assert to_csv(table).count(b"\r\n") == rows + 1


def test_text_longer_than_a_cell_is_cut_aloud():
    table = text_table(["甲" * 40_000, "😀" * 16_383, "😀" * 16_400])
    book = opened(to_xlsx(table))
    first, second, third = (book["数据"].cell(HEAD + row, 1).value for row in (1, 2, 3))
    assert first.startswith("甲" * 32_000) and first.endswith("已截断）") and len(first.encode("utf-16-le")) == 2 * 32_767
    assert second == "😀" * 16_383 and third.endswith("已截断）")
    notes = "".join(str(value) for row in book["口径与来源"].iter_rows(values_only=True) for value in row)
    assert "有 2 个单元格" in notes
    assert csv_rows(to_csv(table))[1][0] == "甲" * 40_000


def test_infinite_values_are_gaps():
    table = make_table(frame=pd.DataFrame({"n": [np.inf, -np.inf, 1.0]}), columns=(ExportColumn("数", kind="number"),))
    assert [opened(to_xlsx(table))["数据"].cell(HEAD + row, 1).value for row in (1, 2, 3)] == [None, None, 1]
    assert csv_rows(to_csv(table)) == [["数"], [""], [""], ["1"]]


# --- never a formula -------------------------------------------------------------------------------------------------


def as_excel_shows(text: str) -> str:
    """Line breaks of one kind, without control characters, as the export promises."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]", "", text.replace("\r\n", "\n").replace("\r", "\n"))


@pytest.mark.parametrize("text", DANGEROUS)
def test_dangerous_text_is_text_in_excel(text):
    content = to_xlsx(text_table([text]))
    cell = opened(content)["数据"].cell(HEAD + 1, 1)
    assert cell.data_type == "s" and openpyxl.utils.escape.unescape(cell.value) == as_excel_shows(text)
    assert "<f>" not in all_xml(content) and "<hyperlink" not in all_xml(content)
    assert opened(content)["数据"].cell(HEAD + 1, 2).value == -1.5


@pytest.mark.parametrize("text", [text for text in DANGEROUS if text.strip(" \t\r\n\x00\u3000\ufeff\u200b")[0] in "=+-@＝＋－＠"])
def test_dangerous_text_is_quoted_in_csv(text):
    assert csv_rows(to_csv(text_table([text])))[1] == ["'" + as_excel_shows(text), "-1.5"]
    cell = opened(to_xlsx(text_table([text])))["数据"].cell(HEAD + 1, 1)
    assert cell.quotePrefix, "so that it stays a text when somebody edits the cell"


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_left_alone(text):
    assert csv_rows(to_csv(text_table([text])))[1][0] == text
    assert (opened(to_xlsx(text_table([text])))["数据"].cell(HEAD + 1, 1).value or "") == text


def test_titles_heads_and_sources_are_texts_too():
    context = make_context(street="=1", scope="=2", period="+3", sources=("=4",))
    table = make_table(
        title="=1+1",
        frame=pd.DataFrame({"n": [1.0]}),
        columns=(ExportColumn("=head", "件", 0, "number"),),
        context=context,
        definitions=(("=a", "=b", "=c", "=d"),),
        filters=(("=e", "@f"),),
    )
    content = to_xlsx(table)
    assert "<f>" not in all_xml(content)
    assert {cell.data_type for sheet in opened(content) for row in sheet for cell in row if isinstance(cell.value, str)} == {"s"}
    assert csv_rows(to_csv(table)) == [["'=head（件）"], ["1"]]


def test_half_characters_do_not_break_an_export():
    table = text_table(["坏\ud83d字", "\udc00"])
    assert opened(to_xlsx(table))["数据"].cell(HEAD + 1, 1).value == "坏\ufffd字"
    assert csv_rows(to_csv(table))[1][0] == "坏\ufffd字"
    assert pq.read_table(io.BytesIO(to_parquet(table))).column(0)[0].as_py() == "坏\ufffd字"


starts = st.sampled_from([*"=+-@\t\r\n＝＋－＠﹢− '\"<&\u2003\u200b\u3000\x85", "<r>", " =", "\u2028@"])
words = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=12)
any_text = st.one_of(words, st.builds("{}{}".format, starts, words))


def begins_a_formula(text: str) -> bool:
    """Written anew, character by character, so as not to share a mistake with the export."""
    if text[:1] in ("\t", "\r", "\n"):
        return True
    seen = next((c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Zs", "Zl", "Zp")), "")
    return seen != "" and seen in "=+-@＝＋－＠﹦﹢﹣﹫−"


@settings(max_examples=300, deadline=None)
@given(st.lists(any_text, min_size=1, max_size=8))
def test_no_csv_cell_begins_a_formula(texts):
    rows = csv_rows(to_csv(text_table(texts)))[1:]
    assert len(rows) == len(texts)
    for text, (cell, number) in zip(texts, rows, strict=True):
        assert not begins_a_formula(cell)
        shown = as_excel_shows(text)
        assert cell in (shown, "'" + shown) and (cell == shown) != begins_a_formula(shown)
        assert number == "-1.5"


@settings(max_examples=60, deadline=None)
@given(st.lists(any_text, min_size=1, max_size=8))
def test_texts_survive_a_workbook(texts):
    content = to_xlsx(text_table(texts))
    assert "<f>" not in all_xml(content)
    sheet = opened(content)["数据"]
    for row, text in enumerate(texts, HEAD + 1):
        cell = sheet.cell(row, 1)
        assert cell.data_type in "sn" and openpyxl.utils.escape.unescape(cell.value or "") == as_excel_shows(text)
        assert sheet.cell(row, 2).value == -1.5


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(-1e12, 1e12)), min_size=1, max_size=8))
def test_numbers_survive_every_format(values):
    frame = pd.DataFrame({"n": pd.Series(values, dtype="float64")})
    table = make_table(frame=frame, columns=(ExportColumn("数", "元", 2, "number"),))
    near = [None if value is None else pytest.approx(value, rel=1e-14, abs=0) for value in values]
    sheet = opened(to_xlsx(table))["数据"]
    assert [sheet.cell(row, 1).value for row in range(HEAD + 1, HEAD + 1 + len(values))] == near
    written = [row[0] if row else "" for row in csv_rows(to_csv(table))[1:]]
    assert [float(text) if text else None for text in written] == near
    assert pq.read_table(io.BytesIO(to_parquet(table))).column(0).to_pylist() == values


# --- CSV and Parquet -------------------------------------------------------------------------------------------------


def test_csv_is_a_head_and_rows():
    content = to_csv(make_table())
    assert content.startswith(b"\xef\xbb\xbf") and not to_csv(make_table(), bom=False).startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == content.count(b"\n") == 4
    assert csv_rows(content) == [
        ["社区", "日期", "时间", "按期办结率（%）", "较上期（个百分点）", "诉求受理量（件）", "是否达标"],
        ["和平里社区", "2026-10-01", "2026-10-01 08:30:15", "96.043956043956", "-1.25", "12345", "是"],
        ["锦绣社区", "", "2026-10-02 00:00:00", "", "0.3", "", ""],
        ["阳光社区", "2026-10-31", "", "0", "1234567.5", "-7", "否"],
    ]


def test_pandas_reads_the_csv_without_help():
    frame = pd.read_csv(io.BytesIO(to_csv(make_table())))
    assert frame["较上期（个百分点）"].tolist() == pytest.approx([-1.25, 0.3, 1234567.5])
    assert frame["按期办结率（%）"].isna().tolist() == [False, True, False]


def test_parquet_is_typed_and_explains_itself():
    data = pq.read_table(io.BytesIO(to_parquet(make_table())))
    assert data.column_names == make_table().labels
    kinds = [pa.string(), pa.date32(), pa.timestamp("ms"), pa.float64(), pa.float64(), pa.int64(), pa.string()]
    assert data.schema.types == kinds
    assert data.column(1).to_pylist() == [date(2026, 10, 1), None, date(2026, 10, 31)]
    assert data.column(3).to_pylist() == [96.04395604395604, None, 0.0]
    assert data.column(5).to_pylist() == [12345, None, -7]
    facts = {key.decode(): json.loads(value) for key, value in data.schema.metadata.items() if key != b"ARROW:schema"}
    assert facts["title"] == "示范街道办理情况" and facts["scope"] == "全部3个社区"
    assert facts["period"] == "2026年10月" and facts["as_of"] == "2026-10-31"
    assert facts["sources"] == ["诉求工单", "社区基本情况统计表"] and facts["fictional"] is False
    assert facts["definitions"][1] == {"name": "诉求受理量", "unit": "件", "definition": "本期受理的件数。", "kind": "计数"}
    assert "示范街道".encode() in data.schema.metadata[b"title"], "readable without unescaping"
    assert data.schema.field(3).metadata == {b"unit": b"%", b"decimals": b"1"}


def test_made_up_data_say_so_everywhere():
    table = make_table(fictional=True)
    book = opened(to_xlsx(table))
    assert book["数据"]["A1"].value == "示范街道办理情况（演示数据）"
    assert book["数据"]["A4"].value.startswith("演示数据：") and book["数据"]["A4"].fill.fgColor.rgb == "FFFFF4E5"
    assert book["口径与来源"]["A2"].value.startswith("演示数据：")
    rows = csv_rows(to_csv(table))
    assert [row[-1] for row in rows] == ["数据说明", "演示数据", "演示数据", "演示数据"]
    data = pq.read_table(io.BytesIO(to_parquet(table)))
    assert data.schema.metadata[b"fictional"] == b"true" and json.loads(data.schema.metadata[b"mark"]) == "演示数据"
    assert data.column("数据说明").to_pylist() == ["演示数据"] * 3


def test_real_data_do_not():
    assert "演示" not in all_xml(to_xlsx(make_table()))
    assert "演示" not in to_csv(make_table()).decode()
    data = pq.read_table(io.BytesIO(to_parquet(make_table())))
    assert "演示" not in str(data.to_pydict()) + b"".join(data.schema.metadata.values()).decode(errors="replace")


# --- declarations ----------------------------------------------------------------------------------------------------


def test_heads_that_return_are_told_apart():
    table = make_table(frame=pd.DataFrame([[1, 2, 3]]), columns=(ExportColumn("甲"),) * 3)
    assert table.labels == ["甲", "甲_2", "甲_3"]


def test_columns_must_match_the_frame():
    with pytest.raises(ValueError, match="7列数据、1个列名"):
        make_table(columns=(ExportColumn("社区"),))


@pytest.mark.parametrize("kind, value", [("number", "很多"), ("date", "昨天")])
def test_wrong_kind_names_the_column(kind, value):
    table = make_table(frame=pd.DataFrame({"x": [value]}), columns=(ExportColumn("某列", kind=kind),))
    for write in (to_xlsx, to_csv, to_parquet):
        with pytest.raises(ValueError, match="列“某列”应为"):
            write(table)


@pytest.mark.parametrize(
    "street, subject, ending, fictional, expected",
    [
        ("示范街道", "按期办结率", "xlsx", False, "示范街道_按期办结率_截至2026-10-31.xlsx"),
        ("示范街道", "按期办结率等3项", ".csv", True, "示范街道（演示数据）_按期办结率等3项_截至2026-10-31.csv"),
        ('示范<>:"/\\|?*街道', "双报到率（党员）/单位", "parquet", False, "示范街道_双报到率（党员）单位_截至2026-10-31.parquet"),
        ("", "全国党员总数\n\u202etxt", "xlsx", False, "全国党员总数txt_截至2026-10-31.xlsx"),
        ("示范街道", "../../etc ", "csv", False, "示范街道_etc_截至2026-10-31.csv"),
    ],
)
def test_file_names(street, subject, ending, fictional, expected):
    assert file_name(street, subject, "2026-10-31", ending, fictional) == expected


def test_long_file_names_are_cut_and_keep_the_date():
    name = file_name("示范街道", "很长的指标名称" * 40, "2026-10-31", "xlsx")
    assert len(name.encode()) <= 255 and name.endswith("_截至2026-10-31.xlsx")
    assert file_name("示范街道", "明细", "", "csv") == "示范街道_明细.csv"
    with pytest.raises(ValueError, match="后缀"):
        file_name("示范街道", "明细", "", "csv/..")


@settings(max_examples=200)
@given(st.text(max_size=30), st.text(max_size=120), st.text(max_size=12))
def test_any_file_name_is_allowed_on_windows(street, subject, as_of):
    name = file_name(street, subject, as_of, "xlsx")
    assert re.search(r'[<>:"/\\|?*\x00-\x1f]', name) is None
    assert len(name.encode()) <= 255 and name.endswith(".xlsx") and not name.startswith(".")


def test_every_format_has_a_type():
    assert set(MIME) == {"xlsx", "csv", "parquet"}


# --- figures -> table ------------------------------------------------------------------------------------------------


def measure(name: str, unit: str = "件") -> Measure:
    return Measure(id=name, name=name, name_en=name, unit=unit, kind="flow")


ON_TIME = Metric(
    id="on_time_rate", name="按期办结率", name_en="x", kind="proportion", numerator=("按期办结件数",), denominator=("到期件数",),
    unit="%", decimals=1, better="higher", definition="按时办结的占比。",
)  # fmt: skip
OPENED = Metric(
    id="cases_opened", name="诉求受理量", name_en="x", kind="count", measure="受理件数", unit="件", better="neutral",
    definition="受理的件数。",
)  # fmt: skip
NATIONAL = Dataset(id="national", name="全国", mode="published", unit_of_comparison="地区", note="")
CATALOGUE = Catalogue.model_construct(
    datasets={"street": Dataset(id="street", name="本街道数据", mode="periodic", note=""), "national": NATIONAL},
    measures={name: measure(name) for name in ("按期办结件数", "到期件数", "受理件数")},
    metrics={m.id: m for m in (ON_TIME, OPENED)},
)


def figure(place: str, metric: Metric, value: float, period: str = "2026-10", **changes: object) -> dict:
    base = {
        "place_id": place, "place": place, "sort": 1, "metric": metric.id, "period": period, "start": None, "end": None,
        "value": value, "numerator": value, "denominator": np.nan, "status": "A", "qualifier": "exact", "note": "",
    }  # fmt: skip
    return {**base, **changes}


FIGURES = pd.DataFrame(
    [
        figure("锦绣社区", ON_TIME, 96.0, numerator=48.0, denominator=50.0),
        figure("和平里社区", ON_TIME, np.nan, numerator=np.nan, denominator=np.nan, status="M"),
        figure("锦绣社区", OPENED, 60),
        figure("和平里社区", OPENED, 0),
        figure("锦绣社区", OPENED, 70, "2026-09"),
    ]
)


def test_figures_become_one_row_a_place_and_period():
    table = figures_table(FIGURES, [ON_TIME, OPENED], make_context(), CATALOGUE)
    assert table.title == "示范街道按期办结率等2项指标"
    assert csv_rows(to_csv(table)) == [
        ["社区", "时间", "按期办结率（%）", "诉求受理量（件）"],
        ["锦绣社区", "2026年10月", "96", "60"],
        ["和平里社区", "2026年10月", "", "0"],
        ["锦绣社区", "2026年9月", "", "70"],
    ]
    assert [column.decimals for column in table.columns] == [None, None, 1, 0]
    assert table.explained[0] == ("按期办结率", "%", "按时办结的占比。", "占比")


def test_a_gap_is_an_empty_cell_and_a_zero_is_a_zero():
    sheet = opened(to_xlsx(figures_table(FIGURES, [ON_TIME, OPENED], make_context(), CATALOGUE)))["数据"]
    assert sheet.cell(HEAD + 2, 3).value is None and sheet.cell(HEAD + 2, 4).value == 0


def test_parts_show_what_a_rate_is_made_of():
    table = figures_table(FIGURES, [ON_TIME, OPENED], make_context(), CATALOGUE, parts=True)
    rows = csv_rows(to_csv(table))
    parts = ["按期办结率分子：按期办结件数（件）", "按期办结率分母：到期件数（件）"]
    assert rows[0][2:] == ["按期办结率（%）", *parts, "诉求受理量（件）"]
    assert rows[1][2:] == ["96", "48", "50", "60"] and rows[2][2:] == ["", "", "", "0"]
    assert "分子：按期办结件数；分母：到期件数" in table.explained[0].definition


def test_flags_of_a_figure_travel_with_it():
    frame = pd.DataFrame(
        [
            figure("锦绣社区", OPENED, 80_000, qualifier="at_least", status="P", note="口径未注明"),
            figure("和平里社区", OPENED, np.nan, qualifier="about"),
        ]
    )
    rows = csv_rows(to_csv(figures_table(frame, [OPENED], make_context(), CATALOGUE)))
    assert rows[0][-1] == "备注" and rows[1][-1] == "不少于此数，初步数，口径未注明" and rows[2][-1] == ""
    both = pd.concat([frame, pd.DataFrame([figure("锦绣社区", ON_TIME, 90, qualifier="about")])])
    rows = csv_rows(to_csv(figures_table(both, [ON_TIME, OPENED], make_context(), CATALOGUE)))
    assert rows[1][-1] == "按期办结率：约数；诉求受理量：不少于此数，初步数，口径未注明"


def test_place_column_and_period_follow_the_data_set():
    frame = pd.DataFrame([figure("全国", OPENED, 1, "截至2024年底")])
    table = figures_table(frame, [OPENED], make_context(dataset="national", street=""), CATALOGUE)
    assert csv_rows(to_csv(table))[:2] == [["地区", "时间", "诉求受理量（件）"], ["全国", "截至2024年底", "1"]]
    assert table.title == "诉求受理量"


def test_two_values_for_one_place_and_period_are_refused():
    twice = pd.DataFrame([figure("锦绣社区", OPENED, 1), figure("锦绣社区", OPENED, 2)])
    with pytest.raises(ValueError, match="锦绣社区 2026年10月的“诉求受理量”有两个值"):
        figures_table(twice, [OPENED], make_context(), CATALOGUE)


def test_no_figures_give_an_empty_table():
    table = figures_table(FIGURES.iloc[:0], [ON_TIME], make_context(), CATALOGUE, parts=True)
    assert len(table.frame) == 0 and opened(to_xlsx(table))["数据"].max_row == HEAD


def test_subject_names_several_metrics_by_the_first():
    assert subject_of([ON_TIME]) == "按期办结率" and subject_of([ON_TIME, OPENED]) == "按期办结率等2项"


# --- a look with other eyes ------------------------------------------------------------------------------------------


can_print = shutil.which("soffice") and shutil.which("pdftotext")


@pytest.mark.skipif(not can_print, reason="没有 LibreOffice 或 pdftotext，不能渲染打印页")
def test_libreoffice_prints_the_workbook(tmp_path: Path):
    places = [f"第{number}社区" for number in range(23)]
    frame = pd.DataFrame([figure(place, metric, 96.5) for metric in (ON_TIME, OPENED) for place in places])
    table = figures_table(frame, [ON_TIME, OPENED], make_context(True), CATALOGUE)
    (tmp_path / "表.xlsx").write_bytes(to_xlsx(table))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "表.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    pages = subprocess.run(["pdftotext", "-layout", str(tmp_path / "表.pdf"), "-"], check=True, capture_output=True, timeout=60)
    data, notes = pages.stdout.decode().split("\f")[:2]
    heads = ("示范街道按期办结率等2项指标（演示数据）", "按期办结率（%）", "诉求受理量（件）")
    for words in (*heads, *places, "96.5", "第 1 页，共 2 页"):
        assert words in data, "23 communities fit one page, with their heads and the page number"
    assert "按时办结的占比。" in notes
    assert "###" not in data + notes
