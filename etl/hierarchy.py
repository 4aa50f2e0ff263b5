"""Places that a table names by more than one word: by columns (省, 市, 区县) and the names of sheet and file, by leading blanks, or by codes.

Each row gets the path of its place (浙江省/杭州市/西湖区), so that a name that occurs twice is not mixed up.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from etl.calendars import common_era
from etl.dates import without_periods
from etl.extract import Sheet
from etl.gazetteer import Gazetteer
from etl.heads import normal, spellings
from etl.places import Place, place_id
from etl.spelling import without_level
from etl.textfile import texts
from etl.wording import LONE_NOTE, NOTE_ROW, SUBTOTAL_ROW, TOTAL_ROW, folded, is_missing, plain, spaced
from jiejian.catalogue import Column, Ledger

# Rows that add up others are no places; what stands below them is not below them.
_SUM = re.compile(rf"{SUBTOTAL_ROW}|{TOTAL_ROW}")
# A longer text is a note. Names in Latin letters are longer: CINCINNATI/NORTHERN KENTUCKY INTL ARPT.
_LONGEST, _LONGEST_LATIN = 30, 80
_CHINESE = re.compile(r"[\u2e80-\U0003ffff]")
_LATIN_NOTE = re.compile(r"(?:sources?|notes?)[:.]", re.IGNORECASE)
# Codes of divisions by their length: where the part of each level ends; and the level of what is left without noughts.
_DIVISIONS = {6: (2, 4, 6), 9: (2, 4, 6, 9), 12: (2, 4, 6, 9, 12)}
_LEVELS = {2: 0, 4: 1, 6: 2, 9: 3, 12: 4}
NO_NAME = re.compile(r"(?:sheet|工作表|表)\d*|[\d\W_]*", re.IGNORECASE)
_OF_TABLES = ("统计表", "情况表", "台账", "报表", "月报", "季报", "年报")
# A name that stands between a city and its districts and is no place of its own.
_BETWEEN = frozenset(("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖行政单位"))


def with_paths(sheet: Sheet, ledger: Ledger) -> Sheet:
    """The sheet with a column more, the path of each row's place; unchanged where the contract knows no hierarchy.

    ``kinds`` tells the kind of each path, with the names as they are shown; the column has them as they are compared, without blanks.
    """
    layout = ledger.layout
    if layout is None or not (layout.path or layout.hierarchy) or sheet.kinds:
        return sheet
    try:
        if layout.path:
            above = {name: _said_by(sheet, ledger, name) for name in layout.path if ledger.is_above(name)}
            columns = [_at(sheet, ledger.column(name)) for name in layout.path if name not in above]
            cells = iter([_texts(sheet, at) for at in columns])
            rows = _by_columns([above[name] if name in above else next(cells) for name in layout.path])
        elif layout.hierarchy == "code":
            columns = [_at(sheet, ledger.column(name)) for name in (layout.code, ledger.place)]
            rows = _by_code(*(_texts(sheet, at) for at in columns))
        else:
            columns = [at := _at(sheet, ledger.column(ledger.place))]
            rows = _by_indent(sheet.labels(at) if sheet.labels else _texts(sheet, at))
    except LookupError:
        return sheet  # it lacks one of these columns, and that is said
    paths, kinds, seen = [], {}, set()
    skipped = {plain(name) for name in layout.skip_rows}
    for named in rows:
        words, levels = zip(*given, strict=True) if (given := [part for part in named if not is_missing(part[0])]) else ((), ())
        if not words or plain(words[-1]) in skipped or _is_no_place(words[-1]):
            paths.append(words[-1] if words else None)
            continue
        if layout.root and words[0] != layout.root:
            words, levels = (layout.root, *words), (0, *(level + 1 for level in levels))
        paths.append(path := "/".join(plain(w).replace("/", "／") for w in words))
        if layout.levels and path not in seen:
            seen.add(path)
            words = [_name(w).replace("/", "／") for w in words]
            for here, level in zip(itertools.accumulate(words, "{}/{}".format), levels, strict=True):
                kinds.setdefault(here, layout.levels[min(level, len(layout.levels) - 1)])
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
    """The places of a sheet's paths that the data set does not know yet, those above them first.

    Beside 松江区 no 松江 is started in the same place above.
    """
    found: dict[str, Place] = {}
    beside: dict[tuple[str | None, str], set[str]] = {}

    def take(place: Place) -> None:
        for key in (f"={folded(place.name)}", without_level(place.name)):
            beside.setdefault((place.parent_id, key), set()).add(place.place_id)

    for place in gazetteer.places.values():
        take(place)
    for number, path in enumerate(kinds, 1):
        parent = None
        words = path.split("/")
        for depth, word in enumerate(words, 1):
            here = "/".join(words[:depth])
            place = place_id(parent or gazetteer.dataset, word)
            if place not in gazetteer.places and place not in found:
                alike = beside.get((parent, folded(word)), set()) | beside.get((parent, f"={without_level(word)}"), set())
                if len(alike) == 1:
                    place = next(iter(alike))
                else:
                    found[place] = Place(place, gazetteer.dataset, word, kinds.get(here) or "地区", parent, number)
                    take(found[place])
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


def _name(word: str) -> str:
    """A name as it is shown: as it is compared, but for the blanks between Latin words."""
    return _with_blanks(plain(word), word)


def _with_blanks(name: str, text: str) -> str:
    """A plain name with the blanks that it has in the text of which it is part: SouthCarolina → South Carolina."""
    written = spaced(text)
    found = re.search(" ?".join(map(re.escape, name)), written) if " " in written else None
    return found[0] if found else name


def _is_no_place(name: str) -> bool:
    text = plain(name)
    is_note = re.match(NOTE_ROW, text) or re.match(LONE_NOTE, text) or _LATIN_NOTE.match(text)
    return bool(is_note or _SUM.fullmatch(text) or len(text) > (_LONGEST if _CHINESE.search(text) else _LONGEST_LATIN))


# The names from the highest place down to that of a row, each with its level.
_Path = Sequence[tuple[str, int]]


def bare_name(text: str, ledger: Ledger) -> str:
    """A text without its period and the name of the ledger: what is left of the name of a sheet or file is a place."""
    rest = without_periods(common_era(plain(text), ledger.minguo))
    for name in (ledger.name, *_OF_TABLES):
        rest = rest.replace(plain(name), "")
    rest = rest.strip(" -—_－()（）《》:：、,，.")
    return rest if NO_NAME.fullmatch(rest) else _with_blanks(rest, text)


def _said_by(sheet: Sheet, ledger: Ledger, what: str) -> str:
    """The place that the name of a sheet or of a file says: 浦东新区, or 浦东新区2024年人口 without the period and the ledger's name."""
    name = bare_name(sheet.sheet.rpartition("/")[2] if what == "sheet" else Path(sheet.file).stem, ledger)
    return "" if NO_NAME.fullmatch(name) else name


def _by_columns(columns: Sequence[str | list[str]]) -> Iterator[_Path]:
    """Each level is a column, or one name for all rows. A name that repeats the one above it (北京市, 北京市, 东城区) is the place above.

    A row that names no place itself has no path.
    """
    own = {number for number, column in enumerate(columns) if not isinstance(column, str)}
    rows = len(columns[min(own)])
    for row in zip(*([column] * rows if isinstance(column, str) else column for column in columns), strict=True):
        path: list[tuple[str, int]] = []
        for number, name in enumerate(row):
            if not is_missing(name) and (not path or plain(path[-1][0]) != plain(name)):
                path.append((name, number))
        yield path if any(not is_missing(row[number]) for number in own) else ()


def _by_indent(raw: Sequence[object]) -> Iterator[_Path]:
    stack: list[tuple[int, str]] = []
    for value in raw:
        text = value if isinstance(value, str) else ""
        name = text.strip() if " " in spaced(text) else re.sub(r"\s+", "", text)
        if not name:
            yield ()
            continue
        if _SUM.fullmatch(plain(name)):
            yield ((name, 0),)
            continue
        blanks = sum(2 if sign == "\u3000" else 1 for sign in text[: len(text) - len(text.lstrip())])
        while stack and stack[-1][0] >= blanks:
            stack.pop()
        stack.append((blanks, name))
        yield [(name, level) for level, (_, name) in enumerate(stack)]


def _by_code(codes: Sequence[str], names: Sequence[str]) -> Iterator[_Path]:
    """110105 is below 110100 and 110000; the row of a code gives its name.

    Codes of six, nine or twelve digits are those of China's divisions. Of others (65000, 6500100) a code is below shorter ones with which it
    begins but for noughts at their end, and each length is a level.
    """
    digits = [re.sub(r"\D", "", re.sub(r"\.0$", "", code)) for code in codes]
    known = {_stem(code): (len(code), name) for code, name in zip(digits, names, strict=True) if code}
    lengths = sorted({len(code) for code in digits if code})

    def level(stem: str, length: int) -> int:
        return _LEVELS[len(stem)] if length in _DIVISIONS else lengths.index(length)

    for code, name in zip(digits, names, strict=True):
        if not code:
            yield ((name, 0),)
            continue
        stem, path = _stem(code), {}
        for above in (stem[:n] for n in range(1, len(stem)) if stem[:n] in known):
            length, its_name = known[above]
            if (length < len(code) or length in _DIVISIONS) and plain(its_name) not in _BETWEEN:
                path[level(above, length)] = its_name  # of one length the code that says most: 10013 before 10010
        yield (*((its_name, its_level) for its_level, its_name in path.items()), (name, level(stem, len(code))))


def _stem(code: str) -> str:
    """A code without the noughts that stand for no lower level: 110100 → 1101, 65000 → 65."""
    if len(code) not in _DIVISIONS:
        return code.rstrip("0") or code
    return next(code[:end] for end in _DIVISIONS[len(code)] if not code[end:].strip("0"))
