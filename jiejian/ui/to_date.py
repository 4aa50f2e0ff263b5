"""The month that is not over: the key figures up to the cut-off against as many days of other months."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from jiejian.analysis.change import change_between, month_to_date
from jiejian.analysis.takeaway import to_date_sentence
from jiejian.analysis.total import TOTAL
from jiejian.catalogue import Metric
from jiejian.ui.view import View, kept


def draw(view: View, metrics: Sequence[Metric]) -> None:
    """A line a metric, where the data end within a month and the newest period is looked at; else nothing."""
    label, sentences = told(view, tuple(m.id for m in metrics))
    if sentences:
        st.subheader(f"本月至今（{label}）", anchor=False)
    for sentence in sentences:
        st.markdown(sentence)


@kept
def told(view: View, ids: tuple[str, ...]) -> tuple[str, list[str]]:
    """The spell of this month in words, and a sentence for each metric of which it holds a figure."""
    cutoff = view.dataset.as_of
    windows = month_to_date(cutoff)
    if windows["now"].whole or (cutoff - view.period.end).days > 31 or view.places:
        return "", []
    spells = tuple(windows.values())
    frame = view.ask("spells", ids, tuple(w.first for w in spells), tuple(w.last for w in spells))
    frame = frame.assign(window=[spells[i].label for i in frame["spell"]])
    sentences = []
    for metric in (view.catalogue.metrics[m] for m in ids if (frame["metric"] == m).any()):
        changes = [change_between(frame, metric, windows, against) for against in ("previous", "year_before")]
        sentences.append(to_date_sentence(metric, TOTAL, windows["now"], changes))
    return windows["now"].label, sentences
