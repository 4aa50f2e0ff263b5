"""党员作用: a part of the members that a community did not send is a gap, in the table, in the picture and in every share."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from frames import CATALOGUE
from street import Street, table

from jiejian.home import home
from jiejian.periods import parse_period
from jiejian.ui.themes import members
from jiejian.ui.view import View
from jiejian.warehouse import Warehouse, serving

HEADS = ["季度", "社区", "党员总数", "研究生", "大学本科", "大学专科", "中专和高中", "初中及以下"]
QUARTER = "2026年第三季度"
# 望湖 leaves 研究生 empty; 麦香 has none, and says so.
ROWS = [
    [QUARTER, "春和", "120", "10", "40", "30", "20", "20"],
    [QUARTER, "望湖", "90", "", "30", "30", "20", "10"],
    [QUARTER, "麦香", "80", "0", "20", "20", "20", "20"],
]


def drawn(tmp_path, monkeypatch, heads, rows):
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    table(street.inbox / "党员队伍结构统计表.csv", [heads, *rows])
    assert not street.refresh().faults
    source = Warehouse(serving(home()), CATALOGUE)
    view = View(source, source.datasets()["street"], source.metrics("street"), parse_period("2026-Q3"))
    return members._education(view)


def test_a_part_that_was_left_open_is_a_gap_and_not_zero(tmp_path, monkeypatch):
    found = drawn(tmp_path, monkeypatch, HEADS, ROWS)
    shown = found.table.set_index("place")
    assert pd.isna(shown.loc["望湖社区", "研究生"]) and shown.loc["望湖社区", "大学本科"] == 30
    assert shown.loc["麦香社区", "研究生"] == 0
    # The street is what the two complete communities are: (10 + 40 + 30 + 20 + 20) of 120 and 80.
    assert list(shown.iloc[0]) == [10, 60, 50, 40, 40]
    meta = found.figure["layout"]["meta"]
    assert "大学本科60人（30.0%）" in meta["takeaway"] and "望湖社区没有报全各档，不计比例" in meta["takeaway"]
    notes = json.dumps(found.figure["layout"]["annotations"], ensure_ascii=False)
    assert "没报全" in notes and "200人" in notes and "没有" not in notes.replace("没报全", "")
    row = list(found.table["place"]).index("望湖社区")
    assert all(trace["x"][row] == 0 for trace in found.figure["data"])


def test_a_part_that_nobody_sends_is_named(tmp_path, monkeypatch):
    without = [[cell for n, cell in enumerate(row) if n != 3] for row in [HEADS, *ROWS]]
    found = drawn(tmp_path, monkeypatch, without[0], without[1:])
    meta = found.figure["layout"]["meta"]
    assert "没有“研究生”的数字，比例只按其余各档算" in meta["takeaway"]
    assert "研究生" not in found.table.columns and next(t["name"] for t in found.figure["data"]) == "大学本科"


@pytest.mark.parametrize("left_open", [3, 4, 7])
def test_where_no_community_sent_everything_no_share_is_told(tmp_path, monkeypatch, left_open):
    """Each leaves another part open: nothing can be said of the street's whole."""
    rows = [list(row) for row in ROWS]
    rows[0][left_open], rows[1][3], rows[2][5] = "", "", ""
    found = drawn(tmp_path, monkeypatch, HEADS, rows)
    meta = found.figure["layout"]["meta"]
    assert "%" not in meta["takeaway"] and "没有报全各档" in meta["takeaway"]
