"""The active loads → the tables of the warehouse that is in use: places, declarations, rows, sources, rejects."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import duckdb
import pyarrow as pa

from etl.atlas import Atlas, atlas
from etl.corrections import correct, corrected
from etl.cursors import side_by_side
from etl.due import derive_due
from etl.filing import filings
from etl.load import Loads, Manifest
from etl.loaded import Loaded, rows_of
from etl.longload import LONG, LongLoad
from etl.notices import conflicts, notices
from etl.places import Place
from etl.schema import FIXED, PLACE_PATHS, column_types, create_anew, quoted, tables
from etl.textfile import texts
from jiejian.catalogue import Catalogue, Ledger


def fill(
    connection: duckdb.DuckDBPyConnection,
    loads: Loads,
    catalogue: Catalogue,
    places: list[Place],
    active: list[Manifest],
    kept: LongLoad | None = None,
) -> LongLoad | None:
    """Fill every table but the roll-ups and figures. Gives ``kept`` back where a table holds just its rows, unchanged."""
    atlases = {d: atlas(connection, d, places, loads, active, catalogue.registers) for d in catalogue.datasets}
    _insert_places(connection, atlases)
    _insert(connection, "dataset", [(d.id, d.name, d.fictional, d.mode, None) for d in catalogue.datasets.values()])
    _insert(connection, "measure", [(m.id, m.name, m.name_en, m.unit, m.kind) for m in catalogue.measures.values()])
    _insert_loads(connection, loads, active)
    moved = {old: atlas.now(old) for atlas in atlases.values() for old in atlas.moved}
    chosen = {t: some for t in catalogue.tables() if t != "place" and (some := [m for m in active if m.table == t and m.rows_accepted])}

    def filled(table: str, cursor: duckdb.DuckDBPyConnection) -> bool:
        return _fill_table(cursor, loads, catalogue, table, chosen[table], moved, kept)

    in_turn = sorted(chosen, key=lambda table: -sum(m.rows_accepted for m in chosen[table]))
    works = [partial(filled, table) for table in in_turn] + filings(loads, catalogue, active, kept)
    held = side_by_side(connection, works)
    alone = kept if any(held[: len(in_turn)]) else None
    notices(connection, catalogue)
    correct(connection, catalogue, {dataset: found.gazetteer() for dataset, found in atlases.items()})
    changed = derive_due(connection, catalogue) | {table for table, _ in corrected(catalogue)}
    _insert_sources(connection, catalogue, active)
    _insert_rejects(connection, loads, active)
    return alone if alone and alone.table not in changed else None


def _fill_table(
    connection: duckdb.DuckDBPyConnection,
    loads: Loads,
    catalogue: Catalogue,
    table: str,
    chosen: Sequence[Manifest],
    moved: dict[str, str],
    kept: LongLoad | None,
) -> bool:
    """Fill one table from its active loads; whether it holds just the rows that are ``kept``."""
    files = [loads.path(m, "rows.parquet").as_posix() for m in chosen]
    with rows_of(connection, files, kept) as rows:
        same = _said_alike(catalogue, table, chosen, rows)
        if same:
            connection.execute(create_anew(catalogue, table, same))
        _insert_rows(connection, table, tables(catalogue)[table], catalogue.tables()[table], rows, len(chosen) > 1, moved, same)
        if table == "observation" and len(chosen) > 1:
            conflicts(connection, rows, moved)
    return bool(kept and files == [kept.file] and not moved)


def _said_alike(catalogue: Catalogue, table: str, chosen: Sequence[Manifest], rows: Loaded) -> dict[str, str | None]:
    """What all rows of a long table say alike, but for what is worked out or corrected later: columns that no load has, the one data set,
    the one load."""
    if table in FIXED or sum(m.rows_accepted for m in chosen) < LONG:
        return {}
    later = corrected(catalogue) | {(table, "due_at")}
    same: dict[str, str | None] = {c: None for c in tables(catalogue)[table] if c not in rows.columns and (table, c) not in later}
    if len({m.dataset for m in chosen}) == 1:
        same["dataset"] = chosen[0].dataset
    if len(chosen) == 1:
        same["load_id"] = chosen[0].load_id
    return same


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple]) -> None:
    """A few rows from Python, column by column (executemany costs a statement a row)."""
    if not rows:
        return
    columns = FIXED[table]
    values = [texts([None if v is None else str(v) for v in column]) for column in zip(*rows, strict=True)]
    connection.register("few", pa.Table.from_arrays(values, list(columns)))
    connection.execute(
        f"INSERT INTO {table} SELECT {', '.join(f'CAST({quoted(c)} AS {kind})' for c, kind in columns.items())} FROM few"
    )
    connection.unregister("few")


def _insert_places(connection: duckdb.DuckDBPyConnection, atlases: dict[str, Atlas]) -> None:
    found = [p for atlas in atlases.values() for p in atlas.places.values()]
    _insert(connection, "place", [tuple(getattr(p, c) for c in FIXED["place"]) for p in found])
    changes = {c: None for atlas in atlases.values() for c in atlas.changes}
    _insert(connection, "place_change", [tuple(vars(c).values()) for c in changes])
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
    known = [c for c in FIXED["load"] if c not in ("active", "undone_at", "undone_by")]
    undone = {load: (record.at, record.user) for load, record in loads.undone.items()}
    rows = [(*(getattr(m, c) for c in known), m.load_id in there, *undone.get(m.load_id, (None, None))) for m in loads.all]
    _insert(connection, "load", rows)


def _insert_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: dict[str, str],
    ledgers: list[Ledger],
    rows: Loaded,
    several: bool,
    moved: dict[str, str],
    same: Collection[str],
) -> None:
    """The rows of a table's active loads; of rows with the same key in ``several`` the newest counts. The columns ``same`` are told by
    the table itself."""
    there, source, parameters = rows.columns, rows.source, dict(rows.parameters)
    columns = {c: kind for c, kind in columns.items() if c not in same}
    # A load under an older contract may lack a column, or hold it in another type.
    selected = [
        f"TRY_CAST(r.{quoted(c)} AS {kind}) AS {quoted(c)}" if c in there else f"CAST(NULL AS {kind}) AS {quoted(c)}"
        for c, kind in columns.items()
    ]
    if moved and "place_id" in there:
        source = f"(SELECT s.* REPLACE (coalesce(m.now, s.place_id) AS place_id) FROM {source} s LEFT JOIN (SELECT unnest($old) AS old, unnest($now) AS now) m ON m.old = s.place_id)"
        parameters |= {"old": list(moved), "now": list(moved.values())}
    older = _older(ledgers[0], there, table, source) if several else ""
    into = f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, columns))})"
    connection.execute(f"{into} SELECT {', '.join(selected)} FROM {source} r {older}", parameters)


def _older(ledger: Ledger, there: Collection[str], table: str, source: str) -> str:
    """Leave out rows of which a newer load holds the same key; load ids sort by time."""
    if table == "observation":
        return _older_figures(source)
    names = [n for key in ledger.key for n in column_types(ledger, ledger.column(key)) if n in there]
    if not names:
        return ""
    keys = ", ".join(quoted(n) for n in ("dataset", *names))
    same = " AND ".join(f"n.{quoted(n)} IS NOT DISTINCT FROM r.{quoted(n)}" for n in ("dataset", *names))
    twice = f"SELECT {keys}, max(load_id) AS newest FROM {source} GROUP BY {keys} HAVING min(load_id) < max(load_id)"
    return f"ANTI JOIN ({twice}) n ON {same} AND r.load_id < n.newest"


def _older_figures(source: str) -> str:
    """Leave out figures of a ledger, place and period that a newer load reports again.

    The whole row of the older load is replaced, so that a value that the newer row leaves blank is blank; but only where the two
    have a measure in common: a table of other measures (one indicator a file, two tables side by side) stands beside it.
    """
    names = ("dataset", "ledger", "place_id", "grain", "period_start", "period_end")
    keys = ", ".join(map(quoted, names))

    def same(a: str, b: str) -> str:
        return " AND ".join(f"{a}.{quoted(n)} IS NOT DISTINCT FROM {b}.{quoted(n)}" for n in names)

    return f"""ANTI JOIN (
        WITH twice AS MATERIALIZED (
          SELECT {keys}, list(DISTINCT load_id) AS loads FROM {source} WHERE period_start IS NOT NULL
          GROUP BY {keys} HAVING min(load_id) < max(load_id)),
        said AS MATERIALIZED (SELECT DISTINCT ledger, measure, load_id FROM {source}),
        again AS MATERIALIZED (
          SELECT DISTINCT a.load_id AS older, b.load_id AS newer
          FROM said a JOIN said b ON b.ledger = a.ledger AND b.measure = a.measure AND a.load_id < b.load_id)
        SELECT DISTINCT t.* EXCLUDE (loads), o.older
        FROM twice t, unnest(t.loads) AS l (load_id) JOIN again o ON o.older = l.load_id
        WHERE list_contains(t.loads, o.newer)) n ON {same("n", "r")} AND r.load_id = n.older"""


def _insert_sources(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, active: list[Manifest]) -> None:
    """Sources by their full id. A ledger is the source of its figures unless they name one; then that name is the title."""
    connection.execute("UPDATE source SET source_id = dataset || '/' || source_id")
    titles: dict[tuple[str, str], dict[str, None]] = {}
    for dataset, loaded in sorted({(m.dataset, catalogue.ledgers[m.ledger].daily_of or m.ledger) for m in active}):
        ledger = catalogue.ledgers[loaded]
        # Figures as reported name their own source, the contracts of their table have nothing in common. In a table of events
        # a column “source” is something else (a channel); what is counted from it names the table's first contract, whichever
        # of them brought the rows.
        reported = ledger.table == "observation"
        if not reported or not any(c.id in ("source", "source_id") for c in ledger.columns):
            titles.setdefault((dataset, loaded), {})[ledger.name] = None
        if not reported:
            titles.setdefault((dataset, catalogue.tables()[ledger.table][0].id), {})[ledger.name] = None
    _insert(connection, "source", [(f"{d}/{l}", d, "、".join(names), *[None] * 4) for (d, l), names in titles.items()])
    connection.execute(
        """INSERT INTO source (source_id, dataset, title)
           SELECT DISTINCT source_id, dataset, source_id[length(dataset) + 2:] FROM observation
           WHERE source_id NOT IN (SELECT source_id FROM source)"""
    )


def _insert_rejects(connection: duckdb.DuckDBPyConnection, loads: Loads, active: list[Manifest]) -> None:
    """What was rejected at the last reading of each file: an older reading's rejects have been dealt with."""
    files = [path for m in active if loads.is_last(m) and (path := loads.path(m, "rejects.parquet")).is_file()]
    if files:
        connection.execute("INSERT INTO reject BY NAME SELECT * FROM read_parquet(?, union_by_name = true)", [[p.as_posix() for p in files]])
