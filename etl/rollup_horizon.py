"""How far the data of each data set reach: its first month and its last day, from what was reported and from what happened.

The day of an event is that of ``happens``. A table of one's own may count by other dates too: of requests received until June some are
closed in July, and July is where they count. So its horizon reaches to the last of those days, if they are of things that have
happened: a deadline or a plan says nothing about how far the data reach. Tables that contracts of the system fill keep to ``happens``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from etl.rollup_terms import column_kinds, happens
from etl.schema import TYPES, quoted
from etl.traditional import simplified
from jiejian.catalogue import Catalogue, Ledger, Measure
from jiejian.catalogue.daily import DAY
from jiejian.home import BUNDLED_CATALOGUE

# The day is counted in UTC, hence one more.
_LOADED = "CAST(l.loaded_at AS DATE) + 1"
_DATES = (TYPES["date"], TYPES["datetime"])
# How heads and ids call a day that is set beforehand: 截止时间, 计划完工, 应办结日期, due_on.
_SET_BEFOREHAND = re.compile(
    r"截止|期限|时限|限时|限期|有效期|到期|计划|预[计定期]|承诺|拟[开动建完办]|(?<![响供反对])应[办完结还交开到]"
    r"|(^|[\W_])(due(date)?|deadline|plan(ned)?|expected|estimated|scheduled|target|expir\w*)([\W_]|$)",
    re.IGNORECASE,
)


def horizon(catalogue: Catalogue) -> str:
    """The statement that fills ``horizon``: first month and last day of each data set.

    A period or an event that lies after the day of its load (a whole year reported in March) does not move the horizon.
    """
    parts = [
        f"""SELECT o.dataset, o.period_start AS first, least(o.period_end, {_LOADED}) AS last
            FROM observation o JOIN load l USING (load_id) WHERE o.period_start IS NOT NULL AND o.status <> 'M'"""
    ]
    for table, ledgers in catalogue.tables().items():
        if happened := happens(ledgers):
            day = f"CAST(e.{quoted(happened)} AS DATE)"
            parts.append(
                f"""SELECT e.dataset, {day} AS first, least({day}, {_LOADED}) AS last
                    FROM {quoted(table)} e JOIN load l USING (load_id) WHERE {day} > DATE '1900-01-01'"""
            )
    parts += [_reach(table, column) for table, column in _later(catalogue)]
    return f"""CREATE OR REPLACE TABLE memory.horizon AS
               SELECT dataset, CAST(date_trunc('month', min(first)) AS DATE) AS first_month, CAST(max(last) AS DATE) AS as_of
               FROM ({" UNION ALL ".join(parts)}) GROUP BY dataset"""


def _reach(table: str, column: str) -> str:
    """The days in another column than that of ``happens``. They say how far the data reach, not since when; one after its load says nothing."""
    day = f"CAST(e.{quoted(column)} AS DATE)"
    return f"""SELECT e.dataset, CAST(NULL AS DATE) AS first, {day} AS last
               FROM {quoted(table)} e JOIN load l USING (load_id) WHERE {day} > DATE '1900-01-01' AND {day} <= {_LOADED}"""


def _later(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """(table, column) of the other days on which tables of one's own count; where only daily totals travel, those by that day."""
    shipped, tables = {path.stem for path in (BUNDLED_CATALOGUE / "ledgers").glob("*.yml")}, catalogue.tables()
    measures: dict[str, list[Measure]] = {}
    for measure in catalogue.measures.values():
        if measure.rollup:
            measures.setdefault(measure.rollup.table, []).append(measure)
    for table, some in measures.items():
        if not shipped.isdisjoint(l.id for l in tables[table]):
            continue
        for at in happened_on(some, tables[table]):
            yield table, at
            if (drawn := f"drawn_{table}_{at}") in tables:
                yield drawn, DAY


def happened_on(measures: Iterable[Measure], ledgers: Iterable[Ledger]) -> list[str]:
    """The dates beside ``happens`` by which measures of a table count, without deadlines and plans.

    Such a one is told by its name, or by its being what another date is held against (``closed <= due``). A date of which a rule says
    ``not_future`` is none.
    """
    measures, ledgers = list(measures), list(ledgers)
    kinds = column_kinds(ledgers)
    dates = {name for name, kind in kinds.items() if kind in _DATES}
    named = {c.id for l in ledgers for c in l.columns if _SET_BEFOREHAND.search(simplified(" ".join((c.id, *c.heads))))}
    compared = [c for m in measures for c in m.rollup.where if c.op in ("<", "<=", ">", ">=")]
    held_against = {c.operand for c in compared if c.column in dates and c.column not in named}
    sure = {column for l in ledgers for rule in l.rules if rule.kind == "not_future" for column in rule.columns}
    asked = dict.fromkeys(m.rollup.at for m in measures if m.rollup.at)
    return [at for at in asked if at in dates and at != happens(ledgers) and (at in sure or at not in named | held_against)]
