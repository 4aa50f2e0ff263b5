"""The file into which slides go: ours (16:9, the street's name on the master), or a street's own template."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches

from jiejian.export.pptx.page import FACE, RED, SECOND

WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
_TITLES = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE)
_LARGEST = 60_000_000


@dataclass
class Base:
    """A presentation without slides, the layout to use, and what is to be said about it."""

    presentation: object
    layout: object
    own: bool = False
    remarks: list[str] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        return int(self.presentation.slide_width), int(self.presentation.slide_height)


def base(street: str, template: Path | None = None) -> Base:
    """The street's template, or ours where there is none or it cannot be used (a remark then says so)."""
    if template is None:
        return _ours(street)
    try:
        return _theirs(template)
    except Exception as error:  # whatever a broken file raises, the slides are made
        found = _ours(street)
        reason = str(error) if isinstance(error, _Unfit) else "文件打不开，可能已损坏或加了密码"
        found.remarks.append(f"模板“{template.name}”没有用上：{reason}。已改用自带版式，请检查模板后重新导出。")
        return found


def check(template: Path) -> list[str]:
    """What would be said about a street's template."""
    return base("", template).remarks


class _Unfit(Exception):
    """A template that opens but cannot hold our slides."""


def _theirs(path: Path) -> Base:
    if path.stat().st_size > _LARGEST:
        raise _Unfit("文件超过 60 MB")
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > 10 * _LARGEST:
            raise _Unfit("解压后过大")
    presentation = Presentation(io.BytesIO(path.read_bytes()))
    layout = next((l for l in _by_fewest(presentation) if _has_title(l)), None)
    if layout is None:
        raise _Unfit("里面没有带标题的版式")
    _drop_slides(presentation)
    return Base(presentation, layout, own=True)


def _by_fewest(presentation) -> list:
    """Layouts with the fewest placeholders first: a bare title leaves the most room."""
    return sorted(presentation.slide_layouts, key=lambda l: len([p for p in l.placeholders if p.placeholder_format.idx < 10]))


def _has_title(layout) -> bool:
    return any(p.placeholder_format.type in _TITLES for p in layout.placeholders)


def _drop_slides(presentation) -> None:
    """Slides that a template brings are examples."""
    listed = presentation.slides._sldIdLst
    for entry in list(listed):
        presentation.part.drop_rel(entry.get(qn("r:id")))
        listed.remove(entry)


def _ours(street: str) -> Base:
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = WIDTH, HEIGHT
    layout = next(l for l in presentation.slide_layouts if l.name == "Title Only")
    _chinese_theme(presentation.slide_master)
    for holder in (presentation.slide_master, layout):
        for placeholder in list(holder.placeholders):
            if placeholder.placeholder_format.type in _TITLES:
                placeholder.left, placeholder.top = Emu(int(WIDTH * 0.04)), Emu(int(HEIGHT * 0.035))
                placeholder.width, placeholder.height = Emu(int(WIDTH * 0.84)), Emu(int(HEIGHT * 0.115))
            else:
                placeholder._element.getparent().remove(placeholder._element)
    _brand(presentation.slide_master, street)
    layout.name = "街鉴"
    return Base(presentation, layout)


def _chinese_theme(master) -> None:
    """Name the Chinese face in the theme, so that text typed later has it too."""
    for relation in master.part.rels.values():
        if relation.reltype.endswith("/theme"):
            part = relation.target_part
            theme = etree.fromstring(part.blob)
            for tag in ("a:majorFont", "a:minorFont"):
                for font in theme.iter(qn(tag)):
                    for script in ("a:latin", "a:ea"):
                        font.find(qn(script)).set("typeface", FACE)
            part._blob = etree.tostring(theme, xml_declaration=True, encoding="UTF-8", standalone=True)


def _brand(master, street: str) -> None:
    """A red bar at the left of the title and the street's name at the upper right, on every slide by way of the master."""
    tree = master.shapes._spTree
    tree.append(_shape(9001, "红条", (0.022, 0.045, 0.006, 0.095), fill=RED))
    tree.append(_shape(9002, "街道名称", (0.84, 0.02, 0.135, 0.035), text=street))


def _shape(identity: int, name: str, box: tuple[float, float, float, float], fill: str = "", text: str = "") -> etree._Element:
    left, top, width, height = (int(share * whole) for share, whole in zip(box, (WIDTH, HEIGHT, WIDTH, HEIGHT), strict=True))
    shape = etree.fromstring(f"""
      <p:sp xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">
        <p:nvSpPr><p:cNvPr id="{identity}" name="{name}"/><p:cNvSpPr/><p:nvPr userDrawn="1"/></p:nvSpPr>
        <p:spPr><a:xfrm><a:off x="{left}" y="{top}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>
          {f'<a:solidFill><a:srgbClr val="{fill}"/></a:solidFill>' if fill else "<a:noFill/>"}<a:ln><a:noFill/></a:ln></p:spPr>
        <p:txBody><a:bodyPr wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" anchor="ctr"/><a:lstStyle/>
          <a:p><a:pPr algn="r"/><a:r><a:rPr lang="zh-CN" sz="1400"><a:solidFill><a:srgbClr val="{SECOND}"/></a:solidFill>
            <a:latin typeface="{FACE}"/><a:ea typeface="{FACE}"/></a:rPr><a:t/></a:r></a:p></p:txBody>
      </p:sp>""")
    shape.find(f".//{qn('a:t')}").text = text
    return shape
