"""``python -m benchmarks etl``: what the ETL costs beside the bare engine, interleaved in one run; median of several, peak memory.

Each figure is a process of its own, so that its time holds the start of Python and its memory is its own. Beside the time on the wall
stands the time of the processors: where others work on the machine the wall says more about them, and the table says how many they are.
``--only csv`` (xlsx, months, cases) runs one row by itself.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import COMMUNITIES, YEARS, names, write_cases
from jiejian.home import PROJECT

# A street: its communities, and 35,000 cases a half-year.
STREET = 23
CASES_A_MONTH = 5_800
REGISTER = ["序号", "社区名称", "所属街道", "类型", "简称/曾用名"]
TYPES = (
    "{'工单编号': 'VARCHAR', '受理时间': 'TIMESTAMP', '来源渠道': 'VARCHAR', '事项类别': 'VARCHAR', '事件类型': 'VARCHAR', '社区': 'VARCHAR', "
    "'截止时间': 'TIMESTAMP', '办结时间': 'TIMESTAMP', '办结层级': 'VARCHAR', '是否满意': 'VARCHAR', '反映人': 'VARCHAR', '联系电话': 'VARCHAR'}"
)
CTAS = """
import duckdb, sys
connection = duckdb.connect(sys.argv[2])
connection.execute("CREATE TABLE cases AS SELECT * FROM read_csv(?{MORE})", [sys.argv[1]])
connection.execute("CHECKPOINT")
"""
_CALAMINE = """
import sys
from pathlib import Path
from python_calamine import load_workbook
for path in sorted(Path(sys.argv[1]).rglob("*.xlsx")) if Path(sys.argv[1]).is_dir() else [Path(sys.argv[1])]:
    book = load_workbook(str(path))
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        sheet.to_python(), sheet.merged_cell_ranges
"""


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall, peak memory and seconds of processor time of one process."""

    seconds: float
    megabytes: float
    processor: float


@dataclass(frozen=True)
class Row:
    """One figure of the table: ours over the bare one, in the same run."""

    what: str
    ours: Cost
    bare: Cost
    limit: float
    most_megabytes: float = float("inf")

    @property
    def ratio(self) -> float:
        return self.ours.seconds / self.bare.seconds

    @property
    def processor_ratio(self) -> float:
        return self.ours.processor / self.bare.processor

    @property
    def holds(self) -> bool:
        return self.ratio <= self.limit and self.ours.megabytes <= self.most_megabytes


def run(command: list[str], home: Path | None = None) -> Cost:
    """Run a process to its end. RuntimeError where it fails; an exit code 1 of the ETL (rows came back) is none."""
    environment = {**os.environ, **({"JIEJIAN_HOME": str(home)} if home else {})}
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1) or b"Traceback" in said:
        raise RuntimeError(said.decode(errors="replace")[-2000:])
    return Cost(time.perf_counter() - began, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)


def interleaved(times: int, *ways: Callable[[], Cost]) -> list[Cost]:
    """Each way in turn, so many times: the median of the seconds, the highest of the memory."""
    found = [[way() for way in ways] for _ in range(times)]
    middle = statistics.median
    return [
        Cost(middle(c.seconds for c in costs), max(c.megabytes for c in costs), middle(c.processor for c in costs))
        for costs in zip(*found, strict=True)
    ]


def fresh(folder: Path, template: Path) -> Path:
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(template, home)
    return home


def district(folder: Path, places: int = COMMUNITIES) -> Path:
    """A home that knows the communities of the made-up district (or of a street or city), and nothing else of its own."""
    import xlsxwriter

    home = folder / "template"
    (home / "inbox").mkdir(parents=True)
    (home / "demo.removed").write_text("", encoding="utf-8")
    with xlsxwriter.Workbook(str(home / "inbox" / "社区名册.xlsx")) as book:
        page = book.add_worksheet()
        for r, row in enumerate([REGISTER, *([n, f"{name}社区", "东湖街道", "", ""] for n, name in enumerate(names(places), 1))]):
            page.write_row(r, 0, row)
    run([sys.executable, "-m", "etl"], home)
    return home


def long_csv(folder: Path, template: Path, rows: int, times: int) -> Iterator[Row]:
    """A CSV of cases against CREATE TABLE AS read_csv, with the types told and with the types found out."""
    path, target = write_cases(folder / "诉求工单.csv", rows), folder / "bare.duckdb"

    def bare(more: str) -> Cost:
        target.unlink(missing_ok=True)
        return run([sys.executable, "-c", CTAS.replace("{MORE}", more), str(path), str(target)])

    def ours() -> Cost:
        return run([sys.executable, "-m", "etl", "load", str(path)], fresh(folder, template))

    typed, found, mine = interleaved(times, lambda: bare(f", columns = {TYPES}, ignore_errors = true"), lambda: bare(""), ours)
    yield Row(f"CSV of {rows:,} cases, against CTAS with the types told", mine, typed, 1.6, 4096)
    yield Row(f"CSV of {rows:,} cases, against CTAS with the types found out", mine, found, 1.6, 4096)
    path.unlink()


def workbook(folder: Path, template: Path, times: int, rows: int = 100_000) -> Iterator[Row]:
    """A workbook of 100,000 × 12 against the bare read by calamine: two years of a street's cases, and five of a district's, of which
    there are twenty times as many figures."""
    for whose, places, years in (("a street's cases", STREET, 2), ("a district's", COMMUNITIES, YEARS)):
        own = folder / f"{places} communities"
        own.mkdir()
        home, path = template if places == COMMUNITIES else district(own, places), own / "诉求工单.xlsx"
        write_book(path, lines_of(own, rows, places, years))
        mine, bare = interleaved(
            times,
            lambda path=path, own=own, home=home: run([sys.executable, "-m", "etl", "load", str(path)], fresh(own, home)),
            lambda path=path: run([sys.executable, "-c", _CALAMINE, str(path)]),
        )
        yield Row(f"XLSX of {rows:,} × 12, {whose}, against calamine's bare read", mine, bare, 2)


def lines_of(folder: Path, rows: int, places: int = COMMUNITIES, years: int = YEARS) -> list[tuple[str | None, ...]]:
    """The head and so many rows of the case ledger."""
    import duckdb

    source = write_cases(folder / "诉求工单.csv", rows, places=places, years=years)
    lines = duckdb.sql(f"SELECT * FROM read_csv('{source.as_posix()}', all_varchar = true, header = false)").fetchall()
    source.unlink()
    return lines


def write_book(path: Path, lines: Iterable[tuple[str | None, ...]]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        page = book.add_worksheet()
        for r, row in enumerate(lines):
            page.write_row(r, 0, ["" if v is None else v for v in row])


def months(folder: Path, template: Path, times: int, count: int = 500) -> Iterator[Row]:
    """Workbooks of one street-month each against the bare reads of all of them."""
    import xlsxwriter

    inbox = folder / "months"
    inbox.mkdir()
    for n in range(count):
        year, month = 2000 + n // 12 % 26, n % 12 + 1
        some = names()[23 * (n // 312) : 23 * (n // 312) + 23]
        with xlsxwriter.Workbook(str(inbox / f"{year}年{month}月_{n}.xlsx")) as book:
            page = book.add_worksheet()
            page.write(0, 0, f"{year}年{month}月社区基本情况统计表")
            page.write_row(1, 0, ["社区", "户数", "常住人口", "代办事项"])
            for r, name in enumerate(some, 2):
                page.write_row(r, 0, [f"{name}社区", 1000 + n, 3000 + n, n % 90])

    yield _against_reads(f"{count} workbooks of one street-month each, against the sum of bare reads", inbox, folder, template, times)


def case_months(folder: Path, template: Path, times: int, count: int) -> Iterator[Row]:
    """Workbooks of a street-month of cases each (5,800 × 12) against the bare reads of all of them."""
    inbox = folder / "cases"
    inbox.mkdir()
    head, *lines = lines_of(folder, count * CASES_A_MONTH)
    for n in range(count):
        write_book(inbox / f"诉求工单_{n}.xlsx", [head, *lines[n * CASES_A_MONTH : (n + 1) * CASES_A_MONTH]])
    del lines
    yield _against_reads(f"{count} workbooks of {CASES_A_MONTH:,} cases × 12, against the sum of bare reads", inbox, folder, template, times)


def _against_reads(what: str, inbox: Path, folder: Path, template: Path, times: int) -> Row:
    """All workbooks of a folder from the inbox of a home into its warehouse, and read one after the other."""

    def ours() -> Cost:
        home = fresh(folder, template)
        shutil.copytree(inbox, home / "inbox" / "months")
        return run([sys.executable, "-m", "etl"], home)

    mine, bare = interleaved(times, ours, lambda: run([sys.executable, "-c", _CALAMINE, str(inbox)]))
    return Row(what, mine, bare, 2)


def measure(rows: int, times: int, only: str = "", workbooks: int = 100) -> Iterator[Row]:
    """The rows of the table, one by one as they are known. ``only``: csv, xlsx, months or cases; ``workbooks``: those of cases."""
    parts = {
        "csv": lambda folder, home: long_csv(folder, home, rows, times),
        "xlsx": lambda folder, home: workbook(folder, home, times),
        "months": lambda folder, home: months(folder, home, times),
        "cases": lambda folder, home: case_months(folder, home, times, workbooks),
    }
    for name, part in parts.items():
        if only in ("", name):
            with tempfile.TemporaryDirectory() as folder:
                yield from part(Path(folder), district(Path(folder)))


def report(rows: int, times: int, only: str = "", workbooks: int = 100) -> bool:
    """Print the table; whether all limits hold."""
    if others := os.getloadavg()[0] if hasattr(os, "getloadavg") else 0:
        print(f"{others:.1f} other processes want {os.cpu_count()} cores while this begins.\n")
    print("| ETL | ours, s | bare, s | ratio | processor, s | bare, s | ratio | limit | peak, MB | |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---|")
    held = True
    for row in measure(rows, times, only, workbooks):
        held &= row.holds
        print(
            f"| {row.what} | {row.ours.seconds:.1f} | {row.bare.seconds:.1f} | {row.ratio:.2f} | "
            f"{row.ours.processor:.1f} | {row.bare.processor:.1f} | {row.processor_ratio:.2f} | {row.limit:g} | "
            f"{row.ours.megabytes:,.0f} | {'holds' if row.holds else 'MISSED'} |",
            flush=True,
        )
    return held
