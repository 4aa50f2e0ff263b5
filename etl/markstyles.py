"""The styles of a workbook, with two grounds for marked cells: each marked cell keeps its own style but for the ground."""

from __future__ import annotations

from etl.marks import ERROR, WARNING
from etl.ooxml import MAIN, Unmarkable, attribute, counted, elements, inside, prefix_of, prefixed, with_attribute

# Unusual on purpose: a cell of exactly this colour was marked by us, and loses its mark once it is mended.
GROUNDS = {ERROR: "FFFFC7A6", WARNING: "FFFFF1B8"}
EMPTY = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<styleSheet xmlns="{MAIN}">'
    '<fonts count="1"><font><sz val="11"/><name val="微软雅黑"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="22" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
).encode()


class Styles:
    """The styles part; new styles are added at its end, so that no number of an old one changes."""

    def __init__(self, part: bytes):
        self._part = part
        self._fills = elements(inside(part, "fills"), "fill")
        self._formats = elements(inside(part, "cellXfs"), "xf")
        if not self._fills or not self._formats:
            raise Unmarkable("styles")
        self._new_fills: list[bytes] = []
        self._new_formats: list[bytes] = []
        self._new_fonts: list[str] = []
        self._made: dict[tuple[int, str], int] = {}
        self._ground = {severity: self._fill(colour) for severity, colour in GROUNDS.items()}

    @property
    def marked(self) -> set[int]:
        """The styles that came with a mark of an earlier round."""
        grounds = {str(fill) for fill in self._ground.values()}
        return {n for n, xf in enumerate(self._formats) if attribute(xf[: xf.index(b">") + 1], "fillId") in grounds}

    def of(self, style: int, severity: str) -> int:
        """The number of ``style`` on the ground of a severity; on none for an empty one."""
        if (style, severity) not in self._made:
            fill = self._ground[severity] if severity else 0
            self._made[style, severity] = self._format(style, fill)
        return self._made[style, severity]

    def listing(self) -> dict[str, int]:
        """Styles of the list of problems: its text, its head and title."""
        fonts = len(elements(inside(self._part, "fonts"), "font")) + len(self._new_fonts)
        self._new_fonts.append('<font><b/><sz val="11"/><name val="微软雅黑"/></font>')
        wrap = '<alignment vertical="top" wrapText="1"/>'
        plain = 'numFmtId="49" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyAlignment="1"'
        return {
            "text": self._add(f'<xf {plain} fontId="0" fillId="0">{wrap}</xf>'),
            "head": self._add(f'<xf {plain} fontId="{fonts}" fillId="0">{wrap}</xf>'),
            "title": self._add(f'<xf {plain} fontId="{fonts}" fillId="0"><alignment vertical="center"/></xf>'),
            **{
                s: self._add(f'<xf {plain} fontId="0" fillId="{fill}" applyFill="1">{wrap}</xf>')
                for s, fill in self._ground.items()
            },
        }

    def written(self) -> bytes:
        """The part with everything that was added."""
        part = self._part
        for name, old, new in (
            ("fonts", len(elements(inside(part, "fonts"), "font")), [f.encode() for f in self._new_fonts]),
            ("fills", len(self._fills) - len(self._new_fills), self._new_fills),
            ("cellXfs", len(self._formats) - len(self._new_formats), self._new_formats),
        ):
            if new:
                part = _appended(part, name, new)
                part = counted(part, name, old + len(new))
        return part

    def _fill(self, colour: str) -> int:
        for number, fill in enumerate(self._fills):
            if colour.encode() in fill.upper():
                return number
        xml = f'<fill><patternFill patternType="solid"><fgColor rgb="{colour}"/><bgColor indexed="64"/></patternFill></fill>'
        self._new_fills.append(xml.encode())
        self._fills.append(xml.encode())
        return len(self._fills) - 1

    def _format(self, style: int, fill: int) -> int:
        xf = self._formats[style if style < len(self._formats) else 0]
        end = xf.index(b">") + 1
        tag = with_attribute(with_attribute(xf[:end], "fillId", str(fill)), "applyFill", "1" if fill else "0")
        return self._add_bytes(tag + xf[end:])

    def _add(self, xml: str) -> int:
        return self._add_bytes(xml.encode())

    def _add_bytes(self, xml: bytes) -> int:
        self._new_formats.append(xml)
        self._formats.append(xml)
        return len(self._formats) - 1


def _appended(part: bytes, parent: str, new: list[bytes]) -> bytes:
    """Elements that were taken from the part carry its prefix already, new ones get it."""
    prefix = prefix_of(part, parent)
    whole = b"".join(xml if not prefix or xml.startswith(b"<" + prefix) else prefixed(prefix, xml.decode()) for xml in new)
    end = part.index(b"</" + prefix + parent.encode())
    return part[:end] + whole + part[end:]
