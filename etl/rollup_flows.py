"""Flows: what happened, by day and by month, whole (with zeros where the table speaks) and by each breakdown."""

from __future__ import annotations

from collections.abc import Iterator

from etl.rollup_terms import amount, category_of, source_of, value_of, where
from etl.schema import quoted, text
from jiejian.catalogue import Ledger, Measure


def flows(table: str, measures: list[Measure], ledgers: list[Ledger]) -> Iterator[str]:
    """Counts and sums by the day and by the month on which they happened, all measures of one date in one scan."""
    flows = [m for m in measures if m.kind == "flow"]
    for at in dict.fromkeys(m.rollup.at for m in flows):
        here = [m for m in flows if m.rollup.at == at]
        yield _days(table, at, here, ledgers)
        yield from _months(table, at, here, ledgers, "")
        for by in dict.fromkeys(b for m in here for b in m.rollup.by):
            yield from _months(table, at, [m for m in here if by in m.rollup.by], ledgers, by)


def _days(table: str, at: str, measures: list[Measure], ledgers: list[Ledger]) -> str:
    names = ", ".join(text(m.id) for m in measures)
    values = ", ".join(f"{value_of(m)} FILTER (WHERE {where(m, ledgers)})::DOUBLE" for m in measures)
    day = f"{quoted(at)}::DATE"
    return f"""
        INSERT INTO rollup_day
        SELECT dataset, place_id, measure, day, value FROM (
          SELECT dataset, place_id, day, unnest([{names}]) AS measure, unnest(v) AS value FROM (
            SELECT e.dataset, e.place_id, {day} AS day, [{values}] AS v
            FROM {quoted(table)} e JOIN horizon h USING (dataset)
            WHERE {quoted(at)} IS NOT NULL AND e.place_id IS NOT NULL AND {day} <= h.as_of
            GROUP BY ALL))
        WHERE value <> 0"""


def _months(table: str, at: str, measures: list[Measure], ledgers: list[Ledger], by: str) -> Iterator[str]:
    """Month figures of some measures, whole (``by`` empty, with zeros where the table speaks) or by one breakdown."""
    names = ", ".join(text(m.id) for m in measures)
    values = ", ".join(f"{value_of(m)} FILTER (WHERE {where(m, ledgers)})::DOUBLE" for m in measures)
    rows = ", ".join(f"count(*) FILTER (WHERE {where(m, ledgers)})" for m in measures)
    blanks = ", ".join(
        f"count(*) FILTER (WHERE {where(m, ledgers)} AND ({amount(m)}) IS NULL)" if m.rollup.value else "0" for m in measures
    )
    category = category_of(by, ledgers) if by else "''"
    month = f"date_trunc('month', {quoted(at)})::DATE"
    yield "DELETE FROM monthly"
    yield f"""
        INSERT INTO monthly
        SELECT dataset, place_id, m, measure, category, value, blank FROM (
          SELECT dataset, place_id, m, category, unnest([{names}]) AS measure, unnest(v) AS value, unnest(n) AS n, unnest(b) AS blank FROM (
            SELECT e.dataset, e.place_id, {month} AS m, {category} AS category, [{values}] AS v, [{rows}] AS n, [{blanks}] AS b
            FROM {quoted(table)} e JOIN horizon h USING (dataset)
            WHERE {quoted(at)} IS NOT NULL AND e.place_id IS NOT NULL AND {quoted(at)}::DATE <= h.as_of
            GROUP BY ALL))
        WHERE n > 0"""
    told = "CASE WHEN blank > 0 AND value IS NOT NULL THEN '有 ' || blank || ' 条没有填数，未计入' END"
    yield f"""INSERT INTO rolled SELECT dataset, place_id, measure, 'month', m, last_day(m), {text(by)}, category, value,
                     CASE WHEN value IS NULL THEN 'M' END, {told}, {source_of(ledgers, "monthly")} FROM monthly"""
    if not by:
        yield f"""INSERT INTO rolled SELECT c.dataset, c.place_id, w.measure, 'month', c.m, last_day(c.m), '', '', 0, NULL, NULL, {source_of(ledgers, "c")}
                  FROM covered c CROSS JOIN (SELECT unnest([{names}]) AS measure) w
                  ANTI JOIN monthly r ON r.dataset = c.dataset AND r.place_id = c.place_id AND r.measure = w.measure AND r.m = c.m
                  WHERE c.tab = {text(table)}"""
