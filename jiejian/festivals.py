"""Months that hold the Spring Festival (春节), in which monthly figures of a street are low every year.

The festival is the first day of the first month of the Chinese calendar. Dates as in the State Council's yearly notices
on public holidays; from 2027 on by the calendar (GB/T 33661-2017).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

SPRING_FESTIVALS = tuple(
    date.fromisoformat(day)
    for day in (
        "2010-02-14 2011-02-03 2012-01-23 2013-02-10 2014-01-31 2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 "
        "2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 "
        "2030-02-03 2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08"
    ).split()
)
_MONTHS = frozenset(day.replace(day=1) for day in SPRING_FESTIVALS)


def festival_months(months: Iterable[date]) -> tuple[date, ...]:
    """Those of the months (given by their first days) that hold a Spring Festival; none is known before 2010, after 2035."""
    return tuple(month for month in months if month in _MONTHS)
