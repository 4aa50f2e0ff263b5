"""The SHA-256 of a file. That of a long one can be begun early: while Python imports what it needs, the other core has nothing to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

# Bytes from which it takes a tenth of a second.
_LONG = 128 << 20
_begun: dict[tuple[Path, int, int], Future] = {}


def begin(paths: Iterable[Path]) -> None:
    """Begin with the long ones among some files, one after the other; what cannot be read is said by who asks for it."""
    long = [(path.resolve(), path.stat()) for path in paths if path.is_file() and path.stat().st_size >= _LONG]
    if long:
        pool = ThreadPoolExecutor(1, "hash")
        _begun.update({(path, now.st_size, now.st_mtime_ns): pool.submit(_read, path) for path, now in long})
        pool.shutdown(wait=False)


def file_hash(path: Path) -> str:
    """The hash of a file as it is now, in hexadecimal digits."""
    now = path.stat()
    begun = _begun.pop((path.resolve(), now.st_size, now.st_mtime_ns), None)
    return begun.result() if begun else _read(path)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
