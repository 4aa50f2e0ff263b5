"""All at once: metric × community coloured by signal, and every metric as a strip of all communities."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from jiejian.analysis.interval import ABOVE, BELOW, compare_all
from jiejian.analysis.takeaway import board_finding, fit_title
from jiejian.catalogue import Metric
from jiejian.charts.many import EACH, MANY, ends, told
from jiejian.charts.parts import (
    BETTER,
    INK,
    LINE,
    MARK,
    RED,
    SCREEN,
    SECOND,
    WORSE,
    Figure,
    axis,
    ids,
    meta,
    nothing,
    row_axis,
    safe,
    shortened,
    side_notes,
    template,
    text_width,
)
from jiejian.context import Context
from jiejian.format import format_value

_PITCH, _STRIP = 25, 30
# Columns of the heat map where there are many places.
MOST = 30
_CALM = "#EEF1F4"
# better, worse, neutral beyond the limits, nothing to say
_COLOURS = {"better": BETTER, "worse": WORSE, "away": "#7B8794", "same": _CALM, "": "#FFFFFF"}
HOW_HEAT = (
    "每行一项指标，每列一个社区，颜色只表示与平均有没有明显差别：蓝为好于平均，橙为差于平均，深灰为有差别但不分好坏，浅灰为与平均无明显差异，白为没有数。"
    "▲高于、▼低于，都以漏斗图99.8%控制限为准（已按社区间常有的差异放宽）。比较的格子多，难免有个别出于偶然，先看连成片的。"
)
HOW_STRIPS = (
    "每行一项指标，一个点是一个社区，左端是最低值，右端是最高值，各行的刻度不同，不能上下比长短。"
    "黑竖线是街道平均（分子合计除以分母合计），浅灰带是居中一半的社区；红点是选中的社区，右侧写它的数值。"
)


def compared_board(frame: pd.DataFrame, metrics: Sequence[Metric]) -> pd.DataFrame:
    """compare_to_mean of several metrics at one period, stacked, in the order of the metrics."""
    return compare_all(frame, metrics)


def heat_map(
    frame: pd.DataFrame, groups: Mapping[str, Sequence[Metric]], context: Context, focus: Collection[str] | str | None = None
) -> Figure:
    """Metrics (by group) × communities at one period; only metrics that can be judged have a row."""
    kind = SCREEN
    compared = {name: compared_board(frame, members) for name, members in groups.items()}
    rows = [(name, m) for name, members in groups.items() for m in members if (_of(compared[name], m)["group"] != "").any()]
    stacked = pd.concat([c for c in compared.values() if len(c)] or [frame.assign(group="", verdict="")], ignore_index=True)
    name = next(iter(groups)) if len(groups) == 1 else ""
    finding = board_finding(stacked, context.period or "所选时间", name)
    if not rows:
        return nothing("所选分类没有可以判断高低的比率指标，请换一个分类。", finding, context, None, kind)
    places = frame[["place_id", "place", "sort"]].drop_duplicates("place_id").sort_values("sort", kind="stable")
    if len(places) > MANY:
        count, places = len(places), _speaking(stacked, places, ids(focus))
        finding = finding[0], finding[1] + told(count, len(places), f"选中的和与平均差别最多的，共{len(places)}个")
    cells = [_of(compared[g], m).set_index("place_id").reindex(places["place_id"]) for g, m in rows]
    codes = [[_code(row) for row in cell.itertuples()] for cell in cells]
    order = list(_COLOURS)
    chosen = ids(focus)
    heads = [_head(p.place, p.place_id in chosen) for p in places.itertuples()]
    labels = [shortened(m.name, 13) for _, m in rows]
    left = max(text_width(text, kind.small + 1) for text in labels) + 12
    top = kind.small * 1.25 * max(head.count("<br>") + 1 for head in heads) + 10
    trace = {
        "type": "heatmap",
        "x": list(range(len(places))),
        "y": list(range(len(rows))),
        "z": [[order.index(c) for c in row] for row in codes],
        "zmin": -0.5,
        "zmax": len(order) - 0.5,
        "colorscale": [[(i + end) / len(order), _COLOURS[c]] for i, c in enumerate(order) for end in (0, 1)],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": [[_sign(row) for row in cell.itertuples()] for cell in cells],
        "texttemplate": "%{text}",
        "textfont": {"size": kind.small, "color": "#FFFFFF"},
        "hovertext": [
            [_hover(row, m, n) for row, n in zip(cell.itertuples(), places["place"], strict=True)]
            for cell, (_, m) in zip(cells, rows, strict=True)
        ],
        "hoverinfo": "text",
    }
    height = len(rows) * _PITCH + top + 8
    return {
        "data": [trace],
        "layout": template(
            height,
            kind,
            {"l": left, "r": 8, "t": top, "b": 8},
            xaxis=axis(
                kind, tickmode="array", tickvals=trace["x"], ticktext=heads, side="top", showgrid=False, tickangle=0, tickfont={"size": kind.small, "color": SECOND}
            ),
            yaxis=row_axis([safe(t) for t in labels], kind.small + 1, kind, showgrid=False),
            shapes=_rulers(rows, len(places)),
            meta=meta(finding, context, "", f"热力图：{len(rows)}项指标、{len(places)}个地方。", HOW_HEAT),
        ),
    }  # fmt: skip


def _speaking(stacked: pd.DataFrame, places: pd.DataFrame, chosen: Collection[str]) -> pd.DataFrame:
    """Of many places those that are drawn: the chosen ones, then those that differ from the mean in most metrics."""
    differ = stacked[stacked["group"].isin([ABOVE, BELOW])]["place_id"].value_counts()
    count = places["place_id"].map(differ).fillna(0).to_numpy() + 1e9 * places["place_id"].isin(chosen).to_numpy()
    return places.iloc[np.sort(np.argsort(-count, kind="stable")[:MOST])]


def _of(compared: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    return compared[compared["metric"] == metric.id]


def _code(row: Any) -> str:
    if not isinstance(row.group, str) or row.group == "":
        return ""
    if row.group not in (ABOVE, BELOW):
        return "same"
    return row.verdict or "away"


def _sign(row: Any) -> str:
    return {ABOVE: "▲", BELOW: "▼"}.get(row.group if isinstance(row.group, str) else "", "")


def _hover(row: Any, metric: Metric, place: str) -> str:
    group = row.group if isinstance(row.group, str) else ""
    value = format_value(row.value, metric, unit=True) if isinstance(row.group, str) else "没有数"
    mean = format_value(row.mean, metric, unit=True) if isinstance(row.group, str) and np.isfinite(row.mean) else "—"
    return f"<b>{safe(place)}</b><br>{safe(metric.name)}：{value}<br>总体平均：{mean}<br>{group}"


def _head(name: str, chosen: bool) -> str:
    """A column head, one character under the other, without the word that all share."""
    short = shortened(name.removesuffix("社区") or name, 6)
    text = "<br>".join(safe(c) for c in short)
    return f'<b><span style="color:{RED}">{text}</span></b>' if chosen else text


def _rulers(rows: Sequence[tuple[str, Metric]], columns: int) -> list[dict[str, Any]]:
    """A line wherever one group of metrics ends."""
    ends = [i for i in range(1, len(rows)) if rows[i][0] != rows[i - 1][0]]
    line = {"color": SECOND, "width": 1}
    return [{"type": "line", "x0": -0.5, "x1": columns - 0.5, "y0": i - 0.5, "y1": i - 0.5, "line": line} for i in ends]


# ---- strips ----


def strips(
    frame: pd.DataFrame, metrics: Sequence[Metric], context: Context, focus: Collection[str] | str | None = None
) -> Figure:
    """Small multiples: every metric as a strip of all communities at one period, each on its own scale."""
    kind, chosen = SCREEN, ids(focus)
    compared = compare_all(frame, metrics)
    rows = [(m, compared[compared["metric"] == m.id]) for m in metrics]
    # What is the same everywhere has no strip.
    rows = [(m, c[c["value"].notna()]) for m, c in rows if c["value"].nunique() >= 2]
    finding = _strips_finding(rows, context)
    count = max((len(c) for _, c in rows), default=0)
    if count > MANY:
        finding = finding[0], finding[1] + told(count, 2 * EACH, f"每项最高、最低的各{EACH}个和选中的")
    if not rows:
        return nothing("所选分类没有各社区高低不同的指标。", finding, context, None, kind)
    labels = [shortened(m.name, 13) for m, _ in rows]
    first = chosen[0] if chosen else ""
    side = [_side(m, c, first) for m, c in rows]
    size = kind.small + 1
    top = kind.small * 1.6
    return {
        "data": _strip_dots(rows, chosen),
        "layout": template(
            len(rows) * _STRIP + top + 8,
            kind,
            {
                "l": max(text_width(t, size) for t in labels) + 12,
                "r": max(text_width(t, size) for t in side) + 12,
                "t": top,
                "b": 8,
            },
            xaxis=axis(
                kind,
                tickmode="array",
                tickvals=[0, 1],
                ticktext=["最低", "最高"],
                range=[-0.03, 1.03],
                side="top",
                showgrid=False,
            ),
            yaxis=row_axis([safe(t) for t in labels], size, kind, showgrid=True),
            shapes=[shape for i, (m, c) in enumerate(rows) for shape in _strip_shapes(i, c)],
            annotations=side_notes(side, [RED if first else SECOND] * len(side), size),
            meta=meta(finding, context, "", f"小图：{len(rows)}项指标的高低分布。", HOW_STRIPS),
        ),
    }


def _strips_finding(rows: Sequence[tuple[Metric, pd.DataFrame]], context: Context) -> tuple[str, str]:
    gaps = [(m, float(c["value"].max()), float(c["value"].min())) for m, c in rows if m.kind == "proportion"]
    when = context.period or "所选时间"
    if not gaps:
        return f"{len(rows)}项指标在各社区的高低分布", f"{when}，{len(rows)}项指标逐行排开，看选中的社区在哪一端。"
    metric, high, low = max(gaps, key=lambda g: g[1] - g[2])
    title = fit_title(
        f"各社区相差最大的比率是{metric.name}", f"相差最大的是{metric.name}", otherwise="各项指标在各社区的高低分布"
    )
    spread = f"{format_value(low, metric, unit=True)}到{format_value(high, metric, unit=True)}"
    return (
        title,
        f"{when}，{metric.name}从{spread}，相差{high - low:.1f}个百分点，是{len(gaps)}项百分比指标中最大的；差距可能来自规模小的社区。",
    )


def _places_on_strip(c: pd.DataFrame) -> np.ndarray:
    low, high = float(c["value"].min()), float(c["value"].max())
    return (c["value"].to_numpy(dtype=float) - low) / (high - low) if high > low else np.full(len(c), 0.5)


def _strip_dots(rows: Sequence[tuple[Metric, pd.DataFrame]], chosen: tuple[str, ...]) -> list[dict[str, Any]]:
    made = []
    for red in (False, True):
        x, y, hover, place = [], [], [], []
        for i, (m, c) in enumerate(rows):
            focus = c["place_id"].isin(chosen).to_numpy()
            own = (focus == red) & ends(c["value"].to_numpy(dtype=float), focus)
            x += [float(v) for v in _places_on_strip(c)[own]]
            y += [i] * int(own.sum())
            kept = c[own]
            hover += [
                f"<b>{safe(p)}</b><br>{safe(m.name)}：{format_value(v, m, unit=True)}"
                for p, v in zip(kept["place"], kept["value"], strict=True)
            ]
            place += [[str(p)] for p in kept["place_id"]]
        marker = {
            "size": 11 if red else 7,
            "color": RED if red else MARK,
            "opacity": 1 if red else 0.75,
            "line": {"width": 1 if red else 0, "color": "#FFFFFF"},
        }
        trace = {"type": "scatter", "mode": "markers", "x": x, "y": y, "marker": marker, "hovertext": hover, "hoverinfo": "text"}
        made += [{**trace, "customdata": place, "cliponaxis": False}] if x else []
    return made


def _strip_shapes(row: int, c: pd.DataFrame) -> list[dict[str, Any]]:
    low, high = float(c["value"].min()), float(c["value"].max())
    made = []
    if high > low and len(c) > 7:
        a, b = ((float(c["value"].quantile(q)) - low) / (high - low) for q in (0.25, 0.75))
        made.append(
            {
                "type": "rect",
                "x0": a,
                "x1": b,
                "y0": row - 0.3,
                "y1": row + 0.3,
                "fillcolor": LINE,
                "line": {"width": 0},
                "layer": "below",
            }
        )
    mean = float(c["mean"].iloc[0])
    if high > low and low <= mean <= high:
        at = (mean - low) / (high - low)
        made.append(
            {
                "type": "line",
                "x0": at,
                "x1": at,
                "y0": row - 0.36,
                "y1": row + 0.36,
                "line": {"color": INK, "width": 2},
                "layer": "below",
            }
        )
    return made


def _side(metric: Metric, c: pd.DataFrame, first: str) -> str:
    """The value of the first place in focus, else from lowest to highest."""
    own = c.loc[c["place_id"] == first, "value"]
    if first:
        return format_value(float(own.iloc[0]), metric, unit=True) if len(own) else "缺报"
    return format_value(
        float(c["value"].max()),
        metric,
        unit=True,
        qualifier="range",
        lower=float(c["value"].min()),
        upper=float(c["value"].max()),
    )
