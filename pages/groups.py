"""服务对象: how many residents in need are there by group and community, and how often were they served?"""

import streamlit as st

from jiejian.ui import frame, nothing, show
from jiejian.ui.themes import groups

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("服务对象")
    nothing.ask(view, groups.TABS)
    st.stop()

groups.page(view)
