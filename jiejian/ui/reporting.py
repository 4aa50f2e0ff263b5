"""报送情况: a finding on top, ledgers × periods, one ledger's communities × periods, ledgers × months of one community, and the list
of who is to be reminded."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from jiejian import filings
from jiejian.catalogue import Ledger
from jiejian.export.tables import MIME, ExportColumn, ExportTable, file_name, to_xlsx
from jiejian.ui.downloads import taken
from jiejian.ui.view import View

_KEY = "✔ 已报　▼ 迟报　↻ 更正（内容改过）　○ 全为零　✕ 缺报。台账约定没有写期限的不判迟报。"


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
    st.caption(_KEY)
    names = {i: l.name for i, l in ledgers.items()}
    _matrix(view, every, names, places)
    left, right = st.columns(2)
    with left:
        _download(view, "催报清单", late, f"下载催报清单（{len(late):,} 条）", "reporting_list")
    with right:
        _download(view, "报送情况总表", filings.everything(every, names), "下载报送情况总表（社区×台账×月份）", "reporting_all")


def _matrix(view: View, every: dict[str, pd.DataFrame], names: dict[str, str], places: pd.DataFrame) -> None:
    """What one community (or the street) has sent of every ledger, month by month."""
    known = dict(zip(places["place_id"], places["place"], strict=True))
    chosen = st.selectbox("看一个社区的各种台账", ["", *known], format_func=lambda p: known.get(p, "全街道"), key="reporting_place")
    frame = filings.matrix(every, names, chosen or None)
    st.dataframe(frame, hide_index=True, width="stretch", height="auto", placeholder="")
    if chosen:
        st.caption("按季、按半年、按年报的台账写在那一期的最后一个月；空白的月份不用报。")
    else:
        st.caption("✔ 全部报了　◐ 部分社区报了（已报/应报）　✕ 都没有报　▼ 其中迟报的社区数。按季、按年报的台账写在那一期的最后一个月。")
    title = f"{known.get(chosen, '全街道')}报送情况"
    _download(view, title, frame, f"下载{title}", "reporting_matrix")


def missing_ledgers(view: View) -> None:
    """One quiet sentence on the overview where the whole street lacks a ledger for the month that is shown."""
    if view.period is None or view.published or view.dataset.as_of is None:
        return
    silent = filings.silent(list(view.catalogue.ledgers.values()), view.ask("filings"), view.period, view.dataset.as_of)
    if silent:
        some = "、".join(f"“{name}”" for name in silent[:3]) + (f"等 {len(silent)} 种台账" if len(silent) > 3 else "")
        label = f"{view.period.label}全街道还没有报送{some}，相关数字是空缺。看报送情况"
        st.page_link("pages/reporting.py", label=label, icon=":material/arrow_forward:")


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
            row["最近一期" if number == 0 else f"前 {number} 期"] = f"{filings.together(group['state'])}（{period}）"
        rows.append(row)
    return pd.DataFrame(rows).fillna("")


def _download(view: View, title: str, frame: pd.DataFrame, label: str, key: str) -> None:
    context = view.context()

    def content() -> bytes:
        columns = tuple(ExportColumn(head) for head in frame.columns)
        return to_xlsx(ExportTable(title, frame, columns, context))

    name = file_name(context.street, title, context.as_of, "xlsx", fictional=context.fictional)
    st.download_button(
        label,
        data=taken(name, content),
        file_name=name,
        mime=MIME["xlsx"],
        key=key,
        on_click="ignore",
        icon=":material/download:",
        disabled=frame.empty,
    )
