"""The contracts' own rules as queries over ``typed``: each finds the rows that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import combinations

import duckdb

from etl.batch import Batch
from etl.schema import quoted, text
from jiejian.catalogue import Rule

_WHERE = "FROM typed WHERE _kind = 'row' AND"


def rule_problems(batch: Batch, today: date, rows: str = "typed") -> Iterator[str]:
    """One query a rule: (_row, _columns, _reason, _advice, _severity). Columns that a sheet lacks break nothing.

    ``rows`` is the part of ``typed`` that holds every row that breaks one.
    """
    for rule in batch.ledger.rules:
        if rule.kind in _RULES:
            for query in _RULES[rule.kind](batch, rule, today):
                yield query.replace(_WHERE, _WHERE.replace("typed", rows), 1)


def broken_rules(connection: duckdb.DuckDBPyConnection, batch: Batch, today: date, rows: str) -> list[str]:
    """The queries of those rules that some row breaks: to ask for all of them at once costs less than to gather what each finds."""
    queries = list(rule_problems(batch, today, rows))
    where = _WHERE.replace("typed", rows)
    asked = [query for query in queries if where in query]
    if len(asked) < 2:
        return queries
    conditions = ", ".join(f"bool_or({query.split(where, 1)[1]})" for query in asked)
    (broken,) = connection.execute(f"SELECT {conditions} FROM {rows} WHERE _kind = 'row'").fetchall()
    sound = {query for query, found in zip(asked, broken, strict=True) if not found}
    return [query for query in queries if query not in sound]


def broken_where(batch: Batch, today: date) -> list[str]:
    """The conditions of those rules over the columns of ``typed``, to tell good rows while they are read."""
    return [query.split(_WHERE, 1)[1] for query in rule_problems(batch, today) if _WHERE in query]


def _there(batch: Batch, names: tuple[str, ...]) -> list[str]:
    return [n for n in names if n in batch.columns]


def _reason(rule: Rule) -> str:
    return text("不合规则：" + rule.say.rstrip("。"))


def _broken(rule: Rule, columns: str, where: str, detail: str = "''") -> str:
    says = f"{_reason(rule)} || {detail}, {text(rule.advice)}, {text(rule.severity)}"
    return f"SELECT _row, {columns}, {says} {_WHERE} ({where})"


def _first_true(cases: list[tuple[str, str]]) -> str:
    """Which columns to name: those of the first condition that holds."""
    return "CASE " + " ".join(f"WHEN {condition} THEN {text(columns)}" for condition, columns in cases) + " END"


def _order(batch: Batch, rule: Rule, today: date) -> Iterator[str]:
    pairs = combinations(_there(batch, rule.columns), 2)
    cases = [(f"{quoted(later)} < {quoted(sooner)}", f"{sooner},{later}") for sooner, later in pairs]
    if cases:
        yield _broken(rule, _first_true(cases), " OR ".join(condition for condition, _ in cases))


def _at_most(batch: Batch, rule: Rule, today: date) -> Iterator[str]:
    if len(_there(batch, rule.columns)) == 2:
        part, whole = map(quoted, rule.columns)
        yield _broken(rule, text(",".join(rule.columns)), f"{part} > {whole}")


def _not_future(batch: Batch, rule: Rule, today: date) -> Iterator[str]:
    cases = [(f"{quoted(name)} >= DATE '{today}' + INTERVAL 1 DAY", name) for name in _there(batch, rule.columns)]
    if cases:
        yield _broken(rule, _first_true(cases), " OR ".join(condition for condition, _ in cases))


def _sum(batch: Batch, rule: Rule, today: date) -> Iterator[str]:
    names = (*rule.columns, *rule.parts)
    if len(_there(batch, names)) == len(names):
        total, parts = quoted(rule.columns[0]), " + ".join(map(quoted, rule.parts))
        added = f"'（相加得 ' || printf('%.15g', ({parts})::DOUBLE) || '）'"
        yield _broken(rule, text(",".join(names)), f"abs({total} - ({parts})) > 1e-6", added)


def _needs(batch: Batch, rule: Rule, today: date) -> Iterator[str]:
    """Where the first column is given, the others must be."""
    names = _there(batch, rule.columns)
    if len(names) > 1 and names[0] == rule.columns[0]:
        cases = [(f"{quoted(names[0])} IS NOT NULL AND {quoted(n)} IS NULL", f"{names[0]},{n}") for n in names[1:]]
        yield _broken(rule, _first_true(cases), " OR ".join(condition for condition, _ in cases))


_RULES: dict[str, Callable[[Batch, Rule, date], Iterator[str]]] = {
    "order": _order,
    "at_most": _at_most,
    "not_future": _not_future,
    "sum": _sum,
    "needs": _needs,
}
