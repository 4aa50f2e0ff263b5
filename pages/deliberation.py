"""议事协商: what did residents raise, how far did it get, and what was built of it?"""

import streamlit as st

from jiejian.ui import frame, nothing, show
from jiejian.ui.themes import deliberation

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("议事协商")
    nothing.ask(view, deliberation.TABS)
    st.stop()

deliberation.page(view)
