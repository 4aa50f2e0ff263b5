"""A million cases as CSV or Parquet: a process of its own writes them batch by batch and says its time and its peak memory.

``python -m benchmarks.streams <warehouse> <csv|parquet>`` is that process; :func:`measure` runs it over the demo's cases and
over five times as many, so that what grows with the rows can be told from what does not.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from jiejian.home import PROJECT

TIMES = 5
GROWS_MB = 300  # what five times the rows may take more: the sort of the rows in DuckDB; the file itself is as large


def lengthened(path: Path, folder: Path) -> Path:
    """A copy of a warehouse that holds each case five times, under numbers of their own."""
    longer = Path(shutil.copy(path, folder / "long.duckdb"))
    with duckdb.connect(str(longer)) as connection:
        connection.execute(
            f"INSERT INTO case_event SELECT e.* REPLACE (case_no || '-' || n AS case_no) FROM case_event e, range(1, {TIMES}) r (n)"
        )
    return longer


def measure() -> list[tuple[str, float, float | None]]:
    """Rows of (what, measured, limit)."""
    from jiejian.home import home
    from jiejian.warehouse import serving

    rows: list[tuple[str, float, float | None]] = []
    with tempfile.TemporaryDirectory() as folder:
        short = serving(home())
        long = lengthened(short, Path(folder))
        for ending in ("csv", "parquet"):
            small, large = (_run(path, ending) for path in (short, long))
            name = "CSV" if ending == "csv" else "Parquet"
            rows += [
                (f"{name} of {large['rows']:,} cases, s", large["seconds"], None),
                (f"{name} of {large['rows']:,} cases, CPU s", large["cpu"], None),
                (f"{name}, MB of the file", large["file"], None),
                (f"{name}, peak MB with {large['rows']:,} rows", large["peak"], None),
                (f"{name}, peak MB more than with {small['rows']:,} rows", large["peak"] - small["peak"], GROWS_MB),
            ]
    return rows


def _run(path: Path, ending: str) -> dict:
    command = [sys.executable, "-m", "benchmarks.streams", str(path), ending]
    return json.loads(subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout)


def _peak_megabytes() -> float:
    """Of this program alone: ru_maxrss would start from what the process that called it held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def write(path: Path, ending: str) -> dict:
    """Write all cases of a warehouse into a temporary file, as the export centre does."""
    from jiejian.catalogue import catalogue
    from jiejian.context import Context
    from jiejian.export.ledgers import ledger_table
    from jiejian.export.tables import csv_into, parquet_into
    from jiejian.ledgers import rows
    from jiejian.ledgers.rows import Asked
    from jiejian.warehouse import Warehouse

    source = Warehouse(path, catalogue())
    asked, ledger = Asked("cases", date(1990, 1, 1), date(2100, 1, 1)), source.catalogue.ledgers["cases"]
    columns = rows.columns(source, "cases")
    context = Context("示范街道", "demo", "示范街道", True, "全部社区", "全部", "2026-10-31", (ledger.name,), "")
    parts = (ledger_table(part, ledger, columns, context) for part in rows.batches(source, "demo", asked))
    began, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryFile() as file:
        count = (csv_into if ending == "csv" else parquet_into)(parts, file)
        size = file.tell() / 1e6
    return {
        "rows": count, "seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "file": size,
        "peak": _peak_megabytes(),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(write(Path(sys.argv[1]), sys.argv[2])))
