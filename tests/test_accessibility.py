"""Every page for those who see badly, hear it read, or have no mouse: axe, charts in words and as tables, contrast, keys."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from test_journeys import CHART, open_page, settle

from jiejian.ui.frame import PAGES

pytestmark = pytest.mark.browser
# axe-core 4.12 (MPL-2.0) as the wheel axe-playwright-python brings it; nothing is fetched.
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# Rules of axe that Streamlit's own shell breaks and a page cannot mend, each with its reason. None at present.
SHELL: dict[str, str] = {}

OPEN_ALL = "document.querySelectorAll('[data-testid=stExpander] details:not([open]) > summary').forEach(s => s.click())"
AUDIT = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(v => ["serious", "critical"].includes(v.impact))
  .map(v => `${v.id}: ` + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | "))"""
# Charts without words, charts without a table near them, and names that are still English.
UNSAID = """() => {
  const found = [];
  for (const chart of document.querySelectorAll(".js-plotly-plot")) {
    const box = chart.closest("[class*='st-key-']"), key = [...box.classList].find(c => c.startsWith("st-key-"));
    if (chart.getAttribute("role") !== "img" || (chart.getAttribute("aria-label") ?? "").length < 10) found.push(`${key}: no words`);
    // The nearest block that holds the chart and what belongs to it has a table, drawn or behind "表格".
    let near = box;
    while (near && !near.querySelector("[data-testid=stDataFrame], [data-testid=stTable], table")) near = near.parentElement;
    if (!near || near.querySelectorAll(".js-plotly-plot").length > near.querySelectorAll("[data-testid=stDataFrame], [data-testid=stTable], table").length)
      found.push(`${key}: no table`);
  }
  for (const node of document.querySelectorAll("[aria-label], [placeholder], [title], img"))
    for (const name of ["aria-label", "placeholder", "title"]) {
      const text = node.getAttribute(name) ?? "";
      if (/[A-Za-z]{4,}/.test(text) && !/[\\u4e00-\\u9fff]/.test(text)) found.push(`${node.tagName} ${name}="${text}"`);
    }
  for (const node of document.querySelectorAll("a, button"))
    if (!node.childElementCount && /[A-Za-z]{4,}/.test(node.textContent) && !/[\\u4e00-\\u9fff]/.test(node.textContent)) found.push(node.outerHTML.slice(0, 120));
  return found;
}"""
# Text in charts, which axe leaves out: its colour against what is painted beneath it.
FAINT = """() => {
  const light = (c) => { const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const parsed = (text) => { const n = (text.match(/[\\d.]+/g) ?? []).map(Number); return text.startsWith("rgb") ? { rgb: n.slice(0, 3), a: n[3] ?? 1 } : null; };
  const over = (top, a, under) => top.map((v, i) => v * a + under[i] * (1 - a));
  const found = new Set();
  for (const chart of document.querySelectorAll(".js-plotly-plot")) {
    const nodes = [...chart.querySelectorAll(".main-svg :is(path, rect, circle, image, text)")].filter(n => !n.closest("defs, .draglayer, .hoverlayer, .modebar-container"));
    const shapes = [];
    for (const node of nodes) {
      const style = getComputedStyle(node), fill = parsed(style.fill) ?? (node.tagName === "image" ? { rgb: [0, 0, 0], a: 1 } : null), box = node.getBoundingClientRect();
      if (!fill || !box.width) continue;
      const opacity = fill.a * Number(style.fillOpacity) * Number(style.opacity);
      if (node.tagName === "image") { shapes.push({ box, rgb: null, opacity: 1 }); continue; }
      if (node.tagName !== "text") { if (opacity > 0) shapes.push({ box, rgb: fill.rgb, opacity }); continue; }
      // Signs alone are pictures; the shades of a heat map are an image, whose inks test_charts_contrast.py checks.
      if (!/[\\p{L}\\p{N}]/u.test(node.textContent) || opacity === 0) continue;
      let ground = [255, 255, 255];
      const x = box.x + box.width / 2, y = box.y + box.height / 2;
      for (const s of shapes) if (x > s.box.left && x < s.box.right && y > s.box.top && y < s.box.bottom) ground = s.rgb && ground && over(s.rgb, s.opacity, ground);
      if (!ground) continue;
      const [a, b] = [light(over(fill.rgb, opacity, ground)), light(ground)].sort((p, q) => q - p);
      if ((a + 0.05) / (b + 0.05) < 4.5) found.add(`${node.textContent} ${style.fill} on ${ground.map(Math.round)}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
    }
  }
  return [...found].slice(0, 12);
}"""


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_nothing_serious_for_axe_every_chart_in_words_and_as_a_table(server, page, name):
    open_page(page, server, name)
    if name == "present":
        deck = page.locator(".st-key-deck iframe").element_handle()
        assert deck.get_attribute("title"), "a frame says what it holds"
        inside = deck.content_frame()
        inside.evaluate(AXE)
        assert inside.evaluate(AUDIT) == []
    page.evaluate(OPEN_ALL)
    page.wait_for_timeout(700)
    settle(page)
    # What is being drawn anew is shown faint for a moment.
    page.wait_for_function("!document.querySelector('[data-stale=true]')", timeout=30_000)
    page.evaluate(
        "Promise.all(document.getAnimations().filter(a => a.playState === 'running' && a.effect.getTiming().iterations !== Infinity).map(a => a.finished.catch(() => 0)))"
    )
    page.evaluate(AXE)
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert [v for v in page.evaluate(AUDIT) if v.split(":")[0] not in SHELL] == []
    for _ in range(20):  # names are mended a moment after something was drawn
        if not (unsaid := page.evaluate(UNSAID)):
            break
        page.wait_for_timeout(250)
    assert unsaid == []
    assert page.evaluate(FAINT) == []


# ---- without a mouse ----

# What can be operated and is seen: in no closed expander, not hidden, not one of several radio buttons (arrows lead through those).
OPERABLE = """() => [...document.querySelectorAll("a[href], button, input, summary, select, textarea, [tabindex='0']")].filter(n => {
  const style = getComputedStyle(n), box = n.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && style.visibility !== "hidden" && style.display !== "none" && !n.disabled && n.tabIndex >= 0
    && !n.closest("[inert], [aria-hidden='true']") && !(n.closest("details:not([open])") && n.tagName !== "SUMMARY");
}).map(n => { n.dataset.wanted ??= String(document.querySelectorAll("[data-wanted]").length); return n.dataset.wanted; }).length"""
HELD = """() => { const n = document.activeElement; n.dataset.held = "1"; const ring = getComputedStyle(n);
  return (n.getAttribute("aria-label") || n.innerText || n.closest("[data-testid=stSelectbox]")?.innerText || n.tagName).trim(); }"""
MISSED = """() => [...document.querySelectorAll("[data-wanted]")].filter(n => !n.dataset.held && !(n.getAttribute("role") === "radio" && n.parentElement.querySelector("[data-held]")))
  .map(n => n.outerHTML.slice(0, 140))"""


def tab_to(page, words: str, most: int = 150) -> None:
    """Press Tab until what is focused has these words; fails after ``most``."""
    met = []
    for _ in range(most):
        page.keyboard.press("Tab")
        met.append(page.evaluate(HELD))
        if re.search(words, met[-1]):
            return
    raise AssertionError(f"Tab never came to {words}, only to {met[-40:]}")


def test_tab_reaches_everything_that_can_be_operated(server, page):
    open_page(page, server, "compare")
    page.wait_for_selector(CHART)
    wanted = page.evaluate(OPERABLE)
    assert wanted > 25
    for _ in range(wanted + 40):
        page.keyboard.press("Tab")
        page.evaluate(HELD)
    assert page.evaluate(MISSED) == []


def test_a_journey_with_the_keyboard_alone(server, page):
    """From the board by its table to a cell, to its trend, another metric, the table under the chart; the menu's head closes and opens."""
    open_page(page, server)
    page.wait_for_selector(".st-key-board_chart .main-svg")
    tab_to(page, "^总体$")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid='stNavSectionHeader'][aria-expanded='false']")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid='stSidebarNav'] >> text=社区对比")
    for _ in range(150):  # the expander that belongs to the board
        tab_to(page, "表格$")
        if page.evaluate("Boolean(document.activeElement.closest('details').querySelector('.st-key-board_table'))"):
            break
    page.keyboard.press("Enter")
    page.wait_for_timeout(400)
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate(
            "Boolean(document.activeElement.closest('[data-testid=stDataFrame]')) && document.activeElement.tagName === 'CANVAS'"
        ):
            break
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".st-key-cell_chart .main-svg", timeout=60_000)
    settle(page)
    for _ in range(3):  # on a busy machine a key can meet a button that is just drawn anew: who sits there presses again
        tab_to(page, "在趋势分析中打开")
        page.keyboard.press("Enter")
        with suppress(PlaywrightTimeout):
            page.wait_for_url(re.compile("/trends.*community="), timeout=30_000)
            break
    assert re.search("/trends.*community=", page.url), page.url
    settle(page)
    before = page.url
    tab_to(page, "^指标$")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("before => location.href !== before", arg=before, timeout=20_000)
    settle(page)
    tab_to(page, "表格$")
    page.keyboard.press("Enter")
    page.wait_for_selector("details[open] [data-testid='stDataFrame']", timeout=10_000)
