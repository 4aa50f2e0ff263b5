"""综合考评: who is ahead for certain, and how far does a ranking hold?"""

import streamlit as st

from jiejian.ui import frame, nothing, published, scoring, show

view = frame.page(__file__)

if view.published:
    published.no_comparison(view, "综合考评")
    st.stop()
if view.period is None or not view.ask("metrics"):
    nothing.nothing(view, "综合考评")
    st.stop()

show.heading("综合考评", "移动左侧权重，名次的范围随之变化；范围重叠的社区，先后不能当真。")
scoring.scoring(view)
