"""Periods against a calendar on paper."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiejian.festivals import holiday_months
from jiejian.periods import Period, parse_period, period_of, periods_between

CASES = [
    ("2026-10", "2026年10月", date(2026, 10, 1), date(2026, 10, 31), "2026-09", "2025-10"),
    ("2024-02", "2024年2月", date(2024, 2, 1), date(2024, 2, 29), "2024-01", "2023-02"),
    ("2026-01", "2026年1月", date(2026, 1, 1), date(2026, 1, 31), "2025-12", "2025-01"),
    ("2026-Q1", "2026年第一季度", date(2026, 1, 1), date(2026, 3, 31), "2025-Q4", "2025-Q1"),
    ("2026-Q4", "2026年第四季度", date(2026, 10, 1), date(2026, 12, 31), "2026-Q3", "2025-Q4"),
    ("2026-H1", "2026年上半年", date(2026, 1, 1), date(2026, 6, 30), "2025-H2", "2025-H1"),
    ("2026-H2", "2026年下半年", date(2026, 7, 1), date(2026, 12, 31), "2026-H1", "2025-H2"),
    ("2026", "2026年", date(2026, 1, 1), date(2026, 12, 31), "2025", "2025"),
    ("2026-C10", "2026年1—10月累计", date(2026, 1, 1), date(2026, 10, 31), None, "2025-C10"),
    ("2026-C01", "2026年1月累计", date(2026, 1, 1), date(2026, 1, 31), None, "2025-C01"),
]


@pytest.mark.parametrize(("key", "label", "start", "end", "previous", "year_before"), CASES)
def test_period(key, label, start, end, previous, year_before):
    period = parse_period(key)
    assert (period.key, period.label, period.start, period.end) == (key, label, start, end)
    assert (period.previous.key if period.previous else None) == previous
    assert period.year_before.key == year_before


@pytest.mark.parametrize(
    "wrong", ["", "2026-13", "2026-00", "2026-Q5", "2026-H3", "2026-C00", "26-10", "2026/10", "十月", "0000", "2026-10-01"]
)
def test_a_wrong_key_is_refused_in_chinese(wrong):
    with pytest.raises(ValueError, match="看不懂的时间"):
        parse_period(wrong)


def test_periods_between_over_a_year_end():
    found = periods_between(date(2025, 11, 15), date(2026, 2, 3), "month")
    assert [p.key for p in found] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert [p.key for p in periods_between(date(2025, 11, 1), date(2026, 2, 1), "ytd")] == [
        "2025-C11",
        "2025-C12",
        "2026-C01",
        "2026-C02",
    ]
    assert [p.key for p in periods_between(date(2025, 11, 1), date(2026, 5, 1), "half")] == ["2025-H2", "2026-H1"]


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.sampled_from(["month", "quarter", "half", "year", "ytd"]))
def test_a_period_holds_its_day_and_reads_back(day, grain):
    period = period_of(day, grain)
    assert period.start <= day <= period.end
    assert parse_period(period.key) == period
    if grain != "ytd":
        before: Period = period.previous
        assert (period.start - before.end).days == 1


def test_months_that_hold_the_public_holiday_of_the_spring_festival():
    """2025: New Year's Eve on 28 January, four days in January and four in February; 2024 and 2026 all in February."""
    months = [date(y, m, 1) for y in (2024, 2025, 2026) for m in (1, 2, 3)]
    assert holiday_months(months) == (date(2024, 2, 1), date(2025, 1, 1), date(2025, 2, 1), date(2026, 2, 1))
