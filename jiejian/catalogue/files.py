"""YAML files -> blocks: a street's own files overlay the bundled ones, and every fault names its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from jiejian.catalogue.declared import CatalogueError


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Safe YAML that refuses a key written twice (plain YAML would silently keep the last)."""


def _mapping_without_twins(loader: yaml.Loader, node: yaml.MappingNode) -> dict:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twins = {key for key in keys if keys.count(key) > 1}
    if twins:
        raise yaml.constructor.ConstructorError(None, None, f"键写了两次：{'、'.join(map(str, twins))}", node.start_mark)
    return {key: loader.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)}


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_twins)


def read_yaml(path: Path) -> dict:
    """One YAML file as a mapping of blocks; CatalogueError when it cannot be read."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else "文件编码"
        problem = getattr(error, "problem", None) or error
        raise CatalogueError(f"目录文件 {path.name} {where}写法有误：{problem}。请改正后重试。") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise CatalogueError(f"目录文件 {path.name} 应由“编号: 内容”的条目组成，现在不是。请对照自带文件改写。")
    return content


def blocks(name: str, folders: Iterable[Path]) -> Iterator[tuple[str, str, dict]]:
    """File, id and merged content of each block: a later folder overlays an earlier one key by key."""
    merged: dict[str, tuple[str, dict]] = {}
    for folder in folders:
        path = folder / f"{name}.yml"
        for block, content in (read_yaml(path) if path.is_file() else {}).items():
            if not isinstance(content, dict):
                raise CatalogueError(f"目录文件 {path.name}，条目 {block}：应写成若干“键: 值”，现在是“{content}”。")
            merged[str(block)] = (path.name, {**merged.get(str(block), ("", {}))[1], **content})
    for block, (file, content) in merged.items():
        yield file, block, content


def files(name: str, folders: Iterable[Path]) -> Iterator[tuple[str, str, dict]]:
    """One declaration a file: the file's name is its id; a street's file replaces the bundled one of the same name."""
    found: dict[str, Path] = {}
    for folder in folders:
        found.update({path.stem: path for path in sorted((folder / name).glob("*.yml"))})
    for stem, path in found.items():
        yield f"{name}/{path.name}", stem, read_yaml(path)
