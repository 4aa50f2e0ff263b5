"""Figures as Chinese text: 1.23万, 96.0%, 8万余, 约300, 150—1000, +2.1个百分点. Never K or M, never "nan".

Rounding is half up, as in Excel and as people do it on paper, on the decimal digits that one sees (95.95 -> 96.0).
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

from jiejian.catalogue import Metric

MISSING = "—"
MINUS = "−"
WAN, YI = 1e4, 1e8
_BEFORE = {"about": "约", "nearly": "近", "planned": "将达", "below": "不足"}


def is_missing(value: float | None) -> bool:
    """Whether a figure is a gap: None, NaN or not finite."""
    return value is None or not math.isfinite(value)


def rounded(value: float, decimals: int) -> Decimal:
    """``value`` rounded half up on its written digits; ``value`` must be finite."""
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def _plain(value: float, decimals: int, separators: bool = False, strip: bool = False) -> str:
    text = f"{rounded(abs(value), decimals):{',' if separators else ''}f}"
    return text.rstrip("0").rstrip(".") if strip and "." in text else text


def _magnitude(value: float, decimals: int, exact: bool) -> str:
    """The figure without sign: digits, in 万 from 10,000 and in 亿 from 100 million unless ``exact``."""
    if exact or rounded(abs(value), decimals) < WAN:
        return _plain(value, decimals, separators=exact)
    if rounded(abs(value) / WAN, 2) < WAN:
        return _plain(value / WAN, 2, strip=True) + "万"
    # 1.0027亿 still tells 10027万 from 10028万; from ten 亿 on nobody asks.
    return _plain(value / YI, 4 if abs(value) < 10 * YI else 2, strip=True) + "亿"


def default_decimals(value: float, unit: str) -> int:
    """How many decimals a bare figure is shown with: those that it has, two at most; one for a share."""
    if unit == "%":
        return 1
    return min(2, max(0, -Decimal(repr(float(value))).normalize().as_tuple().exponent))


def _rules(value: float | None, metric_or_unit: Metric | str, decimals: int | None) -> tuple[str, int]:
    """Unit and decimals that hold for a value."""
    if isinstance(metric_or_unit, Metric):
        return metric_or_unit.unit, metric_or_unit.decimals if decimals is None else decimals
    known = 0.0 if is_missing(value) else value
    return metric_or_unit, default_decimals(known, metric_or_unit) if decimals is None else decimals


def _number(value: float, unit: str, decimals: int, exact: bool) -> str:
    """A figure with its sign, and with % where that is its unit."""
    digits = _plain(value, decimals) if unit == "%" else _magnitude(value, decimals, exact)
    sign = MINUS if value < 0 and any(c in "123456789" for c in digits) else ""
    return sign + digits + ("%" if unit == "%" else "")


def _qualified(number: str, value: float, qualifier: str, unit: str) -> str:
    """Put the word of an approximate figure where Chinese puts it; ``unit`` is '' when it is not to be shown."""
    if qualifier == "at_least":
        # 余 stands only after round numbers of ten and more: 8万余, 300余, but 8个以上 and 96%以上.
        whole = abs(value) >= 10 and not number.endswith("%")
        return f"{number}余{unit}" if whole else f"{number}{unit}以上"
    text = _BEFORE.get(qualifier, "") + number + unit
    return text + "（推算）" if qualifier == "derived" else text


def format_value(
    value: float | None,
    metric_or_unit: Metric | str = "",
    decimals: int | None = None,
    *,
    exact: bool = False,
    unit: bool = False,
    qualifier: str = "exact",
    lower: float | None = None,
    upper: float | None = None,
) -> str:
    """A figure as people read it; a gap is ``—``.

    ``value`` is in the metric's display units (96.0 means 96.0%). From 10,000 on it is shown in 万, from 100 million in
    亿, unless ``exact``: then all digits with separators. ``%`` always stands; other units only with ``unit=True``.
    ``qualifier`` is one of the warehouse's; for ``range`` the bounds are ``lower`` and ``upper``.
    """
    if qualifier == "range" and not is_missing(lower) and not is_missing(upper):
        name, places = _rules(upper, metric_or_unit, decimals)
        ends = (_number(end, name, places, exact) for end in (lower, upper))
        return "—".join(ends) + (name if unit and name != "%" else "")
    if is_missing(value):
        return MISSING
    name, places = _rules(value, metric_or_unit, decimals)
    number = _number(value, name, places, exact)
    return _qualified(number, value, qualifier, name if unit and name != "%" else "")


def amount(count: float, unit: str) -> str:
    """How many there are, for a sentence: 4942件, 41.09万件."""
    return format_value(count, unit, unit=True)


def change_amount(value: float | None, base: float | None, metric: Metric) -> float:
    """The change in percentage points for shares and in percent for all else; NaN where it has no meaning.

    There is no percentage of a zero or negative base, and no change across a gap.
    """
    if is_missing(value) or is_missing(base):
        return math.nan
    if metric.is_share:
        return value - base
    return (value / base - 1) * 100 if base > 0 else math.nan


def format_change(value: float | None, base: float | None, metric: Metric) -> str:
    """The change from ``base`` to ``value``: +2.1个百分点 for shares, −8.1% for the rest, 持平, or — where unknown."""
    amount = change_amount(value, base, metric)
    if is_missing(amount):
        return MISSING
    if rounded(amount, 1) == 0:
        return "持平"
    return f"{'+' if amount > 0 else MINUS}{_plain(amount, 1)}{'个百分点' if metric.is_share else '%'}"


def describe_change(value: float | None, base: float | None, metric: Metric) -> str:
    """The same in words for a sentence: 上升2.1个百分点, 下降8.1%, 持平; empty where unknown."""
    text = format_change(value, base, metric)
    if text == MISSING:
        return ""
    return {"+": "上升", MINUS: "下降"}.get(text[0], "") + text.lstrip("+" + MINUS)


def format_figure(value: float | None, lower: float | None, upper: float | None, qualifier: str, unit: str) -> str:
    """A published figure with its unit and the word that stands with it: 34,748件, 8万余人, 150—1000平方米.

    An exact figure keeps all its digits, an approximate one is as round as it was printed.
    """
    exact = qualifier in ("exact", "derived", "below", "corrected")
    return format_value(value, unit, exact=exact, unit=True, qualifier=qualifier, lower=lower, upper=upper)
