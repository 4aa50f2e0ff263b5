"""The SHA-256 of a file, and how many lines a long one has. Both can be begun early: while Python imports what it needs, the other core
has nothing to do; and what a long file holds can be read before its hash is known, which only gives the load its name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

# Bytes from which it takes a tenth of a second.
_LONG = 128 << 20
# Between two parts the lock of the interpreter is waited for, which is held for milliseconds while modules are imported.
_PART = 16 << 20
# As much as a core's own cache holds, so that what is compared is not written to memory.
_CACHED = 256 << 10
_File = tuple[Path, int, int]
# One file after the other: the disk is one, and the other core reads.
_pool = ThreadPoolExecutor(1, "hash")
_begun: dict[_File, Future[str]] = {}
_counted: dict[_File, Future[int]] = {}


def begin(paths: Iterable[Path]) -> None:
    """Begin with the long ones among some files, one after the other; what cannot be read is said by who asks for it."""
    long = [_as_it_is(path) for path in paths if path.is_file() and path.stat().st_size >= _LONG]
    long = [file for file in long if file not in _begun]
    _begun.update({file: _pool.submit(_hash, file[0]) for file in long})
    _counted.update({file: _pool.submit(_lines, file[0]) for file in long})


class FileHash:
    """The hash of a file as it is now. Of a long one it is worked out beside other work, and waited for by who asks for it first."""

    def __init__(self, path: Path):
        """OSError where the file cannot be read."""
        path.open("rb").close()
        begin([path])
        self._begun = _begun.pop(_as_it_is(path), None)
        self._found = "" if self._begun else _hash(path)

    @property
    def sha256(self) -> str:
        """In hexadecimal digits."""
        return self._begun.result() if self._begun else self._found


def lines_of(path: Path) -> int:
    """The lines of a file as it is now, one without a break at the end included."""
    begun = _counted.pop(_as_it_is(path), None)
    return begun.result() if begun else _lines(path)


def _as_it_is(path: Path) -> _File:
    now = path.stat()
    return path.resolve(), now.st_size, now.st_mtime_ns


def _hash(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        part = memoryview(bytearray(min(_PART, path.stat().st_size + 1)))
        while size := file.readinto(part):
            found.update(part[:size])
    return found.hexdigest()


def _lines(path: Path) -> int:
    import numpy as np  # begun before anything needs it

    breaks, part = 0, np.empty(_CACHED, np.uint8)
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(part):
            breaks += np.count_nonzero(part[:size] == 10)
        if breaks or file.tell():
            file.seek(-1, os.SEEK_END)
            breaks += file.read(1) != b"\n"
    return int(breaks)
