"""操作记录: the record of what was done, narrowed and taken away."""

from __future__ import annotations

import streamlit as st

from jiejian import audit
from jiejian.context import Context
from jiejian.export.tables import ExportColumn, ExportTable
from jiejian.home import home
from jiejian.ui import person
from jiejian.ui.downloads import Offer, downloads
from jiejian.ui.view import View

HEADS = {"at": "时间", "account": "账号", "action": "动作", "subject": "对象"}
_SHOWN = 1_000
_ONE_LINE = 36  # characters of 对象 beside the other columns on a screen 1366 wide
_WIDTHS = {"时间": 150, "账号": 140, "动作": 90}


def draw(view: View) -> None:
    """The whole page."""
    person.require("manage")
    rows = audit.records(home())
    if rows.empty:
        st.info("还没有记录。导入、导出、撤销、定格、角色变更和登录退出，以后都会记在这里。")
        return
    left, right = st.columns(2)
    actions = left.multiselect(
        "动作", [a for a in audit.ACTIONS if a in set(rows["action"])], key="audit_action", placeholder="全部动作"
    )
    accounts = right.multiselect("账号", sorted(set(rows["account"])), key="audit_account", placeholder="全部账号")
    kept = rows[(rows["action"].isin(actions) | (not actions)) & (rows["account"].isin(accounts) | (not accounts))]
    more = f"，下面是最近的 {_SHOWN:,} 条" if len(kept) > _SHOWN else ""
    st.markdown(f"共 {len(kept):,} 条{more}。")
    # An import of many files, and how many rows came of it, does not fit on one line: higher rows wrap.
    high = 76 if kept["subject"].str.len().max() > _ONE_LINE else 35
    st.dataframe(
        kept.head(_SHOWN).rename(columns=HEADS), hide_index=True, width="stretch", height=min(38 + high * max(len(kept), 1), 460), row_height=high,
        column_config={head: st.column_config.Column(width=px) for head, px in _WIDTHS.items()},
    )  # fmt: skip
    said = Context(view.ask("street"), "", "", False, "", "", str(rows["at"].iloc[0])[:10])
    columns = tuple(ExportColumn(head) for head in HEADS.values())
    downloads(
        "audit",
        "操作记录",
        said,
        Offer(
            "全部记录" if len(kept) == len(rows) else "选出的记录",
            len(kept),
            lambda: ExportTable("操作记录", kept, columns, said),
        ),
    )
    st.caption("账号写作“本机命令行”的，是在服务器的命令行里做的。命令行属于管理这台机器的人，谁能用由机器的管理员掌握。")
