"""What a doubtful name means, said once at a command line; the page 数据导入 asks the same question."""

from __future__ import annotations

import duckdb

from etl.gazetteer import Gazetteer
from etl.load import user
from etl.memory import Memory
from etl.places import Place
from etl.warehouse import serving
from jiejian.home import Home


class NoAnswer(Exception):
    """The place that is meant is not known; the message is a Chinese sentence."""


def decide(home: Home, dataset: str, written: str, meant: str) -> str:
    """Remember that ``written`` means the place named ``meant``; returns a sentence. Raises NoAnswer."""
    found = known(home, dataset)
    try:
        place = found.places[found.find(meant)]
    except ValueError as error:
        raise NoAnswer(f"“{meant}”{error}。请写名册中的名称。") from None
    Memory(home).answer_place(dataset, written, place.place_id, user())
    return f"以后“{written}”按“{place.name}”认（{place.place_id}）。请运行 python -m etl 重新装载退回的行。"


def known(home: Home, dataset: str) -> Gazetteer:
    """The places of a data set in the version that serves, with all their names. Raises NoAnswer where there is none."""
    path = serving(home)
    if path is None:
        raise NoAnswer("还没有数据。请先运行 python -m etl 装载名册。")
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            """SELECT p.place_id, p.dataset, p.name, p.kind, p.parent_id, p.sort, coalesce(string_agg(a.alias, '、'), '')
               FROM place p LEFT JOIN place_alias a USING (place_id) WHERE p.dataset = ? GROUP BY ALL""",
            [dataset],
        ).fetchall()
    found = Gazetteer(dataset)
    found.add(Place(*row) for row in rows)
    return found
