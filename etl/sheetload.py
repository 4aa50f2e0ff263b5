"""One recognised sheet → one load: tidy, check, write. Runs on a cursor of its own, so that two sheets can go at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from etl.atlas import brought, started
from etl.check import check, rejects
from etl.dates import Period
from etl.load import Loads, Manifest, now, user
from etl.origins import Origin
from etl.places import Gazetteer, Place
from etl.recognise import Match
from etl.rules import history_columns
from etl.schema import SENTENCE
from etl.shape import Stamp, accepted, history
from etl.tidy import tidy
from etl.values import STREET_WIDE, Context
from jiejian.catalogue import Catalogue

# Sentences that a summary may show; all of them are in the load.
SHOWN = 20


@dataclass(frozen=True)
class Waiting:
    """A recognised sheet: where it comes from, what it is, and the period that its title speaks of."""

    origin: Origin
    sha256: str
    match: Match
    period: Period | None

    @property
    def rank(self) -> int:
        """Registers that bring places come first, those that need places above them second."""
        ledger = self.match.ledger
        if ledger.brings_places:
            return 1 if any(c.type == "place" for c in ledger.columns) else 0
        return 2 if ledger.starts_places else 3

    @property
    def turn(self) -> tuple:
        """The order in which sheets are loaded and numbered."""
        return self.rank, self.match.ledger.id, self.period.start if self.period else date.min, self.origin.key, self.match.sheet.sheet


@dataclass(frozen=True)
class Surroundings:
    """What is the same for all sheets of a run."""

    catalogue: Catalogue
    loads: Loads
    dataset: str
    contracts: dict[str, str]
    key: Callable[[], bytes]
    today: date


@dataclass(frozen=True)
class Done:
    """A load that was written, the places it brings, and the first sentences about what was rejected."""

    manifest: Manifest
    places: list[Place]
    sentences: list[str]


def load_sheet(
    connection: duckdb.DuckDBPyConnection, waiting: Waiting, seq: int, run: Surroundings, gazetteer: Gazetteer, places: str
) -> Done:
    """Type, check and write one sheet as load number ``seq``. ``places`` is the digest of the places known."""
    match, ledger = waiting.match, waiting.match.ledger
    begun: list[Place] = []

    def start_places() -> None:
        begun.extend(started(connection, match, gazetteer))
        gazetteer.add(begun)

    context = Context(ledger, run.catalogue, gazetteer, run.key, match.times, match.units)
    tidied = tidy(connection, match, context, start_places)
    rejected, warnings = check(connection, match, run.catalogue, tidied, run.today, waiting.period.start if waiting.period else None)
    load_id = run.loads.id_of(seq, ledger.id, waiting.sha256)
    # A sheet without a column of places, and a row of a street-wide ledger that names none, speak of the street itself.
    street = gazetteer.street() if ledger.table in STREET_WIDE or ledger.place not in match.columns else None
    stamp = Stamp(load_id, run.dataset, street, waiting.period)
    bring = begun + brought(connection, match, gazetteer)
    manifest = Manifest(
        load_id=load_id,
        seq=seq,
        dataset=run.dataset,
        ledger=ledger.id,
        table=ledger.table,
        origin=waiting.origin.key,
        file=match.sheet.file,
        sheet=match.sheet.sheet,
        sha256=waiting.sha256,
        contract=run.contracts[ledger.id],
        places=places,
        loaded_at=now(),
        user=user(),
        rows_in=tidied.rows,
        rows_accepted=tidied.rows - rejected,
        rows_rejected=rejected,
        warnings=warnings,
    )
    rejected_rows = rejects(match, load_id, run.dataset) if rejected or warnings else None
    manifest = run.loads.write(connection, manifest, accepted(match, stamp), rejected_rows, bring)
    if columns := history_columns(match):
        connection.execute(f"INSERT INTO history {history(match, stamp, columns)}")
    return Done(manifest, bring, _sentences(connection, run.loads, manifest) if rejected_rows else [])


def _sentences(connection: duckdb.DuckDBPyConnection, loads: Loads, manifest: Manifest) -> list[str]:
    """Errors before warnings, in the order of the rows."""
    query = f'SELECT {SENTENCE} FROM read_parquet(?) ORDER BY severity, "row" LIMIT {SHOWN}'
    return [sentence for (sentence,) in connection.execute(query, [str(loads.path(manifest, "rejects.parquet"))]).fetchall()]


def prepare_history(connection: duckdb.DuckDBPyConnection, match: Match, run: Surroundings, active: Iterable[Manifest]) -> None:
    """``history``: what the active loads of this ledger hold of the measures that the rule ``jump`` compares."""
    connection.execute("CREATE OR REPLACE TEMP TABLE history (place_id VARCHAR, measure VARCHAR, period_end DATE, value DOUBLE)")
    measures = [match.ledger.column(c).measure for c in history_columns(match)]
    files = [str(run.loads.path(m, "rows.parquet")) for m in active if (m.dataset, m.ledger) == (run.dataset, match.ledger.id)]
    if files:
        connection.execute(
            """INSERT INTO history SELECT place_id, measure, period_end, value FROM read_parquet($files, union_by_name = true)
               WHERE list_contains($measures, measure) AND value IS NOT NULL""",
            {"files": files, "measures": measures},
        )
