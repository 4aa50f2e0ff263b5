"""Everything at once: files → loads → warehouse. What the command line and the application call."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from etl import backup, demo, origins, trial, undo, warehouse
from etl.hashes import FileHash
from etl.ingest import Progress, contracts_digest
from etl.load import Loads, Manifest, fingerprint
from etl.memory import Memory
from etl.origins import Origin
from etl.owncontract import keep_contract, with_contract
from etl.recognise import ledgers_for
from etl.run import Run, Summary, alone, places_of, work
from etl.seen import Seen
from etl.template import template as make_template
from etl.trial import Checked
from etl.uploads import Upload, Uploads
from jiejian.catalogue import CatalogueError, Ledger, catalogue, read_yaml
from jiejian.home import Home, home

_COARSE_NS = 2_000_000_000


def refresh(progress: Progress | None = None) -> Summary:
    """Load what is new among the bundled figures, the street's inbox and the demo, and switch to a new version if need be.

    Raises Busy when another run is under way and CatalogueError when the catalogue has a fault.
    """
    where = home()
    with work(where) as run:
        summary = run.load(_everything(where, run), progress, databases=[*run.catalogue.ledgers.values()])
    summary.notes += origins.passed_over(where.inbox)
    return summary


def ensure(progress: Progress | None = None, wait: float = 120) -> Path:
    """The warehouse to serve: built when there is none, and when bundled files or the catalogue have changed."""
    where = home()
    if not _is_stale(where):
        return warehouse.serving(where)
    with work(where, wait) as run:
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
    with work(where) as run:
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
        with with_contract(contract, where, dataset) as checked:
            known, ledgers = checked, [checked.ledgers[contract.stem]]
    return trial.check(trial.origins_of(paths, dataset, where), where, known, places_of(where), progress, ledgers)


def check_uploads(uploads: Sequence[Upload], dataset: str, progress: Progress | None = None) -> list[Checked]:
    """:func:`check` for files that were dropped onto the page."""
    where = home()
    files = [Uploads(where).origin(upload, dataset) for upload in uploads]
    return trial.check(files, where, catalogue(), places_of(where), progress) if files else []


def load_uploads(uploads: Sequence[Upload], dataset: str, by: str = "", progress: Progress | None = None) -> Summary:
    """:func:`load` for files that were dropped onto the page."""
    with work(home()) as run:
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
    with work(home()) as run:
        going = undo.chosen(run.loads, names, last)
        undo.stand_on(run.connection, run.loads, going)
        run.loads.undo([m.load_id for m in going], by)
        return going, run.load([], None)


def restore(names: Sequence[str] = (), last: bool = False, by: str = "") -> tuple[list[Manifest], Summary]:
    """Bring loads back that were left out; the undo of :func:`rollback`."""
    with work(home()) as run:
        coming = undo.chosen(run.loads, names, last, back=True)
        run.loads.redo([m.load_id for m in coming], by)
        return coming, run.load([], None)


def back_up(out: Path, wait: float = 600) -> backup.Archive:
    """The home in one file, while it goes on serving; a load under way is waited for. Raises Busy when it takes too long."""
    where = home()
    with alone(where, wait):
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
    with alone(where):
        archive = backup.unpack(where, path)
        aside = backup.finish(where)
    with work(where, wait=60) as run:
        return archive, aside, run.load([], None)


def write_demo(seed: int = demo.SEED) -> Path:
    """Write the made-up street into the home, also where it was put away; the next run loads it."""
    where = home()
    with work(where):
        demo.restore(where)
        demo.ensure(where.demo, seed)
    return where.demo


def remove_demo() -> Summary:
    """Put the made-up street away and build without it."""
    demo.remove(home())
    return refresh()


# ---- what a home loads by itself ----


def _everything(where: Home, run: Run) -> list[Origin]:
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
        if not seen.knows(origin, FileHash(origin.path), prints):
            return True
    wanted = warehouse.version(loads, known, places_of(where), where)
    return not warehouse.is_current(where, wanted)
