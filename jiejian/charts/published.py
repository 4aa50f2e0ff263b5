"""Published figures side by side, each with the window that it covers and the word that stood with it (余, 约, 近)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from jiejian.analysis.takeaway import fit_title
from jiejian.charts.parts import (
    INK,
    LINE,
    MARK,
    SCREEN,
    SECOND,
    SLIDE,
    Figure,
    Type,
    axis,
    meta,
    nice_ticks,
    nothing,
    row_axis,
    safe,
    shortened,
    side_notes,
    template,
    text_width,
    tick_texts,
    wrap,
)
from jiejian.context import Context
from jiejian.format import format_figure

_PITCH = 46
_SLIDE_HEIGHT = 760
UNDATED = "原文未载时间"


def _arranged(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Rows in the sources' order, and the number of the group of each; inside a group the largest is on top.

    Only figures of one article and one date (``dated``) form a group: across groups nothing is ranked.
    """
    # A figure without a date is a group of its own: nobody knows whether it may be compared.
    alone = pd.Series([f"{UNDATED}{i}" for i in range(len(frame))], index=frame.index)
    groups = pd.Series(pd.factorize(frame["dated"].where(frame["dated"] != "", alone))[0], index=frame.index)
    top = frame["value"].fillna(frame["upper"])
    order = pd.DataFrame({"group": groups, "top": top}).sort_values(["group", "top"], ascending=[True, False], kind="stable")
    return frame.loc[order.index], order["group"]


def _finding(name: str, frame: pd.DataFrame, groups: pd.Series, left_out: int) -> tuple[str, str]:
    count = len(frame)
    title = fit_title(
        f"{count}处公布了{name}" + ("" if groups.nunique() == 1 else "，时间口径不一"),
        f"公开报道中{count}处公布了{name}",
        otherwise=f"公开报道中{count}处公布的同类数字",
    )
    together = groups.nunique() == 1 and count > 1
    rule = "同一报道、同一日期，按数值排列。" if together else "日期不同或原文未载的只并列，不排名。" if count > 1 else ""
    missing = f"另有{left_out}处没有写出数值。" if left_out else ""
    return title, f"公开报道中{count}处写明了{name}；{rule}{missing}".replace("；。", "。").rstrip("；")


def _labels(frame: pd.DataFrame, size: float) -> tuple[list[str], float]:
    """Place, and below it in small type the window; with the width that they need."""
    texts, widest, small = [], 0.0, size * 0.82
    for place, window in zip(frame["place"], frame["window_text"], strict=True):
        name, when = shortened(str(place), 18), shortened(str(window), 18)
        widest = max(widest, text_width(name, size), text_width(when, small))
        texts.append(f'{safe(name)}<br><span style="font-size:{small:.0f}px;color:{SECOND}">{safe(when)}</span>')
    return texts, widest


def _hovers(frame: pd.DataFrame, name: str, figures: list[str]) -> list[str]:
    extra = [frame[c].fillna("") if c in frame else pd.Series("", index=frame.index) for c in ("written", "note", "source")]
    rows = zip(frame["place"], figures, frame["window_text"], *extra, strict=True)
    return ["<br>".join(_hover(name, *row)) for row in rows]


def _hover(name: str, place: str, figure: str, window: str, written: str, remark: str, source: str) -> list[str]:
    lines = [f"<b>{safe(place)}</b>", f"{safe(name)}：{safe(figure)}", f"时间口径：{safe(window)}"]
    more = (("原文", written), ("备注", remark), ("来源", source))
    return lines + [f"{word}：{'<br>'.join(safe(part) for part in wrap(str(text), 26))}" for word, text in more if text]


def _bars(frame: pd.DataFrame, hovers: list[str]) -> dict[str, Any]:
    """Bars from zero; a range (150—1000) is a bar from its lower to its upper bound."""
    ranges = frame["lower"].notna() & frame["upper"].notna() & frame["qualifier"].eq("range")
    base = frame["lower"].where(ranges, 0.0)
    length = (frame["upper"] - frame["lower"]).where(ranges, frame["value"])
    return {
        "type": "bar",
        "orientation": "h",
        "x": [float(v) for v in length],
        "base": [float(v) for v in base],
        "y": list(range(len(frame))),
        "width": 0.5,
        "marker": {"color": MARK, "line": {"width": 0}},
        "hovertext": hovers,
        "hoverinfo": "text",
        "customdata": [[str(p)] for p in frame["place_id"]],
    }


def _fences(groups: pd.Series, kind: Type) -> list[dict[str, Any]]:
    """Hairlines between groups that must not be ranked together."""
    order = list(groups)
    line = {"color": LINE, "width": kind.line, "dash": "dot"}
    shape = {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "line": line, "layer": "below"}
    return [{**shape, "y0": i - 0.5, "y1": i - 0.5} for i in range(1, len(order)) if order[i] != order[i - 1]]


def published(frame: pd.DataFrame, name: str, context: Context, height: float | None = None, large: bool = False) -> Figure:
    """One kind of published figure at every place that published it.

    ``frame`` as from Warehouse.published: place_id, place, unit, value, lower, upper, qualifier, window_text, dated
    (article and date, empty where the text gives none) and, if there, source, written, note; ``name`` is the figure's Chinese name. Labels keep 余, 约 and 近; windows stand below
    the place. Rows without a figure are left out and counted. Raises ValueError where units differ.
    """
    kind = SLIDE if large else SCREEN
    if frame["unit"].nunique() > 1:
        raise ValueError(f"“{name}”有不同的单位（{'、'.join(map(str, frame['unit'].unique()))}），不能画在一张图上。")
    there = frame[frame["value"].notna() | (frame["lower"].notna() & frame["upper"].notna())]
    if there.empty:
        title = fit_title(f"没有公布{name}的地方", f"公开报道中没有{name}", otherwise="公开报道中没有这一类数字")
        return nothing("没有可以显示的数字。", (title, f"公开报道没有写出{name}。"), context, height, kind)
    window = there["window_text"].fillna("").replace("", UNDATED)
    shown, groups = _arranged(there.assign(window_text=window).reset_index(drop=True))
    unit = str(shown["unit"].iloc[0])
    columns = (shown[c] for c in ("value", "lower", "upper", "qualifier"))
    figures = [format_figure(*row, unit) for row in zip(*columns, strict=True)]
    said = meta(_finding(name, shown, groups, len(frame) - len(there)), context, unit, _alt(name, shown, figures), _READING)
    layout = _layout(shown, groups, figures, name, unit, height, kind)
    return {"data": [_bars(shown, _hovers(shown, name, figures))], "layout": layout | {"meta": said}}


_READING = "每条数字保留原文的“余、约、近”等字，名称下是时间口径。点线隔开日期不同或没有日期的数字，它们之间不排名。"


def _alt(name: str, frame: pd.DataFrame, figures: list[str]) -> str:
    rows = [f"{p}（{w}）{f}" for p, w, f in zip(frame["place"], frame["window_text"], figures, strict=True)]
    return f"横条图：{name}。" + "；".join(rows[:12]) + (f"；等{len(rows)}处。" if len(rows) > 12 else "。")


def _layout(
    frame: pd.DataFrame, groups: pd.Series, figures: list[str], name: str, unit: str, height: float | None, kind: Type
) -> dict[str, Any]:
    top, bottom = 10, kind.tick * 1.5 + kind.small * 1.6 + 8
    height = height or (_SLIDE_HEIGHT if kind is SLIDE else max(len(frame), 2) * _PITCH + top + bottom)
    size = max(min(kind.body, (height - top - bottom) / len(frame) * 0.4), 9)
    texts, left = _labels(frame, size)
    ends = pd.concat([frame["value"], frame["upper"], pd.Series([0.0])]).dropna()
    ticks = nice_ticks(float(ends.min()), float(ends.max()), 5)
    title = {"text": safe(f"{name}（{unit}）" if unit else name), "font": {"size": kind.small, "color": SECOND}, "standoff": 4}
    return template(
        height,
        kind,
        {"l": left + size * 1.4, "r": max(text_width(f, size) for f in figures) + size, "t": top, "b": bottom},
        xaxis=axis(
            kind, tickmode="array", tickvals=ticks, ticktext=tick_texts(ticks, unit), range=[ticks[0], ticks[-1]], title=title
        ),
        yaxis=row_axis(texts, size, kind, showgrid=False),
        shapes=_fences(groups, kind),
        annotations=side_notes(figures, [INK] * len(figures), size),
    )
