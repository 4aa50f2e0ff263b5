"""The careful reader of numbers: a number as an office writes it → value, bounds, qualifier.

Used for the few distinct values that a plain cast does not read: ``1,234``, ``1.2万``, ``80余场``, ``三百二十``,
``１５０—１０００平方米``, ``不足两个月``. Arithmetic is decimal and exact: 8260.2万 is 82602000.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from etl.traditional import simplified
from etl.units import NAMES, TIMES, factor, parse
from etl.wording import error_clause, folded, is_missing

_DIGITS = {
    c: i for i, row in enumerate(("零〇", "一壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")) for c in row
}
_STEPS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_HAN = "".join((*_DIGITS, *_STEPS, *_LARGE))

# Words before and after the number, with what they say about it.
_BEFORE = (
    ("at_least", ("不少于", "不低于", "至少", "超过", "多于", "大于", "≥", ">=", ">", "超", "逾")),
    ("below", ("不超过", "不足", "不到", "未满", "低于", "少于", "小于", "至多", "最多", "≤", "<=", "<")),
    ("nearly", ("将近", "接近", "近")),
    ("planned", ("计划达", "计划", "预计达", "预计", "将达到", "将达", "将有", "拟", "将")),
    ("about", ("大约", "大概", "约为", "约有", "约", "≈", "~")),
    ("derived", ("推算", "推算为", "估算", "估计")),
)
_AFTER = (
    ("at_least", ("及以上", "以上", "有余", "余", "多", "+")),
    ("below", ("及以下", "以下", "以内", "之内")),
    ("about", ("左右", "上下")),
)
_PREFIX = re.compile(r"^(?P<word>" + "|".join(re.escape(w) for _, ws in _BEFORE for w in sorted(ws, key=len, reverse=True)) + ")")
_SAYS = {word: says for says, words in (*_BEFORE, *_AFTER) for word in words}
_SUFFIX = "|".join(re.escape(w) for _, ws in _AFTER for w in ws)
_NUMBER = re.compile(
    rf"^(?P<sign>[-+]?)(?P<core>(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?|[{_HAN}]+(?:点[{_HAN}]+)?)?"
    rf"(?P<more>余|多|几)?(?P<times>[十百千万亿]*)(?P<after>{_SUFFIX})?"
    rf"(?P<unit>{'|'.join(re.escape(n) for n in NAMES)})?(?P<late>{_SUFFIX})?$"
)
_GROUPED = re.compile(r"^\d{1,3}(,\d{3})+(\.\d+)?$|^\d+(\.\d+)?([eE][-+]?\d+)?$|^\.\d+$")
_RANGE = re.compile(r"^(?P<low>.*?[^-—–~至到])(?:-|—+|–|~|～|至|到)(?P<high>[^-—–~至到].*)$")
_COMPOUND = re.compile(r"^(\d+(?:\.\d+)?[亿万千百]+){2,}$")
_SHARES = {"百": "%", "千": "‰", "万": "‱"}
_SHARE = re.compile(r"^(?P<said>\D*?)(?P<of>[百千万])分之(?P<part>.+)$")
_BOOKED = re.compile(r"^[(]([\d,.]+[^()]*)[)]$")
_TWO_NUMBERS, _BLANK_GROUPS = re.compile(r"\d\s+\d"), re.compile(r"^\D*\d{1,3}(\s\d{3})+(?!\d)[^\d\s]*(\.\d+)?\D*$")


@dataclass(frozen=True)
class Quantity:
    """A number and what was said about it. A range has bounds and no value."""

    value: float | None
    lower: float | None = None
    upper: float | None = None
    qualifier: str = "exact"


def read(text: str | None, base: str = "", times: Decimal = Decimal(1)) -> Quantity | None:
    """Read a number in ``base`` units; ``times`` is the multiple that the head of the column states (万元 → 10000).

    Returns None where the cell says that there is no value. Raises ValueError with a Chinese clause where it is not a
    number, or where its unit does not fit.
    """
    if is_missing(text):
        return None
    if clause := error_clause(text):
        raise ValueError(clause)
    written = _spelt(text)
    says, rest = _said(written)
    between = _RANGE.match(rest)
    if between and not between["low"].lower().endswith("e"):
        return _range(between["low"], between["high"], base, times)
    value, inner = _one(rest, base, times)
    return Quantity(_finite(value), qualifier=says or inner or "exact")


_COMMA = re.compile(r"^[^\d,.]*\d{1,3}(?:[. '’\u00a0\u202f\u2009]\d{3})*(?:,\d+)?[^\d,.]*$|^[^\d,.]*\d+(?:,\d+)?[^\d,.]*$")


def with_points(text: str) -> str:
    """A number as much of Europe writes it (``1.234,56``, ``1 234,56``) with a decimal point. ValueError where it is not written so."""
    written = text.strip()
    if not re.search(r"\d", written):
        return written
    if not _COMMA.match(written):
        raise ValueError("逗号和点的位置不对（约定写的是逗号作小数点）")
    return re.sub(r"(?<=\d)[. '’\u00a0\u202f\u2009](?=\d{3})", "", written).replace(",", ".")


def _finite(value: Decimal) -> float:
    number = float(value)
    if abs(number) > 1e300:
        raise ValueError("大得不像一个数")
    return number


def _spelt(text: str) -> str:
    """Half-width and without blanks, but with the dashes that NFKC keeps; minus signs of every kind are ``-``."""
    shown = simplified(unicodedata.normalize("NFKC", re.sub(r"[\u2460-\u2473]+\s*$", "", text))).strip().lstrip("'’‘`")
    if _TWO_NUMBERS.search(shown) and not _BLANK_GROUPS.match(shown):
        raise ValueError("格内不止一个数")
    # The sign of a footnote behind a number says nothing about it.
    shown = re.sub(r"(?<=[\d%])\s*(?:[*†‡#]+|\[\d{1,2}\])$", "", shown)
    written = re.sub(r"\s+", "", shown).replace("−", "-").replace("﹣", "-")
    if booked := _BOOKED.match(written):
        return "-" + booked[1]
    if written.startswith("¥"):
        written = written[1:] + ("" if written.endswith(("元", "块")) else "元")
    written = re.sub(r"^(约|近)?上(?=[百千万亿])", r"\1超", written).replace("约超", "超").replace("近超", "超")
    share = _SHARE.match(written)
    return f"{share['said']}{share['part']}{_SHARES[share['of']]}" if share else written


def _said(written: str) -> tuple[str, str]:
    word = _PREFIX.match(written)
    if word and len(written) > len(word["word"]):
        return _SAYS[word["word"]], written[word.end() :]
    return "", written


def _range(low: str, high: str, base: str, times: Decimal) -> Quantity:
    """``3—5万人``: the multiple and unit at the end hold for both sides, unless the first side has its own."""
    upper, _ = _one(high, base, times)
    end = _NUMBER.match(high)
    bare = re.fullmatch(r"[-+]?[\d,.]+", low)
    readings = [low + end["times"] + (end["unit"] or ""), low + (end["unit"] or "")] if bare and end else [low]
    for reading in readings:
        lower, _ = _one(reading, base, times)
        if lower <= upper:
            return Quantity(None, _finite(lower), _finite(upper), "range")
    raise ValueError("区间的前一个数大于后一个数")


def _one(written: str, base: str, times: Decimal) -> tuple[Decimal, str]:
    """One number with its own multiple and unit, in base units, and what its ending says."""
    own = folded(base)
    if own and parse(own) is None and written.endswith(own):  # a unit that only the contract knows: 21036元/平米
        written = written.removesuffix(own)
    match = _NUMBER.match(written)
    if not match or not (match["core"] or match["times"]) or match["more"] == "几":
        compound = _compound(written)
        if compound is None:
            raise ValueError("不是数字")
        return compound * _scale("", True, base, times), ""
    number = _core(match["core"]) if match["core"] else Decimal(1)
    for sign in match["times"]:
        number *= TIMES[sign]
    number = -number if match["sign"] == "-" else number
    large = bool(match["times"]) or any(sign in (match["core"] or "") for sign in _LARGE)
    after = match["more"] or match["after"] or match["late"]
    return number * _scale(match["unit"] or "", large, base, times), _SAYS[after] if after else ""


def _scale(unit: str, large: bool, base: str, times: Decimal) -> Decimal:
    """What the cell's own unit, or else the head's multiple, makes of a number; ``large`` when the cell wrote 万 or 亿."""
    if not unit:
        if large and times != 1:
            raise ValueError("表头的单位已含倍数，格内又写了“万”或“亿”，分不清是哪个数")
        kept = parse(base) if large and base else None
        # 239万 in a column that is kept in 万元 is 239万元.
        return times / kept[0] if kept and kept[1] else times
    stated = factor(unit, base) if base else Decimal(1)
    if stated is None:
        raise ValueError(f"单位“{unit}”与这一列的单位“{base}”不一致")
    if times not in (1, stated) and not large:
        raise ValueError(f"格内写的单位“{unit}”与表头的单位不一致，分不清是哪个数")
    return stated


def _core(core: str) -> Decimal:
    if core[0].isdigit() or core[0] == ".":
        if not _GROUPED.match(core):
            raise ValueError("千分位的逗号位置不对")
        return Decimal(core.replace(",", ""))
    whole, _, fraction = core.partition("点")
    number = chinese(whole)
    return number + Decimal("0." + "".join(str(_DIGITS[c]) for c in fraction)) if fraction else number


def _compound(written: str) -> Decimal | None:
    """``3万5千`` and ``1亿2千万``: parts from large to small."""
    if not _COMPOUND.match(written):
        return None
    total, last = Decimal(0), None
    for number, signs in re.findall(r"(\d+(?:\.\d+)?)([亿万千百]+)", written):
        size = Decimal(1)
        for sign in signs:
            size *= TIMES[sign]
        if last is not None and size >= last:
            return None
        total, last = total + Decimal(number) * size, size
    return total


def chinese(text: str) -> Decimal:
    """``三百二十`` → 320, ``两千`` → 2000, ``一万二`` → 12000, ``二〇二六`` → 2026. ValueError when it is none."""
    if len(text) > 1 and all(sign in _DIGITS for sign in text):
        return Decimal("".join(str(_DIGITS[sign]) for sign in text))
    total, section, digit, last, largest = 0, 0, None, 10, 0
    for sign in text:
        if sign in _DIGITS:
            if digit:
                raise ValueError("不是数字")
            # After 零 the next digit stands for itself: 一百零二 is 102, 一百二 is 120.
            last = 10 if digit == 0 or _DIGITS[sign] == 0 else last
            digit = _DIGITS[sign]
        elif sign in _STEPS:
            last = _STEPS[sign]
            section, digit = section + (digit or 1) * last, None
        elif sign in _LARGE:
            last = _LARGE[sign]
            part = section + (digit or 0)
            total = (total + part or 1) * last if last > largest else total + (part or 1) * last
            section, digit, largest = 0, None, last
        else:
            raise ValueError("不是数字")
    return Decimal(total + section + (digit or 0) * (last // 10))
