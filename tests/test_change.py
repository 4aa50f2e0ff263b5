"""The same cut-off by default, worked by hand: windows, changes over common places, no change across a boundary."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from frames import CATALOGUE, METRICS, frame
from street import Street

from jiejian.analysis.change import Change, Window, change, change_between, completion, month_to_date, time_progress, year_to_date
from jiejian.analysis.takeaway import steps, to_date_sentence
from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE, Home
from jiejian.periods import parse_period
from jiejian.warehouse import Warehouse, serving


@pytest.mark.parametrize(
    ("cutoff", "labels"),
    [
        (date(2026, 5, 18), ("2026年5月1—18日", "2026年4月1—18日", "2025年5月1—18日")),
        (date(2026, 5, 31), ("2026年5月", "2026年4月", "2025年5月")),  # the end of a month is the end of a month
        (date(2026, 3, 30), ("2026年3月1—30日", "2026年2月", "2025年3月1—30日")),  # February has no 30th
        (date(2026, 1, 10), ("2026年1月1—10日", "2025年12月1—10日", "2025年1月1—10日")),
        (date(2028, 2, 29), ("2028年2月", "2028年1月", "2027年2月")),
        (date(2026, 4, 1), ("2026年4月1日", "2026年3月1日", "2025年4月1日")),
    ],
)
def test_the_same_cut_off(cutoff, labels):
    windows = month_to_date(cutoff)
    assert tuple(windows[name].label for name in ("now", "previous", "year_before")) == labels


@pytest.mark.parametrize(
    ("cutoff", "labels"),
    [
        (date(2026, 5, 18), ("2026年1月1日—5月18日", "2025年1月1日—5月18日")),
        (date(2026, 10, 31), ("2026年1—10月", "2025年1—10月")),
        (date(2028, 2, 29), ("2028年1—2月", "2027年1—2月")),
    ],
)
def test_the_year_to_the_same_day(cutoff, labels):
    assert tuple(w.label for w in year_to_date(cutoff).values()) == labels


@pytest.mark.parametrize(
    ("cutoff", "share"),
    [(date(2026, 6, 30), 0.5), (date(2026, 10, 31), 10 / 12), (date(2026, 6, 15), 5.5 / 12), (date(2026, 12, 31), 1)],
)
def test_time_progress(cutoff, share):
    assert time_progress(cutoff) == pytest.approx(share)


def test_completion():
    assert completion(120, 160) == 0.75
    assert np.isnan(completion(120, 0)) and np.isnan(completion(np.nan, 10)) and np.isnan(completion(5, np.nan))


def between(metric: str, *rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["place_id", "window", "numerator", "denominator"]).assign(metric=metric)


WINDOWS = month_to_date(date(2026, 5, 18))
NOW, BEFORE, AGO = (w.label for w in WINDOWS.values())


def test_a_count_changes_by_percent_over_common_places():
    """A: 30 after 20; B: 10 after 20; C has no figure before and counts for nothing: 40 after 40."""
    held = between(
        "cases_opened", ("A", NOW, 30, np.nan), ("A", BEFORE, 20, np.nan), ("B", NOW, 10, np.nan), ("B", BEFORE, 20, np.nan),
        ("C", NOW, 99, np.nan), ("C", BEFORE, np.nan, np.nan),
    )  # fmt: skip
    found = change_between(held, METRICS["cases_opened"], WINDOWS, "previous")
    assert (found.value, found.base, found.places, found.expected) == (40, 40, 2, 3)
    assert found.text == "环比 持平" and found.base_period == "2026年4月1—18日"


def test_a_share_changes_by_points():
    """90 of 100 after 170 of 200: 90.0 % after 85.0 %."""
    held = between("on_time_rate", ("A", NOW, 90, 100), ("A", AGO, 170, 200))
    assert change_between(held, METRICS["on_time_rate"], WINDOWS, "year_before").text == "同比 +5.0个百分点"
    sentence = to_date_sentence(
        METRICS["on_time_rate"], "全街道", WINDOWS["now"], [change_between(held, METRICS["on_time_rate"], WINDOWS, "year_before")]
    )
    assert sentence == (
        "2026年5月1—18日，全街道按期办结率90.0%；同比（2025年5月1—18日为85.0%）上升5.0个百分点。截止日相同，单期增减未作随机波动检验。"
    )


def test_no_change_across_a_redrawn_boundary():
    """A was redrawn in June; B was not: only B is compared. Alone, A has no change, and the reason is said."""
    figures = frame("cases_opened", {"A": {"2026-05": 100, "2026-06": 150}, "B": {"2026-05": 40, "2026-06": 50}})
    figures["era"] = np.where((figures["place"] == "A") & (figures["period"] == "2026-06"), "2026-06-01", "")
    found = change(figures, METRICS["cases_opened"], CATALOGUE.measures, parse_period("2026-06"), "previous")
    assert (found.value, found.base, found.places) == (50, 40, 1)
    told = steps(figures[figures["place"] == "A"], METRICS["cases_opened"])[0]
    assert told.text == "" and "区划有调整" in told.sentence


def test_windows_count_their_days():
    assert Window(date(2026, 5, 1), date(2026, 5, 18)).days == 18 and not Window(date(2026, 5, 1), date(2026, 5, 18)).whole


def test_daily_totals_make_the_same_cut_off(tmp_path, monkeypatch):
    """Cases of 春和: three to 18 May, two to 18 April and one after it, none a year before but there are data."""
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    days = ["2025-05-03", "2025-05-25", "2026-04-02", "2026-04-18", "2026-04-19", "2026-05-01", "2026-05-17", "2026-05-18"]
    street.cases([[n, f"{day} 09:00", "春和社区", "", ""] for n, day in enumerate(days, start=1)])
    street.refresh()
    with_days = Warehouse(serving(Home(street.root)), load_catalogue(BUNDLED_CATALOGUE))
    assert with_days.datasets()["street"].as_of == date(2026, 5, 18)
    spells = list(WINDOWS.values())
    held = with_days.spells(
        "street", ("cases_opened", "households"), tuple(w.first for w in spells), tuple(w.last for w in spells)
    )
    assert set(held["metric"]) == {"cases_opened"}, "a stock has no daily totals"
    held["window"] = [spells[i].label for i in held["spell"]]
    found: list[Change] = [
        change_between(held, METRICS["cases_opened"], WINDOWS, against) for against in ("previous", "year_before")
    ]
    assert [(c.value, c.base) for c in found] == [(3, 2), (3, 1)]
    assert [c.text for c in found] == ["环比 +50.0%", "同比 +200.0%"]
