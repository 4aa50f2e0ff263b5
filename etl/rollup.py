"""Event tables → figures: the ``rollup`` declarations of measures.yml as SQL, run inside the warehouse that is being built.

Three temporary tables come first: ``horizon`` (how far each data set reaches), ``covered`` (place × month of which a table
speaks: there no event is a zero, elsewhere it is a gap) and ``rolled`` (every figure that events give). Then figures as
reported and as rolled up become one ``figure``, by each measure's precedence, and where both stand and differ, that is listed.

A comparison with an empty cell holds for nothing: a case without a level of closure is neither closed at the base nor above.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb

from etl.places import COMMUNITIES
from etl.schema import TYPES, column_types, quoted, text
from jiejian.catalogue import Catalogue, Condition, Ledger, Measure

_GRAINS = {
    "month": ("date_trunc('month', m)", 1),
    "quarter": ("date_trunc('quarter', m)", 3),
    "half": ("make_date(year(m), CASE WHEN month(m) <= 6 THEN 1 ELSE 7 END, 1)", 6),
    "year": ("date_trunc('year', m)", 12),
}
_KINDS = ", ".join(map(text, COMMUNITIES))
_UNTOLD = "未填"


def roll_up(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """Fill ``rollup_day``, ``figure`` and ``difference``, and the ``as_of`` of each data set. The warehouse is in use."""
    run = connection.execute
    run(_horizon(catalogue))
    run("UPDATE dataset SET as_of = h.as_of FROM horizon h WHERE h.dataset = dataset.dataset")
    run(
        """CREATE OR REPLACE TEMP TABLE rolled (dataset VARCHAR, place_id VARCHAR, measure VARCHAR, grain VARCHAR, period_start DATE,
           period_end DATE, breakdown VARCHAR, category VARCHAR, value DOUBLE, status VARCHAR, note VARCHAR, source_id VARCHAR)"""
    )
    run("CREATE OR REPLACE TEMP TABLE covered (tab VARCHAR, dataset VARCHAR, place_id VARCHAR, m DATE)")
    run("CREATE OR REPLACE TEMP TABLE monthly (dataset VARCHAR, place_id VARCHAR, m DATE, measure VARCHAR, category VARCHAR, value DOUBLE, blank BIGINT)")
    for table, measures in _by_table(catalogue).items():
        if not run(f"SELECT 1 FROM {quoted(table)} LIMIT 1").fetchone():
            continue
        ledgers = catalogue.tables()[table]
        run(_covered(table, ledgers))
        for statement in (*_flows(table, measures, ledgers), *_stocks(table, measures, ledgers), *_distinct(table, measures, ledgers)):
            run(statement)
    for statement in _figures(catalogue):
        run(statement)


def _by_table(catalogue: Catalogue) -> dict[str, list[Measure]]:
    found: dict[str, list[Measure]] = {}
    for measure in catalogue.measures.values():
        if measure.rollup:
            found.setdefault(measure.rollup.table, []).append(measure)
    return found


# ---- how far the data reach ----


def _horizon(catalogue: Catalogue) -> str:
    """First month and last day of each data set: from reported periods and from the days on which events happened.

    A period or an event that lies after the day of its load (a whole year reported in March) does not move the horizon.
    """
    parts = [
        """SELECT o.dataset, o.period_start AS first, least(o.period_end, CAST(l.loaded_at AS DATE)) AS last
           FROM observation o JOIN load l USING (load_id) WHERE o.period_start IS NOT NULL AND o.status <> 'M'"""
    ]
    for table, ledgers in catalogue.tables().items():
        happens = next((l.happens for l in ledgers if l.happens), "")
        if happens:
            day = f"CAST(e.{quoted(happens)} AS DATE)"
            parts.append(
                f"""SELECT e.dataset, {day} AS first, least({day}, CAST(l.loaded_at AS DATE)) AS last
                    FROM {quoted(table)} e JOIN load l USING (load_id) WHERE e.{quoted(happens)} IS NOT NULL"""
            )
    return f"""CREATE OR REPLACE TEMP TABLE horizon AS
               SELECT dataset, CAST(date_trunc('month', min(first)) AS DATE) AS first_month, CAST(max(last) AS DATE) AS as_of
               FROM ({' UNION ALL '.join(parts)}) GROUP BY dataset"""


def _happens(ledgers: Iterable[Ledger]) -> str:
    return next((l.happens for l in ledgers if l.happens), "")


def _covered(table: str, ledgers: list[Ledger]) -> str:
    """Place × month of which the table speaks, so that nothing there means zero."""
    happens = _happens(ledgers)
    insert, name = "INSERT INTO covered SELECT DISTINCT", text(table)
    if happens and any(l.coverage == "all_places" for l in ledgers):
        return f"""{insert} {name}, s.dataset, p.place_id, unnest(generate_series(s.low, s.high, INTERVAL 1 MONTH))::DATE
                   FROM (SELECT e.dataset, date_trunc('month', min({quoted(happens)}))::DATE AS low,
                                date_trunc('month', least(max({quoted(happens)})::DATE, any_value(h.as_of)))::DATE AS high
                         FROM {quoted(table)} e JOIN horizon h USING (dataset) GROUP BY e.dataset) s
                   JOIN place p ON p.dataset = s.dataset AND p.kind IN ({_KINDS})"""
    if happens:
        return f"""{insert} {name}, e.dataset, e.place_id, date_trunc('month', {quoted(happens)})::DATE
                   FROM {quoted(table)} e JOIN horizon h USING (dataset)
                   WHERE e.place_id IS NOT NULL AND {quoted(happens)}::DATE <= h.as_of"""
    return f"""{insert} {name}, e.dataset, e.place_id, unnest(generate_series(h.first_month, date_trunc('month', h.as_of)::DATE, INTERVAL 1 MONTH))::DATE
               FROM (SELECT DISTINCT dataset, place_id FROM {quoted(table)} WHERE place_id IS NOT NULL) e JOIN horizon h USING (dataset)"""


# ---- flows ----


def _flows(table: str, measures: list[Measure], ledgers: list[Ledger]) -> Iterator[str]:
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
    values = ", ".join(f"{_value(m)} FILTER (WHERE {_where(m, ledgers)})::DOUBLE" for m in measures)
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
    values = ", ".join(f"{_value(m)} FILTER (WHERE {_where(m, ledgers)})::DOUBLE" for m in measures)
    rows = ", ".join(f"count(*) FILTER (WHERE {_where(m, ledgers)})" for m in measures)
    blanks = ", ".join(f"count(*) FILTER (WHERE {_where(m, ledgers)} AND {quoted(m.rollup.value)} IS NULL)" if m.rollup.value else "0" for m in measures)
    category = _category(by, ledgers) if by else "''"
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
                     CASE WHEN value IS NULL THEN 'M' END, {told}, {_source(ledgers, 'monthly')} FROM monthly"""
    if not by:
        yield f"""INSERT INTO rolled SELECT c.dataset, c.place_id, w.measure, 'month', c.m, last_day(c.m), '', '', 0, NULL, NULL, {_source(ledgers, 'c')}
                  FROM covered c CROSS JOIN (SELECT unnest([{names}]) AS measure) w
                  ANTI JOIN monthly r ON r.dataset = c.dataset AND r.place_id = c.place_id AND r.measure = w.measure AND r.m = c.m
                  WHERE c.tab = {text(table)}"""


# ---- stocks ----


def _stocks(table: str, measures: list[Measure], ledgers: list[Ledger]) -> Iterator[str]:
    """Running balance at the end of each month: what began by then less what ended by then.

    Without a start an item has always been there. Where values are added up, items without a value do not count.
    """
    for measure in (m for m in measures if m.kind == "stock"):
        roll = measure.rollup
        size = f"{quoted(roll.value)}::DOUBLE" if roll.value else "1::DOUBLE"
        given = f"AND {quoted(roll.value)} IS NOT NULL" if roll.value else ""
        began = f"coalesce(date_trunc('month', {quoted(roll.start)})::DATE, DATE '0001-01-01')" if roll.start else "DATE '0001-01-01'"
        started = f"coalesce({quoted(roll.start)}::DATE, DATE '0001-01-01') <= h.as_of" if roll.start else "true"
        source = f"FROM {quoted(table)} e JOIN horizon h USING (dataset) WHERE e.place_id IS NOT NULL AND {_where(measure, ledgers)} {given} AND {started}"
        steps = [f"SELECT e.dataset, e.place_id, {began} AS m, {size} AS step {source}"]
        if roll.end:
            end = quoted(roll.end)
            steps.append(f"SELECT e.dataset, e.place_id, date_trunc('month', {end})::DATE AS m, -{size} AS step {source} AND {end}::DATE <= h.as_of")
        yield f"""
            INSERT INTO rolled
            WITH steps AS (SELECT dataset, place_id, m, sum(step) AS step FROM ({' UNION ALL '.join(steps)}) GROUP BY ALL),
            months AS ({_stock_months(table, ledgers, measure)}),
            line AS (SELECT dataset, place_id, m, sum(step) AS step, bool_or(shown) AS shown FROM (
                       SELECT *, false AS shown FROM steps UNION ALL SELECT dataset, place_id, m, 0, true FROM months) GROUP BY ALL),
            balance AS (SELECT *, sum(step) OVER (PARTITION BY dataset, place_id ORDER BY m) AS value FROM line)
            SELECT dataset, place_id, {text(measure.id)}, 'month', m, last_day(m), '', '', value, NULL, NULL, {_source(ledgers, 'balance')}
            FROM balance WHERE shown"""


def _stock_months(table: str, ledgers: list[Ledger], measure: Measure) -> str:
    """The months in which a balance stands: a balance goes on in a month in which nothing happens."""
    covered = f"SELECT dataset, place_id, m FROM covered WHERE tab = {text(table)}"
    if not _happens(ledgers) or any(l.coverage == "all_places" for l in ledgers):
        return covered
    last = "date_trunc('month', h.as_of)::DATE" if any(l.sent == "register" for l in ledgers) else "max(max(c.m)) OVER (PARTITION BY c.dataset)"
    return f"""SELECT dataset, place_id, unnest(generate_series(low, high, INTERVAL 1 MONTH))::DATE AS m FROM (
                 SELECT c.dataset, c.place_id, min(c.m) AS low, {last} AS high
                 FROM ({covered}) c JOIN horizon h USING (dataset) GROUP BY c.dataset, c.place_id, h.as_of)"""


# ---- persons ----


def _distinct(table: str, measures: list[Measure], ledgers: list[Ledger]) -> Iterator[str]:
    """Different values within each month, quarter, half year, year, and from January to each month.

    Persons cannot be added up over places either, so the places above a community get their own count. A quarter, half year
    or year counts only when it is over.
    """
    for measure in (m for m in measures if m.kind == "distinct"):
        roll = measure.rollup
        at, who = quoted(roll.at), quoted(roll.distinct)
        yield f"""
            CREATE OR REPLACE TEMP TABLE person AS
            SELECT DISTINCT e.dataset, a.above AS place_id, date_trunc('month', {at})::DATE AS m, {who} AS who
            FROM {quoted(table)} e JOIN horizon h USING (dataset) JOIN ancestor a ON a.place_id = e.place_id
            WHERE {who} IS NOT NULL AND {at} IS NOT NULL AND {at}::DATE <= h.as_of AND {_where(measure, ledgers)}"""
        yield f"""
            CREATE OR REPLACE TEMP TABLE person_month AS
            SELECT DISTINCT c.dataset, a.above AS place_id, c.m FROM covered c JOIN ancestor a ON a.place_id = c.place_id WHERE c.tab = {text(table)}
            UNION SELECT DISTINCT dataset, place_id, m FROM person"""
        for grain, (start, months) in _GRAINS.items():
            over = "" if grain == "month" else f"AND c.s + INTERVAL {months} MONTH - INTERVAL 1 DAY <= h.as_of"
            yield f"""
                INSERT INTO rolled
                SELECT c.dataset, c.place_id, {text(measure.id)}, {text(grain)}, c.s, (c.s + INTERVAL {months} MONTH - INTERVAL 1 DAY)::DATE, '', '',
                       count(DISTINCT p.who), NULL, NULL, {_source(ledgers, 'c')}
                FROM (SELECT DISTINCT dataset, place_id, {start}::DATE AS s FROM person_month) c JOIN horizon h USING (dataset)
                LEFT JOIN (SELECT DISTINCT dataset, place_id, {start}::DATE AS s, who FROM person) p
                  ON p.dataset = c.dataset AND p.place_id = c.place_id AND p.s = c.s
                WHERE true {over} GROUP BY ALL"""
        yield f"""
            INSERT INTO rolled
            SELECT c.dataset, c.place_id, {text(measure.id)}, 'ytd', date_trunc('year', c.m)::DATE, last_day(c.m), '', '',
                   count(DISTINCT p.who), NULL, NULL, {_source(ledgers, 'c')}
            FROM person_month c LEFT JOIN person p ON p.dataset = c.dataset AND p.place_id = c.place_id AND year(p.m) = year(c.m) AND p.m <= c.m
            GROUP BY c.dataset, c.place_id, c.m"""


# ---- one figure ----


def _figures(catalogue: Catalogue) -> Iterator[str]:
    """Reported and rolled-up figures side by side; each measure's precedence decides where both have a value."""
    ahead = [m.id for m in catalogue.measures.values() if m.precedence == "rolled_up"]
    rolled_first = f"list_contains([{', '.join(map(text, ahead))}]::VARCHAR[], {{}}.measure)"
    same = "r.dataset = o.dataset AND r.place_id = o.place_id AND r.measure = o.measure AND r.grain = o.grain AND r.period_start = o.period_start AND r.period_end = o.period_end AND r.breakdown = o.breakdown AND r.category = o.category"
    # A second report of the same figure (another ledger, a corrected copy under a new name) replaces the first.
    yield """CREATE OR REPLACE TEMP TABLE reported AS
             SELECT o.* FROM observation o JOIN load l USING (load_id)
             QUALIFY o.period_start IS NULL OR row_number() OVER (
               PARTITION BY o.dataset, o.place_id, o.measure, o.grain, o.period_start, o.period_end, o.breakdown, o.category
               ORDER BY l.seq DESC, o.cell DESC) = 1"""
    yield f"""INSERT INTO figure
              SELECT dataset, place_id, measure, grain, period_start, period_end, breakdown, category, value, lower, upper, qualifier, status,
                     window_text, note, source_id, load_id, 'reported'
              FROM reported o ANTI JOIN (SELECT * FROM rolled WHERE value IS NOT NULL) r
                ON {same} AND (o.status = 'M' OR {rolled_first.format('o')})"""
    yield f"""INSERT INTO figure
              SELECT r.dataset, place_id, measure, grain, period_start, period_end, breakdown, category, value, NULL, NULL, 'exact',
                     coalesce(r.status, CASE WHEN r.period_end > h.as_of THEN 'P' ELSE 'A' END), NULL, note, source_id, NULL, 'rolled_up'
              FROM rolled r JOIN horizon h ON h.dataset = r.dataset ANTI JOIN reported o
                ON {same} AND NOT (r.value IS NOT NULL AND (o.status = 'M' OR {rolled_first.format('o')}))"""
    yield f"""INSERT INTO difference
              SELECT o.dataset, o.place_id, o.measure, o.period_start, o.period_end, o.value, r.value
              FROM reported o JOIN rolled r ON {same}
              WHERE o.value IS NOT NULL AND r.value IS NOT NULL AND abs(o.value - r.value) > 1e-6 * greatest(1, abs(o.value))"""


# ---- expressions ----


def _value(measure: Measure) -> str:
    return f"sum({quoted(measure.rollup.value)})" if measure.rollup.value else "count(*)"


def _types(ledgers: Iterable[Ledger]) -> dict[str, str]:
    return {name: kind for l in ledgers for c in l.columns for name, kind in column_types(l, c).items()}


def _where(measure: Measure, ledgers: Iterable[Ledger]) -> str:
    return " AND ".join(_condition(c, _types(ledgers)) for c in measure.rollup.where) or "true"


def _condition(condition: Condition, types: dict[str, str]) -> str:
    column = quoted(condition.column)
    if condition.op in ("is empty", "is given"):
        return f"{column} IS {'NOT ' if condition.op == 'is given' else ''}NULL"
    if condition.operand in types:
        operand = quoted(condition.operand)
    elif types.get(condition.column) == TYPES["yes_no"]:
        operand = "true" if condition.operand in ("是", "true", "1") else "false"
    else:
        operand = f"CAST({text(condition.operand)} AS {types.get(condition.column, 'VARCHAR')})"
    return f"{column} {condition.op} {operand}"


def _category(by: str, ledgers: Iterable[Ledger]) -> str:
    if _types(ledgers).get(by) == TYPES["yes_no"]:
        return f"CASE WHEN {quoted(by)} THEN '是' WHEN NOT {quoted(by)} THEN '否' ELSE '{_UNTOLD}' END"
    return f"coalesce(CAST({quoted(by)} AS VARCHAR), '{_UNTOLD}')"


def _source(ledgers: Iterable[Ledger], table: str) -> str:
    """The ledger is the source of what is counted from it."""
    return f"{table}.dataset || {text('/' + next(iter(ledgers)).id)}"
