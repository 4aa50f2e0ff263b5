"""``python -m benchmarks city --share 0.1``: how each cost grows from a street over a district to a city.

Each size is a home of its own: a register of so many communities, one CSV of cases and one of activities over ten years, loaded as a
person would. Beside the load stands the bare engine's CREATE TABLE AS of the same file of cases, in the same run. Each step is a process
of its own: its memory is its own. The pages run over what was loaded: first run, and median of the next ones with another period or
metric in the pickers each; then drill-downs and exports.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from benchmarks.cases import write_activities, write_cases
from benchmarks.loading import CTAS, TYPES, Cost, district, run

RERUN_MS, DRILL_MS, YEARS, RUNS = 300.0, 1000.0, 10, 5
PAGES = ("overview", "compare", "trends", "portrait", "scoring", "cases", "activities", "export", "definitions", "reporting")


@dataclass(frozen=True)
class Size:
    """How many communities, cases and activities."""

    name: str
    places: int
    cases: int
    activities: int


def sizes(share: float) -> tuple[Size, ...]:
    """A street (23 communities, 35,000 cases a half-year) and a district in full, and a share of a city's events."""
    return (
        Size("street", 23, 700_000, 70_000),
        Size("district", 300, 5_000_000, 500_000),
        Size("city", 3_000, int(50_000_000 * share), int(5_000_000 * share)),
    )


@dataclass(frozen=True)
class Found:
    """What one size cost; seconds of the loads' parts, milliseconds of each page (first, next), seconds and milliseconds of all else."""

    size: Size
    load: Cost
    bare: Cost
    parts: dict[str, float]
    activities: Cost
    megabytes: float
    ahead: float
    drawn: int
    pages: dict[str, tuple[float, float]]
    back: dict[str, float]
    drills: dict[str, float]
    exports: dict[str, float]
    resident: float

    @property
    def holds(self) -> bool:
        reruns = [*(again for _, again in self.pages.values()), *self.back.values()]
        return all(ms <= RERUN_MS for ms in reruns) and all(ms <= DRILL_MS for ms in self.drills.values())


def measure(size: Size, folder: Path) -> Found:
    """Make, load and look at one size; everything lies in ``folder``."""
    home = district(folder, size.places)
    path, target = write_cases(folder / "诉求工单.csv", size.cases, places=size.places, years=YEARS), folder / "bare.duckdb"
    told = CTAS.replace("{MORE}", f", columns = {TYPES}, ignore_errors = true")
    bare = run([sys.executable, "-c", told, str(path), str(target)])
    target.unlink()
    parts = folder / "parts.json"
    load = run([sys.executable, "-m", "benchmarks.city", "load", str(path), str(parts)], home)
    path.unlink()
    path = write_activities(folder / "活动台账.csv", size.activities, places=size.places, years=YEARS)
    activities = run([sys.executable, "-m", "etl", "load", str(path)], home)
    path.unlink()
    megabytes = max(p.stat().st_size for p in (home / "warehouse").glob("*.duckdb")) / 1e6
    looked = folder / "looked.json"
    seen = run([sys.executable, "-m", "benchmarks.city", "look", str(looked)], home)
    found = json.loads(looked.read_text())
    return Found(size, load, bare, json.loads(parts.read_text()), activities, megabytes, resident=seen.megabytes, **found)


# ---- in processes of their own ----


def load(path: str, out: str) -> None:
    """Load a file and write down the seconds of reading it, filling the warehouse and rolling up."""
    from etl import build

    began, at = time.perf_counter(), {}
    build.load([Path(path)], progress=lambda done, whole, what: at.setdefault(what, time.perf_counter()))
    filling, rolling, end = at["载入台账"], at["汇总指标"], time.perf_counter()
    Path(out).write_text(json.dumps({"read": filling - began, "fill": rolling - filling, "roll up": end - rolling}))


def look(out: str) -> None:
    """Look at the home in force: pages, drill-downs, exports."""
    from jiejian.ui import data
    from jiejian.ui.ahead import set_aside

    data.prepare()
    seconds, drawn = ahead()
    set_aside()
    found = {"ahead": seconds, "drawn": drawn, "pages": pages(), "back": farther_back(), "drills": drills(), "exports": exports()}
    Path(out).write_text(json.dumps(found))


def ahead() -> tuple[float, int]:
    """Draw pages as a server does before anybody asks, while there is room: seconds, and pages drawn."""
    from benchmarks.pages import on_page, timed
    from jiejian.ui import ahead, data

    began, test, drawn = time.perf_counter(), on_page(""), 0
    took: dict[str, list[float]] = {}
    for page, picked in ahead.plan(list(test.selectbox(key="period").options), took):
        if data.crowded():
            break
        test.switch_page(f"pages/{page}.py")
        test.selectbox(key="period").select(picked["period"])
        took.setdefault(page, []).append(timed(test) / 1000)
        drawn += 1
    return time.perf_counter() - began, drawn


def pages() -> dict[str, tuple[float, float]]:
    """Each page's first run and median next run, in milliseconds."""
    from benchmarks.pages import FILTERS, on_page, picker, timed

    found = {}
    for name in PAGES:
        test = on_page("")
        test.switch_page(f"pages/{name}.py")
        first, again = timed(test), []
        change = FILTERS.get(name) or (picker("period") if any(s.key == "period" for s in test.sidebar.selectbox) else None)
        for turn in range(RUNS):
            if change:
                change(test, turn)
            again.append(timed(test))
        found[name] = (first, statistics.median(again))
    return found


def farther_back() -> dict[str, float]:
    """Each page with a month that nobody has looked at, older than the newest that are made ready of every page: the slowest of RUNS, in
    milliseconds."""
    from benchmarks.pages import on_page, timed
    from jiejian.ui import ahead

    found, nth = {}, ahead.PERIODS + 6
    for name in PAGES:
        test = on_page("")
        test.switch_page(f"pages/{name}.py")
        timed(test)
        if not any(s.key == "period" for s in test.sidebar.selectbox):
            continue
        looks = []
        for _ in range(RUNS):
            test.sidebar.selectbox(key="period").select_index(nth)
            looks.append(timed(test))
            nth += 1
        found[name] = max(looks)
    return found


@contextmanager
def _clock(found: dict[str, float], what: str, times: float = 1000.0) -> Iterator[None]:
    began = time.perf_counter()
    yield
    found[what] = (time.perf_counter() - began) * times


def drills() -> dict[str, float]:
    """From a figure to what it was counted from, and to the cases one by one, in milliseconds; each of another community and month."""
    from jiejian.ledgers.cases import case_list
    from jiejian.periods import parse_period
    from jiejian.ui import data

    source = data.warehouse()
    places, found = list(source.places("street")["place_id"]), {}
    for n, (name, asked) in enumerate((
        ("from a figure of a community to its cases", lambda at, p: source.lineage("street", (at,), "cases_opened", p)),
        ("list of a community's cases of a month", lambda at, p: case_list(source, "street", p.start, p.end, (at,), size=500)),
        ("list of all cases of a month", lambda at, p: case_list(source, "street", p.start, p.end, size=500)),
    )):  # fmt: skip
        asked(places[0], parse_period("2025-01"))
        with _clock(found, name):
            asked(places[7 + n], parse_period(f"2024-0{n + 3}"))
    return found


def exports() -> dict[str, float]:
    """Tables of figures and of cases as files, in seconds."""
    from jiejian.export.tables import parquet_into, to_xlsx
    from jiejian.ledgers import rows
    from jiejian.periods import parse_period
    from jiejian.ui import data, ledger_exports, tables
    from jiejian.ui.view import View

    source, found = data.warehouse(), {}
    view = View(source, source.datasets()["street"], period=parse_period("2025-01"))
    view = replace(view, metrics=tuple(m for m in view.ask("metrics") if "month" in view.grains[m.id]))
    with _clock(found, f"XLSX of {len(view.known) * len(view.metrics):,} figures", 1):
        to_xlsx(tables.export_table(view, view.metrics))
    asked = rows.Asked("cases", date(2025, 1, 1), date(2025, 12, 31), ())
    with tempfile.TemporaryFile() as file, _clock(found, "Parquet of a year's cases", 1):
        parquet_into((ledger_exports.table(view, asked, part) for part in rows.batches(source, "street", asked)), file)
    return found


# ---- the table ----


def report(share: float) -> bool:
    """Print a table, a column a size as it is known; whether every page and drill-down holds."""
    found = []
    for size in sizes(share):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(size, Path(folder)))
        print(f"({size.name} is measured)", flush=True)
    print(f"\n| | {' | '.join(f.size.name for f in found)} | limit |\n|---|{'---:|' * (len(found) + 1)}")
    for what, value, limit in _lines(found):
        print(f"| {what} | {' | '.join(value(f) for f in found)} | {limit} |")
    return all(f.holds for f in found)


def _lines(found: list[Found]) -> Iterator[tuple[str, Callable[[Found], str], str]]:
    yield "communities", lambda f: f"{f.size.places:,}", ""
    yield "cases", lambda f: f"{f.size.cases:,}", ""
    yield "activities", lambda f: f"{f.size.activities:,}", ""
    yield "cases: load, s (CPU)", lambda f: f"{f.load.seconds:.0f} ({f.load.processor:.0f})", ""
    for part in found[0].parts:
        yield f"– {part}, s", lambda f, part=part: f"{f.parts[part]:.1f}", ""
    yield "bare CREATE TABLE AS of the file, s (CPU)", lambda f: f"{f.bare.seconds:.0f} ({f.bare.processor:.0f})", ""
    yield "peak memory, MB", lambda f: f"{f.load.megabytes:,.0f}", ""
    yield "activities: load, s", lambda f: f"{f.activities.seconds:.0f}", ""
    yield "warehouse, MB", lambda f: f"{f.megabytes:,.0f}", ""
    yield "made ready ahead: pages; s", lambda f: f"{f.drawn}; {f.ahead:.0f}", ""
    for page in PAGES:
        yield f"{page}, first / next, ms", lambda f, page=page: "{:.0f} / {:.0f}".format(*f.pages[page]), f"{RERUN_MS:.0f}"
    for page in found[0].back:
        yield f"{page}, an old month for the first time, slowest, ms", lambda f, page=page: f"{f.back[page]:.0f}", f"{RERUN_MS:.0f}"
    for drill in found[0].drills:
        yield f"{drill}, ms", lambda f, drill=drill: f"{f.drills[drill]:.0f}", f"{DRILL_MS:.0f}"
    for n, what in enumerate(("XLSX of all figures of a month, s", "Parquet of a year's cases, s")):
        yield what, lambda f, n=n: f"{list(f.exports.values())[n]:.1f}", ""
    yield "memory of the process with all pages, MB", lambda f: f"{f.resident:,.0f}", ""


if __name__ == "__main__":
    import logging

    logging.disable(logging.WARNING)
    {"load": load, "look": look}[sys.argv[1]](*sys.argv[2:])
