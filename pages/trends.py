"""趋势分析: what changed, and when?"""

import streamlit as st

from jiejian.ui import frame, nothing, published, show, tables, trend

view = frame.page(__file__)

if view.published:
    published.no_trend(view)
    st.stop()
if not view.metrics or view.period is None:
    nothing.nothing(view, "趋势分析")
    st.stop()

show.heading("趋势分析")
trend.trend(view)
tables.view_downloads("trends", view)
