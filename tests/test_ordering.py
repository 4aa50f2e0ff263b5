"""Ranks of very many are those of few: by sorting as by holding each against each, with ties and gaps."""

from __future__ import annotations

import numpy as np
import pytest

from jiejian.analysis.ordering import ranks


def test_by_hand():
    nan = np.nan
    assert ranks(np.array([3.0, 1.0, 3.0, nan, 2.0])).tolist()[:3] == [1, 4, 1]
    many = np.array([*range(100), 99.0, nan])
    found = ranks(many)
    assert (found[0], found[98], found[99], found[100]) == (101, 3, 1, 1) and np.isnan(found[101])


@pytest.mark.parametrize("tie", [0.0, 1e-9, 0.05])
@pytest.mark.parametrize("gaps", [0.0, 0.2, 1.0])
def test_sorting_and_each_against_each(tie, gaps):
    chance = np.random.default_rng(7)
    for decimals in (0, 1, 12):
        values = np.round(chance.normal(size=(3, 4, 90)), decimals)
        values[chance.random(values.shape) < gaps] = np.nan
        above = (values[..., None, :] > values[..., :, None] + tie).sum(axis=-1) + 1.0
        assert np.array_equal(ranks(values, tie), np.where(np.isnan(values), np.nan, above), equal_nan=True)
