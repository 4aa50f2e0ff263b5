"""Communities that merge, split, go into others or get another name: real files through the ETL, every figure by hand."""

import datetime as dt
from math import isnan

import pandas as pd
import pytest
from street import REGISTER, Street, workbook

from jiejian.analysis.boundary import remark
from jiejian.analysis.change import change
from jiejian.analysis.takeaway.trend import steps
from jiejian.boundaries import sentences
from jiejian.catalogue import catalogue
from jiejian.home import home
from jiejian.periods import parse_period
from jiejian.selection import Selection
from jiejian.warehouse import Warehouse, serving

HEADS = ["社区", "户数", "常住人口", "代办事项"]
CHANGED = [*REGISTER, "变更日期", "变更方式", "变更后社区"]


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    return Street(tmp_path / "home", monkeypatch)


def register(street: Street, *rows: tuple[str, ...]) -> None:
    """Rows of name, other names, day of change, kind, successors."""
    lines = [[n, name, "柳河街道", "", *rest] for n, (name, *rest) in enumerate(rows, 1)]
    workbook(street.inbox / "社区名册.xlsx", [CHANGED, *lines])


def merger(street: Street) -> None:
    """春和 and 望湖 become 春望 on 1 July 2026; 麦香 stays."""
    register(
        street,
        ("春和社区", "", "2026-07-01", "合并", "春望社区"),
        ("望湖社区", "", "2026-07-01", "合并", "春望社区"),
        ("春望社区", "", "", "", ""),
        ("麦香社区", "", "", "", ""),
    )


def changes(street: Street) -> list[tuple]:
    return street.ask(
        """SELECT predecessor, successor, CAST(changed_on AS VARCHAR), kind FROM place_change
           WHERE dataset = 'street' ORDER BY predecessor, successor"""
    )


def times(street: Street) -> dict[str, tuple]:
    rows = street.ask(
        "SELECT name, CAST(valid_from AS VARCHAR), CAST(valid_to AS VARCHAR) FROM place WHERE dataset = 'street' AND kind = '社区'"
    )
    return {name: (start, end) for name, start, end in rows if start or end}


def test_a_merger_keeps_the_past_with_the_places_as_they_were(street):
    merger(street)
    street.monthly("2026年6月", [["春和社区", 100, 300, 4], ["望湖", 200, 600, 6], ["麦香社区", 50, 150, 1]], HEADS)
    street.monthly("2026年7月", [["春望社区", 305, 910, 12], ["麦香社区", 51, 151, 2]], HEADS)
    summary = street.refresh()
    assert (summary.exit_code, summary.rows_rejected, street.sentences()) == (0, 0, [])
    assert street.figures("households") == {
        **{("春和", "2026-06"): 100, ("望湖", "2026-06"): 200, ("麦香", "2026-06"): 50},
        **{("春望", "2026-07"): 305, ("麦香", "2026-07"): 51},
    }
    assert changes(street) == [("春和社区", "春望社区", "2026-07-01", "合并"), ("望湖社区", "春望社区", "2026-07-01", "合并")]
    assert times(street) == {
        **{"春和社区": (None, "2026-06-30"), "望湖社区": (None, "2026-06-30")},
        "春望社区": ("2026-07-01", None),
    }


def test_a_figure_under_a_name_out_of_its_time_comes_back(street):
    merger(street)
    street.monthly("2026年7月", [["春和社区", 101, 301, 4], ["望湖社区", 201, 601, 6]], HEADS)
    street.monthly("2026年6月", [["春望社区", 300, 900, 10]], HEADS)
    assert street.refresh().rows_rejected == 3
    assert [s[s.index("第 ") :] for s in street.sentences()] == [
        "第 3 行“社区”列的值“春望社区”名册中“春望社区”从 2026-07-01 起才有。请按当时的“春和社区”“望湖社区”填报。",
        "第 3 行“社区”列的值“春和社区”名册中“春和社区”到 2026-06-30 为止，已合并。请按变更后的“春望社区”填报。",
        "第 4 行“社区”列的值“望湖社区”名册中“望湖社区”到 2026-06-30 为止，已合并。请按变更后的“春望社区”填报。",
    ]


def test_a_change_that_is_told_later_is_held_against_what_was_loaded_before(street):
    register(street, ("春和社区", *[""] * 4), ("望湖社区", *[""] * 4))
    street.monthly("2026年7月", [["春和社区", 101, 301, 4], ["望湖社区", 201, 601, 6]], HEADS)
    assert street.refresh().rows_rejected == 0
    merger(street)
    assert street.refresh().rows_rejected == 2
    assert street.figures("households") == {}
    street.monthly("2026年7月", [["春望社区", 302, 902, 10]], HEADS)
    assert street.refresh().rows_rejected == 0
    assert street.figures("households") == {("春望", "2026-07"): 302}


def test_events_move_on_where_it_is_plain_whereto(street):
    merger(street)
    street.cases(
        [
            ["A1", "2026-06-30 08:00", "春和", "", ""],
            ["A2", "2026-07-01 08:00", "春和", "", ""],
            ["A3", "2026-06-30 08:00", "春望", "", ""],
        ]
    )
    summary = street.refresh()
    assert (summary.exit_code, summary.rows_rejected) == (0, 0)
    assert street.ask("SELECT case_no, split_part(place_id, '/', 3) FROM case_event ORDER BY case_no") == [
        ("A1", "春和社区"),
        ("A2", "春望社区"),
        ("A3", "春望社区"),
    ]
    assert [s[s.index("第 ") :] for s in street.sentences()] == [
        "第 3 行“社区”列的值“春和”名册中“春和社区”到 2026-06-30 为止，已合并。已计入变更后的“春望社区”；不对的请改正后重新上报。",
        "第 4 行“社区”列的值“春望”名册中“春望社区”从 2026-07-01 起才有。按上报的社区计入；需要分清变更前的，请改写成当时的社区。",
    ]


def test_a_split_asks_which_part_is_meant(street):
    register(
        street,
        ("春和社区", "", "2026-07-01", "拆分", "春东社区、春西社区"),
        ("春东社区", "", "", "", ""),
        ("春西社区", "", "", "", ""),
    )
    street.cases([["A1", "2026-06-30 08:00", "春和", "", ""], ["A2", "2026-07-01 08:00", "春和", "", ""]])
    assert street.refresh().rows_rejected == 1
    assert [s[s.index("第 ") :] for s in street.sentences()] == [
        "第 3 行“社区”列的值“春和”名册中“春和社区”到 2026-06-30 为止，已拆分。请按变更后的“春东社区”“春西社区”填报。"
    ]
    assert changes(street) == [("春和社区", "春东社区", "2026-07-01", "拆分"), ("春和社区", "春西社区", "2026-07-01", "拆分")]


def test_a_renamed_community_is_the_same_place(street):
    register(street, ("春和社区", "老春和", "2026-07-01", "更名", "新春社区"), ("新春社区", "", "", "", ""))
    street.monthly("2026年6月", [["春和社区", 100, 300, 4]], HEADS)
    street.monthly("2026年7月", [["新春社区", 101, 301, 5]], HEADS)
    street.monthly("2026年8月", [["老春和", 102, 302, 6]], HEADS)
    assert (street.refresh().exit_code, street.sentences()) == (0, [])
    assert street.figures("households") == {("新春", "2026-06"): 100, ("新春", "2026-07"): 101, ("新春", "2026-08"): 102}
    assert street.ask("SELECT name, valid_from FROM place WHERE dataset = 'street' AND kind = '社区'") == [("新春社区", None)]
    assert changes(street) == [("春和社区", "新春社区", "2026-07-01", "更名")]
    # The register of the next year no longer lists the old name: it still finds the place.
    register(street, ("新春社区", "", "", "", ""))
    street.monthly("2026年9月", [["春和社区", 103, 303, 6]], HEADS)
    street.refresh()
    assert street.figures("households")["新春", "2026-09"] == 103
    assert changes(street) == [("春和社区", "新春社区", "2026-07-01", "更名")]


def test_a_community_that_takes_another_in_goes_on_but_is_redrawn(street):
    register(street, ("春和社区", "", "2026-07-01", "并入", "望湖社区"), ("望湖社区", "", "", "", ""))
    street.monthly("2026年6月", [["春和社区", 100, 300, 4], ["望湖社区", 200, 600, 6]], HEADS)
    street.monthly("2026年7月", [["望湖社区", 301, 903, 11]], HEADS)
    assert (street.refresh().exit_code, street.sentences()) == (0, [])
    assert changes(street) == [("春和社区", "望湖社区", "2026-07-01", "并入"), ("望湖社区", "望湖社区", "2026-07-01", "并入")]
    assert times(street) == {"春和社区": (None, "2026-06-30")}


def test_ground_that_changes_hands_leaves_both_names_in_force(street):
    register(street, ("春和社区", "", "2026-07-01", "调整", "春和社区、望湖社区"), ("望湖社区", "", "", "", ""))
    street.monthly("2026年7月", [["春和社区", 80, 240, 4], ["望湖社区", 220, 660, 6]], HEADS)
    assert (street.refresh().exit_code, street.sentences(), times(street)) == (0, [], {})
    assert changes(street) == [
        ("春和社区", "春和社区", "2026-07-01", "调整"),
        ("春和社区", "望湖社区", "2026-07-01", "调整"),
        ("望湖社区", "望湖社区", "2026-07-01", "调整"),
    ]


def test_a_change_that_cannot_be_used_is_said(street):
    register(
        street,
        ("春和社区", "", "2026-07-01", "合并", "春旺社区"),
        ("望湖社区", "", "", "合并", "麦香社区"),
        ("晴川社区", "", "2026-07-01", "", "麦香社区"),
        ("麦香社区", "", "", "", ""),
    )
    assert street.refresh().notes == [
        "“春和社区”变更后的“春旺社区”不在名册中，这项变更没有记入。请在名册中补上，或改正名称。",
        "“望湖社区”写了变更后的社区，但没有写变更日期或撤销日期，这项变更没有记入。请补填日期。",
        "“晴川社区”变更后只有“麦香社区”，分不清是更名还是并入，这项变更没有记入。请填写变更方式。",
    ]
    assert (changes(street), times(street)) == ([], {})


# ---- what the application makes of it ----


def warehouse() -> Warehouse:
    return Warehouse(serving(home()), catalogue())


def series(metric: str, first: str, last: str, *places: str) -> dict[tuple[str, str], float | None]:
    """(community, period) → value of the figures frame."""
    source = warehouse()
    ids = tuple(f"street/柳河街道/{p}" for p in places)
    frame = source.query(Selection("street", (metric,), parse_period(last), ids, parse_period(first)))
    source.close()
    return {(r.place.removesuffix("社区"), r.period): None if isnan(r.value) else r.value for r in frame.itertuples()}


def merged(street: Street) -> None:
    merger(street)
    for month, rows in {
        "5月": [["春和社区", 90, 290, 3], ["望湖", 190, 590, 5], ["麦香社区", 49, 149, 1]],
        "6月": [["春和社区", 100, 300, 4], ["望湖", 200, 600, 6], ["麦香社区", 50, 150, 1]],
        "7月": [["春望社区", 305, 910, 12], ["麦香社区", 51, 151, 2]],
    }.items():
        street.monthly(f"2026年{month}", rows, HEADS)
    street.refresh()


def test_a_series_of_a_merged_community_is_the_sum_of_what_it_was_made_of(street):
    merged(street)
    assert series("households", "2026-05", "2026-07") == {
        **{("春望", "2026-05"): 280, ("春望", "2026-06"): 300, ("春望", "2026-07"): 305},
        **{("麦香", "2026-05"): 49, ("麦香", "2026-06"): 50, ("麦香", "2026-07"): 51},
    }
    # A quarter of which the merged community has but one month of its own.
    street.monthly("2026年8月", [["春望社区", 306, 911, 13], ["麦香社区", 51, 151, 2]], HEADS)
    street.monthly("2026年4月", [["春和社区", 90, 290, 2], ["望湖", 190, 590, 2], ["麦香社区", 49, 149, 1]], HEADS)
    street.refresh()
    assert series("errands", "2026-Q2", "2026-Q3") == {
        **{("春望", "2026-Q2"): 2 + 2 + 3 + 5 + 4 + 6, ("春望", "2026-Q3"): None},
        **{("麦香", "2026-Q2"): 3, ("麦香", "2026-Q3"): None},
    }
    assert series("errands", "2026-C08", "2026-C08") == {("春望", "2026-C08"): None, ("麦香", "2026-C08"): None}


def test_before_the_merger_the_communities_are_what_they_were(street):
    merged(street)
    assert series("households", "2026-05", "2026-06") == {
        **{("春和", "2026-05"): 90, ("春和", "2026-06"): 100, ("望湖", "2026-05"): 190, ("望湖", "2026-06"): 200},
        **{("麦香", "2026-05"): 49, ("麦香", "2026-06"): 50},
    }
    source = warehouse()
    assert list(source.places("street", parse_period("2026-06"))["place"]) == ["春和社区", "望湖社区", "麦香社区"]
    assert list(source.places("street")["place"]) == ["春望社区", "麦香社区"]
    assert source.reporting("street", dt.date(2026, 6, 30)) == (3, ())
    assert source.reporting("street", dt.date(2026, 7, 31)) == (2, ())
    assert source.scope("street") == "全部2个社区"
    source.close()


def test_a_sum_that_lacks_a_part_is_a_gap(street):
    merger(street)
    street.monthly("2026年6月", [["春和社区", 100, 300, 4], ["麦香社区", 50, 150, 1]], HEADS)
    street.monthly("2026年7月", [["春望社区", 305, 910, 12], ["麦香社区", 51, 151, 2]], HEADS)
    street.refresh()
    assert series("households", "2026-06", "2026-07", "春望社区") == {("春望", "2026-06"): None, ("春望", "2026-07"): 305}


def test_the_past_of_a_community_that_took_another_in_holds_both(street):
    register(street, ("春和社区", "", "2026-07-01", "并入", "望湖社区"), ("望湖社区", "", "", "", ""))
    street.monthly("2026年6月", [["春和社区", 100, 300, 4], ["望湖社区", 200, 600, 6]], HEADS)
    street.monthly("2026年7月", [["望湖社区", 301, 903, 11]], HEADS)
    street.refresh()
    assert series("households", "2026-06", "2026-07") == {("望湖", "2026-06"): 300, ("望湖", "2026-07"): 301}
    source = warehouse()
    frame = source.query(Selection("street", ("households",), parse_period("2026-07"), (), parse_period("2026-06")))
    told = change(frame, source.catalogue.metrics["households"], source.catalogue.measures, parse_period("2026-07"), "previous")
    assert (told.base, told.value, told.text) == (300, 301, "环比 +0.3%")
    assert list(frame["note"]) == ["按现区划，由春和社区、望湖社区相加", ""]
    source.close()


def test_across_a_split_there_is_no_sum_and_no_comparison(street):
    register(
        street,
        ("春和社区", "", "2026-07-01", "拆分", "春东社区、春西社区"),
        ("春东社区", "", "", "", ""),
        ("春西社区", "", "", "", ""),
        ("望湖社区", "", "2026-07-01", "调整", "望湖社区、麦香社区"),
        ("麦香社区", "", "", "", ""),
    )
    street.monthly("2026年6月", [["春和社区", 100, 300, 4], ["望湖社区", 50, 150, 1], ["麦香社区", 60, 160, 1]], HEADS)
    street.monthly(
        "2026年7月",
        [["春东社区", 40, 120, 1], ["春西社区", 62, 185, 4], ["望湖社区", 40, 120, 1], ["麦香社区", 71, 190, 1]],
        HEADS,
    )
    assert street.refresh().exit_code == 0
    assert series("households", "2026-06", "2026-07") == {
        **{("春和", "2026-06"): 100, ("春东", "2026-07"): 40, ("春西", "2026-07"): 62},
        **{("望湖", "2026-06"): 50, ("望湖", "2026-07"): 40, ("麦香", "2026-06"): 60, ("麦香", "2026-07"): 71},
    }
    source = warehouse()
    frame = source.query(Selection("street", ("households",), parse_period("2026-07"), (), parse_period("2026-06")))
    measures, metric = source.catalogue.measures, source.catalogue.metrics["households"]
    told = change(frame, metric, measures, parse_period("2026-07"), "previous")
    assert (told.places, told.known) == (0, False)
    (step,) = [s for s in steps(frame[frame["place"] == "望湖社区"], metric) if s.name == "环比"]
    assert step.sentence == "环比不作比较：2026年6月以后区划有调整，两期范围不同"
    assert remark(source.place_changes("street"), dt.date(2026, 6, 1), dt.date(2026, 7, 31)) == (
        "2026年7月1日起春和社区拆分为春东社区、春西社区，这些社区前后范围不同，不作比较。"
        "2026年7月1日起望湖社区、麦香社区区划调整，这些社区前后范围不同，不作比较。"
    )
    eras = {(r.place, r.period): r.era for r in frame.itertuples()}
    assert (eras["望湖社区", "2026-06"], eras["望湖社区", "2026-07"]) == ("", "2026-07-01")
    source.close()


def test_changes_in_words(street):
    merged(street)
    source = warehouse()
    told = sentences(source.place_changes("street"), dt.date(2026, 5, 1), dt.date(2026, 7, 31))
    assert list(told.itertuples(index=False, name=None)) == [
        (dt.date(2026, 7, 1), "春和社区、望湖社区合并为春望社区", "合并", True)
    ]
    assert remark(source.place_changes("street"), dt.date(2026, 5, 1), dt.date(2026, 7, 31)) == (
        "2026年7月1日起春和社区、望湖社区合并为春望社区，此前为合并前各社区之和。"
    )
    assert sentences(source.place_changes("street"), dt.date(2026, 7, 1), dt.date(2026, 7, 31)).empty, "nothing lies before it"
    assert sentences(
        source.place_changes("street"), dt.date(2026, 5, 1), dt.date(2026, 7, 31), ["street/柳河街道/麦香社区"]
    ).empty
    source.close()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("甲", "乙", "更名")], ["甲更名为乙"]),
        ([("甲", "乙", "并入"), ("乙", "乙", "并入")], ["甲并入乙"]),
        ([("甲", "乙", "拆分"), ("甲", "丙", "拆分")], ["甲拆分为乙、丙"]),
        ([("甲", "甲", "调整"), ("甲", "乙", "调整")], ["甲、乙区划调整"]),
        (
            [("甲", "丙", "合并"), ("乙", "丙", "合并"), ("丁", "己", "合并"), ("戊", "己", "合并")],
            ["甲、乙合并为丙", "丁、戊合并为己"],
        ),
    ],
)
def test_a_change_in_one_sentence(rows, said):
    frame = pd.DataFrame(
        [(a, a, b, b, dt.date(2026, 7, 1), kind) for a, b, kind in rows],
        columns=["predecessor_id", "predecessor", "successor_id", "successor", "changed_on", "kind"],
    )
    assert list(sentences(frame, dt.date(2026, 1, 1), dt.date(2026, 12, 31))["what"]) == said
