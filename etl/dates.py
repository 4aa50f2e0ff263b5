"""Days, times and periods as offices write them.

``read_day`` and ``read_time`` read the distinct values that a plain cast does not; ``find_period`` finds the period that a
title, a sheet's name or a file's name speaks of.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from etl.quantity import chinese
from etl.wording import is_missing, plain

# Formats that DuckDB reads itself, after its own cast has failed; unambiguous ones only.
FORMATS = (
    "%Y年%m月%d日",
    "%Y年%m月%d日%H时%M分",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y.%m.%d",
    "%Y.%m.%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
)
FIRST_YEAR, LAST_YEAR = 1900, 2100

_UNFINISHED = frozenset(("至今", "未办结", "未完成", "未定", "待定", "在办", "办理中", "进行中", "未启用", "未撤销", "长期"))
_HAN_DATE = re.compile(r"^([零〇一二三四五六七八九]{4})年([一二三四五六七八九十]+)月(?:([一二三四五六七八九十]+)[日号])?$")
_DAY = re.compile(r"^(\d{4})[年./\-](\d{1,2})[月./\-](\d{1,2})[日号]?")
_MONTH = re.compile(r"^(\d{4})[年./\-](\d{1,2})月?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?$")
_SLASHED = re.compile(r"^(\d{1,2})[/\-](\d{1,2})[/\-](\d{4})")
_CLOCK = re.compile(
    r"^[T,，]?(上午|下午|晚上|中午|凌晨)?(\d{1,2})[:时点](\d{1,2})?[:分]?(?:(\d{1,2})(?:\.\d+)?秒?)?(AM|PM|am|pm)?Z?$"
)
_WEEKDAY = re.compile(r"[（(]?(?:星期|周)[一二三四五六日天][)）]?")
_SERIAL = re.compile(r"^\d{5}(\.\d+)?$")


class Reading(NamedTuple):
    """A point in time, and what had to be assumed to read it (empty: nothing)."""

    at: datetime
    assumed: str = ""


def slash_order(values: Iterable[str]) -> str:
    """Whether ``10/31/2026``-like values of a column put month or day first: ``mdy``, ``dmy``, or "" when none tells."""
    firsts, seconds = 0, 0
    for value in values:
        if match := _SLASHED.match(plain(value)):
            firsts, seconds = max(firsts, int(match[1])), max(seconds, int(match[2]))
    return "mdy" if seconds > 12 >= firsts else "dmy" if firsts > 12 >= seconds else ""


def read_time(text: str | None, order: str = "") -> Reading | None:
    """A day with or without a time of day. None where the cell says there is none.

    ``order`` tells how ``03/04/2026`` is meant. Raises ValueError with a Chinese clause when it is no date.
    """
    written = "" if text is None else _WEEKDAY.sub("", plain(text))
    if is_missing(written) or written in _UNFINISHED:
        return None
    if match := _HAN_DATE.match(written):
        year, month, day = (int(chinese(part)) if part else 0 for part in match.groups())
        written = f"{year}年{month}月{day}日" if day else f"{year}年{month}月"
    if match := _DAY.match(written):
        return _point(*map(int, match.groups()), written[match.end() :])
    if match := _COMPACT.match(written):
        year, month, day, *clock = (int(part or 0) for part in match.groups())
        return _point(year, month, day, "{}:{}:{}".format(*clock))
    if match := _MONTH.match(written):
        return _point(int(match[1]), int(match[2]), 1, "")._replace(assumed="只写到月，按当月1日计")
    if match := _SLASHED.match(written):
        return _slashed(match, written, order)
    if _SERIAL.match(written) and 10000 <= float(written) < 73051:
        return Reading(_sane(datetime(1899, 12, 30) + timedelta(seconds=round(float(written) * 86400))))
    if re.match(r"^\d{1,2}月\d{1,2}[日号]", written):
        raise ValueError("没有写年份")
    if re.match(r"^\d{4}年?$", written):
        raise ValueError("只写了年份，没有月和日")
    raise ValueError("不是日期")


def _slashed(match: re.Match, written: str, order: str) -> Reading:
    first, second, year = map(int, match.groups())
    order = order or ("mdy" if second > 12 else "dmy" if first > 12 else "mdy" if first == second else "")
    if not order:
        raise ValueError("分不清哪个是月、哪个是日")
    month, day = (first, second) if order == "mdy" else (second, first)
    return _point(year, month, day, written[match.end() :])


def _point(year: int, month: int, day: int, clock: str) -> Reading:
    try:
        midnight = datetime(year, month, day)
    except ValueError as error:
        raise ValueError("没有这一天") from error
    if not clock:
        return Reading(_sane(midnight))
    match = _CLOCK.match(clock)
    if not match:
        raise ValueError("不是日期")
    half, hour, minute, second, latin = match.groups()
    hours = int(hour)
    if (half in ("下午", "晚上") or (latin or "").lower() == "pm") and hours < 12:
        hours += 12
    elif (half == "凌晨" or (latin or "").lower() == "am") and hours == 12:
        hours = 0
    if hours > 24 or int(minute or 0) > 59 or int(second or 0) > 59:
        raise ValueError("没有这个时刻")
    return Reading(_sane(midnight + timedelta(hours=hours, minutes=int(minute or 0), seconds=int(second or 0))))


def _sane(point: datetime) -> datetime:
    if not FIRST_YEAR <= point.year <= LAST_YEAR:
        raise ValueError(f"年份不在 {FIRST_YEAR} 至 {LAST_YEAR} 之间")
    return point


class Period(NamedTuple):
    """A period of the calendar: grain month, quarter, half, year or ytd, with its first and last day."""

    grain: str
    start: date
    end: date


WORDS = {"month": "月份", "quarter": "季度", "half": "半年", "year": "年份", "ytd": "累计月份"}
EXAMPLES = {"month": "2026年10月", "quarter": "2026年第三季度", "half": "2026年上半年", "year": "2026年", "ytd": "2026年1—10月"}

_YEAR = r"(?<!\d)(?P<year>(?:19|20)\d{2}|[零〇一二三四五六七八九]{4})\s*(?:年度?|[-./_ ]|(?=[Qq]\d)|(?=[Hh]\d))\s*"
_N = r"[一二三四]|[1-4]"
_FORMS = (
    ("ytd", re.compile(_YEAR + r"1月?\s*[-—–~至到]+\s*(?P<n>1[0-2]|[1-9])月")),
    ("quarter", re.compile(_YEAR + rf"(?:第?(?P<n>{_N})\s*季度?|[Qq](?P<q>[1-4]))")),
    ("half", re.compile(_YEAR + r"(?:(?P<n>[上下])半年|[Hh](?P<q>[12]))")),
    ("month", re.compile(_YEAR + r"(?P<n>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])(?:月份?|(?!\d)(?![-—–~至到]))")),
    ("month", re.compile(r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<n>0[1-9]|1[0-2])(?!\d)(?!月)")),
)
_BARE_YEAR = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d{2}|[零〇一二三四五六七八九]{4})\s*(?:年|$|(?![\d年]))")
_BARE_PART = {
    "month": re.compile(r"(?<![\d\-—–~至到])(?P<n>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])\s*月(?!\s*\d)"),
    "quarter": re.compile(rf"第?(?P<n>{_N})\s*季度?"),
    "half": re.compile(r"(?P<n>[上下])半年"),
}
# The day on which a form was filled in is not the period that it reports.
_FILLED_IN = re.compile(
    r"(填表|填报|制表|报送|上报|打印|导出|审核|报出)(日期|时间)?\s*[：:]?\s*\d{4}\s*[年./\-]\s*\d{1,2}\s*[月./\-]\s*\d{0,2}\s*日?"
)


def span(year: int, first_month: int, months: int, grain: str) -> Period:
    """The period of ``months`` months from ``first_month`` of ``year``."""
    last = first_month + months - 1
    return Period(grain, date(year, first_month, 1), date(year, last, calendar.monthrange(year, last)[1]))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else {"上": 1, "下": 2}.get(text) or int(chinese(text))


def _of(grain: str, year: int, n: int) -> Period:
    if grain == "ytd":
        return span(year, 1, n, grain)
    months = {"month": 1, "quarter": 3, "half": 6, "year": 12}[grain]
    return span(year, (n - 1) * months + 1, months, grain)


def _found(text: str) -> Period | None:
    hits = ((match.start(), order, grain, match) for order, (grain, form) in enumerate(_FORMS) if (match := form.search(text)))
    best = min(hits, default=None, key=lambda hit: hit[:2])
    if best:
        _, _, grain, match = best
        parts = match.groupdict()
        return _of(grain, _number(parts["year"]), _number(parts["n"] or parts.get("q")))
    year = _BARE_YEAR.search(text)
    return _of("year", _number(year["year"]), 1) if year else None


def find_period(texts: Iterable[str], grain: str) -> Period | None:
    """The first period of this grain that the texts speak of: title first, then the names of sheet and file.

    A year in one text and a month in another go together (file 2026年…, sheet 10月). None when there is none.
    """
    cleaned = [_FILLED_IN.sub("", text) for text in texts if text]
    for text in cleaned:
        period = _found(text)
        if period and period.grain == grain:
            return period
        if period and period.grain == "ytd":
            return None  # 1—10月 in a title must not be taken for October because the file's name says so
    part = next((m for text in cleaned if grain in _BARE_PART and (m := _BARE_PART[grain].search(text))), None)
    year = next((m for text in cleaned if (m := _BARE_YEAR.search(text))), None)
    return _of(grain, _number(year["year"]), _number(part["n"])) if part and year else None


def read_period(text: str | None, grain: str = "") -> Period | None:
    """A cell that is a period (``2026``, ``2026年10月``, ``2026-Q3``); ValueError when it is none or of another grain."""
    if is_missing(text):
        return None
    written = re.sub(r"\.0$", "", plain(text))
    period = _found(written)
    if period is None or (grain and period.grain != grain):
        wanted = f"，应写成“{EXAMPLES[grain]}”这样的{WORDS[grain]}" if grain in WORDS else ""
        raise ValueError(f"不是{'所要的' if period else ''}时间{wanted}")
    return period


def in_words(period: Period | None) -> str:
    """A period as people call it: 2026年10月, 2026年第四季度; empty for none."""
    if period is None:
        return ""
    year, month = period.start.year, period.start.month
    return {
        "month": f"{year}年{month}月",
        "quarter": f"{year}年第{'一二三四'[(month - 1) // 3]}季度",
        "half": f"{year}年{'上' if month < 7 else '下'}半年",
        "year": f"{year}年",
    }.get(period.grain, f"{period.start}至{period.end}")
