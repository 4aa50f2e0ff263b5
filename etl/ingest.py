"""Files → loads: what is new is read, recognised, typed, checked and written; what is unchanged is left alone.

Sheets are taken in an order in which they can be understood: registers that bring places first, one after the other, then all
the rest, two at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property

import duckdb

from etl.atlas import Atlas, atlas, times_of
from etl.batch import UnreadableBody, alike
from etl.batchload import Done, Surroundings, Waiting, load_batch, remember
from etl.dates import EXAMPLES, WORDS, Period, read_period
from etl.extract import Known, Sheet, Unreadable, extract, tables_of
from etl.gazetteer import Gazetteer
from etl.hashes import FileHash
from etl.hiding import hidden
from etl.jumps import history_columns
from etl.load import Loads, Manifest, digest, fingerprint
from etl.longload import LongLoad, longer
from etl.mapping import NO_LEDGER, recall
from etl.memory import Memory
from etl.origins import DATABASE, Origin, path_of
from etl.personal import pseudonym_key
from etl.places import Place
from etl.readers import Job, Readers
from etl.recognise import Match, NotRecognised, PeriodMissing, known_heads, ledgers_for, period_of, reads, recognise
from etl.seen import Seen
from jiejian.catalogue import Catalogue, Ledger
from jiejian.home import Home

# Called with sheets done, sheets in all, and the file in hand.
Progress = Callable[[int, int, str], None]
# Batches of numbered sheets that go one after the other.
Task = list[list[tuple[int, Waiting]]]
_AT_A_TIME = 2
# A file up to this many bytes is a small one, and so many small sheets go through SQL together.
_SMALL, _TOGETHER = 300_000, 64


@dataclass(frozen=True)
class Unclear:
    """A sheet that obeys no contract for certain, or (``ledger`` is given) whose period stands nowhere; its file, and why."""

    sheet: Sheet
    origin: str
    sha256: str
    sentence: str
    ledger: Ledger | None = None


@dataclass
class Outcome:
    """What came of a run over the files of one data set. ``faults``: files that cannot be used, each with its sentences."""

    written: list[Manifest] = field(default_factory=list)
    unchanged: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    # Sheets about which somebody is to be asked; and the notes, file by file.
    doubts: list[Unclear] = field(default_factory=list)
    notes_by_file: dict[str, list[str]] = field(default_factory=dict)
    # The rows of the longest load, as long as they are in memory.
    kept: LongLoad | None = None


class Ingest:
    """One run over files of one data set."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        catalogue: Catalogue,
        home: Home,
        loads: Loads,
        dataset: str,
        places: Sequence[Place],
        run: str = "",
        by: str = "",
        again: bool = False,
        seen: Seen | None = None,
        key: Callable[[], bytes] | None = None,
    ):
        """``run`` and ``by`` stand in the manifests: what was loaded together, and by whom. ``again`` loads bytes anew that
        were loaded and undone before, which a mere refresh does not. A check brings its own ``seen`` and ``key``."""
        self._connection, self._home, self._loads, self._bundled = connection, home, loads, places
        self.ledgers = ledgers_for(catalogue, dataset)
        contracts = {l.id: fingerprint(l, catalogue) for l in self.ledgers}
        self._again = again
        self._seen = seen or Seen(home)
        key = key or cache(lambda: pseudonym_key(home.root))
        self._memory = Memory(home)
        self._periods: dict[tuple[str, str], Period | None] = {}
        totals = {l.id: fingerprint(l, catalogue) for l in catalogue.ledgers.values() if l.daily_of and dataset in l.datasets}
        self._run = Surroundings(catalogue, loads, dataset, contracts | totals, key, date.today(), run, by)
        # A mapping that was decided since makes a file worth reading again.
        self._mappings = self._memory.mappings(dataset)
        mapped = {f"layout {l}": f"{m.ledger} {m.columns}" for l, m in self._mappings.items()}
        self._answered = self._memory.period_answers(dataset)
        mapped |= {f"period {sha256} {sheet}": period for (sha256, sheet), period in self._answered.items()}
        self._contracts = contracts_digest(contracts | mapped)
        self._outcome = Outcome()
        self._gazetteer: Gazetteer | None = None
        # What begin() found: files with their hashes, those among them that did not change; and the contracts that are tried.
        self._files: list[tuple[Origin, FileHash]] = []
        self._unchanged: dict[Origin, FileHash] = {}
        self._tried: Sequence[Ledger] = self.ledgers
        self._readers = Readers(())

    def run(
        self, origins: Sequence[Origin], progress: Progress | None = None, ledgers: Sequence[Ledger] | None = None
    ) -> Outcome:
        """Load what is new among the files. ``ledgers`` narrows the contracts that are tried, and reads every file again."""
        with Readers(self.begin(origins, ledgers)) as readers:
            return self.go_on(readers, progress)

    def begin(self, origins: Sequence[Origin], ledgers: Sequence[Ledger] | None = None) -> list[Job]:
        """Find what is new among the files; they may be read ahead."""
        self._files, self._tried = self._hashed(origins), ledgers or self.ledgers
        for origin, file in self._files:
            if not ledgers and self._seen.knows(origin, file, self._contracts) and not self._wanted_again(origin, file):
                self._unchanged[origin] = file
        return [(origin.path, self._known) for origin, _ in self._files if origin not in self._unchanged]

    def go_on(self, readers: Readers, progress: Progress | None = None) -> Outcome:
        """Load what :meth:`begin` found; ``readers`` may have read some of it."""
        self._readers, unchanged = readers, self._unchanged
        waiting = [w for origin, file in self._files if origin not in unchanged for w in self._read(origin, file)]
        registers = [w for w in waiting if w.rank < 2]
        self._one_by_one(self._to_load(registers))
        # Rows that named an unknown place are read again now that a register may know more.
        short = self._rejected_for_want_of_places(unchanged)
        again = [(origin, file) for origin, file in unchanged.items() if origin.key in short]
        others = [w for w in waiting if w.rank >= 2] + [w for origin, file in again for w in self._read(origin, file)]
        self._side_by_side(self._to_load(others), progress)
        known_bad = {origin.key: faults for origin in unchanged if (faults := self._seen.faults(origin))}
        self._outcome.faults.update(known_bad)
        # A file that was of no use is of no use again; only what stands loaded counts as unchanged.
        self._outcome.unchanged += len(unchanged) - len(again) - len(known_bad.keys() - {o.key for o, _ in again})
        self._outcome.notes += self._atlas.faults
        self._seen.note(self._files, self._contracts, self._outcome.faults)
        return self._outcome

    # ---- places ----

    @cached_property
    def _atlas(self) -> Atlas:
        active = active_loads(self._loads, self._run.catalogue, self._home)
        answers = {a.written: a.place_id for a in Memory(self._home).place_answers(self._run.dataset).values()}
        return atlas(self._connection, self._run.dataset, self._bundled, self._loads, active, self._run.catalogue.registers, answers)

    def _places(self) -> Gazetteer:
        if self._gazetteer is None:
            self._gazetteer = self._atlas.gazetteer()
        return self._gazetteer

    # ---- reading ----

    def _hashed(self, origins: Sequence[Origin]) -> list[tuple[Origin, FileHash]]:
        """Files with their hashes; one that cannot be opened is a fault of its own and stops no other."""
        found = []
        for origin in origins:
            if hidden(origin.key) != origin.key:  # the name of a file stands in loads, lists and sentences
                name = hidden(origin.path.name)
                self._outcome.faults[origin.key] = [
                    f"文件“{name}”的名称里有身份证号或电话号码，没有读取。请改名（不写号码）后重新上报。"
                    if name != origin.path.name
                    else f"文件“{name}”所在文件夹的名称里有身份证号或电话号码，没有读取。请把文件夹改名后重新装载。"
                ]
                continue
            try:
                found.append((origin, FileHash(origin.path)))
            except OSError:
                self._outcome.faults[origin.key] = [
                    f"文件“{origin.path.name}”打不开，可能正被其他程序占用，或没有读取权限。请关闭占用它的程序后重新装载。"
                ]
        return found

    def _read(self, origin: Origin, file: FileHash) -> list[Waiting]:
        """The recognised sheets of a file. What cannot be used is a fault of the file, or a note if other sheets can."""
        sentences, skipped, found, ledgers, left_out = [], [], [], self._tried, []
        try:
            pages = self._readers.pages(origin.path, self._known, skipped)
            sheets = extract(origin.path, self._known, skipped) if pages is None else tables_of(origin.path.name, pages)
        except Unreadable as error:
            sheets, sentences = [], [f"文件“{origin.path.name}”{error}。"]
        for sheet in sheets:
            sheet.file = origin.shown or sheet.file
            if hidden(sheet.key) != sheet.key or hidden(sheet.file) != sheet.file:
                sentences.append(
                    f"文件“{hidden(sheet.file)}”工作表“{hidden(sheet.sheet)}”的名称里有身份证号或电话号码，这张表没有装载。请改名（不写号码）后重新上报。"
                )
                continue
            # Heads and what stands below the table come into lists of rejected cells and into notes.
            sheet.heads, sheet.notes = tuple(map(hidden, sheet.heads)), tuple(map(hidden, sheet.notes))
            try:
                match = recall(sheet, self._mappings, ledgers, self._run.catalogue)
                if match == NO_LEDGER:
                    skipped.append(f"{sheet.place}以前选过“不装载”，这次也没有装载。")
                    continue
                if match is None and len(ledgers) == 1 and not reads(*ledgers, sheet):
                    left_out.append(sheet)
                    continue
                match = match or recognise(sheet, ledgers, self._run.catalogue, self._own)
                period = _period(match, self._run.today, self._answer(file, match.sheet.key))
                self._periods[origin.key, match.sheet.key] = period
                found.append(Waiting(origin, file, match, period))
                skipped += [*_hidden(match.sheet), *_unnamed(match.sheet)]
            except NotRecognised as error:
                if not sheet.hidden:  # lists for drop-downs and the like
                    sentences.append(str(error))
                    self._outcome.doubts.append(Unclear(sheet, origin.key, file.sha256, hidden(str(error)), getattr(error, "ledger", None)))
        if not sheets and not sentences:
            sentences.append(f"文件“{origin.path.name}”里没有找到表格。请检查内容后重新上报。")
        if left_out:
            (skipped if found or sentences else sentences).append(_left_out(left_out, *ledgers))
        sentences, skipped = [hidden(s) for s in sentences], [hidden(s) for s in skipped]
        if found:
            skipped += sentences
        elif sentences:
            self._outcome.faults[origin.key] = sentences
        if skipped:
            self._outcome.notes += skipped
            self._outcome.notes_by_file[origin.key] = skipped
        return found

    def period_of(self, load: Manifest) -> Period | None:
        """The period that the title of a sheet speaks of, where its contract takes it from there."""
        return self._periods.get((load.origin, load.sheet))

    @cached_property
    def _own(self) -> frozenset[str]:
        """The contracts that the street wrote itself."""
        return frozenset(p.stem for p in (self._home.catalogue / "ledgers").glob("*.yml"))

    @cached_property
    def _known(self) -> Known:
        """The heads by which tables are found, and where the head stands if the one contract that is tried says so."""
        known = known_heads(self.ledgers)
        return Known(known, _head_row(self._tried), known.reach)

    def _rejected_for_want_of_places(self, origins: Collection[Origin]) -> set[str]:
        """The files that had rows rejected when fewer (or other) places were known than now, or when places had other times."""
        last = self._loads.last({(o.dataset, o.key) for o in origins})
        return {m.origin for m in last if m.table != "place" and self._reads_otherwise(m)}

    def _reads_otherwise(self, m: Manifest) -> bool:
        """Whether the places known now could change what came of a load."""
        if times_of(m.places) != times_of(self._atlas.digest):
            return True
        return bool(m.rows_rejected) and m.places != self._atlas.digest

    # ---- loading ----

    def _to_load(self, waiting: Sequence[Waiting]) -> list[tuple[int, Waiting]]:
        """The sheets that are not loaded yet in this very form, in their order, each with its number."""
        new = []
        for sheet in sorted(waiting, key=lambda w: w.turn):
            last = self._loads.newest(self._run.dataset, sheet.origin.key, sheet.match.sheet.key)
            same = last and last.contract == self._run.contracts[sheet.match.ledger.id] and last.sha256 == sheet.file.sha256
            if same and not self._reads_otherwise(last):
                self._outcome.unchanged += 1
            elif not self._again and self._loads.was_undone(
                self._run.dataset, sheet.origin.key, sheet.file, sheet.match.sheet.key
            ):
                self._outcome.notes.append(
                    f"{sheet.match.sheet.place}装载过又撤销了，没有再装。确要再装的，运行 python -m etl load 并写明这个文件。"
                )
            else:
                new.append(sheet)
        return list(enumerate(new, self._loads.next_seq()))

    def _wanted_again(self, origin: Origin, file: FileHash) -> bool:
        return self._again and self._loads.was_undone(self._run.dataset, origin.key, file)

    def _answer(self, file: FileHash, sheet: str) -> str:
        """The period that somebody chose for a sheet of these very bytes, as it is written; nothing where nobody did."""
        return self._answered.get((file.sha256, sheet), "") if self._answered else ""

    def _one_by_one(self, sheets: list[tuple[int, Waiting]]) -> None:
        """Each batch may bring the places that the next one needs. Registers are batches of one; the tables of a ledger that starts
        a place for every new name go together."""
        for batch in _in_turn(sheets):
            compares = history_columns(batch[0][1].match.ledger)
            active = active_loads(self._loads, self._run.catalogue, self._home) if compares else []
            done = self._task([batch], self._places(), self._atlas.digest, active)
            self._take(done)
            self._atlas.take([place for d in done for place in d.places], moves=batch[0][1].match.ledger.id in self._run.catalogue.registers)
            self._gazetteer = None

    def _side_by_side(self, sheets: list[tuple[int, Waiting]], progress: Progress | None) -> None:
        """All other sheets, on two cursors."""
        if sheets and sheets[0][1].rank == 2 and not self._places().communities():
            self._one_by_one(sheets[:1])  # it starts the places of a street that has sent no register
            sheets = sheets[1:]
        if any(c.personal == "pseudonym" for _, s in sheets for c in s.match.ledger.columns):
            self._run.key()  # made once, before two sheets could each make one
        active = active_loads(self._loads, self._run.catalogue, self._home)
        gazetteer, places, done = self._places(), self._atlas.digest, []
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            futures = [pool.submit(self._task, task, gazetteer, places, active) for task in _tasks(sheets)]
            for future in as_completed(futures):
                done += future.result()
                if progress and done:
                    progress(len(done), len(sheets), done[-1].manifest.file)
        self._take(sorted(done, key=lambda d: d.manifest.seq))

    def _task(self, task: Task, gazetteer: Gazetteer, places: str, active: list[Manifest]) -> list[Done]:
        """Load batches one after the other on a cursor of their own: temporary tables belong to a cursor."""
        ledger, done = task[0][0][1].match.ledger, []
        with self._connection.cursor() as cursor:
            if history_columns(ledger):
                remember(cursor, ledger, self._run, active, fresh=True)
            for sheets in task:
                done += self._load(cursor, sheets, gazetteer, places)
                if history_columns(ledger) and sheets is not task[-1]:
                    remember(cursor, ledger, self._run, (d.manifest for d in done[-len(sheets) :]), fresh=False)
        return done

    def _load(self, cursor, sheets: list[tuple[int, Waiting]], gazetteer: Gazetteer, places: str) -> list[Done]:
        """Load one batch. A sheet whose body turns out to be unreadable is a fault of its file; the others are loaded without it."""
        while sheets:
            try:
                return load_batch(cursor, sheets, self._run, gazetteer, places)
            except UnreadableBody as error:
                _, broken = sheets[error.number]
                self._outcome.faults[broken.origin.key] = [f"{broken.match.sheet.place}{error}。"]
                sheets = [sheet for number, sheet in enumerate(sheets) if number != error.number]
        return []

    def _take(self, done: Sequence[Done]) -> None:
        self._loads.add(d.manifest for d in done)
        self._outcome.written += [d.manifest for d in done]
        self._outcome.sentences += [sentence for d in done for sentence in d.sentences]
        for d in done:
            self._outcome.kept = longer(self._connection, self._outcome.kept, d.kept)


def _in_turn(sheets: list[tuple[int, Waiting]]) -> Task:
    """Numbered sheets in their order, in batches."""
    sizes, batches = _sizes(sheets), []
    for seq, sheet in sheets:
        together = sheet.match.ledger.starts_places == "all" and not sheet.match.ledger.brings_places and sizes[seq] <= _SMALL
        kind = alike(sheet.match) if together else seq
        if batches and batches[-1][0] == kind and len(batches[-1][1]) < _TOGETHER:
            batches[-1][1].append((seq, sheet))
        else:
            batches.append((kind, [(seq, sheet)]))
    return [batch for _, batch in batches]


def _sizes(sheets: list[tuple[int, Waiting]]) -> dict[int, float]:
    """The share of each sheet in the bytes of its file: a zip, or a workbook, may hold many small ones."""
    shares = Counter(sheet.origin.path for _, sheet in sheets)
    whole = {path: path.stat().st_size for path in shares}
    return {seq: whole[sheet.origin.path] / shares[sheet.origin.path] for seq, sheet in sheets}


def _tasks(sheets: list[tuple[int, Waiting]]) -> list[Task]:
    """What may go side by side, the largest first. Small sheets of a ledger go together, a large one goes alone.

    A ledger that compares with the period before is one task, in order.
    """
    tasks: dict[object, Task] = {}
    sizes = _sizes(sheets)
    for seq, sheet in sheets:
        kind = alike(sheet.match) if sizes[seq] <= _SMALL else seq
        batches = tasks.setdefault(sheet.match.ledger.id if history_columns(sheet.match.ledger) else kind, [])
        fits = batches and len(batches[-1]) < _TOGETHER and alike(batches[-1][-1][1].match) == kind
        batches[-1].append((seq, sheet)) if fits else batches.append([(seq, sheet)])
    return sorted(tasks.values(), key=lambda task: -sum(sizes[seq] for batch in task for seq, _ in batch))


def _period(match: Match, today: date, answered: str = "") -> Period | None:
    """The period that a sheet speaks of as a whole; else what somebody ``answered``. None where its rows tell theirs, or it needs none.

    Raises PeriodMissing when it has none, and NotRecognised when it has not begun.
    """
    ledger, sheet = match.ledger, match.sheet
    period = period_of(sheet, ledger)
    if not _speaks_of_a_period(match):
        return None if _tells_periods(match) or not period or period.start > today else period
    period = period or (read_period(answered, ledger.spell) if answered else None)
    if period is None:
        raise PeriodMissing(
            f"{sheet.place}是“{ledger.name}”，但标题、工作表名和文件名里都没有{WORDS[ledger.spell]}。"
            f"请在标题中写明“{EXAMPLES[ledger.spell]}”后重新上报，或在“数据导入”页上选定。",
            ledger,
        )
    if period.start > today:
        raise NotRecognised(
            f"{sheet.place}是“{ledger.name}”，但写的时间从 {period.start} 起，还没有到。请改正标题中的年份或月份后重新上报。"
        )
    return period


def _speaks_of_a_period(match: Match) -> bool:
    """Whether all figures of a sheet are of one period: its contract says so, or it is sent by period and no column tells one."""
    ledger = match.ledger
    if ledger.period == "title":
        return "period" not in match.columns
    return ledger.table == "observation" and ledger.sent in WORDS and not _tells_periods(match)


def _tells_periods(match: Match) -> bool:
    """Whether a column of the sheet says of which period a row is."""
    return any(c.type == "period" and c.id in match.columns for c in match.ledger.columns)


def _left_out(sheets: Sequence[Sheet], ledger: Ledger) -> str:
    """The sheets that a contract does not want, in one sentence: meant where it names others, a slip where the file has none of those."""
    names = "、".join(dict.fromkeys(f"“{sheet.sheet}”" for sheet in sheets))
    return f"文件“{sheets[0].file}”工作表{names}不在台账约定“{ledger.name}”要读的工作表之内（layout 的 sheets、hidden），没有读取。"


def _hidden(sheet: Sheet) -> list[str]:
    """What nobody sees on the screen is read all the same, and that is said."""
    if sheet.hidden:
        return [f"{sheet.place}是隐藏的工作表，照样读了。不该装载的，请删去后重新上报。"]
    return [f"{sheet.place}的{sheet.unseen}是隐藏的，照样读了。不该装载的，请删去后重新上报。"] if sheet.unseen else []


def _unnamed(sheet: Sheet) -> list[str]:
    """Rows of figures of which nobody says what they are."""
    if not sheet.unnamed:
        return []
    rows = "、".join(map(str, sheet.unnamed[:5])) + (f"等 {len(sheet.unnamed)} 行" if len(sheet.unnamed) > 5 else "")
    return [f"{sheet.place}第 {rows}{'' if len(sheet.unnamed) > 5 else ' 行'}有数字，但没有写是哪项指标，没有载入。请补上指标名称，或核对台账约定的 items 后重新上报。"]


def _head_row(ledgers: Sequence[Ledger]) -> tuple[int, int] | None:
    """Where the head stands, if the one contract that is tried says so: first row from 0, number of rows."""
    layout = ledgers[0].layout if len(ledgers) == 1 else None
    return (layout.head_row - 1, layout.head_rows) if layout and layout.head_row else None


def contracts_digest(contracts: dict[str, str]) -> str:
    """One digest for all contracts that a file of a data set may obey."""
    return digest(f"{ledger}:{mark}" for ledger, mark in contracts.items())


def active_loads(loads: Loads, catalogue: Catalogue, home: Home) -> list[Manifest]:
    """The loads from which the warehouse is made, oldest first."""

    def keyless(m: Manifest) -> bool:
        ledger = catalogue.ledgers[m.ledger]
        if m.origin.startswith(DATABASE) and ledger.database and not ledger.database.since:
            return True  # all rows of the table are drawn each time: what it no longer holds is gone
        return ledger.table not in ("observation", "place") and not ledger.key

    there = cache(lambda origin: path_of(origin, home).is_file())
    return loads.active(lambda m: m.ledger in catalogue.ledgers, keyless, lambda m: there(m.origin))
