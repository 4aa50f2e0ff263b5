"""The careful reading of distinct values: what a plain cast cannot read, choices, yes and no, places, measures, persons.

Each distinct text of a column becomes a :class:`Reading`: its canonical text, or the fault and the advice for whoever sent it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from etl import dates, quantity
from etl.calendars import common_era
from etl.gazetteer import Doubtful, Gazetteer
from etl.personal import pseudonym
from etl.places import WHOLE_STREET
from etl.recognise import base_unit
from etl.wording import UNCALCULATED, error_clause, folded, is_missing, plain
from jiejian.catalogue import Catalogue, Column, Ledger

_CHOOSE = "请改成名册中的名称，或在“数据导入”中选定是哪一处；是新名称或旧名称的，先在社区名册的“简称/曾用名”中登记。"
# Tables whose rows may speak of the whole street: a blank place, or 全街道, is the street itself.
STREET_WIDE = ("target", "event")

_AFFIRMED = "是 有 对 已 √ ✓ ✔ y yes true 1 t 通过 成功 满意 已解决 已回访 已响应 同意 开放"
_DENIED = "否 无 没有 不 未 × ✗ ✘ x n no false 0 f 不通过 未通过 失败 不成功 不满意 未解决 未回访 未响应 不同意 不开放"
YES, NO = frozenset(_AFFIRMED.split()), frozenset(_DENIED.split())


class Reading(NamedTuple):
    """A distinct text of a column and what it means. ``fault`` is a clause: 值“x” + fault; empty when it reads well.

    ``candidates`` are the ids of the places that a doubtful name may mean, one a line.
    """

    column: str
    raw: str
    canon: str | None = None
    lower: str | None = None
    upper: str | None = None
    qualifier: str | None = None
    fault: str = ""
    advice: str = ""
    severity: str = ""
    candidates: str | None = None


@dataclass
class Context:
    """What the readers need to know beyond the column itself."""

    ledger: Ledger
    catalogue: Catalogue
    gazetteer: Gazetteer
    key: Callable[[], bytes]
    # Of columns whose head states a multiple of the base unit: the multiple, and the unit as the head writes it.
    times: dict[str, Decimal] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    # Of columns of dates: whether month or day comes first, where it is declared or other values tell.
    orders: dict[str, str] = field(default_factory=dict)
    _names: dict[str, dict[str, str]] = field(default_factory=dict)

    def by_name(self, what: str) -> dict[str, str]:
        """Measures (or metrics) of the catalogue by id and by name, in plain form."""
        if what not in self._names:
            found = getattr(self.catalogue, what)
            self._names[what] = {**{plain(m.name): m.id for m in found.values()}, **{m: m for m in found}}
        return self._names[what]


def read_values(column: Column, raws: Iterable[str], context: Context) -> Iterator[Reading]:
    """Read the distinct texts of one column."""
    raws = list(raws)
    reader = _reader(column, raws, context)
    nothing = {folded(word).lower() for word in context.ledger.missing}
    for raw in raws:
        if nothing and folded(raw).lower() in nothing:
            yield Reading(column.id, raw)
            continue
        if clause := error_clause(raw):
            yield _failed(column, raw, clause, context)
            continue
        try:
            yield reader(column, raw, context)
        except Doubtful as doubt:
            yield Reading(
                column.id, raw, fault=str(doubt), advice=_CHOOSE, severity="error", candidates="\n".join(doubt.candidates)
            )
        except ValueError as error:
            yield Reading(column.id, raw, fault=str(error), advice=_advice(column, context), severity="error")


def _failed(column: Column, raw: str, clause: str, context: Context) -> Reading:
    """An error value: it stops a row that cannot do without the cell, elsewhere the cell is a gap and marked."""
    needed = is_needed(context.ledger, column)
    gap = "" if needed else "，这一格按没有填写处理"
    again = "请用 Excel 或 WPS 打开文件、保存后重新上报。" if raw.startswith(UNCALCULATED) else "请改正公式，或直接填写数值后重新上报。"
    return Reading(column.id, raw, fault=clause + gap, advice=again, severity="error" if needed else "warning")


def is_needed(ledger: Ledger, column: Column) -> bool:
    """Whether a row without this column is rejected."""
    in_key = column.id in ledger.key and column.type != "place"
    return column.required or in_key or (column.type == "place" and ledger.table == "observation")


def _reader(column: Column, raws: list[str], context: Context) -> Callable[[Column, str, Context], Reading]:
    if column.personal == "pseudonym":
        return _person
    if column.type == "text" and not is_metric(column, context.ledger):
        return lambda column, raw, context: Reading(column.id, raw, raw.strip())
    if context.ledger.minguo:
        raws = [common_era(raw, minguo=True) for raw in raws]
    if column.type == "period":
        return _period_in(dates.keeps_zeros(raws))
    if column.type in ("date", "datetime"):
        return _day_in(context.orders.get(column.id) or dates.slash_order(raws), dates.keeps_zeros(raws))
    return _metric if is_metric(column, context.ledger) else _READERS[column.type]


def is_metric(column: Column, ledger: Ledger) -> bool:
    """Whether a text column names a metric of the catalogue: the targets say in words what they are for."""
    return column.id == "metric" and ledger.table == "target"


def _number(column: Column, raw: str, context: Context) -> Reading:
    written = raw.strip()
    for mark in sorted(context.ledger.marks, key=len, reverse=True):  # of bp and p the longer one first
        written = written.removesuffix(mark).rstrip() if written[:1].isdigit() or written[:1] in "-+.," else written
    written = quantity.with_points(written) if context.ledger.decimal == "comma" else written
    read = quantity.read(written, base_unit(column, context.catalogue), context.times.get(column.id, Decimal(1)))
    if read is None:
        return Reading(column.id, raw)
    whole = read.value is None or read.value.is_integer()
    if column.type == "integer" and not whole:
        raise ValueError("应为整数")
    if read.value is None and context.ledger.table != "observation":
        raise ValueError("是区间，不是一个数")
    if read.qualifier != "exact" and column.type in ("integer", "number", "percent"):
        raise ValueError("不是确数")
    value = None if read.value is None else str(int(read.value)) if column.type == "integer" else repr(read.value)
    bounds = (None if b is None else repr(b) for b in (read.lower, read.upper))
    return Reading(column.id, raw, value, *bounds, read.qualifier)


def _day_in(order: str, zeros: bool) -> Callable[[Column, str, Context], Reading]:
    def read(column: Column, raw: str, context: Context) -> Reading:
        point = dates.read_time(raw, order, zeros, context.ledger.minguo)
        if point is None:
            return Reading(column.id, raw)
        canon = point.at.isoformat(" ") if column.type == "datetime" else point.at.date().isoformat()
        if point.assumed:
            return Reading(column.id, raw, canon, fault=point.assumed, advice="如知道日期，请写全年月日。", severity="warning")
        return Reading(column.id, raw, canon)

    return read


def _yes_no(column: Column, raw: str, context: Context) -> Reading:
    word = folded(raw).lower()
    if word in YES or word in NO:
        return Reading(column.id, raw, "true" if word in YES else "false")
    if is_missing(raw):
        return Reading(column.id, raw)
    raise ValueError("不是“是”或“否”")


def _choice(column: Column, raw: str, context: Context) -> Reading:
    word = folded(raw).lower()
    for choice, synonyms in column.choices.items():
        if word in (folded(name).lower() for name in (choice, *synonyms)):
            return Reading(column.id, raw, choice)
    if is_missing(raw):
        return Reading(column.id, raw)
    raise ValueError("不在可选的写法中")


def _place(column: Column, raw: str, context: Context) -> Reading:
    gazetteer = context.gazetteer
    if context.ledger.table in STREET_WIDE and plain(raw) in WHOLE_STREET and (street := gazetteer.street()):
        return Reading(column.id, raw, street)
    if not gazetteer.knows(raw) and is_missing(raw):
        return Reading(column.id, raw)
    return Reading(column.id, raw, gazetteer.find(raw))


def _period_in(zeros: bool) -> Callable[[Column, str, Context], Reading]:
    def read(column: Column, raw: str, context: Context) -> Reading:
        period = dates.read_period(raw, context.ledger.grain, zeros, context.ledger.minguo)
        if period is None:
            return Reading(column.id, raw)
        return Reading(column.id, raw, period.start.isoformat(), upper=period.end.isoformat(), qualifier=period.grain)

    return read


def _named(what: str, label: str) -> Callable[[Column, str, Context], Reading]:
    def read(column: Column, raw: str, context: Context) -> Reading:
        if is_missing(raw):
            return Reading(column.id, raw)
        found = context.by_name(what).get(plain(raw)) or context.by_name(what).get(raw.strip())
        if found is None:
            raise ValueError(f"不是目录中的{label}")
        return Reading(column.id, raw, found)

    return read


_metric = _named("metrics", "指标")


def _person(column: Column, raw: str, context: Context) -> Reading:
    return Reading(column.id, raw, None if is_missing(raw) else pseudonym(context.key(), raw))


_READERS: dict[str, Callable[[Column, str, Context], Reading]] = {
    **dict.fromkeys(("integer", "number", "quantity", "percent"), _number),
    "yes_no": _yes_no,
    "choice": _choice,
    "place": _place,
    "measure": _named("measures", "计量项"),
}


def _advice(column: Column, context: Context) -> str:
    """What whoever sent the value should do; a cell that must be filled is not said to be left blank."""
    unit = context.units.get(column.id) or base_unit(column, context.catalogue)
    needed = is_needed(context.ledger, column)
    blank, no_number = ("不能留空", "不能留空") if needed else ("没有的留空", "没有数的留空")
    if column.type in ("integer", "number", "percent"):
        return f"请只填阿拉伯数字{f'（单位：{unit}）' if unit else ''}，{no_number}。"
    if is_metric(column, context.ledger):
        return "请写成指标目录中的名称。"
    return {
        "quantity": f"请填数字{f'（单位：{unit}）' if unit else ''}，约数可写“约80”“80余”，{no_number}。",
        "date": f"请写成 2026-10-31 这样的日期，{blank}。",
        "datetime": f"请写成 2026-10-31 08:30 这样的时间，{blank}。",
        "yes_no": f"请填“是”或“否”，{blank if needed else '不清楚的留空'}。",
        "choice": f"可填：{'、'.join(column.choices)}。",
        "place": "请改成名册中的名称；是新名称或旧名称的，先在社区名册的“简称/曾用名”中登记。",
        "period": f"请写成“{dates.EXAMPLES.get(context.ledger.grain, '2026年10月')}”。",
        "measure": "请写成计量项目录中的编号或名称。",
    }.get(column.type, "请改正后重新上报。")
