"""A contract's own blocks: the measures, metrics and data sets that it brings along, so that one file is enough."""

from __future__ import annotations

from collections.abc import Iterator

from jiejian.catalogue.declared import CatalogueError

_KINDS = ("measures", "metrics", "datasets")


def split(file: str, content: dict) -> tuple[dict, dict[str, dict[str, dict]]]:
    """A contract's content → the contract itself, and the blocks that it brings, by file of the catalogue and id.

    ``datasets`` is a list of data sets that exist, or a mapping that declares them. Where a measure has no metric that reads it, a
    metric of the same name is made, so that pages show it. Raises CatalogueError for a block that is none.
    """
    brought = {kind: dict(_blocks(file, kind, content)) for kind in _KINDS}
    rest = {key: value for key, value in content.items() if key not in ("measures", "metrics")}
    if brought["datasets"]:
        rest["datasets"] = list(brought["datasets"])
        brought["datasets"] = {i: _dataset(rest, i, block) for i, block in brought["datasets"].items()}
    brought["metrics"] = {i: _metric(rest, brought["measures"], block) for i, block in brought["metrics"].items()}
    brought["metrics"] = {**_implied(rest, brought), **brought["metrics"]}
    for block, body in brought["measures"].items():
        brought["measures"][block] = {"name_en": block, **{k: v for k, v in body.items() if k != "decimals"}}
    brought["metrics"] = {block: {"name_en": block, **body} for block, body in brought["metrics"].items()}
    return rest, brought


def _blocks(file: str, kind: str, content: dict) -> Iterator[tuple[str, dict]]:
    given = content.get(kind)
    if kind == "datasets" and not isinstance(given, dict):
        return
    if given is not None and not isinstance(given, dict):
        raise CatalogueError(f"目录文件 {file}，键 {kind}：应写成“编号: {{name: …}}”的条目，现在是“{given}”。")
    for block, body in (given or {}).items():
        if not isinstance(body, dict):
            raise CatalogueError(f"目录文件 {file}，键 {kind}.{block}：应写成若干“键: 值”，现在是“{body}”。")
        yield str(block), body


def _dataset(contract: dict, block: str, body: dict) -> dict:
    return {"name": block, "mode": "periodic", "note": f"由台账约定“{contract.get('name', block)}”声明。", **body}


def _metric(contract: dict, measures: dict[str, dict], body: dict) -> dict:
    """A brought metric with what may be left out."""
    single = measures.get(body.get("measure", ""), {})
    filled = {
        "kind": "as_reported" if single.get("kind") == "as_reported" else "count",
        "unit": single.get("unit"),
        "better": "neutral",
        "definition": f"见台账约定“{contract.get('name', '')}”。",
        "datasets": contract.get("datasets") or (),
    }
    return {**{k: v for k, v in filled.items() if v is not None}, **body}


def _implied(contract: dict, brought: dict[str, dict[str, dict]]) -> dict[str, dict]:
    """A plain metric for each brought measure that no brought metric reads."""
    read = set()
    for body in brought["metrics"].values():
        for key in ("measure", "numerator", "denominator"):
            named = body.get(key) or ()
            read |= {named} if isinstance(named, str) else set(named)
    made = {}
    for block, body in brought["measures"].items():
        if block not in read and "name" in body:
            made[block] = _metric(
                contract, brought["measures"], {"name": body["name"], "measure": block, "decimals": body.get("decimals", 0)}
            )
    return made
