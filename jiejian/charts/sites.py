"""Where things stand: polygons of a local GeoJSON file without any tiles, or a tile grid where there is none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jiejian.charts.counted import SHADES
from jiejian.charts.parts import (
    INK,
    LINE,
    MARK,
    RED,
    SCREEN,
    SECOND,
    Figure,
    Finding,
    axis,
    meta,
    note,
    nothing,
    safe,
    shortened,
    template,
)
from jiejian.context import Context

_NIGHT = "#D4A72C"


def site_map(
    sites: Sequence[Mapping[str, Any]],
    context: Context,
    finding: Finding,
    areas: Sequence[Mapping[str, Any]] = (),
    reach_km: float = 0.0,
    crs: str = "",
    licence: str = "",
    height: float = 480,
) -> Figure:
    """Sites (name, lon, lat, words, and optionally place_id, night, focus) over areas (GeoJSON features; may be none).

    ``reach_km`` draws the circle that a straight line reaches; ``crs`` names the coordinates, ``licence`` the 审图号.
    """
    known = [
        s for s in sites if s["lon"] is not None and s["lat"] is not None and math.isfinite(s["lon"]) and math.isfinite(s["lat"])
    ]
    if not known:
        return nothing("台账中没有填写经纬度，画不出地图；在驿站台账补上经度、纬度两列即可。", finding, context, None, SCREEN)
    middle = sum(s["lat"] for s in known) / len(known)
    squeeze = math.cos(math.radians(middle))
    data: list[dict[str, Any]] = [_outline(ring) for area in areas for ring in _rings(area)]
    if reach_km:
        data += [_circle(s, reach_km, squeeze) for s in known]
    for night, colour, word in ((False, RED, ""), (True, _NIGHT, "夜间开放")):
        some = [s for s in known if bool(s.get("night")) is night]
        if some:
            data.append({
                "type": "scatter", "mode": "markers", "x": [s["lon"] for s in some], "y": [s["lat"] for s in some], "hoverinfo": "text", "name": word,
                "marker": {"size": 12, "color": colour, "symbol": "diamond" if night else "circle", "line": {"width": 1.5, "color": INK if night else "#FFFFFF"}},
                "hovertext": [f"<b>{safe(s['name'])}</b><br>{safe(s['words'])}" for s in some], "customdata": [[s.get("place_id", "")] for s in some],
            })  # fmt: skip
    foot = "　".join(part for part in (f"坐标系：{crs}" if crs else "坐标系未注明", licence) if part)
    key = f'<span style="color:{RED}">●</span> 日间开放　<span style="color:{_NIGHT}">◆</span> 夜间也开放' + (
        f"　圆圈：直线{reach_km:g}公里" if reach_km else ""
    )
    pad = 0.06
    xs, ys = [s["lon"] for s in known], [s["lat"] for s in known]
    grow = max(reach_km / 111.32, 0.002)
    x0, x1, y0, y1 = min(xs) - grow / squeeze, max(xs) + grow / squeeze, min(ys) - grow, max(ys) + grow
    reading = "圆点是阵地的位置，圆圈是直线距离十分钟步行能到的范围，不是实际走的路。地图不取外部底图；导出对外使用须有审图号。"
    return {
        "data": data,
        "layout": template(
            height, SCREEN, {"l": 4, "r": 4, "t": 26, "b": 24},
            xaxis=axis(SCREEN, visible=False, range=[x0 - (x1 - x0) * pad, x1 + (x1 - x0) * pad]),
            yaxis=axis(SCREEN, visible=False, range=[y0 - (y1 - y0) * pad, y1 + (y1 - y0) * pad], scaleanchor="x", scaleratio=1 / squeeze),
            annotations=[
                note(key, 0, 1, SCREEN, xanchor="left", yanchor="bottom", yshift=4),
                note(safe(foot), 1, 0, SCREEN, xanchor="right", yanchor="top", yshift=-4, font={"size": SCREEN.small, "color": SECOND}),
            ],
            meta=meta(finding, context, "", f"位置图：{len(known)}处阵地。", reading),
        ),
    }  # fmt: skip


def _outline(ring: Sequence[Sequence[float]]) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "x": [p[0] for p in ring], "y": [p[1] for p in ring], "fill": "toself", "fillcolor": "#F7F8FA",
        "line": {"color": MARK, "width": 1}, "hoverinfo": "skip",
    }  # fmt: skip


def _rings(feature: Mapping[str, Any]) -> Iterator[Sequence[Sequence[float]]]:
    """Outer rings of a polygon or of many."""
    shape = feature.get("geometry") or {}
    kind, points = shape.get("type"), shape.get("coordinates") or []
    if kind == "Polygon" and points:
        yield points[0]
    elif kind == "MultiPolygon":
        yield from (polygon[0] for polygon in points if polygon)


def _circle(site: Mapping[str, Any], km: float, squeeze: float) -> dict[str, Any]:
    around = [2 * math.pi * k / 36 for k in range(37)]
    degrees = km / 111.32
    return {
        "type": "scatter", "mode": "lines", "hoverinfo": "skip", "fill": "toself", "fillcolor": "rgba(183,28,28,0.06)",
        "x": [site["lon"] + degrees / squeeze * math.cos(a) for a in around], "y": [site["lat"] + degrees * math.sin(a) for a in around],
        "line": {"color": "rgba(183,28,28,0.35)", "width": 1},
    }  # fmt: skip


def tile_grid(
    names: Sequence[str],
    values: Sequence[float | None],
    words: Sequence[str],
    context: Context,
    finding: Finding,
    ids: Sequence[str] = (),
    unit: str = "",
) -> Figure:
    """One tile a community in customary order, darker where there is more: where no map may or can be drawn."""
    if not names:
        return nothing("没有社区可以显示。", finding, context, None, SCREEN)
    across = math.ceil(math.sqrt(len(names) * 2))
    down = -(-len(names) // across)
    top = max([v for v in values if v is not None] or [1]) or 1
    shapes, marks = [], []
    for n, (name, value, word) in enumerate(zip(names, values, words, strict=True)):
        row, column = divmod(n, across)
        level = 0 if value is None else min(int(value / top * (len(SHADES) - 1)), len(SHADES) - 2)
        shapes.append({
            "type": "rect", "x0": column + 0.03, "x1": column + 0.97, "y0": row + 0.04, "y1": row + 0.96, "layer": "below",
            "fillcolor": "#FFFFFF" if value is None else SHADES[level], "line": {"color": LINE, "width": 1},
        })  # fmt: skip
        ink = "#FFFFFF" if level >= 3 else INK
        text = f"{safe(shortened(name.removesuffix('社区'), 5))}<br>{safe(word)}"
        marks.append(
            note(
                text,
                column + 0.5,
                row + 0.5,
                SCREEN,
                xref="x",
                yref="y",
                align="center",
                font={"size": SCREEN.small, "color": ink},
            )
        )
    points = {
        "type": "scatter", "mode": "markers", "x": [n % across + 0.5 for n in range(len(names))], "y": [n // across + 0.5 for n in range(len(names))],
        "marker": {"size": 40, "opacity": 0}, "hoverinfo": "text", "hovertext": [f"<b>{safe(n)}</b><br>{safe(w)}" for n, w in zip(names, words, strict=True)],
        "customdata": [[i] for i in (ids or names)],
    }  # fmt: skip
    told = "，".join(f"{name}{word}" for name, word in list(zip(names, words, strict=True))[:8])
    return {
        "data": [points],
        "layout": template(
            down * 58 + 8, SCREEN, {"t": 2, "b": 2}, xaxis=axis(SCREEN, visible=False, range=[0, across]), yaxis=axis(SCREEN, visible=False, range=[down, 0]),
            shapes=shapes, annotations=marks,
            meta=meta(finding, context, unit, f"方格图：{told}。", "一格一个社区，按街道惯例顺序排列，不是实际位置；颜色越深数量越多，白格没有数据。"),
        ),
    }  # fmt: skip
