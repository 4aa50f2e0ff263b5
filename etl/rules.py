"""The contracts' own rules as queries over ``typed``: each finds the rows that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import combinations

from etl.recognise import Match
from etl.schema import quoted, text
from jiejian.catalogue import Rule


def rule_problems(match: Match, today: date, starts: date | None) -> Iterator[str]:
    """One query a rule: (_row, _columns, _reason, _advice, _severity). Columns that the sheet lacks break nothing."""
    for rule in match.ledger.rules:
        yield from _RULES[rule.kind](match, rule, today, starts)


def history_columns(match: Match) -> list[str]:
    """The columns whose value of the period before is needed (rule ``jump``)."""
    return [c for rule in match.ledger.rules if rule.kind == "jump" for c in rule.columns if c in match.columns]


def _there(match: Match, names: tuple[str, ...]) -> list[str]:
    return [n for n in names if n in match.columns]


def _broken(rule: Rule, columns: str, where: str, detail: str = "''") -> str:
    reason = text("不合规则：" + rule.say.rstrip("。"))
    return f"SELECT _row, {columns}, {reason} || {detail}, {text(rule.advice)}, {text(rule.severity)} FROM typed WHERE _kind = 'row' AND ({where})"


def _first_true(cases: list[tuple[str, str]]) -> str:
    """Which columns to name: those of the first condition that holds."""
    return "CASE " + " ".join(f"WHEN {condition} THEN {text(columns)}" for condition, columns in cases) + " END"


def _order(match: Match, rule: Rule, today: date, starts: date | None) -> Iterator[str]:
    pairs = [(f"{quoted(later)} < {quoted(sooner)}", f"{sooner},{later}") for sooner, later in combinations(_there(match, rule.columns), 2)]
    if pairs:
        yield _broken(rule, _first_true(pairs), " OR ".join(condition for condition, _ in pairs))


def _at_most(match: Match, rule: Rule, today: date, starts: date | None) -> Iterator[str]:
    if len(_there(match, rule.columns)) == 2:
        part, whole = map(quoted, rule.columns)
        yield _broken(rule, text(",".join(rule.columns)), f"{part} > {whole}")


def _not_future(match: Match, rule: Rule, today: date, starts: date | None) -> Iterator[str]:
    cases = [(f"{quoted(name)} >= DATE '{today}' + INTERVAL 1 DAY", name) for name in _there(match, rule.columns)]
    if cases:
        yield _broken(rule, _first_true(cases), " OR ".join(condition for condition, _ in cases))


def _sum(match: Match, rule: Rule, today: date, starts: date | None) -> Iterator[str]:
    names = (*rule.columns, *rule.parts)
    if len(_there(match, names)) == len(names):
        total, parts = quoted(rule.columns[0]), " + ".join(map(quoted, rule.parts))
        yield _broken(rule, text(",".join(names)), f"abs({total} - ({parts})) > 1e-6", f"'（相加得 ' || printf('%.15g', ({parts})::DOUBLE) || '）'")


def _jump(match: Match, rule: Rule, today: date, starts: date | None) -> Iterator[str]:
    """Against the latest earlier period of the same place in ``history``; zeros and first figures are no jumps."""
    names = _there(match, rule.columns)
    if not names or starts is None:
        return
    ids = ", ".join(text(match.ledger.column(n).measure) for n in names)
    cells = ", ".join(f"CAST({quoted(n)} AS DOUBLE)" for n in names)
    reason = text("不合规则：" + rule.say.rstrip("。"))
    yield f"""
        SELECT _row, c, {reason} || '（上期为 ' || printf('%.15g', h.value) || '）', {text(rule.advice)}, {text(rule.severity)}
        FROM (SELECT _row, place_id, unnest([{", ".join(map(text, names))}]) AS c, unnest([{ids}]) AS measure,
                     unnest([{cells}]) AS v FROM typed WHERE _kind = 'row') t
        JOIN (SELECT place_id, measure, arg_max(value, period_end) AS value FROM history
              WHERE period_end < DATE '{starts}' GROUP BY place_id, measure) h ON h.place_id = t.place_id AND h.measure = t.measure
        WHERE v > 0 AND h.value > 0 AND (v >= h.value * {rule.factor!r} OR v * {rule.factor!r} <= h.value)"""


_RULES: dict[str, Callable[[Match, Rule, date, date | None], Iterator[str]]] = {
    "order": _order,
    "at_most": _at_most,
    "not_future": _not_future,
    "sum": _sum,
    "jump": _jump,
}
