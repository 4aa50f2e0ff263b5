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
_TABLES = frozenset((".xlsx", ".xlsm", ".xls", ".et", ".csv", ".txt", ".zip"))
_SHIPPED = "bundled:"
# What the keys of rows drawn from databases begin with.
DATABASE = "database:"


@dataclass(frozen=True)
class Origin:
    """A file, its data set, and the name by which its loads remember it, which survives a move of the home.

    ``shown`` is how sentences call what is no file of the sender's own.
    """

    dataset: str
    path: Path
    key: str
    shown: str = ""


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


def passed_over(folder: Path) -> list[str]:
    """Sentences about what lies in a folder and is no file to read: locks of open workbooks, folders and links."""
    said = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.name.startswith("~$") and path.is_file():
            said.append(
                f"文件“{path.name}”是“{path.name.removeprefix('~$')}”正在 Excel 或 WPS 中打开时的临时文件，已跳过。请保存并关闭它，以免漏掉刚改的内容。"
            )
        elif _leads_out(path, folder):
            said.append(f"“{path.name}”是指向收件夹以外的链接，没有读取。请把文件本身放进收件夹。")
        elif path.is_dir() and path.suffix.lower() in _TABLES:
            said.append(f"“{path.name}”是文件夹，不是文件，没有当作台账读取。请把台账文件放进收件夹。")
    return said


def _leads_out(path: Path, folder: Path) -> bool:
    return path.is_symlink() and not path.resolve().is_relative_to(folder.resolve())


def _files(folder: Path) -> Iterator[Path]:
    """Files in a steady order; hidden ones, those that Excel keeps open (~$…) and links to elsewhere are not ledgers."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        hidden = any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.suffix.lower() not in _SILENT and not _leads_out(path, folder):
            yield path
