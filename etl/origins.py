"""Which files there are, and to which data set each belongs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etl.recognise import BUNDLED
from jiejian.home import BUNDLED_DATA, Home

# Ships beside the figures for the tests: numerals of the articles that are no figures.
_NO_LEDGER = frozenset(("exclusions.csv",))
_SILENT = frozenset((".md", ".gitkeep"))
_SHIPPED = "bundled:"


@dataclass(frozen=True)
class Origin:
    """A file, its data set, and the name by which its loads remember it, which survives a move of the home."""

    dataset: str
    path: Path
    key: str


def bundled() -> list[Origin]:
    """The published figures that ship with the project."""
    return [
        Origin(d, p, f"{_SHIPPED}{d}/{p.name}") for d in BUNDLED for p in _files(BUNDLED_DATA / d) if p.name not in _NO_LEDGER
    ]


def inbox(home: Home) -> list[Origin]:
    """The street's own workbooks."""
    return [Origin("street", p, f"inbox/{p.relative_to(home.inbox).as_posix()}") for p in _files(home.inbox)]


def demo(home: Home) -> list[Origin]:
    """The workbooks of the made-up street."""
    return [Origin("demo", p, f"demo/{p.relative_to(home.demo).as_posix()}") for p in _files(home.demo)]


def outside(path: Path, dataset: str, home: Home) -> Origin:
    """A file named on the command line; one that lies in a known folder is the same file as when it is found there."""
    path = path.resolve()
    for known in (*inbox(home), *demo(home), *bundled()):
        if known.path.resolve() == path and known.dataset == dataset:
            return known
    return Origin(dataset, path, path.as_posix())


def path_of(key: str, home: Home) -> Path:
    """Where the file of a load was found."""
    if key.startswith(_SHIPPED):
        return BUNDLED_DATA / key.removeprefix(_SHIPPED)
    return home.root / key  # an absolute path stays what it is


def _files(folder: Path) -> Iterator[Path]:
    """Files in a steady order; hidden ones and those that Excel keeps open (~$…) are not ledgers."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        hidden = any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.suffix.lower() not in _SILENT:
            yield path
