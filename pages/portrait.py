"""社区画像: everything about one community on one page, ready to print."""

import streamlit as st

from jiejian.ui import frame, nothing, portrait, published, show

view = frame.page(__file__)

if view.published:
    published.no_comparison(view, "社区画像")
    st.stop()
if view.period is None or not view.ask("metrics"):
    nothing.nothing(view, "社区画像")
    st.stop()

show.heading("社区画像", "一个社区的全部情况在一页上；按 Ctrl+P 打印，正好两页 A4。")
portrait.portrait(view)
