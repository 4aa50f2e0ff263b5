"""The offline deck from file://: every key, full screen, a reload, weight, hostile texts, and all ready decks at four sizes.

That it asks for nothing outside is shown behind a logging proxy in test_journeys.
"""

from __future__ import annotations

import json
import re

import pytest
from frames import CATALOGUE
from playwright.sync_api import expect
from test_present import CUT, SIZES, SMALLEST
from test_slides import deck, fetcher

from jiejian.export.html_deck import still, to_html
from jiejian.slides import Slide, build

PLAN = deck(("cards", ["on_time_rate", "cases_opened"]), ("ranking", ["on_time_rate"]), ("trend", ["on_time_rate"]), ("table", ["on_time_rate"]))  # fmt: skip
SLIDES = build(PLAN, fetcher(), CATALOGUE)
OVERLAP = """
() => [...document.querySelectorAll("section")].flatMap((section) => {
  const boxes = [...section.querySelectorAll("h1, .takeaway, .label, .facts .value, .annotation-text")]
    .map((node) => [node.textContent, node.getBoundingClientRect()]).filter(([text]) => text.trim());
  return boxes.flatMap(([one, a], n) => boxes.slice(n + 1).filter(([other, b]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > a.height * .35
  ).map(([other]) => `${one} / ${other}`));
})
"""
EMPTY = """
() => [...document.querySelectorAll("section")].filter((section) => section.querySelector(".figure")).map((section) =>
  section.querySelector(".figure .main-svg").getBoundingClientRect().height / section.querySelector(".body").getBoundingClientRect().height)
"""


@pytest.fixture(scope="session")
def ready(demo):
    """The slides of all ready decks of the demo street, each plan with the first subject there is."""
    from jiejian.ui import deckbook

    opened = [deckbook.find(demo, name) for name in demo.catalogue.decks]
    return [slide for one in opened for slide in deckbook.slides(one)]


def shown(page, tmp_path, slides=SLIDES, plan=PLAN):
    """The deck as a file in the browser, all slides drawn."""
    file = tmp_path / "演示.html"
    file.write_text(to_html(slides, plan), encoding="utf-8")
    page.goto(file.as_uri())
    page.locator("body[data-ready='1']").wait_for(timeout=60_000)
    return page


# ---- what stands in the file ----


def test_a_still_picture_holds_nothing_for_a_pointer():
    figure = next(s for s in SLIDES if s.figure).figure
    made = still(figure)
    written = json.dumps(made)
    assert "hovertext" in json.dumps(figure) and not re.search("hover|customdata", written)
    assert [t["x"] for t in made["data"] if t["mode"] == "markers"] == [
        pytest.approx(list(t["x"]), rel=1e-6) for t in figure["data"] if t["mode"] == "markers"
    ]


def test_forty_of_the_heaviest_slides_weigh_less_than_eight_megabytes(ready):
    trends = [s for s in ready if s.kind == "trend"]
    weight = len(to_html((trends * 40)[:40], PLAN).encode())
    assert weight < 8_000_000
    assert len(to_html(ready[:1], PLAN).encode()) > 4_000_000, "the drawing library is inside, once"
    assert to_html(trends, PLAN).count("plotly.js v") <= 1


# ---- in the browser ----


@pytest.mark.browser
def test_every_key_and_full_screen_from_a_stick(page, tmp_path):
    shown(page, tmp_path)
    number = page.locator("#bar output")
    steps = [
        ("ArrowRight", 2), ("ArrowDown", 3), ("PageDown", 4), ("PageDown", 4), ("ArrowLeft", 3), ("ArrowUp", 2), ("PageUp", 1),
        ("PageUp", 1), (" ", 2), ("Enter", 3), ("Backspace", 2), ("End", 4), ("Home", 1),
    ]  # fmt: skip
    for key, at in steps:
        page.keyboard.press(key)
        expect(number).to_have_text(f"{at} / 4")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("f")
    page.wait_for_timeout(400)
    assert page.evaluate("document.fullscreenElement !== null")
    page.keyboard.press("Escape")
    page.wait_for_timeout(400)
    assert page.evaluate("document.fullscreenElement === null")
    expect(number).to_have_text("2 / 4")


@pytest.mark.browser
def test_a_reload_stays_where_the_talk_was(page, tmp_path):
    shown(page, tmp_path)
    page.keyboard.press("End")
    page.reload()
    expect(page.locator("#bar output")).to_have_text("4 / 4")
    assert page.url.endswith("#4")


@pytest.mark.browser
def test_texts_of_a_deck_are_texts(page, tmp_path):
    bad = '</script><script>window.owned = 1</script><img src=x onerror="window.owned = 1">@PLOTLY@'
    slide = Slide(bad, "table", bad, table=((bad, bad), (bad, bad)), notes=bad, scope=bad, foot=bad, stop=bad)
    shown(page, tmp_path, [slide], PLAN.model_copy(update={"name": bad}))
    assert page.evaluate("window.owned === undefined && document.querySelectorAll('img').length === 0")
    assert page.locator("section.on h1").inner_text() == bad and page.title() == bad
    assert page.locator("section.on td").first.inner_text() == bad


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_all_ready_decks_fill_the_screen_and_nothing_is_small_cut_or_covered(ready, browser, tmp_path, width, height):
    assert len(ready) > 25 and {s.kind for s in ready} == {"cards", "ranking", "trend", "table"}
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    page = shown(context.new_page(), tmp_path, ready)
    size, text = page.evaluate(SMALLEST)
    assert size >= 1 / 40 - 1e-3, f"{text}: 1/{1 / size:.0f} of the height"
    assert page.evaluate(CUT) == []
    assert page.evaluate(OVERLAP) == []
    assert min(page.evaluate(EMPTY)) > 0.85
    stage = page.evaluate("(({width, height}) => [width, height])(document.getElementById('stage').getBoundingClientRect())")
    assert stage == [pytest.approx(width, abs=2), pytest.approx(height, abs=2)], "no bars beside the slide, nor on a 3:1 wall"
    context.close()
