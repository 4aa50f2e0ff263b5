"""Files → loads: what is new is read, recognised, typed, checked and written; what is unchanged is left alone.

Sheets are taken in an order in which they can be understood: registers that bring places first, then by period.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from etl.atlas import Atlas, atlas, brought, started
from etl.check import check, rejects
from etl.dates import EXAMPLES, WORDS, Period, find_period
from etl.extract import Unreadable, extract
from etl.load import Loads, Manifest, digest, file_hash, fingerprint, now, user
from etl.origins import Origin
from etl.personal import pseudonym_key
from etl.places import Place
from etl.recognise import Match, NotRecognised, known_heads, ledgers_for, recognise
from etl.rules import history_columns
from etl.schema import SENTENCE
from etl.shape import Stamp, accepted, history
from etl.tidy import tidy
from etl.values import STREET_WIDE, Context
from jiejian.catalogue import Catalogue, Ledger
from jiejian.home import Home

Progress = Callable[[int, int, str], None]


@dataclass
class Outcome:
    """What came of a run over files."""

    written: list[Manifest] = field(default_factory=list)
    unchanged: int = 0
    # Files that cannot be used, by origin, each with sentences that say why and what to do.
    faults: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)


@dataclass
class _Waiting:
    """A recognised sheet that waits for its turn."""

    origin: Origin
    sha256: str
    match: Match
    period: Period | None

    @property
    def turn(self) -> tuple:
        ledger = self.match.ledger
        kind = (0 if not any(c.type == "place" for c in ledger.columns) else 1) if ledger.brings_places else 2 if ledger.starts_places else 3
        return kind, ledger.id, self.period.start if self.period else date.min, self.origin.key, self.match.sheet.sheet


class Ingest:
    """One run over the files of one data set, on one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, home: Home, loads: Loads, dataset: str, bundled: Sequence[Place], today: date):
        self.connection, self.catalogue, self.home, self.loads = connection, catalogue, home, loads
        self.dataset, self.bundled, self.today = dataset, bundled, today
        self.ledgers = ledgers_for(catalogue, dataset)
        self.prints = {l.id: fingerprint(l, catalogue) for l in self.ledgers}
        self.contracts = digest(f"{k}:{v}" for k, v in self.prints.items())
        self.known = known_heads(self.ledgers)
        self.outcome = Outcome()
        self._atlas: Atlas | None = None
        self._gazetteer = None
        self._histories: set[str] = set()
        self._key = cache(lambda: pseudonym_key(home.root))

    # ---- places ----

    @property
    def atlas(self) -> Atlas:
        """The places of the data set as they stand, with what this run has brought so far."""
        if self._atlas is None:
            self._atlas = atlas(self.connection, self.dataset, self.bundled, self.loads, active_loads(self.loads, self.catalogue, self.home))
        return self._atlas

    @property
    def gazetteer(self):
        if self._gazetteer is None:
            self._gazetteer = self.atlas.gazetteer()
        return self._gazetteer

    # ---- files ----

    def run(self, origins: Sequence[Origin], progress: Progress | None = None, ledgers: Sequence[Ledger] | None = None) -> Outcome:
        """Load what is new among the files. ``ledgers`` narrows the contracts that are tried."""
        seen = Seen(self.home)
        ledgers = ledgers or self.ledgers
        waiting: list[_Waiting] = []
        unchanged: list[tuple[Origin, str]] = []
        for origin in origins:
            sha256 = file_hash(origin.path)
            if seen.knows(origin, sha256, self.contracts):
                unchanged.append((origin, sha256))
            else:
                waiting += self._read(origin, sha256, ledgers)
        total = len(waiting)
        turns = sorted(waiting, key=lambda w: w.turn)
        first = [w for w in turns if w.turn[0] < 2]
        for sheet in first:
            self._advance(sheet, progress, total)
        # Rows that named an unknown place are read again once the register knows more.
        again = [w for origin, sha256 in unchanged if self._deserves_another_reading(origin) for w in self._read(origin, sha256, ledgers)]
        rest = sorted([w for w in turns if w.turn[0] >= 2] + again, key=lambda w: w.turn)
        for sheet in rest:
            self._advance(sheet, progress, total + len(again))
        read_again = {w.origin.key for w in again}
        for origin, sha256 in unchanged:
            if origin.key not in read_again:
                self.outcome.unchanged += 1
                if faults := seen.faults(origin):
                    self.outcome.faults[origin.dataset, origin.key] = faults
        seen.note(origins, self.contracts, self.outcome.faults, {w.origin.key: w.sha256 for w in waiting} | dict((o.key, s) for o, s in unchanged))
        return self.outcome

    def _read(self, origin: Origin, sha256: str, ledgers: Sequence[Ledger]) -> list[_Waiting]:
        """The recognised sheets of a file; what cannot be used becomes a fault of the file, or a note if other sheets can."""
        try:
            sheets = extract(origin.path, self.known)
        except Unreadable as error:
            self._fault(origin, f"文件“{origin.path.name}”{error}。")
            return []
        found, sentences = [], []
        for sheet in sheets:
            try:
                match = recognise(sheet, ledgers, self.catalogue)
                found.append(_Waiting(origin, sha256, match, self._period(match)))
            except NotRecognised as error:
                sentences.append(str(error))
        if not sheets:
            sentences.append(f"文件“{origin.path.name}”里没有找到表格。请检查内容后重新上报。")
        if found:
            self.outcome.notes += sentences
        for sentence in sentences if not found else ():
            self._fault(origin, sentence)
        return found

    def _fault(self, origin: Origin, sentence: str) -> None:
        self.outcome.faults.setdefault((origin.dataset, origin.key), []).append(sentence)

    def _period(self, match: Match) -> Period | None:
        ledger, sheet = match.ledger, match.sheet
        if ledger.period != "title":
            return None
        period = find_period((*sheet.title, sheet.sheet, Path(sheet.file).stem), ledger.grain)
        if period is None:
            word, example = WORDS[ledger.grain], EXAMPLES[ledger.grain]
            raise NotRecognised(f"{sheet.place}是“{ledger.name}”，但标题、工作表名和文件名里都没有{word}。请在标题中写明“{example}”后重新上报。")
        return period

    def _deserves_another_reading(self, origin: Origin) -> bool:
        """Whether a file had rows rejected when fewer (or other) places were known than now."""
        return any(m.rows_rejected and m.places != self.atlas.digest() for m in self.loads.of_file(origin.dataset, origin.key))

    # ---- one sheet ----

    def _advance(self, sheet: _Waiting, progress: Progress | None, total: int) -> None:
        if progress:
            progress(len(self.outcome.written) + self.outcome.unchanged, total, sheet.match.sheet.file)
        newest = self.loads.newest(self.dataset, sheet.origin.key, sheet.match.sheet.sheet)
        same = newest and (newest.sha256, newest.contract) == (sheet.sha256, self.prints[sheet.match.ledger.id])
        if same and not (newest.rows_rejected and newest.places != self.atlas.digest()):
            self.outcome.unchanged += 1
            return
        self._load(sheet)

    def _load(self, waiting: _Waiting) -> None:
        """Type, check and write one sheet."""
        connection, match, ledger = self.connection, waiting.match, waiting.match.ledger
        context = Context(ledger, self.catalogue, self.gazetteer, self._key, match.times, match.units)
        begun: list[Place] = []

        def start_places() -> None:
            begun.extend(started(connection, match, self.gazetteer))
            self.gazetteer.add(begun)

        counts = tidy(connection, match, context, start_places)
        self._prepare_history(match)
        rejected, warnings = check(connection, match, self.catalogue, counts, self.today, waiting.period.start if waiting.period else None)
        seq, load_id = self.loads.next_id(ledger.id, waiting.sha256)
        street = self.gazetteer.street()
        stamp = Stamp(load_id, self.dataset, street if ledger.table in STREET_WIDE or ledger.place not in match.columns else None, waiting.period)
        places = begun + brought(connection, match, self.gazetteer)
        if places:
            self.atlas.take(places)
            self._gazetteer = None
        manifest = Manifest(
            load_id=load_id,
            seq=seq,
            dataset=self.dataset,
            ledger=ledger.id,
            table=ledger.table,
            origin=waiting.origin.key,
            file=match.sheet.file,
            sheet=match.sheet.sheet,
            sha256=waiting.sha256,
            contract=self.prints[ledger.id],
            places=self.atlas.digest(),
            loaded_at=now(),
            user=user(),
            rows_in=counts.rows,
            rows_accepted=0,
            rows_rejected=rejected,
            warnings=warnings,
        )
        rejected_rows = rejects(match, load_id, self.dataset) if rejected or warnings else None
        self.outcome.written.append(self.loads.write(connection, manifest, accepted(match, stamp), rejected_rows, places))
        if columns := history_columns(match):
            connection.execute(f"INSERT INTO history {history(match, stamp, columns)}")
        if rejected_rows:
            query = f"SELECT {SENTENCE} FROM ({rejected_rows}) LIMIT 20"
            self.outcome.sentences += [sentence for (sentence,) in connection.execute(query).fetchall()]

    def _prepare_history(self, match: Match) -> None:
        """``history``: what the active loads of this ledger hold of the measures that the rule ``jump`` compares."""
        if not history_columns(match) or match.ledger.id in self._histories:
            return
        if not self._histories:
            self.connection.execute("CREATE OR REPLACE TEMP TABLE history (place_id VARCHAR, measure VARCHAR, period_end DATE, value DOUBLE)")
        self._histories.add(match.ledger.id)
        measures = [match.ledger.column(c).measure for c in history_columns(match)]
        active = active_loads(self.loads, self.catalogue, self.home)
        files = [str(self.loads.path(m, "rows.parquet")) for m in active if (m.dataset, m.ledger) == (self.dataset, match.ledger.id)]
        if files:
            self.connection.execute(
                """INSERT INTO history SELECT place_id, measure, period_end, value FROM read_parquet($files, union_by_name = true)
                   WHERE list_contains($measures, measure) AND value IS NOT NULL""",
                {"files": files, "measures": measures},
            )


def active_loads(loads: Loads, catalogue: Catalogue, home: Home) -> list[Manifest]:
    """The loads from which the warehouse is made."""
    from etl.origins import path_of

    def keyless(m: Manifest) -> bool:
        ledger = catalogue.ledgers.get(m.ledger)
        return ledger is None or (ledger.table not in ("observation", "place") and not ledger.key)

    there: dict[str, bool] = {}

    def exists(m: Manifest) -> bool:
        if m.origin not in there:
            there[m.origin] = path_of(m.origin, home).is_file()
        return there[m.origin]

    return [m for m in loads.active(keyless, exists) if m.ledger in catalogue.ledgers]


class Seen:
    """Which files were read already, so that an unchanged one need not be opened; kept in loads/files.json.

    Only a memory to save time and to repeat what was wrong with a file: without it everything is read again.
    """

    def __init__(self, home: Home):
        self._path = home.loads / "files.json"
        try:
            self._files: dict[str, dict] = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            self._files = {}

    def knows(self, origin: Origin, sha256: str, contracts: str) -> bool:
        """Whether this very file was read under these very contracts."""
        entry = self._files.get(f"{origin.dataset}|{origin.key}", {})
        return entry.get("sha256") == sha256 and entry.get("contracts") == contracts

    def faults(self, origin: Origin) -> list[str]:
        return self._files.get(f"{origin.dataset}|{origin.key}", {}).get("faults", [])

    def note(self, origins: Iterable[Origin], contracts: str, faults: dict, hashes: dict[str, str]) -> None:
        """Remember the files of a run that has come to its end."""
        for origin in origins:
            self._files[f"{origin.dataset}|{origin.key}"] = {
                "sha256": hashes.get(origin.key) or file_hash(origin.path),
                "contracts": contracts,
                "faults": faults.get((origin.dataset, origin.key), []),
            }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(f".files-{os.getpid()}.json")
        temporary.write_text(json.dumps(self._files, ensure_ascii=False, indent=1), encoding="utf-8")
        temporary.replace(self._path)
