"""The presentation read back: native charts with the frame's figures, Chinese faces, notes, templates; LibreOffice opens it."""

import io
import os
import shutil
import subprocess

import pytest
from frames import CATALOGUE
from pptx import Presentation
from pptx.oxml.ns import qn
from pptx.util import Inches
from test_slides import deck, fetcher

from jiejian.export.pptx import to_pptx
from jiejian.export.pptx.native import number_format
from jiejian.slides import Line, Plot, build

METRICS = ["on_time_rate", "cases_opened", "complaints_per_thousand_households"]
FULL = deck(("cards", METRICS), ("ranking", METRICS), ("trend", METRICS), ("table", METRICS))
SOFFICE = shutil.which("soffice")


def made(plan=FULL, fetch=None, **how):
    slides = build(plan, fetch or fetcher(), CATALOGUE)
    content, remarks = to_pptx(slides, plan, "示范街道", **how)
    return slides, Presentation(io.BytesIO(content)), remarks


def charts(presentation):
    return [shape.chart if shape.has_chart else None for page in presentation.slides for shape in page.shapes if shape.has_chart]


def test_one_page_a_slide_with_its_title_and_notes():
    slides, presentation, remarks = made()
    assert (presentation.slide_width, presentation.slide_height) == (Inches(13.333), Inches(7.5)) and not remarks
    assert [page.shapes.title.text_frame.text for page in presentation.slides] == [s.title for s in slides]
    for slide, page in zip(slides, presentation.slides, strict=True):
        assert page.notes_slide.notes_text_frame.text == slide.notes
        words = " ".join(shape.text_frame.text for shape in page.shapes if shape.has_text_frame)
        assert "演示数据" in words and slide.scope in words
    assert "示范街道" in presentation.slide_master.shapes._spTree.xpath("string(.)")


def test_charts_are_native_and_hold_the_figures_of_the_frame():
    slides, presentation, _ = made()
    plots = [slide.plot for slide in slides if slide.plot]
    found = charts(presentation)
    assert len(found) == len(plots) == 6
    for chart, plot in zip(found, plots, strict=True):
        assert list(chart.plots[0].categories) == list(plot.categories)
        assert [s.name for s in chart.plots[0].series] == [line.name for line in plot.lines]
        for series, line in zip(chart.plots[0].series, plot.lines, strict=True):
            assert list(series.values) == pytest.approx(list(line.values), nan_ok=True)
        # The workbook behind the chart opens and holds the same.
        import openpyxl

        sheet = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active
        assert [c.value for c in sheet["A"][1:]] == list(plot.categories)
        assert [c.value for c in sheet["B"][1:]] == pytest.approx(list(plot.lines[0].values))


def test_intervals_stand_in_the_chart():
    slides, presentation, _ = made(deck(("ranking", ["on_time_rate"])))
    (chart,), line = charts(presentation), slides[0].plot.lines[0]
    bars = chart.plots[0].series[0]._element.find(qn("c:errBars"))
    minus = [float(v.text) for v in bars.find(qn("c:minus")).iter(qn("c:v"))]
    assert minus == pytest.approx([v - low for v, low in zip(line.values, line.lower, strict=True)])


def test_a_missing_month_is_a_gap_not_zero():
    def gappy(metrics, kind, places):
        data = fetcher()(metrics, kind, places)
        for part in (data.series, data.totals):
            part.loc[part["period"] == "2026-09", "value"] = float("nan")
        return data

    _, presentation, _ = made(deck(("trend", ["on_time_rate"])), gappy)
    (chart,) = charts(presentation)
    assert chart.plots[0].series[0].values[1] is None
    assert chart._chartSpace.chart.find(qn("c:dispBlanksAs")).get("val") == "gap"


def test_every_run_has_a_chinese_face():
    _, presentation, _ = made()
    for page in presentation.slides:
        runs = list(page._element.iter(qn("a:rPr")))
        assert runs
        for run in runs:
            assert run.find(qn("a:ea")).get("typeface") == run.find(qn("a:latin")).get("typeface") == "Microsoft YaHei"
        for shape in page.shapes:
            assert not shape.has_chart or all(
                p.find(qn("a:ea")) is not None
                for p in shape.chart._chartSpace.iter(qn("a:defRPr"))
                if p.find(qn("a:latin")) is not None
            )


def test_tables_are_native():
    slides, presentation, _ = made(deck(("table", METRICS)))
    (table,) = [shape.table for shape in presentation.slides[0].shapes if shape.has_table]
    assert tuple(tuple(cell.text for cell in row.cells) for row in table.rows) == slides[0].table


def test_an_empty_slide_says_why():
    _, presentation, _ = made(deck(("ranking", ["cases_opened"])), fetcher(refused=["cases_opened"]))
    words = " ".join(shape.text_frame.text for shape in presentation.slides[0].shapes if shape.has_text_frame)
    assert "请补报相应台账" in words
    with pytest.raises(ValueError, match="没有幻灯片"):
        to_pptx([], FULL, "示范街道")


def test_an_internal_deck_is_marked_on_every_page():
    _, presentation, _ = made(FULL.model_copy(update={"internal": True}))
    for page in presentation.slides:
        assert any("内部资料" in shape.text_frame.text for shape in page.shapes if shape.has_text_frame)


def test_numbers_from_ten_thousand_on_are_in_wan():
    def plot(unit, decimals, *values):
        return Plot("bars", ("甲",) * len(values), (Line("件", values),), "量", unit, decimals)

    assert number_format(plot("%", 1, 95.3)) == '0.0"%"'
    assert number_format(plot("件", 0, 9_999)) == "0"
    assert number_format(plot("件", 0, 12_345.0, None)) == '[>=10000]0!.0,"万";0'


# ---- templates ----


def test_a_streets_own_template(tmp_path):
    own = Presentation()
    own.slide_width, own.slide_height = Inches(16), Inches(9)
    own.slides.add_slide(own.slide_layouts[0]).shapes.title.text = "示例页"
    own.save(tmp_path / "街道.pptx")
    slides, presentation, remarks = made(template=tmp_path / "街道.pptx")
    assert presentation.slide_width == Inches(16) and not remarks
    assert [p.shapes.title.text_frame.text for p in presentation.slides] == [s.title for s in slides]
    for page in presentation.slides:
        for shape in page.shapes:
            assert shape.left + shape.width <= presentation.slide_width and shape.top + shape.height <= presentation.slide_height


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"<html>"])
def test_a_broken_template_falls_back_to_ours_with_a_sentence(tmp_path, content):
    (tmp_path / "坏.pptx").write_bytes(content)
    slides, presentation, remarks = made(template=tmp_path / "坏.pptx")
    assert len(presentation.slides) == len(slides)
    assert remarks == ["模板“坏.pptx”没有用上：文件打不开，可能已损坏或加了密码。已改用自带版式，请检查模板后重新导出。"]


@pytest.mark.skipif(SOFFICE is None and not os.environ.get("JIEJIAN_REQUIRE_OFFICE"), reason="LibreOffice is not installed here")
def test_libreoffice_shows_every_page(tmp_path):
    plan = FULL
    content, _ = to_pptx(build(plan, fetcher(), CATALOGUE), plan, "示范街道")
    (tmp_path / "deck.pptx").write_bytes(content)
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "deck.pptx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    pages = subprocess.run(["pdfinfo", str(tmp_path / "deck.pdf")], capture_output=True, text=True, check=True).stdout
    assert f"Pages:           {len(build(plan, fetcher(), CATALOGUE))}" in pages
    words = subprocess.run(["pdftotext", str(tmp_path / "deck.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    assert "演示数据" in words and "按期办结率" in words
