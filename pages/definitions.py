"""指标目录与来源: what does each number count, and where does it come from?"""

import streamlit as st

from jiejian.ui import definitions, frame, show

view = frame.page(__file__)
show.heading("指标目录与来源", "每个数字数什么、不数什么、从哪张台账来。")

metrics, standards, sources, loads, manage = st.tabs(["指标目录", "参考标准", "数据来源", "装载记录", "数据集管理"])
with metrics:
    definitions.metrics(view)
with standards:
    definitions.standards(view)
with sources:
    definitions.sources(view)
with loads:
    definitions.loads(view)
with manage:
    definitions.manage(view)
