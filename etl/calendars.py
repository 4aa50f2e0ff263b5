"""Years of the Republic, as Taiwan counts them (民國113年 is 2024), written as years of the common era.

民國113年 says of itself what it is. A bare 113年, 113/10/08, 1131008 or 10401 (January 2015) is read so only where the contract declares
it: ``calendar: minguo``.
"""

from __future__ import annotations

import re

from etl.quantity import chinese

_OFFSET = 1911
# Of two digits only those from 1949 on: 近20年 is no year.
_FIRST, _LAST = 38, 200
_NAMED = re.compile(r"(?:中[华華])?民[国國]\s*(\d{1,3}(?!\d)|(?:元|[一二三四五六七八九十百零〇]+)(?=\s*年))")
_YEAR = r"(\d{2,3})"
_DECLARED = (
    re.compile(rf"(?<![\d.,]){_YEAR}(?=\s*年)"),
    re.compile(rf"^\s*{_YEAR}(?=([-./])\d{{1,2}}(?:\2\d{{1,2}})?(?!\d))"),
    re.compile(r"^\s*(\d{3}|[3-9]\d)(?=(?:0[1-9]|1[0-2])(?:[0-3]\d)?(?!\d))"),
    re.compile(rf"^\s*{_YEAR}\s*$"),
)


def common_era(text: str, minguo: bool = False) -> str:
    """A text with its years of the Republic as years of the common era; ``minguo``: bare ones, too."""
    if "民" in text:
        text = _NAMED.sub(_named, text)
    if not minguo:
        return text
    for form in _DECLARED:
        text = form.sub(_declared, text)
    return text


def _named(match: re.Match) -> str:
    """A year that says of itself what it is; what is no number stays as it stands."""
    written = match[1]
    try:
        return str(_OFFSET + (1 if written == "元" else int(written) if written.isdigit() else int(chinese(written))))
    except ValueError:
        return match[0]


def _declared(match: re.Match) -> str:
    year = int(match[1])
    return str(_OFFSET + year) if _FIRST <= year <= _LAST else match[0]
