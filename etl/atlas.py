"""The places of a data set: bundled ones, and those that registers among the loads bring; and where an old id leads to now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import duckdb

from etl.load import Loads, Manifest, digest, read_places
from etl.places import COMMUNITIES, Gazetteer, Place, bare, place_id
from etl.schema import column_types, quoted
from etl.wording import is_missing, plain
from jiejian.catalogue import Ledger

# Grids have names like 第一网格 everywhere: only places of other kinds are known by their name alone.
_GRID = "网格"


@dataclass
class Atlas:
    """The places of one data set in force, and ids that are no longer in force → the ids that replace them."""

    dataset: str
    places: dict[str, Place] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    _digest: str = ""

    def take(self, brought: Iterable[Place]) -> None:
        """Take in what one load brings. A place that it brings under another parent or a new name replaces the old one."""
        brought = list(brought)
        ids = {p.place_id for p in brought}
        old = [p for p in self.places.values() if p.place_id not in ids and p.kind != _GRID]
        by_name = {(p.kind, plain(p.name)): p.place_id for p in old}
        # What a monthly table started was written anyhow, with or without 社区; a register knows the proper name.
        by_name |= {(p.kind, bare(p.name)): p.place_id for p in old if p.parent_id is None}
        for place in brought:
            for name in (*map(plain, place.names), *map(bare, place.names)):
                former = by_name.get((place.kind, name))
                if former in self.places:
                    del self.places[former]
                    self.moved[former] = place.place_id
            self.places[place.place_id] = place
            self.moved.pop(place.place_id, None)
        self._follow()
        self._digest = ""

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
        found = Gazetteer(self.dataset)
        found.add(self.places.values())
        return found

    @property
    def digest(self) -> str:
        """Changes when a name could be read differently."""
        if not self._digest:
            ordered = sorted(self.places.values(), key=lambda p: p.place_id)
            self._digest = digest(f"{p.place_id}|{p.kind}|{p.aliases}" for p in ordered)
        return self._digest


def atlas(
    connection: duckdb.DuckDBPyConnection, dataset: str, bundled: Iterable[Place], loads: Loads, active: Iterable[Manifest]
) -> Atlas:
    """The places of a data set from the bundled list and the active loads, oldest first."""
    found = Atlas(dataset)
    found.take(p for p in bundled if p.dataset == dataset)
    for manifest in active:
        if manifest.dataset == dataset and manifest.brings_places:
            found.take(read_places(connection, loads.path(manifest, "places.parquet")))
    return found


def started(connection: duckdb.DuckDBPyConnection, ledger: Ledger, gazetteer: Gazetteer) -> list[Place]:
    """The communities that a sheet names, where the data set has none yet and its ledger may start them. From ``raw``."""
    if not ledger.starts_places or gazetteer.communities():
        return []
    cell = quoted(ledger.place)
    rows = connection.execute(
        f"SELECT {cell} FROM raw WHERE _kind = 'row' AND {cell} IS NOT NULL GROUP BY 1 ORDER BY min(_row)"
    ).fetchall()
    street = gazetteer.street()
    return [
        Place(place_id(street or gazetteer.dataset, name), gazetteer.dataset, plain(name), COMMUNITIES[0], street, number)
        for number, (name,) in enumerate(rows, 1)
        if not is_missing(name)
    ]


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
        **{n: row.get(n) for n in ("crs", "peer_group")},
        **{n: str(row[n]) for n in ("valid_from", "valid_to") if row.get(n)},
    )
