"""Which loads an undo means, and whether they can go: what others still stand on stays."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from etl.load import Loads, Manifest, read_places


class Refused(Exception):
    """An undo that cannot be done; the message is a Chinese sentence with the way out."""


def chosen(loads: Loads, names: Sequence[str], last: bool, back: bool = False) -> list[Manifest]:
    """The loads that are named by id or by number, or those of the last run. ``back`` looks among those left out.

    Raises Refused for a name that is none.
    """
    there = [m for m in loads.all if (m.load_id in loads.undone) == back]
    word = "已撤销的装载" if back else "装载"
    if last and not there:
        raise Refused(f"没有{word}。运行 python -m etl loads 查看全部记录。")
    if last:
        newest = there[-1]
        return [m for m in there if m.run == newest.run and (m.run or m.load_id == newest.load_id)]
    found = []
    for name in names:
        fits = [m for m in there if name in (m.load_id, str(m.seq))]
        if not fits:
            other = "还没有撤销" if back else "已经撤销过了"
            known = any(name in (m.load_id, str(m.seq)) for m in loads.all)
            raise Refused(f"装载“{name}”{other if known else '不存在'}。运行 python -m etl loads 查看编号。")
        found += fits
    return list(dict.fromkeys(found))


def stand_on(connection: duckdb.DuckDBPyConnection, loads: Loads, going: Sequence[Manifest]) -> None:
    """Raise Refused when loads that stay speak of places that only the loads ``going`` brought."""
    gone = {m.load_id for m in going}
    bringing = [m for m in going if m.brings_places]
    for dataset in dict.fromkeys(m.dataset for m in bringing):
        staying = [m for m in loads.standing if m.load_id not in gone and m.dataset == dataset]
        kept = {p for m in staying if m.brings_places for p in _brought(connection, loads, m)}
        lost = {p for m in bringing if m.dataset == dataset for p in _brought(connection, loads, m)} - kept
        needing = [m for m in staying if m.rows_accepted and lost & _spoken_of(connection, loads, m)]
        if needing:
            files = "、".join(f"“{name}”" for name in list(dict.fromkeys(m.file for m in needing))[:3])
            more = f"等{len(needing)}次装载" if len(needing) > 3 else ""
            raise Refused(f"这份名册里的社区还有{files}{more}在用，不能单独撤销。请先撤销这些装载，或改正名册后重新装载。")


def _brought(connection: duckdb.DuckDBPyConnection, loads: Loads, load: Manifest) -> set[str]:
    return {p.place_id for p in read_places(connection, loads.path(load, "places.parquet"))}


def _spoken_of(connection: duckdb.DuckDBPyConnection, loads: Loads, load: Manifest) -> set[str]:
    path = str(loads.path(load, "rows.parquet"))
    columns = {name for name, *_ in connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()}
    if "place_id" not in columns:
        return set()
    return {place for (place,) in connection.execute("SELECT DISTINCT place_id FROM read_parquet(?)", [path]).fetchall()}
