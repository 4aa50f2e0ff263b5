"""Palette, type, axis numbers in 万 and label placing: the parts of which the charts are made.

No figures of anybody in here, and no drawing library: lists, numbers and texts.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from jiejian.context import Context
from jiejian.format import MINUS, WAN, YI, is_missing, rounded

Figure = dict[str, Any]
Finding = tuple[str, str]

RED = "#B71C1C"
INK, SECOND, MARK, LINE, GROUND = "#1F2933", "#52606D", "#9AA5B1", "#E4E7EB", "#F7F8FA"
BETTER, WORSE = "#1F6FB2", "#C65D00"
FESTIVAL = "rgba(212,167,44,0.14)"
CATEGORIES = (RED, "#35608D", "#2F7F79", "#B7791F", "#6D4C7D", "#7B8794")
FONT = "Microsoft YaHei, Noto Sans CJK SC, PingFang SC, sans-serif"


@dataclass(frozen=True)
class Type:
    """Sizes in px of text, marks and lines."""

    body: float
    tick: float
    small: float
    mark: float
    line: float


SCREEN = Type(body=14, tick=13, small=12, mark=9, line=2)
# Body 1/28 and foot 1/40 of a slide of 1080 px.
SLIDE = Type(body=38, tick=34, small=27, mark=22, line=5)


def safe(text: Any) -> str:
    """Text that a chart shows as it is: plotly reads a few HTML tags in labels."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text_width(text: str, size: float) -> float:
    """About how wide a line of text is, in px: Chinese characters and signs are one em, all else a little over half."""
    ems = (1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.6 for c in text)
    return sum(ems) * size


def numbers(values: Sequence[float | None]) -> list[float | None]:
    """Plain Python floats with None for gaps, so that no NaN gets into JSON."""
    return [None if is_missing(v) else float(v) for v in values]


def nice_step(span: float, count: int) -> float:
    """A step of 1, 2, 2.5 or 5 times a power of ten that divides ``span`` into at most about ``count`` parts."""
    raw = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * (1 - 1e-9))


def nice_ticks(low: float, high: float, count: int = 5, whole: bool = False) -> list[float]:
    """Round axis values that enclose ``low`` to ``high``; with ``whole`` no step is smaller than one."""
    if high <= low:
        pad = abs(low) * 0.1 or 1.0
        low, high = low - pad, high + pad
    step = nice_step(high - low, count)
    step = max(step, 1.0) if whole else step
    step = math.ceil(step) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def tick_texts(ticks: Sequence[float], unit: str = "") -> list[str]:
    """Axis texts of one look: 0, 5000, 1万, 1.5万; 亿 from 100 million; % only for shares. Never k or M."""
    top = max((abs(t) for t in ticks), default=0)
    scale, word = (YI, "亿") if top >= YI else (WAN, "万") if top >= WAN else (1.0, "")
    decimals = next((d for d in range(5) if all(abs(round(t / scale, d) - t / scale) < 1e-9 for t in ticks)), 4)
    tail = "%" if unit == "%" else word
    texts = [f"{rounded(t / scale, decimals):f}" for t in ticks]
    # A bare 0 stands for 0万 and 0.0.
    return ["0" if float(text) == 0 and tail != "%" else (text + tail).replace("-", MINUS) for text in texts]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the ``wanted`` ones, at least ``gap`` apart and from ``low`` to ``high`` as far as they fit.

    Neighbours that would overlap are moved as one block around their common middle. Same order as ``wanted``.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    blocks: list[list[float]] = []  # middle, members
    for i in order:
        blocks.append([wanted[i], 1])
        while len(blocks) > 1 and blocks[-1][0] - blocks[-2][0] < gap * (blocks[-1][1] + blocks[-2][1]) / 2:
            (a, m), (b, n) = blocks[-2], blocks.pop()
            blocks[-1] = [(a * m + b * n) / (m + n), m + n]
    placed = [middle + gap * (k - (members - 1) / 2) for middle, members in blocks for k in range(int(members))]
    for k in range(len(placed)):  # off the lower edge, pushing those above
        placed[k] = max(placed[k], low + gap * k)
    for k in range(len(placed)):  # off the upper edge, pushing those below
        placed[-1 - k] = min(placed[-1 - k], high - gap * k)
    found = [0.0] * len(wanted)
    for i, position in zip(order, placed, strict=True):
        found[i] = position
    return found


def lanes(boxes: Sequence[tuple[float, float]], most: int) -> list[int | None]:
    """A lane for each box (left, right) such that boxes in a lane do not overlap; None where ``most`` lanes are full."""
    ends: list[float] = []
    found: list[int | None] = [None] * len(boxes)
    for i in sorted(range(len(boxes)), key=lambda i: boxes[i]):
        left, right = boxes[i]
        lane = next((k for k, end in enumerate(ends) if end <= left), None)
        if lane is None and len(ends) < most:
            lane = len(ends)
            ends.append(right)
        if lane is not None:
            ends[lane], found[i] = right, lane
    return found


def fitting_size(text: str, size: float, ems: float = 14) -> float:
    """The size of type at which a long name is no wider than ``ems`` Chinese characters; no smaller than 0.7 of ``size``."""
    return size * min(1.0, max(ems / max(text_width(text, 1), 1), 0.7))


def shortened(text: str, ems: float = 20) -> str:
    """A text of at most ``ems`` Chinese characters' width; what is longer ends in … (the whole stands in the hover text)."""
    if text_width(text, 1) <= ems:
        return text
    cut = next(i for i in range(len(text), 0, -1) if text_width(text[:i], 1) <= ems - 1)
    return text[:cut] + "…"


def wrap(text: str, ems: int) -> list[str]:
    """A text as lines of at most ``ems`` characters, for hover labels."""
    return [text[i : i + ems] for i in range(0, len(text), ems)] or [""]


def template(height: float, kind: Type, margin: dict[str, float], **layout: Any) -> dict[str, Any]:
    """The one layout of all figures: white ground, system faces, no legend, no zoom, Chinese hover labels."""
    return {
        "height": round(height),
        "autosize": True,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0, **{k: round(v) for k, v in margin.items()}},
        "font": {"family": FONT, "size": kind.body, "color": INK},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "separators": ".,",
        "colorway": list(CATEGORIES),
        "hoverlabel": {
            "bgcolor": "#FFFFFF",
            "bordercolor": MARK,
            "align": "left",
            "font": {"family": FONT, "size": max(kind.small, 13), "color": INK},
        },
        **layout,
    }


def axis(kind: Type, **more: Any) -> dict[str, Any]:
    """An axis without zoom, with hairlines and second-colour numbers."""
    return {
        "fixedrange": True,
        "zeroline": False,
        "showline": False,
        "gridcolor": LINE,
        "gridwidth": 1,
        "ticks": "",
        "tickfont": {"size": kind.tick, "color": SECOND},
        "automargin": False,
        "ticklabeloverflow": "allow",
        **more,
    }


def note(text: str, x: Any, y: Any, kind: Type, **more: Any) -> dict[str, Any]:
    """A text in a figure, without arrow; in paper coordinates unless ``xref`` and ``yref`` say otherwise."""
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
        "align": "left",
        "font": {"size": kind.small, "color": SECOND},
        **more,
    }


def meta(finding: Finding, context: Context, unit: str, alt: str, reading: str = "") -> dict[str, str]:
    """What a figure says about itself beside the drawing; see the package's docstring."""
    return {
        "title": finding[0],
        "takeaway": finding[1],
        "subtitle": " · ".join(part for part in (context.subtitle, f"单位：{unit}" if unit else "") if part),
        "foot": context.foot,
        "alt": f"{finding[0]}。{alt}",
        "reading": reading,
    }


def retitle(figure: Figure, context: Context) -> None:
    """Give a figure the scope and period of ``context`` under its title, in place; its unit stays."""
    said = figure["layout"]["meta"]
    unit = said["subtitle"].rpartition("单位：")[2] if "单位：" in said["subtitle"] else ""
    said["subtitle"] = " · ".join(part for part in (context.subtitle, f"单位：{unit}" if unit else "") if part)


def nothing(message: str, finding: Finding, context: Context, height: float | None, kind: Type) -> Figure:
    """A figure that says why there is nothing in it."""
    hidden = axis(kind, visible=False, range=[0, 1])
    words = note(message, 0.5, 0.5, kind, font={"size": kind.body, "color": SECOND}, align="center")
    said = meta(finding, context, "", message)
    # st.plotly_chart refuses a figure without a trace.
    unseen = {"type": "scatter", "x": [0.5], "y": [0.5], "mode": "markers", "marker": {"opacity": 0}, "hoverinfo": "skip"}
    return {
        "data": [unseen],
        "layout": template(height or 160, kind, {}, xaxis=hidden, yaxis=hidden, annotations=[words], meta=said),
    }


def row_axis(texts: Sequence[str], size: float, kind: Type, **more: Any) -> dict[str, Any]:
    """The axis of a horizontal chart: row 0 on top, one label a row."""
    return axis(
        kind,
        tickmode="array",
        tickvals=list(range(len(texts))),
        ticktext=list(texts),
        range=[len(texts) - 0.5, -0.5],
        tickfont={"size": size, "color": INK},
        ticklabelstandoff=round(size * 0.4),
        **more,
    )


def side_notes(texts: Sequence[str], colours: Sequence[str], size: float) -> list[dict[str, Any]]:
    """A column of texts to the right of the plot, one for each row."""
    return [
        {
            "text": safe(text),
            "x": 1,
            "y": row,
            "xref": "paper",
            "yref": "y",
            "xanchor": "left",
            "xshift": round(size * 0.5),
            "showarrow": False,
            "align": "left",
            "font": {"size": size, "color": colour},
        }
        for row, (text, colour) in enumerate(zip(texts, colours, strict=True))
    ]


def ids(focus: Collection[str] | str | None) -> tuple[str, ...]:
    """Place ids in focus, in the order given; sets come in no order, so they are sorted."""
    if not focus:
        return ()
    return (focus,) if isinstance(focus, str) else tuple(sorted(focus) if isinstance(focus, set | frozenset) else focus)


def judged_on(context: Context) -> date:
    """The day by which a standard's years of validity are judged: the data's cut-off, so that a picture stays the same."""
    try:
        return date.fromisoformat(context.as_of)
    except ValueError:
        return date.today()
