"""From a figure to the load, file, sheet and cell it was read from, and to the rows that were counted."""

from __future__ import annotations

import pytest
from street import Street
from test_journeys import open_page

from etl import build
from etl.warehouse import serving
from jiejian.catalogue import catalogue
from jiejian.home import home
from jiejian.periods import parse_period
from jiejian.warehouse import Warehouse

HEADS = ["序号", "社区", "户数", "常住人口", "已报到在职党员", "辖区在职党员"]
SPRING, LAKE = "street/柳河街道/春和社区", "street/柳河街道/望湖社区"
OCTOBER = parse_period("2026-10")


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    street.monthly("2026年10月", [[1, "春和社区", 1200, 3100, 30, 40], [2, "望湖社区", "约1300", 3400, 5, 50]], HEADS)
    street.cases(
        [
            ["A1", "2026-10-05 08:00", "春和", "2026-10-12 08:00", "2026-10-06 10:00"],
            ["A2", "2026-10-06 08:00", "春和", "2026-10-13 08:00", "2026-10-20 10:00"],
            ["A3", "2026-09-30 08:00", "春和", "", ""],
            ["A4", "2026-10-31 08:00", "望湖", "", ""],
        ]
    )
    build.load(sorted(street.inbox.iterdir()), by="李工")
    return street


def warehouse() -> Warehouse:
    return Warehouse(serving(home()), catalogue())


def test_a_reported_figure_leads_to_its_cell(street):
    found = warehouse().lineage("street", (LAKE,), "households", OCTOBER)
    assert found.counted == ()
    (row,) = found.reported.to_dict("records")
    assert (row["place"], row["period"], row["value"], row["written"]) == ("望湖社区", "2026年10月", 1300.0, "约1300")
    assert (row["file"], row["sheet"], row["cell"]) == ("2026年10月社区基本情况统计表.xlsx", "Sheet1", "Sheet1!C4")
    assert row["user"] == "李工" and row["loaded_at"] is not None


def test_a_proportion_leads_to_the_cells_of_its_numerator_and_denominator(street):
    metric = next(
        m.id for m in catalogue().metrics.values() if m.measures == ("in_service_members_registered", "in_service_members")
    )
    found = warehouse().lineage("street", (SPRING,), metric, OCTOBER)
    assert {(r.measure, r.cell, r.value) for r in found.reported.itertuples()} == {
        ("in_service_members_registered", "Sheet1!E3", 30.0),
        ("in_service_members", "Sheet1!F3", 40.0),
    }


def test_a_counted_figure_leads_to_its_rows(street):
    metric = next(m.id for m in catalogue().metrics.values() if m.measure == "cases_opened")
    (counted,) = warehouse().lineage("street", (SPRING,), metric, OCTOBER).counted
    assert counted.rows == 2
    assert [(r.file, r.rows, r.user) for r in counted.files.itertuples()] == [("诉求工单.csv", 2, "李工")]
    assert [(r.key, r.day, r.cell) for r in counted.first.itertuples()] == [("A1", "2026-10-05", "2"), ("A2", "2026-10-06", "3")]
    # All communities of the street, and the year so far.
    (counted,) = warehouse().lineage("street", (SPRING, LAKE), metric, OCTOBER).counted
    assert counted.rows == 3
    (counted,) = warehouse().lineage("street", (SPRING,), metric, parse_period("2026-C10")).counted
    assert counted.rows == 3


def test_rows_that_are_counted_are_as_many_as_the_figure_says(demo):
    """Every measure that is counted one a row, in the demo: the lineage finds as many rows as the figure."""
    period, checked = parse_period("2026-09"), 0
    places = tuple(demo.places("demo")["place_id"][:3])
    for metric in demo.metrics("demo"):
        measure = demo.catalogue.measures.get(metric.measure)
        if measure is None or measure.rollup is None or measure.rollup.value or measure.rollup.distinct:
            continue
        figures = demo.frame(
            """SELECT place_id, value FROM figure WHERE dataset = 'demo' AND measure = $m AND grain = 'month' AND breakdown = ''
               AND origin = 'rolled_up' AND period_start = DATE '2026-09-01' AND value IS NOT NULL""",
            {"m": measure.id},
        )
        for place, value in figures.itertuples(index=False):
            if place in places:
                (counted,) = demo.lineage("demo", (place,), metric.id, period).counted
                assert counted.rows == value, (metric.id, place)
                checked += 1
    assert checked > 30


def test_what_was_masked_stays_masked(demo):
    for metric in demo.metrics("demo"):
        for counted in demo.lineage("demo", tuple(demo.places("demo")["place_id"][:1]), metric.id, OCTOBER).counted:
            assert len(counted.first) <= 20
            assert set(counted.first.columns) == {"key", "day", "file", "cell"}


def test_a_corrected_figure_says_so(street):
    folder = street.root / "catalogue"
    folder.mkdir(exist_ok=True)
    (folder / "corrections.yml").write_text(
        "a:\n  place: 春和\n  measure: 户数\n  period: 2026-10\n  expected: 1200\n  becomes: 1210\n  why: 漏报十户\n  who: 王某\n  date: 2026-11-05\n",
        encoding="utf-8",
    )
    street.refresh()
    (row,) = warehouse().lineage("street", (SPRING,), "households", OCTOBER).reported.to_dict("records")
    assert row["value"] == 1210 and "由 1200 更正为 1210：漏报十户" in row["correction"]


@pytest.mark.browser
def test_the_page_shows_it(server, page):
    open_page(page, server, "compare", metric="户数")
    assert page.get_by_text("读自下列单元格").count() == 0, "nothing is asked before it is opened"
    page.get_by_text("数字从哪来").click()
    page.get_by_text("读自下列单元格").wait_for(timeout=20_000)
    open_page(page, server, "compare", metric="诉求受理量")
    page.get_by_text("数字从哪来").click()
    page.get_by_text("由台账逐条汇总").wait_for(timeout=20_000)
    assert page.locator("[data-testid='stException']").count() == 0
