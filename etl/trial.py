"""Files read, recognised, typed and checked as a load would, aside: the home and its warehouse stay as they are."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from etl import origins
from etl.dates import in_words, recent
from etl.ingest import Ingest, Progress, Unclear
from etl.load import Loads, Manifest
from etl.mapping import Candidate, candidates, layout
from etl.marks import Problem
from etl.origins import Origin
from etl.personal import KEY_FILE, pseudonym_key
from etl.places import Place
from etl.preview import Preview, preview
from etl.schema import SENTENCE
from etl.warehouse import serving
from jiejian.catalogue import Catalogue, Ledger
from jiejian.home import Home

TEMPORARY = ".check-"
_SAMPLE = 3


@dataclass(frozen=True)
class Found:
    """A sheet that was recognised: its ledger (id and name), the period of its title in words, its rows, and what it would change."""

    sheet: str
    ledger: str
    ledger_name: str
    period: str
    rows_in: int
    rows_accepted: int
    rows_rejected: int
    warnings: int
    preview: Preview


@dataclass(frozen=True)
class Doubt:
    """A sheet that no contract fits for certain: why, its heads and first rows, the ledgers that it may be, likeliest first.

    ``layout`` is the name under which an answer is remembered. Where only the period is missing, ``ledger`` is certain, ``periods`` are
    those that it may mean in words, the newest first, and the answer is remembered for the bytes of the file (``sha256``).
    """

    sheet: str
    sentence: str
    heads: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    layout: str
    candidates: tuple[Candidate, ...]
    sha256: str = ""
    ledger: str = ""
    periods: tuple[str, ...] = ()


@dataclass
class Checked:
    """What a load of one file would do. ``faults``: why nothing of it can be used; ``notes``: why some sheet cannot."""

    path: Path
    name: str
    found: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def rows_rejected(self) -> int:
        return sum(f.rows_rejected for f in self.found)

    @property
    def rows_accepted(self) -> int:
        return sum(f.rows_accepted for f in self.found)


class Trial(Loads):
    """The loads of a home, to which loads are added that are written aside."""

    def __init__(self, home: Home, aside: Path):
        super().__init__(home)
        self._kept, self.folder = self.folder, aside

    def newest(self, dataset: str, origin: str, sheet: str) -> Manifest | None:
        """None: whether a file was loaded before does not matter to a check."""
        return None

    def was_undone(self, *_: object) -> bool:
        return False

    def path(self, manifest: Manifest, part: str) -> Path:
        aside = self.folder / manifest.load_id
        return (aside if aside.is_dir() else self._kept / manifest.load_id) / part


class NothingSeen:
    """A memory of files that knows none and keeps none."""

    def knows(self, *_: object) -> bool:
        return False

    def faults(self, *_: object) -> list[str]:
        return []

    def note(self, *_: object) -> None:
        return None


def check(
    files: Sequence[Origin],
    where: Home,
    catalogue: Catalogue,
    places: Sequence[Place],
    progress: Progress | None = None,
    ledgers: Sequence[Ledger] | None = None,
) -> list[Checked]:
    """What a load of these files of one data set would do, file by file, in their order."""
    with _aside(where) as (folder, connection):
        loads = Trial(where, folder)
        dataset = files[0].dataset
        run = Ingest(connection, catalogue, where, loads, dataset, places, seen=NothingSeen(), key=_key(where))
        outcome = run.run(files, progress, ledgers)
        checked = {f.key: Checked(f.path, f.path.name) for f in files}
        for unclear in outcome.doubts:
            checked[unclear.origin].doubts.append(_doubt(unclear, run.ledgers, catalogue))
        for key, faults in outcome.faults.items():
            checked[key].faults = faults
        for key, notes in outcome.notes_by_file.items():
            checked[key].notes = notes
        now = serving(where)
        for m in sorted(outcome.written, key=lambda m: (m.origin, m.seq)):
            ledger = catalogue.ledgers[m.ledger]
            compared = preview(connection, ledger, catalogue, dataset, loads.path(m, "rows.parquet"), now)
            one = checked[m.origin]
            one.found.append(_found(m, ledger.name, in_words(run.period_of(m)), compared))
            one.problems += _problems(connection, loads.path(m, "rejects.parquet"))
        return [checked[f.key] for f in files]


def _found(m: Manifest, name: str, period: str, compared: Preview) -> Found:
    return Found(m.sheet, m.ledger, name, period, m.rows_in, m.rows_accepted, m.rows_rejected, m.warnings, compared)


def _doubt(unclear: Unclear, ledgers: Sequence[Ledger], catalogue: Catalogue) -> Doubt:
    sheet, asked = unclear.sheet, unclear.ledger
    rows = sheet.table().slice(0, _SAMPLE).to_pydict()
    columns = [rows[f"c{i}"] for i in range(len(sheet.heads))]
    sample = tuple(tuple(value or "" for value in row) for row in zip(*columns, strict=True))
    if asked:
        periods = tuple(in_words(p) for p in recent(asked.spell, date.today()))
        return Doubt(sheet.key, unclear.sentence, sheet.heads, sample, layout(sheet), (), unclear.sha256, asked.id, periods)
    found = tuple(candidates(sheet, ledgers, catalogue))
    return Doubt(sheet.key, unclear.sentence, sheet.heads, sample, layout(sheet), found)


def _problems(connection: duckdb.DuckDBPyConnection, path: Path) -> list[Problem]:
    if not path.is_file():
        return []
    rows = connection.execute(
        f"""SELECT coalesce(sheet, ''), "row", cells, coalesce(column_name, ''), coalesce(value, ''), reason, coalesce(advice, ''),
                   severity, {SENTENCE}, candidates
            FROM read_parquet(?) ORDER BY "row", column_name""",
        [str(path)],
    ).fetchall()
    return [Problem(sheet, row, _parts(cells, "、"), *rest, _parts(places, "\n")) for sheet, row, cells, *rest, places in rows]


def _parts(text: str | None, separator: str) -> tuple[str, ...]:
    return tuple(filter(None, (text or "").split(separator)))


def _key(where: Home) -> Callable[[], bytes]:
    """The home's key where it has one; else one that is thrown away, since a check leaves nothing behind."""
    own = where.root / KEY_FILE
    return cache(lambda: pseudonym_key(where.root) if own.is_file() else secrets.token_bytes(32))


@contextmanager
def _aside(where: Home) -> Iterator[tuple[Path, duckdb.DuckDBPyConnection]]:
    """A folder that only this account can read, and a connection that spills there; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=where.root if where.root.is_dir() else None))
    connection = duckdb.connect(config={"temp_directory": str(folder / "spill")})
    try:
        yield folder, connection
    finally:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)


def sweep(where: Home) -> None:
    """Remove what killed checks left; one that is older than a day is not at work any more."""
    yesterday = time.time() - 86_400
    for folder in where.root.glob(f"{TEMPORARY}*"):
        if folder.stat().st_mtime < yesterday:
            shutil.rmtree(folder, ignore_errors=True)


def origins_of(paths: Sequence[Path], dataset: str, where: Home) -> list[Origin]:
    """Files as a load would know them."""
    return [origins.outside(path, dataset, where) for path in paths]
