"""Funnels against published figures, hand-worked limits, and what must not matter."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiejian.analysis.chisquare import chi2_quantile
from jiejian.analysis.funnel import COLUMNS, funnel, funnel_limits

# The example of FunnelPlotR's own tests (tests/testthat/test-funnel_plot.R); phi as issue 4 publishes it.
OBSERVED, EXPECTED = [100, 150, 180, 80, 120, 225], [108, 112, 165, 95, 100, 220]

# Critical values of chi-square, NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.4.
NIST = [(0.95, 1, 3.841), (0.975, 10, 20.483), (0.999, 5, 20.515), (0.025, 10, 3.247), (0.001, 20, 5.921), (0.90, 100, 118.498)]

CASES = [(kind, over) for kind in ("proportion", "rate", "ratio") for over in (None, "winsorised", "shmi")]


@pytest.mark.parametrize(("p", "df", "value"), NIST)
def test_chi_square_as_published(p, df, value):
    assert float(chi2_quantile(p, df)) == pytest.approx(value, abs=5e-4)


def test_two_degrees_of_freedom_are_an_exponential():
    # With 2 degrees of freedom the quantile is −2 ln(1 − p): known in closed form.
    for p in (1e-6, 0.001, 0.025, 0.5, 0.975, 0.999):
        assert float(chi2_quantile(p, 2)) == pytest.approx(-2 * math.log1p(-p), rel=1e-9)


def test_the_search_and_the_expansion_meet():
    for p in (0.001, 0.025, 0.975, 0.999):
        near, far = chi2_quantile(p, [999.9, 1000.1])
        assert far > near and far - near == pytest.approx(0.2, rel=0.1)


def test_no_degrees_of_freedom():
    assert float(chi2_quantile(0.5, 0)) == 0 and np.isnan(chi2_quantile(0.5, [-1, np.nan])).all()


def test_poisson_limits_as_published():
    # FunnelPlotR, tests/testthat/test-poisson_limits.R: expected 15, 20, 30 about 1.
    found = funnel([15, 20, 30], [15, 20, 30], kind="ratio")[0]
    assert found["lower_95"].round(7).tolist() == [0.5596924, 0.6108260, 0.6746958]
    assert found["upper_95"].round(6).tolist() == [1.649348, 1.544419, 1.427562]
    assert found["lower_998"].round(7).tolist() == [0.3862650, 0.4479107, 0.5289724]
    assert found["upper_998"].round(6).tolist() == [2.082907, 1.902094, 1.702771]


def test_shmi_as_published():
    frame, centre, phi, tau2 = funnel(OBSERVED, EXPECTED, kind="ratio", overdispersion="shmi")
    assert centre == 1 and round(phi, 6) == 2.948033
    # By hand: n·phi − (n − 1) = 6 × 2.948033 − 5 = 12.688198; weights are the expected counts, Σ = 800, Σ² = 118,858,
    # 800 − 118,858/800 = 651.4275; tau² = 12.688198 / 651.4275.
    assert tau2 == pytest.approx(12.688198 / 651.4275, abs=1e-8)
    assert frame["upper_95"].iloc[0] == pytest.approx(math.exp(1.959964 * math.sqrt(1 / 108 + tau2)))
    assert frame["lower_998"].iloc[0] == pytest.approx(math.exp(-3.090232 * math.sqrt(1 / 108 + tau2)))
    assert set(frame["outside"]) == {""}


def test_shmi_leaves_out_the_outer_tenths():
    # Ten units: the extreme at each end goes, however extreme; phi and tau² do not know them.
    z = np.array([-400, -1, -0.5, -0.2, 0, 0.1, 0.4, 0.8, 1.2, 9])
    expected = np.full(10, 100.0)
    phi = funnel(expected * np.exp(z / 10), expected, kind="ratio", overdispersion="shmi")[2]
    assert phi == pytest.approx((z[1:-1] ** 2).mean())


def test_winsorised_draws_the_extremes_in():
    # z are 0, 1, …, 10 standard errors less 5: the 10 % and 90 % quantiles (R's type 7) are −4 and 4, so z² sums to 2·(16+16+9+4+1) = 92.
    n = np.full(11, 10_000.0)
    angles = math.asin(math.sqrt(0.5)) + (np.arange(11) - 5) / (2 * np.sqrt(n))
    frame, centre, phi, tau2 = funnel(n * np.sin(angles) ** 2, n, overdispersion="winsorised")
    assert centre == pytest.approx(0.5) and phi == pytest.approx(92 / 11)
    # Equal weights 4n: Σw − Σw²/Σw = 10 · 4n.
    assert tau2 == pytest.approx((92 - 10) / (10 * 40_000))
    half = 3.090232 * math.sqrt(1 / 40_000 + tau2)
    assert frame["upper_998"].iloc[0] == pytest.approx(math.sin(math.pi / 4 + half) ** 2)
    assert frame["z"].iloc[10] == pytest.approx(5)


def test_a_proportion_on_the_arcsine_scale_by_hand():
    # 60 of 100 and 40 of 100: pooled 0.5, angle π/4, standard error 1/20.
    frame = funnel([60, 40], [100, 100])[0]
    assert frame["z"].iloc[0] == pytest.approx((math.asin(math.sqrt(0.6)) - math.pi / 4) * 20)
    assert frame["lower_95"].iloc[0] == pytest.approx(math.sin(math.pi / 4 - 1.959964 / 20) ** 2)


def test_a_rate_is_a_ratio_about_the_pooled_rate():
    # 30 of 1000 and 10 of 3000 events: pooled 0.01, expected 10 and 30.
    rate, centre, _, _ = funnel([30, 10], [1000, 3000], kind="rate")
    ratio = funnel([30, 10], [10, 30], kind="ratio")[0]
    assert centre == pytest.approx(0.01)
    assert np.allclose(rate[["lower_95", "upper_998"]] * 100, ratio[["lower_95", "upper_998"]])
    assert rate["outside"].tolist() == ["above", "below"]


def test_what_only_differs_by_chance_is_not_adjusted():
    frame, _, phi, tau2 = funnel([50, 51, 49, 50], [100] * 4, kind="ratio", overdispersion=None)
    adjusted, _, phi, tau2 = funnel([100, 101, 99, 100], [100] * 4, kind="ratio", overdispersion="shmi")
    assert phi < 1 and tau2 == 0 and "未作过度离散调整" in adjusted.attrs["note"]
    assert np.allclose(adjusted["upper_95"], frame["upper_95"])


def test_adjusting_flags_no_more_than_chance_where_units_differ():
    rng = np.random.default_rng(4)
    n = rng.integers(2000, 6000, 137)
    x = rng.binomial(n, np.clip(rng.normal(0.5, 0.04, 137), 0, 1))
    plain, adjusted = (funnel(x, n, overdispersion=over)[0]["outside"].ne("").sum() for over in (None, "winsorised"))
    assert plain > 60 and adjusted <= 4


@pytest.mark.parametrize(("kind", "over"), CASES)
def test_bad_input_is_said_in_chinese_and_left_out(kind, over):
    frame, centre, phi, tau2 = funnel([5, 0, -1, np.nan, 9, 4], [10, 0, 5, 5, 8, np.inf], kind=kind, overdispersion=over)
    note = frame.attrs["note"]
    assert "2个单位缺数" in note and "1个单位出现负数" in note and "1个单位分母为0" in note
    assert ("1个单位分子大于分母" in note) == (kind == "proportion")
    assert not re.search("[A-Za-z]", note)
    judged = frame[frame["value"].notna()]
    assert len(judged) == (1 if kind == "proportion" else 2)
    assert np.isfinite(judged[list(COLUMNS[:-1])].to_numpy()).all() and np.isfinite([centre, phi, tau2]).all()
    assert (frame.loc[frame["value"].isna(), "outside"] == "").all()


@pytest.mark.parametrize(("kind", "over"), CASES)
@pytest.mark.parametrize(
    ("above", "below"),
    [([], []), ([0], [0]), ([3], [9]), ([4, 4, 4], [8, 8, 8]), ([0, 0], [5, 9]), ([5, 9], [5, 9]), ([0] * 12, [7] * 12)],
)
def test_little_or_nothing_to_compare(kind, over, above, below):
    frame, _, phi, tau2 = funnel(above, below, kind=kind, overdispersion=over)
    assert list(frame.columns) == list(COLUMNS) and len(frame) == len(above)
    there = frame[frame["value"].notna()]
    assert np.isfinite(there[list(COLUMNS[:-1])].to_numpy(dtype=float)).all() and np.isfinite([phi, tau2]).all()
    if len(there) < 2 or there["value"].nunique() == 1:
        assert frame.attrs["note"]


def test_none_observed_among_the_observed():
    frame, _, phi, _ = funnel([0, 10, 12, 8], [10, 10, 10, 10], kind="ratio", overdispersion="shmi")
    assert np.isfinite(frame["z"]).all() and np.isfinite(phi)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="没有"):
        funnel([1], [2], kind="mean")
    with pytest.raises(ValueError, match="一一对应"):
        funnel([1, 2], [2])


def test_a_series_keeps_its_index():
    frame = funnel(pd.Series([1, 2], index=["甲", "乙"]), pd.Series([3, 4], index=["甲", "乙"]))[0]
    assert frame.index.tolist() == ["甲", "乙"]


units = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), min_size=2, max_size=40)


@settings(max_examples=60, deadline=None)
@given(units, st.sampled_from(CASES), st.randoms(use_true_random=False))
def test_the_order_of_units_does_not_matter(pairs, case, random):
    kind, over = case
    pairs = [(min(a, b), b) if kind == "proportion" else (a, b) for a, b in pairs]
    order = list(range(len(pairs)))
    random.shuffle(order)
    frame, *rest = funnel(*zip(*pairs, strict=True), kind=kind, overdispersion=over)
    shuffled, *others = funnel(*zip(*(pairs[i] for i in order), strict=True), kind=kind, overdispersion=over)
    assert np.allclose(rest, others)
    assert np.allclose(frame[list(COLUMNS[:-1])].iloc[order], shuffled[list(COLUMNS[:-1])], equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(units, st.sampled_from([over for kind, over in CASES if kind == "rate"]))
def test_the_unit_of_population_does_not_matter_to_a_rate(pairs, over):
    above, below = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
    plain, centre, phi, _ = funnel(above, below, kind="rate", overdispersion=over)
    scaled, per_thousand, other, _ = funnel(above, below / 1000, kind="rate", overdispersion=over)
    assert per_thousand == pytest.approx(centre * 1000) and other == pytest.approx(phi)
    assert np.allclose(plain["upper_998"] * 1000, scaled["upper_998"]) and plain["outside"].tolist() == scaled["outside"].tolist()


@settings(max_examples=60, deadline=None)
@given(units, st.sampled_from(CASES))
def test_limits_are_nested_about_the_centre(pairs, case):
    kind, over = case
    pairs = [(min(a, b), b) if kind == "proportion" else (a, b) for a, b in pairs]
    frame, centre, _, _ = funnel(*zip(*pairs, strict=True), kind=kind, overdispersion=over)
    inner = frame[["lower_998", "lower_95", "upper_95", "upper_998"]].to_numpy()
    assert (np.diff(inner, axis=1) >= -1e-12).all()
    assert (inner[:, 1] <= centre + 1e-9).all() and (inner[:, 2] >= centre - 1e-9).all()


def test_limits_of_a_curve_are_those_of_the_units():
    frame, centre, _, tau2 = funnel([60, 30, 81], [100, 60, 90], overdispersion="winsorised")
    curve = funnel_limits([100, 60, 90], centre, kind="proportion", overdispersion="winsorised", tau2=tau2)
    assert np.allclose(frame["upper_998"], curve["upper_998"]) and np.allclose(frame["lower_95"], curve["lower_95"])
