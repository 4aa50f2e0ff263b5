"""One metric over time: the street, the picked communities, and the events beside them."""

from __future__ import annotations

import pandas as pd

from jiejian import charts
from jiejian.analysis import boundary
from jiejian.analysis.takeaway import like_for_like
from jiejian.analysis.total import total
from jiejian.ui import show, tables
from jiejian.ui.view import View


def trend(view: View) -> None:
    """Draw the series of the picked metric."""
    frame = view.figures(places=())
    totals = total(frame, view.metric, view.catalogue.measures)
    figure = charts.trend(
        frame,
        view.metric,
        view.context(),
        focus=view.places,
        total=totals,
        events=_events(view),
        standard=view.standard,
        compared=like_for_like(frame, view.metric, view.catalogue.measures),
    )
    redrawn = boundary.remark(view.ask("place_changes"), view.since.start, view.period.end, view.places)
    figure["layout"]["meta"]["takeaway"] += redrawn
    shown = frame[frame["place_id"].isin(view.places)] if view.places else totals
    show.chart(view, figure, "trend_chart", lambda: tables.show_table(view, shown, [view.metric]), [view.metric])


def _events(view: View) -> pd.DataFrame:
    """Events within the series, and changes of boundaries: of the whole street, and of the picked communities."""
    redrawn = boundary.marks(view.ask("place_changes"), view.since.start, view.period.end, view.places)
    events = view.ask("events")
    if events.empty:
        return redrawn
    day = pd.to_datetime(events["happened_on"])
    inside = (day >= pd.Timestamp(view.since.start)) & (day <= pd.Timestamp(view.period.end))
    concerns = events["place_id"].isin(["", *view.places]) | ~events["place_id"].isin(view.known["place_id"])
    return pd.concat([events[inside & concerns], redrawn], ignore_index=True)
