"""Page and type of an official document after GB/T 9704-2012 党政机关公文格式.

A4; margins 37 mm above, 28 mm left, so that the text area is 156 × 225 mm; 22 lines of 28 characters a page: text in size 三号
(16 pt) 仿宋, lines of 28.95 pt; title 二号 (22 pt) 小标宋, centred; headings 一、黑体, （一）楷体; page numbers 四号 (14 pt) 宋体 between
dashes, outside on facing pages. Faces are named for Latin and East Asian text; where one is not installed the program that
opens the file takes its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from docx import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

SONG, HEI, KAI, FANG, TITLE = "宋体", "黑体", "楷体_GB2312", "仿宋_GB2312", "方正小标宋简体"
SIZE_TWO, SIZE_THREE, SIZE_FOUR, SIZE_FIVE = Pt(22), Pt(16), Pt(14), Pt(10.5)
_LINE = Pt(28.95)  # 225 mm over 22 lines
_WIDE = Mm(156)
_AIR = Pt(1.5)  # above and below the text of a cell
_RED = RGBColor(0xC0, 0x00, 0x00)
Align = Literal["left", "center", "right", "justify"]
_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "justify": WD_ALIGN_PARAGRAPH.JUSTIFY,
}


class Official:
    """A document in this form, written from top to bottom."""

    def __init__(self, title: str, author: str):
        self.document = Document()
        self.document.core_properties.title, self.document.core_properties.author = title, author
        self.document.settings.odd_and_even_pages_header_footer = True
        self._style()
        self._page()

    # ---- parts of a document ----

    def red_head(self, office: str, number: str) -> None:
        """发文机关标志 in red, the number below it, and the red line."""
        self.paragraph(office, TITLE, Pt(40), "center", colour=_RED, after=Pt(12), exact=False)
        line = self.paragraph(number, FANG, SIZE_THREE, "center")
        self._rule(line, "C00000", 18)

    def title(self, text: str) -> None:
        self.paragraph("", FANG, SIZE_THREE, "center")
        self.paragraph(text, TITLE, SIZE_TWO, "center", exact=False)
        self.paragraph("", FANG, SIZE_THREE, "center")

    def marked(self, text: str) -> None:
        """A line such as 演示数据 or 内部资料, flush left, in 黑体 as the grade of secrecy stands."""
        self.paragraph(text, HEI, SIZE_THREE, "left")

    def heading(self, text: str, level: int = 1) -> None:
        """一、 in 黑体, （一） in 楷体."""
        written = self.paragraph(text, HEI if level == 1 else KAI, SIZE_THREE, "left", indent=True)
        written.style = self.document.styles[f"Heading {level}"]
        written.paragraph_format.keep_with_next = True

    def text(self, text: str) -> None:
        """A paragraph with its first line two characters in."""
        self.paragraph(text, FANG, SIZE_THREE, "justify", indent=True)

    def signature(self, office: str, day: str) -> None:
        """Office and day; never alone on a page, the last lines of the text go with them."""
        for written in self.document.paragraphs[-2:]:
            written.paragraph_format.keep_with_next = written.paragraph_format.keep_together = True
        self.paragraph("", FANG, SIZE_THREE, "left").paragraph_format.keep_with_next = True
        for line in (office, day):
            written = self.paragraph(line, FANG, SIZE_THREE, "right")
            written.paragraph_format.right_indent = SIZE_THREE * 4
            written.paragraph_format.keep_with_next = line is office

    def table(self, rows: Sequence[Sequence[str]], size: Pt = SIZE_FIVE) -> None:
        """A table with its heads on every page; no row is torn apart."""
        made = self.document.add_table(len(rows), len(rows[0]))
        made.style, made.alignment = self.document.styles["Table Grid"], WD_TABLE_ALIGNMENT.CENTER
        self._widths(made, rows, size)
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                written = made.cell(r, c).paragraphs[0]
                written.alignment = _ALIGN["left" if c == 0 and r else "center" if r == 0 else "right"]
                written.paragraph_format.space_before = written.paragraph_format.space_after = _AIR
                made.cell(r, c).vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
                self._run(written, text, HEI if r == 0 else SONG, size)
            properties = made.rows[r]._tr.get_or_add_trPr()
            properties.append(OxmlElement("w:cantSplit"))
            if r == 0:
                properties.append(OxmlElement("w:tblHeader"))

    def _widths(self, made, rows: Sequence[Sequence[str]], size: Pt) -> None:
        """The names in the first column stand on one line each where they may take a third of the page; the rest is shared."""
        names = (max(len(row[0]) for row in rows) + 1.5) * size
        first = min(max(int(names), _WIDE // len(rows[0])), _WIDE // 3)
        made.autofit = False
        for number, column in enumerate(made.columns):
            column.width = first if number == 0 else (_WIDE - first) // (len(rows[0]) - 1)
            for cell in column.cells:
                cell.width = column.width

    def new_page(self) -> None:
        self.document.add_page_break()

    # ---- type ----

    def paragraph(
        self,
        text: str,
        face: str,
        size: Pt,
        align: Align,
        indent: bool = False,
        colour: RGBColor | None = None,
        after: Pt | None = None,
        exact: bool = True,
    ):
        """A paragraph of one run. ``exact`` holds it to the lines of the page."""
        written = self.document.add_paragraph()
        written.alignment = _ALIGN[align]
        form = written.paragraph_format
        form.space_before, form.space_after = Pt(0), after or Pt(0)
        if exact:
            form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, _LINE
        if indent:
            form.first_line_indent = size * 2
        self._run(written, text, face, size, colour)
        return written

    def _run(self, paragraph, text: str, face: str, size: Pt, colour: RGBColor | None = None) -> None:
        run = paragraph.add_run(text)
        run.font.size, run.font.bold = size, False
        run.font.color.rgb = colour or RGBColor(0, 0, 0)
        named_face(run, face)

    def _style(self) -> None:
        normal = self.document.styles["Normal"]
        normal.font.size = SIZE_THREE
        normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FANG)

    def _page(self) -> None:
        section = self.document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.bottom_margin = Mm(37), Mm(35)
        section.left_margin, section.right_margin = Mm(28), Mm(26)
        section.footer_distance = Mm(28)  # the number stands 7 mm below the text area
        for footer, align in ((section.footer, "right"), (section.even_page_footer, "left")):
            footer.is_linked_to_previous = False
            line = footer.paragraphs[0]
            line.alignment = _ALIGN[align]
            self._run(line, "— ", SONG, SIZE_FOUR)
            self._number(line)
            self._run(line, " —", SONG, SIZE_FOUR)

    def _number(self, paragraph) -> None:
        """The page's number as a field."""
        run = paragraph.add_run()
        run.font.size = SIZE_FOUR
        named_face(run, SONG)
        for kind, instruction in (("begin", ""), ("", "PAGE"), ("end", "")):
            part = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                part.set(qn("w:fldCharType"), kind)
            else:
                part.text = instruction
            run._r.append(part)

    def _rule(self, paragraph, colour: str, eighths: int) -> None:
        """A line under a paragraph; its width in eighths of a point."""
        borders, line = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
        for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "6"), ("color", colour)):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
        paragraph._p.get_or_add_pPr().append(borders)


def named_face(run, face: str) -> None:
    """The face for Latin and for East Asian text: Word takes the latter for Chinese."""
    run.font.name = face
    fonts = run._r.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:eastAsia", "w:hAnsi", "w:cs"):
        fonts.set(qn(script), face)
