"""Composite scores: worked by hand, after the documented examples of COINr, and what must not matter."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiejian.analysis.composite import contributions, score
from jiejian.analysis.robustness import STABLE, UNSTABLE, Counted, rank_of, rank_ranges
from jiejian.analysis.treat import Treated, kurtosis, passes, skewness, treat

UNITS = ["甲", "乙", "丙", "丁"]
FRAME = pd.DataFrame({"a": [10.0, 20, 30, 50], "b": [4.0, 1, 2, 3], "c": [5.0, 7, np.nan, 9]}, index=UNITS)
BETTER = {"a": "higher", "b": "lower", "c": "higher"}
GROUPS = {"综合": {"members": {"党建": 1.0, "服务": 2.0}}, "党建": {"members": {"a": 1.0}}, "服务": {"members": {"b": 1, "c": 3}}}


def test_minmax_by_hand():
    found = score(FRAME, groups=GROUPS, better=BETTER)
    assert list(found.columns) == ["综合", "党建", "服务"] and list(found.index) == UNITS
    assert found["党建"].tolist() == [0, 25, 50, 100]
    # b turned round: 0, 100, 66.67, 33.33; c: 0, 50, gap, 100; weights 1 and 3, for 丙 only b.
    assert found["服务"].round(4).tolist() == [0, 62.5, 66.6667, 83.3333]
    assert found["综合"].round(4).tolist() == [0, 50, 61.1111, 88.8889]


def test_zscore_by_hand():
    # Mean 27.5, sample variance (306.25 + 56.25 + 6.25 + 506.25) / 3.
    found = score(FRAME, groups={"党建": {"members": {"a": 1}}}, better=BETTER, normalise="zscore")
    assert found["党建"].tolist() == pytest.approx([(x - 27.5) / math.sqrt(875 / 3) for x in (10, 20, 30, 50)])


def test_ranks_share_the_lower_number():
    frame = pd.DataFrame({"a": [3.0, 1, 3, np.nan, 5]})
    assert score(frame, groups={"g": {"members": {"a": 1}}}, better=BETTER, normalise="rank")["g"].tolist()[:3] == [2, 1, 2]
    turned = score(frame, groups={"g": {"members": {"a": 1}}}, better={"a": "lower"}, normalise="rank")["g"]
    assert turned.tolist()[:3] == [2, 4, 2] and np.isnan(turned[3]) and turned[4] == 1


def test_goalposts_as_documented():
    # COINr, tests/testthat/test-normalise.R: 1, 11 and −1 between 0 and 10, both ways round (there of 1, here of 100).
    frame, posts = pd.DataFrame({"a": [1.0, 11, -1]}), {"a": (0, 10)}
    up = score(frame, groups={"g": {"members": {"a": 1}}}, better={"a": "higher"}, normalise="goalpost", goalposts=posts)
    down = score(frame, groups={"g": {"members": {"a": 1}}}, better={"a": "lower"}, normalise="goalpost", goalposts=posts)
    assert up["g"].tolist() == [10, 100, 0] and down["g"].tolist() == [90, 0, 100]


def test_geometric_as_documented():
    # COINr, test-aggregate.R: the geometric mean of 1, 2, 3 with weights 1, 1, 2 is (1·2·3²)^(1/4); here on ranks.
    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 3, 2], "c": [1.0, 2, 3]})
    groups = {"g": {"members": {"a": 1, "b": 1, "c": 2}}}
    found = score(frame, groups=groups, better=dict.fromkeys("abc", "higher"), normalise="rank", aggregate="geometric")
    assert found["g"].tolist() == pytest.approx([1, (2 * 3 * 2**2) ** 0.25, (3 * 2 * 3**2) ** 0.25])


def test_geometric_minmax_runs_from_one():
    found = score(FRAME, groups=GROUPS, better=BETTER, aggregate="geometric")
    assert found["党建"].tolist() == pytest.approx([1, 25.75, 50.5, 100])
    # 乙: b 100, c 50.5, weights 1 and 3; then 25.75 and that, weights 1 and 2.
    service = (100 * 50.5**3) ** 0.25
    assert found.loc["乙", "综合"] == pytest.approx((25.75 * service**2) ** (1 / 3))


def test_a_zero_makes_a_geometric_mean_zero():
    frame, posts = pd.DataFrame({"a": [0.0, 5], "b": [10.0, 5]}), {"a": (0, 10), "b": (0, 10)}
    groups = {"g": {"members": {"a": 1, "b": 1}}}
    found = score(
        frame, groups=groups, better=BETTER | {"b": "higher"}, normalise="goalpost", aggregate="geometric", goalposts=posts
    )
    assert found["g"].round(6).tolist() == [0, 50]


def test_groups_nest_to_any_depth():
    groups = {f"g{i}": {"members": {f"g{i + 1}": 1.0}} for i in range(6)} | {"g6": {"members": {"a": 1.0}}}
    found = score(FRAME, groups=groups, better=BETTER)
    assert all(found[f"g{i}"].tolist() == [0, 25, 50, 100] for i in range(7))


def test_what_is_the_same_everywhere_tells_nothing():
    frame = FRAME.assign(d=7.0, e=np.nan)
    groups = {"g": {"members": {"a": 1, "d": 5, "e": 2}}}
    found = score(frame, groups=groups, better=BETTER | {"d": "higher", "e": "lower"})
    assert found["g"].tolist() == [0, 25, 50, 100] and found.attrs["note"] == "d、e各单位相同或无数，未计入得分。"


@pytest.mark.parametrize(
    ("groups", "better", "options", "said"),
    [
        ({"g": {"members": {"x": 1}}}, BETTER, {}, "既不是分组"),
        ({"g": {"members": {"h": 1}}, "h": {"members": {"g": 1}}}, BETTER, {}, "互相包含：g、h、g"),
        ({"g": {"members": {"a": -1}}}, BETTER, {}, "不小于0"),
        ({"g": {"members": {"a": 0}}}, BETTER, {}, "全为0"),
        ({"g": {"members": {}}}, BETTER, {}, "没有成员"),
        ({"g": {"members": {"a": 1}}}, {"a": "neutral"}, {}, "越高越好还是越低越好"),
        ({"g": {"members": {"a": 1}}}, BETTER, {"normalise": "zscore", "aggregate": "geometric"}, "不能求几何平均"),
        ({"g": {"members": {"a": 1}}}, BETTER, {"normalise": "goalpost"}, "写明下限和上限"),
        ({"g": {"members": {"a": 1}}}, BETTER, {"normalise": "goalpost", "goalposts": {"a": (3, 3)}}, "上限和下限相同"),
        ({"g": {"members": {"a": 1}}}, BETTER, {"normalise": "best"}, "没有"),
    ],
)
def test_faults_are_said_in_chinese(groups, better, options, said):
    with pytest.raises(ValueError, match=said):
        score(FRAME, groups=groups, better=better, **options)


@pytest.mark.parametrize("size", [0, 1, 2])
def test_few_units(size):
    found = score(FRAME[:size], groups=GROUPS, better=BETTER)
    assert len(found) == size and not np.isinf(found.to_numpy()).any()
    ranges = rank_ranges(FRAME[:size], "综合", groups=GROUPS, better=BETTER)
    assert len(ranges) == size


# ---- contributions ----


@pytest.mark.parametrize("aggregate", ["arithmetic", "geometric"])
def test_contributions_add_up_to_the_score(aggregate):
    parts = contributions(FRAME, "综合", groups=GROUPS, better=BETTER, aggregate=aggregate)
    whole = score(FRAME, groups=GROUPS, better=BETTER, aggregate=aggregate)["综合"]
    assert parts.sum(axis=1).tolist() == pytest.approx(whole.where(whole > 1, parts.sum(axis=1)).tolist())
    assert parts.loc["丙", "c"] == 0


def test_contributions_by_hand():
    parts = contributions(FRAME, "综合", groups=GROUPS, better=BETTER)
    # 丁: a 100 × 1/3; b 33.33 × 2/3 × 1/4; c 100 × 2/3 × 3/4.
    assert parts.loc["丁"].tolist() == pytest.approx([100 / 3, 100 / 3 / 6, 50])


# ---- how far ranks hold ----


def test_ranks_share_the_better_place():
    assert rank_of(np.array([5.0, 7, 7, np.nan, 1])).tolist()[:3] == [3, 1, 1]


def test_a_clear_winner_is_stable_and_two_alike_are_not():
    frame = pd.DataFrame({"a": [90.0, 60, 50, 40, 30, 20, 10], "b": [90.0, 10, 20, 30, 40, 50, 60]}, index=list("ABCDEFG"))
    found = rank_ranges(frame, "g", groups={"g": {"members": {"a": 1, "b": 1}}}, better={"a": "higher", "b": "higher"})
    assert found.loc["A", ["rank", "best", "worst", "verdict"]].tolist() == [1, 1, 1, STABLE]
    # B and G have the same sum: which comes first hangs on the weights alone.
    assert found.loc["B", "weights_best"] == 2 and found.loc["B", "weights_worst"] == 7 and found.loc["B", "verdict"] == UNSTABLE


def test_ranges_are_the_same_every_time_and_in_any_order():
    options = {"better": {"a": "higher", "b": "lower", "c": "higher"}}
    first = rank_ranges(FRAME, "综合", groups=GROUPS, **options)
    again = rank_ranges(FRAME[["c", "a", "b"]].iloc[::-1], "综合", groups=dict(reversed(GROUPS.items())), **options)
    pd.testing.assert_frame_equal(first, again.loc[first.index])


def test_what_rests_on_little_has_a_wide_range():
    figures = {"甲": (9, 10), "乙": (8, 10), "丙": (7, 10), "丁": (6, 10)}
    x, n = (pd.DataFrame({"a": {k: float(v[i]) for k, v in figures.items()}}) for i in (0, 1))
    groups, better = {"g": {"members": {"a": 1}}}, {"a": "higher"}
    few = rank_ranges(x / n, "g", groups=groups, better=better, counted=Counted(x, n, frozenset({"a"})))
    many = rank_ranges(x / n, "g", groups=groups, better=better, counted=Counted(x * 1000, n * 1000, frozenset({"a"})))
    assert few["chance_worst"].max() == 4 and few.loc["甲", "chance_worst"] >= 3
    assert (many["chance_best"] == many["chance_worst"]).all() and (many["verdict"] == STABLE).all()
    assert (few["weights_best"] == few["weights_worst"]).all()


def test_the_range_holds_every_other_range():
    random = np.random.default_rng(3)
    frame = pd.DataFrame(random.random((23, 3)), columns=list("abc"))
    found = rank_ranges(frame, "综合", groups=GROUPS, better=BETTER)
    for part in ("weights", "methods", "chance"):
        assert (found["best"] <= found[f"{part}_best"]).all() and (found["worst"] >= found[f"{part}_worst"]).all()
        assert (found[f"{part}_best"] <= found["rank"]).all() and (found[f"{part}_worst"] >= found["rank"]).all()


# ---- outliers ----


def test_one_outlier_is_drawn_in_as_documented():
    # COINr, tests/testthat/test-treat.R: 1…10 and 100: 100 becomes 10.
    frame = pd.DataFrame({"a": [*range(1, 11), 100]}, dtype=float)
    found, done = treat(frame)
    assert (
        not passes(frame["a"].to_numpy())
        and found["a"].tolist() == [*range(1, 11), 10]
        and done == [Treated("a", "winsorised", (10,))]
    )


def test_skewness_and_kurtosis_by_hand():
    # 1, 2, 3, 10: mean 4, deviations −3, −2, −1, 6: Σd² 50, Σd³ 180, Σd⁴ 1394.
    x = np.array([1.0, 2, 3, 10])
    assert skewness(x) == pytest.approx(2 * 180 / 50**1.5 * math.sqrt(12) / 2)
    assert kurtosis(x) == pytest.approx((5 * (4 * 1394 / 2500 - 3) + 6) * 3 / 2)


def test_many_outliers_take_the_logarithm():
    x = pd.DataFrame({"a": np.r_[np.arange(1.0, 61), 10.0 ** np.arange(3, 9)]})
    found, done = treat(x)
    assert done[0].method == "log" and found["a"].is_monotonic_increasing and np.isfinite(found["a"]).all()


@pytest.mark.parametrize("column", [[1.0], [5.0] * 9, [np.nan] * 4, [1.0, 2, 3]])
def test_nothing_to_treat(column):
    found, done = treat(pd.DataFrame({"a": column}))
    assert done == [] and found["a"].equals(pd.Series(column, name="a"))


# ---- what must not matter ----

tables = st.integers(3, 12).flatmap(
    lambda n: st.lists(st.lists(st.integers(-50, 50), min_size=n, max_size=n), min_size=3, max_size=3)
)
methods = st.sampled_from([("minmax", "arithmetic"), ("minmax", "geometric"), ("zscore", "arithmetic"), ("rank", "arithmetic")])


@settings(max_examples=60, deadline=None)
@given(tables, methods, st.floats(0.01, 1000), st.floats(-100, 100))
def test_the_unit_of_a_metric_does_not_matter(rows, method, factor, shift):
    frame = pd.DataFrame(dict(zip("abc", rows, strict=True)), dtype=float)
    how = {"groups": GROUPS, "better": BETTER, "normalise": method[0], "aggregate": method[1]}
    moved = frame.assign(a=frame["a"] * factor + shift)
    if method[0] == "rank":
        moved = frame.assign(a=frame["a"] * 2)
    assert np.allclose(score(frame, **how), score(moved, **how), equal_nan=True, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(tables, methods, st.floats(0.01, 100))
def test_only_the_proportion_of_weights_matters(rows, method, factor):
    frame = pd.DataFrame(dict(zip("abc", rows, strict=True)), dtype=float)
    scaled = {name: {"members": {m: w * factor for m, w in group["members"].items()}} for name, group in GROUPS.items()}
    how = {"better": BETTER, "normalise": method[0], "aggregate": method[1]}
    assert np.allclose(score(frame, groups=GROUPS, **how), score(frame, groups=scaled, **how), equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(tables, methods, st.randoms(use_true_random=False))
def test_the_order_of_units_and_groups_does_not_matter(rows, method, random):
    frame = pd.DataFrame(dict(zip("abc", rows, strict=True)), dtype=float)
    order = list(frame.index)
    random.shuffle(order)
    how = {"better": BETTER, "normalise": method[0], "aggregate": method[1]}
    plain = score(frame, groups=GROUPS, **how)
    shuffled = score(frame.loc[order], groups=dict(reversed(GROUPS.items())), **how)
    assert np.allclose(plain.loc[order], shuffled[plain.columns], equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(tables)
def test_better_figures_never_lower_a_score(rows):
    frame = pd.DataFrame(dict(zip("abc", rows, strict=True)), dtype=float)
    posts = dict.fromkeys("abc", (-50, 50))
    how = {"groups": GROUPS, "better": BETTER, "normalise": "goalpost", "goalposts": posts}
    risen = frame.assign(a=frame["a"] + 5, b=frame["b"] - 5)
    assert (score(risen, **how)["综合"] >= score(frame, **how)["综合"] - 1e-9).all()


def test_notes_are_chinese():
    note = score(FRAME.assign(a=1.0), groups={"g": {"members": {"a": 1}}}, better=BETTER).attrs["note"]
    assert re.fullmatch(r"a[^A-Za-z]+", note)
