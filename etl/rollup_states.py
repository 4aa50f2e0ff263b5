"""States and persons: running balances at the end of each month, and different values within each period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etl.rollup_rows import Rows
from etl.rollup_terms import amount, happens, left_out, source_of, where
from etl.schema import quoted, text
from jiejian.catalogue import Ledger, Measure

_GRAINS = {
    "month": ("date_trunc('month', m)", 1),
    "quarter": ("date_trunc('quarter', m)", 3),
    "half": ("make_date(year(m), CASE WHEN month(m) <= 6 THEN 1 ELSE 7 END, 1)", 6),
    "year": ("date_trunc('year', m)", 12),
}


# What a measure gains or loses in a month: its amount, the items without one, and the items.
EMPTY_STEPS = """
CREATE OR REPLACE TABLE memory.step
  (dataset VARCHAR, place_id VARCHAR, m DATE, measure VARCHAR, step DOUBLE, blank BIGINT, item BIGINT)"""
_EVER = "DATE '0001-01-01'"


def steps(rows: Rows, measures: Sequence[Measure]) -> Iterator[str]:
    """What began and what ended in each month, for all stocks of a table: one scan a date.

    Without a start an item has always been there. With ``distinct`` each of its values counts once, from its first start until nothing
    of that value is left.
    """
    plain = Rows(rows.table, rows.ledgers)
    scans: dict[tuple[str, str, int], list[Measure]] = {}
    for measure in (m for m in measures if m.kind == "stock" and not m.takes_last):
        source = f"{_items(plain, measure)} e JOIN horizon h USING (dataset)" if measure.rollup.distinct else rows.source
        scans.setdefault((source, measure.rollup.start, 1), []).append(measure)
        if measure.rollup.end:
            scans.setdefault((source, measure.rollup.end, -1), []).append(measure)
    parts = (_scan(rows if scan[0] == rows.source else plain, *scan, some) for scan, some in scans.items())
    if scans:
        yield f"INSERT INTO step {' UNION ALL '.join(parts)}"


def _start(measure: Measure) -> str:
    return f"coalesce({quoted(measure.rollup.start)}::DATE, {_EVER})" if measure.rollup.start else _EVER


def _scan(rows: Rows, source: str, column: str, sign: int, measures: list[Measure]) -> str:
    """The items that began (``sign`` 1) or ended (-1) on the day in ``column``."""
    columns, blanks = [], []
    month = rows.month(column) if column else _EVER
    at, month = (_start(measures[0]), f"coalesce({month}, {_EVER})") if sign > 0 else (f"{quoted(column)}::DATE", month)
    for n, measure in enumerate(measures):
        chosen = f"{_start(measure)} <= {rows.as_of} AND ({'true' if measure.rollup.distinct else rows.where(measure)})"
        size = f"sum(coalesce({rows.amount(measure)}, 0)::DOUBLE)" if measure.rollup.value else "count(*)"
        columns += [
            f"({size} FILTER (WHERE {chosen}))::DOUBLE * {sign} AS s{n}",
            f"count(*) FILTER (WHERE {chosen}) * {sign} AS i{n}",
        ]
        if measure.rollup.value:
            columns.append(f"count(*) FILTER (WHERE ({chosen}) AND ({rows.amount(measure)}) IS NULL) * {sign} AS b{n}")
        blanks.append(f"b{n}" if measure.rollup.value else "0")
    numbers = range(len(measures))
    lists = (map(text, (m.id for m in measures)), (f"s{n}" for n in numbers), blanks, (f"i{n}" for n in numbers))
    return f"""
        SELECT * FROM (
          SELECT dataset, place_id, m, {", ".join(f"unnest([{', '.join(values)}]) AS {name}" for values, name in zip(lists, ("measure", "step", "blank", "item"), strict=True))}
          FROM (SELECT e.dataset, e.place_id, {month} AS m, {", ".join(columns)}
                FROM {source} WHERE e.place_id IS NOT NULL AND {at} <= {rows.as_of} GROUP BY ALL))
        WHERE item <> 0"""


def _items(rows: Rows, measure: Measure) -> str:
    """The things that are counted: one for all rows of a place that share a value of ``distinct``."""
    roll = measure.rollup
    spans = [f"min(coalesce({quoted(roll.start)}::DATE, DATE '0001-01-01')) AS {quoted(roll.start)}"] if roll.start else []
    if roll.end:
        spans.append(f"CASE WHEN count(*) = count({quoted(roll.end)}) THEN max({quoted(roll.end)}) END AS {quoted(roll.end)}")
    return f"""(SELECT {", ".join(("dataset", "place_id", *spans))} FROM {quoted(rows.table)}
                WHERE {quoted(roll.distinct)} IS NOT NULL AND {rows.where(measure)} GROUP BY dataset, place_id, {quoted(roll.distinct)})"""


def standing(ledgers: dict[str, list[Ledger]]) -> str:
    """The months in which the balances of some tables stand: a balance goes on in a month in which nothing happens."""
    covered = [t for t, some in ledgers.items() if not happens(some) or any(l.coverage == "all_places" for l in some)]
    registers = [t for t in ledgers if t not in covered and any(l.sent == "register" for l in ledgers[t])]

    def among(tables: list[str]) -> str:
        return f"list_contains([{', '.join(map(text, tables))}]::VARCHAR[], c.tab)"

    return f"""
        CREATE OR REPLACE TEMP TABLE standing AS
        SELECT * FROM covered c WHERE {among(covered)}
        UNION ALL
        SELECT tab, dataset, place_id, unnest(generate_series(low, high, INTERVAL 1 MONTH))::DATE AS m FROM (
          SELECT c.tab, c.dataset, c.place_id, min(c.m) AS low,
                 CASE WHEN {among(registers)} THEN date_trunc('month', h.as_of)::DATE
                      ELSE max(max(c.m)) OVER (PARTITION BY c.tab, c.dataset) END AS high
          FROM covered c JOIN horizon h USING (dataset)
          WHERE {among([t for t in ledgers if t not in covered])} GROUP BY c.tab, c.dataset, c.place_id, h.as_of)"""


def balances(measures: list[str]) -> str:
    """Running balance at the end of each month: what began by then less what ended by then.

    Where values are added up, items without a value make the sum a part (noted), and a gap where no item has one.
    """
    some = f"list_contains([{', '.join(map(text, measures))}], {{}}.measure)"
    return f"""
        INSERT INTO rolled
        WITH line AS (
          SELECT measure, ledger, dataset, place_id, m, sum(step) AS step, sum(blank) AS blank, sum(item) AS item, bool_or(shown) AS shown
          FROM (SELECT s.measure, w.ledger, s.dataset, s.place_id, s.m, s.step, s.blank, s.item, false AS shown
                FROM step s JOIN counted w ON w.measure = s.measure WHERE {some.format("s")}
                UNION ALL
                SELECT w.measure, w.ledger, c.dataset, c.place_id, c.m, 0, 0, 0, true
                FROM standing c JOIN counted w ON w.tab = c.tab WHERE {some.format("w")})
          GROUP BY ALL),
        balance AS (
          SELECT *, sum(step) OVER so_far AS value, sum(blank) OVER so_far AS blanks, sum(item) OVER so_far AS items
          FROM line WINDOW so_far AS (PARTITION BY measure, dataset, place_id ORDER BY m))
        SELECT dataset, place_id, measure, 'month', m, last_day(m), '', '',
               CASE WHEN blanks = 0 OR blanks < items THEN value END, CASE WHEN blanks > 0 AND blanks = items THEN 'M' END,
               CASE WHEN blanks > 0 AND blanks < items THEN {left_out("blanks")} END, dataset || '/' || ledger
        FROM balance WHERE shown"""


def last_days(table: str, measures: list[Measure], ledgers: list[Ledger]) -> Iterator[str]:
    """States that are written down day by day: a month has that of its last day with a value; where that is not its end, it is said."""
    for measure in (m for m in measures if m.takes_last):
        at, value = f"e.{quoted(measure.rollup.at)}", amount(measure)
        yield f"""
            INSERT INTO rolled
            SELECT dataset, place_id, {text(measure.id)}, 'month', m, last_day(m), '', '', value, NULL,
                   CASE WHEN day < last_day(m) THEN '取' || strftime(day, '%Y-%m-%d') || '的数' END, {source_of(ledgers, "daily")}
            FROM (SELECT e.dataset, e.place_id, date_trunc('month', {at})::DATE AS m, arg_max({value}, {at})::DOUBLE AS value, max({at})::DATE AS day
                  FROM {quoted(table)} e JOIN horizon h USING (dataset)
                  WHERE e.place_id IS NOT NULL AND {at}::DATE <= h.as_of AND ({value}) IS NOT NULL AND {where(measure, ledgers)}
                  GROUP BY ALL) daily"""


def persons(table: str, measures: list[Measure], ledgers: list[Ledger]) -> Iterator[str]:
    """Different values within each month, quarter, half year, year, and from January to each month.

    Persons cannot be added up over places either, so the places above a community get their own count. A quarter, half year
    or year counts only when it is over, and none that began before the data set did: persons of its first months are not known.
    """
    for measure in (m for m in measures if m.kind == "distinct"):
        roll = measure.rollup
        at, who = quoted(roll.at), quoted(roll.distinct)
        yield f"""
            CREATE OR REPLACE TEMP TABLE person AS
            SELECT DISTINCT e.dataset, a.above AS place_id, date_trunc('month', {at})::DATE AS m, {who} AS who
            FROM {quoted(table)} e JOIN horizon h USING (dataset) JOIN ancestor a ON a.place_id = e.place_id
            WHERE {who} IS NOT NULL AND {at} IS NOT NULL AND {at}::DATE <= h.as_of AND {where(measure, ledgers)}"""
        yield f"""
            CREATE OR REPLACE TEMP TABLE person_month AS
            SELECT DISTINCT c.dataset, a.above AS place_id, c.m FROM covered c JOIN ancestor a ON a.place_id = c.place_id WHERE c.tab = {text(table)}
            UNION SELECT DISTINCT dataset, place_id, m FROM person"""
        yield f"""
            INSERT INTO rolled
            WITH span AS (SELECT DISTINCT dataset, place_id, grain, s, months FROM (SELECT dataset, place_id, {_each_grain()} FROM person_month)),
            met AS (SELECT dataset, place_id, grain, s, count(DISTINCT who) AS n FROM (SELECT dataset, place_id, who, {_each_grain()} FROM person)
                    GROUP BY ALL)
            SELECT c.dataset, c.place_id, {text(measure.id)}, c.grain, c.s, (c.s + to_months(c.months) - INTERVAL 1 DAY)::DATE, '', '',
                   coalesce(met.n, 0), NULL, NULL, {source_of(ledgers, "c")}
            FROM span c JOIN horizon h USING (dataset)
            LEFT JOIN met ON met.dataset = c.dataset AND met.place_id = c.place_id AND met.grain = c.grain AND met.s = c.s
            WHERE c.grain = 'month' OR (c.s >= h.first_month AND c.s + to_months(c.months) - INTERVAL 1 DAY <= h.as_of)"""
        # From January on a person is new in the first month of the year in which he is met.
        yield f"""
            INSERT INTO rolled
            WITH first AS (SELECT dataset, place_id, year(m) AS y, who, min(m) AS m FROM person GROUP BY ALL),
            new AS (SELECT dataset, place_id, m, count(*) AS n FROM first GROUP BY ALL),
            so_far AS (
              SELECT c.dataset, c.place_id, c.m, sum(coalesce(new.n, 0)) OVER (PARTITION BY c.dataset, c.place_id, year(c.m) ORDER BY c.m) AS n
              FROM person_month c LEFT JOIN new ON new.dataset = c.dataset AND new.place_id = c.place_id AND new.m = c.m)
            SELECT c.dataset, c.place_id, {text(measure.id)}, 'ytd', date_trunc('year', c.m)::DATE, last_day(c.m), '', '',
                   c.n::DOUBLE, NULL, NULL, {source_of(ledgers, "c")}
            FROM so_far c JOIN horizon h ON h.dataset = c.dataset AND date_trunc('year', c.m) >= h.first_month"""


def _each_grain() -> str:
    """A month in each grain: ``grain``, its first day ``s`` and its length ``months``."""
    starts, months = zip(*_GRAINS.values(), strict=True)
    return f"""unnest([{", ".join(map(text, _GRAINS))}]) AS grain, unnest([{", ".join(f"{s}::DATE" for s in starts)}]) AS s,
               unnest([{", ".join(map(str, months))}]) AS months"""
