"""组织体系: how does the organisation stand from the street to the building, whom does it reach, and where are the gaps?"""

import streamlit as st

from jiejian.ui import frame, nothing, show
from jiejian.ui.themes import organisation

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("组织体系")
    nothing.ask(view, organisation.TABS)
    st.stop()

organisation.page(view)
