"""Places: from a name as an office writes it to a place id ``<dataset>/<path of names>``."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path

from etl.wording import plain

# A community may be named with or without these; so may a street.
_SUFFIXES = (
    "社区居民委员会",
    "村民委员会",
    "社区居委会",
    "社区党委",
    "居民委员会",
    "居委会",
    "村委会",
    "社区",
    "街道办事处",
    "办事处",
    "街道",
    "村",
)
COMMUNITIES = ("社区", "村")
STREETS = ("街道", "乡镇")
WHOLE_STREET = frozenset(("全街道", "全街", "街道", "全镇", "街道本级", "街道合计"))


@dataclass
class Place:
    """One place. ``aliases`` are joined by 、; dates are ISO text; ``crs`` says in which system lon and lat stand."""

    place_id: str
    dataset: str
    name: str
    kind: str
    parent_id: str | None = None
    sort: int | None = None
    aliases: str = ""
    code: str | None = None
    area_km2: float | None = None
    lon: float | None = None
    lat: float | None = None
    crs: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    peer_group: str | None = None

    @property
    def names(self) -> list[str]:
        """All names, the customary one first."""
        return [self.name, *alias_names(self.aliases)]


PLACE_FIELDS = tuple(f.name for f in fields(Place))


def alias_names(text: str | None) -> list[str]:
    """``滨河、老滨河社区`` → its parts."""
    return [part for part in re.split(r"[、，,；;|/\s]+", text or "") if part]


def bundled(path: Path) -> list[Place]:
    """The places of catalogue/places.csv; an empty list when there is no such file."""
    if not path.is_file():
        return []
    numbers = {"sort": int, "area_km2": float, "lon": float, "lat": float}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [{k: v for k, v in row.items() if k in PLACE_FIELDS and v} for row in csv.DictReader(file)]
    return [Place(**{k: numbers.get(k, str)(v) for k, v in row.items()}) for row in rows]


def place_id(parent: str, name: str) -> str:
    """The id of a place below ``parent`` (a place id, or the data set's id for a place without parent)."""
    return f"{parent}/{plain(name).replace('/', '／')}"


@dataclass
class Gazetteer:
    """The places of one data set, and the ways in which their names are written."""

    dataset: str
    places: dict[str, Place] = field(default_factory=dict)
    _index: dict[str, list[str]] = field(default_factory=dict)

    def add(self, places: Iterable[Place]) -> None:
        """Take places in, replacing those of the same id."""
        for place in places:
            self.places[place.place_id] = place
        self._index = {}

    def find(self, text: str, below: str = "", kinds: tuple[str, ...] = ()) -> str:
        """The id of the place that ``text`` names.

        A place id, a name, an alias, a name with its parents before it, a name with or without 社区 and the like are all
        understood. Raises ValueError with a Chinese clause when none or several fit.
        """
        if text in self.places:
            return text
        if f"{self.dataset}/{text}" in self.places:
            return f"{self.dataset}/{text}"
        for key in self._keys(plain(text)):
            found = self._narrow(self._by_name().get(key, []), below, kinds)
            if len(found) == 1:
                return found[0]
            if found:
                raise ValueError(f"有 {len(found)} 处同名：{'、'.join(self._path(p) for p in found[:4])}")
        raise ValueError(f"不在名册中{self._hint(plain(text))}")

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

    def _by_name(self) -> dict[str, list[str]]:
        if not self._index:
            index: dict[str, list[str]] = {}  # made aside and put in place whole: two sheets may ask at a time
            for place in self.places.values():
                for name in place.names:
                    for key in {plain(name), bare(name)}:
                        if place.place_id not in index.setdefault(key, []):
                            index[key].append(place.place_id)
            self._index = index
        return self._index

    def _keys(self, text: str) -> list[str]:
        """The spellings to look up, the most literal first."""
        keys = [text]
        keys += [
            text[len(p.name) :]
            for p in self.places.values()
            if p.kind not in COMMUNITIES and text.startswith(p.name) and text != p.name
        ]
        keys += [bare(key) for key in list(keys)]
        return list(dict.fromkeys(key for key in keys if key))

    def _narrow(self, found: list[str], below: str, kinds: tuple[str, ...]) -> list[str]:
        """Of places with the same name: those below, then those of the wanted kinds, then communities before others."""
        if below:
            found = [p for p in found if p.startswith(below + "/")]
        for wanted in (kinds, COMMUNITIES, STREETS):
            some = [p for p in found if self.places[p].kind in wanted]
            if some:
                return some
        return found

    def _path(self, place: str) -> str:
        return place.removeprefix(self.dataset + "/")

    def _hint(self, text: str) -> str:
        names = [p.name for p in self.places.values() if p.kind in COMMUNITIES] or [p.name for p in self.places.values()]
        near = difflib.get_close_matches(text, names, n=1, cutoff=0.5)
        return f"，最接近的是“{near[0]}”" if near else ""


def bare(name: str) -> str:
    """The plain name without its suffix: 滨河社区居委会 and 滨河社区 are 滨河."""
    name = plain(name)
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name
