"""Decks as the pages know them: ready ones, plans with their subject chosen, and those saved under a name, frozen or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from jiejian.catalogue import Deck, DeckSlide
from jiejian.figures import names_of
from jiejian.home import home
from jiejian.periods import parse_period
from jiejian.selection import SelectionError, latest_periods
from jiejian.slides import Fetch, Slide, build, plans, store
from jiejian.slides.frozen import Frozen, thawed
from jiejian.ui import anonymity, data, deck
from jiejian.ui.view import View
from jiejian.warehouse import Warehouse


@dataclass(frozen=True)
class Opened:
    """A deck that can be shown: with the view from which its figures come (None where there is no data set for it)."""

    deck: Deck
    view: View | None
    frozen: Frozen | None = None
    fault: str = ""

    @property
    def fetch(self) -> Fetch | None:
        """Where its figures come from: what was frozen, or the warehouse as it stands."""
        return thawed(self.frozen) if self.frozen else deck.fetcher(self.view) if self.view else None


FROZEN = "这份演示的数字已经定格，定格的数字里有其他社区的名称，不能在隐名时放映。请在编辑页取消定格，或另做一份。"


def find(source: Warehouse, name: str, subject: str = "", anonymous: bool = False) -> Opened | None:
    """A ready deck by id, or a saved one by name; a plan is filled with ``subject``, or with the first there is.

    In the anonymous mode the communities that the deck is about keep their names. Somebody who may not see all gets the deck
    without the slides about others, and without others' names in what its editor wrote.
    """
    ready = source.catalogue.decks.get(name)
    if ready is not None:
        view = view_for(source, ready)
        return _shown(filled(view, ready, subject) if view else ready, view, None, anonymous)
    saved = store.stored(home()).get(name)
    if saved is None:
        return None
    if saved.deck is None:
        return Opened(Deck(id=name, name=name), None, fault=saved.fault)
    return _shown(saved.deck, view_for(source, saved.deck), saved.frozen, anonymous)


def _shown(chosen: Deck, view: View | None, frozen: Frozen | None, anonymous: bool) -> Opened:
    if view is not None and anonymous:
        view = anonymity.covered(view, _about(chosen, view))
    if view is None or not view.limited:
        return Opened(chosen, view, frozen)
    if frozen is not None:
        return Opened(Deck(id="x", name=view.source.cleaned(chosen.name)), None, fault=FROZEN)
    return Opened(_of_named(chosen, view), view)


def _about(chosen: Deck, view: View) -> set[str]:
    """Ids of the communities that slides of a deck are about."""
    ids = {name: place for place, name in names_of(view.named).items()}
    wanted = {place for stop in chosen.route for slide in stop.slides for place in slide.places}
    return {ids.get(place, place) for place in wanted}


def _of_named(chosen: Deck, view: View) -> Deck:
    """A deck without slides about communities that may not be named, and its texts without their names."""
    known = {*view.named["place_id"], *view.named["place"]}

    def kept(slides: Sequence[DeckSlide]) -> tuple[DeckSlide, ...]:
        words = ("title", "takeaway", "notes")
        return tuple(
            slide.model_copy(update={word: view.source.cleaned(getattr(slide, word)) for word in words})
            for slide in slides
            if known.issuperset(slide.places)
        )

    stops = [
        stop.model_copy(update={"name": view.source.cleaned(stop.name), "slides": kept(stop.slides)})
        for stop in chosen.stops
        if not stop.place or stop.place in known
    ]
    words = {word: view.source.cleaned(getattr(chosen, word)) for word in ("id", "name", "note")}
    return chosen.model_copy(update={**words, "slides": kept(chosen.slides), "stops": tuple(s for s in stops if s.slides)})


def filled(view: View, plan: Deck, subject: str = "") -> Deck:
    """A plan with its subject: a community (id or name), a topic, or communities of a route with commas between them."""
    if plan.subject == "topic":
        found = plans.topics(view.catalogue, view.metrics)
        topic = subject if subject in found else next(iter(found), "")
        return plans.about_topic(plan, topic, found.get(topic, ()))
    if plan.subject == "community":
        return plans.about_community(plan, subject or next(iter(subjects(view, plan)), ""))
    if plan.subject == "route":
        chosen = [part for part in subject.split(",") if part] or list(subjects(view, plan))[:3]
        return plans.along_route(plan, chosen)
    return plan


def slides(opened: Opened) -> list[Slide]:
    """The slides of a deck; empty where there is nothing from which they could be made."""
    if opened.frozen is not None:
        source = opened.view.source if opened.view else None
        return _built(source, opened.deck, opened.frozen, None)
    return _built(opened.view.source, opened.deck, None, opened.view) if opened.view else []


@lru_cache(maxsize=32)
def _built(source: Warehouse | None, one: Deck, frozen: Frozen | None, view: View | None) -> list[Slide]:
    from jiejian.catalogue import catalogue

    known = source.catalogue if source else catalogue()
    fetch = thawed(frozen) if frozen else deck.fetcher(view)
    return build(one, fetch, known, height=deck.FIGURE_HEIGHT)


def view_for(source: Warehouse, chosen: Deck) -> View | None:
    """The data set and month that a deck asks for, or the default data set that has months, at its newest month."""
    infos = data.ask(source, "datasets")
    wanted = [infos[chosen.dataset]] if chosen.dataset in infos else [] if chosen.dataset else list(infos.values())
    for info in wanted:
        if info.mode != "periodic":
            continue
        metrics = data.ask(source, "metrics", info.id)
        months = latest_periods(info.first, info.as_of)["month"]
        if months and any("month" in data.ask(source, "grains", info.id, m.id) for m in metrics):
            view = View(source, info, metrics, months[0])
            return replace(view, period=_period(chosen)) if chosen.period else view
    return None


def _period(chosen: Deck):
    try:
        return parse_period(chosen.period)
    except ValueError as error:
        raise SelectionError(str(error)) from error


def template() -> Path | None:
    """The street's own template for presentations: the first .pptx in its folder."""
    return next(iter(sorted(home().templates.glob("[!~]*.pptx"))), None)


def subjects(view: View, plan: Deck) -> Sequence[str]:
    """What the subject of a plan may be."""
    if plan.subject == "topic":
        return list(plans.topics(view.catalogue, view.metrics))
    return list(view.named["place_id"].astype(str)) if plan.subject else []
