"""The calendar of the made-up street: its 36 months, the seasons, weekdays and holidays."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np

FIRST, AS_OF = np.datetime64("2023-11-01"), np.datetime64("2026-10-31")
DAYS = np.arange(FIRST, AS_OF + 1)
MONTHS = np.arange("2023-11", "2026-11", dtype="datetime64[M]")
MONTH_OF_DAY = (DAYS.astype("datetime64[M]") - MONTHS[0]).astype(int)
WEEKDAY = (DAYS.astype("datetime64[D]").astype(int) + 3) % 7  # Monday is 0
SPRING_FESTIVALS = tuple(np.datetime64(d) for d in ("2024-02-10", "2025-01-29", "2026-02-17"))


class Span(NamedTuple):
    """A reporting period: its title and the first and last of its months as positions in MONTHS."""

    title: str
    first: int
    last: int

    def holds(self, days: np.ndarray) -> np.ndarray:
        """Which days lie in the span."""
        months = days.astype("datetime64[M]")
        return (months >= MONTHS[self.first]) & (months <= MONTHS[self.last])


def _spans(length: int, words: tuple[str, ...]) -> tuple[Span, ...]:
    years, months = MONTHS.astype("datetime64[Y]").astype(int) + 1970, MONTHS.astype(int) % 12
    label = np.char.add(years.astype(str), "年") + np.array(words)[months // length]
    return tuple(Span(str(t), int(i[0]), int(i[-1])) for t in dict.fromkeys(label) if len(i := np.flatnonzero(label == t)))


HALVES = _spans(6, ("上半年", "下半年"))
# The quarter in which the street began is not complete, nor is the one that runs.
QUARTERS = tuple(s for s in _spans(3, ("第一季度", "第二季度", "第三季度", "第四季度")) if s.last - s.first == 2)


def month_title(month: int) -> str:
    """``2026年3月`` for a position in MONTHS."""
    day = MONTHS[month].astype(date)
    return f"{day.year}年{day.month}月"


def month_ends() -> np.ndarray:
    """The last day of each month."""
    return (MONTHS + 1).astype("datetime64[D]") - 1


def holidays() -> np.ndarray:
    """How much of an ordinary day's business each day sees: low from a week before Spring Festival to a week after."""
    level = np.ones(len(DAYS))
    for festival in SPRING_FESTIVALS:
        away = (DAYS - festival).astype(int)
        for low, high, share in ((-7, -4, 0.72), (-3, -1, 0.48), (0, 3, 0.27), (4, 7, 0.58)):
            level[(away >= low) & (away <= high)] = share
    after_new_year = (DAYS - DAYS.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)
    month, day = DAYS.astype("datetime64[M]").astype(int) % 12 + 1, (DAYS - DAYS.astype("datetime64[M]")).astype(int) + 1
    level[((month == 5) & (day <= 5)) | (after_new_year == 0)] *= 0.8
    level[(month == 10) & (day <= 7)] *= 0.7
    return level


def yearly_wave(peak: str, height: float) -> np.ndarray:
    """A curve over DAYS with mean about 1 that peaks once a year on the month and day ``MM-DD``."""
    away = (DAYS - np.datetime64(f"2024-{peak}")).astype(int)
    wave = np.exp(height * np.cos(2 * np.pi * away / 365.25))
    return wave / wave.mean()


def heating() -> np.ndarray:
    """Heating runs from 15 November to 15 March: much at the start, much in the cold of January, hardly any in summer."""
    month, day = DAYS.astype("datetime64[M]").astype(int) % 12 + 1, (DAYS - DAYS.astype("datetime64[M]")).astype(int) + 1
    code = month * 100 + day
    level = np.full(len(DAYS), 0.05)
    level[(code >= 1101) & (code < 1115)] = 1.2
    level[(code >= 1115) | (code <= 315)] = 2.0
    level[(code >= 1115) & (code <= 1130)] = 3.4
    level[(code >= 105) & (code <= 125)] = 2.7
    level[(code > 315) & (code <= 331)] = 0.6
    return level / level.mean()


def months_of(daily: np.ndarray) -> np.ndarray:
    """Mean of a daily curve in each month."""
    return np.bincount(MONTH_OF_DAY, daily) / np.bincount(MONTH_OF_DAY)
