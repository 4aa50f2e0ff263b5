"""Cases one by one (no names are stored): the list, what falls due and is overdue, the four states, the steps of handling."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pandas as pd

from jiejian.warehouse import Warehouse

LISTED = (
    "case_no", "opened_at", "channel", "category", "subcategory", "case_kind", "grid", "tier", "due_at", "closed_at",
    "closed_level", "sent_back", "repeat_case",
)  # fmt: skip
# What the list may be narrowed to: words of the interface → columns.
FILTERS = ("channel", "category", "subcategory", "case_kind", "grid", "tier", "closed_level")
# As analysis.sla defines them; a case without any limit belongs to none of the four.
STATES = ("按期办结", "超期办结", "在办未到期", "在办已超期", "未定时限")
_STATE = """CASE WHEN due_at IS NULL THEN '未定时限'
                 WHEN closed_at IS NOT NULL AND closed_at <= $now THEN CASE WHEN closed_at > due_at THEN '超期办结' ELSE '按期办结' END
                 WHEN due_at < $now THEN '在办已超期' ELSE '在办未到期' END"""
# By what durations and counts may be split.
GROUPS = ("tier", "case_kind", "category", "channel", "closed_level")


def _end(day: date) -> datetime:
    """The last moment of a day."""
    return datetime.combine(day, time.max)


def _where(filters: dict[str, str]) -> str:
    """Bound conditions for allow-listed columns; ValueError for any other."""
    for name in filters:
        if name not in FILTERS:
            raise ValueError(f"不能按 {name} 筛选")
    return "".join(f' AND e."{name}" = ${name}' for name in filters)


def case_list(
    source: Warehouse,
    dataset: str,
    first: date,
    last: date,
    places: tuple[str, ...] = (),
    filters: dict[str, str] | None = None,
    page: int = 0,
    size: int = 50,
) -> tuple[pd.DataFrame, int]:
    """Cases opened from ``first`` to ``last``, newest first: one page of them and how many there are in all.

    Columns: place, then LISTED, and state as of the data set's last day. ``filters``: column of FILTERS → value.
    """
    filters = filters or {}
    condition = f"""e.dataset = $dataset AND e.opened_at >= $first AND e.opened_at <= $last
                    AND ($all OR list_contains($places, e.place_id)){_where(filters)}"""
    parameters = {"dataset": dataset, "first": first, "last": _end(last), "places": list(places), "all": not places, **filters}
    total = int(source.frame(f"SELECT count(*) AS n FROM case_event e WHERE {condition}", parameters)["n"].iloc[0])
    columns = ", ".join(f'e."{c}"' for c in LISTED)
    rows = source.frame(
        f"""SELECT p.name AS place, {columns}, {_STATE} AS state FROM case_event e LEFT JOIN place p ON p.place_id = e.place_id
            WHERE {condition} ORDER BY e.opened_at DESC, e.case_no LIMIT $size OFFSET $skip""",
        {**parameters, "size": size, "skip": page * size, "now": _as_of(source, dataset)},
    )
    return rows, total


def _as_of(source: Warehouse, dataset: str) -> datetime:
    info = source.datasets().get(dataset)
    return _end(info.as_of) if info and info.as_of else datetime.max


def states(source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """The states (STATES), at the end of ``last``, of the cases opened from ``first`` to ``last``: place_id, place, state, cases.

    They add up to all cases opened.
    """
    return source.frame(
        f"""SELECT e.place_id, p.name AS place, {_STATE} AS state, count(*) AS cases
            FROM case_event e JOIN place p ON p.place_id = e.place_id
            WHERE e.dataset = $dataset AND e.opened_at >= $first AND e.opened_at <= $now AND ($all OR list_contains($places, e.place_id))
            GROUP BY ALL ORDER BY min(p.sort), state""",
        {"dataset": dataset, "first": first, "now": _end(last), "places": list(places), "all": not places},
    )


def to_supervise(
    source: Warehouse, dataset: str, as_of: date, within: int = 3, most: int = 1_000, places: tuple[str, ...] = ()
) -> pd.DataFrame:
    """The 督办 list at the end of a day: open cases that are overdue or fall due within so many days, the most urgent first, ``most`` of them.

    Columns: place_id, place, case_no, category, grid, tier, opened_at, due_at, days (left; negative: overdue), sent_back, matter
    (已超期, 将到期 or 被退回).
    """
    return source.frame(
        f"""SELECT e.place_id, p.name AS place, e.case_no, e.category, e.grid, e.tier, e.opened_at, e.due_at,
                  floor(date_diff('second', CAST($now AS TIMESTAMP), e.due_at) / 86400.0)::INTEGER AS days, coalesce(e.sent_back, false) AS sent_back,
                  {_MATTER} AS matter
           FROM case_event e LEFT JOIN place p ON p.place_id = e.place_id
           WHERE {_URGENT} ORDER BY e.due_at, e.case_no LIMIT $most""",
        _urgent(dataset, as_of, within, places) | {"most": most},
    )


def supervised(source: Warehouse, dataset: str, as_of: date, within: int = 3, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """How many cases are on the whole list of :func:`to_supervise`: matter, cases; the most first."""
    return source.frame(
        f"SELECT {_MATTER} AS matter, count(*) AS cases FROM case_event e WHERE {_URGENT} GROUP BY matter ORDER BY cases DESC, matter",
        _urgent(dataset, as_of, within, places),
    )


_MATTER = "CASE WHEN e.due_at < $now THEN '已超期' WHEN e.due_at <= $soon THEN '将到期' ELSE '被退回' END"
_URGENT = """e.dataset = $dataset AND e.opened_at <= $now AND (e.closed_at IS NULL OR e.closed_at > $now)
             AND (e.due_at <= $soon OR e.sent_back) AND ($all OR list_contains($places, e.place_id))"""


def _urgent(dataset: str, as_of: date, within: int, places: tuple[str, ...]) -> dict:
    soon = _end(as_of + timedelta(days=within))
    return {"dataset": dataset, "now": _end(as_of), "soon": soon, "places": list(places), "all": not places}


def backlog_by_age(source: Warehouse, dataset: str, as_of: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Cases open at the end of a day by how long they have been: age (1天内, 1周内, 1月内, 3月内, 3月以上), cases, overdue."""
    rows = source.frame(
        """SELECT CASE WHEN d <= 1 THEN 0 WHEN d <= 7 THEN 1 WHEN d <= 30 THEN 2 WHEN d <= 90 THEN 3 ELSE 4 END AS n,
                  count(*) AS cases, count(*) FILTER (WHERE due_at < $now) AS overdue
           FROM (SELECT *, date_diff('second', opened_at, CAST($now AS TIMESTAMP)) / 86400.0 AS d FROM case_event
                 WHERE dataset = $dataset AND opened_at <= $now AND (closed_at IS NULL OR closed_at > $now)
                   AND ($all OR list_contains($places, place_id)))
           GROUP BY ALL""",
        {"dataset": dataset, "now": _end(as_of), "places": list(places), "all": not places},
    ).set_index("n")
    rows = rows.reindex(range(5)).fillna(0).astype(int)
    return rows.assign(age=["1天内", "1周内", "1月内", "3月内", "3月以上"])[["age", "cases", "overdue"]].reset_index(drop=True)


def steps(source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """How far the cases opened in a span have come, 上报 → 派单 → 处置 → 评价: step, cases, median_hours since the step before."""
    row = source.frame(
        """SELECT count(*) AS opened, count(dispatched_at) AS dispatched, count(closed_at) AS closed,
                  count(*) FILTER (WHERE called_back) AS called,
                  median(date_diff('second', opened_at, dispatched_at)) / 3600.0 AS to_dispatch,
                  median(date_diff('second', coalesce(dispatched_at, opened_at), closed_at)) / 3600.0 AS to_close
           FROM case_event WHERE dataset = $dataset AND opened_at >= $first AND opened_at <= $last
             AND ($all OR list_contains($places, place_id))""",
        {"dataset": dataset, "first": first, "last": _end(last), "places": list(places), "all": not places},
    ).iloc[0]
    return pd.DataFrame(
        {
            "step": ["上报", "派单", "处置", "评价"],
            "cases": [int(row[c]) for c in ("opened", "dispatched", "closed", "called")],
            "median_hours": [None, row["to_dispatch"], row["to_close"], None],
        }
    )


def durations(source: Warehouse, dataset: str, first: date, last: date, by: str = "tier", places: tuple[str, ...] = ()) -> pd.DataFrame:
    """How long cases opened in a span took, or have waited so far at its end: category, days, closed, open.

    Days are begun days of 24 hours: what is closed within 24 hours has 1. ``by`` is one of GROUPS (ValueError otherwise). Cases
    closed before they were opened have −1.
    """
    if by not in GROUPS:
        raise ValueError(f"不能按 {by} 汇总用时")
    return source.frame(
        f"""SELECT coalesce(CAST("{by}" AS VARCHAR), '未填') AS category,
                   CASE WHEN closed_at < opened_at THEN -1
                        ELSE ceil(date_diff('second', opened_at, CASE WHEN closed_at <= $now THEN closed_at ELSE $now END) / 86400.0)::INTEGER END AS days,
                   count(*) FILTER (WHERE closed_at <= $now)::BIGINT AS closed, count(*) FILTER (WHERE closed_at IS NULL OR closed_at > $now)::BIGINT AS open
            FROM case_event WHERE dataset = $dataset AND opened_at >= $first AND opened_at <= $now
              AND ($all OR list_contains($places, place_id)) GROUP BY ALL ORDER BY category, days""",
        {"dataset": dataset, "first": first, "now": _end(last), "places": list(places), "all": not places},
    )


def crossed(
    source: Warehouse, dataset: str, first: date, last: date, rows: str, columns: str, places: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Cases opened in a span by two of GROUPS (ValueError otherwise): row, col, cases."""
    for name in (rows, columns):
        if name not in GROUPS:
            raise ValueError(f"不能按 {name} 汇总")
    return source.frame(
        f"""SELECT coalesce(CAST("{rows}" AS VARCHAR), '未填') AS row, coalesce(CAST("{columns}" AS VARCHAR), '未填') AS col, count(*) AS cases
            FROM case_event WHERE dataset = $dataset AND opened_at >= $first AND opened_at <= $last
              AND ($all OR list_contains($places, place_id)) GROUP BY ALL""",
        {"dataset": dataset, "first": first, "last": _end(last), "places": list(places), "all": not places},
    )


def by_grid(source: Warehouse, dataset: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """Cases opened in a span by grid, the most first: place, grid, cases, open, overdue (at the span's end)."""
    return source.frame(
        """SELECT p.name AS place, coalesce(e.grid, '未填') AS grid, count(*) AS cases,
                  count(*) FILTER (WHERE closed_at IS NULL OR closed_at > $now) AS open,
                  count(*) FILTER (WHERE (closed_at IS NULL OR closed_at > $now) AND due_at < $now) AS overdue
           FROM case_event e LEFT JOIN place p ON p.place_id = e.place_id
           WHERE e.dataset = $dataset AND opened_at >= $first AND opened_at <= $now AND ($all OR list_contains($places, e.place_id))
           GROUP BY ALL ORDER BY cases DESC, place, grid""",
        {"dataset": dataset, "first": first, "now": _end(last), "places": list(places), "all": not places},
    )
