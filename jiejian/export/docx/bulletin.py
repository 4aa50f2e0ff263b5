"""The monthly bulletin (通报): totals, groups, hot topics, what to do, and an annex; drafted from the slides' own findings.

It is a draft: an official goes on writing. No ranks, only groups; nothing is claimed that the findings do not say.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jiejian.context import DEMO_MARK
from jiejian.export.docx.official import SIZE_FIVE, SONG, Official
from jiejian.slides import Card, Slide

_NUMBERS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Bulletin:
    """What a bulletin holds beside its slides.

    ``hot`` are sentences on the most frequent topics; ``concerns`` and ``progress`` those of the status board; ``late`` says who
    has not reported. Each may be empty.
    """

    office: str
    month: str
    slides: tuple[Slide, ...]
    hot: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    progress: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    internal: bool = False


def to_bulletin(bulletin: Bulletin, today: date | None = None) -> bytes:
    """The document as .docx. Raises ValueError where there is no slide to write from."""
    if not any(not slide.empty for slide in bulletin.slides):
        raise ValueError(f"{bulletin.month}还没有可以通报的数字，请先装载台账。")
    day, title = today or date.today(), f"关于{bulletin.month}社区党建和治理工作情况的通报"
    paper = Official(title, bulletin.office)
    fictional = any(slide.fictional for slide in bulletin.slides)
    if marks := [mark for mark, there in (("内部资料", bulletin.internal), (DEMO_MARK, fictional)) if there]:
        paper.marked("　".join(marks))
    paper.red_head(f"{bulletin.office}工作通报", f"〔{day.year}〕第　期")
    paper.title(title)
    paper.text(f"现将{bulletin.month}社区党建和治理工作情况通报如下。")
    for number, (heading, paragraphs) in enumerate(_sections(bulletin)):
        paper.heading(f"{_NUMBERS[number]}、{heading}")
        for level, text in paragraphs:
            paper.heading(text, 2) if level else paper.text(text)
    tables = [slide for slide in bulletin.slides if slide.table]
    if tables:
        paper.text(f"附件：各社区{bulletin.month}主要指标一览表")
    paper.signature(bulletin.office, f"{day.year}年{day.month}月{day.day}日")
    if tables:
        _annex(paper, bulletin, tables)
    file = io.BytesIO()
    paper.document.save(file)
    return file.getvalue()


Paragraph = tuple[bool, str]


def _sections(bulletin: Bulletin) -> list[tuple[str, list[Paragraph]]]:
    """Headings with their paragraphs; (True, text) is a heading of the second level. Empty sections are left out."""
    cards = [slide for slide in bulletin.slides if slide.cards]
    rankings = [slide for slide in bulletin.slides if slide.kind == "ranking" and not slide.empty]
    found = [
        ("总体情况", [(False, _totals(slide)) for slide in cards]),
        ("各社区情况", [p for n, slide in enumerate(rankings) for p in _standing(n, slide)]),
        ("诉求热点", [(False, text) for text in bulletin.hot]),
        ("值得关注的变化", _changes(bulletin)),
        ("下一步工作", _todo(bulletin)),
    ]
    return [(heading, paragraphs) for heading, paragraphs in found if paragraphs]


def _totals(slide: Slide) -> str:
    told = "；".join(_told(card) for card in slide.cards)
    return f"{slide.takeaway}其中：{told}。"


def _told(card: Card) -> str:
    changes = f"（{'，'.join(card.changes)}）" if card.changes else ""
    return f"{card.name}{card.value}{card.unit}{changes}"


def _standing(number: int, slide: Slide) -> list[Paragraph]:
    return [
        (True, f"（{_NUMBERS[number]}）{slide.plot.name if slide.plot else slide.title}"),
        (False, f"{slide.title}。{slide.takeaway}"),
    ]


def _changes(bulletin: Bulletin) -> list[Paragraph]:
    rows = [*(f"需关注：{text}" for text in bulletin.concerns), *(f"有进步：{text}" for text in bulletin.progress)]
    return [(False, text) for text in rows]


def _todo(bulletin: Bulletin) -> list[Paragraph]:
    """What follows from what was found; an official writes the rest."""
    found = []
    if bulletin.late:
        found.append("抓紧补报。" + "".join(bulletin.late))
    if bulletin.concerns:
        found.append("分析原因。请上述需关注的社区逐件查找原因，先核对台账是否漏登、错登，再研究措施。")
    if bulletin.hot:
        found.append("办好热点诉求。请有关科室会同社区，对集中反映的事项主动上门、提前办理。")
    found.append("用好数据。单月的起落可能出于偶然，以连续几期超出通常波动的变化为准；总量受社区规模影响，不以多少论好坏。")
    return [(False, f"{n}. {text}") for n, text in enumerate(found, start=1)]


def _annex(paper: Official, bulletin: Bulletin, tables: Sequence[Slide]) -> None:
    """All communities in one table: the pages that a deck needs are put together again."""
    paper.new_page()
    paper.marked("附件")
    paper.title(f"各社区{bulletin.month}主要指标一览表")
    head = tables[0].table[0]
    body = [row for slide in tables for row in slide.table[1:-1]]
    paper.table([head, *body, tables[-1].table[-1]])
    paper.paragraph(f"{tables[0].foot}。按街道惯例顺序排列，不是名次；“缺报”不是零。", SONG, SIZE_FIVE, "left", exact=False)
