"""数据导出, 台账: pick a ledger, narrow it, look at its first rows, take it away, however many there are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

import pandas as pd
import streamlit as st

from jiejian.catalogue import Ledger
from jiejian.context import Context
from jiejian.export.ledgers import ledger_table
from jiejian.export.tables import MIME, ExportTable, csv_into, file_name, parquet_into, to_xlsx
from jiejian.ledgers import rows
from jiejian.ledgers.registers import SPANS
from jiejian.ledgers.rows import Asked
from jiejian.ui import data, show
from jiejian.ui.downloads import taken, too_long
from jiejian.ui.view import View

PREVIEW, FILTERS = 200, 3
AT_ONCE = 50_000  # more rows than this are made with a bar of progress before they can be taken
_NAMES = {"xlsx": "Excel 表格", "csv": "CSV 文本", "parquet": "Parquet"}


def draw(view: View) -> None:
    """Draw the tab."""
    view = view.of_own()
    offered = {ledger.id: ledger for ledger in data.read(rows.ledgers, view.source, view.dataset.id)}
    if not offered:
        st.info(f"{view.dataset.name}还没有可以导出的台账。请先在“数据导入”装入台账。")
        return
    left, right = st.columns([2, 3])
    chosen = left.selectbox(
        "台账",
        list(offered),
        format_func=lambda i: offered[i].name,
        key="export_ledger",
        bind="query-params",
        filter_mode="fuzzy",
    )
    ledger = offered[chosen]
    asked = Asked(chosen, *spell(view), view.places, _filters(view, ledger, right))
    total = data.read(rows.count, view.source, view.dataset.id, asked)
    st.markdown(
        f"**{ledger.name}** {_which(view, ledger)}，共 {total:,} 行。下面是前 {min(total, PREVIEW)} 行；姓名、电话等个人信息不在其中。"
    )
    _downloads(view, asked, total)
    preview = data.read(rows.head, view.source, view.dataset.id, asked, PREVIEW)
    shown = _screen(view, ledger, preview)
    st.dataframe(shown, hide_index=True, width="stretch", height=460, column_config=_looks(shown, view, ledger))
    show.foot(context(view, ledger))


def spell(view: View) -> tuple:
    """The first and last day of the picked periods."""
    return min(p.start for p in view.selection.periods), view.period.end


def context(view: View, ledger: Ledger) -> Context:
    """What is said around a ledger's rows."""
    found = replace(view.context(), sources=(ledger.name,))
    if ledger.happens:
        return found
    return replace(found, period=f"截至{view.period.end}在册" if ledger.id in SPANS else "全部")


def table(view: View, asked: Asked, found: pd.DataFrame) -> ExportTable:
    """Rows as an export table."""
    ledger = view.catalogue.ledgers[asked.ledger]
    columns = data.read(rows.columns, view.source, ledger.id)
    heads = {c.id: c.name for c in columns}
    filters = tuple((heads[c], text) for c, text in asked.filters)
    unit = view.catalogue.datasets[view.dataset.id].unit_of_comparison
    filters += ((unit, view.scope),) if view.places else ()
    return ledger_table(found, ledger, columns, context(view, ledger), filters, unit)


def whole(view: View, asked: Asked) -> ExportTable:
    """All rows of a ledger as one table."""
    return table(view, asked, pd.concat(rows.batches(view.source, view.dataset.id, asked), ignore_index=True))


def _filters(view: View, ledger: Ledger, spot) -> tuple[tuple[str, str], ...]:
    """At most three columns by which the rows can be narrowed."""
    known = [(c, data.read(rows.texts_of, view.source, view.dataset.id, ledger.id, c.id)) for c in _likely(view, ledger)]
    usable = [(c, texts) for c, texts in known if len(texts) > 1][:FILTERS]
    found = []
    for column, (declared, texts) in zip(spot.columns(max(len(usable), 1)), usable, strict=False):
        picked = column.selectbox(
            declared.name, ["", *texts], format_func=lambda t: t or "全部", key=f"export_{ledger.id}_{declared.id}"
        )
        found += [(declared.id, picked)] if picked else []
    return tuple(found)


def _likely(view: View, ledger: Ledger):
    return data.read(rows.filterable, view.source, ledger.id)[: 2 * FILTERS]


def _which(view: View, ledger: Ledger) -> str:
    said = f"{view.context().period}发生的" if ledger.happens else context(view, ledger).period + "的"
    return f"{view.scope}{said}"


def _screen(view: View, ledger: Ledger, found: pd.DataFrame) -> pd.DataFrame:
    """The first rows under their heads, with 是 and 否 in words."""
    labels = table(view, Asked(ledger.id, *spell(view)), found).labels
    kinds = ("text", *(c.type for c in data.read(rows.columns, view.source, ledger.id)))
    shown = [
        found.iloc[:, n].map({True: "是", False: "否"}) if kind == "yes_no" else found.iloc[:, n] for n, kind in enumerate(kinds)
    ]
    return pd.DataFrame(dict(zip(labels, shown, strict=True)))


def _looks(frame: pd.DataFrame, view: View, ledger: Ledger) -> dict:
    """Days without a time of day, moments to the minute."""
    kinds = ("text", *(c.type for c in data.read(rows.columns, view.source, ledger.id)))
    dates = {
        "date": st.column_config.DateColumn(format="YYYY-MM-DD"),
        "datetime": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
    }
    return {label: dates[kind] for label, kind in zip(frame.columns, kinds, strict=True) if kind in dates}


# ---- taking it away ----


def _downloads(view: View, asked: Asked, total: int) -> None:
    ending = st.segmented_control(
        "下载格式",
        list(_NAMES),
        default="xlsx",
        required=True,
        format_func=_NAMES.get,
        key="ledger_format",
        label_visibility="collapsed",
    )
    if sentence := too_long(total, ending):
        st.warning(sentence)
        return
    ledger, said = view.catalogue.ledgers[asked.ledger], view.context()
    name = file_name(said.street, ledger.name, said.as_of, ending, fictional=said.fictional)
    label = f"下载（{total:,} 行）"
    if total <= AT_ONCE:
        _button(label, lambda: _written(view, asked, ending), name, ending, total == 0)
        return
    key = ("ledger_file", view.source.version, asked, ending)
    if st.session_state.get("_ledger_ready", (None,))[0] != key:
        if not st.button(f"生成文件（{total:,} 行）", key="make_ledger", icon=":material/hourglass_top:"):
            return
        bar = st.progress(0.0, text="正在生成……")
        st.session_state["_ledger_ready"] = (key, _made(view, asked, ending, lambda done: _told(bar, done, total)))
        bar.empty()
    _button(label, st.session_state["_ledger_ready"][1], name, ending, False)


def _button(label: str, content, name: str, ending: str, disabled: bool) -> None:
    st.download_button(
        label, data=taken(name, content), file_name=name, mime=MIME[ending], key="take_ledger", on_click="ignore",
        icon=":material/download:", disabled=disabled, type="primary",
    )  # fmt: skip


def _told(bar, done: int, total: int) -> None:
    more = "正在读取" if done < total else "数据已读完，正在写成文件"
    bar.progress(min(done / total, 1.0), text=f"{more}：{done:,} / {total:,} 行")


def _made(view: View, asked: Asked, ending: str, tell: Callable[[int], None]) -> Callable[[], bytes]:
    """The file on the disk of the server, and how it is read once somebody takes it; it goes with the session."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the session)
    _write(file, view, asked, ending, tell)

    def content() -> bytes:
        file.seek(0)
        return file.read()

    return content


def _written(view: View, asked: Asked, ending: str) -> bytes:
    """The file's bytes, for a ledger that is soon written."""
    with tempfile.TemporaryFile() as file:
        _write(file, view, asked, ending, lambda done: None)
        file.seek(0)
        return file.read()


def _write(file: BinaryIO, view: View, asked: Asked, ending: str, tell: Callable[[int], None]) -> None:
    """CSV and Parquet are written batch by batch: a million rows need little memory. A sheet needs all rows at once."""
    parts = _parts(view, asked, tell)
    if ending == "xlsx":
        file.write(to_xlsx(table(view, asked, pd.concat(parts, ignore_index=True))))
    else:
        (csv_into if ending == "csv" else parquet_into)((table(view, asked, part) for part in parts), file)


def _parts(view: View, asked: Asked, tell: Callable[[int], None]) -> Iterator[pd.DataFrame]:
    done = 0
    for part in rows.batches(view.source, view.dataset.id, asked):
        yield part
        done += len(part)
        tell(done)
