"""The home in one file and back: everything that cannot be derived, with a checksum for each file.

The archive is a zip with ``backup.json`` (when, which version, sha256 of each member). The warehouse is not in it: it is derived
from the loads, anew, in whatever version restores. Raw uploads are not in it either: they expire and go back only to their sender.
The archive holds the key of the pseudonyms and the street's own ledgers, so only its owner may read it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from etl.schema import SCHEMA_VERSION
from jiejian.home import Home

ABOUT = "backup.json"
FORMAT = 1
READY, ASIDE = ".restore-ready", "before-restore-"
_UNPACKING, _PLAN = ".restore-", ".plan.json"
# Derived, expiring or shipped with the project; what begins with a point is at work.
_LEFT_OUT = frozenset(("warehouse", "uploads", "articles", "national", "benchmark", "marked"))
_STORED = (".parquet", ".xlsx", ".xlsm", ".zip", ".pptx", ".png", ".jpg")
_BLOCK = 1 << 20


class Broken(Exception):
    """Why an archive is not taken; a whole Chinese sentence."""


@dataclass(frozen=True)
class Archive:
    """What an archive says of itself."""

    made_at: str
    schema: int
    files: dict[str, str]
    size: int


def write(home: Home, out: Path) -> Archive:
    """Write the archive of a home whose lock is held; appears under its name only once it is whole."""
    files: dict[str, str] = {}
    size = 0
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                for name, path in _members(home, out):
                    with closing(_opened(path)) as source:
                        files[name], length = _add(archive, name, source)
                    size += length
                made = Archive(f"{datetime.now():%Y-%m-%d %H:%M:%S}", SCHEMA_VERSION, files, size)
                about = {"format": FORMAT, "made_at": made.made_at, "schema": made.schema, "files": files}
                archive.writestr(ABOUT, json.dumps(about, ensure_ascii=False, indent=1))
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return made


def _members(home: Home, out: Path) -> Iterator[tuple[str, Path]]:
    for top in sorted(home.root.iterdir()) if home.root.is_dir() else ():
        if not _belongs(top.name):
            continue
        for path in [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.is_file()):
            if path.resolve() != out.resolve() and not path.is_symlink():
                yield path.relative_to(home.root).as_posix(), path


def _belongs(name: str) -> bool:
    """Whether something at the top of a home is part of a backup."""
    return (
        name not in _LEFT_OUT and not name.startswith((".", ASIDE)) and not name.endswith(("-wal", "-shm", "-journal", ".part"))
    )


def _opened(path: Path):
    """A file to read; a database of the application as it stands between two transactions, whoever writes to it."""
    if path.suffix != ".sqlite":
        return path.open("rb")
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with tempfile.TemporaryDirectory() as folder:
        still = Path(folder) / "copy.sqlite"
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(still)) as target:
            source.backup(target)
        with still.open("rb") as stream:
            shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return copy


def _add(archive: zipfile.ZipFile, name: str, source) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    about = zipfile.ZipInfo(name, datetime.now().timetuple()[:6])
    about.compress_type = zipfile.ZIP_STORED if name.lower().endswith(_STORED) else zipfile.ZIP_DEFLATED
    about.external_attr = 0o600 << 16
    with archive.open(about, "w", force_zip64=True) as target:
        while block := source.read(_BLOCK):
            digest.update(block)
            target.write(block)
            size += len(block)
    return digest.hexdigest(), size


# ---- back ----


def unpack(home: Home, path: Path) -> Archive:
    """Unpack an archive beside what stands in the home, every file checked; nothing of the home changes. Raises Broken."""
    home.root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_UNPACKING, dir=home.root))
    try:
        try:
            with zipfile.ZipFile(path) as archive:
                found = _about(archive, path)
                for name, digest in found.files.items():
                    if _take(archive, name, folder / name) != digest:
                        raise Broken(
                            f"备份文件“{path.name}”已损坏：里面的“{name}”与备份时不一致。没有恢复，现有数据没有改动；请换一份备份。"
                        )
        except (zipfile.BadZipFile, EOFError, KeyError, NotImplementedError, RuntimeError, zlib.error) as error:
            raise Broken(
                f"“{path.name}”不是完整的备份文件，可能没有复制完或已损坏。没有恢复，现有数据没有改动；请换一份备份。"
            ) from error
        for name in ("loads", "inbox"):
            (folder / name).mkdir(exist_ok=True)
        plan = {"aside": f"{ASIDE}{datetime.now():%Y%m%d-%H%M%S}", "names": sorted(p.name for p in folder.iterdir())}
        (folder / _PLAN).write_text(json.dumps(plan), encoding="utf-8")
        shutil.rmtree(home.root / READY, ignore_errors=True)
        folder.replace(home.root / READY)
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _about(archive: zipfile.ZipFile, path: Path) -> Archive:
    try:
        about = json.loads(archive.read(ABOUT))
        files, schema, size = dict(about["files"]), int(about["schema"]), sum(i.file_size for i in archive.infolist())
        made_at, form = str(about["made_at"]), int(about["format"])
    except (KeyError, ValueError, TypeError) as error:
        raise Broken(f"“{path.name}”不是街鉴的备份文件（里面没有备份清单）。没有恢复，现有数据没有改动。") from error
    if form > FORMAT:
        raise Broken(f"“{path.name}”是更新版本的街鉴做的备份，这个版本读不了。请先升级程序再恢复。")
    for name in files:
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or name.startswith(("/", "\\")) or ":" in name or "\\" in name or not _belongs(parts[0]):
            raise Broken(f"备份文件“{path.name}”里有不安全的路径“{name}”。没有恢复，现有数据没有改动。")
    return Archive(made_at, schema, files, size)


def _take(archive: zipfile.ZipFile, name: str, target: Path) -> str:
    """Write a member to disk; returns its sha256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with archive.open(name) as source, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        while block := source.read(_BLOCK):
            digest.update(block)
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())
    return digest.hexdigest()


def holds_something(home: Home) -> bool:
    """Whether there is anything in the home that a restore would replace."""
    return any(home.loads.glob("*/manifest.json")) or any(p.name != "README.md" for p in home.inbox.glob("*"))


def finish(home: Home) -> Path | None:
    """Put what was unpacked in its place and what stood there aside; goes on where a killed restore stopped.

    Returns the folder with what stood there, None where nothing was waiting.
    """
    ready = home.root / READY
    if not ready.is_dir():
        for leftover in home.root.glob(f"{_UNPACKING}*") if home.root.is_dir() else ():
            shutil.rmtree(leftover, ignore_errors=True)
        return None
    plan = json.loads((ready / _PLAN).read_text(encoding="utf-8"))
    aside, coming = home.root / plan["aside"], [name for name in plan["names"] if (ready / name).exists()]
    aside.mkdir(mode=0o700, exist_ok=True)
    # What the backup lacks goes, too, and so does what SQLite keeps beside a database that is replaced.
    for there in sorted(home.root.iterdir()):
        beside = there.name.endswith(("-wal", "-shm", "-journal"))
        if beside or (_belongs(there.name) and (there.name in coming or there.name not in plan["names"])):
            there.replace(aside / there.name)
    for name in coming:
        (ready / name).replace(home.root / name)
    shutil.rmtree(ready)
    return aside
