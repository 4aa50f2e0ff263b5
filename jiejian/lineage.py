"""Where a figure comes from: the cells of the reports it was read from, or the rows of the ledger that were counted.

Asked of one version of the warehouse; what was masked when it was loaded stays masked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from jiejian.catalogue import Catalogue, Condition, Measure
from jiejian.periods import Period, period_of

# So many rows of a ledger are shown; all of them are counted.
SHOWN = 20
_PERIODIC = ("month", "quarter", "half", "year")

_REPORTED = """
SELECT f.measure, p.name AS place, f.grain, f.period_start, f.period_end, o.value, o.written, l.file, l.sheet, o.cell, l.loaded_at,
       l.user, c.sentence AS correction
FROM figure f
JOIN observation o ON o.dataset = f.dataset AND o.place_id = f.place_id AND o.measure = f.measure AND o.grain = f.grain
  AND o.period_start IS NOT DISTINCT FROM f.period_start AND o.period_end IS NOT DISTINCT FROM f.period_end
  AND o.breakdown = f.breakdown AND o.category = f.category AND o.load_id = f.load_id
JOIN load l ON l.load_id = o.load_id
LEFT JOIN place p ON p.place_id = f.place_id
LEFT JOIN measure m ON m.measure = f.measure
LEFT JOIN correction c ON c.dataset = f.dataset AND c.state = 'applied' AND starts_with(c.sentence, c.subject || '由')
  AND c.subject = p.name || $label || '的' || m.name
WHERE f.dataset = $dataset AND f.origin = 'reported' AND f.breakdown = '' AND list_contains($measures, f.measure)
  AND list_contains($places, f.place_id) AND f.period_start >= $first AND f.period_end <= $last
ORDER BY f.measure, p.sort, f.period_start
"""


@dataclass(frozen=True)
class Counted:
    """A measure that was counted from a ledger: how many rows, from which files, and the first of them.

    ``files``: file, sheet, rows, loaded_at, user; ``first``: key, day, file, cell.
    """

    measure: Measure
    rows: int
    files: pd.DataFrame
    first: pd.DataFrame


@dataclass(frozen=True)
class Lineage:
    """``reported``: measure, place, period, value, written, file, sheet, cell, loaded_at, user, correction; and what was counted."""

    reported: pd.DataFrame
    counted: tuple[Counted, ...]


Ask = Callable[[str, Mapping], pd.DataFrame]


def lineage(ask: Ask, catalogue: Catalogue, dataset: str, places: Sequence[str], metric: str, period: Period) -> Lineage:
    """The sources of a metric's figure for some places (one community, or all of a street) and a period."""
    measures = [catalogue.measures[m] for m in catalogue.metrics[metric].measures]
    first = period.start.replace(month=1, day=1) if period.grain == "ytd" else period.start
    given = {"dataset": dataset, "places": list(places), "first": first, "last": period.end}
    reported = ask(_REPORTED, {**given, "measures": [m.id for m in measures], "label": period.label})
    reported = _last_states(reported, measures, period)
    reported.insert(2, "period", [_words(r.grain, r.period_start, r.period_end) for r in reported.itertuples()])
    reported = reported.drop(columns=["grain", "period_start", "period_end"])
    there = set(reported["measure"])
    counted = (_counted(ask, catalogue, m, given) for m in measures if m.rollup and m.id not in there)
    return Lineage(reported, tuple(c for c in counted if c is not None))


def _last_states(rows: pd.DataFrame, measures: Sequence[Measure], period: Period) -> pd.DataFrame:
    """Of a stock only what was reported for the period's last day; of all others what lies within it."""
    states = {m.id for m in measures if m.kind in ("stock", "cumulative")}
    last = pd.to_datetime(rows["period_end"]) == pd.Timestamp(period.end)
    return rows[~rows["measure"].isin(states) | last].reset_index(drop=True)


def _words(grain: str, start, end) -> str:
    if grain in _PERIODIC and not pd.isna(start):
        return period_of(pd.Timestamp(start).date(), grain).label
    return "" if pd.isna(end) else f"截至{pd.Timestamp(end).date()}"


# ---- counted from a ledger ----


def _counted(ask: Ask, catalogue: Catalogue, measure: Measure, given: Mapping) -> Counted | None:
    """The rows that a roll-up counts; None where the data set has none of its table."""
    roll = measure.rollup
    types = ask(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $table AND schema_name = 'main'",
        {"table": roll.table},
    )
    types = dict(zip(types["column_name"], types["data_type"], strict=True))
    day = roll.at or roll.start
    named = [day, roll.end, roll.value, roll.distinct, *(c.column for c in roll.where)]
    if not types or any(name and name not in types for name in named):
        return None
    parameters = dict(given)
    conditions = ["e.dataset = $dataset", "list_contains($places, e.place_id)"]
    conditions += [_condition(c, types, f"c{n}", parameters) for n, c in enumerate(roll.where)]
    if measure.kind == "stock" and not measure.takes_last:
        parameters.pop("first")
        conditions += [f"(e.{_name(day)} IS NULL OR CAST(e.{_name(day)} AS DATE) <= $last)"] if day else []
        conditions += [f"(e.{_name(roll.end)} IS NULL OR CAST(e.{_name(roll.end)} AS DATE) > $last)"] if roll.end else []
        if not day and not roll.end:
            parameters.pop("last")
    else:
        conditions.append(f"CAST(e.{_name(day)} AS DATE) BETWEEN $first AND $last")
    source = f"FROM {_name(roll.table)} e JOIN load l ON l.load_id = e.load_id WHERE {' AND '.join(conditions)}"
    files = ask(
        f"""SELECT l.file, l.sheet, count(*) AS rows, max(l.loaded_at) AS loaded_at, any_value(l.user) AS user {source}
            GROUP BY l.file, l.sheet, l.load_id ORDER BY max(l.loaded_at) DESC""",
        parameters,
    )
    keys = next((l.key for l in catalogue.ledgers.values() if l.table == roll.table), ())
    key = ", ".join(f"CAST(e.{_name(k)} AS VARCHAR)" for k in keys if k in types) or "NULL"
    shown = f"CAST(CAST(e.{_name(day)} AS DATE) AS VARCHAR)" if day else "NULL"
    first = ask(
        f"SELECT concat_ws(' ', {key}) AS key, {shown} AS day, l.file, CAST(e.cell AS VARCHAR) AS cell {source} ORDER BY 2, 1 LIMIT {SHOWN}", parameters
    )
    return Counted(measure, int(files["rows"].sum()), files, first)


def _name(name: str) -> str:
    """A declared name that is known to be a column or table, as an identifier."""
    if not name.replace("_", "a").isalnum():
        raise ValueError(name)
    return f'"{name}"'


def _condition(condition: Condition, types: Mapping[str, str], slot: str, parameters: dict) -> str:
    """A condition of the declaration: against another column, or a literal, which is bound."""
    column = f"e.{_name(condition.column)}"
    if condition.op in ("is empty", "is given"):
        return f"{column} IS {'NOT ' if condition.op == 'is given' else ''}NULL"
    if condition.operand in types:
        compared = f"{column} {condition.op} e.{_name(condition.operand)}"
    else:
        kind = types[condition.column]
        parameters[slot] = condition.operand in ("是", "true", "1") if kind == "BOOLEAN" else condition.operand
        compared = f"{column} {condition.op} CAST(${slot} AS {kind})"
    return f"({column} IS NULL OR {compared})" if condition.or_empty else compared
