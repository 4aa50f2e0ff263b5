"""Cards of key figures: value, 同比 and 环比 over the same communities, and a small trend."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from jiejian.analysis.change import base_period, change
from jiejian.analysis.total import total
from jiejian.catalogue import Metric, catalogue
from jiejian.format import format_value
from jiejian.periods import periods_between
from jiejian.ui import data
from jiejian.ui.view import View

TREND_PERIODS = 13


def series(view: View, metric: Metric) -> pd.DataFrame:
    """The figures frame of the last periods up to the picked one, reaching back to the same period a year before."""
    before = base_period(view.period, "year_before")
    past = periods_between(min(before.start, view.dataset.first), view.period.end, view.period.grain)
    past = [p for p in past if p.end <= view.period.end][-TREND_PERIODS:]
    return data.figures(view.asking(metric, since=past[0]))


def cards(view: View, metrics: Sequence[Metric], per_row: int = 3) -> None:
    """Draw one card a metric. Changes are facts without colour: whether they mean anything is for the charts to say."""
    for start in range(0, len(metrics), per_row):
        for column, metric in zip(st.columns(per_row), metrics[start : start + per_row], strict=False):
            with column:
                st.html(_card(view, metric))


def _card(view: View, metric: Metric) -> str:
    frame, measures = series(view, metric), catalogue().measures
    totals = total(frame, metric, measures)
    now = totals[totals["period"] == view.period.key].iloc[0]
    changes = [change(frame, metric, measures, view.period, against) for against in ("year_before", "previous")]
    text = " · ".join(c.text for c in changes if c is not None) or now["note"]
    reported = f"报送 {now['reporting']}/{now['places']}" if now["reporting"] < now["places"] else ""
    number = format_value(now["value"], metric)
    return (
        f'<div class="jj-card" role="group" aria-label="{html.escape(metric.name)} {html.escape(number)}">'
        f'<div class="name" title="{html.escape(metric.definition)}">{html.escape(metric.name)}</div>'
        f'<div class="value">{html.escape(number)}</div>'
        f'<div class="change">{html.escape(text)} {reported}</div>{_sparkline(totals["value"].to_numpy(dtype=float))}</div>'
    )


def _sparkline(values: np.ndarray, width: int = 240, height: int = 34) -> str:
    """A line without axes as inline SVG; a gap breaks the line, the last point is marked."""
    known = np.isfinite(values)
    if known.sum() < 2:
        return f'<svg viewBox="0 0 {width} {height}" aria-hidden="true"></svg>'
    low, high = values[known].min(), values[known].max()
    x = np.linspace(4, width - 4, len(values))
    y = np.where(known, height - 5 - (values - low) / ((high - low) or 1) * (height - 10), np.nan)
    path, pen = [], "M"
    for px, py, ok in zip(x, y, known, strict=True):
        if ok:
            path.append(f"{pen}{px:.1f} {py:.1f}")
        pen = "L" if ok else "M"
    last = int(np.flatnonzero(known)[-1])
    return (
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="{" ".join(path)}" fill="none" stroke="#9AA5B1" stroke-width="1.6"/>'
        f'<circle cx="{x[last]:.1f}" cy="{y[last]:.1f}" r="3" fill="#B71C1C"/></svg>'
    )
