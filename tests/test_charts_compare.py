"""Funnel, distribution, relation, heat map, strips, rank ranges, contributions, spines; and what is said of them."""

import math

import numpy as np
import pandas as pd
import pytest
from frames import CONTEXT, METRICS, at
from test_charts import COUNT, FRAMES, RATE, SCORE, SHARE, made, sound, texts

from jiejian import charts
from jiejian.analysis.interval import compare_to_mean
from jiejian.analysis.relation import spearman
from jiejian.analysis.robustness import rank_ranges
from jiejian.analysis.takeaway import board_finding, distribution_finding, position, relation_finding, scores_finding
from jiejian.charts import Spine, spine_svg

PER_HOUSEHOLD = METRICS["complaints_per_thousand_households"]
GROUPS = {
    "综合得分": {"members": {"党建": 1.0, "服务": 1.0}},
    "党建": {"members": {"a": 1.0}},
    "服务": {"members": {"b": 1.0, "c": 2.0}},
}
BETTER = {"a": "higher", "b": "lower", "c": "higher"}


def places(count):
    return pd.DataFrame({"place_id": [f"demo/{i}" for i in range(count)], "place": [f"第{i}社区" for i in range(count)]})


def scored(count, gaps=False):
    random = np.random.default_rng(5)
    frame = pd.DataFrame(random.random((count, 3)) * 100, columns=list("abc"), index=places(count)["place_id"])
    return frame.assign(a=np.nan, b=np.nan, c=np.nan) if gaps else frame


@pytest.mark.parametrize("large", [False, True], ids=["screen", "slide"])
@pytest.mark.parametrize("metric", [SHARE, COUNT, RATE, SCORE, PER_HOUSEHOLD], ids=lambda m: m.id)
@pytest.mark.parametrize("options", FRAMES.values(), ids=FRAMES)
def test_funnel_and_distribution_are_sound(options, metric, large):
    rows = made(metric, **options)
    sound(charts.funnel_plot(rows, metric, CONTEXT, focus={"demo/第3社区"}, large=large))
    sound(charts.distribution(rows, metric, CONTEXT, focus={"demo/第3社区"}, large=large))


def test_a_funnel_names_only_those_outside_and_in_focus():
    figures = {f"第{i}社区": (930 + i % 5, 1000) for i in range(20)} | {"远社区": (500, 1000)}
    drawn = charts.funnel_plot(at("on_time_rate", **figures), SHARE, CONTEXT, focus="demo/第3社区")
    assert [t for t in drawn["data"][-1]["text"] if t] == ["第3社区", "远社区"]
    assert len(drawn["data"]) == 5 and "放宽" in drawn["layout"]["meta"]["reading"]


def test_names_in_a_funnel_do_not_lie_on_one_another():
    """Places at the same point share it: one of them is named, the one in focus first."""
    figures = {f"第{i}社区": (930 + i % 5, 1000) for i in range(60)} | {f"远{i}社区": (500, 1000) for i in range(3)}
    drawn = charts.funnel_plot(at("on_time_rate", **figures), SHARE, CONTEXT)
    assert len([t for t in drawn["data"][-1]["text"] if t.startswith("远")]) == 1
    drawn = charts.funnel_plot(at("on_time_rate", **figures), SHARE, CONTEXT, focus="demo/远2社区")
    assert [t for t in drawn["data"][-1]["text"] if t.startswith("远")] == ["远2社区"]


def test_a_count_has_no_funnel_and_says_so():
    drawn = charts.funnel_plot(made(COUNT), COUNT, CONTEXT)
    assert any("没有漏斗图" in t for t in texts(drawn))


@pytest.mark.parametrize("options", FRAMES.values(), ids=FRAMES)
def test_panorama_and_relation_are_sound(options):
    both = pd.concat([made(SHARE, **options), made(PER_HOUSEHOLD, seed=2, **options), made(COUNT, seed=3, **options)])
    sound(charts.heat_map(both, {"党建": [SHARE], "服务": [PER_HOUSEHOLD, COUNT]}, CONTEXT, focus={"demo/第3社区"}))
    sound(charts.strips(both, [SHARE, PER_HOUSEHOLD, COUNT], CONTEXT, focus={"demo/第3社区"}))
    sound(charts.relation(both, SHARE, COUNT, CONTEXT, focus={"demo/第3社区"}))


def test_the_heat_map_is_coloured_by_signal_not_by_value():
    figures = {f"第{i}社区": (930 + i % 5, 1000) for i in range(20)} | {"远社区": (500, 1000)}
    both = pd.concat([at("on_time_rate", **figures), at("repeat_share", **figures)])
    drawn = charts.heat_map(both, {"服务": [SHARE, METRICS["repeat_share"]]}, CONTEXT)
    # 远社区 is low in both: worse for one, better for the other; all else is level.
    assert [row[-1] for row in drawn["data"][0]["z"]] == [1, 0] and set(drawn["data"][0]["z"][0][:-1]) == {3}
    assert [row[-1] for row in drawn["data"][0]["text"]] == ["▼", "▼"]


@pytest.mark.parametrize("count", [0, 1, 2, 23])
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("ranks", [False, True])
def test_score_charts_are_sound(count, gaps, ranks):
    frame = scored(count, gaps)
    ranges = rank_ranges(frame, "综合得分", groups=GROUPS, better=BETTER)
    finding = scores_finding(ranges, places(count).set_index("place_id")["place"], "综合得分")
    drawn = sound(charts.rank_chart(ranges, places(count), CONTEXT, finding, focus="demo/1", ranks=ranks))
    if not ranks:
        assert "名" not in "".join(t for t in texts(drawn) if "社区" not in t).replace("排名", "")
    sound(charts.contribution_chart(frame.fillna(0).set_axis(list("甲乙丙"), axis=1), places(count), CONTEXT, finding))


def test_more_than_five_parts_become_others():
    parts = pd.DataFrame(np.arange(16.0).reshape(2, 8), columns=list("甲乙丙丁戊己庚辛"), index=["demo/0", "demo/1"])
    drawn = charts.contribution_chart(parts, places(2), CONTEXT, ("一个十个字以上的标题", "句子。"))
    assert len(drawn["data"]) == 5
    assert sum(trace["x"][1] for trace in drawn["data"]) == pytest.approx(parts.iloc[1].sum())


def test_a_spine_is_drawn_to_scale_or_not_at_all():
    svg = spine_svg(Spine(own=50, peers=25, street=75, low=40, high=60, lowest=0, highest=100))
    assert 'cx="90.0"' in svg and 'x1="131.0"' in svg and "nan" not in svg
    assert spine_svg(Spine(1, 1, 1, 1, 1, 5, 5)) == "" == spine_svg(Spine(1, 1, 1, 1, 1, math.nan, math.nan))
    assert "circle" not in spine_svg(Spine(math.nan, 1, 2, math.nan, math.nan, 0, 5))


# ---- findings ----


def test_distribution_by_hand():
    # Quartiles of 10, 20, 30, 40, 50 are 20 and 40.
    rows = at("cases_opened", 甲=10, 乙=20, 丙=30, 丁=40, 戊=50)
    assert distribution_finding(rows, COUNT) == (
        "半数社区诉求受理量在20—40件",
        "2026年10月，半数社区诉求受理量在20—40件，中位数30件；最低甲10件、最高戊50件；总量受社区规模影响。",
    )
    assert "不足4个" in distribution_finding(rows[:2], COUNT)[1]


def test_spearman_as_published():
    # The worked example of IQ against hours of television (Wikipedia, "Spearman's rank correlation coefficient"): −29/165.
    found = spearman(np.array([106, 100, 86, 101, 99, 103, 97, 113, 112, 110]), np.array([7, 27, 2, 50, 28, 29, 20, 12, 6, 17]))
    assert found.rho == pytest.approx(-29 / 165) and found.places == 10 and found.direction == 0


def test_relations_in_words():
    x = np.arange(20.0)
    together, against = spearman(x, x**2), spearman(x, -x)
    assert together.direction == 1 and against.direction == -1
    title, sentence = relation_finding(together, SHARE, METRICS["satisfaction_rate"], "2026年10月")
    assert title == "按期办结率高的社区，群众满意率也较高" and sentence.endswith("同时出现不等于一个引起另一个。")
    title, sentence = relation_finding(spearman(x[:4], x[:4]), SHARE, COUNT, "2026年10月")
    assert "不足6个" in sentence and "相关系数" not in sentence
    none = relation_finding(spearman(x, np.tile([1.0, 2], 10)), SHARE, COUNT, "2026年10月")
    assert none[0] == "看不出按期办结率与诉求受理量有关联" and none[1].endswith("可能只是偶然。")


def test_a_board_says_how_many_would_stand_out_by_chance():
    figures = {f"第{i}社区": (930 + i % 5, 1000) for i in range(20)} | {"远社区": (500, 1000)}
    rows = compare_to_mean(at("on_time_rate", **figures), SHARE)
    title, sentence = board_finding(rows, "2026年10月", "服务")
    assert title == "服务指标有0处好于、1处差于平均"
    assert sentence == "2026年10月，共比较21处（指标×社区），1处超出漏斗图99.8%控制限，其中出于偶然的不到1处。".replace(
        "其中出于", "出于"
    )


def test_positions_need_the_whole_range():
    ranges = pd.DataFrame({"rank": [1, 2, 3, 4.0], "best": [1, 1, 3, 3], "worst": [1, 3, 4, 4], "verdict": ["排名稳定"] * 4})
    assert position(ranges).tolist() == ["明显靠前", "难分先后", "明显靠后", "明显靠后"]
    names = pd.Series(["甲", "乙", "丙", "丁"])
    title, sentence = scores_finding(ranges, names, "综合得分")
    assert title == "综合得分：1个社区明显靠前、2个明显靠后"
    assert sentence.startswith("甲明显靠前，丙、丁明显靠后，其余1个难分先后；") and "4个社区中4个排名稳定、0个不稳定" in sentence
