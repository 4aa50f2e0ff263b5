"""Composite scores: ranks with the range over which they move, and what the scores are made of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from jiejian.analysis.ranks import range_text
from jiejian.analysis.robustness import STABLE
from jiejian.analysis.takeaway import AHEAD, BEHIND, MIDDLE, Finding, position
from jiejian.charts.many import EACH, ends, told
from jiejian.charts.parts import (
    CATEGORIES,
    INK,
    MARK,
    RED,
    SCREEN,
    SECOND,
    Figure,
    axis,
    ids,
    meta,
    nice_ticks,
    note,
    nothing,
    row_axis,
    safe,
    shortened,
    side_notes,
    template,
    text_width,
    tick_texts,
)
from jiejian.context import Context

_PITCH = 27
_DRAWN = f"得分最高、最低的各{EACH}个和选中的"
_RANGE, _FOCUS_RANGE = "#C3CAD2", "#D98B8B"
HOW_RANGES = (
    "每行一个社区，点是按当前权重和算法得到的名次，横线是名次可能的范围：每个权重上下浮动25%，换用其他标准化和合成方法，再计入数字本身的随机波动。"
    "横线短的排名稳定，横线长的不稳定；两条横线有重叠的，先后不能当真。只有整条横线都在前一半的才说明显靠前，都在后一半的才说明显靠后。"
)
HOW_PARTS = (
    "每行一个社区，横条的总长是综合得分，各段是各部分的贡献：得分乘以权重。哪一段短，就是哪一部分拉低了得分。"
    "得分是在这些社区之间相对计算的，换一批社区，得分会变。"
)


def rank_chart(
    ranges: pd.DataFrame,
    places: pd.DataFrame,
    context: Context,
    finding: Finding,
    focus: Collection[str] | str | None = None,
    ranks: bool = True,
) -> Figure:
    """Ranks with their ranges. ``ranges`` (analysis.robustness.rank_ranges) by place id; ``places``: place_id, place.

    With ``ranks`` off the axis tells only 靠前 and 靠后, the side the group, there is no mark at a rank, and within a
    group the places stand in the order of ``places``.
    """
    names = places.set_index("place_id")["place"]
    there = ranges[ranges["rank"].notna()]
    there = there.assign(place=names.reindex(there.index))
    where = position(ranges)
    if ranks:
        there = there.sort_values(["rank", "best", "worst", "place"], kind="stable")
    else:
        level = where.map({AHEAD: 0, MIDDLE: 1, BEHIND: 2}).reindex(there.index).to_numpy()
        there = there.iloc[np.lexsort((pd.Index(places["place_id"]).get_indexer(there.index), level))]
    if len(there) < 2:
        return nothing("有得分的社区不足两个，不作比较。", finding, context, None, SCREEN)
    chosen = ids(focus)
    count, size = len(there), SCREEN.body
    there = there[ends(there["rank"].to_numpy(dtype=float), there.index.isin(chosen))]
    finding = finding[0], finding[1] + told(count, len(there), _DRAWN)
    labels = [shortened(p, 12) for p in there["place"]]
    side = [_side(row, where[row.Index], ranks) for row in there.itertuples()]
    ticks = [1.0, *[t for t in nice_ticks(1, count, 6, whole=True) if 1 < t < count], float(count)]
    words = [f"{t:.0f}" for t in ticks] if ranks else ["靠前", *[""] * (len(ticks) - 2), "靠后"]
    names_of_rows = [
        f'<span style="color:{RED}"><b>{safe(t)}</b></span>' if p in chosen else safe(t)
        for p, t in zip(there.index, labels, strict=True)
    ]
    return {
        "data": [_range_dots(there, chosen, red, where, ranks) for red in (False, True) if (there.index.isin(chosen) == red).any()],
        "layout": template(
            len(there) * _PITCH + 56,
            SCREEN,
            {"l": max(text_width(t, size) for t in labels) + 14, "r": max(text_width(t, size) for t in side) + 12, "t": 28, "b": 12},
            xaxis=axis(SCREEN, tickmode="array", tickvals=ticks, ticktext=words, range=[0.5, count + 0.5], side="top"),
            yaxis=row_axis(names_of_rows, size, SCREEN, showgrid=False),
            annotations=side_notes(side, [INK if v == STABLE else SECOND for v in there["verdict"]], size),
            meta=meta(finding, context, "", f"名次范围图：{count}个地方。", HOW_RANGES),
        ),
    }  # fmt: skip


def _side(row: Any, where: str, ranks: bool) -> str:
    # That the exact rank moves is said above the chart; beside “明显靠前” it reads like a contradiction.
    tail = "，".join(part for part in (where, row.verdict if row.verdict == STABLE or not where else "") if part)
    return f"{range_text(row.best, row.worst)} {tail}" if ranks else tail


def _range_dots(there: pd.DataFrame, chosen: tuple[str, ...], red: bool, where: pd.Series, ranks: bool) -> dict[str, Any]:
    rows = [(i, row) for i, row in enumerate(there.itertuples()) if (row.Index in chosen) == red]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [float(r.rank) for _, r in rows],
        "y": [i for i, _ in rows],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [float(r.worst - r.rank) for _, r in rows],
            "arrayminus": [float(r.rank - r.best) for _, r in rows],
            "thickness": 5,
            "width": 0,
            "color": _FOCUS_RANGE if red else _RANGE,
        },
        "marker": {"size": SCREEN.mark, "color": RED if red else SECOND, "line": {"width": 0}, "opacity": 1 if ranks else 0},
        "hovertext": [_hover(r, where[r.Index], ranks) for _, r in rows],
        "hoverinfo": "text",
        "customdata": [[str(r.Index)] for _, r in rows],
        "cliponaxis": False,
    }


def _hover(row: Any, where: str, ranks: bool) -> str:
    lines = [f"<b>{safe(row.place)}</b>", f"得分：{row.score:.1f}", f"{where}，{row.verdict}"]
    if ranks:
        lines += [
            f"权重浮动25%：{range_text(row.weights_best, row.weights_worst)}",
            f"换算法：{range_text(row.methods_best, row.methods_worst)}",
            f"随机波动：{range_text(row.chance_best, row.chance_worst)}",
        ]
    return "<br>".join(lines)


def contribution_chart(
    parts: pd.DataFrame,
    places: pd.DataFrame,
    context: Context,
    finding: Finding,
    order: Collection[str] = (),
    focus: Collection[str] | str | None = None,
) -> Figure:
    """Scores as stacked bars: ``parts`` places × parts (names as columns, five at most, then 其他), in points of the score."""
    names = places.set_index("place_id")["place"]
    there = set(parts.index.to_numpy(dtype=object))
    kept = parts.loc[[p for p in order if p in there]] if len(order) else parts
    if kept.empty or not len(kept.columns):
        return nothing("没有可以分解的得分。", finding, context, None, SCREEN)
    count, score = len(kept), kept.sum(axis=1).to_numpy(dtype=float)
    kept = kept[ends(score, kept.index.isin(ids(focus)))]
    finding = finding[0], finding[1] + told(count, len(kept), _DRAWN)
    largest = list(kept.sum().sort_values(ascending=False, kind="stable").index)
    shown = [c for c in kept.columns if c in (largest if len(largest) <= 5 else largest[:4])]
    stacked = kept[shown].assign(**({} if len(shown) == len(largest) else {"其他": kept.drop(columns=shown).sum(axis=1)}))
    labels = [shortened(str(names.get(p, p)), 12) for p in stacked.index]
    ticks = nice_ticks(
        min(0.0, float(stacked.clip(upper=0).sum(axis=1).min())), float(stacked.clip(lower=0).sum(axis=1).max()) or 1.0, 5
    )
    colours = dict(zip(stacked.columns, (*CATEGORIES[1:], MARK), strict=False))
    side = [f"{v:.1f}" for v in stacked.sum(axis=1)]
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "x": [float(v) for v in stacked[name]],
                "y": list(range(len(stacked))),
                "width": 0.62,
                "marker": {"color": colours[name], "line": {"width": 0}},
                "hovertext": [
                    f"<b>{safe(label)}</b><br>{safe(name)}：{v:.1f}分" for label, v in zip(labels, stacked[name], strict=True)
                ],
                "hoverinfo": "text",
                "customdata": [[str(p)] for p in stacked.index],
            }
            for name in stacked.columns
        ],
        "layout": template(
            len(stacked) * _PITCH + 66,
            SCREEN,
            {"l": max(text_width(t, SCREEN.body) for t in labels) + 14, "r": 48, "t": 30, "b": 30},
            barmode="relative",
            xaxis=axis(SCREEN, tickmode="array", tickvals=ticks, ticktext=tick_texts(ticks), range=[ticks[0], ticks[-1]]),
            yaxis=row_axis([safe(t) for t in labels], SCREEN.body, SCREEN, showgrid=False),
            annotations=[*side_notes(side, [INK] * len(side), SCREEN.body), *_keys(colours)],
            meta=meta(finding, context, "分", f"得分构成：{'、'.join(map(str, stacked.columns))}。", HOW_PARTS),
        ),
    }


def _keys(colours: dict[Any, str]) -> list[dict[str, Any]]:
    """The names of the parts above the bars, each in its colour, in the order of the segments."""
    text = "　".join(f'<span style="color:{colour}">■</span> {safe(name)}' for name, colour in colours.items())
    return [note(text, 0, 1, SCREEN, xanchor="left", yanchor="bottom", yshift=6, font={"size": SCREEN.small, "color": INK})]
