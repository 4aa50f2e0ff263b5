"""Which contract a sheet obeys: its heads against the contracts' names and synonyms."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path

from etl.dates import EXAMPLES, Period, find_period
from etl.extract import Known, Sheet
from etl.heads import joined, normal, spellings
from etl.hierarchy import with_paths
from etl.made import with_period, with_place
from etl.relayout import ITEM_TITLE, may_be_turned, other_layouts
from etl.sheetxml import column_number
from etl.traditional import simplified
from etl.units import bracketed, factor, of_title, split_head
from etl.wording import plain
from jiejian.catalogue import Catalogue, Column, Ledger

# Columns that sheets carry for people, and that no contract need know.
_FOR_PEOPLE = frozenset(("序号", "备注", "no", "行号", "说明"))
# Data sets that ship with the project: only ledgers that name them describe them.
BUNDLED = ("articles", "national")
# A shorter name of a ledger (大事记, 资源清单) may stand in any title.
_A_NAME = 5
NUMERIC = ("integer", "number", "quantity", "percent")


class NotRecognised(Exception):
    """A sheet that obeys no contract for certain; the message is a Chinese sentence that says what is missing."""


class PeriodMissing(NotRecognised):
    """A sheet whose contract is certain and whose period stands nowhere: ``ledger`` is the contract."""

    def __init__(self, message: str, ledger: Ledger):
        super().__init__(message)
        self.ledger = ledger


@dataclass(frozen=True)
class Match:
    """A sheet and its contract: where each column of the contract stands, by what its numbers are multiplied."""

    sheet: Sheet
    ledger: Ledger
    columns: dict[str, int]
    times: dict[str, Decimal] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    ignored: tuple[int, ...] = ()

    def head(self, column_id: str) -> str:
        """The head of a column as the sheet writes it, or its name in the contract where the sheet lacks it or leaves it blank."""
        index = self.columns.get(column_id)
        return (self.sheet.heads[index] if index is not None else "") or self.ledger.column(column_id).name


def ledgers_for(catalogue: Catalogue, dataset: str) -> list[Ledger]:
    """The contracts that a file of the data set may obey."""
    there = (l for l in catalogue.ledgers.values() if not l.daily_of)
    return [l for l in there if (dataset in l.datasets if l.datasets else dataset not in BUNDLED)]


def known_heads(ledgers: Iterable[Ledger]) -> Known:
    """Every head of every contract, in normal form, and how far columns are named by their letters."""
    columns = [column for ledger in ledgers for column in ledger.columns]
    heads = {head for column in columns for head in column.heads}
    reach = max((column_number(c.at.upper()) + 1 for c in columns if c.at), default=0)
    return Known((form for head in heads for form in (normal(head), joined(head))), reach=reach)


def recognise(sheet: Sheet, ledgers: Sequence[Ledger], catalogue: Catalogue, own: Collection[str] = ()) -> Match:
    """The contract that the sheet obeys. Raises NotRecognised with a sentence when that is not certain.

    ``own`` are the street's own contracts (ids): where one fits as well as one that ships, it was written for that.
    """
    ledgers = [l for l in ledgers if reads(l, sheet)]
    upright = [l for l in ledgers if not _is_turned(l)]
    tried = {l.id: _tried(sheet, l) for l in _likely(sheet, upright)}
    if best := _certain(sheet, list(tried.values()), own):
        _refuse_another_title(sheet, best.ledger, ledgers)
        return _match(best, catalogue)
    sheets = {l.id: tried[l.id].sheet if l.id in tried else _read_by(sheet, l) for l in ledgers}
    plain_ones = [tried.get(l.id) or _Try(sheets[l.id], l, _columns(sheets[l.id], l)) for l in upright]
    # Periods or places across, measures down: asked only where the plain reading does not do.
    alone = len(ledgers) == 1
    turned = [
        _Try(other, l, _columns(other, l))
        for l in ledgers
        if _is_turned(l) or alone or may_be_turned(sheet) or _names_fit(sheet, l)
        for other in other_layouts(sheets[l.id], l)
    ]
    if best := _certain(sheet, turned, own):
        _refuse_another_title(sheet, best.ledger, ledgers)
        return _match(best, catalogue)
    raise NotRecognised(_what_is_missing(sheet, max((*plain_ones, *turned), key=lambda t: t.score, default=None)))


def _likely(sheet: Sheet, ledgers: Sequence[Ledger]) -> list[Ledger]:
    """The contracts of which one may be certain (see :func:`_certain`): most know but a head or two, where another knows all.

    What a contract knows depends on more than the heads where it has a layout, or names columns by their letters.
    """
    if sheet.roles:
        return list(ledgers)
    known = {l.id: _known_heads(_Same(l), tuple(sheet.heads)) for l in ledgers if not l.layout and not _has_letters(_Same(l))}
    most = max(known.values(), default=0)
    return [l for l in ledgers if l.id not in known or 3 * (2 * known[l.id] + 1) >= 4 * most > 0]


def _read_by(sheet: Sheet, ledger: Ledger) -> Sheet:
    """The sheet with the columns that a contract makes of others."""
    return with_period(with_place(with_paths(sheet, ledger), ledger), ledger)


def _tried(sheet: Sheet, ledger: Ledger) -> _Try:
    made = _read_by(sheet, ledger)
    return _Try(made, ledger, _columns(made, ledger))


def _refuse_another_title(sheet: Sheet, found: Ledger, ledgers: Sequence[Ledger]) -> None:
    """Raise NotRecognised where a title names another ledger than the heads tell: one of the two is wrong."""
    title = normal("".join(sheet.title))
    named = [l for l in ledgers if len(l.name) >= _A_NAME and normal(l.name) in title]
    if named and found not in named and not any(normal(l.name) in normal(found.name) for l in named):
        raise NotRecognised(
            f"{sheet.place}的标题写的是“{named[0].name}”，表头却是“{found.name}”的，分不清是哪种台账。"
            "请核对是不是放错了表或写错了标题，改正后重新上报，或在“数据导入”页上选定。"
        )


@dataclass(frozen=True)
class _Try:
    """A sheet as one contract reads it."""

    sheet: Sheet
    ledger: Ledger
    columns: dict[str, int]

    @cached_property
    def score(self) -> int:
        """How many heads are the contract's; its name in a title or file name decides between equals."""
        if not self.columns:
            return 0
        sheet, name = self.sheet, normal(self.ledger.name)
        named = any(name in normal(text) for text in (*sheet.title, sheet.sheet, sheet.file))
        return 2 * len(set(self.columns.values())) + named

    @cached_property
    def missing(self) -> list[str]:
        return _missing(self.sheet, self.ledger, self.columns)


def _certain(sheet: Sheet, tried: Sequence[_Try], own: Collection[str]) -> _Try | None:
    """The one that fits for certain. Raises NotRecognised where two fit alike."""
    ranked = sorted(tried, key=lambda t: (-t.score, t.ledger.id not in own))
    best = next((t for t in ranked if t.score and not t.missing), None)
    # A contract that fits whole but poorly must not hide one that fits well and lacks a column.
    if best is None or not _covers(best) or 3 * best.score < 2 * ranked[0].score:
        return None
    alike = (t for t in ranked if t is not best and t.score == best.score and (t.ledger.id in own) == (best.ledger.id in own))
    if other := next((t for t in alike if not t.missing), None):
        raise NotRecognised(
            f"{sheet.place}既像“{best.ledger.name}”又像“{other.ledger.name}”，分不清是哪种台账。请把台账名称写进标题，或在“数据导入”页上选定后重新上报。"
        )
    return best


def reads(ledger: Ledger, sheet: Sheet) -> bool:
    """Whether the contract reads sheets of this name, hidden ones among them."""
    layout = ledger.layout
    if layout is None:
        return True
    return not (sheet.hidden and layout.hidden == "skip") and (
        not layout.sheets or any(fnmatchcase(plain(sheet.sheet), plain(name)) for name in layout.sheets)
    )


def _is_turned(ledger: Ledger) -> bool:
    """Whether the contract says that its tables do not lie in the plain layout."""
    layout = ledger.layout
    return layout is not None and ("across" in (layout.places, layout.periods) or layout.measures in ("down", "title"))


def _names_fit(sheet: Sheet, ledger: Ledger) -> bool:
    """Whether a few heads are unknown to all, so that they may be names of places, and the table is small enough to look into."""
    return ledger.table == "observation" and len(sheet.heads) > 1 and any(c.measure for c in ledger.columns)


def guess(sheet: Sheet, ledgers: Sequence[Ledger]) -> list[tuple[Ledger, dict[str, int]]]:
    """The contracts with the columns that the sheet has of each, the likeliest first."""
    tried = [_Try(sheet, ledger, _columns(sheet, ledger)) for ledger in ledgers]
    return [(t.ledger, t.columns) for t in sorted(tried, key=lambda t: -t.score)]


def match_as(sheet: Sheet, ledger: Ledger, columns: dict[str, int], catalogue: Catalogue) -> Match:
    """The sheet under a contract and with columns that a person chose."""
    return _match(_Try(sheet, ledger, columns), catalogue)


def missing_columns(sheet: Sheet, ledger: Ledger, columns: dict[str, int]) -> list[str]:
    """The names of the needed columns that are not among ``columns``."""
    return _missing(sheet, ledger, columns)


def _columns(sheet: Sheet, ledger: Ledger) -> dict[str, int]:
    """Columns of the contract that the sheet has: by their names first, then by synonyms among the heads that are left.

    Two columns of a contract with the same name read the same column of the sheet.
    """
    turned = frozenset((sheet.roles or {}).values())
    return dict(_named(_Same(ledger), tuple(sheet.heads), turned, tuple(_by_place(sheet, ledger).items())))


@dataclass(frozen=True, eq=False)
class _Same:
    """A contract as the key of what is remembered of it: this very one, since another may have its id."""

    ledger: Ledger

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.ledger is other.ledger

    def __hash__(self) -> int:
        return id(self.ledger)


@lru_cache(maxsize=8192)  # a street sends the same layout month by month
def _named(
    same: _Same, heads: tuple[str, ...], turned: frozenset[int], by_place: tuple[tuple[str, int], ...]
) -> Mapping[str, int]:
    forms, found = _forms(heads), dict(by_place)
    columns = same.ledger.columns
    for column in columns:
        at = next((forms[f] for f in _written((column.name,)) if f in forms), None)
        if column.id not in found and at is not None and at not in turned:
            found[column.id] = at
    taken = set(found.values())
    for column in columns:
        if column.id not in found:
            index = next((forms[n] for n in _written(column.synonyms) if n in forms and forms[n] not in taken), None)
            if index is not None:
                found[column.id] = index
                taken.add(index)
    return found


@lru_cache(maxsize=8192)
def _known_heads(same: _Same, heads: tuple[str, ...]) -> int:
    """How many of some heads a contract knows."""
    return len(set(_named(same, heads, frozenset(), ()).values()))


@lru_cache(maxsize=8192)
def _written(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of a contract in the forms in which heads are compared."""
    return tuple(dict.fromkeys(form for name in names for form in (normal(name), joined(name))))


def _by_place(sheet: Sheet, ledger: Ledger) -> dict[str, int]:
    """Columns that are known without their heads: those of a turned table, and those whose letters the contract gives."""
    found, roles = {}, sheet.roles or {}
    for column in ledger.columns if roles or _has_letters(_Same(ledger)) else ():
        if column.type == "place" and column.id == ledger.place and "place" in roles:
            found[column.id] = roles["place"]
        elif column.type == "period" and "period" in roles:
            found[column.id] = roles["period"]
        elif column.at and not sheet.origins:
            letters = [sheet.column(i) for i in range(len(sheet.heads))]
            if column.at.upper() in letters:
                found[column.id] = letters.index(column.at.upper())
    return found


@lru_cache(maxsize=1024)
def _has_letters(same: _Same) -> bool:
    """Whether the contract knows columns by their letters."""
    return any(column.at for column in same.ledger.columns)


@lru_cache(maxsize=256)  # each contract asks for the same sheet
def _forms(heads: tuple[str, ...]) -> Mapping[str, int]:
    """Each spelling of each head → its column. A whole head comes before parts; a part that occurs twice tells nothing."""
    whole: dict[str, int] = {}
    parts: dict[str, list[int]] = {}
    for index, head in enumerate(heads):
        first, *rest = spellings(head) or ("",)
        if first:
            whole.setdefault(first, index)
        bare = [form for whole_form in (first, *rest) if (form := re.sub(r"\([^()]*\)", "", whole_form)) != whole_form]
        for part in dict.fromkeys((*rest, *bare)):
            parts.setdefault(part, []).append(index)
    single = {part: columns[0] for part, columns in parts.items() if part and len(columns) == 1}
    return {**single, **whole}


def _needed(ledger: Ledger) -> list[Column]:
    return [
        c for c in ledger.columns if c.required or c.id in ledger.key or (c.type == "place" and ledger.table == "observation")
    ]


def _missing(sheet: Sheet, ledger: Ledger, columns: dict[str, int]) -> list[str]:
    missing = [c.name for c in _needed(ledger) if c.id not in columns and not (c.type == "period" and period_of(sheet, ledger))]
    if ledger.table == "observation" and not any(c.measure or c.type == "measure" for c in ledger.columns if c.id in columns):
        missing.append("任何一项数字")
    return missing


def period_of(sheet: Sheet, ledger: Ledger) -> Period | None:
    """The period that a table of figures speaks of as a whole: its title, its sheet, its file, or what the contract declares."""
    if ledger.table != "observation":
        return None
    texts = (*sheet.title, sheet.sheet, Path(sheet.file).stem)
    declared = (ledger.layout.period,) if ledger.layout and ledger.layout.period else ()
    for grain in (ledger.grain,) if ledger.grain else EXAMPLES:
        if found := find_period((*declared, *texts), grain, ledger.minguo):
            return found
    return None


def _covers(tried: _Try) -> bool:
    """Whether enough of the sheet's heads are the contract's for it to be this ledger and not a distant relation.

    A contract that says which sheets or which layout it reads may take a few columns of many.
    """
    if tried.ledger.layout is not None:
        return True
    heads = [i for i, head in enumerate(tried.sheet.heads) if head and normal(head) not in _FOR_PEOPLE]
    return 5 * len(set(tried.columns.values())) >= 2 * len(heads)


def _what_is_missing(sheet: Sheet, best: _Try | None) -> str:
    seen = "、".join([head for head in sheet.heads if head][:6])
    item = next((match[1] for title in sheet.title if (match := ITEM_TITLE.match(title))), "")
    if item and may_be_turned(sheet) and (best is None or best.score < 4):
        return f"{sheet.place}标题写的指标“{item}”不在台账约定里。请核对指标名称，或在台账约定里加上这一列后重新上报。"
    if best is None or best.score < 4:
        return f"{sheet.place}认不出是哪种台账：表头“{seen}”与各台账约定的列名对不上。请对照模板改表头，或在台账约定里加同义词后重新上报。"
    ledger = best.ledger
    missing = "、".join(f"“{name}”" for name in best.missing)
    if not missing:
        return f"{sheet.place}像是“{ledger.name}”，但多数表头不在约定中：“{seen}”。请对照模板改表头，或在台账约定里加同义词后重新上报。"
    return f"{sheet.place}像是“{ledger.name}”，但缺少列{missing}。请补上这些列，或在台账约定里给它们加同义词后重新上报。"


def _refuse_other_units(sheet: Sheet, times: Mapping[str, Decimal], bases: Mapping[str, str]) -> None:
    """Raise NotRecognised where a place has a unit of its own in its head that is not that of the table: 香港(亿港元) among 亿元."""
    for head, unit in sheet.place_units:
        for column, base in bases.items():
            if base and factor(unit, base) != times[column]:
                raise NotRecognised(
                    f"{sheet.place}表头“{head}”的单位“{unit}”与这张表的单位不一致（应换算成“{base}”）。请换算后重新上报，或把这一列移到另一张表。"
                )


def _match(found: _Try, catalogue: Catalogue) -> Match:
    sheet, ledger, columns = found.sheet, found.ledger, dict(found.columns)
    roles = sheet.roles or {}
    if "period" in roles and not any(c.type == "period" for c in ledger.columns):
        # The contract expects one period a sheet; this sheet has several, side by side.
        period = Column(id="period", name="时期", type="period")
        ledger = ledger.model_copy(update={"columns": (*ledger.columns, period)})
        columns["period"] = roles["period"]
    if "place" in roles and ledger.place not in columns:
        # A table of one place, which the contract names as a whole.
        place = Column(id=ledger.place, name="地点", type="place")
        ledger = ledger.model_copy(update={"columns": (*ledger.columns, place)})
        columns[ledger.place] = roles["place"]
    times, units, bases = {}, {}, {}
    for column in ledger.columns:
        if column.id in columns and column.type in NUMERIC:
            base = bases[column.id] = base_unit(column, catalogue)
            units[column.id], times[column.id] = _unit(sheet, columns[column.id], base, column, ledger)
    _refuse_other_units(sheet, times, bases)
    used = set(columns.values())
    ignored = tuple(
        i
        for i, head in enumerate(sheet.heads)
        if head and i not in {*used, *roles.values(), *sheet.sources, *sheet.spent} and normal(head) not in _FOR_PEOPLE
    )
    return Match(sheet, ledger, columns, times, units, ignored)


def base_unit(column: Column, catalogue: Catalogue) -> str:
    """The unit in which a column's numbers are kept."""
    if column.type == "percent":
        return "%"
    return column.unit or (catalogue.measures[column.measure].unit if column.measure else "")


def _unit(sheet: Sheet, index: int, base: str, column: Column, ledger: Ledger) -> tuple[str, Decimal]:
    """The unit above a column (its own head, else “单位：万元” in the title) and the multiple that leads to ``base``."""
    head = sheet.heads[index]
    unit = split_head(head)[1] or bracketed(head, base)
    if unit and base:
        times = factor(unit, base)
        if times is None:
            raise NotRecognised(
                f"{sheet.place}第 {sheet.head_row} 行表头“{head}”的单位“{unit}”与约定的单位“{base}”不一致。请换算成“{base}”后重新上报。"
            )
        return unit, times
    layout_unit = ledger.layout.unit if ledger.layout and column.measure else ""
    if (declared := column.written_unit or layout_unit) and base:
        times = factor(declared, base)
        if times is None:
            raise NotRecognised(
                f"台账约定“{ledger.name}”写明列“{column.name}”的数字以“{declared}”填写，与单位“{base}”不能换算。请改正约定后重新上报。"
            )
        return declared, times
    for title in map(simplified, sheet.title):  # the first unit that fits, whatever multiple it or the base has
        for stated in re.findall(r"单位[:：]\s*([^\s，,；;（(）)]+)", title):
            for one in re.split(r"[、和]", stated):  # 单位：万人、%
                if base and (times := of_title(one, base)) is not None:
                    return one if times != 1 else "", times
    return "", Decimal(1)
