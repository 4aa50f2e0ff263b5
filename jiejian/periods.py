"""Periods of the calendar: months, quarters, half-years, years and 1–n月累计.

A period has a grain, a first and a last day, a key that goes into URLs and command lines (``2026-10``, ``2026-Q4``,
``2026-H2``, ``2026``, ``2026-C10`` for 1—10月累计) and a Chinese label.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Literal

PeriodGrain = Literal["month", "quarter", "half", "year", "ytd"]

GRAINS: dict[str, str] = {"month": "月", "quarter": "季度", "half": "半年", "year": "年", "ytd": "累计"}
_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_ORDINALS = "一二三四"
_KEY = re.compile(r"^(\d{4})(?:-(?:(\d{1,2})|Q([1-4])|H([12])|C(\d{1,2})))?$")


@dataclass(frozen=True, order=True)
class Period:
    """A stretch of whole months in one year; ordered by its first day."""

    start: date
    end: date
    grain: PeriodGrain

    @property
    def months(self) -> int:
        """How many calendar months the period covers."""
        return self.end.month - self.start.month + 1

    @cached_property
    def key(self) -> str:
        year, month = self.start.year, self.end.month
        return {
            "month": f"{year}-{month:02d}",
            "quarter": f"{year}-Q{month // 3}",
            "half": f"{year}-H{month // 6}",
            "year": f"{year}",
            "ytd": f"{year}-C{month:02d}",
        }[self.grain]

    @cached_property
    def label(self) -> str:
        year, month = self.start.year, self.end.month
        return {
            "month": f"{year}年{month}月",
            "quarter": f"{year}年第{_ORDINALS[month // 3 - 1]}季度",
            "half": f"{year}年{'上' if month == 6 else '下'}半年",
            "year": f"{year}年",
            "ytd": f"{year}年1—{month}月累计" if month > 1 else f"{year}年1月累计",
        }[self.grain]

    @property
    def previous(self) -> Period | None:
        """The period before (环比); a cumulative period has none, since 1—9月 is part of 1—10月."""
        if self.grain == "ytd":
            return None
        months = _MONTHS[self.grain]
        year, month = divmod(self.start.year * 12 + self.start.month - 1 - months, 12)
        return _span(year, month + 1, months, self.grain)

    @property
    def year_before(self) -> Period:
        """The same period of the year before (同比)."""
        return _span(self.start.year - 1, self.start.month, self.months, self.grain)


def _span(year: int, month: int, months: int, grain: PeriodGrain) -> Period:
    last = month + months - 1
    return Period(date(year, month, 1), date(year, last, calendar.monthrange(year, last)[1]), grain)


def period_of(day: date, grain: PeriodGrain) -> Period:
    """The period of this grain that contains ``day``; for 累计, January up to the day's month."""
    if grain == "ytd":
        return _span(day.year, 1, day.month, grain)
    months = _MONTHS[grain]
    return _span(day.year, (day.month - 1) // months * months + 1, months, grain)


@lru_cache(maxsize=4096)
def parse_period(key: str) -> Period:
    """Read a key such as ``2026-10`` or ``2026-Q4``.

    Raises ValueError with a Chinese sentence when the key is none of the known forms.
    """
    match = _KEY.match(key.strip())
    year, month, quarter, half, ytd = match.groups() if match else (None,) * 5
    chosen = int(month or ytd or 1)
    if not match or not 1 <= chosen <= 12 or not 1 <= int(year) <= 9998:
        raise ValueError(
            f"看不懂的时间“{key}”：请写成 2026-10(月)、2026-Q4(季度)、2026-H2(半年)、2026(年)或 2026-C10(1—10月累计)。"
        )
    if ytd:
        return _span(int(year), 1, chosen, "ytd")
    if month:
        return _span(int(year), chosen, 1, "month")
    if quarter:
        return _span(int(year), int(quarter) * 3 - 2, 3, "quarter")
    if half:
        return _span(int(year), int(half) * 6 - 5, 6, "half")
    return _span(int(year), 1, 12, "year")


def periods_between(first: date, last: date, grain: PeriodGrain) -> list[Period]:
    """All periods of the grain that have begun by ``last`` and not ended before ``first``, oldest first."""
    return list(_between(first, last, grain))


@lru_cache(maxsize=1024)
def _between(first: date, last: date, grain: PeriodGrain) -> tuple[Period, ...]:
    if grain == "ytd":
        return tuple(_span(p.start.year, 1, p.start.month, "ytd") for p in _between(first, last, "month"))
    found, current = [], period_of(first, grain)
    while current.start <= last:
        found.append(current)
        current = period_of(date.fromordinal(current.end.toordinal() + 1), grain)
    return tuple(found)
