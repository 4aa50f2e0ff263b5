"""Loads → a new version of the warehouse, built aside and switched to whole.

``warehouse/current`` names the version that serves. A version is named by the digest of what it is made of, so that nothing is
built when nothing changed. Whoever reads keeps reading the version that they opened.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from etl.fill import fill
from etl.ingest import active_loads
from etl.load import Loads, digest, fingerprint
from etl.longload import LongLoad
from etl.places import COMMUNITIES, STREETS, Place
from etl.rollup import roll_up
from etl.schema import SCHEMA_VERSION, create_tables, create_views, text
from jiejian.catalogue import Catalogue
from jiejian.home import Home

_KEPT = 2
_BUILDING = ".building-"
_NAME = re.compile(r"^jiejian-(\d{14})-([0-9a-f]{8})\.duckdb$")


def version(loads: Loads, catalogue: Catalogue, places: Iterable[Place], home: Home) -> str:
    """Digest of everything that a warehouse is made of."""
    active = [m.load_id for m in active_loads(loads, catalogue, home)]
    ledgers = [fingerprint(l, catalogue) + l.name for l in catalogue.ledgers.values()]
    declared = [
        d.model_dump_json(exclude={"practices", "note"}) for d in (*catalogue.datasets.values(), *catalogue.measures.values())
    ]
    declared += [d.model_dump_json() for d in (*catalogue.time_limits.values(), *catalogue.holidays.values(), *catalogue.corrections.values())]
    undone = [f"{load}:{record.number}" for load, record in sorted(loads.undone.items())]
    return digest([str(SCHEMA_VERSION), *active, *undone, *ledgers, *declared, *map(repr, places)])[:8]


def serving(home: Home) -> Path | None:
    """The version that serves now, or None when there is none that can be opened."""
    try:
        path = home.warehouse / home.pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return path if _NAME.match(path.name) and path.is_file() and not home.cut_short(path) else None


def names(home: Home, dataset: str) -> tuple[str, list[str]]:
    """The street's name (empty where there is no single one) and its communities in customary order."""
    path = serving(home)
    if path is None:
        return "", []
    with duckdb.connect() as connection:  # attached, since whoever serves it may hold it open with settings of their own
        connection.execute(f"ATTACH {text(path.as_posix())} AS served (READ_ONLY)")
        query = "SELECT name FROM served.place WHERE dataset = ? AND list_contains(?, kind) ORDER BY sort, name"
        streets = [name for (name,) in connection.execute(query, [dataset, list(STREETS)]).fetchall()]
        communities = [name for (name,) in connection.execute(query, [dataset, list(COMMUNITIES)]).fetchall()]
    return streets[0] if len(streets) == 1 else "", communities


def is_current(home: Home, wanted: str) -> bool:
    """Whether the version that serves is made of exactly this."""
    path = serving(home)
    return path is not None and _NAME.match(path.name)[2] == wanted


def build(
    connection: duckdb.DuckDBPyConnection,
    loads: Loads,
    catalogue: Catalogue,
    places: list[Place],
    home: Home,
    wanted: str,
    progress: Callable[[str], None] = lambda what: None,
    kept: LongLoad | None = None,
) -> Path:
    """Build the version ``wanted`` and switch to it; returns its path. ``kept`` are the rows of a load that are still in memory."""
    home.warehouse.mkdir(parents=True, exist_ok=True)
    building = home.warehouse / f"{_BUILDING}{os.getpid()}.duckdb"
    building.unlink(missing_ok=True)
    active = active_loads(loads, catalogue, home)
    # Nobody reads it before it is whole, and what a killed run leaves is thrown away: no log of each statement is kept.
    connection.execute(f"ATTACH {text(building.as_posix())} AS building (RECOVERY_MODE no_wal_writes)")
    # A table is no list: rows in any order are written once, in their order they are collected first.
    connection.execute("SET preserve_insertion_order = false")
    try:
        connection.execute("USE building")
        for statement in create_tables(catalogue):
            connection.execute(statement)
        progress("载入台账")
        whole = fill(connection, loads, catalogue, places, active, kept)
        progress("汇总指标")
        roll_up(connection, catalogue, active, whole)
        for statement in create_views(catalogue):
            connection.execute(statement)
        connection.execute("CHECKPOINT building")
    finally:
        connection.execute("SET preserve_insertion_order = true")
        connection.execute("USE memory")
        connection.execute("DETACH building")
    final = home.warehouse / f"jiejian-{_stamp(home)}-{wanted}.duckdb"
    building.replace(final)
    _write(home, home.size.name, f"{final.name} {final.stat().st_size}")
    _write(home, home.pointer.name, final.name)
    return final


def _stamp(home: Home) -> str:
    """Now, to the second, but later than any version that is there: names sort in the order in which they were made."""
    stamp = datetime.now()
    newest = max((m[1] for p in home.warehouse.iterdir() if (m := _NAME.match(p.name))), default="")
    while f"{stamp:%Y%m%d%H%M%S}" <= newest:
        stamp = datetime.strptime(newest, "%Y%m%d%H%M%S") + timedelta(seconds=1)
    return f"{stamp:%Y%m%d%H%M%S}"


def _write(home: Home, name: str, content: str) -> None:
    """Write a small file in one step: a reader finds what it said or what it says, never half of it."""
    temporary = home.warehouse / f".current-{os.getpid()}"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(home.warehouse / name)


def sweep(home: Home) -> None:
    """Remove what killed runs left, and all but the last versions. A file that another process holds open stays (Windows)."""
    now = serving(home)
    if not home.warehouse.is_dir():
        return
    versions = sorted((p for p in home.warehouse.iterdir() if _NAME.match(p.name) and p != now), reverse=True)
    # A version newer than the one that serves was finished but never switched to.
    older = [p for p in versions if now and p.name < now.name]
    left_over = [p for p in home.warehouse.iterdir() if p.name.startswith((_BUILDING, ".current-"))]
    done_with = [*(p for p in versions if p not in older), *older[_KEPT:]] if now else []  # while none serves, all are kept
    for path in [*left_over, *done_with]:
        try:
            path.unlink()
        except OSError:
            continue
