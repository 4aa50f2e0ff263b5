"""Event tables → figures: the ``rollup`` declarations of measures.yml as SQL, run inside the warehouse that is being built.

Tables in memory: ``horizon`` (how far each data set reaches), ``covered`` (place × month of which a table speaks: there no event is
a zero, elsewhere it is a gap), ``counted`` (which measure comes from which table and ledger) and ``rolled`` (every figure that events
give), from which figures.py makes one figure with what was reported.

A statement costs the same for a table of ten rows as for one of ten thousand, and there are 200 measures: what can be counted in one
scan is counted in one, and what has the same form for all tables is done for all of them at once.

A comparison with an empty cell holds for nothing: a case without a level of closure is neither closed at the base nor above.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import duckdb

from etl.cursors import side_by_side
from etl.figures import one_figure
from etl.load import Manifest
from etl.longload import LongLoad
from etl.places import COMMUNITIES
from etl.rollup_drawn import Drawn, drawn_of, drawn_steps
from etl.rollup_flows import ZEROS, flows
from etl.rollup_horizon import horizon
from etl.rollup_rows import NarrowRows, Rows, counted
from etl.rollup_states import EMPTY_STEPS, balances, last_days, persons, standing, steps
from etl.rollup_terms import happens
from etl.rollup_untold import EMPTY, TABLES, TAKEN_BACK, broken_down, untold
from etl.schema import quoted, text
from jiejian.catalogue import Catalogue, Ledger, Measure
from jiejian.catalogue.daily import DAY

_KINDS = ", ".join(map(text, COMMUNITIES))
_SHARED = ("ancestor", "horizon", "rolled", "counted", "covered", "step", *TABLES)
# So many balances (measure × place × month) are worked out at a time.
_BALANCES = 4_000_000


def roll_up(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, active: Sequence[Manifest], kept: LongLoad | None = None
) -> None:
    """Fill the daily totals, ``figure`` and ``difference``, and the ``as_of`` of each data set. The warehouse is in use.

    ``active`` are the loads that it is made from; ``kept`` the rows of one of its tables, in memory.
    """
    run = connection.execute
    ((warehouse,),) = run("SELECT current_database()").fetchall()
    # What several cursors fill is in memory, and found by its name where the warehouse has no such table.
    run(f"SET search_path = '{warehouse}.main,memory.main'")
    run("CREATE OR REPLACE TABLE memory.ancestor AS SELECT * FROM ancestor")
    run(horizon(catalogue))
    run("UPDATE dataset SET as_of = h.as_of FROM horizon h WHERE h.dataset = dataset.dataset")
    run(
        """CREATE OR REPLACE TABLE memory.rolled (dataset VARCHAR, place_id VARCHAR, measure VARCHAR, grain VARCHAR, period_start DATE,
           period_end DATE, breakdown VARCHAR, category VARCHAR, value DOUBLE, status VARCHAR, note VARCHAR, source_id VARCHAR)"""
    )
    of_tables = _by_table(catalogue)
    drawn = {table: drawn_of(connection, catalogue, table) for table in of_tables}
    found = {
        table: measures
        for table, measures in of_tables.items()
        if drawn[table] or run(f"SELECT 1 FROM {quoted(table)} LIMIT 1").fetchone()
    }
    ledgers = {table: catalogue.tables()[table] for table in found}
    if found:
        run(_counted(found, ledgers))
        spoken = (part for t in found for part in _spoken(t, ledgers[t], drawn[t]))
        run(f"CREATE OR REPLACE TABLE memory.covered AS {' UNION ALL '.join(spoken)}")
        for statement in (EMPTY_STEPS, *EMPTY):
            run(statement)
        for table, measures in found.items():
            for statement in untold(connection, table, measures, ledgers[table], active):
                run(statement)
        groups = []
        for table, measures in found.items():
            if not drawn[table]:
                measures = broken_down(connection, table, measures, ledgers[table], active)
            with counted(connection, table, measures, ledgers[table], kept) as rows:
                some = list(_groups(rows, measures, drawn[table]))
                if isinstance(rows, NarrowRows):  # while the copy is there
                    _side_by_side(connection, warehouse, some)
                else:
                    groups += some
        _side_by_side(connection, warehouse, groups)
        run(ZEROS)
        _balance(connection, found, ledgers)
        run(TAKEN_BACK)
    for statement in one_figure(catalogue):
        run(statement)
    run(f"USE {quoted(warehouse)}")
    for table in _SHARED:
        run(f"DROP TABLE IF EXISTS memory.{table}")


def _groups(rows: Rows, measures: list[Measure], drawn: Drawn) -> Iterator[list[str]]:
    """The statements of a table, in groups of those that go one after the other."""
    whens = dict.fromkeys(m.rollup.at for m in measures if m.kind == "flow")
    for at in whens:
        yield list(flows(rows, [m for m in measures if m.kind == "flow" and m.rollup.at == at], drawn))
    for measure in measures:
        yield list(persons(rows.table, [measure], list(rows.ledgers)))
        yield list(last_days(rows.table, [measure], list(rows.ledgers)))
    yield [*steps(rows, measures), *drawn_steps(drawn, _stocks(measures))]


def _side_by_side(connection: duckdb.DuckDBPyConnection, warehouse: str, groups: list[list[str]]) -> None:
    """Run groups of statements that need nothing of each other: a small table is counted by one processor, and so are the last steps of
    a long one."""

    def run(group: list[str], cursor: duckdb.DuckDBPyConnection) -> None:
        for statement in group:
            cursor.execute(statement)

    side_by_side(connection, [partial(run, group) for group in groups if group], f"{warehouse}.main,memory.main")


def _balance(
    connection: duckdb.DuckDBPyConnection, found: dict[str, list[Measure]], ledgers: dict[str, list[Ledger]]
) -> None:
    """The balances of all measures together, or of as many at a time as the memory of a small machine holds."""
    run = connection.execute
    stocks = {table: some for table, measures in found.items() if (some := _stocks(measures))}
    if not stocks:
        return
    run(standing({table: ledgers[table] for table in stocks}))
    months = run("SELECT max(n) FROM (SELECT count(*) AS n FROM standing GROUP BY tab)").fetchone()[0] or 0
    names, at_a_time = [m.id for measures in stocks.values() for m in measures], max(1, _BALANCES // max(months, 1))
    for first in range(0, len(names), at_a_time):
        run(balances(names[first : first + at_a_time]))


def _stocks(measures: list[Measure]) -> list[Measure]:
    return [m for m in measures if m.kind == "stock" and not m.takes_last]


def _by_table(catalogue: Catalogue) -> dict[str, list[Measure]]:
    found: dict[str, list[Measure]] = {}
    for measure in catalogue.measures.values():
        if measure.rollup:
            found.setdefault(measure.rollup.table, []).append(measure)
    return found


def _counted(found: dict[str, list[Measure]], ledgers: dict[str, list[Ledger]]) -> str:
    rows = (f"({text(m.id)}, {text(m.kind)}, {text(t)}, {text(ledgers[t][0].id)})" for t, measures in found.items() for m in measures)
    return f"CREATE OR REPLACE TABLE memory.counted AS SELECT * FROM (VALUES {', '.join(rows)}) t (measure, kind, tab, ledger)"


# ---- where the tables speak ----


def _spoken(table: str, ledgers: list[Ledger], drawn: Drawn) -> Iterator[str]:
    """Place × month of which the rows of a table speak, and the totals drawn in their place."""
    day = happens(ledgers)
    yield _covered(table, quoted(table), day, ledgers)
    if day in drawn:
        yield _covered(table, drawn[day], DAY, ledgers)


def _covered(table: str, rows: str, day: str, ledgers: list[Ledger]) -> str:
    """Place × month of which ``rows`` speak, so that nothing there means zero. Without a ``day`` it is a register."""
    select, name = "SELECT DISTINCT", text(table)
    if day and any(l.coverage == "all_places" for l in ledgers):
        return f"""{select} {name} AS tab, s.dataset, p.place_id, unnest(generate_series(s.low, s.high, INTERVAL 1 MONTH))::DATE AS m
                   FROM (SELECT e.dataset, date_trunc('month', min({quoted(day)}))::DATE AS low,
                                date_trunc('month', least(max({quoted(day)})::DATE, any_value(h.as_of)))::DATE AS high
                         FROM {rows} e JOIN horizon h USING (dataset) GROUP BY e.dataset) s
                   JOIN place p ON p.dataset = s.dataset AND p.kind IN ({_KINDS})"""
    if day:
        return f"""{select} {name} AS tab, e.dataset, e.place_id, date_trunc('month', {quoted(day)})::DATE AS m
                   FROM {rows} e JOIN horizon h USING (dataset)
                   WHERE e.place_id IS NOT NULL AND {quoted(day)}::DATE <= h.as_of"""
    if any(l.coverage == "all_places" for l in ledgers):
        return f"""{select} {name} AS tab, e.dataset, p.place_id,
                          unnest(generate_series(h.first_month, date_trunc('month', h.as_of)::DATE, INTERVAL 1 MONTH))::DATE AS m
                   FROM (SELECT DISTINCT dataset FROM {rows}) e JOIN horizon h USING (dataset)
                   JOIN place p ON p.dataset = e.dataset AND p.kind IN ({_KINDS})"""
    return f"""{select} {name} AS tab, e.dataset, e.place_id, unnest(generate_series(h.first_month, date_trunc('month', h.as_of)::DATE, INTERVAL 1 MONTH))::DATE AS m
               FROM (SELECT DISTINCT dataset, place_id FROM {rows} WHERE place_id IS NOT NULL) e JOIN horizon h USING (dataset)"""
