"""数据导出: filter, preview, take away: figures, ledgers, several at once, and the documents that are written from them."""

import streamlit as st

from jiejian.ui import book_exports, document_exports, frame, ledger_exports, nothing, published, show, tables

view = frame.page(__file__)

if view.published:
    published.export(view)
    st.stop()
if not view.metrics or view.period is None:
    nothing.nothing(view, "数据导出")
    st.stop()

show.heading("数据导出", f"{view.scope} · {view.context().period}。先在左侧筛选，再下载。")
what = st.segmented_control(
    "导出什么",
    ["指标", "台账", "合集", "公文"],
    default="指标",
    required=True,
    key="export_what",
    bind="query-params",
    label_visibility="collapsed",
)
if what == "台账":
    ledger_exports.draw(view)
elif what == "合集":
    book_exports.draw(view)
elif what == "公文":
    document_exports.draw(view)
else:
    st.markdown(f"{len(view.metrics)} 项指标，每个社区每个时间一行。")
    tables.view_downloads("export", view)
    tables.show_table(view, view.figures(), view.metrics, height=520)
    st.caption("空格表示缺报，不是零。")
    show.foot(view.context())
