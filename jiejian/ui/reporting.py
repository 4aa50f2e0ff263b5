"""报送情况: a finding on top, ledgers × periods, one ledger's communities × periods, ledgers × months of one community, and the list
of who is to be reminded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from jiejian import filings
from jiejian.catalogue import Ledger
from jiejian.export.tables import MIME, ExportColumn, ExportTable, file_name, to_xlsx
from jiejian.figures import names_of
from jiejian.ui import data
from jiejian.ui.downloads import taken
from jiejian.ui.tables import packed
from jiejian.ui.view import View, kept

_KEY = "✔ 已报　▼ 迟报　↻ 更正（内容改过）　○ 全为零　✕ 缺报。台账约定没有写期限的不判迟报。"


@dataclass(frozen=True)
class Filed:
    """Who has sent what: the names of the ledgers and the states of each (see :func:`jiejian.filings.states`), by id; who is missing from
    the last period of each, and how many have sent its last periods."""

    names: dict[str, str]
    states: dict[str, pd.DataFrame]
    missing: pd.DataFrame
    overview: pd.DataFrame


@kept
def _filed(view: View) -> Filed:
    sent, places = view.ask("filings"), view.known
    due = {l.id: filings.expected(l, sent, view.dataset.as_of) for l in view.catalogue.ledgers.values()}
    ledgers = {i: view.catalogue.ledgers[i] for i, periods in due.items() if periods}
    states = {i: filings.states(l, sent, places, due[i]) for i, l in ledgers.items()}
    return Filed({i: l.name for i, l in ledgers.items()}, states, _missing(ledgers, states), _overview(ledgers, states))


def draw(view: View) -> None:
    """The whole page for the data set of the view."""
    filed = _filed(view)
    if not filed.names:
        st.info("这个数据集还没有按月、按季报送的台账。到“数据导入”放入台账后，这里会显示谁报了、谁没报。")
        return
    st.markdown(_finding(filed.missing))
    st.subheader("各种台账", anchor=False)
    st.dataframe(packed(filed.overview), hide_index=True, width="stretch", placeholder="")
    chosen = st.selectbox("看一种台账的各社区", list(filed.names), format_func=filed.names.get, key="reporting_ledger")
    st.dataframe(packed(_of_ledger(view, chosen)), hide_index=True, width="stretch", height="auto")
    st.caption(_KEY)
    _of_place(view)
    late = filed.missing
    left, right = st.columns(2)
    with left:
        _download(view, "催报清单", lambda: late, f"下载催报清单（{len(late):,} 条）", "reporting_list", disabled=late.empty)
    with right:
        _download(
            view, "报送情况总表", lambda: filings.everything(filed.states, filed.names), "下载报送情况总表（社区×台账×月份）", "reporting_all"
        )


@kept
def _of_ledger(view: View, ledger: str) -> pd.DataFrame:
    """The communities × the periods of one ledger, the newest first."""
    states, places = _filed(view).states[ledger], view.known
    wide = states.pivot(index="place_id", columns="period", values="state")
    wide = wide.loc[list(places["place_id"]), list(dict.fromkeys(states["period"]))[::-1]]
    wide.insert(0, "社区", list(places["place"]))
    return wide


@kept
def _matrix(view: View, place: str) -> pd.DataFrame:
    filed = _filed(view)
    return filings.matrix(filed.states, filed.names, place or None)


def _of_place(view: View) -> None:
    """What one community (or the street) has sent of every ledger, month by month."""
    known = names_of(view.known)
    chosen = st.selectbox("看一个社区的各种台账", ["", *known], format_func=lambda p: known.get(p, "全街道"), key="reporting_place")
    frame = _matrix(view, chosen)
    st.dataframe(packed(frame), hide_index=True, width="stretch", height="auto", placeholder="")
    if chosen:
        st.caption("按季、按半年、按年报的台账写在那一期的最后一个月；空白的月份不用报。")
    else:
        st.caption("✔ 全部报了　◐ 部分社区报了（已报/应报）　✕ 都没有报　▼ 其中迟报的社区数。按季、按年报的台账写在那一期的最后一个月。")
    title = f"{known.get(chosen, '全街道')}报送情况"
    _download(view, title, lambda: frame, f"下载{title}", "reporting_matrix", disabled=frame.empty)


def missing_ledgers(view: View) -> None:
    """One quiet sentence on the overview where the whole street lacks a ledger for the month that is shown."""
    if view.period is None or view.published or view.dataset.as_of is None:
        return
    if names := silent(view):
        some = "、".join(f"“{name}”" for name in names[:3]) + (f"等 {len(names)} 种台账" if len(names) > 3 else "")
        label = f"{view.period.label}全街道还没有报送{some}，相关数字是空缺。看报送情况"
        st.page_link("pages/reporting.py", label=label, icon=":material/arrow_forward:")


@kept
def silent(view: View) -> list[str]:
    sent = data.worked((filings.sent_days, view.source, view.dataset.id), lambda: filings.sent_days(view.ask("filings")))
    return filings.silent(list(view.catalogue.ledgers.values()), sent, view.period, view.dataset.as_of)


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


def _download(view: View, title: str, table: Callable[[], pd.DataFrame], label: str, key: str, disabled: bool = False) -> None:
    context = view.context()

    def content() -> bytes:
        frame = table()
        return to_xlsx(ExportTable(title, frame, tuple(ExportColumn(head) for head in frame.columns), context))

    name = file_name(context.street, title, context.as_of, "xlsx", fictional=context.fictional)
    st.download_button(
        label,
        data=taken(name, content),
        file_name=name,
        mime=MIME["xlsx"],
        key=key,
        on_click="ignore",
        icon=":material/download:",
        disabled=disabled,
    )
