"""诉求办理: are residents' cases settled in time, at the base, and to their satisfaction, and what waits?"""

import streamlit as st

from jiejian.ui import frame, nothing, show
from jiejian.ui.themes import cases

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("诉求办理")
    nothing.ask(view, cases.TABS)
    st.stop()

cases.page(view)
