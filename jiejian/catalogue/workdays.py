"""Which days are worked in China: the State Council's yearly notice on public holidays, with its moved working weekends (调休).

The years up to the newest notice come from the package chinesecalendar, which is issued anew each November when the
notice for the coming year is out: raise its pin in requirements.in. A street without a network writes the notice itself
into ``JIEJIAN_HOME/catalogue/holidays.yml`` (see catalogue/holidays.yml). Years that neither knows count Monday to Friday,
and :attr:`WorkCalendar.known_until` says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
from chinese_calendar import constants
from numpy.typing import ArrayLike

from jiejian.catalogue.declarations import HolidayYear

FIRST_YEAR, LAST_YEAR = 2004, 2049
_FRIDAY = 4


class WorkCalendar:
    """Working days from 2004 to 2049, each with its running number.

    ``own`` are years that a street declared itself; they replace what the package says of those years.
    """

    def __init__(self, own: Iterable[HolidayYear] = ()):
        self.days = np.arange(f"{FIRST_YEAR}-01-01", f"{LAST_YEAR + 1}-01-01", dtype="datetime64[D]")
        weekday = (self.days.astype(int) + 3) % 7  # 1970-01-01 was a Thursday
        self.worked = weekday <= _FRIDAY
        years = {year.year: (year.holidays, year.workdays) for year in own}
        for year in {day.year for day in constants.holidays} - years.keys():
            years[year] = tuple([d for d in days if d.year == year] for days in (constants.holidays, constants.workdays))
        for holidays, workdays in years.values():
            self.worked[self._at(holidays)] = False
            self.worked[self._at(workdays)] = True
        self.number = np.cumsum(self.worked)
        """How many working days there are from the first day up to and with each day."""
        self._nth = self.days[self.worked]
        self.known_until = date(max(years, default=FIRST_YEAR), 12, 31)

    def _at(self, days: ArrayLike) -> np.ndarray:
        """Positions of days; ValueError for a day outside of 2004 to 2049."""
        positions = (np.asarray(list(days) if isinstance(days, tuple) else days, dtype="datetime64[D]") - self.days[0]).astype(
            int
        )
        if ((positions < 0) | (positions >= len(self.days))).any():
            raise ValueError(f"工作日只算到{FIRST_YEAR}—{LAST_YEAR}年之间。")
        return positions

    def is_worked(self, days: ArrayLike) -> np.ndarray:
        """Whether each day is worked."""
        return self.worked[self._at(days)]

    def after(self, days: ArrayLike, count: ArrayLike) -> np.ndarray:
        """The ``count``-th working day after each day; the day itself does not count (自次日起算)."""
        return self._nth[self.number[self._at(days)] + np.asarray(count) - 1]

    def between(self, start: ArrayLike, end: ArrayLike) -> np.ndarray:
        """Working days after ``start`` up to and with ``end``; negative where ``end`` is earlier."""
        return self.number[self._at(end)] - self.number[self._at(start)]
