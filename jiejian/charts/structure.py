"""How things hang together: a tree as an icicle, and who gave to whom."""

from __future__ import annotations

from collections.abc import Sequence

from jiejian.charts.contrast import ink_on
from jiejian.charts.parts import CATEGORIES, LINE, MARK, SCREEN, Figure, Finding, meta, nothing, safe, template
from jiejian.context import Context
from jiejian.format import format_value

_SHADES = ("#B71C1C", "#35608D", "#6F8FB3", "#A9BCD2", "#D3DDE8", "#E9EEF4")
MOST_A_SIDE = 10
_LEAST, _MOST, _NAMED, _PATH = 560, 1200, 23, 22  # px: of the icicle, of a block that has room for its name, of the bar above


def icicle(
    codes: Sequence[str],
    parents: Sequence[str],
    names: Sequence[str],
    sizes: Sequence[float],
    words: Sequence[str],
    context: Context,
    finding: Finding,
    height: float | None = None,
) -> Figure:
    """A tree from left (the top) to right: ``parents`` are codes ('' at the top), ``sizes`` the weight of each node by itself.

    ``words`` (level, members …) show on hovering. A click opens a branch; clicking its head closes it again.
    """
    if not codes:
        return nothing("还没有组织台账，画不出体系。", finding, context, None, SCREEN)
    depth = _depths(codes, parents)
    height = height or _height(codes, parents, sizes, depth)
    trace = {
        "type": "icicle", "ids": list(codes), "labels": [safe(n) for n in names], "parents": list(parents), "values": [float(s) for s in sizes],
        "branchvalues": "remainder", "tiling": {"orientation": "h"}, "maxdepth": 3, "hovertext": [f"<b>{safe(n)}</b><br>{safe(w)}" for n, w in zip(names, words, strict=True)],
        "hoverinfo": "text", "textfont": {"size": SCREEN.small, "color": [ink_on(_SHADES[min(d, len(_SHADES) - 1)]) for d in depth]}, "pathbar": {"visible": True, "thickness": _PATH, "textfont": {"size": SCREEN.small}},
        "marker": {"colors": [_SHADES[min(d, len(_SHADES) - 1)] for d in depth], "line": {"width": 1, "color": "#FFFFFF"}}, "customdata": [[c] for c in codes],
    }  # fmt: skip
    reading = "从左到右是上级到下级，高度是下属组织的数量；点一块展开它的下级，点最上一条返回。一次显示三层，太窄的一块不写名称，指上去可以看到。"
    said = meta(finding, context, "个", f"层级图：{len(codes)}个组织，最多{max(depth) + 1}层。", reading)
    return {"data": [trace], "layout": template(height, SCREEN, {"t": 4, "b": 4}, uniformtext={"minsize": 11, "mode": "hide"}, meta=said)}


def _height(codes: Sequence[str], parents: Sequence[str], sizes: Sequence[float], depth: Sequence[int]) -> float:
    """px at which the smallest branch of the second level still has room for its name; a street of many small ones has its limit."""
    weight = dict(zip(codes, map(float, sizes), strict=True))
    for code, parent in reversed(list(zip(codes, parents, strict=True))):
        if parent:
            weight[parent] += weight[code]
    whole = sum(weight[c] for c, d in zip(codes, depth, strict=True) if d == 0)
    least = min((weight[c] for c, d in zip(codes, depth, strict=True) if d == 1), default=whole)
    return min(max(_LEAST, _PATH + _NAMED * whole / least), _MOST) if least else _LEAST


def _depths(codes: Sequence[str], parents: Sequence[str]) -> list[int]:
    """How deep each node lies; parents stand before their children."""
    found: dict[str, int] = {}
    for code, parent in zip(codes, parents, strict=True):
        found[code] = found.get(parent, -1) + 1 if parent else 0
    return [found[code] for code in codes]


def sankey(
    sources: Sequence[str],
    targets: Sequence[str],
    values: Sequence[float],
    unit: str,
    context: Context,
    finding: Finding,
    height: float = 420,
) -> Figure:
    """Who gave to whom: at most ten nodes a side, the rest gathered into 其他单位 and 其他社区."""
    if not values or not sum(values):
        return nothing("所选范围内没有出资、出力的登记。", finding, context, None, SCREEN)
    left, right = _largest(sources, values, "其他单位"), _largest(targets, values, "其他受助方")
    flows: dict[tuple[str, str], float] = {}
    for source, target, value in zip(sources, targets, values, strict=True):
        key = (left[source], right[target])
        flows[key] = flows.get(key, 0.0) + float(value)
    givers, takers = list(dict.fromkeys(s for s, _ in flows)), list(dict.fromkeys(t for _, t in flows))
    at = {("s", n): i for i, n in enumerate(givers)} | {("t", n): len(givers) + i for i, n in enumerate(takers)}
    colours = [CATEGORIES[1 + i % 5] for i in range(len(givers))] + [MARK] * len(takers)
    text = [f"{s} → {t}：{format_value(v, unit, unit=True)}" for (s, t), v in flows.items()]
    trace = {
        "type": "sankey", "arrangement": "snap", "valueformat": ",.0f",
        "node": {"label": [safe(n) for n in (*givers, *takers)], "color": colours, "pad": 14, "thickness": 16, "line": {"width": 0}, "hoverinfo": "skip"},
        "link": {"source": [at["s", s] for s, _ in flows], "target": [at["t", t] for _, t in flows], "value": list(flows.values()),
                 "color": [LINE] * len(flows), "customdata": [safe(t) for t in text], "hovertemplate": "%{customdata}<extra></extra>"},
        "textfont": {"size": SCREEN.body},
    }  # fmt: skip
    reading = "左边是出资（出力）的单位，右边是得到的社区或项目，带子越宽数额越大；每边最多十个，其余合并。"
    return {
        "data": [trace],
        "layout": template(
            height,
            SCREEN,
            {"l": 6, "r": 6, "t": 10, "b": 10},
            meta=meta(finding, context, unit, f"流向图：{'；'.join(text[:6])}。", reading),
        ),
    }


def _largest(names: Sequence[str], values: Sequence[float], rest: str) -> dict[str, str]:
    """Each name as it is shown: itself among the largest, else the rest."""
    sums: dict[str, float] = {}
    for name, value in zip(names, values, strict=True):
        sums[name] = sums.get(name, 0.0) + float(value)
    order = sorted(sums, key=lambda n: -sums[n])
    kept = order if len(order) <= MOST_A_SIDE else order[: MOST_A_SIDE - 1]
    return {name: name if name in kept else rest for name in sums}
