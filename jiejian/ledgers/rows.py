"""The rows of any ledger as they can be taken away: filtered, without personal columns, a page of them or all in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

import pandas as pd

from jiejian.catalogue import Column, Ledger
from jiejian.ledgers.registers import SPANS
from jiejian.smallcells import least_shown
from jiejian.warehouse import Warehouse

# Tables that are no lists of things: figures, places and sources have pages of their own.
_NO_LIST = ("observation", "place", "source", "target", "event")
CHOICES = 200  # a column with more different texts is no filter


@dataclass(frozen=True)
class Asked:
    """Which rows of a ledger: what happened between two days or, of a register, what stands at the end of the last one.

    ``places`` are place ids (empty: all); ``filters`` are pairs of a column and its text.
    """

    ledger: str
    first: date
    last: date
    places: tuple[str, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()


def ledgers(source: Warehouse, dataset: str) -> tuple[Ledger, ...]:
    """The ledgers of which a data set holds rows that can be listed, in the catalogue's order; totals drawn for one are none."""
    loaded = source.frame("SELECT DISTINCT ledger FROM load WHERE dataset = $d AND active", {"d": dataset})
    there = set(loaded["ledger"])
    tables = set(source.frame("SELECT table_name FROM information_schema.tables")["table_name"])
    own = (x for x in source.catalogue.ledgers.values() if not x.daily_of)
    return tuple(x for x in own if x.id in there and x.table in tables and x.table not in _NO_LIST)


def columns(source: Warehouse, ledger: str) -> tuple[Column, ...]:
    """The columns that leave: those that are stored, but none that concerns a person, and not the place, which is written out."""
    declared = source.catalogue.ledgers[ledger]
    stored = source.frame("SELECT column_name FROM information_schema.columns WHERE table_name = $t", {"t": declared.table})
    held = set(stored["column_name"])
    return tuple(c for c in declared.columns if c.id in held and not c.personal and c.id != declared.place)


def filterable(source: Warehouse, ledger: str) -> tuple[Column, ...]:
    """Columns by whose texts rows may be picked: declared choices first, then other words of classes."""
    keys = source.catalogue.ledgers[ledger].key
    texts = [c for c in columns(source, ledger) if c.type in ("choice", "text") and c.id not in keys]
    return tuple(sorted(texts, key=lambda c: c.type != "choice"))


def texts_of(source: Warehouse, dataset: str, ledger: str, column: str) -> tuple[str, ...]:
    """The different texts of a column, the most frequent first; () where there are more than CHOICES."""
    declared = source.catalogue.ledgers[ledger]
    _allow(source, declared, column)
    rows = source.frame(
        f"""SELECT "{column}" AS said, count(*) AS n FROM "{declared.table}" WHERE dataset = $d AND "{column}" IS NOT NULL
            GROUP BY 1 ORDER BY n DESC, said LIMIT {CHOICES + 1}""",
        {"d": dataset},
    )
    return tuple(rows["said"].astype(str)) if len(rows) <= CHOICES else ()


def count(source: Warehouse, dataset: str, asked: Asked) -> int:
    """How many rows there are."""
    declared, (condition, parameters) = source.catalogue.ledgers[asked.ledger], _where(source, dataset, asked)
    return int(source.frame(f'SELECT count(*) AS n FROM "{declared.table}" e WHERE {condition}', parameters)["n"].iloc[0])


def head(source: Warehouse, dataset: str, asked: Asked, most: int = 200) -> pd.DataFrame:
    """The first rows: place, then :func:`columns`; the newest first, a register by places and key."""
    sql, parameters = _query(source, dataset, asked)
    return source.frame(f"{sql} LIMIT {int(most)}", parameters)


def batches(source: Warehouse, dataset: str, asked: Asked, size: int = 50_000) -> Iterator[pd.DataFrame]:
    """All rows, ``size`` at a time, in the order of :func:`head`; at least one frame, which may be empty."""
    yield from source.batches(*_query(source, dataset, asked), size)


def _query(source: Warehouse, dataset: str, asked: Asked) -> tuple[str, dict]:
    declared, (condition, parameters) = source.catalogue.ledgers[asked.ledger], _where(source, dataset, asked)
    chosen = "".join(f', e."{c.id}"' for c in columns(source, declared.id))
    keys = "".join(f', e."{key}"' for key in declared.key)
    order = f'e."{declared.happens}" DESC{keys}' if declared.happens else f"p.sort, p.name{keys}"
    sql = f"""SELECT p.name AS place{chosen} FROM {_table(source, declared)} e LEFT JOIN place p ON p.place_id = e.place_id
              WHERE {condition} ORDER BY {order}"""
    return sql, parameters


def _table(source: Warehouse, declared: Ledger) -> str:
    """The ledger's rows; small counts of people are empty, and in each group that adds up the smallest others (see smallcells.small).

    Decided over the whole ledger, so that no filter changes it.
    """
    least, people = least_shown(source.catalogue), [c for c in declared.columns if c.people]
    if not people or not least:
        return f'"{declared.table}"'
    changed = [
        f"""CASE WHEN count(*) FILTER (WHERE "{c.id}" > 0 AND "{c.id}" < {int(least)}) OVER same_{n} > 0 AND "{c.id}" <= greatest(
              coalesce(min("{c.id}") FILTER (WHERE "{c.id}" >= {int(least)}) OVER same_{n}, 0), {int(least) - 1})
              AND ("{c.id}" > 0 OR count(*) FILTER (WHERE "{c.id}" >= {int(least)}) OVER same_{n} = 0)
            THEN NULL ELSE "{c.id}" END AS "{c.id}" """
        for n, c in enumerate(people)
    ]
    # What has ended is no part of today's sums.
    ended = f', "{SPANS[declared.id][1]}" IS NULL' if declared.id in SPANS else ""
    groups = [f'same_{n} AS (PARTITION BY dataset, "{c.adds_up_by or "place_id"}"{ended})' for n, c in enumerate(people)]
    return f'(SELECT * REPLACE ({", ".join(changed)}) FROM "{declared.table}" WINDOW {", ".join(groups)})'


def _where(source: Warehouse, dataset: str, asked: Asked) -> tuple[str, dict]:
    """Bound conditions over allow-listed columns; ValueError for any other."""
    declared = source.catalogue.ledgers[asked.ledger]
    found = ["e.dataset = $dataset", "($all OR list_contains($places, e.place_id))"]
    bound: dict = {"dataset": dataset, "places": list(asked.places), "all": not asked.places}
    if declared.happens:
        found.append(f'e."{declared.happens}" >= $first AND e."{declared.happens}" <= $last')
        bound |= {"first": asked.first, "last": datetime.combine(asked.last, time.max)}
    elif declared.id in SPANS:
        start, end = SPANS[declared.id]
        found.append(f'(e."{start}" IS NULL OR e."{start}" <= $last) AND (e."{end}" IS NULL OR e."{end}" > $last)')
        bound["last"] = asked.last
    if sum(x.table == declared.table for x in source.catalogue.ledgers.values()) > 1:
        found.append("e.load_id IN (SELECT load_id FROM load WHERE ledger = $ledger)")
        bound["ledger"] = declared.id
    for number, (column, text) in enumerate(asked.filters):
        _allow(source, declared, column)
        found.append(f'CAST(e."{column}" AS VARCHAR) = $filter{number}')
        bound[f"filter{number}"] = text
    return " AND ".join(found), bound


def _allow(source: Warehouse, declared: Ledger, column: str) -> None:
    if column not in {c.id for c in columns(source, declared.id)}:
        raise ValueError(f"台账“{declared.name}”没有可以导出的列 {column}。")
