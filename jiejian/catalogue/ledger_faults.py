"""What a contract says that cannot be carried out: (key, reason) for each fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from jiejian.catalogue.ledgers import Ledger

DAYS = ("date", "datetime")
_GRAINS = ("month", "quarter", "half", "year", "ytd")
_DAYS = ("day", "daily", "date", "日", "天")
_OWN_TABLES = frozenset(
    ["dataset", "measure", "load", "reject", "figure", "rollup_day", "difference", "place_alias", "place_path", "place_change"]
)
_TAKEN = frozenset(["dataset", "place_id", "load_id", "cell", "row", "slice"])
# What to write where a register names a column that is no day.
BY_THE_DAY = "登记按天计，请改写 type: date（只写到月的按当月1日计）；年、月、日分在几列里的，请先在表里合成一列日期，如 2026-06-08"
_PERIOD = re.compile(r"^\d{4}(年?|年\d{1,2}月|年第[一二三四]季度|年[上下]半年)$")
_DASHED = re.compile(r"^\d{4}-(0?[1-9]|1[0-2])$")


def ledger_faults(ledger: Ledger, datasets: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every fault of one contract that can be seen without a file."""
    yield from _names(ledger)
    yield from _period(ledger)
    yield from _columns(ledger)
    yield from _layout(ledger)
    for dataset in ledger.datasets:
        if dataset not in datasets:
            there = "、".join(datasets)
            yield "datasets", f"没有数据集 {dataset}，可选：{there}；要新建的，写成 datasets: {{{dataset}: {{name: …}}}}"


def _names(ledger: Ledger) -> Iterator[tuple[str, str]]:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", ledger.table):
        yield "table", f"“{ledger.table}”不能用作表名，只能用英文字母、数字和下划线，如 case_event"
    if ledger.table in _OWN_TABLES:
        yield "table", f"“{ledger.table}”是系统自己的表，请换一个名称；数字写入 observation"
    for column in ledger.columns:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", column.id):
            yield f"columns.{column.id}", "列的编号只能用英文字母、数字和下划线，以字母开头；中文名称写在 name"
        if column.id in _TAKEN:
            yield f"columns.{column.id}", f"“{column.id}”是系统自己的列，请换一个编号"


def _period(ledger: Ledger) -> Iterator[tuple[str, str]]:
    if ledger.grain in _DAYS:
        yield "grain", f"没有“{ledger.grain}”这一档。按天报的数字写成登记：key: [日期列, 地点列]，happens: 日期列，用 rollup 汇总到月（本期数相加；期末数写 take: last，取当月最后一天的）"
    elif ledger.grain and ledger.grain not in _GRAINS:
        yield "grain", f"“{ledger.grain}”不在允许的范围内（允许：{'、'.join(_GRAINS)}）"
    if ledger.period == "title" and not ledger.grain:
        yield "grain", f"写了 period: title，就要写 grain（允许：{'、'.join(_GRAINS)}）"
    if ledger.period == "column" and not any(c.type == "period" for c in ledger.columns):
        yield "period", "写了 period: column，columns 里就要有一列 type: period"
    yield from _happens(ledger)


def _happens(ledger: Ledger) -> Iterator[tuple[str, str]]:
    if not ledger.happens:
        return
    if ledger.table == "observation":
        yield "happens", "写入 observation 的约定不写 happens；时间在一列里的，这一列写 type: period"
    found = next((c for c in ledger.columns if c.id == ledger.happens), None)
    if found is None:
        yield "happens", f"列 {ledger.happens} 不在 columns 中"
    elif found.type not in DAYS:
        yield "happens", f"列 {found.id} 是 type: {found.type}，说不出是哪一天。{BY_THE_DAY}"


def _columns(ledger: Ledger) -> Iterator[tuple[str, str]]:
    ids = {c.id for c in ledger.columns}
    if ledger.place != "place" and ledger.place not in ids:
        yield "place", f"列 {ledger.place} 不在 columns 中"
    for column in ledger.columns:
        if column.id == ledger.place and column.type != "place" and not ledger.brings_places:
            yield f"columns.{column.id}.type", "地点列应写 type: place"
        if column.date_order and column.type not in DAYS:
            yield f"columns.{column.id}.date_order", "只用于 type: date 和 datetime 的列"
        if bool(column.breakdown) != bool(column.category):
            key = "category" if column.breakdown else "breakdown"
            yield (
                f"columns.{column.id}.{key}",
                "breakdown 和 category 要一起写，如 breakdown: 性别、category: 女；各行的分类写在一列里的，写成登记类，用 rollup 的 by 按这一列分组",
            )
        for period in column.other_scale:
            if not _PERIOD.match(period):
                yield f"columns.{column.id}.other_scale", f"看不懂时期“{period}”，应写成 2015 或 2015年10月"
    if ledger.table == "observation":
        long = any(c.type == "measure" for c in ledger.columns)
        if long and "value" not in ids:
            yield "columns", "有 type: measure 的列（一行一个数字），就要有一列 value 放数字"
        if not long and not any(c.measure for c in ledger.columns):
            yield "columns", "写入 observation 的约定，至少要有一列写 measure（计量项的编号）"
    elif any(c.measure for c in ledger.columns):
        named = next(c.id for c in ledger.columns if c.measure)
        yield (
            f"columns.{named}.measure",
            f"只有写入 observation 的列能写 measure；表 {ledger.table} 的计量项在 measures 中用 rollup 声明",
        )
    if brings := ledger.brings_places:
        for key in ("name", "parent", "code", "aliases", "sort", "area_km2", "lon", "lat"):
            if getattr(brings, key) and getattr(brings, key) not in ids:
                yield f"brings_places.{key}", f"列 {getattr(brings, key)} 不在 columns 中"


def _layout(ledger: Ledger) -> Iterator[tuple[str, str]]:
    layout, ids = ledger.layout, {c.id for c in ledger.columns}
    if layout is None:
        return
    for key in ("path", "period_path", "code"):
        given = getattr(layout, key)
        for name in (given,) if isinstance(given, str) else given:
            if name and name not in ids and not (key == "path" and ledger.is_above(name)):
                yield f"layout.{key}", f"列 {name} 不在 columns 中"
    if layout.path and ledger.is_above(layout.path[-1]):
        yield "layout.path", f"{layout.path[-1]} 是上级地点，后面还要写地点列；整张表只说一个地点的，写 places: title"
    if layout.period_path and all(c.type != "period" for c in ledger.columns):
        yield "layout.period_path", "写了 period_path，columns 里就要有一列 type: period"
    if layout.hierarchy == "code" and not layout.code:
        yield "layout.code", "写了 hierarchy: code，就要用 code 写明区划代码是哪一列"
    if (layout.hierarchy or layout.path) and ledger.starts_places and not layout.levels:
        yield "layout.levels", "地点分层级又要新建地点（starts_places），就要写 levels，从上到下，如 [省, 市, 区县]"
    if layout.head_rows > 1 and layout.head_row is None:
        yield "layout.head_row", "写了 head_rows，就要写 head_row（表头的第一行是第几行）"
    for key in ("places", "periods", "measures"):
        if getattr(layout, key) and ledger.table != "observation" and (key, layout.places) != ("places", "title"):
            yield f"layout.{key}", "只用于写入 observation 的约定；登记类只能写 places: title"
    if layout.period and not (_PERIOD.match(layout.period) or _DASHED.match(layout.period)):
        yield "layout.period", f"看不懂“{layout.period}”，应写成 2020 或 2026年10月"
