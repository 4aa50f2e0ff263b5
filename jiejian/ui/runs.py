"""Run charts for pages: of a cell of the board, of the street or a community on the trend page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from jiejian import charts
from jiejian.analysis.board import Board
from jiejian.analysis.cells import Cell
from jiejian.analysis.runs import run
from jiejian.analysis.takeaway import cell_sentence
from jiejian.selection import Selection
from jiejian.ui import data
from jiejian.ui.view import View

HOLIDAY = "节假日"


def cell_chart(view: View, selection: Selection, made: Board, found: Cell) -> tuple[dict, pd.DataFrame]:
    """The run chart of a cell, small, judged as the board judges it; and the frame that it is drawn from."""
    cube = data.cube(view.source, replace(selection, metrics=(found.metric.id,)))
    target = None if np.isnan(found.target) or np.isfinite(found.pace) else found.target
    frame = run(
        cube, cube.value[0, found.column], view.catalogue.measures,
        eras=cube.eras[found.column], target=target, as_of=view.dataset.as_of,
    )  # fmt: skip
    label = selection.period.label
    finding = (f"{found.place}{found.metric.name}", cell_sentence(found, label))
    context = replace(view, places=(found.place_id,)).context(found.metric)
    events = concerning(view, (found.place_id,))
    figure = charts.run_chart(
        frame, found.metric, found.place, context, finding, events=events, place_id=found.place_id, height=300
    )
    return figure, frame


def concerning(view: View, places: tuple[str, ...]) -> pd.DataFrame:
    """Events of the whole street and of these places; festivals have bands of their own."""
    events = view.ask("events")
    events = events[events["event_kind"].fillna("") != HOLIDAY]
    concerns = events["place_id"].isin(["", *places]) | ~events["place_id"].isin(view.known["place_id"])
    return events[concerns]
