"""Rankings and trends: one slide a metric, with the figures of its picture beside it and three facts in large type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from jiejian import charts
from jiejian.analysis.interval import compare_to_mean
from jiejian.analysis.takeaway import Step, all_steps, like_for_like
from jiejian.catalogue import Catalogue, Metric
from jiejian.format import format_value
from jiejian.periods import parse_period
from jiejian.slides.model import Fact, Line, Look, Plot, Slide, SlideData

_NARROWEST = 1220  # px that a figure has on any slide: labels placed for it overlap on none
_TOGETHER = 8  # places of a trend whose lines are also in the native chart


def _values(values: Iterable[float]) -> tuple[float | None, ...]:
    return tuple(None if pd.isna(v) else float(v) for v in values)


def _ticks(figure: charts.Figure, axis: str) -> tuple[float, ...]:
    return tuple(float(tick) for tick in figure["layout"].get(axis, {}).get("tickvals", ()))


# ---- rankings ----


def ranking_slides(data: SlideData, metrics: Sequence[Metric], catalogue: Catalogue, look: Look) -> list[Slide]:
    """Who stands where, for one metric; empty where no place has a figure."""
    (metric,) = metrics
    own = data.frame[data.frame["metric"] == metric.id]
    if not own["value"].notna().any():
        return []
    standard = catalogue.standard_of(metric.id)
    figure = charts.ranked(
        own, metric, data.context, focus=data.focus, standard=standard, ordered=look.ordered, height=look.height, large=True
    )
    compared = compare_to_mean(own, metric)
    plot = _ranking_plot(compared, metric, data.focus, look.ordered, standard.value if standard else None)
    said = figure["layout"]["meta"]
    plot = replace(plot, ticks=_ticks(figure, "xaxis"))
    return [Slide(said["title"], "ranking", said["takeaway"], figure, plot, facts=_ranking_facts(compared, metric, data))]


def _ranking_plot(compared: pd.DataFrame, metric: Metric, focus: Sequence[str], ordered: bool, standard: float | None) -> Plot:
    by, ascending = (["value", "sort"], [False, True]) if ordered else (["sort"], [True])
    rows = compared.sort_values(by, ascending=ascending, na_position="last", kind="stable")
    red = rows["place_id"].isin(focus)
    interval = rows["lower"].notna().any()

    def line(name: str, chosen: pd.Series, role: str) -> Line:
        parts = (rows[c].where(chosen) for c in ("value", "lower", "upper"))
        value, lower, upper = (_values(part) for part in parts)
        return Line(name, value, role, lower if interval else (), upper if interval else ())

    lines = [line("各社区" if red.any() else metric.name, ~red, "other")] if (~red).any() else []
    lines += [line("、".join(rows.loc[red, "place"].astype(str)), red, "focus")] if red.any() else []
    mean = float(rows["mean"].iloc[0])
    lines += [] if np.isnan(mean) else [Line("总体平均", (mean,) * len(rows), "mean")]
    lines += [] if standard is None else [Line("参考标准", (float(standard),) * len(rows), "standard")]
    kind = "bars" if metric.kind == "count" else "dots"
    return Plot(kind, tuple(rows["place"].astype(str)), tuple(lines), metric.name, metric.unit, metric.decimals)


def _ranking_facts(compared: pd.DataFrame, metric: Metric, data: SlideData) -> tuple[Fact, ...]:
    """The mean, the place in focus or how many stand out, and the range."""
    there = compared[compared["value"].notna()]
    facts, mean = [], float(compared["mean"].iloc[0])
    for row in there[there["place_id"].isin(data.focus)].itertuples():
        facts.append(Fact(str(row.place), format_value(row.value, metric, unit=True)))
    if not np.isnan(mean):
        facts.append(Fact("街道平均", format_value(mean, metric, unit=True)))
    elif metric.kind == "count" and len(there) > 1:
        facts.append(Fact("居中的社区", format_value(float(there["value"].median()), metric, unit=True)))
    if len(there) > 1:
        ends = "—".join(format_value(v, metric) for v in (there["value"].min(), there["value"].max()))
        facts.append(Fact("各社区之间", ends))
    outside = (there["group"].isin(["明显高于平均", "明显低于平均"])).sum()
    if there["group"].ne("").any() and len(facts) < 3:
        facts.append(Fact("与平均有明显差异", f"{outside}个社区"))
    return tuple(facts[:3])


# ---- trends ----


def trend_slides(data: SlideData, metrics: Sequence[Metric], catalogue: Catalogue, look: Look) -> list[Slide]:
    """What changed, for one metric; empty where no period has a figure."""
    (metric,) = metrics
    series = data.series[data.series["metric"] == metric.id]
    if not series["value"].notna().any():
        return []
    standard = catalogue.standard_of(metric.id)
    compared = like_for_like(data.series, metric, catalogue.measures)
    figure = charts.trend(
        data.series, metric, data.context, focus=data.focus, total=data.totals, events=data.events, standard=standard,
        compared=compared, height=look.height, width=_NARROWEST, large=True,
    )  # fmt: skip
    said = figure["layout"]["meta"]
    plot = _trend_plot(series, data.totals[data.totals["metric"] == metric.id], metric, data.focus)
    plot = replace(plot, ticks=_ticks(figure, "yaxis"))
    own = series[series["place_id"] == data.focus[0]] if len(data.focus) == 1 else None
    facts = _trend_facts(data.totals if own is None else own, metric, {} if own is not None else {metric.id: compared})
    return [Slide(said["title"], "trend", said["takeaway"], figure, plot, facts=facts)]


def _trend_plot(series: pd.DataFrame, total: pd.DataFrame, metric: Metric, focus: Sequence[str]) -> Plot:
    """The street's line and those in focus; a few places are all there, many stay on the screen only."""
    keys = sorted(series["period"].unique(), key=lambda key: parse_period(key).end)
    lines = []
    if len(total) and total["value"].notna().any() and not (metric.kind == "count" and len(focus)):
        street = total.drop_duplicates("period").set_index("period")["value"].reindex(keys)
        lines.append(Line(str(total["place"].iloc[0]), _values(street), "mean" if focus else "focus"))
    places = series.drop_duplicates("place_id").sort_values("sort", kind="stable")
    chosen = places[places["place_id"].isin(focus)] if focus or len(places) > _TOGETHER or lines else places
    for row in chosen.itertuples():
        values = series[series["place_id"] == row.place_id].set_index("period")["value"].reindex(keys)
        lines.append(Line(str(row.place), _values(values), "focus" if focus else "other"))
    return Plot("lines", tuple(parse_period(k).label for k in keys), tuple(lines), metric.name, metric.unit, metric.decimals)


def _trend_facts(rows: pd.DataFrame, metric: Metric, compared: dict) -> tuple[Fact, ...]:
    """The newest figure and its changes, each only where there is one."""
    rows = rows[rows["metric"] == metric.id]
    if rows.empty or pd.isna(rows["value"].iloc[-1]):
        return ()
    made: Sequence[Step] = all_steps(rows, [metric], compared)[metric.id]
    newest = Fact(parse_period(rows["period"].iloc[-1]).label, format_value(rows["value"].iloc[-1], metric, unit=True))
    return (newest, *(Fact(step.name, step.text) for step in made if step.text))[:3]
