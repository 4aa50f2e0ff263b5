"""A table in another layout → the plain one: a row a place and period, a column a measure.

Periods or places may stand across, measures down, a single measure in the title. Proposals are made from the looks of the table and
the names that a contract knows; recognise.py takes the one that fits. Large tables are only cut and stacked column by column; only
where measures stand down, cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow.compute as pc

from etl.calendars import common_era
from etl.extract import Sheet
from etl.heads import is_known, joined, normal, spellings
from etl.sorts import is_number
from etl.spans import are_periods, grain_of, is_period, months_in_full, period_text
from etl.stack import Slice, pivoted, stacked
from etl.traditional import either
from etl.wording import LONE_NOTE, NOTE_ROW, plain
from jiejian.catalogue import Column, Layout, Ledger

_NO_LAYOUT = Layout()
_UNITS = frozenset(("单位", "计量单位", "计算单位", "数量单位"))
_SERIALS = frozenset(("序号", "编号", "no", "行号", "行次", "代码", ""))
_TIMES = frozenset(["年份", "年度", "年", "月份", "月", "时间", "时期", "期间", "季度", "统计时间", "报告期"])
_VALUES = frozenset(
    ["数值", "数量", "数据", "本期", "本月", "本年", "本期数", "本月数", "期末数", "完成数", "实绩", "值", "合计"]
)
ITEM_TITLE = re.compile(either(r"^(?:指标|项目)(?:名称)?[:：]\s*(.+)$"))
_NUMBERING = re.compile(
    r"^(?:([一二三四五六七八九十]+、)|([（(][一二三四五六七八九十]+[)）])|(\d{1,2}[.、．](?!\d))|([（(]\d{1,2}[)）]))"
)
_BRACKET = re.compile(r"\([^()]*\)$")
_OF_WHICH = re.compile(r"^其中[:：、]?")
_PLACE_UNIT = re.compile(r"^(?P<place>.+?)\((?:单位:)?(?P<unit>[百千万亿]+[^\d()区县市镇乡村]{1,5}|[^\d()]{0,3}元|%|‰|人次?|户|件)\)$")
# Beyond so many rows nobody writes measures below each other.
_LONGEST = 200_000
# More different texts than this in a column are no list of measures.
_MOST_LABELS = 5_000
_LABEL_COLUMNS = 8


def other_layouts(sheet: Sheet, ledger: Ledger) -> Iterator[Sheet]:
    """The table in the plain layout, in each way in which it may be meant under this contract; none when it is plain already."""
    if ledger.table != "observation":
        return
    table = _Reading(sheet, ledger)
    if found := table.proposal():
        yield found


def may_be_turned(sheet: Sheet) -> bool:
    """Whether the heads alone say that periods stand across."""
    return sum(are_periods([head.split("/") for head in sheet.heads])) > 1


@dataclass
class _Reading:
    """One table as one contract may mean it."""

    sheet: Sheet
    ledger: Ledger

    @property
    def layout(self) -> Layout:
        return self.ledger.layout or _NO_LAYOUT

    # ---- what stands across ----

    @cached_property
    def parts(self) -> list[list[str]]:
        return months_in_full([[common_era(part, self.ledger.minguo) for part in head.split("/") if part] for head in self.sheet.heads])

    @cached_property
    def said(self) -> tuple[str, ...]:
        """Where a year may stand that a head does not write: the contract, the titles, the names of sheet and file."""
        declared = (self.layout.period,) if self.layout.period else ()
        titles = (*self.sheet.title, self.sheet.sheet, self.sheet.file)
        return (*declared, *(common_era(title, self.ledger.minguo) for title in titles))

    @cached_property
    def timed(self) -> list[bool]:
        """Which columns have a period in their head; none where the contract says that periods do not stand across."""
        if self.layout.periods not in ("", "across"):
            return [False] * len(self.parts)
        found = are_periods(self.parts)
        if self.layout.periods == "across":
            found = [timed or any(is_period(p) for p in parts) for timed, parts in zip(found, self.parts, strict=True)]
        return found if sum(found) > 1 or self.layout.periods == "across" else [False] * len(found)

    @cached_property
    def named(self) -> dict[str, Column]:
        """The spellings of the contract's measures."""
        return {form: c for c in self.ledger.columns if c.measure for name in c.heads for form in (normal(name), joined(name))}

    def is_measure(self, text: str) -> bool:
        """Whether the contract has a measure of this name; what stands in brackets may be a unit that nobody knows (万吨标准煤)."""
        return any(form in self.named or _BRACKET.sub("", form) in self.named for form in spellings(text))

    # ---- what stands down ----

    @cached_property
    def items(self) -> int | None:
        """The column that names measures row by row."""
        if self.layout.measures not in ("", "down"):
            return None
        if self.layout.items:
            return self._column(self.layout.items)
        if self.body.num_rows > _LONGEST:
            return None
        best, most = None, 0
        for column in self._labels_first():
            labels = pc.unique(self.body.column(f"c{column}")).to_pylist()
            if len(labels) > _MOST_LABELS:
                continue
            found = len({text for text in map(_bare, filter(None, labels)) if text and self.is_measure(text)})
            if found > most:
                best, most = column, found
        return best

    def _labels_first(self) -> list[int]:
        return [i for i, timed in enumerate(self.timed) if not timed][:_LABEL_COLUMNS]

    def texts(self, column: int) -> list[str]:
        """The cells of a column of the body, labels merged over rows filled down."""
        if column not in self._texts:
            self._texts[column] = [v or "" for v in self.body.column(f"c{column}").to_pylist()]
        return self._texts[column]

    @cached_property
    def _texts(self) -> dict[int, list[str]]:
        return {}

    @cached_property
    def body(self):
        return self.sheet.table()

    def _column(self, name: str) -> int | None:
        """A column by its head, or by its letters in the spreadsheet."""
        for index, head in enumerate(self.sheet.heads):
            if normal(name) in spellings(head):
                return index
        letters = [self.sheet.column(i) for i in range(len(self.sheet.heads))]
        return letters.index(name.upper()) if name.upper() in letters else None

    def _headed(self, column: Column) -> int | None:
        """Where a column of the contract stands by its letters or its head."""
        if column.at:
            return self._column(column.at)
        forms = {normal(name) for name in column.heads}
        return next((i for i, head in enumerate(self.sheet.heads) if forms & set(spellings(head))), None)

    def _of_type(self, kind: str) -> Column | None:
        return next((c for c in self.ledger.columns if c.type == kind), None)

    @cached_property
    def place(self) -> int | None:
        """The column of places down: by its head, else the only column of words that is nothing else."""
        if self.layout.places == "across":
            return None
        if self.sheet.roles and "place" in self.sheet.roles:
            return self.sheet.roles["place"]
        contract = next((c for c in self.ledger.columns if c.id == self.ledger.place), None)
        if contract is None:
            return None
        found = self._headed(contract)
        if found is not None or (self.items is None and not any(self.timed)):
            return found
        words = [i for i in self._labels_first() if self._is_words(i)]
        return words[-1] if words else None

    def _is_words(self, column: int) -> bool:
        head = normal(self.sheet.heads[column])
        if column in (self.items, self.period, self.unit) or head in _VALUES or any(self.timed[:column]):
            return False
        texts = [t for t in self.texts(column) if t]
        worded = [t for t in texts if not re.match(r"^[-+\d.,%]+$", t) and not self.is_measure(_bare(t))]
        return 2 * len(worded) > len(self.texts(column)) and len(worded) > 0.8 * len(texts)

    @cached_property
    def period(self) -> int | None:
        """The column of periods down."""
        if any(self.timed):
            return None
        if self.sheet.roles and "period" in self.sheet.roles:
            return self.sheet.roles["period"]
        contract = self._of_type("period")
        found = self._headed(contract) if contract else None
        if found is None:
            heads = [normal(head) for head in self.sheet.heads[:_LABEL_COLUMNS]]
            found = next((i for i, head in enumerate(heads) if head in _TIMES and i != self.items), None)
        return found

    @cached_property
    def unit(self) -> int | None:
        return next((i for i, head in enumerate(self.sheet.heads) if normal(head) in _UNITS and not self.timed[i]), None)

    @cached_property
    def places_across(self) -> bool:
        """Whether the heads are places: declared, or nothing else is left for them to be."""
        if self.layout.places:
            return self.layout.places == "across"
        has_places = any(c.id == self.ledger.place for c in self.ledger.columns)
        if not has_places or any(self.timed) or self.place is not None:
            return False
        return self.items is not None or self.period is not None

    # ---- together ----

    def proposal(self) -> Sheet | None:
        if len(self.sheet.heads) < 2 or not (any(self.timed) or self.places_across or self.items is not None):
            return None
        if self.items is not None and self.body.num_rows > _LONGEST:
            return None
        values = self._values()
        slices = self._slices(values)
        if not slices:
            return None
        build = self._pivot if self.items is not None else self._stack
        return build(slices, values)

    def _values(self) -> list[int]:
        """The columns that hold figures."""
        if any(self.timed):
            return [i for i, timed in enumerate(self.timed) if timed and self._grain_fits(i)]
        labels = [i for i in (self.items, self.period, self.place, self.unit) if i is not None and i not in self.sheet.made]
        last = max(labels, default=-1)
        right = [i for i in range(last + 1, len(self.sheet.heads)) if self.sheet.heads[i] and i not in self.sheet.made]
        if self.places_across:
            return [i for i in right if normal(self.sheet.heads[i]) not in ("备注", "说明", "单位")]
        # Measures down and nothing across: of 本期 上年同期 同比 only the first is the figure.
        return [i for i in right if normal(self.sheet.heads[i]) in _VALUES][:1] or right[:1]

    def _grain_fits(self, column: int) -> bool:
        text = self._period(column)
        return not self.ledger.grain or grain_of(text) in ("", self.ledger.grain)

    def _period(self, column: int) -> str:
        return period_text(self.parts[column], self.said)

    def _slices(self, values: Sequence[int]) -> list[Slice]:
        """The columns of figures by the period and the place that their heads name; each with its measure."""
        found: dict[tuple[str, str], list[dict[str, int]]] = {}
        before: dict[tuple[str, ...], int] = {}
        for column in values:
            rest = [part for part in self.parts[column] if not (self.timed[column] and is_period(part))]
            place = ""
            if self.places_across:
                measures = [part for part in rest if self.is_measure(part)] if self.items is None else []
                others = [part for part in rest if part not in measures]
                place, rest = (others[-1] if others else ""), measures
                if not place:
                    continue
                place = self._without_unit(place)
            measure = "/".join(rest) if self.items is None else ""
            head = measure if measure and (self.places_across or self.is_measure(measure)) else self._single(measure)
            if head is None and self.items is None:
                continue
            pieces = found.setdefault((self._period(column) if self.timed[column] else "", place), [{}])
            # A head that stands there twice is no second way of counting: both are held against each other, as rows are.
            twice = before.setdefault(tuple(map(plain, self.parts[column])), column) != column
            if twice and (head or "") in pieces[-1]:
                pieces.append({})
            pieces[-1].setdefault(head or "", column)
        return [Slice(period, place, measures) for (period, place), pieces in found.items() for measures in pieces]

    def _without_unit(self, place: str) -> str:
        """A place in a head without the unit that stands in brackets behind it, which is noted: 香港(亿港元)."""
        match = _PLACE_UNIT.match(plain(place))
        if not match:
            return place
        self.place_units[place] = match["unit"]
        return match["place"]

    @cached_property
    def place_units(self) -> dict[str, str]:
        """Heads of places with a unit of their own → the unit."""
        return {}

    def _single(self, rest: str) -> str | None:
        """The measure that the whole table is about: what the title says, else the only one of the contract."""
        if rest and not self._one():
            return rest  # a head of its own that the contract does not know: to be named as such
        for title in self.sheet.title:
            if (match := ITEM_TITLE.match(title)) and (self.is_measure(match[1]) or self._one()):
                return match[1] if self.is_measure(match[1]) else self._with_unit(match[1])
        spoken = normal("".join((*self.sheet.title, self.sheet.sheet)))
        named = [form for form in self.named if form and form in spoken]
        if named:
            return max(named, key=len)
        only = self._one()
        return only.name if only else None

    def _one(self) -> Column | None:
        measured = [c for c in self.ledger.columns if c.measure]
        if len(measured) == 1:
            return measured[0]
        return next((c for c in self.ledger.columns if c.id == "value"), None) if self._of_type("measure") else None

    def _with_unit(self, title: str) -> str:
        """The name of the only measure with the unit that the title writes."""
        from etl.units import split_head

        unit = split_head(title)[1]
        name = self._one().name
        return f"{split_head(name)[0]}({unit})" if unit else name

    # ---- building ----

    def _labels(self, values: Sequence[int]) -> list[int]:
        return [i for i in range(len(self.sheet.heads)) if i not in values and not self.timed[i]]

    def _roles(self, labels: Sequence[int], slices: Sequence[Slice]) -> tuple[list[str], dict[str, int]]:
        """Heads of the label columns and of those that are made from the heads, and which are place and period."""
        heads, roles = [self.sheet.heads[i] for i in labels], {}
        if self.place in labels:
            roles["place"] = labels.index(self.place)
        if self.period in labels:
            roles["period"] = labels.index(self.period)
        if any(s.period for s in slices):
            roles["period"] = len(heads)
            heads.append("时期")
        if any(s.place for s in slices):
            roles["place"] = len(heads)
            heads.append("地点")
        return heads, roles

    def _made(self, heads: Sequence[str], roles: dict[str, int], table: Callable) -> Sheet:
        return replace(
            self.sheet, heads=tuple(heads), roles=roles, table=table, origins=True, notes=self._notes(), made=(), sources=(), spent=(), scan=None,
            place_units=tuple(self.place_units.items()),
        )  # fmt: skip

    def _stack(self, slices: list[Slice], values: Sequence[int]) -> Sheet:
        labels = self._labels(values)
        heads, roles = self._roles(labels, slices)
        measures = list(dict.fromkeys(m for s in slices for m in s.measures))
        keep = None if self.body.num_rows > _LONGEST else self._kept(values)
        years = self._years(labels, roles)

        def table():
            return stacked(self.body, keep, labels, slices, measures, self.sheet.left, roles, years)

        return self._made([*heads, *measures], roles, table)

    def _pivot(self, slices: list[Slice], values: Sequence[int]) -> Sheet:
        labels = [i for i in (self.place, self.period) if i is not None]
        heads, roles = self._roles(labels, slices)
        kept = self._kept(values)
        names = [name if keep else "" for name, keep in zip(self._item_names(), kept, strict=True)]
        measures = list(dict.fromkeys(filter(None, names)))
        columns = [self.texts(i) for i in labels]
        unnamed = self._unnamed(names, values)
        if "period" in roles and roles["period"] < len(columns):
            columns[roles["period"]] = [self._full(t) for t in columns[roles["period"]]]

        def table():
            return pivoted(self.body, kept, columns, names, slices, measures, self.sheet.left)

        return replace(self._made([*heads, *measures], roles, table), unnamed=unnamed)

    def _unnamed(self, names: Sequence[str], values: Sequence[int]) -> tuple[int, ...]:
        """The rows of the spreadsheet that have a figure but no name of a measure."""
        rows = [i for i, name in enumerate(names) if not name]
        if not rows:
            return ()
        body = self.body.take(rows)
        figures = [body.column(f"c{column}").to_pylist() for column in values]
        lines = body.column("row").to_pylist()
        return tuple(line for n, line in enumerate(lines) if any(is_number(plain(column[n] or "")) for column in figures))

    def _years(self, labels: Sequence[int], roles: dict[str, int]) -> dict[str, str] | None:
        """For a column of months without a year: each as written → with its year."""
        at = roles.get("period")
        if at is None or at >= len(labels):
            return None
        written = set(self.texts(labels[at])) - {""}
        full = {text: self._full(text) for text in written}
        return full if any(k != v for k, v in full.items()) else None

    def _full(self, text: str) -> str:
        era = common_era(text, self.ledger.minguo)
        return period_text([era], self.said) or text if is_period(era) else text

    def _item_names(self) -> list[str]:
        """Row by row the measure as a head: its path by indentation, numbering and 其中, with the unit of its row."""
        texts = self.texts(self.items)
        raw = self.sheet.labels(self.items) if self.sheet.labels else texts
        raw = [r if type(r) is str and r.strip() else t for r, t in zip(raw, texts, strict=False)]
        units = self.texts(self.unit) if self.unit is not None else [""] * len(texts)
        return [f"{name}({unit})" if name and _says(unit) else name for name, unit in zip(item_paths(raw), units, strict=False)]

    def _kept(self, values: Sequence[int]) -> list[bool]:
        """Which rows of the body are of the table: those with a figure, and places whose figures are blank; no notes."""
        filled = [False] * self.body.num_rows
        for column in values:
            valid = self.body.column(f"c{column}").is_valid().to_pylist()
            filled = [a or b for a, b in zip(filled, valid, strict=True)]
        label = next((i for i in (self.place, self.period, self.items) if i is not None and i not in self.sheet.made), None)
        lead = self._lead()
        texts = self.texts(label) if label is not None else lead
        return [f or (bool(t) and not _is_note(l)) for f, t, l in zip(filled, texts, lead, strict=True)]

    def _lead(self) -> list[str]:
        import pyarrow.compute as pc

        written = [f"c{i}" for i in range(len(self.sheet.heads)) if i not in self.sheet.made]
        return [t or "" for t in pc.coalesce(*map(self.body.column, written)).to_pylist()]

    def _notes(self) -> tuple[str, ...]:
        """What is written below the table: 注：…, 数据来源：…."""
        if self.body.num_rows > _LONGEST:
            return ()
        return tuple(t for t in self._lead()[-40:] if _is_note(t))


def _is_note(text: str) -> bool:
    return bool(
        re.match(NOTE_ROW, plain(text))
        or re.match(LONE_NOTE, plain(text))
        or re.search(r"[：:；;，。！]", text)
        or len(text) > 20
    )


def _bare(text: str) -> str:
    """The name of a measure in a row: without numbering and 其中."""
    return _OF_WHICH.sub("", _NUMBERING.sub("", re.sub(r"\s+", "", text))) if text else ""


def _says(unit: str) -> bool:
    return plain(unit) not in ("", "-", "—", "--")


def item_paths(raw: Sequence[str]) -> list[str]:
    """Names of measures below each other → each with those above it: 人口/男. Depth is told by numbering, leading blanks and 其中."""
    numbered = any(_numbering(text) for text in raw)
    path: list[tuple[tuple[int, int], str, bool]] = []
    found = []
    for text in raw:
        name, blanks = _bare(text), _blanks(text)
        depth = (_numbering(text) or (9 if numbered else 0), blanks)
        of_which = bool(_OF_WHICH.match(_NUMBERING.sub("", re.sub(r"\s+", "", text))))
        if not name:
            found.append("")
            continue
        last = path[-1] if path else None
        # What follows 其中：男 further in stands beside it, not below it.
        beside = bool(last and last[2] and len(path) > 1 and not _numbering(text) and blanks > path[-2][0][1])
        if last and last[1] == name and last[0] == depth:
            pass  # a label merged over rows
        elif of_which or beside:
            while path and path[-1][2]:
                path.pop()
            path.append(((99, blanks), name, True))
        else:
            while path and path[-1][0] >= depth:
                path.pop()
            path.append((depth, name, False))
        found.append("/".join(part for _, part, _ in path))
    return found


def _numbering(text: str) -> int:
    """一、 is 1, （一） 2, 1. 3 and (1) 4; 0 without a number."""
    match = _NUMBERING.match(re.sub(r"\s+", "", text))
    return next((n for n, group in enumerate(match.groups(), 1) if group), 0) if match else 0


def _blanks(text: str) -> int:
    return sum(2 if sign == "\u3000" else 1 for sign in re.match(r"^[\s\u3000\u00a0]*", text).group())


__all__ = ["is_known", "may_be_turned", "other_layouts"]
