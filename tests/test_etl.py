"""Real files into a real warehouse, in a home of their own; every figure worked out by hand."""

import datetime as dt
import shutil
import sys

import pytest
from street import COMMUNITIES, HEADS, OCTOBER, Street, table, workbook

from etl.__main__ import main
from etl.seen import Seen
from etl.warehouse import serving
from jiejian.home import BUNDLED_DATA, home


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
