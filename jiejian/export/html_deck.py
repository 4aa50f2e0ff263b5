"""Slides -> one HTML file with everything inside: the presenter in the page, and the deck on a USB stick.

It needs a browser of 2022 or later (Edge, Chrome 105, Firefox 110, Safari 16): inline scripts, CSS transforms, optional
chaining; full screen and a second window where the browser allows them. Its own content security policy forbids every
request. The figures are data (JSON) that a fixed script draws; no text of a slide is ever read as HTML.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

from jiejian.catalogue import Deck
from jiejian.charts import plotly_js
from jiejian.context import DEMO_MARK
from jiejian.slides import Slide

_ASSETS = Path(__file__).parent / "assets"
MIME = "text/html"


def to_html(slides: Sequence[Slide], deck: Deck, autoplay: bool = False, sheet: bool = False) -> str:
    """The deck as a page. ``autoplay`` starts it by itself; ``sheet`` lays all slides out side by side as thumbnails.

    Raises ValueError for a deck without slides.
    """
    if not slides:
        raise ValueError("这份演示没有幻灯片，请先添加。")
    content = {
        "name": deck.name,
        "seconds": deck.seconds,
        "internal": deck.internal,
        "autoplay": autoplay,
        "sheet": sheet,
        "slides": [_plain(slide) for slide in slides],
    }
    parts = {"TITLE": html.escape(deck.name), "DECK": _json(content), "PLOTLY": plotly_js(), **_own()}
    page = (_ASSETS / "deck.html").read_text(encoding="utf-8")
    before, *rest = page.split("@")
    # Every second piece is the name of a part; the parts themselves are never searched.
    return before + "".join(parts[piece] if n % 2 == 0 else piece for n, piece in enumerate(rest))


def _plain(slide: Slide) -> dict:
    """What the script needs of a slide: without the figures of native charts, and 演示数据 once, as a mark."""
    fields = {k: v for k, v in asdict(slide).items() if k != "plot"}
    fields["figure"] = still(fields["figure"])
    return fields | {"foot": slide.foot.removesuffix(f" · {DEMO_MARK}") if slide.fictional else slide.foot}


# What only a pointer over a chart would need: a slide's picture is still.
_HOVER = ("hovertext", "hoverinfo", "hovertemplate", "customdata", "hoverlabel", "hovermode")


def still(part):
    """A figure, or any part of one, without what no audience sees, its numbers to seven digits: a third of the bytes."""
    if isinstance(part, dict):
        return {name: still(value) for name, value in part.items() if name not in _HOVER}
    if isinstance(part, list | tuple):
        return [still(value) for value in part]
    return float(f"{part:.7g}") if isinstance(part, float) else part


def _json(content: dict) -> str:
    """JSON that cannot end the script element in which it stands."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def _own() -> dict[str, str]:
    return {name: (_ASSETS / file).read_text(encoding="utf-8") for name, file in (("STYLE", "deck.css"), ("SCRIPT", "deck.js"))}
