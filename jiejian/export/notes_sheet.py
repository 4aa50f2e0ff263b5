"""The sheet 口径与来源 of a workbook: what the figures mean, where they come from and how they were chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import xlsxwriter

from jiejian import __version__
from jiejian.export.looks import DEMO_NOTE, ROW_HEIGHT, Formats, height_of, set_up_print, title_of, write_band, write_text
from jiejian.export.model import ExportTable
from jiejian.export.text import clean, lines

NAME = "口径与来源"
_WIDTHS = (28, 90, 14, 10)

Block = tuple[Sequence[str], Sequence[Sequence[str]]]


def _facts(table: ExportTable, made_at: datetime) -> list[tuple[str, str]]:
    context = table.context
    facts = [
        ("表名", title_of(table)),
        ("街道", context.street),
        ("数据集", context.dataset_name),
        ("范围", context.scope),
        ("时间", context.period),
        ("数据截至", context.as_of),
        ("报送情况", context.reporting),
        ("数据行数", f"{len(table.frame):,}"),
        ("生成时间", made_at.strftime("%Y-%m-%d %H:%M:%S")),
        ("生成工具", f"街鉴 {__version__}"),
    ]
    return [(name, value) for name, value in facts if value]


def _reading_notes(cut: int) -> list[tuple[str, str]]:
    notes = [
        ("空单元格", "未报送、不适用或无法计算，不等于 0。"),
        ("小数", "单元格保留原值，只按规定的小数位显示。"),
    ]
    return notes + ([("截断", f"有 {cut} 个单元格的文字超过Excel上限，已截断；全文请导出CSV。")] if cut else [])


def _blocks(table: ExportTable, made_at: datetime, cut: int) -> Iterator[Block]:
    """Head and rows of each block of the sheet."""
    yield ("基本信息", "内容"), _facts(table, made_at)
    yield ("筛选条件", "取值"), table.filters or [("无", "未另设筛选条件")]
    if definitions := [(d.name, d.definition, d.unit, d.kind) for d in table.explained]:
        yield ("指标", "口径", "单位", "类型"), definitions
    sources = [(f"来源{number}", source) for number, source in enumerate(table.context.sources, 1)]
    yield ("数据来源", "名称"), sources or [("无", "来源未注明")]
    yield ("阅读说明", "内容"), _reading_notes(cut)


def _line_count(line: Sequence[str]) -> int:
    """Lines of the fullest cell of a row."""
    return max(lines(clean([str(text)]), size - 3)[0].as_py() for text, size in zip(line, _WIDTHS, strict=False))


def _all_blocks(tables: Sequence[ExportTable], made_at: datetime, cut: int) -> Iterator[Block]:
    """The same for several tables: what each is and how it was chosen, then all definitions and sources once."""
    for number, table in enumerate(tables, 1):
        facts = [fact for fact in _facts(table, made_at) if fact[0] not in ("街道", "数据集", "生成时间", "生成工具")]
        yield (f"表{number}", "内容"), [*facts, *(("筛选：" + name, value) for name, value in table.filters)]
    definitions = dict.fromkeys((d.name, d.definition, d.unit, d.kind) for table in tables for d in table.explained)
    if definitions:
        yield ("指标或列", "口径", "单位", "类型"), list(definitions)
    sources = dict.fromkeys(source for table in tables for source in table.context.sources)
    yield ("数据来源", "名称"), [(f"来源{n}", source) for n, source in enumerate(sources, 1)] or [("无", "来源未注明")]
    yield (
        ("阅读说明", "内容"),
        [("生成", f"{made_at:%Y-%m-%d %H:%M:%S}，街鉴 {__version__}"), *_reading_notes(cut)],
    )


def write_notes(book: xlsxwriter.Workbook, formats: Formats, table: ExportTable, made_at: datetime, cut: int) -> None:
    """Add the sheet 口径与来源; ``cut`` is how many texts were too long for a cell."""
    _write(book, formats, table, _blocks(table, made_at, cut))


def write_all_notes(
    book: xlsxwriter.Workbook, formats: Formats, tables: Sequence[ExportTable], made_at: datetime, cut: int
) -> None:
    """Add the sheet 口径与来源 of a workbook of several tables."""
    _write(book, formats, tables[0], _all_blocks(tables, made_at, cut))


def _write(book: xlsxwriter.Workbook, formats: Formats, table: ExportTable, blocks: Iterator[Block]) -> None:
    sheet = book.add_worksheet(NAME)
    for number, size in enumerate(_WIDTHS):
        sheet.set_column(number, number, size)
    sheet.set_default_row(ROW_HEIGHT)
    sheet.set_row(0, 28)
    write_text(sheet, 0, 0, NAME, formats.get(bold=True, font_size=14))
    if table.context.fictional:
        write_band(sheet, 1, DEMO_NOTE, formats.mark, len(_WIDTHS))
    top = 3
    for head, body in blocks:
        for row, line in enumerate((head, *body), top):
            sheet.set_row(row, height_of(_line_count(line)))
            for number, text in enumerate(line):
                write_text(sheet, row, number, str(text), formats.head if row == top else formats.note)
        top += len(body) + 2
    set_up_print(sheet, table)
