"""Whose names a person may see: a warehouse behind a curtain, in which the others are 社区A, 社区B … and nothing else.

A limited person's queries run in a DuckDB of their own, in which every table of the warehouse stands as a view of the same name:
rows of events and registers are there only for the person's own communities (and for the street itself), figures of the others
stand under a cover name without notes, cells and files, and what lies within the others is not there at all. Whoever writes a
query need not know of it and cannot forget it. A table that nobody has thought of shows own rows only; one without a place shows
none. Texts of own rows that speak of others have the cover name there (:class:`Scrubber`).

This module knows no engine: :func:`draw` is handed a way to run statements (see :class:`jiejian.warehouse.Warehouse`).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from jiejian.catalogue import Catalogue

# The kinds of places that have a name to be hidden, and what a place inside one is hidden with.
COMMUNITIES = ("社区", "村")
VAULT = "vault"
"""The name under which the real warehouse is attached; only this module speaks it."""

# Tables that name nobody.
_WHOLE = ("dataset", "measure", "derived_due")
# Figures by place: the others' stand under their cover names.
_FIGURES = ("figure", "observation", "target", "filing")
# Columns of those that lead to the file, the cell or the words of another community.
_TELLING = ("cell", "written", "note", "load_id")
# Breakdowns by free text whose words are classes; by any other text column (网格, 小区, 商户 …) the others are 其他社区 together.
_CLASSES = ("", "category", "subcategory", "need_category")
OTHERS = "其他社区"
_SHORTEST = 2

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SECRET = secrets.token_bytes(32)

Run = Callable[[str, Sequence], pd.DataFrame]


@dataclass(frozen=True)
class Sight:
    """What one person may see. ``communities``: names or ids of the own ones; None: all there is.

    Hashable: part of the key of every cache, by way of the warehouse that is opened with it.
    """

    communities: tuple[str, ...] | None = None

    @property
    def limited(self) -> bool:
        return self.communities is not None

    @property
    def mark(self) -> str:
        """Tells the sights of one version apart; empty for one that is not limited. It says nothing of what is hidden."""
        if not self.limited:
            return ""
        return "-" + hmac.digest(_SECRET, "\n".join(("sight", *sorted(self.communities))).encode(), "sha256").hex()[:12]


EVERYTHING = Sight()


@dataclass(frozen=True)
class Curtain:
    """What stands behind: place ids that go by their own name, by data set; the cover names; and what cleans texts."""

    own: Mapping[str, frozenset[str]]
    covers: Mapping[str, str]
    scrub: Scrubber = field(repr=False)


# ---- cover names ----


def letters(number: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    found = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, len(_LETTERS))
        found = _LETTERS[rest] + found
    return found


def cover_names(places: Iterable[str], key: str, noun: str = "社区") -> dict[str, str]:
    """A cover name for each place id: 社区A, 社区B … in an order that neither the list nor any size tells.

    The order comes from a secret of this process and ``key``: the same places and key have the same names until the server is
    started anew, and another key, as of another person, has others, so that two persons cannot put two halves together.
    """
    drawn = sorted(set(places), key=lambda p: hmac.digest(_SECRET, f"{key}\n{p}".encode(), "sha256"))
    return {place: noun + letters(i) for i, place in enumerate(drawn)}


class Scrubber:
    """Puts cover names in place of others' names in texts; own names, also such as contain another's, stay.

    Names lie by their first two signs, so that thousands of them cost no more than one.
    """

    def __init__(self, covers: Mapping[str, str], own: Collection[str]):
        known = {**{n: c for n, c in covers.items() if len(n) >= _SHORTEST}, **{n: n for n in own if len(n) >= _SHORTEST}}
        self._by_head: dict[str, list[tuple[str, str]]] = {}
        for name in sorted(known, key=len, reverse=True):
            self._by_head.setdefault(name[:_SHORTEST], []).append((name, known[name]))

    def text(self, text: str) -> str:
        """The text without others' names."""
        found, at, start = [], 0, 0
        while at < len(text) - 1:
            for name, shown in self._by_head.get(text[at : at + _SHORTEST], ()):
                if text.startswith(name, at):
                    found += [text[start:at], shown]
                    at = start = at + len(name)
                    break
            else:
                at += 1
        return "".join((*found, text[start:])) if found else text

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with every text cleaned; texts within lists too."""
        changed = {}
        for name in frame.columns:
            if frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name]):
                cleaned = {}
                column = [self._value(v, cleaned) for v in frame[name]]
                changed[name] = pd.Series(column, index=frame.index, dtype=frame[name].dtype)
        return frame.assign(**changed)

    def _value(self, value, cleaned: dict[str, str]):
        if isinstance(value, str):
            if value not in cleaned:
                cleaned[value] = self.text(value)
            return cleaned[value]
        if hasattr(value, "tolist") and not isinstance(value, pd.Timestamp):
            value = value.tolist()
        return [self._value(v, cleaned) for v in value] if isinstance(value, list | tuple) else value


# ---- who is who ----


def draw(run: Run, catalogue: Catalogue, sight: Sight) -> Curtain:
    """Make the views in front of the warehouse that is attached as ``vault``, and say what they hide."""
    places = run(f"SELECT dataset, place_id, name, kind, parent_id, sort FROM {VAULT}.place", ())
    changes = run(f"SELECT dataset, predecessor_id, predecessor, successor_id, changed_on, kind FROM {VAULT}.place_change", ())
    aliases = run(f"SELECT place_id, alias FROM {VAULT}.place_alias", ())
    printed = set(run(f"SELECT dataset FROM {VAULT}.dataset WHERE mode = 'published'", ())["dataset"])
    places = _with_former(places, changes)
    named = _named(places, changes, aliases, sight)
    home = _communities_of(places)
    covers: dict[str, str] = {}
    for dataset, group in places.groupby("dataset"):
        hidden = [
            r.place_id for r in group.itertuples()
            if r.kind in COMMUNITIES and r.place_id not in named and dataset not in printed
        ]  # fmt: skip
        noun = catalogue.datasets[dataset].unit_of_comparison if dataset in catalogue.datasets else COMMUNITIES[0]
        covers |= cover_names(hidden, f"{dataset}\n{sight.communities}", noun)
    _seen(run, places, home, covers)
    _views(run, catalogue)
    own = {d: frozenset(set(g["place_id"]) & named if d not in printed else g["place_id"]) for d, g in places.groupby("dataset")}
    return Curtain(own, covers, _scrubber(places, changes, aliases, home, covers))


def _with_former(places: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """The places and, as communities, those that only a change of boundaries or name still knows."""
    gone = changes[~changes["predecessor_id"].isin(places["place_id"])].drop_duplicates("predecessor_id")
    former = pd.DataFrame({
        "dataset": gone["dataset"], "place_id": gone["predecessor_id"], "name": gone["predecessor"], "kind": COMMUNITIES[0],
        "parent_id": None, "sort": 0,
    })  # fmt: skip
    return pd.concat([places, former], ignore_index=True) if len(former) else places


def _named(places: pd.DataFrame, changes: pd.DataFrame, aliases: pd.DataFrame, sight: Sight) -> set[str]:
    """Ids of the communities that the sight names: by id, by the end of an id (柳河街道/春和社区) or by a name that one alone has."""
    communities = places[places["kind"].isin(COMMUNITIES)]
    known = pd.concat([communities[["place_id", "dataset", "name"]], communities[["place_id", "dataset"]].merge(
        aliases.rename(columns={"alias": "name"}), on="place_id")]).drop_duplicates()  # fmt: skip
    alone = known.groupby(["dataset", "name"])["place_id"].transform("nunique") == 1
    by_name = known[alone].groupby("name")["place_id"].agg(set).to_dict()
    ids = set(communities["place_id"])
    found: set[str] = set()
    for wanted in sight.communities or ():
        found |= {wanted} & ids
        found |= by_name.get(wanted, set())
        found |= {p for p in ids if "/" in wanted and p.endswith(f"/{wanted}")}
    return found | _past_of(found, changes)


def _past_of(found: set[str], changes: pd.DataFrame) -> set[str]:
    """What the communities were before: under other names, or as the parts that went into them whole."""
    past: set[str] = set()
    while True:
        into = changes[changes["successor_id"].isin(found | past)]
        shared = changes.groupby("predecessor_id")["successor_id"].nunique()
        whole = set(into["predecessor_id"]) & set(shared.index[shared == 1])
        if whole <= found | past:
            return past
        past |= whole


def _communities_of(places: pd.DataFrame) -> dict[str, str | None]:
    """Place id → the community that it is or lies in, '' for the street and what lies above or beside communities.

    None where the way up is broken: nobody knows whose place it is.
    """
    up = {r.place_id: (r.kind, r.parent_id) for r in places[["place_id", "kind", "parent_id"]].itertuples()}
    found: dict[str, str | None] = {}
    for place in up:
        walk, at = [], place
        while True:
            if at in found:
                answer = found[at]
                break
            kind, parent = up.get(at, (None, None))
            walk.append(at)
            if kind is None or len(walk) > 50:
                answer = None
                break
            if kind in COMMUNITIES:
                answer = at
                break
            if pd.isna(parent):
                answer = ""
                break
            at = parent
        found.update(dict.fromkeys(walk, answer))
    return found


def _scrubber(places, changes, aliases, home: Mapping[str, str | None], covers: Mapping[str, str]) -> Scrubber:
    """All names by which others, and what lies in them, may stand in a text."""
    names = dict.fromkeys(places["place_id"], ())
    names = {r.place_id: [r.name, _short(r.name)] if r.kind in COMMUNITIES else [r.name] for r in places.itertuples()}
    for row in aliases.itertuples():
        names.setdefault(row.place_id, []).append(row.alias)
    for row in changes.itertuples():
        names.setdefault(row.predecessor_id, []).append(row.predecessor)
    own = {n for p, some in names.items() if home.get(p) is not None and home[p] not in covers for n in some if n}
    hidden: dict[str, str] = {}
    for place, some in names.items():
        community = home.get(place)
        cover = OTHERS if community is None else covers.get(community)
        if cover is not None:
            hidden |= {n: cover for n in some if isinstance(n, str) and n not in own}
    return Scrubber(hidden, {n for n in own if isinstance(n, str)})


def _short(name: str) -> str:
    for kind in COMMUNITIES:
        if len(name) >= _SHORTEST + len(kind) and name.endswith(kind):
            return name.removesuffix(kind)
    return name


# ---- the views ----


def _seen(run: Run, places: pd.DataFrame, home: Mapping[str, str | None], covers: Mapping[str, str]) -> None:
    """curtain.seen: a row for each place that may be met, with the id and name under which it is; own ones in their old order first."""
    rows = []
    for r in places.itertuples():
        if r.place_id in covers:
            cover = covers[r.place_id]
            rows.append((r.place_id, f"{r.dataset}/{cover}", cover, False, 1_000_000_000 + _rank(cover)))
        elif home[r.place_id] is not None and home[r.place_id] not in covers:
            rows.append((r.place_id, r.place_id, r.name, True, r.sort))
    run("CREATE SCHEMA curtain", ())
    run("CREATE TABLE curtain.seen (place_id VARCHAR, shown_id VARCHAR, name VARCHAR, own BOOLEAN, sort BIGINT)", ())
    columns = [[None if pd.isna(v) else v for v in column] for column in zip(*rows, strict=True)] or [[]] * 5
    run(
        "INSERT INTO curtain.seen SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::BOOLEAN[]), unnest(?::BIGINT[])",
        columns,
    )


def _rank(cover: str) -> int:
    """A number that orders cover names as letters count: A … Z, AA …"""
    number = 0
    for letter in cover:
        if letter in _LETTERS:
            number = number * len(_LETTERS) + _LETTERS.index(letter) + 1
    return number


def _views(run: Run, catalogue: Catalogue) -> None:
    columns = run(
        "SELECT table_name, list(column_name ORDER BY column_index) AS columns FROM duckdb_columns() WHERE database_name = ? GROUP BY 1",
        [VAULT],
    )
    tables = {r.table_name: list(r.columns) for r in columns.itertuples()}
    derived = set(run("SELECT view_name FROM duckdb_views() WHERE database_name = ? AND NOT internal", [VAULT])["view_name"])
    classes = _classes(catalogue)
    _loads(run, {t: c for t, c in tables.items() if t not in derived})
    for table, held in tables.items():
        if not table.replace("_", "a").isalnum():
            continue
        # ``rollup_day`` is a view over tables that have views of their own here; the views for people (v_…) are not ours.
        if table in derived and table != "rollup_day":
            continue
        run(f'CREATE VIEW main."{table}" AS {_view(table, held, classes)}', ())


def _classes(catalogue: Catalogue) -> list[str]:
    """Breakdowns whose categories are classes and no names: declared choices, and the few texts that are."""
    types: dict[str, set[str]] = {}
    for ledger in catalogue.ledgers.values():
        for column in ledger.columns:
            types.setdefault(column.id, set()).add(column.type)
    choices = [name for name, kinds in types.items() if kinds <= {"choice", "yes_no"}]
    return sorted({*choices, *_CLASSES})


def _view(table: str, held: list[str], classes: list[str]) -> str:
    """The SELECT that stands in front of a table."""
    raw = f'{VAULT}.main."{table}"'
    special = {"place": _PLACE, "place_change": _CHANGE, "place_path": _PATH, "event": _EVENT, "reject": _REJECT, "load": _LOAD, "source": f"SELECT * FROM {raw}"}  # fmt: skip
    if table in special:
        return special[table].format(raw=raw)
    if table in _WHOLE:
        return f"SELECT * FROM {raw}"
    if "place_id" not in held:
        return f"SELECT * FROM {raw} WHERE false"
    if table in _FIGURES or table.startswith("rollup_day"):
        telling = [f't."{c}"' for c in held if c in _TELLING]
        words = ", ".join(f"CASE WHEN s.own THEN {c} END AS {c.removeprefix('t.')}" for c in telling)
        replaced = ["s.shown_id AS place_id", *([words] if words else [])]
        if "category" in held:
            known = ", ".join("'" + c.replace("'", "''") + "'" for c in classes)
            replaced.append(f"CASE WHEN s.own OR t.breakdown IN ({known}) THEN t.category ELSE '{OTHERS}' END AS category")
        return f"SELECT t.* REPLACE ({', '.join(replaced)}) FROM {raw} t JOIN curtain.seen s ON s.place_id = t.place_id"
    return f"SELECT t.* FROM {raw} t SEMI JOIN (SELECT place_id FROM curtain.seen WHERE own) s ON s.place_id = t.place_id"


_PLACE = """
SELECT t.* REPLACE (s.shown_id AS place_id, s.name AS name, s.sort AS sort, coalesce(u.shown_id, t.parent_id) AS parent_id,
         CASE WHEN s.own THEN t.code END AS code, CASE WHEN s.own THEN t.area_km2 END AS area_km2, CASE WHEN s.own THEN t.lon END AS lon,
         CASE WHEN s.own THEN t.lat END AS lat)
FROM {raw} t JOIN curtain.seen s ON s.place_id = t.place_id LEFT JOIN curtain.seen u ON u.place_id = t.parent_id"""
_CHANGE = """
SELECT t.* REPLACE (a.shown_id AS predecessor_id, a.name AS predecessor, b.shown_id AS successor_id, b.name AS successor)
FROM {raw} t JOIN curtain.seen a ON a.place_id = t.predecessor_id JOIN curtain.seen b ON b.place_id = t.successor_id"""
_PATH = """
SELECT t.* REPLACE (s.shown_id AS place_id, CASE WHEN s.own THEN t.place_path ELSE s.name END AS place_path)
FROM {raw} t JOIN curtain.seen s ON s.place_id = t.place_id"""
_EVENT = """
SELECT t.* FROM {raw} t LEFT JOIN curtain.seen s ON s.place_id = t.place_id WHERE coalesce(t.place_id, '') = '' OR s.own"""
# A load that brought nothing of one's own is there as a fact, without its file; rows that were given back only where all were one's own.
_LOAD = """
SELECT t.* REPLACE (CASE WHEN o.some THEN t.file ELSE '' END AS file, CASE WHEN o.some THEN t.sheet ELSE '' END AS sheet,
                    CASE WHEN o.some THEN t."user" ELSE '' END AS "user")
FROM {raw} t LEFT JOIN curtain.load o ON o.load_id = t.load_id"""
_REJECT = "SELECT t.* FROM {raw} t SEMI JOIN (SELECT load_id FROM curtain.load WHERE whole) o ON o.load_id = t.load_id"


def _loads(run: Run, tables: Mapping[str, list[str]]) -> None:
    """curtain.load: which loads brought rows of own communities (some), and nothing but these (whole)."""
    parts = [
        f'SELECT load_id, place_id FROM {VAULT}.main."{table}" GROUP BY ALL'
        for table, held in tables.items()
        if {"load_id", "place_id"} <= set(held)
    ]
    run(
        f"""CREATE TABLE curtain.load AS
            SELECT r.load_id, bool_or(coalesce(s.own, false)) AS some, bool_and(coalesce(s.own, false)) AS whole
            FROM ({" UNION ALL ".join(parts)}) r LEFT JOIN curtain.seen s ON s.place_id = r.place_id GROUP BY 1""",
        (),
    )
