"""Whether the machine is fit to serve: a list of findings, each with what to do. What only the browser knows it finds itself."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jiejian.home import PROJECT, Home

FIT, LOOK, UNFIT = "合适", "留意", "不合适"
_NAMED = ("streamlit", "duckdb", "pandas", "pyarrow", "plotly")
# A new version of the warehouse is built beside the one that serves, and two older ones are kept.
_VERSIONS, _LEAST = 4, 1 << 30
_WRITES = {"loads": "装载", "warehouse": "数据库", "decks": "演示文稿", "uploads": "上传暂存"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name, what was found, whether that is fit, and what to do where it is not."""

    name: str
    found: str
    state: str = FIT
    todo: str = ""


def findings(home: Home) -> list[Finding]:
    """Everything that the server can tell; touches nothing but a file of its own that it removes at once."""
    return [*_writable(home), *_disk(home), *_clock(home), *_versions(), *_private(home)]


def _writable(home: Home) -> Iterator[Finding]:
    refused = [words for folder, words in _WRITES.items() if not _may_write(home.root / folder, home.root)]
    if refused or not _may_write(home.root, home.root):
        words = "、".join(refused) or "数据目录"
        yield Finding("写入权限", f"{words}不能写入", UNFIT, f"请让运行街鉴的账户对 {home.root} 有读写权限，并检查磁盘是否只读。")
    else:
        yield Finding("写入权限", "数据目录可读写")


def _may_write(folder: Path, root: Path) -> bool:
    """Tried, not asked: rights, quotas and read-only disks all show."""
    where = folder if folder.is_dir() else root
    try:
        with tempfile.NamedTemporaryFile(dir=where, prefix=".selfcheck-") as file:
            file.write(b"1")
            file.flush()
        return True
    except OSError:
        return False


def _disk(home: Home) -> Iterator[Finding]:
    where = home.root if home.root.is_dir() else PROJECT
    usage = shutil.disk_usage(where)
    newest = max((p.stat().st_size for p in home.warehouse.glob("*.duckdb")), default=0)
    needed = max(_LEAST, _VERSIONS * newest)
    told = f"剩余 {usage.free / 2**30:,.1f} GB，共 {usage.total / 2**30:,.1f} GB"
    if usage.free < needed:
        todo = f"至少留出 {needed / 2**30:,.1f} GB：装载时要在旁边生成新版本。请清理磁盘或换到更大的磁盘。"
        yield Finding("磁盘空间", told, UNFIT, todo)
    elif usage.free < 3 * needed:
        yield Finding("磁盘空间", told, LOOK, "还够用，请安排清理或扩容。")
    else:
        yield Finding("磁盘空间", told)


def _clock(home: Home) -> Iterator[Finding]:
    """A clock set back is seen by files that were written later than now."""
    now = time.time()
    newest = max((p.stat().st_mtime for p in (*home.loads.glob("*/manifest.json"), *home.warehouse.glob("*.duckdb"))), default=0)
    told = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    if newest > now + 120:
        late = time.strftime("%Y-%m-%d %H:%M", time.localtime(newest))
        yield Finding(
            "服务器时间",
            told,
            UNFIT,
            f"已有的装载写于 {late}，比现在还晚，时钟可能被拨回。请校准服务器时间（时间同步）后再装载。",
        )
    elif time.localtime(now).tm_year < 2026:
        yield Finding("服务器时间", told, UNFIT, "时钟不对。请校准服务器时间（时间同步）。")
    else:
        yield Finding("服务器时间", told)


def _versions() -> Iterator[Finding]:
    pinned = dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", (PROJECT / "requirements.txt").read_text(encoding="utf-8"), re.M))
    there = {name: _installed(name) for name in _NAMED}
    other = [f"{name} {there[name] or '没有装'}（应为 {pinned[name]}）" for name in _NAMED if there[name] != pinned.get(name)]
    python = platform.python_version()
    told = f"Python {python}，" + "，".join(f"{name} {there[name]}" for name in _NAMED if there[name])
    if other:
        yield Finding("程序版本", "；".join(other), LOOK, "与测试过的版本不同。请按 requirements.txt 重新安装依赖。")
    else:
        yield Finding("程序版本", told)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _private(home: Home) -> Iterator[Finding]:
    """Loads and uploads are for the server's account alone."""
    if os.name != "posix":
        return
    open_to_all = [
        p.name for p in (home.root / "uploads", home.root / "pseudonym.key") if p.exists() and p.stat().st_mode & 0o077
    ]
    if open_to_all:
        yield Finding("数据保密", f"{'、'.join(open_to_all)} 别的账户也能读", UNFIT, f"请运行 chmod -R go-rwx {home.root}。")
    else:
        yield Finding("数据保密", "上传暂存和假名密钥只有本账户能读")
