"""How a page shows a figure: finding, chart, and under it the table, the definition and how to read it."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import streamlit as st

from jiejian.catalogue import Metric
from jiejian.charts import Ready
from jiejian.context import DEMO_MARK, MOST_SOURCES, Context
from jiejian.export.tables import file_name
from jiejian.ui.origin import origin
from jiejian.ui.view import View

_PHONE, _WIDE = 340, 560  # px: what a phone has, and the first of two steps beyond it
QUIET = {"displayModeBar": False, "scrollZoom": False}


def heading(question: str, answer: str = "") -> None:
    """The page's question as its title, and the answer in one sentence."""
    st.title(question, anchor=False)
    if answer:
        st.markdown(answer)


def frame_line(view: View) -> None:
    """The line that is always there: whose figures, until when, how many have reported, made up or not."""
    parts = [f"<b>街鉴 · {html.escape(view.ask('street'))}</b>"]
    parts.append("各数字自带时间口径" if view.published else f"截至 {view.dataset.as_of}" if view.dataset.as_of else "还没有数据")
    if not view.published and view.dataset.as_of:
        sent, others = view.ask("reporting", view.period.end if view.period else view.dataset.as_of)
        parts += [f"报送 {sent}/{sent + len(others)}"] if sent and sent + len(others) > 1 else []
    if view.dataset.fictional:
        parts.append(f'<span class="jj-demo">{DEMO_MARK}</span>')
    st.html(f'<div class="jj-frame">{"".join(f"<span>{part}</span>" for part in parts)}</div>')


def chart(
    view: View,
    figure: dict,
    key: str,
    table: Callable[[], None],
    metrics: Sequence[Metric] = (),
    on_click: Callable[[], None] | None = None,
) -> None:
    """One chart in the grammar of the house, with the table that ``table`` draws under it; a click calls ``on_click`` (read the points with :func:`clicked`)."""
    meta = figure["layout"]["meta"]
    st.subheader(meta["title"], anchor=False)
    st.markdown(meta["takeaway"])
    st.caption(meta["subtitle"])
    # On a phone a chart that needs more width is drawn as wide as it must be and scrolls sideways.
    least = int(meta.get("least", 0))
    room = "phone" if least <= _PHONE else "wide" if least <= _WIDE else "wider"
    with st.container(key=f"{room}_{key}"):
        st.plotly_chart(
            Ready(figure), key=key, config=QUIET, theme=None, on_select=on_click or "ignore", selection_mode="points"
        )
    st.html(f'<div class="jj-foot">{html.escape(meta["foot"])}{_image(view, meta, key)}</div>')
    _below(view, table, metrics, meta["reading"], key)


def _image(view: View, meta: dict, key: str) -> str:
    """The chart as a picture with its words around it, made by assets/images.js in the browser; the mark of made-up data stands in the foot.

    ``data-alt`` is what the chart shows in words: assets/accessible.js makes it the chart's name for those who do not see it.
    """
    said = view.context()
    name = file_name(said.street, meta["title"], said.as_of, "svg", fictional=said.fictional).removesuffix(".svg")
    words = {"chart": key, "name": name, **{part: meta[part] for part in ("title", "takeaway", "subtitle", "foot", "alt")}}
    data = " ".join(f'data-{part}="{html.escape(text)}"' for part, text in words.items())
    buttons = "".join(f'<button type="button" data-kind="{kind}">{kind.upper()}</button>' for kind in ("png", "svg"))
    return f'<span class="jj-image" {data}>下载图片：{buttons}</span>'


def picture(view: View, figure: dict, key: str) -> None:
    """The line under a figure drawn by :func:`drawn` that offers it as a picture."""
    st.html(f'<div class="jj-foot">{_image(view, figure["layout"]["meta"], key)}</div>')


def drawn(figure: dict, key: str, on_click: Callable[[], None] | None = None) -> None:
    """A figure without the words around it; a click calls ``on_click`` (read the mark with :func:`mark`)."""
    st.plotly_chart(Ready(figure), key=key, config=QUIET, theme=None, on_select=on_click or "ignore", selection_mode="points")


def mark(key: str) -> list[str]:
    """The customdata of the mark that a click on the chart ``key`` chose; empty when none is chosen."""
    points = st.session_state.get(key, {}).get("selection", {}).get("points", [])
    data = points[0].get("customdata") if points else None
    return list(data) if isinstance(data, list | tuple) else [data] if data else []


def clicked(key: str) -> str | None:
    """The place id that a click on the chart ``key`` chose, if any."""
    return next(iter(mark(key)), None)


def _below(view: View, table: Callable[[], None], metrics: Sequence[Metric], reading: str, key: str) -> None:
    with st.container(gap="xxsmall"):
        with st.expander("表格"):
            table()
        if metrics:
            with st.expander("口径"):
                definitions(view, metrics)
            origin(view, metrics, key)
        if reading:
            with st.expander("怎么读这张图"):
                st.markdown(reading)


def definitions(view: View, metrics: Sequence[Metric]) -> None:
    """Name, unit and definition of metrics, with their official reference line; and all sources where the foot has no room for them."""
    for metric in metrics:
        standard = view.catalogue.standard_of(metric.id)
        line = f"**{metric.name}**（{metric.unit}）：{metric.definition}"
        st.markdown(line + (f"  \n参考标准：{standard.document}，{standard.clause}。{standard.note}" if standard else ""))
    sources = view.context(*metrics).sources
    if len(sources) > MOST_SOURCES:
        st.markdown(f"来源（{len(sources)}项）：{'、'.join(sources)}。")


def foot(context: Context) -> None:
    """Sources and cut-off under a block without a chart."""
    st.html(f'<div class="jj-foot">{html.escape(context.foot)}</div>')
