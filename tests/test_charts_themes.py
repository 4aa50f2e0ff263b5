"""The charts of the working fields: valid, in Chinese, without NaN, honest about nothing, and the figures where they belong."""

import json
from datetime import date

import plotly.graph_objects as go
import pytest
from frames import CONTEXT

from jiejian import charts
from jiejian.analysis.survival import closed_by_day

FOUND = ("这里是一句结论的标题", "一句说明。")
CURVE = closed_by_day([1, 2, 3, 9], [50, 20, 10, 0], [0, 0, 0, 20])
SITES = [
    {"name": "春和驿站", "lon": 117.2, "lat": 39.1, "words": "150平方米", "night": True, "place_id": "a"},
    {"name": "望湖驿站", "lon": 117.21, "lat": 39.12, "words": "300平方米<b>", "night": False, "place_id": "b"},
    {"name": "无坐标", "lon": None, "lat": None, "words": ""},
]
AREA = {"geometry": {"type": "MultiPolygon", "coordinates": [[[[117, 39], [117.3, 39], [117.3, 39.3], [117, 39]]]]}}
MADE = {
    "bars": lambda: charts.bars(["甲", "乙<i>"], [12, None], "件", CONTEXT, FOUND, ["在办3", ""], ["甲"], ["id1", "id2"]),
    "whole": lambda: charts.whole(["甲", "乙"], list("一二三四五六七"), [[9, 8, 7, 6, 5, 2, 1], [0] * 7], "件", CONTEXT, FOUND),
    "steps": lambda: charts.steps(["收集", "达成", "完成"], [267, 168, 120], "件", CONTEXT, FOUND, ["", "中位12天", ""]),
    "matrix": lambda: charts.matrix(["甲", "乙"], ["2025年\n11月", "12月"], [[1, None], [30, 4]], "件", CONTEXT, FOUND),
    "columns": lambda: charts.columns_over_time(["1月", "2月", "3月"], [3, None, 5], "场", CONTEXT, FOUND),
    "curves": lambda: charts.closing_curves({"1天": CURVE, "1周": CURVE}, CONTEXT, FOUND, [("1天", 1), ("1周", 7)]),
    "icicle": lambda: charts.icicle(["a", "b", "c"], ["", "a", "b"], ["街道", "社区", "网格"], [1, 1, 1], ["", "", "党员3名"], CONTEXT, FOUND),
    "sankey": lambda: charts.sankey([f"单位{i}" for i in range(14)], ["春和社区"] * 14, list(range(1, 15)), "元", CONTEXT, FOUND),
    "calendar": lambda: charts.calendar({date(2026, 9, 3): 2, date(2026, 10, 31): 1}, date(2026, 9, 1), date(2026, 10, 31), "场", CONTEXT, FOUND),
    "site_map": lambda: charts.site_map(SITES, CONTEXT, FOUND, [AREA], 0.8, "CGCS2000", "审图号：演示"),
    "tile_grid": lambda: charts.tile_grid(["甲社区", "乙社区"], [3, None], ["3处", "没有"], CONTEXT, FOUND, ["a", "b"]),
}
EMPTY = {
    "bars": lambda: charts.bars([], [], "件", CONTEXT, FOUND),
    "bars of gaps": lambda: charts.bars(["甲"], [None], "件", CONTEXT, FOUND),
    "whole": lambda: charts.whole(["甲"], ["一"], [[0]], "件", CONTEXT, FOUND),
    "steps": lambda: charts.steps(["收集"], [0], "件", CONTEXT, FOUND),
    "matrix": lambda: charts.matrix(["甲"], ["一"], [[None]], "件", CONTEXT, FOUND),
    "columns": lambda: charts.columns_over_time(["1月"], [None], "场", CONTEXT, FOUND),
    "curves": lambda: charts.closing_curves({"1天": closed_by_day([], [], [])}, CONTEXT, FOUND),
    "icicle": lambda: charts.icicle([], [], [], [], [], CONTEXT, FOUND),
    "sankey": lambda: charts.sankey([], [], [], "元", CONTEXT, FOUND),
    "calendar": lambda: charts.calendar({}, date(2026, 9, 1), date(2026, 9, 30), "场", CONTEXT, FOUND),
    "site_map": lambda: charts.site_map(SITES[2:], CONTEXT, FOUND),
    "tile_grid": lambda: charts.tile_grid([], [], [], CONTEXT, FOUND),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_a_chart_is_valid_and_says_what_it_is(name):
    figure = MADE[name]()
    go.Figure(figure)  # plotly's own validation
    json.dumps(figure, allow_nan=False)
    said = figure["layout"]["meta"]
    assert said["title"] == FOUND[0] and "演示数据" in said["foot"] and said["reading"] and said["alt"].startswith(FOUND[0])
    assert figure["layout"]["showlegend"] is False


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_is_said_to_be_nothing(name):
    figure = EMPTY[name]()
    go.Figure(figure)
    (words,) = figure["layout"]["annotations"]
    assert len(words["text"]) > 6 and figure["layout"]["meta"]["title"] == FOUND[0]


def test_parts_add_up_to_a_hundred_and_small_ones_are_gathered():
    data = MADE["whole"]()["data"]
    assert [trace["name"] for trace in data] == ["一", "二", "三", "四", "五", "其他"]
    assert sum(trace["x"][0] for trace in data) == pytest.approx(100)
    assert data[-1]["x"][0] == pytest.approx(100 * 3 / 38) and data[0]["x"][1] == 0


def test_the_share_that_went_on_is_of_the_step_before():
    texts = [a["text"] for a in MADE["steps"]()["layout"]["annotations"]]
    assert texts == ["267件", "168件　63% 进入　中位12天", "120件　71% 进入"]  # 168/267, 120/168


def test_a_curve_counts_open_cases_and_marks_the_tiers():
    figure = charts.closing_curves({"1周": CURVE}, CONTEXT, FOUND, [("1天", 1), ("1周", 7), ("1年", 365)])
    line = next(t for t in figure["data"] if t.get("hovertext"))
    assert line["y"] == pytest.approx([0, 50, 70, 80, 80])  # of a hundred cases, twenty are open after nine days
    words = [a["text"] for a in figure["layout"]["annotations"]]
    assert "1周 80.0%" in words and {"1天", "1周"} <= set(words)


def test_at_most_ten_givers_are_shown():
    trace = MADE["sankey"]()["data"][0]
    givers = [n for n in trace["node"]["label"] if n.startswith("单位") or n.startswith("其他")]
    assert len(givers) == 10 and "其他单位" in givers
    assert sum(trace["link"]["value"]) == sum(range(1, 15))


def test_a_calendar_has_a_cell_for_every_day():
    z = MADE["calendar"]()["data"][0]["z"]
    assert sum(v for row in z for v in row if v is not None) == 3
    assert sum(v is not None for row in z for v in row) == 61  # September and October


def test_a_map_names_its_coordinates_and_leaves_out_what_has_none():
    figure = MADE["site_map"]()
    marks = [t for t in figure["data"] if t.get("mode") == "markers"]
    assert sum(len(t["x"]) for t in marks) == 2 and not any("http" in json.dumps(t) for t in figure["data"])
    words = " ".join(a["text"] for a in figure["layout"]["annotations"])
    assert "坐标系：CGCS2000" in words and "审图号：演示" in words


def test_names_from_ledgers_are_shown_as_they_are():
    for name in ("bars", "site_map"):
        figure = MADE[name]()
        text = json.dumps([figure["data"], figure["layout"]["annotations"], figure["layout"].get("yaxis")], ensure_ascii=False)
        assert "<i>" not in text and "平方米<b>" not in text


@pytest.mark.parametrize("kind", ["bars", "whole", "matrix"])
def test_two_hundred_communities_fit_on_two_screens(kind):
    """The first fifty are drawn, and the sentence says so; the table has them all."""
    names = [f"社区{n}" for n in range(200)]
    figure = {
        "bars": lambda: charts.bars(names, list(range(200)), "件", CONTEXT, ("题目", "一句话。"), [f"另{n}件" for n in range(200)]),
        "whole": lambda: charts.whole(names, ["甲", "乙"], [[n, 1] for n in range(200)], "件", CONTEXT, ("题目", "一句话。")),
        "matrix": lambda: charts.matrix(names, ["甲", "乙"], [[n, 1] for n in range(200)], "件", CONTEXT, ("题目", "一句话。")),
    }[kind]()
    assert figure["layout"]["height"] <= 2 * 800
    assert figure["layout"]["meta"]["takeaway"] == "一句话。图上列出200行中的前50行，全部在表格里。"
    assert max(figure["data"][0]["y"]) == 49


def test_figures_of_twelve_months_do_not_run_into_each_other():
    months = [f"{n}月" for n in range(1, 13)]
    shares = charts.matrix(["率"], months, [[99.1 - n for n in range(12)]], "%", CONTEXT, ("题目", "一句话"))
    assert [a["text"] for a in shares["layout"]["annotations"]][:2] == ["99.1", "98.1"] and "单位：%" in shares["layout"]["meta"]["subtitle"]
    points = charts.matrix(["分"], months, [[23549 + 30000 * n for n in range(12)]], "分", CONTEXT, ("题目", "一句话"))
    texts = [a["text"] for a in points["layout"]["annotations"]]
    assert texts[0] == "2.35" and texts[-1] == "35.4" and "单位：万分" in points["layout"]["meta"]["subtitle"]
