"""What was dropped onto the page, kept aside as it came: to be marked and given back to whoever sent it, for a limited time.

A folder an upload, readable by the server's account only; swept at each run.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from etl import archive
from etl.extract import BOOKS, TEXTS
from etl.origins import Origin
from etl.package import BOMB, DAMAGED, PASSWORD
from etl.textfile import Unreadable
from jiejian.home import Home

KEPT_DAYS = 30
# How many tables one archive may hold; how large they may be says package.py.
MOST_FILES = 300
_KINDS = (*BOOKS, *TEXTS)
# What a workbook would be told, in the words of an archive.
_ARCHIVE = {
    PASSWORD: "加了密码，请解压后直接上传里面的表",
    DAMAGED: "已损坏，请重新压缩，或直接上传里面的表",
    BOMB: "解压后大得不正常（可能是压缩炸弹），为安全起见没有读取，请直接上传里面的表",
}
_ABOUT = "about.json"
_BAD = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_ID = re.compile(r"^[0-9]{14}-[0-9a-f]{12}$")


@dataclass(frozen=True)
class Upload:
    """One file that was sent: its id, its name, who sent it and when (UTC)."""

    id: str
    name: str
    who: str
    at: str


class Uploads:
    """The uploads of a home."""

    def __init__(self, home: Home):
        self._folder = home.root / "uploads"

    def keep(self, name: str, content: bytes, who: str) -> Upload:
        """Keep a file aside; whoever else asks for it does not get it. What has expired goes at the same time."""
        self.sweep()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        now = datetime.now(UTC)
        upload = Upload(f"{now:%Y%m%d%H%M%S}-{secrets.token_hex(6)}", safe_name(name), who, now.isoformat(timespec="seconds"))
        folder = self._folder / upload.id
        folder.mkdir(mode=0o700)
        _write(folder / upload.name, content)
        _write(folder / _ABOUT, json.dumps(asdict(upload), ensure_ascii=False).encode())
        return upload

    def find(self, number: str, who: str, today: datetime | None = None) -> Upload | None:
        """The upload of this id, if it is there, was sent by ``who`` and has not expired (be it swept or not)."""
        if not _ID.match(number) or number[:14] < _limit(today):
            return None
        try:
            found = Upload(**json.loads((self._folder / number / _ABOUT).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return found if found.who == who else None

    def path(self, upload: Upload) -> Path:
        """Where the file lies, under its own name: titles and periods are also read from there."""
        return self._folder / upload.id / upload.name

    def origin(self, upload: Upload, dataset: str) -> Origin:
        """The file as the loads know it: one of the same name is a later version of the same file."""
        return Origin(dataset, self.path(upload), f"upload/{upload.name}")

    def forget(self, upload: Upload) -> None:
        shutil.rmtree(self._folder / upload.id, ignore_errors=True)

    def sweep(self, today: datetime | None = None) -> None:
        """Remove what is older than :data:`KEPT_DAYS`, and what a killed server left half written."""
        limit = _limit(today)
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name[:14] < limit:
                shutil.rmtree(folder, ignore_errors=True)


def _limit(today: datetime | None) -> str:
    """The beginning of the ids of what was sent so long ago that it has just not expired."""
    return f"{(today or datetime.now(UTC)) - timedelta(days=KEPT_DAYS):%Y%m%d%H%M%S}"


def safe_name(name: str) -> str:
    """A file name that cannot leave its folder and that every system can hold."""
    path = Path(_BAD.sub("_", PurePosixPath(name.replace("\\", "/")).name).strip(" .") or "未命名")
    stem = path.stem
    while len((stem + path.suffix).encode()) > 200:
        stem = stem[:-1]
    return (stem + path.suffix) if path.name != _ABOUT else f"_{_ABOUT}"


def unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The tables in a dropped file: itself, or what a zip archive holds. Raises Unreadable with a clause in Chinese."""
    if not name.lower().endswith(".zip"):
        yield safe_name(name), content
        return
    try:
        found = archive.members(content)
    except Unreadable as error:
        raise Unreadable(_ARCHIVE.get(str(error), str(error))) from error
    tables = [member for member in found if member.name.lower().endswith(_KINDS)]
    if not tables:
        raise Unreadable("里面没有 Excel 或 CSV 表，请检查后重新上传")
    if len(tables) > MOST_FILES:
        raise Unreadable(f"里面的表太多（{len(tables)} 个，最多 {MOST_FILES} 个），请分几次上传")
    for member in tables:
        try:
            unzipped = archive.read(content, member)
        except Unreadable as error:
            raise Unreadable(_ARCHIVE.get(str(error), str(error))) from error
        yield safe_name(member.name), unzipped


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
