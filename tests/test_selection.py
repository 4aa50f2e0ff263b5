"""A selection to and from parameters, and in words."""

import pytest

from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE
from jiejian.periods import parse_period
from jiejian.selection import Selection, SelectionError, from_params, latest_periods

CATALOGUE = load_catalogue(BUNDLED_CATALOGUE)
KNOWN = {"demo/a": "春和社区", "demo/b": "望湖社区"}


def made(**changes) -> Selection:
    base = {"dataset": "demo", "metrics": ("on_time_rate",), "period": parse_period("2026-10")}
    return Selection(**{**base, **changes})


@pytest.mark.parametrize(
    "selection",
    [
        made(),
        made(metrics=("on_time_rate", "households"), places=("demo/b",)),
        made(period=parse_period("2026-Q3"), since=parse_period("2025-Q4")),
        made(period=parse_period("2026-C10"), since=parse_period("2026-C02")),
    ],
)
def test_there_and_back(selection):
    params = {key: [value] if isinstance(value, str) else value for key, value in selection.to_params().items()}
    assert from_params(params, CATALOGUE, KNOWN) == selection


def test_names_do_as_well_as_ids():
    params = {"dataset": ["demo"], "metric": ["按期办结率"], "community": ["望湖社区"], "period": ["2026-10"]}
    assert from_params(params, CATALOGUE, KNOWN) == made(places=("demo/b",))


SERIES = [
    ("2026-01", "2025-11", ["2025-11", "2025-12", "2026-01"]),
    ("2026-Q1", "2025-Q3", ["2025-Q3", "2025-Q4", "2026-Q1"]),
    ("2026", "2024", ["2024", "2025", "2026"]),
    ("2026-C02", "2025-C11", ["2025-C11", "2025-C12", "2026-C01", "2026-C02"]),
]


@pytest.mark.parametrize(("period", "since", "keys"), SERIES)
def test_a_series_begins_and_ends_where_it_says(period, since, keys):
    assert [p.key for p in made(period=parse_period(period), since=parse_period(since)).periods] == keys


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"period": ["2026-10"], "metric": ["没有"]}, "没有名为“没有”的指标"),
        ({"period": ["十月"], "metric": ["on_time_rate"]}, "看不懂的时间"),
        ({"period": ["2026-10"], "since": ["2026-Q1"], "metric": ["on_time_rate"]}, "同为一种周期"),
        ({"period": ["2026-10"], "since": ["2026-11"], "metric": ["on_time_rate"]}, "不晚于它"),
        ({"period": ["2026-10"], "community": ["远方社区"], "metric": ["on_time_rate"]}, "没有名为“远方社区”的社区。可用的有：春和社区、望湖社区"),
    ],
)
def test_a_wrong_selection_is_refused_in_chinese(params, sentence):
    with pytest.raises(SelectionError, match=sentence):
        from_params({"dataset": ["demo"], **params}, CATALOGUE, KNOWN)


def test_it_says_itself():
    assert made().describe(CATALOGUE, KNOWN) == "示范街道（演示数据） · 全部社区 · 2026年10月 · 按期办结率"
    series = made(places=("demo/a",), since=parse_period("2026-08"))
    assert series.describe(CATALOGUE, KNOWN) == "示范街道（演示数据） · 春和社区 · 2026年8月至2026年10月 · 按期办结率"


def test_only_complete_periods_are_offered():
    from datetime import date

    offered = latest_periods(date(2025, 11, 1), date(2026, 10, 18))
    assert offered["month"][0].key == "2026-09" and offered["month"][-1].key == "2025-11"
    assert [p.key for p in offered["quarter"]] == ["2026-Q3", "2026-Q2", "2026-Q1"]
    assert [p.key for p in offered["half"]] == ["2026-H1"]
    assert offered["year"] == []
    assert offered["ytd"][0].key == "2026-C09" and offered["ytd"][-1].key == "2026-C01"
