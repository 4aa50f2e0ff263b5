"""What is asked several times in one run of a page and answered once: who sits there, which version serves, what the sign-in says.

A run keeps to its answers; the next one asks anew. Outside of a run of the frame (a fragment, a click) everything is asked anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps

_held: ContextVar[dict | None] = ContextVar("held", default=None)


@contextmanager
def one_run() -> Iterator[None]:
    """Within it every function under :func:`once` is called once."""
    token = _held.set({})
    try:
        yield
    finally:
        _held.reset(token)


def once(function: Callable) -> Callable:
    """A decorator for a function without arguments. What it raises is not held."""

    @wraps(function)
    def asked():
        held = _held.get()
        if held is None:
            return function()
        if function not in held:
            held[function] = function()
        return held[function]

    return asked
