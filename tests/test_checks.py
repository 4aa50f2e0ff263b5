"""What a statistician would ask about a ledger: real files through the ETL, each fault with its exact sentence."""

import pytest
import xlsxwriter
from street import COMMUNITIES, Street, table, workbook

from jiejian.catalogue import catalogue
from jiejian.home import home
from jiejian.warehouse import Warehouse, serving

HEADS = ["社区", "户数", "常住人口", "代办事项"]


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    found = Street(tmp_path / "home", monkeypatch)
    found.register()
    return found


def said(street: Street) -> list[str]:
    return [s[s.index("第 ") :] for s in street.sentences()]


def notices(street: Street, *kinds: str) -> list[str]:
    rows = street.ask("SELECT kind, sentence FROM notice WHERE dataset = 'street' ORDER BY period_start, sentence")
    return [sentence for kind, sentence in rows if kind in kinds]


# ---- the same key twice ----


def test_the_same_row_twice_is_loaded_once_and_said(street):
    street.monthly("2026年10月", [["春和社区", 100, 300, 4], ["望湖社区", 200, 600, 6], ["春和", "１００", 300, 4]], HEADS)
    street.cases([["A1", "2026-10-04 08:00", "春和", "", ""], ["A1", "2026/10/4 8:00", "春和社区", "", ""]])
    summary = street.refresh()
    assert (summary.exit_code, summary.rows_rejected) == (0, 0)
    assert said(street) == [
        "第 5 行“社区”列的值“春和”与第 3 行完全相同，只载入一次。确是两条的，请用不同的编号区分。",
        "第 3 行“工单编号”列的值“A1”与第 2 行完全相同，只载入一次。确是两条的，请用不同的编号区分。",
    ]
    assert street.ask(
        "SELECT ledger, rows_in, rows_accepted, rows_rejected, warnings FROM load WHERE ledger <> 'communities' ORDER BY 1"
    ) == [
        ("cases", 2, 1, 0, 1),
        ("monthly", 3, 2, 0, 1),
    ]
    assert street.ask("SELECT count(*) FROM observation WHERE dataset = 'street' AND measure = 'households'") == [(2,)]
    assert street.ask("SELECT count(*) FROM case_event") == [(1,)]


def test_two_rows_that_say_different_things_both_come_back(street):
    rows = [["春和社区", 100, 300, 4], ["春和社区", 101, 300, 4], ["春和社区", 100, 300, 4], ["望湖社区", 200, 600, 6]]
    street.monthly("2026年10月", rows, HEADS)
    assert street.refresh().rows_rejected == 3
    assert said(street) == [
        f"第 {row} 行“社区”列的值“春和社区”与第 {other} 行重复。请核对哪一行是对的，删去另一行后重新上报。"
        for row, other in ((3, 4), (4, 3), (5, 3))
    ]
    assert street.figures("households") == {("望湖", "2026-10"): 200}


def test_of_two_loads_the_newest_counts_and_the_difference_is_listed(street):
    street.monthly("2026年10月", [["春和社区", 100, 300, 4], ["望湖社区", 200, 600, 6]], HEADS)
    street.refresh()
    street.monthly("2026年10月", [["望湖社区", 210, 600, ""]], HEADS, name="望湖2026年10月社区基本情况统计表.xlsx")
    street.refresh()
    assert street.figures("households") == {("春和", "2026-10"): 100, ("望湖", "2026-10"): 210}
    assert street.ask("SELECT 地点, 计量项, 单位, 原报, 现用, 原文件, 原单元格, 现用文件, 现用单元格, 情形 FROM v_conflict ORDER BY 计量项") == [
        ("望湖社区", "代办事项", "件", 6, None, "2026年10月社区基本情况统计表.xlsx", "Sheet1!D4", "望湖2026年10月社区基本情况统计表.xlsx", "Sheet1!D3", "两份文件不同"),
        ("望湖社区", "户数", "户", 200, 210, "2026年10月社区基本情况统计表.xlsx", "Sheet1!B4", "望湖2026年10月社区基本情况统计表.xlsx", "Sheet1!B3", "两份文件不同"),
    ]  # fmt: skip
    # Sent again, in the same file, it is a correction by the sender; the first figure is listed beside it, too.
    street.monthly("2026年10月", [["望湖社区", 211, 600, 6]], HEADS, name="望湖2026年10月社区基本情况统计表.xlsx")
    street.refresh()
    assert street.ask("SELECT old_value, new_value, kind FROM conflict WHERE measure = 'households' ORDER BY old_load") == [
        (200, 211, "两份文件不同"),
        (210, 211, "同一文件重报"),
    ]
    source = Warehouse(serving(home()), catalogue())
    assert list(source.conflicts("street")["new_value"]) == [6, 211, 211]
    source.close()


# ---- sizes ----


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (100, 1000, "（上期为 100）"),
        (31000, "3.1", "（上期为 31000；约为上期的一万分之一，可能把“万户”写成“户”）"),
        (31000, 310000000, "（上期为 31000；约为上期的一万倍，可能把“户”写成“万户”）"),
    ],
)
def test_a_jump_says_what_it_may_be(street, before, now, told):
    street.monthly("2026年9月", [["春和社区", before, 300, 4]], HEADS)
    street.monthly("2026年10月", [["春和社区", now, 300, 4]], HEADS)
    assert street.refresh().rows_rejected == 0
    assert said(street) == [
        f"第 3 行“户数”列的值“{now}”不合规则：与上月相差十倍以上，可能多写或少写了一位{told}。"
        "请核对这一格与上月的数字；确属区划调整的，在大事记中登记。"
    ]


def test_nine_times_is_no_jump(street):
    street.monthly("2026年9月", [["春和社区", 100, 300, 4]], HEADS)
    street.monthly("2026年10月", [["春和社区", 999, 300, 4]], HEADS)
    street.refresh()
    assert said(street) == []


# ---- months and places that are missing ----


def test_a_month_that_nobody_sent_and_one_that_a_community_left_out(street):
    for month, names in (("6", "春望"), ("7", "春"), ("9", "春望"), ("10", "春望麦")):
        rows = [[name, 100 + int(month), 300, int(month)] for _, name, *_ in COMMUNITIES if name[0] in names]
        street.monthly(f"2026年{month}月", rows, HEADS)
    assert street.refresh().exit_code == 0
    assert notices(street, "整月缺报", "缺报") == [
        "望湖社区没有报送2026年7月的社区基本情况统计表，前后月份都有。请补报。",
        "2026年8月的社区基本情况统计表没有人报送，前后月份都有。请补报。",
    ]
    source = Warehouse(serving(home()), catalogue())
    assert list(source.notices("street")["kind"]) == ["整月缺报", "缺报"]
    source.close()


# ---- figures that stand still ----


def test_a_flow_that_stands_still_for_six_months(street):
    for month in range(1, 8):
        rows = [["春和社区", 100, 300, 80 if month < 7 else 81], ["望湖社区", 200, 600, 0]]
        rows.append(["麦香社区", 50, 150, 9 if month < 6 else 8])  # five months are not enough
        street.monthly(f"2026年{month}月", rows, HEADS)
    street.refresh()
    assert notices(street, "连续不变") == [
        "春和社区的代办事项从2026年1月到2026年6月连续 6 个月都是 80，可能照抄了上月。请按当月实际发生数核对。"
    ]


def test_a_missing_month_ends_the_run(street):
    for month in (1, 2, 3, 5, 6, 7):
        street.monthly(f"2026年{month}月", [["春和社区", 100, 300, 80]], HEADS)
    street.refresh()
    assert notices(street, "连续不变") == []


def test_a_flow_that_is_the_same_in_all_communities(street):
    names = [*COMMUNITIES, [4, "晴川社区", "柳河街道", "商品房型", ""], [5, "柳荫社区", "柳河街道", "商品房型", ""]]
    street.register(names)
    street.monthly("2026年9月", [[n[1], 100, 300, 20] for n in names], HEADS)
    street.monthly("2026年10月", [[n[1], 100, 300, 20 + n[0]] for n in names], HEADS)
    street.monthly("2026年8月", [[n[1], 100, 300, 20] for n in names[:4]], HEADS)  # four are too few to tell
    street.refresh()
    assert notices(street, "各地相同") == ["2026年9月各社区的代办事项都是 20，可能是统一填写的。请按各社区实际发生数核对。"]


# ---- rules of one's own ----

CONTRACT = """
name: 走访登记
table: visit
sent: month
key: [visit_no]
happens: visited_on
columns:
  visit_no: {name: 编号, type: text, required: true}
  place: {name: 社区, type: place, required: true}
  visited_on: {name: 走访日期, type: date, required: true}
  done: {name: 办结日期, type: date}
  result: {name: 办理结果, type: text}
rules:
  - {kind: needs, columns: [done, result], say: 写了办结日期就要写办理结果。, advice: 请补填办理结果。}
  - {kind: order, columns: [visited_on, done], say: 办结日期不应早于走访日期。, advice: 请核对。}
  - {kind: not_future, columns: [visited_on], say: 走访日期不应晚于今天。, advice: 请核对年份。}
"""


def test_rules_of_a_contract_of_ones_own(street):
    contract = home().catalogue / "ledgers" / "visits.yml"
    contract.parent.mkdir(parents=True)
    contract.write_text(CONTRACT, encoding="utf-8")
    table(
        street.inbox / "走访登记.csv",
        [
            ["编号", "社区", "走访日期", "办结日期", "办理结果"],
            ["1", "春和", "2026-10-01", "2026-10-02", ""],
            ["2", "春和", "2026-10-01", "2026-09-30", "已办"],
            ["3", "春和", "2046-10-01", "", ""],
            ["4", "春和", "2026-10-01", "", ""],
        ],
    )
    assert street.refresh().rows_rejected == 3
    assert said(street) == [
        "第 2 行“办结日期、办理结果”列的值“2026-10-02”不合规则：写了办结日期就要写办理结果。请补填办理结果。",
        "第 3 行“走访日期、办结日期”列的值“2026-10-01、2026-09-30”不合规则：办结日期不应早于走访日期。请核对。",
        "第 4 行“走访日期”列的值“2046-10-01”不合规则：走访日期不应晚于今天。请核对年份。",
    ]


def test_totals_of_rows_and_of_parts(street):
    heads = ["社区", "户数", "常住人口", "户籍人口", "流动人口"]
    rows = [["春和社区", 100, 300, 200, 90], ["望湖社区", 200, 600, 400, 200], ["合计", 310, 900, 600, 290]]
    workbook(street.inbox / "2026年10月社区基本情况统计表.xlsx", [["柳河街道2026年10月社区基本情况统计表"], heads, *rows])
    assert street.refresh().exit_code == 0
    assert said(street) == [
        "第 3 行“常住人口、户籍人口、流动人口”列的值“300、200、90”不合规则：户籍人口与流动人口之和应等于常住人口（相加得 290）。"
        "请核对三栏口径（户籍人口按人户一致统计），有误的改正；口径不同的在备注中写明。",
        "第 5 行“户数”列的值“310”与各行相加的 300 不符。请核对合计或各行，改正后重新上报。",
    ]


# ---- a wrong ledger ----


def test_a_title_that_names_another_ledger_than_the_heads_is_asked(street):
    """The heads are those of 社区基本情况统计表, the title is another ledger's: nothing is loaded until somebody says which."""
    path = workbook(street.inbox / "十月.xlsx", [["柳河街道2026年10月社区考评得分表"], HEADS, ["春和社区", 1, 2, 3]])
    assert street.refresh().faults == [
        f"文件“{path.name}”工作表“Sheet1”的标题写的是“社区考评得分表”，表头却是“社区基本情况统计表”的，分不清是哪种台账。"
        "请核对是不是放错了表或写错了标题，改正后重新上报，或在“数据导入”页上选定。"
    ]
    assert street.figures("households") == {}


def test_a_table_like_a_ledger_of_other_places_comes_back_row_by_row(street):
    """A census has the heads of 社区基本情况统计表; its places are in no register, so no figure of it is loaded."""
    rows = [["2026年10月各地区人口"], ["社区", "户数", "常住人口"], ["甲省", 30, 100], ["乙省", 40, 200]]
    workbook(street.inbox / "普查.xlsx", rows)
    assert street.refresh().rows_rejected == 2
    assert said(street) == [
        f"第 {row} 行“社区”列的值“{name}”不在名册中。请改成名册中的名称；是新名称或旧名称的，先在社区名册的“简称/曾用名”中登记。"
        for row, name in ((3, "甲省"), (4, "乙省"))
    ]
    assert street.figures("households") == {}



def test_sheets_of_one_workbook_that_differ_are_told_when_they_are_loaded(street):
    """Two places of one name on two sheets, or the same table twice with a typing error: the later sheet counts, and it is said."""
    path = street.inbox / "2026年10月社区基本情况统计表.xlsx"
    title = ["柳河街道2026年10月社区基本情况统计表"]
    with xlsxwriter.Workbook(str(path)) as book:
        for name, households in (("甲", 100), ("乙", 120)):
            sheet = book.add_worksheet(name)
            for r, row in enumerate([title, HEADS, ["春和社区", households, 300, 10], ["望湖社区", 200, 500, 20]]):
                sheet.write_row(r, 0, row)
    summary = street.refresh()
    assert (
        "文件“2026年10月社区基本情况统计表.xlsx”的工作表“甲”和“乙”有 1 个数字说的是同一处、同一时间的同一项，却不一样"
        "（如春和社区2026年10月户数：100 和 120），以“乙”的为准。请核对是否把同名的两处写成了一处，或同一张表放了两遍。"
    ) in summary.notes
    assert street.figures("households")["春和", "2026-10"] == 120
    assert street.refresh().notes == [], "what was said once is not said again"
