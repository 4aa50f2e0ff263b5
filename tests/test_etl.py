"""Real files into a real warehouse, in a home of their own; every figure worked out by hand."""

import datetime as dt
import shutil
import subprocess
import sys

import pytest
from conftest import run_etl
from filelock import FileLock
from street import COMMUNITIES, REGISTER, Street, table, workbook

from etl import build, demo
from etl.__main__ import main
from etl.run import Busy
from etl.seen import Seen
from etl.warehouse import serving
from jiejian.home import BUNDLED_DATA, PROJECT, home
from jiejian.warehouse import CONFIG

HEADS = ["序号", "社区", "户数", "常住人口", "网格", "代办事项"]
OCTOBER = [
    [1, "春和社区", 1200, 3100, 4, 10],
    [2, "望湖", "1,350", "约3400", "三", "80余"],
    ["", "麦乡村", "１２３０", 2900, "", 7],
    ["合计", "", 3780, 9400, 7, 97],
]


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    return Street(tmp_path / "home", monkeypatch)


@pytest.fixture
def loaded(street) -> Street:
    """A street with its register and one month."""
    street.register()
    street.monthly("2026年10月", OCTOBER, HEADS)
    street.summary = street.refresh()
    return street


# ---- what reaches the warehouse ----


def test_a_month_by_hand(loaded):
    assert (loaded.summary.exit_code, loaded.summary.rows_rejected) == (0, 0)
    assert loaded.figures("households") == {("春和", "2026-10"): 1200, ("望湖", "2026-10"): 1350, ("麦香", "2026-10"): 1230}
    # A blank cell is a report that there is no figure: status M, no value, and no zero.
    assert loaded.figures("grids") == {("春和", "2026-10"): 4, ("望湖", "2026-10"): 3, ("麦香", "2026-10"): None}
    got = loaded.ask(
        """SELECT place_name, measure, value, qualifier, status, written FROM v_observation
           WHERE dataset = 'street' AND (qualifier <> 'exact' OR status <> 'A') ORDER BY measure, place_name"""
    )
    assert got == [
        ("望湖社区", "errands", 80.0, "at_least", "A", "80余"),
        ("麦香社区", "grids", None, "exact", "M", None),
        ("望湖社区", "residents", 3400.0, "about", "A", "约3400"),
    ]


def test_observations_carry_place_period_cell_and_source(loaded):
    (row,) = loaded.ask(
        """SELECT o.place_id, o.grain, CAST(o.period_start AS VARCHAR), CAST(o.period_end AS VARCHAR), o.cell, o.written, v.place_path,
                  v.street_name, v.measure_name, v.unit, v.source_title
           FROM observation o JOIN v_observation v ON v.place_name = '望湖社区' AND v.measure = o.measure
           WHERE o.measure = 'households' AND o.place_id LIKE '%望湖社区'"""
    )
    assert row == (
        *("street/柳河街道/望湖社区", "month", "2026-10-01", "2026-10-31", "Sheet1!C4", "1,350"),
        *("柳河街道/望湖社区", "柳河街道", "户数", "户", "社区基本情况统计表"),
    )


def test_the_columns_of_the_public_view(loaded):
    columns = [name for name, *_ in loaded.ask("DESCRIBE v_observation")]
    expected = (
        "dataset place_path place_name street_name measure measure_name value lower upper unit qualifier status grain "
        "period_start period_end source_title window_text written note"
    )
    assert columns == expected.split()


def test_every_table_is_there_when_empty(street):
    street.refresh()
    names = {name for (name,) in street.ask("SELECT table_name FROM information_schema.tables")}
    expected = (
        "place place_alias place_change observation source load reject event target dataset rollup_day figure difference case_event "
        "activity deliberation project contribution station points_entry social_organisation organisation grid v_observation v_figure"
    )
    assert set(expected.split()) <= names


def test_totals_are_not_counted_twice_and_wrong_ones_are_named(street):
    street.register()
    wrong = [*OCTOBER[:3], ["", "小计", 3780, 9400, 7, 97], ["", "合 计", 3780, 9999, 7, 97], ["", "平均", 1260, 3133, 2, 32]]
    street.monthly("2026年10月", [*wrong, ["注：含暂住人口"], ["填表人：王某", "", "审核人：李某"]], HEADS)
    summary = street.refresh()
    assert summary.exit_code == 0
    assert sum(v for v in street.figures("households").values()) == 3780
    assert street.ask("SELECT rows_in, rows_accepted, rows_rejected, warnings FROM load WHERE ledger = 'monthly'") == [
        (3, 3, 0, 1)
    ]
    assert street.sentences() == [
        "文件“2026年10月社区基本情况统计表.xlsx”工作表“Sheet1”第 7 行“常住人口”列的值“9999”与各行相加的 9400 不符。请核对合计或各行，改正后重新上报。"
    ]


def test_places_come_from_the_register(loaded):
    got = loaded.ask("SELECT place_id, kind, parent_id, sort, peer_group FROM place WHERE dataset = 'street' ORDER BY place_id")
    assert got == [
        ("street/柳河街道", "街道", None, 0, None),
        ("street/柳河街道/春和社区", "社区", "street/柳河街道", 1, "老旧小区型"),
        ("street/柳河街道/望湖社区", "社区", "street/柳河街道", 2, "商品房型"),
        ("street/柳河街道/麦香社区", "社区", "street/柳河街道", 3, "村改居型"),
    ]
    aliases = loaded.ask("SELECT alias FROM place_alias WHERE place_id LIKE 'street%' ORDER BY ALL")
    assert aliases == [("春和",), ("老春和",), ("麦乡村",)]


# ---- idempotence and supersession ----


def test_nothing_new_makes_no_new_version(loaded):
    before = serving(home())
    again = loaded.refresh()
    assert (again.written, again.rebuilt, again.path, again.exit_code) == ([], False, before, 0)
    assert len(list((loaded.root / "loads").glob("*/manifest.json"))) == len(loaded.ask("SELECT 1 FROM load"))


def test_a_later_row_of_the_same_place_and_month_replaces_the_whole_row(loaded):
    loaded.monthly("2026年10月", [["", "望湖社区", 1400, 3500, "", 90]], HEADS, name="更正 2026年10月社区基本情况统计表.xlsx")
    summary = loaded.refresh()
    assert [m.ledger for m in summary.written] == ["monthly"]
    assert loaded.figures("households") == {("春和", "2026-10"): 1200, ("望湖", "2026-10"): 1400, ("麦香", "2026-10"): 1230}
    # The newer row left the grids blank: the older three is gone, not kept.
    assert loaded.figures("grids")["望湖", "2026-10"] is None


def test_a_changed_file_is_loaded_again_and_back_again(loaded):
    changed = [["", "春和社区", 1201, 3100, 4, 10]]
    path = loaded.monthly("2026年10月", changed, HEADS)
    loaded.refresh()
    assert loaded.figures("households") == {("春和", "2026-10"): 1201, ("望湖", "2026-10"): 1350, ("麦香", "2026-10"): 1230}
    workbook(path, [["柳河街道2026年10月社区基本情况统计表"], HEADS, *OCTOBER])
    loaded.refresh()
    assert loaded.figures("households")["春和", "2026-10"] == 1200


def test_a_case_that_is_sent_again_counts_once_with_its_newest_state(street):
    street.register()
    first = ["A1", "2026-09-30 08:00", "春和", "2026-10-07 08:00", ""]
    street.cases([first, ["A2", "2026-10-31 09:00", "望湖", "2026-11-09 09:00", ""]])
    street.refresh()
    assert street.figures("cases_open") == {
        **{("春和", "2026-09"): 1, ("春和", "2026-10"): 1, ("望湖", "2026-09"): 0, ("望湖", "2026-10"): 1},
        **{("麦香", "2026-09"): 0, ("麦香", "2026-10"): 0},
    }
    street.cases([[*first[:4], "2026-10-05 10:00"]], name="十月诉求工单.csv", encoding="gb18030")
    street.refresh()
    assert street.ask("SELECT count(*), count(closed_at) FROM case_event") == [(2, 1)]
    assert street.figures("cases_open")["春和", "2026-10"] == 0
    assert street.figures("cases_closed_on_time")["春和", "2026-10"] == 1


def test_a_damaged_load_is_named(loaded, capsys):
    manifest = next((loaded.root / "loads").glob("*monthly*/manifest.json"))
    manifest.write_text("{", encoding="utf-8")
    assert main([]) == 2
    assert (
        capsys.readouterr().err
        == f"装载记录 {manifest.parent.name} 已损坏。请从备份恢复这个文件夹，或把它移走后重新装载原来的文件。\n"
    )
    shutil.rmtree(manifest.parent)
    (loaded.root / "loads" / "files.json").unlink()
    assert main([]) == 0
    assert loaded.figures("households")["春和", "2026-10"] == 1200


def test_a_sheet_that_a_file_no_longer_has_leaves_no_rejects_behind(street):
    street.register()
    path = workbook(street.inbox / "2026年.xlsx", [["基本情况"], HEADS, ["", "无名社区", 1, 1, 1, 1]], sheet="9月")
    assert street.refresh().rows_rejected == 1
    workbook(path, [["基本情况"], HEADS, ["", "春和社区", 1, 1, 1, 1]], sheet="九月")
    assert (street.refresh().rows_rejected, street.sentences()) == (0, [])
    assert street.figures("households") == {("春和", "2026-09"): 1}


def test_a_file_that_is_gone_keeps_the_streets_rows_and_loses_the_bundled_ones(loaded, monkeypatch, tmp_path):
    shipped = tmp_path / "shipped"
    shutil.copytree(BUNDLED_DATA / "national", shipped / "national")
    monkeypatch.setattr("etl.origins.BUNDLED_DATA", shipped)
    next(loaded.inbox.glob("*统计表.xlsx")).unlink()
    loaded.refresh()
    assert loaded.figures("households")["春和", "2026-10"] == 1200
    assert loaded.ask("SELECT count(*) FROM observation WHERE dataset = 'national'") == [(224,)]
    shutil.rmtree(shipped)
    loaded.refresh()
    assert loaded.ask("SELECT count(*) FROM observation WHERE dataset = 'national'") == [(0,)]
    assert loaded.figures("households")["春和", "2026-10"] == 1200


def test_old_versions_are_kept_for_those_who_still_read_them(loaded):
    for households in (1, 2, 3, 4):
        loaded.monthly("2026年10月", [["", "春和社区", households, 9, 9, 9]], HEADS)
        loaded.refresh()
    left = sorted(p.name for p in (loaded.root / "warehouse").iterdir())
    assert len([n for n in left if n.endswith(".duckdb")]) == 3
    assert (loaded.root / "warehouse" / "current").read_text(encoding="utf-8") in left


# ---- what is rejected ----


def test_rejects_say_where_what_and_what_to_do(street):
    street.register()
    street.monthly(
        "2026年10月",
        [
            ["", "春禾社区", 1, 1, 1, 1],
            ["", "春和社区", "待核实", 1, 1, 1],
            ["", "望湖社区", "", 1, 1, 1],
            ["", "麦香社区", -5, 1, 1, 1],
            ["", "麦香社区", 5, 1, 1, 1],
        ],
        HEADS,
    )
    summary = street.refresh()
    assert (summary.exit_code, summary.rows_rejected) == (1, 5)
    where = "文件“2026年10月社区基本情况统计表.xlsx”工作表“Sheet1”"
    assert street.sentences() == [
        f"{where}第 3 行“社区”列的值“春禾社区”不在名册中，最接近的是“春和社区”。请改成名册中的名称，或在“数据导入”中选定是哪一处；是新名称或旧名称的，先在社区名册的“简称/曾用名”中登记。",
        f"{where}第 4 行“户数”列的值“待核实”不是数字。请填数字（单位：户），约数可写“约80”“80余”，不能留空。",
        f"{where}第 5 行“户数”列没有填写。请补填后重新上报这一行。",
        f"{where}第 6 行“户数”列的值“-5”小于允许的最小值 0。请核对是否多写、错写或填错了列，改正后重新上报这一行。",
        f"{where}第 6 行“社区”列的值“麦香社区”与第 7 行重复。请核对哪一行是对的，删去另一行后重新上报。",
        f"{where}第 7 行“社区”列的值“麦香社区”与第 6 行重复。请核对哪一行是对的，删去另一行后重新上报。",
    ]
    assert street.ask("SELECT count(*) FROM observation WHERE dataset = 'street'") == [(0,)]
    assert street.refresh().exit_code == 1, "an unchanged file still carries its rejects"


def test_rules_of_the_contract(street):
    tomorrow = dt.date.today() + dt.timedelta(days=2)
    street.register()
    street.cases(
        [
            ["A1", "2026-10-05 08:00", "春和", "2026-10-12 08:00", "2026-10-04 08:00"],
            ["A2", f"{tomorrow} 08:00", "春和", "", ""],
            ["A3", "2026-10-05 08:00", "春和", "2026-10-01 08:00", ""],
            ["A4", "2026-10-05 08:00", "春和", "2026-10-12 08:00", "2026-10-31 24:00"],
        ]
    )
    street.refresh()
    where = "文件“诉求工单.csv”"
    assert street.sentences() == [
        f"{where}第 2 行“受理时间、办结时间”列的值“2026-10-05 08:00、2026-10-04 08:00”不合规则：办结时间不应早于受理时间。请核对两个时间是否填反或补录有误，在平台改正后重新导出。",
        f"{where}第 3 行“受理时间”列的值“{tomorrow} 08:00”不合规则：受理时间不应晚于今天。请核对年份和月份，在平台改正后重新导出。",
        f"{where}第 4 行“受理时间、截止时间”列的值“2026-10-05 08:00、2026-10-01 08:00”不合规则：截止时间不应早于受理时间。请核对办理时限与截止时间，在平台改正后重新导出。",
    ]
    assert street.ask("SELECT case_no, CAST(closed_at AS VARCHAR) FROM case_event") == [("A4", "2026-11-01 00:00:00")]


def test_warnings_only_mark(street):
    street.register()
    street.monthly("2026年9月", [["", "春和社区", 120, 3100, 4, 10]], HEADS)
    street.monthly("2026年10月", [["", "春和社区", 1200, 3100, 4, 10]], [*HEADS[:-1], "代办事项", "红心数"][: len(HEADS)])
    summary = street.refresh()
    assert (summary.exit_code, summary.rows_rejected) == (0, 0)
    assert street.sentences() == [
        "文件“2026年10月社区基本情况统计表.xlsx”工作表“Sheet1”第 3 行“户数”列的值“1200”不合规则：与上月相差十倍以上，可能多写或少写了一位"
        "（上期为 120）。请核对这一格与上月的数字；确属区划调整的，在大事记中登记。"
    ]
    assert street.figures("households") == {("春和", "2026-09"): 120, ("春和", "2026-10"): 1200}


def test_a_jump_is_seen_against_a_month_loaded_long_ago(loaded):
    loaded.monthly("2026年11月", [["", "春和社区", 12000, 3100, 4, 10]], HEADS)
    loaded.refresh()
    (sentence,) = loaded.sentences()
    assert "“户数”列的值“12000”不合规则：与上月相差十倍以上，可能多写或少写了一位（上期为 1200）。" in sentence


def test_sheets_that_are_loaded_together_do_not_touch_each_other(street):
    """Three months in one run, each with its own heads, order, total and faults."""
    street.register()
    street.monthly("2026年7月", [[1, "春和社区", 100, 300, 4, 1], ["", "合计", 111, 300, 4, 1]], HEADS)
    heads = ["常住人口（人）", "村居名称", "总户数", "红心"]
    street.monthly("2026年8月", [[310, "春和社区", 110, 1], [320, "望湖社区", "很多", 1], [630, "合计", 999, 2]], heads)
    street.monthly(
        "2026年9月", [["春和社区", 120, 330], ["望湖社区", "", 340], ["春和社区", 121, 330]], ["社区", "户数", "常住人口"]
    )
    summary = street.refresh()
    assert [(m.file[:7], m.rows_in, m.rows_rejected, m.warnings) for m in summary.written if m.ledger == "monthly"] == [
        ("2026年7月", 1, 0, 1),
        ("2026年8月", 2, 1, 1),
        ("2026年9月", 3, 3, 0),
    ]
    assert street.figures("households") == {("春和", "2026-07"): 100, ("春和", "2026-08"): 110}
    # Only July has a column of grids: August and September say nothing about them, not even that they are missing.
    assert street.figures("grids") == {("春和", "2026-07"): 4}
    cells = "SELECT cell FROM observation WHERE measure IN ('households', 'residents') ORDER BY period_start, measure"
    assert [cell for (cell,) in street.ask(cells)] == [
        "Sheet1!C3",
        "Sheet1!D3",
        "Sheet1!C3",
        "Sheet1!A3",
    ]
    # August's total of households is not held against it: one of the rows cannot be read.
    assert [s[s.index("第 ") : s.index("。")] for s in street.sentences()] == [
        "第 4 行“户数”列的值“111”与各行相加的 100 不符",
        "第 2 行“红心”列不在台账约定中，这一列没有载入",
        "第 4 行“总户数”列的值“很多”不是数字",
        "第 3 行“社区”列的值“春和社区”与第 5 行重复",
        "第 4 行“户数”列没有填写",
        "第 5 行“社区”列的值“春和社区”与第 3 行重复",
    ]
    loads = street.ask(
        "SELECT count(DISTINCT load_id), count(DISTINCT load_id || period_start) FROM observation WHERE dataset = 'street'"
    )
    assert loads == [(2, 2)]


def test_heads_in_tens_of_thousands(street):
    street.register()
    heads = ["项目编号", "需求内容", "社区", "征集日期", "费用（万元）"]
    rows = [
        ["P1", "修路", "春和", "2026-05-01", 3.2],
        ["P2", "栽树", "春和", "2026-05-02", "约1.1"],
        ["P3", "路灯", "春和", "2026-05-03", "5000元"],
    ]
    workbook(street.inbox / "共建项目.xlsx", [heads, *rows])
    street.refresh()
    assert street.ask("SELECT project_no, cost_yuan FROM project ORDER BY 1") == [("P1", 32000.0), ("P2", 11000.0)]
    assert [s[s.index("第 ") :] for s in street.sentences()] == [
        "第 4 行“费用（万元）”列的值“5000元”格内写的单位“元”与表头的单位不一致，分不清是哪个数。请填数字（单位：万元），约数可写“约80”“80余”，没有数的留空。"
    ]


def test_columns_that_no_contract_knows_are_named(street):
    street.register()
    street.monthly("2026年10月", [[1, "春和社区", 1200, 3100, 5]], ["序号", "社区", "户数", "常住人口", "红心指数"])
    street.refresh()
    assert street.sentences() == [
        "文件“2026年10月社区基本情况统计表.xlsx”工作表“Sheet1”第 2 行“红心指数”列不在台账约定中，这一列没有载入。"
        "如需载入，请在约定“社区基本情况统计表”中加一列或一个同义词。"
    ]


def test_a_file_that_is_no_ledger_does_not_stop_the_others(loaded):
    (loaded.inbox / "照片.pdf").write_bytes(b"%PDF")
    workbook(loaded.inbox / "通讯录.xlsx", [["姓名", "职务", "手机"], ["甲", "乙", "丙"]])
    summary = loaded.refresh()
    assert summary.exit_code == 1
    assert summary.faults == [
        "文件“照片.pdf”是 PDF 文件，不能读出表格，请向提供的人要原来的 Excel 文件再上报。",
        "文件“通讯录.xlsx”工作表“Sheet1”认不出是哪种台账：表头“姓名、职务、手机”与各台账约定的列名对不上。请对照模板改表头，或在台账约定里加同义词后重新上报。",
    ]
    assert loaded.refresh().faults == summary.faults, "an unusable file is named again until it is mended"
    (loaded.inbox / "照片.pdf").unlink()
    assert [f[:12] for f in loaded.refresh().faults] == ["文件“通讯录.xlsx”"]
    assert len(Seen(home()).all_faults()) == 1
    assert loaded.figures("households")["春和", "2026-10"] == 1200


def test_a_month_without_a_month(street):
    street.register()
    workbook(street.inbox / "基本情况.xlsx", [["社区基本情况统计表"], HEADS, *OCTOBER])
    assert street.refresh().faults == [
        "文件“基本情况.xlsx”工作表“Sheet1”是“社区基本情况统计表”，但标题、工作表名和文件名里都没有月份。请在标题中写明“2026年10月”后重新上报，或在“数据导入”页上选定。"
    ]
    workbook(street.inbox / "基本情况.xlsx", [["2062年10月社区基本情况统计表"], HEADS, *OCTOBER])
    assert street.refresh().faults == [
        "文件“基本情况.xlsx”工作表“Sheet1”是“社区基本情况统计表”，但写的时间从 2062-10-01 起，还没有到。请改正标题中的年份或月份后重新上报。"
    ]


# ---- places that come late or move ----


def test_rows_of_an_unknown_place_are_read_again_when_the_register_knows_it(street):
    street.register(COMMUNITIES[:2])
    street.monthly("2026年10月", OCTOBER[:3], HEADS)
    assert street.refresh().rows_rejected == 1
    street.register(COMMUNITIES)
    summary = street.refresh()
    assert (summary.rows_rejected, summary.exit_code) == (0, 0)
    assert street.figures("households")["麦香", "2026-10"] == 1230
    assert street.sentences() == []


def test_a_street_without_a_register_starts_its_places_from_the_first_month(street):
    street.monthly("2026年9月", OCTOBER[:2], HEADS)
    street.monthly("2026年10月", OCTOBER, HEADS)
    summary = street.refresh()
    assert (summary.rows_rejected, street.figures("households")["春和", "2026-10"]) == (1, 1200)
    assert street.ask("SELECT place_id FROM place WHERE dataset = 'street' ORDER BY sort") == [
        ("street/春和社区",),
        ("street/望湖",),
    ]
    # The register comes later: what was loaded moves to the registered places, and the rejected row is read again.
    street.register()
    assert street.refresh().rows_rejected == 0
    assert street.figures("households") == {
        **{("春和", "2026-09"): 1200, ("望湖", "2026-09"): 1350},
        **{("春和", "2026-10"): 1200, ("望湖", "2026-10"): 1350, ("麦香", "2026-10"): 1230},
    }
    assert street.ask("SELECT count(*) FROM place WHERE dataset = 'street' AND kind = '社区'") == [(3,)]


def test_a_renamed_street_takes_the_history_along(loaded):
    loaded.register([[n, name, "柳河镇", kind, alias] for n, name, _, kind, alias in COMMUNITIES])
    loaded.refresh()
    assert loaded.ask("SELECT DISTINCT place_path FROM v_observation WHERE dataset = 'street' ORDER BY 1") == [
        ("柳河镇/春和社区",),
        ("柳河镇/望湖社区",),
        ("柳河镇/麦香社区",),
    ]


# ---- roll-ups ----


def test_zeros_where_a_system_speaks_for_all_and_gaps_where_a_community_is_silent(street):
    street.register()
    street.cases([["A1", "2026-08-03 08:00", "春和", "", ""], ["A2", "2026-10-02 09:00", "望湖", "", ""]])
    heads = ["活动编号", "活动名称", "社区", "活动日期", "活动类型", "参加人次"]
    held = [["H1", "义诊", "春和", "2026-08-05", "义诊", 30], ["H2", "市集", "春和", "2026.10.6", "集市", "约50"]]
    workbook(street.inbox / "活动台账.xlsx", [heads, *held, ["H3", "宣讲", "望湖", "2026年10月7日", "宣讲", ""]])
    street.refresh()
    assert street.figures("cases_opened") == {
        **{("春和", "2026-08"): 1, ("春和", "2026-09"): 0, ("春和", "2026-10"): 0},
        **{("望湖", "2026-08"): 0, ("望湖", "2026-09"): 0, ("望湖", "2026-10"): 1},
        **{("麦香", "2026-08"): 0, ("麦香", "2026-09"): 0, ("麦香", "2026-10"): 0},
    }
    # Activities are sent by each community: no row in a month is a gap, in all measures of the table.
    assert street.figures("activity_sessions") == {("春和", "2026-08"): 1, ("春和", "2026-10"): 1, ("望湖", "2026-10"): 1}
    assert street.figures("market_sessions") == {("春和", "2026-08"): 0, ("春和", "2026-10"): 1, ("望湖", "2026-10"): 0}
    # The one activity of 望湖 has no attendances written down: that is not zero persons.
    assert street.figures("activity_attendances") == {("春和", "2026-08"): 30, ("春和", "2026-10"): 50, ("望湖", "2026-10"): None}
    by_type = street.ask(
        """SELECT place_name, CAST(period_start AS VARCHAR), category, value FROM v_figure
           WHERE measure = 'activity_sessions' AND breakdown = 'activity_type' ORDER BY ALL"""
    )
    assert by_type == [
        ("春和社区", "2026-08-01", "健康养老", 1.0),
        ("春和社区", "2026-10-01", "便民集市", 1.0),
        ("望湖社区", "2026-10-01", "政策宣传", 1.0),
    ]
    assert street.ask(
        "SELECT measure, CAST(day AS VARCHAR), value FROM rollup_day WHERE measure = 'activity_attendances' ORDER BY day"
    ) == [
        ("activity_attendances", "2026-08-05", 30.0),
        ("activity_attendances", "2026-10-06", 50.0),
    ]


def test_balances_of_registers(street):
    """Stations: one from before, one that opens in September, one that closes in October."""
    street.register()
    street.monthly("2026年8月", [["", "春和社区", 1, 1, 1, 1]], HEADS)
    street.monthly("2026年10月", [["", "春和社区", 1, 1, 1, 1]], HEADS)
    heads = ["阵地编号", "阵地名称", "社区", "建筑面积(平方米)", "启用日期", "停用日期", "夜间开放"]
    rows = [
        ["Z1", "党群服务中心", "春和", 1300, "2020-05-01", "", "是"],
        ["Z2", "公园驿站", "春和", 150, "2026-09-15", "", "否"],
        ["Z3", "居住驿站", "春和", 200, "", "2026-10-31", ""],
        ["Z4", "驿站", "望湖", "", "2026-10-20", "", "是"],
    ]
    workbook(street.inbox / "阵地台账.xlsx", [heads, *rows])
    street.refresh()
    assert street.figures("stations_open") == {
        **{("春和", "2026-08"): 2, ("春和", "2026-09"): 3, ("春和", "2026-10"): 2},
        **{("望湖", "2026-08"): 0, ("望湖", "2026-09"): 0, ("望湖", "2026-10"): 1},
    }
    assert street.figures("stations_night") == {
        **{("春和", "2026-08"): 1, ("春和", "2026-09"): 1, ("春和", "2026-10"): 1},
        **{("望湖", "2026-08"): 0, ("望湖", "2026-09"): 0, ("望湖", "2026-10"): 1},
    }
    # Before it opened there was nothing; the station without an area then gives no area, not an area of zero.
    assert street.figures("station_floor_area") == {
        **{("春和", "2026-08"): 1500, ("春和", "2026-09"): 1650, ("春和", "2026-10"): 1450},
        **{("望湖", "2026-08"): 0, ("望湖", "2026-09"): 0, ("望湖", "2026-10"): None},
    }


def test_backlog_and_due_dates(street):
    street.register()
    street.cases(
        [
            ["A1", "2026-08-30 08:00", "春和", "2026-09-06 08:00", "2026-09-05 08:00"],
            ["A2", "2026-08-31 08:00", "春和", "2026-09-07 08:00", "2026-10-01 08:00"],
            ["A3", "2026-09-02 08:00", "春和", "2026-09-09 08:00", ""],
            ["A4", "2026-10-31 08:00", "春和", "2026-11-07 08:00", ""],
        ]
    )
    street.refresh()

    def spring(measure: str) -> list[float]:
        return [v for (place, _), v in sorted(street.figures(measure).items()) if place == "春和"]

    assert spring("cases_opened") == [2, 1, 1]
    assert spring("cases_open") == [2, 2, 2]
    assert spring("cases_closed") == [0, 1, 1]
    # Due in September: three; on time: one. What falls due after the last day of the data is not counted.
    assert (spring("cases_due"), spring("cases_closed_on_time")) == ([0, 3, 0], [0, 1, 0])
    assert street.ask("SELECT CAST(as_of AS VARCHAR) FROM dataset WHERE dataset = 'street'") == [("2026-10-31",)]


def test_a_month_that_is_not_over_is_provisional(street):
    street.register()
    street.cases([["A1", "2026-09-30 08:00", "春和", "", ""], ["A2", "2026-10-09 08:00", "春和", "", ""]])
    street.refresh()
    got = street.ask(
        """SELECT CAST(period_start AS VARCHAR), status FROM v_figure
           WHERE measure = 'cases_opened' AND place_name = '春和社区' AND breakdown = '' ORDER BY 1"""
    )
    assert got == [("2026-09-01", "A"), ("2026-10-01", "P")]


def test_persons_are_counted_once_in_each_period(street):
    street.register()
    heads = ["流水号", "日期", "社区", "志愿者编号", "类型", "获得积分", "兑换积分"]
    rows = [
        ["L1", "2026-01-05", "春和", "V1", "获得", 10, ""],
        ["L2", "2026-01-09", "春和", "V1", "获得", 10, ""],
        ["L3", "2026-02-05", "春和", "V1", "获得", 10, ""],
        ["L4", "2026-02-06", "春和", "V2", "获得", 10, ""],
        ["L5", "2026-02-07", "望湖", "V2", "获得", 10, ""],
        ["L6", "2026-03-31", "望湖", "V3", "兑换", "", 5],
    ]
    table(street.inbox / "积分流水.csv", [heads, *rows])
    street.refresh()
    month = street.figures("active_volunteers")
    assert [month["春和", f"2026-0{m}"] for m in (1, 2, 3)] == [1, 2, 0]
    assert [month["望湖", f"2026-0{m}"] for m in (1, 2, 3)] == [0, 1, 0]
    assert [month["柳河街道", f"2026-0{m}"] for m in (1, 2, 3)] == [1, 2, 0], (
        "a volunteer in two communities is one person of the street"
    )
    assert street.figures("active_volunteers", grain="quarter") == {
        ("春和", "2026-01"): 2,
        ("望湖", "2026-01"): 1,
        ("柳河街道", "2026-01"): 2,
        ("麦香", "2026-01"): 0,
    }
    to_date = street.ask(
        """SELECT CAST(period_end AS VARCHAR), value FROM v_figure
           WHERE measure = 'active_volunteers' AND grain = 'ytd' AND place_name = '春和社区' ORDER BY 1"""
    )
    assert to_date == [("2026-01-31", 1.0), ("2026-02-28", 2.0), ("2026-03-31", 2.0)]
    assert street.figures("active_volunteers", grain="year") == {}, "the year is not over"


def test_reported_and_rolled_up_are_shown_once(street, tmp_path):
    """An overlay counts the grids from their register too; each measure's precedence decides, differences are listed."""
    overlay = street.root / "catalogue"
    overlay.mkdir()
    street.register()
    street.monthly("2026年10月", OCTOBER, HEADS)
    grids = [
        ["G1", "第一网格", "春和", "2020-01-01"],
        ["G2", "第二网格", "春和", "2020-01-01"],
        ["G3", "第一网格", "麦香", "2020-01-01"],
    ]
    workbook(street.inbox / "网格台账.xlsx", [["网格编码", "网格名称", "所属社区", "启用日期"], *grids])
    for precedence, expected in (("reported", (4, 3, 1)), ("rolled_up", (2, 3, 1))):
        block = f"grids: {{rollup: {{table: grid, start: started_on, end: ended_on}}, precedence: {precedence}}}\n"
        (overlay / "measures.yml").write_text(block, encoding="utf-8")
        street.refresh()
        got = street.figures("grids")
        assert [got[p, "2026-10"] for p in ("春和", "望湖", "麦香")] == [*expected], precedence
        assert street.ask("SELECT place_id, reported, rolled_up FROM difference") == [("street/柳河街道/春和社区", 4.0, 2.0)]


def test_targets_and_chronicle_may_speak_of_the_whole_street(street):
    street.register()
    heads = ["年度", "指标", "社区", "目标值"]
    rows = [
        [2026, "户数", "全街道", 4000],
        [2026, "常住人口", "全街道", 9000],
        [2026, "常住人口", "", 9100],
        ["2026年", "按期办结率", "春和", 95],
        ["2026年", "无此指标", "春和", 1],
    ]
    workbook(street.inbox / "目标任务分解表.xlsx", [heads, *rows])
    workbook(street.inbox / "大事记.xlsx", [["序号", "日期", "事项", "社区"], ["1", dt.date(2026, 5, 1), "启用新平台", ""]])
    street.refresh()
    got = street.ask(
        "SELECT place_id, metric, CAST(period_start AS VARCHAR), CAST(period_end AS VARCHAR), target_value FROM target ORDER BY metric"
    )
    assert got == [
        ("street/柳河街道", "households", "2026-01-01", "2026-12-31", 4000.0),
        ("street/柳河街道/春和社区", "on_time_rate", "2026-01-01", "2026-12-31", 95.0),
    ]
    assert [s[s.index("第 ") :] for s in street.sentences()] == [
        "第 3 行“年度、指标、社区”列的值“2026、常住人口、全街道”与第 4 行重复。请核对哪一行是对的，删去另一行后重新上报。",
        "第 4 行“年度、指标、社区”列的值“2026、常住人口”与第 3 行重复。请核对哪一行是对的，删去另一行后重新上报。",
        "第 6 行“指标”列的值“无此指标”不是目录中的指标。请写成指标目录中的名称。",
    ]
    assert street.ask("SELECT place_id, what FROM event") == [("street/柳河街道", "启用新平台")]


# ---- persons ----


def test_names_and_numbers_of_persons_are_never_stored(street):
    street.register()
    rows = [
        ["A1", "2026-10-02 09:00", "春和", "", "", "王小明", "13800001111"],
        ["A2", "2026-10-40", "春和", "", "", "李小红", "13900002222"],
    ]
    street.cases(rows, extra=("反映人", "联系电话"))
    heads = ["流水号", "日期", "社区", "志愿者编号", "类型", "获得积分"]
    table(street.inbox / "一月积分流水.csv", [heads, ["L1", "2026-01-05", "春和", "YG-007", "获得", 10]])
    table(
        street.inbox / "二月积分流水.csv",
        [heads, ["L2", "2026-02-05", "春和", "ＹＧ-007 ", "获得", 10], ["L3", "2026-02-05", "无名", "YG-009", "获得", 1]],
    )
    street.refresh()
    assert street.ask("SELECT count(*), count(DISTINCT volunteer), min(length(volunteer)) FROM points_entry") == [(2, 1, 16)]
    assert "reporter" not in {name for name, *_ in street.ask("DESCRIBE case_event")}
    key = street.root / "pseudonym.key"
    assert sys.platform == "win32" or key.stat().st_mode & 0o777 == 0o600
    for path in street.root.rglob("*"):
        if path.is_file() and street.inbox not in path.parents:
            content = path.read_bytes()
            for secret in ("王小明", "13800001111", "李小红", "YG-007", "YG-009"):
                assert secret.encode() not in content, (path, secret)


# ---- what ships ----


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Street:
    """A home with nothing but what ships."""
    with pytest.MonkeyPatch.context() as patch:
        street = Street(tmp_path_factory.mktemp("shipped"), patch, shipped=True)
        street.summary = street.refresh()
        yield street


def test_the_published_figures_of_the_articles(shipped):
    assert shipped.summary.exit_code == 0, shipped.summary.faults
    assert shipped.ask("SELECT rows_in, rows_rejected FROM load WHERE ledger = 'published_figures'") == [(219, 0)]
    got = shipped.ask(
        """SELECT place_name, measure, value, lower, upper, qualifier, grain, period_start, written, source_title FROM v_observation
           WHERE dataset = 'articles' AND measure IN ('floor_area_per_station', 'months_in_use') ORDER BY measure"""
    )
    assert [row[:9] for row in got] == [
        ("利津县", "floor_area_per_station", None, 150.0, 1000.0, "range", "as_of", None, "150—1000平方米"),
        ("玉龙湖社区", "months_in_use", 2.0, None, None, "below", "since", None, "不足两个月"),
    ]
    assert [row[9].split(":")[0].split("：")[0] for row in got] == ["利津县", "北镇街道"]
    assert shipped.ask("SELECT cell FROM observation WHERE measure = 'months_in_use'") == [("000-002/8",)]


def test_the_national_series(shipped):
    got = shipped.ask(
        """SELECT year(period_start), measure, value, qualifier, written FROM v_observation
           WHERE dataset = 'national' AND year(period_start) IN (2011, 2020, 2024) AND measure IN ('cpc_members', 'cpc_organisations', 'cpc_women_share')
             AND status = 'A' ORDER BY 1, 2"""
    )
    assert got == [
        (2011, "cpc_members", 82602000.0, "exact", "8260.2万名"),
        (2011, "cpc_organisations", 4027000.0, "exact", "402.7万个"),
        (2011, "cpc_women_share", 23.3, "exact", "23.3"),
        (2020, "cpc_members", 93278000.0, "derived", "9327.8万名"),
        (2020, "cpc_organisations", 4819000.0, "derived", "481.9万个"),
        (2024, "cpc_members", 100271000.0, "exact", "10027.1万名"),
        (2024, "cpc_organisations", 5250000.0, "exact", "525.0万个"),
        (2024, "cpc_women_share", 30.9, "exact", "30.9"),
    ]


def test_the_demo_adds_up(demo_home):
    """Every row of the made-up street is loaded or rejected, and the figures add up to the rows."""
    import duckdb

    path = demo_home / "warehouse" / (demo_home / "warehouse/current").read_text()
    # The same configuration as the application's: whichever test comes first, one process may hold the file but one way.
    with duckdb.connect(str(path), read_only=True, config=CONFIG) as connection:

        def one(sql: str):
            return connection.execute(sql).fetchone()

        assert one("SELECT sum(rows_in - rows_accepted - rows_rejected) FROM load") == (0,)
        cases, accepted = (
            one("SELECT count(*) FROM case_event"),
            one("SELECT sum(rows_accepted) FROM load WHERE ledger = 'cases' AND active"),
        )
        assert cases == accepted
        assert (
            one("SELECT sum(value) FROM figure WHERE dataset = 'demo' AND measure = 'cases_opened' AND breakdown = ''") == cases
        )
        by_channel = "SELECT sum(value) FROM figure WHERE dataset = 'demo' AND measure = 'cases_opened' AND breakdown = 'channel'"
        assert one(by_channel) == cases
        last_open = """SELECT sum(value) FROM figure WHERE measure = 'cases_open'
                       AND period_start = (SELECT max(period_start) FROM figure WHERE measure = 'cases_open')"""
        assert one(last_open) == one(
            "SELECT count(*) FROM case_event WHERE closed_at IS NULL OR closed_at::DATE > (SELECT as_of FROM dataset WHERE dataset = 'demo')"
        )
        doubled = "SELECT count(*) FROM (SELECT 1 FROM figure WHERE period_start IS NOT NULL GROUP BY dataset, place_id, measure, grain, period_start, period_end, breakdown, category HAVING count(*) > 1)"
        assert one(doubled) == (0,)


# ---- command line ----


def test_exit_codes_path_and_status(tmp_path, monkeypatch):
    """As a person would type it, in processes of their own."""
    street = Street(tmp_path / "home", monkeypatch)
    nothing = run_etl(street.root, "path")
    assert (nothing.returncode, nothing.stderr) == (2, "还没有数据。运行 python -m etl 装载。\n")
    street.register()
    street.monthly("2026年10月", OCTOBER, HEADS)
    good = run_etl(street.root)
    assert (good.returncode, good.stderr.strip()) == (0, ""), good.stdout + good.stderr
    assert "社区基本情况统计表" in good.stdout
    found = run_etl(street.root, "path")
    assert found.stdout == f"{serving(home())}\n"
    street.monthly("2026年9月", [["", "无名社区", 1, 1, 1, 1]], HEADS)
    assert run_etl(street.root).returncode == 1
    status = run_etl(street.root, "status")
    assert status.returncode == 0
    assert "退回 1 处，提示 0 处，不能用的文件 0 个。" in status.stdout
    assert "值“无名社区”不在名册中" in status.stdout


def test_a_cold_start_does_without_pandas(street):
    """Importing it would cost as much as everything else at a start."""
    street.register()
    code = "import sys; from etl.__main__ import main; main([]); sys.exit(77 if 'pandas' in sys.modules else 0)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True).returncode == 0


def test_loading_one_file(street, tmp_path, capsys):
    register = workbook(tmp_path / "名册.xlsx", [REGISTER, *COMMUNITIES])
    assert main(["load", str(register)]) == 0
    assert street.ask("SELECT count(*) FROM place WHERE dataset = 'street'") == [(4,)]
    capsys.readouterr()
    assert main(["load", str(register)]) == 0
    assert "未变化" in capsys.readouterr().out
    assert main(["load", str(tmp_path / "没有.xlsx")]) == 2
    assert capsys.readouterr().err == f"找不到文件：{tmp_path / '没有.xlsx'}。请检查路径。\n"
    strange = str(workbook(tmp_path / "b.xlsx", [["甲", "乙", "丙"], [1, 2, 3]]))
    for _ in range(2):  # of no use once, of no use again
        assert main(["load", strange]) == 2
        assert "认不出是哪种台账" in capsys.readouterr().out
    assert main(["load", str(register), "--dataset", "elsewhere"]) == 2
    assert capsys.readouterr().err == "没有数据集“elsewhere”，可选：street、demo、articles、national、statistics。\n"


def test_a_contract_of_ones_own(street, tmp_path, capsys):
    street.register()
    street.refresh()
    contract = tmp_path / "lectures.yml"
    contract.write_text(
        "name: 宣讲台账\ntable: lecture\nsent: register\nkey: [lecture_no]\nhappens: held_on\ncolumns:\n"
        "  lecture_no: {name: 宣讲编号, type: text}\n  place: {name: 社区, type: place, required: true}\n"
        "  held_on: {name: 宣讲日期, type: date}\n  hearers: {name: 听众, type: integer, unit: 人}\n",
        encoding="utf-8",
    )
    file = table(tmp_path / "宣讲.csv", [["宣讲编号", "社区", "宣讲日期", "听众"], ["X1", "春和", "2026-05-04", "35"]])
    assert main(["load", str(file), "--contract", str(contract)]) == 0
    expected = [("street/柳河街道/春和社区", dt.date(2026, 5, 4), 35)]
    assert street.ask("SELECT place_id, held_on, hearers FROM lecture") == expected
    street.refresh()
    assert street.ask("SELECT place_id, held_on, hearers FROM lecture") == expected, "it lives on in the home's catalogue"
    contract.write_text("name: 宣讲台账\ntable: lecture\ncolumn: {}\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["load", str(file), "--contract", str(contract)]) == 2
    assert "lectures.yml" in capsys.readouterr().err


def test_one_run_at_a_time(street, capsys):
    with FileLock(street.root / ".etl.lock"):
        with pytest.raises(Busy):
            build.refresh()
        assert main([]) == 2
    assert capsys.readouterr().err == "另一个装载正在进行，请等它结束后再试。\n"


def test_ensure_builds_once_and_again_when_the_catalogue_changes(street):
    first = build.ensure()
    assert build.ensure() == first
    overlay = street.root / "catalogue"
    overlay.mkdir()
    (overlay / "measures.yml").write_text("households: {name: 住户数}\n", encoding="utf-8")
    second = build.ensure()
    assert second != first
    assert street.ask("SELECT name FROM measure WHERE measure = 'households'") == [("住户数",)]


def test_a_fault_in_the_catalogue_is_a_sentence(street, capsys):
    overlay = street.root / "catalogue"
    overlay.mkdir()
    (overlay / "measures.yml").write_text("households: {nam: 住户数}\n", encoding="utf-8")
    assert main([]) == 2
    assert "measures.yml" in capsys.readouterr().err


def test_the_demo_can_be_put_away(street):
    (street.root / "demo.removed").unlink()
    workbook(street.root / "demo" / "名册.xlsx", [REGISTER, *COMMUNITIES])
    stamp = street.root / "demo" / demo.STAMP
    stamp.write_text(demo._mark(demo.SEED), encoding="utf-8")
    assert main([]) == 0
    assert street.ask("SELECT count(*) FROM place WHERE dataset = 'demo'") == [(4,)]
    assert main(["demo", "--remove"]) == 0
    assert street.ask("SELECT count(*) FROM place WHERE dataset = 'demo'") == [(0,)]
    assert (street.root / "demo.removed").is_file()
    assert main([]) == 0
    assert not (street.root / "demo").exists(), "put away for good"
