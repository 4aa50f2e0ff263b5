"""The zip container of xlsx, ods and archives: parts are unpacked within bounds, whatever their directory claims.

A part is inflated here piece by piece and counted, since a zip may say 1 KB and hold 4 GB. Nothing is handed to a reader
that has not been looked at in this way.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from etl.textfile import Unreadable

# What is worked out of a piece should fit into what a core has at hand.
PIECE = 1 << 20
# XML of a sheet of 1,048,576 rows by 20 columns is near 1 GB; twenty times smaller when packed.
LARGEST, SUSPICIOUS, RATIO = 2 << 30, 64 << 20, 200

DAMAGED = "文件已损坏或不是 Excel 工作簿，请用 Excel 打开检查后另存为 xlsx 再上报"
BOMB = "解压后大得不正常（可能是压缩炸弹），为安全起见没有读取，请用 Excel 打开检查后另存为新的 xlsx 再上报"
PASSWORD = "文件加了密码，请去掉密码另存后再上报"
_FAULTS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OverflowError,
    ValueError,
    NotImplementedError,
)


class Package:
    """A zip file that is open. Raises Unreadable where it is none, is locked, or unpacks to more than its bounds."""

    def __init__(self, source: Path | BinaryIO, size: int):
        try:
            self._zip = zipfile.ZipFile(source)
            # Some programs write xl\\Workbook.xml: names are compared without case and with slashes.
            self.parts = {info.filename.replace("\\", "/").lstrip("/").lower(): info for info in self._zip.infolist()}
        except (*_FAULTS, UnicodeDecodeError, OSError) as error:
            raise Unreadable(DAMAGED) from error
        self._size = size
        self.bound(list(self.parts), LARGEST)

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def bound(self, names: list[str], largest: int) -> None:
        """Refuse parts that claim to be larger than is plausible for what they are packed into."""
        claimed = sum(self.parts[name].file_size for name in names)
        if claimed > largest or (claimed > SUSPICIOUS and claimed > RATIO * self._size):
            raise Unreadable(BOMB)

    def pieces(self, name: str) -> Iterator[bytes]:
        """A part, inflated in pieces; Unreadable as soon as it is longer than its directory entry says."""
        info = self.parts[name]
        if info.flag_bits & 1:
            raise Unreadable(PASSWORD)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable(DAMAGED)
        total = check = 0
        try:
            for piece in self._stored(info) if info.compress_type == zipfile.ZIP_STORED else self._inflated(info):
                total += len(piece)
                if total > info.file_size:
                    raise Unreadable(BOMB)
                check = zlib.crc32(piece, check)
                yield piece
        except (*_FAULTS, OSError) as error:
            raise Unreadable(DAMAGED) from error
        if total != info.file_size or check != info.CRC:
            raise Unreadable(DAMAGED)

    def read(self, name: str, limit: int = 32 << 20) -> bytes:
        """A part as a whole; for small ones."""
        if self.parts[name].file_size > limit:
            raise Unreadable(BOMB)
        return b"".join(self.pieces(name))

    def _packed(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        file = self._zip.fp
        file.seek(info.header_offset)
        header = file.read(30)
        name, extra = struct.unpack("<HH", header[26:30])
        at, left = info.header_offset + 30 + name + extra, info.compress_size
        while left > 0:
            file.seek(at)
            piece = file.read(min(left, PIECE))
            if not piece:
                raise EOFError
            at, left = at + len(piece), left - len(piece)
            yield piece

    def _stored(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        return self._packed(info)

    def _inflated(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        inflater = zlib.decompressobj(-15)
        for packed in self._packed(info):
            while packed and not inflater.eof:
                yield inflater.decompress(packed, PIECE)
                packed = inflater.unconsumed_tail
        while not inflater.eof:
            rest = inflater.decompress(inflater.unconsumed_tail, PIECE)
            if not rest:
                raise EOFError  # the part ends before its stream does
            yield rest
