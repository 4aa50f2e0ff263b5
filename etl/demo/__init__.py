"""A made-up street, written as the workbooks and exports that a street would send; it corresponds to no real place.

The figures are fictional and marked so wherever they are shown. The same seed writes the same files.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from jiejian.home import Home, home

VERSION = "3"
SEED = 20261031
STAMP = ".stamp"
REMOVED = "demo.removed"


def write(folder: Path, seed: int = SEED) -> list[Path]:
    """Write all files of the made-up street into ``folder`` and return their paths; OSError when it cannot be written."""
    from etl.demo.books import write_books  # pandas and the writers load only when something is written
    from etl.demo.exports import write_cases, write_points, write_table
    from etl.demo.frames import make
    from etl.demo.system_heads import ERRANDS, PARTY_LIFE

    ledgers = make(seed)
    folder.mkdir(parents=True, exist_ok=True)
    return [
        *write_books(folder, ledgers, seed),
        *write_cases(folder, ledgers.cases, seed),
        *write_points(folder, ledgers.points),
        *write_table(folder, "代办帮办台账", ledgers.systems["errands"], ERRANDS, "accepted_on"),
        *write_table(folder, "组织生活台账", ledgers.systems["party_life"], PARTY_LIFE, "held_on"),
    ]


def _mark(seed: int) -> str:
    return f"版本 {VERSION} 种子 {seed}\n"


def ensure(folder: Path, seed: int = SEED) -> bool:
    """Write the made-up street unless it stands there already in this version and seed; True when it was written.

    The folder is written beside its place and renamed, so that a killed run leaves no half of it. Two runs at once
    are kept apart by the lock of the ETL.
    """
    stamp = folder / STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == _mark(seed):
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    for leftover in folder.parent.glob(f".{folder.name}.*.part"):
        shutil.rmtree(leftover)
    fresh = folder.parent / f".{folder.name}.{os.getpid()}.part"
    write(fresh, seed)
    (fresh / STAMP).write_text(_mark(seed), encoding="utf-8")
    if folder.exists():
        stale = folder.parent / f".{folder.name}.old.part"
        folder.replace(stale)
        fresh.replace(folder)
        shutil.rmtree(stale)
    else:
        fresh.replace(folder)
    return True


def is_removed(where: Home | None = None) -> bool:
    """Whether the street has put the made-up one away for good."""
    return ((where or home()).root / REMOVED).is_file()


def remove(where: Home | None = None) -> None:
    """Put the made-up street away: its files go, and a marker keeps it from being written again."""
    where = where or home()
    where.root.mkdir(parents=True, exist_ok=True)
    (where.root / REMOVED).write_text("演示数据已移除。删去本文件可恢复。\n", encoding="utf-8")
    if where.demo.exists():
        shutil.rmtree(where.demo)


def restore(where: Home | None = None) -> None:
    """Take the marker away again; the files are written by the next :func:`ensure`."""
    ((where or home()).root / REMOVED).unlink(missing_ok=True)
