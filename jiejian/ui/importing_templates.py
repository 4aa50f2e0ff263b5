"""Templates of the ledgers, to be taken away empty. None has to be used."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from jiejian.export.tables import MIME
from jiejian.ui import importing

_SENT = {"month": "每月", "quarter": "每季度", "half": "每半年", "year": "每年", "register": "有变动时", "once": "一次"}


def draw() -> None:
    """One ledger at a time, with what it asks for; or all in one archive."""
    st.caption("不一定要用模板，平时的表直接放进来就行。模板里有下拉框、单位、填写示例和说明，表头以外都可以按习惯改。")
    known = {l.id: l for l in importing.ledgers()}
    chosen = known[st.selectbox("台账", list(known), format_func=lambda l: known[l].name, key="template_ledger")]
    left, right = st.columns(2)
    left.download_button(
        f"下载“{chosen.name}”模板",
        data=lambda: importing.template(chosen),
        file_name=importing.template_name(chosen),
        mime=MIME["xlsx"],
        key="template_one",
        on_click="ignore",
        icon=":material/download:",
        type="primary",
        width="stretch",
    )
    right.download_button(
        f"下载全部 {len(known)} 种模板（zip）",
        data=importing.all_templates,
        file_name="台账模板.zip",
        mime="application/zip",
        key="template_all",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
    )
    st.markdown(f"**{chosen.name}**：{_SENT[chosen.sent]}报送。{chosen.note}")
    rows = [
        (c.name, "必填" if c.required or c.id in chosen.key else "", "、".join(c.synonyms))
        for c in chosen.columns
        if c.personal != "drop"
    ]
    st.dataframe(pd.DataFrame(rows, columns=["列", "必填", "也认得的列名"]), hide_index=True, width="stretch")
