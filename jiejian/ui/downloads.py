"""The two buttons under a page: 当前视图 and 全部数据, each with its number of rows, in three formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from jiejian import audit
from jiejian.context import Context
from jiejian.export.tables import MIME, ExportTable, file_name, to_csv, to_parquet, to_xlsx
from jiejian.export.workbook import MAX_ROWS
from jiejian.home import home
from jiejian.ui import person

WRITERS: dict[str, Callable[[ExportTable], bytes]] = {"xlsx": to_xlsx, "csv": to_csv, "parquet": to_parquet}
_NAMES = {"xlsx": "Excel 表格", "csv": "CSV 文本", "parquet": "Parquet"}


@dataclass(frozen=True)
class Offer:
    """One button: its words, how many rows it gives, and how the table is made once it is clicked."""

    label: str
    rows: int
    table: Callable[[], ExportTable]


def downloads(key: str, subject: str, context: Context, *offers: Offer) -> None:
    """Show the format and the buttons. The file is built only on the click and named 街道_指标_截至日期."""
    ending = st.segmented_control(
        "下载格式",
        list(WRITERS),
        default="xlsx",
        required=True,
        format_func=_NAMES.get,
        key=f"{key}_format",
        label_visibility="collapsed",
    )
    for sentence in filter(None, (too_long(offer.rows, ending) for offer in offers)):
        st.warning(sentence)
    offers = tuple(offer for offer in offers if not too_long(offer.rows, ending))
    alone = len(offers) == 1
    for column, offer in zip([st] if alone else st.columns([1] * len(offers) + [2]), offers, strict=False):
        name = file_name(context.street, subject, context.as_of, ending, fictional=context.fictional)
        column.download_button(
            f"{offer.label}（{offer.rows:,} 行）",
            data=taken(name, _writer(offer, ending)),
            file_name=name,
            mime=MIME[ending],
            key=f"{key}_{offer.label}",
            on_click="ignore",
            icon=":material/download:",
            disabled=offer.rows == 0,
            width="content" if alone else "stretch",
        )


def too_long(rows: int, ending: str) -> str:
    """Why so many rows cannot be had in a format, and what can be done; '' where they can."""
    if ending != "xlsx" or rows <= MAX_ROWS:
        return ""
    return f"共 {rows:,} 行，超过Excel一张表能装的 {MAX_ROWS:,} 行。请改选 CSV 或 Parquet，或在左侧缩小时间、社区的范围。"


def taken(name: str, content: bytes | Callable[[], bytes]) -> Callable[[], bytes]:
    """What a download button gives, made (where it is not yet) and put on record as the click asks for it.

    Whoever draws the button is the one who takes the file: it is their session's.
    """
    who, root = person.require("see"), home()

    def take() -> bytes:
        made = content() if callable(content) else content
        audit.record(root, who.account, "导出", name)
        return made

    return take


def _writer(offer: Offer, ending: str) -> Callable[[], bytes]:
    return lambda: WRITERS[ending](offer.table())
