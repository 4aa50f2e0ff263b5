"""Every load that was made, and the way back: 撤销 and 恢复."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from jiejian.ui import importing, messages, person
from jiejian.ui.jobs import Job, finished

_JOB, _SAID = "_undo_job", "_undo_said"


def draw(dataset: str) -> None:
    """The list with its two buttons; what was done, or why not, is said above it."""
    job: Job | None = st.session_state.get(_JOB)
    if job is not None:
        if not finished(job):
            return
        del st.session_state[_JOB]
        st.session_state[_SAID] = (
            job.error or f"{job.what.removeprefix('正在')}完成：{len(job.result)} 次装载。各页面的数字已经更新。"
        )
        st.rerun()
    if said := st.session_state.pop(_SAID, ""):
        st.info(said)
    frame = importing.loads(dataset)
    if frame.empty:
        st.info("还没有装载过本街道的台账。到“导入”放入平时的表；没有现成表的，到“模板”下载一份填好再放入。")
        return
    st.caption("每次装载都留有记录。撤销只是不再计入，原件和记录都不删；被它替换的旧数字会回来，也可以再恢复。")
    picked = st.dataframe(
        frame.drop(columns="key"),
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="multi-row",
        key="loads_table",
    )
    if not person.current().may("roll back"):
        st.caption("撤销和恢复由管理员办理。")
        return
    chosen = frame.iloc[picked["selection"]["rows"]]
    undone = chosen["状态"].str.startswith("已撤销")
    left, right = st.columns(2)
    _offer(left, "撤销", chosen[~undone], back=False)
    _offer(right, "恢复", chosen[undone], back=True)


def _offer(slot, word: str, chosen: pd.DataFrame, back: bool) -> None:
    label = f"{word}选中的 {len(chosen)} 次装载" if len(chosen) else f"{word}（先在上表左侧勾选）"
    with slot.popover(label, disabled=chosen.empty, width="stretch"):
        files = "、".join(f"“{name}”" for name in list(dict.fromkeys(chosen["文件"]))[:5])
        effect = "重新计入" if back else "不再计入，被它们替换的旧数字会回来"
        st.markdown(f"{files}共 {chosen['入库'].sum():,} 行将{effect}。")
        st.button(f"确认{word}", type="primary", on_click=messages.answered(_start), args=(list(chosen["key"]), back), key=f"sure_{word}")


def _start(loads: list[str], back: bool) -> None:
    st.session_state[_JOB] = importing.undo(loads, back)
