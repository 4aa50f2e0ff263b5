"""数据导出: filter, preview, take away."""

import streamlit as st

from jiejian.ui import frame, published, show, tables

view = frame.page(__file__)

if view.published:
    published.export(view)
    st.stop()
if not view.metrics or view.period is None:
    show.nothing(view)
    st.stop()

show.heading("数据导出", f"{view.scope} · {view.context().period} · {len(view.metrics)} 项指标。先在左侧筛选，再下载。")
tables.view_downloads("export", view)
tables.show_table(view, view.figures(), view.metrics, height=520)
st.caption("空格表示缺报，不是零。")
show.foot(view.context())
