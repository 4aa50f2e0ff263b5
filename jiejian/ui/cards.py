"""Cards of key figures: value, 同比 and 环比 over the same communities, and a small trend. The slides show the same cards."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from jiejian.catalogue import Catalogue
from jiejian.slides import Card


def draw(cards: Sequence[Card], catalogue: Catalogue, per_row: int = 3) -> None:
    """Lay the cards out in rows. Colour only where a change is beyond chance; the definition shows on hovering."""
    for start in range(0, len(cards), per_row):
        for column, one in zip(st.columns(per_row), cards[start : start + per_row], strict=False):
            with column:
                st.html(_html(one, catalogue.metrics[one.metric].definition))


def _html(one: Card, definition: str) -> str:
    text = html.escape
    # The colour is that of the change that was tested, the first; the other may go the other way.
    tested, *others = (f"<span>{text(change)}</span>" for change in one.changes or ("不作比较",))
    note = "，".join(part for part in (one.word if one.changes else "", one.reporting) if part)
    spoken = f"{one.name} {one.value}{one.unit}，{'，'.join(one.changes)}"
    return (
        f'<div class="jj-card" role="group" aria-label="{text(spoken)}">'
        f'<div class="name" title="{text(definition)}">{text(one.name)}</div>'
        f'<div class="value">{text(one.value)}<span class="unit">{text(one.unit)}</span></div>'
        f'<div class="change"><span class="{one.tone}">{one.icon} {tested}</span>{"".join(others)}</div>'
        f'<div class="change">{text(note) or "&nbsp;"}</div>{_sparkline(one.series)}</div>'
    )


def _sparkline(series: Sequence[float | None], width: int = 260, height: int = 34) -> str:
    """A line without axes as an inline picture; a gap breaks the line, the last point is marked."""
    values = np.array([np.nan if v is None else v for v in series], dtype=float)
    known = np.isfinite(values)
    marks = ""
    if known.sum() > 1:
        low, high = values[known].min(), values[known].max()
        x = np.linspace(4, width - 4, len(values))
        y = np.where(known, height - 5 - (values - low) / ((high - low) or 1) * (height - 10), np.nan)
        path, pen = [], "M"
        for px, py, ok in zip(x, y, known, strict=True):
            if ok:
                path.append(f"{pen}{px:.1f} {py:.1f}")
            pen = "L" if ok else "M"
        last = int(np.flatnonzero(known)[-1])
        marks = (
            f'<path d="{" ".join(path)}" fill="none" stroke="#9AA5B1" stroke-width="1.6"/>'
            f'<circle cx="{x[last]:.1f}" cy="{y[last]:.1f}" r="3" fill="#B71C1C"/>'
        )
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{marks}</svg>'
    return f'<img class="spark" alt="" src="data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}">'
