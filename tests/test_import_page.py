"""数据导入: drop, recognise, map, compare, confirm, report, undo, through Streamlit's test runner and in a real browser."""

from __future__ import annotations

import io
import stat
import zipfile
from datetime import UTC, datetime, timedelta

import duckdb
import openpyxl
import pytest
from conftest import run_etl, serve
from streamlit.testing.v1 import AppTest
from street import Street, workbook
from test_journeys import open_page, settle

from etl import build
from etl.textfile import Unreadable
from etl.uploads import Uploads, safe_name, unpacked
from etl.warehouse import serving
from jiejian import audit
from jiejian.home import PROJECT, Home, home
from jiejian.warehouse import CONFIG

HEADS = ["社区", "户数", "常住人口", "代办事项"]
TITLE = "柳河街道2026年{}月社区基本情况统计表"


class Served(Street):
    """A street whose warehouse this very process serves: DuckDB wants the same settings for each connection."""

    def ask(self, sql: str, *parameters) -> list[tuple]:
        with duckdb.connect(str(serving(home())), read_only=True, config=CONFIG) as connection:
            return connection.execute(sql, list(parameters)).fetchall()


@pytest.fixture
def street(tmp_path, monkeypatch) -> Served:
    street = Served(tmp_path / "home", monkeypatch)
    street.register()
    street.monthly("2026年10月", [["春和社区", 1200, 3100, 10], ["望湖社区", 1350, 3400, 80]], HEADS)
    street.refresh()
    return street


def opened() -> AppTest:
    test = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=60)
    return test.run().switch_page("pages/import.py").run()


def settled(test: AppTest) -> AppTest:
    for _ in range(40):
        now = test.session_state["_import_desk"]
        if now.job is None:
            return test
        now.job.wait(20)
        test.run()
    raise TimeoutError


def said(test: AppTest) -> str:
    kinds = ("markdown", "caption", "success", "warning", "info")
    return "\n".join(str(e.value) for kind in kinds for e in test.get(kind))


def book(tmp_path, name: str, rows: list[list]) -> tuple[str, bytes]:
    return name, workbook(tmp_path / "sent" / name, rows).read_bytes()


def press(test: AppTest, key: str) -> AppTest:
    return settled(test.button(key=key).click().run())


def send(test: AppTest, *files: tuple[str, bytes]) -> AppTest:
    uploader = test.get("file_uploader")[0]
    uploader.set_value([(name, content, "application/octet-stream") for name, content in files])
    return settled(test.run())


def test_four_steps(street, tmp_path):
    test = send(
        opened(),
        book(
            tmp_path,
            "更正.xlsx",
            [[TITLE.format(10)], HEADS, ["春和社区", 1201, 3100, 10], ["望湖社区", 1350, 3400, 80], ["麦香社区", "待定", 1, 1]],
        ),
    )
    assert not test.exception
    words = said(test)
    assert "新增 **0** 行，改变 **1** 行（1 个值），与已有的相同 **1** 行，退回 **1** 行。" in words
    frames = [f.value for f in test.dataframe]
    assert list(frames[0].iloc[0]) == ["更正.xlsx", "Sheet1", "社区基本情况统计表", "2026年10月", 3, 0, 1, 1, 1, 0, "◐ 部分退回"]
    assert list(frames[1].iloc[0]) == ["更正.xlsx", "春和社区 2026年10月", "户数", "1200", "1201"]
    assert street.figures("households")["春和", "2026-10"] == 1200, "nothing is loaded before the confirmation"
    # Another page and back: what was dropped is still there.
    test.switch_page("pages/definitions.py").run()
    test.switch_page("pages/import.py").run()
    assert test.button(key="import_confirm").label == "确认装载（2 行）"
    press(test, "import_confirm")
    assert "已装载 1 张表、2 行；退回 1 行。" in said(test)
    assert street.figures("households")["春和", "2026-10"] == 1201
    press(test, "import_undo")
    assert "这次导入已撤销" in said(test)
    assert street.figures("households")["春和", "2026-10"] == 1200
    press(test, "import_clear")
    assert test.get("file_uploader")


def test_what_is_not_recognised_is_asked_once(street, tmp_path):
    rows = [
        ["任务号", "几时报的", "哪个村居", "说明"],
        ["T1", "2026-10-03 08:00", "春和社区", "漏水"],
        ["T2", "2026-10-04", "望湖", "停电"],
    ]
    test = send(opened(), book(tmp_path, "平台导出.xlsx", rows))
    (doubt,) = test.session_state["_import_desk"].checked[0].doubts
    test.selectbox(key=f"ledger_{doubt.layout}").set_value("cases").run()
    assert test.button(key="decide_0").disabled, "a needed column has no head yet"
    for column, head in (("case_no", "任务号"), ("opened_at", "几时报的"), ("place", "哪个村居")):
        test.selectbox(key=f"column_{doubt.layout}_cases_{column}").set_value(head).run()
    press(test, "decide_0")
    assert "待选定" not in str(test.dataframe[0].value.to_dict())
    press(test, "import_confirm")
    assert street.ask("SELECT case_no FROM case_event ORDER BY 1") == [("T1",), ("T2",)]
    # The shell knows the layout now, also in a sheet of another month.
    rows[1:] = [["T3", "2026-11-03 08:00", "春和社区", "漏水"]]
    workbook(street.inbox / "十一月.xlsx", rows)
    summary = street.refresh()
    assert [m.ledger for m in summary.written] == ["cases"]
    # It can be listed and forgotten.
    from jiejian.ui import importing

    mappings, _ = importing.decisions()
    assert list(mappings.loc[0, ["台账", "对应关系"]]) == ["诉求工单", "工单编号＝任务号，受理时间＝几时报的，社区＝哪个村居"]
    importing.forget_decisions(layouts=[doubt.layout])
    workbook(street.inbox / "十二月.xlsx", [rows[0], ["T4", "2026-11-04 08:00", "春和社区", ""]])
    assert "认不出是哪种台账" in " ".join(street.refresh().faults)


def on_record(action: str) -> list[str]:
    """What 操作记录 says was the subject of each such act."""
    rows = audit.records(home())
    return list(rows.loc[rows["action"] == action, "subject"])


def test_a_sheet_that_is_no_ledger_is_left_alone_from_then_on(street, tmp_path):
    file = book(tmp_path, "通讯录.xlsx", [["甲项", "乙项", "丙项"], ["1", "2", "3"]])
    test = send(opened(), file)
    (doubt,) = test.session_state["_import_desk"].checked[0].doubts
    test.selectbox(key=f"ledger_{doubt.layout}").set_value("").run()
    press(test, "decide_0")
    assert on_record("记住对应") == ["Sheet1 → 不装载"]
    assert "以前选过“不装载”" in said(test) and test.button(key="import_confirm").disabled


def test_a_month_that_stands_nowhere_is_asked_and_remembered_for_this_file_only(street, tmp_path):
    file = book(tmp_path, "户数.xlsx", [HEADS, ["春和社区", 7, 8, 9]])
    test = send(opened(), file)
    (doubt,) = test.session_state["_import_desk"].checked[0].doubts
    assert list(test.dataframe[0].value.iloc[0])[:3] == ["户数.xlsx", "Sheet1", "社区基本情况统计表"]
    assert test.button(key="decide_0").disabled and test.button(key="import_confirm").disabled
    test.selectbox(key=f"period_{doubt.sha256[:12]}_Sheet1").set_value("2026年9月").run()
    press(test, "decide_0")
    press(test, "import_confirm")
    assert street.figures("households") == {("春和", "2026-09"): 7, ("春和", "2026-10"): 1200, ("望湖", "2026-10"): 1350}
    assert on_record("记住对应") == ["Sheet1 → 2026年9月"]
    # The shell knows the answer for these bytes; the next file of the same layout is asked again.
    (street.inbox / "户数.xlsx").write_bytes(file[1])
    workbook(street.inbox / "户数（新）.xlsx", [HEADS, ["春和社区", 70, 80, 90]])
    assert street.refresh().faults == [
        "文件“户数（新）.xlsx”工作表“Sheet1”是“社区基本情况统计表”，但标题、工作表名和文件名里都没有月份。请在标题中写明“2026年10月”后重新上报，或在“数据导入”页上选定。"
    ]


def test_a_month_is_asked_for_where_the_contract_says_neither_where_it_stands_nor_how_long_it_is(street, tmp_path):
    contract = (
        "name: 路灯登记\ntable: observation\nsent: month\nmeasures: {lamps: {name: 路灯, unit: 盏, kind: stock}}\n"
        "columns:\n  place: {name: 社区, type: place, required: true}\n  n: {name: 路灯盏数, type: number, measure: lamps}\n"
    )
    (street.root / "catalogue" / "ledgers").mkdir(parents=True, exist_ok=True)
    (street.root / "catalogue" / "ledgers" / "lamps.yml").write_text(contract, encoding="utf-8")
    test = send(opened(), book(tmp_path, "路灯.xlsx", [["社区", "路灯盏数"], ["春和社区", 3]]))
    (doubt,) = test.session_state["_import_desk"].checked[0].doubts
    test.selectbox(key=f"period_{doubt.sha256[:12]}_Sheet1").set_value("2026年9月").run()
    press(test, "decide_0")
    press(test, "import_confirm")
    assert street.ask("SELECT period_start::VARCHAR, value FROM observation WHERE measure = 'lamps'") == [("2026-09-01", 3)]


def test_a_sheet_that_fits_two_ledgers_is_asked_and_the_answer_kept(street, tmp_path):
    """Two contracts with the same heads: the shell says so, the page asks which, and both know it from then on."""
    columns = "columns:\n  place: {name: 社区, type: place, required: true}\n  n: {name: 盏数, type: number, measure: %s}\n"
    for name, title in (("lamps", "路灯登记"), ("signs", "路牌登记")):
        measures = f"measures: {{{name}: {{name: {title[:2]}, unit: 盏, kind: stock}}}}\n"
        head = f"name: {title}\ntable: observation\nsent: month\nperiod: title\ngrain: month\n"
        (street.root / "catalogue" / "ledgers").mkdir(parents=True, exist_ok=True)
        (street.root / "catalogue" / "ledgers" / f"{name}.yml").write_text(head + measures + columns % name, encoding="utf-8")
    rows = [["2026年9月"], ["社区", "盏数"], ["春和社区", 3]]
    workbook(street.inbox / "九月.xlsx", rows)
    assert street.refresh().faults == [
        "文件“九月.xlsx”工作表“Sheet1”既像“路灯登记”又像“路牌登记”，分不清是哪种台账。请把台账名称写进标题，或在“数据导入”页上选定后重新上报。"
    ]
    test = send(opened(), book(tmp_path, "九月.xlsx", rows))
    (doubt,) = test.session_state["_import_desk"].checked[0].doubts
    test.selectbox(key=f"ledger_{doubt.layout}").set_value("signs").run()
    assert not test.button(key="decide_0").disabled, "each column was found already"
    press(test, "decide_0")
    assert on_record("记住对应") == ["Sheet1 → 路牌登记"]
    press(test, "import_confirm")
    assert street.ask("SELECT measure, value FROM observation WHERE measure IN ('lamps', 'signs')") == [("signs", 3)]
    workbook(street.inbox / "十月.xlsx", [["2026年10月"], ["社区", "盏数"], ["春和社区", 4]])
    assert {m.ledger for m in street.refresh().written} == {"signs"}


def test_a_doubtful_name_is_asked_and_the_answer_kept(street, tmp_path):
    rows = [[TITLE.format(9)], HEADS, ["春禾社区", 1, 2, 3]]
    test = send(opened(), book(tmp_path, "九月.xlsx", rows))
    choice = test.selectbox(key="place_春禾社区")
    assert choice.options == ["（待选）", "柳河街道／春和社区"]
    choice.set_value("street/柳河街道/春和社区").run()
    press(test, "decide_places")
    assert on_record("记住对应") == ["春禾社区 → 柳河街道／春和社区"]
    assert test.button(key="import_confirm").label == "确认装载（1 行）"
    press(test, "import_confirm")
    assert street.figures("households")["春和", "2026-09"] == 1


def test_the_list_of_loads_undoes_and_brings_back(street):
    test = opened()
    table = next(f.value for f in test.dataframe if "编号" in f.value.columns)
    assert list(table["台账"]) == ["社区基本情况统计表", "社区名册"] and set(table["状态"]) == {"有效"}
    test.session_state["loads_table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    test.run()
    test.button(key="sure_撤销").click().run()
    test.session_state["_undo_job"].wait(60) if "_undo_job" in test.session_state else None
    test.run()
    assert street.figures("households") == {}
    assert len(build.history().undone) == 1


def test_another_run_is_said_to_be_under_way(street, tmp_path):
    from filelock import FileLock

    test = send(opened(), book(tmp_path, "九月.xlsx", [[TITLE.format(9)], HEADS, ["春和社区", 1, 2, 3]]))
    with FileLock(street.root / ".etl.lock"):
        press(test, "import_confirm")
        assert "另一个装载正在进行，请等它结束后再试。" in said(test)
    press(test, "import_confirm")
    assert "已装载 1 张表、1 行" in said(test)


# ---- uploads ----


def test_uploads_are_kept_for_their_sender_alone_and_for_a_limited_time(tmp_path):
    uploads = Uploads(Home(tmp_path))
    kept = uploads.keep("../../十月 表.xlsx", b"x", "王某")
    path = uploads.path(kept)
    assert path.name == "十月 表.xlsx" and path.read_bytes() == b"x" and tmp_path / "uploads" in path.parents
    assert [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]
    assert uploads.find(kept.id, "王某") == kept
    assert uploads.find(kept.id, "李某") is None and uploads.find("../" + kept.id, "王某") is None
    uploads.sweep(datetime.now(UTC) + timedelta(days=29))
    assert path.is_file()
    uploads.sweep(datetime.now(UTC) + timedelta(days=31))
    assert not path.exists()


def test_an_upload_that_has_expired_goes_back_to_nobody_even_before_it_is_swept(tmp_path):
    uploads, now = Uploads(Home(tmp_path)), datetime.now(UTC)
    kept = uploads.keep("十月表.xlsx", b"x", "王某")
    assert uploads.find(kept.id, "王某", now + timedelta(days=29)) == kept
    assert uploads.find(kept.id, "王某", now + timedelta(days=31)) is None
    # A server on which nobody loads anything: the next file that is kept takes the old ones away.
    old = f"{now - timedelta(days=31):%Y%m%d%H%M%S}" + kept.id[14:]
    uploads.path(kept).parent.rename(tmp_path / "uploads" / old)
    uploads.keep("十一月表.xlsx", b"y", "王某")
    assert not (tmp_path / "uploads" / old).exists() and len(list((tmp_path / "uploads").iterdir())) == 1


def test_names_stay_in_their_folder():
    assert safe_name("..\\..\\a.xlsx") == "a.xlsx"
    assert safe_name("/etc/passwd") == "passwd"
    assert safe_name("") == "未命名"
    assert len(safe_name("长" * 300 + ".xlsx").encode()) <= 200 and safe_name("长" * 300 + ".xlsx").endswith(".xlsx")


def archive(*names: str, content: bytes = b"a,b\n1,2\n") -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as package:
        for name in names:
            package.writestr(name, content)
    return kept.getvalue()


def test_a_zip_is_opened_within_bounds():
    got = list(unpacked("台账.zip", archive("十月/春和.csv", "~$春和.xlsx", "__MACOSX/春和.csv", "读我.md")))
    assert got == [("春和.csv", b"a,b\n1,2\n")]
    # Names as Chinese Windows writes them: GBK without a word about it.
    raw = "望湖.csv".encode("gb18030").decode("cp437")
    package = archive(raw).replace(raw.encode("utf-8"), raw.encode("cp437"))
    assert archive(raw) != package
    for content, sentence in (
        (archive("读我.md"), "没有 Excel 或 CSV 表"),
        (b"PK\x03\x04 broken", "已损坏"),
        (archive(*(f"{n}.csv" for n in range(301))), "太多（301 个，最多 300 个）"),
        (archive("大.csv", content=bytes(100 << 20)), "压缩炸弹"),
        (archive("locked.csv").replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"), "加了密码"),
    ):
        with pytest.raises(Unreadable, match=sentence):
            list(unpacked("x.zip", content))


@pytest.mark.browser
def test_a_journey_with_a_real_file(tmp_path, browser, browser_context_args):
    root = tmp_path / "home"
    (root / "inbox").mkdir(parents=True)
    (root / "demo.removed").write_text("", encoding="utf-8")
    workbook(
        root / "inbox" / "社区名册.xlsx",
        [["社区名称", "所属街道", "类型"], ["春和社区", "柳河街道", "商品房型"], ["望湖社区", "柳河街道", "商品房型"]],
    )
    assert run_etl(root).returncode == 0
    sent = workbook(
        tmp_path / "十月上报.xlsx", [[TITLE.format(10)], HEADS, ["春和社区", 1200, 3100, 1], ["望湖社区", "待定", 3400, 2]]
    )
    with serve(root) as address:
        context = browser.new_context(**browser_context_args, accept_downloads=True)
        page = context.new_page()
        open_page(page, address, "import")
        page.locator("input[type=file]").set_input_files(str(sent))
        page.get_by_role("button", name="确认装载（1 行）").wait_for(timeout=30_000)
        with page.expect_download() as waiting:
            page.get_by_role("button", name="下载标注后的“十月上报.xlsx”").click()
        assert waiting.value.suggested_filename == "十月上报（已标注）.xlsx"
        waiting.value.save_as(tmp_path / "marked.xlsx")
        sheet = openpyxl.load_workbook(tmp_path / "marked.xlsx").worksheets[0]
        assert "不是数字" in sheet["B4"].comment.text
        page.get_by_role("button", name="确认装载（1 行）").click()
        page.get_by_text("已装载 1 张表、1 行；退回 1 行。").wait_for(timeout=30_000)
        assert households(root) == [("春和社区", 1200.0)]
        # Mended in the marked copy and sent again, it replaces.
        sheet["B4"] = 1350
        sheet.parent.save(tmp_path / "十月上报（已标注）.xlsx")
        page.get_by_role("button", name="继续导入").click()
        settle(page)
        page.locator("input[type=file]").set_input_files(str(tmp_path / "十月上报（已标注）.xlsx"))
        page.get_by_role("button", name="确认装载（2 行）").click(timeout=30_000)
        page.get_by_text("已装载 1 张表、2 行；退回 0 行。").wait_for(timeout=30_000)
        assert households(root) == [("春和社区", 1200.0), ("望湖社区", 1350.0)]
        page.get_by_role("button", name="撤销这次导入").click()
        page.get_by_text("这次导入已撤销").wait_for(timeout=30_000)
        assert households(root) == [("春和社区", 1200.0)]
        assert page.locator("[data-testid='stException']").count() == 0
        context.close()


def households(root) -> list[tuple]:
    name = (root / "warehouse" / "current").read_text(encoding="utf-8")
    with duckdb.connect(str(root / "warehouse" / name), read_only=True) as connection:
        return connection.execute(
            "SELECT place_name, value FROM v_figure WHERE dataset = 'street' AND measure = 'households' ORDER BY ALL"
        ).fetchall()
