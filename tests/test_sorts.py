"""What cells are, thousands at a time, against the same question asked of each by itself."""

from hypothesis import given, settings
from hypothesis import strategies as st

from etl.arrays import texts
from etl.sorts import BLANK, FIGURE, LABEL, NAMED, PERIOD, sort, sorts, together

KNOWN = frozenset(("户数", "常住人口", "人", "任务号", "no", "所属社区", "办结时间", "男性"))

EXPECTED = {
    "": BLANK,
    " \u3000": BLANK,
    "2016": PERIOD,
    "20 16": PERIOD,
    "２０１６年": PERIOD,
    "10月": PERIOD,
    "Q3": PERIOD,
    "第三季度": PERIOD,
    "2026-10-31": PERIOD,
    "2026-10-31 08:30:00": LABEL,
    "12": FIGURE,
    "-1,234.5": FIGURE,
    "１２": FIGURE,
    "96%": FIGURE,
    "20.5": FIGURE,
    "户数": NAMED,
    "户 数": NAMED,
    "户数（户）": NAMED,
    "人(个)": NAMED,
    "NO": NAMED,
    "常住人口/其中：男性": NAMED,
    "其中：户数": NAMED,
    "序号": NAMED,
    "①户数": NAMED,
    "户数多": LABEL,
    "春和社区": LABEL,
    "GD0000000001": LABEL,
    "13800000000转1": LABEL,
    "户数" * 41: LABEL,
}


def test_every_sort_of_cell():
    for way in (sorts, together):
        assert dict(zip(EXPECTED, way(texts(list(EXPECTED)), KNOWN).tolist(), strict=True)) == EXPECTED


@settings(deadline=None)
@given(st.lists(st.text(alphabet="户数常住人口no其中:：男性社区任务12 90年月季度Q0３-./,%()（）①_\n", max_size=12), max_size=40))
def test_together_as_one_by_one(cells):
    assert together(texts(cells), KNOWN).tolist() == [sort(cell, KNOWN) for cell in cells]
