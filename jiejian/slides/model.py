"""What a slide is, and what it is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from jiejian import charts
from jiejian.context import Context

Kind = Literal["cards", "ranking", "trend", "table"]
HEIGHT = 760


@dataclass(frozen=True)
class Look:
    """How pictures are drawn: ``ordered`` sorts rankings by value; ``height`` is in px of a slide of 1080 lines."""

    ordered: bool = True
    height: float = HEIGHT


@dataclass(frozen=True)
class SlideData:
    """What a slide is made from.

    ``frame``: the figures frame of the newest period, all communities; ``series``: the same over the periods;
    ``totals``: the street's rows over the periods (analysis.total of every metric, stacked); ``events``: happened_on, what;
    ``focus``: ids of the places that are drawn in red.
    """

    frame: pd.DataFrame
    series: pd.DataFrame
    totals: pd.DataFrame
    context: Context
    events: pd.DataFrame | None = None
    focus: tuple[str, ...] = ()


# Metrics, kind of slide, places in focus (ids or names) -> data. Raises SelectionError where there are none.
Fetch = Callable[[tuple[str, ...], str, tuple[str, ...]], SlideData]


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
class Line:
    """One series of a plot: a value (None: a gap) for each of the plot's categories.

    ``role`` says how it is drawn: focus (red), other (grey), mean, standard (dashed); ``lower`` and ``upper`` are the ends of
    intervals, or empty.
    """

    name: str
    values: tuple[float | None, ...]
    role: Literal["focus", "other", "mean", "standard"] = "other"
    lower: tuple[float | None, ...] = ()
    upper: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Plot:
    """The figures of a picture: ``bars`` and ``dots`` have places as categories, from the top down, ``lines`` periods.

    Values are in the metric's display units with ``decimals`` decimals; ``ticks`` are those of the picture's axis of values,
    so that a native chart has the same ends.
    """

    kind: Literal["bars", "dots", "lines"]
    categories: tuple[str, ...]
    lines: tuple[Line, ...]
    name: str
    unit: str
    decimals: int
    ticks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Fact:
    """A number in large type beside the figure: 街道平均 93.5%."""

    label: str
    value: str


@dataclass(frozen=True)
class Slide:
    """One slide. ``title`` is the finding; ``table`` has its heads as first row; ``scope`` names street, places and period.

    ``stop`` and ``minutes`` say where on a route it is shown and for how long; ``notes`` are the speaker's.
    """

    title: str
    kind: Kind
    takeaway: str
    figure: charts.Figure | None = field(default=None, hash=False)
    plot: Plot | None = None
    table: tuple[tuple[str, ...], ...] | None = None
    cards: tuple[Card, ...] = ()
    facts: tuple[Fact, ...] = ()
    notes: str = ""
    scope: str = ""
    foot: str = ""
    fictional: bool = False
    stop: str = ""
    minutes: float = 0

    @property
    def empty(self) -> bool:
        """Whether the slide only says that there is nothing to show."""
        return self.figure is None and self.table is None and not self.cards
