"""All ledgers of the made-up street as clean frames, before any typist has touched them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from etl.demo import activities, cases, chronicle, grids, organisations, points, population, reports, sites, works


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


def make(seed: int) -> Ledgers:
    """Every ledger from one seed; the same seed gives the same figures."""
    stocks = population.stocks(seed)
    grid_register = grids.grids(seed)
    tree = organisations.organisations(seed, grid_register, stocks["registered_members"][:, -1])
    stations, orgs = sites.stations(seed), sites.social_orgs(seed)
    case_ledger = cases.cases(seed, stocks["households"], grid_register)
    held = activities.activities(seed, stations, orgs)
    point_ledger = points.points(seed, stocks["volunteers"])
    needs = works.projects(seed)
    branches = organisations.grid_branches_by_month(tree)
    flows = reports.monthly_flows(seed, stocks["residents"], branches, points.hours_by_month(point_ledger))
    return Ledgers(
        grids=grid_register,
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
    )
