"""States and persons: running balances at the end of each month, and different values within each period."""

from __future__ import annotations

from collections.abc import Iterator

from etl.rollup_terms import amount, happens, left_out, source_of, where
from etl.schema import quoted, text
from jiejian.catalogue import Ledger, Measure

_GRAINS = {
    "month": ("date_trunc('month', m)", 1),
    "quarter": ("date_trunc('quarter', m)", 3),
    "half": ("make_date(year(m), CASE WHEN month(m) <= 6 THEN 1 ELSE 7 END, 1)", 6),
    "year": ("date_trunc('year', m)", 12),
}


def stocks(table: str, measures: list[Measure], ledgers: list[Ledger]) -> Iterator[str]:
    """Running balance at the end of each month: what began by then less what ended by then.

    Without a start an item has always been there. Where values are added up, items without a value make the sum a part
    (noted), and a gap where no item has one. With ``distinct`` each of its values counts once, from its first start until
    nothing of that value is left.
    """
    for measure in (m for m in measures if m.kind == "stock"):
        roll = measure.rollup
        size = f"coalesce({amount(measure)}, 0)::DOUBLE" if roll.value else "1::DOUBLE"
        blank = f"CASE WHEN ({amount(measure)}) IS NULL THEN 1 ELSE 0 END" if roll.value else "0"
        start = f"coalesce({quoted(roll.start)}::DATE, DATE '0001-01-01')" if roll.start else "DATE '0001-01-01'"
        source = f"""FROM {_items(table, measure, ledgers)} e JOIN horizon h USING (dataset)
                     WHERE e.place_id IS NOT NULL AND {start} <= h.as_of AND {"true" if roll.distinct else where(measure, ledgers)}"""
        steps = [
            f"SELECT e.dataset, e.place_id, date_trunc('month', {start})::DATE AS m, {size} AS step, {blank} AS blank, 1 AS item {source}"
        ]
        if roll.end:
            end = quoted(roll.end)
            steps.append(
                f"SELECT e.dataset, e.place_id, date_trunc('month', {end})::DATE, -{size}, -({blank}), -1 {source} AND {end}::DATE <= h.as_of"
            )
        yield f"""
            INSERT INTO rolled
            WITH months AS ({_stock_months(table, ledgers, measure)}),
            line AS (SELECT dataset, place_id, m, sum(step) AS step, sum(blank) AS blank, sum(item) AS item, bool_or(shown) AS shown
                     FROM (SELECT *, false AS shown FROM ({" UNION ALL ".join(steps)})
                           UNION ALL SELECT dataset, place_id, m, 0, 0, 0, true FROM months) GROUP BY ALL),
            balance AS (SELECT dataset, place_id, m, shown, sum(step) OVER so_far AS value, sum(blank) OVER so_far AS blanks, sum(item) OVER so_far AS items
                        FROM line WINDOW so_far AS (PARTITION BY dataset, place_id ORDER BY m))
            SELECT dataset, place_id, {text(measure.id)}, 'month', m, last_day(m), '', '',
                   CASE WHEN blanks = 0 OR blanks < items THEN value END, CASE WHEN blanks > 0 AND blanks = items THEN 'M' END,
                   CASE WHEN blanks > 0 AND blanks < items THEN {left_out("blanks")} END, {source_of(ledgers, "balance")}
            FROM balance WHERE shown"""


def _items(table: str, measure: Measure, ledgers: list[Ledger]) -> str:
    """The things that are counted: rows, or one thing for all rows of a place that share a value of ``distinct``."""
    roll = measure.rollup
    if not roll.distinct:
        return quoted(table)
    spans = [f"min(coalesce({quoted(roll.start)}::DATE, DATE '0001-01-01')) AS {quoted(roll.start)}"] if roll.start else []
    if roll.end:
        spans.append(f"CASE WHEN count(*) = count({quoted(roll.end)}) THEN max({quoted(roll.end)}) END AS {quoted(roll.end)}")
    return f"""(SELECT {", ".join(("dataset", "place_id", *spans))} FROM {quoted(table)}
                WHERE {quoted(roll.distinct)} IS NOT NULL AND {where(measure, ledgers)} GROUP BY dataset, place_id, {quoted(roll.distinct)})"""


def _stock_months(table: str, ledgers: list[Ledger], measure: Measure) -> str:
    """The months in which a balance stands: a balance goes on in a month in which nothing happens."""
    covered = f"SELECT dataset, place_id, m FROM covered WHERE tab = {text(table)}"
    if not happens(ledgers) or any(l.coverage == "all_places" for l in ledgers):
        return covered
    last = (
        "date_trunc('month', h.as_of)::DATE"
        if any(l.sent == "register" for l in ledgers)
        else "max(max(c.m)) OVER (PARTITION BY c.dataset)"
    )
    return f"""SELECT dataset, place_id, unnest(generate_series(low, high, INTERVAL 1 MONTH))::DATE AS m FROM (
                 SELECT c.dataset, c.place_id, min(c.m) AS low, {last} AS high
                 FROM ({covered}) c JOIN horizon h USING (dataset) GROUP BY c.dataset, c.place_id, h.as_of)"""


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
        for grain, (start, months) in _GRAINS.items():
            over = (
                ""
                if grain == "month"
                else f"AND c.s >= h.first_month AND c.s + INTERVAL {months} MONTH - INTERVAL 1 DAY <= h.as_of"
            )
            yield f"""
                INSERT INTO rolled
                SELECT c.dataset, c.place_id, {text(measure.id)}, {text(grain)}, c.s, (c.s + INTERVAL {months} MONTH - INTERVAL 1 DAY)::DATE, '', '',
                       count(DISTINCT p.who), NULL, NULL, {source_of(ledgers, "c")}
                FROM (SELECT DISTINCT dataset, place_id, {start}::DATE AS s FROM person_month) c JOIN horizon h USING (dataset)
                LEFT JOIN (SELECT DISTINCT dataset, place_id, {start}::DATE AS s, who FROM person) p
                  ON p.dataset = c.dataset AND p.place_id = c.place_id AND p.s = c.s
                WHERE true {over} GROUP BY ALL"""
        yield f"""
            INSERT INTO rolled
            SELECT c.dataset, c.place_id, {text(measure.id)}, 'ytd', date_trunc('year', c.m)::DATE, last_day(c.m), '', '',
                   count(DISTINCT p.who), NULL, NULL, {source_of(ledgers, "c")}
            FROM person_month c JOIN horizon h ON h.dataset = c.dataset AND date_trunc('year', c.m) >= h.first_month
            LEFT JOIN person p ON p.dataset = c.dataset AND p.place_id = c.place_id AND year(p.m) = year(c.m) AND p.m <= c.m
            GROUP BY c.dataset, c.place_id, c.m"""
