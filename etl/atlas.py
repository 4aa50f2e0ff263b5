"""The places of a data set: bundled ones, and those that registers among the loads bring; and where an old id leads to now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import duckdb

from etl.gazetteer import Gazetteer
from etl.load import Loads, Manifest, digest, read_places
from etl.places import COMMUNITIES, DATES, RENAMED, STREETS, Change, Place, place_id
from etl.schema import column_types, quoted
from etl.spelling import bare, without_level
from etl.succession import changes_of, dated
from etl.wording import folded, is_missing, plain, spaced, without_english
from jiejian.catalogue import Ledger

# Grids have names like 第一网格 everywhere: only places of other kinds are known by their name alone.
_GRID = "网格"


@dataclass
class Atlas:
    """The places of one data set in force, and ids that are no longer in force → the ids that replace them.

    ``changes`` are those that the places tell, ``faults`` sentences about changes that cannot be used, ``answers`` what people
    decided about doubtful names (plain form → place id).
    """

    dataset: str
    places: dict[str, Place] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    faults: tuple[str, ...] = ()
    _renames: dict[str, Change] = field(default_factory=dict)
    _digest: str = ""

    def take(self, brought: Iterable[Place], moves: bool = True) -> None:
        """Take in what one load brings. A place that a register brings under another parent or a new name replaces the old one; what other
        tables start moves nothing (``moves``): 城关镇 may be in two counties."""
        brought = list(brought)
        ids = {p.place_id for p in brought}
        old = [p for p in self.places.values() if p.place_id not in ids and p.kind != _GRID]
        by_name = {(p.kind, plain(p.name)): p.place_id for p in old}
        # What a monthly table started was written anyhow, with or without 社区; a register knows the proper name.
        by_name |= {(p.kind, bare(p.name)): p.place_id for p in old if p.parent_id is None}
        for place in brought:
            for name in (*map(plain, place.names), *map(bare, place.names)):
                former = by_name.get((place.kind, name)) if moves else None
                if former in self.places:
                    del self.places[former]
                    self.moved[former] = place.place_id
            self.places[place.place_id] = place
            self.moved.pop(place.place_id, None)
        self._rename()
        self._follow()
        changes, faults = changes_of(self.places.values())
        self.places |= dated(self.places, changes)
        self.changes, self.faults = (*self._renames.values(), *changes), tuple(faults)
        self._digest = ""

    def _rename(self) -> None:
        """A renamed community is the same place: it goes on under the new name, and its old name still finds it."""
        for change in changes_of(self.places.values())[0]:
            if change.kind == RENAMED and change.predecessor_id != change.successor_id:
                self._renames[change.predecessor_id] = change
        for old, change in self._renames.items():
            new = self.places.get(self.now(change.successor_id))
            if new is None:
                continue
            gone = self.places.pop(old, None)
            names = dict.fromkeys((*new.names[1:], change.predecessor, *(gone.names[1:] if gone else ())))
            began = gone.valid_from if gone else new.valid_from if (new.valid_from or "") < change.on.isoformat() else None
            self.places[new.place_id] = replace(new, aliases="、".join(n for n in names if n != new.name), valid_from=began)
            self.moved[old] = new.place_id

    def _follow(self) -> None:
        """Places below a place that moved move with it."""
        for place in list(self.places.values()):
            parent = self.moved.get(place.parent_id or "")
            if parent:
                new = place_id(parent, place.name)
                self.moved[place.place_id] = new
                del self.places[place.place_id]
                self.places.setdefault(new, replace(place, place_id=new, parent_id=parent))
                return self._follow()
        return None

    def now(self, old: str) -> str:
        """The id that holds today for an id of an older load."""
        seen = set()
        while old in self.moved and old not in seen:
            seen.add(old)
            old = self.moved[old]
        return old

    def gazetteer(self) -> Gazetteer:
        answers = {written: self.now(place) for written, place in self.answers.items()}
        found = Gazetteer(self.dataset, changes=self.changes, answers=answers)
        found.add(self.places.values())
        return found

    @property
    def digest(self) -> str:
        """Changes when a name could be read differently; behind a colon, when its time could be."""
        if not self._digest:
            ordered = sorted(self.places.values(), key=lambda p: p.place_id)
            names = [f"{p.place_id}|{p.kind}|{p.aliases}" for p in ordered]
            names += [f"{written}={place}" for written, place in sorted(self.answers.items())]
            times = [f"{p.place_id}|{p.valid_from}|{p.valid_to}" for p in ordered if p.valid_from or p.valid_to]
            times += [f"{c.predecessor_id}>{c.successor_id}|{c.on}" for c in self.changes if times]
            self._digest = digest(names) + (f":{digest(times)}" if times else "")
        return self._digest


def times_of(places: str) -> str:
    """The part of an atlas's digest that changes when the beginning or end of a place does."""
    return places.partition(":")[2]


def atlas(
    connection: duckdb.DuckDBPyConnection,
    dataset: str,
    bundled: Iterable[Place],
    loads: Loads,
    active: Iterable[Manifest],
    registers: Collection[str],
    answers: Mapping[str, str] | None = None,
) -> Atlas:
    """The places of a data set from the lists of places and the active loads, oldest first; ``registers`` are the ledgers that are there to
    bring places."""
    found = Atlas(dataset, answers=answers or {})
    found.take(p for p in bundled if p.dataset == dataset)
    for manifest in active:
        if manifest.dataset == dataset and manifest.brings_places:
            found.take(read_places(connection, loads.path(manifest, "places.parquet")), moves=manifest.ledger in registers)
    return found


def started(connection: duckdb.DuckDBPyConnection, ledger: Ledger, gazetteer: Gazetteer) -> list[Place]:
    """The communities that a sheet names, where the data set has none yet and its ledger may start them. From ``raw``."""
    every, root = ledger.starts_places == "all", ledger.layout.root if ledger.layout else ""
    if all(c.id != ledger.place for c in ledger.columns):
        return []
    if not ledger.starts_places or (gazetteer.communities() and not every):
        whole = root and ledger.columns[-1].id == ledger.place and not _is_known(root, gazetteer)
        return [_whole(ledger, root, gazetteer)] if whole else []
    cell = quoted(ledger.place)
    rows = connection.execute(
        f"SELECT {cell} FROM raw WHERE _kind = 'row' AND {cell} IS NOT NULL GROUP BY 1 ORDER BY min(_row)"
    ).fetchall()
    street, found = gazetteer.street(), {}
    if every and street and gazetteer.places[street].kind not in STREETS:
        street = None  # the only place so far is no place above: 乙省 is not in 甲省
    for number, (name,) in enumerate(rows, 1):
        # Where every name starts a place, a stroke is part of the name: Fenway / Kenmore.
        above, _, last = ("", "", name or "") if every else (name or "").rpartition("/")
        if is_missing(last) or (every and (_is_known(name, gazetteer) or gazetteer.but_for_level(name))):
            continue
        parent = _street_named(above, gazetteer) if above else street
        if above and parent not in gazetteer.places:
            found.setdefault(parent, Place(parent, gazetteer.dataset, plain(above), STREETS[0], sort=number))
        name = spaced(without_english(last))
        place = place_id(parent or gazetteer.dataset, name)
        kind = _whole(ledger, root, gazetteer).kind if root and plain(root) == plain(name) else COMMUNITIES[0]
        found.setdefault(place, Place(place, gazetteer.dataset, name, kind, parent, number))
    # Of 松江 and 松江区 the whole name is started; the other one finds it.
    whole = {(p.parent_id, short) for p in found.values() if (short := without_level(p.name))} if every else ()
    return [place for place in found.values() if (place.parent_id, folded(place.name)) not in whole]


def _whole(ledger: Ledger, root: str, gazetteer: Gazetteer) -> Place:
    """The one place of which all tables of a contract speak."""
    kind = ledger.layout.levels[0] if ledger.layout.levels else root if root == "全国" else COMMUNITIES[0]
    return Place(place_id(gazetteer.dataset, root), gazetteer.dataset, spaced(root), kind, sort=0)


def _is_known(name: str, gazetteer: Gazetteer) -> bool:
    try:
        return bool(gazetteer.find(name))
    except ValueError:
        return False


def _street_named(name: str, gazetteer: Gazetteer) -> str:
    """The id of a street that a row names before its community: a known one, or a new one."""
    try:
        return gazetteer.find(name, kinds=STREETS)
    except ValueError:
        return place_id(gazetteer.dataset, name)


def brought(connection: duckdb.DuckDBPyConnection, ledger: Ledger, gazetteer: Gazetteer) -> list[Place]:
    """The places that the accepted rows of a register bring, parents first. From ``typed`` and ``problem``."""
    if not ledger.brings_places:
        return []
    columns = [n for c in ledger.columns for n in column_types(ledger, c)]
    query = f"""SELECT _row, {", ".join(map(quoted, columns))} FROM typed
                WHERE _kind = 'row' AND _row NOT IN (SELECT _row FROM problem WHERE _severity = 'error') ORDER BY _row"""
    found: dict[str, Place] = {}
    for order, row in enumerate(connection.execute(query).fetchall(), 1):
        for place in _from_row(dict(zip(("_row", *columns), row, strict=True)), order, ledger, gazetteer):
            found.setdefault(place.place_id, place)
    return list(found.values())


def _from_row(row: dict, order: int, ledger: Ledger, gazetteer: Gazetteer) -> Iterator[Place]:
    brings, dataset = ledger.brings_places, gazetteer.dataset
    parent = None
    if brings.parent and brings.parent == ledger.place:
        parent = row["place_id"]
    elif brings.parent and row[brings.parent]:
        above = plain(row[brings.parent])
        known = [p for p in gazetteer.places.values() if p.kind == brings.parent_kind and above in map(plain, p.names)]
        parent = known[0].place_id if known else place_id(dataset, above)
        yield known[0] if known else Place(parent, dataset, above, brings.parent_kind, sort=0)

    def given(column: str) -> object:
        return row.get(column) if column else None

    name = plain(str(row[brings.name]))
    yield Place(
        place_id=place_id(parent or dataset, name),
        dataset=dataset,
        name=name,
        kind=brings.kind,
        parent_id=parent,
        sort=given(brings.sort) or order,
        aliases=given(brings.aliases) or "",
        code=given(brings.code),
        area_km2=given(brings.area_km2),
        lon=given(brings.lon),
        lat=given(brings.lat),
        **{n: row.get(n) for n in ("crs", "peer_group", "successors", "change")},
        **{n: str(row[n]) for n in DATES if row.get(n)},
    )
