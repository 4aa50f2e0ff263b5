"""人员与角色: the list of accounts, and changing it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from jiejian.home import home
from jiejian.roles import FILE, ROLES, BadRoles, Entry, Roles, changed, roles
from jiejian.ui import data, messages, person
from jiejian.ui.view import View

_ROLE_WORDS = {
    "查看": "看页面、导出；可以只给几个社区",
    "编辑": "还能导入台账、做演示文稿",
    "管理": "还能撤销装载、改这份名单、看操作记录",
}
_CLAIM_WORDS = {"email": "邮箱", "preferred_username": "用户名", "sub": "编号"}
_FAULT = "_people_fault"


def draw(view: View) -> None:
    """The whole page."""
    person.require("manage")
    if not person.signs_in():
        st.info(
            "现在没有设置登录：只有这台电脑上的人能打开，可以做所有操作，不需要名单。要让大家从各自的电脑登录，请管理员看随系统提供的《登录与权限》。"
        )
    known = roles(home()) or Roles("email", {})
    if fault := st.session_state.pop(_FAULT, ""):
        st.warning(fault)
    _table(known)
    left, right = st.columns(2)
    with left, st.form("people_put", border=True):
        st.subheader("添加或修改", anchor=False)
        account = st.text_input(f"账号（登录系统给出的{_CLAIM_WORDS[known.claim]}）", key="people_account", max_chars=200)
        role = st.selectbox("角色", ROLES, format_func=lambda r: f"{r}：{_ROLE_WORDS[r]}", key="people_role")
        offered = _communities()
        places = st.multiselect(
            "只看这些社区（仅“查看”可选，不选就是全部）", offered, key="people_communities", placeholder="全部社区"
        )
        st.form_submit_button("保存", type="primary", on_click=messages.answered(_put))
        del account, role, places  # the callback reads them from the session, before the page is drawn again
    with right, st.form("people_drop", border=True):
        st.subheader("移出名单", anchor=False)
        st.selectbox("账号", list(known.people), key="people_gone", index=None, placeholder="选择账号")
        st.form_submit_button("移出", on_click=messages.answered(_drop))
    st.caption(f"名单存在数据目录的 {FILE} 文件里，管理员也可以直接改这个文件。改动在各人下一次操作时生效。")


def _table(known: Roles) -> None:
    if not known.people:
        st.markdown("名单是空的。")
        return
    there = set(_communities())
    rows = [
        (account, entry.role, "全部社区" if entry.communities is None else "、".join(entry.communities),
         "、".join(c for c in entry.communities or () if c not in there and c.rsplit("/", 1)[-1] not in there))
        for account, entry in known.people.items()
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["账号", "角色", "能看的社区", "数据里没有的社区"])
    st.dataframe(frame if frame["数据里没有的社区"].any() else frame.iloc[:, :3], hide_index=True, width="stretch")


def _communities() -> list[str]:
    """Names of the communities of every data set whose names are kept from some."""
    source = data.warehouse()
    periodic = [i for i in data.ask(source, "datasets").values() if i.mode == "periodic"]
    names = (data.ask(source, "places", info.id) for info in periodic)
    return list(dict.fromkeys(name for places in names for name in places.loc[places["kind"].isin(["社区", "村"]), "place"]))


def _put() -> None:
    who = person.require("manage")
    account, role = str(st.session_state["people_account"]).strip(), st.session_state["people_role"]
    places = list(st.session_state["people_communities"]) or None
    try:
        entry = Entry(role=role, communities=places)
        changed(home(), account, entry)
    except ValueError as error:
        st.session_state[_FAULT] = str(error.errors()[0]["ctx"]["error"]) + "。" if hasattr(error, "errors") else str(error)
        return
    except BadRoles as error:
        st.session_state[_FAULT] = str(error)
        return
    person.did("角色变更", f"{account.casefold()} → {role}" + (f"（{'、'.join(places)}）" if places else ""), who)


def _drop() -> None:
    who, account = person.require("manage"), st.session_state["people_gone"]
    if not account:
        return
    try:
        changed(home(), account, None)
    except BadRoles as error:
        st.session_state[_FAULT] = str(error)
        return
    person.did("角色变更", f"{account} 移出名单", who)
