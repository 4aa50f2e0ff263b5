"""Which contract a sheet obeys: its heads against the contracts' names and synonyms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from etl.extract import Sheet
from etl.heads import normal, spellings
from etl.units import factor, parse, split_head
from jiejian.catalogue import Catalogue, Column, Ledger

# Columns that sheets carry for people, and that no contract need know.
_FOR_PEOPLE = frozenset(("序号", "备注", "no", "行号", "说明"))
# Data sets that ship with the project: only ledgers that name them describe them.
BUNDLED = ("articles", "national")
NUMERIC = ("integer", "number", "quantity", "percent")


class NotRecognised(Exception):
    """A sheet that obeys no contract for certain; the message is a Chinese sentence that says what is missing."""


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
        """The head of a column as the sheet writes it, or its name in the contract where the sheet lacks it."""
        index = self.columns.get(column_id)
        return self.sheet.heads[index] if index is not None else self.ledger.column(column_id).name


def ledgers_for(catalogue: Catalogue, dataset: str) -> list[Ledger]:
    """The contracts that a file of the data set may obey."""
    return [l for l in catalogue.ledgers.values() if (dataset in l.datasets if l.datasets else dataset not in BUNDLED)]


def known_heads(ledgers: Iterable[Ledger]) -> frozenset[str]:
    """Every head of every contract, in normal form."""
    return frozenset(normal(head) for ledger in ledgers for column in ledger.columns for head in column.heads)


def recognise(sheet: Sheet, ledgers: Sequence[Ledger], catalogue: Catalogue) -> Match:
    """The contract that the sheet obeys. Raises NotRecognised with a sentence when that is not certain."""
    tried = [(ledger, _columns(sheet, ledger)) for ledger in ledgers]
    ranked = sorted(((_score(sheet, l, c), n, l, c) for n, (l, c) in enumerate(tried)), key=lambda t: (-t[0], t[1]))
    whole = [(score, ledger, columns) for score, _, ledger, columns in ranked if score and not _missing(ledger, columns)]
    # A contract that fits whole but poorly must not hide one that fits well and lacks a column.
    if whole and _covers(sheet, whole[0][2]) and 3 * whole[0][0] >= 2 * ranked[0][0]:
        score, ledger, columns = whole[0]
        if len(whole) > 1 and whole[1][0] == score:
            raise NotRecognised(
                f"{sheet.place}既像“{ledger.name}”又像“{whole[1][1].name}”，分不清是哪种台账。请把台账名称写进标题后重新上报。"
            )
        return _match(sheet, ledger, columns, catalogue)
    raise NotRecognised(_what_is_missing(sheet, ranked[0] if ranked else None))


def _columns(sheet: Sheet, ledger: Ledger) -> dict[str, int]:
    """Columns of the contract that the sheet has: by their names first, then by synonyms among the heads that are left.

    Two columns of a contract with the same name read the same column of the sheet.
    """
    forms = _forms(sheet.heads)
    found = {c.id: forms[normal(c.name)] for c in ledger.columns if normal(c.name) in forms}
    taken = set(found.values())
    for column in ledger.columns:
        if column.id not in found:
            index = next((forms[n] for s in column.synonyms if (n := normal(s)) in forms and forms[n] not in taken), None)
            if index is not None:
                found[column.id] = index
                taken.add(index)
    return found


def _forms(heads: Sequence[str]) -> dict[str, int]:
    """Each spelling of each head → its column. A whole head comes before parts; a part that occurs twice tells nothing."""
    whole: dict[str, int] = {}
    parts: dict[str, list[int]] = {}
    for index, head in enumerate(heads):
        first, *rest = spellings(head) or ("",)
        if first:
            whole.setdefault(first, index)
        bare = re.sub(r"\([^()]*\)", "", first)
        for part in dict.fromkeys((*rest, bare) if bare != first else rest):
            parts.setdefault(part, []).append(index)
    single = {part: columns[0] for part, columns in parts.items() if part and len(columns) == 1}
    return {**single, **whole}


def _needed(ledger: Ledger) -> list[Column]:
    return [
        c for c in ledger.columns if c.required or c.id in ledger.key or (c.type == "place" and ledger.table == "observation")
    ]


def _missing(ledger: Ledger, columns: dict[str, int]) -> list[str]:
    missing = [c.name for c in _needed(ledger) if c.id not in columns]
    if ledger.table == "observation" and not any(c.measure or c.type == "measure" for c in ledger.columns if c.id in columns):
        missing.append("任何一项数字")
    return missing


def _score(sheet: Sheet, ledger: Ledger, columns: dict[str, int]) -> int:
    """How many heads are the contract's; its name in a title or file name decides between equals."""
    named = any(normal(ledger.name) in normal(text) for text in (*sheet.title, sheet.sheet, sheet.file))
    return 2 * len(set(columns.values())) + named if columns else 0


def _covers(sheet: Sheet, columns: dict[str, int]) -> bool:
    """Whether enough of the sheet's heads are the contract's for it to be this ledger and not a distant relation."""
    heads = [i for i, head in enumerate(sheet.heads) if head and normal(head) not in _FOR_PEOPLE]
    return 5 * len(set(columns.values())) >= 2 * len(heads)


def _what_is_missing(sheet: Sheet, best: tuple | None) -> str:
    seen = "、".join([head for head in sheet.heads if head][:6])
    if not best or best[0] < 4:
        return f"{sheet.place}认不出是哪种台账：表头“{seen}”与各台账约定的列名对不上。请对照模板改表头，或在台账约定里加同义词后重新上报。"
    _, _, ledger, columns = best
    missing = "、".join(f"“{name}”" for name in _missing(ledger, columns))
    if not missing:
        return f"{sheet.place}像是“{ledger.name}”，但多数表头不在约定中：“{seen}”。请对照模板改表头，或在台账约定里加同义词后重新上报。"
    return f"{sheet.place}像是“{ledger.name}”，但缺少列{missing}。请补上这些列，或在台账约定里给它们加同义词后重新上报。"


def _match(sheet: Sheet, ledger: Ledger, columns: dict[str, int], catalogue: Catalogue) -> Match:
    times, units = {}, {}
    for column in ledger.columns:
        if column.id in columns and column.type in NUMERIC:
            base = base_unit(column, catalogue)
            units[column.id], times[column.id] = _unit(sheet, columns[column.id], base, column)
    used = set(columns.values())
    ignored = tuple(i for i, head in enumerate(sheet.heads) if head and i not in used and normal(head) not in _FOR_PEOPLE)
    return Match(sheet, ledger, columns, times, units, ignored)


def base_unit(column: Column, catalogue: Catalogue) -> str:
    """The unit in which a column's numbers are kept."""
    if column.type == "percent":
        return "%"
    return column.unit or (catalogue.measures[column.measure].unit if column.measure else "")


def _unit(sheet: Sheet, index: int, base: str, column: Column) -> tuple[str, Decimal]:
    """The unit above a column (its own head, else “单位：万元” in the title) and the multiple that leads to ``base``."""
    head = sheet.heads[index]
    unit = split_head(head)[1]
    if unit and base:
        times = factor(unit, base)
        if times is None:
            raise NotRecognised(
                f"{sheet.place}第 {sheet.head_row} 行表头“{head}”的单位“{unit}”与约定的单位“{base}”不一致。请换算成“{base}”后重新上报。"
            )
        return unit, times
    for title in sheet.title:
        for stated in re.findall(r"单位[:：]\s*([^\s，,；;）)]+)", title):
            read = parse(stated)
            if read and read[0] != 1 and read[1] and base and parse(base) == (Decimal(1), read[1]):
                return stated, read[0]
    return "", Decimal(1)
