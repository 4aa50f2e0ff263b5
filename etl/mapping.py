"""The mapping of a layout that a person gave once: which ledger its sheets are, and which column is which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from etl.extract import Sheet
from etl.heads import normal
from etl.load import digest
from etl.memory import Mapping
from etl.recognise import Match, NotRecognised, guess, match_as, missing_columns, recognise
from jiejian.catalogue import Catalogue, Ledger

# A layout that was answered with "this is no ledger".
NO_LEDGER = ""
_ASKED = 5
_NUMBERS = re.compile(r"[0-9]+|[〇一二三四五六七八九十]+(?=[月季年])")


@dataclass(frozen=True)
class Candidate:
    """A ledger that a sheet may be: the contract's columns that were found (id → head), the needed ones that were not.

    ``fits``: asked alone, the contract reads the sheet (perhaps with periods or places across); no column need be chosen.
    """

    ledger: str
    columns: dict[str, str]
    missing: tuple[str, ...]
    fits: bool = False


def layout(sheet: Sheet) -> str:
    """The digest of a layout: its heads in order, and the sheet's name with every number left open."""
    name = _NUMBERS.sub("#", normal(sheet.sheet))
    return digest([name, *(normal(head) for head in sheet.heads)])


def recall(sheet: Sheet, mappings: dict[str, Mapping], ledgers: Sequence[Ledger], catalogue: Catalogue) -> Match | str | None:
    """The match that was remembered for the layout; NO_LEDGER where it is none; None where nothing is known, or no longer holds."""
    known = mappings.get(layout(sheet)) if mappings else None
    if known is None or known.ledger == NO_LEDGER:
        return None if known is None else NO_LEDGER
    ledger = next((l for l in ledgers if l.id == known.ledger), None)
    places = {head: index for index, head in reversed(list(enumerate(sheet.heads)))}
    there = {c.id for c in ledger.columns} if ledger else set()
    columns = {column: places[head] for column, head in known.columns.items() if column in there and head in places}
    if ledger is None:
        return None
    if not known.columns or missing_columns(sheet, ledger, columns):
        return _alone(sheet, ledger, catalogue)
    return match_as(sheet, ledger, columns, catalogue)


def _alone(sheet: Sheet, ledger: Ledger, catalogue: Catalogue) -> Match | None:
    """The sheet as this one contract reads it, None where it does not."""
    try:
        return recognise(sheet, [ledger], catalogue)
    except NotRecognised:
        return None


def candidates(sheet: Sheet, ledgers: Sequence[Ledger], catalogue: Catalogue) -> list[Candidate]:
    """The ledgers that a sheet may be, the likeliest first; of those only are asked whether they fit."""
    found = []
    for number, (ledger, columns) in enumerate(guess(sheet, ledgers)):
        fits = number < _ASKED and _alone(sheet, ledger, catalogue) is not None
        heads = {c: sheet.heads[i] for c, i in columns.items()}
        found.append(Candidate(ledger.id, heads, tuple(missing_columns(sheet, ledger, columns)), fits))
    return found
