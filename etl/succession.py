"""Communities that become others: which change follows from a list of places, and what a row means that names one too late or
too early.

A renamed community is the same place under a new name. After a merger, a split or a redrawing the figures of the past stay with
the place as it was; figures of the new time belong to the new places. A row of figures under a name that had ended (or had not
begun) is given back, since it could only be half of the new place's figure; an event is moved on where it is plain whereto.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pyarrow as pa

from etl.batch import Batch, sheet_of
from etl.gazetteer import Gazetteer
from etl.places import ABSORBED, MERGED, REDRAWN, RENAMED, SPLIT, Change, Place
from etl.schema import quoted, text
from etl.textfile import texts
from etl.wording import plain


def changes_of(places: Iterable[Place]) -> tuple[list[Change], list[str]]:
    """The changes that a list of places tells, and a sentence for each that cannot be used."""
    known = {p.place_id: p for p in places}
    by_name: dict[str, list[str]] = {}
    for place in known.values():
        by_name.setdefault(plain(place.name), []).append(place.place_id)
    told, faults = [], []
    for place in known.values():
        said = [s.strip() for s in re.split(r"[、，,；;|\n]+", place.successors or "") if s.strip()]
        into = [_named(s, place, known, by_name) for s in said]
        on = _day_of(place, [known[p] for p in into if p])
        if lost := [s for s, p in zip(said, into, strict=True) if not p]:
            faults.append(f"“{place.name}”变更后的“{'、'.join(lost)}”不在名册中，这项变更没有记入。请在名册中补上，或改正名称。")
        elif said and on is None:
            faults.append(f"“{place.name}”写了变更后的社区，但没有写变更日期或撤销日期，这项变更没有记入。请补填日期。")
        elif said:
            told.append((place, into, on))
    found = []
    for place, into, on in told:
        kind = place.change or _kind(place, into, sum(into == others and on == day for _, others, day in told))
        if kind:
            found += [Change(place.dataset, place.place_id, place.name, p, known[p].name, on, kind) for p in into]
        else:
            faults.append(
                f"“{place.name}”变更后只有“{known[into[0]].name}”，分不清是更名还是并入，这项变更没有记入。请填写变更方式。"
            )
    return [*found, *_absorbing(found, known)], faults


def _absorbing(found: list[Change], known: dict[str, Place]) -> list[Change]:
    """A community that another was merged into, or that was given ground, goes on but is no longer what it was."""
    into = {(c.successor_id, c.on): c for c in found if c.kind != RENAMED and _was_there(known[c.successor_id], c)}
    said = {(c.predecessor_id, c.on) for c in found}
    return [
        Change(c.dataset, place, c.successor, place, c.successor, on, c.kind)
        for (place, on), c in into.items()
        if (place, on) not in said
    ]


def _was_there(place: Place, change: Change) -> bool:
    """Whether a successor is older than the change."""
    return place.valid_from < change.on.isoformat() if place.valid_from else change.kind in (ABSORBED, REDRAWN)


def _named(written: str, place: Place, known: dict[str, Place], by_name: dict[str, list[str]]) -> str:
    """The id of a successor: by id, by path, by name beside the place itself, or by a name that only one place has."""
    for exact in (written, f"{place.dataset}/{written}"):
        if exact in known:
            return exact
    there = [p for p in by_name.get(plain(written), []) if known[p].dataset == place.dataset]
    beside = [p for p in there if known[p].parent_id == place.parent_id]
    return (beside or there)[0] if len(beside or there) == 1 else ""


def _day_of(place: Place, into: list[Place]) -> date | None:
    if place.changed_on:
        return date.fromisoformat(place.changed_on)
    if place.valid_to:
        return date.fromisoformat(place.valid_to) + timedelta(days=1)
    began = {p.valid_from for p in into if p.valid_from}
    return date.fromisoformat(began.pop()) if len(began) == 1 else None


def _kind(place: Place, into: list[str], alike: int) -> str:
    if len(into) > 1:
        return REDRAWN if place.place_id in into else SPLIT
    return MERGED if alike > 1 else ""


def dated(places: dict[str, Place], changes: Iterable[Change]) -> dict[str, Place]:
    """Places whose first or last day follows from a change, with that day written in."""
    changes = [c for c in changes if c.kind != RENAMED]
    stay = {c.predecessor_id for c in changes if c.predecessor_id == c.successor_id}
    found: dict[str, Place] = {}
    for change in changes:
        before, after = (found.get(p, places[p]) for p in (change.predecessor_id, change.successor_id))
        if not before.valid_to and before.place_id not in stay:
            found[before.place_id] = replace(before, valid_to=(change.on - timedelta(days=1)).isoformat())
        if not after.valid_from and after.place_id not in stay and change.kind != REDRAWN:
            found[after.place_id] = replace(after, valid_from=change.on.isoformat())
    return found


# ---- rows that name a place out of its time ----

_FIELDS = ("place_id", "name", "valid_from", "valid_to", "into", "into_names", "change", "before")


def settle(connection: duckdb.DuckDBPyConnection, batch: Batch, gazetteer: Gazetteer, table: str = "typed") -> str | None:
    """Move events of ended communities on, and return the query for the problems of rows out of their place's time.

    Works on ``typed``, or the part of it that holds all rows of such places. None where no place of the data set has a beginning or an end, or the ledger has no dates.
    """
    limited = [p for p in gazetteer.places.values() if p.valid_from or p.valid_to]
    when = _when(batch, table)
    if not limited or not when or batch.ledger.place not in batch.columns:
        return None
    _store(connection, limited, gazetteer)
    figures = batch.ledger.table == "observation"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE untimely AS
            SELECT w._row, p.*, coalesce(p.valid_to < w.starts, false) AS late, {"true" if figures else "p.into IS NULL OR contains(p.into, '、')"} AS bad
            FROM ({when}) w JOIN tenure p ON p.place_id = w.place_id
            WHERE p.valid_to < w.starts OR p.valid_from > w.ends"""
    )
    if not figures:
        connection.execute(
            f"""UPDATE {table} SET place_id = u.into FROM untimely u
               WHERE u._row = {table}._row AND u.late AND u.into IS NOT NULL AND NOT contains(u.into, '、')"""
        )
    column = text(batch.ledger.place)
    ended_figure = "'名册中“' || name || '”到 ' || strftime(valid_to, '%Y-%m-%d') || ' 为止' || coalesce('，已' || change, '')"
    early_figure = "'名册中“' || name || '”从 ' || strftime(valid_from, '%Y-%m-%d') || ' 起才有'"
    return f"""
        SELECT _row, {column}, CASE WHEN late THEN {ended_figure} ELSE {early_figure} END,
          CASE WHEN late AND bad THEN coalesce('请按变更后的“' || into_names || '”填报。', '请核对地点和时间，改正后重新上报。')
               WHEN late THEN '已计入变更后的“' || into_names || '”；不对的请改正后重新上报。'
               WHEN {"true" if figures else "false"} THEN coalesce('请按当时的“' || before || '”填报。', '请核对地点和时间，改正后重新上报。')
               ELSE '按上报的社区计入；需要分清变更前的，请改写成当时的社区。' END,
          CASE WHEN (late AND bad) OR (NOT late AND {"true" if figures else "false"}) THEN 'error' ELSE 'warning' END
        FROM untimely"""


def _when(batch: Batch, table: str) -> str | None:
    """Row, place, first and last day of what each row speaks of."""
    ledger = batch.ledger
    if any(c.type == "period" for c in ledger.columns):
        if not any(c.type == "period" and c.id in batch.columns for c in ledger.columns):
            return None
        return f"SELECT _row, place_id, period_start AS starts, period_end AS ends FROM {table} WHERE _kind = 'row'"
    spans = [f"({n}, DATE '{m.period.start}', DATE '{m.period.end}')" for n, m in enumerate(batch.members) if m.period]
    if spans:
        return f"""SELECT _row, place_id, starts, ends FROM {table} JOIN (VALUES {", ".join(spans)}) p (sheet, starts, ends)
                   ON p.sheet = {sheet_of()} WHERE _kind = 'row'"""
    if ledger.happens and ledger.happens in batch.columns:
        day = f"CAST({quoted(ledger.happens)} AS DATE)"
        return f"SELECT _row, place_id, {day} AS starts, {day} AS ends FROM {table} WHERE _kind = 'row'"
    return None


def _store(connection: duckdb.DuckDBPyConnection, limited: list[Place], gazetteer: Gazetteer) -> None:
    """Put the places that have a beginning or an end, and what became of them, into ``tenure``."""
    after = {p.place_id: [c for c in gazetteer.changes if c.predecessor_id == p.place_id] for p in limited}
    before = {p.place_id: [c for c in gazetteer.changes if c.successor_id == p.place_id] for p in limited}

    def said(place: Place) -> tuple[str | None, ...]:
        into, came = after[place.place_id], before[place.place_id]
        return (
            *(place.place_id, place.name, place.valid_from, place.valid_to),
            "、".join(c.successor_id for c in into) or None,
            "”“".join(c.successor for c in into) or None,
            into[0].kind if into else None,
            "”“".join(c.predecessor for c in came) or None,
        )

    columns = [texts(list(column)) for column in zip(*map(said, limited), strict=True)]
    connection.register("few", pa.Table.from_arrays(columns, list(_FIELDS)))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE tenure AS SELECT * REPLACE (CAST(valid_from AS DATE) AS valid_from, "
        "CAST(valid_to AS DATE) AS valid_to) FROM few"
    )
    connection.unregister("few")
