"""Loads → a new version of the warehouse, built aside and switched to whole.

``warehouse/current`` names the version that serves. A version is named by the digest of what it is made of, so that nothing is
built when nothing changed. Whoever reads keeps reading the version that they opened.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import duckdb

from etl.atlas import Atlas, atlas
from etl.ingest import active_loads
from etl.load import Loads, Manifest, digest, fingerprint
from etl.places import Place
from etl.rollup import roll_up
from etl.schema import FIXED, PLACE_PATHS, SCHEMA_VERSION, create_tables, create_views, quoted, tables, text
from etl.textfile import texts
from jiejian.catalogue import Catalogue, Ledger
from jiejian.home import Home

_KEPT = 2
_BUILDING = ".building-"
_NAME = re.compile(r"^jiejian-\d{14}-([0-9a-f]{8})\.duckdb$")


def version(loads: Loads, catalogue: Catalogue, places: Iterable[Place], home: Home) -> str:
    """Digest of everything that a warehouse is made of."""
    active = [m.load_id for m in active_loads(loads, catalogue, home)]
    ledgers = [fingerprint(l, catalogue) + l.name for l in catalogue.ledgers.values()]
    declared = [d.model_dump_json(exclude={"practices", "note"}) for d in (*catalogue.datasets.values(), *catalogue.measures.values())]
    return digest([str(SCHEMA_VERSION), *active, *ledgers, *declared, *map(repr, places)])[:8]


def serving(home: Home) -> Path | None:
    """The version that serves now, or None when there is none that can be opened."""
    try:
        path = home.warehouse / home.pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return path if _NAME.match(path.name) and path.is_file() else None


def is_current(home: Home, wanted: str) -> bool:
    """Whether the version that serves is made of exactly this."""
    path = serving(home)
    return path is not None and _NAME.match(path.name)[1] == wanted


def build(
    connection: duckdb.DuckDBPyConnection, loads: Loads, catalogue: Catalogue, places: list[Place], home: Home, wanted: str,
    progress: Callable[[str], None] = lambda what: None,
) -> Path:
    """Build the version ``wanted`` and switch to it; returns its path."""
    home.warehouse.mkdir(parents=True, exist_ok=True)
    building = home.warehouse / f"{_BUILDING}{os.getpid()}.duckdb"
    building.unlink(missing_ok=True)
    active = active_loads(loads, catalogue, home)
    connection.execute(f"ATTACH {text(building.as_posix())} AS building")
    try:
        connection.execute("USE building")
        for statement in create_tables(catalogue):
            connection.execute(statement)
        progress("载入台账")
        _fill(connection, loads, catalogue, places, active)
        progress("汇总指标")
        roll_up(connection, catalogue)
        for statement in create_views():
            connection.execute(statement)
        connection.execute("CHECKPOINT building")
    finally:
        connection.execute("USE memory")
        connection.execute("DETACH building")
    final = home.warehouse / f"jiejian-{datetime.now():%Y%m%d%H%M%S}-{wanted}.duckdb"
    building.replace(final)
    _point_to(home, final)
    return final


def _point_to(home: Home, final: Path) -> None:
    """Let the pointer name the new version, in one step: a reader finds the old name or the new one, never half a name."""
    temporary = home.warehouse / f".current-{os.getpid()}"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(final.name)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, home.pointer)


def sweep(home: Home) -> None:
    """Remove what killed runs left, and all but the last versions. A file that another process holds open stays (Windows)."""
    now = serving(home)
    if not home.warehouse.is_dir():
        return
    versions = sorted((p for p in home.warehouse.iterdir() if _NAME.match(p.name) and p != now), reverse=True)
    # A version newer than the one that serves was finished but never switched to.
    older = [p for p in versions if now and p.name < now.name]
    left_over = [p for p in home.warehouse.iterdir() if p.name.startswith((_BUILDING, ".current-"))]
    for path in [*left_over, *(p for p in versions if p not in older), *older[_KEPT:]]:
        try:
            path.unlink()
        except OSError:
            continue


# ---- filling ----


def _fill(connection: duckdb.DuckDBPyConnection, loads: Loads, catalogue: Catalogue, places: list[Place], active: list[Manifest]) -> None:
    atlases = {d: atlas(connection, d, places, loads, active) for d in catalogue.datasets}
    _insert_places(connection, atlases)
    _insert(connection, "dataset", [(d.id, d.name, d.fictional, d.mode, None) for d in catalogue.datasets.values()])
    _insert(connection, "measure", [(m.id, m.name, m.name_en, m.unit, m.kind) for m in catalogue.measures.values()])
    _insert_loads(connection, loads, active)
    moved = {old: atlas.now(old) for atlas in atlases.values() for old in atlas.moved}
    for table, ledgers in catalogue.tables().items():
        chosen = [m for m in active if m.table == table and m.rows_accepted]
        if chosen and table != "place":
            _insert_rows(connection, table, tables(catalogue)[table], ledgers, [loads.path(m, "rows.parquet") for m in chosen], moved)
    _insert_sources(connection, catalogue)
    _insert_rejects(connection, loads, active)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple]) -> None:
    """A few rows from Python, column by column (executemany costs a statement a row)."""
    import pyarrow as pa

    if not rows:
        return
    columns = FIXED[table]
    values = [texts([None if v is None else str(v) for v in column]) for column in zip(*rows, strict=True)]
    connection.register("few", pa.Table.from_arrays(values, list(columns)))
    connection.execute(f"INSERT INTO {table} SELECT {', '.join(f'CAST({quoted(c)} AS {kind})' for c, kind in columns.items())} FROM few")
    connection.unregister("few")


def _insert_places(connection: duckdb.DuckDBPyConnection, atlases: dict[str, Atlas]) -> None:
    found = [p for atlas in atlases.values() for p in atlas.places.values()]
    _insert(connection, "place", [tuple(getattr(p, c) for c in FIXED["place"]) for p in found])
    _insert(connection, "place_alias", [(p.place_id, alias) for p in found for alias in p.names[1:]])
    connection.execute(PLACE_PATHS)
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE ancestor AS
           WITH RECURSIVE up AS (SELECT place_id, place_id AS above FROM place
             UNION ALL SELECT up.place_id, p.parent_id FROM up JOIN place p ON p.place_id = up.above WHERE p.parent_id IS NOT NULL)
           SELECT * FROM up"""
    )


def _insert_loads(connection: duckdb.DuckDBPyConnection, loads: Loads, active: list[Manifest]) -> None:
    there = {m.load_id for m in active}
    known = [c for c in FIXED["load"] if c != "active"]
    _insert(connection, "load", [(*(getattr(m, c) for c in known), m.load_id in there) for m in loads.all])


def _insert_rows(
    connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], ledgers: list[Ledger], files: list[Path], moved: dict[str, str]
) -> None:
    """The rows of a table's active loads; of rows with the same key the newest counts."""
    paths = [path.as_posix() for path in files]
    there = {name for name, *_ in connection.execute("DESCRIBE SELECT * FROM read_parquet(?, union_by_name = true)", [paths]).fetchall()}
    # A load under an older contract may lack a column, or hold it in another type.
    selected = [f"TRY_CAST(r.{quoted(c)} AS {kind}) AS {quoted(c)}" if c in there else f"CAST(NULL AS {kind}) AS {quoted(c)}" for c, kind in columns.items()]
    source = "read_parquet($files, union_by_name = true)"
    parameters: dict = {"files": paths}
    if moved and "place_id" in there:
        source = f"(SELECT s.* REPLACE (coalesce(m.now, s.place_id) AS place_id) FROM {source} s LEFT JOIN (SELECT unnest($old) AS old, unnest($now) AS now) m ON m.old = s.place_id)"
        parameters |= {"old": list(moved), "now": list(moved.values())}
    older = _older(ledgers[0], there, table, source)
    connection.execute(f"INSERT INTO {quoted(table)} SELECT {', '.join(selected)} FROM {source} r {older}", parameters)


def _older(ledger: Ledger, there: set[str], table: str, source: str) -> str:
    """Leave out rows of which a newer load holds the same key; load ids sort by time.

    Of figures the whole row of a place and period is replaced: a value that the newer row leaves blank is blank.
    """
    if table == "observation":
        names, given = ["ledger", "place_id", "grain", "period_start", "period_end"], "WHERE period_start IS NOT NULL"
    else:
        names, given = [n for key in ledger.key for n in _typed_names(ledger, key) if n in there], ""
    if not names:
        return ""
    keys = ", ".join(quoted(n) for n in ("dataset", *names))
    same = " AND ".join(f"n.{quoted(n)} IS NOT DISTINCT FROM r.{quoted(n)}" for n in ("dataset", *names))
    twice = f"SELECT {keys}, max(load_id) AS newest FROM {source} {given} GROUP BY {keys} HAVING min(load_id) < max(load_id)"
    return f"ANTI JOIN ({twice}) n ON {same} AND r.load_id < n.newest"


def _typed_names(ledger: Ledger, key: str) -> list[str]:
    from etl.schema import column_types

    return list(column_types(ledger, ledger.column(key)))


def _insert_sources(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """Sources by their full id; a ledger is the source of its own figures; a source that only a figure names has its name as title."""
    connection.execute("UPDATE source SET source_id = dataset || '/' || source_id")
    used = [(f"{d}/{l.id}", d, l.name) for l in catalogue.ledgers.values() for d in (l.datasets or catalogue.datasets)]
    _insert(connection, "source", [(*row, None, None, None, None) for row in used])
    connection.execute(
        """INSERT INTO source (source_id, dataset, title)
           SELECT DISTINCT source_id, dataset, source_id[length(dataset) + 2:] FROM observation
           WHERE source_id NOT IN (SELECT source_id FROM source)"""
    )


def _insert_rejects(connection: duckdb.DuckDBPyConnection, loads: Loads, active: list[Manifest]) -> None:
    """What was rejected at the last reading of each sheet: an older reading's rejects have been dealt with."""
    last = {(m.dataset, m.origin, m.sheet): m for m in active}
    files = [path for m in last.values() if (path := loads.path(m, "rejects.parquet")).is_file()]
    if files:
        connection.execute("INSERT INTO reject BY NAME SELECT * FROM read_parquet(?)", [[p.as_posix() for p in files]])
