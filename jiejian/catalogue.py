"""The catalogue: YAML files -> frozen, checked declarations.

Every measure, metric, grouping, standard, practice, ledger and deck is declared once under ``catalogue/``; a street's
own files under ``JIEJIAN_HOME/catalogue`` overlay the bundled ones block by block. An unknown key, a missing key or a
name that refers to nothing is a :class:`CatalogueError` that names file, block and key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from jiejian.home import BUNDLED_CATALOGUE, home

Kind = Literal["stock", "flow", "distinct", "cumulative", "as_reported", "rule", "date"]
MetricKind = Literal["count", "proportion", "rate", "ratio", "as_reported"]
Direction = Literal["higher", "lower", "neutral"]
Grain = Literal["month", "quarter", "half", "year"]


class CatalogueError(Exception):
    """A declaration that cannot be used; the message is a Chinese sentence naming file, block and key."""


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_CONDITION = re.compile(r"^(\w+)\s*(?:(<=|>=|!=|=|<|>)\s*(.+)|(is empty|is given))$")

Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Declaration(BaseModel):
    """A block of YAML: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Declaration):
    """One comparison of a roll-up's ``where`` list: column, operator, and a column or a literal."""

    column: str
    op: Literal["=", "!=", "<", "<=", ">", ">=", "is empty", "is given"]
    operand: str = ""

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read ``closed_at <= due_at``, ``kind = 纠纷`` or ``closed_at is empty``; ValueError otherwise."""
        match = _CONDITION.match(text.strip())
        if not match:
            raise ValueError(f"看不懂的条件“{text}”，应写成“列 运算符 值”")
        column, op, operand, emptiness = match.groups()
        return cls(column=column, op=emptiness or op, operand=(operand or "").strip())


class Rollup(Declaration):
    """How a measure is counted from an event table.

    A flow is counted on the day ``at``; a stock is a running balance: what began by then (``start``) less what ended
    (``end``); a distinct count counts different values of ``distinct`` within each period. ``value`` names the column
    that is added up; without it every event counts one. ``by`` names the breakdowns that pages draw.
    """

    table: str
    at: str = ""
    start: str = ""
    end: str = ""
    distinct: str = ""
    value: str = ""
    where: Annotated[
        tuple[Condition, ...],
        BeforeValidator(lambda v: [Condition.parse(t) if isinstance(t, str) else t for t in (v or [])]),
    ] = ()
    by: Names = ()


class Measure(Declaration):
    """What is counted. ``unit`` is the base unit; ``kind`` decides what may be added (see house rules in README)."""

    id: str
    name: str
    name_en: str
    unit: str
    kind: Kind
    rollup: Rollup | None = None
    precedence: Literal["reported", "rolled_up"] = "reported"
    across_places: Literal["add", "none"] = "add"
    note: str = ""

    @property
    def adds_across_places(self) -> bool:
        """Whether a street's figure is the sum of its communities' (persons counted once are not)."""
        return self.across_places == "add" and self.kind not in ("distinct", "as_reported")

    @property
    def adds_over_time(self) -> bool:
        """Whether a longer period is the sum of its months."""
        return self.kind == "flow"


class Metric(Declaration):
    """A figure that people read. The only place where its name, unit, direction and definition stand.

    ``count`` and ``as_reported`` name one ``measure``; ``proportion``, ``rate`` and ``ratio`` name numerators and
    denominators (a list is added up). A rate is per ``per`` units of its denominator.
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
        return f"{text}(规划期{self.valid_from}—{self.valid_to}年,已期满)" if self.passed(today) else text


class Practice(Declaration):
    """A working system (S1–S36, B1–B3) that metrics point to."""

    id: str
    name: str
    articles: Names = ()
    what: str


class Dataset(Declaration):
    """A body of figures that is never mixed with another."""

    id: str
    name: str
    mode: Literal["periodic", "published"]
    fictional: bool = False
    unit_of_comparison: str = "社区"
    note: str


class Column(Declaration):
    """One column of a ledger: what it may be called, how it is read, where it goes."""

    id: str
    name: str
    synonyms: Names = ()
    type: Literal[
        "text", "integer", "number", "quantity", "percent", "date", "datetime", "yes_no", "choice", "place", "period", "measure"
    ]
    unit: str = ""
    measure: str = ""
    required: bool = False
    choices: Mapping[str, Names] = {}
    low: float | None = None
    high: float | None = None
    personal: Literal["", "drop", "mask", "pseudonym"] = ""

    @property
    def heads(self) -> tuple[str, ...]:
        """Every head under which the column is recognised."""
        return (self.name, *self.synonyms)


class Rule(Declaration):
    """A check over a row, written as a sentence of the domain in ``say``."""

    kind: Literal["order", "at_most", "not_future", "sum", "jump"]
    columns: Names
    parts: Names = ()
    factor: float = 10
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
    starts_places: bool = False
    brings_places: BroughtPlaces | None = None
    practices: Names = ()
    datasets: Names = ()
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    note: str = ""

    def column(self, column_id: str) -> Column:
        """The column with this id; KeyError when there is none."""
        for column in self.columns:
            if column.id == column_id:
                return column
        raise KeyError(column_id)


class DeckSlide(Declaration):
    """One slide: which picture of which metrics; its title is found from the frame."""

    kind: Literal["cards", "ranking", "trend", "table"]
    metrics: Names
    notes: str = ""


class Deck(Declaration):
    id: str
    name: str
    note: str = ""
    slides: tuple[DeckSlide, ...]


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

    def standard_of(self, metric_id: str) -> Standard | None:
        """The reference line of a metric, if one can be cited."""
        return next((s for s in self.standards.values() if s.metric == metric_id), None)

    def metrics_of(self, practice_id: str) -> tuple[Metric, ...]:
        """The metrics that show a practice."""
        return tuple(m for m in self.metrics.values() if practice_id in m.practices)

    def tables(self) -> dict[str, list[Ledger]]:
        """Ledgers by the warehouse table that they fill."""
        found: dict[str, list[Ledger]] = {}
        for ledger in self.ledgers.values():
            found.setdefault(ledger.table, []).append(ledger)
        return found


FILES: dict[str, type[Declaration]] = {
    "datasets": Dataset,
    "measures": Measure,
    "metrics": Metric,
    "groupings": Grouping,
    "standards": Standard,
    "practices": Practice,
}
FOLDERS: dict[str, type[Declaration]] = {"ledgers": Ledger, "decks": Deck}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Safe YAML that refuses a key written twice (plain YAML would silently keep the last)."""


def _mapping_without_twins(loader: yaml.Loader, node: yaml.MappingNode) -> dict:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twins = {key for key in keys if keys.count(key) > 1}
    if twins:
        raise yaml.constructor.ConstructorError(None, None, f"键写了两次：{'、'.join(map(str, twins))}", node.start_mark)
    return {key: loader.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)}


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_twins)


def read_yaml(path: Path) -> dict:
    """One YAML file as a mapping of blocks; CatalogueError when it cannot be read."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else "文件编码"
        raise CatalogueError(f"目录文件 {path.name} {where}写法有误：{getattr(error, 'problem', None) or error}。请改正后重试。") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise CatalogueError(f"目录文件 {path.name} 应由“编号: 内容”的条目组成，现在不是。请对照自带文件改写。")
    return content


def _blocks(name: str, folders: Iterable[Path]) -> Iterator[tuple[str, str, dict]]:
    """File, id and merged content of each block: a later folder overlays an earlier one key by key."""
    merged: dict[str, tuple[str, dict]] = {}
    for folder in folders:
        path = folder / f"{name}.yml"
        for block, content in (read_yaml(path) if path.is_file() else {}).items():
            if not isinstance(content, dict):
                raise CatalogueError(f"目录文件 {path.name}，条目 {block}：应写成若干“键: 值”，现在是“{content}”。")
            merged[str(block)] = (path.name, {**merged.get(str(block), ("", {}))[1], **content})
    for block, (file, content) in merged.items():
        yield file, block, content


def _files(name: str, folders: Iterable[Path]) -> Iterator[tuple[str, str, dict]]:
    """One declaration a file: the file's name is its id; a street's file replaces the bundled one of the same name."""
    found: dict[str, Path] = {}
    for folder in folders:
        found.update({path.stem: path for path in sorted((folder / name).glob("*.yml"))})
    for stem, path in found.items():
        yield f"{name}/{path.name}", stem, read_yaml(path)


_REASONS = {
    "extra_forbidden": "不认识这个键，请删去或改正拼写",
    "missing": "缺少这个键",
    "literal_error": "取值不在允许的范围内",
    "string_type": "应为文字",
    "int_parsing": "应为整数",
    "float_parsing": "应为数字",
}


def _declare(kind: type[Declaration], file: str, block: str, content: dict) -> Declaration:
    if isinstance(content.get("columns"), dict):
        content = {**content, "columns": [{"id": k, **(v or {})} for k, v in content["columns"].items()]}
    if isinstance(content.get("groups"), dict):
        content = {**content, "groups": [{"name": k, "metrics": v} for k, v in content["groups"].items()]}
    try:
        return kind.model_validate({"id": block, **content})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(整条)"
        expected = first.get("ctx", {}).get("expected")
        reason = _REASONS.get(first["type"], str(first.get("ctx", {}).get("error", first["msg"])))
        reason += f"（允许：{expected}）" if expected else ""
        raise CatalogueError(f"目录文件 {file}，条目 {block}，键 {key}：{reason}。") from error


def _check_metrics(catalogue: Catalogue) -> Iterator[tuple[str, str, str, str]]:
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


def _check_references(catalogue: Catalogue) -> Iterator[tuple[str, str, str, str]]:
    for grouping in catalogue.groupings.values():
        for group in grouping.groups:
            for metric in group.metrics:
                if metric not in catalogue.metrics:
                    yield "groupings.yml", grouping.id, group.name, f"指标 {metric} 不存在"
    for standard in catalogue.standards.values():
        if standard.metric not in catalogue.metrics:
            yield "standards.yml", standard.id, "metric", f"指标 {standard.metric} 不存在"
    for deck in catalogue.decks.values():
        for slide in deck.slides:
            for metric in slide.metrics:
                if metric not in catalogue.metrics:
                    yield f"decks/{deck.id}.yml", deck.id, "metrics", f"指标 {metric} 不存在"


def _check_ledgers(catalogue: Catalogue) -> Iterator[tuple[str, str, str, str]]:
    for ledger in catalogue.ledgers.values():
        file, ids = f"ledgers/{ledger.id}.yml", {c.id for c in ledger.columns}
        for column in ledger.columns:
            if column.measure and column.measure not in catalogue.measures:
                yield file, ledger.id, column.id, f"计量项 {column.measure} 不存在，请先在 measures.yml 中声明"
            if column.type == "choice" and not column.choices:
                yield file, ledger.id, column.id, "choice 类的列要写 choices"
        for name in (*ledger.key, *(c for rule in ledger.rules for c in (*rule.columns, *rule.parts))):
            if name not in ids:
                yield file, ledger.id, "key/rules", f"列 {name} 不在 columns 中"
    columns = {t: {c.id for l in ls for c in l.columns} | {"place_id"} for t, ls in catalogue.tables().items()}
    for measure in catalogue.measures.values():
        if rollup := measure.rollup:
            if rollup.table not in columns:
                yield "measures.yml", measure.id, "rollup.table", f"没有台账写入表 {rollup.table}"
                continue
            named = (rollup.at, rollup.start, rollup.end, rollup.distinct, rollup.value, *rollup.by, *(c.column for c in rollup.where))
            for name in named:
                if name and name not in columns[rollup.table]:
                    yield "measures.yml", measure.id, "rollup", f"表 {rollup.table} 没有列 {name}"


def load_catalogue(*folders: Path) -> Catalogue:
    """Read and check the catalogue in ``folders``, later ones overlaying earlier ones.

    Raises CatalogueError at the first fault, in Chinese, naming file, block and key.
    """
    content: dict[str, dict] = {}
    for names, walk in ((FILES, _blocks), (FOLDERS, _files)):
        for name, kind in names.items():
            content[name] = {block: _declare(kind, file, block, body) for file, block, body in walk(name, folders)}
    catalogue = Catalogue.model_construct(**content)
    for check in (_check_metrics, _check_references, _check_ledgers):
        for file, block, key, reason in check(catalogue):
            raise CatalogueError(f"目录文件 {file}，条目 {block}，键 {key}：{reason}。")
    return catalogue


@lru_cache(maxsize=4)
def _cached(folders: tuple[Path, ...], stamp: tuple) -> Catalogue:
    return load_catalogue(*folders)


def _stamp(folders: Iterable[Path]) -> tuple:
    files = (p for folder in folders for p in sorted(folder.rglob("*.yml")))
    return tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in files)


def catalogue() -> Catalogue:
    """The catalogue in force: the bundled one, overlaid with the street's own; read again when a file changes."""
    folders = (BUNDLED_CATALOGUE, home().catalogue)
    return _cached(folders, _stamp(folders))
