"""Flows: what happened, by day and by month, whole (with zeros where the table speaks) and by each breakdown.

Days are counted in one scan of the events, all flows of one date together; months are sums of days.
"""

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
        yield from _months(here, ledgers, "", _of_days(table, at, here))
        yield from _zeros(table, here, ledgers)
        for by in dict.fromkeys(b for m in here for b in m.rollup.by):
            some = [m for m in here if by in m.rollup.by]
            yield from _months(some, ledgers, by, _of_events(table, at, some, ledgers, by))


def _counted(measure: Measure, ledgers: list[Ledger]) -> tuple[str, str, str]:
    """Three expressions over events: the value, the events that it counts, and those of them without an amount."""
    chosen = where(measure, ledgers)
    value = f"{value_of(measure)} FILTER (WHERE {chosen})"
    if not measure.rollup.value:
        return value, value, "0"
    blank = f"count(*) FILTER (WHERE ({chosen}) AND ({amount(measure)}) IS NULL)"
    return value, f"count(*) FILTER (WHERE {chosen})", blank


def _events(table: str, at: str) -> str:
    return f"""FROM {quoted(table)} e JOIN horizon h USING (dataset)
               WHERE {quoted(at)} IS NOT NULL AND e.place_id IS NOT NULL AND {quoted(at)}::DATE <= h.as_of GROUP BY ALL"""


def _days(table: str, at: str, measures: list[Measure], ledgers: list[Ledger]) -> str:
    """The daily totals: a column a measure, and what its months need to know beside it."""
    columns = []
    for measure in measures:
        value, rows, blanks = _counted(measure, ledgers)
        columns.append(f"{value} AS {quoted(measure.id)}")
        if measure.rollup.value:
            columns += [f"{rows} AS {_rows(measure)}", f"{blanks} AS {_blanks(measure)}"]
    return f"""INSERT INTO {_day_table(table, at)} BY NAME
               SELECT e.dataset, e.place_id, {quoted(at)}::DATE AS day, {", ".join(columns)} {_events(table, at)}"""


def _day_table(table: str, at: str) -> str:
    return quoted(f"rollup_day_{table}_{at}")


def _rows(measure: Measure) -> str:
    return quoted(measure.id + "_rows") if measure.rollup.value else quoted(measure.id)


def _blanks(measure: Measure) -> str:
    return quoted(measure.id + "_blanks")


def _of_days(table: str, at: str, measures: list[Measure]) -> str:
    """Whole months from the daily totals."""
    values = ", ".join(f"sum({quoted(m.id)})::DOUBLE" for m in measures)
    rows = ", ".join(f"sum({_rows(m)})::BIGINT" for m in measures)
    blanks = ", ".join(f"sum({_blanks(m)})::BIGINT" if m.rollup.value else "0" for m in measures)
    return f"""SELECT dataset, place_id, date_trunc('month', day)::DATE AS m, '' AS category, [{values}] AS v, [{rows}] AS n, [{blanks}] AS b
               FROM {_day_table(table, at)} GROUP BY ALL"""


def _of_events(table: str, at: str, measures: list[Measure], ledgers: list[Ledger], by: str) -> str:
    """Months by one breakdown."""
    _, rows, blanks = (", ".join(part) for part in zip(*(_counted(m, ledgers) for m in measures), strict=True))
    values = ", ".join(f"({value_of(m)} FILTER (WHERE {where(m, ledgers)}))::DOUBLE" for m in measures)
    return f"""SELECT e.dataset, e.place_id, date_trunc('month', {quoted(at)})::DATE AS m, {category_of(by, ledgers)} AS category,
                      [{values}] AS v, [{rows}] AS n, [{blanks}] AS b {_events(table, at)}"""


def _months(measures: list[Measure], ledgers: list[Ledger], by: str, counted: str) -> Iterator[str]:
    """Month figures of some measures, whole (``by`` empty) or by one breakdown."""
    names = ", ".join(text(m.id) for m in measures)
    yield "DELETE FROM monthly"
    yield f"""
        INSERT INTO monthly
        SELECT dataset, place_id, m, measure, category, value, blank FROM (
          SELECT dataset, place_id, m, category, unnest([{names}]) AS measure, unnest(v) AS value, unnest(n) AS n, unnest(b) AS blank
          FROM ({counted}))
        WHERE n > 0"""
    told = "CASE WHEN blank > 0 AND value IS NOT NULL THEN '有 ' || blank || ' 条没有填数，未计入' END"
    yield f"""INSERT INTO rolled SELECT dataset, place_id, measure, 'month', m, last_day(m), {text(by)}, category, value,
                     CASE WHEN value IS NULL THEN 'M' END, {told}, {source_of(ledgers, "monthly")} FROM monthly"""


def _zeros(table: str, measures: list[Measure], ledgers: list[Ledger]) -> Iterator[str]:
    """Where the table speaks of a place and month and ``monthly`` holds nothing, nothing happened."""
    names = ", ".join(text(m.id) for m in measures)
    yield f"""INSERT INTO rolled SELECT c.dataset, c.place_id, w.measure, 'month', c.m, last_day(c.m), '', '', 0, NULL, NULL, {source_of(ledgers, "c")}
              FROM covered c CROSS JOIN (SELECT unnest([{names}]) AS measure) w
              ANTI JOIN monthly r ON r.dataset = c.dataset AND r.place_id = c.place_id AND r.measure = w.measure AND r.m = c.m
              WHERE c.tab = {text(table)}"""
