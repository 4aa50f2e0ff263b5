"""A workbook as it was sent, with its bad cells coloured and commented and a list of the problems as its last sheet.

The package is edited part by part: what is not touched (charts, pictures, hidden sheets, macros, print settings) stays byte for byte.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from etl.markcomments import EMPTY, cells_of, with_boxes, with_comments, without_boxes
from etl.marks import COMMENTS, HEADS, LIST_SHEET, Cell, Mark, Problem, by_cell, listing
from etl.marksheet import drawing_of, restyle, widths, with_drawing
from etl.markstyles import EMPTY as NO_STYLES
from etl.markstyles import Styles
from etl.ooxml import MAIN, PACKAGE, RELATED, Unmarkable, append, attribute, elements, inside, shown
from etl.workbook import column_letters

_NO_RELATIONS = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="{PACKAGE}"></Relationships>'.encode()
)
_TYPES = "[Content_Types].xml"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.{}+xml"
_VML = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_FIRST_BLOCK = 200


def mark_workbook(path: Path, problems: Sequence[Problem], out: Path) -> Path:
    """Write the marked workbook to ``out``. Raises Unmarkable when the package is not put together as usual."""
    with zipfile.ZipFile(path) as package:
        book = _Book(package)
        book.mark(problems)
        temporary = out.with_name(f".{out.name}.part")
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
            for info in package.infolist():
                if info.filename not in book.changed and not info.is_dir():
                    target.writestr(zipfile.ZipInfo(info.filename), package.read(info), zipfile.ZIP_DEFLATED)
            for name, content in book.changed.items():
                target.writestr(name, content)
    temporary.replace(out)
    return out


class _Book:
    """The parts of a package that are read and changed."""

    def __init__(self, package: zipfile.ZipFile):
        self._package, self._names = package, set(package.namelist())
        self.changed: dict[str, bytes] = {}
        self._main = self._target("", self._related("_rels/.rels", "/officeDocument"))
        if b"purl.oclc.org" in self._part(self._main) or not self._part(self._main).lstrip(b"\xef\xbb\xbf").startswith(b"<"):
            raise Unmarkable("strict or not UTF-8")
        self._relations = self._relations_of(self._main)
        self._styles_path = self._styles_part()
        self._styles = Styles(self._part(self._styles_path))
        self._block = _FIRST_BLOCK

    def mark(self, problems: Sequence[Problem]) -> None:
        """Colour and comment the cells, and put the list of problems last."""
        marks = by_cell(problems)
        left = COMMENTS
        for name, path in self._sheets().items():
            if name != LIST_SHEET:
                here = marks.get(name, {})
                left -= self._mark_sheet(path, here, left)
        self._list(problems)
        self.changed[self._styles_path] = self._styles.written()

    # ---- one sheet ----

    def _mark_sheet(self, path: str, marks: Mapping[Cell, Mark], comments: int) -> int:
        """Mark a sheet; returns how many comments it got. A sheet without marks, old or new, is not touched."""
        related = self._relations_of(path)
        there = self._related(related, "/comments")
        notes = self._target(path, there) if there else ""
        old = cells_of(self._part(notes)) if notes else set()
        if not marks and not old and not (self._styles.marked and self._has_marked(path)):
            return 0
        styles = self._styles
        part = restyle(self._part(path), marks, styles.marked, lambda cell, style: self._style(marks, cell, style))
        said = dict(sorted(marks.items())[: max(0, comments)])
        if said or old:
            part = self._comment(path, part, notes, said, old)
        self.changed[path] = part
        return len(said)

    def _has_marked(self, path: str) -> bool:
        ids = b"|".join(str(s).encode() for s in self._styles.marked)
        return re.search(rb"<(?:[\w.-]+:)?c\s(?:[^>]*?\s)?s=[\"'](?:" + ids + rb")[\"']", self._part(path)) is not None

    def _style(self, marks: Mapping[Cell, Mark], cell: Cell, style: int) -> int:
        if cell in marks:
            return self._styles.of(style, marks[cell].severity)
        return self._styles.of(style, "") if style in self._styles.marked else style

    def _comment(self, path: str, part: bytes, notes: str, marks: Mapping[Cell, Mark], old: set[Cell]) -> bytes:
        content = with_comments(self._part(notes) if notes else EMPTY, marks)
        if not notes:
            notes = self._new_name("xl/comments{}.xml")
            self._relate(path, "comments", notes)
            self._declare(notes, "comments")
        self.changed[notes] = content
        relation = drawing_of(part)
        drawing = self._target(path, self._link(self._relations_of(path), relation)) if relation else ""
        boxes = without_boxes(self._part(drawing), old | set(marks)) if drawing else None
        if not drawing:
            drawing = self._new_name("xl/drawings/vmlDrawing{}.vml")
            part = with_drawing(part, self._relate(path, "vmlDrawing", drawing))
            self._declare_vml()
        self.changed[drawing] = with_boxes(boxes, marks, widths(part), self._block)
        self._block += len(marks) // 1000 + 1
        return part

    # ---- the list ----

    def _list(self, problems: Sequence[Problem]) -> None:
        sheets = self._sheets()
        path = sheets.get(LIST_SHEET, "")
        if not path:
            path = self._new_name("xl/worksheets/sheet{}.xml")
            relation = self._relate(self._main, "worksheet", path)
            self._declare(path, "worksheet")
            tags = elements(inside(self._part(self._main), "sheets"), "sheet")
            number = max((int(attribute(tag, "sheetId") or 0) for tag in tags), default=0) + 1
            tag = f'<sheet name="{LIST_SHEET}" sheetId="{number}" xmlns:r="{RELATED}" r:id="{relation}"/>'
            self.changed[self._main] = append(self._part(self._main), "sheets", tag)
        self.changed[path] = list_sheet(problems, self._styles.listing())

    # ---- the package ----

    def _part(self, name: str) -> bytes:
        if name in self.changed:
            return self.changed[name]
        try:
            return self._package.read(name)
        except KeyError as error:
            raise Unmarkable(name) from error

    def _sheets(self) -> dict[str, str]:
        """Sheet names → the parts that hold them."""
        found = {}
        for tag in elements(inside(self._part(self._main), "sheets"), "sheet"):
            relation = re.search(rb"""[\w.-]+:id\s*=\s*["']([^"']+)["']""", tag)
            link = self._link(self._relations_of(self._main), relation[1].decode() if relation else "")
            if link:
                found[attribute(tag, "name") or ""] = self._target(self._main, link)
        return {name: path for name, path in found.items() if path in self._names or path in self.changed}

    def _relations_of(self, path: str) -> str:
        folder, name = posixpath.split(path)
        return posixpath.join(folder, "_rels", f"{name}.rels")

    def _links(self, relations: str) -> list[bytes]:
        there = relations in self._names or relations in self.changed
        return elements(inside(self._part(relations), "Relationships"), "Relationship") if there else []

    def _related(self, relations: str, kind: str) -> str:
        return next(
            (attribute(t, "Target") or "" for t in self._links(relations) if (attribute(t, "Type") or "").endswith(kind)), ""
        )

    def _link(self, relations: str, number: str) -> str:
        return next((attribute(t, "Target") or "" for t in self._links(relations) if attribute(t, "Id") == number), "")

    @staticmethod
    def _target(source: str, link: str) -> str:
        """The part that a link names, seen from the part ``source``."""
        if link.startswith("/"):
            return link[1:]
        return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))

    def _relate(self, source: str, kind: str, target: str) -> str:
        """Add a relation; returns its id."""
        relations = self._relations_of(source)
        content = self._part(relations) if relations in self._names or relations in self.changed else _NO_RELATIONS
        used = {attribute(tag, "Id") for tag in elements(inside(content, "Relationships"), "Relationship")}
        number = next(f"rIdJj{n}" for n in range(1, 9999) if f"rIdJj{n}" not in used)
        link = posixpath.relpath(target, posixpath.dirname(source) or ".")
        tag = f'<Relationship Id="{number}" Type="{RELATED}/{kind}" Target="{link}"/>'
        self.changed[relations] = append(content, "Relationships", tag)
        return number

    def _declare(self, path: str, kind: str) -> None:
        tag = f'<Override PartName="/{path}" ContentType="{_TYPE.format(kind)}"/>'
        self.changed[_TYPES] = append(self._part(_TYPES), "Types", tag)

    def _declare_vml(self) -> None:
        types = self._part(_TYPES)
        if not any((attribute(t, "Extension") or "").lower() == "vml" for t in elements(inside(types, "Types"), "Default")):
            # Defaults come before overrides.
            prefix = re.search(rb"<((?:[\w.-]+:)?)Types(?=[\s/>])[^>]*>", types)
            tag = b'<%sDefault Extension="vml" ContentType="%s"/>' % (prefix[1], _VML.encode())
            self.changed[_TYPES] = types[: prefix.end()] + tag + types[prefix.end() :]

    def _new_name(self, pattern: str) -> str:
        taken = self._names | set(self.changed)
        return next(name for n in range(1, 9999) if (name := pattern.format(f"Jj{n}")) not in taken)

    def _styles_part(self) -> str:
        link = self._related(self._relations, "/styles")
        if link:
            return self._target(self._main, link)
        path = "xl/styles.xml"
        self.changed[path] = NO_STYLES
        self._relate(self._main, "styles", path)
        self._declare(path, "styles")
        return path


def list_sheet(problems: Sequence[Problem], styles: Mapping[str, int]) -> bytes:
    """The sheet 问题清单; each cell that it names can be clicked."""
    lines, rows = listing(problems)
    written, links = [], []

    def put(row: int, texts: Sequence[str], style: int, height: int = 0) -> None:
        tall = f' ht="{height}" customHeight="1"' if height else ""
        cells = (
            f'<c r="{column_letters(n)}{row}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{shown(text)}</t></is></c>'
            if text
            else f'<c r="{column_letters(n)}{row}" s="{style}"/>'
            for n, text in enumerate(texts)
        )
        written.append(f'<row r="{row}"{tall}>{"".join(cells)}</row>')

    for number, line in enumerate(lines, 1):
        put(number, [line], styles["title"], 20)
    head = len(lines) + 1
    put(head, HEADS, styles["head"])
    for number, texts in enumerate(rows, head + 1):
        lines_needed = max(1 + len(texts[6]) // 26, 1 + len(texts[7]) // 26, 1 + len(texts[5]) // 12)
        put(number, texts, styles["error" if texts[1] == "退回" else "warning"], 4 + 15 * lines_needed)
        place = texts[3].split("、")[0]
        if texts[2] and re.fullmatch(r"[A-Z]+\d+", place):
            where = "'" + texts[2].replace("'", "''") + "'!" + place
            links.append(f'<hyperlink ref="D{number}" location="{shown(where).replace(chr(34), "&quot;")}" display="{place}"/>')
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{w}" customWidth="1"/>' for n, w in enumerate((6, 7, 16, 14, 18, 22, 46, 46), 1)
    )
    hyperlinks = f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}">'
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView workbookViewId="0"><pane ySplit="{head}" topLeftCell="A{head + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{widths}</cols><sheetData>{''.join(written)}</sheetData>{hyperlinks}"
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    ).encode()
