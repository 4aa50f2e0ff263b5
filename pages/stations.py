"""阵地服务: where can residents go, what can they do there, and is it enough?"""

import streamlit as st

from jiejian.ui import frame, nothing, show
from jiejian.ui.themes import stations

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("阵地服务")
    nothing.ask(view, stations.TABS)
    st.stop()

stations.page(view)
