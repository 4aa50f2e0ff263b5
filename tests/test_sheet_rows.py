"""Rows written in bulk, read back with other libraries: in the order of the frame, over several batches, in the right looks."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from test_export_tables import HEAD, MADE_AT, make_context, text_table

from jiejian.export.sheet_rows import BATCH, read_models
from jiejian.export.tables import ExportColumn, ExportTable, to_book, to_xlsx

ROWS = 2 * BATCH + 7
FRAME = pd.DataFrame(
    {
        "text": [f"第{n}件" if n % 5 else None for n in range(ROWS)],
        "number": np.where(np.arange(ROWS) % 7 == 0, np.nan, np.arange(ROWS) / 8),
        "day": pd.Timestamp(2026, 1, 1) + pd.to_timedelta(np.arange(ROWS) % 300, "D"),
    }
)
COLUMNS = (ExportColumn("内容"), ExportColumn("数", "件", 1, "number"), ExportColumn("日期", kind="date"))


def table(frame: pd.DataFrame = FRAME, title: str = "长表") -> ExportTable:
    return ExportTable(title, frame, COLUMNS, make_context())


def sheet_xml(content: bytes, number: int = 1) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.read(f"xl/worksheets/sheet{number}.xml").decode()


def test_every_row_of_every_batch_is_there_in_order():
    content = to_xlsx(table())
    read = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("数据").to_python()[HEAD:]
    assert len(read) == ROWS
    assert [row[0] for row in read] == [text or "" for text in FRAME["text"].fillna("")]
    assert [row[1] for row in read] == ["" if n % 7 == 0 else n / 8 for n in range(ROWS)]
    assert [row[2] for row in read] == [day.date() for day in FRAME["day"]]
    assert f'<dimension ref="A1:C{HEAD + ROWS}"/>' in sheet_xml(content)


def test_rows_are_numbered_one_after_the_other():
    numbers = [int(n) for n in re.findall(r'<row r="(\d+)"', sheet_xml(to_xlsx(table())))]
    assert numbers == sorted(set(numbers)) and numbers[-ROWS:] == list(range(HEAD + 1, HEAD + ROWS + 1))


def test_long_texts_make_their_own_rows_high_in_any_batch():
    texts = ["短"] * ROWS
    for place in (0, BATCH, ROWS - 1):
        texts[place] = "居民反映噪声扰民。" * 20
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(text_table(texts))))["数据"]
    high = [row for row, size in sheet.row_dimensions.items() if row > HEAD and size.height > 50]
    assert high == [HEAD + 1, HEAD + 1 + BATCH, HEAD + ROWS]


def test_blanks_and_line_breaks_survive():
    texts = ["  前面有空格", "后面有 ", "两\n行", "\n", "a  b"]
    read = openpyxl.load_workbook(io.BytesIO(to_xlsx(text_table(texts))))["数据"]
    assert [read.cell(HEAD + 1 + n, 1).value for n in range(len(texts))] == texts


def test_early_moments_are_texts_and_later_ones_exact():
    frame = pd.DataFrame({"at": [datetime(1899, 5, 4, 8, 30), datetime(2026, 10, 31, 23, 59, 59)]})
    made = to_xlsx(ExportTable("时刻", frame, (ExportColumn("时间", kind="date"),), make_context()))
    sheet = openpyxl.load_workbook(io.BytesIO(made))["数据"]
    assert [sheet.cell(HEAD + n, 1).value for n in (1, 2)] == ["1899-05-04 08:30:00", datetime(2026, 10, 31, 23, 59, 59)]


def test_each_sheet_of_a_collection_has_its_own_rows():
    tables = [table(FRAME.head(3), "甲表"), table(FRAME.head(0), "空表"), table(FRAME.tail(2), "乙表")]
    made = to_book("合集", tables, MADE_AT)
    assert made == to_book("合集", tables, MADE_AT)
    book = CalamineWorkbook.from_filelike(io.BytesIO(made))
    assert [len(book.get_sheet_by_name(name).to_python()) - HEAD for name in ("甲表", "空表", "乙表")] == [3, 0, 2]
    assert book.get_sheet_by_name("乙表").to_python()[-1][0] == FRAME["text"].iloc[-1]


def test_a_sheet_without_models_is_refused():
    with pytest.raises(ValueError, match="model rows"):
        read_models('<sheetData><row r="6"><c r="A6" s="3"/></row></sheetData>', 6)
