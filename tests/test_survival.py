"""Time to close against published figures: the 6-MP remission times of Freireich et al. (Blood 21 (1963) 699–716).

Product-limit estimates and log(−log) limits as textbooks and statistical packages print them (Collett, Modelling Survival
Data in Medical Research; Stata's manual, sts list).
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiejian.analysis.survival import closed_by_day, closed_within, time_until

ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PUBLISHED = {  # day: (still, lower, upper)
    6: (0.8571, 0.6197, 0.9516),
    7: (0.8067, 0.5631, 0.9228),
    10: (0.7529, 0.5032, 0.8894),
    13: (0.6902, 0.4316, 0.8491),
    16: (0.6275, 0.3675, 0.8049),
    22: (0.5378, 0.2678, 0.7468),
    23: (0.4482, 0.1881, 0.6801),
}


def remission() -> pd.DataFrame:
    return closed_by_day(ENDED + CENSORED, [1] * len(ENDED) + [0] * len(CENSORED), [0] * len(ENDED) + [1] * len(CENSORED))


@pytest.mark.parametrize("day", PUBLISHED)
def test_the_published_curve(day):
    row = remission().set_index("day").loc[day]
    still, lower, upper = PUBLISHED[day]
    assert 1 - row["share"] == pytest.approx(still, abs=5e-5)
    assert (1 - row["upper"], 1 - row["lower"]) == (pytest.approx(lower, abs=5e-5), pytest.approx(upper, abs=5e-5))


def test_the_published_median_and_what_is_not_known():
    assert time_until(remission()) == 23
    assert time_until(remission(), 0.9) is None  # half of them had not ended
    assert closed_within(remission(), 12) == pytest.approx(1 - 0.7529, abs=5e-5)
    assert closed_within(remission(), 40) is None


def test_by_hand_without_open_cases_it_is_the_plain_share():
    curve = closed_by_day([0, 1, 7], [5, 3, 2], [0, 0, 0])
    assert list(curve["share"]) == pytest.approx([0.5, 0.8, 1.0])
    assert list(curve["at_risk"]) == [10, 5, 2]
    assert closed_within(curve, 400) == 1


def test_leaving_open_cases_out_would_look_faster():
    # Ten cases: five closed on day 1, five open for ten days. Half are closed, not all.
    curve = closed_by_day([1, 10], [5, 0], [0, 5])
    assert closed_within(curve, 10) == 0.5
    assert time_until(curve, 0.75) is None


def test_closed_before_received_is_left_out_and_told():
    curve = closed_by_day([-2, 1, np.nan], [3, 4, 1], [0, 0, 0])
    assert list(curve["closed"]) == [4]
    assert curve.attrs["note"] == "4件办结早于受理或缺受理时间，未计入。"


def test_nothing_gives_an_empty_curve():
    curve = closed_by_day([], [], [])
    assert curve.empty and time_until(curve) is None and closed_within(curve, 7) is None


CASES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30)


@given(CASES, st.randoms())
def test_order_does_not_matter_and_limits_hold_the_share(rows, chance):
    mixed = list(rows)
    chance.shuffle(mixed)
    first, second = (closed_by_day(*zip(*some, strict=True)) for some in (rows, mixed))
    pd.testing.assert_frame_equal(first, second)
    assert np.isfinite(first[["share", "lower", "upper"]].to_numpy()).all()
    assert (first["lower"] <= first["share"] + 1e-9).all() and (first["share"] <= first["upper"] + 1e-9).all()
    assert first["share"].is_monotonic_increasing
