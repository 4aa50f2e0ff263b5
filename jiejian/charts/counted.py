"""Things counted by category: bars, parts of a whole, steps of a process, and a table of counts as shades."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from jiejian.charts.contrast import ink_on, shade_at
from jiejian.charts.parts import (
    CATEGORIES,
    INK,
    LINE,
    MARK,
    RED,
    SCREEN,
    SECOND,
    Figure,
    Finding,
    axis,
    fitting_size,
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
from jiejian.format import WAN, default_decimals, format_value, rounded

_PITCH = 30
_KEY_WIDTH = 330
MOST_PARTS = 5
MOST_ROWS = 50  # rows of a chart: a district of 200 communities would fill eight screens
_EMPTY = "没有可以显示的数据。"
# From a light to a dark shade of one colour: more is darker, and nothing else.
SHADES = ("#F7F8FA", "#D5DAE0", "#9AA5B1", "#52606D", "#1F2933")
# The light half, on which dark figures can be read throughout; above this share of the scale of SHADES they are white.
_PALE = ("#FBFBFC", "#E4E8EC", "#C9D0D8", "#AEB8C2")
_BARS = 40  # px that bars need beside their names and notes
_HALF = 420  # px for the figures of a row in half a page's width
_HALF_PAGE = 460  # px that a chart has beside another one on a screen 1366 wide


def _told(labels: Sequence[str], values: Sequence[float], unit: str) -> str:
    return "，".join(f"{name}{format_value(v, unit, unit=True)}" for name, v in zip(labels, values, strict=True))


def _shortened_to(finding: Finding, rows: int) -> Finding:
    """What is said where a chart shows the first rows only."""
    return finding[0], f"{finding[1]}图上列出{rows}行中的前{MOST_ROWS}行，全部在表格里。"


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    unit: str,
    context: Context,
    finding: Finding,
    notes: Sequence[str] = (),
    focus: Sequence[str] = (),
    ids: Sequence[str] = (),
    reading: str = "",
    gaps: Sequence[str] = (),
) -> Figure:
    """Horizontal bars from zero, the first on top; ``notes`` stand behind the figures, ``focus`` names the red ones.

    ``ids`` are given back on a click. Values are not negative; None is a gap and says so, in the words of ``gaps`` if any.
    """
    if not labels or all(v is None for v in values):
        return nothing(_EMPTY, finding, context, None, SCREEN)
    if len(labels) > MOST_ROWS:
        finding = _shortened_to(finding, len(labels))
        labels, values, notes, ids, gaps = (part[:MOST_ROWS] for part in (labels, values, notes, ids, gaps))
    known = [v for v in values if v is not None]
    # Notes leave the bars little room: fewer figures below them, so that none stands aslant.
    ticks = nice_ticks(0, max(*known, 1), 2 if any(notes) else 5, whole=all(float(v).is_integer() for v in known))
    # An axis that goes on far beyond the longest bar takes its room.
    end = min(ticks[-1], max(*known, 1) * 1.06) if unit != "%" else ticks[-1]
    ticks = [tick for tick in ticks if tick <= end]
    names = [shortened(label, 14) for label in labels]
    missing = [word or "缺数" for word in gaps or [""] * len(values)]
    places = max(default_decimals(float(v), unit) for v in known)  # 27.0 beside 27.9
    side = [word if v is None else format_value(v, unit, places) for v, word in zip(values, missing, strict=True)]
    side = [f"{text}　{more}" if more else text for text, more in zip(side, notes or [""] * len(side), strict=True)]
    size = SCREEN.body
    trace: dict[str, Any] = {
        "type": "bar", "orientation": "h", "y": list(range(len(labels))), "x": [0 if v is None else float(v) for v in values],
        "marker": {"color": [RED if label in focus else MARK for label in labels], "line": {"width": 0}}, "width": 0.62,
        "hovertext": [f"<b>{safe(label)}</b><br>{safe(text)}" for label, text in zip(labels, side, strict=True)], "hoverinfo": "text",
    }  # fmt: skip
    if ids:
        trace["customdata"] = [[identity] for identity in ids]
    reading = reading or "每行一项，横条从零开始，长度即数量。多少本身不等于好坏。"
    said = meta(finding, context, unit, f"横条图：{_told(labels, [v or 0 for v in values], unit)}。", reading)
    left = max(text_width(name, fitting_size(name, size)) for name in names)
    right = max(text_width(text, size) for text in side)
    said["least"] = str(round(left + right + size * 2.4 + _BARS))
    return {
        "data": [trace],
        "layout": template(
            len(labels) * _PITCH + 40, SCREEN, {"l": left + size * 1.4, "r": right + size, "t": 6, "b": 30},
            xaxis=axis(SCREEN, tickmode="array", tickvals=ticks, ticktext=tick_texts(ticks, unit), range=[0, end], tickangle=0),
            yaxis=row_axis([safe(name) for name in names], size, SCREEN, showgrid=False),
            annotations=side_notes(side, [SECOND] * len(side), size), meta=said,
        ),
    }  # fmt: skip


def whole(
    rows: Sequence[str],
    parts: Sequence[str],
    counts: Sequence[Sequence[float]],
    unit: str,
    context: Context,
    finding: Finding,
    colours: Sequence[str] = (),
    reading: str = "",
    gaps: Sequence[str] = (),
    ids: Sequence[str] = (),
) -> Figure:
    """Rows made up of parts, each to 100 %: ``counts[row][part]``. More than five parts are gathered into 其他.

    The whole of a row stands to its right; a row without anything says 没有, or what ``gaps`` has for it.
    ``ids`` of the rows are given back on a click.
    """
    if not rows or not any(sum(row) for row in counts):
        return nothing(_EMPTY, finding, context, None, SCREEN)
    parts, counts = _gathered(parts, counts)
    gaps = gaps or [""] * len(rows)
    if len(rows) > MOST_ROWS:
        finding = _shortened_to(finding, len(rows))
        rows, counts, gaps = rows[:MOST_ROWS], counts[:MOST_ROWS], gaps[:MOST_ROWS]
    colours = list(colours) or [CATEGORIES[(i + 1) % len(CATEGORIES)] for i in range(len(parts))]
    totals = [sum(row) for row in counts]
    data, words = [], []
    for p, part in enumerate(parts):
        shares = [100 * row[p] / total if total else 0 for row, total in zip(counts, totals, strict=True)]
        hover = [
            f"<b>{safe(name)}</b><br>{safe(part)}：{format_value(row[p], unit, unit=True)}（{share:.1f}%）"
            for name, row, share in zip(rows, counts, shares, strict=True)
        ]
        data.append({
            "type": "bar", "orientation": "h", "name": part, "y": list(range(len(rows))), "x": shares, "width": 0.74,
            "marker": {"color": colours[p], "line": {"width": 1, "color": "#FFFFFF"}},
            "text": [f"{share:.0f}%" if share >= 4 else "" for share in shares], "textposition": "inside", "insidetextanchor": "middle",
            "textangle": 0, "constraintext": "inside", "textfont": {"size": SCREEN.small, "color": ink_on(colours[p])}, "hovertext": hover, "hoverinfo": "text",
        })  # fmt: skip
        if ids:
            data[-1]["customdata"] = [[identity] for identity in ids[: len(rows)]]
        words.append(f'<span style="color:{colours[p]}">■</span> {safe(part)}')
    side = [format_value(total, unit, unit=True) if total else gap or "没有" for total, gap in zip(totals, gaps, strict=True)]
    left = max(text_width(shortened(name, 10), SCREEN.body) for name in rows)
    # In half a page's width only so much of the key fits on one line.
    half = -(-len(words) // 2) if sum(text_width(part, SCREEN.small) + 30 for part in parts) > _KEY_WIDTH else len(words)
    lines = [words[:half], words[half:]] if half < len(words) else [words]
    key = note(
        "<br>".join("　".join(line) for line in lines), 0, 1, SCREEN, xanchor="left", yanchor="bottom", yshift=4, font={"size": SCREEN.small, "color": SECOND}
    )
    side_width = max(text_width(text, SCREEN.body) for text in side)
    key_width = max(sum(text_width(part, SCREEN.small) + 28 for part in parts[n : n + half]) for n in range(0, len(parts), half))
    alt = "；".join(
        f"{name}：{'，'.join(f'{part}{format_value(n, unit)}' for part, n in zip(parts, row, strict=True))}"
        for name, row in list(zip(rows, counts, strict=True))[:6]
    )
    reading = reading or "每行铺满为100%，各段是所占的比重，右侧是总数。总数小的行，比重起伏大，不宜细比。"
    said = meta(finding, context, unit, f"百分比条形图：{alt}。", reading)
    said["least"] = str(round(left + 18 + max(key_width, side_width)))
    return {
        "data": data,
        "layout": template(
            len(rows) * _PITCH + 44 + 18 * len(lines), SCREEN,
            {"l": left + 18, "r": side_width + 14, "t": 10 + 18 * len(lines), "b": 28},
            # A share whose segment is too narrow for it (on a phone, in half a page) is left out, not cut.
            barmode="stack", uniformtext={"minsize": SCREEN.small - 1, "mode": "hide"},
            xaxis=axis(SCREEN, tickmode="array", tickvals=[0, 25, 50, 75, 100], ticktext=["0%", "25%", "50%", "75%", "100%"], range=[0, 100]),
            yaxis=row_axis([safe(shortened(name, 10)) for name in rows], SCREEN.body, SCREEN, showgrid=False),
            annotations=[key, *side_notes(side, [SECOND] * len(side), SCREEN.body)],
            meta=said,
        ),
    }  # fmt: skip


def _gathered(parts: Sequence[str], counts: Sequence[Sequence[float]]) -> tuple[list[str], list[list[float]]]:
    """The largest five parts in their order, the others together."""
    if len(parts) <= MOST_PARTS + 1:
        return list(parts), [list(row) for row in counts]
    sizes = [sum(row[p] for row in counts) for p in range(len(parts))]
    kept = sorted(sorted(range(len(parts)), key=lambda p: -sizes[p])[:MOST_PARTS])
    rest = [[row[p] for p in kept] + [sum(n for p, n in enumerate(row) if p not in kept)] for row in counts]
    return [*(parts[p] for p in kept), "其他"], rest


def steps(
    names: Sequence[str],
    counts: Sequence[float],
    unit: str,
    context: Context,
    finding: Finding,
    notes: Sequence[str] = (),
    reading: str = "",
) -> Figure:
    """From step to step: centred bars with the share that went on from the step before; ``notes`` stand behind (median days …)."""
    if not names or not counts or not counts[0]:
        return nothing(_EMPTY, finding, context, None, SCREEN)
    top = max(counts)
    going = ["", *(f"{100 * now / before:.0f}% 进入" if before else "" for before, now in pairwise(counts))]
    side = [
        "　".join(part for part in (format_value(n, unit, unit=True), on, more) if part)
        for n, on, more in zip(counts, going, notes or [""] * len(names), strict=True)
    ]
    trace = {
        "type": "bar", "orientation": "h", "y": list(range(len(names))), "x": list(map(float, counts)),
        "base": [(top - n) / 2 for n in counts], "width": 0.68,
        "marker": {"color": ["#35608D"] * len(names), "opacity": [1 - 0.14 * i for i in range(len(names))], "line": {"width": 0}},
        "hovertext": [f"<b>{safe(name)}</b><br>{safe(text)}" for name, text in zip(names, side, strict=True)], "hoverinfo": "text",
    }  # fmt: skip
    left = max(text_width(name, SCREEN.body) for name in names)
    alt = f"步骤图：{_told(names, counts, unit)}。"
    reading = (
        reading
        or "从上到下是办理的先后步骤，条的长度是到过这一步的数量，百分比是从上一步走到这一步的比重。仍在办理中的会停在半路，不等于办不成。"
    )
    return {
        "data": [trace],
        "layout": template(
            len(names) * 46 + 16, SCREEN, {"l": left + 18, "r": max(text_width(t, SCREEN.body) for t in side) + 14, "t": 4, "b": 6},
            xaxis=axis(SCREEN, visible=False, range=[0, top]), yaxis=row_axis([safe(n) for n in names], SCREEN.body, SCREEN, showgrid=False),
            annotations=side_notes(side, [INK] * len(side), SCREEN.body), meta=meta(finding, context, unit, alt, reading),
        ),
    }  # fmt: skip


def matrix(
    rows: Sequence[str],
    columns: Sequence[str],
    counts: Sequence[Sequence[float | None]],
    unit: str,
    context: Context,
    finding: Finding,
    reading: str = "",
    words: Sequence[Sequence[str]] | None = None,
) -> Figure:
    """Counts of rows × columns as shades with the figures written in; None is an empty cell. ``words`` go before the figures."""
    known = [v for row in counts for v in row if v is not None]
    if not known:
        return nothing(_EMPTY, finding, context, None, SCREEN)
    if len(rows) > MOST_ROWS:
        finding = _shortened_to(finding, len(rows))
        rows, counts, words = rows[:MOST_ROWS], counts[:MOST_ROWS], words and words[:MOST_ROWS]
    top = max(*known, 1)
    texts = words or [["" if v is None else format_value(v, unit) for v in row] for row in counts]
    if not words and _wide(texts):
        texts, unit = _narrower(counts, unit, top)
    hover = [
        [
            f"<b>{safe(row)}</b> · {safe(column.replace(chr(10), ''))}<br>{safe(texts[r][c]) or '没有'}"
            for c, column in enumerate(columns)
        ]
        for r, row in enumerate(rows)
    ]
    # Shares are mostly close to each other and to the whole: on the dark half of the scale all of them would be black.
    scale = _PALE if unit == "%" or words else (*SHADES[:4], "#35424F")
    shade = [[i / (len(scale) - 1), colour] for i, colour in enumerate(scale)]
    trace = {
        "type": "heatmap", "z": [[None if v is None else float(v) for v in row] for row in counts], "x": list(range(len(columns))),
        "y": list(range(len(rows))), "zmin": 0, "zmax": top, "colorscale": shade, "showscale": False, "xgap": 2, "ygap": 2,
        "hovertext": hover, "hoverinfo": "text",
    }  # fmt: skip
    left = max(text_width(shortened(name, 12), SCREEN.body) for name in rows)
    longest = max(text_width(t, SCREEN.small) for row in texts for t in row)
    figure = SCREEN.small if len(columns) * (longest + 5) <= _HALF_PAGE - left - 26 else SCREEN.small - 1
    marks = [
        note(
            safe(texts[r][c]),
            c,
            r,
            SCREEN,
            xref="x",
            yref="y",
            font={"size": figure, "color": ink_on("#FFFFFF" if v is None else shade_at(scale, v / top))},
        )
        for r, row in enumerate(counts)
        for c, v in enumerate(row)
        if texts[r][c] and len(rows) * len(columns) <= 600
    ]
    high = max(range(len(rows)), key=lambda r: sum(v or 0 for v in counts[r]))
    alt = f"色阶表：{len(rows)}行{len(columns)}列，合计最多的一行是{rows[high]}。"
    tall = any("\n" in c for c in columns)
    # A phone scrolls what cannot be read in its width: figures of one row that would touch, heads that would.
    # A year above its first month may reach over the next head, which has none.
    heads = [line for c in columns for line in c.split("\n") if not (tall and line.endswith("年"))]
    cell = max(longest, *(text_width(shortened(line, 8), SCREEN.tick) for line in heads))
    widest = max(text_width(shortened(line, 8), SCREEN.tick) for line in heads)
    tick = SCREEN.tick if len(columns) * (widest + 5) <= _HALF_PAGE - left - 26 else SCREEN.small - 1
    said = meta(finding, context, unit, alt, reading or "颜色越深，数量越多；空白格没有数据。颜色只表示多少，不表示好坏。")
    said["least"] = str(round(left + 26 + len(columns) * (cell + 4)))
    tilt = 0 if tall or max(text_width(c, SCREEN.tick) for c in columns) * len(columns) < 560 else -40
    return {
        "data": [trace],
        "layout": template(
            len(rows) * 28 + (92 if tilt else 56 if tall else 40), SCREEN, {"l": left + 18, "r": 34 if tilt else 8, "t": 86 if tilt else 50 if tall else 34, "b": 4},
            xaxis=axis(SCREEN, tickmode="array", tickvals=list(range(len(columns))), ticktext=[_lines(c) for c in columns], side="top", showgrid=False, tickangle=tilt, tickfont={"size": tick, "color": SECOND}),
            yaxis=row_axis([safe(shortened(name, 12)) for name in rows], SCREEN.body, SCREEN, showgrid=False),
            annotations=marks, meta=said,
        ),
    }  # fmt: skip


def _wide(texts: Sequence[Sequence[str]]) -> bool:
    """Whether the figures of a row would run into each other in half a page's width."""
    return len(texts[0]) * (max(text_width(t, SCREEN.small) for row in texts for t in row) + 4) > _HALF


def _narrower(counts: Sequence[Sequence[float | None]], unit: str, top: float) -> tuple[list[list[str]], str]:
    """The figures without their sign, large ones in 万 throughout; and the unit that says so."""
    if top >= WAN:
        return [["" if v is None else f"{rounded(v / WAN, 1 if v >= 10 * WAN else 2 if v else 0):f}" for v in row] for row in counts], f"万{unit}"
    return [["" if v is None else format_value(v, unit).removesuffix("%") for v in row] for row in counts], unit


def _lines(head: str) -> str:
    """A head of one or two lines."""
    return "<br>".join(safe(shortened(line, 8)) for line in head.split("\n"))


def columns_over_time(
    labels: Sequence[str],
    values: Sequence[float | None],
    unit: str,
    context: Context,
    finding: Finding,
    height: float = 220,
    reading: str = "",
) -> Figure:
    """One bar a period, oldest first, the newest in red; a gap stays open."""
    known = [v for v in values if v is not None]
    if not known:
        return nothing(_EMPTY, finding, context, None, SCREEN)
    ticks = nice_ticks(0, max(*known, 1), 4, whole=all(float(v).is_integer() for v in known))
    colours = [MARK] * (len(labels) - 1) + [RED]
    trace = {
        "type": "bar", "x": list(range(len(labels))), "y": [None if v is None else float(v) for v in values], "width": 0.68,
        "marker": {"color": colours, "line": {"width": 0}}, "hoverinfo": "text",
        "hovertext": [f"<b>{safe(l)}</b><br>{'缺数' if v is None else format_value(v, unit, unit=True)}" for l, v in zip(labels, values, strict=True)],
    }  # fmt: skip
    # Long names stand level on a phone too: four of them, the newest with room at its right.
    wide = max(text_width(label, SCREEN.tick) for label in labels)
    step = max(1, -(-len(labels) // (8 if wide < 40 else 4)))
    shown = list(range(len(labels) - 1, -1, -step))[::-1]
    return {
        "data": [trace],
        "layout": template(
            height, SCREEN, {"l": max(text_width(t, SCREEN.tick) for t in tick_texts(ticks, unit)) + 12, "r": max(12, wide / 2 - 8), "t": 8, "b": 28},
            xaxis=axis(SCREEN, tickmode="array", tickvals=shown, ticktext=[safe(labels[i]) for i in shown], showgrid=False, tickangle=0),
            yaxis=axis(SCREEN, tickmode="array", tickvals=ticks, ticktext=tick_texts(ticks, unit), range=[0, ticks[-1]], gridcolor=LINE),
            meta=meta(finding, context, unit, f"柱形图：{labels[-1]}{'缺数' if values[-1] is None else format_value(values[-1], unit, unit=True)}。",
                      reading or "每根柱子是一期，红色是最新一期；断开处为缺数，不是零。"),
        ),
    }  # fmt: skip
