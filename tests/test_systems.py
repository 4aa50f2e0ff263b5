"""Every working system of the five articles and of a party-building office: its ledger has rows, its metrics have figures.

``SYSTEMS`` is the table of the ledgers that carry each system. The page that draws it stands in catalogue/practices.yml, and a card
tells of it on the page 模式卡.
"""

from __future__ import annotations

import csv
import importlib
import io
from typing import NamedTuple

import openpyxl
import pytest
from pptx import Presentation

from jiejian.catalogue import Deck
from jiejian.export.pptx import to_pptx
from jiejian.export.tables import figures_table
from jiejian.export.workbook import to_xlsx
from jiejian.home import PROJECT
from jiejian.periods import parse_period
from jiejian.selection import Selection
from jiejian.ui import deck, deckbook
from jiejian.ui.frame import PAGES
from jiejian.ui.themes import model_cards, practices
from jiejian.ui.view import View


class System(NamedTuple):
    """The ledgers in which a system is kept, and the file in pages/ that draws it, as catalogue/practices.yml says too."""

    ledgers: str
    page: str = ""


SYSTEMS = {
    "S1": System("monthly cases activities projects"),
    "S2": System("organisations grids estates", "organisation.py"),
    "S3": System("deliberations councils", "deliberation.py"),
    "S4": System("windows errands monthly departments", "stations.py"),
    "S5": System("benefits activities", "stations.py"),
    "S6": System("co_units monthly organisations", "organisation.py"),
    "S7": System("deliberations meetings", "deliberation.py"),
    "S8": System("member_scores monthly co_units teams", "members.py"),
    "S9": System("stations rooms venues", "stations.py"),
    "S10": System("projects resources", "projects.py"),
    "S11": System("teams team_services points"),
    "S12": System("scores cases activities"),
    "S13": System("stations estates venues", "stations.py"),
    "S14": System("merchants points"),
    "S15": System("activities venues"),
    "S16": System("grids grid_forces monthly", "grids.py"),
    "S17": System("cases"),
    "S18": System("projects contributions co_units", "projects.py"),
    "S19": System("meetings deliberations", "deliberation.py"),
    "S20": System("organisations monthly social_orgs teams", "organisation.py"),
    "S21": System("departments activities", "organisation.py"),
    "S22": System("enterprises organisations", "organisation.py"),
    "S23": System("unity activities member_profile"),
    "S24": System("grids grid_forces cases", "grids.py"),
    "S25": System("scores cases"),
    "S26": System("social_orgs social_services"),
    "S27": System("estates councils small_works deliberations", "grids.py"),
    "S28": System("activities team_services small_works", "stations.py"),
    "S29": System("points merchants"),
    "S30": System("grid_forces grids", "grids.py"),
    "S31": System("small_works projects", "projects.py"),
    "S32": System("cases"),
    "S33": System("cases"),
    "S34": System("estates organisations", "grids.py"),
    "S35": System("activities party_life monthly"),
    "S36": System("stations departments enterprises social_orgs"),  # a route of stops reads the ledgers of its stops
    "B1": System("party_life member_profile recruits dues reviews organisations", "members.py"),
    "B2": System("groups errands"),
    "B3": System("cases party_life meetings organisations"),
}
# A month that is complete, and the longer periods of what is reported less often.
PERIODS = {"month": "2026-09", "quarter": "2026-Q3", "half": "2026-H1", "year": "2025"}


def test_the_table_is_the_list_of_systems(demo):
    assert set(SYSTEMS) == set(demo.catalogue.practices)


@pytest.mark.parametrize("system", list(SYSTEMS))
def test_its_ledgers_have_rows(system, demo):
    for name in SYSTEMS[system].ledgers.split():
        ledger = demo.catalogue.ledgers[name]
        mine = "AND ledger = $ledger" if ledger.table == "observation" else ""
        parameters = {"d": "demo"} | ({"ledger": name} if mine else {})
        found = demo.frame(f'SELECT count(*) AS n FROM "{ledger.table}" WHERE dataset = $d {mine}', parameters)
        assert found["n"].iloc[0] > 0, f"{system}: the ledger {name} is empty"


@pytest.mark.parametrize("system", list(SYSTEMS))
def test_its_metrics_have_figures(system, demo):
    metrics = [m for m in demo.catalogue.metrics_of(system) if not m.datasets]
    assert len(metrics) >= 3
    for metric in metrics:
        grain = demo.grains("demo", metric.id)[0]
        frame = demo.query(Selection("demo", (metric.id,), parse_period(PERIODS[grain])))
        assert frame["value"].notna().any(), f"{system}: {metric.id} has no figure"


@pytest.mark.parametrize("system", list(SYSTEMS))
def test_its_figures_leave_in_a_workbook(system, demo):
    """A row for each community, a column for each metric, and every figure of the period as a number."""
    metrics = [m for m in demo.catalogue.metrics_of(system) if not m.datasets]
    grain = demo.grains("demo", metrics[0].id)[0]
    together = [m for m in metrics if grain in demo.grains("demo", m.id)]
    names, period = tuple(m.id for m in together), parse_period(PERIODS[grain])
    frame = demo.query(Selection("demo", names, period))
    context = demo.context("demo", names, (), period)
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(figures_table(frame, together, context, demo.catalogue)))).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    communities = [row for row in rows if str(row[0]).endswith("社区") and any(isinstance(v, int | float) for v in row)]
    assert len(communities) == 23
    written = sum(isinstance(value, int | float) for row in communities for value in row)
    assert written >= frame["value"].notna().sum() > 0
    heads = "".join(str(value) for row in rows[:8] for value in row)
    assert all(m.name in heads for m in together) and "演示数据" in heads


@pytest.mark.parametrize("system", list(SYSTEMS))
def test_its_figures_go_onto_slides(system, demo):
    """做成演示 of its card: slides with a finding each, and a presentation that opens with as many pages and the system's figures."""
    view = deckbook.view_for(demo, Deck(id="x", name="x", dataset="demo"))
    plan = next(d for d in demo.catalogue.decks.values() if d.subject == "topic")
    practice = demo.catalogue.practices[system]
    made = deckbook.filled(view, plan, f"{system} {practice.name}")
    slides = deck.slides(view, made)
    drawn = [slide for slide in slides if not slide.empty]
    assert drawn, [slide.title for slide in slides]
    mine = {m.id for m in demo.catalogue.metrics_of(system)}
    assert all(set(planned.metrics) <= mine for planned in made.slides)
    assert all("演示数据" in slide.foot and "来源" in slide.foot for slide in drawn)
    content, _ = to_pptx(slides, made, "示范街道")
    pages = Presentation(io.BytesIO(content)).slides
    assert [page.shapes.title.text_frame.text for page in pages] == [slide.title for slide in slides]
    for slide, page in zip(slides, pages, strict=True):
        assert slide.empty or any(shape.has_chart or shape.has_table or shape.shape_type is not None for shape in page.shapes)


# The panels of each page of a working field, by the name of the page; other pages draw what is picked on them.
FIELDS = {page.name: page.name for page in PAGES if page.section == "专题"}


@pytest.mark.parametrize("system", list(SYSTEMS))
def test_a_page_draws_it(system, demo):
    """The page is in the menu, and one of its panels is drawn from one of the system's ledgers."""
    name = demo.catalogue.practices[system].page
    assert SYSTEMS[system].page in ("", f"{name}.py")
    assert name in {page.name for page in PAGES}, f"{system}: no page {name!r}"
    assert (PROJECT / "pages" / f"{name}.py").is_file()
    if name in FIELDS:
        tabs = importlib.import_module(f"jiejian.ui.themes.{name}").TABS
        drawn = {panel.ledger for panels in tabs.values() for panel in panels}
        assert drawn & set(SYSTEMS[system].ledgers.split()), f"{system}: {name} draws {sorted(drawn)}"


@pytest.mark.parametrize("system", list(SYSTEMS))
def test_its_card(system, cards):
    """The card has a published figure or says that there is none, and at least one metric with a figure of the street."""
    card = cards[system]
    text = practices._html(card)
    assert card.published or practices.NO_FIGURES in text
    assert card.metrics and any(s.known for s in card.standing)
    assert card.practice.name in text and card.where


@pytest.fixture(scope="module")
def cards(demo):
    info = demo.datasets()["demo"]
    view = View(demo, info, demo.metrics("demo"), parse_period("2026-10"))
    return {card.practice.id: card for card in model_cards.cards(view)}


def test_published_figures_belong_to_the_articles_of_their_practice(demo):
    """As data/articles/figures.csv numbers them, read here with the csv module."""
    with (PROJECT / "data" / "articles" / "figures.csv").open(encoding="utf-8-sig", newline="") as file:
        article = {row["编号"]: row["文章"][:3] for row in csv.DictReader(file)}
    for practice in demo.catalogue.practices.values():
        for number in practice.figures:
            assert article.get(number) in practice.articles, f"{practice.id}: {number}"


def test_a_published_figure_is_as_printed(cards):
    """Article 002, paragraph 29: 96% of cases settled at the base; 003g: 26 social organisations, 6 of them in incubation."""
    told = {p.number: p for p in cards["S17"].published}["002-035"]
    assert (told.written, told.place) == ("96%", "利津县") and "津·红" in told.source
    assert [p.written for p in cards["S26"].published][:2] == ["26家", "6家"]
    assert cards["S17"].where == ("利津县",) and cards["S26"].where == ("达拉特旗",)
