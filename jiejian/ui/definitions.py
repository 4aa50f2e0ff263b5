"""The catalogue of metrics, the standards, the sources, the loads, and what a street does with data sets."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import streamlit as st

from jiejian.catalogue import Metric
from jiejian.export.catalogue_doc import BETTER, KINDS, formula
from jiejian.ui import data, person
from jiejian.ui.view import View


def metrics(view: View) -> None:
    """All metrics of the group, with definition, numerator and denominator."""
    everything = st.toggle("显示全部数据集的指标", key="all_metrics")
    shown = list(view.catalogue.metrics.values()) if everything else list(view.metrics)
    st.caption(f"共 {len(shown)} 项指标。名称、单位、口径只在目录中写一次，页面、导出和幻灯片都从这里取。")
    st.dataframe(pd.DataFrame([_row(m, view) for m in shown]), hide_index=True, width="stretch", height=560)


def _row(metric: Metric, view: View) -> dict[str, str]:
    return {
        "指标": metric.name,
        "单位": metric.unit,
        "类型": KINDS[metric.kind],
        "方向": BETTER[metric.better],
        "口径": metric.definition,
        "算法": formula(metric, view.catalogue),
        "模式卡编号": "、".join(metric.practices),
    }


def standards(view: View) -> None:
    """Official reference lines with the document that sets each."""
    declared = view.catalogue
    rows = [
        {
            "标准": s.name,
            "指标": declared.metrics[s.metric].name,
            "数值": s.label(date.today()),
            "文件": s.document,
            "发布机关": s.issued_by,
            "条款": s.clause,
            "有效期": f"{s.valid_from}—{s.valid_to or ''}",
            "说明": s.note,
        }
        for s in declared.standards.values()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", row_height=100, column_config=_widths(标准=130, 指标=110, 数值=150, 文件=170, 发布机关=100, 条款=100, 有效期=85, 说明=190))
    st.caption("只收能写明文件出处的标准；期满的标准仍画出，但注明已期满。")


def sources(view: View) -> None:
    """Where the figures of the data set come from."""
    frame = view.ask("source_list")
    heads = {
        "title": "标题",
        "publisher": "发布单位或报纸",
        "published_on": "日期",
        "author": "作者",
        "note": "说明",
        "figures": "数字个数",
    }
    # A register of places gives no figures, but every figure its place: 0 would look like an empty ledger.
    frame = frame.assign(figures=frame["figures"].mask(frame["figures"] == 0))
    known = frame.rename(columns=heads)
    known = known.fillna({name: "" for name in heads.values() if name != heads["figures"]})
    st.dataframe(known.loc[:, [(known[c] != "").any() for c in known]], hide_index=True, width="stretch", placeholder="—")
    st.caption(view.catalogue.datasets[view.dataset.id].note)


def corrections(view: View) -> None:
    """Figures that were put right, and corrections that no longer fit the source."""
    frame = view.ask("corrections")
    lost = frame[frame["state"] == "failed"]
    for sentence in lost["sentence"]:
        st.error(sentence)
    if frame.empty:
        return
    st.subheader(f"数字更正（{len(frame)} 条，{len(lost)} 条没有生效）", anchor=False)
    heads = {"subject": "数字", "found": "上报", "becomes": "更正为", "why": "原因", "who": "更正人", "decided_on": "更正日期", "state": "状态"}
    shown = frame.assign(state=frame["state"].map({"applied": "已更正", "failed": "没有生效"}), found=frame["found"].fillna(""))
    st.dataframe(shown[list(heads)].rename(columns=heads), hide_index=True, width="stretch")


def odd(view: View) -> None:
    """Figures of which two loads say different things, and figures that are all accepted but hard to believe."""
    notices, conflicts = view.ask("notices"), view.ask("conflicts")
    if len(notices):
        with st.expander(f"请核对（{len(notices)} 条）：缺报、连续不变、各地相同"):
            words = {"kind": "类别", "sentence": "说明"}
            st.dataframe(notices[list(words)].rename(columns=words), hide_index=True, width="stretch")
    if len(conflicts):
        with st.expander(f"两次上报不同（{len(conflicts)} 条），以后报的为准"):
            heads = {"place": "地点", "name": "计量项", "period_start": "起", "period_end": "止", "old_value": "原报", "new_value": "现用"}
            heads |= {"unit": "单位", "old_file": "原文件", "new_file": "现用文件", "kind": "情形"}
            days = {name: conflicts[name].astype("string").str[:10] for name in ("period_start", "period_end")}
            st.dataframe(conflicts.assign(**days)[list(heads)].rename(columns=heads), hide_index=True, width="stretch")


def loads(view: View) -> None:
    """What was loaded, corrected and given back, and what is odd about it."""
    corrections(view)
    odd(view)
    names = {ledger.id: ledger.name for ledger in view.catalogue.ledgers.values()}
    frame = view.ask("loads")
    here = datetime.now().astimezone().tzinfo
    loaded = pd.to_datetime(frame["loaded_at"]).dt.tz_localize("UTC").dt.tz_convert(here).dt.strftime("%Y-%m-%d %H:%M")
    frame = frame.assign(ledger=frame["ledger"].map(names).fillna(frame["ledger"]), loaded_at=loaded)
    heads = {
        "file": "文件",
        "ledger": "台账",
        "loaded_at": "装载时间",
        "rows_in": "行数",
        "rows_accepted": "装载",
        "rows_rejected": "退回",
        "warnings": "提醒",
    }
    st.dataframe(frame.rename(columns=heads), hide_index=True, width="stretch")
    rejects = view.ask("rejects")
    st.subheader(f"退回与提醒（{len(rejects)} 条）", anchor=False)
    words = {
        "file": "文件",
        "sheet": "工作表",
        "row": "行",
        "column_name": "列",
        "value": "原值",
        "reason": "原因",
        "advice": "怎么改",
        "severity": "类别",
    }
    rejects = rejects.assign(severity=rejects["severity"].map({"error": "退回", "warning": "提醒"}))
    rejects = rejects.fillna({"sheet": "", "column_name": "", "value": "", "advice": ""})
    st.dataframe(
        rejects.rename(columns=words), hide_index=True, width="stretch", height=540, row_height=92,
        column_config=_widths(文件=130, 工作表=70, 行=55, 列=90, 原值=110, 原因=160, 怎么改=220, 类别=55),
    )  # fmt: skip


def _widths(**px: int) -> dict[str, st.column_config.Column]:
    """Columns of these widths, in which long texts wrap where the rows are high enough."""
    return {head: st.column_config.Column(width=width) for head, width in px.items()}


def manage(view: View) -> None:
    """Data sets that are loaded, and the one click that removes the demo."""
    there = data.ask(view.source, "datasets")
    for info in there.values():
        until = f"，数据截至 {info.as_of}" if info.as_of else ""
        st.markdown(f"**{info.name}**{until}。{view.catalogue.datasets[info.id].note}")
    if "demo" not in there:
        st.caption("演示数据已移除。需要时请管理员重新生成，办法见《用户指南》。")
        return
    st.markdown("移除演示数据不影响本街道台账和公开报道数据，需要时管理员可以重新生成，办法见《用户指南》。")
    if not person.current().may("manage"):
        return
    sure = st.checkbox("我确认要移除演示数据", key="remove_demo_sure")
    if st.button("移除演示数据", disabled=not sure, key="remove_demo"):
        data.remove_demo()
        st.rerun()
