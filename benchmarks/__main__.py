"""``python -m benchmarks``: prints what pages and the ETL cost beside the bare engine; exit status 1 when a limit is missed."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
import tempfile

PARTS = ("setup", "start", "pages", "board", "exports", "visitors", "etl", "city")
DEFAULT = tuple(part for part in PARTS if part != "city")


def main() -> int:
    """Run the asked parts (default: all) in one process and one home."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; default: all but city")
    parser.add_argument("--home", help="a home with a warehouse; default: a temporary one with the demo street")
    parser.add_argument("--rows", type=int, default=10_000_000, help="cases of the long CSV")
    parser.add_argument("--times", type=int, default=3, help="runs of each figure of the ETL, interleaved")
    parser.add_argument("--share", type=float, default=1.0, help="share of the city's 50 million cases")
    parser.add_argument("--only", choices=("csv", "xlsx", "months", "cases"), default="", help="one figure of the ETL")
    parser.add_argument("--workbooks", type=int, default=100, help="workbooks of cases, one a street-month")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JIEJIAN_HOME"] = options.home or folder
        missed = _report(options.parts or DEFAULT)
    if "etl" in (options.parts or DEFAULT):
        from benchmarks import loading

        missed |= not loading.report(options.rows, options.times, options.only, options.workbooks)
    if "city" in options.parts:
        from benchmarks import city

        missed |= not city.report(options.share)
    return int(missed)


def _report(parts) -> bool:
    from benchmarks import board, exports, pages, setup, starting, visitors

    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    missed = False
    if "setup" in parts:
        missed |= _rows("set-up", setup.measure())
    if "start" in parts:
        _ready()
        missed |= _rows("start", starting.measure())
    if "pages" in parts:
        missed |= _pages(pages.measure())
    if "board" in parts:
        _ready()
        missed |= _rows("status board, median ms", board.measure())
    if "exports" in parts:
        _ready()
        missed |= _rows("exports", exports.measure())
    if "visitors" in parts:
        _ready()
        missed |= _rows("many at once", visitors.measure())
    return missed


def _ready() -> None:
    """A warehouse in the home, where the parts before have not made one."""
    from jiejian.ui import data

    data.prepare()


def _rows(title: str, rows) -> bool:
    missed = False
    print(f"\n| {title} | measured | limit |\n|---|---:|---:|")
    for what, value, limit in rows:
        missed |= limit is not None and value > limit
        print(f"| {what} | {value:.1f} | {limit or ''} |")
    return missed


def _pages(rows) -> bool:
    missed = False
    print("\n| page, median ms | rerun | empty page | bare queries | queries | limit | |\n|---|---:|---:|---:|---:|---:|---|")
    for row in rows:
        missed |= not row.holds
        verdict = "holds" if row.holds else "MISSED"
        print(
            f"| {row.page} | {row.rerun:.0f} | {row.empty:.0f} | {row.bare:.0f} | {row.queries} | {row.limit:.0f} | {verdict} |"
        )
    return missed


if __name__ == "__main__":
    sys.exit(main())
