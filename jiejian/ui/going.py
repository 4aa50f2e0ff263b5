"""Going to another page with its pickers set, from a click on a mark or from within a fragment."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

_ASKED = "_going"


def go(page: str, **picked: object) -> None:
    """Ask, from a callback, for a page by its name, with these values of its pickers; from within a fragment ``st.rerun()`` must follow."""
    st.session_state[_ASKED] = (page, picked)


def asked() -> bool:
    """Whether a page was asked for that has not been turned to."""
    return _ASKED in st.session_state


def turn(links: Mapping[str, StreamlitPage], chosen: StreamlitPage) -> None:
    """Turn to the page that was asked for; called by the frame in every run, before it draws a picker.

    The pickers are set by the run that turns the page and again by the first one of the new page: a message that the browser had
    sent before the click would otherwise put back what they said then.
    """
    page, picked = st.session_state.get(_ASKED, ("", {}))
    if page not in links:
        st.session_state.pop(_ASKED, None)
        return
    for key, value in picked.items():
        st.session_state[key] = value
    if chosen is not links[page]:
        # An empty mapping, not None: parameters bound to pickers must not be cleared, the pickers write them again.
        st.switch_page(links[page], query_params={})
    del st.session_state[_ASKED]
