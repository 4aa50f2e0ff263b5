"""One presentation slide for each of our slides, from the same texts and figures; made for PowerPoint and WPS, 16:9."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR
from pptx.util import Pt

from jiejian.catalogue import Deck
from jiejian.context import DEMO_MARK
from jiejian.export.pptx.master import Base, base
from jiejian.export.pptx.native import add_chart
from jiejian.export.pptx.page import GROUND, INK, LINE, RED, SECOND, TONES, Box, Words, colour, face, textbox, write
from jiejian.slides import Card, Fact, Slide

MIME = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
INTERNAL = "内部资料"
_TAKEAWAY = Box(0.04, 0.152, 0.92, 0.12)
_BODY = Box(0.04, 0.275, 0.92, 0.635)
_PICTURE, _FACTS = Box(0.035, 0.275, 0.70, 0.64), Box(0.755, 0.30, 0.21, 0.58)
_FOOT = Box(0.04, 0.93, 0.72, 0.045)


def to_pptx(slides: Sequence[Slide], deck: Deck, street: str, template: Path | None = None) -> tuple[bytes, list[str]]:
    """The file, and remarks for whoever exports it (a template that could not be used). ValueError without slides."""
    if not slides:
        raise ValueError("这份演示没有幻灯片，请先添加。")
    found = base(street, template)
    found.presentation.core_properties.title = deck.name
    found.presentation.core_properties.author = street
    for number, slide in enumerate(slides, start=1):
        _add(found, slide, deck, f"{number} / {len(slides)}")
    file = io.BytesIO()
    found.presentation.save(file)
    return file.getvalue(), found.remarks


def _add(found: Base, slide: Slide, deck: Deck, number: str) -> None:
    page = found.presentation.slides.add_slide(found.layout)
    for placeholder in list(page.placeholders):
        if placeholder != page.shapes.title:
            placeholder._element.getparent().remove(placeholder._element)
    write(
        page.shapes.title.text_frame,
        [[Words(slide.title, 32 if len(slide.title) <= 24 else 28, bold=True)]],
        anchor="middle",
        shrink=True,
    )
    if not slide.empty:
        small = len(slide.takeaway) > 110
        textbox(page, _TAKEAWAY, found.size, [[Words(slide.takeaway, 14 if small else 17, SECOND)]], shrink=True)
    _body(page, slide, found.size)
    _foot(page, slide, deck, number, found.size)
    _notes(page, slide)


def _body(page, slide: Slide, size: tuple[int, int]) -> None:
    if slide.plot is not None:
        alt = slide.figure["layout"]["meta"]["alt"] if slide.figure else slide.title
        add_chart(page, slide.plot, _PICTURE if slide.facts else _BODY, size, alt)
        _facts(page, slide.facts, size)
    elif slide.cards:
        _cards(page, slide.cards, size)
    elif slide.table:
        _table(page, slide.table, size)
    else:
        textbox(page, _BODY, size, [[Words(slide.takeaway, 22, SECOND)]], align="center", anchor="middle")


def _facts(page, facts: Sequence[Fact], size: tuple[int, int]) -> None:
    paragraphs = [
        line
        for fact in facts
        for line in (
            [Words(fact.label, 14, SECOND)],
            [Words(fact.value, 26 if len(fact.value) < 11 else 20, bold=True)],
            [Words(" ", 10)],
        )
    ]
    if paragraphs:
        textbox(page, _FACTS, size, paragraphs, anchor="middle", shrink=True)


def _cards(page, cards: Sequence[Card], size: tuple[int, int]) -> None:
    columns = min(3, len(cards))
    rows = -(-len(cards) // columns)
    gap = 0.015
    width, height = (_BODY.width - gap * (columns - 1)) / columns, (_BODY.height - gap * (rows - 1)) / rows
    for n, one in enumerate(cards):
        row, column = divmod(n, columns)
        box = Box(_BODY.left + column * (width + gap), _BODY.top + row * (height + gap), width, height)
        shape = page.shapes.add_shape(MSO_SHAPE.ROUNDED_RECTANGLE, *box.emu(*size))
        shape.adjustments[0] = 0.05
        shape.fill.solid()
        shape.fill.fore_color.rgb = colour("FFFFFF")
        shape.line.color.rgb, shape.line.width, shape.shadow.inherit = colour(LINE), Pt(1), False
        write(shape.text_frame, _card(one), anchor="middle", shrink=True)
        shape.text_frame.margin_left = shape.text_frame.margin_right = Pt(14)


def _card(one: Card) -> list[list[Words]]:
    changes = one.changes or ("不作比较",)
    beside = "，".join(part for part in (one.word if one.changes else "", one.reporting) if part)
    lines = [
        [Words(one.name, 16, SECOND)],
        [Words(one.value, 40, bold=True), *([Words(f" {one.unit}", 16, SECOND)] if one.unit else [])],
        [Words(f"{one.icon} {changes[0]}", 14, TONES[one.tone])],
        *([Words(change, 14, SECOND)] for change in changes[1:]),
    ]
    return [*lines, [Words(beside, 14, SECOND)]] if beside else lines


def _table(page, rows: Sequence[Sequence[str]], size: tuple[int, int]) -> None:
    shape = page.shapes.add_table(len(rows), len(rows[0]), *_BODY.emu(*size))
    table = shape.table
    # Our own quiet look instead of the default blue bands.
    properties = shape._element.graphic.graphicData.tbl.tblPr
    properties.set("bandRow", "0")
    points = 14 if len(rows) <= 12 and len(rows[0]) <= 7 else 12
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            cell = table.cell(r, c)
            last, head = r == len(rows) - 1, r == 0
            words = Words(text, points, SECOND if head else INK, bold=head or last)
            cell.margin_top = cell.margin_bottom = Pt(2)
            write(cell.text_frame, [[words]], align="left" if c == 0 else "right")
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            cell.margin_left = cell.margin_right = Pt(6)
            cell.fill.solid()
            cell.fill.fore_color.rgb = colour(GROUND if last or head else "FFFFFF")
    first = int(_BODY.width * size[0] * (0.2 if len(rows[0]) < 7 else 0.16))
    table.columns[0].width = first
    for column in list(table.columns)[1:]:
        column.width = (int(_BODY.width * size[0]) - first) // (len(rows[0]) - 1)
    # Heads may take two lines; the rest is shared, so that the last row stays clear of the foot.
    room, head = int(_BODY.height * size[1] * 0.97), int(Pt(points * 2.9))
    for number, line in enumerate(table.rows):
        line.height = head if number == 0 else min((room - head) // (len(rows) - 1), int(Pt(34)))


def _foot(page, slide: Slide, deck: Deck, number: str, size: tuple[int, int]) -> None:
    foot = slide.foot.removesuffix(f" · {DEMO_MARK}") if slide.fictional else slide.foot
    stop = [Words(f"{slide.stop}　", 12, RED, bold=True)] if slide.stop else []
    words = "　".join(part for part in (slide.scope, foot) if part)
    textbox(page, _FOOT, size, [[*stop, Words(words, 12, SECOND)]], anchor="middle", shrink=True)
    marks = [(INTERNAL, RED)] * deck.internal + [(DEMO_MARK, "7A4A00")] * slide.fictional
    runs = [Words(f"〔{mark}〕", 13, ink, bold=True) for mark, ink in marks]
    textbox(page, Box(0.76, 0.93, 0.20, 0.045), size, [[*runs, Words(f"　{number}", 12, SECOND)]], align="right", anchor="middle")


def _notes(page, slide: Slide) -> None:
    frame = page.notes_slide.notes_text_frame
    frame.text = slide.notes or slide.takeaway
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            face(run._r.get_or_add_rPr())
