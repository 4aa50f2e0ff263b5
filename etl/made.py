"""Columns that stand in no spreadsheet: the place of which a whole sheet speaks, and a period whose year and month stand apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from etl.extract import Sheet
from etl.hierarchy import NO_NAME, bare_name, column_at
from etl.textfile import texts
from etl.traditional import simplified
from etl.wording import plain
from jiejian.catalogue import Ledger

_SAID = re.compile(
    r"(?:所属|填报|上报|报送|统计)?(?:单位名称|社区名称|地区名称|社区|村|街道|乡镇|地区|区划|城市|省份|填报单位|上报单位|报送单位|place|region|area)\s*[:：]\s*([^\s，,；;：:]+)",
    re.IGNORECASE,
)
_END_OF_NAME = re.compile(r"^[\u4e00-\u9fff]{1,20}?(?:社区|村|街道|镇|乡|区|县|市|省)(?=.)")


def with_place(sheet: Sheet, ledger: Ledger) -> Sheet:
    """The sheet with a column more, the place that all of it speaks of; unchanged where the contract says nothing of that kind.

    ``places: title`` takes the name from above the table, from the sheet or from the file; a contract without a column of places
    but with a ``root`` means that place.
    """
    layout = ledger.layout
    if layout is None or (sheet.roles and "place" in sheet.roles):
        return sheet
    has_column = any(c.id == ledger.place for c in ledger.columns)
    whole = "" if has_column else layout.root
    name = place_of(sheet, ledger) if layout.places == "title" else whole
    if not name:
        return sheet
    return _with(sheet, "place", "地点", lambda body: [name] * body.num_rows)


def with_period(sheet: Sheet, ledger: Ledger) -> Sheet:
    """The sheet with a column more, the period that several columns say together (年 and 月); unchanged without ``period_path``."""
    names = ledger.layout.period_path if ledger.layout else ()
    columns = [at for name in names if (at := column_at(sheet, ledger.column(name))) is not None]
    if not names or len(columns) < len(names):
        return sheet

    def joined(body) -> list[str | None]:
        cells = [body.column(f"c{i}").to_pylist() for i in columns]
        return [_joined(parts) for parts in zip(*cells, strict=True)]

    made = _with(sheet, "period", sheet.heads[columns[-1]], joined)
    return replace(made, spent=(*sheet.spent, *columns))


def _joined(parts: Sequence[str | None]) -> str | None:
    """2026, 10 → 2026年10月; 2026年, 第三季度 → 2026年第三季度."""
    written = [plain(part or "").removesuffix(".0") for part in parts]
    if not all(written):
        return None
    year, *rest = written
    return "".join([f"{year}年" if year.isdigit() else year, *(f"{p}月" if p.isdigit() else p for p in rest)])


def _with(sheet: Sheet, role: str, head: str, cells: Callable) -> Sheet:
    index = len(sheet.heads)

    def table():
        body = sheet.table()
        return body.append_column(f"c{index}", texts(cells(body)))

    return replace(
        sheet,
        heads=(*sheet.heads, head),
        roles={**(sheet.roles or {}), role: index},
        table=table,
        made=(*sheet.made, index),
        scan=None,
    )


def place_of(sheet: Sheet, ledger: Ledger) -> str:
    """The name of the place that a sheet speaks of: 社区：春和 above it, the sheet's name, the title, the file's name."""
    said = next((title[slice(*match.span(1))] for title in sheet.title if (match := _SAID.search(simplified(title)))), "")
    if said:
        return said
    names = (bare_name(text, ledger) for text in (sheet.sheet.rpartition("/")[2], *map(_first, sheet.title), Path(sheet.file).stem))
    return next((name for name in names if not NO_NAME.fullmatch(name)), "")


def _first(title: str) -> str:
    """春和社区2026年10月情况表 → 春和社区: of a longer title, the name at its beginning."""
    written = plain(title)
    match = _END_OF_NAME.match(simplified(written))
    return written[: match.end()] if match else written
