"""Frame + Metric + Context -> figure, a plain dict that plotly.js draws; one template, one grammar.

Every figure carries ``layout.meta`` = {title, takeaway, subtitle, foot, alt, reading}: title and takeaway are the
finding, ``alt`` says in words what the picture shows, ``reading`` how to read it; ``least``, where it is there, is the
width in px below which texts would touch. No figure has a legend, a colour
scale, an English word or a number in k or M. Marks of one place carry ``customdata`` = [place_id], so that a click
leads to it. ``large=True`` is the variant for slides, to be read from three metres.
"""

from jiejian.charts.board import MOST_PLACES, status_board
from jiejian.charts.control import run_chart
from jiejian.charts.counted import bars, columns_over_time, matrix, steps, whole
from jiejian.charts.days import calendar
from jiejian.charts.funnel import funnel_plot
from jiejian.charts.many import MANY
from jiejian.charts.multiples import small_multiples
from jiejian.charts.panorama import compared_board, heat_map, strips
from jiejian.charts.parts import Figure, retitle
from jiejian.charts.published import published
from jiejian.charts.ranking import ranked
from jiejian.charts.ready import Ready, plotly_js
from jiejian.charts.scores import contribution_chart, rank_chart
from jiejian.charts.series import sparkline, trend
from jiejian.charts.sites import site_map, tile_grid
from jiejian.charts.spine import Spine, spine_svg
from jiejian.charts.spread import distribution, relation
from jiejian.charts.structure import icicle, sankey
from jiejian.charts.waiting import closing_curves
from jiejian.charts.years import cumulative_chart, years_chart

__all__ = [
    "MANY",
    "MOST_PLACES",
    "Figure",
    "Ready",
    "Spine",
    "bars",
    "calendar",
    "closing_curves",
    "columns_over_time",
    "compared_board",
    "contribution_chart",
    "cumulative_chart",
    "distribution",
    "funnel_plot",
    "heat_map",
    "icicle",
    "matrix",
    "plotly_js",
    "published",
    "rank_chart",
    "ranked",
    "relation",
    "retitle",
    "run_chart",
    "sankey",
    "site_map",
    "small_multiples",
    "sparkline",
    "spine_svg",
    "status_board",
    "steps",
    "strips",
    "tile_grid",
    "trend",
    "whole",
    "years_chart",
]
