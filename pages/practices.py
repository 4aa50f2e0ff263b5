"""模式卡: what does each practice of the published reports look like, and how does this street stand on it?"""

import streamlit as st

from jiejian.ui import frame, nothing
from jiejian.ui.themes import practices

view = frame.page(__file__)

if view.published or view.period is None:
    nothing.nothing(view, "模式卡")
    st.stop()

practices.page(view)
