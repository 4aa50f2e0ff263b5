"""The typist of one community: readable but odd cells, and a few tens of cells that nobody can read.

What she does to the monthly table stands here by name; the faults of the long ledgers stand in ``exports.FAULTS`` and
``books.ACTIVITY_FAULTS``, so that a test can count them.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from etl.demo.chance import stream
from etl.demo.profile import NAMES, TYPIST_PLACE
from etl.demo.seasons import MONTHS
from etl.demo.workbooks import Cell

NAME = NAMES[TYPIST_PLACE]
NAME_SPELLINGS = (NAME, "麦香", " 麦香社区", "麦 香 社 区")
WRONG_NAME = "麦乡社区"
DIGITS, WIDE = "0123456789", "０１２３４５６７８９"
NUMERALS = "零一二三四五六七八九"
# In the monthly table: (month, measure) → a word where a number should be. The row cannot be loaded.
UNREADABLE = {
    ("2024-03", "volunteers"): "待核实",
    ("2024-12", "floating_residents"): "见附件",
    ("2025-06", "errands"): "若干",
    ("2026-04", "service_visits"): "较多",
}
SWAPPED = ("2026-06", "in_service_members", "in_service_members_registered")  # registered exceed those there are
SLIPS = {("2025-10", "registered_residents"): 1.1, ("2026-02", "buildings"): 10}  # warnings: the sum is off; a nought too many
WRONG_TOTAL = ("2025-08", "volunteers", 100)  # the total row of that month is too high by so many
THOUSANDS = (("2024-05", "households"), ("2025-11", "households"))  # "1.1千"
ROUGH = ("service_visits", "errands", "volunteers", "member_service_times")  # where a rough figure does no harm
ODD_SHARE = 0.07


def chinese_numeral(number: int) -> str:
    """120 → 一百二十; for 1 to 9,999."""
    text, zero = "", False
    for unit, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += ("零" if zero and text else "") + NUMERALS[digit] + word
        zero = digit == 0
    return text.removeprefix("一") if text.startswith("一十") else text


def _wide(number: int) -> str:
    return str(number).translate(str.maketrans(DIGITS, WIDE))


def _spaced(number: int) -> str:
    """1134 →  1 134 ; digits one by one would read as several numbers."""
    return f" {number:,} ".replace(",", " ")


EXACT = (_wide, _spaced, lambda n: f"{n:,}" if n >= 1000 else f"{n} ", lambda n: chinese_numeral(n) if 0 < n < 1000 else str(n))


def _rough(number: int, way: int) -> tuple[str, int]:
    """A rough figure as written and as it reads."""
    tens = max(number // 10 * 10, 10)
    return (f"约{tens}", tens) if way == 0 else (f"{tens}余", tens)


def monthly_row(seed: int, month: int, row: dict[str, float]) -> tuple[dict[str, Cell], dict[str, float]]:
    """What the typist makes of a month's row: the cells as written, and the numbers as they read (for the total)."""
    rng = stream(seed, f"typist {month}")
    label = str(MONTHS[month])
    read = dict(row)
    for (when, measure), factor in SLIPS.items():
        if when == label:
            read[measure] = round(row[measure] * factor)
    if label == SWAPPED[0]:
        read[SWAPPED[1]], read[SWAPPED[2]] = row[SWAPPED[2]], row[SWAPPED[1]]
    written: dict[str, Cell] = dict(read)
    for measure in row:
        if isinstance(row[measure], float) or rng.random() > ODD_SHARE:
            continue
        if measure in ROUGH and row[measure] >= 20:
            written[measure], read[measure] = _rough(int(row[measure]), int(rng.integers(2)))
        else:
            written[measure] = EXACT[int(rng.integers(len(EXACT)))](int(read[measure]))
    for when, measure in THOUSANDS:
        if when == label:
            written[measure], read[measure] = f"{row[measure] / 1000:.1f}千", round(row[measure], -2)
    for (when, measure), words in UNREADABLE.items():
        if when == label:
            written[measure], read[measure] = words, 0
    return written, read


def spelling(seed: int, number: int) -> str:
    """How the typist writes her own community's name this time."""
    return str(stream(seed, f"spelling {number}").choice(NAME_SPELLINGS, p=(0.7, 0.12, 0.1, 0.08)))


def typed_dates(days: list[date | None]) -> list[Cell]:
    """Dates as she types them, as text: 2025.3.8, now and then 2025年3月8日."""
    text = ("{0.year}.{0.month}.{0.day}", "{0.year}年{0.month}月{0.day}日", "{0.year}/{0.month}/{0.day}")
    return [None if day is None else text[0 if day.day % 3 else day.month % 3].format(day) for day in days]


def typed_counts(seed: int, name: str, counts: list[int]) -> list[Cell]:
    """Attendances as she types them: a quarter rough or odd."""
    rng = stream(seed, f"counts {name}")
    odd, ways = (rng.random(len(counts)) < 0.25).tolist(), rng.integers(0, 2 + len(EXACT), len(counts)).tolist()
    typed = [_rough(count, way)[0] if way < 2 else EXACT[way - 2](count) for count, way in zip(counts, ways, strict=True)]
    return [text if strange else count for text, count, strange in zip(typed, counts, odd, strict=True)]


def places_of_faults(seed: int, name: str, rows: np.ndarray, count: int) -> np.ndarray:
    """So many of ``rows`` (fewer if there are fewer), in order, in which something is to be wrong."""
    return np.sort(stream(seed, f"faults {name}").choice(rows, min(count, len(rows)), replace=False))
