"""Cell styles of a workbook: which show a number as a date, a time or a percentage, and how far each moves its text in."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# Built-in formats by number; 27–36 and 50–58 are dates in Chinese, Japanese and Korean editions.
_DATES = frozenset((*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), 57, 58))
_TIMES = frozenset((18, 19, 20, 21, 45, 47, *range(32, 36), 55, 56))
# Excel knows 250 steps; a hierarchy of more than 15 is none (xls has four bits).
MOST_STEPS = 15
INDENT = "\u3000"
_ELAPSED, _PERCENTS = frozenset((46,)), frozenset((9, 10))


@dataclass(frozen=True)
class Styles:
    """Cell styles by number."""

    dates: frozenset[int] = frozenset()
    times: frozenset[int] = frozenset()
    elapsed: frozenset[int] = frozenset()
    percents: frozenset[int] = frozenset()
    # Style → by how many steps its text is moved in; only those that do.
    indents: Mapping[int, int] = field(default_factory=dict)


def read_styles(content: bytes) -> Styles:
    """The styles of ``xl/styles.xml``."""
    xml = content.decode("utf-8", "replace")
    codes = {int(n): attribute(tag, "formatCode") for tag in tags(xml, "numFmt") if (n := attribute(tag, "numFmtId")).isdigit()}
    used = re.search(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", xml, re.DOTALL)
    numbers = [attribute(tag, "numFmtId") for tag in tags(used[0], "xf")] if used else []
    kinds = [kind_of_format(int(n), codes.get(int(n), "")) if n.isdigit() else "" for n in numbers]
    return Styles(
        *(frozenset(i for i, kind in enumerate(kinds) if kind == name) for name in ("date", "time", "elapsed", "percent")),
        indents=_indents(used[0]) if used else {},
    )


def _indents(cell_styles: str) -> dict[int, int]:
    """By how many steps each style moves its text in: <xf …><alignment indent="2"/></xf>."""
    found = {}
    styles = re.findall(r"<(?:\w+:)?xf\b[^>]*?(?:/>|>.*?</(?:\w+:)?xf>)", cell_styles, re.DOTALL)
    for number, style in enumerate(styles):
        for tag in tags(style, "alignment"):
            if (steps := attribute(tag, "indent")).isdigit() and int(steps):
                found[number] = min(int(steps), MOST_STEPS)
    return found


def kind_of_format(number: int, code: str) -> str:
    """``date``, ``time``, ``elapsed``, ``percent`` or ""; a code given for a number goes before the built-in one."""
    if not code:
        for kind, numbers in (("date", _DATES), ("time", _TIMES), ("elapsed", _ELAPSED), ("percent", _PERCENTS)):
            if number in numbers:
                return kind
        return ""
    # Words in quotes, escaped signs, fillers, colours and locales say nothing; the first section speaks for the rest.
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.', "", code).split(";")[0].lower()
    if re.search(r"\[(h+|m+|s+)\]", bare):
        return "elapsed"
    bare = re.sub(r"\[[^\]]*\]", "", bare).replace("general", "")
    if "%" in bare:
        return "percent"
    if re.search(r"[yd]|e(?![+-])|aaa|m", bare) and not re.search(r"[0#?]", re.sub(r"[.,]0+", "", bare)):
        return "time" if not re.search(r"[yd]|e|aaa", bare) and re.search(r"h|s", bare) else "date"
    return "time" if re.search(r"h|s", bare) and not re.search(r"[#?]", bare) else ""


def tags(xml: str, name: str) -> list[str]:
    """The opening tags of elements of a name, whatever their prefix."""
    return re.findall(rf"<(?:\w+:)?{name}\s[^>]*>", xml)


def attribute(tag: str, name: str) -> str:
    """The value of an attribute, "" when there is none."""
    match = re.search(rf"""\s{name}=("[^"]*"|'[^']*')""", tag)
    return html.unescape(match[1][1:-1]) if match else ""
