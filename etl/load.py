"""Accepted rows → an append-only load: a folder with manifest.json, rows.parquet and, where there are any, rejects.parquet and
places.parquet. A load is written into a temporary sibling and renamed, so it is there whole or not at all.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from etl.hashes import FileHash
from etl.places import DATES, PLACE_FIELDS, Place
from etl.recognise import BUNDLED
from etl.rollback import TEMPORARY as RECORDING
from etl.rollback import DamagedRecord, Record, left_out, read_records, write_record
from etl.schema import PLACE, text
from etl.textfile import texts
from jiejian.catalogue import Catalogue, Ledger
from jiejian.home import Home

# Raise this when the readers read differently: files are then read again.
READER_VERSION = 5
# Data sets of which the files are the truth: what a file no longer says, the data set no longer holds.
REPLACED = (*BUNDLED, "demo")
TEMPORARY = ".loading-"
# So many different words of a column, in a hundred thousand rows, are written as codes.
_WORDS = 8192


class Damaged(Exception):
    """A load that cannot be read; the message is a Chinese sentence."""


@dataclass(frozen=True)
class Manifest:
    """Who loaded what, when, from where, and what came of it."""

    load_id: str
    seq: int
    dataset: str
    ledger: str
    table: str
    origin: str
    file: str
    sheet: str
    sha256: str
    contract: str
    places: str
    loaded_at: str
    user: str
    rows_in: int
    rows_accepted: int
    rows_rejected: int
    warnings: int
    brings_places: bool = False
    # The run that wrote it: what was loaded together can be undone together.
    run: str = ""
    # The columns of the contract that the sheet has; None in a load of a time when that was not written down.
    columns: tuple[str, ...] | None = None


_FIELDS = frozenset(f.name for f in fields(Manifest))


class Loads:
    """The loads of a home. Read once; a new load is added to what was read."""

    def __init__(self, home: Home):
        self.folder = home.loads
        # What a killed run left half written begins with a dot: it is no load, and is swept away by the next run.
        written = (path for path in self.folder.glob("*/manifest.json") if not path.parent.name.startswith("."))
        self.all = sorted(map(_read_manifest, written), key=lambda m: m.seq)
        try:
            self.records = read_records(self.folder)
        except DamagedRecord as error:
            raise Damaged(str(error)) from error
        self._settle()

    def _settle(self) -> None:
        """Work out what stands: the last load of each sheet, the last version of each file. Loads left out count for nothing."""
        self.undone = left_out(self.records)
        standing = self.standing
        self._newest = {(m.dataset, m.origin, m.sheet): m for m in standing}
        self._versions = {(m.dataset, m.origin): m.sha256 for m in standing}

    @property
    def standing(self) -> list[Manifest]:
        """All loads but those that were undone, oldest first."""
        return [m for m in self.all if m.load_id not in self.undone]

    def undo(self, loads: Collection[str], by: str) -> None:
        """Leave loads out; who derives the warehouse afterwards leaves them out."""
        self._record("undo", loads, by)

    def redo(self, loads: Collection[str], by: str) -> None:
        """Bring loads back that were left out."""
        self._record("redo", loads, by)

    def _record(self, action: str, loads: Collection[str], by: str) -> None:
        number = self.records[-1].number + 1 if self.records else 1
        record = Record(number, action, tuple(sorted(loads)), now(), by or user())
        write_record(self.folder, record)
        self.records.append(record)
        self._settle()

    def was_undone(self, dataset: str, origin: str, file: FileHash, sheet: str | None = None) -> bool:
        """Whether these bytes of a file (of one sheet of it) were loaded, undone, and not loaded again since."""
        readings = [
            m.load_id
            for m in self.all
            if (m.dataset, m.origin) == (dataset, origin) and sheet in (None, m.sheet) and m.sha256 == file.sha256
        ]
        return any(r in self.undone for r in readings) and (sheet is None or all(r in self.undone for r in readings))

    def newest(self, dataset: str, origin: str, sheet: str) -> Manifest | None:
        """The last load of one sheet of one file."""
        return self._newest.get((dataset, origin, sheet))

    def is_last(self, m: Manifest) -> bool:
        """Whether a load is the last reading of its sheet, and of the last version of its file."""
        return self._newest[m.dataset, m.origin, m.sheet] == m and self._versions[m.dataset, m.origin] == m.sha256

    def rejected(self, files: Collection[tuple[str, str]]) -> list[Manifest]:
        """The last loads of some files (data set, origin) in which rows stand rejected."""
        return [m for m in self.last(files) if m.rows_rejected]

    def last(self, files: Collection[tuple[str, str]]) -> list[Manifest]:
        """The last loads of some files (data set, origin)."""
        return [m for m in self._newest.values() if (m.dataset, m.origin) in files and self.is_last(m)]

    def next_seq(self) -> int:
        """The number of the next load."""
        return self.all[-1].seq + 1 if self.all else 1

    @staticmethod
    def id_of(seq: int, ledger: str, sha256: str) -> str:
        """The id of a load; ids sort in the order in which loads were made."""
        return f"{seq:06d}-{ledger}-{sha256[:8]}"

    def add(self, manifests: Iterable[Manifest]) -> None:
        """Take loads that were written into what was read."""
        for manifest in manifests:
            self.all.append(manifest)
            self._newest[manifest.dataset, manifest.origin, manifest.sheet] = manifest
            self._versions[manifest.dataset, manifest.origin] = manifest.sha256

    def write(
        self,
        connection: duckdb.DuckDBPyConnection,
        manifest: Manifest,
        rows: str | pa.Table,
        rejects: str | None,
        places: Iterable[Place],
    ) -> Manifest:
        """Write a load from two queries (or its rows themselves) and the places it brings; the manifest comes back and says whether it
        brings any.

        Safe on several cursors at a time; :meth:`add` what was written afterwards.
        """
        temporary = self.folder / f"{TEMPORARY}{os.getpid()}-{manifest.load_id}"
        temporary.mkdir(parents=True)
        (_copy if isinstance(rows, str) else _write)(connection, rows, temporary / "rows.parquet")
        if rejects:
            _copy(connection, rejects, temporary / "rejects.parquet")
        if places := list(places):
            _copy(connection, _places_query(connection, places), temporary / "places.parquet")
        manifest = replace(manifest, brings_places=bool(places))
        content = json.dumps(vars(manifest), ensure_ascii=False, indent=1)
        (temporary / "manifest.json").write_text(content, encoding="utf-8")
        temporary.rename(self.folder / manifest.load_id)
        return manifest

    def path(self, manifest: Manifest, part: str) -> Path:
        return self.folder / manifest.load_id / part

    def active(
        self, known: Callable[[Manifest], bool], keyless: Callable[[Manifest], bool], exists: Callable[[Manifest], bool]
    ) -> list[Manifest]:
        """The loads from which the warehouse is made, oldest first.

        Of the same bytes of a sheet only the last reading counts. Of the data sets whose files are the truth, and of
        ledgers without a key, only the last version of a file counts. The three questions: is there still a contract, has
        its ledger no key, is the file still there.
        """
        standing = self.standing
        readings = {(m.dataset, m.origin, m.sheet, m.sha256): m.load_id for m in standing}
        return [
            m
            for m in standing
            if known(m)
            and readings[m.dataset, m.origin, m.sheet, m.sha256] == m.load_id
            and (m.dataset not in REPLACED or exists(m))
            and (not (m.dataset in REPLACED or keyless(m)) or self._versions[m.dataset, m.origin] == m.sha256)
        ]

    def sweep(self) -> None:
        """Remove what a killed run left half written."""
        for folder in self.folder.glob(f"{TEMPORARY}*"):
            shutil.rmtree(folder, ignore_errors=True)
        for memory in (*self.folder.glob(".files-*.json"), *self.folder.glob(f"{RECORDING}*")):
            memory.unlink()


def _read_manifest(path: Path) -> Manifest:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        columns = {"columns": tuple(content["columns"])} if content.get("columns") is not None else {}
        return Manifest(**{k: v for k, v in content.items() if k in _FIELDS} | columns)
    except (ValueError, TypeError, AttributeError) as error:
        raise Damaged(f"装载记录 {path.parent.name} 已损坏。请从备份恢复这个文件夹，或把它移走后重新装载原来的文件。") from error


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    # Numbers of cases, of which each row has another one, are soon given up as words of a dictionary.
    options = f"FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4, DICTIONARY_SIZE_LIMIT {_WORDS}"
    connection.execute(f"COPY ({query}) TO {text(path.as_posix())} ({options})")


def _write(connection: duckdb.DuckDBPyConnection, rows: pa.Table, path: Path) -> None:
    """Few rows: what DuckDB takes to set out costs more than to write them."""
    from pyarrow import parquet  # only where a batch of small sheets is loaded

    parquet.write_table(rows, path, compression="lz4", use_dictionary=False)


def _places_query(connection: duckdb.DuckDBPyConnection, places: list[Place]) -> str:
    values = [[None if getattr(p, f) is None else str(getattr(p, f)) for p in places] for f in PLACE_FIELDS]
    connection.register("brought", pa.Table.from_arrays([*map(texts, values)], list(PLACE_FIELDS)))
    columns = ", ".join(f"CAST({f} AS {PLACE.get(f, 'VARCHAR')}) AS {f}" for f in PLACE_FIELDS)
    return f"SELECT {columns} FROM brought"


def read_places(connection: duckdb.DuckDBPyConnection, path: Path) -> list[Place]:
    """The places that a load brought; an older load knows fewer fields."""
    there = {name for name, *_ in connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()}
    names = [f for f in PLACE_FIELDS if f in there]
    columns = ", ".join(f"CAST({f} AS VARCHAR)" if f in DATES else f'"{f}"' for f in names)
    rows = connection.execute(f"SELECT {columns} FROM read_parquet(?)", [str(path)]).fetchall()
    return [Place(**dict(zip(names, row, strict=True))) for row in rows]


def fingerprint(ledger: Ledger, catalogue: Catalogue) -> str:
    """What a reading depends on beside the file: the contract, units of its measures, and the names it looks up."""
    parts = [str(READER_VERSION), ledger.model_dump_json(exclude={"practices", "note", "due_day", "database"})]
    if any(c.type == "measure" for c in ledger.columns):
        parts += [f"{m.id}|{m.name}|{m.unit}" for m in catalogue.measures.values()]
    else:
        parts += [catalogue.measures[c.measure].unit for c in ledger.columns if c.measure]
    if ledger.table == "target":
        parts += [f"{m.id}|{m.name}" for m in catalogue.metrics.values()]
    return digest(parts)


def digest(parts: Iterable[str]) -> str:
    """16 hexadecimal digits over a list of texts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def user() -> str:
    """Who runs this; empty where the system does not tell."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
