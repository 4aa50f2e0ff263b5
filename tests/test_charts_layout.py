"""What an official would stumble over in a chart: a name that has no room, figures of two kinds, lines that nobody explains."""

from __future__ import annotations

import numpy as np
import pytest
from frames import CONTEXT, METRICS, at

from jiejian import charts
from jiejian.analysis.relation import Relation
from jiejian.analysis.takeaway.control import Point
from jiejian.context import Context
from jiejian.slides.notes import speaker_notes

FOUND = ("一个十个字以上的标题", "一句话。")


def icicle(branches):
    """A street with one committee for each number, which has so many branches."""
    codes, parents = ["0"], [""]
    for i, count in enumerate(branches):
        codes += [f"{i}", *(f"{i}-{n}" for n in range(count))] if i else [*(f"0-{n}" for n in range(count))]
        parents += ["0", *[f"{i}"] * count] if i else ["0"] * count
    return charts.icicle(codes, parents, codes, [1] * len(codes), [""] * len(codes), CONTEXT, FOUND)


def test_the_smallest_branch_of_a_tree_has_room_for_its_name():
    """Plotly needs 11 px of type and 3 px on both sides, 20 px, of the height below the bar of 22 px; the second level has 23 of them."""
    sizes = [0, *range(34, 106, 3)]
    whole = 1 + sum(1 + n for n in sizes[1:])
    height = icicle(sizes)["layout"]["height"]
    assert (height - 22 - 8) * (1 + 34) / whole >= 20
    assert icicle([0, *[1000] * 5, 1])["layout"]["height"] <= 1200, "a tree of one giant is no taller than two screens"


def test_a_share_that_has_no_room_is_left_out_and_not_cut():
    """Whatever the width of the window: plotly keeps a text inside its segment and hides what would be too small to read."""
    drawn = charts.whole(["甲社区"], ["一", "二"], [[5, 95]], "人", CONTEXT, FOUND)
    assert drawn["layout"]["uniformtext"]["mode"] == "hide" and drawn["layout"]["uniformtext"]["minsize"] >= 11
    assert all(t["constraintext"] == "inside" and t["textangle"] == 0 for t in drawn["data"])


def test_figures_beside_bars_have_as_many_decimals_as_their_neighbours():
    drawn = charts.bars(["甲", "乙", "丙"], [27.9, 27.0, 25.5], "户/人", CONTEXT, FOUND)
    assert [a["text"] for a in drawn["layout"]["annotations"]] == ["27.9", "27.0", "25.5"]
    drawn = charts.bars(["甲", "乙"], [27, 30], "户", CONTEXT, FOUND)
    assert [a["text"] for a in drawn["layout"]["annotations"]] == ["27", "30"]


@pytest.mark.parametrize("largest", [106, 12, 34, 1, 0, 999])
def test_the_longest_bar_takes_most_of_its_room(largest):
    drawn = charts.bars(["甲", "乙"], [largest, 0], "件", CONTEXT, FOUND, ["在办1", ""])
    axis = drawn["layout"]["xaxis"]
    assert axis["range"][1] >= largest and axis["range"][1] <= max(largest, 1) * 1.07 + 1e-9
    assert axis["tickvals"][0] == 0 and axis["tickvals"][-1] <= axis["range"][1]


def test_heads_of_one_line_count_for_the_width_of_a_table_of_shades():
    """志愿网 is as wide as 公共服: beside it each of six columns needs 39 px of type."""
    heads = ["志愿网", "党建网", "公共服\n务网", "综治网", "消防网", "城管网"]
    drawn = charts.matrix(["甲社区"], heads, [[1, 2, 3, 4, 5, 6]], "人", CONTEXT, FOUND)
    assert int(drawn["layout"]["meta"]["least"]) >= 6 * 39
    years = charts.matrix(["甲社区"], ["2025年\n11月", "12月", "2026年\n1月"], [[1, 2, 3]], "人", CONTEXT, FOUND)
    assert int(years["layout"]["meta"]["least"]) < 3 * 45 + 100, "a year may reach over its neighbour, which has none"


def test_heads_of_twelve_months_are_smaller_where_they_would_touch():
    months = ["2025年\n11月", "12月", "2026年\n1月", *(f"{m}月" for m in range(2, 11))]
    narrow = charts.matrix(["支部党员大会次数"], months, [list(range(200, 212))], "次", CONTEXT, FOUND)
    wide = charts.matrix(["甲社区"], months[:4], [[1, 2, 3, 4]], "次", CONTEXT, FOUND)
    assert narrow["layout"]["xaxis"]["tickfont"]["size"] < wide["layout"]["xaxis"]["tickfont"]["size"]


def test_a_funnel_says_what_its_lines_and_its_axis_are():
    figures = {f"第{i}社区": (930 + i % 5, 1000) for i in range(20)} | {"远社区": (500, 1000)}
    drawn = charts.funnel_plot(at("on_time_rate", **figures), METRICS["on_time_rate"], CONTEXT, size="规模：到期诉求（件）")
    written = [a["text"] for a in drawn["layout"]["annotations"]]
    assert "95%" in written and "99.8%" in written
    assert drawn["layout"]["xaxis"]["title"]["text"] == "规模：到期诉求（件）"


def test_a_limit_is_not_said_to_be_the_mean():
    """9.6 and 10.4 are both 10 meetings; a figure above a limit that is also the mean would be a riddle."""
    metric = METRICS["committee_meetings_held"]
    point = Point(metric, "知远社区", "2026年10月", 12, 9.6, 8.8, 10.4, "outside", "improvement", 1, "")
    assert "均值9.6次、上限10.4次" in point.sentence
    far = Point(metric, "知远社区", "2026年10月", 30, 9.6, 0, 20.4, "outside", "improvement", 1, "")
    assert "均值10次、上限20次" in far.sentence


def test_an_interval_shown_as_beginning_at_nought_tells_nothing():
    assert Relation(0.43, 0.004, 0.73, 23).direction == 0
    assert Relation(0.43, 0.01, 0.73, 23).direction == 1
    assert Relation(-0.43, -0.73, -0.004, 23).direction == 0
    assert Relation(np.nan, np.nan, np.nan, 3).direction == 0


def test_the_foot_names_three_sources_and_the_notes_all():
    names = tuple(f"台账{i}" for i in range(1, 10))
    context = Context("示范街道", "demo", "示范街道", True, "全部社区", "2026年10月", "2026-10-31", names)
    assert context.foot == "来源：台账1、台账2、台账3等9项 · 截至 2026-10-31 · 演示数据"
    assert "、".join(names) in speaker_notes((), context, None)


def test_figures_as_reported_name_their_own_ledger(demo):
    """Several ledgers fill one table of figures; what was sent in one of them is not said to be from all of them."""
    assert demo.sources("demo", ("dues_paid_rate",)) == ("党费收缴统计表",)
    # Its column “source” is the channel by which a work came in, not where the figure is from.
    assert demo.sources("demo", ("small_works_done",)) == ("微实项目台账",)
    assert not [s for s in demo.source_list("demo")["title"] if "、" in s]


def test_figures_of_four_digits_are_smaller_where_twelve_stand_in_half_a_page():
    months = [f"{m}月" for m in range(1, 13)]
    tight = charts.matrix(["环境卫生"], months, [list(range(1080, 1092))], "件", CONTEXT, FOUND)
    roomy = charts.matrix(["环境卫生"], months, [list(range(80, 92))], "件", CONTEXT, FOUND)
    sizes = [{a["font"]["size"] for a in drawn["layout"]["annotations"]} for drawn in (tight, roomy)]
    assert sizes == [{11}, {12}]
