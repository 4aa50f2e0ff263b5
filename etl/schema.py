"""The warehouse's tables and views, as SQL; names come from the catalogue only and are checked and quoted here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from etl.places import STREETS
from jiejian.catalogue import Catalogue, CatalogueError, Column, Ledger, Measure

# Raise this when a table or view changes, or what is written into one: every warehouse is then built anew from the loads.
SCHEMA_VERSION = 15

TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "quantity": "DOUBLE",
    "percent": "DOUBLE",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "yes_no": "BOOLEAN",
    "choice": "VARCHAR",
    "place": "VARCHAR",
    "measure": "VARCHAR",
}
PERIOD_COLUMNS = {"grain": "VARCHAR", "period_start": "DATE", "period_end": "DATE"}

OBSERVATION = {
    "dataset": "VARCHAR",
    "place_id": "VARCHAR",
    "measure": "VARCHAR",
    **PERIOD_COLUMNS,
    "breakdown": "VARCHAR",
    "category": "VARCHAR",
    "value": "DOUBLE",
    "lower": "DOUBLE",
    "upper": "DOUBLE",
    "qualifier": "VARCHAR",
    "status": "VARCHAR",
    "cell": "VARCHAR",
    "written": "VARCHAR",
    "window_text": "VARCHAR",
    "note": "VARCHAR",
    "ledger": "VARCHAR",
    "load_id": "VARCHAR",
    "source_id": "VARCHAR",
}
PLACE = {
    "place_id": "VARCHAR",
    "dataset": "VARCHAR",
    "code": "VARCHAR",
    "name": "VARCHAR",
    "kind": "VARCHAR",
    "parent_id": "VARCHAR",
    "sort": "BIGINT",
    "area_km2": "DOUBLE",
    "lon": "DOUBLE",
    "lat": "DOUBLE",
    "crs": "VARCHAR",
    "valid_from": "DATE",
    "valid_to": "DATE",
    "peer_group": "VARCHAR",
}
# Names stand beside the ids: a renamed place is in ``place`` under its new id only.
PLACE_CHANGE = {
    "dataset": "VARCHAR",
    "predecessor_id": "VARCHAR",
    "predecessor": "VARCHAR",
    "successor_id": "VARCHAR",
    "successor": "VARCHAR",
    "changed_on": "DATE",
    "kind": "VARCHAR",
}
# Older figures that a newer load replaced by others.
CONFLICT = {
    "dataset": "VARCHAR",
    "place_id": "VARCHAR",
    "measure": "VARCHAR",
    **PERIOD_COLUMNS,
    "breakdown": "VARCHAR",
    "category": "VARCHAR",
    "old_value": "DOUBLE",
    "new_value": "DOUBLE",
    "old_ledger": "VARCHAR",
    "new_ledger": "VARCHAR",
    "old_load": "VARCHAR",
    "new_load": "VARCHAR",
    "old_cell": "VARCHAR",
    "new_cell": "VARCHAR",
    "kind": "VARCHAR",
}
NOTICE = {
    "dataset": "VARCHAR",
    "ledger": "VARCHAR",
    "kind": "VARCHAR",
    "place_id": "VARCHAR",
    "measure": "VARCHAR",
    "period_start": "DATE",
    "period_end": "DATE",
    "sentence": "VARCHAR",
}
CORRECTION = {
    "correction": "VARCHAR",
    "dataset": "VARCHAR",
    "subject": "VARCHAR",
    "expected": "VARCHAR",
    "found": "VARCHAR",
    "becomes": "VARCHAR",
    "why": "VARCHAR",
    "who": "VARCHAR",
    "decided_on": "VARCHAR",
    "state": "VARCHAR",
    "sentence": "VARCHAR",
}
SOURCE = dict.fromkeys(("source_id", "dataset", "title", "publisher", "published_on", "author", "note"), "VARCHAR")
TARGET = {
    "dataset": "VARCHAR",
    "place_id": "VARCHAR",
    "metric": "VARCHAR",
    "period_start": "DATE",
    "period_end": "DATE",
    "target_value": "DOUBLE",
    "load_id": "VARCHAR",
}
REJECT = {
    "load_id": "VARCHAR",
    "dataset": "VARCHAR",
    "ledger": "VARCHAR",
    "file": "VARCHAR",
    "sheet": "VARCHAR",
    "row": "BIGINT",
    "cells": "VARCHAR",
    "column_name": "VARCHAR",
    "value": "VARCHAR",
    "reason": "VARCHAR",
    "advice": "VARCHAR",
    "severity": "VARCHAR",
    "candidates": "VARCHAR",
}
LOAD = {
    "load_id": "VARCHAR",
    "seq": "BIGINT",
    "dataset": "VARCHAR",
    "ledger": "VARCHAR",
    "origin": "VARCHAR",
    "file": "VARCHAR",
    "sheet": "VARCHAR",
    "sha256": "VARCHAR",
    "contract": "VARCHAR",
    "loaded_at": "TIMESTAMP",
    "user": "VARCHAR",
    "rows_in": "BIGINT",
    "rows_accepted": "BIGINT",
    "rows_rejected": "BIGINT",
    "warnings": "BIGINT",
    "run": "VARCHAR",
    "active": "BOOLEAN",
    "undone_at": "TIMESTAMP",
    "undone_by": "VARCHAR",
}
FIGURE = {
    "dataset": "VARCHAR",
    "place_id": "VARCHAR",
    "measure": "VARCHAR",
    **PERIOD_COLUMNS,
    "breakdown": "VARCHAR",
    "category": "VARCHAR",
    "value": "DOUBLE",
    "lower": "DOUBLE",
    "upper": "DOUBLE",
    "qualifier": "VARCHAR",
    "status": "VARCHAR",
    "window_text": "VARCHAR",
    "note": "VARCHAR",
    "source_id": "VARCHAR",
    "load_id": "VARCHAR",
    "origin": "VARCHAR",
}
FILING = {
    "dataset": "VARCHAR",
    "ledger": "VARCHAR",
    "place_id": "VARCHAR",
    "period_start": "DATE",
    "period_end": "DATE",
    "first_sent": "TIMESTAMP",
    "last_sent": "TIMESTAMP",
    "times": "BIGINT",
    "all_zero": "BOOLEAN",
}
FIXED = {
    "place": PLACE,
    "place_alias": {"place_id": "VARCHAR", "alias": "VARCHAR"},
    "place_change": PLACE_CHANGE,
    "place_path": {"place_id": "VARCHAR", "place_path": "VARCHAR", "street_name": "VARCHAR"},
    "dataset": {"dataset": "VARCHAR", "name": "VARCHAR", "fictional": "BOOLEAN", "mode": "VARCHAR", "as_of": "DATE"},
    "measure": {"measure": "VARCHAR", "name": "VARCHAR", "name_en": "VARCHAR", "unit": "VARCHAR", "kind": "VARCHAR"},
    "observation": OBSERVATION,
    "source": SOURCE,
    "correction": CORRECTION,
    "conflict": CONFLICT,
    "notice": NOTICE,
    "target": TARGET,
    "load": LOAD,
    "reject": REJECT,
    "filing": FILING,
    "figure": FIGURE,
    "difference": {
        "dataset": "VARCHAR",
        "place_id": "VARCHAR",
        "measure": "VARCHAR",
        "period_start": "DATE",
        "period_end": "DATE",
        "reported": "DOUBLE",
        "rolled_up": "DOUBLE",
    },
    "derived_due": {"dataset": "VARCHAR", "time_limit": "VARCHAR", "cases": "BIGINT"},
}

_STREET_KINDS = ", ".join(f"'{kind}'" for kind in STREETS)
PLACE_PATHS = f"""
INSERT INTO place_path
WITH RECURSIVE path AS (
  SELECT place_id, name AS place_path, CASE WHEN kind IN ({_STREET_KINDS}) THEN name END AS street_name
  FROM place WHERE parent_id IS NULL
  UNION ALL
  SELECT p.place_id, path.place_path || '/' || p.name,
         CASE WHEN p.kind IN ({_STREET_KINDS}) THEN p.name ELSE path.street_name END
  FROM place p JOIN path ON p.parent_id = path.place_id
)
SELECT * FROM path
"""

# The sentence that names file, sheet, row, column and value, and says what to do. Used for rejects before and after they
# have reached the warehouse.
SENTENCE = """
'文件“' || file || '”' || CASE WHEN coalesce(sheet, '') <> '' THEN '工作表“' || sheet || '”' ELSE '' END
|| CASE WHEN "row" IS NOT NULL THEN '第 ' || "row" || ' 行' ELSE '' END
|| CASE WHEN coalesce(column_name, '') <> '' THEN '“' || column_name || '”列' ELSE '' END
|| CASE WHEN value IS NOT NULL THEN '的值“' || value || '”' ELSE '' END || reason || '。' || coalesce(advice, '')
"""

_NAMED = """
SELECT f.dataset, pp.place_path, p.name AS place_name, pp.street_name, f.measure, m.name AS measure_name,
       f.value, f.lower, f.upper, m.unit, f.qualifier, f.status, f.grain, f.period_start, f.period_end,
       s.title AS source_title, f.window_text, {rest}
FROM {table} f
LEFT JOIN place p ON p.place_id = f.place_id
LEFT JOIN place_path pp ON pp.place_id = f.place_id
LEFT JOIN measure m ON m.measure = f.measure
LEFT JOIN source s ON s.source_id = f.source_id
"""
VIEWS = {
    "v_observation": _NAMED.format(table="observation", rest="f.written, f.note"),
    "v_figure": _NAMED.format(table="figure", rest="f.note, f.origin, f.breakdown, f.category"),
    "v_conflict": """
        SELECT d.name AS 数据集, p.name AS 地点, m.name AS 计量项, m.unit AS 单位, c.period_start AS 起, c.period_end AS 止, c.category AS 分类,
               c.old_value AS 原报, c.new_value AS 现用, a.file AS 原文件, c.old_cell AS 原单元格, b.file AS 现用文件, c.new_cell AS 现用单元格,
               c.kind AS 情形
        FROM conflict c JOIN dataset d USING (dataset) LEFT JOIN place p ON p.place_id = c.place_id
        LEFT JOIN measure m ON m.measure = c.measure JOIN load a ON a.load_id = c.old_load JOIN load b ON b.load_id = c.new_load""",
    "v_correction": """
        SELECT d.name AS 数据集, c.subject AS 数字, c.expected AS 更正时的数, c.found AS 上报, c.becomes AS 更正为, c.why AS 原因,
               c.who AS 更正人, c.decided_on AS 更正日期, CASE c.state WHEN 'applied' THEN '已更正' ELSE '没有生效' END AS 状态, c.sentence AS 说明
        FROM correction c JOIN dataset d USING (dataset)""",
    "v_reject": f"SELECT *, {SENTENCE} AS sentence FROM reject",
}


def quoted(name: str) -> str:
    """A name of the catalogue as an SQL identifier. ValueError for anything but letters, digits and ``_``."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"“{name}”不能用作表名或列名，只能用英文字母、数字和下划线")
    return f'"{name}"'


def text(value: str) -> str:
    """A constant as an SQL literal; for the few places where a parameter cannot be bound."""
    return "'" + value.replace("'", "''") + "'"


def column_types(ledger: Ledger, column: Column) -> dict[str, str]:
    """The warehouse columns that one column of a contract fills; none for a personal column that is dropped."""
    if column.personal == "drop":
        return {}
    if column.type == "period":
        return dict(PERIOD_COLUMNS)
    if column.type == "place" and column.id == ledger.place:
        return {"place_id": "VARCHAR"}
    return {column.id: "VARCHAR" if column.personal else TYPES[column.type]}


def tables(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """All tables of a warehouse: name → column → type. Raises CatalogueError where two contracts disagree on a type."""
    found = {name: dict(columns) for name, columns in FIXED.items()}
    for table, ledgers in catalogue.tables().items():
        if table in FIXED:
            continue
        columns = {"dataset": "VARCHAR", "place_id": "VARCHAR"}
        for ledger in ledgers:
            for column in ledger.columns:
                for name, kind in column_types(ledger, column).items():
                    if columns.setdefault(name, kind) != kind:
                        raise CatalogueError(
                            f"目录文件 ledgers/{ledger.id}.yml，条目 {ledger.id}，键 {column.id}：与写入表 {table} 的另一份约定类型不同。"
                        )
        # The row in the sheet; the sheet itself stands in ``load``. As text it would be the dearest column of a large ledger.
        found[table] = {**columns, "load_id": "VARCHAR", "cell": "BIGINT"}
    found |= {name: _day_columns(flows) for name, flows in day_tables(catalogue).values()}
    return found


def day_tables(catalogue: Catalogue) -> dict[tuple[str, str], tuple[str, list[Measure]]]:
    """Event table and date → its daily totals: the name of that table, and the flows that are columns of it.

    One column a flow, not one row: a district of 300 communities has five million days of single flows in five years, and
    half a million days.
    """
    flows: dict[tuple[str, str], list[Measure]] = {}
    for measure in catalogue.measures.values():
        if measure.rollup and measure.kind == "flow":
            flows.setdefault((measure.rollup.table, measure.rollup.at), []).append(measure)
    return {(table, at): (f"rollup_day_{table}_{at}", found) for (table, at), found in flows.items()}


def _day_columns(flows: list[Measure]) -> dict[str, str]:
    """A column a flow; of a flow that adds amounts also how many rows it counts, and how many of them have no amount."""
    columns = {"dataset": "VARCHAR", "place_id": "VARCHAR", "day": "DATE"}
    for flow in flows:
        columns[flow.id] = "DOUBLE" if flow.rollup.value else "BIGINT"
        if flow.rollup.value:
            columns |= {f"{flow.id}_rows": "BIGINT", f"{flow.id}_blanks": "BIGINT"}
    return columns


def create_tables(catalogue: Catalogue) -> list[str]:
    """The statements that make every table, empty."""
    numbers = _numbers(catalogue)
    return [_create_table(table, columns, numbers, {}) for table, columns in tables(catalogue).items()]


def create_anew(catalogue: Catalogue, table: str, same: Mapping[str, str | None]) -> str:
    """The statement that makes one table anew, with what all its rows say alike (column → word, or NULL) told once and not row by row.

    Such a column is there as any other and in its place, but takes neither room nor time, and cannot be changed.
    """
    return _create_table(table, tables(catalogue)[table], _numbers(catalogue), same).replace("CREATE", "CREATE OR REPLACE", 1)


def _create_table(table: str, columns: dict[str, str], numbers: set[tuple[str, str]], same: Mapping[str, str | None]) -> str:
    def column(name: str, kind: str) -> str:
        if name in same:
            word = "NULL" if same[name] is None else text(same[name])
            return f"{quoted(name)} {kind} GENERATED ALWAYS AS (CAST({word} AS {kind})) VIRTUAL"
        # Of what is known beforehand to fit no other way is tried.
        written = " USING COMPRESSION zstd" if (table, name) in numbers else " USING COMPRESSION bitpacking" if kind == "BOOLEAN" else ""
        return f"{quoted(name)} {kind}{written}"

    return f"CREATE TABLE {quoted(table)} ({', '.join(column(name, kind) for name, kind in columns.items())})"


def _numbers(catalogue: Catalogue) -> set[tuple[str, str]]:
    """Table and column of texts of which each row has another one: to look for a dictionary of them is the dearest part of writing."""
    own = {(l.table, l.key[0]) for l in catalogue.ledgers.values() if len(l.key) == 1 and l.table not in FIXED}
    return {(l.table, c.id) for l in catalogue.ledgers.values() for c in l.columns if (l.table, c.id) in own and c.type == "text"}


def create_views(catalogue: Catalogue) -> list[str]:
    """The statements that make the views with readable names, and ``rollup_day``: one row a place, day and flow."""
    days = [
        f"SELECT dataset, place_id, {text(flow.id)} AS measure, day, CAST({quoted(flow.id)} AS DOUBLE) AS value FROM {name} WHERE {quoted(flow.id)} <> 0"
        for name, flows in day_tables(catalogue).values()
        for flow in flows
    ]
    views = {**VIEWS, "rollup_day": " UNION ALL ".join(days)} if days else VIEWS
    return [f"CREATE VIEW {name} AS {sql}" for name, sql in views.items()]
