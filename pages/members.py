"""党员作用: who are the members, do they meet, and what do they do where they live?"""

import streamlit as st

from jiejian.ui import frame, nothing, show
from jiejian.ui.themes import members

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("党员作用")
    nothing.ask(view, members.TABS)
    st.stop()

members.page(view)
