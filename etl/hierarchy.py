"""Places that a table names by more than one word: by columns (省, 市, 区县), by leading blanks, or by codes of six digits.

Each row gets the path of its place (浙江省/杭州市/西湖区), so that a name that occurs twice is not mixed up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from etl.extract import Sheet
from etl.gazetteer import Gazetteer
from etl.heads import normal, spellings
from etl.places import Place, place_id
from etl.textfile import texts
from etl.wording import LONE_NOTE, NOTE_ROW, SUBTOTAL_ROW, TOTAL_ROW, is_missing, plain
from jiejian.catalogue import Column, Ledger

# Rows that add up others are no places; what stands below them is not below them.
_SUM = re.compile(rf"{SUBTOTAL_ROW}|{TOTAL_ROW}")
# A name that stands between a city and its districts and is no place of its own.
_BETWEEN = frozenset(("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖行政单位"))


def with_paths(sheet: Sheet, ledger: Ledger) -> Sheet:
    """The sheet with a column more, the path of each row's place; unchanged where the contract knows no hierarchy.

    ``kinds`` tells the kind of each path.
    """
    layout = ledger.layout
    if layout is None or not (layout.path or layout.hierarchy) or sheet.kinds:
        return sheet
    try:
        if layout.path:
            columns = [_at(sheet, ledger.column(name)) for name in layout.path]
            rows = _by_columns([_texts(sheet, at) for at in columns])
        elif layout.hierarchy == "code":
            columns = [_at(sheet, ledger.column(name)) for name in (layout.code, ledger.place)]
            rows = _by_code(*(_texts(sheet, at) for at in columns))
        else:
            columns = [at := _at(sheet, ledger.column(ledger.place))]
            rows = _by_indent(sheet.labels(at) if sheet.labels else _texts(sheet, at))
    except LookupError:
        return sheet  # it lacks one of these columns, and that is said
    paths, kinds = [], {}
    skipped = {plain(name) for name in layout.skip_rows}
    for path, level in rows:
        words = tuple(w for w in path if not is_missing(w))
        if not words or plain(words[-1]) in skipped or _is_no_place(words[-1]):
            paths.append(words[-1] if words else None)
            continue
        if layout.root and words[0] != layout.root:
            words, level = (layout.root, *words), level + 1
        paths.append("/".join(plain(w).replace("/", "／") for w in words))
        if layout.levels:
            kinds.setdefault(paths[-1], layout.levels[min(level, len(layout.levels) - 1)])
    made = texts(paths)

    def table():
        body = sheet.table()
        index = len(sheet.heads)
        return body.append_column(f"c{index}", made)

    return replace(
        sheet,
        heads=(*sheet.heads, sheet.heads[columns[-1]]),
        roles={"place": len(sheet.heads)},
        table=table,
        kinds=kinds,
        made=(len(sheet.heads),),
        sources=tuple(columns),
        scan=None,
    )


def started_by_path(kinds: dict[str, str], gazetteer: Gazetteer) -> list[Place]:
    """The places of a sheet's paths that the data set does not know yet, those above them first."""
    found: dict[str, Place] = {}
    for number, path in enumerate(kinds, 1):
        parent = None
        words = path.split("/")
        for depth in range(1, len(words) + 1):
            here = "/".join(words[:depth])
            place = place_id(parent or gazetteer.dataset, words[depth - 1])
            if place not in gazetteer.places and place not in found:
                kind = kinds.get(here) or "地区"
                found[place] = Place(place, gazetteer.dataset, words[depth - 1], kind, parent, number)
            parent = place
    return list(found.values())


def column_at(sheet: Sheet, column: Column) -> int | None:
    """Where a column of a contract stands in a sheet, by its letters or its head."""
    if column.at:
        letters = [sheet.column(i) for i in range(len(sheet.heads))]
        return letters.index(column.at.upper()) if column.at.upper() in letters else None
    forms = {normal(name) for name in column.heads}
    return next((i for i, head in enumerate(sheet.heads) if forms & set(spellings(head))), None)


def _at(sheet: Sheet, column: Column) -> int:
    found = column_at(sheet, column)
    if found is None:
        raise LookupError
    return found


def _texts(sheet: Sheet, column: int) -> list[str]:
    return [t or "" for t in sheet.table().column(f"c{column}").to_pylist()]


def _is_no_place(name: str) -> bool:
    text = plain(name)
    return bool(re.match(NOTE_ROW, text) or re.match(LONE_NOTE, text) or _SUM.fullmatch(text) or len(text) > 30)


def _by_columns(columns: Sequence[Sequence[str]]) -> Iterator[tuple[tuple[str, ...], int]]:
    """A name that repeats the one above it (北京市, 北京市, 东城区) is the place above."""
    for row in zip(*columns, strict=True):
        path: list[str] = []
        level = 0
        for number, name in enumerate(row):
            if not is_missing(name) and (not path or plain(path[-1]) != plain(name)):
                path.append(name)
                level = number
        yield tuple(path), level


def _by_indent(raw: Sequence[object]) -> Iterator[tuple[tuple[str, ...], int]]:
    stack: list[tuple[int, str]] = []
    for value in raw:
        text = value if isinstance(value, str) else ""
        name = re.sub(r"\s+", "", text)
        if not name:
            yield (), 0
            continue
        if _SUM.fullmatch(plain(name)):
            yield (name,), 0
            continue
        blanks = sum(2 if sign == "\u3000" else 1 for sign in text[: len(text) - len(text.lstrip())])
        while stack and stack[-1][0] >= blanks:
            stack.pop()
        stack.append((blanks, name))
        yield tuple(name for _, name in stack), len(stack) - 1


def _by_code(codes: Sequence[str], names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], int]]:
    """110105 is below 110100 and 110000; the row of a code gives its name."""
    clean = [re.sub(r"\D", "", re.sub(r"\.0$", "", code))[:6] for code in codes]
    known = {code: name for code, name in zip(clean, names, strict=True) if len(code) == 6}
    for code, name in zip(clean, names, strict=True):
        if len(code) != 6:
            yield (name,), 0
            continue
        above = [c for c in (code[:2] + "0000", code[:4] + "00") if c != code]
        path = [known[c] for c in above if c in known and plain(known[c]) not in _BETWEEN]
        level = 0 if code.endswith("0000") else 1 if code.endswith("00") else 2
        yield (*dict.fromkeys(path), name), level
