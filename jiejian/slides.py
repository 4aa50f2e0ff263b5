"""Deck -> slides: what the presenter shows, the file holds and the printer prints, all from one list.

A slide is a finding with one picture, one table or some cards. It holds texts and a figure, no data frame, so that
screen, PPTX and HTML cannot disagree. A deck that names what has no figures gives a slide that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from jiejian import charts
from jiejian.analysis.takeaway import Finding, Step, all_steps, cards_finding, fit_title, gap_word, like_for_like, ranking_finding
from jiejian.catalogue import Catalogue, Deck, DeckSlide, Metric
from jiejian.context import Context
from jiejian.format import format_value
from jiejian.selection import SelectionError

Kind = Literal["cards", "ranking", "trend", "table"]
ROWS_A_SLIDE = 12
_HEIGHT = 760


@dataclass(frozen=True)
class SlideData:
    """What a slide is made from.

    ``frame``: the figures frame of the newest period, all communities; ``series``: the same over the periods;
    ``totals``: the street's rows over the periods (analysis.total of every metric, stacked); ``events``: happened_on, what.
    """

    frame: pd.DataFrame
    series: pd.DataFrame
    totals: pd.DataFrame
    context: Context
    events: pd.DataFrame | None = None


Fetch = Callable[[tuple[str, ...], str], SlideData]


@dataclass(frozen=True)
class Card:
    """One key figure. ``changes`` are 环比 and 同比 in words; ``tone`` (better, worse) only where a change is beyond chance."""

    metric: str
    name: str
    value: str
    unit: str
    changes: tuple[str, ...] = ()
    icon: str = "●"
    tone: Literal["better", "worse", ""] = ""
    word: str = ""
    reporting: str = ""
    series: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Slide:
    """One slide. ``title`` is the finding; ``table`` has its heads as first row; ``scope`` names street, places and period."""

    title: str
    kind: Kind
    takeaway: str
    figure: charts.Figure | None = field(default=None, hash=False)
    table: tuple[tuple[str, ...], ...] | None = None
    cards: tuple[Card, ...] = ()
    notes: str = ""
    scope: str = ""
    foot: str = ""
    fictional: bool = False

    @property
    def empty(self) -> bool:
        """Whether the slide only says that there is nothing to show."""
        return self.figure is None and self.table is None and not self.cards


def build(deck: Deck, fetch: Fetch, catalogue: Catalogue, ordered: bool = True, height: float = _HEIGHT) -> list[Slide]:
    """The slides of a deck in its order.

    ``fetch(metrics, kind)`` gives the data of one slide and may raise SelectionError for metrics that have none.
    Rankings and trends make one slide a metric; long tables go on over several slides. ``ordered`` sorts rankings by
    value, else the street's customary order holds; ``height`` is that of figures, in px of a slide of 1080.
    """
    makers = {"cards": _cards, "table": _tables}
    slides: list[Slide] = []
    for planned in deck.slides:
        if planned.kind in makers:
            slides += makers[planned.kind](planned, fetch, catalogue)
        else:
            slides += [_picture(planned, catalogue.metrics[m], fetch, catalogue, ordered, height) for m in planned.metrics]
    return slides


# ---- what there is to show ----


def _ledgers(metric: Metric, catalogue: Catalogue) -> str:
    """The ledgers from which a metric comes, for whoever has to send them."""
    tables = catalogue.tables()
    names: dict[str, None] = {}
    for measure in (catalogue.measures[m] for m in metric.measures):
        if measure.rollup:
            found = tables.get(measure.rollup.table, [])
        else:
            found = [ledger for ledger in catalogue.ledgers.values() if any(c.measure == measure.id for c in ledger.columns)]
        names.update(dict.fromkeys(ledger.name for ledger in found))
    return "、".join(names)


def _empty(planned: DeckSlide, metric: Metric, catalogue: Catalogue, reason: str, context: Context | None) -> Slide:
    ledgers = _ledgers(metric, catalogue)
    title = fit_title(f"{metric.name}暂无数据可以展示", f"{metric.name}暂无数据", otherwise="本页指标暂无数据可以展示")
    ask = f"需要的台账：{ledgers}。" if ledgers and "台账" not in reason else ""
    slide = Slide(title, planned.kind, f"{reason}{ask}", notes=planned.notes)
    return _framed(slide, context) if context else slide


def _framed(slide: Slide, context: Context) -> Slide:
    return replace(slide, scope=context.subtitle, foot=context.foot, fictional=context.fictional)


def _there(data: SlideData, metric: Metric, kind: str) -> bool:
    """Whether there is any figure for this kind of slide."""
    frame = data.series if kind == "trend" else data.frame
    return bool(frame.loc[frame["metric"] == metric.id, "value"].notna().any())


def _fetched(planned: DeckSlide, fetch: Fetch) -> tuple[SlideData | None, dict[str, str]]:
    """Data for all metrics of a slide that have some, and why the others have none."""
    try:
        return fetch(planned.metrics, planned.kind), {}
    except SelectionError as error:
        if len(planned.metrics) == 1:
            return None, {planned.metrics[0]: str(error)}
    found, reasons = [], {}
    for metric in planned.metrics:
        try:
            found.append(fetch((metric,), planned.kind))
        except SelectionError as error:
            reasons[metric] = str(error)
    return (_stacked(found) if found else None), reasons


def _stacked(parts: Sequence[SlideData]) -> SlideData:
    frames = {name: pd.concat([getattr(p, name) for p in parts], ignore_index=True) for name in ("frame", "series", "totals")}
    sources = tuple(dict.fromkeys(source for part in parts for source in part.context.sources))
    return replace(parts[0], **frames, context=replace(parts[0].context, sources=sources))


# ---- pictures ----


def _picture(planned: DeckSlide, metric: Metric, fetch: Fetch, catalogue: Catalogue, ordered: bool, height: float) -> Slide:
    """A ranking or a trend of one metric."""
    try:
        data = fetch((metric.id,), planned.kind)
    except SelectionError as error:
        return _empty(planned, metric, catalogue, str(error), None)
    if not _there(data, metric, planned.kind):
        reason = ranking_finding(data.frame[data.frame["metric"] == metric.id], metric)[1]
        return _empty(planned, metric, catalogue, reason, data.context)
    standard = catalogue.standard_of(metric.id)
    if planned.kind == "ranking":
        own = data.frame[data.frame["metric"] == metric.id]
        figure = charts.ranked(own, metric, data.context, standard=standard, ordered=ordered, height=height, large=True)
    else:
        figure = charts.trend(
            data.series, metric, data.context, total=data.totals, events=data.events, standard=standard,
            compared=like_for_like(data.series, metric, catalogue.measures), height=height, large=True,
        )  # fmt: skip
    said = figure["layout"]["meta"]
    return _framed(Slide(said["title"], planned.kind, said["takeaway"], figure, notes=planned.notes), data.context)


# ---- cards ----


def _cards(planned: DeckSlide, fetch: Fetch, catalogue: Catalogue) -> list[Slide]:
    """All key figures on one slide; those without figures are named in its takeaway."""
    data, reasons = _fetched(planned, fetch)
    metrics = [catalogue.metrics[m] for m in planned.metrics]
    shown = [m for m in metrics if data is not None and (data.totals["metric"] == m.id).any()]
    if data is None or not data.totals["value"].notna().any():
        reason = next(iter(reasons.values()), "所选时间内没有数据。")
        return [_empty(planned, metrics[0], catalogue, reason, data.context if data else None)]
    compared = {m.id: like_for_like(data.series, m, catalogue.measures) for m in shown}
    made = all_steps(data.totals, shown, compared)
    title, takeaway = cards_finding(data.totals, shown, made=made)
    absent = "、".join(m.name for m in metrics if m not in shown)
    takeaway += f"暂无数据：{absent}。" if absent else ""
    cards = tuple(card(m, data.totals[data.totals["metric"] == m.id], made[m.id]) for m in shown)
    return [_framed(Slide(title, "cards", takeaway, cards=cards, notes=planned.notes), data.context)]


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


# ---- tables ----


def _tables(planned: DeckSlide, fetch: Fetch, catalogue: Catalogue) -> list[Slide]:
    """Communities × metrics as text, twelve communities a slide, the street's row at the end of each."""
    data, reasons = _fetched(planned, fetch)
    metrics = [catalogue.metrics[m] for m in planned.metrics]
    if data is None or not data.frame["value"].notna().any():
        reason = next(iter(reasons.values()), "所选时间内没有数据。")
        return [_empty(planned, metrics[0], catalogue, reason, data.context if data else None)]
    shown = [m for m in metrics if (data.frame["metric"] == m.id).any()]
    heads = ("社区", *(f"{m.name}（{m.unit}）" for m in shown))
    rows, street = _table_rows(data.frame, shown), _street_row(data, shown)
    title, takeaway = _table_finding(data.frame, shown, [m for m in metrics if m not in shown], len(rows))
    pages = [rows[i : i + ROWS_A_SLIDE] for i in range(0, len(rows), ROWS_A_SLIDE)]
    return [
        _framed(
            Slide(
                title + (f"（{n}/{len(pages)}）" if len(pages) > 1 else ""),
                "table",
                takeaway,
                table=(heads, *page, street),
                notes=planned.notes if n == 1 else "",
            ),
            data.context,
        )
        for n, page in enumerate(pages, start=1)
    ]


def _texts(values: Iterable[float], denominators: Iterable[float], metric: Metric) -> list[str]:
    pairs = zip(values, denominators, strict=True)
    return [gap_word(below) if pd.isna(value) else format_value(value, metric) for value, below in pairs]


def _table_rows(frame: pd.DataFrame, metrics: Sequence[Metric]) -> list[tuple[str, ...]]:
    """One row a community in customary order."""
    places = frame.drop_duplicates("place_id").sort_values("sort", kind="stable")
    columns = [list(places["place"].astype(str))]
    for metric in metrics:
        own = frame[frame["metric"] == metric.id].set_index("place_id").reindex(places["place_id"])
        columns.append(_texts(own["value"], own["denominator"], metric))
    return list(zip(*columns, strict=True))


def _street_row(data: SlideData, metrics: Sequence[Metric]) -> tuple[str, ...]:
    """The street's figures of the newest period; — where communities may not be added or nobody reported."""
    key = data.frame["period"].iloc[0]
    now = data.totals[data.totals["period"] == key].drop_duplicates("metric").set_index("metric")["value"]
    return ("全街道", *(format_value(now.get(m.id), m) for m in metrics))


def _table_finding(frame: pd.DataFrame, shown: Sequence[Metric], absent: Sequence[Metric], places: int) -> Finding:
    gaps = {m.name: int(frame.loc[frame["metric"] == m.id, "value"].isna().sum()) for m in shown}
    missing = "、".join(f"{name}{count}个" for name, count in gaps.items() if count)
    told = f"缺数的社区：{missing}，表中写明缺报或分母为0。" if missing else "各社区均有数。"
    told += f"暂无数据：{'、'.join(m.name for m in absent)}。" if absent else ""
    title = fit_title(f"{places}个社区{len(shown)}项指标一览", otherwise="各社区主要指标数值一览")
    return title, f"按街道惯例顺序排列，不是名次。{told}"
