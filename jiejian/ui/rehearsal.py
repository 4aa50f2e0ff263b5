"""A visitor of the server's own: a session without a browser, before whom pages are drawn so that whoever comes next finds them worked out.

It is a session like any other, from the frame to the last chart: what a page asks for is said in the page and nowhere else. Nothing is
sent anywhere, and the person who sits there sees everything, may do nothing and is on no record.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, RuntimeState, exists, get_instance

from jiejian.ui import person

Given = TypeVar("Given")
_SHORTLY_S, _LONGEST_S = 30.0, 600.0
_RAN_AGAIN = ForwardMsg.ScriptFinishedStatus.Value("FINISHED_EARLY_FOR_RERUN")


class Unfinished(Exception):
    """A page was not drawn to its end: it failed, the server stops, or it takes too long."""


class Visitor:
    """One session, asked for one page at a time; what Streamlit calls its client."""

    client_context = None  # no browser: no address, no headers, no cookies

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._loop, self._session, self._ended, self._failed = loop, "", threading.Event(), False
        # Name in the address and mark of each page; the picker of a key with its choices, as they were drawn last.
        self._pages: dict[str, str] = {}
        self._pickers: dict[str, tuple[str, list[str]]] = {}

    def __enter__(self) -> Visitor:
        # Until somebody has asked something the session does nothing, so that it is known before it begins.
        self._session = self._at(lambda server: server.connect_session(client=self, user_info={}))
        person.rehearsing.add(self._session)
        return self

    def __exit__(self, *_) -> None:
        try:
            self._at(lambda server: server.close_session(self._session))
        finally:
            person.rehearsing.discard(self._session)

    def offered(self, key: str) -> list[str]:
        """The choices of a picker, in its order."""
        return self._pickers.get(key, ("", []))[1]

    def open(self, page: str = "", **picked: str) -> float:
        """Draw a page (by its name in the address; the front one without) with some pickers set; seconds. Raises Unfinished."""
        asked = BackMsg()
        asked.rerun_script.page_script_hash = self._pages.get(page, "")
        for key, value in picked.items():
            state = asked.rerun_script.widget_states.widgets.add()
            state.id, state.string_value = self._pickers[key][0], value
        began = time.perf_counter()
        self._ended.clear()
        self._at(lambda server: server.handle_backmsg(self._session, asked, client=self))
        if not self._ended.wait(_LONGEST_S) or self._failed:
            raise Unfinished(page)
        return time.perf_counter() - began

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        """What would go to the browser; called in the server's loop."""
        kind = msg.WhichOneof("type")
        if kind == "navigation":
            self._pages = {p.url_pathname: p.page_script_hash for p in msg.navigation.app_pages}
        elif kind == "delta" and msg.delta.new_element.WhichOneof("type") == "selectbox":
            box = msg.delta.new_element.selectbox
            self._pickers[box.id.rpartition("-")[2]] = box.id, list(box.options)
        elif kind == "script_finished" and msg.script_finished != _RAN_AGAIN:
            self._failed = msg.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY
            self._ended.set()

    def _at(self, ask: Callable[[Runtime], Given]) -> Given:
        """Ask Streamlit something where it may be asked: in its own loop. Raises Unfinished where that has no time to answer."""

        async def asked() -> Given:
            return ask(get_instance())

        try:
            return asyncio.run_coroutine_threadsafe(asked(), self._loop).result(_SHORTLY_S)
        except TimeoutError as error:  # not the end of all rehearsals: the next version is drawn again
            raise Unfinished("") from error


def stage() -> bool:
    """Wait until sessions can begin; False where the server does not come so far."""
    until = time.monotonic() + _SHORTLY_S
    while time.monotonic() < until:
        if exists() and get_instance().state not in (RuntimeState.INITIAL, RuntimeState.STOPPING, RuntimeState.STOPPED):
            return True
        time.sleep(0.02)
    return False
