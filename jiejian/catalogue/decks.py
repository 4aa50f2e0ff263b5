"""Decks of slides and observation routes, as they are planned."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jiejian.catalogue.declared import Declaration, Names


class DeckSlide(Declaration):
    """One slide: which picture of which metrics. Its title and takeaway are found from the frame unless written here.

    ``places`` (ids or names) are drawn in red among all; cards and tables are of them alone. In the plan of a topic the
    metrics may be left out: then the first ``most`` of the topic are shown. ``unknown`` is the kind that a deck file asks for
    and this version does not have: the slide then only says so.
    """

    kind: Literal["cards", "ranking", "trend", "table"]
    metrics: Names = ()
    most: int = Field(0, ge=0, le=12)
    places: Names = ()
    title: str = Field("", max_length=60)
    takeaway: str = Field("", max_length=400)
    notes: str = Field("", max_length=4000)
    unknown: str = Field("", max_length=40)


class Stop(Declaration):
    """One stop of an observation route: where, for how many minutes, and the slides shown there."""

    name: str = Field("", max_length=40)
    place: str = ""
    minutes: float = Field(0, ge=0, le=600)
    slides: tuple[DeckSlide, ...]


class Deck(Declaration):
    """A deck of slides, or with ``stops`` an observation route (观摩路线).

    ``dataset`` and ``period`` (a key such as 2026-10) are fixed where they are written, else the default data set and its
    newest month are shown. ``internal`` puts 内部资料 on every slide; ``seconds`` is the time a slide stands in autoplay.
    A plan with a ``subject`` becomes a deck once that is chosen: a community, a topic (pillar or working system), or the
    communities of a route (its one stop is repeated for each).
    """

    id: str
    name: str = Field(max_length=60)
    note: str = ""
    subject: Literal["", "community", "topic", "route"] = ""
    dataset: str = ""
    period: str = ""
    internal: bool = False
    seconds: int = Field(15, ge=3, le=600)
    slides: tuple[DeckSlide, ...] = ()
    stops: tuple[Stop, ...] = ()

    @property
    def route(self) -> tuple[Stop, ...]:
        """The stops; slides that belong to none come first, at a stop without a name."""
        return (Stop(slides=self.slides), *self.stops) if self.slides else self.stops

    @property
    def minutes(self) -> float:
        """How long the whole route takes."""
        return sum(stop.minutes for stop in self.stops)
