"""A community's portrait as a document: its figures beside the street's, by pillar, with what is said of them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date

from jiejian.context import DEMO_MARK, Context
from jiejian.export.docx.official import SIZE_FIVE, SONG, Official

Row = tuple[str, ...]


def to_portrait(
    community: str,
    context: Context,
    facts: Sequence[tuple[str, str]],
    pillars: Mapping[str, Sequence[Row]],
    heads: Row,
    signals: Sequence[str],
    today: date | None = None,
    internal: bool = False,
) -> bytes:
    """The document as .docx.

    ``facts`` are name and value of the head (户数, 网格 …); ``pillars`` rows under ``heads`` by pillar; ``signals`` sentences.
    Raises ValueError where there is nothing to write.
    """
    if not facts and not pillars:
        raise ValueError(f"{community}还没有可以写进画像的数字，请先装载台账。")
    paper = Official(f"{community}画像", context.street)
    if marks := [mark for mark, there in (("内部资料", internal), (DEMO_MARK, context.fictional)) if there]:
        paper.marked("　".join(marks))
    paper.title(f"{community}画像（{context.period}）")
    if facts:
        paper.heading("一、基本情况")
        paper.text(f"{community}" + "，".join(f"{name}{value}" for name, value in facts) + "。")
    paper.heading(f"{'二' if facts else '一'}、主要指标")
    for name, rows in pillars.items():
        paper.heading(f"（{name}）", 2)
        paper.table([heads, *rows])
    if signals:
        paper.heading(f"{'三' if facts else '二'}、值得关注的变化")
        for signal in signals:
            paper.text(signal)
    paper.paragraph(f"{context.foot}。", SONG, SIZE_FIVE, "left", exact=False)
    day = today or date.today()
    paper.signature(context.street, f"{day.year}年{day.month}月{day.day}日")
    file = io.BytesIO()
    paper.document.save(file)
    return file.getvalue()
