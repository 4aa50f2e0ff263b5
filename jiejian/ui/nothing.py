"""What a page shows where nothing was sent: what is missing, where to put it, and a template that need not be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import streamlit as st

from jiejian.catalogue import Ledger
from jiejian.export.tables import MIME
from jiejian.ui import importing, person, show
from jiejian.ui.view import View

# The table that an office has in any case, and that most pages draw from.
_FIRST = "monthly"


class Drawing(Protocol):
    """What a panel is drawn from."""

    @property
    def ledger(self) -> str: ...


def nothing(view: View, title: str = "") -> None:
    """A page of all ledgers that has nothing to draw: its title, the first table to send, and where it goes."""
    if title:
        show.heading(title)
    if view.group:
        st.info(f"{view.dataset.name}的“{view.group}”分类下还没有可以展示的数据。请在左侧换一个分类，或者报送这一类的台账。")
        return
    if view.published:
        st.info(f"{view.dataset.name}的数字各有各的时间，不按期报送，这一页不展示。请在左侧换一个数据集。")
        return
    first = view.catalogue.ledgers[_FIRST]
    st.info(
        f"{view.dataset.name}还没有可以展示的数据。先报一份“{first.name}”，总览、对比和趋势就有图；其他台账报一种，多一类图。"
        f"{_where()}表格（Excel 或 CSV）照平时的样子就行，不必另填；没有现成表的，可以用模板。"
    )
    _lead_there()
    _template(first, "page")


def ask(view: View, tabs: Mapping[str, Sequence[Drawing]]) -> None:
    """A page of one working field that has nothing to draw: all of its ledgers are asked for."""
    if view.published:
        nothing(view)
        return
    ask_for(view, (panel.ledger for panels in tabs.values() for panel in panels))
    _lead_there()


def ask_for(view: View, ledgers: Iterable[str], where: str = "page") -> None:
    """Each of these ledgers once: what to send, what is usually kept in it, and a template."""
    how = f"收到后这里就有图。{_where()}用平时的表即可，不必另填；没有现成表的，可以用模板。"
    for n, name in enumerate(dict.fromkeys(ledgers)):
        ledger = view.catalogue.ledgers[name]
        st.info(f"还没有收到“{ledger.name}”{'，' if n == 0 else '。'}{how if n == 0 else ''}{ledger.note}")
        _template(ledger, where)


def _where() -> str:
    """Where a table is put, in words, or who does so."""
    return "把表放到“数据导入”页。" if person.current().may("import") else "请把表交给负责导入台账的同事。"


def _lead_there() -> None:
    if person.current().may("import"):
        st.page_link("pages/import.py", label="去“数据导入”", icon=":material/arrow_forward:")


def _template(ledger: Ledger, where: str) -> None:
    # A template holds the names of all communities, for those who send ledgers.
    if not person.current().may("import"):
        return
    st.download_button(
        f"下载“{ledger.name}”模板",
        data=lambda: importing.template(ledger),
        file_name=importing.template_name(ledger),
        mime=MIME["xlsx"],
        key=f"ask_{where}_{ledger.id}",
        on_click="ignore",
        icon=":material/download:",
    )
