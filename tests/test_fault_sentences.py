"""One workbook with a fault in one cell for each kind of fault, and the exact sentence that it must give."""

from __future__ import annotations

import pytest
from street import Street, workbook

from jiejian.home import home

CONTRACT = """
name: 巡查登记表
table: patrol
sent: register
key: [patrol_no]
happens: patrolled_on
columns:
  patrol_no: {name: 巡查编号, type: text, required: true}
  place: {name: 社区, type: place, required: true}
  patrolled_on: {name: 巡查日期, type: date, required: true}
  finished_at: {name: 处置时刻, type: datetime}
  kind: {name: 巡查类别, type: choice, choices: {安全: [安全生产], 环境: []}}
  found: {name: 发现隐患, type: integer, unit: 处, low: 0, high: 500}
  length: {name: 巡查里程, type: quantity, unit: 米}
  again: {name: 是否复查, type: yes_no}
"""
HEADS = ["巡查编号", "社区", "巡查日期", "处置时刻", "巡查类别", "发现隐患", "巡查里程", "是否复查"]
GOOD = ["1", "春和", "2026-10-05", "2026-10-05 09:30", "安全", "3", "1200", "是"]

DAY, TIME = "请写成 2026-10-31 这样的日期，不能留空。", "请写成 2026-10-31 08:30 这样的时间，没有的留空。"
WHOLE, AMOUNT = "请只填阿拉伯数字（单位：处），没有数的留空。", "请填数字（单位：米），约数可写“约80”“80余”，没有数的留空。"
AGAIN = "请核对是否多写、错写或填错了列，改正后重新上报这一行。"
NAMES = "是新名称或旧名称的，先在社区名册的“简称/曾用名”中登记。"
# head, what the cell says, what is said of it, what to do; a warning leaves the row loaded
STOPS = [
    ("巡查编号", "", "没有填写", "请补填后重新上报这一行。"),
    ("社区", "", "没有填写", "请补填后重新上报这一行。"),
    ("巡查日期", "", "没有填写", "请补填后重新上报这一行。"),
    ("社区", "=1+1", "不在名册中", f"请改成名册中的名称；{NAMES}"),
    ("社区", "春禾社区", "不在名册中，最接近的是“春和社区”", f"请改成名册中的名称，或在“数据导入”中选定是哪一处；{NAMES}"),
    ("巡查日期", "2026-02-30", "没有这一天", DAY),
    ("巡查日期", "26/10/08", "年份只有两位，分不清年、月、日", DAY),
    ("巡查日期", "3/8/2026", "分不清哪个是月、哪个是日", DAY),
    ("巡查日期", "10月8日", "没有写年份", DAY),
    ("巡查日期", "2026年", "只写了年份，没有月和日", DAY),
    ("巡查日期", "2026年10月中旬", "只写到旬，没有写日", DAY),
    ("巡查日期", "09:30", "只有时刻，没有日期", DAY),
    ("巡查日期", "2026-10-01至03", "写的是一段时间，不是一天", DAY),
    ("巡查日期", "1826-10-08", "年份不在 1900 至 2100 之间", DAY),
    ("巡查日期", "国庆后", "不是日期", DAY),
    ("处置时刻", "2026-10-05 25:61", "没有这个时刻", TIME),
    ("巡查类别", "卫生", "不在可选的写法中", "可填：安全、环境。"),
    ("发现隐患", "若干", "不是数字", WHOLE),
    ("发现隐患", "2.5", "应为整数", WHOLE),
    ("发现隐患", "约30", "不是确数", WHOLE),
    ("发现隐患", "501", "大于允许的最大值 500", AGAIN),
    ("发现隐患", "-1", "小于允许的最小值 0", AGAIN),
    ("巡查里程", "100-200", "是区间，不是一个数", AMOUNT),
    ("巡查里程", "3公斤", "单位“公斤”与这一列的单位“米”不一致", AMOUNT),
    ("巡查里程", "1e400", "大得不像一个数", AMOUNT),
    ("是否复查", "大概", "不是“是”或“否”", "请填“是”或“否”，不清楚的留空。"),
]
MARKS = [
    ("巡查日期", "2026年10月", "只写到月，按当月1日计", "如知道日期，请写全年月日。"),
    ("巡查里程", "#REF!", "是公式的错误值，这一格按没有填写处理", "请改正公式，或直接填写数值后重新上报。"),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """All the workbooks loaded at once: file name → the sentences about it, and the numbers of the rows that were loaded."""
    with pytest.MonkeyPatch.context() as patch:
        street = Street(tmp_path_factory.mktemp("faults"), patch)
        street.register()
        contract = home().catalogue / "ledgers" / "patrol.yml"
        contract.parent.mkdir(parents=True)
        contract.write_text(CONTRACT, encoding="utf-8")
        for number, (head, cell, *_) in enumerate([*STOPS, *MARKS]):
            row = [str(number), *GOOD[1:]]
            row[HEADS.index(head)] = cell
            workbook(street.inbox / f"巡查{number}.xlsx", [["巡查登记表"], HEADS, row])
        summary = street.refresh()
        sentences: dict[str, list[str]] = {}
        for file, sentence in street.ask("SELECT file, sentence FROM v_reject"):
            sentences.setdefault(file, []).append(sentence)
        assert not summary.faults and summary.rows_rejected == len(STOPS)
        return sentences, {number for (number,) in street.ask("SELECT patrol_no FROM patrol")}


@pytest.mark.parametrize("number", range(len(STOPS) + len(MARKS)), ids=[f"{head}-{cell}" for head, cell, *_ in [*STOPS, *MARKS]])
def test_a_fault_in_a_cell_says_where_what_and_what_to_do(told, number):
    sentences, loaded = told
    head, cell, clause, advice = [*STOPS, *MARKS][number]
    value = f"的值“{cell}”" if cell else ""
    assert sentences[f"巡查{number}.xlsx"] == [f"文件“巡查{number}.xlsx”工作表“Sheet1”第 3 行“{head}”列{value}{clause}。{advice}"]
    assert (str(number) in loaded) == (number >= len(STOPS)), "an error stops a row, a warning only marks it"
