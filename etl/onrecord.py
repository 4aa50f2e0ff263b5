"""What is done at the machine's own shell, in the same append-only record as what is done on the pages (see jiejian/audit.py)."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable

from etl.load import REPLACED, Manifest, user
from jiejian import audit
from jiejian.home import home


def noted(action: str, subject: str) -> None:
    """Put an act that was done on record. It is done: where the record cannot be written that is said, and changes nothing else."""
    try:
        audit.record(home(), audit.at_the_machine(user()), action, subject)
    except (sqlite3.Error, OSError):
        print(f"已经办完，但没有记进操作记录：{home().state} 写不进去。请检查磁盘空间和权限。", file=sys.stderr)


def loaded(written: Iterable[Manifest]) -> None:
    """Put loads on record; what ships with the project is nobody's act."""
    mine = [m for m in written if m.dataset not in REPLACED]
    if not mine:
        return
    names = "、".join(dict.fromkeys(m.file for m in mine))
    noted("导入", f"{names}（入库{sum(m.rows_accepted for m in mine):,}行，退回{sum(m.rows_rejected for m in mine):,}行）")
