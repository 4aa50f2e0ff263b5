"""Flows: what happened, by day and by month, whole (with zeros where the table speaks) and by each breakdown.

Days are counted in one scan of the events, all flows of one date together; months are sums of days. All breakdowns of a date are counted
in one more scan; of a long table each in a scan of its own over the narrow copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etl import rollup_drawn
from etl.rollup_rows import NarrowRows, Rows
from etl.rollup_terms import UNTOLD, category_of, source_of
from etl.schema import quoted, text
from jiejian.catalogue import Ledger, Measure

# Where a table speaks of a place and month and counts nothing of a flow that its sheets tell, nothing happened.
ZEROS = """
INSERT INTO rolled
SELECT c.dataset, c.place_id, w.measure, 'month', c.m, last_day(c.m), '', '', 0, NULL, NULL, c.dataset || '/' || w.ledger
FROM covered c JOIN counted w ON w.tab = c.tab AND w.kind = 'flow'
ANTI JOIN (SELECT * FROM rolled WHERE breakdown = '') r
  ON r.dataset = c.dataset AND r.place_id = c.place_id AND r.measure = w.measure AND r.period_start = c.m
ANTI JOIN untold u ON u.dataset = c.dataset AND u.measure = w.measure
ANTI JOIN untold_at a ON a.dataset = c.dataset AND a.place_id = c.place_id AND a.measure = w.measure AND a.m = c.m"""


def flows(rows: Rows, measures: list[Measure], drawn: rollup_drawn.Drawn) -> Iterator[str]:
    """Counts and sums by the day and by the month on which they happened, all measures of one date in one scan."""
    flows = [m for m in measures if m.kind == "flow"]
    for at in dict.fromkeys(m.rollup.at for m in flows):
        here = [m for m in flows if m.rollup.at == at]
        yield from _into_days(rows, at, here)
        if at in drawn:
            yield rollup_drawn.days(drawn[at], _day_table(rows.table, at), here)
        yield _rolled(_of_days(rows.table, at, here), rows.ledgers)
        if broken := [m for m in here if m.rollup.by]:
            if isinstance(rows, NarrowRows):
                untold = [] if at in drawn else [m for m in broken if not m.rollup.value]
                yield from _of_months(rows, untold)
                narrow = _of_narrow(rows, at, [m for m in broken if rows.where(m) != "false"], untold)
            for counted in narrow if isinstance(rows, NarrowRows) else [_of_events(rows, at, broken)]:
                yield _rolled(counted, rows.ledgers)
            if at in drawn:
                yield _rolled(rollup_drawn.months(drawn[at], broken), rows.ledgers)


def _counted(measure: Measure, rows: Rows) -> tuple[str, str, str]:
    """Three expressions over events: the value, the events that it counts, and those of them without an amount."""
    chosen = rows.where(measure)
    if chosen == "false":
        return "CAST(NULL AS DOUBLE)" if measure.rollup.value else "0", "0", "0"
    events = f"count(*) FILTER (WHERE {chosen})"
    if not measure.rollup.value:
        return events, events, "0"
    adds = rows.amount(measure)
    return f"sum({adds}) FILTER (WHERE {chosen})", events, f"count(*) FILTER (WHERE ({chosen}) AND ({adds}) IS NULL)"


def _into_days(rows: Rows, at: str, measures: list[Measure]) -> Iterator[str]:
    """Fill the table of daily totals."""
    totals, table = _days(rows, at, measures), _day_table(rows.table, at)
    if not isinstance(rows, NarrowRows):
        yield f"INSERT INTO {table} BY NAME {totals}"
        return
    # Straight from the counting they would lie about until the checkpoint, and be written by one processor.
    yield f"CREATE OR REPLACE TEMP TABLE totals AS {totals}"
    yield f"INSERT INTO {table} BY NAME SELECT * FROM totals"
    yield "DROP TABLE totals"


def _days(rows: Rows, at: str, measures: list[Measure]) -> str:
    """The daily totals: a column a measure, and what its months need to know beside it."""
    columns = []
    for measure in measures:
        value, events, blanks = _counted(measure, rows)
        columns.append(f"{value} AS {quoted(measure.id)}")
        if measure.rollup.value:
            columns += [f"{events} AS {_rows(measure)}", f"{blanks} AS {_blanks(measure)}"]
    return f"SELECT e.dataset, e.place_id, {quoted(at)}::DATE AS day, {', '.join(columns)} {rows.until_now(at)} GROUP BY ALL"


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


def _of_events(rows: Rows, at: str, measures: list[Measure]) -> str:
    """Months by each breakdown: one grouping set a breakdown, whose category is the only one that is not NULL."""
    bys = list(dict.fromkeys(by for m in measures for by in m.rollup.by))
    categories = [f"_c{n}" for n in range(len(bys))]
    counted = {m.id: _counted(m, rows) for m in measures}
    columns = ", ".join(
        f"({value})::DOUBLE AS _v{n}, {events} AS _n{n}, {blank} AS _b{n}"
        for n, (value, events, blank) in enumerate(counted.values())
    )
    numbers = {by: [n for n, m in enumerate(measures) if by in m.rollup.by] for by in bys}

    def listed(of) -> str:
        """What a row gives, by the breakdown that it is counted by."""
        return "CASE " + " ".join(f"WHEN {c} IS NOT NULL THEN {of(by)}" for c, by in zip(categories, bys, strict=True)) + " END"

    def each(letter: str) -> str:
        return listed(lambda by: "[" + ", ".join(f"_{letter}{n}" for n in numbers[by]) + "]")

    keyed = ", ".join(f"{category_of(by, rows.ledgers)} AS {c}" for c, by in zip(categories, bys, strict=True))
    sets = ", ".join(f"(dataset, place_id, _m, {c})" for c in categories)
    names = listed(lambda by: "[" + ", ".join(text(measures[n].id) for n in numbers[by]) + "]")
    return f"""
        SELECT dataset, place_id, _m AS m, {listed(text)} AS breakdown, coalesce({", ".join(categories)}) AS category,
               {names} AS measures, {each("v")} AS v, {each("n")} AS n, {each("b")} AS b
        FROM (SELECT dataset, place_id, _m, {", ".join(categories)}, {columns}
              FROM (SELECT e.*, {rows.month(at)} AS _m, {keyed} {rows.until_now(at)})
              GROUP BY GROUPING SETS ({sets}))"""


def _of_months(rows: NarrowRows, measures: list[Measure]) -> Iterator[str]:
    """Where no row tells its category, the months by it are the whole months. They stand in ``rolled``."""
    pairs = [f"({text(m.id)}, {text(by)})" for m in measures for by in m.rollup.by if rows.untold(by)]
    if pairs:
        yield f"""INSERT INTO rolled
                  SELECT r.* REPLACE (t.breakdown AS breakdown, {text(UNTOLD)} AS category)
                  FROM rolled r JOIN (VALUES {", ".join(pairs)}) t (measure, breakdown) ON t.measure = r.measure
                  WHERE r.grain = 'month' AND r.breakdown = ''"""


def _of_narrow(rows: NarrowRows, at: str, measures: list[Measure], done: list[Measure]) -> Iterator[str]:
    """The same, a breakdown at a time; those of which no row tells its category are ``done`` for some measures."""
    for by in dict.fromkeys(by for m in measures for by in m.rollup.by):
        here = [m for m in measures if by in m.rollup.by and not (rows.untold(by) and m in done)]
        if not here:
            continue
        values, events, blanks = zip(*(_counted(m, rows) for m in here), strict=True)
        columns = [f"{value} AS _{letter}{n}" for letter, some in (("v", values), ("n", events), ("b", blanks)) for n, value in enumerate(some)]

        def each(letter: str, kind: str, count: int = len(here)) -> str:
            return f"[{', '.join(f'_{letter}{n}::{kind}' for n in range(count))}]"

        yield f"""
            SELECT CAST(dataset AS VARCHAR) AS dataset, CAST(place_id AS VARCHAR) AS place_id, m, {text(by)} AS breakdown,
                   coalesce(CAST(category AS VARCHAR), '{UNTOLD}') AS category, [{", ".join(text(m.id) for m in here)}] AS measures,
                   {each("v", "DOUBLE")} AS v, {each("n", "BIGINT")} AS n, {each("b", "BIGINT")} AS b
            FROM (SELECT e.dataset, e.place_id, {rows.month(at)} AS m, {rows.by(by)} AS category, {", ".join(columns)}
                  {rows.until_now(at)} GROUP BY ALL)"""


def _rolled(counted: str, ledgers: Sequence[Ledger]) -> str:
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
