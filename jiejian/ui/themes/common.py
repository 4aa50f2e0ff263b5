"""What all themes use: the span that is picked, cached answers of the readers, words for a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from jiejian.analysis.takeaway import fit_title
from jiejian.context import Context
from jiejian.periods import Period, periods_between
from jiejian.ui import data
from jiejian.ui.view import View

HIDDEN = "不显示"
"""What stands for a count of people that is too small to be shown."""


def span(view: View) -> tuple[date, date]:
    """First and last day of the picked period, no later than the data reach."""
    return view.period.start, min(view.period.end, view.dataset.as_of)


def read(view: View, reader, *arguments) -> pd.DataFrame:
    """A cached answer of a reader about this data set and the picked places, which come last."""
    return data.read(reader, view.source, view.dataset.id, *arguments, view.places)


def months(view: View, count: int = 12) -> tuple[Period, ...]:
    """The last complete months up to the picked period's end, oldest first."""
    known = [
        p
        for p in periods_between(view.dataset.first, view.period.end, "month")
        if p.end <= min(view.period.end, view.dataset.as_of)
    ]
    return tuple(known[-count:])


def about(view: View, *ledgers: str) -> Context:
    """The words around a picture that is drawn from these ledgers themselves."""
    names = tuple(view.catalogue.ledgers[name].name for name in ledgers)
    return replace(view.context(), sources=names)


def month_heads(spell: Sequence[Period]) -> list[str]:
    """Heads of columns of months: the year stands above the first one and each January."""
    return [
        f"{p.start.year}年\n{p.start.month}月" if n == 0 or p.start.month == 1 else f"{p.start.month}月"
        for n, p in enumerate(spell)
    ]


def title(*candidates: str, otherwise: str) -> str:
    """A finding's title that fits (10–28 characters)."""
    return fit_title(*candidates, otherwise=otherwise)


def when(view: View) -> str:
    """The picked period and places in words, to begin a sentence with."""
    return f"{view.period.label}，{view.scope}"


def reach(view: View) -> tuple[date, date, str]:
    """First and last day, and words to begin a sentence: the picked period, or the twelve months up to its end where it is shorter.

    What takes months from step to step says little within one month.
    """
    first, last = span(view)
    spell = months(view)
    if view.period.months >= 12 or len(spell) < 2 or spell[0].start > first:
        return first, last, when(view)
    return spell[0].start, spell[-1].end, f"{spell[0].label}至{spell[-1].label}，{view.scope}"


def number_or_none(value: float | None) -> float | None:
    """A missing number as None, which charts leave open."""
    return None if value is None or pd.isna(value) else float(value)


def persons(count: float) -> str:
    """A count of people in words; the readers leave out a small one."""
    return HIDDEN if pd.isna(count) else f"{int(count)}人"


def tally(rows: pd.DataFrame, by: str, parts: Sequence[str], state: str = "state") -> pd.DataFrame:
    """How many rows of each ``by`` are in each of ``parts``, the most first; what has no ``by`` is 未填."""
    wide = pd.crosstab(rows[by].fillna("未填").astype(str), rows[state]).reindex(columns=list(parts), fill_value=0)
    order = wide.sum(axis=1).sort_values(ascending=False, kind="stable").index
    return wide.loc[order]


def most(wide: pd.DataFrame, head: str, unit: str) -> tuple[str, str]:
    """Who leads a :func:`tally`, and with how many, in words; where several share the lead none is named above the others."""
    sums = wide.sum(axis=1)
    first = [str(name) for name in sums[sums == sums.max()].index]
    each = f"{int(sums.max())}{unit}"
    if len(first) == 1:
        return first[0], each
    named = "、".join(first) if len(first) == 2 else f"{first[0]}等{len(first)}{'个' if head == '社区' else '种'}{head}"
    return named, f"各{each}"


def grid_label(place: str, grid: str) -> str:
    """A grid beside others of the street: its name, before it that of its community unless the grid goes by it already."""
    return grid if grid.startswith(place.removesuffix("社区")) else f"{place} {grid}"


def share(part: float, whole: float) -> str:
    """A share in words for a title, '' of nothing."""
    return f"{100 * part / whole:.1f}%" if whole else ""


def short_months(spell: Sequence[Period]) -> list[str]:
    """Months below columns, of which only every third is written: each has its year."""
    return [p.label for p in spell]


def last_complete(view: View, grain: str, settles_after: int = 0) -> Period | None:
    """The last complete period of a grain up to the picked period's end; None where the data are too short.

    ``settles_after``: months that must lie between its end and the end of the data, for what takes so long to be done.
    """
    until, cut = min(view.period.end, view.dataset.as_of), view.dataset.as_of
    known = [
        p
        for p in periods_between(view.dataset.first, until, grain)
        if view.dataset.first <= p.start
        and p.end <= until
        and (cut.year - p.end.year) * 12 + cut.month - p.end.month >= settles_after
    ]
    return known[-1] if known else None
