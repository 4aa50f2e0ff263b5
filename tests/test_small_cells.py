"""Small counts of people: hidden in the frame itself, not to be found by subtraction, and so on screen, in files and on slides."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from frames import CATALOGUE, CONTEXT, METRICS, at
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from jiejian.analysis.takeaway import ranking_finding
from jiejian.analysis.total import total
from jiejian.export.tables import figures_table, to_xlsx
from jiejian.home import PROJECT
from jiejian.periods import parse_period
from jiejian.privacy import HIDDEN, counting_people, least_shown, small, without_small
from jiejian.selection import Selection
from jiejian.slides.model import Look, SlideData
from jiejian.slides.tables import table_slides
from jiejian.ui import data
from jiejian.ui.themes.groups import _GROUPS as GROUPS

LONE = METRICS["lone_elderly"]
LEAST = 5


def shown(counts: dict[str, float | None], places: tuple[str, ...] = ()) -> pd.DataFrame:
    frame = at("lone_elderly", **counts)
    frame["numerator"] = frame["value"]
    return without_small(frame, [LONE], CATALOGUE, tuple(f"demo/{p}" for p in places))


def values(frame: pd.DataFrame) -> dict[str, float | None]:
    return {p: None if pd.isna(v) else v for p, v in zip(frame["place"], frame["value"], strict=True)}


def test_a_small_count_goes_and_takes_the_next_larger_with_it():
    found = shown({"甲": 3, "乙": 40, "丙": 7, "丁": 0, "戊": None})
    assert values(found) == {"甲": None, "乙": 40, "丙": None, "丁": 0, "戊": None}
    assert found["numerator"].isna().tolist() == [True, False, True, False, True]
    assert found["status"].tolist() == [HIDDEN, "A", HIDDEN, "A", "M"]
    assert "不显示" in found["note"][0] and found["note"][4] == ""
    # The street's figure stays right: 3 + 40 + 7 + 0, of four communities that reported.
    street = total(found, LONE, CATALOGUE.measures).iloc[0]
    assert street["value"] == 50 and street["reporting"] == 4


def test_nothing_is_hidden_where_nobody_could_be_told():
    assert values(shown({"甲": 5, "乙": 0, "丙": 7})) == {"甲": 5, "乙": 0, "丙": 7}


def test_the_same_cells_are_hidden_whichever_places_are_looked_at():
    found = shown({"甲": 3, "乙": 40, "丙": 7, "丁": 9}, ("甲", "乙"))
    assert values(found) == {"甲": None, "乙": 40}
    street = total(found, LONE, CATALOGUE.measures).iloc[0]
    assert np.isnan(street["value"]) and "不作合计" in street["note"]  # 43 − 40 would tell


@pytest.mark.parametrize("metric", ["cases_opened", "activity_sessions", "grid_staff"])
def test_cases_activities_and_posts_are_never_hidden(metric):
    if metric in METRICS:
        assert not counting_people([METRICS[metric]], CATALOGUE)
        frame = at(metric, 甲=2, 乙=9)
        assert values(without_small(frame, [METRICS[metric]], CATALOGUE)) == {"甲": 2, "乙": 9}


def test_a_street_can_switch_it_off():
    off = CATALOGUE.settings["small_cells"].model_copy(update={"enabled": False})
    catalogue = CATALOGUE.model_copy(update={"settings": {**CATALOGUE.settings, "small_cells": off}})
    assert least_shown(CATALOGUE) == LEAST and least_shown(catalogue) == 0
    frame = at("lone_elderly", 甲=2, 乙=9)
    assert values(without_small(frame, [LONE], catalogue)) == {"甲": 2, "乙": 9}


def consistent(counts: tuple[int, ...], hidden: tuple[bool, ...], street: float) -> list[tuple[int, ...]]:
    """All counts that would have looked the same: by brute force, as somebody with the rules and the total would try."""
    free = [i for i, h in enumerate(hidden) if h]
    most = max(int(street), 0) if not np.isnan(street) else max(counts)
    found = []
    for guess in itertools.product(range(most + 1), repeat=len(free)):
        tried = list(counts)
        for i, value in zip(free, guess, strict=True):
            tried[i] = value
        if not np.isnan(street) and sum(tried) != street:
            continue
        if tuple(small(np.array(tried, dtype=float)[:, None], LEAST)[:, 0]) == hidden:
            found.append(tuple(tried))
    return found


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=4))
def test_no_hidden_count_can_be_computed_from_what_is_shown(counts):
    found = shown({f"社区{i}": c for i, c in enumerate(counts)})
    hidden = tuple(found["status"] == HIDDEN)
    assert all(h for c, h in zip(counts, hidden, strict=True) if 0 < c < LEAST)
    if not any(hidden):
        return
    street = total(found, LONE, CATALOGUE.measures)["value"].iloc[0]
    assert np.isnan(street) or street == sum(counts)
    possible = consistent(tuple(counts), hidden, street)
    for place in np.flatnonzero(hidden):
        assert len({one[place] for one in possible}) > 1, (counts, possible)


def test_neither_file_nor_slide_nor_sentence_tells():
    found = shown({"春和社区": 3, "望湖社区": 40, "晴川社区": 7})
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(figures_table(found, [LONE], CONTEXT, CATALOGUE, parts=True))))["数据"]
    cells = [[c.value for c in row] for row in sheet.iter_rows(min_row=6)]
    assert [row[2] for row in cells] == [None, 40, None] and "不显示" in cells[0][3]
    street = total(found, LONE, CATALOGUE.measures)
    (slide,) = table_slides(SlideData(found, found, street, CONTEXT, pd.DataFrame()), [LONE], CATALOGUE, Look([], 690))
    assert [row[1] for row in slide.table[1:]] == ["不显示", "40", "不显示", "50"]
    said = "".join(ranking_finding(found, LONE))
    assert "2个社区因人数少不显示" in said and "缺报" not in said


def test_on_the_screen_and_for_the_board(demo_home, demo, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    from jiejian.periods import parse_period
    from jiejian.selection import Selection
    from jiejian.ui import data

    selection = Selection("demo", ("floating_members", "cases_opened"), parse_period("2026-10"))
    bare, frame = demo.query(selection), data.figures(demo, selection)
    few = (bare["metric"] == "floating_members") & bare["numerator"].between(1, LEAST - 1)
    assert few.any() and frame.loc[few, ["value", "numerator"]].isna().all(axis=None)
    cases = bare["metric"] == "cases_opened"
    assert frame.loc[cases, "value"].equals(bare.loc[cases, "value"])
    cube = data.cube(demo, selection)
    assert not ((cube.numerator[0] > 0) & (cube.numerator[0] < LEAST)).any()
    one = replace(selection, places=(str(bare.loc[few, "place_id"].iloc[0]),))
    assert data.figures(demo, one)["value"].isna().sum() == 1 and np.isnan(data.cube(demo, one).value[0]).all()


def test_the_page_of_groups_says_what_is_held_back_and_never_how_many(demo_home, monkeypatch):
    """One mechanism: what the figures hold back is what 服务对象 calls 不显示."""
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    at = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=120).run().switch_page("pages/groups.py").run()
    source = data.warehouse()
    there = {m.id for m in source.metrics("demo")}
    held = data.figures(source, Selection("demo", tuple(m for m in GROUPS if m in there), parse_period("2026-Q3")))
    count = int((held["status"] == HIDDEN).sum())
    words = " ".join(m.value for m in at.markdown)
    assert not at.exception and count > 0 and f"有{count}格人数少" in words
