"""Slides from a view: the overview's cards and the presenter read the same decks through the same fetch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jiejian.analysis.change import base_period
from jiejian.catalogue import Deck, DeckSlide, Metric
from jiejian.figures import names_of
from jiejian.periods import Period, periods_between
from jiejian.selection import places_named
from jiejian.slides import Fetch, Slide, SlideData, build
from jiejian.ui import series
from jiejian.ui.view import View, kept

CARD_PERIODS, TREND_PERIODS = 13, 36
FIGURE_HEIGHT = 690  # px of a slide of 1080: leaves room for a takeaway of three lines


def _past(view: View, length: int) -> list[Period]:
    """The last periods up to the picked one, reaching back to the same period a year before."""
    before = base_period(view.period, "year_before")
    past = periods_between(min(before.start, view.dataset.first), view.period.end, view.period.grain)
    return [p for p in past if p.end <= view.period.end][-length:]


def fetcher(view: View) -> Fetch:
    """How a slide gets its frames from a view."""

    def fetch(names: tuple[str, ...], kind: str, places: tuple[str, ...]) -> SlideData:
        focus = places_named(places, names_of(view.known)) if places else ()
        # A picture shows its places among all; cards and tables are of them alone.
        shown = replace(view, places=focus) if focus and kind in ("cards", "table") else view
        metrics = [view.catalogue.metrics[m] for m in names]
        past = _past(shown, TREND_PERIODS if kind == "trend" else CARD_PERIODS)
        if kind == "cards":
            now, long = series.compared(shown, metrics, past[0])
        else:
            long = shown.figures(*metrics, since=past[0])
            now = long[long["period"] == view.period.key]
        street = shown.totals(*metrics, since=past[0])
        return SlideData(now, long, street, shown.context(*metrics), view.ask("events"), focus)

    return fetch


def slides(view: View, deck: Deck) -> list[Slide]:
    """All slides of a deck."""
    return build(deck, fetcher(view), view.catalogue, height=FIGURE_HEIGHT)


def cards_slide(view: View, metrics: Sequence[Metric]) -> Slide:
    """One slide of key figures."""
    return _cards(view, tuple(m.id for m in metrics))


@kept
def _cards(view: View, ids: tuple[str, ...]) -> Slide:
    planned = DeckSlide(kind="cards", metrics=ids)
    return slides(view, Deck(id="cards", name="关键数字", slides=(planned,)))[0]
