"""What people decided once and need not decide again, in ``state.sqlite`` of the home: places meant by a doubtful name, how
the columns of a layout map to a ledger, and the period of a file that names none.

SQLite, because it is the application's own small state and not derived from loads: a new version of the warehouse keeps it. A
home without the file knows nothing, and reading makes no file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from etl.wording import plain
from jiejian.home import Home

_TABLES = """
CREATE TABLE IF NOT EXISTS place_answer (
  dataset TEXT NOT NULL, written TEXT NOT NULL, place_id TEXT NOT NULL, who TEXT NOT NULL DEFAULT '',
  decided_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (dataset, written));
CREATE TABLE IF NOT EXISTS mapping (
  dataset TEXT NOT NULL, layout TEXT NOT NULL, ledger TEXT NOT NULL, columns TEXT NOT NULL, who TEXT NOT NULL DEFAULT '',
  decided_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (dataset, layout));
CREATE TABLE IF NOT EXISTS period_answer (
  dataset TEXT NOT NULL, sha256 TEXT NOT NULL, sheet TEXT NOT NULL, period TEXT NOT NULL, who TEXT NOT NULL DEFAULT '',
  decided_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (dataset, sha256, sheet));
"""


@dataclass(frozen=True)
class PlaceAnswer:
    """Which place a doubtful name means, and who said so (``decided_at`` in UTC)."""

    written: str
    place_id: str
    who: str
    decided_at: str


@dataclass(frozen=True)
class Mapping:
    """The ledger that a layout obeys, and contract column → head as the sheet writes it."""

    ledger: str
    columns: dict[str, str]
    who: str
    decided_at: str


class Memory:
    """The decisions of a home. Each call opens the file for itself, so it is safe between threads and processes."""

    def __init__(self, home: Home):
        self.path = home.root / "state.sqlite"

    # ---- places ----

    def place_answers(self, dataset: str) -> dict[str, PlaceAnswer]:
        """Answers by the name in plain form (see wording.plain)."""
        rows = self._read(
            "SELECT written, place_id, who, decided_at FROM place_answer WHERE dataset = ? ORDER BY written", dataset
        )
        return {row[0]: PlaceAnswer(*row) for row in rows}

    def answer_place(self, dataset: str, written: str, place_id: str, who: str = "") -> None:
        """Remember that ``written`` means this place from now on; an earlier answer is replaced."""
        with self._writing() as state:
            state.execute(
                "INSERT OR REPLACE INTO place_answer (dataset, written, place_id, who) VALUES (?, ?, ?, ?)",
                (dataset, plain(written), place_id, who),
            )

    def forget_place(self, dataset: str, written: str) -> None:
        """Ask again the next time."""
        with self._writing() as state:
            state.execute("DELETE FROM place_answer WHERE dataset = ? AND written = ?", (dataset, plain(written)))

    # ---- periods ----

    def period_answers(self, dataset: str) -> dict[tuple[str, str], str]:
        """(hash of a file, sheet) → the period of which it speaks, in words (2026年10月)."""
        rows = self._read("SELECT sha256, sheet, period FROM period_answer WHERE dataset = ?", dataset)
        return {(sha256, sheet): period for sha256, sheet, period in rows}

    def answer_period(self, dataset: str, sha256: str, sheet: str, period: str, who: str = "") -> None:
        """Remember the period of one sheet of one file: the next month's file of the same layout is asked again."""
        with self._writing() as state:
            state.execute(
                "INSERT OR REPLACE INTO period_answer (dataset, sha256, sheet, period, who) VALUES (?, ?, ?, ?, ?)",
                (dataset, sha256, sheet, period, who),
            )

    # ---- layouts ----

    def mapping(self, dataset: str, layout: str) -> Mapping | None:
        """What a layout (a digest of its heads) was mapped to, or None."""
        query = "SELECT ledger, columns, who, decided_at FROM mapping WHERE dataset = ? AND layout = ?"
        rows = self._read(query, dataset, layout)
        return Mapping(rows[0][0], json.loads(rows[0][1]), *rows[0][2:]) if rows else None

    def mappings(self, dataset: str) -> dict[str, Mapping]:
        """All layouts that were mapped, the last decided first."""
        query = "SELECT layout, ledger, columns, who, decided_at FROM mapping WHERE dataset = ? ORDER BY decided_at DESC, layout"
        return {l: Mapping(ledger, json.loads(columns), *rest) for l, ledger, columns, *rest in self._read(query, dataset)}

    def remember_mapping(self, dataset: str, layout: str, ledger: str, columns: dict[str, str], who: str = "") -> None:
        with self._writing() as state:
            state.execute(
                "INSERT OR REPLACE INTO mapping (dataset, layout, ledger, columns, who) VALUES (?, ?, ?, ?, ?)",
                (dataset, layout, ledger, json.dumps(columns, ensure_ascii=False), who),
            )

    def forget_mapping(self, dataset: str, layout: str) -> None:
        with self._writing() as state:
            state.execute("DELETE FROM mapping WHERE dataset = ? AND layout = ?", (dataset, layout))

    # ---- the file ----

    def _read(self, query: str, *parameters: str) -> list[tuple]:
        if not self.path.is_file():
            return []
        with closing(sqlite3.connect(self.path, timeout=10)) as state:
            try:
                return state.execute(query, parameters).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):  # another part of the application made the file
                    return []
                raise

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=10)) as state, state:
            state.executescript(_TABLES)
            yield state
