"""Places and what became of them; ids ``<dataset>/<path of names>``; the files in which places are listed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from etl import dates
from etl.wording import plain
from jiejian.catalogue import CatalogueError

COMMUNITIES = ("社区", "村")
STREETS = ("街道", "乡镇")
# How communities become others: several into a new one, one into another that goes on, one into several, or some of its ground
# to others. These are drawn anew; a renamed one is the same place.
MERGED, ABSORBED, SPLIT, REDRAWN, RENAMED = CHANGES = ("合并", "并入", "拆分", "调整", "更名")
WHOLE_STREET = frozenset(("全街道", "全街", "街道", "全镇", "街道本级", "街道合计"))


@dataclass
class Place:
    """One place. ``aliases`` and ``successors`` (ids, paths or names) are joined by 、; dates are ISO text, the last day included;
    ``crs`` says in which system lon and lat stand. ``change`` is one of CHANGES; ``changed_on`` is the first day of the new
    state, and a place that is among its own successors goes on under its name with another boundary.
    """

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
    changed_on: str | None = None
    successors: str | None = None
    change: str | None = None

    @property
    def names(self) -> list[str]:
        """All names, the customary one first."""
        return [self.name, *alias_names(self.aliases)]


DATES = ("valid_from", "valid_to", "changed_on")
PLACE_FIELDS = tuple(f.name for f in fields(Place))


def alias_names(text: str | None) -> list[str]:
    """``滨河、老滨河社区`` → its parts."""
    return [part for part in re.split(r"[、，,；;|/\s]+", text or "") if part]


@dataclass(frozen=True)
class Change:
    """A community that became another: merged, split, renamed or redrawn, on the first day of the new state."""

    dataset: str
    predecessor_id: str
    predecessor: str
    successor_id: str
    successor: str
    on: date
    kind: str


def place_id(parent: str, name: str) -> str:
    """The id of a place below ``parent`` (a place id, or the data set's id for a place without parent)."""
    return f"{parent}/{plain(name).replace('/', '／')}"


def listed(*paths: Path) -> list[Place]:
    """The places of lists such as catalogue/places.csv, later files replacing places of the same id.

    Heads are those of the bundled file or their Chinese names; a row without an id gets that of its parent and its name.
    Raises CatalogueError for a row that cannot be used.
    """
    found: dict[str, Place] = {}
    for path in paths:
        if path.is_file():
            found.update({place.place_id: place for place in _of_file(path, found)})
    return list(found.values())


_HEADS = {
    **{"编号": "place_id", "数据集": "dataset", "名称": "name", "类别": "kind", "上级": "parent_id", "序号": "sort"},
    **{"其他名称": "aliases", "编码": "code", "面积(平方公里)": "area_km2", "经度": "lon", "纬度": "lat", "坐标系": "crs"},
    **{"启用日期": "valid_from", "撤销日期": "valid_to", "类型": "peer_group"},
    **{"变更后": "successors", "变更日期": "changed_on", "变更方式": "change"},
}
_NUMBERS = {"sort": int, "area_km2": float, "lon": float, "lat": float}
_NAMES = {field: head for head, field in _HEADS.items()}


def _of_file(path: Path, known: dict[str, Place]) -> Iterator[Place]:
    there, own = dict(known), {}
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")  # as Excel saves a csv
    for number, row in enumerate(csv.DictReader(io.StringIO(text, newline="")), 2):
        if not any(row.values()):
            continue
        try:
            place = _of_row(row, there)
            if place.place_id in own:
                raise ValueError(f"与前面一行是同一个地点“{place.name}”；沿用旧名的社区只写一行，变更后中也写上它自己")
        except ValueError as error:
            raise CatalogueError(f"目录文件 {path.name} 第 {number} 行：{error}。请改正后重试。") from error
        there[place.place_id] = own[place.place_id] = place
        yield place


def _of_row(row: dict[str, str], there: dict[str, Place]) -> Place:
    given: dict = {
        _HEADS.get(plain(head or ""), head): value.strip() for head, value in row.items() if head and value and value.strip()
    }
    given = {name: value for name, value in given.items() if name in PLACE_FIELDS}
    for name in ("name", "kind"):
        if not given.get(name):
            raise ValueError(f"没有写{_NAMES[name]}（{name}）")
    for name, kind in _NUMBERS.items():
        if name in given:
            try:
                given[name] = kind(given[name])
            except ValueError:
                raise ValueError(f"{_NAMES[name]}“{given[name]}”应为数字") from None
    for name in DATES:
        if name in given:
            given[name] = _day(given[name], _NAMES[name])
    if given.get("change", CHANGES[0]) not in CHANGES:
        raise ValueError(f"变更方式“{given['change']}”应写{'、'.join(CHANGES)}中的一种")
    given.setdefault("dataset", "street")
    if "parent_id" in given:
        given["parent_id"] = _parent(given["parent_id"], given["dataset"], there)
    given.setdefault("place_id", place_id(given.get("parent_id") or given["dataset"], given["name"]))
    return Place(**given)


def _day(written: str, name: str) -> str:
    try:
        point = dates.read_time(written)
    except ValueError:
        point = None
    if point is None:
        raise ValueError(f"{name}“{written}”不是日期，应写成 2026-01-01")
    return point.at.date().isoformat()


def _parent(written: str, dataset: str, there: dict[str, Place]) -> str:
    for known in (written, f"{dataset}/{written}"):
        if known in there:
            return known
    found = [p.place_id for p in there.values() if p.dataset == dataset and plain(written) in map(plain, p.names)]
    if len(found) != 1:
        problem = "有好几处，请写全路径" if found else "不在前面各行中，请先写上级再写下级"
        raise ValueError(f"上级“{written}”{problem}")
    return found[0]
