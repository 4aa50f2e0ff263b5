"""Pages are drawn before anybody asks for them: of each version the front page at once, then every page of the newest periods, then the
periods farther back of those pages that take long to be worked out.

To judge every metric of every community takes a street tens of milliseconds and a city of 3,000 communities a third of a second for each
period. A server has that time while nobody asks; who then turns to a page or another month finds it worked out.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import median

from jiejian.home import home
from jiejian.ui import data
from jiejian.ui.frame import PAGES
from jiejian.ui.rehearsal import Unfinished, Visitor, stage
from jiejian.ui.turns import let_pass
from jiejian.warehouse import NoWarehouse, serving

_log = logging.getLogger("jiejian")


def periods_of(wanted: str) -> int:
    """How many periods are made ready where an office wants so many, 0 for the front page alone; 24 where it says nothing, or no number."""
    try:
        return max(0, int(wanted)) if wanted.strip() else 24
    except ValueError:
        _log.warning("JIEJIAN_AHEAD=%r is no number of periods; 24 are made ready", wanted)
        return 24


_WANTED = os.environ.get("JIEJIAN_AHEAD", "")
PERIODS = periods_of(_WANTED)
# Whether slow pages are drawn farther back, too: not where an office says how far.
FARTHER = not _WANTED.strip()
# A first look that takes longer is slow, with nobody else there; many who ask at once wait for each other.
SLOW_S = 0.1
# The first seconds of a server or of a new version belong to those who are there.
PATIENCE_S = 20.0
# After each page the thread rests so many times as long as it worked, and waits for whoever's page is being drawn.
REST, _POLITE_S = 1.0, 2.0
# How often it is looked whether a new version serves.
_LOOK_S = 5.0
_PICKER = "period"

# What is drawn of a period, and what is the same in all of them.
_EACH = tuple(page.name for page in PAGES if page.needs.time != "none" and page.needs.anything)
_ONCE = ("definitions", "reporting", "present")


def keep_ready(loop: asyncio.AbstractEventLoop) -> None:
    """Rehearse every version from its first moment on; in a thread of its own, which ends with the server."""
    while stage():
        version = _serving()
        try:
            _rehearse(loop)
        except Unfinished as page:  # whoever opens the page comes to the same point, and is told
            _log.warning("page %r could not be made ready", str(page))
        set_aside()
        while _serving() == version:
            time.sleep(_LOOK_S)


def set_aside() -> None:
    """Spare the collector of cycles what was made ready: hundreds of thousands of objects that stay, for which all sessions would wait."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _serving() -> Path | None:
    """The version that serves; None where there is none, or none that is whole."""
    try:
        return serving(home())
    except NoWarehouse:
        return None


def _rehearse(loop: asyncio.AbstractEventLoop) -> None:
    """The front page, and after a while everything else while there is room to keep it."""
    with Visitor(loop) as visitor:
        visitor.open()
        time.sleep(PATIENCE_S)
        took: dict[str, list[float]] = defaultdict(list)
        for page, picked in plan(visitor.offered(_PICKER), took):
            if data.crowded():
                return
            let_pass(_POLITE_S)
            took[page].append(visitor.open(page, **picked))
            time.sleep(REST * took[page][-1])


Planned = Iterator[tuple[str, dict[str, str]]]


def plan(periods: Sequence[str], took: Mapping[str, Sequence[float]]) -> Planned:
    """Pages with what is picked of the ``periods`` that there are, newest first, in the order in which they are likely to be asked for.

    ``took`` is told meanwhile how many seconds each page took each time: those that are slow are drawn of all periods.
    """
    return chain(_newest(periods[:PERIODS]), _farther(periods[PERIODS:], took) if FARTHER else ())


def _newest(periods: Sequence[str]) -> Planned:
    for n, period in enumerate(periods):
        for page in _EACH if n else (*_EACH, *_ONCE):
            yield page, {_PICKER: period}


def _farther(periods: Sequence[str], took: Mapping[str, Sequence[float]]) -> Planned:
    slow = [page for page in _EACH if took.get(page) and median(took[page]) > SLOW_S]
    for period in periods:
        for page in slow:
            yield page, {_PICKER: period}
