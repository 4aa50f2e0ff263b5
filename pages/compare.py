"""社区对比: who stands where, and is the difference real?"""

import streamlit as st

from jiejian.ui import comparison, frame, nothing, published, show, tables

view = frame.page(__file__)

if view.published:
    published.compare(view)
    st.stop()
if not view.metrics or view.period is None:
    nothing.nothing(view, "社区对比")
    st.stop()

show.heading("社区对比")
shown = comparison.compare(view)
tables.view_downloads("compare", shown)
