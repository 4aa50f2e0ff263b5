"""Large text files in UTF-8 that DuckDB's own reader can take: found by their first records, scanned without being held.

Whatever that reader does not take (another encoding, records of unequal length, quotes that do not pair) is left to textfile.py.
"""

from __future__ import annotations

import codecs
import csv
import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.hashes import lines_of
from etl.schema import quoted, text

# Below this many bytes the ordinary way is as fast.
LARGE = 16 << 20
_SAMPLE, _PART = 256 << 10, 64 << 20
_SEPARATORS = ",\t;|"
# What a cell without content looks like.
_SIGNS = " \u3000\u00a0\t"
BLANK_CELLS = ["", *(sign * times for sign in _SIGNS for times in (1, 2, 3, 4))]
# Each cell is compared with each of them, so that those that hardly a file has cost as much as to find the end of the cell: of these
# two, too, only what the beginning of the file has.
_USUAL = (" ", "\u3000")


@dataclass(frozen=True)
class Scan:
    """A table in a text file: ``skip`` lines stand above its first record, which has ``width`` cells.

    ``newline`` is written as DuckDB wants it, with backslashes; ``blanks`` are the usual blank cells of this file.
    """

    path: Path
    separator: str
    newline: str
    skip: int
    width: int
    blanks: tuple[str, ...] = ("", *_USUAL)

    def cells(self) -> list[str]:
        return [f"c{i}" for i in range(self.width)]

    def sql(self, usual: bool = False) -> str:
        """All records as text columns c0, c1 …, blank cells NULL (with ``usual`` only the usual ones); an error of DuckDB where a record
        does not fit."""
        columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in self.cells())
        blank = ", ".join(map(text, self.blanks if usual else BLANK_CELLS))
        return f"""read_csv({text(self.path.as_posix())}, auto_detect = false, header = false, skip = {self.skip}, columns = {{{columns}}},
                   delim = {text(self.separator)}, quote = '"', escape = '"', new_line = {text(self.newline)}, nullstr = [{blank}])"""

    def numbered_alike(self, records: int) -> bool:
        """Whether record n of the scan is record n of the file: DuckDB leaves out lines without any character."""
        if lines_of(self.path) == records + self.skip:
            return True
        empty, last = 0, b""
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            for start in range(0, len(content), _PART):
                part = last + content[start : start + _PART]
                empty += part.count(b"\n\n") + part.count(b"\n\r\n")
                last = part[-2:]
            return not empty  # only line breaks inside of quotes


@dataclass(frozen=True)
class Held:
    """A table in memory, registered under ``name``, whose first row is spreadsheet row ``skip`` + 1 and whose rows follow each other."""

    name: str
    skip: int
    width: int
    # Columns that stand in no file.
    made: tuple[str, ...] = ()

    def cells(self) -> list[str]:
        return [f"c{i}" for i in range(self.width)]

    def sql(self, usual: bool = False) -> str:
        """All rows as text columns c0, c1 …, blank cells NULL, and the columns made of them."""
        return f"(SELECT {', '.join((*self.cells(), *self.made))} FROM {self.name})"

    def numbered_alike(self, records: int) -> bool:
        """The table numbers its rows itself."""
        return True


def may_be_blank(cell: str) -> str:
    """SQL: whether a cell that is not NULL may be blank all the same: whether it begins like one."""
    wide = " OR ".join(f"starts_with({cell}, {text(sign)})" for sign in _SIGNS if ord(sign) > 127)
    return f"({cell} < '!' OR {wide})"


def top_of(path: Path, rows: int) -> tuple[list[list[str]], str, str] | None:
    """The first records of a large UTF-8 text file, its separator and its line break; None where it must be looked at whole."""
    if path.stat().st_size < LARGE:
        return None
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    sample = sample.removeprefix(codecs.BOM_UTF8)
    sample = sample[: sample.rfind(b"\n") + 1]
    if not sample or 0 in sample:
        return None
    try:
        lines = sample.decode("utf-8").splitlines(keepends=True)
    except UnicodeDecodeError:
        return None
    newline = r"\r\n" if b"\r\n" in sample else r"\n"
    # A line break within a cell above the table, or a ' around cells: rare enough for the ordinary way.
    if any(line.count('"') % 2 for line in lines[:rows]) or lines[0].startswith("'"):
        return None

    def read(separator: str) -> list[list[str]]:
        return list(csv.reader(lines[:rows], delimiter=separator))

    widths = {separator: len(read(separator)[-1]) for separator in _SEPARATORS}
    separator = max(_SEPARATORS, key=widths.__getitem__)
    records = read(separator)
    return (records, separator, newline) if widths[separator] > 1 and len(records) == len(lines[:rows]) else None


def scan_of(path: Path, records: Sequence[Sequence[str]], separator: str, newline: str, first: int) -> Scan | None:
    """The scan of the table whose first record is number ``first`` (from 0); None where records differ in length."""
    widths = {len(record) for record in records[first:]}
    return Scan(path, separator, newline, first, widths.pop(), ("", *_blanks(path, separator))) if len(widths) == 1 else None


def _blanks(path: Path, separator: str) -> Iterator[str]:
    """The usual blanks that stand alone in a cell at the beginning of a file."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    edge = b"[\r\n%s]" % re.escape(separator.encode())
    for sign in _USUAL:
        if re.search(edge + sign.encode() + edge, sample):
            yield sign
