"""Identity numbers and telephone numbers, recognised anywhere in a text and hidden before anything is stored.

A resident identity number has 18 digits (the last may be X; its check digit must be right, ISO 7064 MOD 11-2) or, of old, 15. Mobile
numbers have 11 digits, landlines an area code before them or a word such as 电话. Full-width digits count, and the gaps that people
leave. What is hidden says so in the text; in a key, where two rows must not become one, a pseudonym stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import duckdb

from etl.personal import pseudonym
from etl.regular import holding
from etl.schema import quoted, text
from jiejian.catalogue import Column

if TYPE_CHECKING:
    import pyarrow as pa

IDENTITY, MOBILE, PHONE = "身份证号", "手机号", "电话号码"
_PLAIN = str.maketrans("０１２３４５６７８９Ｘｘ－—（）\u3000", "0123456789XX--() ")
_MONTH, _DAY, _GAP = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])", "[ -]?"
_PROVINCE = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_EIGHTEEN = f"{_PROVINCE}[0-9]{{4}}{_GAP}(?:18|19|20)[0-9]{{2}}{_MONTH}{_DAY}{_GAP}[0-9]{{3}}[0-9Xx]"
_FIFTEEN = f"{_PROVINCE}[0-9]{{4}}[0-9]{{2}}{_MONTH}{_DAY}[0-9]{{3}}"
_MOBILE = f"(?:\\+?86{_GAP})?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}"
_AREA = "0(?:10|2[0-57-9]|[3-9][0-9]{2})"
# Without a gap after the area code only whole landlines of 11 or 12 digits: shorter ones are codes of grids and the like.
_LANDLINE = f"(?:\\({_AREA}\\) ?|{_AREA}[ -])[2-8][0-9]{{6,7}}|{_AREA}[2-8][0-9]{{7}}"
_NAMED = "(?:电话|手机|座机|联系方式|联系人)[^0-9\n]{0,6}[2-8][0-9]{6,7}"
_NOT_IN_NUMBER = "(?<![0-9])(?<![0-9][.])(?:{})(?![0-9])(?![.][0-9])"
_FORMS = tuple(
    (word, re.compile(_NOT_IN_NUMBER.format(form)))
    for word, form in ((IDENTITY, _EIGHTEEN), (MOBILE, _MOBILE), (IDENTITY, _FIFTEEN), (PHONE, _LANDLINE))
)
_ANY_DIGIT, _SHORTEST = re.compile("[0-9]"), 7
_AFTER_A_WORD = re.compile(f"{_NAMED}(?![0-9])")
_DIGIT, _GAPS = "[0-9０-９]", "[ 　－—-]?"
_NO_DIGIT = "[^0-9０-９]"
_EDGE, _END = f"(?:^|{_NO_DIGIT})", f"(?:$|{_NO_DIGIT})"
# For SQL (RE2): what may be one. Whatever it finds is looked at by :func:`hidden`, so it must miss nothing; and what it finds in vain sends
# a row the careful way: numbers of cases that begin with their day, or are filled up with zeros, must not be found.
QUICK = "|".join((
    f"{_EDGE}(?:[8８][6６]{_GAPS})?[1１][3-9３-９]{_DIGIT}{_GAPS}{_DIGIT}{{4}}{_GAPS}{_DIGIT}{{4}}{_END}",
    f"{_EDGE}{_DIGIT}{{6}}{_GAPS}{_DIGIT}{{8}}{_GAPS}{_DIGIT}{{3}}[0-9０-９XxＸｘ]{_END}",
    f"{_EDGE}{_DIGIT}{{15}}{_END}",
    f"{_EDGE}[0０](?:[1１][0０]|[2２][0-57-9０-５７-９]|[3-9３-９]{_DIGIT}{{2}})[ 　－—)）-]{{0,2}}[2-8２-８]{_DIGIT}{{6,7}}{_END}",
    f"(?:电话|手机|座机|联系方式|联系人)[^0-9０-９\n]{{0,6}}{_DIGIT}{{7}}",
))  # fmt: skip
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_digit(seventeen: str) -> str:
    """The 18th character of an identity number (GB 11643: ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(seventeen, _WEIGHTS, strict=True)) % 11]


def hidden(said: str, mark: Callable[[str], str] = lambda number: "") -> str:
    """The text without identity and telephone numbers; ``mark`` gives what stands for one beside the word, from its digits."""
    if len(said) < _SHORTEST:
        return said
    plain = said.translate(_PLAIN)
    if not _ANY_DIGIT.search(plain):
        return said
    spans = [
        (*found.span(), word) for word, form in _FORMS for found in form.finditer(plain) if word != IDENTITY or _real(found[0])
    ]
    for found in _AFTER_A_WORD.finditer(plain):
        digits = re.search("[0-9]", found[0]).start()
        spans.append((found.start() + digits, found.end(), PHONE))
    shown, until = [], 0
    for start, end, word in sorted(spans, key=lambda s: (s[0], -s[1])):
        if start >= until:
            shown += [said[until:start], f"〔{word}已隐去{mark(re.sub('[^0-9Xx]', '', plain[start:end]).upper())}〕"]
            until = end
    return "".join(shown) + said[until:] if shown else said


def _real(number: str) -> bool:
    """Whether a number in the form of an identity number is one: a day that was, and of 18 digits the check digit."""
    digits = re.sub("[ -]", "", number).upper()
    year, rest = (int(digits[6:10]), digits[10:14]) if len(digits) == 18 else (1900 + int(digits[6:8]), digits[8:12])
    try:
        born = date(year, int(rest[:2]), int(rest[2:]))
    except ValueError:
        return False
    return born <= date.today() and (len(digits) == 15 or digits[17] == check_digit(digits[:17]))


def hide_in(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Iterable[Column],
    keys: Iterable[str],
    key: Callable[[], bytes],
    rows: pa.Table | None = None,
) -> bool:
    """Hide numbers in the text columns of a table, and say whether there were any. ``rows`` is the table itself, where it is small.

    Columns that a contract declares personal have a mask or a pseudonym of their own.
    """
    keys = frozenset(keys)
    looked_at = [c.id for c in columns if not c.personal]
    suspicious = (_in_rows(rows, looked_at) if rows is not None else _in_table(connection, table, looked_at)) if looked_at else []
    changed: dict[str, dict[str, str]] = {}
    for column, said in suspicious:
        shown = hidden(said, lambda number: f" {pseudonym(key(), number)[:8]}") if column in keys else hidden(said)
        if shown != said:
            changed.setdefault(column, {})[said] = shown
    for column, pairs in changed.items():
        cell = quoted(column)
        connection.execute(
            f"UPDATE {table} SET {cell} = m.shown FROM (SELECT unnest(?::VARCHAR[]) AS said, unnest(?::VARCHAR[]) AS shown) m WHERE {cell} = m.said",
            [list(pairs), list(pairs.values())],
        )
    return bool(changed)


def _in_rows(rows: pa.Table, columns: Sequence[str]) -> list[tuple[str, str]]:
    return [(column, said) for column, said in holding(rows, columns, QUICK) if len(said) > 6]


def _in_table(connection: duckdb.DuckDBPyConnection, table: str, looked_at: Sequence[str]) -> list[tuple[str, str]]:
    names, cells = ", ".join(map(text, looked_at)), ", ".join(map(quoted, looked_at))
    return connection.execute(
        f"""SELECT DISTINCT c, v FROM (SELECT unnest([{names}]) AS c, unnest([{cells}]) AS v FROM {table})
            WHERE length(v) > 6 AND regexp_matches(v, {text(QUICK)})"""
    ).fetchall()


def any_suspicious(cells: Sequence[str], more: str = "") -> str:
    """SQL: whether one of some text cells may hold such a number. One search for all: no number goes on over the end of a line.

    ``more`` is an expression of what else is looked for, which costs nothing beside it.
    """
    sought = f"{QUICK}|{more}" if more else QUICK
    said = f"concat_ws(chr(10), {', '.join(cells)})" if len(cells) > 1 else cells[0]
    return f"regexp_matches({said}, {text(sought)})"
