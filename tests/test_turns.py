"""Pages are drawn one after the other in the order of asking; who takes long holds nobody up, and nor does who fails."""

from __future__ import annotations

import threading
import time

import pytest

from jiejian.ui import turns


class _Runs:
    """Threads that draw pages, and what was seen of them: who began in which order, and how many were at it at most."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.most = self._now = 0
        self._lock = threading.Lock()

    def draw(self, number: int, seconds: float) -> None:
        with turns.in_turn():
            with self._lock:
                self.begun.append(number)
                self._now += 1
                self.most = max(self.most, self._now)
            time.sleep(seconds)
            with self._lock:
                self._now -= 1

    def ask(self, number: int, seconds: float) -> threading.Thread:
        thread = threading.Thread(target=self.draw, args=(number, seconds))
        thread.start()
        time.sleep(0.01)  # the next one asks after this one
        return thread


def test_short_pages_are_drawn_one_at_a_time_in_the_order_of_asking():
    runs = _Runs()
    for thread in [runs.ask(number, turns.ALONE_S / 4) for number in range(8)]:
        thread.join()
    assert runs.begun == list(range(8)) and runs.most == 1


def test_a_page_that_takes_long_holds_nobody_up():
    runs = _Runs()
    long = runs.ask(0, 20 * turns.ALONE_S)
    began = time.monotonic()
    for thread in [runs.ask(number, 0) for number in range(1, 20)]:
        thread.join()
    assert time.monotonic() - began < 10 * turns.ALONE_S, "each waited for the long one anew"
    assert long.is_alive() and runs.begun == list(range(20))
    long.join()


def test_whoever_fails_makes_room_for_the_next_one():
    with pytest.raises(ZeroDivisionError), turns.in_turn():
        1 / 0  # noqa: B018
    began = time.monotonic()
    with turns.in_turn():
        assert time.monotonic() - began < turns.ALONE_S


def test_what_is_rehearsed_waits_while_somebody_is_served_but_not_for_ever():
    runs = _Runs()
    drawing = runs.ask(0, 0.4)
    began = time.monotonic()
    turns.let_pass(5)
    assert runs.begun == [0] and not runs._now and time.monotonic() - began < 5
    drawing.join()
    other = runs.ask(1, 0.6)
    began = time.monotonic()
    turns.let_pass(0.1)
    assert time.monotonic() - began < 0.5 and runs._now == 1
    other.join()
