"""The contracts' own rules as queries over ``typed``: each finds the rows that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import combinations

from etl.batch import Batch, sheet_of
from etl.schema import quoted, text
from jiejian.catalogue import Ledger, Rule

_WHERE = "FROM typed WHERE _kind = 'row' AND"


def rule_problems(batch: Batch, today: date) -> Iterator[str]:
    """One query a rule: (_row, _columns, _reason, _advice, _severity). Columns that a sheet lacks break nothing."""
    for rule in batch.ledger.rules:
        if rule.kind in _RULES:
            yield from _RULES[rule.kind](batch, rule, today)


def broken_where(batch: Batch, today: date) -> list[str]:
    """The conditions of those rules over the columns of ``typed``, to tell good rows while they are read."""
    return [query.split(_WHERE, 1)[1] for query in rule_problems(batch, today) if _WHERE in query]


def history_columns(ledger: Ledger) -> list[str]:
    """The columns whose value of the period before is needed (rule ``jump``)."""
    return [c for rule in ledger.rules if rule.kind == "jump" for c in rule.columns]


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


# A figure in 人 under a head in 万人, or the other way round.
_TEN_THOUSAND = """CASE WHEN v BETWEEN before.value * 5e3 AND before.value * 2e4 THEN '；约为上期的一万倍，可能把“' || unit || '”写成“万' || unit || '”'
  WHEN before.value BETWEEN v * 5e3 AND v * 2e4 THEN '；约为上期的一万分之一，可能把“万' || unit || '”写成“' || unit || '”' ELSE '' END"""


def jump_problems(batch: Batch) -> Iterator[str]:
    """The rule ``jump``: a value against the latest earlier period of the same place, in ``history`` or in the batch itself.

    Run after ``problem`` holds everything else: a row that is rejected is nothing to compare with. Zeros and first figures
    are no jumps.
    """
    for rule in batch.ledger.rules:
        names = _there(batch, rule.columns) if rule.kind == "jump" else []
        periods = [(number, m.period) for number, m in enumerate(batch.members) if m.period]
        if not names or not periods:
            continue
        units = ", ".join(text(batch.ledger.column(n).unit) for n in names)
        ids = ", ".join(text(batch.ledger.column(n).measure) for n in names)
        cells = ", ".join(f"CAST({quoted(n)} AS DOUBLE)" for n in names)
        spans = ", ".join(f"({number}, DATE '{p.start}', DATE '{p.end}')" for number, p in periods)
        yield f"""
            WITH now AS MATERIALIZED (
              SELECT _row, place_id, p.starts, p.ends, unnest([{", ".join(map(text, names))}]) AS c, unnest([{ids}]) AS measure, unnest([{units}]) AS unit,
                     unnest([{cells}]) AS v
              FROM typed JOIN (VALUES {spans}) p (sheet, starts, ends) ON p.sheet = {sheet_of()}
              WHERE _kind = 'row' AND _row NOT IN (SELECT _row FROM problem WHERE _severity = 'error')),
            before AS (SELECT place_id, measure, period_end, value FROM history
                       UNION ALL SELECT place_id, measure, ends, v FROM now WHERE v IS NOT NULL)
            SELECT _row, c, {_reason(rule)} || '（上期为 ' || printf('%.15g', before.value) || {_TEN_THOUSAND} || '）', {text(rule.advice)}, {text(rule.severity)}
            FROM now ASOF JOIN before
              ON before.place_id = now.place_id AND before.measure = now.measure AND now.starts > before.period_end
            WHERE v > 0 AND before.value > 0 AND (v >= before.value * {rule.factor!r} OR v * {rule.factor!r} <= before.value)"""
