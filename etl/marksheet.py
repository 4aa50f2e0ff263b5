"""The XML of one sheet, with the styles of some cells changed: only the rows that hold them are written anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from etl.marks import Cell
from etl.ooxml import RELATED, Unmarkable, attribute, prefix_of, with_attribute
from etl.workbook import column_letters, column_number

_ROW = re.compile(rb"<((?:[\w.-]+:)?)row(?=[\s/>])[^>]*>")
_CELL = re.compile(rb"<((?:[\w.-]+:)?c)(?=[\s/>])(?:[^>]*?/>|[^>]*>.*?</\1\s*>)", re.DOTALL)
_TAG = re.compile(rb"<[^>]*>")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d+)")
# What may follow the reference to the drawing of the comments, in the order of the standard.
_AFTER_DRAWING = ["legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"]

# The style that a cell gets instead of the one it has; the same one leaves it as it is.
Restyle = Callable[[Cell, int], int]


def restyle(part: bytes, cells: Collection[Cell], styled: Collection[int], new: Restyle) -> bytes:
    """Give ``cells`` (also those that are not written yet) and all cells that have one of the styles ``styled`` a new style."""
    start, end = _data(part)
    wanted: dict[int, set[int]] = {}
    for row, column in cells:
        wanted.setdefault(row, set()).add(column)
    marked = _rows_with(part, start, end, styled) if styled else set()
    missing = sorted(wanted)
    pieces, done, number = [], start, 0
    prefix = prefix_of(part, "sheetData")
    for match in _ROW.finditer(part, start, end):
        number = int(attribute(match[0], "r") or number + 1)
        while missing and missing[0] < number:
            row = missing.pop(0)
            pieces += [part[done : match.start()], _new_row(prefix, row, wanted[row], new)]
            done = match.start()
        found = bool(missing) and missing[0] == number
        if found:
            missing.pop(0)
        if found or match.start() in marked:
            last = match.end() if match[0].endswith(b"/>") else part.index(b"</" + match[1] + b"row", match.end())
            pieces += [part[done : match.start()], _row(match, part[match.end() : last], number, wanted.get(number, set()), new)]
            done = last
            if match[0].endswith(b"/>"):
                pieces.append(b"</" + match[1] + b"row>")
    pieces += [part[done:end], *(_new_row(prefix, row, wanted[row], new) for row in missing)]
    return part[:start] + b"".join(pieces) + part[end:]


def _data(part: bytes) -> tuple[int, int]:
    """Where the rows begin and end."""
    prefix = prefix_of(part, "sheetData")
    opened = re.search(rb"<" + re.escape(prefix) + rb"sheetData(?=[\s/>])[^>]*>", part)
    if opened[0].endswith(b"/>"):
        raise Unmarkable("sheetData")
    return opened.end(), part.rindex(b"</" + prefix + b"sheetData")


def _rows_with(part: bytes, start: int, end: int, styled: Collection[int]) -> set[int]:
    """Where the rows begin that hold a cell of one of the styles."""
    ids = b"|".join(str(s).encode() for s in sorted(styled))
    cell = re.compile(rb"<(?:[\w.-]+:)?c\s(?:[^>]*?\s)?s=[\"'](?:" + ids + rb")[\"']")
    found, rows = set(), [m.start() for m in _ROW.finditer(part, start, end)]
    at = 0
    for match in cell.finditer(part, start, end):
        while at + 1 < len(rows) and rows[at + 1] < match.start():
            at += 1
        found.add(rows[at])
    return found


def _new_row(prefix: bytes, number: int, columns: Collection[int], new: Restyle) -> bytes:
    cells = b"".join(_new_cell(prefix, (number, column), 0, new) for column in sorted(columns))
    return b'<%srow r="%d">%s</%srow>' % (prefix, number, cells, prefix)


def _new_cell(prefix: bytes, cell: Cell, style: int, new: Restyle) -> bytes:
    reference = f"{column_letters(cell[1] - 1)}{cell[0]}".encode()
    return b'<%sc r="%s" s="%d"/>' % (prefix, reference, new(cell, style))


def _row(match: re.Match, content: bytes, number: int, columns: Collection[int], new: Restyle) -> bytes:
    """A row with its cells restyled; cells that it lacks are put in where they belong."""
    opened, prefix = re.sub(rb"\s*/>$", b">", match[0]), match[1]
    style = int(attribute(opened, "s") or 0)
    missing, column = sorted(columns), 0
    pieces, done = [], 0
    for cell in _CELL.finditer(content):
        tag = _TAG.match(cell[0])[0]
        reference = attribute(tag, "r")
        column = column_number(_REFERENCE.match(reference)[1]) + 1 if reference else column + 1
        pieces.append(content[done : cell.start()])
        while missing and missing[0] < column:
            pieces.append(_new_cell(prefix, (number, missing.pop(0)), style, new))
        if missing and missing[0] == column:
            missing.pop(0)
        old = int(attribute(tag, "s") or 0)
        now = new((number, column), old)
        written = tag if now == old else with_attribute(tag, "s", str(now))
        if not reference:  # a cell that was put in beside it has one, so all of the row have
            written = with_attribute(written, "r", f"{column_letters(column - 1)}{number}")
        pieces += [written, cell[0][len(tag) :]]
        done = cell.end()
    pieces.append(content[done:])
    if missing:
        pieces += [_new_cell(prefix, (number, column), style, new) for column in missing]
    if columns:  # a mere hint to readers, and no longer true where a cell was put in
        opened = re.sub(rb"\sspans=(\"[^\"]*\"|'[^']*')", b"", opened)
    return opened + b"".join(pieces)


def with_drawing(part: bytes, relation: str) -> bytes:
    """Name the drawing that holds the boxes of the comments, where the sheet names none."""
    prefix = prefix_of(part, "sheetData")
    tag = b'<%slegacyDrawing xmlns:r="%s" r:id="%s"/>' % (prefix, RELATED.encode(), relation.encode())
    after = part.rindex(b"</" + prefix + b"sheetData")
    names = b"|".join(name.encode() for name in _AFTER_DRAWING)
    behind = re.compile(rb"<" + re.escape(prefix) + rb"(?:" + names + rb")(?=[\s/>])").search(part, after)
    place = behind.start() if behind else part.rindex(b"</" + prefix + b"worksheet")
    return part[:place] + tag + part[place:]


def drawing_of(part: bytes) -> str | None:
    """The relation of the drawing that the sheet names for its comments."""
    match = re.search(rb"<(?:[\w.-]+:)?legacyDrawing(?=[\s/>])[^>]*>", part)
    if not match:
        return None
    found = re.search(rb"""[\w.-]+:id\s*=\s*["']([^"']+)["']""", match[0])
    return found[1].decode() if found else None


def widths(part: bytes) -> Mapping[int, int]:
    """Columns whose width is given → pixels; and under 0 the height of a row."""
    found = {}
    for match in re.finditer(rb"<(?:[\w.-]+:)?col(?=[\s/>])[^>]*>", part[: _data(part)[0]]):
        width = float(attribute(match[0], "width") or 8.43)
        first, last = int(attribute(match[0], "min") or 1), int(attribute(match[0], "max") or 1)
        hidden = attribute(match[0], "hidden") in ("1", "true")
        found |= dict.fromkeys(range(first, min(last, first + 255) + 1), 0 if hidden else int(width * 7 + 5))
    form = re.search(rb"<(?:[\w.-]+:)?sheetFormatPr(?=[\s/>])[^>]*>", part)
    found[0] = max(12, int(float((form and attribute(form[0], "defaultRowHeight")) or 15) * 4 / 3))
    return found
