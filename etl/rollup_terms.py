"""The words of a roll-up declaration as SQL: what is added, under which conditions, and what is said about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from etl.schema import TYPES, column_types, quoted, text
from jiejian.catalogue import Condition, Ledger, Measure

UNTOLD = "未填"


def happens(ledgers: Iterable[Ledger]) -> str:
    """The column that says when the events of a table happen; empty for a register of things that last."""
    return next((l.happens for l in ledgers if l.happens), "")


def left_out(count: str) -> str:
    """The note on a sum to which some rows could not contribute."""
    return f"'有 ' || {count}::BIGINT || ' 条没有填数，未计入'"


def value_of(measure: Measure) -> str:
    """What is added up: a column (less others), or one for each event."""
    return f"sum({amount(measure)})" if measure.rollup.value else "count(*)"


def amount(measure: Measure) -> str:
    """What one event adds: the column ``value`` less those of ``less``; NULL where none of them is given."""
    value, less = measure.rollup.value, measure.rollup.less
    if not less:
        return quoted(value)
    rest = "".join(f" - coalesce({quoted(c)}, 0)" for c in less)
    given = " AND ".join(f"{quoted(c)} IS NULL" for c in (value, *less))
    return f"CASE WHEN NOT ({given}) THEN coalesce({quoted(value)}, 0){rest} END"


def column_kinds(ledgers: Iterable[Ledger]) -> dict[str, str]:
    """The columns of an event table and their types."""
    return {name: kind for l in ledgers for c in l.columns for name, kind in column_types(l, c).items()}


def where(measure: Measure, ledgers: Iterable[Ledger]) -> str:
    """The conditions of a declaration; an operand that is a column's name is that column, anything else a literal."""
    return " AND ".join(_condition(c, column_kinds(ledgers)) for c in measure.rollup.where) or "true"


def where_known(measure: Measure, ledgers: Iterable[Ledger], empty: Collection[str], codes: Mapping[str, str]) -> str:
    """The same of rows in which the columns ``empty`` are NULL, and those of ``codes`` (column → type) hold codes in place of words; ``true``
    or ``false`` where that is known of all rows alike."""
    kinds, asked = column_kinds(ledgers), []
    for condition in measure.rollup.where:
        known = _known(condition, kinds, empty)
        if known is False:
            return "false"
        if known is None:
            code = codes.get(condition.column, "")
            is_word = condition.operand not in kinds and condition.op in ("=", "!=") and text(condition.operand or "") in code
            asked.append(_condition(condition, kinds | {condition.column: code} if is_word else kinds))
    return " AND ".join(asked) or "true"


def asks_of(measure: Measure, ledgers: Iterable[Ledger]) -> set[str]:
    """The columns that the conditions of a declaration compare."""
    kinds = column_kinds(ledgers)
    return {column for c in measure.rollup.where for column in (c.column, c.operand) if column in kinds}


def _known(condition: Condition, kinds: Mapping[str, str], empty: Collection[str]) -> bool | None:
    """Whether a condition holds for every row or for none; None where it depends on the row."""
    if condition.column in empty:
        return condition.op == "is empty" or (condition.op != "is given" and condition.or_empty)
    if condition.op in ("is empty", "is given") or condition.operand not in kinds or condition.operand not in empty:
        return None
    return None if condition.or_empty else False


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
    compared = f"{column} {condition.op} {operand}"
    return f"({column} IS NULL OR {compared})" if condition.or_empty else compared


def category_of(by: str, ledgers: Iterable[Ledger]) -> str:
    """A breakdown's category as text; events that do not say have one of their own."""
    if column_kinds(ledgers).get(by) == TYPES["yes_no"]:
        return f"CASE WHEN {quoted(by)} THEN '是' WHEN NOT {quoted(by)} THEN '否' ELSE '{UNTOLD}' END"
    return f"coalesce({told(by, ledgers)}, '{UNTOLD}')"


def told(by: str, ledgers: Iterable[Ledger]) -> str:
    """The same, NULL for events that do not say."""
    if column_kinds(ledgers).get(by) == TYPES["yes_no"]:
        return f"CASE WHEN {quoted(by)} THEN '是' WHEN NOT {quoted(by)} THEN '否' END"
    return f"CAST({quoted(by)} AS VARCHAR)"


def source_of(ledgers: Iterable[Ledger], table: str) -> str:
    """The ledger is the source of what is counted from it."""
    return f"{table}.dataset || {text('/' + next(iter(ledgers)).id)}"
