"""The start of a server: it answers at once, and makes ready meanwhile what the first session would have to wait for."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_log = logging.getLogger("jiejian")


@asynccontextmanager
async def ready(app) -> AsyncIterator[None]:
    """The life of the server. Nothing heavy is imported before it answers: that is left to a thread beside it."""
    threading.Thread(target=warm, name="warm", daemon=True).start()
    yield


def warm() -> None:
    """Import what pages need, open the warehouse (which the first start of all builds) and work out the front page.

    What goes wrong here is told to the first session, in words, when it comes to the same point.
    """
    try:
        # A second: pandas, DuckDB, the charts, the modules of the front page.
        import pandas as pd

        from jiejian.ui import ahead, attention, board, cards, data, deck, frame, published, reporting, tables, to_date  # noqa: F401

        pd.DataFrame({"a": [0]}).to_dict("records")  # pandas brings the module for it with the first call

        opened = data.open_early()
        ahead.work(opened, 1)
        data.on_open[:] = [ahead.begin]
        ahead.begin(opened)
    except Exception:
        _log.warning("what the first session needs could not be made ready", exc_info=True)
