"""Loads that are left out of the warehouse: append-only records beside the loads, of which the last that names a load decides.

Nothing is deleted: a load that was undone can be brought back, and the record says who did which, and when.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

_PREFIX = "rollback-"
TEMPORARY = ".rollback-"


@dataclass(frozen=True)
class Record:
    """One act: which loads were left out (``undo``) or brought back (``redo``)."""

    number: int
    action: Literal["undo", "redo"]
    loads: tuple[str, ...]
    at: str
    user: str


class DamagedRecord(Exception):
    """A record that cannot be read; the message names the file."""


def read_records(folder: Path) -> list[Record]:
    """All records beside the loads in ``folder``, oldest first. Raises DamagedRecord."""
    return [_read(path) for path in sorted(folder.glob(f"{_PREFIX}*.json"))]


def left_out(records: Collection[Record]) -> dict[str, Record]:
    """The loads that are left out, each with the record that did it."""
    found: dict[str, Record] = {}
    for record in records:
        for load in record.loads:
            if record.action == "undo":
                found[load] = record
            else:
                found.pop(load, None)
    return found


def write_record(folder: Path, record: Record) -> None:
    """Put a record beside the loads in one step: after a kill it is there whole or not at all."""
    temporary = folder / f"{TEMPORARY}{os.getpid()}.json"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(asdict(record), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / f"{_PREFIX}{record.number:06d}.json")


def _read(path: Path) -> Record:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Record(content["number"], content["action"], tuple(content["loads"]), content["at"], content["user"])
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedRecord(f"撤销记录 {path.name} 已损坏。请从备份恢复这个文件，或把它移走后重新撤销。") from error
