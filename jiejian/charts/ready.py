"""Handing a figure over to Streamlit without having it checked once more."""

from __future__ import annotations

from typing import Any

from plotly.basedatatypes import BaseFigure

from jiejian.charts.parts import Figure


class Ready(BaseFigure):
    """A plain figure in the shape that ``st.plotly_chart`` takes as it is.

    Streamlit validates and copies a dict at every rerun, which takes longer than everything else on a page. Our charts
    are validated by the tests, each kind with no, one and many places.
    """

    def __init__(self, figure: Figure):
        self._figure = figure

    def to_dict(self) -> dict[str, Any]:
        return self._figure
