"""Journeys in a real browser: deep links on a fresh server, links that reproduce a view, keys, downloads, no outside request."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree

import pytest
from conftest import CHROMIUM, CHROMIUM_FLAGS, serve
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from proxy import LoggingProxy

from jiejian.ui.frame import PAGES

pytestmark = pytest.mark.browser
CHART = "[data-testid='stPlotlyChart'] .main-svg"

# Without a pause of half a second the way through the front door, which takes two runs, would pass for one.
RESTS = """() => {
  const still = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning", now = performance.now();
  window.restsSince = still ? window.restsSince || now : 0;
  return still && now - window.restsSince > 500;
}"""


def browser_own(host: str) -> bool:
    """Chromium's own calls home; fonts, scripts and maps of a page would come from other names."""
    return host in {"accounts.google.com", "clients2.google.com", "update.googleapis.com"} or host.startswith(
        ("optimizationguide", "content-autofill", "safebrowsing")
    )


def settle(page) -> None:
    """Wait until the page has been drawn (its title stands) and Streamlit rests."""
    page.wait_for_selector("h1, .st-key-deck iframe", timeout=60_000)
    page.wait_for_function(RESTS, timeout=60_000)


def open_page(page, address: str, path: str = "", **params: str) -> None:
    query = "&".join(f"{k}={quote(v)}" for k, v in params.items())
    page.goto(f"{address}/{path}{'?' + query if query else ''}")
    settle(page)


def shows(page, *values: str) -> None:
    """Wait until the pickers show these values; fails after ten seconds."""
    page.wait_for_function(
        "wanted => { const shown = [...document.querySelectorAll('[data-testid=stSidebar] input')].map(i => i.value);"
        " return wanted.every(v => shown.includes(v)); }",
        arg=list(values),
        timeout=10_000,
    )


# Each page takes a server of its own. That every page begins with the guard is held by test_imports.py; so the gate tries those that
# differ in how they are drawn (the front page, pickers, a theme, a form, the slides), and the nightly set all others.
OF_EACH_KIND = ("overview", "compare", "cases", "import", "present")
FRESH = [page.name if page.name in OF_EACH_KIND else pytest.param(page.name, marks=pytest.mark.nightly) for page in PAGES]


@pytest.mark.parametrize("name", FRESH)
def test_a_deep_link_on_a_fresh_server_shows_the_same_frame(demo_home, browser, browser_context_args, name):
    with serve(demo_home) as address:
        context = browser.new_context(**browser_context_args)
        page = context.new_page()
        open_page(page, address, name)
        # The way through the front door and back takes two runs; the frame is there when its menu, or its slide, is.
        page.wait_for_selector(".st-key-deck iframe" if name == "present" else ".jj-frame")
        settle(page)
        assert urlsplit(page.url).path.strip("/") in (name, "" if name == "overview" else name)
        if name == "present":
            assert page.locator("[data-testid='stSidebar']").count() == 0
        else:
            menu = page.locator("[data-testid='stSidebarNav']").inner_text()
            assert all(one.title in menu for one in PAGES)
            assert "compare" not in menu
            assert "演示数据" in page.locator(".jj-frame").inner_text()
        context.close()


def test_a_deep_link_keeps_its_query_on_a_fresh_server(demo_home, page):
    with serve(demo_home) as address:
        open_page(page, address, "compare", metric="基层化解率", grain="季度")
        shows(page, "基层化解率", "季度")
        assert parse_qs(urlsplit(page.url).query)["metric"] == ["基层化解率"]


def test_a_link_reproduces_the_view_and_pages_keep_it(server, page):
    open_page(page, server, "compare", metric="每千户投诉量")
    shows(page, "每千户投诉量")
    page.get_by_role("link", name="趋势分析").click()
    page.wait_for_url(re.compile("/trends.*metric="), timeout=20_000)
    settle(page)
    shows(page, "每千户投诉量")
    assert parse_qs(urlsplit(page.url).query)["metric"] == ["每千户投诉量"]


def test_a_click_on_a_mark_leads_to_that_community(server, page):
    open_page(page, server, "compare", metric="诉求受理量")
    page.wait_for_selector(CHART)
    bar = page.locator("[data-testid='stPlotlyChart'] .bars .point path").nth(2)
    box = bar.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    page.wait_for_url(re.compile("/trends.*community="), timeout=20_000)
    settle(page)
    chosen = parse_qs(urlsplit(page.url).query)["community"]
    assert len(chosen) == 1 and chosen[0].endswith("社区")
    assert chosen[0] in page.locator("[data-testid='stSidebar']").inner_text()


def test_from_the_street_to_a_community_to_a_grid_to_its_cases(server, page):
    """A click on a community shows its grids, a click on a grid its cases, without names or telephones; the address says so."""
    open_page(page, server, "cases")
    row = page.locator(".st-key-cases_states .trace.bars").first.locator(".point path").nth(3)
    row.wait_for(timeout=30_000)
    row.click(force=True)
    page.wait_for_url(re.compile("community="), timeout=20_000)
    bar = page.locator(".st-key-cases_grids .bars .point path").first
    bar.wait_for(timeout=30_000)
    settle(page)
    bar.click(force=True)
    page.get_by_text(re.compile("诉求清单：共")).wait_for(timeout=30_000)
    query = parse_qs(urlsplit(page.url).query)
    assert len(query["community"]) == 1 and query["cases_tab"] == ["诉求清单"]
    shown = page.locator("[data-testid='stMain']").inner_text()
    assert "网格" in page.get_by_label("网格", exact=True).first.input_value() and "不含反映人姓名和电话" in shown


def test_a_cell_of_the_board_is_explained_and_leads_to_its_trend(server, page):
    """The first cell of the board: a sentence and a run chart; then the trend of that metric and community."""
    open_page(page, server)
    page.wait_for_selector(".st-key-board_chart .main-svg")
    page.locator(".st-key-board_chart .scatterlayer .trace").first.locator("path.point").first.click(force=True)
    button = page.get_by_role("button", name="在趋势分析中打开")
    button.wait_for(timeout=20_000)
    told = page.locator(".st-key-cell_chart").locator("xpath=ancestor::*[@data-testid='stVerticalBlock'][1]").inner_text()
    assert "社区" in told and ("通常波动" in told or "不作判断" in told or "缺数" in told)
    button.click()
    page.wait_for_url(re.compile("/trends.*community="), timeout=20_000)
    settle(page)
    query = parse_qs(urlsplit(page.url).query)
    assert query["community"][0] in told and query["metric"][0] in told
    page.wait_for_selector(".st-key-trend_chart .main-svg")


def test_a_download_has_a_chinese_name_and_the_rows_of_the_view(server, page, tmp_path):
    import openpyxl

    open_page(page, server, "compare", metric="按期办结率")
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile("当前视图")).click()
    download = waiting.value
    assert download.suggested_filename.startswith("示范街道") and "按期办结率" in download.suggested_filename
    path = tmp_path / "view.xlsx"
    download.save_as(path)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    communities = [row[0].value for row in sheet.iter_rows() if str(row[0].value).endswith("社区") and len(str(row[0].value)) > 2]
    assert len(communities) == 23


FITS = "document.documentElement.scrollWidth <= window.innerWidth + 1"
FAILED = "[data-testid='stException'], [data-testid='stAlertContentError'], [role='dialog']"


def test_no_page_asks_the_outside_for_anything_nor_is_wider_than_its_window(server, playwright):
    """Every page on a projector, then in a notebook's window, while a proxy sees what the browser asks for."""
    with LoggingProxy() as proxy:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=CHROMIUM_FLAGS,
            proxy={"server": f"http://127.0.0.1:{proxy.port}", "bypass": "<-loopback>"},
        )
        page = chromium.new_page(locale="zh-CN")
        page.wait_for_timeout(3000)
        own = set(proxy.outside)  # what the browser asks for by itself, before it has seen any page of ours
        for one in PAGES:
            page.set_viewport_size({"width": 1920, "height": 1080})
            open_page(page, server, one.name)
            assert page.evaluate(FITS), f"{one.name} at 1920"
            assert page.locator(FAILED).count() == 0, one.name
            page.set_viewport_size({"width": 1366, "height": 768})
            page.wait_for_timeout(300)
            assert page.evaluate(FITS), f"{one.name} at 1366"
        open_page(page, server, "compare", dataset="公开报道案例")
        chromium.close()
        assert "127.0.0.1" in proxy.hosts, "the proxy saw nothing, so it proves nothing"
        assert {host for host in proxy.outside if not browser_own(host)} <= own


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_no_page_is_wider_than_a_phone_nor_shows_an_error(server, browser, name):
    context = browser.new_context(viewport={"width": 390, "height": 768}, locale="zh-CN")
    page = context.new_page()
    open_page(page, server, name)
    assert page.evaluate(FITS)
    assert page.locator(FAILED).count() == 0
    context.close()


def test_a_phone_scrolls_the_run_chart_from_its_newest_end(server, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = context.new_page()
    open_page(page, server, "trends")
    page.wait_for_selector(".st-key-trend_chart .main-svg .annotation-text")
    chart = page.locator(".st-key-trend_chart")
    assert chart.evaluate("e => e.scrollWidth > 2 * e.clientWidth"), "three years have no room"
    edge = chart.evaluate("e => e.getBoundingClientRect().right")
    newest = page.locator(".st-key-trend_chart .annotation-text", has_text="最近一期").bounding_box()
    assert newest["x"] > 0 and newest["x"] + newest["width"] <= edge + 2
    assert page.locator(".st-key-trend_chart .annotation-text", has_text="“红色物业”联建启动").count()
    context.close()


def picture_of(page, kind: str):
    """The first chart's picture. A busy machine may lose a press between button down and up: then it is pressed again, as a person would."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for _ in range(3):
        with suppress(PlaywrightTimeout):
            with page.expect_download(timeout=25_000) as waiting:
                page.locator(f".jj-image button[data-kind={kind}]").first.click()
            return waiting.value
    raise AssertionError(f"no {kind} after three presses: {said}")


@pytest.mark.parametrize("name", ["compare", "trends", "overview"])
def test_a_chart_comes_as_a_picture_with_its_words_and_mark(server, page, tmp_path, name):
    open_page(page, server, name)
    page.wait_for_selector(CHART)
    title = page.locator(".jj-image").first.get_attribute("data-title")
    assert title and "下载图片" in page.locator(".jj-image").first.inner_text()
    for kind in ("svg", "png"):
        download = picture_of(page, kind)
        assert download.suggested_filename.startswith("示范街道（演示数据）_")
        assert download.suggested_filename.endswith(f".{kind}")
        download.save_as(tmp_path / f"chart.{kind}")
    drawing = ElementTree.parse(tmp_path / "chart.svg").getroot()
    texts = [text.text or "" for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    words = "".join(texts)
    assert title.replace(" ", "") in words.replace(" ", "") and "演示数据" in words and "来源" in words and "截至" in words
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}path"))) > 10, "the drawing itself is missing"
    outside = [v for node in drawing.iter() for k, v in node.attrib.items() if k.endswith("href") and not v.startswith(("data:", "#"))]
    assert not outside
    png = (tmp_path / "chart.png").read_bytes()
    assert png.startswith(b"\x89PNG") and int.from_bytes(png[16:20]) == round(2 * float(drawing.get("width")))
    assert len(png) > 20_000


def test_the_offline_deck_asks_nobody_for_anything(playwright, tmp_path):
    from test_slides import CATALOGUE, deck, fetcher

    from jiejian.export.html_deck import to_html
    from jiejian.slides import build

    chosen = deck(("cards", ["on_time_rate", "cases_opened"]), ("ranking", ["on_time_rate"]), ("trend", ["on_time_rate"]), ("table", ["on_time_rate"]))
    file = tmp_path / "演示.html"
    file.write_text(to_html(build(chosen, fetcher(), CATALOGUE), chosen), encoding="utf-8")
    with LoggingProxy() as proxy:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=CHROMIUM_FLAGS, proxy={"server": f"http://127.0.0.1:{proxy.port}", "bypass": "<-loopback>"}
        )
        page = chromium.new_page()
        page.wait_for_timeout(3000)
        own = set(proxy.hosts)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        for key in ("ArrowRight", "ArrowRight", "End", "Home", "a", "b", "b", "h"):
            page.keyboard.press(key)
            page.wait_for_timeout(300)
        assert page.locator(".js-plotly-plot .main-svg").count() > 0, "no chart was drawn, so it proves nothing"
        # That the proxy does see what a page asks for.
        with suppress(PlaywrightError):
            chromium.new_page().goto("http://example.invalid/")
        chromium.close()
    assert "example.invalid" in proxy.hosts
    assert {h for h in proxy.outside if not browser_own(h)} - own == {"example.invalid"}
    assert asked and all(url.startswith(("file:", "data:", "blob:")) for url in asked), asked
