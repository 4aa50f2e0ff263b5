"""Figures are valid, in Chinese, honest about gaps, and lead back to their places."""

import json
import re
from datetime import date

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from frames import CATALOGUE, CONTEXT, METRICS, at, frame

from jiejian import charts
from jiejian.analysis.total import total
from jiejian.charts.contrast import readable
from jiejian.charts.parts import WORSE, lanes, nice_ticks, spread, tick_texts
from jiejian.festivals import SPRING_FESTIVALS, festival_months
from jiejian.periods import periods_between

SHARE, COUNT, RATE = (METRICS[m] for m in ("on_time_rate", "cases_opened", "floor_area_per_100_households"))
SCORE = METRICS["score_party"]
STANDARD = CATALOGUE.standards["facility_area"]
MONTHS = [p.key for p in periods_between(date(2023, 11, 1), date(2026, 10, 31), "month")]
NAMES = [f"第{i}社区" for i in range(21)] + ["民族团结进步示范社区", "红旗机械厂第三生活区<居民>委员会社区"]
EVENTS = pd.DataFrame({
    "happened_on": pd.to_datetime(["2025-06-15", "2025-07-01", "2025-07-20", "2025-08-01", "2026-10-20", "2019-01-01"]),
    "what": ["接诉即办专班成立", "大工委换届", "物业党支部全覆盖", "季度观摩", "社区书记下午茶活动常态化开展", "很久以前的事"],
})  # fmt: skip


def made(metric, places=23, keys=("2026-10",), gaps=0.0, seed=1, scale=1):
    """A made-up frame of some places and periods."""
    rng = np.random.default_rng(seed)

    def figure():
        if rng.random() < gaps:
            return None
        below = int(rng.integers(20, 900)) * scale
        above = float(rng.binomial(below, 0.93))
        return (above, float(below)) if metric.denominator else above

    return frame(metric.id, {name: {key: figure() for key in keys} for name in NAMES[:places]})


def texts(figure):
    """Every text that the figure shows, and the numbers' formats."""
    found = []

    def walk(part, key=""):
        if isinstance(part, dict):
            for name, value in part.items():
                if name not in ("customdata", "meta"):
                    walk(value, name)
        elif isinstance(part, list):
            for value in part:
                walk(value, key)
        elif isinstance(part, str) and key in ("text", "ticktext", "hovertext", "name", "title"):
            found.append(part)

    walk(figure)
    return found


def sound(figure):
    """What holds for every figure; returns it."""
    go.Figure(figure)
    json.dumps(figure, allow_nan=False, ensure_ascii=False)
    layout = figure["layout"]
    assert set(layout["meta"]) - {"least"} == {"title", "takeaway", "subtitle", "foot", "alt", "reading"}
    assert layout["meta"]["alt"] and layout["showlegend"] is False and layout["height"] > 0
    for axis in ("xaxis", "yaxis"):
        assert layout[axis].get("visible") is False or layout[axis]["tickmode"] == "array", "ticks are ours, never k or M"
    for text in texts(figure):
        bare = re.sub(r"</?(b|span|br)[^>]*>|&\w+;", "", text)
        assert not re.search(r"[A-Za-z]", bare), f"not Chinese: {text}"
        assert "nan" not in text.lower() and "None" not in text
    for trace in figure["data"]:
        assert trace.get("connectgaps", False) is False
        if "customdata" in trace:
            assert len(trace["customdata"]) == len(trace["x"]) == len(trace["hovertext"])
    return figure


FRAMES = {
    "23 places": {},
    "one": {"places": 1},
    "none": {"places": 0},
    "two": {"places": 2},
    "gaps": {"gaps": 0.4},
    "all gaps": {"gaps": 1.0},
    "large": {"scale": 100_000},
}


@pytest.mark.parametrize("large", [False, True], ids=["screen", "slide"])
@pytest.mark.parametrize("metric", [SHARE, COUNT, RATE, SCORE], ids=lambda m: m.id)
@pytest.mark.parametrize("options", FRAMES.values(), ids=FRAMES)
def test_ranked_is_sound(options, metric, large):
    rows = made(metric, **options)
    standard = STANDARD if metric is RATE else None
    for ordered in (True, False):
        sound(charts.ranked(rows, metric, CONTEXT, focus={"demo/第3社区"}, standard=standard, ordered=ordered, large=large))


@pytest.mark.parametrize("large", [False, True], ids=["screen", "slide"])
@pytest.mark.parametrize(
    "keys", [MONTHS, MONTHS[-1:], MONTHS[-2:], ["2024", "2025"], ["2025-C12", "2026-C01", "2026-C02"]], ids=len
)
@pytest.mark.parametrize("options", FRAMES.values(), ids=FRAMES)
def test_trend_is_sound(options, keys, large):
    for metric in (SHARE, COUNT, RATE):
        rows = made(metric, keys=keys, **options)
        street = total(rows, metric, CATALOGUE.measures)
        standard = STANDARD if metric is RATE else None
        for focus in ((), "demo/第3社区", [f"demo/{name}" for name in NAMES]):
            for whole in (None, street):
                sound(charts.trend(rows, metric, CONTEXT, focus, whole, EVENTS, standard, large=large))


def test_a_click_leads_to_the_place():
    figure = charts.ranked(at("on_time_rate", 甲=(9, 10), 乙=(5, 10)), SHARE, CONTEXT, focus="demo/乙")
    marks = [t for t in figure["data"] if t["mode"] == "markers"]
    assert [m["customdata"] for m in marks] == [[["demo/甲"]], [["demo/乙"]]]
    assert marks[1]["marker"]["color"] == "#B71C1C" and marks[0]["marker"]["color"] != "#B71C1C"
    series = charts.trend(made(SHARE, 2, MONTHS), SHARE, CONTEXT)
    assert series["data"][1]["customdata"] == [["demo/第1社区"]] * 36


def test_order_is_by_value_or_customary_and_gaps_stay():
    rows = at("cases_opened", 甲=5, 乙=None, 丙=9, 丁=5)
    by_value, customary = (charts.ranked(rows, COUNT, CONTEXT, ordered=o)["layout"]["yaxis"]["ticktext"] for o in (True, False))
    assert by_value == ["丙", "甲", "丁", "乙"] and customary == ["甲", "乙", "丙", "丁"]
    side = [a["text"] for a in charts.ranked(rows, COUNT, CONTEXT)["layout"]["annotations"]]
    assert side == ["9", "5", "5", "缺报"]


def test_a_share_of_nothing_is_not_a_late_report():
    figure = charts.ranked(at("on_time_rate", 甲=(9, 10), 乙=(0, 0), 丙=None), SHARE, CONTEXT)
    assert [a["text"] for a in figure["layout"]["annotations"]][-3:] == ["90.0%", "分母为0", "缺报"]


def test_bars_start_at_zero_and_only_for_counts():
    bars = charts.ranked(at("cases_opened", 甲=500, 乙=510), COUNT, CONTEXT)
    assert {t["type"] for t in bars["data"]} == {"bar"} and bars["layout"]["xaxis"]["range"][0] == 0
    dots = charts.ranked(at("on_time_rate", 甲=(90, 100), 乙=(95, 100)), SHARE, CONTEXT)
    assert {t["type"] for t in dots["data"]} == {"scatter"} and dots["layout"]["xaxis"]["range"][0] > 50


def test_intervals_and_signals():
    figure = charts.ranked(at("on_time_rate", 甲=(990, 1000), 乙=(900, 1000)), SHARE, CONTEXT)
    error = figure["data"][0]["error_x"]
    assert error["array"][0] == pytest.approx(99.45 - 99, abs=0.01) and error["arrayminus"][0] == pytest.approx(
        99 - 98.17, abs=0.01
    )
    words = {a["text"]: a["font"]["color"] for a in figure["layout"]["annotations"]}
    assert words["99.0% ▲高于平均"] == "#1F6FB2" and words["90.0% ▼低于平均"] == readable(WORSE)
    assert "总体平均 94.5%" in words


def test_the_standard_is_dashed_on_the_axis_and_says_that_it_has_passed():
    figure = charts.ranked(at(RATE.id, 甲=(2500, 10000), 乙=(2600, 10000)), RATE, CONTEXT, standard=STANDARD)
    line = next(s for s in figure["layout"]["shapes"] if s.get("line", {}).get("dash") == "dash")
    low, high = figure["layout"]["xaxis"]["range"]
    assert line["x0"] == 30 and low <= 30 <= high
    assert any("已期满" in a["text"] for a in figure["layout"]["annotations"])


def test_a_slide_folds_the_middle_but_never_the_focus():
    rows = made(SHARE, gaps=0.1)
    focus = rows.sort_values("value")["place_id"].iloc[len(rows) // 2]
    figure = sound(charts.ranked(rows, SHARE, CONTEXT, focus=focus, large=True))
    names = figure["layout"]["yaxis"]["ticktext"]
    assert len(names) < 18 and any(n.startswith("其余") for n in names) and any(n.startswith("另") for n in names)
    assert any(focus.removeprefix("demo/") in name and "<b>" in name for name in names)
    assert figure["layout"]["font"]["size"] == 38  # 1/28 of 1080
    folded = int(re.search(r"其余(\d+)个", " ".join(names))[1])
    gaps = int(re.search(r"另(\d+)个", " ".join(names))[1])
    assert len(names) - 2 + folded + gaps == 23


def test_gaps_are_gaps_and_lone_months_have_a_dot():
    rows = frame(
        "cases_opened", {"甲": {"2026-06": 5, "2026-07": None, "2026-08": 7, "2026-09": None, "2026-10": 9}, "乙": {"2026-06": 1}}
    )
    line = charts.trend(rows, COUNT, CONTEXT, focus="demo/甲")["data"][-1]
    assert line["y"] == [5, None, 7, None, 9] and line["connectgaps"] is False
    assert [size > 0 for size in line["marker"]["size"]] == [True, False, True, False, True]


def test_accumulated_figures_break_at_new_year():
    line = charts.trend(made(COUNT, 1, ["2025-C11", "2025-C12", "2026-C01", "2026-C02"]), COUNT, CONTEXT)["data"][0]
    assert line["y"][2] is None and len(line["y"]) == 5
    assert line["x"][3].startswith("2026-01") and line["x"][4].startswith("2026-02")


def test_at_most_six_are_highlighted_and_labels_keep_apart():
    figure = charts.trend(made(SHARE, keys=MONTHS), SHARE, CONTEXT, focus=[f"demo/{n}" for n in NAMES[:9]])
    ends = [a for a in figure["layout"]["annotations"] if a.get("yref") == "y"]
    assert len(ends) == 7 and ends[-1]["text"] == "灰线：其余17个"
    low, high = figure["layout"]["yaxis"]["range"]
    margin = figure["layout"]["margin"]
    scale = (figure["layout"]["height"] - margin["t"] - margin["b"]) / (high - low)
    heights = sorted((a["y"] - low) * scale + a["yshift"] for a in ends)
    assert min(np.diff(heights)) >= 14, "two labels overlap"
    assert "最多突出6个" in figure["layout"]["meta"]["reading"]


def test_a_late_line_says_so():
    rows = frame("cases_opened", {"甲": {"2026-09": 5, "2026-10": None}, "乙": {"2026-09": 5, "2026-10": 6}})
    words = [a["text"] for a in charts.trend(rows, COUNT, CONTEXT, focus=("demo/甲", "demo/乙"))["layout"]["annotations"]]
    assert "甲 本期缺数" in words and "乙 6" in words


def test_a_street_count_does_not_flatten_its_communities():
    rows = made(COUNT, 5, MONTHS)
    street = total(rows, COUNT, CATALOGUE.measures)
    together = charts.trend(rows, COUNT, CONTEXT, focus="demo/第1社区", total=street)
    alone = charts.trend(rows, COUNT, CONTEXT, total=street)
    assert len(together["data"]) == 5 and len(alone["data"]) == 1
    pair = charts.trend(rows, COUNT, CONTEXT, focus=("demo/第1社区", "demo/第2社区"), total=street)["layout"]["meta"]
    assert (
        pair["title"] == "2个社区诉求受理量走势并列"
        and "，走势并列，未作总体判断。2026年10月，全街道诉求受理量" in pair["takeaway"]
    )


def test_events_and_festivals():
    figure = charts.trend(made(SHARE, 3, MONTHS), SHARE, CONTEXT, events=EVENTS)
    words = [a["text"] for a in figure["layout"]["annotations"]]
    assert words.count("春节") == 3 and "大工委换届" in words and "很久以前的事" not in words
    marks = figure["data"][-1]
    assert len(marks["x"]) == 5 and marks["hovertext"][-1].endswith("社区书记下午茶活动常态化开展")
    assert "春节" not in [
        a["text"] for a in charts.trend(made(SHARE, 3, MONTHS), SHARE, CONTEXT, festivals=())["layout"]["annotations"]
    ]


def test_periods_are_labelled_in_chinese_and_the_latest_always():
    for keys in (MONTHS, MONTHS[-5:], MONTHS[-1:]):
        labels = charts.trend(made(SHARE, 2, keys), SHARE, CONTEXT)["layout"]["xaxis"]["ticktext"]
        assert labels[-1] == "2026年10月" and len(labels) <= 12
    narrow = charts.trend(made(SHARE, 2, MONTHS), SHARE, CONTEXT, width=460)["layout"]["xaxis"]["ticktext"]
    assert len(narrow) <= 5


def test_meta_speaks_of_made_up_data():
    meta = charts.ranked(made(SHARE), SHARE, CONTEXT)["layout"]["meta"]
    assert "演示数据" in meta["foot"] and "单位：%" in meta["subtitle"] and "最高" in meta["alt"]


def test_periods_are_not_mixed():
    with pytest.raises(ValueError, match="不同时间"):
        charts.ranked(made(SHARE, 2, MONTHS), SHARE, CONTEXT)


@pytest.mark.parametrize("values", [[], [1], [None], [1, None, 3], [2, 2, 2], [float("nan"), 1.0]])
def test_sparkline(values):
    figure = charts.sparkline(values)
    go.Figure(figure)
    json.dumps(figure, allow_nan=False)


PUBLISHED = pd.DataFrame(
    [
        ("a", "城西社区", 156.0, np.nan, np.nan, "exact", "启用以来", "甲报"),
        ("b", "隐珠街道", 34748.0, np.nan, np.nan, "exact", "今年以来", "乙报"),
        ("c", "利津街道", 80000.0, np.nan, np.nan, "at_least", "", "丙报"),
        ("d", "津苑社区", 219.0, np.nan, np.nan, "about", "2019年6月", "丁报"),
        ("e", "津南社区", 300.0, np.nan, np.nan, "exact", "2019年6月", "丁报"),
        ("f", "津北社区", np.nan, 150.0, 1000.0, "range", "2019年6月", "丁报"),
        ("g", "津东社区", np.nan, np.nan, np.nan, "exact", "2019年6月", "丁报"),
    ],
    columns=["place_id", "place", "value", "lower", "upper", "qualifier", "window_text", "source"],
).assign(unit="人", written="", note="", dated=["", "", "", *["丁报 2019年6月"] * 4])  # fmt: skip


@pytest.mark.parametrize("large", [False, True], ids=["screen", "slide"])
@pytest.mark.parametrize("rows", [slice(0, 7), slice(0, 1), slice(3, 6), slice(6, 7), slice(0, 0)], ids=str)
def test_published_is_sound(rows, large):
    sound(charts.published(PUBLISHED[rows], "服务人数", CONTEXT, large=large))


def test_published_keeps_words_and_windows_and_ranks_only_within_one_source_and_date():
    figure = charts.published(PUBLISHED, "服务人数", CONTEXT)
    assert [a["text"] for a in figure["layout"]["annotations"]] == [
        "156人",
        "34,748人",
        "8万余人",
        "150—1000人",
        "300人",
        "约219人",
    ]
    labels = figure["layout"]["yaxis"]["ticktext"]
    assert "启用以来" in labels[0] and "原文未载时间" in labels[2]
    assert len(figure["layout"]["shapes"]) == 3  # fences between four groups
    assert figure["data"][0]["base"][3] == 150 and figure["data"][0]["x"][3] == 850
    meta = figure["layout"]["meta"]
    assert meta["title"] == "6处公布了服务人数，时间口径不一" and "另有1处没有写出数值" in meta["takeaway"]
    assert [c[0] for c in figure["data"][0]["customdata"]] == list("abcfed")


def test_units_are_not_mixed():
    with pytest.raises(ValueError, match="不同的单位"):
        charts.published(PUBLISHED.assign(unit=["人"] * 6 + ["户"]), "服务", CONTEXT)


@pytest.mark.parametrize(
    ("ticks", "unit", "expected"),
    [
        ([0, 5000, 10000, 15000], "件", ["0", "0.5万", "1.0万", "1.5万"]),
        ([0, 200, 400], "件", ["0", "200", "400"]),
        ([80, 82.5, 85], "%", ["80.0%", "82.5%", "85.0%"]),
        ([0, 20, 40], "%", ["0%", "20%", "40%"]),
        ([0, 1e8, 2e8], "人", ["0", "1亿", "2亿"]),
        ([-20000, 0, 20000], "人", ["−2万", "0", "2万"]),
        ([0, 1_000_000], "元", ["0", "100万"]),
    ],
)
def test_axis_numbers(ticks, unit, expected):
    assert tick_texts(ticks, unit) == expected


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0, 7), (93.2, 93.2), (0, 0), (85.3, 99.4), (-3, 12), (0, 3.4e7), (1e-4, 3e-4)]
)
def test_ticks_hold_the_data(low, high):
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low and ticks[-1] >= high and 2 <= len(ticks) <= 8
    assert np.allclose(np.diff(ticks), ticks[1] - ticks[0])


def test_counts_have_whole_ticks():
    assert nice_ticks(0, 2, whole=True) == [0, 1, 2]


def test_spread_keeps_apart_and_inside():
    placed = spread([10, 11, 12, 95, 99], 10, 0, 100)
    assert placed == [1, 11, 21, 90, 100] or (min(np.diff(placed)) >= 10 - 1e-9 and min(placed) >= 0 and max(placed) <= 100)
    assert spread([], 10, 0, 100) == [] and spread([50], 10, 0, 100) == [50]


def test_lanes_do_not_overlap():
    assert lanes([(0, 10), (5, 15), (11, 20), (6, 9)], 2) == [0, 1, 0, None]


def test_festival_months():
    assert festival_months([date(2026, 1, 1), date(2026, 2, 1), date(2025, 1, 1)]) == (date(2026, 2, 1), date(2025, 1, 1))
    assert all((1, 21) <= (d.month, d.day) <= (2, 20) for d in SPRING_FESTIVALS) and len(SPRING_FESTIVALS) == 26
