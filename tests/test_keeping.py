"""Answers are kept while there is room: by bytes, the longest unasked first; a measure is read once and sliced."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from frames import CONTEXT

from jiejian import charts, shelf
from jiejian.catalogue import catalogue
from jiejian.charts.many import EACH, MANY, ends, sample, told
from jiejian.home import Home
from jiejian.keeping import MISSING, Kept, weight
from jiejian.periods import parse_period
from jiejian.selection import Selection
from jiejian.warehouse import Warehouse, serving


def numbers(count: int) -> np.ndarray:
    return np.zeros(count)


def test_what_an_answer_weighs():
    assert 8_000 <= weight(numbers(1_000)) < 10_000
    assert weight({"a": numbers(1_000), "b": (numbers(1_000),)}) > 16_000
    assert weight(pd.DataFrame({"a": numbers(1_000)})) > 8_000
    assert 0 < weight(None) < 1_000 and 0 < weight("街道") < 1_000


def test_the_bound_is_of_bytes_and_the_longest_unasked_goes_first():
    kept = Kept(30_000)
    for name in "abc":
        kept.put(name, numbers(1_000))
    assert len(kept) == 3 and kept.held <= kept.most
    kept.peek("a")
    kept.put("d", numbers(1_000))
    assert kept.peek("b") is MISSING, "asked for longest ago"
    assert kept.peek("a") is not MISSING and kept.held <= kept.most
    kept.put("a", numbers(10))
    assert kept.held == sum(weight(kept.peek(name)) for name in "acd"), "an answer that is replaced no longer counts"


def test_an_answer_larger_than_the_bound_is_given_but_not_kept():
    kept, made = Kept(1_000), []

    def make():
        made.append(1)
        return numbers(1_000)

    assert len(kept.get("large", make)) == 1_000
    kept.get("large", make)
    assert len(made) == 2 and kept.held == 0


def test_nothing_is_an_answer_and_a_version_that_is_gone_is_let_go():
    kept, made = Kept(100_000), []
    asked = kept.cached(lambda version, what: made.append((version, what)))
    assert asked("old", 1) is None and asked("old", 1) is None and asked("new", 1) is None
    assert made == [("old", 1), ("new", 1)]
    kept.drop(lambda key: "old" in key)
    assert len(kept) == 1
    asked("old", 1)
    assert len(made) == 3


# ---- measures ----


@pytest.fixture
def street(demo_home) -> Warehouse:
    return Warehouse(serving(Home(demo_home)), catalogue())


def asked_of(source: Warehouse) -> list[str]:
    """The queries that a warehouse runs from now on."""
    noted, run = [], source.frame

    def note(sql, parameters=()):
        # Places and the like are asked once of each version; only figures count here.
        noted.extend([sql] if "wanted" in sql else [])
        return run(sql, parameters)

    source._shelf._frame = note
    return noted


def test_a_measure_is_read_once_for_all_periods_and_places(street):
    noted = asked_of(street)
    first = Selection("demo", ("on_time_rate",), parse_period("2026-10"), since=parse_period("2025-11"))
    whole = street.query(first)
    read = len(noted)
    assert read == 2, "values, and what was said beside them"
    one = street.query(replace(first, period=parse_period("2025-08"), since=None, places=tuple(whole["place_id"].unique()[:2])))
    street.cube(replace(first, period=parse_period("2026-03"), since=parse_period("2024-03")))
    assert len(noted) == read and len(one) == 2
    street.cube(replace(first, metrics=("on_time_rate", "households")))
    assert len(noted) == read + 1, "only what is new is read"


def test_what_is_too_large_to_keep_is_read_for_the_selection_alone_and_is_the_same(street, monkeypatch):
    wanted = Selection("demo", ("on_time_rate", "households"), parse_period("2026-10"), since=parse_period("2026-01"))
    kept = street.query(wanted)
    monkeypatch.setattr(shelf, "KEPT", Kept(1_000))
    alone = Warehouse(street.path, street.catalogue)
    noted = asked_of(alone)
    pd.testing.assert_frame_equal(alone.query(wanted), kept)
    alone.query(wanted)
    assert sum("f.value IS NOT NULL" in sql for sql in noted) == 2, "the values anew each time"
    assert shelf.KEPT.held < 1_000, "only that nothing was said beside them is kept"


def test_periods_before_the_data_are_gaps(street):
    first = street.datasets()["demo"].first
    before = parse_period(f"{first.year - 3}-01")
    frame = street.query(Selection("demo", ("on_time_rate",), before))
    assert date(first.year - 3, 1, 1) < first and frame["value"].isna().all() and (frame["status"] == "M").all()


# ---- many places ----


def test_of_many_places_the_ends_and_the_chosen_are_drawn():
    values = np.arange(3_000.0)
    values[7] = np.nan
    chosen = np.zeros(3_000, bool)
    chosen[[7, 1_500]] = True
    drawn = np.flatnonzero(ends(values, chosen))
    low = [i for i in range(EACH + 1) if i != 7]
    assert drawn.tolist() == sorted({*low, 7, 1_500, *range(3_000 - EACH, 3_000)})
    assert ends(values[:MANY], chosen[:MANY]).all(), "few are drawn whole"


def test_a_cloud_keeps_what_stands_out_and_its_shape():
    telling = np.zeros(3_000, bool)
    telling[[5, 2_000]] = True
    drawn = sample(telling, np.arange(3_000.0))
    assert drawn[[5, 2_000]].all() and 300 <= drawn.sum() <= 302
    assert drawn[:1_000].sum() == pytest.approx(100, abs=3), "evenly along the sizes"
    assert (drawn == sample(telling, np.arange(3_000.0))).all()


def test_what_is_left_out_is_said():
    assert told(3_000, 41, "最高和最低的") == "共3,000个社区，图中只画最高和最低的；完整的表在页末下载。"
    assert told(23, 23, "最高和最低的") == ""


def test_of_many_places_scores_draw_the_ends_and_say_so():
    count = 300
    ids = [f"p{i}" for i in range(count)]
    places = pd.DataFrame({"place_id": ids, "place": [f"第{i}社区" for i in range(count)]})
    rank = np.arange(1.0, count + 1)
    columns = {f"{name}_{end}": rank for name in ("weights", "methods", "chance") for end in ("best", "worst")}
    ranges = pd.DataFrame({"score": 100 - rank / 3, "rank": rank, "best": rank, "worst": rank, "verdict": "排名稳定", **columns}, index=ids)
    figure = charts.rank_chart(ranges, places, CONTEXT, ("名次", "说明。"), focus=("p150",))
    assert sum(len(trace["y"]) for trace in figure["data"]) == 2 * EACH + 1
    assert "共300个社区" in figure["layout"]["meta"]["takeaway"] and figure["layout"]["xaxis"]["range"][1] == count + 0.5
    parts = pd.DataFrame({"党建": 50 - rank / 6, "服务": 50 - rank / 6}, index=ids)
    made = charts.contribution_chart(parts, places, CONTEXT, ("构成", "说明。"), focus=("p150",))
    assert len(made["data"][0]["y"]) == 2 * EACH + 1 and "共300个社区" in made["layout"]["meta"]["takeaway"]
