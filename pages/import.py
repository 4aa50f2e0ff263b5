"""数据导入: what has been sent, what does it change, and can it be taken back?"""

import streamlit as st

from jiejian.ui import frame, importing, importing_ask, importing_desk, importing_loads, importing_templates, show

view = frame.page(__file__)
show.heading("数据导入", "放入台账，看清会新增和改变什么，确认后装载；有问题的表标注好退回。装入的是本街道台账。")

drop, loads, templates, remembered = st.tabs(["导入", "装载记录", "模板", "记住的对应关系"])
with drop:
    importing_desk.draw()
with loads:
    importing_loads.draw(importing.DATASET)
with templates:
    importing_templates.draw()
with remembered:
    importing_ask.decisions()
