"""``python -m benchmarks city --share 0.1``: how each cost grows from a street over a district to a city.

Each size is a home of its own: a register of so many communities, and one CSV of cases over five years, loaded as a person would.
Beside each load stands the bare engine's CREATE TABLE AS of the same file, in the same run. The pages run in a process of their
own over what was loaded: first run, and median of the next ones with another choice in the pickers each.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import write_cases
from benchmarks.loading import CTAS, TYPES, Cost, district, run
from jiejian.home import PROJECT

RERUN_MS = 300.0
PAGES = ("overview", "compare", "trends", "cases", "export")
RUNS = 5


@dataclass(frozen=True)
class Size:
    """How many communities and cases."""

    name: str
    places: int
    cases: int


def sizes(share: float) -> tuple[Size, ...]:
    """A street and a district in full (35,000 cases a half-year and 23 communities, five years), and a share of a city's cases."""
    return Size("street", 23, 350_000), Size("district", 300, 4_500_000), Size("city", 3_000, int(50_000_000 * share))


@dataclass(frozen=True)
class Found:
    """What one size cost; milliseconds of each page, first and next."""

    size: Size
    load: Cost
    bare: Cost
    megabytes: float
    pages: dict[str, tuple[float, float]]

    @property
    def holds(self) -> bool:
        return all(again <= RERUN_MS for _, again in self.pages.values())


def measure(size: Size, folder: Path) -> Found:
    """Make, load and look at one size; everything lies in ``folder``."""
    home = district(folder, size.places)
    path, target = write_cases(folder / "诉求工单.csv", size.cases, places=size.places), folder / "bare.duckdb"
    told = CTAS.replace("{MORE}", f", columns = {TYPES}, ignore_errors = true")
    bare = run([sys.executable, "-c", told, str(path), str(target)])
    target.unlink()
    load = run([sys.executable, "-m", "etl", "load", str(path)], home)
    path.unlink()
    megabytes = max(p.stat().st_size for p in (home / "warehouse").glob("*.duckdb")) / 1e6
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.city"], cwd=PROJECT, env={**os.environ, "JIEJIAN_HOME": str(home)},
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return Found(size, load, bare, megabytes, json.loads(done.stdout.splitlines()[-1]))


def looked_at() -> dict[str, tuple[float, float]]:
    """Each page's first run and median next run over the home in force, in milliseconds."""
    from benchmarks.pages import FILTERS, on_page, timed

    found = {}
    for name in PAGES:
        test = on_page("")
        test.switch_page(f"pages/{name}.py")
        first, again = timed(test), []
        for turn in range(RUNS):
            if name in FILTERS:
                FILTERS[name](test, turn)
            again.append(timed(test))
        found[name] = (first, statistics.median(again))
    return found


def report(share: float) -> bool:
    """Print the table, a row as soon as it is known; whether every page holds."""
    print("\n| size | communities | cases | load, s | bare CTAS, s | peak, MB | file, MB | pages, first/next ms |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    held = True
    for size in sizes(share):
        with tempfile.TemporaryDirectory() as folder:
            f = measure(size, Path(folder))
        held &= f.holds
        pages = ", ".join(f"{name} {first:.0f}/{again:.0f}" for name, (first, again) in f.pages.items())
        print(
            f"| {size.name} | {size.places:,} | {size.cases:,} | {f.load.seconds:.1f} | {f.bare.seconds:.1f} | "
            f"{f.load.megabytes:,.0f} | {f.megabytes:.1f} | {pages} |", flush=True,
        )  # fmt: skip
    return held


if __name__ == "__main__":
    import logging

    logging.disable(logging.WARNING)
    print(json.dumps(looked_at()))
