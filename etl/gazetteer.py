"""From a name as an office writes it to the place that it means. What is doubtful is asked, never guessed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from etl.places import COMMUNITIES, STREETS, Change, Place
from etl.spelling import LEVELS, bare, notes, numbered, one_edit_apart, suffix_kind, trimmed, without_authorities, without_level
from etl.wording import folded, plain

_GRID = "网格"
# How many candidates a sentence names.
_NAMED = 4


class Doubtful(ValueError):
    """A name that may mean these places; the message is a Chinese clause: 值“x” + message."""

    def __init__(self, message: str, candidates: Sequence[str]):
        super().__init__(message)
        self.candidates = tuple(candidates)


@dataclass(frozen=True)
class _Hit:
    """A place under one of its names: ``kind`` is what the name's suffix says, ``whole`` whether the key is the whole name."""

    place_id: str
    kind: str
    whole: bool


@dataclass
class Gazetteer:
    """The places of one data set, the ways in which their names are written, and what people answered about doubtful ones."""

    dataset: str
    places: dict[str, Place] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    _index: dict[str, list[_Hit]] = field(default_factory=dict)
    _levels: dict[str, list[str]] = field(default_factory=dict)
    # What was found before: each of a hundred workbooks names the same places.
    _found: dict[tuple[str, str, tuple[str, ...]], str] = field(default_factory=dict)

    def add(self, places: Iterable[Place]) -> None:
        """Take places in, replacing those of the same id."""
        for place in places:
            self.places[place.place_id] = place
            self._index, self._levels, self._found = {}, {}, {}

    def find(self, text: str, below: str = "", kinds: tuple[str, ...] = ()) -> str:
        """The id of the place that ``text`` names, whenever that place was.

        A place id, a name, another name, a name with its parents before it, with or without 社区 and the like, with numerals
        written in any way, a list number before it or a note behind it are all understood. Raises ValueError with a Chinese
        clause when none fits, and its subclass Doubtful when several might, or one almost.
        """
        asked, found = (text, below, kinds), self._found
        if asked not in found:
            found[asked] = self._sought(text, below, kinds)
        return found[asked]

    def knows(self, text: str) -> bool:
        """Whether the same was found before."""
        return (text, "", ()) in self._found

    def _sought(self, text: str, below: str, kinds: tuple[str, ...]) -> str:
        for known in (text, f"{self.dataset}/{text}", self.answers.get(plain(text), "")):
            if known in self.places:
                return known
        above, _, last = text.rpartition("/")
        if above and not below:
            if whole := self._literal(folded(text), below, kinds):
                return self._certain(whole, folded(text))  # a name with a stroke in it
            return self._in_street(last, above, kinds)
        name = folded(text)
        for key in (name, trimmed(name)):
            if found := self._literal(key, below, kinds):
                return self._certain(found, name)
        for key in (name, trimmed(name)):
            if found := self._loose(key, below, kinds):
                return self._certain(found, name)
        if place := self._below_a_place(trimmed(name), kinds):
            return place
        for rest, above in without_authorities(trimmed(name)):
            if found := self._literal(rest, below, kinds) or self._loose(rest, below, kinds):
                return self._certain(self._under(found, above), name, self._almost(name, found, kinds))
        if len(found := self.but_for_level(name, below)) == 1 and (kinds or not self._has_below(found[0])):
            return found[0]
        self._give_up(name, below, kinds)

    def but_for_level(self, name: str, below: str = "") -> list[str]:
        """Places of which the name has a word for a level more, or less, than this one: 松江 for 松江区."""
        if not self._levels:
            levels: dict[str, dict[str, None]] = {}
            for place in self.places.values():
                for written in () if place.kind == _GRID else place.names:
                    # Under the name a longer one is looked for, under the short one the name itself.
                    for key in (f"={folded(written)}", without_level(written)):
                        levels.setdefault(key, {})[place.place_id] = None
            self._levels = {key: list(found) for key, found in levels.items()}
        short, name = without_level(name), folded(name)
        found = self._levels.get(name, []) + (self._levels.get(f"={short}", []) if short else [])
        return [p for p in dict.fromkeys(found) if not below or self._is_below(p, below)]

    def _has_below(self, place: str) -> bool:
        return any(p.parent_id == place for p in self.places.values())

    def _in_street(self, name: str, street: str, kinds: tuple[str, ...]) -> str:
        """A place of a street that is named beside it. Where the street is doubtful, so is the place."""
        try:
            return self.find(name, self.find(street, kinds=STREETS), kinds)
        except Doubtful as doubt:
            streets = [p for p in doubt.candidates if self.places[p].kind in STREETS]
            found = [p for above in streets for p in self._literal(folded(name), above, kinds)]
            if not found:
                raise
            raise Doubtful(f"不在名册中，最接近的是{self._paths(found)}", found) from None

    def street(self) -> str | None:
        """The one street of the data set, else its one place without parent, else None."""
        for wanted in (
            [p for p in self.places.values() if p.kind in STREETS],
            [p for p in self.places.values() if not p.parent_id],
        ):
            if len(wanted) == 1:
                return wanted[0].place_id
        return None

    def communities(self) -> list[Place]:
        return [p for p in self.places.values() if p.kind in COMMUNITIES]

    # ---- looking up ----

    def _by_name(self) -> dict[str, list[_Hit]]:
        if not self._index:
            index: dict[str, dict[str, _Hit]] = {}  # made aside and put in place whole: two sheets may ask at a time
            for place in self.places.values():
                for name in place.names:
                    whole, short = folded(name), bare(name)
                    kind = suffix_kind(name) or (place.kind if place.kind in COMMUNITIES else "")
                    for key in dict.fromkeys((whole, short, *(f"#{numbered(n)}" for n in (whole, short)))):
                        hit = _Hit(place.place_id, kind, key.removeprefix("#") in (whole, numbered(whole)))
                        index.setdefault(key, {}).setdefault(hit.place_id, hit)
            self._index = {key: list(hits.values()) for key, hits in index.items()}
        return self._index

    def _literal(self, key: str, below: str, kinds: tuple[str, ...]) -> list[str]:
        """Places of which this is the name, or the name without its suffix."""
        return self._narrow([h.place_id for h in self._by_name().get(key, [])], below, kinds)

    def _loose(self, key: str, below: str, kinds: tuple[str, ...]) -> list[str]:
        """Places with another suffix, or with numerals written otherwise. Raises Doubtful where only the kinds differ."""
        index, kind, other = self._by_name(), suffix_kind(key), []
        for wanted in dict.fromkeys((f"#{numbered(key)}", bare(key), f"#{numbered(bare(key))}")):
            hits = index.get(wanted, [])
            same = [h.place_id for h in hits if not kind or not h.kind or kind == h.kind or (h.whole and wanted[0] == "#")]
            if found := self._narrow(same, below, kinds):
                return found
            other += self._narrow([h.place_id for h in hits], below, kinds)
        if other:
            raise Doubtful(f"与名册中的{self._quoted(other)}类别不同", dict.fromkeys(other))
        return []

    def _below_a_place(self, name: str, kinds: tuple[str, ...]) -> str:
        """A name with the names of known places before it: 柳河街道春和社区, 春和社区第一网格."""
        for above in sorted(self.places.values(), key=lambda p: -len(p.name)):
            if above.kind == _GRID:
                continue
            for head in map(folded, above.names):
                if above.kind in COMMUNITIES and bare(head) == head:
                    continue  # 春和第一网格 may be the name of a grid in another community
                rest = trimmed(name[len(head) :].removeprefix("办事处")) if name.startswith(head) and name != head else ""
                if not rest:
                    continue
                if found := self._literal(rest, above.place_id, kinds) or self._loose(rest, above.place_id, kinds):
                    return self._certain(found, name)
                if deeper := self._below_a_place(rest, kinds):
                    return deeper
                if above.kind in STREETS and (found := self._literal(rest, "", kinds)):
                    raise Doubtful(f"写的上级“{head}”与名册不符，名册中是{self._paths(found)}", found)
        return ""

    def _narrow(self, found: Sequence[str], below: str, kinds: tuple[str, ...]) -> list[str]:
        """Of places with the same name: those below, then those of the wanted kinds, then communities before others."""
        found = list(dict.fromkeys(p for p in found if not below or self._is_below(p, below)))
        for wanted in (kinds, COMMUNITIES, STREETS):
            some = [p for p in found if self.places[p].kind in wanted]
            if some:
                return some
        return found

    def _is_below(self, place: str, above: str) -> bool:
        return any(p.place_id == above for p in self._above(place))

    def _above(self, place: str) -> Iterator[Place]:
        """The places in which a place lies, the nearest first."""
        seen = {place}
        while (parent := self.places[place].parent_id) and parent in self.places and parent not in seen:
            seen.add(parent)
            place = parent
            yield self.places[parent]

    # ---- doubts ----

    def _certain(self, found: Sequence[str], name: str, almost: Sequence[str] = ()) -> str:
        """The one place that is meant; Doubtful when that cannot be said."""
        found = self._before_changes(found)
        mentioned = [p for note in notes(name) if not note.startswith(("原", "曾")) for p in self._literal(note, "", COMMUNITIES)]
        some = list(dict.fromkeys((*found, *almost, *mentioned)))
        if len(found) > 1:
            raise Doubtful(f"有 {len(found)} 处同名：{self._paths(found)}", found)
        if len(some) > 1:
            raise Doubtful(f"可能是{'，也可能是'.join(f'“{self._path(p)}”' for p in some[:_NAMED])}", some)
        return found[0]

    def _before_changes(self, found: Sequence[str]) -> list[str]:
        """Of a community and those that came of it, the former: the date of a row leads on from there (see succession.py)."""
        came_of = {c.successor_id for c in self.changes if c.predecessor_id in found and c.predecessor_id != c.successor_id}
        return [p for p in found if p not in came_of] or list(found)

    def _under(self, found: Sequence[str], above: Sequence[tuple[str, str]]) -> list[str]:
        """Those of the places that may lie under authorities written before the name. Doubtful where the register knows better."""
        names, left = [name for name, _ in above], list(found)
        for name, level in above:
            left = [p for p in left if self._may_lie_in(p, names, level)]
            if not left:
                raise Doubtful(f"写的上级“{name}”与名册不符，名册中是{self._paths(found)}", found)
        return left

    def _may_lie_in(self, place: str, names: Sequence[str], level: str) -> bool:
        """Whether the register has nothing of that level above the place, or one of the names (a city may stand above a city)."""
        written = {form for name in names for form in (name, bare(name))}
        known = [p for p in self._above(place) if p.kind in LEVELS[level]]
        return not known or any(form in written for p in known for n in p.names for form in (folded(n), bare(n)))

    def _almost(self, name: str, found: Sequence[str], kinds: tuple[str, ...]) -> list[str]:
        """Other places whose whole name is one character away: then 新华县滨江 is perhaps 新华滨江 and no 滨江 in 新华县."""
        return [p for p in self._near(name, "", kinds) if p not in found]

    def _near(self, name: str, below: str, kinds: tuple[str, ...]) -> list[str]:
        """Places of which a name is one character away."""
        written = {form for n in (name, trimmed(name)) for form in (n, bare(n), numbered(bare(n)))}
        found = [
            p.place_id
            for p in self.places.values()
            if p.kind != _GRID
            and any(one_edit_apart(w, form) for n in p.names for form in (folded(n), bare(n), numbered(bare(n))) for w in written)
        ]
        return self._narrow(found, below, kinds)

    def _give_up(self, name: str, below: str, kinds: tuple[str, ...]) -> None:
        """Raise with the nearest names."""
        near = self._before_changes(self._near(name, below, kinds)) or self.but_for_level(name, below) or self._resembling(name, below)
        if not near:
            raise ValueError("不在名册中")
        raise Doubtful(f"不在名册中，最接近的是{self._quoted(near)}", near[:_NAMED])

    def _resembling(self, name: str, below: str) -> list[str]:
        chosen = [p for p in self.places.values() if not below or self._is_below(p.place_id, below)]
        names = {p.name: p.place_id for p in reversed([p for p in chosen if p.kind in COMMUNITIES] or chosen)}
        return [names[n] for n in difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)]

    def _quoted(self, places: Iterable[str]) -> str:
        return "".join(dict.fromkeys(f"“{self.places[p].name}”" for p in list(places)[:_NAMED]))

    def _paths(self, places: Sequence[str]) -> str:
        return "、".join(self._path(p) for p in places[:_NAMED])

    def _path(self, place: str) -> str:
        return place.removeprefix(self.dataset + "/")
