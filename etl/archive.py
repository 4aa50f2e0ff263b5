"""A zip of tables: its members as files of their own, within bounds."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import PurePosixPath

from etl.encodings import Unreadable
from etl.package import LARGEST, Package

_MOST = 2000
_SKIPPED = ("__macosx", ".", "~$")


@dataclass(frozen=True)
class Member:
    """A file in an archive: its name as people read it, and the part that holds it."""

    name: str
    part: str


def members(data: bytes) -> list[Member]:
    """The files in an archive, in order of their names; folders and what systems add are left out. Raises Unreadable."""
    with Package(io.BytesIO(data), len(data)) as package:
        found = [Member(_name(info), part) for part, info in package.parts.items() if not info.is_dir()]
    found = [m for m in found if not any(p.lower().startswith(_SKIPPED) for p in PurePosixPath(m.name).parts)]
    if not found:
        raise Unreadable("是空的压缩包，请检查后重新上报")
    if len(found) > _MOST:
        raise Unreadable(f"里有 {len(found)} 个文件，超过 {_MOST} 个，请分成几个压缩包再上报")
    return sorted(found, key=lambda m: m.name)


def read(data: bytes, member: Member) -> bytes:
    """The bytes of one member. Raises Unreadable where it is locked, broken, or larger than it says."""
    with Package(io.BytesIO(data), len(data)) as package:
        return package.read(member.part, LARGEST)


def _name(info) -> str:
    """Chinese Windows writes names in GB18030 and does not say so."""
    if info.flag_bits & 0x800:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            pass
    return info.filename
