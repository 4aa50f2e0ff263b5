"""Plot -> native chart: editable, with its figures in the workbook behind it, and a gap where a figure is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lxml import etree
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.enum.dml import MSO_LINE
from pptx.oxml.ns import qn
from pptx.util import Pt

from jiejian.charts.parts import nice_ticks
from jiejian.export.pptx.page import INK, LINE, MARK, RED, SECOND, Box, colour, face
from jiejian.slides import Line, Plot

_KINDS = {"bars": XL_CHART_TYPE.BAR_CLUSTERED, "dots": XL_CHART_TYPE.LINE_MARKERS, "lines": XL_CHART_TYPE.LINE}
_COLOURS = {"focus": RED, "other": MARK, "mean": INK, "standard": SECOND}


def add_chart(slide, plot: Plot, box: Box, size: tuple[int, int], alt: str):
    """The native chart of a plot; ``alt`` says in words what it shows."""
    data = CategoryChartData(number_format=number_format(plot))
    data.categories = plot.categories
    for line in plot.lines:
        data.add_series(line.name, line.values)
    frame = slide.shapes.add_chart(_KINDS[plot.kind], *box.emu(*size), data)
    frame._element.nvGraphicFramePr.cNvPr.set("descr", alt)
    frame._element.nvGraphicFramePr.cNvPr.set("title", plot.name)
    chart = frame.chart
    _frame(chart, plot)
    for series, line in zip(chart.plots[0].series, plot.lines, strict=True):
        _DRAW[plot.kind](series, line, plot)
    return frame


def number_format(plot: Plot) -> str:
    """The format of values in the chart and in its workbook; from 10,000 on in 万 (digits, a stop and a scaling comma)."""
    digits = "0" + ("." + "0" * plot.decimals if plot.decimals else "")
    if plot.unit == "%":
        return f'{digits}"%"'
    most = max((abs(v) for line in plot.lines for v in line.values if v is not None), default=0)
    return f'[>=10000]0!.0,"万";{digits}' if most >= 10_000 else digits


# ---- the whole ----


def _frame(chart, plot: Plot) -> None:
    chart.has_title = False
    chart.font.size, chart.font.color.rgb = Pt(14), colour(SECOND)
    face(chart.font._rPr)
    several = len(plot.lines) > 1
    chart.has_legend = several
    if several:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        chart.legend.font.size = Pt(14)
        face(chart.legend.font._rPr)
    _blanks_as_gaps(chart)
    _axes(chart, plot)


def _blanks_as_gaps(chart) -> None:
    holder = chart._chartSpace.chart
    for old in holder.findall(qn("c:dispBlanksAs")):
        holder.remove(old)
    gap = etree.Element(qn("c:dispBlanksAs"), val="gap")
    visible = holder.find(qn("c:plotVisOnly"))
    visible.addnext(gap) if visible is not None else holder.append(gap)


def _axes(chart, plot: Plot) -> None:
    values, names = chart.value_axis, chart.category_axis
    values.has_major_gridlines = True
    values.major_gridlines.format.line.color.rgb = colour(LINE)
    values.format.line.fill.background()
    ticks = _ticks(plot)
    whole = all(float(tick).is_integer() for tick in ticks)
    values.tick_labels.number_format = number_format(replace(plot, decimals=0) if ticks and whole else plot)
    values.tick_labels.number_format_is_linked = False
    values.major_tick_mark = names.major_tick_mark = XL_TICK_MARK.NONE
    names.format.line.color.rgb = colour(LINE)
    names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    names.tick_labels.font.size = Pt(14 if len(plot.categories) <= 14 else 12 if plot.kind != "bars" else 10)
    face(names.tick_labels.font._rPr)
    values.has_title = True
    values.axis_title.text_frame.text = f"{plot.name}（{plot.unit}）" if plot.unit not in plot.name else plot.name
    run = values.axis_title.text_frame.paragraphs[0].runs[0]
    run.font.size, run.font.bold, run.font.color.rgb = Pt(12), False, colour(SECOND)
    face(run._r.get_or_add_rPr())
    if plot.kind != "lines":
        _every_name(names)
    if plot.kind == "bars":
        names.reverse_order = True  # the first category on top, as on the screen
        values.minimum_scale = min(0.0, *_known(plot.lines))
        # The figures stand at the bars; without numbers below there is room for the name of every place.
        values.tick_label_position = XL_TICK_LABEL_POSITION.NONE
        chart.plots[0].gap_width, chart.plots[0].overlap = 45, 100
    elif ticks:
        values.minimum_scale, values.maximum_scale, values.major_unit = ticks[0], ticks[-1], ticks[1] - ticks[0]


def _ticks(plot: Plot) -> list[float]:
    """Evenly spaced ticks of the axis of values: the picture's own, or found anew; none for bars, which start at nothing."""
    if plot.kind == "bars":
        return []
    if len(plot.ticks) > 1:
        return list(plot.ticks)
    return nice_ticks(min(_known(plot.lines)), max(_known(plot.lines))) if plot.kind == "dots" else []


def _known(lines: Sequence[Line]) -> list[float]:
    return [v for line in lines for part in (line.values, line.lower, line.upper) for v in part if v is not None] or [0.0]


def _every_name(names) -> None:
    """No category is left out where names are places; of three years of months the program leaves some out."""
    if len(names._element.findall(qn("c:tickLblSkip"))) == 0:
        anchor = names._element.find(qn("c:noMultiLvlLbl"))
        skip = etree.Element(qn("c:tickLblSkip"), val="1")
        anchor.addprevious(skip) if anchor is not None else names._element.append(skip)


# ---- one series ----


def _bar(series, line: Line, plot: Plot) -> None:
    if line.role in ("mean", "standard"):  # a bar chart has no line across; the facts beside it name the figure
        series.format.fill.background()
        return
    series.format.fill.solid()
    series.format.fill.fore_color.rgb = colour(_COLOURS[line.role])
    series.invert_if_negative = False
    labels = series.data_labels
    labels.show_value, labels.number_format, labels.number_format_is_linked = True, number_format(plot), False
    labels.position, labels.font.size = XL_LABEL_POSITION.OUTSIDE_END, Pt(12 if len(plot.categories) <= 14 else 10)
    labels.font.color.rgb = colour(INK)
    face(labels.font._rPr)


def _dot(series, line: Line, plot: Plot) -> None:
    series.smooth = False
    if line.role in ("mean", "standard"):
        _across(series, line)
        return
    series.format.line.fill.background()
    series.marker.style, series.marker.size = XL_MARKER_STYLE.CIRCLE, 10
    series.marker.format.fill.solid()
    series.marker.format.fill.fore_color.rgb = colour(RED if line.role == "focus" else SECOND)
    series.marker.format.line.fill.background()
    if line.lower:
        _intervals(series, line)


def _trend(series, line: Line, plot: Plot) -> None:
    series.smooth = False
    series.format.line.width = Pt(3.5 if line.role == "focus" else 2.25)
    series.format.line.color.rgb = colour(_COLOURS[line.role])
    if line.role == "standard":
        series.format.line.dash_style = MSO_LINE.DASH
    series.marker.style = XL_MARKER_STYLE.NONE


def _across(series, line: Line) -> None:
    """A level line for a mean or a standard."""
    series.format.line.width, series.format.line.color.rgb = Pt(2), colour(_COLOURS[line.role])
    if line.role == "standard":
        series.format.line.dash_style = MSO_LINE.DASH
    series.marker.style = XL_MARKER_STYLE.NONE


_DRAW = {"bars": _bar, "dots": _dot, "lines": _trend}


def _intervals(series, line: Line) -> None:
    """Error bars from the lower to the upper end of each interval, as numbers in the chart itself."""
    rows = list(zip(line.values, line.lower, line.upper, strict=True))
    plus = [None if v is None or high is None else high - v for v, _, high in rows]
    minus = [None if v is None or low is None else v - low for v, low, _ in rows]
    bars = etree.Element(qn("c:errBars"))
    for tag, value in (("c:errDir", "y"), ("c:errBarType", "both"), ("c:errValType", "cust"), ("c:noEndCap", "1")):
        etree.SubElement(bars, qn(tag), val=value)
    for tag, lengths in (("c:plus", plus), ("c:minus", minus)):
        literal = etree.SubElement(etree.SubElement(bars, qn(tag)), qn("c:numLit"))
        etree.SubElement(literal, qn("c:formatCode")).text = "General"
        etree.SubElement(literal, qn("c:ptCount"), val=str(len(lengths)))
        for index, length in enumerate(lengths):
            if length is not None:
                point = etree.SubElement(literal, qn("c:pt"), idx=str(index))
                etree.SubElement(point, qn("c:v")).text = repr(float(length))
    shape = etree.SubElement(bars, qn("c:spPr"))
    stroke = etree.SubElement(shape, qn("a:ln"), w="28575")
    fill = etree.SubElement(etree.SubElement(stroke, qn("a:solidFill")), qn("a:srgbClr"))
    fill.set("val", "D98B8B" if line.role == "focus" else "C3CAD2")
    # The schema wants error bars of a line series before its categories.
    series._element.find(qn("c:cat")).addprevious(bars)
