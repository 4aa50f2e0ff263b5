"""The accepted rows of one long load of this run, still in memory: the warehouse is filled and counted from them.

They are the rows of its ``rows.parquet``, which is written first and stays the truth; to read it back would cost more than to write it.
A run keeps one such load at most, and only as long as the warehouse is being built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

# So many rows are worth it.
LONG = 500_000


@dataclass(frozen=True)
class LongLoad:
    """``query`` selects the rows with codes in place of words, on any cursor; ``file`` is the Parquet that holds them, ``tables`` are
    the tables of the database in memory that it reads."""

    file: str
    table: str
    rows: int
    query: str
    tables: tuple[str, ...]

    @property
    def source(self) -> str:
        """What stands after FROM."""
        return f"({self.query})"

    def types(self, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """Column → type."""
        return {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {self.query}").fetchall()}


def drop(connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
    """Give the memory of some tables back."""
    for table in tables:
        connection.execute(f"DROP TABLE IF EXISTS {table}")


def longer(connection: duckdb.DuckDBPyConnection, one: LongLoad | None, other: LongLoad | None) -> LongLoad | None:
    """Of two kept loads the one with more rows; the other is given up."""
    if not one or not other:
        return one or other
    least, most = sorted((one, other), key=lambda kept: kept.rows)
    drop(connection, least.tables)
    return most
