"""数据导出, 合集: several metrics and ledgers at once as one workbook with a contents sheet."""

from __future__ import annotations

import streamlit as st

from jiejian.export.tables import MIME, ExportTable, TooManyRows, figures_table, file_name, to_book
from jiejian.ledgers import rows
from jiejian.ledgers.rows import Asked
from jiejian.ui import data, ledger_exports
from jiejian.ui.downloads import taken
from jiejian.ui.view import View


def draw(view: View) -> None:
    """Draw the tab."""
    offered = {ledger.id: ledger.name for ledger in data.read(rows.ledgers, view.source, view.dataset.id)}
    st.markdown("把几项指标和几种台账装进一个 Excel 文件：第一页是目录，点一下就到；每项一张表，最后一页是口径、筛选条件和来源。")
    metrics = st.multiselect(
        "指标", [m.id for m in view.metrics], default=[m.id for m in view.metrics],
        format_func=lambda i: view.catalogue.metrics[i].name, key="book_metrics", placeholder="不选指标",
    )  # fmt: skip
    chosen = st.multiselect("台账", list(offered), format_func=offered.get, key="book_ledgers", placeholder="不选台账")
    counts = {i: data.read(rows.count, view.source, view.dataset.id, _asked(view, i)) for i in chosen}
    told = [f"{len(metrics)}项指标"] * bool(metrics) + [f"{offered[i]}{n:,}行" for i, n in counts.items()]
    if not told:
        st.info("请至少选一项指标或一种台账。指标从左侧的“指标”里先选好。")
        return
    st.caption(f"{view.scope} · {view.context().period} · {'、'.join(told)}")
    key = (view.source.version, view.selection, tuple(metrics), tuple(chosen))
    if st.button("生成合集", key="make_book", type="primary", icon=":material/library_books:"):
        _make(view, key, metrics, chosen)
    ready = st.session_state.get("_book_ready")
    if ready and ready[0] == key:
        said = view.context()
        name = file_name(said.street, "数据合集", said.as_of, "xlsx", fictional=said.fictional)
        st.download_button(
            f"下载合集（{len(metrics) + len(chosen)} 张表）", taken(name, ready[1]), name, MIME["xlsx"], key="take_book", on_click="ignore",
            icon=":material/download:",
        )  # fmt: skip


def _asked(view: View, ledger: str) -> Asked:
    return Asked(ledger, *ledger_exports.spell(view), view.of_own().places)


def _make(view: View, key: tuple, metrics: list[str], ledgers: list[str]) -> None:
    with st.status("正在生成合集……", expanded=True) as status:
        tables: list[ExportTable] = []
        for name in metrics:
            tables.append(_figures(view, name))
        if metrics:
            st.write(f"指标：{len(metrics)}张表")
        for ledger in ledgers:
            tables.append(ledger_exports.whole(view.of_own(), _asked(view, ledger)))
            st.write(f"{view.catalogue.ledgers[ledger].name}：{len(tables[-1].frame):,}行")
        try:
            made = to_book(f"{view.context().street}数据合集（{view.context().period}）", tables)
        except TooManyRows as error:
            status.update(label=str(error), state="error")
            return
        st.session_state["_book_ready"] = (key, made)
        status.update(label="合集已生成，可以下载。", state="complete", expanded=False)


def _figures(view: View, name: str) -> ExportTable:
    metric = view.catalogue.metrics[name]
    filters = (("社区", view.scope),) if view.places else ()
    return figures_table(
        view.figures(metric), (metric,), view.context(metric), view.catalogue, parts=True, filters=filters, title=metric.name
    )
