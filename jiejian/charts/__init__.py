"""Frame + Metric + Context -> figure, a plain dict that plotly.js draws; one template, one grammar.

Every figure carries ``layout.meta`` = {title, takeaway, subtitle, foot, alt, reading}: title and takeaway are the
finding, ``alt`` says in words what the picture shows, ``reading`` how to read it. No figure has a legend, a colour
scale, an English word or a number in k or M. Marks of one place carry ``customdata`` = [place_id], so that a click
leads to it. ``large=True`` is the variant for slides, to be read from three metres.
"""

from jiejian.charts.parts import Figure
from jiejian.charts.published import published
from jiejian.charts.ranking import ranked
from jiejian.charts.ready import Ready, plotly_js
from jiejian.charts.series import sparkline, trend

__all__ = ["Figure", "Ready", "plotly_js", "published", "ranked", "sparkline", "trend"]
