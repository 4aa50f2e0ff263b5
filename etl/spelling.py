"""The ways in which offices write the name of a place, brought to forms that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator

from etl.quantity import chinese
from etl.wording import folded

# What may follow the name of a community, a village or a street without changing which one is meant.
_COMMITTEES = r"居民委员会|居委会|居委|村民委员会|村委会|村委|党委|党总支部|党总支|党支部|党组织|两委|工作站"
_OFFICES = r"街道办事处|街道办|街办|办事处|街道党工委|党工委"
_SUFFIX = re.compile(
    rf"^(?P<name>.+?)(?:(?P<kind>社区|村)(?:{_COMMITTEES})?|(?P<committee>{_COMMITTEES})|(?P<street>街道|{_OFFICES}))$"
)
# What may be left out at the end of the name of a district, a city, a province: 松江 for 松江区, 宁夏 for 宁夏回族自治区.
_OF_A_LEVEL = re.compile(
    r"^(?P<name>[\u4e00-\u9fff]{2,}?)(?:(?:维吾尔|(?:[\u4e00-\u9fff]{1,4}?族)+)?自治[区州县旗]|特别行政区|新区|地区|[省市州盟区县旗镇乡])$"
)
_OF_VILLAGES = frozenset(("村民委员会", "村委会", "村委"))

_NUMERAL = re.compile(r"第?([零〇一二三四五六七八九十百]+|\d+)")
_LISTED = re.compile(r"^(?:\d{1,3}[.、)]|[(]\d{1,3}[)])")
_MARKS = "*★☆●▲△◆◇■□#※·-—_:：,，.。、;；"
_NOTE = re.compile(r"[(\[【〔][^()\[\]【】〔〕]*[)\]】〕]")

# The name of an authority above, before the name proper. 城市花园 and 红旗花园 are no authorities.
_ABOVE = re.compile(
    r"^(?P<above>[\u4e00-\u9fff]{1,9}?(?P<level>省|自治区|自治州|地区|市|盟|区|县|旗|街道办事处|街道办|街道|镇|乡))(?=.{2,})"
)
_NO_AUTHORITY = re.compile(
    r"(?:[城都超集门股夜菜]市|[社小园校厂片景院矿库老]区|[小古新老]镇|[水故家梦]乡|[老旧]县)$|^.[市区镇乡]$|^.{0,2}[旗盟]$"
)
LEVELS = {
    "省": ("省",),
    "自治区": ("省",),
    **dict.fromkeys(("市", "自治州", "地区", "盟"), ("市",)),
    **dict.fromkeys(("区", "县", "旗"), ("区县", "区县旗", "市")),
    **dict.fromkeys(("街道办事处", "街道办", "街道", "镇", "乡"), ("街道", "乡镇")),
}


def bare(name: str) -> str:
    """The plain name without its suffix: 滨河社区居委会 and 滨河社区 are 滨河."""
    name = folded(name)
    match = _SUFFIX.match(name)
    return match["name"] if match else name


def without_level(name: str) -> str:
    """The name of a district, a city, a province without the word that says so: 松江区 → 松江; empty for other names."""
    name = folded(name)
    match = None if _SUFFIX.match(name) else _OF_A_LEVEL.match(name)
    return match["name"] if match else ""


def suffix_kind(name: str) -> str:
    """What the suffix of a name says that it is: 社区, 村, 街道, or nothing."""
    match = _SUFFIX.match(folded(name))
    if not match:
        return ""
    if match["street"]:
        return "街道"
    return match["kind"] or (
        "村" if match["committee"] in _OF_VILLAGES else "社区" if match["committee"].startswith("居") else ""
    )


def numbered(name: str) -> str:
    """Numerals as digits, without 第: 第三社区, 三社区 and 3社区 are 3社区."""

    def digits(match: re.Match) -> str:
        found = match[1]
        if found.isdigit():
            return str(int(found))
        try:
            return str(int(chinese(found)))
        except (ValueError, ArithmeticError):
            return found

    return _NUMERAL.sub(digits, name)


def trimmed(name: str) -> str:
    """Without a number of the list before it, marks around it and notes in brackets: 1.城西社区（试点） is 城西社区."""
    name = _LISTED.sub("", _NOTE.sub("", _LISTED.sub("", folded(name)))).strip(_MARKS)
    return name or folded(name)


def notes(name: str) -> list[str]:
    """What stands in brackets."""
    return [note[1:-1] for note in _NOTE.findall(folded(name))]


def without_authorities(name: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The name after each authority that may stand before it, with those authorities: (name, level)."""
    above: list[tuple[str, str]] = []
    rest = name
    while match := _ABOVE.match(rest):
        if _NO_AUTHORITY.search(match["above"]):
            return
        above = [*above, (match["above"], match["level"])]
        rest = rest[match.end() :]
        if rest != name and (len(bare(rest)) > 1 or bare(rest).isdigit() or _NUMERAL.fullmatch(bare(rest))):
            yield rest, above


def one_edit_apart(one: str, other: str) -> bool:
    """Whether two different names differ by one character written wrongly, left out, added, or swapped with its neighbour."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and len(a) > 1 and a[2:] == b[2:])
