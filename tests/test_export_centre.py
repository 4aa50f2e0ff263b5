"""数据导出: any ledger, several tables as one workbook, documents; read back with other libraries than those that wrote them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, datetime

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from docx import Document
from python_calamine import CalamineWorkbook
from streamlit.testing.v1 import AppTest
from test_export_tables import DANGEROUS, make_context

from jiejian.catalogue import Column, Ledger
from jiejian.export import workbook
from jiejian.export.ledgers import ledger_table
from jiejian.export.tables import ExportColumn, ExportTable, TooManyRows, csv_into, parquet_into, to_book, to_csv
from jiejian.export.workbook import sheet_names
from jiejian.home import PROJECT
from jiejian.ledgers import rows
from jiejian.ledgers.rows import Asked
from jiejian.ui import downloads

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


def page(home, monkeypatch, what: str) -> AppTest:
    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    test = AppTest.from_file(str(PROJECT / "pages" / "export.py"), default_timeout=90)
    test.session_state["_entered"] = True
    test.query_params["export_what"] = what
    test.run()
    assert not test.exception
    return test


def one_table(title: str = "诉求受理量", fictional: bool = True) -> ExportTable:
    frame = pd.DataFrame({"a": ["春和社区", "=1+1"], "b": [3.0, None]})
    return ExportTable(title, frame, (ExportColumn("社区"), ExportColumn("件数", "件", 0, "number")), make_context(fictional),
                       ((title, "件", f"{title}的口径", "计数"),), (("社区", "春和社区"),))  # fmt: skip


# ---- rows of ledgers ----


def test_a_ledger_leaves_without_personal_columns_and_filtered(demo):
    for ledger in rows.ledgers(demo, "demo"):
        personal = {c.id for c in ledger.columns if c.personal}
        assert not personal & {c.id for c in rows.columns(demo, ledger.id)}, ledger.id
    bare = demo.frame(
        "SELECT count(*) AS n FROM case_event WHERE dataset = 'demo' AND opened_at >= '2026-10-01' AND opened_at < '2026-11-01'"
    )
    asked = Asked("cases", FIRST, LAST)
    assert rows.count(demo, "demo", asked) == bare["n"].iloc[0] > 1000
    found = rows.head(demo, "demo", asked, 200)
    assert len(found) == 200 and list(found)[:2] == ["place", "case_no"] and "reporter" not in found and "volunteer" not in found
    place = demo.places("demo")["place_id"].iloc[3]
    few = replace(asked, places=(place,), filters=(("category", "物业管理"),))
    by_hand = demo.frame(
        "SELECT count(*) AS n FROM case_event WHERE dataset = 'demo' AND opened_at >= '2026-10-01' AND opened_at < '2026-11-01'"
        " AND place_id = $p AND category = '物业管理'", {"p": place},
    )  # fmt: skip
    assert rows.count(demo, "demo", few) == by_hand["n"].iloc[0] > 0
    assert set(rows.head(demo, "demo", few)["category"]) == {"物业管理"}


def test_a_register_leaves_as_it_stands_on_the_last_day(demo):
    by_hand = demo.frame(
        "SELECT count(*) AS n FROM organisation WHERE dataset = 'demo' AND (established_on IS NULL OR established_on <= '2024-06-30')"
        " AND (dissolved_on IS NULL OR dissolved_on > '2024-06-30')"
    )
    assert rows.count(demo, "demo", Asked("organisations", date(2024, 6, 1), date(2024, 6, 30))) == by_hand["n"].iloc[0] > 0


@pytest.mark.parametrize("column", ["reporter", "phone", 'case_no" OR 1=1 --', "load_id"])
def test_other_columns_cannot_be_asked_for(demo, column):
    with pytest.raises(ValueError, match="没有可以导出的列"):
        rows.count(demo, "demo", Asked("cases", FIRST, LAST, filters=((column, "x"),)))


def test_a_filter_is_a_bound_text(demo):
    assert rows.count(demo, "demo", Asked("cases", FIRST, LAST, filters=(("category", "' OR 1=1 --"),))) == 0


def test_batches_are_the_whole_in_the_same_order(demo):
    asked = Asked("cases", FIRST, LAST)
    parts = list(rows.batches(demo, "demo", asked, 1000))
    total = rows.count(demo, "demo", asked)
    assert len(parts) > 1 and sum(map(len, parts)) == total
    whole = pd.concat(parts, ignore_index=True)
    assert whole["case_no"].is_unique
    assert whole["case_no"].head(200).tolist() == rows.head(demo, "demo", asked, 200)["case_no"].tolist()
    (none,) = rows.batches(demo, "demo", replace(asked, first=date(1990, 1, 1), last=date(1990, 1, 2)))
    assert none.empty and list(none) == list(whole)


# ---- parts into one file ----


LEDGER = Ledger(
    id="x", name="试验台账", table="x",
    columns=(
        Column(id="at", name="时间", type="datetime"), Column(id="n", name="数量", type="integer", unit="件"),
        Column(id="yes", name="是否", type="yes_no"), Column(id="t", name="文字", type="text"),
    ),
)  # fmt: skip


def parts() -> list[ExportTable]:
    first = pd.DataFrame({"place": ["甲"], "at": [pd.Timestamp(2026, 10, 1)], "n": [1], "yes": [True], "t": ["=1+1"]})
    second = pd.DataFrame({"place": ["乙"], "at": [pd.Timestamp(2026, 10, 2, 9, 30)], "n": [None], "yes": [None], "t": [None]})
    return [ledger_table(f, LEDGER, LEDGER.columns, make_context(True)) for f in (first, second)]


def test_parts_make_one_csv_and_one_parquet():
    kept = io.BytesIO()
    assert csv_into(parts(), kept) == 2
    read = list(csv.reader(io.StringIO(kept.getvalue().decode("utf-8-sig"))))
    assert read == [
        ["社区", "时间", "数量（件）", "是否", "文字", "数据说明"],
        ["甲", "2026-10-01 00:00:00", "1", "是", "'=1+1", "演示数据"],
        ["乙", "2026-10-02 09:30:00", "", "", "", "演示数据"],
    ]
    assert to_csv(parts()[0]).startswith(b"\xef\xbb\xbf")
    kept = io.BytesIO()
    assert parquet_into(parts(), kept) == 2
    table = pq.read_table(kept)
    assert table["时间"].to_pylist() == [datetime(2026, 10, 1), datetime(2026, 10, 2, 9, 30)]
    assert table["数量（件）"].to_pylist() == [1, None] and table["是否"].to_pylist() == ["是", None]
    with pytest.raises(ValueError, match="没有可以导出的数据"):
        parquet_into([], io.BytesIO())


# ---- several tables as one workbook ----


def test_a_workbook_of_several_tables():
    tables = [one_table("诉求受理量"), one_table("诉求受理量"), one_table("很长的名字" * 10 + "[]:*?/\\'")]
    made = to_book("示范街道数据合集", tables, datetime(2026, 11, 24))
    names = sheet_names(tables)
    assert names[:2] == ["诉求受理量", "诉求受理量_2"] and len(names[2]) == 31
    book = openpyxl.load_workbook(io.BytesIO(made))
    assert book.sheetnames == ["目录", *names, "口径与来源"]
    contents = book["目录"]
    assert [contents.cell(r, 2).hyperlink.location for r in (5, 6, 7)] == [f"'{n}'!A1" for n in names]
    assert [contents.cell(r, 5).value for r in (5, 6, 7)] == [2, 2, 2]
    assert "演示数据" in contents["A2"].value
    notes = [[c.value for c in row] for row in book["口径与来源"].iter_rows()]
    assert ["诉求受理量", "诉求受理量的口径", "件", "计数"] in notes
    assert sum(row[:2] == ["诉求受理量", "诉求受理量的口径"] for row in notes) == 1
    assert ["筛选：社区", "春和社区"] in [row[:2] for row in notes]
    for sheet in book:
        assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert book[names[0]]["A7"].value == "=1+1"
    rows_read = CalamineWorkbook.from_filelike(io.BytesIO(made)).get_sheet_by_name(names[0]).to_python()
    assert rows_read[4:] == [["社区", "件数（件）"], ["春和社区", 3.0], ["=1+1", ""]]


@pytest.mark.parametrize("title", [*DANGEROUS, "History", "目录", "口径与来源"])
def test_any_title_makes_a_sheet(title):
    made = to_book("合集", [one_table(title)])
    assert len(openpyxl.load_workbook(io.BytesIO(made)).sheetnames) == 3


def test_a_workbook_says_which_table_is_too_long(monkeypatch):
    monkeypatch.setattr(workbook, "MAX_ROWS", 1)
    with pytest.raises(TooManyRows, match=r"“诉求受理量”共 2 行，超过Excel一张表能装的 1 行。请改为下载CSV或Parquet"):
        to_book("合集", [one_table()])
    with pytest.raises(ValueError, match="请至少选一项指标或一种台账"):
        to_book("合集", [])


# ---- the page ----


def test_every_ledger_can_be_looked_at(demo_home, demo, monkeypatch):
    test = page(demo_home, monkeypatch, "台账")
    names = [ledger.name for ledger in rows.ledgers(demo, "demo")]
    assert test.selectbox(key="export_ledger").options == names and len(names) > 20
    for ledger in rows.ledgers(demo, "demo"):
        test.selectbox(key="export_ledger").set_value(ledger.id).run()
        assert not test.exception, ledger.id
        assert len(test.dataframe) == 1 and len(test.dataframe[0].value) <= 200


def test_a_long_ledger_is_made_first_and_too_long_a_sheet_says_so(demo_home, monkeypatch):
    test = page(demo_home, monkeypatch, "台账")
    test.selectbox(key="export_ledger").set_value("cases").run()
    assert "生成文件" in test.button(key="make_ledger").label
    monkeypatch.setattr(downloads, "MAX_ROWS", 1000)
    test.run()
    assert any("请改选 CSV 或 Parquet" in w.value for w in test.warning)
    test.segmented_control(key="ledger_format").set_value("parquet").run()
    test.button(key="make_ledger").click().run()
    made = test.session_state["_ledger_ready"][1]()
    assert pq.read_table(io.BytesIO(made)).num_rows > 100_000 and made == test.session_state["_ledger_ready"][1]()


def test_a_panel_too_long_for_a_sheet_says_so_and_offers_the_other_formats(demo_home, monkeypatch):
    monkeypatch.setattr(downloads, "MAX_ROWS", 10)
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=60).run().switch_page("pages/cases.py").run()
    told = [w.value for w in test.warning]
    assert told and all("超过Excel一张表能装的 10 行。请改选 CSV 或 Parquet" in sentence for sentence in told)
    before = len(test.get("download_button"))
    test.segmented_control(key="cases_states_format").set_value("csv").run()
    assert len(test.warning) == len(told) - 1 and len(test.get("download_button")) == before + 1


def test_a_collection_and_documents_are_made(demo_home, monkeypatch):
    test = page(demo_home, monkeypatch, "合集")
    test.multiselect(key="book_ledgers").set_value(["organisations"]).run()
    test.button(key="make_book").click().run()
    assert not test.exception
    book = openpyxl.load_workbook(io.BytesIO(test.session_state["_book_ready"][1]), read_only=True)
    assert book.sheetnames[0] == "目录" and "示范街道党组织台账" in book.sheetnames

    test = page(demo_home, monkeypatch, "公文")
    test.toggle(key="docx_internal").set_value(True).run()
    test.button(key="make_bulletin").click().run()
    assert not test.exception and not test.warning
    made = Document(io.BytesIO(test.session_state["_docx_ready"]["bulletin"][1]))
    text = "\n".join(p.text for p in made.paragraphs)
    for words in ("内部资料　演示数据", "一、总体情况", "诉求热点", "需关注：", "抓紧补报。东篱社区尚未报送2026年10月"):
        assert words in text
    place = test.selectbox(key="docx_place").value
    test.button(key=f"make_portrait_{place}").click().run()
    assert not test.exception and not test.warning
    made = Document(io.BytesIO(test.session_state["_docx_ready"][f"portrait_{place}"][1]))
    assert "春和社区画像（2026年10月）" in "\n".join(p.text for p in made.paragraphs)
    assert [c.text for c in made.tables[0].rows[0].cells] == ["指标", "本社区", "街道平均", "判断"]


def test_hot_topics_are_counted_by_hand(demo_home, demo, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    from jiejian.periods import parse_period
    from jiejian.ui.document_exports import hot
    from jiejian.ui.view import View

    by_hand = demo.frame(
        "SELECT category, count(*) AS n FROM case_event WHERE dataset = 'demo' AND opened_at >= '2026-10-01' AND opened_at < '2026-11-01'"
        " GROUP BY 1 ORDER BY n DESC, 1"
    )
    top, total = by_hand.iloc[0], by_hand["n"].sum()
    said = hot(View(demo, demo.datasets()["demo"], period=parse_period("2026-10")))
    assert len(said) == 5 and said[0] == f"{top['category']}{top['n']}件，占2026年10月的{top['n'] / total:.1%}。"
