"""报送情况: a finding on top, ledgers × periods, one ledger's communities × periods, and the list of who is to be reminded."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from jiejian import filings
from jiejian.catalogue import Ledger
from jiejian.export.tables import MIME, ExportColumn, ExportTable, file_name, to_xlsx
from jiejian.ui.downloads import taken
from jiejian.ui.view import View


def draw(view: View) -> None:
    """The whole page for the data set of the view."""
    sent, places = view.ask("filings"), view.known
    ledgers = {l.id: l for l in view.catalogue.ledgers.values() if filings.expected(l, sent, view.dataset.as_of)}
    if not ledgers:
        st.info("这个数据集还没有按月、按季报送的台账。到“数据导入”放入台账后，这里会显示谁报了、谁没报。")
        return
    every = {i: filings.states(l, sent, places, filings.expected(l, sent, view.dataset.as_of)) for i, l in ledgers.items()}
    late = _missing(ledgers, every)
    st.markdown(_finding(late))
    st.subheader("各种台账", anchor=False)
    st.dataframe(_overview(ledgers, every), hide_index=True, width="stretch", placeholder="")
    chosen = st.selectbox("看一种台账的各社区", list(ledgers), format_func=lambda l: ledgers[l].name, key="reporting_ledger")
    wide = every[chosen].pivot(index="place_id", columns="period", values="state")
    order = list(dict.fromkeys(every[chosen]["period"]))[::-1]
    wide = wide.loc[list(places["place_id"]), order]
    wide.insert(0, "社区", list(places["place"]))
    st.dataframe(wide, hide_index=True, width="stretch", height="auto")
    st.caption("✔ 已报　▼ 迟报　↻ 更正（内容改过）　○ 全为零　✕ 缺报。台账约定没有写期限的不判迟报。")
    _download(view, late)


def _missing(ledgers: dict[str, Ledger], every: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Who has not sent the last period of which ledger: 台账, 时间, 社区."""
    rows = []
    for ledger, frame in every.items():
        last = frame[frame["period"] == frame["period"].iloc[-1]]
        rows += [(ledgers[ledger].name, r.period, r.place) for r in last.itertuples() if r.state == filings.MISSING]
    return pd.DataFrame(rows, columns=["台账", "时间", "社区"])


def _finding(late: pd.DataFrame) -> str:
    if late.empty:
        return "**最近一期的台账都报齐了。**"
    parts = []
    for (ledger, period), group in list(late.groupby(["台账", "时间"], sort=False))[:3]:
        names = "、".join(group["社区"][:5]) + ("等" if len(group) > 5 else "")
        parts.append(f"{period}“{ledger}”缺报 **{len(group)}** 个社区：{names}")
    return "；".join(parts) + "。"


def _overview(ledgers: dict[str, Ledger], every: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a ledger: how many have sent its last periods, the newest first."""
    rows = []
    for ledger, frame in every.items():
        row = {"台账": ledgers[ledger].name}
        for number, (period, group) in enumerate(list(frame.groupby("period", sort=False))[::-1][:6]):
            there = int((group["state"] != filings.MISSING).sum())
            mark = "✔" if there == len(group) else "✕"
            row["最近一期" if number == 0 else f"前 {number} 期"] = f"{mark} {there}/{len(group)}（{period}）"
        rows.append(row)
    return pd.DataFrame(rows).fillna("")


def _download(view: View, late: pd.DataFrame) -> None:
    context = view.context()

    def content() -> bytes:
        columns = tuple(ExportColumn(head) for head in late.columns)
        return to_xlsx(ExportTable("催报清单", late, columns, context))

    name = file_name(context.street, "催报清单", context.as_of, "xlsx", fictional=context.fictional)
    st.download_button(
        f"下载催报清单（{len(late):,} 条）",
        data=taken(name, content),
        file_name=name,
        mime=MIME["xlsx"],
        key="reporting_list",
        on_click="ignore",
        icon=":material/download:",
        disabled=late.empty,
    )
