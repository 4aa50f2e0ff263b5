"""Files broken by chance: the readers give a table or a sentence; they never crash, hang or take more memory than allowed.

The files are made and read in processes of their own (fuzz.py), under a limit of memory and of time for each.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

_FUZZ = Path(__file__).with_name("fuzz.py")


def run(first: int, count: int) -> dict:
    """Read ``count`` files in a process; a process that dies is a failure that names its number."""
    folder = subprocess.run([sys.executable, str(_FUZZ), str(first), str(count)], capture_output=True, text=True, timeout=3600)
    assert folder.returncode == 0, f"the process that read {first} to {first + count - 1} died: {folder.stderr[-2000:]}"
    return json.loads(folder.stdout.splitlines()[-1])


def run_all(count: int, step: int) -> list[dict]:
    """Two processes at a time."""
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda first: run(first, min(step, count - first)), range(0, count, step)))


def judged(count: int, step: int) -> dict[str, int]:
    found = run_all(count, step)
    assert [failure for part in found for failure in part["failures"]] == []
    assert max(part["peak_mb"] for part in found) < 1500
    came: dict[str, int] = {}
    for part in found:
        for kind, number in part["came"].items():
            came[kind] = came.get(kind, 0) + number
    assert sum(came.values()) == count
    return came


@pytest.mark.skipif(sys.platform == "win32", reason="Windows 没有进程内存上限（resource），变异文件测试只在 Linux 上运行。")
def test_2000_broken_files_give_a_table_or_a_sentence():
    came = judged(2000, 500)
    # Both must happen, else the test would see nothing.
    assert came["read"] > 400 and came["refused"] > 400


@pytest.mark.nightly
@pytest.mark.skipif(sys.platform == "win32", reason="Windows 没有进程内存上限（resource），变异文件测试只在 Linux 上运行。")
def test_50000_broken_files_give_a_table_or_a_sentence():
    judged(50_000, 2500)
