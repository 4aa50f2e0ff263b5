"""Months that hold the Spring Festival (春节), in which monthly figures of a street are low every year.

The festival is the first day of the first month of the Chinese calendar. Dates as in the State Council's yearly notices
on public holidays; from 2027 on by the calendar (GB/T 33661-2017).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

_DAYS = {
    2010: (2, 14), 2011: (2, 3), 2012: (1, 23), 2013: (2, 10), 2014: (1, 31), 2015: (2, 19),
    2016: (2, 8), 2017: (1, 28), 2018: (2, 16), 2019: (2, 5), 2020: (1, 25), 2021: (2, 12),
    2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6),
    2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23), 2032: (2, 11), 2033: (1, 31),
    2034: (2, 19), 2035: (2, 8),
}  # fmt: skip
SPRING_FESTIVALS = tuple(date(year, month, day) for year, (month, day) in _DAYS.items())
_MONTHS = frozenset(day.replace(day=1) for day in SPRING_FESTIVALS)
# How many of the eight days of the public holiday, from New Year's Eve on, fall into each month.
_HELD = Counter((day + timedelta(days=n)).replace(day=1) for day in SPRING_FESTIVALS for n in range(-1, 7))


def festival_months(months: Iterable[date]) -> tuple[date, ...]:
    """Those of the months (given by their first days) that hold a Spring Festival; none is known before 2010, after 2035."""
    return tuple(month for month in months if month in _MONTHS)


def holiday_months(months: Iterable[date], least: int = 2) -> tuple[date, ...]:
    """Those of the months that hold at least ``least`` of the eight days from New Year's Eve on: one month or two a year."""
    return tuple(month for month in months if _HELD[month] >= least)
