"""The catalogue: YAML files -> frozen, checked declarations.

Every measure, metric, grouping, standard, practice, ledger and deck is declared once under ``catalogue/``; a street's
own files under ``JIEJIAN_HOME/catalogue`` overlay the bundled ones block by block. An unknown key, a missing key or a
name that refers to nothing is a :class:`CatalogueError` that names file, block and key.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from jiejian.catalogue.declarations import (
    BroughtPlaces,
    Catalogue,
    CatalogueError,
    Column,
    CompositeRate,
    Condition,
    Correction,
    Database,
    Dataset,
    Deck,
    DeckSlide,
    Declaration,
    Group,
    Grouping,
    HolidayYear,
    Layout,
    Ledger,
    Likeness,
    Measure,
    Metric,
    Part,
    Practice,
    Rollup,
    Rule,
    Setting,
    Standard,
    Stop,
    TimeLimit,
)
from jiejian.catalogue.files import blocks, files, read_yaml
from jiejian.catalogue.references import faults
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

_REASONS = {
    "extra_forbidden": "不认识这个键，请删去或改正拼写",
    "missing": "缺少这个键",
    "literal_error": "取值不在允许的范围内",
    "string_type": "应为文字",
    "int_parsing": "应为整数",
    "float_parsing": "应为数字",
}


def declare(kind: type[Declaration], file: str, block: str, content: dict) -> Declaration:
    """One block as a checked declaration; CatalogueError names file, block and key."""
    if isinstance(content.get("columns"), dict):
        content = {**content, "columns": [{"id": k, **(v or {})} for k, v in content["columns"].items()]}
    if isinstance(content.get("groups"), dict):
        content = {**content, "groups": [{"name": k, "metrics": v} for k, v in content["groups"].items()]}
    try:
        return kind.model_validate({"id": block, **content})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(整条)"
        expected = first.get("ctx", {}).get("expected")
        reason = _REASONS.get(first["type"], str(first.get("ctx", {}).get("error", first["msg"])))
        reason += f"（允许：{expected}）" if expected else ""
        raise CatalogueError(f"目录文件 {file}，条目 {block}，键 {key}：{reason}。") from error


def load_catalogue(*folders: Path) -> Catalogue:
    """Read and check the catalogue in ``folders``, later ones overlaying earlier ones.

    Raises CatalogueError at the first fault, in Chinese, naming file, block and key.
    """
    content: dict[str, dict] = {}
    for names, walk in ((FILES, blocks), (FOLDERS, files)):
        for name, kind in names.items():
            content[name] = {block: declare(kind, file, block, body) for file, block, body in walk(name, folders)}
    catalogue = Catalogue.model_construct(**content)
    for file, block, key, reason in faults(catalogue):
        raise CatalogueError(f"目录文件 {file}，条目 {block}，键 {key}：{reason}。")
    return catalogue


@lru_cache(maxsize=4)
def _cached(folders: tuple[Path, ...], stamp: tuple) -> Catalogue:
    return load_catalogue(*folders)


def _stamp(folders: Iterable[Path]) -> tuple:
    files = (p for folder in folders for p in sorted(folder.rglob("*.yml")))
    return tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in files)


def catalogue() -> Catalogue:
    """The catalogue in force: the bundled one, overlaid with the street's own; read again when a file changes."""
    folders = (BUNDLED_CATALOGUE, home().catalogue)
    return _cached(folders, _stamp(folders))
