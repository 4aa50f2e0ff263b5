"""报送情况: who has sent which ledger for which period, and who has not?"""

import streamlit as st

from jiejian.ui import frame, reporting, show

view = frame.page(__file__)
show.heading("报送情况")
if view.published or view.dataset.as_of is None:
    st.info("公开报道和公报的数字不按期报送。请在左侧换成本街道台账。")
    st.stop()
reporting.draw(view)
