"""Small counts of people: hidden in the frame itself, not to be found by subtraction, and so on screen, in files and on slides."""

from __future__ import annotations

import io
import itertools
import json
import re
from dataclasses import replace
from datetime import date

import numpy as np
import openpyxl
import pandas as pd
import pytest
from frames import CATALOGUE, CONTEXT, METRICS, at
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from street import Street, table

from jiejian.analysis.takeaway import ranking_finding
from jiejian.analysis.total import total
from jiejian.export.ledgers import ledger_table
from jiejian.export.tables import figures_table, to_xlsx
from jiejian.home import PROJECT, home
from jiejian.ledgers import organisations, registers
from jiejian.ledgers import rows as ledger_rows
from jiejian.ledgers.breakdowns import breakdown, whole_by_category
from jiejian.ledgers.rows import Asked
from jiejian.periods import parse_period
from jiejian.privacy import HIDDEN, counting_people, least_shown, small, without_small
from jiejian.selection import Selection
from jiejian.slides.model import Look, SlideData
from jiejian.slides.tables import table_slides
from jiejian.smallcells import few, few_of_each, small_parts
from jiejian.ui import data
from jiejian.ui.themes.groups import _GROUPS as GROUPS
from jiejian.warehouse import Warehouse, serving

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


# ---- parts of a whole, registers, and what leaves with them ----


def test_parts_are_hidden_in_rows_and_columns():
    """Worked out by hand: 3 is small; 12 beside it goes, then 9 below the one and 20 below the other, which closes the square."""
    counts = np.array([[3.0, 12, 40], [9, 20, 30], [50, 60, 70]])
    assert small_parts(counts, LEAST).tolist() == [[True, True, False], [True, True, False], [False, False, False]]
    assert not small_parts(np.array([[5.0, 0], [7, 9]]), LEAST).any()
    # Two ones of a sum of two would be known: a third cell goes.
    assert small_parts(np.array([[1.0, 1, 30], [1, 1, 40], [20, 25, 50]]), LEAST)[0].tolist() == [True, True, True]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.integers(0, 7), min_size=3, max_size=3), min_size=3, max_size=3))
def test_no_small_part_can_be_computed_from_rows_columns_and_the_cells_that_are_shown(rows):
    """By brute force: all tables with the same sums and the same shown cells; a small cell must differ among them."""
    counts = np.array(rows, dtype=float)
    hidden = small_parts(counts, LEAST)
    tiny = (counts > 0) & (counts < LEAST)
    assert (hidden | ~tiny).all()
    if hidden.all():
        return
    possible = list(_tables(counts.astype(int), hidden))
    for cell in np.argwhere(tiny):
        row, column = cell
        if min(counts[row].sum(), counts[:, column].sum()) < LEAST or (hidden[row].all() and hidden[:, column].all()):
            continue  # a small sum is not shown either; or nothing beside it is left to be hidden
        assert len({table[row][column] for table in possible}) > 1, (counts, hidden)


def _tables(counts: np.ndarray, hidden: np.ndarray):
    """All tables of whole numbers with the same sums of rows and columns and the same shown cells."""
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    options = []
    for r in range(3):
        free = [c for c in range(3) if hidden[r, c]]
        left = rows[r] - sum(counts[r, c] for c in range(3) if not hidden[r, c])
        lines = []
        for guess in itertools.product(range(left + 1), repeat=len(free)):
            if sum(guess) == left:
                line = counts[r].copy()
                line[free] = guess
                lines.append(line)
        options.append(lines)
    for tried in itertools.product(*options):
        if (sum(tried) == columns).all():
            yield [list(map(int, line)) for line in tried]


PROFILE = ["季度", "社区", "党员总数", "35岁及以下", "36—45岁", "46—55岁", "56—60岁", "61岁及以上"]
PLANTED = [
    ["2026年第三季度", "春和", "103", "3", "22", "24", "25", "29"],
    ["2026年第三季度", "望湖", "142", "26", "27", "28", "30", "31"],
    ["2026年第三季度", "麦香", "164", "16", "34", "36", "38", "40"],
]
ORGANISATIONS = [
    ["组织编码", "组织名称", "组织层级", "上级组织编码", "社区", "成立日期", "党员人数"],
    ["A", "街道党工委", "街道党工委", "", "柳河街道", "2010-01-01", "400"],
    ["B", "春和党委", "社区党委", "A", "春和", "2015-01-01", "103"],
    ["C", "春和一支部", "网格党支部", "B", "春和", "2020-01-01", "3"],
    ["D", "春和二支部", "网格党支部", "B", "春和", "2020-01-01", "47"],
    ["E", "春和三支部", "网格党支部", "B", "春和", "2020-01-01", "53"],
]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A street in which three young members and a branch of three can be told apart."""
    with pytest.MonkeyPatch.context() as patch:
        street = Street(tmp_path_factory.mktemp("planted"), patch)
        street.register()
        table(street.inbox / "党员队伍结构统计表.csv", [PROFILE, *PLANTED])
        table(street.inbox / "党组织台账.csv", ORGANISATIONS)
        summary = street.refresh()
        assert not summary.faults and not summary.rows_rejected
        yield street.root, Warehouse(serving(home()), CATALOGUE)


QUARTER = parse_period("2026-Q3")


def test_a_planted_part_is_left_out_where_it_is_read(planted):
    _, source = planted
    found = breakdown(source, "street", "members_profiled", "年龄", (QUARTER,))
    wide = found.pivot(index="place", columns="category", values="value")
    assert wide.isna().to_numpy().sum() == 4 and np.isnan(wide.loc["春和社区", "35岁及以下"])
    assert wide.isna().sum().max() == 2 and set(wide.isna().sum(axis=1)) == {0, 2}
    assert set(found["whole"]) == {103, 142, 164}
    # Whoever looks at one community alone sees the same cells, and no total of it tells them.
    place = found.loc[found["place"] == "春和社区", "place_id"].iloc[0]
    one = breakdown(source, "street", "members_profiled", "年龄", (QUARTER,), (place,))
    assert one["hidden"].sum() == 2
    whole = whole_by_category(source, "street", "members_profiled", "年龄", QUARTER)
    assert whole.to_dict() == {"35岁及以下": 45, "36—45岁": 83, "46—55岁": 88, "56—60岁": 93, "61岁及以上": 100}
    assert whole_by_category(source, "street", "members_profiled", "年龄", QUARTER, (place,)).isna().sum() == 2


def test_a_planted_branch_is_left_out_of_register_tree_and_export(planted):
    _, source = planted
    day = date(2026, 10, 31)
    expected = {"A": 400, "B": 103, "C": None, "D": None, "E": 53}  # 47 would tell the 3: 103 − 47 − 53
    asked = Asked("organisations", date(2026, 1, 1), day)
    frames = [
        organisations.tree(source, "street", day),
        registers.standing(source, "street", "organisations", day),
        ledger_rows.head(source, "street", asked),
        pd.concat(ledger_rows.batches(source, "street", asked)),
        ledger_rows.head(source, "street", replace(asked, filters=(("level", "网格党支部"),))),
    ]
    for frame in frames:
        told = dict(zip(frame["org_code"], frame["member_count"], strict=True))
        assert {code: None if pd.isna(n) else n for code, n in told.items()} == {c: expected[c] for c in told}
    levels = organisations.levels(source, "street", day).set_index("level")["members"]
    assert levels["网格党支部"] == 103
    # What is left out is out of the file, too.
    ledger = CATALOGUE.ledgers["organisations"]
    file = to_xlsx(ledger_table(frames[2], ledger, ledger_rows.columns(source, "organisations"), CONTEXT))
    cells = {c.value for sheet in openpyxl.load_workbook(io.BytesIO(file)) for row in sheet.iter_rows() for c in row}
    assert 53 in cells and not {3, 47} & cells


def test_the_page_of_members_neither_draws_nor_lists_a_planted_part(planted, monkeypatch):
    root, _ = planted
    monkeypatch.setenv("JIEJIAN_HOME", str(root))
    at = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=120).run().switch_page("pages/members.py").run()
    assert not at.exception
    ages = next(d.value for d in at.dataframe if "35岁及以下（人）" in d.value)
    assert pd.isna(ages.set_index("社区").loc["春和社区", "35岁及以下（人）"])
    assert ages.set_index("社区").loc["春和社区", "不显示（人）"] == 3 + 22
    assert not ages.isin([3]).any(axis=None)
    drawn = " ".join(json.dumps(json.loads(c.proto.spec), ensure_ascii=False) for c in at.get("plotly_chart"))
    assert "不显示：25人" in drawn and not re.search(r"35岁及以下：3人", drawn)


def test_hidden_in_each_group_at_once_as_in_each_group_alone():
    """By hand: 3 goes and takes 47 with it, 50 and 60 stay; the 2 takes the zero of its own group, and equal ones go together."""
    counts = pd.Series([3, 47, 53, 60, 50, 2, 0, 4, 9, 9, None])
    groups = pd.Series(list("AAABBCCDDDA"))
    found = few_of_each(counts, groups, LEAST)
    assert [None if v != v else v for v in found] == [None, None, 53, 60, 50, None, None, None, None, None, None]


@given(st.lists(st.tuples(st.sampled_from("甲乙丙"), st.one_of(st.none(), st.integers(0, 12))), max_size=30))
def test_groups_at_once_and_one_by_one_agree(rows):
    counts = pd.Series([n for _, n in rows], dtype=float)
    groups = pd.Series([g for g, _ in rows], dtype=object)
    one_by_one = counts.groupby(groups).transform(lambda own: few(own, LEAST)) if rows else counts
    pd.testing.assert_series_equal(few_of_each(counts, groups, LEAST), one_by_one, check_names=False)


def test_rates_of_few_members_are_hidden_on_slides(planted):
    """35岁及以下党员占比 of 春和 would be 3 of 103."""
    _, source = planted
    metric = METRICS["young_member_share"]
    bare = source.query(Selection("street", (metric.id,), QUARTER))
    found = without_small(bare, [metric], CATALOGUE)
    assert found.set_index("place")["value"].isna().to_dict() == {"春和社区": True, "望湖社区": False, "麦香社区": True}
    (slide,) = table_slides(SlideData(found, found, total(found, metric, CATALOGUE.measures), CONTEXT, pd.DataFrame()), [metric], CATALOGUE, Look([], 690))
    assert [row[1] for row in slide.table[1:4]] == ["不显示", "18.3%", "不显示"]


def test_a_street_of_a_few_has_no_total_either():
    found = shown({"甲": 2, "乙": 1, "丙": 0})
    assert np.isnan(total(found, LONE, CATALOGUE.measures)["value"].iloc[0])
