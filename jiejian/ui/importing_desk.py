"""数据导入: drop files → what was recognised → what would change → confirm → report. Four steps on one page; what was dropped
stays at hand until it is loaded or put away, also over a switch of pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from jiejian.catalogue import catalogue
from jiejian.export.tables import MIME
from jiejian.ui import importing, importing_ask, messages, person
from jiejian.ui.downloads import taken
from jiejian.ui.jobs import Job, finished

if TYPE_CHECKING:
    from jiejian.ui.importing import Checked, Summary, Upload

_KEY = "_import_desk"
_STEPS = ("放入文件", "识别结果", "核对变化", "确认与报告")
_LISTED = 300
_TYPES = ["xlsx", "xls", "xlsm", "csv", "txt", "tsv", "ods", "xlsb", "zip"]


@dataclass
class Desk:
    """What one session has in hand."""

    uploads: list[Upload] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    job: Job | None = None
    checked: list[Checked] | None = None
    summary: Summary | None = None
    error: str = ""
    round: int = 0

    @property
    def step(self) -> int:
        """The step in hand, from 0."""
        if self.summary is not None:
            return 3
        return 0 if not self.uploads else 2 if self.checked and any(c.found for c in self.checked) else 1


def desk() -> Desk:
    """The session's desk."""
    return st.session_state.setdefault(_KEY, Desk())


def draw() -> None:
    """The steps, as far as they have come."""
    now = desk()
    _steps(now.step)
    if now.job is not None and not _work_done(now):
        return
    if now.error:
        st.warning(now.error)
    if now.summary is not None:
        _report(now)
    elif now.uploads:
        _review(now)
    else:
        _drop(now)


def check(now: Desk) -> None:
    """Recognise what lies on the desk."""
    now.error, now.checked, now.job = "", None, importing.check(now.uploads)


def _steps(current: int) -> None:
    # The number stays with its word where a phone breaks the line.
    words = [f"**{n + 1}\u00a0{name}**" if n == current else f"{n + 1}\u00a0{name}" for n, name in enumerate(_STEPS)]
    st.markdown("　→　".join(words))


def _work_done(now: Desk) -> bool:
    if not finished(now.job):
        return False
    job, now.job = now.job, None
    now.error = job.error
    if job.error:
        return True
    if isinstance(job.result, list):
        now.checked = job.result
    else:
        now.summary = job.result
    st.rerun()
    return True


# ---- 1 ----


def _drop(now: Desk) -> None:
    for sentence in now.complaints:
        st.warning(sentence)
    key = f"import_files_{now.round}"
    st.file_uploader(
        "把台账拖到这里，或点击选择（可以一次放多个，也可以放 zip 压缩包）",
        type=_TYPES,
        accept_multiple_files=True,
        key=key,
        on_change=messages.answered(_take),
        args=(now, key),
        help="表头不用改，标题、单位、合计行可以留着。这一步只检查，不装载。",
    )
    st.caption(
        "支持 Excel（xlsx、xls）、CSV、文本表和 zip。放入后先识别、核对，确认前不改动任何数据。没有现成的表，可到“模板”下载空表。"
    )


def _take(now: Desk, key: str) -> None:
    now.uploads, now.complaints = importing.keep(st.session_state[key] or [])
    if now.uploads:
        check(now)


def _clear(now: Desk, forget: bool) -> None:
    """A new desk; files that were not loaded are put away."""
    if forget:
        importing.forget(now.uploads)
    st.session_state[_KEY] = Desk(round=now.round + 1)


# ---- 2 and 3 ----


def _review(now: Desk) -> None:
    for sentence in now.complaints:
        st.warning(sentence)
    if now.checked is None:
        st.markdown("放入的文件：" + "、".join(f"“{u.name}”" for u in now.uploads))
        left, right = st.columns(2)
        left.button("重新识别", type="primary", on_click=messages.answered(check), args=(now,), key="import_retry", width="stretch")
        right.button("换一批文件", on_click=messages.answered(_clear), args=(now, True), key="import_clear", width="stretch")
        return
    st.subheader("识别结果", anchor=False)
    st.dataframe(_recognised(now.checked), hide_index=True, width="stretch", placeholder="")
    for one in now.checked:
        asked_below = {d.sentence for d in one.doubts}
        for sentence in (*one.faults, *one.notes):
            if sentence not in asked_below:
                st.markdown(f"✕ {sentence}")
    asked = importing_ask.ask(now.checked, lambda: check(now))
    found = [f for one in now.checked for f in one.found]
    if found:
        _changes(now.checked)
        _problems(now.checked)
        marked_downloads(now)
    _confirm(now, sum(f.rows_accepted for f in found), asked)


def _recognised(checked: list[Checked]) -> pd.DataFrame:
    names = {l.id: l.name for l in catalogue().ledgers.values()}
    rows = []
    for one in checked:
        for f in one.found:
            p = f.preview
            state = "✔ 全部可入库" if not f.rows_rejected else "◐ 部分退回" if f.rows_accepted else "✕ 全部退回"
            rows.append(
                (
                    one.name,
                    f.sheet,
                    names[f.ledger],
                    f.period,
                    f.rows_in,
                    p.new,
                    p.changed,
                    p.same,
                    f.rows_rejected,
                    f.warnings,
                    state,
                )
            )
        rows += [
            (one.name, d.sheet, names.get(d.ledger, "认不出"), "", *[None] * 6, "？ 待选定时间" if d.ledger else "？ 待选定")
            for d in one.doubts
        ]
        if not one.found and not one.doubts:
            rows.append((one.name, "", "不能用", "", None, None, None, None, None, None, "✕ 不能用"))
    heads = ["文件", "工作表", "台账", "时间", "行数", "新增", "改变", "相同", "退回", "提醒", "结果"]
    return pd.DataFrame(rows, columns=heads).astype(dict.fromkeys(heads[4:10], "Int64"))


def _changes(checked: list[Checked]) -> None:
    """Old and new of the values that a load would replace."""
    previews = [f.preview for one in checked for f in one.found]
    counts = {word: sum(getattr(p, word) for p in previews) for word in ("new", "changed", "same", "values_changed")}
    st.subheader("核对变化", anchor=False)
    st.markdown(
        f"新增 **{counts['new']:,}** 行，改变 **{counts['changed']:,}** 行（{counts['values_changed']:,} 个值），"
        f"与已有的相同 **{counts['same']:,}** 行，退回 **{sum(c.rows_rejected for c in checked):,}** 行。"
    )
    values = [(one.name, v.key, v.what, v.old, v.new) for one in checked for f in one.found for v in f.preview.values]
    if values:
        frame = pd.DataFrame(values, columns=["文件", "哪一行", "哪一项", "现在的值", "导入后的值"])
        with st.expander(f"会被改变的值（{counts['values_changed']:,} 个）", expanded=True):
            st.dataframe(frame, hide_index=True, width="stretch", height="auto" if len(frame) < 9 else 330)
            if counts["values_changed"] > len(frame):
                st.caption(f"只列出前 {len(frame):,} 个。")


def _problems(checked: list[Checked]) -> None:
    problems = [(one.name, p) for one in checked for p in one.problems]
    if not problems:
        return
    problems.sort(key=lambda pair: pair[1].severity != "error")
    errors = sum(p.severity == "error" for _, p in problems)
    with st.expander(f"退回与提醒（退回 {errors:,} 处，提醒 {len(problems) - errors:,} 处）", expanded=bool(errors)):
        rows = [(name, *p.listed) for name, p in problems[:_LISTED]]
        heads = ["文件", "处理", "工作表", "单元格", "列", "原值", "问题", "怎么改"]
        st.dataframe(pd.DataFrame(rows, columns=heads), hide_index=True, width="stretch")
        if len(problems) > _LISTED:
            st.caption(f"只列出前 {_LISTED} 处，全部在标注后的表里。")


def marked_downloads(now: Desk) -> None:
    """A marked copy for each file that has findings."""
    pairs = [(u, c) for u, c in zip(now.uploads, now.checked or [], strict=True) if c.problems]
    if pairs:
        st.caption("标注后的表保持原来的版式，有问题的单元格已标色并加批注。改好后把整个文件重新放入即可，标色和批注不用删。")
    for upload, checked in pairs:
        st.download_button(
            f"下载标注后的“{upload.name}”",
            data=_marker(upload, checked),
            file_name=importing.marked_name(upload),
            mime=MIME["xlsx"],
            key=f"marked_{upload.id}",
            on_click="ignore",
            icon=":material/download:",
        )


def _marker(upload: Upload, checked: Checked) -> Callable[[], bytes]:
    who = importing.desk()  # a download is made outside the session, where nobody is known
    return taken(importing.marked_name(upload), lambda: importing.marked(upload, checked, who))


def _confirm(now: Desk, rows: int, asked: bool) -> None:
    st.subheader("确认", anchor=False)
    usable = any(one.found for one in now.checked or [])
    if usable:
        also = "；还没有选定台账的表不装载" if asked else ""
        st.markdown(f"确认后装载 **{rows:,}** 行，退回的行不装载{also}。装载后随时可以撤销。")
    else:
        st.markdown("这些文件现在没有可以装载的行。请按上面的提示选定或改正，或换一批文件。")
    left, right = st.columns(2)
    left.button(
        f"确认装载（{rows:,} 行）",
        type="primary",
        disabled=not rows,
        on_click=messages.answered(_load),
        args=(now,),
        key="import_confirm",
        width="stretch",
    )
    right.button("放弃，换一批文件", on_click=messages.answered(_clear), args=(now, True), key="import_clear", width="stretch")


def _load(now: Desk) -> None:
    now.error, now.job = "", importing.load(now.uploads)


# ---- 4 ----


def _report(now: Desk) -> None:
    summary = now.summary
    accepted, rejected = (sum(getattr(m, n) for m in summary.written) for n in ("rows_accepted", "rows_rejected"))
    if summary.written:
        st.success(f"已装载 {len(summary.written)} 张表、{accepted:,} 行；退回 {rejected:,} 行。各页面的数字已经更新。")
    elif summary.unchanged:
        st.info("这些表以前装载过，内容没有变化，没有重复装载。")
    else:
        st.warning("没有装载任何行。")
    for sentence in (*summary.faults, *summary.notes):
        st.markdown(f"✕ {sentence}")
    if rejected or any(c.problems for c in now.checked or []):
        marked_downloads(now)
    left, right = st.columns(2)
    left.button("继续导入", type="primary", on_click=messages.answered(_clear), args=(now, False), key="import_more", width="stretch")
    if summary.written and person.current().may("roll back"):
        loads = [m.load_id for m in summary.written]
        right.button("撤销这次导入", on_click=messages.answered(_undo), args=(now, loads), key="import_undo", width="stretch")


def _undo(now: Desk, loads: list[str]) -> None:
    """Take back what was just loaded; the files stay on the desk, to be mended or put away."""
    job = importing.undo(loads)
    job.wait(120)
    if job.error:
        now.error = job.error
        return
    now.summary, now.error = None, "这次导入已撤销，原来的数字已恢复。文件还在，可以改选后再导入，或换一批文件。"
