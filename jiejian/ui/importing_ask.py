"""The questions of 数据导入: which ledger a sheet is, which column is which, which place a name means. Answers are remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from jiejian.catalogue import Ledger
from jiejian.ui import importing, messages

if TYPE_CHECKING:
    from jiejian.ui.importing import Checked, Doubt

_NONE, _ABSENT = "", "（表里没有）"
_NOT_YET = "（待选）"


def ask(checked: list[Checked], again: Callable[[], None]) -> bool:
    """Ask what is not certain; ``again`` recognises anew once something was decided. Returns whether anything is open."""
    doubts = [(one, doubt) for one in checked for doubt in one.doubts]
    for number, (one, doubt) in enumerate(doubts):
        with st.container(border=True, key=f"doubt_{number}"):
            (_ask_period if doubt.ledger else _ask_ledger)(one, doubt, number, again)
    names = _doubtful(checked)
    if names:
        with st.container(border=True, key="doubtful_places"):
            _ask_places(names, again)
    return bool(doubts or names)


# ---- which ledger, which column ----


def _ask_period(one: Checked, doubt: Doubt, number: int, again: Callable[[], None]) -> None:
    """The ledger is known, and no title, sheet or file says of which period it speaks."""
    name = next((l.name for l in importing.ledgers() if l.id == doubt.ledger), doubt.ledger)
    st.markdown(f"**{_where(one, doubt)}是“{name}”，说的是哪一期？**")
    st.caption("标题、工作表名和文件名里都没有写。选定后只对这个文件有效，下一期的表会再问。")
    _sample(doubt)
    key = f"period_{doubt.sha256[:12]}_{doubt.sheet}"
    chosen = st.selectbox("时间", [_NOT_YET, *doubt.periods], key=key)
    st.button(
        "记住并重新识别",
        type="primary",
        disabled=chosen == _NOT_YET,
        on_click=_decide_period,
        args=(doubt, chosen, again),
        key=f"decide_{number}",
    )


def _decide_period(doubt: Doubt, period: str, again: Callable[[], None]) -> None:
    importing.remember_period(doubt, period)
    again()


def _where(one: Checked, doubt: Doubt) -> str:
    return f"“{one.name}”" + (f"的工作表“{doubt.sheet}”" if doubt.sheet else "")


def _sample(doubt: Doubt) -> None:
    if doubt.sample:
        heads = _different(doubt.heads)
        st.dataframe(pd.DataFrame(doubt.sample, columns=heads), hide_index=True, width="stretch")


def _ask_ledger(one: Checked, doubt: Doubt, number: int, again: Callable[[], None]) -> None:
    st.markdown(f"**{_where(one, doubt)}是哪种台账？**")
    st.caption(doubt.sentence)
    _sample(doubt)
    known = {l.id: l for l in importing.ledgers()}
    offered = [_NOT_YET, *(c.ledger for c in doubt.candidates if c.ledger in known), _NONE]
    chosen = st.selectbox(
        "台账",
        offered,
        format_func=lambda l: known[l].name if l in known else l or "不是台账，不装载这张表",
        key=f"ledger_{doubt.layout}",
    )
    if chosen == _NOT_YET:
        return
    fits = any(c.ledger == chosen and c.fits for c in doubt.candidates)
    if fits:
        st.caption(f"按“{known[chosen].name}”，各列都能自动对上，不用再选。")
    asked = bool(chosen) and not fits
    columns = _ask_columns(known[chosen], doubt) if asked else {}
    missing = [c.name for c in _needed(known[chosen]) if c.id not in columns] if asked else []
    if missing:
        st.caption(f"还要选定：{'、'.join(missing)}。")
    st.button(
        "记住并重新识别",
        type="primary",
        disabled=bool(missing),
        on_click=messages.answered(_decide),
        args=(doubt, chosen, columns, again),
        key=f"decide_{number}",
        help="同样表头的表以后自动这样认，命令行装载也一样。可在“记住的对应关系”里取消。",
    )


def _ask_columns(ledger: Ledger, doubt: Doubt) -> dict[str, str]:
    """A select a column of the contract: those that must be there first, the others folded."""
    found = next((c.columns for c in doubt.candidates if c.ledger == ledger.id), {})
    heads = [_ABSENT, *dict.fromkeys(h for h in doubt.heads if h)]
    needed = {c.id for c in _needed(ledger)}
    st.markdown("每一项对应表里的哪一列？带 * 的必须有。")
    chosen: dict[str, str] = {}

    def pick(columns: list) -> None:
        for start in range(0, len(columns), 3):
            for slot, column in zip(st.columns(3), columns[start : start + 3], strict=False):
                guess = found.get(column.id, _ABSENT)
                head = slot.selectbox(
                    column.name + (" *" if column.id in needed else ""),
                    heads,
                    index=heads.index(guess) if guess in heads else 0,
                    key=f"column_{doubt.layout}_{ledger.id}_{column.id}",
                )
                if head != _ABSENT:
                    chosen[column.id] = head

    first = [c for c in ledger.columns if c.id in needed]
    pick(first)
    others = [c for c in ledger.columns if c.id not in needed]
    if others:
        with st.expander(f"其余 {len(others)} 项（已自动对上 {sum(c.id in found for c in others)} 项）"):
            pick(others)
    return chosen


def _needed(ledger: Ledger) -> list:
    return [
        c
        for c in ledger.columns
        if c.required or c.id in ledger.key or (c.type == "place" and c.id == ledger.place and ledger.table == "observation")
    ]


def _different(heads: tuple[str, ...]) -> list[str]:
    """Heads as the columns of a frame, which must differ."""
    found: list[str] = []
    for number, head in enumerate(heads, 1):
        name = head or f"第{number}列"
        found.append(name if name not in found else f"{name}（第{number}列）")
    return found


def _decide(doubt: Doubt, ledger: str, columns: dict[str, str], again: Callable[[], None]) -> None:
    importing.remember_mapping(doubt, ledger, columns)
    again()


# ---- which place ----


def _doubtful(checked: list[Checked]) -> dict[str, tuple[str, ...]]:
    """Names that may mean more than one place, or one that is only like it → the ids that they may mean."""
    return {p.value: p.candidates for one in checked for p in one.problems if p.candidates and p.value}


def _ask_places(names: dict[str, tuple[str, ...]], again: Callable[[], None]) -> None:
    st.markdown("**这些名称指的是哪里？**")
    st.caption("选定后记住，以后同样的写法自动认出；不选的，这些行退回。")
    chosen: dict[str, str] = {}
    for written, places in list(names.items())[:30]:
        place = st.selectbox(
            f"“{written}”是",
            [_NOT_YET, *places],
            format_func=importing.path_of,
            key=f"place_{written}",
        )
        if place != _NOT_YET:
            chosen[written] = place
    st.button("记住并重新核对", disabled=not chosen, on_click=messages.answered(_decide_places), args=(chosen, again), key="decide_places")


def _decide_places(chosen: dict[str, str], again: Callable[[], None]) -> None:
    for written, place in chosen.items():
        importing.remember_place(written, place)
    again()


# ---- what was decided ----


def decisions() -> None:
    """What is remembered, and the way to forget it."""
    mappings, places = importing.decisions()
    for frame, title, kind in ((mappings, "表的对应关系", "layouts"), (places, "名称的认定", "written")):
        st.subheader(f"{title}（{len(frame)} 条）", anchor=False)
        if frame.empty:
            st.caption("还没有。认不出的表或名称在导入时选定后，会记在这里。")
            continue
        picked = st.dataframe(
            frame.drop(columns="key"),
            hide_index=True,
            width="stretch",
            on_select="rerun",
            selection_mode="multi-row",
            key=f"decided_{kind}",
        )
        keys = list(frame["key"].iloc[picked["selection"]["rows"]])
        st.button(
            f"取消选中的 {len(keys)} 条" if keys else "选中若干行后可以取消",
            disabled=not keys,
            on_click=messages.answered(importing.forget_decisions),
            kwargs={kind: keys},
            key=f"forget_{kind}",
        )
