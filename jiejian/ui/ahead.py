"""What the front page will be asked for, worked out before anybody asks: the newest periods, for somebody who sees everything.

To judge every metric of every community takes a street tens of milliseconds and a city of 3,000 communities a second for each period. A
server has that time while nobody asks; who then turns to another month finds the answer there.
"""

from __future__ import annotations

import logging
import threading
import time
from itertools import islice

from jiejian.ui import attention, board, deck, pickers, reporting, to_date
from jiejian.ui.view import View
from jiejian.warehouse import Warehouse

# So many periods are made ready; after each the thread rests as long as it worked, so that whoever does ask comes first.
PERIODS = 24
# The first seconds of a server or of a new version belong to those who are there.
PATIENCE_S = 20.0
_log = logging.getLogger("jiejian")


def begin(source: Warehouse, periods: int = PERIODS) -> threading.Thread:
    """Work in a thread of its own, which ends with the server."""

    def patient() -> None:
        time.sleep(PATIENCE_S)
        work(source, periods)

    thread = threading.Thread(target=patient, name="ahead", daemon=True)
    thread.start()
    return thread


def front(view: View) -> None:
    """Everything that pages/overview.py draws of a view."""
    shown = attention.headline(view)
    deck.cards_slide(view, shown)
    reporting.silent(view)
    to_date.told(view, tuple(m.id for m in shown))
    attention.said(view)
    if board.speaks(view)[1]:
        board.pictured(view, pickers.first_grouping(view), False, False)


def work(source: Warehouse, periods: int) -> None:
    """Make so many periods ready."""
    try:
        views = list(islice(pickers.usual(source), periods))
        for view in views:
            began = time.perf_counter()
            front(view)
            time.sleep(time.perf_counter() - began)
        for view in views[:1]:
            board.judge(view)  # the newest board is the one whose cells are clicked: it is kept last, so that it stays
    except Exception:  # whoever opens the page comes to the same point, and is told
        _log.warning("the front page could not be made ready", exc_info=True)
