"""What may be declared, as frozen classes: a misspelt key in a YAML block is an error, not a silent default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from jiejian.catalogue.decks import Deck
from jiejian.catalogue.declared import Declaration, Names, Unit
from jiejian.catalogue.ledgers import Ledger

Kind = Literal["stock", "flow", "distinct", "cumulative", "as_reported", "rule", "date"]
MetricKind = Literal["count", "proportion", "rate", "ratio", "as_reported"]
Direction = Literal["higher", "lower", "neutral"]

_CONDITION = re.compile(r"^(\w+)\s*(?:(<=|>=|!=|=|<|>)\s*(.+?)(\s+or is empty)?|(is empty|is given))$")


class Condition(Declaration):
    """One comparison of a roll-up's ``where`` list: column, operator, and a column or a literal.

    An empty cell fulfils no comparison, unless it ends in ``or is empty``.
    """

    column: str
    op: Literal["=", "!=", "<", "<=", ">", ">=", "is empty", "is given"]
    operand: str = ""
    or_empty: bool = False

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read ``closed_at <= due_at``, ``kind = 纠纷``, ``ended_on > due_on or is empty`` or ``closed_at is empty``.

        ValueError otherwise.
        """
        match = _CONDITION.match(text.strip())
        if not match:
            raise ValueError(f"看不懂的条件“{text}”，应写成“列 运算符 值”")
        column, op, operand, or_empty, emptiness = match.groups()
        return cls(column=column, op=emptiness or op, operand=(operand or "").strip(), or_empty=bool(or_empty))


class Rollup(Declaration):
    """How a measure is counted from an event table.

    A flow is counted on the day ``at``; a stock is a running balance: what began by then (``start``) less what ended
    (``end``); a distinct count counts different values of ``distinct`` within each period. ``value`` names the column
    that is added up, less the columns in ``less``; without it every event counts one. A stock with ``distinct`` counts each
    value once, from its first start to its last end. ``by`` names the breakdowns that pages draw. With ``take: last`` the month's figure is
    ``value`` as it stands on the last day ``at`` of the month that tells one: a state that is written down day by day.
    """

    table: str
    at: str = ""
    start: str = ""
    end: str = ""
    distinct: str = ""
    value: str = ""
    take: Literal["sum", "last"] = "sum"
    less: Names = ()
    where: Annotated[
        tuple[Condition, ...],
        BeforeValidator(lambda v: [Condition.parse(t) if isinstance(t, str) else t for t in (v or [])]),
    ] = ()
    by: Names = ()


class Part(Declaration):
    """A measure that is one category of a whole, as a ledger with a column for each category reports it.

    ``of`` is the whole, ``by`` the word for the breakdown (年龄), ``category`` the name of this part (35岁及以下).
    """

    of: str
    by: str
    category: str


class Measure(Declaration):
    """What is counted. ``unit`` is the base unit; ``kind`` decides what may be added (see house rules in README)."""

    id: str
    name: str
    name_en: str
    unit: Unit
    kind: Kind
    rollup: Rollup | None = None
    part: Part | None = None
    precedence: Literal["reported", "rolled_up"] = "reported"
    across_places: Literal["add", "none"] = "add"
    # Counts of residents or members of whom a few could be told apart: a small figure of a community is not shown.
    people: bool = False
    note: str = ""

    @property
    def takes_last(self) -> bool:
        """Whether a month's figure is that of its last day, and neither a sum nor a balance."""
        return bool(self.rollup and self.rollup.take == "last")

    @property
    def adds_across_places(self) -> bool:
        """Whether a street's figure is the sum of its communities' (persons counted once are not)."""
        return self.across_places == "add" and self.kind not in ("distinct", "as_reported")


class Metric(Declaration):
    """A figure that people read. The only place where its name, unit, direction and definition stand.

    ``count`` and ``as_reported`` name one ``measure``; ``proportion``, ``rate`` and ``ratio`` name numerators and
    denominators (a list is added up). A rate is per ``per`` units of its denominator. Of a figure that goes on rising
    while what it counts is still being done, the latest ``settles_after`` months are not judged.
    """

    id: str
    name: str
    name_en: str
    kind: MetricKind
    measure: str = ""
    numerator: Names = ()
    denominator: Names = ()
    per: float = 1
    unit: str
    decimals: int = Field(0, ge=0, le=4)
    better: Direction
    settles_after: int = Field(0, ge=0, le=24)
    definition: str
    practices: Names = ()
    datasets: Names = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """All measures that this metric reads, numerator first."""
        return (self.measure,) if self.measure else (*self.numerator, *self.denominator)

    @property
    def parts(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Measures above and below the line; a count has nothing below."""
        return ((self.measure,), ()) if self.measure else (self.numerator, self.denominator)

    @property
    def is_share(self) -> bool:
        """Whether differences are percentage points (个百分点) rather than percent."""
        return self.unit == "%"


class Group(Declaration):
    name: str
    metrics: Names


class Grouping(Declaration):
    """A way to read metrics: 四位一体, 五心, 三维服务, or a street's own."""

    id: str
    name: str
    practices: Names = ()
    note: str = ""
    groups: tuple[Group, ...]


class Standard(Declaration):
    """An official reference line, with the document that sets it and the years for which it is valid."""

    id: str
    name: str
    metric: str
    value: float
    bound: Literal["at_least", "at_most"]
    unit: str
    document: str
    issued_by: str
    clause: str = ""
    valid_from: int
    valid_to: int | None = None
    note: str = ""

    def passed(self, today: date) -> bool:
        """Whether the years of validity lie behind ``today``."""
        return self.valid_to is not None and today.year > self.valid_to

    def label(self, today: date) -> str:
        """The words on the reference line; says when its years have passed."""
        bound = "≥" if self.bound == "at_least" else "≤"
        text = f"参考标准 {bound}{self.value:g}{self.unit}"
        return f"{text}（规划期{self.valid_from}—{self.valid_to}年，已期满）" if self.passed(today) else text


class Practice(Declaration):
    """A working system (S1–S36, B1–B3 or a street's own) that metrics point to.

    ``figures`` are numbers of published figures, ``page`` the page that draws it, ``metrics`` those that a street names
    itself beside the metrics that point to it, ``where`` the place of a practice that no article tells of.
    """

    id: str
    name: str
    articles: Names = ()
    what: str
    page: str = ""
    where: str = ""
    figures: Names = ()
    metrics: Names = ()


class Dataset(Declaration):
    """A body of figures that is never mixed with another."""

    id: str
    name: str
    mode: Literal["periodic", "published"]
    fictional: bool = False
    unit_of_comparison: str = "社区"
    note: str


class TimeLimit(Declaration):
    """How long a case of some tiers or categories may take; used where the ledger itself gives no 截止时间."""

    id: str
    name: str
    days: int = Field(gt=0)
    count: Literal["natural", "working"] = "natural"
    tiers: Names = ()
    categories: Names = ()
    document: str = ""


class HolidayYear(Declaration):
    """The public holidays of one year (the id) as the State Council's notice sets them, with the weekends that are worked."""

    id: str = Field(pattern=r"^20[0-4]\d$")
    document: str
    holidays: tuple[date, ...]
    workdays: tuple[date, ...] = ()

    @property
    def year(self) -> int:
        return int(self.id)


class CompositeRate(Declaration):
    """Rates put together into one figure, with visible weights (parts of the whole, whatever they add up to)."""

    id: str
    name: str
    weights: Mapping[str, Annotated[float, Field(ge=0)]]
    document: str = ""
    note: str = ""


class Likeness(Declaration):
    """A trait by which communities are alike: a metric, as it is or on a logarithmic scale, or per square kilometre."""

    id: str
    name: str
    metric: str
    scale: Literal["plain", "log"] = "plain"
    per_area: bool = False
    weight: Annotated[float, Field(ge=0)] = 1.0


class Setting(Declaration):
    """Something that a street switches on or off; ``least`` is the smallest count of people that is shown."""

    id: str
    enabled: bool
    least: int = Field(0, ge=0, le=100)
    note: str = ""


class Correction(Declaration):
    """A figure that was sent wrongly and is put right here: what is expected in the source, what it becomes, why, who, when.

    A reported figure is named by ``place``, ``measure`` and ``period``; a row of a ledger by ``ledger``, ``key`` and ``column``.
    """

    id: str
    dataset: str = "street"
    place: str = ""
    measure: str = ""
    period: Annotated[str, BeforeValidator(str)] = ""
    ledger: str = ""
    key: Mapping[str, Any] = {}
    column: str = ""
    expected: Any
    becomes: Any
    why: str
    who: str
    date: Annotated[str, BeforeValidator(str)]


class Catalogue(BaseModel):
    """All declarations, by id, in the order in which they are written."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    datasets: Mapping[str, Dataset]
    measures: Mapping[str, Measure]
    metrics: Mapping[str, Metric]
    groupings: Mapping[str, Grouping]
    standards: Mapping[str, Standard]
    practices: Mapping[str, Practice]
    ledgers: Mapping[str, Ledger]
    decks: Mapping[str, Deck]
    time_limits: Mapping[str, TimeLimit] = {}
    holidays: Mapping[str, HolidayYear] = {}
    composites: Mapping[str, CompositeRate] = {}
    likeness: Mapping[str, Likeness] = {}
    settings: Mapping[str, Setting] = {}
    corrections: Mapping[str, Correction] = {}

    def parts_of(self, measure_id: str, by: str) -> tuple[Measure, ...]:
        """The measures that are the categories of a whole, in the order in which they are written."""
        return tuple(m for m in self.measures.values() if m.part and m.part.of == measure_id and m.part.by == by)

    @property
    def registers(self) -> frozenset[str]:
        """The ledgers that are there to bring places."""
        return frozenset(ledger.id for ledger in self.ledgers.values() if ledger.brings_places)

    def standard_of(self, metric_id: str) -> Standard | None:
        """The reference line of a metric, if one can be cited."""
        return next((s for s in self.standards.values() if s.metric == metric_id), None)

    def front_deck(self) -> Deck | None:
        """The deck that is shown where none is asked for, and whose first cards stand on the overview."""
        whole = [deck for deck in self.decks.values() if not deck.subject]
        return self.decks.get("street_overview") or next(iter(whole), None)

    def metrics_of(self, practice_id: str) -> tuple[Metric, ...]:
        """The metrics that show a practice."""
        named = self.practices[practice_id].metrics if practice_id in self.practices else ()
        return tuple(m for m in self.metrics.values() if practice_id in m.practices or m.id in named)

    def tables(self) -> dict[str, list[Ledger]]:
        """Ledgers by the warehouse table that they fill."""
        found: dict[str, list[Ledger]] = {}
        for ledger in self.ledgers.values():
            found.setdefault(ledger.table, []).append(ledger)
        return found
