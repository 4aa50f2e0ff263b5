"""Control charts against published figures, worked examples, a second reading of the rules point by point, and symmetry."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jiejian.analysis.control_chart import CAPABILITY_NAMES, RULES, SIGNALS, capability, judge, stretches, xmr

# The series of the issue, whose limits NHSRplotthedots publishes.
SPIKE = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]


def rules(values, **how) -> list[str]:
    return list(xmr(values, **how)["rule"])


def signals(values, **how) -> list[str]:
    return list(xmr(values, **how)["signal"])


def test_published_limits_with_and_without_screening():
    screened, plain = xmr(SPIKE), xmr(SPIKE, screen_ranges=False)
    assert screened["mean"].round(2).eq(1.94).all() and plain["mean"].round(2).eq(1.94).all()
    assert screened[["lower", "upper"]].iloc[0].round(2).to_list() == [-0.72, 4.6]
    assert plain[["lower", "upper"]].iloc[0].round(2).to_list() == [-3.06, 6.95]
    assert screened["rule"].to_list() == ["outside" if v == 10 else "" for v in SPIKE]
    assert list(screened.columns) == ["value", "mean", "lower", "upper", "near_lower", "near_upper", "rule", "signal"]


def test_limits_by_hand():
    """3 5 4 8: mean 5, ranges 2 1 4, mean range 7/3, limits 5 ± 2.66 · 7/3, near limits at two thirds of that."""
    row = xmr([3, 5, 4, 8]).iloc[0]
    assert row["mean"] == 5
    assert row["upper"] == pytest.approx(11.2067, abs=1e-4) and row["lower"] == pytest.approx(-1.2067, abs=1e-4)
    assert row["near_upper"] == pytest.approx(9.1378, abs=1e-4) and row["near_lower"] == pytest.approx(0.8622, abs=1e-4)


def test_screening_drops_a_range_of_exactly_the_limit_and_only_once():
    """A range is kept only below 3.267 mean ranges; what is left is not screened again, though 9 would then go too."""
    values = np.cumsum([0, *[1, -1] * 15, 9, -40])
    ranges = np.abs(np.diff(values)).astype(float)
    kept = ranges[ranges < 3.267 * ranges.mean()]
    assert len(kept) == len(ranges) - 2
    assert xmr(values)["upper"].iloc[0] == pytest.approx(values.mean() + 2.66 * kept.mean())


REFERENCE = json.loads((Path(__file__).parent / "reference" / "xmr.json").read_text(encoding="utf-8"))["series"]
RULE_LETTERS = dict(zip(".ot2s", RULES, strict=True))
SIGNAL_LETTERS = dict(zip(".+-hl", SIGNALS, strict=True))


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: f"{len(case['values'])} points {case['rule'][:12]}")
def test_reference_vectors_of_the_r_package(case):
    frame = xmr(case["values"], better=case["better"], rebase_at=case["rebase_at"], screen_ranges=case["screen_ranges"])
    assert list(frame["rule"]) == [RULE_LETTERS[letter] for letter in case["rule"]]
    assert list(frame["signal"]) == [SIGNAL_LETTERS[letter] for letter in case["signal"]]
    limits = frame.loc[[0, *case["rebase_at"]], ["lower", "mean", "upper"]].to_numpy()
    np.testing.assert_allclose(limits, case["limits"], rtol=0, atol=2e-9)


def test_seven_rising_points_are_a_trend_and_six_are_not():
    assert rules([4, 3, 4, 5, 6, 7, 8, 9, 4]).count("trend") + rules([4, 3, 4, 5, 6, 7, 8, 9, 4]).count("outside") == 7
    assert "trend" not in rules([4, 3, 4, 5, 6, 7, 8, 4])
    assert "trend" not in rules([1, 2, 3, 3, 4, 5, 6]), "equal neighbours end a trend"


def test_a_trend_points_where_it_leads_not_where_it_lies():
    """Ten falling points from far above the mean: falling is low, also above the mean."""
    falling = [20, 19, 18, 17, 16, 15, 14, *[14, 15] * 2]
    marked = xmr(falling, better="higher")
    trend = marked[marked["rule"] == "trend"]
    assert (trend["value"] > marked["mean"].iloc[0]).any() and trend["signal"].eq("concern").all()
    assert xmr(falling, better="lower").loc[trend.index, "signal"].eq("improvement").all()
    assert xmr(falling).loc[trend.index, "signal"].eq("neutral_low").all()


def test_the_peak_of_two_trends_belongs_to_the_second():
    marked = xmr([1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1], better="higher")
    assert set(marked["rule"]) <= {"trend", "outside"}
    assert marked.loc[marked["rule"] == "trend", "signal"].to_list()[-4:] == ["concern"] * 4
    peak = marked.iloc[6]
    assert peak["rule"] != "trend" or peak["signal"] == "concern"


def test_seven_on_one_side_are_a_shift_a_point_on_the_mean_ends_it():
    """Zigzag of ±1 and ±2 about zero so that nothing is near a limit; the run of seven above is a shift, six is not."""
    seven = [-1, -2] * 7 + [2, 1, 2, 1, 2, 1, 2] + [-2, 1] * 4
    assert rules(seven).count("shift") >= 7
    six_then_mean = [1, 2, 1, 2, 1, 2, 0, -1, -2, -1, -2, -1, -2]
    assert xmr(six_then_mean)["mean"].iloc[0] == 0
    assert "shift" not in rules(six_then_mean)


def test_two_of_three_marks_only_the_points_beyond_two_thirds():
    """Limits ±7.98 apart of the spike pair: two near points with one between on the same side; the one between stays."""
    values = [0, 1, -1, 0.5, -0.5, 1, -1, 0, 0.5, -0.5, 1, -1, 0.5, -0.5, 3, 1, 3.2, 0, -1, 0.5, -0.5, 1, -1, 0, -0.5, 0.5]
    frame = xmr(values)
    near = frame["value"].gt(frame["near_upper"]) & frame["value"].le(frame["upper"])
    assert near.to_list() == [v >= 3 for v in values]
    assert frame.loc[near, "rule"].eq("two_of_three").all() and frame.loc[15, "rule"] == ""
    below_between = [*values[:15], -1, *values[16:]]
    assert "two_of_three" not in rules(below_between), "all three have to be on one side of the mean"


def test_a_new_stretch_starts_everything_anew():
    """Two levels: as one series all of it is a shift, with a new stretch nothing is."""
    values = [5, 6, 5, 7, 6, 5, 6, 7, 15, 16, 15, 17, 16, 15, 16, 17]
    assert "" not in rules(values)
    frame = xmr(values, rebase_at=[8])
    assert set(frame["rule"]) == {""}
    assert frame["mean"].iloc[0] == 5.875 and frame["mean"].iloc[8] == 15.875
    assert xmr(values[8:])["upper"].iloc[0] == frame["upper"].iloc[8]
    assert "最近一段只有8个点（不足12个），为试用界限" in frame.attrs["note"]
    assert xmr(values, rebase_at=[0]).equals(xmr(values))


def test_a_gap_has_no_range_and_ends_runs():
    """1 2 gap 9 10: ranges 1 and 1, not 7; six points before and one after a gap are no run of seven."""
    frame = xmr([1, 2, None, 9, 10])
    assert frame["mean"].iloc[0] == 5.5 and frame["upper"].iloc[0] == pytest.approx(5.5 + 2.66)
    assert frame["rule"].iloc[2] == "" and frame["signal"].iloc[2] == "common_cause" and np.isnan(frame["value"].iloc[2])
    assert "trend" not in rules([1, 2, 3, 4, 5, 6, None, 7, 8])
    assert "其间缺1个点" in frame.attrs["note"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "没有可用的数据，不画控制界限。"),
        ([np.nan] * 4, "没有可用的数据，不画控制界限。"),
        ([7], "只有1个点，算不出控制界限，不作判断。"),
        ([1, None, 2, None, 3], "没有相邻且有变化的点，算不出控制界限"),
        ([1, 1, 1, None, 2, 2, 2], "没有相邻且有变化的点，算不出控制界限"),
        ([4] * 15, "各点数值相同，没有波动，控制界限与均值重合。"),
        ([1, "缺", 3, "4", 5], "第2个值不是数字，按缺数处理。"),
        ([1, 2, float("inf"), 3, float("-inf")], "第3、5个值为无穷大，按缺数处理。"),
        ([1, 3, 2], "只有3个点（不足12个），为试用界限"),
    ],
)
def test_odd_input_gets_a_sentence(values, said):
    frame = xmr(values, better="lower", target=3)
    assert said in frame.attrs["note"] and len(frame) == len(values)
    assert set(frame["signal"]) <= {"common_cause"} and set(frame["rule"]) <= {""}
    assert not np.isinf(frame.select_dtypes("number").to_numpy(dtype=float)).any()


def test_negative_figures_have_limits_like_any_other():
    plain, below = xmr(SPIKE), xmr([v - 100 for v in SPIKE])
    assert below["upper"].iloc[0] == pytest.approx(plain["upper"].iloc[0] - 100) and list(below["rule"]) == list(plain["rule"])


def test_wrong_parameters_are_refused_in_words():
    with pytest.raises(ValueError, match="指标方向"):
        xmr([1, 2], better="up")
    with pytest.raises(ValueError, match="重新起算的位置应在0到1之间，不能是2"):
        xmr([1, 2], rebase_at=[2])


@pytest.mark.parametrize(
    ("target", "better", "expected"),
    [
        (4, "higher", "稳定达标"),
        (7, "higher", "稳定不达标"),
        (5.5, "higher", "时达时不达"),
        (7, "lower", "稳定达标"),
        (4, "lower", "稳定不达标"),
        (7, "neutral", ""),
        (None, "higher", ""),
    ],
)
def test_capability_is_the_target_against_the_limits(target, better, expected):
    """5 6 5 6 …: mean 5.5, mean range 1, limits 2.84 and 8.16; a tenth of that for 5.0 5.1: 5.184 to 5.916 about 5.55."""
    values = [5.5 + v / 10 for v in (0, 1) * 8]
    frame = xmr(values, better=better, target=target)
    assert CAPABILITY_NAMES.get(frame.attrs["capability"], "") == expected
    assert capability(frame, target, better) == frame.attrs["capability"]


def test_always_at_the_target_is_reliably_met():
    assert xmr([100] * 12, better="higher", target=100).attrs["capability"] == "reliably_met"


# ---- a second reading of the rules, point by point ----


def by_the_book(values, stretch) -> list[str]:
    """The rules as their sentences say, without arrays: limits by stretch, runs counted from each point both ways."""
    found = [""] * len(values)
    for one in dict.fromkeys(stretch):
        at = [i for i, s in enumerate(stretch) if s == one]
        own = {i: values[i] for i in at if values[i] is not None}
        pairs = [(i - 1, i) for i in at if i in own and i - 1 in own]
        ranges = [abs(own[b] - own[a]) for a, b in pairs]
        if not ranges or not any(ranges):
            continue
        kept = [r for r in ranges if r < 3.267 * sum(ranges) / len(ranges)]
        # Where only the screened range moved (0 0 0 0 1), limits would have no width: there are none.
        if not any(kept):
            continue
        mean, spread = sum(own.values()) / len(own), sum(kept) / len(kept)
        side = {i: (v > mean) - (v < mean) for i, v in own.items()}
        beyond = {i: abs(v - mean) for i, v in own.items()}
        near = {i for i in own if 2.66 * spread * 2 / 3 < beyond[i] <= 2.66 * spread}
        windows = [range(i, i + 7) for i in at if all(k in own for k in range(i, i + 7))]
        triples = [range(i, i + 3) for i in at if all(k in own for k in range(i, i + 3))]
        for w in windows:
            if len({side[k] for k in w}) == 1 and side[w[0]]:
                found = ["shift" if i in w and not found[i] else f for i, f in enumerate(found)]
        for w in triples:
            if len({side[k] for k in w}) == 1 and side[w[0]] and sum(k in near for k in w) >= 2:
                found = ["two_of_three" if i in w and i in near else f for i, f in enumerate(found)]
        for w in windows:
            steps = [own[b] - own[a] for a, b in pairwise(w)]
            if all(s > 0 for s in steps) or all(s < 0 for s in steps):
                found = ["trend" if i in w else f for i, f in enumerate(found)]
        found = ["outside" if i in own and beyond[i] > 2.66 * spread else f for i, f in enumerate(found)]
    return found


# Whole numbers, so that ties and points on the mean come up; the walk makes trends and shifts likely.
steps = st.lists(st.one_of(st.none(), st.integers(-3, 4), st.integers(1, 3)), min_size=1, max_size=40)


def walk(moves) -> list:
    """A series from moves; a None is a gap."""
    level, found = 0, []
    for move in moves:
        level += move or 0
        found.append(None if move is None else level)
    return found


@settings(max_examples=400, deadline=None)
@example([0, 0, 0, 0, 1], set())
@given(steps, st.sets(st.integers(1, 39), max_size=2))
def test_the_arrays_say_what_the_book_says(moves, borders):
    values = walk(moves)
    rebase = [b for b in borders if b < len(values)]
    stretch = stretches(len(values), rebase)
    assert rules(values, rebase_at=rebase) == by_the_book(values, list(stretch))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-40, 40)), min_size=1, max_size=40))
def test_mirrored_series_have_mirrored_signals(values):
    """Signs turned: high becomes low, improvement becomes concern, the rules stay. Time turned: outside, two of three and
    shift stay with their points."""
    frame, mirror = xmr(values, better="higher"), xmr([None if v is None else -v for v in values], better="higher")
    turn = {"improvement": "concern", "concern": "improvement", "common_cause": "common_cause"}
    assert list(mirror["rule"]) == list(frame["rule"])
    trend = frame["rule"] != "trend"  # the peak between two trends belongs to one of them
    assert list(mirror.loc[trend, "signal"]) == [turn[s] for s in frame.loc[trend, "signal"]]
    assert rules(values[::-1])[::-1] == list(frame["rule"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-40, 40)), min_size=1, max_size=40), st.integers(-6, 6), st.integers(-99, 99))
def test_neither_scale_nor_level_matters(values, power, level):
    """Scaled by a power of two, which is exact, and moved by a whole number."""
    moved = [None if v is None else (v + level) * 2.0**power for v in values]
    assert signals(moved, better="lower") == signals(values, better="lower")


def test_many_series_at_once_give_what_each_gives():
    draw = np.random.default_rng(4)
    values = draw.normal(50, 5, (200, 36)).cumsum(axis=1) % 40
    values[draw.random(values.shape) < 0.1] = np.nan
    stretch = np.sort(draw.integers(0, 3, values.shape), axis=1)
    stretch -= stretch[:, :1]
    together = judge(values, stretch)
    for i, row in enumerate(values):
        starts = [k for k in range(1, 36) if stretch[i, k] != stretch[i, k - 1]]
        alone = xmr(row, better="lower", rebase_at=starts)
        for name in ("value", "mean", "lower", "upper", "near_lower", "near_upper"):
            np.testing.assert_array_equal(getattr(together, name)[i], alone[name].to_numpy(), err_msg=name)
        assert [RULES[code] for code in together.rule[i]] == list(alone["rule"])
        assert [SIGNALS[code] for code in together.signal(-1)[i]] == list(alone["signal"])


def test_wheelers_exercise():
    """D. J. Wheeler, "Understanding Variation", exercise on U.S. trade deficits: the last half of 1988 (figure 6.7) has mean
    10.32 and mean moving range 0.80, limits mean ± 2.66 · 0.80; the first half of 1989 (figure 6.9) is then below them."""
    frame = xmr([10.5, 11.2, 9.2, 10.1, 10.4, 10.5])
    assert frame["mean"].iloc[0] == pytest.approx(10.3167, abs=1e-4)
    assert frame["upper"].iloc[0] == pytest.approx(12.4447, abs=1e-4) and frame["lower"].iloc[0] == pytest.approx(8.1887, abs=1e-4)
    new = [8.7, 8.7, 7.0, 6.8, 9.6, 9.0]
    assert [v < frame["lower"].iloc[0] for v in new] == [False, False, True, True, False, False]
