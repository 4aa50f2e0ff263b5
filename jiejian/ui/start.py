"""The start of a server: it answers at once, and makes ready meanwhile what the first session would have to wait for."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_log = logging.getLogger("jiejian")


@asynccontextmanager
async def ready(app) -> AsyncIterator[None]:
    """The life of the server. Nothing heavy is imported before it answers: that is left to a thread beside it."""
    loop = asyncio.get_running_loop()
    threading.Thread(target=warm, args=(loop,), name="warm", daemon=True).start()
    yield


def warm(loop: asyncio.AbstractEventLoop) -> None:
    """Import what pages need, open the warehouse (which the first start of all builds), and draw pages ahead from then on.

    What goes wrong here is told to the first session, in words, when it comes to the same point.
    """
    try:
        # A second: pandas, DuckDB, the charts, the modules of the front page.
        from jiejian.ui import ahead, attention, board, cards, data, deck, frame, published, reporting, tables, to_date  # noqa: F401

        data.open_early()
        ahead.keep_ready(loop)
    except Exception:
        _log.warning("what the first session needs could not be made ready", exc_info=True)
