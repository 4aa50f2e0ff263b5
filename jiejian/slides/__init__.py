"""Decks -> slides: what the presenter shows, the files hold and the printer prints, all from one list.

A :class:`Slide` is a finding with one picture, one table or some cards. Its :class:`Plot` holds the same figures as its
picture, by name and number, so that a native chart in a presentation cannot disagree with the screen. A deck that names
what is no longer there gives a slide that says so.
"""

from jiejian.slides.build import build
from jiejian.slides.cards import card
from jiejian.slides.model import Card, Fact, Fetch, Line, Plot, Slide, SlideData

__all__ = ["Card", "Fact", "Fetch", "Line", "Plot", "Slide", "SlideData", "build", "card"]
