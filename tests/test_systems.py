"""Every working system of the five articles and of a party-building office: its ledger has rows, its metrics have figures.

``SYSTEMS`` is the table that the pages of each system are added to: the ledgers that carry it, and the page that draws it (empty until
the page is there; then this test asserts that it exists).
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from jiejian.home import PROJECT
from jiejian.periods import parse_period
from jiejian.selection import Selection


class System(NamedTuple):
    """The ledgers in which a system is kept, and the file in pages/ that draws it."""

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


def test_the_pages_that_are_named_are_there():
    for name, system in SYSTEMS.items():
        assert not system.page or (PROJECT / "pages" / system.page).is_file(), f"{name}: no page {system.page}"
