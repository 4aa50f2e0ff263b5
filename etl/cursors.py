"""Work for a version of the warehouse that needs nothing of each other, on cursors side by side: a small table keeps one processor busy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import duckdb

from etl.schema import quoted

AT_A_TIME = 2
T = TypeVar("T")


def side_by_side(
    connection: duckdb.DuckDBPyConnection, works: Sequence[Callable[[duckdb.DuckDBPyConnection], T]], path: str = ""
) -> list[T]:
    """What each work gives, in their order; each has a cursor of its own, on the database in use or a search ``path``.

    Where one fails, those that wait are not begun, and its exception is raised.
    """
    if not path:
        ((path,),) = connection.execute("SELECT current_database()").fetchall()
    where = f"SET search_path = '{path}'" if "," in path else f"USE {quoted(path)}"

    def done(work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        with connection.cursor() as cursor:
            cursor.execute(where)
            return work(cursor)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        coming = [pool.submit(done, work) for work in works]
        try:
            return [one.result() for one in coming]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
