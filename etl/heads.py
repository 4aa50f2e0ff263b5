"""Which rows of a sheet are its head: one row to four with merged cells, below title and unit rows, above the body."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from etl.spans import are_periods, is_period, out_of_step
from etl.traditional import simplified
from etl.units import parse, split_head
from etl.wording import NOTE_ROW, plain, without_english

Range = tuple[tuple[int, int], tuple[int, int]]
LEVELS = 4
# No head is longer, or has so many digits: those are numbers of cases, telephones and moments.
LONGEST = 80
CODE = re.compile(r"\d{5}|\d[-/.]\d+[-/. T]\d+[ T]?\d*:")
FIGURE = re.compile(r"^[-+]?[\d.,]+[%％]?$")
_COUNTING = frozenset("甲乙丙丁戊己庚辛")
UNIT_LABELS = frozenset(("单位", "计量单位", "计算单位", "数量单位", "Unit", "unit"))
_SAID_NONE = frozenset(("没有单位", "无单位"))
_NO_UNIT = _SAID_NONE | {"无", "-", "--", "—", "/"}
_LONGEST_UNIT = 12
# Labels of the rows below the names of series in the files of data banks.
_DESCRIBING = frozenset(
    ("地区", "国家", "频度", "频率", "来源", "数据来源", "状态", "指标ID", "指标编码", "序列ID", "序列编码", "更新时间", "时间区间", "时间范围", "开始时间", "结束时间", "起始时间", "国家或地区")
)
_MOST_DESCRIBING = 8
# Heads of label columns that any table may have, whatever its contract.
LABELS = frozenset(
    [
        "指标",
        "项目",
        "指标名称",
        "地区",
        "年份",
        "年度",
        "月份",
        "时间",
        "时期",
        "计量单位",
        "计算单位",
        "区县",
        "省份",
        "城市",
        "序号",
    ]
)
_YEAR_IN_WORDS = re.compile("[0-9０-９]年")
_MARKS = re.compile(r"[\u2460-\u2473\u2474-\u2487\u2776-\u277f†‡]")
_FIGURE = re.compile(r"^[-+]?\d[\d.,]*%?$")
_OF_WHICH = re.compile(r"^其中[:：、,，]?")


@dataclass(frozen=True)
class Head:
    """Where the head stands, the heads themselves (levels joined by ``/``) and the titles above.

    ``start`` and ``row`` are its first and last row, ``first`` the first row of the body, all from 0. ``score`` is the number of
    columns whose head is known.
    """

    start: int
    row: int
    first: int
    heads: tuple[str, ...]
    title: tuple[str, ...]
    score: int = 0


@lru_cache(maxsize=65536)
def normal(head: str) -> str:
    """A head as it is compared: half-width and simplified, without blanks, line breaks, marks of footnotes and a unit in brackets."""
    return simplified(split_head(_MARKS.sub("", head))[0].lower().rstrip("：:*＊#"))


@lru_cache(maxsize=65536)
def spellings(head: str) -> tuple[str, ...]:
    """A head and, for several levels, its parts: the whole first, then run together, then fewer and fewer upper levels."""
    parts = [part for part in head.split("/") if part]
    forms = [normal(head)]
    for start in range(len(parts) if len(parts) > 1 else 0):
        lower = parts[start:]
        forms += [normal("/".join(lower)), normal("".join(lower))]
    chinese = [without_english(part) for part in parts]
    if chinese != parts:
        forms += spellings("/".join(filter(None, chinese)))
    if any(_OF_WHICH.match(part) for part in parts):
        forms += spellings("/".join(filter(None, (_OF_WHICH.sub("", plain(part)) for part in parts))))
    return tuple(dict.fromkeys(form for form in forms if form))


@lru_cache(maxsize=65536)
def joined(name: str) -> str:
    """A name of a contract in which levels are joined by a sign (人口数_合计), as a head of several levels runs together."""
    return re.sub(r"[_/·—－-]", "", normal(name))


def find_head(top: Sequence[Sequence[str]], merged: Sequence[Range], known: Collection[str]) -> Head | None:
    """The rows, at most four, in which most columns have a ``known`` head (normal forms) or a period as head.

    Where nothing is known, the first row with three filled cells (or two, in a narrow sheet) is taken, so that one can say
    what is missing. None for a sheet without such a row.
    """
    if fixed := getattr(known, "head", None):
        return fixed_head(top, merged, *fixed, known)
    best, best_score = None, (0, False, 0)
    hits = [_hits(cells, known) for cells in top]
    figures = [_has_figures(cells) or out_of_step(filter(None, cells)) for cells in top]
    for row in range(len(top)):
        if figures[row] and hits[row] == 1 and _stands_below_a_row(top, row):
            continue  # a row of the body that begins with what it counts: 研发经费, 2012, 5.02, below the names of places
        near = [hits[r] for r in range(row, min(row + LEVELS, len(top)))]
        for levels in range(1, len(near) + 1):
            if levels > 1 and figures[row + levels - 1]:
                break  # a row of the body, whatever its labels are called
            if levels > 1 and (not _filled(top[row]) or _is_title(top[row + levels - 2], top[row + levels - 1])):
                break
            # Another level must earn its place: a title above or a row of the body below adds no known head.
            if not near[levels - 1] and levels > 1 and not _reaches(merged, row, row + levels - 1):
                continue
            if max(near[:levels], default=0) == 0:
                continue
            heads = _levels(top, row, levels, merged)
            # One filled cell is a title, even where it names a measure.
            score = (_known_here(heads, known), sum(map(bool, heads)) > 1, -levels)
            if score[0] and score > best_score:
                best, best_score = (row, levels, heads), score
    if best is None:
        wide = 3 if max((_filled(row) for row in top), default=0) > 2 else 2
        row = next((r for r, cells in enumerate(top) if _filled(cells) >= wide and not re.match(NOTE_ROW, _first(cells))), None)
        if row is None:
            return None
        best = (row, 1, _levels(top, row, 1, merged))
    row, levels, heads = best
    levels = _deeper(top, row, levels, merged)
    if levels != best[1]:
        heads = _levels(top, row, levels, merged)
    heads, first = _units_below(top, _past_merges(top, row, row + levels, merged), _reaching(heads, top, known))
    title = tuple(cell.strip() for cells in top[:row] for cell in cells if cell and cell.strip())
    return Head(row, row + levels - 1, first, tuple(_of_which(heads)), title, best_score[0])


def _stands_below_a_row(top: Sequence[Sequence[str]], row: int) -> bool:
    """Whether a row above is as wide, so that it may be the head."""
    return any(_filled(cells) + 2 >= _filled(top[row]) > 3 and not re.match(NOTE_ROW, _first(cells)) for cells in top[:row])


def _is_title(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row has one cell only, above the first cell of the row below or with a year in it: 2026年10月 above 社区, 户数 is a title,
    be it centred."""
    filled = [c for c, cell in enumerate(cells) if cell and cell.strip()]
    first = next((c for c, cell in enumerate(below) if cell and cell.strip()), None)
    return len(filled) == 1 and (filled[0] == first or bool(_YEAR_IN_WORDS.search(cells[filled[0]])))


def _reaching(heads: list[str], top: Sequence[Sequence[str]], known: Collection[str]) -> list[str]:
    """Heads with the blank ones at the end that a contract names by their letters."""
    width = min(getattr(known, "reach", 0), max(map(len, top), default=0))
    return heads + [""] * (width - len(heads))


def fixed_head(
    top: Sequence[Sequence[str]], merged: Sequence[Range], row: int, levels: int, known: Collection[str] = ()
) -> Head | None:
    """The head in the rows that a contract names (``row`` from 0)."""
    if row + levels > len(top):
        return None
    heads, first = _units_below(top, _past_merges(top, row, row + levels, merged), _reaching(_levels(top, row, levels, merged), top, known))
    title = tuple(cell.strip() for cells in top[:row] for cell in cells if cell and cell.strip())
    return Head(row, row + levels - 1, first, tuple(_of_which(heads)), title, len(heads))


def is_known(head: str, known: Collection[str]) -> bool:
    """Whether any spelling of a head is known, or is one that every table may have."""
    return _is_known(head, known if isinstance(known, frozenset) else frozenset(known))


@lru_cache(maxsize=65536)
def _is_known(head: str, known: frozenset[str]) -> bool:
    if head.isascii() and head.isdigit():  # most of a body: there is but one way to write it
        return head in known
    return any(form in known or form in LABELS for form in spellings(head))


@lru_cache(maxsize=65536)
def may_be_head(cell: str) -> bool:
    """Whether a cell is short and in words, or a period: no number of a case, telephone or moment, no figure."""
    if len(cell) > LONGEST:
        return False
    return is_period(cell) or not (CODE.search(cell) or FIGURE.match(cell))


def _hits(cells: Sequence[str], known: Collection[str]) -> int:
    return _known_here([_clean(cell) for cell in cells], known)


def _known_here(heads: Sequence[str], known: Collection[str]) -> int:
    filled = [head for head in heads if head]
    named = sum(may_be_head(head) and (is_known(head, known) or _is_known_of_a_period(head, known)) for head in filled)
    # Periods make a head where they are most of the row.
    if 2 * sum(map(_names_period, filled)) < max(len(filled), 4):
        return named
    periods = sum(are_periods([head.split("/") for head in filled]))
    return named + (periods if 2 * periods >= len(filled) and periods > 1 else 0)


def _is_known_of_a_period(head: str, known: Collection[str]) -> bool:
    """Whether a head is known but for the period among its levels: 常住人口/2023年/男."""
    if "/" not in head or not _names_period(head):
        return False
    rest = "/".join(part for part in head.split("/") if not is_period(part))
    return bool(rest) and is_known(rest, known)


@lru_cache(maxsize=65536)
def _names_period(head: str) -> bool:
    """Whether some level of a head is a period, by itself."""
    return any(map(is_period, head.split("/")))


def _has_figures(cells: Sequence[str]) -> bool:
    numbers = [written for cell in cells if (written := _figure(cell))]
    if not numbers:
        return False
    in_order = len(numbers) > 1 and [int(n) for n in numbers if n.isdigit()] == list(range(1, len(numbers) + 1))
    return not in_order and not all(is_period(n) for n in numbers)


@lru_cache(maxsize=65536)
def _figure(cell: str | None) -> str:
    """A cell that holds a number, in plain writing; else nothing."""
    written = plain(cell) if cell else ""
    return written if _FIGURE.match(written) else ""


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell and cell.strip())


def _first(cells: Sequence[str]) -> str:
    return next((plain(cell) for cell in cells if cell and cell.strip()), "")


def _reaches(merged: Sequence[Range], first: int, last: int) -> bool:
    """Whether a label is merged from the first of these rows down to the last."""
    return any(top == first and bottom >= last for (top, _), (bottom, _) in merged)


def _levels(top: Sequence[Sequence[str]], row: int, levels: int, merged: Sequence[Range]) -> list[str]:
    """The rows from ``row`` on read as so many levels: each group's name over all of its columns, parts joined by ``/``.

    Merged ranges say how far a group reaches; a text file has none, there a group reaches over the blanks to its right
    that have a lower head.
    """
    width = max(len(top[r]) for r in range(row, row + levels))
    rows = [[_clean(cell) for cell in top[r]] + [""] * (width - len(top[r])) for r in range(row, row + levels)]
    here = [m for m in merged if row <= m[0][0] < row + levels]
    for (first_row, first), (_, last) in here:
        cells = rows[first_row - row]
        if first < width:
            cells[first : last + 1] = [cells[first]] * len(cells[first : last + 1])
    # A group that is centred over its columns without being merged is known by the blanks to its right, too.
    if not any(first < last for (_, first), (_, last) in here):
        for level in range(levels - 1):
            _fill_right(rows, level)
    heads = ["/".join(_distinct(parts)) for parts in zip(*rows, strict=True)]
    while heads and not heads[-1]:
        heads.pop()
    return heads


def _fill_right(rows: list[list[str]], level: int) -> None:
    def has_lower(column: int) -> bool:
        return any(row[column] for row in rows[level + 1 :])

    cells = rows[level]
    for column in range(1, len(cells)):
        same_group = level == 0 or rows[level - 1][column] == rows[level - 1][column - 1]
        if not cells[column] and same_group and has_lower(column) and has_lower(column - 1):
            cells[column] = cells[column - 1]


def _distinct(parts: Sequence[str]) -> Iterator[str]:
    before = ""
    for part in parts:
        if part and part != before:
            yield part
            before = part


def _of_which(heads: Sequence[str]) -> Iterator[str]:
    """``其中：女`` beside ``常住人口`` is 常住人口/其中：女."""
    whole = ""
    for head in heads:
        if _OF_WHICH.match(head):
            yield f"{whole}/{head}" if whole else head
        else:
            whole = head if head else whole
            yield head


def _deeper(top: Sequence[Sequence[str]], row: int, levels: int, merged: Sequence[Range]) -> int:
    """How many levels the head has by its looks: labels merged further down, or a row that only divides the groups above."""
    while levels < LEVELS and row + levels < len(top):
        below = top[row + levels]
        if _is_units([plain(cell) if cell else "" for cell in below]) or not _filled(below):
            break
        last = row + levels - 1
        spanned = any(first <= last < bottom and first >= row and left != right for (first, left), (bottom, right) in merged)
        spanned |= any(first <= last < bottom and first >= row for (first, _), (bottom, _) in merged)
        if not spanned and not (_divides(top[last], below) and not any(row <= m[0][0] <= last for m in merged)):
            break
        levels += 1
    return levels


def _divides(above: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row has only words, none under the first label, and some under the blanks of the row above."""
    label = next((c for c, cell in enumerate(above) if cell and cell.strip()), None)
    if label is None or label >= len(below) or (below[label] and below[label].strip()):
        return False
    words = [(c, cell) for c, cell in enumerate(below) if cell and cell.strip()]
    if any(re.match(r"^[-+]?[\d.,]+%?$", plain(cell)) for _, cell in words):
        return False
    return any(c >= len(above) or not (above[c] and above[c].strip()) for c, _ in words if c > label)


def _is_units(cells: Sequence[str]) -> bool:
    """Whether a row says in what the columns below are counted: 户, 人, 人; or behind a label, or with 没有单位 in it, whatever the units."""
    words = [cell for cell in cells if cell]
    if len(words) < 2 or any(map(_FIGURE.match, words)):
        return False
    # Signs for nothing are no sign of a row of units by themselves: a community that has sent nothing is such a row, too.
    if words[0] in UNIT_LABELS or any(word in _SAID_NONE for word in words):
        return any(word not in _NO_UNIT and word not in UNIT_LABELS for word in words) and all(len(word) <= _LONGEST_UNIT for word in words)
    return all(parse(word.strip("()[]")) for word in words)


def _units_of(cells: Sequence[str]) -> list[str]:
    return ["" if cell in _NO_UNIT or cell in UNIT_LABELS else cell.strip("()[]") for cell in cells]


def _described(top: Sequence[Sequence[str]], row: int) -> tuple[int | None, int]:
    """Where the row of units is among the rows by which data banks describe each series (地区, 频度, 单位, 来源 …), and where these end."""
    at, end = None, row
    while end < min(row + _MOST_DESCRIBING, len(top)):
        cells = [plain(cell) if cell else "" for cell in top[end]]
        if at is None and _is_units(cells):
            at = end
        # Of several places each is said again by somebody: the row of one place says nothing.
        elif not (_first(cells) in _DESCRIBING and (_first(cells) != "地区" or len({*cells[1:], ""}) <= 2)):
            break
        end += 1
    return at, end


def _past_merges(top: Sequence[Sequence[str]], row: int, first: int, merged: Sequence[Range]) -> int:
    """The first row below the head, past rows that have nothing of their own since the labels of the head are merged down over them."""
    while first < len(top) and not _filled(top[first]) and any(row <= begins[0] < first <= ends[0] for begins, ends in merged):
        first += 1
    return first


def _units_below(top: Sequence[Sequence[str]], row: int, heads: list[str]) -> tuple[list[str], int]:
    """Take a row of units (户, 人, 人 …) or of column numbers (甲, 1, 2 …) below the head into account."""
    if row >= len(top):
        return heads, row
    cells = [plain(cell) if cell else "" for cell in top[row]]
    words = [cell for cell in cells if cell]
    at, end = _described(top, row)
    if at is not None:
        cells = [plain(cell) if cell else "" for cell in top[at]]
        units = _units_of(cells) + [""] * (len(heads) - len(cells))
        return [f"{head}({unit})" if head and unit else head for head, unit in zip(heads, units, strict=False)], end
    counting = [cell for cell in words if cell not in _COUNTING]
    if (
        len(counting) > 2
        and all(c.isdigit() for c in counting)
        and [int(c) for c in counting] == list(range(1, len(counting) + 1))
    ):
        return heads, row + 1
    return heads, row


def _clean(cell: str | None) -> str:
    return "".join(cell.split()) if cell else ""
