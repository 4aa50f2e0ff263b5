"""社区对比: who stands where, and is the difference real?"""

import streamlit as st

from jiejian.ui import comparison, frame, pickers, published, show, tables

frame.page(__file__)
view = pickers.pick(metrics="one")
show.frame_line(view)

if view.published:
    published.compare(view)
    st.stop()
if not view.metrics or view.period is None:
    show.nothing(view)
    st.stop()

show.heading("社区对比")
comparison.compare(view)
tables.view_downloads("compare", view)
