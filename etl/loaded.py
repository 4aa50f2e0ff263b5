"""The rows of loads as SQL reads them: from their files, or where those are many, from one table that is read once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from etl.longload import LongLoad

# To open a file costs a fraction of a millisecond, each time that a statement names it: more files than that, together no larger than
# so many bytes, are read once.
_MANY, _SMALL = 24, 8 << 20
_COPY = "rows_of_loads"


@dataclass(frozen=True)
class Loaded:
    """``source`` stands after FROM, with ``parameters``; ``columns`` are there, those of an older contract among them."""

    source: str
    parameters: dict[str, list[str]]
    columns: frozenset[str]


@contextmanager
def rows_of(connection: duckdb.DuckDBPyConnection, files: Sequence[str], kept: LongLoad | None = None) -> Iterator[Loaded]:
    """The rows of some ``rows.parquet``, united by the names of their columns; of one that is ``kept`` those in memory."""
    if kept and list(files) == [kept.file]:
        yield Loaded(kept.source, {}, frozenset(kept.types(connection)))
        return
    source, parameters = "read_parquet($files, union_by_name = true)", {"files": list(files)}
    if many := len(files) > _MANY and sum(map(os.path.getsize, files)) <= _SMALL:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {_COPY} AS SELECT * FROM {source}", parameters)
        source, parameters = _COPY, {}
    try:
        found = connection.execute(f"DESCRIBE SELECT * FROM {source}", parameters).fetchall()
        yield Loaded(source, parameters, frozenset(name for name, *_ in found))
    finally:  # a statement that fails leaves no copy in memory behind
        if many:
            connection.execute(f"DROP TABLE {_COPY}")
