"""All ledgers of the made-up street as clean frames, before any typist has touched them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from etl.demo import (
    activities,
    cases,
    chronicle,
    counters,
    forces,
    grids,
    homes,
    organisations,
    partners,
    party,
    points,
    population,
    reports,
    sites,
    together,
    works,
)


@dataclass(frozen=True)
class Ledgers:
    """Event tables and registers with the columns of their contracts; monthly and quarterly tables as arrays."""

    grids: pd.DataFrame
    organisations: pd.DataFrame
    stations: pd.DataFrame
    social_orgs: pd.DataFrame
    cases: pd.DataFrame
    activities: pd.DataFrame
    deliberations: pd.DataFrame
    projects: pd.DataFrame
    contributions: pd.DataFrame
    points: pd.DataFrame
    events: pd.DataFrame
    monthly: dict[str, np.ndarray]  # measure → places × months
    scores: list[dict[str, np.ndarray]]  # a complete quarter each: measure → places
    groups: list[dict[str, np.ndarray]]
    targets: dict[int, pd.DataFrame]  # by year
    systems: dict[str, pd.DataFrame]  # the ledgers of the other working systems, by the ids of system_books


def make(seed: int) -> Ledgers:
    """Every ledger from one seed; the same seed gives the same figures."""
    stocks = population.stocks(seed)
    grid_register = grids.grids(seed)
    tree = party.with_terms(seed, organisations.organisations(seed, grid_register, stocks["registered_members"][:, -1]))
    life = party.party_life(seed, tree)
    stations, orgs = sites.stations(seed), sites.social_orgs(seed)
    case_ledger = cases.cases(seed, stocks["households"], grid_register)
    held = activities.activities(seed, stations, orgs)
    point_ledger = points.points(seed, stocks["volunteers"])
    needs = works.projects(seed)
    flows = {
        **reports.monthly_flows(seed, stocks["residents"], points.hours_by_month(point_ledger)),
        "lessons_held": party.held_by_month(life, party.LESSONS),
        "theme_days_held": party.held_by_month(life, (party.THEME,)),
    }
    all_grids = forces.register(seed, grid_register)
    return Ledgers(
        grids=all_grids,
        organisations=tree,
        stations=stations,
        social_orgs=orgs,
        cases=case_ledger,
        activities=held,
        deliberations=works.deliberations(seed),
        projects=needs,
        contributions=works.contributions(seed, needs),
        points=point_ledger,
        events=chronicle.events(stations),
        monthly={**stocks, **grids.totals(grid_register), **flows, **activities.learning_by_month(held)},
        scores=reports.scores(seed, case_ledger),
        groups=reports.groups(seed, stocks["residents"], stocks["elderly_residents"]),
        targets=reports.targets(held),
        systems={
            **_homes(seed, stocks),
            **_counters(seed, stocks, flows, stations, held),
            **_partners(seed, stocks, needs),
            **_people(seed, stocks, orgs),
            "party_life": life,
            "grid_forces": forces.forces(seed, all_grids),
        },
    )


def _homes(seed: int, stocks: dict[str, np.ndarray]) -> dict[str, pd.DataFrame]:
    register = homes.estate_register(seed, stocks["households"][:, -1])
    return {"estates": register, "councils": homes.councils(seed, register)}


def _counters(
    seed: int, stocks: dict[str, np.ndarray], flows: dict[str, np.ndarray], stations: pd.DataFrame, held: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    windows = counters.windows(seed, stocks["service_windows"][:, -1])
    return {
        "windows": windows,
        "errands": counters.errands(seed, flows["errands"], windows),
        "benefits": counters.benefits(seed),
        "rooms": counters.rooms(seed, stations),
        "venues": counters.venues(seed, held),
    }


def _partners(seed: int, stocks: dict[str, np.ndarray], needs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    units = partners.co_units(seed, stocks["co_building_units"])
    return {
        "co_units": units,
        "resources": partners.resources(seed, units, needs),
        "alliance": partners.alliance(seed),
        "departments": partners.departments(seed),
        "enterprises": partners.enterprises(seed),
    }


def _people(seed: int, stocks: dict[str, np.ndarray], orgs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    members, teams = stocks["registered_members"], together.teams(seed)
    return {
        "meetings": together.meetings(seed),
        "teams": teams,
        "team_services": together.team_services(seed, teams),
        "social_services": together.social_services(seed, orgs),
        "small_works": together.small_works(seed),
        "unity": together.unity(seed, stocks["residents"]),
        "member_profile": party.member_profile(seed, members),
        "recruits": party.recruits(seed, members),
        "dues": party.dues(seed, members),
        "reviews": party.reviews(seed, members),
        "member_scores": party.member_scores(seed, members, stocks["in_service_members"]),
    }
