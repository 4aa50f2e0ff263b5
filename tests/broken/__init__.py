"""One broken file for each kind of fault, made here, and the exact clause that it must give: 文件“…” + clause + 。"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import xlsxwriter
import xlwt

DAMAGED = "文件已损坏或不是 Excel 工作簿，请用 Excel 打开检查后另存为 xlsx 再上报"
BOMB = "解压后大得不正常（可能是压缩炸弹），为安全起见没有读取，请用 Excel 打开检查后另存为新的 xlsx 再上报"
PASSWORD = "文件加了密码，请去掉密码另存后再上报"
UNSUPPORTED = "不受支持，请另存为 xlsx 或 csv 再上报"
OPEN_QUOTE = "的引号不成对，后面的内容连成了一格，请用记事本或 Excel 改正引号，另存为 xlsx 再上报"
HEAD, ROW = ["社区", "户数", "常住人口"], ["春和社区", 1200, 3100]


def xlsx(rows: list[list] | None = None, cells: dict[str, object] | None = None) -> bytes:
    """A good workbook, with some cells anywhere."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("十月")
        for r, row in enumerate([HEAD, ROW] if rows is None else rows):
            sheet.write_row(r, 0, row)
        for at, value in (cells or {}).items():
            sheet.write(at, value)
    return out.getvalue()


def xls() -> bytes:
    """A good workbook of the old kind."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("十月")
    for r, row in enumerate([HEAD, ROW]):
        for c, cell in enumerate(row):
            sheet.write(r, c, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A workbook with something else in one of its parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    assert old in parts[part], parts[part]
    parts[part] = parts[part].replace(old, new)
    return zipped(parts)


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return out.getvalue()


def cut_sheet() -> bytes:
    """A sheet that ends in the middle, packed with true sums."""
    sheet = "xl/worksheets/sheet1.xml"
    return changed(changed(xlsx(), sheet, b"</sheetData>", b""), sheet, b"</worksheet>", b"")


def bomb(liar: bool = False) -> bytes:
    """Shared texts of 300 MB in a file of some hundred kilobytes; a liar says in its directory that they are 1,000 bytes."""
    with zipfile.ZipFile(io.BytesIO(xlsx())) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    parts["xl/sharedStrings.xml"] = b"<sst>" + b" " * (300 << 20) + b"</sst>"
    data = zipped(parts)
    if not liar:
        return data
    real = struct.pack("<I", len(parts["xl/sharedStrings.xml"]))
    assert data.count(real) == 2
    return data.replace(real, struct.pack("<I", 1000))


def wrong_sum() -> bytes:
    """A zip whose member does not have the sum that the directory says."""
    data = bytearray(xlsx())
    at = data.find(b"PK\x01\x02")
    data[at + 16] ^= 0xFF
    while (at := data.find(b"PK\x01\x02", at + 1)) > 0:
        data[at + 16] ^= 0xFF
    return bytes(data)


def locked_xls() -> bytes:
    """The record WINDOWPROTECT becomes FILEPASS, by which an encrypted workbook begins."""
    data = bytearray(xls())
    at = data.find(b"\x19\x00\x02\x00")
    data[at] = 0x2F
    return bytes(data)


FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty file": ("空.xlsx", lambda: b"", "是空文件，请检查后重新上报"),
    "empty text": ("空白.csv", lambda: b"\xef\xbb\xbf \r\n", "是空文件，请检查后重新上报"),
    "broken zip": ("坏.xlsx", lambda: b"PK\x03\x04broken", DAMAGED),
    "truncated xlsx": ("半截.xlsx", lambda: xlsx()[:-400], DAMAGED),
    "wrong sums": ("校验.xlsx", wrong_sum, DAMAGED),
    "truncated sheet": ("缺尾.xlsx", cut_sheet, DAMAGED),
    "truncated xls": ("半截.xls", lambda: xls()[:2048], DAMAGED),
    "locked xlsx": ("密码.xlsx", lambda: xls()[:512] + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600, PASSWORD),
    "locked xls": ("密码.xls", locked_xls, PASSWORD),
    "html": ("网页.xls", lambda: b"\xef\xbb\xbf<html><table></table></html>", "是网页格式的文件改名而成，请用 Excel 或 WPS 打开后另存为 xlsx 再上报"),
    "xml": ("旧表.xls", lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "是“XML 表格 2003”格式，请用 Excel 或 WPS 打开后另存为 xlsx 再上报"),
    "xlsb": ("二进制.xlsb", lambda: zipped({"xl/workbook.bin": b"x"}), "是 xlsb（二进制工作簿）格式，请用 Excel 或 WPS 打开后另存为 xlsx 再上报"),
    "word": ("文档.xlsx", lambda: zipped({"word/document.xml": b"x"}), "是 Word 文档，请把其中的表格复制到 Excel 或 WPS 表格，另存为 xlsx 再上报"),
    "pdf": ("扫描.pdf", lambda: b"%PDF-1.7", "是 PDF 文件，不能读出表格，请向提供的人要原来的 Excel 文件再上报"),
    "picture": ("照片.xlsx", lambda: b"\x89PNG\r\n\x1a\n", "是图片，不能读出表格，请向提供的人要原来的 Excel 文件再上报"),
    "rar": ("台账.zip", lambda: b"Rar!\x1a\x07", "是 rar 或 7z 压缩包，请解压后把里面的表格逐个上报，或改用 zip 压缩"),
    "unknown": ("程序.exe", lambda: b"MZ\x90\0", f"类型 .exe {UNSUPPORTED}"),
    "binary": ("数据.csv", lambda: bytes(range(256)) * 40, "不是文本文件，请另存为 xlsx 或 csv 再上报"),
    "encoding": ("乱码.csv", lambda: b"\xff\xff\xff\x81", "认不出文字编码，请用 Excel 打开后另存为 xlsx，或另存为 UTF-8 编码的 csv 再上报"),
    "open quote": ("引号.csv", lambda: '社区,户数\n"春和社区,1\n望湖社区,2\n'.encode(), "第 2 行" + OPEN_QUOTE),
    "bomb": ("炸弹.xlsx", bomb, BOMB),
    "lying bomb": ("伪装.xlsx", lambda: bomb(liar=True), BOMB),
    "far cells": ("远.xlsx", lambda: xlsx(cells={"XFD1048576": 1}), "工作表“十月”在离表格很远的地方（直到 XFD1048576）还有内容，请删去表格以外的行和列后重新上报"),
    "10,000 columns": ("宽.xlsx", lambda: xlsx([HEAD + [f"列{n}" for n in range(9_997)], ROW]), "工作表“十月”有 10000 列，超过 2000 列，不像台账，请只保留台账的列，或把时间改成一行一期后重新上报"),
    "empty archive": ("空包.zip", lambda: b"PK\x05\x06" + b"\0" * 18, "是空的压缩包，请检查后重新上报"),
}  # fmt: skip
