"""A person limited to two communities gets nothing of the others by name: pages, addresses, exports, documents, decks, 隐名模式."""

from __future__ import annotations

from dataclasses import replace

import pytest
from signed import home_with_roles, session, shown, written
from test_pages import opened
from test_pages_compare import words
from test_sight import OWN, found_in, others

from jiejian.catalogue import Deck, DeckSlide
from jiejian.export import pptx
from jiejian.export.html_deck import to_html
from jiejian.home import Home
from jiejian.ledgers import rows
from jiejian.ledgers.rows import Asked
from jiejian.periods import parse_period
from jiejian.sight import Sight
from jiejian.slides import store
from jiejian.ui import anonymity, book_exports, deckbook, document_exports, ledger_exports, tables
from jiejian.ui.downloads import WRITERS
from jiejian.ui.frame import PAGES
from jiejian.ui.view import View

HERS = [p.name for p in PAGES if p.may == "see"]
FORBIDDEN = "槐香社区"


@pytest.fixture(scope="module")
def home(demo_home, tmp_path_factory):
    return home_with_roles(demo_home, tmp_path_factory.mktemp("limited") / "home")


@pytest.fixture(scope="module")
def names(demo):
    return others(demo)


@pytest.fixture
def at_home(home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    return home


@pytest.fixture(scope="module")
def limited(demo):
    """Her view of the demo street in October, all metrics."""
    source = demo.seen(Sight(OWN))
    metrics = tuple(m for m in source.metrics("demo") if "month" in source.grains("demo", m.id))
    return View(source, source.datasets()["demo"], metrics, parse_period("2026-10"))


def tabs(test):
    """The page as it stands, and with each other tab of a theme."""
    yield test
    group = next(
        (g for g in test.segmented_control if g.key and (g.key.endswith("_tab") or g.key in ("export_what", "angle"))), None
    )
    for option in group.options[1:] if group else ():
        again = next(g for g in test.segmented_control if g.key == group.key)
        yield again.set_value(option).run()


@pytest.mark.parametrize("page", HERS)
def test_no_page_names_the_others(at_home, names, page):
    seen = 0
    for test in tabs(session("li@example.cn", page)):
        assert not test.exception, [e.value for e in test.exception]
        text = shown(test)
        seen += "春和" in text
        assert found_in(text, names) == []
    assert seen or page == "present"


@pytest.mark.parametrize("page", HERS)
def test_an_address_that_names_another_gets_nothing_of_it(at_home, names, page):
    """Widgets echo no word of the address; what cannot be picked is not picked."""
    params = {
        "community": [FORBIDDEN, f"demo/示范街道/{FORBIDDEN}"],
        "who": FORBIDDEN,
        "subject": f"demo/示范街道/{FORBIDDEN}",
        "deck": "community_report",
    }
    test = session("li@example.cn", page, **params)
    assert not test.exception
    assert found_in(shown(test), names) == []


@pytest.mark.parametrize("page", ["cases", "organisation", "stations", "export", "overview", "trends", "reporting"])
def test_the_anonymous_mode_reaches_every_page(demo_home, names, monkeypatch, page):
    """Nobody signs in: the choices of pickers apart, what is shown names the picked community alone."""
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened(page, anonymous="true", community="春和社区")
    assert not test.exception
    text = words(test) + "".join(t.value.to_csv() for t in test.dataframe)
    assert found_in(text, [*names, "望湖社区"]) == []


# ---- what is taken away ----


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_no_ledger_that_leaves_names_the_others(limited, names, ending):
    view = limited.of_own()
    assert view.scope == "春和社区、望湖社区"
    for ledger in rows.ledgers(view.source, "demo"):
        asked = Asked(ledger.id, *ledger_exports.spell(view), view.places)
        text = written(ledger_exports._written(view, asked, ending))
        assert found_in(text, names) == [], ledger.id


def test_every_place_of_a_ledger_may_be_asked_for_and_only_own_rows_come(demo, limited):
    place = f"demo/示范街道/{FORBIDDEN}"
    asked = Asked("cases", *ledger_exports.spell(limited), (place,))
    assert rows.count(demo, "demo", asked) > 0 == rows.count(limited.source, "demo", asked)


@pytest.mark.parametrize("ending", list(WRITERS))
def test_figures_leave_under_cover_names(limited, names, ending):
    text = written(WRITERS[ending](tables.export_table(replace(limited, since=parse_period("2026-08")), limited.metrics[:40])))
    assert found_in(text, names) == []
    assert "春和社区" in text and "社区A" in text


def test_a_book_and_documents_name_nobody_else(limited, names):
    tables_of = [
        book_exports._figures(limited, limited.metrics[0].id),
        ledger_exports.whole(limited.of_own(), book_exports._asked(limited, "organisations")),
    ]
    from jiejian.export.tables import to_book

    assert found_in(written(to_book("合集", tables_of)), names) == []
    assert found_in(written(document_exports._bulletin(limited, False)), names) == []
    place = limited.named["place_id"].iloc[0]
    text = written(document_exports._portrait(limited, place, "春和社区", False))
    assert found_in(text, names) == [] and "春和社区" in text


# ---- decks ----


def test_no_ready_deck_names_the_others(limited, names):
    for name in limited.catalogue.decks:
        opened = deckbook.find(limited.source, name)
        slides = deckbook.slides(opened)
        assert slides, name
        assert found_in(to_html(slides, opened.deck), names) == [], name
        assert found_in(written(pptx.to_pptx(slides, opened.deck, "示范街道")[0]), names) == [], name


def test_a_saved_deck_about_another_loses_those_slides_and_words(limited, home, names, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    slide = {"kind": "ranking", "metrics": ("on_time_rate",)}
    made = Deck(id="x", name=f"{FORBIDDEN}观摩", dataset="demo", slides=(
        DeckSlide(**slide, title=f"{FORBIDDEN}最好", notes="槐香的经验"), DeckSlide(**slide, places=(FORBIDDEN,)), DeckSlide(**slide, places=("春和社区",))))  # fmt: skip
    store.save(Home(home), "观摩", made)
    opened = deckbook.find(limited.source, "观摩")
    slides = deckbook.slides(opened)
    assert len(slides) == 2 and found_in(to_html(slides, opened.deck), names) == []


def test_a_frozen_deck_is_not_shown_where_names_are_hidden(demo, limited, home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    from jiejian.slides.frozen import freeze
    from jiejian.ui import deck

    made = Deck(id="x", name="定格的", dataset="demo", slides=(DeckSlide(kind="ranking", metrics=("on_time_rate",)),))
    whole = replace(limited, source=demo)
    store.save(Home(home), "定格的", made, freeze(made, deck.fetcher(whole), demo.catalogue))
    assert deckbook.slides(deckbook.find(demo, "定格的"))
    opened = deckbook.find(limited.source, "定格的")
    assert "定格" in opened.fault and deckbook.slides(opened) == []


def test_the_anonymous_mode_keeps_the_subject_of_a_deck(demo, limited, names):
    opened = deckbook.find(demo, "community_report", subject="demo/示范街道/春和社区", anonymous=True)
    text = to_html(deckbook.slides(opened), opened.deck)
    assert "春和社区" in text and found_in(text, [*names, "望湖社区"]) == []
    covered = anonymity.covered(replace(limited, source=demo), ["demo/示范街道/春和社区"])
    assert covered.anonymous and covered.whole is demo and list(covered.named["place"]) == ["春和社区"]
