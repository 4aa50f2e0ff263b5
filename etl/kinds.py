"""What a file is, by its bytes and not by its name, and what to say where it is no table that can be read."""

from __future__ import annotations

import enum
import io
import re
import zipfile

from etl.package import DAMAGED, PASSWORD

_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK"
_AGAIN = "另存为 xlsx 再上报"


class Kind(enum.Enum):
    """A kind of file and the clause that refuses it (empty: it can be read)."""

    XLSX = ("xlsx", "")
    XLS = ("xls", "")
    ODS = ("ods", "")
    TEXT = ("text", "")
    ARCHIVE = ("zip", "")
    XLSB = ("xlsb", f"是 xlsb（二进制工作簿）格式，请用 Excel 或 WPS 打开后{_AGAIN}")
    LOCKED = ("locked", PASSWORD)
    WORD = ("word", f"是 Word 文档，请把其中的表格复制到 Excel 或 WPS 表格，{_AGAIN}")
    SLIDES = ("slides", f"是演示文稿，请把其中的表格复制到 Excel 或 WPS 表格，{_AGAIN}")
    PDF = ("pdf", "是 PDF 文件，不能读出表格，请向提供的人要原来的 Excel 文件再上报")
    PICTURE = ("picture", "是图片，不能读出表格，请向提供的人要原来的 Excel 文件再上报")
    HTML = ("html", f"是网页格式的文件改名而成，请用 Excel 或 WPS 打开后{_AGAIN}")
    XML = ("xml", f"是“XML 表格 2003”格式，请用 Excel 或 WPS 打开后{_AGAIN}")
    RAR = ("rar", "是 rar 或 7z 压缩包，请解压后把里面的表格逐个上报，或改用 zip 压缩")
    DAMAGED = ("damaged", DAMAGED)

    def __init__(self, _: str, says: str):
        self.says = says


_SIGNS = (
    (b"%PDF", Kind.PDF),
    (b"Rar!", Kind.RAR),
    (b"7z\xbc\xaf", Kind.RAR),
    (b"\x89PNG", Kind.PICTURE),
    (b"\xff\xd8\xff", Kind.PICTURE),
    (b"GIF8", Kind.PICTURE),
    (b"{\\rtf", Kind.WORD),
)


def kind_of(data: bytes) -> Kind:
    """The kind of a file that is held in memory."""
    if data.startswith(_OLE):
        return _ole(data)
    if data.startswith(_ZIP):
        return _zipped(data)
    for sign, kind in _SIGNS:
        if data.startswith(sign):
            return kind
    return _marked_up(data)


def _zipped(data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            names = set(parts.namelist())
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError, OSError):
        return Kind.DAMAGED
    for name, kind in (
        ("xl/workbook.xml", Kind.XLSX),
        ("xl/workbook.bin", Kind.XLSB),
        ("word/document.xml", Kind.WORD),
        ("ppt/presentation.xml", Kind.SLIDES),
    ):
        if name in names:
            return kind
    if "content.xml" in names:
        return Kind.ODS
    return Kind.DAMAGED if "[Content_Types].xml" in names else Kind.ARCHIVE


def _ole(data: bytes) -> Kind:
    """The names of streams are written in UTF-16 in the directory of the container."""

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") + b"\0\0" in data

    if holds("EncryptedPackage") or holds("EncryptionInfo"):
        return Kind.LOCKED
    if holds("Workbook") or holds("Book"):
        return Kind.XLS
    if holds("WordDocument"):
        return Kind.WORD
    return Kind.SLIDES if holds("PowerPoint Document") else Kind.DAMAGED


def _marked_up(data: bytes) -> Kind:
    """A web page or an XML spreadsheet, in whatever encoding; else text."""
    start = data[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith(b"mime-version:"):
        return Kind.HTML
    if not start.startswith(b"<"):
        return Kind.TEXT
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        return Kind.XML
    return (
        Kind.HTML
        if re.search(rb"<(!doctype html|html|table|head|body|meta|style|div)\b", start)
        else Kind.XML
        if start.startswith(b"<?xml")
        else Kind.TEXT
    )
