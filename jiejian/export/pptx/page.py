"""The page: measures in shares of a slide, and text with its Chinese face set for both scripts.

A run's face must be named for Latin and for East Asian text (a:latin and a:ea): PowerPoint picks the latter for Chinese, and
falls back to a face of its own where it is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Pt

FACE = "Microsoft YaHei"
RED, INK, SECOND, MARK, LINE, GROUND = "B71C1C", "1F2933", "52606D", "9AA5B1", "E4E7EB", "F7F8FA"
BETTER, WORSE = "1F6FB2", "A34C00"
TONES = {"better": BETTER, "worse": WORSE, "": SECOND}


@dataclass(frozen=True)
class Box:
    """A rectangle in shares of the slide's width and height, from its upper left corner."""

    left: float
    top: float
    width: float
    height: float

    def emu(self, width: int, height: int) -> tuple[Emu, Emu, Emu, Emu]:
        """Position and size on a slide of this size."""
        return (
            Emu(int(self.left * width)),
            Emu(int(self.top * height)),
            Emu(int(self.width * width)),
            Emu(int(self.height * height)),
        )


@dataclass(frozen=True)
class Words:
    """A run of text; ``size`` in points on a slide of 7.5 inches."""

    text: str
    size: float
    colour: str = INK
    bold: bool = False


def colour(hexadecimal: str) -> RGBColor:
    return RGBColor.from_string(hexadecimal)


def face(properties: etree._Element, name: str = FACE) -> None:
    """Set the face of run properties for Latin, East Asian and complex scripts, in the order that the schema asks for."""
    for tag in ("a:latin", "a:ea", "a:cs"):
        found = properties.find(qn(tag))
        if found is None:
            found = etree.SubElement(properties, qn(tag))
        found.set("typeface", name)


def write(frame, paragraphs: Sequence[Sequence[Words]], align: str = "left", anchor: str = "top", shrink: bool = False) -> None:
    """Put paragraphs of runs into a text frame, without margins."""
    frame.word_wrap = True
    frame.vertical_anchor = {"top": MSO_ANCHOR.TOP, "middle": MSO_ANCHOR.MIDDLE, "bottom": MSO_ANCHOR.BOTTOM}[anchor]
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    for number, runs in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.alignment = {"left": PP_ALIGN.LEFT, "center": PP_ALIGN.CENTER, "right": PP_ALIGN.RIGHT}[align]
        for words in runs:
            _run(paragraph, words)
    if shrink:
        # The program that opens the file shrinks what an editor makes longer.
        frame._txBody.find(qn("a:bodyPr")).append(etree.Element(qn("a:normAutofit")))


def _run(paragraph, words: Words) -> None:
    run = paragraph.add_run()
    run.text = words.text
    run.font.size, run.font.bold = Pt(words.size), words.bold
    run.font.color.rgb = colour(words.colour)
    face(run._r.get_or_add_rPr())
    run._r.get_or_add_rPr().set("lang", "zh-CN")


def textbox(slide, box: Box, size: tuple[int, int], paragraphs: Sequence[Sequence[Words]], **how):
    """A text box with paragraphs of runs."""
    shape = slide.shapes.add_textbox(*box.emu(*size))
    write(shape.text_frame, paragraphs, **how)
    return shape
