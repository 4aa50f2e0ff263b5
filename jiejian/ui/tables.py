"""The tables and downloads of a view: what is on the screen, and everything behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from jiejian.catalogue import Metric
from jiejian.export.tables import ExportTable, figures_table, subject_of
from jiejian.keeping import MEGABYTE, Kept
from jiejian.periods import Period, parse_period
from jiejian.selection import latest_periods
from jiejian.ui.downloads import Offer, downloads
from jiejian.ui.view import View

# Rows of a table on the screen: nobody scrolls through more, and each is sent at every rerun.
MOST_ROWS = 1_000


# Tables as the browser gets them, by the frame that they were made of: it is held along, so that its id stays its own.
_PACKED = Kept(96 * MEGABYTE)


def packed(frame: pd.DataFrame) -> pa.Table | pd.DataFrame:
    """A frame as Arrow, without its index: converted once and not at each rerun.

    Only for frames that are shared between runs and never changed; what Arrow has no type for stays a frame.
    """
    return _PACKED.get(id(frame), lambda: (frame, as_arrow(frame)))[1]


def as_arrow(frame: pd.DataFrame) -> pa.Table | pd.DataFrame:
    """A frame as Arrow, without its index."""
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return frame


def _head(metric: Metric) -> str:
    return f"{metric.name}（{metric.unit}）"


def screen_table(frame: pd.DataFrame, metrics: Sequence[Metric], place: str = "社区") -> pd.DataFrame:
    """A figures frame as a person reads it: a row a place and period, a column a metric, gaps empty."""
    index = ["start", "sort", "place", "period"]
    if len(metrics) == 1:  # no need to pivot, which takes longer than the rest of a page
        own = frame.loc[frame["metric"].to_numpy() == metrics[0].id, [*index, "value"]]
        wide = own.rename(columns={"value": _head(metrics[0])})
    else:
        wide = frame.pivot(index=index, columns="metric", values="value")
        wide = wide.reindex(columns=[m.id for m in metrics]).rename(columns={m.id: _head(m) for m in metrics}).reset_index()
    wide = wide.dropna(subset=["start"]).sort_values(["start", "sort"], ascending=[False, True], kind="stable")
    wide.insert(0, place, wide.pop("place"))
    wide.insert(1, "时间", [parse_period(key).label for key in wide.pop("period")])
    return wide.drop(columns=["start", "sort"]).reset_index(drop=True)


def show_table(view: View, frame: pd.DataFrame, metrics: Sequence[Metric], height: int | str = "auto") -> None:
    """Draw a figures frame as a table; every number with the decimals of its metric."""
    numbers = {_head(m): st.column_config.NumberColumn(format=f"%.{m.decimals}f") for m in metrics}
    unit = view.catalogue.datasets[view.dataset.id].unit_of_comparison
    shown, left_out = _PACKED.get((id(frame), *(m.id for m in metrics), unit), lambda: (frame, *_on_screen(frame, metrics, unit)))[1:]
    st.dataframe(shown, hide_index=True, width="stretch", height=height, column_config=numbers)
    if left_out:
        st.caption(f"只显示最近的、惯例顺序在前的{MOST_ROWS:,}行，另有{left_out:,}行；下载的文件是完整的。")


def _on_screen(frame: pd.DataFrame, metrics: Sequence[Metric], unit: str) -> tuple[pa.Table | pd.DataFrame, int]:
    """What the screen shows of a figures frame, and how many rows it leaves out."""
    shown, left_out = _newest(frame)
    return as_arrow(screen_table(shown, metrics, unit)), left_out


def _newest(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """So much of a figures frame as a table on the screen shows, newest first, and how many of its rows are not in it."""
    metrics = max(frame["metric"].nunique(), 1)
    if len(frame) <= MOST_ROWS * metrics:
        return frame, 0
    order = np.lexsort((frame["sort"].to_numpy(), -frame["start"].to_numpy().astype("int64")))
    return frame.iloc[np.sort(order[: MOST_ROWS * metrics])], len(frame) // metrics - MOST_ROWS


def run_table(frame: pd.DataFrame, metric: Metric) -> None:
    """The figures behind a run chart, newest first: figure, mean and limits of each period."""
    heads = {"value": _head(metric), "mean": "均值", "lower": "下限", "upper": "上限"}
    shown = frame.iloc[::-1][list(heads)].rename(columns=heads)
    shown.insert(0, "时间", [parse_period(key).label for key in frame["period"].iloc[::-1]])
    number = st.column_config.NumberColumn(format=f"%.{metric.decimals}f")
    st.dataframe(shown, hide_index=True, width="stretch", column_config=dict.fromkeys(heads.values(), number), placeholder="—")


def view_downloads(key: str, view: View, metrics: Sequence[Metric] = ()) -> None:
    """当前视图: the picked places and periods. 全部数据: every place and period of the same metrics."""
    metrics = tuple(metrics) or view.metrics
    periods = _all_periods(view)
    everything = replace(view, places=(), since=periods[-1], period=periods[0])
    places = len(view.places) or len(view.known)
    downloads(
        key,
        subject_of(metrics),
        view.context(*metrics),
        Offer("当前视图", places * len(view.selection.periods), lambda: export_table(view, metrics)),
        Offer("全部数据", len(view.known) * len(periods), lambda: export_table(everything, metrics)),
    )


def _all_periods(view: View) -> list[Period]:
    return latest_periods(view.dataset.first, view.dataset.as_of)[view.period.grain]


def export_table(view: View, metrics: Sequence[Metric]) -> ExportTable:
    """The table of a view, ready for any of the three formats."""
    chosen = (("社区", view.scope if view.places else ""), ("分类", view.group))
    filters = tuple((name, value) for name, value in chosen if value)
    return figures_table(view.figures(*metrics), metrics, view.context(*metrics), view.catalogue, filters=filters)
