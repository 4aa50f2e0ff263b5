"""A workbook as xlsxwriter packed it -> the same workbook with the rows of its large sheets put in.

An .xlsx is a zip of XML files. What xlsxwriter wrote is handed on as it is; only sheets that have :class:`Rows` are opened,
their two model rows taken out and the real rows streamed in.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import pyarrow as pa

from jiejian.export.sheet_rows import read_models, rows_xml

_LEVEL = 3  # of compression: a third of the time of 6, files a sixth larger
_MADE = (1980, 1, 1, 0, 0, 0)  # as xlsxwriter has it, so that the same table gives the same bytes
_DIMENSION = re.compile(r'(<dimension ref="A1:[A-Z]+)\d+')


@dataclass(frozen=True)
class Rows:
    """The rows of one sheet: from which row on (as a person counts), what, and which rows (from 0) are higher than usual."""

    sheet: int  # the number of the sheet in the workbook, from 1
    first: int
    data: pa.Table
    heights: Mapping[int, float] = field(default_factory=dict)


def fill(book: bytes, sheets: Sequence[Rows]) -> bytes:
    """The package with the rows of ``sheets`` in place of their model rows."""
    wanted = {f"xl/worksheets/sheet{rows.sheet}.xml": rows for rows in sheets}
    kept = BytesIO()
    with zipfile.ZipFile(BytesIO(book)) as old, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as new:
        for item in old.infolist():
            rows = wanted.get(item.filename)
            if rows is None:
                new.writestr(zipfile.ZipInfo(item.filename, _MADE), old.read(item), zipfile.ZIP_DEFLATED)
            else:
                _fill_sheet(new, item.filename, old.read(item).decode(), rows)
    return kept.getvalue()


def _fill_sheet(new: zipfile.ZipFile, name: str, xml: str, rows: Rows) -> None:
    styles, before, after = read_models(xml, rows.first)
    info = zipfile.ZipInfo(name, _MADE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info._compresslevel = _LEVEL  # has a public name from Python 3.13 on
    # The XML has up to eight times the bytes of the columns; from 2 GB on the format of the zip is another.
    with new.open(info, "w", force_zip64=rows.data.nbytes > 200_000_000) as file:
        file.write(_DIMENSION.sub(rf"\g<1>{rows.first + rows.data.num_rows - 1}", before, count=1).encode())
        for part in rows_xml(rows.data, styles, rows.first, rows.heights):
            file.write(part)
        file.write(after.encode())
