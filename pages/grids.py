"""网格治理: how is the street divided into grids, who serves in them, and what passes through them?"""

import streamlit as st

from jiejian.ui import frame, show
from jiejian.ui.themes import grids

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("网格治理")
    show.nothing(view)
    st.stop()

grids.page(view)
