"""报送情况: who has sent which ledger for which period, and who has not?"""

import streamlit as st

from jiejian.ui import frame, nothing, reporting, show

view = frame.page(__file__)
if view.published or view.dataset.as_of is None:
    nothing.nothing(view, "报送情况")
    st.stop()
show.heading("报送情况")
reporting.draw(view)
