"""Periods as they stand over columns or beside rows: 2016年, 2016, 2026年10月, 10月, 1-10月, 第三季度, 上半年, 2026年/10月."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from etl.calendars import common_era
from etl.dates import EXAMPLES, Period, find_period, in_chinese
from etl.wording import plain

_YEAR = r"(?:19|20)\d{2}"
_PART = r"(?:[一二三四1-4](?:、|—)?季度|第[一二三四1-4]季度|q[1-4]|[上下]半年|全年|(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月份?|1月?[-—–~至到](?:1[0-2]|[1-9])月)"
_BARE = re.compile(rf"^{_YEAR}$")
_FULL = re.compile(
    rf"^{_YEAR}(?:年度?末?底?|(?:年|[-./])?{_PART}(?:末|底)?|[-./](?:0?[1-9]|1[0-2])|(?:0[1-9]|1[0-2])|-\d{{2}}-\d{{2}})$"
)
_WITHOUT_YEAR = re.compile(rf"^{_PART}(?:末|底)?$")
_BRACKET = re.compile(r"\([^()]*\)$")
_A_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
# Days from one to the next over columns: a day, a week, a month, a quarter, half a year, a year.
_STEPS = tuple(frozenset(days) for days in ((1,), (7,), range(28, 32), range(89, 93), range(181, 185), (365, 366)))


# How a period begins, whatever blanks and widths; none is longer, or holds a colon. Most cells of a body are told by this alone.
_MAY_BE = re.compile(
    r"\s*(?:[1１2２]\s?[9９0０]\s?\d\s?\d|第|[QqＱ]|[上下全]|[一二三四1-4１-４]\s?[、—]?\s?季|\d{1,2}\s?/\s?(?:19|20)\d\d\s*$"
    r"|(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s?(?:月|[-—–~～至到－])|[A-Za-z]{3,9}[-.,/'’\s]*\d)"
)
_LONGEST = 32


def _kind(text: str) -> str:
    """``full`` (names its year), ``bare`` (2016), ``part`` (10月) or nothing."""
    text = common_era(text)
    return _kind_of(text) if len(text) <= _LONGEST and _MAY_BE.match(text) and ":" not in text else ""


@lru_cache(maxsize=65536)
def _kind_of(text: str) -> str:
    cell = in_chinese(_BRACKET.sub("", plain(text))).lower()
    if _BARE.match(cell):
        return "bare"
    return "full" if _FULL.match(cell) else "part" if _WITHOUT_YEAR.match(cell) else ""


def is_period(text: str) -> bool:
    """Whether a cell is nothing but a period."""
    return bool(_kind(text))


def are_periods(heads: Sequence[Sequence[str]]) -> list[bool]:
    """Of heads (each a list of levels): which speak of a period.

    Bare numbers count only where they rise or fall in even steps: 2016, 2015, 2014 are years, 2001, 1998, 2010 may be people. Where years
    stand below or above other words (常住人口/2016/男), those of the same words do.
    """
    kinds = [{_kind(part) for part in parts} - {""} for parts in heads]
    bare: dict[tuple[str, ...], list[str]] = {}
    for parts, kind in zip(heads, kinds, strict=True):
        if kind == {"bare"}:
            others = tuple(part for part in parts if _kind(part) != "bare")
            bare.setdefault(others, []).append(next(part for part in parts if _kind(part) == "bare"))
    several = [years for years in bare.values() if len(years) > 1]
    even = bool(several) and all(map(_are_even, several))
    return [bool(kind) and (kind != {"bare"} or even) for kind in kinds]


def _are_even(years: Sequence[str]) -> bool:
    steps = {int(plain(b)[:4]) - int(plain(a)[:4]) for a, b in itertools.pairwise(years)} - {0}
    return len(steps) == 1 or (len({s > 0 for s in steps}) == 1 and max(map(abs, steps)) <= 5)


def out_of_step(cells: Iterable[str]) -> bool:
    """Whether several cells are days that do not follow each other as days over columns do: a row of a register (received, closed, due)."""
    written = [found[0] for cell in cells if (found := _A_DAY.match(plain(cell)))]
    try:
        days = [date.fromisoformat(day) for day in written]
    except ValueError:  # 2026-02-30 is over no column
        return True
    steps = {abs((b - a).days) for a, b in itertools.pairwise(days)}
    rising = {b > a for a, b in itertools.pairwise(days)}
    return len(days) > 1 and not (len(rising) == 1 and any(steps <= allowed for allowed in _STEPS))


def period_text(parts: Sequence[str], titles: Sequence[str] = ()) -> str:
    """The period that the levels of a head speak of, written in full (``2026年10月``); the year may stand in the titles.

    Empty where there is none.
    """
    found = [in_chinese(_BRACKET.sub("", common_era(plain(part)))) for part in parts if _kind(part)]
    if not found:
        return ""
    kinds = [_kind(part) for part in found]
    if "part" not in kinds:
        return _written(found[-1])
    years = [part for part, kind in zip(found, kinds, strict=True) if kind != "part"]
    part = next(p for p, kind in zip(found, kinds, strict=True) if kind == "part")
    year = next(iter(re.findall(rf"(?<!\d){_YEAR}(?!\d)", " ".join((*years[-1:], *titles)))), None)
    if year is None:
        return part
    return f"{year}年" if part == "全年" else f"{year}年{part}"


_TENTH = re.compile(rf"^({_YEAR})\.1$")


def months_in_full(heads: Sequence[Sequence[str]]) -> list[list[str]]:
    """Heads (each a list of levels) with ``2016.1`` written as the month that its neighbours tell: programs store October, 2016.10, so, too.

    After 2016.9 or before 2016.11 it is October, before 2016.2 January (or the other way round where the months fall); else October
    where months are written with two digits (2016.09), January where with one. Where nothing tells, it stays as it is.
    """
    flat = [plain(part) for parts in heads for part in parts if _kind(part)]
    made = iter([_tenth(flat, at) for at in range(len(flat))])
    return [[next(made) or part if _kind(part) else part for part in parts] for parts in heads]


def _tenth(periods: Sequence[str], at: int) -> str:
    """``2016.1`` in full; empty for another period, and where nothing tells."""
    match = _TENTH.match(periods[at])
    if not match:
        return ""
    year = match[1]
    beside = {*periods[max(at - 1, 0) : at], *periods[at + 1 : at + 2]}
    october = {f"{year}.9", f"{year}.09", f"{year}.11"}
    january = {f"{year}.2", f"{year}.02", f"{int(year) - 1}.12"}
    if beside & october or beside & january:
        return f"{year}年{10 if beside & october else 1}月"
    own = " ".join(periods)
    if re.search(r"\d{4}\.(10|[2-9])(?!\d)", own):
        return f"{year}年1月"
    return f"{year}年10月" if re.search(r"\d{4}\.(0\d|1[12])(?!\d)", own) else ""


def _written(text: str) -> str:
    """A period that names its year, as :func:`etl.dates.read_period` reads it."""
    if _TENTH.match(text):
        return text  # January or October: whoever reads it says that it cannot be told
    if match := re.match(rf"^({_YEAR})-(\d{{2}})-(\d{{2}})$", text):
        return f"{match[1]}年{int(match[2])}月"
    if match := re.match(rf"^({_YEAR})[-./]?(0?[1-9]|1[0-2])$", text):
        return f"{match[1]}年{int(match[2])}月"
    if match := re.match(rf"^({_YEAR})(?:年度?)?(?:末|底)?$", text):
        return f"{match[1]}年"
    if match := re.match(rf"^({_YEAR})(?:年|[-./])?全年$", text):
        return f"{match[1]}年"
    return re.sub(r"[末底]$", "", text)


def grain_of(text: str) -> str:
    """The grain of a period written in full; empty when it is none."""
    for grain in EXAMPLES:
        found: Period | None = find_period([text], grain)
        if found:
            return found.grain
    return ""
