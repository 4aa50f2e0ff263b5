"""One metric over time: the street, the picked communities, and the events beside them."""

from __future__ import annotations

import pandas as pd

from jiejian import charts
from jiejian.analysis.total import total
from jiejian.catalogue import catalogue
from jiejian.ui import data, show, tables
from jiejian.ui.view import View

_READING = (
    "粗线是全街道，红线是选中的社区，浅灰线是其他社区。断开的地方是缺报，不是零。"
    "竖线是大事记里的事项，只表示时间先后，不等于因果；春节所在月份通常偏低，已用浅色标出。"
)


def trend(view: View) -> None:
    """Draw the series of the picked metric."""
    frame = data.figures(view.asking(places=()))
    totals = total(frame, view.metric, catalogue().measures)
    names = dict(zip(view.known["place_id"], view.known["place"], strict=True))
    figure = charts.trend(
        frame, view.metric, view.context(), focus=[p for p in view.places if p in names], total=totals,
        events=_events(view), standard=view.standard,
    )
    shown = frame[frame["place_id"].isin(view.places)] if view.places else totals
    show.chart(figure, "trend_chart", tables.screen_table(shown, [view.metric]), [view.metric], reading=_READING)


def _events(view: View) -> pd.DataFrame:
    """Events within the series: of the whole street, and of the picked communities."""
    events = data.ask("events", view.dataset.id)
    if events.empty:
        return events
    day = pd.to_datetime(events["happened_on"])
    inside = (day >= pd.Timestamp(view.since.start)) & (day <= pd.Timestamp(view.period.end))
    concerns = events["place_id"].isin(["", *view.places]) | ~events["place_id"].isin(view.known["place_id"])
    return events[inside & concerns]
