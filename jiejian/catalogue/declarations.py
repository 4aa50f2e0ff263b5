"""What may be declared, as frozen classes: a misspelt key in a YAML block is an error, not a silent default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Kind = Literal["stock", "flow", "distinct", "cumulative", "as_reported", "rule", "date"]
MetricKind = Literal["count", "proportion", "rate", "ratio", "as_reported"]
Direction = Literal["higher", "lower", "neutral"]


class CatalogueError(Exception):
    """A declaration that cannot be used; the message is a Chinese sentence naming file, block and key."""


def _as_text(value: Any) -> Any:
    """A number written without quotes (period: 2020) is text here; yes, no, on and off would be read as true and false."""
    if isinstance(value, bool):
        raise ValueError("yes、no、on、off、true、false 要加引号")
    return str(value) if isinstance(value, int | float | date) else value


def _given(value: str) -> str:
    if not value.strip():
        raise ValueError("不能留空；比值没有单位的，写成“倍”或“女=100”这样的话")
    return value


def _as_tuple(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(map(_as_text, value))
    return (_as_text(value),) if isinstance(value, str | int | float) else value


# What may stand in ``layout.path`` beside the ids of columns.
ABOVE = ("sheet", "file")
_CONDITION = re.compile(r"^(\w+)\s*(?:(<=|>=|!=|=|<|>)\s*(.+?)(\s+or is empty)?|(is empty|is given))$")

Text = Annotated[str, BeforeValidator(_as_text)]
Unit = Annotated[str, AfterValidator(_given)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Declaration(BaseModel):
    """A block of YAML: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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


class Layout(Declaration):
    """How a table lies on its sheet, where that cannot be found out from the table itself; everything may be left out.

    ``places``, ``periods`` and ``measures`` say where each stands: down (rows), across (heads) or in the title. ``items`` is the
    column that names measures row by row (its head or its letters). ``head_row`` (from 1) and ``head_rows`` fix the head. ``path``
    names the contract's columns that make the path of a place, top first (``sheet`` or ``file``: the place that its name says), ``period_path`` those that make the period (年, 月); ``hierarchy: indent`` takes it from leading blanks,
    ``code`` from codes of six digits in the column ``code``; ``levels`` are the kinds of the places, top first.
    """

    sheets: Names = ()
    hidden: Literal["read", "skip"] = "read"
    head_row: int | None = Field(None, ge=1)
    head_rows: int = Field(1, ge=1, le=4)
    places: Literal["", "down", "across", "title"] = ""
    periods: Literal["", "down", "across", "title"] = ""
    measures: Literal["", "down", "across", "title"] = ""
    items: Text = ""
    skip_rows: Names = ()
    total_rows: Names | None = None
    hierarchy: Literal["", "indent", "code"] = ""
    code: str = ""
    path: Names = ()
    period_path: Names = ()
    root: str = ""
    levels: Names = ()
    unit: Text = ""
    period: Text = ""


class Column(Declaration):
    """One column of a ledger: what it may be called, how it is read, where it goes.

    ``at`` are its letters in the spreadsheet, for a column without a head. ``written_unit`` is the unit in which the sheet writes its
    numbers where it does not say so. ``breakdown`` and ``category`` are kept with each figure (性别, 女). ``other_scale``: period → measure under
    which the figures of that period are kept, because they are of another kind.
    """

    id: str
    name: str
    synonyms: Names = ()
    type: Literal[
        "text", "integer", "number", "quantity", "percent", "date", "datetime", "yes_no", "choice", "place", "period", "measure"
    ]
    unit: str = ""
    measure: str = ""
    required: bool = False
    choices: Mapping[Text, Names] = {}
    low: float | None = None
    high: float | None = None
    personal: Literal["", "drop", "mask", "pseudonym"] = ""
    # How 03/08/2026 and 26/10/8 are meant; without it the other values of the column must tell, or the cell is given back.
    date_order: Literal["", "ymd", "mdy", "dmy"] = ""
    at: Annotated[str, Field(pattern=r"^[A-Za-z]{0,3}$")] = ""
    written_unit: str = ""
    breakdown: Text = ""
    category: Text = ""
    other_scale: Mapping[Text, str] = {}
    # Counts persons of whom a few could be told apart: small ones do not leave. ``adds_up_by`` is the column (the place, if none)
    # whose rows add up to a sum that may be known.
    people: bool = False
    adds_up_by: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        """Every head under which the column is recognised."""
        return (self.name, *self.synonyms)


class Rule(Declaration):
    """A check, written as a sentence of the domain in ``say``.

    Over a row: ``order`` (dates), ``at_most`` (a part and its whole), ``not_future``, ``sum`` (the first column is that of
    ``parts``), ``needs`` (where the first is given the others must be). Against the period before: ``jump`` (``factor`` times).
    Over what is loaded: ``still`` (a place writes the same for ``months`` months), ``alike`` (all places write the same).
    """

    kind: Literal["order", "at_most", "not_future", "sum", "needs", "jump", "still", "alike"]
    columns: Names
    parts: Names = ()
    factor: float = 10
    months: int = 6
    severity: Literal["error", "warning"] = "error"
    say: str
    advice: str = ""


class BroughtPlaces(Declaration):
    """How a ledger brings places with it: the kind, and the columns that hold name, parent and the rest."""

    kind: str
    name: str
    parent: str = ""
    parent_kind: str = ""
    code: str = ""
    aliases: str = ""
    sort: str = ""
    area_km2: str = ""
    lon: str = ""
    lat: str = ""


class Database(Declaration):
    """Where a ledger is read from a database instead of a file; the password is named by ``secret`` and stands elsewhere.

    ``columns`` gives the column of the table for a column of the contract (the same name where nothing is given); ``since``
    names a column that only grows, so that later loads ask for what is new. ``timeout`` is in seconds. With ``travels: daily``
    the rows stay in the database, which adds them up by the day of ``time_zone``; only those totals are drawn.
    """

    kind: Literal["postgresql", "mysql", "spark"]
    host: str
    port: int | None = Field(None, ge=1, le=65535)
    name: str
    user: str
    secret: str = ""
    table: str = ""
    query: str = ""
    columns: Mapping[str, str] = {}
    since: str = ""
    dataset: str = "street"
    tls: Literal["prefer", "require", "verify"] = "prefer"
    # The file with the certificates of the authority that signed the server's; a relative path is one below the home.
    tls_ca: str = ""
    timeout: int = Field(600, ge=1, le=86_400)
    travels: Literal["rows", "daily"] = "rows"
    time_zone: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$")] = "Asia/Shanghai"


class Ledger(Declaration):
    """A contract: which sheet it recognises, its columns, units, synonyms and rules."""

    id: str
    name: str
    table: str
    sent: Literal["month", "quarter", "half", "year", "register", "once"] = "month"
    coverage: Literal["all_places", "per_place"] = "per_place"
    key: Names = ()
    place: str = "place"
    period: Literal["", "title", "column"] = ""
    grain: str = ""
    happens: str = ""
    # The column that names the street of a row, read together with the place: in a city names are unique within a street only.
    street: str = ""
    starts_places: bool | Literal["all"] = False
    # What the source writes where it has no figure, beside what everybody writes: ":", "x", "-9999".
    missing: Names = ()
    # Signs that the source puts behind a number and that change nothing about it: 8700471 b.
    marks: Names = ()
    # 1.234,56 and 1 234,56 as much of Europe writes it.
    decimal: Literal["point", "comma"] = "point"
    # How years are counted where a bare number says one: 113年 is 2024 in the calendar of the Republic (Taiwan).
    calendar: Literal["gregorian", "minguo"] = "gregorian"
    # How many days after the end of its period a report counts as late; 0 says nothing about it.
    due_day: int = Field(0, ge=0, le=366)
    brings_places: BroughtPlaces | None = None
    layout: Layout | None = None
    practices: Names = ()
    datasets: Names = ()
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    note: str = ""
    database: Database | None = None
    # Of a contract that was derived (catalogue/daily.py): the ledger whose daily totals it holds. Never written by hand.
    daily_of: str = ""

    def is_above(self, name: str) -> bool:
        """Whether a part of ``layout.path`` is no column but the name of the sheet or of the file."""
        return name in ABOVE and all(column.id != name for column in self.columns)

    @property
    def minguo(self) -> bool:
        """Whether bare years are those of the Republic."""
        return self.calendar == "minguo"

    def column(self, column_id: str) -> Column:
        """The column with this id; KeyError when there is none."""
        for column in self.columns:
            if column.id == column_id:
                return column
        raise KeyError(column_id)


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


class DeckSlide(Declaration):
    """One slide: which picture of which metrics. Its title and takeaway are found from the frame unless written here.

    ``places`` (ids or names) are drawn in red among all; cards and tables are of them alone. In the plan of a topic the
    metrics may be left out: then the first ``most`` of the topic are shown. ``unknown`` is the kind that a deck file asks for
    and this version does not have: the slide then only says so.
    """

    kind: Literal["cards", "ranking", "trend", "table"]
    metrics: Names = ()
    most: int = Field(0, ge=0, le=12)
    places: Names = ()
    title: str = Field("", max_length=60)
    takeaway: str = Field("", max_length=400)
    notes: str = Field("", max_length=4000)
    unknown: str = Field("", max_length=40)


class Stop(Declaration):
    """One stop of an observation route: where, for how many minutes, and the slides shown there."""

    name: str = Field("", max_length=40)
    place: str = ""
    minutes: float = Field(0, ge=0, le=600)
    slides: tuple[DeckSlide, ...]


class Deck(Declaration):
    """A deck of slides, or with ``stops`` an observation route (观摩路线).

    ``dataset`` and ``period`` (a key such as 2026-10) are fixed where they are written, else the default data set and its
    newest month are shown. ``internal`` puts 内部资料 on every slide; ``seconds`` is the time a slide stands in autoplay.
    A plan with a ``subject`` becomes a deck once that is chosen: a community, a topic (pillar or working system), or the
    communities of a route (its one stop is repeated for each).
    """

    id: str
    name: str = Field(max_length=60)
    note: str = ""
    subject: Literal["", "community", "topic", "route"] = ""
    dataset: str = ""
    period: str = ""
    internal: bool = False
    seconds: int = Field(15, ge=3, le=600)
    slides: tuple[DeckSlide, ...] = ()
    stops: tuple[Stop, ...] = ()

    @property
    def route(self) -> tuple[Stop, ...]:
        """The stops; slides that belong to none come first, at a stop without a name."""
        return (Stop(slides=self.slides), *self.stops) if self.slides else self.stops

    @property
    def minutes(self) -> float:
        """How long the whole route takes."""
        return sum(stop.minutes for stop in self.stops)


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
