"""Intervals against worked figures of the literature, and groups against the mean."""

import numpy as np
import pytest
from frames import METRICS, at, frame

from jiejian.analysis.interval import ABOVE, BELOW, SAME, compare_to_mean, difference, poisson, pooled_mean, wilson

# Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3 (score without continuity correction).
NEWCOMBE = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]


@pytest.mark.parametrize(("x", "n", "lower", "upper"), NEWCOMBE)
def test_wilson_as_published(x, n, lower, upper):
    low, high = wilson(x, n)
    assert (round(float(low), 4), round(float(high), 4)) == (lower, upper)


def test_wilson_takes_arrays_and_never_fails():
    low, high = wilson([81, 0, 5, np.nan, 6, -1, 3], [263, 0, -1, 10, 5, 5, np.nan])
    assert np.isfinite(low[0]) and np.isnan(low[1:]).all() and np.isnan(high[1:]).all()
    low, high = wilson([0, 20], 20)
    assert low[0] == 0 and high[1] == 1


def test_a_surer_interval_is_wider():
    (low, high), (lower, higher) = wilson(50, 100), wilson(50, 100, 0.998)
    assert lower < low < high < higher


# Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10.
@pytest.mark.parametrize(
    ("x", "n", "y", "m", "lower", "upper"), [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090)]
)
def test_difference_as_published(x, n, y, m, lower, upper):
    low, high = difference(x, n, y, m)
    assert (round(float(low), 4), round(float(high), 4)) == (lower, upper)


def test_difference_without_a_base_is_unknown():
    low, high = difference(1, 2, 0, 0)
    assert np.isnan(low) and np.isnan(high)


def test_groups_are_by_the_pooled_mean_not_by_the_mean_of_rates():
    # 900/1000 and 10/20 and 950/1000: pooled 1860/2020 = 92.08 %, the mean of rates would be 78.3 %.
    found = compare_to_mean(at("on_time_rate", 甲=(900, 1000), 乙=(10, 20), 丙=(950, 1000)), METRICS["on_time_rate"])
    assert found["mean"].round(2).tolist() == [92.08] * 3
    # On the arcsine scale 甲 lies 2.3 standard errors below, 乙 4.9 below, 丙 3.9 above: the limits are 3.09.
    assert found["group"].tolist() == [SAME, BELOW, ABOVE]
    assert found["verdict"].tolist() == ["", "worse", "better"]


def test_a_small_place_is_not_judged_by_its_rate_alone():
    found = compare_to_mean(at("on_time_rate", 甲=(930, 1000), 乙=(8, 10)), METRICS["on_time_rate"])
    assert found["group"].tolist() == [SAME, SAME]
    assert found["lower"].round(1).tolist() == [91.2, 49.0]


def test_lower_is_better_turns_the_verdict():
    found = compare_to_mean(at("repeat_share", 甲=(300, 1000), 乙=(100, 1000)), METRICS["repeat_share"])
    assert found["verdict"].tolist() == ["worse", "better"]


def test_neutral_metrics_have_groups_but_no_verdict():
    found = compare_to_mean(at("elderly_share", 甲=(300, 1000), 乙=(100, 1000)), METRICS["elderly_share"])
    assert found["group"].tolist() == [ABOVE, BELOW] and set(found["verdict"]) == {""}


def test_counts_have_neither_interval_nor_mean():
    found = compare_to_mean(at("cases_opened", 甲=30, 乙=10), METRICS["cases_opened"])
    assert found[["lower", "upper", "mean"]].isna().all().all() and set(found["group"]) == {""}


def test_rates_of_counts_are_judged_by_the_poisson_funnel():
    # 30 of 1,000 and 10 of 3,000: pooled 10 per 1,000, expected 10 and 30; exact 99.8 % limits of 10 are 2.96 and 24.03 events.
    rows = at("complaints_per_thousand_households", 甲=(30, 1000), 乙=(10, 3000))
    found = compare_to_mean(rows, METRICS["complaints_per_thousand_households"])
    assert found["mean"].tolist() == [10.0, 10.0] and found["group"].tolist() == [ABOVE, BELOW]
    assert found["verdict"].tolist() == ["worse", "better"]
    # Garwood's interval of 30 events: 20.24 to 42.83.
    assert found[["lower", "upper"]].round(2).iloc[0].tolist() == [20.24, 42.83]


# Exact 95 % limits of a Poisson count: E. S. Pearson & H. O. Hartley, Biometrika Tables for Statisticians I, table 40.
@pytest.mark.parametrize(("count", "lower", "upper"), [(0, 0, 3.69), (1, 0.0253, 5.57), (10, 4.80, 18.39), (50, 37.11, 65.92)])
def test_poisson_as_published(count, lower, upper):
    low, high = poisson(count, 1)
    assert float(low) == pytest.approx(lower, abs=0.005) and float(high) == pytest.approx(upper, abs=0.005)


def test_rates_of_points_and_hours_are_not_judged():
    found = compare_to_mean(at("hours_per_volunteer", 甲=(3000, 100), 乙=(10, 300)), METRICS["hours_per_volunteer"])
    assert set(found["group"]) == {""} and found["lower"].isna().all()


def test_many_places_are_judged_by_limits_widened_for_over_dispersion():
    # Twenty large places between 85 and 95 %: nearly all outside the unadjusted limits, none outside the usual spread.
    figures = {f"社区{i}": (8500 + 50 * i, 10_000) for i in range(20)}
    found = compare_to_mean(at("on_time_rate", **figures), METRICS["on_time_rate"])
    assert found["adjusted"].all() and set(found["group"]) == {SAME}
    few = compare_to_mean(at("on_time_rate", 甲=(8500, 10_000), 乙=(9500, 10_000)), METRICS["on_time_rate"])
    assert not few["adjusted"].any() and few["group"].tolist() == [BELOW, ABOVE]


@pytest.mark.parametrize(
    "figures", [{"甲": (9, 10)}, {"甲": (9, 10), "乙": None}, {"甲": None}, {}, {"甲": (0, 0), "乙": (3, 4)}]
)
def test_one_place_or_none_is_not_judged(figures):
    found = compare_to_mean(at("on_time_rate", **figures), METRICS["on_time_rate"])
    assert set(found["group"]) <= {""}


def test_more_than_all_has_no_interval():
    # 兑换积分 may exceed 获得积分.
    found = compare_to_mean(at("redemption_share", 甲=(120, 100), 乙=(50, 100)), METRICS["redemption_share"])
    assert np.isnan(found["lower"].iloc[0]) and found["group"].iloc[0] == ""


def test_a_gap_is_left_out_of_the_mean():
    assert pooled_mean(at("on_time_rate", 甲=(9, 10), 乙=None, 丙=(0, 0)), METRICS["on_time_rate"]) == 90


def test_periods_and_metrics_are_not_mixed():
    with pytest.raises(ValueError, match="不同时间"):
        compare_to_mean(frame("on_time_rate", {"甲": {"2026-10": (1, 2), "2026-09": (1, 2)}}), METRICS["on_time_rate"])
    with pytest.raises(ValueError, match="以外的指标"):
        compare_to_mean(at("on_time_rate", 甲=(1, 2)), METRICS["satisfaction_rate"])
