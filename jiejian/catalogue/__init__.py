"""The catalogue: YAML files -> frozen, checked declarations.

Every measure, metric, grouping, standard, practice, ledger and deck is declared once under ``catalogue/``; a street's
own files under ``JIEJIAN_HOME/catalogue`` overlay the bundled ones block by block. An unknown key, a missing key or a
name that refers to nothing is a :class:`CatalogueError` that names file, block and key.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from jiejian.catalogue.contracts import split
from jiejian.catalogue.daily import derived
from jiejian.catalogue.decks import Deck, DeckSlide, Stop
from jiejian.catalogue.declarations import (
    Catalogue,
    CompositeRate,
    Condition,
    Correction,
    Dataset,
    Group,
    Grouping,
    HolidayYear,
    Likeness,
    Measure,
    Metric,
    Part,
    Practice,
    Rollup,
    Setting,
    Standard,
    TimeLimit,
)
from jiejian.catalogue.declared import CatalogueError, Declaration
from jiejian.catalogue.files import blocks, files, read_yaml
from jiejian.catalogue.ledgers import BroughtPlaces, Column, Database, Layout, Ledger, Rule
from jiejian.catalogue.references import faults
from jiejian.catalogue.sentences import sentence
from jiejian.home import BUNDLED_CATALOGUE, home

__all__ = [
    "BroughtPlaces",
    "Catalogue",
    "CatalogueError",
    "Column",
    "CompositeRate",
    "Condition",
    "Correction",
    "Database",
    "Dataset",
    "Deck",
    "DeckSlide",
    "Declaration",
    "Group",
    "Grouping",
    "HolidayYear",
    "Layout",
    "Ledger",
    "Likeness",
    "Measure",
    "Metric",
    "Part",
    "Practice",
    "Rollup",
    "Rule",
    "Setting",
    "Standard",
    "Stop",
    "TimeLimit",
    "catalogue",
    "declare",
    "load_catalogue",
    "read_yaml",
]

FILES: dict[str, type[Declaration]] = {
    "datasets": Dataset,
    "measures": Measure,
    "metrics": Metric,
    "groupings": Grouping,
    "standards": Standard,
    "practices": Practice,
    "time_limits": TimeLimit,
    "holidays": HolidayYear,
    "composites": CompositeRate,
    "likeness": Likeness,
    "settings": Setting,
    "corrections": Correction,
}
FOLDERS: dict[str, type[Declaration]] = {"ledgers": Ledger, "decks": Deck}

def declare(kind: type[Declaration], file: str, block: str, content: dict, shown: str = "") -> Declaration:
    """One block as a checked declaration; CatalogueError names file, block (as ``shown``, if given) and key."""
    if isinstance(content.get("columns"), dict):
        content = {**content, "columns": [{"id": k, **(v or {})} for k, v in content["columns"].items()]}
    if isinstance(content.get("groups"), dict):
        content = {**content, "groups": [{"name": k, "metrics": v} for k, v in content["groups"].items()]}
    try:
        return kind.model_validate({"id": block, **content})
    except ValidationError as error:
        raise CatalogueError(sentence(kind, file, shown or block, content, error)) from error


def load_catalogue(*folders: Path) -> Catalogue:
    """Read and check the catalogue in ``folders``, later ones overlaying earlier ones.

    Raises CatalogueError at the first fault, in Chinese, naming file, block and key.
    """
    content: dict[str, dict] = {}
    for names, walk in ((FILES, blocks), (FOLDERS, files)):
        for name, kind in names.items():
            content[name] = {}
            for file, block, body in walk(name, folders):
                if kind is Ledger:
                    body = _take_brought(file, body, content)
                content[name][block] = declare(kind, file, block, body)
    measures = content["measures"].values()
    content["ledgers"] |= {d.id: d for l in [*content["ledgers"].values()] for d in derived(l, measures)}
    catalogue = Catalogue.model_construct(**content)
    for file, block, key, reason in faults(catalogue):
        raise CatalogueError(f"目录文件 {file}，条目 {block}，键 {key}：{reason}。")
    return catalogue


def _take_brought(file: str, body: dict, content: dict[str, dict]) -> dict:
    """A contract without the measures, metrics and data sets that it brings, which are put among the others."""
    body, brought = split(file, body)
    for name, blocks_ in brought.items():
        for block, given in blocks_.items():
            declared = declare(FILES[name], file, block, given, f"{name}.{block}")
            if content[name].setdefault(block, declared) != declared:
                raise CatalogueError(
                    f"目录文件 {file}，键 {name}.{block}：这个编号已经声明过，内容不同。"
                    "要用已有的，删去这一条直接引用；要另立一项，换一个编号。"
                )
    return body


@lru_cache(maxsize=4)
def _cached(folders: tuple[Path, ...], stamp: tuple) -> Catalogue:
    return load_catalogue(*folders)


def _stamp(folders: Iterable[Path]) -> tuple:
    """Path, time and size of every file: asked at every run of a page, so each folder is looked at once and not once a file."""
    return tuple(sorted(stamp for folder in folders for stamp in _stamps(str(folder))))


def _stamps(folder: str) -> Iterator[tuple[str, int, int]]:
    try:
        found = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        if entry.name.endswith(".yml"):
            stat = entry.stat()
            yield entry.path, stat.st_mtime_ns, stat.st_size
        elif entry.is_dir():
            yield from _stamps(entry.path)


def catalogue() -> Catalogue:
    """The catalogue in force: the bundled one, overlaid with the street's own; read again when a file changes."""
    folders = (BUNDLED_CATALOGUE, home().catalogue)
    return _cached(folders, _stamp(folders))
