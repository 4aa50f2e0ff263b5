"""Handing a figure over to Streamlit without having it checked once more."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
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


@cache
def plotly_js() -> str:
    """The drawing library of the installed plotly as one script, for files that must draw without a network."""
    return files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")
