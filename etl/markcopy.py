"""A file that is no xlsx as an xlsx copy with the same cells: what can be marked in it is marked there.

Written by hand, since a general writer takes a quarter of a minute for 100,000 rows; text stays text, so nothing becomes a formula.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.markstyles import EMPTY as STYLES
from etl.ooxml import MAIN, PACKAGE, RELATED, shown
from etl.workbook import Range, column_letters

# A sheet holds no more rows; of a longer file only the head and the rows named go back.
MOST_ROWS = 1_000_000
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?")
_STARTS = frozenset("-0123456789")
_SPECIAL = re.compile(r"[<>&\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_DAY, _MOMENT = 1, 2  # styles of markstyles.EMPTY
_EPOCH = dt.datetime(1899, 12, 30)
_CUT = 32_767


@dataclass(frozen=True)
class Copied:
    """One sheet of a copy: its rows, what is merged, whether it is hidden; ``numbers`` are the rows' numbers where they moved."""

    name: str
    rows: Sequence[Sequence[object]]
    merged: Sequence[Range] = ()
    hidden: bool = False
    numbers: Sequence[int] | None = None


def copy_workbook(sheets: Sequence[Copied], out: Path) -> Path:
    """Write sheets as a plain workbook."""
    names = "".join(
        f'<sheet name="{shown(s.name).replace(chr(34), "&quot;")}" sheetId="{n}"{" state=" + chr(34) + "hidden" + chr(34) if s.hidden else ""} r:id="rId{n}"/>'
        for n, s in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATED}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in enumerate(sheets, 1)
    )
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for n, _ in enumerate(sheets, 1)
    )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr(
            "[Content_Types].xml",
            f'{head}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
            '<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
            f"{types}</Types>",
        )
        package.writestr(
            "_rels/.rels",
            f'{head}<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        package.writestr(
            "xl/workbook.xml",
            f'{head}<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>{names}</sheets></workbook>',
        )
        package.writestr(
            "xl/_rels/workbook.xml.rels",
            f'{head}<Relationships xmlns="{PACKAGE}">{links}<Relationship Id="rIdS" Type="{RELATED}/styles" Target="styles.xml"/></Relationships>',
        )
        package.writestr("xl/styles.xml", STYLES)
        for number, sheet in enumerate(sheets, 1):
            with package.open(f"xl/worksheets/sheet{number}.xml", "w") as part:
                for piece in _sheet(sheet):
                    part.write(piece.encode())
    return out


def _sheet(sheet: Copied) -> Iterator[str]:
    letters = [column_letters(n) for n in range(max(map(len, sheet.rows[:2000]), default=0) + 64)]
    yield f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}"><sheetFormatPr defaultRowHeight="16"/>{_widths(sheet)}<sheetData>'
    pieces: list[str] = []
    for number, row in enumerate(sheet.rows, 1):
        if len(row) > len(letters):
            letters = [column_letters(n) for n in range(len(row))]
        cells = "".join([_cell(letters[n] + str(number), value) for n, value in enumerate(row) if value not in ("", None)])
        pieces.append(f'<row r="{number}">{cells}</row>')
        if len(pieces) == 5_000:
            yield "".join(pieces)
            pieces = []
    yield "".join(pieces) + "</sheetData>"
    if sheet.merged:
        refs = "".join(
            f'<mergeCell ref="{column_letters(a)}{top + 1}:{column_letters(b)}{bottom + 1}"/>'
            for (top, a), (bottom, b) in sheet.merged
        )
        yield f'<mergeCells count="{len(sheet.merged)}">{refs}</mergeCells>'
    yield "</worksheet>"


def _widths(sheet: Copied) -> str:
    """Columns as wide as what stands in their first rows, within reason."""
    wide: dict[int, int] = {}
    for row in sheet.rows[:60]:
        if sum(value not in ("", None) for value in row) > 1:  # a title alone in its row says nothing about its column
            for n, value in enumerate(row):
                text = str(value or "")
                wide[n] = max(wide.get(n, 8), min(40, 2 + len(text) + sum(ord(c) > 255 for c in text)))
    cols = "".join(f'<col min="{n + 1}" max="{n + 1}" width="{w}" customWidth="1"/>' for n, w in sorted(wide.items()))
    return f"<cols>{cols}</cols>" if cols else ""


def _cell(reference: str, value: object) -> str:
    if isinstance(value, str):
        if value[0] in _STARTS and len(value) <= 15 and _NUMBER.fullmatch(value):
            return f'<c r="{reference}"><v>{value}</v></c>'
        if _SPECIAL.search(value) or len(value) > _CUT:  # few cells hold anything that XML writes otherwise
            value = shown(value[:_CUT])
        return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{reference}"><v>{value!r}</v></c>'
    if isinstance(value, dt.datetime):
        return f'<c r="{reference}" s="{_MOMENT}"><v>{(value - _EPOCH).total_seconds() / 86_400!r}</v></c>'
    if isinstance(value, dt.date):
        return f'<c r="{reference}" s="{_DAY}"><v>{(value - _EPOCH.date()).days}</v></c>'
    return _cell(reference, str(value))


def of_text(data: bytes, separator: str, name: str, wanted: Collection[int], head: int) -> Copied:
    """A text file (UTF-8) as one sheet. One with too many rows is cut to the first ``head`` and the ``wanted`` (from 1)."""
    lines: Iterable[str] = io.TextIOWrapper(io.BytesIO(data), "utf-8", errors="replace", newline="")
    records = csv.reader(lines, delimiter=separator)
    if data.count(b"\n") <= MOST_ROWS:
        return Copied(name, list(records))
    kept = [(n, record) for n, record in enumerate(records, 1) if n <= head or n in wanted][:MOST_ROWS]
    return Copied(name, [record for _, record in kept], numbers=[n for n, _ in kept])


def of_workbook(path: Path) -> list[Copied]:
    """All sheets of an xls, xlsb or ods, hidden ones too."""
    import python_calamine as calamine

    book = calamine.load_workbook(path)
    sheets = []
    for meta in book.sheets_metadata:
        if meta.typ == calamine.SheetTypeEnum.WorkSheet:
            sheet = book.get_sheet_by_name(meta.name)
            rows = sheet.to_python(skip_empty_area=False)
            hidden = meta.visible != calamine.SheetVisibleEnum.Visible
            sheets.append(Copied(meta.name, rows, list(sheet.merged_cell_ranges or ()), hidden))
    return sheets
