"""The daily roll-up of a ledger as one query for the engine in which its rows live.

It is declared once, in measures.yml, put into the words of rollup_terms.py, and written in the engine's dialect by SQLGlot (MIT,
maintained, made for this). Rows that break a rule of the contract are left out, as a file's would be given back. Amounts are
added as decimals: their sum is the same in every engine, in whatever order it adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import SimpleNamespace

from etl.rollup_terms import amount, category_of, where
from etl.rules import broken_where
from etl.schema import TYPES, quoted, text
from etl.values import NO, YES
from jiejian.catalogue import Catalogue, Column, Ledger, Measure
from jiejian.catalogue.daily import BREAKDOWN, CATEGORY, DAY, MARK, PLACE, STREET, WHOLE, counted_on, names

DIALECTS = {"duckdb": "duckdb", "postgresql": "postgres", "spark": "spark"}
# What has no beginning has always been there.
_ALWAYS = "DATE '1900-01-01'"
_AMOUNT = "DECIMAL(28, 6)"
_SOURCE = "rows_of_the_source"


def daily_query(
    ledger: Ledger, daily: Ledger, catalogue: Catalogue, source: str, there: Mapping[str, str], engine: str, today: date
) -> str:
    """One SELECT whose columns are those of ``daily``, the contract that was derived from ``ledger``.

    ``source`` is a table, or a query in brackets with a name, in the words of ``engine`` (a key of DIALECTS); ``there`` says which
    column of it holds which column of the contract. A column that is not there counts as empty.
    """
    import sqlglot

    at = daily.id.removeprefix(f"{ledger.id}__")
    counted = counted_on(catalogue.measures.values(), ledger.table)[at]
    dialect = DIALECTS[engine]
    roll = _RollUp(ledger, catalogue.tables()[ledger.table], at, counted, there, today)
    tree = sqlglot.parse_one(roll.totals(), read="duckdb")
    rows = sqlglot.parse_one(f"SELECT 1 FROM {source}", read=dialect).args["from_"].this
    for table in [t for t in tree.find_all(sqlglot.exp.Table) if t.name == _SOURCE]:
        table.replace(rows.copy())
    return tree.sql(dialect=dialect)


@dataclass(frozen=True)
class _RollUp:
    """The parts of the query, in DuckDB's words. ``ledgers`` are all contracts of the table: together they say its columns."""

    ledger: Ledger
    ledgers: Sequence[Ledger]
    at: str
    counted: Sequence[tuple[Measure, str]]
    there: Mapping[str, str]
    today: date

    def totals(self) -> str:
        """The totals of each day, and those of each month by each breakdown, in one scan of the rows.

        In the latest month breakdowns are by day, too: the warehouse says later up to which day of it is counted.
        """
        where_at = [PLACE, *([STREET] if self.ledger.street else [])]
        sets = [(*where_at, DAY), *((*where_at, "span", g) for g in self._groups.values())]
        inner = [*where_at, DAY, *(["span"] if self._groups else []), *self._groups.values()]
        told = " ".join(f"WHEN {g} IS NOT NULL THEN {text(b)}" for b, g in self._groups.items())
        figures = [f for measure, part in self.counted for f in self._figures(measure, part)]
        outer = [
            *where_at,
            f"coalesce({DAY}, span) AS {DAY}" if self._groups else DAY,
            f"CASE {told} ELSE {text(WHOLE)} END AS {BREAKDOWN}" if told else f"{text(WHOLE)} AS {BREAKDOWN}",
            f"coalesce({', '.join([*self._groups.values(), text(WHOLE)])}) AS {CATEGORY}",
            *(quoted(name) for name, _ in figures),
        ]
        return f"""SELECT {", ".join(outer)}
                   FROM (SELECT {", ".join([*inner, *(f"{value} AS {quoted(name)}" for name, value in figures)])}
                         FROM ({self._dated()}) d
                         GROUP BY GROUPING SETS ({", ".join(f"({', '.join(s)})" for s in sets)})) g"""

    @cached_property
    def _groups(self) -> dict[str, str]:
        """Breakdown → the column that holds its category."""
        by = dict.fromkeys(b for measure, part in self.counted if part == "flow" for b in measure.rollup.by)
        return {b: f"by_{n}" for n, b in enumerate(by)}

    def _figures(self, measure: Measure, part: str) -> Iterator[tuple[str, str]]:
        """Name and expression of each column of a measure, over the dated rows."""
        value, rows, blanks = names(measure, part)
        chosen = where(measure, self.ledgers)
        if not measure.rollup.value:
            yield value, f"count(*) FILTER (WHERE {chosen})"
            return
        adds = amount(measure)
        yield value, f"sum(CAST({adds} AS {_AMOUNT})) FILTER (WHERE {chosen})"
        yield rows, f"count(*) FILTER (WHERE {chosen})"
        yield blanks, f"count(*) FILTER (WHERE ({chosen}) AND ({adds}) IS NULL)"

    def _dated(self) -> str:
        """The good rows with place, day, month and categories. A row without its day is left out, or comes back where it must have one."""
        needed = self.ledger.column(self.at).required
        day = f"CAST({quoted(self.at)} AS DATE)"
        if any(part == "began" for _, part in self.counted) and not needed:
            day = f"coalesce({day}, {_ALWAYS})"
        columns = [
            f"{quoted(self.ledger.place)} AS {PLACE}",
            *([f"{quoted(self.ledger.street)} AS {STREET}"] if self.ledger.street else []),
            f"{day} AS {DAY}",
            *(
                [f"CASE WHEN {day} < {self._latest()} THEN CAST(date_trunc('month', {day}) AS DATE) ELSE {day} END AS span"]
                if self._groups
                else []
            ),
            *(f"{text(MARK)} || {category_of(b, self.ledgers)} AS {g}" for b, g in self._groups.items()),
        ]
        used = [quoted(c) for c in self._columns if c not in (PLACE, STREET, DAY, "span")]
        good = [f"({condition}) IS NOT TRUE" for condition in self._broken()]
        kept = " AND ".join([*([] if needed else [f"{day} IS NOT NULL"]), *good]) or "true"
        return f"SELECT {', '.join([*columns, *used])} FROM ({self._typed()}) e WHERE {kept}"

    def _latest(self) -> str:
        """The first day of the latest month in which something happened."""
        last = f"max(CAST({quoted(self.ledger.happens)} AS DATE))"
        return f"(SELECT CAST(date_trunc('month', least({last}, DATE '{self.today}')) AS DATE) FROM ({self._typed()}) latest)"

    def _broken(self) -> list[str]:
        """The conditions of the rules that would stop a row."""
        strict = tuple(r for r in self.ledger.rules if r.severity == "error")
        batch = SimpleNamespace(ledger=self.ledger.model_copy(update={"rules": strict}), columns=self.there)
        return broken_where(batch, self.today)

    # ---- the rows as the contract types them ----

    @cached_property
    def _columns(self) -> dict[str, Column]:
        own = (c for c in self.ledger.columns if c.personal != "drop")
        others = (c for l in self.ledgers for c in l.columns if c.personal != "drop")
        found: dict[str, Column] = {}
        for column in (*own, *others):
            found.setdefault(column.id, column)
        return found

    def _typed(self) -> str:
        values = ", ".join(f"{self._value(c)} AS {quoted(c.id)}" for c in self._columns.values() if c.type in TYPES)
        return f"SELECT {values} FROM {_SOURCE}"

    def _value(self, column: Column) -> str:
        """One column of the source as the contract types it; a blank text is none, and so is a column that is not there."""
        if column.id not in self.there:
            return f"CAST(NULL AS {TYPES[column.type]})"
        name = quoted(self.there[column.id])
        written = f"nullif(trim(CAST({name} AS VARCHAR)), '')"
        if column.type == "yes_no":
            word = f"lower({written})"
            return f"CASE WHEN {word} IN ({_listed(YES)}) THEN true WHEN {word} IN ({_listed(NO)}) THEN false END"
        whens = [f"WHEN {written} IN ({_listed(words)}) THEN {text(choice)}" for choice, words in column.choices.items() if words]
        if whens:
            return f"CASE {' '.join(whens)} ELSE {written} END"
        return written if TYPES[column.type] == "VARCHAR" else f"CAST({name} AS {TYPES[column.type]})"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(text(w) for w in sorted(words))
