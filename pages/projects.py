"""共建项目: what is needed, who takes it on, who pays, and what waits?"""

import streamlit as st

from jiejian.ui import frame, nothing, show
from jiejian.ui.themes import projects

view = frame.page(__file__)

if view.published or view.period is None:
    show.heading("共建项目")
    nothing.ask(view, projects.TABS)
    st.stop()

projects.page(view)
