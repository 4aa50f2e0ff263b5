"""Words as they are compared: one normal form for heads, names and values, and the words that mean "nothing here"."""

from __future__ import annotations

import re
import unicodedata

from etl.traditional import either, simplified

_UNSEEN = str.maketrans("", "", "\u200b\ufeff")

# What offices write into a cell that has no value. A zero is written 0; these are gaps.
_NOTHING = "- -- --- — —— – / // \\ * 无 缺 空 暂无 暂缺 缺失 没有 未报 待报 未填 未统计 暂未统计 尚未统计 无统计 待统计 未掌握 不掌握 不详 无数据 暂无数据 没有数据 无此项 不适用 无资料 n/a na nan null none ... …… … ?"
MISSING = frozenset(("", *_NOTHING.split()))
# What programs write for a blank; an office never means a word by it where a cell must be filled.
BLANK_WORDS = ("none", "null", "nan", "nat", "n/a", "<na>", "undefined")
# Nothing but signs: －, ——, .., ……, **
_SIGNS = re.compile(r"[-−‐‑‒–—―─_/\\|.·…。、*~～?？]+")

# The row that adds up the others, and the row of means: never loaded, the former is checked.
SUM_ROW = either(r".{0,6}(合计|总计|汇总)")
TOTAL_ROW = rf"({SUM_ROW}|{either('全街道?|全[镇乡村区县市省]|全部|共计|总数')})"
SUBTOTAL_ROW = either(r".{0,6}小计")
MEAN_ROW = either(r".{0,6}(平均|平均值|均值|平均数|平均分)")
# One of these stands in every word for a total, a subtotal or a mean.
SUM_SIGNS = either("[计全均总共镇汇]").strip("[]")

# A row that explains or signs the sheet.
NOTE_ROW = either(
    r"^[（(【\[]?(注|附注|备注|说明|填表说明|填报说明|填表人?|填报人?|填报单位|填表单位|制表人?|制表单位|审核人?|复核人?|统计人?|统计员|"
    r"(单位|统计)?负责人|分管领导|联系人|联系电话|报送(人|单位|日期|时间)|(填表|填报|制表|打印|导出)(日期|时间)|数据来源|资料来源|来源)"
    r"\s*[0-9]*\s*[：:．.、）)】\]]"
)
# The row of a template that shows how to fill it in: its first cell says so, and nothing else.
EXAMPLE = "示例"
EXAMPLE_ROW = r"[（(【\[]?(填写)?(示例|样例)行?[）)】\]]?"
LONE_NOTE = either(r"^(注|附注|备注|说明|填表|填报|制表|审核)")


def plain(text: str) -> str:
    """Full-width to half-width, and every blank and line break taken out."""
    text = "".join(unicodedata.normalize("NFKC", text).split())
    return text if text.isascii() else text.translate(_UNSEEN)


def folded(text: str) -> str:
    """The plain form with traditional characters as simplified ones: for comparing, never for keeping."""
    return simplified(plain(text))


def spaced(text: str) -> str:
    """A name as it is shown: half-width, blanks only between Latin words (Back Bay, but 北京)."""
    written = " ".join(unicodedata.normalize("NFKC", text).split())
    return re.sub(r" (?![!-~])|(?<![!-~]) ", "", written)


_TAIL = re.compile(r"(?<=[\u4e00-\u9fff)）%％\]】])\s*[(（\[]?[A-Za-z][A-Za-z0-9\s.,;'’&()（）/%:：\[\]_—–-]*$")
_LEAD = re.compile(r"^[A-Za-z][A-Za-z0-9\s.,;'’&()/%:_—–-]*?(?=[\u4e00-\u9fff])")


def without_english(text: str) -> str:
    """The Chinese part of a bilingual label: 男 Male → 男. A name with a few capitals (人均GDP) stays whole."""
    for form in (_TAIL, _LEAD):
        match = form.search(text)
        if match and re.search(r"[a-z]{2}", match[0]):
            text = text[: match.start()] + text[match.end() :]
    return text.strip()


def is_missing(text: str | None) -> bool:
    """Whether a cell says that there is no value."""
    if text is None:
        return True
    written = folded(text).lower()
    return written in MISSING or _SIGNS.fullmatch(written) is not None


# What spreadsheets show where a formula fails, and what the readers write for a formula that was never calculated.
ERRORS = (
    "#DIV/0!", "#N/A", "#REF!", "#NAME?", "#NULL!", "#NUM!", "#VALUE!", "#SPILL!", "#CALC!", "#FIELD!", "#GETTING_DATA",
    "#BLOCKED!", "#UNKNOWN!", "#CONNECT!", "#BUSY!", "#PYTHON!", "#EXTERNAL!",
)  # fmt: skip
UNCALCULATED = "#未计算"


def error_clause(text: str) -> str:
    """What is wrong with a cell that shows an error value; "" when it shows none."""
    written = text.strip().upper()
    if written.startswith(UNCALCULATED):
        return "是没有算出结果的公式"
    return "是公式的错误值" if written in ERRORS else ""
