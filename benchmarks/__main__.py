"""``python -m benchmarks``: prints what pages and the ETL cost beside the bare engine; exit status 1 when a limit is missed."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
import tempfile


def main() -> int:
    """Run all parts in one process and one home."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--home", help="a home with a warehouse; default: a temporary one with the demo street")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JIEJIAN_HOME"] = options.home or folder
        return _report()


def _report() -> int:
    from benchmarks import pages, setup

    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}\n")
    missed = False
    print("| set-up | measured | limit |\n|---|---:|---:|")
    for what, value, limit in setup.measure():
        missed |= limit is not None and value > limit
        print(f"| {what} | {value:.1f} | {limit or ''} |")
    print("\n| page, median ms | rerun | empty page | bare queries | queries | limit | |\n|---|---:|---:|---:|---:|---:|---|")
    for row in pages.measure():
        missed |= not row.holds
        verdict = "holds" if row.holds else "MISSED"
        print(
            f"| {row.page} | {row.rerun:.0f} | {row.empty:.0f} | {row.bare:.0f} | {row.queries} | {row.limit:.0f} | {verdict} |"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
