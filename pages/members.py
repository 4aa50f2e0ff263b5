"""党员作用: who are the members, do they meet, and what do they do where they live?"""

import streamlit as st

from jiejian.ui import frame, show
from jiejian.ui.themes import members

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("党员作用")
    show.nothing(view)
    st.stop()

members.page(view)
