"""What is wrong with a declaration, as a Chinese sentence with file, block, key and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_REASONS = {
    "extra_forbidden": "不认识这个键，请删去或改正拼写",
    "missing": "缺少这个键",
    "literal_error": "取值不在允许的范围内",
    "string_type": "应为文字",
    "string_pattern_mismatch": "写法不对",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "tuple_type": "应写成列表，如 [甲, 乙]",
    "dict_type": "应写成若干“键: 值”",
    "mapping_type": "应写成若干“键: 值”",
    "model_type": "应写成若干“键: 值”",
    "date_from_datetime_parsing": "应为日期，如 2026-10-31",
    "date_type": "应为日期，如 2026-10-31",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
}


def sentence(kind: type[BaseModel], file: str, block: str, content: dict, error: ValidationError) -> str:
    """The first fault of a block."""
    first = error.errors()[0]
    named = first.get("ctx", {})
    reason = _REASONS.get(first["type"], str(named.get("error", first["msg"])))
    if limit := named.get("ge", named.get("le")):
        reason += f"，{'最小' if 'ge' in named else '最大'}为 {limit}"
    if expected := named.get("expected"):
        reason += f"（允许：{_listed(expected)}）"
    if first["type"] == "extra_forbidden":
        reason += _meant(str(first["loc"][-1]), _keys(kind, first["loc"][:-1]))
    return f"目录文件 {file}，条目 {block}，键 {_key(first['loc'], content)}：{reason}。"


def _listed(expected: str) -> str:
    """pydantic's ``'month' or 'year'`` in Chinese."""
    words = [w for w in expected.replace(" or ", ", ").split(", ") if w != "''"]
    return "、".join(w.strip("'") for w in words)


def _meant(written: str, keys: Iterable[str]) -> str:
    keys = [key for key in keys if key != "id"]
    near = difflib.get_close_matches(written, keys, n=1, cutoff=0.6)
    hint = f"，是不是“{near[0]}”" if near else ""
    return f"{hint}（可用的键：{'、'.join(keys)}）" if keys else hint


def _key(loc: tuple, content: Any) -> str:
    """columns.3.type → columns.户数.type: an entry by its name instead of its number."""
    parts = []
    for part in loc:
        if isinstance(part, int):
            content = content[part] if isinstance(content, list | tuple) and part < len(content) else None
            named = content.get("id") or content.get("name") or content.get("say") if isinstance(content, dict) else None
            parts.append(str(named or part + 1))
        else:
            content = content.get(part) if isinstance(content, dict) else None
            parts.append(str(part))
    return ".".join(parts) or "(整条)"


def _keys(kind: type[BaseModel], loc: Iterable) -> list[str]:
    """The keys that are allowed at a place inside a declaration."""
    for part in loc:
        if isinstance(part, str) and part in kind.model_fields:
            kind = next(iter(_models(kind.model_fields[part].annotation)), kind)
    return list(kind.model_fields)


def _models(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
