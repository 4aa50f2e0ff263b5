"""How the places spread: one metric as a distribution, two metrics against each other."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from jiejian.analysis.relation import spearman
from jiejian.analysis.takeaway import distribution_finding, relation_finding
from jiejian.catalogue import Metric
from jiejian.charts.contrast import readable
from jiejian.charts.many import MANY, sample, told
from jiejian.charts.parts import (
    INK,
    LINE,
    MARK,
    RED,
    SCREEN,
    SECOND,
    SLIDE,
    Figure,
    Type,
    axis,
    ids,
    meta,
    nice_step,
    nice_ticks,
    note,
    nothing,
    safe,
    template,
    tick_texts,
)
from jiejian.context import Context
from jiejian.format import format_value

_HEIGHT, _SLIDE_HEIGHT = 380, 760
HOW_DISTRIBUTION = (
    "横轴是数值，每根柱子是落在这一段里的社区个数。黑线是中位数：一半社区在它左边，一半在右边；浅灰带是居中的一半。"
    "红线是选中的社区；离大多数远，先核对数字，再看原因。"
)
HOW_RELATION = (
    "每个点是一个社区，横轴、纵轴各是一项指标，灰线是两项的中位数。点子从左下排到右上，说明一项高另一项也高；散成一团，说明看不出关联。"
    "同时出现不等于一个引起另一个，可能都受规模、人口等影响。"
)


def distribution(
    frame: pd.DataFrame, metric: Metric, context: Context, focus: Collection[str] | str | None = None, large: bool = False
) -> Figure:
    """How many places lie where: a figures frame of one metric and one period."""
    kind = SLIDE if large else SCREEN
    finding = distribution_finding(frame, metric)
    there = frame[frame["value"].notna()]
    if len(there) < 4:
        return nothing("有数的社区不足4个，看不出分布。", finding, context, None, kind)
    edges, counts = _bins(there["value"].to_numpy(dtype=float))
    ticks, tall = edges if len(edges) <= 9 else edges[::2], nice_ticks(0, float(max(counts)), 4, whole=True)
    middles = [(a + b) / 2 for a, b in pairwise(edges)]
    words, unit = tick_texts(edges, metric.unit), "" if metric.unit == "%" else metric.unit
    spans = [f"{a}—{b}{unit}：{n}个社区" for a, b, n in zip(words, words[1:], counts, strict=False)]
    bars = {
        "type": "bar",
        "x": middles,
        "y": counts,
        "width": (edges[1] - edges[0]) * 0.94,
        "hovertext": spans,
        "hoverinfo": "text",
    }
    shapes, labels = _marks(there, metric, ids(focus), kind)
    return {
        "data": [{**bars, "marker": {"color": MARK, "line": {"width": 0}}}],
        "layout": template(
            _SLIDE_HEIGHT if large else _HEIGHT,
            kind,
            {"l": kind.tick * 3, "r": kind.tick * 2.4, "t": kind.small * 1.4 * (1 + min(len(labels), 4)), "b": kind.tick * 2.6},
            xaxis=axis(
                kind, tickmode="array", tickvals=ticks, ticktext=tick_texts(ticks, metric.unit), range=[edges[0], edges[-1]], ticklabelstandoff=6
            ),
            yaxis=axis(
                kind,
                tickmode="array",
                tickvals=tall,
                ticktext=tick_texts(tall),
                range=[0, tall[-1]],
                title=_title("社区数", kind),
            ),
            shapes=shapes,
            annotations=labels,
            meta=meta(finding, context, metric.unit, f"分布图：{'；'.join(spans)}。", HOW_DISTRIBUTION),
        ),
    }


def _title(text: str, kind: Type) -> dict[str, Any]:
    return {"text": safe(text), "font": {"size": kind.small, "color": SECOND}, "standoff": 4}


def _bins(values: np.ndarray) -> tuple[list[float], list[int]]:
    """Edges at round numbers, about as many as Sturges' rule asks for; a value on an edge belongs to the bin above it."""
    low, high = float(values.min()), float(values.max())
    edges = nice_ticks(low, high, int(np.ceil(np.log2(len(values)) + 3)))
    if len(edges) < 3:
        step = nice_step((edges[-1] - edges[0]) or 1.0, 4)
        edges = [edges[0] - step, *edges, edges[-1] + step]
    counts, _ = np.histogram(values, edges)
    return edges, [int(n) for n in counts]


def _marks(there: pd.DataFrame, metric: Metric, focus: tuple[str, ...], kind: Type) -> tuple[list[dict], list[dict]]:
    """The middle half, the median, and the places in focus (four at most), each with its label above the plot."""
    low, middle, high = (float(q) for q in there["value"].quantile([0.25, 0.5, 0.75]))
    band = {"type": "rect", "xref": "x", "yref": "paper", "x0": low, "x1": high, "y0": 0, "y1": 1, "layer": "below"}
    shapes = [{**band, "fillcolor": "#F1F3F5", "line": {"width": 0}}]
    chosen = there[there["place_id"].isin(focus)].head(4)
    named = [(middle, f"中位数 {format_value(middle, metric)}", INK)]
    named += [(float(r.value), f"{r.place} {format_value(r.value, metric)}", RED) for r in chosen.itertuples()]
    labels = []
    for lane, (x, text, colour) in enumerate(named):
        line = {"color": colour, "width": kind.line * 0.75}
        shapes.append({"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line})
        font = {"size": kind.small, "color": readable(colour)}
        shift = round(3 + lane * kind.small * 1.4)
        labels.append(note(safe(text), x, 1, kind, xref="x", yanchor="bottom", xanchor="center", yshift=shift, font=font))
    return shapes, labels


def relation(
    frame: pd.DataFrame,
    x: Metric,
    y: Metric,
    context: Context,
    focus: Collection[str] | str | None = None,
    large: bool = False,
) -> Figure:
    """Metric ``x`` against metric ``y``: a figures frame that holds both at one period."""
    kind = SLIDE if large else SCREEN
    wide = (
        frame.pivot(index=["place_id", "place"], columns="metric", values="value")
        .reindex(columns=[x.id, y.id])
        .dropna()
        .reset_index()
    )
    found = spearman(wide[x.id].to_numpy(), wide[y.id].to_numpy())
    finding = relation_finding(found, x, y, context.period or "所选时间")
    if len(wide) < 2:
        return nothing("两项指标都有数的社区不足两个。", finding, context, None, kind)
    ticks = [nice_ticks(float(wide[m.id].min()), float(wide[m.id].max()), 6) for m in (x, y)]
    shapes, count = [_median(wide[x.id], "x", kind), _median(wide[y.id], "y", kind)], len(wide)
    if count > MANY:
        wide = wide[sample(wide["place_id"].isin(ids(focus)).to_numpy(), wide[x.id].to_numpy(dtype=float))]
        finding = finding[0], finding[1] + told(count, len(wide), "选中的和其余的一部分")
    chosen = wide["place_id"].isin(ids(focus)).to_numpy()
    dots = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [float(v) for v in wide[x.id]],
        "y": [float(v) for v in wide[y.id]],
        "text": [safe(p) if show else "" for p, show in zip(wide["place"], chosen, strict=True)],
        "textposition": "top center",
        "textfont": {"size": kind.small, "color": RED},
        "marker": {
            "size": kind.mark + 1,
            "color": [RED if c else SECOND for c in chosen],
            "line": {"width": 1, "color": "#FFFFFF"},
        },
        "hovertext": [_pair(row, x, y) for row in wide.to_dict("records")],
        "hoverinfo": "text",
        "customdata": [[str(p)] for p in wide["place_id"]],
        "cliponaxis": False,
    }
    return {
        "data": [dots],
        "layout": template(
            _SLIDE_HEIGHT if large else _HEIGHT + 60,
            kind,
            {"l": kind.tick * 4.4, "r": kind.body, "t": kind.small * 1.4, "b": kind.tick * 3.6},
            xaxis=_scale(ticks[0], x, kind),
            yaxis=_scale(ticks[1], y, kind),
            shapes=shapes,
            meta=meta(finding, context, "", f"散点图：{count}个地方的{x.name}与{y.name}。", HOW_RELATION),
        ),
    }


def _pair(row: dict[str, Any], x: Metric, y: Metric) -> str:
    parts = (f"{safe(m.name)}：{format_value(row[m.id], m, unit=True)}" for m in (x, y))
    return "<br>".join([f"<b>{safe(row['place'])}</b>", *parts])


def _scale(ticks: list[float], metric: Metric, kind: Type) -> dict[str, Any]:
    pad = (ticks[-1] - ticks[0]) * 0.03
    unit = "" if metric.unit == "%" else f"（{metric.unit}）"
    return axis(
        kind,
        tickmode="array",
        tickvals=ticks,
        ticktext=tick_texts(ticks, metric.unit),
        range=[ticks[0] - pad, ticks[-1] + pad],
        title=_title(metric.name + unit, kind),
        automargin=True,
    )


def _median(values: pd.Series, along: str, kind: Type) -> dict[str, Any]:
    middle, other = float(values.median()), "y" if along == "x" else "x"
    place = {f"{along}0": middle, f"{along}1": middle, f"{other}0": 0, f"{other}1": 1}
    return {
        "type": "line",
        f"{along}ref": along,
        f"{other}ref": "paper",
        **place,
        "line": {"color": LINE, "width": kind.line},
        "layer": "below",
    }
