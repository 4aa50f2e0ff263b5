"""One run of the ETL: the home held alone, files and databases loaded into it, the warehouse derived and switched to."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from etl import backup, contradictions, corrections, faults, trial, warehouse
from etl.ingest import Ingest, Outcome, Progress
from etl.load import Loads, Manifest
from etl.longload import LongLoad, longer
from etl.origins import Origin
from etl.places import Place, listed
from etl.readers import Readers
from etl.seen import Seen
from etl.uploads import Uploads
from jiejian.catalogue import Catalogue, Ledger, catalogue
from jiejian.home import BUNDLED_CATALOGUE, Home

_SPILL = ".etl-spill"


class Busy(Exception):
    """Another run holds the home; the message is a Chinese sentence."""


@dataclass
class Summary:
    """What a run did."""

    written: list[Manifest] = field(default_factory=list)
    unchanged: int = 0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    # Rows that stand rejected, also those of files that did not change.
    rows_rejected: int = 0
    # Corrections that no longer fit what the source says.
    corrections: list[str] = field(default_factory=list)
    path: Path | None = None
    rebuilt: bool = False
    seconds: float = 0.0

    def take(self, outcome: Outcome) -> None:
        self.written += outcome.written
        self.unchanged += outcome.unchanged
        self.faults += [sentence for sentences in outcome.faults.values() for sentence in sentences]
        self.notes += outcome.notes
        self.sentences += outcome.sentences

    @property
    def exit_code(self) -> int:
        """0 all loaded, 1 something was rejected or a correction failed, 2 nothing could be used."""
        if self.path is None or (self.faults and not self.written and not self.unchanged):
            return 2
        return 1 if self.faults or self.rows_rejected or self.corrections else 0


@dataclass
class Run:
    """A run that holds the home's lock."""

    where: Home
    connection: duckdb.DuckDBPyConnection
    catalogue: Catalogue
    loads: Loads
    places: list[Place]
    kept: LongLoad | None = None

    def load(
        self,
        files: Sequence[Origin],
        progress: Progress | None,
        ledgers: Sequence[Ledger] | None = None,
        by: str = "",
        again: bool = False,
        databases: Sequence[Ledger] = (),
    ) -> Summary:
        began, summary = time.perf_counter(), Summary()
        faults.check_clock(self.loads)
        number = f"{datetime.now(UTC):%Y%m%d%H%M%S}-{self.loads.next_seq():06d}"
        runs, jobs, seen = [], [], Seen(self.where)
        for dataset in dict.fromkeys(f.dataset for f in files):
            run = Ingest(self.connection, self.catalogue, self.where, self.loads, dataset, self.places, number, by, again, seen)
            jobs += run.begin([f for f in files if f.dataset == dataset], ledgers)
            runs.append(run)
        with Readers(jobs) as readers:
            for run in runs:
                self._take(summary, run.go_on(readers, progress))
        files = [*files, *self._drawn(databases, summary, number, by, again)]
        summary.rows_rejected = sum(m.rows_rejected for m in self.loads.rejected({(f.dataset, f.key) for f in files}))
        wanted = warehouse.version(self.loads, self.catalogue, self.places, self.where)
        if not warehouse.is_current(self.where, wanted):
            step = (lambda what: progress(len(files), len(files), what)) if progress else (lambda what: None)
            warehouse.build(self.connection, self.loads, self.catalogue, self.places, self.where, wanted, step, self.kept)
            summary.rebuilt = True
            warehouse.sweep(self.where)
        summary.path = warehouse.serving(self.where)
        if self.catalogue.corrections and summary.path:
            summary.corrections = corrections.failed(str(summary.path))
        summary.notes += contradictions.told(summary.path, summary.written)
        summary.seconds = time.perf_counter() - began
        return summary

    def _take(self, summary: Summary, outcome: Outcome) -> None:
        summary.take(outcome)
        self.kept = longer(self.connection, self.kept, outcome.kept)

    def _drawn(self, ledgers: Sequence[Ledger], summary: Summary, number: str, by: str, again: bool) -> list[Origin]:
        """Load what the contracts among ``ledgers`` that name a database give."""
        if not any(l.database for l in ledgers):
            return []
        from etl import database  # its drivers only where a contract names one

        drawn = (self._draw(l, summary, number, by, again) for l in database.to_draw(self.catalogue, ledgers))
        return [o for o in drawn if o]

    def _draw(self, ledger: Ledger, summary: Summary, number: str, by: str, again: bool) -> Origin | None:
        """Load the rows of a declared database; one that cannot be read is a fault and stops nothing else."""
        from etl import database

        try:
            drawn = database.draw(ledger, self.catalogue, self.where, self.loads, self.where.root / _SPILL)
        except database.DatabaseFault as fault:
            summary.faults.append(str(fault))
            return None
        origin = drawn.origin
        if not drawn.rows:
            summary.notes.append(f"{origin.shown}没有新的行。")
            return None
        run = Ingest(self.connection, self.catalogue, self.where, self.loads, origin.dataset, self.places, number, by, again)
        outcome = run.run([origin], None, [ledger])
        self._take(summary, outcome)
        database.remember(self.where, drawn, [m.load_id for m in outcome.written])
        drawn.origin.path.unlink()
        return origin


@contextmanager
def work(where: Home, wait: float = 0) -> Iterator[Run]:
    """Hold the home alone, clean up after killed runs, and open the one connection."""
    with alone(where, wait), faults.told():
        backup.finish(where)  # a restore that was killed between unpacking and switching
        loads = Loads(where)
        _sweep(where, loads)
        connection = duckdb.connect(config={"temp_directory": str(where.root / _SPILL)})
        try:
            yield Run(where, connection, catalogue(), loads, places_of(where))
        except Exception:
            connection.close()
            _sweep(where, loads)  # what is half written would keep a full disk full
            raise
        finally:
            connection.close()
            shutil.rmtree(where.root / _SPILL, ignore_errors=True)


@contextmanager
def alone(where: Home, wait: float = 0) -> Iterator[None]:
    """Hold the lock of a home; Busy when another run has it for longer than ``wait`` seconds."""
    where.root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(where.root / ".etl.lock")
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise Busy("另一个装载正在进行，请等它结束后再试。") from error
    try:
        yield
    finally:
        lock.release()


def places_of(where: Home) -> list[Place]:
    """The bundled places, and those of the street's own list."""
    return listed(BUNDLED_CATALOGUE / "places.csv", where.catalogue / "places.csv")


def _sweep(where: Home, loads: Loads) -> None:
    """Remove what a killed run left half done."""
    loads.sweep()
    Uploads(where).sweep()
    trial.sweep(where)
    warehouse.sweep(where)
    shutil.rmtree(where.root / _SPILL, ignore_errors=True)
    for leftover in where.root.glob(".pseudonym-*.key"):
        leftover.unlink()
