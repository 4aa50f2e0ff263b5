"""活动与志愿: what is held, are the rules kept, and what do volunteers do, earn and redeem?"""

import streamlit as st

from jiejian.ui import frame, nothing, show
from jiejian.ui.themes import activities

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("活动与志愿")
    nothing.ask(view, activities.TABS)
    st.stop()

activities.page(view)
