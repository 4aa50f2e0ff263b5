"""The bulletin in the form of GB/T 9704, from the slides' own findings; LibreOffice opens it and breaks no text."""

import io
import os
import shutil
import subprocess
from datetime import date

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from frames import CATALOGUE, CONTEXT
from test_slides import deck, fetcher

from jiejian.export.docx import Bulletin, to_bulletin, to_portrait
from jiejian.slides import build

SOFFICE = shutil.which("soffice")
METRICS = ["on_time_rate", "cases_opened"]
SLIDES = tuple(build(deck(("cards", METRICS), ("ranking", ["on_time_rate"]), ("table", METRICS)), fetcher(), CATALOGUE))
BULLETIN = Bulletin(
    "示范街道", "2026年10月", SLIDES,
    hot=("物业管理类36件，占本月12.3%。",), concerns=("晴川社区按期办结率连续下降。",), late=("青禾社区尚未报送10月台账。",), internal=True,
)  # fmt: skip


def written(**changed):
    from dataclasses import replace

    return Document(io.BytesIO(to_bulletin(replace(BULLETIN, **changed), date(2026, 11, 24))))


def texts(document) -> list[str]:
    return [p.text for p in document.paragraphs if p.text.strip()]


def test_page_and_type_follow_the_standard():
    document = written()
    (section,) = document.sections
    half = Mm(1) / 2  # the format counts in twentieths of a point
    assert (section.page_width, section.page_height) == (pytest.approx(Mm(210), abs=half), pytest.approx(Mm(297), abs=half))
    assert (section.top_margin, section.left_margin) == (pytest.approx(Mm(37), abs=half), pytest.approx(Mm(28), abs=half))
    assert section.page_width - section.left_margin - section.right_margin == pytest.approx(Mm(156), abs=half)
    assert section.page_height - section.top_margin - section.bottom_margin == pytest.approx(Mm(225), abs=half)
    body = next(p for p in document.paragraphs if p.text.startswith("现将"))
    assert body.runs[0].font.size == Pt(16) and body.paragraph_format.first_line_indent == Pt(32)
    assert body.paragraph_format.line_spacing == pytest.approx(Pt(28.95), abs=700)  # 22 lines on 225 mm
    title = next(p for p in document.paragraphs if p.text.startswith("关于"))
    assert title.runs[0].font.size == Pt(22)
    for run in (body.runs[0], title.runs[0]):
        fonts = run._r.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == fonts.get(qn("w:ascii"))
    footer = section.footer.paragraphs[0]
    assert footer.text.startswith("— ") and "PAGE" in footer._p.xml and section.even_page_footer.paragraphs[0].text


def test_it_says_what_the_slides_say():
    found = "\n".join(texts(written()))
    assert "一、总体情况" in found and SLIDES[0].takeaway in found and "按期办结率95.0%（环比上升1.5个百分点" in found
    assert "二、各社区情况" in found and "（一）按期办结率" in found and SLIDES[1].takeaway in found
    assert "三、诉求热点" in found and "物业管理类36件" in found
    assert "五、下一步工作" in found and "1. 抓紧补报。青禾社区尚未报送10月台账。" in found
    assert "内部资料　演示数据" in found and "2026年11月24日" in found and "〔2026〕第　期" in found
    assert "第一名" not in found and "排名" not in found


def test_empty_sections_are_left_out_and_the_rest_renumbered():
    found = texts(written(hot=(), concerns=(), late=()))
    assert [t for t in found if t[1:2] == "、"] == ["一、总体情况", "二、各社区情况", "三、下一步工作"]


def test_the_annex_has_every_community_once():
    document = written()
    (table,) = document.tables
    rows = [[c.text for c in row.cells] for row in table.rows]
    assert rows == [list(row) for row in SLIDES[2].table]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def test_names_of_communities_stand_on_one_line_and_nothing_leaves_the_page():
    (table,) = written().tables
    longest = max(len(row.cells[0].text) for row in table.rows)
    assert table.columns[0].width >= longest * Pt(10.5) + Pt(11), "the text and the margins of a cell"
    assert sum(column.width for column in table.columns) <= Mm(156)


def test_the_signature_never_stands_alone_on_a_page():
    paragraphs = written().paragraphs
    at = next(n for n, p in enumerate(paragraphs) if p.text == "2026年11月24日")
    assert paragraphs[at - 1].text == "示范街道" and paragraphs[at - 3].text.startswith("附件")
    assert all(p.paragraph_format.keep_with_next for p in paragraphs[at - 4 : at])
    assert not paragraphs[at].paragraph_format.keep_with_next


def test_without_figures_there_is_a_sentence():
    with pytest.raises(ValueError, match="2026年10月还没有可以通报的数字"):
        written(slides=())
    with pytest.raises(ValueError, match="春和社区还没有可以写进画像的数字"):
        to_portrait("春和社区", CONTEXT, [], {}, (), [])


PORTRAIT = to_portrait(
    "春和社区", CONTEXT, [("户数", "3120户"), ("网格", "9个")], {"党建": [("双报到率（党员）", "93.7%", "91.0%", "与平均无明显差异")]},
    ("指标", "本社区", "街道平均", "判断"), ["按期办结率近三个月低于通常波动。"], date(2026, 11, 24),
)  # fmt: skip


def test_the_portrait():
    document = Document(io.BytesIO(PORTRAIT))
    found = "\n".join(texts(document))
    assert "春和社区画像（2026年10月）" in found and "户数3120户，网格9个" in found and "演示数据" in found
    assert [c.text for c in document.tables[0].rows[1].cells] == ["双报到率（党员）", "93.7%", "91.0%", "与平均无明显差异"]


@pytest.mark.skipif(SOFFICE is None and not os.environ.get("JIEJIAN_REQUIRE_OFFICE"), reason="LibreOffice is not installed here")
def test_libreoffice_shows_both(tmp_path):
    for name, content in (("通报", to_bulletin(BULLETIN, date(2026, 11, 24))), ("画像", PORTRAIT)):
        (tmp_path / f"{name}.docx").write_bytes(content)
        subprocess.run(
            [SOFFICE, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / f"{name}.docx")],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
        words = subprocess.run(
            ["pdftotext", str(tmp_path / f"{name}.pdf"), "-"], capture_output=True, text=True, check=True
        ).stdout
        assert "演示数据" in words and "按期办结率" in words.replace("\n", "")
