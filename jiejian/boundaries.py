"""Communities that became others: which figures of the past make up a place of a later day, and where a series may not be compared.

A place that others were merged into whole has their sum as its past (按现区划). Where ground was split or changed hands no such
sum exists: each place is shown while it was in force, and its series has a break there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from jiejian.periods import Period

RENAMED = "更名"
FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True)
class Member:
    """A place whose figures from ``first`` to ``last`` belong to the place ``now``."""

    place_id: str
    now: str
    first: date
    last: date


class Boundaries:
    """The changes of a data set's communities, and when each was in force.

    ``changes``: predecessor_id, predecessor, successor_id, successor, changed_on, kind. ``tenure``: place id → first and last
    day, for the places that have either.
    """

    def __init__(self, changes: pd.DataFrame, tenure: dict[str, tuple[date, date]]):
        self.changes, self.tenure = changes, tenure
        redrawn = changes[changes["kind"] != RENAMED]
        self._links = [
            (row.predecessor_id, row.successor_id, pd.Timestamp(row.changed_on).date())
            for row in redrawn.sort_values("changed_on", kind="stable").itertuples()
        ]

    def __bool__(self) -> bool:
        return bool(self._links) or bool(self.tenure)

    def window(self, place: str) -> tuple[date, date]:
        """First and last day of a place; open ends are the ends of the calendar."""
        return self.tenure.get(place, (FIRST, LAST))

    def members(self, until: date) -> list[Member]:
        """The places that make up others by the day ``until``, and these others themselves; nothing where none was merged."""
        into = {p: s for p, s, on in self._links if p != s and on <= until and self.whole(s, on)}
        found = {}
        for place in into:
            now, seen = into[place], {place}
            while now in into and now not in seen:
                seen.add(now)
                now = into[now]
            found[place] = now
        return [Member(p, now, *self.window(p)) for p, now in (*found.items(), *((n, n) for n in dict.fromkeys(found.values())))]

    def whole(self, successor: str, on: date) -> bool:
        """Whether everything that a place was made of on a day went into it whole."""
        made_of = {p for p, s, day in self._links if s == successor and day == on}
        return all({s for p, s, day in self._links if p == one and day == on} == {successor} for one in made_of)

    def in_force(self, first: date, last: date, until: date) -> set[str]:
        """Of the places that have a beginning, an end or a past: those in force at some time, by the boundaries of ``until``."""
        windows = self._windows(until)
        return {place for place, (start, end) in windows.items() if start <= last and end >= first}

    def known(self, until: date) -> set[str]:
        """Every place of which :meth:`in_force` has a say."""
        return set(self._windows(until)) | {m.place_id for m in self.members(until)}

    def _windows(self, until: date) -> dict[str, tuple[date, date]]:
        """First and last day of each place that does not count as part of another."""
        members = self.members(until)
        windows = {place: window for place, window in self.tenure.items() if place not in {m.place_id for m in members}}
        for member in members:
            start, _ = windows.get(member.now, (LAST, LAST))
            windows[member.now] = (min(start, member.first), self.window(member.now)[1])
        return windows

    def settle(self, frame: pd.DataFrame, until: date) -> pd.DataFrame:
        """Of a figures frame the rows of places that were in force in the row's period, with the column ``era``.

        ``era`` is the day of the last redrawing of the place before the period's end, '' where there was none: figures of one
        place in two eras are not to be compared.
        """
        place, start, end = (frame[name].to_numpy() for name in ("place_id", "start", "end"))
        kept = np.ones(len(frame), dtype=bool)
        for name, (first, last) in self._windows(until).items():
            there = place == name
            kept &= ~there | ((end >= np.datetime64(first, "s")) & (start <= np.datetime64(last, "s")))
        era = np.full(len(frame), "", dtype=object)
        for name, days in self._breaks(until).items():
            for day in days:
                era[(place == name) & (end >= np.datetime64(day, "s"))] = day.isoformat()
        return frame.assign(era=era)[kept].reset_index(drop=True)

    def eras(self, places: Iterable[str], periods: Sequence[Period], until: date) -> np.ndarray:
        """Place × period: how often a place had been redrawn before the period's end; from one number to another is no series."""
        breaks = self._breaks(until)
        if not breaks:
            return np.zeros((len(list(places)), len(periods)), dtype=int)
        counts = [[sum(day <= p.end for day in breaks.get(place, ())) for p in periods] for place in places]
        return np.array(counts, dtype=int).reshape(-1, len(periods))

    def _breaks(self, until: date) -> dict[str, list[date]]:
        """The days, oldest first, from which a place that goes on is not what it was."""
        found: dict[str, list[date]] = {}
        for predecessor, successor, on in self._links:
            if predecessor == successor and on <= until and not self.whole(successor, on):
                found.setdefault(successor, []).append(on)
        return found


def sentences(changes: pd.DataFrame, first: date, last: date, places: Iterable[str] = ()) -> pd.DataFrame:
    """What changed between two days, one row a change: happened_on, what, kind, whole. ``places`` narrows it to those concerned.

    春和社区、望湖社区合并为春望社区；春和社区拆分为春东社区、春西社区；春和社区并入望湖社区；春和社区更名为新春社区。
    ``whole`` says that what came of it is the sum of what went into it.
    """
    wanted = set(places)
    rows = [
        (on, what, kind, whole)
        for on, ids, what, kind, whole in _told(changes)
        if first < on <= last and (not wanted or wanted & ids)
    ]
    return pd.DataFrame(rows, columns=["happened_on", "what", "kind", "whole"])


def _told(changes: pd.DataFrame) -> Iterator[tuple[date, set[str], str, str, bool]]:
    """Day, places, sentence, kind and wholeness of each change: what went into the same place, or came of the same, is one."""
    boundaries = Boundaries(changes, {})
    for (day, kind), some in changes.groupby(["changed_on", "kind"], sort=True):
        on = pd.Timestamp(day).date()
        links = list(some[["predecessor_id", "successor_id"]].itertuples(index=False, name=None))
        names = dict(zip(some["predecessor_id"], some["predecessor"], strict=True)) | dict(
            zip(some["successor_id"], some["successor"], strict=True)
        )
        while links:
            group = _connected(links)
            links = [link for link in links if link not in group]
            before, after = (list(dict.fromkeys(link[i] for link in group)) for i in range(2))
            whole = kind == RENAMED or all(boundaries.whole(place, on) for place in after)
            yield on, {*before, *after}, _sentence(str(kind), before, after, names), str(kind), whole


def _connected(links: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The links that hang together with the first one."""
    ids, group = set(links[0]), []
    while len(group) < len(found := [link for link in links if ids & set(link)]):
        group, ids = found, ids.union(*found)
    return group


def _sentence(kind: str, before: list[str], after: list[str], names: dict[str, str]) -> str:
    gone = "、".join(names[p] for p in before if p not in after)
    new = "、".join(names[p] for p in after)
    if kind == "调整" or not gone:
        return f"{'、'.join(names[p] for p in dict.fromkeys((*before, *after)))}区划调整"
    return f"{gone}{'并入' if kind == '并入' else f'{kind}为'}{new}"
