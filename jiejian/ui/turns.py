"""Whose page is drawn: one after the other in the order in which they were asked for, as long as pages are short.

Python draws one page at a time, whatever cores there are. Ten pages begun together end together, all of them late and each of them dearer
for the changing to and fro; one after the other, most are there early. A page that takes long holds nobody up: after a moment the next one
goes on beside it. Pages that are rehearsed (rehearsal.py) stand in no queue and wait until nobody's page is being drawn.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from jiejian.ui import person

# A page has the floor to itself for so many seconds; most pages take a third of it.
ALONE_S = 0.15

_running = 0
_lock = threading.Lock()


class _Turn:
    """One run of a page: whether it has begun, and ended."""

    def __init__(self) -> None:
        self._begun, self._ended, self._since = threading.Event(), threading.Event(), 0.0

    def begin(self, before: _Turn | None) -> None:
        """Wait for whoever came before: until he has ended, or had the floor for long enough."""
        if before:
            before._begun.wait()
            before._ended.wait(max(0.0, before._since + ALONE_S - time.monotonic()))
        self._since = time.monotonic()
        self._begun.set()

    def end(self) -> None:
        """Let the next one begin, also where this one never did."""
        self._begun.set()
        self._ended.set()


_last: _Turn | None = None


@contextmanager
def in_turn() -> Iterator[None]:
    """Around every run of a page."""
    global _last, _running
    if person.is_rehearsing():
        yield
        return
    mine = _Turn()
    with _lock:
        before, _last = _last, mine
        _running += 1
    try:
        mine.begin(before)
        yield
    finally:
        mine.end()
        with _lock:
            _running -= 1


def let_pass(most: float) -> None:
    """Wait until nobody's page is being drawn, so many seconds at most."""
    until = time.monotonic() + most
    while _running and time.monotonic() < until:
        time.sleep(0.02)
