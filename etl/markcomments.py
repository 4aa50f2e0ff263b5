"""Comments of a sheet and the boxes in which they are shown (a part each): ours are added, those of earlier rounds taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from etl.marks import AUTHOR, Cell, Mark
from etl.ooxml import MAIN, append, attribute, elements, inside, shown
from etl.workbook import column_letters, column_number

# Stands before our words inside a comment that someone else wrote on the same cell.
_SIGN = f"【{AUTHOR}】"
_WIDTH, _CHARACTERS, _LINE, _TALLEST = 330, 23, 19, 420  # px, characters a line, px a line, px
EMPTY = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<comments xmlns="{MAIN}"><authors/><commentList/></comments>'.encode()
_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel">\n<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout>\n'
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>\n</xml>'
)
_SHAPE = (
    '<v:shape xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel" id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;width:{width}px;height:{height}px;z-index:{z};visibility:hidden" '
    'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill>'
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>\n"
)


def with_comments(part: bytes, marks: Mapping[Cell, Mark]) -> bytes:
    """The part with our comments and without those of earlier rounds."""
    own = _own(part)
    if own:
        number = min(own, key=int)
    else:
        number = str(len(elements(inside(part, "authors"), "author")))
        part = append(part, "authors", f"<author>{AUTHOR}</author>")
    kept, taken = [], set()
    for comment in elements(inside(part, "commentList"), "comment"):
        tag = comment[: comment.index(b">") + 1]
        if attribute(tag, "authorId") in own:
            continue
        cell = _cell(attribute(tag, "ref") or "A1")
        taken.add(cell)
        comment = _without_ours(comment)
        kept.append(_joined(comment, marks[cell]) if cell in marks else comment)
    new = [c for c in sorted(marks) if c not in taken]
    written = "".join(
        f'<comment ref="{_reference(c)}" authorId="{number}"><text>{_run(_SIGN + chr(10), True)}{_run(_words(marks[c]))}</text></comment>'
        for c in new
    )
    return append(_with_list(part, b"".join(kept)), "commentList", written)


def _with_list(part: bytes, content: bytes) -> bytes:
    """The part with the content of its list replaced."""
    old = inside(part, "commentList")
    if old:
        at = part.index(old, part.index(b"commentList"))
        return part[:at] + content + part[at + len(old) :]
    return part


def with_boxes(part: bytes | None, marks: Mapping[Cell, Mark], widths: Mapping[int, int], block: int) -> bytes:
    """The drawing with a box for each comment of ours, large enough for its words. ``block`` keeps the boxes' numbers apart
    from those of other sheets."""
    blocks = ",".join(str(block + n) for n in range(len(marks) // 1000 + 1))
    part = part or _VML.format(blocks=blocks).encode()
    boxes = "".join(
        _SHAPE.format(
            id=block * 1024 + n + 1,
            z=n + 1,
            row=cell[0] - 1,
            column=cell[1] - 1,
            width=_WIDTH,
            height=_height(marks[cell]),
            anchor=_anchor(cell, _height(marks[cell]), widths),
        )
        for n, cell in enumerate(sorted(marks))
    )
    end = part.rindex(b"</xml>")
    return part[:end] + boxes.encode() + part[end:]


def without_boxes(part: bytes, cells: set[Cell]) -> bytes:
    """The drawing without the boxes of some cells."""

    def kept(match: re.Match) -> bytes:
        row, column = (re.search(rb"<(?:[\w.-]+:)?%s>\s*(\d+)\s*<" % name, match[0]) for name in (b"Row", b"Column"))
        gone = row and column and (int(row[1]) + 1, int(column[1]) + 1) in cells
        return b"" if gone else match[0]

    return re.sub(rb"<((?:[\w.-]+:)?shape)(?=\s)[^>]*>.*?</\1>\s*", kept, part, flags=re.DOTALL)


def cells_of(part: bytes) -> set[Cell]:
    """The cells that have our comments of an earlier round."""
    own = _own(part)
    tags = (c[: c.index(b">") + 1] for c in elements(inside(part, "commentList"), "comment"))
    return {_cell(attribute(tag, "ref") or "A1") for tag in tags if attribute(tag, "authorId") in own}


def _own(part: bytes) -> set[str]:
    """The numbers under which the comments name us as their author."""
    authors = elements(inside(part, "authors"), "author")
    return {str(n) for n, author in enumerate(authors) if re.sub(rb"<[^>]*>", b"", author).decode().strip() == AUTHOR}


def _words(mark: Mark) -> str:
    return "\n".join(mark.texts)


def _run(text: str, bold: bool = False) -> str:
    look = f'<rPr>{"<b/>" if bold else ""}<sz val="10"/><color indexed="81"/><rFont val="宋体"/><charset val="134"/></rPr>'
    return f'<r>{look}<t xml:space="preserve">{shown(text)}</t></r>'


def _joined(comment: bytes, mark: Mark) -> bytes:
    """Someone's own comment on a bad cell keeps its words; ours follow."""
    if not inside(comment, "text").strip():
        return comment
    text = inside(comment, "text")
    if not elements(text, "r"):  # plain words without runs
        bare = re.sub(rb"<[^>]*>", b"", text).decode()
        comment = comment.replace(text, _run_raw(bare).encode())
    return append(comment, "text", _run(f"\n{_SIGN}\n{_words(mark)}"))


def _run_raw(escaped: str) -> str:
    return f'<r><t xml:space="preserve">{escaped}</t></r>'


def _without_ours(comment: bytes) -> bytes:
    """Someone's own comment without what we said there in an earlier round: our words are its end, from our sign on.

    Programs that keep no runs write both into one text.
    """
    sign, text = _SIGN.encode(), inside(comment, "text")
    if sign not in text:
        return comment
    at = text.index(sign)
    opened = re.search(rb"<(?:[\w.-]+:)?t(?=[\s>])[^>]*>\s*$", text[:at].rstrip()) or None
    if opened:  # a run of ours alone: everything from it on
        start = max(text.rfind(b"<r>", 0, at), text.rfind(b":r>", 0, at))
        return comment.replace(text, text[: text.rfind(b"<", 0, start + 1)])
    closing = re.findall(rb"</[^>]*>", text[at:])
    return comment.replace(text, text[:at].rstrip() + b"".join(closing[: 2 if text.rstrip().endswith(b"r>") else 1]))


def _height(mark: Mark) -> int:
    lines = 2 + sum(1 + len(line) // _CHARACTERS for text in mark.texts for line in text.split("\n"))
    return min(_TALLEST, 12 + lines * _LINE)


def _anchor(cell: Cell, height: int, widths: Mapping[int, int]) -> str:
    """Where a box stands: from the upper right of its cell over as many columns and rows as it needs."""
    row, column = cell[0] - 1, cell[1]
    left, top = 15, 2 if row else 0
    row = max(0, row - 1)
    last, right = column, left + _WIDTH
    while last - column < 200 and right > widths.get(last + 1, 64):
        right -= widths.get(last + 1, 64)
        last += 1
    tall = widths.get(0, 20)
    rows, bottom = divmod(top + height, tall)
    return f"{column}, {left}, {row}, {top}, {last}, {right}, {row + rows}, {bottom}"


def _cell(reference: str) -> Cell:
    letters = reference.split(":")[0].rstrip("0123456789")
    return int(reference.split(":")[0][len(letters) :]), column_number(letters) + 1


def _reference(cell: Cell) -> str:
    return f"{column_letters(cell[1] - 1)}{cell[0]}"
