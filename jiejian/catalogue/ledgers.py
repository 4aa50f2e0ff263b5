"""A contract: which sheets are a ledger, how they lie, what their columns are called and mean, and the rules that rows obey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from jiejian.catalogue.declared import Declaration, Names, Text

# What may stand in ``layout.path`` beside the ids of columns.
ABOVE = ("sheet", "file")


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
    def spell(self) -> str:
        """How long the period of a sheet is: as declared, else as often as it is sent."""
        return self.grain or self.sent

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
