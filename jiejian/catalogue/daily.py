"""Contracts whose rows stay in the database: the contracts of the daily roll-ups that travel in their place.

A contract with ``database: {travels: daily}`` is not drawn row by row. For each date on which its measures are counted one
contract is derived, with a column a measure: its rows are a place, a day (of a breakdown: the first of a month that is over), and
what happened then. They are loaded, matched and kept like any ledger; etl/pushdown.py says the query, etl/rollup_drawn.py adds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jiejian.catalogue.declarations import Measure
from jiejian.catalogue.ledgers import Column, Ledger

PLACE, STREET, DAY, BREAKDOWN, CATEGORY = "place", "street", "day", "breakdown", "category"
# The breakdown and category of a day's whole: both belong to the key, and a key is never blank.
WHOLE = "whole"
# Stands before each category on the way: 无 or / would be read as a blank.
MARK = "="


def counted_on(measures: Iterable[Measure], table: str) -> dict[str, list[tuple[Measure, str]]]:
    """Date column → the measures counted on it, and as what: ``flow``, or a stock's ``began`` or ``ended``.

    Left out are persons and other things that count once each (those of a day do not add up to those of a month), and stocks
    without a beginning.
    """
    found: dict[str, list[tuple[Measure, str]]] = {}
    for measure in measures:
        roll = measure.rollup
        if not roll or roll.table != table:
            continue
        if measure.kind == "flow":
            found.setdefault(roll.at, []).append((measure, "flow"))
        elif measure.kind == "stock" and roll.start and not roll.distinct:
            found.setdefault(roll.start, []).append((measure, "began"))
            if roll.end:
                found.setdefault(roll.end, []).append((measure, "ended"))
    return found


def names(measure: Measure, part: str) -> tuple[str, str, str]:
    """The columns of one measure: what was added up, the rows that it counts, and those of them without an amount."""
    stem = measure.id if part == "flow" else f"{measure.id}_{part}"
    return stem, f"{stem}_rows", f"{stem}_blanks"


def derived(ledger: Ledger, measures: Iterable[Measure]) -> Iterator[Ledger]:
    """The contracts of the daily roll-ups of a ledger that stays in its database."""
    if not ledger.database or ledger.database.travels != "daily":
        return
    columns = {c.id for c in ledger.columns}
    for at, counted in counted_on(measures, ledger.table).items():
        if at not in columns or not {ledger.place, *filter(None, [ledger.street])} <= columns:
            continue
        street = [Column(id=STREET, name=ledger.column(ledger.street).name, type="text")] if ledger.street else []
        yield Ledger(
            id=f"{ledger.id}__{at}",
            name=f"{ledger.name}（按{ledger.column(at).name}汇总）",
            table=f"drawn_{ledger.table}_{at}",
            daily_of=ledger.id,
            sent="once",
            coverage=ledger.coverage,
            key=(PLACE, *([STREET] if street else []), DAY, BREAKDOWN, CATEGORY),
            happens=DAY if at == ledger.happens else "",
            street=STREET if street else "",
            datasets=(ledger.database.dataset,),
            database=ledger.database,
            columns=(
                Column(id=PLACE, name=ledger.column(ledger.place).name, type="place", required=True),
                *street,
                Column(id=DAY, name=ledger.column(at).name, type="date", required=True),
                Column(id=BREAKDOWN, name="分组", type="text"),
                Column(id=CATEGORY, name="类别", type="text"),
                *(Column(id=name, name=name, type=kind) for m, part in counted for name, kind in _figures(m, part)),
            ),
        )


def _figures(measure: Measure, part: str) -> Iterator[tuple[str, str]]:
    value, rows, blanks = names(measure, part)
    yield value, "number" if measure.rollup.value else "integer"
    if measure.rollup.value:
        yield rows, "integer"
        yield blanks, "integer"
