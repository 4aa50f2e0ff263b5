"""A deck's plan -> its slides, stop by stop; what is no longer there gives a slide that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pandas as pd

from jiejian.analysis.takeaway import fit_title
from jiejian.catalogue import Catalogue, Deck, DeckSlide, Metric, Stop
from jiejian.context import Context
from jiejian.selection import SelectionError
from jiejian.slides.cards import cards_slides
from jiejian.slides.model import HEIGHT, Fetch, Look, Slide, SlideData
from jiejian.slides.notes import speaker_notes
from jiejian.slides.pictures import ranking_slides, trend_slides
from jiejian.slides.tables import table_slides

# Which maker draws a kind of slide from its data; a new kind is one line here and one in catalogue.SlideKind.
MAKERS: dict[str, Callable[[SlideData, Sequence[Metric], Catalogue, Look], list[Slide]]] = {
    "cards": cards_slides,
    "ranking": ranking_slides,
    "trend": trend_slides,
    "table": table_slides,
}
# These make one slide a metric, so that each metric is fetched by itself.
SINGLE = ("ranking", "trend")


def build(deck: Deck, fetch: Fetch, catalogue: Catalogue, ordered: bool = True, height: float = HEIGHT) -> list[Slide]:
    """The slides of a deck in its order.

    ``fetch(metrics, kind, places)`` gives the data of one slide and may raise SelectionError for metrics that have none.
    Rankings and trends make one slide a metric; long tables go on over several slides. ``ordered`` sorts rankings by
    value, else the street's customary order holds; ``height`` is that of figures, in px of a slide of 1080.
    """
    look = Look(ordered, height)
    return [slide for stop in deck.route for slide in _at(stop, fetch, catalogue, look)]


def _at(stop: Stop, fetch: Fetch, catalogue: Catalogue, look: Look) -> Iterator[Slide]:
    """The slides of a stop, its minutes spread evenly over them."""
    slides = [slide for planned in stop.slides for slide in _slides(planned, fetch, catalogue, look)]
    for slide in slides:
        yield replace(slide, stop=stop.name, minutes=stop.minutes / len(slides))


def _slides(planned: DeckSlide, fetch: Fetch, catalogue: Catalogue, look: Look) -> list[Slide]:
    if planned.unknown:
        reason = f"本页是“{planned.unknown}”，本版本没有这种幻灯片，可能已取消，或来自更新的版本。请在编辑页换一种内容，或删去本页。"
        return [_edited(_lost(planned, reason), planned, first=True)]
    there = tuple(m for m in planned.metrics if m in catalogue.metrics)
    gone = [m for m in planned.metrics if m not in catalogue.metrics]
    groups = [(m,) for m in there] if planned.kind in SINGLE else [there] if there else []
    made = [slide for metrics in groups for slide in _made(planned, metrics, fetch, catalogue, look)]
    if gone:
        made.append(
            _lost(planned, f"本页引用的指标“{'、'.join(gone)}”已不存在，可能已改名或删除。请在编辑页换一个指标，或删去本页。")
        )
    return [_edited(slide, planned, first=n == 0) for n, slide in enumerate(made)]


def _made(planned: DeckSlide, metrics: tuple[str, ...], fetch: Fetch, catalogue: Catalogue, look: Look) -> list[Slide]:
    """The slides of metrics that exist, or one that says why there are no figures."""
    data, reasons = _fetched(planned, metrics, fetch)
    known = [catalogue.metrics[m] for m in metrics]
    if data is None:
        return [_empty(planned, known[0], catalogue, next(iter(reasons.values())), None)]
    slides = MAKERS[planned.kind](data, known, catalogue, look)
    if not slides:
        return [_empty(planned, known[0], catalogue, "所选时间内没有数据。", data.context)]
    notes = speaker_notes(known, data.context, catalogue)
    return [replace(_framed(s, data.context), notes=notes) for s in slides]


def _edited(slide: Slide, planned: DeckSlide, first: bool) -> Slide:
    """What an editor wrote goes before what was found; notes of one's own stand before the general ones."""
    notes = "\n".join(part for part in (planned.notes if first else "", slide.notes) if part)
    return replace(slide, title=planned.title or slide.title, takeaway=planned.takeaway or slide.takeaway, notes=notes)


def _framed(slide: Slide, context: Context) -> Slide:
    return replace(slide, scope=context.subtitle, foot=context.foot, fictional=context.fictional)


# ---- what there is to show ----


def _fetched(planned: DeckSlide, metrics: tuple[str, ...], fetch: Fetch) -> tuple[SlideData | None, dict[str, str]]:
    """Data for all metrics of a slide that have some, and why the others have none."""
    try:
        return fetch(metrics, planned.kind, planned.places), {}
    except SelectionError as error:
        if len(metrics) == 1:
            return None, {metrics[0]: str(error)}
    found, reasons = [], {}
    for metric in metrics:
        try:
            found.append(fetch((metric,), planned.kind, planned.places))
        except SelectionError as error:
            reasons[metric] = str(error)
    return (_stacked(found) if found else None), reasons


def _stacked(parts: Sequence[SlideData]) -> SlideData:
    frames = {name: pd.concat([getattr(p, name) for p in parts], ignore_index=True) for name in ("frame", "series", "totals")}
    sources = tuple(dict.fromkeys(source for part in parts for source in part.context.sources))
    return replace(parts[0], **frames, context=replace(parts[0].context, sources=sources))


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
    slide = Slide(title, planned.kind, f"{reason}{ask}")
    return _framed(slide, context) if context else slide


def _lost(planned: DeckSlide, reason: str) -> Slide:
    """The place of something that no longer exists."""
    return Slide("本页引用的内容已不存在，请修改", planned.kind, reason)
