"""Answers that are kept while there is room for them: bounded by bytes, not by number.

A street's answer takes kilobytes, a city's tens of megabytes; a cache that counts answers is too small for the one or too
large for the other. What was not asked for longest goes first; keys hold the version of the warehouse, so that old versions go
by themselves.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any

import numpy as np
import pandas as pd

MEGABYTE = 1024 * 1024
# What an object takes at least, with its key.
_LEAST = 512
# In place of an answer that is not there; None is an answer.
MISSING = object()


def weight(found: Any) -> int:
    """Bytes that an answer holds on to: arrays and frames to the byte, everything else roughly."""
    if isinstance(found, np.ndarray):
        return _LEAST + int(found.nbytes) * (8 if found.dtype == object else 1)
    if isinstance(found, pd.DataFrame | pd.Series):
        return _LEAST + int(np.sum(found.memory_usage(deep=False)))
    if is_dataclass(found) and not isinstance(found, type):
        return _LEAST + sum(weight(getattr(found, field.name)) for field in fields(found))
    if isinstance(found, dict):
        return _LEAST + sum(map(weight, found.values()))
    if isinstance(found, list | tuple | set | frozenset):
        return _LEAST + sum(map(weight, found)) if len(found) <= 100 else 100 * len(found)
    return _LEAST // 8 + (4 * len(found) if isinstance(found, str) else len(found) if isinstance(found, bytes) else 0)


class Kept:
    """Answers by key, at most ``most`` bytes of them by :func:`weight`. Safe to share between threads.

    An answer that alone is larger than the bound is given, but not kept.
    """

    def __init__(self, most: int):
        self.most, self.held = most, 0
        self._answers: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The answer to ``key``; made by ``make`` where it is not there. Of many who ask at once one makes it, the others wait for it."""
        found = self.peek(key)
        if found is not MISSING:
            return found
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            try:
                found = self.peek(key)
                if found is MISSING:
                    found = make()
                    self.put(key, found)
                return found
            finally:
                with self._lock:
                    self._making.pop(key, None)

    def peek(self, key: Hashable) -> Any:
        """The answer to ``key``, or :data:`MISSING`."""
        with self._lock:
            if key not in self._answers:
                return MISSING
            self._answers.move_to_end(key)
            return self._answers[key][0]

    def put(self, key: Hashable, found: Any) -> None:
        size = weight(found)
        with self._lock:
            _, before = self._answers.pop(key, (None, 0))
            self.held -= before
            if size > self.most:
                return
            self._answers[key] = found, size
            self.held += size
            while self.held > self.most:
                _, (_, gone) = self._answers.popitem(last=False)
                self.held -= gone

    def cached(self, function: Callable) -> Callable:
        """A decorator: the function's answers are kept here by its (hashable) arguments."""

        @wraps(function)
        def asked(*arguments):
            return self.get((function, *arguments), lambda: function(*arguments))

        return asked

    def drop(self, which: Callable[[Hashable], bool]) -> None:
        """Let go of the answers to some keys, such as those of a version that serves no longer."""
        with self._lock:
            for key in [key for key in self._answers if which(key)]:
                self.held -= self._answers.pop(key)[1]

    def clear(self) -> None:
        with self._lock:
            self._answers.clear()
            self.held = 0

    def __len__(self) -> int:
        return len(self._answers)
