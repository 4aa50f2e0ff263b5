"""Flows: what happened, by day and by month, whole (with zeros where the table speaks) and by each breakdown.

Days are counted in one scan of the events, all flows of one date together; months are sums of days. All breakdowns of a date are counted
in one more scan.
"""

from __future__ import annotations

from collections.abc import Iterator

from etl import rollup_drawn
from etl.rollup_terms import amount, category_of, source_of, value_of, where
from etl.schema import quoted, text
from jiejian.catalogue import Ledger, Measure

# Where a table speaks of a place and month and counts nothing of a flow, nothing happened.
ZEROS = """
INSERT INTO rolled
SELECT c.dataset, c.place_id, w.measure, 'month', c.m, last_day(c.m), '', '', 0, NULL, NULL, c.dataset || '/' || w.ledger
FROM covered c JOIN counted w ON w.tab = c.tab AND w.kind = 'flow'
ANTI JOIN (SELECT * FROM rolled WHERE breakdown = '') r
  ON r.dataset = c.dataset AND r.place_id = c.place_id AND r.measure = w.measure AND r.period_start = c.m"""


def flows(table: str, measures: list[Measure], ledgers: list[Ledger], drawn: rollup_drawn.Drawn) -> Iterator[str]:
    """Counts and sums by the day and by the month on which they happened, all measures of one date in one scan."""
    flows = [m for m in measures if m.kind == "flow"]
    for at in dict.fromkeys(m.rollup.at for m in flows):
        here = [m for m in flows if m.rollup.at == at]
        yield _days(table, at, here, ledgers)
        if at in drawn:
            yield rollup_drawn.days(drawn[at], _day_table(table, at), here)
        yield _rolled(_of_days(table, at, here), ledgers)
        if broken := [m for m in here if m.rollup.by]:
            yield _rolled(_of_events(table, at, broken, ledgers), ledgers)
            if at in drawn:
                yield _rolled(rollup_drawn.months(drawn[at], broken), ledgers)


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
               WHERE {quoted(at)} IS NOT NULL AND e.place_id IS NOT NULL AND {quoted(at)}::DATE <= h.as_of"""


def _days(table: str, at: str, measures: list[Measure], ledgers: list[Ledger]) -> str:
    """The daily totals: a column a measure, and what its months need to know beside it."""
    columns = []
    for measure in measures:
        value, rows, blanks = _counted(measure, ledgers)
        columns.append(f"{value} AS {quoted(measure.id)}")
        if measure.rollup.value:
            columns += [f"{rows} AS {_rows(measure)}", f"{blanks} AS {_blanks(measure)}"]
    return f"""INSERT INTO {_day_table(table, at)} BY NAME
               SELECT e.dataset, e.place_id, {quoted(at)}::DATE AS day, {", ".join(columns)} {_events(table, at)} GROUP BY ALL"""


def _day_table(table: str, at: str) -> str:
    return quoted(f"rollup_day_{table}_{at}")


def _rows(measure: Measure) -> str:
    return quoted(measure.id + "_rows") if measure.rollup.value else quoted(measure.id)


def _blanks(measure: Measure) -> str:
    return quoted(measure.id + "_blanks")


def _of_days(table: str, at: str, measures: list[Measure]) -> str:
    """Whole months from the daily totals."""
    names = ", ".join(text(m.id) for m in measures)
    values = ", ".join(f"sum({quoted(m.id)})::DOUBLE" for m in measures)
    rows = ", ".join(f"sum({_rows(m)})::BIGINT" for m in measures)
    blanks = ", ".join(f"sum({_blanks(m)})::BIGINT" if m.rollup.value else "0" for m in measures)
    return f"""SELECT dataset, place_id, date_trunc('month', day)::DATE AS m, '' AS breakdown, '' AS category,
                      [{names}] AS measures, [{values}] AS v, [{rows}] AS n, [{blanks}] AS b
               FROM {_day_table(table, at)} GROUP BY ALL"""


def _of_events(table: str, at: str, measures: list[Measure], ledgers: list[Ledger]) -> str:
    """Months by each breakdown: one grouping set a breakdown, whose category is the only one that is not NULL."""
    bys = list(dict.fromkeys(by for m in measures for by in m.rollup.by))
    categories = [f"_c{n}" for n in range(len(bys))]
    counted = {m.id: _counted(m, ledgers) for m in measures}
    columns = ", ".join(
        f"({value})::DOUBLE AS _v{n}, {rows} AS _n{n}, {blank} AS _b{n}"
        for n, (value, rows, blank) in enumerate(counted.values())
    )
    numbers = {by: [n for n, m in enumerate(measures) if by in m.rollup.by] for by in bys}

    def listed(of) -> str:
        """What a row gives, by the breakdown that it is counted by."""
        return "CASE " + " ".join(f"WHEN {c} IS NOT NULL THEN {of(by)}" for c, by in zip(categories, bys, strict=True)) + " END"

    def each(letter: str) -> str:
        return listed(lambda by: "[" + ", ".join(f"_{letter}{n}" for n in numbers[by]) + "]")

    keyed = ", ".join(f"{category_of(by, ledgers)} AS {c}" for c, by in zip(categories, bys, strict=True))
    sets = ", ".join(f"(dataset, place_id, _m, {c})" for c in categories)
    names = listed(lambda by: "[" + ", ".join(text(measures[n].id) for n in numbers[by]) + "]")
    return f"""
        SELECT dataset, place_id, _m AS m, {listed(text)} AS breakdown, coalesce({", ".join(categories)}) AS category,
               {names} AS measures, {each("v")} AS v, {each("n")} AS n, {each("b")} AS b
        FROM (SELECT dataset, place_id, _m, {", ".join(categories)}, {columns}
              FROM (SELECT e.*, date_trunc('month', {quoted(at)})::DATE AS _m, {keyed} {_events(table, at)})
              GROUP BY GROUPING SETS ({sets}))"""


def _rolled(counted: str, ledgers: list[Ledger]) -> str:
    """Month figures from a query with the lists ``measures``, ``v`` (values), ``n`` (events) and ``b`` (events without an amount)."""
    told = "CASE WHEN blank > 0 AND value IS NOT NULL THEN '有 ' || blank || ' 条没有填数，未计入' END"
    return f"""
        INSERT INTO rolled
        SELECT dataset, place_id, measure, 'month', m, last_day(m), breakdown, category, value,
               CASE WHEN value IS NULL THEN 'M' END, {told}, {source_of(ledgers, "monthly")}
        FROM (SELECT dataset, place_id, m, breakdown, category, unnest(measures) AS measure, unnest(v) AS value, unnest(n) AS n,
                     unnest(b) AS blank
              FROM ({counted})) monthly
        WHERE n > 0"""
