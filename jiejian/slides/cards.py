"""All key figures on one slide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from jiejian.analysis.takeaway import Step, all_like_for_like, all_steps, cards_finding
from jiejian.catalogue import Catalogue, Metric
from jiejian.format import format_value
from jiejian.slides.model import Card, Look, Slide, SlideData


def cards_slides(data: SlideData, metrics: Sequence[Metric], catalogue: Catalogue, look: Look) -> list[Slide]:
    """One slide; metrics without figures are named in its takeaway. Empty where no metric has any."""
    of = data.totals["metric"].to_numpy(dtype=object)
    shown = [m for m in metrics if (of == m.id).any()]
    if not data.totals["value"].notna().any():
        return []
    compared = all_like_for_like(data.series, shown, catalogue.measures)
    made = all_steps(data.totals, shown, compared)
    title, takeaway = cards_finding(data.totals, shown, made=made)
    absent = "、".join(m.name for m in metrics if m not in shown)
    takeaway += f"暂无数据：{absent}。" if absent else ""
    cards = tuple(card(m, data.totals.iloc[np.flatnonzero(of == m.id)], made[m.id]) for m in shown)
    return [Slide(title, "cards", takeaway, cards=cards)]


def card(metric: Metric, rows: pd.DataFrame, made: Sequence[Step]) -> Card:
    """One key figure from the street's rows over the periods, oldest first, and the steps of the newest."""
    now = rows.iloc[-1]
    first = made[0] if made else None
    tone = ""
    if first and first.real and first.direction and metric.better != "neutral":
        tone = "better" if (first.direction > 0) == (metric.better == "higher") else "worse"
    word = {True: "超出随机波动", False: "随机波动范围内", None: ""}[first.real if first else None]
    missing = pd.isna(now["value"])
    return Card(
        metric.id,
        metric.name,
        "缺数" if missing else format_value(now["value"], metric),
        "" if missing or metric.unit == "%" else metric.unit,
        tuple(f"{s.name}{s.text or '不作比较'}" for s in made),
        {1: "▲", -1: "▼"}.get(first.direction if first else 0, "●"),
        tone,
        word,
        f"报送 {now['reporting']}/{now['places']}" if now["reporting"] < now["places"] else "",
        tuple(None if pd.isna(v) else float(v) for v in rows["value"]),
    )
