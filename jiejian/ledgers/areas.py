"""The street's own outlines, from a GeoJSON file in its catalogue folder; no map is fetched from anywhere."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

NAME = "areas.geojson"
MOST_BYTES = 20_000_000
_LICENCE = ("审图号", "map_licence", "licence")


@dataclass(frozen=True)
class Areas:
    """Features with polygons, the 审图号 and the coordinates' name where the file gives them, and what is wrong with it."""

    features: tuple[Mapping[str, Any], ...] = ()
    licence: str = ""
    fault: str = ""


def areas(folder: Path) -> Areas:
    """The outlines in a folder; nothing where there is no file, a Chinese sentence where it cannot be read."""
    path = folder / NAME
    if not path.is_file():
        return Areas()
    state = path.stat()
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, size: int) -> Areas:
    if size > MOST_BYTES:
        return _broken("超过20兆，请把边界简化后再放")
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return _broken("读不出来，请另存为 UTF-8 编码的 GeoJSON 文件")
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        return _broken(f"第{line}行不是合法的 GeoJSON" if line else "不是合法的 GeoJSON")
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        return _broken("缺少 features，不是 GeoJSON 的要素集合")
    for number, feature in enumerate(content["features"], 1):
        if fault := _fault(feature):
            return _broken(f"第{number}个要素{fault}")
    return Areas(tuple(content["features"]), _licence(content))


def _broken(why: str) -> Areas:
    return Areas(fault=f"边界文件 {NAME} {why}；改好后放回本街道的 catalogue 文件夹即可，下图先不画边界。")


def _fault(feature: Any) -> str:
    """What is wrong with one feature, '' where nothing is."""
    shape = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(shape, dict) or shape.get("type") not in ("Polygon", "MultiPolygon"):
        return "不是面（Polygon 或 MultiPolygon）"
    points = shape.get("coordinates")
    polygons = [points] if shape["type"] == "Polygon" else points
    if not isinstance(polygons, list) or not all(isinstance(p, list) and p and all(_is_ring(r) for r in p) for p in polygons):
        return "的坐标不是一圈数字"
    return ""


def _is_ring(ring: Any) -> bool:
    return isinstance(ring, list) and len(ring) >= 4 and all(_is_point(p) for p in ring)


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, Sequence)
        and not isinstance(point, str)
        and len(point) >= 2
        and all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in point[:2])
    )


def _licence(content: Mapping[str, Any]) -> str:
    """审图号 of the file itself, of its properties, or of the first feature that names one."""
    holders = [content, content.get("properties"), *(f.get("properties") for f in content["features"])]
    for holder in holders:
        for name in _LICENCE:
            if isinstance(holder, dict) and isinstance(holder.get(name), str) and holder[name].strip():
                text = holder[name].strip()
                return text if text.startswith("审图号") else f"审图号：{text}"
    return ""
