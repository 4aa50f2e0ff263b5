"""What is odd about figures that were all accepted: two loads that say different things, months that are missing, figures that
stand still or are the same everywhere. Found in the warehouse that is being built; nothing is changed, only said.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from etl.loaded import Loaded
from etl.places import COMMUNITIES
from etl.schema import text
from jiejian.catalogue import Catalogue, Rule

# All places that write the same are remarkable from so many places on.
_MANY = 5
_MONTH = "year({0}) || '年' || month({0}) || '月'"


def conflicts(connection: duckdb.DuckDBPyConnection, rows: Loaded, moved: dict[str, str]) -> None:
    """Fill ``conflict``: figures of which two loads say different things. The newest counts; every older one is listed."""
    connection.execute(
        f"""INSERT INTO conflict
           WITH said AS (
             SELECT o.dataset, o.ledger, coalesce(m.now, o.place_id) AS place_id, o.measure, o.grain, o.period_start, o.period_end,
                    coalesce(o.breakdown, '') AS breakdown, coalesce(o.category, '') AS category, o.value, o.load_id, o.cell
             FROM {rows.source} o
             LEFT JOIN (SELECT unnest($old::VARCHAR[]) AS old, unnest($now::VARCHAR[]) AS now) m ON m.old = o.place_id
             WHERE o.period_start IS NOT NULL),
           last AS (
             SELECT dataset, place_id, measure, grain, period_start, period_end, breakdown, category, max(load_id) AS load_id,
                    arg_max(ledger, load_id) AS ledger, max_by(struct_pack(v := value, c := cell), load_id) AS newest
             FROM said GROUP BY dataset, place_id, measure, grain, period_start, period_end, breakdown, category
             HAVING min(load_id) < max(load_id))
           SELECT s.dataset, s.place_id, s.measure, s.grain, s.period_start, s.period_end, s.breakdown, s.category,
                  s.value, l.newest.v, s.ledger, l.ledger, s.load_id, l.load_id, s.cell, l.newest.c,
                  CASE WHEN a.origin = b.origin THEN '同一文件重报' WHEN s.ledger <> l.ledger THEN '两种台账不同' ELSE '两份文件不同' END
           FROM said s JOIN last l USING (dataset, place_id, measure, grain, period_start, period_end, breakdown, category)
           JOIN load a ON a.load_id = s.load_id JOIN load b ON b.load_id = l.load_id
           WHERE s.load_id < l.load_id AND s.value IS DISTINCT FROM l.newest.v""",
        rows.parameters | {"old": list(moved), "now": list(moved.values())},
    )


def notices(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """Fill ``notice`` from ``observation``."""
    for statement in _statements(catalogue):
        connection.execute(f"INSERT INTO notice {statement}")


def _statements(catalogue: Catalogue) -> Iterator[str]:
    for ledger in catalogue.ledgers.values():
        if ledger.table != "observation" or ledger.sent != "month" or (ledger.grain or "month") != "month":
            continue
        yield _missing_months(ledger.id, ledger.name)
        yield _missing_places(ledger.id, ledger.name)
        for rule in ledger.rules:
            measures = [ledger.column(c).measure for c in rule.columns if ledger.column(c).measure]
            if measures and rule.kind in _OVER_ALL:
                yield _OVER_ALL[rule.kind](ledger.id, rule, ", ".join(map(text, measures)))


def _missing_months(ledger: str, name: str) -> str:
    """Months of which nobody sent the ledger, between two of which somebody did."""
    return f"""
        SELECT dataset, {text(ledger)}, '整月缺报', NULL, NULL, m, last_day(m),
               {_MONTH.format("m")} || '的{name.replace("'", "''")}没有人报送，前后月份都有。请补报。'
        FROM (SELECT dataset, unnest(generate_series(min(period_start), max(period_start), INTERVAL 1 MONTH))::DATE AS m
              FROM observation WHERE ledger = {text(ledger)} AND grain = 'month' GROUP BY dataset) c
        ANTI JOIN (SELECT DISTINCT dataset, period_start FROM observation WHERE ledger = {text(ledger)}) o
          ON o.dataset = c.dataset AND o.period_start = c.m"""


def _missing_places(ledger: str, name: str) -> str:
    """Communities that did not send a month which others sent, though they sent months before and after."""
    kinds = ", ".join(map(text, COMMUNITIES))
    return f"""
        WITH sent AS (SELECT DISTINCT dataset, place_id, period_start FROM observation WHERE ledger = {text(ledger)} AND grain = 'month'),
        spans AS (SELECT dataset, place_id, min(period_start) AS first, max(period_start) AS last FROM sent GROUP BY ALL),
        months AS (SELECT DISTINCT dataset, period_start FROM sent)
        SELECT m.dataset, {text(ledger)}, '缺报', p.place_id, NULL, m.period_start, last_day(m.period_start),
               p.name || '没有报送' || {_MONTH.format("m.period_start")} || '的{name.replace("'", "''")}，前后月份都有。请补报。'
        FROM months m JOIN spans s ON s.dataset = m.dataset AND m.period_start BETWEEN s.first AND s.last
        JOIN place p ON p.place_id = s.place_id AND p.kind IN ({kinds})
        ANTI JOIN sent o ON o.dataset = m.dataset AND o.place_id = s.place_id AND o.period_start = m.period_start"""


def _still(ledger: str, rule: Rule, measures: str) -> str:
    """A place that writes the same figure month after month. Zeros are another matter."""
    return f"""
        SELECT r.dataset, {text(ledger)}, '连续不变', r.place_id, r.measure, r.first, r.last,
               p.name || '的' || m.name || '从' || {_MONTH.format("r.first")} || '到' || {_MONTH.format("r.last")} || '连续 ' || r.months
               || ' 个月都是 ' || printf('%.15g', r.value) || '，' || {text(rule.say.rstrip("。"))} || '。' || {text(rule.advice)}
        FROM (SELECT dataset, place_id, measure, value, min(period_start) AS first, max(period_end) AS last, count(*) AS months FROM (
                SELECT dataset, place_id, measure, value, period_start, period_end, datediff('month', DATE '2000-01-01', period_start)
                       - row_number() OVER (PARTITION BY dataset, place_id, measure, value ORDER BY period_start) AS island
                FROM observation WHERE ledger = {text(ledger)} AND measure IN ({measures}) AND grain = 'month' AND breakdown = '' AND value <> 0)
              GROUP BY dataset, place_id, measure, value, island HAVING count(*) >= {int(rule.months)}) r
        JOIN place p ON p.place_id = r.place_id JOIN measure m ON m.measure = r.measure"""


def _alike(ledger: str, rule: Rule, measures: str) -> str:
    """A month in which all communities write the same figure."""
    return f"""
        SELECT r.dataset, {text(ledger)}, '各地相同', NULL, r.measure, r.period_start, r.period_end,
               {_MONTH.format("r.period_start")} || '各社区的' || m.name || '都是 ' || printf('%.15g', r.value) || '，'
               || {text(rule.say.rstrip("。"))} || '。' || {text(rule.advice)}
        FROM (SELECT dataset, measure, period_start, period_end, min(value) AS value FROM observation
              WHERE ledger = {text(ledger)} AND measure IN ({measures}) AND grain = 'month' AND breakdown = '' AND value <> 0
              GROUP BY dataset, measure, period_start, period_end HAVING count(*) >= {_MANY} AND min(value) = max(value)) r
        JOIN measure m ON m.measure = r.measure"""


_OVER_ALL = {"still": _still, "alike": _alike}
