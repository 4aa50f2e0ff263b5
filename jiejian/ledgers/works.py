"""From a topic or a need to what was done: stages with the time in each, who claimed, who paid, what meets what."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pandas as pd

from jiejian.warehouse import Warehouse

TOPIC_STAGES = {"议事": "raised_on", "协调": "coordinated_on", "表决": "voted_on", "实施": "done_on"}
NEED_STAGES = {"征集": "collected_on", "认领": "claimed_on", "达成": "agreed_on", "完成": "done_on"}


def _stages(
    source: Warehouse, table: str, stages: dict[str, str], dataset: str, first: date, last: date, places: tuple[str, ...]
) -> pd.DataFrame:
    """How many of those begun in a span reached each stage by its end of data, and the median days since the stage before."""
    columns = list(stages.values())
    waits = [
        f"median(date_diff('day', {before}, {after})) FILTER (WHERE {before} IS NOT NULL AND {after} IS NOT NULL) AS wait{i}"
        for i, (before, after) in enumerate(pairwise(columns), 1)
    ]
    counts = [f"count({column}) AS n{i}" for i, column in enumerate(columns)]
    row = source.frame(
        f"""SELECT {", ".join((*counts, *waits))} FROM {table}
            WHERE dataset = $dataset AND {columns[0]} BETWEEN $first AND $last AND ($all OR list_contains($places, place_id))""",
        {"dataset": dataset, "first": first, "last": last, "places": list(places), "all": not places},
    ).iloc[0]
    return pd.DataFrame(
        {
            "stage": list(stages),
            "count": [int(row[f"n{i}"]) for i in range(len(columns))],
            "median_days": [float("nan"), *(row[f"wait{i}"] for i in range(1, len(columns)))],
        }
    )


def topic_stages(source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Topics raised in a span through 议事 → 协调 → 表决 → 实施: stage, count, median_days since the stage before."""
    return _stages(source, "deliberation", TOPIC_STAGES, dataset, first, last, places)


def need_stages(source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Needs collected in a span through 征集 → 认领 → 达成 → 完成: stage, count, median_days since the stage before."""
    return _stages(source, "project", NEED_STAGES, dataset, first, last, places)


def works_done(source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Works finished in a span: place, topic, estate, meeting_kind, done_on, work_quantity, work_unit, cost_yuan; newest first."""
    return source.frame(
        """SELECT p.name AS place, d.topic, d.estate, d.meeting_kind, d.done_on, d.work_quantity, d.work_unit, d.cost_yuan
           FROM deliberation d LEFT JOIN place p ON p.place_id = d.place_id
           WHERE d.dataset = $dataset AND d.done_on BETWEEN $first AND $last AND ($all OR list_contains($places, d.place_id))
           ORDER BY d.done_on DESC, d.topic_no""",
        {"dataset": dataset, "first": first, "last": last, "places": list(places), "all": not places},
    )


def claims(source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Who claimed the needs collected in a span: unit, claimed, done; the most first."""
    return source.frame(
        """SELECT claimed_by AS unit, count(*) AS claimed, count(done_on) AS done FROM project
           WHERE dataset = $dataset AND claimed_by IS NOT NULL AND collected_on BETWEEN $first AND $last
             AND ($all OR list_contains($places, place_id)) GROUP BY ALL ORDER BY claimed DESC, unit""",
        {"dataset": dataset, "first": first, "last": last, "places": list(places), "all": not places},
    )


def contributions(
    source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = (), most: int = 10
) -> pd.DataFrame:
    """Who gave to what in a span: unit, category (of the need), amount, payments. At most so many units; the others are 其他单位."""
    return source.frame(
        """WITH paid AS (
             SELECT c.unit_name, coalesce(n.need_category, '未填') AS category, c.amount_yuan FROM contribution c
             LEFT JOIN (SELECT dataset, project_no, any_value(need_category) AS need_category FROM project GROUP BY ALL) n
               ON n.dataset = c.dataset AND n.project_no = c.project_no
             WHERE c.dataset = $dataset AND c.paid_on BETWEEN $first AND $last AND ($all OR list_contains($places, c.place_id))),
           top AS (SELECT unit_name FROM paid GROUP BY ALL ORDER BY sum(amount_yuan) DESC, unit_name LIMIT $most)
           SELECT CASE WHEN unit_name IN (SELECT unit_name FROM top) THEN unit_name ELSE '其他单位' END AS unit, category,
                  sum(amount_yuan) AS amount, count(*) AS payments
           FROM paid GROUP BY ALL ORDER BY amount DESC, unit, category""",
        {"dataset": dataset, "first": first, "last": last, "places": list(places), "all": not places, "most": most},
    )


def menu(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Supply and demand by category on a day, the most unmet needs first.

    Columns: category, needs (collected by then), unmet (not agreed by then), oldest_days (the longest wait of an unmet need),
    resources (on the list), unused (never matched).
    """
    return source.frame(
        """WITH need AS (SELECT coalesce(need_category, '未填') AS category, count(*) AS needs,
                    count(*) FILTER (WHERE agreed_on IS NULL OR agreed_on > $as_of) AS unmet,
                    max(date_diff('day', collected_on, CAST($as_of AS DATE))) FILTER (WHERE agreed_on IS NULL OR agreed_on > $as_of) AS oldest_days
                    FROM project WHERE dataset = $dataset AND collected_on <= $as_of AND ($all OR list_contains($places, place_id)) GROUP BY ALL),
                supply AS (SELECT coalesce(resource_category, '未填') AS category, count(*) AS resources,
                    count(*) FILTER (WHERE matched_on IS NULL OR matched_on > $as_of) AS unused
                    FROM resource WHERE dataset = $dataset AND offered_on <= $as_of AND (withdrawn_on IS NULL OR withdrawn_on > $as_of)
                      AND ($all OR list_contains($places, place_id)) GROUP BY ALL)
           SELECT coalesce(n.category, s.category) AS category, coalesce(needs, 0) AS needs, coalesce(unmet, 0) AS unmet, oldest_days,
                  coalesce(resources, 0) AS resources, coalesce(unused, 0) AS unused
           FROM need n FULL JOIN supply s ON s.category = n.category ORDER BY unmet DESC, category""",
        {"dataset": dataset, "as_of": as_of, "places": list(places), "all": not places},
    )
