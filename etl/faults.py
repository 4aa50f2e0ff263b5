"""What a machine does to a run (a full disk, a file that is gone or cut short, a clock set back) as one Chinese sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import duckdb

from etl.load import Loads

_KEPT = "已有的数据不受影响。"
_FULL = frozenset((errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)))
_FULL_WORDS = ("no space left", "file too large", "disk quota", "not enough space", "could not write all bytes", "disk is full")
_DENIED = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))
# What the engine throws when files fail it; anything else is a fault of the program and no sentence hides it.
_ENGINE = (
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.FatalException,
    duckdb.SerializationException,
    duckdb.TransactionException,
)
_CUT_SHORT = ("no magic bytes", "too small to be a parquet", "parquet")
# Clocks of two machines that share a home differ by so much without either being wrong.
_TOLERATED = timedelta(hours=26)


class StorageFault(Exception):
    """Disk or files failed in the middle of a run; the message is a Chinese sentence."""


class ClockFault(Exception):
    """The clock of this machine cannot be right; the message is a Chinese sentence."""


@contextmanager
def told() -> Iterator[None]:
    """Turn what disk and files did into :class:`StorageFault`."""
    try:
        yield
    except (OSError, *_ENGINE) as error:
        raise StorageFault(sentence(error)) from error
    except duckdb.InvalidInputException as error:
        if not any(words in str(error).lower() for words in _CUT_SHORT):
            raise
        raise StorageFault(sentence(error)) from error


def sentence(error: BaseException) -> str:
    """What happened and what to do, without the system's or the engine's own words."""
    chain = list(_chain(error))
    numbers = {e.errno for e in chain if isinstance(e, OSError)}
    words = " ".join(str(e).lower() for e in chain)
    if numbers & _FULL or any(said in words for said in _FULL_WORDS):
        return f"磁盘空间不够，装载没有完成。请清出空间（或请管理员放宽限额）后重新装载；{_KEPT}"
    if any(isinstance(e, duckdb.OutOfMemoryException | MemoryError) for e in chain):
        return f"内存不够，装载没有完成。请关闭其他程序，或把大表分成几份后重新装载；{_KEPT}"
    named = next((e.filename for e in chain if isinstance(e, OSError) and e.filename), "")
    if numbers & _DENIED or "permission denied" in words:
        return f"没有权限读写{_named(named)}。请管理员检查数据文件夹的权限后重新装载；{_KEPT}"
    if errno.ENOENT in numbers or "no such file" in words or "no files found" in words:
        return f"装载到一半，{_named(named) or '数据文件'}不见了，可能被移走或删除。请重新装载一次；{_KEPT}"
    if any(isinstance(e, duckdb.Error) for e in chain):
        return "数据文件读写出错，可能被截断或正被其他程序占用。请重新装载一次；仍不行时，请管理员从备份恢复 loads 文件夹。"
    return f"读写{_named(named) or '文件'}出错。请检查磁盘和文件权限后重新装载；{_KEPT}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _named(path: object) -> str:
    return f"文件“{path}”" if path else ""


def check_clock(loads: Loads) -> None:
    """Raise ClockFault when the last load that stands was made after now: dates would be taken for days to come, and sent back."""
    last = max((m.loaded_at for m in loads.standing), default="")
    try:
        made = datetime.fromisoformat(last)
    except ValueError:
        return
    now = datetime.now(UTC)
    if made - now > _TOLERATED:
        raise ClockFault(
            f"本机时间是 {_day(now)}，比上一次装载的时间（{_day(made)}）还早，时间可能不对。请校准系统时间后重新装载；{_KEPT}"
            "如果是上一次装载时的时间不对，请先运行 python -m etl rollback --last 撤销它。"
        )


def _day(moment: datetime) -> str:
    return f"{moment.year}年{moment.month}月{moment.day}日"
