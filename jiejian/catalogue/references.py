"""Checks across declarations: every name refers to something that exists. Each fault is (file, block, key, reason)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from jiejian.catalogue.daily import counted_on
from jiejian.catalogue.declarations import Catalogue, Correction, Rollup
from jiejian.catalogue.ledger_faults import BY_THE_DAY, DAYS, ledger_faults
from jiejian.catalogue.ledgers import Ledger

Fault = tuple[str, str, str, str]
_STATES = ("stock", "cumulative", "as_reported")


def _check_metrics(catalogue: Catalogue) -> Iterator[Fault]:
    for metric in catalogue.metrics.values():
        single = metric.kind in ("count", "as_reported")
        if single == (not metric.measure) or single == bool(metric.numerator and metric.denominator):
            wants = "measure" if single else "numerator 和 denominator"
            yield "metrics.yml", metric.id, "kind", f"{metric.kind} 类指标要写且只写 {wants}"
        for measure in metric.measures:
            if measure not in catalogue.measures:
                yield "metrics.yml", metric.id, "measure", f"计量项 {measure} 不存在，请先在 measures.yml 中声明"
        for practice in metric.practices:
            if practice not in catalogue.practices:
                yield "metrics.yml", metric.id, "practices", f"工作体系 {practice} 不存在"
        for dataset in metric.datasets:
            if dataset not in catalogue.datasets:
                yield "metrics.yml", metric.id, "datasets", f"数据集 {dataset} 不存在"


def _check_references(catalogue: Catalogue) -> Iterator[Fault]:
    for practice in catalogue.practices.values():
        for metric in practice.metrics:
            if metric not in catalogue.metrics:
                yield "practices.yml", practice.id, "metrics", f"指标 {metric} 不存在，请先在 metrics.yml 中声明"
    for grouping in catalogue.groupings.values():
        for group in grouping.groups:
            for metric in group.metrics:
                if metric not in catalogue.metrics:
                    yield "groupings.yml", grouping.id, group.name, f"指标 {metric} 不存在"
    for standard in catalogue.standards.values():
        if standard.metric not in catalogue.metrics:
            yield "standards.yml", standard.id, "metric", f"指标 {standard.metric} 不存在"
    for trait in catalogue.likeness.values():
        if trait.metric not in catalogue.metrics:
            yield "likeness.yml", trait.id, "metric", f"指标 {trait.metric} 不存在"
    for composite in catalogue.composites.values():
        for metric in composite.weights:
            if metric not in catalogue.metrics:
                yield "composites.yml", composite.id, "weights", f"指标 {metric} 不存在"
        if not sum(composite.weights.values()):
            yield "composites.yml", composite.id, "weights", "权重不能全为 0"
    for limit in catalogue.time_limits.values():
        if not limit.tiers and not limit.categories:
            yield "time_limits.yml", limit.id, "tiers", "要写明适用的 tiers（办理时限）或 categories（事项类别）"
    for year in catalogue.holidays.values():
        if any(day.year != year.year for day in (*year.holidays, *year.workdays)):
            yield "holidays.yml", year.id, "holidays", "日期应都在这一年之内"
    for deck in catalogue.decks.values():
        for slide in (slide for stop in deck.route for slide in stop.slides):
            if not slide.metrics and not (deck.subject == "topic" and slide.most):
                yield f"decks/{deck.id}.yml", deck.id, "metrics", "要写 metrics；只有 subject: topic 的演示可以改写 most"
            for metric in slide.metrics:
                if metric not in catalogue.metrics:
                    yield f"decks/{deck.id}.yml", deck.id, "metrics", f"指标 {metric} 不存在"


def _check_databases(catalogue: Catalogue) -> Iterator[Fault]:
    for ledger in catalogue.ledgers.values():
        source, file = ledger.database, f"ledgers/{ledger.id}.yml"
        if source is None:
            continue
        if bool(source.table) == bool(source.query):
            yield file, ledger.id, "database", "table 和 query 要写且只写一个"
        if source.query and (reason := query_fault(source.query)):
            yield file, ledger.id, "database.query", reason
        if source.since and not ledger.key:
            yield file, ledger.id, "database.since", "只取新的行时，台账要有 key，才分得清哪一行是更新的"
        if source.travels == "daily" and not ledger.daily_of:
            yield from ((file, ledger.id, "database.travels", reason) for reason in _daily_faults(catalogue, ledger))
        elif source.kind == "spark" and not ledger.daily_of:
            yield file, ledger.id, "database.kind", "Spark 里的台账只能按日汇总后取回，请加上 travels: daily"
        if source.dataset not in catalogue.datasets:
            yield file, ledger.id, "database.dataset", f"数据集 {source.dataset} 不存在"
        for column in source.columns.keys() - {c.id for c in ledger.columns}:
            yield file, ledger.id, "database.columns", f"列 {column} 不在 columns 中"


def _daily_faults(catalogue: Catalogue, ledger: Ledger) -> Iterator[str]:
    if ledger.database.kind == "mysql":
        yield "MySQL 不支持按日汇总后取回，请改用 travels: rows"
    if ledger.database.since:
        yield "按日汇总每次都要重新算，不能与 since 合用"
    if not ledger.happens:
        yield "按日汇总要写 happens（哪一列是发生的时间）"
    if not counted_on(catalogue.measures.values(), ledger.table):
        yield f"表 {ledger.table} 没有按日计的计量项，请先在 measures 中声明 rollup"


_QUOTED = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"[^\"]*\"|`[^`]*`")
_NOT_A_SELECT = re.compile(
    r"\b(insert|update|delete|merge|replace|into|create|alter|drop|truncate|grant|revoke|call|do|copy|set|lock|execute|handler)\b"
    r"|\b(load_file|pg_read_file|pg_sleep|sleep|dblink\w*|lo_\w+)\s*\(",
    re.IGNORECASE,
)


def query_fault(query: str) -> str:
    """Why a query is not one plain SELECT, as a Chinese clause; empty where it is one."""
    bare = _QUOTED.sub("''", query)
    if re.search(r"--|/\*|#", bare):
        return "query 里不能有注释"
    if ";" in bare.strip().rstrip(";"):
        return "query 只能是一条语句"
    if not re.match(r"\s*(select|with)\b", bare, re.IGNORECASE) or _NOT_A_SELECT.search(bare):
        return "query 只能是一条 SELECT，不能修改数据"
    return ""


def _check_ledgers(catalogue: Catalogue) -> Iterator[Fault]:
    for ledger in catalogue.ledgers.values():
        file, ids = f"ledgers/{ledger.id}.yml", {c.id for c in ledger.columns}
        for column in ledger.columns:
            if column.measure and column.measure not in catalogue.measures:
                yield file, ledger.id, column.id, f"计量项 {column.measure} 不存在，请先在 measures.yml 中声明"
            for measure in column.other_scale.values():
                if measure not in catalogue.measures:
                    yield file, ledger.id, f"{column.id}.other_scale", f"计量项 {measure} 不存在，请先声明"
            if column.type == "choice" and not column.choices:
                yield file, ledger.id, column.id, "choice 类的列要写 choices"
        if ledger.street and ledger.street not in ids:
            yield file, ledger.id, "street", f"列 {ledger.street} 不在 columns 中"
        for name in (*ledger.key, *(c for rule in ledger.rules for c in (*rule.columns, *rule.parts))):
            if name not in ids:
                yield file, ledger.id, "key/rules", f"列 {name} 不在 columns 中"
        for key, reason in ledger_faults(ledger, tuple(catalogue.datasets)):
            yield file, ledger.id, key, reason
    columns = {t: {c.id for l in ls for c in l.columns} | {"place_id"} for t, ls in catalogue.tables().items()}
    for measure in catalogue.measures.values():
        if measure.part and measure.part.of not in catalogue.measures:
            yield "measures.yml", measure.id, "part.of", f"计量项 {measure.part.of} 不存在，请先在 measures.yml 中声明"
        if rollup := measure.rollup:
            if measure.takes_last and (measure.kind not in _STATES or not (rollup.at and rollup.value) or rollup.by):
                yield "measures.yml", measure.id, "rollup.take", f"take: last 要写 at（哪一天）和 value（哪一列），不写 by，kind 用 {'、'.join(_STATES)}"
            if rollup.table not in columns:
                yield "measures.yml", measure.id, "rollup.table", f"没有台账写入表 {rollup.table}"
                continue
            compared = (condition.column for condition in rollup.where)
            named = (rollup.at, rollup.start, rollup.end, rollup.distinct, rollup.value, *rollup.less, *rollup.by, *compared)
            for name in named:
                if name and name not in columns[rollup.table]:
                    yield "measures.yml", measure.id, "rollup", f"表 {rollup.table} 没有列 {name}"
            yield from (("measures.yml", measure.id, *fault) for fault in _no_days(rollup, catalogue.tables()[rollup.table]))


def _no_days(rollup: Rollup, ledgers: Iterable[Ledger]) -> Iterator[tuple[str, str]]:
    """Columns that a register's roll-up takes for days and that hold none: a period has a first and a last one, in two columns."""
    types = {c.id: c.type for l in ledgers for c in l.columns}
    for key, name in (("at", rollup.at), ("start", rollup.start), ("end", rollup.end)):
        if name and types.get(name, DAYS[0]) not in DAYS:
            yield f"rollup.{key}", f"表 {rollup.table} 的列 {name} 是 type: {types[name]}，说不出是哪一天。{BY_THE_DAY}"
    others = (rollup.distinct, rollup.value, *rollup.less, *rollup.by, *(condition.column for condition in rollup.where))
    for name in others:
        if types.get(name) == "period":
            yield "rollup", f"表 {rollup.table} 的列 {name} 是 type: period，不能用来计数、分组或作条件；要用的，写成 type: text 或 date"


def _check_corrections(catalogue: Catalogue) -> Iterator[Fault]:
    names = {n for m in catalogue.measures.values() for n in (m.id, m.name)}
    for correction in catalogue.corrections.values():
        where = "corrections.yml", correction.id
        if correction.dataset not in catalogue.datasets:
            yield *where, "dataset", f"数据集 {correction.dataset} 不存在"
        if bool(correction.measure) == bool(correction.ledger):
            yield *where, "measure/ledger", "要么写 place、measure、period，要么写 ledger、key、column"
        elif correction.measure:
            if correction.measure not in names:
                yield *where, "measure", f"计量项 {correction.measure} 不存在"
            if not correction.place or not correction.period:
                yield *where, "place/period", "要写明地点和时间"
        else:
            yield from _check_corrected_row(correction, catalogue)


def _check_corrected_row(correction: Correction, catalogue: Catalogue) -> Iterator[Fault]:
    where, ledger = ("corrections.yml", correction.id), catalogue.ledgers.get(correction.ledger)
    if ledger is None or ledger.table in ("observation", "place"):
        yield *where, "ledger", f"台账 {correction.ledger} 不存在，或不是逐条登记的台账"
        return
    columns = {c.id: c for c in ledger.columns}
    if not correction.key:
        yield *where, "key", f"要写明是哪一条（{'、'.join(ledger.key)}）"
    for name in (*correction.key, correction.column):
        if name not in columns or columns[name].type == "period" or columns[name].personal:
            yield *where, "key/column", f"台账 {ledger.id} 没有可以更正的列 {name}"


def faults(catalogue: Catalogue) -> Iterator[Fault]:
    """Every reference that leads nowhere."""
    yield from _check_metrics(catalogue)
    yield from _check_references(catalogue)
    yield from _check_ledgers(catalogue)
    yield from _check_corrections(catalogue)
    yield from _check_databases(catalogue)
