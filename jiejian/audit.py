"""Who did what, when and to what: a table in ``state.sqlite`` of the home to which rows are added and nothing else is done.

It holds accounts and names of files, ledgers and decks; no rows, no figures, nothing else about a person. The database itself
refuses to change or delete a row; who has the machine's shell can still replace the file, which docs/登录与权限.md says.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jiejian.home import Home

if TYPE_CHECKING:
    import pandas as pd

ACTIONS = (
    "登录", "退出", "被拒绝", "导入", "导出", "撤销装载", "恢复装载", "定格", "取消定格", "保存演示", "删除演示", "角色变更",
    "删除演示数据", "记住对应", "忘记对应", "备份", "恢复备份",
)  # fmt: skip
"""What can stand in the column of actions."""

_TABLE = """
CREATE TABLE IF NOT EXISTS audit (
  n INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, account TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL DEFAULT '');
CREATE TRIGGER IF NOT EXISTS audit_keeps BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
"""
SHELL = "本机命令行"
"""Who acts at the machine's own shell, with the name of the account there behind it."""
_LONGEST = 500
_log = logging.getLogger("jiejian")


def record(home: Home, account: str, action: str, subject: str = "") -> None:
    """Add a row. ValueError for an unknown action; where the file cannot be written the log has it, and the error goes on."""
    if action not in ACTIONS:
        raise ValueError(action)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(home.state, timeout=10)) as state, state:
            state.executescript(_TABLE)
            state.execute(
                "INSERT INTO audit (at, account, action, subject) VALUES (?, ?, ?, ?)", (now, account, action, subject[:_LONGEST])
            )
    except (sqlite3.Error, OSError):
        _log.exception("audit: %s %s could not be written", account, action)
        raise


def at_the_machine(account: str) -> str:
    """The account of somebody at the machine's own shell."""
    return f"{SHELL}（{account}）" if account else SHELL


def records(home: Home, most: int = 100_000) -> pd.DataFrame:
    """The rows, the newest first: at (local time), account, action, subject; empty where nothing was ever recorded."""
    import pandas as pd  # here: the command line adds rows and reads none

    rows: list[tuple] = []
    if home.state.is_file():
        with closing(sqlite3.connect(home.state, timeout=10)) as state:
            try:
                rows = state.execute("SELECT at, account, action, subject FROM audit ORDER BY n DESC LIMIT ?", (most,)).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):
                    raise
    local = [datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S") for at, *_ in rows]
    return pd.DataFrame(
        {"at": local, **{name: [r[i] for r in rows] for i, name in enumerate(("account", "action", "subject"), 1)}}, dtype=object
    )
