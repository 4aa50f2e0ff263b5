"""How an Excel sheet looks and prints; no sheet knows a colour or a font of its own."""

from __future__ import annotations

import pyarrow as pa
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from jiejian.context import DEMO_MARK
from jiejian.export.model import ExportColumn, ExportTable
from jiejian.export.text import as_rich, clean_one, looks_rich, shorten

FONT = "微软雅黑"
DEMO_NOTE = f"{DEMO_MARK}：本表由程序编造，仅供试用，不代表任何真实的街道、社区和个人。"
LINE = "#C9CED6"
_INK, _SECOND, _GROUND, _ORANGE, _ORANGE_GROUND = "#1F2933", "#52606D", "#E4E7EB", "#C65D00", "#FFF4E5"
ROW_HEIGHT = 16.5  # points: the 23 communities and their street fit one page
_LINE_HEIGHT, _TALLEST = 15, 400
_A4 = 9


class Formats:
    """The workbook's formats, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._found: dict[tuple, Format] = {}

    def get(self, **properties: object) -> Format:
        """The format with these xlsxwriter properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._found:
            self._found[key] = self._book.add_format({"font_color": _INK, "valign": "vcenter", **properties})
        return self._found[key]

    @property
    def title(self) -> Format:
        return self.get(bold=True, font_size=14)

    @property
    def centred_title(self) -> Format:
        # Centred across cells, not merged: a merged cell would hinder sorting and choosing the columns below it.
        return self.get(bold=True, font_size=14, align="center_across")

    @property
    def line(self) -> Format:
        return self.get(font_color=_SECOND, font_size=9)

    @property
    def mark(self) -> Format:
        return self.get(font_color=_ORANGE, bg_color=_ORANGE_GROUND, bold=True)

    @property
    def head(self) -> Format:
        return self.get(bold=True, align="center", text_wrap=True, bg_color=_GROUND, border=1, border_color=LINE)

    @property
    def note(self) -> Format:
        return self.get(text_wrap=True, border=1, border_color=LINE, indent=1)

    def column(self, column: ExportColumn, kind: pa.DataType, wraps: bool, **more: object) -> Format:
        """How the cells of a column look; a number stays a number, only its decimals are a matter of looks."""
        if column.kind == "number":
            places = column.decimals
            if places is None:
                return self.get(align="right", **more)
            # “_ ” keeps a blank's width free on the right; LibreOffice draws an indent only for some of the numbers.
            return self.get(num_format="#,##0" + ("." + "0" * places if places else "") + "_ ", align="right", **more)
        if column.kind == "date":
            return self.get(num_format="yyyy-mm-dd" if pa.types.is_date(kind) else "yyyy-mm-dd hh:mm", align="center", **more)
        # As text, so that a code 001 survives being edited; older Excel shows long texts of this format as ####.
        return self.get(align="left", indent=1, **({"text_wrap": True} if wraps else {"num_format": "@"}), **more)


def title_of(table: ExportTable) -> str:
    """The title with the mark of made-up data."""
    return table.title + (f"（{DEMO_MARK}）" if table.context.fictional else "")


def height_of(lines: int) -> float:
    """Height of a row of so many lines; said in the file, since not every program finds it by itself."""
    return ROW_HEIGHT if lines <= 1 else min(_TALLEST, 6 + _LINE_HEIGHT * lines)


def write_text(sheet: Worksheet, row: int, column: int, text: str, look: Format) -> None:
    """Write a text as a text, whatever it begins with."""
    text = clean_one(text)
    if text:
        sheet.write_string(row, column, as_rich(text) if looks_rich(text) else text, look)
    else:
        sheet.write_blank(row, column, None, look)


def write_band(sheet: Worksheet, row: int, text: str, look: Format, columns: int) -> None:
    """Write a text whose look spans the first ``columns`` cells of the row."""
    write_text(sheet, row, 0, text, look)
    for number in range(1, columns):
        sheet.write_blank(row, number, None, look)


def set_up_print(sheet: Worksheet, table: ExportTable, pages_wide: int = 1) -> None:
    """A4 landscape, as wide as ``pages_wide`` pages; the foot has source, cut-off, mark and page number."""
    context = table.context
    sheet.set_paper(_A4)
    sheet.set_landscape()
    sheet.fit_to_pages(pages_wide, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.5, bottom=0.7)
    sheet.center_horizontally()
    source = shorten(context.sources, 120) if context.sources else "未注明"
    parts = (f"来源：{source}", f"截至 {context.as_of}" if context.as_of else "", DEMO_MARK if context.fictional else "")
    left = clean_one(" · ".join(part for part in parts if part)).replace("\n", " ").replace("&", "&&")
    face = f'&"{FONT},Regular"&8'
    sheet.set_footer(f"&L{face}{left}&R{face}第 &P 页，共 &N 页")
