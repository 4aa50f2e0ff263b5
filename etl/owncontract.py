"""A contract of one's own: held against the catalogue before anything is loaded by it, and kept in the home."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jiejian.catalogue import Catalogue, CatalogueError, Ledger, catalogue, load_catalogue, read_yaml
from jiejian.catalogue.contracts import split
from jiejian.home import BUNDLED_CATALOGUE, Home


def keep_contract(path: Path, where: Home, dataset: str) -> Ledger:
    """Check a contract against the catalogue and put it into the home, so that its table lives on in every later version.

    A data set that nobody has declared yet is declared with it.
    """
    with with_contract(path, where, dataset) as checked:
        pass
    if dataset not in catalogue().datasets and dataset not in split(path.name, read_yaml(path))[1]["datasets"]:
        own = where.catalogue / "datasets.yml"
        own.parent.mkdir(parents=True, exist_ok=True)
        before = own.read_text(encoding="utf-8").rstrip() + "\n" if own.is_file() else ""
        own.write_text(before + _declared(dataset, path), encoding="utf-8")
    kept = where.catalogue / "ledgers" / path.name
    if kept.resolve() != path.resolve():
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, kept)
    return checked.ledgers[path.stem]


@contextmanager
def with_contract(path: Path, where: Home, dataset: str) -> Iterator[Catalogue]:
    """The catalogue as it would be with one more contract and its data set; CatalogueError when that has a fault."""
    with tempfile.TemporaryDirectory() as folder:
        ledgers = Path(folder) / "ledgers"
        ledgers.mkdir()
        shutil.copy(path, ledgers / path.name)
        known = load_catalogue(BUNDLED_CATALOGUE, where.catalogue, Path(folder))
        if dataset not in known.datasets:
            if not re.fullmatch(r"[a-z][a-z0-9_-]*", dataset):
                raise CatalogueError(f"数据集编号“{dataset}”只能用小写英文字母、数字、下划线和连字符，以字母开头。")
            own = where.catalogue / "datasets.yml"
            before = own.read_text(encoding="utf-8").rstrip() + "\n" if own.is_file() else ""
            (Path(folder) / "datasets.yml").write_text(before + _declared(dataset, path), encoding="utf-8")
            known = load_catalogue(BUNDLED_CATALOGUE, where.catalogue, Path(folder))
        ledger = known.ledgers[path.stem]
        if ledger.datasets and dataset not in ledger.datasets:
            raise CatalogueError(
                f"目录文件 ledgers/{path.name}，键 datasets：这份约定只用于数据集 {'、'.join(ledger.datasets)}，不能装入 {dataset}。"
                "请改 --dataset，或在约定的 datasets 中加上它。"
            )
        yield known


def _declared(dataset: str, contract: Path) -> str:
    return f"{dataset}: {{name: {dataset}, mode: periodic, note: 装载台账约定 {contract.name} 时新建。}}\n"
