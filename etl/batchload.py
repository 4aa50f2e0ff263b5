"""Recognised sheets → loads: tidy, check, write. Runs on a cursor of its own, so that two batches can go at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl import jumps
from etl.arrays import to_numpy
from etl.atlas import brought, started
from etl.batch import Batch, Member
from etl.check import check, named_columns, rejects
from etl.dates import Period
from etl.gazetteer import Gazetteer
from etl.hashes import FileHash
from etl.hierarchy import started_by_path
from etl.load import Loads, Manifest, now, user
from etl.longload import LONG, LongLoad, drop
from etl.onepass import look_up, settled, tidy_long
from etl.origins import Origin
from etl.places import Place
from etl.recognise import Match
from etl.schema import SENTENCE
from etl.shape import accepted
from etl.succession import settle
from etl.tidy import tidy
from etl.values import STREET_WIDE, Context
from jiejian.catalogue import Catalogue, CatalogueError, Ledger

# Sentences of a sheet that a summary may show; all of them are in the load.
SHOWN = 20


@dataclass(frozen=True)
class Waiting:
    """A recognised sheet: where it comes from, what it is, and the period that its title speaks of."""

    origin: Origin
    file: FileHash
    match: Match
    period: Period | None

    @property
    def rank(self) -> int:
        """Registers that bring places come first, those that need places above them second."""
        ledger = self.match.ledger
        if ledger.brings_places:
            return 1 if any(c.type == "place" for c in ledger.columns) else 0
        if ledger.starts_places == "all":
            return 1  # each sheet may bring places that the next one names again
        return 2 if ledger.starts_places else 3

    @property
    def turn(self) -> tuple:
        """The order in which sheets are loaded and numbered; sheets of a workbook stay in its order, so that the later one counts."""
        start = self.period.start if self.period else date.min
        # What is hidden comes first, so that what is visible counts where both say something.
        return self.rank, self.match.ledger.id, start, not self.match.sheet.hidden, self.origin.key


@dataclass(frozen=True)
class Surroundings:
    """What is the same for all sheets of a run."""

    catalogue: Catalogue
    loads: Loads
    dataset: str
    contracts: dict[str, str]
    key: Callable[[], bytes]
    today: date
    # The run that writes the loads, and who started it.
    run: str = ""
    by: str = ""


@dataclass(frozen=True)
class Done:
    """A load that was written, the places it brings, and the first sentences about what was rejected; a long one's rows."""

    manifest: Manifest
    places: list[Place]
    sentences: list[str]
    kept: LongLoad | None = None


def load_batch(
    connection: duckdb.DuckDBPyConnection,
    sheets: Sequence[tuple[int, Waiting]],
    run: Surroundings,
    gazetteer: Gazetteer,
    places: str,
) -> list[Done]:
    """Type, check and write numbered sheets, all alike. ``places`` is the digest of the places known.

    Where a ledger brings places, the batch must be of one sheet.
    """
    members = (Member(w.match, w.period, seq, w.file) for seq, w in sheets)
    batch = Batch(tuple(members))
    ledger = batch.ledger
    begun: list[Place] = []

    def start_places() -> None:
        kinds = {path: kind for m in batch.members for path, kind in (m.match.sheet.kinds or {}).items()}
        paths = kinds and ledger.starts_places
        begun.extend(started_by_path(kinds, gazetteer) if paths else started(connection, ledger, gazetteer))
        gazetteer.add(begun)

    context = Context(ledger, run.catalogue, gazetteer, run.key, batch.times, batch.units)
    tidied = tidy_long(connection, batch, context, run.today) or tidy(connection, batch, context, start_places)
    untimely = settle(connection, batch, gazetteer, tidied.careful)
    problems = check(connection, batch, run.catalogue, tidied, run.today, [untimely] if untimely else [])
    # A sheet without a column of places, and a row of a street-wide ledger that names none, speak of the street itself.
    street = gazetteer.street() if ledger.table in STREET_WIDE or ledger.place not in batch.columns else None
    if ledger.table == "observation" and ledger.place not in batch.columns and street is None:
        raise CatalogueError(
            f"台账约定“{ledger.name}”没有地点列，而数据集 {run.dataset} 没有唯一的上级地点。请在约定中加一列地点；整张表只说一个地点的，在 layout 里写 root: 地点名称，或写 places: title（名称在标题、工作表名或文件名里）。"
        )
    good, held = "", ()
    if tidied.staged:
        if problems:
            look_up(connection, batch)
        good, held = settled(connection, batch, tidied)
    none_rejected = not any(rejected for rejected, _, _ in problems.values())
    rows = _rows_by_sheet(connection, batch, accepted(connection, batch, run.dataset, street, good, none_rejected))
    bring = begun + brought(connection, ledger, gazetteer)
    named = named_columns(connection, batch) if problems else ()
    done = []
    for number, (seq, waiting) in enumerate(sheets):
        rejected, warnings, repeated = problems.get(number, (0, 0, 0))
        manifest = _manifest(seq, waiting, batch.members[number].load_id, run, places, tidied.rows(number), rejected, warnings)
        manifest = replace(manifest, rows_accepted=manifest.rows_accepted - repeated)
        rejected_rows = rejects(batch, number, run.dataset, named) if number in problems else None
        manifest = run.loads.write(connection, manifest, rows(number), rejected_rows, bring)
        done.append(Done(manifest, bring, _sentences(connection, run.loads, manifest) if rejected_rows else []))
    if held and manifest.rows_accepted >= LONG and not batch.members[0].period:
        file = run.loads.path(manifest, "rows.parquet").as_posix()
        return [replace(done[0], kept=LongLoad(file, ledger.table, manifest.rows_accepted, rows(0), held))]
    drop(connection, held)
    return done


def _rows_by_sheet(connection: duckdb.DuckDBPyConnection, batch: Batch, query: str) -> Callable[[int], str | pa.Table]:
    """The rows of one sheet of the batch, as a query; where there are several, the work is done once and each gets its part."""
    if len(batch.members) == 1:
        return lambda number: f"SELECT * EXCLUDE (_sheet) FROM ({query})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE shaped AS {query}")
    every = connection.sql("SELECT * FROM shaped ORDER BY _sheet, rowid").to_arrow_table()
    sheet = to_numpy(pc.cast(every.column("_sheet"), pa.int64()).combine_chunks(), np.int64)
    edges = np.searchsorted(sheet, np.arange(len(batch.members) + 1)).tolist()
    rows = every.drop_columns("_sheet")
    return lambda number: rows.slice(edges[number], edges[number + 1] - edges[number])


def _manifest(
    seq: int, waiting: Waiting, load_id: str, run: Surroundings, places: str, rows: int, rejected: int, warnings: int
) -> Manifest:
    match, ledger = waiting.match, waiting.match.ledger
    return Manifest(
        load_id=load_id,
        seq=seq,
        dataset=run.dataset,
        ledger=ledger.id,
        table=ledger.table,
        origin=waiting.origin.key,
        file=match.sheet.file,
        sheet=match.sheet.key,
        sha256=waiting.file.sha256,
        contract=run.contracts[ledger.id],
        places=places,
        loaded_at=now(),
        user=run.by or user(),
        rows_in=rows,
        rows_accepted=rows - rejected,
        rows_rejected=rejected,
        warnings=warnings,
        run=run.run,
        columns=tuple(sorted(match.columns)),
    )


def _sentences(connection: duckdb.DuckDBPyConnection, loads: Loads, manifest: Manifest) -> list[str]:
    """Errors before warnings, in the order of the rows."""
    query = f'SELECT {SENTENCE} FROM read_parquet(?) ORDER BY severity, "row" LIMIT {SHOWN}'
    return [sentence for (sentence,) in connection.execute(query, [str(loads.path(manifest, "rejects.parquet"))]).fetchall()]


def remember(
    connection: duckdb.DuckDBPyConnection, ledger: Ledger, run: Surroundings, loads: Iterable[Manifest], fresh: bool
) -> None:
    """Let ``history`` hold what some loads say of the measures that are compared; ``fresh`` empties it first."""
    mine = (m for m in loads if (m.dataset, m.ledger) == (run.dataset, ledger.id))
    jumps.remember(connection, ledger, [str(run.loads.path(m, "rows.parquet")) for m in mine], fresh)
