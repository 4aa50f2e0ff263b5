"""Run charts of one series, before and after an event, and the sentences: frames on the left, words on the right."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import plotly.graph_objects as go
import pytest
from frames import CONTEXT, METRICS
from test_board import MEASURES, cube, months, noise, targets

from jiejian import charts
from jiejian.analysis.before_after import Comparison, compare
from jiejian.analysis.board import board
from jiejian.analysis.cells import cell, order
from jiejian.analysis.control_chart import xmr
from jiejian.analysis.runs import first_points, run
from jiejian.analysis.takeaway import (
    cell_sentence,
    cumulative_finding,
    event_finding,
    multiples_finding,
    run_finding,
    status_finding,
    years_finding,
)
from jiejian.periods import parse_period

RATE = METRICS["on_time_rate"]


def run_of(values, metric="on_time_rate", last="2026-10", **how):
    """The run chart of one community that is the only one."""
    values = np.asarray(values, dtype=float)
    return run(cube(values[None, None], (metric,), last), values, MEASURES, **how)


def zigzag(count: int, level: float = 90, step: float = 1.0) -> list[float]:
    """level ± step/2 by turns: every range is ``step``, the limits 2.66 steps from the mean. Fewer than 24 of them: what comes
    by turns comes in the same month of every year, too, and would be a season."""
    return [level + step / 2 * (-1) ** i for i in range(count)]


def test_a_run_is_the_control_chart_of_its_series():
    values = noise((36,), seed=3)
    frame, alone = run_of(values, target=88.0), xmr(values, better="higher", target=88.0)
    for name in ("value", "mean", "lower", "upper", "near_lower", "near_upper"):
        np.testing.assert_array_equal(frame[name].to_numpy(), alone[name].to_numpy())
    assert list(frame["rule"]) == list(alone["rule"]) and list(frame["signal"]) == list(alone["signal"])
    assert frame.attrs["capability"] == alone.attrs["capability"]


def test_a_cell_and_its_run_chart_agree():
    values = noise((1, 12, 36), seed=5)
    values[0, 4, -1] = 70
    asked = cube(values)
    made = board(asked, MEASURES, targets(on_time_rate=89))
    for column in range(12):
        frame = run(asked, values[0, column], MEASURES, target=89.0)
        one = cell(made, 0, column)
        assert (one.rule, one.signal) == (frame["rule"].iloc[-1], frame["signal"].iloc[-1])
        assert one.reason or one.capability == (frame.attrs["capability"] if column < 9 else "")
        assert (one.mean, one.lower, one.upper) == tuple(frame[["mean", "lower", "upper"]].iloc[-1])


def test_a_new_stretch_only_from_the_picked_event():
    periods = months(24)
    event = date(periods[12].start.year, periods[12].start.month, 15)
    assert first_points([event], periods) == [13], "the event's own month still belongs to the time before"
    assert first_points([periods[12].start], periods) == [12]
    assert first_points([date(1999, 1, 1), date(2099, 1, 1)], periods) == []
    frame = run_of([*zigzag(12), *zigzag(12, 80)], rebase_at=[12])
    assert set(frame["rule"]) == {""} and frame["mean"].iloc[0] == 90 and frame["mean"].iloc[-1] == 80


def test_totals_of_fewer_communities_are_not_judged():
    late = np.zeros(24, bool)
    late[-1] = True
    frame = run_of([*zigzag(23, 100), 40], "cases_opened", incomplete=late)
    assert frame["rule"].iloc[-1] == "" and frame["known"].iloc[-1] == "incomplete"
    assert "报送不全" in run_finding(frame, METRICS["cases_opened"], "全街道")[1]


# ---- sentences ----

CASES = [
    (  # 90.5 and 89.5 by turns, then 80: mean 89.57, one range of 10 is screened out
        run_of([*zigzag(22), 80]),
        "春和社区按期办结率低于控制下限",
        "2026年10月，春和社区按期办结率80.0%，低于控制下限（均值89.6%、下限86.9%），超出通常波动，属变差信号。",
    ),
    (
        run_of(zigzag(22), target=85.0),
        "春和社区按期办结率在通常波动范围内",
        "2026年10月，春和社区按期办结率89.5%，在通常波动范围（87.3%—92.7%）内，与均值90.0%的差别可能只是偶然。目标85.0%，稳定达标：整个波动范围都达标。",
    ),
    (
        run_of(zigzag(8), target=91.0),
        "春和社区按期办结率在通常波动范围内",
        "2026年10月，春和社区按期办结率89.5%，在通常波动范围（87.3%—92.7%）内，与均值90.0%的差别可能只是偶然（点数不足12个，界限为试用）。"
        "目标91.0%，时达时不达：目标在波动范围之内，达不达标多看偶然。",
    ),
    (  # the series has changed: limits of the whole tell little of the target
        run_of([*zigzag(22), 80], target=85.0),
        "春和社区按期办结率低于控制下限",
        "2026年10月，春和社区按期办结率80.0%，低于控制下限（均值89.6%、下限86.9%），超出通常波动，属变差信号。"
        "目标85.0%，按整段看为稳定达标，但走势已变，以最近几期为准。",
    ),
    (  # a share cannot pass 100 %
        run_of(zigzag(22, 99.5, 1.0)),
        "春和社区按期办结率在通常波动范围内",
        "2026年10月，春和社区按期办结率99.0%，在通常波动范围（96.8%—100.0%）内，与均值99.5%的差别可能只是偶然。",
    ),
    (
        run_of([*zigzag(22), np.nan]),
        "春和社区按期办结率本期缺数",
        "2026年10月，春和社区按期办结率本期缺数。",
    ),
    (
        run_of([90.0]),
        "春和社区按期办结率为90.0%",
        "2026年10月，春和社区按期办结率90.0%；可用的期数太少，算不出通常波动的范围，不作判断。",
    ),
    (  # less is better: falling for seven months is good
        run_of([*[10 + 0.5 * (-1) ** i for i in range(14)], 10, 9.9, 9.8, 9.7, 9.6, 9.5, 9.4], "repeat_share"),
        "春和社区重复诉求占比连续7期以上逐期下降",
        "2026年10月，春和社区重复诉求占比9.4%，连续7期以上逐期下降（均值9.9%），超出通常波动，属改善信号。",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("frame", "title", "sentence"), CASES)
def test_what_is_said_of_a_run(frame, title, sentence):
    metric = METRICS["repeat_share"] if "重复" in title else RATE
    assert run_finding(frame, metric, "春和社区") == (title, sentence)


@pytest.mark.parametrize("frame", [case[0] for case in CASES])
def test_a_run_can_be_drawn_without_rubbish(frame):
    figure = charts.run_chart(frame, RATE, "春和社区", CONTEXT)
    assert json.dumps(figure, allow_nan=False) and figure["data"]


def test_what_is_said_of_a_cell():
    values = noise((1, 12, 36), seed=5, spread=1.0)
    values[0, 4, -1] = 70
    made = board(cube(values), MEASURES, targets(on_time_rate=95))
    told = cell_sentence(cell(made, 0, 4), "2026年10月")
    assert told.startswith("2026年10月，第4社区按期办结率70.0%，低于控制下限（均值") and "同期也差于其他社区" in told
    assert "属变差信号" in told and "目标95.0%" in told
    calm = cell_sentence(cell(made, 0, 2), "")
    assert "可能只是偶然" in calm and "差于其他社区" not in calm


def test_a_yearly_target_is_told_by_its_pace():
    made = board(
        cube(np.full((1, 1, 22), 8.0) + noise((1, 1, 22), level=0, spread=0.2), ("activity_sessions",)),
        MEASURES,
        targets(activity_sessions=120),
    )
    told = cell_sentence(cell(made, 0, 0), "2026年10月")
    assert "全年目标120场，累计完成66." in told and "明显慢于序时进度" in told


def test_the_board_says_how_many_signals_are_chance():
    title, told = status_finding((17, 13), 7.2, 1115, "2026年10月")
    assert title == "17格变差信号、13格改善信号"
    assert told == (
        "2026年10月，共判断1115格“指标 × 社区”，17格出现变差信号，13格出现改善信号；"
        "即使什么都没有变，单凭偶然也会有约7格出现信号（含不分好坏的指标）。"
    )
    assert status_finding((0, 0), 0.2, 30, "2026年10月")[0] == "没有一格超出通常波动"


# ---- years, the year so far, all communities, events ----


def test_years_beside_one_another():
    periods = [parse_period(f"{y}-{m:02d}") for y in (2025, 2026) for m in range(1, 4)]
    title, told = years_finding(METRICS["cases_opened"], "全街道", periods, np.array([100, 100, 100, 90, 110, 80.0]))
    assert title == "今年3期中2期低于去年同期"
    assert told.startswith(
        "2026年3月，全街道诉求受理量80件，2025年3月为100件，同比下降20.0%；今年可比的3期中，1期高于、2期低于去年同期。"
    )
    assert "春节2025年在1月、2026年在2月，1—2月的同比宜合起来看。" in told
    gap = years_finding(METRICS["cases_opened"], "全街道", periods, np.array([100, 100, np.nan, 90, 110, 80.0]))[1]
    assert "2025年3月没有数，同比不作比较" in gap and "下降" not in gap


def test_the_year_so_far_against_target_and_time():
    """1,200 of 1,600 by the end of October: 75.0 %, ten twelfths are 83.3 %: 8.3 points behind. Points, not percent."""
    period, metric = parse_period("2026-C10"), METRICS["activity_sessions"]
    title, told = cumulative_finding(metric, "全街道", period, 1200, 1000, 1600, adds=True)
    assert title == "完成全年目标75.0%，慢于序时进度8.3个百分点"
    assert told == (
        "2026年1—10月累计，全街道活动场次1200场，上年同期1000场，累计同比上升20.0%；"
        "全年目标1600场，完成率75.0%，序时进度83.3%，慢于序时进度8.3个百分点。"
    )
    assert "没有下达全年目标" in cumulative_finding(metric, "全街道", period, 1200, np.nan, None, adds=True)[1]
    level = cumulative_finding(RATE, "全街道", period, 94.0, 95.0, 96.0, adds=False)[1]
    assert "累计同比下降1.0个百分点；全年目标96.0%，累计低于目标2.0个百分点。" in level and "序时进度" not in level
    assert "不作比较" in cumulative_finding(metric, "全街道", period, np.nan, 1000, 1600, adds=True)[1]


def test_all_communities_and_chance():
    title, told = multiples_finding(RATE, "2026年10月", ["晴川社区"], [], 0, 23, 23, 0.4)
    assert title == "按期办结率：1个社区变差信号"
    assert (
        told
        == "2026年10月，23个社区中判断了23个：晴川社区出现变差信号，22个在通常波动范围内。即使什么都没有变，单凭偶然也会有约0.4个出现信号。"
    )


def test_before_and_after_by_hand():
    """Six months of 80 of 100, six of 90 of 100: 80.0 % and 90.0 %, a difference of 480 and 540 of 600 that is no chance.
    The event's own month stands on neither side."""
    periods = months(13)
    above = np.array([80.0] * 6 + [85] + [90] * 6)
    below = np.full(13, 100.0)
    day = periods[6].start.replace(day=10)
    found = compare(RATE, periods, above, above, below, day)
    assert (found.before, found.after, found.points, found.real, found.same_months) == (80, 90, (6, 6), True, False)
    title, told = event_finding(RATE, "春和社区", "启用驿站", found)
    assert title == "事后上升10.0个百分点，超出随机波动"
    assert (
        "前6期，春和社区按期办结率平均80.0%，后6期平均90.0%，上升10.0个百分点；前后之差超出随机波动。前后月份不同，季节影响没有扣除。先后不等于因果。"
        in told
    )


def test_a_count_after_is_judged_by_the_limits_before():
    """Ten by turns 9 and 11 (limits 10 ± 2.66·2): 12 after is chance, 16 is not, seven of 11 are a shift."""
    periods, none = months(20), np.full(20, np.nan)
    day, metric = periods[10].start, METRICS["cases_opened"]

    def real(after):
        values = np.array([9.0, 11] * 5 + after)
        return compare(metric, periods[: len(values)], values, values, none, day).real

    assert real([9, 12, 10]) is False and real([9, 16, 10]) is True
    assert real([11] * 6 + [9]) is False and real([11] * 7) is True
    assert compare(metric, periods[:12], np.arange(12.0), np.arange(12.0), none, day) is None, "two points after are too few"
    assert event_finding(metric, "全街道", "更名", None)[0] == "前后可用的期数太少，不作比较"


def test_nothing_is_claimed_where_it_may_be_chance():
    told = event_finding(RATE, "春和社区", "启用驿站", Comparison(date(2026, 1, 1), 90, 90.5, (12, 12), False, True))
    assert told[0] == "事前事后没有明显差别" and "在随机波动范围内" in told[1] and "超出" not in told[1]


# ---- drawings ----


def drawings():
    values = noise((2, 23, 36))
    values[0, 3, 5] = np.nan
    made = board(cube(values, ("on_time_rate", "resolution_rate")), MEASURES, targets(on_time_rate=92))
    finding = ("十个字以上的一句话标题", "一句话。")
    yield charts.status_board(made, order(made), CONTEXT, finding, "2026年10月")
    yield charts.small_multiples(made, CONTEXT, finding, "2026年10月")
    yield charts.years_chart(RATE, made.cube.periods, values[0, 3], CONTEXT, finding)
    yield charts.years_chart(METRICS["cases_opened"], made.cube.periods, np.full(36, np.nan), CONTEXT, finding)
    far = np.array([1.0, 2, 3, *[np.nan] * 9])
    yield charts.cumulative_chart(METRICS["activity_sessions"], far, far, 2026, 12.0, True, CONTEXT, finding)


@pytest.mark.parametrize("figure", list(drawings()))
def test_drawings_hold_to_the_grammar(figure):
    """Plain values that plotly.js takes, no NaN, no legend, the seven-part meta, three sentences of how to read it."""
    json.dumps(figure, allow_nan=False)
    go.Figure(figure)
    meta = figure["layout"]["meta"]
    assert set(meta) == {"title", "takeaway", "subtitle", "foot", "alt", "reading"}
    assert not figure["layout"]["showlegend"]
    assert not meta["reading"] or meta["reading"].count("。") == 3


def test_marks_lead_to_their_place():
    figure = next(iter(drawings()))
    assert figure["data"][0]["customdata"][0] == ["on_time_rate", "p3"] or len(figure["data"][0]["customdata"][0]) == 2
