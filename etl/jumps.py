"""The rule ``jump``: a figure against the period before it, in what is loaded and in the file itself.

Periods may stand in titles, in a column or across. A contract whose figures bring their periods along, and that declares no such
rule, is still asked for tenfold jumps: a change of scale that nobody declared is seen in the figures only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb

from etl.batch import Batch, sheet_of
from etl.dates import read_period
from etl.recognise import base_unit
from etl.schema import quoted, text
from jiejian.catalogue import Catalogue, Column, Ledger, Rule

# Of two figures both below this, ten times as much is chance and no slip.
_SMALL = 100
HISTORY = {
    "place_id": "VARCHAR",
    "measure": "VARCHAR",
    "part": "VARCHAR",
    "grain": "VARCHAR",
    "period_start": "DATE",
    "period_end": "DATE",
    "value": "DOUBLE",
}
_PART = "coalesce(breakdown, '') || '/' || coalesce(category, '')"
# 1—3月 is compared with 1—3月 of the year before.
_GRAIN = "CASE grain WHEN 'ytd' THEN 'ytd' || month(period_end) ELSE coalesce(grain, '') END"


def jump_rules(ledger: Ledger) -> list[Rule]:
    """The declared rules; else the one that holds for figures that bring their periods along."""
    declared = [rule for rule in ledger.rules if rule.kind == "jump"]
    columns = tuple(c.id for c in ledger.columns if c.measure) or tuple(c.id for c in ledger.columns if _is_long(ledger, c))
    by_row = ledger.table == "observation" and any(c.type == "period" for c in ledger.columns)
    if declared or not (by_row and columns and any(c.id == ledger.place for c in ledger.columns)):
        return declared
    return [
        Rule(
            kind="jump",
            columns=columns,
            severity="warning",
            say="与上期相差十倍以上，可能换了单位或口径",
            advice="请核对原表；口径确实不同的，在台账约定里把这一时期记到另一计量项。",
        )
    ]


def history_columns(ledger: Ledger) -> list[str]:
    """The columns whose value of the period before is needed."""
    return [c for rule in jump_rules(ledger) for c in rule.columns]


def remember(connection: duckdb.DuckDBPyConnection, ledger: Ledger, files: Iterable[str], fresh: bool) -> None:
    """Put what some loads (their ``rows.parquet``) hold of those measures into ``history``; ``fresh`` empties it first."""
    if fresh:
        columns = ", ".join(f"{name} {kind}" for name, kind in HISTORY.items())
        connection.execute(f"CREATE OR REPLACE TEMP TABLE history ({columns})")
    columns = [ledger.column(c) for c in history_columns(ledger)]
    measures = [m for c in columns for m in (c.measure, *c.other_scale.values()) if m]
    wanted = f"AND measure IN ({', '.join(map(text, measures))})" if measures else ""
    if files := list(files):
        connection.execute(
            f"""INSERT INTO history SELECT place_id, measure, {_PART}, {_GRAIN}, period_start, period_end, value
                FROM read_parquet(?, union_by_name = true) WHERE value IS NOT NULL {wanted}""",
            [files],
        )


def jump_problems(batch: Batch, catalogue: Catalogue) -> Iterator[str]:
    """A query for each rule. Run after ``problem`` holds everything else: a row that is rejected is nothing to compare with.

    Zeros and first figures are no jumps.
    """
    ledger = batch.ledger
    by_row = any(c.type == "period" and c.id in batch.columns for c in ledger.columns)
    if not by_row and not any(m.period for m in batch.members):
        return
    for rule in jump_rules(ledger):
        series = [_series(batch, ledger.column(c), catalogue) for c in rule.columns if c in batch.columns]
        if series:
            yield _jumps(batch, rule, series, by_row, catalogue)


@dataclass(frozen=True)
class _Series:
    """One column of figures: as SQL its id, its measure, its part of a breakdown, its unit and its values."""

    column: str
    measure: str
    part: str
    unit: str
    value: str


def _is_long(ledger: Ledger, column: Column) -> bool:
    return column.id == "value" and any(c.type == "measure" for c in ledger.columns)


def _series(batch: Batch, column: Column, catalogue: Catalogue) -> _Series:
    ledger = batch.ledger
    ids = {c.id for c in ledger.columns}
    long = next((quoted(c.id) for c in ledger.columns if c.type == "measure"), None)
    cases = [
        f"WHEN starts = DATE '{p.start}' AND ends = DATE '{p.end}' THEN {text(measure)}"
        for p, measure in ((read_period(period), measure) for period, measure in column.other_scale.items())
    ]
    measure = text(column.measure) if column.measure else long
    part = [quoted(n) if n in ids else text(getattr(column, n)) for n in ("breakdown", "category")]
    return _Series(
        column=text(column.id),
        measure=f"CASE {' '.join(cases)} ELSE {measure} END" if cases else measure,
        part=f"coalesce({part[0]}, '') || '/' || coalesce({part[1]}, '')",
        unit=text(base_unit(column, catalogue)),
        value=f"CAST({quoted(column.id)} AS DOUBLE)",
    )


def _dated(batch: Batch, by_row: bool) -> str:
    """``typed`` with grain, first and last day of each row: its own, else those of the title of its sheet."""
    spans = [(n, m.period) for n, m in enumerate(batch.members) if m.period]
    titles = ", ".join(f"({n}, {text(p.grain)}, DATE '{p.start}', DATE '{p.end}')" for n, p in spans)
    source = f"typed t LEFT JOIN (VALUES {titles}) p (sheet, g, s, e) ON p.sheet = {sheet_of('t._row')}" if spans else "typed t"

    def either(own: str, title: str) -> str:
        found = ([f"t.{own}"] if by_row else []) + ([f"p.{title}"] if spans else [])
        return f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]

    grain, starts, ends = either("grain", "g"), either("period_start", "s"), either("period_end", "e")
    return f"""SELECT t.*, {starts} AS starts, {ends} AS ends, {_GRAIN.replace("period_end", ends).replace("grain", grain)} AS kind
               FROM {source} WHERE t._kind = 'row' AND t._row NOT IN (SELECT _row FROM problem WHERE _severity = 'error')"""


# A figure in 人 under a head in 万人, or the other way round.
_TEN_THOUSAND = """CASE WHEN unit = '' THEN '' WHEN v BETWEEN was * 5e3 AND was * 2e4 THEN '；约为上期的一万倍，可能把“' || unit || '”写成“万' || unit || '”'
  WHEN was BETWEEN v * 5e3 AND v * 2e4 THEN '；约为上期的一万分之一，可能把“万' || unit || '”写成“' || unit || '”' ELSE '' END"""


def _jumps(batch: Batch, rule: Rule, series: list[_Series], by_row: bool, catalogue: Catalogue) -> str:
    lists = {name: ", ".join(getattr(s, name) for s in series) for name in ("column", "measure", "part", "unit", "value")}
    # Where several periods stand in one table, both are named.
    told = "'上期为 ' || printf('%.15g', was)"
    if by_row:
        told = f"{_period('kind', 'starts')} || '为 ' || printf('%.15g', v) || '，上期' || {_period('kind', 'began')} || '为 ' || printf('%.15g', was)"
    few = f"AND greatest(v, was) >= {_SMALL}" if rule not in batch.ledger.rules else ""
    # A running total of the year begins anew in January.
    running = ", ".join(text(m.id) for m in catalogue.measures.values() if m.kind == "cumulative")
    few += f" AND NOT (v < was AND year(starts) > year(began) AND measure IN ({running}))" if running else ""
    return f"""
        WITH dated AS (SELECT * FROM ({_dated(batch, by_row)}) WHERE starts IS NOT NULL),
        now AS MATERIALIZED (
          SELECT _row, place_id, starts, ends, kind, unnest([{lists["column"]}]) AS c, unnest([{lists["measure"]}]) AS measure,
                 unnest([{lists["part"]}]) AS part, unnest([{lists["unit"]}]) AS unit, unnest([{lists["value"]}]) AS v
          FROM dated),
        begins AS MATERIALIZED (SELECT min(starts) AS first FROM now),
        before AS (
          SELECT place_id, measure, part, grain AS kind, period_start AS starts, period_end AS ends, value FROM history h, begins
          WHERE period_end >= first
            AND NOT EXISTS (SELECT 1 FROM now n WHERE n.v IS NOT NULL AND (n.place_id, n.measure, n.part, n.kind, n.ends)
                            = (h.place_id, h.measure, h.part, h.grain, h.period_end))
          -- Of what ended before anything here begins only the last can be the period before.
          UNION ALL SELECT place_id, measure, part, grain, last.s, ends, last.v
          FROM (SELECT place_id, measure, part, grain, max(period_end) AS ends, max_by(struct_pack(s := period_start, v := value), period_end) AS last
                FROM history, begins WHERE period_end < first GROUP BY ALL)
          UNION ALL SELECT place_id, measure, part, kind, starts, ends, v FROM now WHERE v IS NOT NULL),
        pair AS (
          SELECT now.*, before.value AS was, before.starts AS began
          FROM now ASOF JOIN before ON before.place_id = now.place_id AND before.measure = now.measure AND before.part = now.part
            AND before.kind = now.kind AND now.starts > before.ends)
        SELECT _row, c, {text("不合规则：" + rule.say.rstrip("。"))} || '（' || {told} || {_TEN_THOUSAND} || '）', {text(rule.advice)}, {text(rule.severity)}
        FROM pair WHERE v > 0 AND was > 0 AND (v >= was * {rule.factor!r} OR v * {rule.factor!r} <= was) {few}"""


def _period(kind: str, starts: str) -> str:
    """A period in words, as SQL."""
    return f"""year({starts}) || '年' || CASE WHEN {kind} = 'month' THEN month({starts}) || '月' WHEN {kind} = 'quarter' THEN quarter({starts}) || '季度'
      WHEN {kind} = 'half' THEN if(month({starts}) < 7, '上半年', '下半年') WHEN {kind} LIKE 'ytd%' THEN '1—' || {kind}[4:] || '月'
      WHEN {kind} IN ('year', '') THEN '' ELSE month({starts}) || '月' || day({starts}) || '日' END"""
