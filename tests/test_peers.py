"""Peers, ranks with their range, cover names: by hand and from the literature."""

import numpy as np
import pandas as pd
import pytest
from frames import CATALOGUE, METRICS, at
from hypothesis import given
from hypothesis import strategies as st

from jiejian.analysis.peers import average, beside, nearest, same_group, standardised, traits_frame
from jiejian.analysis.ranks import range_text, ranked_with_range, spans
from jiejian.catalogue import Likeness

MEASURES = CATALOGUE.measures
TRAITS = {"x": Likeness(id="x", name="甲", metric="households"), "y": Likeness(id="y", name="乙", metric="residents")}
VALUES = pd.DataFrame({"x": [0.0, 1, 2, 3, 4], "y": [0.0, 4, 0, 1, 0]}, index=list("ABCDE"))


def test_nearest_by_hand():
    # x has standard deviation 1.5811, y 1.7321: of A's neighbours C is 2/1.58 apart in x only, B 1/1.58 and 4/1.73.
    found = nearest(VALUES, "A", TRAITS, count=4)
    assert found.index.tolist() == ["C", "D", "B", "E"]
    sd = VALUES.std()
    assert found.loc["B", "distance"] == pytest.approx(np.sqrt(((1 / sd["x"]) ** 2 + (4 / sd["y"]) ** 2) / 2))


def test_weights_choose_the_neighbours():
    assert nearest(VALUES, "A", TRAITS, {"x": 1, "y": 0}, 1).index.tolist() == ["B"]
    assert nearest(VALUES, "A", TRAITS, {"x": 0, "y": 1}, 2).index.tolist() == ["C", "E"]
    assert nearest(VALUES, "A", TRAITS, {"x": 0, "y": 0}).empty


def test_a_missing_trait_is_left_out_for_the_pair():
    values = VALUES.copy()
    values.loc["B", "y"] = np.nan
    assert nearest(values, "A", TRAITS, count=1).index.tolist() == ["B"]
    values.loc["A"] = np.nan
    assert nearest(values, "A", TRAITS).empty and nearest(values, "Z", TRAITS).empty


def test_what_does_not_vary_does_not_count():
    z = standardised(VALUES.assign(y=7.0), TRAITS)
    assert (z["y"] == 0).all() and z["x"].std() == pytest.approx(1)


@given(st.permutations(list("ABCDE")), st.floats(0.1, 1e4))
def test_order_and_unit_do_not_matter(order, factor):
    plain = nearest(VALUES, "A", TRAITS)
    other = nearest((VALUES * factor).loc[order], "A", TRAITS)
    assert plain.index.tolist() == other.index.tolist() and np.allclose(plain, other)


def test_traits_come_from_figures_and_areas():
    figures = pd.concat([at("residents", 甲=1000, 乙=3000, 丙=500), at("households", 甲=400, 乙=1000, 丙=None)])
    places = pd.DataFrame({"place_id": ["demo/甲", "demo/乙", "demo/丙"], "area_km2": [0.5, None, 0.25]})
    traits = [
        Likeness(id="density", name="密度", metric="residents", per_area=True),
        Likeness(id="size", name="规模", metric="households"),
        Likeness(id="none", name="无", metric="elderly_share"),
    ]
    found = traits_frame(figures, places, traits)
    assert found["density"].fillna(-1).tolist() == [2000, -1, 2000] and found["size"].fillna(-1).tolist() == [400, 1000, -1]
    assert found["none"].isna().all()


def test_averages_are_sums_over_sums():
    # 90/100 and 10/20: 100 of 120, not the mean of 90 % and 50 %.
    rows = at("on_time_rate", 甲=(90, 100), 乙=(10, 20), 丙=None)
    assert average(rows, METRICS["on_time_rate"], MEASURES) == pytest.approx(83.3333, abs=1e-3)
    assert average(at("cases_opened", 甲=10, 乙=30, 丙=None), METRICS["cases_opened"], MEASURES) == 20
    assert np.isnan(average(at("score_party", "2026-Q3", 甲=90, 乙=80), METRICS["score_party"], MEASURES))
    assert np.isnan(average(rows[:0], METRICS["on_time_rate"], MEASURES))


def test_beside_by_hand():
    rows = pd.concat([
        at("on_time_rate", 甲=(90, 100), 乙=(40, 50), 丙=(9, 9), 丁=(70, 100)),
        at("repeat_share", 甲=(10, 100), 乙=(4, 50), 丙=(1, 50), 丁=(9, 100)),
        at("cases_opened", 甲=100, 乙=50, 丙=9, 丁=100),
    ])  # fmt: skip
    metrics = [METRICS[m] for m in ("on_time_rate", "repeat_share", "cases_opened")]
    found = beside(rows, metrics, "demo/甲", ["demo/乙", "demo/丁"], MEASURES).set_index("metric")
    # Peers 110 of 150; street 209 of 259; 丙's 9 of 9 is too few to be the best.
    assert found.loc["on_time_rate", ["own", "peers", "street"]].tolist() == pytest.approx([90, 110 / 1.5, 209 / 2.59])
    assert found.loc["on_time_rate", ["best", "best_place"]].tolist() == [90, "demo/甲"]
    assert found.loc["repeat_share", ["best", "best_place"]].tolist() == [2, "demo/丙"]
    assert np.isnan(found.loc["cases_opened", "best"]) and found.loc["cases_opened", "street"] == 64.75


def test_fixed_groups():
    places = pd.DataFrame({"place_id": ["a", "b", "c"], "peer_group": ["老旧小区型", "老旧小区型", None]})
    assert same_group(places, "a") == ("老旧小区型", ["b"]) and same_group(places, "c") == ("", []) == same_group(places, "z")


# ---- ranks ----


def test_spans_by_hand():
    # Klein, Wright & Wieczorek (2020), section 3: count the intervals wholly on one side. Here A lies above C and D, B above D.
    lower, upper = np.array([8.0, 6, 4, 1, np.nan]), np.array([10.0, 9, 7, 3, np.nan])
    best, worst = spans(lower, upper)
    assert best[:4].tolist() == [1, 1, 2, 4] and worst[:4].tolist() == [2, 3, 3, 4] and np.isnan(best[4])
    best, worst = spans(lower, upper, highest_first=False)
    assert best[:4].tolist() == [3, 2, 2, 1] and worst[:4].tolist() == [4, 4, 3, 1]


def test_few_cases_share_a_range_and_many_do_not():
    few = ranked_with_range(at("on_time_rate", 甲=(9, 10), 乙=(8, 10), 丙=(7, 10)), METRICS["on_time_rate"])
    assert few["rank_best"].tolist() == [1, 1, 1] and few["rank_worst"].tolist() == [3, 3, 3]
    many = ranked_with_range(at("repeat_share", 甲=(900, 10_000), 乙=(800, 10_000), 丙=(100, 10_000)), METRICS["repeat_share"])
    assert many["rank_best"].tolist() == [2, 2, 1] or many["rank_best"].tolist() == [3, 2, 1]
    assert many["rank_worst"].iloc[2] == 1


def test_what_is_no_matter_of_counting_has_no_rank():
    for metric, figures in (("score_party", {"甲": 90, "乙": 80}), ("cases_opened", {"甲": 9, "乙": 8})):
        found = ranked_with_range(at(metric, **figures), METRICS[metric])
        assert found["rank_best"].isna().all()
    assert (range_text(2, 2), range_text(2, 7), range_text(np.nan, np.nan)) == ("第2名", "第2—7名", "—")


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 20)), min_size=1, max_size=20))
def test_every_rank_is_within_some_range(pairs):
    lower = np.array([a for a, _ in pairs])
    upper = lower + np.array([w for _, w in pairs])
    best, worst = spans(lower, upper)
    order = np.argsort(np.argsort(-(lower + upper) / 2, kind="stable"), kind="stable") + 1
    assert (best <= worst).all() and (best >= 1).all() and (worst <= len(pairs)).all()
    assert (best <= order).all() and (order <= worst).all()
