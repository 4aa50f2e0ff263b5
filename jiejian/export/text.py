"""Text that leaves the house: cleaned, measured, and never a formula."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc

_SPACES = r"\x00-\x20\x7F-\x{9F}\p{Z}\p{Cf}"  # blanks of every kind, also those of no width
_STARTERS = r"=+\-@＝＋－＠﹦﹢﹣﹫\x{2212}"
# Spreadsheets skip blanks before they look for a formula, and read the full-width signs as the plain ones.
_DANGEROUS = rf"^(?:[\t\n\r]|[{_SPACES}]*[{_STARTERS}])"
_NEWLINES = r"\r\n?"
_NOT_TEXT = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}\x{FFFE}\x{FFFF}]"


def clean(values: list[str | None]) -> pa.Array:
    """Strings that XML, CSV and UTF-8 can hold: one kind of line break, no control characters, no half characters."""
    try:
        array = pa.array(values, pa.string())
    except (UnicodeEncodeError, pa.ArrowInvalid):  # half of a surrogate pair, as broken uploads have them
        whole = [v if v is None else v.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") for v in values]
        array = pa.array(whole, pa.string())
    return pc.replace_substring_regex(pc.replace_substring_regex(array, _NEWLINES, "\n"), _NOT_TEXT, "")


def clean_one(value: str) -> str:
    """:func:`clean` for a single text."""
    return clean([value])[0].as_py()


def is_dangerous(texts: pa.Array) -> pa.Array:
    """True where a spreadsheet could take the text for a formula: = + - @, tab or line break, also full-width ones."""
    return pc.fill_null(pc.match_substring_regex(texts, _DANGEROUS), False)


def neutralise(texts: pa.Array) -> pa.Array:
    """Put a single quote before each text that :func:`is_dangerous`; everything else stays as it is."""
    return pc.if_else(is_dangerous(texts), pc.binary_join_element_wise("'", texts, ""), texts)


def looks_rich(text: str) -> bool:
    """Whether xlsxwriter would take the text for its own markup and write it unescaped into the sheet."""
    return text.startswith("<r>") and text.endswith("</r>")


def as_rich(text: str) -> str:
    """The text as xlsxwriter's markup, escaped: the one way to write a text that :func:`looks_rich`."""
    return f'<r><t xml:space="preserve">{escape(text)}</t></r>'


def widths(texts: pa.Array) -> pa.Array:
    """Width of each text in columns of a digit; a Chinese character counts two.

    Counted as the mean of characters and UTF-8 bytes: (1 + 1) / 2 for ASCII, (1 + 3) / 2 for Chinese.
    """
    return pc.divide(pc.add(pc.utf8_length(texts), pc.cast(pc.binary_length(texts), pa.int32())), 2)


def width(text: str) -> int:
    """:func:`widths` for a single text."""
    return (len(text) + len(text.encode())) // 2


def lines(texts: pa.Array, room: int) -> pa.Array:
    """How many lines each text takes in a cell ``room`` columns wide."""
    wrapped = pc.ceil(pc.divide(pc.cast(widths(texts), pa.float64()), float(room)))
    return pc.fill_null(pc.add(pc.cast(wrapped, pa.int32()), pc.count_substring(texts, "\n")), 1)


def shorten(items: tuple[str, ...], limit: int) -> str:
    """``甲、乙等5项``: as many items as fit into ``limit`` columns, at least one, itself cut where it must be."""
    for count in range(len(items), 0, -1):
        text = "、".join(items[:count]) + (f"等{len(items)}项" if count < len(items) else "")
        if width(text) <= limit:
            return text
    tail = f"…等{len(items)}项" if len(items) > 1 else "…"
    head = items[0] if items else ""
    while head and width(head + tail) > limit:
        head = head[:-1]
    return head + tail if items else ""
