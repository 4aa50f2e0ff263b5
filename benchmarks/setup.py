"""From nothing to a warehouse: the demo's files, the load, and a second load that must change nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jiejian.home import PROJECT


def timed(home: str, *arguments: str) -> float:
    """Seconds of ``python -m etl …`` as a cold process."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "etl", *arguments],
        cwd=PROJECT,
        env={**os.environ, "JIEJIAN_HOME": home},
        capture_output=True,
        check=False,
    )
    return time.perf_counter() - started


def measure() -> list[tuple[str, float, float | None]]:
    """Rows of (what, seconds, limit)."""
    with tempfile.TemporaryDirectory() as folder:
        written = timed(folder, "demo")
        loaded = timed(folder)
        again = timed(folder)
        size = sum(p.stat().st_size for p in Path(folder, "warehouse").glob("*.duckdb")) / 1e6
    return [
        ("demo: files written", written, None),
        ("demo: ETL, files to serving warehouse", loaded, 10.0),
        ("the same files again", again, None),
        ("warehouse file, MB", size, None),
    ]
