"""Units as written in heads and cells, and by what one must multiply to reach a base unit. Exact (Decimal), or refused."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from math import prod

from etl.wording import folded, plain

TIMES = {"十": Decimal(10), "百": Decimal(100), "千": Decimal(1000), "万": Decimal(10**4), "亿": Decimal(10**8)}

# Units of one row are the same thing under several names (first: canonical) with the size of each in a common measure.
_SAME = (
    "人 名 位 口",
    "个 家 处 所 支 座 项 种 间 条",
    "件 起 宗 桩",
    "次 场 期 场次 回",
    "人次 人·次",
    "户 户数",
    "元 块 元人民币",
    "栋 幢",
    "平方米 m2 m² 平米 平方 ㎡",
    "平方公里 km2 km² 平方千米",
    "公顷 ha",
    "米 m 延米",
    "公里 km 千米",
    "克 g",
    "千克 kg 公斤",
    "小时 h 时 个小时 学时",
    "分 分数",
    "% pct ％ 百分比 个百分点",
    "‰ 千分比",
    "‱ 万分比",
    "岁 周岁",
    "年",
    "月 个月",
    "天 日",
    "分钟",
    "辆",
    "株 棵",
    "盏",
    "张",
    "份",
    "套",
    "级",
)
_CANONICAL = {folded(name): row.split()[0] for row in _SAME for name in row.split()}
_SIZES = {
    "平方米": ("area", Decimal(1)),
    "公顷": ("area", Decimal(10**4)),
    "平方公里": ("area", Decimal(10**6)),
    "米": ("length", Decimal(1)),
    "公里": ("length", Decimal(1000)),
    "%": ("share", Decimal(1)),
    "‰": ("share", Decimal("0.1")),
    "‱": ("share", Decimal("0.01")),
    "克": ("mass", Decimal(1)),
    "千克": ("mass", Decimal(1000)),
}
# Words that count things one by one are read for each other: 12个, 12家, 12处.
_COUNTS = frozenset(("个", "件", "次", "户", "栋", "人"))
_PREFIX = re.compile(r"^([十百千万亿]*)(.*)$")
_TAIL = re.compile(r"^(?P<head>.+?)(?:[（(\[【](?P<bracket>[^（()）\[\]【】]{1,10})[）)\]】]|_(?P<tail>[^_()（）\[\]【】]{1,6}))$")


@lru_cache(maxsize=1024)
def parse(unit: str) -> tuple[Decimal, str] | None:
    """``万人`` → (10000, 人); a bare multiple has the unit ``""``; None when this is no unit."""
    text = re.sub(r"^(计量)?单位[:：]?", "", folded(unit))
    if text in _CANONICAL:
        return Decimal(1), _CANONICAL[text]
    multiple, rest = _PREFIX.match(text).groups()
    if not multiple or (rest not in _CANONICAL if rest else multiple not in ("千", "万", "亿", "百万", "千万")):
        return None
    times = Decimal(1)
    for sign in multiple:
        times *= TIMES[sign]
    return times, _CANONICAL.get(rest, "")


def _multiple(unit: str) -> tuple[Decimal, str]:
    """``亿千瓦时`` → (10**11, 瓦时): the multiples before a unit, whatever it is."""
    multiple, rest = _PREFIX.match(folded(unit)).groups()
    return prod((TIMES[sign] for sign in multiple), start=Decimal(1)), rest


def bracketed(head: str, base: str) -> str:
    """The unit in brackets at the end of a head where it is that of ``base`` under a multiple or none, listed or not; else nothing."""
    match = _TAIL.match(plain(head))
    unit = match and match["bracket"]
    return unit if unit and base and parse(unit) is None and factor(unit, base) is not None else ""


@lru_cache(maxsize=1024)
def factor(written: str, base: str) -> Decimal | None:
    """By what a number in ``written`` units is multiplied to stand in ``base`` units; None when they do not match."""
    there, here = parse(written), parse(base)
    if there is None:
        # A unit that the list does not have, under a multiple or none: 万吨标准煤, 吨标准煤.
        (times, unit), (base_times, base_unit) = _multiple(written), _multiple(base)
        return times / base_times if unit and unit == base_unit else None
    times, unit = there
    base_times, base_unit = here or (Decimal(1), folded(base))
    if not unit or not base_unit or unit == base_unit or (unit in _COUNTS and base_unit in _COUNTS):
        return times / base_times
    sizes = _SIZES.get(unit), _SIZES.get(base_unit)
    if None in sizes or sizes[0][0] != sizes[1][0]:
        return None
    return times * sizes[0][1] / (base_times * sizes[1][1])


def of_title(written: str, base: str) -> Decimal | None:
    """:func:`factor` for a unit that a title states for several columns (单位：户、千人): there 户 is not read for 人, and 万 alone says nothing."""
    there, here = parse(written), parse(base)
    if there and (not there[1] or (there[1] in _COUNTS and there[1] != (here or (1, folded(base)))[1])):
        return None
    return factor(written, base)


@lru_cache(maxsize=4096)
def split_head(head: str) -> tuple[str, str]:
    """``金额（万元）`` → (金额, 万元); ``党员总数_万名`` → (党员总数, 万名); a head without a unit comes back whole."""
    text = plain(head)
    match = _TAIL.match(text)
    unit = match and (match["bracket"] or match["tail"])
    return (match["head"], unit) if unit and parse(unit) else (text, "")


NAMES = tuple(sorted(_CANONICAL, key=len, reverse=True))
