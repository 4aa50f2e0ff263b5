"""What people do together: the calendar of activities, volunteer points by age, what is redeemed, meetings that are due."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from jiejian.periods import Period
from jiejian.smallcells import few, least_shown
from jiejian.warehouse import Warehouse

AGES = ("3个月内", "3—6个月", "6—12个月", "1—2年", "2年以上")


def calendar(source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Activities by day: held_on, sessions, attendances (missing where no session says)."""
    return source.frame(
        """SELECT held_on, count(*) AS sessions, sum(attendances) AS attendances FROM activity
           WHERE dataset = $dataset AND held_on BETWEEN $first AND $last AND place_id IS NOT NULL AND ($all OR list_contains($places, place_id))
           GROUP BY ALL ORDER BY held_on""",
        {"dataset": dataset, "first": first, "last": last, "places": list(places), "all": not places},
    )


def by_month(source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Activities by community and month: place_id, place, period, sessions; months without any are left out."""
    return source.frame(
        """SELECT a.place_id, p.name AS place, strftime(a.month, '%Y-%m') AS period, a.sessions
           FROM (SELECT place_id, date_trunc('month', held_on) AS month, count(*) AS sessions FROM activity
                 WHERE dataset = $dataset AND held_on BETWEEN $first AND $last AND ($all OR list_contains($places, place_id))
                 GROUP BY ALL) a JOIN place p ON p.place_id = a.place_id
           ORDER BY a.month, p.sort""",
        {"dataset": dataset, "first": first, "last": last, "places": list(places), "all": not places},
    )


def held(source: Warehouse, dataset: str, by: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Activities of a span by a column of the ledger: category, sessions, attendances, without (sessions that state none).

    ``by`` is activity_type, season, dimension, organiser, station or joint (ValueError otherwise); the most sessions first.
    """
    if by not in ("activity_type", "season", "dimension", "organiser", "station", "joint"):
        raise ValueError(f"不能按 {by} 汇总活动")
    return source.frame(
        f"""SELECT coalesce(CAST({by} AS VARCHAR), '未填') AS category, count(*) AS sessions, sum(attendances) AS attendances,
                   count(*) - count(attendances) AS without
            FROM activity WHERE dataset = $dataset AND held_on BETWEEN $first AND $last AND ($all OR list_contains($places, place_id))
            GROUP BY ALL ORDER BY sessions DESC, category""",
        {"dataset": dataset, "first": first, "last": last, "places": list(places), "all": not places},
    )


def weeks_without_activity(
    source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()
) -> pd.DataFrame:
    """How many whole weeks (Monday to Sunday) of a span a community had no activity (周周有活动).

    Columns place_id, place, weeks (whole weeks in the span), quiet, longest (most quiet weeks in a row), last_held (missing
    where nothing was held in the span); the most quiet weeks first.
    """
    monday = first + timedelta(days=-first.weekday() % 7)
    weeks = max((last - monday).days + 1, 0) // 7
    known = source.places(dataset)[["place_id", "place", "sort"]]
    known = (known[known["place_id"].isin(places)] if places else known).sort_values("sort", ignore_index=True)
    held = source.frame(
        """SELECT place_id, CAST(floor((held_on - CAST($monday AS DATE)) / 7.0) AS INTEGER) AS week, max(held_on) AS last_held FROM activity
           WHERE dataset = $dataset AND held_on BETWEEN $first AND $last GROUP BY ALL""",
        {"dataset": dataset, "monday": monday, "first": first, "last": last},
    )
    held["row"] = pd.Index(known["place_id"]).get_indexer(held["place_id"])
    held = held[held["row"] >= 0]
    inside = held[held["week"].between(0, weeks - 1)]
    busy = np.zeros((len(known), weeks), dtype=bool)
    busy[inside["row"], inside["week"]] = True
    found = pd.DataFrame({
        "place_id": known["place_id"], "place": known["place"], "weeks": weeks, "quiet": (~busy).sum(axis=1),
        "longest": _longest(~busy), "last_held": held.groupby("row")["last_held"].max().reindex(range(len(known))),
    })  # fmt: skip
    return found.sort_values("quiet", ascending=False, kind="stable", ignore_index=True)


def _longest(held: np.ndarray) -> np.ndarray:
    """The longest run of True of each row."""
    run = longest = np.zeros(len(held), dtype=int)
    for column in held.T:
        run = np.where(column, run + 1, 0)
        longest = np.maximum(longest, run)
    return longest


def active_volunteers(
    source: Warehouse, dataset: str, months: tuple[Period, ...], places: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Volunteers who earned points in each of some months, each counted once however many communities: period, volunteers."""
    found = source.frame(
        """SELECT strftime(entry_on, '%Y-%m') AS period, count(DISTINCT volunteer) AS volunteers FROM points_entry
           WHERE dataset = $dataset AND entry_kind = '获得' AND entry_on BETWEEN $first AND $last AND ($all OR list_contains($places, place_id))
           GROUP BY ALL""",
        {"dataset": dataset, "first": min(m.start for m in months), "last": max(m.end for m in months), "places": list(places), "all": not places},
    ).set_index("period")["volunteers"]
    found = found.reindex([m.key for m in months], fill_value=0).rename_axis("period").reset_index()
    # No sum of months is known in which some volunteers would not be counted twice.
    return found.assign(volunteers=found["volunteers"].mask(found["volunteers"].between(1, least_shown(source.catalogue) - 1)))


def points_age(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Points outstanding at the end of a day by how long ago they were earned: age (of AGES), points, volunteers.

    What a volunteer redeemed or lost by expiry is taken from the oldest points first.
    """
    rows = source.frame(
        """WITH entry AS (SELECT * FROM points_entry WHERE dataset = $dataset AND entry_on <= $as_of AND ($all OR list_contains($places, place_id))),
                used AS (SELECT place_id, volunteer, sum(coalesce(points_redeemed, 0) + coalesce(points_expired, 0)) AS gone FROM entry GROUP BY ALL),
                earned AS (SELECT place_id, volunteer, entry_on, points_earned,
                             sum(points_earned) OVER (PARTITION BY place_id, volunteer ORDER BY entry_on, entry_no) AS so_far
                           FROM entry WHERE points_earned > 0),
                rest AS (SELECT e.volunteer, date_diff('day', e.entry_on, CAST($as_of AS DATE)) AS days,
                           greatest(0, least(e.points_earned, e.so_far - coalesce(u.gone, 0))) AS points
                         FROM earned e LEFT JOIN used u ON u.place_id = e.place_id AND u.volunteer IS NOT DISTINCT FROM e.volunteer)
           SELECT CASE WHEN days <= 91 THEN 0 WHEN days <= 182 THEN 1 WHEN days <= 365 THEN 2 WHEN days <= 730 THEN 3 ELSE 4 END AS n,
                  sum(points) AS points, count(DISTINCT volunteer) AS volunteers
           FROM rest WHERE points > 0 GROUP BY ALL""",
        {"dataset": dataset, "as_of": as_of, "places": list(places), "all": not places},
    ).set_index("n")
    rows = rows.reindex(range(len(AGES))).fillna(0)
    volunteers = few(rows["volunteers"], least_shown(source.catalogue))
    return pd.DataFrame({"age": AGES, "points": rows["points"].to_numpy(float), "volunteers": volunteers.to_numpy()})


def redeemed(source: Warehouse, dataset: str, by: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """What was redeemed in a span by ``merchant`` or ``item`` (ValueError otherwise): category, redemptions, points, yuan."""
    if by not in ("merchant", "item"):
        raise ValueError(f"不能按 {by} 汇总兑换")
    return source.frame(
        f"""SELECT coalesce({by}, '未填') AS category, count(*) AS redemptions, sum(points_redeemed) AS points, sum(value_yuan) AS yuan
            FROM points_entry WHERE dataset = $dataset AND entry_kind = '兑换' AND entry_on BETWEEN $first AND $last
              AND ($all OR list_contains($places, place_id)) GROUP BY ALL ORDER BY points DESC, category""",
        {"dataset": dataset, "first": first, "last": last, "places": list(places), "all": not places},
    )


def without_activity(source: Warehouse, dataset: str, months: tuple[Period, ...], places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Communities and months without any activity (月月有安排): place_id, place, period."""
    held = source.frame(
        """SELECT DISTINCT place_id, strftime(held_on, '%Y-%m') AS period FROM activity
           WHERE dataset = $dataset AND held_on BETWEEN $first AND $last""",
        {"dataset": dataset, "first": min(m.start for m in months), "last": max(m.end for m in months)},
    )
    known = source.places(dataset)[["place_id", "place", "sort"]]
    if places:
        known = known[known["place_id"].isin(places)]
    wanted = known.merge(pd.DataFrame({"period": [m.key for m in months]}), how="cross")
    missing = wanted.merge(held, how="left", indicator=True)
    missing = missing[missing["_merge"] == "left_only"].sort_values(["period", "sort"], ignore_index=True)
    return missing[["place_id", "place", "period"]]


def meetings_not_held(
    source: Warehouse, dataset: str, kind: str, period: Period, level: str = "网格党支部", places: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Organisations of a level that stood through a period and have no meeting of a kind in it: place, org_code, org_name.

    Empty where the ledger of party life holds nothing of the period: nobody can say then that a meeting was left out.
    """
    return source.frame(
        """SELECT o.place_id, p.name AS place, o.org_code, o.org_name FROM organisation o JOIN place p ON p.place_id = o.place_id
           WHERE o.dataset = $dataset AND o.level = $level AND (o.established_on IS NULL OR o.established_on <= $first)
             AND (o.dissolved_on IS NULL OR o.dissolved_on > $last) AND ($all OR list_contains($places, o.place_id))
             AND EXISTS (SELECT 1 FROM party_life l WHERE l.dataset = $dataset AND l.held_on BETWEEN $first AND $last)
             AND NOT EXISTS (SELECT 1 FROM party_life l WHERE l.dataset = $dataset AND l.org_code = o.org_code AND l.life_kind = $kind
                             AND l.held_on BETWEEN $first AND $last)
           ORDER BY p.sort, o.org_code""",
        {
            "dataset": dataset,
            "kind": kind,
            "level": level,
            "first": period.start,
            "last": period.end,
            "places": list(places),
            "all": not places,
        },
    )
