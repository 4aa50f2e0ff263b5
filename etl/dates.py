"""Days, times and periods as offices write them.

``read_day`` and ``read_time`` read the distinct values that a plain cast does not; ``find_period`` finds the period that a
title, a sheet's name or a file's name speaks of.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from etl.calendars import common_era
from etl.quantity import chinese
from etl.traditional import simplified
from etl.wording import error_clause, is_missing, plain

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

_BY_ORDER = {"mdy": "%m/%d/%Y", "dmy": "%d/%m/%Y"}
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M:%S %p", " %I:%M %p")

_UNFINISHED = frozenset(("至今", "未办结", "未完成", "未定", "待定", "在办", "办理中", "进行中", "未启用", "未撤销", "长期"))
_DIGIT, _PART = "零〇一二三四五六七八九", "[一二三四五六七八九十廿卅]"
_HAN_DATE = re.compile(rf"^([{_DIGIT}]{{4}}|\d{{4}})年({_PART}+)月(?:({_PART}+)[日号]?)?")
_SEPARATOR = r"[年./\-。、· ]"
_DAY = re.compile(rf"^(\d{{4}}){_SEPARATOR}(\d{{1,2}})[月./\-。、· ](\d{{1,2}})(?!\d)[日号]?")
_MONTH = re.compile(r"^(\d{4})[年./\-。](\d{1,2})月?份?$|^((?:19|20)\d{2})(0[1-9]|1[0-2])$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?: ?(\d{2})(\d{2})(\d{2})?)?$")
_SLASHED = re.compile(r"^(\d{1,2})[/\-.](\d{1,2})[/\-.](\d{4})(?!\d)")
_SHORT = re.compile(r"^(\d{1,2})([/\-.])(\d{1,2})\2(\d{1,2})(?!\d)")
_NAMED = re.compile(r"^(?:[A-Za-z]{3,9},? )?(?:(\d{1,2})[- ]([A-Za-z]{3,9})[- ,]+(\d{4}|\d{2})|([A-Za-z]{3,9})[- .]+(\d{1,2}),?[- ](\d{4}))(?!\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = re.compile(
    r"^[T,， ]?(上午|下午|晚上|中午|凌晨|早上|傍晚)? ?(\d{1,2})[:时点](\d{1,2})?[:分]?(?:(\d{1,2})(?:\.\d+)?秒?)? ?(AM|PM|am|pm)?(?:Z|[+\-]\d{2}:?\d{2})?$"
)
_WEEKDAY = re.compile(r" ?[（(]?(?:星期|周|礼拜)[一二三四五六日天][)）]?")
_SERIAL = re.compile(r"^\d{5}(\.\d+)?$")
_TENTH = re.compile(r"^\d{4}\.1$")
# What a cell says that is no single day, and the clause for it.
_NO_DAY = (
    (r"^(\d{1,2}|[一二三四五六七八九十]+)月(\d{1,2}|[一二三四五六七八九十廿]+)[日号]", "没有写年份"),
    (r"^(\d{1,2}|[一二三四五六七八九十]+)月份?$|^\d{1,2}[/.-]\d{1,2}$", "没有写年份"),
    (r"^\d{4}年?$", "只写了年份，没有月和日"),
    (r"月[上中下]旬$", "只写到旬，没有写日"),
    (r"^(上午|下午)?\d{1,2}[:时]\d{2}", "只有时刻，没有日期"),
)


def formats(order: str) -> tuple[str, ...]:
    """The formats for DuckDB, with those of a column that puts month or day first."""
    return (*FORMATS, *(_BY_ORDER[order] + clock for clock in _CLOCKS)) if order in _BY_ORDER else FORMATS


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


def keeps_zeros(values: Iterable[str]) -> bool:
    """Whether a column writes October as 2026.10, so that 2026.1 is January and not a number that lost its zero."""
    return any(re.fullmatch(r"\d{4}\.10", plain(value)) for value in values)


def _tidied(text: str) -> str:
    """Half-width and simplified, one blank where there were several, none around signs and words of dates; without a day of the week."""
    written = re.sub(r"[\s\u200b\ufeff]+", " ", simplified(unicodedata.normalize("NFKC", text))).strip().lstrip("'’‘")
    return re.sub(r" ?([年月./\-:]) ?", r"\1", _WEEKDAY.sub("", written)).replace("−", "-")


def read_time(text: str | None, order: str = "", zeros: bool = False, minguo: bool = False) -> Reading | None:
    """A day with or without a time of day. None where the cell says there is none.

    ``order`` tells how ``03/04/2026`` is meant, ``zeros`` that ``2026.1`` is January, ``minguo`` that 113 is 2024. Raises ValueError with a Chinese clause when it
    is no date, or none for certain.
    """
    if is_missing(text) or (written := _tidied(text)) in _UNFINISHED:
        return None
    if clause := error_clause(text):
        raise ValueError(clause)
    written = common_era(written, minguo)
    if match := _HAN_DATE.match(written):
        year, month, day = (int(part) if part.isdigit() else int(chinese(_spelt(part))) for part in (*match.groups()[:2], match[3] or "0"))
        if day:
            return _point(year, month, day, written[match.end() :])
        written = f"{year}年{month}月{written[match.end() :]}"
    if match := _DAY.match(written):
        return _point(*map(int, match.groups()), written[match.end() :])
    if match := _COMPACT.match(written):
        year, month, day, *clock = (int(part or 0) for part in match.groups())
        return _point(year, month, day, "{}:{}:{}".format(*clock))
    if _TENTH.match(written) and not zeros:
        raise ValueError("分不清是1月还是10月（表格会把 2026.10 存成 2026.1）")
    if match := _MONTH.match(written):
        return _point(int(match[1] or match[3]), int(match[2] or match[4]), 1, "")._replace(assumed="只写到月，按当月1日计")
    if match := _SLASHED.match(written):
        return _slashed(match, written, order)
    if match := _NAMED.match(written):
        return _named(match, written)
    if match := _SHORT.match(written):
        return _short(match, written, order)
    if _SERIAL.match(written) and 10000 <= float(written) < 73051:
        return Reading(_sane(datetime(1899, 12, 30) + timedelta(seconds=round(float(written) * 86400))))
    raise ValueError(next((clause for form, clause in _NO_DAY if re.search(form, written)), "不是日期"))


def _spelt(part: str) -> str:
    return part.replace("廿", "二十").replace("卅", "三十")


def _slashed(match: re.Match, written: str, order: str) -> Reading:
    first, second, year = map(int, match.groups())
    order = order if order in _BY_ORDER else ""
    order = order or ("mdy" if second > 12 else "dmy" if first > 12 else "mdy" if first == second else "")
    if not order:
        raise ValueError("分不清哪个是月、哪个是日")
    month, day = (first, second) if order == "mdy" else (second, first)
    return _point(year, month, day, written[match.end() :])


def _short(match: re.Match, written: str, order: str) -> Reading:
    """``26/10/8``: a year of two digits, read only where the contract says in which order."""
    if not order:
        raise ValueError("年份只有两位，分不清年、月、日")
    parts = dict(zip(order, (int(match[1]), int(match[3]), int(match[4])), strict=True))
    return _point(_century(parts["y"]), parts["m"], parts["d"], written[match.end() :])


def _century(year: int) -> int:
    return year + (2000 if year < 70 else 1900)


def _named(match: re.Match, written: str) -> Reading:
    """``8-Oct-2026`` and ``Oct 8, 2026``."""
    day, month, year = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
    if month[:3].lower() not in _MONTHS:
        raise ValueError("不是日期")
    full = int(year) if len(year) == 4 else _century(int(year))
    return _point(full, _MONTHS.index(month[:3].lower()) + 1, int(day), written[match.end() :])


def _point(year: int, month: int, day: int, clock: str) -> Reading:
    try:
        midnight = datetime(year, month, day)
    except ValueError as error:
        raise ValueError("没有这一天") from error
    if not clock.strip():
        return Reading(_sane(midnight))
    match = _CLOCK.match(clock)
    if not match:
        raise ValueError("写的是一段时间，不是一天" if re.match(r" ?[-—–~～至到]", clock) else "不是日期")
    half, hour, minute, second, latin = match.groups()
    hours = int(hour)
    if (half in ("下午", "晚上", "傍晚") or (latin or "").lower() == "pm" or (half == "中午" and hours < 3)) and hours < 12:
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


_LONGEST_FOREIGN = 16
_MONTH_NAME = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_FOREIGN = (
    (re.compile(rf"^({_MONTH_NAME})[-.,/\s]*((?:19|20)\d{{2}})$", re.IGNORECASE), "2m1"),
    (re.compile(rf"^((?:19|20)\d{{2}})[-.,/\s]*({_MONTH_NAME})$", re.IGNORECASE), "1m2"),
    (re.compile(rf"^({_MONTH_NAME})[-.'’\s]+(\d{{2}})$", re.IGNORECASE), "2m1"),
    (re.compile(r"^((?:19|20)\d{2})[-\s]?m(0?[1-9]|1[0-2])$", re.IGNORECASE), "1m2"),
    (re.compile(r"^(0?[1-9]|1[0-2])/((?:19|20)\d{2})$"), "2m1"),
    (re.compile(r"^q([1-4])[-.,/\s]*((?:19|20)\d{2})$", re.IGNORECASE), "2q1"),
)


def in_chinese(text: str) -> str:
    """Periods as foreign tables write them: Jan 2015, 2015 JAN, Jan-15, 2015M01, 01/2015 → 2015年1月; Q1 2015 → 2015Q1."""
    written = text.strip()
    if len(written) > _LONGEST_FOREIGN or not re.search(r"[A-Za-z/]", written):
        return text
    for form, order in _FOREIGN:
        if match := form.match(written):
            year, part = match[int(order[0])], match[int(order[2])]
            year = year if len(year) == 4 else str(_century(int(year)))
            if order[1] == "q":
                return f"{year}Q{part}"
            month = int(part) if part.isdigit() else _MONTHS.index(part[:3].lower()) + 1
            return f"{year}年{month}月"
    return text


_WHOLE_DAY = re.compile(r"^((?:19|20)\d{2})[-/](\d{1,2})[-/]\d{1,2}(?:[ T]?00:00(?::00)?)?$")


def _of_day(text: str, grain: str) -> Period | None:
    """The month, quarter, half or year of a day, as a spreadsheet keeps a period that was typed as a date."""
    match = _WHOLE_DAY.match(text)
    if not match or grain not in ("month", "quarter", "half", "year") or not 1 <= int(match[2]) <= 12:
        return None
    months = {"month": 1, "quarter": 3, "half": 6, "year": 12}[grain]
    return _of(grain, int(match[1]), (int(match[2]) - 1) // months + 1)


def _found(text: str) -> Period | None:
    hits = ((match.start(), order, grain, match) for order, (grain, form) in enumerate(_FORMS) if (match := form.search(text)))
    best = min(hits, default=None, key=lambda hit: hit[:2])
    if best:
        _, _, grain, match = best
        parts = match.groupdict()
        return _of(grain, _number(parts["year"]), _number(parts["n"] or parts.get("q")))
    year = _BARE_YEAR.search(text)
    return _of("year", _number(year["year"]), 1) if year else None


def find_period(texts: Iterable[str], grain: str, minguo: bool = False) -> Period | None:
    """The first period of this grain that the texts speak of: title first, then the names of sheet and file.

    A year in one text and a month in another go together (file 2026年…, sheet 10月). None when there is none. ``minguo``: 113年 is 2024.
    """
    cleaned = [_FILLED_IN.sub("", common_era(text, minguo)) for text in texts if text]
    for text in cleaned:
        period = _found(text)
        if period and period.grain == grain:
            return period
        if period and period.grain == "ytd":
            return None  # 1—10月 in a title must not be taken for October because the file's name says so
    part = next((m for text in cleaned if grain in _BARE_PART and (m := _BARE_PART[grain].search(text))), None)
    year = next((m for text in cleaned if (m := _BARE_YEAR.search(text))), None)
    return _of(grain, _number(year["year"]), _number(part["n"])) if part and year else None


def read_period(text: str | None, grain: str = "", zeros: bool = True, minguo: bool = False) -> Period | None:
    """A cell that is a period (``2026``, ``2026年10月``, ``2026-Q3``); ValueError when it is none or of another grain.

    Without ``zeros``, ``2026.1`` may be an October that lost its zero and is refused.
    """
    if is_missing(text):
        return None
    if clause := error_clause(text):
        raise ValueError(clause)
    if not zeros and grain == "month" and _TENTH.match(plain(text)):
        raise ValueError("分不清是1月还是10月（表格会把 2026.10 存成 2026.1）")
    written = re.sub(r"\.0$", "", in_chinese(common_era(plain(text), minguo)))
    period = _of_day(written, grain) or _found(written)
    if period is None and re.match(r"^1[0-8]\d{2}(?!\d)", written):
        raise ValueError(f"早于{FIRST_YEAR}年，这样早的时间不装载")
    if period is None or (grain and period.grain != grain):
        wanted = f"，应写成“{EXAMPLES[grain]}”这样的{WORDS[grain]}" if grain in WORDS else ""
        raise ValueError(f"不是{'所要的' if period else ''}时间{wanted}")
    return period


def recent(grain: str, today: date, count: int = 24) -> list[Period]:
    """The last periods of a grain that have begun, the newest first."""
    months = {"month": 1, "ytd": 1, "quarter": 3, "half": 6, "year": 12}[grain]
    newest = (today.year * 12 + today.month - 1) // months
    found = (divmod(n * months, 12) for n in range(newest, newest - count, -1))
    if grain == "ytd":
        return [span(year, 1, month + 1, grain) for year, month in found]
    return [span(year, month + 1, months, grain) for year, month in found]


def without_periods(text: str) -> str:
    """A text with the periods taken out that it speaks of: 春和社区2026年10月 → 春和社区."""
    text = common_era(text)
    for _, form in _FORMS:
        text = form.sub("", text)
    for form in (_BARE_YEAR, *_BARE_PART.values()):
        text = form.sub("", text)
    return text


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
        "ytd": f"{year}年1—{period.end.month}月",
    }.get(period.grain, f"{period.start}至{period.end}")
