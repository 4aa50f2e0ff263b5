"""Everything at once: files → loads → warehouse. What the command line and the application call."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from etl import backup, contradictions, corrections, demo, faults, origins, trial, undo, warehouse
from etl.hashes import file_hash
from etl.ingest import Ingest, Outcome, Progress, contracts_digest
from etl.load import Loads, Manifest, fingerprint
from etl.longload import LongLoad, longer
from etl.memory import Memory
from etl.origins import Origin
from etl.places import Place, listed
from etl.readers import Readers
from etl.recognise import ledgers_for
from etl.seen import Seen
from etl.template import template as make_template
from etl.trial import Checked
from etl.uploads import Upload, Uploads
from jiejian.catalogue import Catalogue, CatalogueError, Ledger, catalogue, load_catalogue, read_yaml
from jiejian.catalogue.contracts import split
from jiejian.home import BUNDLED_CATALOGUE, Home, home

_SPILL = ".etl-spill"
_COARSE_NS = 2_000_000_000


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


def refresh(progress: Progress | None = None) -> Summary:
    """Load what is new among the bundled figures, the street's inbox and the demo, and switch to a new version if need be.

    Raises Busy when another run is under way and CatalogueError when the catalogue has a fault.
    """
    where = home()
    with _work(where) as run:
        summary = run.load(_everything(where, run), progress, databases=[*run.catalogue.ledgers.values()])
    summary.notes += origins.passed_over(where.inbox)
    return summary


def ensure(progress: Progress | None = None, wait: float = 120) -> Path:
    """The warehouse to serve: built when there is none, and when bundled files or the catalogue have changed."""
    where = home()
    if not _is_stale(where):
        return warehouse.serving(where)
    with _work(where, wait) as run:
        if not _is_stale(where):  # another process was faster
            return warehouse.serving(where)
        return run.load(_everything(where, run), progress).path


def load(
    paths: Sequence[Path],
    dataset: str = "street",
    contract: Path | None = None,
    progress: Progress | None = None,
    by: str = "",
) -> Summary:
    """Load some files into a data set. A ``contract`` of one's own is kept in the home's catalogue and tried alone.

    Without files the contract names a database. ``by`` is who loads, as the manifests remember it. Files whose load was undone are loaded anew: here that is meant.
    """
    where = home()
    ledgers = [keep_contract(contract, where, dataset)] if contract else None
    with _work(where) as run:
        files = [origins.outside(path, dataset, where) for path in paths]
        drawn = ledgers if ledgers and not files else []
        return run.load(files, progress, ledgers, by=by, again=True, databases=drawn)


def dataset_of(contract: Path | None) -> str:
    """The data set that a load goes into when none is named: the only one that its contract is for, else the street."""
    try:
        declared = read_yaml(contract).get("datasets") if contract and contract.is_file() else None
    except CatalogueError:  # said when the contract is checked
        declared = None
    return str(*declared) if isinstance(declared, dict | list) and len(declared) == 1 else "street"


def check(
    paths: Sequence[Path], dataset: str = "street", contract: Path | None = None, progress: Progress | None = None
) -> list[Checked]:
    """What :func:`load` would do with these files, without doing it: nothing is written. Needs no lock."""
    where, known, ledgers = home(), catalogue(), None
    if contract:
        with _with_contract(contract, where, dataset) as checked:
            known, ledgers = checked, [checked.ledgers[contract.stem]]
    return trial.check(trial.origins_of(paths, dataset, where), where, known, _places(where), progress, ledgers)


def check_uploads(uploads: Sequence[Upload], dataset: str, progress: Progress | None = None) -> list[Checked]:
    """:func:`check` for files that were dropped onto the page."""
    where = home()
    files = [Uploads(where).origin(upload, dataset) for upload in uploads]
    return trial.check(files, where, catalogue(), _places(where), progress) if files else []


def load_uploads(uploads: Sequence[Upload], dataset: str, by: str = "", progress: Progress | None = None) -> Summary:
    """:func:`load` for files that were dropped onto the page."""
    with _work(home()) as run:
        files = [Uploads(run.where).origin(upload, dataset) for upload in uploads]
        return run.load(files, progress, by=by, again=True)


def memory() -> Memory:
    """What people decided once: mappings of layouts, places meant by doubtful names."""
    return Memory(home())


def template(ledger: Ledger, dataset: str = "street") -> bytes:
    """An empty workbook for a ledger, with the communities that the data set has."""
    street, communities = warehouse.names(home(), dataset)
    return make_template(ledger, catalogue(), street, communities, date.today())


def history() -> Loads:
    """Every load that was ever made, and which of them are left out; needs no lock. Shared: for reading only.

    Each load and each record comes as a file of its own, so that their folder tells whether there is anything new.
    """
    here = home()
    changed = here.loads.stat().st_mtime_ns if here.loads.is_dir() else 0
    # Clocks of file systems are coarse: what comes in the same moment must not be missed.
    return _history(here, changed) if time.time_ns() - changed > _COARSE_NS else Loads(here)


@lru_cache(maxsize=2)
def _history(here: Home, changed: int) -> Loads:
    return Loads(here)


def rollback(names: Sequence[str] = (), last: bool = False, by: str = "") -> tuple[list[Manifest], Summary]:
    """Leave loads out (by id or number, or those of the last run) and derive the warehouse anew; nothing is deleted.

    What they replaced comes back. Raises Refused when a load is unknown or others stand on it, Busy when another run works.
    """
    with _work(home()) as run:
        going = undo.chosen(run.loads, names, last)
        undo.stand_on(run.connection, run.loads, going)
        run.loads.undo([m.load_id for m in going], by)
        return going, run.load([], None)


def restore(names: Sequence[str] = (), last: bool = False, by: str = "") -> tuple[list[Manifest], Summary]:
    """Bring loads back that were left out; the undo of :func:`rollback`."""
    with _work(home()) as run:
        coming = undo.chosen(run.loads, names, last, back=True)
        run.loads.redo([m.load_id for m in coming], by)
        return coming, run.load([], None)


def back_up(out: Path, wait: float = 600) -> backup.Archive:
    """The home in one file, while it goes on serving; a load under way is waited for. Raises Busy when it takes too long."""
    where = home()
    with _alone(where, wait):
        backup.finish(where)
        return backup.write(where, out)


def bring_back(path: Path, replace: bool = False) -> tuple[backup.Archive, Path | None, Summary]:
    """Put a backup in the place of the home and derive the warehouse anew; what stood there is kept aside.

    Until the new version stands the old one goes on serving. Raises :class:`etl.backup.Broken` with the home unchanged.
    """
    where = home()
    if not replace and backup.holds_something(where):
        raise backup.Broken("这里已有数据。确要用备份替换的，请加上 --replace；现有数据会移到 before-restore-… 文件夹留存，不会删除。")
    where.root.mkdir(parents=True, exist_ok=True)
    with _alone(where):
        archive = backup.unpack(where, path)
        aside = backup.finish(where)
    with _work(where, wait=60) as run:
        return archive, aside, run.load([], None)


def keep_contract(path: Path, where: Home, dataset: str) -> Ledger:
    """Check a contract against the catalogue and put it into the home, so that its table lives on in every later version.

    A data set that nobody has declared yet is declared with it.
    """
    with _with_contract(path, where, dataset) as checked:
        pass
    if dataset not in catalogue().datasets and dataset not in split(path.name, read_yaml(path))[1]["datasets"]:
        own = where.catalogue / "datasets.yml"
        own.parent.mkdir(parents=True, exist_ok=True)
        before = own.read_text(encoding="utf-8").rstrip() + "\n" if own.is_file() else ""
        own.write_text(before + _declared(dataset, path), encoding="utf-8")
    kept = where.catalogue / "ledgers" / path.name
    if kept.resolve() != path.resolve():
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, kept)
    return checked.ledgers[path.stem]


@contextmanager
def _with_contract(path: Path, where: Home, dataset: str) -> Iterator[Catalogue]:
    """The catalogue as it would be with one more contract and its data set; CatalogueError when that has a fault."""
    with tempfile.TemporaryDirectory() as folder:
        ledgers = Path(folder) / "ledgers"
        ledgers.mkdir()
        shutil.copy(path, ledgers / path.name)
        known = load_catalogue(BUNDLED_CATALOGUE, where.catalogue, Path(folder))
        if dataset not in known.datasets:
            if not re.fullmatch(r"[a-z][a-z0-9_-]*", dataset):
                raise CatalogueError(f"数据集编号“{dataset}”只能用小写英文字母、数字、下划线和连字符，以字母开头。")
            own = where.catalogue / "datasets.yml"
            before = own.read_text(encoding="utf-8").rstrip() + "\n" if own.is_file() else ""
            (Path(folder) / "datasets.yml").write_text(before + _declared(dataset, path), encoding="utf-8")
            known = load_catalogue(BUNDLED_CATALOGUE, where.catalogue, Path(folder))
        ledger = known.ledgers[path.stem]
        if ledger.datasets and dataset not in ledger.datasets:
            raise CatalogueError(
                f"目录文件 ledgers/{path.name}，键 datasets：这份约定只用于数据集 {'、'.join(ledger.datasets)}，不能装入 {dataset}。"
                "请改 --dataset，或在约定的 datasets 中加上它。"
            )
        yield known


def _declared(dataset: str, contract: Path) -> str:
    return f"{dataset}: {{name: {dataset}, mode: periodic, note: 装载台账约定 {contract.name} 时新建。}}\n"


def write_demo(seed: int = demo.SEED) -> Path:
    """Write the made-up street into the home, also where it was put away; the next run loads it."""
    where = home()
    with _work(where):
        demo.restore(where)
        demo.ensure(where.demo, seed)
    return where.demo


def remove_demo() -> Summary:
    """Put the made-up street away and build without it."""
    demo.remove(home())
    return refresh()


# ---- one run ----


@dataclass
class _Run:
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

        origins_ = (self._draw(l, summary, number, by, again) for l in database.to_draw(self.catalogue, ledgers))
        return [o for o in origins_ if o]

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
def _work(where: Home, wait: float = 0) -> Iterator[_Run]:
    """Hold the home alone, clean up after killed runs, and open the one connection."""
    with _alone(where, wait), faults.told():
        backup.finish(where)  # a restore that was killed between unpacking and switching
        loads = Loads(where)
        _sweep(where, loads)
        connection = duckdb.connect(config={"temp_directory": str(where.root / _SPILL)})
        try:
            yield _Run(where, connection, catalogue(), loads, _places(where))
        except Exception:
            connection.close()
            _sweep(where, loads)  # what is half written would keep a full disk full
            raise
        finally:
            connection.close()
            shutil.rmtree(where.root / _SPILL, ignore_errors=True)


@contextmanager
def _alone(where: Home, wait: float = 0) -> Iterator[None]:
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


def _places(where: Home) -> list[Place]:
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


def _everything(where: Home, run: _Run) -> list[Origin]:
    """All files in the known folders; what was remembered of files that are gone is forgotten."""
    _provide_demo(where, run.loads)
    files = [*origins.bundled(), *origins.inbox(where), *origins.demo(where)]
    Seen(where).keep(files)
    return files


def _provide_demo(where: Home, loads: Loads) -> None:
    """Write the made-up street while the street has nothing of its own, unless it was put away."""
    has_own = bool(origins.inbox(where)) or any(m.dataset == "street" for m in loads.all)
    if not demo.is_removed(where) and (where.demo.exists() or not has_own):
        demo.ensure(where.demo, _seed_of(where.demo))


def _seed_of(folder: Path) -> int:
    """The seed with which the made-up street was written, so that a seed of one's own is kept."""
    stamp = folder / demo.STAMP
    found = re.search(r"种子 (\d+)", stamp.read_text(encoding="utf-8")) if stamp.is_file() else None
    return int(found[1]) if found else demo.SEED


def _is_stale(where: Home) -> bool:
    """Whether the version that serves is not made of the present catalogue, loads and bundled files."""
    if warehouse.serving(where) is None:
        return True
    known, seen, loads = catalogue(), Seen(where), Loads(where)
    for origin in origins.bundled():
        prints = contracts_digest({l.id: fingerprint(l, known) for l in ledgers_for(known, origin.dataset)})
        if not seen.knows(origin, file_hash(origin.path), prints):
            return True
    wanted = warehouse.version(loads, known, _places(where), where)
    return not warehouse.is_current(where, wanted)
