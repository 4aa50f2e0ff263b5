"""网格治理: how is the street divided into grids, who serves in them, and what passes through them?"""

import streamlit as st

from jiejian.ui import frame, nothing, show
from jiejian.ui.themes import grids

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("网格治理")
    nothing.ask(view, grids.TABS)
    st.stop()

grids.page(view)
